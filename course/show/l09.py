"""Lesson 09's door: DPO and GRPO in front of your eyes, methods on one picture, their costs."""

from course.show.l09_dpo import answer_logprobs, before_and_after, dpo_pairs, live_dpo
from course.show.l09_frontier import (
    afterwards,
    candidates,
    costs,
    costs_in_words,
    frontier,
    frontier_table,
    ideal,
    in_words,
    looked_up,
    sixty,
)
from course.show.l09_grpo import (
    advantage_ways,
    gaming,
    gaming_in_words,
    gaming_programs,
    grpo_start,
    live_grpo,
    program_logprobs,
    run_programs,
    tries,
    tries_in_words,
    write_programs,
)
from course.show.l09_real import live_real_dpo, real_dpo
from course.show.lineage_picture import lineage
from course.show.own import answered
from course.show.sources import facts, figure_line, record
from course.show.style import say
from course.show.verdicts import expect_form, expect_verdicts, statements, verdicts

__all__ = [
    "advantage_ways",
    "afterwards",
    "answer_logprobs",
    "answered",
    "before_and_after",
    "candidates",
    "costs",
    "costs_in_words",
    "dpo_pairs",
    "expect_form",
    "expect_verdicts",
    "facts",
    "figure_line",
    "frontier",
    "frontier_table",
    "gaming",
    "gaming_in_words",
    "gaming_programs",
    "grpo_start",
    "ideal",
    "in_words",
    "lineage",
    "live_dpo",
    "live_grpo",
    "live_real_dpo",
    "looked_up",
    "program_logprobs",
    "real_dpo",
    "record",
    "run_programs",
    "say",
    "sixty",
    "statements",
    "tries",
    "tries_in_words",
    "verdicts",
    "write_programs",
]
