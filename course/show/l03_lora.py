"""LoRA in front of your eyes: a frozen base model learns to write programs.

The training is ``lm.code``'s, made of the exercise `lora_forward` of lesson 03: our answer where
``source/`` is, else the learner's own once it passes its visible checks, else the recorded figures
are shown. Like the other live trainings it is bounded by the clock: the speed of the first steps
decides how many tasks it reads. On the way the model writes programs for tasks of the test, which
are really run. Left out on purpose: going on after an interruption (a new run takes less than a
minute), and a choice of ranks.
"""

import html
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from course import paths, stats
from course.errors import CourseError
from course.show import l01_training as training
from course.show import l03_programs as code
from course.show import sources, style
from course.show.style import ACCENT, INK, Page, look, picture, say

BASE = "mini-babbage"
EPOCHS = 2
MOST = 6_000  # pairs, as for mini-code
WATCHED = 60  # tasks that are tried on the way
STOPS = (0.15, 0.3, 0.45, 0.6, 0.8)  # parts of the training after which they are tried
REDRAW = 0.5  # seconds between two pictures
SMOOTH = 20  # batches of the bold line: two steps are harder than one
SHOWN = 5  # programs to read after the run


@dataclass
class Run:
    """What came out of a live run; `model` is as far as it came, LoRA merged.

    ``curve`` is [(step, nats a token of the programs), …]; ``right`` [(step, how many of the
    watched tasks were solved, of how many), …]; ``wrote`` the programs at each of these.
    """

    model: Any
    tokenizer: Any
    curve: list[tuple[int, float]] = field(default_factory=list)
    right: list[tuple[int, int, int]] = field(default_factory=list)
    wrote: list[list[str]] = field(default_factory=list)
    said: list[list[str]] = field(default_factory=list)
    steps: int = 0
    planned: int = 0
    pairs: int = 0
    trained: int = 0
    seconds: float = 0.0
    interrupted: bool = False


def live_lora(seconds: float = 45.0, *, seed: int = 1) -> Run | None:
    """Fine-tune the base model by LoRA in front of the reader's eyes.

    An interruption (the stop button, Ctrl-C) ends the training and keeps what was learned. Without
    an answer to `lora_forward` that passes its visible checks the recorded figures are shown
    instead; while grading nothing is.

    Parameters
    ----------
    seconds : float
        How long it may take; ``COURSE_DEMO_SECONDS`` overrides it. Loading torch comes on top.
    seed : int
        Of tasks, order and first matrices.

    Returns
    -------
    Run or None
        None where nothing was trained.
    """
    if paths.grading():
        return None
    try:
        from course.lm import model
        from course.stages import exercises
        from course.stages.stage import LORA

        hearts = exercises.load(*LORA)
        run = Run(*model.load(BASE))
    except CourseError as error:
        say(f"{error} Until then here are the recorded figures.")
        _recorded()
        return None
    if hearts.origin == "work":
        say("This training runs on your own lora_forward.")
    try:
        _tune(run, hearts["lora_forward"], sources.demo_seconds(seconds), seed)
    except KeyboardInterrupt:  # while the speed was measured, or at the last programs
        run.interrupted = True
        say("Stopped. The lesson goes on with the shipped mini-code; run the cell again to retry.")
    except CourseError as error:
        say(f"{error} Until then here are the recorded figures.")
        _recorded()
        return None
    return run


def _recorded() -> None:
    record = sources.record(code.RECORD)
    if record is None:
        return
    trials = record["ways"]["LoRA"]
    mean, half = code.means(trials, "pass_at_1")
    found = {
        "trained": trials[0]["trained"],
        "share": trials[0]["trained"] / record["parameters_with_embeddings"],
        "right": mean,
        "half": half,
        "tests": record["tests"],
        "name": code.RECORD,
    }
    sources.figure_line(
        {k: record.get(k) for k in ("machine", "date")} | found,
        "LoRA trained {trained:,} numbers ({share:.0%} of the model's) and then solved {right:.0%} "
        "(± {half:.0%} over seeds) of {tests} tasks at the first try.",
    )


class _Curves:
    """The picture of a live run: the loss on the left, programs that are right on the right."""

    def __init__(self, planned: int) -> None:
        with look():
            self.picture, (left, right) = picture(2, width=9.2, height=3.6)
            self.axes = (left, right)
            (self.line,) = left.plot([], [], color=ACCENT, lw=1, alpha=0.4, label="each batch")
            (self.mean,) = left.plot([], [], color=ACCENT, label=f"mean of {SMOOTH} batches")
            left.set(xlim=(0, 1.04 * planned), yscale="log", ylim=(0.003, 6), xlabel="step")
            left.set_yticks([0.01, 0.1, 1], ["0.01", "0.1", "1"])
            left.set_yticks([], minor=True)
            left.set_ylabel("loss (nats a token)")
            left.set_title("Loss on the programs, live")
            left.legend(fontsize=9.5, loc="lower left")
            right.set(xlim=(-0.06 * planned, 1.12 * planned), ylim=(0, 1.1), xlabel="step")
            right.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
            right.set_title("Programs that are right, 95 % interval", fontsize=11)
        self.drawn = 0

    def draw(self, run: Run, scale: float = 1.0) -> Any:
        """Return the picture with what there is of the run, for display."""
        right = self.axes[1]
        steps, losses = [s for s, _ in run.curve], [value for _, value in run.curve]
        self.line.set_data(steps, losses)
        self.mean.set_data(
            steps,
            [statistics.fmean(losses[max(0, i + 1 - SMOOTH) : i + 1]) for i in range(len(losses))],
        )
        for step, hits, n in run.right[self.drawn :]:
            low, high = stats.interval(hits, n)
            p = hits / n
            right.errorbar(
                [step], [p], [[max(0.0, p - low)], [max(0.0, high - p)]], fmt="o", color=ACCENT,
                ecolor=INK, capsize=3,
            )  # fmt: skip
            right.annotate(
                f"{p:.0%}", (step, high), (0, 4), textcoords="offset points", ha="center",
                fontsize=10, color=INK,
            )  # fmt: skip
        self.drawn = len(run.right)
        self.picture.alt = "LoRA, live. " + "; ".join(
            f"step {s}: {hits} of {n} programs right" for s, hits, n in run.right
        )
        return self.picture.bundle(scale)


def _tune(run: Run, heart: Any, seconds: float, seed: int) -> None:
    """Measure the speed, plan as many tasks as fit, train, let it write programs on the way."""
    from course.stages import code as lm_code
    from course.world import tasks

    progress, pictures = training.Output(), training.Output()
    asked = tasks.tasks(WATCHED, "test", 78)
    batch = lm_code.FULL.batch
    progress.show(training.bar(0, "Measuring how fast this computer is …"))
    speed = _steps_a_second(run, heart, min(4.0, seconds / 6), seed)
    steps = max(3, int(0.85 * speed * seconds))
    run.pairs = min(MOST, max(batch, batch * steps // EPOCHS))
    run.planned = EPOCHS * -(-run.pairs // batch)
    stops = {round(part * run.planned) for part in STOPS}
    moved = lm_code.trained(run.model, "LoRA", seed)
    run.trained = sum(p.numel() for p in moved.values())
    base, curves, losses = run.model, _Curves(run.planned), []

    def attempt() -> None:
        run.model = lm_code.finished(_copy(base), moved, heart)
        wrote = lm_code.written(run.model, run.tokenizer, [task.prompt for task in asked])
        verdicts = lm_code.judge(asked, wrote)
        run.wrote.append([some[0] for some in wrote])
        run.said.append([some[0].said for some in verdicts])
        run.right.append((run.steps, sum(some[0].right for some in verdicts), len(asked)))

    attempt()
    pictures.show(curves.draw(run))
    start = drawn = spoken = time.perf_counter()
    try:
        for p in lm_code.tune_on(
            base, run.tokenizer, tasks.tasks(run.pairs, "train", seed), moved,
            lm_code.RATES["LoRA"], recipe=lm_code.Recipe(run.pairs, EPOCHS, batch),
            lora_forward=heart, seed=seed,
        ):  # fmt: skip
            losses.append((p.step, p.loss))
            run.steps, run.seconds = p.step, time.perf_counter() - start
            if p.step in stops and p.step < run.planned:
                attempt()
            now = time.perf_counter()
            if now - drawn >= REDRAW:
                run.curve = list(losses)
                progress.show(training.bar(p.step / run.planned, _status(run)))
                pictures.show(curves.draw(run))
                drawn = time.perf_counter()
            if now - spoken >= training.SPEAK and not training.in_notebook():
                print(_status(run), flush=True)
                spoken = now
            if run.seconds > 1.3 * seconds:  # the computer got slower than it was at first
                break
    except KeyboardInterrupt:
        run.interrupted = True
        say(f"Stopped at step {run.steps:,}; the model keeps what it has learned.")
    run.curve = losses
    if run.steps:
        attempt()
    pictures.show(curves.draw(run, 2.0))
    _conclude(run, asked, progress)


def _copy(mini: Any) -> Any:
    import copy

    return copy.deepcopy(mini)


def _steps_a_second(run: Run, heart: Any, seconds: float, seed: int) -> float:
    """Return how many steps a second a LoRA takes that is thrown away."""
    from course.stages import code as lm_code
    from course.world import tasks

    moved, times = lm_code.trained(run.model, "LoRA", seed), [time.perf_counter()]
    learned = tasks.tasks(2_000, "train", seed + 1)
    for p in lm_code.tune_on(
        run.model, run.tokenizer, learned, moved, lm_code.RATES["LoRA"], lora_forward=heart
    ):
        times.append(time.perf_counter())
        if p.step > 4 and times[-1] - times[1] > seconds:
            break
    # The first steps warm up; batches differ in length, so the mean is what a run takes.
    return (len(times) - 4) / (times[-1] - times[3])


def _status(run: Run) -> str:
    recent = [value for _, value in run.curve[-SMOOTH:]]
    loss = f" · loss {statistics.fmean(recent):.3f}" if recent else ""
    return f"step {run.steps:,} of {run.planned:,} · {run.seconds:.0f} s{loss}"


def _conclude(run: Run, asked: Sequence[Any], progress: Any) -> None:
    """Say how it went in the place of the progress bar, and show programs on the way."""
    from course.lm import model

    total = model.parameters(run.model, embeddings=True)
    before, after = run.right[0], run.right[-1]
    sentence = (
        f"This run trained {run.trained:,} numbers ({run.trained / total:.0%} of the model's) on "
        f"{run.pairs:,} tasks, {run.steps:,} of {run.planned:,} steps in {run.seconds:.0f} s. Of "
        f"{before[2]} tasks whose programs it never saw it solved {before[1]} before and "
        f"{after[1]} after."
    )
    if training.in_notebook():
        progress.show(Page(f"<p>{html.escape(sentence)}</p>", sentence))
    else:
        say(sentence)
    middle = next((i for i, (_, hits, n) in enumerate(run.right) if hits > 0.1 * n), -1)
    moments = {"before": 0, f"at step {run.right[middle][0]}": middle, "at the end": -1}
    rows = [
        {"asked for": asked[i].words}
        | {
            when: Page(
                f"{code.listing(run.wrote[at][i]).html}<br>{html.escape(run.said[at][i])}",
                f"{run.wrote[at][i]} {run.said[at][i]}",
            )
            for when, at in moments.items()
        }
        for i in range(SHOWN)
    ]
    training._show(style.table(rows))
