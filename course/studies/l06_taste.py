"""The smallest reward model: a weight for each named feature of an answer, from few comparisons.

Bradley and Terry's rule with a reward that is a weighted sum: this is logistic regression on the
difference of two answers' features, without a constant (neither side is better by itself). Thirty
labels are enough for seven weights, roughly; the intervals say how roughly.
Left out on purpose: anything that reads the text. The large form is ``lm.reward``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

Array = NDArray[np.float64]
CALM = 1.0  # sklearn's C: how far weights may go; without it few labels give weights without end


@dataclass(frozen=True)
class Taste:
    """Weights in nats of log-odds, each with an interval in which 9 of 10 resamples lie."""

    weights: Array
    low: Array
    high: Array
    labels: int

    def reward(self, features: Array) -> Array:
        """Return the reward of each row of `features`, shape (answers, features)."""
        return np.asarray(features) @ self.weights


def weights(gaps: Array, took_first: Sequence[bool] | Array, calm: float = CALM) -> Array:
    """Return the weights that explain some choices best.

    Parameters
    ----------
    gaps : ndarray, shape (pairs, features)
        Features of the first answer minus those of the second.
    took_first : sequence of bool, shape (pairs,)
    calm : float
        The larger, the less the weights are kept small.
    """
    sign = np.where(np.asarray(took_first), 1.0, -1.0)[:, None]
    won = np.asarray(gaps, dtype=float) * sign
    both = np.concatenate([won, -won])  # each pair seen from both sides, so both classes are there
    truth = np.repeat([1, 0], len(won))
    model = LogisticRegression(C=calm / 2, fit_intercept=False)
    return model.fit(both, truth).coef_[0]


def fit(gaps: Array, took_first: Sequence[bool], *, seed: int = 0, resamples: int = 100) -> Taste:
    """Fit a taste, with intervals by bootstrap: the same on pairs drawn again and again."""
    gaps, took = np.asarray(gaps, dtype=float), np.asarray(took_first, dtype=bool)
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(gaps), size=(resamples, len(gaps)))
    again = np.array([weights(gaps[rows], took[rows]) for rows in drawn])
    low, high = np.quantile(again, [0.05, 0.95], axis=0)
    return Taste(weights(gaps, took), low, high, len(gaps))


def held_out_hits(gaps: Array, took_first: Sequence[bool], folds: int = 10) -> list[bool]:
    """Return for each pair whether a taste fitted on the *others* predicts the choice.

    Parameters
    ----------
    folds : int
        The pairs are left out in so many lots.
    """
    gaps, took = np.asarray(gaps, dtype=float), np.asarray(took_first, dtype=bool)
    hits = np.zeros(len(gaps), dtype=bool)
    lot = np.arange(len(gaps)) % min(folds, len(gaps))
    for k in range(lot.max() + 1):
        out = lot == k
        if (~out).any():
            hits[out] = (gaps[out] @ weights(gaps[~out], took[~out]) > 0) == took[out]
    return hits.tolist()
