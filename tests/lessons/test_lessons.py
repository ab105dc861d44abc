"""Every real lesson: its own tests hold, and ``release/`` is what ``source/`` gives.

Time and memory budgets are left to ``course verify``: no test is timed.
"""

import ast
import shutil

import pytest

from course import claims, paths
from course.author import build, headings, leak, verify
from course.grader import notebook, settings

LESSONS = [name for name in settings.lessons(paths.ROOT) if (paths.SOURCE / name).exists()]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not LESSONS, reason="source/ isn't shipped here"),
]


@pytest.fixture(scope="module")
def verified():
    # `course verify` draws more, and runs each variant in a copy of the process of its own.
    return verify.verify(draws=40, apart=False)


def test_there_are_lessons(verified):
    assert list(verified["lessons"]) == LESSONS


@pytest.mark.parametrize("lesson", LESSONS)
def test_verify_finds_no_problem(verified, lesson):
    said = [p for p in verified["problems"] if p.startswith(lesson) and "over budget" not in p]
    assert said == []
    row = verified["lessons"][lesson]
    cells = notebook.cells(notebook.read(notebook.path_of(lesson, paths.SOURCE)))
    maximum = 10 if lesson.startswith("00_") else 100
    if verify.in_the_making(cells):
        maximum = sum(cell.points for cell in cells)
    assert row["solution"] == [maximum, maximum]
    assert row["release"] == [0, maximum]
    assert row["mutants"][0] == row["mutants"][1] >= 8 * row["exercises"]
    assert row["alternates"][0] == row["alternates"][1] >= 3 * row["exercises"]
    names = {cell.name for cell in cells if cell.kind == "solution"}
    assert row["drawn"] == len(names - {claims.EXERCISE}), "an exercise draws no inputs"


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_exercise_has_its_heading(lesson):
    raw = notebook.read(notebook.path_of(lesson, paths.SOURCE))
    asked = [exercise.name for exercise in headings.exercises(raw["cells"])]
    assert asked == [cell.name for cell in notebook.cells(raw) if cell.kind == "solution"]


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory):
    """Build a copy of the sources, with nothing else around them."""
    root = tmp_path_factory.mktemp("rebuilt") / "course"
    shutil.copytree(paths.SOURCE, root / "source")
    shutil.copy(paths.ROOT / "nbgrader_config.py", root)
    shutil.copy(paths.ROOT / "README.md", root)
    assert build.build(root=root)["ok"]
    return root


@pytest.mark.parametrize("lesson", LESSONS)
@pytest.mark.parametrize("folder", ["source", "release"])
def test_course_build_would_change_nothing(rebuilt, folder, lesson):
    def files(root):
        place = root / folder / lesson
        found = (path for path in place.rglob("*") if path.is_file())
        return {
            path.relative_to(place).as_posix(): path.read_bytes()
            for path in found
            if ".ipynb_checkpoints" not in path.parts
        }

    ours, fresh = files(paths.ROOT), files(rebuilt)
    assert sorted(ours) == sorted(fresh), "run `course build`"
    changed = [name for name in fresh if ours[name] != fresh[name]]
    assert not changed, "run `course build`"


def test_course_build_would_change_nothing_in_readme(rebuilt):
    ours, fresh = ((root / "README.md").read_bytes() for root in (paths.ROOT, rebuilt))
    assert ours == fresh, "run `course build`"


def test_release_has_no_other_lessons():
    assert {path.name for path in paths.RELEASE.glob("*/")} == set(LESSONS)


def test_nothing_leaks():
    assert leak.find() == []


class Disguise(ast.NodeTransformer):
    """Rename what a function binds, drop its docstring and annotations, and call it otherwise."""

    def __init__(self, bound):
        self.names = {name: f"z{number}" for number, name in enumerate(sorted(bound))}

    def visit_Name(self, node):
        return ast.Name(self.names.get(node.id, node.id), node.ctx)

    def visit_arg(self, node):
        return ast.arg(self.names[node.arg])


def disguised(source: str, name: str) -> str:
    tree = ast.parse(source)
    function = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == name)
    bound = {n.arg for n in ast.walk(function) if isinstance(n, ast.arg)}
    bound |= {n.id for n in ast.walk(function) if isinstance(getattr(n, "ctx", None), ast.Store)
              and isinstance(n, ast.Name)}  # fmt: skip
    function = Disguise(bound).visit(function)
    function.name, function.returns = f"helper_{name}", None
    function.body = function.body[1:] if ast.get_docstring(function) else function.body
    return ast.unparse(ast.fix_missing_locations(function))


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_gate_knows_every_solution_and_hidden_check(lesson, tmp_path):
    root = tmp_path / "course"
    shutil.copytree(paths.SOURCE / lesson, root / "source" / lesson)
    cells = notebook.cells(notebook.read(notebook.path_of(lesson, paths.SOURCE)))
    solutions = [cell for cell in cells if cell.kind == "solution"]
    hidden = {cell.exercise for cell in cells if notebook.hidden_lines(cell.source)}
    (root / "course").mkdir()
    (root / "course" / "helpers.py").write_text(
        "\n\n".join(disguised(cell.source, cell.name) for cell in solutions), encoding="utf-8"
    )
    (root / "data").mkdir()
    for cell in cells:
        lines = sorted(notebook.hidden_lines(cell.source))
        text = "\n".join(cell.source.split("\n")[number - 1] for number in lines[1:-1])
        if text:
            (root / "data" / f"{cell.name}.md").write_text(text, encoding="utf-8")
    found = "\n".join(leak.find(root))
    # a single short line that everybody would write is nobody's secret
    bodies = {c.name: disguised(c.source, c.name).split("\n")[1:] for c in solutions}
    small = {name for name, body in bodies.items() if len(body) == 1 and len(body[0]) <= 44}
    missed = [c.name for c in solutions if f"the solution of {c.name} (" not in found]
    assert set(missed) <= small
    assert [name for name in hidden if f"a hidden check of {name} (" not in found] == []
