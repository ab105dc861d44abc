"""Fine-tuning in front of your eyes: a base model learns to answer.

The training is ``lm.tune``'s, made of the exercises of lesson 05: our answers where ``source/`` is,
else the learner's own once they pass their visible checks, else the recorded run is shown. Like the
live pre-training it is bounded by the clock: the speed of the first steps decides how many
demonstrations it reads. Left out on purpose: going on after an interruption (a new run takes less
than a minute), and a choice of models.
"""

import html
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from course import paths, stats
from course.errors import CourseError
from course.show import l01_training as training
from course.show import l05_following as following
from course.show import sources, style
from course.show.style import Page, look, picture, say

EPOCHS = 3
MOST = 10_000  # demonstrations, as for the shipped model
WATCHED = 120  # requests that are asked on the way
STOPS = (0.1, 0.25, 0.5)  # parts of the training after which they are asked
REDRAW = 0.5  # seconds between two pictures
SMOOTH = 15  # batches of the bold line: answers of some lengths are easier than others
TICKS = (0.2, 0.3, 0.5, 0.7, 1, 2, 3, 5, 7)


@dataclass
class Run:
    """What came out of a live fine-tuning; `model` is as far as it came.

    ``curve`` is [(step, nats a token on answers), …]; ``follows`` [(step, how many of the watched
    requests got an answer as an ideal one, of how many), …]; ``said`` the answers at each of these.
    """

    model: Any
    tokenizer: Any
    curve: list[tuple[int, float]] = field(default_factory=list)
    follows: list[tuple[int, int, int]] = field(default_factory=list)
    said: list[list[str]] = field(default_factory=list)
    steps: int = 0
    planned: int = 0
    demonstrations: int = 0
    seconds: float = 0.0
    interrupted: bool = False


def live_sft(seconds: float = 40.0, *, name: str = "mini-babbage", seed: int = 1) -> Run | None:
    """Fine-tune a base model on demonstrations in front of the reader's eyes.

    An interruption (the stop button, Ctrl-C) ends the training and keeps what was learned. Without
    an answer to `loss_mask` and `sft_loss` that passes its visible checks, and while grading, the
    shipped model's record is shown instead.

    Parameters
    ----------
    seconds : float
        How long it may train; ``COURSE_DEMO_SECONDS`` overrides it. Loading torch comes on top.
    name : str
        The base model.
    seed : int
        Of demonstrations and order.

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
        from course.stages.stage import SFT

        hearts = exercises.load(*SFT)
        run = Run(*model.load(name))
    except CourseError as error:
        say(f"{error} Until then here is the recorded run of mini-sft.")
        _recorded()
        return None
    if hearts.origin == "work":
        say("This training runs on your own loss_mask and sft_loss.")
    try:
        _tune(run, hearts, sources.demo_seconds(seconds), seed)
    except KeyboardInterrupt:  # while the speed was measured, or at the last questions
        run.interrupted = True
        run.model.eval()
        say("Stopped. The lesson goes on with the shipped mini-sft; run the cell again to retry.")
    return run


def _recorded() -> None:
    record = sources.record("mini-sft")
    if record is None:
        return
    with look():
        shown, (axis,) = picture(height=3.4, alt="Recorded loss of mini-sft, step by step.")
        steps, losses = zip(*record["curve"], strict=True)
        axis.plot(steps, losses, color=following.WAYS["sft"][1])
        axis.set(xlabel="step", ylabel="loss (nats a token), with rehearsal", ylim=(0, None))
        axis.set_title("mini-sft, recorded")
    training._show(shown)
    sources.figure_line(
        record,
        "Requests followed (the most probable answer): {base_following:.0%} before, "
        "{following:.0%} after {examples:,} demonstrations.",
    )


class _Curves:
    """The picture of a live run: loss on answers on the left, what comes of it on the right."""

    def __init__(self, planned: int) -> None:
        with look():
            self.picture, (left, right) = picture(2, width=9.2, height=3.7)
            self.axes = (left, right)
            shade = following.WAYS["sft"][1]
            (self.line,) = left.plot([], [], color=shade, lw=1, alpha=0.4, label="each batch")
            (self.mean,) = left.plot([], [], color=shade, label=f"mean of {SMOOTH} batches")
            self.label = left.annotate(
                "", (0, 1), (6, 4), textcoords="offset points", color=style.INK, fontsize=12
            )
            left.set(xlim=(0, 1.14 * planned), yscale="log", xlabel="step")
            left.set_ylabel("loss on answers (nats a token)")
            left.set_yticks(TICKS, [f"{t:g}" for t in TICKS])
            left.set_yticks([], minor=True)
            left.set_ylim(0.15, 9)
            left.set_title("Loss, live")
            left.legend(fontsize=9.5, loc="upper right")
            right.set(xlim=(-0.06 * planned, 1.12 * planned), ylim=(0, 1.08), xlabel="step")
            right.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
            right.set_title("Answers as an ideal one, with 95 % interval", fontsize=11)
        self.drawn = 0

    def draw(self, run: Run, scale: float = 1.0) -> Any:
        """Return the picture with what there is of the run, for display."""
        right = self.axes[1]
        steps, losses = [s for s, _ in run.curve], [value for _, value in run.curve]
        self.line.set_data(steps, losses)
        means = [
            statistics.fmean(losses[max(0, i + 1 - SMOOTH) : i + 1]) for i in range(len(losses))
        ]
        self.mean.set_data(steps, means)
        if losses:
            self.label.set_text(f"{means[-1]:.2f}")
            self.label.xy = (steps[-1], means[-1])
        for step, hits, n in run.follows[self.drawn :]:
            low, high = stats.interval(hits, n)
            p = hits / n
            right.errorbar(
                [step], [p], [[max(0.0, p - low)], [max(0.0, high - p)]], fmt="o",
                color=following.WAYS["sft"][1], ecolor=style.INK, capsize=3,
            )  # fmt: skip
            right.annotate(
                f"{p:.0%}", (step, high), (0, 4), textcoords="offset points", ha="center",
                fontsize=10, color=style.INK,
            )  # fmt: skip
        self.drawn = len(run.follows)
        self.picture.alt = "Live fine-tuning. " + "; ".join(
            f"step {s}: {following.share(hits, n)} of the answers as an ideal one"
            for s, hits, n in run.follows
        )
        return self.picture.bundle(scale)


def _tune(run: Run, hearts: Mapping[str, Any], seconds: float, seed: int) -> None:
    """Measure the speed, plan as many demonstrations as fit, train, ask on the way."""
    from course.lm import evals
    from course.stages import sft
    from course.stages.context import rehearsed
    from course.stages.sft_stage import RECIPE
    from course.world import demonstrate

    progress, pictures = training.Output(), training.Output()
    batch = RECIPE.batch
    asked = list(evals.asked_in("test").mixed[:WATCHED])
    progress.show(training.bar(0, "Measuring how fast this computer is …"))
    speed = _steps_a_second(run, hearts, seed, min(4.0, seconds / 5))
    steps = max(3, int(0.8 * speed * seconds))
    run.demonstrations = min(MOST, max(batch, batch * steps // EPOCHS))
    examples = list(demonstrate.demonstrations(run.demonstrations, seed))
    run.planned = EPOCHS * -(-len(examples) // batch)
    stops = {0, *(round(part * run.planned) for part in STOPS)}
    seen: list[float] = []

    def heard(*arguments: Any) -> Any:
        """Compute the loss and note its value: a step's own also holds the rehearsal."""
        value = hearts["sft_loss"](*arguments)
        seen.append(float(value.detach()))
        return value

    def ask() -> None:
        run.model.eval()
        prompts = evals.chat_prompts(run.tokenizer, asked)
        texts = evals.answers(run.model, run.tokenizer, prompts, temperature=1.0, seed=seed)
        right = sum(j.right for j in evals.judge(asked, texts))
        run.follows.append((run.steps, right, len(asked)))
        run.said.append(texts)
        run.model.train()

    curves = _Curves(run.planned)
    ask()
    pictures.show(curves.draw(run))
    start = drawn = spoken = time.perf_counter()
    losses: list[tuple[int, float]] = []
    try:
        for p in sft.sft(
            run.model, run.tokenizer, examples, loss_mask=hearts["loss_mask"], sft_loss=heard,
            recipe=replace(RECIPE, epochs=EPOCHS),
            web=rehearsed(run.tokenizer, 1000 + seed), seed=seed,
        ):  # fmt: skip
            losses.append((p.step, statistics.fmean(seen)))
            seen.clear()
            run.steps, run.seconds = p.step, time.perf_counter() - start
            if p.step in stops and p.step < run.planned:
                ask()
            now = time.perf_counter()
            if now - drawn >= REDRAW:
                run.curve = list(losses)
                progress.show(training.bar(p.step / run.planned, _status(run)))
                pictures.show(curves.draw(run))
                drawn = time.perf_counter()
            if now - spoken >= training.SPEAK and not training.in_notebook():
                print(_status(run), flush=True)
                spoken = now
            if run.seconds > 1.5 * seconds:  # the computer got slower than it was at first
                break
    except KeyboardInterrupt:
        run.interrupted = True
        say(f"Stopped at step {run.steps:,}; the model keeps what it has learned.")
    finally:
        run.model.eval()
    run.curve = losses
    if run.steps:
        ask()
        run.model.eval()
    pictures.show(curves.draw(run, 2.0))
    _conclude(run, asked, progress)


def _steps_a_second(run: Run, hearts: Mapping[str, Any], seed: int, seconds: float) -> float:
    """Return how many steps a second a copy of the model takes."""
    import copy

    from course.stages import sft
    from course.stages.context import rehearsed
    from course.stages.sft_stage import RECIPE
    from course.world import demonstrate

    trial, times = copy.deepcopy(run.model), [time.perf_counter()]
    examples = list(demonstrate.demonstrations(2_000, seed + 1))
    steps = sft.sft(
        trial, run.tokenizer, examples, loss_mask=hearts["loss_mask"],
        sft_loss=hearts["sft_loss"], recipe=RECIPE,
        web=rehearsed(run.tokenizer, 4000 + seed), seed=seed,
    )  # fmt: skip
    for p in steps:
        times.append(time.perf_counter())
        if p.step > 4 and times[-1] - times[1] > seconds:
            break
    # The first steps warm up; batches differ in length, so the mean is what a run takes.
    return (len(times) - 4) / (times[-1] - times[3])


def _status(run: Run) -> str:
    recent = [value for _, value in run.curve[-SMOOTH:]]
    loss = f" · loss on answers {statistics.fmean(recent):.2f}" if recent else ""
    return f"step {run.steps:,} of {run.planned:,} · {run.seconds:.0f} s{loss}"


def _conclude(run: Run, asked: Sequence[Any], progress: Any) -> None:
    """Say how it went in the place of the progress bar, and show answers before and after."""
    before, after = run.follows[0], run.follows[-1]
    sentence = (
        f"This run: {run.steps:,} of {run.planned:,} steps on {run.demonstrations:,} "
        f"demonstrations in {run.seconds:.0f} s. Of {before[2]} requests about people whom no "
        f"demonstration names, {following.share(*before[1:])} got an answer as an ideal one "
        f"before, {following.share(*after[1:])} after."
    )
    if training.in_notebook():
        progress.show(Page(f"<p>{html.escape(sentence)}</p>", sentence))
    else:
        say(sentence)
    shown = {e.kind: i for i, e in reversed(list(enumerate(asked)))}
    rows = [
        {
            "request": asked[i].turns[-1].request,
            "before": run.said[0][i] or "(nothing)",
            "after": run.said[-1][i] or "(nothing)",
        }
        for i in list(shown.values())[:5]
    ]
    training._show(style.table(rows))
