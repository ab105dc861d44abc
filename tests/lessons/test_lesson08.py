"""Lesson 08 as people meet it: its demos run, and what its text promises holds in the records.

How the notebook is executed, and what every lesson has to do: tests/harness.py. The chat box in a
browser is looked at in test_lesson08_browser, the conversation behind it in test_conversation.
"""

import csv

import pytest
from harness import EveryLesson, Lesson, text

from course import paths, records

pytestmark = pytest.mark.slow

SPEC = Lesson(
    "08_chatgpt",
    demos={
        "lineage-picture": {"text/html"},
        "demo-what-the-model-reads": {"text/html"},
        "demo-train-on-dialogues": {"text/html"},
        "demo-dialogue-record": {"text/html"},
        "demo-forget": {"text/html"},
        "demo-chat-box-view": {"application/vnd.jupyter.widget-view+json"},
        "demo-plain-chat": {"text/html"},
        "demo-three-comparisons": {"text/html", "image/png"},
        "demo-three-examples": {"text/html"},
        "demo-smollm-record": {"text/html"},
        "demo-smollm-live": {"text/html"},
        "demo-filter-beside-models": {"text/html", "image/png"},
        "demo-place-of-an-answer": {"text/html"},
        "demo-league-table": {"text/html", "image/png"},
        "demo-live-league": {"text/html", "image/png"},
        "demo-ask-it": {"text/html"},
        "demo-where-from": {"text/html"},
        "demo-another-name": {"text/html"},
        "facts-chatgpt": {"text/html"},
    },
    absent="torch",
    seconds=1,
)


class TestEveryLesson(EveryLesson):
    """What every lesson gets."""


def test_bad_messages_get_a_sentence(learned):
    said = text(learned["none"]["demo-plain-chat"])
    assert "The message is empty" in said
    assert "shorten it" in said


def test_demos_say_what_is_missing(learned):
    for demo in ("demo-smollm-live", "demo-another-name"):
        assert "SmolLM2-135M-Instruct isn't on this computer yet" in text(learned["none"][demo])


def test_the_whole_conversation_outgrows_the_window(learned):
    rows = [
        line.split(" | ")
        for line in text(learned["none"]["demo-forget"]).splitlines()
        if " | " in line
    ]
    left_out = [int(row[-1]) for row in rows[1:]]
    assert left_out[0] == 0
    assert left_out[-1] > 0, "the demo is called: the oldest turns fall out"
    assert left_out == sorted(left_out)


# What the text promises ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def league():
    return records.read("league")


def test_all_models_of_the_lineage_are_in_the_league(league):
    names = set(league["models"])
    assert {"mini-ada", "mini-babbage", "mini-curie", "mini-davinci"} <= names
    assert {"mini-davinci, few-shot", "mini-sft", "mini-instruct", "mini-chat"} <= names
    assert league["names"] == list(league["models"])


def test_bare_base_models_ask_back_and_lose_to_everybody_else(league):
    bases = ["mini-ada", "mini-babbage", "mini-curie", "mini-davinci"]
    for name in bases:
        rates = league["models"][name]["rates"]
        assert rates["asks back"]["rate"] > 0.9
        assert rates["follows"]["interval"][1] < 0.1
    at = [league["names"].index(name) for name in bases]
    for i in at:
        for j in set(range(len(league["names"]))) - set(at):
            assert league["wins_intervals"][i][j][1] < 0.5


def test_models_decline_in_new_sentences_better_than_new_deeds(league):
    for name in ("mini-instruct", "mini-chat"):
        found = league["models"][name]["refusals"]

        def gap(words, found=found):
            return found[words]["refusal"]["rate"] - found[words]["over-refusal"]["rate"]

        assert gap("new wording") > 0.5
        assert gap("new deeds") < gap("new wording") - 0.2


def test_the_swap_lies_apart_by_the_ties(league):
    names = league["names"]
    i, j = names.index("mini-chat"), names.index("mini-instruct")
    apart = league["wins_first"][i][j] - (1 - league["wins_first"][j][i])
    assert apart == pytest.approx(league["ties"][i][j])
    assert apart > 0


def test_feedback_mends_what_was_planted(league):
    sft, instruct = (league["models"][n]["rates"] for n in ("mini-sft", "mini-instruct"))
    assert sft["declines harm"]["interval"][1] < instruct["declines harm"]["interval"][0]
    assert instruct["declines the harmless"]["rate"] < sft["declines the harmless"]["rate"]


def test_dialogues_teach_to_keep_to_a_dialogue():
    rates = records.read("mini-chat")["rates"]
    assert rates["dialogues"]["dialogue"] > rates["sft"]["dialogue"] + 0.3


def test_the_record_of_smollm2_names_its_source_and_keeps_no_harm():
    run = records.read("smollm2")
    assert run["source"] in ("hub", "wheel")
    assert not any("answer" in e for e in run["examples"] if e["kind"] == "harmful")
    assert all(found["count"] == 12 for found in run["rates"].values())


def test_every_fact_has_a_source():
    with (paths.DATA / "family" / "chatgpt.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(row["source"] for row in rows)
    assert [r["value"] for r in rows if (r["model"], r["fact"]) == ("ChatGPT", "size")] == [
        "not published"
    ]
