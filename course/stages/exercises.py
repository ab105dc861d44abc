"""The heart of each stage, taken from the notebooks: the exercises are the implementation.

`load` reads functions out of a lesson: our own answers if ``source/`` is here, else the learner's
from ``work/``, if they pass their visible checks. Only imports and answers are run (of a learner's
notebook also the functions of ordinary cells, since an answer may call one), never a demo.
No sandbox: it is the learner's own code on the learner's own computer. Hidden checks aren't looked
at. Notebooks are read as `course check` reads them; grading is another matter.
"""

import ast
import functools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from course import paths
from course.checks import ask
from course.errors import CourseError
from course.grader import notebook
from course.grader.errors import GraderError
from course.grader.notebook import Cell, Notebook
from course.grader.shell import plain

Namespace = dict[str, Any]


class MissingExercise(CourseError):
    """There is no answer to build on; the stage takes its recorded run instead."""


class Exercises(dict[str, Any]):
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
    submitted = _read(root / origin / file)
    checks = notebook.cells(submitted)
    if origin == "work" and (root / "release" / file).exists():
        checks = notebook.cells(_read(root / "release" / file))
    cells = notebook.restore(submitted, checks).cells
    namespace = _run(cells, names, where, helpers=origin == "work")
    if origin == "work":
        for name in names:
            _check(name, checks, namespace, where)
            # As in checks: what a learner's function does to its arguments costs nothing.
            namespace[name] = functools.partial(ask, namespace[name])
    return Exercises({name: namespace[name] for name in names}, origin)


def _read(path: Path) -> Notebook:
    try:
        return notebook.read(path)
    except GraderError:
        raise MissingExercise(
            f"{path.name} in {path.parent.parent.name}/ is damaged: take a fresh copy of it from "
            "release/ and put your answers in again."
        ) from None


def _run(cells: list[Cell], names: tuple[str, ...], where: str, *, helpers: bool) -> Namespace:
    """Return the names that imports, answers and (perhaps) the learner's helpers define."""
    namespace: Namespace = {"__name__": where}
    for cell in cells:
        if cell.kind == "code":
            code = ast.unparse(ast.Module(list(_quiet(cell.source, helpers)), []))
        elif cell.kind == "solution" and cell.name in names:
            code = plain(cell.source)
        else:
            continue
        try:
            exec(compile(code, f"<{where}: {cell.name or 'a cell'}>", "exec"), namespace)
        except (Exception, SystemExit) as error:
            if cell.kind == "code":
                continue  # if an answer needs what is missing now, its check will say so
            raise MissingExercise(f"{cell.name} of {where} stops with {_said(error)}.") from None
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


def _check(name: str, checks: list[Cell], namespace: Namespace, where: str) -> None:
    """Raise MissingExercise unless `name` passes its visible checks and lets gradients through."""
    mine = [
        notebook.visible(cell.source)
        for cell in checks
        if (cell.kind, cell.exercise) == ("grade", name)
    ]
    if not mine:
        raise MissingExercise(
            f"There are no checks for {name}: take a fresh copy of the lesson from release/."
        )
    trial = dict(namespace)  # what a check leaves behind must not reach the answers
    trial[name] = _traced(namespace[name], name, where)
    for source in mine:
        try:
            with torch.enable_grad():  # our caller may be within torch.no_grad()
                exec(compile(source, f"<{where}: a check of {name}>", "exec"), trial)
        except MissingExercise:
            raise
        except NotImplementedError:
            raise MissingExercise(f"{name} of {where} isn't answered yet.") from None
        except (Exception, SystemExit) as error:
            text = f"{name} of {where} doesn't pass its visible checks: {_said(error)}"
            raise MissingExercise(text) from None


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
