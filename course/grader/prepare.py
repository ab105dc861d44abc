"""Make what a student handed in fit to run and to record, whatever it is.

The checks come back as the source has them, nbgrader's metadata are the source's, and what can't be
read becomes the release version with the reason in it. Nothing of the student's is executed,
trusted or followed here: a link that leads out of their folder counts as no file.
"""

import collections
import dataclasses
import difflib
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course.grader import notebook, sanitize
from course.grader.job import BOTH, CHECK, STUDENT, Job, Step
from course.grader.notebook import Cell
from course.grader.source import (
    Assignment,
    Truth,
    directory,
    files_below,
    metadata,
    released,
    walk,
)

if TYPE_CHECKING:
    import datetime

    from nbformat import NotebookNode

# More than these is no honest submission; it gets 0 and the reason, not our memory.
MOST_MB = 100  # of one notebook, with its outputs
MOST_CELLS = 2000
MOST_FILES, MOST_FILES_MB = 200, 50  # beside the notebook
TIMESTAMP = "timestamp.txt"  # nbgrader's, when something was handed in
MOST_TIMESTAMP = 200  # bytes of it

NOT_GRADED = "NotGraded"  # the error in a check that didn't run
READY, UNREADABLE, MISSING = "ready", "unreadable", "missing"
CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


@dataclass
class Prepared:
    """One notebook of a student, ready to run.

    Attributes
    ----------
    name : str
        The notebook's name in the source.
    node : NotebookNode
        The restored notebook, without outputs.
    job : Job or None
        None if there is nothing to run: every check fails then, with `reason`.
    status : str
        `READY`, `UNREADABLE` or `MISSING`.
    reason : str
        One sentence for the instructor; empty if all is well.
    flags : list of str
        What an instructor may want to look at, one sentence each.
    """

    name: str
    node: "NotebookNode"
    job: Job | None
    status: str = READY
    reason: str = ""
    flags: list[str] = field(default_factory=list)


@dataclass
class Submission:
    """All that one student handed in for an assignment.

    Attributes
    ----------
    student : str
    notebooks : list of Prepared
        One for each notebook of the source.
    files : dict of str to bytes
        The student's own files beside them, without those that the instructor's replace.
    timestamp : datetime or None
        What ``timestamp.txt`` says, in UTC.
    flags : list of str
        Of the folder as a whole.
    """

    student: str
    notebooks: list[Prepared]
    files: dict[str, bytes] = field(default_factory=dict)
    timestamp: "datetime.datetime | None" = None
    flags: list[str] = field(default_factory=list)

    @property
    def status(self) -> str:
        """The worst of its notebooks' statuses."""
        found = {prepared.status for prepared in self.notebooks}
        return next((s for s in (UNREADABLE, MISSING) if s in found), READY)

    @property
    def reason(self) -> str:
        """The reasons of its notebooks."""
        return " ".join(prepared.reason for prepared in self.notebooks if prepared.reason)

    def key(self) -> str:
        """Return a hash of all that the record of this submission depends on."""
        digest = hashlib.sha256()
        for prepared in self.notebooks:
            node = json.dumps(prepared.node, sort_keys=True)  # with checks, points and text cells
            job = prepared.job.hash() if prepared.job else ""
            for part in (prepared.name, node, job, prepared.status, prepared.reason):
                digest.update(hashlib.sha256(part.encode()).digest())
        for name, content in sorted(self.files.items()):
            digest.update(
                hashlib.sha256(name.encode("utf-8", "replace") + b"\0" + content).digest()
            )
        digest.update(str(self.timestamp).encode())
        return digest.hexdigest()


class _Unreadable(Exception):
    """The notebook can't be read; the text is a sentence for the instructor."""


# --- one student ----------------------------------------------------------------------------------


def prepare(assignment: Assignment, student: str) -> Submission:
    """Return what `student` handed in, restored.

    Parameters
    ----------
    assignment : Assignment
    student : str
        The name of their folder in ``submitted/``.
    """
    places = directory(assignment.root)
    folder = Path(places.format_path(places.submitted_directory, student, assignment.name))
    flags: list[str] = []
    own = _own_files(folder, places.ignore, flags)
    files = {name: content for name, content in own.items() if not _replaced(name, assignment)}
    result = Submission(student, [], files, _timestamp(folder, flags), flags)
    for truth in assignment.notebooks.values():
        try:
            raw = _load(folder, truth.name)
        except FileNotFoundError:
            result.notebooks.append(_missing(truth, folder))
        except _Unreadable as error:
            prepared = blank(truth, UNREADABLE, str(error))
            result.notebooks.append(prepared)
        else:
            prepared = _restore(raw, truth)
            beside = {name: files[name] for name in files if name != TIMESTAMP} | assignment.files
            prepared.job = dataclasses.replace(
                prepared.job,
                files=beside,
                limits=assignment.limits,
                trusted=tuple(sorted(assignment.files)),
            )
            result.notebooks.append(prepared)
    return result


def blank(truth: Truth, status: str, reason: str) -> Prepared:
    """Return a notebook for a student of whom there is none: the release version, nothing run."""
    cells = [dataclasses.replace(cell, source=released(cell)) for cell in truth.cells]
    return Prepared(truth.name, _node(cells, list(truth.raw), truth), None, status, reason)


def _missing(truth: Truth, folder: Path) -> Prepared:
    """Say that a notebook isn't there, and what may be meant to be it."""
    wanted = f"{truth.name}.ipynb"
    prepared = blank(truth, MISSING, f"There is no {wanted} in the submission.")
    near = _near(folder, wanted)
    if near:
        prepared.reason = f"There is no {wanted}, but {near}: rename it and grade again."
        prepared.flags.append(f"near miss: {near} instead of {wanted}")
    return prepared


def _near(folder: Path, wanted: str) -> str:
    """Return the file that is most like the notebook `wanted`, or ""."""
    names: list[str] = []
    for _, folders, found in walk(folder):
        inside = os.path.relpath(_, folder)
        names += [os.path.normpath(os.path.join(inside, name)) for name in found + folders]
        if len(names) > MOST_FILES:
            break
    notebooks = [name for name in names if ".ipynb" in name.lower() and name != wanted]
    stem = wanted.removesuffix(".ipynb").lower()
    like = {
        name: difflib.SequenceMatcher(None, stem, Path(name).stem.lower()).ratio() for name in names
    }
    notebooks = notebooks or [name for name in names if like[name] > 0.8]
    best = max(notebooks, key=lambda name: like[name], default="")
    return best.encode("utf-8", "replace").decode()


def _load(folder: Path, name: str) -> dict[str, Any]:
    """Return the JSON of a notebook.

    Raises
    ------
    FileNotFoundError
        If there is none.
    _Unreadable
        If it can't be read.
    """
    path = folder / f"{name}.ipynb"
    try:
        if not os.path.lexists(path):
            raise FileNotFoundError
        if not _inside(path, folder):
            raise _Unreadable(f"{path.name} is a link to a file outside of the submission.")
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise _Unreadable(f"{path.name} is no file.")
        if status.st_size > MOST_MB * 1e6:
            raise _Unreadable(
                f"{path.name} has {status.st_size / 1e6:.0f} MB, more than the {MOST_MB} MB that "
                "are read: let the student clear the outputs."
            )
        content = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        said = error.strerror or "no reason given"
        raise _Unreadable(f"{path.name} can't be read ({said.lower()}).") from None
    if not content.strip(b" \t\r\n\0"):
        raise _Unreadable(f"{path.name} is empty.")
    try:
        raw = json.loads(content.decode("utf-8-sig"), parse_int=_int)
    except (ValueError, RecursionError, MemoryError):
        raise _Unreadable(f"{path.name} is damaged (it isn't valid JSON).") from None
    if not isinstance(raw, dict) or not isinstance(raw.get("cells"), list):
        raise _Unreadable(f"{path.name} isn't a notebook of today's format.")
    if len(raw["cells"]) > MOST_CELLS:
        raise _Unreadable(f"{path.name} has more than {MOST_CELLS} cells.")
    return raw


def _int(digits: str) -> float:
    """Read a whole number; one that no float can hold isn't worth an OverflowError later."""
    return int(digits) if len(digits) < 100 else float("inf")


def _inside(path: Path, folder: Path) -> bool:
    try:
        return path.resolve(strict=True).is_relative_to(folder.resolve(strict=True))
    except (OSError, RuntimeError):  # a link to nowhere, or to itself
        return not path.is_symlink()


def _own_files(folder: Path, ignore: list[str], flags: list[str]) -> dict[str, bytes]:
    """Return the files beside a student's notebook that are safe to take; flag the others."""
    files: dict[str, bytes] = {}
    left: collections.Counter[str] = collections.Counter()
    size = 0
    for name, path in files_below(folder, ignore):
        if path.suffix == ".ipynb" and "/" not in name:
            continue
        try:
            name.encode()
            status = path.stat()
            if not _inside(path, folder):
                left["links out of the folder"] += 1
            elif not stat.S_ISREG(status.st_mode):
                left["no files"] += 1
            elif len(files) == MOST_FILES:
                left[f"more than {MOST_FILES}"] += 1
                break
            elif size + status.st_size > MOST_FILES_MB * 1e6:
                left[f"over {MOST_FILES_MB} MB in all"] += 1
            else:
                files[name] = path.read_bytes()
                size += status.st_size
        except (OSError, UnicodeError):
            left["not readable"] += 1
    if left:
        why = ", ".join(f"{count} {what}" for what, count in left.items())
        flags.append(f"left out files beside the notebook: {why}")
    return files


def _replaced(name: str, assignment: Assignment) -> bool:
    """Tell whether a file of the instructor takes the place of the student's file `name`."""
    return any(
        name == own or name.startswith(f"{own}/") or own.startswith(f"{name}/")
        for own in assignment.files
    )


def _timestamp(folder: Path, flags: list[str]) -> "datetime.datetime | None":
    from nbgrader.utils import parse_utc

    path = folder / TIMESTAMP
    try:
        if not path.is_file() or not _inside(path, folder):
            return None
        if path.stat().st_size > MOST_TIMESTAMP:
            raise ValueError
        text = path.read_text(encoding="utf-8").strip()
        return parse_utc(text) if text else None
    except Exception:  # dateutil raises many kinds
        flags.append(f"{TIMESTAMP} holds no time: counted as in time")
        return None


# --- the cells ------------------------------------------------------------------------------------


def _restore(raw: dict[str, Any], truth: Truth) -> Prepared:
    """Put the checks back into a student's notebook, and list what is to run."""
    own = [cell for cell in raw["cells"] if isinstance(cell, dict)]
    flags: list[str] = []
    mine = [
        dataclasses.replace(cell, source=_clean(cell.source))
        for cell in notebook.cells({"cells": own})
    ]
    mine = _plain_duplicates(own, _recognise(mine, truth), truth, flags)
    flags += _tampering(own, mine, truth)
    restored = notebook.restore(mine, truth.cells)

    present = {cell.name for cell in mine if cell.name}
    left = iter(own)
    origins = []
    for cell in restored:
        back = cell.kind == "grade" and cell.name not in present
        origins.append({"id": cell.name.replace("_", "-")} if back else next(left))
    answered = {cell.name for cell in mine if cell.kind == "solution"}
    reason = ""
    if not answered:
        reason = f"{truth.name}.ipynb holds none of the answer cells."
    job = Job(truth.name, steps(restored, truth), truth.names, truth.modules)
    return Prepared(truth.name, _node(restored, origins, truth), job, READY, reason, flags)


def _recognise(mine: list[Cell], truth: Truth) -> list[Cell]:
    """Give back their names to cells that have lost nbgrader's metadata."""
    lost = {cell.name: cell for cell in truth.cells if cell.name}
    for cell in mine:
        lost.pop(cell.name, None)
    if not lost:
        return mine
    checks = {
        text.strip(): cell
        for cell in lost.values()
        if cell.kind == "grade"
        for text in (cell.source, notebook.visible(cell.source))
    }
    answers = {
        cell.name: re.compile(rf"^def {re.escape(cell.name)}\(", re.MULTILINE)
        for cell in lost.values()
        if cell.kind == "solution"
    }
    known = {cell.name for cell in truth.cells if cell.name}
    result = []
    for cell in mine:
        if cell.kind != "text" and cell.name not in known:
            same = checks.get(cell.source.strip())
            fits = [name for name, pattern in answers.items() if pattern.search(cell.source)]
            name = same.name if same else fits[0] if len(fits) == 1 else ""
            if name:
                cell = Cell(lost[name].kind, cell.source, name, lost[name].points)
        result.append(cell)
    return result


def _plain_duplicates(
    own: list[dict[str, Any]], mine: list[Cell], truth: Truth, flags: list[str]
) -> list[Cell]:
    """Make ordinary cells of those that have no name of the source, or not for the last time."""
    known = {cell.name for cell in truth.cells if cell.name}
    last = {cell.name: index for index, cell in enumerate(mine) if cell.name in known}
    counts = collections.Counter(cell.name for cell in mine if cell.name in known)
    flags += [
        f"{count} cells are called {name}: the last one counts"
        for name, count in counts.items()
        if count > 1
    ]
    result = []
    for index, (raw, cell) in enumerate(zip(own, mine, strict=True)):
        if last.get(cell.name) != index:
            kind = "code" if raw.get("cell_type") == "code" else "text"
            cell = Cell(kind, cell.source)
        result.append(cell)
    return result


def _tampering(own: list[dict[str, Any]], mine: list[Cell], truth: Truth) -> list[str]:
    """Say what a student changed that isn't theirs to change."""
    flags = []
    submitted = {cell.name: (raw, cell) for raw, cell in zip(own, mine, strict=True) if cell.name}
    versions = set()
    gone = []
    for cell in truth.cells:
        if cell.name not in submitted:
            gone += [cell.name] if cell.name else []
            continue
        raw, found = submitted[cell.name]
        meta = _marks(raw)
        if cell.kind == "grade":
            given = {_bare(cell.source), _bare(notebook.visible(cell.source))}
            if _bare(found.source) not in given:
                flags.append(f"changed the check {cell.name} (the course's own was run)")
            if meta and found.points != cell.points:
                flags.append(f"changed the points of {cell.name} (its own count)")
        if raw.get("cell_type") != "code":
            flags.append(f"made a text cell of {cell.name} (read as code)")
        if meta and meta.get("schema_version") not in (1, 2, 3):
            versions.add(str(meta.get("schema_version"))[:20])
    checks = [
        name for name in gone if any(c.name == name and c.kind == "grade" for c in truth.cells)
    ]
    answers = [name for name in gone if name not in checks]
    if checks:
        flags.append(f"deleted checks (they were put back): {_some(checks)}")
    if answers:
        flags.append(f"deleted answer cells: {_some(answers)}")
    if versions:
        flags.append(f"unusual nbgrader metadata (schema_version {', '.join(sorted(versions))})")
    return flags


def _marks(raw: dict[str, Any]) -> dict[str, Any]:
    """Return nbgrader's metadata of a cell, whatever stands there."""
    metadata = raw.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return marks if isinstance(marks, dict) else {}


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more


def _bare(source: str) -> str:
    return "\n".join(line.rstrip() for line in source.strip().split("\n"))


def steps(restored: list[Cell], truth: Truth) -> tuple[Step, ...]:
    """Return what is to run, in order, and in which of the two processes.

    Answers and the student's own cells run in theirs. The instructor's cells run in the trusted
    process, in the source's order and each before the first check that stands behind it; where the
    student left one as it was and where it was, in both.
    """
    order = [index for index, cell in enumerate(truth.cells) if cell.kind == "code"]
    at_place = _at_place(restored, truth)
    done: set[int] = set()

    def due(before: int) -> Iterator[Step]:
        for index in order:
            if index < before and index not in done:
                done.add(index)
                yield Step(CHECK, truth.cells[index].source)

    result: list[Step] = []
    place = {cell.name: index for index, cell in enumerate(truth.cells) if cell.name}
    for index, cell in enumerate(restored):
        if cell.kind == "text":
            continue
        original = at_place.get(index)
        if cell.kind == "grade":
            result += due(place[cell.name])
            result.append(Step(CHECK, cell.source, index, cell.name, cell.exercise))
        elif cell.kind == "code" and original is not None and original not in done:
            result += due(original)
            done.add(original)
            result.append(Step(BOTH, cell.source, index))
        elif cell.source.strip():
            result.append(Step(STUDENT, cell.source, index, exercise=cell.exercise))
    return tuple(result)


def _at_place(restored: list[Cell], truth: Truth) -> dict[int, int]:
    """Match the cells that the student left as they were: place in theirs → place in the source."""

    def keys(cells: list[Cell]) -> list[tuple[int, str]]:
        return [
            (i, c.name or f"# {c.source.strip()}") for i, c in enumerate(cells) if c.kind != "text"
        ]

    mine, source = keys(restored), keys(list(truth.cells))
    matcher = difflib.SequenceMatcher(
        None, [key for _, key in mine], [key for _, key in source], autojunk=False
    )
    return {
        mine[a + step][0]: source[b + step][0]
        for a, b, size in matcher.get_matching_blocks()
        for step in range(size)
    }


def _node(cells: list[Cell], origins: list[dict[str, Any]], truth: Truth) -> "NotebookNode":
    """Return cells as a valid notebook, with the source's metadata and nbgrader's checksums."""
    from nbformat import from_dict

    known = {cell.name: cell for cell in truth.cells if cell.name}
    own_words = {cell.source for cell in truth.cells if cell.kind == "text"}
    taken: set[str] = set()
    result = []
    for number, (cell, origin) in enumerate(zip(cells, origins, strict=True)):
        wanted = origin.get("id")
        name = wanted if isinstance(wanted, str) and CELL_ID.fullmatch(wanted) else f"cell-{number}"
        while name in taken:
            name = f"cell-{number}-{len(taken)}"
        taken.add(name)
        node: dict[str, Any] = {"id": name, "metadata": {}, "source": cell.source}
        if cell.kind == "text":
            node["cell_type"] = "markdown"
            attachments = sanitize.attachments(origin.get("attachments"))
            if origin.get("cell_type") == "raw":
                node["source"] = sanitize.quoted(node["source"])
            elif cell.source not in own_words:
                node["source"] = sanitize.markdown(node["source"], attachments)
            if attachments:
                node["attachments"] = attachments
        else:
            node |= {"cell_type": "code", "execution_count": None, "outputs": []}
        if cell.name:
            node["metadata"] = metadata(known[cell.name])
        result.append(node)
    return from_dict(
        {"cells": result, "metadata": truth.metadata, "nbformat": 4, "nbformat_minor": 5}
    )


def _clean(text: str) -> str:
    """Return a text that UTF-8 can hold: half of a surrogate pair would stop every writer."""
    return text.encode("utf-8", "replace").decode()
