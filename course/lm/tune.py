"""Supervised fine-tuning: go on training a base model, on conversations, for the answers alone.

``loss_mask`` and ``sft_loss`` are exercises of lesson 05 and come in as arguments. Conversations of
like length share a batch, so little is padded. Left out on purpose: mixing in pre-training text
(InstructGPT's final PPO does that; here it isn't needed).
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor
from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

from course.lm import forward
from course.lm.train import Learners, Progress, schedule
from course.world import phrases as ph
from course.world.talk import Example

LossMask = Callable[[Sequence[int], int, int], Sequence[int]]
SftLoss = Callable[[Tensor, Tensor, Tensor], Tensor]


def padded(rows: Sequence[Sequence[int]], fill: int) -> Tensor:
    """Return rows of unequal length as one tensor, shape (rows, longest), filled on the right."""
    longest = max(map(len, rows))
    return torch.tensor([[*row, *[fill] * (longest - len(row))] for row in rows])


def groups(lengths: Sequence[int], size: int, rng: random.Random) -> list[list[int]]:
    """Return the numbers of all rows in batches of like length, in random order."""
    order = sorted(range(len(lengths)), key=lambda i: (lengths[i], rng.random()))
    batches = [order[i : i + size] for i in range(0, len(order), size)]
    rng.shuffle(batches)
    return batches


def sft(
    model: GPT2LMHeadModel,
    tokenizer: PreTrainedTokenizerFast,
    examples: Sequence[Example],
    *,
    loss_mask: LossMask,
    sft_loss: SftLoss,
    epochs: int = 3,
    batch: int = 32,
    rate: float = 2e-3,
    seed: int = 0,
) -> Iterator[Progress]:
    """Fine-tune `model` in place on `examples` and yield after every step.

    Parameters
    ----------
    loss_mask : callable
        (tokens, assistant token, end token) → 1 for each token to be learned, else 0.
    sft_loss : callable
        (logits, tokens, mask) → mean cross-entropy over the masked tokens, a scalar (nats).
    epochs, batch, rate, seed
        Rounds over the examples, conversations a step, AdamW's learning rate, order.
    """
    assistant = tokenizer.convert_tokens_to_ids(ph.ASSISTANT)
    end, pad = tokenizer.eos_token_id, tokenizer.pad_token_id
    rows = [tokenizer(example.text())["input_ids"] for example in examples]
    masks = [list(loss_mask(row, assistant, end)) for row in rows]
    rng = random.Random(seed)
    plan = [b for _ in range(epochs) for b in groups([len(r) for r in rows], batch, rng)]
    learners = Learners(model.parameters())
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=rate, betas=(0.9, 0.95), weight_decay=0.0, fused=True
    )
    heads = model.config.n_head

    def loss(part: tuple[Tensor, Tensor]) -> Tensor:
        w = forward.weights(model, torch.bfloat16)
        scores = forward.logits(w, forward.hidden(w, part[0], heads))
        return sft_loss(scores.float(), *part)

    model.train()
    start, seen = time.perf_counter(), 0
    for step, chosen in enumerate(plan):
        share = -(-len(chosen) // learners.count)
        parts = [
            (padded([rows[i] for i in part], pad), padded([masks[i] for i in part], 0))
            for part in (chosen[k : k + share] for k in range(0, len(chosen), share))
        ]
        learned = [float(mask[:, 1:].sum()) for _, mask in parts]
        value = learners.step(parts, loss, [n / sum(learned) for n in learned])
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.param_groups[0]["lr"] = rate * schedule(step, len(plan))
        optimizer.step()
        optimizer.zero_grad()
        seen += sum(tokens.numel() for tokens, _ in parts)
        yield Progress(
            step + 1, len(plan), seen, time.perf_counter() - start, value, schedule(step, len(plan))
        )
    model.eval()
