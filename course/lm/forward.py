"""The forward pass of a mini-GPT, written out: one function for training, scoring and sampling.

It computes what ``GPT2LMHeadModel`` computes, on the same weights (a test holds them equal), with
less around it: weights are converted to bf16 once a step instead of once an operation, and nothing
is built that isn't used. With a cache it reads only the new tokens, which makes sampling fast.
Left out on purpose: dropout, cross-attention, sparse patterns.
"""

import functools
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import GPT2LMHeadModel

from course.lm.data import whole

Weights = dict[str, Tensor]
PLACES = 64  # as many answer tokens, or a multiple, are looked at at once (`data.WIDTH`)


class Cache:
    """Keys and values of the tokens read so far, with room for those to come.

    Parameters
    ----------
    room : int
        The longest text, in tokens.
    """

    def __init__(self, room: int) -> None:
        self.room, self.length = room, 0
        self.layers: list[tuple[Tensor, Tensor]] = []

    def extend(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Add a layer's new keys and values, (batch, heads, time, width), and return all."""
        if len(self.layers) == layer:
            shape = (*k.shape[:2], self.room, k.shape[3])
            self.layers.append((k.new_empty(shape), v.new_empty(shape)))
        now = self.length + k.shape[2]
        keys, values = self.layers[layer]
        keys[:, :, self.length : now] = k
        values[:, :, self.length : now] = v
        return keys[:, :, :now], values[:, :, :now]

    def keep(self, rows: Tensor) -> None:
        """Forget all rows of the batch but those numbered."""
        self.layers = [(k[rows], v[rows]) for k, v in self.layers]


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
    cache: Cache | None = None,
    mask: Tensor | None = None,
    positions: Tensor | None = None,
) -> Tensor:
    """Return what the last layer knows at each position.

    Parameters
    ----------
    w : dict
        From `weights`.
    tokens : Tensor of int, shape (batch, time)
        The text; with a cache only its new part.
    heads : int
        Attention heads.
    cache : Cache, optional
        Grows in place.
    mask : Tensor of bool, shape (batch, 1, time, all time), optional
        What each position may read; causal if left out.
    positions : Tensor of int, shape (batch, time), optional
        Where in its text each token stands; counted on from the cache if left out.

    Returns
    -------
    Tensor, shape (batch, time, width)
        After the last layer norm, ready for `logits`.
    """
    batch, time = tokens.shape
    width = w["wte.weight"].shape[1]
    if positions is None:
        start = cache.length if cache else 0
        positions = torch.arange(start, start + time)
    x = F.embedding(tokens, w["wte.weight"]) + F.embedding(positions, w["wpe.weight"])
    layer = 0
    while f"h.{layer}.ln_1.weight" in w:
        at = f"h.{layer}."
        y = F.layer_norm(x, (width,), w[at + "ln_1.weight"], w[at + "ln_1.bias"])
        y = torch.addmm(w[at + "attn.c_attn.bias"], y.view(-1, width), w[at + "attn.c_attn.weight"])
        q, k, v = y.view(batch, time, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
        if cache is not None:
            k, v = cache.extend(layer, k, v)
        if mask is None and time == k.shape[2] and torch.is_grad_enabled():
            y = trained_attention(q, k, v)
        else:
            causal = mask is None and time > 1
            y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=causal)
        y = y.transpose(1, 2).reshape(-1, width)
        y = torch.addmm(w[at + "attn.c_proj.bias"], y, w[at + "attn.c_proj.weight"])
        x = x + y.view(batch, time, width)
        y = F.layer_norm(x, (width,), w[at + "ln_2.weight"], w[at + "ln_2.bias"])
        y = torch.addmm(w[at + "mlp.c_fc.bias"], y.view(-1, width), w[at + "mlp.c_fc.weight"])
        y = F.gelu(y)
        y = torch.addmm(w[at + "mlp.c_proj.bias"], y, w[at + "mlp.c_proj.weight"])
        x = x + y.view(batch, time, width)
        layer += 1
    if cache is not None:
        cache.length += time
    return F.layer_norm(x, (width,), w["ln_f.weight"], w["ln_f.bias"])


@functools.cache
def _future(time: int, dtype: torch.dtype) -> Tensor:
    """Return what is added to the scores: minus infinity where a position would look ahead."""
    return torch.full((time, time), float("-inf"), dtype=dtype).triu(1)


def trained_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Return what each position reads from those up to itself.

    On CPUs the backward pass of PyTorch's fused attention takes about three times as long as these
    three plain operations, at our length and in bf16.

    Parameters
    ----------
    q, k, v : Tensor, shape (batch, heads, time, head width)
        Queries, keys and values.

    Returns
    -------
    Tensor, same shape
    """
    batch, heads, time, width = q.shape
    flat = (batch * heads, time, width)
    scores = torch.baddbmm(
        _future(time, q.dtype),
        q.reshape(flat),
        k.reshape(flat).transpose(1, 2),
        alpha=width**-0.5,
    )
    return torch.bmm(torch.softmax(scores, -1), v.reshape(flat)).view(q.shape)


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
    more = torch.cat([own, own[:1].expand(whole(count, PLACES) - count)])
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
