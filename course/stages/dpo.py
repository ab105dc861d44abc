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
from dataclasses import dataclass
from itertools import combinations

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

from course.lm import evals, forward, optim
from course.lm.batching import groups, padded, split
from course.lm.threads import one_thread, over_rows
from course.lm.train import Learners
from course.stages.freeze import PARTS, held
from course.stages.reward import Ranking

DpoLoss = Callable[[Tensor, Tensor, Tensor, Tensor, float], Tensor]
WARM_UP = 10  # steps in which the learning rate rises
HALF = torch.bfloat16  # for the policy and, so that both are rounded alike, for the reference


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
    rate : float
        Learning rate of AdamW at its height.
    hold : tuple of str
        What stays as it is (`course.stages.freeze`), () for nothing.
    """

    beta: float = 0.3
    epochs: int = 1
    batch: int = 16
    rate: float = 6e-4
    hold: tuple[str, ...] = PARTS


@dataclass(frozen=True)
class Progress:
    """Where DPO is after a step.

    `accuracy` is the share of the step's pairs whose preferred answer had the higher implicit
    reward before the step; `margin` the mean difference of the two rewards (in log-odds).
    """

    step: int
    steps: int
    seconds: float
    loss: float
    accuracy: float
    margin: float


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
        found = [(a, b) for a, b in combinations(self.order, 2) if self.rows[a] != self.rows[b]]
        return [a for a, _ in found], [b for _, b in found]


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
    chosen = (places >= begin[:, None]) & (places < ends[:, None])

    def each(scores: Tensor, tokens: Tensor, _: Tensor) -> Tensor:
        return -F.cross_entropy(scores, tokens, reduction="none")

    states = forward.hidden(w, tokens[:, :-1])
    return forward.masked_logits(w, states, tokens[:, 1:], chosen, each).sum(1)


@torch.inference_mode()
def logprobs(
    model: GPT2LMHeadModel,
    rows: Sequence[Sequence[int]],
    starts: Sequence[int],
    pad: int = 1,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Return the log-probability of each whole answer under `model`, shape (rows,); see above."""
    w = forward.weights(model, dtype)

    def some(part: list[int]) -> Tensor:
        return answer_logprobs(w, [rows[i] for i in part], [starts[i] for i in part], pad)

    return over_rows(some, [len(row) for row in rows])


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
    said = logprobs(reference, rows, starts, tokenizer.pad_token_id, HALF).tolist()
    at, done = 0, []
    for prompt, r in zip(prompts, rankings, strict=True):
        done.append(Compared(r.rows, len(prompt), r.order, tuple(said[at : at + len(r.rows)])))
        at += len(r.rows)
    return [c for c in done if c.pairs()[0]]


def margins(model: GPT2LMHeadModel, some: Sequence[Compared], pad: int = 1) -> list[float]:
    """Return how much better `model` finds the preferred answer of each pair, in nats.

    That is the difference of the implicit rewards for β = 1; above 0 it agrees with the labeler.
    """
    rows = [row for c in some for row in c.rows]
    starts = [c.start for c in some for _ in c.rows]
    before = torch.tensor([x for c in some for x in c.reference])
    gained = logprobs(model, rows, starts, pad, HALF) - before
    better, worse = _numbered(some)
    return (gained[better] - gained[worse]).tolist()


def _numbered(some: Sequence[Compared]) -> tuple[list[int], list[int]]:
    """Return the pairs of several rankings, numbered through their answers."""
    better, worse, at = [], [], 0
    for c in some:
        for numbers, own in zip((better, worse), c.pairs(), strict=True):
            numbers += [at + i for i in own]
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
    plan = [b for _ in range(recipe.epochs) for b in groups(lengths, recipe.batch, rng)]
    pad, seen = tokenizer.pad_token_id, []

    def loss(some: list[Compared]) -> Tensor:
        rows = [row for c in some for row in c.rows]
        starts = [c.start for c in some for _ in c.rows]
        now = answer_logprobs(forward.weights(policy, HALF), rows, starts, pad)
        before = torch.tensor([x for c in some for x in c.reference])
        better, worse = _numbered(some)
        gained = (now - before).detach()
        seen.append(recipe.beta * (gained[better] - gained[worse]))
        return dpo_loss(now[better], now[worse], before[better], before[worse], recipe.beta)

    policy.train()
    start = time.perf_counter()
    with held(policy, tokenizer, recipe.hold), one_thread():
        learners = Learners(policy.parameters())
        optimizers = [optim.adamw(learners.parameters, recipe.rate)]
        for step, chosen in enumerate(plan):
            shares = split([learned[i] for i in chosen], learners.count)
            pairs = [sum(len(c.pairs()[0]) for c in share) for share in shares]
            optim.set_rates(optimizers, [recipe.rate], optim.linear(step, len(plan), WARM_UP))
            value = learners.step(shares, loss, [n / sum(pairs) for n in pairs])
            torch.nn.utils.clip_grad_norm_(learners.parameters, 1.0)
            learners.update(optimizers)
            margin = torch.cat(seen)
            seen.clear()
            yield Progress(
                step + 1,
                len(plan),
                time.perf_counter() - start,
                value,
                (margin > 0).float().mean().item(),
                margin.mean().item(),
            )
    policy.eval()
