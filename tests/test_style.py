"""The code is clean under ruff and mypy, and no skipped test hides in CI."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("check", [["check"], ["format", "--check", "--diff"]], ids=" ".join)
def test_ruff_finds_nothing(check):
    command = [sys.executable, "-m", "ruff", *check, "--quiet", "--no-cache", str(ROOT)]
    found = subprocess.run(command, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr


def test_mypy_finds_nothing():
    # With an empty cache it takes half a minute, later a second.
    found = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-error-summary"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stdout + found.stderr


TESTS = """
import pytest

def test_that_skips():
    pytest.skip("no model here")

@pytest.mark.xfail
def test_that_is_expected_to_fail():
    assert False
"""


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("whole_module", [True, False])
def test_a_skip_fails_only_where_it_must_not_be(tmp_path, strict, whole_module):
    for name in ("conftest.py", "browser.py", "warm.py"):  # the one imports the other
        shutil.copy(ROOT / "tests" / name, tmp_path)
    first = 'import pytest\npytest.skip("no model here", allow_module_level=True)\n'
    (tmp_path / "test_it.py").write_text(first if whole_module else TESTS, encoding="utf-8")
    (tmp_path / "test_other.py").write_text("def test_other():\n    pass\n", encoding="utf-8")
    env = {k: v for k, v in os.environ.items() if not k.startswith(("COURSE_", "PYTEST_"))}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-ra", "-p", "no:cacheprovider", "."],
        cwd=tmp_path,
        env=env | ({"COURSE_NO_SKIP": "1"} if strict else {}),
        capture_output=True,
        text=True,
    )
    assert "no model here" in run.stdout
    assert (run.returncode != 0) == strict, run.stdout
