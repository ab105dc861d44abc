"""Rufus, a robot with ten sentences: what corrections teach it, and what comparisons teach it.

Rufus is to tell a child why the mill stands still. A person may *rewrite* what it says (a
correction is a demonstration: Rufus learns to imitate the writer) or *choose* the better of two of
its sentences (Rufus learns a reward and moves towards it). Only counts and a small fit, no network.

What we planted: the quality of each sentence, and a writer who recognises a good sentence more
reliably than they write one, as most people do. Both people have the same taste.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from course.studies import l06_taste as taste

Array = NDArray[np.float64]
SENTENCES = (
    "The mill is out of order.",
    "Wheels need wind. No wind, no wheels.",
    "The mill sleeps until the wind wakes it.",
    "Ask the miller.",
    "Because it does not turn.",
    "The wind pushes the sails, and today there is no wind.",
    "I do not know.",
    "The torque is below the static friction.",
    "It waits for the wind, as your kite does.",
    "Go away.",
)
QUALITY = np.array([0.0, 1.2, 1.6, -0.8, -0.4, 2.0, -1.0, -0.2, 2.6, -2.5])
AT_FIRST = np.array([16.0, 8, 4, 14, 14, 8, 14, 10, 3, 9])  # how often Rufus says each, in percent
WRITES, CHOOSES = 0.8, 3.0  # how sharply quality decides what is written, and what is chosen


@dataclass(frozen=True)
class Lesson:
    """What Rufus learned: how likely each sentence is now, and the mean quality of what it says."""

    shares: Array
    quality: float


def _softmax(logits: Array) -> Array:
    shares = np.exp(logits - logits.max())
    return shares / shares.sum()


def lesson(shares: Array) -> Lesson:
    """Return shares (of any sum) with the mean quality of what is said."""
    shares = np.asarray(shares, dtype=float) / np.sum(shares)
    return Lesson(shares, float(shares @ QUALITY))


def corrected(count: int, seed: int = 0) -> Lesson:
    """Return Rufus after `count` corrections: it says what the writer wrote, as often."""
    rng = np.random.default_rng(seed)
    written = rng.choice(len(SENTENCES), size=count, p=_softmax(WRITES * QUALITY))
    # Its old habits count as ten sentences.
    return lesson(AT_FIRST / 10 + np.bincount(written, minlength=len(SENTENCES)))


def compared(count: int, seed: int = 0, strength: float = 1.5) -> Lesson:
    """Return Rufus after `count` comparisons of two of its own sentences.

    Parameters
    ----------
    strength : float
        How far it moves towards the reward: shares ∝ first shares × exp(strength × reward).
    """
    rng = np.random.default_rng(seed)
    first = rng.choice(len(SENTENCES), size=count, p=AT_FIRST / 100)
    other = (first + rng.integers(1, len(SENTENCES), size=count)) % len(SENTENCES)
    chance = 1 / (1 + np.exp(-CHOOSES * (QUALITY[first] - QUALITY[other])))
    rows = np.eye(len(SENTENCES))
    reward = taste.weights(rows[first] - rows[other], rng.random(count) < chance)
    return lesson(_softmax(np.log(AT_FIRST) + strength * reward))
