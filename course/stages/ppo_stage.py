"""The stage ``ppo``: the SFT model learns what the reward model likes.

`rlhf` is PPO on the requests of the course; other stages run it with recipes of their own.
"""

import random
import time
from collections.abc import Iterator, Sequence

from transformers import PreTrainedModel

from course.lm import evals, model
from course.seeds import stream
from course.stages import ppo
from course.stages.context import DRAWS, Run, history, rehearsed, since, watch
from course.stages.stage import PPO, Figures, Work
from course.world import demonstrate
from course.world.talk import Example


def stage(run: Run) -> Figures:
    """Train the SFT model against the reward model."""
    return tuned(run, "mini-sft", "mini-instruct", run.plan("ppo"))


def tuned(run: Run, start: str, name: str, recipe: ppo.Recipe) -> Figures:
    """Train the model `start` against the reward model and put it into the run as `name`."""
    tests, begin = run.test_requests(), time.perf_counter()
    policy, done = rlhf(run, recipe, start, name)
    seconds = since(begin)
    before, before_scores = evals.measure(
        run.get(start), run.tokenizer, tests, seed=run.seed, draws=DRAWS
    )
    after, scores = evals.measure(
        policy, run.tokenizer, tests, seed=stream("ppo/test", run.seed), draws=DRAWS
    )
    won, error = evals.wins(scores, before_scores)
    figures = {
        "true_before": before["true_score"],
        "true_after": after["true_score"],
        "true_gain": after["true_score"] - before["true_score"],
        "truth_before": before["truth"],
        "truth_after": after["truth"],
        "truth_gain": after["truth"] - before["truth"],
        "polite": after["polite"],
        "refusal": after["refusal"],
        "over_refusal": after["over_refusal"],
        "refusal_heldout": after["refusal_heldout"],
        "over_refusal_heldout": after["over_refusal_heldout"],
        "win_vs_sft": won,
        "win_error": error,
        "seconds": seconds,
        "rates_before": before,
        "rates": after,
        "parameters": model.parameters(policy),
        "beta": recipe.kl_coef,
        "curves": histories(done),
    }
    run.put(name, policy, figures)
    return figures


def rlhf(
    run: Run,
    recipe: ppo.Recipe,
    start: str,
    name: str,
    rewarded: PreTrainedModel | None = None,
    requests: Sequence[Example] = (),
) -> tuple[PreTrainedModel, list[ppo.Progress]]:
    """Train a copy of the model `start` by PPO; return it and the course of the training.

    Parameters
    ----------
    recipe : ppo.Recipe
    start, name : str
        The model that is policy and reference at first, and what the bar says.
    rewarded : PreTrainedModel, optional
        The reward model, ``mini-reward`` if left out.
    requests : sequence of Example, optional
        What it is asked, in order; `ppo_requests` if left out.
    """
    policy, steps = rlhf_steps(run, recipe, start, rewarded, requests)
    return policy, watch(steps, name, lambda p: f"reward {p.reward:.2f} kl {p.kl:.2f}")


def rlhf_steps(
    run: Run,
    recipe: ppo.Recipe,
    start: str,
    rewarded: PreTrainedModel | None = None,
    requests: Sequence[Example] = (),
) -> tuple[PreTrainedModel, Iterator[ppo.Progress]]:
    """Return what `rlhf` trains, and the iterations that train it; for who looks in between."""
    policy, requests = run.get(start), requests or ppo_requests(recipe, run.seed)
    web = (
        rehearsed(run.tokenizer, stream("ppo/web", run.seed), recipe.rows)
        if recipe.rehearsal
        else None
    )
    return policy, ppo.train(
        policy,
        run.get(start),
        rewarded or run.get("mini-reward"),
        run.tokenizer,
        evals.chat_prompts(run.tokenizer, requests),
        **run.given(*PPO),
        recipe=recipe,
        web=web,
        seed=run.seed,
    )


def ppo_requests(recipe: ppo.Recipe, seed: int) -> list[Example]:
    """Return what the policy is asked during PPO, about people of the training, in order."""
    count, seed = recipe.iterations * recipe.batch, stream("ppo/requests", seed)
    requests = list(demonstrate.requests(count, "train", seed, mix=demonstrate.PPO_MIX))
    random.Random(seed).shuffle(requests)
    return requests


def histories(done: Sequence[ppo.Progress]) -> Figures:
    """Return reward and KL after each iteration, for plots."""
    return {"reward": history(done, "reward"), "kl": history(done, "kl")}


WORK = Work(stage, full=ppo.Recipe(), quick=ppo.Recipe(iterations=16))
