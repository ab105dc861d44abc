"""The smallest reward model: a weight for each named feature of an answer, from few comparisons.

Bradley and Terry's rule with a reward that is a weighted sum: this is logistic regression on the
difference of two answers' features, without a constant (neither side is better by itself). Thirty
labels are enough for seven weights, roughly; the intervals say how roughly. Few labels also keep
all weights small, so a taste is held against what another labeler's labels of the same pairs would
give (`expected`), not against that labeler's own rules.
Left out on purpose: anything that reads the text. The large form is ``stages.reward``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

Array = NDArray[np.float64]
NINE_OF_TEN = 1.645  # standard deviations to either side
CALM = 1.0  # sklearn's C: how far weights may go; without it few labels give weights without end


@dataclass(frozen=True)
class Taste:
    """Weights in nats of log-odds, each with a 90% interval."""

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


def fit(gaps: Array, took_first: Sequence[bool], calm: float = CALM) -> Taste:
    """Fit a taste, with the interval that its labels leave for each weight.

    Before any label a weight lies about 0, with a spread of the root of `calm`; a feature in which
    no pair differs keeps that whole spread. (Resamples of the pairs would give such a feature an
    interval of no width: they vary the labels, and not what the labels say nothing of.)
    """
    gaps, took = np.asarray(gaps, dtype=float), np.asarray(took_first, dtype=bool)
    found = weights(gaps, took, calm)
    p = 1 / (1 + np.exp(-gaps @ found))
    known = (gaps * (p * (1 - p))[:, None]).T @ gaps + np.eye(len(found)) / calm
    half = NINE_OF_TEN * np.sqrt(np.diag(np.linalg.inv(known)))
    return Taste(found, found - half, found + half, len(gaps))


def expected(gaps: Array, chances: Sequence[float], *, seed: int = 0, draws: int = 100) -> Taste:
    """Return what a labeler's labels of these pairs would teach: the mean, and where 9 of 10 lie.

    Parameters
    ----------
    chances : sequence of float
        How likely that labeler takes the first of each pair.
    """
    gaps, rng = np.asarray(gaps, dtype=float), np.random.default_rng(seed)
    drawn = rng.random((draws, len(gaps))) < np.asarray(chances)
    again = np.array([weights(gaps, took) for took in drawn])
    low, high = np.quantile(again, [0.05, 0.95], axis=0)
    return Taste(again.mean(axis=0), low, high, len(gaps))


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
