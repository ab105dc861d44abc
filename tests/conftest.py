"""One rule for all tests: where COURSE_NO_SKIP=1 is set, as in CI, a skipped test is a failed one.

Elsewhere a test that needs the real models may skip, with its reason in pytest's summary.
"""

import os

import pytest
from browser import jupyter, lab  # noqa: F401 - fixtures for every test that wants a browser


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
