"""Lesson 06's door: two teachers, labels of one's own, tastes, reward models, and the backflip."""

from course.show.l06_feedback import (
    answer_desk,
    ceiling_picture,
    clip_desk,
    clip_sheet,
    csv_for,
    hand_written,
    learned_backflip,
    own_backflip,
    own_taste,
    picks,
    preference_curve,
    reward_curve,
    rewards_of_answers,
    rufus,
)
from course.show.l06_loop import ai_feedback, knowledge, own_functions, rankings, trained
from course.show.l06_real import live_real_reward, real_reward, replies_csv, reply_desk
from course.show.lineage_picture import lineage
from course.show.sources import figure_line, record

__all__ = [
    "ai_feedback",
    "answer_desk",
    "ceiling_picture",
    "clip_desk",
    "clip_sheet",
    "csv_for",
    "figure_line",
    "hand_written",
    "knowledge",
    "learned_backflip",
    "lineage",
    "live_real_reward",
    "own_backflip",
    "own_functions",
    "own_taste",
    "picks",
    "preference_curve",
    "rankings",
    "real_reward",
    "record",
    "replies_csv",
    "reply_desk",
    "reward_curve",
    "rewards_of_answers",
    "rufus",
    "trained",
]
