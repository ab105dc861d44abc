"""The second row of the benchmark ``rlhf``: our GRPO on tiny programs against trl's trainer of it.

Here the peer is the same method, so both do the same: the shipped recipe's tasks, programs for each
task, updates, clip and price; the same evaluator runs the programs and is part of the time on both
sides. The start is fine-tuned first, as the stage ``grpo`` does. Where the recipe would leave out
groups without a spread, ours learns from them here, since the peer does (`grpo.Recipe.flat`): so
all groups count on both sides. A model ends its programs itself; so the tokens of the two sides
are equal up to the luck of the draws, and `rlhf.same_work` looks that they are.

All tasks have two steps and equally long prompts, for the peer's sake: where it pads a prompt it
spends time on that, and learns with GPT-2's places counted from the padding on. `one_batch` asks
both for the loss of one batch. One thing stays different: the peer divides by a deviation that
counts one program less, a factor and no work; so there both are given the same advantages. Left out
on purpose: the peer's generation by vLLM, which needs a GPU.
"""

import copy
import dataclasses
import math
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers import GPT2LMHeadModel

from course.bench.rlhf import ROUNDS, SEED, WARM_UP, Done, Row, peer_trainer, quiet
from course.lm import forward, model
from course.lm.data import encode
from course.stages import code, exercises, grpo, grpo_stage, programs
from course.stages.rollout import Rollout, rollout
from course.stages.stage import GRPO
from course.world import tasks
from course.world.tasks import Task

WHY = "trl's trainer of the same method"
MORE = 12  # times as many tasks are drawn as are needed, to have enough of one length
NOISE = 0.1  # how far a policy has moved where losses are compared, in deviations of each weight
AGREE = 1e-4  # by which the two losses, and the lengths of their gradients, may differ


@dataclass(frozen=True)
class Grpo(Row):
    """The row of GRPO."""

    name = "GRPO"
    command = "bench rlhf grpo"
    why = WHY
    new_tokens = code.NEW_TOKENS
    asked: Sequence[Task]

    @property
    def generations(self) -> int:
        """Return the programs for each task."""
        return self.recipe.group

    @property
    def batch(self) -> int:
        """Return the programs of a round."""
        return self.recipe.tasks * self.recipe.group

    @property
    def updates(self) -> int:
        """Return the updates after each round of programs."""
        return self.recipe.steps

    def train(self, policy: GPT2LMHeadModel, seed: int) -> Iterator[Done]:
        """Train with our GRPO."""
        tokens = 0
        for p in grpo.train(
            policy, self.mini, self.tokenizer, self.asked,
            recipe=self.recipe, seed=seed, **self.functions,
        ):  # fmt: skip
            tokens += round(p.length * len(p.programs))
            yield Done(p.iteration, p.seconds, tokens, p.loss, p.passing)

    def score(self, numbers: Sequence[int], answers: Sequence[Sequence[int]]) -> list[float]:
        """Run the programs, as our GRPO does."""
        texts = self.tokenizer.batch_decode(answers, skip_special_tokens=True)
        sources = [code.first_program(tasks.HEADER + text) for text in texts]
        values = [self.asked[n].values for n in numbers]
        return [float(v.right) for v in programs.judge(sources, tasks.INPUTS, values)]

    def own_arguments(self) -> dict[str, Any]:
        """Return our recipe in the peer's words."""
        recipe = self.recipe
        return {
            "per_device_train_batch_size": self.batch // recipe.steps,
            "steps_per_generation": recipe.steps,
            "num_iterations": 1,
            "loss_type": "grpo",
            "scale_rewards": "group",
            "beta": recipe.beta,
            "use_bias_correction_kl": False,
            "epsilon": recipe.clip,
            "learning_rate": recipe.lr,
            "lr_scheduler_type": "constant_with_warmup",
            "warmup_steps": grpo.WARM_UP * recipe.steps,
        }


def prepare() -> Grpo:
    """Return the row: the stage's start, its recipe with all groups, tasks of equal length."""
    mini, tokenizer = model.load(model.DEFAULT)
    start = grpo_stage.begun(mini, tokenizer, grpo_stage.START, SEED, quiet=True)
    start.generation_config.eos_token_id = tokenizer.eos_token_id
    recipe = dataclasses.replace(grpo.Recipe(), rounds=WARM_UP + ROUNDS, flat=True)
    drawn = grpo_stage.asked_for(dataclasses.replace(recipe, rounds=MORE * recipe.rounds), SEED)
    two = [task for task in drawn if len(task.steps) == 2]
    rows = encode(tokenizer, [task.prompt for task in two])
    ((length, _),) = Counter(map(len, rows)).most_common(1)
    kept = [i for i, row in enumerate(rows) if len(row) == length][: len(drawn) // MORE]
    asked, prompts = [two[i] for i in kept], [[tokenizer.eos_token_id, *rows[i]] for i in kept]
    return Grpo(start, tokenizer, prompts, recipe, exercises.load(*GRPO), asked)


def one_batch(row: Grpo, seed: int = SEED) -> dict[str, list[float]]:
    """Return what both sides make of one batch, as pairs (ours, the peer's), in float32.

    The batch is a round of programs that the start writes, with drawn advantages. The policy that
    learns from it has moved from the start, so that clip and price have something to do.

    Returns
    -------
    dict
        ``loss``, and ``gradient``: the length of its gradient.
    """
    chance = torch.Generator().manual_seed(seed)
    kept = forward.weights(row.mini)
    with torch.no_grad():
        batch = rollout(
            row.mini, kept, row.prompts, grpo.next_tasks(row.prompts, 0, row.recipe),
            end=row.tokenizer.eos_token_id, pad=row.tokenizer.pad_token_id,
            new_tokens=row.new_tokens, seed=seed,
        )  # fmt: skip
        batch = dataclasses.replace(
            batch,
            ref_logprobs=grpo.reference_logprobs(kept, batch),
            advantages=torch.randn(row.batch, generator=chance),
        )
        moved = copy.deepcopy(row.mini).eval()
        for p in moved.parameters():
            step = torch.randn(p.shape, generator=chance)
            p += NOISE * (p.std() if p.numel() > 1 else 0.0) * step
    found = [
        value_and_length(side(row, copy.deepcopy(moved), batch))
        for side in (loss_of_ours, loss_of_peer)
    ]
    losses, lengths = zip(*found, strict=True)
    return {"loss": list(losses), "gradient": list(lengths)}


def agree(pairs: dict[str, list[float]]) -> bool:
    """Tell whether the two sides make the same of one batch."""
    return all(math.isclose(*pair, rel_tol=AGREE) for pair in pairs.values())


def value_and_length(found: tuple[Tensor, GPT2LMHeadModel]) -> tuple[float, float]:
    """Return a loss and the length of its gradient."""
    loss, policy = found
    loss.backward()
    gradients = [p.grad.norm() for p in policy.parameters() if p.grad is not None]
    return loss.item(), torch.stack(gradients).norm().item()


def loss_of_ours(
    row: Grpo, policy: GPT2LMHeadModel, batch: Rollout
) -> tuple[Tensor, GPT2LMHeadModel]:
    """Return our loss of a batch."""
    part = grpo.MicroBatch(batch, forward.weights(policy))
    return grpo.loss(part, row.functions["grpo_loss"], row.recipe)[0], policy


def loss_of_peer(
    row: Grpo, policy: GPT2LMHeadModel, batch: Rollout
) -> tuple[Tensor, GPT2LMHeadModel]:
    """Return the peer's loss of a batch."""
    assert batch.ref_logprobs is not None
    pad = row.tokenizer.pad_token_id
    prompt = torch.tensor([row.prompts[i] for i in batch.requests])  # (programs, equal length)
    rows = [torch.tensor(row) for row in batch.responses]
    answers = pad_sequence(rows, batch_first=True, padding_value=pad)  # (programs, longest)
    first, longest = prompt.shape[1] - 1, answers.shape[1]
    lengths = torch.tensor(list(map(len, batch.responses)))[:, None]
    inputs = {
        "prompt_ids": prompt,
        "prompt_mask": torch.ones_like(prompt),
        "completion_ids": answers,
        "completion_mask": (torch.arange(longest) < lengths).long(),
        "advantages": batch.advantages,
        "old_per_token_logps": batch.logprobs[:, first : first + longest],
        "ref_per_token_logps": batch.ref_logprobs[:, first : first + longest],
    }
    with tempfile.TemporaryDirectory() as folder, quiet():
        trainer = peer_trainer(row, policy, folder, "float32", SEED, lambda **_: [])
        policy.eval()
        return trainer.compute_loss(trainer.model, inputs), policy
