"""Lesson 00's door: the lineage, three requests to all its stages, and the learner's map."""

from course.show.l00_requests import count_answers, real_answers, stages_answer
from course.show.learners_map import latest_map
from course.show.lineage_picture import lineage

__all__ = [
    "count_answers",
    "latest_map",
    "lineage",
    "real_answers",
    "stages_answer",
]
