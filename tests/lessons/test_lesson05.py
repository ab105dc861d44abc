"""Lesson 05 as people meet it: its demos run, its exercises are what the library does.

How the notebook is executed, and what every lesson has to do: tests/harness.py.
"""

import random

import numpy as np
import pandas as pd
import pytest
from harness import EveryLesson, Lesson, load, text

from course import paths, records
from course.grader import notebook
from course.lm import evals
from course.lm import tokenizer as tok
from course.show import l05_following as following
from course.stages import exercises
from course.studies import l05_calibration as calibration
from course.studies import l05_feedme as feedme
from course.world import phrases as ph
from course.world import talk

pytestmark = pytest.mark.slow

SPEC = Lesson(
    "05_instruction_following",
    demos={
        "lineage-picture": {"text/html"},
        "demo-ask-the-base": {"text/html"},
        "demo-few-shot-base": {"text/html"},
        "facts-instructgpt-sft": {"text/html"},
        "demo-flawed-demonstrations": {"text/html"},
        "demo-learned": {"text/html"},
        "demo-the-loop": {"text/html"},
        "demo-train-sft": {"text/html", "image/png"},
        "demo-feedme-marks": {"text/html", "image/png"},
        "demo-four-ways": {"text/html", "image/png"},
        "demo-paired-comparison": {"text/html"},
        "demo-rounds-of-sft": {"text/html", "image/png"},
        "demo-calibration": {"text/html", "image/png"},
        "demo-smollm-template": {"text/html"},
        "demo-real-sft": {"text/html", "image/png"},
        "demo-live-real-sft": {"text/html"},
    },
)


class TestEveryLesson(EveryLesson):
    """What every lesson gets."""


def test_a_live_training_of_a_few_steps_draws_no_conclusion(learned):
    said = text(learned["answers"]["demo-train-sft"])
    assert "This run: " in said
    assert "too little to judge the method by" in said
    assert "no demonstration asks about" not in said


def test_the_loop_trains_with_the_learners_own_functions_or_the_courses(learned):
    for who, whose in (
        ("answers", "your own loss_mask and sft_loss"),
        ("none", "the course's own"),
    ):
        said = text(learned[who]["demo-the-loop"])
        assert whose in said
        losses = [float(part.split()[0]) for part in said.split("loss ")[1:] if part[0].isdigit()]
        assert len(losses) == 8
        assert losses[-1] < losses[0] / 2
        assert "got a right answer" in said


def test_calibration_is_computed_with_the_learners_own_function(learned):
    assert "with your own calibration" in text(learned["answers"]["demo-calibration"])
    assert "Until then the record below" in text(learned["none"]["demo-calibration"])
    for who in ("answers", "none"):
        assert "0.007 → 0.074" in text(learned[who]["demo-calibration"])


def test_without_the_real_model_one_sentence_says_so(learned):
    said = text(learned["none"]["demo-smollm-template"])
    assert "SmolLM2-135M-Instruct isn't on this computer yet" in said
    assert "GPT-2" not in said


# The exercises and the library ------------------------------------------------------------------


@pytest.fixture(scope="module")
def ours():
    names = [c.name for c in notebook.cells(load(SPEC.name)) if c.kind == "solution"]
    return exercises.load(SPEC.name, *names)


def test_render_chat_is_the_chat_template_of_the_models(ours):
    tokenizer = tok.load()
    markers = {"system": ph.SYSTEM, "user": ph.USER, "assistant": ph.ASSISTANT, "end": ph.END}
    for example in talk.examples(6, "train", 3, kinds=("dialogue",)):
        messages = [{"role": "system", "content": example.system}] if example.system else []
        for turn in example.turns:
            messages.append({"role": "user", "content": turn.request})
            messages.append({"role": "assistant", "content": turn.answer})
        for part, ask in ((messages, False), (messages[:-1], True)):
            theirs = tokenizer.apply_chat_template(part, tokenize=False, add_generation_prompt=ask)
            assert ours["render_chat"](part, markers, ask) == theirs
        assert ours["render_chat"](messages, markers, False) == example.text()


def test_few_shot_prompt_is_the_one_that_the_base_model_gets(ours):
    tokenizer = tok.load()
    *shots, asked = talk.examples(3, "shots", 5, kinds=("fact",))
    (prompt,) = evals.base_prompts(tokenizer, [asked], shots)
    given = [(s.turns[0].request, s.turns[0].answer, 10) for s in shots[::-1]]
    written = ours["few_shot_prompt"](given, asked.turns[0].request, 10, 200, 40)
    assert tokenizer.decode(prompt, skip_special_tokens=True) == written


def test_best_samples_keeps_what_feedme_keeps(ours):
    rng = random.Random(5)
    asked = list(talk.examples(40, "train", 8, kinds=("fact", "harmful")))
    rated = [
        feedme.Rated(e, tuple(f"{i} {k}" for k in range(4)), tuple(rng.choices((5, 6, 7), k=4)))
        for i, e in enumerate(asked)
    ]
    samples = [
        {"prompt": str(i), "answer": answer, "marks": [mark]}
        for i, r in enumerate(rated)
        for answer, mark in zip(r.answers, r.marks, strict=True)
    ]
    theirs = [e.turns[0].answer for e in feedme.kept(rated, 7)]
    assert [answer for _, answer in ours["best_samples"](samples, 7)] == theirs
    assert 0 < len(theirs) < 40


def test_the_paired_comparison_in_words_is_the_exercise(ours):
    record = {"right": {"sft": "1011010011", "feedme": "1111011011"}}
    said = following.paired(record, "sft", "feedme")
    lists = [[int(c) for c in record["right"][way]] for way in ("sft", "feedme")]
    difference, paired, unpaired = (100 * x for x in ours["paired_difference"](*lists))
    assert f"{difference:+.1f} points" in said
    assert f"± {paired:.1f} request by request, ± {unpaired:.1f} if" in said


def test_calibration_is_what_the_study_computes(ours):
    rng = np.random.default_rng(5)
    sure = np.r_[rng.random(500), 0.0, 1.0]
    said = calibration.Sureness(sure, rng.random(502) < sure**2)
    rows, error = ours["calibration"](said.confidence, said.right.astype(int), calibration.BINS)
    theirs = calibration.bins_of(said)
    assert [row[:2] for row in rows] == [row[:2] for row in theirs]
    assert np.array(rows) == pytest.approx(np.array(theirs))
    assert error == pytest.approx(calibration.error(theirs))
    assert calibration.by_chance(said) < error


# What the text promises --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shares():
    counts = records.read("feedme")["counts"]
    return {way: {k: hits / n for k, (hits, n) in c.items()} for way, c in counts.items()}


def test_a_prompt_and_then_training_bring_answers_out(shares):
    record = records.read("feedme")
    assert record["asks"]["base"][0] / record["asks"]["base"][1] > 0.5
    assert shares["base"]["right"] < 0.1 < shares["few_shot"]["right"] < shares["sft"]["right"]
    assert shares["few_shot"]["truth"] > 0.5, "the facts were in the model all the time"
    assert shares["few_shot"]["refusal"] < 0.1, "what no shot shows isn't done"
    assert shares["few_shot"]["polite"] < 0.05, "and not all that they show"
    assert all(s.endswith(ph.POLITE_END) for s in record["shots"])
    assert 0.4 < shares["few_shot"]["right"] < 0.6, "about half of all its answers are right"
    assert shares["few_shot"]["truth"] > 0.85, "true mostly"


def test_explanations_wander_off():
    record = records.read("feedme")
    told = [e for e in record["examples"] if e["kind"] == "explain"]
    assert any("was born" in e["sft"] for e in told), "an event has no birthday"


def test_feedme_learns_from_good_answers_and_gets_better(shares):
    record = records.read("feedme")
    assert 0.9 < record["kept_right"] < 1, "the labeler's slips are learned too"
    gain = following.paired(record, "sft", "feedme")
    assert "FeedME is better than SFT." in gain


def test_the_most_probable_answers_are_more_often_true():
    record = records.read("feedme")
    for way in ("sft", "feedme"):
        assert record["counts_greedy"][way]["truth"][0] > record["counts"][way]["truth"][0]


def test_the_rounds_are_as_many_as_the_papers():
    table = pd.read_csv(paths.DATA / "family" / "instructgpt_sft.csv").set_index("quantity")
    value = table["value"]
    assert records.read("epochs")["rounds"][-1]["round"] == value["rounds over the demonstrations"]
    written = value["of these written by labelers"] + value["of these from customers of the API"]
    assert written == value["prompts with a demonstration"]
    assert value["compute of the SFT model"] < value["compute of GPT-3"] / 100


def test_answers_get_no_worse_while_the_loss_rises():
    found = records.read("epochs")["rounds"][1:]
    lowest = min(found, key=lambda f: f["loss"])
    assert 3 < lowest["round"] < 12, "after several rounds"
    assert 1.02 < found[-1]["loss"] / lowest["loss"] < 1.2, "and then rises a little"
    (before, _), (after, _) = lowest["right"], found[-1]["right"]
    assert after >= before


def test_each_model_is_calibrated_on_what_it_was_trained_to_predict():
    models = records.read("calibration")["models"]
    web, answers = (
        [models[name][text]["error"] for name in calibration.MODELS]
        for text in ("web", "demonstrations")
    )
    assert web[0] < 0.007 < 0.008 < min(web[1:]) < 0.02, "the base model on the web"
    assert answers[1] < 0.015 < 0.03 < answers[2], "mini-sft on answers, and not after PPO"
    assert answers[0] > 0.1, "the base model never met a demonstrator"
    for name in calibration.MODELS:
        for found in models[name].values():
            assert found["by_chance"] < 0.015
        hits, n = models[name]["facts"]["right"]
        assert hits >= 0.98 * n, "nearly always right"
        assert models[name]["facts"]["confidence"] > 0.98, "and sure"
        demonstrators = models[name]["demonstrations"]
        share = demonstrators["right"][0] / demonstrators["right"][1]
        assert demonstrators["confidence"] > share, "too sure"


# SFT on the real model ----------------------------------------------------------------------------


def test_the_real_model_follows_more_after_sft_and_nothing_without_its_template():
    found = records.read("smollm2_sft")
    rates = found["rates"]
    assert found["bare"] == 0
    assert rates["template"]["named"] > found["template"], (
        "it knows more words than it ends answers"
    )
    assert rates["template"]["ended"] < 0.5
    assert rates["masked"]["ended"] == 1
    assert 1.8 < found["masked"] / found["template"] < 2.3
    assert found["template"] < found["unmasked"] < found["masked"]
    assert rates["unmasked"]["interval"][1] > rates["masked"]["interval"][0], "they overlap"
    losses, tokens = found["losses"], found["learned_tokens"]
    assert losses["masked"]["answers"] < losses["unmasked"]["answers"]
    assert tokens["masked"] < tokens["unmasked"] / 4
    assert abs(losses["masked"]["questions"] - losses["unmasked"]["questions"]) < 0.1
    assert losses["unmasked"]["questions"] < losses["untouched"]["questions"] - 0.2


def test_without_smollm2_the_record_of_its_sft_is_shown(learned):
    said = text(learned["answers"]["demo-live-real-sft"])
    assert "isn't on this computer yet" in said
    assert "SmolLM2 followed" in said
