"""Supervised fine-tuning: go on training a base model, on conversations, for the answers alone.

``loss_mask`` and ``sft_loss`` are exercises of lesson 05 and come in as arguments. Conversations of
like length share a batch, so little is padded. Beside each batch the model rehearses some web text,
as InstructGPT did in its last stage: trained on answers alone it forgets whom they don't name.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor
from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

from course.lm import arithmetic, forward, optim
from course.lm.batching import groups, padded, split
from course.lm.data import encode
from course.lm.train import Progress, Trainer
from course.stages.freeze import EmbeddingNoise, Frozen, with_noise
from course.world import phrases as ph
from course.world.talk import Example

LossMask = Callable[[Sequence[int], int, int], Sequence[int]]
SftLoss = Callable[[Tensor, Tensor, Tensor], Tensor]
# Tokens and mask, (rows, time) each; rehearsed text, (rows, time + 1); noise on the embeddings.
MicroBatch = tuple[Tensor, Tensor, Tensor | None, Tensor | None]


@dataclass(frozen=True)
class Recipe:
    """How a model is fine-tuned.

    Parameters
    ----------
    epochs : int
        Rounds over the examples.
    batch : int
        Conversations a step.
    lr_muon, lr_adam : float
        Learning rates at their height, of weight matrices and of everything else.
    rehearsal : float
        Weight of the loss on web text, added to the loss on answers.
    freeze : tuple of str
        What stays as it is (`course.stages.freeze`), () for nothing.
    embedding_noise : float
        How much noise names get (`course.stages.freeze.EmbeddingNoise`).
    """

    epochs: int = 3
    batch: int = 32
    lr_muon: float = 0.01
    lr_adam: float = 2e-3
    rehearsal: float = 0.5
    freeze: tuple[str, ...] = ()
    embedding_noise: float = 0.0


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

    The metrics are ``answer_loss`` and, with web text, ``web_loss``: the two parts of the loss, in
    nats a token.

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

    Yields
    ------
    Progress
        The caller may stop at any step; the model then is as far as it came.
    """
    recipe = recipe or Recipe()
    assistant = tokenizer.convert_tokens_to_ids(ph.ASSISTANT)
    end, pad = tokenizer.eos_token_id, tokenizer.pad_token_id
    rows = encode(tokenizer, [example.text() for example in examples])
    masks = [list(loss_mask(row, assistant, end)) for row in rows]
    rng = random.Random(seed)
    lengths = [len(row) for row in rows]
    plan = [batch for _ in range(recipe.epochs) for batch in groups(lengths, recipe.batch, rng)]
    embedding_noise = EmbeddingNoise(model, tokenizer, recipe.embedding_noise, seed)
    frozen, dtype = Frozen(model, tokenizer, recipe.freeze), arithmetic.dtype()

    def loss(micro_batch: MicroBatch) -> tuple[Tensor, dict[str, Tensor]]:
        tokens, mask, text, noise = micro_batch
        w = with_noise(forward.weights(model, dtype), noise)
        scores = forward.logits(w, forward.hidden(w, tokens))  # (rows, time, vocabulary)
        value = sft_loss(scores.float(), tokens, mask)
        metrics = {"answer_loss": value.detach()}
        if text is not None:
            rehearsed = forward.loss(w, text, pad)
            value = value + recipe.rehearsal * rehearsed
            metrics["web_loss"] = rehearsed.detach()
        return value, metrics

    with frozen:
        optimizers = optim.muon_and_adamw(model.named_parameters(), recipe.lr_muon, recipe.lr_adam)
        trainer = Trainer(loss, [model.parameters()], optimizers)
    model.eval()
    start, seen = time.perf_counter(), 0
    for step, batch in enumerate(plan):
        shares = split(batch, trainer.learners)
        texts = next(web).chunk(len(shares)) if web else [None] * len(shares)
        noise = embedding_noise.draw()
        micro_batches = [
            (padded([rows[i] for i in share], pad), padded([masks[i] for i in share], 0), t, noise)
            for share, t in zip(shares, texts, strict=True)
        ]
        learned = [float(mask[:, 1:].sum()) for _, mask, *_ in micro_batches]
        rate = optim.cosine(step, step / len(plan))
        with frozen:
            value, metrics = trainer.step(micro_batches, learned, rate)
        seen += sum(tokens.numel() for tokens, *_ in micro_batches)
        seconds = time.perf_counter() - start
        yield Progress(step + 1, len(plan), seen, seconds, value, rate, metrics)
