"""The service worker and its button in Chromium, on three small pages that stand for the course.

A server of our own counts what is asked for, and ends when a test wants no network. It sends none
of the headers that isolate a page, as hosts of static pages don't. `test_site.py` does the same
with the real pages.
"""

import base64
import functools
import hashlib
import http.server
import json
import shutil
import threading
from pathlib import Path

import pytest
from browser import start_browser, wait

from course.site import labs, offline, pages

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

HERE = Path(pages.__file__).parent
PAGE = """<!doctype html><html lang="en" data-content_root="{root}"><title>{name}</title>
<script src="{root}_static/words.js"></script>
<script src="{root}_static/offline.js"></script><h1>{name}</h1>{more}</html>"""
FETCH = """
const [address, done] = [arguments[0], arguments[arguments.length - 1]];
const integrity = arguments.length > 2 ? arguments[1] : "";
fetch(address, { integrity }).then(a => a.text()).then(done, error => done(String(error)));
"""
CONTROLLED = "return !!navigator.serviceWorker?.controller"
ISOLATED = "return crossOriginIsolated"
SAID = "return document.querySelector('#keep-offline [role=status]')?.textContent"
KEPT = "return document.querySelector('#keep-offline')?.dataset.kept"
BUTTON = "return document.querySelector('#keep-offline button')?.textContent ?? ''"
PRESS = "document.querySelector('#keep-offline button').click()"
KEYS = """
const done = arguments[0];
(async () => {
  const keys = [];
  for (const name of await caches.keys())
    for (const { url } of await (await caches.open(name)).keys()) keys.push(url);
  return keys;
})().then(done);
"""


class Host:
    """A server that counts, on a port of its own; `stop` and `start` take the network away."""

    def __init__(self, folder):
        asked = self.asked = []
        self.refused = refused = set()

        class Handler(http.server.SimpleHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path.partition("?")[0])
                if asked[-1] in refused:
                    return self.send_error(503)
                return super().do_GET()

            def send_header(self, name, value):
                if name != "Last-Modified":  # whole seconds, in which a test changes a file twice
                    super().send_header(name, value)

            def end_headers(self):
                self.send_header("Access-Control-Allow-Origin", "*")
                super().end_headers()

            def log_message(self, *_):
                pass

        self.make = functools.partial(Handler, directory=str(folder))
        self.port = 0
        self.start()
        self.base = f"http://127.0.0.1:{self.port}"

    def start(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), self.make)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def folder(tmp_path):
    """Make the pages in a sub folder, as a project's pages on GitHub are."""
    course = tmp_path / "www" / "course"
    for path, root, more in (
        ("index.html", "", '<div id="keep-offline"></div>'),
        ("one/one.html", "../", ""),
        ("one/two.html", "../", ""),
    ):
        text = PAGE.format(root=root, name=Path(path).stem, more=more)
        (course / path).parent.mkdir(parents=True, exist_ok=True)
        (course / path).write_text(text, encoding="utf-8")
    (course / "heavy.wasm").write_text("first", encoding="utf-8")
    (course / "a # of ü.txt").write_text("odd", encoding="utf-8")
    (course / "_static").mkdir()
    for name in ("words.js", "offline.js"):
        shutil.copy(HERE / name, course / "_static")
    offline.write(course)
    return tmp_path / "www"


@pytest.fixture
def host(folder):
    host = Host(folder)
    yield host
    host.stop()


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    driver = start_browser(tmp_path_factory.mktemp("chromium"))
    driver.set_script_timeout(60)
    yield driver
    driver.quit()


@pytest.fixture
def browser(chromium, host):
    """One browser for all tests; each has a host, and so a cache and a worker, of its own."""
    chromium.get(f"{host.base}/course/index.html")
    until(chromium, CONTROLLED, True)
    until(chromium, KEPT, "false")
    return chromium


def until(driver, script, wanted):
    wait(f"{script!r} to give {wanted!r}", lambda: driver.execute_script(script) == wanted, 60)


def says(driver, words):
    wait(f"{words!r}", lambda: words in (driver.execute_script(SAID) or ""), 60)


def kept(driver, name):
    """Wait until a file is kept, which is soon after it has arrived."""
    wait(f"{name} kept", lambda: name in str(driver.execute_async_script(KEYS)), 60)


def test_one_button_keeps_all_pages_and_the_network_may_go(browser, host):
    assert browser.execute_script(BUTTON) == "Keep the course offline (1 MB)"
    browser.execute_script(PRESS)
    until(browser, KEPT, "true")
    assert "it opens without a network" in browser.execute_script(SAID)
    host.stop()
    browser.refresh()
    until(browser, KEPT, "true")
    browser.get(f"{host.base}/course/one/two.html")
    assert browser.title == "two"
    assert browser.execute_async_script(FETCH, "../heavy.wasm") == "first"
    assert browser.execute_async_script(FETCH, "../a%20%23%20of%20%C3%BC.txt") == "odd"
    browser.get(f"{host.base}/course/")
    assert browser.title == "index"
    host.start()
    browser.get(f"{host.base}/course/index.html")
    until(browser, BUTTON, "Remove what is kept")
    browser.execute_script(PRESS)
    until(browser, KEPT, "false")
    assert not [one for one in browser.execute_async_script(KEYS) if "one/two" in one]


def test_without_the_button_what_was_read_is_there_and_the_rest_says_so(browser, host):
    wait("the first page to be kept", lambda: len(browser.execute_async_script(KEYS)) >= 2, 60)
    browser.get(f"{host.base}/course/one/one.html")
    host.stop()
    browser.get(f"{host.base}/course/index.html")
    assert browser.title == "index"  # loaded before the worker came
    browser.get(f"{host.base}/course/one/one.html")
    assert browser.title == "one"
    browser.get(f"{host.base}/course/one/two.html")
    assert browser.title == "No network"
    assert browser.execute_script("return document.links[0].pathname") == "/course/index.html"
    host.start()
    browser.refresh()
    assert browser.title == "two"


def test_pages_come_from_the_network_first_and_heavy_files_once_for_each_version(
    browser, host, folder
):
    page = folder / "course" / "one" / "one.html"
    browser.get(f"{host.base}/course/one/one.html")
    page.write_text(page.read_text(encoding="utf-8").replace("<title>one", "<title>new"))
    browser.refresh()
    assert browser.title == "new"
    for _ in range(3):
        assert browser.execute_async_script(FETCH, "../heavy.wasm") == "first"
        kept(browser, "heavy.wasm")
    assert host.asked.count("/course/heavy.wasm") == 1
    (folder / "course" / "heavy.wasm").write_text("second", encoding="utf-8")
    offline.write(folder / "course")
    browser.refresh()
    for _ in range(3):
        assert browser.execute_async_script(FETCH, "../heavy.wasm") == "second"
        kept(browser, "heavy.wasm")
    assert host.asked.count("/course/heavy.wasm") == 2
    assert sum("heavy.wasm" in one for one in browser.execute_async_script(KEYS)) == 1


def test_a_release_on_another_host_is_fetched_once(browser, host, tmp_path):
    (tmp_path / "python" / "v0.27.7").mkdir(parents=True)
    (tmp_path / "python" / "v0.27.7" / "core.wasm").write_text("python", encoding="utf-8")
    other = Host(tmp_path / "python")
    for _ in range(2):
        said = browser.execute_async_script(FETCH, f"{other.base}/v0.27.7/core.wasm")
        assert said == "python"
        kept(browser, "core.wasm")
    assert other.asked == ["/v0.27.7/core.wasm"]
    other.stop()


def test_the_button_keeps_python_from_its_official_address_too(
    browser, host, folder, tmp_path, monkeypatch
):
    (tmp_path / "python" / "v0.27.7").mkdir(parents=True)
    (tmp_path / "python" / "v0.27.7" / "core.mjs").write_text("python", encoding="utf-8")
    other = Host(tmp_path / "python")  # in place of the official one
    mark = hashlib.sha256(b"python")
    files = {"core.mjs": {"sha256": mark.hexdigest(), "bytes": 6}}
    plan = {"address": f"{other.base}/v0.27.7/", "files": files}
    monkeypatch.setattr(labs, "runtime", lambda: plan)
    address = f"{other.base}/v0.27.7/core.mjs"
    offline.write(folder / "course", labs.elsewhere())
    browser.refresh()
    until(browser, KEPT, "false")
    browser.execute_script(PRESS)
    until(browser, KEPT, "true")
    other.stop()
    # As lab_worker.js asks for it: what isn't this very file would be an error.
    exact, another = (
        f"sha256-{base64.b64encode(one.digest()).decode()}" for one in (mark, hashlib.sha256())
    )
    assert browser.execute_async_script(FETCH, address, exact) == "python"
    assert "TypeError" in browser.execute_async_script(FETCH, address, another)
    assert other.asked == ["/v0.27.7/core.mjs"]


def test_the_second_page_is_isolated_and_the_first_is_left_alone(browser, host):
    assert not browser.execute_script(ISOLATED)  # it was loaded without the worker, and stays
    browser.get(f"{host.base}/course/one/one.html")
    assert browser.execute_script(ISOLATED)


def test_an_interrupted_download_keeps_what_it_has_and_goes_on(browser, host):
    host.refused.add("/course/one/two.html")
    browser.execute_script(PRESS)
    said = "What is kept so far stays; press again to go on."
    until(browser, SAID, f"The network is gone. {said}")
    assert browser.execute_script(KEPT) == "false"
    host.refused.clear()
    before = len(host.asked)
    browser.execute_script(PRESS)
    until(browser, KEPT, "true")
    assert "/course/one/two.html" in host.asked[before:]
    assert len(host.asked) - before < 7  # of seven files


def test_a_full_disk_is_one_sentence(browser):
    browser.execute_script(
        "Cache.prototype.put = () => Promise.reject(new DOMException('', 'QuotaExceededError'))"
    )
    browser.execute_script(PRESS)
    stays = "What is kept so far stays; press again to go on."
    until(browser, SAID, f"The browser has no room left. {stays}")


def test_where_no_worker_may_be_one_sentence_says_so(chromium, host, folder):
    hide = "Object.defineProperty(navigator, 'serviceWorker', {value: undefined})"
    hidden = chromium.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": hide})
    chromium.get(f"{host.base}/course/index.html")
    says(chromium, "keeps no pages here")
    assert chromium.execute_script(BUTTON) == ""
    chromium.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", hidden)
    chromium.get((folder / "course" / "index.html").as_uri())
    wait(
        "a sentence", lambda: "files on your computer" in (chromium.execute_script(SAID) or ""), 60
    )
    assert chromium.execute_script(BUTTON) == ""


def test_the_list_has_each_file_with_its_size_and_hash(folder):
    course = folder / "course"
    before = {name: (size, mark) for name, size, mark in json.loads(read(course))["files"]}
    assert before["heavy.wasm"][0] == 5
    assert set(before) == {
        *("index.html", "one/one.html", "one/two.html", "heavy.wasm", "a # of ü.txt"),
        *("_static/offline.js", "_static/words.js"),
    }
    (course / "heavy.wasm").write_text("other", encoding="utf-8")
    offline.write(course)
    after = {name: (size, mark) for name, size, mark in json.loads(read(course))["files"]}
    assert {name for name in before if before[name] != after[name]} == {"heavy.wasm"}


def read(course):
    return (course / offline.LIST).read_text(encoding="utf-8")
