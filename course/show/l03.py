"""Lesson 03's door: models that write programs, LoRA's loop and live runs, ways and sizes."""

from course.show.l03_guide import ask_guide, guide, live_guide
from course.show.l03_lora import live_lora, matrices, programs_to_learn, writes, yours
from course.show.l03_programs import (
    ask,
    beside_peft,
    family,
    first_look,
    four_ways,
    plane,
    rates,
    verdicts,
)
from course.show.l03_smollm2 import teach_smollm2
from course.show.lineage_picture import lineage

__all__ = [
    "ask",
    "ask_guide",
    "beside_peft",
    "family",
    "first_look",
    "four_ways",
    "guide",
    "lineage",
    "live_guide",
    "live_lora",
    "matrices",
    "plane",
    "programs_to_learn",
    "rates",
    "teach_smollm2",
    "verdicts",
    "writes",
    "yours",
]
