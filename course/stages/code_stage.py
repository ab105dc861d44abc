"""The stage ``code``: mini-code learns to write programs, and those that it writes are run."""

import time

from course.lm import model
from course.stages import code
from course.stages.context import Run, history, since, watch
from course.stages.stage import Figures, Work
from course.world import tasks


def stage(run: Run) -> Figures:
    """Fine-tune all of the base model on programs."""
    recipe: code.Recipe = run.plan("code")
    count = code.TESTS // 4 if run.quick else code.TESTS
    mini, tokenizer = run.get(model.DEFAULT), run.tokenizer
    asked = tasks.tasks(count, run.split, 77)
    base = code.measure(mini, tokenizer, asked, seed=run.seed)
    few = code.measure(mini, tokenizer, asked, seed=run.seed, before=code.shots())
    known = code.web_loss(mini, tokenizer)
    start = time.perf_counter()
    learned = tasks.tasks(recipe.pairs, "train", run.seed)
    moved = code.trained(mini, "all")
    done = watch(
        code.tune_on(
            mini, tokenizer, learned, moved, code.RATES["all"], recipe=recipe, seed=run.seed
        ),
        code.NAME,
        lambda p: f"loss {p.loss:.3f}",
    )
    seconds = since(start)
    mini = code.finished(mini, moved)
    after = code.measure(mini, tokenizer, asked, seed=run.seed)
    figures = {
        **{f"base_{key}": base[key] for key in ("pass_at_1", "pass_at_10", "greedy")},
        **{f"few_shot_{key}": few[key] for key in ("pass_at_1", "pass_at_10")},
        **{key: after[key] for key in ("pass_at_1", "pass_at_10", "greedy")},
        "base_web_loss": known,
        "web_loss": code.web_loss(mini, tokenizer),
        "seconds": seconds,
        "intervals": {
            "base": base["intervals"],
            "few_shot": few["intervals"],
            code.NAME: after["intervals"],
        },
        "drawn": {str(k): {"temperature": t, "samples": n} for k, (t, n) in code.DRAWN.items()},
        "tests": count,
        "pairs": recipe.pairs,
        "epochs": recipe.epochs,
        "parameters": model.parameters(mini),
        "seed": run.seed,
        "curve": history(done),
    }
    run.put(code.NAME, mini, figures)
    return figures


WORK = Work(stage, code.FULL, code.QUICK)
