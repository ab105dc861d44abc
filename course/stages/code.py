"""mini-code: a base model that goes on learning, on tiny programs, as Codex did from GPT-3.

It reads a comment, ``# Write f: add 5.``, with the header ``def f(x):`` and goes on with the
program. The loss counts what it writes, not what it reads (as Codex-S was trained,
arXiv:2107.03374, section 4). `tune_on` can move all of the model or a part of it: the last layer,
the last block, or LoRA's small matrices next to frozen ones (Hu et al. 2021, arXiv:2106.09685),
whose ``lora_forward`` is an exercise of lesson 03 and comes in as an argument. Tasks and their
splits are `course.world.tasks`', programs run in `course.stages.programs`. Rates were chosen on the
tuning split. Left out on purpose: dropout, weight decay, and LoRA that is never multiplied out (it
saves memory, not results).
"""

import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

from course.lm import arithmetic, evaluate, forward, optim, sample
from course.lm.batching import padded, split
from course.lm.data import encode
from course.lm.threads import one_thread
from course.lm.train import Progress, Trainer
from course.stages import exercises, programs
from course.stages.programs import Verdict
from course.world import tasks
from course.world.tasks import Task

NAME = "mini-code"
RATES = {  # way → rates of Muon (whole matrices inside the blocks) and of AdamW (all else)
    "last layer": (0.0, 5e-3),
    "last block": (0.02, 4e-3),
    "LoRA": (0.0, 1e-2),
    "all": (0.005, 1e-3),
}
TOKENS, HEAD = "wte.weight", "lm_head.weight"  # one matrix, unless the last layer is trained alone
RANK, ALPHA = 8, 16.0
NEW_TOKENS = 20  # the longest right answer has 15
TESTS = 200
TRIES = 10  # the k of pass@10
# How programs are drawn for pass@1 and for pass@10: few and sure, or many and bold (Codex, Fig. 5).
DRAWN = {1: (0.2, 10), TRIES: (0.8, 20)}  # k → temperature, samples a task
WEB_DOCUMENTS = 500  # on which forgetting is measured

LoraForward = Callable[[Tensor, Tensor, Tensor, Tensor, float], Tensor]
Named = dict[str, Tensor]  # weights by their short names


@dataclass(frozen=True)
class Recipe:
    """How a model is fine-tuned on programs.

    Parameters
    ----------
    pairs : int
        Tasks with their programs.
    epochs : int
        Rounds over them.
    batch : int
        Pairs a step.
    rehearsal : float
        Weight of the loss on web text, added to the loss on programs.
    """

    pairs: int = 6_000
    epochs: int = 2
    batch: int = 32
    rehearsal: float = 0.0


FULL, QUICK = Recipe(), Recipe(pairs=1_500, epochs=1)


# What is trained ----------------------------------------------------------------------------------


def own_weights(mini: GPT2LMHeadModel) -> Named:
    """Return the model's parameters by their short names, without gradients."""
    return {forward.short(n): p.detach() for n, p in mini.named_parameters()}


def _standing(name: str, matrix: Tensor) -> Tensor:
    """Turn a matrix to (out, in), as `torch.nn.Linear` has it, or back; GPT-2's blocks lie down."""
    return matrix if name == TOKENS else matrix.T


def trained(mini: GPT2LMHeadModel, way: str, seed: int = 0, rank: int = RANK) -> Named:
    """Return the tensors that a way of fine-tuning moves, by name, ready for gradients.

    Of "all" and "last block" they are the model's own; "last layer" gets a copy of the token
    matrix, which a GPT otherwise uses twice. "LoRA" gets two matrices, ``.a`` and ``.b``, for each
    weight matrix of the blocks and for the token matrix; ``.b`` is 0, so nothing changes at first.

    Raises
    ------
    KeyError
        If there is no such way.
    """
    own = {forward.short(n): p for n, p in mini.named_parameters()}
    if way == "last layer":
        return {HEAD: own[TOKENS].detach().clone().requires_grad_()}
    if way == "LoRA":
        chance = torch.Generator().manual_seed(seed)
        moved = {}
        for name in (*filter(optim.is_matrix, own), TOKENS):
            wide, narrow = _standing(name, own[name]).shape
            first = torch.randn(rank, narrow, generator=chance) / math.sqrt(narrow)
            moved[f"{name}.a"] = first.requires_grad_()
            moved[f"{name}.b"] = torch.zeros(wide, rank, requires_grad=True)
        return moved
    beginning = {"all": "", "last block": f"h.{mini.config.n_layer - 1}."}[way]
    return {name: p for name, p in own.items() if name.startswith(beginning)}


def in_use(
    own: Named, moved: Named, lora_forward: LoraForward | None = None, alpha: float = ALPHA
) -> Named:
    """Return all weights as the model computes with them, by short name.

    A layer without its bias is linear, so what it gives for the unit vectors *is* its matrix: the
    forward pass of LoRA on the unit vectors is the merged matrix.
    """
    w = own | {name: p for name, p in moved.items() if name in own or name == HEAD}
    for name in (n.removesuffix(".a") for n in moved if n.endswith(".a")):
        if lora_forward is None:
            raise ValueError("LoRA needs its forward pass.")
        a, b = moved[f"{name}.a"], moved[f"{name}.b"]
        unit = torch.eye(a.shape[1])
        merged = lora_forward(unit, _standing(name, own[name]), a, b, alpha)
        w[name] = _standing(name, merged.T)
    return w


def finished(
    mini: GPT2LMHeadModel, moved: Named, lora_forward: LoraForward | None = None
) -> GPT2LMHeadModel:
    """Return the fine-tuned model as a plain one: LoRA merged, or with a last layer of its own.

    All ways but "last layer" change `mini` itself.
    """
    with torch.no_grad():
        w = in_use(own_weights(mini), moved, lora_forward)
        if HEAD in moved:
            settings = mini.config.to_dict() | {"tie_word_embeddings": False}
            mini = GPT2LMHeadModel(type(mini.config)(**settings))
        for name, parameter in mini.named_parameters():
            parameter.copy_(w[forward.short(name)])
    return mini.eval()


# Training -----------------------------------------------------------------------------------------


def tune_on(
    mini: GPT2LMHeadModel,
    tokenizer: PreTrainedTokenizerFast,
    learned: Sequence[Task],
    moved: Named,
    rates: tuple[float, float],
    *,
    recipe: Recipe = FULL,
    lora_forward: LoraForward | None = None,
    web: Iterator[Tensor] | None = None,
    seed: int = 0,
) -> Iterator[Progress]:
    """Train the tensors `moved` on tasks and their programs, and yield after every step.

    Parameters
    ----------
    moved : dict
        From `trained`; changed in place. All else stays as it is.
    rates : tuple of float
        Learning rates at their height, of Muon and of AdamW; if that of Muon is 0, AdamW has all.
    lora_forward : callable, optional
        (x, weight, a, b, alpha) → what the layer gives; needed if `moved` is LoRA's.
    web : iterator of Tensor of int, shape (rows, time + 1), optional
        Web text to rehearse, a batch a step.
    seed : int
        Of the order of the tasks.

    Yields
    ------
    Progress
        The caller may stop at any step. The metrics are ``program_loss`` and, with web text,
        ``web_loss``: the two parts of the loss, in nats a token.

    Raises
    ------
    MissingExercise
        If no gradient comes back through `lora_forward`.
    """
    end, pad = tokenizer.eos_token_id, tokenizer.pad_token_id
    prompts = encode(tokenizer, [task.prompt for task in learned])
    answers = encode(tokenizer, [task.source.removeprefix(tasks.HEADER) for task in learned])
    rows = [[end, *p, *a, end] for p, a in zip(prompts, answers, strict=True)]
    begins = [1 + len(p) for p in prompts]
    # Unlike in SFT, short and long tasks share a batch: in batches of their own they pull the model
    # to and fro, and it needs twice as many.
    rng, order = random.Random(seed), list(range(len(rows)))
    plan: list[list[int]] = []
    for _ in range(recipe.epochs):
        rng.shuffle(order)
        plan += [order[i : i + recipe.batch] for i in range(0, len(order), recipe.batch)]
    own, dtype = own_weights(mini), arithmetic.dtype()

    def loss(
        micro_batch: tuple[Tensor, Tensor, Tensor | None],
    ) -> tuple[Tensor, dict[str, Tensor]]:
        tokens, mask, text = micro_batch
        named = in_use(own, moved, lora_forward)
        named = {name: value.to(dtype) for name, value in named.items()}
        w = forward.gathered(named, mini.config.n_head)
        scores = forward.logits(w, forward.hidden(w, tokens[:, :-1])[mask])  # (learned, vocabulary)
        value = F.cross_entropy(scores.float(), tokens[:, 1:][mask])
        metrics = {"program_loss": value.detach()}
        if text is not None:
            rehearsed = forward.loss(w, text, pad)
            value = value + recipe.rehearsal * rehearsed
            metrics["web_loss"] = rehearsed.detach()
        return value, metrics

    # Not fused: so the shipped model was made.
    optimizers: list[torch.optim.Optimizer]
    if rates[0]:
        optimizers = optim.muon_and_adamw(moved.items(), *rates, fused=False)
    else:
        optimizers = [optim.adamw(moved.values(), rates[1], fused=False)]
    trainer = Trainer(loss, [moved.values()], optimizers)
    start, seen = time.perf_counter(), 0
    for step, batch in enumerate(plan):
        shares = split(batch, trainer.learners)
        texts = next(web).chunk(len(shares)) if web else [None] * len(shares)
        micro_batches = []
        for share, text in zip(shares, texts, strict=True):
            tokens = padded([rows[i] for i in share], pad)
            first = torch.tensor([begins[i] for i in share])[:, None]
            program = torch.arange(1, tokens.shape[1]) >= first
            micro_batches.append((tokens, program & (tokens[:, 1:] != pad), text))
        sizes = [float(mask.sum()) for _, mask, _ in micro_batches]
        value, metrics = trainer.gradients(micro_batches, sizes)
        if any(p.grad is None for p in trainer.parameters):
            raise exercises.MissingExercise(
                "lora_forward gives the right values but cuts the way back that training "
                "needs: leave out .detach(), torch.no_grad() and torch.tensor(...) of a result."
            )
        rate = optim.cosine(step, step / len(plan))
        metrics["gradient_norm"] = trainer.update(rate)
        seen += sum(tokens.numel() for tokens, *_ in micro_batches)
        seconds = time.perf_counter() - start
        yield Progress(step + 1, len(plan), seen, seconds, value, rate, metrics)


# What it is worth ---------------------------------------------------------------------------------


def written(
    mini: GPT2LMHeadModel,
    tokenizer: PreTrainedTokenizerFast,
    prompts: Sequence[str],
    *,
    temperature: float = 0.0,
    samples: int = 1,
    seed: int = 0,
) -> list[list[str]]:
    """Return `samples` programs for each prompt: the header, and what the model goes on with."""
    end = tokenizer.eos_token_id
    rows = [[end, *tokens] for tokens in encode(tokenizer, list(prompts)) for _ in range(samples)]
    if mini.config.tie_word_embeddings:
        tokens = sample.generate(
            mini, rows, NEW_TOKENS, temperature=temperature, seed=seed, end=end
        )
    else:
        tokens = _plainly(mini, rows, temperature, seed, end, tokenizer.pad_token_id)
    texts = [tasks.HEADER + tokenizer.decode(t, skip_special_tokens=True) for t in tokens]
    texts = [first_program(text) for text in texts]
    return [texts[i : i + samples] for i in range(0, len(texts), samples)]


def _plainly(
    mini: GPT2LMHeadModel,
    rows: Sequence[Sequence[int]],
    temperature: float,
    seed: int,
    end: int,
    pad: int,
) -> list[list[int]]:
    """Sample with transformers' own loop: slower, but it knows a last layer of its own."""
    longest = max(map(len, rows))
    tokens = torch.tensor([[pad] * (longest - len(row)) + list(row) for row in rows])
    real = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows])
    how = {"do_sample": True, "temperature": temperature, "top_k": 0} if temperature else {}
    written: list[list[int]] = []
    with torch.random.fork_rng(), torch.inference_mode(), one_thread():
        torch.manual_seed(seed)
        for part in range(0, len(rows), 512):
            new = mini.generate(
                tokens[part : part + 512], attention_mask=real[part : part + 512],
                max_new_tokens=NEW_TOKENS, eos_token_id=end, pad_token_id=pad, **how,
            )[:, longest:]  # fmt: skip
            written += [row[: row.index(end)] if end in row else row for row in new.tolist()]
    return written


def first_program(text: str) -> str:
    """Return the first line of `text` and the indented ones after it: the rest is another text."""
    first, *others = text.split("\n")
    kept = [first]
    for line in others:
        if not line.startswith(" "):
            break
        kept.append(line)
    return "\n".join(kept) + "\n"


def judge(tested: Sequence[Task], answers: Sequence[Sequence[str]]) -> list[list[Verdict]]:
    """Run all answers to each task and return the verdicts in the same form."""
    flat = [source for each in answers for source in each]
    values = [task.values for task, each in zip(tested, answers, strict=True) for _ in each]
    verdicts = iter(programs.judge(flat, tasks.INPUTS, values))
    return [[next(verdicts) for _ in each] for each in answers]


def solved(n: int, c: int, k: int) -> float:
    """Return pass@k of one task: how likely k of n samples hold one of the c right ones."""
    return 1 - math.comb(n - c, k) / math.comb(n, k)


def measure(
    mini: GPT2LMHeadModel,
    tokenizer: PreTrainedTokenizerFast,
    tested: Sequence[Task],
    *,
    seed: int = 0,
    before: str = "",
    tries: Sequence[int] | None = None,
) -> dict[str, Any]:
    """Let a model write programs for each task, run them, and return how many are right.

    Parameters
    ----------
    before : str
        Text before each prompt: worked examples.
    tries : sequence of int, optional
        The k of each pass@k that is measured: 1 and 10 if left out; greedy alone if empty.

    Returns
    -------
    dict
        ``pass_at_1`` and ``pass_at_10``; ``intervals``: the same keys → 95% interval; ``greedy``,
        the share of tasks whose most probable program is right.
    """
    prompts = [before + task.prompt for task in tested]
    figures: dict[str, Any] = {"intervals": {}}
    for k in DRAWN if tries is None else tries:
        temperature, samples = DRAWN[k]
        drawn = written(
            mini, tokenizer, prompts, temperature=temperature, samples=samples, seed=seed
        )
        verdicts = judge(tested, drawn)
        chances = [solved(samples, sum(v.right for v in each), k) for each in verdicts]
        figures[f"pass_at_{k}"] = sum(chances) / len(tested)
        figures["intervals"][f"pass_at_{k}"] = interval(chances)
    best = judge(tested, written(mini, tokenizer, prompts))
    return figures | {"greedy": sum(each[0].right for each in best) / len(tested)}


def interval(values: Sequence[float], draws: int = 2_000, seed: int = 0) -> list[float]:
    """Return the 95% interval of a mean over tasks, by drawing tasks anew (bootstrap)."""
    chance = np.random.default_rng(seed)
    rows = chance.integers(0, len(values), size=(draws, len(values)))
    return [round(float(q), 4) for q in np.quantile(np.array(values)[rows].mean(1), (0.025, 0.975))]


def shots(count: int = 3, seed: int = 3) -> str:
    """Return worked examples for a base model, from the tasks of the training."""
    learned = tasks.tasks(count, "train", seed)
    return "".join(f"# Write f: {t.words}.\n{t.source}\n" for t in learned)


def web_loss(mini: GPT2LMHeadModel, tokenizer: PreTrainedTokenizerFast) -> float:
    """Return the loss on village text that no training saw (nats a token)."""
    return evaluate.fit(mini, tokenizer, WEB_DOCUMENTS).loss
