"""Our grader and our pages behind nbgrader's own doors: the formgrader's buttons and its commands.

``nbgrader_config.py`` names three classes of this module. `Unread` takes *autograde* over before
nbgrader has copied or read anything of a student's, which may be a link to the instructor's files,
or nothing that it can read. `Sandboxed` is all that could run in its place. `Pages` is what
*generate feedback* writes. A process of its own does what `course grade` and `course feedback` do.
So there is one score and one page, whoever asks. In JupyterLab the buttons start that process
without nbgrader (`server.py`).

Nothing is ever run or scored without that process: where it refuses (there is no sandbox, say), its
sentence is logged, and what was graded before stays. A server that runs for weeks sees what has
changed in the course meanwhile, since each process reads it anew.
"""

import _thread
import contextlib
import functools
import json
import logging
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nbconvert.exporters import Exporter, NotebookExporter
from nbconvert.preprocessors import Preprocessor
from traitlets import Unicode

from course.grader.errors import N_, GraderError
from course.grader.files import shown
from course.grader.hooks import PLAIN, find
from course.grader.local import inherited, python

GRADE, FEEDBACK, ALL = "grade", "feedback", "all"
STOPPED = N_("Stopped: what was graded until then stays. The same button goes on.")
UNGUARDED = (
    "Nothing was run: nbgrader_config.py must say "
    'c.Autograde.exporter_class = "course.grader.buttons.Unread".'
)
BROKEN = N_("The grader has failed: {said}. Nothing was changed; run the same again.")


class Sandboxed(Preprocessor):
    """In place of nbgrader's `Execute` and of all that scores after it: a lock, and the hooks."""

    hooks = Unicode(PLAIN.address, help="Where the course's hooks are: module:name.").tag(
        config=True
    )

    def __call__(self, nb: Any, resources: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Refuse; it isn't `preprocess`, which `enabled` could switch off.

        Raises
        ------
        GraderError
            Always: whoever comes here was about to go nbgrader's own way.
        """
        raise GraderError(UNGUARDED)


class Unread(NotebookExporter):
    """In place of what reads students' notebooks: with it nbgrader's `Autograde` is our grader."""

    def __init__(self, config: Any = None, **more: Any) -> None:
        super().__init__(config=config, **more)
        if self.parent is not None:  # which calls this before it touches the first submission
            self.parent.convert_notebooks = functools.partial(_autograde, self.parent)


def _autograde(converter: Any) -> None:
    """Grade whom nbgrader has found; what fails is logged, and leaves what was there before.

    Raises
    ------
    NbGraderException
        At the end, if somebody couldn't be graded, as nbgrader does it.
    """
    from course.grader.adapter import NbGraderException

    places = converter.coursedir
    hooks = Sandboxed(parent=converter).hooks
    if places.student_id == "*" and not places.student_id_exclude:
        jobs = [(ALL, "")]  # one process for all
    else:
        known = re.compile(
            converter._format_source(re.escape(places.assignment_id), "(?P<who>.*)", escape=True)
        )
        left_out = (places.student_id_exclude or "").split(",")
        found = [
            match["who"] for one in sorted(converter.assignments) if (match := known.match(one))
        ]
        jobs = [(GRADE, student) for student in found if student not in left_out]
    failed = False
    for what, student in jobs:
        converter.run_pre_convert_hook()
        try:
            whose = {"assignment": places.assignment_id, "student": student}
            failed |= bool(_ask(what, whose, converter, hooks).get("failed"))
        except GraderError:
            failed = True
        converter.run_post_convert_hook()
    if failed:
        raise NbGraderException("Not everybody is graded: see above.")


class Pages(Exporter):
    """In place of nbgrader's pages, which show the hidden tests."""

    hooks = Unicode(PLAIN.address, help="Where the course's hooks are: module:name.").tag(
        config=True
    )
    file_extension = ".html"

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **more: Any
    ) -> tuple[str, dict[str, Any]]:
        """Write a student's page of one graded notebook, and return it.

        Raises
        ------
        GraderError
            With one sentence, if there is nothing to show.
        """
        resources = dict(resources or {})
        converter, whose = self.parent, resources["nbgrader"]
        _ask(FEEDBACK, whose, converter, self.hooks)
        folder = converter._format_dest(whose["assignment"], whose["student"])
        page = (Path(folder) / f"{whose['notebook']}.html").read_text(encoding="utf-8")
        return page, resources | {"output_extension": ".html"}


def command(what: str, root: object, assignment: str, student: str, hooks: str) -> list[str]:
    """Return the command that does it in a process of its own; `student` may be "", all of them.

    It prints JSON objects, one a line: with `ALL` how far it is (``done``, ``total``, ``failed``),
    and at last what `understood` returns. With `ALL` it stops as Ctrl-C stops `course grade` when
    its standard input ends, so also when the process that has started it is gone.
    """
    return python("-m", f"{__package__}.buttons", what, str(root), assignment, student, hooks)


def understood(last: str, said: str, code: int) -> dict[str, Any]:
    """Return what the process answered: ``notes``, or an ``error``, one sentence.

    Parameters
    ----------
    last : str
        The last line that it printed.
    said : str
        What it wrote to stderr.
    code : int
        The number with which it ended.
    """
    with contextlib.suppress(ValueError):
        answer = json.loads(last)
        if isinstance(answer, dict) and {"notes", "error"} & set(answer):
            return answer
    why = said.strip().split("\n")[-1]
    return {"error": BROKEN.format(said=why or f"it ended with {code}")}


def _ask(what: str, whose: dict[str, str], converter: Any, hooks: str) -> dict[str, Any]:
    """Let a process do it; log what an instructor has to know, and return its answer.

    Raises
    ------
    GraderError
        With one sentence, which is logged as well.
    """
    reader, writer = os.pipe()  # with `ALL` the process stops when this ends
    try:
        ran = subprocess.run(
            command(what, converter.coursedir.root, whose["assignment"], whose["student"], hooks),
            stdin=reader,
            capture_output=True,
            env=inherited(),
        )
    finally:
        os.close(reader)
        os.close(writer)
    printed, said = (text.decode("utf-8", "replace") for text in (ran.stdout, ran.stderr))
    answer = understood(printed.strip().split("\n")[-1], said, ran.returncode)
    if "error" in answer:
        converter.log.addFilter(_withhold)  # once: a log has each filter one time
        converter.log.error(answer["error"])
        raise GraderError(answer["error"])
    for sentence in answer["notes"]:
        converter.log.warning(sentence)
    return answer


def _withhold(record: logging.LogRecord) -> bool:
    """Tell whether a line may be logged: nbgrader's traceback of our sentence may not."""
    said = record.getMessage()
    return not (said.startswith("Traceback") and f"{GraderError.__module__}.GraderError" in said)


def _do(what: str, root: Path, assignment: str, student: str, address: str) -> dict[str, Any]:
    """Grade a student, or all, or write pages; return ``notes``, or an ``error``, in words."""
    say: Callable[[str], str] = str
    try:
        if what == ALL:
            signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's "&" ignores it
            threading.Thread(target=_until_closed, daemon=True).start()
        from course.grader import feedback, grade

        hooks = find(address)
        say = hooks.say
        if what == FEEDBACK:
            result = feedback.feedback(assignment, student or None, root=root, hooks=hooks)
            return {"notes": [say(note) for note in result["notes"]]}
        if what == ALL:
            return _summary(grade.grade(assignment, tell=_tell, root=root, hooks=hooks), say)
        result = grade.grade(assignment, student, jobs=1, root=root, hooks=hooks)
    except GraderError as error:
        return {"error": say(str(error))}
    except OSError as error:
        return {"error": f"{error.strerror or error} ({error.filename or 'the disk'})."}
    except KeyboardInterrupt:
        return {"error": say(STOPPED)}
    row = result["students"][student]
    if not result["ok"]:
        return {"error": f"{student}: {say(row['reason'])}"}
    same = "" if result["new"] else N_("It was graded before, and nothing has changed.")
    notes = [same, row["reason"], *row["flags"], *result["notes"]]
    return {"notes": [say(note) for note in notes if note]}


def _summary(result: dict[str, Any], say: Callable[[str], str]) -> dict[str, Any]:
    """Return ``notes`` on a class: how many, who failed, and what to look at."""
    failed = [
        f"{student}: {say(row['reason'])}"
        for student, row in result["students"].items()
        if row["status"] == "failed"
    ]
    look = [
        f"{shown(student)}: {', '.join(say(one) for one in (row['reason'], *row['flags']) if one)}"
        for student, row in result["students"].items()
        if row["status"] != "failed" and (row["reason"] or row["flags"])
    ]
    counts = say(N_("{new} graded now, {unchanged} as before, {failed} failed.")).format(
        new=result["new"], unchanged=result["unchanged"], failed=len(failed)
    )
    notes = [counts, *failed, *look, *(say(note) for note in result["notes"])]
    return {"notes": notes, "failed": len(failed)}


def _tell(done: int, total: int, failed: int) -> None:
    print(json.dumps({"done": done, "total": total, "failed": failed}), flush=True)


def _until_closed() -> None:
    """Wait for the end of standard input, then interrupt the main thread as Ctrl-C does."""
    while os.read(0, 1024):  # not `sys.stdin`, which a thread may not hold at the end
        pass
    if hasattr(signal, "pthread_kill"):  # which wakes it also while it waits for a lock
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        _thread.interrupt_main()


if __name__ == "__main__":
    what, root, *rest = sys.argv[1:]
    print(json.dumps(_do(what, Path(root), *rest)), flush=True)
