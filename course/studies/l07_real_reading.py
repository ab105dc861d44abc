"""The same real model with a reward that reads the message: glad of good news, sorry for bad.

In `course.studies.l07_real_rloo` SmolLM2 learns to flatter everybody, since neither the reward
model nor the labeler's rule reads what was told. Here both do. The labeler's second rule (`score`)
gives points for words that fit the news (``data/real_messages.csv`` has good and bad ones), and
takes some for words that are out of place. The reward model sees MiniLM's vectors of message and
reply: next to lesson 06's weighted sum of the reply's numbers stands one of products, a number of
the message times a number of the reply, so the news may turn the sign of a word. Such products need
more choices: the labeler also compares replies that were given to other messages (`MORE`).

Policy, loss and training are `l07_real_rloo`'s. Made by ``course lineage --stage smollm2_reading
--save``. Left out on purpose: a run without a price, several seeds, and a labeler of flesh and
blood, who would not compare twelve thousand pairs.
"""

import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from course.real import catalogue, tune
from course.stages.context import Run, since, watch
from course.stages.stage import REWARD, RLOO, Figures, Work
from course.stats import beats
from course.studies import l02_transfer
from course.studies import l06_real_reward as kind
from course.studies import l07_real_rloo as rloo

GLAD = frozenset(
    "amazing awesome beautiful congratulations delighted enjoy excited exciting fantastic glad "
    "great happy joy lovely proud thrilled wonderful".split()
)
SORRY = frozenset(
    "care comfort difficult hard hope hug rest sad safe sorry support tough understand "
    "worry".split()
)
# Out of place: "happy" isn't, since "happy to help" suits everybody.
FLAT = GLAD - {"beautiful", "enjoy", "happy", "joy", "lovely", "proud"}
GLOOMY = frozenset("sad sorry worry".split())
MORE = 12_000  # pairs of replies that were given to other messages
MESSAGE, REPLY = 24, 120  # numbers of a message and of a reply that are multiplied
SCALE = 8.0  # of the products, so that they weigh about as much as the other numbers
SHOWN = slice(1, 24, 2)  # of the held-out replies
PROBES = ("I'm so glad to hear that, congratulations!", "I'm so sorry to hear that.")


@dataclass(frozen=True)
class Recipe:
    """How the reward model and then the policy learn; see `l06_real_reward` and `l07_real_rloo`."""

    head: kind.Recipe = field(default_factory=lambda: kind.Recipe(calm=3e-3))
    policy: rloo.Recipe = field(default_factory=lambda: rloo.Recipe(rollouts=24))


FULL, QUICK = Recipe(), Recipe(kind.QUICK, rloo.QUICK)


class Choice(NamedTuple):
    """Two replies to a message, the difference in points, and whether the first was taken."""

    message: str
    first: str
    second: str
    gap: float
    taken: bool


# The labeler --------------------------------------------------------------------------------------


def score(message: str, reply: str) -> float:
    """Return what the labeler thinks of a reply to a message, in points.

    A point for each word that fits the news (`kind.MOST` at most), two less where a word is out of
    place, and the points for its manner as in `kind.score`.
    """
    said, good = set(kind.words(reply)), kind.news()[message]
    fitting, wrong = (GLAD, GLOOMY) if good else (SORRY, FLAT)
    return min(kind.MOST, len(fitting & said)) - 2 * bool(wrong & said) + kind.manner(reply)


def wins(message: str, mine: str, theirs: str) -> float:
    """Return 1 if the rule prefers the first reply to a message, 0 if the second, else 1/2."""
    return float(beats(score(message, mine), score(message, theirs)))


def chosen(split: str, more: int = 0, seed: int = 6) -> list[Choice]:
    """Return the labeler's noisy choices: all pairs of a split, and `more` of mixed replies."""
    rng, told = random.Random(seed), kind.messages(split)
    pool = [r for some in kind.replies(split).values() for r in some]
    found: list[Choice] = []

    def choose(message: str, first: str, second: str) -> None:
        gap = score(message, first) - score(message, second)
        found.append(Choice(message, first, second, gap, rng.random() < kind.chance_of(gap)))

    for pair in kind.pairs(split):
        choose(pair["request"], pair["answer_a"], pair["answer_b"])
    for _ in range(more):
        choose(rng.choice(told), *rng.sample(pool, 2))
    return found


# The reward model ---------------------------------------------------------------------------------


class Features:
    """The numbers that a reward is a weighted sum of: of the reply, and of both together."""

    def __init__(self, vectors: l02_transfer.Vectors) -> None:
        self.vectors, self.known = vectors, dict[str, Any]()
        told, replies = kind.messages("train"), kind.replies("train")
        self.message = _leading(self._of(told), MESSAGE)
        self.reply = _leading(self._of([r for m in told for r in replies[m]]), REPLY)

    def __call__(self, told: Sequence[str], texts: Sequence[str]) -> Tensor:
        """Return the numbers, shape (texts, 384 + `MESSAGE` × `REPLY`)."""
        plain = self._of(texts)
        ours, theirs = self.message(self._of(told)), self.reply(plain)
        both = SCALE * np.einsum("im,ir->imr", ours, theirs).reshape(len(texts), -1)
        return torch.from_numpy(np.concatenate([plain, both], 1)).float()

    def _of(self, texts: Sequence[str]) -> np.ndarray:
        new = [text for text in dict.fromkeys(texts) if text not in self.known]
        if new:
            self.known.update(zip(new, np.asarray(self.vectors(new)), strict=True))
        return np.array([self.known[text] for text in texts])


def _leading(rows: np.ndarray, number: int) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function that gives the leading components of vectors, as they lie in `rows`."""
    middle = rows.mean(0)
    axes = np.linalg.svd(rows - middle, full_matrices=False)[2][:number].T
    return lambda more: (more - middle) @ axes


@dataclass
class Reward:
    """A trained reward model that reads the message; its unit is lesson 06's."""

    features: Features
    head: Tensor
    mean: float = 0.0
    deviation: float = 1.0

    def __call__(self, texts: Sequence[str], told: Sequence[str]) -> list[float]:
        """Return the reward of each reply, in deviations of the untouched model's replies."""
        found = self.features(told, texts) @ self.head
        return ((found - self.mean) / self.deviation).tolist()

    def reads(self) -> float:
        """Return for how many held-out messages it prefers that of `PROBES` which fits."""
        told = kind.messages("test")
        glad, sorry = (self([probe] * len(told), told) for probe in PROBES)
        return statistics.fmean(
            float((a > b) == kind.news()[m]) for m, a, b in zip(told, glad, sorry, strict=True)
        )


def trained(
    features: Features,
    choices: Sequence[Choice],
    reward_loss: kind.RewardLoss,
    recipe: kind.Recipe,
) -> Reward:
    """Return a reward model that has learned from choices, by the exercise ``reward_loss``."""
    told = [one.message for one in choices]
    sides = [
        features(told, [c.first for c in choices]),
        features(told, [c.second for c in choices]),
    ]
    order = torch.tensor([[0, 1] if one.taken else [1, 0] for one in choices])
    data = kind.Compared(torch.stack(sides, 1), order)
    head = torch.zeros(data.vectors.shape[-1])
    steps = kind.training(head, data, reward_loss, recipe)
    watch(steps, "reward model", lambda p: f"loss {p.loss:.3f}")
    reward = Reward(features, head)
    held = [(m, reply) for m, some in kind.replies("test").items() for reply in some]
    raw = reward([reply for _, reply in held], [m for m, _ in held])
    reward.mean, reward.deviation = statistics.fmean(raw), statistics.stdev(raw)
    return reward


def _judged(reward: Reward, choices: Sequence[Choice]) -> Figures:
    """Return how often the reward model agrees with choices, and the most that can be expected."""
    told = [one.message for one in choices]
    first = reward([one.first for one in choices], told)
    second = reward([one.second for one in choices], told)
    higher = [a > b for a, b in zip(first, second, strict=True)]
    clear = [h == (c.gap > 0) for h, c in zip(higher, choices, strict=True) if c.gap]
    likely = [kind.chance_of(abs(one.gap)) for one in choices]
    return {
        "agreement": round(
            statistics.fmean(h == c.taken for h, c in zip(higher, choices, strict=True)), 4
        ),
        "ceiling": round(statistics.fmean(likely), 4),
        "clear": round(statistics.fmean(clear or [0.0]), 4),
        "clear_pairs": len(clear),
    }


# The study ----------------------------------------------------------------------------------------


def by_news(told: Sequence[str], texts: Sequence[str]) -> Figures:
    """Return the shares of replies that say "glad" or "happy", and "sorry", by the news."""
    found: Figures = {}
    for name, good in (("good", True), ("bad", False)):
        some = [
            set(kind.words(t)) for m, t in zip(told, texts, strict=True) if kind.news()[m] == good
        ]
        found[f"{name}_glad"] = round(statistics.fmean(bool(rloo.GLAD & said) for said in some), 4)
        found[f"{name}_sorry"] = round(statistics.fmean("sorry" in said for said in some), 4)
        found[name] = len(some)
    return found


def study(run: Run) -> Figures:
    """Train a reward model that reads, then SmolLM2; a stage of ``course lineage``."""
    recipe: Recipe = run.plan("smollm2_reading")
    start, cpu = time.perf_counter(), time.process_time()
    features = Features(l02_transfer.minilm())
    learned = chosen("train", MORE)
    reward = trained(features, learned, **run.given(*REWARD), recipe=recipe.head)
    loaded, tokenizer = tune.loaded()
    told, untouched = rloo.held_out()
    adapted, seen = tune.adapt(loaded, run.seed), dict[int, list[rloo.Rollout]]()
    steps = rloo.training(
        adapted, tokenizer, kind.messages("train"), reward, recipe.policy, **run.given(*RLOO),
        seed=run.seed, file=tune.underway("reading.pt"), seen=seen,
    )  # fmt: skip
    watch(steps, "reward that reads", lambda p: f"reward {p.metrics['reward']:.2f}")
    at_first = rloo.described(untouched, told, reward) | by_news(told, untouched)
    at_first["points"] = round(statistics.fmean(map(score, told, untouched)), 3)
    found, said = rloo.measured(adapted, tokenizer, reward, run.seed, wins)
    found |= by_news(told, said) | {"points": round(statistics.fmean(map(score, told, said)), 3)}
    return {
        **tune.identity(),
        "encoder": catalogue.MINILM,
        "method": "RLOO",
        "pairs": len(learned),
        "mixed_pairs": MORE,
        "products": MESSAGE * REPLY,
        "reward_model": _judged(reward, chosen("test")) | {"reads": round(reward.reads(), 4)},
        "held_out_messages": len(kind.messages("test")),
        "replies": len(said),
        "rollouts": recipe.policy.rollouts,
        "in_a_rollout": recipe.policy.messages * recipe.policy.group,
        "rate": recipe.policy.rate,
        "beta": recipe.policy.beta,
        "untouched": at_first,
        "reading": found | {"curve": [[n, *rloo.means(some)] for n, some in seen.items()]},
        "reward_gain": round(found["reward"] - at_first["reward"], 3),
        "win": found["win"],
        "examples": [
            {
                "message": m,
                "news": "good" if kind.news()[m] else "bad",
                "untouched": a,
                "reading": b,
            }
            for m, a, b in [*zip(told, untouched, said, strict=True)][SHOWN]
        ],
        "memory_mb": tune.peak_mb(),
        "computing": round(time.process_time() - cpu, 1),
        "seconds": since(start),
    }


WORK = Work(study, FULL, QUICK)
