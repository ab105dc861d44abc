"""The warm process from which all others are forked: it imports once what every notebook needs.

``python -P -m ….zygote`` reads requests from the socket that it inherits as standard input. Each
request brings sockets: the channel of the new process, a lifeline, by which it says who it is and
learns that it may begin, and perhaps a line to another process. A student's process gets namespaces
of its own and is the first process there: killed, it takes all its descendants with it. Where there
are no namespaces, a second process watches the lifeline, and kills it when the hub lets go. When
the hub dies the zygote ends, and with it the sandbox. The zygote never sees a submission or a
check, and must have one thread only when it forks.
"""

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
from typing import Any

from course.grader import child, namespaces
from course.grader import shell as shell_module


def threads() -> int:
    """Return how many threads this process has."""
    with contextlib.suppress(OSError):
        return len(os.listdir("/proc/self/task"))
    return 1


def start(asked: dict[str, Any], ends: list[socket.socket], shell: Any) -> None:
    """Be the new process until it is killed; never return."""
    end, lifeline, *line = ends
    with contextlib.suppress(BaseException):
        if asked["enclosed"]:
            namespaces.leave()
            if os.fork():
                os._exit(0)
            namespaces.enclose(asked["files_mb"], asked["keep"])
            os.chdir(namespaces.SCRATCH)
        else:
            os.chdir(asked["folder"])
        os.setsid()  # or it could kill our process group, with the zygote in it
        lifeline.send(b"\0")  # the system says with it who sends
        if lifeline.recv(1) != b"\1":
            os._exit(1)
        if asked["watched"]:
            worker = os.fork()
            if worker:
                for held in (end, *line):
                    held.close()
                watch(worker, lifeline)
                os.killpg(0, signal.SIGKILL)
        lifeline.close()
        if asked["enclosed"]:
            namespaces.renounce(asked["processes"], asked["data_mb"], asked["seconds"])
        child.main(end, line[0] if line else None, shell, asked["checks"])
    os._exit(0)


def watch(worker: int, lifeline: socket.socket) -> None:
    """Wait until the worker has ended or the hub has let go; reap what else ends meanwhile."""
    signal.signal(signal.SIGCHLD, lambda *args: None)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    while True:
        with contextlib.suppress(ChildProcessError):
            while True:
                ended, _ = os.waitpid(-1, os.WNOHANG)
                if ended == worker:
                    return
                if ended == 0:
                    break
        watched: list[Any] = [lifeline, reader]
        ready, _, _ = select.select(watched, [], [])
        if lifeline in ready:
            return
        os.read(reader, 512)


def main() -> None:
    """Fork a process for each request until the hub hangs up."""
    hub = socket.socket(fileno=os.dup(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that have ended
    shell_module.warm(json.loads(sys.argv[1]))
    shell = shell_module.make_shell(os.environ["IPYTHONDIR"], inline=True)
    # A collection in a forked process must not touch, and so copy, all that is shared here.
    gc.collect()
    gc.freeze()
    if threads() != 1:
        raise SystemExit(f"the imports have left {threads()} threads: no process can be forked")
    hub.sendall(b"ready\n")
    while True:
        try:
            content, ends, _, _ = socket.recv_fds(hub, 1 << 16, 3)
        except OSError:
            return
        if not content:
            return
        try:
            forked = os.fork()
        except OSError:  # too many processes on the machine: the hub hears that none came
            forked = -1
        if forked == 0:
            hub.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            start(json.loads(content), [socket.socket(fileno=number) for number in ends], shell)
        for number in ends:
            os.close(number)


if __name__ == "__main__":
    main()
