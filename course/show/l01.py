"""Lesson 01's door: a model that learns in front of your eyes, tokens, the loop, what size does."""

from course.show.answers import gpt2_goes_on
from course.show.l01_base import go_on_with_questions, likely_next
from course.show.l01_loop import (
    loop_curve,
    new_gpt,
    own_or_ours,
    passes_the_floor,
    village_tokens,
    write,
)
from course.show.l01_tables import (
    choose_by_likelihood,
    circles_of_gpt,
    loss_of_sizes,
    recall_of_sizes,
    tokens_of_gpt3,
    training_of_gpt3,
)
from course.show.l01_training import live_training
from course.show.lineage_picture import lineage
from course.show.sources import figure_line, load_model, record
from course.show.text import texts

__all__ = [
    "choose_by_likelihood",
    "circles_of_gpt",
    "figure_line",
    "go_on_with_questions",
    "gpt2_goes_on",
    "likely_next",
    "lineage",
    "live_training",
    "load_model",
    "loop_curve",
    "loss_of_sizes",
    "new_gpt",
    "own_or_ours",
    "passes_the_floor",
    "recall_of_sizes",
    "record",
    "texts",
    "tokens_of_gpt3",
    "training_of_gpt3",
    "village_tokens",
    "write",
]
