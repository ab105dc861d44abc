"""What the shell that starts us must not decide: where modules come from, and how Python behaves.

A command may be typed in a folder of somebody else's files, with another program's ``PYTHONPATH``.
So `cli` imports this module before all others, and what we start gets `python` and `environment`.
Left out on purpose: what happens before our first line. The interpreter itself reads
``PYTHONPATH``, and ``python -m course.cli`` takes a folder ``course`` that lies right there.
"""

import os
import site
import sys

# Of Python's own variables only those pass that change no result: the form of texts on pipes.
HARMLESS = ("PYTHONUTF8", "PYTHONIOENCODING", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE")


def environment() -> dict[str, str]:
    """Return the environment variables for a process of ours."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith("PYTHON") or name.upper() in HARMLESS
    }


def python(*arguments: str) -> list[str]:
    """Return the command that runs this Python, without the current folder on its path."""
    return [sys.executable, "-P", *arguments]


def own(entries: list[str]) -> list[str]:
    """Return the `entries` of a module path that are neither the current folder nor foreign."""
    asked = os.environ.get("PYTHONPATH")
    foreign = {"", *(asked.split(os.pathsep) if asked else ())}
    # Somebody may have named our own packages once more, or be right among them.
    ours = {*site.getsitepackages(), os.path.dirname(os.__file__)}
    foreign = {_real(name) for name in foreign} - {_real(name) for name in ours}
    return [name for name in entries if _real(name) not in foreign]


def _real(name: str) -> str:
    """Return a folder by its one true name; the empty name is the current folder."""
    try:
        return os.path.realpath(name)
    except OSError:  # the current folder is gone
        return ""


def raise_it() -> None:
    """Take what is foreign from this process's module path and environment."""
    sys.path[:] = own(sys.path)
    for name in set(os.environ) - set(environment()):
        del os.environ[name]


def _is_command() -> bool:
    """Tell whether this process is a command of ours, not somebody's kernel or test."""
    name = os.path.basename(sys.argv[0]).lower() if sys.argv else ""
    return name in ("course", "course.exe", "course-script.py", "cli.py")


if _is_command():
    raise_it()
