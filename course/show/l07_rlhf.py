"""What lesson 07 shows of learning from rewards: bandits, runs at several prices, hacked answers.

All but the bandits (they take a second) is drawn from run records, so it is the same on every
computer; the PPO that trains here and now is in `live_ppo`. The slider needs ipywidgets and a
kernel; the picture of all runs shows the same without. Left out on purpose: error bands of the PPO
runs, since there is one run for each price.
"""

import csv
import html
import itertools
import math
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from course import paths
from course.show import live, sources
from course.show.charts import HALVES, level, name_rows, note, percent_ticks, set_ticks
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
    ("reward", "The reward model's reward", "deviations", PROXY),
    ("kl", "KL from the reference model", "nats an answer", DISTANCE),
    ("true", "The labeler's true score", "points", TRUE),
)
FRAMES = 16  # pictures of a live bandit
SMOOTH = 5  # iterations in one point of a smoothed line


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
        return Rule("the reward itself", advantage=False), Rule("the advantage")
    return (
        Rule("ten steps, no clip", steps=10, rate=1.0),
        Rule("ten steps, clip 0.2", steps=10, rate=1.0, clip=0.2),
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
        say("Stopped; this is how it ends.")
    output.show(bandits(paid).bundle())
    for name, rounds in paid.items():
        say(
            f"{name}: a pull pays {rounds[-1].mean():.2f} on average at the end; "
            f"{lost_bandits(rounds)} of {len(rounds[-1])} bandits are nearer to a worse arm than "
            "to the best one."
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
        level(axis, best, f"the best arm pays {best:g}")
        axis.set(
            xlim=(0, l07_bandit.ROUNDS),
            ylim=(sum(l07_bandit.PAYS) / len(l07_bandit.PAYS) - 0.3, best + 0.25),
        )
        axis.set_xlabel(f"rounds of {l07_bandit.PULLS} pulls")
        axis.set_ylabel("pay of a pull, on average")
        axis.legend(loc="lower right")
        axis.set_title(f"{len(pay[-1])} bandits by each rule (band: eight of ten)")
    shown.alt = f"Pay of a pull after {len(pay) - 1} rounds, on average: {', '.join(said)}."
    return shown


def lost_bandits(paid: Sequence[Any]) -> int:
    """Return how many bandits, at the end, are paid nearer to a worse arm than to the best one."""
    from course.studies import l07_bandit

    second, best = sorted(l07_bandit.PAYS)[-2:]
    return int((paid[-1] < (best + second) / 2).sum())


# Runs at several prices ---------------------------------------------------------------------------


def shades_of(betas: Sequence[float]) -> dict[float, Any]:
    """Return a colour for each β: orange for 0, else blue, the darker the dearer."""
    import matplotlib

    priced = sorted(beta for beta in betas if beta > 0)
    blues = matplotlib.colormaps["Blues"]
    found = {b: blues(0.4 + 0.6 * i / max(1, len(priced) - 1)) for i, b in enumerate(priced)}
    return {beta: found.get(beta, ACCENT) for beta in betas}


def smoothed(values: Sequence[float], size: int = SMOOTH) -> list[float]:
    """Return the mean of each value with those around it, up to `size` in all."""
    half = size // 2
    parts = [values[max(0, i - half) : i + half + 1] for i in range(len(values))]
    return [sum(part) / len(part) for part in parts]


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
        f"β {run['beta']:g}: reward {run['end']['reward']:.2f}, KL {run['end']['kl']:.1f}, "
        f"true score {run['end']['true']:.2f}"
        for run in runs
        if chosen is None or run["beta"] == chosen
    )
    with picture(3, width=9.2, height=3.6, alt=f"PPO at several prices, at the end: {last}.") as (
        shown,
        axes,
    ):
        for axis, (key, title, unit, _) in zip(axes, PANELS, strict=True):
            for run in sorted(runs, key=lambda r: r["beta"] == chosen):
                lit = chosen in (None, run["beta"])
                at = range(1, len(run[key]) + 1)
                axis.plot(
                    at, smoothed(run[key]), lw=2.4 if lit else 1.2,
                    color=shades[run["beta"]] if lit else GRID, label=f"β = {run['beta']:g}",
                )  # fmt: skip
            axis.set(title=title, xlabel="iteration", ylabel=unit)
        axes[1].set_yscale("symlog", linthresh=1.0, linscale=0.6)
        ticks = [t for t in (0, 1, 3, 10, 30, 100) if t <= 2 * max(max(r["kl"]) for r in runs)]
        set_ticks(axes[1], "y", ticks)
        if chosen is None:
            shown.figure.legend(
                *axes[0].get_legend_handles_labels(), loc="outside lower center",
                ncols=len(runs), fontsize=10,
            )  # fmt: skip
    return shown


def beta_table(record: Mapping[str, Any]) -> Page:
    """Return a row for each recorded run: what the finished policy does on the test's requests."""

    def row(name: str, end: Mapping[str, Any]) -> dict[str, str]:
        rates = end["rates"]
        return {
            "run": name,
            "reward": f"{end['reward']:.2f}",
            "KL (nats an answer)": f"{end['kl']:.1f}" if "kl" in end else "0",
            "true score": f"{end['true']:.2f} ± {1.96 * end['true_error']:.2f}",
            "true answers": f"{rates['truth']:.0%}",
            "polite": f"{rates['polite']:.0%}",
            "refuses harm": f"{rates['refusal']:.0%}",
        }

    runs = [row(f"β = {run['beta']:g}", run["end"]) for run in record["runs"]]
    return table([row("SFT, before PPO", record["start"]), *runs])


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
                "request": a["request"],
                "answer": a["answer"] or "(nothing)",
                "reward": f"{a['reward']:.2f}",
                "true score": f"{a['true']:.2f}",
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
        say("The slider needs ipywidgets; the picture below shows all runs without it.")
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


def over_optimisation(record: Mapping[str, Any]) -> Picture:
    """Draw Gao's picture: reward and true score against the distance √KL.

    On the left the run without a price, iteration by iteration; on the right the end of every other
    run, and best-of-n at the upper bound of its KL.

    Parameters
    ----------
    record : dict
        The run record ``beta``.
    """
    free = next(run for run in record["runs"] if run["beta"] == 0)
    way = [math.sqrt(max(0.0, kl)) for kl in smoothed(free["kl"])]
    top = max(range(len(way)), key=smoothed(free["true"]).__getitem__)
    shades = shades_of([run["beta"] for run in record["runs"]])
    alt = (
        f"Left: β = 0. The reward goes from {free['reward'][0]:.2f} to {free['reward'][-1]:.2f}, "
        f"the true score from {free['true'][0]:.2f} by way of {smoothed(free['true'])[top]:.2f} to "
        f"{free['true'][-1]:.2f}. Right: the true score at the end of the runs with a price."
    )
    with picture(2, width=9.2, height=4.2, alt=alt) as (shown, (left, right)):
        for key, name, shade in (("reward", "reward (proxy)", PROXY), ("true", "true score", TRUE)):
            left.plot(way, smoothed(free[key]), "o-", ms=3.5, lw=1.6, color=shade, label=name)
        left.axhline(0, color=LINE, lw=1)
        left.set(title="No price (β = 0), iteration by iteration", ylabel="deviations · points")
        for run in record["runs"]:
            if run["beta"] > 0:
                at, end = math.sqrt(max(0.0, run["end"]["kl"])), run["end"]
                right.errorbar(
                    [at], [end["true"]], yerr=[1.96 * end["true_error"]], fmt="o", capsize=3,
                    color=shades[run["beta"]], zorder=3,
                )  # fmt: skip
                note(right, f"β {run['beta']:g}", (at, end["true"]), (6, 0), va="center")
        best = record["best_of"]
        right.plot(
            [math.sqrt(p["kl_bound"]) for p in best], [p["true"] for p in best], "s--",
            color=QUIET, lw=1.2, ms=5, label="best of n (1 is SFT)",
        )  # fmt: skip
        for point in (best[0], best[-1]):  # short labels: the longer ones met those of the runs
            note(
                right, str(point["n"]), (math.sqrt(point["kl_bound"]), point["true"]), (-6, 4),
                fontsize=9, color=QUIET, ha="right",
            )  # fmt: skip
        right.set(title="The end of every run with a price", ylabel="true score (points)")
        for axis in (left, right):
            axis.set_xlabel("distance d = √KL from the SFT model (KL in nats)")
            _room(axis)
            axis.legend(loc="best", fontsize=10)
    return shown


def _room(axis: "Axes") -> None:
    """Leave room for labels around what is drawn."""
    (low, high), (left, right) = axis.get_ylim(), axis.get_xlim()
    pad = 0.12 * (high - low)
    axis.set_ylim(low - pad, high + pad)
    axis.set_xlim(min(left, -0.02 * right), right + 0.06 * (right - left))


def in_words(record: Mapping[str, Any]) -> str:
    """Return what the recorded runs found, in a sentence that follows from them."""
    runs = record["runs"]
    free = next(run for run in runs if run["beta"] == 0)
    best = max(runs, key=lambda run: run["end"]["true"])
    proxy = max(runs, key=lambda run: run["end"]["reward"])
    kl = [run["end"]["kl"] for run in sorted(runs, key=lambda run: run["beta"])]
    falls = all(a >= b for a, b in itertools.pairwise(kl))
    way = (
        "the dearer a nat, the smaller the KL" if falls else "a dearer nat didn't always mean less"
    )
    start, end = record["start"], free["end"]
    return (
        f"The reward model likes the run with β = {proxy['beta']:g} best "
        f"({proxy['end']['reward']:.2f} deviations), the labeler the run with β = "
        f"{best['beta']:g} ({best['end']['true']:.2f} points). Without a price the reward goes "
        f"from {start['reward']:.2f} to {end['reward']:.2f} and the true score from "
        f"{start['true']:.2f} to {end['true']:.2f}. On the whole: {way}."
    )


def best_of_table(record: Mapping[str, Any]) -> Page:
    """Return what the reward model picks out of n answers of the SFT model: both scores, and KL."""
    return table(
        [
            {
                "best of": point["n"],
                "reward (deviations)": f"{point['reward']:.2f}",
                "true score (points)": f"{point['true']:.2f}",
                "upper bound of the KL (nats)": f"{point['kl_bound']:.2f}",
            }
            for point in record["best_of"]
        ]
    )


# Hacked answers, and the repair -------------------------------------------------------------------


def conversation(text: str) -> tuple[str, str]:
    """Return request and answer of a text in the chat format of the mini models."""
    from course.world import phrases

    request, _, answer = text.partition(phrases.ASSISTANT)
    return request.replace(phrases.USER, "").strip(), answer.replace(phrases.END, "").strip()


def hacked(answers: Sequence[str]) -> Page:
    """Return recorded answers of the hacking policy as a table of request and answer."""
    pairs = [conversation(text) for text in answers]
    return table([{"request": r, "answer": a or "(nothing)"} for r, a in pairs])


def repair(hacking: Mapping[str, Any]) -> Page:
    """Return how often the reward model is right about clear pairs, before and after the repair.

    Parameters
    ----------
    hacking : dict
        The run record ``hacking``.
    """
    rows = (
        ("as it was trained", "two SFT answers", hacking["clear_honest"]),
        ("as it was trained", "an SFT answer and a hacked one", hacking["clear_hacked"]),
        ("after the second round", "an SFT answer and a hacked one", hacking["clear_repaired"]),
    )
    return table(
        [
            {"reward model": who, "clear pairs of": pairs, "right": f"{share:.0%}"}
            for who, pairs, share in rows
        ]
    )


# InstructGPT --------------------------------------------------------------------------------------


def published_beside_ours() -> Page:
    """Return the published figures of InstructGPT's PPO, with those of our recipe beside them."""
    from course.stages import ppo

    with (paths.DATA / "family" / "rlhf.csv").open(encoding="utf-8", newline="") as file:
        published = list(csv.DictReader(file))
    ours = {k: f"{v:g}" for k, v in vars(ppo.Recipe()).items() if isinstance(v, int | float)}
    rows = []
    for row in published:
        value = f"{int(row['value']):,}" if row["value"].isdigit() else row["value"]
        rows.append(
            {
                "InstructGPT": row["quantity"],
                "published": f"{value} ± {row['error']}" if row["error"] else value,
                "unit": row["unit"],
                "source": row["source"],
                "ours": ours.get(row["key"], ""),
            }
        )
    return table(rows)


# The headline -------------------------------------------------------------------------------------


def headline(record: Mapping[str, Any], paper: Sequence[Mapping[str, Any]]) -> Picture:
    """Draw the wins of the small tuned model over the large base model, beside the paper's.

    Parameters
    ----------
    record : dict
        The run record ``headline``.
    paper : sequence of dict
        Published win rates: ``label``, ``value`` and ``error`` (percent).
    """
    ours = [
        ("bare request", record["win_zero_shot"], record["intervals"]["zero_shot"]),
        ("worked examples first", record["win_few_shot"], record["intervals"]["few_shot"]),
        ("bare request, by truth alone", record["truth_zero_shot"], None),
        ("worked examples, by truth alone", record["truth_few_shot"], None),
    ]
    theirs = [
        (p["label"], p["value"] / 100, [(p["value"] + s * p["error"]) / 100 for s in (-1, 1)])
        for p in paper
    ]
    titles = (
        f"Ours, against a base model {record['parameter_ratio']:.0f} times as large",
        "The paper, both of 175B",
    )
    alt = "Share of wins. " + "; ".join(f"{name}: {win:.0%}" for name, win, _ in (*ours, *theirs))
    with picture(2, width=9.2, height=3.3, alt=alt + ".", width_ratios=[3, 2], sharex=True) as (
        shown,
        axes,
    ):
        for axis, rows, title, shade in zip(
            axes, (ours, theirs), titles, (colour("mini-instruct"), QUIET), strict=True
        ):
            axis.axvline(0.5, color=INK, lw=1.2, ls="--")
            for y, (_, win, interval) in enumerate(rows):
                if interval:
                    axis.plot(interval, [y, y], color=shade, lw=3, solid_capstyle="butt")
                axis.plot([win], [y], "o" if interval else "D", color=shade, ms=8)
                note(
                    axis, f"{win:.0%}", (win, y), (0, 9), ha="center",
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
                )  # fmt: skip
            name_rows(axis, [name for name, *_ in rows])
            axis.set(xlim=(0, 1.02), ylim=(len(rows) - 0.5, -0.7))
            percent_ticks(axis, "x", HALVES)
            axis.set_title(title, fontsize=11)
            axis.set_xlabel("share of wins")
    return shown


def headline_in_words(record: Mapping[str, Any]) -> str:
    """Return what the headline's record says, in words that follow from its numbers."""
    low, high = record["intervals"]["few_shot"]
    share = f"{record['win_few_shot']:.0%} (95 %: {low:.0%} to {high:.0%})"
    if low > 0.5:
        verdict = f"wins clearly: {share}"
    elif high < 0.5:
        verdict = f"loses: {share}"
    else:
        verdict = f"can't be told apart from it: {share}"
    truth = record["truth_few_shot"]
    manners = (
        f"By truth alone it gets {truth:.0%} (equal answers count half), so it wins by manners."
        if truth < 0.5
        else f"By truth alone it gets {truth:.0%} (equal answers count half)."
    )
    return (
        f"Against the large base model with worked examples before the request the small tuned "
        f"model {verdict}. {manners}"
    )
