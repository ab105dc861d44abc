"""Grade submissions that try everything, and tell whether each got what it deserves.

It reads a corpus (a folder of TOML files), makes a class of it in a temporary course with a real
lesson, grades that class in the real sandbox, and compares: the score of each submission with that
of the same answers handed in honestly; flags and reasons; what the recorded notebooks show; the
gradebook and the sources, which must be as before; and processes, of which none may be left. Needs
``source/`` and the corpus; writes nothing into the course.
"""

import copy
import json
import os
import re
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course.grader import notebook
from course.grader.errors import N_, GraderError
from course.grader.hooks import Hooks

LONELY = "86399"  # how long the process sleeps that a submission leaves running, in seconds
DANGEROUS = re.compile(r"<script|onerror\s*=|onload\s*=|javascript:", re.IGNORECASE)
FENCED = re.compile(r"^```$.*?^```$", re.MULTILINE | re.DOTALL)  # shown as it is
LONG_LINE = 25  # characters of a hidden line that nobody prints by chance
NEIGHBOURS = 12
CELL_SECONDS = 5  # so that what never ends ends soon
Notebook = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """One submission of the corpus; the head of its file explains the fields."""

    name: str
    says: str
    base: str
    first: str = ""
    last: str = ""
    before: dict[str, str] | None = None
    answer: dict[str, str] | None = None
    all_answers: str = ""
    edit: str = ""
    shows: str = ""
    loses: tuple[str, ...] = ()
    zero: bool = False
    at_most: bool = False
    flag: str = ""


def corpus(folder: Path) -> list[Kind]:
    """Return the corpus of a folder.

    Raises
    ------
    GraderError
        If it isn't here.
    """
    found = [
        Kind(**(entry | {"loses": tuple(entry.get("loses", ()))}))
        for path in sorted(folder.glob("*.toml"))
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["submission"]
    ]
    if not found:
        text = N_("There is no {name} here: the self-test needs the full course.")
        raise GraderError(text.format(name=f"{folder.parent.name}/{folder.name}"))
    return found


def run(
    names: list[str] | None = None,
    *,
    neighbours: int = NEIGHBOURS,
    jobs: int | None = None,
    sandbox: str = "auto",
    scheduler: str | None = None,
    lesson: str,
    folder: Path,
    root: Path,
    hooks: Hooks,
) -> dict[str, Any]:
    """Grade the corpus and compare.

    Parameters
    ----------
    names : list of str, optional
        These submissions only, in addition to the honest ones.
    jobs, sandbox, scheduler
        As for `grade.grade`.
    neighbours : int
        So many honest solutions more, spread over the class: what others do must cost them nothing.
    lesson : str
        Whose exercises the corpus answers.
    folder : Path
        Of the corpus.
    root : Path
        The course's folder.
    hooks : Hooks

    Returns
    -------
    dict
        ``ok``, ``kinds`` (how many), ``rows``: name, says, score, honest (of the same answers),
        expected, ``wrong`` (sentences; empty if all is well), ``seconds``, ``sandbox``.

    Raises
    ------
    GraderError
        If the full course isn't here, or there is no isolation.
    """
    from course.grader import grade

    root = root.resolve()
    honest = ("solution", "release", "half")
    chosen = [k for k in corpus(folder) if not names or k.name in names or k.name in honest]
    kinds = chosen + _neighbours(chosen, neighbours)
    if not notebook.path_of(lesson, root / "source").exists():
        text = N_("There is no {name} here: the self-test needs the full course.")
        raise GraderError(text.format(name="source/"))
    with tempfile.TemporaryDirectory(prefix="self-test-", ignore_cleanup_errors=True) as scratch:
        place = Class(lesson, root, Path(scratch) / "course", hooks)
        for kind in kinds:
            place.hand_in(kind)
        before = place.fingerprint()
        graded = grade.grade(
            lesson,
            root=place.root,
            hooks=hooks,
            jobs=jobs,
            sandbox=sandbox,
            scheduler=scheduler,
        )
        rows = [place.compare(kind, graded["students"]) for kind in kinds]
        problems = []
        if place.fingerprint() != before:
            problems.append("a submission has changed the course's files")
        if _alive():
            problems.append("a process of a submission is still alive")
    return {
        "ok": not problems and not any(row["wrong"] for row in rows),
        "kinds": len(chosen),
        "rows": rows,
        "problems": problems,
        "seconds": graded["seconds"],
        "sandbox": graded["sandbox"],
    }


def _neighbours(kinds: list[Kind], number: int) -> list[Kind]:
    """Return honest submissions whose names put them between the others."""
    names = sorted(kind.name for kind in kinds)
    number = min(number, len(names))
    return [
        Kind(f"{name}+", f"honest, beside {name}", "solution", first=f"# beside {name}")
        for name in (names[i * len(names) // number] for i in range(number))
    ]


def rows(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the table that people see."""
    table = [
        {
            "submission": row["name"],
            "score": row["score"],
            "honest": row["honest"],
            "what it tries": row["says"],
            "": "; ".join(row["wrong"]) or "as it should be",
        }
        for row in result["rows"]
    ]
    together = {"submission": "all together", "score": "", "honest": "", "what it tries": ""}
    return table + [together | {"": problem} for problem in result["problems"]]


class Class:
    """A temporary course with one lesson and a class of submissions."""

    def __init__(self, lesson: str, real: Path, root: Path, hooks: Hooks) -> None:
        self.lesson, self.root = lesson, root
        root.mkdir()
        for step in ("source", "release"):
            shutil.copytree(real / step / lesson, root / step / lesson)
        for place in hooks.mounts(real):
            if place.parent == real:
                (root / place.name).symlink_to(place)
        config = (real / "nbgrader_config.py").read_text(encoding="utf-8")
        config += f"\nc.Execute.timeout = {CELL_SECONDS}\n"
        (root / "nbgrader_config.py").write_text(config, encoding="utf-8")
        self.solution = notebook.read(notebook.path_of(lesson, root / "source"))
        self.release = notebook.read(notebook.path_of(lesson, root / "release"))
        cells = notebook.cells(self.solution)
        self.points: dict[str, float] = {}
        for cell in cells:
            if cell.kind == "grade":
                self.points[cell.exercise] = self.points.get(cell.exercise, 0) + cell.points
        shown = notebook.path_of(lesson, root / "release").read_text(encoding="utf-8")
        self.hidden = {
            line.strip()
            for cell in cells
            if cell.kind == "grade"
            for number, line in enumerate(cell.source.split("\n"), start=1)
            if number in notebook.hidden_lines(cell.source)
            and len(line.strip()) >= LONG_LINE
            and json.dumps(line.strip())[1:-1] not in shown
        }

    def answered(self, base: str) -> set[str]:
        """Return the exercises that `base` has answered."""
        names = list(self.points)
        return {"solution": set(names), "release": set(), "half": set(names[::2])}[base]

    def hand_in(self, kind: Kind) -> None:
        """Write one submission."""
        path = notebook.path_of(self.lesson, self.root / "submitted" / kind.name)
        path.parent.mkdir(parents=True)
        book = copy.deepcopy(self.release)
        answered = self.answered(kind.base)
        mine = {c.name: c.source for c in notebook.cells(self.solution) if c.kind == "solution"}
        cells = []
        for cell in book["cells"]:
            meta = cell["metadata"].get("nbgrader", {})
            if meta.get("solution"):
                name = meta["grade_id"]
                if name in answered:
                    cell["source"] = mine[name]
                if kind.all_answers:
                    cell["source"] = kind.all_answers.replace("{name}", name)
                cell["source"] = (kind.answer or {}).get(name, notebook.text_of(cell))
                if name in (kind.before or {}):
                    cells.append(_code((kind.before or {})[name]))
            cells.append(cell)
        first = [_code(kind.first)] if kind.first else []
        # after the imports, as a student would: the first code cell of a lesson holds them
        at = next(i for i, cell in enumerate(cells) if cell["cell_type"] == "code") + 1
        last = [_code(kind.last)] if kind.last else []
        book["cells"] = [*cells[:at], *first, *cells[at:], *last]
        if kind.edit:
            EDITS[kind.edit](book, path, self)
        else:
            _save(book, path)

    def fingerprint(self) -> dict[str, int]:
        """Return what must not change: the files of the course, and their sizes."""
        return {
            str(path): path.stat().st_size
            for name in ("source", "release", "submitted")
            for path in sorted((self.root / name).rglob("*"))
            if path.is_file()
        }

    def compare(self, kind: Kind, students: dict[str, dict[str, Any]]) -> dict[str, Any]:
        """Tell what one submission got, and what is wrong with that."""
        row = students.get(kind.name, {"score": None, "reason": "not graded", "flags": []})
        answered = set() if kind.zero else self.answered(kind.base)
        honest = sum(self.points[name] for name in self.answered(kind.base))
        expected = sum(self.points[name] for name in answered - set(kind.loses))
        wrong = []
        score = row["score"]
        if score is None or score > honest or (score != expected and not kind.at_most):
            wrong.append(f"the score is {score} instead of {expected:g}")
        said = " ".join([row["reason"], *row["flags"]])
        if kind.flag and kind.flag not in said:
            wrong.append(f"neither flag nor reason says {kind.flag!r}: {said!r}")
        path = notebook.path_of(self.lesson, self.root / "autograded" / kind.name)
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if not text:
            wrong.append("there is nothing in autograded/")
        else:
            wrong += self._shown(kind, json.loads(text))
        if len(text) > 3_000_000:
            wrong.append(f"the recorded notebook has {len(text) / 1e6:.1f} MB")
        return {
            "name": kind.name,
            "says": kind.says,
            "score": score,
            "expected": expected,
            "honest": honest,
            "flags": row["flags"],
            "reason": row["reason"],
            "wrong": wrong,
        }

    def _shown(self, kind: Kind, book: Notebook) -> list[str]:
        """Tell what is wrong with what a recorded notebook shows."""
        wrong, own = [], ""
        for cell in book["cells"]:
            outputs = cell.get("outputs", [])
            text = json.dumps(outputs, ensure_ascii=False)
            if not cell["metadata"].get("nbgrader", {}).get("grade"):
                own += text
            for line in self.hidden:
                if line in text or json.dumps(line)[1:-1] in text:
                    wrong.append(f"an output holds a hidden line: {line[:60]}")
                    break
            rich = [
                value if isinstance(value, str) else "".join(map(str, value))
                for output in outputs
                for mime, value in output.get("data", {}).items()
                if mime != "text/plain"
            ]
            markdown = [notebook.text_of(cell)] if cell["cell_type"] == "markdown" else []
            for part in [FENCED.sub("", part) for part in (*rich, *markdown)]:
                if found := DANGEROUS.search(part):
                    near = part[max(0, found.start() - 40) : found.end() + 40]
                    wrong.append(f"the recorded notebook holds an active script: {near}")
            if "application/javascript" in text:
                wrong.append("the recorded notebook holds JavaScript")
        if kind.shows and kind.shows not in own:
            wrong.append(f"no output says {kind.shows!r}: {own[-500:]}")
        return wrong


def _alive() -> list[str]:
    """Return the processes that a submission has left running."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline") if sys.platform == "linux" else ():
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if LONELY.encode() in words:
            found.append(path.parent.name)
    return found


def _code(source: str) -> Notebook:
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": source,
    }


def _save(book: Notebook, path: Path) -> None:
    path.write_text(json.dumps(book, indent=1), encoding="utf-8")


def _marks(book: Notebook, kind: str = "") -> list[Notebook]:
    """Return the cells with nbgrader's metadata: all, or ``grade`` or ``solution`` cells."""
    found = [cell for cell in book["cells"] if "nbgrader" in cell["metadata"]]
    return [cell for cell in found if not kind or cell["metadata"]["nbgrader"].get(kind)]


def _change(change: Callable[[Notebook], None]) -> Callable[[Notebook, Path, Class], None]:
    """Return an edit that changes the notebook and writes it."""

    def edit(book: Notebook, path: Path, place: Class) -> None:
        change(book)
        _save(book, path)

    return edit


def _bytes(content: bytes) -> Callable[[Notebook, Path, Class], None]:
    def edit(book: Notebook, path: Path, place: Class) -> None:
        path.write_bytes(content)

    return edit


def _delete_checks(book: Notebook) -> None:
    book["cells"] = [c for c in book["cells"] if not c["metadata"].get("nbgrader", {}).get("grade")]


def _edit_checks(book: Notebook) -> None:
    for cell in _marks(book, "grade"):
        cell["source"] = "pass"


def _more_points(book: Notebook) -> None:
    for cell in _marks(book, "grade"):
        cell["metadata"]["nbgrader"]["points"] = 100


def _copy_check(book: Notebook) -> None:
    first = _marks(book, "grade")[0]
    book["cells"].insert(book["cells"].index(first), copy.deepcopy(first) | {"id": "copy"})


def _copy_answers(book: Notebook) -> None:
    for number, cell in enumerate(_marks(book, "solution")):
        other = copy.deepcopy(cell) | {"id": f"copy-{number}", "source": "pass"}
        book["cells"].insert(book["cells"].index(cell), other)


def _schema_99(book: Notebook) -> None:
    for cell in _marks(book):
        cell["metadata"]["nbgrader"]["schema_version"] = 99


def _strip_metadata(book: Notebook) -> None:
    book["metadata"] = {}
    for cell in book["cells"]:
        cell["metadata"] = {}


def _strange_metadata(book: Notebook) -> None:
    strange: list[Any] = [
        None,
        7,
        "text",
        [],
        {"nbgrader": 3},
        {"nbgrader": {"grade": "x", "grade_id": [1]}},
    ]
    for number, cell in enumerate(book["cells"]):
        if number % 3 == 0:
            cell["metadata"] = strange[number // 3 % len(strange)]
    book["metadata"] = {"kernelspec": 3, "language_info": []}


def _answers_as_text(book: Notebook) -> None:
    for cell in _marks(book, "solution"):
        cell["cell_type"] = "markdown"
        del cell["outputs"], cell["execution_count"]


def _reverse(book: Notebook) -> None:
    book["cells"] = book["cells"][::-1]


def _unknown_kernel(book: Notebook) -> None:
    book["metadata"]["kernelspec"] = {"name": "matlab", "display_name": "M", "language": "matlab"}


def _no_cells(book: Notebook) -> None:
    book["cells"] = []


def _old_format(book: Notebook, path: Path, place: Class) -> None:
    _save({"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [book]}, path)


def _half_a_file(book: Notebook, path: Path, place: Class) -> None:
    text = json.dumps(book)
    path.write_text(text[: len(text) // 2], encoding="utf-8")


def _wrong_name(book: Notebook, path: Path, place: Class) -> None:
    _save(book, path.with_name(f"{place.lesson} (1).ipynb"))


def _link_outside(book: Notebook, path: Path, place: Class) -> None:
    path.symlink_to(notebook.path_of(place.lesson, place.root / "source"))


def _files_beside(book: Notebook, path: Path, place: Class) -> None:
    _save(book, path)
    for name in ("numpy.py", "course.py", "json.py", "course/checks.py", "sitecustomize.py"):
        file = path.parent / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("def expect(*a, **k):\n    pass\n", encoding="utf-8")


def _script_in_text(book: Notebook) -> None:
    book["cells"].append(
        {"cell_type": "markdown", "metadata": {}, "source": "# Hi\n\n<script>owned()</script>"}
    )
    book["cells"].append(
        {
            "cell_type": "markdown",
            "metadata": {},
            "source": "[x](javascript:owned()) <img src=x onerror=owned()>",
        }
    )


EDITS: dict[str, Callable[[Notebook, Path, Class], None]] = {
    "delete-checks": _change(_delete_checks),
    "edit-checks": _change(_edit_checks),
    "more-points": _change(_more_points),
    "copy-check": _change(_copy_check),
    "copy-answers": _change(_copy_answers),
    "schema-99": _change(_schema_99),
    "strip-metadata": _change(_strip_metadata),
    "strange-metadata": _change(_strange_metadata),
    "answers-as-text": _change(_answers_as_text),
    "reverse": _change(_reverse),
    "unknown-kernel": _change(_unknown_kernel),
    "no-cells": _change(_no_cells),
    "script-in-text": _change(_script_in_text),
    "empty-file": _bytes(b""),
    "not-utf-8": _bytes(b"\xff\xfe\x00{" + os.urandom(2000)),
    "deep-json": _bytes(b"[" * 1_000_000),
    "bad-json": _half_a_file,
    "old-format": _old_format,
    "wrong-name": _wrong_name,
    "link-outside": _link_outside,
    "files-beside": _files_beside,
}
