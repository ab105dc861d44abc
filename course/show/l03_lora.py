"""LoRA in front of your eyes: a frozen base model learns to write programs.

The training is made of the exercise `lora_forward` of lesson 03; how a live demo goes on is
`course.show.live`'s. On the way the model writes programs for tasks of the test, which are really
run. Left out on purpose: a choice of ranks.
"""

import copy
import html
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from course.show import live, sources, style
from course.show.charts import percent_ticks, set_ticks
from course.show.l03_programs import BASE, RECORD, listing, means
from course.stages.stage import LORA
from course.stats import interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WAY = "LoRA"
EPOCHS = 2
MOST = 6_000  # pairs, as for mini-code
WATCHED = 60  # tasks that are tried on the way
TRIED = 2_000  # tasks that the speed is measured on, at most
READ = 5  # programs to read after the run


class LiveLoRA(live.Watched):
    """A base model is fine-tuned by LoRA: ``base`` stays as it is, ``model`` has LoRA merged.

    ``wrote`` and ``verdicts`` are the programs for the watched tasks, each time they are tried, and
    what came of them.
    """

    name, needs = "LoRA", LORA
    instead = "are the recorded figures"
    stops = (0.15, 0.3, 0.45, 0.6, 0.8)
    form = (".3f", ".0%")

    def __init__(self, seconds: float, seed: int) -> None:
        super().__init__(seconds)
        self.seed, self.pairs, self.trained = seed, 0, 0
        self.wrote: list[list[str]] = []
        self.verdicts: list[list[str]] = []

    def load(self) -> None:
        """Load the base model."""
        from course.lm import model
        from course.stages import code
        from course.world import tasks

        self.base, self.tokenizer = model.load(BASE)
        self.model = self.base
        self.moved = code.trained(self.base, WAY, self.seed)
        self.trained = sum(p.numel() for p in self.moved.values())
        self.batch = code.FULL.batch
        self.tasks = tasks.tasks(WATCHED, "test", 78)

    def plan(self, steps: int) -> None:
        """Read as many tasks as fit."""
        self.pairs = min(MOST, max(self.batch, self.batch * steps // EPOCHS))
        self.planned = EPOCHS * -(-self.pairs // self.batch)

    def training(self, _: Any, trial: bool) -> Iterator[Any]:
        """Return the training, which leaves the base model as it is; a trial moves its own LoRA."""
        from course.stages import code
        from course.world import tasks

        learned = tasks.tasks(TRIED if trial else self.pairs, "train", self.seed + trial)
        moved = code.trained(self.base, WAY, self.seed) if trial else self.moved
        return code.tune_on(
            self.base, self.tokenizer, learned, moved, code.RATES[WAY],
            recipe=code.Recipe(self.pairs, EPOCHS, self.batch), **self.exercises, seed=self.seed,
        )  # fmt: skip

    def look(self) -> tuple[float, float, float]:
        """Have the model write programs for the watched tasks; return the share of right ones."""
        from course.stages import code

        self.model = code.finished(copy.deepcopy(self.base), self.moved, **self.exercises)
        wrote = code.written(self.model, self.tokenizer, [task.prompt for task in self.tasks])
        verdicts = [some[0] for some in code.judge(self.tasks, wrote)]
        self.wrote.append([some[0] for some in wrote])
        self.verdicts.append([verdict.said for verdict in verdicts])
        right = sum(verdict.right for verdict in verdicts)
        return right / WATCHED, *interval(right, WATCHED)

    def dress(self, left: "Axes", right: "Axes") -> None:
        """Give both axes their titles and scales."""
        left.set(yscale="log", ylim=(0.003, 6), ylabel="loss (nats a token)")
        set_ticks(left, "y", (0.01, 0.1, 1))
        left.set_title("Loss on the programs, live")
        left.legend(fontsize=9.5, loc="lower left")
        right.set_ylim(0, 1.1)
        percent_ticks(right, "y")
        right.set_title("Programs that are right, 95 % interval", fontsize=11)

    def conclude(self) -> None:
        """Say how many tasks were solved, and show programs on the way."""
        from course.lm import model

        total = model.parameters(self.base, embeddings=True)
        before, after = (round(WATCHED * self.points[at][1]) for at in (0, -1))
        self.tell(
            f"This run trained {self.trained:,} numbers ({self.trained / total:.0%} of the "
            f"model's) on {self.pairs:,} tasks, {self.done:,} of {self.planned:,} steps in "
            f"{self.seconds:.0f} s. Of {WATCHED} tasks whose programs it never saw it solved "
            f"{before} before and {after} after."
        )
        middle = next((i for i, (_, right, *_) in enumerate(self.points) if right > 0.1), -1)
        moments = {"before": 0, f"at step {self.points[middle][0]}": middle, "at the end": -1}
        rows = [
            {"asked for": self.tasks[i].words}
            | {when: self._program(at, i) for when, at in moments.items()}
            for i in range(READ)
        ]
        style.show(style.table(rows))

    def _program(self, at: int, i: int) -> style.Page:
        program, verdict = self.wrote[at][i], self.verdicts[at][i]
        page = f"{listing(program).html}<br>{html.escape(verdict)}"
        return style.Page(page, f"{program} {verdict}")

    def recorded(self) -> None:
        """Say what LoRA reached in the recorded run."""
        record = sources.record(RECORD)
        if record is None:
            return
        trials = record["ways"][WAY]
        mean, half = means(trials, "pass_at_1")
        found = {
            "trained": trials[0]["trained"],
            "share": trials[0]["trained"] / record["parameters_with_embeddings"],
            "right": mean,
            "half": half,
            "name": RECORD,
        }
        sources.figure_line(
            record | found,
            "LoRA trained {trained:,} numbers ({share:.0%} of the model's) and then solved "
            "{right:.0%} (± {half:.0%} over seeds) of {tests} tasks at the first try.",
        )


def live_lora(seconds: float = 50.0, *, seed: int = 1) -> LiveLoRA | None:
    """Fine-tune the base model by LoRA in front of the reader's eyes.

    Parameters
    ----------
    seconds : float
        How long it may take; ``COURSE_DEMO_SECONDS`` overrides it. Loading torch comes on top.
    seed : int
        Of tasks, order and first matrices.

    Returns
    -------
    LiveLoRA or None
        None while grading, and where something is missing: `lora_forward` of lesson 03, answered so
        that it passes its visible checks, or the base model.
    """
    return LiveLoRA(seconds, seed).run()
