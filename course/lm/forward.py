"""The forward pass of a mini-GPT, written out: `hidden` for whole texts, `step` for one more token.

It computes what ``GPT2LMHeadModel`` computes, on the same weights (a test holds them equal), with
less around it: weights are converted to bf16 once a step instead of once an operation, and nothing
is built that isn't used. With a `Cache` only the new tokens are read, which makes sampling fast.
Left out on purpose: dropout, cross-attention, sparse patterns.
"""

import functools
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import GPT2LMHeadModel

from course.lm.batching import round_up

Weights = dict[str, Tensor]
PLACES = 64  # as many answer tokens, or a multiple, are looked at at once (`batching.WIDTH`)


class Cache:
    """Keys and values of texts that are being written, in float32, with room for more tokens.

    Parameters
    ----------
    unread : Tensor of float, shape (batch, room)
        Added to the scores: minus infinity where a text has padding, else 0. The room is that of
        the longest text that will be, in tokens.
    heads : int
        Attention heads.
    """

    def __init__(self, unread: Tensor, heads: int) -> None:
        self.unread, self.heads, self.length = unread, heads, 0
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


def weights(model: GPT2LMHeadModel, dtype: torch.dtype = torch.float32) -> Weights:
    """Return the model's weights by their short names in `dtype`; gradients flow back through."""
    return {
        name.removeprefix("transformer."): parameter.to(dtype)
        for name, parameter in model.named_parameters()
    }


def hidden(
    w: Weights,
    tokens: Tensor,
    heads: int,
    mask: Tensor | None = None,
    positions: Tensor | None = None,
    cache: Cache | None = None,
) -> Tensor:
    """Return what the last layer knows at each position.

    Parameters
    ----------
    w : dict
        From `weights`.
    tokens : Tensor of int, shape (batch, time)
        The text.
    heads : int
        Attention heads.
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
    batch, time = tokens.shape
    width = w["wte.weight"].shape[1]
    if positions is None:
        positions = torch.arange(time)
    x = F.embedding(tokens, w["wte.weight"]) + F.embedding(positions, w["wpe.weight"])
    x = x.view(-1, width)
    layer = 0
    while f"h.{layer}.ln_1.weight" in w:
        at = f"h.{layer}."
        y = _asked(w, at, x)
        q, k, v = y.view(batch, time, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
        if cache is not None:
            cache.put(k, v)
        y = attention(q, k, v, mask)
        x = _read(w, at, x, y.transpose(1, 2).reshape(-1, width))
        layer += 1
    return _norm(w, "ln_f.", x).view(batch, time, width)


def step(w: Weights, tokens: Tensor, positions: Tensor, cache: Cache) -> Tensor:
    """Read one more token of each text, and return what the last layer knows then.

    It computes what `hidden` does, in as few operations as can be: those are so short here that it
    counts how many there are, above all if another thread wants Python as well. Attention is in
    float32, in which so small products are faster.

    Parameters
    ----------
    w : dict
        From `weights`.
    tokens, positions : Tensor of int, shape (batch,)
        The tokens, and where in its text each stands.
    cache : Cache
        What has been read so far; takes in the tokens too.

    Returns
    -------
    Tensor, shape (batch, width)
        After the last layer norm, ready for `logits`.
    """
    x = F.embedding(tokens, w["wte.weight"]) + F.embedding(positions, w["wpe.weight"])
    (batch, width), heads, now = x.shape, cache.heads, cache.length
    unread = cache.unread[:, None, : now + 1].repeat_interleave(heads, 0)
    for layer, both in enumerate(cache.layers):
        at = f"h.{layer}."
        y = _asked(w, at, x).view(batch, 3, heads, width // heads).float()
        both[:, :, :, now] = y[:, 1:].transpose(0, 1)
        k, v = both[:, :, :, : now + 1].flatten(1, 2)
        q = y[:, 0].reshape(batch * heads, 1, -1)
        scores = torch.baddbmm(unread, q, k.transpose(1, 2), alpha=q.shape[2] ** -0.5)
        y = torch.bmm(torch.softmax(scores, -1), v).view(batch, width).to(x.dtype)
        x = _read(w, at, x, y)
    cache.length += 1
    return _norm(w, "ln_f.", x)


def _norm(w: Weights, name: str, x: Tensor) -> Tensor:
    return F.layer_norm(x, x.shape[-1:], w[name + "weight"], w[name + "bias"])


def _linear(w: Weights, name: str, x: Tensor) -> Tensor:
    return torch.addmm(w[name + "bias"], x, w[name + "weight"])


def _asked(w: Weights, at: str, x: Tensor) -> Tensor:
    """Return queries, keys and values of a layer, side by side, of the states `x`."""
    return _linear(w, at + "attn.c_attn.", _norm(w, at + "ln_1.", x))


def _read(w: Weights, at: str, x: Tensor, y: Tensor) -> Tensor:
    """Return the states `x` after a layer whose attention has read `y`."""
    x = x + _linear(w, at + "attn.c_proj.", y)
    y = F.gelu(_linear(w, at + "mlp.c_fc.", _norm(w, at + "ln_2.", x)))
    return x + _linear(w, at + "mlp.c_proj.", y)


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
    q, k, v = (x.reshape(-1, time, width) for x in (q, k, v))
    if mask is None:
        future = _future(time, q.dtype)
        scores = torch.baddbmm(future, q, k.transpose(1, 2), alpha=width**-0.5)
    else:
        scores = torch.bmm(q * width**-0.5, k.transpose(1, 2)).view(batch, heads, time, time)
        scores = (scores + mask).flatten(0, 1)
    read = torch.softmax(scores, -1, dtype=torch.float32).to(q.dtype)
    return torch.bmm(read, v).view(batch, heads, time, width)


def logits(w: Weights, states: Tensor) -> Tensor:
    """Return the scores of all next tokens, shape (…, vocabulary), by the token embedding."""
    return F.linear(states, w["wte.weight"])


def at_places(
    mask: Tensor, states: Tensor, tokens: Tensor, each: Callable[[Tensor, Tensor], Tensor]
) -> Tensor:
    """Return what `each` makes of the places in `mask`, and 0 elsewhere; shape (batch, time).

    What is computed over the whole vocabulary is computed for an answer's tokens alone.

    Parameters
    ----------
    mask : Tensor of 0 and 1, shape (batch, time)
        At least one place.
    states : Tensor, shape (batch, time, width)
        What the last layer knows before the token at each place.
    tokens : Tensor of int, shape (batch, time)
        The token at each place.
    each : callable
        (states, tokens) of some places, shapes (places, width) and (places,) → (places,).
    """
    own = mask.flatten().nonzero()[:, 0]
    count = len(own)
    more = torch.cat([own, own[:1].expand(round_up(count, PLACES) - count)])
    found = each(states.flatten(0, 1)[more], tokens.flatten()[more])[:count]
    return torch.zeros(mask.numel()).index_put((own,), found).view(mask.shape)


def loss(w: Weights, rows: Tensor, heads: int, ignore: int) -> Tensor:
    """Return the mean cross-entropy of the next token (nats).

    Parameters
    ----------
    rows : Tensor of int, shape (batch, time + 1)
        Each token is to be predicted from those before it.
    ignore : int
        The token that isn't to be predicted: padding.
    """
    states = hidden(w, rows[:, :-1], heads)
    scores = logits(w, states.reshape(-1, states.shape[-1]))
    each = F.cross_entropy(scores, rows[:, 1:].reshape(-1), ignore_index=ignore, reduction="none")
    # Summed in float32: bf16 keeps three digits only.
    return each.float().sum() / (rows[:, 1:] != ignore).sum()
