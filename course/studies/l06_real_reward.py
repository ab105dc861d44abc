"""A reward model on real sentences: what a kind friend would rather read, learned from comparisons.

Somebody tells SmolLM2 something (``data/real_messages.csv``), and it has replied four times to each
message (``data/labels/real_replies.csv``; how a reply goes on after `NEW_TOKENS` tokens nobody
judges). The labeler who doesn't get tired is a rule that one can say: a reply should be warm
(`WARM`), speak to the person, make no list and not repeat itself (`score`). Its choices have noise,
so there is a ceiling: the mean probability of the likelier choice. They are recorded
(``data/labels/real_choices.csv``); a learner's own choices may take their place.

The reward model is a weighted sum of the 384 numbers that MiniLM makes of a reply, trained by the
exercise ``reward_loss``. It reads no message and no rule. Its scale is that of lesson 06: mean 0
and deviation 1 over the replies of the untouched model to the held-out messages.

How much the squares of the weights cost was chosen on the training's messages, by leaving out a
quarter of them at a time: from 0.0001 to 0.01 it made no difference, so the calmest one was taken.

The replies are made anew by ``.venv/bin/python -m course.studies.l06_real_reward``, the record by
``course lineage --stage smollm2_reward --save``. Left out on purpose: several seeds, several
labelers, and training the layers below. Messages, labels and code have the course's licence, the
replies are SmolLM2's (Apache-2.0, which lays no claim to what the model writes).
"""

import csv
import functools
import itertools
import math
import random
import re
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course import paths
from course.errors import CourseError
from course.language import _
from course.lm.train import Progress
from course.real import catalogue, tune
from course.stages.context import Run, history, since, watch
from course.stages.stage import REWARD, Figures, Work
from course.stats import beats, interval
from course.studies import l02_transfer

RewardLoss = Callable[[Tensor, Tensor], Tensor]

REPLIES, CHOICES = "labels/real_replies.csv", "labels/real_choices.csv"
NEW_TOKENS, DRAWN, TEMPERATURE = 28, 4, 0.7
MOST = 3  # warm words that count
SLOPE = 1.5  # log-odds of a choice for a point of difference
WARM = frozenset(
    "amazing awesome beautiful best brave care cheer comfort congratulations delicious delight "
    "delighted enjoy excited exciting fantastic fun glad good great happy hear hope hug joy kind "
    "kindness love lovely luck luckily lucky nice proud rest safe smile sorry special support "
    "sweet thank thanks together warm welcome well wish wonderful worry".split()
)
EXAMPLES, LEAST_OFTEN, WORDS = 6, 3, 8


@dataclass(frozen=True)
class Recipe:
    """How the head is trained.

    Parameters
    ----------
    steps : int
        Over all pairs at once.
    rate : float
        Adam's learning rate.
    calm : float
        How much the squares of the weights cost.
    """

    steps: int = 200
    rate: float = 0.1
    calm: float = 1e-2


FULL, QUICK = Recipe(), Recipe(steps=50)


# Messages, replies, and the labeler ---------------------------------------------------------------


def messages(split: str) -> list[str]:
    """Return the messages of "train" or of "test"."""
    with (paths.DATA / "real_messages.csv").open(encoding="utf-8", newline="") as file:
        return [r["message"] for r in csv.DictReader(file) if r["split"] == split]


@functools.cache
def news() -> dict[str, bool]:
    """Return for each message whether it is good news; ``l07_real_reading`` minds that."""
    with (paths.DATA / "real_messages.csv").open(encoding="utf-8", newline="") as file:
        return {r["message"]: r["news"] == "good" for r in csv.DictReader(file)}


def words(text: str) -> list[str]:
    """Return the words of a text, in small letters."""
    return re.findall(r"[a-z']+", text.lower())


def score(reply: str) -> float:
    """Return what the labeler thinks of a reply, in points.

    A point for each warm word (`MOST` at most) and one for "you"; two less for a list or a heading,
    and three less where a word of four letters or more is there three times.
    """
    return min(MOST, len(WARM & set(words(reply)))) + manner(reply)


def manner(reply: str) -> float:
    """Return the points that a reply gets for its manner, whatever its words are."""
    said = words(reply)
    spoken = bool({"you", "your", "you're", "you'll", "you've", "yourself"} & set(said))
    listed = "\n" in reply.strip() or "**" in reply
    again = any(said.count(w) > 2 for w in set(said) if len(w) > 3)
    return float(spoken - 2 * listed - 3 * again)


def wins(mine: str, theirs: str) -> float:
    """Return 1 if the rule prefers the first reply, 0 if the second, 1/2 if neither."""
    return float(beats(score(mine), score(theirs)))


def chance(first: str, second: str) -> float:
    """Return how likely the labeler is to choose the first of two replies."""
    return chance_of(score(first) - score(second))


def chance_of(gap: float) -> float:
    """Return how likely the labeler is to choose a reply that is `gap` points better."""
    return 1 / (1 + math.exp(-SLOPE * gap))


def replies(split: str) -> dict[str, list[str]]:
    """Return what the untouched model replied: message → `DRAWN` replies.

    Raises
    ------
    CourseError
        If they aren't there.
    """
    file = _table(REPLIES)
    found: dict[str, list[str]] = {message: [] for message in messages(split)}
    with file.open(encoding="utf-8", newline="") as opened:
        for r in csv.DictReader(opened):
            if r["message"] in found:
                found[r["message"]].append(r["reply"])
    return found


def _table(name: str) -> Path:
    file = tune.drawn(name)
    if file.exists():
        return file
    if file == paths.DATA / name:
        text = _("{name} is missing: restore data/labels with git.")
    else:
        text = _("There are no replies yet: run `{command}` first.")
    command = f"python3 start.py lineage --stage smollm2_reward --model {catalogue.chosen()}"
    raise CourseError(text.format(name=file.name, command=command))


def pairs(split: str) -> list[dict[str, str]]:
    """Return all pairs of replies to each message, as a desk for labels shows them.

    The first pairs are about different messages. Equal replies make no pair.
    """
    told = replies(split)
    return [
        {
            "pair": f"{split}-{number + 1:02}-{a + 1}{b + 1}",
            "request": message,
            "answer_a": told[message][a],
            "answer_b": told[message][b],
        }
        for a, b in itertools.combinations(range(DRAWN), 2)
        for number, message in enumerate(told)
        if told[message][a] != told[message][b]
    ]


def choices(split: str) -> dict[str, bool]:
    """Return the recorded choices: pair → whether its first reply was taken."""
    with _table(CHOICES).open(encoding="utf-8", newline="") as opened:
        found = {r["pair"]: r["choice"] == "A" for r in csv.DictReader(opened)}
    return {p["pair"]: found[p["pair"]] for p in pairs(split)}


def choose(seed: int = 6) -> dict[str, bool]:
    """Let the labeler choose in all pairs; return pair → whether the first reply was taken."""
    rng = random.Random(seed)
    return {
        p["pair"]: rng.random() < chance(p["answer_a"], p["answer_b"])
        for split in ("train", "test")
        for p in pairs(split)
    }


def reply_to(model: Any, tokenizer: Any, told: Sequence[str], seed: int) -> list[str]:
    """Return a plain model's drawn replies, one for each message."""
    prompts = [tune.prompt(tokenizer, message) for message in told]
    end = tokenizer.eos_token_id
    found = tune.write(model, prompts, NEW_TOKENS, end, temperature=TEMPERATURE, seed=seed)
    return [tokenizer.decode(tokens, skip_special_tokens=True).strip() for tokens in found]


def collect(seed: int = 1) -> None:
    """Have the model reply to all messages and the labeler choose; write both files."""
    loaded, tokenizer = tune.loaded()
    told = [m for split in ("train", "test") for m in messages(split) for _ in range(DRAWN)]
    found = reply_to(loaded, tokenizer, told, seed)
    keep(REPLIES, ("message", "reply"), zip(told, found, strict=True))
    made = choose()
    keep(CHOICES, ("pair", "choice"), [(p, "A" if first else "B") for p, first in made.items()])


def keep(name: str, head: Sequence[str], rows: Any) -> None:
    """Write a table of what the model replied, or of choices."""
    file = tune.drawn(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened, lineterminator="\n").writerows([head, *rows])


# The reward model ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Compared:
    """Pairs as a reward model learns them: vectors (pairs, 2, 384), order (pairs, 2)."""

    vectors: Tensor
    order: Tensor

    def accuracy(self, head: Tensor) -> list[float]:
        """Return for each pair whether the chosen reply has the higher reward (equal: 1/2)."""
        rewards = (self.vectors @ head).gather(1, self.order)
        return beats(rewards[:, 0], rewards[:, 1]).tolist()


def compared(
    rows: Sequence[Mapping[str, str]], chosen: Mapping[str, bool], vectors: l02_transfer.Vectors
) -> Compared:
    """Return those pairs that have a choice, as the reward model learns them."""
    labeled = [p for p in rows if p["pair"] in chosen]
    texts = sorted({p[side] for p in labeled for side in ("answer_a", "answer_b")})
    table = dict(zip(texts, np.asarray(vectors(texts)), strict=True))
    both = [[table[p["answer_a"]], table[p["answer_b"]]] for p in labeled]
    order = [[0, 1] if chosen[p["pair"]] else [1, 0] for p in labeled]
    return Compared(torch.tensor(np.array(both)).float(), torch.tensor(order))


def training(
    head: Tensor, data: Compared, reward_loss: RewardLoss, recipe: Recipe
) -> Iterator[Progress]:
    """Train `head`, shape (384,), in place and yield after every step."""
    head.requires_grad_(True)
    optimizer, start = torch.optim.Adam([head], lr=recipe.rate), time.perf_counter()
    for step in range(recipe.steps):
        loss = reward_loss(data.vectors @ head, data.order)
        optimizer.zero_grad()
        (loss + recipe.calm * head.square().sum()).backward()
        optimizer.step()
        seconds = time.perf_counter() - start
        seen = (step + 1) * len(data.order)
        yield Progress(step + 1, recipe.steps, seen, seconds, float(loss.detach()), recipe.rate, {})
    head.requires_grad_(False)


@dataclass(frozen=True)
class Reward:
    """A trained reward model: a head on MiniLM's vectors, and its scale."""

    head: Tensor
    mean: float
    deviation: float
    vectors: l02_transfer.Vectors

    def __call__(self, texts: Sequence[str], told: Sequence[str] = ()) -> list[float]:
        """Return the reward of each text, in deviations of the untouched model's replies.

        What was told, `told`, it doesn't read.
        """
        found = torch.tensor(np.asarray(self.vectors(list(texts)))).float() @ self.head
        return ((found - self.mean) / self.deviation).tolist()


def scaled(head: Tensor, vectors: l02_transfer.Vectors) -> Reward:
    """Return a reward with mean 0 and deviation 1 over the replies to held-out messages."""
    texts = [reply for some in replies("test").values() for reply in some]
    raw = torch.tensor(np.asarray(vectors(texts))).float() @ head
    return Reward(head, float(raw.mean()), float(raw.std()), vectors)


def shipped(vectors: l02_transfer.Vectors | None = None) -> Reward:
    """Return the recorded reward model.

    Raises
    ------
    CourseError
        If MiniLM or the record isn't here.
    """
    from course import records

    found = records.read("smollm2_reward", folder=tune.recorded())
    head = torch.tensor(found["head"])
    return Reward(head, found["mean"], found["deviation"], vectors or l02_transfer.minilm())


def effects(reward: Callable[[Sequence[str]], list[float]], text: str) -> list[tuple[str, float]]:
    """Return each word of a text, and how much reward the text loses without it."""
    parts = text.split()
    without = [" ".join(parts[:i] + parts[i + 1 :]) for i in range(len(parts))]
    whole, *less = reward([text, *without])
    return [(part, whole - value) for part, value in zip(parts, less, strict=True)]


def moving_words(
    reward: Callable[[Sequence[str]], list[float]], texts: Sequence[str]
) -> list[tuple[str, float, int]]:
    """Return words that are often there: word, mean effect, how often; the best ones first."""
    found: dict[str, list[float]] = {}
    for text in texts:
        for part, effect in effects(reward, text):
            for word in words(part)[:1]:
                found.setdefault(word, []).append(effect)
    rows = [(w, statistics.fmean(e), len(e)) for w, e in found.items() if len(e) >= LEAST_OFTEN]
    return sorted(rows, key=lambda row: -row[1])


def ceiling(rows: Sequence[Mapping[str, str]]) -> float:
    """Return the highest agreement with the labeler's noisy choices that can be expected."""
    likely = [chance(p["answer_a"], p["answer_b"]) for p in rows]
    return statistics.fmean(max(p, 1 - p) for p in likely)


def study(run: Run) -> Figures:
    """Train the reward model and measure it, as a stage of ``course lineage``."""
    recipe: Recipe = run.plan("smollm2_reward")
    start, cpu, vectors = time.perf_counter(), time.process_time(), l02_transfer.minilm()
    if catalogue.chosen() != catalogue.SMOLLM2 and not tune.drawn(CHOICES).exists():
        collect(run.seed)
    learned, held = pairs("train"), pairs("test")
    data = compared(learned, choices("train"), vectors)
    tested = compared(held, choices("test"), vectors)
    head = torch.zeros(data.vectors.shape[-1])
    steps = training(head, data, **run.given(*REWARD), recipe=recipe)
    done = watch(steps, "reward model", lambda p: f"loss {p.loss:.3f}")
    head = torch.tensor([round(float(w), 4) for w in head])
    reward = scaled(head, vectors)
    hits, seen = tested.accuracy(head), data.accuracy(head)
    gaps = [score(p["answer_a"]) - score(p["answer_b"]) for p in held]
    truth = (tested.vectors @ head).diff(dim=1)[:, 0]
    clear = [float((g > 0) == (t < 0)) for g, t in zip(gaps, truth.tolist(), strict=True) if g]
    told = replies("test")
    ordered = moving_words(reward, [some[0] for some in told.values()])
    texts = [(m, reply) for m, some in told.items() for reply in some]
    ranked = sorted(zip(reward([t for _, t in texts]), texts, strict=True), key=lambda x: -x[0])
    shown = [*ranked[: EXAMPLES // 2], *ranked[-(EXAMPLES // 2) :]]
    return {
        **tune.identity(),
        "encoder": catalogue.MINILM,
        "messages": len(messages("train")),
        "pairs": len(learned),
        "held_out_pairs": len(held),
        "steps": recipe.steps,
        "rate": recipe.rate,
        "calm": recipe.calm,
        "slope": SLOPE,
        "agreement": round(statistics.fmean(hits), 4),
        "agreement_interval": [round(x, 4) for x in interval(sum(hits), len(hits))],
        "agreement_learned": round(statistics.fmean(seen), 4),
        "ceiling": round(ceiling(held), 4),
        "below_ceiling": round(ceiling(held) - statistics.fmean(hits), 4),
        "clear": round(statistics.fmean(clear or [0.0]), 4),
        "clear_pairs": len(clear),
        "words_up": [[w, round(e, 3), n] for w, e, n in ordered[:WORDS]],
        "words_down": [[w, round(e, 3), n] for w, e, n in ordered[::-1][:WORDS]],
        "examples": [
            {"message": m, "reply": reply, "reward": round(value, 2), "score": score(reply)}
            for value, (m, reply) in shown
        ],
        "mean": round(reward.mean, 5),
        "deviation": round(reward.deviation, 5),
        "head": [round(float(w), 4) for w in head],
        "curve": history(done, points=60),
        "memory_mb": tune.peak_mb(),
        "computing": round(time.process_time() - cpu, 1),
        "seconds": since(start),
    }


WORK = Work(study, FULL, QUICK)

if __name__ == "__main__":
    collect()
