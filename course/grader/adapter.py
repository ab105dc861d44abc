"""nbgrader as this grader leans on it: everything of nbgrader that we use comes through here.

Folders, gradebook, release, late penalties and what is written into ``autograded/`` are nbgrader's
own; only the cells run elsewhere. nbgrader offers no way in for four things, so they are replaced:

- it opens the gradebook anew in each step and commits after each cell (`one_session`);
- it takes the name of the course's folder for a pattern, so that "course [2026]" isn't found
  (`Release.init_notebooks`, `is_ignored`);
- it asks a program on the PATH for the version of its tables (`newest_version`);
- it executes notebooks and copies files itself (`Recorder`, `_OwnFiles`).

What this counts on in nbgrader 0.9.6 is held by ``tests/author/test_stock.py``: after an
upgrade, look there first.
"""

import contextlib
import hashlib
import inspect
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

# nbgrader brings jsonschema, which compiles 38 grammars (1.3 seconds, every time) to check kinds of
# addresses that no notebook's schema holds, and does without them where this module is missing.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

import nbformat
import sqlalchemy
from nbconvert.exporters import HTMLExporter, NotebookExporter
from nbconvert.writers import FilesWriter
from nbgrader import api, dbutil, utils
from nbgrader.api import Gradebook, InvalidEntry, MissingEntry
from nbgrader.converters import Autograde, GenerateAssignment, autograde, generate_assignment
from nbgrader.converters.base import BaseConverter, NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    Execute,
    latesubmissions,
    saveautogrades,
    savecells,
)
from nbgrader.utils import compute_checksum, determine_grade, rmtree
from sqlalchemy.orm import scoped_session, sessionmaker
from traitlets import default
from traitlets.config import Config

from course.grader import settings, source
from course.grader.errors import N_, GraderError

__all__ = [
    "InvalidEntry",
    "MissingEntry",
    "NbGraderException",
    "Places",
    "Recorder",
    "Session",
    "api",
    "compute_checksum",
    "database_file",
    "determine_grade",
    "directory",
    "generate",
    "late_policy",
    "newest_version",
    "one_session",
    "stock",
]

# The modules of nbgrader that open a gradebook of their own in each step.
OPENING = (autograde, generate_assignment, latesubmissions, saveautogrades, savecells)
STEPS = "autograde_preprocessors"
utils.is_ignored = source.is_ignored
api.get_alembic_version = lambda: newest_version()[0]


# --- folders --------------------------------------------------------------------------------------


class Places(CourseDirectory):
    """nbgrader's folders, with a submission's time as `prepare` has read it."""

    time: Any = None

    @default("db_url")
    def _db_url_default(self) -> str:
        return f"sqlite:///{quote((Path(self.root) / 'gradebook.db').as_posix(), safe='/:')}"

    def get_existing_timestamp(self, dest_path: str) -> Any:
        """Return the time that was set here; nbgrader would read a file."""
        return self.time


def directory(root: Path) -> Places:
    """Return nbgrader's picture of the course's folders, from ``nbgrader_config.py``."""
    return Places(config=configured(root))


def configured(root: Path) -> Config:
    """Return nbgrader's configuration for a course in `root`."""
    config = settings.config(root)
    config.CourseDirectory.root = str(root.resolve())
    return config


def quiet_log(name: str) -> tuple[logging.Logger, list[str]]:
    """Return a log that is kept to itself, and what is said in it from warnings on."""
    said: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())
            del said[:-50]

    log = logging.Logger(name, logging.ERROR)
    log.addHandler(Kept())
    return log, said


# --- the release ----------------------------------------------------------------------------------


class Release(GenerateAssignment):
    """nbgrader's `GenerateAssignment`, for folders of any name."""

    def init_notebooks(self) -> None:
        """List the notebooks of one assignment; nbgrader takes the whole path for a pattern."""
        folder = self._format_source(self.coursedir.assignment_id, self.coursedir.student_id)
        names = sorted(path.name for path in Path(folder).glob("*.ipynb") if path.is_file())
        found = [os.path.join(folder, name) for name in names]  # with the "." in it, as nbgrader
        self.assignments = {folder: found} if found else {}
        if not found:
            raise NbGraderException(f"There are no notebooks in {folder}")


def generate(assignment: str, root: Path, release: Path, *, database: bool) -> list[str]:
    """Let nbgrader make the learners' version of an assignment.

    Parameters
    ----------
    assignment : str
    root : Path
        The course's folder.
    release : Path
        Where the version comes, in place of ``release/``.
    database : bool
        Whether the assignment is entered into the gradebook.

    Returns
    -------
    list of str
        Warnings and errors; empty if all went well.

    Raises
    ------
    NbGraderException
        If nbgrader refuses it; its text is all that nbgrader has said.
    """
    config = configured(root)
    config.CourseDirectory.release_directory = str(release.resolve())
    config.CourseDirectory.assignment_id = assignment
    if not database:
        config.SaveCells.enabled = False
    log, said = quiet_log("course.release")
    converter = Release(
        coursedir=Places(config=config), config=config, log=log, no_database=not database
    )
    try:
        converter.start()
    except NbGraderException as error:
        raise NbGraderException("\n".join([*said, str(error)])) from None
    return said


# --- the gradebook --------------------------------------------------------------------------------


class _Uncommitted(scoped_session):
    """Commits only when `Session.save` says so; what nbgrader commits before is flushed.

    With `later` it isn't even flushed, but at the next query or by `Session.save`: nbgrader commits
    after each cell.
    """

    later = False

    def commit(self) -> None:
        if not self.later:
            self.flush()


class Session(Gradebook):
    """nbgrader's gradebook, opened once: `save` or `forget` what was done since the last one."""

    def __init__(self, url: str, course: str) -> None:
        super().__init__(url, course)
        self.db.remove()  # type: ignore[has-type]
        self.db = _Uncommitted(sessionmaker(autoflush=True, bind=self.engine, future=True))
        self._found: dict[tuple[str, ...], dict[str, Any]] = {}

    def __exit__(self, *exception: object) -> None:
        """Stay open: nbgrader's steps leave it one by one."""

    def save(self) -> None:
        """Commit."""
        self.db().commit()
        self._found.clear()

    def forget(self) -> None:
        """Roll back."""
        self.db().rollback()
        self._found.clear()

    def add_submission(self, assignment: str, student: str, **kwargs: Any) -> Any:
        """Add a submission as stock does; flushing one that is half made only gives warnings."""
        with self.db.no_autoflush:
            return super().add_submission(assignment, student, **kwargs)

    def find_grade(
        self, grade_cell: str, notebook: str, assignment: str, student: str
    ) -> api.Grade:
        """Return a grade; all of a notebook are read at once."""
        table = (api.Grade, api.GradeCell)
        found = self._cells(*table, notebook, assignment, student).get(grade_cell)
        return found or super().find_grade(grade_cell, notebook, assignment, student)

    def find_comment(
        self, solution_cell: str, notebook: str, assignment: str, student: str
    ) -> api.Comment:
        """Return a comment; all of a notebook are read at once."""
        table = (api.Comment, api.SolutionCell)
        found = self._cells(*table, notebook, assignment, student).get(solution_cell)
        return found or super().find_comment(solution_cell, notebook, assignment, student)

    def _cells(self, entry: Any, cell: Any, notebook: str, assignment: str, student: str) -> Any:
        key = (entry.__name__, notebook, assignment, student)
        if key not in self._found:
            one = self.find_submission_notebook(notebook, assignment, student)
            rows = (
                self.db.query(cell.name, entry)
                .join(cell, cell.id == entry.cell_id)
                .filter(entry.notebook_id == one.id)
            )
            self._found[key] = dict(rows.all())
        return self._found[key]


@contextlib.contextmanager
def one_session(session: Session) -> Iterator[None]:
    """Let all of nbgrader's steps in this process use `session` as their gradebook."""
    old = [module.Gradebook for module in OPENING]
    for module in OPENING:
        module.Gradebook = lambda *where, **more: session
    try:
        yield
    finally:
        for module, one in zip(OPENING, old, strict=True):
            module.Gradebook = one


def database_file(url: str) -> Path | None:
    """Return the file that a database's address means; None if it means a server."""
    try:
        parts = sqlalchemy.make_url(url)
    except sqlalchemy.exc.ArgumentError:
        return None
    is_file = parts.get_backend_name() == "sqlite" and parts.database
    return Path(parts.database) if is_file else None


def newest_version() -> list[str]:
    """Return the version of the tables that this nbgrader makes."""
    from alembic.script import ScriptDirectory

    return list(ScriptDirectory(dbutil.ALEMBIC_DIR).get_heads())


# --- one student ----------------------------------------------------------------------------------


class _OwnFiles(BaseConverter):
    """In `Autograde`'s line of ancestors, to write the files that `prepare` has let through.

    Stock copies whatever lies in the submission, and follows links.
    """

    files: dict[str, bytes]

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        place = Path(self._format_dest(assignment_id, student_id))
        place.mkdir(parents=True, exist_ok=True)
        for name, content in self.files.items():
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


class Recorder(Autograde, _OwnFiles):
    """nbgrader's `Autograde` for one student, with notebooks that have already run."""

    def __init__(self, assignment: str, root: Path) -> None:
        config = configured(root)
        if f"{__package__}.buttons.Sandboxed" in config.Autograde.get(STEPS, []):
            config.Autograde.pop(STEPS)  # it calls us
        config.Exporter.optimistic_validation = True  # once, not after each step
        places = Places(config=config)
        places.assignment_id, places.notebook_id = assignment, "*"
        log, self.said = quiet_log("course.grading")
        super().__init__(coursedir=places, config=config, log=log)
        self.force = True
        self.writer = FilesWriter(parent=self, config=self.config)
        self.exporter = self.exporter_class(parent=self, config=self.config)
        self._sanitizing = False
        self.autograde_preprocessors = [
            one
            for one in self.autograde_preprocessors  # type: ignore[has-type]
            if not _needless(one)
        ]
        self._init_preprocessors()
        self._sanitizing = True

    def record(
        self,
        student: str,
        nodes: dict[str, Any],
        files: dict[str, bytes],
        time: Any,
        session: Session,
    ) -> None:
        """Write down what one student has handed in.

        Parameters
        ----------
        student : str
        nodes : dict of str to NotebookNode
            Name → executed notebook.
        files : dict of str to bytes
            What is next to them.
        time : datetime or None
            When it was handed in; without one it is in time.
        session : Session
            The gradebook that nbgrader's steps use.

        Raises
        ------
        Exception
            Whatever went wrong; ``autograded/`` then has nothing of this student.
        """
        self.nodes, self.files, self.student = nodes, files, student
        self.coursedir.time = time
        self.coursedir.student_id = student
        assignment = self.coursedir.assignment_id
        folder = self._format_source(assignment, student)
        self.notebooks = [os.path.join(folder, f"{name}.ipynb") for name in nodes]
        try:
            # As BaseConverter.convert_notebooks does it, but without hiding what went wrong.
            self.init_destination(assignment, student)
            self.run_pre_convert_hook()
            self.init_assignment(assignment, student)
            if time is None:  # nbgrader would keep that of an earlier submission
                session.find_submission(assignment, student).timestamp = None
            session.db.later = True
            for path in self.notebooks:
                self.convert_single_notebook(path)
            session.db.later = False
            session.db.flush()
            self.set_permissions(assignment, student)
            self.run_post_convert_hook()
        except BaseException:
            session.db.later = False
            place = Path(self._format_dest(assignment, student))
            if place.exists():
                rmtree(str(place))
            raise

    def convert_single_notebook(self, notebook_filename: str) -> None:
        """Let nbgrader's preprocessors take scores and comments, and write the notebook.

        As its exporter does it, but without three copies of a notebook that is ours alone.
        """
        node = self.nodes[Path(notebook_filename).stem]
        resources = self.init_single_notebook_resources(notebook_filename)
        resources = self.exporter._init_resources(resources)
        for step in self.exporter._preprocessors:
            node, resources = step(node, resources)
        self.write_single_notebook(nbformat.writes(node, version=4) + "\n", resources)

    def init_single_notebook_resources(self, notebook_filename: str) -> dict[str, Any]:
        """Say whose notebook it is; nbgrader finds it out by a pattern, which no name may break."""
        name = Path(notebook_filename).stem
        whose = {
            "student": self.student,
            "assignment": self.coursedir.assignment_id,
            "notebook": name,
            "db_url": self.coursedir.db_url,
        }
        return {"unique_key": name, "output_files_dir": f"{name}_files", "nbgrader": whose}


def _needless(step: Any) -> bool:
    """Tell whether a step of nbgrader's isn't for us: the cells have run, their marks are ours."""
    return isinstance(step, type) and issubclass(step, Execute | CheckCellMetadata)


def stock(command: str) -> list[str]:
    """Return the arguments by which one of nbgrader's commands goes its own way again.

    For comparisons: "autograde" then runs students' code without a sandbox.
    """
    own = {
        "autograde": {
            f"Autograde.{steps}": getattr(Autograde, steps).default()
            for steps in ("sanitize_preprocessors", STEPS)
        }
        | {"Autograde.exporter_class": [NotebookExporter]},
        "generate_feedback": {"GenerateFeedback.exporter_class": [HTMLExporter]},
    }
    return [
        f"--{name}={one.__module__}.{one.__name__}"
        for name, classes in own.get(command, {}).items()
        for one in classes
    ]


def late_policy(recorder: Recorder) -> str:
    """Return all that a penalty for lateness depends on, besides score and time.

    Raises
    ------
    GraderError
        If the configuration names a plugin that can't be loaded.
    """
    try:
        step = AssignLatePenalties(parent=recorder)
        step.init_plugin()
    except Exception as error:
        text = N_("The plugin for late submissions can't be loaded: {error}.")
        raise GraderError(text.format(error=error)) from None
    plugin = step.plugin_inst
    values = {name: getattr(plugin, name) for name in plugin.class_trait_names(config=True)}
    code = b""
    with contextlib.suppress(OSError, TypeError):
        code = Path(inspect.getfile(type(plugin))).read_bytes()
    return f"{type(plugin)!r} {sorted(values.items())!r} {hashlib.sha256(code).hexdigest()}"
