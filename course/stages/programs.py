"""Run programs that a model wrote, really, and say in a sentence what came of each.

Nobody knows what a model writes, so there are two fences. First `refusal` reads the program,
without running it: one function ``f(x)`` with one ``return`` of whole-number arithmetic, and
nothing else. Then it runs in a process of its own (`course.stages.program_child`), no built-ins,
with limits of time and memory; a program that is stuck is stopped with its process, and the next
one gets a new process. Many programs share a process, so a thousand of them take a second.

HumanEval's sandbox (Chen et al. 2021, arXiv:2107.03374, section 2.3) had to let real programs run
and so needed far more: this one is for tiny arithmetic, and no other code should be trusted to it.
Left out on purpose: strings, floats, loops, calls, several functions. Works on Linux, macOS and
Windows; the memory limit holds where the system has one.
"""

import ast
import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course.errors import CourseError
from course.language import N_, _

SECONDS = 2.0  # for one program on all of its inputs
START_SECONDS = 30.0  # for a new process, on a busy computer
MEGABYTES = 256
LONGEST = 400  # characters of a program
LARGEST = 10**6  # of a number in it
POWER = 9  # the largest exponent
CHILD = Path(__file__).with_name("program_child.py")

OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod, ast.Pow)
STATEMENTS = {  # what a program may not do → in words
    ast.Import: N_("imports something"),
    ast.ImportFrom: N_("imports something"),
    ast.While: N_("has a loop"),
    ast.For: N_("has a loop"),
    ast.AsyncFor: N_("has a loop"),
    ast.ListComp: N_("has a loop"),
    ast.SetComp: N_("has a loop"),
    ast.DictComp: N_("has a loop"),
    ast.GeneratorExp: N_("has a loop"),
    ast.Lambda: N_("defines a second function"),
    ast.ClassDef: N_("defines a class"),
    ast.Attribute: N_("reaches into an object with a dot"),
    ast.Subscript: N_("takes a part of something with [ ]"),
}
ONLY = N_("it may only compute with x, whole numbers and + - * // % **")


@dataclass(frozen=True)
class Verdict:
    """What came of a program.

    Attributes
    ----------
    right : bool
        Whether it gave the right value for every input.
    said : str
        One sentence.
    values : tuple of int
        What it gave, for each input; empty if it was refused or failed.
    """

    right: bool
    said: str
    values: tuple[int, ...] = ()


def refusal(source: str) -> str:
    """Return why a program won't be run, in one sentence, or "" if it may run.

    Parameters
    ----------
    source : str
        What a model or a person wrote. It may hold comments.
    """
    if len(source) > LONGEST:
        return _("Refused: it is longer than {n} characters.").format(n=LONGEST)
    try:
        with warnings.catch_warnings():  # of odd programs such as `5x`, which are refused anyway
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        text = _("Not Python: line {line} breaks the grammar.") if line else _("Not Python.")
        return text.format(line=line)
    for node in ast.walk(tree):
        if type(node) in STATEMENTS:
            does = _(STATEMENTS[type(node)])
            return _("Refused: it {does}; {only}.").format(does=does, only=_(ONLY))
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)[:40]
            return _("Refused: it calls {name}(…); {only}.").format(name=called, only=_(ONLY))
    if not (
        len(tree.body) == 1
        and isinstance(function := tree.body[0], ast.FunctionDef)
        and function.name == "f"
        and not function.decorator_list
        and ast.unparse(function.args) == "x"
        and function.returns is None
        and len(function.body) == 1
        and isinstance(function.body[0], ast.Return)
        and function.body[0].value is not None
    ):
        return _("Refused: it isn't one function `def f(x):` with one line `return …`.")
    return _refused(function.body[0].value)


def _refused(node: ast.expr) -> str:
    """Return why an expression isn't plain arithmetic, or "" if it is."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, OPERATORS):
        power = node.right
        if isinstance(node.op, ast.Pow) and not (
            isinstance(power, ast.Constant) and type(power.value) is int and power.value <= POWER
        ):
            text = _("Refused: a power may be a written number up to {most}, and nothing else.")
            return text.format(most=POWER)
        return _refused(node.left) or _refused(node.right)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        return _refused(node.operand)
    if isinstance(node, ast.Name):
        unknown = _("Refused: it uses `{name}`, which isn't known.").format(name=node.id[:40])
        return "" if node.id == "x" else unknown
    if isinstance(node, ast.Constant) and type(node.value) is int:
        large = abs(node.value) > LARGEST
        text = _("Refused: it holds a number above {most:,}.").format(most=LARGEST)
        return text if large else ""
    held = ast.unparse(node)[:40]
    return _("Refused: it holds `{held}`; {only}.").format(held=held, only=_(ONLY))


class Runner:
    """A process that runs programs, started anew whenever one has spoiled it.

    Use it in a ``with`` block: the process ends with it.

    Parameters
    ----------
    seconds : float
        For one program on all its inputs.
    megabytes : int
        Of memory for the process.
    """

    def __init__(self, seconds: float = SECONDS, megabytes: int = MEGABYTES) -> None:
        self.seconds, self.megabytes = seconds, megabytes
        self.process: subprocess.Popen[str] | None = None
        self.answers: queue.Queue[str] = queue.Queue()
        self.started = 0  # processes so far

    def __enter__(self) -> "Runner":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the process, whatever it does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            assert self.process.stdin is not None
            with contextlib.suppress(OSError):  # what wasn't read any more can't be written
                self.process.stdin.close()
            self.process = None

    def _start(self) -> None:
        # Windows can't start Python without these; nothing else of the environment is passed on.
        kept = {k: v for k, v in os.environ.items() if k.upper() in ("SYSTEMROOT", "SYSTEMDRIVE")}
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-X", "utf8", str(CHILD), str(self.megabytes)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                text=True, encoding="utf-8", env=kept,
            )  # fmt: skip
        except OSError as error:
            text = _(
                "No process for the programs could be started ({error}): close other programs and "
                "run the cell again."
            )
            raise CourseError(text.format(error=error.strerror)) from None
        self.answers = queue.Queue()
        self.started += 1
        # A pipe can't be read with a time limit on every system; a queue can.
        threading.Thread(
            target=_read, args=(self.process.stdout, self.answers), daemon=True
        ).start()
        # A first program, so that the start of Python isn't counted as a program's time.
        if "values" not in self._ask("def f(x):\n    return x\n", [0], START_SECONDS):
            raise CourseError(
                _(
                    "The process for the programs doesn't answer: close other programs and run "
                    "the cell again."
                )
            )

    def _ask(self, source: str, inputs: Sequence[int], seconds: float) -> dict[str, Any]:
        """Return the child's answer; a child that gives none is stopped."""
        assert self.process is not None
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps({"source": source, "inputs": list(inputs)}) + "\n")
            self.process.stdin.flush()
            answer = self.answers.get(timeout=seconds)
        except queue.Empty:
            self.stop()
            return {"fault": "time", "about": ""}
        except OSError:
            answer = ""
        if not answer:
            self.stop()
            return {"fault": "end", "about": ""}
        return json.loads(answer)

    def call(self, source: str, inputs: Sequence[int]) -> tuple[tuple[int, ...], str]:
        """Run a program that has passed `refusal`.

        Returns
        -------
        values : tuple of int
            For each input; empty if it failed.
        said : str
            Why it failed, in one sentence; "" if it didn't.
        """
        if self.process is None:
            self._start()
        answer = self._ask(source, inputs, self.seconds)
        if "values" in answer:
            return tuple(answer["values"]), ""
        fault, about = answer["fault"], answer["about"]
        said = {
            "time": _("Stopped: it ran for more than {seconds:g} seconds."),
            "end": _("Stopped: its process ended without an answer."),
            "memory": _("Stopped: {about} needs more than {megabytes} MB of memory."),
            "large": _("Stopped: {about} is too large a number."),
            "kind": _("Wrong: {about}, not a whole number."),
        }
        text = said.get(fault, _("It fails with {fault} at {about}."))
        return (), text.format(
            seconds=self.seconds, about=about, megabytes=self.megabytes, fault=fault
        )


def _read(lines: Any, answers: "queue.Queue[str]") -> None:
    """Put every line into the queue, and "" at the end."""
    with lines:
        for line in lines:
            answers.put(line)
    answers.put("")


def run(
    sources: Sequence[str], inputs: Sequence[int], *, seconds: float = SECONDS
) -> list[tuple[tuple[int, ...], str]]:
    """Run programs and return for each its values, or why there are none.

    Parameters
    ----------
    sources : sequence of str
        Programs; of equal ones only the first is run.
    inputs : sequence of int
        What each is called with.
    seconds : float
        For one program on all inputs.

    Returns
    -------
    list of (values, said)
        One value for each input and ""; or nothing and one sentence.
    """
    found: dict[str, tuple[tuple[int, ...], str]] = {}
    with Runner(seconds) as runner:
        for source in sources:
            if source not in found:
                said = refusal(source)
                found[source] = ((), said) if said else runner.call(source, inputs)
    return [found[source] for source in sources]


def judge(
    sources: Sequence[str], inputs: Sequence[int], values: Sequence[Sequence[int]]
) -> list[Verdict]:
    """Run programs and compare what they give with what is right.

    Parameters
    ----------
    sources, inputs
        As for `run`.
    values : sequence of sequences of int
        For each program its right values.
    """
    return [
        _compared(got, said, inputs, right)
        for (got, said), right in zip(run(sources, inputs), values, strict=True)
    ]


def _compared(
    got: tuple[int, ...], said: str, inputs: Sequence[int], right: Sequence[int]
) -> Verdict:
    if said:
        return Verdict(False, said)
    for x, value, wanted in zip(inputs, got, right, strict=True):
        if value != wanted:
            text = _("Wrong: f({x}) is {got} instead of {want}.")
            return Verdict(False, text.format(x=x, got=value, want=wanted), got)
    return Verdict(True, f"Right for all {len(inputs)} inputs.", got)
