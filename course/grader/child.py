"""The process that runs the cells of one notebook: the student's, or the one that holds the checks.

Both are the same program. It runs cells in IPython's own shell, collects what they show as nbformat
stores it, and answers the hub's messages (`wire`). In the student's process the hub may call a
function by its name. In the checks' process such a function is a `Proxy`: calling it sends plain
data (`codec`) to the hub, which passes them to the student's process and brings the answer back. So
a student's code never shares a process with a check, and sees no more of it than the inputs.

Left out on purpose: isolation (that is the sandbox's work) and trust in the student's side: the hub
and the checks' process take every answer for what it may be, garbage. What a function prints while
a check calls it is dropped, or it could show the hidden inputs.
"""

import base64
import builtins
import contextlib
import io
import marshal
import os
import random
import re
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from typing import Any

import numpy as np

from course.grader import codec, wire
from course.grader.wire import Channel, ClosedError, Message
from course.grader.worker import GRACE, TIMED_OUT, line_in_cell, peak_mb

LONGEST = 2000  # characters of a message
TRACEBACK = 40  # lines of a student's own traceback that are kept
OWN_LINE = re.compile(r"^\s*[%!?,;/]|\?\s*$|=\s*[%!]", re.MULTILINE)  # or what looks like one
FUNCTION = "function"  # said of a name in place of its data
UNREADABLE = "data_that_take_too_long_to_read"  # how a check calls such data
NAMES = 1.0  # seconds of the processor for all data that have names
PATIENCE, IMPATIENT = 6.0, 0.1  # the same for all that was refused; after it for each value
CUT = "... output cut here: it is too long ..."


class Alarm:
    """Interrupt the main thread once after some seconds; as a context manager.

    As `worker.Interruption`, but by the system's own clock: a thread for each call of a function
    would take longer than most of the functions. Time in which others had the processor doesn't
    count, nor does what is `excused`. A courtesy: the hub measures for itself, and kills.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds, self.fired = max(seconds, 0.001), False
        self.elsewhere, self.left = 0.0, 0.0  # seconds excused; since when, if it is now

    @contextlib.contextmanager
    def excused(self) -> Iterator[None]:
        """Don't count the time of what is done in a ``with`` block."""
        self.left = time.monotonic()
        yield
        self.elsewhere, self.left = self.elsewhere + time.monotonic() - self.left, 0.0

    def __enter__(self) -> "Alarm":
        self.began, self.waited = time.monotonic(), _waited()
        signal.signal(signal.SIGALRM, self._fire)
        signal.setitimer(signal.ITIMER_REAL, self.seconds)
        return self

    def __exit__(self, *exception: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _fire(self, *args: object) -> None:
        now = time.monotonic()
        spent = now - self.began - (_waited() - self.waited) - self.elsewhere
        spent -= now - self.left if self.left else 0.0
        if spent < 0.98 * self.seconds:
            signal.setitimer(signal.ITIMER_REAL, self.seconds - spent)
            return
        self.fired = True
        raise KeyboardInterrupt


def _waited() -> float:
    """Return the seconds that the main thread had something to do, but no processor."""
    try:
        with open("/proc/self/schedstat", "rb") as file:
            return int(file.read(100).split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


class Outputs:
    """What cells have shown, in nbformat's form, up to a number of bytes for all cells together."""

    def __init__(self) -> None:
        self.kept: list[dict[str, Any]] = []
        self.left = 1_000_000
        self.muted = False
        self.lock = threading.Lock()

    def add(self, output: dict[str, Any], size: int) -> None:
        """Keep an output of `size` bytes, if there is room."""
        with self.lock:
            if self.muted or self.left < 0:
                return
            self.left -= size
            if self.left < 0:
                output = {"output_type": "stream", "name": "stdout", "text": f"\n{CUT}\n"}
            self.kept.append(output)

    def write(self, name: str, text: str) -> None:
        """Keep text of stdout or stderr, in one output as long as nothing comes between."""
        with self.lock:
            if self.muted or self.left < 0 or not text:
                return
            text, size = text[: self.left + 1], len(text)
            last = self.kept[-1] if self.kept else {}
            if last.get("output_type") == "stream" and last.get("name") == name:
                last["text"].append(text)
            else:
                self.kept.append({"output_type": "stream", "name": name, "text": [text]})
            self.left -= size
            if self.left < 0:
                self.kept[-1]["text"].append(f"\n{CUT}\n")

    def show(self, kind: str, data: dict[str, Any], metadata: dict[str, Any] | None) -> None:
        """Keep something that was displayed, or a cell's value."""
        data = {key: _text(value) for key, value in data.items()}
        output = {"output_type": kind, "data": data, "metadata": metadata or {}}
        if kind == "execute_result":
            output["execution_count"] = None
        self.add(output, sum(len(str(value)) for value in data.values()))

    def take(self) -> list[dict[str, Any]]:
        """Return what was kept since the last call."""
        with self.lock:
            taken, self.kept = self.kept, []
        for output in taken:
            if isinstance(output.get("text"), list):
                output["text"] = "".join(output["text"])
        return taken


class Stream(io.TextIOBase):
    """stdout or stderr of a cell."""

    encoding = "utf-8"

    def __init__(self, name: str, outputs: Outputs) -> None:
        self.stream_name, self.outputs = name, outputs

    def write(self, text: str) -> int:
        """Keep `text`."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self.outputs.write(self.stream_name, text)
        return len(text)

    def writable(self) -> bool:
        """Say yes."""
        return True


def make_shell() -> Any:
    """Return an IPython shell that keeps all it shows in ``shell.outputs``, and no history.

    It can be made before a process forks: it starts no thread and opens no file.
    """
    from IPython.core.displayhook import DisplayHook
    from IPython.core.displaypub import DisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets import Type
    from traitlets.config import Config

    outputs = Outputs()

    class Hook(DisplayHook):
        def write_output_prompt(self) -> None:
            pass

        def write_format_data(self, format_dict: dict, md_dict: dict | None = None) -> None:
            outputs.show("execute_result", format_dict, md_dict)

        def finish_displayhook(self) -> None:
            pass

    class Publisher(DisplayPublisher):
        def publish(self, data: dict, metadata: dict | None = None, **more: Any) -> None:
            if not more.get("update"):
                outputs.show("display_data", data, metadata)

        def clear_output(self, wait: bool = False) -> None:
            outputs.take()

    class Shell(InteractiveShell):
        displayhook_class = Type(Hook)
        display_pub_class = Type(Publisher)

        def init_sys_modules(self) -> None:
            pass

        def transform_cell(self, raw_cell: str) -> str:
            # IPython looks at each token for its own lines (%time, !ls, x?), which takes its time.
            if OWN_LINE.search(raw_cell) or raw_cell[:1].isspace():
                return super().transform_cell(raw_cell)
            return raw_cell if raw_cell.endswith("\n") else raw_cell + "\n"

        def enable_gui(self, gui: Any = None) -> None:
            pass

        def ask_exit(self) -> None:
            pass

        def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
            outputs.add(_error(etype.__name__, str(evalue), list(stb)), sum(map(len, stb)))

    config = Config()
    config.HistoryManager.enabled = False  # it would start a thread, which a fork can't copy
    config.InteractiveShell.cache_size = 0
    config.InteractiveShell.colors = "nocolor"
    shell = Shell.instance(config=config, ipython_dir=os.environ.get("IPYTHONDIR", os.devnull))
    shell.outputs = outputs
    shell.InteractiveTB.set_mode("Plain")  # the lines of each cell, without all around them
    return shell


class Proxy:
    """A student's function, as a check sees it: it takes plain data and gives plain data."""

    def __init__(self, name: str, calls: "Process") -> None:
        self.__name__ = self.__qualname__ = name
        self.__calls = calls

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function in the student's process."""
        return self.__calls.call(self.__name__, args, kwargs)


class Process:
    """One process that runs cells, and what it answers."""

    def __init__(self, channel: Channel, shell: Any, checks: bool) -> None:
        self.channel, self.shell, self.checks = channel, shell, checks
        self.number, self.pid = 0, os.getpid()
        self.alarm, self.patience = Alarm(0), PATIENCE
        if checks:  # its errors are told below, without the lines of the checks
            shell.showtraceback = shell.showsyntaxerror = lambda *some, **more: None
        self.streams = [Stream(name, shell.outputs) for name in ("stdout", "stderr")]

    def serve(self) -> None:
        """Answer messages until the hub hangs up."""
        answers = {
            wire.RUN: self.run,
            wire.CALL: self.called,
            wire.FETCH: self.fetch,
            wire.SET: self.set_names,
            wire.FILES: self.files,
            wire.MEMORY: lambda message: (wire.DONE, {"peak_mb": peak_mb()}),
        }
        while True:
            message = self.channel.receive()
            self.number = message.number
            kind, content = answers[message.kind](message)
            if os.getpid() != self.pid:
                os._exit(0)  # a copy that a cell has forked has nothing to answer
            self.channel.send(kind, message.number, content)

    def files(self, message: Message) -> tuple[bytes, Any]:
        """Write the files that lie beside the notebook, and set what the outputs may take."""
        given = codec.decode(message.content)
        self.shell.outputs.left = given["output_bytes"]
        for name, content in given["files"].items():
            os.makedirs(os.path.dirname(os.path.abspath(name)), exist_ok=True)
            with open(name, "wb") as file:
                file.write(content)
        return wire.DONE, {}

    def run(self, message: Message) -> tuple[bytes, Any]:
        """Run one cell and tell how it went."""
        asked = message.json()
        outputs: Outputs = self.shell.outputs
        outputs.take()
        outputs.muted = asked["muted"]
        sys.stdout, sys.stderr = self.streams  # a cell may have put something else there
        start, error = time.perf_counter(), None
        # In the checks' process the hub keeps the time of calls; this is for a check's own loops.
        interruption = self.alarm = Alarm(asked["seconds"] + (2 * GRACE if self.checks else 0))
        try:
            with interruption:
                if self.checks and asked.get("compiled"):
                    exec(marshal.loads(base64.b64decode(asked["compiled"])), self.shell.user_ns)
                else:
                    result = self.shell.run_cell(asked["code"], store_history=False)
                    error = result.error_before_exec or result.error_in_exec
            if interruption.fired:
                time.sleep(0.01)  # let a late interruption strike here
        except BaseException as escaped:  # an interruption between two lines of IPython, say
            error = escaped
        outcome = {
            "error": _name(error),
            "message": _said(error),
            "line": line_in_cell(error),
            "seconds": time.perf_counter() - start,
        }
        if interruption.fired:
            outcome |= TIMED_OUT
        self.shell.execution_count += 1
        shown = outputs.take()
        if outcome["error"] and (self.checks or shown[-1:] != _errors(shown)[-1:]):
            own = getattr(error, "student_traceback", [])
            at = f" (line {outcome['line']} of this cell)" if outcome["line"] else ""
            last = f"{outcome['error']}: {outcome['message']}{at}"
            shown.append(_error(outcome["error"], outcome["message"], [*own, last]))
        return wire.DONE, outcome | {"outputs": shown}

    def called(self, message: Message) -> tuple[bytes, Any]:
        """Call one of the student's functions for a check."""
        (seconds,) = wire.SECONDS.unpack_from(message.content)
        asked = codec.decode(message.content[wire.SECONDS.size :])
        outputs: Outputs = self.shell.outputs
        interruption = Alarm(seconds)
        error, answer = None, b""
        outputs.muted = True
        try:
            with interruption:
                function = self.shell.user_ns[asked["name"]]
                answer = codec.encode(function(*asked["args"], **asked["kwargs"]))
            if interruption.fired:
                time.sleep(0.01)
        except BaseException as escaped:
            error = escaped
        outputs.muted = False
        if interruption.fired:
            return wire.RAISED, LATE
        if error is not None:
            return wire.RAISED, codec.encode(_raised(error))
        return wire.RESULT, answer

    def fetch(self, message: Message) -> tuple[bytes, Any]:
        """Say of each name whether it is missing, a function, or what data it is."""
        found: dict[str, Any] = {}
        for name in message.json():
            if name in self.shell.user_ns:
                value = self.shell.user_ns[name]
                try:
                    found[name] = FUNCTION if callable(value) else codec.encode(value)
                except BaseException:
                    found[name] = codec.encode(codec.foreign(type(value).__name__))
        return wire.DONE, codec.encode(found)

    def set_names(self, message: Message) -> tuple[bytes, Any]:
        """Put the student's functions and data where the checks look for them."""
        asked = codec.decode(message.content)  # the hub's; what the student's side says is in it
        end = time.thread_time() + NAMES
        try:
            found = self.read(asked["found"], end)
        except codec.RefusedError:
            found = {}
        for name in asked["names"]:
            self.shell.user_ns.pop(name, None)
            said = found.get(name) if isinstance(found, dict) else None
            if said == FUNCTION:
                self.shell.user_ns[name] = Proxy(name, self)
            elif isinstance(said, bytes):
                try:
                    value = self.read(said, end)
                except codec.RefusedError:  # one name costs no other, unless they share the time
                    value = codec.foreign(UNREADABLE)
                self.shell.user_ns[name] = value
        return wire.DONE, {}

    def read(self, content: bytes, end: float) -> Any:
        """Read a student's data until `end` of this thread's time; who was dear gets less time.

        Raises
        ------
        codec.RefusedError
            If they are no data, or take too long.
        """
        began = time.thread_time()
        try:
            return codec.decode(content, min(end - began, max(self.patience, IMPATIENT)))
        except codec.RefusedError:
            self.patience -= time.thread_time() - began
            raise

    def call(self, name: str, args: tuple, kwargs: dict) -> Any:
        """Have a student's function called; return its answer or raise its error."""
        content = codec.encode({"name": name, "args": args, "kwargs": kwargs}, strict=True)
        try:
            with self.alarm.excused():
                self.channel.send(wire.CALL, self.number, content)
                answer = self.channel.receive()
            got = self.read(answer.content, time.thread_time() + codec.SECONDS)
        except codec.RefusedError as refused:
            raise TypeError(f"what {name} returned can't be read: {refused}") from None
        except (ClosedError, KeyboardInterrupt):
            os._exit(1)  # half a message may be left in the channel
        if answer.kind == wire.RESULT:
            return got
        raise _exception(got)


def raised(outcome: dict[str, Any]) -> bytes:
    """Return a cell's outcome as an exception for the checks' process."""
    return codec.encode({"type": outcome["error"], "args": (outcome["message"],)})


LATE = raised(TIMED_OUT)  # in these bytes, so that the hub knows it without reading


def main(end: socket.socket, shell: Any, checks: bool) -> None:
    """Run as such a process until the hub hangs up; never return."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    random.seed()
    np.random.seed()  # noqa: NPY002  (all processes were forked from one)
    sys.path.insert(0, "")  # a notebook may import a file beside it, as in a kernel
    sys.modules["__main__"] = shell.user_module
    with contextlib.suppress(ClosedError):
        Process(Channel(end), shell, checks).serve()
    os._exit(0)


def _raised(error: BaseException) -> dict[str, Any]:
    """Return an exception as plain data, with the student's own lines of its traceback."""
    lines = traceback.format_exception(type(error), error, error.__traceback__)
    own = [line for line in lines[1:-1] if "/grader/child.py" not in line]
    args = error.args if all(isinstance(a, str | int | float) for a in error.args) else ()
    return {
        "type": type(error).__name__,
        "args": args or (_said(error),),
        "lines": [line.rstrip()[:500] for line in own][-TRACEBACK:],
    }


def _exception(raised: Any) -> Exception:
    """Return the exception that `_raised` has described, or one with the same name."""
    raised = raised if isinstance(raised, dict) else {}
    name, args = raised.get("type"), raised.get("args", ())
    name = name if isinstance(name, str) and len(name) <= LONGEST else "Exception"
    args = args if isinstance(args, tuple) else ()
    args = tuple(one for one in args if isinstance(one, str | int | float))
    kind = getattr(builtins, name, None)
    made: Exception | None = None
    if isinstance(kind, type) and issubclass(kind, Exception):
        with contextlib.suppress(Exception):
            made = kind(*args)
    if made is None:
        made = type(name if name.isidentifier() else "Error", (Exception,), {})(*args)
    lines = raised.get("lines")
    lines = lines[:TRACEBACK] if isinstance(lines, list) else []
    own = [line[:LONGEST] for line in lines if isinstance(line, str)]
    made.student_traceback = own  # type: ignore[attr-defined]
    return made


def _name(error: BaseException | None) -> str | None:
    return type(error).__name__ if error is not None else None


def _said(error: BaseException | None) -> str:
    if error is None:
        return ""
    try:
        return str(error)[:LONGEST]
    except BaseException:
        return ""


def _error(name: str, message: str, lines: list[str]) -> dict[str, Any]:
    return {
        "output_type": "error",
        "ename": name,
        "evalue": message[:LONGEST],
        "traceback": [line[:LONGEST] for line in lines],
    }


def _errors(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [output for output in outputs if output["output_type"] == "error"]


def _text(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
