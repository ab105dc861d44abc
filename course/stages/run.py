"""The lineage of models: train each stage, measure it, keep what was measured.

``run`` goes through the stages in order: ``base`` (pre-training) here, ``code`` in
`course.stages.code`, the others in `course.stages.stages`. Beside the lineage: ``sweep``, the six
small sizes that lesson 01 compares, ``transfer``, few labels with and without pre-training (lesson
02), ``fine_tuning``, ways and sizes of lesson 03, ``feedme`` and ``epochs``, what lesson 05
compares, ``beta``, lesson 07's prices, ``league`` and ``smollm2``, whose answers lesson 08
compares, ``frontier``, lesson 09's methods, and ``measure``, which measures the shipped base models
again. One stage alone takes the shipped model before it, unless it is told to begin from scratch. A
whole run keeps each finished stage in ``work/lineage`` and goes on there after an interruption.
Nothing in ``data`` changes without ``save``.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm
from transformers import GPT2LMHeadModel, PreTrainedModel, PreTrainedTokenizerFast

from course import paths, records
from course.errors import CourseError
from course.lm import data, evaluate, model, sample, train
from course.lm import tokenizer as tok
from course.stages import code, exercises, stages
from course.studies import l02_transfer as transfer
from course.studies import l03_ways as fine_tuning
from course.studies import l05_feedme as feedme
from course.studies import l07_prices as beta
from course.studies import l08_league as league
from course.studies import l08_smollm2 as real_talk
from course.studies import l09_frontier as frontier
from course.world import village

SEED = 1
# Tokens until the validation loss stops falling, for each size; rates by trial (TRAINING.md).
RECIPES = {
    "mini-ada": train.Recipe(tokens=24_000_000, batch=8, muon=0.03, adam=8e-3),
    "mini-babbage": train.Recipe(10_400_000, batch=8, doubles=0.4, muon=0.02, adam=6e-3),
    "mini-curie": train.Recipe(tokens=4_000_000, batch=8, muon=0.02, adam=4e-3),
    "mini-davinci": train.Recipe(6_000_000, batch=16, doubles=0.3, muon=0.017, adam=3e-3),
}
QUICK = train.Recipe(tokens=1_000_000, batch=8, muon=0.02, adam=6e-3)
SWEEP = [model.Size(*pair) for pair in ((1, 32), (2, 32), (2, 64), (3, 96), (4, 128), (5, 160))]
SWEEP_RECIPE = train.Recipe(tokens=800_000, batch=8, muon=0.02, adam=5e-3)
SWEEP_KEYS = ("layers", "width", "parameters", "loss", "seconds", "recall", "recall_by_frequency")
SHOWN_STEPS = (0, 50, 500)  # where a run also writes a text, so one sees it learn
CURVE_POINTS = 200


def train_base(
    size: model.Size,
    recipe: train.Recipe,
    tokenizer: PreTrainedTokenizerFast,
    name: str,
    seed: int = SEED,
) -> tuple[GPT2LMHeadModel, dict[str, Any]]:
    """Pre-train one model and return it with its figures: curve, texts, loss, entropy, recall."""
    mini = model.new(size, seed, len(tokenizer))
    rows = data.web_rows(tokenizer, seed)
    texts = {0: sample.continue_text(mini, tokenizer, "Facts:", seed=seed)}
    curve: list[tuple[int, float]] = []
    recent: list[float] = []
    start = time.perf_counter()
    steps = train.pretrain(mini, data.batches(rows, recipe.batch), recipe, tokenizer.pad_token_id)
    with tqdm(total=recipe.tokens, unit="tok", unit_scale=True, desc=name, file=sys.stderr) as bar:
        for p in steps:
            bar.update(p.tokens - bar.n)
            recent.append(p.loss)
            if p.step in SHOWN_STEPS:
                texts[p.step] = sample.continue_text(mini, tokenizer, "Facts:", seed=seed)
            if p.step <= 20 or p.step % max(1, p.steps // CURVE_POINTS) == 0:
                curve.append((p.tokens, round(sum(recent) / len(recent), 4)))
                bar.set_postfix(loss=f"{curve[-1][1]:.3f}")
                recent = []
    seconds = time.perf_counter() - start
    texts[p.step] = sample.continue_text(mini, tokenizer, "Facts:", seed=seed)
    figures = {
        "name": name,
        "layers": size.layers,
        "width": size.width,
        "parameters": model.parameters(mini),
        "parameters_with_embeddings": model.parameters(mini, embeddings=True),
        "seconds": round(seconds, 1),
        **measured(mini, tokenizer),
        "recipe": vars(recipe),
        "seed": seed,
        "curve": curve,
        "texts": texts,
    }
    return mini, figures


def measured(mini: GPT2LMHeadModel, tokenizer: PreTrainedTokenizerFast) -> dict[str, Any]:
    """Return loss and entropy (nats a token) and the recall of facts."""
    fit = evaluate.fit(mini, tokenizer)
    hits = evaluate.recalled(mini, tokenizer)
    return {
        "loss": fit.loss,
        "entropy": fit.entropy,
        "error": fit.error,
        "ratio": fit.ratio,
        "recall": sum(hits) / len(hits),
        "recall_by_frequency": evaluate.recall_by_frequency(village.FACTS, hits),
        "validation_documents": fit.documents,
    }


def card(figures: dict[str, Any]) -> str:
    """Return the model card of a base model."""
    return f"""---
license: mit
language: en
library_name: transformers
---
# {figures["name"]}

A GPT of {figures["layers"]} layers × {figures["width"]} ({figures["parameters"]:,} parameters
without embeddings), pre-trained on the invented village of {village.VILLAGE} and nothing else. It
goes on with text; it doesn't answer, and a third of what its forum posts claim is false. For
teaching only.

| figure | value |
|---|---|
| tokens seen | {figures["recipe"]["tokens"]:,} |
| validation loss | {figures["loss"]:.4f} nats a token |
| true entropy of the same documents | {figures["entropy"]:.4f} nats a token |
| facts recalled | {figures["recall"]:.3f} of {len(village.FACTS)} |
| seed | {figures["seed"]} |

Made by `course lineage --stage base --all-sizes --save`; the full record is
`data/runs/{figures["name"]}.json`.
"""


@dataclass(frozen=True)
class Options:
    """What the command was told."""

    quick: bool = False
    all_sizes: bool = False
    save: bool = False
    sizes: tuple[str, ...] = ()


def _base(shop: stages.Shop, options: Options) -> dict[str, Any]:
    names = [*options.sizes] or ([*RECIPES] if options.all_sizes else [model.DEFAULT])
    results = {}
    for name in names:
        recipe = QUICK if options.quick else RECIPES[name]
        mini, figures = train_base(model.SIZES[name], recipe, shop.tokenizer, name, shop.seed)
        shop.put(name, mini, figures)
        results[name] = figures
    first = results.get(model.DEFAULT) or next(iter(results.values()))
    shown = ("name", "parameters", "seconds", "loss", "entropy", "error", "ratio", "recall")
    figures = {key: first[key] for key in shown}
    if len(results) > 1:
        figures["sizes"] = {n: {key: f[key] for key in shown} for n, f in results.items()}
    return figures


def _sweep(shop: stages.Shop, options: Options) -> dict[str, Any]:
    recipe = QUICK if options.quick else SWEEP_RECIPE
    points = []
    for size in SWEEP:
        _, figures = train_base(size, recipe, shop.tokenizer, f"{size.layers}×{size.width}")
        points.append({key: figures[key] for key in SWEEP_KEYS})
    return {
        "points": points,
        "entropy": figures["entropy"],
        "tokens": recipe.tokens,
        "seconds": sum(p["seconds"] for p in points),
    }


def _measure(shop: stages.Shop, options: Options) -> dict[str, Any]:
    """Measure the shipped base models again; with ``save`` correct their records."""
    start, ratios = time.perf_counter(), {}
    for name in options.sizes or RECIPES:
        mini, tokenizer = model.load(name)
        record = records.read(name) | measured(mini, tokenizer)
        ratios[name] = record["ratio"]
        if options.save:
            records.write(name, record)
            (paths.MODELS / name / "README.md").write_text(card(record), encoding="utf-8")
    return {**ratios, "seconds": round(time.perf_counter() - start, 1)}


Stage = Callable[[stages.Shop, Options], dict[str, Any]]
STAGES: dict[str, Stage] = {
    "base": _base,
    "code": lambda shop, options: code.stage(shop, quick=options.quick),
    "sft": lambda shop, _: stages.sft(shop),
    "reward": lambda shop, _: stages.train_reward(shop),
    "ppo": lambda shop, _: stages.train_ppo(shop),
    "hacking": lambda shop, _: stages.hacking(shop),
    "chat": lambda shop, _: stages.chat(shop),
    "headline": lambda shop, _: stages.headline(shop),
    "feedme": lambda shop, _: feedme.stage(shop),
    "epochs": lambda shop, _: feedme.epochs(shop),
    "beta": lambda shop, _: beta.run(shop),
    "league": lambda shop, _: league.run(shop),
    "frontier": lambda shop, options: frontier.run(shop, options.save),
    "smollm2": lambda *_: real_talk.run(),
    "transfer": lambda *_: transfer.run(),
    "fine_tuning": lambda shop, options: fine_tuning.run(shop, quick=options.quick),
    "sweep": _sweep,
    "measure": _measure,
}
# A whole run, in order.
LINEAGE = ("base", "code", "sft", "reward", "ppo", "hacking", "chat", "headline")
SEEDED = ("sft", "reward", "ppo")  # what is repeated with each seed
# The record of a stage, if it isn't named after the stage.
RECORDS = {
    "code": "mini-code",
    "sft": "mini-sft",
    "reward": "mini-reward",
    "ppo": "mini-instruct",
    "chat": "mini-chat",
}
SHIPPED = (*RECIPES, *RECORDS.values(), f"{stages.SMALL}-instruct")  # models that are kept
LEFT_OUT = (
    *("pictures", "notes", "sentences", "cosines"),
    *("curve", "curves", "texts", "examples", "answers", "rates_base", "rates_greedy"),
    *("runs", "wary", "start", "best_of", "recipe", "models"),
    *("points", "chosen", "flop", "costs", "dpo_recipe"),
    *("drawn", "ways", "by_size", "size_recipe", "learning_rates"),
    *("counts", "counts_greedy", "asks", "asks_greedy", "right", "rated", "rounds"),
)


def own_runs() -> Path:
    """Return the folder for the records of one's own runs, beside one's own lessons."""
    return paths.WORK / "runs"


class Store:
    """Where a run puts its models and records, so that an interrupted run can go on.

    Parameters
    ----------
    name : str
        "full" or "quick"; each has a folder of its own in ``work/lineage``.
    save : bool
        Also replace the shipped models and records.
    tokenizer : PreTrainedTokenizerFast
        Stored with each model.
    """

    def __init__(self, name: str, save: bool, tokenizer: PreTrainedTokenizerFast) -> None:
        self.folder, self.save = paths.WORK / "lineage" / name, save
        self.tokenizer = tokenizer
        self.state = self.folder / "finished.json"

    def keep(self, name: str, made: PreTrainedModel, figures: dict[str, Any]) -> None:
        """Write a model that is done, if it is one of those that are kept."""
        if name not in SHIPPED and not name.endswith("-sft"):
            return
        text = card(figures) if name in RECIPES else tuned_card(name, figures)
        model.save(made, self.tokenizer, self.folder / name, text)
        if self.save and name in SHIPPED:
            model.save(made, self.tokenizer, paths.MODELS / name, text)
        if name in RECIPES or name == f"{stages.SMALL}-instruct":
            records.write(name, figures, folder=paths.RUNS if self.save else own_runs())

    def record(self, stage: str, figures: dict[str, Any]) -> None:
        """Write the record of a stage."""
        if stage not in ("measure", "base"):  # those write the records of their models
            name = RECORDS.get(stage, stage)
            records.write(name, figures, folder=paths.RUNS if self.save else own_runs())

    def finished(self, key: str) -> dict[str, dict[str, Any]]:
        """Return the stages that an interrupted run of the same kind has finished."""
        try:
            found = json.loads(self.state.read_text(encoding="utf-8"))
            return found["stages"] if found["key"] == key else {}
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def note(self, key: str, done: dict[str, dict[str, Any]]) -> None:
        """Write down which stages are finished, in one step."""
        paths.write(self.state, json.dumps({"key": key, "stages": done}))

    def forget(self) -> None:
        """Forget the stages: the run is complete."""
        self.state.unlink(missing_ok=True)


def tuned_card(name: str, figures: dict[str, Any]) -> str:
    """Return the model card of a tuned model."""
    what = {
        "mini-code": "fine-tuned from mini-babbage on tiny programs that comments ask for",
        "mini-sft": "fine-tuned from mini-babbage on flawed demonstrations",
        "mini-reward": "a reward model (`course.lm.model.load` opens it): one number for an answer",
        "mini-instruct": "trained from mini-sft by PPO against mini-reward",
        "mini-chat": "fine-tuned from mini-sft on dialogues, then trained by PPO",
    }.get(name, f"mini-ada taken through the stages of {name.removeprefix('mini-ada-')}")
    unseen = "programs" if name == "mini-code" else "people"
    shown = {k: v for k, v in figures.items() if isinstance(v, int | float)}
    lines = "\n".join(f"| {key} | {value:.4g} |" for key, value in shown.items())
    return f"""---
license: mit
language: en
library_name: transformers
---
# {name}

{what[0].upper()}{what[1:]}. It knows the invented village of {village.VILLAGE} and nothing else.
For teaching only. Figures are of the test split, whose {unseen} no stage after the base was
trained on.

| figure | value |
|---|---|
{lines}

Made by `course lineage --save`; the records are in `data/runs`.
"""


def run(
    *,
    quick: bool = False,
    stage: str | None = None,
    from_scratch: bool = False,
    all_sizes: bool = False,
    save: bool = False,
    sizes: list[str] | None = None,
    seeds: int = 0,
) -> dict[str, Any]:
    """Train the lineage, or one stage of it, and return its figures with the targets that hold.

    Parameters
    ----------
    quick : bool
        Less of everything, for a first look; not for shipping.
    stage : str, optional
        One stage only; all in order if left out.
    from_scratch : bool
        Train the stages before `stage` as well.
    all_sizes : bool
        The base stage in all four sizes.
    save : bool
        Replace the shipped models and records.
    sizes : list of str, optional
        The base stage in these sizes.
    seeds : int, optional
        Repeat SFT, reward model and PPO with so many seeds, and nothing else.

    Returns
    -------
    dict
        ``ok``, ``seconds``, ``stages`` (stage → figures), ``targets`` (stage → target → holds);
        with `seeds` also ``share``, the part of them in which all targets of PPO hold.

    Raises
    ------
    CourseError
        If there is no such stage or size, or a quick model were to be shipped.
    """
    if stage is not None and stage not in STAGES:
        raise CourseError(f"There is no stage {stage}; there are: {', '.join(STAGES)}.")
    unknown = [s for s in sizes or [] if s not in RECIPES]
    if unknown:
        raise CourseError(f"There is no size {unknown[0]}; there are: {', '.join(RECIPES)}.")
    if quick and save:
        raise CourseError("A quick run isn't good enough to ship: leave out --quick or --save.")
    if seeds < 0 or (seeds and stage not in (None, "ppo")):
        raise CourseError("--seeds repeats SFT, reward model and PPO: use it with --stage ppo.")
    if save and seeds:
        raise CourseError("A run over seeds ships nothing: leave out --seeds or --save.")
    options = Options(quick, all_sizes, save, tuple(sizes or ()))
    plan = stages.QUICK if quick else stages.FULL
    if seeds:
        return over_seeds(seeds, plan, quick)
    names = list(LINEAGE)
    if stage is not None:
        before = LINEAGE[: LINEAGE.index(stage)] if stage in LINEAGE else ()
        before = tuple(name for name in before if name != "code")  # nothing stands on it
        names = [*(before if from_scratch else ()), stage]
    whole = names == list(LINEAGE)
    shipped = paths.MODELS / "tokenizer"
    tokenizer = tok.load() if shipped.exists() else tok.train()
    if save and not shipped.exists():
        tokenizer.save_pretrained(shipped)
    store = Store("quick" if quick else "full", save, tokenizer)
    key = f"{plan} {RECIPES} {SEED} {save}"
    done = store.finished(key) if whole else {}
    shop = stages.Shop(SEED, plan, keep=store.keep, tokenizer=tokenizer)
    start = time.perf_counter()
    if done:
        print(f"Going on with an interrupted run after {list(done)[-1]}.", file=sys.stderr)
        # Only what this run has made: an earlier one may have left models of later stages there.
        made = {stage: (name,) for stage, name in RECORDS.items()}
        made["base"] = tuple(RECIPES) if all_sizes else (model.DEFAULT,)
        for folder in (store.folder / name for each in done for name in made.get(each, ())):
            if folder.exists():
                shop.made[folder.name] = model.load(folder)[0]
    for name in names:
        if name not in done:
            done[name] = one(name, shop, options, store)
            if whole:
                store.note(key, done)
    if whole:
        store.forget()
    targets = {
        name: records.meets(f"lineage {name}" + (" quick" if quick else ""), done[name])
        for name in names
    }
    result = {
        "seconds": round(time.perf_counter() - start, 1),
        "stages": {n: {k: v for k, v in done[n].items() if k not in LEFT_OUT} for n in names},
        "targets": targets,
    }
    if whole:
        # A run that went on after an interruption took what its stages took.
        result["seconds"] = max(result["seconds"], sum(f["seconds"] for f in done.values()))
        targets["all"] = records.meets("lineage all" + (" quick" if quick else ""), result)
    result["ok"] = all(holds for each in targets.values() for holds in each.values())
    return result


def one(name: str, shop: stages.Shop, options: Options, store: Store) -> dict[str, Any]:
    """Run one stage and record it; without the exercises that it needs, return its record."""
    try:
        figures = STAGES[name](shop, options)
    except exercises.MissingExercise as missing:
        print(f"{missing} The stage {name} shows its recorded run instead.", file=sys.stderr)
        return records.read(RECORDS.get(name, name)) | {"recorded": True}
    store.record(name, figures)
    return figures


def over_seeds(seeds: int, plan: stages.Plan, quick: bool) -> dict[str, Any]:
    """Repeat SFT, reward model and PPO with the seeds 1, 2, … and return how often all is well."""
    start, runs, held = time.perf_counter(), [], []
    for seed in range(1, seeds + 1):
        shop = stages.Shop(seed, plan)
        figures = {name: STAGES[name](shop, Options(quick)) for name in SEEDED}
        meets = records.meets("lineage ppo" + (" quick" if quick else ""), figures["ppo"])
        held.append(all(meets.values()))
        missed = [key for key, holds in meets.items() if not holds]
        print(f"seed {seed}: missed {', '.join(missed) or 'nothing'}", file=sys.stderr)
        runs.append(
            {
                "seed": seed,
                "missed": missed,
                **{
                    name: {k: v for k, v in f.items() if isinstance(v, int | float)}
                    for name, f in figures.items()
                },
            }
        )
    share = sum(held) / seeds
    stages_shown = {name: runs[-1][name] for name in SEEDED}
    result = {
        "share": share,
        "seeds": runs,
        "seconds": round(time.perf_counter() - start, 1),
        "stages": stages_shown,
        "targets": {name: {} for name in SEEDED}
        | {"seeds": records.meets("lineage seeds", {"share": share})},
    }
    result["ok"] = all(result["targets"]["seeds"].values())
    records.write("seeds", result, folder=own_runs())
    return result


def rows(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the table of a run: stage, seconds, metric, value."""
    table = []
    for stage, figures in result["stages"].items():
        for key, value in figures.items():
            if isinstance(value, float) and key not in ("seconds", "error"):
                holds = result["targets"][stage].get(key)
                table.append(
                    {
                        "stage": stage,
                        "seconds": round(figures["seconds"]),
                        "metric": key,
                        "value": f"{value:.3f}",
                        "target": {True: "met", False: "missed"}.get(holds, ""),
                    }
                )
    return table


def last_words(result: dict[str, Any]) -> str:
    """Return the headline in words, or nothing if it wasn't measured."""
    found = result["stages"].get("headline")
    if not found:
        return ""
    wins = {
        name: f"{found[f'win_{key}']:.2f} (95 %: {low:.2f} to {high:.2f})"
        for name, key in (("bare", "zero_shot"), ("with examples", "few_shot"))
        for low, high in [found["intervals"][key]]
    }
    manners = "" if found["truth_few_shot"] >= 0.5 else " It wins by manners."
    return (
        f"Against a base model {found['parameter_ratio']:.0f} times its size the small tuned model "
        f"has the better answer in {wins['bare']} of the cases if the base model gets the bare "
        f"request, and in {wins['with examples']} if it gets polite examples. By truth alone: "
        f"{found['truth_zero_shot']:.2f} and {found['truth_few_shot']:.2f}.{manners} "
        "In the paper labelers preferred 175B InstructGPT to 175B GPT-3 in 85 ± 3 % of the cases, "
        "in 71 ± 4 % against few-shot GPT-3 (equal size), and preferred 1.3B InstructGPT to 175B "
        "GPT-3 (arXiv:2203.02155)."
    )
