"""Notebooks that are odd but right, and the four ways to score one: a table of small edits.

Each entry changes a solved notebook of lesson 00 as people's editors, habits and machines do. It
must score the same in a real kernel, in `course check`, in `course grade` and in stock nbgrader.
``python tests/odd.py`` prints the table.

The slow paths are shared: one kernel for all that leave no trace in it, one run of stock nbgrader
and one of our grader over a class in which each entry is a student.
"""

import copy
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import stock
from grading_class import gradebook
from kernel import Kernel

from course import paths
from course.grader import adapter, grade, notebook, sandbox
from course.hooks import HOOKS
from course.learner import check

LESSON, MOST = "00_start_here", 10.0
Notebook = dict[str, Any]
WAYS = ("kernel", "check", "grade", "stock")


@dataclass(frozen=True)
class Odd:
    """One entry.

    Attributes
    ----------
    name : str
    edit : callable
        Changes the solved notebook in place, or returns the file's bytes.
    files : dict of str to str
        What lies beside it.
    score : float
        What it deserves.
    unread : str
        The ways that can't read such a file at all: they are left out of the comparison.
    alone : bool
        Whether it needs a kernel of its own.
    """

    name: str
    edit: Callable[[Notebook], bytes | None]
    files: dict[str, str] = field(default_factory=dict)
    score: float = MOST
    unread: str = ""
    alone: bool = False


# --- small edits ----------------------------------------------------------------------------------


def cell_of(nb: Notebook, name: str) -> Notebook:
    return next(cell for cell in nb["cells"] if notebook.marks(cell).get("grade_id") == name)


def code(source: str, **more: Any) -> Notebook:
    plain = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    return plain | {"id": f"own-{abs(hash(source)) % 10**8}", "source": source} | more


def answer(source: str, name: str = "win_share") -> Callable[[Notebook], None]:
    """Return an edit that puts another answer in place."""

    def edit(nb: Notebook) -> None:
        cell_of(nb, name)["source"] = source

    return edit


def share(expression: str, before: str = "") -> Callable[[Notebook], None]:
    """Return an edit whose `win_share` returns an expression of `wins` and `losses`."""
    head = f"{before}\n\n\n" if before else ""
    return answer(f"{head}def win_share(wins, losses):\n    return {expression}")


def each(change: Callable[[Notebook], object]) -> Callable[[Notebook], None]:
    """Return an edit of every cell."""

    def edit(nb: Notebook) -> None:
        for cell in nb["cells"]:
            change(cell)

    return edit


def source(change: Callable[[str], str]) -> Callable[[Notebook], None]:
    """Return an edit of the source of every cell."""
    return each(lambda cell: cell.update(source=change(notebook.text_of(cell))))


def encoded(encoding: str) -> Callable[[Notebook], bytes]:
    """Return an edit that writes the file in another encoding."""
    return lambda nb: json.dumps(nb, ensure_ascii=False, indent=1).encode(encoding)


def add(*cells: Notebook, at: int | None = None) -> Callable[[Notebook], None]:
    """Return an edit that adds cells: at the end, or at a place."""

    def edit(nb: Notebook) -> None:
        place = len(nb["cells"]) if at is None else at
        nb["cells"][place:place] = [copy.deepcopy(cell) for cell in cells]

    return edit


def both(*edits: Callable[[Notebook], bytes | None]) -> Callable[[Notebook], bytes | None]:
    """Return one edit after the other; the last may give the bytes."""

    def edit(nb: Notebook) -> bytes | None:
        return [one(nb) for one in edits][-1]

    return edit


def no_marks(cell: Notebook) -> None:
    cell["metadata"] = {}
    cell.pop("id", None)


def split_answer(nb: Notebook) -> None:
    """Split the answer in two cells of one name, as JupyterLab does it."""
    cell = cell_of(nb, "next_word")
    text = notebook.text_of(cell)
    place = nb["cells"].index(cell)
    nb["cells"].insert(
        place, copy.deepcopy(cell) | {"id": "split", "source": "# mine\nhelp_me = 1"}
    )
    cell["source"] = text


def outputs(nb: Notebook) -> None:
    """Leave outputs in the file: nan as JSON doesn't know it, a widget without its state."""
    cell = cell_of(nb, "win_share")
    data = {"application/vnd.plotly.v1+json": {"y": [float("nan")]}, "text/plain": "<Figure>"}
    cell["outputs"] = [
        {"output_type": "display_data", "data": data, "metadata": {}},
        {"output_type": "stream", "name": "stdout", "text": ["x" * 1000] * 500},
    ]
    cell["execution_count"] = 7
    nb["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": {"version_major": 2}}


def format_44(nb: Notebook) -> None:
    nb["nbformat_minor"] = 4
    for cell in nb["cells"]:
        cell.pop("id", None)


def attachment(nb: Notebook) -> None:
    dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJ"
    pictures = {"그림.png": {"image/png": f"{dot}RU5ErkJggg=="}}
    text = {"cell_type": "markdown", "metadata": {}, "id": "picture"}
    nb["cells"].append(text | {"source": "![](attachment:그림.png)", "attachments": pictures})


def twice_one_id(nb: Notebook) -> None:
    for cell in nb["cells"][3:6]:
        cell["id"] = "same"


SHARE = "def win_share(wins, losses):\n    return wins / (wins + losses)"
WORD = """def next_word(words, word):
    found = [b for a, b in zip(words, words[1:]) if a == word]
    return {}(max(found, key=found.count))"""
PROMPTED = ">>> " + SHARE.replace("\n", "\n... ") + "\n>>> win_share(1, 1)"
NUMBERED = (
    "In [1]: def win_share(wins, losses):\n   ...:     return wins / (wins + losses)\n   ...: \n"
    "In [2]: win_share(1, 1)"
)
DOCTEST = '''def win_share(wins, losses):
    """Return it.

    >>> win_share(1, 1)
    0.5
    """
    return wins / (wins + losses)'''
TEXT = '\nnote = """\n%time is a magic\n!and this\n"""'
AWAIT = f"import asyncio\nawait asyncio.sleep(0)\n{SHARE}\nawait asyncio.sleep(0)"
OBJECT = """class Share:
    def __call__(self, wins, losses):
        return wins / (wins + losses)


win_share = Share()"""
PICKLED = """from __future__ import annotations

import inspect
import pickle
from dataclasses import dataclass


@dataclass
class Share:
    wins: int
    losses: int

    def value(self) -> float:
        return self.wins / (self.wins + self.losses)


def win_share(wins, losses):
    assert "losses" in inspect.getsource(win_share)
    return pickle.loads(pickle.dumps(Share(wins, losses))).value()


if __name__ == "__main__":
    checked = get_ipython() is not None"""
WARNS = """import warnings


def win_share(wins, losses):
    warnings.warn("careful")
    return wins / (wins + losses)"""
HELPED = """from helper import ratio


def win_share(wins, losses):
    return ratio(wins, losses)"""
READS = f"factor = float(open('내 자료.txt', encoding='utf-8').read())\n{SHARE} * factor"


def without(name: str) -> Callable[[Notebook], None]:
    """Return an edit that takes a cell out."""
    return lambda nb: nb["cells"].remove(cell_of(nb, name))


def half_a_letter(nb: Notebook) -> bytes:
    cell_of(nb, "win_share")["source"] = SHARE + "  # \ud83d"
    return json.dumps(nb).encode()


def other_kernel(nb: Notebook) -> None:
    nb["metadata"]["kernelspec"] = {"name": "conda-env-py", "display_name": "내 파이썬"}


def text_as_code(nb: Notebook) -> None:
    nb["cells"][0].update(cell_type="code", outputs=[], execution_count=None)


def crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


TABLE = [
    Odd("solved", lambda nb: None),
    Odd("one answer wrong", share("wins"), score=6.0),
    Odd("one answer missing", answer("# later"), score=6.0),
    # files and editors
    Odd("byte order mark", encoded("utf-8-sig"), unread="kernel stock"),
    Odd("UTF-16", encoded("utf-16"), unread="kernel stock"),
    Odd("CRLF in the file", lambda nb: crlf(json.dumps(nb, indent=1)).encode()),
    Odd("CRLF in all cells", source(crlf)),
    Odd("CRLF and a cell magic", answer(crlf("%%time\n" + SHARE))),
    Odd("line ends of old Macs", answer(SHARE.replace("\n", "\r"))),
    Odd("source as lists of lines", source(lambda text: text.splitlines(keepends=True))),
    Odd("metadata lost", each(no_marks), unread="stock"),
    Odd("metadata lost, CRLF", both(each(no_marks), source(crlf)), unread="stock"),
    Odd("ids lost", each(lambda cell: cell.pop("id", None))),
    Odd("one id three times", twice_one_id),
    Odd("format 4.4", format_44),
    Odd("format 4.9", lambda nb: nb.update(nbformat_minor=9)),
    Odd("format 5.1", lambda nb: nb.update(nbformat=5, nbformat_minor=1), unread="kernel stock"),
    Odd("another kernel's name", other_kernel),
    Odd("no metadata of the notebook", lambda nb: nb.update(metadata={})),
    Odd("outputs with nan, widgets without state", outputs),
    Odd("a picture with a Korean name", attachment),
    Odd("half a letter in a comment", half_a_letter, unread="kernel stock"),
    # cells
    Odd("an answer split in two cells", split_answer, unread="stock"),
    Odd("cells of one's own", add(code("6 * 7"), code("scratch = [_]\nscratch"), code(""), at=3)),
    Odd("a cell that fails", add(code("1 / 0"), at=2)),
    Odd("a cell with an unknown module", add(code("import a_module_that_nobody_has"), at=2)),
    Odd("a check deleted", without("next_word_1"), unread="stock"),
    Odd("a check edited", lambda nb: cell_of(nb, "next_word_1").update(source="pass")),
    Odd("a check of one's own", add(code("assert win_share(1, 1) == 0.5"))),
    Odd("text turned into code", text_as_code),
    # the answer's text
    Odd("prompts >>>", answer(PROMPTED)),
    Odd("prompts In [1]:", answer(NUMBERED)),
    Odd("prompts behind another line", answer("# from my session\n" + PROMPTED)),
    Odd("a doctest in the answer", answer(DOCTEST)),
    Odd("indented as a whole", answer("    " + SHARE.replace("\n", "\n    "))),
    Odd("blank lines before", answer("\n\n\n" + SHARE)),
    Odd("magics", answer(f"%matplotlib inline\n%precision 3\n{SHARE}\n%time win_share(1, 1)")),
    Odd("shell lines", answer(SHARE + "\n!echo hello\nfiles = !ls")),
    Odd("a question", answer(SHARE + "\nwin_share?")),
    Odd("a per cent sign in a text", answer(SHARE + TEXT)),
    Odd("top-level await", answer(AWAIT)),
    Odd("input() behind the answer", answer(SHARE + "\nname = input('your name? ')")),
    Odd("input() in a cell of its own", add(code("name = input('your name? ')"), at=2)),
    Odd("an answer as a lambda", answer("win_share = lambda wins, losses: wins / (wins + losses)")),
    Odd("an answer as an object", answer(OBJECT)),
    Odd("an answer with a cache", answer("import functools\n\n\n@functools.cache\n" + SHARE)),
    Odd("pickle, inspect, dataclass, __main__", answer(PICKLED)),
    Odd("names that hide Python's", answer("dir = id = vars = 3\n" + SHARE)),
    Odd("warnings as errors", answer("import warnings\nwarnings.simplefilter('error')\n" + SHARE),
        alone=True),
    Odd("a warning in the answer", answer(WARNS), alone=True),
    Odd("prints in the answer", answer(SHARE.replace("    return", "    print(wins)\n    return"))),
    Odd("display in the answer", answer(SHARE.replace("    return", "    display(1)\n    return"))),
    # what is returned
    Odd("a Fraction", share("Fraction(wins, wins + losses)", "from fractions import Fraction")),
    Odd("a Decimal", share("Decimal(wins) / (wins + losses)", "from decimal import Decimal")),
    Odd("sympy's rational", share("sympy.Rational(wins, wins + losses)", "import sympy")),
    Odd("np.float64", share("np.float64(wins) / (wins + losses)")),
    Odd("np.float32, rounded", share("np.float32(wins / (wins + losses))")),
    Odd("np.longdouble", share("np.longdouble(wins) / (wins + losses)")),
    Odd("a 0-d array", share("np.array(wins / (wins + losses))")),
    Odd("a big-endian 0-d array", share("np.array(wins / (wins + losses), dtype='>f8')")),
    Odd("a number of torch", share("torch.tensor(wins / (wins + losses)).double()", "import torch"),
        alone=True),
    Odd("an array of one number", share("np.array([wins / (wins + losses)])"), score=6.0),
    Odd("a number as text", share("str(wins / (wins + losses))"), score=6.0),
    Odd("np.str_", answer(WORD.format("np.str_"), "next_word")),
    Odd("a subclass of str", answer(
        "class Word(str):\n    pass\n\n\n" + WORD.format("Word"), "next_word")),
    # files beside the notebook
    *(
        Odd(f"{name}.py beside it", answer(f"import {name}\n{SHARE}"), {f"{name}.py": "x = 1\n"},
            alone=True)
        for name in ("random", "queue", "code", "html")
    ),
    Odd("a module of one's own beside it", answer(HELPED),
        {"helper.py": "def ratio(a, b):\n    return a / (a + b)\n"}, alone=True),
    Odd("a file read beside it", answer(READS), {"내 자료.txt": "1.0"}),
]  # fmt: skip


# --- the four ways --------------------------------------------------------------------------------


def build(root: Path) -> dict[str, Path]:
    """Make a course in which each entry is a student; return name → their notebook."""
    shutil.copytree(paths.SOURCE / LESSON, root / "source" / LESSON)
    shutil.copytree(paths.RELEASE / LESSON, root / "release" / LESSON)
    shutil.copy(paths.ROOT / "nbgrader_config.py", root)
    (root / "data").symlink_to(paths.DATA)
    solved = notebook.read(notebook.path_of(LESSON, paths.RELEASE))
    original = notebook.read(notebook.path_of(LESSON, paths.SOURCE))
    for cell in original["cells"]:
        if notebook.marks(cell).get("solution"):
            cell_of(solved, notebook.marks(cell)["grade_id"])["source"] = notebook.text_of(cell)
    handed: dict[str, Path] = {}
    for number, odd in enumerate(TABLE):
        nb = copy.deepcopy(solved)
        content = odd.edit(nb) or json.dumps(nb, ensure_ascii=False, indent=1).encode()
        path = notebook.path_of(LESSON, root / "submitted" / f"s{number:02d}")
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        for name, text in odd.files.items():
            (path.parent / name).write_text(text, encoding="utf-8")
        handed[odd.name] = path
    return handed


def is_check(cell: Any) -> bool:
    return bool(notebook.marks(cell).get("grade"))


def by_kernel(handed: dict[str, Path]) -> dict[str, float]:
    """Run all cells of each notebook in a real kernel, and then the checks of the source."""
    checks = notebook.read(notebook.path_of(LESSON, paths.SOURCE))["cells"]
    checks = [cell for cell in checks if is_check(cell)]
    environment = {"NBGRADER_EXECUTION": "autograde", "COURSE_ROOT": str(paths.ROOT)}
    kernel, scores = Kernel(timeout=60), {}
    for odd in TABLE:
        if "kernel" not in odd.unread:
            nb = nbformat.reads(handed[odd.name].read_text(encoding="utf-8"), as_version=4)
            nb.cells = [c for c in nb.cells if c.cell_type == "code" and not is_check(c)]
            own = len(nb.cells)
            for cell in nb.cells:
                cell.metadata = {}
            nb.cells += [nbformat.v4.new_code_cell(notebook.text_of(cell)) for cell in checks]
            if odd.alone:
                kernel.end()
            kernel.execute(nb, handed[odd.name].parent, **environment)
            if odd.alone:
                kernel.end()
            scores[odd.name] = 0.0
            for cell, original in zip(nb.cells[own:], checks, strict=True):
                cell.metadata["nbgrader"] = original["metadata"]["nbgrader"]
                cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr"]  # ignored
                scores[odd.name] += adapter.determine_grade(cell)[0]
    kernel.close()
    return scores


def by_check(handed: dict[str, Path], root: Path) -> dict[str, float]:
    """Let `course check` score each notebook as a learner's own."""
    found = {name: check.check(str(path), root=root) for name, path in handed.items()}
    for name, one in found.items():  # points and messages never disagree
        for row in one["exercises"]:
            assert bool(row["message"]) == (row["score"] < row["max"]), (name, row)
    return {name: one["students"]["me"]["score"] for name, one in found.items()}


def by_grade(handed: dict[str, Path], root: Path) -> dict[str, float]:
    """Let `course grade` grade the class, in the sandbox where there is one."""
    kind = "none" if sandbox.missing() else "auto"
    rows = grade.grade(LESSON, sandbox=kind, root=root, hooks=HOOKS)["students"]
    return {name: rows[path.parent.parent.name]["score"] for name, path in handed.items()}


def by_stock(handed: dict[str, Path], root: Path) -> dict[str, float]:
    """Let ``nbgrader autograde`` grade the class, without those whom it can't read."""
    unread = [odd.name for odd in TABLE if "stock" in odd.unread]
    for name in unread:
        shutil.rmtree(handed[name].parent.parent)
    stock.nbgrader(root, "generate_assignment", LESSON, "--force")
    stock.nbgrader(root, "autograde", LESSON)
    scores = {}
    with gradebook(root) as session:
        for name, path in handed.items():
            if name not in unread:
                one = session.find_submission_notebook(LESSON, LESSON, path.parent.parent.name)
                scores[name] = one.score
    return scores


def score_all(scratch: Path) -> dict[str, dict[str, float | None]]:
    """Return entry → way → points; None where a way can't read such a file."""
    ours, theirs = scratch / "ours", scratch / "theirs"
    handed = build(ours)
    shutil.copytree(ours, theirs, symlinks=True)
    moved = {name: theirs / path.relative_to(ours) for name, path in handed.items()}
    found = {
        "kernel": by_kernel(handed),
        "check": by_check(handed, ours),
        "grade": by_grade(handed, ours),
        "stock": by_stock(moved, theirs),
    }
    return {odd.name: {way: found[way].get(odd.name) for way in WAYS} for odd in TABLE}


def main() -> None:
    """Print the table."""
    from rich.console import Console
    from rich.table import Table

    with tempfile.TemporaryDirectory() as scratch:
        scores = score_all(Path(scratch))
    table = Table("odd but right", "deserves", *WAYS)
    for odd in TABLE:
        row = ["–" if scores[odd.name][w] is None else f"{scores[odd.name][w]:g}" for w in WAYS]
        table.add_row(odd.name, f"{odd.score:g}", *row)
    Console(width=100).print(table)


if __name__ == "__main__":
    sys.exit(main())
