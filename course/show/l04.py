"""Lesson 04's door: the tables of the real family as pictures, and what needs torch apart."""

from course.show.l04_family import cutoffs, mix, sizes_over_time, tree
from course.show.l04_models import one_input, speed_against_strength
from course.show.lineage_picture import lineage
from course.show.style import say, table

__all__ = [
    "cutoffs",
    "lineage",
    "mix",
    "one_input",
    "say",
    "sizes_over_time",
    "speed_against_strength",
    "table",
    "tree",
]
