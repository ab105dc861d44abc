"""One trainer for every stage, and pre-training: loops that yield their progress and never draw.

`Trainer` does what all trainings here do in a step: two threads share the batch
(`course.lm.threads`), their gradients are added, the sum is clipped, the optimizers move. What is
learned is a function that gives the loss with other figures of interest.

`pretrain` is the first user. The model predicts each next token of the village's text; that is all.
Weight matrices are updated by Muon (Jordan et al. 2024; each update is made orthogonal), everything
else by AdamW: that needs about half of the tokens that AdamW alone needs here.
``docs/training-log.md`` keeps the log of what was tried, also of what failed. Left out on purpose:
dropout (every batch is new; so it makes no difference whether a model is in training mode, and one
is ready for use whenever its training ends), checkpoints in the middle (a run takes minutes), more
than one machine.
"""

import itertools
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import torch
from torch import Tensor
from transformers import GPT2LMHeadModel

from course.lm import arithmetic, forward, optim
from course.lm.threads import LEARNERS, one_thread, together

T = TypeVar("T")  # a micro-batch, of whatever type
Metrics = dict[str, float]
Loss = Callable[[T], tuple[Tensor, Mapping[str, float | Tensor]]]
CLIP = 1.0  # the largest norm of a gradient


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
    hold : float, optional
        The share of the tokens after which the learning rate goes down, in a line to 0; if left
        out it goes down in a cosine from the first.
    lr_muon, lr_adam : float
        Learning rates at their height, of weight matrices and of everything else.
    """

    tokens: int
    batch: int = 16
    doubles: float = 1.0
    hold: float | None = None
    lr_muon: float = 0.02
    lr_adam: float = 6e-3


@dataclass(frozen=True)
class Progress:
    """Where a run is after a step: `loss` in nats a token, of the batch just seen.

    `learning_rate` is part of its height; `metrics` are the trainer's and those of the loss.
    """

    step: int
    steps: int
    tokens: int
    seconds: float
    loss: float
    learning_rate: float
    metrics: Metrics = field(default_factory=dict, repr=False)


class Trainer(Generic[T]):
    """What every training here does in a step: gradients, clipping, learning rate, update.

    Parameters
    ----------
    loss : callable
        Micro-batch → its mean loss, a scalar, and metrics by name (numbers or tensors of one
        number, means over the micro-batch too). Runs in several threads at once.
    trained : sequence of iterables of Tensor
        The parameters of each model that is trained; those that need no gradient now are left out.
        The gradient of each model is clipped by itself.
    optimizers : sequence of Optimizer
        Their learning rates are those at their height.
    learners : int, optional
        Threads; ``threads.LEARNERS`` if left out.
    """

    def __init__(
        self,
        loss: Loss[T],
        trained: Sequence[Iterable[Tensor]],
        optimizers: Sequence[torch.optim.Optimizer],
        learners: int | None = None,
    ) -> None:
        self.loss, self.optimizers = loss, optimizers
        self.learners = learners or LEARNERS
        self.trained = [[p for p in parameters if p.requires_grad] for parameters in trained]
        self.parameters = [p for parameters in self.trained for p in parameters]
        self.heights = [o.param_groups[0]["lr"] for o in optimizers]

    def step(
        self, micro_batches: Sequence[T], weights: Sequence[float], rate: float
    ) -> tuple[float, Metrics]:
        """Learn from one batch.

        Parameters
        ----------
        micro_batches : sequence
            The batch's shares, about one for each learner.
        weights : sequence of float
            How much each counts, in any unit.
        rate : float
            The learning rate as part of its height.

        Returns
        -------
        float, dict
            The loss and the metrics before the step: means over the micro-batches by their weights.
            A metric that some of them lack is the mean over the others. ``gradient_norm`` is that
            of all that is trained, before it is clipped.
        """
        loss, metrics = self.gradients(micro_batches, weights)
        return loss, metrics | {"gradient_norm": self.update(rate)}

    def gradients(
        self, micro_batches: Sequence[T], weights: Sequence[float]
    ) -> tuple[float, Metrics]:
        """Do the first half of `step`: put the gradient of the mean loss into the parameters."""

        def learn(micro_batch: T, share: float) -> tuple[float, Metrics, tuple[Tensor | None, ...]]:
            loss, metrics = self.loss(micro_batch)
            loss = loss * share
            gradients = torch.autograd.grad(loss, self.parameters, allow_unused=True)
            return loss.item(), {name: float(x) for name, x in metrics.items()}, gradients

        total = sum(weights)
        shares = [weight / total for weight in weights]
        losses, metrics, gradients = zip(
            *together(learn, micro_batches, shares, count=self.learners), strict=True
        )
        with one_thread():
            for parameter, *parts in zip(self.parameters, *gradients, strict=True):
                used = [g for g in parts if g is not None]
                parameter.grad = sum(used[1:], start=used[0]) if used else None
        return sum(losses), mean_metrics(metrics, weights)

    def update(self, rate: float) -> float:
        """Do the second half of `step`: clip, move the parameters, return the gradient's norm."""
        with one_thread():
            norms = [
                torch.nn.utils.clip_grad_norm_(parameters, CLIP).item()
                for parameters in self.trained
            ]
        optim.set_rates(self.optimizers, self.heights, rate)
        # They have different parameters, so all at once.
        together(lambda optimizer: optimizer.step(), self.optimizers, count=self.learners)
        return math.hypot(*norms)


def mean_metrics(metrics: Sequence[Mapping[str, float]], weights: Sequence[float]) -> Metrics:
    """Return the means of metrics by weights, each over those that have it."""
    means = {}
    for name in dict.fromkeys(name for each in metrics for name in each):
        having = [(each[name], w) for each, w in zip(metrics, weights, strict=True) if name in each]
        means[name] = sum(x * w for x, w in having) / sum(w for _, w in having)
    return means


def pretrain(
    model: GPT2LMHeadModel, batches: Iterable[Tensor], recipe: Recipe, pad: int
) -> Iterator[Progress]:
    """Train `model` in place and yield after every step.

    Parameters
    ----------
    model : GPT2LMHeadModel
        In float32; the arithmetic is done in the machine's format (`course.lm.arithmetic`).
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
    dtype = arithmetic.dtype()

    def loss(rows: Tensor) -> tuple[Tensor, Metrics]:
        return forward.loss(forward.weights(model, dtype), rows, pad), {}

    optimizers = optim.muon_and_adamw(model.named_parameters(), recipe.lr_muon, recipe.lr_adam)
    trainer = Trainer(loss, [model.parameters()], optimizers)
    model.eval()
    per_batch = recipe.batch * model.config.n_positions
    steps = planned_steps(recipe, model.config.n_positions)
    start, seen, supply = time.perf_counter(), 0, iter(batches)
    for step in range(steps):
        more = 2 if seen >= recipe.doubles * recipe.tokens else 1
        taken = list(itertools.islice(supply, more))
        if not taken:
            break
        micro_batches = torch.cat(taken).chunk(trainer.learners)
        tokens = [int((rows[:, 1:] != pad).sum()) for rows in micro_batches]
        done = min(1.0, seen / recipe.tokens)
        if recipe.hold is None:
            rate = optim.cosine(step, done)
        else:
            rate = optim.trapezoid(step, done, recipe.hold)
        value, metrics = trainer.step(micro_batches, tokens, rate)
        seen += len(taken) * per_batch
        yield Progress(step + 1, steps, seen, time.perf_counter() - start, value, rate, metrics)


def planned_steps(recipe: Recipe, context: int) -> int:
    """Return how many steps `recipe` takes with rows of `context` tokens."""
    batches = max(1, recipe.tokens // (recipe.batch * context))
    single = min(batches, math.ceil(recipe.doubles * recipe.tokens / (recipe.batch * context)))
    return single + math.ceil((batches - single) / 2)
