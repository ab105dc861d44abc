"""What lesson 05 shows: tokens, flaws, the live training, a real model in two forms."""

import pytest

from course import stats
from course.errors import CourseError
from course.lm import model
from course.lm import tokenizer as tok
from course.real import reply as pretrained
from course.show import l05_following as following
from course.show import l05_sft as live_sft
from course.stages import exercises
from course.stages.stage import SFT
from course.world import demonstrate, talk


def test_shares_come_with_their_interval():
    low, high = stats.interval(0, 20)
    assert (low, high) == pytest.approx((0, 0.1611), abs=1e-4)
    assert following.share(0, 20) == "0% (0 to 16)"


def test_the_learned_tokens_are_the_answer_and_its_end():
    (example,) = talk.examples(1, "train", 4, kinds=("unknown",))
    shown = following.learned_tokens(tok.load(), example)
    learned = [part for part in shown.text.split("\n")[1].split("|[") if "]" in part]
    spoken = "".join(part.split("]")[0] for part in learned).replace("␣", " ").strip()
    assert spoken.startswith(example.turns[0].answer.replace(" ", " "))
    assert "<|end|>" in shown.text.rsplit("[", 1)[1]


def test_the_flaws_are_those_that_were_planted():
    text = following.flaws(4_000).text
    for line in text.split("\n"):
        if line.startswith("goes along with harm"):
            assert int(line.split(" | ")[2].rstrip("%")) == pytest.approx(
                100 * demonstrate.COMPLIES, abs=6
            )
            break
    else:
        pytest.fail("no line about harm")


@pytest.fixture
def said(monkeypatch):
    """Collect the sentences that a demo says."""
    sentences = []

    def say(sentence, origin=""):
        sentences.append(sentence)

    for module in (live_sft, following):
        monkeypatch.setattr(module, "say", say)
    monkeypatch.setattr(live_sft.sources, "say", say)
    monkeypatch.setattr(live_sft.training, "_show", lambda thing: None)
    return sentences


def test_the_live_training_learns_and_says_so(said, monkeypatch):
    # However slow the computer: 0.8 · 0.1 · 600 = 48 steps are planned, and all are taken.
    monkeypatch.setenv("COURSE_DEMO_SECONDS", "600")
    monkeypatch.setattr(live_sft, "_steps_a_second", lambda *_: 0.1)
    monkeypatch.setattr(live_sft, "WATCHED", 20)
    run = live_sft.live_sft()
    assert run.steps == run.planned == 48
    losses = [value for _, value in run.curve]
    assert sum(losses[-15:]) < 0.7 * sum(losses[:15])
    assert run.follows[0][0] == 0
    assert run.follows[-1][0] == run.steps
    assert any(s.startswith("This run: ") for s in said)
    assert not run.model.training


def test_a_stopped_training_keeps_what_it_learned(said, monkeypatch):
    monkeypatch.setenv("COURSE_DEMO_SECONDS", "600")
    monkeypatch.setattr(live_sft, "_steps_a_second", lambda *_: 0.1)
    monkeypatch.setattr(live_sft, "WATCHED", 20)
    hearts = exercises.load(*SFT)
    calls = []

    def stop(*arguments):
        calls.append(1)
        if len(calls) > 12:
            raise KeyboardInterrupt
        return hearts["sft_loss"](*arguments)

    def loaded(*_):
        return exercises.Exercises({**hearts, "sft_loss": stop}, "source")

    monkeypatch.setattr(exercises, "load", loaded)
    run = live_sft.live_sft()
    assert run.interrupted
    assert 0 < run.steps < run.planned
    assert any(s.startswith("Stopped at step") for s in said)
    assert run.follows[-1][0] == run.steps


def test_without_the_exercises_the_record_is_shown(said, monkeypatch):
    def missing(*_):
        raise exercises.MissingExercise("sft_loss of work/ isn't answered yet.")

    monkeypatch.setattr(exercises, "load", missing)
    assert live_sft.live_sft() is None
    assert said[0].startswith("sft_loss of work/ isn't answered yet.")
    assert any("demonstrations" in s for s in said[1:])


def test_without_the_base_model_one_sentence_says_so(said, monkeypatch):
    def gone(name):
        raise CourseError("There is no model mini-babbage.")

    monkeypatch.setattr(model, "load", gone)
    assert live_sft.live_sft() is None
    assert said[0].startswith("There is no model mini-babbage.")


def test_while_grading_nothing_is_trained(said, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert live_sft.live_sft() is None
    assert said == []


def test_a_real_model_is_asked_in_both_forms(said, monkeypatch):
    def reply(loaded, tokenizer, text, max_new_tokens):
        yield "Bees make honey." if isinstance(text, list) else ""

    monkeypatch.setattr(pretrained, "reply", reply)
    table = following.template_or_not(None, None)
    assert "(nothing: it stopped at once)" in table.text
    assert said[0].startswith("With its template: it wrote something in 12 of 12")
    assert said[1].startswith("Without its template: it wrote something in 0 of 12")
