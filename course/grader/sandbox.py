"""Where students' code runs: bubblewrap around a warm process, and what each process may take.

What a process takes is measured here too, from outside: processor time of all that it has started,
and how long it has waited for a processor, which is the neighbours' fault and not its own.

The warm process (`zygote`) sees the system's programs, this Python, the course's library and data
and the real models, all of it read-only; no network, no home, no ``source/``, ``tests/``,
``submitted/``, no gradebook. Each process that it forks is enclosed once more (`namespaces`) and
counted by a cgroup where we may make one, else by limits of the process itself. Needs Linux and
bubblewrap; `none` runs the same processes without any isolation, and is for submissions that the
instructor trusts.
"""

import contextlib
import functools
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

from course.grader.errors import N_, GraderError
from course.grader.hooks import Hooks
from course.grader.job import Limits
from course.grader.local import ENVIRONMENT, python
from course.grader.wire import Channel

BUBBLEWRAP, NONE, AUTO = "bubblewrap", "none", "auto"
NOBODY = 65534
START = 120.0  # seconds that the imports may take
NO_ISOLATION = N_(
    "Submissions can't be isolated here: {why}. Grade on Linux with bubblewrap "
    "(`sudo apt install bubblewrap`) or in a container, or, if you trust every "
    "submission, with `course grade --sandbox none`."
)
ELSEWHERE = N_("Grading runs on Linux: use a Linux container or virtual machine (docs/grading.md).")
STOPPED = "The sandbox has stopped: run the same command again."
PROCESSOR = ("cpu", "cpuacct")  # controllers that are welcome, but not needed
OPTIONAL = ("memory.swap.max", "cpu.cfs_quota_us", "cpu.max")
HIDDEN = ("/tmp/", "/dev/shm/")  # each process has these for itself
# Read-only in the sandbox, where they are: programs, libraries, letters, and how to find them.
SYSTEM = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"),
    *("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives"),
    *("/etc/fonts", "/etc/localtime", "/etc/mime.types"),
)
# This Python, its packages, and the package that we are in, wherever it is installed.
PACKAGE = Path(sys.modules[__package__.partition(".")[0]].__file__ or "").resolve().parent
OURS = [sys.base_prefix, sys.prefix, str(PACKAGE)]


class Zygote:
    """The warm process and what it forks.

    Parameters
    ----------
    modules : tuple of str
        What it imports before any notebook runs.
    sandbox : str
        `AUTO` (isolation or a refusal), `BUBBLEWRAP` or `NONE`.
    root : Path
        The course's folder.
    hooks : Hooks

    Raises
    ------
    GraderError
        If there is no isolation and `sandbox` isn't `NONE`, or this isn't Linux.
    """

    def __init__(self, modules: tuple[str, ...], sandbox: str, root: Path, hooks: Hooks) -> None:
        if sys.platform != "linux":
            raise GraderError(ELSEWHERE)
        self.root, self.hooks = root.resolve(), hooks
        self.kind = NONE if sandbox == NONE else BUBBLEWRAP
        if self.kind == BUBBLEWRAP and (why := missing()):
            raise GraderError(NO_ISOLATION.format(why=why))
        self.modules = modules
        self.lock = threading.Lock()
        self.folder = tempfile.TemporaryDirectory(prefix="grading-", ignore_cleanup_errors=True)
        self.count, self.closed = 0, False
        self.groups = Groups.find()
        self.keep = [place for place in needed(self.root, hooks) if place.startswith(HIDDEN)]
        self._start()

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        modules = json.dumps(list(self.modules))
        command = python("-m", f"{__package__}.zygote", modules)
        if self.kind == BUBBLEWRAP:
            command = [*outer(needed(self.root, self.hooks)), *command]
        self.process = subprocess.Popen(
            command,
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment(
                self.root, self.folder.name if self.kind == NONE else "/tmp", self.hooks
            ),
            start_new_session=True,  # Ctrl-C is for us alone
            umask=0o022,  # whatever ours is: what is made there has to be read there
        )
        theirs.close()
        self.hub, self.warm = ours, False

    def _wait(self) -> None:
        """Wait until the imports are done; meanwhile others had time to work."""
        self.hub.settimeout(START)
        ready = b""
        with contextlib.suppress(OSError):
            ready = self.hub.recv(6)
        if ready != b"ready\n":
            self.process.kill()
            assert self.process.stderr is not None
            said = self.process.stderr.read().decode("utf-8", "replace").strip().split("\n")[-1]
            raise GraderError(
                N_("The sandbox doesn't start: {said}.").format(
                    said=said or N_("it gives no reason")
                )
            )
        self.hub.settimeout(None)
        self.warm = True

    def spawn(
        self,
        limits: Limits,
        *,
        checks: bool,
        files: bool = True,
        line: socket.socket | None = None,
    ) -> "Child":
        """Return a new process.

        Parameters
        ----------
        limits : Limits
        checks : bool
            Whether it is the one that holds the checks. That one runs no student's code, so it
            isn't enclosed once more.
        files : bool
            Whether it needs a folder of its own.
        line : socket.socket, optional
            One end of a pair, to be its own; whoever has the other end can talk to it.

        Raises
        ------
        GraderError
            If it can't be started.
        """
        ends = socket.socketpair()
        lines = socket.socketpair()
        lines[0].setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        with self.lock:
            if self.closed:
                raise GraderError(STOPPED)
            if not self.warm:
                self._wait()
            self.count += 1
            folder = Path(self.folder.name) / str(self.count)
            if self.kind == NONE:
                folder.mkdir()
            inside = self.kind == BUBBLEWRAP
            asked: dict[str, Any] = {
                "enclosed": inside and (files or not checks),
                "watched": not inside,
                "checks": checks,
                "folder": "/tmp" if inside else str(folder),
                "processes": limits.processes,
                "files_mb": limits.files_mb,
                "keep": self.keep,
                "data_mb": None if self.groups else limits.memory_mb,
                "seconds": int(limits.notebook_seconds) + 60,
            }
            with contextlib.suppress(OSError):
                handed = [ends[1].fileno(), lines[1].fileno()]
                handed += [line.fileno()] if line else []
                socket.send_fds(self.hub, [json.dumps(asked).encode()], handed)
        ends[1].close()
        lines[1].close()
        made = Child(Channel(ends[0]), lines[0], folder, not inside)
        try:
            lines[0].settimeout(START)
            pid = _sender(lines[0])
            made.pid = pid
            made.handle = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None
            if self.groups:
                made.group = self.groups.add(pid, limits, checks=checks)
            lines[0].sendall(b"\1")
        except OSError:
            made.close()
            raise GraderError(STOPPED) from None
        return made

    def close(self) -> None:
        """End the warm process and all that it has forked."""
        self.closed = True
        self.hub.close()
        self.process.kill()
        self.process.wait()
        if self.process.stderr is not None:
            self.process.stderr.close()
        self.folder.cleanup()


class Used(NamedTuple):
    """What processes have used.

    Attributes
    ----------
    processor : float
        Seconds of a processor, of a process and all that it has started.
    worked : float
        Seconds of that in its main thread.
    waited : float
        Seconds that its main thread had something to do, but no processor.
    silent : float
        Seconds that the hub has waited for its answers, as far as they took long.
    """

    processor: float = 0.0
    worked: float = 0.0
    waited: float = 0.0
    silent: float = 0.0

    def __add__(self, other: "Used") -> "Used":  # type: ignore[override]
        return Used(*(a + b for a, b in zip(self, other, strict=True)))

    def __sub__(self, other: "Used") -> "Used":
        return Used(*(a - b for a, b in zip(self, other, strict=True)))


class Child:
    """A process that runs cells, seen from the hub.

    Attributes
    ----------
    channel : Channel
    handle : int or None
        The system's handle of its first process.
    pid : int
        That process, as the hub counts.
    group : Group or None
        The cgroup that counts it.
    """

    def __init__(
        self, channel: Channel, lifeline: socket.socket, folder: Path, watched: bool
    ) -> None:
        self.channel, self.lifeline, self.folder = channel, lifeline, folder
        self.watched = watched
        self.handle: int | None = None
        self.pid = 0
        self.group: Group | None = None
        self.before = Used()  # at the last look
        self.waiting: int | None = None  # the system's file about how long it has waited

    def peak_mb(self) -> float:
        """Return the most memory held so far, in MB, where a cgroup has counted; else 0."""
        return self.group.peak_mb() if self.group is not None else 0.0

    def used(self) -> "Used":
        """Return what it has used so far; never less than before."""
        processor = self.group.processor() if self.group is not None else None
        if processor is None:
            processor = sum(map(_processor, _family(self.pid)))
        if self.waiting is None:
            # Where a process watches over the one that works, the latter is its only child.
            pids = _family(self.pid)[1:] if self.watched else [self.pid]
            with contextlib.suppress(OSError, IndexError):
                self.waiting = os.open(f"/proc/{pids[0]}/schedstat", os.O_RDONLY)
        worked = waited = 0.0
        if self.waiting is not None:
            with contextlib.suppress(OSError, ValueError):
                said = os.pread(self.waiting, 100, 0).split()[:2]
                worked, waited = (int(word) / 1e9 for word in said)
        now = Used(processor, worked, waited)
        self.before = Used(*map(max, zip(now, self.before, strict=True)))
        return self.before

    def close(self) -> None:
        """End it with all its descendants."""
        if self.handle is not None:
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(self.handle, signal.SIGKILL)
            os.close(self.handle)
            self.handle = None
        self.channel.close()
        if self.waiting is not None:
            os.close(self.waiting)
            self.waiting = None
        with contextlib.suppress(OSError):
            self.lifeline.close()
        if self.group is not None:
            self.group.remove()
        shutil.rmtree(self.folder, ignore_errors=True)


class Groups:
    """Where we may make cgroups: one folder for version 2, one a controller for version 1."""

    def __init__(self, folders: dict[str, Path], version: int) -> None:
        self.folders, self.version = folders, version
        self.count, self.lock = 0, threading.Lock()

    @classmethod
    def find(cls) -> "Groups | None":
        """Return where cgroups can be made, or None; sweep what a killed grader has left."""
        found = cls._places()
        if found is None:
            return None
        for folder in found.folders.values():
            for old in folder.glob("course-grading-*"):
                owner = old.name.split("-")[2]
                if owner.isdigit() and not Path(f"/proc/{owner}").exists():
                    Group([old]).remove()
        spare = {name: found.folders[name] for name in found.folders if name not in PROCESSOR}
        for folders in (found.folders, spare):  # without a share of the processor, if need be
            found.folders = folders
            with contextlib.suppress(OSError):
                found.add(None, Limits()).remove()
                return found
        return None

    @classmethod
    def _places(cls) -> "Groups | None":
        base = Path("/sys/fs/cgroup")
        if (base / "memory" / "memory.limit_in_bytes").exists():
            there = [name for name in PROCESSOR if (base / name).exists()]
            return cls({n: (base / n).resolve() for n in ("memory", "pids", *there)}, 1)
        with contextlib.suppress(OSError, IndexError):
            own = Path("/proc/self/cgroup").read_text("ascii").split("0::/")[1].split("\n")[0]
            parent = (base / own).parent  # a group with processes in it can't have children
            have = set((parent / "cgroup.subtree_control").read_text().split())
            if {"memory", "pids"} <= have:
                return cls({"unified": parent} | {n: parent for n in PROCESSOR if n in have}, 2)
        return None

    def add(self, pid: int | None, limits: Limits, *, checks: bool = False) -> "Group":
        """Make a group with `limits` and put a process into it.

        All processes of a student together get the share of one, half of what the process with
        the checks gets; and one processor at most.

        Raises
        ------
        OSError
            If that isn't allowed.
        """
        with self.lock:
            self.count += 1
            name = f"course-grading-{os.getpid()}-{threading.get_ident()}-{self.count}"
        group = Group(list(dict.fromkeys(folder / name for folder in self.folders.values())))
        memory, processes = limits.memory_mb * 1_000_000, limits.processes + 1
        settings: list[tuple[str, str, int]] = (
            [("memory", "memory.limit_in_bytes", memory), ("pids", "pids.max", processes)]
            if self.version == 1
            else [
                ("unified", "memory.max", memory),
                ("unified", "memory.swap.max", 0),
                ("unified", "pids.max", processes),
            ]
        )
        if "cpu" in self.folders:
            settings += (
                [("cpu", "cpu.shares", 2048 if checks else 1024)]
                if self.version == 1
                else [("cpu", "cpu.weight", 200 if checks else 100)]
            )
            if not checks:
                one = ("cpu.cfs_quota_us", 100_000) if self.version == 1 else ("cpu.max", 100_000)
                settings.append(("cpu", *one))
        try:
            for folder in group.folders:
                folder.mkdir()
            for controller, file, value in settings:
                path = self.folders[controller] / name / file
                try:
                    path.write_text(str(value), "ascii")
                except OSError:  # a container with less than a processor refuses the bound of one
                    if file not in OPTIONAL:
                        raise
            if pid is not None:
                for folder in group.folders:
                    (folder / "cgroup.procs").write_text(str(pid), "ascii")
        except OSError:
            group.remove()
            raise
        return group


class Group:
    """One cgroup, as one folder or several."""

    def __init__(self, folders: list[Path]) -> None:
        self.folders = folders
        self.meter: int | None = None  # the system's file that counts processor time

    def processor(self) -> float | None:
        """Return the seconds of a processor that its processes have used; None if not counted."""
        second = len(self.folders) == 1
        name = "cpu.stat" if second else "cpuacct.usage"
        try:
            if self.meter is None:
                path = next(path for f in self.folders if (path := f / name).exists())
                self.meter = os.open(path, os.O_RDONLY)
            words = os.pread(self.meter, 100, 0).split()  # usage_usec 123 ..., or 123000
            return int(words[1]) / 1e6 if second else int(words[0]) / 1e9
        except (OSError, IndexError, ValueError, StopIteration):
            return None

    def peak_mb(self) -> float:
        """Return the most memory that its processes held together, in MB."""
        for folder in self.folders:
            for name in ("memory.max_usage_in_bytes", "memory.peak"):
                with contextlib.suppress(OSError, ValueError):
                    return int((folder / name).read_text("ascii")) / 1e6
        return 0.0

    def remove(self) -> None:
        """Kill what is left in it and remove it; it may take a moment until the system lets go."""
        if self.meter is not None:
            os.close(self.meter)
            self.meter = None
        for _ in range(100):
            for folder in self.folders:
                with contextlib.suppress(OSError, ValueError):
                    for pid in map(int, (folder / "cgroup.procs").read_text("ascii").split()):
                        if pid:  # 0 is one that we can't see, and would mean ourselves
                            os.kill(pid, signal.SIGKILL)
                with contextlib.suppress(OSError):
                    folder.rmdir()
            if not any(folder.exists() for folder in self.folders):
                return
            time.sleep(0.01)


@functools.cache
def missing() -> str:
    """Return what isolation lacks on this machine, in words; "" if it is there."""
    if sys.platform != "linux":
        return N_("bubblewrap is for Linux only")
    if shutil.which("bwrap") is None:
        return N_("bubblewrap isn't installed")
    if os.getuid() == 0 and shutil.which("setpriv") is None:
        return N_("setpriv (of util-linux) isn't installed")
    probe = (
        f"from {__package__} import namespaces as n; import os; n.leave(); "
        "pid = os.fork(); pid or (n.enclose(8), n.renounce(16, None, 60), os._exit(7)); "
        "os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))"
    )
    ran = subprocess.run(
        [*outer(OURS), *python("-c", probe)],
        capture_output=True,
        env=own_environment("/tmp"),
        stdin=subprocess.DEVNULL,
    )
    if ran.returncode == 7:
        return ""
    said = ran.stderr.decode("utf-8", "replace").strip().split("\n")[-1]
    return N_("this system refuses it ({said})").format(said=said or N_("it gives no reason"))


def own_environment(folder: str) -> dict[str, str]:
    """Return the sandbox's environment variables, without those of a course."""
    return ENVIRONMENT | {
        "HOME": folder,
        "IPYTHONDIR": f"{folder}/ipython",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": f"{folder}/matplotlib",
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def environment(root: Path, folder: str, hooks: Hooks) -> dict[str, str]:
    """Return all environment variables of the sandbox; none of the instructor's own."""
    return own_environment(folder) | dict(hooks.environment(root))


def needed(root: Path, hooks: Hooks) -> list[str]:
    """Return the folders, in addition to the system's own, that the sandbox shows, read-only."""
    places = [*OURS, *map(str, (*hooks.mounts(root), *hooks.caches(root)))]
    return [place for place in dict.fromkeys(places) if Path(place).exists()]


def outer(places: list[str]) -> list[str]:
    """Return the command that puts another one into the sandbox, which shows some folders."""
    tree = ["--perms", "1777", "--tmpfs", "/tmp"]  # first: the course may lie below it
    made: set[str] = set()
    for place in (*SYSTEM, *places):
        path = Path(place)
        if path.is_symlink() and place in SYSTEM:
            tree += ["--symlink", os.readlink(path), place]
        elif path.exists():
            for parent in reversed(path.parents[:-1]):
                if str(parent) not in made and str(parent) not in ("/usr", "/tmp"):
                    made.add(str(parent))
                    tree += ["--dir", str(parent)]
            tree += ["--ro-bind", place, place]
    own = ["--proc", "/proc", "--dev", "/dev"]
    tree += ["--dir", "/scratch"]
    closed = ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"]
    start = ["bwrap", "--die-with-parent", "--new-session", "--hostname", "sandbox"]
    nobody = [str(NOBODY)] * 2
    alone = ["--unshare-all", "--uid", nobody[0], "--gid", nobody[1]]
    if os.getuid() != 0:
        return [*start, *alone, *tree, *own, *closed]
    # As root: build the tree, become nobody, and only then make the user's namespace. Otherwise
    # root's own files would be readable, and no limit would bind.
    become = ["setpriv", "--reuid", nobody[0], "--regid", nobody[1], "--clear-groups"]
    spaces = [f"--unshare-{name}" for name in ("net", "ipc", "uts", "cgroup-try")]
    caps = ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    return [
        *(*start, *spaces, *caps, *tree, "--bind", "/proc", "/proc", *own[2:], *become),
        *(*start, *alone, "--bind", "/", "/", *own, *closed),
    ]


def _family(pid: int) -> list[int]:
    """Return a process and all that it and its descendants have started, as far as they live."""
    found = [pid]
    for one in found:
        with contextlib.suppress(OSError, ValueError):
            for thread in os.listdir(f"/proc/{one}/task"):
                path = Path(f"/proc/{one}/task/{thread}/children")
                found += map(int, path.read_text("ascii").split())
    return found


def _processor(pid: int) -> float:
    """Return the seconds of a processor of one process, and of children that have ended."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        said = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        return sum(map(int, said[11:15])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _sender(end: socket.socket) -> int:
    """Return the process that has sent the next byte, as this process counts."""
    size = struct.calcsize("3i")
    data, extra, _, _ = end.recvmsg(1, socket.CMSG_SPACE(size))
    for level, kind, content in extra:
        if data and level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
            pid = struct.unpack("3i", content[:size])[0]
            if pid > 0:  # 0 would mean ourselves, as the system says when nobody is there
                return pid
    raise OSError("no word from the new process")
