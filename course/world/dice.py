"""Choices that know their probability.

Everything random in the village goes through a ``Dice``. It adds up the log-probability of the
choices it made, so each text comes with the exact probability of the path that wrote it. That is
the probability of the *text* only if no other path writes the same text; the generators are built
so, and a test that enumerates small grammars with ``every`` proves it. Draw nothing that isn't
used: a choice that leaves no trace in the text makes the sum an upper bound of the entropy only.
"""

import math
import random
from bisect import bisect
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Generic, TypeVar

Option = TypeVar("Option")
Kind = TypeVar("Kind", bound=Hashable)

LOG = [0.0] + [math.log(n) for n in range(1, 2000)]


class Weighted(Generic[Kind]):
    """Options with fixed probabilities, ready to be drawn from quickly."""

    def __init__(self, weights: Iterable[tuple[Kind, float]]) -> None:
        pairs = [(option, weight) for option, weight in weights if weight > 0]
        total = sum(weight for _, weight in pairs)
        self.options = [option for option, _ in pairs]
        self.probabilities = [weight / total for _, weight in pairs]
        self.logprobs = [math.log(p) for p in self.probabilities]
        self.bounds = list(accumulate(self.probabilities))[:-1]


class Dice:
    """Seeded choices; ``logprob`` is the sum of the log-probabilities of those made (nats).

    Parameters
    ----------
    seed : int
        The same seed gives the same choices.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed).random
        self.logprob = 0.0

    def pick(self, options: Sequence[Option]) -> Option:
        """Return one of `options`, all equally likely."""
        n = len(options)
        self.logprob -= LOG[n]
        return options[int(self._random() * n)]

    def draw(self, weighted: Weighted[Kind]) -> Kind:
        """Return one option of `weighted` with its probability."""
        i = bisect(weighted.bounds, self._random())
        self.logprob += weighted.logprobs[i]
        return weighted.options[i]

    def chance(self, p: float) -> bool:
        """Return True with probability `p`, 0 < p < 1."""
        hit = self._random() < p
        self.logprob += math.log(p if hit else 1 - p)
        return hit


class Script(Dice):
    """A dice that follows a given list of choices and notes how many there were at each point."""

    def __init__(self, script: list[int]) -> None:
        self.logprob = 0.0
        self.script = script
        self.sizes: list[int] = []

    def _next(self, size: int) -> int:
        at = len(self.sizes)
        self.sizes.append(size)
        if at == len(self.script):
            self.script.append(0)
        return self.script[at]

    def pick(self, options: Sequence[Option]) -> Option:
        """Return the option that the script says."""
        self.logprob -= LOG[len(options)]
        return options[self._next(len(options))]

    def draw(self, weighted: Weighted[Kind]) -> Kind:
        """Return the option that the script says."""
        i = self._next(len(weighted.options))
        self.logprob += weighted.logprobs[i]
        return weighted.options[i]

    def chance(self, p: float) -> bool:
        """Return what the script says: True at 0."""
        hit = self._next(2) == 0
        self.logprob += math.log(p if hit else 1 - p)
        return hit


def every(
    write: Callable[[Dice], str], dice_type: type[Script] = Script
) -> Iterator[tuple[str, float]]:
    """Yield (text, log-probability) for every path of the generator `write`, each once.

    The number of paths is the product of all choices: for small grammars only.
    """
    script: list[int] = []
    while True:
        dice = dice_type(script)
        yield write(dice), dice.logprob
        del script[len(dice.sizes) :]
        while script and script[-1] == dice.sizes[len(script) - 1] - 1:
            script.pop()
        if not script:
            return
        script[-1] += 1
