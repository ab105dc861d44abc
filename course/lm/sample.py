"""Sampling many texts at once with a KV cache.

Prompts of different lengths are padded on the left. Each text has its own random numbers, so it
doesn't depend on its neighbours in the batch. A text that has ended leaves the batch, and batches
are shared by a few threads. Faster than ``model.generate`` at this size because nothing is rebuilt
between two tokens.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

from course.errors import CourseError
from course.language import _
from course.lm import forward
from course.lm.batching import WIDTH, like_length, round_up
from course.lm.data import encode
from course.lm.threads import LEARNERS, together

Written = tuple[list[int], list[float]]  # new tokens, and the log-probability of each (nats)
SMALLEST = torch.finfo(torch.float32).tiny
ROWS = 8  # a batch is made smaller by a multiple of this (`batching.WIDTH`)
KEEP = 0.75  # the batch is made smaller once fewer of its texts than this are still being written


def draw(scores: Tensor, temperature: float, uniform: Tensor) -> tuple[Tensor, Tensor]:
    """Return one token for each row and its log-probability (nats), each of shape (rows,).

    Parameters
    ----------
    scores : Tensor, shape (rows, vocabulary)
    temperature : float
        0 takes the most probable token; 1 draws from the model's distribution.
    uniform : Tensor, shape (rows,)
        Numbers from 0 to 1 that decide the draws.
    """
    if temperature == 0:
        return scores.argmax(-1), torch.zeros(len(scores))
    chances = torch.softmax(scores / temperature, -1, dtype=torch.float32)
    bounds = chances.cumsum(-1)
    # The last bound is 1 but for rounding: scaling keeps every draw below it.
    at = torch.searchsorted(bounds, uniform[:, None] * bounds[:, -1:], right=True)
    at = at.clamp(max=scores.shape[-1] - 1)
    return at[:, 0], chances.gather(-1, at)[:, 0].clamp(min=SMALLEST).log()


@torch.inference_mode()
def _write(
    w: forward.Weights,
    prompts: Sequence[Sequence[int]],
    uniforms: Tensor,
    temperature: float,
    end: int,
) -> list[Written]:
    """Return the new tokens of each prompt; `uniforms` has the shape (prompts, new tokens)."""
    longest, new_tokens = round_up(max(map(len, prompts)), WIDTH), uniforms.shape[1]
    # (prompts, longest); padding is on the left and never read
    tokens = torch.zeros((len(prompts), longest), dtype=torch.long)
    for row, prompt in zip(tokens, prompts, strict=True):
        row[longest - len(prompt) :] = torch.tensor(prompt)
    begin = torch.tensor([longest - len(p) for p in prompts])  # (prompts,)
    columns = torch.arange(longest + new_tokens)
    real = columns >= begin[:, None]  # (prompts, longest + new tokens)
    unread = torch.zeros(real.shape).masked_fill(~real, -math.inf)
    causal = columns[:longest, None] >= columns[None, :longest]  # (longest, longest)
    # A padded position reads itself only, so that no row of the mask is empty.
    # (prompts, longest, longest)
    may = (real[:, None, :longest] & causal) | torch.eye(longest, dtype=torch.bool)
    mask = torch.zeros(may.shape).masked_fill(~may, -math.inf)
    positions = (columns[:longest] - begin[:, None]).clamp(min=0)
    cache = forward.Cache(unread)
    states = forward.hidden(w, tokens, mask[:, None], positions, cache)[:, -1]  # (prompts, width)
    positions = longest - begin  # of the next token, (prompts,)
    drawn, logprobs = torch.full(uniforms.shape, end), torch.zeros(uniforms.shape)
    writing = torch.arange(len(prompts))  # the texts that are still in the batch, (rows,)
    open_ = torch.ones(len(prompts), dtype=torch.bool)  # … and which of these have no end, (rows,)
    for step in range(new_tokens):
        token, logprob = draw(forward.logits(w, states), temperature, uniforms[writing, step])
        drawn[writing, step], logprobs[writing, step] = token, logprob
        open_ &= token != end
        left = int(open_.sum())
        if left == 0 or step + 1 == new_tokens:
            break
        if round_up(left, ROWS) < KEEP * len(writing):
            kept = open_.int().argsort(descending=True)[: round_up(left, ROWS)]
            writing, positions = writing[kept], positions[kept]
            token, open_ = token[kept], open_[kept]
            cache.keep(kept)
        states = forward.step(w, token, positions, cache)
        positions = positions + 1
    texts = []
    for row, chances in zip(drawn.tolist(), logprobs.tolist(), strict=True):
        length = row.index(end) + 1 if end in row else new_tokens
        texts.append((row[:length], chances[:length]))
    return texts


def written(
    model: GPT2LMHeadModel,
    prompts: Sequence[Sequence[int]],
    new_tokens: int,
    *,
    temperature: float = 0.0,
    seed: int = 0,
    end: int | None = None,
    batch: int = 512,
    dtype: torch.dtype = torch.float32,
    w: forward.Weights | None = None,
) -> list[Written]:
    """Return every prompt's new tokens, the end token included, and their log-probabilities.

    Prompts of like length share a batch, so little is padded.

    Parameters
    ----------
    prompts : sequence of sequences of int
        Tokens of each prompt; prompt and answer together must fit the model's context.
    new_tokens : int
        How many at most.
    temperature : float
        0 takes the most probable token; 1 draws from the model's distribution.
    seed : int
        Of the random draws.
    end : int, optional
        The token that ends a text, the model's own if left out; -1 for none.
    batch : int
        Texts written at once by one thread, at most.
    dtype : torch.dtype
        Of the arithmetic.
    w : Weights, optional
        Weights to write with, in their own type, if not the model's own: perhaps with noise.

    Raises
    ------
    CourseError
        If a prompt is empty or leaves no room for `new_tokens`.
    """
    end = model.config.eos_token_id if end is None else end
    longest = max(map(len, prompts), default=0)
    room = model.config.n_positions - new_tokens
    if not all(prompts):
        raise CourseError(_("A prompt is empty: give at least one token."))
    if longest > room:
        text = _(
            "A prompt has {longest} tokens, but only {room} fit next to {new_tokens} new ones: "
            "shorten it."
        )
        raise CourseError(text.format(longest=longest, room=room, new_tokens=new_tokens))
    if not prompts:
        return []
    uniforms = torch.rand(len(prompts), new_tokens, generator=torch.Generator().manual_seed(seed))
    size = min(batch, -(-len(prompts) // LEARNERS))
    parts = like_length([len(p) for p in prompts], size)
    w = w or forward.weights(model, dtype)

    def write(part: list[int]) -> list[Written]:
        return _write(w, [prompts[i] for i in part], uniforms[part], temperature, end)

    texts: dict[int, Written] = {}
    for part, done in zip(parts, together(write, parts), strict=True):
        texts |= zip(part, done, strict=True)
    return [texts[i] for i in range(len(prompts))]


def generate(
    model: GPT2LMHeadModel,
    prompts: Sequence[Sequence[int]],
    new_tokens: int,
    *,
    end: int | None = None,
    **how: Any,
) -> list[list[int]]:
    """Return the new tokens of every prompt, up to and without the end token.

    The same as `written`, which says what may be given, without what needn't be known to read them.
    """
    end = model.config.eos_token_id if end is None else end
    texts = (tokens for tokens, _ in written(model, prompts, new_tokens, end=end, **how))
    return [text[:-1] if text[-1:] == [end] else text for text in texts]


def continue_text(
    model: GPT2LMHeadModel,
    tokenizer: PreTrainedTokenizerFast,
    text: str,
    *,
    new_tokens: int = 60,
    temperature: float = 1.0,
    seed: int = 0,
) -> str:
    """Return how the model goes on after `text` (from the start of a document), until its end."""
    end = tokenizer.eos_token_id
    prompt = [end, *encode(tokenizer, [text])[0]]
    new_tokens = min(new_tokens, model.config.n_positions - len(prompt))
    (answer,) = generate(model, [prompt], new_tokens, temperature=temperature, seed=seed, end=end)
    return tokenizer.decode(answer)
