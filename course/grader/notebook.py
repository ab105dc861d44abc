"""Read notebooks as plain data: which cells are text, code, a solution or a check.

A notebook is the dictionary that its JSON holds; neither nbformat nor nbgrader is imported here,
so that a learner's own check starts fast. Only the metadata that this course uses are understood:
no manually graded cells, no task cells, no older nbgrader schemas (`verify` reports them).
"""

import difflib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from course import paths
from course.errors import CourseError

BEGIN_HIDDEN, END_HIDDEN = "BEGIN HIDDEN TESTS", "END HIDDEN TESTS"
BEGIN_SOLUTION, END_SOLUTION = "BEGIN SOLUTION", "END SOLUTION"
STUB = "raise NotImplementedError"


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes
    ----------
    kind : str
        ``"text"``, ``"code"``, ``"solution"``, ``"grade"``, or ``"other"`` for nbgrader cells that
        this course doesn't use (manually graded, task, read-only).
    source : str
    name : str
        nbgrader's ``grade_id``; empty for text and code.
    points : float
        What a grade cell is worth.
    """

    kind: str
    source: str
    name: str = ""
    points: float = 0.0

    @property
    def exercise(self) -> str:
        """The exercise that this solution or grade cell belongs to; empty for other cells."""
        if self.kind == "grade":
            return re.sub(r"_\d+$", "", self.name)
        return self.name if self.kind == "solution" else ""


def read(path: Path) -> dict[str, Any]:
    """Return the notebook at `path`.

    Raises
    ------
    CourseError
        If there is no such file, or it isn't a notebook of format 4.
    """
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, IsADirectoryError):
        raise CourseError(f"There is no notebook {path}: check its name.") from None
    except (ValueError, RecursionError):  # bad JSON, or bytes that are no UTF-8
        raise CourseError(
            f"{path.name} is damaged (it isn't valid JSON): "
            "take an older copy of it, or a fresh one from release/."
        ) from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise CourseError(
            f"{path.name} isn't a notebook of today's format: open it in JupyterLab and save it, "
            "or take a fresh one from release/."
        )
    return notebook


def text_of(cell: Any) -> str:
    """Return the source of a cell's dictionary, whatever form a damaged notebook gives it."""
    source = cell.get("source", "") if isinstance(cell, dict) else ""
    if isinstance(source, list):
        return "".join(line for line in source if isinstance(line, str))
    return source if isinstance(source, str) else ""


def cells(notebook: dict[str, Any]) -> list[Cell]:
    """Return the cells of `notebook` in order; odd metadata make an ordinary cell."""
    return [_cell(raw) for raw in notebook["cells"]]


def _cell(raw: Any) -> Cell:
    source = text_of(raw)
    if not isinstance(raw, dict):
        return Cell("text", source)
    metadata = raw.get("metadata")
    meta = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    meta = meta if isinstance(meta, dict) else {}
    is_code = raw.get("cell_type") == "code"
    name = meta.get("grade_id")
    grade, solution = bool(meta.get("grade")), bool(meta.get("solution"))
    marked = grade or solution or bool(meta.get("locked")) or bool(meta.get("task"))
    if not marked or not isinstance(name, str) or not name:
        return Cell("code" if is_code else "text", source)
    try:
        points = float(meta.get("points", 0))
    except (TypeError, ValueError):
        points = 0.0
    if is_code and solution and not grade:
        return Cell("solution", source, name)
    if is_code and grade and not solution:
        return Cell("grade", source, name, points)
    return Cell("other", source, name, points)


def restore(submitted: Iterable[Cell], truth: Iterable[Cell]) -> list[Cell]:
    """Put the checks of `truth` back into a learner's cells, as nbgrader does before it grades.

    Cells are matched by name. Of cells with one name the last is meant, as in nbgrader; the others
    become ordinary code. A check that the learner deleted comes back behind the nearest cell that
    stood before it. Everything else that the learner wrote stays where it is.

    Parameters
    ----------
    submitted : iterable of Cell
        The learner's cells.
    truth : iterable of Cell
        The cells of ``source/``, or of ``release/`` for the visible checks alone.

    Returns
    -------
    list of Cell
        Each check of `truth` exactly once.
    """
    known = {cell.name: cell for cell in truth if cell.kind in ("solution", "grade")}
    seen: set[str] = set()
    result: list[Cell] = []
    for cell in reversed(list(submitted)):
        original = known.get(cell.name)
        if original is None or cell.name in seen:
            kind = "text" if cell.kind == "text" else "code"
            result.append(Cell(kind, cell.source))
        else:
            seen.add(cell.name)
            own = original.kind == "solution"
            result.append(
                Cell(
                    original.kind,
                    cell.source if own else original.source,
                    original.name,
                    original.points,
                )
            )
    result.reverse()

    before: list[str] = []
    for name, original in known.items():
        if original.kind == "grade" and name not in seen:
            place = {cell.name: index for index, cell in enumerate(result) if cell.name}
            near = next((place[b] for b in reversed(before) if b in place), len(result) - 1)
            result.insert(near + 1, original)
        before.append(name)
    return result


def hidden_lines(source: str) -> set[int]:
    """Return the numbers (from 1) of the lines of a check that learners don't see."""
    hidden, inside = set(), False
    for number, line in enumerate(source.split("\n"), start=1):
        if BEGIN_HIDDEN in line:
            inside = True
        if inside:
            hidden.add(number)
        if END_HIDDEN in line:
            inside = False
    return hidden


def visible(source: str) -> str:
    """Return a check without its hidden part, as nbgrader releases it."""
    hidden = hidden_lines(source)
    lines = source.split("\n")
    return "\n".join(line for number, line in enumerate(lines, start=1) if number not in hidden)


def stub(source: str) -> str:
    """Return a solution cell as nbgrader releases it, with our stub in place of each solution."""
    lines, inside = [], False
    for line in source.split("\n"):
        if BEGIN_SOLUTION in line:
            inside = True
            lines.append(line[: len(line) - len(line.lstrip())] + STUB)
        elif END_SOLUTION in line:
            inside = False
        elif not inside:
            lines.append(line)
    return "\n".join(lines)


def in_the_making(cells: Iterable[Cell]) -> bool:
    """Tell whether the title says that the lesson isn't finished: its points may sum to less."""
    title = next((cell.source for cell in cells if cell.kind == "text"), "")
    return "(in the making)" in title.split("\n")[0]


def path_of(lesson: str, folder: Path) -> Path:
    """Return the path of the notebook of `lesson` in ``source/``, ``release/`` or ``work/``."""
    return folder / lesson / f"{lesson}.ipynb"


def lessons(root: Path | None = None) -> list[str]:
    """Return the names of all lessons, from ``source/``, or from ``release/`` where that isn't."""
    root = root or paths.ROOT
    for folder in (root / "source", root / "release"):
        found = sorted(path.parent.name for path in folder.glob("*/*.ipynb"))
        names = [name for name in found if path_of(name, folder).exists()]
        if names:
            return names
    return []


def sources(names: list[str] | None, root: Path | None = None) -> list[str]:
    """Return the lessons of ``source/`` that are meant by `names`; all if none are named.

    Raises
    ------
    CourseError
        If ``source/`` isn't here, or a name is unknown.
    """
    root = root or paths.ROOT
    here = [name for name in lessons(root) if path_of(name, root / "source").exists()]
    if not here:
        raise CourseError("There are no lessons in source/: this command needs the full course.")
    for name in names or []:
        if name not in here:
            raise CourseError(unknown(name, here))
    return [name for name in here if not names or name in names]


def unknown(name: str, known: list[str]) -> str:
    """Return a sentence for a lesson that doesn't exist, with the nearest one that does."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    if near:
        return f"There is no lesson {name!r}: did you mean {near[0]}?"
    return f"There is no lesson {name!r}: the lessons are {', '.join(known) or 'not here'}."


def config(root: Path | None = None) -> Config:
    """Return what ``nbgrader_config.py`` says; an empty configuration where it isn't shipped."""
    root = root or paths.ROOT
    if not (root / "nbgrader_config.py").exists():
        return Config()
    return PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()


def cell_seconds(root: Path | None = None) -> float:
    """Return how long one cell may run, in seconds: nbgrader's ``Execute.timeout``."""
    return float(config(root).get("Execute", {}).get("timeout", 30))
