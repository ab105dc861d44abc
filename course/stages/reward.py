"""The reward model: a language model with two numbers at each token, learned from rankings.

It starts from the SFT model and learns from rankings of that model's own answers. The first number
is read at the last token of an answer, where all of it has been seen, as in InstructGPT. That alone
tells manners from rudeness and help from refusal, but hardly a true value from a false one
(perhaps the model finds a fact too late to compare it with the answer; untested). So it also asks
of each token of the answer, as the language model that it still is, whether that was to be expected
(the idea of typical text: Meister et al. 2022, arXiv:2202.00666), and the second number says how
much that counts there. It goes on reading web text meanwhile, else it forgets what is to be
expected. Real reward models have a hundred layers and do with the first number;
``docs/training-log.md`` tells what else was tried.

``reward_loss`` is an exercise of lesson 06 and comes in as an argument.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from course.lm import arithmetic, evals, forward, optim
from course.lm.batching import groups, padded, split
from course.lm.model import RewardModel
from course.lm.sample import generate
from course.lm.threads import over_rows
from course.lm.train import Progress, Trainer
from course.stages.freeze import Frozen
from course.world import labeler
from course.world import phrases as ph
from course.world.talk import Example

RewardLoss = Callable[[Tensor, Tensor], Tensor]
ANSWERS = 4  # to each prompt, for the labelers to rank (K in the paper: 4 to 9)
SLIPS = 1  # … and so many more, made of those (`slip`)
LABELERS = 8  # who rank the same answers; each costs nothing here but a label
TRUST = 0.1  # what a nat of the unexpected costs at first
CLEAR = 1.0  # difference of true scores from which a pair is called clear


@dataclass(frozen=True)
class Recipe:
    """How a reward model is trained.

    Parameters
    ----------
    epochs : int
        Rounds over the rankings.
    batch : int
        Prompts a step.
    lr_muon, lr_adam : float
        Learning rates at their height, of weight matrices and of everything else.
    rehearsal : float
        Weight of the loss on web text, added to the loss on rankings, if there is such text.
    rows : int
        How many rows of that text are for each step.
    """

    epochs: int = 1
    batch: int = 8
    lr_muon: float = 0.01
    lr_adam: float = 6e-3
    rehearsal: float = 1.0
    rows: int = 2


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


def new(
    model: GPT2LMHeadModel,
    tokenizer: PreTrainedTokenizerFast,
    seed: int = 0,
    trust: float = TRUST,
) -> RewardModel:
    """Return an untrained reward model with the weights of `model` and a random head.

    Parameters
    ----------
    trust : float
        What a nat of the unexpected costs, at first everywhere alike; with 0 it never counts, and
        the reward model is a *plain* one.
    """
    config = type(model.config).from_dict(model.config.to_dict())
    config.sep_token_id = tokenizer.convert_tokens_to_ids(ph.ASSISTANT)  # where the answer begins
    config.trust = trust
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        reward = RewardModel(config)
        head = reward.score
        torch.nn.init.normal_(head.weight, std=(model.config.n_embd + 1) ** -0.5)
    with torch.no_grad():
        head.weight[1] = 0.0
        head.bias.copy_(torch.tensor([0.0, 1.0]))
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
    prompts = evals.chat_prompts(tokenizer, examples)
    end, rng = tokenizer.eos_token_id, random.Random(seed)
    written: list[list[list[int]]] = [[] for _ in examples]
    for k, model in enumerate(models):
        share = answers // len(models) + (k < answers % len(models))
        texts = generate(
            model, [p for p in prompts for _ in range(share)], evals.NEW_TOKENS,
            temperature=1.0, seed=seed * len(models) + k, end=end, dtype=arithmetic.dtype(),
        )  # fmt: skip
        for i in range(len(examples)):
            written[i] += texts[i * share : (i + 1) * share]
    rankings, slipped = [], random.Random(seed + 1)
    for example, prompt, texts in zip(examples, prompts, written, strict=True):
        texts += [slip(texts[:answers], slipped) for _ in range(slips)]
        replies = tokenizer.batch_decode(texts)
        scores = [j.score for j in evals.judge([example] * len(texts), replies)]
        rows = tuple((*prompt, *evals.closed(text, end)) for text in texts)
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


def rewards(w: forward.Weights, config: GPT2Config, tokens: Tensor, lengths: Tensor) -> Tensor:
    """Return the reward of each row, shape (rows,).

    That is the first number n₀ at the last token, less trust · Σ n₁(t) u(t) over the answer, where
    u(t) = −ln p(token t) − entropy is by how many nats the token is less expected than tokens are
    there on average, and n₁(t) the second number just before it.

    Parameters
    ----------
    config : GPT2Config
        A reward model's, as `new` makes it.
    tokens : Tensor of int, shape (rows, time)
        Request and answer, padded on the right.
    lengths : Tensor of int, shape (rows,)
        Tokens in each row without padding.
    """
    states = forward.hidden(w, tokens)  # (rows, time, width)
    assert w.score is not None  # a reward model has it
    weight, bias = w.score.weight.float(), w.score.bias.float()
    last = states[torch.arange(len(tokens)), lengths - 1].float()
    first = last @ weight[0] + bias[0]  # (rows,)
    if not config.trust:
        return first
    places = torch.arange(tokens.shape[1])
    begin = ((tokens == config.sep_token_id) * places).amax(1)
    answer = (places[1:] > begin[:, None]) & (places[1:] < lengths[:, None])

    def weighed(scores: Tensor, tokens: Tensor, states: Tensor) -> Tensor:
        # ln p - E[ln p] over the vocabulary; without the logarithm of the sum, which cancels.
        got = scores.gather(-1, tokens[:, None])[:, 0]
        expected = (torch.softmax(scores, -1) * scores).sum(-1)
        return (got - expected) * (states.float() @ weight[1] + bias[1])

    return first + config.trust * forward.masked_logits(
        w, states[:, :-1], tokens[:, 1:], answer, weighed
    ).sum(1)


@torch.inference_mode()
def score(
    model: RewardModel,
    rows: Sequence[Sequence[int]],
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Return the reward of each row of tokens (request and answer), shape (rows,)."""
    w, pad = forward.weights(model, dtype), model.config.pad_token_id

    def values(part: list[int]) -> Tensor:
        chosen = [rows[i] for i in part]
        lengths = torch.tensor([len(row) for row in chosen])
        return rewards(w, model.config, padded(chosen, pad), lengths)

    return over_rows(values, [len(row) for row in rows], parts=3)


def train(
    model: RewardModel,
    rankings: Sequence[Ranking],
    *,
    reward_loss: RewardLoss,
    recipe: Recipe | None = None,
    web: Iterator[Tensor] | None = None,
    frozen: Frozen | None = None,
    seed: int = 0,
) -> Iterator[Progress]:
    """Train `model` in place on `rankings` and yield after every step.

    The loss that it reports is the one on rankings alone, which is the metric ``ranking_loss``;
    ``web_loss`` is that on web text, where there is any.

    Parameters
    ----------
    reward_loss : callable
        (rewards, order), each of shape (prompts, answers) → mean loss over all pairs, a scalar.
    recipe : Recipe, optional
        How long and how fast.
    web : iterator of Tensor of int, shape (rows, time + 1), optional
        Web text to rehearse, a batch a step.
    frozen : Frozen, optional
        What of `model` stays as it is.
    seed : int
        Of the order of the prompts.

    Yields
    ------
    Progress
        The caller may stop at any step; the model then is as far as it came.
    """
    recipe, pad, dtype = recipe or Recipe(), model.config.pad_token_id, arithmetic.dtype()
    lengths, rng = [max(map(len, r.rows)) for r in rankings], random.Random(seed)
    plan = [batch for _ in range(recipe.epochs) for batch in groups(lengths, recipe.batch, rng)]

    def loss(micro_batch: tuple[list[Ranking], Tensor | None]) -> tuple[Tensor, dict[str, Tensor]]:
        share, text = micro_batch
        rows = [row for ranking in share for row in ranking.rows]
        lengths = torch.tensor([len(row) for row in rows])
        w = forward.weights(model, dtype)
        values = rewards(w, model.config, padded(rows, pad), lengths)
        # All labelers' orders of one request after the other, each over the same rewards.
        orders = [order for r in share for order in (r.order, *r.others)]
        each = values.view(len(share), -1).repeat_interleave(len(orders) // len(share), 0)
        value = reward_loss(each, torch.tensor(orders))
        metrics = {"ranking_loss": value.detach()}
        if text is not None:
            rehearsed = forward.loss(w, text, pad)
            value = value + recipe.rehearsal * rehearsed
            metrics["web_loss"] = rehearsed.detach()
        return value, metrics

    still = frozen or nullcontext()
    with still:
        optimizers = optim.muon_and_adamw(model.named_parameters(), recipe.lr_muon, recipe.lr_adam)
        trainer = Trainer(loss, [model.parameters()], optimizers)
    model.eval()
    start, seen = time.perf_counter(), 0
    for step, batch in enumerate(plan):
        shares = split([rankings[i] for i in batch], trainer.learners)
        texts = next(web).chunk(len(shares)) if web else [None] * len(shares)
        sizes, rate = [len(share) for share in shares], optim.cosine(step, step / len(plan))
        micro_batches = list(zip(shares, texts, strict=True))
        with still:
            _, metrics = trainer.step(micro_batches, sizes, rate)
        seen += sum(len(row) for share in shares for r in share for row in r.rows)
        value, seconds = metrics["ranking_loss"], time.perf_counter() - start
        yield Progress(step + 1, len(plan), seen, seconds, value, rate, metrics)


@torch.no_grad()
def normalise(model: RewardModel, rows: Sequence[Sequence[int]]) -> None:
    """Shift and scale the rewards so that over `rows` they have mean 0 and deviation 1.

    Only differences of rewards mean anything; on this scale a price for each nat of KL means the
    same for every reward model.
    """
    values, head = score(model, rows), model.score
    head.weight.div_(values.std())
    head.bias.div_(values.std())
    head.bias[0] -= values.mean() / values.std()


def agreement(values: Sequence[float], rankings: Sequence[Ranking]) -> dict[str, float]:
    """Compare rewards with the labeler, pair by pair; pairs of the very same answer don't count.

    Parameters
    ----------
    values : sequence of float
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
        mine = values[at : at + len(r.rows)]
        at += len(r.rows)
        for i in range(len(mine)):
            for j in range(i + 1, len(mine)):
                if r.rows[i] == r.rows[j]:
                    continue
                p = labeler.prefers(r.scores[i], r.scores[j])
                first = mine[i] > mine[j]
                noisy.append(p if first else 1 - p)
                ceiling.append(max(p, 1 - p))
                twice.append(p * p + (1 - p) * (1 - p))
                if abs(r.scores[i] - r.scores[j]) >= CLEAR:
                    clear.append(bool(first) == (r.scores[i] > r.scores[j]))
    means: dict[str, Sequence[float]] = {
        "clear": clear, "noisy": noisy, "ceiling": ceiling, "labelers": twice
    }  # fmt: skip
    return {k: sum(v) / len(v) for k, v in means.items() if v} | {"pairs": len(noisy)}
