"""nbgrader's own formgrader in Chromium: it shows what `course grade` has recorded.

Its buttons grade, and write pages, as our commands do.
"""

import contextlib
import json
import os
import secrets
import subprocess
import sys
import urllib.parse

import pytest
from browser import wait
from grading_class import LESSON, StandIn, answered, hand_in, registered, scores, solutions

from course.grader import grade, sandbox
from course.hooks import HOOKS
from course.learner import desk

pytestmark = pytest.mark.timeout(300)
CELLS = "return document.querySelectorAll('.nbgrader_cell, .cell, .jp-Cell').length;"
SCRIPT = "<script>document.title = 'owned'</script>"


@pytest.fixture(scope="module")
def classroom(tmp_path_factory):
    """Grade a class of three: all right, one exercise right, and one who brings a script."""
    root = registered(tmp_path_factory.mktemp("formgrader") / "course")
    right = solutions(root)
    first = next(iter(right))
    hand_in(root, "ada", answered(root, right))
    hand_in(root, "bob", answered(root, {first: right[first]}))
    nb = answered(root, right)
    cell = {"cell_type": "markdown", "metadata": {}, "source": SCRIPT}
    nb["cells"].append(cell)
    hand_in(root, "eve", nb)
    grade.grade(LESSON, root=root, hooks=HOOKS, engine=StandIn(root))
    return root


@pytest.fixture(scope="module")
def server(classroom, tmp_path_factory):
    """Start Jupyter's server in the instructor's folder, as an instructor does."""
    folder = tmp_path_factory.mktemp("server")
    token = secrets.token_hex(16)
    ours = {"JUPYTER_TOKEN": token, "JUPYTER_PREFER_ENV_PATH": "1", "COURSE_ROOT": str(classroom)}
    ours |= {f"JUPYTER_{k.upper()}_DIR": str(folder / k) for k in ("config", "data", "runtime")}
    settings = [a for a in desk.lab_arguments(first=False) if ".root_dir=" not in a]
    settings += [
        f"--ServerApp.root_dir={classroom}",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port=0",
        "--ServerApp.open_browser=False",
    ]
    log = folder / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *settings],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=classroom,
            env=os.environ | ours,
        )

    def address():
        with contextlib.suppress(OSError, ValueError):
            info = json.loads((folder / "runtime" / f"jpserver-{process.pid}.json").read_text())
            return f"http://127.0.0.1:{info['port']}/"
        assert process.poll() is None, log.read_text(errors="replace")[-2000:]
        return ""

    yield wait("the formgrader's server", address, 60), token
    process.terminate()
    process.wait(20)


def rows(driver):
    """Return the text of the table's rows."""
    script = "return [...document.querySelectorAll('tbody tr')].map(row => row.innerText);"
    return [" ".join(text.split()) for text in driver.execute_script(script)]


def test_the_formgrader_shows_scores_and_submissions(lab, server, classroom):
    url, token = server
    driver = lab.driver
    driver.get(f"{url}api?token={token}")  # a cookie remembers the token
    driver.get(f"{url}formgrader/manage_submissions/{LESSON}")

    def table():
        found = {(text.split() + [""] * 3)[2]: text for text in rows(driver)}
        return found if {"ada", "bob", "eve"} <= set(found) else None

    found = wait("the class in the formgrader", table, 60)
    for student in ("ada", "bob", "eve"):
        total = sum(scores(classroom, student).values())
        assert f" {total:g} / " in found[student], found
        assert "graded" in found[student]
    lab.screenshot("class")

    query = urllib.parse.quote(LESSON)
    driver.get(f"{url}formgrader/gradebook/{query}/{query}")
    links = "return [...document.querySelectorAll('tbody a')].map(link => link.href);"
    links = wait("three submissions", lambda: driver.execute_script(links), 60)
    shown = 0
    for link in dict.fromkeys(link for link in links if "/submissions/" in link):
        driver.get(link)
        wait("a submission", lambda: driver.execute_script(CELLS), 60)
        assert driver.title != "owned"
        shown += 1
    assert shown == 3
    lab.screenshot("submission")


def click(driver, student, button):
    """Press a student's button; return what the dialog says, once it is closed again."""
    script = """
    const row = [...document.querySelectorAll('#main-table tr')].find(
      row => row.querySelector('td.student-id')?.innerText.trim() === arguments[0]);
    const link = row?.querySelector(`td.${arguments[1]} a`);
    if (link) link.click();
    return !!link;
    """
    wait(f"{button} of {student}", lambda: driver.execute_script(script, student, button), 60)
    shown = """
    const dialog = document.querySelector('#success-modal.in, #error-modal.in');
    return dialog && `${dialog.id}: ${dialog.textContent}`;
    """
    said = wait("the dialog", lambda: driver.execute_script(shown), 120)
    close = "document.querySelector('.modal.in button').click();"
    gone = "return !document.querySelector('.modal');"
    driver.execute_script(close)
    wait("the dialog's end", lambda: driver.execute_script(gone), 20)
    return said


@pytest.mark.skipif(bool(sandbox.missing()), reason=sandbox.missing() or "there is a sandbox")
def test_the_buttons_are_our_grader_and_our_pages(lab, server, classroom):
    url, token = server
    driver = lab.driver
    right = solutions(classroom)
    hand_in(classroom, "dan", answered(classroom, {next(iter(right)): next(iter(right.values()))}))
    driver.get(f"{url}api?token={token}")
    driver.get(f"{url}formgrader/manage_submissions/{LESSON}")
    said = click(driver, "dan", "autograde")
    assert said.startswith("success-modal"), said
    lab.screenshot("autograded")
    assert scores(classroom, "dan") == scores(classroom, "bob")
    assert (classroom / ".grading" / LESSON / "students" / "dan.json").exists()

    driver.get(f"{url}formgrader/manage_submissions/{LESSON}")
    said = click(driver, "dan", "generate-feedback")
    assert said.startswith("success-modal"), said
    (page,) = (classroom / "feedback" / "dan" / LESSON).glob("*.html")
    text = page.read_text(encoding="utf-8")
    assert "HIDDEN" not in text
    assert "<script" not in text
    driver.get(page.as_uri())
    lab.screenshot("feedback")
