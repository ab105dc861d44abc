"""A model's card, made from its place in the table and its figures.

It needs no torch, so that `build`, which writes documents, doesn't wait for it.
"""

import textwrap

from course.stages.stage import Figures, Model, Stage
from course.world import village


def card(stage: Stage, made: Model, figures: Figures) -> str:
    """Return the card of a model, from its place in the table and its figures.

    Parameters
    ----------
    stage : Stage
        That makes it.
    made : Model
    figures : dict
        Of the stage, as `Run.put` is given them, or as the record holds them.
    """
    about = f"{made.about.format_map(figures)} It knows the invented village of {village.VILLAGE} "
    about += "and nothing else. For teaching only."
    if made.base:
        rows, how = _pretraining(figures), f"--stage {stage.name} --all-sizes"
    else:
        about += f" Figures are of the test split: {made.unseen}."
        rows, how = _numbers(figures), f"--stage {stage.name}"
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    record = made.name if made.recorded else stage.record
    return f"""---
license: mit
language: en
library_name: transformers
---
# {made.name}

{textwrap.fill(about, 100, break_on_hyphens=False)}

| figure | value |
|---|---|
{table}

Made by `course lineage {how} --save`; the full record is `data/runs/{record}.json`.
"""


def _pretraining(figures: Figures) -> dict[str, str]:
    return {
        "tokens seen": f"{figures['recipe']['tokens']:,}",
        "validation loss": f"{figures['loss']:.4f} nats a token",
        "true entropy of the same documents": f"{figures['entropy']:.4f} nats a token",
        "facts recalled": f"{figures['recall']:.3f} of {len(village.FACTS)}",
        "seed": str(figures["seed"]),
    }


def _numbers(figures: Figures) -> dict[str, str]:
    return {
        key: f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
        for key, value in figures.items()
        if isinstance(value, int | float)
    }
