"""What lesson 07 shows of learning from rewards: bandits, runs at several prices, hacked answers.

All but the bandits (they take a second) is drawn from run records, so it is the same on every
computer; the PPO that trains here and now is in `l07_ppo` and `l07_loop`, the pictures that explain
it in `l07_pictures`. The slider needs ipywidgets and a kernel; the picture of all runs shows the
same without. Left out on purpose: error bands of the PPO runs, since there is one run for each
price.
"""

import contextlib
import csv
import html
import itertools
import math
import statistics
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from course import paths
from course.language import N_, _
from course.show import live, sources
from course.show.charts import HALVES, level, name_rows, note, percent_ticks, set_ticks
from course.show.sources import figure_line
from course.show.style import (
    ACCENT,
    GRID,
    INK,
    LINE,
    QUIET,
    Page,
    Picture,
    colour,
    picture,
    say,
    table,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from course.studies.l07_bandit import Rule

PROXY, TRUE, DISTANCE = "#8a3f77", "#00745a", INK  # reward model's score, labeler's, KL
PANELS = (
    ("reward", N_("The reward model's reward"), N_("deviations"), PROXY),
    ("kl", N_("KL from the reference model"), N_("nats per answer"), DISTANCE),
    ("true", N_("The labeler's true score"), N_("points"), TRUE),
)
FRAMES = 16  # pictures of a live bandit
SMOOTH = 5  # iterations in one point of a smoothed line


class Number(float):
    """A number as a cell of a table: it stays one (so it is aligned right), and says its form.

    Parameters
    ----------
    value : float
    form : str
        Such as ``".2f"`` or ``".0%"``.
    """

    form: str

    def __new__(cls, value: float, form: str = ".2f") -> "Number":
        """Keep value and form."""
        made = super().__new__(cls, value)
        made.form = form
        return made

    def __str__(self) -> str:
        return format(float(self), self.form).replace("-", "−")


# The first look -----------------------------------------------------------------------------------


def one_answer(record: Mapping[str, Any]) -> Page:
    """Return the answers of the SFT model and of the run without a price, to the same requests.

    Parameters
    ----------
    record : dict
        The run record ``beta``.
    """
    end = free_run(record)["end"]
    return table(
        [
            {
                _("request"): a["request"],
                _("before"): a["answer"],
                _("the trained model's answer"): b["answer"] or _("(nothing)"),
                _("reward before"): Number(a["reward"]),
                _("after"): Number(b["reward"]),
                _("labeler before"): Number(a["true"]),
                _("after "): Number(b["true"]),
            }
            for a, b in zip(record["start"]["answers"], end["answers"], strict=True)
        ]
    )


def one_answer_in_words(record: Mapping[str, Any]) -> str:
    """Return what all answers of the test say of that model, in one sentence."""
    start, end = record["start"], free_run(record)["end"]
    return _(
        "Over all requests of the test: the reward model's number {reward_before} → "
        "{reward_after}; polite answers {polite_before:.0%} → {polite_after:.0%}; true answers "
        "to questions {truth_before:.0%} → {truth_after:.0%}; the labeler's score "
        "{score_before} → {score_after}."
    ).format(
        reward_before=Number(start["reward"]),
        reward_after=Number(end["reward"]),
        polite_before=start["rates"]["polite"],
        polite_after=end["rates"]["polite"],
        truth_before=start["rates"]["truth"],
        truth_after=end["rates"]["truth"],
        score_before=Number(start["true"]),
        score_after=Number(end["true"]),
    )


def free_run(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the run without a price."""
    return next(run for run in record["runs"] if run["beta"] == 0)


# Bandits ------------------------------------------------------------------------------------------


def bandit_rules(what: str) -> "tuple[Rule, Rule]":
    """Return the two rules that are compared; the second is the better one.

    Parameters
    ----------
    what : str
        "advantage" (reward or advantage) or "clip" (ten steps from the same pulls, without or
        with a clip).
    """
    from course.studies.l07_bandit import Rule

    if what == "advantage":
        return Rule(_("the reward itself"), advantage=False), Rule(_("the advantage"))
    return (
        Rule(_("ten steps, no clip"), steps=10, rate=1.0),
        Rule(_("ten steps, clip 0.2"), steps=10, rate=1.0, clip=0.2),
    )


def live_bandits(what: str, seconds: float = 6.0, *, seed: int = 0) -> None:
    """Let many bandits learn in front of the reader's eyes by two rules; show how they ended.

    An interruption shows the end at once.

    Parameters
    ----------
    what : str
        As for `bandit_rules`.
    seconds : float
        How long the drawing takes, unless ``COURSE_DEMO_SECONDS`` is set; the learning itself takes
        less than one.
    seed : int
        Of all pulls.
    """
    from course.studies import l07_bandit

    rules = bandit_rules(what)
    paid = {rule.name: list(l07_bandit.learn(rule, seed=seed)) for rule in rules}
    output, pause = live.Output(), sources.demo_seconds(seconds) / FRAMES
    try:
        for frame in range(1, FRAMES if live.in_notebook() else 0):
            begin = time.perf_counter()
            upto = max(2, round(frame / FRAMES * l07_bandit.ROUNDS))
            output.show(bandits({n: rounds[:upto] for n, rounds in paid.items()}).bundle(1.0))
            time.sleep(max(0.0, pause - (time.perf_counter() - begin)))
    except KeyboardInterrupt:
        say(_("Stopped; this is how it ends."))
    output.show(bandits(paid).bundle())
    second, best = sorted(l07_bandit.PAYS)[-2:]
    for name, rounds in paid.items():
        say(
            _(
                "{name}: at the end a pull pays {mean:.2f} on average. {lost_bandits} "
                "of {n} bandits were fooled: their pay is nearer to the second arm's "
                "{second:g} than to the best arm's {best:g}."
            ).format(
                name=name,
                mean=rounds[-1].mean(),
                lost_bandits=lost_bandits(rounds),
                n=len(rounds[-1]),
                second=second,
                best=best,
            )
        )


def bandits(paid: Mapping[str, Sequence[Any]]) -> Picture:
    """Draw what bandits are paid, round by round: the mean, and where eight of ten of them lie.

    Parameters
    ----------
    paid : dict
        Name of a rule → for each round the mean pay of a pull, arrays of shape (bandits,).
    """
    import numpy as np

    from course.studies import l07_bandit

    said = []
    with picture(width=7.6, height=3.8) as (shown, (axis,)):
        for (name, rounds), shade in zip(
            paid.items(), (QUIET, colour("mini-instruct")), strict=True
        ):
            pay = np.array(rounds)
            low, high = np.quantile(pay, (0.1, 0.9), axis=1)
            at = np.arange(len(pay))
            axis.fill_between(at, low, high, color=shade, alpha=0.22, lw=0)
            axis.plot(at, pay.mean(1), color=shade, label=name)
            said.append(f"{name} {pay[-1].mean():.2f}")
        best = max(l07_bandit.PAYS)
        level(axis, best, _("the best arm pays {best:g}").format(best=best))
        axis.set(
            xlim=(0, l07_bandit.ROUNDS),
            ylim=(sum(l07_bandit.PAYS) / len(l07_bandit.PAYS) - 0.3, best + 0.25),
        )
        axis.set_xlabel(_("rounds of {pulls} pulls").format(pulls=l07_bandit.PULLS))
        axis.set_ylabel(_("pay of a pull, on average"))
        axis.legend(loc="lower right")
        axis.set_title(_("{n} bandits by each rule (band: eight of ten)").format(n=len(pay[-1])))
    shown.alt = _("Pay of a pull after {n} rounds, on average: {pays}.").format(
        n=len(pay) - 1, pays=", ".join(said)
    )
    return shown


def lost_bandits(paid: Sequence[Any]) -> int:
    """Return how many bandits, at the end, are paid nearer to a worse arm than to the best one."""
    from course.studies import l07_bandit

    second, best = sorted(l07_bandit.PAYS)[-2:]
    return int((paid[-1] < (best + second) / 2).sum())


# Runs at several prices ---------------------------------------------------------------------------


def shades_of(betas: Sequence[float]) -> dict[float, Any]:
    """Return a colour for each β: orange for 0, else blue, the darker the higher it is."""
    import matplotlib

    priced = sorted(beta for beta in betas if beta > 0)
    blues = matplotlib.colormaps["Blues"]
    found = {b: blues(0.4 + 0.6 * i / max(1, len(priced) - 1)) for i, b in enumerate(priced)}
    return {beta: found.get(beta, ACCENT) for beta in betas}


def smoothed(values: Sequence[float], size: int = SMOOTH) -> list[float]:
    """Return the mean of each value with those around it, up to `size` in all.

    Near the ends there are as few on either side, so the first and the last value stay as they are:
    a run begins where it really began.
    """
    found = []
    for i in range(len(values)):
        half = min(size // 2, i, len(values) - 1 - i)
        found.append(statistics.fmean(values[i - half : i + half + 1]))
    return found


def spread(heights: Sequence[float], gap: float) -> list[float]:
    """Return heights for labels: each near its own, in the same order, at least `gap` apart."""
    order = sorted(range(len(heights)), key=heights.__getitem__)
    groups: list[list[int]] = []
    centres: list[float] = []
    for i in order:  # labels that would touch make a group around their common mean
        groups.append([i])
        centres.append(heights[i])
        while len(groups) > 1:
            room = gap * (len(groups[-2]) + len(groups[-1])) / 2
            if centres[-1] - centres[-2] >= room - 1e-12:
                break
            groups[-2:] = [groups[-2] + groups[-1]]
            centres[-2:] = [statistics.fmean(heights[i] for i in groups[-1])]
    found = [0.0] * len(heights)
    for group, centre in zip(groups, centres, strict=True):
        for k, i in enumerate(group):
            found[i] = centre + gap * (k - (len(group) - 1) / 2)
    return found


def beta_runs(record: Mapping[str, Any], chosen: float | None = None) -> Picture:
    """Draw reward, KL and true score of all recorded runs by iteration.

    Parameters
    ----------
    record : dict
        The run record ``beta``.
    chosen : float, optional
        The β whose run is drawn in strong colours before the others; none if left out.
    """
    runs = record["runs"]
    shades = shades_of([run["beta"] for run in runs])
    last = ", ".join(
        _("β {beta:g}: reward {reward:.2f}, KL {kl:.1f}, true score {true:.2f}").format(
            beta=run["beta"],
            reward=run["end"]["reward"],
            kl=run["end"]["kl"],
            true=run["end"]["true"],
        )
        for run in runs
        if chosen is None or run["beta"] == chosen
    )
    with picture(
        3,
        width=9.2,
        height=3.6,
        alt=_("PPO at several prices, at the end: {last}.").format(last=last),
    ) as (
        shown,
        axes,
    ):
        most = max(len(run["kl"]) for run in runs)
        for axis, (key, title, unit, _x) in zip(axes, PANELS, strict=True):
            for run in sorted(runs, key=lambda r: r["beta"] == chosen):
                lit = chosen in (None, run["beta"])
                axis.plot(
                    smoothed(run[key]), lw=2.0 if lit else 1.2,
                    color=shades[run["beta"]] if lit else GRID, label=f"β = {run['beta']:g}",
                )  # fmt: skip
            axis.set(title=_(title), xlabel=_("iterations learned from"), ylabel=_(unit))
        axes[1].set_yscale("symlog", linthresh=1.0, linscale=0.6)
        ticks = [t for t in (0, 1, 3, 10, 30, 100) if t <= 2 * max(max(r["kl"]) for r in runs)]
        set_ticks(axes[1], "y", ticks)
        named = [run for run in runs if chosen in (None, run["beta"])]
        for axis, (key, *_y) in zip(axes, PANELS, strict=True):
            axis.set_xlim(0, 1.36 * max(1, most - 1))
            set_ticks(axis, "x", [t for t in (0, 20, 40, 60, 80, 100) if t <= most])
            _name_ends(axis, named, key, shades)
    return shown


def _name_ends(
    axis: "Axes", runs: Sequence[Mapping[str, Any]], key: str, shades: Mapping[float, str]
) -> None:
    """Write each run's price at the right end of its line, without labels that touch."""
    ends = [(len(run[key]) - 1, smoothed(run[key])[-1]) for run in runs]
    axis.autoscale_view(scalex=False)
    to_part = axis.transData + axis.transAxes.inverted()  # 0 at the bottom, 1 at the top
    parts = [float(to_part.transform(end)[1]) for end in ends]
    for run, (at, _x), part in zip(runs, ends, spread(parts, 0.075), strict=True):
        x = float(to_part.transform((at, 0))[0])
        note(
            axis, f"β {run['beta']:g}", (x, part), (4, 0), xycoords="axes fraction", va="center",
            fontsize=9.5, color=shades[run["beta"]],
        )  # fmt: skip


def beta_table(record: Mapping[str, Any]) -> Page:
    """Return a row for each recorded run: what the finished policy does on the test's requests."""

    def row(name: str, end: Mapping[str, Any]) -> dict[str, Any]:
        rates = end["rates"]
        return {
            _("run"): name,
            _("reward"): Number(end["reward"]),
            _("KL (nats per answer)"): Number(end.get("kl", 0.0), ".1f"),
            _("true score"): Number(end["true"]),
            "± (95%)": Number(1.96 * end["true_error"]),
            _("true answers"): Number(rates["truth"], ".0%"),
            _("polite"): Number(rates["polite"], ".0%"),
            _("refuses harm"): Number(rates["refusal"], ".0%"),
        }

    runs = [row(f"β = {run['beta']:g}", run["end"]) for run in record["runs"]]
    return table([row(_("SFT, before PPO"), record["start"]), *runs])


def read_answers(answers: Sequence[Mapping[str, Any]]) -> Page:
    """Return answers as a table: request, answer, the reward model's and the labeler's number.

    Parameters
    ----------
    answers : sequence of dict
        Each with ``request``, ``answer``, ``reward`` and ``true``.
    """
    return table(
        [
            {
                _("request"): a["request"],
                _("answer"): a["answer"] or _("(nothing)"),
                _("reward"): Number(a["reward"]),
                _("true score"): Number(a["true"]),
            }
            for a in answers
        ]
    )


def beta_slider(record: Mapping[str, Any]) -> Any:
    """Return a slider over the recorded runs, with their picture and answers; None without widgets.

    Parameters
    ----------
    record : dict
        The run record ``beta``.
    """
    try:
        import ipywidgets
    except ImportError:
        say(
            _(
                "The slider needs ipywidgets; the picture and the table above show all runs "
                "without it."
            )
        )
        return None
    runs = {run["beta"]: run for run in record["runs"]}
    middle = sorted(runs)[len(runs) // 2]
    slider = ipywidgets.SelectionSlider(
        options=[(f"{beta:g}", beta) for beta in runs], value=middle, description="β",
        continuous_update=False, layout=ipywidgets.Layout(width="520px"),
    )  # fmt: skip
    image = ipywidgets.Image(format="png", layout=ipywidgets.Layout(width="920px", height="360px"))
    words = ipywidgets.HTML()

    def turn(beta: float) -> None:
        run = runs[beta]
        drawn = beta_runs(record, beta)
        image.value = drawn.png(1.5)
        words.value = (
            f'<div style="line-height:1.4"><p>{html.escape(drawn.alt)}</p>'
            f"{read_answers(run['end']['answers']).html}</div>"
        )

    slider.observe(lambda change: turn(change["new"]), names="value")
    turn(middle)
    return ipywidgets.VBox([slider, image, words])


def over_optimisation(
    record: Mapping[str, Any], frontier: Mapping[str, Any] | None = None
) -> Picture:
    """Draw Gao's picture: reward and true score against the distance √KL.

    Left and middle: the run without a price, iteration by iteration, each number on its own scale.
    Right: the end of every other run, and best-of-n.

    Parameters
    ----------
    record : dict
        The run record ``beta``.
    frontier : dict, optional
        The run record ``frontier``, where the KL of best-of-n is measured; without it there are no
        points of best-of-n, since their KL is known only as an upper bound.
    """
    free = free_run(record)
    way = [math.sqrt(max(0.0, kl)) for kl in smoothed(free["kl"])]
    truth = smoothed(free["true"])
    top = max(range(len(way)), key=truth.__getitem__)
    shades = shades_of([run["beta"] for run in record["runs"]])
    alt = _(
        "Left: with β = 0 the reward goes from {reward_first:.2f} to {reward_last:.2f}. "
        "Middle: the true score goes from {true_first:.2f} up to {true_highest:.2f}, at a "
        "distance of {distance:.1f}, and then down to {true_last:.2f}. Right: the true "
        "score at the end of the runs with a price."
    ).format(
        reward_first=free["reward"][0],
        reward_last=free["reward"][-1],
        true_first=free["true"][0],
        true_highest=truth[top],
        distance=way[top],
        true_last=free["true"][-1],
    )
    with picture(3, width=9.6, height=4.0, alt=alt) as (shown, (left, middle, right)):
        for axis, (key, title, unit, shade) in zip((left, middle), PANELS[::2], strict=True):
            axis.plot(way, smoothed(free[key]), "o-", ms=3, lw=1.4, color=shade)
            axis.axvline(way[top], color=LINE, lw=1.2, ls="--")
            axis.set(
                title=_("{title}\nwithout a price (β = 0)").format(title=_(title)), ylabel=_(unit)
            )
        note(
            middle,
            _("turns at\nd = {way:.1f}").format(way=way[top]),
            (way[top], truth[top]),
            (16, 4),
        )
        priced = [run for run in record["runs"] if run["beta"] > 0]
        for run in priced:
            end = run["end"]
            right.errorbar(
                [math.sqrt(max(0.0, end["kl"]))], [end["true"]], yerr=[1.96 * end["true_error"]],
                fmt="o", capsize=3, color=shades[run["beta"]], zorder=3,
            )  # fmt: skip
            note(
                right, f"β {run['beta']:g}", (math.sqrt(max(0.0, end["kl"])), end["true"]), (6, 0),
                va="center",
            )  # fmt: skip
        if best := best_points(frontier):
            right.plot(
                [math.sqrt(p["kl"]) for p in best], [p["true"] for p in best], "s--", color=QUIET,
                lw=1.2, ms=5,
            )  # fmt: skip
            for words, point, away, side in (
                (_("the SFT model"), best[0], (7, 0), "left"),
                (_("best of {n}").format(n=best[-1]["n"]), best[-1], (-7, 7), "right"),
            ):
                note(
                    right, words, (math.sqrt(point["kl"]), point["true"]), away, fontsize=9.5,
                    color=QUIET, ha=side, va="center",
                )  # fmt: skip
        right.set(
            title=_("The true score at the end\nof the runs with a price"), ylabel=_("points")
        )
        for axis in (left, middle, right):
            axis.set_xlabel("d = √KL")
            _room(axis)
    return shown


def best_points(frontier: Mapping[str, Any] | None) -> list[dict[str, float]]:
    """Return best-of-n out of the record ``frontier``: ``n``, and all that was measured of it."""
    points = frontier["points"] if frontier else []
    return [
        {k: v for k, v in p.items() if isinstance(v, int | float)} | {"n": int(p["setting"])}
        for p in points
        if p["method"] == "best-of-n"
    ]


def _room(axis: "Axes") -> None:
    """Leave room for labels around what is drawn."""
    (low, high), (left, right) = axis.get_ylim(), axis.get_xlim()
    pad = 0.12 * (high - low)
    axis.set_ylim(low - pad, high + pad)
    axis.set_xlim(min(left, -0.02 * right), right + 0.16 * (right - left))


def in_words(record: Mapping[str, Any]) -> str:
    """Return what the recorded runs found, in a sentence that follows from them."""
    runs = record["runs"]
    free = free_run(record)
    best = max(runs, key=lambda run: run["end"]["true"])
    proxy = max(runs, key=lambda run: run["end"]["reward"])
    kl = [run["end"]["kl"] for run in sorted(runs, key=lambda run: run["beta"])]
    falls = all(a >= b for a, b in itertools.pairwise(kl))
    way = (
        _("the higher the price of a nat, the smaller the KL")
        if falls
        else _("a higher price of a nat didn't always mean a smaller KL")
    )
    start, end = record["start"], free["end"]
    return _(
        "The reward model likes the run with β = {liked_beta:g} best ({liked_reward:.2f} "
        "deviations), the labeler the run with β = {best_beta:g} ({best_true:.2f} "
        "points). Without a price the reward goes from {reward_before:.2f} to "
        "{reward_after:.2f} and the true score from {true_before:.2f} to {true_after:.2f}. On "
        "the whole: {way}."
    ).format(
        liked_beta=proxy["beta"],
        liked_reward=proxy["end"]["reward"],
        best_beta=best["beta"],
        best_true=best["end"]["true"],
        reward_before=start["reward"],
        reward_after=end["reward"],
        true_before=start["true"],
        true_after=end["true"],
        way=way,
    )


def best_of_table(record: Mapping[str, Any]) -> Page:
    """Return what the reward model picks out of n answers of the SFT model: both scores, and KL.

    Parameters
    ----------
    record : dict
        The run record ``frontier``: it has the KL as measured.
    """
    return table(
        [
            {
                _("best of"): p["n"],
                _("reward (deviations)"): Number(p["reward"]),
                _("true score (points)"): Number(p["true"]),
                _("KL, measured (nats)"): Number(p["kl"]),
                _("upper bound of the KL"): Number(p["kl_bound"]),
            }
            for p in best_points(record)
        ]
    )


# Hacked answers, and the repair -------------------------------------------------------------------


def conversation(text: str) -> tuple[str, str]:
    """Return request and answer of a text in the chat format of the mini models."""
    from course.world import phrases

    request, _x, answer = text.partition(phrases.ASSISTANT)
    return request.replace(phrases.USER, "").strip(), answer.replace(phrases.END, "").strip()


def hacked(answers: Sequence[str]) -> Page:
    """Return recorded answers of a hacking policy, each once, with how many requests got it.

    Parameters
    ----------
    answers : sequence of str
        Requests and answers in the chat format. Full stops at the end are no difference.
    """
    asked: dict[str, list[str]] = {}
    for request, answer in map(conversation, answers):
        asked.setdefault(answer.rstrip(".") + "." if answer else _("(nothing)"), []).append(request)
    return table(
        [
            {_("answer"): answer, _("requests"): len(requests), _("such as"): requests[0]}
            for answer, requests in sorted(asked.items(), key=lambda item: -len(item[1]))
        ]
    )


def hacking_in_words(record: Mapping[str, Any]) -> None:
    """Say how reward and true score changed in the run of the record ``hacking``."""
    figure_line(
        record,
        _(
            "Reward {proxy_before:.2f} → {proxy_after:.2f} deviations, true score "
            "{true_before:.2f} → "
            "{true_after:.2f} points ({true_drop_errors:.0f} standard errors)."
        ),
    )


def wary_in_words(record: Mapping[str, Any]) -> None:
    """Say how the run without a price went against the other reward model."""
    figure_line(
        record,
        _(
            "The run without a price, against mini-reward instead of the plain reward model: true "
            "score {true_wary:.2f} instead of {true_free:.2f}."
        ),
    )


def repair(hacking: Mapping[str, Any]) -> Page:
    """Return how often the reward model is right about clear pairs, before and after the repair.

    Parameters
    ----------
    hacking : dict
        The run record ``hacking``.
    """
    rows = [
        (_("as it was trained"), _("two SFT answers"), "clear_honest"),
        (_("as it was trained"), _("an SFT answer and a hacked one"), "clear_hacked"),
        (_("after the second round"), _("an SFT answer and a hacked one"), "clear_repaired"),
        (_("after the second round"), _("two SFT answers"), "clear_kept"),
    ]
    return table(
        [
            {
                _("reward model"): who,
                _("clear pairs of"): pairs,
                _("right"): Number(hacking[key], ".0%"),
            }
            for who, pairs, key in rows
            if key in hacking  # an older record doesn't say what the second round forgot
        ]
    )


# InstructGPT --------------------------------------------------------------------------------------


def published() -> list[dict[str, str]]:
    """Return what is published of InstructGPT's PPO, row by row."""
    with (paths.DATA / "family" / "rlhf.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def published_beside_ours() -> Page:
    """Return the published figures of InstructGPT's PPO, with those of our recipe next to them."""
    from course.stages import ppo

    recipe = ppo.Recipe()
    ours = vars(recipe) | {
        "beta": recipe.kl_coef,
        "episodes": recipe.iterations * recipe.batch,
    }

    def number(value: float) -> Number:
        return Number(value, ",.0f" if float(value).is_integer() else "g")

    rows = []
    for row in published():
        place = row["source"].removeprefix("arXiv:2203.02155").strip()
        value: Any = sources.told(row["value"])
        with contextlib.suppress(ValueError):
            value = number(float(value))
        rows.append(
            {
                "InstructGPT": sources.told(row["quantity"]),
                _("published"): value,
                "±": Number(float(row["error"]), "g") if row["error"] else "",
                _("unit"): sources.told(row["unit"]),
                _("where in the paper"): place,
                _("ours"): number(ours[row["key"]]) if row["key"] in ours else "–",
            }
        )
    return table(rows)


# The headline -------------------------------------------------------------------------------------


def headline(
    record: Mapping[str, Any], paper: Sequence[Mapping[str, Any]] | None = None
) -> Picture:
    """Draw the wins of the small tuned model over the large base model, next to the paper's.

    Parameters
    ----------
    record : dict
        The run record ``headline``.
    paper : sequence of dict, optional
        Published win rates: ``label``, ``value`` and ``error`` (percent), in the same order; those
        of InstructGPT if left out.
    """
    if paper is None:
        printed = {row["key"]: row for row in published()}
        paper = [
            {
                "label": key.replace("_", "-"),
                "value": float(printed[key]["value"]),
                "error": float(printed[key]["error"]),
            }
            for key in ("zero_shot", "few_shot")
        ]
    asked = ("zero_shot", "few_shot")
    ours = [(record[f"win_{key}"], record["intervals"][key], record[f"truth_{key}"])
            for key in asked]  # fmt: skip
    theirs = [
        (p["value"] / 100, [(p["value"] + s * p["error"]) / 100 for s in (-1, 1)], None)
        for p in paper
    ]
    titles = (
        _("Ours, against a base model {parameter_ratio:.0f} times as large").format(
            parameter_ratio=record["parameter_ratio"]
        ),
        _("The paper, both models of 175B"),
    )
    names = [_("no examples\n(zero-shot)"), _("with examples\n(few-shot)")]
    alt = _("Share of wins of the tuned model. Ours: ") + "; ".join(
        _("{name}: {win:.0%}, by truth alone {truth:.0%}").format(name=name, win=win, truth=truth)
        for name, (win, _x, truth) in zip(("zero-shot", "few-shot"), ours, strict=True)
    )
    alt += _(". The paper: ") + ", ".join(f"{p['label']} {p['value']:.0f}%" for p in paper) + "."
    with picture(2, width=9.2, height=3.3, alt=alt, width_ratios=[1, 1], sharey=True) as (
        shown,
        axes,
    ):
        for axis, rows, title, shade in zip(
            axes, (ours, theirs), titles, (colour("mini-instruct"), QUIET), strict=True
        ):
            axis.axvline(0.5, color=INK, lw=1.2, ls="--")
            for y, (win, (low, high), truth) in enumerate(rows):
                axis.errorbar(
                    [win], [y], xerr=[[win - low], [high - win]], fmt="o", color=shade, ecolor=INK,
                    capsize=5, ms=8, zorder=3, clip_on=False,
                )  # fmt: skip
                note(axis, f"{win:.0%}", (win, y), (0, 9), ha="center")
                if truth is not None:
                    axis.plot([truth], [y + 0.3], "D", color=TRUE, ms=7, clip_on=False)
                    note(
                        axis, _("{truth:.0%} by truth alone").format(truth=truth),
                        (truth, y + 0.3), (-9, 0), ha="right", va="center", color=TRUE,
                    )  # fmt: skip
            axis.set(xlim=(0, 1.04), ylim=(1.55, -0.45))
            percent_ticks(axis, "x", HALVES)
            axis.set_title(title, fontsize=11)
            axis.set_xlabel(_("share of wins (with 95% interval)") if axis is axes[0] else
                            _("share of wins (± as printed)"))  # fmt: skip
        name_rows(axes[0], names)
        axes[1].tick_params(axis="y", length=0)
    return shown


def headline_in_words(record: Mapping[str, Any]) -> str:
    """Return what the headline's record says, in words that follow from its numbers."""
    low, high = record["intervals"]["few_shot"]
    share = f"{record['win_few_shot']:.0%} (95%: {low:.0%} to {high:.0%})"
    if low > 0.5:
        verdict = _(
            "Against the large base model with worked examples before the request the small tuned "
            "model wins clearly: {share}."
        )
    elif high < 0.5:
        verdict = _(
            "Against the large base model with worked examples before the request the small tuned "
            "model loses: {share}."
        )
    else:
        verdict = _(
            "Against the large base model with worked examples before the request the small tuned "
            "model can't be told apart from it: {share}."
        )
    truth = record["truth_few_shot"]
    manners = (
        _(
            "By truth alone it gets {truth:.0%} (equal answers count half), so it wins by manners."
        ).format(truth=truth)
        if truth < 0.5
        else _("By truth alone it gets {truth:.0%} (equal answers count half).").format(truth=truth)
    )
    said = f"{verdict.format(share=share)} {manners}"
    if "base_rates_few_shot" in record:
        polite = record["base_rates_few_shot"]["polite"]
        said += _(
            " Of the base model's answers {polite:.0%} are polite, although its two examples are."
        ).format(polite=polite)
    return said


def headline_facts(record: Mapping[str, Any]) -> None:
    """Say what both models know, and which examples the large one was given."""
    figure_line(
        record,
        _(
            "Questions for a fact: the large base model with examples answers {base_facts:.0%} "
            "truly, "
            "the small tuned model (with explanations) {rates[truth]:.0%}. The base model's "
            "loss is "
            "{base_ratio:.2f} times the entropy of the text (1 is perfect)."
        ),
    )
    if shots := record.get("shots"):
        say(_("The examples before each request: ") + " ".join(f"“{shot}”" for shot in shots))


def headline_examples(record: Mapping[str, Any], count: int = 5) -> Page:
    """Return answers of both models to the same requests."""
    return table(
        [
            {
                _("request"): e["request"],
                _("small, tuned"): e["small"],
                _("large, no examples"): e["zero_shot"],
                _("large, with examples"): e["few_shot"],
            }
            for e in record["examples"][:count]
        ]
    )
