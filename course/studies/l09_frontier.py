"""Three uses of the same comparisons on one picture: PPO, DPO and best-of-n, reward against KL.

All begin with ``mini-sft`` and with the labeler's rankings that ``mini-reward`` has learned from;
the reward model is a plain one. Each policy answers the same requests; every answer gets the reward
model's number (the *proxy*), the labeler's (the *true score*, which no model sees) and its
log-probability under the policy and under ``mini-sft``, whose mean difference is the KL. Best-of-n
is treated as a policy of its own. The test split gives the figures; the tuning split chooses, and
gives the table of lesson 09's project. Made by ``course lineage --stage frontier --save``; not part
of the lineage, ships no model. Left out on purpose: more than one seed, and rehearsed text, in PPO
as in DPO.
"""

import csv
import io
import math
import random
import string
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedModel

from course import paths, records
from course.lm import evals, model
from course.lm.evaluate import standard_error
from course.seeds import stream
from course.stages import dpo, ppo, reward, sft_stage, stage
from course.stages.context import Run, since, watch
from course.stages.ppo_stage import ppo_requests
from course.stages.reward_stage import first_round, plain_reward
from course.stages.stage import Figures, Work
from course.stats import beats
from course.world import demonstrate
from course.world.talk import Example

Floats = NDArray[np.float64]

BEST_OF = (1, 2, 4, 8, 16)
BETAS = (0.1, 0.3, 1.0)  # of DPO
# PPO: price, and the iterations at which it is measured.
RUNS = ((0.0, (2, 4, 6, 10, 20, 60)), (0.1, (10, 20, 40)), (0.5, (20,)))
DPO = dpo.Recipe()
ANSWERS = 2  # of each policy to each request of the test
TUNING = 200  # requests that choose
METHODS = ("best-of-n", "DPO", "PPO, no price", "PPO, with a price")

# The project's table: the first requests of the tuning split, a few labelled answers of each
# candidate. Two candidates have come late and have hardly any labels.
PROJECT = 60
LABELS, LATE = 14, 3
CANDIDATES = (
    "mini-sft", "best of 4", "best of 16", "DPO 0.1", "DPO 0.3", "DPO 1", "PPO free, 6 rounds",
    "PPO free, 60 rounds", "PPO 0.1, 20 rounds", "PPO 0.1, 40 rounds",
)  # fmt: skip
LATECOMERS = ("DPO 0.3", "PPO free, 6 rounds")
COLUMNS = (
    "candidate", "prompt", "reward", "logprob", "reference_logprob", "score", "training_flop",
    "answer_flop",
)  # fmt: skip


@dataclass(frozen=True)
class Drawn:
    """Answers to some requests, `times` of them to each, one request after the other.

    Arrays have the shape (requests, times); log-probabilities are of whole answers, in nats.
    ``tokens`` is the mean length of request and answer together.
    """

    reward: Floats
    true: Floats
    logprob: Floats
    reference: Floats
    texts: tuple[tuple[str, ...], ...]
    tokens: float

    @property
    def ratio(self) -> Floats:
        """Return ln policy − ln reference of each answer; its mean estimates the KL."""
        return self.logprob - self.reference


# Best-of-n as a policy ----------------------------------------------------------------------------


def log_kept(rewards: Floats, logprobs: Floats, texts: Sequence[str], n: int) -> Floats:
    """Return the log-probability of each drawn answer under best-of-n, in nats, shape (draws,).

    Best-of-n keeps an answer with probability Fⁿ − (F − p)ⁿ, where p is the answer's own
    probability and F the probability of drawing it or a worse one. p is known; F is estimated: what
    is better than the answer are the better answers that were drawn, with their own probabilities,
    and a part of what was never drawn. Of that the part is (h + 1) / (m + 1), if h of m different
    answers are better: so often a new draw beats the answer, if all draws are alike.

    Parameters
    ----------
    rewards, logprobs : ndarray of float, shape (draws,)
        Of answers drawn from the policy for one request.
    texts : sequence of str
        The answers; the same text is the same answer.
    n : int
        Draws of best-of-n.
    """
    first = {text: i for i, text in reversed(list(enumerate(texts)))}
    seen = np.array(sorted(first.values()))
    p = np.exp(logprobs[seen])
    unseen = max(0.0, 1 - p.sum())
    worth = rewards[[first[text] for text in texts]]  # the same answer has the same reward
    above = worth[seen][None, :] > worth[:, None]
    better = above @ p + unseen * (above.sum(1) + 1) / (len(seen) + 1)
    own = np.exp(logprobs)
    upto = np.clip(1 - better, own, 1.0)
    # ln(Fⁿ − (F − p)ⁿ) = n ln F + ln(1 − (1 − p/F)ⁿ), which loses no digits for small p
    missed = np.log1p(-np.minimum(own / upto, 1 - 1e-12))
    return n * np.log(upto) + np.log(-np.expm1(n * missed))


def kept_weights(rewards: Floats, n: int) -> Floats:
    """Return how often each of the drawn answers is the best of n of them, shape (draws,)."""
    count = len(rewards)
    below = np.argsort(np.argsort(rewards, kind="stable"))  # draws that are worse
    return np.array([math.comb(int(b), n - 1) for b in below]) / math.comb(count, n)


@dataclass(frozen=True)
class Kept:
    """What best-of-n keeps of each request's draws: means over all choices of n, (requests,)."""

    reward: Floats
    true: Floats
    ratio: Floats
    wins: Floats


def best_of(drawn: Drawn, n: int, against: Floats) -> Kept:
    """Return what best-of-n makes of `drawn`.

    Parameters
    ----------
    against : ndarray of float, shape (requests,)
        True scores of the answers that it is compared with.
    """
    lines = []
    for i, rewards in enumerate(drawn.reward):
        weights = kept_weights(rewards, n)
        kept = log_kept(rewards, drawn.reference[i], drawn.texts[i], n)
        won = beats(drawn.true[i], against[i])
        parts = (rewards, drawn.true[i], kept - drawn.reference[i], won)
        lines.append([float(weights @ part) for part in parts])
    return Kept(*np.array(lines).T)


# What it costs ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Costs:
    """Parameters without embeddings of policy and reward model; tokens of each stage.

    One token costs two operations a parameter to read or write and six to learn from (Kaplan et al.
    2020, arXiv:2001.08361). The value model is as large as the reward model.
    """

    policy: float
    judge: float
    pretraining: float
    sft: float
    compared: float
    reward_epochs: int
    rollout: float  # request and answer, one iteration of PPO
    ppo_epochs: int

    def reward_stage(self) -> float:
        """Return FLOP of the comparisons' answers and the reward model."""
        learn = 3 * self.judge * self.reward_epochs
        return 2 * self.compared * (self.policy + learn)

    def dpo_stage(self, epochs: int) -> float:
        """Return FLOP of the answers to compare, the reference's reading, and DPO."""
        return 2 * self.compared * self.policy * (2 + 3 * epochs)

    def ppo_stage(self, iterations: int) -> float:
        """Return FLOP of PPO itself: four models read or write, two learn."""
        both = self.policy + self.judge
        return 2 * iterations * self.rollout * both * (2 + 3 * self.ppo_epochs)

    def answer(self, tokens: float, n: int = 1) -> float:
        """Return FLOP of one answer to one request; best of `n` has each draw judged."""
        return 2 * tokens * n * (self.policy + (self.judge if n > 1 else 0))

    def table(self, epochs: int, iterations: int) -> dict[str, float]:
        """Return FLOP of each stage; DPO runs for `epochs`, PPO for `iterations`."""
        return {
            "pretraining": 6 * self.policy * self.pretraining,
            "sft": 6 * self.policy * self.sft,
            "reward": self.reward_stage(),
            "ppo": self.ppo_stage(iterations),
            "dpo": self.dpo_stage(epochs),
        }


def counted(run: Run, rankings: Sequence[reward.Ranking], rollout: float) -> Costs:
    """Return the costs of our lineage; `rollout` are the tokens of an iteration of PPO."""
    plan: sft_stage.Plan = run.plan("sft")
    sft = run.get("mini-sft")
    shown = list(demonstrate.demonstrations(plan.demonstrations, run.seed))
    read = run.tokenizer([e.text() for e in shown], add_special_tokens=False)["input_ids"]
    recipe = plan.recipe
    steps = recipe.epochs * -(-len(shown) // recipe.batch)
    rehearsed = steps * 4 * sft.config.n_positions  # `rehearsed` gives four rows a step
    return Costs(
        policy=model.parameters(sft),
        judge=model.parameters(plain_reward(run)),
        pretraining=records.read(model.DEFAULT)["recipe"]["tokens"],
        sft=recipe.epochs * sum(map(len, read)) + rehearsed,
        compared=sum(len(row) for r in rankings for row in r.rows),
        reward_epochs=run.plan("reward").recipe.epochs,
        rollout=rollout,
        ppo_epochs=run.plan("hacking").recipe.epochs,
    )


# The stage ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Point:
    """A policy on the frontier: its name, method and setting, what it cost, and its answers."""

    name: str
    method: str
    setting: float
    iterations: int
    seconds: float
    test: Drawn
    tuning: Drawn


class Measure:
    """The requests that every policy answers, and the SFT model's own answers to them."""

    def __init__(self, run: Run) -> None:
        self.seed, self.tokenizer = run.seed, run.tokenizer
        self.sft, self.judge = run.get("mini-sft"), plain_reward(run)
        self.test = run.test_requests().mixed
        count = min(TUNING, run.tests)
        self.tuning = evals.asked_in("tuning", run.tests).mixed[:count]
        many = max(BEST_OF)
        test = self.draw(self.sft, self.test, many, "frontier/start")
        tuning = self.draw(self.sft, self.tuning, many, "frontier/start-tuning")
        self.start = Point("mini-sft", "SFT", 0.0, 0, 0.0, test, tuning)
        # One more answer to each request, which all methods are compared with.
        self.rival = self.draw(self.sft, self.test, 1, "frontier/rival").true[:, 0]

    def draw(
        self, policy: PreTrainedModel, asked: Sequence[Example], times: int, name: str
    ) -> Drawn:
        """Let `policy` answer each request `times` times, at temperature 1.

        `name` is the stream of the draws (`course.seeds`).
        """
        done = evals.respond(
            policy, self.tokenizer, asked, times=times, seed=stream(name, self.seed)
        )

        def table(values: Any) -> Floats:
            return np.asarray(values, dtype=float).reshape(len(asked), times)

        return Drawn(
            reward=table(reward.score(self.judge, done.rows).numpy()),
            true=table(done.scores),
            logprob=table(dpo.logprobs(policy, done.rows, done.starts).numpy()),
            reference=table(dpo.logprobs(self.sft, done.rows, done.starts).numpy()),
            texts=tuple(tuple(done.texts[i : i + times]) for i in range(0, len(done.texts), times)),
            tokens=sum(map(len, done.rows)) / len(done.rows),
        )

    def of(
        self,
        policy: PreTrainedModel,
        name: str,
        method: str,
        setting: float,
        seconds: float,
        iterations: int = 0,
    ) -> Point:
        """Let `policy` answer all requests."""
        test = self.draw(policy, self.test, ANSWERS, "frontier/test")
        tuning = self.draw(policy, self.tuning, 1, "frontier/tuning")
        return Point(name, method, setting, iterations, seconds, test, tuning)


def dpo_points(run: Run, measure: Measure, rankings: Sequence[reward.Ranking]) -> list[Point]:
    """Train by DPO at each β, on the same rankings."""
    functions, points = run.given(*stage.DPO), []
    learned = dpo.compared(run.get("mini-sft"), run.tokenizer, rankings)
    for beta in BETAS:
        policy, start = run.get("mini-sft"), time.perf_counter()
        recipe = replace(DPO, beta=beta, freeze=run.plan("hacking").recipe.freeze)  # as in PPO
        steps = dpo.train(policy, run.tokenizer, learned, **functions, recipe=recipe, seed=run.seed)
        watch(steps, f"DPO {beta:g}", lambda p: f"accuracy {p.accuracy:.2f}")
        seconds = since(start)
        points.append(measure.of(policy, f"DPO {beta:g}", "DPO", beta, seconds=seconds))
    return points


def ppo_run(
    run: Run, measure: Measure, beta: float, stops: Sequence[int]
) -> tuple[list[Point], list[int]]:
    """Train by PPO at a price and measure on the way; also return the tokens of each iteration."""
    hacking: ppo.Recipe = run.plan("hacking").recipe
    recipe = replace(hacking, kl_coef=beta, iterations=min(max(stops), hacking.iterations))
    prompts = evals.chat_prompts(run.tokenizer, ppo_requests(recipe, run.seed))
    policy = run.get("mini-sft")
    steps = ppo.train(
        policy, run.get("mini-sft"), measure.judge, run.tokenizer, prompts,
        **run.given(*stage.PPO), recipe=recipe, seed=run.seed,
    )  # fmt: skip
    name, method = ("free", METHODS[2]) if beta == 0 else (f"{beta:g}", METHODS[3])
    points: list[Point] = []
    lengths: list[int] = []

    def measured() -> Iterator[ppo.Progress]:
        seconds, begin = 0.0, time.perf_counter()
        for p in steps:
            seconds += time.perf_counter() - begin
            lengths.append(sum(len(prompts[a.prompt]) + len(a.tokens) for a in p.answers))
            if p.iteration in stops:
                title = f"PPO {name}, {p.iteration} rounds"
                found = measure.of(policy, title, method, beta, round(seconds, 1), p.iteration)
                points.append(found)
            begin = time.perf_counter()
            yield p

    watch(measured(), f"PPO {name}", lambda p: f"reward {p.reward:.2f} kl {p.kl:.2f}")
    return points, lengths


def figures_of(point: Point, rival: Floats, flop: float, answer: float) -> dict[str, Any]:
    """Return a policy's figures on the test, with its tuning score behind."""
    test, tuning = point.test, point.tuning
    wins = beats(test.true, rival[:, None])
    parts = (test.reward, test.true, test.ratio, wins)
    rewards, true, ratio, won = (part.mean(1) for part in parts)
    line = _line(point, rewards, true, ratio, won, flop, answer)
    return line | {"tuning": round(float(tuning.true.mean()), 4)}


def _line(
    point: Point, rewards: Floats, true: Floats, ratio: Floats, wins: Floats, flop: float,
    answer: float,
) -> dict[str, Any]:  # fmt: skip
    """Return means over the requests, with the errors that one needs."""
    won = wins.tolist()
    return {
        "name": point.name,
        "method": point.method,
        "setting": point.setting,
        "iterations": point.iterations,
        "kl": round(float(ratio.mean()), 4) + 0.0,  # never -0.0
        "kl_error": round(standard_error(ratio.tolist()), 4),
        "reward": round(float(rewards.mean()), 4),
        "true": round(float(true.mean()), 4),
        "true_error": round(standard_error(true.tolist()), 4),
        "win": round(sum(won) / len(won), 4),
        "win_error": round(standard_error(won), 4),
        "training_flop": flop,
        "answer_flop": answer,
        "seconds": point.seconds,
    }


def study(run: Run) -> Figures:
    """Measure all three methods on the same requests.

    With ``save`` it also writes the project's table, ``data/labels/project.csv``.

    Returns
    -------
    dict
        ``points``: for each policy its KL from the SFT model, reward, true score, win rate against
        the SFT model, FLOP and seconds; ``chosen``: for each method the point with the best true
        score on the tuning split; ``flop`` of each stage, with the ``costs`` behind.
    """
    begin = time.perf_counter()
    measure = Measure(run)
    rankings = first_round(run)
    own = dpo_points(run, measure, rankings)
    runs = [ppo_run(run, measure, beta, stops) for beta, stops in RUNS]
    trained = [point for points, _ in runs for point in points]
    lengths = [tokens for _, counts in runs for tokens in counts]
    costs = counted(run, rankings, sum(lengths) / len(lengths))
    length, judge = measure.start.test.tokens, costs.reward_stage()
    lines = []
    for n in BEST_OF:
        kept, tuned = (
            best_of(drawn, n, rival)
            for drawn, rival in (
                (measure.start.test, measure.rival),
                (measure.start.tuning, measure.start.tuning.true[:, 0]),
            )
        )
        point = replace(measure.start, name=f"best of {n}", method=METHODS[0], setting=float(n))
        line = _line(
            point, kept.reward, kept.true, kept.ratio, kept.wins,
            judge if n > 1 else 0.0, costs.answer(length, n),
        )  # fmt: skip
        bound = math.log(n) - (n - 1) / n
        lines.append(line | {"kl_bound": round(bound, 4), "tuning": round(tuned.true.mean(), 4)})
    for point in own:
        flop = costs.dpo_stage(DPO.epochs)
        lines.append(figures_of(point, measure.rival, flop, costs.answer(point.test.tokens)))
    for point in trained:
        flop = judge + costs.ppo_stage(point.iterations)
        lines.append(figures_of(point, measure.rival, flop, costs.answer(point.test.tokens)))
    if run.save:
        table = project(measure, [*own, *trained], lines)
        paths.write(paths.DATA / "labels" / "project.csv", table)
    ways = {line["method"]: [p for p in lines if p["method"] == line["method"]] for line in lines}
    chosen = {way: max(some, key=lambda p: p["tuning"])["name"] for way, some in ways.items()}
    by_name = {line["name"]: line for line in lines}
    top = max(lines, key=lambda p: p["reward"])
    return {
        "points": lines,
        "chosen": chosen,
        "rankings": len(rankings),
        "requests": len(measure.test),
        "flop": costs.table(DPO.epochs, max(RUNS[1][1])),
        "costs": vars(costs),
        "seed": run.seed,
        "dpo_recipe": vars(DPO),
        "true_start": by_name["best of 1"]["true"],
        **{
            f"true_{key}": by_name[chosen[way]]["true"]
            for key, way in zip(("best_of", "dpo", "ppo_free", "ppo"), METHODS, strict=True)
        },
        "true_of_best_proxy": top["true"],
        "seconds": since(begin),
    }


WORK = Work(study)


# The project's table ------------------------------------------------------------------------------


def answered(
    measure: Measure, points: Sequence[Point], lines: Sequence[dict[str, Any]], count: int
) -> list[dict[str, Any]]:
    """Return one answer of each candidate to each of the first `count` tuning requests."""
    by_name, costs = {p.name: p for p in points}, {line["name"]: line for line in lines}
    start, rows = measure.start.tuning, []
    for name in CANDIDATES:
        n = int(name.removeprefix("best of ")) if name.startswith("best of") else 1
        cost = costs["best of 1" if name == "mini-sft" else name]
        for i in range(count):
            if name == "mini-sft" or n > 1:
                k = int(start.reward[i, :n].argmax())
                own = start.reference[i, k] if n == 1 else log_kept(
                    start.reward[i], start.reference[i], start.texts[i], n
                )[k]  # fmt: skip
                found = start
            else:
                found, k = by_name[name].tuning, 0
                own = found.logprob[i, 0]
            rows.append(
                {
                    "candidate": name,
                    "prompt": i,
                    "reward": round(float(found.reward[i, k]), 3),
                    "logprob": round(float(own), 3),
                    "reference_logprob": round(float(found.reference[i, k]), 3),
                    "score": round(float(found.true[i, k]), 2),
                    "training_flop": f"{cost['training_flop']:.4g}",
                    "answer_flop": f"{cost['answer_flop']:.4g}",
                }
            )
    return rows


def in_letters(rows: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Return recorded answers (all of them labelled) as text, candidate → four letters an answer.

    So the hidden checks of the project hold theirs. A letter is a number from 0 to 61, its place
    among digits and letters: reward and true score in tenths from -3, ln policy − ln reference in
    nats from -5, − ln reference in nats.
    """
    letters, found = string.digits + string.ascii_letters, {row["candidate"]: "" for row in rows}
    for row in rows:
        rare, ratio = -row["reference_logprob"], row["logprob"] - row["reference_logprob"]
        four = (10 * (row["reward"] + 3), 10 * (row["score"] + 3), ratio + 5, rare)
        found[row["candidate"]] += "".join(letters[min(61, max(0, round(x)))] for x in four)
    return found


def project(measure: Measure, points: Sequence[Point], lines: Sequence[dict[str, Any]]) -> str:
    """Return the project's table as CSV: the true score stands in a few rows only."""
    rows, rng = answered(measure, points, lines, PROJECT), random.Random(measure.seed)
    for name in CANDIDATES:
        labelled = set(rng.sample(range(PROJECT), LATE if name in LATECOMERS else LABELS))
        for row in rows:
            if row["candidate"] == name and row["prompt"] not in labelled:
                row["score"] = ""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
