"""Lesson 01's tables: the tokens of GPT-3, its sizes, its training, and choices by likelihood."""

import html
import random
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from course import paths
from course.errors import CourseError
from course.show import sizes, sources, style, text
from course.show.style import say

COIN = 2  # centimetres: the width of GPT-1's circle
CIRCLES = ("GPT-1", "GPT-2 1.5B", "T5-11B", "Turing-NLG", "GPT-3 175B")
SHOWN, CHOICES = 3, 4
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def _csv(name: str) -> list[dict[str, Any]]:
    import pandas as pd

    return pd.read_csv(paths.DATA / "family" / f"{name}.csv").to_dict("records")


def _right(words: str) -> style.Page:
    """Return a number in words as a cell that is aligned to the right."""
    shown = html.escape(words)
    return style.Page(f'<div style="text-align:right;white-space:nowrap">{shown}</div>', words)


def tokens_of_gpt3(sentences: Mapping[str, str]) -> None:
    """Cut sentences with GPT-3's own tokenizer; say how many of each its window holds.

    Parameters
    ----------
    sentences : dict of str to str
        Label → sentence.
    """
    from course.real import gpt2_tokens

    try:
        tokenizer = gpt2_tokens.load()
    except CourseError as error:
        say(f"{error} So this demo is left out.")
        return
    window = int(next(row["value"] for row in _csv("gpt3_training") if row["quantity"] == "window"))
    rows = []
    for label, sentence in sentences.items():
        style.show(text.tokens(tokenizer, sentence, f"{label}: {sentence}"))
        count = len(tokenizer.tokenize(sentence))
        rows.append(
            {
                "sentence": label,
                "characters": len(sentence),
                "bytes": len(sentence.encode()),
                "tokens": count,
                f"such sentences in {window:,} tokens": window // count if count else 0,
            }
        )
    style.show(style.table(rows))


def circles_of_gpt() -> None:
    """Draw some models as circles, compare the widths, and list all sizes that were published."""
    rows = _csv("sizes")
    known = {row["model"]: row for row in rows}
    style.show(sizes.circles([known[name] for name in CIRCLES]))
    times = known["GPT-3 175B"]["parameters"] / known["GPT-1"]["parameters"]
    say(
        f"GPT-3 175B has {times:,.0f} times as many parameters as GPT-1, so its circle is "
        f"{times**0.5:.0f} times as wide: {COIN * times**0.5:.0f} cm if GPT-1 has {COIN} cm. "
        "That is a car wheel with its tyre."
    )
    style.show(
        style.table([row | {"parameters": _right(sizes.short(row["parameters"]))} for row in rows])
    )


def training_of_gpt3() -> None:
    """List what the paper of GPT-3 says about its training."""
    rows = []
    for row in _csv("gpt3_training"):
        value, unit = float(row["value"]), row["unit"]
        if unit == "FLOP":
            factor, power = f"{value:.2e}".split("e+")
            words = f"{factor} × 10{power.translate(RAISED)}"
        else:
            words = sizes.short(value)
        rows.append(row | {"value": _right(words)})
    style.show(style.table(rows))


def choose_by_likelihood(*names: str, questions: int = 100, seed: int = 1) -> None:
    """Let base models choose among four values by log-likelihood; show some choices and count.

    Parameters
    ----------
    *names : str
        Of base models; those that aren't here are named and left out.
    questions : int
        Facts of the village, drawn by chance.
    seed : int
        Of the draw.
    """
    asked = _asked(questions, seed)
    counts: list[dict[str, Any]] = []
    for name in names:
        found = sources.load_model(name)
        if found is None:
            continue
        scores = _scores(found[1], found[2], asked)
        if not counts:
            shown = [
                {
                    "beginning": beginning + " …",
                    "true": choices[0].strip(),
                    **{
                        f"choice {i + 1}": f"{choices[i].strip()} ({means[i]:.2f})"
                        for i in _order(len(choices), seed + row)
                    },
                }
                for row, ((beginning, choices), (_, means)) in enumerate(
                    zip(asked[:SHOWN], scores, strict=False)
                )
            ]
            shown = [dict(zip(shown[0], row.values(), strict=True)) for row in shown]
            style.show(style.table(shown))
            say(f"In brackets: the log-likelihood of the choice by {name}, divided by its tokens.")
        counts.append(
            {
                "model": name,
                "right by the sum": _right(_of([s for s, _ in scores])),
                "right by the mean of a token": _right(_of([m for _, m in scores])),
                "right by guessing, on average": _right(f"{questions / CHOICES:.0f}"),
            }
        )
    if counts:
        style.show(style.table(counts))


def _of(scores: Sequence[Sequence[float]]) -> str:
    return f"{sum(int(np.argmax(row)) == 0 for row in scores)} of {len(scores)}"


def _order(size: int, seed: int) -> list[int]:
    return random.Random(seed).sample(range(size), size)


def _asked(questions: int, seed: int) -> list[tuple[str, list[str]]]:
    """Return beginnings of true sentences, each with four ends; the first one is true."""
    from course.lm.evaluate import CLOZE
    from course.world import phrases, village

    chance, asked = random.Random(seed), []
    for fact in chance.sample(village.FACTS, questions):
        before, after = CLOZE[fact.attribute].split("{v}")
        beginning = "Facts: " + phrases.fill(before, fact.subject).rstrip()
        others = sorted({f.value for f in village.FACTS if f.attribute == fact.attribute})
        others = [value for value in others if value != fact.value]
        values = [fact.value, *chance.sample(others, min(CHOICES - 1, len(others)))]
        asked.append((beginning, [f" {value}{after}" for value in values]))
    return asked


def _scores(
    model: Any, tokenizer: Any, asked: Sequence[tuple[str, Sequence[str]]]
) -> list[tuple[list[float], list[float]]]:
    """Return for each question the choices' log-likelihoods: the sums, and the means of a token."""
    import torch

    from course.lm import data

    end = tokenizer.eos_token_id
    found = []
    for beginning, choices in asked:
        (start, *ends) = data.encode(tokenizer, [beginning, *choices])
        rows = [[end, *start, *tail] for tail in ends]
        longest = max(map(len, rows))
        padded = torch.tensor([row + [end] * (longest - len(row)) for row in rows])
        with torch.no_grad():  # what is padded comes last, so nothing looks at it
            log_p = torch.log_softmax(model(padded[:, :-1]).logits.float(), dim=-1)
        each = log_p.gather(2, padded[:, 1:, None])[..., 0]
        parts = [each[i, len(start) : len(start) + len(tail)] for i, tail in enumerate(ends)]
        found.append(([float(p.sum()) for p in parts], [float(p.mean()) for p in parts]))
    return found
