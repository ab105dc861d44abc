"""Is this copy of the course whole? Also the test that a student's pack brings."""

import importlib
import subprocess
import sys

import pytest

from course import paths
from course.grader import notebook
from course.real import catalogue

LESSONS = sorted(path.parent.name for path in paths.RELEASE.glob("[0-9][0-9]_*/*.ipynb"))


def test_there_are_lessons():
    assert LESSONS


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_has_exercises_and_checks_and_its_door_opens(lesson):
    cells = notebook.cells(notebook.read(notebook.path_of(lesson, paths.RELEASE)))
    exercises = {cell.name for cell in cells if cell.kind == "solution"}
    assert exercises == {cell.exercise for cell in cells if cell.kind == "grade"}
    importlib.import_module(f"course.show.l{lesson[:2]}")


def test_our_models_are_here():
    own = [one for one in catalogue.list_models() if one["present"]]
    assert own


def test_the_command_runs():
    command = [sys.executable, "-m", "course.cli", "--help"]
    run = subprocess.run(command, capture_output=True, text=True, cwd=paths.ROOT)
    assert run.returncode == 0, run.stderr
    assert "check" in run.stdout
