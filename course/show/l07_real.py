"""A real model learns from a reward: three recorded runs in pictures and words, and a live one.

Messages, reward and training are `course.studies.l07_real_rloo`'s; how a live demo goes on is
`course.show.live_real`'s. The live run has fewer rollouts. Left out on purpose: wins by the rule
after the live run, which would need more replies than a minute has room for.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from course.language import N_, _
from course.show import live_real, sources, style
from course.show.charts import note, percent_ticks
from course.stats import percent, percent_within

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RECORD, READING = "smollm2_ppo", "smollm2_reading"
NAMES = {
    "untouched": N_("SmolLM2, untouched"),
    "priced": N_("β above 0"),
    "free": N_("β = 0"),
}
READS = N_("after a reward that reads the message")
ROLLOUTS, ASKED = 5, 6  # of the live run: rollouts, and messages that are asked before and after
BETAS = (0.0, 1.0)


# The recorded runs --------------------------------------------------------------------------------


def real_ppo() -> None:
    """Show what the recorded runs measured: curves, a table, and replies."""
    found = sources.record(RECORD)
    if found is None:
        return
    style.show(
        _picture(found),
        style.table([_row(found, way) for way in NAMES]),
        style.table([_replies(one, NAMES) for one in found["examples"]]),
    )
    sources.figure_line(
        found | {"name": RECORD},
        _(
            "{replies} drawn replies to {held_out_messages} messages that no run was trained on. "
            "Each run had {rollouts} rollouts of {in_a_rollout} replies. All of it took "
            "{computing:.0f} s of processor time and at most {memory_mb:,} MB of memory."
        ),
    )


def real_hack() -> None:
    """Show what the run without a price wrote on its way, with its rewards."""
    found = sources.record(RECORD)
    if found is not None:
        style.show(
            style.table(
                [
                    {
                        _("rollout"): one["rollout"],
                        _("message"): one["message"],
                        _("reply with β = 0"): " ".join(one["reply"].split()),
                        _("reward"): f"{one['reward']:+.1f}",
                    }
                    for one in found["free"]["on_the_way"]
                ]
            )
        )


def _picture(found: dict[str, Any]) -> style.Picture:
    ways = {"priced": style.ACCENT, "free": style.QUIET}
    alt = "; ".join(
        _(
            "{way}: mean reward {first:.1f} in the first rollout and {last:.1f} in the last, "
            "KL then {kl:.0f} nats"
        ).format(
            way=_named(found, way),
            first=round(found[way]["curve"][0][1], 1) + 0,
            last=found[way]["curve"][-1][1],
            kl=found[way]["curve"][-1][2],
        )
        for way in ways
    )
    with style.picture(2, width=9.6, height=3.8, alt=f"{alt}.") as (picture, axes):
        for at, (axis, title) in enumerate(
            zip(axes, (_("Mean reward of a rollout"), _("KL, nats per reply")), strict=True), 1
        ):
            for way, shade in ways.items():
                curve = found[way]["curve"]
                x, y = [point[0] for point in curve], [point[at] for point in curve]
                axis.plot(x, y, color=shade, lw=2, label=_named(found, way))
            axis.set(xlabel=_("rollout"))
            axis.set_title(title)
        axes[0].legend(fontsize=9.5, loc="upper left")
    return picture


def _named(found: dict[str, Any], way: str) -> str:
    return f"β = {found['beta']:g}" if way == "priced" else _(NAMES[way])


def _row(found: dict[str, Any], way: str) -> dict[str, str]:
    one = found[way]
    return {"": _named(found, way)} | _judged(one) | {
        _("say “glad” or “happy”"): percent(one["glad"], 0),
        _("say “sorry”"): percent(one["sorry"], 0),
    }  # fmt: skip


def _judged(one: dict[str, Any]) -> dict[str, str]:
    """Return what reward and rule say of a policy; the untouched one has no wins and no KL."""
    won = one.get("interval")
    return {
        _("mean reward (deviations)"): f"{one['reward']:+.1f}",
        _("wins by the rule (95%)"): percent_within(one["win"], *won) if won else "",
        _("points of the rule"): f"{one['points']:.1f}",
        _("KL, nats per reply"): f"{one['kl']:.1f} ± {1.96 * one['kl_error']:.1f}" if won else "0",
    }


def _replies(one: dict[str, str], names: dict[str, str]) -> dict[str, str]:
    return {_("message"): one["message"]} | {
        _(name): " ".join(one[way].split()) for way, name in names.items()
    }


# A reward that reads the message ------------------------------------------------------------------


def real_reading() -> None:
    """Show what SmolLM2 says to good news and to bad after a reward that reads the message."""
    found = sources.record(READING)
    if found is None:
        return
    judge, names = found["reward_model"], {"untouched": NAMES["untouched"], "reading": READS}
    style.show(
        _news(found),
        style.table([{"": _(name)} | _judged(found[way]) for way, name in names.items()]),
        style.table([_replies(one, names) for one in found["examples"]]),
    )
    sources.figure_line(
        found | {"name": READING} | judge | {"agreed": percent(judge["agreement"], 0)}
        | {"most": percent(judge["ceiling"], 0), "reads": percent(judge["reads"], 0)},
        _(
            "The reward model learned from {pairs:,} choices. On pairs about other messages it "
            "agrees with the labeler in {agreed}; {most} would be the most. For {reads} of the "
            "{held_out_messages} messages that it hasn't seen it knows whether “glad” or “sorry” "
            "fits. SmolLM2 had {rollouts} rollouts of {in_a_rollout} replies, β = {beta:g}. All of "
            "it took {computing:.0f} s of processor time and at most {memory_mb:,} MB of memory."
        ),
    )  # fmt: skip


def _news(found: dict[str, Any]) -> style.Picture:
    """Draw how often replies are glad and sorry, for good news and for bad."""
    ways = (("untouched", NAMES["untouched"], style.QUIET), ("reading", READS, style.ACCENT))
    words = (("glad", N_("say “glad” or “happy”")), ("sorry", N_("say “sorry”")))
    panels = (("good", N_("To good news")), ("bad", N_("To bad news")))
    alt = "; ".join(
        f"{_(title)}, {_(name)}: "
        + ", ".join(f"{_(text)} {percent(found[way][f'{news}_{word}'], 0)}" for word, text in words)
        for news, title in panels
        for way, name, _shade in ways
    )
    with style.picture(2, width=9.2, height=3.6, alt=f"{alt}.", sharey=True) as (picture, axes):
        for axis, (news, title) in zip(axes, panels, strict=True):
            for side, (way, name, shade) in zip((-0.2, 0.2), ways, strict=True):
                shares = [found[way][f"{news}_{word}"] for word, _text in words]
                axis.bar([side, 1 + side], shares, 0.38, color=shade, label=_(name))
                for place, share in enumerate(shares):
                    note(axis, percent(share, 0), (place + side, share), (0, 3), ha="center")
            axis.set_xticks([0, 1], [_(text) for _word, text in words])
            axis.set(ylim=(0, 1.08))
            axis.set_title(_(title))
            percent_ticks(axis, "y")
        axes[0].legend(fontsize=9.5, loc="upper right")
    return picture


# The live run -------------------------------------------------------------------------------------


class LiveRealPPO(live_real.LiveReal):
    """SmolLM2 learns from the recorded reward model."""

    instead = N_("are the recorded runs")
    stops = ()  # replies take as long as a rollout
    measure = N_("reward")
    form = (".1f", ".1f")

    def __init__(self, beta: float, seconds: float) -> None:
        super().__init__(seconds)
        from course.stages.stage import RLOO
        from course.studies import l07_real_rloo

        self.study, self.beta = l07_real_rloo, float(beta)
        self.needs = RLOO
        self.name = _("RLOO on SmolLM2, β = {beta:g}").format(beta=self.beta)

    def load(self) -> None:
        """Load the model and the reward model."""
        from course.errors import CourseError
        from course.studies import l06_real_reward

        low, high = BETAS
        if not low <= self.beta <= high:
            raise CourseError(_("Choose a β from {low:g} to {high:g}.").format(low=low, high=high))
        super().load()
        self.reward = l06_real_reward.shipped()
        self.told = l06_real_reward.messages("train")
        self.asked = l06_real_reward.messages("test")[:ASKED]

    def prepare(self) -> None:
        """Put the adapter in."""
        from dataclasses import replace

        super().prepare()
        self.recipe = replace(self.study.FULL, beta=self.beta, rollouts=ROLLOUTS)
        self.planned = self.recipe.steps

    def training(self, model: Any, trial: bool) -> Iterator[Any]:
        """Return the training of the adapter."""
        return self.study.training(
            model, self.tokenizer, self.told, self.reward, self.recipe, **self.exercises
        )

    def value(self, p: Any) -> float:
        """Return the mean reward of a step's replies."""
        return p.metrics["reward"]

    def ask(self, plain: Any) -> list[str]:
        """Return drawn replies to held-out messages."""
        return self.study.drawn(plain, self.tokenizer, self.asked, 7)[1]

    def judged(self) -> tuple[float, float, float]:
        """Return the mean reward of the replies, and its interval."""
        from course.stats import mean_interval

        mean, half = mean_interval([[value] for value in self.reward(self.answers[-1])])
        return float(mean[0]), float(mean[0] - half[0]), float(mean[0] + half[0])

    def dress(self, left: "Axes", right: "Axes") -> None:
        """Give both axes their titles and scales."""
        left.set(ylim=(-1.5, 3.5), ylabel=_("reward (deviations)"))
        left.set_title(_("Mean reward of the replies, live"))
        left.legend(fontsize=9.5, loc="upper left")
        right.set_ylim(-1.5, 3.5)
        right.set_title(_("Replies to other messages"), fontsize=11)

    def conclude(self) -> None:
        """Show the first and the last replies side by side."""
        self.tell(
            _(
                "{done} of {planned} steps, {seconds:.0f} s. The mean reward of {replies} replies "
                "to other messages went from {before:+.1f} to {after:+.1f} deviations."
            ).format(
                done=self.done,
                planned=self.planned,
                seconds=self.seconds,
                replies=len(self.asked),
                before=self.points[0][1],
                after=self.points[-1][1],
            )
        )
        self.admit()
        rows = [
            {
                _("message"): message,
                "SmolLM2": " ".join(old.split()),
                _("after RLOO, β = {beta:g}").format(beta=self.beta): " ".join(new.split()),
            }
            for message, old, new in zip(self.asked, self.answers[0], self.answers[-1], strict=True)
        ]
        style.show(style.table(rows))

    def recorded(self) -> None:
        """Say what the recorded runs reached."""
        found = sources.record(RECORD)
        if found is not None:
            shares = {"won": percent(found["win"], 0), "name": RECORD}
            sources.figure_line(
                found | shares,
                _(
                    "With β = {beta:g} the mean reward of replies to other messages rose by "
                    "{reward_gain:.1f} deviations, and the rule preferred {won} of them to those "
                    "of the untouched model."
                ),
            )


def live_real_ppo(beta: float = 0.1, seconds: float = 45.0) -> LiveRealPPO | None:
    """Train SmolLM2 with the reward of lesson 06, in front of the reader's eyes.

    Parameters
    ----------
    beta : float
        Price of a nat, in deviations of the reward.
    seconds : float
        How long it may take; ``COURSE_DEMO_SECONDS`` overrides it. Loading comes on top.

    Returns
    -------
    LiveRealPPO or None
        None while grading, and where a model or an answer to an exercise is missing.
    """
    return LiveRealPPO(beta, seconds).run()
