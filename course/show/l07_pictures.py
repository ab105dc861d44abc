"""The pictures that explain PPO: the loop of four models, GAE's way back, the sides of a clip.

They show no measurement: the loop is SVG by hand, the other two are drawn from the formulas, with
made-up numbers where there are any. What was measured is in `l07_rlhf`.
"""

import html
from collections.abc import Sequence

from course.language import _
from course.show.charts import name_rows, note, set_ticks
from course.show.style import ACCENT, INK, LINE, QUIET, Page, Picture, picture

WIDTH, HEIGHT = 872, 372
LEARNS, FIXED = "#fdf1e7", "#f2f4f6"  # grounds of boxes: what is trained, and what isn't
NUMBERS = "#eaf2fb"  # … and what is computed
ANSWER = ("Of", "course", ".", "Bella", "loves", "noodles", ".")
REWARDS = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.4)
VALUES = (0.3, 0.6, 0.6, 0.7, 0.5, 0.9, 1.3)
LAM, LOOKED = 0.8, 3  # whose token's advantage is explained

GOOD, BAD = "#00745a", "#8a3f77"


# The loop -----------------------------------------------------------------------------------------


def _box(x: int, y: int, width: int, height: int, lines: Sequence[str], ground: str) -> str:
    """Return a box with a bold first line; a line that begins with ` is in a fixed width."""
    edge = ACCENT if ground == LEARNS else LINE
    parts = [
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="7" fill="{ground}" '
        f'stroke="{edge}" stroke-width="{2 if ground == LEARNS else 1.2}"/>'
    ]
    top = y + height / 2 - 8.5 * (len(lines) - 1) + 4.5
    for i, line in enumerate(lines):
        parts.append(_text(x + width // 2, round(top + 17 * i), line, bold=not i))
    return "".join(parts)


def _text(x: int, y: int, words: str, *, bold: bool = False, anchor: str = "middle") -> str:
    code = words.startswith("`")
    family = ' font-family="monospace"' if code else ""
    weight = ' font-weight="bold"' if bold else ""
    colour = ACCENT if code else INK if bold else QUIET
    return (
        f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-size="{12 if code else 13}" '
        f'fill="{colour}"{family}{weight}>{html.escape(words.strip("`"))}</text>'
    )


def ppo_loop() -> Page:
    """Return the picture of one round: who writes, who judges, what is computed, who learns."""
    boxes = [
        _box(14, 128, 138, 84, (_("policy"), _("writes the answer"), _("learns")), LEARNS),
        _box(204, 142, 126, 56, (_("answers"), _("tokens, their ln p")), NUMBERS),
        _box(388, 34, 196, 62, (_("reward model"), _("one score per answer")), FIXED),
        _box(388, 139, 196, 62, (_("reference model"), _("ln p of each token")), FIXED),
        _box(388, 244, 196, 62, (_("value model"), _("what is still to come; learns")), LEARNS),
        _box(660, 82, 198, 62, (_("rewards of tokens"), "`kl_penalised_rewards"), NUMBERS),
        _box(660, 208, 198, 62, (_("advantages, returns"), "`gae"), NUMBERS),
    ]
    straight = (
        "M152 170H202", "M330 170H386", "M358 170V65H386", "M358 170V275H386",
        "M584 65H622V104H658", "M584 170H622V122H658", "M584 262H622V250H658", "M759 144V206",
    )  # fmt: skip
    back = ("M759 270V340H83V214", "M486 340V308")
    arrows = "".join(
        f'<path d="{d}" fill="none" stroke="{QUIET}" stroke-width="1.6" marker-end="url(#ppo-go)"/>'
        for d in straight
    ) + "".join(
        f'<path d="{d}" fill="none" stroke="{ACCENT}" stroke-width="2.2" '
        'stroke-dasharray="6 4" marker-end="url(#ppo-back)"/>'
        for d in back
    )
    heads = "".join(
        f'<marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        f'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="{shade}"/></marker>'
        for name, shade in (("ppo-go", QUIET), ("ppo-back", ACCENT))
    )
    words = [
        _text(83, 106, _("a request goes in")),
        _text(284, 330, "`ppo_loss"),
        _text(284, 360, _("small steps of the policy")),
        _text(560, 330, "`value_loss"),
        _text(623, 360, _("steps of the value model")),
        _text(486, 20, _("judge what was written"), bold=True),
        _text(759, 20, _("numbers for each token"), bold=True),
        _text(83, 20, _("writes"), bold=True),
    ]
    said = _(
        "One round of PPO. The policy writes answers to requests. The reward model gives each "
        "answer one score; the reference model says how likely it finds each token; the value "
        "model says what it expects still to come. Score and reference give the rewards of the "
        "tokens, rewards and values give the advantages. These move the policy (ppo_loss) and the "
        "value model (value_loss), a few small steps; then the next round begins. Reward model "
        "and reference model stay as they are."
    )
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'style="max-width:{WIDTH}px;width:100%;height:auto" '
        f'font-family="Helvetica, Arial, sans-serif"><title>{html.escape(said)}</title>'
        f'<defs>{heads}</defs><rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>'
        f"{arrows}{''.join(boxes)}{''.join(words)}</svg>"
    )
    return Page(svg, said)


# GAE ----------------------------------------------------------------------------------------------


def gae_arrows() -> Picture:
    """Draw an answer's surprises, and how the later ones flow back to one of its tokens."""
    from matplotlib.patches import FancyArrowPatch

    after = (*VALUES[1:], 0.0)
    surprises = [round(r + n - v, 9) for r, n, v in zip(REWARDS, after, VALUES, strict=True)]
    total = sum(LAM**k * d for k, d in enumerate(surprises[LOOKED:]))
    said = ", ".join(f"{w} {d:+.1f}" for w, d in zip(ANSWER, surprises, strict=True))
    alt = _(
        "The surprises of an answer's tokens: {said}. The advantage of "
        "{token!r} is its own surprise and those after it, each step further "
        "by λ = {lam:g} less: {total:.2f}."
    ).format(said=said, token=ANSWER[LOOKED], lam=LAM, total=total)
    with picture(width=9.2, height=4.0, alt=alt) as (shown, (axis,)):
        shades = [GOOD if d >= 0 else BAD for d in surprises]
        axis.bar(range(len(ANSWER)), surprises, width=0.52, color=shades)
        axis.axhline(0, color=INK, lw=1)
        for i, d in enumerate(surprises):
            note(axis, f"δ = {d:+.1f}" if d else "δ = 0", (i, max(d, 0)), (0, 5), ha="center")
        for k, start in enumerate(range(LOOKED + 1, len(ANSWER)), 1):
            arrow = FancyArrowPatch(
                (start, 0.78), (LOOKED + 0.06 * k, 0.78), arrowstyle="-|>", mutation_scale=13,
                connectionstyle=f"arc3,rad={0.34 + 0.05 * k}", color=ACCENT,
                lw=3.2 * LAM**k, shrinkA=2, shrinkB=2,
            )  # fmt: skip
            axis.add_patch(arrow)
            weight = "× λ" if k == 1 else f"× λ{'²³⁴⁵'[k - 2]}"
            note(
                axis, weight, (start, 0.78), (0, -14), color=ACCENT, ha="center", fontsize=11,
            )  # fmt: skip
        note(
            axis,
            _(
                "advantage of “{token}”: {total:.2f}\n"
                "its own surprise and what flows back"
            ).format(token=ANSWER[LOOKED], total=total),
            (LOOKED, 0.78), (-12, -5), ha="right", fontsize=11, color=ACCENT,
        )  # fmt: skip
        name_rows(
            axis,
            [f"{w}\nV {v:g}\nr {r:g}" for w, v, r in zip(ANSWER, VALUES, REWARDS, strict=True)],
            side="x",
        )
        axis.set(ylim=(-0.3, 1.5), xlim=(-0.6, len(ANSWER) - 0.4))
        axis.set_ylabel(_("surprise δ"))
        set_ticks(axis, "y", (-0.2, 0, 0.2, 0.4))
        axis.set_title(
            _("Later surprises flow back, weaker with each step (λ = {lam:g})").format(lam=LAM)
        )
    return shown


# The clip -----------------------------------------------------------------------------------------


def clip(clip: float = 0.2) -> Picture:
    """Draw what counts of a token by its ratio: one panel for a good token, one for a bad one.

    Parameters
    ----------
    clip : float
        The ε.
    """
    low, high, ends = 1 - clip, 1 + clip, (0.0, 2.0)
    panels = (
        (_("A good token (advantage +1)"), 1.0, (*(ends[0], high, ends[1]),)),
        (_("A bad token (advantage −1)"), -1.0, (*(ends[0], low, ends[1]),)),
    )
    alt = _(
        "What counts of a token by its ratio, with a clip of {clip:g}. With a "
        "positive advantage it rises up to a ratio of {high:g} and is level "
        "beyond. With a negative advantage it is level below {low:g}, and "
        "falls without end above."
    ).format(clip=clip, high=high, low=low)
    with picture(2, width=9.2, height=3.7, alt=alt) as (shown, axes):
        for axis, (title, advantage, corners) in zip(axes, panels, strict=True):
            axis.axvspan(low, high, color=NUMBERS, lw=0)
            axis.plot(ends, [advantage * x for x in ends], "--", color=LINE, lw=1.6)
            good = advantage > 0
            counts = [min(x, high) if good else -max(x, low) for x in corners]
            axis.plot(corners, counts, color=GOOD if good else BAD, lw=3)
            axis.plot([1], [advantage], "o", color=INK, ms=6, zorder=4)
            note(axis, _("start"), (1, advantage), (-8, 6 if good else -16), ha="right")
            axis.set(title=title, xlabel=_("ratio ρ: new probability / old"), xlim=ends)
            set_ticks(axis, "x", (0, low, 1, high, 2))
        left, right = axes
        left.set(ylim=(0, 2.1), ylabel=_("what counts"))
        right.set(ylim=(-2.1, 0.1))
        note(left, _("without a clip"), (1.6, 1.6), (-8, 4), color=QUIET, ha="right")
        note(
            left,
            _("level: going on\ngains nothing"),
            (1.6, high),
            (0, -34),
            color=GOOD,
            ha="center",
        )
        note(
            right,
            _("level: going on\ngains nothing"),
            (0.4, -low),
            (0, -34),
            color=BAD,
            ha="center",
        )
        note(
            right, _("never level here: a\nmistake counts in full"), (1.2, -1.0), (2, 0), color=BAD
        )
    return shown
