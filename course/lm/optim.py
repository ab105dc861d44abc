"""Optimizers and learning rates: every choice of them here, so that all trainings share it.

Weight matrices inside the layers are updated by Muon where a training asks for it (see
`course.lm.muon`), all else by AdamW. A schedule gives the learning rate as part of its height.
Left out on purpose: weight decay (each text is seen about once).
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from course.lm.muon import Muon

BETAS = (0.9, 0.95)  # of AdamW, as GPT-3's
WARM_UP = 30  # steps in which `cosine` rises from 0
FLOOR = 0.02  # where it ends


def adamw(parameters: Iterable[Tensor], lr: float, *, fused: bool = True) -> torch.optim.AdamW:
    """Return AdamW as all trainings here use it; not `fused` it rounds a little differently."""
    return torch.optim.AdamW(list(parameters), lr, betas=BETAS, weight_decay=0.0, fused=fused)


def is_matrix(name: str) -> bool:
    """Tell whether a parameter of a GPT is a weight matrix inside a layer, by its name."""
    return name.endswith(".weight") and (".attn." in name or ".mlp." in name)


def muon_and_adamw(
    named: Iterable[tuple[str, Tensor]], muon: float, adam: float, *, fused: bool = True
) -> list[torch.optim.Optimizer]:
    """Return Muon for the matrices inside the layers and AdamW for all other parameters.

    There are two Muons, of attention and of the rest, so that two threads can share the work.

    Parameters
    ----------
    named : iterable of (str, Tensor)
        Names and parameters; those that need no gradient are left out.
    muon, adam : float
        Learning rates at their height.
    """
    named = [(n, p) for n, p in named if p.requires_grad]
    joint = [p for n, p in named if is_matrix(n) and ".attn.c_attn." in n]  # queries, keys, values
    apart = [p for n, p in named if is_matrix(n) and ".attn.c_proj." in n]
    others = [p for n, p in named if is_matrix(n) and ".attn." not in n]
    optimizers: list[torch.optim.Optimizer] = []
    if joint or apart:
        groups: list[dict[str, Any]] = [{"params": joint, "parts": 3}, {"params": apart}]
        optimizers.append(Muon(groups, muon))
    if others:
        optimizers.append(Muon(others, muon))
    return [*optimizers, adamw([p for n, p in named if not is_matrix(n)], adam, fused=fused)]


def set_rates(
    optimizers: Sequence[torch.optim.Optimizer], heights: Sequence[float], rate: float
) -> None:
    """Set every optimizer's learning rate to `rate` as part of its height."""
    for optimizer, height in zip(optimizers, heights, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = height * rate


def cosine(step: int, done: float) -> float:
    """Return the learning rate as part of its height: up in a line, down in a cosine.

    Parameters
    ----------
    step : int
        Steps taken so far.
    done : float
        The part of the training that is over, from 0 to 1.
    """
    warm = min(1.0, (step + 1) / WARM_UP)
    return warm * (FLOOR + (1 - FLOOR) * 0.5 * (1 + math.cos(math.pi * done)))


def trapezoid(step: int, done: float, hold: float) -> float:
    """Return the learning rate as part of its height: up in a line, level, down in a line to 0.

    As in Hu et al. 2024 (arXiv:2404.06395) and Hägele et al. 2024 (arXiv:2405.18392).

    Parameters
    ----------
    step : int
        Steps taken so far.
    done : float
        The part of the training that is over, from 0 to 1.
    hold : float
        The part after which it goes down, less than 1.
    """
    return min(1.0, (step + 1) / WARM_UP, (1 - done) / (1 - hold))


def linear(step: int, steps: int, warm_up: int) -> float:
    """Return the learning rate as part of its height: up over `warm_up` steps, then slowly down.

    It ends at a tenth.
    """
    return min(1.0, (step + 1) / warm_up) * (1 - 0.9 * step / steps)
