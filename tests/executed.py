"""Lessons executed as people meet them, for the tests of each lesson.

A notebook runs in a kernel of its own, with the tests' environment and what a test adds to it. A
cell of ours at the end, the *probe*, may tell whether a module was imported.
"""

import asyncio
import os
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from course import paths
from course.grader import notebook


def load(lesson: str, answers: bool = True) -> Any:
    """Return a lesson's notebook; without `answers` as it is released."""
    nb = nbformat.read(notebook.path_of(lesson, paths.SOURCE), as_version=4)
    for cell in nb.cells:
        if not answers and cell.cell_type == "code":
            cell.source = notebook.visible(notebook.stub(cell.source))
    return nb


def execute(
    nb: Any,
    folder: Path,
    *,
    probe: str = "",
    timeout: int = 600,
    allow_errors: bool = True,
    **environment: str,
) -> dict[str, Any]:
    """Return the cells of the executed notebook, id → cell.

    Parameters
    ----------
    nb : notebook
        Executed in place.
    folder : Path
        Where it runs.
    probe : str, optional
        A last cell, "probe", prints whether this module was imported.
    timeout : int
        Seconds for a cell.
    allow_errors : bool
        Go on after a cell that fails.
    environment : str
        Comes on top of ours, which is never that of grading.
    """
    if probe:
        code = f"import sys\nprint({probe!r} in sys.modules)"
        nb.cells.append(nbformat.v4.new_code_cell(code, id="probe"))
    env = {k: v for k, v in os.environ.items() if k != "NBGRADER_EXECUTION"} | environment
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(nb, timeout=timeout, allow_errors=allow_errors, resources=resources)
    asyncio.run(client.async_execute(env=env))  # its execute() would leave a thread's loop open
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
