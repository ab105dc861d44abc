"""From ``source/`` to ``release/``: one format for notebooks, nbgrader's own converter, the gate.

`format_notebook` gives every source notebook one form, so that a change shows as a change; what its
text says of numbers and points is written from its cells, and README's table from all lessons. The
release is what ``nbgrader generate_assignment`` makes of it with our configuration, byte for byte;
it comes into its place only if nothing in it leaks. What a lesson tells of its statements once they
are decided is copied into ``data/verdicts``. No gradebook is written here.
"""

import json
import re
import shutil
import subprocess
import tempfile
import unicodedata
import warnings
from pathlib import Path
from typing import Any

from tqdm import tqdm

from course import paths, shield
from course.author import headings, leak, readme, verdicts
from course.errors import CourseError
from course.grader import notebook, settings
from course.grader.notebook import path_of

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
VISIBLE = 10  # lines of a demo that are shown; longer ones are folded away
NBGRADER_KEYS = ("grade", "grade_id", "locked", "points", "schema_version", "solution", "task")
# What editors call a cell on their own: nbformat's eight digits, JupyterLab's UUID.
RANDOM_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})?")
LINE_LENGTH = 100


def build(
    lessons: list[str] | None = None,
    *,
    root: Path | None = None,
    blocks: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Format ``source/`` and build ``release/`` from it.

    Parameters
    ----------
    lessons : list of str, optional
        The lessons to build; all if None.
    root : Path, optional
        The course's folder.
    blocks : dict of str to str, optional
        Further blocks of README.md, as `readme.write` takes them.

    Returns
    -------
    dict
        ``ok``, ``lessons`` (one row each: lesson, exercises, points, source, release), ``readme``
        (whether it was changed), and ``problems``: the leaks, with which nothing in
        ``release/`` was changed.

    Raises
    ------
    CourseError
        If a lesson is unknown, its headings can't be read, or nbgrader refuses it.
    """
    root = root or paths.ROOT
    names = settings.sources(lessons, root)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        fresh = Path(scratch) / "release"
        for name in tqdm(names, desc="Building", unit="lesson", disable=None, leave=False):
            source = path_of(name, root / "source")
            formatted = format_notebook(source.read_bytes(), source.name)
            row = {"lesson": name} | _counts(formatted)
            row["source"] = "written" if _write(source, formatted) else "unchanged"
            generate(name, root, fresh)
            rows.append(row)
        for old in (root / "release").glob("*"):
            if old.is_dir() and not (fresh / old.name).exists():
                # Lessons that aren't built now belong to what the gate looks at, too.
                shutil.copytree(old, fresh / old.name)
        problems = leak.find(root, fresh)
        for row in rows:
            row["release"] = "kept back"
            if not problems:
                verdicts.write(row["lesson"], root)
                changed = _mirror(fresh / row["lesson"], root / "release" / row["lesson"])
                row["release"] = "built" if changed else "unchanged"
    written = readme.write(root, {"lessons": readme.lessons(root)} | (blocks or {}))
    gone = {path.name for path in (root / "release").glob("*/")} - set(settings.lessons(root))
    problems += [f"release/{name} has no lesson in source/: delete it." for name in sorted(gone)]
    return {"ok": not problems, "lessons": rows, "readme": written, "problems": problems}


def format_notebook(content: bytes, name: str) -> bytes:
    """Return the one form of a source notebook: formatting it again changes nothing.

    Its exercises are numbered, and their points in its text, as `headings.fill` writes them. No
    outputs and execution counts; of metadata nbgrader's, kernelspec and language; a stable id for
    each cell; code as ``ruff format`` writes it; the code of long demos folded.

    Parameters
    ----------
    content : bytes
        The notebook's file.
    name : str
        Its file name, for messages.

    Raises
    ------
    CourseError
        If it is no notebook, its headings can't be read, or ruff can't be run.
    """
    import nbformat

    raw = notebook.parse(content, name)
    cells = [_plain_cell(cell, name) for cell in raw["cells"]]
    # Names that are there have the first choice, so that a new cell never renames an old one.
    graded = [cell for cell in cells if "grade_id" in cell["metadata"].get("nbgrader", {})]
    others = [cell for cell in cells if not any(cell is one for one in graded)]
    taken = {cell["id"] for cell in graded}
    for cell in sorted(others, key=lambda cell: not cell["id"]):
        cell["id"] = _unique(cell["id"] or slug(cell["source"]), taken)
        taken.add(cell["id"])
    plain = {
        "cells": cells,
        "metadata": {"kernelspec": KERNEL, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    headings.fill(cells, name)
    plain = json.loads(_ruff(_dump(plain), name))
    for cell in plain["cells"]:
        cell["source"] = notebook.text_of(cell).strip("\n").splitlines(keepends=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            nbformat.validate(nbformat.from_dict(plain))
        except Exception as error:
            first = str(error).split("\n")[0]
            raise CourseError(f"{name} isn't a valid notebook: {first}") from None
    return _dump(plain)


def slug(text: str) -> str:
    """Return an id made of the first words of a cell."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", re.sub(r"<[^>]*>|data:\S+", " ", ascii_text.lower()))
    return "-".join(words[:6])[:40].strip("-") or "cell"


def generate(lesson: str, root: Path, release: Path) -> None:
    """Let nbgrader make the learners' version of `lesson` in the folder `release`.

    Raises
    ------
    CourseError
        If nbgrader refuses it; nbgrader's own reason is in the message.
    """
    from course.grader.adapter import NbGraderException
    from course.grader.adapter import generate as generate_release

    try:
        generate_release(lesson, root, release, database=False)
    except NbGraderException as error:
        said = re.findall(r"(?m)^(?:\w+\.)*\w*(?:Error|Exception): (.+)$", str(error))
        reason = said[-1] if said else (str(error) or "it gives no reason").split("\n")[0]
        raise CourseError(f"nbgrader refuses {lesson}: {reason}") from None
    made = path_of(lesson, release)
    made.write_bytes(made.read_bytes().replace(b"\r\n", b"\n"))  # Windows must build the same bytes


def folded(source: str) -> bool:
    """Tell whether a demo's code is folded away: it is long, and no loop that is to be read.

    A loop on the page, whose demo is called ``…loop``, stays open.
    """
    lines = [line for line in source.split("\n") if line.strip() and "import " not in line]
    demo = re.match(r"# [Dd]emo\b(?!: \w*loop\b)", source)
    return bool(demo) and len(lines) > VISIBLE


def _plain_cell(cell: Any, name: str) -> dict[str, Any]:
    kind = cell.get("cell_type") if isinstance(cell, dict) else None
    if kind not in ("code", "markdown", "raw"):
        raise CourseError(f"{name} holds something that isn't a cell: restore it with git.")
    meta = (cell.get("metadata") or {}).get("nbgrader") or {}
    marked = any(meta.get(key) for key in ("grade", "solution", "locked", "task"))
    meta = {key: meta[key] for key in NBGRADER_KEYS if key in meta} if marked else {}
    old = cell.get("id") or ""
    plain = {
        "cell_type": kind,
        "id": "" if RANDOM_ID.fullmatch(old) else old,
        "metadata": {"nbgrader": meta} if meta else {},
        "source": notebook.text_of(cell),
    }
    if kind == "code" and not meta and folded(plain["source"]):
        plain["metadata"] = {"jupyter": {"source_hidden": True}}
    if "grade_id" in meta:
        plain["id"] = str(meta["grade_id"]).replace("_", "-")
    if kind == "code":
        plain |= {"execution_count": None, "outputs": []}
    elif cell.get("attachments"):
        plain["attachments"] = cell["attachments"]
    return plain


def _unique(name: str, taken: set[str]) -> str:
    number, result = 2, name
    while result in taken:
        result, number = f"{name}-{number}", number + 1
    return result


def _dump(content: dict[str, Any]) -> bytes:
    # As nbformat writes it, so that a save in JupyterLab changes no line for nothing.
    return (json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _ruff(content: bytes, name: str) -> bytes:
    command = shield.python("-m", "ruff", "format", "--isolated", "--stdin-filename", name)
    ran = subprocess.run(
        [*command, "--line-length", str(LINE_LENGTH), "-"],
        input=content,
        capture_output=True,
        env=shield.environment(),
    )
    if ran.returncode:
        said = ran.stderr.decode("utf-8", "replace").strip().split("\n")[0]
        raise CourseError(f"ruff can't format {name}: {said}")
    return ran.stdout


def _counts(content: bytes) -> dict[str, Any]:
    cells = notebook.cells(json.loads(content))
    return {
        "exercises": sum(cell.kind == "solution" for cell in cells),
        "points": round(sum(cell.points for cell in cells), 2),
    }


def _write(path: Path, content: bytes) -> bool:
    """Write a file in one step if that changes it; tell whether it did."""
    if path.exists() and path.read_bytes() == content:
        return False
    paths.write(path, content)
    return True


def _mirror(fresh: Path, place: Path) -> bool:
    """Make the folder `place` the same as `fresh`; tell whether anything changed."""
    files = {path.relative_to(fresh) for path in fresh.rglob("*") if path.is_file()}
    changed = [_write(place / file, (fresh / file).read_bytes()) for file in sorted(files)]
    stale = [
        path for path in place.rglob("*") if path.is_file() and path.relative_to(place) not in files
    ]
    for path in stale:
        path.unlink()
    return any(changed) or bool(stale)
