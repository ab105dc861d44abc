"""What the pictures of several lessons have in common.

Only what really is the same in several of them: scales, labels, intervals. What one lesson alone
draws is in the file of that lesson. Left out on purpose: a chart language of its own; all else is
matplotlib, called as it is.
"""

import statistics
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from course.show import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SMOOTH = 15  # steps in a point of a bold line: they differ, since batches do


def running_mean(values: Sequence[float], size: int = SMOOTH) -> list[float]:
    """Return the mean of each value and those before it, up to `size` in all."""
    return [statistics.fmean(values[max(0, i + 1 - size) : i + 1]) for i in range(len(values))]


class Panels:
    """A line that grows, and beside it points with intervals: what is trained, what comes of it.

    Parameters
    ----------
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
        planned: int,
        shade: str,
        form: tuple[str, str],
        dress: "Callable[[Axes, Axes], None]",
    ) -> None:
        self.shade, self.form, self.drawn = shade, form, 0
        with style.look():
            self.picture, (self.left, self.right) = style.picture(2, width=9.2, height=3.7)
            (self.line,) = self.left.plot([], [], color=shade, lw=1, alpha=0.4, label="each batch")
            (self.mean,) = self.left.plot([], [], color=shade, label=f"mean of {SMOOTH} batches")
            self.label = self.left.annotate(
                "", (0, 1), (6, 4), textcoords="offset points", color=style.INK, fontsize=12
            )
            self.left.set(xlim=(0, 1.14 * planned), xlabel="step")
            self.right.set(xlim=(-0.06 * planned, 1.12 * planned), xlabel="step")
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
                [step], [value], ends, fmt="o", color=self.shade, ecolor=style.INK, capsize=3
            )
            self.right.annotate(
                f"{value:{self.form[1]}}", (step, high), (0, 4), textcoords="offset points",
                ha="center", fontsize=10, color=style.INK,
            )  # fmt: skip
            bottom, top = self.right.get_ylim()
            self.right.set_ylim(min(bottom, low), max(top, high + 0.05 * (top - bottom)))
        self.drawn = len(points)
        words = (f"step {s}: {v:{self.form[1]}} ({low:{self.form[1]}} to {high:{self.form[1]}})"
                 for s, v, low, high in points)  # fmt: skip
        self.picture.alt = f"{self.right.get_title(loc='left')}. {'; '.join(words)}."
        return self.picture.bundle(scale)
