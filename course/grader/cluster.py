"""Run jobs on other machines: the workers of a Dask scheduler in place of threads.

A job goes out as JSON, `run` carries it out in the worker's process, and JSON comes back through
the scheduler; no object of ours is pickled, only the names of `run` and `look`. A worker keeps one
warm process (`run.Engine`) for each set of modules. A worker that dies is Dask's business: it gives
the job to another one, three times at most. Left out on purpose: sending the library to the
workers. Each machine has its own checkout and `.venv`, and `fingerprint` holds them equal.

This module is the only one that imports `distributed`, and it is imported only for ``--scheduler``
and by workers.
"""

import contextlib
import functools
import json
import logging
import re
import socket
import threading
import time
import uuid
import warnings
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, InvalidStateError
from pathlib import Path
from typing import Any

import distributed

from course.grader import hooks as hooks_module
from course.grader.errors import N_, GraderError
from course.grader.hooks import Hooks
from course.grader.job import Job, Ran
from course.grader.library import fingerprint
from course.grader.run import Engine
from course.grader.sandbox import AUTO, BUBBLEWRAP, NO_ISOLATION, NONE, missing

CONNECT = 5.0  # seconds to find the scheduler, and then a worker
EVERY = 2.0  # seconds between two looks at the workers
PATIENCE = 60.0  # seconds without any worker until the rest is given up
MOST_ENGINES = 3  # warm processes that a worker keeps, for as many lessons

ADDRESS = re.compile(r"(?:(?:tcp|tls|ws|wss)://)?(?:\[[0-9a-fA-F:]+\]|[\w.-]+):\d{1,5}")
NO_ADDRESS = N_("--scheduler takes an address such as tcp://host:8786, not {address!r}.")
NO_KEYS = N_(
    "{address} needs certificates: name them in Dask's configuration, as docs/cluster.md shows."
)
NOBODY = N_(
    "No Dask scheduler answers at {address}: start one there with `dask "
    "scheduler`, or leave --scheduler out to grade on this machine."
)
NO_WORKERS = N_(
    "The Dask scheduler at {address} has no workers: start some with `dask worker "
    "{address}`, then run the same command again."
)
GONE = N_(
    "The Dask scheduler at {address} is gone: start it again and run the same "
    "command again; what is graded stays graded."
)
OTHER_FILES = N_(
    "{machine} has other files in {what} than this machine: bring both checkouts "
    "to the same commit and restart its workers."
)
OTHER_VERSION = N_(
    "{machine} has {what} {theirs}, this machine has {ours}: install the same "
    "packages on both and restart its workers."
)
NO_COURSE = N_(
    "{machine} can't load the course's library ({error}): start its workers from a "
    "checkout's own `.venv/bin/dask`."
)


class LostWorkerError(Exception):
    """A job's worker has died, and so has each one that took it over."""


# --- on the instructor's machine ------------------------------------------------------------------


class Cluster:
    """Run jobs on the workers of a Dask scheduler: an `Executor` of `grade`.

    Parameters
    ----------
    address : str
        Of the scheduler, such as ``tcp://host:8786``. With ``tls://`` the certificates are those
        of Dask's own configuration.
    modules : tuple of str
        What notebooks import.
    sandbox : str
        ``"auto"`` (isolation on each worker, or a refusal), ``"bubblewrap"`` or ``"none"``.
    root : Path
        The course's folder on this machine. Workers have their own.
    hooks : Hooks
        Of the course; workers find their own by its address.

    Attributes
    ----------
    workers : int
        How many jobs run at a time: all threads of all workers, as of now.
    kind : str
        The workers' isolation.

    Raises
    ------
    GraderError
        If no scheduler answers, it has no workers, or a worker has another library or no isolation.
    """

    def __init__(
        self,
        address: str,
        modules: tuple[str, ...],
        sandbox: str = AUTO,
        *,
        root: Path,
        hooks: Hooks,
    ) -> None:
        self.address, self.modules, self.sandbox, self.hooks = address, modules, sandbox, hooks
        self.kind = NONE if sandbox == NONE else BUBBLEWRAP
        self.workers = 0
        self._asked: dict[Future[Ran], distributed.Future] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._gone = ""
        self._client = _connect(address)
        try:
            self._same = fingerprint(root.resolve(), hooks)
            self._check()
        except BaseException:
            self.close()
            raise
        threading.Thread(target=self._watch, name="course-grade-workers", daemon=True).start()

    def submit(self, job: Job) -> "Future[Ran]":
        """Run `job` on a worker when one is free.

        Raises
        ------
        GraderError
            If the scheduler is gone.
        """
        place: Future[Ran] = Future()
        try:
            asked = self._client.submit(
                run,
                json.dumps(job.to_json()).encode(),
                list(self.modules),
                self.sandbox,
                self._same,
                self.hooks.address,
                key=f"{job.lesson}-{uuid.uuid4()}",  # the dashboard groups jobs by what is before -
            )
        except Exception as error:
            raise GraderError(self._gone or GONE.format(address=self.address)) from error
        with self._lock:
            self._asked[place] = asked
        asked.add_done_callback(functools.partial(self._settle, place))
        if self._gone:
            self._give_up(self._gone)
        return place

    def close(self) -> None:
        """Drop what hasn't begun, and what comes of the rest."""
        self._over.set()
        with self._lock:
            asked = list(self._asked.values())
        with contextlib.suppress(Exception):
            if self._client.status == "running" and asked:
                self._client.cancel(asked)
        with contextlib.suppress(Exception):
            self._client.close(timeout=CONNECT)

    def _check(self) -> None:
        """Look at all workers before anything runs."""
        try:
            self._client.wait_for_workers(1, timeout=CONNECT)
        except TimeoutError:
            raise GraderError(NO_WORKERS.format(address=self.address)) from None
        except Exception as error:
            raise GraderError(GONE.format(address=self.address)) from error
        found = self._client.run(look, self.sandbox, self.hooks.address, on_error="return")
        for where, has in found.items():
            if isinstance(has, OSError):  # it has gone since
                continue
            if isinstance(has, Exception):
                raise GraderError(
                    NO_COURSE.format(
                        machine=N_("The worker {where}").format(where=where), error=has
                    )
                )
            machine = N_("The worker {where} ({name})").format(where=where, name=has["machine"])
            if difference := differs(has["files"], self._same, machine):
                raise GraderError(difference)
            if has["missing"]:
                raise GraderError(_cannot(machine, NO_ISOLATION.format(why=has["missing"])))
        self.workers = sum(self._client.nthreads().values()) or 1

    def _watch(self) -> None:
        """Count the workers now and then; give up when there are none for long."""
        seen = time.monotonic()
        while not self._over.wait(EVERY):
            try:
                threads = sum(self._client.nthreads().values())
            except Exception:
                self._give_up(GONE.format(address=self.address))
                return
            if threads:
                self.workers, seen = threads, time.monotonic()
            elif time.monotonic() - seen > PATIENCE:
                self._give_up(NO_WORKERS.format(address=self.address))
                return

    def _settle(self, place: "Future[Ran]", asked: distributed.Future) -> None:
        """Hand over what came of a job."""
        try:
            if asked.status in ("cancelled", "lost"):
                raise GraderError(GONE.format(address=self.address))
            ran = Ran.from_json(json.loads(asked.result()))
        except distributed.KilledWorker as error:
            times = error.allowed_failures + 1
            words = (
                N_("{times} workers died while they ran it").format(times=times)
                if times > 1
                else N_("its worker died")
            )
            _put(place, error=LostWorkerError(words))
        except Exception as error:
            _put(place, error=error)
        else:
            _put(place, ran=ran)
        with self._lock:
            self._asked.pop(place, None)

    def _give_up(self, why: str) -> None:
        self._gone = why
        with self._lock:
            places = list(self._asked)
            self._asked.clear()
        for place in places:
            _put(place, error=GraderError(why))


def _put(place: "Future[Ran]", ran: Ran | None = None, error: Exception | None = None) -> None:
    with contextlib.suppress(InvalidStateError):  # the first word counts
        if ran is not None:
            place.set_result(ran)
        else:
            place.set_exception(error)


def _connect(address: str) -> distributed.Client:
    """Return a connection to a scheduler.

    Raises
    ------
    GraderError
        If none is there, or it can't be called.
    """
    if not ADDRESS.fullmatch(address):
        raise GraderError(NO_ADDRESS.format(address=address))
    if address.startswith(("tls:", "wss:")) and not distributed.Security().tls_client_cert:
        raise GraderError(NO_KEYS.format(address=address))
    for name in ("distributed", "distributed.client", "tornado.application", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # we say it ourselves, in one sentence
    made: Future[distributed.Client] = Future()

    def connect() -> None:
        try:
            client = distributed.Client(
                address,
                timeout=CONNECT,
                name="course-grade",
                set_as_default=False,
                direct_to_workers=False,
            )
        except Exception as error:
            made.set_exception(error)
        else:
            made.set_result(client)

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # other versions: `fingerprint` finds those that matter
            # In a thread, since Dask waits for ever for something that listens but says nothing.
            threading.Thread(target=connect, name="course-grade-connect", daemon=True).start()
            return made.result(2 * CONNECT)
    except Exception as error:
        raise GraderError(NOBODY.format(address=address)) from error


# --- on both --------------------------------------------------------------------------------------


def differs(theirs: dict[str, str], ours: dict[str, str], machine: str) -> str:
    """Return in one sentence how two fingerprints differ; "" if they don't."""
    for what, own in ours.items():
        other = theirs.get(what, "nowhere")
        if other != own:
            words = OTHER_FILES if what.endswith("/") else OTHER_VERSION
            return words.format(machine=machine, what=what, theirs=other, ours=own)
    return ""


# --- on a worker ----------------------------------------------------------------------------------


def look(sandbox: str, address: str) -> dict[str, Any]:
    """Return what this worker has: ``machine``, ``files``, ``missing`` (what isolation lacks)."""
    hooks = hooks_module.find(address)
    lacks = "" if sandbox == NONE else missing()
    files = fingerprint(hooks.home().resolve(), hooks)
    return {"machine": socket.gethostname(), "files": files, "missing": lacks}


def _cannot(machine: str, why: object) -> str:
    return N_("{machine} can't grade.").format(machine=machine) + f" {why}"


def run(job: bytes, modules: list[str], sandbox: str, same: dict[str, str], address: str) -> bytes:
    """Carry out a job in this worker's process.

    Parameters
    ----------
    job : bytes
        A job as JSON.
    modules, sandbox
        As for `Engine`.
    same : dict of str to str
        The instructor's fingerprint: this worker may have come after the first look.
    address : str
        Where this machine finds the course's hooks.

    Returns
    -------
    bytes
        How it went, as JSON.

    Raises
    ------
    GraderError
        If this machine has another library, or no isolation.
    """
    machine, hooks = (
        N_("The worker on {name}").format(name=socket.gethostname()),
        hooks_module.find(address),
    )
    if difference := differs(fingerprint(hooks.home().resolve(), hooks), same, machine):
        raise GraderError(difference)
    try:
        with _engines.lent(tuple(modules), sandbox, hooks) as engine:
            ran = engine.run(Job.from_json(json.loads(job)))
    except GraderError as error:
        raise GraderError(_cannot(machine, error)) from None
    return json.dumps(ran.to_json()).encode()


class _Engines:
    """The warm processes of this worker; the one unused for longest makes room for a new one."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.engines: dict[tuple[tuple[str, ...], str], Engine] = {}
        self.busy: Counter[tuple[tuple[str, ...], str]] = Counter()
        self.watched = False

    @contextlib.contextmanager
    def lent(self, modules: tuple[str, ...], sandbox: str, hooks: Hooks) -> Iterator[Engine]:
        """Give an engine for one job.

        It is made in the thread that wants it first and ends with that thread (bubblewrap's
        ``--die-with-parent``); Dask keeps its threads as long as the worker.
        """
        key = (modules, sandbox)
        with self.lock:
            engine = self.engines.pop(key, None)
            if engine is None:
                self._make_room()
                engine = Engine(modules, sandbox=sandbox, root=hooks.home(), hooks=hooks)
                self._close_with_worker()
            self.engines[key] = engine
            self.busy[key] += 1
        try:
            yield engine
        finally:
            with self.lock:
                self.busy[key] -= 1

    def _make_room(self) -> None:
        idle = [key for key in self.engines if not self.busy[key]]
        for key in idle[: max(0, len(self.engines) - MOST_ENGINES + 1)]:
            self.engines.pop(key).close()

    def _close_with_worker(self) -> None:
        if not self.watched:
            worker = distributed.get_worker()
            worker.loop.add_callback(worker.plugin_add, _Closing(), name="course-grading")
            self.watched = True

    def close(self) -> None:
        """End all."""
        with self.lock:
            while self.engines:
                self.engines.popitem()[1].close()


_engines = _Engines()


class _Closing(distributed.WorkerPlugin):
    """Ends the warm processes when the worker closes."""

    def teardown(self, worker: distributed.Worker) -> None:
        _engines.close()
