"""Lesson 05's door: from a base model's answers to SFT in front of your eyes, and FeedME."""

from course.show.answers import gpt2_goes_on
from course.show.l05_calibration import (
    calibration_errors,
    gpt4_calibration,
    reliability,
    your_calibration,
)
from course.show.l05_following import (
    answers,
    ask_the_base,
    asks_again,
    demonstrations_as_tokens,
    drawn_or_greedy,
    few_shot_base,
    flaws,
    instructgpt_sft,
    kept_in_words,
    marks,
    paired,
    rated,
    rounds,
    rounds_in_words,
    shipped_sft,
    side_by_side,
    template_or_not,
)
from course.show.l05_real import live_real_sft, real_sft
from course.show.l05_sft import after_the_loop, for_the_loop, live_sft
from course.show.lineage_picture import lineage
from course.show.sources import load_model, record
from course.show.style import say

__all__ = [
    "after_the_loop",
    "answers",
    "ask_the_base",
    "asks_again",
    "calibration_errors",
    "demonstrations_as_tokens",
    "drawn_or_greedy",
    "few_shot_base",
    "flaws",
    "for_the_loop",
    "gpt2_goes_on",
    "gpt4_calibration",
    "instructgpt_sft",
    "kept_in_words",
    "lineage",
    "live_real_sft",
    "live_sft",
    "load_model",
    "marks",
    "paired",
    "rated",
    "real_sft",
    "record",
    "reliability",
    "rounds",
    "rounds_in_words",
    "say",
    "shipped_sft",
    "side_by_side",
    "template_or_not",
    "your_calibration",
]
