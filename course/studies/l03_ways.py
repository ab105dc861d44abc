"""What fine-tuning is, as a table: the record behind lesson 03, beside the lineage.

The same base model learns the same programs in several ways: its last layer, its last block, LoRA,
all of it, and all of it while it rehearses village text. For each way: right programs, parameters
moved, seconds of computing, and what the model forgot of the village. Then the four sizes learn
from half of the tasks, once, so that there are differences to see, and are measured on speed and
quality. Made by ``course lineage --stage fine_tuning --save``; ships no model. Rates were chosen on
the tuning split. Left out on purpose: rates of their own for each size (those here are good for
three of them, and no worse than others for mini-davinci).
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
SEEDS = 3
SIZE_RECIPE, SIZE_RATES = Recipe(pairs=3_000, epochs=1), (0.02, 4e-3)
WEIGHT, ROWS = 0.5, 4  # of the rehearsed web text, as in SFT
TIMED_TOKENS, REPEATS = 24, 40
KEPT = ("pass_at_1", "pass_at_10", "greedy")


def trial(
    run: Run,
    base: str,
    way: str,
    seed: int,
    recipe: Recipe,
    asked: Sequence[tasks.Task],
    lora_forward: code.LoraForward | None = None,
    rates: tuple[float, float] | None = None,
) -> dict[str, Any]:
    """Fine-tune `base` in one way and return what it costs and what it is worth.

    The rates are the way's own if left out.

    Returns
    -------
    dict
        ``trained`` (numbers that move), ``computing`` (seconds, of all threads together; other
        programs don't make it longer), ``pass_at_1``, ``pass_at_10``, ``greedy``, ``web_loss``.
    """
    mini, tokenizer = run.get(base), run.tokenizer
    rehearses = way == REHEARSED
    plain = "all" if rehearses else way
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
    found = code.measure(mini, tokenizer, asked, seed=seed)
    result = {
        "trained": sum(p.numel() for p in moved.values()),
        "computing": round(computing, 1),
        **{key: round(found[key], 4) for key in KEPT},
    }
    if mini.config.tie_word_embeddings:
        return result | {"web_loss": round(code.web_loss(mini, tokenizer), 4)}
    return result | {"web_loss": round(_plain_web_loss(mini, tokenizer), 4)}


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


def study(run: Run) -> Figures:
    """Compare ways and sizes and return all that lesson 03 shows of them.

    Returns
    -------
    dict
        ``ways``: way → trials, as `trial`, one a seed; ``by_size``: name → ``parameters``,
        ``milliseconds`` (a token) and ``trials``; ``base_web_loss``; ``tests``, ``recipe``.

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
    by_size = {}
    for name in model.SIZES if not run.quick else (model.DEFAULT,):
        mini = run.get(name)
        by_size[name] = {
            "parameters": model.parameters(mini),
            "parameters_with_embeddings": model.parameters(mini, embeddings=True),
            "milliseconds": round(milliseconds(mini, run.tokenizer), 3),
            "trials": [
                trial(run, name, "all", seed, by_size_recipe, asked, rates=SIZE_RATES)
                for seed in seeds
            ],
        }
    base = run.get(model.DEFAULT)
    return {
        "ways": ways,
        "by_size": by_size,
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
