"""Put a forked process into namespaces of its own: the Linux calls behind the sandbox.

A process that `enclose` has enclosed sees no other process, no network, no host name and no shared
memory but its own; it may write to two small folders in memory that vanish with it, and to nothing
else; it has no privilege and can't get one, and most of the kernel's calls are closed to it
(`syscalls`). What it sees of the disk is what its parent saw, so the parent must be in a sandbox
already (`sandbox`). Only for Linux, and only where users may make user namespaces. Left out on
purpose: cgroups, which the hub sets from outside (`sandbox`).
"""

import contextlib
import ctypes
import os
import resource
from collections.abc import Sequence

from course.grader import syscalls

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS = 0x00020000, 0x02000000, 0x04000000
CLONE_NEWIPC, CLONE_NEWUSER = 0x08000000, 0x10000000
CLONE_NEWPID, CLONE_NEWNET = 0x20000000, 0x40000000
ALL = (
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC
    | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET
)  # fmt: skip
MS_NOSUID, MS_NODEV, MS_NOEXEC = 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 4, 24, 38
CAPABILITIES = 64
NICE = 5  # so that the hub comes first
SCRATCH, SMALL = "/scratch", ("/tmp", "/dev/shm")

libc = ctypes.CDLL(None, use_errno=True)


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Data(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def leave() -> None:
    """Leave the parent's namespaces; processes that are forked from now on are alone.

    Raises
    ------
    OSError
        If the system refuses it.
    """
    user, group = os.getuid(), os.getgid()
    _must(libc.unshare(ALL), "unshare")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def enclose(files_mb: int, keep: Sequence[str] = (), shared_mb: int = 64) -> None:
    """Mount what the first process of the new namespaces and its children should see.

    Parameters
    ----------
    files_mb, shared_mb : int
        Sizes of the scratch folder, and of the temporary folder and the shared memory.
    keep : sequence of str
        Folders below those that must stay as they are.

    Raises
    ------
    OSError
        If the system refuses it.
    """
    _mount(None, "/", None, MS_REC | MS_PRIVATE)
    _mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    plain = MS_NOSUID | MS_NODEV
    _mount("tmpfs", SCRATCH, "tmpfs", plain, f"size={files_mb}m,nr_inodes=20000,mode=0700")
    kept = {folder: os.open(folder, os.O_PATH) for folder in keep}
    for folder in SMALL:
        _mount("tmpfs", folder, "tmpfs", plain, f"size={shared_mb}m,nr_inodes=5000,mode=0700")
    for folder, handle in kept.items():
        os.makedirs(folder, mode=0o755, exist_ok=True)
        _mount(f"/proc/self/fd/{handle}", folder, None, MS_BIND | MS_REC)
        os.close(handle)
    libc.sethostname(b"sandbox", 7)
    with contextlib.suppress(OSError), open("/proc/sys/user/max_user_namespaces", "w") as file:
        file.write("0")


def renounce(processes: int, data_mb: int | None, seconds: int) -> None:
    """Give up all privileges and set limits; for the process that will run a student's code.

    Parameters
    ----------
    processes : int
        How many this process and its children may be.
    data_mb : int or None
        How much memory each process may hold beyond what it holds now; None where a cgroup counts.
    seconds : int
        Of a processor, for each process; the hub counts all together, where it can.
    """
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (processes, processes))
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
    if data_mb is not None:
        most = _data_bytes() + data_mb * 1_000_000
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    for capability in range(CAPABILITIES):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    header, none = _Header(0x20080522, 0), (_Data * 2)()
    _must(libc.capset(ctypes.byref(header), ctypes.byref(none)), "capset")
    _must(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")
    _must(libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl")
    syscalls.install()


def _data_bytes() -> int:
    with open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmData:"):
                return int(line.split()[1]) * 1024
    return 0


def _mount(
    what: str | None, where: str, kind: str | None, flags: int, options: str | None = None
) -> None:
    coded = [text.encode() if text is not None else None for text in (what, where, kind, options)]
    ok = libc.mount(coded[0], coded[1], coded[2], ctypes.c_ulong(flags), coded[3])
    _must(ok, f"mount {where}")


def _must(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
