"""A real model learns from a reward: SmolLM2 becomes a kinder friend, or learns to flatter a judge.

The messages, the labeler's rule and the reward model are lesson 06's (`course.studies.
l06_real_reward`): a head on MiniLM's vectors that has never seen the rule. SmolLM2 replies, the
reward model judges, and an adapter (`course.real.tune`) is trained. The untouched model is the
reference: leaving it costs β a nat, as in PPO.

The method is PPO's leave-one-out sibling, RLOO (Ahmadian and others 2024, arXiv:2402.14740). Each
message gets `Recipe.group` replies, and a reply's advantage is its return less the mean return of
the others. So there is no value model: a second one of this size would take as much memory and time
as the policy, and answers are short. Return and loss are those of lesson 07, by the exercises
``kl_penalised_rewards`` and ``ppo_loss``; ``gae`` and ``value_loss`` have nothing to do here.

Two runs differ in β alone. Measured are drawn replies to messages that neither was trained on: the
reward (in deviations of the untouched model's), wins by the rule against the untouched model's
recorded replies, and the KL. Made by ``course lineage --stage smollm2_ppo --save``. Left out on
purpose: several seeds, rehearsal of other text, and longer replies.
"""

import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course.lm import arithmetic
from course.lm.batching import like_length
from course.lm.threads import hand_back, together
from course.real import tune
from course.seeds import numbered, stream
from course.stages.context import Run, since, watch
from course.stages.stage import RLOO, Figures, Work
from course.studies import l06_real_reward as kind
from course.studies.l09_smollm2_dpo import rate

Rewarded = Callable[[Sequence[str], Sequence[str]], list[float]]  # of replies, to messages
Wins = Callable[[str, str, str], float]  # message, a reply, another one → 1, 0 or 1/2
DRAWS = 2  # replies to each held-out message
SHOWN, STOPS = slice(2, None, 4), 6  # good news and bad
GLAD = frozenset({"glad", "happy"})  # what a reply may say to good news, and hardly to bad ones


@dataclass(frozen=True)
class Recipe:
    """How the policy learns.

    Parameters
    ----------
    beta : float
        Price of a nat, in deviations of the reward.
    rollouts : int
        Times that the policy replies and then learns.
    messages, group : int
        Messages in a rollout, and replies to each.
    parts, passes : int
        A step learns from a part of a rollout; how often all its parts are learned. Writing takes
        ten times as long as a step.
    rate : float
        Learning rate of AdamW at its height.
    clip : float
        How far PPO's ratio may leave 1.
    """

    beta: float = 0.1
    rollouts: int = 10
    messages: int = 4
    group: int = 4
    parts: int = 2
    passes: int = 2
    rate: float = 2e-3
    clip: float = 0.2

    @property
    def updates(self) -> int:
        """Return the steps of the optimizer after a rollout."""
        return self.parts * self.passes

    @property
    def steps(self) -> int:
        """Return the steps of the optimizer in all."""
        return self.rollouts * self.updates


FULL, QUICK = Recipe(), Recipe(rollouts=2)


@dataclass(frozen=True)
class Rollout:
    """A reply, what it was worth, and the policy's log-probabilities when it was written.

    Parameters
    ----------
    reward, kl : float
        The reward model's, and log π − log π_ref, of the whole reply.
    advantage : float
        The return less the mean of the others to the same message.
    """

    message: str
    text: str
    row: tune.Row
    old: Tensor
    reward: float
    kl: float
    advantage: float


def drawn(
    plain: Any, tokenizer: Any, told: Sequence[str], seed: int
) -> tuple[list[tune.Row], list[str]]:
    """Return a plain model's drawn replies, one to each message, as rows and as texts."""
    prompts, end = [tune.prompt(tokenizer, message) for message in told], tokenizer.eos_token_id
    written = tune.write(
        plain, prompts, kind.NEW_TOKENS, end, temperature=kind.TEMPERATURE, seed=seed
    )
    rows = [
        tune.Row((*p, *w, *([end] if len(w) < kind.NEW_TOKENS else [])), len(p))
        for p, w in zip(prompts, written, strict=True)
    ]
    texts = [tokenizer.decode(w, skip_special_tokens=True).strip() for w in written]
    return rows, texts


def logprobs(model: Any, rows: Sequence[tune.Row], size: int = 4) -> list[Tensor]:
    """Return the log-probabilities of each reply's tokens, as it was drawn, without gradients."""
    parts = like_length([len(row.tokens) for row in rows], size)

    def each(part: list[int]) -> list[Tensor]:
        with torch.inference_mode():
            found, mask = tune.token_logprobs(model, [rows[i] for i in part], kind.TEMPERATURE)
            return [line[inside] for line, inside in zip(found, mask, strict=True)]

    values: list[Tensor] = [torch.empty(0)] * len(rows)
    for part, found in zip(parts, together(each, parts), strict=True):
        for i, one in zip(part, found, strict=True):
            values[i] = one
    return values


def leave_one_out(returns: Sequence[float], group: int) -> list[float]:
    """Return each value less the mean of the others in its group; groups lie side by side."""
    table = np.asarray(returns, dtype=float).reshape(-1, group)
    others = (table.sum(1, keepdims=True) - table) / (group - 1)
    return (table - others).ravel().tolist()


def returns(
    rewards: Sequence[float],
    now: Sequence[Tensor],
    before: Sequence[Tensor],
    kl_penalised_rewards: Callable[..., Any],
    beta: float,
) -> list[float]:
    """Return the sum of each reply's rewards by tokens, which is its score less β times the KL."""
    longest = max(map(len, now))
    shape = (len(now), longest)
    mask, ours, theirs = np.zeros(shape, dtype=int), np.zeros(shape), np.zeros(shape)
    for i, (a, b) in enumerate(zip(now, before, strict=True)):
        mask[i, : len(a)] = 1
        ours[i, : len(a)], theirs[i, : len(a)] = a.numpy(), b.numpy()
    paid = kl_penalised_rewards(np.asarray(rewards, dtype=float), ours, theirs, mask, beta)
    return np.asarray(paid).sum(1).tolist()


def roll_out(
    adapted: Any,
    tokenizer: Any,
    told: Sequence[str],
    reward: Rewarded,
    kl_penalised_rewards: Callable[..., Any],
    recipe: Recipe,
    seed: int,
) -> list[Rollout]:
    """Let the policy reply to messages, `Recipe.group` times to each, and judge the replies."""
    asked = [message for message in told for _ in range(recipe.group)]
    with tune.merged(adapted) as plain:
        rows, texts = drawn(plain, tokenizer, asked, seed)
    hand_back()
    now = logprobs(adapted, rows)
    with tune.switched_off(adapted) as plain:
        before = logprobs(plain, rows)
    hand_back()
    rewards = reward(texts, asked)
    worth = returns(rewards, now, before, kl_penalised_rewards, recipe.beta)
    apart = [float((a - b).sum()) for a, b in zip(now, before, strict=True)]
    better = leave_one_out(worth, recipe.group)
    return [
        Rollout(*one) for one in zip(asked, texts, rows, now, rewards, apart, better, strict=True)
    ]


def training(
    adapted: Any,
    tokenizer: Any,
    told: Sequence[str],
    reward: Rewarded,
    recipe: Recipe,
    kl_penalised_rewards: Callable[..., Any],
    ppo_loss: Callable[..., Tensor],
    seed: int = 1,
    file: Path | None = None,
    seen: dict[int, list[Rollout]] | None = None,
) -> Any:
    """Return the training, a generator; its metrics are ``reward`` and ``kl``.

    `seen` is given each rollout by its number, from 1. An interrupted training goes on with a fresh
    one.
    """
    latest: dict[int, list[Rollout]] = {}
    plan = tune.plan(len(told), recipe.messages, 1 + recipe.rollouts, seed)
    plan = [some for some in plan if len(some) == recipe.messages]

    def batch_of(step: int) -> list[Rollout]:
        number, update = divmod(step, recipe.updates)
        if number not in latest:
            latest.clear()
            latest[number] = roll_out(
                adapted, tokenizer, [told[i] for i in plan[number]], reward,
                kl_penalised_rewards, recipe, numbered("smollm2_ppo/rollout", seed, number),
            )  # fmt: skip
            if seen is not None:
                seen[number + 1] = latest[number]
        order = [*range(len(latest[number]))]
        random.Random(step // recipe.parts).shuffle(order)
        return [latest[number][i] for i in order[update % recipe.parts :: recipe.parts]]

    def loss(share: list[Rollout]) -> tuple[Tensor, dict[str, float]]:
        new, mask = tune.token_logprobs(adapted, [one.row for one in share], kind.TEMPERATURE)
        old = torch.zeros(mask.shape).masked_scatter(mask, torch.cat([one.old for one in share]))
        better = torch.tensor([one.advantage for one in share])[:, None].expand(mask.shape)
        metrics = {
            "reward": statistics.fmean(one.reward for one in share),
            "kl": statistics.fmean(one.kl for one in share),
        }
        return ppo_loss(new, old, better, mask.long(), recipe.clip), metrics

    return tune.tune(
        adapted,
        recipe.steps,
        batch_of,
        loss,
        recipe.rate,
        weight=lambda one: one.row.learned,
        file=file,
        key=f"{recipe} {seed} {len(told)} {arithmetic.number_format()}",
    )


# Measuring ----------------------------------------------------------------------------------------


def repeats(text: str) -> float:
    """Return the share of a reply's words that were there before."""
    said = kind.words(text)
    return 1 - len(set(said)) / len(said) if said else 0.0


def by_rule(message: str, mine: str, theirs: str) -> float:
    """Return 1 if the labeler's rule prefers the first reply, 0 if the second, else 1/2."""
    return kind.wins(mine, theirs)


def described(texts: Sequence[str], told: Sequence[str], reward: Rewarded) -> dict[str, float]:
    """Return mean reward and points, and shares: repeated words, replies with `GLAD`, "sorry"."""
    return {
        "reward": round(statistics.fmean(reward(texts, told)), 3),
        "points": round(statistics.fmean(map(kind.score, texts)), 3),
        "repeated": round(statistics.fmean(map(repeats, texts)), 4),
        "glad": round(statistics.fmean(bool(GLAD & {*kind.words(t)}) for t in texts), 4),
        "sorry": round(statistics.fmean("sorry" in kind.words(t) for t in texts), 4),
    }


def held_out() -> tuple[list[str], list[str]]:
    """Return the held-out messages, each `DRAWS` times, and the untouched model's replies."""
    recorded = kind.replies("test")
    told = [message for _ in range(DRAWS) for message in recorded]
    return told, [recorded[message][i] for i in range(DRAWS) for message in recorded]


def measured(
    adapted: Any, tokenizer: Any, reward: Rewarded, seed: int, wins: Wins = by_rule
) -> tuple[Figures, list[str]]:
    """Let the policy reply to the held-out messages; return figures and the replies."""
    told, theirs = held_out()
    with tune.merged(adapted) as plain:
        rows, texts = drawn(plain, tokenizer, told, stream("smollm2_ppo/test", seed))
    now = logprobs(adapted, rows)
    with tune.switched_off(adapted) as plain:
        before = logprobs(plain, rows)
    apart = [float((a - b).sum()) for a, b in zip(now, before, strict=True)]
    won = rate([wins(*one) for one in zip(told, texts, theirs, strict=True)])
    figures = described(texts, told, reward) | {
        "win": won["share"],
        "interval": won["interval"],
        "kl": round(statistics.fmean(apart), 2),
        "kl_error": round(statistics.stdev(apart) / len(apart) ** 0.5, 2),
    }
    return figures, texts


def means(some: Sequence[Rollout]) -> tuple[float, float]:
    """Return the mean reward and the mean KL of a rollout."""
    rewards, apart = [one.reward for one in some], [one.kl for one in some]
    return round(statistics.fmean(rewards), 3), round(statistics.fmean(apart), 3)


def study(run: Run) -> Figures:
    """Train with a price for the KL and without one, as a stage of ``course lineage``."""
    recipe: Recipe = run.plan("smollm2_ppo")
    start, cpu = time.perf_counter(), time.process_time()
    loaded, tokenizer = tune.loaded()
    reward, told = kind.shipped(), kind.messages("train")
    given = run.given(*RLOO)
    recorded = kind.replies("test")
    asked, untouched = held_out()
    at_first = described(untouched, asked, reward)
    runs: dict[str, Any] = {}
    said: dict[str, list[str]] = {"untouched": untouched}
    for name, beta in (("priced", recipe.beta), ("free", 0.0)):
        adapted = tune.adapt(loaded, run.seed)
        seen: dict[int, list[Rollout]] = {}
        steps = training(
            adapted, tokenizer, told, reward, replace(recipe, beta=beta), **given, seed=run.seed,
            file=tune.underway(f"ppo-{name}.pt"), seen=seen,
        )  # fmt: skip
        before = time.process_time()
        done = watch(steps, f"β = {beta:g}", lambda p: f"reward {p.metrics['reward']:.2f}")
        computing = round(time.process_time() - before, 1)
        found, said[name] = measured(adapted, tokenizer, reward, run.seed)
        runs[name] = found | {
            "beta": beta,
            "computing": computing,
            "curve": [[n, *means(some)] for n, some in seen.items()],
            "on_the_way": [
                {
                    "rollout": n,
                    "message": some[0].message,
                    "reply": some[0].text,
                    "reward": round(some[0].reward, 2),
                }
                for n, some in seen.items()
                if (n - 1) % max(1, len(seen) // STOPS) == 0 or n == max(seen)
            ],
            "updates": len(done),
        }
        loaded = adapted.unload()
        hand_back()
    return {
        **tune.identity(),
        "method": "RLOO",
        "messages": len(told),
        "held_out_messages": len(recorded),
        "replies": len(untouched),
        "new_tokens": kind.NEW_TOKENS,
        "temperature": kind.TEMPERATURE,
        "rollouts": recipe.rollouts,
        "in_a_rollout": recipe.messages * recipe.group,
        "group": recipe.group,
        "parts": recipe.parts,
        "passes": recipe.passes,
        "rate": recipe.rate,
        "beta": recipe.beta,
        "untouched": at_first,
        **runs,
        "reward_gain": round(runs["priced"]["reward"] - at_first["reward"], 3),
        "win": runs["priced"]["win"],
        "free_reward": runs["free"]["reward"],
        "free_win": runs["free"]["win"],
        "examples": [
            {"message": message} | {name: some[i] for name, some in said.items()}
            for i, message in [*enumerate(recorded)][SHOWN]
        ],
        "memory_mb": tune.peak_mb(),
        "computing": round(time.process_time() - cpu, 1),
        "seconds": since(start),
    }


WORK = Work(study, FULL, QUICK)
