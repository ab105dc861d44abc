"""What came of a notebook, exercise by exercise: points, and what went wrong first, in words.

The same for a learner's own check and for the grading of a class. Points and message go together:
an exercise with all its points has no message, whatever else a cell did. If a check fails because a
name is missing, the message says why it is missing.
"""

import ast
import functools
import re
from collections.abc import Mapping
from typing import Any

from course.grader.hooks import Hooks
from course.grader.job import Job, Outcome, Ran, Result
from course.grader.notebook import Cell
from course.grader.source import SourceNotebook

UNDEFINED = re.compile(r"name '(\w+)' is not defined")


def earned(cell: Cell, result: Result, ignored: re.Pattern[str] | None = None) -> float:
    """Return a check's points, as nbgrader determines them from what its cell has put out.

    Parameters
    ----------
    cell : Cell
    result : Result
    ignored : pattern, optional
        nbgrader's `IgnorePattern`: what may appear on stderr.
    """
    if result.error is not None:
        return 0.0
    for output in result.outputs:
        kind = output["output_type"]
        if kind == "stream" and output["name"] == "stderr":
            if ignored is None or not ignored.search(output["text"]):
                return 0.0
        elif kind == "error":
            return 0.0
        elif kind == "execute_result":
            return _part(output["data"].get("text/plain", ""), cell.points)
    return cell.points


def _part(text: str, most: float) -> float:
    """Return the points that a last line gives; anything but a number in range gives all."""
    try:
        points = float(text)
    except (TypeError, ValueError):
        return most
    if points > most:
        return 0.0  # nbgrader refuses the submission; `record` says so
    return points if points >= 0 else most


def exercises(
    original: SourceNotebook,
    job: Job | None,
    ran: Ran | None,
    points: Mapping[str, float | None],
    hooks: Hooks,
    seconds: float,
) -> list[dict[str, Any]]:
    """Return a row for each exercise of a notebook.

    Parameters
    ----------
    original : SourceNotebook
    job : Job or None
        What was to run; None if there was nothing.
    ran : Ran or None
        How it went.
    points : mapping of str to float
        Check → the points that it gave.
    hooks : Hooks
    seconds : float
        That a cell may take.

    Returns
    -------
    list of dict
        ``exercise``, ``score``, ``max``, ``passed`` (of so many checks), ``checks``, ``message``
        (what went wrong first, in words for a learner; "" if no points are missing),
        ``misconceptions`` (rows with ``check`` and ``says``), ``seconds`` and ``slowest`` (of its
        cells).
    """
    rows: dict[str, dict[str, Any]] = {}
    for cell in original.cells:
        if cell.kind != "grade":
            continue
        row = rows.setdefault(
            cell.exercise,
            {
                "exercise": cell.exercise,
                "score": 0.0,
                "max": 0.0,
                "passed": 0,
                "checks": 0,
                "message": "",
                "misconceptions": [],
                "seconds": 0.0,
                "slowest": 0.0,
            },
        )
        got = points.get(cell.name) or 0.0
        row["score"] += got
        row["max"] += cell.points
        row["checks"] += 1
        row["passed"] += got >= cell.points
    steps = list(zip(job.steps, ran.cells, strict=True)) if job and ran else []
    for _, result in steps:
        if result.exercise not in rows:
            continue
        row = rows[result.exercise]
        row["seconds"] = round(row["seconds"] + result.seconds, 4)
        row["slowest"] = round(max(row["slowest"], result.seconds), 4)
        if result.error is None or not result.grade:
            continue
        check = original.known[result.grade]
        outcome = result.outcome
        row["message"] = (
            row["message"]
            or _cause(original, steps, outcome, hooks, seconds)
            or hooks.message(check, outcome, seconds)
        )
        says = hooks.misconception(check, outcome)
        if says and says not in [one["says"] for one in row["misconceptions"]]:
            row["misconceptions"].append({"check": result.grade, "says": says})
    for row in rows.values():
        if row["passed"] == row["checks"]:
            row["message"] = ""
        elif steps and not row["message"]:
            left = row["checks"] - row["passed"]
            row["message"] = f"{left} of {row['checks']} checks give a part of their points"
    return list(rows.values())


def _cause(
    original: SourceNotebook,
    steps: list[tuple[Any, Result]],
    outcome: Outcome,
    hooks: Hooks,
    seconds: float,
) -> str:
    """Return why a name isn't defined, in words; "" if that isn't what a check fails for."""
    missing = UNDEFINED.search(outcome.message) if outcome.error == "NameError" else None
    if missing is None:
        return ""
    for step, result in steps:
        failed = [(result.error, result.message), (result.trusted_error, result.trusted_message)]
        for error, message in failed:
            if error is not None and not step.grade and missing[1] in binds(step.source):
                cell = original.known.get(result.exercise) or Cell("code", step.source)
                return hooks.message(cell, Outcome(error, message, result.line), seconds)
    return ""


@functools.lru_cache(maxsize=1000)
def binds(source: str) -> frozenset[str]:
    """Return the names that a cell would define or import, if it ran to its end."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return frozenset(re.findall(r"(?m)^\W*(?:async +)?(?:def|class) +(\w+)", source))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
    return frozenset(names)
