"""What fine-tuning is, as a table and two pictures: the record behind lesson 03.

The same base model learns the same programs in several ways: its last layer, its last block, LoRA,
all of it, and all of it while it rehearses village text. For each way: right programs, parameters
moved, seconds of computing, and what the model forgot of the village.

How much is forgotten hangs on the learning rate as much as on the way, so LoRA and all are trained
at several rates, and all once more with the optimizer that LoRA has (AdamW alone, where all has
Muon for its matrices): what counts is forgetting at equal quality, the front of each way's points.

Then the four sizes learn from half of the tasks, once, so that there are differences to see. Each
is tried at several rates on the tuning split, and the best of them is measured on the test, with
the time of a token. About 25 minutes on two cores. Made by
``course lineage --stage fine_tuning --save``; ships no model.
Left out on purpose: other ranks of LoRA, other numbers of epochs.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

from course.lm import model, sample
from course.lm.data import encode
from course.lm.threads import one_thread
from course.seeds import stream
from course.stages import code
from course.stages.code import Recipe
from course.stages.context import Run, rehearsed, since, watch
from course.stages.stage import LORA, Figures, Work
from course.world import tasks

REHEARSED = "all, with rehearsal"
WAYS = (*code.RATES, REHEARSED)
ADAMW = "all, AdamW alone"
# Way → its usual rates, of Muon and of AdamW; a rate of 0 for Muon gives all to AdamW.
COMPARED = {"LoRA": code.RATES["LoRA"], "all": code.RATES["all"], ADAMW: (0.0, 2e-3)}
FACTORS = (0.125, 0.25, 0.5)  # of the usual rates, which are measured with the ways
SEEDS, COMPARED_SEEDS = 3, 2
SIZE_RECIPE, SIZE_RATES = Recipe(pairs=3_000, epochs=1), (0.02, 4e-3)
SIZE_FACTORS = (0.25, 0.5, 1.0, 2.0)
TRIED_SEED = 4  # of the trials on the tuning split; the seeds of the test are 1, 2 and 3
WEIGHT, ROWS = 0.5, 4  # of the rehearsed web text, as in SFT
TIMED_TOKENS, REPEATS = 24, 40


def trial(
    run: Run,
    base: str,
    way: str,
    seed: int,
    recipe: Recipe,
    asked: Sequence[tasks.Task],
    lora_forward: code.LoraForward | None = None,
    rates: tuple[float, float] | None = None,
    tries: Sequence[int] = (1, code.TRIES),
) -> dict[str, Any]:
    """Fine-tune `base` in one way and return what it costs and what it is worth.

    The rates are the way's own if left out. Of pass@k only the k of `tries` are measured; without
    any of them, what was forgotten isn't measured either.

    Returns
    -------
    dict
        ``trained`` (numbers that move), ``computing`` (seconds, of all threads together; other
        programs don't make it longer), ``pass_at_1``, ``pass_at_10``, ``greedy``, ``web_loss``.
    """
    mini, tokenizer = run.get(base), run.tokenizer
    rehearses = way == REHEARSED
    plain = "all" if way in (REHEARSED, ADAMW) else way
    moved = code.trained(mini, plain, seed)
    start = time.process_time()
    watch(
        code.tune_on(
            mini, tokenizer, tasks.tasks(recipe.pairs, "train", seed), moved,
            rates or code.RATES[plain],
            recipe=replace(recipe, rehearsal=WEIGHT) if rehearses else recipe,
            lora_forward=lora_forward,
            web=rehearsed(tokenizer, stream("ways/web", seed), ROWS) if rehearses else None,
            seed=seed,
        ),
        f"{base}, {way}, seed {seed}",
        lambda p: f"loss {p.loss:.3f}",
    )  # fmt: skip
    computing = time.process_time() - start
    mini = code.finished(mini, moved, lora_forward)
    found = code.measure(mini, tokenizer, asked, seed=seed, tries=tries)
    result = {
        "trained": sum(p.numel() for p in moved.values()),
        "computing": round(computing, 1),
        **{key: round(found[key], 4) for key in (*(f"pass_at_{k}" for k in tries), "greedy")},
    }
    if not tries:
        return result
    measured = code.web_loss if mini.config.tie_word_embeddings else _plain_web_loss
    return result | {"web_loss": round(measured(mini, tokenizer), 4)}


def _plain_web_loss(mini: GPT2LMHeadModel, tokenizer: PreTrainedTokenizerFast) -> float:
    """Return `code.web_loss` of a model whose last layer is its own, by transformers' forward."""
    import torch

    from course.lm import evaluate
    from course.world import web

    end, total, count = tokenizer.eos_token_id, 0.0, 0
    documents = web.documents(code.WEB_DOCUMENTS, evaluate.SEED)
    with torch.inference_mode():
        for row in encode(tokenizer, [d.text for d in documents]):
            tokens = torch.tensor([[end, *row, end]])
            total += float(mini(tokens, labels=tokens).loss) * (len(row) + 1)
            count += len(row) + 1
    return total / count


def milliseconds(mini: GPT2LMHeadModel, tokenizer: PreTrainedTokenizerFast) -> float:
    """Return the time that one more token of one text takes, with a cache, on one core.

    Seconds of computing, which other programs don't make longer.
    """
    (prompt,) = encode(tokenizer, [tasks.prompt("add 5, then times 3")])

    def seconds(new_tokens: int) -> float:
        start = time.process_time()
        for _ in range(REPEATS):
            sample.generate(mini, [prompt], new_tokens, end=-1)
        return (time.process_time() - start) / REPEATS

    with one_thread():
        seconds(1)  # warm up
        return 1000 * (seconds(TIMED_TOKENS + 1) - seconds(1)) / TIMED_TOKENS


def scaled(rates: tuple[float, float], factor: float) -> tuple[float, float]:
    """Return both learning rates times `factor`."""
    return rates[0] * factor, rates[1] * factor


def compared(
    run: Run,
    recipe: Recipe,
    asked: Sequence[tasks.Task],
    lora_forward: code.LoraForward,
    ways: dict[str, list[dict[str, Any]]],
) -> dict[str, list[dict[str, Any]]]:
    """Train LoRA, all, and all with LoRA's optimizer at several rates.

    Parameters
    ----------
    ways : dict
        Way → trials at the usual rates, which aren't done again.

    Returns
    -------
    dict
        Way → one entry for each rate, from small to large: ``rates`` and ``trials``, one a seed.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for way, usual in COMPARED.items():

        def trials(rates: tuple[float, float], way: str = way) -> list[dict[str, Any]]:
            seeds = range(1, 2 if run.quick else 1 + COMPARED_SEEDS)
            return [
                trial(run, model.DEFAULT, way, seed, recipe, asked, lora_forward, rates, tries=(1,))
                for seed in seeds
            ]

        smaller = [scaled(usual, factor) for factor in (() if run.quick else FACTORS)]
        found[way] = [{"rates": rates, "trials": trials(rates)} for rates in smaller]
        found[way].append({"rates": usual, "trials": ways.get(way) or trials(usual)})
    return found


def tuned(run: Run, name: str, recipe: Recipe) -> list[dict[str, Any]]:
    """Try a size at several rates on the tuning split.

    Returns
    -------
    list of dict
        ``rates`` and ``greedy``: one entry for each of ``SIZE_FACTORS``.
    """
    held = tasks.tasks(code.TESTS // 10 if run.quick else code.TESTS, "tuning", 77)
    found = []
    for factor in SIZE_FACTORS[-2 if run.quick else 0 :]:
        rates = scaled(SIZE_RATES, factor)
        tried = trial(run, name, "all", TRIED_SEED, recipe, held, rates=rates, tries=())
        found.append({"rates": rates, "greedy": tried["greedy"]})
    return found


def by_size(
    run: Run, name: str, recipe: Recipe, asked: Sequence[tasks.Task], seeds: Sequence[int]
) -> dict[str, Any]:
    """Measure a size at the rates that are best for it on the tuning split.

    Returns
    -------
    dict
        ``parameters``, ``parameters_with_embeddings``, ``milliseconds`` (a token), ``tried`` (as
        `tuned`), ``rates`` (the chosen ones) and ``trials``.
    """
    mini = run.get(name)
    tried = tuned(run, name, recipe)
    rates = max(tried, key=lambda one: one["greedy"])["rates"]  # of equals the gentlest
    return {
        "parameters": model.parameters(mini),
        "parameters_with_embeddings": model.parameters(mini, embeddings=True),
        "milliseconds": round(milliseconds(mini, run.tokenizer), 3),
        "tried": tried,
        "rates": rates,
        "trials": [
            trial(run, name, "all", seed, recipe, asked, rates=rates, tries=(1,)) for seed in seeds
        ],
    }


def study(run: Run) -> Figures:
    """Compare ways and sizes and return all that lesson 03 shows of them.

    Returns
    -------
    dict
        ``ways``: way → trials, as `trial`, one a seed; ``by_rate``: as `compared`; ``by_size``:
        name → as `by_size`; ``base_web_loss``; ``tests``, ``recipe``.

    Raises
    ------
    MissingExercise
        If there is no answer to `lora_forward`.
    """
    start = time.perf_counter()
    lora_forward = run.given(*LORA)["lora_forward"]
    recipe, by_size_recipe = run.plan("fine_tuning")
    seeds = range(1, 2 if run.quick else 1 + SEEDS)
    asked = tasks.tasks(code.TESTS // 10 if run.quick else code.TESTS, run.split, 77)
    ways = {
        way: [trial(run, model.DEFAULT, way, seed, recipe, asked, lora_forward) for seed in seeds]
        for way in WAYS
    }
    sizes = model.SIZES if not run.quick else (model.DEFAULT,)
    base = run.get(model.DEFAULT)
    return {
        "ways": ways,
        "by_rate": compared(run, recipe, asked, lora_forward, ways),
        "by_size": {name: by_size(run, name, by_size_recipe, asked, seeds) for name in sizes},
        "base_web_loss": round(code.web_loss(base, run.tokenizer), 4),
        "parameters_with_embeddings": model.parameters(base, embeddings=True),
        "tests": len(asked),
        "recipe": vars(recipe) | {"rank": code.RANK, "alpha": code.ALPHA},
        "size_recipe": vars(by_size_recipe),
        "learning_rates": code.RATES,
        "seed": run.seed,
        "seconds": since(start),
    }


# The recipes of the ways and of the sizes.
WORK = Work(study, full=(code.FULL, SIZE_RECIPE), quick=(code.QUICK, code.QUICK))
