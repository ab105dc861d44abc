"""What the pictures of several lessons have in common.

Only what really is the same in several of them: scales, labels, intervals. What one lesson alone
draws is in the file of that lesson. Left out on purpose: a chart language of its own; all else is
matplotlib, called as it is.
"""

import statistics
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from course.language import _
from course.show.style import INK, picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Annotation
    from numpy.typing import NDArray

QUARTERS, HALVES = (0, 0.25, 0.5, 0.75, 1), (0, 0.5, 1)
SMOOTH = 15  # steps in a point of a bold line: they differ, since batches do


# Scales and labels --------------------------------------------------------------------------------


def note(
    axis: "Axes", text: str, at: tuple[float, float], away: tuple[float, float], **options: Any
) -> "Annotation":
    """Write `text` beside a point; return it.

    Parameters
    ----------
    at : tuple of float
        The point, in the units of the axes, or of ``xycoords``.
    away : tuple of float
        How far from it, to the right and upwards, in points of the page.
    **options
        As for ``Axes.annotate``.
    """
    return axis.annotate(
        text, at, away, textcoords="offset points", **{"fontsize": 10} | options
    )  # fmt: skip


def level(
    axis: "Axes",
    height: float,
    text: str = "",
    shade: str = INK,
    *,
    ls: str = "--",
    below: bool = False,
) -> None:
    """Draw a height that is compared with, and at its left end write what it is."""
    axis.axhline(height, color=shade, ls=ls, lw=1.4)
    away = (0, -14) if below else (0, 5)
    note(axis, text, (0.02, height), away, xycoords=("axes fraction", "data"))


def set_ticks(
    axis: "Axes", side: str, values: Sequence[float], labels: Sequence[str] | None = None
) -> None:
    """Put ticks at `values` alone, in plain numbers: a log axis would have others between them."""
    put = axis.set_xticks if side == "x" else axis.set_yticks
    put(values, labels or [f"{value:g}" for value in values])
    put([], minor=True)


def percent_ticks(
    axis: "Axes", side: str, parts: Sequence[float] = QUARTERS, whole: float = 1.0
) -> None:
    """Give an axis of shares, of which `whole` is all, its ticks in percent."""
    set_ticks(axis, side, [whole * p for p in parts], [f"{p:.0%}" if p else "0" for p in parts])


def name_rows(
    axis: "Axes",
    names: Sequence[str],
    places: "Sequence[float] | NDArray[Any] | None" = None,
    *,
    side: Literal["x", "y"] = "y",
    lines: bool = False,
    **options: Any,
) -> None:
    """Name the rows of a picture (or its columns, on side "x"), without tick marks.

    Parameters
    ----------
    places : sequence of float, optional
        Where they are; 0, 1, 2, … if left out.
    lines : bool
        Whether a line of the grid goes through each.
    **options
        As for the ticks' labels.
    """
    put = axis.set_xticks if side == "x" else axis.set_yticks
    put(range(len(names)) if places is None else places, names, color=INK, **options)
    axis.tick_params(axis=side, length=0)
    axis.grid(axis=side, visible=lines)


# The picture that grows ---------------------------------------------------------------------------


def running_mean(values: Sequence[float], size: int = SMOOTH) -> list[float]:
    """Return the mean of each value and those before it, up to `size` in all."""
    return [statistics.fmean(values[max(0, i + 1 - size) : i + 1]) for i in range(len(values))]


class Panels:
    """A line that grows, and beside it points with intervals: what is trained, what comes of it.

    Parameters
    ----------
    name : str
        What is trained, in a word or two.
    planned : int
        Steps.
    shade : str
        The colour of both.
    form : tuple of str
        How the last mean of the line, and the points, are written: ``(".2f", ".0%")``.
    dress : callable
        Gives both axes their titles and scales.
    """

    def __init__(
        self,
        name: str,
        planned: int,
        shade: str,
        form: tuple[str, str],
        dress: "Callable[[Axes, Axes], None]",
    ) -> None:
        self.name, self.shade, self.form, self.drawn = name, shade, form, 0
        self.planned = planned
        self.numbered: int | None = None  # the last point whose number stands above it
        with picture(2, width=9.2, height=3.7) as (self.picture, (self.left, self.right)):
            (self.line,) = self.left.plot(
                [], [], color=shade, lw=1, alpha=0.4, label=_("each batch")
            )
            (self.mean,) = self.left.plot(
                [], [], color=shade, label=_("mean of {n} batches").format(n=SMOOTH)
            )
            self.label = note(self.left, "", (0, 1), (6, 4), fontsize=12)
            self.left.set(xlim=(0, 1.14 * planned), xlabel=_("step"))
            self.right.set(xlim=(-0.06 * planned, 1.12 * planned), xlabel=_("step"))
            dress(self.left, self.right)

    def draw(
        self,
        curve: Sequence[tuple[int, float]],
        points: Sequence[tuple[int, float, float, float]],
        scale: float = 1.0,
    ) -> Any:
        """Return the picture with all that there is, for display.

        Parameters
        ----------
        curve : sequence of (int, float)
            Step and value.
        points : sequence of (int, float, float, float)
            Step, value, and both ends of its interval.
        scale : float
            Pixels for each CSS pixel.
        """
        steps, values = [step for step, _ in curve], [value for _, value in curve]
        means = running_mean(values)
        self.line.set_data(steps, values)
        self.mean.set_data(steps, means)
        if means:
            self.label.set_text(f"{means[-1]:{self.form[0]}}")
            self.label.xy = (steps[-1], means[-1])
        for step, value, low, high in points[self.drawn :]:
            ends = [[max(0.0, value - low)], [max(0.0, high - value)]]
            self.right.errorbar(
                [step], [value], ends, fmt="o", color=self.shade, ecolor=INK, capsize=3
            )
            if self.numbered is None or step - self.numbered >= 0.09 * self.planned:
                note(self.right, f"{value:{self.form[1]}}", (step, high), (0, 4), ha="center")
                self.numbered = step
            bottom, top = self.right.get_ylim()
            self.right.set_ylim(min(bottom, low), max(top, high + 0.05 * (top - bottom)))
        self.drawn = len(points)
        words = (f"step {s}: {v:{self.form[1]}} ({low:{self.form[1]}} to {high:{self.form[1]}})"
                 for s, v, low, high in points)  # fmt: skip
        title = self.right.get_title(loc="left")
        self.picture.alt = f"{self.name}, live. {title}: {'; '.join(words)}."
        return self.picture.bundle(scale)
