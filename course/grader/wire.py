"""Messages over a socket between the hub and the processes that run cells.

A message is a kind, the number of the request that it belongs to, and bytes. Whoever reads says how
long a message may be, so that nobody can fill a reader's memory. Left out on purpose: what the
bytes mean, any object (nothing is ever unpickled), and trust: a reader checks what it gets.
"""

import contextlib
import json
import socket
import struct
import time
from collections.abc import Callable
from typing import Any, NamedTuple

HEADER = struct.Struct("!4sIQ")

# To a process: what to do.
RUN, CALL, FETCH, SET, FILES, MEMORY = b"run ", b"call", b"ftch", b"set ", b"file", b"mem "
# From a process: what came of it. The checks' process has a line of its own to the student's; CALL
# comes from it to be passed on, and LOST when that line has ended in the middle of a call.
DONE, RESULT, RAISED, LOST = b"done", b"rslt", b"rais", b"lost"

SECONDS = struct.Struct("!d")  # before what is called: how long it may take

LARGEST = 64_000_000  # bytes of one message
SEND = 60.0  # seconds that the other side may take to read
LOOK = 0.5  # seconds after which a reader looks whether its time is over
STALE = 1000  # answers that nobody waits for any more, from one process
BUFFER, READ = 1 << 20, 1 << 18  # bytes: of the socket, and of one look into it
FIRST = 1 << 13  # bytes that are taken with a header


class ClosedError(Exception):
    """The other side is gone, or has sent something that is no message."""


class Message(NamedTuple):
    """One message."""

    kind: bytes
    number: int
    content: bytes

    def json(self) -> Any:
        """Return the content as plain data.

        Raises
        ------
        ClosedError
            If it is none.
        """
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            raise ClosedError("not JSON") from None


class Channel:
    """One end of a socket, for messages in both directions.

    Parameters
    ----------
    end : socket.socket
        A connected stream socket.
    largest : int
        Bytes that a message may have.
    """

    def __init__(self, end: socket.socket, largest: int = LARGEST) -> None:
        self.socket, self.largest = end, largest
        self.ahead = b""  # what came with the last header
        # The system keeps the time: Python's own timeouts cost a call of it for each message.
        end.setblocking(True)
        pair = struct.pack("ll", 0, int(LOOK * 1e6))
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            end.setsockopt(socket.SOL_SOCKET, option, pair)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            end.setsockopt(socket.SOL_SOCKET, option, BUFFER)

    def send(self, kind: bytes, number: int, content: Any = b"") -> None:
        """Send bytes, or plain data as JSON.

        Raises
        ------
        ClosedError
            If the other side is gone, or hasn't read all within a minute.
        """
        if not isinstance(content, bytes | bytearray | memoryview):
            content = json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogatepass")
        header, end = HEADER.pack(kind, number, len(content)), time.monotonic() + SEND
        small = len(content) <= READ  # what is large isn't copied once more
        for part in (header + content,) if small else (header, content):
            left = memoryview(part)
            while left:
                try:
                    left = left[self.socket.send(left) :]
                except BlockingIOError:
                    pass
                except (OSError, ValueError):
                    raise ClosedError("the other side is gone") from None
                if left and time.monotonic() > end:
                    raise ClosedError("the other side doesn't read")

    def receive(self, over: Callable[[], bool] | None = None) -> Message:
        """Return the next message.

        Parameters
        ----------
        over : callable, optional
            Asked every `LOOK` seconds whether there is nothing more to wait for.

        Raises
        ------
        ClosedError
            If the other side is gone, or what it sends is too large.
        TimeoutError
            If it was over before a whole message came; the channel is of no more use then.
        """
        kind, number, size = HEADER.unpack(self._read(HEADER.size, over))
        if size > self.largest:
            raise ClosedError(f"a message of {size} bytes is too large")
        return Message(kind, number, self._read(size, over))

    def answer(self, number: int, over: Callable[[], bool] | None = None) -> Message:
        """Return the answer to a request; older answers are passed over, up to `STALE`.

        Raises
        ------
        ClosedError, TimeoutError
            As `receive`.
        """
        for _ in range(STALE):
            message = self.receive(over)
            if message.number == number:
                return message
        raise ClosedError("it doesn't answer what it was asked")

    def close(self) -> None:
        """Close this end."""
        with contextlib.suppress(OSError):
            self.socket.close()

    def _read(self, size: int, over: Callable[[], bool] | None) -> bytes:
        if len(self.ahead) >= size:
            whole, self.ahead = self.ahead[:size], self.ahead[size:]
            return whole
        parts, looked, header = [self.ahead], time.monotonic(), size == HEADER.size
        size, self.ahead = size - len(self.ahead), b""
        while size > 0:
            # The system collects what comes byte by byte; we wake for a whole piece, or to look.
            # With a header we take what is there: most messages are here then, by one call.
            try:
                part = (
                    self.socket.recv(FIRST)
                    if header
                    else self.socket.recv(min(size, READ), socket.MSG_WAITALL)
                )
            except BlockingIOError:
                part = None
            except (OSError, ValueError):
                part = b""
            if part == b"":
                raise ClosedError("the other side is gone")
            if part:
                part, self.ahead = part[:size], part[size:]
                parts.append(part)
                size -= len(part)
            if over is not None and size > 0 and time.monotonic() >= looked + LOOK / 2:
                looked = time.monotonic()
                if over():
                    raise TimeoutError
        return b"".join(parts)
