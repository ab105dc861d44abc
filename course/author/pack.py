"""Packs: the course as one zip file, for students or for other instructors.

A student's pack has the lessons of `release/`, the library and the models, and runs by the same two
commands as the course. It has no solution, no hidden test and no instructor's file: it is put
together from what is named here, and the lessons in it are held against `source/` before it is
written. Unzipped it is a folder for GitHub Classroom, and opens in Codespaces.

An instructor's pack is everything but what machines make.
"""

import fnmatch
import re
import zipfile
from pathlib import Path
from typing import Any

from course import language, paths
from course.author import pack_texts, translate
from course.errors import CourseError
from course.grader import notebook, settings
from course.grader.notebook import path_of

TOP = "gpt-course"  # the folder in the zip
KINDS = ("student", "instructor")
FILES = ("start.py", "requirements.txt", "LICENSE")
ROOMS_LEFT_OUT = ("author", "bench", "site")  # of course/
TOLD = "*.txt"  # of data/verdicts: which verdicts are right
DOCS = (
    *("differences.md", "updating.md", "student.md", "pictures/validated.png"),
    *("pictures/assignment-list.png", "pictures/feedback.png"),
)
TEST = "tests/pack/test_pack.py"
SKIPPED = ("__pycache__", ".ipynb_checkpoints", "*.egg-info", "*.part", "*.pyc", ".git")


def pack(
    kind: str,
    lessons: list[str] | None = None,
    *,
    to: str = "packs",
    verdicts: bool = False,
    root: Path | None = None,
) -> dict[str, Any]:
    """Write a pack.

    Parameters
    ----------
    kind : str
        ``"student"`` or ``"instructor"``.
    lessons : list of str, optional
        The lessons of a student's pack; all if left out.
    to : str
        The folder for the zip file, below the course's folder if it isn't a whole path.
    verdicts : bool
        Whether a student's pack tells which verdicts on statements are right, once all are decided.
    root : Path, optional
        The course's folder.

    Returns
    -------
    dict
        ``ok``, ``file``, ``files`` (how many are in it), ``bytes``, ``lessons``.

    Raises
    ------
    CourseError
        If the kind or a lesson is unknown, ``source/`` isn't here, or ``release/`` isn't what
        ``source/`` makes; no file is written then.
    """
    root = root or paths.ROOT
    if kind not in KINDS:
        raise CourseError(f"There is no pack {kind!r}: the packs are student and instructor.")
    names = settings.sources(lessons, root)
    content: dict[str, Path | str] = {}
    if kind == "instructor":
        if lessons:
            raise CourseError("An instructor's pack has all lessons: leave their names out.")
        content.update({name: root / name for name in everything(root)})
    else:
        held_against_source(names, root)
        content = student(names, verdicts, root)
    file = root / to / f"{TOP}-{kind}.zip"
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(file.name + ".part")
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(content):
            where = content[name]
            data = where.read_bytes() if isinstance(where, Path) else where.encode()
            # One date and two modes: the same course gives the same file.
            entry = zipfile.ZipInfo(f"{TOP}/{name}", (2026, 1, 1, 0, 0, 0))
            runs = isinstance(where, Path) and where.stat().st_mode & 0o100
            entry.external_attr = (0o100755 if runs else 0o100644) << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    draft.replace(file)
    size = file.stat().st_size
    return {"ok": True, "file": str(file), "files": len(content), "bytes": size, "lessons": names}


def student(names: list[str], verdicts: bool, root: Path) -> dict[str, Path | str]:
    """Return what is in a student's pack: path in it → the file, or its text."""
    content: dict[str, Path | str] = {name: root / name for name in FILES}
    for folder in ("course", "data", *(f"release/{name}" for name in names)):
        content.update({name: root / name for name in _below(root, folder)})
    hidden = [f"course/{room}/*" for room in ROOMS_LEFT_OUT]
    hidden += [] if verdicts else [f"data/verdicts/{TOLD}"]
    hidden += ["course/locale/*/LC_MESSAGES/[!c]*.po"]  # all but the library's
    for name in [n for n in content if any(fnmatch.fnmatch(n, pattern) for pattern in hidden)]:
        del content[name]
    for code in (one for one in language.LANGUAGES if one != "en"):
        for name in names:
            said = translate.for_students(name, code, root)
            content[f"course/locale/{code}/LC_MESSAGES/{name}.po"] = said
    content.update({f"docs/{name}": root / "docs" / name for name in DOCS})
    content["tests/test_pack.py"] = root / TEST
    content["pyproject.toml"] = _without_rooms((root / "pyproject.toml").read_text("utf-8"))
    return content | pack_texts.STUDENT


def _without_rooms(project: str) -> str:
    """Return pyproject.toml for a pack in which not all rooms of the library are."""
    for room in ROOMS_LEFT_OUT:
        project, found = re.subn(rf' ?"course\.{room}",', "", project)
        if found != 1:
            raise CourseError(f"pyproject.toml doesn't name the package course.{room} once.")
    return project


def held_against_source(names: list[str], root: Path) -> None:
    """Hold the released lessons against ``source/``: without solutions and hidden tests.

    Raises
    ------
    CourseError
        If one differs.
    """
    for name in names:
        again = f"run `python3 start.py build {name}`, then pack again."
        source = notebook.cells(notebook.read(path_of(name, root / "source")))
        try:
            released = notebook.cells(notebook.load(path_of(name, root / "release")))
        except FileNotFoundError:
            raise CourseError(f"There is no release/{name}/{name}.ipynb: {again}") from None
        wanted = [
            notebook.stub(notebook.visible(cell.source)) if cell.kind != "text" else cell.source
            for cell in source
        ]
        got = [cell.source for cell in released]
        if list(map(notebook.bare, wanted)) != list(map(notebook.bare, got)):
            raise CourseError(f"release/{name} isn't what source/{name} makes: {again}")


def everything(root: Path) -> list[str]:
    """Return all files of the course but those that ``.gitignore`` leaves to machines."""
    lines = (root / ".gitignore").read_text(encoding="utf-8").splitlines()
    patterns = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    at_top = [line.strip("/") for line in patterns if line.startswith("/")]
    anywhere = [line.strip("/") for line in patterns if not line.startswith("/")]
    found = []
    for top in sorted(root.iterdir()):
        if any(fnmatch.fnmatch(top.name, pattern) for pattern in (*at_top, *anywhere, *SKIPPED)):
            continue
        found += _below(root, top.name, anywhere) if top.is_dir() else [top.name]
    return found


def _below(root: Path, folder: str, skipped: list[str] | None = None) -> list[str]:
    """Return the files below a folder, relative to the course's, without what machines make."""
    patterns = (*SKIPPED, *(skipped or ()))
    found = []
    for path in sorted((root / folder).rglob("*")):
        name = path.relative_to(root)
        made = any(fnmatch.fnmatch(part, p) for part in name.parts for p in patterns)
        if path.is_file() and not path.is_symlink() and not made:
            found.append(name.as_posix())
    return found
