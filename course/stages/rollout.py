"""Rollouts: answers that a policy writes, with all that is known of them before it learns.

`rollout` has the policy answer requests; `evaluate_rollout` adds what the other models say of the
answers: the reward model, the reference model and, where there is one, the value model. What comes
of that, rewards by the token or advantages, is the method's. PPO (`course.stages.ppo`) builds on
these; a method without a value model can as well. Left out on purpose: a buffer of older rollouts
(on-policy methods learn from what they have just written).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor
from transformers import GPT2LMHeadModel

from course.lm import arithmetic, forward
from course.lm.batching import WIDTH, even, padded, round_up
from course.lm.model import RewardModel
from course.lm.sample import written
from course.lm.threads import LEARNERS, together
from course.stages.reward import score

SHARE = 4  # answers, or a multiple, in the share of a thread
TokenLogprobs = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Rollout:
    """Answers to some requests; what isn't known yet, or never will be, is None.

    Tensors have the shape (answers, time) unless said. All but ``tokens`` is about the *next* token
    at each place: place t of the mask is 1 if ``tokens[:, t + 1]`` belongs to the answer.

    Parameters
    ----------
    requests : tuple of int
        Which request each answer is to, by number.
    responses : tuple of tuple of int
        The tokens of each answer, with its end token.
    tokens : Tensor of int, shape (answers, time + 1)
        Request and answer, padded on the right.
    mask : Tensor of 0 and 1
    logprobs, ref_logprobs : Tensor
        Of the answer's tokens, else 0 (nats): by which they were drawn, and under the reference.
    scores : Tensor, shape (answers,)
        The reward model's number.
    values : Tensor
        The value model's expectation before the token is written.
    rewards, advantages, returns : Tensor
        By the token, as the method makes them.
    """

    requests: tuple[int, ...]
    responses: tuple[tuple[int, ...], ...]
    tokens: Tensor
    mask: Tensor
    logprobs: Tensor
    ref_logprobs: Tensor | None = None
    scores: Tensor | None = None
    values: Tensor | None = None
    rewards: Tensor | None = None
    advantages: Tensor | None = None
    returns: Tensor | None = None

    def take(self, answers: Sequence[int]) -> "Rollout":
        """Return the answers numbered `answers`, without padding that is common to them."""
        answers = list(answers)
        time = places(ends(self.mask[answers]))
        taken = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, tuple):
                value = tuple(value[i] for i in answers)
            elif value is not None:
                value = value[answers]
                if value.ndim == 2:
                    value = value[:, : time + (each.name == "tokens")]
            taken[each.name] = value
        return Rollout(**taken)


def rollout(
    policy: GPT2LMHeadModel,
    w: forward.Weights,
    prompts: Sequence[Sequence[int]],
    requests: Sequence[int],
    *,
    end: int,
    pad: int,
    new_tokens: int,
    seed: int,
) -> Rollout:
    """Let the policy answer requests, at temperature 1.

    Parameters
    ----------
    policy : GPT2LMHeadModel
    w : Weights
        The policy's weights as they take part, perhaps with noise.
    prompts : sequence of sequences of int
        All requests as tokens.
    requests : sequence of int
        The numbers of those to answer. Neighbours share a forward pass later, so put those of like
        length side by side.
    end, pad : int
        The end and the padding token.
    new_tokens : int
        In an answer, at most.
    seed : int
        Of the draws.
    """
    chosen = [prompts[i] for i in requests]
    texts = written(policy, chosen, new_tokens, temperature=1.0, seed=seed, end=end, w=w)
    responses, logprobs = zip(*texts, strict=True)
    return laid_out(requests, chosen, responses, logprobs, pad)


def laid_out(
    requests: Sequence[int],
    prompts: Sequence[Sequence[int]],
    responses: Sequence[Sequence[int]],
    logprobs: Sequence[Sequence[float]],
    pad: int,
) -> Rollout:
    """Return answers as a rollout: the tokens, and the places that mask and logprobs speak of."""
    rows = [[*p, *r] for p, r in zip(prompts, responses, strict=True)]
    before = [[0] * (len(p) - 1) for p in prompts]  # of a request its last token alone has a place
    mask = [[*b, *[1] * len(r), 0] for b, r in zip(before, responses, strict=True)]
    chances = [[*b, *x, 0] for b, x in zip(before, logprobs, strict=True)]
    return Rollout(
        requests=tuple(requests),
        responses=tuple(map(tuple, responses)),
        tokens=padded(rows, pad),  # (answers, time + 1)
        mask=padded(mask, 0)[:, :-1],  # (answers, time), as all below
        logprobs=padded(chances, 0)[:, :-1],
    )


def evaluate_rollout(
    batch: Rollout,
    reward_model: RewardModel,
    reference: forward.Weights,
    critic: forward.Weights | None,
    token_logprobs: TokenLogprobs,
) -> Rollout:
    """Return the rollout with scores, reference log-probabilities and, with a critic, values."""
    last = ends(batch.mask)
    rows = [row[: at + 2] for row, at in zip(batch.tokens.tolist(), last, strict=True)]
    scores = score(reward_model, rows, arithmetic.dtype())  # (answers,)

    def evaluate(part: Rollout) -> tuple[Tensor, ...]:
        logprobs = response_logprobs(reference, part.tokens, part.mask, token_logprobs)
        return (logprobs,) if critic is None else (logprobs, token_values(critic, part.tokens))

    known = by_shares(batch, evaluate)
    return replace(batch, scores=scores, ref_logprobs=known[0], values=(*known, None)[1])


def by_shares(
    batch: Rollout, evaluate: Callable[[Rollout], tuple[Tensor, ...]]
) -> tuple[Tensor, ...]:
    """Return what `evaluate` says of all answers, asked in shares by threads, without gradients.

    Parameters
    ----------
    evaluate : callable
        A part of the rollout → tables of shape (answers, time), as many for each part.

    Returns
    -------
    tuple of Tensor, shape (answers, time)
        0 beyond a part's own time.
    """
    parts = shares(batch, range(len(batch.responses)), LEARNERS)

    def each(part: list[int]) -> tuple[Tensor, ...]:
        with torch.no_grad():  # a setting of each thread
            return evaluate(batch.take(part))

    tables: tuple[Tensor, ...] = ()
    for part, found in zip(parts, together(each, parts), strict=True):
        tables = tables or tuple(torch.zeros(batch.mask.shape) for _ in found)
        for table, values in zip(tables, found, strict=True):
            table[part, : values.shape[1]] = values
    return tables


def shares(batch: Rollout, answers: Sequence[int], learners: int) -> list[list[int]]:
    """Return the answers numbered `answers` in shares that take equally long."""
    last = ends(batch.mask[list(answers)])
    return [[answers[i] for i in share] for share in even(last, learners, SHARE)]


def next_requests(prompts: Sequence[Sequence[int]], iteration: int, count: int) -> list[int]:
    """Return the numbers of the next `count` requests, in a circle; neighbours are of like length.

    Those share a forward pass, so little is padded.
    """
    first = iteration * count
    numbers = [i % len(prompts) for i in range(first, first + count)]
    return sorted(numbers, key=lambda i: len(prompts[i]))


def response_logprobs(
    w: forward.Weights, tokens: Tensor, mask: Tensor, token_logprobs: TokenLogprobs
) -> Tensor:
    """Return the log-probability of each answer token after those before it, else 0.

    Parameters
    ----------
    tokens : Tensor of int, shape (answers, time + 1)
    mask : Tensor of 0 and 1, shape (answers, time)
    token_logprobs : callable
        (logits, tokens), shapes (1, places, vocabulary) and (1, places) → shape (1, places).

    Returns
    -------
    Tensor, shape (answers, time)
    """

    def each(scores: Tensor, tokens: Tensor, _: Tensor) -> Tensor:
        return token_logprobs(scores[None], tokens[None])[0]

    states = forward.hidden(w, tokens[:, :-1])  # (answers, time, width)
    return forward.masked_logits(w, states, tokens[:, 1:], mask, each)


def token_values(critic: forward.Weights, tokens: Tensor) -> Tensor:
    """Return what is expected before each token but the first is written, (answers, time)."""
    assert critic.score is not None  # a critic has it
    states = forward.hidden(critic, tokens[:, :-1])  # (answers, time, width)
    return (states @ critic.score.weight[0] + critic.score.bias[0]).float()


def ends(mask: Tensor) -> list[int]:
    """Return the place of each answer's last token; `mask` has the shape (answers, time)."""
    return (mask * torch.arange(mask.shape[1])).amax(1).tolist()


def places(last: Sequence[int]) -> int:
    """Return how many places answers take that end at `last`, as `batching.WIDTH` wants it."""
    return round_up(max(last) + 2, WIDTH) - 1
