"""What lesson 05 shows: tokens, flaws, the live training, a real model in two forms."""

import pytest
import torch

from course import stats
from course.errors import CourseError
from course.lm import model
from course.lm import tokenizer as tok
from course.real import reply as pretrained
from course.show import l05_calibration, l05_sft, live, sources, style
from course.show import l05_following as following
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

    for module in (live, following, sources):
        monkeypatch.setattr(module, "say", say)
    monkeypatch.setattr(style, "show", lambda *things: None)
    return sentences


def test_the_live_training_learns_and_says_so(said, monkeypatch):
    # However slow the computer: 0.8 · 600 · 0.1 = 48 steps are planned, and all are taken.
    monkeypatch.setenv("COURSE_DEMO_SECONDS", "600")
    monkeypatch.setattr(live, "steps_a_second", lambda *_: 0.1)
    monkeypatch.setattr(l05_sft, "WATCHED", 20)
    monkeypatch.setattr(l05_sft, "FEW", 40)
    run = l05_sft.live_sft()
    assert run.done == run.planned
    assert run.planned in (45, 48), "a round less if a second was gone already"
    losses = [value for _, value in run.curve]
    assert sum(losses[-15:]) < 0.7 * sum(losses[:15])
    assert [step for step, *_ in run.points] == [
        0, *(round(part * run.planned) for part in (0.1, 0.25, 0.5)), run.planned,
    ]  # fmt: skip
    assert len(run.said) == len(run.points)
    assert said[-1].startswith("This run: ")
    assert "got a right answer before" in said[-1]
    assert not run.model.training


def test_the_loss_on_answers_is_noted_without_the_rehearsal(said, monkeypatch):
    hearts = exercises.load(*SFT)
    monkeypatch.setattr(live, "steps_a_second", lambda *_: 0.01)
    monkeypatch.setattr(l05_sft, "WATCHED", 5)
    seen = []

    def noted(*arguments):
        value = hearts["sft_loss"](*arguments)
        seen.append(value.item())
        if len(seen) > 4:
            raise KeyboardInterrupt
        return value

    found = exercises.Exercises({**hearts, "sft_loss": noted}, "source")
    monkeypatch.setattr(exercises, "load", lambda *_: found)
    run = l05_sft.live_sft()
    assert run.interrupted
    shares = len(seen) // (run.done + 1) or 1
    means = [sum(seen[i : i + shares]) / shares for i in range(0, run.done * shares, shares)]
    assert [value for _, value in run.curve] == pytest.approx(means)


def test_without_the_exercises_the_record_is_shown(said, monkeypatch):
    def missing(*_):
        raise exercises.MissingExercise("sft_loss of work/ isn't answered yet.")

    monkeypatch.setattr(exercises, "load", missing)
    assert l05_sft.live_sft() is None
    assert said[0].startswith("sft_loss of work/ isn't answered yet. So here is the recorded run")
    assert any("demonstrations" in s for s in said[1:])


def test_without_the_base_model_one_sentence_says_so(said, monkeypatch):
    def gone(name):
        raise CourseError("There is no model mini-babbage.")

    monkeypatch.setattr(model, "load", gone)
    assert l05_sft.live_sft() is None
    assert said[0].startswith("There is no model mini-babbage.")


def test_a_real_model_is_asked_in_both_forms(said, monkeypatch):
    def reply(loaded, tokenizer, text, max_new_tokens):
        yield "Bees make honey." if isinstance(text, list) else ""

    monkeypatch.setattr(pretrained, "reply", reply)
    table = following.template_or_not(None, None)
    assert "✗ (nothing: it stopped at once)" in table.text
    assert "✓ Bees make honey." in table.text
    assert said[0].startswith("With its template: it wrote something in 12 of 12")
    assert said[1].startswith("Without its template: it wrote something in 0 of 12")


def test_an_answer_that_was_cut_shows_it(said, monkeypatch):
    monkeypatch.setattr(pretrained, "reply", lambda *_, **__: iter(["Bees pollate", " the"]))
    assert "Bees pollate the …" in following.template_or_not(None, None).text


def test_so_few_steps_allow_no_conclusion(said):
    run = l05_sft.LiveSFT(1.0, 1)
    run.done, run.demonstrations, run.goal = 39, 312, (440, 600)
    run.points = [(0, 0.0, 0.0, 0.1), (39, 0.1, 0.0, 0.2)]
    run.conclude()
    assert "too little to judge the method by" in said[0]
    assert "73% (70 to 77)" in said[0]
    assert len(said) == 1


def test_the_courses_own_functions_are_those_of_the_exercises():
    hearts = exercises.load(*SFT)
    conversation = [7, 11, 2, 21, 1, 3]
    mask = l05_sft._after_the_marker(conversation, 2, 3)
    assert mask == hearts["loss_mask"](conversation, 2, 3)
    logits, tokens = torch.randn(2, 5, 9), torch.randint(9, (2, 5))
    marked = torch.tensor([[1, 0, 1, 1, 0], [0, 1, 1, 0, 0]])
    theirs = hearts["sft_loss"](logits, tokens, marked)
    assert l05_sft._of_transformers(logits, tokens, marked).item() == pytest.approx(theirs.item())


def test_people_read_numbers_with_commas():
    text = following.instructgpt_sft().text
    assert "12,725 | prompts" in text
    assert "4.9 | petaflop/s-days" in text
    assert (
        'text-align:right;vertical-align:top;padding:4px 14px 4px 0;white-space:normal">12,725'
        in (following.instructgpt_sft().html)
    )


def test_calibration_without_the_models_or_an_answer_says_so(said, monkeypatch):
    monkeypatch.setattr(l05_calibration, "say", said.append)

    def missing(*_):
        raise exercises.MissingExercise("calibration of work/ isn't answered yet.")

    monkeypatch.setattr(exercises, "load", missing)
    l05_calibration.your_calibration()
    assert said == [
        "calibration of work/ isn't answered yet. Until then the record below has to do."
    ]
    monkeypatch.setattr(exercises, "load", lambda *_: {"calibration": lambda *_: 1 / 0})
    l05_calibration.your_calibration()
    assert said[-1] == "Your calibration stopped with ZeroDivisionError: division by zero."
