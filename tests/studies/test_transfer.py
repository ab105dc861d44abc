"""Transfer with pictures and with notes: what is drawn by chance, what is frozen, what is shown."""

import re

import numpy as np
import pytest
import torch

from course import stats
from course.errors import CourseError
from course.real import catalogue
from course.show import l02_transfer as shown
from course.show import live
from course.stages import exercises
from course.studies import l02_digits as digits
from course.studies import l02_transfer as transfer
from course.world import notes, village


def test_a_note_s_frame_says_nothing_and_its_words_everything():
    written = notes.notes(200, 3)
    assert written == notes.notes(200, 3)
    assert written != notes.notes(200, 4)
    names, frames = list(notes.TOPICS), {}
    for text, topic in written:
        words = notes.TOPICS[names[topic]]
        found = [w for w in re.findall(r"\w+", text) if w in words]
        assert len(found) == 2
        plain = re.sub("|".join([*found, *village.PEOPLE]), "_", text)
        frames.setdefault(topic, set()).add(plain)
    assert all(len(some) == len(notes.FRAMES) for some in frames.values())
    assert len(set.union(*frames.values())) == len(notes.FRAMES), "a frame gives a topic away"
    assert [t for _, t in written].count(0) == 50
    every = [w for words in notes.TOPICS.values() for w in words]
    assert len(every) == len(set(every)), "a word belongs to two topics"


def test_old_and_new_classes_share_no_digit_and_a_picture_is_moved_whole():
    assert not set(digits.OLD) & set(digits.NEW)
    images, labels = digits.of_classes(digits.NEW)
    assert set(labels.tolist()) == {0, 1, 2}
    ground = digits.placed(images, torch.Generator().manual_seed(1))
    assert ground.shape == (len(images), digits.SIDE**2)
    assert torch.allclose(ground.sum(1), images.sum((1, 2)))
    tops = ground.reshape(-1, digits.SIDE, digits.SIDE).sum(2).gt(0).int().argmax(1)
    assert len(set(tops.tolist())) > 3


def small_task():
    chance = torch.Generator().manual_seed(2)
    images, labels = digits.of_classes(digits.NEW)
    x = digits.placed(images, chance)
    return (x[:30], labels[:30]), (x[300:400], labels[300:400])


@pytest.mark.parametrize("way", digits.WAYS)
def test_each_way_learns_and_leaves_the_given_features_alone(way):
    torch.manual_seed(3)
    features = digits.network(len(digits.OLD))[0]
    before = [p.clone() for p in features.parameters()]
    course = digits.learn(way, features, small_task()[0], small_task()[0], (1, 60), 1)
    assert [len(point) for point in course] == [2, 2]
    assert course[1][0] >= course[0][0]
    assert course[1][1] > 0.6, "30 pictures and 60 steps are enough to know them again"
    assert all(torch.equal(a, b) for a, b in zip(before, features.parameters(), strict=True))


def test_a_trial_has_a_value_for_every_way_and_number_of_labels():
    small = {"labels": (3, 24), "stops": (1, 2), "steps": 5, "pretraining": 5}
    trial = digits.trial(1, **small)
    assert list(trial.accuracy) == list(digits.WAYS)
    assert all(len(values) == 2 for values in trial.accuracy.values())
    assert all(0 <= a <= 1 for values in trial.accuracy.values() for a in values)
    assert digits.trial(1, **small).accuracy == trial.accuracy
    assert digits.trial(2, **small).accuracy != trial.accuracy


def test_token_vectors_of_our_base_model_beat_words_where_labels_are_few():
    found = transfer.sort_notes({"mini-babbage": transfer.token_vectors()}, 3, labels=(8, 128))
    words, vectors = (np.mean(found["accuracy"][w], axis=0) for w in ("words", "mini-babbage"))
    assert vectors[0] > words[0] + 0.1
    assert min(vectors[1], words[1]) > 0.9


def test_labels_are_drawn_evenly_and_anew_with_each_seed():
    topics = np.array([t for _, t in notes.notes(80, 1)])
    chosen = transfer.drawn(topics, 16, 1)
    assert np.bincount(topics[chosen]).tolist() == [4, 4, 4, 4]
    assert set(chosen) != set(transfer.drawn(topics, 16, 2))


def test_pooling_is_the_exercise_s_mean():
    try:
        loaded = exercises.load("02_transfer_learning", "masked_mean")
    except CourseError:
        pytest.skip("source/ isn't shipped here")
    hidden = torch.randn(3, 5, 4, generator=torch.Generator().manual_seed(1))
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [1, 0, 0, 0, 0]])
    mean = loaded["masked_mean"](hidden.numpy(), mask.numpy())
    ours = transfer.pooled(hidden, mask.float()).numpy()
    assert np.allclose(ours, mean / np.linalg.norm(mean, axis=1, keepdims=True), atol=1e-6)


def test_the_interval_of_a_mean_is_student_s():
    mean, half = stats.mean_interval([[1.0, 0.5], [2.0, 0.5], [3.0, 0.5]])
    assert mean == pytest.approx([2.0, 0.5])
    assert half == pytest.approx([4.302653 / 3**0.5, 0.0], rel=1e-5)
    assert stats.mean_interval([[0.5]])[1].tolist() == [0]


@pytest.mark.parametrize(
    ("target", "said"), [(0.7, "100"), (0.95, "more than 1000"), (0.2, "10"), (0.9, "1000")]
)
def test_labels_are_read_between_the_points(target, said):
    assert shown.reached([10, 1000], [0.5, 0.9], target) == said


@pytest.fixture
def said(monkeypatch):
    """Collect what a demo says and what it shows."""
    sentences, drawn = [], []
    for module in (shown, shown.sources, live):
        monkeypatch.setattr(module, "say", lambda text, origin="": sentences.append(text))
    monkeypatch.setattr(shown.style, "show", lambda *things: drawn.extend(things))
    return sentences, drawn


def test_a_stopped_demo_says_so_and_shows_the_recorded_run(said, monkeypatch):
    def stopped():
        yield digits.Trial(1)
        raise KeyboardInterrupt

    monkeypatch.setattr(transfer, "trials", stopped)
    assert len(shown.live_pictures().trials) == 1
    assert said[0][0] == "Stopped after seed 1 of 12. So here is the recorded run instead."
    assert len(said[1]) == 1


def test_no_seed_is_begun_that_would_not_end_in_time(monkeypatch):
    demo = shown.LivePictures(12.0)
    demo.done = 5
    for left, late in ((3.0, False), (1.0, True)):  # a seed takes about 2 seconds
        monkeypatch.setattr(live.Demo, "left", lambda self, left=left: left)
        assert demo.late() == late


def test_without_minilm_the_recorded_run_is_shown(said, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    assert shown.live_notes() is None
    assert catalogue.MINILM in said[0][0]
    assert "Here is the recorded run" in said[0][0]
    assert len(said[1]) == 1
    table = shown.nearest()
    assert "A young cat takes a nap." in table.text
