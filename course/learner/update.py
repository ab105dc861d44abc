"""`course update`: the newer text and checks of a lesson, brought into the learner's notebook.

What the learner began with is found among the versions that `work/.versions` keeps and, where the
course is a clone, in git's history of `release/`. The old file goes to `work/older` before anything
is written; the new one then takes its place in one step.
"""

import contextlib
import hashlib
import json
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

from course import paths
from course.errors import CourseError
from course.grader import notebook, settings
from course.grader.errors import GraderError
from course.grader.notebook import Notebook
from course.language import N_, _
from course.learner import merge as merge_module
from course.learner.check import mine
from course.learner.progress import OLDER
from course.translate import built

VERSIONS = ".versions"
HINT = N_("newer than your copy: `python3 start.py update` brings it, and your answers stay.")
RELOAD = N_("A lesson that is open in JupyterLab: File, Reload Notebook from Disk.")


def update(
    lessons: list[str] | None = None, *, dry_run: bool = False, root: Path | None = None
) -> dict[str, Any]:
    """Bring lessons of ``work/`` up to date with ``release/``.

    Parameters
    ----------
    lessons : list of str, optional
        Names of lessons; all that the learner has if left out.
    dry_run : bool
        Only say what would happen.
    root : Path, optional
        The course's folder.

    Returns
    -------
    dict
        ``ok`` (all notebooks could be read), ``lessons``: rows with ``lesson``, ``state``
        (``updated``, ``would be updated``, ``as it is``, ``unreadable``), ``counts`` and
        ``conflicts`` as `merge.Merged` has them, ``files`` (figures and pages that came), ``older``
        (where the old files are, "" if none was replaced), ``note``.

    Raises
    ------
    CourseError
        If a name is no lesson's, or there is nothing to update.
    """
    root = root or paths.ROOT
    released = sorted(path.parent.name for path in (root / "release").glob("*/*.ipynb"))
    if not released:
        raise CourseError(
            _("There are no lessons in release/: get them back with `git checkout release`.")
        )
    for name in lessons or []:
        if name not in released:
            raise CourseError(settings.unknown(name, released))
    mine_too = [one for one in released if notebook.path_of(one, root / "work").exists()]
    if missing := [name for name in lessons or [] if name not in mine_too]:
        raise CourseError(
            _("There is no work/{missing}/{missing}.ipynb: `python3 start.py` copies it.").format(
                missing=missing[0]
            )
        )
    if not mine_too:
        raise CourseError(_("There is no lesson in work/ yet: `python3 start.py` copies them."))
    stamp = f"{datetime.now():%Y-%m-%d_%H%M%S}"
    rows = [_lesson(name, root, stamp, dry_run) for name in lessons or mine_too]
    return {"ok": all(row["state"] != "unreadable" for row in rows), "lessons": rows}


def _lesson(name: str, root: Path, stamp: str, dry_run: bool) -> dict[str, Any]:
    """Bring one lesson up to date and return what happened."""
    row: dict[str, Any] = {"lesson": name, "state": "as it is", "counts": {}, "conflicts": []}
    row |= {"files": [], "older": "", "note": ""}
    path = notebook.path_of(name, root / "work").resolve()
    try:
        old = mine(path)
        content = path.read_bytes()
        new = notebook.read(built.notebook(name, "release", root))
    except (CourseError, GraderError) as error:
        return row | {"state": "unreadable", "note": str(error)}
    merged = merge_module.merge(old, new, began_with(old, name, root))
    row |= {"counts": merged.counts, "conflicts": merged.conflicts}
    stale = _stale(name, root)
    row["files"] = [file.name for file in stale]
    if not (merged.changed or stale):
        if not dry_run:
            remember(name, root)
        return row
    if dry_run:
        return row | {"state": "would be updated"}
    older = root / "work" / OLDER / name / stamp
    for number in range(2, 100):  # twice in a second
        if not older.exists():
            break
        older = older.with_name(f"{stamp}-{number}")
    row["older"] = older.relative_to(root).as_posix()
    for file in stale:
        target = root / "work" / name / file.relative_to(built.fresh(name, "release", root))
        if target.exists():
            paths.write(older / target.relative_to(root / "work" / name), target.read_bytes())
        paths.write(target, file.read_bytes())
    if merged.changed:
        paths.write(older / path.name, content)
        paths.write(path, _written(merged.notebook))
    remember(name, root)
    return row | {"state": "updated"}


def _stale(name: str, root: Path) -> list[Path]:
    """Return the released files beside a notebook that the learner has otherwise, or not at all."""
    folder, own = built.fresh(name, "release", root), root / "work" / name
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    theirs = [f for f in files if f.suffix != ".ipynb" and ".ipynb_checkpoints" not in f.parts]
    return [f for f in theirs if _bytes(own / f.relative_to(folder)) != f.read_bytes()]


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _written(content: Notebook) -> bytes:
    """Return a notebook as JupyterLab writes it."""
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


# --- what the learner began with ------------------------------------------------------------------


def remember(name: str, root: Path) -> None:
    """Keep the released notebook of a lesson, if this version isn't kept yet."""
    content = built.notebook(name, "release", root).read_bytes()
    kept = _kept(name, root, content)
    if not kept.exists():
        paths.write(kept, content)


def _kept(name: str, root: Path, content: bytes) -> Path:
    number = hashlib.sha256(content).hexdigest()[:12]
    return root / "work" / VERSIONS / name / f"{number}.ipynb"


def waiting(root: Path) -> list[str]:
    """Return the lessons that are newer in ``release/`` than what the learner was given last."""
    found = []
    for path in sorted((root / "release").glob("*/*.ipynb")):
        name = path.parent.name
        kept = _kept(name, root, built.notebook(name, "release", root).read_bytes())
        if kept.parent.exists() and not kept.exists():
            found.append(name)
    return found


def began_with(old: Notebook, name: str, root: Path) -> Notebook | None:
    """Return the version of a lesson that most of a learner's cells come from, or None."""
    kept = sorted((root / "work" / VERSIONS / name).glob("*.ipynb"))
    contents = history(name, root) + [path.read_bytes() for path in kept]
    versions = []
    for content in dict.fromkeys(contents):
        with contextlib.suppress(GraderError):
            versions.append(notebook.parse(content, name))
    return max(versions, key=lambda one: merge_module.likeness(old, one), default=None)


def history(name: str, root: Path) -> list[bytes]:
    """Return all versions of a lesson's notebook in git's history, the newest first."""
    where = f"release/{name}/{name}.ipynb"
    listed = _git(root, ["log", "--format=%H", "--", where]).split()
    asked = "".join(f"{commit.decode()}:./{where}\n" for commit in listed)
    answer = _git(root, ["cat-file", "--batch"], asked.encode()) if listed else b""
    found = []
    while answer:
        head, _x, rest = answer.partition(b"\n")
        words = head.split()
        if len(words) == 3 and words[1] == b"blob":
            size = int(words[2])
            found.append(rest[:size])
            rest = rest[size + 1 :]
        answer = rest
    return found


def _git(root: Path, words: list[str], asked: bytes = b"") -> bytes:
    """Return what git says, or nothing where there is no git or no history."""
    command = ["git", "-C", str(root), *words]
    try:
        run = subprocess.run(command, input=asked, capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return b""
    return run.stdout if run.returncode == 0 else b""


# --- what people see ------------------------------------------------------------------------------


def show(result: dict[str, Any]) -> None:
    """Print what happened, lesson by lesson."""
    for row in result["lessons"]:
        counts = row["counts"]
        if row["state"] == "unreadable":
            print(f"{row['lesson']}: {row['note']}")
            continue
        if row["state"] == "as it is":
            print(_("{lesson}: nothing new.").format(lesson=row["lesson"]))
            continue
        kinds = {
            "texts": _("{n} texts"),
            "exercises": _("{n} exercises"),
            "checks": _("{n} checks"),
            "demos": _("{n} demos"),
        }
        new = [text.format(n=counts[kind]) for kind, text in kinds.items() if counts[kind]]
        new += [_("{n} other files").format(n=len(row["files"]))] if row["files"] else []
        did = _("updated") if row["state"] == "updated" else _("would be updated")
        print(f"{row['lesson']}: {did}: {', '.join(new) or _('its order')}.")
        print(
            _("  Left as they are: {answers} answers, {own} cells of your own.").format(
                answers=counts["answers"], own=counts["own"]
            )
        )
        for conflict in row["conflicts"]:
            print(
                _("  Look at {cell}: {says}").format(cell=conflict["cell"], says=conflict["says"])
            )
        if row["older"]:
            print(_("  The old files are in {older}.").format(older=row["older"]))
    if any(row["older"] for row in result["lessons"]):
        print(_(RELOAD))
