"""How a cell failed, in words for the author of the answer.

Which words there are is here; the course says them in its language (`hooks.Hooks.say`).
"""

from collections.abc import Callable

from course.grader import notebook
from course.grader.errors import N_
from course.grader.job import DIED, TIMED_OUT, Outcome
from course.grader.notebook import Cell

NOT_YET = N_("not answered yet")  # stays English in records; whoever shows it says it
WHERE = {"solution": N_("your answer"), "grade": N_("a check")}
TOO_LONG = N_("{where} took longer than {seconds:g} seconds")
ENDED = N_("{where} ended Python (by exit, or out of memory)")
FAILS = N_("{where} fails")
STOPPED = N_("{where} stopped with {error}")


def message_of(
    cell: Cell, outcome: Outcome, timeout: float, say: Callable[[str], str] = str
) -> str:
    """Say in words for a learner how `cell` failed.

    Parameters
    ----------
    cell : Cell
        As the source has it.
    outcome : Outcome
    timeout : float
        Seconds that a cell may take.
    say : callable
        Gives a text in the reader's language.
    """
    text = " ".join(outcome.message.split())
    where = WHERE.get(cell.kind, N_("a cell of the notebook"))
    if cell.kind == "grade" and outcome.line in notebook.hidden_lines(cell.source):
        where = N_("a hidden check")
    where = say(where)
    if outcome.error == "NotImplementedError":
        return NOT_YET
    if outcome.error == TIMED_OUT["error"]:
        return say(TOO_LONG).format(where=where, seconds=timeout)
    if outcome.error == DIED["error"]:
        return say(ENDED).format(where=where)
    if outcome.error == "AssertionError" and cell.kind == "grade":
        return text or say(FAILS).format(where=where)
    return say(STOPPED).format(where=where, error=outcome.error) + (f": {text}" if text else "")
