"""A real model learns to answer in a sentence: the recorded runs, and a live one.

Questions, the rule and both trainings are `course.studies.l05_real_sft`'s; how a live demo goes on
is `course.show.live_real`'s. The live run has the masked loss and fewer questions. Left out on
purpose: the unmasked run live, which would take another minute to show nearly the same.
"""

from collections.abc import Iterator
from typing import Any

from course.language import N_, _
from course.show import live_real, sources, style
from course.show.charts import name_rows, note, percent_ticks
from course.stages.stage import SFT
from course.stats import percent

RECORD = "smollm2_sft"
NAMES = {
    "bare": N_("untouched, without its template"),
    "template": N_("untouched, in its template"),
    "masked": N_("after SFT, the answer counts"),
    "unmasked": N_("after SFT, every token counts"),
}
ASKED = 12  # questions of the live run


# The recorded run ---------------------------------------------------------------------------------


def real_sft() -> None:
    """Show what the recorded runs measured: a picture, two tables, and what it cost."""
    found = sources.record(RECORD)
    if found is None:
        return
    answers = [
        {_("asked"): one["request"]}
        | {_(name): " ".join(one[way].split()) for way, name in NAMES.items()}
        for one in found["examples"]
    ]
    words = {"untouched": _("SmolLM2, untouched"), "masked": _(NAMES["masked"])}
    words["unmasked"] = _(NAMES["unmasked"])
    losses = [
        {
            "": name,
            _("tokens learned, per round"): f"{found['learned_tokens'].get(way, ''):,}"
            if way in found["learned_tokens"]
            else "",
            _("loss on other answers"): f"{found['losses'][way]['answers']:.2f}",
            _("loss on other questions"): f"{found['losses'][way]['questions']:.2f}",
        }
        for way, name in words.items()
    ]
    style.show(_picture(found), style.table(losses), style.table(answers))
    sources.figure_line(
        found | {"name": RECORD},
        _(
            "{questions} questions that no demonstration is about. Each run learned "
            "{demonstrations} "
            "demonstrations in {epochs} rounds. {only_masked} questions were followed after the "
            "masked "
            "run alone, {only_unmasked} after the other one alone. All of it took "
            "{computing:.0f} s of "
            "processor time and at most {memory_mb:,} MB of memory. Losses are in nats per token."
        ),
    )


def _picture(found: dict[str, Any]) -> style.Picture:
    rates = found["rates"]
    alt = "; ".join(f"{_(name)}: {percent(rates[way]['share'], 0)}" for way, name in NAMES.items())
    with style.picture(width=8.6, height=3.4, alt=f"{alt}.") as (picture, (axis,)):
        for row, way in enumerate(NAMES):
            value, (low, high) = rates[way]["share"], rates[way]["interval"]
            shade = style.ACCENT if way in ("masked", "unmasked") else style.QUIET
            axis.barh(row, value, 0.6, color=shade)
            ends = [[max(0.0, value - low)], [max(0.0, high - value)]]
            axis.errorbar(value, row, xerr=ends, color=style.INK, capsize=3, lw=1.2)
            note(axis, percent(value, 0), (high, row), (6, -3), color=shade)
        axis.set_title(_("Answers that follow, with 95% intervals"))
        axis.set(xlim=(0, 1.1), ylim=(len(NAMES) - 0.5, -0.5))
        percent_ticks(axis, "x")
        name_rows(axis, [_(name) for name in NAMES.values()])
    return picture


# The live run -------------------------------------------------------------------------------------


class LiveRealSFT(live_real.LiveReal):
    """SmolLM2 learns the demonstrations."""

    name, needs = N_("SFT on SmolLM2"), (SFT[0], "sft_loss")
    titles = (N_("Loss on the demonstrations, live"), N_("Other questions, followed"))

    def load(self) -> None:
        """Read the instructions and load the model."""
        from course.studies import l05_real_sft

        self.study = l05_real_sft
        self.asked = l05_real_sft.instructions("test")[:ASKED]
        super().load()

    def prepare(self) -> None:
        """Put the adapter in, and encode the demonstrations."""
        super().prepare()
        learned = self.study.instructions("train")
        self.learn(self.study.rows(self.tokenizer, learned, True), self.study.FULL)

    def training(self, model: Any, trial: bool) -> Iterator[Any]:
        """Return the training of the adapter."""
        return self.study.training(model, self.rows, **self.exercises, recipe=self.recipe)

    def ask(self, plain: Any) -> list[tuple[str, bool]]:
        """Return the answers to the held-out questions, and whether each came to its end."""
        return self.study.answers(plain, self.tokenizer, self.asked)

    def good(self, at: int = -1) -> list[float]:
        """Return which answers follow."""
        return [one.followed(*a) for one, a in zip(self.asked, self.answers[at], strict=True)]

    def conclude(self) -> None:
        """Show the first and the last answers side by side."""
        before, after = self.count(0), self.count()
        self.tell(
            _(
                "{done} of {planned} steps, {seconds:.0f} s. Of {n} questions that it "
                "didn't learn it followed {before} before and {after} after."
            ).format(
                done=self.done,
                planned=self.planned,
                seconds=self.seconds,
                n=len(self.asked),
                before=before,
                after=after,
            )
        )
        self.admit()
        marks = {True: "✓", False: "✗"}
        rows = [
            {
                _("asked"): one.request,
                "SmolLM2": f"{marks[one.followed(*old)]} {' '.join(old[0].split())}",
                _("after SFT"): f"{marks[one.followed(*new)]} {' '.join(new[0].split())}",
            }
            for one, old, new in zip(self.asked, self.answers[0], self.answers[-1], strict=True)
        ]
        style.show(style.table(rows[:6]))

    def recorded(self) -> None:
        """Say what the recorded run reached."""
        found = sources.record(RECORD)
        if found is not None:
            shares = {way: percent(found[way], 0) for way in ("template", "masked")}
            sources.figure_line(
                found | {"name": RECORD} | shares,
                _(
                    "Of {questions} questions SmolLM2 followed {template} before SFT and {masked} "
                    "after it."
                ),
            )


def live_real_sft(seconds: float = 50.0) -> LiveRealSFT | None:
    """Train SmolLM2 on short demonstrations, in front of the reader's eyes.

    Parameters
    ----------
    seconds : float
        How long it may take; ``COURSE_DEMO_SECONDS`` overrides it. Loading comes on top.

    Returns
    -------
    LiveRealSFT or None
        None while grading, and where the model or an answer to `sft_loss` is missing.
    """
    return LiveRealSFT(seconds).run()
