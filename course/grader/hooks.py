"""What the grader must know of the course that it grades: one object, made by that course.

Everything else it finds in ``nbgrader_config.py`` and in the source notebooks. `Hooks()` is a plain
nbgrader course; a course with a library, data or habits of its own says so in its fields and hands
the object in (`source.read` keeps it, in `Assignment`).
"""

import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from course.grader.errors import N_, GraderError
from course.grader.job import Outcome
from course.grader.notebook import Cell
from course.grader.words import message_of


def _nothing(root: Path) -> Mapping[str, str]:
    return {}


def _nowhere(root: Path) -> list[Path]:
    return []


def _unnamed(cell: Cell, outcome: Outcome) -> str:
    return ""


def _itself(folder: Path, root: Path) -> Path:
    return folder


def _one_language(name: str, root: Path) -> list[Path]:
    return []


def _english() -> str:
    return "en"


@dataclass(frozen=True)
class Hooks:
    """A course, as far as the grader can't see it for itself.

    Attributes
    ----------
    address : str
        ``module:name`` by which another process or machine finds this object again.
    home : function without arguments → path
        The course's folder on this machine, for a process that isn't told.
    command : str
        What people type to grade, for messages.
    checks : tuple of str
        Functions that checks call for their effect alone: as the last line of a check such a call
        has no value that could be taken for points.
    unless_grading : pattern or None
        Finds the condition of an ``if`` that is skipped while a notebook is graded; what is below
        it isn't imported.
    heading : pattern
        Finds an exercise's ``name`` and ``number`` in a text cell of the source.
    mounts : function of the course's folder → paths
        What notebooks read besides their own folder: libraries, data, caches. Shown to the sandbox,
        read-only, where they are. Scores depend on them, but for what is in `caches`.
    caches : function of the course's folder → paths
        As `mounts`, but no score depends on what is in there.
    environment : function of the course's folder → variables
        What notebooks find in their environment in addition to the grader's own variables.
    source : function of a lesson's folder in ``source/`` and the course's → path
        Where its notebooks and files are read: another folder if they are graded in another
        language. Names, kinds and points of cells are the same there.
    translations : function of a lesson's name and the course's folder → paths
        Where its notebooks are in each language in which they are handed out: a check in another
        language than that of grading isn't one that a student has changed.
    distributions : tuple of str
        Packages whose version scores depend on.
    shared : tuple of str
        Modules that hand-ins may import and that load without a thread: what several hand-ins ask
        for is loaded once for all of them.
    language : function without arguments → code
        In which language pages are now, such as ``"en"``.
    say : function of one of the grader's English texts → text
        The same in that language.
    message : function of a cell, its outcome and the seconds for a cell → text
        How a cell failed, in words for a learner.
    misconception : function of a cell and its outcome → text
        The words by which a check's author names the mistake that it met, or "".
    """

    address: str = "course.grader.hooks:PLAIN"
    home: Callable[[], Path] = Path.cwd
    command: str = "grade"
    checks: tuple[str, ...] = ()
    unless_grading: re.Pattern[str] | None = None
    heading: re.Pattern[str] = re.compile(r"(?P<number>)`(?P<name>\w+)`")
    mounts: Callable[[Path], list[Path]] = _nowhere
    caches: Callable[[Path], list[Path]] = _nowhere
    environment: Callable[[Path], Mapping[str, str]] = _nothing
    source: Callable[[Path, Path], Path] = _itself
    translations: Callable[[str, Path], list[Path]] = _one_language
    distributions: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    language: Callable[[], str] = _english
    say: Callable[[str], str] = str
    message: Callable[[Cell, Outcome, float], str] = message_of
    misconception: Callable[[Cell, Outcome], str] = _unnamed


PLAIN = Hooks()


def find(address: str) -> Hooks:
    """Return the hooks at ``module:name``.

    Raises
    ------
    GraderError
        If there are none.
    """
    module, _, name = address.partition(":")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise GraderError(
            N_("The grader's hooks {address} can't be loaded: {error}.").format(
                address=address, error=error
            )
        ) from None
    if not isinstance(found, Hooks):
        raise GraderError(
            N_("{address} isn't an object of the grader's hooks.").format(address=address)
        )
    return found
