"""Fine-tune on one's own best answers, after FeedME. And four ways to ask, side by side.

FeedME is OpenAI's name for what made the text-davinci-001 and -002 models (Model index for
researchers): supervised training on demonstrations and on answers that people rated 7 of 7, the
best of all its models. Ours is its relative, rejection sampling: the SFT model, which has seen the
demonstrations, answers requests several times; the village's labeler rates each answer; of each
request the best answer is kept if it got the best mark; the model goes on training on those.
``few_shot``, which it is compared with, is no training at all: worked examples in the prompt of the
base model.

Simplified on purpose: one labeler, one mark an answer, one round, and answers of one model only
(OpenAI's came from all of its models).
"""

import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from tqdm import tqdm
from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

from course.lm import evals, forward
from course.lm.batching import like_length, padded
from course.seeds import stream
from course.stages import freeze, sft
from course.stages.context import Run, rehearsed, since, watch
from course.stages.stage import SFT, Figures, Work
from course.world import demonstrate, labeler, talk
from course.world import phrases as ph
from course.world.talk import Example

TUNING = sft.Recipe(epochs=2, lr_muon=0.005, lr_adam=1e-3, freeze=freeze.PARTS)
# The kinds of the worked examples, in the order of the prompt.
SHOWN = ("harmless", "fact", "unknown")
WAYS = ("base", "few_shot", "sft", "feedme")
BEGINNINGS = tuple({t.split()[0] for t in (*ph.EXPLAIN, *ph.HOW_TO, *ph.LISTS) if t[0] != "I"})


@dataclass(frozen=True)
class Recipe:
    """How much FeedME does.

    Parameters
    ----------
    requests : int
        Requests that the model answers.
    samples : int
        Answers to each.
    least : int
        The mark that an answer needs, from 1 to 7.
    tuning : sft.Recipe
        How the model goes on training: more carefully than at first.
    """

    requests: int = 8_000
    samples: int = 4
    least: int = labeler.MARKS
    tuning: sft.Recipe = TUNING


@dataclass(frozen=True)
class Rated:
    """One request, several answers to it, and the labeler's mark for each."""

    example: Example
    answers: tuple[str, ...]
    marks: tuple[int, ...]

    def best(self, least: int) -> int | None:
        """Return the number of the best answer, the first of equals; None if below `least`."""
        top = max(self.marks)
        return None if top < least else self.marks.index(top)


def collect(
    model: GPT2LMHeadModel,
    tokenizer: PreTrainedTokenizerFast,
    asked: Sequence[Example],
    samples: int,
    seed: int,
) -> list[Rated]:
    """Have `model` answer each request `samples` times and the labeler rate every answer."""
    done = evals.respond(model, tokenizer, asked, times=samples, seed=seed)
    rng, rated = random.Random(seed), []
    for example, start in zip(asked, range(0, len(done.texts), samples), strict=True):
        own = slice(start, start + samples)
        marks = tuple(labeler.rate(score, rng) for score in done.scores[own])
        rated.append(Rated(example, tuple(done.texts[own]), marks))
    return rated


def kept(rated: Sequence[Rated], least: int) -> list[Example]:
    """Return the requests whose best answer got at least `least`, with that answer."""
    found = [(r, number) for r in rated if (number := r.best(least)) is not None]
    return [
        replace(r.example, turns=(replace(r.example.turns[0], answer=r.answers[number]),))
        for r, number in found
    ]


def worked_examples(
    tokenizer: PreTrainedTokenizerFast, asked: Sequence[Example], seed: int
) -> list[Example]:
    """Return worked examples with ideal answers, as many as fit before any of the requests."""
    shots = list(talk.examples(len(SHOWN), "shots", seed, kinds=SHOWN))
    return evals.fitting(tokenizer, shots, asked)


def goes_on_asking(line: str) -> bool:
    """Tell whether a line is one more question or request instead of an answer."""
    return line.endswith("?") or line.startswith((*BEGINNINGS, "I want to"))


def asked_four_ways(
    models: dict[str, GPT2LMHeadModel],
    tokenizer: PreTrainedTokenizerFast,
    asked: Sequence[Example],
    shots: Sequence[Example],
    *,
    temperature: float,
    seed: int,
) -> dict[str, list[str]]:
    """Return the answers of each of ``WAYS`` to the same requests.

    Parameters
    ----------
    models : dict
        "base", "sft", "feedme" → model.
    shots : sequence of Example
        The worked examples of the base model's second try.
    temperature : float
        The same for all.
    """
    said = {}
    for way in WAYS:
        examples = shots if way == "few_shot" else ()
        base = way in ("base", "few_shot")
        prompts = (
            evals.base_prompts(tokenizer, asked, examples)
            if base
            else evals.chat_prompts(tokenizer, asked)
        )
        model = models["base" if base else way]
        texts = evals.answers(model, tokenizer, prompts, temperature=temperature, seed=seed)
        said[way] = evals.first_line(texts) if base else texts
    return said


def side_by_side(
    models: dict[str, GPT2LMHeadModel],
    tokenizer: PreTrainedTokenizerFast,
    asked: evals.Tests,
    shots: Sequence[Example],
    *,
    temperature: float,
    seed: int,
) -> dict[str, Any]:
    """Return for each of ``WAYS`` what the labeler found, as counts, and the answers.

    Returns
    -------
    dict
        ``counts``: way → name → (how many, of how many), as `evals.counts`, with refusals counted
        on the requests of their own; ``right``: way → one digit a mixed request, 1 if its answer
        does what an ideal one does; ``asks``: way → how many answers are one more question or
        request, of how many; ``said``: way → answers to the mixed requests.
    """
    every, first = (*asked.mixed, *asked.harm), len(asked.mixed)
    said = asked_four_ways(models, tokenizer, every, shots, temperature=temperature, seed=seed)
    found: dict[str, Any] = {"counts": {}, "right": {}, "asks": {}, "said": {}}
    for way, texts in said.items():
        judged = evals.judge(every, texts)
        own = evals.counts(asked.harm, judged[first:])
        mixed = evals.counts(asked.mixed, judged[:first])
        found["counts"][way] = mixed | {k: own[k] for k in ("refusal", "over_refusal")}
        right = [judgement.right for judgement in judged[:first]]
        found["counts"][way]["right"] = (sum(right), first)
        found["right"][way] = "".join(str(int(r)) for r in right)
        found["asks"][way] = (sum(map(goes_on_asking, texts[:first])), first)
        found["said"][way] = texts[:first]
    return found


def study(run: Run) -> Figures:
    """Train the SFT model on its best answers; measure it, and SFT, base and few-shot base."""
    recipe: Recipe = run.plan("feedme")
    begin = time.perf_counter()
    functions, tokenizer = run.given(*SFT), run.tokenizer
    models = {"base": run.get("mini-babbage"), "sft": run.get("mini-sft")}
    models["feedme"] = run.get("mini-sft")
    asked = list(
        demonstrate.requests(recipe.requests, "train", stream("feedme/requests", run.seed))
    )
    rated = collect(
        models["sft"], tokenizer, asked, recipe.samples, stream("feedme/answers", run.seed)
    )
    best = kept(rated, recipe.least)
    watch(
        sft.sft(
            models["feedme"], tokenizer, best, **functions,
            recipe=recipe.tuning, seed=run.seed,
            web=rehearsed(tokenizer, stream("feedme/web", run.seed)),
        ),
        "feedme",
        lambda p: f"loss {p.loss:.3f}",
    )  # fmt: skip
    seconds = since(begin)
    tests = run.test_requests()
    shots = worked_examples(tokenizer, tests.mixed, stream("shots", run.seed))
    measured = {
        name: side_by_side(models, tokenizer, tests, shots, temperature=temperature, seed=run.seed)
        for name, temperature in (("drawn", 1.0), ("greedy", 0.0))
    }
    drawn, greedy = measured["drawn"], measured["greedy"]
    total, kinds = Counter(e.kind for e in asked), Counter(e.kind for e in best)
    judged = evals.judge(best, [e.turns[0].answer for e in best])
    shown = [i for kind in demonstrate.MIX for i in _first(tests.mixed, kind, 2)]
    return {
        **{
            f"{way}_{name}": hits / n
            for way, found in drawn["counts"].items()
            for name, (hits, n) in found.items()
            if name in ("following", "refusal", "false_premise")
        },
        "seconds": seconds,
        "counts": drawn["counts"],
        "counts_greedy": greedy["counts"],
        "asks": drawn["asks"],
        "asks_greedy": greedy["asks"],
        "right": drawn["right"],
        "requests": recipe.requests,
        "samples": recipe.samples,
        "least": recipe.least,
        "marks": {m: n for m, n in sorted(Counter(m for r in rated for m in r.marks).items())},
        "kept": len(best),
        "kept_by_kind": {kind: (kinds[kind], n) for kind, n in total.items()},
        "kept_right": sum(j.right for j in judged) / len(best),
        "shots": [f"Question: {s.turns[0].request}\nAnswer: {s.turns[0].answer}" for s in shots],
        "examples": [
            {"kind": tests.mixed[i].kind, "request": tests.mixed[i].turns[0].request}
            | {way: drawn["said"][way][i] for way in WAYS}
            for i in shown
        ],
        "rated": [
            {"request": r.example.turns[0].request, "answers": r.answers, "marks": r.marks}
            for r in [next(r for r in rated if r.example.kind == k) for k in demonstrate.MIX]
        ],
    }  # fmt: skip


WORK = Work(study, Recipe())


def _first(examples: Sequence[Example], kind: str, count: int) -> list[int]:
    """Return the numbers of the first `count` examples of a kind."""
    return [i for i, example in enumerate(examples) if example.kind == kind][:count]


# How long to train ------------------------------------------------------------------------------

FEW, ROUNDS = 1_000, 16  # demonstrations, and rounds over them; the paper's SFT has 16 as well


@torch.inference_mode()
def answer_loss(
    model: GPT2LMHeadModel,
    tokenizer: PreTrainedTokenizerFast,
    examples: Sequence[Example],
    loss_mask: sft.LossMask,
    sft_loss: sft.SftLoss,
) -> float:
    """Return the mean loss on the answers of `examples`, in nats a token."""
    end, pad = tokenizer.eos_token_id, tokenizer.pad_token_id
    assistant = tokenizer.convert_tokens_to_ids(ph.ASSISTANT)
    rows = [tokenizer(example.text())["input_ids"] for example in examples]
    masks = [list(loss_mask(row, assistant, end)) for row in rows]
    w = forward.weights(model)
    total = counted = 0.0
    for part in like_length([len(row) for row in rows], 64):
        tokens = padded([rows[i] for i in part], pad)
        mask = padded([masks[i] for i in part], 0)
        scores = forward.logits(w, forward.hidden(w, tokens))
        number = float(mask[:, 1:].sum())
        total += float(sft_loss(scores, tokens, mask)) * number
        counted += number
    return total / counted


def epochs(run: Run) -> Figures:
    """Train on few demonstrations for many rounds; after each measure the loss and the answers."""
    few, count = run.plan("epochs")
    begin, functions = time.perf_counter(), run.given(*SFT)
    tokenizer, mini = run.tokenizer, run.get("mini-babbage")
    demonstrations = list(demonstrate.demonstrations(few, run.seed))
    unseen = list(
        demonstrate.demonstrations(run.tests, stream("epochs/unseen", run.seed), run.split)
    )
    asked = run.test_requests().mixed
    recipe = sft.Recipe(epochs=count, freeze=freeze.PARTS)

    def measure() -> dict[str, Any]:
        done = evals.respond(mini, tokenizer, asked, seed=run.seed)
        right = sum(j.right for j in done.judgements)
        return {
            "train_loss": answer_loss(mini, tokenizer, demonstrations, **functions),
            "loss": answer_loss(mini, tokenizer, unseen, **functions),
            "right": (right, len(asked)),
        }

    steps = sft.sft(
        mini, tokenizer, demonstrations, **functions,
        recipe=recipe, web=rehearsed(tokenizer, stream("epochs/web", run.seed)), seed=run.seed,
    )  # fmt: skip
    a_round, found = -(-few // recipe.batch), [{"round": 0} | measure()]
    for p in tqdm(steps, "epochs", count * a_round, unit="step", file=sys.stderr):
        if p.step % a_round == 0:
            found.append({"round": p.step // a_round} | measure())
    return {
        "seconds": since(begin),
        "examples": few,
        "rounds": found,
        "last_loss": found[-1]["loss"],
        "best_loss": min(f["loss"] for f in found),
    }


EPOCHS = Work(epochs, (FEW, ROUNDS))
