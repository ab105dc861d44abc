"""How long a process had something to do, but no processor: time that no limit should count."""

import os

_own: dict[int, int] = {}  # this process → the system's file about it, kept open: it is asked often


def waited(process: int | str = "self") -> float:
    """Return the seconds that a process' main thread has waited for a processor so far.

    0 where the system doesn't say: only Linux does.
    """
    try:
        if process != "self":
            with open(f"/proc/{process}/schedstat", "rb") as file:
                return int(file.read(100).split()[1]) / 1e9
        pid = os.getpid()
        if pid not in _own:  # a copy of this process has a file of its own
            _own[pid] = os.open("/proc/self/schedstat", os.O_RDONLY)
        return int(os.pread(_own[pid], 100, 0).split()[1]) / 1e9
    except (OSError, IndexError, ValueError, AttributeError):
        return 0.0
