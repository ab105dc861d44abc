"""The one kind of error that a learner may see: a sentence that says what to do."""


class CourseError(Exception):
    """Something a person can put right; its text is one clear sentence, without a traceback."""
