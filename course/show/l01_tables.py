"""Lesson 01's tables: GPT-3's tokens, sizes and training, choices by likelihood, the sweep."""

import html
import random
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from course import paths
from course.errors import CourseError
from course.language import N_, _
from course.show import sizes, sources, style, text
from course.show.style import say

if TYPE_CHECKING:
    from course.show.l01_training import LiveTraining

COIN = 2  # centimetres: the width of GPT-1's circle
CIRCLES = ("GPT-1", "GPT-2 1.5B", "T5-11B", "Turing-NLG", "GPT-3 175B")
SHOWN, CHOICES = 3, 4
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


COLUMNS = (N_("model"), N_("date"), N_("parameters"), N_("source"), N_("quantity"), N_("unit"))


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
        say(_("{error} So this demo is left out.").format(error=error))
        return
    window = int(next(row["value"] for row in _csv("gpt3_training") if row["quantity"] == "window"))
    rows = []
    for label, sentence in sentences.items():
        style.show(text.tokens(tokenizer, sentence, f"{label}, “{sentence}”"))
        count = len(tokenizer.tokenize(sentence))
        rows.append(
            {
                _("sentence"): label,
                _("characters"): len(sentence),
                _("bytes"): len(sentence.encode()),
                _("tokens"): count,
                _("such sentences in {window:,} tokens").format(window=window): window // count
                if count
                else 0,
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
        _(
            "GPT-3 175B has {times:,.0f} times as many parameters as GPT-1, so its "
            "circle is {wider:.0f} times as wide: {large:.0f} cm if GPT-1 has "
            "{small} cm. That is a car wheel with its tyre."
        ).format(times=times, wider=times**0.5, large=COIN * times**0.5, small=COIN)
    )
    style.show(
        sources.facts(row | {"parameters": _right(sizes.short(row["parameters"]))} for row in rows)
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
    style.show(sources.facts(rows))


def loss_of_sizes() -> None:
    """Draw the loss of the recorded sweep against size, with its figures in words."""
    sweep = sources.record("sweep")
    if sweep is None:
        return
    style.show(sizes.loss_against_size(sweep))
    sources.figure_line(
        sweep,
        _(
            "Without embeddings, the smallest has {points[0][parameters]:,} parameters and a "
            "loss of "
            "{points[0][loss]:.3f}, the largest {points[5][parameters]:,} and "
            "{points[5][loss]:.3f} "
            "nats a token."
        ),
    )
    sources.figure_line(
        "mini-ada",
        _(
            "The third size, trained longer: {loss:.3f} nats a token after {recipe[tokens]:,} "
            "tokens."
        ),
    )


def recall_of_sizes() -> None:
    """Draw which facts the models of the sweep recall, and say how many our base models do."""
    sweep = sources.record("sweep")
    if sweep is None:
        return
    runs = {f"{p['layers']} × {p['width']}": p for p in sweep["points"]}
    style.show(
        sizes.recall_by_frequency(
            {_("After {tokens:,} tokens each").format(tokens=sweep["tokens"]): runs}
        )
    )
    models = ("mini-ada", "mini-babbage", "mini-curie", "mini-davinci")
    for run in sources.records_of(*models).values():
        sources.figure_line(run, _("{name} knows {recall:.0%} after {recipe[tokens]:,} tokens."))


def choose_by_likelihood(
    *names: str, questions: int = 100, seed: int = 1, live: "LiveTraining | None" = None
) -> None:
    """Let base models choose among four values by log-likelihood; show some choices and count.

    Parameters
    ----------
    *names : str
        Of base models; those that aren't here are named and left out.
    questions : int
        Facts of the village, drawn by chance.
    seed : int
        Of the draw.
    live : LiveTraining, optional
        A live run, whose model chooses as well.
    """
    asked = _asked(questions, seed)
    models = [(name, sources.load_model(name)) for name in names]
    found = [(name, one[1], one[2], _recorded(name)) for name, one in models if one is not None]
    if live is not None and live.model is not None and live.recall:
        last = list(live.recall.values())[-1]
        found.append((_("your model of section 1"), live.model, live.tokenizer, last))
    counts: list[dict[str, Any]] = []
    for name, model, tokenizer, known in found:
        scores = _scores(model, tokenizer, asked)
        if not counts:
            style.show(style.table(_some(asked, [means for _x, means in scores], seed)))
            say(
                _(
                    "In brackets: the log-likelihood of the choice by {name}, divided by "
                    "its tokens."
                ).format(name=name)
            )
        counts.append(
            {
                _("model"): name,
                _("chooses right, by the sum"): _right(_of([s for s, _x in scores])),
                _("chooses right, by the mean of a token"): _right(_of([m for _x, m in scores])),
                _("by guessing"): _right(
                    _("about {questions:.0f}").format(questions=questions / CHOICES)
                ),
                _("completes facts by itself"): _right("" if known is None else f"{known:.0%}"),
            }
        )
    if counts:
        style.show(style.table(counts))


def _recorded(name: str) -> float | None:
    past = sources.record(name)
    return None if past is None else past["recall"]


def _some(
    asked: Sequence[tuple[str, Sequence[str]]], scores: Sequence[Sequence[float]], seed: int
) -> list[dict[str, str]]:
    """Return the first questions with their choices in random order and their scores."""
    rows: list[dict[str, str]] = []
    for (beginning, choices), means in zip(asked[:SHOWN], scores, strict=False):
        order = random.Random(seed + len(rows)).sample(range(len(choices)), len(choices))
        row = {_("beginning"): f"{beginning} …", _("true"): choices[0].strip()}
        for place, i in enumerate(order, 1):
            row[_("choice {place}").format(place=place)] = (
                f"{choices[i].strip()} ({_minus(means[i])})"
            )
        rows.append(row)
    return rows


def _minus(number: float) -> str:
    """Return a number with a real minus sign, and none before 0.00."""
    return f"{round(number, 2) + 0.0:.2f}".replace("-", "−")


def _of(scores: Sequence[Sequence[float]]) -> str:
    return _("{it} of {n}").format(
        it=sum(int(np.argmax(row)) == 0 for row in scores), n=len(scores)
    )


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
    rows: list[list[int]] = []
    places: list[slice] = []  # of a choice's tokens among the targets of its row
    for beginning, choices in asked:
        start, *ends = data.encode(tokenizer, [beginning, *choices])
        rows += [[end, *start, *tail] for tail in ends]
        places += [slice(len(start), len(start) + len(tail)) for tail in ends]
    longest = max(map(len, rows))
    padded = torch.tensor([row + [end] * (longest - len(row)) for row in rows])
    with torch.no_grad():  # what is padded comes last, so nothing looks at it
        log_p = torch.log_softmax(model(padded[:, :-1]).logits.float(), dim=-1)
    each = log_p.gather(2, padded[:, 1:, None])[..., 0]
    parts = [row[place] for row, place in zip(each, places, strict=True)]
    found, i = [], 0
    for _x, choices in asked:
        mine = parts[i : i + len(choices)]
        found.append(([float(p.sum()) for p in mine], [float(p.mean()) for p in mine]))
        i += len(choices)
    return found
