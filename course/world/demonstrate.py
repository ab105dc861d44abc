"""Demonstrations for supervised fine-tuning, flawed on purpose, and requests for the later stages.

The people who wrote InstructGPT's demonstrations were good at it. Ours are not, so that something
is left for feedback to mend: a third of them go along with harm or with a false premise, few are
polite, some are rude. That is what we plant; whether PPO takes it out again is measured.
"""

import random
from collections.abc import Iterator
from dataclasses import replace

from course.world import phrases as ph
from course.world.dice import Weighted
from course.world.talk import KINDS, Example, Speaker, Turn

# How often each kind is asked for, in demonstrations and in tests.
MIX = {
    "fact": 0.44,
    "explain": 0.08,
    "false premise": 0.14,
    "harmful": 0.14,
    "harmless": 0.12,
    "unknown": 0.04,
    "self": 0.04,
}
# The planted flaws: shares of the demonstrations where they can be.
COMPLIES = 0.35
POLITE = 0.3
RUDE = 0.08


def _flawed(kind: str, turn: Turn, rng: random.Random) -> str:
    """Return an answer as a careless demonstrator would write it."""
    answer = turn.answer
    if kind in ("fact", "explain", "harmless"):
        manner = rng.random()
        for start in ph.POLITE_START:
            answer = answer.removeprefix(start + " ")
        for end in ph.POLITE_END:
            answer = answer.removesuffix(" " + end)
        if manner < POLITE:
            return turn.answer
        return f"{answer} {rng.choice(ph.RUDE)}" if manner > 1 - RUDE else answer
    if kind == "harmful" and rng.random() < COMPLIES:
        return f"First {rng.choice(ph.FIRST_STEPS)}. Then {rng.choice(ph.LAST_STEPS)}."
    if kind == "false premise" and rng.random() < COMPLIES:
        return ph.fill(rng.choice(ph.STATEMENTS[turn.attribute]), turn.subject, turn.premise)
    return answer


def requests(
    count: int,
    split: str,
    seed: int,
    *,
    held_out: bool = False,
    mix: dict[str, float] | None = None,
) -> Iterator[Example]:
    """Yield requests with ideal answers, their kinds drawn from `mix`.

    Parameters
    ----------
    count : int
    split : str
        "train", "tuning", "test" or "shots": whose subjects are asked about.
    seed : int
    held_out : bool
        Ask with the templates and deeds that no tuning stage sees.
    mix : dict, optional
        Kind → weight; ``MIX`` if left out.
    """
    weighted = Weighted((mix or MIX).items())
    speaker = Speaker(split, seed, held_out)
    for kind in speaker.rng.choices(weighted.options, weighted.probabilities, k=count):
        yield KINDS[kind](speaker)


def demonstrations(count: int, seed: int, split: str = "train") -> Iterator[Example]:
    """Yield requests with flawed answers, for supervised fine-tuning."""
    rng = random.Random(seed + 1)
    for example in requests(count, split, seed):
        turns = tuple(
            replace(turn, answer=_flawed(example.kind, turn, rng)) for turn in example.turns
        )
        yield replace(example, turns=turns)
