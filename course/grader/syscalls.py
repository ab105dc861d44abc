"""A filter of system calls around a student's process (seccomp), as a program made right here.

An answer needs files, memory, threads and processes, and little else of the kernel. What it never
needs is where most holes of kernels have been: so it is refused, as if the system had no permission
for it or didn't know it. The filter can't be taken off again, and holds for all that the process
starts. `program` is the list of instructions that the kernel runs at each call (classic BPF);
`install` hands it over. Elsewhere than on x86-64 and aarch64 there are the namespaces alone.

Left out on purpose: a list of what is allowed, which each new version of a library would break; and
landlock, since the sandbox shows nothing of the disk that an answer may not read.
"""

import ctypes
import errno
import os
import platform
import struct
from typing import NamedTuple

PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCHITECTURE, FIRST = (
    0,
    4,
    16,
)  # where the kernel puts them; the first argument's lower half
X32 = 0x40000000  # from here on: the calls of another binary interface of x86-64
# New namespaces, by `clone`: mount, cgroup, host name, IPC, user, process, network.
NAMESPACES = 0x7E020000
FAMILIES = (1, 2, 10)  # of sockets: in this machine, IPv4, IPv6; the sandbox's network is empty

# What is refused, and its number on x86-64 and aarch64.
REFUSED = {
    # other processes
    **{"ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271)},
    **{"kcmp": (312, 272), "pidfd_getfd": (438, 438), "process_madvise": (440, 440)},
    # keys, programs in the kernel, its counters, its asynchronous doors
    **{"add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219)},
    **{"bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282)},
    **{"io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427)},
    **{"fanotify_init": (300, 262), "lookup_dcookie": (212, 18), "memfd_secret": (447, 447)},
    # namespaces and mounts
    **{"unshare": (272, 97), "setns": (308, 268), "chroot": (161, 51), "pivot_root": (155, 41)},
    **{"mount": (165, 40), "umount2": (166, 39), "open_tree": (428, 428), "move_mount": (429, 429)},
    **{"fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433)},
    **{"mount_setattr": (442, 442), "open_tree_attr": (467, 467)},
    **{"name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265)},
    # the machine as a whole
    **{"kexec_load": (246, 104), "kexec_file_load": (320, 294), "reboot": (169, 142)},
    **{"init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106)},
    **{"swapon": (167, 224), "swapoff": (168, 225), "acct": (163, 89), "syslog": (103, 116)},
    **{"quotactl": (179, 60), "quotactl_fd": (443, 443), "vhangup": (153, 58)},
    **{"settimeofday": (164, 170), "clock_settime": (227, 112), "clock_adjtime": (305, 266)},
    **{"adjtimex": (159, 171), "sethostname": (170, 161), "setdomainname": (171, 162)},
    **{"move_pages": (279, 239), "migrate_pages": (256, 238), "nfsservctl": (180, 42)},
}
# Of x86-64 alone: doors to the processor.
REFUSED_ON_X86 = {"modify_ldt": 154, "iopl": 172, "ioperm": 173}


class Kind(NamedTuple):
    """A kind of processor.

    Attributes
    ----------
    mark : int
        By which the kernel names it.
    clone, clone3, socket : int
        Numbers of the calls that are looked at more closely.
    refused : tuple of int
    """

    mark: int
    clone: int
    clone3: int
    socket: int
    refused: tuple[int, ...]


KINDS = {
    "x86_64": Kind(
        *(0xC000003E, 56, 435, 41),
        (*(x for x, _ in REFUSED.values()), *REFUSED_ON_X86.values()),
    ),
    "aarch64": Kind(0xC00000B7, 220, 435, 198, tuple(a for _, a in REFUSED.values())),
}


class Instruction(NamedTuple):
    """One instruction: what to do with a value, and how many to skip if it is so, or isn't."""

    code: int
    value: int
    yes: int = 0
    no: int = 0


def program(kind: Kind) -> list[Instruction]:
    """Return the filter: a call is allowed, refused for want of permission, or unknown."""
    unknown = Instruction(RETURN, ERRNO | errno.ENOSYS)
    refuse = Instruction(RETURN, ERRNO | errno.EPERM)
    allow = Instruction(RETURN, ALLOW)
    return [
        Instruction(LOAD, ARCHITECTURE),
        Instruction(EQUAL, kind.mark, 1),
        unknown,  # the calls of another processor have other numbers
        Instruction(LOAD, NUMBER),
        Instruction(AT_LEAST, X32, 0, 1),
        unknown,
        # Its flags are in memory, where a filter can't look: the C library falls back to `clone`.
        Instruction(EQUAL, kind.clone3, 0, 1),
        unknown,
        Instruction(EQUAL, kind.clone, 0, 4),
        Instruction(LOAD, FIRST),
        Instruction(ANY_BIT, NAMESPACES, 0, 1),
        refuse,
        allow,
        Instruction(EQUAL, kind.socket, 0, 3 + len(FAMILIES)),
        Instruction(LOAD, FIRST),
        *(
            Instruction(EQUAL, family, len(FAMILIES) - place)
            for place, family in enumerate(FAMILIES)
        ),
        Instruction(RETURN, ERRNO | errno.EAFNOSUPPORT),
        allow,
        *(
            Instruction(EQUAL, number, len(kind.refused) - place)
            for place, number in enumerate(kind.refused)
        ),
        allow,
        refuse,
    ]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def install(machine: str = platform.machine()) -> None:
    """Put the filter around this process, which may have one thread only, for good.

    It must have given up all that it could gain by starting another program (`no_new_privs`).

    Raises
    ------
    OSError
        If the system refuses it.
    """
    kind = KINDS.get(machine)
    if kind is None:
        return
    instructions = program(kind)
    packed = b"".join(_packed(one) for one in instructions)
    libc = ctypes.CDLL(None, use_errno=True)
    given = _Program(len(instructions), packed)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(given), 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"seccomp: {os.strerror(number)}")


def _packed(one: Instruction) -> bytes:
    return struct.pack("=HBBI", one.code, one.yes, one.no, one.value)
