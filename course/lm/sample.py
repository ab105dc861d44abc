"""Sampling many texts at once with a KV cache.

Prompts of different lengths are padded on the left. Each text has its own random numbers, so it
doesn't depend on its neighbours in the batch. A text that has ended leaves the batch, and batches
are shared by a few threads. Faster than ``model.generate`` at this size because nothing is rebuilt
between two tokens.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

from course.errors import CourseError
from course.lm import forward
from course.lm.data import encode, like_length
from course.lm.train import LEARNERS, one_thread_each

KEEP = 0.75  # the batch is made smaller once fewer of its texts than this are still being written


def draw(scores: Tensor, temperature: float, uniform: Tensor) -> Tensor:
    """Return one token for each row, shape (rows,).

    Parameters
    ----------
    scores : Tensor, shape (rows, vocabulary)
    temperature : float
        0 takes the most probable token; 1 draws from the model's distribution.
    uniform : Tensor, shape (rows,)
        Numbers from 0 to 1 that decide the draws.
    """
    if temperature == 0:
        return scores.argmax(-1)
    bounds = torch.softmax(scores.float() / temperature, -1).cumsum(-1)
    # The last bound is 1 but for rounding: scaling keeps every draw below it.
    at = torch.searchsorted(bounds, uniform[:, None] * bounds[:, -1:], right=True)
    return at[:, 0].clamp(max=scores.shape[-1] - 1)


@torch.inference_mode()
def _write(
    w: forward.Weights,
    heads: int,
    prompts: Sequence[Sequence[int]],
    uniforms: Tensor,
    temperature: float,
    end: int,
) -> list[list[int]]:
    """Return the new tokens of each prompt; `uniforms` has a row for each, a column a token."""
    longest, new_tokens = max(map(len, prompts)), uniforms.shape[1]
    tokens = torch.zeros((len(prompts), longest), dtype=torch.long)  # padding is never read
    for row, prompt in zip(tokens, prompts, strict=True):
        row[longest - len(prompt) :] = torch.tensor(prompt)
    begin = torch.tensor([longest - len(p) for p in prompts])
    columns = torch.arange(longest + new_tokens)
    real = columns >= begin[:, None]
    causal = columns[:longest, None] >= columns[None, :longest]
    # A padded position reads itself only, so that no row of the mask is empty.
    mask = (real[:, None, :longest] & causal) | torch.eye(longest, dtype=torch.bool)
    positions = (columns[:longest] - begin[:, None]).clamp(min=0)
    cache = forward.Cache(longest + new_tokens)
    states = forward.hidden(w, tokens, heads, cache, mask[:, None], positions)[:, -1]
    answers: list[list[int]] = [[] for _ in prompts]
    writing = torch.arange(len(prompts))  # the texts that are still in the batch
    open_ = torch.ones(len(prompts), dtype=torch.bool)  # … and of these, those without an end
    for step in range(new_tokens):
        token = draw(forward.logits(w, states), temperature, uniforms[writing, step])
        open_ &= token != end
        for i, t, goes_on in zip(writing.tolist(), token.tolist(), open_.tolist(), strict=True):
            if goes_on:
                answers[i].append(t)
        left = int(open_.sum())
        if left == 0 or step + 1 == new_tokens:
            break
        if left < KEEP * len(writing):
            kept = open_.nonzero()[:, 0]
            writing, begin, real, token = writing[kept], begin[kept], real[kept], token[kept]
            open_ = open_[kept]
            cache.keep(kept)
        now = longest + step
        mask = real[:, None, None, : now + 1]
        positions = (now - begin)[:, None]
        states = forward.hidden(w, token[:, None], heads, cache, mask, positions)[:, -1]
    return answers


def generate(
    model: GPT2LMHeadModel,
    prompts: Sequence[Sequence[int]],
    new_tokens: int,
    *,
    temperature: float = 0.0,
    seed: int = 0,
    end: int = 0,
    batch: int = 128,
) -> list[list[int]]:
    """Return the new tokens of every prompt, up to and without the end token.

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
    end : int
        The token that ends a text; -1 for none.

    Raises
    ------
    CourseError
        If a prompt is empty or leaves no room for `new_tokens`.
    """
    longest = max(map(len, prompts), default=0)
    room = model.config.n_positions - new_tokens
    if not all(prompts):
        raise CourseError("A prompt is empty: give at least one token.")
    if longest > room:
        raise CourseError(
            f"A prompt has {longest} tokens, but only {room} fit beside {new_tokens} new ones: "
            "shorten it."
        )
    if not prompts:
        return []
    uniforms = torch.rand(len(prompts), new_tokens, generator=torch.Generator().manual_seed(seed))
    size = min(batch, -(-len(prompts) // LEARNERS))
    parts = like_length([len(p) for p in prompts], size)
    w, heads = forward.weights(model), model.config.n_head

    def write(part: list[int]) -> list[list[int]]:
        return _write(w, heads, [prompts[i] for i in part], uniforms[part], temperature, end)

    answers: list[list[int]] = [[] for _ in prompts]
    with one_thread_each(LEARNERS) as pool:
        for part, texts in zip(parts, pool.map(write, parts), strict=True):
            for i, text in zip(part, texts, strict=True):
                answers[i] = text
    return answers


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
