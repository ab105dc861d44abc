"""Where everything lies, in one place.

``ROOT`` is the folder that holds ``release/`` and ``data/``: the checkout, or the folder named by
the environment variable ``COURSE_ROOT`` (tests and the grader's sandbox set it).
"""

import os
from pathlib import Path

import platformdirs

ROOT = Path(os.environ.get("COURSE_ROOT") or Path(__file__).resolve().parent.parent)
DATA = ROOT / "data"
MODELS = DATA / "models"
RUNS = DATA / "runs"
SOURCE = ROOT / "source"
RELEASE = ROOT / "release"
WORK = ROOT / "work"
TESTS = ROOT / "tests"


def cache() -> Path:
    """Return the user's cache folder of the course (``COURSE_CACHE`` overrides it), not created."""
    return Path(os.environ.get("COURSE_CACHE") or platformdirs.user_cache_path("gpt-course"))


def grading() -> bool:
    """Tell whether nbgrader is executing this notebook: demos then take shipped artefacts."""
    return bool(os.environ.get("NBGRADER_EXECUTION"))
