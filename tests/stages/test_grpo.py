"""GRPO on tiny programs: what is rewarded, what teaches, and what the record says of it."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from course import paths, records
from course.errors import CourseError
from course.lm import model
from course.lm import tokenizer as tok
from course.show import l09_grpo as shown
from course.stages import exercises, grpo, grpo_stage
from course.stages import run as lineage
from course.stages.context import Run
from course.stages.rollout import laid_out
from course.stages.stage import GRPO, LINEAGE
from course.world import tasks

pytestmark = pytest.mark.slow

TINY = grpo.Recipe(rounds=2, tasks=4, group=4)
FIVE, TIMES = (tasks.Task(((words, n),)) for words, n in (("add {}", 5), ("times {}", 7)))


def plain_advantages(rewards):
    beside = rewards - rewards.mean(1, keepdims=True)
    spread = rewards.std(1, keepdims=True)
    size = rewards.shape[1]
    return beside / np.where(spread > 0, spread, 1.0), beside * size / (size - 1)


def plain_loss(new, old, reference, advantages, mask, clip, beta):
    ratio, away = (new - old).exp(), reference - new
    gain = advantages[:, None]
    surrogate = torch.minimum(ratio * gain, ratio.clamp(1 - clip, 1 + clip) * gain)
    each = (surrogate - beta * (away.exp() - away - 1)) * mask
    return -(each.sum(1) / mask.sum(1)).mean()


@pytest.fixture(scope="module")
def tokenizer():
    return tok.load()


@pytest.fixture
def mini():
    return model.load("mini-ada")[0]


def rollout_of(tokenizer, asked, sources):
    """Return programs as if a policy had written them."""
    end = tokenizer.eos_token_id
    prompts = [[end, *tokenizer(task.prompt)["input_ids"]] for task in asked]
    bodies = [source.removeprefix(tasks.HEADER) for source in sources]
    answers = [[*tokenizer(body)["input_ids"], end] for body in bodies]
    chances = [[-1.0] * len(answer) for answer in answers]
    return laid_out(range(len(asked)), prompts, answers, chances, tokenizer.pad_token_id)


def test_a_program_may_pass_the_visible_case_and_be_wrong(tokenizer):
    asked = [TIMES, TIMES, FIVE, FIVE]
    bodies = ["x * 7", "x * 3", "x + 5", "x * 5"]
    sources = [f"{tasks.HEADER}\n    return {body}\n" for body in bodies]
    batch = rollout_of(tokenizer, asked, sources)
    found = grpo.judged(batch, tokenizer, asked, (0,))
    assert [p.source for p in found] == sources
    assert [p.passes for p in found] == [True, True, True, False]
    assert [p.right for p in found] == [True, False, True, False]
    everywhere = grpo.judged(batch, tokenizer, asked, grpo.ALL)
    assert [p.passes for p in everywhere] == [p.right for p in everywhere] == [True, False] * 2
    odd = grpo_stage.odd(
        grpo.Progress(1, 1, 0.0, 0.5, 0.5, 0.0, 0.0, 9.0, 0.0, (*found, found[1])), asked
    )
    assert odd == [{"task": "times 7", "returns": "x * 3", "times": 2}]


def test_groups_without_a_spread_and_each_kind_of_advantage(tokenizer, mini):
    asked = [FIVE] * 4
    good, bad = (f"{tasks.HEADER}\n    return x + {n}\n" for n in (5, 6))
    batch = rollout_of(tokenizer, asked, [good, bad, good, good])
    recipe = replace(TINY, group=2)
    written = grpo.judged(batch, tokenizer, asked, grpo.ALL)
    kept = grpo.forward.weights(mini)
    expected = {"group": [1, -1, 0, 0], "others": [1, -1, 0, 0], "mean": [0.5, -0.5, 0, 0]}
    for kind, right in expected.items():
        own = replace(recipe, advantages=kind)
        found, flat = grpo.evaluated(batch, written, kept, plain_advantages, own)
        assert found.advantages.tolist() == right
        assert flat.tolist() == [False, True]
    short = replace(recipe, brevity=0.01)
    _, flat = grpo.evaluated(batch, written, kept, plain_advantages, short)
    assert flat.tolist() == [False, True]  # equally long
    assert (found.ref_logprobs[batch.mask.bool()] < 0).all()


def test_the_policy_learns_and_the_reference_stays(tokenizer, mini):
    policy, before = copy.deepcopy(mini), copy.deepcopy(mini.state_dict())
    asked = tasks.tasks(8, "train", 3)
    # Nothing that mini-ada writes passes: the form of a program is asked for here.
    done = []

    def lengths(rewards):
        done.append(rewards.shape)
        return plain_advantages(rewards)

    steps = list(
        grpo.train(
            policy, mini, tokenizer, asked, group_advantages=lengths, grpo_loss=plain_loss,
            recipe=TINY,
        )
    )  # fmt: skip
    assert done == [(4, 4)] * 2
    assert [p.iteration for p in steps] == [1, 2]
    assert all(p.flat == 1.0 and p.loss == 0.0 and not p.metrics for p in steps)
    assert all(torch.equal(mini.state_dict()[key], value) for key, value in before.items())
    assert all(torch.equal(policy.state_dict()[key], value) for key, value in before.items())


def test_what_passes_becomes_more_likely(tokenizer, monkeypatch, mini):
    """A stand-in for the evaluator likes long programs."""

    def liked(batch, tokenizer, asked, cases):
        sources = grpo.sources_of(batch, tokenizer)
        return tuple(
            grpo.Program(i, s, len(s) > 30, False)
            for i, s in zip(batch.requests, sources, strict=True)
        )

    monkeypatch.setattr(grpo, "judged", liked)
    recipe = replace(TINY, rounds=12, tasks=8, group=8)
    steps = list(
        grpo.train(
            copy.deepcopy(mini), mini, tokenizer, tasks.tasks(8, "train", 3),
            group_advantages=plain_advantages, grpo_loss=plain_loss, recipe=recipe,
        )
    )  # fmt: skip
    assert steps[-1].passing > steps[0].passing + 0.2
    assert steps[0].kl == pytest.approx(0, abs=0.3)
    assert {"clip_fraction", "gradient_norm"} <= set(steps[0].metrics)


def test_tasks_come_in_order_and_begin_again():
    prompts = [[0] * n for n in (5, 3, 4)]
    recipe = replace(TINY, tasks=2, group=2)
    assert grpo.next_tasks(prompts, 0, recipe) == [1, 1, 0, 0]
    assert grpo.next_tasks(prompts, 1, recipe) == [2, 2, 0, 0]


def test_no_program_of_the_test_is_learned_from():
    learned = grpo_stage.asked_for(grpo.Recipe(), 1)
    tested = tasks.tasks(200, "test", grpo_stage.TESTED)
    assert not {t.source for t in learned} & {t.source for t in tested}
    assert {t.split for t in learned} == {"train"}


@pytest.mark.skipif(not paths.SOURCE.exists(), reason="source/ isn't shipped here")
def test_the_exercises_agree_with_plain_functions():
    given = exercises.load(*GRPO)
    rewards = np.array([[1.0, 0.0, 0.0, 1.0], [1.0, 1.0, 1.0, 1.0]])
    for mine, theirs in zip(
        given["group_advantages"](rewards), plain_advantages(rewards), strict=True
    ):
        assert mine == pytest.approx(theirs)
    chance = torch.Generator().manual_seed(1)
    new, old, reference = (-torch.rand(3, 5, generator=chance) for _ in range(3))
    args = (torch.tensor([1.0, -1.0, 0.3]), torch.ones(3, 5, dtype=torch.long), 0.2, 0.1)
    assert given["grpo_loss"](new, old, reference, *args) == pytest.approx(
        plain_loss(new, old, reference, *args)
    )


def test_seeds_repeat_grpo_alone(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "WORK", tmp_path)
    seen = []

    def stage(run: Run):
        seen.append((run.seed, run.seeded))
        return {"gain": 0.2 if run.seed < 3 else 0.0, "computing": 10.0, "seconds": 20.0}

    fake = replace(LINEAGE["grpo"], work=lambda: grpo_stage.Work(stage))
    result = lineage.run(LINEAGE | {"grpo": fake}, stage="grpo", seeds=3)
    assert seen == [(1, True), (2, True), (3, True)]
    assert result.share == pytest.approx(2 / 3)
    assert result.targets["seeds"] == {"grpo_share": False}
    assert records.read("seeds-grpo", folder=tmp_path / "runs")["seeds"][2]["missed"] == ["gain"]
    with pytest.raises(CourseError, match="--stage grpo"):
        lineage.run(stage="sft", seeds=2)


# The record ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def record():
    return records.read("mini-grpo")


def test_the_record_meets_the_targets(record):
    assert all(records.meets("lineage grpo", record).values())


def test_the_three_rewards_differ_in_nothing_else(record):
    recipes = [{**game["recipe"], "cases": 0, "brevity": 0} for game in record["gaming"]]
    assert recipes[0] == recipes[1] == recipes[2]
    assert [game["words"] for game in record["gaming"]] == list(grpo_stage.GAMING)


def test_the_gap_is_there_for_one_case_with_brevity_alone(record):
    gaps = {game["words"]: game["passing"] - game["right"] for game in record["gaming"]}
    assert gaps["one case, short programs earn more"] > 0.1
    assert gaps["one case"] < 0.02
    assert gaps["all cases, short programs earn more"] == 0


def test_its_pictures_say_what_is_in_the_record(record):
    for drawn in (shown.course_of(record), shown.tries(record), shown.gaming(record)):
        assert drawn.png(1.0)[:4] == b"\x89PNG"
        assert "%" in drawn.alt
    assert f"{record['pass_at_1']:.2f}" in shown.tries_in_words(record)
    assert "are right" in shown.gaming_in_words(record)
    assert "RLOO" in shown.advantage_ways(record).text
    assert "instead of" in shown.gaming_programs(record).text
