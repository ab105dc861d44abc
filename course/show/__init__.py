"""What learners look at: pictures, tables and the live training, with one look for all lessons.

A lesson says ``from course import show`` and calls one function a demo. Importing this costs no
time: matplotlib and torch are imported by the functions that need them, when they are called.

What gives a picture or a table returns it, for ``display``; sentences are shown at once.
A model or run record that isn't there gives one sentence and None, and the lesson goes on.
"""

from course.show.l01_training import LiveTraining, live_training, loss_curve
from course.show.lineage_picture import lineage
from course.show.sizes import circles, loss_against_size, recall_by_frequency
from course.show.sources import demo_seconds, figure_line, load_model, record, records_of
from course.show.style import COLOURS, Page, Picture, colour, say, table
from course.show.text import next_tokens, texts, tokens

__all__ = [
    "COLOURS",
    "LiveTraining",
    "Page",
    "Picture",
    "circles",
    "colour",
    "demo_seconds",
    "figure_line",
    "lineage",
    "live_training",
    "load_model",
    "loss_against_size",
    "loss_curve",
    "next_tokens",
    "recall_by_frequency",
    "record",
    "records_of",
    "say",
    "table",
    "texts",
    "tokens",
]
