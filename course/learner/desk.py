"""The learner's desk: their own copy of the lessons in `work/`, and JupyterLab on it.

A file of the learner is never written over: only what is missing is copied. Who wants a lesson
fresh renames or deletes their notebook; a newer version comes into a notebook that was begun by
`course update` (`update.py`), for which the version that was copied is remembered.

The learner's map is drawn too, from what `course check` remembers: no notebook runs for it.
"""

import os
import shutil
import sys
from pathlib import Path

from course import language, paths
from course.errors import CourseError
from course.grader import notebook
from course.language import _
from course.learner import map as map_module
from course.learner import progress, update
from course.translate import built

FIRST = "00_start_here/00_start_here.ipynb"
SETTINGS = Path(__file__).parent / "lab"  # overrides.json: JupyterLab's defaults, where ours differ


def released() -> list[Path]:
    """Return the files of all released lessons in the learner's language, sorted.

    Raises
    ------
    CourseError
        If there are none.
    """
    names = sorted(path.name for path in paths.RELEASE.glob("[0-9][0-9]_*") if path.is_dir())
    lessons = [built.fresh(name, "release", paths.ROOT) for name in names]
    files = [
        file
        for lesson in lessons
        for file in sorted(lesson.rglob("*"))
        if file.is_file() and not {".ipynb_checkpoints", "__pycache__"} & set(file.parts)
    ]
    if not files:
        raise CourseError(
            _(
                "There are no lessons in {folder}: run the course from its own "
                "folder, or get them back there with `git checkout release`."
            ).format(folder=paths.RELEASE)
        )
    return files


def lay_out() -> list[Path]:
    """Copy what is missing from `release/` to `work/`, and print which lessons are new.

    Returns
    -------
    list of Path
        The files that were copied; empty if nothing was missing.

    Raises
    ------
    CourseError
        If there are no released lessons.
    """
    copied = []
    given = built.folder("release", paths.ROOT)
    for source in released():
        target = paths.WORK / source.relative_to(given)
        if target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(target.name + ".part")
        shutil.copyfile(source, draft)
        draft.replace(target)
        copied.append(target)
        if source == notebook.path_of(source.parent.name, given):
            update.remember(source.parent.name, paths.ROOT)
    for lesson in sorted({path.relative_to(paths.WORK).parts[0] for path in copied}):
        print(_("work/{lesson}: new").format(lesson=lesson), flush=True)
    for lesson in update.waiting(paths.ROOT):
        print(f"{lesson}: {_(update.HINT)}", flush=True)
    map_module.write(progress.survey(run=False))
    return copied


def speak(code: str) -> None:
    """Remember the learner's language, and bring the lessons that they have into it.

    Their answers and their own cells stay as they are (`course.learner.update`).

    Raises
    ------
    CourseError
        If the course doesn't speak that language.
    """
    language.known(code)
    before = language.remembered()
    language.remember(code)
    with language.speaking(code):
        lay_out()
        changed = update.update() if code != before else {"lessons": []}
        if any(row["state"] != "as it is" for row in changed["lessons"]):
            update.show(changed)


def lab_arguments(*, first: bool) -> list[str]:
    """Return JupyterLab's arguments: our folder, and no questions about news and updates.

    Parameters
    ----------
    first : bool
        Whether to show the first lesson (else JupyterLab shows what was open last).
    """
    arguments = [
        f"--ServerApp.root_dir={paths.WORK}",
        f"--LabApp.app_settings_dir={SETTINGS}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.log_level=WARN",
        "--ServerApp.log_level=WARN",
    ]
    if first and (paths.WORK / FIRST).exists():
        arguments.append(f"--LabApp.default_url=/lab/tree/{FIRST}")
    if getattr(os, "geteuid", lambda: 1)() == 0:  # in a container; JupyterLab refuses otherwise
        arguments.append("--allow-root")
    return arguments


def open_lab() -> None:
    """Open JupyterLab on `work/` and stay until it is stopped.

    Raises
    ------
    CourseError
        If there are no released lessons, or JupyterLab isn't installed.
    """
    new = lay_out()
    print(_("JupyterLab opens in your browser. To stop it: Ctrl-C here, twice."), flush=True)
    try:
        from jupyterlab.labapp import LabApp
    except ImportError:
        raise CourseError(_("JupyterLab is missing: `python3 start.py` installs it.")) from None
    # What JupyterLab itself starts, such as pip, would import files of the folder we are typed in.
    os.chdir(paths.WORK)
    # The kernel of this environment comes before one that the user has installed elsewhere.
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
    LabApp.launch_instance(lab_arguments(first=bool(new)))


if __name__ == "__main__":  # a step of start.py
    try:
        speak(sys.argv[2]) if sys.argv[1:2] == ["--lang"] else lay_out()
    except CourseError as error:
        sys.exit(f"course: {error}")
