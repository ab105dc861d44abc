"""What ``source/`` holds of an assignment: its cells, its files, what they define and import.

Read once for a class. The checks come from here, not from the gradebook as nbgrader's own
`OverwriteCells` has it: `record.register` holds the two equal, or says that they can't be.
"""

import ast
import contextlib
import fnmatch
import functools
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from course.grader import library, notebook, settings
from course.grader.errors import N_, GraderError
from course.grader.hooks import Hooks
from course.grader.job import Limits
from course.grader.notebook import Cell


@dataclass(frozen=True, eq=False)
class SourceNotebook:
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
    code_stub, text_stub : str
        What nbgrader puts in place of a solution.
    others : callable
        Gives the same notebook's cells in each other language in which it is handed out.
    """

    name: str
    cells: tuple[Cell, ...]
    raw: tuple[dict[str, Any], ...]
    metadata: dict[str, Any]
    names: tuple[str, ...]
    modules: tuple[str, ...]
    code_stub: str = settings.CODE_STUB
    text_stub: str = settings.TEXT_STUB
    others: Callable[[], list[tuple[Cell, ...]]] = list

    @functools.cached_property
    def _checks_elsewhere(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for cells in self.others():
            for cell in cells:
                if cell.kind == "grade":
                    found.setdefault(cell.name, []).append(cell.source)
        return found

    def elsewhere(self, name: str) -> list[str]:
        """Return the texts of a check in other languages."""
        return self._checks_elsewhere.get(name, [])

    @property
    def points(self) -> float:
        """What all its checks and answers are worth together."""
        return sum(cell.points for cell in self.cells)

    @functools.cached_property
    def known(self) -> dict[str, Cell]:
        """The cells that have a name, by it."""
        return {cell.name: cell for cell in self.cells if cell.name}

    @functools.cached_property
    def given(self) -> frozenset[str]:
        """The names in the code that everybody is given."""
        from course.grader import (
            similar,
        )  # loads numpy, which a learner's own check needn't wait for

        return similar.names(self.released(cell) for cell in self.cells if cell.runs)

    def released(self, cell: Cell) -> str:
        """Return a cell as nbgrader's gradebook has it: without a solution, with hidden tests."""
        if cell.kind not in ("solution", "manual") or cell.task:
            return cell.source
        code = self.code_stub if cell.cell_type == "code" else self.text_stub
        # Without markers all of it is the solution.
        return notebook.stub(cell.source, code) if notebook.BEGIN_SOLUTION in cell.source else code


@dataclass(frozen=True)
class Assignment:
    """What ``source/`` holds of one assignment.

    Attributes
    ----------
    name : str
    root : Path
        The course's folder.
    notebooks : dict of str to SourceNotebook
    files : dict of str to bytes
        The files next to them: relative path → content.
    limits : Limits
    hooks : Hooks
    places : CourseDirectory
        nbgrader's picture of the course's folders.
    library : str
        A hash of what scores depend on in the library, its data and packages.
    """

    name: str
    root: Path
    notebooks: dict[str, SourceNotebook]
    files: dict[str, bytes]
    limits: Limits
    hooks: Hooks
    places: Any
    library: str = ""

    @property
    def modules(self) -> tuple[str, ...]:
        """What its notebooks import, each once."""
        found = (module for one in self.notebooks.values() for module in one.modules)
        return tuple(dict.fromkeys(found))

    @property
    def points(self) -> float:
        """What all its checks are worth together."""
        return sum(one.points for one in self.notebooks.values())


def read(name: str, root: Path, hooks: Hooks) -> Assignment:
    """Return the assignment `name` of ``source/``.

    Raises
    ------
    GraderError
        If there is none.
    """
    from course.grader.adapter import directory

    root = root.resolve()
    places = directory(root)
    folder = Path(places.format_path(places.source_directory, ".", name))
    known = sorted({path.parent.name for path in folder.parent.glob("*/*.ipynb")})
    if not known:
        raise GraderError(N_("There are no lessons in source/: grading needs the full course."))
    if name not in known:
        raise GraderError(settings.unknown(name, known))
    config = settings.config(root)
    folder = hooks.source(folder, root)
    notebooks = {path.stem: open_notebook(path, root, hooks) for path in _notebooks(folder)}
    spared = set(config.get("Autograde", {}).get("exclude_overwriting", {}).get(name, []))
    files = {
        where: path.read_bytes()
        for where, path in files_below(folder, places.ignore)
        if path.suffix != ".ipynb" and where not in spared
    }
    limits = Limits(cell_seconds=settings.cell_seconds(root))
    digest = library.digest(root, hooks)
    return Assignment(name, root, notebooks, files, limits, hooks, places, digest)


def modules(name: str, root: Path, hooks: Hooks) -> tuple[str, ...]:
    """Return what the notebooks of an assignment import, without asking nbgrader where they are.

    For a head start only: empty where something is wrong.
    """
    try:
        folder = settings.folder(root, "source") / name
        found = [open_notebook(path, root, hooks) for path in _notebooks(folder)]
    except (GraderError, OSError):
        return ()
    return tuple(dict.fromkeys(module for one in found for module in one.modules))


def _notebooks(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.ipynb") if path.is_file())


def open_notebook(path: Path, root: Path, hooks: Hooks) -> SourceNotebook:
    """Return a notebook of ``source/``, or of ``release/`` for its visible checks.

    Raises
    ------
    GraderError
        If it can't be read.
    """
    raw = notebook.read(path)
    cells = tuple(notebook.cells(raw))
    solutions = [cell for cell in cells if cell.kind == "solution"]
    code = [cell for cell in cells if cell.runs]
    found = raw.get("metadata")
    metadata = found if isinstance(found, dict) else {}
    return SourceNotebook(
        name=path.stem,
        cells=cells,
        raw=tuple(raw["cells"]),
        metadata={k: metadata[k] for k in ("kernelspec", "language_info") if metadata.get(k)},
        names=tuple(dict.fromkeys(name for cell in solutions for name in defined(cell))),
        modules=tuple(dict.fromkeys(n for cell in code for n in imported(cell, hooks))),
        **settings.stubs(root),
        others=functools.partial(_others, path, root, hooks),
    )


def _others(path: Path, root: Path, hooks: Hooks) -> list[tuple[Cell, ...]]:
    """Return a notebook's cells in all languages; whatever is wrong there costs a flag at most."""
    with contextlib.suppress(Exception):
        folders = hooks.translations(path.parent.name, root)
        return [tuple(notebook.cells(notebook.read(one / path.name))) for one in folders]
    return []


# --- what a cell defines and imports --------------------------------------------------------------


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


def imported(cell: Cell, hooks: Hooks) -> list[str]:
    """Return the modules that a cell imports while it is graded."""
    names: list[str] = []
    for node in _running(_parsed(cell), hooks.unless_grading):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.append(node.module)
            parts = (f"{node.module}.{alias.name}" for alias in node.names)
            names += [part for part in parts if _is_module(part)]
    return names


def _running(tree: ast.AST, unless: re.Pattern[str] | None) -> Iterator[ast.AST]:
    """Walk over a tree, but not into what a demo does only if nobody is grading."""
    for node in ast.iter_child_nodes(tree):
        if unless and isinstance(node, ast.If) and unless.search(ast.unparse(node.test)):
            continue
        yield node
        yield from _running(node, unless)


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
    for place, folders, names in walk(folder):
        folders[:] = [name for name in folders if not is_ignored(name, ignore)]
        for name in names:
            if not is_ignored(name, ignore):
                path = Path(place, name)
                yield path.relative_to(folder).as_posix(), path


def is_ignored(filename: str, ignore_globs: list[str] | None = None) -> bool:
    """Tell whether nbgrader passes a file or folder over, as `nbgrader.utils.is_ignored` does.

    By its name alone: nbgrader's own function takes the folders above for a pattern, too.
    """
    name = os.path.basename(filename)
    return any(
        fnmatch.fnmatch(name, pattern) and (pattern[:1] == "." or name[:1] != ".")
        for pattern in ignore_globs or ()
    )
