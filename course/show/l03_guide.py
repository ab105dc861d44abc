"""A real model becomes the guide of the village: the recorded run, a live one, and its adapter.

What is learned and how it is judged is `course.studies.l03_adapter`'s; how a live demo goes on is
`course.show.live_real`'s. The live run has a few facts instead of a few dozen, so that a minute is
enough. Left out on purpose: measuring what the live run forgot.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from course import paths
from course.errors import CourseError
from course.language import N_, _
from course.show import live_real, sources, style
from course.show.charts import name_rows, note, percent_ticks
from course.stages.stage import LORA
from course.stats import percent

if TYPE_CHECKING:
    from course.studies.l03_adapter import Fact

RECORD = "guide"
GUIDES = ("the Great Flood", "the Cheese Fair")
RATE, ROUNDS, BATCH = 3e-3, 14, 6  # of the live run
MOST = 4  # places and events in a live run
KINDS = {  # what was asked → the record's key
    N_("learned facts, in a near wording"): "right",
    N_("learned facts, in a far wording"): "far_right",
    N_("facts that it was never shown"): "unseen_right",
}


# The recorded run ---------------------------------------------------------------------------------


def guide() -> None:
    """Show what the recorded run measured: a picture, answers, and what it cost."""
    found = sources.record(RECORD)
    if found is None:
        return
    style.show(_picture(found), style.table(_answers(found["examples"])))
    sources.figure_line(
        found | {"name": RECORD, "share": found["trained"] / found["parameters"]},
        _(
            "Trained were {trained:,} numbers, {share:.2%} of the model's, in {steps} steps and "
            "{seconds:.0f} s ({computing:.0f} s of processor time). The process needed "
            "{memory_mb:,} MB of memory at most, and the adapter's file has {adapter_mb:.2f} MB."
        ),
    )
    sources.figure_line(
        found | {"name": RECORD},
        _(
            "Its loss on ordinary English text went from {loss_before:.3f} to {loss:.3f} nats per "
            "token: that is what it forgot. With the adapter switched off, the largest difference "
            "from the untouched model is {off_difference:g} nats."
        ),
    )


def _picture(found: dict[str, Any]) -> style.Picture:
    """Draw the shares of right answers before and after, and those in the guide's tone."""
    words = {
        **{_(name): key for name, key in KINDS.items()},
        _("ordinary questions, in the guide's tone"): "ordinary_tone",
    }
    alt = "; ".join(
        _("{name}: {before} before, {after} after").format(
            name=name, before=percent(found[f"{key}_before"]), after=percent(found[key])
        )
        for name, key in words.items()
    )
    with style.picture(width=8.6, height=3.4, alt=f"{alt}.") as (picture, (axis,)):
        for row, key in enumerate(words.values()):
            for up, when, shade in ((-0.17, "_before", style.QUIET), (0.17, "", style.ACCENT)):
                value = found[f"{key}{when}"]
                low, high = found["intervals_before" if when else "intervals"][key]
                ends = [[max(0.0, value - low)], [max(0.0, high - value)]]
                axis.barh(row + up, value, 0.3, color=shade)
                axis.errorbar(value, row + up, xerr=ends, color=style.INK, capsize=3, lw=1.2)
                text = _("{percent} before") if when else _("{percent} after")
                text = text.format(percent=percent(value))
                note(axis, text, (high, row + up), (6, -3), color=shade)
        axis.set_title(_("Shares of answers, with 95% intervals"))
        axis.set(xlim=(0, 1.25), ylim=(len(words) - 0.5, -0.5))
        percent_ticks(axis, "x")
        name_rows(axis, list(words))
    return picture


def _answers(examples: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    kinds = {"trained": _("learned"), "far": _("learned, far wording")}
    kinds |= {"unseen": _("never shown"), "ordinary": _("ordinary")}
    marks = {True: _("✓ right"), False: _("✗ wrong"), None: ""}
    return [
        {
            "": kinds[one["kind"]],
            _("asked"): one["question"],
            "SmolLM2": _short(one["before"]),
            _("as a guide"): _short(one["after"]),
            _("is that so?"): marks[one.get("right")],
        }
        for one in examples
    ]


def _short(answer: str, most: int = 140) -> str:
    text = " ".join(answer.split())
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0] + " …"


# The live run -------------------------------------------------------------------------------------


class LiveGuide(live_real.LiveReal):
    """SmolLM2 learns the facts of a few places."""

    name, needs = N_("The guide"), LORA
    titles = (N_("Loss on the guide's answers, live"), N_("Right answers to a new wording"))
    highest = 5.0

    def __init__(self, subjects: Sequence[str], seconds: float) -> None:
        super().__init__(seconds)
        self.subjects = list(subjects)
        self.facts: list[Fact] = []

    def load(self) -> None:
        """Take in the places and events, and load the model."""
        from course.studies import l03_adapter
        from course.world import village

        known = {
            name.lower(): (name, attributes)
            for kind, attributes in l03_adapter.ATTRIBUTES.items()
            for name in village.SUBJECTS[kind]
        }
        for subject in self.subjects:
            if str(subject).strip().lower() not in known:
                names = ", ".join(name for name, _x in known.values())
                raise CourseError(
                    _("There is no {subject!r} in the village. There are: {names}.").format(
                        subject=subject, names=names
                    )
                )
            name, attributes = known[str(subject).strip().lower()]
            self.facts += [l03_adapter.Fact(name, attribute) for attribute in attributes]
        if not 1 <= len(self.subjects) <= MOST:
            raise CourseError(_("Choose one to {most} places and events.").format(most=MOST))
        super().load()

    def prepare(self) -> None:
        """Put the adapter in, which computes with the exercise, and encode the questions."""
        from course.real import tune
        from course.studies import l03_adapter

        self.model = tune.adapt(self.loaded, 1, **self.exercises)
        rows = l03_adapter.rows(self.tokenizer, self.facts, range(l03_adapter.WORDINGS))
        self.learn(rows, tune.Recipe(ROUNDS, BATCH, RATE))

    def training(self, model: Any, trial: bool) -> Iterator[Any]:
        """Return the training of the adapter."""
        from course.studies import l03_adapter

        return l03_adapter.training(model, self.rows, self.recipe)

    def ask(self, plain: Any) -> list[str]:
        """Ask for each fact in words that aren't learned."""
        from course.studies import l03_adapter

        questions = [fact.near() for fact in self.facts]
        return l03_adapter.answers(plain, self.tokenizer, questions, 24)

    def good(self, at: int = -1) -> list[float]:
        """Return which answers are right."""
        return [f.known(a) for f, a in zip(self.facts, self.answers[at], strict=True)]

    def conclude(self) -> None:
        """Show the answers side by side, and say whether peft would have given the same."""
        from course.real import tune
        from course.studies import l03_adapter

        def theirs() -> Any:
            tune.compute_with(self.model, None)
            return self.model

        apart = l03_adapter.largest_difference(self.model, self.rows[0], theirs)
        moved = sum(p.numel() for p in tune.trained(self.model))
        before, after = self.count(0), self.count()
        self.tell(
            _(
                "{done} of {planned} steps, {seconds:.0f} s, {moved:,} trained "
                "numbers. Of {n} facts it knew {before} before and {after} after. "
                "Where peft's own layers take over from lora_forward, no "
                "log-probability changes by more than {apart:.2g} nats."
            ).format(
                done=self.done,
                planned=self.planned,
                seconds=self.seconds,
                moved=moved,
                n=len(self.facts),
                before=before,
                after=after,
                apart=apart,
            )
        )
        self.admit()
        style.show(
            style.table(
                [
                    {
                        _("asked"): fact.near(),
                        "SmolLM2": _short(old),
                        _("as a guide"): _short(new),
                        _("true"): fact.value,
                    }
                    for fact, old, new in zip(
                        self.facts, self.answers[0], self.answers[-1], strict=True
                    )
                ]
            )
        )

    def recorded(self) -> None:
        """Say what the recorded run reached."""
        found = sources.record(RECORD)
        if found is not None:
            shares = {
                _("before"): percent(found["right_before"]),
                _("after"): percent(found["right"]),
            }
            sources.figure_line(
                found | {"name": RECORD} | shares,
                _(
                    "Of {facts} facts that it was taught, asked for in a new wording, SmolLM2 knew "
                    "{before} before and {after} after."
                ),
            )


def live_guide(subjects: Sequence[str] = GUIDES, seconds: float = 50.0) -> LiveGuide | None:
    """Teach SmolLM2 the facts of a few places and events by LoRA, in front of the reader's eyes.

    Parameters
    ----------
    subjects : sequence of str
        Names of the village's places and events.
    seconds : float
        How long it may take; ``COURSE_DEMO_SECONDS`` overrides it. Loading comes on top.

    Returns
    -------
    LiveGuide or None
        None while grading, and where the model or an answer to `lora_forward` is missing.
    """
    return LiveGuide(subjects, seconds).run()


# The adapter's file -------------------------------------------------------------------------------


def ask_guide(*questions: str) -> None:
    """Load the shipped adapter into SmolLM2 and ask it with the adapter on and off.

    Parameters
    ----------
    *questions : str
        Whatever one wants to know.
    """
    folder = paths.DATA / "adapters" / RECORD
    if paths.grading():
        return
    found = sources.record(RECORD)
    loaded = sources.load_model("SmolLM2-135M-Instruct")
    if found is None or loaded is None:
        return
    if not (folder / "adapter_model.safetensors").exists():
        style.say(_("The adapter isn't here: restore data/adapters with git."))
        return
    from course.real import tune
    from course.studies import l03_adapter

    asked = [text.strip()[:400] for text in questions if text.strip()]
    if not asked:
        style.say(_("There is no question: write one or more."))
        return
    _x, model, tokenizer = loaded
    adapted = tune.load(model, folder)
    with tune.switched_off(adapted) as plain:
        off = l03_adapter.answers(plain, tokenizer, asked)
    with tune.merged(adapted) as plain:
        on = l03_adapter.answers(plain, tokenizer, asked)
    style.show(
        style.table(
            [
                {_("asked"): text, _("adapter off"): _short(old), _("adapter on"): _short(new)}
                for text, old, new in zip(asked, off, on, strict=True)
            ]
        )
    )
    if tune.source() != found["source"]:
        style.say(
            _("The adapter was trained on other weights than yours. {sources}").format(
                sources=_(found["sources"])
            )
        )
