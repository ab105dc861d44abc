"""The process that runs the cells of one notebook: the student's, or the one that holds the checks.

Both are the same program: one side of a notebook (`shell.Cells`) that answers the hub's messages
(`wire`). In the student's process the hub may call a function by its name. In the checks' process
such a function is a proxy: calling it sends plain data to the hub, which passes them to the
student's process and brings the answer back. So a student's code never shares a process with a
check, and sees no more of it than the inputs.

Left out on purpose: isolation, which is the sandbox's work.
"""

import base64
import contextlib
import marshal
import os
import signal
import socket
import sys
from typing import Any

from course.grader import codec, wire
from course.grader.job import GRACE
from course.grader.shell import Cells, peak_mb, reseed
from course.grader.wire import Channel, ClosedError, Message


class Process:
    """One process that runs cells, and what it answers."""

    def __init__(self, channel: Channel, shell: Any, checks: bool) -> None:
        self.channel, self.shell, self.checks = channel, shell, checks
        self.number, self.pid = 0, os.getpid()
        self.cells = Cells(shell, private=checks, ask=self.ask)

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
            message = self.channel.receive()
            self.number = message.number
            kind, content = answers[message.kind](message)
            if os.getpid() != self.pid:
                os._exit(0)  # a copy that a cell has forked has nothing to answer
            self.channel.send(kind, message.number, content)

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
        return wire.DONE, self.cells.run(asked["code"], seconds, code=code, muted=asked["muted"])

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
        """Hand a call over to the hub, and return what the student's process makes of it."""
        try:
            with self.cells.alarm.excused():
                self.channel.send(wire.CALL, self.number, content)
                answer = self.channel.receive()
        except (ClosedError, KeyboardInterrupt):
            os._exit(1)  # half a message may be left in the channel
        return answer.kind, answer.content


def main(end: socket.socket, shell: Any, checks: bool) -> None:
    """Run as such a process until the hub hangs up; never return."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    reseed()
    sys.path.insert(0, "")  # a notebook may import a file next to it, as in a kernel
    with contextlib.suppress(ClosedError):
        Process(Channel(end), shell, checks).serve()
    os._exit(0)
