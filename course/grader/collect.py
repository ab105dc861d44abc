"""Collecting that can't be fooled: nbgrader's own `collect`, but for what it takes and from whom.

Stock follows links, believes the name on a folder, and lets one bad entry stop or hide the others.
Here each hand-in is copied without following anything into a folder of the instructor's, looked at
as it is copied and once more afterwards, and only then put in its place. A hand-in that is refused
gets one line, and the student's newest one that holds is taken.

nbgrader loads this in its own process, so it doesn't come in through `adapter`, which changes
nbgrader there. Left out on purpose: doubting the time in a hand-in's name, which a student's own
nbgrader writes. That in ``timestamp.txt`` is replaced by it.
"""

import contextlib
import fnmatch
import os
import re
import shutil
import stat
import sys
import tempfile
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.exchange.default import ExchangeCollect
from nbgrader.utils import parse_utc

from course.grader.files import shown
from course.grader.ledger import FOLDER

MOST_FILES, DEEPEST, LONGEST = 1000, 20, 1000  # of one hand-in; more is no honest one
AHEAD = timedelta(days=1)  # that a student's clock may be wrong
USUAL, TIME = "%Y-%m-%d %H:%M:%S", re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\b")
PIECE = 1 << 20  # bytes that are read at a time
TIMESTAMP = "timestamp.txt"

Seen = tuple[int, int, int, int, int]


class RefusedError(Exception):
    """A hand-in can't be taken; the text says why, without its name."""


@dataclass(frozen=True)
class HandIn:
    """An entry of the exchange, as its name says: STUDENT+ASSIGNMENT+TIME+RANDOM."""

    name: str
    student: str
    written: str  # the time, as nbgrader writes it
    time: datetime


class Collect(ExchangeCollect):
    """nbgrader's `ExchangeCollect` for students who aren't trusted."""

    def init_src(self) -> None:
        """List the hand-ins of each student, the one to take first."""
        if self.coursedir.course_id == "":
            self.fail("No course id specified. Re-run with --course flag.")
        self.course_path = os.path.join(self.root, self.coursedir.course_id)
        self.inbound_path = os.path.join(self.course_path, "inbound")
        if not os.path.isdir(self.inbound_path):
            self.fail(f"Course not found: {self.inbound_path}")
        if not os.access(self.inbound_path, os.R_OK | os.X_OK):
            self.fail(f"You don't have read permissions for the directory: {self.inbound_path}")
        self.refused = 0
        found: dict[str, list[HandIn]] = {}
        for name in sorted(os.listdir(self.inbound_path)):
            try:
                entry = self._entry(name)
            except RefusedError as error:
                self._refuse(name, error)
                continue
            if entry is not None:
                found.setdefault(entry.student, []).append(entry)
        due = self._due()
        self.src_records = [_ordered(entries, due) for _, entries in sorted(found.items())]

    def copy_files(self) -> None:
        """Take each student's newest hand-in that holds."""
        counts = {"collected": 0, "as before": 0, "without any": 0}
        base = Path(self.coursedir.root) / FOLDER
        base.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="collect-", dir=base) as scratch:
            for number, entries in enumerate(self.src_records):
                stage = Path(scratch) / str(number)
                stage.mkdir()
                try:
                    counts[self._student(entries, stage)] += 1
                except OSError as error:  # ours, not the student's: a full disk, say
                    self.fail(
                        f"{shown(entries[0].student)} couldn't be collected "
                        f"({error.strerror or error}): nothing is lost, collect again."
                    )
        words = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
        self.log.info("%s; %d refused.", words or "Nothing to collect", self.refused)

    # --- names ------------------------------------------------------------------------------------

    def _entry(self, name: str) -> HandIn | None:
        """Return what a name in the exchange says; None if it is none of this assignment.

        Raises
        ------
        RefusedError
            If it is for this assignment, but not as nbgrader names a hand-in.
        """
        assignment, parts = self.coursedir.assignment_id, name.rsplit("+", 3)
        if len(parts) < 3 or parts[1] != assignment:
            if f"+{assignment}+" not in name:
                return None
            raise RefusedError("its name isn't STUDENT+ASSIGNMENT+TIME")
        student = parts[0]
        if self.coursedir.student_id not in ("", "*", student):
            return None
        if not student or student.startswith(".") or shown(student) != student:
            raise RefusedError("its name begins with no student's")
        try:
            if self.timestamp_format.startswith(USUAL) and not TIME.match(parts[2]):
                raise ValueError("dateutil would make a time of it")
            time = parse_utc(parts[2])
        except (ValueError, OverflowError, TypeError):
            raise RefusedError("its name holds no time") from None
        if time > datetime.now(UTC).replace(tzinfo=None) + AHEAD:
            raise RefusedError("its time is more than a day ahead")
        return HandIn(name, student, parts[2], time)

    def _due(self) -> datetime | None:
        """Return the due date, if only what came before it is wanted."""
        if not self.before_duedate:
            return None
        with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as book:
            try:
                return book.find_assignment(self.coursedir.assignment_id).duedate
            except MissingEntry:
                return None

    def _refuse(self, name: str, why: object) -> None:
        self.refused += 1
        self.log.warning("Refused %s: %s.", shown(name), why)

    def _spellings(self, student: str) -> list[str]:
        """Return other names, here or collected before, that look like the same student's."""
        places = self.coursedir
        submitted = Path(places.format_path(places.submitted_directory, ".", "."))
        known = {entries[0].student for entries in self.src_records}
        with contextlib.suppress(OSError):
            known |= set(os.listdir(submitted))
        return sorted(one for one in known - {student} if _plain(one) == _plain(student))

    # --- one student ------------------------------------------------------------------------------

    def _student(self, entries: list[HandIn], stage: Path) -> str:
        """Collect from one student; return how it went, in words for the last line."""
        places, student = self.coursedir, entries[0].student
        target = Path(places.format_path(places.submitted_directory, student, places.assignment_id))
        there = target.is_dir()
        have = self._have(target) if there else None
        told = f"{student} {places.assignment_id}"
        for entry in entries:
            if there and not self._wanted(entry, have):
                break
            try:
                if not self.check_owner and (same := self._spellings(student)):
                    raise RefusedError(f"{shown(', '.join(same))} may be the same student")
                copy = stage / "copy"
                self._take(entry, copy)
            except RefusedError as error:
                self._refuse(entry.name, error)
                shutil.rmtree(stage, ignore_errors=True)
                stage.mkdir(exist_ok=True)
                continue
            self.log.info("%s submission: %s", "Updating" if there else "Collecting", told)
            _put(copy, target, stage / "before")
            return "collected"
        if there and not self.update and not self.before_duedate:
            self.log.info("Submission already exists, use --update to update: %s", told)
        return "as before" if there else "without any"

    def _have(self, target: Path) -> datetime | None:
        """Return the time of what was collected before; None if it has none that can be read."""
        try:
            return self.coursedir.get_existing_timestamp(str(target))
        except (OSError, ValueError, AttributeError):  # nbgrader's way to say that it is no time
            return None

    def _wanted(self, entry: HandIn, have: datetime | None) -> bool:
        """Tell whether a hand-in is to replace what was collected before, as stock decides it."""
        newer = self.update and (have is None or entry.time > have)
        return newer or (self.before_duedate and entry.time != have)

    def _take(self, entry: HandIn, copy: Path) -> None:
        """Copy a hand-in.

        Raises
        ------
        RefusedError
            If anything in it isn't an ordinary file of the student's own, or it changed meanwhile.
        """
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
        with _reading():
            top = os.open(os.path.join(self.inbound_path, entry.name), flags)
        try:
            owner = os.fstat(top).st_uid
            if self.check_owner and (name := _account(owner)) != entry.student:
                raise RefusedError(f"it belongs to {shown(name)}, not to {shown(entry.student)}")
            self.seen = 0
            before = dict(self._below(top, owner))
            self._copy(top, copy, before)
            self.seen = 0
            if dict(self._below(top, owner)) != before:
                raise RefusedError("it changed while it was copied: collect again")
        finally:
            os.close(top)
        if (copy / TIMESTAMP).is_dir():
            raise RefusedError(f"{TIMESTAMP} is a folder")
        (copy / TIMESTAMP).write_text(entry.written, encoding="utf-8")

    def _below(self, folder: int, owner: int, inside: str = "") -> Iterator[tuple[str, Seen]]:
        """Give the name and state of each file below an open folder; refuse what is none.

        Nothing is followed: each folder is opened by its name in the one above it.
        """
        if inside.count("/") > DEEPEST:
            raise RefusedError(f"its folders are more than {DEEPEST} deep")
        with _reading():
            names = sorted(os.listdir(folder))
        self.seen += len(names)
        if self.seen > MOST_FILES:
            raise RefusedError(f"it holds more than {MOST_FILES} files")
        for name in names:
            path = inside + name
            if len(os.fsencode(path)) > LONGEST:
                raise RefusedError("a name in it is too long")
            with _reading():
                about = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if any(fnmatch.fnmatch(name, one) for one in self.coursedir.ignore):
                continue
            if stat.S_ISDIR(about.st_mode):
                with _reading():
                    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
                    below = os.open(name, flags, dir_fd=folder)
                try:
                    yield from self._below(below, owner, f"{path}/")
                finally:
                    os.close(below)
            elif any(fnmatch.fnmatch(name, one) for one in self.coursedir.include):
                yield path, _ordinary(path, about, owner)

    def _copy(self, folder: int, copy: Path, files: dict[str, Seen]) -> None:
        """Copy the files that were seen, each only if it is still the one that was seen."""
        size = sum(seen[1] for seen in files.values())
        if size > 1000 * self.coursedir.max_dir_size:
            raise RefusedError(f"it has {size / 1e6:.0f} MB, which is too much")
        shared = 0o020 if self.coursedir.groupshared else 0
        copy.mkdir()
        for path, seen in files.items():
            target = copy / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with _opened(folder, path) as source, target.open("wb") as made:
                if _state(os.fstat(source)) != seen:
                    raise RefusedError(f"{shown(path)} changed while it was copied: collect again")
                left = seen[1]
                while left > 0:
                    with _reading():
                        piece = os.read(source, min(PIECE, left))
                    if not piece:
                        break
                    made.write(piece)
                    left -= len(piece)
            target.chmod(0o644 | shared)
        for below, _, _ in os.walk(copy):
            os.chmod(below, 0o755 | (0o2020 if shared else 0))


def _ordered(entries: list[HandIn], due: datetime | None) -> list[HandIn]:
    """Return the newest first; with a due date, those in time before all others."""
    late = (lambda one: one.time > due) if due else (lambda one: False)
    newest = sorted(entries, key=lambda one: one.time, reverse=True)
    return sorted(newest, key=late)


def _plain(name: str) -> str:
    """Return a name without what two spellings of it may differ in."""
    return unicodedata.normalize("NFKC", name).casefold()


def _account(number: int) -> str:
    """Return the name of a user of this machine; where there is none, the number in words."""
    if sys.platform == "win32":
        return ""
    import pwd

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"the unknown user {number}"


def _state(about: os.stat_result) -> Seen:
    """Return what changes when a file does."""
    return (about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_nlink)


def _ordinary(path: str, about: os.stat_result, owner: int) -> Seen:
    """Return the state of a file that is the owner's own and nothing but a file.

    Raises
    ------
    RefusedError
        If it isn't.
    """
    if stat.S_ISLNK(about.st_mode):
        raise RefusedError(f"{shown(path)} is a link")
    if not stat.S_ISREG(about.st_mode):
        raise RefusedError(f"{shown(path)} is no ordinary file")
    if about.st_uid != owner:
        raise RefusedError(f"{shown(path)} belongs to {shown(_account(about.st_uid))}")
    if about.st_nlink > 1:
        raise RefusedError(f"{shown(path)} has a second name elsewhere (a hard link)")
    return _state(about)


@contextlib.contextmanager
def _reading() -> Iterator[None]:
    """Turn what the system says about a student's files into a refusal."""
    try:
        yield
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or error
        raise RefusedError(f"it can't be read ({said})") from None


@contextlib.contextmanager
def _opened(folder: int, path: str) -> Iterator[int]:
    """Open a file below an open folder, following nothing and waiting for nobody."""
    handles: list[Any] = []
    *above, name = path.split("/")
    try:
        with _reading():
            for one in above:
                flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
                folder = os.open(one, flags, dir_fd=folder)
                handles.append(folder)
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
            handles.append(os.open(name, flags, dir_fd=folder))
        yield handles[-1]
    finally:
        for handle in handles:
            os.close(handle)


def _put(copy: Path, target: Path, before: Path) -> None:
    """Put a copy in its place; what was there stays until it is done."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        shutil.move(target, before)
    try:
        shutil.move(copy, target)
    except BaseException:
        if before.exists():
            shutil.rmtree(target, ignore_errors=True)
            shutil.move(before, target)
        raise
