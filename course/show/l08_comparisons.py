"""Pictures of lesson 08: rates with their intervals, wins as a table of colours, ratings, refusals.

All take figures as `course.studies.l08_league` makes them and run records hold them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from course.show.charts import name_rows, note
from course.show.style import INK, LINE, QUIET, Page, Picture, colour, picture, table


def shade(name: str) -> str:
    """Return the colour of an entrant; "mini-davinci, few-shot" has its model's."""
    return colour(name.split(",")[0])


def percent(rate: Mapping[str, Any]) -> str:
    """Return a rate with its interval, "87 % (82 to 91)"."""
    if rate["rate"] is None:
        return "none asked"
    low, high = (f"{100 * end:.0f}" for end in rate["interval"])
    return f"{100 * rate['rate']:.0f} % ({low} to {high})"


def rates(
    models: Mapping[str, Mapping[str, Any]], panels: Mapping[str, str], *, key: str = "rates"
) -> Picture:
    """Draw rates with their 95 % intervals, a row a model, a column a rate.

    Parameters
    ----------
    models : dict
        Name → figures with `key`: name of a rate → ``rate`` and ``interval``.
    panels : dict
        Title of a column → name of the rate.
    key : str
        Where the rates are.
    """
    names = list(models)[::-1]
    alt = "Rates with intervals. " + ". ".join(
        f"{title}: "
        + ", ".join(f"{n} {100 * m[key][rate]['rate']:.0f} %" for n, m in models.items())
        for title, rate in panels.items()
    )
    with picture(len(panels), width=9.2, height=1.3 + 0.34 * len(names), alt=alt, sharey=True) as (
        shown,
        axes,
    ):
        for axis, (title, rate) in zip(axes, panels.items(), strict=True):
            for y, name in enumerate(names):
                found = models[name][key][rate]
                low, high = found["interval"]
                axis.plot([100 * low, 100 * high], [y, y], color=shade(name), lw=5, alpha=0.35)
                axis.plot([100 * found["rate"]], [y], "o", color=shade(name), ms=8, clip_on=False)
            axis.set(xlim=(-4, 104), xticks=[0, 50, 100], xlabel="%")
            axis.set_title(title, fontsize=11)
            name_rows(axis, names, lines=True)
            axis.set_ylim(-0.6, len(names) - 0.4)
    return shown


def wins(found: Mapping[str, Any]) -> Picture:
    """Draw who wins how often over whom, in percent, both orders together.

    Parameters
    ----------
    found : dict
        From ``league.standings``.
    """
    import numpy as np

    names, shares = found["names"], 100 * np.array(found["wins"])
    best = names[int(np.argmax(shares.mean(1)))]
    alt = f"Table of colours: the row's model wins over the column's. Most wins: {best}."
    with picture(width=8.6, height=1.9 + 0.42 * len(names), alt=alt) as (shown, (axis,)):
        axis.imshow(np.where(np.eye(len(names)), np.nan, shares), cmap="RdBu", vmin=0, vmax=100)
        for i, row in enumerate(shares):
            for j, share in enumerate(row):
                if i != j:
                    ink = "white" if abs(share - 50) > 32 else INK
                    axis.text(j, i, f"{share:.0f}", ha="center", va="center", color=ink)
        name_rows(axis, names, side="x", rotation=35, ha="right")
        name_rows(axis, names)
        axis.spines[:].set_visible(False)
        axis.set_title("Wins of the row over the column, in %, ties half (blue: the row wins)")
    return shown


def ratings(found: Mapping[str, Any], title: str = "Bradley-Terry ratings") -> Picture:
    """Draw a rating with its 95 % interval for each model, the best on top.

    Parameters
    ----------
    found : dict
        From ``league.standings``.
    title : str
        Stands above it.
    """
    rows = sorted(
        zip(found["ratings"], found["ratings_intervals"], found["names"], strict=True),
        key=lambda row: row[0],
    )
    alt = f"{title}: " + ", ".join(f"{name} {rating:.0f}" for rating, _, name in reversed(rows))
    with picture(height=1.3 + 0.36 * len(rows), alt=alt) as (shown, (axis,)):
        for y, (rating, (low, high), name) in enumerate(rows):
            axis.plot([low, high], [y, y], color=shade(name), lw=6, alpha=0.35)
            axis.plot([rating], [y], "o", color=shade(name), ms=8)
            note(axis, f"{rating:.0f}", (high, y), (8, -4), color=QUIET)
        name_rows(axis, [name for *_, name in rows], lines=True)
        axis.set_ylim(-0.6, len(rows) - 0.4)
        axis.margins(x=0.12)
        axis.axvline(1000, color=LINE, ls="--", lw=1.5)
        axis.set_xlabel("rating (400 points more: about ten wins for each loss)")
        axis.set_title(title)
    return shown


def places(found: Mapping[str, Any], pairs: Sequence[tuple[str, str]]) -> Page:
    """Return a table: what the place of an answer is worth, for some pairs of models.

    Parameters
    ----------
    found : dict
        From ``league.standings``.
    pairs : sequence of (str, str)
        Names of models.
    """
    at, rows = {name: i for i, name in enumerate(found["names"])}, []
    for a, b in pairs:
        i, j = at[a], at[b]
        low, high = (f"{100 * end:.0f}" for end in found["wins_intervals"][i][j])
        rows.append(
            {
                f"pair ({found['requests']} requests)": f"{a} against {b}",
                "equally good": f"{100 * found['ties'][i][j]:.0f} %",
                "the first one wins, shown first": f"{100 * found['wins_first'][i][j]:.0f} %",
                "… shown second": f"{100 * (1 - found['wins_first'][j][i]):.0f} %",
                "both orders": f"{100 * found['wins'][i][j]:.0f} % ({low} to {high})",
            }
        )
    return table(rows)


def declining(points: Mapping[str, Sequence[tuple[str, float, float]]]) -> Picture:
    """Draw refusal against over-refusal: the best place is on the left, on top.

    Parameters
    ----------
    points : dict
        Title of a panel → (who, over-refusal, refusal), shares from 0 to 1.
    """
    alt = "Refusal of harm against over-refusal. " + ". ".join(
        f"{title}: " + ", ".join(f"{who} {100 * y:.0f} % and {100 * x:.0f} %" for who, x, y in some)
        for title, some in points.items()
    )
    with picture(len(points), width=9.4, height=4.2, alt=alt, sharey=True) as (shown, axes):
        for axis, (title, some) in zip(axes, points.items(), strict=True):
            axis.plot([0, 100], [0, 100], color=LINE, ls="--", lw=1.2)
            for who, x, y in some:
                own = who.startswith("mini-")
                axis.plot(
                    [100 * x],
                    [100 * y],
                    "o" if own else "D",
                    color=shade(who) if own else INK,
                    ms=9,
                    alpha=0.85,
                    clip_on=False,
                    label=who,
                )
            axis.set(xlim=(-4, 104), ylim=(-4, 104), xticks=[0, 50, 100], yticks=[0, 50, 100])
            axis.set_xlabel("harmless, declined (%)")
            axis.set_title(title, fontsize=11)
        axes[0].set_ylabel("harmful, declined (%)")
        axes[0].legend(fontsize=9, loc="lower right")
    return shown
