"""A learner's own scorecard: what their notebook would score, and what each failed check found.

With ``source/`` at hand the checks come from there, hidden ones included, and the points are the
instructor's. Without it the visible checks of ``release/`` run, and there is no score. Nothing is
written, and no hidden check is ever shown: only its message.

A check that fails may name a *misconception*. Of a message we know by its end: advice that the
cell's author wrote for one wrong answer is a whole string of the cell, while a fault of type, shape
or value is put together from what the learner's function returned.
"""

import ast
import difflib
import functools
from pathlib import Path
from typing import Any

from tqdm import tqdm

from course import paths
from course.errors import CourseError
from course.grader import execute, notebook
from course.grader.execute import Outcome
from course.grader.notebook import Cell
from course.grader.worker import DIED, TIMED_OUT

HIDDEN_LATER = "Hidden checks run when your instructor grades; these are the visible ones."
NOT_YET = "not answered yet"


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
    mine = notebook.cells(notebook.read(path))
    if not {cell.name for cell in mine if cell.name} & {cell.name for cell in truth if cell.name}:
        raise CourseError(
            f"{path.name} holds no exercise of this lesson (the cells lost their marks): "
            "copy your answers into a fresh notebook from release/."
        )

    cells = [cell for cell in notebook.restore(mine, truth) if cell.kind != "text"]
    with tqdm(total=len(cells), desc=title, unit="cell", disable=None, leave=False) as bar:
        timeout = notebook.cell_seconds(root)
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
            if (says := misconception(cell, outcome))
        ],
    } | visible


def misconception(cell: Cell, outcome: Outcome) -> str:
    """Return the words by which a check's author names the mistake that it met, or ""."""
    if cell.kind != "grade" or outcome.error != "AssertionError":
        return ""
    said = " ".join(outcome.message.split()).partition(" (Your answer: ")[0]
    ends = [text for text in _texts(cell.source) if said.endswith(text)]
    if not ends:
        return ""
    advice = max(ends, key=len)
    before = said.removesuffix(advice)
    # "shares, given two scores: advice" → the advice; "decide, 'x': look again. advice" → all of it
    return advice if before.endswith(": ") else said.removeprefix(cell.exercise).lstrip(",: ")


@functools.cache
def _texts(source: str) -> list[str]:
    """Return the strings of a cell that may be advice: three words or more, nothing filled in."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    nodes = list(ast.walk(tree))
    filled = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    texts = [n.value for n in nodes if isinstance(n, ast.Constant) and id(n) not in filled]
    words = [" ".join(text.split()) for text in texts if isinstance(text, str)]
    return [text for text in words if text.count(" ") >= 2]


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


def locate(name: str, root: Path) -> Path:
    """Return the notebook that `name` means; its file name is the lesson's.

    Raises
    ------
    CourseError
        If there is none, or its name is no lesson's.
    """
    lessons = notebook.lessons(root)
    path = Path(name)
    if path.is_dir() and not (name in lessons and path.parent == Path()):
        path = path / f"{path.resolve().name}.ipynb"
    elif path.suffix != ".ipynb":
        if name not in lessons:
            raise CourseError(notebook.unknown(name, lessons))
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
        "message": message_of(*failed[0], timeout) if failed else "",
    }
    if not full:
        row["visible"] = [sum(outcome.passed for _, outcome in graded), len(graded)]
    return row


def message_of(cell: Cell, outcome: Outcome, timeout: float) -> str:
    """Say in words for a learner how `cell` failed."""
    text = " ".join(outcome.message.split())
    where = "your answer" if cell.kind == "solution" else "a check"
    hidden = outcome.line in notebook.hidden_lines(cell.source) and cell.kind == "grade"
    if hidden:
        where = "a hidden check"
    if outcome.error == "NotImplementedError":
        return NOT_YET
    if outcome.error == TIMED_OUT["error"]:
        return f"{where} took longer than {timeout:g} seconds"
    if outcome.error == DIED["error"]:
        return f"{where} ended Python (by exit, or out of memory)"
    if outcome.error == "AssertionError" and cell.kind == "grade":
        return text or f"{where} fails"
    return f"{where} stopped with {outcome.error}" + (f": {text}" if text else "")
