"""Tiny programming tasks: a request in words, the right program, and who may learn from it.

``# Write f: add 5, then times 3.`` asks for ``return (x + 5) * 3``. A task is *held out* by its
program, not by its words: "add 5" and "plus 5" ask for the same program, so they stand in
the same split. No training ever sees a program of the test: not the single step with this number,
and not these two operators one after the other, with whatever numbers. Left out on purpose: more
than two steps, division, and requests that can be read in two ways.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from course.world.talk import PROGRAM_STEPS

WORDS = tuple(PROGRAM_STEPS)  # "add {}", "plus {}", …
NUMBERS = 100  # from 0 on
HEADER = "def f(x):"  # given with the request, as HumanEval gives it
INPUTS = (-8, -1, 0, 3, 10, 57)  # what a program is tried on
# Which split a task belongs to; all others are for training.
HELD_OUT_PAIRS = {("*", "-"): "test", ("-", "+"): "tuning"}
HELD_OUT_NUMBERS = {0: "test", 1: "tuning"}  # remainder of a single step's number by 5


@dataclass(frozen=True)
class Task:
    """One or two steps, each a wording of ``WORDS`` and its number."""

    steps: tuple[tuple[str, int], ...]

    @property
    def words(self) -> str:
        """Return what is asked for, such as ``"add 5, then times 3"``."""
        return ", then ".join(word.format(number) for word, number in self.steps)

    @property
    def prompt(self) -> str:
        """Return the text that a model goes on with."""
        return prompt(self.words)

    @property
    def source(self) -> str:
        """Return the program."""
        body = "x"
        for i, (word, number) in enumerate(self.steps):
            body = f"{f'({body})' if i else body} {PROGRAM_STEPS[word]} {number}"
        return f"{HEADER}\n    return {body}\n"

    @property
    def values(self) -> list[int]:
        """Return what the program gives for each of ``INPUTS``."""
        return [self(x) for x in INPUTS]

    def __call__(self, x: int) -> int:
        """Return what the program gives for `x`, without running it."""
        for word, number in self.steps:
            operator = PROGRAM_STEPS[word]
            x = x + number if operator == "+" else x - number if operator == "-" else x * number
        return x

    @property
    def split(self) -> str:
        """Return whom the task is for: "train", "tuning" or "test"."""
        if len(self.steps) == 1:
            return HELD_OUT_NUMBERS.get(self.steps[0][1] % 5, "train")
        first, second = (PROGRAM_STEPS[word] for word, _ in self.steps)
        return HELD_OUT_PAIRS.get((first, second), "train")


def prompt(words: str) -> str:
    """Return what a model goes on with: a comment that asks for a program, and its header."""
    return f"# Write f: {words}.\n{HEADER}"


def drawn(split: str, seed: int) -> Iterator[Task]:
    """Yield ever new tasks of `split`, half of them with two steps; some come twice."""
    rng = random.Random(seed)
    while True:
        steps = tuple(
            (rng.choice(WORDS), rng.randrange(NUMBERS)) for _ in range(rng.choice((1, 2)))
        )
        task = Task(steps)
        if task.split == split:
            yield task


def tasks(count: int, split: str, seed: int) -> list[Task]:
    """Return `count` tasks of `split`; those of "tuning" and "test" are all different.

    Raises
    ------
    ValueError
        If there is no such split.
    """
    if split not in ("train", *HELD_OUT_NUMBERS.values()):
        raise ValueError(f"There is no split {split!r}.")
    found: list[Task] = []
    for task in drawn(split, seed):
        if len(found) == count:
            break
        if split == "train" or task not in found:
            found.append(task)
    return found
