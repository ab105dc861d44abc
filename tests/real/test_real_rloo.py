"""A real model learns from a reward: advantages, returns, and that both runs move as they should.

The model is a tiny untrained one of SmolLM2's kind that knows our own tokens; the reward counts a
letter.
"""

import copy
import json
from dataclasses import replace

import numpy as np
import pytest
import tiny_llama
import torch

from course import paths
from course.real import tune
from course.show import l07_real as show
from course.stages.context import Run
from course.studies import l06_real_reward as kind
from course.studies import l07_real_rloo as real
from course.studies.registry import ALL

TEMPLATE = f"You know. {tiny_llama.MESSAGES}"


def reward(texts, told=()):
    return [text.count("a") / 4 - 1 for text in texts]


@pytest.fixture
def llama(monkeypatch):
    """Put the tiny model in SmolLM2's place."""
    model, tokenizer = tiny_llama.stand_in(monkeypatch, TEMPLATE)
    monkeypatch.setattr(kind, "NEW_TOKENS", 8)
    monkeypatch.setattr(kind, "shipped", lambda: reward)
    return model, tokenizer


def kl_penalised_rewards(score, logprobs, reference_logprobs, mask, beta):
    found = np.where(mask == 1, -beta * (logprobs - reference_logprobs), 0.0)
    found[:, 0] += score
    return found


def ppo_loss(new, old, advantages, mask, clip):
    inside = mask.bool()
    ratio = (new[inside] - old[inside]).exp()
    gain = advantages[inside]
    return -torch.minimum(ratio * gain, ratio.clamp(1 - clip, 1 + clip) * gain).mean()


def test_a_reply_s_advantage_leaves_itself_out():
    assert real.leave_one_out([1, 2, 6, 0, 0, 0], 3) == [-3, -1.5, 4.5, 0, 0, 0]


def test_a_return_is_the_score_less_the_price_of_the_kl():
    now, before = (
        [torch.tensor([-1.0, -2.0]), torch.tensor([-1.0])],
        [torch.zeros(2), torch.zeros(1)],
    )
    found = real.returns([1.0, 2.0], now, before, kl_penalised_rewards, 0.5)
    assert found == [1 + 0.5 * 3, 2 + 0.5]
    assert real.returns([1.0, 2.0], now, before, kl_penalised_rewards, 0.0) == [1, 2]


def test_a_rollout_s_log_probabilities_are_those_of_the_drawing(llama):
    model, tokenizer = llama
    rows, texts = real.drawn(model, tokenizer, ["Who is Ben?", "Where is Anna?"], 3)
    assert (rows, texts) == real.drawn(model, tokenizer, ["Who is Ben?", "Where is Anna?"], 3)
    for row, found in zip(rows, real.logprobs(model, rows), strict=True):
        with torch.no_grad():
            scores = model(torch.tensor([row.tokens])).logits[0, row.begin - 1 : -1]
        wanted = torch.tensor(row.tokens[row.begin :])
        all_of_them = (scores / kind.TEMPERATURE).log_softmax(1)
        assert torch.allclose(found, all_of_them.gather(1, wanted[:, None])[:, 0], atol=1e-4)


@pytest.fixture(scope="module")
def trained():
    """Return rollouts of a run without a price and of one with a high price."""
    tokenizer, model = tiny_llama.tokenizer(TEMPLATE), tiny_llama.model(num_key_value_heads=4)
    recipe = real.Recipe(rollouts=25, messages=2, group=6, passes=1, rate=2e-2)
    runs = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kind, "NEW_TOKENS", 8)
        for beta in (0.0, 2.0):
            adapted, seen = tune.adapt(copy.deepcopy(model), 1), {}
            steps = real.training(
                adapted, tokenizer, ["Who is Ben?", "Where is Anna?"], reward,
                replace(recipe, beta=beta), kl_penalised_rewards, ppo_loss, seen=seen,
            )  # fmt: skip
            done = list(steps)
            assert len(done) == recipe.steps
            assert [*seen] == [*range(1, recipe.rollouts + 1)]
            runs[beta] = [*seen.values()]
    return runs


def means(rollouts, key):
    return [np.mean([getattr(one, key) for one in some]) for some in rollouts]


def test_each_rollout_is_learned_in_parts_and_begins_at_the_reference(trained):
    for seen in trained.values():
        assert len(seen) == 25
        assert {len(some) for some in seen} == {12}
        assert means(seen, "kl")[0] == pytest.approx(0, abs=1e-3)


def test_the_reward_rises_and_a_price_keeps_the_policy_near(trained):
    free, priced = trained[0.0], trained[2.0]
    reward_of = means(free, "reward")
    assert np.mean(reward_of[-5:]) > np.mean(reward_of[:5]) + 0.2
    assert np.mean(means(free, "kl")[-5:]) > 3 * np.mean(means(priced, "kl")[-5:])


def test_repeated_words_are_counted():
    assert real.repeats("glad glad glad glad") == 0.75
    assert real.repeats("I am glad") == real.repeats("") == 0


def test_the_study_gives_all_its_figures(llama, monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "WORK", tmp_path)
    found = real.study(Run(1, quick=True, table=ALL))
    assert set(ALL["smollm2_ppo"].shown) <= set(found)
    assert len(found["free"]["curve"]) == real.QUICK.rollouts
    assert found["reward_gain"] == pytest.approx(
        found["priced"]["reward"] - found["untouched"]["reward"], abs=2e-3
    )
    json.dumps(found)


def test_the_real_model_learns_from_the_reward_live(llama, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_DEMO_SECONDS", "100")
    monkeypatch.setattr(show, "ROLLOUTS", 2)
    run = show.live_real_ppo(beta=0.5)
    assert run.done == run.planned == 2 * real.FULL.updates
    assert len(run.answers) == 2
    assert "replies to other messages went from" in capsys.readouterr().out


def test_a_price_that_makes_no_sense_is_one_sentence(llama, capsys):
    assert show.live_real_ppo(beta=-1) is None
    assert "Choose a β from 0 to 1" in capsys.readouterr().out
