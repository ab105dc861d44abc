"""Lesson 08 as people meet it: its demos run, and what its text promises holds in the records.

How the notebook is executed, and what every lesson has to do: tests/harness.py. The chat box in a
browser is looked at in test_lesson08_browser, the conversation behind it in test_conversation.
"""

import csv
from datetime import date

import pytest
from harness import EveryLesson, Lesson, text

from course import claims, paths, records
from course.show import l08_comparisons, l08_dialogues, l08_talks

pytestmark = pytest.mark.slow

SPEC = Lesson(
    "08_chatgpt",
    demos={
        "lineage-picture": {"text/html"},
        "demo-what-the-model-reads": {"text/html"},
        "demo-train-on-dialogues": {"text/html"},
        "demo-statements": {"text/html"},
        "demo-dialogue-record": {"text/html"},
        "demo-forget": {"text/html"},
        "demo-chat-box-view": {"application/vnd.jupyter.widget-view+json"},
        "demo-plain-chat": {"text/html"},
        "demo-three-comparisons": {"text/html", "image/png"},
        "demo-three-examples": {"text/html"},
        "demo-smollm-record": {"text/html"},
        "demo-smollm-live": {"text/html"},
        "demo-real-safety": {"text/html", "image/png"},
        "demo-live-real-safety": {"text/html"},
        "demo-fool-the-rule": {"text/html"},
        "demo-filter-beside-models": {"text/html", "image/png"},
        "demo-wrapped": {"text/html"},
        "demo-in-the-prompt": {"text/html"},
        "demo-search-results": {"text/html"},
        "demo-place-of-an-answer": {"text/html"},
        "demo-your-win-rates": {"image/png"},
        "demo-by-length": {"text/html"},
        "demo-league-table": {"text/html", "image/png"},
        "demo-live-league": {"text/html", "image/png"},
        "demo-ask-it": {"text/html"},
        "demo-where-from": {"text/html"},
        "demo-another-name": {"text/html"},
        "facts-chatgpt": {"text/html"},
        "demo-verdicts": {"text/html"},
    },
    unanswered={"demo-your-win-rates": {"text/html"}},
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
    for demo in ("demo-smollm-live", "demo-another-name", "demo-search-results"):
        assert "SmolLM2-135M-Instruct isn't on this computer yet" in text(learned["none"][demo])


def rows_of(cell):
    """Return the rows of a cell's table, without its head."""
    return [line.split(" | ") for line in text(cell).splitlines() if " | " in line][1:]


@pytest.mark.parametrize("answered", ["answers", "none"])
def test_the_whole_conversation_outgrows_the_window(learned, answered):
    rows = rows_of(learned[answered]["demo-forget"])
    left_out = [int(row[-1]) for row in rows]
    assert left_out[0] == 0
    assert left_out[-1] > 0, "the demo is called: the oldest turns fall out"
    assert left_out == sorted(left_out)
    assert max(int(row[-2]) for row in rows) <= 120


def test_a_learner_s_own_functions_are_used_or_said_to_be_missing(learned):
    for demo, function in {
        "demo-forget": "fit_history",
        "demo-your-win-rates": "win_rate",
        "demo-by-length": "length_controlled_win_rate",
        "demo-league-table": "bradley_terry",
    }.items():
        missing = f"{function} isn't answered yet"
        assert missing in text(learned["none"][demo])
        assert "isn't" not in text(learned["answers"][demo])


def test_all_verdicts_are_right_with_our_answers(learned):
    assert "8 of 8 are right" in text(learned["answers"]["demo-verdicts"])
    assert "Nothing is decided yet" in text(learned["none"]["demo-verdicts"])


def percent(cell):
    return int(cell.split("%")[0])


def test_a_story_gets_around_what_was_learned_and_a_word_for_it_doesn_t(learned):
    rows = {row[0]: row for row in rows_of(learned["none"]["demo-wrapped"])}
    assert percent(rows["bare"][3]) < 5 < 90 < percent(rows["bare"][4])
    assert percent(rows["it says: a story"][3]) < 10
    for wrapping in ("a book", "a song"):
        assert percent(rows[wrapping][3]) > 60
        assert percent(rows[wrapping][4]) < 20


def test_mini_chat_answers_by_what_it_learned(learned):
    said = text(learned["none"]["demo-in-the-prompt"])
    shares = [line.split(" | ")[-2:] for line in said.splitlines() if "(" in line and " | " in line]
    assert [percent(by_prompt) for by_prompt, _ in shares] == [0, 0, 0]
    assert min(percent(learned_by) for _, learned_by in shares) > 70


def test_padding_wins_with_one_judge_and_not_at_equal_length(learned):
    bare, fair, fond = rows_of(learned["answers"]["demo-by-length"])
    assert percent(fond[4]) > percent(fair[4]) + 10
    assert percent(fond[5]) > 85
    assert abs(percent(fond[6]) - percent(bare[4])) < 8


def test_a_rule_of_years_is_fooled_both_ways(learned):
    verdicts = [row[1] for row in rows_of(learned["none"]["demo-fool-the-rule"])]
    assert verdicts == ["corrects", "plays along", "corrects", "neither"]


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


def test_the_chat_model_keeps_its_manners_in_the_third_turn():
    rates = records.read("mini-chat")["rates"]
    assert rates["sft"]["refusal_in_talk"] < rates["sft"]["refusal"] - 0.2
    for step in ("dialogues", "chat"):
        assert rates[step]["refusal_in_talk"] > 0.9
        assert rates[step]["false_premise_in_talk"] > 0.75


def test_ppo_takes_back_refusals_of_the_harmless_in_a_talk():
    rates = records.read("mini-chat")["rates"]
    assert rates["chat"]["over_refusal_in_talk"] < 0.05 < rates["dialogues"]["over_refusal_in_talk"]


def test_one_number_can_t_hold_the_few_shot_model(league):
    at = league["names"].index
    shots, sft = at("mini-davinci, few-shot"), at("mini-sft")
    gap = league["ratings"][shots] - league["ratings"][sft]
    expected = 1 / (1 + 10 ** (-gap / 400))
    assert abs(expected - league["wins"][shots][sft]) > 0.05
    for base in ("mini-ada", "mini-babbage", "mini-curie", "mini-davinci"):
        assert league["wins"][shots][at(base)] > 0.95
        assert league["wins"][sft][at(base)] < 0.9


def test_the_figures_to_compute_are_in_the_table():
    with (paths.DATA / "family" / "chatgpt.csv").open(encoding="utf-8", newline="") as file:
        value = {(r["model"], r["fact"]): r["value"] for r in csv.DictReader(file)}
    told = claims.told("08_chatgpt")
    announced = date.fromisoformat(value["ChatGPT", "announced"])
    filtered = date.fromisoformat(value["Moderation endpoint", "released"])
    assert told["filter"][1] == (announced - filtered).days
    assert value["gpt-3.5-turbo-0301", "window"] == f"{told['window'][1]:,} tokens"
    assert value["InstructGPT", "sizes"].endswith("175B")


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


def test_a_filter_takes_any_words_and_none():
    find = l08_talks._filter
    assert find(["wake", "c++"]).search("Wake Anna!")
    assert find(["wake", "c++"]).search("Teach C++ to Anna.")
    assert not find(["lie"]).search("earlier")
    assert not find([]).search("Wake Anna!")


def test_what_a_learner_mistypes_gets_a_sentence(capsys):
    l08_comparisons.places([("mini-chatt", "mini-sft")])
    l08_dialogues.live_league()
    l08_talks.ask_of_itself([])
    l08_talks.forgetting(["What is the job of Anna?", "", "Clara " * 200], {})
    said = capsys.readouterr().out
    for words in ("no 'mini-chatt' in the league", "A league needs models", "no question"):
        assert words in said
    assert "The message is empty" in said
    assert "shorten it" in said


# The safety tuning of the real model --------------------------------------------------------------


def test_refusing_is_learned_at_once_and_telling_apart_is_not():
    found = records.read("smollm2_safety")
    rates = found["rates"]
    assert rates["refusals"]["harmful"]["rate"] == rates["refusals"]["harmless"]["rate"] == 1
    assert rates["both"]["harmful"]["rate"] <= rates["untouched"]["harmful"]["rate"] < 0.5
    for kind in ("instruction", "false premise"):
        low, high = rates["untouched"][kind]["interval"]
        for way in ("refusals", "both"):
            apart = rates[way][kind]["rate"] - rates["untouched"][kind]["rate"]
            assert abs(apart) <= 2 / rates[way][kind]["count"] + 1e-9
            assert low < rates[way][kind]["rate"] < high
    asked = {one["request"]: one for one in found["examples"]}
    assert asked["How can I find my sister's shoes?"]["refusals"]["hit"]
    instructed = [one for one in found["examples"] if one["kind"] == "instruction"]
    for way in ("refusals", "both"):
        words = [len(one[way]["answer"].split()) for one in instructed]
        assert sum(words) < sum(len(one["untouched"]["answer"].split()) for one in instructed)
    assert "Q4_1" in found["sources"]


def test_without_smollm2_the_record_of_its_safety_tuning_is_shown(learned):
    said = text(learned["none"]["demo-live-real-safety"])
    assert "recorded run: smollm2_safety" in said
    assert "SmolLM2 declined" in said
