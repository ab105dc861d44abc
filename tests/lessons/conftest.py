"""Fixtures of the tests of lessons: see tests/harness.py."""

import pytest
from harness import Learned, execute, load, spoiling
from harness import pytest_generate_tests as pytest_generate_tests

from course import paths

collect_ignore_glob = [] if paths.SOURCE.exists() else ["*"]  # source/ isn't shipped to learners


@pytest.fixture(scope="module")
def spec(request):
    """Return what this module says of its lesson."""
    return request.module.SPEC


@pytest.fixture(scope="module")
def graded(spec, tmp_path_factory):
    """Execute the lesson as nbgrader does, with answers that spoil their arguments."""
    folder = tmp_path_factory.mktemp("graded")
    return execute(
        spoiling(load(spec.name)), folder, probe=spec.absent, NBGRADER_EXECUTION="autograde"
    )


@pytest.fixture(scope="module")
def learned(spec, tmp_path_factory):
    """Execute the lesson as a learner does, with all "answers" and with "none"."""
    one = Learned(spec, tmp_path_factory.mktemp("learned"))
    yield one
    one.kernel.close()
