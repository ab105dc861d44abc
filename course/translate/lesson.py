"""A lesson in another language: its messages, and its files with translations in their places.

One way for ``source/`` and ``release/``: a message is found by the id of its cell and its English
text, so what nbgrader takes out of a cell (the solution, hidden checks) makes no difference to the
rest. Ids, metadata, code and order are the notebook's own.
"""

import functools
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course.translate import code, markdown, svg
from course.translate.message import Message, Piece, joined, messages

Notebook = dict[str, Any]
Find = Callable[[str, str], str | None]  # context and English text → its translation, or None
# What lessons say in many places. It is in the library's catalogue, once.
EVERYWHERE = ("Hint 1 · the idea", "Hint 2 · the key line in words", "Answer", "Answers")
PAGES = {".md": markdown.cut, ".svg": svg.cut}  # the other files of a lesson that hold text


@dataclass(frozen=True)
class Place:
    """A message and where it is.

    Attributes
    ----------
    context : str
        The cell's id, or the name of another file of the lesson.
    message : Message
    """

    context: str
    message: Message

    @property
    def shared(self) -> bool:
        """Whether it is in the library's catalogue."""
        return self.message.kind == "exercise" or self.message.text in EVERYWHERE


def pieces_of(cell: dict[str, Any]) -> list[Piece]:
    """Return the pieces of a cell."""
    text = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        return markdown.cut(text)
    if cell["cell_type"] == "code":
        return code.cut(text, graded=bool(cell["metadata"].get("nbgrader")))
    return [text]


def places(notebook: Notebook, folder: Path | None = None) -> Iterator[Place]:
    """Yield the messages of a notebook, and of the other files in its `folder`, in their order."""
    for cell in notebook["cells"]:
        for message in messages(pieces_of(cell)):
            yield Place(cell["id"], message)
    for file in pages(folder) if folder else ():
        for message in messages(PAGES[file.suffix](file.read_text(encoding="utf-8"))):
            yield Place(file.name, message)


def pages(folder: Path) -> list[Path]:
    """Return a lesson's files that hold text, the notebook aside."""
    return sorted(file for file in folder.glob("*") if file.suffix in PAGES)


def translated(notebook: Notebook, find: Find) -> Notebook:
    """Return a notebook with the translations that `find` knows; the rest stays English."""
    cells = []
    for cell in notebook["cells"]:
        text = joined(pieces_of(cell), functools.partial(_looked_up, find, cell["id"]))
        as_lines = not isinstance(cell["source"], str)
        cells.append(cell | {"source": text.splitlines(keepends=True) if as_lines else text})
        marks = cell["metadata"].get("nbgrader") or {}
        if "checksum" in marks:
            marks = marks | {"checksum": checksum(cell["cell_type"], text, marks)}
            cells[-1]["metadata"] = cell["metadata"] | {"nbgrader": marks}
    return notebook | {"cells": cells}


def checksum(kind: str, text: str, marks: dict[str, Any]) -> str:
    """Return what nbgrader writes down of a cell, to tell later whether it was changed.

    Its own function needs nbgrader, which learners don't have.
    """
    parts = [text, kind, *(str(bool(marks[key])) for key in ("grade", "solution", "locked"))]
    parts += [marks["grade_id"], *([str(float(marks["points"]))] if marks["grade"] else [])]
    return hashlib.md5("".join(parts).encode(), usedforsecurity=False).hexdigest()


def _looked_up(find: Find, context: str, message: Message) -> str | None:
    return find(context, message.text)


def page(name: str, content: bytes, find: Find) -> bytes:
    """Return a lesson's file in the language of `find`: a notebook, page or picture.

    Parameters
    ----------
    name : str
        The file's name.
    content : bytes
    find : callable
    """
    suffix = Path(name).suffix
    if suffix == ".ipynb":
        notebook = translated(json.loads(content), find)
        return (json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()
    if suffix not in PAGES:
        return content
    pieces = PAGES[suffix](content.decode())
    return joined(pieces, functools.partial(_looked_up, find, name)).encode()
