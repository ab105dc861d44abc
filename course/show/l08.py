"""Lesson 08's door: dialogues as text, a box to chat in, three comparisons, and the league."""

from course.show.chatbox import ChatBox
from course.show.l08_comparisons import percent, places, rates, ratings, wins
from course.show.l08_dialogues import live_dialogues, live_league, what_it_reads
from course.show.l08_talks import (
    another_name,
    ask_of_itself,
    filter_beside_models,
    forgetting,
    plain_chat,
    smollm2_answers,
    where_from,
)
from course.show.lineage_picture import lineage
from course.show.sources import figure_line, record
from course.show.style import table

__all__ = [
    "ChatBox",
    "another_name",
    "ask_of_itself",
    "figure_line",
    "filter_beside_models",
    "forgetting",
    "lineage",
    "live_dialogues",
    "live_league",
    "percent",
    "places",
    "plain_chat",
    "rates",
    "ratings",
    "record",
    "smollm2_answers",
    "table",
    "what_it_reads",
    "where_from",
    "wins",
]
