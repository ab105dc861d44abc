"""Rankings to train a small reward model on while one watches, and a model in the labeler's place.

mini-sft answers requests several times, the simulated labeler ranks the answers, and each answer
becomes the vector that mini-sft holds at its last token: what InstructGPT's reward model reads its
one number from. Only that last layer is left to learn here, in a loop on the page, so it takes
seconds and finds less than ``mini-reward``, in which parts of the layers below learned as well.

`likes` also puts a language model in the labeler's place: of two answers it takes the one that it
would sooner have written. Constitutional AI asks a model to choose by written principles; ours
can't read any.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from course.lm import evals, forward
from course.lm.batching import like_length, padded
from course.lm.data import encode
from course.lm.threads import together
from course.stages import dpo, reward
from course.world import demonstrate, labeler
from course.world.pairs import Pair
from course.world.talk import Example

PROMPTS, HELD_OUT = 300, 200
SEED = 6_060
ROWS = 128  # answers that are read at a time
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Rankings:
    """Answers to some requests as vectors, and in which order a labeler puts them.

    Attributes
    ----------
    vectors : Tensor of float, shape (prompts, answers, width)
        What the language model holds at the last token of each answer.
    order : Tensor of int, shape (prompts, answers)
        The numbers of the answers from best to worst, by one draw of the simulated labeler.
    ai_order : Tensor of int, shape (prompts, answers)
        The same by a language model's log-probabilities, if there is one.
    test : Rankings or None
        Those of other requests, which nothing is trained on.
    """

    vectors: Tensor
    order: Tensor
    ai_order: Tensor | None
    rankings: Sequence[reward.Ranking]
    test: "Rankings | None" = None

    @property
    def width(self) -> int:
        """Return how many numbers stand for an answer."""
        return self.vectors.shape[-1]

    @cached_property
    def pairs(self) -> list[tuple[int, int, int]]:
        """Return prompt and both answers of each pair whose answers differ."""
        return [
            (i, a, b)
            for i, r in enumerate(self.rankings)
            for a in range(len(r.rows))
            for b in range(a + 1, len(r.rows))
            if r.rows[a] != r.rows[b]
        ]

    @cached_property
    def chances(self) -> Array:
        """Return for each pair how likely the simulated labeler takes the first."""
        scores = [r.scores for r in self.rankings]
        return np.array([labeler.prefers(scores[i][a], scores[i][b]) for i, a, b in self.pairs])

    def agreed(self, rewards: Any) -> Array:
        """Return for each pair how likely a fresh label is the same as the choice by `rewards`.

        Parameters
        ----------
        rewards : Tensor or array of float, shape (prompts, answers)
            Of each pair the answer with the higher one is taken.
        """
        table = np.asarray(rewards, dtype=float)
        first = np.array([np.sign(table[i, a] - table[i, b]) for i, a, b in self.pairs])
        return 0.5 + first * (self.chances - 0.5)

    def share(self, each: Array) -> tuple[float, float]:
        """Return a mean over all pairs, and the half width of its 95% interval.

        The pairs of a prompt share their answers, so the prompts are what is drawn by chance.
        """
        prompts = np.array([i for i, _, _ in self.pairs])
        mean = float(each.mean())
        sums = np.bincount(prompts, weights=each - mean)
        return mean, 1.96 * float(np.sqrt((sums**2).sum())) / len(each)

    @property
    def twice(self) -> Array:
        """Return for each pair how likely two draws of the simulated labeler agree."""
        return self.chances**2 + (1 - self.chances) ** 2

    @property
    def ceiling(self) -> Array:
        """Return for each pair the probability of the likelier choice."""
        return np.maximum(self.chances, 1 - self.chances)

    @property
    def floor(self) -> float:
        """Return the mean entropy of a label in nats: no loss is lower, but by chance."""
        p = np.clip(self.chances, 1e-12, 1 - 1e-12)
        return float(-(p * np.log(p) + (1 - p) * np.log(1 - p)).mean())


def collect(
    mini: Any, tokenizer: Any, judge: Any | None = None, counts: tuple[int, int] | None = None
) -> Rankings:
    """Have a model answer requests and the labeler rank the answers; return both kinds of requests.

    Parameters
    ----------
    mini : GPT2LMHeadModel
        It writes the answers, and the vectors are its own.
    judge : GPT2LMHeadModel, optional
        It ranks them, too.
    counts : (int, int), optional
        Requests to train on, and to test on.
    """
    train, held_out = counts or (PROMPTS, HELD_OUT)
    tested = _ranked(mini, tokenizer, judge, held_out, "test", SEED + 1, None)
    return _ranked(mini, tokenizer, judge, train, "train", SEED, tested)


def _ranked(
    mini: Any,
    tokenizer: Any,
    judge: Any | None,
    count: int,
    split: str,
    seed: int,
    test: Rankings | None,
) -> Rankings:
    asked = list(demonstrate.requests(count, split, seed, mix=demonstrate.COMPARED_MIX))
    rankings = reward.compare([mini], tokenizer, asked, seed)
    return Rankings(
        vectors(mini, rankings),
        torch.tensor([r.order for r in rankings]),
        None if judge is None else likes(judge, tokenizer, rankings).argsort(1, descending=True),
        rankings,
        test,
    )


def vectors(mini: Any, rankings: Sequence[reward.Ranking]) -> Tensor:
    """Return what a model holds at the last token of each answer, (prompts, answers, width)."""
    rows = [row for r in rankings for row in r.rows]
    lengths = [len(row) for row in rows]
    w, pad = forward.weights(mini), mini.config.pad_token_id
    shares = like_length(lengths, ROWS)

    def last(share: list[int]) -> Tensor:
        with torch.inference_mode():  # a setting of each thread
            states = forward.hidden(w, padded([rows[i] for i in share], pad))
            return states[torch.arange(len(share)), torch.tensor([lengths[i] - 1 for i in share])]

    made = torch.empty(len(rows), w.wte.shape[1])
    for share, part in zip(shares, together(last, shares), strict=True):
        made[share] = part
    return made.view(len(rankings), -1, made.shape[-1])


def likes(judge: Any, tokenizer: Any, rankings: Sequence[reward.Ranking]) -> Tensor:
    """Return the log-probability of each answer under a language model, (prompts, answers)."""
    prompts = evals.chat_prompts(tokenizer, [r.example for r in rankings])
    rows = [row for r in rankings for row in r.rows]
    starts = [len(p) for p, r in zip(prompts, rankings, strict=True) for _ in r.rows]
    return dpo.logprobs(judge, rows, starts).view(len(rankings), -1).clone()


def likes_first(judge: Any, tokenizer: Any, pairs: Sequence[Pair]) -> list[bool]:
    """Return for each shipped pair of answers whether a language model takes the first."""
    asked = [p.asked for p in pairs for _ in p.answers]
    rows = encode(tokenizer, [p.asked.text(answer) for p in pairs for answer in p.answers])
    prompts = encode(tokenizer, [Example(a.kind, (a.turn,)).prompt() for a in asked])
    values = dpo.logprobs(judge, rows, [len(prompt) for prompt in prompts]).view(-1, 2)
    return (values[:, 0] > values[:, 1]).tolist()
