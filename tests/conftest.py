"""Rules for all tests: no skips in CI, which tests are quick, and how many run at a time.

Where COURSE_NO_SKIP=1 is set, as in CI, a skipped test is a failed one. Elsewhere a test that needs
the real models may skip, with its reason in pytest's summary.

Two marks say what costs time. ``slow``, by hand: a test, or what it shares with others, takes more
than a few seconds of processor time. ``browser``, by what a test asks for: it drives Chromium.
`--quick` leaves both out: what is left is what one usually breaks, in every room.
"""

import os
import sys

import pytest

# Tests start hundreds of processes. What the first one compiles is there for the others, also where
# Python is told to write nothing down: without that, each Jupyter kernel compiles 120 modules anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# Tests read English, also where a learner has chosen another language.
os.environ["COURSE_LANG"] = "en"
# Threads that wait for each other sleep. By default they spin, also while those that they wait for
# have no core, since each worker has as many threads as there are cores: six times the work.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy's, for the same reason
# As course/grader/adapter.py has it: grammars that take a second to compile, and no notebook needs.
sys.modules.setdefault("rfc3987_syntax", None)

from browser import jupyter, lab  # noqa: E402, F401 - fixtures for all tests that want a browser

# What takes longest, the longest first (see `pytest --durations`): what begins early isn't left for
# the end, when all other workers are idle.
LONGEST = (
    *("lessons/test_lessons.py", "author/test_stock.py", "grader/test_odd.py"),
    *("grader/test_hostile.py", "lessons/test_lesson08.py", "stages/test_rlhf.py"),
    *("lessons/test_lesson06.py", "lessons/test_lesson03.py", "lm/test_lm.py"),
    *("lessons/test_lesson07.py", "lessons/test_lesson05.py", "lessons/test_lesson09.py"),
    *("show/test_show.py", "lessons/test_lesson04.py", "author/test_cycle.py"),
    *("author/test_pack.py", "site/test_labs_browser.py", "grader/test_hub_browser.py"),
    *("test_start.py", "grader/test_run.py", "learner/test_progress.py"),
)


def pytest_configure(config):
    config.option.loadscopereorder = False  # xdist would begin with files of many tests


def pytest_addoption(parser):
    parser.addoption("--quick", action="store_true", help="leave out tests that take long")


def pytest_collection_modifyitems(config, items):
    rank = {file: number for number, file in enumerate(LONGEST)}
    items.sort(key=lambda i: rank.get(i.path.as_posix().rpartition("/tests/")[2], len(rank)))
    for item in items:
        if {"lab", "jupyter"} & set(item.fixturenames):
            item.add_marker("browser")
    if config.getoption("quick"):
        left_out = [i for i in items if any(map(i.get_closest_marker, ("slow", "browser")))]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """Return how many tests run at a time: each worker may load torch and a gigabyte of models.

    Two more than there are cores, for some only wait: for a browser, a server, the end of a limit.
    """
    return min((os.cpu_count() or 1) + 2, 4)


def strict(report):
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("COURSE_NO_SKIP"):
        reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"With COURSE_NO_SKIP a skip is a failure. {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    return strict((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    return strict((yield))
