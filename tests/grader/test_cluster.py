"""The same grades from other machines: a real Dask scheduler and workers, each in its own process.

All of them are on this machine. The workers' course folder is an empty one, so that nothing of the
instructor's can be read by accident.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import cloudpickle
import grading_class as group
import psutil
import pytest
from grading_class import LESSON

from course import paths
from course.grader import grade, record, sandbox
from course.grader.errors import GraderError
from course.hooks import HOOKS

WHY = sandbox.missing()
pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(WHY), reason=f"no sandbox: {WHY}")]
COUNT = 6
cloudpickle.register_pickle_by_value(sys.modules[__name__])  # no worker can import a test


class Machines:
    """A scheduler and its workers."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "course").mkdir(parents=True)
        self.workers, self.processes = [], []
        file = folder / "scheduler.json"
        options = ("--port", "0", "--no-dashboard", "--scheduler-file", str(file))
        self.scheduler = self.start("scheduler", *options)
        self.address = waited(lambda: file.exists() and json.loads(file.read_text())["address"])

    def start(self, *words, **environment):
        log = open(self.folder / f"{len(self.processes)}.log", "w")  # noqa: SIM115
        environment = {"COURSE_ROOT": str(self.folder / "course")} | environment
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *words, "--host", "127.0.0.1"],
            stdout=log,
            stderr=subprocess.STDOUT,
            env=os.environ | environment,
        )
        log.close()
        self.processes.append(process)
        return process

    def worker(self, **environment):
        place = ("--local-directory", str(self.folder / "scratch"))
        options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", *place)
        name = f"w{len(self.processes)}"
        self.start("worker", self.address, "--name", name, *options, **environment)
        return name, self.processes[-1]

    def client(self):
        import distributed

        return distributed.Client(self.address, set_as_default=False, timeout=60)

    def ready(self, count):
        with self.client() as client:
            client.wait_for_workers(count, timeout=60)

    def close(self):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def waited(what, seconds=60):
    """Return the first true answer of `what`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError, ValueError):
            if answer := what():
                return answer
        time.sleep(0.02)
    raise AssertionError("it takes too long")


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Wait a second only for what isn't there."""
    from course.grader import cluster

    assert cluster.CONNECT <= 10
    monkeypatch.setattr(cluster, "CONNECT", 1.0)


@pytest.fixture(scope="module")
def machines(tmp_path_factory):
    machines = Machines(tmp_path_factory.mktemp("machines"))
    with contextlib.closing(machines):
        machines.worker()
        machines.worker()
        machines.ready(2)
        yield machines


@pytest.fixture(scope="module")
def classroom(tmp_path_factory):
    """Return a course with submissions that take a moment each, and their grades on one machine."""
    root = group.registered(tmp_path_factory.mktemp("classroom") / "course")
    answers = group.solutions(root)
    for number in range(COUNT):
        mine = answers | {
            "average": f"import time\ntime.sleep(0.4)\n{answers['average']}# {number}"
        }
        if number % 3 == 0:
            mine["shares"] = "def shares(scores):\n    return list(scores)"
        if number == 4:
            mine["average"] = "import os\nos._exit(0)"
        group.hand_in(root, f"s{number}", group.answered(root, mine))
    fresh = shutil.copytree(root, root.parent / "fresh")
    return fresh, grade.grade(LESSON, root=root, hooks=HOOKS), all_scores(root)


@pytest.fixture
def root(classroom, tmp_path):
    return shutil.copytree(classroom[0], tmp_path / "course")


def all_scores(root):
    return {f"s{number}": group.scores(root, f"s{number}") for number in range(COUNT)}


def same(root, result, classroom):
    _, expected, scores = classroom
    assert result["students"] == expected["students"]
    assert result["ok"]
    assert all_scores(root) == scores


def test_two_workers_give_the_same_grades(root, machines, classroom):
    result = grade.grade(LESSON, scheduler=machines.address, root=root, hooks=HOOKS)
    same(root, result, classroom)
    assert (result["new"], result["sandbox"]) == (COUNT, "bubblewrap")
    assert {row["score"] for row in result["students"].values()} == {50.0, 100.0}
    with machines.client() as client:  # both took part
        assert all(client.run(lambda: len(_engines()) == 1).values())
    again = grade.grade(
        LESSON, scheduler="tcp://127.0.0.1:1", root=root, hooks=HOOKS
    )  # nothing has to run
    assert (again["new"], again["students"]) == (0, result["students"])


def _engines():
    from course.grader import cluster

    return cluster._engines.engines


@pytest.mark.parametrize("forgiven", [3, 0])
def test_a_killed_worker(root, machines, classroom, monkeypatch, forgiven):
    """Dask gives its job to another one, `forgiven` times; after that it is no 0."""
    recorded = []
    real = record.record
    monkeypatch.setattr(
        record, "record", lambda one, *more: recorded.append(one.student) or real(one, *more)
    )
    name, victim = machines.worker()
    machines.ready(3)
    killed = []

    def kill(client):
        def busy():
            if client.run_on_scheduler(processing, name) and psutil.Process(victim.pid).children():
                victim.send_signal(signal.SIGSTOP)  # so that it can't finish meanwhile
                time.sleep(0.1)
                if found := client.run_on_scheduler(processing, name):
                    return found
                victim.send_signal(signal.SIGCONT)
            return None

        killed.append(waited(busy))
        killed.append(psutil.Process(victim.pid).children(recursive=True))
        victim.kill()

    with machines.client() as client:
        client.run_on_scheduler(forgive, forgiven)
        killer = threading.Thread(target=kill, args=(client,))
        killer.start()
        result = grade.grade(LESSON, scheduler=machines.address, root=root, hooks=HOOKS)
        killer.join()
        client.run_on_scheduler(forgive, 3)
    victim.wait()
    assert killed[0], "nothing was running"
    waited(lambda: not any(alive(process) for process in killed[1]))
    if not forgiven:
        failed = [who for who, row in result["students"].items() if row["status"] == "failed"]
        assert 1 <= len(failed) <= len(killed[0])
        assert {result["students"][who]["score"] for who in failed} == {None}
        assert "its worker died" in result["students"][failed[0]]["reason"]
        assert result["new"] == COUNT - len(failed)
        result = grade.grade(LESSON, scheduler=machines.address, root=root, hooks=HOOKS)
        assert result["new"] == len(failed)
    same(root, result, classroom)
    assert sorted(recorded) == sorted(result["students"]), "each is recorded once"


def alive(process):
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


def processing(name, dask_scheduler):
    worker = next((w for w in dask_scheduler.workers.values() if w.name == name), None)
    return [task.key for task in worker.processing] if worker else []


def forgive(times, dask_scheduler):
    dask_scheduler.allowed_failures = times


def test_a_stop_drops_what_has_not_begun(root, machines, classroom, monkeypatch):
    def stop(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(record, "record", stop)
        with pytest.raises(KeyboardInterrupt):
            grade.grade(LESSON, scheduler=machines.address, root=root, hooks=HOOKS)
    with machines.client() as client:
        waited(lambda: client.run_on_scheduler(tasks) == 0, 20)
    same(root, grade.grade(LESSON, scheduler=machines.address, root=root, hooks=HOOKS), classroom)


def tasks(dask_scheduler):
    return len(dask_scheduler.tasks)


def test_no_worker_is_left_then_no_scheduler(root, machines, classroom, monkeypatch, tmp_path):
    from course.grader import cluster

    monkeypatch.setattr(cluster, "EVERY", 0.2)
    monkeypatch.setattr(cluster, "PATIENCE", 1.0)
    real = record.record
    other = Machines(tmp_path / "other")
    with contextlib.closing(other):
        with pytest.raises(GraderError, match="has no workers: start some with `dask worker tcp:"):
            grade.grade(LESSON, scheduler=other.address, root=root, hooks=HOOKS)
        done = [0]
        for victim, words in (("worker", "has no workers"), ("scheduler", "is gone: start it")):
            _, worker = other.worker()
            other.ready(1)
            process = {"worker": worker, "scheduler": other.scheduler}[victim]

            def dying(*arguments, process=process):
                process.kill()
                return real(*arguments)

            with monkeypatch.context() as patch:
                patch.setattr(record, "record", dying)
                with pytest.raises(GraderError, match=words):
                    grade.grade(LESSON, scheduler=other.address, root=root, hooks=HOOKS)
            done.append(len(list((root / ".grading" / LESSON / "students").iterdir())))
        assert sorted(set(done)) == done, "each time somebody was graded, and nobody got lost"
    result = grade.grade(LESSON, scheduler=machines.address, root=root, hooks=HOOKS)
    assert result["new"] == COUNT - done[-1]
    same(root, result, classroom)


def test_a_worker_without_bubblewrap(root, machines):
    _, worker = machines.worker(PATH=os.path.dirname(sys.executable))
    machines.ready(3)
    with pytest.raises(GraderError, match=r"worker tcp://.*can't be isolated.*bubblewrap isn't"):
        grade.grade(LESSON, scheduler=machines.address, root=root, hooks=HOOKS)
    worker.terminate()
    worker.wait()


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("numpy", "has numpy .*, this machine has 0.1: install"),
        ("course/", "other files in course/"),
    ],
)
def test_a_worker_with_another_library(root, machines, monkeypatch, what, words):
    from course.grader import cluster

    own = cluster.fingerprint(root, HOOKS) | {what: "0.1"}
    monkeypatch.setattr(cluster, "fingerprint", lambda *arguments: own)
    with pytest.raises(GraderError, match=f"worker tcp://.*{words}"):
        grade.grade(LESSON, scheduler=machines.address, root=root, hooks=HOOKS)


def test_a_worker_that_comes_later_looks_for_itself():
    from course.grader import cluster

    same = cluster.fingerprint(paths.ROOT, HOOKS) | {"numpy": "0.1"}
    with pytest.raises(GraderError, match=r"The worker on .* has numpy"):
        cluster.run(b"", [], "auto", same, HOOKS.address)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("tcp://127.0.0.1:1", "No Dask scheduler answers at tcp://127.0.0.1:1: start one"),
        ("tcp://127.0.0.1:{silent}", "No Dask scheduler answers"),
        ("tls://127.0.0.1:8786", "needs certificates"),
        ("http://127.0.0.1:8786", "an address such as tcp://host:8786"),
        ("here", "an address such as tcp://host:8786"),
    ],
)
def test_no_scheduler(root, address, words):
    began = time.monotonic()
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = address.format(silent=silent.getsockname()[1])
        with pytest.raises(GraderError, match=words):
            grade.grade(LESSON, scheduler=address, root=root, hooks=HOOKS)
    assert time.monotonic() - began < 20


def test_jobs_are_for_this_machine(root):
    with pytest.raises(GraderError, match="leave out --jobs"):
        grade.grade(LESSON, scheduler="tcp://127.0.0.1:1", jobs=2, root=root, hooks=HOOKS)


def test_a_worker_that_is_told_to_end_ends_its_processes(root, machines):
    grade.grade(LESSON, scheduler=machines.address, root=root, hooks=HOOKS)
    running = [one for one in machines.processes[1:] if one.poll() is None]
    children = {one: psutil.Process(one.pid).children(recursive=True) for one in running}
    worker, processes = max(children.items(), key=lambda pair: len(pair[1]))
    assert processes, "one has graded"
    worker.send_signal(signal.SIGTERM)
    worker.wait(30)
    waited(lambda: not any(alive(process) for process in processes))


def test_dask_is_loaded_for_a_scheduler_only():
    code = (
        "import sys; from course.grader import grade, record, run; import course.cli; "
        "sys.exit('distributed' in sys.modules or 'dask' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
