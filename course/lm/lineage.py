"""The main job without a screen: train the lineage stage by stage, measure each, write a record.

So far there is one stage, ``base`` (pre-training). Beside the lineage stand ``sweep``, the six
small sizes that lesson 01 compares, and ``measure``, which measures the shipped models again; later
stages join ``STAGES``. A stage takes the shipped model before it, unless it is
told to begin from scratch. Nothing in ``data/models`` changes without ``save``.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tqdm import tqdm
from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

from course import paths, records
from course.errors import CourseError
from course.lm import data, evaluate, model, sample, train
from course.lm import tokenizer as tok
from course.world import village

SEED = 1
# Tokens until the validation loss stops falling, for each size; rates by trial (TRAINING.md).
RECIPES = {
    "mini-ada": train.Recipe(tokens=24_000_000, batch=8, muon=0.03, adam=8e-3),
    "mini-babbage": train.Recipe(tokens=8_600_000, batch=8, muon=0.02, adam=6e-3),
    "mini-curie": train.Recipe(tokens=4_000_000, batch=8, muon=0.02, adam=4e-3),
    "mini-davinci": train.Recipe(tokens=2_600_000, batch=16, muon=0.02, adam=3e-3),
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


def _tokenizer(fresh: bool) -> PreTrainedTokenizerFast:
    return tok.train() if fresh else tok.load()


def _base(options: dict[str, Any]) -> dict[str, Any]:
    quick, save = options["quick"], options["save"]
    names = options["sizes"] or ([*RECIPES] if options["all_sizes"] else [model.DEFAULT])
    tokenizer = _tokenizer(fresh=not (paths.MODELS / "tokenizer").exists())
    if save and not (paths.MODELS / "tokenizer").exists():
        tokenizer.save_pretrained(paths.MODELS / "tokenizer")
    results = {}
    for name in names:
        recipe = QUICK if quick else RECIPES[name]
        mini, figures = train_base(model.SIZES[name], recipe, tokenizer, name)
        records.write(name, figures, folder=paths.RUNS if save else own_runs())
        if save:
            model.save(mini, tokenizer, paths.MODELS / name, card(figures))
        results[name] = figures
    first = results.get(model.DEFAULT) or next(iter(results.values()))
    shown = ("name", "parameters", "seconds", "loss", "entropy", "error", "ratio", "recall")
    figures = {key: first[key] for key in shown}
    if len(results) > 1:
        figures["sizes"] = {n: {key: f[key] for key in shown} for n, f in results.items()}
    return figures


def _sweep(options: dict[str, Any]) -> dict[str, Any]:
    tokenizer = _tokenizer(fresh=False)
    recipe = QUICK if options["quick"] else SWEEP_RECIPE
    points = []
    for size in SWEEP:
        _, figures = train_base(size, recipe, tokenizer, f"{size.layers}×{size.width}")
        points.append({key: figures[key] for key in SWEEP_KEYS})
    figures = {
        "points": points,
        "entropy": figures["entropy"],
        "tokens": recipe.tokens,
        "seconds": sum(p["seconds"] for p in points),
    }
    records.write("sweep", figures, folder=paths.RUNS if options["save"] else own_runs())
    return figures


def _measure(options: dict[str, Any]) -> dict[str, Any]:
    """Measure the shipped base models again; with ``save`` correct their records."""
    start, ratios = time.perf_counter(), {}
    for name in options["sizes"] or RECIPES:
        mini, tokenizer = model.load(name)
        record = records.read(name) | measured(mini, tokenizer)
        ratios[name] = record["ratio"]
        if options["save"]:
            records.write(name, record)
            (paths.MODELS / name / "README.md").write_text(card(record), encoding="utf-8")
    return {**ratios, "seconds": round(time.perf_counter() - start, 1)}


STAGES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "base": _base,
    "sweep": _sweep,
    "measure": _measure,
}
LINEAGE = ("base",)  # the stages of a whole run, in order


def own_runs() -> Path:
    """Return the folder for the records of one's own runs, beside one's own lessons."""
    return paths.WORK / "runs"


def run(
    *,
    quick: bool = False,
    stage: str | None = None,
    from_scratch: bool = False,
    all_sizes: bool = False,
    save: bool = False,
    sizes: list[str] | None = None,
) -> dict[str, Any]:
    """Train the lineage, or one stage of it, and return its figures with the targets that hold.

    Parameters
    ----------
    quick : bool
        Fewer tokens, for a first look; not for shipping.
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

    Returns
    -------
    dict
        ``ok``, ``seconds``, ``stages`` (stage → figures), ``targets`` (stage → target → holds).

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
    names = list(LINEAGE)
    if stage is not None:
        before = LINEAGE[: LINEAGE.index(stage)] if stage in LINEAGE else ()
        names = [*(before if from_scratch else ()), stage]
    options = {"quick": quick, "all_sizes": all_sizes, "save": save, "sizes": sizes}
    start = time.perf_counter()
    stages = {name: STAGES[name](options) for name in names}
    targets = {
        name: records.meets(f"lineage {name}" + (" quick" if quick else ""), figures)
        for name, figures in stages.items()
    }
    return {
        "ok": all(holds for each in targets.values() for holds in each.values()),
        "seconds": round(time.perf_counter() - start, 1),
        "stages": stages,
        "targets": targets,
    }


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
