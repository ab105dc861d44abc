"""Run records: the JSON of one measured run. Lessons and README print numbers from these only.

A record holds the figures, and what one needs to judge them: seed, versions, the class of machine
and the date. Nothing in it names a person or a path.
"""

import csv
import json
import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from course import paths
from course.errors import CourseError
from course.language import _


def machine() -> str:
    """Return the class of this machine, such as ``"x86_64, 2 cores, Linux"``."""
    return f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}"


def versions(*packages: str) -> dict[str, str]:
    """Return the installed versions of Python and of `packages`."""
    return {"python": platform.python_version()} | {p: metadata.version(p) for p in packages}


def write(name: str, figures: dict[str, Any], *, folder: Path | None = None) -> Path:
    """Write the record `name` and return its path; the old one is replaced in one step."""
    record = figures | {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "versions": versions("torch", "transformers", "tokenizers"),
    }
    target = (folder or paths.RUNS) / f"{name}.json"
    paths.write(target, json.dumps(record, indent=1) + "\n")
    return target


def read(name: str, *, folder: Path | None = None) -> dict[str, Any]:
    """Return the record `name`.

    Raises
    ------
    CourseError
        If there is no such record or it can't be read.
    """
    path = (folder or paths.RUNS) / f"{name}.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CourseError(
            _("No run record {name}: restore data/runs with git.").format(name=path.name)
        ) from None
    except ValueError:
        raise CourseError(
            _("Run record {name} is damaged: restore it with git.").format(name=path.name)
        ) from None


def targets(command: str, number_format: str = "") -> dict[str, tuple[str, float]]:
    """Return the targets of `command`, key → (``"<="`` or ``">="``, bound).

    What depends on the processor has a target for each number format, which counts only for
    `number_format`.
    """
    with (paths.DATA / "targets.csv").open(encoding="utf-8", newline="") as f:
        rows = [row for row in csv.DictReader(f) if row["command"] == command]
    of_format = [row for row in rows if row["format"] in ("", number_format)]
    return {row["key"]: (row["relation"], float(row["bound"])) for row in of_format}


def meets(command: str, figures: Mapping[str, Any]) -> dict[str, bool]:
    """Return for each target of `command` whose key is in `figures` whether it holds.

    Targets of one number format are those of ``figures["format"]``, if it is there.
    """
    holds = {"<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b}
    return {
        key: holds[relation](figures[key], bound)
        for key, (relation, bound) in targets(command, figures.get("format", "")).items()
        if key in figures
    }
