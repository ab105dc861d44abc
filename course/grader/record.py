"""Write one student's results into nbgrader's gradebook and ``autograded/``, as nbgrader does.

Student, submission, time, late penalty, files, permissions, scores and comments are nbgrader's own
steps (`adapter.Recorder`), only the cells aren't executed. One `Session` serves all steps and all
students: stock opens an engine for each step and commits after each cell. Here a student is one
transaction, so that a stop leaves the old state or the new one.

One writer: everything here is called from one thread.
"""

import contextlib
import copy
import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy
from nbformat import from_dict

from course.grader import adapter, sanitize
from course.grader.adapter import (
    InvalidEntry,
    MissingEntry,
    NbGraderException,
    Recorder,
    Session,
    api,
    determine_grade,
)
from course.grader.errors import N_, GraderError
from course.grader.job import Ran
from course.grader.prepare import NOT_GRADED, Prepared, Submission
from course.grader.source import Assignment

LOCK = 1129272146  # any number that no other program takes for its lock in the database


# --- the gradebook --------------------------------------------------------------------------------


@contextlib.contextmanager
def opened(root: Path) -> Iterator[Session]:
    """Open the course's gradebook for all of nbgrader's steps in this process.

    Raises
    ------
    GraderError
        If it can't be read or written, is in use, or of an older nbgrader.
    """
    places = adapter.directory(root)
    with _quiet(), _sentences(places.db_url):
        session = Session(places.db_url, places.course_id)
        try:
            _version(session)
            with adapter.one_session(session):
                yield session
        finally:
            session.close()


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
def alone(session: Session) -> Iterator[None]:
    """Keep graders on other machines out; the server frees the lock of one that was killed.

    For a gradebook on a server: a file is guarded by the lock of its folder.

    Raises
    ------
    GraderError
        If another one is at work.
    """
    if session.engine.dialect.name != "postgresql":
        yield
        return
    with session.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as own:
        if not own.scalar(sqlalchemy.text(f"SELECT pg_try_advisory_lock({LOCK})")):
            raise GraderError(
                N_(
                    "Another `course grade` is at work in this gradebook: wait until it has "
                    "finished."
                )
            )
        yield


@contextlib.contextmanager
def existing(root: Path) -> Iterator[Session]:
    """Open a gradebook that must be there already.

    Raises
    ------
    GraderError
        As `opened`, and if there is none.
    """
    file = adapter.database_file(adapter.directory(root).db_url)
    if file is not None and not file.exists():
        raise GraderError(N_("There is no gradebook yet: grade something first."))
    with opened(root) as session:
        yield session


def _version(session: Session) -> None:
    """Refuse a gradebook whose tables are those of another nbgrader."""
    newest = adapter.newest_version()
    if not sqlalchemy.inspect(session.engine).has_table("alembic_version"):
        raise GraderError(
            N_(
                "The database holds tables of something else: give the gradebook a database of "
                "its own."
            )
        )
    found: list[str] = []
    with contextlib.suppress(sqlalchemy.exc.DatabaseError):
        rows = session.db.execute(sqlalchemy.text("SELECT version_num FROM alembic_version"))
        found = [row[0] for row in rows]
    if sorted(found) != sorted(newest):
        raise GraderError(
            N_(
                "The gradebook is of another version of nbgrader: make a copy of it, then run "
                "`nbgrader db upgrade`."
            )
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
        raise GraderError(
            N_("The gradebook {name} {advice}").format(name=name, advice=_advice(said))
        ) from error


_OF_A_VALUE = (sqlalchemy.exc.DataError, sqlalchemy.exc.IntegrityError)


def _advice(said: str) -> str:
    for words, advice in {
        "locked": N_(
            "is in use by another program: close that one, then run the same command again."
        ),
        "readonly": N_(
            "can't be written: change its permissions, then run the same command again."
        ),
        "unable to open": "can't be opened: is its folder there, and may it be written to?",
        "full": N_("can't grow, since the disk is full: make room and run the same command again."),
        "no such column": "is of an older nbgrader: make a copy, then run `nbgrader db upgrade`.",
        "not a database": "is damaged: put a copy of it back.",
        "malformed": N_("is damaged: put a copy of it back."),
        "does not exist": f"isn't there ({said}): make it first, with `createdb`.",
        "onnect": N_("can't be reached ({said}): is the database running?").format(said=said),
    }.items():
        if words in said:
            return advice
    return f"refuses: {said}"


def register(assignment: Assignment, session: Session) -> list[str]:
    """Make the gradebook's picture of an assignment the one of ``source/``; return what to know.

    The exercises come into the gradebook by nbgrader's own ``generate_assignment``, in a folder
    that is thrown away: ``release/`` stays as it is.

    Raises
    ------
    GraderError
        If that can't be done because submissions hang on other cells.
    """
    if _registered(assignment, session):
        return []
    try:
        known = bool(session.find_assignment(assignment.name).submissions)
    except MissingEntry:
        known = False
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        try:
            adapter.generate(assignment.name, assignment.root, Path(scratch), database=True)
        except NbGraderException as error:
            session.forget()
            said = str(error)
            if "Cannot" in said:
                raise GraderError(
                    N_(
                        "The gradebook holds submissions of {lesson} with other exercises than "
                        "source/ has now: bring the old source back, or begin anew with "
                        "`nbgrader db assignment remove {lesson} --force`."
                    ).format(lesson=assignment.name)
                ) from None
            last = said.strip().split("\n")[-1]
            raise GraderError(
                N_("nbgrader refuses {lesson}: {last}").format(lesson=assignment.name, last=last)
            ) from None
    session.save()
    if known:
        return [
            N_("The checks in source/{lesson} have changed: the new ones count.").format(
                lesson=assignment.name
            )
        ]
    return []


def _registered(assignment: Assignment, session: Session) -> bool:
    """Tell whether the gradebook has the same notebooks, cells, checks and points as the source."""
    try:
        known = {one.name: one for one in session.find_assignment(assignment.name).notebooks}
    except MissingEntry:
        return False
    if known.keys() != assignment.notebooks.keys():
        return False
    for name, original in assignment.notebooks.items():
        sources = {cell.name: cell.source for cell in known[name].source_cells}
        graded = [*known[name].grade_cells, *known[name].task_cells]
        points = {cell.name: cell.max_score for cell in graded}
        if points != {one: cell.points for one, cell in original.known.items() if one in points}:
            return False
        if sources != {one: original.released(cell) for one, cell in original.known.items()}:
            return False
        if any(cell.kind == "grade" and one not in points for one, cell in original.known.items()):
            return False
    return True


# --- one student ----------------------------------------------------------------------------------


def record(
    submission: Submission, ran: dict[str, Ran], recorder: Recorder, session: Session
) -> dict[str, dict[str, float]]:
    """Write one student's results down, in one transaction.

    Parameters
    ----------
    submission : Submission
    ran : dict of str to Ran
        Notebook name → how it went; a notebook without a job isn't in it.
    recorder : Recorder
    session : Session

    Returns
    -------
    dict of str to dict
        Notebook → check → points by the tests, as they are in the gradebook now.

    Raises
    ------
    GraderError
        If the gradebook can't be written. It is as before then.
    """
    nodes = {one.name: filled(one, ran.get(one.name)) for one in submission.notebooks}
    try:
        with _sentences(str(session.engine.url)):
            recorder.record(
                submission.student, nodes, submission.files, submission.timestamp, session
            )
            scores = _scores(recorder.coursedir.assignment_id, submission, session)
            session.save()
            return scores
    except BaseException:
        session.forget()
        raise


def _scores(
    assignment: str, submission: Submission, session: Session
) -> dict[str, dict[str, float]]:
    """Return the scores of the tests; a comment of an answer that is gone goes, too."""
    scores: dict[str, dict[str, float]] = {}
    for one in submission.notebooks:
        where = (one.name, assignment, submission.student)
        marks = [cell.metadata.nbgrader for cell in one.node.cells if "nbgrader" in cell.metadata]
        scores[one.name] = {
            mark.grade_id: session.find_grade(mark.grade_id, *where).auto_score
            for mark in marks
            if mark.grade
        }
        here = {mark.grade_id for mark in marks if mark.solution}
        for comment in session.find_submission_notebook(*where).comments:
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
    why = prepared.reason or N_("This check didn't run.")
    for index, cell in enumerate(node.cells):
        marks = cell.metadata.get("nbgrader", {})
        if not marks.get("grade") or marks.get("solution") or cell.cell_type != "code":
            continue  # a person grades it, or nobody
        if index not in results:
            cell.outputs = from_dict([_error(NOT_GRADED, why)])
        try:
            determine_grade(cell)
        except (ValueError, KeyError):
            said = N_("The check's last line gives more than the points of its cell.")
            cell.outputs = from_dict([_error(NOT_GRADED, said)])
    return node


def _error(name: str, message: str) -> dict[str, Any]:
    line = f"{name}: {message}" if message else name
    return sanitize.outputs(
        [{"output_type": "error", "ename": name, "evalue": message, "traceback": [line]}]
    )[0][0]


def terms(submission: Submission, recorder: Recorder, session: Session) -> str:
    """Return what else a student's grade depends on, for the mark that says what was recorded.

    That is how late the submission is by the gradebook's due date, and what this costs. Of one that
    is in time it is nothing, so that a new due date grades only those anew whom it concerns.
    """
    assignment = recorder.coursedir.assignment_id
    try:
        own = session.find_submission(assignment, submission.student)
        extension = own.extension
        points = [(one.name, one.score) for one in own.notebooks]
    except MissingEntry:
        extension, points = None, []
    due = session.find_assignment(assignment).duedate
    if due is None or submission.timestamp is None:
        return ""
    late = (submission.timestamp - (due + extension if extension else due)).total_seconds()
    return f"{late} {points} {adapter.late_policy(recorder)}" if late > 0 else ""


def totals(assignment: str, session: Session) -> dict[str, dict[str, Any]]:
    """Return what the gradebook holds of each student: points, penalty, and the tests' scores.

    Returns
    -------
    dict
        student → ``score`` (with what graders gave by hand), ``penalty``, ``by_hand`` (whether a
        grader gave points), ``auto``: notebook → check → points of the tests.
    """
    rows = (
        session.db.query(
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
