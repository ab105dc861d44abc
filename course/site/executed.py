"""What the cells of a lesson show when they run with our answers, kept until something changes.

The notebook of ``source/`` runs from top to bottom in a kernel, once: what its cells show lies in
the user's cache folder under a name that is made of all that can change it (the notebook, the
library, the data). Live demos are cut short, and show the recorded run in the same picture. In
another language a lesson runs once more, since tables and pictures have words, but its live demos
end almost at once. Left out on purpose: what our answers look like. They run, and only what is
shown is kept.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from tqdm import tqdm

from course import language, paths
from course.errors import CourseError
from course.grader.library import files
from course.translate import built

SECONDS = 20  # for a live demo
AGAIN = 2  # for one that has run in English
TIMEOUT = 900  # seconds for a cell
# What of the library changes no English output: rooms that no lesson imports, and translations.
APART = ("author", "bench", "cli.py", "grader", "learner", "locale", "site")
WIDGET = "application/vnd.jupyter.widget-view+json"
Outputs = dict[str, list[dict[str, Any]]]  # cell id → its outputs


def outputs(lesson: str, root: Path, ground: str, code: str = "en") -> Outputs:
    """Return what each code cell of a lesson shows, from the cache if nothing has changed.

    Parameters
    ----------
    lesson : str
    root : Path
        The course's folder, with ``source/``.
    ground : str
        What `common` gives.
    code : str
        The language.

    Returns
    -------
    dict
        Cell id → outputs as in a notebook; cells that show nothing are left out.

    Raises
    ------
    CourseError
        If a cell fails; what had run before stays in the cache.
    """
    name = lesson if code == "en" else f"{code}-{lesson}"
    kept = paths.cache() / "site" / f"{name}-{mark(lesson, root, ground, code)}.json"
    if kept.exists():
        found: Outputs = json.loads(kept.read_text(encoding="utf-8"))
        return found
    found = run(lesson, root, code)
    for old in kept.parent.glob(f"{name}-*.json"):
        old.unlink(missing_ok=True)
    paths.write(kept, json.dumps(found, ensure_ascii=False))
    return found


def common(root: Path) -> str:
    """Return a hash of what all lessons depend on: the library and the data."""
    library = Path(paths.__file__).parent
    return f"{files(library, APART)} {files(root / 'data')}"


def mark(lesson: str, root: Path, ground: str, code: str = "en") -> str:
    """Return a short name for all that a lesson's outputs depend on."""
    content = built.notebook(lesson, "source", root, code).read_bytes()
    if code != "en":
        content += language.place(language.LIBRARY, code).read_bytes()
    own = hashlib.sha256(content).hexdigest()
    seconds = SECONDS if code == "en" else AGAIN
    return hashlib.sha256(f"{own} {ground} {seconds}".encode()).hexdigest()[:16]


def run(lesson: str, root: Path, code: str = "en") -> Outputs:
    """Execute a lesson with our answers in a kernel, and return what its cells show."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError

    path = built.notebook(lesson, "source", root, code)
    nb = nbformat.read(path, as_version=4)
    cells = [cell for cell in nb.cells if cell.cell_type == "code"]
    ours = {k: v for k, v in os.environ.items() if k != "NBGRADER_EXECUTION"}
    seconds = SECONDS if code == "en" else AGAIN
    ours |= {"COURSE_ROOT": str(root), "COURSE_DEMO_SECONDS": str(seconds), "COURSE_LANG": code}
    with tqdm(total=len(cells), desc=lesson, unit="cell", disable=None, leave=False) as bar:
        client = NotebookClient(
            nb,
            timeout=TIMEOUT,
            resources={"metadata": {"path": str(path.parent)}},
            on_cell_complete=lambda **_: bar.update(),
        )
        try:
            client.execute(env=ours)
        except CellExecutionError as error:
            said = str(error).strip().split("\n")[-1]
            raise CourseError(f"{lesson} doesn't run to its end with our answers: {said}") from None
        except CellTimeoutError:
            raise CourseError(
                f"A cell of {lesson} ran for {TIMEOUT} s, longer than any should: is this computer "
                "busy with other work? The same command goes on with this lesson."
            ) from None
    shown = {cell.id: [kept for out in cell.outputs if (kept := fit(out))] for cell in cells}
    return {name: found for name, found in shown.items() if found}


def fit(output: dict[str, Any]) -> dict[str, Any] | None:
    """Return an output as a page can show it, or None: buttons need a running Python."""
    if output["output_type"] == "error" or output.get("name") == "stderr":
        return None
    output = dict(output, metadata={})
    if "data" in output:
        data = {kind: value for kind, value in output["data"].items() if kind != WIDGET}
        if not data or (WIDGET in output["data"] and set(data) <= {"text/plain"}):
            return None
        output["data"] = data
    if "execution_count" in output:
        output["execution_count"] = None
    return output
