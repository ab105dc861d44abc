"""PPO in front of your eyes: reward, KL and true score, drawn again as the policy learns.

The training is ``lm.ppo``'s, made of the exercises of lesson 07: our answers where ``source/`` is,
else the learner's own once they pass their visible checks, else the recorded run is drawn. After
every iteration the labeler judges the very answers that the policy learned from; no model sees it.
Where a run is cut short (the stop button, a restarted kernel, the time that it may take), the
policy is kept in the course's cache folder and the next call goes on from there, with a fresh value
model. Left out on purpose: a choice of models, and more than one run in a picture.
"""

import contextlib
import hashlib
import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from course import paths
from course.errors import CourseError
from course.show import l01_training as training
from course.show import l07_rlhf as rlhf
from course.show import sources, style
from course.show.style import say

START, REWARD = "mini-sft", "mini-reward"
ITERATIONS = 40
KEEP = 4.0  # seconds between two copies of the policy on the disk
SHOWN = 5  # answers to read after the run


@dataclass
class Run:
    """What came out of a live run; `policy` is as far as it came.

    ``curve`` has a dictionary for each iteration: ``reward`` (deviations), ``kl`` (nats an answer)
    and ``true`` (points).
    """

    policy: Any
    tokenizer: Any
    iterations: int
    curve: list[dict[str, float]] = field(default_factory=list)
    seconds: float = 0.0
    interrupted: bool = False
    broken: bool = False

    @property
    def complete(self) -> bool:
        """Tell whether all iterations are done."""
        return len(self.curve) >= self.iterations


class Kept:
    """The copy of an unfinished run on the disk; without room or permission there is none.

    Parameters
    ----------
    key : str
        What the run depends on; a copy with another key is of no use.
    """

    def __init__(self, key: str) -> None:
        self.folder, self.key = paths.cache() / "live-ppo", key
        self.written = time.perf_counter()

    def write(self, run: Run) -> None:
        """Put policy and curve on the disk, each in one step."""
        import torch

        state = {"key": self.key, "curve": run.curve, "policy": run.policy.state_dict()}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            draft = self.folder / "run.part"
            torch.save(state, draft)
            draft.replace(self.folder / "run.pt")
        except (OSError, RuntimeError):  # torch says RuntimeError where it can't write
            pass
        self.written = time.perf_counter()

    def read(self, run: Run) -> None:
        """Bring `run` to where the copy is, if there is one that fits."""
        import torch

        try:
            state = torch.load(self.folder / "run.pt", weights_only=True)
            if state["key"] == self.key:
                run.policy.load_state_dict(state["policy"])
                run.curve = list(state["curve"])
        except Exception:  # a copy that can't be read is no copy; there are many ways to be damaged
            pass

    def forget(self) -> None:
        """Take the copy away."""
        with contextlib.suppress(OSError):
            (self.folder / "run.pt").unlink(missing_ok=True)


class Picture:
    """Reward, KL and true score side by side: the live run grows over the recorded one.

    Parameters
    ----------
    iterations : int
        How many there will be.
    recorded : dict or None
        A run of the record ``beta``, drawn faintly.
    """

    def __init__(self, iterations: int, recorded: Mapping[str, Any] | None) -> None:
        self.lines: dict[str, Any] = {}
        self.dots: dict[str, Any] = {}
        with style.look():
            self.picture, axes = style.picture(3, width=9.2, height=3.4)
            for axis, (key, title, unit, shade) in zip(axes, rlhf.PANELS, strict=True):
                if recorded is not None:
                    past = rlhf.smoothed(recorded[key])[:iterations]
                    axis.plot(
                        range(1, len(past) + 1), past, color=style.LINE, lw=1.4,
                        label=f"recorded, β = {recorded['beta']:g}",
                    )  # fmt: skip
                (self.lines[key],) = axis.plot([], [], color=shade, label="live")
                (self.dots[key],) = axis.plot([], [], "o", color=shade, ms=6)
                axis.set(title=title, ylabel=unit, xlabel="iteration", xlim=(0, iterations + 1))
            axes[0].legend(loc="lower right", fontsize=9.5)

    def draw(self, curve: Sequence[Mapping[str, float]], scale: float = 1.0) -> Any:
        """Return the picture with what there is of the run, for display."""
        for axis, (key, *_) in zip(self.picture.axes, rlhf.PANELS, strict=True):
            values = [point[key] for point in curve]
            self.lines[key].set_data(range(1, len(values) + 1), values)
            self.dots[key].set_data([len(values)] if values else [], values[-1:])
            axis.relim()
            axis.autoscale_view(scalex=False)
        words = f" after {len(curve)} iterations: {status(curve[-1])}" if curve else ""
        self.picture.alt = f"PPO, live{words}."
        return self.picture.bundle(scale)


def status(point: Mapping[str, float]) -> str:
    """Return one iteration in words."""
    return (
        f"reward {point['reward']:.2f} · KL {point['kl']:.2f} nats · true score {point['true']:.2f}"
    )


def nearest(record: Mapping[str, Any], beta: float) -> dict[str, Any]:
    """Return the recorded run whose price is nearest to `beta`, by their ratio."""
    tiny = 1e-3
    return min(record["runs"], key=lambda run: abs(math.log((run["beta"] + tiny) / (beta + tiny))))


def live_ppo(
    seconds: float = 50.0,
    *,
    beta: float | None = None,
    iterations: int = ITERATIONS,
    seed: int = 1,
    again: bool = False,
) -> Run | None:
    """Train ``mini-sft`` by PPO in front of the reader's eyes.

    Parameters
    ----------
    seconds : float
        How long it may train; ``COURSE_DEMO_SECONDS`` overrides it. Loading torch comes on top.
    beta : float, optional
        The price of a nat; the recipe's if left out.
    iterations : int
        Rounds of answering and learning.
    seed : int
        Of the answers.
    again : bool
        Begin anew, also where an unfinished run could go on.

    Returns
    -------
    Run or None
        None while grading, and where something is missing; the recorded run is drawn instead.
    """
    recorded = sources.record("beta")
    if paths.grading():
        return None
    try:
        from course.stages import exercises
        from course.stages.stage import PPO

        hearts = exercises.load(*PPO)
    except CourseError as error:
        say(f"{error}")
        _recorded(recorded, beta)
        return None
    if hearts.origin == "work":
        say("This is trained with your own answers to the exercises above.")
    models = [sources.load_model(name, quiet=True) for name in (START, START, REWARD)]
    if not all(models):
        say(f"The models {START} and {REWARD} aren't here: restore data/models with git.")
        _recorded(recorded, beta)
        return None
    (_, policy, words), (_, reference, _), (_, rewards, _) = models
    from course.stages import ppo

    recipe = replace(ppo.Recipe(), iterations=iterations)
    recipe = recipe if beta is None else replace(recipe, beta=beta)
    run = Run(policy, words, iterations)
    kept = Kept(_key(recipe, seed))
    if again:
        kept.forget()
    try:
        kept.read(run)
        _train(run, kept, recipe, hearts, reference, rewards, sources.demo_seconds(seconds),
               recorded and nearest(recorded, recipe.beta), seed)  # fmt: skip
    except KeyboardInterrupt:
        run.interrupted = True
    except Exception as error:
        if hearts.origin != "work":
            raise
        say(
            f"The training stopped with {type(error).__name__}: {error}. An answer of yours that "
            "passes its visible checks fails here: look at the shapes that it returns."
        )
        return None
    finally:
        policy.eval()
    _conclude(run, kept)
    return run


def _key(recipe: Any, seed: int) -> str:
    """Return what an unfinished run must have in common with this one to be its beginning."""
    weights = (paths.MODELS / START / "model.safetensors").read_bytes()
    weights += (paths.MODELS / REWARD / "model.safetensors").read_bytes()
    return json.dumps([asdict(recipe), seed, hashlib.sha256(weights).hexdigest()])


def _train(
    run: Run,
    kept: Kept,
    recipe: Any,
    hearts: Mapping[str, Any],
    reference: Any,
    rewards: Any,
    seconds: float,
    recorded: Mapping[str, Any] | None,
    seed: int,
) -> None:
    from course.lm import evals
    from course.stages import ppo
    from course.stages.context import rehearsed
    from course.stages.ppo_stage import ppo_requests
    from course.studies import l07_prices as prices

    done, pictures, progress = len(run.curve), training.Output(), training.Output()
    if done:
        say(
            f"Going on after iteration {done} of {run.iterations}, where the run before this one "
            "was cut off. (To begin anew: live_ppo(again=True).)"
        )
    asked = ppo_requests(recipe, seed)[done * recipe.batch :]
    left = replace(recipe, iterations=run.iterations - done)
    picture = Picture(run.iterations, recorded)
    progress.show(training.bar(done / run.iterations, "Answering the first requests …"))
    pictures.show(picture.draw(run.curve))
    web = None
    if recipe.rehearsal:
        web = rehearsed(run.tokenizer, 5000 + seed + done, recipe.rows)
    steps = ppo.train(
        run.policy, reference, rewards, run.tokenizer, evals.chat_prompts(run.tokenizer, asked),
        **hearts, recipe=left, web=web, seed=seed + 1000 * done,
    )  # fmt: skip
    start = drawn = spoken = time.perf_counter()
    pause = training.REDRAW
    try:
        for p in steps:
            if not math.isfinite(p.loss):
                run.broken = True
                break
            true = prices.true_score(run.tokenizer, asked, p)
            run.curve.append({"reward": p.reward, "kl": p.kl, "true": true})
            now = time.perf_counter()
            run.seconds = now - start
            shown = f"iteration {len(run.curve)} of {run.iterations} · {run.seconds:.0f} s · "
            shown += status(run.curve[-1])
            if now - drawn >= pause:
                progress.show(training.bar(len(run.curve) / run.iterations, shown))
                pictures.show(picture.draw(run.curve))
                drawn = time.perf_counter()
                pause = max(training.REDRAW, 8 * (drawn - now))  # a ninth of the time at most
            if now - spoken >= training.SPEAK and not training.in_notebook():
                print(shown, flush=True)
                spoken = now
            if time.perf_counter() - kept.written >= KEEP:
                kept.write(run)
            if run.seconds > seconds:
                break
    finally:
        steps.close()  # its threads end here, not whenever Python gets to it
        pictures.show(picture.draw(run.curve, 2.0))
        part = len(run.curve) / run.iterations
        progress.show(training.bar(part, f"{len(run.curve)} of {run.iterations} iterations"))


def _conclude(run: Run, kept: Kept) -> None:
    """Say in one sentence how it went and keep what can go on."""
    done, of = len(run.curve), f"of {run.iterations}"
    if run.broken:
        kept.forget()
        say(f"The loss is no number any more (nan) after iteration {done}: the training ends here.")
        return
    if run.complete:
        kept.forget()
        first, last = run.curve[0], run.curve[-1]
        say(
            f"This run: {done} iterations in {run.seconds:.0f} s. Reward {first['reward']:.2f} → "
            f"{last['reward']:.2f} deviations, KL {last['kl']:.2f} nats an answer, true score "
            f"{first['true']:.2f} → {last['true']:.2f} points."
        )
        return
    kept.write(run)
    why = "Stopped" if run.interrupted else f"The time is over ({run.seconds:.0f} s)"
    say(
        f"{why} after iteration {done} {of}; the policy keeps what it has learned. "
        "Run the cell again to go on from there."
    )


def _recorded(record: Mapping[str, Any] | None, beta: float | None) -> None:
    """Draw the recorded runs, in place of the live one."""
    if record is None:
        return
    from IPython.display import display

    chosen = None if beta is None else nearest(record, beta)["beta"]
    say("So here are the recorded runs instead.")
    display(rlhf.beta_runs(record, chosen))


def before_and_after(run: Run | None, seed: int = 3) -> style.Page | None:
    """Return answers of the SFT model and of the policy to the same requests, with true scores.

    Parameters
    ----------
    run : Run or None
        A live run; without one the shipped ``mini-instruct`` answers.
    seed : int
        Of the draws.
    """
    found = sources.load_model(START)
    tuned = ("live policy", run.policy) if run and run.curve else None
    if tuned is None and (shipped := sources.load_model("mini-instruct")):
        tuned = ("mini-instruct", shipped[1])
    if not found or tuned is None:
        return None
    from course.lm import evals
    from course.studies import l07_prices as prices

    _, start, words = found
    asked = evals.asked_in("test").mixed
    asked = [asked[i] for i in prices.shown(asked)]
    prompts = evals.chat_prompts(words, asked)
    rows = [{"request": example.turns[-1].request} for example in asked]
    for name, model in ((START, start), tuned):
        replies = evals.answers(model, words, prompts, temperature=1.0, seed=seed)
        for row, reply, j in zip(rows, replies, evals.judge(asked, replies), strict=True):
            row[f"{name} (true score)"] = f"{reply} ({j.score:.2f})"
    return style.table(rows)
