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
from typing import Any, NamedTuple

HEADER = struct.Struct("!4sIQ")

# To a process: what to do.
RUN, CALL, FETCH, SET, FILES, MEMORY = b"run ", b"call", b"ftch", b"set ", b"file", b"mem "
# From a process: what came of it. CALL also comes from the checks' process, and is passed on.
DONE, RESULT, RAISED = b"done", b"rslt", b"rais"

LARGEST = 64_000_000  # bytes of one message
SEND = 60.0  # seconds that the other side may take to read
LOOK = 1.0  # seconds after which a reader looks whether its own time is over
BUFFER, READ = 1 << 20, 1 << 16  # bytes: of the socket, and of one look into it


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
        self.rest = bytearray()  # read, but not asked for yet
        # The system keeps the time: Python's own timeouts cost a call of it for each message.
        end.setblocking(True)
        for option, seconds in ((socket.SO_RCVTIMEO, LOOK), (socket.SO_SNDTIMEO, SEND)):
            end.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", int(seconds), 0))
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            end.setsockopt(socket.SOL_SOCKET, option, BUFFER)

    def send(self, kind: bytes, number: int, content: Any = b"") -> None:
        """Send bytes, or plain data as JSON.

        Raises
        ------
        ClosedError
            If the other side is gone, or doesn't read for a minute.
        """
        if not isinstance(content, bytes | bytearray | memoryview):
            content = json.dumps(content).encode()
        try:
            self.socket.sendall(HEADER.pack(kind, number, len(content)) + content)
        except (OSError, ValueError):
            raise ClosedError("the other side doesn't read") from None

    def receive(self, seconds: float | None = None) -> Message:
        """Return the next message.

        Raises
        ------
        ClosedError
            If the other side is gone, or what it sends is too large.
        TimeoutError
            If no whole message came within `seconds`, or `LOOK` more; the channel is of no more
            use then.
        """
        end = None if seconds is None else time.monotonic() + seconds
        kind, number, size = HEADER.unpack(self._read(HEADER.size, end))
        if size > self.largest:
            raise ClosedError(f"a message of {size} bytes is too large")
        return Message(kind, number, self._read(size, end))

    def close(self) -> None:
        """Close this end."""
        with contextlib.suppress(OSError):
            self.socket.close()

    def _read(self, size: int, end: float | None) -> bytes:
        while len(self.rest) < size:
            if end is not None and time.monotonic() >= end:  # also where bytes come one by one
                raise TimeoutError
            try:
                part = self.socket.recv(READ)
            except BlockingIOError:
                continue
            except (OSError, ValueError):
                part = b""
            if not part:
                raise ClosedError("the other side is gone")
            self.rest += part
        data = bytes(memoryview(self.rest)[:size])
        del self.rest[:size]
        return data
