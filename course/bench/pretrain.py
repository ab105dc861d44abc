"""Benchmarks: our code against a well-known peer, both measured in the same run.

``pretrain``: our training loop against ``transformers.Trainer`` on the same model (same initial
weights), the same packed rows in memory, the same batch. Neither evaluates, saves or logs inside
the timed part, and imports and warm-up are outside. The two take turns in short slices, so that a
busy machine slows both alike. Ours computes in the machine's number format; the peer is timed in
both, and the faster one counts (`course.lm.arithmetic`; ``--format`` forces one for both sides).

The ratio is of tokens per second. The loss at equal time is each one's validation loss after the
same seconds of training; the time ratio is the peer's seconds over ours to a validation loss of
1.05 × the entropy. In these two each has its own optimizer, schedule, good learning rate and good
batch. A schedule must know its end: so for the time ratio each trains as many tokens as it needed
in earlier trials, and if the loss isn't there at the end, again from the start with more; the last
run counts.

``rlhf`` is in `course.bench.rlhf`.
"""

import contextlib
import io
import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm
from transformers import (
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

from course import records
from course.bench import rlhf as bench_rlhf
from course.errors import CourseError
from course.lm import arithmetic, data, evaluate, model, optim, threads, train
from course.lm import tokenizer as tok
from course.stages import base
from course.world.phrases import CONTEXT

SEED = 5
SECONDS = 40  # of training, for the loss at equal time
SLICES = 4  # turns of each in the measurement of speed
SLICE_STEPS = 80
WARM_UP = 20  # steps before the clock starts, in each turn
PEER_RATE = 6e-3  # of AdamW: the best of 1e-3, 3e-3, 6e-3 and 1e-2 (docs/training-log.md)
PEER_BATCH = 8  # with which the peer is faster than with our sixteen rows (docs/training-log.md)
ROWS = 12_000  # in memory, for both
REACHED = 1.05  # times the entropy: the loss that both train to
# Tokens with which each gets there (docs/training-log.md), and what more it tries if it doesn't.
NEEDED = {"ours": 3_800_000, "peer": 7_500_000}
MORE = (1.0, 1.25, 1.6, 2.0)
HOPELESS = 0.5  # of the best format's speed: then a format gets no further turn


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


def peer_arguments(batch: int, steps: int, number_format: str) -> dict[str, Any]:
    """Return what ``TrainingArguments`` is given besides a folder that nothing is written to."""
    return {
        "bf16": number_format == "bf16",
        "max_steps": steps,
        "per_device_train_batch_size": batch,
        "learning_rate": PEER_RATE,
        "lr_scheduler_type": "cosine",
        "warmup_steps": min(optim.WARM_UP, max(1, steps // 10)),
        "seed": SEED,
        **bench_rlhf.PEER_ARGUMENTS,
    }


def train_peer(
    mini: GPT2LMHeadModel, rows: Rows, batch: int, steps: int, warm_up: int, number_format: str
) -> float:
    """Train with ``Trainer`` and return its seconds after the warm-up steps."""
    clock = Clock(warm_up)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        arguments = TrainingArguments(
            output_dir=folder, **peer_arguments(batch, steps, number_format)
        )
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
    shipped, tokens = base.RECIPES[model.DEFAULT], steps * batch * CONTEXT
    return replace(shipped, tokens=tokens, batch=batch, doubles=1.0)


@dataclass
class Race:
    """What both sides train on, and how: the default model from new weights, with good settings."""

    size: model.Size
    batch: int
    tokenizer: PreTrainedTokenizerFast
    rows: Tensor

    def __post_init__(self) -> None:
        self.pad = self.tokenizer.pad_token_id
        self.peer_rows = Rows(self.rows, self.pad)

    def seconds(
        self, mini: GPT2LMHeadModel, peer_format: str | None, batch: int, steps: int, warm_up: int
    ) -> float:
        """Train `mini`, by the peer if it gets a format; return the seconds after the warm-up."""
        if peer_format is None:
            return train_ours(mini, self.rows, self.pad, batch, steps, warm_up)
        seconds = train_peer(mini, self.peer_rows, batch, steps, warm_up, peer_format)
        mini.eval()
        return seconds

    def speed(self, turn: int, peer_format: str | None = None, batch: int = 0) -> float:
        """Return the tokens per second of one turn, with the benchmark's batch or another."""
        batch = batch or self.batch
        mini, steps = model.new(self.size, turn), SLICE_STEPS + WARM_UP
        seconds = self.seconds(mini, peer_format, batch, steps, WARM_UP)
        return batch * CONTEXT * SLICE_STEPS / seconds

    def fitted(self, peer_format: str | None, tokens: int) -> tuple[evaluate.Fit, float]:
        """Train a new model on so many tokens; return its validation loss, and the seconds."""
        batch = PEER_BATCH if peer_format else self.batch
        steps = max(20, tokens // (batch * CONTEXT))
        print(f"{name_of(peer_format)}: {steps} steps of {batch} rows", file=sys.stderr)
        mini = model.new(self.size, SEED)
        seconds = self.seconds(mini, peer_format, batch, steps, 1)
        return evaluate.fit(mini, self.tokenizer), seconds

    def time_to_loss(self, peer_format: str | None) -> tuple[float, int, float]:
        """Return the seconds to the loss that is to be reached, the tokens, and loss / entropy.

        If the side doesn't get there, they are those of the longest run.
        """
        for more in MORE:
            tokens = int(more * NEEDED[name_of(peer_format)])
            fit, seconds = self.fitted(peer_format, tokens)
            print(f"{tokens:,} tokens: {fit.ratio:.4f} x entropy", file=sys.stderr)
            if fit.ratio <= REACHED:
                break
        return seconds, tokens, fit.ratio


def name_of(peer_format: str | None) -> str:
    """Return whose turn it is: ours have no format of their own, they take the machine's."""
    return "peer" if peer_format else "ours"


def speeds(race: Race, formats: Sequence[str]) -> tuple[list[float], dict[str, list[float]]]:
    """Return the tokens per second of each turn: ours, and the peer's in each format."""
    ours: list[float] = []
    peers: dict[str, list[float]] = {name: [] for name in formats}
    for turn in tqdm(range(SLICES), desc="speed", file=sys.stderr):
        ours.append(race.speed(turn))
        best = max((max(slices) for slices in peers.values() if slices), default=0.0)
        for name, slices in peers.items():
            if not slices or max(slices) > HOPELESS * best:
                slices.append(race.speed(turn, name))
    return ours, peers


def pretrain(number_format: str | None = None) -> dict[str, Any]:
    """Measure tokens per second, the loss at equal time and the time to a loss.

    Parameters
    ----------
    number_format : str, optional
        The format of both sides; if left out, the machine's for ours, and the peer's faster one.
    """
    arithmetic.force(number_format)
    tokenizer = tok.load()
    stream = itertools.islice(data.web_rows(tokenizer, SEED), ROWS)
    rows = torch.tensor(list(tqdm(stream, total=ROWS, desc="rows", file=sys.stderr)))
    race = Race(model.SIZES[model.DEFAULT], base.RECIPES[model.DEFAULT].batch, tokenizer, rows)
    formats = [number_format] if number_format else [*arithmetic.FORMATS]
    ours, peers = speeds(race, formats)
    peer_format = max(peers, key=lambda name: statistics.median(peers[name]))
    peer = peers[peer_format]
    ours_speed, peer_speed = statistics.median(ours), statistics.median(peer)
    # By our slowest turn and the peer's fastest: if the times differ, then in the peer's favour.
    own = max(race.speed(turn, peer_format, PEER_BATCH) for turn in range(2))
    reached: list[tuple[evaluate.Fit, float]] = [
        race.fitted(None, int(SECONDS * min(ours))),
        race.fitted(peer_format, int(SECONDS * own)),
    ]
    losses = [fit.loss for fit, _ in reached]
    times = [race.time_to_loss(side) for side in (None, peer_format)]
    figures = {
        "ratio": ours_speed / peer_speed,
        "ours": ours_speed,
        "peer": peer_speed,
        "peer_name": "transformers.Trainer",
        "peer_arguments": peer_arguments(race.batch, SLICE_STEPS, peer_format),
        "unit": "tokens per second",
        **arithmetic.noted(),
        "peer_format": peer_format,
        "ours_slices": ours,
        "peer_slices": peers,
        "loss_at_equal_time": losses,
        "loss_ratio": losses[0] / losses[1],
        "seconds": [seconds for _, seconds in reached],
        "seconds_to_loss": [seconds for seconds, *_ in times],
        "tokens_to_loss": [tokens for _, tokens, _ in times],
        "loss_reached": [ratio for *_, ratio in times],
        # A peer that doesn't get there takes longer than in its longest run.
        "time_ratio": times[1][0] / times[0][0] if times[0][2] <= REACHED else 0.0,
        "parameters": model.parameters(model.new(race.size)),
        "batch": race.batch,
        "peer_batch_to_learn": PEER_BATCH,
        "context": CONTEXT,
        "learners": threads.LEARNERS,
        "torch_threads": torch.get_num_threads(),
    }
    figures["ok"] = all(records.meets("bench pretrain", figures).values())
    return figures


BENCHES = {"pretrain": pretrain, "rlhf": bench_rlhf.rlhf}


def run(name: str, number_format: str | None = None) -> dict[str, Any]:
    """Run one benchmark, in the format that is faster here or in `number_format`.

    Raises
    ------
    CourseError
        If there is no such benchmark or format.
    """
    if name not in BENCHES:
        names = ", ".join([*BENCHES, "grading"])
        raise CourseError(f"There is no benchmark {name}; there are: {names}.")
    return BENCHES[name](number_format)


def rows(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the table of a benchmark."""
    names = {"ours": "ours", "peer": result["peer_name"]}
    if "peer_format" in result:
        names = {
            "ours": f"ours, {result['format']}",
            "peer": f"{names['peer']}, {result['peer_format']}",
        }
    table = [{"": names[side], result["unit"]: f"{result[side]:,.0f}"} for side in names] + [
        {"": "ratio", result["unit"]: f"{result['ratio']:.2f}"},
    ]
    if "loss_at_equal_time" in result:
        ours, peer = result["loss_at_equal_time"]
        table.append({"": "loss at equal time", result["unit"]: f"{ours:.4f} against {peer:.4f}"})
        ours, peer = result["seconds_to_loss"]
        times = f"{ours:.0f} s against {peer:.0f} s: {result['time_ratio']:.2f}"
        table.append({"": f"time to {REACHED} x entropy", result["unit"]: times})
    if "grpo" in result:  # a second race, of the same unit
        both = {"PPO": table, "GRPO": rows(result["grpo"])}
        table = [{**row, "": f"{name}: {row['']}"} for name in both for row in both[name]]
    return table
