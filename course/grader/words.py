"""How a cell failed, in words for the author of the answer."""

from course.grader import notebook
from course.grader.job import DIED, TIMED_OUT, Outcome
from course.grader.notebook import Cell

NOT_YET = "not answered yet"
WHERE = {"solution": "your answer", "grade": "a check"}


def message_of(cell: Cell, outcome: Outcome, timeout: float) -> str:
    """Say in words for a learner how `cell` failed.

    Parameters
    ----------
    cell : Cell
        As the source has it.
    outcome : Outcome
    timeout : float
        Seconds that a cell may take.
    """
    text = " ".join(outcome.message.split())
    where = WHERE.get(cell.kind, "a cell of the notebook")
    if cell.kind == "grade" and outcome.line in notebook.hidden_lines(cell.source):
        where = "a hidden check"
    if outcome.error == "NotImplementedError":
        return NOT_YET
    if outcome.error == TIMED_OUT["error"]:
        return f"{where} took longer than {timeout:g} seconds"
    if outcome.error == DIED["error"]:
        return f"{where} ended Python (by exit, or out of memory)"
    if outcome.error == "AssertionError" and cell.kind == "grade":
        return text or f"{where} fails"
    return f"{where} stopped with {outcome.error}" + (f": {text}" if text else "")
