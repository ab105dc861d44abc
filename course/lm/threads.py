"""Two threads that share a batch, and settings of the process that hold only while they work.

The operations of so small a model are too short to be split over cores, and on a busy machine
threads that wait for each other in every operation come to a standstill. So a batch is shared by
rows: each *learner* does all operations on its rows, on one core. PyTorch lets go of Python's lock
inside every operation, so the learners really run at once.

There are two of them and not as many as there are cores. How a batch is shared decides how its
sums are rounded, so another number would make other models; and shares of fewer rows cost more by
the row. Left out on purpose: processes (a model would have to be sent to them in every step).
"""

import ctypes
import functools
import gc
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import torch
from torch import Tensor

from course.lm.batching import like_length

T = TypeVar("T")

LEARNERS = min(2, os.cpu_count() or 1)  # threads that share a batch
ROWS = 128  # in a part of `over_rows`, at most
# glibc's numbers for what mallopt(3) sets.
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
# Where glibc's own rule ends up in a process that frees large pieces: 32 MiB, and twice that.
USUAL_MMAP, USUAL_TRIM = 1 << 25, 1 << 26
KEPT = 1 << 30  # bytes that a thread keeps while it trains


@functools.cache
def _pool(count: int) -> ThreadPoolExecutor:
    """Return the pool of `count` threads, each of whose operations runs on one core.

    There is one for all work, which never asks for it again inside: new threads would be slower,
    since their memory is new as well.
    """
    pool = ThreadPoolExecutor(count, initializer=torch.set_num_threads, initargs=(1,))
    # All begin now: one that began later would change a setting of the process behind our back.
    all_here = threading.Barrier(count)
    list(pool.map(lambda _: all_here.wait(), range(count)))
    return pool


def together(each: Callable[..., T], *items: Sequence[Any], count: int | None = None) -> list[T]:
    """Return what `each` makes of the items, as `map` does, computed by a few threads at once.

    Parameters
    ----------
    each : callable
        Must not call this function itself.
    *items : sequence
        One or more, of equal length.
    count : int, optional
        Threads; ``LEARNERS`` if left out.
    """
    with one_thread(), _kept_memory():
        pool = _pool(count or LEARNERS)
        running = [pool.submit(each, *arguments) for arguments in zip(*items, strict=True)]
        try:
            return [one.result() for one in running]
        except BaseException:
            # An error in one share, or Ctrl-C: no other goes on behind the caller's back.
            for one in running:
                one.cancel()
            wait(running)
            raise


def over_rows(
    each: Callable[[list[int]], Tensor], lengths: Sequence[int], parts: int = 1
) -> Tensor:
    """Return one number for each row of a batch, computed without gradients, shape (rows,).

    Parameters
    ----------
    each : callable
        Numbers of some rows, of like length → their values, shape (some,).
    lengths : sequence of int
        Tokens in each row.
    parts : int
        For each thread: several if their work is uneven, so that all end at about the same time.
    """
    size = min(ROWS, max(1, -(-len(lengths) // (parts * LEARNERS))))
    shares = like_length(lengths, size)

    def apart(share: list[int]) -> Tensor:
        with torch.inference_mode():  # a setting of each thread
            return each(share)

    values = torch.empty(len(lengths))
    for share, part in zip(shares, together(apart, shares), strict=True):
        values[share] = part
    return values


@contextmanager
def one_thread() -> Iterator[None]:
    """Let this thread's operations run on one core; what it does between steps is short.

    Threads that PyTorch starts for such an operation spin for a while after it, and take the cores
    from the learners. Don't leave it open over a ``yield``: the caller would have one thread too.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@functools.cache
def _glibc(name: str) -> Callable[..., int] | None:
    """Return one of glibc's switches of its allocator; other systems have none."""
    with suppress(OSError, AttributeError, TypeError):
        return getattr(ctypes.CDLL(None), name)
    return None


def hand_back() -> None:
    """Give the system what this process keeps and nobody uses, where that must be asked for.

    A thread that has trained keeps up to `KEPT` bytes. What works differently next can't use them:
    a large model that writes, then learns, then writes again would need the sum.
    """
    trim = _glibc("malloc_trim")
    if trim is not None:
        gc.collect()
        trim(0)


@contextmanager
def _kept_memory() -> Iterator[None]:
    """Let the process keep memory that it is done with, where that must be asked for.

    Linux's allocator hands large pieces back at once, and a training step asks for them again: a
    fifth of pre-training went into that. It can't be asked what was set before, and one setting
    ends its own rule; so afterwards it gets what that rule comes to.
    """
    switch = _glibc("mallopt")
    if switch is None:
        yield
        return
    switch(MMAP_THRESHOLD, USUAL_MMAP)
    switch(TRIM_THRESHOLD, KEPT)
    try:
        yield
    finally:
        switch(TRIM_THRESHOLD, USUAL_TRIM)
