"""Pairs of answers to be compared, as they stand in ``data/labels``, and what can be said of them.

The answers were written by mini-sft and are shipped as text, so that labels keep their meaning
when the models are trained again. ``FEATURES`` says an answer in a handful of numbers with names:
too few for a real reward model, and few enough to be learned from thirty comparisons.
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from course import paths
from course.errors import CourseError
from course.language import N_, _
from course.world import labeler
from course.world.labeler import Judgement
from course.world.talk import Example, Turn

FOLDER = paths.DATA / "labels"
# Name → what is measured, and the points that the village's labeler gives to one of it.
FEATURES: dict[str, tuple[Callable[[Judgement], float], float]] = {
    N_("does what was asked"): (lambda j: float(j.right), labeler.RIGHT),
    N_("false statement"): (lambda j: float(j.false), labeler.FALSE),
    N_("polite"): (lambda j: float(j.polite), labeler.POLITE),
    N_("rude"): (lambda j: float(j.rude), labeler.RUDE),
    N_("helps to do harm"): (lambda j: float(j.harms), labeler.HARM),
    N_("sentence without sense"): (lambda j: float(j.empty), labeler.EMPTY),
    N_("ten more words"): (lambda j: j.words / 10, 10 * labeler.WORD),
}


@dataclass(frozen=True)
class Asked:
    """A request, what a labeler may look up (``fact``), and what the village's labeler needs."""

    request: str
    fact: str
    kind: str
    turn: Turn

    def judged(self, answer: str) -> Judgement:
        """Return what the village's labeler finds in an answer."""
        return labeler.judge(self.kind, self.turn, answer)

    def text(self, answer: str) -> str:
        """Return request and answer as the chat models read them."""
        return Example(self.kind, (replace(self.turn, answer=answer),)).text()


@dataclass(frozen=True)
class Pair:
    """Two answers to one request; ``pair`` is its name."""

    pair: str
    asked: Asked
    answers: tuple[str, str]

    def judged(self) -> tuple[Judgement, Judgement]:
        """Return what the village's labeler finds in both answers."""
        first, second = self.answers
        return self.asked.judged(first), self.asked.judged(second)

    def chance(self) -> float:
        """Return the probability that the village's labeler takes answer A."""
        first, second = self.judged()
        return labeler.prefers(first.score, second.score)


def read() -> list[Pair]:
    """Return the shipped pairs of answers.

    Raises
    ------
    CourseError
        If the file isn't there.
    """
    return [
        Pair(row["pair"], _asked(row), (row["answer_a"], row["answer_b"]))
        for row in rows(FOLDER / "answers.csv")
    ]


def lots() -> list[tuple[Asked, list[str]]]:
    """Return the shipped requests with four answers each.

    Raises
    ------
    CourseError
        If the file isn't there.
    """
    found: dict[str, tuple[Asked, list[str]]] = {}
    for row in rows(FOLDER / "best_of.csv"):
        found.setdefault(row["request"], (_asked(row), []))[1].append(row["answer"])
    return list(found.values())


def _asked(row: dict[str, str]) -> Asked:
    turn = Turn(row["request"], "", row["subject"], row["attribute"], row["premise"])
    return Asked(row["request"], row["fact"], row["kind"], turn)


def rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a shipped CSV file.

    Raises
    ------
    CourseError
        If it isn't there.
    """
    try:
        with path.open(encoding="utf-8", newline="") as f:
            return list(csv.DictReader(f))
    except FileNotFoundError:
        text = _("{name} is missing: restore data/labels with git.")
        raise CourseError(text.format(name=path.name)) from None


def features(judgement: Judgement) -> list[float]:
    """Return the named features of an answer, in the order of ``FEATURES``."""
    return [measure(judgement) for measure, _ in FEATURES.values()]
