"""The gradebook in a real PostgreSQL: scores as in SQLite's file, and nothing by hand is lost.

The server is Debian's, started on a free port of this machine, as another user where we are root.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import grading_class as group
import psycopg
import pytest
from grading_class import LESSON

from course.grader import adapter, grade, record, source
from course.grader.errors import GraderError
from course.hooks import HOOKS

BINARIES = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not BINARIES, reason="no PostgreSQL server: Debian's package postgresql brings one"
    ),
]


class Server:
    """A PostgreSQL with a folder of its own."""

    def __init__(self, folder):
        self.folder, self.data, self.user = folder, folder / "data", []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        if os.getuid() == 0:  # it refuses to run as root
            self.user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
            os.chown(folder, 65534, 65534)
        words = ("--auth", "trust", "--username", "teacher", "--encoding", "UTF8", "--no-sync")
        self.run("initdb", "--pgdata", self.data, "--locale", "C.UTF-8", *words)
        self.start()

    def run(self, program, *words):
        command = [*self.user, str(BINARIES / program), *map(str, words)]
        ran = subprocess.run(
            command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        log = self.folder / "log"
        assert ran.returncode == 0, (program, log.read_text() if log.exists() else "")

    def start(self):
        options = f"-c listen_addresses=127.0.0.1 -p {self.port} -k {self.folder} -c fsync=off"
        log = self.folder / "log"
        self.run("pg_ctl", "start", "-w", "-D", self.data, "-l", log, "-o", options)

    def stop(self):
        self.run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", self.data)

    def database(self, name, like="template1"):
        """Make a database and return its address."""
        where = ("-h", "127.0.0.1", "-p", self.port, "-U", "teacher")
        self.run("createdb", *where, "-T", like, name)
        return f"postgresql+psycopg://teacher@127.0.0.1:{self.port}/{name}"


@pytest.fixture(scope="module")
def server():
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:  # pytest's own is for us alone
        server = Server(Path(folder))
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="module")
def known(server, tmp_path_factory):
    """Return a database whose gradebook knows the lesson: others are copied from it."""
    root = group.registered(tmp_path_factory.mktemp("known") / "course")
    configure(root, server.database("known"))
    with record.opened(root) as book:
        assert record.register(source.read(LESSON, root, HOOKS), book) == []
    return "known"


@pytest.fixture
def root(server, known, tmp_path):
    """Return a course whose gradebook is on the server."""
    root = group.registered(tmp_path / "course")
    (root / "gradebook.db").unlink()
    configure(root, server.database(f"course_{os.urandom(4).hex()}", known))
    yield root
    assert not list(root.glob("gradebook.db*")), "nothing went into a file"


def configure(root, url):
    with open(root / "nbgrader_config.py", "a") as config:
        config.write(f"\nc.CourseDirectory.db_url = {url!r}\n")


def url_of(root):
    return adapter.directory(root).db_url


def a_class(root, count=5):
    """Hand in `count` submissions that differ pairwise; every third answer is wrong."""
    for number in range(count):
        words = {"average": f"def average(): {number}", "shares": f"def shares(): {number}"}
        if number % 3 == 0:
            words["shares"] += "  # wrong"
        group.hand_in(root, f"s{number}", group.answered(root, words))


def run(root, engine=None, **more):
    return grade.grade(LESSON, engine=engine or group.Canned(), root=root, hooks=HOOKS, **more)


def all_scores(root):
    """Return what nbgrader's own gradebook has of each test, and its tables for the formgrader."""
    from nbgrader.api import Gradebook

    with Gradebook(url_of(root), "gpt-course") as book:
        cells = {
            (one.student.id, grade.name): (grade.auto_score, grade.manual_score, grade.score)
            for one in book.assignment_submissions(LESSON)
            for grade in one.notebooks[0].grades
        }
        tables = [book.student_dicts(), book.submission_dicts(LESSON)]
        tables.append(book.notebook_submission_dicts(LESSON, LESSON))
        rows = [
            sorted((key, str(value)) for key, value in row.items() if key != "id")
            for table in tables
            for row in table
        ]
        return cells, sorted(rows), book.average_assignment_score(LESSON)


def test_the_same_scores_as_in_sqlite(root, tmp_path):
    file = group.registered(tmp_path / "file")
    for course in (root, file):
        a_class(course)
        nothing = group.answered(course, {"average": "print('\0', '\ud800')", "shares": "é한"})
        group.hand_in(course, "jörg 한", nothing)
        group.hand_in(course, "zoe", b"{")
    first, second = run(root), run(file)
    assert first["ok"]
    assert first["students"] == second["students"]
    assert all_scores(root) == all_scores(file)
    assert len(all_scores(root)[0]) == 7 * 3
    assert run(root)["new"] == 0


def test_what_was_given_by_hand_stays(root):
    from nbgrader.api import Gradebook

    a_class(root, 2)
    run(root)
    with Gradebook(url_of(root), "gpt-course") as book:
        book.find_grade("shares_1", LESSON, LESSON, "s0").manual_score = 33.5
        book.find_grade("average_1", LESSON, LESSON, "s0").extra_credit = 2
        book.find_comment(
            "shares", LESSON, LESSON, "s0"
        ).manual_comment = "Look at the sum: 한국어."
        book.db.commit()
    again = {"average": "def average(): 'new'", "shares": "def shares(): 'new'"}
    group.hand_in(root, "s0", group.answered(root, again))
    result = run(root)
    assert (result["new"], result["students"]["s0"]["score"]) == (1, 85.5)
    assert run(root, force=True)["students"]["s0"]["score"] == 85.5
    with Gradebook(url_of(root), "gpt-course") as book:
        one = book.find_grade("shares_1", LESSON, LESSON, "s0")
        assert (one.auto_score, one.manual_score) == (50, 33.5)
        comment = book.find_comment("shares", LESSON, LESSON, "s0").manual_comment
        assert comment == "Look at the sum: 한국어."


class During(group.Canned):
    """Does something while the third job runs."""

    def __init__(self, what):
        super().__init__()
        self.what = what

    def run(self, job):
        ran = super().run(job)
        if len(self.jobs) == 3:
            self.what()
        return ran


def test_one_writer(root):
    a_class(root)
    said = []

    def second():
        with pytest.raises(GraderError, match="at work") as caught:
            run(root)
        said.append(str(caught.value))

    assert run(root, During(second), jobs=1)["new"] == 5
    assert said


KILLED = """
    import sys, time
    from pathlib import Path
    sys.path.insert(0, {tests!r})
    import grading_class as group
    from course.grader import adapter, grade
    from course.hooks import HOOKS
    def save(self):
        self.db.flush()
        print("in the middle", flush=True)
        time.sleep(60)
    real, adapter.Session.save = adapter.Session.save, lambda self: real(self)
    class Third(group.Canned):
        def run(self, job):
            if len(self.jobs) == 3:
                adapter.Session.save = save
            return super().run(job)
    grade.grade({lesson!r}, engine=Third(), root=Path({root!r}), hooks=HOOKS, jobs=1)
"""


def test_killed_within_a_transaction(root, tmp_path):
    a_class(root)
    file = group.registered(tmp_path / "file")
    a_class(file)
    run(file)
    code = textwrap.dedent(KILLED).format(
        tests=str(group.FIXTURE.parent.parent), lesson=LESSON, root=str(root)
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "in the middle\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    result = run(root)
    assert 0 < result["unchanged"] < 5
    assert result["new"] == 5 - result["unchanged"]
    assert all_scores(root) == all_scores(file)


def test_a_grader_in_another_checkout_is_kept_out(root):
    """The lock is the server's: one that belongs to a killed grader goes with its connection."""
    from course.grader import record

    a_class(root, 2)
    with psycopg.connect(url_of(root).replace("+psycopg", "")) as other:
        other.execute(f"SELECT pg_advisory_lock({record.LOCK})")
        with pytest.raises(GraderError, match="at work in this gradebook"):
            run(root)
    assert run(root)["new"] == 2


def test_a_server_that_stops(root, server):
    a_class(root)
    with pytest.raises(GraderError, match="is the database running"):
        run(root, During(server.stop), jobs=1)
    with pytest.raises(GraderError, match="is the database running"):
        run(root)
    server.start()
    result = run(root)
    assert result["ok"]
    assert result["new"] + result["unchanged"] == 5
    assert len(all_scores(root)[0]) == 5 * 3


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql+psycopg://teacher:secret@127.0.0.1:1/grades", "is the database running"),
        (
            "postgresql://teacher:secret@127.0.0.1:{port}/nowhere",
            '"nowhere" does not exist.*createdb',
        ),
    ],
)
def test_no_such_database(root, server, url, words):
    configure(root, url.format(port=server.port))
    began = time.monotonic()
    a_class(root, 1)
    with pytest.raises(GraderError, match=words) as caught:
        run(root)
    assert "secret" not in str(caught.value)
    assert time.monotonic() - began < 10


def test_nbgraders_own_upgrade_finds_nothing_to_do(root):
    from nbgrader import dbutil

    a_class(root, 2)
    run(root)
    before = all_scores(root)
    dbutil.upgrade(url_of(root))
    assert run(root)["new"] == 0
    assert all_scores(root) == before
