"""Lesson 09's door: DPO in front of your eyes, three methods on one picture, what they cost."""

from course.show.l09_dpo import before_and_after, live_dpo
from course.show.l09_frontier import (
    candidates,
    costs,
    costs_in_words,
    equal_kl,
    frontier,
    frontier_table,
    ideal,
    in_words,
    looked_up,
    sixty,
)
from course.show.lineage_picture import lineage
from course.show.sources import figure_line, record
from course.show.style import table

__all__ = [
    "before_and_after",
    "candidates",
    "costs",
    "costs_in_words",
    "equal_kl",
    "figure_line",
    "frontier",
    "frontier_table",
    "ideal",
    "in_words",
    "lineage",
    "live_dpo",
    "looked_up",
    "record",
    "sixty",
    "table",
]
