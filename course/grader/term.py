"""The class over all lessons and weeks: who is stuck where, and what was hard.

`.grading/term.html` for people and ``term.json`` for programs. Both are made of the lessons' own
``report.json`` (`report`), so that they cost no gradebook and no notebook, and are written after
each grading. `refresh` brings those up to date first, for points that a person gave meanwhile. It
names students: it is for instructors only. Left out on purpose: a mark for the term, which is the
LMS's to make, and any guess about who will fail.
"""

import collections
import contextlib
import datetime
import json
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

from course.grader import files, page
from course.grader.errors import N_, GraderError
from course.grader.hooks import Hooks
from course.grader.ledger import FOLDER, Ledger

SHOWN = 15  # rows of a list
FIRST = 25  # students that are shown at once; the others are folded
DUE = 0.5  # a lesson is due as soon as this part of the class has handed it in
WEEKS = 20  # the last ones that are drawn
NOBODY = N_("Nothing is graded yet: `python3 start.py grade LESSON` comes first.")


def write(root: Path, hooks: Hooks) -> dict[str, Any]:
    """Write both files from the lessons' reports.

    Returns
    -------
    dict
        What `collect` returns, and ``page``, relative to the course's folder.
    """
    found = collect(_reports(root))
    folder = root / FOLDER
    files.write(folder / "term.json", json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    shown = {"bars": _chart(found["weeks"]), "shown": SHOWN, "first": FIRST}
    files.write(folder / "term.html", page.render("term.html.jinja", hooks, **found, **shown))
    return found | {"page": f"{FOLDER}/term.html"}


def refresh(root: Path, hooks: Hooks) -> dict[str, Any]:
    """Write the reports of all graded lessons anew, then those of the term; nothing runs.

    Raises
    ------
    GraderError
        If nothing is graded, or the gradebook can't be read.
    """
    from course.grader import prepare, record, report, settings, source

    root = root.resolve()
    names = [one for one in settings.lessons(root) if (root / FOLDER / one / "students").is_dir()]
    if not names:
        raise GraderError(NOBODY)
    with record.existing(root) as session:
        for name in names:
            assignment, ledger = source.read(name, root, hooks), Ledger(root, name)
            who = prepare.students(assignment)[0]
            marks = {one: mark for one in who if (mark := ledger.mark(one))}
            report.write(
                assignment, marks, record.totals(name, session), {"students": {}, "notes": []}
            )
    return {"ok": True} | write(root, hooks)


def _reports(root: Path) -> list[dict[str, Any]]:
    """Return the lessons' reports, in order; those of an older version don't count."""
    found = []
    for path in sorted((root / FOLDER).glob("*/report.json")):
        with contextlib.suppress(OSError, ValueError):
            one = json.loads(path.read_text(encoding="utf-8"))
            if isinstance(one, dict) and "people" in one:
                found.append(one)
    return found


def collect(reports: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what is to say about a class over the term, as plain data.

    Parameters
    ----------
    reports : list of dict
        What `report.collect` returns, lesson by lesson.

    Returns
    -------
    dict
        ``date``; ``lessons``: rows with ``lesson``, ``handed_in``, ``mean`` and ``median`` (shares
        of the points), ``complete`` (students with all points), ``due``; ``weeks``: rows with
        ``week`` (its Monday), ``hand_ins``, ``students``, ``mean``; ``students``: who needs help
        most first, rows with ``student``, ``share`` (of the due lessons; one that isn't handed in
        counts 0), ``lessons`` (lesson → share), ``late`` (due lessons without a hand-in), ``stuck``
        (rows with ``lesson``, ``exercise``, ``times``: hand-ins in a row without all points);
        ``exercises`` (hardest first), ``misconceptions``, ``flagged``, ``similar``, ``slowest``: as
        a lesson's report has them, with ``lesson``.
    """
    names = sorted({one for report in reports for one in report["people"]})
    lessons = []
    for report in reports:
        shares = [one["share"] for one in report["people"].values()]
        lessons.append(
            {
                "lesson": report["assignment"],
                "handed_in": len(shares),
                "mean": round(statistics.fmean(shares), 4) if shares else None,
                "median": round(statistics.median(shares), 4) if shares else None,
                "complete": sum(share >= 1 for share in shares),
                "due": len(shares) >= DUE * len(names) and bool(shares),
            }
        )
    due = [row["lesson"] for row in lessons if row["due"]]
    return {
        "date": datetime.datetime.now().strftime("%Y-%m-%d %H:%M"),
        "lessons": lessons,
        "weeks": _weeks(reports),
        "students": sorted(
            (_student(name, reports, due) for name in names),
            key=lambda row: (row["share"], -len(row["stuck"]), row["student"]),
        ),
        "exercises": sorted(_all(reports, "exercises"), key=lambda row: row["share"]),
        "misconceptions": sorted(_all(reports, "misconceptions"), key=lambda row: -row["students"]),
        "flagged": sorted(_all(reports, "flagged"), key=lambda row: row["student"]),
        "similar": _alike(reports),
        "slowest": sorted(_all(reports, "slowest"), key=lambda row: -row["seconds"]),
    }


def _all(reports: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    """Return the rows of all lessons, each with its lesson."""
    return [{"lesson": one["assignment"]} | row for one in reports for row in one[key]]


def _student(name: str, reports: list[dict[str, Any]], due: list[str]) -> dict[str, Any]:
    own = {one["assignment"]: one["people"][name] for one in reports if name in one["people"]}
    stuck = [
        {"lesson": lesson, "exercise": exercise, "times": times}
        for lesson, person in own.items()
        for exercise, times in person["missing"].items()
    ]
    counted = [own[lesson]["share"] if lesson in own else 0.0 for lesson in due]
    return {
        "student": name,
        "share": round(statistics.fmean(counted), 4) if counted else 0.0,
        "lessons": {lesson: person["share"] for lesson, person in own.items()},
        "late": [lesson for lesson in due if lesson not in own],
        "stuck": sorted(stuck, key=lambda row: -row["times"]),
    }


def _weeks(reports: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a row for each week from the first hand-in to the last; a quiet one, too."""
    found: dict[datetime.date, list[tuple[str, float]]] = collections.defaultdict(list)
    for report in reports:
        for student, person in report["people"].items():
            for one in person["hand_ins"]:
                day = datetime.date.fromisoformat(one["time"][:10])
                found[day - datetime.timedelta(day.weekday())].append((student, one["share"]))
    if not found:
        return []
    first, count = min(found), (max(found) - min(found)).days // 7 + 1
    rows = []
    for week in (first + datetime.timedelta(7 * i) for i in range(max(0, count - WEEKS), count)):
        own = found.get(week, [])
        rows.append(
            {
                "week": week.isoformat(),
                "hand_ins": len(own),
                "students": len({student for student, _ in own}),
                "mean": round(statistics.fmean(share for _, share in own), 4) if own else None,
            }
        )
    return rows


def _alike(reports: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return groups whose answers are alike; the same students in several lessons are one row."""
    found: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for report in reports:
        for row in report["similar"]:
            own = found.setdefault(tuple(row["who"]), {})
            own.setdefault(report["assignment"], []).extend(row["exercises"])
    rows = [{"who": [*who], "lessons": lessons} for who, lessons in found.items()]
    return sorted(rows, key=lambda row: (-len(row["lessons"]), row["who"]))


def _chart(weeks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the bars of the weeks in units of the picture, 640 wide and 110 high."""
    most = max((row["hand_ins"] for row in weeks), default=0) or 1
    width = min(64.0, 640 / max(1, len(weeks)))
    every = -(-len(weeks) // 8)  # so that labels don't touch
    return [
        row
        | {
            "x": round(width * index, 1),
            "width": round(width - min(8.0, width / 4), 1),
            "height": round(110 * row["hand_ins"] / most, 1),
            "label": row["week"][5:] if index % every == 0 else "",
        }
        for index, row in enumerate(weeks)
    ]


def show(result: dict[str, Any], say: Callable[[str], str] = str) -> None:
    """Print the term for people; `say` gives a text in their language."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    lessons = Table(title=say(N_("The term")), title_justify="left")
    for head in (N_("lesson"), N_("handed in"), N_("mean"), N_("all points")):
        lessons.add_column(say(head), justify="left" if head == "lesson" else "right")
    for row in result["lessons"]:
        mean = "" if row["mean"] is None else page.percent(row["mean"])
        lessons.add_row(row["lesson"], str(row["handed_in"]), mean, str(row["complete"]))
    console.print(lessons)
    people = Table(title=say(N_("Who is stuck where")), title_justify="left")
    heads = (N_("student"), N_("points"), N_("not handed in"), N_("not solved (hand-ins)"))
    for head in heads:
        people.add_column(say(head), justify="right" if head == "points" else "left")
    stuck = [row for row in result["students"] if row["stuck"] or row["late"]]
    for row in stuck[:SHOWN]:
        where = ", ".join(f"{one['exercise']} ({one['times']})" for one in row["stuck"][:4])
        if len(row["stuck"]) > 4:
            more = say(N_("{names} and {left} more"))
            where = more.format(names=where, left=len(row["stuck"]) - 4)
        name = Text(files.shown(row["student"]))
        people.add_row(name, page.percent(row["share"]), ", ".join(row["late"]), where)
    if stuck:
        console.print(people)
    if len(stuck) > SHOWN:
        console.print(say(N_("{left} more are on the page.")).format(left=len(stuck) - SHOWN))
    console.print(say(N_("The page: {page}")).format(page=result["page"]), soft_wrap=True)
