"""Statements that learners decide, and what is right: true, false or not published, and a figure.

What a lesson asks lies in ``data/verdicts/LESSON.csv``, for everybody to read: ``id``,
``statement``, ``figure`` (what to look up or to compute) and ``kind`` of the figure, ``number`` or
``words``. What is right has one home, the hidden tests of the source notebook; ``course build``
copies it into ``LESSON.txt`` next to it (`encode`), from where the lesson tells a learner once all
is decided.

That file is packed so that nobody reads it by accident; it is no lock, since the lesson shows its
content to everyone who has decided. An instructor who wants verdicts to come with the marks alone
deletes it: everything else goes on.
"""

import base64
import csv
import json
import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from course import paths
from course.errors import CourseError
from course.language import N_, _

EXERCISE = "decide"  # its name in every lesson that has one
VERDICTS = ("true", "false", "not published")
KINDS = {"number": N_("a number (a billion is 1e9)"), "words": N_("a string")}
COLUMNS = ("id", "statement", "figure", "kind")
CLOSE = 0.01  # how far from a real number an answer may be, as a part of it


def place(folder: Path | None = None) -> Path:
    """Return the folder of all statements and verdicts; `folder` is the course's."""
    return (folder / "data" if folder else paths.DATA) / "verdicts"


# --- what is asked --------------------------------------------------------------------------------


def asked(lesson: str, folder: Path | None = None) -> dict[str, dict[str, str]]:
    """Return the statements of a lesson: id → ``statement``, ``figure`` and ``kind``.

    Parameters
    ----------
    lesson : str
    folder : Path, optional
        The course's.

    Raises
    ------
    CourseError
        If they aren't there, or can't be read.
    """
    path = place(folder) / f"{lesson}.csv"
    again = _("restore data/verdicts with git.")
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError:
        raise CourseError(
            _("There are no statements in {name}: {again}").format(name=path.name, again=again)
        ) from None
    except (OSError, UnicodeDecodeError):
        raise CourseError(
            _("{name} can't be read: {again}").format(name=path.name, again=again)
        ) from None
    if not rows or any(tuple(row) != COLUMNS or row["kind"] not in KINDS for row in rows):
        raise CourseError(_("{name} is damaged: {again}").format(name=path.name, again=again))
    return {row["id"]: {key: row[key] for key in COLUMNS[1:]} for row in rows}


def fault(answers: Any, name: str, statement: Mapping[str, str]) -> str:
    """Return what is wrong with the form of one answer, in a sentence; "" if nothing is.

    Parameters
    ----------
    answers : dict of str to tuple
        What the learner's function returned.
    name : str
        The statement's id.
    statement : dict
        As `asked` gives it.
    """
    if answers is None:
        return _("{it} is None. Did you forget `return`?").format(it=_("the answer"))
    if not isinstance(answers, Mapping):
        text = _("the answer is {got}; a dictionary is asked for.")
        return text.format(got=_brief(answers))
    quoted = repr(name)
    if name not in answers:
        return _("there is no answer for {name}.").format(name=quoted)
    answer = answers[name]
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        text = _("{name} is {got}; two things are asked for, (verdict, figure).")
        return text.format(name=quoted, got=_brief(answer))
    verdict, figure = answer
    if verdict is None or figure is None:
        text = _("{name} isn't decided yet: put a verdict and a figure in place of None.")
        return text.format(name=quoted)
    if not isinstance(verdict, str) or verdict not in VERDICTS:
        words = ", ".join(map(repr, VERDICTS))
        text = _("{name}: {got} isn't a verdict; take one of {words}.")
        return text.format(name=quoted, got=_brief(verdict), words=words)
    kind = "words" if isinstance(figure, str) else "number" if is_number(figure) else ""
    if kind != statement["kind"]:
        text = _("{name}: the figure is {got}, but {want} is asked for.")
        return text.format(name=quoted, got=_brief(figure), want=_(KINDS[statement["kind"]]))
    return ""


def expect_form(lesson: str, decide: Callable[[], Any], *names: str) -> None:
    """Check the form of the answers for the statements `names`, not whether they are right.

    Parameters
    ----------
    lesson : str
    decide : callable
        The learner's function; it returns a dictionary, id → (verdict, figure).
    *names : str
        Ids of statements.

    Raises
    ------
    AssertionError
        If there is no answer for one of them, or one has another form.
    """
    answers, statements = decide(), asked(lesson)
    for name in names:
        found = fault(answers, name, statements[name])
        assert not found, f"{EXERCISE}: {found}"


def is_number(figure: Any) -> bool:
    """Tell whether a figure is a real number; nan, infinity and True are none."""
    figure = _plain(figure)
    return isinstance(figure, Real) and not isinstance(figure, bool) and math.isfinite(figure)


# --- what is right --------------------------------------------------------------------------------


def told(lesson: str, folder: Path | None = None) -> dict[str, Sequence[Any]] | None:
    """Return what is right: id → (verdict, figure, reason); None where it isn't told.

    Raises
    ------
    CourseError
        If the file is there and can't be read.
    """
    path = place(folder) / f"{lesson}.txt"
    try:
        return decode(path.read_text(encoding="ascii"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, zlib.error):
        raise CourseError(
            _("{name} is damaged: restore data/verdicts with git, or delete the file.").format(
                name=path.name
            )
        ) from None


def right(answer: Sequence[Any], verdict: str, figure: float | str) -> tuple[bool, bool]:
    """Tell whether the verdict of an answer is right, and whether its figure is.

    A whole number has to be met exactly, another number to within one percent, words without regard
    to capitals.
    """
    given = _plain(answer[1])
    if isinstance(figure, str):
        same = isinstance(given, str) and _folded(given) == _folded(figure)
    elif not is_number(given):
        same = False
    elif isinstance(figure, Integral):
        same = given == figure
    else:
        same = abs(given - figure) <= CLOSE * abs(figure)
    return answer[0] == verdict, bool(same)


def expect_all(lesson: str, function: Callable[[], Any]) -> None:
    """Raise an AssertionError that says how many verdicts are right, if not all are.

    Where they aren't told, or aren't all decided, nothing happens.
    """
    answers, truth = function(), told(lesson)
    if truth is None or any(fault(answers, name, what) for name, what in asked(lesson).items()):
        return
    good = sum(all(right(answers[name], *what[:2])) for name, what in truth.items())
    text = _(
        "{got} of {all} are right, verdict and figure. The cell below {exercise} shows which, and "
        "why."
    )
    assert good == len(truth), text.format(got=good, all=len(truth), exercise=EXERCISE)


def encode(truth: Mapping[str, Sequence[Any]]) -> str:
    """Pack what is right into lines of text; `decode` gives it back."""
    packed = base64.b64encode(zlib.compress(json.dumps(truth).encode(), 9)).decode()
    return "".join(packed[at : at + 76] + "\n" for at in range(0, len(packed), 76))


def decode(text: str) -> dict[str, Sequence[Any]]:
    """Return what `encode` has packed.

    Raises
    ------
    ValueError, zlib.error
        If it is something else.
    """
    return json.loads(zlib.decompress(base64.b64decode(text)))


def _folded(words: str) -> str:
    return " ".join(words.casefold().split())


def _plain(figure: Any) -> Any:
    """Turn a number of numpy or torch into one of Python; all else stays as it is."""
    try:
        return figure.item() if hasattr(figure, "item") else figure
    except (ValueError, TypeError, RuntimeError):  # several numbers
        return figure


def _brief(thing: Any) -> str:
    text = " ".join(repr(thing).split())
    return text if len(text) <= 60 else text[:57] + "..."
