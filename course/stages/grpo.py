"""GRPO (Shao et al. 2024, arXiv:2402.03300) on tiny programs: the reward is a test that is run.

In each round the policy writes a group of programs for each of some tasks, the programs are run
(`course.stages.programs`), and one that passes its cases gets 1, another one 0. There is no reward
model and no value model: what was to be expected is the mean of the group. A group whose rewards
are all equal teaches nothing and is left out. The rest is learned from in a few steps, with a
clipped ratio and a price for leaving the model that it began as. The heart of it comes in as
arguments, exercises of lesson 09: ``group_advantages`` and ``grpo_loss``.

`Recipe.cases` says on which inputs the reward tries a program. If they are few, a program can pass
them without doing what was asked: so `Progress` counts the programs that are right on all inputs
next to those that pass. Left out on purpose: new tasks in the place of groups that teach nothing,
several rounds over the same programs, a reference model that follows the policy.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

from course import seeds
from course.lm import arithmetic, forward, optim
from course.lm.data import encode
from course.lm.train import Metrics, Trainer, mean_metrics
from course.stages import code, programs
from course.stages.rollout import (
    Rollout,
    by_shares,
    next_requests,
    response_logprobs,
    rollout,
    shares,
)
from course.world import tasks
from course.world.tasks import Task

GroupAdvantages = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
GrpoLoss = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor, float, float], Tensor]
WARM_UP = 5  # rounds in which the learning rate rises
ALL = tasks.INPUTS
# How a reward is compared with its group's: by mean and deviation, by the mean of the others (leave
# one out), or by the mean alone.
ADVANTAGES = ("group", "others", "mean")


@dataclass(frozen=True)
class Recipe:
    """How GRPO trains.

    Parameters
    ----------
    rounds : int
        Rounds of writing and learning.
    tasks, group : int
        Tasks in a round, and programs for each.
    steps : int
        Learning steps in a round; each program is learned from once.
    clip : float
        How far the ratio of new to old probability may leave 1.
    beta : float
        Price of leaving the start, in rewards for each nat.
    lr : float
        Learning rate of AdamW at its height.
    advantages : str
        One of `ADVANTAGES`.
    cases : tuple of int
        The inputs that the reward tries a program on.
    brevity : float
        What a program that passes loses of its reward for each of its tokens.
    flat : bool
        Whether groups without a spread are learned from as well. Only the price counts there: it
        takes time and teaches nothing about the tasks, but other trainers do it.
    """

    rounds: int = 30
    tasks: int = 32
    group: int = 8
    steps: int = 2
    clip: float = 0.2
    beta: float = 0.02
    lr: float = 1e-3
    advantages: str = "group"
    cases: tuple[int, ...] = ALL
    brevity: float = 0.0
    flat: bool = False


@dataclass(frozen=True)
class Program:
    """A program of the policy: for which task (its number), and whether it passes and is right.

    It passes if it gives what was asked for on the inputs of the reward, and is right if it does on
    all.
    """

    task: int
    source: str
    passes: bool
    right: bool


@dataclass(frozen=True)
class Progress:
    """Where GRPO is after a round: means over its programs, as they were written.

    `passing` is the share that passes, `right` the share that is right; `flat` the share of groups
    without a spread; `kl` is from the start, in nats a program; `length` in tokens. The metrics are
    ``clip_fraction`` (tokens whose ratio is beyond the clip) and the trainer's, means over the
    steps; a round in which no group has a spread has none.
    """

    iteration: int
    iterations: int
    seconds: float
    passing: float
    right: float
    flat: float
    kl: float
    length: float
    loss: float
    programs: tuple[Program, ...] = field(default=(), repr=False)
    metrics: Metrics = field(default_factory=dict, repr=False)


def train(
    policy: GPT2LMHeadModel,
    reference: GPT2LMHeadModel,
    tokenizer: PreTrainedTokenizerFast,
    asked: Sequence[Task],
    *,
    group_advantages: GroupAdvantages,
    grpo_loss: GrpoLoss,
    recipe: Recipe | None = None,
    seed: int = 0,
) -> Iterator[Progress]:
    """Train `policy` in place and yield after every round.

    Parameters
    ----------
    policy, reference : GPT2LMHeadModel
        The same weights at first.
    asked : sequence of Task
        What programs are asked for, in order; after the last one comes the first again.
    group_advantages : callable
        Rewards, shape (tasks, group) → advantages by mean and deviation, and by leave-one-out.
    grpo_loss : callable
        (new logprobs, old logprobs, those of the reference, advantages, mask, clip, beta) → scalar;
        tensors of shape (programs, time), advantages of shape (programs,).
    recipe : Recipe, optional
        How long and how fast.
    seed : int
        Of the programs and of the order in which they are learned from.

    Yields
    ------
    Progress
        The caller may stop at any round; the policy then is as far as it came.
    """
    recipe = recipe or Recipe()
    end, pad, dtype = tokenizer.eos_token_id, tokenizer.pad_token_id, arithmetic.dtype()
    prompts = [[end, *p] for p in encode(tokenizer, [task.prompt for task in asked])]
    kept, order = forward.weights(reference, dtype), random.Random(seed)
    trainer = Trainer(
        partial(loss, grpo_loss=grpo_loss, recipe=recipe),
        [policy.parameters()],
        [optim.adamw(policy.parameters(), recipe.lr)],
    )
    policy.eval()
    start = time.perf_counter()
    for iteration in range(recipe.rounds):
        with torch.no_grad():
            w = forward.weights(policy, dtype)
        batch = rollout(
            policy, w, prompts, next_tasks(prompts, iteration, recipe), end=end, pad=pad,
            new_tokens=code.NEW_TOKENS, seed=seeds.numbered("grpo/rollout", seed, iteration),
        )  # fmt: skip
        written = judged(batch, tokenizer, asked, recipe.cases)
        batch, flat = evaluated(batch, written, kept, group_advantages, recipe)
        assert batch.ref_logprobs is not None
        teaching = [i for i in range(len(written)) if recipe.flat or not flat[i // recipe.group]]
        order.shuffle(teaching)
        rate, steps = optim.linear(iteration, recipe.rounds, WARM_UP), []
        for part in (teaching[k :: recipe.steps] for k in range(recipe.steps)):
            if part:
                parts = shares(batch, part, trainer.learners)
                w = forward.weights(policy, dtype)
                micro_batches = [MicroBatch(batch.take(share), w) for share in parts]
                steps.append(trainer.step(micro_batches, list(map(len, parts)), rate))
        yield Progress(
            iteration=iteration + 1,
            iterations=recipe.rounds,
            seconds=time.perf_counter() - start,
            passing=sum(p.passes for p in written) / len(written),
            right=sum(p.right for p in written) / len(written),
            flat=float(flat.mean()),
            kl=(batch.logprobs - batch.ref_logprobs).sum().item() / len(written),
            length=int(batch.mask.sum()) / len(written),
            loss=sum(value for value, _ in steps) / max(1, len(steps)),
            programs=written,
            metrics=mean_metrics([metrics for _, metrics in steps], [1.0] * len(steps)),
        )


def next_tasks(prompts: Sequence[Sequence[int]], iteration: int, recipe: Recipe) -> list[int]:
    """Return the numbers of the next tasks, each as often as its group has programs."""
    numbers = next_requests(prompts, iteration, recipe.tasks)
    return [i for i in numbers for _ in range(recipe.group)]


# From programs to advantages ----------------------------------------------------------------------


def judged(
    batch: Rollout,
    tokenizer: PreTrainedTokenizerFast,
    asked: Sequence[Task],
    cases: Sequence[int],
) -> tuple[Program, ...]:
    """Run the programs of a rollout, on the inputs of the reward and on all."""
    sources = sources_of(batch, tokenizer)
    wanted = [asked[i] for i in batch.requests]

    def run(inputs: Sequence[int]) -> list[bool]:
        values = [[task(x) for x in inputs] for task in wanted]
        return [verdict.right for verdict in programs.judge(sources, inputs, values)]

    right = run(ALL)
    passes = right if tuple(cases) == ALL else run(cases)
    return tuple(map(Program, batch.requests, sources, passes, right))


def sources_of(batch: Rollout, tokenizer: PreTrainedTokenizerFast) -> tuple[str, ...]:
    """Return the programs of a rollout."""
    texts = tokenizer.batch_decode(batch.responses, skip_special_tokens=True)
    return tuple(code.first_program(tasks.HEADER + text) for text in texts)


def evaluated(
    batch: Rollout,
    written: Sequence[Program],
    kept: forward.Weights,
    group_advantages: GroupAdvantages,
    recipe: Recipe,
) -> tuple[Rollout, np.ndarray]:
    """Return the rollout with advantages and the start's log-probabilities, and its flat groups.

    Those are the ones without a spread; shape (tasks,) of bool.
    """
    scores = [
        program.passes * (1 - recipe.brevity * len(tokens))
        for program, tokens in zip(written, batch.responses, strict=True)
    ]
    rewards = np.array(scores).reshape(-1, recipe.group)  # (tasks, group)
    if recipe.advantages == "mean":
        found = rewards - rewards.mean(1, keepdims=True)
    else:
        found = group_advantages(rewards)[ADVANTAGES.index(recipe.advantages)]
    advantages = torch.tensor(np.asarray(found), dtype=torch.float32).flatten()  # (programs,)
    known = reference_logprobs(kept, batch)
    flat = rewards.max(1) == rewards.min(1)
    return replace(batch, ref_logprobs=known, advantages=advantages), flat


def plain_logprobs(scores: Tensor, tokens: Tensor) -> Tensor:
    """Return the log-probability of each token, (…), by scores of all, (…, vocabulary)."""
    return scores.log_softmax(-1).gather(-1, tokens[..., None])[..., 0]


def reference_logprobs(kept: forward.Weights, batch: Rollout) -> Tensor:
    """Return what the start says of the programs' tokens, shape (programs, time)."""
    (found,) = by_shares(
        batch, lambda part: (response_logprobs(kept, part.tokens, part.mask, plain_logprobs),)
    )
    return found


# Learning -----------------------------------------------------------------------------------------


class MicroBatch(NamedTuple):
    """A learner's share of a step: programs, and the policy's weights."""

    rollout: Rollout
    policy: forward.Weights


def loss(part: MicroBatch, grpo_loss: GrpoLoss, recipe: Recipe) -> tuple[Tensor, dict[str, Tensor]]:
    """Return GRPO's loss of a share, and its metrics."""
    batch = part.rollout
    assert batch.ref_logprobs is not None
    assert batch.advantages is not None
    logprobs = response_logprobs(part.policy, batch.tokens, batch.mask, plain_logprobs)
    value = grpo_loss(
        logprobs, batch.logprobs, batch.ref_logprobs, batch.advantages, batch.mask, recipe.clip,
        recipe.beta,
    )  # fmt: skip
    with torch.no_grad():
        ratio = ((logprobs - batch.logprobs) * batch.mask).exp()
        clipped = ((ratio - 1).abs() > recipe.clip).sum() / batch.mask.sum()
    return value, {"clip_fraction": clipped}
