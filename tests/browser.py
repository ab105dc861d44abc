r"""Tests that look at a lesson as a learner does: JupyterLab in Chromium, without a screen.

How to write one. Take the fixture ``lab``: a JupyterLab server with the learner's own settings and
one browser, shared by all tests of a session, and an empty folder for each test.

    pytestmark = pytest.mark.timeout(120)

    def test_click(lab):
        nb = lab.write("import ipywidgets as w", "b = w.Button(description='More')\nb")
        nb = lab.lesson("01_pretraining")     # or the released lesson, as a learner gets it
        nb.run(0, 1)                          # cells by number, or by their id in a lesson
        nb.run_until("lineage-picture")       # all code cells up to this one
        nb.click(1, "More")                   # a button by the name that a screen reader reads
        nb.type_into(2, "Name:", "Rufus\n")   # a text field by its label or placeholder
        nb.choose(2, "Model", "mini-chat")    # from a list
        nb.wait_for_text(1, "clicked")        # in the cell's output
        nb.wait_for_css(1, "svg circle")      # the first visible one of these in the output
        nb.wait_for_change(1, "img", nb.pixels(1, "img"))    # an animation moves
        nb.restart()                          # the kernel, by the dialog; outputs stay
        nb = nb.reload()                      # the whole page, as saved
        nb.screenshot("after", 1)             # to look at; one is kept of each failure

Every wait has an end (`timeout=` seconds) and says what it saw; nothing sleeps for a fixed time.
COURSE_PATIENCE=10 makes all waits ten times as long, for a busy machine.
``start`` runs a cell without waiting for it, ``interrupt`` stops it, ``wait_until_idle`` waits.
For anything else there are ``nb.find`` (an element in a cell's output), ``nb.python`` (code in the
kernel), ``nb.script`` (JavaScript with `panel`, `cell` and `app`) and ``lab.driver``, Selenium's.
Pictures go to COURSE_SCREENSHOTS, else to work/screenshots. Kernels find an empty cache, so no real
models, and demos that train take two seconds. Without the Debian packages chromium and
chromium-driver all this is skipped.

Left out on purpose: other browsers; anything that isn't on this computer can't be reached.
"""

import contextlib
import io
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest
import warm

from course import paths
from course.learner import desk

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WINDOW = (1280, 1000)
SWITCHES = (
    "--headless=new",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",  # a container's /dev/shm is small
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--force-device-scale-factor=1",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--lang=en-US",
    "--no-first-run",
    f"--window-size={WINDOW[0]},{WINDOW[1]}",
)
# Comes before each script: what the notebook at arguments[0] and its cell arguments[1] are.
PRELUDE = """
const app = window.jupyterapp, [path, key, ...rest] = arguments;
const panel = app && [...app.shell.widgets('main')].find(w => w.context?.path === path);
const cells = panel ? [...panel.content.widgets] : [];
const index = typeof key === 'number' ? key : cells.findIndex(c => c.model.id === key);
const cell = cells[index];
"""
READY = """
const kernel = panel?.sessionContext.session?.kernel;
return !!(panel?.context.isReady && panel.sessionContext.isReady && cells.length
  && kernel?.connectionStatus === 'connected' && kernel.status === 'idle');
"""
# Commands are promises: `window.course` tells how far the last one is.
COMMAND = """
const state = window.course = {done: false, error: null};
app.shell.activateById(panel.id);
if (cell) { panel.content.deselectAll(); panel.content.activeCellIndex = index; }
app.commands.execute(rest[0], rest[1] ?? {}).then(
  () => { state.done = true; },
  error => { state.done = true; state.error = String(error); });
"""
CODE_CELLS = """
return cells.filter(c => c.model.type === 'code').map(c => [cells.indexOf(c), c.model.id]);
"""
ERROR = """
const error = cell.model.outputs.toJSON().find(o => o.output_type === 'error');
return error ? `${error.ename}: ${error.evalue}` : null;
"""
PYTHON = """
panel.sessionContext.session.kernel.requestExecute({code: rest[0], store_history: false}).done
  .then(reply => rest.at(-1)(reply.content), error => rest.at(-1)({evalue: String(error)}));
"""
OUTPUT = """
const shown = [...cell.node.querySelectorAll('.jp-OutputArea-output')];
if (shown.length) cell.node.scrollIntoView({block: 'nearest'});
return shown.map(output => output.innerText).join('\\n');
"""
FIND = """
return [...cell.node.querySelectorAll('.jp-OutputArea-output')]
  .flatMap(output => [...output.querySelectorAll(rest[0])]);
"""
# False if this page isn't a JupyterLab that is ready.
OPEN = """
if (!app?.commands.hasCommand('docmanager:open')) return false;
app.commands.execute('docmanager:open', {path, factory: 'Notebook'});
return true;
"""
CLOSE_OTHERS = """
[...app.shell.widgets('main')].filter(widget => widget !== panel).forEach(w => w.dispose());
"""
# JupyterLab adds cells to the page when it has nothing else to do; each update adds some more.
DRAWN = """
if (!cell) throw new Error('there is no such cell');
if (!cell.node.isConnected) panel.content.update();
return cell.node.isConnected;
"""


def wait(what, look, timeout):
    """Call `look` until it returns something true, and return that.

    What isn't there yet, has just been drawn anew or is covered for a moment counts as not yet.
    """
    from selenium.common import exceptions as e

    not_yet = (
        e.ElementClickInterceptedException,
        e.ElementNotInteractableException,
        e.JavascriptException,
        e.NoSuchElementException,
        e.StaleElementReferenceException,
    )
    timeout *= float(os.environ.get("COURSE_PATIENCE", "1"))
    end, last = time.monotonic() + timeout, ""
    while True:
        try:
            if found := look():
                return found
        except not_yet as error:
            last = f" ({type(error).__name__}: {str(error.msg).splitlines()[0]})"
        if time.monotonic() > end:
            raise TimeoutError(f"Waited {timeout} s in vain for {what}{last}.")
        time.sleep(0.05)  # between two looks


class Server:
    """JupyterLab on a free port of this computer, with a `folder` of its own for everything.

    It shows `root`, or an empty folder; `variables` are added to its environment.
    """

    def __init__(self, folder, root=None, **variables):
        self.root, self.log = root or folder / "desk", folder / "server.log"
        self.root.mkdir(exist_ok=True)
        self.token = secrets.token_hex(16)
        ours = {
            "JUPYTER_TOKEN": self.token,
            "JUPYTER_PREFER_ENV_PATH": "1",
            "COURSE_CACHE": str(folder / "cache"),
            "COURSE_DEMO_SECONDS": "2",
            "HF_HUB_OFFLINE": "1",
            "IPYTHONDIR": str(folder / "ipython"),
            "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        }
        ours |= {f"JUPYTER_{k.upper()}_DIR": str(folder / k) for k in ("config", "data", "runtime")}
        ours |= variables
        # As `course lab` opens it, but for the folder, the port and the page that nobody sees.
        settings = [a for a in desk.lab_arguments(first=False) if ".root_dir=" not in a]
        settings += [
            f"--ServerApp.root_dir={self.root}",
            "--ServerApp.ip=127.0.0.1",
            "--ServerApp.port=0",
            "--ServerApp.open_browser=False",
            "--LabApp.expose_app_in_browser=True",
        ]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "jupyterlab", *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.root,
                env={k: v for k, v in os.environ.items() if k != "NBGRADER_EXECUTION"}
                | warm.environment()
                | ours,
            )
        self.info = folder / "runtime" / f"jpserver-{self.process.pid}.json"
        self.url = ""
        try:
            wait("JupyterLab's server", self.answers, 60)
        except BaseException:
            self.stop()
            raise

    def answers(self):
        """Tell whether the server is up; learn its address."""
        if self.process.poll() is not None:
            said = self.log.read_text(encoding="utf-8", errors="replace")
            raise RuntimeError(f"JupyterLab's server ended at once and said:\n{said[-2000:]}")
        with contextlib.suppress(OSError, ValueError):
            info = json.loads(self.info.read_text(encoding="utf-8"))
            self.url = f"http://127.0.0.1:{info['port']}/"
            self.ask("api/status")
            return True
        return False

    def ask(self, what, method="GET"):
        """Return what the server's own interface answers."""
        request = urllib.request.Request(self.url + what, method=method)
        request.add_header("Authorization", f"token {self.token}")
        # No proxy: this is the same computer.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def end_kernels(self):
        """End what runs, so that the next test has the computer for itself."""
        for session in self.ask("api/sessions"):
            self.ask(f"api/sessions/{session['id']}", "DELETE")

    def stop(self):
        """End the server, which ends its kernels."""
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_browser(folder, *more):
    """Return Selenium's driver of Chromium; skip the test where there is none that works."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if not (browser and driver):
        pytest.skip("no browser to test with (on Debian: apt install chromium chromium-driver)")
    from selenium import webdriver
    from selenium.common.exceptions import WebDriverException

    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for switch in (*SWITCHES, *more, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(switch)
    if getattr(os, "geteuid", lambda: 1)() == 0:  # in a container; Chromium refuses otherwise
        options.add_argument("--no-sandbox")
    service = webdriver.ChromeService(driver, log_output=str(folder / "driver.log"))
    try:
        return webdriver.Chrome(options, service)
    except WebDriverException as error:
        service.stop()
        return pytest.skip(f"{browser} doesn't start: {str(error.msg).splitlines()[0]}")


@pytest.fixture(scope="session")
def jupyter():
    """Start one browser and one JupyterLab server for all tests of a session."""
    with contextlib.ExitStack() as stack:
        # Not pytest's folder: its path may be too long for sockets, and it keeps what is large.
        kept = tempfile.TemporaryDirectory(prefix="course-", ignore_cleanup_errors=True)
        folder = Path(stack.enter_context(kept)).resolve()
        driver = start_browser(folder)
        stack.callback(driver.quit)
        server = Server(folder)
        stack.callback(server.stop)
        driver.get(f"{server.url}api?token={server.token}")  # a cookie remembers the token
        yield server, driver


@pytest.fixture
def lab(request, jupyter):
    """Give a test an empty folder in JupyterLab; see the top of this file."""
    server, driver = jupyter
    name = re.sub(r"\W+", "_", request.node.name).strip("_")
    desktop = Lab(server, driver, name)
    failed = request.session.testsfailed
    yield desktop
    if request.session.testsfailed > failed:
        print(f"Screenshot of the failure: {desktop.screenshot('failed')}")
        driver.get("about:blank")  # whatever hangs there, the next test doesn't see it
    driver.set_window_size(*WINDOW)
    server.end_kernels()


class Lab:
    """A test's folder in JupyterLab; `driver` is Selenium's, `server` what it is served by."""

    def __init__(self, server, driver, name):
        self.server, self.driver, self.name = server, driver, name
        self.folder = server.root / name
        self.folder.mkdir()

    def write(self, *sources, name="notebook"):
        """Write a notebook of code cells with these `sources` and open it."""
        nb = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in sources]
        )
        nb.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(nb, self.folder / f"{name}.ipynb")
        return self.open(f"{name}.ipynb")

    def lesson(self, name, folder=paths.RELEASE):
        """Copy a lesson here, as `course lab` does, and open it."""
        hidden = shutil.ignore_patterns(".*", "__pycache__")
        shutil.copytree(folder / name, self.folder / name, ignore=hidden)
        return self.open(f"{name}/{name}.ipynb")

    def open(self, file, timeout=60, *, fresh=False):
        """Open a notebook of this folder alone and wait until its kernel is idle.

        With `fresh` in a page that is loaded anew, else in the one that is there, which is faster.
        """
        path = f"{self.name}/{file}"
        notebook = Notebook(self, path)
        if fresh or not notebook.script(OPEN):
            self.driver.get(f"{self.server.url}lab/tree/{path}?reset")
        notebook.wait(f"{file} to open", lambda: notebook.script(READY), timeout)
        notebook.script(CLOSE_OTHERS)
        return notebook

    def screenshot(self, name):
        """Keep a picture of the window; return where."""
        return self.keep(name, self.driver.get_screenshot_as_png())

    def keep(self, name, png):
        """Keep a picture; return where."""
        folder = Path(os.environ.get("COURSE_SCREENSHOTS") or paths.WORK / "screenshots")
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.name}-{name}.png"
        path.write_bytes(png)
        return path


class Notebook:
    """An open notebook. A `cell` is its number, from 0, or its id."""

    def __init__(self, lab, path):
        self.lab, self.driver, self.path = lab, lab.driver, path

    # What is there

    def script(self, body, cell=None, *rest):
        """Run JavaScript that may use `app`, `panel`, `cells`, `cell`, `index` and `rest`."""
        return self.driver.execute_script(PRELUDE + body, self.path, cell, *rest)

    def wait(self, what, look, timeout, cell=None):
        """Wait as `wait` does; a failure says what the cell shows and where the picture is."""
        try:
            return wait(what, look, timeout)
        except TimeoutError as error:
            said = [str(error)]
        with contextlib.suppress(Exception):
            if cell is not None:
                said.append(f"The cell {cell!r} shows: {self.output(cell)[-1500:]!r}")
            console = [e["message"] for e in self.driver.get_log("browser")]
            said += ["The browser's console says:", *console[-5:]] if console else []
        return pytest.fail("\n".join(said), pytrace=True)

    def output(self, cell):
        """Return the text that a cell's output shows now."""
        return self.script(OUTPUT, cell)

    def error(self, cell):
        """Return the error that a cell ended with, or None."""
        return self.script(ERROR, cell)

    def find(self, cell, css, name=None):
        """Return the visible elements in a cell's output, all or those with this name.

        The name is what a screen reader reads: a button's text, a field's label or placeholder.
        """
        found = [e for e in self.script(FIND, cell, css) if e.is_displayed()]
        return [e for e in found if name is None or e.accessible_name.strip() == name]

    def text(self, cell, css, name=None, timeout=30):
        """Return the text of the first visible element, once there is one."""
        look = lambda: [e.text for e in self.find(cell, css, name)[:1]]  # noqa: E731
        return self.wait(f"{css!r} in the output", look, timeout, cell)[0]

    def wait_for_text(self, cell, text, timeout=30):
        """Wait until a cell's output holds `text`, or matches it if it is a compiled pattern."""
        pattern = text if isinstance(text, re.Pattern) else re.compile(re.escape(text))
        look = lambda: pattern.search(self.output(cell))  # noqa: E731
        return self.wait(f"{pattern.pattern!r} in the output", look, timeout, cell)

    def wait_for_css(self, cell, css, name=None, timeout=30):
        """Wait until `find` finds something, and return the first of it."""
        what = f"{css!r} in the output" + (f" with the name {name!r}" if name else "")
        return self.wait(what, lambda: self.find(cell, css, name), timeout, cell)[0]

    # What a learner does

    def command(self, command, cell=None, **arguments):
        """Begin a command of JupyterLab, such as "docmanager:save"; `finish` waits for its end."""
        self.script(COMMAND, cell, command, arguments)

    def finish(self, what, timeout, cell=None):
        """Wait for the end of the last command."""
        self.wait(what, lambda: self.script("return window.course.done"), timeout, cell)
        if error := self.script("return window.course.error"):
            pytest.fail(f"JupyterLab refused: {error}")

    def start(self, cell):
        """Run a cell and don't wait."""
        self.wait(f"the cell {cell!r}", lambda: self.script(DRAWN, cell), 60)
        self.command("notebook:run-cell", cell)

    def run(self, *cells, timeout=60, errors=False):
        """Run cells, one after another; an error in one fails the test unless `errors`."""
        for cell in cells:
            self.start(cell)
            self.finish(f"the end of cell {cell!r}", timeout, cell)
            if not errors and (error := self.error(cell)):
                pytest.fail(f"Cell {cell!r} ended with {error}")

    def run_until(self, cell, timeout=60, errors=False):
        """Run all code cells from the first one to this."""
        code = self.script(CODE_CELLS)
        where = next((n for n, names in enumerate(code) if cell in names), None)
        assert where is not None, f"{self.path} has no code cell {cell!r}"
        self.run(*(c[1] for c in code[: where + 1]), timeout=timeout, errors=errors)

    def python(self, code):
        """Run code in the idle kernel outside of all cells, to arrange what a test needs."""
        reply = self.driver.execute_async_script(PRELUDE + PYTHON, self.path, None, code)
        if reply.get("status") != "ok":
            pytest.fail(f"{code!r} failed: {reply.get('ename')}: {reply.get('evalue')}")

    def click(self, cell, name, css="button, [role=button], input, select", timeout=30):
        """Click on the first button (or what else `css` finds) with this name; None: any name."""

        def press():
            element = next((e for e in self.find(cell, css, name) if e.is_enabled()), None)
            if element:
                element.click()
            return element

        self.wait(f"a button {name!r} that can be clicked", press, timeout, cell)

    def type_into(self, cell, name, text, timeout=30):
        """Put `text` in place of what is in a text field; an end of line presses Enter.

        With `name` None it is the first field.
        """
        from selenium.webdriver import Keys

        def write():
            fields = self.find(cell, "input:not([type=checkbox]), textarea", name)
            for field in fields[:1]:
                field.send_keys(Keys.CONTROL, "a")
                field.send_keys(text.replace("\n", Keys.ENTER))
            return fields

        self.wait(f"a text field {name!r}", write, timeout, cell)

    def choose(self, cell, name, option, timeout=30):
        """Choose an `option` of the list with this name."""
        from selenium.webdriver.support.select import Select

        def pick():
            found = self.find(cell, "select", name)
            for each in found[:1]:
                Select(each).select_by_visible_text(option)
            return found

        self.wait(f"{option!r} in a list {name!r}", pick, timeout, cell)

    def value(self, cell, name=None):
        """Return what stands in a text field."""
        css = "input:not([type=checkbox]), textarea"
        look = lambda: [e.get_property("value") for e in self.find(cell, css, name)[:1]]  # noqa: E731
        return self.wait(f"a text field {name!r}", look, 30, cell)[0]

    def wait_until_idle(self, timeout=60):
        """Wait until the kernel has nothing left to do."""
        self.wait("an idle kernel", lambda: self.script(READY), timeout)

    def interrupt(self):
        """Stop what runs, as the stop button does."""
        self.command("notebook:interrupt-kernel")

    def restart(self, timeout=60):
        """Restart the kernel and confirm; outputs stay, variables are gone."""
        from selenium.webdriver.common.by import By

        self.command("notebook:restart-kernel")

        def confirm():
            self.driver.find_element(By.CSS_SELECTOR, ".jp-Dialog .jp-mod-accept").click()
            return True

        self.wait("the question whether to restart", confirm, 20)
        self.finish("the restart", timeout)
        self.wait_until_idle(timeout)

    def save(self):
        """Save the notebook; return its file."""
        self.command("docmanager:save")
        self.finish("the end of saving", 20)
        return self.lab.server.root / self.path

    def reload(self):
        """Save, and open the notebook again in a fresh page; the kernel goes on."""
        self.save()
        return self.lab.open(self.path.removeprefix(f"{self.lab.name}/"), fresh=True)

    # What it looks like

    def screenshot(self, name, cell=None):
        """Keep a picture of the window, or of a cell as far as the window shows it."""
        if cell is None:
            return self.lab.screenshot(name)
        node = self.script("return cell.node", cell)
        return self.lab.keep(name, node.screenshot_as_png)

    def pixels(self, cell, css):
        """Return the pixels of the first such element in the output, shape (height, width, 3)."""
        import numpy as np
        from PIL import Image

        look = lambda: [e.screenshot_as_png for e in self.find(cell, css)[:1]]  # noqa: E731
        png = self.wait(f"{css!r} in the output", look, 30, cell)[0]
        return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))

    def wait_for_change(self, cell, css, before, timeout=30):
        """Wait until an element looks different from `before`, pixels taken earlier."""
        import numpy as np

        def differs():
            now = self.pixels(cell, css)
            return None if np.array_equal(now, before) else [now]

        return self.wait(f"a change in the picture {css!r}", differs, timeout, cell)[0]
