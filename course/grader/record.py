"""Write one student's results into nbgrader's gradebook and ``autograded/``, as nbgrader does.

`Recorder` is nbgrader's own `Autograde` for a notebook in memory that has run elsewhere: student,
submission, time, late penalty, files, permissions, scores and comments are stock's, only the cells
aren't executed. One `Book` serves all steps and all students: stock opens an engine for each step
and commits after each cell. Here a student is one transaction, so that a stop leaves the old state
or the new one.

One writer: everything here is called from one thread.
"""

import contextlib
import copy
import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy
from nbconvert.writers import FilesWriter
from nbformat import from_dict
from nbgrader import api, dbutil
from nbgrader.api import Gradebook, InvalidEntry, MissingEntry
from nbgrader.converters import Autograde, GenerateAssignment, autograde, generate_assignment
from nbgrader.converters.base import BaseConverter, NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import (
    CheckCellMetadata,
    Execute,
    latesubmissions,
    saveautogrades,
    savecells,
)
from nbgrader.utils import determine_grade, rmtree
from sqlalchemy.orm import scoped_session, sessionmaker

from course.errors import CourseError
from course.grader import notebook, sanitize, source
from course.grader.job import Ran
from course.grader.prepare import NOT_GRADED, Prepared, Submission
from course.grader.source import Assignment

LOCK = 1129272146  # any number that no other program takes for its lock in the database
# The modules of nbgrader that open a gradebook of their own in each step.
OPENING = (autograde, generate_assignment, latesubmissions, saveautogrades, savecells)


# --- the gradebook --------------------------------------------------------------------------------


class _Session(scoped_session):
    """Commits only when `Book.save` says so; what nbgrader commits before is flushed."""

    def commit(self) -> None:
        self.flush()


class Book(Gradebook):
    """nbgrader's gradebook, opened once: `save` or `forget` what was done since the last one."""

    def __init__(self, url: str, course: str) -> None:
        super().__init__(url, course)
        self.db.remove()
        self.db = _Session(sessionmaker(autoflush=True, bind=self.engine, future=True))
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
def opened(root: Path | None = None) -> Iterator[Book]:
    """Open the course's gradebook for all of nbgrader's steps in this process.

    Raises
    ------
    CourseError
        If it can't be read or written, is in use, or of an older nbgrader.
    """
    places = source.directory(root)
    with _quiet(), _sentences(places.db_url):
        book = Book(places.db_url, places.course_id)
        try:
            _version(book)
            old = [module.Gradebook for module in OPENING]
            for module in OPENING:
                module.Gradebook = lambda *where, **more: book
            try:
                yield book
            finally:
                for module, one in zip(OPENING, old, strict=True):
                    module.Gradebook = one
        finally:
            book.close()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep nbgrader from printing tracebacks of database errors; we say them in a sentence."""
    log = logging.getLogger("tornado.application")
    before, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = before


@contextlib.contextmanager
def alone(book: Book) -> Iterator[None]:
    """Keep graders on other machines out; the server frees the lock of one that was killed.

    For a gradebook on a server: a file is guarded by the lock of its folder.

    Raises
    ------
    CourseError
        If another one is at work.
    """
    if book.engine.dialect.name != "postgresql":
        yield
        return
    with book.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as own:
        if not own.scalar(sqlalchemy.text(f"SELECT pg_try_advisory_lock({LOCK})")):
            raise CourseError(
                "Another `course grade` is at work in this gradebook: wait until it has finished."
            )
        yield


@contextlib.contextmanager
def existing(root: Path | None = None) -> Iterator[Book]:
    """Open a gradebook that must be there already.

    Raises
    ------
    CourseError
        As `opened`, and if there is none.
    """
    url = source.directory(root).db_url
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        raise CourseError("There is no gradebook yet: grade something first (`course grade`).")
    with opened(root) as book:
        yield book


def _version(book: Book) -> None:
    """Refuse a gradebook whose tables are those of another nbgrader."""
    from alembic.script import ScriptDirectory

    newest = ScriptDirectory(dbutil.ALEMBIC_DIR).get_heads()
    if not sqlalchemy.inspect(book.engine).has_table("alembic_version"):
        raise CourseError(
            "The database holds tables of something else: give the gradebook a database of its own."
        )
    found: list[str] = []
    with contextlib.suppress(sqlalchemy.exc.DatabaseError):
        rows = book.db.execute(sqlalchemy.text("SELECT version_num FROM alembic_version"))
        found = [row[0] for row in rows]
    if sorted(found) != sorted(newest):
        raise CourseError(
            "The gradebook is of another version of nbgrader: make a copy of it, then run "
            "`nbgrader db upgrade`."
        )


@contextlib.contextmanager
def _sentences(url: str) -> Iterator[None]:
    """Say in one sentence what is wrong with the database; what is wrong with a value goes on."""
    name = url.rpartition("/")[2].rpartition("@")[2] or url  # without a password
    try:
        yield
    except (sqlalchemy.exc.DatabaseError, sqlalchemy.exc.ArgumentError, InvalidEntry) as error:
        cause = error.__context__ if isinstance(error, InvalidEntry) else error  # nbgrader's wrap
        if isinstance(cause, _OF_A_VALUE) or not isinstance(cause, sqlalchemy.exc.SQLAlchemyError):
            raise
        said = str(getattr(cause, "orig", cause)).strip().split("\n")[0]
        raise CourseError(f"The gradebook {name} {_advice(said)}") from error


_OF_A_VALUE = (sqlalchemy.exc.DataError, sqlalchemy.exc.IntegrityError)


def _advice(said: str) -> str:
    for words, advice in {
        "locked": "is in use by another program: close that one, then run the same command again.",
        "readonly": "can't be written: change its permissions, then run the same command again.",
        "unable to open": "can't be opened: look at its folder's permissions.",
        "full": "can't grow, since the disk is full: make room and run the same command again.",
        "no such column": "is of an older nbgrader: make a copy, then run `nbgrader db upgrade`.",
        "not a database": "is damaged: put a copy of it back.",
        "malformed": "is damaged: put a copy of it back.",
        "does not exist": f"isn't there ({said}): make it first, with `createdb`.",
        "onnect": f"can't be reached ({said}): is the database running?",
    }.items():
        if words in said:
            return advice
    return f"refuses: {said}"


def register(assignment: Assignment, book: Book) -> list[str]:
    """Make the gradebook's picture of an assignment the one of ``source/``; return what to know.

    The exercises come into the gradebook by nbgrader's own ``generate_assignment``, in a folder
    that is thrown away: ``release/`` stays as it is.

    Raises
    ------
    CourseError
        If that can't be done because submissions hang on other cells.
    """
    if _registered(assignment, book):
        return []
    try:
        known = bool(book.find_assignment(assignment.name).submissions)
    except MissingEntry:
        known = False
    config = notebook.config(assignment.root)
    config.CourseDirectory.root = str(assignment.root)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        config.CourseDirectory.release_directory = scratch
        config.CourseDirectory.assignment_id = assignment.name
        log, said = _log()
        places = CourseDirectory(config=config)
        try:
            GenerateAssignment(coursedir=places, config=config, log=log).start()
        except NbGraderException:
            book.forget()
            if any("Cannot" in text for text in said):
                raise CourseError(
                    f"The gradebook holds submissions of {assignment.name} with other exercises "
                    "than source/ has now: bring the old source back, or begin anew with "
                    f"`nbgrader db assignment remove {assignment.name} --force`."
                ) from None
            raise CourseError(f"nbgrader refuses {assignment.name}: {said[-1]}") from None
    book.save()
    if known:
        return [f"The checks in source/{assignment.name} have changed: the new ones count."]
    return []


def _registered(assignment: Assignment, book: Book) -> bool:
    """Tell whether the gradebook has the same notebooks, cells, checks and points as the source."""
    try:
        known = {one.name: one for one in book.find_assignment(assignment.name).notebooks}
    except MissingEntry:
        return False
    if known.keys() != assignment.notebooks.keys():
        return False
    for name, truth in assignment.notebooks.items():
        cells = {cell.name: cell for cell in truth.cells if cell.name}
        sources = {cell.name: cell.source for cell in known[name].source_cells}
        points = {cell.name: cell.max_score for cell in known[name].grade_cells}
        if points != {cell.name: cell.points for cell in cells.values() if cell.kind == "grade"}:
            return False
        if sources != {one: source.released(cell) for one, cell in cells.items()}:
            return False
    return True


# --- one student ----------------------------------------------------------------------------------


class _Places(CourseDirectory):
    """nbgrader's folders, with the submission's time as `prepare` has read it."""

    time: Any = None

    def get_existing_timestamp(self, dest_path: str) -> Any:
        return self.time


class _OwnFiles(BaseConverter):
    """In `Autograde`'s line of ancestors, to write the files that `prepare` has let through.

    Stock copies whatever lies in the submission, and follows links.
    """

    submission: Submission

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        place = Path(self._format_dest(assignment_id, student_id))
        place.mkdir(parents=True, exist_ok=True)
        for name, content in self.submission.files.items():
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


class Recorder(Autograde, _OwnFiles):
    """nbgrader's `Autograde` for one student, with notebooks that have already run."""

    def __init__(self, assignment: Assignment) -> None:
        config = notebook.config(assignment.root)
        config.CourseDirectory.root = str(assignment.root)
        config.Exporter.optimistic_validation = True  # once, not after each step
        places = _Places(config=config)
        places.assignment_id, places.notebook_id = assignment.name, "*"
        log, self.said = _log()
        super().__init__(coursedir=places, config=config, log=log)
        self.force = True
        self.writer = FilesWriter(parent=self, config=self.config)
        self.exporter = self.exporter_class(parent=self, config=self.config)
        self._sanitizing = False
        self.autograde_preprocessors = [
            one for one in self.autograde_preprocessors if not _needless(one)
        ]
        self._init_preprocessors()
        self._sanitizing = True

    def record(self, submission: Submission, nodes: dict[str, Any]) -> None:
        """Write down notebooks (name → executed notebook) of one student.

        Raises
        ------
        Exception
            Whatever went wrong; ``autograded/`` then has nothing of this student.
        """
        self.submission, self.nodes = submission, nodes
        self.coursedir.time = submission.timestamp
        self.coursedir.student_id = submission.student
        folder = self._format_source(self.coursedir.assignment_id, submission.student)
        self.notebooks = [os.path.join(folder, f"{name}.ipynb") for name in nodes]
        try:
            # As BaseConverter.convert_notebooks does it, but without hiding what went wrong.
            self.init_destination(self.coursedir.assignment_id, submission.student)
            self.run_pre_convert_hook()
            self.init_assignment(self.coursedir.assignment_id, submission.student)
            for path in self.notebooks:
                self.convert_single_notebook(path)
            self.set_permissions(self.coursedir.assignment_id, submission.student)
            self.run_post_convert_hook()
        except BaseException:
            place = Path(self._format_dest(self.coursedir.assignment_id, submission.student))
            if place.exists():
                rmtree(str(place))
            raise

    def convert_single_notebook(self, notebook_filename: str) -> None:
        """Let nbgrader's preprocessors take scores and comments, and write the notebook."""
        name = Path(notebook_filename).stem
        resources = self.init_single_notebook_resources(notebook_filename)
        output, resources = self.exporter.from_notebook_node(self.nodes[name], resources)
        self.write_single_notebook(output, resources)


def _needless(step: Any) -> bool:
    """Tell whether a step of nbgrader's isn't for us: the cells have run, their marks are ours."""
    return isinstance(step, type) and issubclass(step, Execute | CheckCellMetadata)


def record(
    submission: Submission, ran: dict[str, Ran], recorder: Recorder, book: Book
) -> dict[str, dict[str, float]]:
    """Write one student's results down, in one transaction.

    Parameters
    ----------
    submission : Submission
    ran : dict of str to Ran
        Notebook name → how it went; a notebook without a job isn't in it.
    recorder : Recorder
    book : Book

    Returns
    -------
    dict of str to dict
        Notebook → check → points by the tests, as they are in the gradebook now.

    Raises
    ------
    CourseError
        If the gradebook can't be written. It is as before then.
    """
    nodes = {one.name: filled(one, ran.get(one.name)) for one in submission.notebooks}
    try:
        with _sentences(str(book.engine.url)):
            recorder.record(submission, nodes)
            scores = _scores(recorder.coursedir.assignment_id, submission, book)
            book.save()
            return scores
    except BaseException:
        book.forget()
        raise


def _scores(assignment: str, submission: Submission, book: Book) -> dict[str, dict[str, float]]:
    """Return the scores of the tests; a comment of an answer that is gone goes, too."""
    scores: dict[str, dict[str, float]] = {}
    for one in submission.notebooks:
        where = (one.name, assignment, submission.student)
        marks = [cell.metadata.nbgrader for cell in one.node.cells if "nbgrader" in cell.metadata]
        scores[one.name] = {
            mark.grade_id: book.find_grade(mark.grade_id, *where).auto_score
            for mark in marks
            if mark.grade
        }
        here = {mark.grade_id for mark in marks if mark.solution}
        for comment in book.find_submission_notebook(*where).comments:
            if comment.name not in here:
                comment.auto_comment = None
    return scores


def filled(prepared: Prepared, ran: Ran | None) -> Any:
    """Return the restored notebook with its outputs; a check without a result has failed."""
    node = copy.deepcopy(prepared.node)
    room = sanitize.MOST_BYTES
    for cell in ran.cells if ran else ():
        if cell.index is None or node.cells[cell.index].cell_type != "code":
            continue
        outputs, room = sanitize.outputs(cell.outputs, room)
        failed = any(output["output_type"] == "error" for output in outputs)
        if cell.error and not failed:
            outputs.append(_error(cell.error, cell.message))
        node.cells[cell.index].outputs = from_dict(outputs)
        node.cells[cell.index].execution_count = cell.index + 1
    results = {cell.index for cell in ran.cells if cell.grade} if ran else set()
    why = prepared.reason or "This check didn't run."
    for index, cell in enumerate(node.cells):
        if not cell.metadata.get("nbgrader", {}).get("grade"):
            continue
        if index not in results:
            cell.outputs = from_dict([_error(NOT_GRADED, why)])
        try:
            determine_grade(cell)
        except (ValueError, KeyError):
            said = "The check's last line gives more than the points of its cell."
            cell.outputs = from_dict([_error(NOT_GRADED, said)])
    return node


def _error(name: str, message: str) -> dict[str, Any]:
    line = f"{name}: {message}" if message else name
    return sanitize.outputs(
        [{"output_type": "error", "ename": name, "evalue": message, "traceback": [line]}]
    )[0][0]


def totals(assignment: str, book: Book) -> dict[str, dict[str, Any]]:
    """Return what the gradebook holds of each student: points, penalty, and the tests' scores.

    Returns
    -------
    dict
        student → ``score`` (with what graders gave by hand), ``penalty``, ``by_hand`` (whether a
        grader gave points), ``auto``: notebook → check → points of the tests.
    """
    rows = (
        book.db.query(
            api.SubmittedAssignment.student_id,
            api.Notebook.name,
            api.GradeCell.name,
            api.GradeCell.max_score,
            api.Grade.__table__.c.auto_score,
            api.Grade.__table__.c.manual_score,
            api.Grade.__table__.c.extra_credit,
            api.SubmittedNotebook.late_submission_penalty,
        )
        .select_from(api.Grade.__table__)
        .join(api.GradeCell, api.GradeCell.id == api.Grade.__table__.c.cell_id)
        .join(api.SubmittedNotebook, api.SubmittedNotebook.id == api.Grade.__table__.c.notebook_id)
        .join(api.Notebook, api.Notebook.id == api.SubmittedNotebook.notebook_id)
        .join(
            api.SubmittedAssignment,
            api.SubmittedAssignment.id == api.SubmittedNotebook.assignment_id,
        )
        .join(api.Assignment, api.Assignment.id == api.SubmittedAssignment.assignment_id)
        .filter(api.Assignment.name == assignment)
    )
    result: dict[str, dict[str, Any]] = {}
    penalties: dict[tuple[str, str], float] = {}
    for student, name, cell, _, auto, manual, extra, penalty in rows:
        own = result.setdefault(student, {"score": 0.0, "by_hand": False, "auto": {}})
        points = auto if manual is None else manual
        own["score"] += (points or 0.0) + (extra or 0.0)
        own["by_hand"] |= manual is not None or bool(extra)
        own["auto"].setdefault(name, {})[cell] = auto
        penalties[student, name] = penalty or 0.0
    for student, own in result.items():
        own["penalty"] = sum(value for (who, _), value in penalties.items() if who == student)
    return result


def _log() -> tuple[logging.Logger, list[str]]:
    """Return a log that is kept to itself, and what is said in it from warnings on."""
    said: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())
            del said[:-50]

    log = logging.Logger("course.grading", logging.ERROR)
    log.addHandler(Kept())
    return log, said
