"""The benchmark ``rlhf``: our PPO and our GRPO against a trainer of ``trl``, prompts per second.

Each is a *row*. This file has the race that measures any row, and the row of PPO; that of GRPO is
in `course.bench.rlhf_grpo`.

``trl`` has no PPO any more. The nearest of its trainers is ``GRPOTrainer``: on-line too, with a
clipped ratio for each token, a price for leaving the reference model and several updates for each
batch of answers. It has no critic, so in an update it trains one model where we train two. It wants
at least two answers to each prompt; so we answer each twice as well, and a prompt counts each time.

In each row both start from the same model and answer the same prompts in the same batches, with a
KV cache; the same rule scores the answers; both hold the same weights of the policy still, and take
the same number of updates, which are counted, with weights in float32. Our arithmetic is in the
machine's number format (`course.lm.arithmetic`), the peer's in its faster one. The noise
that our PPO puts on names is on our side alone. In the row of PPO the end of a text is a token that
is never drawn, so that all answers are equally long. Imports, set-up and warm-up are outside the
timed part, and nothing is logged, saved or evaluated. In the end `same_work` compares what both
did: updates, tokens, and whether the loss was a number.

The two take turns. On a busy machine PyTorch's threads wait for each other in every operation, and
with them the peer comes to a standstill, which would flatter us. So in each slice the peer takes a
turn with one thread and a turn with all, in each format, and the best one counts. Still, only a
quiet machine gives the true ratio: where cores are short, our two threads lose more than the peer's
one. What other programs took is measured too and printed.
"""

import abc
import contextlib
import copy
import dataclasses
import io
import math
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import psutil
import torch
from torch.optim.optimizer import register_optimizer_step_post_hook
from tqdm import tqdm
from transformers import (
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
    TrainerCallback,
)
from transformers.utils import logging as transformers_logging

from course import records
from course.errors import CourseError
from course.lm import arithmetic, evals, model
from course.lm.threads import LEARNERS
from course.stages import exercises, freeze, ppo, reward
from course.stages.stage import PPO
from course.world import demonstrate

SEED = 5
SLICES = 4
ROUNDS = 6  # timed rounds of answering and learning in each turn
WARM_UP = 2  # rounds before the clock starts
NEW_TOKENS = 24  # of each of PPO's answers
GENERATIONS = 2  # of PPO's answers to each prompt: the fewest that the peer takes
ATTENTION = "eager"  # the peer's faster one here: on CPUs the fused one is slow to learn with
PATIENCE = 1.2  # a turn of the peer that takes so much longer than its best one is stopped
BUSY = 0.2  # cores that others may take before we say that the machine isn't quiet
CLOSE = 0.05  # by which the two sides' tokens may differ where a model decides how many it writes
PEER = "trl.GRPOTrainer"
WHY = (
    "trl has no PPO any more; GRPOTrainer is its nearest on-line trainer: a clipped ratio for each "
    "token, a price for leaving the reference model, several updates a batch of answers, no critic"
)
MISSING = "The peer of this benchmark, trl, isn't installed: run `python3 start.py install bench`."
# What the peers of both benchmarks are given: one optimizer, and nothing but training.
PEER_ARGUMENTS = {
    "weight_decay": 0.0,
    "adam_beta2": 0.95,
    "max_grad_norm": 1.0,
    "optim": "adamw_torch_fused",
    "use_cpu": True,
    "save_strategy": "no",
    "eval_strategy": "no",
    "logging_strategy": "no",
    "report_to": [],
    "disable_tqdm": True,
    "dataloader_num_workers": 0,
    "dataloader_pin_memory": False,
}


class Done(NamedTuple):
    """How far ours is: rounds, seconds and tokens so far, and this round's loss and mean reward."""

    rounds: int
    seconds: float
    tokens: int
    loss: float
    reward: float


@dataclass(frozen=True)
class Row(abc.ABC):
    """What both sides are given: a model, prompts as tokens, a recipe; and how each side trains."""

    name: ClassVar[str]
    command: ClassVar[str]  # the target's, in data/targets.csv
    why: ClassVar[str]  # it is this peer
    new_tokens: ClassVar[int]  # in an answer, at most
    mini: GPT2LMHeadModel
    tokenizer: PreTrainedTokenizerFast
    prompts: Sequence[Sequence[int]]
    recipe: Any
    functions: exercises.Exercises

    @property
    @abc.abstractmethod
    def generations(self) -> int:
        """Return the answers to each prompt."""

    @property
    @abc.abstractmethod
    def batch(self) -> int:
        """Return the answers of a round."""

    @property
    @abc.abstractmethod
    def updates(self) -> int:
        """Return the updates after each round of answers."""

    @abc.abstractmethod
    def train(self, policy: GPT2LMHeadModel, seed: int) -> Iterator[Done]:
        """Train with ours and yield after each round."""

    @abc.abstractmethod
    def score(self, numbers: Sequence[int], answers: Sequence[Sequence[int]]) -> list[float]:
        """Return the rewards of answers as tokens, each to the prompt with its number."""

    @abc.abstractmethod
    def own_arguments(self) -> dict[str, Any]:
        """Return what the peer's recipe is in this row."""

    def held(self, policy: GPT2LMHeadModel) -> contextlib.AbstractContextManager[Any]:
        """Hold the weights of the peer's policy still that ours doesn't train."""
        return contextlib.nullcontext()

    def peer_arguments(self, number_format: str, seed: int = SEED) -> dict[str, Any]:
        """Return what ``GRPOConfig`` is given besides a folder that nothing is written to."""
        return {
            "bf16": number_format == "bf16",
            "max_steps": self.updates * (WARM_UP + ROUNDS),
            "num_generations": self.generations,
            "max_completion_length": self.new_tokens,
            "temperature": 1.0,
            "gradient_checkpointing": False,
            "shuffle_dataset": False,
            "logging_nan_inf_filter": False,  # a loss that is no number has to be seen
            "seed": seed,
            **self.own_arguments(),
            **PEER_ARGUMENTS,
        }


@dataclass(frozen=True)
class Ppo(Row):
    """The row of PPO."""

    name = "PPO"
    command = "bench rlhf"
    why = WHY
    new_tokens = NEW_TOKENS
    reward_model: model.RewardModel

    @property
    def generations(self) -> int:
        """Return the answers to each prompt."""
        return GENERATIONS

    @property
    def batch(self) -> int:
        """Return the answers of a round."""
        return self.recipe.batch

    @property
    def updates(self) -> int:
        """Return the updates after each batch of answers."""
        return self.recipe.epochs * self.recipe.batch // self.recipe.minibatch

    def train(self, policy: GPT2LMHeadModel, seed: int) -> Iterator[Done]:
        """Train with our PPO."""
        twice = [prompt for prompt in self.prompts for _ in range(GENERATIONS)]
        for p in ppo.train(
            policy, self.mini, self.reward_model, self.tokenizer, twice,
            recipe=self.recipe, seed=seed, new_tokens=NEW_TOKENS, **self.functions,
        ):  # fmt: skip
            yield Done(p.iteration, p.seconds, p.tokens, p.loss, p.reward)

    def score(self, numbers: Sequence[int], answers: Sequence[Sequence[int]]) -> list[float]:
        """Ask the reward model, as our PPO does."""
        rows = [[*self.prompts[n], *a] for n, a in zip(numbers, answers, strict=True)]
        return reward.score(self.reward_model, rows).tolist()

    def own_arguments(self) -> dict[str, Any]:
        """Return our recipe in the peer's words."""
        recipe = self.recipe
        return {
            "per_device_train_batch_size": recipe.minibatch,
            "steps_per_generation": recipe.batch // recipe.minibatch,
            "num_iterations": recipe.epochs,
            "beta": recipe.kl_coef,
            "epsilon": recipe.clip,
            "learning_rate": recipe.lr_policy,
            "lr_scheduler_type": "constant",
        }

    def held(self, policy: GPT2LMHeadModel) -> contextlib.AbstractContextManager[Any]:
        """Hold what our recipe freezes."""
        return freeze.Frozen(policy, self.tokenizer, self.recipe.freeze)


@dataclass(frozen=True)
class Turn:
    """A turn: what was timed, threads and number format, and the means of loss and reward."""

    seconds: float
    answers: int
    tokens: int
    updates: int
    threads: int
    number_format: str
    loss: float
    reward: float

    @property
    def rate(self) -> float:
        """Return prompts per second."""
        return self.answers / self.seconds


class Updates:
    """Counts the steps of the optimizer that trains a model, whoever takes them."""

    def __init__(self, policy: torch.nn.Module) -> None:
        self.count, self.first = 0, next(policy.parameters())

    def __call__(self, optimizer: torch.optim.Optimizer, *_: Any) -> None:
        """Count a step of `optimizer`, if it trains our model."""
        self.count += any(p is self.first for g in optimizer.param_groups for p in g["params"])


@contextlib.contextmanager
def counting(policy: torch.nn.Module) -> Iterator[Updates]:
    """Count the updates of `policy` inside the block."""
    updates = Updates(policy)
    hook = register_optimizer_step_post_hook(updates)
    try:
        yield updates
    finally:
        hook.remove()


@contextlib.contextmanager
def watching_others(cores: list[float]) -> Iterator[None]:
    """Add to `cores` how many cores other programs took, on average, while the block ran."""
    process = psutil.Process()

    def now() -> tuple[float, float]:
        machine, mine = psutil.cpu_times(), process.cpu_times()
        busy = machine.user + machine.system + getattr(machine, "nice", 0.0)
        return time.perf_counter(), busy - mine.user - mine.system

    begin = now()
    yield
    seconds, taken = (b - a for a, b in zip(begin, now(), strict=True))
    cores.append(max(0.0, taken / seconds))


def prepare() -> Ppo:
    """Return the row of PPO: the default model, an untrained reward model, and the prompts."""
    mini, tokenizer = model.load(model.DEFAULT)
    tokenizer = copy.deepcopy(tokenizer)  # The loaded one is shared by all.
    # A trained model never writes padding: with this as the end all answers are equally long.
    tokenizer.eos_token = tokenizer.pad_token
    mini.generation_config.eos_token_id = tokenizer.pad_token_id
    recipe = dataclasses.replace(ppo.Recipe(), iterations=WARM_UP + ROUNDS)
    count = recipe.iterations * recipe.batch // GENERATIONS
    examples = list(demonstrate.requests(count, "train", SEED))
    prompts = evals.chat_prompts(tokenizer, examples)
    functions = exercises.load(*PPO)
    return Ppo(mini, tokenizer, prompts, recipe, functions, reward.new(mini, tokenizer, SEED))


def turn_of_ours(row: Row, seed: int) -> Turn:
    """Train with ours and return its turn, without the warm-up."""
    policy = copy.deepcopy(row.mini)
    losses, rewards = [], []
    with counting(policy) as updates:
        for done in row.train(policy, seed):
            now = (done.seconds, done.tokens, updates.count)
            losses.append(done.loss)
            rewards.append(done.reward)
            if done.rounds == WARM_UP:
                start = now
    seconds, tokens, steps = (b - a for a, b in zip(start, now, strict=True))
    counts = (int(tokens), int(steps), torch.get_num_threads(), arithmetic.number_format())
    means = (statistics.mean(losses), statistics.mean(rewards))
    return Turn(seconds, ROUNDS * row.batch, *counts, *means)


class Clock(TrainerCallback):
    """Notes time, tokens and updates after the warm-up and at the end, and stops a slow turn.

    Parameters
    ----------
    warm_up : int
        Updates before the clock starts.
    limit : float
        Seconds after which the training is stopped, warm-up included.
    look : callable
        () → tokens and updates so far.
    """

    def __init__(self, warm_up: int, limit: float, look: Callable[[], tuple[int, int]]) -> None:
        self.warm_up, self.limit, self.look = warm_up, limit, look
        self.begin = 0.0
        self.start: tuple[float, int, int] = (0.0, 0, 0)
        self.end = self.start
        self.stopped = False

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Note when the turn begins."""
        self.begin = time.perf_counter()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Note how far the training is after an update."""
        self.end = (time.perf_counter(), *self.look())
        if state.global_step == self.warm_up:
            self.start = self.end
        if self.end[0] - self.begin > self.limit and state.global_step < state.max_steps:
            self.stopped = control.should_training_stop = True


def turn_of_peer(
    row: Row, seed: int, threads: int, number_format: str, limit: float
) -> tuple[Turn | None, float]:
    """Train with the peer and return its turn, without the warm-up, and the seconds of all of it.

    The turn is None if it was stopped for taking more than `limit` seconds.
    """
    policy = copy.deepcopy(row.mini)
    tokens, rewards = 0, []

    def score(
        completion_ids: Sequence[Sequence[int]], number: Sequence[int], **_: Any
    ) -> list[float]:
        nonlocal tokens
        tokens += sum(map(len, completion_ids))
        found = row.score(number, completion_ids)
        rewards.extend(found)
        return found

    before = torch.get_num_threads()
    with (
        tempfile.TemporaryDirectory() as folder,
        counting(policy) as updates,
        row.held(policy),
        quiet(),
    ):
        clock = Clock(WARM_UP * row.updates, limit, lambda: (tokens, updates.count))
        trainer = peer_trainer(row, policy, folder, number_format, seed, score, [clock])
        try:
            torch.set_num_threads(threads)
            result = trainer.train()
        finally:
            torch.set_num_threads(before)
    whole = clock.end[0] - clock.begin
    if clock.stopped:
        return None, whole
    seconds, written, steps = (b - a for a, b in zip(clock.start, clock.end, strict=True))
    counts = (int(written), int(steps), threads, number_format)
    means = (float(result.training_loss), statistics.mean(rewards))
    return Turn(seconds, ROUNDS * row.batch, *counts, *means), whole


def peer_trainer(
    row: Row,
    policy: GPT2LMHeadModel,
    folder: str,
    number_format: str,
    seed: int,
    score: Callable[..., list[float]],
    callbacks: Sequence[TrainerCallback] = (),
) -> Any:
    """Return the peer, ready to train `policy`, a copy of the row's model, with files in `folder`.

    It reads its reference model from where the policy says that it comes from.
    """
    trl, datasets = load_peer()
    policy.set_attn_implementation(ATTENTION)
    row.mini.save_pretrained(folder)
    policy.config._name_or_path = folder
    table = {
        "prompt": row.tokenizer.batch_decode(row.prompts),
        "number": list(range(len(row.prompts))),
    }
    return trl.GRPOTrainer(
        model=policy,
        reward_funcs=score,
        args=trl.GRPOConfig(output_dir=folder, **row.peer_arguments(number_format, seed)),
        train_dataset=datasets.Dataset.from_dict(table),
        processing_class=row.tokenizer,
        callbacks=list(callbacks),
    )


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep the peer's words off the screen: with ``--json`` nothing else may be printed."""
    level = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        transformers_logging.set_verbosity(level)


def load_peer() -> tuple[Any, Any]:
    """Return the modules ``trl`` and ``datasets``.

    Raises
    ------
    CourseError
        If they aren't installed.
    """
    try:
        import datasets
        import trl
    except ImportError:
        raise CourseError(MISSING) from None
    return trl, datasets


def best_turn_of_peer(
    row: Row, seed: int, formats: Sequence[str]
) -> tuple[Turn, dict[str, float | None]]:
    """Return the peer's best turn, and its rates by how it ran (None for a turn that was stopped).

    The formats are tried in their order: give the likely best one first, for it stops the others.
    """
    turns, limit = {}, float("inf")
    for number_format in formats:
        for threads in sorted({1, torch.get_num_threads()}, reverse=True):
            turn, seconds = turn_of_peer(row, seed, threads, number_format, limit)
            turns[f"{number_format}, {threads} threads"] = turn
            limit = min(limit, PATIENCE * seconds)
    best = max((turn for turn in turns.values() if turn), key=lambda turn: turn.rate)
    return best, {how: turn.rate if turn else None for how, turn in turns.items()}


def same_work(ours: Sequence[Turn], peer: Sequence[Turn]) -> dict[str, bool]:
    """Return what the two sides have to have in common → whether they do.

    As many updates, as many tokens but for some (a model decides how many it writes), and a loss
    that is a number.
    """
    tokens = [sum(turn.tokens for turn in turns) for turns in (ours, peer)]
    return {
        "updates": sum(t.updates for t in ours) == sum(t.updates for t in peer),
        "tokens": abs(tokens[0] - tokens[1]) <= CLOSE * max(tokens),
        "loss": all(math.isfinite(turn.loss) for turn in (*ours, *peer)),
    }


def race(row: Row, formats: Sequence[str]) -> dict[str, Any]:
    """Measure a row in slices and return its figures.

    Parameters
    ----------
    row : Row
    formats : sequence of str
        The peer's number formats, the likely best one first.
    """
    ours: list[Turn] = []
    peer: list[Turn] = []
    by_turn = []
    others: dict[str, list[float]] = {"ours": [], "peer": []}
    for k in tqdm(range(SLICES), desc=row.name, file=sys.stderr):
        # Who begins changes, so that neither always comes first.
        for side in ("ours", "peer") if k % 2 == 0 else ("peer", "ours"):
            with watching_others(others[side]):
                if side == "ours":
                    ours.append(turn_of_ours(row, SEED + k))
                else:
                    best, rates = best_turn_of_peer(row, SEED + k, formats)
                    peer.append(best)
                    by_turn.append(
                        {"threads": best.threads, "format": best.number_format, "rates": rates}
                    )
    if max(statistics.median(cores) for cores in others.values()) > BUSY:
        print("Other programs were busy: measure again on a quiet machine.", file=sys.stderr)
    rate, peer_rate = (statistics.median(t.rate for t in turns) for turns in (ours, peer))
    both = (ours, peer)
    peer_format = statistics.mode(turn.number_format for turn in peer)
    figures = {
        "ratio": rate / peer_rate,
        "ours": rate,
        "peer": peer_rate,
        "peer_name": PEER,
        "peer_version": load_peer()[0].__version__,
        "peer_why": row.why,
        "peer_arguments": row.peer_arguments(peer_format)
        | {"attn_implementation": ATTENTION, "weights": "float32"},
        "peer_turns": by_turn,
        **arithmetic.noted(),
        "peer_format": peer_format,
        "unit": "prompts per second",
        "tokens": [sum(t.tokens for t in turns) for turns in both],
        "updates": [sum(t.updates for t in turns) for turns in both],
        "prompts": [sum(t.answers for t in turns) for turns in both],
        "loss": [statistics.mean(t.loss for t in turns) for turns in both],
        "reward": [statistics.mean(t.reward for t in turns) for turns in both],
        "same_work": same_work(*both),
        "tokens_per_second": [
            statistics.median(t.tokens / t.seconds for t in turns) for turns in both
        ],
        "slices": [[a.rate, b.rate] for a, b in zip(ours, peer, strict=True)],
        "slice_ratios": [a.rate / b.rate for a, b in zip(ours, peer, strict=True)],
        "ratio_of_fastest": max(t.rate for t in ours) / max(t.rate for t in peer),
        "others_cores": [list(pair) for pair in zip(*others.values(), strict=True)],
        "recipe": dataclasses.asdict(row.recipe),
        "exercises": row.functions.origin,
        "model": model.DEFAULT,
        "new_tokens": row.new_tokens,
        "learners": LEARNERS,
        "torch_threads": torch.get_num_threads(),
    }
    met = records.meets(row.command, figures)
    figures["ok"] = all(met.values()) and all(figures["same_work"].values())
    return figures


def rlhf(number_format: str | None = None) -> dict[str, Any]:
    """Measure prompts per second, answering and learning together; return the figures.

    Parameters
    ----------
    number_format : str, optional
        The format of both sides; if left out, the machine's for ours, and the peer's faster one.

    Returns
    -------
    dict
        The figures of PPO; below ``grpo`` those of GRPO, with the same keys and ``one_batch``
        (`rlhf_grpo.one_batch`). ``ok`` is whether both rows are.
    """
    from course.bench import rlhf_grpo  # it builds on this file

    arithmetic.force(number_format)
    load_peer()
    likely = arithmetic.number_format()
    formats = (
        [number_format]
        if number_format
        else sorted(arithmetic.FORMATS, key=lambda name: name != likely)
    )
    figures = race(prepare(), formats)
    row = rlhf_grpo.prepare()
    batch = rlhf_grpo.one_batch(row)
    second = race(row, formats) | {"one_batch": batch}
    second["ok"] &= rlhf_grpo.agree(batch)
    return figures | {"grpo": second, "ok": figures["ok"] and second["ok"]}
