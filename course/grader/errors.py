"""The one kind of error that a person can mend; the caller of the grader prints its sentence."""


class GraderError(Exception):
    """Something a person can put right; its text is one clear sentence, without a traceback."""
