"""One lesson's class on one page: scores, hardest exercises, misconceptions, what to look at.

`.grading/ASSIGNMENT/report.html` for people and ``report.json`` next to it for programs, written
after each grading from what the ledger and the gradebook hold of all students, also of those
that were graded earlier. `term` reads the latter of all lessons. It names students: it is for
instructors only.
"""

import datetime
import json
import statistics
from typing import Any

from course.grader import files, page, similar
from course.grader.errors import N_
from course.grader.ledger import FOLDER
from course.grader.source import Assignment

BINS = 10
SHOWN = 12  # slowest exercises, and students that are named at a misconception
STATES = (N_("graded"), N_("unreadable"), N_("missing"), N_("failed"))  # of a submission
SLOW = 1.0  # seconds; a cell below that is nothing to look at


def write(
    assignment: Assignment,
    marks: dict[str, dict[str, Any]],
    totals: dict[str, dict[str, Any]],
    result: dict[str, Any],
) -> str:
    """Write both files and return the page's path, relative to the course's folder.

    Parameters
    ----------
    assignment : Assignment
    marks : dict
        student → what the ledger remembers.
    totals : dict
        student → what the gradebook holds (`record.totals`).
    result : dict
        Of `grade.grade`.
    """
    found = collect(assignment, marks, totals)
    found["failed"] = {
        student: row["reason"]
        for student, row in result["students"].items()
        if row["status"] == "failed"
    }
    found["notes"] = result["notes"]
    folder = assignment.root / FOLDER / assignment.name
    files.write(folder / "report.json", json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    files.write(
        folder / "report.html",
        page.render("report.html.jinja", assignment.hooks, **found, bins=_chart(found)),
    )
    return f"{FOLDER}/{assignment.name}/report.html"


def collect(
    assignment: Assignment, marks: dict[str, dict[str, Any]], totals: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """Return what is to say about a class, as plain data.

    Returns
    -------
    dict
        ``assignment``, ``date``, ``students``, ``max``, ``mean``, ``median`` (None for nobody),
        ``distribution`` (students by tenths of the points), ``exercises`` (hardest first:
        ``share`` of the points, ``solved`` by so many), ``misconceptions`` (most frequent first),
        ``flagged``, ``slowest``, ``similar`` (groups of students whose answers are alike: ``who``,
        ``exercises``), ``people`` (student → ``score``, ``share`` of the points, ``missing``:
        exercise → in how many hand-ins in a row, ``hand_ins``: ``time`` and ``share`` of each).
    """
    scores = {s: max(0.0, own["score"] - own["penalty"]) for s, own in totals.items() if s in marks}
    counts = [0] * BINS
    for score in scores.values():
        share = score / assignment.points if assignment.points else 0.0
        counts[min(BINS - 1, int(BINS * share))] += 1
    rows = [
        row | {"student": student}
        for student, mark in sorted(marks.items())
        for row in mark["exercises"]
    ]
    return {
        "assignment": assignment.name,
        "date": datetime.datetime.now().strftime("%Y-%m-%d %H:%M"),
        "students": len(scores),
        "max": assignment.points,
        "mean": round(statistics.fmean(scores.values()), 2) if scores else None,
        "median": round(statistics.median(scores.values()), 2) if scores else None,
        "distribution": counts,
        "exercises": _exercises(rows),
        "misconceptions": _misconceptions(rows),
        "flagged": [
            {
                "student": student,
                "score": scores.get(student, 0.0),
                "status": mark["status"],
                "reason": mark["reason"],
                "flags": mark["flags"],
            }
            for student, mark in sorted(marks.items())
            if mark["flags"] or mark["reason"]
        ],
        "slowest": _slowest(rows),
        "similar": _similar(assignment, marks),
        "people": {
            student: _person(mark, scores[student], assignment.points)
            for student, mark in sorted(marks.items())
            if student in scores
        },
    }


def _person(mark: dict[str, Any], score: float, most: float) -> dict[str, Any]:
    """Return one student: what counts, and where they are stuck."""
    history = mark["history"]
    missing = {}
    for exercise in history[-1]["missing"] if history else ():
        solved = (
            place for place, one in enumerate(reversed(history)) if exercise not in one["missing"]
        )
        missing[exercise] = next(solved, len(history))
    hand_ins = [
        {"time": one["time"], "share": round(one["score"] / (most or 1), 4)} for one in history
    ]
    share = round(score / (most or 1), 4)
    return {"score": score, "share": share, "missing": missing, "hand_ins": hand_ins}


def _similar(assignment: Assignment, marks: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return groups of students whose answers are alike, notebook by notebook."""
    found = []
    for original in assignment.notebooks.values():
        known = {
            cell.exercise: [
                similar.tokens(text, original.given)
                for text in (cell.source, original.released(cell))
            ]
            for cell in original.cells
            if cell.kind == "solution"
        }
        answers = {
            student: {
                row["exercise"]: row["code"]
                for row in mark["exercises"]
                if row["notebook"] == original.name
            }
            for student, mark in marks.items()
        }
        found += [
            {"notebook": original.name, "who": one.who, "exercises": one.exercises}
            for one in similar.groups(answers, known)
        ]
    return found


def _exercises(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["notebook"], row["exercise"]), []).append(row)
    found = [
        {
            "notebook": notebook,
            "exercise": exercise,
            "max": own[0]["max"],
            "share": round(sum(row["score"] for row in own) / (own[0]["max"] * len(own) or 1), 4),
            "solved": sum(row["score"] >= row["max"] for row in own),
            "students": len(own),
        }
        for (notebook, exercise), own in groups.items()
    ]
    return sorted(found, key=lambda row: row["share"])


def _misconceptions(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    who: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        for met in row["misconceptions"]:
            key = (row["notebook"], row["exercise"], met["says"])
            who.setdefault(key, []).append(row["student"])
    found = [
        {"notebook": n, "exercise": e, "says": says, "students": len(own), "who": own}
        for (n, e, says), own in who.items()
    ]
    return sorted(found, key=lambda row: -row["students"])


def _slowest(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    slow = sorted(rows, key=lambda row: -row["slowest"])[:SHOWN]
    return [
        {key: row[key] for key in ("student", "notebook", "exercise")} | {"seconds": row["slowest"]}
        for row in slow
        if row["slowest"] >= SLOW
    ]


def _chart(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the bars of the distribution in units of the picture, 60 wide and 120 high."""
    most = max(found["distribution"], default=0) or 1
    return [
        {
            "x": 64 * index,
            "height": round(110 * count / most, 1),
            "count": count,
            "label": 100 * index // BINS,
        }
        for index, count in enumerate(found["distribution"])
    ]
