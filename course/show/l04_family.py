"""Pictures of the real family, drawn from the tables of ``data/family``: tree, sizes, cut-offs.

Every picture takes rows (dictionaries, as ``DataFrame.to_dict("records")`` gives them), so that an
added or altered row shows at once. A date that is known to the year only is drawn as a line over
that year, a size that isn't published as a ring at the foot, an estimate as an open ring.
Left out on purpose: reading the tables (the lesson does that), and any figure of a real model.
"""

import html
import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from course.language import N_, _
from course.show import sources, style
from course.show.charts import name_rows, note, set_ticks
from course.show.sizes import short
from course.show.style import ACCENT, GRID, INK, LINE, QUIET, Picture, picture, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Row = Mapping[str, Any]
UNKNOWN = "not published"
BLUE, GREY = "#1b639b", "#7b8794"
# What a model has from its parent: the line that is drawn, its colour, and what it means.
LINES = {
    "trained": ("-", LINE, N_("weights: trained further from there")),
    "same": (":", LINE, N_("weights: the same model, or a product around it")),
    "design": ("--", LINE, N_("design alone: the weights are new")),
    "unknown": (
        "-.",
        ACCENT,
        N_("called “an improvement on” it; from which weights isn't published"),
    ),
}
SHADES = {N_("model"): BLUE, N_("API name"): "#2f94cf", N_("neighbour"): GREY}
# Columns of the tables that are shown, and those whose texts stay on one line.
FACTS = {
    "models": ("name", "released", "size", "reads", "writes", "source"),
    "api_names": ("name", "released", "size", "window", "called", "training", "note"),
}
DESCENT = ("name", "parent", "inherits", "how")
NEIGHBOURS = ("name", "released", "size", "reads", "writes", "parent", "inherits", "what")
WHOLE = ("name", "released", "parent")
READ = ("how", "note", "what")  # sentences; all else is what exercises compare with
SOURCES = {
    "source": N_("Sources"),
    "window_source": N_("Sources of the windows"),
    "note_source": N_("Sources of the notes"),
}


def rows_of(table: Any) -> list[dict[str, Any]]:
    """Return the rows of a frame; what is missing is an empty text."""
    return table.astype(object).fillna("").to_dict("records")


def shown_rows(rows: Sequence[Row], columns: Sequence[str]) -> style.Page:
    """Return some columns of a table; names and dates aren't broken."""

    def cell(row: Row, column: str) -> Any:
        text = str(row[column])
        if column in READ and text != UNKNOWN:
            return sources.told(row[column])
        if column not in WHOLE or text == UNKNOWN:
            return row[column]
        return style.Page(f'<span style="white-space:nowrap">{html.escape(text)}</span>', text)

    return style.table([{column: cell(row, column) for column in columns} for row in rows])


def known(tables: Mapping[str, Any]) -> None:
    """Show how many sizes are published, and the tables of models and of API names.

    Parameters
    ----------
    tables : dict of str to DataFrame
        With ``models`` and ``api_names``.
    """
    counts = Counter(status(row["size"]) for row in rows_of(tables["api_names"]))
    say(
        _("Sizes of the API names: ")
        + " · ".join(f"{word}: {counts[word]}" for word in ("published", "estimate", UNKNOWN))
    )
    for name, columns in FACTS.items():
        rows = rows_of(tables[name])
        say(_('tables["{name}"], {n} rows').format(name=name, n=len(rows)))
        style.show(shown_rows(rows, columns))
    say_sources(rows_of(tables["api_names"]))


def descent(tables: Mapping[str, Any]) -> None:
    """Show what each model and API name has from its parent.

    Parameters
    ----------
    tables : dict of str to DataFrame
        With ``models`` and ``api_names``.
    """
    style.show(
        shown_rows([row for name in FACTS for row in rows_of(tables[name])], DESCENT),
    )


def neighbours(tables: Mapping[str, Any]) -> None:
    """Show what is often drawn next to the family.

    Parameters
    ----------
    tables : dict of str to DataFrame
        With ``neighbours``.
    """
    rows = rows_of(tables["neighbours"])
    style.show(shown_rows(rows, NEIGHBOURS))
    say_sources(rows)


def say_sources(rows: Sequence[Row]) -> None:
    """Say where the rows of a table are from, each source once."""
    for column, what in SOURCES.items():
        if found := dict.fromkeys(row[column] for row in rows if row.get(column)):
            say(f"{_(what)}: " + " · ".join(found))


def reported(table: Any, keys: Sequence[str]) -> style.Page:
    """Return rows of a table of figures, each with its ± if it has one.

    Parameters
    ----------
    table : DataFrame
        With the columns ``key``, ``quantity``, ``value``, ``error``, ``unit`` and ``source``.
    keys : sequence of str
        Which rows, in this order.
    """
    found = {row["key"]: row for row in rows_of(table)}

    def value(row: Row) -> str:
        error = f" ± {row['error']:g}" if row["error"] != "" else ""
        unit = "%" if row["unit"] == "percent" else f" {sources.told(row['unit'])}".rstrip()
        return f"{sources.told(row['value'])}{error}{unit}"

    return style.table(
        [
            {
                "key": key,
                _("quantity"): sources.told(found[key]["quantity"]),
                _("value"): value(found[key]),
                _("source"): found[key]["source"],
            }
            for key in keys
        ]
    )


def status(size: Any) -> str:
    """Return what is known of a size: "published", "estimate", "not published" or "no model"."""
    if str(size).startswith("estimate"):
        return "estimate"
    return str(size) if count(size) is None else "published"


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


def line_of(row: Row) -> str:
    """Return the kind of line, a key of `LINES`, from a model to its parent."""
    if row["inherits"] == "weights":
        return "trained" if str(row["how"]).startswith("trained") else "same"
    return "design" if row["inherits"] == "design" else "unknown"


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
        ``name``, ``released``, ``parent``, ``inherits``, ``how`` and ``group`` (what colours it:
        ``"model"``, ``"API name"`` or ``"neighbour"``). A question mark is a parent that isn't
        published; rows without any relative are at the foot.
    lit : sequence of str
        Names to be drawn in the accent colour.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import withStroke

    ordered = list(order(rows))
    parents = {row["parent"] for row in rows}
    alone = [
        r
        for r, depth in ordered
        if depth == 0 and r["name"] not in parents and r["parent"] != UNKNOWN
    ]
    related = [r for r, _x in ordered if not any(r is one for one in alone)]
    height = {row["name"]: float(i) for i, row in enumerate(related)}
    height |= {row["name"]: i + 1.4 for i, row in enumerate(alone, len(related))}
    place: dict[str, tuple[float, float]] = {}
    for row, _x in ordered:
        above = place.get(row["parent"], (2022.0, 2022.0))[0]
        # no date, or the year alone: a little later than the parent
        begin, end = moment(row["released"]) or (above + 0.4, above + 0.4)
        if row["parent"] in place and end - begin > 0.5:
            begin = min(max(begin, above + 0.2), end)
        place[row["name"]] = (begin, end)
    alt = _("Family tree. ") + ". ".join(
        _("{name} ({released}) from {parent} ({inherits}): {how}").format(
            **dict(row) | {"how": sources.told(row["how"])}
        )
        for row in related
    )
    alt += _(". Apart from it: ") + ", ".join(row["name"] for row in alone)
    halo = [withStroke(linewidth=3, foreground="white")]
    with picture(height=1.9 + 0.27 * (len(rows) + 1.4), alt=alt) as (shown, (axis,)):
        for row, _x in ordered:
            name, (begin, end), y = row["name"], place[row["name"]], height[row["name"]]
            shade = ACCENT if name in lit else SHADES.get(row.get("group", "model"), GREY)
            if row["parent"] in place:
                x, top = place[row["parent"]][0], height[row["parent"]]
                ls, ink, _y = LINES[line_of(row)]
                axis.plot([x, x, begin], [top, y, y], ls=ls, color=ink, lw=1.5, zorder=1)
            elif row["parent"] == UNKNOWN:
                note(
                    axis, "?", (begin, y), (-15, 0), va="center", fontsize=12, fontweight="bold",
                    color=ACCENT,
                )  # fmt: skip
            dated = moment(row["released"]) is not None
            right = end if end - begin > 0.5 else begin
            if right > begin:
                axis.plot([begin, right], [y, y], color=shade, lw=2, marker="|", ms=7, zorder=2)
            axis.plot([begin], [y], "o", color=shade if dated else "white", mec=shade, zorder=3)
            label = name if dated else _("{name} (date not found)").format(name=name)
            left = row["parent"] in place and place[row["parent"]][0] > right + 0.05
            note(
                axis, label, (right, y), (-9 if left else 9, 0), va="center",
                ha="right" if left else "left", color=ACCENT if name in lit else INK,
                path_effects=halo,
            )  # fmt: skip
        if alone:
            axis.axhline(len(related) + 0.4, color=GRID, lw=1.5)
            axis.text(0.0, len(related) + 0.5, _("no relative in these tables"),
                      transform=axis.get_yaxis_transform(), fontsize=10, color=QUIET,
                      va="center", bbox={"fc": "white", "ec": "none", "pad": 1})  # fmt: skip
        first = math.floor(min(b for b, _x in place.values()))
        axis.set_ylim(max(height.values()) + 0.8, -0.8)
        axis.set_xlim(first - 0.3, 2024.8)
        axis.set_yticks([])
        axis.spines["left"].set_visible(False)
        _years(axis, first, 2023)
        groups = {row.get("group", "model") for row in rows}
        entries = [
            Line2D([], [], color=c, marker="o", ls="", label=_(g))
            for g, c in ({**SHADES, ", ".join(lit): ACCENT} if lit else SHADES).items()
            if g in groups or g not in SHADES
        ]
        entries += [
            Line2D([], [], color=QUIET, lw=2, marker="|", ms=7, label=_("some time in this span")),
            *(Line2D([], [], color=c, lw=1.5, ls=ls, label=_(t)) for ls, c, t in LINES.values()),
            Line2D(
                [],
                [],
                color=ACCENT,
                ls="",
                marker="$?$",
                ms=7,
                mew=0,
                label=_("parent not published"),
            ),
        ]
        shown.figure.legend(handles=entries, loc="outside lower left", ncols=2, fontsize=9)
    return shown


def _years(axis: "Axes", first: int, last: int) -> None:
    years = range(first, last + 1)
    axis.set_xticks(list(years), [str(year) for year in years])


def sizes_over_time(rows: Sequence[Row], family: Collection[str]) -> Picture:
    """Draw a point for each model at its date and size; those without a size are at the foot.

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
    alt = _("Sizes over time: ") + ", ".join(
        f"{r['name']} {r['released']} {short(r['parameters'])}" for r in known
    )
    alt += _(". Not published: ") + ", ".join(row["name"] for row in other)
    with picture(height=5.2, alt=alt) as (shown, (axis,)):
        axis.set_yscale("log")
        floor = smallest / 4
        spots = []  # where a label belongs: x, y, gap in points, text
        for row in known:
            x, y = begin(row["released"]), row["parameters"]
            shade = BLUE if row["name"] in family else GREY
            guess = status(row["size"]) == "estimate"
            axis.plot([x], [y], "o", mfc="white" if guess else shade, mec=shade, ms=8, zorder=3)
            label = f"{row['name']}, {short(y)}" + (_(" (estimate)") if guess else "")
            spots.append((x, y, 7.0, label))
        for i, row in enumerate(other):
            x, y = begin(row["released"]), floor / 2.2 ** (i % 4)
            shade = BLUE if row["name"] in family else GREY
            axis.plot([x], [y], "o", mfc="white", mec=shade, ms=8)
            spots.append((x, y, 7.0, row["name"]))
        if other:
            axis.axhline(floor * 1.6, color=LINE, lw=1.2, ls="--")
            axis.text(0.005, floor / 1.2, _("size not published"), color=ACCENT, fontsize=10.5,
                      transform=axis.get_yaxis_transform(), va="center")  # fmt: skip
        ticks = [10**e for e in range(8, 12) if smallest / 2 <= 10**e <= largest * 2]
        set_ticks(axis, "y", ticks, [short(t) for t in ticks])
        axis.set_ylim(floor / (22 if other else 1), largest * 3)
        last = math.ceil(max(begin(row["released"]) for row in dated))
        axis.set_xlim(2017.2, last + 1.2)
        _years(axis, 2018, last)
        axis.set_ylabel(_("parameters (log scale)"))
        axis.set_title(
            _("Blue: the GPT family; grey: others; open ring: an estimate, or no figure")
        )
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
    """Draw what each model can't know: the time from its cut-off to its release.

    Parameters
    ----------
    rows : sequence of dict
        ``name`` and ``released``.
    ends : sequence of dict
        ``name`` and ``text_until``, a row for each source.
    """
    from matplotlib.lines import Line2D

    until = {
        row["name"]: [e["text_until"] for e in ends if e["name"] == row["name"]] for row in rows
    }
    alt = _("Cut-off and release: ") + ", ".join(
        f"{row['name']} {' / '.join(until[row['name']]) or _('not found')} → {row['released']}"
        for row in rows
    )
    with picture(height=2.1 + 0.34 * len(rows), alt=alt) as (shown, (axis,)):
        for y, row in enumerate(rows):
            released = moment(row["released"])
            marks = [
                m[0] if text.startswith("before") else m[1]
                for text in until[row["name"]]
                if (m := moment(text))
            ]
            if marks and released:
                axis.plot([min(marks), released[0]], [y, y], color=ACCENT, lw=9, alpha=0.35,
                          solid_capstyle="butt")  # fmt: skip
            for end in marks:
                axis.plot([end], [y], "|", color=BLUE, ms=15, mew=3)
            if released and released[1] - released[0] > 0.5:
                axis.plot(released, [y, y], color=INK, lw=2, marker="|", ms=9)
            elif released:
                axis.plot([released[0]], [y], "o", color=INK)
            if not marks and released:
                note(axis, _("cut-off not found"), (released[0], y), (-9, 0), va="center",
                     ha="right", color=ACCENT)  # fmt: skip
            elif not marks:
                note(axis, _("neither date nor cut-off found"), (0.5, y), (0, 0), va="center",
                     ha="center", color=ACCENT,
                     xycoords=("axes fraction", "data"))  # fmt: skip
        name_rows(axis, [row["name"] for row in rows], lines=True)
        axis.set_ylim(len(rows) - 0.4, -0.6)
        axis.set_xlim(2019, 2023.6)
        _years(axis, 2019, 2023)
        entries = [
            Line2D([], [], color=BLUE, ls="", marker="|", ms=12, mew=3,
                   label=_("the text ends (two marks: two sources)")),
            Line2D([], [], color=ACCENT, lw=9, alpha=0.35, label=_("unknown to it, at least")),
            Line2D([], [], color=INK, ls="", marker="o", label=_("released")),
            Line2D([], [], color=INK, lw=2, marker="|", ms=9, label=_("released in this span")),
        ]  # fmt: skip
        shown.figure.legend(handles=entries, loc="outside lower left", ncols=2, fontsize=9.5)
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
    alt = _("Training mix: ") + ", ".join(
        _("{part} {tokens} tokens, {weight}% of the reading, read {times:.2g} times").format(
            part=row["part"], tokens=short(row["tokens"]), weight=row["weight"], times=times
        )
        for row, times in zip(rows, rounds, strict=True)
    )
    with picture(height=3.6, alt=alt) as (shown, (axis,)):
        places = range(len(rows))
        axis.barh([y - 0.19 for y in places], [row["tokens"] / 1e9 for row in rows],
                  height=0.36, color=LINE, label=_("available"))  # fmt: skip
        bars = axis.barh([y + 0.19 for y in places], [r / 1e9 for r in read], height=0.36,
                         color=BLUE, label=_("was read in training"))  # fmt: skip
        labels = [
            _("{weight}% of the reading, read {times:.2g} times").format(
                weight=row["weight"], times=times
            )
            for row, times in zip(rows, rounds, strict=True)
        ]
        axis.bar_label(bars, labels, padding=5, fontsize=9.5, color=QUIET)
        name_rows(axis, [row["part"] for row in rows])
        axis.invert_yaxis()
        axis.set_xlabel(_("billion tokens"))
        axis.legend(loc="lower right")
    return shown
