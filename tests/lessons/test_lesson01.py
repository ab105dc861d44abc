"""Lesson 01 as people meet it: its demos run, and what its text promises holds in the records.

How the notebook is executed, and what every lesson has to do: tests/harness.py.
"""

import pandas as pd
import pytest
from harness import EveryLesson, Lesson, text

from course import paths, records

pytestmark = pytest.mark.slow

SPEC = Lesson(
    "01_pretraining",
    demos={
        "lineage-picture": {"text/html"},
        "demo-tokens-english-korean": {"text/html"},
        "demo-train-live": {"text/html", "image/png"},
        "demo-text-at-steps": {"text/html"},
        "demo-model-size-circles": {"text/html", "image/png"},
        "demo-next-token-probabilities": {"text/html", "image/png"},
        "demo-continue-a-question": {"text/html"},
        "facts-gpt3-training": {"text/html"},
        "demo-loss-against-size": {"text/html", "image/png"},
        "demo-recall-by-frequency": {"text/html", "image/png"},
    },
    loud=frozenset({"lineage-picture", "demo-overflow"}),
    absent="torch",
)


class TestEveryLesson(EveryLesson):
    """What every lesson gets."""


def test_demos_say_what_is_missing_and_take_the_next_best(learned):
    said = text(learned["none"]["demo-tokens-english-korean"])
    assert "SmolLM2-135M-Instruct isn't on this computer yet" in said
    assert "tokenizer of mini-babbage" in said


# What the text promises ----------------------------------------------------------------------


def test_larger_models_of_the_sweep_do_not_over_fit():
    points = sorted(records.read("sweep")["points"], key=lambda p: p["parameters"])
    losses = [p["loss"] for p in points]
    assert len(losses) == 6
    assert losses == sorted(losses, reverse=True)


def test_the_third_size_of_the_sweep_is_ada_and_goes_on_falling():
    sweep, ada = records.read("sweep"), records.read("mini-ada")
    third = sorted(sweep["points"], key=lambda p: p["parameters"])[2]
    assert third["parameters"] == ada["parameters"]
    assert ada["recipe"]["tokens"] > sweep["tokens"]
    assert ada["loss"] < min(p["loss"] for p in sweep["points"])


def test_no_exponent_between_two_sizes_holds_for_all():
    from course.show import sizes

    sweep = records.read("sweep")
    points = sorted(sweep["points"], key=lambda p: p["parameters"])
    between = sizes.slopes(
        [p["parameters"] for p in points], [p["loss"] - sweep["entropy"] for p in points]
    )
    assert max(between) > 1.5 * min(between), "the text says that the points lie on no line"


def test_rare_facts_are_missing_after_a_short_training_only():
    largest = max(records.read("sweep")["points"], key=lambda p: p["parameters"])
    groups = [g["recall"] for g in largest["recall_by_frequency"]]
    assert groups[0] < 0.5 < groups[-1]
    for name in ("mini-ada", "mini-babbage", "mini-curie", "mini-davinci"):
        assert records.read(name)["recall"] > 0.95


def test_the_longer_run_comes_close_to_the_entropy_and_no_lower():
    run = records.read("mini-babbage")
    assert run["entropy"] - 2 * run["error"] < run["loss"] < 1.05 * run["entropy"]


def test_a_base_model_usually_goes_on_with_questions(learned):
    said = text(learned["none"]["demo-continue-a-question"])
    line = next(line for line in said.splitlines() if "another question or request" in line)
    assert int(line.split(": ")[1].split(" of ")[0]) > 50


def test_every_size_of_gpt3_has_one_number_of_tokens():
    table = pd.read_csv(paths.DATA / "family" / "gpt3_training.csv")
    assert list(table["quantity"]).count("training tokens of every GPT-3") == 1
