"""Deep reinforcement learning from preferences in small: a stick learns a backflip.

As in Christiano et al. 2017 (arXiv:1706.03741): a person compares pairs of short clips; a reward
model, which gives each *frame* a reward, learns to explain the choices by the rule of Bradley and
Terry; a policy search makes clips with a high sum of rewards; the person compares those; and so on.
Nobody writes down what a backflip is.

The search is the cross-entropy method: draw plans, keep the best few, draw the next ones around
them. To this course it is a black box; the paper used policy gradients there. Left out on purpose:
several reward models that vote on which pairs to ask for, and a policy that is a network.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from course.lm.threads import one_thread
from course.world import stick
from course.world.stick import Array

Score = Callable[[Array], Array]  # clips, shape (attempts, frames, state) → shape (attempts,)
Ask = Callable[[Array, Array], Sequence[bool]]  # two lots of clips → was the first one taken?

START, SPREAD = np.tile([0.3, 0.0, 0.3], stick.MOMENTS), 0.5  # of the first plans
BATCH = 64  # comparisons in a step of the reward model
LEAST = 0.04  # how much plans differ at least
# What each quantity is divided by, so that all are of size 1.
SCALES = {"height": 1, "foot": 0.3, "head": 0.3, "spin": 8, "turned": 1, "upright": 1, "rising": 3}


@dataclass(frozen=True)
class Recipe:
    """How the stick is taught; ``rounds × pairs`` comparisons in all."""

    rounds: int = 8
    pairs: int = 100  # of clips that the judge compares in a round
    steps: int = 300  # of the reward model in a round
    searches: int = 6  # generations of plans in a round
    plans: int = 128  # in a generation
    best: int = 12  # of them, which the next one is drawn around
    wide: float = 0.2  # how much plans differ at least as a round begins


@dataclass
class Search:
    """Where the search is: plans are drawn around ``mean`` with ``spread``."""

    mean: Array = field(default_factory=START.copy)
    spread: Array = field(default_factory=lambda: np.full(stick.NUMBERS, SPREAD))

    def draw(self, count: int, rng: np.random.Generator) -> Array:
        """Return plans, shape (count, numbers)."""
        return self.mean + self.spread * rng.normal(size=(count, stick.NUMBERS))


def search(
    score: Score, state: Search, generations: int, plans: int, best: int, rng: np.random.Generator
) -> Iterator[tuple[Array, Array, Array]]:
    """Improve `state` in place by the cross-entropy method; yield each generation.

    Yields
    ------
    plans, clips, scores
        Of shapes (plans, numbers), (plans, frames, state), (plans,).
    """
    for _ in range(generations):
        drawn = state.draw(plans, rng)
        clips = stick.simulate(drawn)
        scores = score(clips)
        top = drawn[np.argsort(-scores)[:best]]
        state.mean, state.spread = top.mean(axis=0), np.maximum(top.std(axis=0), LEAST)
        yield drawn, clips, scores


def frames(clips: Array) -> Tensor:
    """Return what the reward model sees of each frame, shape (clips, frames, quantities)."""
    seen = stick.quantities(clips)
    stacked = np.stack([seen[name] / scale for name, scale in SCALES.items()], axis=2)
    return torch.tensor(stacked, dtype=torch.float32).clamp(-3, 3)


class RewardModel(nn.Module):
    """Gives each frame of a clip a reward; the reward of a clip is their sum.

    Parameters
    ----------
    seed : int
        Of the weights.
    """

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.layers = nn.Sequential(
                nn.Linear(len(SCALES), 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(),
                nn.Linear(32, 1),
            )  # fmt: skip

    def forward(self, seen: Tensor) -> Tensor:
        """Return the reward of each clip, shape (clips,), from `frames` of it."""
        return self.layers(seen)[..., 0].mean(dim=1) * 10

    @torch.no_grad()
    def score(self, clips: Array) -> Array:
        """Return the reward of each clip, shape (clips,)."""
        return self(frames(clips)).numpy().astype(float)


def fit(
    model: RewardModel, first: Tensor, second: Tensor, took: Tensor, steps: int, decay: float = 0.01
) -> float:
    """Train `model` on all comparisons so far and return the last loss (nats).

    Parameters
    ----------
    first, second : Tensor, shape (pairs, frames, quantities)
    took : Tensor of bool, shape (pairs,)
        Whether the first clip was taken.
    steps : int
    decay : float
        Weight decay: with few comparisons it keeps the rewards small.
    """
    sign = took.float() * 2 - 1
    adam = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=decay)
    value = 0.0
    draw = torch.Generator().manual_seed(len(first))
    for _ in range(steps):
        some = torch.randint(len(first), (BATCH,), generator=draw)
        one, two = model(torch.cat([first[some], second[some]])).split(BATCH)
        loss = -F.logsigmoid(sign[some] * (one - two)).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
        value = loss.item()
    return value


@dataclass(frozen=True)
class Progress:
    """Where the teaching is after a round.

    ``plan`` is the one that the reward model likes best, ``turns``, ``points`` and ``flips`` what
    the judge sees in its clip and in the last generation (means).
    """

    round: int
    rounds: int
    comparisons: int
    loss: float
    seconds: float
    plan: Array
    turns: float
    points: float
    flips: float


def teach(
    ask: Ask, *, recipe: Recipe | None = None, seed: int = 0, model: RewardModel | None = None
) -> Iterator[Progress]:
    """Teach the stick by comparisons; yield after every round.

    Parameters
    ----------
    ask : callable
        (clips, clips) → for each pair whether the first is taken. All that is known of the goal.
    recipe : Recipe, optional
    seed : int
        Of plans, pairs and weights.
    model : RewardModel, optional
        Is trained; a new one if left out.
    """
    recipe, rng = recipe or Recipe(), np.random.default_rng(seed)
    model = model or RewardModel(seed)
    begin = time.perf_counter()
    pool = Search().draw(recipe.plans, rng)
    clips = stick.simulate(pool)
    fresh = np.arange(len(pool))
    lots: list[tuple[Tensor, Tensor, Tensor]] = []
    for number in range(recipe.rounds):
        with one_thread():
            # One clip of each pair is of the last round, the other one of any: what was good once
            # stays in sight.
            i = rng.choice(fresh, size=recipe.pairs)
            j = (i + 1 + rng.integers(len(pool) - 1, size=recipe.pairs)) % len(pool)
            took = torch.tensor(np.asarray(ask(clips[i], clips[j])))
            lots.append((frames(clips[i]), frames(clips[j]), took))
            first, second, choices = (torch.cat(part) for part in zip(*lots, strict=True))
            loss = fit(model, first, second, choices, recipe.steps)
            # The search starts from what the model likes of all that was ever tried.
            top = pool[np.argsort(-model.score(clips))[: recipe.best]]
            state = Search(top.mean(axis=0), np.maximum(top.std(axis=0), recipe.wide))
            begun = len(pool)
            for plans, shown, _ in search(
                model.score, state, recipe.searches, recipe.plans, recipe.best, rng
            ):
                pool, clips = np.concatenate([pool, plans]), np.concatenate([clips, shown])
            fresh = np.arange(begun, len(pool))
            scores = model.score(shown)
            likes = int(np.argmax(scores))
            judged = stick.found(shown)
        yield Progress(
            number + 1, recipe.rounds, (number + 1) * recipe.pairs, loss,
            time.perf_counter() - begin, plans[likes], float(judged["turns"][likes]),
            float(judged["points"].mean()), float(stick.flips(shown).mean()),
        )  # fmt: skip


def distinct_pairs(
    count: int, pairs: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the numbers of the first and the second clip of each pair; no clip meets itself."""
    first = rng.integers(count, size=pairs)
    second = (first + 1 + rng.integers(count - 1, size=pairs)) % count
    return first, second


def simulated(seed: int) -> Ask:
    """Return the simulated judge: it knows the points, and its choices are noisy."""
    rng = np.random.default_rng(seed)

    def ask(first: Array, second: Array) -> Sequence[bool]:
        a, b = stick.found(first)["points"], stick.found(second)["points"]
        return stick.choices(a, b, rng).tolist()

    return ask


def by_hand(
    reward: Callable[[dict[str, Array]], Array], *, recipe: Recipe | None = None, seed: int = 0
) -> Array:
    """Search with a reward that a person wrote; return the plan that it likes best.

    Parameters
    ----------
    reward : callable
        ``stick.quantities`` → the reward of each frame, shape (attempts, frames).
    """
    recipe, rng = recipe or Recipe(), np.random.default_rng(seed)

    def score(clips: Array) -> Array:
        return np.asarray(reward(stick.quantities(clips))).mean(axis=1)

    return _likes(
        search(score, Search(), 2 * recipe.rounds, recipe.plans, recipe.best, rng),
    )


def from_choices(
    first: Array, second: Array, took_first: Sequence[bool], *, recipe: Recipe | None = None,
    seed: int = 0,
) -> tuple[Array, RewardModel]:  # fmt: skip
    """Fit a reward model on given comparisons alone, search once, return the plan it likes best.

    Parameters
    ----------
    first, second : ndarray, shape (pairs, numbers)
        Plans; their clips were compared.
    took_first : sequence of bool, shape (pairs,)
    """
    recipe, rng, model = recipe or Recipe(), np.random.default_rng(seed), RewardModel(seed)
    with one_thread():
        seen, other = (frames(stick.simulate(plans)) for plans in (first, second))
        # Few comparisons are learned by heart at once: fewer steps, and rewards kept small.
        fit(model, seen, other, torch.tensor(np.asarray(took_first)), recipe.steps, decay=0.3)
        plans = np.concatenate([first, second])
        top = plans[np.argsort(-model.score(stick.simulate(plans)))[: recipe.best]]
        state = Search(top.mean(axis=0), np.maximum(top.std(axis=0), recipe.wide))
        found = search(model.score, state, recipe.searches, recipe.plans, recipe.best, rng)
        return _likes(found), model


def _likes(generations: Iterator[tuple[Array, Array, Array]]) -> Array:
    """Return the plan with the highest score of the last generation."""
    plans, _, scores = list(generations)[-1]
    return plans[int(np.argmax(scores))]
