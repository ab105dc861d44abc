"""Lesson 01's door: tokens, a model that learns in front of your eyes, what size and text do."""

from course.show.answers import gpt2_goes_on
from course.show.l01_base import go_on_with_questions, likely_next
from course.show.l01_training import live_training
from course.show.lineage_picture import lineage
from course.show.sizes import circles, loss_against_size, recall_by_frequency
from course.show.sources import figure_line, load_model, record, records_of
from course.show.style import say
from course.show.text import texts, tokens

__all__ = [
    "circles",
    "figure_line",
    "go_on_with_questions",
    "gpt2_goes_on",
    "likely_next",
    "lineage",
    "live_training",
    "load_model",
    "loss_against_size",
    "recall_by_frequency",
    "record",
    "records_of",
    "say",
    "texts",
    "tokens",
]
