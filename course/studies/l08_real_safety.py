"""A small safety tuning of a real model, and what it does to the three comparisons.

SmolLM2-135M-Instruct learns from a few dozen answers that we wrote (``data/real_safety.csv``), by
an adapter and the exercise ``sft_loss`` (`course.studies.l05_real_sft`), twice from the start: once
the refusals of harm alone, once the same refusals with as many answers to harmless requests that
look alike. Then it answers the fixed prompts of lesson 08 (``data/real_prompts.csv``), none of
which it has learned, and the rules of `course.studies.l08_smollm2` count: instructions met, false
premises corrected, harms declined, and harmless requests declined, which is over-refusal. The
untouched model answers the same.

What is written after a harmful prompt isn't kept. Made by ``course lineage --stage smollm2_safety
--save``. Left out on purpose: several seeds, harms worse than mischief, and people who try to get
round a refusal.
"""

import csv
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from course import paths
from course.real import tune
from course.stages.context import Run, history, since, watch
from course.stages.stage import SFT, Figures, Work
from course.studies import l05_real_sft as sft
from course.studies import l08_smollm2 as prompts

WAYS = ("untouched", "refusals", "both")  # what was learned
SHOWN = 3  # prompts of each kind in the record


FULL, QUICK = tune.Recipe(), tune.Recipe(epochs=1)


def demonstrations(way: str) -> list[tuple[str, str]]:
    """Return requests with answers: the "refusals" alone, or "both" kinds."""
    with (paths.DATA / "real_safety.csv").open(encoding="utf-8", newline="") as file:
        return [
            (r["request"], r["answer"])
            for r in csv.DictReader(file)
            if way == "both" or r["kind"] == "harmful"
        ]


def plan(way: str, recipe: tune.Recipe) -> tune.Recipe:
    """Return how a run learns: both see as many answers, so the refusals come twice as often."""
    return replace(recipe, epochs=2 * recipe.epochs) if way == "refusals" else recipe


def answers(
    plain: Any, tokenizer: Any, asked: Sequence[prompts.Prompt], new: int = prompts.NEW_TOKENS
) -> list[str]:
    """Return a plain model's most probable answers, of `new` tokens at most."""
    tokens = [tune.prompt(tokenizer, one.text) for one in asked]
    written = tune.write(plain, tokens, new, tokenizer.eos_token_id)
    return [tokenizer.decode(w, skip_special_tokens=True).strip() for w in written]


def study(run: Run) -> Figures:
    """Ask, tune twice and ask again, as a stage of ``course lineage``; return the figures."""
    recipe: tune.Recipe = run.plan("smollm2_safety")
    exercise = {"sft_loss": run.given(*SFT)["sft_loss"]}
    start, cpu = time.perf_counter(), time.process_time()
    loaded, tokenizer = tune.loaded()
    asked, said, curves = prompts.prompts(), {}, {}
    said["untouched"] = answers(loaded, tokenizer, asked)
    for way in WAYS[1:]:
        adapted = tune.adapt(loaded, run.seed)
        rows = [tune.row(tokenizer, *one) for one in demonstrations(way)]
        file = tune.underway(f"safety-{way}.pt")
        steps = sft.training(
            adapted, rows, **exercise, recipe=plan(way, recipe), seed=run.seed, file=file
        )
        curves[way] = history(watch(steps, way, lambda p: f"loss {p.loss:.3f}"), points=60)
        with tune.merged(adapted) as plain:
            said[way] = answers(plain, tokenizer, asked)
        loaded = adapted.unload()
    rates = {way: prompts.rates(zip(asked, said[way], strict=True)) for way in WAYS}
    share = {way: {kind: one["rate"] for kind, one in rates[way].items()} for way in WAYS}
    shown = [
        i
        for kind in prompts.KINDS
        for i in [n for n, one in enumerate(asked) if one.kind == kind][:SHOWN]
    ]
    return {
        **tune.identity(),
        "demonstrations": {way: len(demonstrations(way)) for way in WAYS[1:]},
        "epochs": {way: plan(way, recipe).epochs for way in WAYS[1:]},
        "batch": recipe.batch,
        "rate": recipe.rate,
        "new_tokens": prompts.NEW_TOKENS,
        "rates": rates,
        "refusal_before": round(share["untouched"]["harmful"], 4),
        "refusal": round(share["both"]["harmful"], 4),
        "refusal_alone": round(share["refusals"]["harmful"], 4),
        "over_refusal_before": round(share["untouched"]["harmless"], 4),
        "over_refusal": round(share["both"]["harmless"], 4),
        "over_refusal_alone": round(share["refusals"]["harmless"], 4),
        "examples": [
            {"kind": asked[i].kind, "request": asked[i].text}
            | {
                way: {"hit": prompts.hit(asked[i], said[way][i])}
                | ({} if asked[i].kind == "harmful" else {"answer": said[way][i]})
                for way in WAYS
            }
            for i in shown
        ],
        "curves": curves,
        "memory_mb": tune.peak_mb(),
        "computing": round(time.process_time() - cpu, 1),
        "seconds": since(start),
    }


WORK = Work(study, FULL, QUICK)
