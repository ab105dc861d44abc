"""Grading a class may be stopped at any moment, and never grades twice, wrongly or not at all."""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import Future

import grading_class as group
import pytest
from grading_class import LESSON

from course.grader import adapter, grade, notebook, prepare, record
from course.grader.errors import GraderError
from course.grader.job import Ran
from course.grader.ledger import Ledger
from course.hooks import HOOKS

pytestmark = pytest.mark.slow


@pytest.fixture
def root(tmp_path):
    return group.registered(tmp_path / "course")


def a_class(root, count=6):
    """Hand in `count` submissions that differ pairwise; every third answer is wrong."""
    for number in range(count):
        words = {"average": f"def average(): {number}", "shares": f"def shares(): {number}"}
        if number % 3 == 0:
            words["shares"] += "  # wrong"
        group.hand_in(root, f"s{number}", group.answered(root, words))


def run(root, engine=None, **more):
    engine = engine or group.Canned()
    return grade.grade(LESSON, engine=engine, root=root, hooks=HOOKS, **more), len(engine.jobs)


def all_scores(root, count=6):
    return {f"s{number}": group.scores(root, f"s{number}") for number in range(count)}


def test_what_two_hand_ins_import_is_loaded_once_for_all(root, monkeypatch):
    answers = (
        "import torch\ndef average(): 1",
        "from torch.nn import functional\nfrom scipy import stats\ndef average(): 2",
        "import torchvision, mytorch\ndef average(): 'import pandas'",
        "import requests\ndef average(): 3",
        "import requests\ndef average(): 4",
    )
    for number, answer in enumerate(answers):
        group.hand_in(root, f"s{number}", group.answered(root, {"average": answer}))
    outside = root / "elsewhere.ipynb"
    outside.write_text("import scipy")
    (root / "submitted" / "s4" / LESSON / "link.ipynb").symlink_to(outside)
    assert prepare.asked_for(LESSON, root, HOOKS) == ("numpy", "torch")  # the first by the lesson
    loaded = []

    def engine(modules, *rest):
        loaded.extend(modules)
        raise GraderError("enough")

    monkeypatch.setattr(grade, "_engine", engine)
    with pytest.raises(GraderError, match="enough"):
        grade.grade(LESSON, root=root, hooks=HOOKS)
    assert loaded.count("torch") == 1
    assert "requests" not in loaded


def test_what_is_done_isnt_done_again(root):
    a_class(root)
    first, jobs = run(root)
    assert (first["new"], first["unchanged"], jobs) == (6, 0, 6)
    assert first["students"]["s0"]["score"] == 50
    assert first["students"]["s1"]["score"] == 100
    second, jobs = run(root)
    assert (second["new"], second["unchanged"], jobs) == (0, 6, 0)
    assert second["students"] == first["students"]
    assert second["sandbox"] == ""


def test_force_runs_again(root):
    a_class(root, 2)
    run(root)
    assert run(root, force=True)[1] == 2


def test_only_what_has_changed_is_run(root):
    a_class(root)
    run(root)
    group.hand_in(root, "s3", group.answered(root, {"average": "def average(): 'wrong'"}))
    result, jobs = run(root)
    assert (result["new"], jobs) == (1, 1)
    assert result["students"]["s3"]["score"] == 0


def test_a_word_in_a_text_cell_is_recorded_without_a_run(root):
    a_class(root, 1)
    run(root)
    path = notebook.path_of(LESSON, root / "submitted" / "s0")
    nb = notebook.read(path)
    nb["cells"].append({"cell_type": "markdown", "metadata": {}, "source": "please be kind"})
    path.write_text(json.dumps(nb), encoding="utf-8")
    result, jobs = run(root)
    assert (result["new"], jobs) == (1, 0)
    graded = notebook.path_of(LESSON, root / "autograded" / "s0").read_text(encoding="utf-8")
    assert "please be kind" in graded


def test_a_student_who_hands_in_again_while_grading_runs(root):
    """The score belongs to what was read; only what has come since is graded next time."""
    a_class(root, 2)
    better = {"average": "def average(): 9", "shares": "def shares(): 9"}

    class Meanwhile(group.Canned):
        def run(self, job):
            group.hand_in(root, "s0", group.answered(root, better))
            return super().run(job)

    first, _ = run(root, Meanwhile())
    assert first["students"]["s0"]["score"] == 50
    graded = notebook.path_of(LESSON, root / "autograded" / "s0").read_text(encoding="utf-8")
    assert "# wrong" in graded
    second, jobs = run(root)
    assert (second["new"], jobs) == (1, 1)
    assert second["students"]["s0"]["score"] == 100


def test_who_asks_is_told_how_far_it_is(root):
    a_class(root, 3)
    run(root, student="s1")
    told = []
    run(root, tell=lambda *counts: told.append(counts))
    assert told == [(0, 3, 0), (1, 3, 0), (2, 3, 0), (3, 3, 0)]


def test_equal_submissions_run_once(root):
    for student in ("ann", "bob"):
        group.hand_in(root, student, group.released(root))
    result, jobs = run(root)
    assert (result["new"], jobs) == (2, 1)


def test_one_student(root):
    a_class(root)
    result, jobs = run(root, student="s2")
    assert (list(result["students"]), jobs) == (["s2"], 1)
    with pytest.raises(GraderError, match="submitted/nobody"):
        run(root, student="nobody")


@pytest.mark.parametrize("lost", ["gradebook", "autograded", "old gradebook"])
def test_what_got_lost_is_recorded_again_without_a_run(root, lost):
    a_class(root)
    shutil.copy(root / "gradebook.db", root / "old.db")
    run(root)
    expected = all_scores(root)
    if lost == "autograded":
        shutil.rmtree(root / "autograded")
    else:
        (root / "gradebook.db").unlink()
    if lost == "old gradebook":
        shutil.copy(root / "old.db", root / "gradebook.db")
    result, jobs = run(root)
    assert (result["new"], jobs) == (6, 0)
    assert all_scores(root) == expected
    assert (root / "autograded" / "s5" / LESSON / f"{LESSON}.ipynb").exists()


class Failing(group.Canned):
    """Can't run the answers of one student."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def run(self, job):
        if any("def average(): 2" in step.source for step in job.steps):
            raise self.error
        return super().run(job)


def test_a_worker_that_dies_is_no_zero(root):
    a_class(root)
    result, _ = run(root, Failing(RuntimeError("worker gone")))
    row = result["students"]["s2"]
    assert (row["score"], row["status"]) == (None, "failed")
    assert "worker gone" in row["reason"]
    assert not result["ok"]
    assert result["new"] == 5
    result, jobs = run(root)
    assert (result["ok"], result["new"], jobs) == (True, 1, 1)
    assert result["students"]["s2"]["score"] == 100


def test_a_worker_that_dies_leaves_the_older_score(root):
    a_class(root, 3)
    run(root)
    result, _ = run(root, Failing(RuntimeError("worker gone")), force=True)
    assert result["students"]["s2"]["status"] == "failed"
    assert group.scores(root, "s2")["average_1"] == 40


@pytest.mark.parametrize("where", ["prepare", "record"])
def test_what_goes_wrong_with_one_is_that_ones_alone(root, monkeypatch, where):
    a_class(root, 4)
    run(root, student="s2")
    group.hand_in(root, "s2", group.answered(root, {}))
    module = {"prepare": prepare, "record": record}[where]
    real = getattr(module, where)

    def broken(*arguments):
        one = arguments[1] if where == "prepare" else arguments[0].student
        if one == "s2":
            raise ValueError("a value that nobody thought of\nand more")
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(module, where, broken)
        result, _ = run(root)
    row = result["students"]["s2"]
    assert (row["score"], row["status"], result["ok"]) == (None, "failed", False)
    assert "a value that nobody thought of): run it again." in row["reason"]
    assert result["new"] == 3
    assert group.scores(root, "s2")["average_1"] == 40, "the older score stays"
    assert run(root)[0]["students"]["s2"]["score"] == 0


def test_no_isolation_stops_everything(root):
    a_class(root)
    with pytest.raises(GraderError, match="no isolation"):
        run(root, Failing(GraderError("no isolation")))
    assert run(root)[0]["ok"]


def test_the_whole_class_whatever_one_hands_in(root):
    a_class(root, 3)
    group.hand_in(root, "empty", b"")
    group.hand_in(root, "bad", b"{")
    (root / "submitted" / "none" / LESSON).mkdir(parents=True)
    near = root / "submitted" / "near" / LESSON / f"{LESSON} (1).ipynb"
    near.parent.mkdir(parents=True)
    near.write_text("{}")
    result, _ = run(root)
    statuses = {who: row["status"] for who, row in result["students"].items()}
    assert statuses == {
        "bad": "unreadable",
        "empty": "unreadable",
        "near": "missing",
        "none": "missing",
        "s0": "graded",
        "s1": "graded",
        "s2": "graded",
    }
    assert {result["students"][who]["score"] for who in ("bad", "empty", "near", "none")} == {0}
    assert near.name in result["students"]["near"]["reason"]
    assert result["ok"]
    assert run(root)[0]["students"] == result["students"]


def test_more_notebooks_in_one_assignment(root):
    source = notebook.path_of(LESSON, root / "source")
    second = source.with_name("second.ipynb")
    shutil.copy(source, second)
    (root / "gradebook.db").unlink()
    a_class(root, 2)
    shutil.copy(
        notebook.path_of(LESSON, root / "submitted" / "s1"),
        root / "submitted" / "s1" / LESSON / "second.ipynb",
    )
    result, jobs = run(root)
    assert jobs == 3  # s0 lacks the second
    assert (result["students"]["s1"]["score"], result["students"]["s1"]["max"]) == (200, 200)
    assert result["students"]["s0"]["status"] == "missing"
    assert result["students"]["s0"]["score"] == 50
    assert run(root)[0]["new"] == 0


# --- stops ----------------------------------------------------------------------------------------


KILLED = """
    import sys, time
    from pathlib import Path
    sys.path.insert(0, {tests!r})
    import grading_class as group
    from course.grader import grade
    from course.hooks import HOOKS
    class Slow(group.Canned):
        def run(self, job):
            time.sleep(0.02)
            with open({log!r}, "a") as file:
                file.write(job.hash() + "\\n")
            return super().run(job)
    grade.grade({lesson!r}, engine=Slow(), root=Path({root!r}), hooks=HOOKS, jobs=2)
    print("finished")
"""


def start(root, log):
    code = textwrap.dedent(KILLED).format(
        tests=str(group.FIXTURE.parent.parent), log=str(log), lesson=LESSON, root=str(root)
    )
    environment = {key: value for key, value in os.environ.items() if key != "COURSE_ROOT"}
    return subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment, text=True
    )


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_killed_again_and_again_the_gradebook_is_as_if_undisturbed(root, tmp_path):
    count = 16
    a_class(root, count)
    undisturbed = shutil.copytree(root, tmp_path / "undisturbed")
    expected = run(undisturbed)[0]
    log = tmp_path / "log"
    recorded = []
    kills = 0
    while True:
        process = start(root, log)
        marks = root / ".grading" / LESSON / "students"
        goal = len(list(marks.glob("*.json"))) + 4
        while process.poll() is None and len(list(marks.glob("*.json"))) < goal:
            time.sleep(0.005)
        if process.poll() is not None:
            break
        process.send_signal(signal.SIGKILL)
        process.wait()
        kills += 1
        recorded.append(len(list(marks.glob("*.json"))))
    assert process.stdout.read().strip() == "finished"
    assert kills >= 3
    assert recorded == sorted(recorded), "a mark got lost"
    result = run(root)[0]
    assert result["new"] == 0
    assert result["students"] == expected["students"]
    assert all_scores(root, count) == all_scores(undisturbed, count)
    jobs = log.read_text().split()
    # Only what was running when it was killed ran twice.
    assert len(jobs) - len(set(jobs)) <= kills * (2 + grade.AHEAD)


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_stop_around_the_commit(root, monkeypatch, capsys, where):
    a_class(root, 3)
    real = adapter.Session.save

    def save(self):
        if where == "before":
            raise KeyboardInterrupt
        real(self)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(adapter.Session, "save", save)
        with pytest.raises(KeyboardInterrupt):
            run(root)
    assert "are graded." in capsys.readouterr().err
    result, jobs = run(root)
    assert (result["new"], jobs < 3) == (3, True)
    assert all_scores(root, 3)["s1"]["average_1"] == 40


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_a_full_disk_or_a_read_only_folder_loses_nothing(root, monkeypatch, code):
    a_class(root, 3)
    real = adapter.Recorder.write_single_notebook
    calls = []

    def full(self, *arguments):
        calls.append(1)
        if len(calls) == 2:
            raise OSError(code, os.strerror(code))
        return real(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(adapter.Recorder, "write_single_notebook", full)
        with pytest.raises(OSError, match=re.escape(os.strerror(code))):
            run(root)
    assert group.scores(root, "s0")["average_1"] == 40
    result, _ = run(root)
    assert (result["new"], result["ok"]) == (2, True)


def test_two_graders_at_once(root):
    a_class(root, 1)
    with Ledger(root, LESSON).locked(), pytest.raises(GraderError, match="at work"):
        run(root)
    assert run(root)[0]["ok"]


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_the_lock_of_one_that_was_killed_is_free(root):
    code = (
        "import sys, time; from pathlib import Path\n"
        "from course.grader.ledger import Ledger\n"
        f"with Ledger(Path({str(root)!r}), 'x').locked(): print('in', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "in\n"
    with pytest.raises(GraderError, match="at work"), Ledger(root, LESSON).locked():
        pass
    process.kill()
    process.wait()
    with Ledger(root, LESSON).locked():
        pass


def test_a_damaged_ledger_is_no_ledger(root):
    a_class(root, 2)
    run(root)
    for path in (root / ".grading" / LESSON).rglob("*.json"):
        path.write_text("{")
    result, jobs = run(root)
    assert (result["new"], jobs) == (2, 2)


def test_old_runs_are_thrown_away(root):
    a_class(root, 2)
    run(root)
    folder = root / ".grading" / LESSON / "runs"
    before = set(folder.iterdir())
    group.hand_in(root, "s1", group.answered(root, {"average": "def average(): 'new'"}))
    run(root)
    assert len(set(folder.iterdir())) == 2
    assert set(folder.iterdir()) != before


# --- bad input, and what is said ------------------------------------------------------------------


def test_nothing_submitted(root):
    with pytest.raises(GraderError, match=f"submitted/STUDENT/{LESSON}"):
        run(root)


def test_unknown_assignment(root):
    with pytest.raises(GraderError, match="did you mean"):
        grade.grade("01_tinny", engine=group.Canned(), root=root, hooks=HOOKS)


def test_no_jobs(root):
    a_class(root, 1)
    with pytest.raises(GraderError, match="1 or more"):
        run(root, jobs=0)


def test_the_summary_names_what_to_look_at(root, capsys):
    a_class(root, 1)
    group.hand_in(root, "empty[bold]", b"")
    grade.show(run(root)[0])
    out = re.sub(r"\s+", " ", capsys.readouterr().out)
    assert "50 of 100" in out
    assert "is empty" in out
    assert "empty[bold]" in out


def test_no_more_is_in_memory_than_is_running(root, monkeypatch):
    a_class(root, 12)
    alive = []
    most = []
    real = prepare.prepare

    def prepared(*arguments):
        alive.append(1)
        most.append(len(alive))
        return real(*arguments)

    finish = grade._Run._finish

    def finished(self, item):
        alive.pop()
        return finish(self, item)

    monkeypatch.setattr(prepare, "prepare", prepared)
    monkeypatch.setattr(grade._Run, "_finish", finished)
    run(root, jobs=2)
    assert max(most) <= 2 + grade.AHEAD + 1


def test_an_executor_elsewhere_gives_the_same(root, monkeypatch):
    """The place for other machines: anything that gives a future for a job."""

    class Elsewhere:
        workers, kind = 3, "elsewhere"

        def __init__(self, *arguments):
            self.engine = group.Canned()

        def submit(self, job):
            future = Future()
            plain = json.loads(json.dumps(job.to_json()))
            ran = self.engine.run(type(job).from_json(plain))
            future.set_result(Ran.from_json(json.loads(json.dumps(ran.to_json()))))
            return future

        def close(self):
            pass

    a_class(root)
    other = shutil.copytree(root, root.parent / "other")
    expected = run(root)[0]
    monkeypatch.setattr(grade, "Threads", Elsewhere)
    result = run(other)[0]
    assert result["students"] == expected["students"]
    assert result["sandbox"] == "elsewhere"


# --- the commands ---------------------------------------------------------------------------------


@pytest.fixture
def command(root, monkeypatch):
    """Call `course` in a course whose engine is a stand-in: (exit code, what it printed)."""
    from typer.testing import CliRunner

    from course import cli, paths
    from course.grader import run as run_module

    class Engine(group.Canned):
        def __init__(self, modules, *, sandbox, root, hooks):
            super().__init__()
            self.kind = sandbox

        def __enter__(self):
            return self

        def __exit__(self, *exception):
            pass

    monkeypatch.setattr(paths, "ROOT", root)
    monkeypatch.setattr(run_module, "Engine", Engine)

    def call(*words):
        result = CliRunner().invoke(cli.app, words)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout

    return call


def test_the_cycle_by_its_commands(root, command):
    a_class(root, 2)
    code, out = command("grade", LESSON, "--jobs", "1", "--sandbox", "none", "--json")
    found = json.loads(out.strip().split("\n")[-1])
    assert (code, found["ok"], found["sandbox"]) == (0, True, "none")
    expected = {"score": 50, "max": 100, "status": "graded", "reason": "", "flags": []}
    assert expected.items() <= found["students"]["s0"].items()
    code, out = command("grade", LESSON, "--student", "s1", "--force")
    assert (code, "100 of 100" in out, "s0" in out) == (0, True, False)
    code, out = command("feedback", LESSON)
    assert (code, "2 pages" in out) == (0, True)
    code, out = command("export", "--to", str(root / "grades"), "--assignment", LESSON, "--json")
    assert (code, len(json.loads(out)["files"])) == (0, 4)


def test_a_scheduler_that_cant_be_is_one_sentence(root, command):
    a_class(root, 1)
    with pytest.raises(GraderError):
        command("grade", LESSON, "--scheduler", "tcp://127.0.0.1:1")
