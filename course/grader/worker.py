"""The process that runs a notebook's cells: started by `execute`, one JSON request a line.

Cells run in IPython's own shell, as in a kernel, without the kernel's sockets: magics, `display`
and the last line's value behave the same. Output goes nowhere; what a cell says on stderr is
handed back. A branch runs cells in a forked copy of the process (on Linux), so that hundreds of
variants of one answer share the imports and the cells before it; elsewhere it replays those.

No sandbox: it runs our own variants and a learner's own notebook. Imports of the house are left
out, so that a learner's cells find nothing of it imported.
"""

import _thread
import contextlib
import json
import os
import select
import signal
import sys
import threading
import time
from typing import Any

GRACE = 4.0  # seconds that a cell may ignore its interruption
# macOS has fork, but its system libraries don't survive it. COURSE_NO_FORK=1 is for our tests.
CAN_FORK = sys.platform == "linux" and not os.environ.get("COURSE_NO_FORK")
LONGEST = 2000  # characters of a message that are handed back

TIMED_OUT = {"error": "CellTimeoutError", "message": "took too long"}
DIED = {"error": "DeadKernelError", "message": "Python stopped"}


def make_shell(folder: str) -> Any:
    """Return a silent IPython shell that keeps no history."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False  # it would start a thread, which a fork can't copy
    config.InteractiveShell.cache_size = 0
    shell = InteractiveShell.instance(config=config, ipython_dir=folder)
    shell.showtraceback = lambda *args, **kwargs: None
    shell.showsyntaxerror = lambda *args, **kwargs: None
    shell.enable_gui = lambda *args, **kwargs: None
    shell.ask_exit = lambda *args, **kwargs: None
    return shell


class Interruption:
    """Interrupt the main thread once after some seconds; as a context manager."""

    def __init__(self, seconds: float) -> None:
        self.fired = False
        self.timer = threading.Timer(seconds, self.fire)
        self.timer.daemon = True

    def fire(self) -> None:
        """Interrupt; a signal also ends a sleep or a wait, where there are signals."""
        self.fired = True
        if hasattr(signal, "pthread_kill"):
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        else:
            _thread.interrupt_main()

    def __enter__(self) -> "Interruption":
        self.timer.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.timer.cancel()
        self.timer.join()  # one thread only when the process forks


class Session:
    """One shell, and what it has run."""

    def __init__(self, folder: str) -> None:
        self.done: list[str] = []
        stderr = os.path.join(folder, "stderr")
        self.stderr = os.open(stderr, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC)
        os.dup2(self.stderr, 2)
        nowhere = os.open(os.devnull, os.O_RDWR)
        os.dup2(nowhere, 0)
        os.dup2(nowhere, 1)
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stdout = open(1, "w", encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", 1, "utf-8", "replace", closefd=False)  # noqa: SIM115
        self.shell = make_shell(folder)

    def run(self, code: str, timeout: float) -> dict[str, Any]:
        """Run one cell and tell how it ended.

        Returns
        -------
        dict
            ``error`` the name of the exception or None, ``message`` its text, ``line`` the line of
            the cell that it passed through last or None, ``value`` whether the last line had one,
            ``stderr``, ``seconds``.
        """
        start = time.perf_counter()
        error: BaseException | None = None
        value = None
        interruption = Interruption(timeout)
        try:
            with interruption:
                result = self.shell.run_cell(code, store_history=False)
                error = result.error_before_exec or result.error_in_exec
                value = result.result
            if interruption.fired:
                time.sleep(0.01)  # let a late interruption strike here
        except BaseException as escaped:  # an interruption between two lines of IPython, say
            error = escaped
        outcome = {
            "error": type(error).__name__ if error is not None else None,
            "message": _message(error),
            "line": line_in_cell(error),
            "value": value is not None,
            "stderr": self._said(),
            "seconds": time.perf_counter() - start,
        }
        if interruption.fired:
            outcome |= TIMED_OUT
        self.done.append(code)
        return outcome

    def branch(self, codes: list[str], timeout: float) -> list[dict[str, Any]]:
        """Run cells in a copy of this session, which stays as it is."""
        return self._fork(codes, timeout) if CAN_FORK else self._replay(codes, timeout)

    def _replay(self, codes: list[str], timeout: float) -> list[dict[str, Any]]:
        kept, done = dict(self.shell.user_ns), self.done
        self.shell.reset(new_session=False)
        self.done = []
        try:
            for code in done:
                self.run(code, timeout)
            return [self.run(code, timeout) for code in codes]
        finally:
            self.shell.reset(new_session=False)
            self.shell.user_ns.update(kept)
            self.done = done

    def _fork(self, codes: list[str], timeout: float) -> list[dict[str, Any]]:
        out, back = os.pipe()
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):
                os.close(out)
                for code in codes:
                    line = json.dumps(self.run(code, timeout)) + "\n"
                    with open(back, "w", encoding="utf-8", closefd=False) as pipe:
                        pipe.write(line)
            os._exit(0)
        os.close(back)
        outcomes: list[dict[str, Any]] = []
        end = DIED
        buffer = b""
        while len(outcomes) < len(codes):
            ready, _, _ = select.select([out], [], [], timeout + GRACE)
            if not ready:
                end = TIMED_OUT
                break
            data = os.read(out, 1 << 16)
            if not data:
                break
            *lines, buffer = (buffer + data).split(b"\n")
            outcomes += [json.loads(line) for line in lines]
        os.close(out)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.ftruncate(self.stderr, 0)
        rest = {"line": None, "value": False, "stderr": "", "seconds": 0.0} | end
        return outcomes + [rest] * (len(codes) - len(outcomes))

    def _said(self) -> str:
        """Return what stands on stderr since the last call, also what C++ wrote; forget it."""
        with contextlib.suppress(Exception):
            sys.stderr.flush()
        os.lseek(self.stderr, 0, os.SEEK_SET)
        said = os.read(self.stderr, LONGEST).decode("utf-8", "replace")
        os.ftruncate(self.stderr, 0)
        return said


def _message(error: BaseException | None) -> str:
    try:
        if isinstance(error, SyntaxError):
            return f"{error.msg} (line {error.lineno})"
        return str(error)[:LONGEST] if error is not None else ""
    except Exception:
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


def main() -> None:
    """Answer requests until the other side hangs up."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    folder, scratch = sys.argv[1], sys.argv[2]
    # The channel leaves the standard numbers, so that a cell's print can't get into it.
    requests = open(os.dup(0), encoding="utf-8")  # noqa: SIM115
    answers = open(os.dup(1), "w", encoding="utf-8")  # noqa: SIM115
    session = Session(scratch)
    os.chdir(folder)
    sys.path.insert(0, "")  # a notebook may import a file beside it, as in a kernel
    answers.write("null\n")  # ready
    answers.flush()
    for line in requests:
        request = json.loads(line)
        if request["do"] == "run":
            answer: Any = session.run(request["code"], request["timeout"])
        elif request["do"] == "branch":
            answer = session.branch(request["codes"], request["timeout"])
        else:
            answer = peak_mb()
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
