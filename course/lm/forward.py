"""The forward pass of a mini-GPT, written out: `hidden` for whole texts, `step` for one more token.

It computes what ``GPT2LMHeadModel`` computes, on the same weights (a test holds them equal), with
less around it: weights are converted to bf16 once a step instead of once an operation, and nothing
is built that isn't used. With a `Cache` only the new tokens are read, which makes sampling fast.
Left out on purpose: dropout, cross-attention, sparse patterns.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import PreTrainedModel

from course.lm.batching import round_up

PLACES = 64  # logits are computed for so many places, or a multiple (`batching.WIDTH` says why)


class Affine(NamedTuple):
    """Weight and bias of a layer norm, (width,) each, or of a product, (in, out) and (out,)."""

    weight: Tensor
    bias: Tensor


@dataclass(frozen=True)
class Block:
    """The weights of one layer, by GPT-2's names."""

    ln_1: Affine
    c_attn: Affine  # queries, keys and values side by side: out is 3 · width
    attn_proj: Affine
    ln_2: Affine
    c_fc: Affine  # out is 4 · width
    mlp_proj: Affine


@dataclass(frozen=True)
class Weights:
    """All weights of a mini-GPT in one number format, as `hidden` reads them.

    Parameters
    ----------
    heads : int
        Attention heads.
    wte, wpe : Tensor, shape (vocabulary, width) and (context, width)
        Embeddings of tokens and of positions.
    blocks : tuple of Block
    ln_f : Affine
        The norm after the last layer.
    head : Tensor, shape (vocabulary, width)
        What states are compared with for the next token's scores: `wte`, but for a model whose last
        layer is its own.
    score : Affine, optional
        A reward model's two numbers, weight of shape (2, width).
    """

    heads: int
    wte: Tensor
    wpe: Tensor
    blocks: tuple[Block, ...]
    ln_f: Affine
    head: Tensor
    score: Affine | None = None


class Cache:
    """Keys and values of texts that are being written, in float32, with room for more tokens.

    Parameters
    ----------
    unread : Tensor of float, shape (batch, room)
        Added to the scores: minus infinity where a text has padding, else 0. The room is that of
        the longest text that will be, in tokens.
    """

    def __init__(self, unread: Tensor) -> None:
        self.unread, self.length = unread, 0
        self.layers: list[Tensor] = []  # each (2, batch, heads, room, head width)

    def put(self, k: Tensor, v: Tensor) -> None:
        """Take in a layer's keys and values of the texts' beginnings, layer after layer."""
        time = k.shape[2]
        both = torch.empty(2, *k.shape[:2], self.unread.shape[1], k.shape[3])
        both[0, :, :, :time], both[1, :, :, :time] = k, v
        self.layers.append(both)
        self.length = time

    def keep(self, rows: Tensor) -> None:
        """Forget all rows of the batch but those numbered."""
        self.unread = self.unread[rows]
        self.layers = [both[:, rows] for both in self.layers]


def weights(model: PreTrainedModel, dtype: torch.dtype = torch.float32) -> Weights:
    """Return the weights of a GPT or a reward model in `dtype`; gradients flow back through."""
    named = {short(name): parameter.to(dtype) for name, parameter in model.named_parameters()}
    return gathered(named, model.config.n_head)


def short(name: str) -> str:
    """Return the name that a parameter has in a GPT without its head, such as ``wte.weight``."""
    return name.removeprefix("transformer.")


def gathered(named: Mapping[str, Tensor], heads: int) -> Weights:
    """Return weights from tensors by their `short` names."""

    def affine(name: str) -> Affine:
        return Affine(named[f"{name}.weight"], named[f"{name}.bias"])

    blocks: list[Block] = []
    while f"h.{len(blocks)}.ln_1.weight" in named:
        at = f"h.{len(blocks)}"
        blocks.append(
            Block(
                ln_1=affine(f"{at}.ln_1"),
                c_attn=affine(f"{at}.attn.c_attn"),
                attn_proj=affine(f"{at}.attn.c_proj"),
                ln_2=affine(f"{at}.ln_2"),
                c_fc=affine(f"{at}.mlp.c_fc"),
                mlp_proj=affine(f"{at}.mlp.c_proj"),
            )
        )
    return Weights(
        heads=heads,
        wte=named["wte.weight"],
        wpe=named["wpe.weight"],
        blocks=tuple(blocks),
        ln_f=affine("ln_f"),
        head=named.get("lm_head.weight", named["wte.weight"]),
        score=affine("score") if "score.weight" in named else None,
    )


def hidden(
    w: Weights,
    tokens: Tensor,
    mask: Tensor | None = None,
    positions: Tensor | None = None,
    cache: Cache | None = None,
) -> Tensor:
    """Return what the last layer knows at each position.

    Parameters
    ----------
    tokens : Tensor of int, shape (batch, time)
        The text.
    mask : Tensor of float, shape (batch, 1, time, all time), optional
        Added to the scores: 0 where a position may read, minus infinity elsewhere. Causal if left
        out.
    positions : Tensor of int, shape (batch, time), optional
        Where in its text each token stands; 0, 1, 2 … if left out.
    cache : Cache, optional
        An empty one, to go on from with `step`.

    Returns
    -------
    Tensor, shape (batch, time, width)
        After the last layer norm, ready for `logits`.
    """
    (batch, time), width = tokens.shape, w.wte.shape[1]
    if positions is None:
        positions = torch.arange(time)
    x = F.embedding(tokens, w.wte) + F.embedding(positions, w.wpe)  # (batch, time, width)
    x = x.view(-1, width)  # (batch · time, width), so that a product is one for all texts
    for layer in w.blocks:
        y = qkv(layer, x).view(batch, time, 3, w.heads, width // w.heads)
        q, k, v = y.permute(2, 0, 3, 1, 4)  # each (batch, heads, time, head width)
        if cache is not None:
            cache.put(k, v)
        y = attention(q, k, v, mask)  # (batch, heads, time, head width)
        x = block(layer, x, y.transpose(1, 2).reshape(-1, width))
    return _norm(w.ln_f, x).view(batch, time, width)


def step(w: Weights, tokens: Tensor, positions: Tensor, cache: Cache) -> Tensor:
    """Read one more token of each text, and return what the last layer knows then.

    It computes what `hidden` does, in as few operations as can be: those are so short here that it
    counts how many there are, above all if another thread wants Python as well. Attention is in
    float32, in which so small products are faster.

    Parameters
    ----------
    tokens, positions : Tensor of int, shape (batch,)
        The tokens, and where in its text each stands.
    cache : Cache
        What has been read so far; takes in the tokens too.

    Returns
    -------
    Tensor, shape (batch, width)
        After the last layer norm, ready for `logits`.
    """
    x = F.embedding(tokens, w.wte) + F.embedding(positions, w.wpe)  # (batch, width)
    (batch, width), heads, now = x.shape, w.heads, cache.length
    # (batch · heads, 1, now + 1)
    unread = cache.unread[:, None, : now + 1].repeat_interleave(heads, 0)
    for layer, both in zip(w.blocks, cache.layers, strict=True):
        y = qkv(layer, x).view(batch, 3, heads, width // heads).float()
        both[:, :, :, now] = y[:, 1:].transpose(0, 1)
        k, v = both[:, :, :, : now + 1].flatten(1, 2)  # each (batch · heads, now + 1, head width)
        q = y[:, 0].reshape(batch * heads, 1, -1)
        scores = torch.baddbmm(unread, q, k.transpose(1, 2), alpha=q.shape[2] ** -0.5)
        y = torch.bmm(torch.softmax(scores, -1), v).view(batch, width).to(x.dtype)
        x = block(layer, x, y)
    cache.length += 1
    return _norm(w.ln_f, x)


def _norm(norm: Affine, x: Tensor) -> Tensor:
    return F.layer_norm(x, x.shape[-1:], norm.weight, norm.bias)


def _linear(product: Affine, x: Tensor) -> Tensor:
    return torch.addmm(product.bias, x, product.weight)


def qkv(layer: Block, x: Tensor) -> Tensor:
    """Return queries, keys and values side by side, (rows, 3 · width), of states (rows, width)."""
    return _linear(layer.c_attn, _norm(layer.ln_1, x))


def block(layer: Block, x: Tensor, read: Tensor) -> Tensor:
    """Return the states after a layer, (rows, width).

    Parameters
    ----------
    x, read : Tensor, shape (rows, width)
        The states before the layer, and what its attention has read.
    """
    x = x + _linear(layer.attn_proj, read)
    y = F.gelu(_linear(layer.c_fc, _norm(layer.ln_2, x)))  # (rows, 4 · width)
    return x + _linear(layer.mlp_proj, y)


@functools.cache
@torch.inference_mode(False)  # it is kept, and training may be next to use it
def _future(time: int, dtype: torch.dtype) -> Tensor:
    """Return what is added to the scores: minus infinity where a position would look ahead."""
    return torch.full((time, time), -torch.inf, dtype=dtype).triu(1)


def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """Return what each position reads from those up to itself.

    On CPUs PyTorch's fused attention takes two to seven times as long as these plain operations, at
    our lengths and in bf16; and softmax in bf16 takes three times as long as in float32 where the
    length isn't a multiple of 32.

    Parameters
    ----------
    q, k, v : Tensor, shape (batch, heads, time, head width)
        Queries, keys and values.
    mask : Tensor of float, shape (batch, 1, time, time), optional
        Added to the scores instead of what hides the future.

    Returns
    -------
    Tensor, same shape
    """
    batch, heads, time, width = q.shape
    q, k, v = (x.reshape(-1, time, width) for x in (q, k, v))  # (batch · heads, time, head width)
    if mask is None:
        future = _future(time, q.dtype)
        scores = torch.baddbmm(future, q, k.transpose(1, 2), alpha=width**-0.5)
    else:
        scores = torch.bmm(q * width**-0.5, k.transpose(1, 2)).view(batch, heads, time, time)
        scores = (scores + mask).flatten(0, 1)  # (batch · heads, time, time)
    read = torch.softmax(scores, -1, dtype=torch.float32).to(q.dtype)
    return torch.bmm(read, v).view(batch, heads, time, width)


def logits(w: Weights, states: Tensor) -> Tensor:
    """Return the scores of all next tokens, shape (…, vocabulary)."""
    return F.linear(states, w.head)


def masked_logits(
    w: Weights,
    states: Tensor,
    tokens: Tensor,
    mask: Tensor,
    each: Callable[[Tensor, Tensor, Tensor], Tensor],
) -> Tensor:
    """Return what `each` makes of the logits where the mask is 1, else 0; shape (batch, time).

    What is computed over the whole vocabulary is computed for an answer's tokens alone.

    Parameters
    ----------
    states : Tensor, shape (batch, time, width)
        What the last layer knows before the token at each place.
    tokens : Tensor of int, shape (batch, time)
        The token at each place.
    mask : Tensor of 0 and 1, shape (batch, time)
        At least one place.
    each : callable
        (logits, tokens, states) of some places, shapes (places, vocabulary), (places,) and
        (places, width), logits in float32 → values, (places,).
    """
    places = mask.flatten().nonzero()[:, 0]
    count = len(places)
    # The first place once more fills up; what comes of it is left out.
    filled = torch.cat([places, places[:1].expand(round_up(count, PLACES) - count)])
    chosen = states.flatten(0, 1)[filled]  # (filled, width)
    values = each(logits(w, chosen).float(), tokens.flatten()[filled], chosen)[:count]
    return torch.zeros(mask.numel()).index_put((places,), values).view(mask.shape)


def loss(w: Weights, rows: Tensor, ignore: int) -> Tensor:
    """Return the mean cross-entropy of the next token (nats).

    Parameters
    ----------
    rows : Tensor of int, shape (batch, time + 1)
        Each token is to be predicted from those before it.
    ignore : int
        The token that isn't to be predicted: padding.
    """
    states = hidden(w, rows[:, :-1])  # (batch, time, width)
    scores = logits(w, states.reshape(-1, states.shape[-1]))  # (batch · time, vocabulary)
    each = F.cross_entropy(scores, rows[:, 1:].reshape(-1), ignore_index=ignore, reduction="none")
    # Summed in float32: bf16 keeps three digits only.
    return each.float().sum() / (rows[:, 1:] != ignore).sum()
