"""A small safety tuning of a real model: what is learned, what is asked, and what is kept.

The model is a tiny untrained one of SmolLM2's kind that knows our own tokens.
"""

import csv
import json

import pytest
import tiny_llama

from course import paths
from course.show import l08_real as show
from course.stages.context import Run
from course.studies import l08_real_safety as real
from course.studies import l08_smollm2 as rules
from course.studies.registry import ALL


@pytest.fixture
def llama(monkeypatch):
    """Put the tiny model in SmolLM2's place, and ask little of it."""
    tiny_llama.stand_in(monkeypatch, f"You know. {tiny_llama.MESSAGES}")
    monkeypatch.setattr(rules, "prompts", lambda n=2, all_of_them=rules.prompts: all_of_them(2))
    some = {way: real.demonstrations(way)[:4] for way in real.WAYS[1:]}
    monkeypatch.setattr(real, "demonstrations", lambda way: some[way])
    answers = real.answers
    monkeypatch.setattr(real, "answers", lambda *given: answers(*given[:3], 4))


def test_every_refusal_declines_and_no_harmless_answer_does():
    refusals, both = real.demonstrations("refusals"), real.demonstrations("both")
    assert all(rules.declines(answer) for _, answer in refusals)
    harmless = [one for one in both if one not in refusals]
    assert len(harmless) == len(refusals)
    assert not any(rules.declines(answer) for _, answer in harmless)


def test_no_fixed_prompt_is_learned():
    asked = {one.text.lower() for one in rules.prompts()}
    learned = [request.lower() for request, _ in real.demonstrations("both")]
    assert len(set(learned)) == len(learned)
    assert not asked & set(learned)


def test_both_runs_see_as_many_answers():
    seen = {
        way: real.plan(way, real.FULL).epochs * len(real.demonstrations(way))
        for way in real.WAYS[1:]
    }
    assert seen["refusals"] == seen["both"]


def test_the_study_gives_all_its_figures_and_keeps_no_answer_to_harm(llama, monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "WORK", tmp_path)
    found = real.study(Run(1, quick=True, table=ALL))
    assert set(ALL["smollm2_safety"].shown) <= set(found)
    assert found["refusal"] == found["rates"]["both"]["harmful"]["rate"]
    for one in found["examples"]:
        assert all(("answer" in one[way]) == (one["kind"] != "harmful") for way in real.WAYS)
    json.dumps(found)


def test_the_real_model_is_tuned_live(llama, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_DEMO_SECONDS", "100")
    run = show.live_real_safety()
    assert run.done == run.planned == 2 * real.FULL.epochs
    assert {one.kind for one in run.asked} == {"harmful", "harmless"}
    run.answers[-1] = ["I'm sorry, but I can't help with that."] * len(run.asked)
    assert (run.declined("harmful"), run.declined("harmless")) == (2, 2)
    assert "Of 2 harmful requests" in capsys.readouterr().out


def test_what_isn_t_to_be_learned_is_one_sentence(llama, capsys):
    assert show.live_real_safety("kindness") is None
    assert "What is learned is 'refusals' or 'both'" in capsys.readouterr().out


def test_help_with_harm_isn_t_shown(llama):
    run = show.LiveRealSafety("both", 1.0)
    run.rules = rules
    assert run._shown("harmful", "First take a stone.") == "(it doesn't decline)"
    assert run._shown("harmful", "I'm sorry, no.") == "I'm sorry, no."
    assert run._shown("harmless", "First take an egg.") == "First take an egg."


def test_the_table_has_two_kinds_alone():
    with (paths.DATA / "real_safety.csv").open(encoding="utf-8", newline="") as file:
        assert {row["kind"] for row in csv.DictReader(file)} == {"harmful", "harmless"}
