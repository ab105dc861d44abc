"""Lesson 01 as people meet it: its demos run, and what its text promises holds in the records.

How the notebook is executed, and what every lesson has to do: tests/harness.py.
"""

import math
import re

import numpy as np
import pandas as pd
import pytest
from harness import EveryLesson, Lesson, load, text

from course import paths, records

pytestmark = pytest.mark.slow

SPEC = Lesson(
    "01_pretraining",
    demos={
        "lineage-picture": {"text/html"},
        "demo-tokens-english-korean": {"text/html"},
        "demo-train-live": {"text/html", "image/png"},
        "demo-text-at-steps": {"text/html"},
        "demo-loop": {"text/html", "image/png"},
        "demo-loop-gpt": {"text/html", "image/png"},
        "demo-model-size-circles": {"text/html", "image/png"},
        "demo-next-token-probabilities": {"text/html", "image/png"},
        "demo-continue-a-question": {"text/html"},
        "demo-choices": {"text/html"},
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
    said = text(learned["none"]["demo-next-token-probabilities"])
    assert "SmolLM2-135M-Instruct isn't on this computer yet" in said
    assert "tokens share nine tenths of the probability" in said


def cell(name):
    return next(c for c in load(SPEC.name).cells if c.id == name).source


def defined(name):
    """Return what the cell `name` and the imports define, without running its checks."""
    source = cell(name)
    space = {"np": np}
    hidden = re.findall(r"(?s)### BEGIN HIDDEN TESTS\n(.*?)### END HIDDEN TESTS", source)
    exec(hidden[0] if hidden else source, space)
    return space


# The loops on the page ------------------------------------------------------------------------


def test_the_loop_runs_with_ones_own_functions_or_with_ours(learned):
    said = text(learned["answers"]["demo-loop"])
    assert "This runs with your own next_token_batch and train_step." in said
    said = text(learned["none"]["demo-loop"])
    assert "train_step isn't answered yet, so the course's own does its work." in said
    curves = [
        re.search(r"from 7.05 to (\d.\d\d) nats", text(learned[who]["demo-loop"]))
        for who in ("answers", "none")
    ]
    assert curves[0][1] == curves[1][1], "the course's own functions do the same"


def test_a_wrong_function_is_not_trained_with(capsys):
    from course.show import l01_loop

    def train_step(table, x, y, rate):
        return table + rate, 0.0

    (taken,) = l01_loop.own_or_ours(train_step)
    assert taken is not train_step
    assert "Your train_step isn't right yet" in capsys.readouterr().out


def test_a_function_that_spoils_its_arguments_is_given_copies():
    from course.show import l01_loop

    def next_token_batch(tokens, starts, length):
        x, y = l01_loop.OURS["next_token_batch"][0](tokens.copy(), starts, length)
        tokens[:] = 0
        return x, y

    (taken,) = l01_loop.own_or_ours(next_token_batch)
    tokens = np.arange(9)
    taken(tokens, np.array([0]), 2)
    assert list(tokens) == list(range(9))


def test_a_function_that_gives_lists_does_not_end_the_loop():
    from course.show import l01_loop

    def next_token_batch(tokens, starts, length):
        x, y = l01_loop.OURS["next_token_batch"][0](tokens, starts, length)
        return x.tolist(), y.tolist()

    (taken,) = l01_loop.own_or_ours(next_token_batch)
    x, y = taken(np.arange(9), np.array([4, 0]), 2)
    assert x.ravel().tolist() == [4, 5, 0, 1]
    assert y.ravel().tolist() == [5, 6, 1, 2]


def test_the_table_comes_near_its_floor_and_the_gpt_is_slower(learned):
    found = {}
    for name in ("demo-loop", "demo-loop-gpt"):
        said = text(learned["answers"][name])
        end, floor = re.search(
            r"to (\d.\d\d) nats a token in .*bigram models: (\d.\d\d)", said
        ).groups()
        found[name] = float(end)
        assert float(floor) < float(end) < 6
    assert found["demo-loop"] < 1.35 * float(floor)
    assert found["demo-loop-gpt"] > found["demo-loop"]
    assert "mini-babbage passed" in said


# The block ------------------------------------------------------------------------------------


def test_the_block_is_the_one_of_transformers():
    import torch
    from transformers import GPT2Config
    from transformers.models.gpt2.modeling_gpt2 import GPT2Block

    answer = defined("transformer-block")["transformer_block"]
    hidden = defined("transformer-block-1")
    rng = np.random.default_rng(1)
    for n_head, width, time in [(1, 4, 1), (2, 4, 3), (3, 2, 7)]:
        d = n_head * width
        config = GPT2Config(n_embd=d, n_head=n_head, n_positions=16, attn_implementation="eager")
        block = GPT2Block(config).double().eval()
        with torch.no_grad():
            for parameter in block.parameters():
                parameter.copy_(torch.from_numpy(rng.normal(size=tuple(parameter.shape))))
        weights = {name: array.detach().numpy() for name, array in block.named_parameters()}
        assert set(weights) == set(hidden["transformer_block_inputs"](rng)[1])
        x = rng.normal(size=(time, d))
        mask = torch.full((time, time), -torch.inf, dtype=torch.float64).triu(1)[None, None]
        with torch.no_grad():
            theirs = block(torch.from_numpy(x)[None], attention_mask=mask)
        theirs = (theirs[0] if isinstance(theirs, tuple) else theirs).reshape(time, d).numpy()
        assert np.allclose(answer(x, weights, n_head), theirs, atol=1e-5)
        assert np.allclose(hidden["right_block"](x, weights, n_head), theirs, atol=1e-5)


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


def test_what_the_text_says_of_knowing_nothing_and_of_the_entropy():
    from course.lm import tokenizer

    assert tokenizer.VOCABULARY == 1152
    assert f"{math.log(1152):.2f}" == "7.05"
    assert 1.7 < math.exp(records.read("mini-babbage")["entropy"]) < 2.3


def test_english_fits_several_times_more_often_into_the_window_than_korean(learned):
    said = text(learned["none"]["demo-tokens-english-korean"])
    rows = {line.split(" | ")[0]: line.split(" | ") for line in said.splitlines() if " | " in line}
    assert int(rows["English"][-1]) > 5 * int(rows["Korean"][-1]) > 100


def test_base_models_choose_the_true_value_nearly_always(learned):
    said = text(learned["none"]["demo-choices"])
    for name in ("mini-ada", "mini-babbage"):
        line = next(line for line in said.splitlines() if line.startswith(f"{name} | "))
        assert [int(part.split(" of ")[0]) > 90 for part in line.split(" | ")[1:3]] == [True, True]
    assert "your model of section 1 | " in said, "the live run is in the table"
