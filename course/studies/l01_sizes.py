"""Loss against size: six small models on the same tokens, the record behind lesson 01's picture.

Made by ``course lineage --stage sweep --save``; ships no model.
"""

from course.lm import model, train
from course.stages import base
from course.stages.context import Run
from course.stages.stage import Figures, Work

SIZES = [model.Size(*pair) for pair in ((1, 32), (2, 32), (2, 64), (3, 96), (4, 128), (5, 160))]
RECIPE = train.Recipe(tokens=800_000, batch=8, lr_muon=0.02, lr_adam=5e-3)
KEYS = ("layers", "width", "parameters", "loss", "seconds", "recall", "recall_by_frequency")


def sweep(run: Run) -> Figures:
    """Pre-train each size for a short time and return what lesson 01 draws of it."""
    recipe: train.Recipe = run.plan("sweep")
    points = []
    for size in SIZES:
        name = f"{size.layers}×{size.width}"
        _, figures = base.pretrained(size, recipe, run.tokenizer, name)
        points.append({key: figures[key] for key in KEYS})
    return {
        "points": points,
        "entropy": figures["entropy"],
        "tokens": recipe.tokens,
        "seconds": sum(p["seconds"] for p in points),
    }


WORK = Work(sweep, full=RECIPE, quick=base.QUICK)
