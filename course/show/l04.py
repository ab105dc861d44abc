"""Lesson 04's door: the statements, the tables of the real family as pictures, one live demo."""

from course.show.l04_family import (
    cutoffs,
    descent,
    known,
    mix,
    neighbours,
    reported,
    sizes_over_time,
    tree,
)
from course.show.l04_models import one_input
from course.show.lineage_picture import lineage
from course.show.style import say, table
from course.show.verdicts import expect_form, expect_verdicts, statements, verdicts

__all__ = [
    "cutoffs",
    "descent",
    "expect_form",
    "expect_verdicts",
    "known",
    "lineage",
    "mix",
    "neighbours",
    "one_input",
    "reported",
    "say",
    "sizes_over_time",
    "statements",
    "table",
    "tree",
    "verdicts",
]
