"""The filter of system calls: what it decides on each processor, and what it closes here."""

import errno
import os
import platform
import subprocess
import sys

import pytest

from course import paths
from course.grader import sandbox, syscalls
from course.grader.job import STUDENT, Job, Step
from course.grader.run import Engine
from course.hooks import HOOKS

WHY = sandbox.missing() or (
    "" if platform.machine() in syscalls.KINDS else f"no filter on {platform.machine()}"
)
isolated = pytest.mark.skipif(bool(WHY), reason=f"no sandbox: {WHY}")
X86, ARM = syscalls.KINDS["x86_64"], syscalls.KINDS["aarch64"]
REFUSED, UNKNOWN = syscalls.ERRNO | 1, syscalls.ERRNO | 38  # EPERM, ENOSYS, as Linux has them
FAMILY = syscalls.ERRNO | errno.EAFNOSUPPORT

# What a cell does, with ctypes: name → number here, its arguments, and the error that it must get.
# Without a filter most of these go through, or fail for another reason.
CALLS = {
    "ptrace": (0, 0, 0, 0),  # "my parent may trace me"
    "process_vm_readv": (1, 0, 0, 0, 0, 0),
    "kcmp": (1, 1, 0, 0, 0),
    "pidfd_getfd": (-1, 0, 0),
    "keyctl": (0, -3, 0),  # the id of the session's keyring
    "add_key": (0, 0, 0, 0, -3),
    "bpf": (0, 0, 0),
    "perf_event_open": (0, 0, -1, -1, 0),
    "userfaultfd": (1,),  # for faults of this program alone, which anybody may have
    "io_uring_setup": (1, 0),
    "fanotify_init": (0, 0),
    "memfd_secret": (0,),
    "unshare": (0x10000000,),
    "setns": (-1, 0),
    "mount": (0, 0, 0, 0, 0),
    "umount2": (0, 0),
    "open_tree": (-1, 0, 0),
    "fsopen": (0, 0),
    "chroot": (0,),
    "pivot_root": (0, 0),
    "name_to_handle_at": (-1, 0, 0, 0, 0),
    "open_by_handle_at": (-1, 0, 0),
    "kexec_load": (0, 0, 0, 0),
    "init_module": (0, 0, 0),
    "reboot": (0, 0, 0, 0),
    "syslog": (10, 0, 0),
    "settimeofday": (0, 0),
    "clock_adjtime": (0, 0),
    "move_pages": (0, 0, 0, 0, 0, 0),
}
TRIES = """
import ctypes, errno, os, socket
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *args):
    ctypes.set_errno(0)
    got = libc.syscall(number, *map(ctypes.c_long, args))
    return errno.errorcode.get(ctypes.get_errno(), "none") if got == -1 else f"went through: {got}"
"""
HONEST = """
import asyncio, multiprocessing, socket, subprocess, threading, time
import numpy as np, torch
done = []
thread = threading.Thread(target=lambda: done.append("thread"))
thread.start(); thread.join()
done.append(subprocess.run(["echo", "program"], capture_output=True, text=True).stdout.strip())
child = multiprocessing.get_context("fork").Process(target=lambda: None)
child.start(); child.join()
done.append(f"fork {child.exitcode}")
async def wait():
    await asyncio.sleep(0.001)
    return "loop"
done.append(asyncio.run(wait()))
one, other = socket.socketpair(); one.send(b"pair"); done.append(other.recv(4).decode())
torch.set_num_threads(2)
done.append(f"{float((torch.ones(300, 300) @ torch.ones(300, 300)).sum()):g}")
open("own.txt", "w").write("x"); np.save("own.npy", np.ones(3))
done.append(f"{np.load('own.npy', mmap_mode='r').sum():g}")
time.sleep(0.001)
print(*done, sep=", ")
"""


def decided(kind, number, first=0, mark=None):
    """Return what the kernel would do with a call: run the filter as it does."""
    memory = {
        syscalls.NUMBER: number,
        syscalls.ARCHITECTURE: kind.mark if mark is None else mark,
        syscalls.FIRST: first & 0xFFFFFFFF,
    }
    instructions, value, place = syscalls.program(kind), 0, 0
    while True:
        one = instructions[place]
        place += 1
        assert max(one.yes, one.no) < 256  # a byte each
        if one.code == syscalls.RETURN:
            return one.value
        if one.code == syscalls.LOAD:
            value = memory[one.value]
            continue
        holds = {
            syscalls.EQUAL: value == one.value,
            syscalls.AT_LEAST: value >= one.value,
            syscalls.ANY_BIT: bool(value & one.value),
        }[one.code]
        place += one.yes if holds else one.no


@pytest.mark.parametrize("kind", [X86, ARM], ids=["x86_64", "aarch64"])
def test_just_what_is_listed_is_refused(kind):
    found = {number for number in range(600) if decided(kind, number) == REFUSED}
    assert found == set(kind.refused)
    odd = {number for number in range(600) if decided(kind, number) not in (REFUSED, 0x7FFF0000)}
    assert odd == {kind.clone3, kind.socket}  # a socket of family 0
    assert decided(kind, kind.clone3) == UNKNOWN


@pytest.mark.parametrize("kind", [X86, ARM], ids=["x86_64", "aarch64"])
def test_calls_that_depend_on_an_argument(kind):
    thread, fork = 0x3D0F00, 17
    assert decided(kind, kind.clone, thread) == decided(kind, kind.clone, fork) == syscalls.ALLOW
    for bit in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
        assert decided(kind, kind.clone, fork | bit) == REFUSED
    families = {family: decided(kind, kind.socket, family) for family in range(64)}
    assert {one for one, said in families.items() if said == syscalls.ALLOW} == {1, 2, 10}
    assert families[40] == families[38] == families[16] == FAMILY  # VSOCK, ALG, NETLINK
    assert decided(kind, kind.socket, 1 << 32 | 40) == FAMILY  # the kernel takes 32 bits of it


def test_calls_of_another_processor_are_unknown():
    assert decided(X86, 39, mark=0x40000003) == UNKNOWN  # of 32 bits
    assert decided(X86, syscalls.X32 | 39) == UNKNOWN
    assert decided(ARM, 39, mark=X86.mark) == UNKNOWN


def test_numbers_are_those_of_each_processor():
    assert decided(X86, 101) == REFUSED  # ptrace there, nanosleep here
    assert decided(ARM, 101) == syscalls.ALLOW
    assert decided(ARM, 117) == REFUSED


@pytest.mark.skipif(sys.platform != "linux", reason="the grader runs on Linux")
def test_who_may_still_gain_something_gets_no_filter():
    code = (
        "import os\nfrom course.grader import syscalls\n"
        "os.setresuid(65534, 65534, 65534) if os.getuid() == 0 else None\n"
        "try:\n    syscalls.install()\nexcept OSError as error:\n    print(error)\n"
        "syscalls.install('riscv64')"  # where there is none, it is no error
    )
    ran = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, cwd=paths.ROOT
    )
    if platform.machine() in syscalls.KINDS:
        assert "seccomp" in ran.stdout
    assert ran.returncode == 0, ran.stderr


@pytest.fixture(scope="module")
def shown():
    """Return what the cells below show, which a student's process in the sandbox has run."""
    here = syscalls.KINDS[platform.machine()]
    place = [*syscalls.KINDS.values()].index(here)
    lines = [
        f"print({name!r}, call{(syscalls.REFUSED[name][place], *args)})"
        for name, args in CALLS.items()
    ]
    lines += [
        f"print('clone', call({here.clone}, 0x10000011, 0, 0, 0, 0))",
        f"print('clone3', call({here.clone3}, 0, 0))",
        "for family in (16, 17, 38, 40):",
        "    try:",
        "        socket.socket(family, socket.SOCK_RAW if family == 16 else socket.SOCK_STREAM)",
        "        print('family', family, 'went through')",
        "    except OSError as error:",
        "        print('family', family, errno.errorcode[error.errno])",
        f"closed = lambda: call({syscalls.REFUSED['keyctl'][place]}, 0, -3, 0) == 'EPERM'",
        "pid = os.fork() or os._exit(not closed())",
        "print('forked', os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))",
    ]
    steps = [Step(STUDENT, TRIES + "\n".join(lines), 0), Step(STUDENT, HONEST, 1)]
    with Engine(("numpy", "torch"), root=paths.ROOT, hooks=HOOKS) as engine:
        ran = engine.run(Job("x", tuple(steps), (), ("numpy", "torch")))
    return ["".join(o.get("text", str(o)) for o in cell.outputs) for cell in ran.cells]


@isolated
@pytest.mark.slow
def test_what_the_filter_closes(shown):
    said = dict(line.rsplit(" ", 1) for line in shown[0].splitlines())
    expected = dict.fromkeys(CALLS, "EPERM") | {"clone": "EPERM", "clone3": "ENOSYS"}
    expected |= {f"family {number}": "EAFNOSUPPORT" for number in (16, 17, 38, 40)}
    assert said == expected | {"forked": "0"}  # what it has started has the filter as well


@isolated
@pytest.mark.slow
def test_what_an_answer_needs_is_open(shown):
    assert shown[1] == "thread, program, fork 0, loop, pair, 2.7e+07, 3\n"


@isolated
@pytest.mark.slow
def test_the_sandbox_starts_whatever_the_umask():
    before = os.umask(0o777)
    try:
        with Engine((), root=paths.ROOT, hooks=HOOKS) as engine:
            code = "open('x', 'w').write('1'); print(open('x').read())"
            ran = engine.run(Job("x", (Step(STUDENT, code, 0),)))
    finally:
        os.umask(before)
    assert [cell.error for cell in ran.cells] == [None]
