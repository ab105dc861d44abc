"""DPO on a real model: SmolLM2 learns to answer in one short sentence, from comparisons alone.

The labeler is a rule that one can say, so that everybody gets the same labels: an answer should
come to an end, in about a dozen words, without a list (`score`). SmolLM2 has answered each everyday
question of ``data/real_questions.csv`` some times (``data/labels/real_answers.csv``); the best and
the worst answer by the rule make a pair. DPO sees the pairs, never the rule, and trains an adapter
(`course.real.tune`) with the exercise ``dpo_loss``. Then DPO and best-of-n answer other
questions, and the rule compares each answer with one of the untouched model. The KL divergence of
DPO is measured on its own answers; that of best-of-n has a bound, log n − (n − 1)/n.

The answers are made anew by ``.venv/bin/python -m course.studies.l09_smollm2_dpo``, the record by
``course lineage --stage smollm2_dpo --save``. Left out on purpose: several seeds, a labeler who
reads what an answer says (a short wrong sentence wins against a long right one), rehearsal.
"""

import csv
import math
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from course import paths
from course.errors import CourseError
from course.language import _
from course.lm.train import Metrics
from course.real import catalogue, tune
from course.seeds import stream
from course.stages.context import Run, history, since, watch
from course.stages.dpo import DpoLoss
from course.stages.stage import DPO, Figures, Work
from course.stats import beats, interval

WORDS, CUT, LIST = 12, 40, 10  # the best length, and what a missing end and a list cost
NEW_TOKENS = 36
DRAWN, OTHERS = 4, 4  # answers a question for the pairs; those that best-of-n chooses from
ANSWERS = "labels/real_answers.csv"
SHOWN = 5


@dataclass(frozen=True)
class Recipe(tune.Recipe):
    """How DPO trains: `beta` is the price of a nat, in units of a preference's log-odds."""

    batch: int = 4
    beta: float = 0.1


FULL, QUICK = Recipe(), Recipe(epochs=1)


@dataclass(frozen=True)
class Answer:
    """An answer, and whether it came to an end by itself."""

    text: str
    ended: bool


@dataclass(frozen=True)
class Pair:
    """A question with two answers, of which the rule prefers one."""

    question: str
    preferred: Answer
    other: Answer


@dataclass(frozen=True)
class Known:
    """A pair as DPO reads it; `reference` has both log-probabilities of the untouched model."""

    preferred: tune.Row
    other: tune.Row
    reference: tuple[float, float]


def questions(split: str) -> list[str]:
    """Return the questions of "train" or of "test"."""
    with (paths.DATA / "real_questions.csv").open(encoding="utf-8", newline="") as file:
        return [r["question"] for r in csv.DictReader(file) if r["split"] == split]


def score(answer: Answer) -> float:
    """Return what the rule thinks of an answer: 0 is best."""
    listed = "\n" in answer.text.strip()
    off = abs(len(answer.text.split()) - WORDS)
    return -float(off + CUT * (not answer.ended) + LIST * listed)


def wins(mine: Answer, theirs: Answer) -> float:
    """Return 1 if the rule prefers the first answer, 0 if the second, 1/2 if neither."""
    return float(beats(score(mine), score(theirs)))


def draw(
    model: Any,
    tokenizer: Any,
    asked: Sequence[str],
    times: int,
    seed: int,
    temperature: float = 1.0,
) -> Any:
    """Return answers that a plain model draws, `times` for each question.

    Returns
    -------
    list of lists of (Row, Answer)
    """
    prompts = [tune.prompt(tokenizer, question) for question in asked for _ in range(times)]
    end = tokenizer.eos_token_id
    written = tune.write(model, prompts, NEW_TOKENS, end, temperature=temperature, seed=seed)
    found = []
    for asked_tokens, answer in zip(prompts, written, strict=True):
        ended = len(answer) < NEW_TOKENS
        row = tune.Row((*asked_tokens, *answer, *([end] if ended else [])), len(asked_tokens))
        text = tokenizer.decode(answer, skip_special_tokens=True)
        found.append((row, Answer(text, ended)))
    return [found[i : i + times] for i in range(0, len(found), times)]


# The recorded answers -----------------------------------------------------------------------------


def recorded(split: str, file: Path | None = None) -> dict[str, list[Answer]]:
    """Return what the untouched model answered: question → its answers, as they were drawn.

    Raises
    ------
    CourseError
        If there are none.
    """
    file = file or tune.drawn(ANSWERS)
    if not file.exists():
        text = _("{name} is missing: restore data/labels with git.")
        raise CourseError(text.format(name=file.name))
    found: dict[str, list[Answer]] = {question: [] for question in questions(split)}
    with file.open(encoding="utf-8", newline="") as opened:
        for r in csv.DictReader(opened):
            if r["question"] in found:
                found[r["question"]].append(Answer(r["answer"], r["ended"] == "yes"))
    return found


def pairs(file: Path | None = None) -> list[Pair]:
    """Return the best with the worst recorded answer to each question of the training."""
    found = []
    for question, answers in recorded("train", file).items():
        ranked = sorted(answers, key=score)
        if ranked and score(ranked[0]) < score(ranked[-1]):
            found.append(Pair(question, ranked[-1], ranked[0]))
    return found


def collect(seed: int = 1) -> dict[str, list[Answer]]:
    """Have the model answer all questions; return question → answers."""
    loaded, tokenizer = tune.loaded()
    found = {}
    for split, times in (("train", DRAWN), ("test", 1 + OTHERS)):
        asked = questions(split)
        drawn = draw(loaded, tokenizer, asked, times, seed)
        for question, some in zip(asked, drawn, strict=True):
            found[question] = [answer for _, answer in some]
    return found


def keep(found: Mapping[str, Sequence[Answer]], file: Path) -> None:
    """Write answers to a file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened, lineterminator="\n")
        writer.writerow(("question", "answer", "ended"))
        for question, answers in found.items():
            writer.writerows([question, a.text, "yes" if a.ended else "no"] for a in answers)


# Training -----------------------------------------------------------------------------------------


def known(plain: Any, tokenizer: Any, found: Sequence[Pair]) -> list[Known]:
    """Return pairs as DPO reads them, with what the untouched model `plain` says of both."""
    rows = []
    for pair in found:
        for answer in (pair.preferred, pair.other):
            row = tune.row(tokenizer, pair.question, answer.text)
            rows.append(row if answer.ended else tune.Row(row.tokens[:-1], row.begin))
    values = tune.answer_logprobs(plain, rows).tolist()
    return [Known(rows[i], rows[i + 1], (values[i], values[i + 1])) for i in range(0, len(rows), 2)]


def training(
    adapted: Any,
    learned: Sequence[Known],
    dpo_loss: DpoLoss,
    recipe: Recipe,
    seed: int = 1,
    file: Path | None = None,
) -> Any:
    """Return the training, a generator; its metrics are ``accuracy`` and ``margin``."""

    def loss(share: list[Known]) -> tuple[Tensor, Metrics]:
        rows = [k.preferred for k in share] + [k.other for k in share]
        preferred, other = tune.token_logprobs(adapted, rows)[0].sum(1).chunk(2)
        reference = torch.tensor([k.reference for k in share])
        gained = (preferred - reference[:, 0]) - (other - reference[:, 1])
        margin = recipe.beta * gained.detach()
        metrics = {"accuracy": float((margin > 0).float().mean()), "margin": float(margin.mean())}
        return dpo_loss(preferred, other, reference[:, 0], reference[:, 1], recipe.beta), metrics

    return tune.learn(adapted, learned, loss, recipe, seed, file=file)


# Measuring ----------------------------------------------------------------------------------------


def rate(hits: Sequence[float]) -> dict[str, Any]:
    """Return a share of wins, a tie counting one half, with its 95% interval."""
    share = sum(hits) / len(hits)
    return {
        "share": round(share, 4),
        "interval": [round(x, 4) for x in interval(sum(hits), len(hits))],
    }


def described(answers: Sequence[Answer]) -> dict[str, float]:
    """Return the mean score, words, and share of answers that ended."""
    return {
        "score": round(statistics.fmean(map(score, answers)), 3),
        "words": round(statistics.fmean(len(a.text.split()) for a in answers), 2),
        "ended": round(statistics.fmean(a.ended for a in answers), 4),
    }


def study(run: Run) -> Figures:
    """Train the model by DPO and compare, as a stage of ``course lineage``; return the figures."""
    recipe: Recipe = run.plan("smollm2_dpo")
    if catalogue.chosen() != catalogue.SMOLLM2 and not tune.drawn(ANSWERS).exists():
        keep(collect(run.seed), tune.drawn(ANSWERS))
    loaded, tokenizer = tune.loaded()
    adapted, tested = tune.adapt(loaded, run.seed), questions("test")
    found, drawn = pairs(), list(recorded("test").values())
    untouched = [some[0] for some in drawn]
    best = {n: [max(some[1 : 1 + n], key=score) for some in drawn] for n in (1, 2, OTHERS)}
    start, cpu = time.perf_counter(), time.process_time()
    with tune.switched_off(adapted) as plain:
        learned = known(plain, tokenizer, found)
    file = tune.underway("dpo.pt")
    steps = training(adapted, learned, **run.given(*DPO), recipe=recipe, seed=run.seed, file=file)
    done = watch(steps, "DPO on SmolLM2", lambda p: f"loss {p.loss:.3f}")
    seconds, computing = since(start), round(time.process_time() - cpu, 1)
    with tune.merged(adapted) as plain:
        after = [
            some[0]
            for some in draw(plain, tokenizer, tested, 1, stream("smollm2_dpo/test", run.seed))
        ]
    now = tune.answer_logprobs(adapted, [row for row, _ in after])
    with tune.switched_off(adapted) as plain:
        before = tune.answer_logprobs(plain, [row for row, _ in after])
    apart = (now - before).tolist()
    dpo = [answer for _, answer in after]
    won = rate([wins(a, b) for a, b in zip(dpo, untouched, strict=True)])
    chosen = {n: rate([wins(a, b) for a, b in zip(best[n], untouched, strict=True)]) for n in best}
    return {
        **tune.identity(),
        "pairs": len(found),
        "questions": len(tested),
        "new_tokens": NEW_TOKENS,
        "words": WORDS,
        "beta": recipe.beta,
        "epochs": recipe.epochs,
        "batch": recipe.batch,
        "rate": recipe.rate,
        "steps": done[-1].steps if done else 0,
        "win_dpo": won["share"],
        "win_best_of": chosen[OTHERS]["share"],
        "intervals": {"dpo": won["interval"]}
        | {f"best_of_{n}": chosen[n]["interval"] for n in chosen},
        "wins_best_of": {str(n): chosen[n]["share"] for n in chosen},
        "kl_best_of": {str(n): round(math.log(n) - (n - 1) / n, 4) for n in best},
        "kl": round(statistics.fmean(apart), 3),
        "kl_error": round(statistics.stdev(apart) / len(apart) ** 0.5, 3),
        "untouched": described(untouched),
        "dpo": described(dpo),
        "best_of": described(best[OTHERS]),
        "examples": [
            {
                "question": tested[i],
                "untouched": untouched[i].text,
                "best_of": best[OTHERS][i].text,
                "dpo": dpo[i].text,
            }
            for i in range(SHOWN)
        ],
        "curve": history(done, points=60),
        "accuracy": round(statistics.fmean(p.metrics["accuracy"] for p in done[-6:]), 4)
        if done
        else 0.0,
        "memory_mb": tune.peak_mb(),
        "computing": computing,
        "seconds": seconds,
    }


WORK = Work(study, FULL, QUICK)

if __name__ == "__main__":
    keep(collect(), paths.DATA / ANSWERS)
