"""Lesson 07's door: one answer to everything, bandits, PPO's loop, PPO live, and the headline."""

from course.show.l07_loop import four_models, own_functions, report, written_by
from course.show.l07_pictures import clip, gae_arrows, ppo_loop
from course.show.l07_ppo import before_and_after, live_ppo, what_changed
from course.show.l07_real import live_real_ppo, real_hack, real_ppo, real_reading
from course.show.l07_rlhf import (
    best_of_table,
    beta_runs,
    beta_slider,
    beta_table,
    hacked,
    hacking_in_words,
    headline,
    headline_examples,
    headline_facts,
    headline_in_words,
    in_words,
    live_bandits,
    one_answer,
    one_answer_in_words,
    over_optimisation,
    published_beside_ours,
    repair,
    wary_in_words,
)
from course.show.lineage_picture import lineage
from course.show.sources import figure_line, record

__all__ = [
    "before_and_after",
    "best_of_table",
    "beta_runs",
    "beta_slider",
    "beta_table",
    "clip",
    "figure_line",
    "four_models",
    "gae_arrows",
    "hacked",
    "hacking_in_words",
    "headline",
    "headline_examples",
    "headline_facts",
    "headline_in_words",
    "in_words",
    "lineage",
    "live_bandits",
    "live_ppo",
    "live_real_ppo",
    "one_answer",
    "one_answer_in_words",
    "over_optimisation",
    "own_functions",
    "ppo_loop",
    "published_beside_ours",
    "real_hack",
    "real_ppo",
    "real_reading",
    "record",
    "repair",
    "report",
    "wary_in_words",
    "what_changed",
    "written_by",
]
