"""The cycle on a tiny course of one lesson: format, release, leak gate, verify, check.

The lesson lies in fixtures/: two exercises, six mutants, two alternates. Each test breaks
a copy of it in one way, and expects exactly the complaint that belongs to it.
"""

import copy
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import stock

from course import records
from course.author import build, leak, verify
from course.errors import CourseError
from course.grader import local, notebook, settings
from course.grader.errors import GraderError
from course.grader.job import BOTH, CHECK, STUDENT, Job, Limits, Step
from course.hooks import HOOKS
from course.learner import check

pytestmark = pytest.mark.slow

FIXTURE = Path(__file__).parents[1] / "fixtures" / "course"
CONFIG = Path(__file__).parents[2] / "nbgrader_config.py"
LESSON = "01_tiny"


def make_course(root: Path) -> Path:
    shutil.copytree(FIXTURE, root)
    shutil.copy(CONFIG, root)
    return root


def set_timeout(root: Path, seconds: int) -> None:
    config = root / "nbgrader_config.py"
    text = config.read_text(encoding="utf-8")
    assert "Execute.timeout = 30" in text
    config.write_text(text.replace("timeout = 30", f"timeout = {seconds}"), encoding="utf-8")


def load(root: Path, lesson: str = LESSON, folder: str = "source") -> dict:
    return notebook.read(notebook.path_of(lesson, root / folder))


def save(root: Path, nb: dict, lesson: str = LESSON, folder: str = "source") -> Path:
    path = notebook.path_of(lesson, root / folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(nb, indent=1), encoding="utf-8")
    return path


def cell_of(nb: dict, name: str) -> dict:
    return next(c for c in nb["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == name)


def replace(nb: dict, name: str, old: str, new: str) -> None:
    cell = cell_of(nb, name)
    source = notebook.text_of(cell)
    assert old in source
    cell["source"] = source.replace(old, new)


def code_cell(source: str, **nbgrader) -> dict:
    meta = {"nbgrader": {"schema_version": 3} | nbgrader} if nbgrader else {}
    return {"cell_type": "code", "metadata": meta, "source": source, "outputs": []}


def text_cell(source: str, **metadata) -> dict:
    return {"cell_type": "markdown", "metadata": metadata, "source": source}


@pytest.fixture
def course(tmp_path):
    return make_course(tmp_path / "course")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build a course once; tests don't change it."""
    root = make_course(tmp_path_factory.mktemp("built") / "course")
    assert build.build(root=root)["ok"]
    return root


# --- reading -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "There is no notebook"),
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b'{"cells": [', "damaged"),
        ('{"cells": [], "by": "김민수"}'.encode("cp949"), "isn't text in UTF-8"),
        (b"[" * 100_000, "damaged"),
        (b"[]", "isn't a notebook"),
        (b'{"worksheets": []}', "isn't a notebook"),
        (b'{"cells": 3}', "isn't a notebook"),
    ],
)
def test_damaged_notebooks_are_refused_in_one_sentence(tmp_path, content, said):
    path = tmp_path / "x.ipynb"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(GraderError, match=said) as error:
        notebook.read(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_every_unicode_is_read(tmp_path, encoding):
    path = tmp_path / "x.ipynb"
    text = json.dumps({"cells": [text_cell("김민수 👍 \ud83d")]}, ensure_ascii=True)
    path.write_bytes(text.encode(encoding))
    (cell,) = notebook.cells(notebook.read(path))
    assert cell.source == "김민수 👍 ?", "and half a letter doesn't get further than this"


def test_odd_cells_become_ordinary_ones():
    odd = [None, 3, {}, {"cell_type": "code", "metadata": None, "source": None}]
    odd += [{"cell_type": "code", "metadata": {"nbgrader": 7}, "source": ["a", 3, "b"]}]
    odd += [code_cell("x", grade=True, grade_id=["no"], points="many")]
    assert [c.kind for c in notebook.cells({"cells": odd})] == ["text"] * 3 + ["code"] * 3
    grade = code_cell("x", grade=True, grade_id="a_1", points="many")
    assert notebook.cells({"cells": [grade]}) == [notebook.Cell("grade", "x", "a_1", 0.0)]


def test_kinds_of_cells_are_nbgraders():
    flags = {
        "grade": {"grade": True, "locked": True},
        "solution": {"solution": True},
        "locked": {"locked": True},
        "manual": {"grade": True, "solution": True},
    }
    cells = [code_cell("x", grade_id=kind, **more) for kind, more in flags.items()]
    cells.append(text_cell("x", nbgrader={"grade_id": "essay", "solution": True}))
    cells.append(text_cell("x", nbgrader={"grade_id": "task", "task": True, "points": 3}))
    found = notebook.cells({"cells": cells})
    assert [cell.kind for cell in found] == [*flags, "manual", "manual"]
    assert [cell.runs for cell in found] == [True] * 4 + [False] * 2
    assert [cell.points for cell in found] == [0] * 5 + [3]


def test_config_is_nbgraders(course):
    config = settings.config(course)
    assert config.CourseDirectory.root == str(course.resolve())
    assert config.ClearSolutions.code_stub == {"python": notebook.STUB}
    assert settings.cell_seconds(course) == config.Execute.timeout
    (course / "nbgrader_config.py").unlink()
    assert settings.cell_seconds(course) == 30


# --- the format --------------------------------------------------------------------------------


def test_format_is_stable_and_the_fixture_has_it(course):
    path = notebook.path_of(LESSON, course / "source")
    once = build.format_notebook(path.read_bytes(), path.name)
    assert build.format_notebook(once, path.name) == once


def test_format_strips_what_an_editor_leaves(course):
    clean = build.format_notebook(
        notebook.path_of(LESSON, course / "source").read_bytes(), "x.ipynb"
    )
    nb = json.loads(clean)
    nb["metadata"]["widgets"] = {"state": {}}
    nb["metadata"]["language_info"]["version"] = "3.11.7"
    nb["metadata"]["kernelspec"]["display_name"] = "my own"
    for cell in nb["cells"]:
        cell["metadata"] |= {"tags": ["x"], "collapsed": True, "editable": False}
        if cell["cell_type"] == "code":
            cell |= {"execution_count": 3, "outputs": [{"output_type": "stream"}]}
    cell_of(nb, "average")["metadata"]["nbgrader"]["checksum"] = "0" * 32
    nb["nbformat_minor"] = 4
    assert build.format_notebook(json.dumps(nb).encode(), "x.ipynb") == clean


def test_long_demos_are_folded_and_loops_on_the_page_are_not(course):
    nb = load(course)
    long = "\n".join(f"print({number})" for number in range(12))
    loop = f"# demo: my_loop\n{long}"
    sources = (long, f"# demo: long\n{long}", loop, "# demo: short\nprint()")
    nb["cells"] += [code_cell(source) | {"id": f"c{k}"} for k, source in enumerate(sources)]
    done = json.loads(build.format_notebook(json.dumps(nb).encode(), "x.ipynb"))["cells"][-4:]
    hidden = {"jupyter": {"source_hidden": True}}
    assert [cell["metadata"] for cell in done] == [{}, hidden, {}, {}]


def test_format_gives_stable_ids(course):
    nb = load(course)
    nb["cells"].insert(
        0, text_cell("Größe of a *model* <b>matters</b> so very much") | {"id": "0a1b2c3d"}
    )
    nb["cells"].insert(1, text_cell("Same words here"))
    nb["cells"].insert(2, text_cell("Same words here"))
    nb["cells"].insert(3, text_cell("") | {"id": "01234567-89ab-cdef-0123-456789abcdef"})
    nb["cells"].insert(4, text_cell("Renamed by hand") | {"id": "mine"})
    first = json.loads(build.format_notebook(json.dumps(nb).encode(), "x.ipynb"))
    ids = [cell["id"] for cell in first["cells"]]
    assert ids[:5] == [
        "groe-of-a-model-matters-so",
        "same-words-here",
        "same-words-here-2",
        "cell",
        "mine",
    ]
    assert "average" in ids
    assert "average-1" in ids
    assert len(set(ids)) == len(ids)
    # later edits and new cells don't touch the ids of the others
    first["cells"][0]["source"] = "Quite another text"
    first["cells"].insert(1, text_cell("Same words here"))
    again = json.loads(build.format_notebook(json.dumps(first).encode(), "x.ipynb"))
    assert [c["id"] for c in again["cells"]] == [ids[0], "same-words-here-3", *ids[1:]]


def test_format_writes_code_like_ruff_and_keeps_the_markers(course):
    nb = load(course)
    replace(
        nb, "average", "return sum(present) / len(present)", "return (sum(present)/len( present ))"
    )
    replace(nb, "average", "### BEGIN SOLUTION", "### BEGIN SOLUTION\n")
    nb["cells"].append(code_cell("x = {'a':1,\n 'b':2}\nx;\n\n"))
    nb["cells"].append(text_cell("한국어 – ünïcode\n\n"))
    result = build.format_notebook(json.dumps(nb).encode(), "x.ipynb")
    cells = notebook.cells(json.loads(result))
    assert cells[-2].source == 'x = {"a": 1, "b": 2}\nx;'
    assert "한국어 – ünïcode".encode() in result
    solution = next(c.source for c in cells if c.name == "average")
    assert "    ### BEGIN SOLUTION\n" in solution
    assert solution.endswith("    return sum(present) / len(present)\n    ### END SOLUTION")


# --- the release -------------------------------------------------------------------------------


def test_build_gives_what_stock_nbgrader_gives(course):
    (course / "source" / LESSON / "picture.svg").write_text("<svg/>", encoding="utf-8")
    row = build.build(root=course)["lessons"][0]
    assert row["lesson"] == LESSON
    assert (row["exercises"], row["points"], row["release"]) == (2, 100, "built")
    ours = course / "release" / LESSON
    files = {path.name: path.read_bytes() for path in ours.iterdir()}
    assert files["picture.svg"] == b"<svg/>"
    assert sorted(p.name for p in course.iterdir()) == [
        *("nbgrader_config.py", "release", "source", "tests")
    ], "a gradebook or a draft is left behind"
    shutil.rmtree(ours)
    stock.nbgrader(course, "generate_assignment", LESSON)
    assert {path.name: path.read_bytes() for path in ours.iterdir()} == files


def test_release_has_stubs_and_no_hidden_checks(built):
    cells = {c.name: c for c in notebook.cells(load(built, folder="release")) if c.name}
    for cell in notebook.cells(load(built)):
        if cell.kind == "solution":
            assert cells[cell.name].source == notebook.stub(cell.source)
            assert cells[cell.name].source.endswith('"""\n    raise NotImplementedError')
        if cell.kind == "grade":
            assert cells[cell.name].source == notebook.visible(cell.source)
    assert "HIDDEN" not in str(cells)


def test_second_build_changes_nothing(built):
    def stamps():
        return {p: p.stat().st_mtime_ns for p in built.rglob("*") if p.is_file()}

    before = stamps()
    row = build.build(root=built)["lessons"][0]
    assert (row["source"], row["release"]) == ("unchanged", "unchanged")
    assert stamps() == before


def test_build_removes_stale_files_and_reports_stale_lessons(course):
    build.build(root=course)
    (course / "release" / LESSON / "old.png").write_bytes(b"\x89PNG")
    (course / "release" / "00_gone").mkdir()
    result = build.build(root=course)
    assert not (course / "release" / LESSON / "old.png").exists()
    assert result["problems"] == ["release/00_gone has no lesson in source/: delete it."]


def test_nbgraders_refusal_is_quoted_and_release_stays(course):
    build.build(root=course)
    before = notebook.path_of(LESSON, course / "release").read_bytes()
    nb = load(course)
    nb["cells"].append(code_cell("### BEGIN SOLUTION\nx = 1\n### END SOLUTION"))
    save(course, nb)
    with pytest.raises(CourseError, match=r"nbgrader refuses 01_tiny: Solution region detected"):
        build.build(root=course)
    assert notebook.path_of(LESSON, course / "release").read_bytes() == before


def test_unknown_lessons_and_a_missing_source(course):
    with pytest.raises(GraderError, match="did you mean 01_tiny"):
        build.build(["01_tinny"], root=course)
    shutil.rmtree(course / "source")
    with pytest.raises(GraderError, match="no lessons in source/"):
        verify.verify(root=course)


# --- the leak gate -----------------------------------------------------------------------------

RENAMED = '''
"""A helper that nobody suspects."""
import numpy as xp

def to_parts(xs: list[float], verbose: bool = False) -> "xp.ndarray":
    """Make parts."""
    import os
    moved: xp.ndarray = xp.asarray(xs, dtype=float) - xp.max(xs)
    grown = xp.exp(moved)
    return grown / grown.sum()
'''
RENAMED_WHOLE = RENAMED.replace(", verbose: bool = False", "").replace("    import os\n", "")
OTHER_IMPORT = """
from numpy import asarray, exp, max as largest
def f(q):
    a = asarray(q, dtype=float) - largest(q)
    b = exp(a)
    return b / b.sum()
"""
INLINED = """
import numpy as np
class Model:
    def forward(self, x, y):
        print("start")
        for _ in range(3):
            a = np.asarray(x, dtype=float) - np.max(x)
            b = np.exp(a)
            c = b / b.sum()
        return c + y
"""
COMMENTED = """
#     present = [value for value in values
#                if value is not None]
#     if not present:
#         return 0.0
#     return sum(present) / len(present)
x = 1
"""
FENCED = """
# Notes

> ```python
> def anything(a):
>     b = [c for c in a if c is not None]
>     if not b:
>         return 0.0
>     return sum(b) / len(b)
> ```
"""
HIDDEN = 'assert average([4.0, None, 8.0]) == 6.0, "None counts as zero with you"'
LEAKS = {
    "renamed": ("course/helpers.py", RENAMED, "a part of the solution of shares"),
    "renamed whole": ("course/helpers.py", RENAMED_WHOLE, "line 5: holds the solution of shares"),
    "other import": ("course/lm/fast.py", OTHER_IMPORT, "the solution of shares"),
    "inlined": ("course/lm/model.py", INLINED, "a part of the solution of shares"),
    "lambda": (
        "course/x.py",
        "f = lambda w: sum([v for v in w if v is not None]) / len([v for v in w if v is not None])",
        None,
    ),
    "commented": ("course/x.py", COMMENTED, "text of the solution of average"),
    "fenced": ("data/README.md", FENCED, "the solution of average"),
    "json string": ("data/runs/x.json", json.dumps({"a": [{"code": RENAMED}]}), "shares"),
    "json lines": ("data/x.jsonl", json.dumps(1) + "\n" + json.dumps({"c": RENAMED}), "shares"),
    "json list": ("data/x.json", json.dumps(RENAMED.splitlines(keepends=True)), "shares"),
    "hidden": (
        "course/show/x.py",
        f"def test(average):\n    {HIDDEN}",
        "a hidden check of average",
    ),
    "hidden wrapped": (
        "data/notes.txt",
        HIDDEN.replace("[4.0, ", "[\n  4.0,\n  ").replace("==", "\n =="),
        None,
    ),
    "hidden in text": ("data/notes.md", f"Think of `{HIDDEN}", None),
    "marker": ("data/x.txt", "ab BEGIN SOLUTION cd", "the marker 'BEGIN SOLUTION'"),
    "marker in course": ("course/x.py", "x = 1\n    ### END HIDDEN TESTS\n", "the marker"),
}
# Those that say None hold a part of a secret that is too short, or another one: what they must and
# mustn't give is tested one by one below.


@pytest.mark.parametrize("name", [name for name, leaked in LEAKS.items() if leaked[2]])
def test_gate_finds(course, name):
    place, content, said = LEAKS[name]
    path = course / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    found = leak.find(course)
    assert found
    assert all(sentence.startswith(place) for sentence in found)
    assert any(said in sentence for sentence in found), found


def test_gate_finds_a_hidden_check_in_any_writing(course):
    line = next(
        line.strip()
        for cell in notebook.cells(load(course))
        for line in cell.source.split("\n")
        if "4.0, None" in line
    )
    (course / "data").mkdir()
    for text in (
        line,
        f"> Think of `{line}` now.",
        line.replace("(", "(\n    ").replace(", ", ",\n    "),
        f"# {line}",
    ):
        (course / "data" / "notes.md").write_text(text, encoding="utf-8")
        assert leak.find(course) == [
            "data/notes.md: holds text of a hidden check of average (01_tiny)."
        ]


@pytest.mark.parametrize(
    "cell",
    [
        code_cell("def other(v):\n    w = [u for u in v if u is not None]\n    if not w:\n"
                  "        return 0.0\n    return sum(w) / len(w)"),
        text_cell('A hint: `assert average([4.0, None, 8.0]) == 6.0, "None counts as zero with '
                  'you: leave it out of the count."`'),
        text_cell("```python\ns = np.asarray(z, dtype=float) - np.max(z)\np = np.exp(s)\n"
                  "p / p.sum()\n```"),
        text_cell("### BEGIN SOLUTION"),
        text_cell("fine", hint=["### END SOLUTION"]),
    ],
    ids=["function", "hidden check in text", "fence", "marker", "metadata"],
)  # fmt: skip
def test_build_refuses_a_leak_and_keeps_the_old_release(course, cell):
    build.build(root=course)
    before = notebook.path_of(LESSON, course / "release").read_bytes()
    nb = load(course)
    nb["cells"].insert(0, cell)
    path = save(course, nb)
    if "hint" in cell["metadata"]:  # the format takes foreign metadata away: nothing leaks
        assert build.build(root=course)["ok"]
        return
    if "### BEGIN SOLUTION" in cell["source"]:  # nbgrader stops that one itself
        with pytest.raises(CourseError, match="nbgrader refuses"):
            build.build(root=course)
        return
    result = build.build(root=course)
    assert not result["ok"]
    assert result["lessons"][0]["release"] == "kept back"
    assert all(p.startswith(f"release/{LESSON}/{path.name}") for p in result["problems"])
    assert notebook.path_of(LESSON, course / "release").read_bytes() == before


def test_gate_passes_what_is_clean(built, tmp_path):
    assert leak.find(built) == []
    root = tmp_path / "clean"
    shutil.copytree(built, root)
    files = {
        "course/alternate.py": verify.variants(root / "tests/alternates" / LESSON / "shares.py")[
            0
        ].code,
        "course/public.py": 'got = average([1.0, 2.0, 6.0])\nassert got != 2.0, "You returned the '
        'median: the mean is the sum divided by the count."',
        "course/gate.py": 'BEGIN = "BEGIN SOLUTION"',
        "course/everyday.py": "def g(a):\n    return sum(a) / len(a)\n",
        "course/broken.py": "def (",
        "data/x.json": "{",
        "data/stub.md": "```python\ndef average(values):\n    raise NotImplementedError\n```",
        "data/empty.txt": "",
    }
    for place, content in files.items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_text(content, encoding="utf-8")
    (root / "data" / "weights.bin").write_bytes(b"\x00\xff\x80BEGIN SOLUTION")
    assert leak.find(root) == []


def test_shape_forgets_names_but_no_method():
    one = "def f(a: int) -> int:\n    '''Doc.'''\n    b = np.exp(a)\n    return b + len(b)"
    two = "def f(x):\n    y: float = np.exp(x)\n    return y + len(y)"
    assert leak.shape(one, "f") == leak.shape(two, "f")
    assert leak.shape(one, "f") != leak.shape(two.replace("len", "sum"), "f")
    assert leak.shape(one, "f") != leak.shape(two.replace("np.exp", "np.log"), "f")
    assert leak.shape(one, "g") is None
    # Only what has the outline of a secret is compared: equal forms have one.
    trees = (leak.parse(code).body for code in (one, two, two.replace("f(x)", "f(x, y)")))
    first, second, other = map(leak.outline, trees)
    assert first == second != other
    assert leak.shape("def f(:", "f") is None


# --- verify: structure -------------------------------------------------------------------------


def renamed(nb: dict, old: str, new: str) -> None:
    cell_of(nb, old)["metadata"]["nbgrader"]["grade_id"] = new


def swap(nb: dict, one: str, two: str) -> None:
    a, b = (nb["cells"].index(cell_of(nb, name)) for name in (one, two))
    nb["cells"][a], nb["cells"][b] = nb["cells"][b], nb["cells"][a]


STRUCTURE = {
    "fine": (lambda nb: None, []),
    "points": (
        lambda nb: cell_of(nb, "shares_1")["metadata"]["nbgrader"].update(points=60),
        ["the points sum to 110, not 100."],
    ),
    "in the making": (
        lambda nb: (
            cell_of(nb, "shares_1")["metadata"]["nbgrader"].update(points=1),
            nb["cells"].insert(0, text_cell("# Tiny (in the making)\n\nMore comes.")),
        ),
        [],
    ),
    "in the making, but not in the title": (
        lambda nb: (
            cell_of(nb, "shares_1")["metadata"]["nbgrader"].update(points=60),
            nb["cells"].insert(0, text_cell("# Tiny\n\nIt is (in the making).")),
        ),
        ["the points sum to 110, not 100."],
    ),
    "worthless": (
        lambda nb: (
            cell_of(nb, "average_2")["metadata"]["nbgrader"].update(points=0),
            cell_of(nb, "average_1")["metadata"]["nbgrader"].update(points=50),
        ),
        ["average · average_2 is worth nothing."],
    ),
    "double id": (
        lambda nb: renamed(nb, "average_2", "average_1"),
        ["2 cells have the grade_id average_1."],
    ),
    "manual": (
        lambda nb: nb["cells"].append(
            text_cell("x", nbgrader={"grade": True, "solution": True, "grade_id": "essay"})
        ),
        ["essay is manually graded, a task or locked: use checks that run."],
    ),
    "read-only": (
        lambda nb: nb["cells"].append(code_cell("x", locked=True, grade_id="given")),
        ["given is manually graded, a task or locked: use checks that run."],
    ),
    "orphan": (
        lambda nb: renamed(nb, "average_2", "other_1"),
        ["other_1 belongs to no exercise: name it <exercise>_1, _2, …"],
    ),
    "no number": (
        lambda nb: renamed(nb, "average_2", "averages"),
        ["averages belongs to no exercise: name it <exercise>_1, _2, …"],
    ),
    "before": (
        lambda nb: swap(nb, "shares", "shares_1"),
        ["shares · shares_1 comes before its solution."],
    ),
    "hidden only": (
        lambda nb: replace(nb, "average_2", "assert", "### BEGIN HIDDEN TESTS\nassert"),
        ["average · average_2 has nothing but hidden checks."],
    ),
    "magic": (
        lambda nb: replace(nb, "average_2", "assert", "%time\nassert"),
        ["average · average_2 isn't plain Python (no % or !): invalid syntax."],
    ),
    "no markers": (
        lambda nb: replace(nb, "average", "### END SOLUTION", ""),
        ["average · the solution needs ### BEGIN SOLUTION and ### END SOLUTION, in pairs."],
    ),
    "hidden head": (
        lambda nb: (
            replace(nb, "average", "    ### BEGIN SOLUTION\n", ""),
            replace(nb, "average", "def average", "### BEGIN SOLUTION\ndef average"),
        ),
        ["average · learners don't see its def line: put the function's head above the markers."],
    ),
    "other function": (
        lambda nb: replace(nb, "average", "def average(", "def mean("),
        [
            "average · learners don't see its def line: put the function's head above the markers.",
            "average · the solution doesn't define a function average.",
        ],
    ),
    "ungraded": (
        lambda nb: (
            nb["cells"].remove(cell_of(nb, "shares_1")),
            cell_of(nb, "average_1")["metadata"]["nbgrader"].update(points=90),
        ),
        ["shares · no check grades it."],
    ),
}


@pytest.mark.parametrize("name", STRUCTURE)
def test_structure(name):
    change, expected = STRUCTURE[name]
    nb = copy.deepcopy(load(FIXTURE))
    change(nb)
    assert list(verify.structure(LESSON, notebook.cells(nb))) == expected


def test_lesson_zero_has_ten_points():
    assert list(verify.structure("00_tiny", notebook.cells(load(FIXTURE)))) == [
        "the points sum to 100, not 10."
    ]


# --- verify: what runs -------------------------------------------------------------------------

AVERAGE, SHARES = "tests/mutants/{}/average.py", "tests/mutants/{}/shares.py"
GOOD, RIGHT = "tests/alternates/{}/average.py", "tests/alternates/{}/shares.py"
CRASH = "\n\n# %% crash | says: {} | falls: visible\n# Adds a word.\ndef average(values):\n    {}\n"


def add(path: str, text: str):
    """Return a defect: `text` at the end of a file of variants."""

    def change(root: Path, lesson: str, nb: dict) -> None:
        file = root / path.format(lesson)
        file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")

    return change


def sub(path: str, old: str, new: str):
    """Return a defect: other text in a file of variants."""

    def change(root: Path, lesson: str, nb: dict) -> None:
        file = root / path.format(lesson)
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")

    return change


def cell(name: str, old: str, new: str):
    """Return a defect: other text in a cell of the source notebook."""
    return lambda root, lesson, nb: replace(nb, name, old, new)


def free_points(root: Path, lesson: str, nb: dict) -> None:
    cell_of(nb, "shares_1")["metadata"]["nbgrader"]["points"] = 45
    nb["cells"].append(
        code_cell("assert shares", grade=True, solution=False, grade_id="shares_2", points=5)
    )


def no_release(root: Path, lesson: str, nb: dict) -> None:
    nb["skip"] = True


def old_release(root: Path, lesson: str, nb: dict) -> None:
    nb["old"] = True


def lonely(root: Path, lesson: str, nb: dict) -> None:
    (root / f"tests/mutants/{lesson}/median.py").write_text("", encoding="utf-8")


def two_mutants(root: Path, lesson: str, nb: dict) -> None:
    file = root / AVERAGE.format(lesson)
    text = file.read_text(encoding="utf-8")
    file.write_text(text[: text.index("# %% forgets_to_divide")], encoding="utf-8")


def draws(values: str, *others):
    """Return a defect: the checks of `average` draw arguments like `values`; and others."""
    body = f"def average_inputs(rng):\n    return {values}\n"
    top = f"### BEGIN HIDDEN TESTS\n{body}### END HIDDEN TESTS\n"

    def change(root: Path, lesson: str, nb: dict) -> None:
        replace(nb, "average_1", "assert isinstance", f"{top}assert isinstance")
        for other in others:
            other(root, lesson, nb)

    return change


LOOP = "    for value"
SAME = "median | falls: visible | inputs: same"
MIXED = "([*rng.normal(size=3).tolist(), None, *rng.choice([0.0, 9.0], size=2).tolist()],)"


def unlink(path: str):
    return lambda root, lesson, nb: (root / path.format(lesson)).unlink()


DEFECTS = {
    "fine": (lambda root, lesson, nb: None, []),
    "solution_wrong": (
        cell("average", "len(present)", "(1 + len(present))"),
        [
            r"average · the solution fails in average_1: AssertionError: You returned the median.*"
            r"|average · the solution fails in average_1: AssertionError: The mean of 1, 2 and 6.*"
        ],
    ),
    "noisy": (
        cell("average", "    ### BEGIN SOLUTION\n", "    ### BEGIN SOLUTION\n    import sys\n\n"
             "    print('oh', file=sys.stderr)\n"),
        [
            r"average · average_1 isn't silent on stderr: oh",
            r"average · average_2 isn't silent on stderr: oh",
        ],
    ),
    "value": (
        cell("average_2", "assert", "average([])\nassert"),
        [],
    ),
    "last_value": (
        cell("average_2", "assert average([]) ==", "average([]) ;average([]) + 0.0 *"),
        [r"average · average_2 ends with a value, .*"],
    ),
    "free_points": (free_points, [r"shares · the release as it is passes shares_2\."]),
    "no_release": (no_release, [r"release/\S+ is missing: run `python3 start.py build`\."]),
    "old_release": (
        old_release,
        [r"release/\S+ isn't what source/ gives: run `python3 start.py build`\."],
    ),
    "ends_python": (
        cell("shares", "    ### BEGIN SOLUTION\n", "    ### BEGIN SOLUTION\n    import os\n\n"
             "    os._exit(0)\n"),
        [
            r"average · \S+ · this variant also costs shares_1: DeadKernelError: .*",
            r"the solution notebook ends Python \(DeadKernelError\)\.",
        ],
    ),
    "crash": (
        add(AVERAGE, CRASH.format("concatenate", "return 'a' + 1")),
        [r"average · crash · this mutant falls by its own exception, not by an assertion: Type.*"],
    ),
    "endless": (
        add(AVERAGE, CRASH.format("too long", "while values: __import__('time').sleep(1)")),
        [r"average · crash · this mutant falls by its own exception, .*CellTimeoutError: .*"],
    ),
    "not_running": (
        add(AVERAGE, "\n\n# %% broken | says: The mean | falls: visible\n# Sum.\n"
            "def average(values):\n    return float(sum(v for v in values if v))\n\n1 / 0"),
        [r"average · broken · this mutant doesn't run: ZeroDivisionError: .*"],
    ),
    "survives": (
        sub(AVERAGE, "return float(sum(value for value in values if value is not None))",
            "a = [v for v in values if v is not None]\n    return sum(a) / max(1, len(a))"),
        [r"average · forgets_to_divide · this mutant survives: no check fails\."],
    ),
    "costs_another": (
        sub(AVERAGE, "return float(sum(", "math.log = lambda x: x\n    return float(sum("),
        [r"average · forgets_to_divide · this variant also costs shares_1: AssertionError: .*"],
    ),
    "says_other": (
        sub(AVERAGE, "says: You returned the median", "says: You returned the mode"),
        [r"average · median · no message says 'You returned the mode', but: AssertionError: .*"],
    ),
    "falls_hidden": (
        sub(AVERAGE, "count | falls: hidden", "count | falls: visible"),
        [
            r"average · no mutant falls to hidden checks only\.",
            r"average · none_is_zero · this mutant falls to the hidden checks only, "
            r"its header says visible\.",
        ],
    ),
    "falls_visible": (
        sub(SHARES, "their sum | falls: visible", "their sum | falls: hidden"),
        [r"shares · unnormalised · this mutant falls to a visible check, its header says hidden\."],
    ),
    "falls_nowhere": (
        sub(SHARES, "their sum | falls: visible", "their sum"),
        [r"shares · unnormalised · its header must end with \| falls: visible or .*"],
    ),
    "few_mutants": (
        two_mutants,
        [r"average · 2 mutants, but at least 3 are needed\."],
    ),
    "few_says": (
        sub(AVERAGE, "says: You returned the median | ", ""),
        [r"average · fewer than two of three mutants have a `says`\."],
    ),
    "no_comment": (
        sub(AVERAGE, "# Returns the sum.\n", ""),
        [r"average · forgets_to_divide · the line after its header must be a comment .*"],
    ),
    "same_name": (
        sub(AVERAGE, "# %% none_is_zero", "# %% median"),
        [r"average · median · 2 mutants have this name\."],
    ),
    "lonely": (
        lonely,
        [r"median · tests/mutants has a file for it, but the lesson has no such exercise\."],
    ),
    "no_mutants": (
        unlink(SHARES),
        [r"shares · 0 mutants, but at least 3 are needed\."],
    ),
    "no_alternates": (
        unlink(RIGHT),
        [r"shares · 0 alternates, but at least 1 are needed\."],
    ),
    "alternate_wrong": (
        sub(GOOD, "count + 1", "count + 2"),
        [r"average · running · this alternate loses average_1: AssertionError: .*"],
    ),
    "alternate_broken": (
        add(GOOD, "\n1 / 0\n"),
        [r"average · running · this alternate doesn't run: ZeroDivisionError: .*"],
    ),
    "alternate_same": (
        add(RIGHT, "\n\n# %% same\n# The same.\ndef shares(x):\n    m = np.asarray(x, dtype=float)"
            " - np.max(x)\n    e = np.exp(m)\n    return e / e.sum()\n"),
        [r"shares · same · this alternate is the solution with other names\."],
    ),
    "drawn": (draws(MIXED), []),
    "drawn_alternate": (
        draws(
            MIXED,
            sub(GOOD, "    for value", "    values = [v and abs(v) for v in values]\n" + LOOP),
        ),
        [r"average · running · on drawn inputs this alternate differs from .*: seed 1\d\d\d"],
    ),
    "drawn_mutant": (
        draws("([2.0, 2.0, None],)"),
        [r"average · median · on drawn inputs this mutant never differs from the solution\."],
    ),
    "drawn_same": (
        draws("([2.0, 2.0, None],)", sub(AVERAGE, "median | falls: visible", SAME)),
        [],
    ),
    "drawn_unfit": (
        draws("(['a', 'b'],)"),
        [r"average · its drawn inputs: .* the solution ends with TypeError \(seed 1000\)\."],
    ),
    "drawn_no_tuple": (
        draws("[2.0]"),
        [r"average · its drawn inputs: SystemError: average_inputs returns a tuple of arguments"],
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def defects(tmp_path_factory):
    """All broken lessons, each in one way, verified in one go."""
    root = make_course(tmp_path_factory.mktemp("defects") / "course")
    for number, (change, _) in enumerate(DEFECTS.values(), start=2):
        lesson = f"{number:02d}_lesson"
        for kind in ("mutants", "alternates"):
            shutil.copytree(FIXTURE / "tests" / kind / LESSON, root / "tests" / kind / lesson)
        nb = load(root)
        change(root, lesson, nb)
        released = copy.deepcopy(nb)
        for raw, parsed in zip(released["cells"], notebook.cells(nb), strict=True):
            cut = {"solution": notebook.stub, "grade": notebook.visible}.get(parsed.kind, str)
            raw["source"] = cut(parsed.source)
        if nb.pop("old", False):
            released["cells"][0]["source"] = "An older text."
        save(root, nb, lesson)
        if not nb.pop("skip", False):
            save(root, released, lesson, "release")
    shutil.rmtree(root / "source" / LESSON)
    lessons = settings.lessons(root)
    slow = lessons[list(DEFECTS).index("endless")]
    result = verify.verify([name for name in lessons if name != slow], root=root)
    set_timeout(root, 8)
    late = verify.verify([slow], root=root)
    result["lessons"] = {name: (result["lessons"] | late["lessons"])[name] for name in lessons}
    result["problems"] += late["problems"]
    few = [lessons[list(DEFECTS).index(name)] for name in ("fine", "survives", "alternate_wrong")]
    result["together"] = verify.verify(few, root=root, apart=False)
    return result


@pytest.mark.parametrize("name", DEFECTS)
def test_verify_reports(defects, name):
    lesson = f"{list(DEFECTS).index(name) + 2:02d}_lesson"
    said = [p for p in defects["problems"] if p.startswith(lesson)]
    expected = [f"{lesson} · (?:{pattern})" for pattern in DEFECTS[name][1]]
    unmatched = [p for p in expected if not any(re.fullmatch(p, s, re.DOTALL) for s in said)]
    surplus = [s for s in said if not any(re.fullmatch(p, s, re.DOTALL) for p in expected)]
    assert (unmatched, surplus) == ([], [])
    assert not defects["ok"]


def test_verify_counts(defects):
    lessons = dict(zip(DEFECTS, defects["lessons"].values(), strict=True))
    assert lessons["fine"] | {"seconds": 0, "peak_mb": 0} == {
        "solution": [100, 100],
        "release": [0, 100],
        "exercises": 2,
        "drawn": 0,
        "mutants": [6, 6],
        "alternates": [2, 2],
        "seconds": 0,
        "peak_mb": 0,
    }
    assert lessons["solution_wrong"]["solution"] == [60, 100]
    assert lessons["drawn"]["drawn"] == 1
    assert lessons["free_points"]["release"] == [5, 100]
    assert lessons["survives"]["mutants"] == [5, 6]
    assert lessons["alternate_wrong"]["alternates"] == [1, 2]
    assert lessons["fine"]["seconds"] > 0
    assert lessons["fine"]["peak_mb"] > 10
    assert defects["exercises"] == 2 * (len(DEFECTS) - 1)
    table = verify.rows(defects)
    assert table[0]["solution"] == "100/100"
    assert {tuple(row) for row in table} == {tuple(table[0])}


def test_verify_says_the_same_where_variants_share_a_copy(defects):
    found = defects["together"]
    assert found["mutants"] == [17, 18]
    assert found["alternates"] == [5, 6]
    apart = [p for p in defects["problems"] if p.startswith(tuple(found["lessons"]))]
    assert sorted(found["problems"]) == sorted(apart)


def test_verify_is_the_same_without_fork(built, monkeypatch):
    forked = verify.verify(root=built)
    monkeypatch.setenv("COURSE_NO_FORK", "1")
    replayed = verify.verify(root=built)
    for result in (forked, replayed):
        for lesson in result["lessons"].values():
            del lesson["seconds"], lesson["peak_mb"]
    assert replayed == forked
    assert forked["ok"]
    assert forked["problems"] == []


def test_verify_holds_the_budget(built, monkeypatch):
    targets = {"lesson_seconds": ("<=", 0.0), "lesson_mb": ("<=", 1.0)}
    monkeypatch.setattr(records, "targets", lambda *_: targets)
    problems = verify.verify(root=built)["problems"]
    assert len(problems) == 2
    assert re.fullmatch(
        r"01_tiny · over budget: it takes \d+\.\d seconds, and 0 are allowed\.", problems[0]
    )
    assert re.fullmatch(
        r"01_tiny · over budget: it takes \d+\.\d MB, and 1 are allowed\.", problems[1]
    )


# --- running cells -----------------------------------------------------------------------------


def job(*codes, seconds=60.0, names=("f", "g"), where=STUDENT):
    """Return a job of cells; one that begins with ? is a check, one with ! of both sides."""
    kinds = {"?": CHECK, "!": BOTH}
    steps = [
        Step(kinds.get(c[0], where), c.lstrip("?!"), i, grade=f"check_{i}" if c[0] == "?" else "")
        for i, c in enumerate(codes)
    ]
    return Job("x", tuple(steps), names, ("numpy",), limits=Limits(cell_seconds=seconds))


def test_cells_run_as_in_a_kernel(tmp_path):
    (tmp_path / "beside.py").write_text("answer = 42", encoding="utf-8")
    (tmp_path / "json.py").write_text("raise RuntimeError", encoding="utf-8")
    codes = [
        "import beside, os\nprint(beside.answer)",
        "assert os.environ['NBGRADER_EXECUTION'] == 'autograde'\nbeside.answer",
        "%matplotlib inline",
        "exit()",
        "import inspect\ndef f():\n    return 1\nassert 'return 1' in inspect.getsource(f)",
        "def broken(:\n    pass",
        "x = 1\nassert x == 2, 'two'",
        "import warnings\nwarnings.warn('careful')",
        "os.system('echo from outside >&2')",
        "import sys\nsys.exit(3)",
        "await_me = 1\nf()\nraise ValueError",
        "class E(Exception):\n    def __str__(self):\n        1 / 0\nraise E",
        "print('x' * 10_000_000)",
        "x",
    ]
    outcomes = local.run(job(*codes), tmp_path, tmp_path, HOOKS).cells
    errors = [o.error for o in outcomes]
    assert errors[:5] == [None] * 5
    assert errors[5:7] == ["SyntaxError", "AssertionError"]
    assert errors[9:12] == ["SystemExit", "ValueError", "E"]
    assert (outcomes[5].message, outcomes[5].line) == ("invalid syntax (line 1)", 1)
    assert (outcomes[6].message, outcomes[6].line) == ("two", 2)
    assert outcomes[10].line == 3
    assert [o.value for o in outcomes[:3]] == [False, True, False]
    assert "careful" in outcomes[7].stderr
    assert outcomes[8].stderr.strip() == "from outside"
    assert outcomes[6].stderr == ""
    assert errors[12:] == [None] * 2


def test_only_the_cell_at_fault_is_lost(tmp_path):
    codes = [
        "kept = 1",
        "import os\nos._exit(0)",
        "assert kept == 1",
        "import time\nwhile True:\n    time.sleep(1)",
        "assert kept == 1",
        "while True:\n    try:\n        time.sleep(100)\n    except BaseException:\n        pass",
        "assert kept == 1",
    ]
    ran = local.run(job(*codes, seconds=3), tmp_path, tmp_path, HOOKS)
    assert [o.error for o in ran.cells] == [
        *(None, "DeadKernelError", None, "CellTimeoutError", None, "CellTimeoutError", None)
    ]
    assert set(ran.flags) == {"DeadKernelError", "CellTimeoutError"}


def test_both_sides_have_their_own_names_and_plain_data_between_them(tmp_path):
    """As in two processes: what a student binds meets no check but by its value."""
    codes = [
        "!import math\nfrom course.checks import expect\nlimit = 3",
        "def f(x):\n    x.append(4)\n    return (y for y in x)\ng = [1, (2, {3})]",
        "expect = lambda *a, **k: None\nlimit = math = None",
        "?assert limit == 3\nexpect(math.pi, 3.14159265359, 'pi')",
        "?a = [1]\nf(a)\nassert a == [1], 'a check keeps what it hands over'",
        "?expect(f([1]), [1, 4], 'f')",
        "?assert g == [1, (2, {3})]",
        "?assert 'secret' not in globals()\nsecret = 1",
        "assert 'secret' not in globals()\nassert limit is None",
        "del f",
        "?f([1])",
    ]
    ran = local.run(job(*codes), tmp_path, tmp_path, HOOKS)
    errors = [o.error for o in ran.cells]
    assert errors == [*[None] * 5, "AssertionError", None, None, None, None, "NameError"]
    assert ran.cells[5].message == (
        "f: the answer is an object of type generator, but a list or tuple is asked for."
    )


def test_a_setup_that_fails_on_one_side_is_told_of_that_side(tmp_path):
    codes = ["x = 1", "!assert 'x' in globals(), 'no x'"]
    (first, second) = local.run(job(*codes), tmp_path, tmp_path, HOOKS).cells
    assert (first.error, second.error, second.trusted_error) == (None, None, "AssertionError")
    assert second.trusted_message == "no x"


def test_a_branch_changes_nothing(tmp_path, monkeypatch):
    def steps(*codes):
        return [Step(STUDENT, code) for code in codes]

    for alone in ("", "1"):
        monkeypatch.setenv("COURSE_NO_FORK", alone)
        with local.Worker(job("x"), tmp_path, tmp_path, HOOKS) as worker:
            for step in steps("x = [1]", "y = 0"):
                worker.run(step)
            first = worker.branch(
                steps("x.append(2)", "y = 1", "assert (x, y) == ([1, 2], 1)", "1 / 0")
            )
            assert [o.error for o in first] == [None, None, None, "ZeroDivisionError"]
            if not alone:
                dead = worker.branch(steps("y = 2", "import os; os._exit(1)", "y"))
                assert [o.error for o in dead] == [None, "DeadKernelError", "DeadKernelError"]
            assert worker.run(*steps("assert (x, y) == ([1], 0)")).passed


# --- the learner's own check -------------------------------------------------------------------


def answered(built: Path, **answers: str) -> dict:
    """Return the release with some answers in it."""
    nb = load(built, folder="release")
    for name, code in answers.items():
        cell_of(nb, name)["source"] = code
    return nb


def solutions(built: Path) -> dict[str, str]:
    return {c.name: c.source for c in notebook.cells(load(built)) if c.kind == "solution"}


@pytest.fixture
def hand_in(built, tmp_path):
    """Return a function that checks a notebook as a learner's, with source/ at hand or without."""

    def run(nb: dict, *, full: bool = True, timeout: int = 60) -> dict:
        root = tmp_path / "mine"
        shutil.copytree(built, root, ignore=None if full else shutil.ignore_patterns("source"))
        set_timeout(root, timeout)
        save(root, nb, folder="work")
        return check.check(LESSON, root=root)

    return run


def test_check_gives_full_points_to_the_solution(built, hand_in):
    result = hand_in(answered(built, **solutions(built)))
    me = result["students"]["me"]
    assert result["ok"]
    assert (me["score"], me["max"], me["reason"], me["flags"]) == (100, 100, "", [])
    assert me["cells"] == {"average_1": 40, "average_2": 10, "shares_1": 50}


def test_check_gives_nothing_to_the_release(built, hand_in):
    result = hand_in(answered(built))
    assert not result["ok"]
    assert result["students"]["me"]["score"] == 0
    assert [row["message"] for row in result["exercises"]] == ["not answered yet"] * 2


def test_check_explains_and_hides(built, hand_in, capsys):
    none_is_zero = "def average(v):\n    return sum(x or 0.0 for x in v) / max(len(v), 1)"
    result = hand_in(
        answered(built, average=none_is_zero, shares="def shares(s):\n    return s[0"),
    )
    rows = {row["exercise"]: row for row in result["exercises"]}
    assert rows["average"]["score"] == 10
    assert rows["average"]["message"] == (
        "None counts as zero with you: leave it out of the count."
    )
    assert rows["shares"]["message"] == (
        "your answer stopped with SyntaxError: incomplete input (line 2)"
    )
    check.show(result)
    shown = capsys.readouterr().out
    assert "10 of 50" in shown
    assert "10 of 100 points" in shown
    assert "[4.0, None, 8.0]" not in shown + json.dumps(result)


def test_check_without_source_runs_visible_checks_only(built, hand_in, capsys):
    none_is_zero = "def average(v):\n    return sum(x or 0.0 for x in v) / max(len(v), 1)"
    result = hand_in(answered(built, average=none_is_zero), full=False)
    me = result["students"]["me"]
    assert me["score"] is None
    assert me["visible"] == result["visible"] == [2, 3]
    assert "Hidden checks run when your instructor grades" in me["reason"]
    assert result["exercises"][0] == {
        "exercise": "average",
        "score": None,
        "max": 50,
        "message": "",
        "note": "visible checks pass",
        "visible": [2, 2],
    }
    check.show(result)
    assert "2 of 3 visible checks pass" in capsys.readouterr().out


def test_check_repairs_what_a_learner_did_to_the_checks(built, hand_in):
    nb = answered(built, **solutions(built))
    nb["cells"].remove(cell_of(nb, "average_1"))  # deleted
    cell_of(nb, "shares_1")["source"] = "assert False"  # edited
    cell_of(nb, "shares_1")["metadata"]["nbgrader"]["points"] = 1000
    cell_of(nb, "shares_1")["cell_type"] = "raw"
    copied = copy.deepcopy(cell_of(nb, "average_2"))  # copied, and wrong
    copied["source"] = "assert average([]) == 1"
    nb["cells"].insert(0, copied)
    nb["cells"].insert(0, code_cell("1 / 0"))
    nb["cells"].append(code_cell("assert 0", grade=True, solution=False, grade_id="mine_1"))
    me = hand_in(nb)["students"]["me"]
    assert (me["score"], me["max"]) == (100, 100)
    assert set(me["cells"]) == {"average_1", "average_2", "shares_1"}


def test_check_survives_every_answer(built, hand_in):
    result = hand_in(
        answered(
            built,
            average="def average(values):\n    import os\n    os._exit(0)",
            shares="def shares(scores):\n    import time\n    time.sleep(1000)",
        ),
        timeout=5,
    )
    assert result["students"]["me"]["score"] == 0
    assert [row["message"] for row in result["exercises"]] == [
        "a check ended Python (by exit, or out of memory)",
        "a check took longer than 5 seconds",
    ]


def test_a_restored_check_stands_behind_the_answer(built):
    nb = load(built)
    truth = notebook.cells(nb)
    gone = ("average_1", "average_2", "shares")
    mine = [c for c in nb["cells"] if notebook.marks(c).get("grade_id") not in gone]
    restored = notebook.restore({"cells": mine}, truth)
    names = [c.name for c in restored.cells if c.name]
    assert names == ["average", "average_1", "average_2", "shares_1"]
    assert restored.answers == {"average"}
    assert restored.flags == [
        "deleted checks (they were put back): average_1, average_2",
        "deleted answer cells: shares",
    ]
    checks = ["average_1", "average_2", "shares_1"]
    assert [c.name for c in notebook.restore({"cells": []}, truth).cells] == checks


def test_exercises_are_found_again_without_their_metadata(built):
    nb = answered(built, **solutions(built))
    cell_of(nb, "shares")["source"] = (
        ">>> def shares(scores):\n...     return 0\nshares([1])".replace("\n", "\r\n")
    )
    for cell in nb["cells"]:
        cell["metadata"] = {}
        cell["source"] = notebook.text_of(cell).replace("\n", "\r\n") + "\r\n"
    nb["cells"].append(code_cell("shares == 1\naverage([1.0])\naverages = 3"))
    restored = notebook.restore(nb, notebook.cells(load(built)))
    assert restored.flags == []
    assert restored.answers == {"average", "shares"}
    assert [c.name for c in restored.cells if c.name] == [
        *("average", "average_1", "average_2", "shares", "shares_1")
    ]
    last = restored.cells[-1]
    assert (last.kind, last.name) == ("code", "")


@pytest.mark.parametrize(
    ("make", "argument", "said"),
    [
        (None, LESSON, "There is no work/01_tiny/01_tiny.ipynb yet"),
        (None, "01_tinny", "did you mean 01_tiny"),
        (None, "nothing/like/it.ipynb", "There is no notebook"),
        ("01_tiny (1).ipynb", "01_tiny (1).ipynb", "did you mean 01_tiny.ipynb"),
        ("zzz.ipynb", "zzz.ipynb", "it must have the name of its lesson"),
        ("01_tiny.ipynb", "01_tiny.ipynb", "holds no exercise"),
    ],
)
def test_check_says_what_is_wrong_with_a_name(built, tmp_path, monkeypatch, make, argument, said):
    monkeypatch.chdir(tmp_path)
    if make:
        (tmp_path / make).write_text('{"cells": []}', encoding="utf-8")
    with pytest.raises(CourseError, match=re.escape(said)) as error:
        check.check(argument, root=built)
    assert "\n" not in str(error.value)


def test_check_takes_a_folder_too(built, tmp_path, monkeypatch):
    folder = tmp_path / LESSON
    folder.mkdir()
    (folder / f"{LESSON}.ipynb").write_text(
        json.dumps(answered(built, **solutions(built))), encoding="utf-8"
    )
    monkeypatch.chdir(folder)
    assert check.check(".", root=built)["ok"]


# --- the command -------------------------------------------------------------------------------


def course_command(root: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "course.cli", *arguments],
        env=os.environ | {"COURSE_ROOT": str(root), "COLUMNS": "120"},
        cwd=root,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


@pytest.mark.parametrize("encoding", ["cp949", "ascii"])
def test_a_scorecard_comes_out_of_any_pipe(built, tmp_path, encoding):
    root = shutil.copytree(built, tmp_path / "course")
    told = answered(built, average="def average(v):\n    raise ValueError('고양이 👍')")
    path = save(root, told, folder="work")
    ran = subprocess.run(
        [sys.executable, "-m", "course.cli", "check", str(path)],
        env=os.environ
        | {"COURSE_ROOT": str(root), "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        capture_output=True,
    )
    shown = ran.stdout.decode(encoding)
    assert ran.returncode == 1, ran.stderr
    assert "0 of 100 points" in shown
    assert ("고양이 ?" if encoding == "cp949" else "?") in shown


def test_commands(built, tmp_path):
    root = tmp_path / "course"
    shutil.copytree(built, root)
    shutil.copytree(CONFIG.parent / "data", root / "data",
                    ignore=shutil.ignore_patterns("models", "runs"))  # fmt: skip
    verified = course_command(root, "verify", LESSON, "--json")
    assert verified.returncode == 0, verified.stderr
    assert json.loads(verified.stdout)["mutants"] == [6, 6]

    path = save(root, answered(built), folder="work")
    checked = course_command(root, "check", str(path), "--json")
    assert checked.returncode == 1
    assert json.loads(checked.stdout.splitlines()[-1])["students"]["me"]["score"] == 0

    (root / "course").mkdir()
    (root / "course" / "x.py").write_text(RENAMED, encoding="utf-8")
    refused = course_command(root, "build")
    assert refused.returncode == 1
    assert "course/x.py, line 8: holds a part of the solution of shares" in refused.stdout

    path.write_text("{", encoding="utf-8")
    damaged = course_command(root, "check", LESSON)
    assert damaged.returncode == 2
    assert re.fullmatch(r"course: 01_tiny\.ipynb is damaged .*\n", damaged.stderr)
