"""A reward that reads the message: the labeler's rule, the products, and a small study."""

import hashlib
import json

import numpy as np
import pytest
import tiny_llama
import torch

from course import paths, records
from course.show import l07_real as show
from course.stages.context import Run
from course.studies import l02_transfer
from course.studies import l06_real_reward as kind
from course.studies import l07_real_reading as real
from course.studies.registry import ALL

GOOD, BAD = "I passed my driving test.", "I lost my keys today."


def vectors(texts):
    """Return vectors of meaning: whether it is good news, whether a reply is glad, or sorry."""
    news, rows = kind.news(), []
    for text in texts:
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
        row = 0.02 * np.random.default_rng(seed).normal(size=384)
        row[0] = (1 if news[text] else -1) if text in news else 0
        row[1:3] = ["glad" in text, "sorry" in text]
        rows.append(row / 2)
    return np.array(rows)


def reward_loss(rewards, order):
    better, worse = rewards.gather(1, order).unbind(1)
    return -torch.nn.functional.logsigmoid(better - worse).mean()


def test_the_labeler_minds_the_news():
    assert kind.news()[GOOD]
    assert not kind.news()[BAD]
    assert real.score(GOOD, "I am glad. Congratulations!") == 2
    assert real.score(BAD, "I am glad. Congratulations!") == -2
    assert real.score(BAD, "I am so sorry. I hope you find it.") == 3
    assert real.score(GOOD, "I am so sorry. I hope you find it.") == -1
    assert real.score(GOOD, "amazing, awesome, great, lovely") == kind.MOST
    assert real.score(BAD, "I am happy to help you.") == 1
    assert real.score(GOOD, "1.\n2. Some words and words and words") == -5
    assert real.wins(BAD, "Sorry.", "Great.") == 1
    assert real.wins(GOOD, "Sorry.", "Great.") == 0
    assert real.wins(GOOD, "Yes.", "No.") == 0.5


def test_each_message_has_its_news():
    told = kind.messages("train") + kind.messages("test")
    assert [*kind.news()] == told
    for split in ("train", "test"):
        share = np.mean([kind.news()[m] for m in kind.messages(split)])
        assert 0.3 < share < 0.7


def test_choices_are_noisy_and_of_mixed_replies_too():
    own, more = real.chosen("train"), real.chosen("train", 2000)
    assert more[: len(own)] == own
    assert len(more) == len(own) + 2000
    assert {one.message for one in more} <= {*kind.messages("train")}
    clear = [one.taken == (one.gap > 0) for one in more if one.gap]
    assert 0.7 < np.mean(clear) < 0.95
    given = kind.replies("train")
    assert np.mean([one.first in given[one.message] for one in more[len(own) :]]) < 0.1


def test_products_let_the_news_turn_the_sign_of_a_word():
    choices = real.chosen("train", 3000)
    reward = real.trained(real.Features(vectors), choices, reward_loss, kind.Recipe(calm=3e-3))
    assert reward.reads() == 1
    told = kind.messages("test")
    replies = kind.replies("test")
    all_of_them = reward([r for m in told for r in replies[m]], [m for m in told for _ in "1234"])
    assert np.mean(all_of_them) == pytest.approx(0, abs=1e-4)
    assert np.std(all_of_them, ddof=1) == pytest.approx(1, abs=1e-4)
    plain = real.Reward(reward.features, reward.head.clone())
    plain.head[384:] = 0  # without the products it can't know
    assert plain.reads() == pytest.approx(0.5, abs=0.1)


def test_the_study_gives_all_its_figures_and_they_are_shown(monkeypatch, tmp_path, capsys):
    tiny_llama.stand_in(monkeypatch, f"You know. {tiny_llama.MESSAGES}")
    monkeypatch.setattr(kind, "NEW_TOKENS", 8)
    monkeypatch.setattr(real, "MORE", 500)
    monkeypatch.setattr(l02_transfer, "minilm", lambda: vectors)
    monkeypatch.setattr(paths, "WORK", tmp_path)
    found = real.study(Run(1, quick=True, table=ALL))
    assert {*ALL["smollm2_reading"].shown} <= {*found}
    assert len(found["reading"]["curve"]) == real.QUICK.policy.rollouts
    assert found["untouched"]["good"] + found["untouched"]["bad"] == found["replies"]
    json.dumps(found)


def test_the_recorded_run_shows_what_the_lesson_says():
    found = records.read("smollm2_reading")
    assert found["win"] == found["reading"]["win"]
    assert found["reading"]["good_glad"] > 2 * found["reading"]["bad_glad"]
    assert found["reading"]["bad_sorry"] > 3 * found["reading"]["good_sorry"]
    assert found["reward_model"]["reads"] > 0.85


def test_the_picture_says_its_shares(capsys):
    found = records.read("smollm2_reading")
    alt = show._news(found).alt
    assert f"say “sorry” {found['reading']['bad_sorry']:.0%}" in alt
