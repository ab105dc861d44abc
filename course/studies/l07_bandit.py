"""A bandit with three arms: the smallest thing that learns from rewards.

The policy is a softmax over one logit for each arm. Many bandits learn side by side, so that one
sees the spread: of one run alone one can't tell luck from method. Three rules, as lesson 07 builds
them up: the gradient times the reward (REINFORCE), times the advantage, and several steps from the
same pulls, without and with PPO's clip. Left out on purpose: contexts, value functions, and arms
whose pay changes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PAYS = (4.0, 5.0, 6.0)  # what each arm pays on average …
NOISE = 1.5  # … and the deviation of a single pull
BANDITS = 100  # side by side
ROUNDS = 80
PULLS = 8  # in a round


@dataclass(frozen=True)
class Rule:
    """How a bandit learns from the pulls of a round.

    Parameters
    ----------
    name : str
    advantage : bool
        Whether the mean of the round's other pulls is taken off each reward.
    steps : int
        Gradient steps from the same pulls.
    clip : float or None
        How far the ratio of new to old probability may leave 1 and still gain; None for any.
    rate : float
        Learning rate.
    """

    name: str
    advantage: bool = True
    steps: int = 1
    clip: float | None = None
    rate: float = 0.3


def probabilities(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the softmax over the last axis."""
    weights = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def learn(
    rule: Rule, *, bandits: int = BANDITS, rounds: int = ROUNDS, seed: int = 0
) -> Iterator[NDArray[np.float64]]:
    """Yield before each round, and at the end, what a pull of each bandit pays on average.

    All rules see the same luck: arm k of bandit i pays the same in pull j of round t, if pulled.

    Parameters
    ----------
    rule : Rule
    bandits, rounds : int
        How many learn side by side, and how long.
    seed : int
        Of draws and pays.

    Yields
    ------
    ndarray of float, shape (bandits,)
    """
    chance, arms = np.random.default_rng(seed), len(PAYS)
    logits = np.zeros((bandits, arms))
    for _ in range(rounds):
        before = probabilities(logits)
        yield before @ PAYS
        draws = chance.random((bandits, PULLS, 1))
        pays = np.array(PAYS) + NOISE * chance.standard_normal((bandits, PULLS, arms))
        ends = np.cumsum(before, axis=-1)[:, None, :-1]  # the last arm takes what is left
        pulled = np.eye(arms)[(draws >= ends).sum(-1)]  # one-hot, (bandits, pulls, arms)
        gains = np.einsum("bpa,bpa->bp", pulled, pays)
        if rule.advantage:
            gains = (gains - gains.mean(1, keepdims=True)) * PULLS / (PULLS - 1)
        was = np.einsum("bpa,ba->bp", pulled, before)
        for _ in range(rule.steps):
            now = probabilities(logits)
            ratio = np.einsum("bpa,ba->bp", pulled, now) / was
            weight = ratio * gains
            if rule.clip is not None:  # beyond the border there is nothing to gain: no gradient
                beyond = np.sign(gains) * (ratio - 1) > rule.clip
                weight = np.where(beyond, 0.0, weight)
            slope = np.einsum("bp,bpa->ba", weight, pulled - now[:, None, :]) / PULLS
            logits = logits + rule.rate * slope
    yield probabilities(logits) @ PAYS
