"""A real model follows short instructions: the rule, what is learned, and what is measured.

The model is a tiny untrained one of SmolLM2's kind that knows our own tokens.
"""

import copy
import json
import re

import pytest
import tiny_llama
import torch

from course import paths
from course.real import tune
from course.show import l05_real as show
from course.stages.context import Run
from course.studies import l05_real_sft as real
from course.studies.registry import ALL

START, END = "You know all that people know .", "now"


@pytest.fixture
def llama(monkeypatch):
    """Put the tiny model in SmolLM2's place."""
    model, tokenizer = tiny_llama.stand_in(monkeypatch, f"{START} {tiny_llama.MESSAGES}{END}")
    monkeypatch.setattr(real, "NEW_TOKENS", 6)
    some = {split: real.instructions(split)[:6] for split in ("train", "test")}
    monkeypatch.setattr(real, "instructions", lambda split: some[split])
    return model, tokenizer


def sft_loss(logits, tokens, mask):
    inside = mask[:, 1:].bool()
    return torch.nn.functional.cross_entropy(logits[:, :-1][inside], tokens[:, 1:][inside])


def test_every_demonstration_follows_its_own_question():
    learned, asked = real.instructions("train"), real.instructions("test")
    assert not {one.request for one in learned} & {one.request for one in asked}
    for one in learned + asked:
        assert one.followed(one.answer, True), one.request
        assert not one.followed(one.answer, False), "it has to come to its end"
        assert not one.followed("I don't know.", True), one.request
        assert not re.search(rf"\b(?:{one.expected})", one.request, re.IGNORECASE), one.request


def test_masked_and_unmasked_rows_differ_in_what_counts_alone(llama):
    _, tokenizer = llama
    learned = real.instructions("train")
    masked, other = real.rows(tokenizer, learned, True), real.rows(tokenizer, learned, False)
    assert [row.tokens for row in masked] == [row.tokens for row in other]
    assert all(row.begin == 1 for row in other)
    for one, row in zip(learned, masked, strict=True):
        assert row.tokens[: row.begin] == tuple(tune.prompt(tokenizer, one.request))


def test_a_question_s_row_measures_the_question_alone(llama):
    _, tokenizer = llama
    one = real.instructions("test")[0]
    (row,) = real.question_rows(tokenizer, [one])
    measured = tokenizer.decode(row.tokens[row.begin :]).strip()
    assert measured == one.request.removesuffix("?").strip(), "these tokens join ? and a space"
    assert START in tokenizer.decode(row.tokens[: row.begin])


@pytest.mark.parametrize("masked", [True, False])
def test_the_loss_is_the_exercise_s_over_the_rows_that_count(llama, masked):
    model, tokenizer = llama
    adapted = tune.adapt(copy.deepcopy(model), 1)
    rows = real.rows(tokenizer, real.instructions("train"), masked)
    recipe = tune.Recipe(epochs=12, batch=6, rate=1e-2)
    done = list(real.training(adapted, rows, sft_loss, recipe))
    assert done[0].loss == pytest.approx(tune.mean_loss(model, rows), rel=1e-3)
    assert done[-1].loss < done[0].loss - 0.5


def test_the_study_gives_all_its_figures(llama, monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "WORK", tmp_path)
    found = real.study(Run(1, quick=True, table=ALL))
    assert set(ALL["smollm2_sft"].shown) <= set(found)
    assert found["learned_tokens"]["masked"] < found["learned_tokens"]["unmasked"]
    hits = found["rates"]
    apart = found["only_masked"] - found["only_unmasked"]
    assert apart == sum(hits["masked"]["hits"]) - sum(hits["unmasked"]["hits"])
    json.dumps(found)


def test_the_real_model_learns_demonstrations_live(llama, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_DEMO_SECONDS", "100")
    run = show.live_real_sft()
    assert run.done == run.planned == real.FULL.epochs
    assert len(run.answers) == 3
    assert run.curve[-1][1] < run.curve[0][1]
    assert "questions that it didn't learn it followed" in capsys.readouterr().out
