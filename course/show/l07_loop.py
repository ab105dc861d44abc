"""PPO's loop on the page: what the visible lines of lesson 07 call, and nothing that they do.

The loop itself is in the notebook: rollout, advantages, update, on the smallest scale at which one
sees it work. Here are the four models, the answers that the policy writes, and what is reported of
a round. Where an exercise isn't answered yet, a simpler rule takes its place (`PLAIN`) and the cell
says so: the loop runs all the same. Left out on purpose, unlike in `course.stages.ppo`: frozen
parts, rehearsed text, noise on names, a falling learning rate.
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

from course.language import N_, _
from course.show import own
from course.show.style import say

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor, nn

START, REWARD = "mini-sft", "mini-reward"
ANSWERS, ROUNDS = 64, 40  # in a round; for so many of them there are requests
SEED = 7


# The learner's functions, or simpler rules --------------------------------------------------------


def _token_logprobs(logits: Any, tokens: Any) -> Any:
    import torch

    return torch.distributions.Categorical(logits=logits).log_prob(tokens)


def _score_only(score: Any, logprobs: Any, _reference: Any, mask: Any, _beta: float) -> Any:
    import numpy as np

    rewards = np.zeros(np.shape(logprobs))
    for row, inside, number in zip(rewards, mask, score, strict=True):
        row[np.flatnonzero(inside).max()] = number
    return rewards


def _whole_score(rewards: Any, _values: Any, mask: Any, _lam: float) -> tuple[Any, Any]:
    whole = (rewards * mask).sum(1, keepdims=True) * mask
    return (whole - rewards.sum() / len(rewards)) * mask, whole


def _no_clip(new: Any, old: Any, advantages: Any, mask: Any, _clip: float) -> Any:
    return -((new - old) * mask).exp().mul(advantages).sum() / mask.sum()


def plain_value_loss(values: Any, _old: Any, returns: Any, mask: Any, _clip: float) -> Any:
    """Return the mean squared error of the value model, without a clip."""
    return (((values - returns) * mask) ** 2).sum() / mask.sum() / 2


# Exercise → the rule that takes its place, in words and as a function.
PLAIN: dict[str, tuple[str, Callable[..., Any]]] = {
    "token_logprobs": (N_("the log-probabilities of a library"), _token_logprobs),
    "kl_penalised_rewards": (N_("the score alone, without a price"), _score_only),
    "gae": (N_("the same advantage for all tokens of an answer"), _whole_score),
    "ppo_loss": (N_("the ratio without a clip"), _no_clip),
}


def own_functions(names: Mapping[str, Any]) -> SimpleNamespace:
    """Return the functions that the loop calls: the reader's, or simpler rules for missing ones.

    Parameters
    ----------
    names : mapping
        The notebook's ``globals()``. A function that isn't there, or that stops at a tiny example,
        counts as missing; which ones do, and what takes their place, is said.
    """
    wanted = [
        own.Wanted(
            name, names.get(name), functools.partial(_trial, name), plain,
            _("a simpler rule takes its place ({words})").format(words=_(words)),
        )
        for name, (words, plain) in PLAIN.items()
    ]  # fmt: skip
    return SimpleNamespace(**dict(zip(PLAIN, own.take(*wanted), strict=True)))


def _trial(name: str, function: Callable[..., Any]) -> None:
    import numpy as np
    import torch

    table, mask = np.zeros((1, 2)), np.ones((1, 2), dtype=int)
    tensors = torch.zeros(1, 2), torch.zeros(1, 2), torch.zeros(1, 2), torch.ones(1, 2).long()
    examples: dict[str, tuple[Any, ...]] = {
        "token_logprobs": (torch.zeros(1, 2, 3), torch.zeros(1, 2).long()),
        "kl_penalised_rewards": (np.zeros(1), table, table, mask, 0.1),
        "gae": (table, table, mask, 0.9),
        "ppo_loss": (*tensors, 0.2),
    }
    if function(*examples[name]) is None:
        raise AssertionError(
            _("{name}: the answer is None. Did you forget `return`?").format(name=name)
        )


# The four models ----------------------------------------------------------------------------------


class Players(NamedTuple):
    """The four models of PPO. Policy and reference are equal at first.

    The first two give logits, (answers, time, vocabulary), for ``tokens[:, 1:]``; the reward model
    gives each answer its score, an array of shape (answers,), from tokens and mask; the value
    model what it expects before each token, (answers, time).
    """

    policy: "nn.Module"
    reference: "nn.Module"
    reward_model: "Callable[[Tensor, Tensor], NDArray[Any]]"
    value_model: "nn.Module"


@contextmanager
def four_models() -> Iterator[Players]:
    """Give the four models, from ``mini-sft`` and ``mini-reward``; inside, torch has one thread.

    Operations on so small models are too short to be shared, and threads that wait for each other
    take many times as long on a busy computer.
    """
    from torch import Tensor, float32, nn

    from course.lm import forward, model
    from course.lm.threads import one_thread
    from course.stages import reward, rollout

    class LanguageModel(nn.Module):
        """A model that is asked for the next token's logits at each place."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model.load(START)[0]

        def forward(self, tokens: Tensor) -> Tensor:
            w = forward.weights(self.model)
            return forward.logits(w, forward.hidden(w, tokens[:, :-1]))

    class ValueModel(nn.Module):
        """A copy of the reward model that is read before each token."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model.load(REWARD)[0]

        def forward(self, tokens: Tensor) -> Tensor:
            return rollout.token_values(forward.weights(self.model), tokens)

    scorer: Any = model.load(REWARD)[0]

    def score(tokens: Tensor, mask: Tensor) -> "NDArray[Any]":
        rows = [row[: at + 2] for row, at in zip(tokens.tolist(), rollout.ends(mask), strict=True)]
        return reward.score(scorer, rows, float32).double().numpy()

    with one_thread():
        yield Players(LanguageModel(), LanguageModel(), score, ValueModel())


# Rollout and report -------------------------------------------------------------------------------


@functools.cache
def _asked() -> tuple[Any, tuple[Any, ...], list[list[int]]]:
    """Return tokenizer, requests and their tokens; the same ones for all loops."""
    from course.lm import evals, tokenizer
    from course.stages import ppo, ppo_stage

    words = tokenizer.load()
    recipe = ppo.Recipe(iterations=ROUNDS, batch=ANSWERS)
    requests = tuple(ppo_stage.ppo_requests(recipe, SEED))
    return words, requests, evals.chat_prompts(words, requests)


def written_by(policy: Any, turn: int) -> "tuple[Tensor, Tensor]":
    """Let the policy answer the requests of a round, at temperature 1.

    Parameters
    ----------
    policy : nn.Module
        One of `four_models`.
    turn : int
        Which round it is, from 0: each has requests of its own.

    Returns
    -------
    tokens : Tensor of int, shape (answers, time + 1)
        Requests and answers, padded on the right.
    mask : Tensor of int, shape (answers, time)
        1 where ``tokens[:, 1:]`` holds a token of the answer.
    """
    import torch

    from course import seeds
    from course.lm import evals, forward
    from course.stages import rollout

    words, _x, prompts = _asked()
    with torch.no_grad():
        batch = rollout.rollout(
            policy.model, forward.weights(policy.model), prompts,
            rollout.next_requests(prompts, turn, ANSWERS), end=words.eos_token_id,
            pad=words.pad_token_id, new_tokens=evals.NEW_TOKENS,
            seed=seeds.numbered("ppo/rollout", SEED, turn),
        )  # fmt: skip
    return batch.tokens, batch.mask


def report(turn: int, tokens: Any, mask: Any, score: Any, old: Any, ref: Any) -> None:
    """Say how a round went: reward, KL and true score, and the answer that was paid most.

    Parameters
    ----------
    turn : int
    tokens, mask : Tensor
        As `written_by` gives them.
    score : ndarray, shape (answers,)
    old, ref : Tensor, shape (answers, time)
        Log-probabilities under the policy that wrote them and under the reference model.
    """
    from course.lm import evals
    from course.stages import rollout

    words, requests, prompts = _asked()
    asked = [requests[i] for i in rollout.next_requests(prompts, turn, ANSWERS)]
    inside = mask.bool()
    texts = [
        words.decode(row[1:][kept], skip_special_tokens=True).strip()
        for row, kept in zip(tokens, inside, strict=True)
    ]
    judged = evals.judge(asked, texts)
    true = sum(j.score for j in judged) / len(judged)
    kl, best = (old - ref)[inside].sum().item() / len(mask), int(score.argmax())
    say(
        _(
            "round {turn}: reward {mean:.2f} · KL {kl:.2f} nats · true score "
            "{true:.2f} · paid most: “{request}” – “{texts}”"
        ).format(
            turn=turn + 1,
            mean=score.mean(),
            kl=kl,
            true=true,
            request=asked[best].turns[-1].request,
            texts=texts[best],
        )
    )
