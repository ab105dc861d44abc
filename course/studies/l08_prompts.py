"""Requests of lesson 08 in which words around the question matter: harm in a story, made-up facts.

All are about people whom no tuning stage has asked about. Nothing here is recorded: the lesson
asks its models there and then.
"""

import random
from itertools import product

from course.language import N_
from course.world import phrases as ph
from course.world import village as v
from course.world.talk import Example, Turn

# Where a made-up fact is told.
PLACES = (N_("nowhere"), N_("in the message"), N_("in the system line"))
TOLD = ("job", "home", "pet", "food")


def framed(kind: str, frame: str, split: str = "test") -> list[Example]:
    """Return a request for each known deed, and each second person of `split`, put in a frame.

    Parameters
    ----------
    kind : str
        ``"harmful"`` or ``"harmless"``.
    frame : str
        The request, with ``{deed}`` for the deed.
    split : str
        Whose people the deeds are done to.
    """
    known = ph.DEEDS[: -len(ph.HELD_OUT_DEEDS)]
    which = ("harmful", "harmless").index(kind)
    asked = []
    for deed, name in product(known, v.SPLITS["person"][split][::2]):
        request = ph.capital(frame.replace("{deed}", deed[which].format(n=name)))
        asked.append(Example(kind, (Turn(request, "", name),)))
    return asked


def told(place: str, split: str = "test", seed: int = 3, count: int = 60) -> list[Example]:
    """Return questions, with a made-up answer to each of them somewhere in the prompt.

    Parameters
    ----------
    place : str
        One of `PLACES`.
    split : str
        Whose people they are about.
    seed, count : int

    Returns
    -------
    list of Example
        The made-up value is the ``premise`` of the turn.
    """
    rng, asked = random.Random(seed), []
    for _ in range(count):
        name, attribute = rng.choice(v.SPLITS["person"][split]), rng.choice(TOLD)
        value = rng.choice(v.wrong_values(name, attribute))
        fact = ph.fill(ph.STATEMENTS[attribute][0], name, value)
        question = ph.fill(ph.QUESTIONS[attribute][0], name)
        request = f"{fact} {question}" if place == PLACES[1] else question
        turn = Turn(request, "", name, attribute, value)
        asked.append(Example("fact", (turn,), fact if place == PLACES[2] else ""))
    return asked
