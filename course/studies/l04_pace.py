"""How long models of several sizes take to write an answer, measured here and now.

The time doesn't depend on what the weights are, so untrained models of the right shape do.
Left out on purpose: batches, other machines, and everything that makes real services fast.
"""

import time
from collections.abc import Sequence

from course.lm import model, sample


def seconds_for_an_answer(
    sizes: Sequence[tuple[int, int]], tokens: int = 60, rounds: int = 5
) -> list[float]:
    """Return for each size the seconds that an answer takes, the best of several rounds.

    Parameters
    ----------
    sizes : sequence of (int, int)
        Layers and width of each model.
    tokens : int
        Length of the answer.
    rounds : int
        Measurements of each size. They go round, so that a computer that is busy for a moment
        doesn't spoil all measurements of one size; a first round, which warms up, isn't counted.
    """
    untrained = [model.new(model.Size(*size)).eval() for size in sizes]
    best = [float("inf")] * len(untrained)
    for number in range(rounds + 1):
        for i, network in enumerate(untrained):
            start = time.perf_counter()
            sample.generate(network, [[0, 1, 2]], tokens, end=-1)
            if number:
                best[i] = min(best[i], time.perf_counter() - start)
    return best
