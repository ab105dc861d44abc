"""The formgrader's buttons without a frozen server, and *Autograde all*, which nbgrader lacks.

Stock nbgrader grades, writes feedback and validates within Jupyter's server: meanwhile the server
answers nobody, and all kernels stand still. This extension of the server takes the same addresses
before nbgrader does and lets a process of its own work: for a course that names our grader
(`buttons`) what `course grade` and `course feedback` do, and nbgrader's own validation. Who may ask
is decided as nbgrader decides it, by its own handlers' checks of login and token. An answer that
isn't understood is a failure, never a score.

`course classroom` enables it in the environment that runs it, and nothing else does. Where nbgrader
or a part of it isn't enabled, its addresses aren't taken. A course that doesn't name our grader
keeps nbgrader's own buttons. Left out on purpose: nbgrader's quick steps (release, collect).
"""

import asyncio
import contextlib
import copy
import functools
import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jupyter_server.utils import url_path_join
from tornado import web

from course.grader import buttons, settings
from course.grader.hooks import PLAIN
from course.grader.local import inherited, python

FORMGRADER = "nbgrader.server_extensions.formgrader"
VALIDATE = "nbgrader.server_extensions.validate_assignment"
RUNS = "course_grader_runs"  # in the server's settings: (course, assignment) → the last `Run`
KEYS = ("done", "total", "failed")  # of what a run says on its way
UNREADABLE = "{file} can't be read ({why}): put it right, then press the button again."


class Run:
    """A process that does something for a button, and how far it is.

    Parameters
    ----------
    command : list of str
        It prints JSON objects, one a line; the last one is its answer.
    """

    def __init__(self, command: list[str]) -> None:
        self.command = command
        self.progress: dict[str, Any] = {"done": 0, "total": 0, "failed": 0}
        self.answer: Future[dict[str, Any]] = Future()
        self.process: subprocess.Popen[bytes] | None = None
        self.stopping = False
        # A daemon: a server that ends doesn't wait for it, and its process notices.
        threading.Thread(target=self._follow, daemon=True).start()

    def stop(self) -> None:
        """Ask the process to end; what it has done stays."""
        self.stopping = True
        if self.process is not None and self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()

    def state(self) -> dict[str, Any]:
        """Return what a page shows: `KEYS`, ``running``, ``stopping``; at last ``said``, ``ok``."""
        state = self.progress | {"running": not self.answer.done(), "stopping": self.stopping}
        if self.answer.done():
            answer = self.answer.result()
            said = [answer["error"]] if "error" in answer else answer["notes"]
            state |= {"said": said, "ok": "error" not in answer and not answer.get("failed")}
        return state

    def _follow(self) -> None:
        try:
            answer = self._run()
        except Exception as error:
            answer = {"error": buttons.BROKEN.format(said=error)}
        self.answer.set_result(answer)

    def _run(self) -> dict[str, Any]:
        with tempfile.TemporaryFile() as errors:
            with subprocess.Popen(
                self.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=inherited(),
                start_new_session=os.name == "posix",  # Ctrl-C is for the server, which may ask
            ) as self.process:
                if self.stopping:  # already
                    self.stop()
                last = ""
                for line in self.process.stdout or ():
                    last = line.decode("utf-8", "replace")
                    with contextlib.suppress(ValueError, AttributeError):
                        self.progress |= {k: v for k, v in json.loads(last).items() if k in KEYS}
            code = self.process.returncode
            errors.seek(0)
            return buttons.understood(last, errors.read().decode("utf-8", "replace"), code)


def enabled(server: Any, name: str) -> bool:
    """Tell whether an extension of Jupyter's server is there and enabled."""
    package = server.extension_manager.extensions.get(name)
    return package is not None and package.enabled


def hooks_of(formgrader: Any, wanted: str) -> str:
    """Return where the hooks of the formgrader's course are; "" if it doesn't name our grader.

    Parameters
    ----------
    formgrader : FormgradeExtension
    wanted : str
        `buttons.GRADE` or `buttons.FEEDBACK`: what is to be done.

    Raises
    ------
    Exception
        Of any kind, if the course's configuration can't be read. nbgrader would go on without it.
    """
    config = copy.deepcopy(formgrader.config)
    config.merge(settings.config(Path(formgrader.coursedir.root)))
    if wanted == buttons.FEEDBACK:
        ours = config.GenerateFeedback.get("exporter_class") == f"{buttons.__name__}.Pages"
        return config.Pages.get("hooks", PLAIN.address) if ours else ""
    steps = config.Autograde.get("autograde_preprocessors", [])
    ours = f"{buttons.__name__}.Sandboxed" in steps
    return config.Sandboxed.get("hooks", PLAIN.address) if ours else ""


def _formgrader_handlers(server: Any) -> list[tuple[Any, ...]]:
    """Return our addresses among the formgrader's; nbgrader is loaded here and not before."""
    import jinja2
    from nbgrader.server_extensions.formgrader import apihandlers, handlers
    from nbgrader.server_extensions.formgrader.base import check_notebook_dir, check_xsrf

    pages = jinja2.Environment(
        loader=jinja2.FileSystemLoader([Path(__file__).parent, handlers.template_path])
    )

    def checked(method: Any) -> Any:
        """Let in whom nbgrader's own handlers let in."""
        return web.authenticated(check_xsrf(check_notebook_dir(method)))

    class Door(apihandlers.BaseApiHandler):
        """What our handlers share: they answer as nbgrader's, from a process of their own."""

        def hooks(self, wanted: str) -> tuple[str, str]:
            """Return the course's hooks, and one sentence if its configuration can't be read."""
            try:
                return hooks_of(self.settings["nbgrader_formgrader"], wanted), ""
            except Exception as error:
                return "", UNREADABLE.format(file=settings.FILE, why=str(error).split("\n")[0])

        async def ask(self, what: str, assignment: str, student: str) -> bool:
            """Do it and answer; False if the course doesn't name our grader."""
            hooks, problem = self.hooks(what)
            if not (hooks or problem):
                return False
            answer = {"error": problem}
            if hooks:
                words = (what, self.coursedir.root, assignment, student, hooks)
                answer = await asyncio.wrap_future(Run(buttons.command(*words)).answer)
            # In nbgrader's dialog an error stands below the word "Traceback", a log doesn't.
            said = answer["error"] if "error" in answer else "\n".join(answer["notes"])
            self.write(json.dumps({"success": "error" not in answer, "log": said, "error": ""}))
            return True

    class Autograde(Door, apihandlers.AutogradeHandler):
        """A student's *Autograde*."""

        @checked
        async def post(self, assignment_id: str, student_id: str) -> None:
            if not await self.ask(buttons.GRADE, assignment_id, student_id):
                super().post(assignment_id, student_id)

    class Feedback(Door, apihandlers.GenerateFeedbackHandler):
        """A student's *Generate Feedback*."""

        @checked
        async def post(self, assignment_id: str, student_id: str) -> None:
            if not await self.ask(buttons.FEEDBACK, assignment_id, student_id):
                super().post(assignment_id, student_id)

    class AllFeedback(Door, apihandlers.GenerateAllFeedbackHandler):
        """An assignment's *Generate Feedback*."""

        @checked
        async def post(self, assignment_id: str) -> None:
            if not await self.ask(buttons.FEEDBACK, assignment_id, ""):
                super().post(assignment_id)

    class AutogradeAll(Door):
        """Grade all that is new or has changed: POST begins, GET says how far, DELETE stops."""

        def run_of(self, assignment_id: str) -> Run | None:
            return self.settings[RUNS].get((self.coursedir.root, assignment_id))

        def tell(self, run: Run | None) -> None:
            self.write(json.dumps(run.state() if run else {"running": False}))

        @checked
        async def get(self, assignment_id: str) -> None:
            self.tell(self.run_of(assignment_id))

        @checked
        async def post(self, assignment_id: str) -> None:
            run = self.run_of(assignment_id)
            if run is None or run.answer.done():
                hooks, problem = self.hooks(buttons.ALL)
                if not hooks:
                    said = problem or f"{settings.FILE} doesn't name the course's grader."
                    self.write(json.dumps({"running": False, "said": [said], "ok": False}))
                    return
                run = Run(
                    buttons.command(buttons.ALL, self.coursedir.root, assignment_id, "", hooks)
                )
                self.settings[RUNS][self.coursedir.root, assignment_id] = run
            self.tell(run)

        @checked
        async def delete(self, assignment_id: str) -> None:
            run = self.run_of(assignment_id)
            if run is not None:
                run.stop()
            self.tell(run)

    class Submissions(Door, handlers.ManageSubmissionsHandler):
        """The page of an assignment's submissions, with *Autograde all* above its table."""

        @checked
        async def get(self, assignment_id: str) -> None:
            if not any(self.hooks(buttons.ALL)):
                super().get(assignment_id)
                return
            names = {"assignment_id": assignment_id, "base_url": self.base_url}
            self.write(pages.get_template("submissions.tpl").render(names))

    server.web_app.settings[RUNS] = {}
    return [
        (r"/formgrader/api/submission/([^/]+)/([^/]+)/autograde", Autograde),
        (r"/formgrader/api/assignment/([^/]+)/([^/]+)/generate_feedback", Feedback),
        (r"/formgrader/api/assignment/([^/]+)/generate_feedback", AllFeedback),
        (r"/formgrader/api/assignment/([^/]+)/autograde", AutogradeAll),
        (r"/formgrader/manage_submissions/([^/]+)/?", Submissions),
    ]


def _validate_handlers() -> list[tuple[Any, ...]]:
    from nbgrader.server_extensions.validate_assignment import handlers

    class Validate(handlers.ValidateAssignmentHandler):
        """The *Validate* button: nbgrader's own validation, in a process of its own."""

        @web.authenticated
        async def post(self) -> None:
            path = self.get_argument("path", None) or self.get_json_body()["path"]
            run = Run(python("-m", __name__, str(self.root_dir), path))
            answer = await asyncio.wrap_future(run.answer)
            if "status" in answer:
                raise web.HTTPError(answer["status"], answer["notes"])
            broken = {"success": False, "value": answer.get("error", "")}
            self.finish(json.dumps(answer.get("notes", broken)))

    return [(r"/assignments/validate", Validate)]


def _validated(root: str, path: str) -> dict[str, Any]:
    """Return nbgrader's answer as ``notes``, with a ``status`` if it is refused."""
    from nbgrader.server_extensions.validate_assignment import handlers

    stock = handlers.ValidateAssignmentHandler
    # What the stock method asks of its handler.
    alone = SimpleNamespace(root_dir=root, log=logging.getLogger("validate"))
    alone.load_config = functools.partial(stock.load_config, alone)
    try:
        return {"notes": stock.validate_notebook(alone, path)}
    except web.HTTPError as error:
        return {"notes": error.log_message, "status": error.status_code}


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Take our addresses. Jupyter loads extensions by name: ours comes before nbgrader's."""
    ours: list[tuple[Any, ...]] = []
    if enabled(server, FORMGRADER):
        ours += _formgrader_handlers(server)
    if enabled(server, VALIDATE):
        ours += _validate_handlers()
    base = server.web_app.settings["base_url"]
    server.web_app.add_handlers(".*$", [(url_path_join(base, one[0]), *one[1:]) for one in ours])


if __name__ == "__main__":
    print(json.dumps(_validated(*sys.argv[1:])))
