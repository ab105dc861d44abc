"""DPO in front of your eyes: agreement with the labeler and true score, drawn again as it learns.

The training is ``lm.dpo``'s with the exercise of lesson 09: our answer where ``source/`` is, else
the learner's own once it passes its visible checks, else the recorded figures are shown. Bounded by
the clock: a part of the time goes into answers for the labeler to rank, and the speed of the first
steps decides how many rankings are learned from. Left out on purpose: going on after an
interruption (a new run takes less than a minute), and a choice of models and prices.
"""

import math
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from course import paths
from course.errors import CourseError
from course.show import l01_training as training
from course.show import l09_frontier as frontier
from course.show import sources, style
from course.show.style import look, picture, say

START, OTHER = "mini-sft", "mini-instruct"
BETA = 0.5
MOST, CHUNK = 4_000, 200  # requests whose answers are ranked, and how many at once
SHARE = 0.3  # of the time, for answers and rankings
WATCHED = 150  # requests that are asked on the way
STOPS = (0.25, 0.5, 0.75)  # parts of the training after which they are asked
SMOOTH = 15  # steps of the bold line


@dataclass
class Run:
    """What came out of a live run; `policy` is as far as it came.

    ``curve`` is [(step, agreement), …]; ``scores`` [(step, mean true score, its standard error),
    …] of the watched requests; ``ceiling`` the agreement that no judge can pass.
    """

    policy: Any
    tokenizer: Any
    curve: list[tuple[int, float]] = field(default_factory=list)
    scores: list[tuple[int, float, float]] = field(default_factory=list)
    ceiling: float = 1.0
    rankings: int = 0
    steps: int = 0
    planned: int = 0
    seconds: float = 0.0
    interrupted: bool = False
    broken: bool = False


def live_dpo(seconds: float = 45.0, *, beta: float = BETA, seed: int = 1) -> Run | None:
    """Train ``mini-sft`` by DPO in front of the reader's eyes.

    An interruption (the stop button, Ctrl-C) ends the training and keeps what was learned.

    Parameters
    ----------
    seconds : float
        How long it may take; ``COURSE_DEMO_SECONDS`` overrides it. Loading torch comes on top.
    beta : float
        The price of a nat.
    seed : int
        Of answers, rankings and their order.

    Returns
    -------
    Run or None
        None while grading, and where something is missing; recorded figures are shown instead.
    """
    if paths.grading():
        return None
    try:
        from course.stages import exercises
        from course.stages.stage import DPO

        heart = exercises.load(*DPO)
    except CourseError as error:
        say(f"{error}")
        _recorded()
        return None
    if heart.origin == "work":
        say("This is trained with your own dpo_loss.")
    models = [sources.load_model(START, quiet=True) for _ in range(2)]
    if not all(models):
        say(f"The model {START} isn't here: restore data/models with git.")
        _recorded()
        return None
    (_, policy, words), (_, reference, _) = models
    run = Run(policy, words)
    try:
        _train(run, heart, reference, beta, sources.demo_seconds(seconds), seed)
    except KeyboardInterrupt:
        run.interrupted = True
    except Exception as error:
        if heart.origin != "work":
            raise
        say(
            f"The training stopped with {type(error).__name__}: {error}. An answer of yours that "
            "passes its visible checks fails here: look at what dpo_loss returns."
        )
        return None
    finally:
        policy.eval()
    _conclude(run)
    return run


class Picture:
    """Agreement with the labeler on the left, true score of the answers on the right."""

    def __init__(self, run: Run, tuned: Mapping[str, Any] | None) -> None:
        shade = frontier.SHADES["DPO"][0]
        with look():
            self.picture, (left, right) = picture(2, width=9.2, height=3.6)
            self.axes = (left, right)
            (self.line,) = left.plot([], [], color=shade, lw=1, alpha=0.35, label="each step")
            (self.mean,) = left.plot([], [], color=shade, label=f"mean of {SMOOTH} steps")
            left.axhline(0.5, color=style.LINE, lw=1.2)
            left.axhline(run.ceiling, color=style.INK, ls="--", lw=1.4)
            left.annotate(
                f"the labels' noise: no judge above {run.ceiling:.0%}", (0.02, run.ceiling), (0, 5),
                xycoords=("axes fraction", "data"), textcoords="offset points", fontsize=9.5,
            )  # fmt: skip
            left.set(xlim=(0, run.planned + 1), ylim=(0.4, 0.95), xlabel="step")
            left.set_yticks([0.4, 0.5, 0.6, 0.7, 0.8, 0.9], ["40 %", "50 %", *("60 %", "70 %"),
                                                             "80 %", "90 %"])  # fmt: skip
            left.set_title("Agreement with the labeler, live")
            left.legend(loc="lower right", fontsize=9.5)
            right.set(xlim=(-0.06 * run.planned, 1.1 * run.planned), xlabel="step")
            right.set(ylabel="points", title="True score, with 95 % interval")
            if tuned is not None:
                right.axhline(tuned["true_after"], color=style.colour(OTHER), ls="--", lw=1.4)
                right.annotate(
                    f"{OTHER} (PPO), recorded", (0.02, tuned["true_after"]), (0, 5), fontsize=9.5,
                    xycoords=("axes fraction", "data"), textcoords="offset points",
                )  # fmt: skip
                right.set_ylim(min(0.2, tuned["true_before"] - 0.4), tuned["true_after"] + 0.35)
        self.drawn = 0

    def draw(self, run: Run, scale: float = 1.0) -> Any:
        """Return the picture with what there is of the run, for display."""
        steps, shares = [s for s, _ in run.curve], [share for _, share in run.curve]
        self.line.set_data(steps, shares)
        means = [
            statistics.fmean(shares[max(0, i + 1 - SMOOTH) : i + 1]) for i in range(len(shares))
        ]
        self.mean.set_data(steps, means)
        right, shade = self.axes[1], frontier.SHADES["DPO"][0]
        for step, mean, error in run.scores[self.drawn :]:
            right.errorbar(
                [step], [mean], [1.96 * error], fmt="o", color=shade, ecolor=style.INK, capsize=3
            )
            right.annotate(
                f"{mean:.2f}", (step, mean), (8, 2), textcoords="offset points", fontsize=10
            )
            low, high = right.get_ylim()
            right.set_ylim(min(low, mean - 2.4 * error), max(high, mean + 2.4 * error))
        self.drawn = len(run.scores)
        self.picture.alt = "DPO, live. " + "; ".join(
            f"step {step}: true score {mean:.2f} ± {1.96 * error:.2f}"
            for step, mean, error in run.scores
        )
        return self.picture.bundle(scale)


def _train(
    run: Run, heart: Mapping[str, Any], reference: Any, beta: float, seconds: float, seed: int
) -> None:
    """Have answers ranked, measure the speed, learn from as many rankings as fit."""
    from course.lm import evals
    from course.lm.evaluate import standard_error
    from course.stages import dpo, reward
    from course.world import demonstrate

    progress, pictures, begin = training.Output(), training.Output(), time.perf_counter()
    progress.show(training.bar(0, "mini-sft answers, the labeler ranks …"))
    asked = list(demonstrate.requests(MOST, "train", 40_000 + seed, mix=demonstrate.COMPARED_MIX))
    rankings: list[Any] = []
    while len(rankings) < MOST:
        part = asked[len(rankings) : len(rankings) + CHUNK]
        rankings += reward.compare([reference], run.tokenizer, part, seed + len(rankings))
        gone = (time.perf_counter() - begin) / seconds
        done = max(gone / SHARE, len(rankings) / MOST)
        progress.show(training.bar(min(1.0, SHARE * done), f"{len(rankings):,} requests ranked"))
        if gone > SHARE:
            break
    learned = dpo.compared(reference, run.tokenizer, rankings)
    recipe = replace(dpo.Recipe(), beta=beta)
    left = seconds - (time.perf_counter() - begin)
    speed = _steps_a_second(run, learned, heart, recipe, min(3.0, left / 6))
    count = max(4 * recipe.batch, int(0.7 * left * speed * recipe.batch))
    learned = learned[:count]
    run.rankings, run.planned = len(learned), -(-len(learned) // recipe.batch)
    run.ceiling = reward.agreement([0.0] * sum(len(r.rows) for r in rankings), rankings)["ceiling"]
    watched = list(evals.asked_in("test").mixed[:WATCHED])
    prompts = evals.chat_prompts(run.tokenizer, watched)
    stops = {round(part * run.planned) for part in STOPS}

    def ask() -> None:
        texts = evals.answers(run.policy, run.tokenizer, prompts, temperature=1.0, seed=seed)
        scores = [j.score for j in evals.judge(watched, texts)]
        run.scores.append((run.steps, statistics.fmean(scores), standard_error(scores)))

    drawing = Picture(run, sources.record(OTHER))
    ask()
    pictures.show(drawing.draw(run))
    start = drawn = spoken = time.perf_counter()
    steps = dpo.train(run.policy, run.tokenizer, learned, **heart, recipe=recipe, seed=seed)
    try:
        for p in steps:
            if not math.isfinite(p.loss):
                run.broken = True
                break
            run.curve.append((p.step, p.accuracy))
            run.steps, run.seconds = p.step, time.perf_counter() - start
            if p.step in stops:
                ask()
            now = time.perf_counter()
            shown = f"step {run.steps} of {run.planned} · {run.seconds:.0f} s · loss {p.loss:.2f}"
            if now - drawn >= training.REDRAW:
                part = SHARE + (1 - SHARE) * run.steps / run.planned
                progress.show(training.bar(part, shown))
                pictures.show(drawing.draw(run))
                drawn = time.perf_counter()
            if now - spoken >= training.SPEAK and not training.in_notebook():
                print(shown, flush=True)
                spoken = now
            if run.seconds > 1.3 * left:  # the computer got slower than it was at first
                break
    except KeyboardInterrupt:
        run.interrupted = True
    finally:
        steps.close()
        run.policy.eval()
    if not run.broken and run.steps and run.scores[-1][0] != run.steps:
        ask()
    pictures.show(drawing.draw(run, 2.0))
    progress.show(training.bar(run.steps / run.planned, f"{run.steps} of {run.planned} steps"))


def _steps_a_second(
    run: Run, learned: Sequence[Any], heart: Mapping[str, Any], recipe: Any, seconds: float
) -> float:
    """Return how many steps a second a copy of the policy takes."""
    import copy

    from course.stages import dpo

    times = [time.perf_counter()]
    trial = copy.deepcopy(run.policy)
    for _ in dpo.train(trial, run.tokenizer, learned, **heart, recipe=recipe):
        times.append(time.perf_counter())
        if times[-1] - times[0] > seconds and len(times) > 3:
            break
    return (len(times) - 2) / (times[-1] - times[1])  # the first step warms up


def _conclude(run: Run) -> None:
    """Say in one sentence how it went."""
    if run.broken:
        say(f"The loss is no number any more (nan) after step {run.steps}: the training ends here.")
        return
    if not run.steps:
        say("Stopped before the first step. Run the cell again to retry.")
        return
    shares = [share for _, share in run.curve]
    first, last = statistics.fmean(shares[:SMOOTH]), statistics.fmean(shares[-SMOOTH:])
    done = f"Stopped at step {run.steps} of {run.planned}" if run.interrupted else (
        f"This run: {run.steps} steps over {run.rankings:,} rankings in {run.seconds:.0f} s"
    )  # fmt: skip
    score = " → ".join(f"{mean:.2f}" for _, mean, _ in (run.scores[0], run.scores[-1]))
    say(
        f"{done}. Agreement on pairs that it hadn't seen yet {first:.0%} → {last:.0%} (no judge "
        f"above {run.ceiling:.0%}), true score {score} points."
    )


def _recorded() -> None:
    """Show the recorded points of DPO, in place of the live run."""
    from IPython.display import display

    record = sources.record("frontier")
    if record is None:
        return
    say("So here are the recorded runs of DPO instead.")
    display(
        frontier.frontier_table({"points": [p for p in record["points"] if p["method"] == "DPO"]})
    )


def before_and_after(run: Run | None, seed: int = 3) -> style.Page | None:
    """Return answers of SFT, DPO (if a run is there) and PPO to the same requests.

    Parameters
    ----------
    run : Run or None
        A live run.
    seed : int
        Of the draws.
    """
    found = [sources.load_model(name, quiet=True) for name in (START, OTHER)]
    if not all(found):
        say("mini-sft and mini-instruct aren't both here: restore data/models with git.")
        return None
    from course.lm import evals
    from course.studies import l07_prices as prices

    (_, start, words), (_, tuned, _) = found
    models = {START: start, OTHER: tuned}
    if run and run.steps:
        models = {START: start, "DPO, live": run.policy, OTHER: tuned}
    asked = evals.asked_in("test").mixed
    asked = [asked[i] for i in prices.shown(asked)]
    prompts = evals.chat_prompts(words, asked)
    rows = [{"request": example.turns[-1].request} for example in asked]
    for name, model in models.items():
        replies = evals.answers(model, words, prompts, temperature=1.0, seed=seed)
        for row, reply, j in zip(rows, replies, evals.judge(asked, replies), strict=True):
            row[f"{name} (true score)"] = f"{reply} ({j.score:.2f})"
    return style.table(rows)
