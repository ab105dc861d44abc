"""DPO (Rafailov et al. 2023, arXiv:2305.18290): learn from comparisons without a reward model.

The policy sees the answers that the labeler has ranked, each pair of them once an epoch, and makes
the better one more likely, measured against the reference model. There is no sampling while it
trains and no value model; the reference's log-probabilities are computed once, before the first
step. ``dpo_loss`` is the exercise of lesson 09 and comes in as an argument. As in the reward
model's training all pairs of a request share one forward pass; as in PPO the MLPs and the
embeddings of names may be held still. Left out on purpose: rehearsed text, and new answers between
the epochs (that would be *online* DPO).
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

from course.lm import arithmetic, evals, forward, optim
from course.lm.batching import groups, padded, split
from course.lm.threads import over_rows
from course.lm.train import Metrics, Trainer
from course.stages.freeze import PARTS, Frozen
from course.stages.reward import Ranking

DpoLoss = Callable[[Tensor, Tensor, Tensor, Tensor, float], Tensor]
WARM_UP = 10  # steps in which the learning rate rises


@dataclass(frozen=True)
class Recipe:
    """How DPO trains.

    Parameters
    ----------
    beta : float
        Price of a nat, in units of the log-odds of a preference.
    epochs : int
        Rounds over the rankings.
    batch : int
        Rankings a step; each gives all pairs of its answers.
    lr : float
        Learning rate of AdamW at its height.
    freeze : tuple of str
        What stays as it is (`course.stages.freeze`), () for nothing.
    """

    beta: float = 0.3
    epochs: int = 1
    batch: int = 16
    lr: float = 6e-4
    freeze: tuple[str, ...] = PARTS


@dataclass(frozen=True)
class Progress:
    """Where DPO is after a step.

    `accuracy` is the share of the step's pairs whose preferred answer had the higher implicit
    reward before the step, a tie counting one half; `margin` the mean difference of the two
    rewards (in log-odds); `metrics` hold these and the trainer's.
    """

    step: int
    steps: int
    seconds: float
    loss: float
    accuracy: float
    margin: float
    metrics: Metrics = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Compared:
    """One ranked request: its answers' tokens, where they begin, and how they are ranked.

    ``order`` numbers the answers from best to worst; ``reference`` holds the log-probability of
    each answer under the reference model, in nats.
    """

    rows: tuple[tuple[int, ...], ...]
    start: int
    order: tuple[int, ...]
    reference: tuple[float, ...]

    def pairs(self) -> tuple[list[int], list[int]]:
        """Return the numbers of the preferred and of the other answer, pair by pair.

        The very same answer twice teaches nothing and makes no pair.
        """
        pairs = [(a, b) for a, b in combinations(self.order, 2) if self.rows[a] != self.rows[b]]
        return [a for a, _ in pairs], [b for _, b in pairs]


def answer_logprobs(
    w: forward.Weights, rows: Sequence[Sequence[int]], starts: Sequence[int], pad: int
) -> Tensor:
    """Return the log-probability of each whole answer, in nats, shape (rows,).

    Parameters
    ----------
    rows : sequence of sequences of int
        Request and answer, with the end token if the answer came to an end.
    starts : sequence of int
        Where in its row each answer begins.
    """
    tokens, begin = padded(rows, pad), torch.tensor(starts)
    places, ends = torch.arange(1, tokens.shape[1]), torch.tensor([len(row) for row in rows])
    mask = (places >= begin[:, None]) & (places < ends[:, None])  # (rows, time - 1)

    def each(scores: Tensor, tokens: Tensor, _: Tensor) -> Tensor:
        return -F.cross_entropy(scores, tokens, reduction="none")

    states = forward.hidden(w, tokens[:, :-1])  # (rows, time - 1, width)
    return forward.masked_logits(w, states, tokens[:, 1:], mask, each).sum(1)


@torch.inference_mode()
def logprobs(
    model: GPT2LMHeadModel,
    rows: Sequence[Sequence[int]],
    starts: Sequence[int],
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Return the log-probability of each whole answer under `model`, shape (rows,); see above."""
    w, pad = forward.weights(model, dtype), model.config.pad_token_id

    def values(part: list[int]) -> Tensor:
        return answer_logprobs(w, [rows[i] for i in part], [starts[i] for i in part], pad)

    return over_rows(values, [len(row) for row in rows])


def compared(
    reference: GPT2LMHeadModel, tokenizer: PreTrainedTokenizerFast, rankings: Sequence[Ranking]
) -> list[Compared]:
    """Return rankings as DPO reads them, with what the reference model says of each answer.

    Parameters
    ----------
    rankings : sequence of Ranking
        As the reward model learns from (`course.stages.reward.compare`).
    """
    prompts = evals.chat_prompts(tokenizer, [r.example for r in rankings])
    rows = [row for r in rankings for row in r.rows]
    starts = [len(p) for p, r in zip(prompts, rankings, strict=True) for _ in r.rows]
    values = iter(logprobs(reference, rows, starts, arithmetic.dtype()).tolist())
    done = [
        Compared(r.rows, len(prompt), r.order, tuple(next(values) for _ in r.rows))
        for prompt, r in zip(prompts, rankings, strict=True)
    ]
    return [c for c in done if c.pairs()[0]]


def margins(model: GPT2LMHeadModel, batch: Sequence[Compared]) -> list[float]:
    """Return how much better `model` finds the preferred answer of each pair, in nats.

    That is the difference of the implicit rewards for β = 1; above 0 it agrees with the labeler.
    """
    rows, starts, reference = _laid_out(batch)
    gained = logprobs(model, rows, starts, arithmetic.dtype()) - reference
    better, worse = _numbered(batch)
    return (gained[better] - gained[worse]).tolist()


def _laid_out(batch: Sequence[Compared]) -> tuple[list[tuple[int, ...]], list[int], Tensor]:
    """Return all answers of several rankings: rows, starts, and the reference's log-probability."""
    rows = [row for c in batch for row in c.rows]
    starts = [c.start for c in batch for _ in c.rows]
    return rows, starts, torch.tensor([x for c in batch for x in c.reference])


def _numbered(batch: Sequence[Compared]) -> tuple[list[int], list[int]]:
    """Return the pairs of several rankings, numbered through their answers."""
    better: list[int] = []
    worse: list[int] = []
    at = 0
    for c in batch:
        for numbers, pair in zip((better, worse), c.pairs(), strict=True):
            numbers += [at + i for i in pair]
        at += len(c.rows)
    return better, worse


def train(
    policy: GPT2LMHeadModel,
    tokenizer: PreTrainedTokenizerFast,
    learned: Sequence[Compared],
    *,
    dpo_loss: DpoLoss,
    recipe: Recipe | None = None,
    seed: int = 0,
) -> Iterator[Progress]:
    """Train `policy` in place and yield after every step.

    Parameters
    ----------
    policy : GPT2LMHeadModel
        At first the same weights as the reference model that `compared` was given.
    learned : sequence of Compared
        The ranked answers.
    dpo_loss : callable
        (log-probabilities of the preferred answers under the policy, of the others, the same two
        under the reference, β), tensors of shape (pairs,) → mean loss, a scalar.
    recipe : Recipe, optional
        How long and how fast.
    seed : int
        Of the order of the requests.

    Yields
    ------
    Progress
        The caller may stop at any step; the policy then is as far as it came.
    """
    recipe = recipe or Recipe()
    lengths, rng = [max(map(len, c.rows)) for c in learned], random.Random(seed)
    plan = [batch for _ in range(recipe.epochs) for batch in groups(lengths, recipe.batch, rng)]
    pad, beta = tokenizer.pad_token_id, recipe.beta
    frozen = Frozen(policy, tokenizer, recipe.freeze)
    dtype = arithmetic.dtype()  # the reference's too, so that both are rounded alike

    def loss(share: list[Compared]) -> tuple[Tensor, dict[str, Tensor]]:
        rows, starts, before = _laid_out(share)
        now = answer_logprobs(forward.weights(policy, dtype), rows, starts, pad)  # (answers,)
        better, worse = _numbered(share)
        gained = (now - before).detach()
        margin = beta * (gained[better] - gained[worse])  # (pairs,)
        agreed = (margin > 0).float() + 0.5 * (margin == 0).float()  # before the first step all tie
        metrics = {"accuracy": agreed.mean(), "margin": margin.mean()}
        return dpo_loss(now[better], now[worse], before[better], before[worse], beta), metrics

    with frozen:
        trainable = [p for p in policy.parameters() if p.requires_grad]
    trainer = Trainer(loss, [trainable], [optim.adamw(trainable, recipe.lr)])
    policy.eval()
    start = time.perf_counter()
    for step, batch in enumerate(plan):
        shares = split([learned[i] for i in batch], trainer.learners)
        pairs = [sum(len(c.pairs()[0]) for c in share) for share in shares]
        with frozen:
            value, metrics = trainer.step(shares, pairs, optim.linear(step, len(plan), WARM_UP))
        seconds = time.perf_counter() - start
        accuracy, margin = metrics["accuracy"], metrics["margin"]
        yield Progress(step + 1, len(plan), seconds, value, accuracy, margin, metrics)
