"""What is to run of one submitted notebook, and what came of it: plain data between the stages.

A `Job` is made by `prepare` on the instructor's machine and carried out by `run`, there or on
another machine; `Ran` comes back and is written down by `record`. Both turn into JSON and back, so
that they can be sent, hashed and kept. Nothing here knows nbgrader, a process or a file.
"""

import base64
import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

STUDENT, CHECK, BOTH = "student", "check", "both"
GRACE = 4.0  # seconds that a cell may ignore its interruption
TIMED_OUT = {"error": "CellTimeoutError", "message": "took too long"}
DIED = {"error": "DeadKernelError", "message": "Python stopped"}
FORMAT = 4  # of what is kept; a change of it makes old results worthless


class DeathError(Exception):
    """A process has ended, or had to be killed; `outcome` is what its cell gets."""

    def __init__(self, outcome: dict[str, Any]) -> None:
        super().__init__(outcome["message"])
        self.outcome = outcome


@dataclass(frozen=True)
class Limits:
    """What one notebook may take.

    Attributes
    ----------
    cell_seconds : float
        For each cell; nbgrader's ``Execute.timeout``.
    notebook_seconds : float
        For all cells together; the cells after it fail.
    memory_mb : int
        Of the student's process with all that it starts.
    processes : int
    files_mb : int
        Written to the scratch folder.
    output_bytes : int
        Kept of all outputs together.
    """

    cell_seconds: float = 30.0
    notebook_seconds: float = 300.0
    memory_mb: int = 2000
    processes: int = 64
    files_mb: int = 200
    output_bytes: int = 1_000_000


@dataclass(frozen=True)
class Step:
    """One code cell to run.

    Attributes
    ----------
    where : str
        `STUDENT`: in the student's process (answers, and cells of their own). `CHECK`: in the
        trusted process (grade cells, and the instructor's cells as the source has them). `BOTH`:
        an instructor's cell that the student left as it is.
    source : str
    index : int or None
        The cell of the prepared notebook that gets the outputs (for `BOTH` the student's); None
        where no cell of the notebook shows them.
    grade : str
        The ``grade_id`` of a grade cell; empty for others.
    exercise : str
        The exercise of a grade or solution cell; empty for others.
    """

    where: str
    source: str
    index: int | None = None
    grade: str = ""
    exercise: str = ""


@dataclass(frozen=True)
class Job:
    """All that is needed to run one submitted notebook anywhere.

    Attributes
    ----------
    lesson : str
        The notebook's name.
    steps : tuple of Step
        In order.
    names : tuple of str
        What the *source's* solution cells define: these names, and no others, are handed from the
        student's process to the checks.
    modules : tuple of str
        What the source imports; loaded once before any student's code.
    files : dict of str to bytes
        What is next to the notebook: path (with ``/``, relative) → content. The instructor's
        files have been put over the student's.
    limits : Limits
    trusted : tuple of str
        Which of the files are the instructor's; the checks' process has these only, or it could
        import a student's file.
    library : str
        A hash of what else the result depends on: the course's library, its data, packages.
    """

    lesson: str
    steps: tuple[Step, ...]
    names: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    files: dict[str, bytes] = field(default_factory=dict)
    limits: Limits = Limits()
    trusted: tuple[str, ...] = ()
    library: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain data from which `from_json` makes an equal job."""
        plain = dataclasses.asdict(self)
        plain["files"] = {
            name: base64.b64encode(content).decode() for name, content in self.files.items()
        }
        return plain | {"format": FORMAT}

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> "Job":
        """Return the job that `to_json` has written."""
        plain = {key: value for key, value in plain.items() if key != "format"}
        plain["steps"] = tuple(Step(**step) for step in plain["steps"])
        for key in ("names", "modules", "trusted"):
            plain[key] = tuple(plain[key])
        plain["files"] = {name: base64.b64decode(text) for name, text in plain["files"].items()}
        plain["limits"] = Limits(**plain["limits"])
        return cls(**plain)

    def hash(self) -> str:
        """Return 64 hexadecimal digits that change with anything that can change the result."""
        text = json.dumps(self.to_json(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Outcome:
    """How a cell ended.

    Attributes
    ----------
    error : str or None
        The exception's name; None if the cell passed. ``CellTimeoutError`` if it took too long,
        ``DeadKernelError`` if it ended Python.
    message : str
        The exception's text.
    line : int or None
        The line of the cell (from 1) where it failed.
    """

    error: str | None
    message: str = ""
    line: int | None = None


@dataclass
class Result:
    """How one step went.

    Attributes
    ----------
    index : int or None
        As in the step.
    grade, exercise : str
        As in the step.
    outputs : list of dict
        As nbformat stores them. Outputs of a grade cell never hold a line of a check.
    error : str or None
        The exception's name; None if the cell passed. ``CellTimeoutError`` and ``DeadKernelError``
        are ours.
    message : str
        The exception's text.
    line : int or None
        The line of the cell (from 1) that it passed through last.
    seconds : float
    trusted_error, trusted_message : str or None, str
        The same of an instructor's cell with the checks, where it ran on both sides.
    aside : str
        The beginning of what an answer wrote on stderr while a check called it, which costs
        nothing; known only where both run in one process.
    """

    index: int | None
    grade: str = ""
    exercise: str = ""
    outputs: list[dict[str, Any]] = field(default_factory=list)
    error: str | None = None
    message: str = ""
    line: int | None = None
    seconds: float = 0.0
    trusted_error: str | None = None
    trusted_message: str = ""
    aside: str = ""

    @property
    def passed(self) -> bool:
        """Whether it ended without an error."""
        return self.error is None

    @property
    def outcome(self) -> Outcome:
        """How it ended."""
        return Outcome(self.error, self.message, self.line)

    @property
    def stderr(self) -> str:
        """What it wrote there."""
        texts = [o["text"] for o in self.outputs if o.get("name") == "stderr"]
        return "".join(texts)

    @property
    def value(self) -> bool:
        """Whether its last line had a value other than None."""
        return any(output["output_type"] == "execute_result" for output in self.outputs)

    def fill(self, outcome: dict[str, Any]) -> None:
        """Take over how a cell went; an error is always among the outputs."""
        outputs = list(outcome.get("outputs", []))
        error, message = outcome.get("error"), outcome.get("message", "")
        if error and not any(output["output_type"] == "error" for output in outputs):
            said = [f"{error}: {message}"]
            shown = {"output_type": "error", "ename": error, "evalue": message, "traceback": said}
            outputs.append(shown)
        self.outputs, self.error, self.message = outputs, error, message
        self.line, self.seconds = outcome.get("line"), round(outcome.get("seconds", 0.0), 4)
        self.aside = outcome.get("aside", "")


@dataclass
class Ran:
    """How a job went.

    Attributes
    ----------
    cells : list of Result
        One for each step.
    flags : list of str
        What an instructor may want to look at, one sentence each, such as "ended Python in
        exercise softmax" or "a test replaced a function of numpy".
    deaths : int
        How often the student's process ended or was killed.
    seconds : float
        From start to end.
    peak_mb : float
        Of the student's process; 0 where that isn't known.
    sandbox : str
        ``"bubblewrap"`` or ``"none"``.
    """

    cells: list[Result]
    flags: list[str] = field(default_factory=list)
    deaths: int = 0
    seconds: float = 0.0
    peak_mb: float = 0.0
    sandbox: str = "none"

    def to_json(self) -> dict[str, Any]:
        """Return plain data from which `from_json` makes an equal object."""
        return dataclasses.asdict(self) | {"format": FORMAT}

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> "Ran":
        """Return the object that `to_json` has written."""
        plain = {key: value for key, value in plain.items() if key != "format"}
        return cls(**(plain | {"cells": [Result(**cell) for cell in plain["cells"]]}))
