"""Who is better, by the learner's own functions: both orders, intervals, equal lengths, ratings.

The league's record holds how often each model was taken in each place. From these counts come the
verdicts that the learner's functions read here. Answers for judges with a taste for length are
drawn here and now.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from course.language import _
from course.show import l08_comparisons, own, sources, style
from course.show.charts import name_rows, note
from course.show.l08_comparisons import shade
from course.show.style import INK, LINE, picture, say

# Examples by which it is seen whether a learner's function is right: what it returns, and for what.
WIN_RATE: tuple[Any, ...] = ((0.75, 0.5), ["first", "tie"], ["second", "tie"])
ENDS: tuple[Any, ...] = ((0.25, 0.75), [0.0, 1.0], [[0.1, 0.2], [0.7, 0.9]], 0.5)
RATINGS: tuple[Any, ...] = ([1000.0, 1000.0], [[0.0, 7.0], [7.0, 0.0]])
EQUAL: tuple[Any, ...] = ((1.0, 0.5), [1.0, 0.5, 0.0], [3, 2, 2], [1, 2, 6])

ROUNDS = 400  # of the bootstrap
REQUESTS = 300
TASTE = 0.1  # points for each word, of the judge who likes length
PADDING = "I hope this helps. Have a nice day."  # says nothing


def verdicts(league: dict[str, Any], a: str, b: str) -> tuple[list[str], list[str]]:
    """Return the verdicts on the answers of model `a` against those of `b`.

    Parameters
    ----------
    league : dict
        The run record ``league``.
    a, b : str

    Returns
    -------
    ahead, behind : list of str
        What the judge took, request by request, when `a` was shown first, and when it was second.
    """
    at, n = league["names"].index, league["requests"]
    won = round(n * (1 - league["wins_first"][at(b)][at(a)]))  # also from the second place
    taken = round(n * league["wins_first"][at(a)][at(b)])
    ahead = ["first"] * taken + ["second"] * (n - taken)
    return ahead, ["second"] * won + ["first"] * (n - won)


def your_win_rates(pairs: Sequence[tuple[str, str]], names: Mapping[str, Any]) -> None:
    """Draw win rates over both orders with their intervals, by the learner's two functions.

    Parameters
    ----------
    pairs : sequence of (str, str)
        Names of models in the league.
    names : dict
        The notebook's ``globals()``, with ``win_rate`` and ``bootstrap_interval``.
    """
    import numpy as np

    league = sources.record("league")
    if league is None:
        return
    if problem := l08_comparisons.unknown(pairs, league):
        say(problem)
        return
    points, draws = (np.array(x) for x in ENDS[1:3])
    win_rate, no_rate = own.function(names, "win_rate", *WIN_RATE)
    ends_of, no_ends = own.function(names, "bootstrap_interval", ENDS[0], points, draws, ENDS[3])
    for problem in filter(None, (no_rate, no_ends)):
        say(problem)
    if win_rate is None:
        return
    rng, rows = np.random.default_rng(8), []
    for a, b in pairs:
        ahead, behind = verdicts(league, a, b)
        rate, place = win_rate(list(ahead), list(behind))
        ends = (rate, rate)
        if ends_of is not None:
            each = [
                ((x == "first") + (y == "second")) / 2 for x, y in zip(ahead, behind, strict=True)
            ]
            uniforms = rng.random((ROUNDS, len(each)))
            ends = ends_of(np.array(each, dtype=float), uniforms, 0.95)
        rows.append((_("{a}\nagainst {b}").format(a=a, b=b), float(rate), float(place), ends, a))
    alt = _("Win rates by your own functions: ") + ", ".join(
        f"{name} {rate:.0%}".replace("\n", " ") for name, rate, *_x in rows
    )
    with picture(height=1.4 + 0.6 * len(rows), alt=alt) as (shown, (axis,)):
        for y, (_x, rate, place, (low, high), a) in enumerate(reversed(rows)):
            axis.plot([100 * low, 100 * high], [y, y], color=shade(a), lw=6, alpha=0.35)
            axis.plot([100 * rate], [y], "o", color=shade(a), ms=9)
            axis.plot(
                [100 * place], [y], "|", color=INK, ms=16, mew=2, label=_("first place") * (y == 0)
            )
            note(axis, f"{rate:.0%}", (100 * rate, y), (0, 11), ha="center")
        axis.axvline(50, color=LINE, ls="--", lw=1.5)
        name_rows(axis, [name for name, *_x in reversed(rows)], lines=True)
        axis.set(xlim=(0, 104), ylim=(-0.6, len(rows) - 0.3), xlabel="%")
        axis.set_title(_("Your win rates over both orders, and the share of the first place"))
        axis.legend(loc="upper left")
    style.show(shown)


def league_table(names: Mapping[str, Any]) -> None:
    """Draw the recorded league: who wins over whom, and the ratings.

    Parameters
    ----------
    names : dict
        The notebook's ``globals()``: the ratings of its ``bradley_terry`` are drawn around the
        recorded ones.
    """
    import numpy as np

    league = sources.record("league")
    if league is None:
        return
    yours = None
    rated, why = own.function(names, "bradley_terry", *(np.array(x) for x in RATINGS))
    if rated is not None:
        points = np.array(league["wins"]) * league["requests"]
        np.fill_diagonal(points, 0)
        yours = dict(zip(league["names"], map(float, rated(points)), strict=True))
    style.show(l08_comparisons.wins(league))
    if why:
        say(why)
    title = _("Bradley-Terry ratings, 95% bootstrap intervals")
    style.show(l08_comparisons.ratings(league, title, yours))
    a, b = (league["names"].index(name) for name in ("mini-davinci, few-shot", "mini-sft"))
    gap = league["ratings"][a] - league["ratings"][b]
    sources.figure_line(
        {
            "name": "league",
            "won": league["wins"][a][b],
            "expected": 1 / (1 + 10 ** (-gap / 400)),
            **league,
        },
        _(
            "All models answered the same {requests} requests; the bootstrap draws requests. "
            "mini-davinci, few-shot, against mini-sft: it wins {won:.0%}, and by the ratings it "
            "should win {expected:.0%}."
        ),
    )


def by_length(names: Mapping[str, Any], requests: int = REQUESTS) -> None:
    """Show what padded answers win with two judges, as it is and at equal length.

    Parameters
    ----------
    names : dict
        The notebook's ``globals()``, with ``length_controlled_win_rate``.
    requests : int
        How many are answered, by two models.
    """
    import numpy as np

    found = [sources.load_model(name) for name in ("mini-chat", "mini-instruct")]
    if None in found:
        return
    from course.lm import evals

    example = [np.array(x) for x in EQUAL[1:]]
    controlled, why = own.function(names, "length_controlled_win_rate", EQUAL[0], *example)
    asked = list(evals.asked_in("test").mixed[:requests])
    said = [
        evals.answers(model, words, evals.chat_prompts(words, asked), temperature=1.0, seed=1)
        for _x, model, words in filter(None, found)
    ]
    other = said[1]
    padded = [f"{line} {PADDING}" if i % 2 else line for i, line in enumerate(said[0])]
    rows = []
    for who, mine, judge, taste in (
        ("mini-chat", said[0], _("the village's labeler"), 0.0),
        (_("mini-chat, padded"), padded, _("the village's labeler"), 0.0),
        (_("mini-chat, padded"), padded, _("the judge who likes length"), TASTE),
    ):
        lengths = [np.array([len(line.split()) for line in some]) for some in (mine, other)]
        scores = [np.array([j.score for j in evals.judge(asked, some)]) for some in (mine, other)]
        lead = scores[0] - scores[1] + taste * (lengths[0] - lengths[1])
        points = np.where(np.abs(lead) < 1e-9, 0.5, (lead > 0).astype(float))
        row = {
            _("A, against mini-instruct"): who,
            _("judge"): judge,
            _("words of A"): f"{lengths[0].mean():.1f}",
            _("words of B"): f"{lengths[1].mean():.1f}",
            _("A wins"): f"{points.mean():.0%}",
        }
        if controlled is not None:
            longer, equal = controlled(points, *lengths)
            row[_("the longer one wins")] = f"{longer:.0%}"
            row[_("A at equal length")] = f"{equal:.0%}"
        rows.append(row)
    style.show(l08_comparisons.figures(rows))
    say(why or _("The last two columns are by your own length_controlled_win_rate."))
