"""Lesson 09's door: DPO in front of your eyes, three methods on one picture, what they cost."""

from course.show.l09_dpo import answer_logprobs, before_and_after, dpo_pairs, live_dpo
from course.show.l09_frontier import (
    afterwards,
    candidates,
    costs,
    costs_in_words,
    frontier,
    frontier_table,
    ideal,
    in_words,
    looked_up,
    sixty,
)
from course.show.l09_real import live_real_dpo, real_dpo
from course.show.lineage_picture import lineage
from course.show.own import answered
from course.show.sources import figure_line, record
from course.show.style import say, table
from course.show.verdicts import expect_form, expect_verdicts, statements, verdicts

__all__ = [
    "afterwards",
    "answer_logprobs",
    "answered",
    "before_and_after",
    "candidates",
    "costs",
    "costs_in_words",
    "dpo_pairs",
    "expect_form",
    "expect_verdicts",
    "figure_line",
    "frontier",
    "frontier_table",
    "ideal",
    "in_words",
    "lineage",
    "live_dpo",
    "live_real_dpo",
    "looked_up",
    "real_dpo",
    "record",
    "say",
    "sixty",
    "statements",
    "table",
    "verdicts",
]
