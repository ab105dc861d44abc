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

import itertools
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor
from transformers import GPT2LMHeadModel, PreTrainedModel

from course.lm import forward, optim
from course.lm.threads import LEARNERS, one_thread, together

T = TypeVar("T")  # a share of a batch, of whatever type


@dataclass(frozen=True)
class Recipe:
    """How a model is pre-trained.

    Parameters
    ----------
    tokens : int
        Tokens seen in all.
    batch : int
        Rows a step at first.
    doubles : float
        The share of the tokens after which a step takes twice as many rows: small steps while
        there is much to learn, large ones, which are faster and less noisy, later. 1 is never.
    muon, adam : float
        Learning rates at their height, of weight matrices and of everything else.
    """

    tokens: int
    batch: int = 16
    doubles: float = 1.0
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


class Learners:
    """A few threads that share each batch and add their gradients up.

    Parameters
    ----------
    parameters : iterable of Parameter
        What is trained, but for those that need no gradient.
    count : int, optional
        Threads; ``LEARNERS`` if left out.
    """

    def __init__(self, parameters: Iterable[torch.nn.Parameter], count: int | None = None) -> None:
        self.parameters = [p for p in parameters if p.requires_grad]
        self.count = count or LEARNERS

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

        shares = together(learn, parts, weights, count=self.count)
        for parameter, *gradients in zip(self.parameters, *(g for _, g in shares), strict=True):
            used = [g for g in gradients if g is not None]
            parameter.grad = sum(used[1:], start=used[0]) if used else None
        return sum(value for value, _ in shares)

    def update(self, optimizers: Sequence[torch.optim.Optimizer]) -> None:
        """Let every optimizer take its step; they have different parameters, so all at once."""
        together(lambda optimizer: optimizer.step(), optimizers, count=self.count)


class Trainer:
    """What every training here does in a step: gradients, clipping, learning rate, update.

    Parameters
    ----------
    model : PreTrainedModel
        Trained in place.
    muon, adam : float
        Learning rates at their height.
    """

    def __init__(self, model: PreTrainedModel, muon: float, adam: float) -> None:
        self.learners = Learners(model.parameters())
        self.parameters = self.learners.parameters
        self.optimizers = optim.muon_and_adamw(model.named_parameters(), muon, adam)
        self.heights = [o.param_groups[0]["lr"] for o in self.optimizers]

    def step(
        self,
        parts: Sequence[T],
        loss: Callable[[T], Tensor],
        sizes: Sequence[float],
        step: int,
        done: float,
    ) -> tuple[float, float]:
        """Learn from one batch.

        Parameters
        ----------
        parts, loss
            As in `Learners.step`.
        sizes : sequence of float
            How much each share counts, in any unit.
        step, done
            As in `optim.cosine`.

        Returns
        -------
        tuple of float
            The loss, and the learning rate as part of its height.
        """
        value = self.learners.step(parts, loss, [n / sum(sizes) for n in sizes])
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        rate = optim.cosine(step, done)
        optim.set_rates(self.optimizers, self.heights, rate)
        self.learners.update(self.optimizers)
        return value, rate


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
    trainer = Trainer(model, recipe.muon, recipe.adam)

    def loss(rows: Tensor) -> Tensor:
        half = forward.weights(model, torch.bfloat16)
        return forward.loss(half, rows, pad)

    per_batch = recipe.batch * model.config.n_positions
    steps = planned_steps(recipe, model.config.n_positions)
    start, seen, supply = time.perf_counter(), 0, iter(batches)
    with one_thread():
        for step in range(steps):
            more = 2 if seen >= recipe.doubles * recipe.tokens else 1
            taken = list(itertools.islice(supply, more))
            if not taken:
                break
            batch = torch.cat(taken)
            parts = batch.chunk(trainer.learners.count)
            tokens = [int((part[:, 1:] != pad).sum()) for part in parts]
            value, rate = trainer.step(parts, loss, tokens, step, min(1.0, seen / recipe.tokens))
            seen += len(taken) * per_batch
            yield Progress(step + 1, steps, seen, time.perf_counter() - start, value, rate)
    model.eval()


def planned_steps(recipe: Recipe, context: int) -> int:
    """Return how many steps `recipe` takes with rows of `context` tokens."""
    batches = max(1, recipe.tokens // (recipe.batch * context))
    single = min(batches, math.ceil(recipe.doubles * recipe.tokens / (recipe.batch * context)))
    return single + math.ceil((batches - single) / 2)
