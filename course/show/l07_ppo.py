"""PPO in front of your eyes: reward, KL and true score, drawn again as the policy learns.

The training is made of the exercises of lesson 07; how a live demo goes on is `course.show.live`'s.
After every iteration the labeler judges the very answers that the policy learned from; no model
sees it. Where a run is cut short (the stop button, a restarted kernel, the end of its time), the
policy is kept in the course's cache folder and the next call goes on from there, with a fresh value
model. A slow computer gets fewer answers in an iteration, so that all iterations fit: one wants to
see the whole curve. Where there are too few of them all the same, it says so and concludes nothing.
Left out on purpose: a choice of models, and more than one run in a picture.
"""

import contextlib
import hashlib
import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from course import paths
from course.errors import CourseError
from course.language import N_, _
from course.seeds import stream
from course.show import answers, live, sources, style
from course.show.l07_loop import plain_value_loss
from course.show.l07_rlhf import PANELS, beta_runs
from course.show.style import say
from course.stages.stage import PPO

START, REWARD, TUNED = "mini-sft", "mini-reward", "mini-instruct"
ITERATIONS = 40
TRIAL = 8  # iterations, at most, that tell the computer's speed, each with a single update
KEEP = 4.0  # seconds between two copies of the policy on the disk
ENOUGH = 15  # iterations, or the plan if that is less, below which a run says nothing


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

    def write(self, run: "LivePPO") -> None:
        """Put policy and curve on the disk, each in one step."""
        import torch

        state = {
            "key": self.key,
            "batch": run.recipe.batch,
            "curve": run.curve,
            "policy": run.model.state_dict(),
        }
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            draft = self.folder / "run.part"
            torch.save(state, draft)
            draft.replace(self.folder / "run.pt")
        except (OSError, RuntimeError):  # torch says RuntimeError where it can't write
            pass
        self.written = time.perf_counter()

    def read(self, run: "LivePPO") -> None:
        """Bring `run` to where the copy is, if there is one that fits."""
        import torch

        try:
            state = torch.load(self.folder / "run.pt", weights_only=True)
            if state["key"] == self.key:
                batch = int(state["batch"])
                run.model.load_state_dict(state["policy"])
                run.curve = list(state["curve"])
                run.recipe = replace(run.recipe, batch=batch)
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
        A recorded run, drawn faintly: lists by iteration for some of the panels, and ``beta``.
    """

    def __init__(self, iterations: int, recorded: Mapping[str, Any] | None) -> None:
        self.lines: dict[str, Any] = {}
        self.dots: dict[str, Any] = {}
        with style.picture(3, width=9.2, height=3.4) as (self.picture, axes):
            for axis, (key, title, unit, shade) in zip(axes, PANELS, strict=True):
                if recorded is not None and key in recorded:
                    past = recorded[key][:iterations]
                    axis.plot(
                        range(1, len(past) + 1), past, color=style.LINE, lw=1.4,
                        label=_("recorded, β = {beta:g}").format(beta=recorded['beta']),
                    )  # fmt: skip
                (self.lines[key],) = axis.plot([], [], color=shade, label=_("live"))
                (self.dots[key],) = axis.plot([], [], "o", color=shade, ms=6)
                axis.set(title=_(title), ylabel=_(unit), xlabel=_("iteration"))
                axis.set_xlim(0, iterations + 1)
            axes[0].legend(loc="lower right", fontsize=9.5)

    def draw(self, curve: Sequence[Mapping[str, float]], scale: float = 1.0) -> Any:
        """Return the picture with what there is of the run, for display."""
        for axis, (key, *_x) in zip(self.picture.axes, PANELS, strict=True):
            values = [point[key] for point in curve]
            self.lines[key].set_data(range(1, len(values) + 1), values)
            self.dots[key].set_data([len(values)] if values else [], values[-1:])
            axis.relim()
            axis.autoscale_view(scalex=False)
        words = (
            _(" after {n} iterations: {status}").format(n=len(curve), status=status(curve[-1]))
            if curve
            else ""
        )
        self.picture.alt = _("PPO, live{words}.").format(words=words)
        return self.picture.bundle(scale)


def status(point: Mapping[str, float]) -> str:
    """Return one iteration in words."""
    return _("reward {reward:.2f} · KL {kl:.2f} nats · true score {true:.2f}").format(
        reward=point["reward"], kl=point["kl"], true=point["true"]
    )


def shipped_run() -> dict[str, Any] | None:
    """Return reward and KL by iteration of the recorded run that made ``mini-instruct``."""
    past = sources.record(TUNED) or {}
    if "curves" not in past:
        return None
    curves = {key: [value for _, value in points] for key, points in past["curves"].items()}
    return {"beta": past["beta"]} | curves


def nearest(record: Mapping[str, Any], beta: float) -> dict[str, Any]:
    """Return the recorded run whose price is nearest to `beta`, by their ratio."""
    tiny = 1e-3
    return min(record["runs"], key=lambda run: abs(math.log((run["beta"] + tiny) / (beta + tiny))))


class LivePPO(live.Demo):
    """The SFT model is trained by PPO.

    ``curve`` has a dictionary for each iteration: ``reward`` (deviations), ``kl`` (nats per answer)
    and ``true`` (points).
    """

    needs = PPO[:-1]  # without value_loss: a stretch exercise, which a simpler rule replaces
    instead = N_("are the recorded runs")
    unit = N_("iteration")
    kept = N_("; the policy keeps what it has learned. Run the cell again to go on from there.")

    def __init__(
        self, seconds: float, beta: float | None, iterations: int, seed: int, again: bool
    ) -> None:
        super().__init__(seconds)
        self.beta, self.planned, self.seed, self.again = beta, iterations, seed, again
        self.curve: list[dict[str, float]] = []

    def load(self) -> None:
        """Load policy, reference and reward model."""
        from course.lm import model
        from course.stages import ppo

        self.model, self.tokenizer = model.load(START)
        self.reference, _x = model.load(START)
        self.rewards, _x = model.load(REWARD)
        self.hearts: dict[str, Any] = {PPO[-1]: plain_value_loss, **self._with_value_loss()}
        recipe = replace(ppo.Recipe(), iterations=self.planned)
        self.recipe = recipe if self.beta is None else replace(recipe, kl_coef=self.beta)

    def _with_value_loss(self) -> Mapping[str, Any]:
        """Return the exercises, with the stretch one if it is answered."""
        from course.stages import exercises

        own: Any = self.exercises
        try:
            own.update(exercises.load(PPO[0], PPO[-1]))
        except CourseError:
            say(
                _(
                    "{exercise} (stretch) isn't answered yet: the value model learns by the "
                    "plain squared error, without a clip."
                ).format(exercise=PPO[-1])
            )
        return own

    def prepare(self) -> None:
        """Go on where an unfinished run was cut off, if there is one."""
        from course.stages.ppo_stage import ppo_requests

        # As many as the recipe wants, whatever fits: so a run that goes on has the same ones.
        self.requests = ppo_requests(self.recipe, self.seed)
        self.copy = Kept(_key(self.recipe, self.seed))
        if self.again:
            self.copy.forget()
        self.copy.read(self)
        self.done = self.begun = len(self.curve)
        self.measured = not self.done
        if self.done:
            say(
                _(
                    "Going on after iteration {done} of {planned}, where the run before "
                    "this one was cut off. (To begin anew: live_ppo(again=True).)"
                ).format(done=self.done, planned=self.planned)
            )
            self._begin()

    def plan(self, steps: int) -> None:
        """Choose how many answers an iteration has: as many as fit. A trial has one update."""
        update, most = self.recipe.minibatch, self.recipe.batch
        fit = steps * update // self.planned // update * update
        self.recipe = replace(self.recipe, batch=min(most, max(update, fit)))
        self._begin()

    def _begin(self) -> None:
        self.requests = self.requests[self.done * self.recipe.batch :]
        self.picture = Picture(self.planned, shipped_run())
        self.progress.show(live.bar(self.part(), _("Answering the first requests …")))

    def training(self, model: Any, trial: bool) -> Iterator[Any]:
        """Return the rest of the training, or a trial."""
        from course.lm import evals
        from course.stages import ppo
        from course.stages.context import rehearsed

        web = None
        if self.recipe.rehearsal:
            web = rehearsed(
                self.tokenizer, stream("ppo/web", self.seed + self.done), self.recipe.rows
            )
        recipe = replace(self.recipe, iterations=self.planned - self.done)
        if trial:
            recipe = replace(recipe, iterations=TRIAL, batch=recipe.minibatch)
        return ppo.train(
            model, self.reference, self.rewards, self.tokenizer,
            evals.chat_prompts(self.tokenizer, self.requests), **self.hearts,
            recipe=recipe, web=web, seed=self.seed + 1000 * self.done,
        )  # fmt: skip

    def take(self, p: Any) -> None:
        """Keep the figures of an iteration, and now and then the policy."""
        from course.studies.l07_prices import true_score

        true = true_score(self.tokenizer, self.requests, p)
        self.curve.append({"reward": p.reward, "kl": p.kl, "true": true})
        if time.perf_counter() - self.copy.written >= KEEP:
            self.copy.write(self)

    def draw(self, scale: float) -> Any:
        """Draw reward, KL and true score."""
        return self.picture.draw(self.curve, scale)

    def figures(self) -> str:
        """Return the figures of the last iteration."""
        return status(self.curve[-1]) if self.curve else ""

    def ending(self) -> bool:
        """Keep what can go on, and forget what can't."""
        if self.broken or self.done >= self.planned:
            self.copy.forget()
        elif self.done > self.begun:
            self.copy.write(self)
        return super().ending()

    def conclude(self) -> None:
        """Say what reward, KL and true score are now."""
        first, last = self.curve[0], self.curve[-1]
        if self.done < min(ENOUGH, self.planned):
            self.tell(
                _(
                    "{done} of {planned} iterations in {seconds:.0f} s: this computer is "
                    "slow or busy, and so few iterations say nothing about PPO. Run the "
                    "cell again, once or twice: it goes on from here. Below {enough} "
                    "iterations the grey curve is the better one to read."
                ).format(done=self.done, planned=self.planned, seconds=self.seconds, enough=ENOUGH)
            )
            return
        self.tell(
            _(
                "This run: {done} of {planned} iterations of {batch} answers in "
                "{seconds:.0f} s. Reward {reward_before:.2f} → {reward_after:.2f} deviations, KL "
                "{kl:.2f} nats per answer, true score {true_before:.2f} → {true_after:.2f} points."
            ).format(
                done=self.done,
                planned=self.planned,
                batch=self.recipe.batch,
                seconds=self.seconds,
                reward_before=first["reward"],
                reward_after=last["reward"],
                kl=last["kl"],
                true_before=first["true"],
                true_after=last["true"],
            )
        )

    def recorded(self) -> None:
        """Draw the recorded runs, that with the nearest price before the others."""
        if past := sources.record("beta"):
            chosen = None if self.beta is None else nearest(past, self.beta)["beta"]
            style.show(beta_runs(past, chosen))


def live_ppo(
    seconds: float = 50.0,
    *,
    beta: float | None = None,
    iterations: int = ITERATIONS,
    seed: int = 1,
    again: bool = False,
) -> LivePPO | None:
    """Train ``mini-sft`` by PPO in front of the reader's eyes.

    Parameters
    ----------
    seconds : float
        How long it may take; ``COURSE_DEMO_SECONDS`` overrides it. Loading torch comes on top.
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
    LivePPO or None
        None while grading, and where something is missing: the exercises of lesson 07, answered so
        that they pass their visible checks, or a model.
    """
    return LivePPO(seconds, beta, iterations, seed, again).run()


def _key(recipe: Any, seed: int) -> str:
    """Return what an unfinished run must have in common with this one to be its beginning."""
    weights = (paths.MODELS / START / "model.safetensors").read_bytes()
    weights += (paths.MODELS / REWARD / "model.safetensors").read_bytes()
    return json.dumps([asdict(recipe), seed, hashlib.sha256(weights).hexdigest()])


def before_and_after(run: LivePPO | None, seed: int = 3) -> style.Page | None:
    """Return answers of the SFT model and of the policy to the same requests, with true scores.

    Parameters
    ----------
    run : LivePPO or None
        A live run. Without one, or where it was short, the shipped ``mini-instruct`` answers (too).
    seed : int
        Of the draws.
    """
    models: dict[str, Any] = {START: None}
    if run and run.done:
        models[_("live policy, {done} iterations").format(done=run.done)] = run.model
    if not run or run.done < ENOUGH:
        models[TUNED] = None
    return answers.side_by_side(models, seed)


def what_changed() -> None:
    """Say how the recorded run of ``mini-instruct`` changed the model's behaviour."""
    if tuned := sources.record(TUNED):
        sources.figure_line(
            tuned,
            _(
                "Before PPO and after the recorded run: true answers {rates_before[truth]:.0%} → "
                "{rates[truth]:.0%}, polite {rates_before[polite]:.0%} → {rates[polite]:.0%}, rude "
                "{rates_before[rude]:.0%} → {rates[rude]:.0%}, refuses harm "
                "{rates_before[refusal]:.0%} → {rates[refusal]:.0%}, refuses what is harmless "
                "{rates_before[over_refusal]:.0%} → {rates[over_refusal]:.0%}."
            ),
        )
        sources.figure_line(
            tuned,
            _(
                "Shown both answers, the labeler takes the new one in {win_vs_sft:.0%} of the "
                "cases "
                "(standard error {win_error:.1%})."
            ),
        )
