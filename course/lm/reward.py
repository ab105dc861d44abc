"""The reward model: a language model with one number in place of the next token's scores.

It starts from the SFT model and learns from rankings of that model's own answers. The number is
read at the last token of an answer, where all of it has been seen. Stored as transformers'
``GPT2ForSequenceClassification`` with one label. ``reward_loss`` is an exercise of lesson 06 and
comes in as an argument.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import GPT2ForSequenceClassification, GPT2LMHeadModel, PreTrainedTokenizerFast

from course.lm import behave, forward
from course.lm.data import like_length
from course.lm.sample import generate
from course.lm.train import LEARNERS, Progress, Trainer, one_thread, workers
from course.lm.tune import groups, padded, split
from course.world import labeler
from course.world.talk import Example

RewardLoss = Callable[[Tensor, Tensor], Tensor]
ANSWERS = 4  # to each prompt, for the labelers to rank (K in the paper: 4 to 9)
SLIPS = 1  # … and so many more, made of those (`slip`)
LABELERS = 4  # who rank the same answers; each costs nothing here but a label
CLEAR = 1.0  # difference of true scores from which a pair is called clear


@dataclass(frozen=True)
class Recipe:
    """How a reward model is trained: rounds, prompts a step, learning rates at their height."""

    epochs: int = 1
    batch: int = 8
    muon: float = 0.01
    adam: float = 6e-3


@dataclass(frozen=True)
class Ranking:
    """One prompt with several answers, as tokens; what they are worth, and how they were ranked.

    ``order`` is one labeler's, ``others`` are further ones of the same answers.
    """

    example: Example
    rows: tuple[tuple[int, ...], ...]
    scores: tuple[float, ...]
    order: tuple[int, ...]
    others: tuple[tuple[int, ...], ...] = ()


def new(model: GPT2LMHeadModel, seed: int = 0) -> GPT2ForSequenceClassification:
    """Return an untrained reward model with the weights of `model` and a random head."""
    changes = {"id2label": {0: "reward"}, "label2id": {"reward": 0}}
    config = type(model.config).from_dict(model.config.to_dict() | changes)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        reward = GPT2ForSequenceClassification(config)
        torch.nn.init.normal_(reward.score.weight, std=(model.config.n_embd + 1) ** -0.5)
    reward.transformer.load_state_dict(model.transformer.state_dict())
    return reward.eval()


def compare(
    models: Sequence[GPT2LMHeadModel],
    tokenizer: PreTrainedTokenizerFast,
    examples: Sequence[Example],
    seed: int,
    answers: int = ANSWERS,
    *,
    labelers: int = 1,
    slips: int = 0,
) -> list[Ranking]:
    """Have `models` answer each request several times and the labeler rank the answers.

    Parameters
    ----------
    models : sequence of GPT2LMHeadModel
        They take turns in answering the same request.
    examples : sequence of Example
        The requests.
    seed : int
        Of the answers and of the labeler's noise.
    answers : int
        To each request, in all.
    labelers : int
        How many rank the same answers, each with noise of its own.
    slips : int
        Further answers to each request, made of those by `slip`.
    """
    prompts = behave.chat_prompts(tokenizer, examples)
    end, rng = tokenizer.eos_token_id, random.Random(seed)
    written: list[list[list[int]]] = [[] for _ in examples]
    for k, model in enumerate(models):
        share = answers // len(models) + (k < answers % len(models))
        texts = generate(
            model, [p for p in prompts for _ in range(share)], behave.NEW_TOKENS,
            temperature=1.0, seed=seed * len(models) + k, end=end, dtype=torch.bfloat16,
        )  # fmt: skip
        for i in range(len(examples)):
            written[i] += texts[i * share : (i + 1) * share]
    rankings, slipped = [], random.Random(seed + 1)
    for example, prompt, texts in zip(examples, prompts, written, strict=True):
        texts += [slip(texts[:answers], slipped) for _ in range(slips)]
        replies = tokenizer.batch_decode(texts)
        scores = [j.score for j in behave.judge([example] * len(texts), replies)]
        rows = tuple((*prompt, *closed(text, end)) for text in texts)
        order, *others = (tuple(labeler.rank(scores, rng)) for _ in range(labelers))
        rankings.append(Ranking(example, rows, tuple(scores), order, tuple(others)))
    return rankings


def slip(texts: Sequence[Sequence[int]], rng: random.Random) -> list[int]:
    """Return the head of one answer with the tail of another, cut anywhere: a slip of the tongue.

    A model that draws its words now and then goes over from one way to say a thing to another. The
    reward model sees few of these among the answers of a good model, and all are different.
    """
    first, second = (rng.choice(texts) for _ in range(2))
    return [*first[: rng.randint(0, len(first))], *second[rng.randint(0, len(second)) :]]


def closed(answer: Sequence[int], end: int, most: int = behave.NEW_TOKENS) -> list[int]:
    """Return an answer with its end token, if it came to an end within `most` tokens."""
    return [*answer, end] if len(answer) < most else list(answer)


def rewards(w: forward.Weights, heads: int, tokens: Tensor, lengths: Tensor) -> Tensor:
    """Return the reward of each row, shape (rows,).

    Parameters
    ----------
    tokens : Tensor of int, shape (rows, time)
        Request and answer, padded on the right.
    lengths : Tensor of int, shape (rows,)
        Tokens in each row without padding.
    """
    states = forward.hidden(w, tokens, heads)
    last = states[torch.arange(len(tokens)), lengths - 1]
    return (last.float() @ w["score.weight"].float().T)[:, 0]


@torch.inference_mode()
def score(
    model: GPT2ForSequenceClassification,
    rows: Sequence[Sequence[int]],
    pad: int = 1,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Return the reward of each row of tokens (request and answer), shape (rows,)."""
    w, heads = forward.weights(model, dtype), model.config.n_head
    size = min(128, max(1, -(-len(rows) // LEARNERS)))
    parts = like_length([len(row) for row in rows], size)

    def some(part: list[int]) -> Tensor:
        with torch.inference_mode():
            texts = [rows[i] for i in part]
            return rewards(w, heads, padded(texts, pad), torch.tensor([len(t) for t in texts]))

    found = torch.empty(len(rows))
    for part, values in zip(parts, workers(LEARNERS).map(some, parts), strict=True):
        found[part] = values
    return found


def train(
    model: GPT2ForSequenceClassification,
    rankings: Sequence[Ranking],
    *,
    reward_loss: RewardLoss,
    recipe: Recipe | None = None,
    seed: int = 0,
    pad: int = 1,
) -> Iterator[Progress]:
    """Train `model` in place on `rankings` and yield after every step.

    Parameters
    ----------
    reward_loss : callable
        (rewards, order), each of shape (prompts, answers) → mean loss over all pairs, a scalar.
    recipe : Recipe, optional
        How long and how fast.
    seed : int
        Of the order of the prompts.
    """
    recipe = recipe or Recipe()
    lengths, rng = [max(map(len, r.rows)) for r in rankings], random.Random(seed)
    plan = [b for _ in range(recipe.epochs) for b in groups(lengths, recipe.batch, rng)]
    heads = model.config.n_head

    def loss(some: list[Ranking]) -> Tensor:
        rows = [row for ranking in some for row in ranking.rows]
        w = forward.weights(model, torch.bfloat16)
        found = rewards(w, heads, padded(rows, pad), torch.tensor([len(row) for row in rows]))
        orders = [(r.order, *r.others) for r in some]
        each = [
            reward_loss(found.view(len(some), -1), torch.tensor(order))
            for order in zip(*orders, strict=True)
        ]
        return torch.stack(each).mean()

    trainer = Trainer(model, recipe.muon, recipe.adam)
    model.train()
    start, seen = time.perf_counter(), 0
    with one_thread():
        for step, chosen in enumerate(plan):
            shares = split([rankings[i] for i in chosen], trainer.learners.count)
            sizes = [len(share) for share in shares]
            value, rate = trainer.step(shares, loss, sizes, step, step / len(plan))
            seen += sum(len(row) for share in shares for r in share for row in r.rows)
            yield Progress(step + 1, len(plan), seen, time.perf_counter() - start, value, rate)
    model.eval()


@torch.no_grad()
def normalise(model: GPT2ForSequenceClassification, rows: Sequence[Sequence[int]]) -> None:
    """Shift and scale the rewards so that over `rows` they have mean 0 and deviation 1.

    Only differences of rewards mean anything; on this scale a price for each nat of KL means the
    same for every reward model. The head has no bias: the shift goes into the last layer norm's.
    """
    found = score(model, rows)
    head = model.score.weight
    model.transformer.ln_f.bias -= found.mean() * head[0] / head.square().sum()
    head /= found.std()


def agreement(found: Sequence[float], rankings: Sequence[Ranking]) -> dict[str, float]:
    """Compare rewards with the labeler, pair by pair; pairs of the very same answer don't count.

    Parameters
    ----------
    found : sequence of float
        The rewards of all answers, one ranking after the other.

    Returns
    -------
    dict
        ``clear``: the share of clear pairs whose better answer has the higher reward; ``noisy``:
        the expected share of labels that agree with the rewards, by the labeler's probabilities;
        ``ceiling``: the highest that can be, E[max(p, 1 − p)]; ``labelers``: the expected share of
        pairs on which two draws of the labeler agree; ``pairs``. What has no pairs is left out.
    """
    clear, noisy, ceiling, twice = [], [], [], []
    at = 0
    for r in rankings:
        own = found[at : at + len(r.rows)]
        at += len(r.rows)
        for i in range(len(own)):
            for j in range(i + 1, len(own)):
                if r.rows[i] == r.rows[j]:
                    continue
                p = labeler.prefers(r.scores[i], r.scores[j])
                first = own[i] > own[j]
                noisy.append(p if first else 1 - p)
                ceiling.append(max(p, 1 - p))
                twice.append(p * p + (1 - p) * (1 - p))
                if abs(r.scores[i] - r.scores[j]) >= CLEAR:
                    clear.append(bool(first) == (r.scores[i] > r.scores[j]))
    means = {"clear": clear, "noisy": noisy, "ceiling": ceiling, "labelers": twice}
    return {k: sum(v) / len(v) for k, v in means.items() if v} | {"pairs": len(noisy)}
