"""Lessons executed as people meet them, and the tests that every lesson gets.

How to write the tests of a lesson: say what is special about it, and take the rest from here.

    SPEC = Lesson("04_gpt_family", demos={"demo-cutoffs": {"image/png"}, ...}, absent="torch")

    class TestEveryLesson(EveryLesson):
        pass

    def test_demos_say_what_is_missing(learned):
        assert "isn't on this computer yet" in text(learned["none"]["demo-one-input"])

The fixtures ``graded`` and ``learned`` (in lessons/conftest.py) execute the notebook once for each
way: as nbgrader does; as a learner with all ``answers`` does; and as one with ``none``. A learner
has a student pack, without ``source/`` and without the real models, and live demos are cut short.
A learner's two notebooks share a kernel (`kernel.Kernel`). A cell of ours at the end, the *probe*,
tells whether a module was imported.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest
import warm
from kernel import Kernel

from course import paths
from course.grader import notebook

WHO = ("answers", "none")


@dataclass(frozen=True)
class Lesson:
    """What the tests of a lesson must know of it.

    Attributes
    ----------
    name : str
    demos : dict
        The id of a cell that shows something → the kinds of output that it shows at least.
    unanswered : dict
        The same for demos that show something else to a learner without answers.
    loud : set of str
        The cells that show something even while the notebook is graded.
    absent : str
        The module that grading must not import; "" if it may import all.
    seconds : int
        How long live demos may train.
    prepare : callable, optional
        Changes a learner's notebook before it runs.
    """

    name: str
    demos: dict[str, set[str]]
    unanswered: dict[str, set[str]] = field(default_factory=dict)
    loud: frozenset[str] = frozenset({"lineage-picture"})
    absent: str = ""
    seconds: int = 2
    prepare: Callable[[Any], None] = field(default=lambda nb: None)

    @property
    def folder(self) -> Path:
        """Where its source lies."""
        return paths.SOURCE / self.name


# Loops on the page whose end no test looks at: cell → what makes them shorter.
SHORTER = {
    "demo-reward-loop": ("range(400)", "range(40)"),
    "demo-dpo-loop": ("requests=120", "requests=30"),
}


def load(lesson: str, answers: bool = True) -> Any:
    """Return a lesson's notebook; without `answers` as it is released."""
    nb = nbformat.read(notebook.path_of(lesson, paths.SOURCE), as_version=4)
    for cell in nb.cells:
        if not answers and cell.cell_type == "code":
            cell.source = notebook.visible(notebook.stub(cell.source))
    return nb


# Put before a lesson's cells: a function that has given its answer destroys all its arguments.
SPOILS = """
def _spoils(function):
    import copy, functools

    def spoil(x):
        if isinstance(x, tuple | list):
            for one in x:
                spoil(one)
        elif isinstance(x, dict):
            for one in x.values():
                spoil(one)
        kind = type(x).__name__
        if isinstance(x, list | dict | set):
            x.clear()
        elif kind == "ndarray" and x.flags.writeable:
            x[...] = x.dtype.type()
        elif kind == "Tensor" and not x.requires_grad:
            x.zero_()
        elif kind == "DataFrame":
            for column in list(x):
                del x[column]

    @functools.wraps(function)
    def call(*args, **kwargs):
        answer = function(*args, **kwargs)
        if getattr(answer, "requires_grad", False):
            return answer  # the way back goes through its arguments
        answer = copy.deepcopy(answer)
        spoil(args)
        spoil(kwargs)
        return answer

    return call
"""


def spoiling(nb: Any) -> Any:
    """Let every answer of a notebook spoil its arguments: that costs nothing, says lesson 00."""
    for cell, parsed in zip(nb.cells, notebook.cells(nb), strict=True):
        if parsed.kind == "solution":
            cell.source += f"\n\n\n{parsed.name} = _spoils({parsed.name})"
    nb.cells.insert(0, nbformat.v4.new_code_cell(SPOILS, id="spoils"))
    return nb


def student_pack(root: Path, lesson: str, answers: bool) -> Path:
    """Make a course folder without ``source/``, as a student has it; return the notebook's."""
    (root / "data").symlink_to(paths.DATA, target_is_directory=True)
    for place, full in (("release", False), ("work", answers)):
        (root / place / lesson).mkdir(parents=True)
        nbformat.write(load(lesson, full), root / place / lesson / f"{lesson}.ipynb")
    return root / "work" / lesson


def execute(
    nb: Any,
    folder: Path,
    *,
    probe: str = "",
    kernel: Kernel | None = None,
    **environment: str,
) -> dict[str, Any]:
    """Return the cells of the executed notebook, id → cell; it goes on after one that fails.

    Parameters
    ----------
    nb : notebook
        Executed in place.
    folder : Path
        Where it runs.
    probe : str, optional
        A last cell, "probe", prints whether this module was imported.
    kernel : Kernel, optional
        Where it runs; a new one if left out.
    environment : str
        See `Kernel.execute`.
    """
    if probe:
        code = f"import sys\nprint({probe!r} in sys.modules)"
        nb.cells.append(nbformat.v4.new_code_cell(code, id="probe"))
    one = kernel or Kernel(cold=probe in warm.MODULES)
    try:
        one.execute(nb, folder, **environment)
    finally:
        if kernel is None:
            one.close()
    return {cell.id: cell for cell in nb.cells}


def failed(cells: dict[str, Any]) -> set[str]:
    """Return the ids of the cells that ended with an error."""
    return {
        cell.id
        for cell in cells.values()
        if any(o.output_type == "error" for o in cell.get("outputs", []))
    }


def text(cell: Any) -> str:
    """Return all that a cell shows, as plain text."""
    shown = [o.get("text", "") or o.get("data", {}).get("text/plain", "") for o in cell.outputs]
    return "\n".join(shown)


class Learned:
    """A lesson executed by a learner, once with all "answers" and once with "none", when asked."""

    def __init__(self, spec: Lesson, root: Path) -> None:
        self.spec, self.root = spec, root
        self.executed: dict[str, dict[str, Any]] = {}
        self.kernel = Kernel()

    def place(self, who: str) -> Path:
        """Return the folder of the notebook."""
        return self.root / who / "work" / self.spec.name

    def __getitem__(self, who: str) -> dict[str, Any]:
        if who not in self.executed:
            root = self.root / who
            root.mkdir()
            folder = student_pack(root, self.spec.name, who == "answers")
            nb = load(self.spec.name, who == "answers")
            for cell in nb.cells:
                if cell.id in SHORTER:
                    assert SHORTER[cell.id][0] in cell.source
                    cell.source = cell.source.replace(*SHORTER[cell.id])
            self.spec.prepare(nb)
            environment = {
                "COURSE_CACHE": str(root / "cache"),
                "COURSE_ROOT": str(root),
                "COURSE_DEMO_SECONDS": str(self.spec.seconds),
            }
            self.executed[who] = execute(nb, folder, kernel=self.kernel, **environment)
        return self.executed[who]


class EveryLesson:
    """The tests of every lesson."""

    def test_grading_shows_no_demo_and_loads_little(self, spec, graded):
        assert failed(graded) == set()
        noisy = {i for i, c in graded.items() if c.cell_type == "code" and c.outputs} - {"probe"}
        assert noisy == spec.loud
        if spec.absent:
            assert text(graded["probe"]).strip() == "False", spec.absent

    def test_every_demo_shows_something_and_no_warning(self, spec, learned, who, demo):
        cell = learned[who][demo]
        assert cell.outputs
        assert "stderr" not in {o.get("name") for o in cell.outputs}, text(cell)
        kinds = {kind for o in cell.outputs for kind in o.get("data", {})}
        wanted = spec.demos | (spec.unanswered if who == "none" else {})
        assert wanted[demo] <= kinds, text(cell)
        assert not re.search(r"\d\s%(?!\w)", text(cell)), "percent has no space before it"

    def test_only_checks_without_an_answer_fail(self, spec, learned, who):
        cells = notebook.cells(load(spec.name))
        checks = {c.name.replace("_", "-") for c in cells if c.kind == "grade"}
        assert failed(learned[who]) == (checks if who == "none" else set())
        for name in checks if who == "none" else ():
            assert learned[who][name].outputs[-1].ename == "NotImplementedError"

    def test_there_is_a_test_for_every_demo(self, spec):
        code = [c for c in load(spec.name).cells if c.cell_type == "code"]
        shown = {c.id for c in code if re.match("# [Dd]emo", c.source)}
        assert shown <= set(spec.demos) | spec.loud
        assert set(spec.demos) <= {c.id for c in code}

    def test_what_the_text_points_to_is_there(self, spec):
        words = "\n".join(c.source for c in load(spec.name).cells if c.cell_type == "markdown")
        targets = set(re.findall(r"\]\(([^)#:]+)\)", words))
        assert [target for target in targets if not (spec.folder / target).exists()] == []
        assert words.count("<details>") == words.count("</details>")

    def test_the_core_leaves_time_to_read(self, spec):
        words = "\n".join(c.source for c in load(spec.name).cells if c.cell_type == "markdown")
        heads = re.findall(r"### Exercise .* · (\d+) minutes · [●○]+(.*)", words)
        assert heads
        assert sum(int(minutes) for minutes, rest in heads if not rest) <= 100


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test with `who` or `demo` for each of them; lessons/conftest.py hands it to pytest."""
    if "who" in metafunc.fixturenames:
        metafunc.parametrize("who", WHO)
    if "demo" in metafunc.fixturenames:
        metafunc.parametrize("demo", metafunc.module.SPEC.demos)
