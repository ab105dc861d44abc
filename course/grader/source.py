"""What ``source/`` holds of an assignment: its cells, its files, what they define and import.

Read once for a class. The checks come from here, not from the gradebook as nbgrader's own
`OverwriteCells` has it: `record.register` holds the two equal, or says that they can't be.
"""

import ast
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course import paths
from course.errors import CourseError
from course.grader import notebook
from course.grader.job import Limits
from course.grader.notebook import Cell

if TYPE_CHECKING:
    from nbgrader.coursedir import CourseDirectory


@dataclass(frozen=True, eq=False)
class Truth:
    """One notebook of ``source/``.

    Attributes
    ----------
    name : str
        Its file name without ``.ipynb``.
    cells : tuple of Cell
    raw : tuple of dict
        The same cells as the file has them.
    metadata : dict
        Of the notebook: kernel and language.
    names : tuple of str
        What its solution cells define.
    modules : tuple of str
        What its code imports.
    """

    name: str
    cells: tuple[Cell, ...]
    raw: tuple[dict[str, Any], ...]
    metadata: dict[str, Any]
    names: tuple[str, ...]
    modules: tuple[str, ...]

    @property
    def points(self) -> float:
        """What all its checks are worth together."""
        return sum(cell.points for cell in self.cells)


@dataclass(frozen=True)
class Assignment:
    """What ``source/`` holds of one assignment: notebook name → `Truth`, and the files beside."""

    name: str
    root: Path
    notebooks: dict[str, Truth]
    files: dict[str, bytes]
    limits: Limits

    @property
    def modules(self) -> tuple[str, ...]:
        """What its notebooks import, each once."""
        found = (module for truth in self.notebooks.values() for module in truth.modules)
        return tuple(dict.fromkeys(found))

    @property
    def points(self) -> float:
        """What all its checks are worth together."""
        return sum(truth.points for truth in self.notebooks.values())


def directory(root: Path | None = None) -> "CourseDirectory":
    """Return nbgrader's picture of the course's folders, from ``nbgrader_config.py``."""
    from nbgrader.coursedir import CourseDirectory

    root = (root or paths.ROOT).resolve()
    config = notebook.config(root)
    config.CourseDirectory.root = str(root)
    return CourseDirectory(config=config)


def read(name: str, root: Path | None = None) -> Assignment:
    """Return the assignment `name` of ``source/``.

    Raises
    ------
    CourseError
        If there is none, or a cell of it needs a grader's hand.
    """
    root = (root or paths.ROOT).resolve()
    places = directory(root)
    folder = Path(places.format_path(places.source_directory, ".", name))
    known = sorted({path.parent.name for path in folder.parent.glob("*/*.ipynb")})
    if not known:
        raise CourseError("There are no lessons in source/: grading needs the full course.")
    if name not in known:
        raise CourseError(notebook.unknown(name, known))
    config = notebook.config(root)
    notebooks = {path.stem: _truth(path) for path in sorted(folder.glob("*.ipynb"))}
    spared = set(config.get("Autograde", {}).get("exclude_overwriting", {}).get(name, []))
    files = {
        where: path.read_bytes()
        for where, path in files_below(folder, places.ignore)
        if path.suffix != ".ipynb" and where not in spared
    }
    limits = Limits(cell_seconds=notebook.cell_seconds(root))
    return Assignment(name, root, notebooks, files, limits)


def modules(name: str, root: Path) -> tuple[str, ...]:
    """Return what the notebooks of an assignment import, without asking nbgrader where they are.

    For a head start only: empty where folders have other names, or something is wrong.
    """
    try:
        found = [_truth(path) for path in sorted((root / "source" / name).glob("*.ipynb"))]
    except (CourseError, OSError):
        return ()
    return tuple(dict.fromkeys(module for truth in found for module in truth.modules))


def students(assignment: Assignment) -> list[str]:
    """Return who has a folder for the assignment in ``submitted/``, in order."""
    places = directory(assignment.root)
    wild = Path(places.format_path(places.submitted_directory, "*", assignment.name))
    known = re.compile(
        places.format_path(
            places.submitted_directory, "(?P<student>.*)", re.escape(assignment.name), escape=True
        )
    )
    root = Path(places.root)
    found = [known.fullmatch(str(path)) for path in root.glob(str(wild.relative_to(root)))]
    return sorted(match["student"] for match in found if match)


def _truth(path: Path) -> Truth:
    raw = notebook.read(path)
    cells = tuple(notebook.cells(raw))
    for cell in cells:
        if cell.kind == "other":
            raise CourseError(
                f"The cell {cell.name} of {path.name} isn't graded by a test: `course grade` "
                "grades functions only; use `nbgrader autograde` for it."
            )
    metadata = {key: raw.get("metadata", {}).get(key) for key in ("kernelspec", "language_info")}
    return Truth(
        name=path.stem,
        cells=cells,
        raw=tuple(raw["cells"]),
        metadata={key: value for key, value in metadata.items() if value},
        names=tuple(dict.fromkeys(n for c in cells if c.kind == "solution" for n in defined(c))),
        modules=tuple(dict.fromkeys(n for c in cells if c.kind != "text" for n in imported(c))),
    )


def _parsed(cell: Cell) -> ast.Module:
    try:
        return ast.parse(cell.source)
    except (SyntaxError, ValueError):  # a cell with a line of IPython's own
        return ast.Module([], [])


def defined(cell: Cell) -> list[str]:
    """Return the names that a cell defines at its top level, without what it imports."""
    names = []
    for node in _parsed(cell).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            inside = (part for target in targets for part in ast.walk(target))
            names += [
                part.id
                for part in inside
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
            ]
    return names


def imported(cell: Cell) -> list[str]:
    """Return the modules that a cell imports while it is graded."""
    names: list[str] = []
    for node in _running(_parsed(cell)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.append(node.module)
            parts = (f"{node.module}.{alias.name}" for alias in node.names)
            names += [part for part in parts if _is_module(part)]
    return names


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk over a tree, but not into what a demo does only if nobody is grading."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "not grading()" in ast.unparse(node.test):
            continue
        yield node
        yield from _running(node)


def _is_module(name: str) -> bool:
    """Tell whether `name`, with a dot, is a module, without importing what it lies in."""
    parts = name.split(".")
    try:
        spec = find_spec(parts[0])
        for end in range(2, len(parts) + 1):
            place = spec.submodule_search_locations if spec else None
            spec = PathFinder.find_spec(".".join(parts[:end]), place) if place else None
    except (ImportError, ValueError):
        return False
    return spec is not None


# --- files and cells as nbgrader has them ---------------------------------------------------------


def walk(folder: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """Walk over the real folders below `folder`, in order, and not too deep."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        yield place, folders, sorted(names)
        if len(Path(place).relative_to(folder).parts) >= 10:
            folders.clear()


def files_below(folder: Path, ignore: list[str]) -> Iterator[tuple[str, Path]]:
    """Give the files below `folder` that nbgrader would take: relative name, path."""
    from nbgrader.utils import is_ignored

    for place, folders, names in walk(folder):
        folders[:] = [name for name in folders if not is_ignored(os.path.join(place, name), ignore)]
        for name in names:
            path = Path(place, name)
            if not is_ignored(str(path), ignore):
                yield path.relative_to(folder).as_posix(), path


def released(cell: Cell) -> str:
    """Return a cell as nbgrader's gradebook has it: without a solution, with hidden tests."""
    if cell.kind != "solution":
        return cell.source
    # Without markers all of it is the solution.
    return notebook.stub(cell.source) if notebook.BEGIN_SOLUTION in cell.source else notebook.STUB


def metadata(cell: Cell) -> dict[str, Any]:
    """Return what nbgrader's release has in a cell's metadata."""
    from nbformat import from_dict
    from nbgrader.utils import compute_checksum

    grade = cell.kind == "grade"
    meta: dict[str, Any] = {
        "cell_type": "code",
        "grade": grade,
        "grade_id": cell.name,
        "locked": grade,
        "schema_version": 3,
        "solution": not grade,
        "task": False,
    }
    if grade:
        meta["points"] = cell.points
    plain = {"cell_type": "code", "source": released(cell), "metadata": {"nbgrader": meta}}
    meta["checksum"] = compute_checksum(from_dict(plain))
    return {"deletable": False} | ({"editable": False} if grade else {}) | {"nbgrader": meta}
