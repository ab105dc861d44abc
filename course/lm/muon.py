"""Muon (Jordan et al. 2024) for many small matrices: those of one shape are updated together.

The same updates as ``torch.optim.Muon`` with four steps (a test compares them), which takes one
matrix after the other: with a dozen small ones nearly all its time goes into starting operations.
Left out on purpose: weight decay, a rate for each group, saving its state.
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from course.lm import arithmetic

# Coefficients of the Newton-Schulz steps, as published. With four steps instead of the published
# five these models learn as well (docs/training-log.md), and a step costs a fifth less.
A, B, C = 3.4445, -4.7750, 2.0315
STEPS = 4


def orthogonal(matrices: Tensor) -> Tensor:
    """Return the nearest (semi-)orthogonal matrices, roughly, by Newton-Schulz steps.

    The machine's format (`course.lm.arithmetic`) is exact enough, also if that is bf16.

    Parameters
    ----------
    matrices : Tensor, shape (count, rows, columns)
    """
    x = matrices.to(arithmetic.dtype())
    tall = x.shape[1] > x.shape[2]
    if tall:
        x = x.transpose(1, 2)
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
    for _ in range(STEPS):
        gram = torch.bmm(x, x.transpose(1, 2))
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=B, alpha=C), x, beta=A)
    return x.transpose(1, 2) if tall else x


class Muon(torch.optim.Optimizer):
    """Momentum whose direction is made orthogonal, for matrices.

    Parameters
    ----------
    parameters : iterable of Parameter of two dimensions, or of parameter groups
        A group may say ``"parts": 3``: each of its matrices is three side by side (queries, keys
        and values), and each part is made orthogonal by itself.
    lr : float
        Learning rate: about how far each singular direction moves in a step.
    momentum : float
        Of the running mean of gradients (Nesterov's form).
    """

    def __init__(
        self,
        parameters: Iterable[Tensor] | Iterable[dict[str, Any]],
        lr: float,
        momentum: float = 0.95,
    ) -> None:
        groups: list[Any] = list(parameters)
        super().__init__(groups, {"lr": lr, "momentum": momentum, "parts": 1})
        self.means: dict[torch.Size, Tensor] = {}

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update all parameters by their gradients."""
        by_shape: dict[torch.Size, list[tuple[Tensor, Tensor]]] = {}
        for group in self.param_groups:
            for whole in group["params"]:
                pieces = zip(
                    whole.chunk(group["parts"], 1), whole.grad.chunk(group["parts"], 1), strict=True
                )
                for matrix, gradient in pieces:
                    by_shape.setdefault(matrix.shape, []).append((matrix, gradient))
        lr, momentum = self.param_groups[0]["lr"], self.param_groups[0]["momentum"]
        for shape, pairs in by_shape.items():
            gradients = torch.stack([gradient for _, gradient in pairs])
            if shape not in self.means:
                self.means[shape] = torch.zeros_like(gradients)
            mean = self.means[shape].lerp_(gradients, 1 - momentum)
            update = orthogonal(gradients.lerp(mean, momentum)).to(gradients.dtype)
            rate = lr * max(1.0, shape[0] / shape[1]) ** 0.5
            torch._foreach_add_([m for m, _ in pairs], list(update.unbind()), alpha=-rate)
