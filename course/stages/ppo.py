"""PPO (Schulman et al. 2017) as InstructGPT used it, in one readable loop that yields its progress.

In each iteration the policy answers a batch of requests, and the reward model puts one number on
each answer (`course.stages.rollout`); every token pays a price for leaving the reference model (the
policy as it was at first), which makes advantages and returns (`with_advantages`). Then policy and
value model learn from these answers for a few small steps (`loss`). The heart of it comes in as
arguments, the exercises of lesson 07: ``token_logprobs``, ``kl_penalised_rewards``, ``gae``,
``ppo_loss``, ``value_loss``.

As in InstructGPT's PPO-ptx the policy may rehearse web text in addition to the answers. Simplified
on purpose: no adaptive price, advantages brought to mean 0 and deviation 1 over the batch. MLPs,
first layer and embeddings of names are frozen, and names are a little blurred, in each iteration
differently (`course.stages.freeze`). Sampling and scoring are done in bf16 as the rest; the
log-probabilities at the time of writing are those that the tokens were drawn by.
"""

import copy
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from transformers import GPT2LMHeadModel, PreTrainedModel, PreTrainedTokenizerFast

from course import seeds
from course.lm import arithmetic, evals, forward, optim
from course.lm.model import RewardModel
from course.lm.threads import one_thread
from course.lm.train import Metrics, Trainer, mean_metrics
from course.stages.freeze import FEEDBACK_PARTS, EmbeddingNoise, Frozen, with_noise
from course.stages.rollout import (
    Rollout,
    TokenLogprobs,
    evaluate_rollout,
    next_requests,
    response_logprobs,
    rollout,
    shares,
    token_values,
)

WARM_UP = 5  # iterations in which the learning rate rises


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
    kl_coef : float
        Price of each nat that an answer's tokens leave the reference model by, in deviations of
        the reward.
    clip : float
        How far the ratio of new to old probability may leave 1; for values the same.
    lam : float
        Weight of each later step in the advantage.
    lr_policy, lr_value : float
        Learning rates of AdamW.
    rehearsal : float
        Weight of the loss on web text, added to the loss on answers, if there is such text.
    rows : int
        How many rows of that text are for each step.
    freeze : tuple of str
        What of policy and value model stays as it is (`course.stages.freeze`), () for nothing.
    average : float
        The policy is at last the mean of what it was after each of this share of the iterations,
        the last ones (Polyak and Juditsky 1992): steps at so high a rate leave it a little off
        where it should be, each time elsewhere. 0 takes the last one as it is.
    embedding_noise : float
        How much noise names get (`course.stages.freeze.EmbeddingNoise`), the same in an iteration
        for all models but the reward model: so what is learned is learned of any name, not of some
        forty.
    """

    iterations: int = 130
    batch: int = 160
    epochs: int = 1
    minibatch: int = 32
    kl_coef: float = 0.085
    clip: float = 0.3
    lam: float = 0.95
    lr_policy: float = 2e-3
    lr_value: float = 1e-3
    rehearsal: float = 2.0
    rows: int = 4
    freeze: tuple[str, ...] = FEEDBACK_PARTS
    average: float = 0.25
    embedding_noise: float = 0.5


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

    `metrics` are what one watches PPO by. Of the answers as they were written: ``entropy`` (nats a
    token, estimated by how unlikely the drawn tokens were) and ``explained_variance``
    (`explained_variance`). Means over the steps: ``policy_loss``, ``value_loss``, with web text
    ``web_loss`` (nats a token), ``approx_kl`` and ``clip_fraction`` (`policy_change`), and
    ``gradient_norm``.
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
    metrics: Metrics = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Functions:
    """The exercises of lesson 07; `train` says what they take and return."""

    token_logprobs: TokenLogprobs
    kl_penalised_rewards: Callable[..., np.ndarray]
    gae: Callable[..., tuple[np.ndarray, np.ndarray]]
    ppo_loss: Callable[..., Tensor]
    value_loss: Callable[..., Tensor]


def train(
    policy: GPT2LMHeadModel,
    reference: GPT2LMHeadModel,
    reward_model: RewardModel,
    tokenizer: PreTrainedTokenizerFast,
    prompts: Sequence[Sequence[int]],
    *,
    token_logprobs: TokenLogprobs,
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
        The model to train, and the one that it should stay near to; the same weights at first.
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
        fewer truths about people whom no request is about.
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
    functions = Functions(token_logprobs, kl_penalised_rewards, gae, ppo_loss, value_loss)
    value_model = copy.deepcopy(reward_model)
    trained, order = (policy, value_model), np.random.default_rng(seed)
    # The value model may be wider than the policy; if it isn't, both get the same noise.
    noises = [EmbeddingNoise(model, tokenizer, recipe.embedding_noise, seed) for model in trained]
    frozen, critic_frozen = (Frozen(model, tokenizer, recipe.freeze) for model in trained)
    with frozen, critic_frozen:
        trainer = Trainer(
            partial(loss, functions=functions, recipe=recipe, pad=pad),
            [model.parameters() for model in trained],
            [optim.adamw(policy.parameters(), recipe.lr_policy),
             optim.adamw(value_model.parameters(), recipe.lr_value)],
        )  # fmt: skip
    policy.eval()
    mean, start, total = Mean(policy), time.perf_counter(), 0
    for iteration in range(recipe.iterations):
        rate = optim.linear(iteration, recipe.iterations, WARM_UP)
        with frozen, critic_frozen, one_thread():
            noise, critic_noise = (each.draw() for each in noises)  # the iteration's
            with torch.no_grad():
                w, anchor = (noisy(model, noise) for model in (policy, reference))
                critic = noisy(value_model, critic_noise)
            batch = rollout(
                policy, w, prompts, next_requests(prompts, iteration, recipe.batch), end=end,
                pad=pad, new_tokens=new_tokens, seed=seeds.numbered("ppo/rollout", seed, iteration),
            )  # fmt: skip
            batch = evaluate_rollout(batch, reward_model, anchor, critic, token_logprobs)
            batch = with_advantages(batch, functions, recipe)
            steps = []
            for _ in range(recipe.epochs):
                shuffled = order.permutation(recipe.batch).reshape(-1, recipe.minibatch)
                for answers in shuffled.tolist():
                    w, critic = noisy(policy, noise), noisy(value_model, critic_noise)
                    text = next(web) if web else None
                    parts = micro_batches(batch, answers, w, critic, text, trainer.learners)
                    tokens = [float(part.rollout.mask.sum()) for part in parts]
                    steps.append(trainer.step(parts, tokens, rate))
            if iteration >= (1 - recipe.average) * recipe.iterations:
                mean.add()
        losses, metrics = zip(*steps, strict=True)
        answer_tokens = int(batch.mask.sum())
        total += answer_tokens
        assert batch.scores is not None
        assert batch.ref_logprobs is not None
        scores = batch.scores.tolist()
        yield Progress(
            iteration=iteration + 1,
            iterations=recipe.iterations,
            tokens=total,
            seconds=time.perf_counter() - start,
            reward=sum(scores) / recipe.batch,
            kl=(batch.logprobs - batch.ref_logprobs).sum().item() / recipe.batch,
            length=answer_tokens / recipe.batch,
            loss=sum(losses) / len(losses),
            answers=tuple(map(Answer, batch.requests, batch.responses, scores)),
            metrics=mean_metrics(metrics, [1.0] * len(metrics)) | rollout_metrics(batch),
        )
    mean.put()


def noisy(model: PreTrainedModel, noise: Tensor | None) -> forward.Weights:
    """Return a model's weights as they take part in an iteration."""
    return with_noise(forward.weights(model, arithmetic.dtype()), noise)


# From rewards to advantages -----------------------------------------------------------------------


def with_advantages(batch: Rollout, functions: Functions, recipe: Recipe) -> Rollout:
    """Return the rollout with rewards by the token, advantages (whitened) and returns."""
    assert batch.scores is not None
    assert batch.ref_logprobs is not None
    assert batch.values is not None
    mask = batch.mask.numpy()
    rewards = functions.kl_penalised_rewards(
        batch.scores.double().numpy(), batch.logprobs.double().numpy(),
        batch.ref_logprobs.double().numpy(), mask, recipe.kl_coef,
    )  # fmt: skip
    advantages, returns = (
        torch.tensor(np.asarray(x), dtype=torch.float32)  # (answers, time)
        for x in functions.gae(rewards, batch.values.double().numpy(), mask, recipe.lam)
    )
    return replace(
        batch,
        rewards=torch.tensor(np.asarray(rewards)),
        advantages=whitened(advantages, batch.mask),
        returns=returns,
    )


def whitened(advantages: Tensor, mask: Tensor) -> Tensor:
    """Bring the advantages of the answers' tokens to mean 0 and deviation 1, all others to 0."""
    inside = advantages[mask.bool()]
    return (advantages - inside.mean()) / (inside.std() + 1e-6) * mask


# Learning -----------------------------------------------------------------------------------------


class MicroBatch(NamedTuple):
    """A learner's share of a step: answers, rehearsed text, weights of policy and value model."""

    rollout: Rollout
    text: Tensor | None
    policy: forward.Weights
    critic: forward.Weights


def micro_batches(
    batch: Rollout,
    answers: Sequence[int],
    w: forward.Weights,
    critic: forward.Weights,
    text: Tensor | None,
    learners: int,
) -> list[MicroBatch]:
    """Return the answers numbered `answers`, and the text, as shares that take equally long."""
    parts = shares(batch, answers, learners)
    texts = [None] * len(parts) if text is None else text.chunk(len(parts))
    return [
        MicroBatch(batch.take(part), rows, w, critic)
        for part, rows in zip(parts, texts, strict=True)
    ]


def loss(
    part: MicroBatch, functions: Functions, recipe: Recipe, pad: int
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return PPO's loss of a share, policy's and value model's together, and its metrics."""
    batch = part.rollout
    logprobs = response_logprobs(part.policy, batch.tokens, batch.mask, functions.token_logprobs)
    values = token_values(part.critic, batch.tokens)
    policy_loss = functions.ppo_loss(
        logprobs, batch.logprobs, batch.advantages, batch.mask, recipe.clip
    )
    value_loss = functions.value_loss(values, batch.values, batch.returns, batch.mask, recipe.clip)
    total = policy_loss + value_loss
    metrics = {"policy_loss": policy_loss.detach(), "value_loss": value_loss.detach()}
    if part.text is not None:
        rehearsed = forward.loss(part.policy, part.text, pad)
        total = total + recipe.rehearsal * rehearsed
        metrics["web_loss"] = rehearsed.detach()
    return total, metrics | policy_change(logprobs.detach(), batch, recipe.clip)


@torch.no_grad()
def policy_change(logprobs: Tensor, batch: Rollout, clip: float) -> dict[str, Tensor]:
    """Return how far the policy is from the one that wrote, over the answers' tokens.

    Parameters
    ----------
    logprobs : Tensor, shape (answers, time)
        Of the tokens under the policy as it is now.

    Returns
    -------
    dict
        ``approx_kl``: half of the mean squared log-ratio, the KL in nats a token for small steps
        (http://joschu.net/blog/kl-approx.html); ``clip_fraction``: the share of tokens whose ratio
        is beyond the clip on the side that the advantage draws to, so that they teach nothing more.
    """
    assert batch.advantages is not None
    count = batch.mask.sum()
    change = (logprobs - batch.logprobs) * batch.mask  # (answers, time)
    ratio, sign = change.exp(), batch.advantages.sign()
    clipped = ((ratio - 1) * sign > clip) & batch.mask.bool()
    return {
        "approx_kl": 0.5 * change.square().sum() / count,
        "clip_fraction": clipped.sum() / count,
    }


def rollout_metrics(batch: Rollout) -> Metrics:
    """Return entropy and explained variance of a rollout, over the answers' tokens."""
    assert batch.values is not None
    assert batch.returns is not None
    inside = batch.mask.bool()
    return {
        "entropy": -batch.logprobs[inside].mean().item(),
        "explained_variance": explained_variance(batch.values[inside], batch.returns[inside]),
    }


def explained_variance(values: Tensor, returns: Tensor) -> float:
    """Return which part of the returns' variance the values foresee.

    1 is all of it; 0 is no better than their mean would be, and below 0 worse. Returns that are all
    alike have no variance to explain: not a number.
    """
    variance = returns.var().item()
    return 1 - (returns - values).var().item() / variance if variance else float("nan")


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
