"""The gradebook as tables: for a spreadsheet, and ready to import into Canvas or Moodle.

Four files of CSV in UTF-8. The two for people begin with a byte order mark, without which Excel
takes them for another alphabet. The two for an LMS have its own columns and no row for somebody who
handed in nothing. A student's id in nbgrader is taken as the login name; the LMS's own number is
nbgrader's ``lms_user_id`` where it is known. With a table that the LMS has written, its cells are
filled in instead (`lms`).
"""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course.grader import files as files_module
from course.grader import lms, notebook, settings
from course.grader.errors import N_, GraderError

if TYPE_CHECKING:
    from course.grader.adapter import Session

# The row below the names by which Canvas knows what an assignment is worth; the blanks are its own.
POINTS = "    Points Possible"
FOR_PEOPLE = ("exercises.csv", "students.csv")
HEADS = (N_("file"), N_("rows"), N_("for"))  # of what is said of a file


def export(
    assignment: str | None = None,
    to: str | Path = "grades",
    *,
    into: str | Path | None = None,
    column: str | None = None,
    root: Path,
) -> dict[str, Any]:
    """Write what the gradebook holds as CSV files.

    Parameters
    ----------
    assignment : str, optional
        This one only; all if not given.
    to : str or Path
        The folder; a relative one lies where the command is given.
    into : str or Path, optional
        A table that Canvas or Moodle has written: a copy with the scores in it is all that is made.
    column : str, optional
        The assignment's column there, if it has another name.
    root : Path
        The course's folder.

    Returns
    -------
    dict
        ``ok``, ``files``: rows with ``file``, ``rows`` and ``for``; ``folder``, ``assignments``,
        ``notes``.

    Raises
    ------
    GraderError
        If there is no gradebook, it has no such assignment, or `into` doesn't fit to it.
    """
    from course.grader import record

    folder = Path(to)
    table = lms.read(Path(into)) if into else None
    if column and not (table and assignment):
        raise GraderError(
            N_("--column needs --into FILE and --assignment LESSON: it is that one's column.")
        )
    with record.existing(root) as session:
        known = [one.name for one in session.assignments]
        if assignment is not None and assignment not in known:
            raise GraderError(settings.unknown(assignment, known))
        names = sorted(known) if assignment is None else [assignment]
        if table is not None:
            people = sorted(session.students, key=lambda one: one.id)
            most = {name: session.find_assignment(name).max_score for name in names}
            totals = {name: record.totals(name, session) for name in names}
            points = {n: {s: _points(own) for s, own in of.items()} for n, of in totals.items()}
            count, notes = lms.fill(table, people, points, most, column)
        else:
            tables, notes = _tables(session, names), []
    if table is not None:
        path = folder / Path(into or "").name
        if path.exists() and path.samefile(into or ""):
            raise GraderError(
                N_("{path} would replace the LMS's own file: name another folder, --to.").format(
                    path=path
                )
            )
        lms.write(table, path)
        about: list[tuple[str, int, str]] = [(str(path), count, lms.IMPORTED[table.kind])]
    else:
        about = []
        for name, (rows, what) in tables.items():
            mark = "\ufeff" if name in FOR_PEOPLE else ""
            files_module.write(folder / name, mark + _csv(rows))
            about.append((str(folder / name), len(rows) - 1, what))
    files = [dict(zip(HEADS, one, strict=True)) for one in about]
    found = {"ok": True, "folder": str(folder), "assignments": names, "files": files}
    return found | {"notes": notes}


def _tables(session: "Session", names: list[str]) -> dict[str, tuple[list[list[Any]], str]]:
    """Return file name → its rows, with what it is for."""
    from course.grader import record

    people = sorted(session.students, key=lambda one: one.id)
    totals = {name: record.totals(name, session) for name in names}
    most = {name: session.find_assignment(name).max_score for name in names}
    return {
        "exercises.csv": (
            list(_exercises(session, names)),
            N_("one row for each student and exercise"),
        ),
        "students.csv": (_students(people, names, totals, most), N_("one row for each student")),
        "canvas.csv": (_canvas(people, names, totals, most), N_("Canvas, Grades, Import")),
        "moodle.csv": (_moodle(people, names, totals), N_("Moodle, Grades, Import, CSV file")),
    }


def _exercises(session: "Session", names: list[str]) -> Iterator[list[Any]]:
    from course.grader.adapter import api

    yield [
        *("assignment", "notebook", "student", "exercise", "score", "max_score", "by_tests"),
        *("by_hand", "checks_passed", "checks"),
    ]
    grade = api.Grade.__table__
    rows = (
        session.db.query(
            api.Assignment.name,
            api.Notebook.name,
            api.SubmittedAssignment.student_id,
            api.GradeCell.name,
            api.GradeCell.max_score,
            grade.c.auto_score,
            grade.c.manual_score,
            grade.c.extra_credit,
        )
        .select_from(grade)
        .join(api.GradeCell, api.GradeCell.id == grade.c.cell_id)
        .join(api.SubmittedNotebook, api.SubmittedNotebook.id == grade.c.notebook_id)
        .join(api.Notebook, api.Notebook.id == api.SubmittedNotebook.notebook_id)
        .join(
            api.SubmittedAssignment,
            api.SubmittedAssignment.id == api.SubmittedNotebook.assignment_id,
        )
        .join(api.Assignment, api.Assignment.id == api.SubmittedAssignment.assignment_id)
        .filter(api.Assignment.name.in_(names))
    )
    sums: dict[tuple[str, ...], list[Any]] = {}
    for assignment, notebook_name, student, cell, most, auto, manual, extra in rows:
        exercise = notebook.Cell("grade", "", cell).exercise
        row = sums.setdefault(
            (assignment, notebook_name, student, exercise), [0.0, 0.0, 0.0, "", 0, 0]
        )
        row[0] += (auto if manual is None else manual) or 0.0
        row[0] += extra or 0.0
        row[1] += most
        row[2] += auto or 0.0
        if manual is not None or extra:
            row[3] = (row[3] or 0.0) + (manual or 0.0) + (extra or 0.0)
        row[4] += auto == most
        row[5] += 1
    for key, row in sorted(sums.items()):
        yield [*key, *row]


def _students(
    people: list[Any],
    names: list[str],
    totals: dict[str, dict[str, Any]],
    most: dict[str, float],
) -> list[list[Any]]:
    head = ["student", "last_name", "first_name", "email"]
    for name in names:
        head += [name, f"{name} penalty", f"{name} max"]
    rows: list[list[Any]] = [[*head, "total", "max"]]
    for one in people:
        row: list[Any] = [one.id, one.last_name, one.first_name, one.email]
        sum_of = 0.0
        for name in names:
            own = totals[name].get(one.id)
            row += [_points(own), own["penalty"] if own else "", most[name]]
            sum_of += _points(own) or 0.0
        rows.append([*row, sum_of, sum(most.values())])
    return rows


def _canvas(
    people: list[Any],
    names: list[str],
    totals: dict[str, dict[str, Any]],
    most: dict[str, float],
) -> list[list[Any]]:
    rows: list[list[Any]] = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *names]]
    rows.append([POINTS, "", "", "", "", *(most[name] for name in names)])
    for one in people:
        name = ", ".join(part for part in (one.last_name, one.first_name) if part) or one.id
        points = [_points(totals[assignment].get(one.id)) for assignment in names]
        if all(score is None for score in points):  # empty cells would take away what is there
            continue
        rows.append([name, one.lms_user_id, "", one.id, "", *points])
    return rows


def _moodle(
    people: list[Any], names: list[str], totals: dict[str, dict[str, Any]]
) -> list[list[Any]]:
    handed_in = [one for one in people if any(one.id in totals[name] for name in names)]
    who: dict[str, list[Any]] = {
        "First name": [one.first_name for one in handed_in],
        "Last name": [one.last_name for one in handed_in],
        "ID number": [one.lms_user_id for one in handed_in],
        "Username": [one.id for one in handed_in],
        "Email address": [one.email for one in handed_in],
    }
    # Moodle gives a row without an identifier to the student of the row before.
    for name in ("ID number", "Email address"):
        if not all(who[name]):
            del who[name]
    scores = [[_points(totals[name].get(one.id)) for one in handed_in] for name in names]
    return [[*who, *names], *map(list, zip(*who.values(), *scores, strict=True))]


def _points(own: dict[str, Any] | None) -> float | None:
    """Return what counts: never less than nothing; None where nothing was handed in."""
    return None if own is None else max(0.0, own["score"] - own["penalty"])


def _csv(rows: list[list[Any]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([_plain(value) for value in row] for row in rows)
    return text.getvalue()


def _plain(value: Any) -> Any:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) and round(value, 4) == value else value
