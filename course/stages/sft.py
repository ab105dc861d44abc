"""Supervised fine-tuning: go on training a base model, on conversations, for the answers alone.

``loss_mask`` and ``sft_loss`` are exercises of lesson 05 and come in as arguments. Conversations of
like length share a batch, so little is padded. Beside each batch the model rehearses some web text,
as InstructGPT did in its last stage: trained on answers alone it forgets whom they don't name.
"""

import bisect
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor
from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

from course.lm import forward
from course.lm.data import WIDTH, encode, whole
from course.lm.train import Progress, Trainer, one_thread
from course.stages.freeze import Blur, blurred, held
from course.world import phrases as ph
from course.world.talk import Example

T = TypeVar("T")
LossMask = Callable[[Sequence[int], int, int], Sequence[int]]
SftLoss = Callable[[Tensor, Tensor, Tensor], Tensor]


def padded(rows: Sequence[Sequence[int]], fill: int) -> Tensor:
    """Return rows of unequal length as one tensor, shape (rows, time), filled on the right."""
    longest = whole(max(map(len, rows)), WIDTH)
    return torch.tensor([[*row, *[fill] * (longest - len(row))] for row in rows])


def split(items: Sequence[T], parts: int) -> list[list[T]]:
    """Return `items` in at most `parts` shares of like size."""
    share = -(-len(items) // parts)
    return [list(items[k : k + share]) for k in range(0, len(items), share)]


def even(lengths: Sequence[int], parts: int, multiple: int = 1) -> list[list[int]]:
    """Return the numbers of all rows in at most `parts` shares that take about equally long.

    A share of rows is padded to its longest one: few long rows cost as much as many short ones.
    Each has a multiple of `multiple` rows if it can be.
    """
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])

    def shares(area: int) -> list[list[int]]:
        """Return shares of at most `area` tokens, padding included."""
        found, at = [], 0
        while at < len(order):
            count = max(1, area // lengths[order[at]] // multiple * multiple)
            found.append(order[at : at + count])
            at += count
        return found

    most = sum(lengths) + max(lengths) * len(lengths)
    enough = bisect.bisect_left(range(most), True, key=lambda area: len(shares(area)) <= parts)
    return shares(enough)


def groups(lengths: Sequence[int], size: int, rng: random.Random) -> list[list[int]]:
    """Return the numbers of all rows in batches of like length, in random order."""
    order = sorted(range(len(lengths)), key=lambda i: (lengths[i], rng.random()))
    batches = [order[i : i + size] for i in range(0, len(order), size)]
    rng.shuffle(batches)
    return batches


@dataclass(frozen=True)
class Recipe:
    """How a model is fine-tuned.

    Parameters
    ----------
    epochs : int
        Rounds over the examples.
    batch : int
        Conversations a step.
    muon, adam : float
        Learning rates at their height, of weight matrices and of everything else.
    rehearsal : float
        Weight of the loss on web text beside the loss on answers.
    hold : tuple of str
        What stays as it is (`course.stages.freeze`), () for nothing.
    blur : float
        How much noise names get (`course.stages.freeze.Blur`).
    """

    epochs: int = 3
    batch: int = 32
    muon: float = 0.01
    adam: float = 2e-3
    rehearsal: float = 0.5
    hold: tuple[str, ...] = ()
    blur: float = 0.0


def sft(
    model: GPT2LMHeadModel,
    tokenizer: PreTrainedTokenizerFast,
    examples: Sequence[Example],
    *,
    loss_mask: LossMask,
    sft_loss: SftLoss,
    recipe: Recipe | None = None,
    web: Iterator[Tensor] | None = None,
    seed: int = 0,
) -> Iterator[Progress]:
    """Fine-tune `model` in place on `examples` and yield after every step.

    Parameters
    ----------
    loss_mask : callable
        (tokens, assistant token, end token) → 1 for each token to be learned, else 0.
    sft_loss : callable
        (logits, tokens, mask) → mean cross-entropy over the masked tokens, a scalar (nats).
    recipe : Recipe, optional
        How long and how fast.
    web : iterator of Tensor of int, shape (rows, time + 1), optional
        Web text to rehearse, a batch a step; without it the model forgets people that the examples
        don't name.
    seed : int
        Of the order of the examples.
    """
    recipe = recipe or Recipe()
    assistant = tokenizer.convert_tokens_to_ids(ph.ASSISTANT)
    end, pad = tokenizer.eos_token_id, tokenizer.pad_token_id
    rows = encode(tokenizer, [example.text() for example in examples])
    masks = [list(loss_mask(row, assistant, end)) for row in rows]
    lengths, rng = [len(r) for r in rows], random.Random(seed)
    plan = [b for _ in range(recipe.epochs) for b in groups(lengths, recipe.batch, rng)]
    heads = model.config.n_head
    blur = Blur(model, tokenizer, recipe.blur, seed)

    def loss(part: tuple[Tensor, Tensor, Tensor | None, Tensor | None]) -> Tensor:
        tokens, mask, text, noise = part
        w = blurred(forward.weights(model, torch.bfloat16), noise)
        scores = forward.logits(w, forward.hidden(w, tokens, heads))
        value = sft_loss(scores.float(), tokens, mask)
        if text is not None:
            value = value + recipe.rehearsal * forward.loss(w, text, heads, pad)
        return value

    model.train()
    start, seen = time.perf_counter(), 0
    with held(model, tokenizer, recipe.hold), one_thread():
        trainer = Trainer(model, recipe.muon, recipe.adam)
        for step, chosen in enumerate(plan):
            shares = split(chosen, trainer.learners.count)
            texts = next(web).chunk(len(shares)) if web else [None] * len(shares)
            noise = blur.draw()
            parts = [
                (
                    padded([rows[i] for i in share], pad),
                    padded([masks[i] for i in share], 0),
                    text,
                    noise,
                )
                for share, text in zip(shares, texts, strict=True)
            ]
            learned = [float(mask[:, 1:].sum()) for _, mask, *_ in parts]
            value, rate = trainer.step(parts, loss, learned, step, step / len(plan))
            seen += sum(tokens.numel() for tokens, *_ in parts)
            yield Progress(step + 1, len(plan), seen, time.perf_counter() - start, value, rate)
    model.eval()
