"""Fine-tuning in front of your eyes: a base model learns to answer.

The training is made of the exercises of lesson 05; how a live demo goes on is `course.show.live`'s.
Left out on purpose: a choice of models.
"""

import statistics
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from course.seeds import stream
from course.show import live, sources, style
from course.show.charts import percent_ticks, set_ticks
from course.show.l05_following import WAYS, share
from course.stages.stage import SFT
from course.stats import interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BASE = "mini-babbage"
EPOCHS = 3
MOST = 10_000  # demonstrations, as for the shipped model
WATCHED = 120  # requests that are asked on the way
TICKS = (0.2, 0.3, 0.5, 0.7, 1, 2, 3, 5, 7)
TRIED = 2_000  # demonstrations that the speed is measured on, at most
READ = 5  # answers to read after the run


class LiveSFT(live.Watched):
    """A base model is fine-tuned on demonstrations.

    ``said`` are the answers to the watched requests, each time they are asked.
    """

    name, needs = "Fine-tuning", SFT
    instead = "is the recorded run of mini-sft"
    stops = (0.1, 0.25, 0.5)
    shade = WAYS["sft"][1]
    measure = "loss on answers"

    def __init__(self, seconds: float, seed: int) -> None:
        super().__init__(seconds)
        self.seed, self.demonstrations = seed, 0
        self.said: list[list[str]] = []
        self.heard: list[float] = []

    def load(self) -> None:
        """Load the base model."""
        from course.lm import evals, model
        from course.stages.sft_stage import RECIPE

        self.model, self.tokenizer = model.load(BASE)
        self.recipe = replace(RECIPE, epochs=EPOCHS)
        self.requests = list(evals.asked_in("test").mixed[:WATCHED])

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
        """Ask the watched requests; return the share of ideal answers."""
        from course.lm import evals

        prompts = evals.chat_prompts(self.tokenizer, self.requests)
        texts = evals.answers(self.model, self.tokenizer, prompts, temperature=1.0, seed=self.seed)
        self.said.append(texts)
        right = sum(j.right for j in evals.judge(self.requests, texts))
        return right / WATCHED, *interval(right, WATCHED)

    def dress(self, left: "Axes", right: "Axes") -> None:
        """Give both axes their titles and scales."""
        left.set(yscale="log", ylabel="loss on answers (nats a token)", title="Loss, live")
        set_ticks(left, "y", TICKS)
        left.set_ylim(0.15, 9)
        left.legend(fontsize=9.5, loc="upper right")
        right.set_ylim(0, 1.08)
        percent_ticks(right, "y")
        right.set_title("Answers as an ideal one, with 95 % interval", fontsize=11)

    def conclude(self) -> None:
        """Say how many answers were as ideal ones, and show some before and after."""
        before, after = (round(WATCHED * self.points[at][1]) for at in (0, -1))
        self.tell(
            f"This run: {self.done:,} of {self.planned:,} steps on {self.demonstrations:,} "
            f"demonstrations in {self.seconds:.0f} s. Of {WATCHED} requests about people whom no "
            f"demonstration names, {share(before, WATCHED)} got an answer as an ideal one before, "
            f"{share(after, WATCHED)} after."
        )
        first = {e.kind: i for i, e in reversed(list(enumerate(self.requests)))}  # one of each kind
        rows = [
            {
                "request": self.requests[i].turns[-1].request,
                "before": self.said[0][i] or "(nothing)",
                "after": self.said[-1][i] or "(nothing)",
            }
            for i in list(first.values())[:READ]
        ]
        style.show(style.table(rows))

    def recorded(self) -> None:
        """Draw the loss of mini-sft, and say what came of it."""
        record = sources.record("mini-sft")
        if record is None:
            return
        with style.picture(height=3.4, alt="Recorded loss of mini-sft, by step.") as (
            shown,
            (axis,),
        ):
            steps, losses = zip(*record["curve"], strict=True)
            axis.plot(steps, losses, color=WAYS["sft"][1])
            axis.set(xlabel="step", ylabel="loss (nats a token), with rehearsal", ylim=(0, None))
            axis.set_title("mini-sft, recorded")
        style.show(shown)
        sources.figure_line(
            record,
            "Requests followed (the most probable answer): {base_following:.0%} before, "
            "{following:.0%} after {examples:,} demonstrations.",
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
