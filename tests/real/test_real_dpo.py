"""DPO on a real model: the labeler's rule, the recorded pairs, and what is measured.

The model is a tiny untrained one of SmolLM2's kind that knows our own tokens.
"""

import copy
import json

import pytest
import tiny_llama
import torch

from course import paths
from course.errors import CourseError
from course.real import tune
from course.stages.context import Run
from course.studies import l09_smollm2_dpo as real
from course.studies.registry import ALL

GOOD = "A lake is a large body of water with land on all sides."  # 13 words


@pytest.fixture
def llama(monkeypatch):
    """Put the tiny model in SmolLM2's place."""
    model, tokenizer = tiny_llama.stand_in(monkeypatch, f"You know. {tiny_llama.MESSAGES}")
    monkeypatch.setattr(real, "NEW_TOKENS", 8)
    return model, tokenizer


def answer(text, ended=True):
    return real.Answer(text, ended)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (answer(GOOD), answer("A lake.")),
        (answer(GOOD), answer(GOOD, ended=False)),
        (answer(GOOD), answer(f"{GOOD} {GOOD}")),
        (answer(GOOD), answer("Here are some:\n1. A lake is water\n2. with land on all its sides")),
        (answer("Water."), answer(GOOD, ended=False)),
    ],
)
def test_the_rule_prefers_one_short_sentence_that_ends(better, worse):
    assert real.wins(better, worse) == 1
    assert real.wins(worse, better) == 0
    assert real.wins(better, better) == 0.5


def test_the_test_s_questions_are_in_no_pair():
    learned, tested = real.questions("train"), real.questions("test")
    assert set(learned) & set(tested) == set()
    assert len(set(learned + tested)) == len(learned) + len(tested)
    asked = {pair.question for pair in real.pairs()}
    assert asked <= set(learned)
    assert len(asked) > 0.8 * len(learned)
    assert all(real.wins(pair.preferred, pair.other) == 1 for pair in real.pairs())


def test_answers_are_collected_and_kept_as_they_are(llama, monkeypatch, tmp_path):
    asked = {"train": ["Who is Ben?", 'A "quoted", line?'], "test": ["Where is Anna?"]}
    monkeypatch.setattr(real, "questions", lambda split: asked[split])
    found = real.collect()
    assert found == real.collect()
    assert [len(some) for some in found.values()] == [4, 4, 5]
    found['A "quoted", line?'] = [answer('two\nlines, "so"'), answer("", False), answer(GOOD)]
    file = tmp_path / "labels/answers.csv"
    real.keep(found, file)
    assert real.recorded("train", file) | real.recorded("test", file) == found
    best = {pair.question: pair for pair in real.pairs(file)}['A "quoted", line?']
    assert (best.preferred, best.other) == (answer(GOOD), answer("", False))


def test_answers_that_are_missing_are_one_sentence(tmp_path):
    with pytest.raises(CourseError, match="restore data/labels with git"):
        real.pairs(tmp_path / "none.csv")


def dpo_loss(preferred, other, before, before_other, beta):
    margin = beta * ((preferred - before) - (other - before_other))
    return -torch.nn.functional.logsigmoid(margin).mean()


def test_dpo_starts_at_one_half_and_learns_the_pairs(llama):
    model, tokenizer = llama
    found = [
        real.Pair("Who is Ben?", answer("a baker ."), answer("a doctor and a smith", False)),
        real.Pair("Where is Anna?", answer("at home ."), answer("in the Old Mill", False)),
    ]
    adapted = tune.adapt(copy.deepcopy(model), 1)
    with tune.switched_off(adapted) as plain:
        learned = real.known(plain, tokenizer, found)
    assert learned[0].preferred.tokens[-1] == tokenizer.eos_token_id
    assert learned[0].other.tokens[-1] != tokenizer.eos_token_id, "it never came to its end"
    recipe = real.Recipe(beta=0.5, epochs=20, batch=2, rate=1e-2)
    done = list(real.training(adapted, learned, dpo_loss, recipe))
    assert done[0].loss == pytest.approx(0.6931, abs=1e-3)
    assert done[-1].loss < 0.3
    assert done[-1].metrics["accuracy"] == 1


def test_the_study_gives_all_its_figures(llama, monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "WORK", tmp_path)
    few = {"train": real.questions("train")[:4], "test": real.questions("test")[:5]}
    monkeypatch.setattr(real, "questions", lambda split: few[split])
    found = real.study(Run(1, quick=True, table=ALL))
    assert set(ALL["smollm2_dpo"].shown) <= set(found)
    assert set(found["kl_best_of"]) == {"1", "2", "4"}
    assert found["kl_best_of"]["1"] == 0
    assert 0 <= found["win_dpo"] <= 1
    json.dumps(found)


def test_all_trainings_of_the_real_model_are_one_entry():
    parts = ALL["real"].parts
    assert {"guide", "smollm2_dpo"} <= set(parts)
    assert all(ALL[part].record for part in parts)
