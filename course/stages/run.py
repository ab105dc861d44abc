"""``course lineage``: go through stages in order: train, measure, keep what was measured.

Which stages there are says the table that is passed in: the lineage's alone
(`course.stages.stage.LINEAGE`), or with the studies, as the command does. One stage alone takes the
shipped models before it, unless it is told to begin from scratch. A whole run keeps each finished
stage in ``work/lineage`` and goes on there after an interruption. Nothing in ``data`` changes
without ``save``.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from transformers import PreTrainedTokenizerFast

from course import paths, records
from course.errors import CourseError
from course.language import _
from course.lm import arithmetic, model
from course.lm import tokenizer as tok
from course.stages import exercises
from course.stages.context import Run, since
from course.stages.stage import LINEAGE, Figures, Stage, Table, before, whole
from course.stages.store import Store, own_runs

SEED = 1
TIMES = {"seconds", "computing"}  # figures that depend on the machine more than on the run
SEEDED = ("ppo", "grpo")  # what can be repeated with each seed, with all that it needs but the base
# What is shown of a record that replaces a run.
RECORDED = ("date", "machine", "format", "processor", "versions", "recorded")


@dataclass(frozen=True)
class Result:
    """What came of a run.

    Parameters
    ----------
    seconds : float
    stages : dict
        Stage → the figures of it that are shown.
    targets : dict
        Stage → target → whether it holds.
    share : float, optional
        Of a run over seeds: the part of them in which all targets of the last stage hold, but for
        its time, which the machine decides and no seed.
    seeds : list of dict, optional
        The figures of each seed.
    """

    seconds: float
    stages: dict[str, Figures]
    targets: dict[str, dict[str, bool]]
    share: float | None = None
    seeds: list[Figures] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Tell whether all targets hold."""
        return all(holds for each in self.targets.values() for holds in each.values())

    def plain(self) -> dict[str, Any]:
        """Return it as plain data, for JSON."""
        seeds = {} if self.share is None else {"share": self.share, "seeds": self.seeds}
        return seeds | {
            "seconds": self.seconds,
            **arithmetic.noted(),
            "stages": self.stages,
            "targets": self.targets,
            "ok": self.ok,
        }


def run(
    table: Table = LINEAGE,
    *,
    quick: bool = False,
    stage: str | None = None,
    from_scratch: bool = False,
    all_sizes: bool = False,
    save: bool = False,
    sizes: Sequence[str] = (),
    seeds: int = 0,
) -> Result:
    """Train the lineage, or one stage of it.

    Parameters
    ----------
    table : Table
        The stages that there are.
    quick : bool
        Less of everything, for a first look; not for shipping.
    stage : str, optional
        One stage only; all of a whole run in order if left out.
    from_scratch : bool
        Train the stages that `stage` needs as well.
    all_sizes : bool
        The base stage in all four sizes.
    save : bool
        Replace the shipped models and records.
    sizes : sequence of str, optional
        The base stage in these sizes.
    seeds : int, optional
        Repeat one of ``SEEDED`` and what it needs with so many seeds, and nothing else: SFT, reward
        model and PPO if `stage` is left out.

    Raises
    ------
    CourseError
        If there is no such stage or size, or a quick model were to be shipped.
    """
    if stage is not None and stage not in table:
        raise CourseError(
            _("There is no stage {stage}; there are: {names}.").format(
                stage=stage, names=", ".join(table)
            )
        )
    if unknown := [name for name in sizes if name not in model.SIZES]:
        raise CourseError(
            _("There is no size {size}; there are: {names}.").format(
                size=unknown[0], names=", ".join(model.SIZES)
            )
        )
    if quick and save:
        raise CourseError(_("A quick run isn't good enough to ship: leave out --quick or --save."))
    if seeds < 0 or (seeds and stage not in (None, *SEEDED)):
        raise CourseError(
            _("--seeds repeats PPO or GRPO with what they need: use --stage ppo or --stage grpo.")
        )
    if save and seeds:
        raise CourseError(_("A run over seeds ships nothing: leave out --seeds or --save."))
    if seeds:
        return over_seeds(table, seeds, quick, stage or SEEDED[0])
    names = whole(table)
    if stage is not None:
        names = [*(before(table, stage) if from_scratch else ()), *(table[stage].parts or [stage])]
    tokenizer = _tokenizer(save)
    store = Store("quick" if quick else "full", save, tokenizer, table)
    made = tuple(sizes) or (tuple(model.SIZES) if all_sizes else ())
    context = Run(SEED, quick, save, made, table=table, keep=store.keep, tokenizer=tokenizer)
    start = time.perf_counter()
    if stage is None:
        done = _resumable(names, context, store)
    else:
        done = {name: one(table[name], context, store) for name in names}
    shown = {
        name: {k: v for k, v in done[name].items() if k in (*table[name].shown, *RECORDED)}
        for name in names
    }
    targets = {name: _meets(name, done[name], quick) for name in names}
    seconds = since(start)
    if stage is None:
        # A run that went on after an interruption took what its stages took.
        seconds = max(seconds, sum(figures["seconds"] for figures in done.values()))
        targets["all"] = _meets("all", {"seconds": seconds}, quick)
    return Result(seconds, shown, targets)


def one(stage: Stage, context: Run, store: Store) -> Figures:
    """Run one stage and record it; without the exercises that it needs, return its record."""
    try:
        for needed in stage.exercises:
            context.given(*needed)
        figures = stage.work().run(context)
    except exercises.MissingExercise as missing:
        text = _("The stage {name} shows its recorded run instead.").format(name=stage.name)
        print(f"{missing} {text}", file=sys.stderr)
        return records.read(stage.record) | {"recorded": True}
    store.record(stage, figures)
    return figures


def _tokenizer(save: bool) -> PreTrainedTokenizerFast:
    """Return the shipped tokenizer; where there is none, a new one, which `save` ships."""
    shipped = paths.MODELS / "tokenizer"
    if shipped.exists():
        return tok.load()
    tokenizer = tok.train()
    if save:
        tokenizer.save_pretrained(shipped)
    return tokenizer


def _resumable(names: Sequence[str], context: Run, store: Store) -> dict[str, Figures]:
    """Run the stages `names` but for those that an interrupted run of the same kind has done."""
    plans = {name: context.plan(name) for name in names}
    key = f"{plans} {context.seed} {context.save} {arithmetic.number_format()}"
    done = store.finished(key)
    if done:
        text = _("Going on with an interrupted run after {name}.").format(name=list(done)[-1])
        print(text, file=sys.stderr)
        context.made |= store.models()
    for name in names:
        if name not in done:
            done[name] = one(context.table[name], context, store)
            store.note(key, done)
    store.forget()
    return done


def _meets(stage: str, figures: Figures, quick: bool) -> dict[str, bool]:
    """Return which targets of a stage hold; a study of another real model has none of its own."""
    words = ["lineage", stage, *(["quick"] if quick else []), figures.get("variant", "")]
    command = " ".join(filter(None, words))
    return records.meets(command, figures | arithmetic.noted())


def over_seeds(table: Table, seeds: int, quick: bool, last: str) -> Result:
    """Repeat the stage `last` and what it needs with seeds 1, 2, …; count how often all is well."""
    names = [name for name in (*before(table, last), last) if name != "base"]
    first = last == SEEDED[0]
    start, held = time.perf_counter(), []
    runs: list[dict[str, Any]] = []
    for seed in range(1, seeds + 1):
        context = Run(seed, quick, table=table, seeded=True)
        figures = {name: table[name].work().run(context) for name in names}
        meets = _meets(last, figures[last], quick)
        missed = [key for key, holds in meets.items() if not holds]
        held.append(not {*missed} - TIMES)
        print(f"seed {seed}: missed {', '.join(missed) or 'nothing'}", file=sys.stderr)
        numbers = {
            name: {k: v for k, v in f.items() if isinstance(v, int | float)}
            for name, f in figures.items()
        }
        runs.append({"seed": seed, "missed": missed, **numbers})
    share = sum(held) / seeds
    targets: dict[str, dict[str, bool]] = {name: {} for name in names}
    key = "share" if first else f"{last}_share"
    targets["seeds"] = records.meets("lineage seeds", {key: share})
    result = Result(since(start), {name: runs[-1][name] for name in names}, targets, share, runs)
    records.write("seeds" if first else f"seeds-{last}", result.plain(), folder=own_runs())
    return result


def rows(result: Result) -> list[dict[str, Any]]:
    """Return the table of a run: stage, seconds, metric, value."""
    table = []
    for stage, figures in result.stages.items():
        for key, value in figures.items():
            if isinstance(value, float) and key not in ("seconds", "error"):
                holds = result.targets[stage].get(key)
                table.append(
                    {
                        "stage": stage,
                        "seconds": round(figures["seconds"]),
                        "metric": key,
                        "value": f"{value:.3f}",
                        "target": "" if holds is None else "met" if holds else "missed",
                    }
                )
    return table


def last_words(result: Result) -> str:
    """Return the headline in words, or nothing if it wasn't measured."""
    found = result.stages.get("headline")
    if not found:
        return ""
    wins = {
        name: f"{found[f'win_{key}']:.2f} (95%: {low:.2f} to {high:.2f})"
        for name, key in (("bare", "zero_shot"), ("with examples", "few_shot"))
        for low, high in [found["intervals"][key]]
    }
    manners = "" if found["truth_few_shot"] >= 0.5 else " " + _("It wins by manners.")
    ours = _(
        "Against a base model {ratio:.0f} times its size the small tuned model has the better "
        "answer in {bare} of the cases if the base model gets the bare request, and in {examples} "
        "if it gets polite examples. By truth alone these shares are {truth_bare:.2f} and "
        "{truth:.2f}."
    ).format(
        ratio=found["parameter_ratio"],
        bare=wins["bare"],
        examples=wins["with examples"],
        truth_bare=found["truth_zero_shot"],
        truth=found["truth_few_shot"],
    )
    paper = _(
        "In the paper labelers preferred 175B InstructGPT to 175B GPT-3 in 85 ± 3% of the cases, "
        "in 71 ± 4% against few-shot GPT-3 (equal size), and preferred 1.3B InstructGPT to 175B "
        "GPT-3 (arXiv:2203.02155)."
    )
    return f"{ours}{manners} {paper}"
