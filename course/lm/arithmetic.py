"""Which number format this machine computes in: bf16 where the processor has it, else float32.

A processor with bf16 in hardware makes products in it about twice as fast as in float32. One
without takes bf16 too, but PyTorch imitates it there, three to five times slower than float32. No
list of processors would stay complete, so a product is timed once in both formats, for a few
milliseconds. The environment variable ``COURSE_FORMAT`` decides instead, if it is set.

Rounding differs by format: the same seed gives another run, so run records name the format.
Weights are stored in bf16 in any case. Left out on purpose: float16 and 8-bit integers, in which
these models don't learn without further care.
"""

import functools
import os
import time

import torch
from torch import Tensor

from course.errors import CourseError
from course.language import _

VARIABLE = "COURSE_FORMAT"
FORMATS = {"float32": torch.float32, "bf16": torch.bfloat16}
SHAPE = (256, 256, 256)  # of the product that is timed: rows, inner, columns
TURNS = 12  # of each format; the fastest counts, so that a busy machine doesn't decide
FEWEST = 3  # turns before it may be clear that the format isn't there: the worst imitation is slow
FASTER = 0.85  # bf16 is taken where it needs less than this part of float32's time


def number_format() -> str:
    """Return the name of the format: ``"bf16"`` or ``"float32"``.

    Raises
    ------
    CourseError
        If ``COURSE_FORMAT`` names no format.
    """
    return forced() or ("bf16" if has_bf16() else "float32")


def dtype() -> torch.dtype:
    """Return the format as PyTorch names it; see `number_format`."""
    return FORMATS[number_format()]


def forced() -> str | None:
    """Return the format that ``COURSE_FORMAT`` asks for, if it does.

    Raises
    ------
    CourseError
        If it names none.
    """
    name = os.environ.get(VARIABLE, "").strip().lower()
    if name and name not in FORMATS:
        text = _("{variable} is {name!r}: set it to {formats}, or unset it.")
        raise CourseError(
            text.format(variable=VARIABLE, name=name, formats=_(" or ").join(FORMATS))
        )
    return name or None


def force(name: str | None) -> None:
    """Let this process, and those that it starts, compute in the format `name`, unless it is None.

    Raises
    ------
    CourseError
        If there is no such format.
    """
    if name is not None:
        os.environ[VARIABLE] = name
        try:
            forced()
        except CourseError:
            del os.environ[VARIABLE]
            text = _("There is no number format {name!r}: choose {formats}.")
            raise CourseError(text.format(name=name, formats=_(" or ").join(FORMATS))) from None


@functools.cache
def has_bf16() -> bool:
    """Tell whether this processor is faster in bf16 than in float32: has it in hardware."""
    rows, inner, columns = SHAPE
    a, b = torch.ones(rows, inner), torch.ones(inner, columns)
    pairs = {name: (a.to(format_), b.to(format_)) for name, format_ in FORMATS.items()}
    best = dict.fromkeys(FORMATS, float("inf"))
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            for turn in range(TURNS):
                for name, pair in pairs.items():
                    best[name] = min(best[name], _seconds(*pair))
                if turn + 1 >= FEWEST and best["bf16"] > 2 * best["float32"]:
                    break
    finally:
        torch.set_num_threads(before)
    return best["bf16"] < FASTER * best["float32"]


def _seconds(a: Tensor, b: Tensor) -> float:
    start = time.perf_counter()
    torch.mm(a, b)
    return time.perf_counter() - start


def noted() -> dict[str, str]:
    """Return what a run record says of the arithmetic: the number format and the processor."""
    return {"format": number_format(), "processor": processor()}


def processor() -> str:
    """Return the kind of this processor, as run records and README's bands name it."""
    return "bf16 in hardware" if has_bf16() else "no bf16 in hardware"
