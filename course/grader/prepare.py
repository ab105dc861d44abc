"""Make what a student handed in fit to run and to record, whatever it is.

The checks come back as the source has them, nbgrader's metadata are the source's, and what can't be
read becomes the release version with the reason in it. Nothing of the student's is executed,
trusted or followed here: a link that leads out of their folder counts as no file.
"""

import collections
import contextlib
import dataclasses
import difflib
import functools
import glob
import hashlib
import json
import os
import re
import stat
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course.grader import notebook, sanitize, settings, times
from course.grader.errors import N_
from course.grader.files import shown
from course.grader.hooks import Hooks
from course.grader.job import Job
from course.grader.notebook import Cell, Notebook, UnreadableError
from course.grader.plan import plan
from course.grader.source import Assignment, SourceNotebook, files_below, is_ignored, walk

if TYPE_CHECKING:
    import datetime

    from nbformat import NotebookNode

# More than these is no honest submission; it gets 0 and the reason, not our memory.
MOST_FILES, MOST_FILES_MB = 200, 50  # next to the notebook
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".7z", ".rar", ".bz2", ".xz")
# What systems put next to the folders of students.
NOT_STUDENTS = {"__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found"}
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
        The student's own files next to them, without those that the instructor's replace.
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

    def key(self, terms: str = "") -> str:
        """Return a hash of all that the record of this submission depends on.

        Parameters
        ----------
        terms : str
            What it depends on in the gradebook and the configuration (`record.terms`).
        """
        digest = hashlib.sha256(terms.encode())
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


# --- who ------------------------------------------------------------------------------------------


def students(assignment: Assignment) -> tuple[list[str], list[str]]:
    """Return who has a folder for the assignment in ``submitted/``, and sentences about the others.

    What nbgrader passes over, and what systems put next to the real folders, isn't a student.
    """
    places = assignment.places
    below = places.format_path(places.submitted_directory, "*", glob.escape(assignment.name))
    known = re.compile(
        places.format_path(
            places.submitted_directory, "(?P<student>.*)", re.escape(assignment.name), escape=True
        ),
        re.DOTALL,
    )
    root = Path(places.root)
    found = [known.fullmatch(str(path)) for path in root.glob(os.path.relpath(below, root))]
    names, notes = [], []
    for name in sorted(match["student"] for match in found if match):
        if name in NOT_STUDENTS or is_ignored(name, places.ignore):
            notes.append(
                N_("{name} in submitted/ is left out: it isn't a student.").format(name=shown(name))
            )
        elif not _is_text(name):
            notes.append(
                N_("{name} in submitted/ is left out: its name isn't UTF-8.").format(
                    name=shown(name)
                )
            )
        else:
            names.append(name)
    spelled: dict[str, list[str]] = {}
    for name in names:
        spelled.setdefault(unicodedata.normalize("NFC", name), []).append(name)
    notes += [
        N_(
            "{same} folders in submitted/ have names that look the same, {name}: they are "
            "graded as different students."
        ).format(same=len(same), name=shown(name))
        for name, same in spelled.items()
        if len(same) > 1
    ]
    return names, notes


def asked_for(name: str, root: Path, hooks: Hooks) -> tuple[str, ...]:
    """Return which of the modules that hand-ins may share two or more of them import.

    A guess for a head start: the word in a text cell counts too, and who can't be read is left out.
    """
    if not hooks.shared:
        return ()
    words = re.compile(rb"(?<![\w.])(?:import|from) +(%s)\b" % "|".join(hooks.shared).encode())
    asked: collections.Counter[str] = collections.Counter()
    for folder in settings.folder(root, "submitted").glob(f"*/{glob.escape(name)}"):
        found: set[bytes] = set()
        for path in folder.glob("*.ipynb"):
            with contextlib.suppress(OSError, UnreadableError):
                found |= set(words.findall(notebook.content(path, folder)))
        asked.update(one.decode() for one in found)
    return tuple(one for one in hooks.shared if asked[one] > 1)


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


# --- one student ----------------------------------------------------------------------------------


def prepare(assignment: Assignment, student: str) -> Submission:
    """Return what `student` handed in, restored.

    Parameters
    ----------
    assignment : Assignment
    student : str
        The name of their folder in ``submitted/``.
    """
    places = assignment.places
    folder = Path(places.format_path(places.submitted_directory, student, assignment.name))
    flags: list[str] = []
    own = _own_files(folder, places.ignore, flags)
    files = {name: content for name, content in own.items() if not _replaced(name, assignment)}
    time = _timestamp(folder, assignment, flags)
    result = Submission(student, [], files, time, flags)
    for original in assignment.notebooks.values():
        try:
            raw = _load(folder, original, assignment)
        except FileNotFoundError:
            result.notebooks.append(_missing(original, folder))
        except UnreadableError as error:
            result.notebooks.append(blank(original, UNREADABLE, str(error)))
        else:
            beside = {name: files[name] for name in files if name != TIMESTAMP} | assignment.files
            result.notebooks.append(_restored(raw, original, beside, assignment))
    return result


def _load(folder: Path, original: SourceNotebook, assignment: Assignment) -> Notebook:
    """Return a notebook of the student's own, and no other that a link leads to."""
    places = assignment.places
    path = folder / f"{original.name}.ipynb"
    source = Path(places.format_path(places.source_directory, ".", assignment.name)) / path.name
    submitted = Path(places.root, places.submitted_directory)
    if os.path.lexists(path) and not notebook.is_inside(folder, submitted):
        raise UnreadableError(
            N_("The folder of {name} is a link out of submitted/.").format(name=path.name)
        )
    with contextlib.suppress(OSError):
        if os.path.samefile(path, source):
            raise UnreadableError(N_("{name} is the instructor's own file.").format(name=path.name))
    return notebook.load(path, folder)


def _restored(
    raw: Notebook, original: SourceNotebook, files: dict[str, bytes], assignment: Assignment
) -> Prepared:
    restored, job = plan(raw, original, languages=True)
    job = dataclasses.replace(
        job,
        files=files,
        limits=assignment.limits,
        trusted=tuple(sorted(assignment.files)),
        library=assignment.library,
    )
    none = N_("{name}.ipynb holds none of the answer cells.").format(name=original.name)
    reason = "" if restored.answers else none
    node = _node(restored.cells, restored.origins, original)
    return Prepared(original.name, node, job, READY, reason, restored.flags)


def blank(original: SourceNotebook, status: str, reason: str) -> Prepared:
    """Return a notebook for a student of whom there is none: the release version, nothing run."""
    cells = [dataclasses.replace(c, source=original.released(c)) for c in original.cells]
    node = _node(cells, list(original.raw), original)
    return Prepared(original.name, node, None, status, reason)


def _missing(original: SourceNotebook, folder: Path) -> Prepared:
    """Say that a notebook isn't there, and what may be meant to be it."""
    wanted = f"{original.name}.ipynb"
    prepared = blank(
        original, MISSING, N_("There is no {wanted} in the submission.").format(wanted=wanted)
    )
    near = _near(folder, wanted)
    if near:
        packed = near.lower().endswith(ARCHIVES)
        unpack = N_("There is no {wanted}, but {near}: unpack it and grade again.")
        rename = N_("There is no {wanted}, but {near}: rename it and grade again.")
        prepared.reason = (unpack if packed else rename).format(wanted=wanted, near=near)
        prepared.flags.append(
            N_("near miss: {near} instead of {wanted}").format(near=near, wanted=wanted)
        )
    return prepared


def _near(folder: Path, wanted: str) -> str:
    """Return the file that is most like the notebook `wanted`, or ""."""
    names: list[str] = []
    for _, folders, found in walk(folder):
        inside = os.path.relpath(_, folder)
        names += [os.path.normpath(os.path.join(inside, name)) for name in found + folders]
        if len(names) > MOST_FILES:
            break
    names = [name for name in names if not Path(name).name.startswith("._")]  # of macOS
    notebooks = [name for name in names if ".ipynb" in name.lower() and name != wanted]
    stem = wanted.removesuffix(".ipynb").lower()
    like = {
        name: difflib.SequenceMatcher(None, stem, Path(name).stem.lower()).ratio() for name in names
    }
    notebooks = notebooks or [name for name in names if like[name] > 0.8]
    best = max(notebooks, key=lambda name: like[name], default="")
    return shown(best)


def _own_files(folder: Path, ignore: list[str], flags: list[str]) -> dict[str, bytes]:
    """Return the files next to a student's notebook that are safe to take; flag the others."""
    files: dict[str, bytes] = {}
    left: collections.Counter[str] = collections.Counter()
    size = 0
    for name, path in files_below(folder, ignore):
        if name.partition("/")[0].endswith(".ipynb"):  # a notebook, or what lies in its place
            continue
        try:
            name.encode()
            status = path.stat()
            if not notebook.is_inside(path, folder):
                left[N_("links out of the folder")] += 1
            elif not stat.S_ISREG(status.st_mode):
                left[N_("no files")] += 1
            elif len(files) == MOST_FILES:
                left[N_("more than {most}").format(most=MOST_FILES)] += 1
                break
            elif size + status.st_size > MOST_FILES_MB * 1e6:
                left[N_("over {most} MB in all").format(most=MOST_FILES_MB)] += 1
            else:
                files[name] = path.read_bytes()
                size += status.st_size
        except (OSError, UnicodeError):
            left[N_("not readable")] += 1
    if left:
        why = ", ".join(f"{count} {what}" for what, count in left.items())
        flags.append(N_("left out files next to the notebook: {why}").format(why=why))
    return files


def _replaced(name: str, assignment: Assignment) -> bool:
    """Tell whether a file of the instructor takes the place of the student's file `name`."""
    return any(
        name == own or name.startswith(f"{own}/") or own.startswith(f"{name}/")
        for own in assignment.files
    )


def _timestamp(
    folder: Path, assignment: Assignment, flags: list[str]
) -> "datetime.datetime | None":
    path = folder / TIMESTAMP
    try:
        if not path.is_file() or not notebook.is_inside(path, folder):
            return None
        if path.stat().st_size > MOST_TIMESTAMP:
            raise ValueError("too long")
        text = path.read_text(encoding="utf-8-sig").strip()
        return times.read(text, *settings.clock(assignment.root)) if text else None
    except (OSError, ValueError):
        flags.append(
            N_("{timestamp} holds no time that is certain: counted as in time").format(
                timestamp=TIMESTAMP
            )
        )
        return None


# --- the cells ------------------------------------------------------------------------------------


def _node(
    cells: list[Cell], origins: list[dict[str, Any]], original: SourceNotebook
) -> "NotebookNode":
    """Return cells as a valid notebook, with the source's metadata and nbgrader's checksums."""
    from nbformat import from_dict

    own_words = {cell.source for cell in original.cells if not cell.runs}
    taken: set[str] = set()
    result = []
    for number, (cell, origin) in enumerate(zip(cells, origins, strict=True)):
        wanted = origin.get("id")
        name = wanted if isinstance(wanted, str) and CELL_ID.fullmatch(wanted) else f"cell-{number}"
        while name in taken:
            name = f"cell-{number}-{len(taken)}"
        taken.add(name)
        node: dict[str, Any] = {"id": name, "metadata": {}, "source": cell.source}
        if not cell.runs:
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
            if _folded(origin):
                node["metadata"] = {"jupyter": {"source_hidden": True}}
        if cell.name:
            node["metadata"] = metadata(original)[cell.name]
        result.append(node)
    return from_dict(
        {"cells": result, "metadata": original.metadata, "nbformat": 4, "nbformat_minor": 5}
    )


def _folded(raw: dict[str, Any]) -> bool:
    """Tell whether JupyterLab folds a cell's code away, as stock nbgrader leaves it."""
    try:
        return raw["metadata"]["jupyter"]["source_hidden"] is True
    except (KeyError, TypeError):
        return False


@functools.lru_cache(maxsize=100)
def metadata(original: SourceNotebook) -> dict[str, dict[str, Any]]:
    """Return name → what nbgrader's release has in a cell's metadata."""
    from nbformat import from_dict

    from course.grader.adapter import compute_checksum

    found: dict[str, dict[str, Any]] = {}
    for cell, raw in zip(original.cells, original.raw, strict=True):
        if not cell.name:
            continue
        own = notebook.marks(raw)
        marks: dict[str, Any] = {key: bool(own.get(key)) for key in ("grade", "solution", "task")}
        marks["locked"] = bool(own.get("locked", marks["grade"])) and not marks["solution"]
        marks |= {"cell_type": cell.cell_type, "grade_id": cell.name, "schema_version": 3}
        if marks["grade"] or marks["task"]:
            marks["points"] = cell.points
        plain = {
            "cell_type": cell.cell_type,
            "source": original.released(cell),
            "metadata": {"nbgrader": marks},
        }
        marks["checksum"] = compute_checksum(from_dict(plain))
        editable = {} if marks["solution"] else {"editable": False}
        found[cell.name] = {"deletable": False} | editable | {"nbgrader": marks}
    return found
