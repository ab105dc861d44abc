"""A real model follows short instructions: with and without its template, masked and not masked.

SmolLM2-135M-Instruct gets questions with one right word (``data/real_instructions.csv``). An answer
*follows* if it names an expected word and comes to an end within `NEW_TOKENS` tokens. First the
untouched model is asked, in its own chat template and with the bare text. Then it learns a few
dozen demonstrations, one short sentence each, by an adapter (`course.real.tune`) and the exercise
``sft_loss``: once the loss counts the tokens of the answers alone, once those of the template and
of the question as well. Both runs see the same rows in the same order at the same learning rate.

Besides the rate we measure the loss on the held-out answers and on the held-out questions, which
says what each run has learned to write. The record: ``course lineage --stage smollm2_sft --save``.
Left out on purpose: several seeds, so that a difference of a few answers says nothing; and
``loss_mask``, since an assistant's marker of this template is three tokens, not one.
"""

import csv
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from course import paths
from course.lm.batching import padded
from course.real import tune
from course.stages.context import Run, history, since, watch
from course.stages.stage import SFT, Figures, Work
from course.stats import interval

SftLoss = Callable[[Tensor, Tensor, Tensor], Tensor]

NEW_TOKENS = 24
WAYS = ("template", "bare", "masked", "unmasked")
SHOWN = 6


FULL, QUICK = tune.Recipe(), tune.Recipe(epochs=1)


@dataclass(frozen=True)
class Instruction:
    """A question, a pattern of the words that its answer has to name, and a demonstration."""

    request: str
    expected: str
    answer: str

    def followed(self, answer: str, ended: bool) -> bool:
        """Tell whether an answer names an expected word and has come to its end."""
        return ended and bool(re.search(rf"\b(?:{self.expected})", answer, re.IGNORECASE))


def instructions(split: str) -> list[Instruction]:
    """Return the instructions of "train" or of "test"."""
    with (paths.DATA / "real_instructions.csv").open(encoding="utf-8", newline="") as file:
        return [
            Instruction(r["request"], r["expected"], r["answer"])
            for r in csv.DictReader(file)
            if r["split"] == split
        ]


def answers(
    model: Any, tokenizer: Any, asked: Sequence[Instruction], template: bool = True
) -> list[tuple[str, bool]]:
    """Return a plain model's most probable answers, and whether each came to its end."""
    prompts = [
        tune.prompt(tokenizer, one.request) if template else tokenizer(one.request)["input_ids"]
        for one in asked
    ]
    written = tune.write(model, prompts, NEW_TOKENS, tokenizer.eos_token_id)
    texts = [tokenizer.decode(tokens, skip_special_tokens=True).strip() for tokens in written]
    return [(text, len(t) < NEW_TOKENS) for text, t in zip(texts, written, strict=True)]


def rows(tokenizer: Any, learned: Sequence[Instruction], masked: bool) -> list[tune.Row]:
    """Return demonstrations as rows; if not `masked`, all but the first token is learned."""
    found = [tune.row(tokenizer, one.request, one.answer) for one in learned]
    return found if masked else [tune.Row(row.tokens, 1) for row in found]


def question_rows(tokenizer: Any, asked: Sequence[Instruction]) -> list[tune.Row]:
    """Return questions in the template as rows of which the question's own tokens are measured."""
    marks = [tune.prompt(tokenizer, text) for text in ("?", "Who?")]
    common = tune.shared(marks, min(map(len, marks)))
    prompts = [tune.prompt(tokenizer, one.request) for one in asked]
    after = len(marks[0]) - common - 1  # tokens of the template after a question
    return [tune.Row(tuple(p[: len(p) - after]), common) for p in prompts]


def training(
    adapted: Any,
    learned: Sequence[tune.Row],
    sft_loss: SftLoss,
    recipe: tune.Recipe,
    seed: int = 1,
    file: Path | None = None,
) -> Any:
    """Return the training of the adapter, a generator that yields after every step."""

    def loss(share: list[tune.Row]) -> tuple[Tensor, dict[str, float]]:
        tokens = padded([row.tokens for row in share], 0)
        place = torch.arange(tokens.shape[1])
        begins = torch.tensor([row.begin for row in share])[:, None]
        ends = torch.tensor([len(row.tokens) for row in share])[:, None]
        mask = ((begins <= place) & (place < ends)).long()
        return sft_loss(adapted(input_ids=tokens).logits.float(), tokens, mask), {}

    begun = sum(row.begin for row in learned)
    return tune.learn(
        adapted,
        learned,
        loss,
        recipe,
        seed,
        weight=lambda row: row.learned,
        file=file,
        key=f"{begun}",
    )


def rate(asked: Sequence[Instruction], said: Sequence[tuple[str, bool]]) -> dict[str, Any]:
    """Return the share of answers that follow, its interval, and shares of its two halves."""
    pairs = list(zip(asked, said, strict=True))
    hits = [one.followed(*answer) for one, answer in pairs]
    return {
        "share": round(sum(hits) / len(hits), 4),
        "interval": [round(x, 4) for x in interval(sum(hits), len(hits))],
        "named": round(sum(one.followed(a, True) for one, (a, _) in pairs) / len(pairs), 4),
        "ended": round(sum(ended for _, ended in said) / len(said), 4),
        "hits": [int(hit) for hit in hits],
    }


def study(run: Run) -> Figures:
    """Ask, train twice and ask again, as a stage of ``course lineage``; return the figures."""
    recipe: tune.Recipe = run.plan("smollm2_sft")
    start, cpu = time.perf_counter(), time.process_time()
    loaded, tokenizer = tune.loaded()
    learned, asked = instructions("train"), instructions("test")
    questions, right = question_rows(tokenizer, asked), rows(tokenizer, asked, True)
    said = {way: answers(loaded, tokenizer, asked, way == "template") for way in WAYS[:2]}
    losses = {"untouched": _losses(loaded, right, questions)}
    curves, learned_tokens, trained = {}, {}, {}
    exercise = {"sft_loss": run.given(*SFT)["sft_loss"]}
    for way in WAYS[2:]:
        adapted = tune.adapt(loaded, run.seed)
        examples = rows(tokenizer, learned, way == "masked")
        file = tune.underway(f"sft-{way}.pt")
        steps = training(adapted, examples, **exercise, recipe=recipe, seed=run.seed, file=file)
        before = time.process_time()
        done = watch(steps, way, lambda p: f"loss {p.loss:.3f}")
        trained[way] = round(time.process_time() - before, 1)
        with tune.merged(adapted) as plain:
            said[way] = answers(plain, tokenizer, asked)
            losses[way] = _losses(plain, right, questions)
        curves[way] = history(done, points=60)
        learned_tokens[way] = sum(row.learned for row in examples)
        loaded = adapted.unload()
    found = {way: rate(asked, said[way]) for way in WAYS}
    masked, other = found["masked"]["hits"], found["unmasked"]["hits"]
    return {
        **tune.identity(),
        "demonstrations": len(learned),
        "questions": len(asked),
        "new_tokens": NEW_TOKENS,
        "epochs": recipe.epochs,
        "batch": recipe.batch,
        "rate": recipe.rate,
        "rates": found,
        **{way: found[way]["share"] for way in WAYS},
        "gain": round(found["masked"]["share"] - found["template"]["share"], 4),
        "only_masked": sum(a > b for a, b in zip(masked, other, strict=True)),
        "only_unmasked": sum(a < b for a, b in zip(masked, other, strict=True)),
        "learned_tokens": learned_tokens,
        "losses": losses,
        "examples": [
            {"request": asked[i].request, **{way: said[way][i][0] for way in WAYS}}
            for i in range(0, len(asked), max(1, len(asked) // SHOWN))
        ][:SHOWN],
        "curves": curves,
        "memory_mb": tune.peak_mb(),
        "training": trained,
        "computing": round(time.process_time() - cpu, 1),
        "seconds": since(start),
    }


def _losses(
    plain: Any, right: Sequence[tune.Row], questions: Sequence[tune.Row]
) -> dict[str, float]:
    return {
        "answers": round(tune.mean_loss(plain, right), 4),
        "questions": round(tune.mean_loss(plain, questions), 4),
    }


WORK = Work(study, FULL, QUICK)
