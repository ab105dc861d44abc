"""Pictures of lesson 08: rates with their intervals, wins as a table of colours, ratings, refusals.

All take figures as `course.studies.l08_league` makes them and run records hold them.
"""

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

from course.language import N_, _
from course.show import sources
from course.show.charts import name_rows, note
from course.show.style import INK, LINE, QUIET, Page, Picture, colour, picture, say, show, table
from course.stats import percent_within

# Title of a column → name of the rate, and whether more of it is better.
PANELS = {
    N_("1 · follows\nthe instruction"): (N_("follows"), True),
    N_("… or asks\nback"): (N_("asks back"), False),
    N_("2 · corrects the\nfalse premise"): (N_("corrects"), True),
    N_("3 · declines\nharm"): (N_("declines harm"), True),
    N_("… and the\nharmless"): (N_("declines the harmless"), False),
}
SHOWN = ("mini-davinci", "mini-davinci, few-shot", "mini-sft", "mini-instruct", "mini-chat")
# Form, size and whether it is filled: two models in the same place are both seen.
MARKS = {
    "mini-sft": ("s", 9, True),
    "mini-instruct": ("o", 15, False),
    "mini-chat": ("o", 8, True),
}
FIGURE = re.compile(r"^[-+]?\d|^–$")


def figures(rows: Sequence[Mapping[str, Any]]) -> Page:
    """Return a table whose columns of figures (numbers, "87%", "5 of 12") are on the right.

    Parameters
    ----------
    rows : sequence of dict
        Column → value, the same columns in each.
    """
    columns = list(rows[0]) if rows else []
    right = [c for c in columns if all(_figure(str(row[c])) for row in rows)]

    def cell(column: str, value: Any, wrap: str) -> Any:
        if column not in right:
            return value
        plain = html.escape(str(value))
        return Page(f'<div style="text-align:right;white-space:{wrap}">{plain}</div>', str(value))

    return table(
        [{cell(c, c, "normal"): cell(c, row[c], "nowrap") for c in columns} for row in rows]
    )


def _figure(text: str) -> bool:
    none = _("none asked")  # what `in_words` has said, in the same language
    return bool(FIGURE.match(text)) or text == none


def shade(name: str) -> str:
    """Return the colour of an entrant; "mini-davinci, few-shot" has its model's."""
    return colour(name.split(",")[0])


def in_words(rate: Mapping[str, Any]) -> str:
    """Return a rate with its interval, "87% (82 to 91)", or "none asked"."""
    if rate["rate"] is None:
        return _("none asked")
    return percent_within(rate["rate"], *rate["interval"])


def rates(
    models: Mapping[str, Mapping[str, Any]],
    panels: Mapping[str, tuple[str, bool]],
    *,
    key: str = "rates",
) -> Picture:
    """Draw rates with their 95% intervals, a row a model, a column a rate.

    Parameters
    ----------
    models : dict
        Name → figures with `key`: name of a rate → ``rate`` and ``interval``.
    panels : dict
        Title of a column → name of the rate, and whether more of it is better.
    key : str
        Where the rates are.
    """
    names = list(models)[::-1]
    alt = _("Rates with intervals. ") + ". ".join(
        f"{_(title)}: " + ", ".join(f"{n} {m[key][rate]['rate']:.0%}" for n, m in models.items())
        for title, (rate, _x) in panels.items()
    )
    with picture(len(panels), width=9.2, height=1.4 + 0.4 * len(names), alt=alt, sharey=True) as (
        shown,
        axes,
    ):
        for axis, (title, (rate, more)) in zip(axes, panels.items(), strict=True):
            for y, name in enumerate(names):
                found = models[name][key][rate]
                low, high = found["interval"]
                axis.plot([100 * low, 100 * high], [y, y], color=shade(name), lw=5, alpha=0.35)
                at = (100 * found["rate"], y)
                axis.plot(*at, "o", color=shade(name), ms=8, clip_on=False)
                note(axis, f"{at[0]:.0f}", at, (0, 6), ha="center", fontsize=8, color=QUIET)
            axis.set(xlim=(-4, 104), xticks=[0, 50, 100])
            axis.set_xlabel(_("% (better →)") if more else _("% (← better)"))
            axis.set_title(_(title), fontsize=11)
            name_rows(axis, names, lines=True)
            axis.set_ylim(-0.6, len(names) - 0.3)
    return shown


def three_comparisons() -> None:
    """Show the three comparisons of the recorded league, as a picture and as a table."""
    league = sources.record("league")
    if league is None:
        return
    rows = [
        {_("model"): name}
        | {_(rate): in_words(found["rates"][rate]) for rate, _x in PANELS.values()}
        for name, found in league["models"].items()
    ]
    show(rates(league["models"], PANELS), figures(rows))
    sources.figure_line(
        {"name": "league", **league},
        _("{asked} requests for each rate; in brackets the 95% interval."),
    )


def three_examples() -> None:
    """Show what some models of the league wrote, for one request of each kind."""
    league = sources.record("league")
    if league is None:
        return
    asked = league["examples"][1::2]
    who = [name for name in SHOWN if name in asked[0]["answers"]]
    show(
        table(
            [{_("request"): row["request"]} | {n: row["answers"][n] for n in who} for row in asked]
        )
    )


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
    alt = _("Table of colours: the row's model wins over the column's. Most wins: {best}.").format(
        best=best
    )
    with picture(width=8.6, height=2.1 + 0.42 * len(names), alt=alt) as (shown, (axis,)):
        ground = np.where(np.eye(len(names)), np.nan, shares)
        axis.imshow(ground, cmap="RdBu", vmin=0, vmax=100, aspect="auto")
        for i, row in enumerate(shares):
            for j, share in enumerate(row):
                if i != j:
                    ink = "white" if abs(share - 50) > 25 else INK
                    axis.text(j, i, f"{share:.0f}", ha="center", va="center", color=ink)
        name_rows(axis, names, side="x", rotation=35, ha="right", rotation_mode="anchor")
        name_rows(axis, names)
        axis.spines[:].set_visible(False)
        axis.set_title(_("Wins of the row over the column, in %, ties half (blue: the row wins)"))
    return shown


def ratings(
    found: Mapping[str, Any],
    title: str = N_("Bradley-Terry ratings"),
    yours: Mapping[str, float] | None = None,
) -> Picture:
    """Draw a rating with its 95% interval for each model, the best on top.

    Parameters
    ----------
    found : dict
        From ``league.standings``.
    title : str
        What is written above it.
    yours : dict, optional
        Name → rating by the learner's function, drawn as a diamond.
    """
    rows = sorted(
        zip(found["ratings"], found["ratings_intervals"], found["names"], strict=True),
        key=lambda row: row[0],
    )
    title = _(title)
    alt = f"{title}: " + ", ".join(f"{name} {rating:.0f}" for rating, _x, name in reversed(rows))
    with picture(height=1.3 + 0.36 * len(rows), alt=alt) as (shown, (axis,)):
        for y, (rating, (low, high), name) in enumerate(rows):
            axis.plot([low, high], [y, y], color=shade(name), lw=6, alpha=0.35)
            axis.plot([rating], [y], "o", color=shade(name), ms=8)
            note(axis, f"{rating:.0f}", (high, y), (8, -4), color=QUIET)
        if yours:
            places = [yours[name] for *_x, name in rows]
            label = _("your bradley_terry")
            axis.plot(places, range(len(rows)), "D", mfc="none", color=INK, ms=13, label=label)
            axis.legend(loc="lower right")
        name_rows(axis, [name for *_x, name in rows], lines=True)
        axis.set_ylim(-0.6, len(rows) - 0.4)
        axis.margins(x=0.12)
        axis.axvline(1000, color=LINE, ls="--", lw=1.5)
        axis.set_xlabel(_("rating (400 points more: about ten wins for each loss)"))
        axis.set_title(title)
    return shown


def unknown(pairs: Sequence[tuple[str, str]], league: Mapping[str, Any]) -> str:
    """Return a sentence about the first name that isn't in the league, or nothing."""
    for name in (name for pair in pairs for name in pair):
        if name not in league["names"]:
            return _("There is no {name!r} in the league: choose from {names}.").format(
                name=name, names=", ".join(league["names"])
            )
    return ""


def places(pairs: Sequence[tuple[str, str]]) -> None:
    """Show what the place of an answer is worth, for some pairs of models of the recorded league.

    Parameters
    ----------
    pairs : sequence of (str, str)
        Names of models.
    """
    found = sources.record("league")
    if found is None:
        return
    if problem := unknown(pairs, found):
        say(problem)
        return
    at, rows = {name: i for i, name in enumerate(found["names"])}, []
    for a, b in pairs:
        i, j = at[a], at[b]
        rows.append(
            {
                _("A against B ({requests} requests)").format(requests=found["requests"]): _(
                    "{a} against {b}"
                ).format(a=a, b=b),
                _("equally good"): f"{found['ties'][i][j]:.0%}",
                _("A wins, shown first"): f"{found['wins_first'][i][j]:.0%}",
                _("A wins, shown second"): f"{1 - found['wins_first'][j][i]:.0%}",
            }
        )
    show(figures(rows))


def declining(points: Mapping[str, Sequence[tuple[str, float, float]]]) -> Picture:
    """Draw refusal against over-refusal: the best place is at the top left.

    Parameters
    ----------
    points : dict
        Title of a panel → (who, over-refusal, refusal), shares from 0 to 1.
    """
    alt = _("Refusal of harm against over-refusal. ") + ". ".join(
        f"{_(title)}: "
        + ", ".join(_("{who} {y:.0%} and {x:.0%}").format(who=who, y=y, x=x) for who, x, y in some)
        for title, some in points.items()
    )
    with picture(len(points), width=9.4, height=4.2, alt=alt, sharey=True) as (shown, axes):
        for axis, (title, some) in zip(axes, points.items(), strict=True):
            axis.plot([0, 100], [0, 100], color=LINE, ls="--", lw=1.2)
            for who, x, y in some:
                form, size, filled = MARKS.get(who, ("D", 9, True))
                ink = shade(who) if who in MARKS else INK
                axis.plot(
                    [100 * x],
                    [100 * y],
                    form,
                    color=ink,
                    mfc=ink if filled else "none",
                    mew=2,
                    ms=size,
                    clip_on=False,
                    label=who,
                )
            axis.set(xlim=(-4, 104), ylim=(-4, 104), xticks=[0, 50, 100], yticks=[0, 50, 100])
            axis.set_xlabel(_("harmless, declined (%)"))
            axis.set_title(_(title), fontsize=11)
        axes[0].set_ylabel(_("harmful, declined (%)"))
        axes[len(axes) // 2].legend(fontsize=9, loc="lower right")
    return shown
