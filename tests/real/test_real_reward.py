"""A reward model on a real model's replies: the labeler's rule, the choices, and what is measured.

In MiniLM's place is a count of a few words, so that what is learned can be foreseen.
"""

import json
import math

import numpy as np
import pytest
import torch

from course import paths, records
from course.real import catalogue, tune
from course.show import l06_real as show
from course.show import labeling
from course.stages.context import Run
from course.studies import l02_transfer
from course.studies import l06_real_reward as real
from course.studies.registry import ALL

COUNTED = ("glad", "sorry", "you", "the")
KIND = "I'm so glad for you, that is great news!"


def counts(texts):
    return np.array([[float(real.words(t).count(w)) for w in COUNTED] for t in texts])


@pytest.fixture
def no_minilm(monkeypatch):
    monkeypatch.setattr(l02_transfer, "minilm", lambda: counts)
    monkeypatch.setattr(tune, "source", lambda: "wheel")


def reward_loss(rewards, order):
    ranked = rewards.gather(1, order)
    return -torch.nn.functional.logsigmoid(ranked[:, 0] - ranked[:, 1]).mean()


@pytest.mark.parametrize(
    ("reply", "points"),
    [
        (KIND, 3),
        ("", 0),
        ("The exam is a test of knowledge.", 0),
        ("Glad, happy, proud, great, lovely and wonderful", 3),
        ("glad glad glad, you", -1),
        ("1. be glad\n2. be happy", 0),
        ("**You** win", -1),
    ],
)
def test_the_rule_counts_warm_words_lists_and_repetitions(reply, points):
    assert real.score(reply) == points


def test_the_rule_prefers_the_kinder_reply():
    assert (real.wins(KIND, ""), real.wins("", KIND), real.wins(KIND, KIND)) == (1, 0, 0.5)
    assert real.chance(KIND, KIND) == 0.5
    assert real.chance(KIND, "") == pytest.approx(1 / (1 + math.exp(-3 * real.SLOPE)))


def test_held_out_pairs_are_about_other_messages_and_all_pairs_have_a_choice():
    assert not set(real.messages("train")) & set(real.messages("test"))
    for split in ("train", "test"):
        rows = real.pairs(split)
        assert len({p["pair"] for p in rows}) == len(rows) == len(real.choices(split))
        assert {p["request"] for p in rows} == set(real.messages(split))
        assert all(p["answer_a"] != p["answer_b"] for p in rows)
    assert real.choices("train") | real.choices("test") == real.choose()
    first = real.pairs("train")[: len(real.messages("train")) // 2]
    assert len({p["request"] for p in first}) == len(first), "the desk begins with all messages"


def test_the_ceiling_is_the_mean_chance_of_the_likelier_choice():
    even = {"answer_a": KIND, "answer_b": KIND}
    clear = {"answer_a": "", "answer_b": KIND}
    assert real.ceiling([even]) == 0.5
    assert real.ceiling([even, clear]) == pytest.approx((0.5 + real.chance(KIND, "")) / 2)


def test_the_head_learns_what_the_choices_say():
    texts = ["I'm glad", "the", "glad you", "the the"]
    rows = [
        {"pair": f"{a}{b}", "answer_a": texts[a], "answer_b": texts[b]}
        for a, b in ((0, 1), (1, 2), (0, 3))
    ]
    data = real.compared(rows, {"01": True, "12": False, "03": True}, counts)
    head = torch.zeros(len(COUNTED))
    done = list(real.training(head, data, reward_loss, real.FULL))
    assert done[0].loss == pytest.approx(math.log(2), abs=1e-4)
    assert done[-1].loss < 0.3
    assert data.accuracy(head) == [1, 1, 1]
    assert data.accuracy(torch.zeros(len(COUNTED))) == [0.5, 0.5, 0.5]
    assert head[COUNTED.index("glad")] > 0 > head[COUNTED.index("the")]


def test_a_reward_has_the_scale_of_the_untouched_replies_and_says_what_words_add():
    reward = real.scaled(torch.tensor([1.0, 0.0, 0.0, -1.0]), counts)
    held = reward([t for some in real.replies("test").values() for t in some])
    assert np.mean(held) == pytest.approx(0, abs=1e-4)
    assert np.std(held, ddof=1) == pytest.approx(1, abs=1e-4)
    found = dict(real.effects(reward, "glad of the day"))
    assert found["glad"] > 0 > found["the"]
    assert found["of"] == found["day"] == 0
    ordered = real.moving_words(reward, ["glad the of"] * 3 + ["sorry"])
    assert [row[0] for row in ordered] == ["glad", "of", "the"], "sorry is there too seldom"


def test_the_study_gives_all_its_figures(no_minilm):
    found = real.study(Run(1, quick=True, table=ALL))
    assert set(ALL["smollm2_reward"].shown) <= set(found)
    assert 0.5 < found["agreement"] <= found["ceiling"] + 0.1
    json.dumps(found)


def test_the_shipped_reward_is_the_recorded_head():
    head = records.read("smollm2_reward")["head"]
    reward = real.shipped(lambda texts: np.eye(len(head))[: len(texts)])
    values = reward(["a", "b"])
    assert values[0] - values[1] == pytest.approx((head[0] - head[1]) / reward.deviation, rel=1e-4)


def test_a_learner_s_own_labels_are_learned_from(no_minilm, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(paths, "WORK", tmp_path)
    monkeypatch.setenv("COURSE_DEMO_SECONDS", "30")
    desk = show._labels()
    for _ in range(show.LEAST):
        pair = desk.current
        desk.choose("A" if "the" in real.words(pair["answer_a"]) else "B")  # an odd taste
    assert labeling.own_file(show.FILE).exists()
    run = show.live_real_reward(["the glad", "  "])
    said = capsys.readouterr().out
    assert f"Taken: your own {show.LEAST} labels" in said
    assert run.own
    assert len(run.data.order) == show.LEAST
    assert run.points[0][1] == 0.5
    assert run.head[COUNTED.index("the")] > 0, "the odd taste was learned"


def test_without_labels_the_recorded_choices_are_taken(no_minilm, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(paths, "WORK", tmp_path)
    monkeypatch.setenv("COURSE_DEMO_SECONDS", "30")
    run = show.live_real_reward()
    assert "the recorded choices" in capsys.readouterr().out
    assert run.done == run.planned
    assert run.points[-1][1] > run.points[0][1] == 0.5
    assert run.curve[0][1] == pytest.approx(math.log(2), abs=1e-3)


def test_without_minilm_the_record_is_named(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(paths, "cache", lambda: tmp_path)
    assert show.live_real_reward() is None
    said = capsys.readouterr().out
    assert f"{catalogue.MINILM} isn't on this computer yet" in said
    assert "The recorded reward model agrees with" in said
