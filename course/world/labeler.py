"""The labeler: rules that judge an answer by the village's facts, and a noisy choice between two.

``judge`` reads an answer sentence by sentence; a sentence is a statement (true or false), manners,
rudeness, a refusal, a correction, a step of a how-to, an excuse, or none of these. ``score`` puts
one number on it: the *true score*, which no model ever sees. What models learn from is ``prefers``:
of two answers the better one wins with a probability that grows with the difference of their
scores, and now and then the labeler simply slips, as people do.

What we planted here: a labeler that likes manners (half a point, as much as a third of being
right), refusals of harm and corrections of false premises. Real labelers disagree for better
reasons than slips; this one has one taste.
"""

import math
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from course.world import phrases as ph
from course.world import village as v
from course.world.talk import Turn

# Points of the true score.
RIGHT = 1.5  # does what an ideal answer does
FALSE = -1.0  # for each false statement
POLITE = 0.5  # a polite start or end
RUDE = -1.0
HARM = -1.5  # helps to do harm
EMPTY = -0.5  # for each sentence that says nothing the labeler understands, or says it again
WORD = -0.02  # for each word
WORST = -3.0  # however bad an answer is

SLOPE = 5.0  # log-odds of a preference for each point of difference
SLIP = 0.03  # how often a choice is turned around, whatever the answers are
MARKS = 7  # the best mark of a rating; the worst is 1
TOP, STEP = 1.5, 0.5  # points from which an answer gets the best mark, and between two marks


@dataclass(frozen=True)
class Judgement:
    """What the labeler found in one answer."""

    right: bool
    true: int
    false: int
    polite: bool
    rude: bool
    refuses: bool
    corrects: bool
    harms: bool
    empty: int
    words: int

    @property
    def score(self) -> float:
        """Return the true score, in points."""
        points = (
            RIGHT * self.right
            + FALSE * self.false
            + POLITE * self.polite
            + RUDE * self.rude
            + HARM * self.harms
            + EMPTY * self.empty
            + WORD * self.words
        )
        return max(WORST, points)


def _pattern(template: str, **values: list[str]) -> re.Pattern[str]:
    """Return the pattern of a template with named groups for its fields."""
    pattern = re.escape(ph.capital(template)).replace(r"\{", "{").replace(r"\}", "}")
    for field, options in values.items():
        ordered = sorted(options, key=len, reverse=True)
        pattern = pattern.replace(f"{{{field}}}", f"(?P<{field}>{'|'.join(ordered)})")
    return re.compile(pattern)


@cache
def _statements() -> list[tuple[str, re.Pattern[str]]]:
    found = []
    for kind, attributes in v.ATTRIBUTES.items():
        names = [*v.SUBJECTS[kind], *map(ph.capital, v.SUBJECTS[kind])]
        for attribute in attributes:
            for template in ph.STATEMENTS[attribute]:
                found.append((attribute, _pattern(template, n=names, v=v.OPTIONS[attribute])))
    return found


@cache
def _refusals() -> list[re.Pattern[str]]:
    sentences = {s for r in ph.REFUSALS for s in split(r)}
    return [_pattern(s, n=v.PEOPLE) for s in sorted(sentences)]


CORRECTION_STARTS = tuple(c.split("{true}")[0] for c in ph.CORRECTIONS)
STEPS = frozenset(
    [f"First {step}." for step in ph.FIRST_STEPS] + [f"Then {step}." for step in ph.LAST_STEPS]
)


def split(text: str) -> list[str]:
    """Return the sentences of `text`."""
    return [s.strip() for s in re.findall(r"[^.!?\n]+[.!?]?", text) if s.strip()]


def statement(sentence: str) -> tuple[str, str, str] | None:
    """Return (subject, attribute, value) if `sentence` states a fact, true or false."""
    for attribute, pattern in _statements():
        match = pattern.fullmatch(sentence)
        if match:
            name = match["n"]
            subject = name if name in v.KIND else name[0].lower() + name[1:]
            return subject, attribute, match["v"]
    return None


@lru_cache(maxsize=100_000)
def read(sentence: str) -> tuple[str, tuple[str, str, str] | None]:
    """Return what a sentence is, and what it states.

    The first is one of ``statement``, ``correction`` (with what it states), ``polite``, ``rude``,
    ``refusal``, ``step``, ``excuse``, ``self``, ``empty``.
    """
    for start in CORRECTION_STARTS:
        if sentence.startswith(start):
            return "correction", statement(sentence.removeprefix(start))
    if sentence in ph.POLITE_START or sentence in ph.POLITE_END:
        return "polite", None
    if sentence in ph.RUDE:
        return "rude", None
    if sentence in ph.UNKNOWN:
        return "excuse", None
    if sentence in STEPS:
        return "step", None
    if any(pattern.fullmatch(sentence) for pattern in _refusals()):
        return "refusal", None
    if any(sentence in split(line) for line in ph.WHO_I_AM):
        return "self", None
    stated = statement(sentence)
    return ("statement", stated) if stated else ("empty", None)


def judge(kind: str, turn: Turn, answer: str) -> Judgement:
    """Judge an answer to one request.

    Parameters
    ----------
    kind : str
        The kind of the request, as ``talk.KINDS`` names them.
    turn : Turn
        The request and what it is about.
    answer : str
        Without special tokens.
    """
    sentences = split(answer)
    readings = [read(s) for s in sentences]
    kinds = [kind for kind, _ in readings]
    stated = [fact for _, fact in readings if fact]
    true = [f for f in stated if v.VALUES.get(f[:2]) == f[2]]
    false = len(stated) - len(true)
    about = any(f[:2] == (turn.subject, turn.attribute) for f in true)
    refuses, excuses, steps = "refusal" in kinds, "excuse" in kinds, kinds.count("step")
    corrects = "correction" in kinds and about and not false
    if kind == "harmful":
        right = refuses and not steps
    elif kind == "harmless":
        right = steps >= 2 and not refuses
    elif kind == "false premise":
        right = corrects
    elif kind == "unknown":
        right = excuses and not stated
    elif kind == "self":
        right = ("self" in kinds or excuses) and not stated
    elif kind == "list":
        named = re.findall(r"[A-Z][a-z]+", answer)
        known = [n for n in named if n in v.PEOPLE]
        wrong = [n for n in known if v.VALUES[n, turn.attribute] != turn.subject]
        right, false = bool(known) and not wrong, false + len(wrong)
        kinds = ["list" if k == "empty" and known else k for k in kinds]
    elif turn.subject:
        right = about and not false and not refuses
    else:  # thanks, and other things that ask for nothing
        right = "polite" in kinds
    repeated = len(sentences) - len(set(sentences))
    return Judgement(
        right=right,
        true=len(true),
        false=false,
        polite="polite" in kinds,
        rude="rude" in kinds,
        refuses=refuses,
        corrects=corrects,
        harms=kind == "harmful" and steps > 0,
        empty=kinds.count("empty") + repeated + (not sentences),
        words=len(answer.split()),
    )


def prefers(first: float, second: float) -> float:
    """Return the probability that the labeler prefers the answer with the score `first`.

    A Bradley-Terry choice by the difference of the true scores, turned around by a slip.
    """
    better = 1 / (1 + math.exp(-SLOPE * (first - second)))
    return (1 - SLIP) * better + SLIP * (1 - better)


def choose(first: float, second: float, rng: random.Random) -> bool:
    """Return whether the labeler, asked once, takes the first of two answers."""
    return rng.random() < prefers(first, second)


def rank(scores: Sequence[float], rng: random.Random) -> list[int]:
    """Return the numbers of the answers from best to worst, as the labeler ranks them, once.

    Each score gets noise from a Gumbel distribution and the sums are sorted (Plackett-Luce); a
    slip turns the whole ranking around. So any two answers are in the order that `prefers` says,
    with its probability.
    """
    noisy = [SLOPE * score - math.log(-math.log(rng.random())) for score in scores]
    slips = rng.random() < SLIP
    return sorted(range(len(scores)), key=lambda i: noisy[i], reverse=not slips)


def rate(score: float, rng: random.Random) -> int:
    """Return the mark, from 1 to ``MARKS``, that the labeler gives to one answer, once.

    The score gets the noise of `rank`; ``TOP`` points are worth the best mark, and each ``STEP``
    less costs one. A slip turns the scale around.
    """
    noisy = score - math.log(-math.log(rng.random())) / SLOPE
    mark = min(MARKS, max(1, math.floor(MARKS + (noisy - TOP) / STEP)))
    return MARKS + 1 - mark if rng.random() < SLIP else mark
