"""A JupyterHub for classes on one machine: who is in which course, and what is missing to start it.

One file, ``hub.toml``, says it all; ``deploy/hub`` has an example and what JupyterHub itself reads.
`start` looks at everything first, one line for each thing, as `course classroom` does, and makes
what it can: closed home folders, the exchange. Then JupyterHub takes the place of this process.

Who is in which course is read again at each log-in and every few minutes, so that nobody has to
restart a hub for a student. A course's folder is only read as the course's own account: what lies
in it is that account's to write, and it is a program. Left out on purpose: making accounts, which
is the administrator's; containers, and more than one machine.
"""

import contextlib
import errno
import fcntl
import grp
import ipaddress
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from jupyterhub.auth import PAMAuthenticator
from jupyterhub.utils import maybe_future
from traitlets import Unicode

from course.grader import classroom, settings
from course.grader.classroom import LOOK, MADE, MISSING, OK, OPEN, Row, line
from course.grader.errors import N_, GraderError
from course.grader.files import shown, some
from course.grader.local import inherited, python

FILE = Path("/etc/course-hub.toml")
VARIABLE = "COURSE_HUB"  # names that file to JupyterHub's own configuration
NAME = re.compile(r"[a-z_][a-z0-9_.-]*")  # of accounts; JupyterHub knows no capitals
COURSE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")  # it is in addresses and in folders' names
# What all users of the hub may see of the folder that the hub runs from.
SHARED = (
    *("course", "data", "deploy", "docs", "release", ".venv", "LICENSE", "README.md"),
    *("pyproject.toml", "requirements.txt", "start.py"),
)
KNOWN = {"address", "certificate", "key", "state", "exchange", "admins", "courses"}


@dataclass(frozen=True)
class Course:
    """A course: the account and the folder that its instructors share, and its people."""

    name: str
    account: str
    folder: Path
    instructors: tuple[str, ...]
    students: tuple[str, ...]


@dataclass(frozen=True)
class Hub:
    """What ``hub.toml`` says."""

    file: Path
    address: str  # where people reach it
    certificate: str  # and its key: files, or "" where something in front of the hub has them
    key: str
    state: Path
    exchange: Path
    admins: tuple[str, ...]
    courses: tuple[Course, ...]

    @property
    def people(self) -> list[str]:
        """Return the names of all who may log in."""
        found = {*self.admins}
        for course in self.courses:
            found |= {*course.instructors, *course.students}
        return sorted(found)

    def groups(self, name: str) -> list[str]:
        """Return the groups that somebody is in, named as nbgrader names them."""
        return [
            f"{kind}-{course.name}"
            for course in self.courses
            for kind, who in (("formgrade", course.instructors), ("nbgrader", course.students))
            if name in who
        ]


# --- hub.toml -------------------------------------------------------------------------------------


def read(file: Path) -> Hub:
    """Read ``hub.toml``.

    Raises
    ------
    GraderError
        With one sentence, if it isn't there or says something that can't be.
    """
    try:
        said = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise GraderError(
            N_(
                "There is no {file}: copy deploy/hub/hub.toml there and put in your courses."
            ).format(file=file)
        ) from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise GraderError(N_("{file} can't be read: {why}.").format(file=file, why=why)) from None
    _only(file, said, KNOWN, "")
    courses = said.get("courses")
    if not isinstance(courses, dict) or not courses:
        raise GraderError(
            N_("{file} names no course: it needs a part such as [courses.mine].").format(file=file)
        )
    hub = Hub(
        file=file,
        address=_text(file, said, "address", ""),
        certificate=_text(file, said, "certificate", ""),
        key=_text(file, said, "key", ""),
        state=Path(_text(file, said, "state", "")),
        exchange=Path(_text(file, said, "exchange", "")),
        admins=_names(file, said, "admins", ""),
        courses=tuple(_course(file, name, about) for name, about in courses.items()),
    )
    accounts = [course.account for course in hub.courses]
    for name in (*accounts, *(str(course.folder) for course in hub.courses)):
        both = [one.name for one in hub.courses if name in (one.account, str(one.folder))]
        if len(both) > 1:
            text = N_("{file}: {names} can't share {name}.")
            raise GraderError(text.format(file=file, names=", ".join(both), name=name))
    for name in accounts:
        if name in hub.people:
            raise GraderError(
                N_("{file}: {name} is a course's account and can't be a person too.").format(
                    file=file, name=name
                )
            )
    return hub


def _course(file: Path, name: str, about: Any) -> Course:
    where = N_(" of the course {name}").format(name=name)
    if not COURSE.fullmatch(name):
        raise GraderError(
            N_("{file}: a course's name has letters, numbers, - . _, not {name!r}.").format(
                file=file, name=name
            )
        )
    if not isinstance(about, dict):
        raise GraderError(
            N_("{file}: {name} is to be a part of its own, [courses.{name}].").format(
                file=file, name=name
            )
        )
    _only(file, about, {"account", "folder", "instructors", "students"}, where)
    (account,) = _names(file, {"account": [about.get("account", "")]}, "account", where)
    folder = Path(_text(file, about, "folder", where))
    instructors = _names(file, about, "instructors", where)
    return Course(name, account, folder, instructors, _names(file, about, "students", where))


def _only(file: Path, said: dict[str, Any], known: set[str], where: str) -> None:
    for name in said:
        if name not in known:
            raise GraderError(
                N_("{file} has a line {name!r}{where}, which nobody reads.").format(
                    file=file, name=name, where=where
                )
            )


def _text(file: Path, said: dict[str, Any], name: str, where: str) -> str:
    defaults = {"certificate": "", "key": ""}
    value = said.get(name, defaults.get(name))
    if value is None:
        raise GraderError(
            N_("{file} lacks a line {name} = …{where}.").format(file=file, name=name, where=where)
        )
    if not isinstance(value, str):
        raise GraderError(
            N_("{file}: {name}{where} is to be text.").format(file=file, name=name, where=where)
        )
    if name in ("folder", "state", "exchange", "certificate", "key") and value[:1] not in ("/", ""):
        raise GraderError(
            N_("{file}: {name}{where} is to be a whole path, from / on.").format(
                file=file, name=name, where=where
            )
        )
    if not value and name not in defaults:
        raise GraderError(
            N_("{file}: {name}{where} is empty.").format(file=file, name=name, where=where)
        )
    return value


def _names(file: Path, said: dict[str, Any], kind: str, where: str) -> tuple[str, ...]:
    names = said.get(kind, [])
    if not isinstance(names, list):
        raise GraderError(
            N_('{file}: {kind}{where} is to be a list, such as ["ada", "bob"].').format(
                file=file, kind=kind, where=where
            )
        )
    for name in names:
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise GraderError(
                N_("{file}: {name!r} ({kind}{where}) is no account's name.").format(
                    file=file, name=name, kind=kind, where=where
                )
            )
    return tuple(names)


# --- who may log in -------------------------------------------------------------------------------


class Accounts(PAMAuthenticator):
    """The machine's own accounts and passwords, for those whom ``hub.toml`` names."""

    file = Unicode(help="hub.toml").tag(config=True)

    def now(self) -> Hub:
        """Return what the file says now; what it said before, if it can't be read."""
        try:
            self.last = read(Path(self.file))
        except GraderError as error:
            if not hasattr(self, "last"):
                raise
            self.log.error("%s Until then all is as it was.", error)
        return self.last

    def check_allowed(self, username: str, authentication: Any = None) -> bool:
        """Tell whether somebody may use the hub."""
        return username in self.now().people

    async def authenticate(self, handler: Any, data: dict[str, str]) -> dict[str, Any] | None:
        """Return who it is and what they may do, if the password is right."""
        name = await maybe_future(super().authenticate(handler, data))
        return self.about(self.normalize_username(name)) if name else None

    async def refresh_user(self, user: Any, handler: Any = None) -> dict[str, Any] | bool:
        """Return what somebody may do by now; False if they may no longer come in."""
        return self.about(user.name) if user.name in self.now().people else False

    def about(self, name: str) -> dict[str, Any]:
        """Return what somebody may do; JupyterHub would let an administrator stay one for good."""
        own = self.now()
        return {"name": name, "admin": name in own.admins, "groups": own.groups(name)}


def close_home(name: str) -> str:
    """Close somebody's home folder to all others; return what was done: ok or made.

    Raises
    ------
    OSError
        If there is none of their own.
    """
    account = pwd.getpwnam(name)
    home = Path(account.pw_dir)
    about = home.stat()
    if about.st_uid != account.pw_uid:
        raise PermissionError(errno.EPERM, N_("it is somebody else's"), str(home))
    if not about.st_mode & 0o077:
        return OK
    home.chmod(0o700)
    return MADE


# --- what is missing ------------------------------------------------------------------------------


def rows(hub: Hub, root: Path) -> list[Row]:
    """Look at everything that the hub needs, and make what can be made.

    Parameters
    ----------
    hub : Hub
        What ``hub.toml`` says.
    root : Path
        The folder that the hub runs from.

    Returns
    -------
    list of dict
        What was looked at, each with ``what``, ``state`` and ``do``, as `classroom.classroom` has
        them.
    """
    found = [_address(hub), _proxy(root), *_accounts(hub)]
    found += [_shared(root), _folder(N_("state"), hub.state, 0o700)]
    found.append(classroom.folder(N_("exchange"), hub.exchange, OPEN, shared=True))
    if all(row["state"] != MISSING for row in found):
        for course in hub.courses:
            found += _class(hub, course)
    return found


def _address(hub: Hub) -> Row:
    """Look whether passwords are safe on their way, and whether the port is free."""
    with contextlib.suppress(ValueError):
        parts = urlsplit(hub.address)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        if parts.scheme == "https" and not (hub.certificate and hub.key):
            do = N_("{address} needs a certificate and a key in {settings}.")
            return line(N_("address"), do.format(address=hub.address, settings=hub.file))
        if parts.scheme == "http" and (hub.certificate or hub.key):
            do = N_("With a certificate the address begins with https: {settings}.")
            return line(N_("address"), do.format(settings=hub.file))
        for file in filter(None, (hub.certificate, hub.key)):
            if not os.access(file, os.R_OK):
                do = N_("There is no {file}, which {settings} names.")
                return line(N_("address"), do.format(file=file, settings=hub.file))
        near = host == "localhost" or ipaddress.ip_address(host).is_loopback
        if parts.scheme == "http" and not near:
            do = N_(
                "At {address} passwords would travel in the clear: use https, or 127.0.0.1 "
                "behind a web server."
            )
            return line(N_("address"), do.format(address=hub.address))
        return line(N_("address"), "" if running(hub) else _taken(host, port))
    do = N_("{address} is no address such as http://127.0.0.1:8000.")
    return line(N_("address"), do.format(address=hub.address))


def _taken(host: str, port: int) -> str:
    kind = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(kind) as ours:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            ours.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                return N_("Nothing can listen at {host}, port {port} ({why}).").format(
                    host=host, port=port, why=error.strerror
                )
            return N_(
                "Something else listens on port {port}: end it, or take another address."
            ).format(port=port)
    return ""


def proxy(root: Path) -> list[str]:
    """Return the command of the proxy; it ends with the hub, whatever ends that."""
    command = root / "deploy" / "hub" / "node_modules" / ".bin" / "configurable-http-proxy"
    return [*with_us(), str(command)]


def with_us() -> list[str]:
    """Return what begins the command of a process that is to end with this one."""
    return ["setpriv", "--pdeathsig", "TERM", "--"]


def _proxy(root: Path) -> Row:
    for program, package in (("node", "nodejs npm"), ("setpriv", "util-linux")):
        if not shutil.which(program):
            do = N_("There is no {program}: `apt install {package}`.")
            return line(N_("proxy"), do.format(program=program, package=package))
    if not Path(proxy(root)[-1]).exists():
        do = N_("Run `npm ci --prefix {place}`.")
        return line(N_("proxy"), do.format(place=root / "deploy" / "hub"))
    return line(N_("proxy"), "")


def _accounts(hub: Hub) -> list[Row]:
    """Look at the accounts, close their homes, and see that they can run this Python."""
    there: dict[str, pwd.struct_passwd] = {}
    for name in (*(course.account for course in hub.courses), *hub.people):
        with contextlib.suppress(KeyError):
            there[name] = pwd.getpwnam(name)
    found = []
    for course in hub.courses:
        if course.account in there:
            others = _company(there[course.account])
            do = N_("{names} must not be in the group of {account}: take them out.").format(
                names=some(others), account=course.account
            )
            found.append(
                line(N_("account {name}").format(name=course.account), do if others else "")
            )
        else:
            words = f"--home /var/lib/{course.account} --shell /bin/bash {course.account}"
            do = N_("Make it: `adduser --system --group {words}`.").format(words=words)
            found.append(line(N_("account {name}").format(name=course.account), do))
    rootly = [name for name, about in there.items() if about.pw_uid == 0]
    lost = [name for name in hub.people if name not in there]
    if rootly:
        do = N_("{names} can't use the hub: they may do anything.")
        found.append(line(N_("people"), do.format(names=some(rootly))))
    else:
        do = N_("No such accounts: {names}. `adduser NAME` makes one.").format(names=some(lost))
        found.append(line(N_("people"), do if lost else "", LOOK))
    found.append(_homes(list(there)))
    able = [about for about in there.values() if about.pw_uid]
    return [*found, _python(able[0])] if able else found


def _company(account: pwd.struct_passwd) -> list[str]:
    """Return who else is in an account's group."""
    try:
        members = set(grp.getgrgid(account.pw_gid).gr_mem)
    except KeyError:
        members = set()
    members |= {one.pw_name for one in pwd.getpwall() if one.pw_gid == account.pw_gid}
    return sorted(members - {account.pw_name})


def _homes(names: list[str]) -> Row:
    state, lost = OK, []
    for name in names:
        try:
            state = MADE if close_home(name) == MADE else state
        except OSError as error:
            lost.append(f"{name} ({error.strerror})")
    do = N_("Can't be closed: {names}.").format(names=some(lost))
    return line(N_("homes"), do) if lost else _made(N_("homes"), state)


def _made(what: str, state: str) -> Row:
    return line(what) | {"state": state}


def _python(account: pwd.struct_passwd) -> Row:
    """See that a user can run this Python and load the course."""
    names = ("jupyterhub", "jupyterlab", "nbgrader", "course")
    code = f"import importlib.util as u, sys; [u.find_spec(name).name for name in {names!r}]; "
    code += "print(sys.base_prefix)"
    ran = _as(account, ["-c", code], Path("/"))
    do = N_(
        "Other accounts can't run {python}: set the course up in a folder that all can "
        "read, such as /opt, with the system's own Python, not one in a home folder."
    ).format(python=sys.executable)
    if ran is None or ran.returncode:
        last = (ran.stderr.decode("utf-8", "replace").strip().split("\n") if ran else [""])[-1]
        return line("Python", do + (f" ({last})" if last else ""))
    theirs = ran.stdout.decode("utf-8", "replace").strip()
    if theirs != sys.base_prefix:  # its own library is closed to them, and another one is found
        do = N_(
            "Other accounts run {python} with {theirs} in place of {own}: use the system's "
            "own Python."
        ).format(theirs=theirs, own=sys.base_prefix, python=sys.executable)
        return line("Python", do, LOOK)
    return line("Python", "")


def _as(
    account: pwd.struct_passwd, words: list[str], folder: Path, **more: str
) -> subprocess.CompletedProcess[bytes] | None:
    """Run our Python as an account, in a folder; None if that account can't even begin."""
    own = {"HOME": account.pw_dir, "USER": account.pw_name, "LOGNAME": account.pw_name}
    try:
        return subprocess.run(
            python(*words),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd=folder,
            user=account.pw_uid,
            group=account.pw_gid,
            extra_groups=[],
            env=inherited() | own | more,
        )
    except OSError:
        return None


def _shared(root: Path) -> Row:
    """Close what only instructors may see of the folder that the hub runs from."""
    state = OK
    for path in root.iterdir():
        about = path.lstat()
        if path.name in SHARED or path.is_symlink() or not about.st_mode & 0o077:
            continue
        path.chmod(about.st_mode & 0o700)
        state = MADE
    return _made(N_("solutions closed here"), state)


def _folder(what: str, path: Path, mode: int) -> Row:
    """Make a folder of root's own."""
    try:
        state = OK if path.is_dir() else MADE
        path.mkdir(parents=True, exist_ok=True)
        if path.stat().st_mode & 0o7777 != mode:
            path.chmod(mode)
            state = MADE
    except OSError as error:
        do = N_("{path} can't be made or opened ({why}).")
        return line(what, do.format(path=path, why=error.strerror))
    if path.stat().st_uid != os.geteuid():
        return line(what, N_("{path} is somebody else's: name another folder.").format(path=path))
    return _made(what, state)


def _class(hub: Hub, course: Course) -> list[Row]:
    """Look at a course's folder and its part of the exchange, as its own account."""
    account, folder = pwd.getpwnam(course.account), course.folder
    name = N_("{name}: folder").format(name=course.name)
    try:
        about = folder.stat()
    except OSError as error:
        do = N_("{folder} can't be opened ({why}): docs/hub.md says how.")
        return [line(name, do.format(folder=folder, why=error.strerror))]
    if about.st_uid != account.pw_uid:
        own = f"`chown -R {course.account}: {folder}`"
        do = N_("{folder} doesn't belong to {account}: {own}.")
        return [line(name, do.format(folder=folder, account=course.account, own=own))]
    ran = _as(account, ["-m", __name__, str(folder)], folder, COURSE_EXCHANGE=str(hub.exchange))
    try:
        said = json.loads(ran.stdout.decode().strip().split("\n")[-1]) if ran else {}
    except ValueError:
        said = {}
    if not said:
        why = ran.stderr.decode("utf-8", "replace").strip().split("\n")[-1] if ran else "no access"
        return [
            line(name, N_("{folder} can't be looked at ({why}).").format(folder=folder, why=why))
        ]
    if said["course"] != course.name:
        do = N_("{file} calls the course {course!r}, and {settings} {name!r}: make both the same.")
        file, theirs = folder / settings.FILE, said["course"]
        text = do.format(file=file, course=theirs, settings=hub.file, name=course.name)
        return [line(name, text)]
    found = [_made(name, MADE if about.st_mode & 0o077 else OK)]
    return found + [row | {"what": f"{course.name}: {row['what']}"} for row in said["rows"]]


# --- starting it ----------------------------------------------------------------------------------


def prepare(file: Path, root: Path) -> tuple[Hub, dict[str, Any]]:
    """Look at everything that a hub needs.

    Parameters
    ----------
    file : Path
        ``hub.toml``.
    root : Path
        The folder that the hub runs from.

    Returns
    -------
    Hub
        What the file says.
    dict
        ``ok`` (nothing is missing), ``address``, and ``rows`` as `rows` returns them.

    Raises
    ------
    GraderError
        With one sentence, if there can't be a hub at all.
    """
    if sys.platform != "linux" or os.geteuid() != 0:
        raise GraderError(
            N_(
                "A hub starts servers for the users of a Linux machine, so only its "
                "administrator can start one: `sudo python3 start.py hub`."
            )
        )
    if not (root / "deploy" / "hub").is_dir():
        raise GraderError(
            N_("There is no deploy/hub in {root}: this needs the full course.").format(root=root)
        )
    hub = read(file)
    found = rows(hub, root)
    return hub, {
        "ok": all(row["state"] != MISSING for row in found),
        "address": hub.address,
        "rows": found,
    }


def _lock(hub: Hub) -> int | None:
    """Return an open file that only one hub can hold; None if another one does."""
    lock = os.open(hub.state / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock


def running(hub: Hub) -> bool:
    """Tell whether this hub is running."""
    try:
        lock = _lock(hub)
    except OSError:  # it was never started
        return False
    if lock is not None:
        os.close(lock)
    return lock is None


def start(hub: Hub, root: Path) -> NoReturn:
    """Become JupyterHub, until somebody ends it.

    Raises
    ------
    GraderError
        If it is running already.
    """
    lock = _lock(hub)
    if lock is None:
        raise GraderError(
            N_("This hub is running already: see {address}.").format(address=hub.address)
        )
    os.set_inheritable(lock, True)  # JupyterHub holds it, and what it starts doesn't
    # In the background of a script it is ignored, by all that we start too: the hub would wait for
    # each server half a minute before it ends it in another way.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.chdir(hub.state)
    config = root / "deploy" / "hub" / "jupyterhub_config.py"
    words = python("-m", "jupyterhub", "-f", str(config))
    os.execve(words[0], words, inherited() | {VARIABLE: str(hub.file.resolve())})


def _look(folder: Path) -> dict[str, Any]:
    """Close a course's folder, and return what its own account sees there."""
    folder.chmod(0o700)
    own = classroom.course_id(folder)
    found = [*classroom.of_course(folder), classroom.isolation(), classroom.private(folder)]
    found += classroom.of_exchange(classroom.exchange(folder), own)
    return {"course": shown(own), "rows": found}


if __name__ == "__main__":
    print(json.dumps(_look(Path(sys.argv[1]))))
