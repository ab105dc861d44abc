"""A learner's own scorecard: what their notebook would score, and what each failed check found.

With ``source/`` at hand the checks come from there, hidden ones included, and the points are the
instructor's. Without it the visible checks of ``release/`` run, and there is no score. Visible
checks of statements to decide look at the form alone, so there the verdicts that the lesson tells
are compared, too (`course.claims`). Nothing is written, and no hidden check is ever shown: only its
message.
"""

import dataclasses
import difflib
from pathlib import Path
from typing import Any

from tqdm import tqdm

from course import claims, paths
from course.errors import CourseError
from course.grader import local, notebook, results, settings
from course.grader.job import CHECK, Limits, Step
from course.grader.notebook import Notebook, UnreadableError
from course.grader.plan import plan
from course.grader.source import open_notebook
from course.grader.words import NOT_YET
from course.hooks import HOOKS
from course.language import N_, _
from course.translate import built

__all__ = ["NOT_YET", "check", "locate", "mine", "show"]

# They are kept in results, and translated where they are shown.
HIDDEN_LATER = N_("Hidden checks run when your instructor grades; these are the visible ones.")
ALL_RIGHT, VISIBLE_PASS = N_("all right"), N_("visible checks pass")
FORM_ONLY = N_("the form is right; your marks will tell whether the verdicts are")
FRESH = N_("take an older copy of it, or a fresh one from release/.")


def check(notebook_name: str, *, root: Path | None = None, title: str = "") -> dict[str, Any]:
    """Run a learner's notebook with the checks of its lesson.

    Parameters
    ----------
    notebook_name : str
        The path of a notebook, or a lesson's name for the copy in ``work/``.
    root : Path, optional
        The course's folder.
    title : str
        The words before the progress bar, if not "Checking".

    Returns
    -------
    dict
        ``ok`` (all checks pass), ``lesson``, ``students``: ``{"me": {score, max, status, reason,
        flags, cells}}``, ``exercises``: rows with ``exercise``, ``score``, ``max``, ``message``,
        ``note`` (what is to be said where there is no message);
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
    original = built.notebook(lesson, "source", root)
    full = original.exists()
    if not full:
        original = built.notebook(lesson, "release", root)
    source = open_notebook(original, root, HOOKS)
    restored, job = plan(mine(path), source)
    if not restored.answers:
        raise CourseError(
            _(
                "{name} holds no exercise of this lesson: copy your answers into a "
                "fresh notebook from release/."
            ).format(name=path.name)
        )

    limits = Limits(cell_seconds=settings.cell_seconds(root))
    job = dataclasses.replace(job, limits=limits)
    decides = not full and (claims.place(root) / f"{lesson}.csv").exists()
    if decides:
        code = f"from course import claims\nclaims.expect_all({lesson!r}, {claims.EXERCISE})"
        job = dataclasses.replace(job, steps=(*job.steps, Step(CHECK, code)))
    with tqdm(
        total=len(job.steps), desc=title or _("Checking"), unit="cell", disable=None, leave=False
    ) as bar:
        ran = local.run(job, path.parent, root, HOOKS, tick=bar.update)
    graded = [one for one in ran.cells if one.grade]
    ignored = settings.ignored(root)
    points = {one.grade: results.earned(source.known[one.grade], one, ignored) for one in graded}
    rows = results.exercises(source, job, ran, points, HOOKS, limits.cell_seconds)
    for row in rows:
        row["note"] = ALL_RIGHT if full else VISIBLE_PASS
        if decides and row["exercise"] == claims.EXERCISE and not row["message"]:
            if ran.cells[-1].error:
                row["message"] = ran.cells[-1].message
            else:
                row["note"] = ALL_RIGHT if claims.told(lesson, root) else FORM_ONLY
    passed = sum(row["passed"] for row in rows)
    me: dict[str, Any] = {
        "score": sum(points.values()) if full else None,
        "max": source.points,
        "status": "checked" if full else "visible checks only",
        "reason": "" if full else HIDDEN_LATER,
        "flags": sorted(ran.flags),
        "cells": points if full else {one.grade: one.passed for one in graded},
    }
    visible = {} if full else {"visible": [passed, len(graded)]}
    return {
        "ok": passed == len(graded) and not any(row["message"] for row in rows),
        "lesson": lesson,
        "students": {"me": me | visible},
        "exercises": [_row(row, full) for row in rows],
        "misconceptions": [
            {"exercise": row["exercise"]} | met for row in rows for met in row["misconceptions"]
        ],
    } | visible


def _row(row: dict[str, Any], full: bool) -> dict[str, Any]:
    """Return what a learner is told of an exercise: points only if all its checks have run."""
    told = {key: row[key] for key in ("exercise", "score", "max", "message", "note")}
    return told if full else told | {"score": None, "visible": [row["passed"], row["checks"]]}


def progress_of(got: float, most: float) -> str:
    """Return how much of something is reached, in words."""
    return _("{got} of {most}").format(got=f"{got:g}", most=f"{most:g}")


def show(result: dict[str, Any]) -> None:
    """Print the scorecard for people."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    me = result["students"]["me"]
    full = me["score"] is not None
    table = Table(title=result["lesson"], title_justify="left")
    table.add_column(_("exercise"))
    table.add_column(_("points") if full else _("visible checks"), justify="right")
    table.add_column(_("what the checks say"))
    for row in result["exercises"]:
        got, most = (row["score"], row["max"]) if full else row["visible"]
        said = _(row["message"] or row["note"])
        table.add_row(row["exercise"], progress_of(got, most), Text(said))
    console = Console()
    console.print(table)
    if full:
        text = _("{got} of {most} points.")
        console.print(text.format(got=f"{me['score']:g}", most=f"{me['max']:g}"))
    else:
        passed = _("{got} of {most} visible checks pass.").format(
            got=me["visible"][0], most=me["visible"][1]
        )
        console.print(f"{passed} {_(me['reason'])}")
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
        raise CourseError(
            _("There is no notebook {path}: check its name.").format(path=path)
        ) from None
    except UnreadableError as error:
        raise CourseError(
            _("{error}; else {advice}").format(error=str(error).rstrip("."), advice=_(FRESH))
        ) from None


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
                _(
                    "There is no work/{name}/{name}.ipynb yet: run `python3 start.py`, "
                    "which copies the lessons, or give the path of your notebook."
                ).format(name=name)
            )
    if not path.exists():
        raise CourseError(_("There is no notebook {path}: check its name.").format(path=path))
    if path.stem not in lessons:
        near = difflib.get_close_matches(path.stem, lessons, n=1, cutoff=0.4)
        hint = (
            _("did you mean {near}.ipynb?").format(near=near[0])
            if near
            else _("it must have the name of its lesson.")
        )
        raise CourseError(
            _("{name} isn't the name of a lesson's notebook: {hint}").format(
                name=path.name, hint=hint
            )
        )
    return path
