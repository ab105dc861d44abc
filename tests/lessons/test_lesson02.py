"""Lesson 02 as people meet it: its demos run, and what its text promises holds in the record.

How the notebook is executed, and what every lesson has to do: tests/harness.py.
"""

import re

import pytest
from harness import EveryLesson, Lesson, text

from course import records

pytestmark = pytest.mark.slow

SPEC = Lesson(
    "02_transfer_learning",
    demos={
        "lineage-picture": {"text/html"},
        "demo-digits": {"image/png"},
        "demo-few-labels": {"text/html", "image/png"},
        "demo-loop": {"text/html"},
        "demo-nearest": {"text/html"},
        "demo-notes": {"text/html"},
        "demo-few-words": {"text/html", "image/png"},
        "demo-worth": {"text/html"},
        "facts-transfer": {"text/html"},
    },
    absent="torch",
    seconds=1,
)


WAYS = ("from scratch", "frozen", "all trained")  # of the loop on the page


class TestEveryLesson(EveryLesson):
    """What every lesson gets."""


def test_demos_say_what_is_missing_and_take_the_recorded_run(learned):
    assert "recorded run" in text(learned["answers"]["demo-few-labels"])
    for demo in ("demo-few-words", "demo-nearest"):
        assert "all-MiniLM-L6-v2 isn't on this computer yet" in text(learned["answers"][demo])
        assert "recorded run" in text(learned["answers"][demo])


def test_the_loop_runs_with_the_learners_own_step(learned):
    assert "answer it first" in text(learned["none"]["demo-loop"])
    said = text(learned["answers"]["demo-loop"])
    right = {way: int(re.search(rf"{way}: .* (\d+)% of new", said)[1]) for way in WAYS}
    loss = {way: float(re.search(rf"{way}: loss ([\d.]+) ", said)[1]) for way in WAYS}
    assert right["from scratch"] + 10 < min(right["frozen"], right["all trained"])
    assert loss["from scratch"] < loss["frozen"]


# What the text promises ----------------------------------------------------------------------


def test_with_few_labels_the_gain_of_both_transfers_is_plain():
    from course.stats import mean_interval

    pictures = records.read("transfer")["pictures"]
    at = pictures["labels"].index(pictures["watched"])
    for way in ("frozen", "full"):
        gains = [
            [t["accuracy"][way][at] - t["accuracy"]["scratch"][at]] for t in pictures["trials"]
        ]
        mean, half = mean_interval(gains)
        assert mean[0] - half[0] > 0.1


def test_frozen_features_win_with_few_labels_and_have_a_limit():
    from course.stats import mean_interval

    pictures = records.read("transfer")["pictures"]
    lines = {w: mean_interval([t["accuracy"][w] for t in pictures["trials"]])[0]
             for w in ("frozen", "full")}  # fmt: skip
    assert lines["frozen"][0] > lines["full"][0]
    assert lines["full"][-1] > lines["frozen"][-1]


def test_a_step_of_the_head_alone_costs_least():
    for trial in records.read("transfer")["pictures"]["trials"]:
        last = {way: course[-1][0] for way, course in trial["course"].items()}
        assert last["frozen"] < min(last["scratch"], last["full"])


def test_embeddings_save_labels_until_every_word_was_seen():
    import numpy as np

    found = records.read("transfer")["notes"]["accuracy"]
    words, babbage, minilm = (
        np.mean(found[w], axis=0) for w in ("words", "mini-babbage", "all-MiniLM-L6-v2")
    )
    assert words[0] + 0.1 < babbage[0]
    assert words[0] + 0.2 < minilm[0]
    assert minilm[-1] - words[-1] < 0.02


def test_the_kitten_is_nearer_to_the_cat_than_to_its_own_words():
    alike_in_meaning, alike_in_words, neither = records.read("transfer")["cosines"]
    assert alike_in_meaning > alike_in_words > neither
