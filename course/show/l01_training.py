"""A model learns in front of your eyes: progress, loss curve and text, drawn again as it goes.

The training itself is ``lm.train``'s; here is what one sees of it. Bounded by time, not by tokens:
the speed of the first steps decides how many tokens fit, so that the learning rate comes down to
its end in time on any computer. Redrawn with Jupyter's display updates, so it needs no widgets; a
terminal gets a line of text now and then. While grading nothing is trained: the recorded run is
drawn at once. Left out on purpose: a stop button (the notebook has one), several runs in a picture.
"""

import itertools
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from course import paths
from course.errors import CourseError
from course.show import sources, style, text
from course.show.sizes import short

if TYPE_CHECKING:
    from course.lm.model import Size

SHOWN_STEPS = (0, 50, 500)  # the model writes a text, as in the recorded run
START = "Facts:"  # what it goes on with
REDRAW = 0.5  # seconds between two pictures
SPEAK = 10.0  # seconds between two lines in a terminal
PROBE = 1.0  # seconds of steps that tell the speed
CURVE_POINTS = 150
TICKS = (0.3, 0.5, 0.7, 1, 2, 3, 5, 7, 10)


@dataclass
class Run:
    """What came out of a live training; `model` is as far as it came.

    ``curve`` is [(tokens, nats a token), …]; ``texts`` and ``recall`` (share of all facts) go by
    step; ``seconds`` is the time of the steps, with drawing.
    """

    model: Any
    tokenizer: Any
    curve: list[tuple[int, float]] = field(default_factory=list)
    texts: dict[int, str] = field(default_factory=dict)
    recall: dict[int, float] = field(default_factory=dict)
    steps: int = 0
    tokens: int = 0
    seconds: float = 0.0
    interrupted: bool = False


class Output:
    """One output of a cell that is drawn again in its place; a terminal gets nothing of it."""

    def __init__(self) -> None:
        self.handle: Any = None

    def show(self, thing: Any) -> None:
        """Draw `thing`, or a bundle that is made already, in the place of what was there."""
        from IPython.display import display

        if not in_notebook():
            return
        if isinstance(thing, tuple):  # a bundle that is made already
            data, meta = thing
            options = {"raw": True, "metadata": meta}
        else:
            data, options = thing, {}
        if self.handle is None:
            self.handle = display(data, display_id=True, **options)
        else:
            self.handle.update(data, **options)


def in_notebook() -> bool:
    """Tell whether a Jupyter kernel runs this, so that outputs can be redrawn."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return hasattr(get_ipython(), "kernel")


class LossCurve:
    """The picture of a run: on the left it grows, on the right stands the recorded run as a whole.

    Parameters
    ----------
    entropy : float
        Nats a token; the dashed line.
    tokens : int
        How many the run will see.
    recorded : dict or None
        A run record with ``curve``, ``loss`` and ``recipe``.
    name : str
        Of the model, for its colour.
    """

    def __init__(
        self, entropy: float, tokens: int, recorded: Mapping[str, Any] | None, name: str
    ) -> None:
        ink, both = style.INK, recorded is not None
        with style.look():
            ratios = [3, 2] if both else [1]
            self.picture, axes = style.picture(
                len(ratios), width=9.2, height=3.7, sharey=True, width_ratios=ratios
            )
            left = axes[0]
            (self.line,) = left.plot([], [], color=style.colour(name))
            (self.dot,) = left.plot([], [], "o", color=style.colour(name), ms=6)
            self.label = left.annotate(
                "", (0, 1), (8, 6), textcoords="offset points", color=style.colour(name),
                fontsize=13,
            )  # fmt: skip
            left.set(xlim=(0, 1.14 * tokens / 1e6), yscale="log", ylim=(0.8 * entropy, 9))
            left.set_xlabel("million tokens read")
            left.set_ylabel("loss (nats a token, log scale)")
            left.set_title("Live, on this computer")
            left.set_yticks(TICKS, [f"{t:g}" for t in TICKS])
            left.set_yticks([], minor=True)
            for axis in axes:
                axis.axhline(entropy, color=ink, ls="--", lw=1.5)
            left.set_ylim(0.8 * entropy, 9)
            left.annotate(
                f"true entropy of the text {entropy:.2f}", (0.02, entropy), (0, -14), color=ink,
                xycoords=("axes fraction", "data"), textcoords="offset points", fontsize=10,
            )  # fmt: skip
            if recorded is not None:
                right = axes[1]
                seen, losses = zip(*recorded["curve"], strict=True)
                right.plot(
                    [t / 1e6 for t in seen], losses, color=style.colour(name), alpha=0.45, lw=1.8
                )
                right.axvspan(0, tokens / 1e6, color=style.GRID, lw=0)
                right.annotate(
                    f"{recorded['loss']:.2f} on\nnew text", (seen[-1] / 1e6, losses[-1]), (0, 14),
                    textcoords="offset points", ha="right", fontsize=10, color=style.QUIET,
                )  # fmt: skip
                right.set_xlim(0, 1.02 * seen[-1] / 1e6)
                right.set_xlabel("million tokens read")
                right.annotate(
                    "live part", (tokens / 1e6, 0.97), (4, 0), textcoords="offset points",
                    xycoords=("data", "axes fraction"), va="top", fontsize=10, color=style.QUIET,
                )  # fmt: skip
                right.set_title("A longer run, recorded")

    def draw(self, curve: Sequence[tuple[int, float]], scale: float) -> Any:
        """Return the picture with `curve`, [(tokens, nats a token), …], for display."""
        seen, losses = [t / 1e6 for t, _ in curve], [loss for _, loss in curve]
        self.line.set_data(seen, losses)
        self.dot.set_data(seen[-1:], losses[-1:])
        if curve:
            self.label.set_text(f"{losses[-1]:.2f}")
            self.label.xy = (seen[-1], losses[-1])
            self.picture.alt = (
                f"Loss curve of the live run: from {losses[0]:.2f} to {losses[-1]:.2f} nats a token"
                f" after {short(curve[-1][0])} tokens."
            )
        bundle = self.picture.bundle(scale)
        self.picture.figure.set_layout_engine("none")  # what is laid out stays: half of the time
        return bundle


def loss_curve(recorded: Mapping[str, Any]) -> style.Picture:
    """Return the picture of a recorded run: its loss, falling towards the true entropy.

    Parameters
    ----------
    recorded : dict
        A run record with ``name``, ``curve`` ([tokens, nats a token]), ``entropy``, ``loss``.
    """
    curve = LossCurve(
        recorded["entropy"], recorded["curve"][-1][0], None, recorded.get("name", "mini-babbage")
    )
    curve.picture.axes[0].set_title(f"{recorded.get('name', 'A run')}, recorded")
    curve.draw(recorded["curve"], 1.0)
    return curve.picture


def live_training(
    seconds: float = 45.0,
    *,
    name: str = "mini-babbage",
    size: "Size | None" = None,
    seed: int = 1,
) -> Run | None:
    """Pre-train a new mini-GPT in front of the reader's eyes.

    An interruption (the notebook's stop button, Ctrl-C) ends the training and keeps what was
    learned. While grading, the recorded run is drawn instead, without torch.

    Parameters
    ----------
    seconds : float
        How long it may train; ``COURSE_DEMO_SECONDS`` overrides it. Loading torch comes on top.
    name : str
        The size of the model, and the recorded run that stands beside it.
    size : Size, optional
        Another size than `name` has.
    seed : int
        Of weights and text.

    Returns
    -------
    Run or None
        None while grading, and where the tokenizer is missing.
    """
    recorded = sources.record(name)
    if paths.grading():
        if recorded is not None:
            _show(loss_curve(recorded))
            _show(text.texts(recorded["texts"]))
        return None
    try:
        from course.lm import model, tokenizer

        words = tokenizer.load()
    except CourseError as error:
        style.say(str(error))
        return None
    run = Run(model.new(size or model.SIZES[name], seed, len(words)), words)
    try:
        _train(run, sources.demo_seconds(seconds), recorded, name, seed)
    except KeyboardInterrupt:
        run.interrupted = True
        run.model.eval()
        known = "keeps what it has learned" if run.steps else "knows nothing yet"
        style.say(f"Stopped; the model {known}.")
    return run


def _train(
    run: Run, seconds: float, recorded: Mapping[str, Any] | None, name: str, seed: int
) -> None:
    from course.lm import data, train
    from course.stages import base

    progress, pictures, table = Output(), Output(), Output()
    recipe = base.QUICK
    pad = run.tokenizer.pad_token_id
    progress.show(bar(0, "Writing the first texts of the village …"))
    batches = data.batches(data.web_rows(run.tokenizer, seed), recipe.batch)
    first = next(batches)
    entropy = recorded["entropy"] if recorded is not None else _entropy(run.tokenizer)
    progress.show(bar(0, "Measuring how fast this computer is …"))
    speed = _speed(run, first, recipe, min(PROBE, seconds / 4))
    recipe = replace(recipe, tokens=int(speed * max(0.1, seconds - PROBE)))
    curve = LossCurve(entropy, recipe.tokens, recorded, name)
    pictures.show(curve.draw([], 1.0))
    _write(run, 0, table)

    start = drawn = spoken = time.perf_counter()
    losses: list[tuple[int, float]] = []
    steps = train.pretrain(run.model, itertools.chain([first], batches), recipe, pad)
    pause = REDRAW
    try:
        for p in steps:
            losses.append((p.tokens, p.loss))
            run.steps, run.tokens = p.step, p.tokens
            now = time.perf_counter()
            run.seconds = now - start
            late = run.seconds > seconds
            if p.step in SHOWN_STEPS:
                _write(run, p.step, table)
            if now - drawn >= pause:
                run.curve = thinned(losses, p.steps)
                progress.show(bar(p.step / p.steps, _status(run, p.steps)))
                pictures.show(curve.draw(run.curve, 1.0))
                drawn = time.perf_counter()
                pause = max(REDRAW, 8 * (drawn - now))  # drawing takes a ninth of the time at most
            if now - spoken >= SPEAK and not in_notebook():
                print(_status(run, p.steps), flush=True)
                spoken = now
            if late:
                break
    except KeyboardInterrupt:
        run.interrupted = True
        style.say(f"Stopped at step {run.steps:,}; the model keeps what it has learned.")
    finally:
        run.model.eval()
    run.curve = thinned(losses, len(losses))
    pictures.show(curve.draw(run.curve, 2.0))
    if run.steps:
        _write(run, run.steps, table)
    if not in_notebook():
        print(_texts(run).text)
    if run.steps:
        _conclude(run, entropy, progress)


def _speed(run: Run, batch: Any, recipe: Any, seconds: float) -> float:
    """Return tokens a second, by some `seconds` of steps of a model that is thrown away."""
    import copy

    from course.lm import train

    trial = copy.deepcopy(run.model)
    pad = run.tokenizer.pad_token_id
    times = [time.perf_counter()]
    for p in train.pretrain(trial, itertools.repeat(batch), recipe, pad):
        times.append(time.perf_counter())
        if p.step > 6 and times[-1] - times[0] > seconds:
            break
    # The first steps warm up; the median doesn't mind a hiccup.
    step = statistics.median(b - a for a, b in itertools.pairwise(times[3:]))
    # A tenth is for drawing, and for writing more text of the village on the way.
    return 0.9 * p.tokens / p.step / step


def _entropy(tokenizer: Any) -> float:
    """Return the true entropy of the village's text, in nats a token."""
    from course.lm import data, evaluate
    from course.world import web

    corpus = list(web.documents(evaluate.DOCUMENTS, evaluate.SEED))
    ids = data.encode(tokenizer, [d.text for d in corpus])
    return -sum(d.logprob for d in corpus) / sum(len(i) + 1 for i in ids)


def _write(run: Run, step: int, table: Output) -> None:
    """Have the model write a text and complete all facts of the village; show it."""
    from course.lm import evaluate, sample

    run.texts[step] = sample.continue_text(run.model, run.tokenizer, START, seed=1)
    hits = evaluate.recalled(run.model, run.tokenizer)
    run.recall[step] = sum(hits) / len(hits)
    table.show(_texts(run))


def _texts(run: Run) -> style.Page:
    notes = {step: f"knows {share:.0%} of the facts" for step, share in run.recall.items()}
    return text.texts(run.texts, ("step", f"after “{START}” it writes"), notes)


def _conclude(run: Run, entropy: float, progress: Output) -> None:
    """Say how it went, in the place of the progress bar so that nothing jumps."""
    speed = run.tokens / max(run.seconds, 1e-9)
    sentence = (
        f"This run: {run.steps:,} steps, {short(run.tokens)} tokens in {run.seconds:.0f} s "
        f"({speed:,.0f} tokens a second). The loss fell from {run.curve[0][1]:.2f} to "
        f"{run.curve[-1][1]:.2f} nats a token; the entropy is {entropy:.2f}."
    )
    if in_notebook():
        progress.show(style.Page(f"<p>{sentence}</p>", sentence))
    else:
        style.say(sentence)


def thinned(losses: Sequence[tuple[int, float]], steps: int) -> list[tuple[int, float]]:
    """Return the curve that is drawn: the first 20 losses, then means over equal stretches.

    Parameters
    ----------
    losses : sequence of (tokens, nats a token)
        Of every step so far.
    steps : int
        Of the whole run; a stretch is one part of `CURVE_POINTS` of it.
    """
    length = max(1, steps // CURVE_POINTS)
    curve = list(losses[:20])
    for begin in range(20, len(losses), length):
        part = losses[begin : begin + length]
        if len(part) == length or not curve:
            curve.append((part[-1][0], sum(loss for _, loss in part) / len(part)))
    return curve


def _status(run: Run, steps: int) -> str:
    loss = f" · loss {run.curve[-1][1]:.2f}" if run.curve else ""
    return (
        f"step {run.steps:,} of {steps:,} · {run.seconds:.0f} s · "
        f"{run.tokens / max(run.seconds, 1e-9):,.0f} tokens a second{loss}"
    )


def bar(part: float, status: str) -> style.Page:
    """Return a progress bar at `part`, from 0 to 1, above a line of HTML."""
    return style.Page(
        '<div style="max-width:860px;background:#dfe5ea;border-radius:4px;height:8px">'
        f'<div style="width:{100 * part:.1f}%;background:{style.ACCENT};border-radius:4px;'
        f'height:8px"></div></div><div style="font-size:90%">{status}</div>',
        status,
    )


def _show(thing: Any) -> None:
    from IPython.display import display

    display(thing)
