"""PPO (Schulman et al. 2017) as InstructGPT used it, in one readable loop that yields its progress.

In each iteration the policy answers a batch of requests; the reward model puts one number on each
answer; every token pays a price for leaving the reference model (the policy as it was at first).
Then policy and value model learn from these answers for a few small steps. The heart of it comes in
as arguments, the exercises of lesson 07: ``token_logprobs``, ``kl_penalised_rewards``, ``gae``,
``ppo_loss``, ``value_loss``. The batch is shared by a few threads (``train.Learners``), and so are
sampling and scoring. As in InstructGPT's PPO-ptx the policy may rehearse web text beside the
answers. Simplified on purpose: no adaptive price, advantages brought to mean 0 and deviation 1 over
the batch. MLPs, first layer and embeddings of names are held still, and names are a little blurred,
in each iteration differently (`course.stages.freeze`). Sampling and scoring are done in bf16 as the
rest; the log-probabilities at the time of writing are those that the tokens were drawn by.
"""

import copy
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields

import numpy as np
import torch
from torch import Tensor
from transformers import GPT2LMHeadModel, PreTrainedModel, PreTrainedTokenizerFast

from course.lm import evals, forward, optim
from course.lm.batching import WIDTH, even, padded, round_up
from course.lm.model import RewardModel
from course.lm.sample import written
from course.lm.threads import one_thread, together
from course.lm.train import Learners
from course.stages.freeze import FEEDBACK_PARTS, Blur, blurred, held
from course.stages.reward import score

HALF = torch.bfloat16
WARM_UP = 5  # iterations in which the learning rate rises
SHARE = 4  # answers, or a multiple, in the share of a thread


@dataclass(frozen=True)
class Recipe:
    """How PPO trains.

    Parameters
    ----------
    iterations : int
        Rounds of answering and learning.
    batch : int
        Answers a round.
    epochs, minibatch : int
        How often each answer is learned from, and how many in one step.
    beta : float
        Price of each nat that an answer's tokens leave the reference model by, in deviations of
        the reward.
    clip : float
        How far the ratio of new to old probability may leave 1; for values the same.
    lam : float
        Weight of each later step in the advantage.
    policy, value : float
        Learning rates of AdamW.
    rehearsal : float
        Weight of the loss on web text beside the loss on answers, if there is such text.
    rows : int
        How many rows of that text are for each step.
    hold : tuple of str
        What of policy and value model stays as it is (`course.stages.freeze`), () for nothing.
    average : float
        The policy is at last the mean of what it was after each of this share of the iterations,
        the last ones (Polyak and Juditsky 1992): steps at so high a rate leave it a little beside
        where it should be, each time elsewhere. 0 takes the last one as it is.
    blur : float
        How much noise names get (`course.stages.freeze.Blur`), the same in an iteration for all
        models but the reward model: so what is learned is learned of any name, not of some thirty.
    """

    iterations: int = 130
    batch: int = 160
    epochs: int = 1
    minibatch: int = 32
    beta: float = 0.085
    clip: float = 0.3
    lam: float = 0.95
    policy: float = 2e-3
    value: float = 1e-3
    rehearsal: float = 2.0
    rows: int = 4
    hold: tuple[str, ...] = FEEDBACK_PARTS
    average: float = 0.25
    blur: float = 0.5


@dataclass(frozen=True)
class Answer:
    """An answer of the policy: to which prompt (its number), with its end token; its reward."""

    prompt: int
    tokens: tuple[int, ...]
    reward: float


@dataclass(frozen=True)
class Progress:
    """Where PPO is after an iteration: means over its answers.

    `reward` is the reward model's, in deviations; `kl` is in nats an answer; `tokens` are those
    written so far; `answers` are what the iteration learned from, for the caller to judge.
    """

    iteration: int
    iterations: int
    tokens: int
    seconds: float
    reward: float
    kl: float
    length: float
    loss: float
    answers: tuple[Answer, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Batch:
    """Answers with all that one learns from; each tensor has the shape (answers, time).

    ``tokens`` holds request and answer, padded on the right. The rest is about the token at each
    place: ``mask`` says which belong to the answer.
    """

    tokens: Tensor
    mask: Tensor
    logprobs: Tensor
    advantages: Tensor
    values: Tensor
    returns: Tensor

    def take(self, share: list[int]) -> "Batch":
        """Return the answers numbered `share`, without padding that is common to them."""
        longest = places(ends(self.mask[share]))
        tokens, *rest = (getattr(self, each.name)[share] for each in fields(self))
        return Batch(tokens[:, : longest + 1], *(x[:, :longest] for x in rest))


def train(
    policy: GPT2LMHeadModel,
    reference: GPT2LMHeadModel,
    reward_model: RewardModel,
    tokenizer: PreTrainedTokenizerFast,
    prompts: Sequence[Sequence[int]],
    *,
    token_logprobs: Callable[[Tensor, Tensor], Tensor],
    kl_penalised_rewards: Callable[..., np.ndarray],
    gae: Callable[..., tuple[np.ndarray, np.ndarray]],
    ppo_loss: Callable[..., Tensor],
    value_loss: Callable[..., Tensor],
    recipe: Recipe | None = None,
    web: Iterator[Tensor] | None = None,
    seed: int = 0,
    new_tokens: int = evals.NEW_TOKENS,
) -> Iterator[Progress]:
    """Train `policy` in place and yield after every iteration.

    Parameters
    ----------
    policy, reference : GPT2LMHeadModel
        The model to train, and the one that it shall stay near to; the same weights at first.
    reward_model : RewardModel
        Its rewards should have deviation 1. The value model starts from it.
    prompts : sequence of sequences of int
        Requests as tokens; each iteration takes the next ``recipe.batch`` of them, in a circle.
    token_logprobs : callable
        (logits, tokens) → log-probability of each token.
    kl_penalised_rewards : callable
        (score, logprobs, reference logprobs, mask, beta) → reward of each token, in numpy.
    gae : callable
        (rewards, values, mask, lam) → advantages and returns, in numpy.
    ppo_loss : callable
        (new logprobs, old logprobs, advantages, mask, clip) → scalar.
    value_loss : callable
        (values, old values, returns, mask, clip) → scalar.
    recipe : Recipe, optional
        How long and how fast.
    web : iterator of Tensor of int, shape (rows, time + 1), optional
        Web text to rehearse, a batch a step: InstructGPT's *PPO-ptx*. Without it the policy tells
        fewer truths about people whom no request names.
    seed : int
        Of the answers and of the order in which they are learned from.

    Yields
    ------
    Progress
        The caller may stop at any iteration; the policy then is as far as it came. It is the mean
        of its last steps only after the last one.
    """
    recipe = recipe or Recipe()
    end, pad = tokenizer.eos_token_id, tokenizer.pad_token_id
    value_model = copy.deepcopy(reward_model)
    optimizers = [
        optim.adamw(m.parameters(), lr)
        for m, lr in ((policy, recipe.policy), (value_model, recipe.value))
    ]
    heights = [recipe.policy, recipe.value]
    order = np.random.default_rng(seed)
    # The value model may be wider than the policy; if it isn't, both get the same noise.
    blur, value_blur = (Blur(m, tokenizer, recipe.blur, seed) for m in (policy, value_model))
    noise = value_noise = None  # on the names of the iteration

    def half(model: PreTrainedModel) -> forward.Weights:
        """Return the model's weights as they take part in the iteration."""
        w = forward.weights(model, HALF)
        return blurred(w, value_noise if model is value_model else noise)

    def logprobs(w: forward.Weights, tokens: Tensor, mask: Tensor) -> Tensor:
        """Return the log-probability of each answer token after those before it, else 0."""

        def each(scores: Tensor, tokens: Tensor, _: Tensor) -> Tensor:
            return token_logprobs(scores[None], tokens[None])[0]

        states = forward.hidden(w, tokens[:, :-1])
        return forward.masked_logits(w, states, tokens[:, 1:], mask, each)

    def values(w: forward.Weights, tokens: Tensor) -> Tensor:
        """Return what is expected before each token but the first is written."""
        states = forward.hidden(w, tokens[:, :-1])
        return (states @ w.score.weight[0] + w.score.bias[0]).float()

    def look(tokens: Tensor, mask: Tensor) -> list[Tensor]:
        """Return log-probabilities under the reference model, and values as they are now."""
        with torch.no_grad():
            frozen, critic = half(reference), half(value_model)
        last = ends(mask)
        shares = even(last, learners.count, SHARE)

        @torch.no_grad()
        def some(share: list[int]) -> tuple[Tensor, Tensor]:
            longest = places([last[i] for i in share])
            part, own = tokens[share, : longest + 1], mask[share, :longest]
            return logprobs(frozen, part, own), values(critic, part)

        found = [torch.zeros(mask.shape) for _ in range(2)]
        for share, seen in zip(shares, together(some, shares), strict=True):
            for table, part in zip(found, seen, strict=True):
                table[share, : part.shape[1]] = part
        return found

    def loss(part: tuple[Batch, Tensor | None, forward.Weights, forward.Weights]) -> Tensor:
        batch, text, w, critic = part
        mask = batch.mask
        new = logprobs(w, batch.tokens, mask)
        now = values(critic, batch.tokens)
        total = ppo_loss(new, batch.logprobs, batch.advantages, mask, recipe.clip) + value_loss(
            now, batch.values, batch.returns, mask, recipe.clip
        )
        if text is not None:
            total = total + recipe.rehearsal * forward.loss(w, text, pad)
        return total

    def answered(iteration: int) -> tuple[Batch, tuple[Answer, ...], Tensor]:
        """Answer the next requests; return the batch, the answers and each token's KL."""
        first = iteration * recipe.batch
        numbers = [i % len(prompts) for i in range(first, first + recipe.batch)]
        numbers.sort(key=lambda i: len(prompts[i]))  # neighbours share a forward pass: less padding
        asked = [prompts[i] for i in numbers]
        with torch.no_grad():
            w = half(policy)
        draws = seed * 100_003 + iteration
        drawn = written(policy, asked, new_tokens, temperature=1.0, seed=draws, end=end, w=w)
        answers, chances = zip(*drawn, strict=True)
        rows = [[*p, *a] for p, a in zip(asked, answers, strict=True)]
        scores, tokens = score(reward_model, rows, pad, HALF), padded(rows, pad)
        before = [[0] * (len(p) - 1) for p in asked]
        mask = padded([[*b, *[1] * len(a), 0] for b, a in zip(before, answers, strict=True)], 0)
        old = padded([[*b, *own, 0] for b, own in zip(before, chances, strict=True)], 0)
        mask, old = mask[:, :-1], old[:, :-1]  # about the next token at each place
        anchor, expected = look(tokens, mask)
        per_token = kl_penalised_rewards(
            scores.double().numpy(), old.double().numpy(), anchor.double().numpy(),
            mask.numpy(), recipe.beta,
        )  # fmt: skip
        advantages, returns = (
            torch.tensor(np.asarray(x), dtype=torch.float32)
            for x in gae(per_token, expected.double().numpy(), mask.numpy(), recipe.lam)
        )
        inside = advantages[mask.bool()]
        advantages = (advantages - inside.mean()) / (inside.std() + 1e-6) * mask
        batch = Batch(tokens, mask, old, advantages, expected, returns)
        said = zip(numbers, map(tuple, answers), scores.tolist(), strict=True)
        return batch, tuple(Answer(*each) for each in said), old - anchor

    def learn(batch: Batch, chosen: list[int]) -> float:
        """Take one step on the answers numbered `chosen`; return the loss."""
        last = ends(batch.mask[chosen])
        shares = [[chosen[i] for i in share] for share in even(last, learners.count, SHARE)]
        texts = next(web).chunk(len(shares)) if web else [None] * len(shares)
        both = half(policy), half(value_model)
        parts = [(batch.take(s), text, *both) for s, text in zip(shares, texts, strict=True)]
        counts = [float(part.mask.sum()) for part, *_ in parts]
        value = learners.step(parts, loss, [c / sum(counts) for c in counts])
        torch.nn.utils.clip_grad_norm_(policy.parameters(), 1.0)
        torch.nn.utils.clip_grad_norm_(value_model.parameters(), 1.0)
        learners.update(optimizers)
        return value

    start, total = time.perf_counter(), 0
    with (
        held(policy, tokenizer, recipe.hold),
        held(value_model, tokenizer, recipe.hold),
        one_thread(),
    ):
        learners = Learners([*policy.parameters(), *value_model.parameters()])
        mean = Mean(policy)
        for iteration in range(recipe.iterations):
            noise, value_noise = blur.draw(), value_blur.draw()
            batch, answers, kl = answered(iteration)
            optim.set_rates(
                optimizers, heights, optim.linear(iteration, recipe.iterations, WARM_UP)
            )
            losses = [
                learn(batch, chosen)
                for _ in range(recipe.epochs)
                for chosen in order.permutation(recipe.batch).reshape(-1, recipe.minibatch).tolist()
            ]
            if iteration >= (1 - recipe.average) * recipe.iterations:
                mean.add()
            answer_tokens = int(batch.mask.sum())
            total += answer_tokens
            yield Progress(
                iteration + 1,
                recipe.iterations,
                total,
                time.perf_counter() - start,
                sum(answer.reward for answer in answers) / recipe.batch,
                kl.sum().item() / recipe.batch,
                answer_tokens / recipe.batch,
                sum(losses) / len(losses),
                answers,
            )
        mean.put()
    policy.eval()


class Mean:
    """The mean of a model's weights over some moments of its training.

    Parameters
    ----------
    model : PreTrainedModel
    """

    def __init__(self, model: PreTrainedModel) -> None:
        self.parameters, self.count = list(model.parameters()), 0
        self.sums = [torch.zeros_like(p) for p in self.parameters]

    @torch.no_grad()
    def add(self) -> None:
        """Let the weights count as they are now."""
        self.count += 1
        torch._foreach_add_(self.sums, self.parameters)

    @torch.no_grad()
    def put(self) -> None:
        """Give the model the mean; without any moment it stays as it is."""
        for parameter, total in zip(self.parameters, self.sums, strict=True):
            if self.count:
                parameter.copy_(total / self.count)


def ends(mask: Tensor) -> list[int]:
    """Return the place of each answer's last token; `mask` has the shape (answers, time)."""
    return (mask * torch.arange(mask.shape[1])).amax(1).tolist()


def places(last: Sequence[int]) -> int:
    """Return how many places answers take that end at `last`, as `batching.WIDTH` wants it."""
    return round_up(max(last) + 2, WIDTH) - 1
