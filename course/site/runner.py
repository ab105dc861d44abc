"""One exercise in Python of the page: its answer and its checks, each time in an empty namespace.

Runs in Pyodide, beside the page, and imports nothing that isn't there. The answer meets what it
meets in the notebook: the set-up cell, the ordinary cells whose names its checks use, and its
visible checks, in this order. PyTorch isn't there: a module of its name takes its place, since many
set-up cells import it, and says so when it is used. Left out on purpose: live demos, and hidden
checks, which no site has.
"""

import contextlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import io
import json
import linecache
import os
import re
import symtable
import sys
import time
import types
from collections.abc import Callable, Sequence
from typing import Any

from course import claims
from course.language import N_
from course.site.words import _

MOST = 20_000  # letters that an answer may print; the rest isn't kept
NOT_YET = N_("not answered yet")
STOPPED = "stopped"
ANSWER, CHECK = "<your answer>", "<a check>"
SOURCES = {
    ANSWER: N_("your answer stopped with {kind}"),
    CHECK: N_("a check stopped with {kind}"),
    "<the notebook>": N_("the notebook stopped with {kind}"),
}
MORE = N_("(only the first {most} letters are shown)")
DOOR = re.compile(r"l\d\d")  # of a lesson's demos
NOT_HERE = N_("{name} doesn't run in a page: answer this in JupyterLab.")


# --- what isn't in a page -------------------------------------------------------------------------


class Absent(types.ModuleType):
    """A module that can be imported, and says that it isn't here when something of it is used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name == "functional" or DOOR.fullmatch(name):  # `from torch.nn import functional` is an
            return importlib.import_module(f"{self.__name__}.{name}")  # import, and not yet a use
        raise RuntimeError(_(NOT_HERE).format(name=self.__name__.partition(".")[0]))


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds PyTorch, and the doors of the lessons' demos, of which checks use one function."""

    def find_spec(
        self, name: str, path: object = None, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Say that a module of these names is here."""
        parts = name.split(".")
        if parts[0] != "torch" and parts[:2] != ["course", "show"]:
            return None
        return importlib.util.spec_from_loader(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        """Make it."""
        module = Absent(spec.name)
        if spec.name.startswith("course"):
            module.__dict__["expect_form"] = claims.expect_form
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        """There is nothing to run."""


def prepare() -> None:
    """Make this Python one of a page: demos do nothing, and what isn't here says so."""
    os.environ["NBGRADER_EXECUTION"] = "page"
    if not any(isinstance(finder, Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, Finder())


# --- which cells ----------------------------------------------------------------------------------


def bound(source: str) -> set[str]:
    """Return the names to which a cell gives a value."""
    names = symtable.symtable(source, "cell", "exec").get_symbols()
    return {one.get_name() for one in names if one.is_assigned() or one.is_imported()}


def read(source: str) -> set[str]:
    """Return the names that a cell and its functions take from outside of them."""
    top = symtable.symtable(source, "cell", "exec")
    found, tables = {one.get_name() for one in top.get_symbols() if one.is_referenced()}, [top]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        found |= {one.get_name() for one in table.get_symbols() if one.is_global()}
    return found


def needed(ordinary: Sequence[str], setup: str, cells: Sequence[str]) -> list[str]:
    """Return those of a lesson's ordinary cells that `cells` can't do without, in order.

    Parameters
    ----------
    ordinary : sequence of str
        Cells that are no exercise's, and come before its last check.
    setup : str
        The set-up cell, which always runs.
    cells : sequence of str
        The stub of the answer and its checks.
    """
    wanted = set().union(*map(read, cells)) - bound(setup).union(*map(bound, cells))
    chosen: list[str] = []
    for source in reversed(ordinary):
        if wanted & bound(source):
            chosen.insert(0, source)
            wanted = (wanted | read(source)) - bound(source)
    return chosen


def cells_of(task: dict[str, Any]) -> list[str]:
    """Return the cells that run before a task's answer; the task is as in `check`."""
    cells = [task["stub"], *(one["source"] for one in task["checks"])]
    return [task["setup"], *needed(task["ordinary"], task["setup"], cells)]


def names(text: str, packages: Sequence[str]) -> str:
    """Return which `packages` a task that is written in JSON names, one a line."""
    task = json.loads(text)
    every = [*cells_of(task), task["answer"], *(one["source"] for one in task["checks"])]
    return "\n".join(one for one in packages if re.search(rf"\b{one}\b", "\n".join(every)))


# --- a run ----------------------------------------------------------------------------------------


class Printed(io.TextIOBase):
    """Hands on what is printed, in pieces and not without end."""

    def __init__(self, say: Callable[[str], object]) -> None:
        self.say, self.left, self.waiting, self.said = say, MOST, "", 0.0

    def writable(self) -> bool:
        """Say that one may write."""
        return True

    def write(self, text: str) -> int:
        """Keep `text` until it is worth a message, or drop it if there was too much."""
        if self.left > 0:
            self.waiting += text[: self.left]
            self.left -= len(text)
            if self.left <= 0:
                self.waiting += f"\n… {_(MORE).format(most=f'{MOST:,}')}\n"
            if self.left <= 0 or time.monotonic() - self.said > 0.2:
                self.send()
        return len(text)

    def send(self) -> None:
        """Send what waits."""
        if self.waiting:
            self.say(self.waiting)
        self.waiting, self.said = "", time.monotonic()


def execute(source: str, name: str, space: dict[str, Any]) -> None:
    """Run a cell; a traceback finds its lines by `name`."""
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    exec(compile(source, name, "exec"), space)


def line_of(error: BaseException) -> int:
    """Return the last line of the learner's answer that an error went through; 0 if none."""
    if isinstance(error, SyntaxError) and error.filename == ANSWER:
        return error.lineno or 0
    found, trace = 0, error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == ANSWER:
            found = trace.tb_lineno
        trace = trace.tb_next
    return found


def message(error: BaseException, where: str) -> str:
    """Say how a cell failed, as the notebook's scorecard does, and in which line of the answer."""
    text, kind = " ".join(str(error).split()), type(error).__name__
    if isinstance(error, NotImplementedError):
        return _(NOT_YET)
    if isinstance(error, AssertionError) and where == CHECK and not line_of(error):
        return text or _("a check fails")
    if isinstance(error, KeyboardInterrupt):
        return STOPPED
    if isinstance(error, ModuleNotFoundError):
        text = _("{name} isn't in the page, where there are Python, numpy and pandas.")
        text = text.format(name=error.name)
    elif isinstance(error, SyntaxError):
        text = error.msg
    said = _(SOURCES[where]).format(kind=kind) + (f": {text}" if text else "")
    line = line_of(error)
    return said + (f" ({_('line {line} of your answer').format(line=line)})" if line else "")


def title(source: str) -> str:
    """Return the name of a check: its first line, a comment."""
    first = source.strip().partition("\n")[0]
    words = first.removeprefix("#").strip()
    return words.removeprefix("Check:").removeprefix(_("Check:")).strip()


def check(task: dict[str, Any], say: Callable[[str], object] = print) -> dict[str, Any]:
    """Run an answer and its checks.

    Parameters
    ----------
    task : dict
        ``lesson``, ``name``, ``setup``, ``ordinary`` (as in `needed`), ``stub``, ``answer`` and
        ``checks``, a list of ``id`` and ``source``.
    say : callable
        Takes what the answer prints.

    Returns
    -------
    dict
        ``error``, what stopped the answer; ``stopped``; ``checks``, a list of ``id``, ``title``,
        ``passed`` and ``message``; ``verdicts``, which is None unless all is decided.
    """
    space: dict[str, Any] = {"__name__": "__main__"}
    checks = [{"id": one["id"], "title": title(one["source"])} for one in task["checks"]]
    found: dict[str, Any] = {"error": "", "stopped": False, "verdicts": None, "checks": checks}
    for one in checks:
        one |= {"passed": False, "message": ""}
    sources = [one["source"] for one in task["checks"]]
    printed = Printed(say)
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            for source in cells_of(task):
                execute(source, "<the notebook>", space)
            execute(task["answer"], ANSWER, space)
        except BaseException as error:  # exit() and Stop, too
            found["error"] = message(error, ANSWER)
        for one, source in zip(checks, sources, strict=True):
            if found["error"]:
                break
            try:
                execute(source, CHECK, space)
                one["passed"] = True
            except BaseException as error:
                one["message"] = message(error, CHECK)
                if isinstance(error, KeyboardInterrupt):
                    found["error"] = STOPPED
        if task["name"] == claims.EXERCISE and all(one["passed"] for one in checks):
            found["verdicts"] = verdicts(task["lesson"], space[claims.EXERCISE])
        printed.send()
    found["stopped"] = found["error"] == STOPPED
    return found


def verdicts(lesson: str, decide: Callable[[], Any]) -> dict[str, Any] | None:
    """Return which verdicts are right, and why; None where that isn't told."""
    answers, asked, truth = decide(), claims.asked(lesson), claims.told(lesson)
    if truth is None or any(claims.fault(answers, name, what) for name, what in asked.items()):
        return None
    rows = []
    for name, (verdict, figure, reason) in truth.items():
        rows.append(
            {
                "statement": asked[name]["statement"],
                "yours": f"{answers[name][0]}, {_written(answers[name][1])}",
                "right": f"{verdict}, {_written(figure)}",
                "why": reason,
                "fine": all(claims.right(answers[name], verdict, figure)),
            }
        )
    return {"good": sum(row["fine"] for row in rows), "of": len(rows), "rows": rows}


def _written(figure: Any) -> str:
    if isinstance(figure, str):
        return figure
    return f"{figure:,.0f}" if figure == int(figure) else f"{figure:,.4g}"


def answer(text: str, say: Callable[[str], object]) -> str:
    """Run a task that is written in JSON, and return what was found in JSON."""
    return json.dumps(check(json.loads(text), say))
