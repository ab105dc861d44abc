"""The process that runs the cells of one notebook: the student's, or the one that holds the checks.

Both are the same program: one side of a notebook (`shell.Cells`) that answers the hub's messages
(`wire`). In the student's process a function may be called by its name. In the checks' process
such a function is a proxy: calling it sends plain data to the student's process and brings the
answer back, by a line between the two. So a student's code never shares a process with a check, and
sees no more of it than the inputs. What takes long, and what comes after a death, goes by the hub,
which knows the time that is left and has dead processes back.

Left out on purpose: isolation, which is the sandbox's work.
"""

import base64
import contextlib
import marshal
import os
import select
import signal
import socket
import sys
import time
from typing import Any

from course.grader import codec, wire
from course.grader.job import GRACE
from course.grader.shell import LATE, Cells, peak_mb, reseed
from course.grader.wire import Channel, ClosedError, Message

SOON = 1.0  # seconds from a cell's start: what is called later goes by the hub


class Process:
    """One process that runs cells, and what it answers.

    Parameters
    ----------
    channel : Channel
        To the hub.
    shell
        As `shell.make_shell` gives it.
    checks : bool
        Whether it holds the checks.
    line : Channel, optional
        Between the two processes.
    """

    def __init__(self, channel: Channel, shell: Any, checks: bool, line: Channel | None) -> None:
        self.channel, self.shell, self.checks, self.line = channel, shell, checks, line
        self.number, self.pid = 0, os.getpid()
        self.began, self.seconds, self.calls, self.late = 0.0, 0.0, 0, False
        self.cells = Cells(shell, private=checks, ask=self.ask)
        self.ready = select.poll()
        for each in (channel, line):
            if each is not None:
                self.ready.register(each.socket, select.POLLIN)

    def serve(self) -> None:
        """Answer messages until the hub hangs up."""
        answers = {
            wire.RUN: self.run,
            wire.CALL: self.called,
            wire.FETCH: lambda message: (wire.DONE, self.cells.fetch(message.json())),
            wire.SET: self.set_names,
            wire.FILES: self.files,
            wire.MEMORY: lambda message: (wire.DONE, {"peak_mb": peak_mb()}),
        }
        while True:
            asking, message = self.asked()
            self.number = message.number
            kind, content = answers[message.kind](message)
            if os.getpid() != self.pid:
                os._exit(0)  # a copy that a cell has forked has nothing to answer
            asking.send(kind, message.number, content)

    def asked(self) -> tuple[Channel, Message]:
        """Return the next message, and where it came from: from the hub or from the checks."""
        while self.line is not None and not self.checks:
            found = {number for number, _ in self.ready.poll()}
            if self.line.socket.fileno() not in found:
                break
            try:
                return self.line, self.line.receive()
            except ClosedError:
                self.ready.unregister(self.line.socket)
                self.line = None
        return self.channel, self.channel.receive()

    def files(self, message: Message) -> tuple[bytes, Any]:
        """Write the files that are next to the notebook, and set what the outputs may take."""
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
        compiled = asked.get("compiled") if self.checks else None
        code = marshal.loads(base64.b64decode(compiled)) if compiled else None
        # In the checks' process the hub keeps the time of calls; this is for a check's own loops.
        seconds = asked["seconds"] + (2 * GRACE if self.checks else 0)
        self.began, self.seconds, self.late = time.monotonic(), asked["seconds"], False
        outcome = self.cells.run(asked["code"], seconds, code=code, muted=asked["muted"])
        return wire.DONE, outcome | {"late": self.late}

    def called(self, message: Message) -> tuple[bytes, Any]:
        """Call one of the student's functions for a check."""
        (seconds,) = wire.SECONDS.unpack_from(message.content)
        return self.cells.called(message.content[wire.SECONDS.size :], seconds)

    def set_names(self, message: Message) -> tuple[bytes, Any]:
        """Put the student's functions and data where the checks look for them."""
        asked = codec.decode(message.content)  # the hub's; what the student's side says is in it
        self.cells.set_names(asked["names"], asked["found"])
        return wire.DONE, {}

    def ask(self, content: bytes) -> tuple[bytes, bytes]:
        """Hand a call over, and return what the student's process makes of it."""
        try:
            with self.cells.alarm.excused():
                answer = self.directly(content)
                if answer is None:
                    self.channel.send(wire.CALL, self.number, content)
                    answer = self.channel.receive()
        except (ClosedError, KeyboardInterrupt):
            os._exit(1)  # half a message may be left in the channel
        return answer.kind, answer.content

    def directly(self, content: bytes) -> Message | None:
        """Hand a call over by the line to the student's process; None if it isn't for that line."""
        spent = time.monotonic() - self.began
        if self.line is None or spent > SOON:
            return None
        self.calls = (self.calls + 1) % 2**32
        try:
            packed = wire.SECONDS.pack(self.seconds - spent) + content
            self.line.send(wire.CALL, self.calls, packed)
            answer = self.line.answer(self.calls)
            if answer.kind not in (wire.RESULT, wire.RAISED):
                raise ClosedError("no answer to a call")
        except ClosedError:
            self.line.close()
            self.line = None
            self.channel.send(wire.LOST, self.number, content)
            return self.channel.receive()
        self.late |= answer.content == LATE
        return answer


def main(end: socket.socket, line: socket.socket | None, shell: Any, checks: bool) -> None:
    """Run as such a process until the hub hangs up; never return."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    reseed()
    sys.path.insert(0, "")  # a notebook may import a file next to it, as in a kernel
    with contextlib.suppress(ClosedError):
        Process(Channel(end), shell, checks, Channel(line) if line else None).serve()
    os._exit(0)
