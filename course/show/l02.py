"""Lesson 02's door: pictures and notes with few labels, with and without pre-training."""

from course.show.l02_transfer import (
    digit_pictures,
    digit_rows,
    family,
    live_notes,
    live_pictures,
    nearest,
    note_examples,
    worth,
)
from course.show.lineage_picture import lineage
from course.show.own import answered
from course.show.style import say

__all__ = [
    "answered",
    "digit_pictures",
    "digit_rows",
    "family",
    "lineage",
    "live_notes",
    "live_pictures",
    "nearest",
    "note_examples",
    "say",
    "worth",
]
