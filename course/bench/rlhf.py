"""The benchmark ``rlhf``: our PPO against a trainer of ``trl``, prompts per second.

``trl`` has no PPO any more. The nearest of its trainers is ``GRPOTrainer``: on-line too, with a
clipped ratio for each token, a price for leaving the reference model and several updates for each
batch of answers. It has no critic, so in an update it trains one model where we train two. It wants
at least two answers to each prompt; so we answer each twice as well, and a prompt counts each time.

Both start from the same model and answer the same prompts in the same batches, with a KV cache; the
same reward model scores the answers; both hold the same weights of the policy still, and take the
same number of updates, which are counted, with weights in float32. Our arithmetic is in the
machine's number format (`course.lm.arithmetic`), the peer's in its faster one. The noise
that our recipe puts on names is on our side alone. The end of a text is a token that is never
drawn, so that all answers are equally long. Imports, set-up and warm-up are outside the timed part,
and nothing is logged, saved or evaluated.

The two take turns. On a busy machine PyTorch's threads wait for each other in every operation, and
with them the peer comes to a standstill, which would flatter us. So in each slice the peer takes a
turn with one thread and a turn with all, in each format, and the best one counts. Still, only a
quiet machine gives the true ratio: where cores are short, our two threads lose more than the peer's
one. What other programs took is measured too and printed.
"""

import contextlib
import copy
import dataclasses
import io
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

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
NEW_TOKENS = 24  # of each answer
GENERATIONS = 2  # answers to each prompt: the fewest that the peer takes
ATTENTION = "eager"  # the peer's faster one here: on CPUs the fused one is slow to learn with
PATIENCE = 1.2  # a turn of the peer that takes so much longer than its best one is stopped
BUSY = 0.2  # cores that others may take before we say that the machine isn't quiet
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


@dataclass(frozen=True)
class Job:
    """What both sides are given: models, prompts as tokens, and the recipe of one round."""

    mini: GPT2LMHeadModel
    tokenizer: PreTrainedTokenizerFast
    reward_model: model.RewardModel
    prompts: Sequence[Sequence[int]]
    recipe: ppo.Recipe

    @property
    def updates(self) -> int:
        """Return the updates after each batch of answers."""
        return self.recipe.epochs * self.recipe.batch // self.recipe.minibatch


@dataclass(frozen=True)
class Turn:
    """One timed turn: seconds, answers, tokens, updates, PyTorch's threads, number format."""

    seconds: float
    answers: int
    tokens: int
    updates: int
    threads: int
    number_format: str

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


def prepare() -> Job:
    """Return the job: the default model with an untrained reward model, and the prompts."""
    mini, tokenizer = model.load(model.DEFAULT)
    tokenizer = copy.deepcopy(tokenizer)  # The loaded one is shared by all.
    # A trained model never writes padding: with this as the end all answers are equally long.
    tokenizer.eos_token = tokenizer.pad_token
    mini.generation_config.eos_token_id = tokenizer.pad_token_id
    recipe = dataclasses.replace(ppo.Recipe(), iterations=WARM_UP + ROUNDS)
    count = recipe.iterations * recipe.batch // GENERATIONS
    examples = list(demonstrate.requests(count, "train", SEED))
    prompts = evals.chat_prompts(tokenizer, examples)
    return Job(mini, tokenizer, reward.new(mini, tokenizer, SEED), prompts, recipe)


def turn_of_ours(job: Job, functions: dict[str, Any], seed: int) -> Turn:
    """Train with our PPO and return its turn, without the warm-up."""
    policy = copy.deepcopy(job.mini)
    twice = [prompt for prompt in job.prompts for _ in range(GENERATIONS)]
    with counting(policy) as updates:
        for progress in ppo.train(
            policy, job.mini, job.reward_model, job.tokenizer, twice,
            recipe=job.recipe, seed=seed, new_tokens=NEW_TOKENS, **functions,
        ):  # fmt: skip
            now = (progress.seconds, progress.tokens, updates.count)
            if progress.iteration == WARM_UP:
                start = now
    seconds, tokens, steps = (b - a for a, b in zip(start, now, strict=True))
    counts = (int(tokens), int(steps), torch.get_num_threads())
    return Turn(seconds, ROUNDS * job.recipe.batch, *counts, arithmetic.number_format())


def peer_arguments(job: Job, number_format: str, seed: int = SEED) -> dict[str, Any]:
    """Return what ``GRPOConfig`` is given besides a folder that nothing is written to."""
    recipe = job.recipe
    return {
        "bf16": number_format == "bf16",
        "max_steps": job.updates * recipe.iterations,
        "per_device_train_batch_size": recipe.minibatch,
        "steps_per_generation": recipe.batch // recipe.minibatch,
        "num_iterations": recipe.epochs,
        "num_generations": GENERATIONS,
        "max_completion_length": NEW_TOKENS,
        "temperature": 1.0,
        "beta": recipe.kl_coef,
        "epsilon": recipe.clip,
        "learning_rate": recipe.lr_policy,
        "lr_scheduler_type": "constant",
        "gradient_checkpointing": False,
        "shuffle_dataset": False,
        "seed": seed,
        **PEER_ARGUMENTS,
    }


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
    job: Job, seed: int, threads: int, number_format: str, limit: float
) -> tuple[Turn | None, float]:
    """Train with the peer and return its turn, without the warm-up, and the seconds of all of it.

    The turn is None if it was stopped for taking more than `limit` seconds.
    """
    trl, datasets = load_peer()
    policy = copy.deepcopy(job.mini)
    policy.set_attn_implementation(ATTENTION)
    tokens = 0

    def score(
        completion_ids: Sequence[Sequence[int]], number: Sequence[int], **_: Any
    ) -> list[float]:
        nonlocal tokens
        tokens += sum(map(len, completion_ids))
        rows = [[*job.prompts[n], *c] for n, c in zip(number, completion_ids, strict=True)]
        return reward.score(job.reward_model, rows).tolist()

    before = torch.get_num_threads()
    table = {
        "prompt": job.tokenizer.batch_decode(job.prompts),
        "number": list(range(len(job.prompts))),
    }
    with (
        tempfile.TemporaryDirectory() as folder,
        counting(policy) as updates,
        freeze.Frozen(policy, job.tokenizer, job.recipe.freeze),
        quiet(),
    ):
        clock = Clock(WARM_UP * job.updates, limit, lambda: (tokens, updates.count))
        trainer = trl.GRPOTrainer(
            model=policy,
            reward_funcs=score,
            args=trl.GRPOConfig(output_dir=folder, **peer_arguments(job, number_format, seed)),
            train_dataset=datasets.Dataset.from_dict(table),
            processing_class=job.tokenizer,
            callbacks=[clock],
        )
        try:
            torch.set_num_threads(threads)
            trainer.train()
        finally:
            torch.set_num_threads(before)
    whole = clock.end[0] - clock.begin
    if clock.stopped:
        return None, whole
    seconds, written, steps = (b - a for a, b in zip(clock.start, clock.end, strict=True))
    counts = (int(written), int(steps), threads, number_format)
    return Turn(seconds, ROUNDS * job.recipe.batch, *counts), whole


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
    job: Job, seed: int, formats: Sequence[str]
) -> tuple[Turn, dict[str, float | None]]:
    """Return the peer's best turn, and its rates by how it ran (None for a turn that was stopped).

    The formats are tried in their order: give the likely best one first, for it stops the others.
    """
    turns, limit = {}, float("inf")
    for number_format in formats:
        for threads in sorted({1, torch.get_num_threads()}, reverse=True):
            turn, seconds = turn_of_peer(job, seed, threads, number_format, limit)
            turns[f"{number_format}, {threads} threads"] = turn
            limit = min(limit, PATIENCE * seconds)
    best = max((turn for turn in turns.values() if turn), key=lambda turn: turn.rate)
    return best, {how: turn.rate if turn else None for how, turn in turns.items()}


def rlhf(number_format: str | None = None) -> dict[str, Any]:
    """Measure prompts per second, answering and learning together; return the figures.

    Parameters
    ----------
    number_format : str, optional
        The format of both sides; if left out, the machine's for ours, and the peer's faster one.
    """
    arithmetic.force(number_format)
    trl, _ = load_peer()
    likely = arithmetic.number_format()
    formats = (
        [number_format]
        if number_format
        else sorted(arithmetic.FORMATS, key=lambda name: name != likely)
    )
    functions = exercises.load(*PPO)
    job = prepare()
    ours: list[Turn] = []
    peer: list[Turn] = []
    by_turn = []
    others: dict[str, list[float]] = {"ours": [], "peer": []}
    for k in tqdm(range(SLICES), desc="slices", file=sys.stderr):
        # Who begins changes, so that neither always comes first.
        for side in ("ours", "peer") if k % 2 == 0 else ("peer", "ours"):
            with watching_others(others[side]):
                if side == "ours":
                    ours.append(turn_of_ours(job, functions, SEED + k))
                else:
                    best, rates = best_turn_of_peer(job, SEED + k, formats)
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
        "peer_version": trl.__version__,
        "peer_why": WHY,
        "peer_arguments": peer_arguments(job, peer_format)
        | {"attn_implementation": ATTENTION, "weights": "float32"},
        "peer_turns": by_turn,
        **arithmetic.noted(),
        "peer_format": peer_format,
        "unit": "prompts per second",
        "tokens": [sum(t.tokens for t in turns) for turns in both],
        "updates": [sum(t.updates for t in turns) for turns in both],
        "prompts": [sum(t.answers for t in turns) for turns in both],
        "tokens_per_second": [
            statistics.median(t.tokens / t.seconds for t in turns) for turns in both
        ],
        "slices": [[a.rate, b.rate] for a, b in zip(ours, peer, strict=True)],
        "slice_ratios": [a.rate / b.rate for a, b in zip(ours, peer, strict=True)],
        "ratio_of_fastest": max(t.rate for t in ours) / max(t.rate for t in peer),
        "others_cores": [list(pair) for pair in zip(*others.values(), strict=True)],
        "recipe": dataclasses.asdict(job.recipe),
        "exercises": functions.origin,
        "model": model.DEFAULT,
        "new_tokens": NEW_TOKENS,
        "learners": LEARNERS,
        "torch_threads": torch.get_num_threads(),
    }
    figures["ok"] = all(records.meets("bench rlhf", figures).values())
    return figures
