"""Jupyter kernels that begin with the heavy modules loaded, for tests that start dozens of them.

Importing torch, transformers and matplotlib takes a kernel five seconds of processor time. Here one
process a test session, the *nursery*, imports them once and forks for each kernel; what Jupyter
starts is a small program that asks it for one, lends it its own standard streams, and ends as the
kernel ends. To Jupyter and to the notebook it is a kernel as any other: `jupyter_path` holds a
kernel specification named ``warm``, and one that takes the place of ``python3``.

What a warm kernel can't show: that a notebook imports little (its modules are there already), so
tests of that start a cold one. Linux only, as the grader's own forking is.
"""

import contextlib
import functools
import gc
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

CAN = sys.platform == "linux"
MODULES = (
    *("ipykernel.kernelapp", "numpy", "pandas", "matplotlib.pyplot", "IPython.core.completer"),
    *("torch", "transformers", "transformers.models.gpt2.modeling_gpt2", "ipywidgets"),
)

# What Jupyter starts instead of a kernel; it imports as little as it can.
CLIENT = """
import array, json, os, signal, socket, sys
server = socket.socket(socket.AF_UNIX)
server.connect(sys.argv[1])
asked = {"argv": sys.argv[2:], "environment": dict(os.environ), "folder": os.getcwd()}
streams = array.array("i", [0, 1, 2])
server.sendmsg([b"k"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, streams)])
server.sendall(json.dumps(asked).encode() + b"\\n")
replies = server.makefile()
pid = int(replies.readline())
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, _: os.kill(pid, number))
sys.exit(int(replies.readline() or 1))
"""


@functools.cache
def jupyter_path() -> Path | None:
    """Start a nursery, unless another process of this session has, and return a ``JUPYTER_PATH``.

    The nursery ends when the last process that called this has ended. None where it can't be.
    """
    if not CAN:
        return None
    import filelock

    session = os.environ.get("PYTEST_XDIST_TESTRUNUID") or secrets.token_hex(8)
    place = Path(tempfile.gettempdir()) / f"warm-{session[:16]}"
    place.mkdir(exist_ok=True)
    address = place / "nursery"
    with filelock.FileLock(place / "lock"):
        if not address.exists():
            for name in ("warm", "python3"):
                (place / "kernels" / name).mkdir(parents=True)
                command = [sys.executable, "-I", "-S", "-c", CLIENT, str(address)]
                about = {
                    "argv": [*command, "-f", "{connection_file}"],
                    "display_name": name,
                    "language": "python",
                }
                (place / "kernels" / name / "kernel.json").write_text(json.dumps(about))
            environment = os.environ | {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
            with open(place / "log", "wb") as log:
                nursery = subprocess.Popen(
                    [sys.executable, __file__, str(address)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=place,
                    env=environment,
                    start_new_session=True,
                )
            while not address.exists():
                if nursery.poll() is not None:
                    raise RuntimeError((place / "log").read_text())
                time.sleep(0.05)
        lease = socket.socket(socket.AF_UNIX)
        lease.connect(str(address))
        lease.sendall(b"l")
        LEASES.append(lease)
    return place


def environment() -> dict[str, str]:
    """Return the variables with which a program's Jupyter kernels are warm ones."""
    place = jupyter_path()
    return {"JUPYTER_PATH": str(place)} if place else {}


LEASES: list[socket.socket] = []  # open until this process ends: then the nursery may end


def nurse(address: str) -> None:
    """Import the modules, then fork a kernel for each that asks, until all leases have ended."""
    for name in MODULES:
        __import__(name)
    gc.freeze()  # what is there now need not be looked at, and so copied, in each kernel
    server = socket.socket(socket.AF_UNIX)
    server.bind(address + ".new")
    server.listen(64)
    os.rename(address + ".new", address)
    held: list[socket.socket] = []
    lock = threading.Lock()

    def wait(connection: socket.socket) -> None:
        connection.recv(1)
        with lock:
            held.remove(connection)
            if not held:
                shutil.rmtree(Path(address).parent, ignore_errors=True)
                os.killpg(0, signal.SIGKILL)  # kernels that somebody has forgotten, too

    while True:
        connection, _ = server.accept()
        kind, streams, _, _ = socket.recv_fds(connection, 1, 3)
        if kind == b"l":
            with lock:
                held.append(connection)
            threading.Thread(target=wait, args=(connection,), daemon=True).start()
            continue
        with connection.makefile() as lines:
            asked = json.loads(lines.readline())
        child = os.fork()
        if child == 0:
            server.close()
            connection.close()
            for one in held:
                one.close()
            begin(asked, streams)
        for stream in streams:
            os.close(stream)
        threading.Thread(target=watch, args=(connection, child), daemon=True).start()


def watch(connection: socket.socket, child: int) -> None:
    """Tell who asked how the kernel ended; end it if they end first."""
    connection.sendall(f"{child}\n".encode())

    def gone() -> None:
        connection.recv(1)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)

    threading.Thread(target=gone, daemon=True).start()
    _, status = os.waitpid(child, 0)
    with contextlib.suppress(OSError):
        connection.sendall(f"{os.waitstatus_to_exitcode(status) & 255}\n".encode())
        connection.shutdown(socket.SHUT_RDWR)


def begin(asked: dict, streams: list[int]) -> None:
    """Be a kernel, as ``python -m ipykernel_launcher`` is one."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    sys.argv = ["ipykernel_launcher", *asked["argv"]]
    sys.path[0] = ""
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115 - for the process's life
        for number, mode in enumerate("rww")
    )
    from ipykernel import kernelapp

    try:
        # Who looks after it is another than who asked: without its parent, a kernel ends.
        parent = f"--IPKernelApp.parent_handle={os.getppid()}"
        kernelapp.launch_new_instance([*asked["argv"], parent])
    finally:
        os._exit(0)


if __name__ == "__main__":
    nurse(sys.argv[1])
