"""The one kind of error that a person can mend, and the mark of all that the grader says.

What the grader says is English, in records and errors too. Who shows it says it in the reader's
language (`hooks.Hooks.say`), which finds the message again by what is between its fields. So each
is written whole, marked, and filled in by name: ``N_("{name} is empty.").format(name=name)``.
"""


class GraderError(Exception):
    """Something a person can put right; its text is one clear sentence, without a traceback."""


def N_(text: str) -> str:
    """Mark a text for translators."""
    return text
