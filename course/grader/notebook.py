"""From a notebook's bytes to cells that are known: the one way to read what anybody hands in.

`load` takes what editors and file systems do to a notebook (a byte order mark, another Unicode,
half a letter). `restore` finds the exercises again where a cell has lost its metadata, and puts the
checks back, as nbgrader does before it grades. A learner's own check, the tests of the tests and
the grading of a class all begin here, so that one file means one thing. What the markers of
solutions and hidden tests mean is said here, too.

A notebook is the dictionary that its JSON holds; neither nbformat nor nbgrader is imported, so that
a learner's own check starts fast. Left out on purpose: running anything.
"""

import collections
import dataclasses
import json
import os
import re
import stat
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from course.grader.errors import N_, GraderError
from course.grader.files import some

BEGIN_HIDDEN, END_HIDDEN = "BEGIN HIDDEN TESTS", "END HIDDEN TESTS"
BEGIN_SOLUTION, END_SOLUTION = "BEGIN SOLUTION", "END SOLUTION"
STUB = "raise NotImplementedError"

# More than these is no honest notebook; the reader's memory is worth more.
MOST_MB = 100  # of one notebook, with its outputs
MOST_CELLS = 2000
MOST_PARTS, MOST_ITEMS = (
    2_000_000,
    10_000_000,
)  # brackets and commas: each may cost 50 bytes or more

Notebook = dict[str, Any]
BOM = b"\xef\xbb\xbf"
HALF = re.compile(r"\\u[dD][89a-fA-F]")  # a letter beyond the first 65,536, or half of one
LINES = re.compile(r"\r\n?|\n")
PROMPT = r"(?:>>> |In \[\d+\]: ?)?"  # code that was pasted out of a session


class UnreadableError(GraderError):
    """The notebook can't be read; the text says why in one sentence."""


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes
    ----------
    kind : str
        ``"text"``; ``"code"``; ``"solution"``, an answer that tests grade; ``"grade"``, such a
        test; ``"locked"``, an instructor's cell that nbgrader keeps as it is; ``"manual"``, what a
        person grades, or nobody.
    source : str
    name : str
        nbgrader's ``grade_id``; empty for text and code.
    points : float
        What a test, or an answer that a person grades, is worth.
    cell_type : str
        ``"code"`` or ``"markdown"``, for the cells with a name.
    task : bool
        Whether a ``"manual"`` cell is a task, that is, not itself an answer.
    """

    kind: str
    source: str
    name: str = ""
    points: float = 0.0
    cell_type: str = "code"
    task: bool = False

    @property
    def exercise(self) -> str:
        """The exercise that this solution or grade cell belongs to; empty for other cells."""
        if self.kind == "grade":
            return re.sub(r"_\d+$", "", self.name)
        return self.name if self.kind == "solution" else ""

    @property
    def runs(self) -> bool:
        """Whether there is code in it."""
        return self.kind != "text" and self.cell_type == "code"


# --- bytes ----------------------------------------------------------------------------------------


def load(path: Path, inside: Path | None = None) -> Notebook:
    """Return the notebook in a file, whatever wrote it.

    Parameters
    ----------
    path : Path
    inside : Path, optional
        A folder that a link must not lead out of.

    Returns
    -------
    dict
        With a list of cells; every text in it is one that UTF-8 can hold.

    Raises
    ------
    FileNotFoundError
        If there is nothing of that name.
    UnreadableError
        If it can't be read, or isn't a notebook of format 4.
    """
    return parse(content(path, inside), path.name)


def read(path: Path) -> Notebook:
    """Return a notebook that should be there, as `load` reads it.

    Raises
    ------
    GraderError
        If there is no such file, or it can't be read.
    """
    try:
        return load(path)
    except FileNotFoundError:
        raise GraderError(
            N_("There is no notebook {path}: check its name.").format(path=path)
        ) from None


def parse(content: bytes, name: str) -> Notebook:
    """Return the notebook that a file's bytes hold.

    Parameters
    ----------
    content : bytes
    name : str
        The file's name, for messages.

    Raises
    ------
    UnreadableError
        If they hold none of format 4.
    """
    if not content.removeprefix(BOM).strip(b" \t\r\n\0"):
        raise UnreadableError(N_("{name} is empty.").format(name=name))
    try:
        text = content.decode(json.detect_encoding(content))
    except UnicodeDecodeError:
        raise UnreadableError(
            N_("{name} isn't text in UTF-8: open it in an editor and save it as UTF-8.").format(
                name=name
            )
        ) from None
    if text.count("[") + text.count("{") > MOST_PARTS or text.count(",") > MOST_ITEMS:
        raise UnreadableError(
            N_("{name} has too many parts to be read: clear its outputs.").format(name=name)
        )
    try:
        raw = json.loads(text, parse_int=_int)
        raw = _whole(raw) if HALF.search(text) else raw
    except (ValueError, RecursionError, MemoryError):
        raise UnreadableError(
            N_("{name} is damaged (it isn't valid JSON).").format(name=name)
        ) from None
    if not isinstance(raw, dict) or not isinstance(raw.get("cells"), list):
        raise UnreadableError(
            N_(
                "{name} isn't a notebook of today's format: open it in JupyterLab and save it."
            ).format(name=name)
        )
    if len(raw["cells"]) > MOST_CELLS:
        raise UnreadableError(
            N_("{name} has more than {most} cells.").format(name=name, most=MOST_CELLS)
        )
    return raw


def content(path: Path, folder: Path | None) -> bytes:
    """Return what a notebook's file holds, of a folder that nothing in it leads out of.

    Raises
    ------
    FileNotFoundError
        If there is none.
    UnreadableError
        If it is no file, too large, can't be read, or lies elsewhere.
    """
    try:
        if not os.path.lexists(path):
            raise FileNotFoundError
        if folder is not None and not is_inside(path, folder):
            raise UnreadableError(
                N_("{name} is a link to a file outside of the submission.").format(name=path.name)
            )
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableError(N_("{name} isn't a file.").format(name=path.name))
        if status.st_size > MOST_MB * 1e6:
            raise UnreadableError(
                N_(
                    "{name} has {size:.0f} MB, more than the {most} MB that are read: clear its "
                    "outputs."
                ).format(name=path.name, size=status.st_size / 1e6, most=MOST_MB)
            )
        return path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        said = error.strerror or N_("no reason given")
        raise UnreadableError(
            N_("{name} can't be read ({why}).").format(name=path.name, why=said.lower())
        ) from None


def is_inside(path: Path, folder: Path) -> bool:
    """Tell whether a file lies in a folder, and not only a link to it."""
    try:
        return path.resolve(strict=True).is_relative_to(folder.resolve(strict=True))
    except (OSError, RuntimeError):  # a link to nowhere, or to itself
        return not path.is_symlink()


def _int(digits: str) -> float:
    """Read a whole number; one that no float can hold isn't worth an OverflowError later."""
    return int(digits) if len(digits) < 100 else float("inf")


def _whole(data: Any) -> Any:
    """Return plain data whose texts UTF-8 can hold: half a letter would stop every writer."""
    if isinstance(data, str):
        return data.encode("utf-8", "replace").decode()
    if isinstance(data, list):
        return [_whole(item) for item in data]
    if isinstance(data, dict):
        return {_whole(key): _whole(value) for key, value in data.items()}
    return data


# --- cells ----------------------------------------------------------------------------------------


def text_of(cell: Any) -> str:
    """Return the source of a cell's dictionary, whatever form a damaged notebook gives it."""
    source = cell.get("source", "") if isinstance(cell, dict) else ""
    if isinstance(source, list):
        return "".join(line for line in source if isinstance(line, str))
    return source if isinstance(source, str) else ""


def marks(raw: Any) -> dict[str, Any]:
    """Return nbgrader's metadata of a cell's dictionary, whatever is there."""
    metadata = raw.get("metadata") if isinstance(raw, dict) else None
    found = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else {}


def cells(notebook: Notebook) -> list[Cell]:
    """Return the cells of `notebook` in order; odd metadata make an ordinary cell."""
    return [_cell(raw) for raw in notebook["cells"]]


def _cell(raw: Any) -> Cell:
    source = text_of(raw)
    if not isinstance(raw, dict):
        return Cell("text", source)
    meta = marks(raw)
    is_code = raw.get("cell_type") == "code"
    name = meta.get("grade_id")
    grade, solution, locked, task = (
        bool(meta.get(key)) for key in ("grade", "solution", "locked", "task")
    )
    if not (grade or solution or locked or task) or not isinstance(name, str) or not name:
        return Cell("code" if is_code else "text", source)
    try:
        points = float(meta.get("points", 0))
    except (TypeError, ValueError, OverflowError):
        points = 0.0
    kind = "manual"
    if is_code and grade != solution and not task:
        kind = "grade" if grade else "solution"
    elif not (grade or solution or task):
        kind = "locked"
    worth = points if kind == "grade" or (kind == "manual" and (grade or task)) else 0.0
    return Cell(kind, source, name, worth, "code" if is_code else "markdown", task)


def bare(source: str) -> str:
    """Return a source without what an editor changes on its own: line ends and blanks at ends."""
    return "\n".join(line.rstrip() for line in LINES.split(source.strip()))


# --- what somebody handed in ----------------------------------------------------------------------


@dataclass
class Restored:
    """A notebook whose exercises are found and whose checks are the instructor's again.

    Attributes
    ----------
    cells : list of Cell
        Each named cell of the source once, if it is an answer only where it was handed in;
        everything else that was handed in is where it was, as ordinary code or text.
    origins : list of dict
        For each of them the raw cell that was handed in.
    answers : set of str
        The exercises whose answer cell is there.
    flags : list of str
        What was changed that isn't a student's to change, one sentence each.
    """

    cells: list[Cell]
    origins: list[dict[str, Any]]
    answers: set[str] = field(default_factory=set)
    flags: list[str] = field(default_factory=list)


def no_other(name: str) -> Collection[str]:
    """Return no text of a check in another language."""
    return ()


def restore(
    notebook: Notebook,
    original: Sequence[Cell],
    elsewhere: Callable[[str], Collection[str]] = no_other,
) -> Restored:
    """Find the exercises in what was handed in, and put the instructor's cells back.

    Cells are matched by name; one without a name by what it holds: a check by its text, an answer
    by the function that it defines. Of cells with one name the last is meant, as in nbgrader. A
    check or locked cell that is missing comes back after the nearest cell that was before it.

    Parameters
    ----------
    notebook : dict
        As `load` gives it.
    original : sequence of Cell
        The cells of ``source/``, or of ``release/`` for the visible checks alone.
    elsewhere : callable
        Name of a check → its texts in other languages, which are as right as ours.
    """
    own = [cell for cell in notebook["cells"] if isinstance(cell, dict)]
    named = {cell.name: cell for cell in original if cell.name}
    mine = _recognised([_cell(raw) for raw in own], named)
    flags = [
        N_("{count} cells are called {name}: the last one counts").format(count=count, name=name)
        for name, count in collections.Counter(c.name for c in mine).items()
        if count > 1 and name in named
    ]
    last = {cell.name: index for index, cell in enumerate(mine) if cell.name in named}
    submitted = {name: (own[i], mine[i]) for name, i in last.items()}
    flags += _tampering(submitted, named, elsewhere)

    result: list[tuple[Cell, dict[str, Any]]] = []
    for index, (raw, cell) in enumerate(zip(own, mine, strict=True)):
        if last.get(cell.name) == index:
            theirs = named[cell.name]
            kept = theirs.kind in ("solution", "manual") and not theirs.task
            cell = dataclasses.replace(theirs, source=cell.source) if kept else theirs
        else:
            cell = Cell("code" if raw.get("cell_type") == "code" else "text", cell.source)
        result.append((cell, raw))
    before: list[str] = []
    for name, theirs in named.items():
        if name not in last and (theirs.kind in ("grade", "locked") or theirs.task):
            place = {cell.name: index for index, (cell, _) in enumerate(result) if cell.name}
            near = next((place[b] for b in reversed(before) if b in place), len(result) - 1)
            result.insert(near + 1, (theirs, {"id": name.replace("_", "-")}))
        before.append(name)
    answers = {name for name in last if named[name].kind == "solution"}
    return Restored([cell for cell, _ in result], [raw for _, raw in result], answers, flags)


def _recognised(mine: list[Cell], named: dict[str, Cell]) -> list[Cell]:
    """Give their names back to cells that have lost nbgrader's metadata."""
    here = {cell.name for cell in mine}
    lost = {name: cell for name, cell in named.items() if name not in here}
    if not lost:
        return mine
    same = {
        bare(text): name
        for name, cell in lost.items()
        if cell.kind in ("grade", "locked")
        for text in (cell.source, visible(cell.source))
    }
    defines = {
        name: re.compile(
            rf"^{PROMPT}(?:(?:async +)?def +{name}\b|class +{name}\b|{name} *=(?!=))", re.MULTILINE
        )
        for name, cell in lost.items()
        if cell.kind == "solution" and name.isidentifier()
    }
    result = []
    for cell in mine:
        if cell.name not in named and cell.kind != "text":
            fits = [name for name, pattern in defines.items() if pattern.search(cell.source)]
            name = same.get(bare(cell.source)) or (fits[0] if len(fits) == 1 else "")
            if name:
                cell = dataclasses.replace(named[name], source=cell.source)
        result.append(cell)
    return result


def _tampering(
    submitted: dict[str, tuple[dict[str, Any], Cell]],
    named: dict[str, Cell],
    elsewhere: Callable[[str], Collection[str]],
) -> list[str]:
    """Say what was changed that isn't a student's to change."""

    def as_given(text: str, cell: Cell) -> bool:
        def one_of(wholes: Collection[str]) -> bool:
            return any(bare(text) in (bare(one), bare(visible(one))) for one in wholes)

        return one_of([cell.source]) or one_of(elsewhere(cell.name))

    flags: list[str] = []
    versions: set[str] = set()
    for name, cell in named.items():
        if name not in submitted:
            continue
        raw, found = submitted[name]
        meta = marks(raw)
        if cell.kind == "grade":
            if not as_given(found.source, cell):
                flags.append(
                    N_("changed the check {name} (the course's own was run)").format(name=name)
                )
            if meta and found.points != cell.points:
                flags.append(N_("changed the points of {name} (its own count)").format(name=name))
        if cell.cell_type == "code" and raw.get("cell_type") != "code":
            flags.append(N_("turned {name} into a text cell (read as code)").format(name=name))
        if meta and meta.get("schema_version") not in (1, 2, 3):
            versions.add(str(meta.get("schema_version"))[:20])
    gone = [cell for name, cell in named.items() if name not in submitted]
    checks = [cell.name for cell in gone if cell.kind == "grade"]
    answers = [cell.name for cell in gone if cell.kind in ("solution", "manual") and not cell.task]
    if checks:
        flags.append(
            N_("deleted checks (they were put back): {checks}").format(checks=some(checks))
        )
    if answers:
        flags.append(N_("deleted answer cells: {answers}").format(answers=some(answers)))
    if versions:
        flags.append(
            N_("unusual nbgrader metadata (schema_version {versions})").format(
                versions=", ".join(sorted(versions))
            )
        )
    return flags


# --- markers --------------------------------------------------------------------------------------


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


def stub(source: str, code: str = STUB) -> str:
    """Return a solution cell as nbgrader releases it, with `code` in place of each solution."""
    lines, inside = [], False
    for line in source.split("\n"):
        if BEGIN_SOLUTION in line:
            inside = True
            indent = line[: len(line) - len(line.lstrip())]
            lines += [indent + part for part in code.split("\n")]
        elif END_SOLUTION in line:
            inside = False
        elif not inside:
            lines.append(line)
    return "\n".join(lines)


def regions(source: str, begin: str, end: str) -> Iterator[list[str]]:
    """Yield the lines between each pair of markers."""
    inside: list[str] | None = None
    for line in source.split("\n"):
        if begin in line:
            inside = []
        elif end in line and inside is not None:
            yield inside
            inside = None
        elif inside is not None:
            inside.append(line)


def path_of(lesson: str, folder: Path) -> Path:
    """Return the path of the notebook of `lesson` in ``source/``, ``release/`` or ``work/``."""
    return folder / lesson / f"{lesson}.ipynb"
