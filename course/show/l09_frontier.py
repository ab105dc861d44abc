"""What lesson 09 shows: the best policy there is, three methods on one picture, and what they cost.

All but the first picture is drawn from the run record ``frontier``; nothing is trained here (the
DPO that trains in front of you is in `live_dpo`). KLs are drawn at their roots, at the distance
that Gao et al. (2022, arXiv:2210.10760) found scores to follow. Left out on purpose: bands over
seeds, since there is one run for each point.
"""

import csv
import html
import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from course import paths
from course.language import N_, _
from course.show import sources
from course.show.charts import name_rows, note
from course.show.style import ACCENT, INK, QUIET, Page, Picture, colour, picture, table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Points = list[dict[str, Any]]

SHADES = {
    "best-of-n": (INK, "s"),
    "DPO": ("#1b639b", "^"),
    N_("PPO, no price"): (ACCENT, "o"),
    N_("PPO, with a price"): ("#00745a", "D"),
}
PETAFLOP_DAY = 1e15 * 86_400
# An invented request with six answers: how likely under the reference model, and their reward.
ANSWERS = ((0.25, -0.5), (0.35, 0.0), (0.12, 0.3), (0.18, 0.8), (0.07, 1.6), (0.03, 2.2))
PRICES = (3.0, 0.8, 0.25)
# InstructGPT 175B (arXiv:2203.02155, App. C.4) and what we assume of it.
EPISODES, MORE, LARGE, JUDGE = 256_000, 8, 175e9, 6e9
EPISODE_TOKENS, WINDOW = 1_000, 2_048


# The best policy there is -------------------------------------------------------------------------


def tilted(beta: float) -> tuple[list[float], float, float]:
    """Return the best policy over the six answers for a price, its reward and its KL."""
    top = max(reward / beta for _, reward in ANSWERS)
    weights = [chance * math.exp(reward / beta - top) for chance, reward in ANSWERS]
    total = sum(weights)
    mean = sum(w * reward for w, (_, reward) in zip(weights, ANSWERS, strict=True)) / total
    return [w / total for w in weights], mean, mean / beta - top - math.log(total)


def ideal() -> Picture:
    """Draw the best policies for three prices, and the reward of all prices against their KL."""
    start = sum(chance * reward for chance, reward in ANSWERS)
    with picture(2, width=9.2, height=3.8, width_ratios=[3, 2]) as (shown, (left, right)):
        groups = [(_("reference"), [chance for chance, _x in ANSWERS], QUIET)]
        shades = ("#a9cbe6", "#4a90c4", "#123f68")
        groups += [(f"β = {b:g}", tilted(b)[0], s) for b, s in zip(PRICES, shades, strict=True)]
        for number, (name, chances, shade) in enumerate(groups):
            at = [i + 0.2 * (number - 1.5) for i in range(len(ANSWERS))]
            left.bar(at, chances, width=0.19, color=shade, label=name)
        left.set_xticks(range(len(ANSWERS)), [f"{reward:g}" for _x, reward in ANSWERS])
        left.set(xlabel=_("reward of the answer"), ylabel=_("probability"), ylim=(0, 1))
        left.set_title(_("The best policy for a price"))
        left.grid(axis="x", visible=False)
        left.legend(loc="upper left", fontsize=10)
        line = [tilted(10 ** (2 - i / 20))[1:] for i in range(80)]
        right.plot([kl for _x, kl in line], [reward for reward, _x in line], color=INK)
        for beta, shade in zip(PRICES, shades, strict=True):
            _x, reward, kl = tilted(beta)
            right.plot([kl], [reward], "o", color=shade, mec=INK, ms=9)
            note(right, f"β = {beta:g}", (kl, reward), (8, -10))
        right.set(
            xlabel=_("KL from the reference (nats)"), ylabel=_("mean reward"), xlim=(-0.1, 3.8)
        )
        right.set_ylim(start - 0.25, max(reward for _x, reward in ANSWERS) + 0.2)
        right.set_title(_("All prices: the frontier"))
    said = "; ".join(
        _("β {beta:g}: reward {reward:.2f} at {kl:.2f} nats").format(
            beta=beta, reward=reward, kl=kl
        )
        for beta, (_x, reward, kl) in zip(PRICES, map(tilted, PRICES), strict=True)
    )
    shown.alt = _(
        "The reference model has a mean reward of {start:.2f}. Best policies: {said}."
    ).format(start=start, said=said)
    return shown


# Three methods on one picture ---------------------------------------------------------------------


def ways(record: Mapping[str, Any]) -> dict[str, Points]:
    """Return each method's points by KL, the first of them the SFT model itself."""
    start = next(p for p in record["points"] if p["name"] == "best of 1")
    found: dict[str, Points] = {name: [start] for name in SHADES}
    for point in record["points"]:
        if point is not start:
            found[point["method"]].append(point)
    return {name: sorted(points, key=lambda p: p["kl"]) for name, points in found.items()}


def label(point: Mapping[str, Any]) -> str:
    """Return a point's setting, short."""
    if point["method"] == "DPO":
        return f"β {point['setting']:g}"
    return f"{point['iterations']}" if point["iterations"] else f"{point['setting']:.0f}"


def frontier(record: Mapping[str, Any]) -> Picture:
    """Draw proxy (left) and true score (right) of all policies against KL.

    Parameters
    ----------
    record : dict
        The run record ``frontier``.
    """
    found = ways(record)
    with picture(2, width=9.2, height=5.0) as (shown, axes):
        for axis, key, title, unit in zip(
            axes,
            ("reward", "true"),
            (_("The proxy: the reward model"), _("The truth: the labeler")),
            (_("reward (deviations)"), _("true score (points)")),
            strict=True,
        ):
            for name, points in found.items():
                shade, mark = SHADES[name]
                at = [_distance(p) for p in points]
                heights = [p[key] for p in points]
                if name != "PPO, with a price":  # its points come from several runs
                    axis.plot(at, heights, color=shade, lw=1.6, alpha=0.7)
                axis.plot(at[1:], heights[1:], mark, color=shade, ms=7, label=_(name))
                if key == "true":
                    bars = [1.96 * p["true_error"] for p in points]
                    axis.errorbar(at, heights, bars, fmt="none", ecolor=shade, alpha=0.5, lw=1.2)
            axis.plot(
                [0], [found["DPO"][0][key]], "*", color=colour("mini-sft"), ms=15, mec=INK,
                label="mini-sft",
            )  # fmt: skip
            axis.set(title=title, ylabel=unit)
            _root_scale(axis, record["points"])
        for name, aside, side in (
            ("PPO, no price", (-8, -14), "right"),
            ("DPO", (9, -3), "left"),
        ):
            end = found[name][-1]
            note(
                axes[1],
                _("{label} rounds").format(label=label(end)) if end["iterations"] else label(end),
                (_distance(end), end["true"]), aside, ha=side, fontsize=9.5, color=SHADES[name][0],
            )  # fmt: skip
        handles, names = axes[0].get_legend_handles_labels()
        shown.figure.legend(handles, names, loc="outside lower center", ncols=5, fontsize=10)
    shown.alt = _("Star: mini-sft. ") + " ".join(
        f"{_(name)}: "
        + "; ".join(
            _("KL {kl:.1f}, proxy {reward:.2f}, true {true:.2f}").format(
                kl=p["kl"], reward=p["reward"], true=p["true"]
            )
            for p in points[1:]
        )
        + "."
        for name, points in found.items()
    )
    return shown


def _distance(point: Mapping[str, Any]) -> float:
    return math.sqrt(max(0.0, point["kl"]))


def _root_scale(axis: "Axes", points: Sequence[Mapping[str, Any]]) -> None:
    """Write KLs at their roots."""
    most = max(p["kl"] for p in points)
    ticks = [t for t in (0, 0.25, 1, 2, 4, 9, 16, 25, 36, 49, 64, 81, 100) if t <= 1.1 * most]
    if most > 12:
        ticks = [t for t in ticks if t not in (0.25, 2)]
    axis.set_xticks([math.sqrt(t) for t in ticks], [f"{t:g}" for t in ticks])
    axis.set_xlim(-0.03 * math.sqrt(most), 1.12 * math.sqrt(most))
    axis.set_xlabel(_("KL from mini-sft (nats per answer; square-root scale)"))


def frontier_table(record: Mapping[str, Any]) -> Page:
    """Return a row for each policy, best-of-n first."""
    return table(
        [
            {
                _("policy"): "mini-sft" if p["name"] == "best of 1" else _(p["name"]),
                _("KL (nats)"): f"{p['kl']:.2f} ± {1.96 * p['kl_error']:.2f}",
                _("proxy"): f"{p['reward']:.2f}",
                _("true score"): f"{p['true']:.2f} ± {1.96 * p['true_error']:.2f}",
                _("wins against mini-sft"): f"{p['win']:.0%} ± {1.96 * p['win_error']:.0%}",
                _("seconds to train"): f"{p['seconds']:.0f}" if p["seconds"] else "",
                _("FLOP to train"): scientific(p["training_flop"]),
                _("FLOP per answer"): scientific(p["answer_flop"]),
            }
            for p in record["points"]
        ]
    )


def scientific(flop: float) -> str:
    """Return a large number such as 4.1 · 10¹²; nothing for 0."""
    if not flop:
        return ""
    power = math.floor(math.log10(flop))
    raised = str(power).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{flop / 10**power:.1f} · 10{raised}"


def in_words(record: Mapping[str, Any]) -> str:
    """Return what the record found, in sentences that follow from its numbers."""
    by_name = {p["name"]: p for p in record["points"]}
    best = {way: by_name[name] for way, name in record["chosen"].items()}
    ranked = sorted(best.values(), key=lambda p: -p["true"])
    shown = ", ".join(
        _("{name} {true:.2f} ± {true_error:.2f} (KL {kl:.1f})").format(
            name=p["name"], true=p["true"], true_error=1.96 * p["true_error"], kl=p["kl"]
        )
        for p in ranked
    )
    first, second = ranked[:2]
    gap = first["true"] - second["true"]
    apart = gap > 1.96 * math.hypot(first["true_error"], second["true_error"])
    verdict = (
        _("{method} is ahead by more than chance explains").format(method=first["method"])
        if apart
        else _("{first} and {second} can't be told apart").format(
            first=first["method"], second=second["method"]
        )
    )
    ahead = _("PPO isn't ahead of the others. ") if not first["method"].startswith("PPO") else ""
    top = max(record["points"], key=lambda p: p["reward"])
    start = by_name["best of 1"]
    return _(
        "The best of each method, by requests of the tuning split, on the "
        "test: {shown}. So {verdict}. {ahead}The highest proxy of all is that "
        "of {name}: {reward:.2f} deviations, with a true score of {true:.2f}; "
        "mini-sft itself has {start_true:.2f}."
    ).format(
        shown=shown,
        verdict=verdict,
        ahead=ahead,
        name=top["name"],
        reward=top["reward"],
        true=top["true"],
        start_true=start["true"],
    )


# What it costs ------------------------------------------------------------------------------------


def costs(record: Mapping[str, Any]) -> Picture:
    """Draw the FLOP of our stages, and the paper's."""
    names = {
        "pretraining": _("pre-training"), "sft": "SFT", "reward": _("reward model"), "dpo": "DPO",
        "ppo": "PPO",
    }  # fmt: skip
    ours = [(shown, record["flop"][key]) for key, shown in names.items()]
    theirs = [(_("GPT-3's pre-training"), 3640.0), ("SFT", 4.9), (_("PPO with rehearsal"), 60.0)]
    groups = (
        (ours, _("Ours, from the record"), colour("mini-babbage")),
        ([(n, d * PETAFLOP_DAY) for n, d in theirs], _("InstructGPT 175B, published"), QUIET),
    )
    with picture(2, width=9.2, height=3.2) as (shown, axes):
        for axis, (rows, title, shade) in zip(axes, groups, strict=True):
            values = [flop for _x, flop in rows]
            axis.plot(
                values, range(len(rows)), "o", color=shade, ms=9
            )  # no bars: the axis has no 0
            axis.hlines(range(len(rows)), min(values) / 20, values, color=shade, lw=1, alpha=0.4)
            name_rows(axis, [name for name, _x in rows])
            axis.invert_yaxis()
            axis.set_xscale("log")
            axis.set_xlim(min(values) / 20, max(values) * 30)
            axis.minorticks_off()
            for y, flop in enumerate(values):
                note(
                    axis, f"{flop / values[0]:.1%}" if y else scientific(flop), (flop, y), (5, 0),
                    va="center",
                )  # fmt: skip
            axis.set_title(title)
            axis.set_xlabel(_("FLOP (log scale), and % of pre-training"), fontsize=10)
    shown.alt = "FLOP. " + "; ".join(
        f"{title}: " + ", ".join(f"{name} {scientific(flop)}" for name, flop in rows)
        for rows, title, _x in groups
    )
    return shown


def costs_in_words(record: Mapping[str, Any]) -> str:
    """Return how large our tuning is beside our pre-training, and what an answer costs."""
    flop = record["flop"]
    share = (flop["sft"] + flop["ppo"]) / flop["pretraining"]
    by_name = {p["name"]: p for p in record["points"]}
    tuned = by_name[record["chosen"]["PPO, with a price"]]
    many = max((p for p in record["points"] if p["method"] == "best-of-n"), key=lambda p: p["kl"])
    more = many["answer_flop"] - tuned["answer_flop"]
    answers = (tuned["training_flop"] - many["training_flop"]) / more
    return _(
        "Ours: SFT and PPO together are {share:.0%} of the pre-training (in "
        "the paper 1.8%). {name} pays with each answer: after about "
        "{answers:,.0f} answers it has cost more than PPO."
    ).format(share=share, name=many["name"][0].upper() + many["name"][1:], answers=answers)


def sixty() -> Page:
    """Return an estimate of what InstructGPT's PPO with rehearsed text cost, part by part."""
    tokens = EPISODES * EPISODE_TOKENS
    text = MORE * EPISODES * WINDOW
    parts = {
        _("writing and reading the episodes (four models)"): 4 * (LARGE + JUDGE) * tokens,
        _("learning from them (policy and value model)"): 6 * (LARGE + JUDGE) * tokens,
        _("learning from pre-training text beside"): 6 * LARGE * text,
    }
    rows = [
        {_("part"): name, "petaflop/s-days": f"{f / PETAFLOP_DAY:.1f}"} for name, f in parts.items()
    ]
    total = sum(parts.values()) / PETAFLOP_DAY
    rows.append({_("part"): _("together, by our assumptions"), "petaflop/s-days": f"{total:.1f}"})
    rows.append({_("part"): _("published (arXiv:2203.02155, §5.1)"), "petaflop/s-days": "60"})
    return table(rows)


# What came after ----------------------------------------------------------------------------------


def afterwards() -> Page:
    """Return one published fact of each step from 2022 on: its source, and where it is here.

    A strip that is read from above, since a phone has no room for five columns.
    """
    with (paths.DATA / "family" / "afterwards.csv").open(encoding="utf-8", newline="") as file:
        rows = [[*map(sources.told, row.values())] for row in csv.DictReader(file)]
    parts = []
    for row in rows:
        when, what, fact, source, here = map(html.escape, row)
        here = re.sub(r"`(.+?)`", r"<code>\1</code>", here)
        parts.append(
            f'<div style="border-left:3px solid {ACCENT};padding:2px 0 12px 14px">'
            f'<div><span style="color:{QUIET}">{when}</span> <b>{what}</b></div>'
            f"<div>{fact[0].upper()}{fact[1:]}.</div>"
            f'<div style="font-size:90%">{_("In this course: {here}.").format(here=here)}</div>'
            f'<div style="font-size:80%;opacity:0.7;overflow-wrap:anywhere">{source}</div></div>'
        )
    text = "\n".join(" | ".join(row) for row in rows)
    return Page(f'<div style="max-width:640px;line-height:1.4">{"".join(parts)}</div>', text)


# The project --------------------------------------------------------------------------------------


def candidates(frame: Any) -> Page:
    """Return what the project's table holds of each candidate.

    Parameters
    ----------
    frame : DataFrame
        Recorded answers, as in ``data/labels/project.csv``.
    """
    rows = []
    for name in dict.fromkeys(frame["candidate"]):
        own = frame[frame["candidate"] == name]
        ratio = (own["logprob"] - own["reference_logprob"]).to_numpy()
        rows.append(
            {
                _("candidate"): name,
                _("answers"): len(own),
                _("proxy, mean"): f"{own['reward'].mean():.2f}",
                _("KL (nats)"): f"{ratio.mean():.1f}",
                _("labels"): int(own["score"].notna().sum()),
                _("their mean"): f"{own['score'].mean():.2f}",
                _("FLOP of training"): scientific(own["training_flop"].iloc[0]) or "0",
                _("FLOP per answer"): scientific(own["answer_flop"].iloc[0]),
            }
        )
    return table(rows)


def looked_up(frame: Any, record: Mapping[str, Any]) -> Page:
    """Return what a few labels said of each candidate beside what very many say (on the test)."""
    true = {p["name"]: p for p in record["points"]}
    true["mini-sft"] = true["best of 1"]
    rows = []
    for name in dict.fromkeys(frame["candidate"]):
        if name in true:
            labels, point = frame[frame["candidate"] == name]["score"].dropna(), true[name]
            rows.append(
                {
                    _("candidate"): name,
                    _("labels in the table"): len(labels),
                    _("their mean"): f"{labels.mean():.2f}",
                    _("proxy"): f"{point['reward']:.2f}",
                    _("true score on the test"): f"{point['true']:.2f} ± "
                    f"{1.96 * point['true_error']:.2f}",
                }
            )
    return table(sorted(rows, key=lambda row: -true[row[_("candidate")]]["true"]))
