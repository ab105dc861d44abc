"""Pre-training: one readable loop that yields its progress and never draws.

The model predicts each next token of the village's text; that is all. Weight matrices are updated
by Muon (Jordan et al. 2024; each update is made orthogonal), everything else by AdamW: that needs
about half of the tokens that AdamW alone needs here. The batch is shared by a few *learners*, one
thread each, whose gradients are added: the operations of so small a model are too short to be split
over cores, and on a busy machine threads that wait for each other in every operation come to a
standstill. ``TRAINING.md`` beside this file keeps the log of what was tried, also of what failed.
Left out on purpose: dropout (every batch is new), checkpoints in the middle (a run takes minutes),
more than one machine.
"""

import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor
from transformers import GPT2LMHeadModel

from course.lm import forward
from course.lm.muon import Muon

T = TypeVar("T")  # a share of a batch, of whatever type

WARM_UP = 30  # steps in which the learning rate rises from 0
FLOOR = 0.02  # the learning rate at the end, as part of its height
LEARNERS = min(2, os.cpu_count() or 1)  # threads that share a batch


@dataclass(frozen=True)
class Recipe:
    """How a model is pre-trained.

    Parameters
    ----------
    tokens : int
        Tokens seen in all.
    batch : int
        Rows a step.
    muon, adam : float
        Learning rates at their height, of weight matrices and of everything else.
    """

    tokens: int
    batch: int = 16
    muon: float = 0.02
    adam: float = 6e-3


@dataclass(frozen=True)
class Progress:
    """Where a run is after a step: `loss` in nats a token, of the batch just seen."""

    step: int
    steps: int
    tokens: int
    seconds: float
    loss: float
    learning_rate: float


def schedule(step: int, steps: int) -> float:
    """Return the learning rate at `step` as part of its height: up in a line, down in a cosine."""
    warm = min(1.0, (step + 1) / WARM_UP)
    return warm * (FLOOR + (1 - FLOOR) * 0.5 * (1 + math.cos(math.pi * step / steps)))


def optimizers(model: GPT2LMHeadModel, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Return Muon for the matrices inside the layers and AdamW for all other parameters.

    There are two Muons, of attention and of the rest, so that two threads can share the work.
    """
    named = list(model.named_parameters())
    matrices = {n: p for n, p in named if p.ndim == 2 and ".h." in n}
    rest = [p for n, p in named if n not in matrices]
    return [
        Muon([p for n, p in matrices.items() if ".attn." in n], recipe.muon),
        Muon([p for n, p in matrices.items() if ".attn." not in n], recipe.muon),
        torch.optim.AdamW(rest, lr=recipe.adam, betas=(0.9, 0.95), weight_decay=0.0, fused=True),
    ]


class Learners:
    """A few threads that share each batch and add their gradients up.

    PyTorch lets go of Python's lock inside every operation, so the threads really run at once.

    Parameters
    ----------
    parameters : iterable of Parameter
        What is trained.
    count : int, optional
        Threads; ``LEARNERS`` if left out.
    """

    def __init__(self, parameters: Iterable[torch.nn.Parameter], count: int | None = None) -> None:
        self.parameters = list(parameters)
        self.count = count or LEARNERS
        self.pool = ThreadPoolExecutor(self.count, initializer=torch.set_num_threads, initargs=(1,))

    def step(self, parts: Sequence[T], loss: Callable[[T], Tensor], weights: list[float]) -> float:
        """Put the gradient of the weighted sum of losses into the parameters.

        Parameters
        ----------
        parts : sequence
            The shares of a batch.
        loss : callable
            Share → mean loss over it, a scalar.
        weights : list of float
            How much each share counts; they sum to 1.

        Returns
        -------
        float
            The weighted sum of the losses.
        """

        def learn(part: T, weight: float) -> tuple[float, tuple[Tensor | None, ...]]:
            value = loss(part) * weight
            gradients = torch.autograd.grad(value, self.parameters, allow_unused=True)
            return value.item(), gradients

        shares = list(self.pool.map(learn, parts, weights))
        for parameter, *gradients in zip(self.parameters, *(g for _, g in shares), strict=True):
            used = [g for g in gradients if g is not None]
            parameter.grad = sum(used[1:], start=used[0]) if used else None
        return sum(value for value, _ in shares)

    def update(self, optimizers: Sequence[torch.optim.Optimizer]) -> None:
        """Let every optimizer take its step; they have different parameters, so all at once."""
        list(self.pool.map(lambda optimizer: optimizer.step(), optimizers))


def pretrain(
    model: GPT2LMHeadModel, batches: Iterable[Tensor], recipe: Recipe, pad: int
) -> Iterator[Progress]:
    """Train `model` in place and yield after every step.

    Parameters
    ----------
    model : GPT2LMHeadModel
        In float32; the arithmetic is done in bf16.
    batches : iterable of Tensor of int, shape (rows, time + 1)
        Packed rows, enough for ``recipe.tokens``.
    recipe : Recipe
        How long, and how fast it learns.
    pad : int
        The token that needn't be predicted.

    Yields
    ------
    Progress
        The caller may stop at any step; the model then is as far as it came.
    """
    model.train()
    learners = Learners(model.parameters())

    def loss(rows: Tensor) -> Tensor:
        half = forward.weights(model, torch.bfloat16)
        return forward.loss(half, rows, model.config.n_head, pad)

    steps = max(1, recipe.tokens // (recipe.batch * model.config.n_positions))
    all_optimizers = optimizers(model, recipe)
    heights = [o.param_groups[0]["lr"] for o in all_optimizers]
    start, seen = time.perf_counter(), 0
    for step, batch in zip(range(steps), batches, strict=False):
        parts = batch.chunk(learners.count)
        tokens = [int((part[:, 1:] != pad).sum()) for part in parts]
        value = learners.step(parts, loss, [n / sum(tokens) for n in tokens])
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        rate = schedule(step, steps)
        for optimizer, height in zip(all_optimizers, heights, strict=True):
            optimizer.param_groups[0]["lr"] = height * rate
        learners.update(all_optimizers)
        seen += batch[:, 1:].numel()
        yield Progress(step + 1, steps, seen, time.perf_counter() - start, value, rate)
    model.eval()
