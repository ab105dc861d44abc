"""The loop on the page of lesson 06, a model in the labeler's place, and what labels can carry.

The loop itself is in the notebook, with the learner's `reward_loss` in it. What it reads is made
here (answers, vectors, rankings), and what came of it is drawn. If `reward_loss` isn't answered
yet, a relative of it takes its place: not the exercise's loss, so it gives no answer away.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import takewhile
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from course import records
from course.checks import expect_gradient
from course.errors import CourseError
from course.language import _
from course.show import labeling, sizes, sources, style
from course.show.charts import name_rows, note, running_mean
from course.show.l06_feedback import LEAST_ANSWERS, answer_rows, ink_on
from course.show.own import Wanted, take
from course.show.style import ACCENT, INK, LINE, QUIET, Page, Picture, picture

if TYPE_CHECKING:
    from course.studies.l06_rankings import Rankings

SMOOTH = 25  # steps in a mean of the drawn loss
WRITER, JUDGE = "mini-sft", "mini-instruct"


def rankings() -> "Rankings | None":
    """Return ranked answers of mini-sft as vectors, made once; None if a model is missing."""
    writer, judge = sources.load_model(WRITER), sources.load_model(JUDGE)
    if writer is None or judge is None:
        return None
    return _collected()


@cache
def _collected() -> "Rankings":
    from course.lm import model
    from course.studies import l06_rankings

    begin = time.perf_counter()
    mini, tokenizer = model.load(WRITER)
    made = l06_rankings.collect(mini, tokenizer, model.load(JUDGE)[0])
    assert made.test is not None
    style.say(
        _(
            "{writer} has answered {n} requests, {answers} times each, and the "
            "simulated labeler has ranked the answers ({seconds:.0f} s)."
        ).format(
            writer=WRITER,
            n=len(made.order) + len(made.test.order),
            answers=made.order.shape[1],
            seconds=time.perf_counter() - begin,
        )
    )
    return made


def own_functions(notebook: Mapping[str, Any]) -> SimpleNamespace:
    """Return the learner's `reward_loss` if one can train with it, else a relative; say which.

    Whether it is *right* isn't asked: its checks say that, and so does the picture.

    Parameters
    ----------
    notebook : mapping
        The names of the notebook, ``globals()`` there.
    """
    import torch

    def trial(function: Callable[..., Any]) -> None:
        example = torch.tensor([[0.5, -1.0, 2.0]]), torch.tensor([[2, 0, 1]])
        expect_gradient(function, example, "reward_loss", names=["rewards"])
        if shape := tuple(function(*example).shape):
            raise AssertionError(
                _("reward_loss: one number is asked for, not shape {shape}.").format(shape=shape)
            )

    place = _(
        "a relative of it takes its place: there each answer is compared with the next one of the "
        "ranking alone"
    )
    wanted = Wanted("reward_loss", notebook.get("reward_loss"), trial, neighbours_only, place)
    return SimpleNamespace(reward_loss=take(wanted)[0])


def neighbours_only(rewards: Any, order: Any) -> Any:
    """Return a loss in which each answer is compared with the next one of the ranking alone.

    Parameters
    ----------
    rewards : Tensor of float, shape (prompts, answers)
    order : Tensor of int, shape (prompts, answers)
        From best to worst.
    """
    import torch

    values = torch.take_along_dim(rewards, order, dim=1)
    return torch.nn.functional.softplus(values.diff(dim=1)).mean()


def trained(
    losses: Sequence[float], head: Callable[[Any], Any], data: "Rankings"
) -> Picture | None:
    """Draw the losses of a loop, and how often its reward model agrees with fresh labels.

    Parameters
    ----------
    losses : sequence of float
        Of each step.
    head : callable
        Vectors, shape (prompts, answers, width) → rewards, shape (prompts, answers, 1).
    data : Rankings
    """
    test = data.test
    sound = list(takewhile(np.isfinite, losses))
    if not sound or test is None:
        style.say(_("The loop has taken no step with a loss that is a number: nothing to draw."))
        return None
    if len(sound) < len(losses):
        style.say(
            _(
                "From step {n} on the loss is no number any more (nan): the learning "
                "rate may be too high."
            ).format(n=len(sound) + 1)
        )
        losses = sound
    rewards = head(test.vectors).detach().squeeze(-1).nan_to_num()
    bars = {
        _("your head on frozen layers"): (*test.share(test.agreed(rewards)), ACCENT),
        _("mini-reward, from section 6"): (
            *test.share(test.agreed(_mini_reward(test))),
            style.colour("mini-reward"),
        ),
        _("two draws of the labeler"): (*test.share(test.twice), QUIET),
    }
    ceiling, floor = float(test.ceiling.mean()), test.floor
    means = running_mean(losses, SMOOTH)
    alt = (
        _(
            "Left, the loss over {steps} steps: from {first:.2f} to {last:.2f} nats per pair; a "
            "coin has {coin:.2f}, and the noise of the labels alone {floor:.2f}. Right, agreement "
            "with fresh labels on {pairs:,} held-out pairs: "
        ).format(
            steps=len(losses),
            first=losses[0],
            last=means[-1],
            coin=np.log(2),
            floor=floor,
            pairs=len(test.pairs),
        )
        + "; ".join(f"{name} {value:.1%}" for name, (value, _y, _x) in bars.items())
        + _("; the best possible {ceiling:.1%}.").format(ceiling=ceiling)
    )
    widths = [5, 6]
    with picture(2, width=9.6, height=3.5, alt=alt, width_ratios=widths) as (shown, (left, right)):
        left.plot(losses, color=LINE, lw=0.7)
        left.plot(means, color=ACCENT)
        for height, words in (
            (np.log(2), _("ln 2: a coin")),
            (floor, _("the noise of the labels")),
        ):
            left.axhline(height, color=INK, ls="--", lw=1.2)
            note(left, words, (len(losses) - 1, height), (0, 4), ha="right", fontsize=9)
        left.set(xlabel=_("step"), ylabel=_("loss (nats per pair)"), title=_("The loss"))
        left.set_ylim(min(0.3, floor - 0.05), max(0.8, 1.1 * max(means)))
        draw_shares(right, bars, ceiling)
        right.set_title(_("Agreement with fresh labels"))
    return shown


def _mini_reward(test: "Rankings") -> Any:
    """Return mini-reward's rewards of the held-out answers; of zeros where it is missing."""
    found = sources.load_model("mini-reward", quiet=True)
    if found is None:
        return np.zeros(test.order.shape)
    from course.stages import reward

    rows = [row for r in test.rankings for row in r.rows]
    return reward.score(found[1], rows).view(len(test.rankings), -1)


def draw_shares(axis: Any, bars: Mapping[str, tuple[float, float, str]], ceiling: float) -> None:
    """Draw shares with their 95% intervals between a coin and the best possible, in percent."""
    places = np.arange(len(bars))[::-1]
    for place, (value, half, colour) in zip(places, bars.values(), strict=True):
        axis.barh(place, 100 * value, 0.56, color=colour)
        axis.errorbar(100 * value, place, xerr=100 * half, color=INK, capsize=3, lw=1.2)
        note(
            axis, f"{value:.1%}", (50, place), (6, 0), va="center", ha="left", fontsize=10,
            color=ink_on(colour), fontweight="bold",
        )  # fmt: skip
    axis.axvline(100 * ceiling, color=INK, lw=1.4, ls="--")
    note(
        axis, _("the best possible: {ceiling:.1%}").format(ceiling=ceiling),
        (100 * ceiling, len(bars) - 0.52), (-4, 0), ha="right", va="bottom", fontsize=9,
    )  # fmt: skip
    name_rows(axis, list(bars), places)
    axis.set(xlim=(50, 100 * ceiling + 4), ylim=(-0.6, len(bars) - 0.1))
    axis.set_xlabel(_("same choice, in % (50: a coin)"))


def ai_feedback() -> Picture | None:
    """Draw how often a model in the labeler's place chooses as the simulated labeler does.

    Its choice is the answer to which it gives the higher probability. If the learner has labeled
    enough pairs, a sentence says how often it agrees with them.
    """
    data = rankings()
    if data is None or data.test is None:
        return None
    from course.lm import model
    from course.studies import l06_rankings
    from course.world import pairs

    test, bars = data.test, {}
    for name, words in ((WRITER, _("which wrote the answers")), (JUDGE, _("after human feedback"))):
        mini, tokenizer = model.load(name)
        liked = l06_rankings.likes(mini, tokenizer, test.rankings)
        bars[f"{name}, {words}"] = (*test.share(test.agreed(liked)), style.colour(name))
    bars[_("the labeler itself, asked again")] = (*test.share(test.twice), QUIET)
    ceiling = float(test.ceiling.mean())
    own = labeling.open_labels(answer_rows(), labeling.own_file("answers"))
    if own is not None and own.done >= LEAST_ANSWERS:
        mine = own.took_first()
        shown = [p for p in pairs.read() if p.pair in mine]
        takes = l06_rankings.likes_first(mini, tokenizer, shown)
        same = sum(t == mine[p.pair] for t, p in zip(takes, shown, strict=True))
        style.say(
            _("{judge} takes the same answer as you in {same} of your {n} pairs.").format(
                judge=JUDGE, same=same, n=len(shown)
            )
        )
    alt = (
        _("Agreement with a label of the simulated labeler on {n:,} pairs: ").format(
            n=len(test.pairs)
        )
        + "; ".join(f"{name} {value:.1%}" for name, (value, _y, _x) in bars.items())
        + _("; the best possible {ceiling:.1%}.").format(ceiling=ceiling)
    )
    with picture(width=8.6, height=2.6, alt=alt) as (shown_picture, (axis,)):
        draw_shares(axis, bars, ceiling)
    return shown_picture


def knowledge() -> Page | None:
    """Return what pre-training reads next to what labels can carry, and who knew the facts."""
    from course import paths
    from course.world import pairs

    family = paths.DATA / "family"
    try:
        read = _value(pairs.rows(family / "gpt3_training.csv"), "quantity", "training tokens")
        prompts = _value(pairs.rows(family / "rlhf.csv"), "key", "comparisons")
        most = max(
            int(word)
            for row in pairs.rows(family / "instructgpt.csv")
            if row["key"] == "ranked"
            for word in row["value"].split()
            if word.isdigit()
        )
        before, after = records.read("mini-babbage"), records.read("mini-instruct")
    except (CourseError, KeyError, ValueError) as error:
        style.say(_("A figure of this table is missing ({error}).").format(error=error))
        return None
    each = most * (most - 1) // 2
    bits = prompts * each
    rows = [
        (
            _("GPT-3 read in pre-training"),
            _("{count} tokens").format(count=sizes.short(read)),
        ),
        (
            _("InstructGPT's rankings carry at most"),
            _(
                "{prompts:,} prompts × {pairs} pairs × 1 bit = {bits} bits ({kilobytes:.0f} kB)"
            ).format(prompts=prompts, pairs=each, bits=sizes.short(bits), kilobytes=bits / 8e3),
        ),
        (_("mini-babbage, no feedback yet: facts of the village that it tells right"),
         f"{before['recall']:.0%}"),
        (_("mini-sft, after demonstrations: questions for a fact that it answers right"),
         f"{after['truth_before']:.1%}"),
        (_("mini-instruct, after rankings and PPO: the same questions"),
         f"{after['truth_after']:.1%}"),
    ]  # fmt: skip
    return style.table([{_("what"): what, _("how much"): amount} for what, amount in rows])


def _value(rows: Sequence[Mapping[str, str]], column: str, start: str) -> int:
    """Return the whole number of the first row whose `column` begins with `start`."""
    return int(next(row["value"] for row in rows if row[column].startswith(start)))
