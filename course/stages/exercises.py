"""The heart of each stage, taken from the notebooks: the exercises are the implementation.

`load` reads functions out of a lesson: our own answers if ``source/`` is here, else the learner's
from ``work/``, if they pass their visible checks. Only imports and answers are run (of a learner's
notebook also the functions of ordinary cells, since an answer may call one), never a demo.
No sandbox: it is the learner's own code on the learner's own computer. Hidden checks aren't looked
at, and `course.grader` isn't used: grading is another matter.
"""

import ast
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from course import paths
from course.errors import CourseError

Namespace = dict[str, Any]


class MissingExercise(CourseError):
    """There is no answer to build on; the stage takes its recorded run instead."""


class Exercises(dict[str, Callable[..., Any]]):
    """Functions by name, ready to be passed on as ``**exercises``.

    Attributes
    ----------
    origin : str
        Whose answers they are: ``"source"`` (ours) or ``"work"`` (the learner's).
    """

    def __init__(self, functions: Mapping[str, Callable[..., Any]], origin: str) -> None:
        super().__init__(functions)
        self.origin = origin


def load(lesson: str, *names: str, root: Path | None = None) -> Exercises:
    """Return the functions `names` of a lesson.

    Parameters
    ----------
    lesson : str
        Such as ``"05_instruction_following"``.
    *names : str
        The exercises.
    root : Path, optional
        The course's folder.

    Returns
    -------
    Exercises
        Name → function, and where they come from.

    Raises
    ------
    MissingExercise
        If neither ``source/`` nor ``work/`` holds an answer, or the learner's isn't right yet.
    """
    root = root or paths.ROOT
    file = Path(lesson) / f"{lesson}.ipynb"
    for origin in ("source", "work"):
        if (root / origin / file).exists():
            break
    else:
        raise MissingExercise(
            f"There is no notebook of lesson {lesson}: run `python3 start.py lab` and answer "
            f"{', '.join(names)} there."
        )
    where = f"{origin}/{lesson}"
    cells = _cells(root / origin / file)
    namespace = _run(cells, names, where, helpers=origin == "work")
    if origin == "work":
        release = root / "release" / file
        checks = _cells(release) if release.exists() else cells
        for name in names:
            _check(name, checks, namespace, where)
    return Exercises({name: namespace[name] for name in names}, origin)


def _cells(path: Path) -> list[tuple[str, str, str]]:
    """Return the code cells of a notebook: kind (code, solution, grade), exercise, source."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))["cells"]
        found = []
        for cell in raw:
            if cell["cell_type"] != "code":
                continue
            meta = cell["metadata"].get("nbgrader", {})
            kind = "grade" if meta.get("grade") else "solution" if meta.get("solution") else "code"
            name = meta.get("grade_id", "")
            name = name.rpartition("_")[0] if kind == "grade" else name
            found.append((kind, name, "".join(cell["source"])))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise MissingExercise(
            f"{path.name} in {path.parent.parent.name}/ is damaged: take a fresh copy of it from "
            "release/ and put your answers in again."
        ) from None
    return found


def _run(
    cells: list[tuple[str, str, str]], names: tuple[str, ...], where: str, *, helpers: bool
) -> Namespace:
    """Return the names that imports, answers and (perhaps) the learner's helpers define."""
    namespace: Namespace = {"__name__": where}
    for kind, name, source in cells:
        if kind == "code":
            code = ast.unparse(ast.Module(list(_quiet(source, helpers)), []))
        elif kind == "solution" and name in names:
            code = source
        else:
            continue
        try:
            exec(compile(code, f"<{where}: {name or 'a cell'}>", "exec"), namespace)
        except (Exception, SystemExit) as error:
            if kind == "code":
                continue  # if an answer needs what is missing now, its check will say so
            raise MissingExercise(f"{name} of {where} stops with {_said(error)}.") from None
    for name in names:
        if not callable(namespace.get(name)):
            raise MissingExercise(f"There is no function {name} in {where}: answer it there.")
    return namespace


def _quiet(source: str, helpers: bool) -> Iterator[ast.stmt]:
    """Yield what an ordinary cell defines without doing anything: imports, perhaps functions."""
    lines = (" " if line.startswith(("%", "!")) else line for line in source.split("\n"))
    try:
        body = ast.parse("\n".join(lines)).body
    except SyntaxError:
        return
    for statement in body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            # Of the course only the checks: what plots and grades has no place in a training run.
            if isinstance(statement, ast.ImportFrom):
                modules = [statement.module or "."]
            else:
                modules = [alias.name for alias in statement.names]
            ours = [m for m in modules if m.split(".")[0] == "course"]
            if not ours or ours == ["course.checks"]:
                yield statement
        elif helpers and isinstance(statement, ast.FunctionDef | ast.ClassDef):
            yield statement


def _check(name: str, checks: list[tuple[str, str, str]], namespace: Namespace, where: str) -> None:
    """Raise MissingExercise unless `name` passes its visible checks and lets gradients through."""
    mine = [
        _visible(source) for kind, exercise, source in checks if (kind, exercise) == ("grade", name)
    ]
    if not mine:
        raise MissingExercise(
            f"There are no checks for {name}: take a fresh copy of the lesson from release/."
        )
    trial = dict(namespace)  # what a check leaves behind must not reach the answers
    trial[name] = _traced(namespace[name], name, where)
    for source in mine:
        try:
            with torch.enable_grad():  # who loads an answer may do so within torch.no_grad()
                exec(compile(source, f"<{where}: a check of {name}>", "exec"), trial)
        except MissingExercise:
            raise
        except NotImplementedError:
            raise MissingExercise(f"{name} of {where} isn't answered yet.") from None
        except (Exception, SystemExit) as error:
            text = f"{name} of {where} doesn't pass its visible checks: {_said(error)}"
            raise MissingExercise(text) from None


def _visible(check: str) -> str:
    """Return a check as it is released."""
    kept, hidden = [], False
    for line in check.split("\n"):
        hidden = hidden or "BEGIN HIDDEN TESTS" in line
        if not hidden:
            kept.append(line)
        hidden = hidden and "END HIDDEN TESTS" not in line
    return "\n".join(kept)


def _traced(function: Callable[..., Any], name: str, where: str) -> Callable[..., Any]:
    """Return `function` so that it says when the way back for the gradient is cut.

    The first argument of a torch exercise is what is trained. A detached result has the right value
    and teaches the model nothing, which no check of values can see.
    """

    def call(*arguments: Any, **named: Any) -> Any:
        first, *rest = arguments or (None,)
        if not (isinstance(first, torch.Tensor) and first.is_floating_point()):
            return function(*arguments, **named)
        result = function(first.clone().requires_grad_() * 1.0, *rest, **named)
        if isinstance(result, torch.Tensor) and not result.requires_grad:
            raise MissingExercise(
                f"{name} of {where} gives the right values but cuts the way back that training "
                "needs: leave out .detach(), torch.no_grad() and torch.tensor(...) of a result."
            )
        return result

    return call


def _said(error: BaseException) -> str:
    """Return an exception in one line."""
    text = " ".join(str(error).split()).rstrip(".")
    if isinstance(error, AssertionError) and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
