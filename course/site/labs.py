"""What the exercises of the pages need beside them: notebooks, Python, and a part of the course.

`runtime.json` names the one version of Pyodide that we have tried, each file with its SHA-256 as
the official distribution has it. A page fetches it from that distribution's address, or from a copy
in the site's folder. Served notebooks are those of ``release/``, byte by byte: what is hidden isn't
in them. An exercise that needs PyTorch stays in JupyterLab. Left out on purpose: other versions.
"""

import ast
import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polib

from course import claims, language, paths
from course.errors import CourseError
from course.grader import notebook
from course.site import words
from course.translate import built

HERE = Path(__file__).parent
LIBRARY = (
    *("__init__.py", "checks.py", "claims.py", "errors.py", "language.py"),
    "paths.py",
    *("site/__init__.py", "site/runner.py", "site/words.py"),
)
ABSENT = "torch"


def runtime() -> dict[str, Any]:
    """Return ``version``, ``address``, ``packages`` and ``files`` of Pyodide."""
    found: dict[str, Any] = json.loads((HERE / "runtime.json").read_text(encoding="utf-8"))
    return found


# --- which exercises ------------------------------------------------------------------------------


def in_page(nb: dict[str, Any]) -> dict[str, bool]:
    """Tell for each exercise of a released notebook whether it runs in a page.

    It doesn't if its stub or its checks use PyTorch.
    """
    found: dict[str, bool] = {}
    absent = _from_torch(nb)
    for cell in notebook.cells(nb):
        if cell.exercise:
            names = {n.id for n in ast.walk(ast.parse(cell.source)) if isinstance(n, ast.Name)}
            found[cell.exercise] = found.get(cell.exercise, True) and not names & absent
    return found


def _from_torch(nb: dict[str, Any]) -> set[str]:
    """Return the names that the set-up cell gives to PyTorch and its parts."""
    setup = [notebook.text_of(cell) for cell in nb["cells"] if cell.get("id") == "setup"]
    found = set()
    for node in ast.walk(ast.parse("\n".join(setup))):
        if isinstance(node, ast.Import):
            some = [a for a in node.names if a.name.partition(".")[0] == ABSENT]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == ABSENT:
            some = node.names
        else:
            continue
        found |= {alias.asname or alias.name.partition(".")[0] for alias in some}
    return found


# --- what is served -------------------------------------------------------------------------------


def notebooks(pages: Path, root: Path, lessons: list[str], code: str) -> None:
    """Put the released notebook of each lesson beside its page, in a language."""
    for lesson in lessons:
        shutil.copy(built.notebook(lesson, "release", root, code), pages / lesson)


def elsewhere() -> list[tuple[str, int, str]]:
    """Return the files of Python at its official address: address, bytes and hash of each."""
    plan = runtime()
    return [
        (plan["address"] + name, about["bytes"], about["sha256"])
        for name, about in plan["files"].items()
    ]


def add(site: Path, root: Path, codes: Sequence[str], pyodide: Path | None = None) -> None:
    """Add to a site what its exercises need, the notebooks aside.

    Parameters
    ----------
    site : Path
        The pages, as Sphinx has made them.
    root : Path
        The course's folder, with ``release/``.
    codes : sequence of str
        The languages of the pages.
    pyodide : Path, optional
        A folder with the official distribution, from which Python is then served.

    Raises
    ------
    CourseError
        If a file of `pyodide` is missing or isn't the one that we have tried.
    """
    plan = runtime()
    if pyodide:
        plan["address"] = f"pyodide-{plan['version']}/"
        copy(pyodide, site / "_static" / plan["address"], plan["files"])
    course = library(root, codes)
    plan["course"] = f"course-{hashlib.sha256(course).hexdigest()[:12]}.zip"
    paths.write(site / "_static" / plan["course"], course)
    paths.write(site / "_static" / "labs.json", json.dumps(plan))


def hold(origin: Path, files: dict[str, dict[str, Any]]) -> None:
    """Hold the files of a distribution to their SHA-256.

    Raises
    ------
    CourseError
        If one is missing or another.
    """
    version = runtime()["version"]
    for name, about in files.items():
        path = origin / name
        if not path.is_file():
            raise CourseError(
                f"{origin} has no {name}: unpack the full release {version} of Pyodide there."
            )
        if hashlib.sha256(path.read_bytes()).hexdigest() != about["sha256"]:
            raise CourseError(f"{path} isn't the one of Pyodide {version}: its SHA-256 differs.")


def copy(origin: Path, to: Path, files: dict[str, dict[str, Any]]) -> None:
    """Copy the files of a distribution if all are what they should be, see `hold`."""
    hold(origin, files)
    to.mkdir(parents=True, exist_ok=True)
    for name in files:
        shutil.copy(origin / name, to)


def library(root: Path, codes: Sequence[str] = ("en",)) -> bytes:
    """Return the part of the course that a page's Python imports, as a zip file.

    Where there are pages in other languages, it holds what checks say in these, too.
    """
    places = (root / "data" / "family", "*.csv"), (claims.place(root), "*.*")
    data = [path for place, names in places for path in sorted(place.glob(names))]
    content = {f"course/{name}": HERE.parent / name for name in LIBRARY}
    content |= {path.relative_to(root).as_posix(): path for path in data}
    for code in codes:
        if code != "en":
            content["polib.py"] = Path(polib.__file__)
            for name in (language.LIBRARY, words.CATALOGUE):
                path = language.place(name, code)
                content[f"course/{path.relative_to(HERE.parent).as_posix()}"] = path
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in content.items():  # no times: the same files give the same bytes
            archive.writestr(zipfile.ZipInfo(name), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return packed.getvalue()
