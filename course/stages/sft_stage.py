"""The stage ``sft``: a base model learns from flawed demonstrations and is measured."""

import time
from dataclasses import dataclass

from course.lm import evals, model
from course.seeds import stream
from course.stages import freeze, sft
from course.stages.context import Run, history, rehearsed, since, watch
from course.stages.stage import SFT, Figures, Work
from course.world import demonstrate

RECIPE = sft.Recipe(batch=24, lr_muon=0.015, freeze=freeze.PARTS, embedding_noise=0.5)


@dataclass(frozen=True)
class Plan:
    """How many demonstrations are learned from, and how."""

    demonstrations: int = 12_000
    recipe: sft.Recipe = RECIPE


def stage(run: Run) -> Figures:
    """Fine-tune the default base model."""
    return tuned(run, model.DEFAULT, "mini-sft")


def tuned(run: Run, base: str, name: str) -> Figures:
    """Fine-tune the base model `base` and put it into the run as `name`."""
    plan: Plan = run.plan("sft")
    functions = run.given(*SFT)
    mini, tests = run.get(base), run.test_requests()
    prompts = evals.base_prompts(run.tokenizer, tests.mixed)
    before = evals.rates(
        tests.mixed, evals.judge(tests.mixed, evals.answers(mini, run.tokenizer, prompts))
    )
    start = time.perf_counter()
    examples = list(demonstrate.demonstrations(plan.demonstrations, run.seed))
    done = watch(
        sft.sft(
            mini, run.tokenizer, examples, **functions,
            recipe=plan.recipe, seed=run.seed,
            web=rehearsed(run.tokenizer, stream("sft/web", run.seed)),
        ),
        name,
        lambda p: f"loss {p.loss:.3f}",
    )  # fmt: skip
    seconds = since(start)
    greedy, _ = evals.measure(mini, run.tokenizer, tests, temperature=0.0)
    drawn, _ = evals.measure(mini, run.tokenizer, tests, seed=run.seed)
    figures = {
        "base_following": before["following"],
        "following": greedy["following"],
        "seconds": seconds,
        "examples": len(examples),
        "rates_base": before,
        "rates_greedy": greedy,
        "rates": drawn,
        "parameters": model.parameters(mini),
        "curve": history(done),
    }
    run.put(name, mini, figures)
    return figures


WORK = Work(stage, full=Plan(), quick=Plan(demonstrations=4_000))
