"""What the documents say of the lineage, made from the table and the run records.

`course build` writes the picture, the models' cards and README's blocks, so that a new stage or a
new record needs no hand there; a test holds them equal.
"""

import html
from functools import reduce
from pathlib import Path

from course import language, paths, records
from course.show.lineage_picture import in_words, lineage
from course.stages.card import card
from course.stages.stage import LARGE, SMALL, Figures, Model, Table, models
from course.studies.registry import ALL

PICTURE = "lineage.svg"  # in data/
RATES = {  # column of README's table → key of the rates
    "follows": "following",
    "true": "truth",
    "polite": "polite",
    "declines harm": "refusal",
    "declines the harmless": "over_refusal",
    "corrects a false premise": "false_premise",
    "keeps to a dialogue": "dialogue",
}


@language.speaking("en")
def readme_blocks(table: Table = ALL) -> dict[str, str]:
    """Return README's blocks about the lineage: name of the block → its text."""
    return {"picture": picture_block(table), "lineage": lineage_block(table)}


def picture_block(table: Table = ALL) -> str:
    """Return the lineage picture with its content in words."""
    words = html.escape(in_words(table))
    return f'<p align="center"><img src="data/{PICTURE}" width="540" alt="{words}"></p>'


def lineage_block(table: Table = ALL) -> str:
    """Return the tables of the lineage's rates and of the headline, from the records."""
    rows = [["model", *RATES]]
    for made in models(table).values():
        if made.measured:
            rates = rates_of(made)
            numbers = [f"{rates[key]:.2f}" if key in rates else "" for key in RATES.values()]
            rows.append([f"`{made.name}`{made.row}", *numbers])
    head = records.read("headline")
    meeting = (
        f"`{SMALL}-instruct` against `{LARGE}`, {head['parameter_ratio']:.0f} times its size, bare "
        "requests"
    )
    second = [["headline", "share of better answers", "95% interval"]]
    for how, key in (
        (meeting, "zero_shot"),
        ("the same with polite examples before each request", "few_shot"),
    ):
        low, high = head["intervals"][key]
        second.append([how, f"{head[f'win_{key}']:.2f}", f"{low:.2f} to {high:.2f}"])
    return f"{_markdown(rows)}\n\n{_markdown(second)}"


def rates_of(made: Model) -> Figures:
    """Return a model's rates of behaviour, from the record that has them."""
    record, *keys = made.measured
    return reduce(lambda found, key: found[key], keys, records.read(record))


def _markdown(rows: list[list[str]]) -> str:
    head, *others = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([head, "|---" * len(rows[0]) + "|", *others])


@language.speaking("en")  # what is in a commit
def files(table: Table = ALL) -> dict[Path, str]:
    """Return the picture and the cards of the shipped models: path → text."""
    found = {paths.DATA / PICTURE: lineage(table=table).html + "\n"}
    for stage in table.values():
        for made in stage.models:
            folder = paths.MODELS / made.name
            if folder.exists():
                record = records.read(made.name if made.recorded else stage.record)
                found[folder / "README.md"] = card(stage, made, record)
    return found


def write() -> list[Path]:
    """Write the picture and the cards; return those that have changed."""
    changed = [
        path
        for path, text in files().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in changed:
        paths.write(path, files()[path])
    return changed
