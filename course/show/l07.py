"""Lesson 07's door: bandits, PPO in front of your eyes, the price of a nat, and the headline."""

from course.show.l07_ppo import before_and_after, live_ppo
from course.show.l07_rlhf import (
    best_of_table,
    beta_runs,
    beta_slider,
    beta_table,
    hacked,
    headline,
    headline_in_words,
    in_words,
    live_bandits,
    over_optimisation,
    published_beside_ours,
    repair,
)
from course.show.lineage_picture import lineage
from course.show.sources import figure_line, record
from course.show.style import table

__all__ = [
    "before_and_after",
    "best_of_table",
    "beta_runs",
    "beta_slider",
    "beta_table",
    "figure_line",
    "hacked",
    "headline",
    "headline_in_words",
    "in_words",
    "lineage",
    "live_bandits",
    "live_ppo",
    "over_optimisation",
    "published_beside_ours",
    "record",
    "repair",
    "table",
]
