"""Benchmarks: our code against a well-known peer, both measured in the same run.

``pretrain``: our training loop against ``transformers.Trainer`` on the same model (same initial
weights), the same packed rows in memory, the same batch, both in bf16. Neither evaluates, saves or
logs inside the timed part, and imports and warm-up are outside. The two take turns in short slices,
so that a busy machine slows both alike. The ratio is of tokens per second; the loss at equal time
is each one's validation loss after the same seconds of training, each with its own optimizer,
schedule and good learning rate, over those seconds.

``rlhf`` stands in ``bench_rlhf``.
"""

import contextlib
import io
import itertools
import statistics
import sys
import tempfile
import time
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm
from transformers import GPT2LMHeadModel, Trainer, TrainerCallback, TrainingArguments

from course import records
from course.bench import rlhf as bench_rlhf
from course.errors import CourseError
from course.lm import data, evaluate, model, optim, threads, train
from course.lm import tokenizer as tok
from course.stages import base
from course.world.phrases import CONTEXT

SEED = 5
SECONDS = 40  # of training, for the loss at equal time
SLICES = 4  # turns of each in the measurement of speed
SLICE_STEPS = 80
WARM_UP = 20  # steps before the clock starts, in each turn
PEER_RATE = 6e-3  # of AdamW: the best of 1e-3, 3e-3, 6e-3 and 1e-2 (docs/training-log.md)
ROWS = 12_000  # in memory, for both


class Rows(torch.utils.data.Dataset):
    """Packed rows as ``Trainer`` wants them; padding isn't predicted."""

    def __init__(self, rows: Tensor, pad: int) -> None:
        self.inputs = rows[:, :-1].contiguous()
        # ``Trainer``'s model shifts the labels itself, so they are the inputs.
        self.labels = self.inputs.masked_fill(self.inputs == pad, -100)

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, i: int) -> dict[str, Tensor]:
        return {"input_ids": self.inputs[i], "labels": self.labels[i]}


class Clock(TrainerCallback):
    """Notes the time at the start, after the warm-up steps and at the end of a training."""

    def __init__(self, warm_up: int) -> None:
        self.warm_up, self.start, self.end = warm_up, 0.0, 0.0

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Start the clock once the warm-up is over."""
        if state.global_step == self.warm_up:
            self.start = time.perf_counter()
        self.end = time.perf_counter()


def peer_arguments(batch: int, steps: int) -> dict[str, Any]:
    """Return what ``TrainingArguments`` is given, beside the folder that nothing is written to."""
    return {
        "max_steps": steps,
        "per_device_train_batch_size": batch,
        "learning_rate": PEER_RATE,
        "lr_scheduler_type": "cosine",
        "warmup_steps": min(optim.WARM_UP, max(1, steps // 10)),
        "seed": SEED,
        **bench_rlhf.PEER_ARGUMENTS,
    }


def train_peer(mini: GPT2LMHeadModel, rows: Rows, batch: int, steps: int, warm_up: int) -> float:
    """Train with ``Trainer`` and return its seconds after the warm-up steps."""
    clock = Clock(warm_up)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        arguments = TrainingArguments(output_dir=folder, **peer_arguments(batch, steps))
        Trainer(model=mini, args=arguments, train_dataset=rows, callbacks=[clock]).train()
    return clock.end - clock.start


def train_ours(
    mini: GPT2LMHeadModel, rows: Tensor, pad: int, batch: int, steps: int, warm_up: int
) -> float:
    """Train with our loop and return its seconds after the warm-up steps."""
    recipe = recipe_for(batch, steps)
    start = end = 0.0
    batches = itertools.cycle(rows.split(batch))
    for p in train.pretrain(mini, batches, recipe, pad):
        if p.step == warm_up:
            start = p.seconds
        end = p.seconds
    return end - start


def recipe_for(batch: int, steps: int) -> train.Recipe:
    """Return the shipped recipe of the default size, for `steps` steps."""
    shipped = base.RECIPES[model.DEFAULT]
    tokens = steps * batch * CONTEXT
    return train.Recipe(
        tokens=tokens, batch=batch, lr_muon=shipped.lr_muon, lr_adam=shipped.lr_adam
    )


def pretrain() -> dict[str, Any]:
    """Measure tokens per second and the loss at equal time; return the figures."""
    size, batch = model.SIZES[model.DEFAULT], base.RECIPES[model.DEFAULT].batch
    tokenizer = tok.load()
    pad = tokenizer.pad_token_id
    stream = itertools.islice(data.web_rows(tokenizer, SEED), ROWS)
    rows = torch.tensor(list(tqdm(stream, total=ROWS, desc="rows", file=sys.stderr)))
    peer_rows = Rows(rows, pad)
    tokens = batch * CONTEXT * SLICE_STEPS
    ours, peer = [], []
    for turn in tqdm(range(SLICES), desc="speed", file=sys.stderr):
        mine, other = model.new(size, turn), model.new(size, turn)
        ours.append(tokens / train_ours(mine, rows, pad, batch, SLICE_STEPS + WARM_UP, WARM_UP))
        peer.append(tokens / train_peer(other, peer_rows, batch, SLICE_STEPS + WARM_UP, WARM_UP))
    ours_speed, peer_speed = statistics.median(ours), statistics.median(peer)
    losses = []
    # By our slowest turn and the peer's fastest: if the times differ, then in the peer's favour.
    for name, speed in (("ours", min(ours)), ("peer", max(peer))):
        steps = max(20, int(SECONDS * speed / (batch * CONTEXT)))
        print(f"{name}: {steps} steps in about {SECONDS} s", file=sys.stderr)
        mini = model.new(size, SEED)
        if name == "ours":
            seconds = train_ours(mini, rows, pad, batch, steps, 1)
        else:
            seconds = train_peer(mini, peer_rows, batch, steps, 1)
            mini.eval()
        losses.append((evaluate.fit(mini, tokenizer).loss, seconds))
    figures = {
        "ratio": ours_speed / peer_speed,
        "ours": ours_speed,
        "peer": peer_speed,
        "peer_name": "transformers.Trainer",
        "peer_arguments": peer_arguments(batch, SLICE_STEPS),
        "unit": "tokens per second",
        "ours_slices": ours,
        "peer_slices": peer,
        "loss_at_equal_time": [loss for loss, _ in losses],
        "loss_ratio": losses[0][0] / losses[1][0],
        "seconds": [seconds for _, seconds in losses],
        "parameters": model.parameters(model.new(size)),
        "batch": batch,
        "context": CONTEXT,
        "learners": threads.LEARNERS,
        "torch_threads": torch.get_num_threads(),
    }
    figures["ok"] = all(records.meets("bench pretrain", figures).values())
    return figures


BENCHES = {"pretrain": pretrain, "rlhf": bench_rlhf.rlhf}


def run(name: str) -> dict[str, Any]:
    """Run one benchmark.

    Raises
    ------
    CourseError
        If there is no such benchmark.
    """
    if name not in BENCHES:
        names = ", ".join([*BENCHES, "grading"])
        raise CourseError(f"There is no benchmark {name}; there are: {names}.")
    return BENCHES[name]()


def rows(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the table of a benchmark."""
    table = [
        {"": "ours", result["unit"]: f"{result['ours']:,.0f}"},
        {"": result["peer_name"], result["unit"]: f"{result['peer']:,.0f}"},
        {"": "ratio", result["unit"]: f"{result['ratio']:.2f}"},
    ]
    if "loss_at_equal_time" in result:
        ours, peer = result["loss_at_equal_time"]
        table.append({"": "loss at equal time", result["unit"]: f"{ours:.4f} against {peer:.4f}"})
    return table
