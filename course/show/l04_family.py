"""Pictures of the real family, drawn from the tables of ``data/family``: tree, sizes, cut-offs.

Every picture takes rows (dictionaries, as ``DataFrame.to_dict("records")`` gives them), so that an
added or altered row shows at once. A date that is known to the year only is drawn as a bar over
that year, a size that isn't published as a ring without a size, an estimate as a dashed ring.
Left out on purpose: reading the tables (the lesson does that), and any figure of a real model.
"""

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from course.show.charts import name_rows, note, set_ticks
from course.show.sizes import short
from course.show.style import ACCENT, GRID, INK, LINE, QUIET, TRUE, Picture, picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Row = Mapping[str, Any]
UNKNOWN = "not published"
# How a model comes from its parent: the line that stands for it, and what it means.
LINES = {
    "trained on": ("-", "trained on: the parent's weights are the start"),
    "new": ("--", "made after it: other weights, or not published which"),
    "around": (":", "the same model, or a product around it"),
}
BLUE, GREY = "#1b639b", "#7b8794"


def begin(text: Any) -> float:
    """Return the begin of a date that there is, in years."""
    found = moment(text)
    assert found is not None
    return found[0]


def moment(text: Any) -> tuple[float, float] | None:
    """Return begin and end of a date in years, or None where there is none.

    ``"2020-05"`` is that month, ``"2022-11-30"`` that day, ``"2020"`` the whole year, ``"2021/22"``
    both years; ``"about"`` in front changes nothing.
    """
    found = re.fullmatch(r"(?:about |before )?(\d{4})(?:/(\d\d)|-(\d\d)(?:-(\d\d))?)?", str(text))
    if not found:
        return None
    year, second, month, day = (int(part or 0) for part in found.groups())
    if second:
        return float(year), float(year // 100 * 100 + second + 1)
    if not month:
        return float(year), year + 1.0
    begin = year + (month - 1) / 12
    if day:
        begin += (day - 1) / 365
        return begin, begin + 1 / 365
    return begin, begin + 1 / 12


def count(size: Any) -> float | None:
    """Return the parameters that a printed size such as ``"1.5B"`` means, or None."""
    found = re.search(r"([\d.]+)([MB])$", str(size))
    return float(found[1] + {"M": "e6", "B": "e9"}[found[2]]) if found else None


def line_of(how: Any) -> str:
    """Return the kind of line, a key of `LINES`, for the column ``how``."""
    how = str(how)
    if how.startswith("trained on"):
        return "trained on"
    return "around" if how.startswith(("the same model", "built around")) else "new"


def order(rows: Sequence[Row]) -> Iterator[tuple[Row, int]]:
    """Yield the rows as a tree is read, each child below its parent, with the depth of each.

    Older branches come first; a row whose parent has no row of its own begins a tree.
    """
    names = {row["name"] for row in rows}

    def age(row: Row) -> float:
        return (moment(row["released"]) or (math.inf,))[0]

    def below(parent: Any, depth: int) -> Iterator[tuple[Row, int]]:
        for row in sorted(rows, key=age):
            above = row["parent"] if row["parent"] in names else None
            if above == parent:
                yield row, depth
                yield from below(row["name"], depth + 1)

    yield from below(None, 0)


def tree(rows: Sequence[Row], lit: Sequence[str] = ()) -> Picture:
    """Draw the family tree: time goes to the right, each row hangs on its parent.

    Parameters
    ----------
    rows : sequence of dict
        ``name``, ``released``, ``parent``, ``how`` and ``group`` (what colours it: ``"model"``,
        ``"API name"`` or ``"neighbour"``). Trees of one row stand at the foot, apart.
    lit : sequence of str
        Names to be drawn in the accent colour.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import withStroke

    ordered = list(order(rows))
    parents = {row["parent"] for row in rows}
    alone = [r for r, depth in ordered if depth == 0 and r["name"] not in parents]
    related = [r for r, _ in ordered if not any(r is one for one in alone)]
    height = {row["name"]: i for i, row in enumerate(related)}
    height |= {row["name"]: i + 1.4 for i, row in enumerate(alone, len(related))}
    place: dict[str, tuple[float, float]] = {}
    for row, _ in ordered:
        above = place.get(row["parent"], (2022.0, 2022.0))[0]
        # no date, or the year alone: a little later than the parent
        begin, end = moment(row["released"]) or (above + 0.4, above + 0.4)
        if row["parent"] in place and end - begin > 0.5:
            begin = min(max(begin, above + 0.2), end)
        place[row["name"]] = (begin, end)
    alt = "Family tree. " + ". ".join(
        f"{row['name']} ({row['released']}) from {row['parent']}: {row['how']}" for row in related
    )
    alt += ". Apart from it: " + ", ".join(row["name"] for row in alone)
    shades = {"model": BLUE, "API name": "#2f94cf", "neighbour": GREY}
    with picture(height=1.5 + 0.27 * (len(rows) + 1.4), alt=alt) as (shown, (axis,)):
        for row, _ in ordered:
            name, (begin, end), y = row["name"], place[row["name"]], height[row["name"]]
            shade = ACCENT if name in lit else shades.get(row.get("group", "model"), GREY)
            if row["parent"] in place:
                x, top = place[row["parent"]][0], height[row["parent"]]
                style = LINES[line_of(row["how"])][0]
                axis.plot([x, x, begin], [top, y, y], ls=style, color=LINE, lw=1.5, zorder=1)
            elif row["parent"] == UNKNOWN:
                note(
                    axis, "?", (begin, y), (-15, 0), va="center", fontsize=12, fontweight="bold",
                    color=ACCENT,
                )  # fmt: skip
            if end - begin > 0.5:
                axis.plot([begin, end], [y, y], color=shade, lw=3, alpha=0.35, zorder=2)
            dated = moment(row["released"]) is not None
            axis.plot([begin], [y], "o", color=shade if dated else "white", mec=shade, zorder=3)
            label = name if dated else f"{name} (date not found)"
            note(
                axis, label, (begin, y), (9, 0), va="center", color=ACCENT if name in lit else INK,
                path_effects=[withStroke(linewidth=3, foreground="white")],
            )  # fmt: skip
        if alone:
            axis.axhline(len(related) + 0.4, color=GRID, lw=1.5)
            axis.text(0.0, len(related) + 0.5, "no ancestor and no descendant in these tables",
                      transform=axis.get_yaxis_transform(), fontsize=10, color=QUIET,
                      va="center", bbox={"fc": "white", "ec": "none", "pad": 1})  # fmt: skip
        axis.set_ylim(max(height.values()) + 0.8, -0.8)
        axis.set_xlim(min(b for b, _ in place.values()) - 0.3, 2024.4)
        axis.set_yticks([])
        axis.spines["left"].set_visible(False)
        _years(axis, 2018, 2023)
        entries = [
            Line2D([], [], color=c, marker="o", ls="", label=g)
            for g, c in shades.items()
            if any(row.get("group", "model") == g for row in rows)
        ]
        entries += [Line2D([], [], color=LINE, lw=1.5, ls=ls, label=t) for ls, t in LINES.values()]
        shown.figure.legend(handles=entries, loc="outside lower left", ncols=2, fontsize=9.5)
    return shown


def _years(axis: "Axes", first: int, last: int) -> None:
    years = range(first, last + 1)
    axis.set_xticks(list(years), [str(year) for year in years])


def sizes_over_time(rows: Sequence[Row], family: Collection[str]) -> Picture:
    """Draw a circle for each model at its date and size, its area proportional to the size.

    Parameters
    ----------
    rows : sequence of dict
        ``name``, ``released`` and ``size`` as its source prints it: ``"1.5B"``,
        ``"estimate: 350M"``, ``"not published"``.
    family : collection of str
        These names are blue, the others grey.
    """
    dated = sorted(
        ({**row, "parameters": count(row["size"])} for row in rows if moment(row["released"])),
        key=lambda row: begin(row["released"]),
    )
    known = [row for row in dated if row["parameters"] is not None]
    other = [row for row in dated if row["parameters"] is None]
    largest = max(row["parameters"] for row in known)
    smallest = min(row["parameters"] for row in known)
    area = {row["name"]: max(5500 * row["parameters"] / largest, 9) for row in known}
    alt = "Sizes over time: " + ", ".join(
        f"{r['name']} {r['released']} {short(r['parameters'])}" for r in known
    )
    alt += ". Not published: " + ", ".join(row["name"] for row in other)
    with picture(height=5.6, alt=alt) as (shown, (axis,)):
        axis.set_yscale("log")
        floor = smallest / 4
        spots = []  # where a label belongs: x, y, gap in points, text
        for row in known:
            x, y = begin(row["released"]), row["parameters"]
            shade = BLUE if row["name"] in family else GREY
            guess = row["size"].startswith("estimate")
            axis.scatter(
                [x], [y], s=area[row["name"]], color="none" if guess else shade,
                edgecolors=shade, linestyles="--" if guess else "-", alpha=0.75, lw=1.2, zorder=3,
            )  # fmt: skip
            label = f"{row['name']}, {short(y)}" + (" (estimate)" if guess else "")
            spots.append((x, y, math.sqrt(area[row["name"]] / math.pi) + 5, label))
        for i, row in enumerate(other):
            x, y = begin(row["released"]), floor / 2.0 ** (i % 4)
            shade = BLUE if row["name"] in family else GREY
            axis.plot([x], [y], "o", mfc="white", mec=shade, ms=7, ls="")
            spots.append((x, y, 8, row["name"]))
        if other:
            axis.axhline(floor * 1.6, color=LINE, lw=1.2, ls="--")
            axis.text(0.005, floor, "size not published", transform=axis.get_yaxis_transform(),
                      color=ACCENT, fontsize=10.5, va="center")  # fmt: skip
        ticks = [10**e for e in range(8, 12) if smallest / 2 <= 10**e <= largest * 2]
        set_ticks(axis, "y", ticks, [short(t) for t in ticks])
        axis.set_ylim(floor / (16 if other else 1), largest * 14)
        axis.set_xlim(2017.8, 2024.9)
        _years(axis, 2018, 2024)
        axis.set_ylabel("parameters (log scale)")
        axis.set_title("Height and area of a circle: parameters. Blue: the family; grey: others")
        _labels(axis, spots)
    return shown


def _labels(axis: "Axes", spots: Sequence[tuple[float, float, float, str]]) -> None:
    """Write each label to the right, below, above or to the left of its spot, where there is room.

    Parameters
    ----------
    axis : Axes
        With its limits set.
    spots : sequence of (x, y, gap, text)
        Place in data, distance of the label from it in points.
    """
    from matplotlib.transforms import Bbox

    figure: Any = axis.figure
    figure.draw_without_rendering()  # only now does a place in data have a place on the page
    scale = figure.dpi / 72
    taken = [
        Bbox.from_bounds(x - r, y - r, 2 * r, 2 * r)
        for x, y, r in (
            (*axis.transData.transform(spot[:2]), 0.75 * (spot[2] - 5) * scale) for spot in spots
        )
    ]
    for i, (x, y, gap, text) in enumerate(spots):
        sides = ((1, 0), (-1, 0), (0, -1), (0, 1))
        for side in sides:
            label = note(
                axis, text, (x, y), (side[0] * gap, side[1] * (gap + 3)),
                ha=("center", "left", "right")[side[0]], va=("center", "bottom", "top")[side[1]],
            )  # fmt: skip
            box = label.get_window_extent()
            others = taken[:i] + taken[i + 1 :]
            inside = axis.bbox.x0 < box.x0 and box.x1 < axis.bbox.x1
            if inside and not any(box.overlaps(one) for one in others):
                break
            if side != sides[-1]:
                label.remove()
        taken.append(box)


def cutoffs(rows: Sequence[Row], ends: Sequence[Row]) -> Picture:
    """Draw from where to where each model can't know the world: from its cut-off to its release.

    Parameters
    ----------
    rows : sequence of dict
        ``name`` and ``released``.
    ends : sequence of dict
        ``name`` and ``text_until``, a row for each source.
    """
    until = {
        row["name"]: [e["text_until"] for e in ends if e["name"] == row["name"]] for row in rows
    }
    alt = "Cut-off and release: " + ", ".join(
        f"{row['name']} {' or '.join(until[row['name']]) or 'not found'} → {row['released']}"
        for row in rows
    )
    with picture(height=1.4 + 0.34 * len(rows), alt=alt) as (shown, (axis,)):
        for y, row in enumerate(rows):
            released = moment(row["released"])
            marks = [
                m[0] if text.startswith("before") else m[1]
                for text in until[row["name"]]
                if (m := moment(text))
            ]
            if marks and released:
                first = min(marks)
                axis.plot([first, released[0]], [y, y], color=ACCENT, lw=9, alpha=0.35,
                          solid_capstyle="butt")  # fmt: skip
            for end in marks:
                axis.plot([end], [y], "|", color=BLUE, ms=15, mew=3)
            if released:
                axis.plot([released[0]], [y], "o", color=INK)
                if released[1] - released[0] > 0.5:
                    axis.plot(released, [y, y], color=INK, lw=2)
            if not marks:
                x, side = (released[0], -1) if released else (2019, 1)
                note(
                    axis, "cut-off not found", (x, y), (9 * side, 0), va="center",
                    ha="right" if released else "left", color=ACCENT,
                )  # fmt: skip
        name_rows(axis, [row["name"] for row in rows], lines=True)
        axis.set_ylim(len(rows) - 0.4, -0.6)
        axis.set_xlim(2019, 2023.6)
        _years(axis, 2019, 2023)
        axis.set_title("Blue: the text ends (two marks: two sources). Black: released")
    return shown


def mix(rows: Sequence[Row], total: float) -> Picture:
    """Draw what a training text is made of: what there was, and what was read of it.

    Parameters
    ----------
    rows : sequence of dict
        ``part``, ``tokens`` (what there was) and ``weight`` (percent of what was read).
    total : float
        Tokens read in training.
    """
    read = [row["weight"] / 100 * total for row in rows]
    rounds = [r / row["tokens"] for r, row in zip(read, rows, strict=True)]
    alt = "Training mix: " + ", ".join(
        f"{row['part']} {short(row['tokens'])} tokens, {row['weight']} % of the reading, "
        f"read {times:.2g} times"
        for row, times in zip(rows, rounds, strict=True)
    )
    with picture(height=3.6, alt=alt) as (shown, (axis,)):
        places = range(len(rows))
        axis.barh([y - 0.19 for y in places], [row["tokens"] / 1e9 for row in rows],
                  height=0.36, color=LINE, label="there was")  # fmt: skip
        bars = axis.barh([y + 0.19 for y in places], [r / 1e9 for r in read], height=0.36,
                         color=BLUE, label="was read in training")  # fmt: skip
        labels = [
            f"{row['weight']} % of the reading, read {times:.2g} times"
            for row, times in zip(rows, rounds, strict=True)
        ]
        axis.bar_label(bars, labels, padding=5, fontsize=9.5, color=QUIET)
        name_rows(axis, [row["part"] for row in rows])
        axis.invert_yaxis()
        axis.set_xlabel("billion tokens")
        axis.legend(loc="lower right")
    return shown


def speed_strength(rows: Sequence[Row], need: Row) -> Picture:
    """Draw strength against time, with the corner that a need allows.

    Parameters
    ----------
    rows : sequence of dict
        ``name``, ``quality`` (a share), ``seconds`` and ``cost``, the area of a circle.
    need : dict
        ``quality``, at least, and ``seconds``, at most.
    """
    dearest = max(row["cost"] for row in rows)
    alt = f"Strength against time; allowed: from {need['quality']:g}, up to {need['seconds']:g} s. "
    alt += ", ".join(f"{r['name']} {r['quality']:.2g} in {r['seconds']:.2g} s" for r in rows)
    with picture(height=4.2, alt=alt) as (shown, (axis,)):
        top = 1.15 * max(need["quality"], *(row["quality"] for row in rows))
        axis.fill_between([0, need["seconds"]], need["quality"], top, color=TRUE, lw=0)
        spots = []
        for row in rows:
            area = max(900 * row["cost"] / dearest, 25)
            axis.scatter([row["seconds"]], [row["quality"]], s=area, color=BLUE, alpha=0.8,
                         lw=0, zorder=3)  # fmt: skip
            spots.append(
                (row["seconds"], row["quality"], 5 + math.sqrt(area / math.pi), row["name"])
            )
        widest = max(need["seconds"], *(row["seconds"] for row in rows))
        axis.set(xlim=(0, 1.25 * widest), ylim=(0, top))
        axis.set_xlabel("seconds for an answer (less is better)")
        axis.set_ylabel("strength (more is better)")
        axis.set_title("Area of a circle: cost. Green ground: good enough and fast enough")
        _labels(axis, spots)
    return shown
