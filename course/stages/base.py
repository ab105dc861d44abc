"""The stage ``base``: pre-training of the mini models, and what is measured of them.

Left out on purpose: the loop itself, which is `course.lm.train`.
"""

import sys
import time

from tqdm import tqdm
from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

from course import paths, records
from course.lm import data, evaluate, model, sample, train
from course.stages.card import card
from course.stages.context import Run
from course.stages.stage import Figures, Work, models
from course.world import village

SEED = 1
# Tokens until the validation loss stops falling, for each size; rates by trial
# (docs/training-log.md).
RECIPES = {
    "mini-ada": train.Recipe(tokens=24_000_000, batch=8, lr_muon=0.03, lr_adam=8e-3),
    "mini-babbage": train.Recipe(10_800_000, 16, 0.5, hold=0.4, lr_muon=0.026, lr_adam=8e-3),
    "mini-curie": train.Recipe(tokens=4_000_000, batch=8, lr_muon=0.02, lr_adam=4e-3),
    "mini-davinci": train.Recipe(6_000_000, batch=16, doubles=0.3, lr_muon=0.017, lr_adam=3e-3),
}
QUICK = train.Recipe(tokens=1_000_000, batch=8, lr_muon=0.02, lr_adam=6e-3)
SHOWN_STEPS = (0, 50, 500)  # where a run also writes a text, so one sees it learn
CURVE_POINTS = 200
SHOWN = ("name", "parameters", "seconds", "loss", "entropy", "error", "ratio", "recall")


def pretrained(
    size: model.Size,
    recipe: train.Recipe,
    tokenizer: PreTrainedTokenizerFast,
    name: str,
    seed: int = SEED,
) -> tuple[GPT2LMHeadModel, Figures]:
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


def measured(mini: GPT2LMHeadModel, tokenizer: PreTrainedTokenizerFast) -> Figures:
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


def stage(run: Run) -> Figures:
    """Pre-train the base models that the run asks for; return the figures of the default one."""
    recipes, results = run.plan("base"), {}
    for name in run.sizes or (model.DEFAULT,):
        size = model.SIZES[name]
        mini, figures = pretrained(size, recipes[name], run.tokenizer, name, run.seed)
        run.put(name, mini, figures)
        results[name] = figures
    first = results.get(model.DEFAULT) or next(iter(results.values()))
    figures = {key: first[key] for key in SHOWN}
    if len(results) > 1:
        figures["sizes"] = {n: {key: f[key] for key in SHOWN} for n, f in results.items()}
    return figures


WORK = Work(stage, RECIPES, dict.fromkeys(RECIPES, QUICK))


# The base models, measured again ------------------------------------------------------------------


def measure(run: Run) -> Figures:
    """Measure the shipped base models again; with ``save`` correct their records and cards."""
    start, ratios = time.perf_counter(), {}
    for name in run.sizes or RECIPES:
        mini, tokenizer = model.load(name)
        record = records.read(name) | measured(mini, tokenizer)
        ratios[name] = record["ratio"]
        if run.save:
            records.write(name, record)
            text = card(run.table["base"], models(run.table)[name], record)
            (paths.MODELS / name / "README.md").write_text(text, encoding="utf-8")
    return {**ratios, "seconds": round(time.perf_counter() - start, 1)}


MEASURE = Work(measure)
