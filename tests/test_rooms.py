"""Rooms: who may import whom, and that nothing goes round it.

An arrow is any import, at the top of a file or within a function, and any other way to a module of
ours that the text shows: its name in a string that is handed to ``import_module``, ``-m``,
``find_spec`` or a subprocess. What importing a light room really loads is looked at in a process.
"""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

GROUND = {"paths", "shield", "errors", "records", "checks", "claims", "stats", "seeds", "language"}
ENGINE = GROUND | {"world", "lm"}
# Room → what it may import, itself aside. Modules that lie in no room are rooms of their own.
MAY = {
    **{module: GROUND for module in GROUND},
    "world": GROUND,
    "lm": GROUND | {"world"},
    "stages": ENGINE | {"grader"},  # which reads notebooks
    "real": ENGINE,
    "studies": ENGINE | {"stages", "real"},
    "show": ENGINE | {"stages", "real", "studies"},
    "grader": set(),
    "hooks": GROUND | {"grader", "translate"},
    "translate": GROUND,
    "learner": GROUND | {"grader", "hooks", "translate"},
    "author": GROUND | {"grader", "hooks", "site", "translate"},
    "site": GROUND | {"grader", "hooks", "learner", "translate", "world"},
    "bench": ENGINE | {"stages", "grader", "hooks", "author", "cli"},
}
MODULES = GROUND | {"hooks"}  # rooms that are one file
ON_TOP = {"cli", "__main__"}  # may import everything, and only benchmarks import them
# What is still to be mended; a line that no longer holds must go.
OWED: set[str] = set()
DOTTED = re.compile(r"\bcourse((?:\.\w+)+)")


def rooms():
    return {path.parent.name for path in (ROOT / "course").glob("*/__init__.py")}


def room_of(path):
    parts = path.relative_to(ROOT / "course").with_suffix("").parts
    return parts[0]


def prose(tree):
    """Return the strings that are docstrings, or stand alone."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def reached(path):
    """Yield each module that a file imports or names in a string, by its full name."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    apart = prose(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = ".".join(path.relative_to(ROOT).parts[: -node.level]) if node.level else ""
            base = ".".join(part for part in (package, node.module) if part)
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            named = [] if id(node) in apart or "`" in node.value else DOTTED.findall(node.value)
            yield from (f"course{name}" for name in named)


def wrong(path):
    room = room_of(path)
    if room in ON_TOP or room == "__init__":
        return
    for name in reached(path):
        target = name.split(".")
        known = set(MAY) | ON_TOP
        forbidden = known - MAY[room] - {room}
        if target[0] == "course" and forbidden & set(target[1:2]):
            yield f"{path.relative_to(ROOT).as_posix()} → {target[1]}"


def test_every_room_has_its_arrows():
    assert rooms() == set(MAY) - MODULES


def test_imports_point_down():
    files = sorted((ROOT / "course").rglob("*.py"))
    assert len(files) > 100
    assert {each for file in files for each in wrong(file)} == OWED


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("world", "from course.lm import model"),
        ("world", "import course.show"),
        ("lm", "def f():\n    from course import stages"),
        ("lm", "from ..show import plots"),
        ("stages", "import importlib\nimportlib.import_module('course.studies.l08_league')"),
        ("stages", "f'course.show.{1}'"),
        ("grader", "from course.errors import CourseError"),
        ("grader", "COMMAND = ['-m', 'course.learner.desk']"),
        ("learner", "from course import lm"),
        ("show", "from course.cli import app"),
    ],
)
def test_a_wrong_arrow_would_be_seen(tmp_path, monkeypatch, room, line):
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    file = tmp_path / "course" / room / "new.py"
    file.parent.mkdir(parents=True)
    file.write_text(f'"""Knows `course.show` and course.cli."""\nX = 1\n{line}\n', encoding="utf-8")
    assert len(set(wrong(file))) == 1


@pytest.mark.parametrize(
    "module",
    ["course", "course.world", "course.learner", "course.author", "course.grader", "course.cli"],
)
def test_importing_the_light_rooms_loads_no_torch(module):
    code = (
        f"import sys, {module}; print({{'torch', 'transformers', 'nbgrader'}} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (run.stdout, run.stderr) == ("set()\n", "")
