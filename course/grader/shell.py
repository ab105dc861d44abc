"""Cells and how they run: the one shell of `course check`, of the tests of the tests, of grading.

A cell runs in IPython's own shell, as in a kernel without the kernel's sockets: prompts are taken
off, magics work, what is shown is kept as nbformat stores it. `Cells` is one side of a notebook,
the student's cells or the checks. Between the two sides only plain data pass (`codec`), whether
they are two processes that don't trust each other (`child`) or two namespaces of one (`worker`):
the checks see a student's function as a `Proxy`, and its answers as they come over. So a check
compares the same things everywhere, and a name that a student has bound to something else never
meets a check.

Left out on purpose: isolation (`sandbox`), and trust in the student's side: what comes from there
is read as what it may be, garbage. What a function prints while a check calls it is dropped, or it
could show the hidden inputs.
"""

import _thread
import ast
import builtins
import contextlib
import functools
import importlib
import io
import re
import signal
import sys
import threading
import time
import traceback
import types
from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from course.grader import codec
from course.grader.clock import waited
from course.grader.job import TIMED_OUT
from course.grader.wire import RAISED, RESULT

LONGEST = 2000  # characters of a message
TRACEBACK = 40  # lines of a student's own traceback that are kept
PROMPT = re.compile(r"^\s*(>>>|\.{3}|In *\[)", re.MULTILINE)  # what may be one, to be looked at
CHECK = "<ipython-input-check>"  # as IPython calls its cells
FUNCTION = "function"  # said of a name in place of its data
UNREADABLE = "data_that_take_too_long_to_read"  # how a check calls such data
NAMES = 1.0  # seconds of the processor for all data that have names
PATIENCE, IMPATIENT = 6.0, 0.1  # the same for all that was refused; after it for each value
CUT = "... output cut here: it is too long ..."

# What a kernel has imported before the first cell: there a file of such a name next to the notebook
# is no module. (A test compares this with a kernel.)
KERNEL = tuple(
    "argparse array ast asyncio base64 bdb binascii bisect bz2 calendar cmd code codeop collections"
    " concurrent contextvars copy copyreg csv ctypes curses dataclasses datetime decimal dis email"
    " enum fcntl fnmatch functools getopt getpass gettext glob gzip hashlib heapq hmac html http"
    " importlib inspect ipaddress json keyword linecache locale logging lzma math mimetypes ntpath"
    " numbers opcode operator pathlib pdb pickle pkgutil platform posixpath pprint pydoc pyexpat"
    " queue quopri random re reprlib resource runpy select selectors shlex shutil signal socket"
    " socketserver sqlite3 ssl string stringprep struct subprocess sysconfig tempfile termios"
    " textwrap threading token tokenize traceback types typing unicodedata urllib uuid warnings"
    " weakref xml xmlrpc zipfile zlib zoneinfo".split()
)


def warm(modules: list[str]) -> None:
    """Import what a kernel has and what the notebooks will import, as far as it is there."""
    for name in (*KERNEL, "numpy", "IPython.display", *modules):
        with contextlib.suppress(Exception):
            importlib.import_module(name)


# --- time -----------------------------------------------------------------------------------------


class Alarm:
    """Interrupt the main thread once after some seconds; as a context manager.

    By the system's own clock, where it has one: a thread for each call of a function would take
    longer than most of the functions, and a process with two threads can't fork. Time in which
    others had the processor doesn't count, nor does what is `excused`. A courtesy: our parent
    process measures for itself, and kills.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds, self.fired = max(seconds, 0.001), False
        self.elsewhere, self.left = 0.0, 0.0  # seconds excused; since when, if it is now
        self.timer: threading.Timer | None = None

    @contextlib.contextmanager
    def excused(self) -> Iterator[None]:
        """Don't count the time of what is done in a ``with`` block."""
        self.left = time.monotonic()
        yield
        self.elsewhere, self.left = self.elsewhere + time.monotonic() - self.left, 0.0

    def __enter__(self) -> "Alarm":
        self.began, self.waited = time.monotonic(), waited()
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, self._fire)
        else:  # who was started in the background may ignore what the thread sends
            signal.signal(signal.SIGINT, signal.default_int_handler)
        self._set(self.seconds)
        return self

    def __exit__(self, *exception: object) -> None:
        self._set(0)

    def _set(self, seconds: float) -> None:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, seconds)
        elif seconds:
            self.timer = threading.Timer(seconds, self._fire_from_thread)
            self.timer.daemon = True
            self.timer.start()
        elif self.timer is not None:
            self.timer.cancel()
            self.timer.join()

    def _fire(self, *args: object) -> None:
        now = time.monotonic()
        spent = now - self.began - (waited() - self.waited) - self.elsewhere
        spent -= now - self.left if self.left else 0.0
        if spent < 0.98 * self.seconds:
            self._set(self.seconds - spent)
            return
        self.fired = True
        raise KeyboardInterrupt

    def _fire_from_thread(self) -> None:
        self.fired = True
        _thread.interrupt_main()


# --- what is shown --------------------------------------------------------------------------------


class Outputs:
    """What cells have shown, in nbformat's form, up to a number of bytes for all cells together."""

    def __init__(self) -> None:
        self.kept: list[dict[str, Any]] = []
        self.left = 1_000_000
        self.muted = False  # whether nothing is kept
        self.private = False  # whether errors come without the lines of their cell
        self.aside = ""  # the beginning of what was written on stderr while it was muted
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
            if self.muted and name == "stderr":
                self.aside += text[: LONGEST - len(self.aside)]
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
        output: dict[str, Any] = {
            "output_type": kind,
            "data": data,
            "metadata": metadata or {},
        }
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


# --- IPython --------------------------------------------------------------------------------------


def make_shell(folder: str, *, inline: bool = False) -> Any:
    """Return an IPython shell that keeps all it shows in ``shell.outputs``, and no history.

    It can be made before a process forks: it starts no thread and opens no file.

    Parameters
    ----------
    folder : str
        Where IPython may look for a configuration.
    inline : bool
        Whether figures are shown below their cell, as in a kernel.
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
            own = self.input_transformers_cleanup, self.input_transformers_post
            if own == at_first and is_plain(raw_cell):
                return raw_cell if raw_cell.endswith("\n") else raw_cell + "\n"
            return super().transform_cell(raw_cell)

        def enable_gui(self, gui: Any = None) -> None:
            pass

        def ask_exit(self) -> None:
            pass

        def showtraceback(self, *arguments: Any, **more: Any) -> None:
            if not outputs.private:
                super().showtraceback(*arguments, **more)

        def showsyntaxerror(self, *arguments: Any, **more: Any) -> None:
            if not outputs.private:
                super().showsyntaxerror(*arguments, **more)

        def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
            outputs.add(_error(etype.__name__, str(evalue), list(stb)), sum(map(len, stb)))

    config = Config()
    config.HistoryManager.enabled = False  # it would start a thread, which a fork can't copy
    config.InteractiveShell.colors = "nocolor"
    shell = Shell.instance(config=config, ipython_dir=folder)
    at_first = list(shell.input_transformers_cleanup), list(shell.input_transformers_post)
    shell.outputs = outputs
    shell.InteractiveTB.set_mode("Plain")  # the lines of each cell, without all around them
    if inline and "matplotlib.pyplot" in sys.modules:
        with contextlib.suppress(Exception):
            shell.enable_matplotlib("inline")
    shell.run_cell("None", store_history=False)  # loads what the first cell needs
    return shell


@functools.lru_cache(maxsize=1000)
def is_plain(source: str) -> bool:
    """Tell whether IPython would leave a cell as it is.

    It looks at each token for its own lines (``%time``, ``!ls``, ``x?``), which takes its time;
    none of them is Python. But some prompts are: `In [1]: x = 1`.
    """
    if source[:1].isspace() or PROMPT.search(source):
        return False
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def plain(source: str) -> str:
    """Return a cell as Python, without its prompts; magics become calls, as in IPython."""
    from IPython.core.inputtransformer2 import TransformerManager

    return source if is_plain(source) else TransformerManager().transform_cell(source)


@functools.lru_cache(maxsize=1000)
def code_of(source: str, silent: tuple[str, ...] = ()) -> types.CodeType | None:
    """Return a check's code, to be run at once, or None.

    A class meets the same checks again and again, and to compile them takes longer than to run
    them. Only for plain statements: IPython sees to its own lines, and to the value of a last line.

    Parameters
    ----------
    source : str
    silent : tuple of str
        Functions whose call has no value.
    """
    if not is_plain(source):
        return None
    tree = ast.parse(source)
    last = tree.body[-1] if tree.body else None
    if last is None or (isinstance(last, ast.Expr) and not _calls(last.value, silent)):
        return None
    try:
        return compile(tree, CHECK, "exec", optimize=0)  # asserts stay
    except (SyntaxError, ValueError):  # an `await`, for example
        return None


def _calls(node: ast.expr, names: tuple[str, ...]) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names


# --- one side of a notebook -----------------------------------------------------------------------


class Proxy:
    """A student's function, as a check sees it: it takes plain data and gives plain data."""

    def __init__(self, name: str, cells: "Cells") -> None:
        self.__name__ = self.__qualname__ = name
        self.__cells = cells

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function on the student's side."""
        return self.__cells.call(self.__name__, args, kwargs)

    def gradients(
        self, args: list[Any], wrt: list[int], weights: Any, part: int | None
    ) -> tuple[bool, list[Any]]:
        """Call the function and go back through it on the student's side.

        Parameters
        ----------
        args : list
            Its arguments by position, torch tensors among them.
        wrt : list of int
            The places of those for which a gradient is asked.
        weights : tensor
            What the answer is weighed with before it is added up.
        part : int or None
            Which part of a tuple is meant.

        Returns
        -------
        cut : bool
            Whether nothing leads back from the answer.
        gradients : list of tensor or None
            One for each of `wrt`.
        """
        back = {"wrt": wrt, "weights": weights, "part": part}
        got = self.__cells.call(self.__name__, tuple(args), {}, back)
        cut, found = (got["cut"], got["found"]) if isinstance(got, dict) else (True, [])
        return bool(cut), list(found) if isinstance(found, list | tuple) else []


class Cells:
    """One side of a notebook: the student's cells, or the checks, with the names that they bind.

    Parameters
    ----------
    shell
        As `make_shell` gives it. Both sides of one process share it.
    private : bool
        Whether errors are told without the lines of their cell, as for the checks.
    ask : callable, optional
        For the checks: hands a call over to the student's side (bytes), and returns the kind of
        the answer (`RESULT` or `RAISED`) and its bytes.
    """

    def __init__(
        self,
        shell: Any,
        *,
        private: bool = False,
        ask: Callable[[bytes], tuple[bytes, bytes]] | None = None,
    ) -> None:
        self.shell, self.private, self.ask = shell, private, ask
        self.module = types.ModuleType("__main__", "A notebook.")
        self.module.__dict__["__builtins__"] = builtins
        self.names = self.module.__dict__
        self.patience = PATIENCE
        self.alarm = Alarm(0)
        self.streams = [Stream(name, shell.outputs) for name in ("stdout", "stderr")]
        with self._entered():
            shell.init_user_ns()

    @contextlib.contextmanager
    def _entered(self) -> Iterator[None]:
        """Make this side's names the shell's, and its module the main one, as in a kernel."""
        before = self.shell.user_module, self.shell.user_ns, sys.modules["__main__"]
        self.shell.user_module, self.shell.user_ns = self.module, self.names
        sys.modules["__main__"] = self.module
        try:
            yield
        finally:
            self.shell.user_module, self.shell.user_ns = before[:2]
            sys.modules["__main__"] = before[2]

    def run(
        self,
        source: str,
        seconds: float,
        *,
        code: types.CodeType | None = None,
        muted: bool = False,
    ) -> dict[str, Any]:
        """Run one cell and tell how it went.

        Parameters
        ----------
        source : str
        seconds : float
            After which it is interrupted.
        code : code, optional
            The same, compiled.
        muted : bool
            Whether what it shows is dropped.

        Returns
        -------
        dict
            ``error`` the name of the exception or None, ``message`` its text, ``line`` the line of
            the cell that it passed through last or None, ``seconds``, ``outputs``.
        """
        outputs: Outputs = self.shell.outputs
        outputs.take()
        outputs.muted, outputs.private, outputs.aside = muted, self.private, ""
        sys.stdout, sys.stderr = self.streams  # a cell may have put something else there
        start, error = time.perf_counter(), None
        interruption = self.alarm = Alarm(seconds)
        try:
            with self._entered(), self.shell.builtin_trap, interruption:
                if code is not None:
                    exec(code, self.names)
                else:
                    result = self.shell.run_cell(source, store_history=False)
                    error = result.error_before_exec or result.error_in_exec
            if interruption.fired:
                time.sleep(0.01)  # let a late interruption strike here
        except BaseException as escaped:  # an interruption between two lines of IPython, say
            error = escaped
        outcome: dict[str, Any] = {
            "error": type(error).__name__ if error is not None else None,
            "message": said(error),
            "line": line_in_cell(error),
            "seconds": time.perf_counter() - start,
        }
        if interruption.fired:
            outcome |= TIMED_OUT
        self.shell.execution_count += 1
        shown = outputs.take()
        if outcome["error"] and (self.private or shown[-1:] != _errors(shown)[-1:]):
            own = getattr(error, "student_traceback", [])
            at = f" (line {outcome['line']} of this cell)" if outcome["line"] else ""
            last = f"{outcome['error']}: {outcome['message']}{at}"
            shown.append(_error(outcome["error"], outcome["message"], [*own, last]))
        return outcome | {"outputs": shown}

    def called(self, content: bytes, seconds: float | None = None) -> tuple[bytes, bytes]:
        """Call one of this side's functions for a check.

        Parameters
        ----------
        content : bytes
            Plain data: ``name``, ``args``, ``kwargs``, and ``back`` if gradients are asked for.
        seconds : float, optional
            That it may take; without them somebody else keeps the time.

        Returns
        -------
        kind : bytes
            `RESULT` or `RAISED`.
        answer : bytes
            Plain data: what came of it, or the exception.
        """
        asked = codec.decode(content)
        outputs: Outputs = self.shell.outputs
        interruption = Alarm(seconds) if seconds is not None else contextlib.nullcontext()
        error, answer = None, b""
        muted, outputs.muted = outputs.muted, True
        try:
            with self._entered(), self.shell.builtin_trap, interruption:
                function = self.names[asked["name"]]
                if asked.get("back"):
                    answer = codec.encode(_gone_back(function, asked["args"], **asked["back"]))
                else:
                    answer = codec.encode(function(*asked["args"], **asked["kwargs"]))
            if getattr(interruption, "fired", False):
                time.sleep(0.01)
        except BaseException as escaped:
            error = escaped
        outputs.muted = muted
        if getattr(interruption, "fired", False):
            return RAISED, LATE
        if error is not None:
            return RAISED, codec.encode(_raised(error))
        return RESULT, answer

    def fetch(self, names: list[str]) -> bytes:
        """Say of each name whether it is missing, a function, or what data it is."""
        found: dict[str, Any] = {}
        for name in names:
            if name in self.names:
                value = self.names[name]
                try:
                    found[name] = FUNCTION if callable(value) else codec.encode(value)
                except BaseException:
                    found[name] = codec.encode(codec.foreign(type(value).__name__))
        return codec.encode(found)

    def set_names(self, names: list[str], fetched: bytes) -> None:
        """Put the student's functions and data where the checks look for them."""
        end = time.thread_time() + NAMES
        try:
            found = self._read(fetched, end)
        except codec.RefusedError:
            found = {}
        for name in names:
            self.names.pop(name, None)
            word = found.get(name) if isinstance(found, dict) else None
            if word == FUNCTION:
                self.names[name] = Proxy(name, self)
            elif isinstance(word, bytes):
                try:
                    value = self._read(word, end)
                except codec.RefusedError:  # one name costs no other, unless they share the time
                    value = codec.foreign(UNREADABLE)
                self.names[name] = value

    def call(self, name: str, args: tuple, kwargs: dict, back: dict | None = None) -> Any:
        """Have a student's function called; return its answer or raise its error.

        With `back` (see `Proxy.gradients`) gradients come in place of the answer.
        """
        asked = {"name": name, "args": args, "kwargs": kwargs} | ({"back": back} if back else {})
        content = codec.encode(asked, strict=True)
        assert self.ask is not None  # only the checks' side has functions of the other
        kind, answer = self.ask(content)
        try:
            got = self._read(answer, time.thread_time() + codec.SECONDS)
        except codec.RefusedError as refused:
            raise TypeError(f"what {name} returned can't be read: {refused}") from None
        if kind == RESULT:
            return got
        raise _exception(got)

    def _read(self, content: bytes, end: float) -> Any:
        """Read a student's data until `end` of this thread's time; a refusal costs later ones time.

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


def _gone_back(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    wrt: list[int],
    weights: Any,
    part: int | None,
) -> dict[str, Any]:
    """Call a function and return the gradients for its arguments `wrt`; see `Proxy.gradients`."""
    given = list(args)
    leaves = {place: given[place].detach().requires_grad_() for place in wrt}
    for place, leaf in leaves.items():
        given[place] = leaf * 1  # no leaf: an answer may change it
    value = function(*given)
    if part is not None and isinstance(value, tuple | list):
        value = value[part]
    if not getattr(value, "requires_grad", False):
        return {"cut": True, "found": []}
    (value * weights).sum().backward()
    return {"cut": False, "found": [leaf.grad for leaf in leaves.values()]}


# --- errors ---------------------------------------------------------------------------------------


def raised(outcome: dict[str, Any]) -> bytes:
    """Return a cell's outcome as an exception for the checks."""
    return codec.encode({"type": outcome["error"], "args": (outcome["message"],)})


LATE = raised(TIMED_OUT)  # in these bytes, so that it is known without reading


def _raised(error: BaseException) -> dict[str, Any]:
    """Return an exception as plain data, with the student's own lines of its traceback."""
    lines = traceback.format_exception(type(error), error, error.__traceback__)
    own = [line for line in lines[1:-1] if f'"{__file__}"' not in line]
    args = error.args if all(isinstance(a, str | int | float) for a in error.args) else ()
    return {
        "type": type(error).__name__,
        "args": args or (said(error),),
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
    made.student_traceback = own  # type: ignore[union-attr]
    return made


def said(error: BaseException | None) -> str:
    """Return an exception's text, whatever it does when it is asked for it."""
    try:
        if isinstance(error, SyntaxError):
            return f"{error.msg} (line {error.lineno})"
        return str(error)[:LONGEST] if error is not None else ""
    except BaseException:
        return ""


def line_in_cell(error: BaseException | None) -> int | None:
    """Return the line of the cell itself that an exception passed through last, or None."""
    if isinstance(error, SyntaxError):
        return error.lineno
    line = None
    frame = error.__traceback__ if error is not None else None
    while frame is not None:
        code = frame.tb_frame.f_code
        # The frame of the cell itself; below it are the functions of earlier cells.
        if code.co_name == "<module>" and code.co_filename.startswith("<ipython-input"):
            line = frame.tb_lineno
        frame = frame.tb_next
    return line


def peak_mb() -> float:
    """Return the most memory that this process has held, in MB."""
    if sys.platform == "win32":
        import psutil

        return psutil.Process().memory_info().peak_wset / 1e6
    if sys.platform == "linux":
        # Not getrusage: that one begins with the size of the process that started us.
        with open("/proc/self/status", encoding="ascii", errors="replace") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024 / 1e6
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # macOS counts bytes


def reseed() -> None:
    """Begin all random numbers anew: forked processes would share them."""
    import random

    random.seed()
    np.random.seed()  # noqa: NPY002


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
    return b64encode(value).decode() if isinstance(value, bytes) else value
