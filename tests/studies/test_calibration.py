"""The study of calibration: what counts in a text, and what chance alone gives."""

import numpy as np
import pytest

from course.lm import tokenizer as tok
from course.stages.context import Run
from course.studies import l05_calibration as calibration
from course.world import talk
from course.world import village as v


@pytest.fixture(scope="module")
def tokenizer():
    return tok.load()


def test_of_an_answer_its_words_and_what_closes_it_count(tokenizer):
    examples = list(talk.examples(4, "train", 3, kinds=("fact", "unknown")))
    for base, closing in ((False, "<|end|>"), (True, "\n")):
        reading = calibration.answered(tokenizer, examples, base, 1)
        for row, (start, stop), example in zip(reading.rows, reading.spans, examples, strict=True):
            counted = tokenizer.decode(row[start:stop])
            assert counted == f" {example.turns[0].answer}{closing}"
            assert stop == len(row)


def test_of_a_fact_the_first_token_of_its_value_counts(tokenizer):
    facts = calibration.fact_questions("test", 1)
    assert len({(e.turns[0].subject, e.turns[0].attribute) for e in facts}) == len(facts)
    whole = calibration.answered(tokenizer, facts, False, 1)
    reading = calibration.values(whole, tokenizer, facts)
    for row, (start, stop), example in zip(reading.rows, reading.spans, facts, strict=True):
        turn = example.turns[0]
        value = v.VALUES[turn.subject, turn.attribute]
        assert stop == start + 1
        assert tokenizer.decode(row[start:]).strip().startswith(value)


def test_the_guess_for_a_token_is_made_before_it(tokenizer):
    from course.lm import model

    network, _ = model.load("mini-babbage")
    reading = calibration.pages(tokenizer, 5)
    said = calibration.sureness(network, tokenizer, reading)
    assert len(said.right) == sum(len(row) - 2 for row in reading.rows)
    assert said.right.mean() > 0.6
    assert ((said.confidence > 0) & (said.confidence <= 1)).all()


def test_an_honest_model_shows_what_chance_gives():
    rng = np.random.default_rng(3)
    sure = rng.random(4_000)
    honest = calibration.Sureness(sure, rng.random(4_000) < sure)
    boaster = calibration.Sureness(np.sqrt(sure), honest.right)
    by_chance = calibration.by_chance(honest)
    assert calibration.error(calibration.bins_of(honest)) == pytest.approx(by_chance, rel=0.9)
    assert calibration.error(calibration.bins_of(boaster)) > 5 * by_chance


def test_edges_belong_to_the_bin_that_begins_there():
    said = calibration.Sureness(np.array([0.0, 0.5, 1.0]), np.array([False, True, True]))
    assert calibration.bins_of(said, 2) == [(0, 1, 0.0, 0.0), (1, 2, 0.75, 1.0)]


@pytest.mark.slow
def test_a_small_study_finds_what_the_record_says():
    run = Run(quick=True)
    run.plan = lambda _: 40
    found = calibration.study(run)
    assert found["babbage_web"] < found["sft_web"]
    assert found["sft_demonstrations"] < found["instruct_demonstrations"]
    assert found["sft_demonstrations"] < found["babbage_demonstrations"]
    assert set(found["models"]["mini-sft"]) == set(calibration.TEXTS)
