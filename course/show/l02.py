"""Lesson 02's door: pictures and notes with few labels, with and without pre-training."""

from course.show.l02_transfer import (
    digit_pictures,
    family,
    live_notes,
    live_pictures,
    nearest,
    note_examples,
    worth,
)
from course.show.lineage_picture import lineage

__all__ = [
    "digit_pictures",
    "family",
    "lineage",
    "live_notes",
    "live_pictures",
    "nearest",
    "note_examples",
    "worth",
]
