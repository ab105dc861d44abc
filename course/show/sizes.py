"""Pictures of size: circles of models, loss against size, and what each size remembers."""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from course import language
from course.language import _
from course.show.charts import level, note, percent_ticks, set_ticks
from course.show.style import (
    ACCENT,
    COLOURS,
    INK,
    LINE,
    MARKERS,
    QUIET,
    Picture,
    colour,
    picture,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def short(number: float) -> str:
    """Return a count in three figures: 117 million, 1.5 billion, 11,200."""
    if language.current() == "ko":
        return _in_myriads(number)
    for size, word in ((1e9, "billion"), (1e6, "million")):
        if number >= size:
            return f"{number / size:.3g} {word}"
    return f"{number:,.0f}"


def _in_myriads(number: float) -> str:
    """Return a count in three figures as Korean writes it: 1.17억, 15억, 11,200."""
    for size, word in ((1e8, "억"), (1e4, "만")):
        if number >= size and number >= 1e6:
            return f"{float(f'{number / size:.3g}'):,.10g}{word}"
    return f"{number:,.0f}"


def circles(models: Sequence[Mapping[str, Any]], family: str = "GPT") -> Picture:
    """Draw a circle for each model, its area proportional to the number of parameters.

    Parameters
    ----------
    models : sequence of dict
        With ``model``, ``date`` and ``parameters``, in the order of the picture.
    family : str
        Models whose name begins so are dark, others light.
    """
    first = models[0]["parameters"]
    radii = [math.sqrt(row["parameters"] / first) for row in models]
    room = max(radii) * 0.27  # half the width of a label
    alt = _("Circles, area = parameters: ") + ", ".join(
        f"{row['model']} {short(row['parameters'])}" for row in models
    )
    with picture(height=4.4, alt=alt) as (shown, (axis,)):
        from matplotlib.patches import Circle

        x = 0.0
        for row, r in zip(models, radii, strict=True):
            x += max(r, room)
            own = row["model"].startswith(family)
            axis.add_patch(Circle((x, r), r, color=colour("mini-curie") if own else LINE, lw=0))
            label = f"{row['model']}\n{row['date']}\n{short(row['parameters'])}"
            axis.annotate(label, (x, -2), ha="center", va="top", fontsize=10, color=INK)
            x += max(r, room) + 1
        axis.set(xlim=(-1, x), ylim=(-0.42 * max(radii), 2 * max(radii) + 1), aspect="equal")
        axis.set_title(_("Area = parameters. Blue: GPT; grey: others of that time"))
        axis.axis("off")
    return shown


def _size_axis(axis: "Axes") -> None:
    axis.set_xscale("log")
    set_ticks(
        axis, "x", (1e4, 1e5, 1e6, 1e7), ("10,000", "100,000", _("1 million"), _("10 million"))
    )
    axis.set_xlabel(_("parameters without embeddings (log scale)"))


def slopes(sizes: Sequence[float], excess: Sequence[float]) -> list[float]:
    """Return the exponent between each size and the next: how fast the excess falls there."""
    pairs = list(zip(map(math.log, sizes), map(math.log, excess), strict=True))
    return [(b - d) / (c - a) for (a, b), (c, d) in itertools.pairwise(pairs)]


def straight_line(
    sizes: Sequence[float], excess: Sequence[float]
) -> tuple[list[float], float, float]:
    """Return the best straight line on log axes: its heights, its exponent, its R²."""
    import numpy as np

    x, y = np.log(sizes), np.log(excess)
    line = np.polynomial.Polynomial.fit(x, y, deg=1)
    left_over = y - line(x)
    return (
        np.exp(line(x)).tolist(),
        -float(line.convert().coef[1]),
        1 - float(left_over.var() / y.var()),
    )


def loss_against_size(sweep: Mapping[str, Any]) -> Picture:
    """Draw the loss of several sizes at equal tokens: as it is, and what is above the entropy.

    Parameters
    ----------
    sweep : dict
        A run record: ``points`` (each ``parameters`` and ``loss``, nats a token), ``entropy``
        (nats a token) and ``tokens``.
    """
    points = sorted(sweep["points"], key=lambda point: point["parameters"])
    sizes = [point["parameters"] for point in points]
    losses = [point["loss"] for point in points]
    entropy = sweep["entropy"]
    excess = [loss - entropy for loss in losses]
    line, exponent, _x = straight_line(sizes, excess)
    between = slopes(sizes, excess)
    shade = colour("mini-curie")
    alt = _(
        "Loss on new text against size for {n} models: it falls from "
        "{first:.2f} to {last:.2f} nats a token. On the right the part "
        "above the entropy, on log axes, with the best straight line."
    ).format(n=len(points), first=losses[0], last=losses[-1])
    with picture(2, alt=alt, width=9.2) as (shown, (left, right)):
        _size_axis(left)
        left.plot(sizes, losses, "o-", color=shade)
        level(left, entropy, _("true entropy {entropy:.2f}").format(entropy=entropy))
        left.set(ylim=(0, max(losses) * 1.1), ylabel=_("loss on new text (nats a token)"))
        left.set_title(_("Loss, after {tokens} tokens each").format(tokens=short(sweep["tokens"])))
        _size_axis(right)
        right.set_yscale("log")
        right.plot(sizes, line, color=LINE, ls="--", lw=1.5)
        right.plot(sizes, excess, "o-", color=shade)
        middles = [math.sqrt(a * b) for a, b in itertools.pairwise(sizes)]
        heights = [math.sqrt(a * b) for a, b in itertools.pairwise(excess)]
        for x, y, slope in zip(middles, heights, between, strict=True):
            note(right, f"{slope:.2f}", (x, y), (-4, -4), color=ACCENT, ha="right", va="top")
        right.annotate(
            _(
                "dashed: best straight line, exponent {exponent:.2f}\n"
                "orange: exponent between two sizes"
            ).format(exponent=exponent),
            (0.03, 0.04), xycoords="axes fraction", fontsize=10, color=QUIET,
        )  # fmt: skip
        right.set(ylabel=_("loss − entropy (nats a token, log scale)"))
        right.set_title(_("What is above the entropy"))
        _plain_ticks(right, excess)
        for axis in (left, right):
            axis.set_xlim(sizes[0] / 1.4, sizes[-1] * 1.4)
    return shown


def _plain_ticks(axis: "Axes", values: Sequence[float]) -> None:
    """Put ticks at 1, 2, 3, 5, 7 times powers of ten on a log axis of heights, in plain numbers."""
    low, high = min(values) / 1.3, max(values) * 1.3
    every = [m * 10.0**e for e in range(-4, 3) for m in (1, 2, 3, 5, 7)]
    ticks = [tick for tick in every if low <= tick <= high]
    set_ticks(axis, "y", ticks)
    axis.set_ylim(low, high)


def recall_by_frequency(panels: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Picture:
    """Draw how many facts each model recalls, from the rarest facts to the most frequent.

    Parameters
    ----------
    panels : dict
        Title → model → its figures: ``parameters``, ``recall`` and ``recall_by_frequency`` (groups
        of facts with ``share``, the part of all mentions that is of such a fact, and ``recall``).
    """
    every = [pair for runs in panels.values() for pair in runs.items()]
    alt = _("Recall of facts by how often a fact is mentioned: ")
    alt += ", ".join(
        _("{name} {recall:.0%} of all").format(name=name, recall=run["recall"])
        for name, run in every
    )
    with picture(len(panels), width=9.2, height=4.0, alt=alt, sharey=True) as (shown, axes):
        for axis, (title, runs) in zip(axes, panels.items(), strict=True):
            shades = dict(zip(runs, _shades(len(runs)), strict=True))
            markers = zip(itertools.cycle("os^DvP"), itertools.count(11, -1), strict=False)
            for (name, run), (marker, size) in zip(runs.items(), markers, strict=False):
                groups = run["recall_by_frequency"]
                axis.plot(
                    [1e4 * group["share"] for group in groups],
                    [100 * group["recall"] for group in groups],
                    marker=MARKERS.get(name, marker),
                    markersize=size,  # so that one line on top of another leaves it to be seen
                    color=colour(name) if name in COLOURS else shades[name],
                    label=f"{name}: {short(run['parameters'])}",
                )
                shares = [1e4 * group["share"] for group in groups]
            axis.set(xscale="log", ylim=(-3, 105), title=title)
            set_ticks(axis, "x", shares, [f"{share:.2g}" for share in shares])
            axis.set_xlabel(_("mentions of one such fact, in 10,000 mentions of facts (log scale)"))
            axis.legend(title=_("model: parameters"), alignment="left", fontsize=9.5)
        percent_ticks(axes[0], "y", whole=100)
        axes[0].set_ylabel(_("facts recalled"))
    return shown


def _shades(count: int) -> list[tuple[float, ...]]:
    """Return blues from light to dark."""
    import matplotlib

    return [matplotlib.colormaps["Blues"](0.3 + 0.65 * i / max(1, count - 1)) for i in range(count)]
