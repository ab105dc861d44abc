"""Collecting that can't be fooled: each attack is refused in one line, and honest work comes in."""

import json
import logging
import os
import pwd
import re
import shutil
import socket
import stat
import sys

import grading_class as group
import pytest
import stock
from grading_class import LESSON
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeError

from course.grader import classroom, collect, feedback, grade, sandbox, settings
from course.hooks import HOOKS

pytestmark = pytest.mark.slow
OLD, NEW = "2026-05-02 10:00:00.000000 UTC", "2026-05-03 10:00:00.000000 UTC"


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Return a course with an exchange that nobody has handed anything in to."""
    monkeypatch.setenv("COURSE_EXCHANGE", str(tmp_path / "exchange"))
    inbound(tmp_path).mkdir(parents=True)
    return group.registered(tmp_path / "course")


def inbound(place):
    return place / "exchange" / "gpt-course" / "inbound"


def put(place, student, time=OLD, text="honest", mark="x"):
    """Hand something in, as nbgrader names it."""
    folder = inbound(place) / f"{student}+{LESSON}+{time}+{mark}"
    folder.mkdir()
    (folder / f"{LESSON}.ipynb").write_text(text)
    (folder / "timestamp.txt").write_text(time)
    return folder


def run(root, *, check_owner=False, update=True, **more):
    """Collect; return the lines that are warnings, and the last line."""
    config = settings.config(root)
    for name, value in more.items():
        config.ExchangeCollect[name] = value
    places = CourseDirectory(config=config)
    places.assignment_id = LESSON
    log, lines = logging.Logger("collect", logging.INFO), []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append((record.levelname, record.getMessage()))
    log.addHandler(handler)
    made = collect.Collect(coursedir=places, config=config, log=log)
    made.check_owner, made.update = check_owner, update
    made.start()
    return [said for level, said in lines if level == "WARNING"], lines[-1][1]


def got(root, student):
    """Return a collected notebook's text, or None."""
    path = root / "submitted" / student / LESSON / f"{LESSON}.ipynb"
    return path.read_text() if path.is_file() else None


def test_the_newest_is_taken_and_updated(root, tmp_path):
    put(tmp_path, "ada", OLD, "first")
    put(tmp_path, "김민수", OLD, "mine")
    assert run(root) == ([], "2 collected; 0 refused.")
    assert (got(root, "ada"), got(root, "김민수")) == ("first", "mine")
    assert run(root) == ([], "2 as before; 0 refused.")
    put(tmp_path, "ada", NEW, "second")
    assert run(root, update=False)[1] == "2 as before; 0 refused."
    assert got(root, "ada") == "first"
    assert run(root)[1] == "1 collected, 1 as before; 0 refused."
    assert got(root, "ada") == "second"
    folder = root / "submitted" / "ada" / LESSON
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    assert (folder / "timestamp.txt").read_text() == NEW
    assert not list((root / ".grading").glob("collect-*"))


def test_before_the_due_date(root, tmp_path):
    put(tmp_path, "ada", OLD, "in time")
    put(tmp_path, "ada", NEW, "late")
    with group.gradebook(root) as book:
        book.update_or_create_assignment(LESSON, duedate="2026-05-02 12:00:00 UTC")
    run(root, before_duedate=True)
    assert got(root, "ada") == "in time"


def link(folder, root):
    (folder / "leak.txt").symlink_to(root / "source" / LESSON / f"{LESSON}.ipynb")


def linked_notebook(folder, root):
    (folder / f"{LESSON}.ipynb").unlink()
    (folder / f"{LESSON}.ipynb").symlink_to(root / "source" / LESSON / f"{LESSON}.ipynb")


def linked_folder(folder, root):
    (folder / "data").symlink_to(root / "source")


def hard_link(folder, root):
    os.link(root / "nbgrader_config.py", folder / "mine.py")


def pipe(folder, root):
    os.mkfifo(folder / "pipe")


def a_socket(folder, root):
    here = os.getcwd()
    os.chdir(folder)  # a socket's path is short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("socket")
    finally:
        os.chdir(here)


def many(folder, root):
    for number in range(collect.MOST_FILES):
        (folder / f"{number}").touch()


def deep(folder, root):
    (folder / "/".join("d" * (collect.DEEPEST + 2))).mkdir(parents=True)


def long_names(folder, root):
    (folder / "/".join(["x" * 250] * 5)).mkdir(parents=True)


def big(folder, root):
    with (folder / "big").open("wb") as file:
        file.truncate(101_000_000)


def time_is_a_folder(folder, root):
    (folder / "timestamp.txt").unlink()
    (folder / "timestamp.txt").mkdir()
    (folder / "timestamp.txt" / "x").touch()


ATTACKS = {
    link: "leak.txt is a link",
    linked_notebook: "01_tiny.ipynb is a link",
    linked_folder: "data is a link",
    hard_link: "mine.py has a second name elsewhere (a hard link)",
    pipe: "pipe is no ordinary file",
    a_socket: "socket is no ordinary file",
    many: "it holds more than 1000 files",
    deep: "its folders are more than 20 deep",
    long_names: "a name in it is too long",
    big: "it has 101 MB, which is too much",
    time_is_a_folder: "timestamp.txt is a folder",
}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_a_refused_hand_in_hides_no_older_one_and_stops_nobody(root, tmp_path, attack):
    put(tmp_path, "ada", OLD, "honest")
    attack(put(tmp_path, "ada", NEW, "bad", mark=".."), root)
    put(tmp_path, "bob", OLD, "his")
    said, last = run(root)
    assert said == [f"Refused ada+{LESSON}+{NEW}+..: {ATTACKS[attack]}."]
    assert last == "2 collected; 1 refused."
    assert (got(root, "ada"), got(root, "bob")) == ("honest", "his")
    assert sorted(os.listdir(root / "submitted" / "ada" / LESSON)) == [
        f"{LESSON}.ipynb",
        "timestamp.txt",
    ]
    # And what was collected before stays, if only bad ones are newer.
    assert run(root)[1] == "2 as before; 1 refused."
    assert got(root, "ada") == "honest"


def test_an_entry_that_is_a_link_or_a_file(root, tmp_path):
    (inbound(tmp_path) / f"ada+{LESSON}+{OLD}+x").symlink_to(root / "source" / LESSON)
    (inbound(tmp_path) / f"bob+{LESSON}+{OLD}+x").write_text("no folder")
    said, last = run(root)
    assert len(said) == 2
    assert all("it can't be read (Not a directory)" in line for line in said)
    assert last == "2 without any; 2 refused."
    assert not list(root.glob("submitted/*"))


def test_nobody_hands_in_for_somebody_else(root, tmp_path):
    me = pwd.getpwuid(os.geteuid()).pw_name
    put(tmp_path, me, OLD, "mine")
    put(tmp_path, "nobody", OLD, "forged")
    said, last = run(root, check_owner=True)
    assert said == [f"Refused nobody+{LESSON}+{OLD}+x: it belongs to {me}, not to nobody."]
    assert (got(root, me), got(root, "nobody")) == ("mine", None)
    assert last == "1 collected, 1 without any; 1 refused."


def test_a_file_of_somebody_else_in_ones_own_folder(root, tmp_path):
    if os.geteuid():
        pytest.skip("only root can give a file away")
    folder = put(tmp_path, "ada")
    os.chown(folder / f"{LESSON}.ipynb", pwd.getpwnam("nobody").pw_uid, -1)
    assert run(root)[0] == [f"Refused {folder.name}: {LESSON}.ipynb belongs to nobody."]


@pytest.mark.parametrize("when", ["before it is read", "after it was read", "added"])
def test_a_file_that_changes_while_it_is_copied(root, tmp_path, monkeypatch, when):
    put(tmp_path, "ada", OLD, "honest")
    folder = put(tmp_path, "ada", NEW, "bad")
    real = collect.Collect._copy

    def change():
        if when == "added":
            (folder / "more.txt").write_text("more")
        else:
            (folder / f"{LESSON}.ipynb").unlink()
            (folder / f"{LESSON}.ipynb").symlink_to(root / "nbgrader_config.py")

    def copy(self, top, place, files):
        newest = os.path.samestat(os.fstat(top), folder.stat())
        if newest and when == "before it is read":
            change()
        real(self, top, place, files)
        if newest and when != "before it is read":
            change()

    monkeypatch.setattr(collect.Collect, "_copy", copy)
    said, _ = run(root)
    assert len(said) == 1
    assert said[0].startswith(f"Refused {folder.name}: ")
    assert got(root, "ada") == "honest"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (f"ada+{LESSON}+yesterday+x", "its name holds no time"),
        (f"ada+{LESSON}+5+x", "its name holds no time"),
        (f"ada+{LESSON}+9999-12-31 23:59:59.9 UTC+x", "its time is more than a day ahead"),
        (f"..+{LESSON}+{OLD}+x", "its name begins with no student's"),
        (f"+{LESSON}+{OLD}+x", "its name begins with no student's"),
        (f"a\nb+{LESSON}+{OLD}+x", "its name begins with no student's"),
        (f"ada+{LESSON}+{OLD}+x+y+z", "its name isn't STUDENT+ASSIGNMENT+TIME"),
    ],
)
def test_a_name_that_is_none_is_refused_and_stops_nobody(root, tmp_path, name, why):
    (inbound(tmp_path) / name).mkdir()
    put(tmp_path, "bob")
    put(tmp_path, "eve").rename(inbound(tmp_path) / f"eve+02_other+{OLD}+x")  # another lesson's
    said, last = run(root)
    assert [line.partition(": ")[2] for line in said] == [f"{why}."]
    assert not re.search(r"[\n\x1b]", said[0])
    assert last == "1 collected; 1 refused."
    assert os.listdir(root / "submitted") == ["bob"]


@pytest.mark.parametrize("other", ["Ada", "ADA", "ad\uff41"])
def test_two_spellings_of_one_student_are_for_a_person_to_decide(root, tmp_path, other):
    put(tmp_path, "ada", OLD, "hers")
    run(root)
    put(tmp_path, other, NEW, "whose?")
    said, _ = run(root)
    assert f"Refused {other}+{LESSON}+{NEW}+x: ada may be the same student." in said
    assert (got(root, "ada"), got(root, other)) == ("hers", None)


def test_a_full_disk_loses_nothing(root, tmp_path, monkeypatch):
    put(tmp_path, "ada", OLD, "first")
    run(root)
    put(tmp_path, "ada", NEW, "second")
    real = shutil.move

    def full(source, target):
        if str(target).endswith(LESSON) and str(source).endswith("copy"):
            raise OSError(28, "No space left on device")
        return real(source, target)

    monkeypatch.setattr(shutil, "move", full)
    with pytest.raises(ExchangeError, match=r"No space left on device.*nothing is lost"):
        run(root)
    assert got(root, "ada") == "first"


def test_the_whole_round_through_the_exchange_that_we_make(root, tmp_path, monkeypatch):
    """Release, submit and collect are nbgrader's own commands with our configuration."""
    shutil.rmtree(tmp_path / "exchange")
    monkeypatch.setattr(classroom, "_said", lambda *words: "")
    monkeypatch.setattr(sandbox, "missing", lambda: "")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "environment"))
    classroom.classroom(root)
    desk = tmp_path / "desk"
    shutil.copytree(root / "release", desk)
    shutil.copy(group.CONFIG, desk)
    ran = stock.configured(root, ["release_assignment", LESSON])
    assert ran.returncode == 0, ran.stderr
    ran = stock.configured(desk, ["submit", LESSON], JUPYTER_DATA_DIR=str(tmp_path / "data"))
    assert ran.returncode == 0, ran.stderr
    modes = [
        stat.S_IMODE(path.stat().st_mode) for path in (inbound(tmp_path), tmp_path / "exchange")
    ]
    assert modes == [0o3733, 0o1777]
    ran = stock.configured(root, ["collect", LESSON])
    assert ran.returncode == 0, ran.stderr
    assert "1 collected; 0 refused." in ran.stderr
    (student,) = os.listdir(root / "submitted")
    assert json.loads(got(root, student))["cells"]
    (secret,) = (root / "submitted").rglob("submission_secret.txt")
    assert secret.read_text()

    # Feedback by our command, given back by nbgrader's; aaa's hand-in came by another way.
    group.hand_in(root, "aaa", group.released(root))
    grade.grade(LESSON, root=root, hooks=HOOKS, engine=group.Canned())
    feedback.feedback(LESSON, root=root, hooks=HOOKS)
    ran = stock.configured(root, ["release_feedback", LESSON])
    assert ran.returncode == 0, ran.stderr
    assert "aaa didn't hand in through the exchange: send " in ran.stderr
    ran = stock.configured(
        desk, ["fetch_feedback", LESSON], JUPYTER_DATA_DIR=str(tmp_path / "data")
    )
    assert ran.returncode == 0, ran.stderr
    (page,) = desk.rglob(f"feedback/*/{LESSON}.html")
    mine = root / "feedback" / student / LESSON / page.name
    assert page.read_bytes() == mine.read_bytes()
