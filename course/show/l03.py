"""Lesson 03's door: models that write programs, LoRA in front of your eyes, ways and sizes."""

from course.show.l03_lora import live_lora
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
from course.show.lineage_picture import lineage

__all__ = [
    "ask",
    "beside_peft",
    "family",
    "first_look",
    "four_ways",
    "lineage",
    "live_lora",
    "plane",
    "rates",
    "verdicts",
]
