"""The one kind of error that a person can mend; whoever calls the grader prints its sentence."""


class GraderError(Exception):
    """Something a person can put right; its text is one clear sentence, without a traceback."""
