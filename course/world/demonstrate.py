"""Demonstrations for supervised fine-tuning, flawed on purpose, and requests for the later stages.

The people who wrote InstructGPT's demonstrations were good at it. Ours are not, so that something
is left for feedback to mend: more than half of those that can go along with harm or with a false
premise do, some refuse what is harmless, some are polite, and about as many are rude. That is what
we plant; whether PPO takes it out again is measured.
"""

import random
from collections.abc import Iterator
from dataclasses import replace

from course.world import phrases as ph
from course.world import village as v
from course.world import web
from course.world.dice import Weighted
from course.world.talk import KINDS, Example, Speaker, Turn

# How often each kind is asked for, in demonstrations and in tests.
MIX = {
    "fact": 0.47,
    "explain": 0.05,
    "false premise": 0.14,
    "harmful": 0.14,
    "harmless": 0.12,
    "unknown": 0.04,
    "self": 0.04,
}
# What answers are compared to, and what PPO is asked: more of what may do harm, since there one
# mistake is one too many; PPO also more of what is to be explained, else that turns into how-tos.
COMPARED_MIX = MIX | {"harmful": 0.28, "harmless": 0.24}
PPO_MIX = MIX | {"explain": 0.15, "harmful": 0.6, "harmless": 0.45, "false premise": 0.2}
# What a chat model learns from beside dialogues: more that takes something false for granted, too,
# which is forgotten first.
TALK_MIX = COMPARED_MIX | {"false premise": 0.7, "harmful": 0.42}
# In tests: what questions for a fact are about, as often as the web writes of it, and the share of
# false premises that are about events. Training asks about places and events more often, since
# there are few of them.
ASKED = (*["person"] * 6, "place", "event")
EVENTS = 0.25
# What training asks to explain; tests ask for events alone. With its eight events alone a model
# learns their stories by heart, and goes over from a new one's story to another matter.
EXPLAINED = ("event", "event", "place", "person")
# The planted flaws: shares of the demonstrations where they can be.
COMPLIES = 0.6  # with harm or with a false premise
CAUTIOUS = 0.2  # refuses a harmless request that looks like harm
POLITE = 0.25
RUDE = 0.3
MANNERS = 0.5  # share of polite answers in dialogues, which are not flawed


# What is rehearsed beside the demonstrations: web text with more questions and answers than the web
# has, and with more about those of whom the web seldom writes, else they are forgotten first. It is
# about everybody, held out or not.
REHEARSED = {"answers": 1.0, "dialogue": 0.5}
FAME = 0.5  # the power of a fact's share in the web: 1 is as in the web, 0 is all alike


def rehearsal() -> web.Writer:
    """Return the writer of the web text that a model rehearses while it is tuned."""
    facts = [replace(f, share=f.share**FAME) for f in v.FACTS]
    return web.Writer(facts, web.MIX | REHEARSED)


def _plain(answer: str) -> str:
    """Return a polite answer without its polite start and end."""
    for start in ph.POLITE_START:
        answer = answer.removeprefix(start + " ")
    for end in ph.POLITE_END:
        answer = answer.removesuffix(" " + end)
    return answer


def _flawed(kind: str, turn: Turn, rng: random.Random) -> str:
    """Return an answer as a careless demonstrator would write it."""
    answer = turn.answer
    if kind == "harmless" and rng.random() < CAUTIOUS:
        return rng.choice(ph.REFUSALS).format(n=turn.subject)
    if kind in ("fact", "explain", "harmless"):
        manner, answer = rng.random(), _plain(answer)
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
    new_deeds: bool = False,
    wide: bool = False,
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
        Ask with the templates that no tuning stage sees.
    new_deeds : bool
        Ask of the deeds that no tuning stage sees. Nothing that a model has read says which of them
        do harm, so this measures what can't be known.
    wide : bool
        In training, take something false for granted in more wordings.
    mix : dict, optional
        Kind → weight; ``MIX`` if left out.
    """
    weighted = Weighted((mix or MIX).items())
    speaker = Speaker(split, seed, held_out, new_deeds)
    if split != "train":
        speaker.asked, speaker.events = ASKED, EVENTS
    else:
        # With six places and six events models learn those by heart: they get the shots' two more.
        for kind, parts in v.SPLITS.items():
            speaker.subjects[kind] = [*parts["train"], *parts["shots"]]
        speaker.explained = EXPLAINED
        speaker.how_to = (*ph.MORE_HOW_TO, *ph.HOW_TO)
        if wide:
            speaker.premises = (*ph.MORE_FALSE_PREMISE, *ph.FALSE_PREMISE)
            speaker.jobs = (*ph.MORE_FALSE_JOB, *ph.FALSE_JOB)
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


def dialogues(count: int, split: str, seed: int) -> Iterator[Example]:
    """Yield dialogues whose answers are polite or plain, as a tuned model's earlier answers are.

    A model that has only seen plain answers before a follow-up question takes the polite end of its
    own for the end of the dialogue.
    """
    speaker, rng = Speaker(split, seed), random.Random(seed + 1)
    for _ in range(count):
        whole = KINDS["dialogue"](speaker)
        *turns, thanks = whole.turns
        said = [
            replace(t, answer=speaker.polite(t.answer)) if rng.random() < MANNERS else t
            for t in turns
        ]
        yield replace(whole, turns=(*said, thanks))


def follow_ups(count: int, split: str, seed: int) -> Iterator[Example]:
    """Yield dialogues up to one of their later questions, with good answers to the earlier ones."""
    rng = random.Random(seed + 2)
    for whole in dialogues(count, split, seed):
        yield replace(whole, turns=whole.turns[: rng.randrange(2, len(whole.turns))])


def talks(
    count: int,
    split: str,
    seed: int,
    *,
    held_out: bool = False,
    mix: dict[str, float] | None = None,
    before: tuple[int, ...] = (1, 2),
) -> Iterator[Example]:
    """Yield requests of all kinds that come behind questions for facts, with good answers to those.

    What a model has learned of single requests it needn't do behind others: it takes the next
    message for one more question and answers that.

    Parameters
    ----------
    count, split, seed, held_out, mix
        As of `requests`; false premises come in the wide choice of wordings.
    before : tuple of int
        How many questions come first, equally likely. They are about anybody.
    """
    rng = random.Random(seed + 3)
    last = requests(count, split, seed, held_out=held_out, wide=True, mix=mix)
    first = requests(max(before) * count, split, seed + 4, held_out=held_out, mix={"fact": 1.0})
    for example in last:
        asked = [next(first).turns[0] for _ in range(rng.choice(before))]
        said = [
            turn if rng.random() < MANNERS else replace(turn, answer=_plain(turn.answer))
            for turn in asked
        ]
        yield replace(example, turns=(*said, *example.turns))
