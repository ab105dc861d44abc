"""Muon (Jordan et al. 2024) for many small matrices: those of one shape are updated together.

The same updates as ``torch.optim.Muon`` (a test compares them), which takes one matrix after the
other: with a dozen small ones nearly all its time goes into starting operations. Left out on
purpose: weight decay, parameter groups.
"""

from collections.abc import Iterable

import torch
from torch import Tensor

# Coefficients and number of Newton-Schulz steps, as published.
A, B, C = 3.4445, -4.7750, 2.0315
STEPS = 5


def orthogonal(matrices: Tensor) -> Tensor:
    """Return the nearest (semi-)orthogonal matrices, roughly, by Newton-Schulz steps in bf16.

    Parameters
    ----------
    matrices : Tensor, shape (count, rows, columns)
    """
    x = matrices.bfloat16()
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
    parameters : iterable of Parameter, each of two dimensions
    lr : float
        Learning rate: about how far each singular direction moves in a step.
    momentum : float
        Of the running mean of gradients (Nesterov's form).
    """

    def __init__(
        self, parameters: Iterable[torch.nn.Parameter], lr: float, momentum: float = 0.95
    ) -> None:
        super().__init__(list(parameters), {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        """Update all parameters by their gradients."""
        (group,) = self.param_groups
        by_shape: dict[torch.Size, list[torch.nn.Parameter]] = {}
        for parameter in group["params"]:
            by_shape.setdefault(parameter.shape, []).append(parameter)
        for shape, parameters in by_shape.items():
            gradients = torch.stack([p.grad for p in parameters])
            state = self.state[parameters[0]]
            if not state:
                state["mean"] = torch.zeros_like(gradients)
            mean = state["mean"].lerp_(gradients, 1 - group["momentum"])
            update = orthogonal(gradients.lerp(mean, group["momentum"])).to(gradients.dtype)
            rate = group["lr"] * max(1.0, shape[0] / shape[1]) ** 0.5
            torch._foreach_add_(parameters, list(update.unbind()), alpha=-rate)
