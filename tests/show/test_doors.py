"""One door a lesson: all that a notebook has of the course, and nothing that it doesn't use.

Learners' copies of the notebooks live long, so what they import is for good. The doors say what
that is; here it is held, in ``source/`` and ``release/``.
"""

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from course import paths
from course.grader import notebook

FOLDERS = [place for place in (paths.SOURCE, paths.RELEASE) if place.exists()]
FILES = [file for place in FOLDERS for file in sorted(place.glob("0*/0*.ipynb"))]
NUMBERS = sorted({file.stem[:2] for file in FILES})
NAME = "show"  # the door's in a notebook


def name_of(file):
    return f"{file.parent.parent.name}-{file.stem[:2]}"


def trees(file):
    for cell in notebook.cells(notebook.read(file)):
        if cell.kind != "text":
            yield cell, ast.parse(cell.source)


def imported(file):
    """Return all that a notebook imports of the course: (module, name, as)."""
    found = []
    for _, tree in trees(file):
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found += [(alias.name, "", alias.asname) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                found += [(node.module, alias.name, alias.asname) for alias in node.names]
    return [each for each in found if each[0].split(".")[0] == "course"]


def used(file):
    """Return the names that a notebook takes through its door."""
    return {
        node.attr
        for _, tree in trees(file)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == NAME
    }


def door(number):
    return importlib.import_module(f"course.show.l{number}")


def test_there_are_ten_doors():
    assert [f"{number:02}" for number in range(10)] == NUMBERS
    for number in NUMBERS:
        assert len(door(number).__all__) == len(set(door(number).__all__))


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_notebook_knows_checks_paths_and_its_door(file):
    ours = ("course.show", f"l{file.stem[:2]}", NAME)
    for module, name, other in imported(file):
        known = module in ("course.checks", "course.paths") or (module, name) == ("course", "paths")
        assert known or (module, name, other) == ours
    assert ours in imported(file)


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_door_has_what_its_notebook_uses_and_no_more(file):
    offered = set(door(file.stem[:2]).__all__)
    hidden = {"expect_verdicts"} & offered  # hidden tests alone use it, and release/ has none
    assert used(file) | hidden == offered


@pytest.mark.parametrize("file", [f for f in FILES if f.stem[:2] != "00"], ids=name_of)
def test_a_cell_that_uses_the_door_brings_it(file):
    """A learner runs a demo again after a restart, without the cells before it."""
    for cell, tree in trees(file):
        nodes = list(ast.walk(tree))
        uses = any(isinstance(n, ast.Name) and n.id == NAME for n in nodes)
        imports = [n for n in nodes if isinstance(n, ast.ImportFrom)]
        assert uses == any(alias.asname == NAME for n in imports for alias in n.names), cell.source


@pytest.mark.parametrize("number", NUMBERS)
def test_what_comes_through_a_door_says_what_it_is(number):
    for name in door(number).__all__:
        thing = getattr(door(number), name)
        assert inspect.getdoc(thing), name
        call = thing.__init__ if inspect.isclass(thing) else thing
        for parameter in inspect.signature(call).parameters.values():
            typed = parameter.annotation is not inspect.Parameter.empty
            assert typed or parameter.name == "self", f"{name}: {parameter}"


@pytest.mark.parametrize("module", ["course.show", *(f"course.show.l{n}" for n in NUMBERS)])
def test_a_door_is_light(module):
    """It loads nothing that takes long, and not the labeler: notebooks are graded through it."""
    heavy = {"torch", "matplotlib", "transformers", "pandas", "scipy", "ipywidgets"}
    heavy.add("course.world.labeler")
    code = f"import sys, {module}; print({heavy!r} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"


def test_the_room_itself_loads_nothing():
    code = (
        "import sys, course.show; print([m for m in sys.modules if m.startswith('course.show.')])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_in_this_room_a_module_of_ours_has_one_name():
    """An alias is a sign of two modules with one name, or of one with a bad name."""
    others = []
    for file in sorted((Path(__file__).parents[2] / "course/show").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == "course":
                others += [f"{file.name}: {n.name}" for n in node.names if n.asname]
            assert not (isinstance(node, ast.Import) and "course" in ast.unparse(node))
    assert others == []
