"""What ``nbgrader_config.py`` says, without nbgrader: folders, the stub, seconds for each cell.

The file is nbgrader's own, so that nbgrader, its formgrader and this grader go by one truth. What
it leaves out has nbgrader's default here, too. Left out on purpose: configuration in a home folder
or on the command line.
"""

import difflib
import re
from pathlib import Path

from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from course.grader import times
from course.grader.errors import N_, GraderError
from course.grader.notebook import path_of

FILE = "nbgrader_config.py"
# nbgrader's own stubs, where the configuration has no other ones.
CODE_STUB = "# YOUR CODE HERE\nraise NotImplementedError()"
TEXT_STUB = "YOUR ANSWER HERE"


def config(root: Path) -> Config:
    """Return what ``nbgrader_config.py`` says; an empty configuration where it isn't shipped."""
    file = (root / FILE).absolute()
    if not file.exists():
        return Config()
    # The whole path: in a folder's name alone the loader would fill in variables such as "$HOME".
    return PyFileConfigLoader(str(file), path=str(root)).load_config()


def cell_seconds(root: Path) -> float:
    """Return how long one cell may run, in seconds: nbgrader's ``Execute.timeout``."""
    return float(config(root).get("Execute", {}).get("timeout", 30))


def ignored(root: Path) -> re.Pattern[str] | None:
    """Return what costs nothing on stderr: nbgrader's ``IgnorePattern``; None if nothing is."""
    own = config(root).get("IgnorePattern", {})
    return re.compile(own["pattern"]) if own.get("enabled") and own.get("pattern") else None


def stubs(root: Path) -> dict[str, str]:
    """Return what a student finds in place of a solution: ``code_stub`` and ``text_stub``."""
    own = config(root).get("ClearSolutions", {})
    code = own.get("code_stub", {})
    code = code if isinstance(code, str) else code.get("python", CODE_STUB)
    return {"code_stub": code, "text_stub": own.get("text_stub", TEXT_STUB)}


def clock(root: Path) -> tuple[str, str]:
    """Return the zone and the form of the times that nbgrader's exchange writes."""
    own = config(root).get("Exchange", {})
    return own.get("timezone", "UTC"), own.get("timestamp_format", times.FORMAT)


def folder(root: Path, step: str) -> Path:
    """Return the folder of a step ("source", "release", "submitted", "autograded", "feedback")."""
    return root / config(root).get("CourseDirectory", {}).get(f"{step}_directory", step)


def lessons(root: Path) -> list[str]:
    """Return the names of all lessons, from ``source/``, or from ``release/`` where that isn't."""
    for step in ("source", "release"):
        place = folder(root, step)
        found = sorted(path.parent.name for path in place.glob("*/*.ipynb"))
        names = [name for name in dict.fromkeys(found) if path_of(name, place).exists()]
        if names:
            return names
    return []


def sources(names: list[str] | None, root: Path) -> list[str]:
    """Return the lessons of ``source/`` that are meant by `names`; all if none are named.

    Raises
    ------
    GraderError
        If ``source/`` isn't here, or a name is unknown.
    """
    source = folder(root, "source")
    here = [name for name in lessons(root) if path_of(name, source).exists()]
    if not here:
        raise GraderError(
            N_("There are no lessons in source/: this command needs the full course.")
        )
    for name in names or []:
        if name not in here:
            raise GraderError(unknown(name, here))
    return [name for name in here if not names or name in names]


def unknown(name: str, known: list[str]) -> str:
    """Return a sentence for a lesson that doesn't exist, with the nearest one that does."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    if near:
        return N_("There is no lesson {name!r}: did you mean {near}?").format(
            name=name, near=near[0]
        )
    if not known:
        return N_("There is no lesson {name!r}: no lessons are here.").format(name=name)
    text = N_("There is no lesson {name!r}: the lessons are {known}.")
    return text.format(name=name, known=", ".join(known))
