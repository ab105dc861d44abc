"""The exercises of the pages in Chromium, with the Python that a learner gets.

One site of three lessons and one browser. Lesson 00 comes from a server without the isolation
headers, the others from one with them. A test goes on in the page that it finds, so that Python
starts three times in all: in lesson 00 before and after a loop is stopped, and in lesson 04, which
loads pandas. The servers count what they send, and have the browser tell of each request to another
host, which their policy forbids. Figures are printed; with COURSE_RECORD=1 they are kept as the run
record `labs`, and what a tablet shows on the way in docs/pictures:

    COURSE_RECORD=1 .venv/bin/python -m pytest -n 0 -s tests/site/test_labs_browser.py
"""

import base64
import json
import os
import re
import shutil
import threading
import time
from contextlib import contextmanager
from functools import partial
from http.server import ThreadingHTTPServer

import grading_class as group
import pytest
import runtime
from browser import start_browser, wait
from stock import nbgrader_commands

from course import paths, records
from course.author import verify
from course.grader import grade, notebook, settings
from course.hooks import HOOKS
from course.learner import check
from course.site import build, labs

START, TORCH, TABLES = "00_start_here", "03_fine_tuning", "04_gpt_family"
LESSONS = (START, TORCH, TABLES)
ALL = [name for name in settings.lessons(paths.ROOT) if (paths.SOURCE / name).exists()]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not ALL, reason="source/ isn't shipped here"),
]
POLICY = (
    "default-src 'self' blob: data: 'unsafe-inline' 'unsafe-eval'; worker-src 'self' blob:; "
    "report-uri /elsewhere"
)
TABLET = {"width": 820, "height": 1180, "deviceScaleFactor": 1, "mobile": True}
LAB = """
const lab = document.querySelector(`.lab[aria-label="Your answer: ${arguments[0]}"]`)?.lab;
"""
# Answers an exercise as a learner does, with all of `arguments[1]` in turn: puts the text into the
# editor, presses the button, and waits until the page has told.
CHECK = (
    LAB
    + """
const [codes, done] = [arguments[1], arguments[2]], found = [];
for (const code of codes) {
  const { state } = lab.view;
  lab.view.dispatch({ changes: { from: 0, to: state.doc.length, insert: code } });
  const told = new Promise(over => lab.section.addEventListener('checked', over, { once: true }));
  lab.run.click();
  const { detail } = await told;
  found.push({ ...detail, status: lab.status.textContent, text: lab.section.innerText,
               printed: lab.printed.textContent });
}
done(found);
"""
)
START_RUN = (
    LAB
    + """
lab.view.dispatch({ changes: { from: 0, to: lab.view.state.doc.length, insert: arguments[1] } });
lab.over = new Promise(over => lab.section.addEventListener('checked', over, { once: true }));
lab.section.scrollIntoView();
lab.run.click();
"""
)
# A task for each exercise goes to Python as the page hands it over.
TASKS = """
const { page } = document.querySelector('.lab').lab, done = arguments[1], found = [];
for (const task of arguments[0]) found.push(await page.python.run(task, () => {}));
done(found);
"""


class Handler(build.Handler):
    """Serves as `course site --serve` does, counts, and forbids other hosts."""

    sent = 0
    elsewhere: list = []  # noqa: RUF012 - one list for all requests is meant

    def end_headers(self):
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def copyfile(self, source, outputfile):
        content = source.read()
        Handler.sent += len(content)
        outputfile.write(content)

    def do_POST(self):
        Handler.elsewhere.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(204)
        self.end_headers()


class Bare(Handler):
    """Serves as a host does that has no isolation headers."""

    def send_header(self, keyword, value):
        if not keyword.startswith("Cross-Origin"):
            super().send_header(keyword, value)


@contextmanager
def serving(folder, handler):
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def small(root):
    """Make a course of three lessons; what leads to the others is taken out."""
    for kind in ("source", "release"):
        for lesson in LESSONS:
            shutil.copytree(paths.ROOT / kind / lesson, root / kind / lesson)
        for path in (root / kind).glob("*/*.md"):
            path.unlink()
    (root / "data").symlink_to(paths.DATA, target_is_directory=True)
    shutil.copy(group.CONFIG, root)
    return root


class Reader:
    """Somebody with a browser."""

    def __init__(self, driver, bases, root, folder):
        self.driver, self.bases, self.root, self.folder = driver, bases, root, folder
        self.figures = {}

    def address(self, lesson):
        return f"{self.bases[lesson]}/{lesson}/{lesson}.html"

    def open(self, lesson):
        """Open a lesson and wait until its exercises are there."""
        self.driver.get(self.address(lesson))
        self.ready()

    def ready(self):
        look = "return document.documentElement.dataset.labs === 'open'"
        wait("the exercises", lambda: self.js(look), 60)

    def stay(self, lesson):
        """Open a lesson unless it is what the browser shows."""
        if not self.driver.current_url.startswith(self.address(lesson)):
            self.open(lesson)

    def js(self, code, *arguments):
        return self.driver.execute_script(code, *arguments)

    def check(self, name, *codes):
        """Answer an exercise, and return what the page finds in each answer."""
        return self.driver.execute_async_script(CHECK, name, codes)

    def run(self, tasks):
        """Give tasks to the page's Python, and return what it finds."""
        return self.driver.execute_async_script(TASKS, tasks)

    def write(self, name, code, *, above=False):
        """Put code into an editor: in place of what is there, or above it."""
        until = "0" if above else "lab.view.state.doc.length"
        change = f"{{ from: 0, to: {until}, insert: arguments[1] }}"
        self.js(f"{LAB} lab.view.dispatch({{ changes: {change} }})", name, code)

    def lab(self, name, what):
        """Return something of an exercise, such as ``code``."""
        return self.js(f"{LAB} return lab.{what};", name)

    def wait_for(self, name, what, text):
        """Wait until the exercise says it; `what` is where."""
        wait(f"{text!r} in {what}", lambda: text in (self.lab(name, what) or ""), 120)

    def notice(self):
        return self.js("return document.querySelector('.lab-notice').textContent")

    def total(self):
        return self.js("return document.querySelector('.lab-total').textContent")

    def picture(self, name):
        folder = paths.Path(os.environ.get("COURSE_SCREENSHOTS") or self.folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.driver.get_screenshot_as_file(str(folder / f"labs-{name}.png"))

    def on_the_way(self, step):
        """Keep what a tablet shows for docs/site.md, if figures are recorded; no answer is read."""
        if not os.environ.get("COURSE_RECORD"):
            return
        self.js(f"{LAB} if (lab) lab.view.contentDOM.style.filter = 'blur(8px)'", "win_share")
        clip = {"x": 0, "y": self.js("return scrollY"), "width": 820, "height": 1180, "scale": 0.5}
        shot = {"format": "jpeg", "quality": 70, "clip": clip}
        taken = self.driver.execute_cdp_cmd("Page.captureScreenshot", shot)
        (paths.ROOT / "docs" / "pictures" / f"tablet-{step}.jpg").write_bytes(
            base64.b64decode(taken["data"])
        )

    @contextmanager
    def before(self, script):
        """Run a script in each page that is opened, before its own."""
        command = "Page.addScriptToEvaluateOnNewDocument"
        added = self.driver.execute_cdp_cmd(command, {"source": script})
        yield
        self.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Make the site; a course's root, and the pages."""
    pyodide = runtime.folder()
    place = tmp_path_factory.mktemp("labs")
    root = small(place / "course")
    build.build(place / "site", run=[], root=root, pyodide=pyodide)
    return root, place / "site"


@pytest.fixture(scope="module")
def reader(site, tmp_path_factory):
    root, pages = site
    folder = tmp_path_factory.mktemp("browser")
    driver = start_browser(folder)
    driver.set_script_timeout(300)
    downloads = {"behavior": "allow", "downloadPath": str(folder)}
    driver.execute_cdp_cmd("Page.setDownloadBehavior", downloads)
    with serving(pages, Bare) as bare, serving(pages, Handler) as isolated:
        bases = {START: bare, TORCH: isolated, TABLES: isolated}
        yield Reader(driver, bases, root, folder)
        driver.quit()


@pytest.fixture(autouse=True)
def quiet(request):
    """After each test: nothing is wrong on the console, and nobody else was asked."""
    yield
    if "reader" in request.fixturenames:
        reader = request.getfixturevalue("reader")
        lines = [e["message"] for e in reader.driver.get_log("browser") if e["level"] == "SEVERE"]
        assert lines == []
        assert Handler.elsewhere == []


def solutions(lesson):
    cells = notebook.cells(notebook.read(notebook.path_of(lesson, paths.SOURCE)))
    return {cell.name: cell.source for cell in cells if cell.kind == "solution"}


def variants(kind, lesson, name):
    return verify.variants(paths.TESTS / kind / lesson / f"{name}.py")


def passes(found):
    return bool(found["checks"]) and all(one["passed"] for one in found["checks"])


def right(name="win_share", lesson=START):
    return solutions(lesson)[name]


# --- lesson 00 ------------------------------------------------------------------------------------


def tap(reader, find, *arguments):
    """Tap on an element as a finger does; `find` is a script that returns it."""
    where = f"""
    const it = (() => {{ {find} }})();
    it.scrollIntoView({{ block: "center", behavior: "instant" }});
    const {{ x, y, width, height }} = it.getBoundingClientRect();
    return {{ x: x + Math.min(width, 200) / 2, y: y + height / 2 }};
    """
    at = reader.js(where.replace("arguments[0]", json.dumps(arguments[0]) if arguments else ""))
    for kind, points in (("touchStart", [at]), ("touchEnd", [])):
        touch = {"type": kind, "touchPoints": points}
        reader.driver.execute_cdp_cmd("Input.dispatchTouchEvent", touch)


def test_somebody_with_a_tablet_walks_from_the_link_to_the_first_passed_exercise(reader):
    """A first visit: what is fetched, and when, and how long each step of the way takes."""
    cdp, walk = reader.driver.execute_cdp_cmd, {}
    cdp("Emulation.setDeviceMetricsOverride", TABLET)
    cdp("Emulation.setTouchEmulationEnabled", {"enabled": True})
    cdp("Network.enable", {})  # the worker would isolate the second page; tests below want it bare
    cdp("Network.setBypassServiceWorker", {"bypass": True})
    began, begin = Handler.sent, time.monotonic()

    def arrived(step):
        walk[step] = round(time.monotonic() - begin, 1)
        reader.on_the_way(step)

    reader.driver.get(f"{reader.bases[START]}/index.html")
    arrived("link")
    tap(
        reader, "return [...document.querySelectorAll('article p a')].find(a => /00_/.test(a.href))"
    )
    wait("lesson 00", lambda: START in reader.driver.current_url, 60)
    reader.ready()
    arrived("lesson")
    panel = reader.js("return document.querySelector('.lab-panel').innerText")
    assert "Pyodide 0.27.7, a Python for browsers: 17 MB, from this site" in panel
    assert not reader.js("return !!document.querySelector('.lab').lab.page.python.worker")
    tap(reader, f"{LAB} return lab.view.contentDOM", "win_share")
    stub = reader.lab("win_share", "code")
    select = "{ selection: { anchor: 0, head: lab.view.state.doc.length } }"
    reader.js(f"{LAB} lab.view.dispatch({select})", "win_share")
    cdp("Input.insertText", {"text": re.sub(r"(?m)^ *###.*\n", "", right() + "\n")})
    assert reader.lab("win_share", "code") != stub
    tap(reader, f"{LAB} return lab.run", "win_share")
    reader.wait_for("win_share", "status.textContent", "Passed: 1 of 1 check, 4 of 4 points.")
    arrived("passed")
    cdp("Emulation.setTouchEmulationEnabled", {"enabled": False})
    cdp("Emulation.clearDeviceMetricsOverride", {})
    cdp("Network.setBypassServiceWorker", {"bypass": False})
    reader.figures |= {
        "walk": walk,
        "seconds_to_first_check": round(walk["passed"] - walk["lesson"], 1),
        "mb_to_first_check": round((Handler.sent - began) / 1e6, 1),
    }
    assert "✓ right · the share of wins · 4 points" in reader.lab("win_share", "section.innerText")
    assert reader.total() == "You have passed 1 of 2 exercises, 4 of 10 points."


def test_a_wrong_answer_reads_the_checks_own_sentence(reader):
    reader.stay(START)
    mutant = next(one for one in variants("mutants", START, "win_share") if one.says)
    (found,) = reader.check("win_share", mutant.code)
    assert "✗ not yet" in found["text"]
    assert mutant.says in found["text"]
    assert found["status"] == "Passed: 0 of 1 check, 0 of 4 points."
    reader.picture("wrong")
    (found,) = reader.check("win_share", "def win_share(wins, losses)\n    return 1")
    assert found["status"].startswith("your answer stopped with SyntaxError: expected ':' (line 1 ")


def hold(lesson, run):
    """All alternates pass the checks of the page, and all mutants do what they promise.

    `run` takes an exercise's name and answers, and returns what is found in each.
    """
    seen = 0
    for name in solutions(lesson):
        alternates, mutants = (variants(kind, lesson, name) for kind in ("alternates", "mutants"))
        found = run(name, [one.code for one in (*alternates, *mutants)])
        seen += len(found)
        for variant, one in zip(alternates, found, strict=False):
            assert passes(one), (name, variant.name, one)
        for variant, one in zip(mutants, found[len(alternates) :], strict=True):
            assert passes(one) == (variant.falls == "hidden"), (name, variant.name, one)
            if variant.falls == "visible":
                said = " ".join(check["message"] for check in one["checks"])
                assert variant.says in said, (name, variant.name, said)
    return seen


def test_mutants_and_alternates_of_lesson_00(reader):
    reader.stay(START)
    assert hold(START, lambda name, codes: reader.check(name, *codes)) > 40


def test_without_isolation_a_loop_is_stopped_by_a_new_python(reader):
    reader.stay(START)
    assert not reader.js("return crossOriginIsolated")
    reader.js(START_RUN, "win_share", "print('in it')\nwhile True:\n    pass")
    reader.wait_for("win_share", "printed.textContent", "in it")
    assert reader.lab("win_share", "run.disabled")
    reader.js(f"{LAB} lab.stop.click()", "win_share")
    reader.wait_for("win_share", "status.textContent", "Stopped. Your answer is kept.")
    assert reader.lab("win_share", "code").startswith("print('in it')")
    (found,) = reader.check("win_share", right())
    assert passes(found)


def test_the_keyboard_alone_is_enough(reader):
    from selenium.webdriver import ActionChains, Keys

    reader.stay(START)
    driver = reader.driver
    reader.js("document.querySelector('.lab-panel button').focus()")
    for _ in range(60):  # links and folded hints are on the way
        if "cm-content" in reader.js("return document.activeElement.className"):
            break
        ActionChains(driver).send_keys(Keys.TAB).perform()
    keys = ActionChains(driver).key_down(Keys.CONTROL).send_keys("a").key_up(Keys.CONTROL)
    keys.send_keys("def win_share(wins, losses):\nreturn wins / (wins + losses)").perform()
    written = reader.lab("win_share", "code")
    assert written == "def win_share(wins, losses):\n    return wins / (wins + losses)"
    ActionChains(driver).key_down(Keys.CONTROL).send_keys(Keys.ENTER).key_up(Keys.CONTROL).perform()
    reader.wait_for("win_share", "status.textContent", "Passed: 1 of 1 check")
    ActionChains(driver).send_keys(Keys.ESCAPE).send_keys(Keys.TAB).perform()
    assert reader.js("return document.activeElement.textContent") == "Run and check"


PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
WIDE = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"


def test_a_phone_in_the_dark_holds_it(reader):
    reader.stay(START)
    driver = reader.driver
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
    reader.check("win_share", variants("mutants", START, "win_share")[0].code)
    reader.js(f"{LAB} lab.section.scrollIntoView()", "win_share")
    wait("a page as wide as the phone", lambda: reader.js(WIDE) <= 0, 60)
    reader.picture("phone-dark")
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_answers_and_progress_are_there_after_a_reload(reader):
    """What was typed at the very end, too; and of an exercise that has changed one is told."""
    reader.stay(START)
    reader.check("win_share", right())
    reader.check("next_word", variants("mutants", START, "next_word")[0].code)
    code = reader.lab("next_word", "code")
    reader.driver.refresh()
    reader.ready()
    assert reader.lab("win_share", "code") == right()
    assert reader.lab("next_word", "code") == code
    assert reader.lab("win_share", "status.textContent").startswith("Passed: 1 of 1")
    assert reader.total() == "You have passed 1 of 2 exercises, 4 of 10 points."
    # Typed, and the page left at once: what was written is kept, and no longer counts as passed.
    save = f"{LAB} lab.save({{version: 'an older one'}}).then(arguments[1])"
    reader.driver.execute_async_script(save, "next_word")
    reader.write("win_share", "# more\n", above=True)
    reader.driver.refresh()
    reader.ready()
    assert reader.lab("win_share", "code") == "# more\n" + right()
    assert reader.total() == "You have passed 0 of 2 exercises, 0 of 10 points."
    said = reader.lab("next_word", "status.textContent")
    assert said.startswith("This exercise has changed since your answer was saved")
    assert reader.lab("next_word", "code") == code


def test_of_two_tabs_the_one_that_typed_last_wins(reader):
    reader.stay(START)
    driver = reader.driver
    first = driver.current_window_handle
    driver.switch_to.new_window("tab")
    reader.open(START)
    reader.write("win_share", "# typed later\n", above=True)
    mine = reader.lab("win_share", "code")
    second = driver.current_window_handle
    driver.switch_to.window(first)
    reader.wait_for("win_share", "status.textContent", "in another tab")
    assert reader.lab("win_share", "code") == mine
    driver.switch_to.window(second)
    driver.close()
    driver.switch_to.window(first)


def exported(reader):
    """Export the lesson that is open; a file."""
    name = reader.driver.current_url.split("/")[-1].replace(".html", ".ipynb")
    path = reader.folder / name
    path.unlink(missing_ok=True)
    reader.js("document.querySelector('.lab-panel button').click()")
    wait("the notebook", lambda: path.exists() and path.stat().st_size, 30)
    return path


def test_an_export_is_the_release_with_answers_and_scores_the_same_everywhere(reader, tmp_path):
    reader.stay(START)
    reader.js(f"{LAB} lab.again.click()", "win_share")
    reader.js(f"{LAB} lab.again.click()", "next_word")
    release = notebook.path_of(START, reader.root / "release")
    assert exported(reader).read_bytes() == release.read_bytes()

    given = {"win_share": right()}
    mutants = variants("mutants", START, "next_word")
    given["next_word"] = next(one.code for one in mutants if one.falls == "hidden")
    for name, code in given.items():
        reader.write(name, code)
    root = group.make(tmp_path / "course", START, paths.ROOT)
    (root / "data").symlink_to(paths.DATA, target_is_directory=True)
    path = group.hand_in(root, "ada", exported(reader).read_bytes(), START)
    found, wanted = notebook.read(path), group.answered(root, given, START)
    for cell in (*found["cells"], *wanted["cells"]):
        cell["source"] = notebook.text_of(cell)
    assert found == wanted

    shutil.copytree(root, tmp_path / "ours", symlinks=True)
    commands = (["db", "assignment", "add", START], ["generate_assignment", START, "--force"])
    nbgrader_commands(root, *commands, ["autograde", START])
    stock = group.scores(root, "ada", START)
    assert 0 < sum(stock.values()) < 10
    assert check.check(str(path), root=root)["students"]["me"]["cells"] == stock
    ours = tmp_path / "ours"
    grade.grade(START, engine=group.StandIn(ours), root=ours, hooks=HOOKS)
    assert group.scores(ours, "ada", START) == stock


IMPORT = """
const [name, content] = arguments, input = document.querySelector('.lab-panel input');
const data = new DataTransfer();
data.items.add(new File([content], name));
input.files = data.files;
input.dispatchEvent(new Event('change'));
"""


def test_an_import_brings_answers_and_refuses_nonsense(reader):
    reader.stay(START)
    nb = group.answered(reader.root, {"win_share": "# from JupyterLab\n" + right()}, START)
    reader.js(IMPORT, "mine.ipynb", json.dumps(nb))
    wait("the import", lambda: "1 answer imported from mine.ipynb" in reader.notice(), 30)
    assert reader.lab("win_share", "code").startswith("# from JupyterLab")
    kept = reader.lab("next_word", "code")
    for name, content, says in [
        ("a.ipynb", "{ damaged", "a.ipynb isn't a notebook: nothing was changed."),
        ("b.ipynb", '{"cells": 1}', "b.ipynb isn't a notebook: nothing was changed."),
        ("c.ipynb", '{"cells": [null, 1, {}]}', "c.ipynb has no exercise of this lesson"),
    ]:
        reader.js(IMPORT, name, content)
        wait(says, lambda says=says: says in reader.notice(), 30)
    assert reader.lab("win_share", "code").startswith("# from JupyterLab")
    assert reader.lab("next_word", "code") == kept


REFUSE = "IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError'); };"


def test_without_storage_and_webassembly_one_reads_why_and_loses_nothing(reader):
    with reader.before(f"{REFUSE} delete self.WebAssembly;"):
        reader.open(START)
        panel = reader.js("return document.querySelector('.lab-panel').innerText")
        assert "This browser keeps no answers (its storage is full or blocked)" in panel
        assert "This browser has no WebAssembly, so answers can't be checked here." in panel
        assert reader.lab("win_share", "run.disabled")
        reader.write("win_share", "# here\n", above=True)
        nb = notebook.read(exported(reader))
        assert notebook.text_of(group.cell_of(nb, "win_share")).startswith("# here\n")


# --- other lessons --------------------------------------------------------------------------------


def test_torch_exercises_lead_to_jupyterlab(reader):
    reader.open(TORCH)
    said = reader.js(
        "return [...document.querySelectorAll('.lab-elsewhere')].map(p => p.innerText)"
    )
    assert len(said) == 2
    assert "needs PyTorch, which doesn't run in a page: answer it in JupyterLab" in said[0]
    assert reader.lab("pass_at_k", "code")
    assert reader.js(f"{LAB} return lab === undefined", "lora_forward")


def tasks(lesson):
    """Yield each exercise of a lesson that is in its page, as the page hands it to Python."""
    nb = notebook.read(notebook.path_of(lesson, paths.RELEASE))
    cells = list(zip(nb["cells"], notebook.cells(nb), strict=True))
    here, answers = labs.in_page(nb), solutions(lesson)
    setup = next(cell.source for raw, cell in cells if raw.get("id") == "setup")
    for name in (name for name, inside in here.items() if inside):
        mine = [at for at, (_, cell) in enumerate(cells) if cell.exercise == name]
        ordinary = [c.source for raw, c in cells[: mine[-1]] if c.kind == "code"]
        checks = [cells[at] for at in mine if cells[at][1].kind == "grade"]
        yield {
            "lesson": lesson,
            "name": name,
            "setup": setup,
            "ordinary": [source for source in ordinary if source != setup],
            "stub": next(cells[at][1].source for at in mine if cells[at][1].kind == "solution"),
            "checks": [{"id": raw["id"], "source": cell.source} for raw, cell in checks],
            "answer": answers[name],
        }


def test_mutants_and_alternates_of_lesson_04_with_tables(reader):
    """By the page's Python alone: the editor was in the way of lesson 00's."""
    reader.open(TABLES)
    panel = reader.js("return document.querySelector('.lab-panel').innerText")
    assert "17 MB, and pandas, 6 MB, for exercises that use it, from this site" in panel
    every = {task["name"]: task for task in tasks(TABLES)}

    def run(name, codes):
        return reader.run([every[name] | {"answer": code} for code in codes])

    assert hold(TABLES, run) > 60


def test_verdicts_come_once_all_is_decided(reader):
    reader.stay(TABLES)
    (found,) = reader.check("decide", right("decide", TABLES))
    assert found["verdicts"]["good"] == 12
    assert "12 of 12 are right, verdict and figure." in found["text"]
    reader.js(f"{LAB} lab.verdicts.scrollIntoView()", "decide")
    reader.picture("verdicts")
    decided = notebook.read(notebook.path_of(TABLES, paths.RELEASE))
    stub = notebook.text_of(group.cell_of(decided, "decide"))
    (found,) = reader.check("decide", stub)
    assert found["verdicts"] is None


def test_our_answers_to_all_exercises_that_are_in_a_page_pass_in_it(reader, capsys):
    reader.stay(TABLES)
    every = [task for lesson in ALL for task in tasks(lesson)]
    found = reader.run(every)
    failed = [
        (task["lesson"], task["name"], one["error"], one["checks"])
        for task, one in zip(every, found, strict=True)
        if not passes(one)
    ]
    assert failed == []
    answers = [code for lesson in ALL for code in solutions(lesson).values()]
    plain = [code for code in answers if not re.search(r"\b(torch|F)\.", code)]
    reader.figures |= {
        "exercises": len(answers),
        "without_torch": len(plain),
        "in_page": len(every),
        "share": round(len(every) / len(plain), 3),
        "other_hosts": len(Handler.elsewhere),
        "pyodide": labs.runtime()["version"],
    }
    with capsys.disabled():
        print("\nLabs in the page:", json.dumps(reader.figures))
    assert all(records.meets("site", reader.figures).values())
    if os.environ.get("COURSE_RECORD"):
        records.write("labs", reader.figures)


def test_with_isolation_a_loop_is_stopped_and_python_goes_on(reader):
    reader.stay(TABLES)
    assert reader.js("return crossOriginIsolated")
    reader.check("ancestors", right("ancestors", TABLES))  # Python is there
    reader.js("document.querySelector('.lab').lab.page.python.worker.mark = 'the same'")
    reader.js(START_RUN, "ancestors", "print('in it')\nwhile True:\n    pass")
    reader.wait_for("ancestors", "printed.textContent", "in it")
    assert reader.lab("ancestors", "run.disabled")
    reader.js(f"{LAB} lab.stop.click()", "ancestors")
    reader.wait_for("ancestors", "status.textContent", "Stopped. Your answer is kept.")
    (found,) = reader.check("ancestors", right("ancestors", TABLES))
    assert passes(found)
    mark = "return document.querySelector('.lab').lab.page.python.worker.mark"
    assert reader.js(mark) == "the same"


def test_an_endless_print_is_cut_and_stopped(reader):
    reader.stay(TABLES)
    reader.js(START_RUN, "ancestors", "while True:\n    print('again and again')")
    reader.wait_for("ancestors", "printed.textContent", "only the first 20,000 letters are shown")
    reader.js(f"{LAB} lab.stop.click()", "ancestors")
    reader.wait_for("ancestors", "status.textContent", "Stopped.")
    assert len(reader.lab("ancestors", "printed.textContent")) < 20_100
