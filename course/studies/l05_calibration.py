"""How sure models are of the next token, and how often they are right: calibration.

Models read texts that no training of any of them saw, and say at each place which token they take
for the most probable one (how sure) and whether it is the one that comes (right). The texts: pages
of the village's web, which the base model learned to predict; answers of the flawed demonstrators
to requests about people of the test, which SFT learned to predict; and true answers to questions
for facts, of which only the token that begins the value counts. A base model reads each answer
behind worked examples, a tuned one in the chat template.

Left out on purpose: how sure a model is of a whole answer. The same fact can be said in many ways,
and each has a small probability.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

from course.lm import evals, forward
from course.lm.batching import like_length, padded
from course.lm.data import encode
from course.lm.evaluate import SEED
from course.stages.context import Run, since
from course.stages.stage import Figures, Work
from course.studies.l05_feedme import worked_examples
from course.world import demonstrate, village, web
from course.world import phrases as ph
from course.world.talk import Example, Turn

MODELS = ("mini-babbage", "mini-sft", "mini-instruct")
TEXTS = ("web", "demonstrations", "facts")
COUNT = 1_000  # pages, and as many demonstrations
BINS = 10
BATCH = 64
HONEST = 200  # times that a model is imitated which is exactly as often right as it says


@dataclass(frozen=True)
class Sureness:
    """What a model said of the places that count, in the order of the texts.

    Parameters
    ----------
    confidence : ndarray of float, shape (places,)
        The probability of the token that it takes for the most probable one.
    right : ndarray of bool, shape (places,)
        Whether this token comes.
    """

    confidence: NDArray[np.float64]
    right: NDArray[np.bool_]


@dataclass(frozen=True)
class Reading:
    """Texts as rows of tokens, and from which place to which one each counts."""

    rows: list[list[int]]
    spans: list[tuple[int, int]]


def pages(tokenizer: PreTrainedTokenizerFast, count: int) -> Reading:
    """Return web pages that no training saw, as long as the window, from their second token on.

    The first one says which kind of page it is, and what is rehearsed has other shares of these.
    """
    end = tokenizer.eos_token_id
    texts = encode(tokenizer, [page.text for page in web.documents(count, SEED)])
    rows = [[end, *text, end][: ph.CONTEXT] for text in texts]
    return Reading(rows, [(2, len(row)) for row in rows])


def answered(
    tokenizer: PreTrainedTokenizerFast, examples: Sequence[Example], base: bool, seed: int
) -> Reading:
    """Return requests with their answers, of which the answers and what closes them count."""
    if base:
        shots = worked_examples(tokenizer, examples, seed)
        heads = evals.base_prompts(tokenizer, examples, shots)
        tails = [f" {e.turns[-1].answer}\n" for e in examples]
    else:
        heads = evals.chat_prompts(tokenizer, examples)
        tails = [f" {e.turns[-1].answer}{ph.END}" for e in examples]
    said = encode(tokenizer, tails)
    rows = [[*head, *tail] for head, tail in zip(heads, said, strict=True)]
    return Reading(rows, [(len(h), len(r)) for h, r in zip(heads, rows, strict=True)])


def fact_questions(split: str, seed: int) -> list[Example]:
    """Return a question for each fact about the subjects of `split`, with a plain true answer."""
    rng = np.random.default_rng(seed)
    found = []
    for kind, parts in village.SPLITS.items():
        for subject in parts[split]:
            for attribute in village.ATTRIBUTES[kind]:
                question = rng.choice(ph.asked(ph.QUESTIONS[attribute], False))
                statement = rng.choice(ph.STATEMENTS[attribute])
                value = village.VALUES[subject, attribute]
                turn = Turn(
                    ph.fill(question, subject),
                    ph.fill(statement, subject, value),
                    subject,
                    attribute,
                )
                found.append(Example("fact", (turn,)))
    return found


def values(reading: Reading, tokenizer: PreTrainedTokenizerFast, facts: list[Example]) -> Reading:
    """Narrow answers down to the first token of the value that was asked for."""
    spans = []
    for (start, _), example in zip(reading.spans, facts, strict=True):
        turn = example.turns[0]
        value = village.VALUES[turn.subject, turn.attribute]
        before = turn.answer[: turn.answer.rindex(value)].rstrip()
        place = start + len(tokenizer(f" {before}")["input_ids"])
        spans.append((place, place + 1))
    return Reading(reading.rows, spans)


@torch.inference_mode()
def sureness(
    model: GPT2LMHeadModel, tokenizer: PreTrainedTokenizerFast, reading: Reading
) -> Sureness:
    """Return how sure a model is at each place that counts, and whether it is right."""
    w = forward.weights(model)
    found: dict[int, tuple[Any, Any]] = {}
    for part in like_length([len(row) for row in reading.rows], BATCH):
        tokens = padded([reading.rows[i] for i in part], tokenizer.pad_token_id)
        scores = forward.logits(w, forward.hidden(w, tokens))
        best, guess = torch.softmax(scores.float(), dim=-1).max(dim=-1)
        for k, i in enumerate(part):
            first, last = reading.spans[i]
            at = slice(first - 1, last - 1)  # the guess for a token is made one place before it
            found[i] = best[k, at].numpy(), (guess[k, at] == tokens[k, first:last]).numpy()
    each = [found[i] for i in range(len(reading.rows))]
    sure, right = (np.concatenate(column) for column in zip(*each, strict=True))
    return Sureness(sure.astype(float), right)


def bins_of(found: Sureness, bins: int = BINS) -> list[tuple[int, int, float, float]]:
    """Return (bin, how many, mean confidence, share right) for each bin that isn't empty."""
    edges = np.linspace(0, 1, bins + 1)[1:-1]
    places = np.searchsorted(edges, found.confidence, side="right")
    many = np.bincount(places, minlength=bins)
    sums = [np.bincount(places, weights=x, minlength=bins) for x in (found.confidence, found.right)]
    return [
        (k, int(n), float(sums[0][k] / n), float(sums[1][k] / n)) for k, n in enumerate(many) if n
    ]


def error(rows: Sequence[tuple[int, int, float, float]]) -> float:
    """Return the expected calibration error: the mean distance, each bin as heavy as it is full."""
    _, many, sure, right = np.array(rows, dtype=float).T
    return float(np.average(abs(sure - right), weights=many))


def by_chance(found: Sureness, seed: int = SEED) -> float:
    """Return the error that a model with this confidence would show if it were all honest.

    So few places can't show less: which of them come true is drawn with the very probabilities that
    were said. The mean of `HONEST` draws.
    """
    rng = np.random.default_rng(seed)
    drawn = [
        Sureness(found.confidence, rng.random(len(found.confidence)) < found.confidence)
        for _ in range(HONEST)
    ]
    return float(np.mean([error(bins_of(one)) for one in drawn]))


def readings(
    tokenizer: PreTrainedTokenizerFast, base: bool, count: int, split: str = "test", seed: int = 1
) -> dict[str, Reading]:
    """Return the `TEXTS` as a base model reads them, or a tuned one."""
    shown = list(demonstrate.demonstrations(count, SEED, split))
    facts = fact_questions(split, SEED)
    asked = answered(tokenizer, facts, base, seed)
    return {
        "web": pages(tokenizer, count),
        "demonstrations": answered(tokenizer, shown, base, seed),
        "facts": values(asked, tokenizer, facts),
    }


def study(run: Run) -> Figures:
    """Measure each of `MODELS` on each of `TEXTS`."""
    count, begin = run.plan("calibration"), time.perf_counter()
    found: dict[str, Any] = {}
    for name in MODELS:
        network, base = run.get(name), name == MODELS[0]
        network.eval()
        found[name] = {}
        for text, reading in readings(run.tokenizer, base, count, run.split, run.seed).items():
            said = sureness(network, run.tokenizer, reading)
            rows = bins_of(said)
            found[name][text] = {
                "error": round(error(rows), 4),
                "by_chance": round(by_chance(said), 4),
                "confidence": round(float(said.confidence.mean()), 4),
                "right": (int(said.right.sum()), len(said.right)),
                "bins": [(k, n, round(sure, 4), round(right, 4)) for k, n, sure, right in rows],
            }
    flat = {
        f"{name.removeprefix('mini-')}_{text}": found[name][text]["error"]
        for name in MODELS
        for text in TEXTS
    }
    return flat | {"count": count, "models": found, "seconds": since(begin)}


WORK = Work(study, full=COUNT, quick=100)
