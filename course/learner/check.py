"""A learner's own scorecard: what their notebook would score, and what each failed check found.

With ``source/`` at hand the checks come from there, hidden ones included, and the points are the
instructor's. Without it the visible checks of ``release/`` run, and there is no score. Nothing is
written, and no hidden check is ever shown: only its message.
"""

import difflib
from pathlib import Path
from typing import Any

from tqdm import tqdm

from course import paths
from course.errors import CourseError
from course.grader import execute, notebook, settings
from course.grader.job import Outcome
from course.grader.notebook import Cell, Notebook, UnreadableError
from course.grader.words import NOT_YET
from course.grader.worker import DIED, TIMED_OUT
from course.hooks import HOOKS

__all__ = ["NOT_YET", "check", "locate", "mine", "show"]

HIDDEN_LATER = "Hidden checks run when your instructor grades; these are the visible ones."
FRESH = "take an older copy of it, or a fresh one from release/."


def check(
    notebook_name: str, *, root: Path | None = None, title: str = "Checking"
) -> dict[str, Any]:
    """Run a learner's notebook with the checks of its lesson.

    Parameters
    ----------
    notebook_name : str
        The path of a notebook, or a lesson's name for the copy in ``work/``.
    root : Path, optional
        The course's folder.
    title : str
        What stands before the progress bar.

    Returns
    -------
    dict
        ``ok`` (all checks pass), ``lesson``, ``students``: ``{"me": {score, max, status, reason,
        flags, cells}}``, ``exercises``: rows with ``exercise``, ``score``, ``max``, ``message``;
        ``misconceptions``: rows with ``exercise``, ``check``, ``says``. ``flags`` names what may
        end otherwise the next time: a cell that took too long, or ended Python.
        Without ``source/`` all scores are None, and ``visible`` is [passed, all] checks.

    Raises
    ------
    CourseError
        If there is no such notebook, it is damaged, or its name is no lesson's.
    """
    root = root or paths.ROOT
    path = locate(notebook_name, root)
    lesson = path.stem
    original = notebook.path_of(lesson, root / "source")
    full = original.exists()
    if not full:
        original = notebook.path_of(lesson, root / "release")
    truth = notebook.cells(notebook.read(original))
    restored = notebook.restore(mine(path), truth)
    if not restored.answers:
        raise CourseError(
            f"{path.name} holds no exercise of this lesson: copy your answers into a fresh "
            "notebook from release/."
        )

    cells = [cell for cell in restored.cells if cell.runs]
    with tqdm(total=len(cells), desc=title, unit="cell", disable=None, leave=False) as bar:
        timeout = settings.cell_seconds(root)
        codes = [cell.source for cell in cells]
        outcomes = execute.run(codes, path.parent, timeout, root, tick=bar.update)
    ran = list(zip(cells, outcomes, strict=True))

    names = dict.fromkeys(cell.exercise for cell in truth if cell.kind == "grade")
    exercises = [_exercise(name, ran, full, timeout) for name in names]
    scores = {c.name: c.points if o.passed else 0.0 for c, o in ran if c.kind == "grade"}
    passed = sum(outcome.passed for cell, outcome in ran if cell.kind == "grade")
    unsteady = {TIMED_OUT["error"], DIED["error"]}
    me: dict[str, Any] = {
        "score": sum(scores.values()) if full else None,
        "max": sum(cell.points for cell in truth if cell.kind == "grade"),
        "status": "checked" if full else "visible checks only",
        "reason": "" if full else HIDDEN_LATER,
        "flags": sorted({str(o.error) for _, o in ran} & unsteady),
        "cells": scores if full else {c.name: o.passed for c, o in ran if c.kind == "grade"},
    }
    visible = {} if full else {"visible": [passed, len(scores)]}
    return {
        "ok": passed == len(scores),
        "lesson": lesson,
        "students": {"me": me | visible},
        "exercises": exercises,
        "misconceptions": [
            {"exercise": cell.exercise, "check": cell.name, "says": says}
            for cell, outcome in ran
            if (says := HOOKS.misconception(cell, outcome))
        ],
    } | visible


def show(result: dict[str, Any]) -> None:
    """Print the scorecard for people."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    me = result["students"]["me"]
    full = me["score"] is not None
    table = Table(title=result["lesson"], title_justify="left")
    table.add_column("exercise")
    table.add_column("points" if full else "visible checks", justify="right")
    table.add_column("what the checks say")
    for row in result["exercises"]:
        got, most = (row["score"], row["max"]) if full else row["visible"]
        table.add_row(row["exercise"], f"{got:g} of {most:g}", Text(row["message"] or "all right"))
    console = Console()
    console.print(table)
    if full:
        console.print(f"{me['score']:g} of {me['max']:g} points.")
    else:
        console.print("{} of {} visible checks pass. {}".format(*me["visible"], me["reason"]))
    for note in result.get("notes", []):
        console.print(Text(note))


def mine(path: Path) -> Notebook:
    """Return a learner's own notebook.

    Raises
    ------
    CourseError
        If it can't be read, with what to do about it.
    """
    try:
        return notebook.load(path)
    except FileNotFoundError:
        raise CourseError(f"There is no notebook {path}: check its name.") from None
    except UnreadableError as error:
        raise CourseError(f"{str(error).rstrip('.')}; else {FRESH}") from None


def locate(name: str, root: Path) -> Path:
    """Return the notebook that `name` means; its file name is the lesson's.

    Raises
    ------
    CourseError
        If there is none, or its name is no lesson's.
    """
    lessons = settings.lessons(root)
    path = Path(name)
    if path.is_dir() and not (name in lessons and path.parent == Path()):
        path = path / f"{path.resolve().name}.ipynb"
    elif path.suffix != ".ipynb":
        if name not in lessons:
            raise CourseError(settings.unknown(name, lessons))
        path = notebook.path_of(name, root / "work")
        if not path.exists():
            raise CourseError(
                f"There is no work/{name}/{name}.ipynb yet: run `python3 start.py`, which copies "
                "the lessons, or give the path of your notebook."
            )
    if not path.exists():
        raise CourseError(f"There is no notebook {path}: check its name.")
    if path.stem not in lessons:
        near = difflib.get_close_matches(path.stem, lessons, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]}.ipynb?" if near else "it must be called as the lesson is."
        raise CourseError(f"{path.name} isn't the name of a lesson's notebook: {hint}")
    return path


def _exercise(
    name: str, ran: list[tuple[Cell, Outcome]], full: bool, timeout: float
) -> dict[str, Any]:
    """Return the row of one exercise: points, and the first thing that went wrong."""
    own = [(cell, outcome) for cell, outcome in ran if cell.exercise == name]
    graded = [(cell, outcome) for cell, outcome in own if cell.kind == "grade"]
    failed = [(cell, outcome) for cell, outcome in own if not outcome.passed]
    row = {
        "exercise": name,
        "score": sum(cell.points for cell, o in graded if o.passed) if full else None,
        "max": sum(cell.points for cell, _ in graded),
        "message": HOOKS.message(*failed[0], timeout) if failed else "",
    }
    if not full:
        row["visible"] = [sum(outcome.passed for _, outcome in graded), len(graded)]
    return row
