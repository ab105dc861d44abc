"""Fine-tuning in front of your eyes: a base model learns to answer.

The training is made of the exercises of lesson 05; how a live demo goes on is `course.show.live`'s.
What the loop on the page needs is here too. Left out on purpose: a choice of models.
"""

import statistics
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

from course.errors import CourseError
from course.language import N_, _
from course.seeds import stream
from course.show import live, sources, style
from course.show.charts import level, percent_ticks, set_ticks
from course.show.l05_following import WAYS, share
from course.show.style import say
from course.stages.stage import SFT
from course.stats import interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from torch import Tensor

BASE = "mini-babbage"
EPOCHS = 3
MOST = 10_000  # demonstrations
WATCHED = 120  # requests that are asked on the way
TICKS = (0.2, 0.3, 0.5, 0.7, 1, 2, 3, 5, 7)
TRIED = 2_000  # demonstrations that the speed is measured on, at most
READ = 5  # answers to read after the run
FEW = 200  # steps, below which a run says nothing of how well the method works
LOOP_ASKED = 60  # requests after the loop on the page


class LiveSFT(live.Watched):
    """A base model is fine-tuned on demonstrations.

    ``said`` are the answers to the watched requests, each time they are asked.
    """

    name, needs = "Fine-tuning", SFT
    instead = N_("is the recorded run of mini-sft")
    stops = (0.1, 0.25, 0.5)
    shade = WAYS["sft"][1]
    measure = N_("loss on answers")

    def __init__(self, seconds: float, seed: int) -> None:
        super().__init__(seconds)
        self.seed, self.demonstrations = seed, 0
        self.said: list[list[str]] = []
        self.heard: list[float] = []
        self.goal: tuple[int, int] | None = None

    def load(self) -> None:
        """Load the base model."""
        from course.lm import evals, model
        from course.stages.sft_stage import RECIPE

        self.model, self.tokenizer = model.load(BASE)
        self.recipe = replace(RECIPE, epochs=EPOCHS)
        self.requests = list(evals.asked_in("test").mixed[:WATCHED])
        if record := sources.record("feedme"):
            self.goal = tuple(record["counts"]["sft"]["right"])

    def plan(self, steps: int) -> None:
        """Read as many demonstrations as fit."""
        batch = self.recipe.batch
        self.demonstrations = min(MOST, max(batch, batch * steps // EPOCHS))
        self.planned = EPOCHS * -(-self.demonstrations // batch)

    def training(self, model: Any, trial: bool) -> Iterator[Any]:
        """Return the training; it notes the exercise's loss, a step's own also holds web text."""
        from course.stages import sft
        from course.stages.context import rehearsed
        from course.world import demonstrate

        def heard(*arguments: Any) -> Any:
            value = self.exercises["sft_loss"](*arguments)
            self.heard.append(float(value.detach()))
            return value

        seed = self.seed + trial
        count = TRIED if trial else self.demonstrations
        self.heard.clear()
        return sft.sft(
            model, self.tokenizer, list(demonstrate.demonstrations(count, seed)),
            loss_mask=self.exercises["loss_mask"], sft_loss=heard, recipe=self.recipe,
            web=rehearsed(self.tokenizer, stream("sft/web", seed)), seed=seed,
        )  # fmt: skip

    def value(self, _: Any) -> float:
        """Return the loss on answers."""
        mean = statistics.fmean(self.heard)
        self.heard.clear()
        return mean

    def look(self) -> tuple[float, float, float]:
        """Ask the watched requests; return the share of right answers."""
        from course.lm import evals

        prompts = evals.chat_prompts(self.tokenizer, self.requests)
        texts = evals.answers(self.model, self.tokenizer, prompts, temperature=1.0, seed=self.seed)
        self.said.append(texts)
        right = sum(j.right for j in evals.judge(self.requests, texts))
        return right / WATCHED, *interval(right, WATCHED)

    def dress(self, left: "Axes", right: "Axes") -> None:
        """Give both axes their titles and scales."""
        left.set(yscale="log", ylabel=_("loss on answers (nats per token)"), title=_("Loss, live"))
        set_ticks(left, "y", TICKS)
        left.set_ylim(0.15, 9)
        left.legend(fontsize=9.5, loc="upper right")
        right.set_ylim(0, 1.08)
        percent_ticks(right, "y")
        right.set_title(_("Right answers, with 95% interval"), fontsize=11)
        if self.goal is not None:
            level(right, self.goal[0] / self.goal[1], _("mini-sft, recorded"), style.QUIET)

    def conclude(self) -> None:
        """Say how many answers were right before and after, and show some of them."""
        before, after = (round(WATCHED * self.points[at][1]) for at in (0, -1))
        begin = _(
            "This run: {done:,} steps on {demonstrations:,} demonstrations in {seconds:.0f} s. "
        ).format(done=self.done, demonstrations=self.demonstrations, seconds=self.seconds)
        if self.done < FEW:
            shipped = sources.record("mini-sft") or {"examples": MOST}
            goal = (
                _("; its share of right answers is {share}").format(share=share(*self.goal))
                if self.goal
                else ""
            )
            self.tell(
                _(
                    "{begin}That is too little to judge the method by: this computer is "
                    "slow or busy, and so few steps teach the form of an answer and hardly "
                    "what belongs into it. The shipped mini-sft learned from {examples:,} "
                    "demonstrations{goal}."
                ).format(begin=begin, examples=shipped["examples"], goal=goal)
            )
            return
        self.tell(
            _(
                "{begin}Of {asked} requests about people that no demonstration asks "
                "about, {before} got a right answer before, {after} after."
            ).format(
                begin=begin,
                asked=WATCHED,
                before=share(before, WATCHED),
                after=share(after, WATCHED),
            )
        )
        first = {e.kind: i for i, e in reversed(list(enumerate(self.requests)))}  # one of each kind
        rows = [
            {
                _("request"): self.requests[i].turns[-1].request,
                _("before"): self.said[0][i] or _("(nothing)"),
                _("after"): self.said[-1][i] or _("(nothing)"),
            }
            for i in list(first.values())[:READ]
        ]
        style.show(style.table(rows))

    def recorded(self) -> None:
        """Draw the loss of mini-sft, and say what came of it."""
        record = sources.record("mini-sft")
        if record is None:
            return
        with style.picture(height=3.4, alt=_("Recorded loss of mini-sft, by step.")) as (
            shown,
            (axis,),
        ):
            steps, losses = zip(*record["curve"], strict=True)
            axis.plot(steps, losses, color=WAYS["sft"][1])
            axis.set(
                xlabel=_("step"), ylabel=_("loss (nats per token), with rehearsal"), ylim=(0, None)
            )
            axis.set_title(_("mini-sft, recorded"))
        style.show(shown)
        sources.figure_line(
            record,
            _(
                "Right answers to requests that deserve one (most probable answers): "
                "{base_following:.0%} before, {following:.0%} after {examples:,} demonstrations."
            ),
        )


def live_sft(seconds: float = 50.0, *, seed: int = 1) -> LiveSFT | None:
    """Fine-tune a base model on demonstrations in front of the reader's eyes.

    Parameters
    ----------
    seconds : float
        How long it may take; ``COURSE_DEMO_SECONDS`` overrides it. Loading torch comes on top.
    seed : int
        Of demonstrations and order.

    Returns
    -------
    LiveSFT or None
        None while grading, and where something is missing: `loss_mask` and `sft_loss` of lesson 05,
        answered so that they pass their visible checks, or the base model.
    """
    return LiveSFT(seconds, seed).run()


# The loop on the page -----------------------------------------------------------------------------


class Given(NamedTuple):
    """What the loop on the page is given.

    Parameters
    ----------
    model, tokenizer
        The base model.
    texts : list of str
        Demonstrations, in the chat template.
    yours : object
        With the functions ``loss_mask`` and ``sft_loss``.
    """

    model: Any
    tokenizer: Any
    texts: list[str]
    yours: Any


def for_the_loop(count: int, seed: int = 1) -> Given | None:
    """Return what the loop on the page needs, or None where the base model is missing.

    The learner's own `loss_mask` and `sft_loss` are given if they pass their visible checks, else
    the course's own, which it says.

    Parameters
    ----------
    count : int
        Demonstrations.
    seed : int
        Of the demonstrations.
    """
    found = sources.load_model(BASE)
    if found is None:
        return None
    from course.stages import exercises
    from course.world import demonstrate

    try:
        yours: Any = exercises.load(*SFT)
        if yours.origin == "work":
            say(_("The loop below trains with your own loss_mask and sft_loss."))
    except CourseError as error:
        say(
            _("{error} Until then the loop below takes the course's own functions.").format(
                error=error
            )
        )
        yours = {"loss_mask": _after_the_marker, "sft_loss": _of_transformers}
    _x, model, tokenizer = found
    texts = [example.text() for example in demonstrate.demonstrations(count, seed)]
    return Given(model.train(), tokenizer, texts, SimpleNamespace(**yours))


def _after_the_marker(tokens: list[int], assistant: int, end: int) -> list[int]:
    """Mark all that follows the assistant's marker: enough where there is one turn."""
    known = tokens.index(assistant) + 1
    return [int(place >= known) for place in range(len(tokens))]


def _of_transformers(logits: "Tensor", tokens: "Tensor", mask: "Tensor") -> "Tensor":
    """Return the loss as the library transformers computes it for its own trainings."""
    from transformers.loss.loss_utils import ForCausalLMLoss

    return ForCausalLMLoss(logits, tokens.masked_fill(mask == 0, -100), logits.shape[-1])


def after_the_loop(model: Any, tokenizer: Any) -> None:
    """Ask a model requests of the test; show one of each kind, and say how many were right."""
    from course.lm import evals

    asked = list(evals.asked_in("test").mixed[:LOOP_ASKED])
    model.eval()
    texts = evals.answers(model, tokenizer, evals.chat_prompts(tokenizer, asked))
    judged = evals.judge(asked, texts)
    first = {e.kind: i for i, e in reversed(list(enumerate(asked)))}  # one of each kind
    rows = [
        {
            _("request"): asked[i].turns[-1].request,
            _("answer"): texts[i] or _("(nothing)"),
            _("right"): "✓" if judged[i].right else "✗",
        }
        for i in list(first.values())[:READ]
    ]
    style.show(style.table(rows))
    right = sum(j.right for j in judged)
    say(
        _("Of {asked} requests, {share} got a right answer.").format(
            asked=LOOP_ASKED, share=share(right, LOOP_ASKED)
        )
    )
