"""The stage ``grpo``: a mini-code that has seen few programs learns by having its own ones run.

The start is fine-tuned here, from two thirds of mini-code's tasks, seen once. `trained` is GRPO
from it. The rest is for the record of lesson 09: does it learn or only sharpen (`pass_at`), two
other advantages, and what happens if the reward sees one case and pays for brevity (`gaming`).
Tasks of the training are of the split "train", figures of the split "test", which has programs that
neither the start nor GRPO has learned from (`course.world.tasks`).
"""

import collections
import copy
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

from course.language import N_
from course.lm import model
from course.seeds import stream
from course.stages import code, grpo
from course.stages.context import Run, history, since, watch
from course.stages.stage import GRPO, Figures, Work
from course.world import tasks
from course.world.tasks import Task

NAME = "mini-grpo"
# Of the start: two thirds of mini-code's tasks, once, at twice its rates.
START, START_RATES = code.Recipe(pairs=4_000, epochs=1), (0.01, 2e-3)
RECIPE = grpo.Recipe(rounds=60)
TESTED = 77  # the seed of the tested tasks, those of mini-code
SAMPLES = 32  # programs for each task where pass@k is measured, at temperature 1
TRIES = (1, 2, 4, 8, 16, 32)  # the k there
SHOWN = 4  # rounds of which the record keeps programs
KEPT = 12  # programs of each


@dataclass(frozen=True)
class Plan:
    """How much the stage does.

    Parameters
    ----------
    start : code.Recipe
        How the start is fine-tuned.
    recipe : grpo.Recipe
        How it goes on.
    gaming : dict
        In words → what differs where a hole in the reward is looked for.
    tests : int
        Tasks of a test.
    """

    start: code.Recipe = START
    recipe: grpo.Recipe = RECIPE
    gaming: Mapping[str, grpo.Recipe] = field(default_factory=dict)
    tests: int = code.TESTS


def begun(
    mini: GPT2LMHeadModel,
    tokenizer: PreTrainedTokenizerFast,
    recipe: code.Recipe,
    seed: int,
    quiet: bool = False,
) -> GPT2LMHeadModel:
    """Fine-tune a base model on a few programs and return it: where GRPO begins."""
    moved = code.trained(mini, "all")
    learned = tasks.tasks(recipe.pairs, "train", stream("grpo/start", seed))
    steps = code.tune_on(mini, tokenizer, learned, moved, START_RATES, recipe=recipe, seed=seed)
    if quiet:
        collections.deque(steps, 0)
    else:
        watch(steps, "the start", lambda p: f"loss {p.loss:.3f}")
    return code.finished(mini, moved)


def asked_for(recipe: grpo.Recipe, seed: int) -> list[Task]:
    """Return the tasks that programs are asked for during GRPO, in order."""
    return tasks.tasks(recipe.rounds * recipe.tasks, "train", stream("grpo/tasks", seed))


def trained(
    run: Run, start: GPT2LMHeadModel, recipe: grpo.Recipe, name: str
) -> tuple[GPT2LMHeadModel, list[grpo.Progress], Figures]:
    """Train a copy of the start; return it, the course of the training, and what it cost.

    That is ``seconds`` by the clock, and ``computing``, the seconds of all threads together, which
    other programs don't make longer.
    """
    policy, begin, computed = copy.deepcopy(start), time.perf_counter(), time.process_time()
    steps = grpo.train(
        policy, start, run.tokenizer, asked_for(recipe, run.seed), **run.given(*GRPO),
        recipe=recipe, seed=run.seed,
    )  # fmt: skip
    done = watch(steps, name, lambda p: f"passing {p.passing:.2f} right {p.right:.2f}")
    spent = {"seconds": since(begin), "computing": round(time.process_time() - computed, 1)}
    return policy, done, spent


def stage(run: Run) -> Figures:
    """Train, and measure before and after."""
    plan: Plan = run.plan("grpo")
    asked = tasks.tasks(plan.tests, run.split, TESTED)
    tries = (1,) if run.seeded else (1, code.TRIES)
    start = begun(run.get(model.DEFAULT), run.tokenizer, plan.start, run.seed)
    before = code.measure(start, run.tokenizer, asked, seed=run.seed, tries=tries)
    policy, done, spent = trained(run, start, plan.recipe, NAME)
    after = code.measure(policy, run.tokenizer, asked, seed=run.seed, tries=tries)
    figures: Figures = {
        **{f"start_{key}": before[key] for key in before if key != "intervals"},
        **{key: after[key] for key in after if key != "intervals"},
        "gain": after["pass_at_1"] - before["pass_at_1"],
        "flat": sum(p.flat for p in done) / len(done),
        "kl": done[-1].kl,
        **spent,
        "intervals": {"start": before["intervals"], NAME: after["intervals"]},
        "curves": curves(done),
        "recipe": plain(plan.recipe),
        "pairs": plan.start.pairs,
        "tests": plan.tests,
        "parameters": model.parameters(policy),
        "seed": run.seed,
    }
    if not run.seeded:
        figures |= {
            "tries": pass_at({"start": start, NAME: policy}, run.tokenizer, asked, run.seed),
            "ways": ways(run, start, plan.recipe, asked, figures),
            "gaming": [game(run, start, words, each) for words, each in plan.gaming.items()],
        }
    run.put(NAME, policy, figures)
    return figures


def curves(done: Sequence[grpo.Progress]) -> Figures:
    """Return what is drawn of a training, after each round."""
    keys = ("passing", "right", "flat", "kl", "length")
    return {key: history(done, key) for key in keys}


def plain(recipe: grpo.Recipe) -> Figures:
    """Return a recipe as plain data."""
    return {**vars(recipe), "cases": list(recipe.cases)}


def pass_at(
    minis: Mapping[str, GPT2LMHeadModel],
    tokenizer: PreTrainedTokenizerFast,
    asked: Sequence[Task],
    seed: int,
) -> Figures:
    """Return pass@k of models for several k, and what comes of tasks that the first never solves.

    Returns
    -------
    dict
        ``k``; model → pass@k for each; ``never``: how many of the tasks the first model solves with
        none of its programs; ``of_these``: pass@1 of the last model on them, 0 if there are none.
    """
    prompts = [task.prompt for task in asked]
    found: dict[str, Any] = {"k": list(TRIES), "samples": SAMPLES}
    right: dict[str, list[int]] = {}
    for name, mini in minis.items():
        drawn = code.written(mini, tokenizer, prompts, temperature=1.0, samples=SAMPLES, seed=seed)
        right[name] = [sum(v.right for v in each) for each in code.judge(asked, drawn)]
        found[name] = [
            sum(code.solved(SAMPLES, c, k) for c in right[name]) / len(asked) for k in TRIES
        ]
    first, *_, last = right
    never = [i for i, c in enumerate(right[first]) if c == 0]
    solved = sum(right[last][i] for i in never) / (SAMPLES * max(1, len(never)))
    return found | {"never": len(never), "of_these": solved}


def ways(
    run: Run,
    start: GPT2LMHeadModel,
    recipe: grpo.Recipe,
    asked: Sequence[Task],
    main: Figures,
) -> Figures:
    """Return what each way to compare within a group leads to, all else equal."""
    keys = ("pass_at_1", "pass_at_10", "flat", "kl", "computing")
    found = {recipe.advantages: {key: main[key] for key in keys}}
    for kind in grpo.ADVANTAGES:
        if kind not in found:
            other = replace(recipe, advantages=kind)
            policy, done, spent = trained(run, start, other, f"advantages: {kind}")
            after = code.measure(policy, run.tokenizer, asked, seed=run.seed)
            flat = sum(p.flat for p in done) / len(done)
            figures = {**after, "flat": flat, "kl": done[-1].kl, **spent}
            found[kind] = {key: figures[key] for key in keys}
    return found


def game(run: Run, start: GPT2LMHeadModel, words: str, recipe: grpo.Recipe) -> Figures:
    """Train against a reward of which `words` say what is odd; return the curves and programs.

    ``passing`` and ``right`` are means over the last quarter of the rounds. Of some rounds programs
    are kept that pass though they aren't right, each once, the most frequent first.
    """
    asked = asked_for(recipe, run.seed)
    _, done, spent = trained(run, start, recipe, words)
    last = done[-(len(done) // 4 or 1) :]
    return {
        "words": words,
        "recipe": plain(recipe),
        "curves": curves(done),
        "passing": sum(p.passing for p in last) / len(last),
        "right": sum(p.right for p in last) / len(last),
        "programs": [
            {"round": p.iteration, "of": len(p.programs), "found": odd(p, asked)}
            for p in done[len(done) // SHOWN - 1 :: max(1, len(done) // SHOWN)]
        ],
        **spent,
    }


def odd(p: grpo.Progress, asked: Sequence[Task]) -> list[dict[str, Any]]:
    """Return programs of a round that pass and aren't right: task, what it returns, how often."""
    counted: dict[tuple[str, str], int] = {}
    for one in p.programs:
        if one.passes and not one.right:
            key = asked[one.task].words, one.source.partition("return")[2].strip()
            counted[key] = counted.get(key, 0) + 1
    best = sorted(counted.items(), key=lambda pair: -pair[1])[:KEPT]
    return [{"task": task, "returns": body, "times": n} for (task, body), n in best]


ONE = replace(RECIPE, lr=1.5e-3, cases=(0,))
GAMING = {
    N_("one case"): ONE,
    N_("all cases, short programs earn more"): replace(ONE, cases=grpo.ALL, brevity=0.06),
    N_("one case, short programs earn more"): replace(ONE, brevity=0.06),
}
WORK = Work(
    stage,
    Plan(gaming=GAMING),
    Plan(recipe=replace(RECIPE, rounds=10), tests=code.TESTS // 4),
)
