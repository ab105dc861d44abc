"""Lesson 08's door: a box to chat in, dialogues as text, comparisons, judges and the league."""

from course.show.chatbox import ChatBox
from course.show.l08_comparisons import places, three_comparisons, three_examples
from course.show.l08_dialogues import dialogue_record, live_dialogues, live_league, what_it_reads
from course.show.l08_judges import by_length, league_table, your_win_rates
from course.show.l08_prompts import fool_the_rule, in_the_prompt, search_results, wrapped
from course.show.l08_real import live_real_safety, real_safety
from course.show.l08_talks import (
    another_name,
    ask_of_itself,
    chatgpt_facts,
    filter_beside_models,
    forgetting,
    plain_chat,
    smollm2_answers,
    smollm2_rates,
    where_from,
)
from course.show.lineage_picture import lineage
from course.show.verdicts import expect_form, expect_verdicts, statements, verdicts

__all__ = [
    "ChatBox",
    "another_name",
    "ask_of_itself",
    "by_length",
    "chatgpt_facts",
    "dialogue_record",
    "expect_form",
    "expect_verdicts",
    "filter_beside_models",
    "fool_the_rule",
    "forgetting",
    "in_the_prompt",
    "league_table",
    "lineage",
    "live_dialogues",
    "live_league",
    "live_real_safety",
    "places",
    "plain_chat",
    "real_safety",
    "search_results",
    "smollm2_answers",
    "smollm2_rates",
    "statements",
    "three_comparisons",
    "three_examples",
    "verdicts",
    "what_it_reads",
    "where_from",
    "wrapped",
    "your_win_rates",
]
