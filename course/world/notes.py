"""Short notes of the village, each about one topic: what lesson 02 sorts from few labels.

Every frame fits every topic, so a note's topic shows in the meaning of its two words alone. That is
planted: where a fixed word gives the label away, words are all that one needs. Left out on purpose:
true facts (who spoke of what is chance) and words that belong to two topics.
"""

import random

from course.world import village as v

TOPICS = {"animals": v.PETS, "food": v.FOODS, "work": v.JOBS, "hobbies": v.HOBBIES}
FRAMES = (
    "{n} spoke of {a} and {b}.",
    "{n} wrote down: {a}, {b}.",
    "{n} read out: {a}, {b}.",
    "One evening {n} thought of {a} and {b}.",
    "Dear {n}, tell me about {a} and {b}.",
)


def notes(count: int, seed: int) -> list[tuple[str, int]]:
    """Return `count` notes, each with the number of its topic; all topics equally often, mixed."""
    chance, words = random.Random(seed), list(TOPICS.values())
    written = []
    for i in range(count):
        topic = i % len(words)
        a, b = chance.sample(words[topic], 2)
        frame = chance.choice(FRAMES)
        written.append((frame.format(n=chance.choice(v.PEOPLE), a=a, b=b), topic))
    chance.shuffle(written)
    return written
