"""Stock nbgrader on a lesson with three students, for tests that compare ourselves with it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import warm

from course import paths
from course.author import verify
from course.grader import adapter, notebook, settings

FIXTURE = Path(__file__).parent / "fixtures" / "course"
ROOTS = {"01_tiny": FIXTURE} | dict.fromkeys(
    (name for name in settings.lessons(paths.ROOT) if (paths.SOURCE / name).exists()), paths.ROOT
)
STUDENTS = ("mixture", "release", "solution")


# nbgrader's command line, several times: most of a call's time goes into importing it, and half of
# that into grammars that no notebook needs (see course/grader/adapter.py). For a new gradebook it
# asks a program for the version of its tables, which takes four seconds: we say what that program
# says, which grader/test_adapter.py holds.
COMMANDS = """
import json, sys
sys.modules["rfc3987_syntax"] = None
from nbgrader import api
from nbgrader.apps import NbGraderApp
api.get_alembic_version = lambda: sys.argv[2]
for words in json.loads(sys.argv[1]):
    NbGraderApp.clear_instance()
    NbGraderApp.launch_instance(words)
"""


def nbgrader(root: Path, *arguments: str) -> None:
    nbgrader_commands(root, list(arguments))


def nbgrader_commands(root: Path, *commands: list[str]) -> None:
    """Run nbgrader's commands in a course's folder, in one process, as its command line does.

    What our configuration puts in nbgrader's place is nbgrader's again.
    """
    ran = configured(root, *([*words, *adapter.stock(words[0])] for words in commands))
    assert ran.returncode == 0, ran.stderr


def configured(root: Path, *commands: list[str], **variables: str) -> subprocess.CompletedProcess:
    """Run nbgrader's commands as `nbgrader_commands` does, but with our configuration as it is."""
    environment = {key: value for key, value in os.environ.items() if key != "COURSE_ROOT"}
    return subprocess.run(
        [sys.executable, "-c", COMMANDS, json.dumps(commands), *adapter.newest_version()],
        cwd=root,
        env=environment | {"OMP_NUM_THREADS": "1"} | warm.environment() | variables,
        capture_output=True,
        text=True,
    )


def answers(lesson: str, origin: Path, student: str) -> dict[str, str]:
    """Return what `student` writes into each solution cell that isn't left as it was."""
    cells = notebook.cells(notebook.read(notebook.path_of(lesson, origin / "source")))
    solutions = {cell.name: cell.source for cell in cells if cell.kind == "solution"}
    if student == "solution":
        return solutions
    given = {}
    for number, name in enumerate(solutions if student == "mixture" else ()):
        mutants = verify.variants(origin / "tests/mutants" / lesson / f"{name}.py")
        alternates = verify.variants(origin / "tests/alternates" / lesson / f"{name}.py")
        hidden = [mutant for mutant in mutants if mutant.falls == "hidden"]
        code = (
            *(hidden[0].code if hidden else None, mutants[-1].code if mutants else None),
            *(None, alternates[0].code if alternates else None, solutions[name]),
        )[number % 5]
        if code is not None:
            given[name] = code
    return given
