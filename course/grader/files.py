"""Files that are written in one step, and names that are shown as they can be read."""

import re
from collections.abc import Iterable
from pathlib import Path

from course.grader.errors import N_

# What would move a terminal's cursor, end a line, or turn the direction of the text after it.
UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def write(path: Path, content: str | bytes) -> None:
    """Write a file and its folders; an old one is replaced in one step, or stays as it was.

    Parameters
    ----------
    content : str or bytes
        Text is written as UTF-8, with its line ends as they are, on all systems.

    Raises
    ------
    OSError
        If the disk is full, or the file can't be replaced.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    draft.write_bytes(content.encode() if isinstance(content, str) else content)
    draft.replace(path)


def shown(name: str) -> str:
    """Return a name of a student or file with what can't be seen escaped, for people to read."""
    return UNSEEN.sub(lambda match: match[0].encode("unicode_escape").decode(), name)


def some(names: Iterable[str]) -> str:
    """Return names for people to read, and not a hundred of them."""
    names = list(names)
    few = ", ".join(names[:5])
    more = N_("{names} and {left} more").format(names=few, left=len(names) - 5)
    return more if len(names) > 5 else few
