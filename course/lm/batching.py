"""How rows of tokens are laid into batches: padded, put with rows of like length, shared evenly."""

import bisect
import random
from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import Tensor

T = TypeVar("T")

# Batches are as wide as a multiple of this. PyTorch compiles its bf16 products for each new shape,
# which takes longer than the product; with fewer shapes more of them are known already.
WIDTH = 8


def round_up(n: int, unit: int) -> int:
    """Return `n`, rounded up to a multiple of `unit`."""
    return -(-n // unit) * unit


def padded(rows: Sequence[Sequence[float]], fill: int) -> Tensor:
    """Return rows of unequal length as one tensor, shape (rows, time), filled on the right."""
    longest = round_up(max(map(len, rows)), WIDTH)
    return torch.tensor([[*row, *[fill] * (longest - len(row))] for row in rows])


def like_length(lengths: Sequence[int], size: int) -> list[list[int]]:
    """Return the numbers of all rows in parts of at most `size`, the short ones first.

    Rows of like length stand together, so little is padded.
    """
    order = sorted(range(len(lengths)), key=lambda i: lengths[i])
    return [order[k : k + size] for k in range(0, len(order), size)]


def groups(lengths: Sequence[int], size: int, rng: random.Random) -> list[list[int]]:
    """Return the numbers of all rows in batches of like length, in random order."""
    order = sorted(range(len(lengths)), key=lambda i: (lengths[i], rng.random()))
    batches = [order[i : i + size] for i in range(0, len(order), size)]
    rng.shuffle(batches)
    return batches


def split(items: Sequence[T], parts: int) -> list[list[T]]:
    """Return `items` in at most `parts` shares of like size."""
    size = -(-len(items) // parts)
    return [list(items[k : k + size]) for k in range(0, len(items), size)]


def even(lengths: Sequence[int], parts: int, multiple: int = 1) -> list[list[int]]:
    """Return the numbers of all rows in at most `parts` shares that take about equally long.

    A share of rows is padded to its longest one: few long rows cost as much as many short ones.
    Each has a multiple of `multiple` rows if it can be.
    """
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])

    def shares(area: int) -> list[list[int]]:
        """Return shares of at most `area` tokens, padding included."""
        taken, at = [], 0
        while at < len(order):
            count = max(1, area // lengths[order[at]] // multiple * multiple)
            taken.append(order[at : at + count])
            at += count
        return taken

    most = sum(lengths) + max(lengths) * len(lengths)
    enough = bisect.bisect_left(range(most), True, key=lambda area: len(shares(area)) <= parts)
    return shares(enough)
