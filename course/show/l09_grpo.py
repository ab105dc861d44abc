"""GRPO in front of your eyes: a model learns from programs of its own that are run, or games them.

The training is made of two exercises of lesson 09. Where it begins, a mini-code that has seen few
programs, is fine-tuned here too, once for the loop on the page and for the live demo. What is drawn
of long runs comes from the record of the stage ``grpo``. Left out on purpose: a choice of models.
"""

import copy
import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from course.errors import CourseError
from course.language import N_, _
from course.show import live, sources, style
from course.show.charts import note, percent_ticks, set_ticks
from course.show.l03_programs import listing, wanted
from course.show.style import ACCENT, INK, QUIET, Page, colour, picture, say, table
from course.stages.stage import GRPO
from course.stats import interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from torch import Tensor
    from transformers import GPT2LMHeadModel

    from course.stages.rollout import Rollout
    from course.world.tasks import Task

RECORD = NAME = "mini-grpo"
SEED = 2  # another one than the recorded run's
WATCHED = 60  # tasks of the test that are asked on the way
FEWEST = 10  # rounds, below which a plan isn't worth the time


@functools.cache
def _begun() -> Any:
    """Fine-tune the model that all begin with; return it and the tokenizer."""
    from course.lm import model
    from course.stages import grpo_stage

    mini, tokenizer = model.load(model.DEFAULT)
    return grpo_stage.begun(mini, tokenizer, grpo_stage.START, SEED, quiet=True), tokenizer


# The loop on the page -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Written:
    """Programs that a policy wrote, for a loop on the page.

    Tensors have the shape (programs, time): ``mask`` is 1 for the tokens of the program, and both
    log-probabilities are of the next token at each place, in nats. ``sources`` are the programs.
    """

    tasks: "tuple[Task, ...]"
    group: int
    sources: tuple[str, ...]
    mask: "Tensor"
    old_logprobs: "Tensor"
    reference_logprobs: "Tensor"
    rollout: "Rollout"


def grpo_start(rounds: int, tasks: int) -> "tuple[GPT2LMHeadModel, list[list[Task]]]":
    """Fine-tune a base model on a few programs; return it, and tasks for some rounds of GRPO.

    Parameters
    ----------
    rounds, tasks : int
        Lists of tasks, and tasks in each.

    Raises
    ------
    CourseError
        If ``mini-babbage`` isn't on this computer.
    """
    from course.stages import grpo, grpo_stage

    start, _x = _begun()
    asked = grpo_stage.asked_for(grpo.Recipe(rounds=rounds, tasks=tasks), SEED)
    return copy.deepcopy(start), [asked[i : i + tasks] for i in range(0, len(asked), tasks)]


def write_programs(
    policy: "GPT2LMHeadModel", tasks: "Sequence[Task]", group: int, seed: int = 0
) -> Written:
    """Have a policy write a group of programs for each task, at temperature 1."""
    import torch

    from course.lm import forward
    from course.lm.data import encode
    from course.stages import code, grpo
    from course.stages.rollout import rollout

    start, tokenizer = _begun()
    end, pad = tokenizer.eos_token_id, tokenizer.pad_token_id
    prompts = [[end, *p] for p in encode(tokenizer, [task.prompt for task in tasks])]
    with torch.no_grad():
        own, kept = forward.weights(policy), forward.weights(start)
    numbers = [i for i in range(len(tasks)) for _ in range(group)]
    batch = rollout(
        policy, own, prompts, numbers, end=end, pad=pad, new_tokens=code.NEW_TOKENS, seed=seed
    )
    known = grpo.reference_logprobs(kept, batch)
    written = grpo.sources_of(batch, tokenizer)
    return Written(tuple(tasks), group, written, batch.mask, batch.logprobs, known, batch)


def run_programs(written: Written) -> Any:
    """Run programs on all cases and return an array of shape (tasks, group): 1 for a right one."""
    import numpy as np

    from course.stages import programs
    from course.world.tasks import INPUTS

    values = [task.values for task in written.tasks for _ in range(written.group)]
    found = programs.judge(written.sources, INPUTS, values)
    return np.array([float(v.right) for v in found]).reshape(-1, written.group)


def program_logprobs(policy: "GPT2LMHeadModel", written: Written) -> "Tensor":
    """Return the log-probability of each token under `policy`, in nats, (programs, time)."""
    from course.lm import forward
    from course.stages import grpo
    from course.stages.rollout import response_logprobs

    batch = written.rollout
    own = forward.weights(policy)
    return response_logprobs(own, batch.tokens, batch.mask, grpo.plain_logprobs)


# Live ---------------------------------------------------------------------------------------------


class LiveGRPO(live.Watched):
    """A mini-code that has seen few programs is trained by GRPO."""

    name, needs = "GRPO", GRPO
    instead = N_("is the recorded run")
    unit = N_("round")
    kept = N_("; the policy keeps what it has learned.")
    stops = (0.5,)
    shade = ACCENT
    measure, form = N_("programs that pass"), (".0%", ".0%")

    def load(self) -> None:
        """Load the base model."""
        from course.lm import model

        self.base, self.tokenizer = model.load(model.DEFAULT)

    def prepare(self) -> None:
        """Fine-tune the start; choose the tasks of the test."""
        from course.stages import code, grpo, grpo_stage
        from course.world import tasks

        self.progress.show(live.bar(0, _("A base model reads 4,000 programs, once …")))
        start, _x = _begun()
        self.model, self.reference = copy.deepcopy(start), start
        self.recipe = grpo.Recipe()
        self.asked = tasks.tasks(WATCHED, "test", grpo_stage.TESTED)
        self.code = code

    def plan(self, steps: int) -> None:
        """Take as many rounds as fit, up to those of the recorded run."""
        self.planned = max(FEWEST, min(self.recipe.rounds, steps))
        self.recipe = replace(self.recipe, rounds=self.planned)

    def training(self, model: Any, trial: bool) -> Iterator[Any]:
        """Return the training."""
        from course.stages import grpo, grpo_stage

        return grpo.train(
            model, self.reference, self.tokenizer, grpo_stage.asked_for(self.recipe, SEED),
            **self.exercises, recipe=self.recipe, seed=SEED + trial,
        )  # fmt: skip

    def value(self, p: Any) -> float:
        """Return the share of the programs that pass."""
        return p.passing

    def look(self) -> tuple[float, float, float]:
        """Return the share of test tasks whose most probable program is right."""
        written = self.code.written(
            self.model, self.tokenizer, [task.prompt for task in self.asked]
        )
        right = sum(each[0].right for each in self.code.judge(self.asked, written))
        return right / len(self.asked), *interval(right, len(self.asked))

    def dress(self, left: "Axes", right: "Axes") -> None:
        """Give both axes their titles and scales."""
        for axis in (left, right):
            axis.set_ylim(0, 1.08)
            percent_ticks(axis, "y")
            axis.set_xlabel(_("round"))
        left.set_title(_("Programs of the training that pass"))
        right.set_title(_("Tasks of the test, most probable program"))

    def conclude(self) -> None:
        """Say how it went."""
        first, last = self.points[0][1], self.points[-1][1]
        ends = ", ".join(
            _("{low:.0%} to {high:.0%}").format(low=low, high=high)
            for *_x, low, high in self.points[-1:]
        )
        self.tell(
            _(
                "This run: {done} of {planned} rounds of {tasks} tasks with {group} "
                "programs each, in {seconds:.0f} s. Of {watched} tasks of the test the "
                "most probable program was right for {first:.0%} at first and is for "
                "{last:.0%} now (95%: {ends})."
            ).format(
                done=self.done,
                planned=self.planned,
                tasks=self.recipe.tasks,
                group=self.recipe.group,
                seconds=self.seconds,
                watched=WATCHED,
                first=first,
                last=last,
                ends=ends,
            )
        )

    def recorded(self) -> None:
        """Show the recorded curves."""
        if record := sources.record(RECORD):
            style.show(course_of(record))


def live_grpo(seconds: float = 50.0) -> LiveGRPO | None:
    """Train a mini-code that has seen few programs by GRPO, in front of the reader's eyes.

    Parameters
    ----------
    seconds : float
        How long it may take; ``COURSE_DEMO_SECONDS`` overrides it. Loading torch comes on top.

    Returns
    -------
    LiveGRPO or None
        None while grading, and where something is missing: `group_advantages` and `grpo_loss`,
        answered so that they pass their visible checks, or the base model.
    """
    return LiveGRPO(seconds).run()


# The recorded run ---------------------------------------------------------------------------------


def course_of(record: Mapping[str, Any]) -> style.Picture:
    """Draw the recorded run: programs that pass, and groups that teach nothing, by the round."""
    curves = record["curves"]
    with picture(width=7.6, height=3.6) as (shown, (axis,)):
        for key, words, shade in (
            ("right", _("programs that pass all cases"), ACCENT),
            ("flat", _("groups without a spread"), QUIET),
        ):
            x, y = zip(*curves[key], strict=True)
            axis.plot(x, y, color=shade)
            note(axis, words, (x[-1], y[-1]), (6, -4), color=shade)
        axis.set(ylim=(0, 1.04), xlim=(0, 1.5 * x[-1]), xlabel=_("round"))
        set_ticks(axis, "x", range(0, x[-1] + 1, 10))
        percent_ticks(axis, "y")
        axis.set_title(_("GRPO on tiny programs, recorded"))
        shown.alt = "; ".join(
            _("{key} {first:.0%} at first, {last:.0%} at last").format(
                key=key, first=curves[key][0][1], last=curves[key][-1][1]
            )
            for key in ("right", "flat")
        )
    return shown


def tries(record: Mapping[str, Any]) -> style.Picture:
    """Draw pass@k of the start and of mini-grpo for several k."""
    found = record["tries"]
    lines = (("start", _("the start"), INK), (NAME, NAME, colour(NAME)))
    with picture(width=7.6, height=3.9) as (shown, (axis,)):
        for key, words, shade in lines:
            axis.plot(found["k"], found[key], "o-", color=shade)
            at = (found["k"][2], found[key][2])
            note(axis, words, at, (6, -16), color=shade, fontsize=11)
        axis.set(xscale="log", ylim=(0, 1.05), xlabel=_("k, programs for each task (log scale)"))
        set_ticks(axis, "x", found["k"])
        axis.set_xlim(0.85, 38)
        percent_ticks(axis, "y")
        axis.set_title(_("pass@k: tasks with at least one right program among k"))
        shown.alt = "pass@k: " + "; ".join(
            f"{words} "
            + ", ".join(f"{y:.0%} (k = {k})" for k, y in zip(found["k"], found[key], strict=True))
            for key, words, _x in lines
        )
    return shown


def tries_in_words(record: Mapping[str, Any]) -> str:
    """Return before and after, what became of tasks that the start never solved, and the cost."""
    found = record["tries"]
    tests, k = record["tests"], found["k"][-1]
    never = (
        _(
            "Of {tests} tasks the start solved {never} with none of {k} programs; "
            "{name} solves these with {of_these:.0%} of its programs. "
        ).format(tests=tests, never=found["never"], k=k, name=NAME, of_these=found["of_these"])
        if found["never"]
        else _(
            "The start solved each of the {tests} tasks with at least one of {k} programs. "
        ).format(tests=tests, k=k)
    )
    return _(
        "pass@1 {start_pass_at_1:.2f} → {pass_at_1:.2f}, pass@10 "
        "{start_pass_at_10:.2f} → {pass_at_10:.2f} (temperature 0.2 and 0.8, "
        "as in lesson 03). {never}At the end the policy is {kl:.1f} nats a "
        "program from its start. All this took {rounds} rounds and "
        "{computing:.0f} seconds of computing; {flat:.0%} of the groups had no "
        "spread and taught nothing."
    ).format(
        start_pass_at_1=record["start_pass_at_1"],
        pass_at_1=record["pass_at_1"],
        start_pass_at_10=record["start_pass_at_10"],
        pass_at_10=record["pass_at_10"],
        never=never,
        kl=record["kl"],
        rounds=record["recipe"]["rounds"],
        computing=record["computing"],
        flat=record["flat"],
    )


def advantage_ways(record: Mapping[str, Any]) -> Page:
    """Return what comes of three ways to compare an answer with its group."""
    words = {
        "group": _("mean and deviation of the group (GRPO)"),
        "others": _("mean of the others (RLOO)"),
        "mean": _("mean of the group, nothing divided"),
    }
    return table(
        [
            {
                _("advantage"): words[kind],
                "pass@1": f"{found['pass_at_1']:.2f}",
                "pass@10": f"{found['pass_at_10']:.2f}",
                _("groups without a spread"): f"{found['flat']:.0%}",
                _("KL (nats a program)"): f"{found['kl']:.1f}",
            }
            for kind, found in record["ways"].items()
        ]
    )


def gaming(record: Mapping[str, Any]) -> style.Picture:
    """Draw what passes and what is right, for rewards that see more or less."""
    games = record["gaming"]
    with picture(len(games), width=9.2, height=3.6, sharey=True) as (shown, axes):
        for axis, game in zip(axes, games, strict=True):
            for key, words, shade in (
                ("passing", _("passes"), ACCENT),
                ("right", _("is right"), INK),
            ):
                x, y = zip(*smoothed(game["curves"][key]), strict=True)
                axis.plot(x, y, color=shade, label=words)
            axis.set(ylim=(0, 1.04), xlabel=_("round"))
            axis.set_title(_(game["words"]).replace(", ", ",\n"), fontsize=11)
        percent_ticks(axes[0], "y")
        axes[-1].legend(loc="lower right", fontsize=10)
        shown.alt = "; ".join(
            _("{words}: at last {passing:.0%} pass, {right:.0%} are right").format(
                words=_(game["words"]), passing=game["passing"], right=game["right"]
            )
            for game in games
        )
    return shown


def smoothed(curve: Sequence[tuple[int, float]], size: int = 5) -> list[tuple[int, float]]:
    """Return a curve's means over the last few points."""
    parts = [curve[max(0, i + 1 - size) : i + 1] for i in range(len(curve))]
    return [(part[-1][0], sum(y for _, y in part) / len(part)) for part in parts]


def gaming_in_words(record: Mapping[str, Any]) -> str:
    """Return the same in sentences."""
    said = (
        _("{words}: {passing:.0%} pass, {right:.0%} are right").format(
            words=_(game["words"]), passing=game["passing"], right=game["right"]
        )
        for game in record["gaming"]
    )
    return _("Over the last quarter of the rounds, {shares}.").format(shares="; ".join(said))


def gaming_programs(record: Mapping[str, Any], count: int = 8) -> Page | None:
    """Return programs that pass the visible case and are wrong, run here on two inputs.

    Parameters
    ----------
    count : int
        Rows, at most.
    """
    from course.stages import programs

    game = max(record["gaming"], key=lambda g: g["passing"] - g["right"])
    last = game["programs"][-1]
    (seen, *_x), hidden = game["recipe"]["cases"], 10
    chosen = last["found"][:count]
    sources_ = [f"def f(x):\n    return {one['returns']}\n" for one in chosen]
    try:
        values = programs.run(sources_, (seen, hidden))
    except CourseError as error:
        say(str(error))
        return None
    rows = []
    for one, (got, said) in zip(chosen, values, strict=True):
        task = wanted(one["task"])
        rows.append(
            {
                _("asked for"): one["task"],
                _("it writes"): listing(f"return {one['returns']}"),
                _("f({seen}), the case that counts").format(seen=seen): f"{got[0]} ✓"
                if got
                else said,
                _("f({hidden}), not looked at").format(hidden=hidden): _(
                    "{got} instead of {task}"
                ).format(got=got[1], task=task(hidden))
                if got
                else "",
                _("times, of {of}").format(of=last["of"]): one["times"],
            }
        )
    return table(rows)
