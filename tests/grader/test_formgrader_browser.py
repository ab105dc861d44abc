"""What instructors and students click, in Chromium: nbgrader's own pages, and ours among them.

One server and one browser for all. The course's configuration has three switches at its end, files
that a test makes: the process that grades waits as long as ``hold`` is there, and finds no sandbox
where ``no-sandbox`` is. With COURSE_GUIDE_PICTURES=1 the pictures of docs/instructor.md and
docs/student.md are made anew, in docs/pictures; they are compared with nothing.
"""

import contextlib
import getpass
import io
import os
import re
import shutil
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from browser import Notebook, Server, start_browser, wait
from grading_class import (
    LESSON,
    StandIn,
    answered,
    cell_of,
    gradebook,
    hand_in,
    recorded,
    registered,
    scores,
    solutions,
)

from course import paths
from course.grader import buttons, classroom, grade, sandbox
from course.hooks import HOOKS

pytestmark = pytest.mark.browser
isolated = pytest.mark.skipif(bool(sandbox.missing()), reason=sandbox.missing() or "there is one")
CELLS = "return document.querySelectorAll('.nbgrader_cell, .cell, .jp-Cell').length;"
SCRIPT = "<script>document.title = 'owned'</script>"
COMMENT = "Well done, and look at the empty list once more."
SWITCHES = """
import time

c.Execute.timeout = 900
if sys.argv[0].endswith("buttons.py"):  # the process that grades, not the server
    if (root / "no-sandbox").exists():
        os.environ["PATH"] = "/nonexistent"
    while (root / "hold").exists():
        (root / "holding").touch()
        time.sleep(0.02)
"""
# A page's state, in JavaScript.
DIALOG = """
const dialog = document.querySelector('#success-modal.in, #error-modal.in');
return dialog && `${dialog.id}: ${dialog.textContent}`;
"""
PRESS = """
const [key, button] = arguments;
const row = [...document.querySelectorAll('#main-table tr')].find(row => [...row.cells].some(
  cell => cell.matches('.name, .student-id') && cell.innerText.trim() === key));
const link = row?.querySelector(`td.${button} a`);
if (link) link.click();
return !!link;
"""
ROWS = "return [...document.querySelectorAll('tbody tr')].map(row => row.innerText);"
SAID = "return [...document.querySelectorAll('#autograde-all .said li')].map(li => li.innerText);"
# The assignment list: a button of a lesson's row, in one of its three parts.
LISTED = """
const [part, lesson, button] = arguments;
const row = [...document.querySelectorAll(`#${part}_assignments_list > .list_item`)].find(
  row => row.innerText.includes(lesson));
const found = [...row?.querySelectorAll('button') ?? []].find(b => b.innerText.trim() === button);
if (found) found.click();
return !!found;
"""


class Room:
    """The classroom: a course, JupyterLab in its folder, and the browser."""

    def __init__(self, root, server, driver):
        self.root, self.server, self.driver = root, server, driver
        self.name = LESSON  # as tests/browser.py calls the folder that a notebook is in

    def go(self, address):
        """Open one of the formgrader's pages."""
        self.driver.get(f"{self.server.url}formgrader/{address}")

    def press(self, key, button):
        """Press the button in a row of a student or lesson, and don't wait."""
        look = lambda: self.driver.execute_script(PRESS, key, button)  # noqa: E731
        wait(f"{button} of {key}", look, 120)

    def dialog(self, *picture):
        """Return what the dialog says, once it is closed again."""
        said = wait("the dialog", lambda: self.driver.execute_script(DIALOG), 400)
        if picture:
            self.picture(*picture)
        gone = "return !document.querySelector('.modal');"
        self.driver.execute_script("document.querySelector('.modal.in button').click();")
        wait("the dialog's end", lambda: self.driver.execute_script(gone), 60)
        return said

    def succeed(self, key, button):
        self.press(key, button)
        said = self.dialog()
        assert said.startswith("success-modal"), said
        return said

    def rows(self):
        """Return the text of the table's rows."""
        return [" ".join(text.split()) for text in self.driver.execute_script(ROWS)]

    def all(self, which):
        """Press *Autograde all* or *Stop*."""
        css = f"#autograde-all .{which}"

        def click():
            from selenium.webdriver.common.by import By

            button = self.driver.find_element(By.CSS_SELECTOR, css)
            ready = button.is_displayed() and button.is_enabled()
            if ready:
                button.click()
            return ready

        wait(which, click, 60)

    def said(self, pattern):
        """Wait until the box of *Autograde all* says something."""

        def look():
            text = "\n".join(self.driver.execute_script(SAID))
            return re.search(pattern, text) and text

        return wait(f"{pattern!r} in the box", look, 400)

    def listed(self, part, button):
        """Press a button of the assignment list."""
        look = lambda: self.driver.execute_script(LISTED, part, LESSON, button)  # noqa: E731
        wait(f"{button} in the list", look, 120)

    def picture(self, name, height=0):
        """Keep a picture of the window; with a height, one for the guides if that is asked for."""
        from PIL import Image

        png = self.driver.get_screenshot_as_png()
        folder = Path(os.environ.get("COURSE_SCREENSHOTS") or paths.WORK / "screenshots")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"classroom-{name}.png").write_bytes(png)
        if height and os.environ.get("COURSE_GUIDE_PICTURES"):
            image = Image.open(io.BytesIO(png)).convert("RGB")
            image = image.crop((0, 0, image.width, min(height, image.height)))
            image = image.resize((960, 960 * image.height // image.width))
            place = paths.ROOT / "docs" / "pictures" / f"{name}.png"
            place.parent.mkdir(exist_ok=True)
            image.quantize(128, dither=Image.Dither.NONE).save(place, optimize=True)


@pytest.fixture(scope="module")
def room():
    """Grade a class of three, and start Jupyter's server and the browser in the course's folder.

    ada has all right, bob one exercise, and eve brings a script.
    """
    with contextlib.ExitStack() as stack:
        # Not pytest's folder: its path may be too long for sockets.
        kept = tempfile.TemporaryDirectory(prefix="course-", ignore_cleanup_errors=True)
        folder = Path(stack.enter_context(kept)).resolve()
        driver = start_browser(folder)
        stack.callback(driver.quit)
        root = registered(folder / "course")
        with (root / "nbgrader_config.py").open("a", encoding="utf-8") as config:
            config.write(SWITCHES)
        right = solutions(root)
        first = next(iter(right))
        hand_in(root, "ada", answered(root, right))
        hand_in(root, "bob", answered(root, {first: right[first]}))
        nb = answered(root, right)
        nb["cells"].append({"cell_type": "markdown", "metadata": {}, "source": SCRIPT})
        hand_in(root, "eve", nb)
        grade.grade(LESSON, root=root, hooks=HOOKS, engine=StandIn(root))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("COURSE_EXCHANGE", str(folder / "exchange"))
        patch.setattr(sys, "prefix", str(folder / "environment"))
        patch.setattr(classroom, "_extensions", list)  # Jupyter's answers: test_classroom.py
        rows = classroom.classroom(root)["rows"]
        patch.undo()
        assert {r["what"] for r in rows if r["state"] == "missing"} <= {"sandbox"}, rows
        enabled = (folder / "environment" / classroom.ENABLED).parent.parent
        server = Server(
            folder,
            root,
            COURSE_ROOT=str(root),
            COURSE_EXCHANGE=str(folder / "exchange"),
            JUPYTER_CONFIG_PATH=str(enabled),
        )
        stack.callback(server.stop)
        driver.get(f"{server.url}api?token={server.token}")  # a cookie remembers the token
        yield Room(root, server, driver)


@pytest.fixture
def page(room, request):
    """Give the room to a test; keep a picture of a failure, and leave no switch on."""
    failed = request.session.testsfailed
    yield room
    for name in ("hold", "holding", "no-sandbox"):
        (room.root / name).unlink(missing_ok=True)
    if request.session.testsfailed > failed:
        room.picture("failed")
        print(room.server.log.read_text(encoding="utf-8", errors="replace")[-3000:])


def one_right(room):
    """Return a notebook with the first exercise right."""
    right = solutions(room.root)
    first = next(iter(right))
    return answered(room.root, {first: right[first]})


def test_the_formgrader_shows_scores_and_submissions(page):
    driver = page.driver
    page.go(f"manage_submissions/{LESSON}")

    def table():
        found = {(text.split() + [""] * 3)[2]: text for text in page.rows()}
        return found if {"ada", "bob", "eve"} <= set(found) else None

    found = wait("the class in the formgrader", table, 120)
    for student in ("ada", "bob", "eve"):
        total = sum(scores(page.root, student).values())
        assert f" {total:g} / " in found[student], found
        assert "graded" in found[student]

    query = urllib.parse.quote(LESSON)
    page.go(f"gradebook/{query}/{query}")
    links = "return [...document.querySelectorAll('tbody a')].map(link => link.href);"
    links = wait("three submissions", lambda: driver.execute_script(links), 120)
    shown = 0
    for link in dict.fromkeys(link for link in links if "/submissions/" in link):
        driver.get(link)
        wait("a submission", lambda: driver.execute_script(CELLS), 120)
        assert driver.title != "owned"
        shown += 1
    assert shown == 3


@isolated
def test_the_server_answers_while_a_submission_is_graded(page):
    """By the order of events: the grading ends only when the server has answered meanwhile."""
    hand_in(page.root, "dan", one_right(page))
    (page.root / "hold").touch()
    page.go(f"manage_submissions/{LESSON}")
    page.press("dan", "autograde")
    wait("the grading to begin", (page.root / "holding").exists, 120)
    assert "started" in page.server.ask("api/status")
    assert page.driver.execute_script(DIALOG) is None
    (page.root / "hold").unlink()
    said = page.dialog()
    assert said.startswith("success-modal"), said
    assert scores(page.root, "dan") == scores(page.root, "bob")
    assert (page.root / ".grading" / LESSON / "students" / "dan.json").exists()


def test_feedback_is_our_page_and_the_server_answers_meanwhile(page):
    (page.root / "hold").touch()
    page.go(f"manage_submissions/{LESSON}")
    page.press("bob", "generate-feedback")
    wait("the feedback to begin", (page.root / "holding").exists, 120)
    assert "started" in page.server.ask("api/status")
    (page.root / "hold").unlink()
    said = page.dialog()
    assert said.startswith("success-modal"), said
    (file,) = (page.root / "feedback" / "bob" / LESSON).glob("*.html")
    text = file.read_text(encoding="utf-8")
    assert "HIDDEN" not in text
    assert "<script" not in text


def test_without_a_sandbox_the_buttons_say_one_sentence(page):
    trace = page.root / "ran"
    nb = one_right(page)
    nb["cells"][1]["source"] = f"open({str(trace)!r}, 'w').close()"
    hand_in(page.root, "max", nb)
    (page.root / "no-sandbox").touch()
    page.go(f"manage_submissions/{LESSON}")
    page.press("max", "autograde")
    said = page.dialog("refused", 500)
    assert said.startswith("error-modal"), said
    sentence = sandbox.NO_ISOLATION.format(why="bubblewrap isn't installed")
    assert said.count(sentence) == 1
    assert "Traceback" not in said
    page.all("start")
    assert page.said("isolated") == sentence
    assert not trace.exists()
    assert not (page.root / "autograded" / "max").exists()
    assert not (page.root / ".grading" / LESSON / "students" / "max.json").exists()
    shutil.rmtree(page.root / "submitted" / "max")


@isolated
def test_all_are_graded_stopped_and_gone_on_with(page):
    right = one_right(page)
    slow = one_right(page)
    cell_of(slow, "average")["source"] += "\nimport time\ntime.sleep(600)\n"
    for student in ("kim", "lee"):
        hand_in(page.root, student, right)
    hand_in(page.root, "zoe", slow)
    page.go(f"manage_submissions/{LESSON}")
    page.all("start")

    def all_but_one():
        found = re.search(r"(\d+) of (\d+) done", "\n".join(page.driver.execute_script(SAID)))
        return found and int(found[1]) == int(found[2]) - 1

    wait("all but one to be graded", all_but_one, 400)
    page.picture("autograde-all", 620)
    page.go(f"manage_submissions/{LESSON}")  # a page that comes back shows how far it is
    wait("the same on the page", all_but_one, 120)
    page.all("stop")
    assert page.said("Stopped") == buttons.STOPPED
    assert scores(page.root, "kim") == scores(page.root, "lee") == scores(page.root, "bob")
    assert not (page.root / ".grading" / LESSON / "students" / "zoe.json").exists()

    hand_in(page.root, "zoe", right)  # she has handed in again
    start = "document.querySelector('#autograde-all .start').click();"
    assert page.driver.execute_script(start + SAID) == []  # what the run before said is gone
    said = page.said("graded now")
    assert re.match(r"1 graded now, \d+ as before, 0 failed\.", said), said
    assert scores(page.root, "zoe") == scores(page.root, "bob")
    again = lambda: [row for row in page.rows() if " zoe " in row and "needs" not in row]  # noqa: E731
    wait("the table to say so", again, 120)


def test_nobody_gets_in_whom_nbgrader_would_not_let_in(page):
    """Without a login, and with a login but from a foreign page; nbgrader's collect compares."""
    cookies = "; ".join(f"{one['name']}={one['value']}" for one in page.driver.get_cookies())
    ours = (f"assignment/{LESSON}/autograde", f"submission/{LESSON}/ada/autograde")

    def refused(address, method, headers):
        request = urllib.request.Request(
            f"{page.server.url}formgrader/api/{address}", b"", headers, method=method
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    for headers in ({}, {"Cookie": cookies}):
        stock = refused(f"assignment/{LESSON}/collect", "POST", headers)
        assert stock == 403
        assert {refused(address, "POST", headers) for address in ours} == {stock}
        assert refused(ours[0], "DELETE", headers) == stock
    assert refused(ours[0], "GET", {"Cookie": cookies}) == 200


@isolated
def test_the_whole_round_from_release_to_feedback(page):
    """Instructor and student are one account here, so that both have the same name."""
    root, driver, student = page.root, page.driver, getpass.getuser()
    # The instructor makes the students' version and gives it out.
    driver.get(f"{page.server.url}lab?reset")
    ready = "return !!window.jupyterapp?.commands.hasCommand('nbgrader:open-formgrader');"
    wait("JupyterLab", lambda: driver.execute_script(ready), 120)
    driver.execute_script("window.jupyterapp.shell.collapseLeft();")
    driver.execute_script("window.jupyterapp.commands.execute('nbgrader:open-formgrader');")
    frame = "return document.querySelector('#formgrader-iframe iframe');"
    driver.switch_to.frame(wait("the formgrader", lambda: driver.execute_script(frame), 120))
    shutil.rmtree(root / "release" / LESSON)
    page.succeed(LESSON, "assign")
    assert (root / "release" / LESSON / f"{LESSON}.ipynb").exists()
    page.succeed(LESSON, "release")
    driver.switch_to.default_content()
    page.picture("formgrader", 640)

    # The student fetches, answers, validates, submits.
    driver.execute_script("window.jupyterapp.commands.execute('nbgrader:open-assignment-list');")
    page.listed("released", "Fetch")
    own = root / LESSON / f"{LESSON}.ipynb"
    wait("the fetched notebook", own.exists, 120)
    notebook = Notebook(page, f"{LESSON}/{LESSON}.ipynb")
    driver.execute_script(
        "window.jupyterapp.commands.execute('docmanager:open', {path: arguments[0]});",
        notebook.path,
    )
    wait("the notebook", lambda: notebook.script("return !!panel?.context.isReady"), 120)
    write = "cells.find(c => c.model.sharedModel.getMetadata('nbgrader')?.grade_id === rest[0])"
    for name, source in solutions(root).items():
        source = re.sub(r"(?m)^ *### (BEGIN|END) SOLUTION\n?", "", source)
        notebook.script(f"{write}.model.sharedModel.setSource(rest[1]);", None, name, source)
    notebook.save()
    press = "panel.node.querySelector('.validate-button').click();"
    wait("the validate button", lambda: notebook.script(press + "return true;"), 60)
    dialog = "return document.querySelector('.jp-Dialog')?.innerText;"
    said = wait("the validation", lambda: driver.execute_script(dialog), 400)
    page.picture("validated", 620)
    assert "Success" in said, said
    driver.execute_script("document.querySelector('.jp-Dialog button').click();")
    driver.execute_script("window.jupyterapp.commands.execute('nbgrader:open-assignment-list');")
    page.listed("fetched", "Submit")
    inbound = root.parent / "exchange" / "gpt-course" / "inbound"
    wait("the hand-in", lambda: list(inbound.glob(f"{student}+{LESSON}+*/*.ipynb")), 120)
    handed = "return document.querySelector('#submitted_assignments_list .list_item')?.innerText;"
    wait("the list to say so", lambda: driver.execute_script(handed), 120)
    page.picture("assignment-list", 620)

    # The instructor collects, grades, gives a comment, and returns feedback.
    students = driver.current_window_handle
    driver.switch_to.new_window("tab")
    page.go("manage_assignments")
    page.succeed(LESSON, "collect")
    assert (root / "submitted" / student / LESSON / f"{LESSON}.ipynb").exists()
    page.go(f"manage_submissions/{LESSON}")
    page.all("start")
    said = page.said("graded now")
    assert re.match(r"1 graded now, \d+ as before, 0 failed\.", said), said
    page.picture("submissions")
    with gradebook(root) as book:
        one = book.find_submission_notebook(LESSON, LESSON, student)
        assert one.score == one.max_score
        driver.get(f"{page.server.url}formgrader/submissions/{one.id}/")
    fields = "return document.querySelector('textarea.comment');"
    field = wait("a field for a comment", lambda: driver.execute_script(fields), 120)
    wait("the field", lambda: field.is_displayed() and not field.get_attribute("disabled"), 60)
    field.send_keys(COMMENT)
    page.picture("by-hand", 800)
    driver.execute_script("document.activeElement.blur();")
    there = lambda: COMMENT in str(recorded(root, student)["comments"])  # noqa: E731
    wait("the comment in the gradebook", there, 60)
    page.go("manage_assignments")
    page.succeed(LESSON, "generate-feedback")
    page.succeed(LESSON, "release-feedback")

    # The student fetches it.
    driver.close()
    driver.switch_to.window(students)
    page.listed("submitted", "Fetch Feedback")
    feedback = lambda: list((root / LESSON / "feedback").glob(f"*/{LESSON}.html"))  # noqa: E731
    (file,) = wait("the feedback", feedback, 120)
    text = file.read_text(encoding="utf-8")
    assert COMMENT in text
    assert "HIDDEN" not in text
    driver.get(file.as_uri())
    page.picture("feedback", 400)


def test_what_the_guides_show_is_there():
    """The guides' pictures are those that this file makes, and each is small."""
    made = {
        *("autograde-all", "formgrader", "validated", "assignment-list"),
        *("by-hand", "feedback", "refused"),
    }
    folder = paths.ROOT / "docs"
    there = {path.stem: path.stat().st_size for path in (folder / "pictures").glob("*.png")}
    shown = set()
    for name in ("instructor.md", "student.md"):
        shown |= set(re.findall(r"\(pictures/([\w-]+)\.png\)", (folder / name).read_text("utf-8")))
    assert set(there) == shown <= made
    assert max(there.values()) < 80_000
