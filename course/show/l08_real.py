"""A small safety tuning of a real model: the recorded runs, and a live one.

Requests, answers and rules are `course.studies.l08_real_safety`'s; how a live demo goes on is
`course.show.live_real`'s. The live run learns as one of the recorded ones does and asks a few of
the fixed prompts. What is written after a harmful one isn't shown unless it declines. Left out on
purpose: what the live run does to instructions and false premises.
"""

from collections.abc import Iterator
from typing import Any

from course.errors import CourseError
from course.language import N_, _
from course.show import live_real, sources, style
from course.show.charts import name_rows, note, percent_ticks
from course.stages.stage import SFT
from course.stats import percent

RECORD = "smollm2_safety"
NAMES = {
    "untouched": N_("untouched"),
    "refusals": N_("after refusals alone"),
    "both": N_("after refusals and harmless answers"),
}
KINDS = {
    "instruction": N_("instructions, met"),
    "false premise": N_("false premises, corrected"),
    "harmful": N_("harmful, declined"),
    "harmless": N_("harmless, declined (over-refusal)"),
}
ASKED = 5  # harmful and harmless prompts each in the live run


# The recorded runs --------------------------------------------------------------------------------


def real_safety() -> None:
    """Show the rates of all three models, and some answers."""
    found = sources.record(RECORD)
    if found is None:
        return
    rows = [
        {_("request"): one["request"]} | {_(name): _said(one[way]) for way, name in NAMES.items()}
        for one in found["examples"]
        if one["kind"] != "harmful"
    ]
    style.show(_picture(found), style.table(rows))
    sources.figure_line(
        found
        | {
            "name": RECORD,
            "few": found["demonstrations"]["refusals"],
            "more": found["demonstrations"]["both"],
        },
        _(
            "Learned were {few} refusals in one run, and {more} answers, half of them refusals, "
            "in the other. None of the fixed prompts is among them. All of it took "
            "{computing:.0f} s of processor time and at most {memory_mb:,} MB of memory."
        ),
    )


def _said(one: dict[str, Any]) -> str:
    text = " ".join(one["answer"].split())
    return text if len(text) <= 140 else text[:140].rsplit(" ", 1)[0] + " …"


def _picture(found: dict[str, Any]) -> style.Picture:
    rates = found["rates"]
    alt = "; ".join(
        f"{_(words)}: "
        + ", ".join(f"{percent(rates[way][kind]['rate'], 0)} {_(NAMES[way])}" for way in NAMES)
        for kind, words in KINDS.items()
    )
    shades = {"untouched": style.QUIET, "refusals": style.INK, "both": style.ACCENT}
    with style.picture(width=8.6, height=4.8, alt=f"{alt}.") as (picture, (axis,)):
        for row, kind in enumerate(KINDS):
            for at, way in enumerate(NAMES):
                one, y = rates[way][kind], row + 0.26 * (at - 1)
                value, (low, high) = one["rate"], one["interval"]
                label = _(NAMES[way]) if row == 0 else None
                axis.barh(y, value, 0.22, color=shades[way], label=label)
                ends = [[max(0.0, value - low)], [max(0.0, high - value)]]
                axis.errorbar(value, y, xerr=ends, color=style.LINE, capsize=3, lw=1.2)
                note(axis, percent(value, 0), (high, y), (6, -3), color=shades[way])
        axis.set_title(_("Shares of answers, with 95% intervals"))
        axis.set(xlim=(0, 1.15), ylim=(len(KINDS) + 0.35, -0.5))
        axis.legend(fontsize=9.5, loc="lower right")
        percent_ticks(axis, "x")
        name_rows(axis, [_(words) for words in KINDS.values()])
    return picture


# The live run -------------------------------------------------------------------------------------


class LiveRealSafety(live_real.LiveReal):
    """SmolLM2 learns refusals, alone or with harmless answers."""

    name, needs = N_("Safety tuning"), (SFT[0], "sft_loss")
    instead = N_("are the recorded runs")
    titles = (
        N_("Loss on the answers to learn, live"),
        N_("Requests declined, half of them harmful"),
    )

    def __init__(self, learned: str, seconds: float) -> None:
        super().__init__(seconds)
        self.learned = learned

    def load(self) -> None:
        """Read the prompts and load the model."""
        from course.studies import l05_real_sft, l08_real_safety, l08_smollm2

        if self.learned not in (ways := l08_real_safety.WAYS[1:]):
            raise CourseError(
                _("What is learned is {one!r} or {other!r}: choose one.").format(
                    one=ways[0], other=ways[1]
                )
            )
        self.sft, self.study, self.rules = l05_real_sft, l08_real_safety, l08_smollm2
        asked = l08_smollm2.prompts(ASKED)
        self.asked = [one for one in asked if one.kind in ("harmful", "harmless")]
        super().load()

    def prepare(self) -> None:
        """Put the adapter in, and encode what is learned."""
        from course.real import tune

        super().prepare()
        learned = self.study.demonstrations(self.learned)
        rows = [tune.row(self.tokenizer, *one) for one in learned]
        self.learn(rows, self.study.plan(self.learned, self.study.FULL))

    def training(self, model: Any, trial: bool) -> Iterator[Any]:
        """Return the training of the adapter."""
        return self.sft.training(model, self.rows, **self.exercises, recipe=self.recipe)

    def ask(self, plain: Any) -> list[str]:
        """Return the answers to the fixed prompts."""
        return self.study.answers(plain, self.tokenizer, self.asked, 24)

    def good(self, at: int = -1) -> list[float]:
        """Return which requests are declined; only for the harmful ones that is good."""
        return [*map(self.rules.declines, self.answers[at])]

    def declined(self, kind: str, at: int = -1) -> int:
        """Return how many requests of a kind are declined."""
        both = zip(self.asked, self.good(at), strict=True)
        return sum(bool(hit) for one, hit in both if one.kind == kind)

    def conclude(self) -> None:
        """Show what it does with each request, before and after."""
        self.tell(
            _(
                "{done} of {planned} steps, {seconds:.0f} s. Of {n} harmful requests that it "
                "didn't learn it declined {harmful_before} before and {harmful_after} after, of "
                "as many harmless ones {harmless_before} before and {harmless_after} after."
            ).format(
                done=self.done,
                planned=self.planned,
                seconds=self.seconds,
                n=len(self.asked) // 2,
                harmful_before=self.declined("harmful", 0),
                harmful_after=self.declined("harmful"),
                harmless_before=self.declined("harmless", 0),
                harmless_after=self.declined("harmless"),
            )
        )
        self.admit()
        rows = [
            {
                _("kind"): _("harmful") if one.kind == "harmful" else _("harmless"),
                _("request"): one.text,
                "SmolLM2": self._shown(one.kind, old),
                _("after the tuning"): self._shown(one.kind, new),
            }
            for one, old, new in zip(self.asked, self.answers[0], self.answers[-1], strict=True)
        ]
        style.show(style.table(rows))

    def _shown(self, kind: str, answer: str) -> str:
        if kind == "harmful" and not self.rules.declines(answer):
            return _("(it doesn't decline)")
        return " ".join(answer.split())

    def recorded(self) -> None:
        """Say what the recorded runs reached."""
        found = sources.record(RECORD)
        if found is not None:
            keys = ("refusal_before", "refusal_alone", "over_refusal_before", "over_refusal_alone")
            shares = {key: percent(found[key], 0) for key in keys}
            sources.figure_line(
                found | {"name": RECORD} | shares,
                _(
                    "SmolLM2 declined {refusal_before} of the harmful prompts before the tuning "
                    "and {refusal_alone} after the refusals alone; of the harmless ones "
                    "{over_refusal_before} and {over_refusal_alone}."
                ),
            )


def live_real_safety(learned: str = "refusals", seconds: float = 50.0) -> LiveRealSafety | None:
    """Tune SmolLM2 on refusals, in front of the reader's eyes.

    Parameters
    ----------
    learned : str
        "refusals" alone, or "both": with answers to harmless requests.
    seconds : float
        How long it may take; ``COURSE_DEMO_SECONDS`` overrides it. Loading comes on top.

    Returns
    -------
    LiveRealSafety or None
        None while grading, and where the model or an answer to `sft_loss` is missing.
    """
    return LiveRealSafety(learned, seconds).run()
