"""The loop on the page: village text as numbers, the functions in it, its curve, a text.

The loop itself is in the notebook. Left out on purpose: progress, saving, several runs.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from course.checks import ask, expect
from course.language import _
from course.show import own, sources, style
from course.show.charts import level, running_mean, set_ticks
from course.show.sizes import short
from course.show.style import say

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEED = 1
TICKS = (0.5, 0.7, 1, 2, 3, 5, 7)


def village_tokens(documents: int = 3000) -> tuple["NDArray[np.int64]", int]:
    """Return village text as one long row of token numbers, and the size of the vocabulary.

    Parameters
    ----------
    documents : int
        How many texts; the end token is before each of them.
    """
    from course.lm import data, tokenizer
    from course.world import web

    words = tokenizer.load()
    texts = [d.text for d in web.documents(documents, SEED)]
    end = words.eos_token_id
    return np.array([t for ids in data.encode(words, texts) for t in (end, *ids)]), len(words)


def own_or_ours(*functions: Callable[..., Any]) -> list[Callable[..., Any]]:
    """Return each of the learner's functions if its answers are right, else the course's own.

    Parameters
    ----------
    *functions : callable
        ``next_token_batch`` and ``train_step``, as the notebook defines them.
    """
    return own.take(*(_wanted(function) for function in functions))


def _wanted(function: Callable[..., Any]) -> own.Wanted:
    name = function.__name__
    ours, example = OURS[name]
    right = ask(ours, *example)

    def trial(theirs: Callable[..., Any]) -> None:
        expect(theirs(*example), right, name, reveal=False)

    return own.Wanted(name, function, trial, ours)


def _rows(tokens: Any, starts: Any, length: int) -> tuple[Any, Any]:
    """Do what exercise `next_token_batch` asks for."""
    both = np.lib.stride_tricks.sliding_window_view(np.asarray(tokens), length + 1)[starts]
    return both[:, :-1], both[:, 1:]


def _bigram_step(table: Any, x: Any, y: Any, rate: float) -> tuple[Any, float]:
    """Do what exercise `train_step` asks for, by the counts of pairs."""
    size = len(table)
    rows, where = np.unique(x, return_inverse=True)
    counts = np.bincount(where * size + y, minlength=len(rows) * size).reshape(len(rows), size)
    scores = table[rows]
    log_p = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    new = table.copy()
    wanted = counts.sum(axis=1, keepdims=True) * np.exp(log_p)
    new[rows] += rate * (counts - wanted) / len(x)
    return new, float(-(counts * log_p).sum() / len(x))


OURS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "next_token_batch": (_rows, (np.array([5, 3, 8, 1, 9, 2]), np.array([3, 0, 3]), 2)),
    "train_step": (
        _bigram_step,
        (np.arange(9.0).reshape(3, 3) % 4, np.array([1, 0, 1]), np.array([0, 2, 2]), 0.5),
    ),
}


def entropy_of_pairs(tokens: "NDArray[np.int64]") -> float:
    """Return the entropy of the next token when only the last one is known, in nats, as counted."""
    _x, first = np.unique(tokens[:-1], return_counts=True)
    pairs = np.stack([tokens[:-1], tokens[1:]])
    _x, both = np.unique(pairs, axis=1, return_counts=True)
    total = len(tokens) - 1
    return float((first * np.log(first)).sum() - (both * np.log(both)).sum()) / total


def loop_curve(
    losses: Sequence[float], tokens: "NDArray[np.int64]", name: str, vocabulary: int
) -> style.Picture:
    """Draw the losses of a loop, and the levels to compare with.

    Parameters
    ----------
    losses : sequence of float
        Of each step, in nats a token.
    tokens : ndarray of int
        The text that it reads.
    name : str
        What is trained.
    vocabulary : int
        How many tokens there are.
    """
    start, floor = float(np.log(vocabulary)), entropy_of_pairs(tokens)
    smooth = running_mean(losses)
    alt = _(
        "The loss of {name}: from {losses:.2f} to {smooth:.2f} nats a token in "
        "{n} steps. Knowing nothing: {start:.2f}. Floor of all bigram models: "
        "{floor:.2f}."
    ).format(
        name=name, losses=losses[0], smooth=smooth[-1], n=len(losses), start=start, floor=floor
    )
    with style.picture(height=3.6, alt=alt) as (picture, (axis,)):
        axis.plot(range(len(losses)), losses, color=style.LINE, lw=1)
        axis.plot(range(len(losses)), smooth, color=style.ACCENT)
        axis.annotate(
            f"{smooth[-1]:.2f}", (len(losses) - 1, smooth[-1]), (6, 0),
            textcoords="offset points", color=style.ACCENT, fontsize=13, va="center",
        )  # fmt: skip
        level(axis, start, _("knows nothing: {start:.2f}").format(start=start), ls=":")
        level(axis, floor, _("floor of all bigram models: {floor:.2f}").format(floor=floor))
        past = sources.record("mini-babbage")
        bottom = floor
        if past is not None:
            bottom = past["entropy"]
            level(
                axis,
                bottom,
                _("entropy of the village: {bottom:.2f}").format(bottom=bottom),
                shade=style.QUIET,
            )
        axis.set(xlim=(0, 1.08 * len(losses)), yscale="log", ylim=(0.85 * bottom, 1.25 * start))
        set_ticks(axis, "y", TICKS)
        axis.set_xlabel(_("step"))
        axis.set_ylabel(_("loss (nats a token, log scale)"))
        axis.set_title(_("Loss of {name} (bold: mean of the last 15 steps)").format(name=name))
    return picture


def write(guess: Callable[[list[int]], Any], tokens: int = 40, seed: int = SEED) -> None:
    """Let a model write a text and show it: guess, draw, append, again.

    Parameters
    ----------
    guess : callable
        Takes the tokens so far, from the end token on; returns the logits of the next one, an
        array of shape (vocabulary,).
    tokens : int
        How many are written.
    seed : int
        Of the draws.
    """
    from course.lm import tokenizer

    words = tokenizer.load()
    past = [words.eos_token_id]
    for u in np.random.default_rng(seed).random(tokens):
        logits = np.asarray(guess(past), dtype=float)
        ends = np.cumsum(np.exp(logits - logits.max()))
        past.append(int(np.searchsorted(ends, u * ends[-1], side="right")))
    text = words.decode(past[1:]).replace(words.eos_token, " ⏎ ")
    style.show(style.table([{_("it writes"): " ".join(text.split())}]))


def new_gpt(layers: int = 2, width: int = 64) -> Any:
    """Return an untrained GPT for the village's tokens.

    Parameters
    ----------
    layers : int
        Blocks.
    width : int
        Numbers in a vector; a multiple of 32, the width of a head.
    """
    from course.lm import model

    return model.new(model.Size(layers, width), SEED)


def passes_the_floor(name: str, tokens: "NDArray[np.int64]") -> None:
    """Say when a recorded run fell below what a bigram model can reach.

    Parameters
    ----------
    name : str
        Of the run.
    tokens : ndarray of int
        The text in which pairs are counted.
    """
    past = sources.record(name)
    if past is None:
        return
    floor = entropy_of_pairs(tokens)
    below = [seen for seen, loss in past["curve"] if loss < floor]
    if below:
        say(
            _(
                "{name} passed {floor:.2f}, the floor of all bigram models, after "
                "about {below} tokens, and ended at {loss:.2f}."
            ).format(name=name, floor=floor, below=short(below[0]), loss=past["loss"]),
            sources.origin(name, past),
        )
