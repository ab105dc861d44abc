"""Supervised fine-tuning: go on training a base model, on conversations, for the answers alone.

``loss_mask`` and ``sft_loss`` are exercises of lesson 05 and come in as arguments. Conversations of
like length share a batch, so little is padded. Beside each batch the model rehearses some web text,
as InstructGPT did in its last stage: trained on answers alone it forgets whom they don't name.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

from course.lm import forward
from course.lm.batching import groups, padded, split
from course.lm.data import encode
from course.lm.threads import one_thread
from course.lm.train import Progress, Trainer
from course.stages.freeze import Blur, blurred, held
from course.world import phrases as ph
from course.world.talk import Example

LossMask = Callable[[Sequence[int], int, int], Sequence[int]]
SftLoss = Callable[[Tensor, Tensor, Tensor], Tensor]


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
    blur = Blur(model, tokenizer, recipe.blur, seed)

    def loss(part: tuple[Tensor, Tensor, Tensor | None, Tensor | None]) -> Tensor:
        tokens, mask, text, noise = part
        w = blurred(forward.weights(model, torch.bfloat16), noise)
        scores = forward.logits(w, forward.hidden(w, tokens))
        value = sft_loss(scores.float(), tokens, mask)
        if text is not None:
            value = value + recipe.rehearsal * forward.loss(w, text, pad)
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
