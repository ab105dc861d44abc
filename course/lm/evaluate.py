"""What a base model is worth: its loss beside the true entropy, and the facts that it recalls."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

from course.errors import CourseError
from course.lm import forward
from course.lm.data import encode
from course.lm.sample import generate
from course.lm.threads import over_rows
from course.world import phrases as ph
from course.world import village, web

SEED = 987_654_321  # of the documents that no training run sees
DOCUMENTS = 2_000
PARTS = 16  # of the documents, for each thread: so all end at about the same time


@dataclass(frozen=True)
class Fit:
    """Loss and entropy over the same documents (nats a token).

    `error` is the standard error of their difference, from the documents' own differences.
    """

    loss: float
    entropy: float
    error: float
    documents: int
    tokens: int

    @property
    def ratio(self) -> float:
        """Return loss / entropy: 1 is as good as can be."""
        return self.loss / self.entropy


def standard_error(values: Sequence[float]) -> float:
    """Return the standard error of the mean of `values`."""
    return statistics.stdev(values) / math.sqrt(len(values))


def document_losses(
    model: GPT2LMHeadModel, documents: Sequence[Sequence[int]], end: int, pad: int
) -> list[float]:
    """Return the negative log-likelihood of each document (nats), the end token included."""
    with torch.inference_mode():
        w = forward.weights(model)

    def losses(part: list[int]) -> Tensor:
        texts = [torch.tensor([end, *documents[i], end]) for i in part]
        rows = pad_sequence(texts, batch_first=True, padding_value=pad)  # (some, time + 1)
        scores = forward.logits(w, forward.hidden(w, rows[:, :-1]))  # (some, time, vocabulary)
        nll = F.cross_entropy(
            scores.transpose(1, 2), rows[:, 1:], ignore_index=pad, reduction="none"
        )
        return nll.sum(1)

    return over_rows(losses, [len(d) for d in documents], parts=PARTS).tolist()


def fit(
    model: GPT2LMHeadModel,
    tokenizer: PreTrainedTokenizerFast,
    documents: int = DOCUMENTS,
    seed: int = SEED,
) -> Fit:
    """Measure loss and entropy on documents that training never saw.

    Raises
    ------
    CourseError
        If the loss is below the entropy by more than two standard errors: no model can be, so
        then the entropy, the loss or the split is wrong.
    """
    corpus = list(web.documents(documents, seed))
    ids = encode(tokenizer, [d.text for d in corpus])
    losses = document_losses(model, ids, tokenizer.eos_token_id, tokenizer.pad_token_id)
    tokens = sum(len(i) + 1 for i in ids)
    above = [loss + d.logprob for loss, d in zip(losses, corpus, strict=True)]
    per_token = documents / tokens
    measured = Fit(
        loss=sum(losses) / tokens,
        entropy=-sum(d.logprob for d in corpus) / tokens,
        error=standard_error(above) * per_token,
        documents=documents,
        tokens=tokens,
    )
    if measured.loss < measured.entropy - 2 * measured.error:
        raise CourseError(
            f"The loss {measured.loss:.4f} is below the entropy {measured.entropy:.4f}, which no "
            "model can reach: the entropy or the measurement is wrong."
        )
    return measured


# How a fact is asked for without a question: a statement up to its value. The statement must leave
# no other way on: "Anna has a" could go on with a house, "The Great Flood made" with a hero.
CLOZE = {attribute: ts[attribute in ("pet", "hero")] for attribute, ts in ph.STATEMENTS.items()}


def recalled(
    model: GPT2LMHeadModel,
    tokenizer: PreTrainedTokenizerFast,
    facts: Sequence[village.Fact] = tuple(village.FACTS),
) -> list[bool]:
    """Return for each fact whether the model completes its sentence with the true value.

    The sentence stands in a list of facts (never false), up to the value; the model's most
    probable next tokens must spell the value.
    """
    end = tokenizer.eos_token_id
    texts = [
        "Facts: " + ph.fill(CLOZE[f.attribute].split("{v}")[0], f.subject).rstrip() for f in facts
    ]
    prompts = [[end, *ids] for ids in encode(tokenizer, texts)]
    answers = generate(model, prompts, 20, end=end)  # the longest value has 16
    return [
        tokenizer.decode(a).strip().startswith(f.value + CLOZE[f.attribute].split("{v}")[1])
        for a, f in zip(answers, facts, strict=True)
    ]


def recall_by_frequency(
    facts: Sequence[village.Fact], hits: Sequence[bool], groups: int = 5
) -> list[dict[str, float]]:
    """Return recall in `groups` of equal size, from the rarest facts to the most frequent.

    Each has ``share`` (mean probability that a mention is of such a fact), ``facts`` and
    ``recall`` (0 to 1).
    """
    ranked = sorted(zip(facts, hits, strict=True), key=lambda pair: pair[0].share)
    size = len(ranked) / groups
    table = []
    for g in range(groups):
        part = ranked[round(g * size) : round((g + 1) * size)]
        table.append(
            {
                "share": sum(f.share for f, _ in part) / len(part),
                "facts": len(part),
                "recall": sum(hit for _, hit in part) / len(part),
            }
        )
    return table
