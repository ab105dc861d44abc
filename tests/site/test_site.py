"""The pages: what they show, what they never show, and that a browser asks nobody else for it."""

import json
import posixpath
import re
import shutil
import subprocess
import threading
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from browser import start_browser, wait

from course import paths
from course.errors import CourseError
from course.grader import notebook, settings
from course.site import build, executed, labs, pages
from course.translate import built

FIXTURE = Path(__file__).parent.parent / "fixtures" / "course"
TINY = "01_tiny"
LESSONS = [name for name in settings.lessons(paths.ROOT) if (paths.SOURCE / name).exists()]
here = pytest.mark.skipif(not LESSONS, reason="source/ isn't shipped here")


# --- what cells show ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Return a course with the tiny lesson, which shows something."""
    root = tmp_path_factory.mktemp("tiny")
    shutil.copytree(FIXTURE / "source", root / "source")
    (root / "data").mkdir()
    path = notebook.path_of(TINY, root / "source")
    nb = json.loads(path.read_text(encoding="utf-8"))
    shown = {"cell_type": "code", "id": "shown", "metadata": {}, "outputs": []}
    source = "import sys\nprint('seen', file=sys.stdout)\nprint('unseen', file=sys.stderr)\n6 * 7"
    nb["cells"].append(shown | {"source": source, "execution_count": None})
    path.write_text(json.dumps(nb), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def cached(tiny, tmp_path_factory):
    """Run the tiny lesson once, with a cache of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield executed.outputs(TINY, tiny, executed.common(tiny))


def test_a_lesson_runs_with_our_answers_and_shows_what_its_cells_show(cached):
    seen = "".join(one.get("text", "") for one in cached["shown"])
    assert seen == "seen\n"
    assert cached["shown"][-1]["data"]["text/plain"] == "42"


def test_it_runs_again_only_when_something_has_changed(cached, tiny, monkeypatch):
    ran = []
    monkeypatch.setattr(executed, "run", lambda *args: ran.append(args) or {})
    assert executed.outputs(TINY, tiny, executed.common(tiny)) == cached
    assert ran == []
    (tiny / "data" / "new.csv").write_text("1\n")
    before = executed.mark(TINY, tiny, executed.common(tiny))
    (tiny / "data" / "new.csv").write_text("2\n")
    assert executed.mark(TINY, tiny, executed.common(tiny)) != before
    (tiny / "data" / "new.csv").unlink()


def test_a_cell_that_fails_is_named_in_one_sentence(tiny, tmp_path):
    shutil.copytree(tiny, tmp_path / "course")
    path = notebook.path_of(TINY, tmp_path / "course" / "source")
    nb = json.loads(path.read_text(encoding="utf-8"))
    nb["cells"][-1]["source"] = "1 / 0"
    path.write_text(json.dumps(nb), encoding="utf-8")
    with pytest.raises(CourseError, match=r"01_tiny doesn't run to its end.*division by zero"):
        executed.run(TINY, tmp_path / "course")


def test_a_cell_that_never_ends_is_one_sentence(tiny, monkeypatch):
    import nbclient
    from nbclient.exceptions import CellTimeoutError

    def wait_in_vain(*args, **more):
        raise CellTimeoutError("Cell execution timed out")

    monkeypatch.setattr(nbclient.NotebookClient, "execute", wait_in_vain)
    with pytest.raises(CourseError, match=r"A cell of 01_tiny ran for 900 s"):
        executed.run(TINY, tiny)


def test_buttons_and_warnings_are_left_out():
    button = {"output_type": "display_data", "data": {executed.WIDGET: {}, "text/plain": "Button"}}
    assert executed.fit(button) is None
    assert executed.fit({"output_type": "stream", "name": "stderr", "text": "!"}) is None
    picture = {"output_type": "display_data", "data": {"image/png": "x"}, "metadata": {"a": 1}}
    assert executed.fit(picture) == picture | {"metadata": {}}


# --- pages ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Make the pages of all lessons, without outputs but for one cell."""
    out = tmp_path_factory.mktemp("site") / "pages"
    shown = [{"output_type": "stream", "name": "stdout", "text": "shown by the first demo\n"}]
    cells = json.loads(notebook.path_of(LESSONS[0], paths.RELEASE).read_text("utf-8"))["cells"]
    demo = next(c["id"] for c in cells if "".join(c["source"]).startswith("# Demo"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(executed, "run", lambda *args: {demo: shown})
        patch.setenv("COURSE_CACHE", str(out.parent / "cache"))
        result = build.build(out, lang="ko", run=LESSONS[:1])
    assert result["problems"] == []
    assert result["ok"]
    return out


@pytest.fixture(scope="module")
def every(site):
    """Return all pages: where they are, and their text."""
    files = (path for path in site.rglob("*.html") if not {"pagefind", "_static"} & {*path.parts})
    return {path.relative_to(site).as_posix(): path.read_text("utf-8") for path in files}


@pytest.fixture(scope="module")
def texts(every):
    """Return the English pages."""
    return {name: text for name, text in every.items() if not name.startswith("ko/")}


@here
@pytest.mark.slow
def test_every_lesson_and_every_page_beside_it_is_there(texts):
    for lesson in LESSONS:
        assert f"{lesson}/{lesson}.html" in texts
    for path in (paths.RELEASE / LESSONS[0]).glob("*.md"):
        assert f"{LESSONS[0]}/{path.stem}.html" in texts
    assert "shown by the first demo" in texts[f"{LESSONS[0]}/{LESSONS[0]}.html"]
    for page in ("talk.html", "slider.html"):  # the two with our models
        assert page in texts
        assert f'href="{page}"' in texts["index.html"]
        assert f'href="../{page}"' in texts["08_chatgpt/08_chatgpt.html"]


@here
@pytest.mark.slow
def test_no_answer_and_no_hidden_check_is_in_a_page(site, every):
    notebooks = {path.relative_to(site).as_posix(): path for path in site.rglob("*.ipynb")}
    said = "\n".join([*every.values(), *(path.read_text("utf-8") for path in notebooks.values())])
    assert "BEGIN SOLUTION" not in said
    assert "BEGIN HIDDEN" not in said
    assert "_inputs(rng)" not in said  # what hidden checks draw from
    assert "raise NotImplementedError" in re.sub(r"<[^>]+>", "", said)
    released = {}  # byte by byte; tests/author has the gate before them
    for name in LESSONS:
        released[f"{name}/{name}.ipynb"] = notebook.path_of(name, paths.RELEASE)
        released[f"ko/{name}/{name}.ipynb"] = built.notebook(name, "release", paths.ROOT, "ko")
    assert set(notebooks) == set(released)
    for name, path in released.items():
        assert notebooks[name].read_bytes() == path.read_bytes(), name


class Assets(HTMLParser):
    """What a page loads."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        loads = tag in ("img", "script", "iframe", "source") or (
            tag == "link" and given.get("rel") in ("stylesheet", "icon", "preload")
        )
        if loads:
            self.found.append(given.get("src") or given.get("href") or "")


@here
@pytest.mark.slow
def test_a_page_loads_what_lies_in_the_folder(site, every):
    loaded = 0
    for name, text in every.items():
        assets = Assets()
        assets.feed(text)
        for address in filter(None, assets.found):
            parts = urlsplit(address)
            if parts.scheme == "data":
                continue
            assert not parts.netloc, (name, address)
            loaded += 1
            assert ((site / name).parent / parts.path).exists(), (name, address)
    assert loaded > 200


@here
@pytest.mark.slow
def test_the_list_for_offline_names_the_official_python(site):
    files = json.loads((site / "offline.json").read_text(encoding="utf-8"))["files"]
    elsewhere = [tuple(one) for one in files if "://" in one[0]]
    assert elsewhere == labs.elsewhere()
    assert all((site / one[0]).is_file() for one in files if "://" not in one[0])


@here
@pytest.mark.slow
def test_each_page_leads_to_the_same_page_in_the_other_language(texts, every):
    switch = re.compile(r'<a class="[^"]*language-switch" lang="(\w+)"[^>]* href="([^"]+)">')
    assert {f"ko/{name}" for name in texts} | set(texts) == set(every)
    for name in texts:
        for here, there, code in ((name, f"ko/{name}", "ko"), (f"ko/{name}", name, "en")):
            [(language, address)] = switch.findall(every[here])
            led = posixpath.normpath(posixpath.join(posixpath.dirname(here), address))
            assert (language, led) == (code, there)


@here
@pytest.mark.slow
def test_korean_pages_are_korean_and_share_what_is_the_same(site, every):
    index, first = every["ko/index.html"], every[f"ko/{LESSONS[0]}/{LESSONS[0]}.html"]
    for text in (index, first):
        assert '<html lang="ko"' in text
        assert "본문으로 건너뛰기" in text  # said by the theme
        assert "Toggle primary sidebar" not in text
    assert "레슨 00부터 시작하세요: 시작하기." in index
    assert "이긴 비율" in first
    assert "shown by the first demo" in first
    assert "사전 학습 (pre-training)" in every["ko/glossary.html"]
    own = {path.name for path in (site / "ko" / "_static").rglob("*") if path.is_file()}
    assert "words.js" in own
    assert len(own) < 10
    assert '"Run and check": "실행하고 검사"' in (site / "ko/_static/words.js").read_text("utf-8")
    assert "WORDS = {}" in (site / "_static" / "words.js").read_text("utf-8")


@here
@pytest.mark.slow
def test_links_between_pages_lead_to_something_on_the_page(texts):
    inside = re.compile(r'<a [^>]*href="([^":]*)#([^"]+)"')
    led = 0
    for name in ("index.html", "glossary.html", "references.html"):
        for address, anchor in inside.findall(texts[name].split("<article")[1]):
            page = posixpath.normpath(posixpath.join(posixpath.dirname(name), address or name))
            assert f'id="{unquote(anchor)}"' in texts[page], (name, page, anchor)
            led += page != name
    assert led > 200


@here
@pytest.mark.slow
def test_the_index_leads_to_each_page_and_shows_the_map_of_somebody_new(texts):
    index = texts["index.html"].split("<article")[1]
    for name in texts:
        aside = {"index.html", "genindex.html", "search.html"}
        assert name in aside or f'href="{name}"' in index, name
    assert index.count('class="m-halo"') == 2  # lying and standing, at the first lesson
    assert 'class="m-share"' not in index
    assert "Begin with lesson 00" in index
    assert "Author name not set" not in texts["index.html"]


def test_a_drawing_without_a_dark_form_is_turned_round_in_the_dark():
    plain = '<?xml version="1.0"?><svg xmlns="x" viewBox="0 0 1 1"><svg/></svg>'
    made = pages.in_the_dark(plain)
    assert made.count("invert") == 1
    assert made.index("viewBox") < made.index("<style>") < made.index("<svg/>")
    assert pages.in_the_dark(made) == made


def test_somebodys_folder_is_not_replaced(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(CourseError, match="holds files that this command hasn't made"):
        build.build(tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_checks_and_long_demos_begin_folded():
    cells = [
        {"cell_type": "code", "id": "a", "source": "def f(): ...",
         "metadata": {"nbgrader": {"grade": False, "solution": True, "grade_id": "f"}}},
        {"cell_type": "code", "id": "b", "source": "f()",
         "metadata": {"nbgrader": {"grade": True, "solution": False, "grade_id": "f_1"}}},
        {"cell_type": "code", "id": "c", "source": "show()",
         "metadata": {"jupyter": {"source_hidden": True}}},
        {"cell_type": "code", "id": "d", "source": "show()", "metadata": {}},
    ]  # fmt: skip
    shown = {name: [{"output_type": "stream", "name": "stdout", "text": name}] for name in "abcd"}
    made = pages.page({"cells": cells}, shown)["cells"]
    tags = [cell["metadata"].get("tags", []) for cell in made]
    assert tags == [["lab-answer", "cid--a"], ["hide-input"], ["hide-input"], []]
    assert [bool(c.get("outputs")) for c in made] == [False, False, True, True]


# --- in a browser ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    driver = start_browser(tmp_path_factory.mktemp("chromium"))
    driver.set_script_timeout(240)  # axe looks at each of thousands of elements
    yield driver
    driver.quit()


@pytest.fixture
def page(chromium, site):
    """Serve the pages at a port of their own, and return the browser; `away` ends the server."""
    with build.server(site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        chromium.base = f"http://127.0.0.1:{server.server_address[1]}"
        chromium.away = lambda: (server.shutdown(), server.server_close())
        chromium.get_log("browser")  # what an earlier test left there
        yield chromium
        server.shutdown()


def until(look, what):
    return wait(what, look, 60)


def formulas(page):
    """Wait until the page's formulas are set."""
    until(lambda: page.execute_script("return document.querySelector('mjx-container')"), "formulas")


def severe(page):
    """Return what is wrong on the console."""
    return [line["message"] for line in page.get_log("browser") if line["level"] == "SEVERE"]


def look(page, light, width=1280):
    """Set the scheme, light or dark, and the width of the screen."""
    metrics = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    scheme = {"features": [{"name": "prefers-color-scheme", "value": light}]}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", scheme)


ASKED = "return performance.getEntriesByType('resource').map(e => new URL(e.name).host)"
WIDE = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
FIND = "document.querySelector('.search-button, .search-button-field').click()"
TYPE = """
const input = document.querySelector('#find input');
if (!input) return false;
input.value = arguments[0];
input.dispatchEvent(new Event('input'));
return true;
"""
FOUND = "return [...document.querySelectorAll('#find .pagefind-ui__result-link')].map(a => a.href)"


def find(page, words, place):
    """Search, and wait for a page whose address has `place` in it."""
    page.execute_script(FIND)
    until(lambda: page.execute_script(TYPE, words), "the search")
    until(lambda: place in str(page.execute_script(FOUND)), f"{place}, one by one")


@here
@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.timeout(300)
def test_a_phone_in_the_dark_reads_formulas_and_finds(page):
    look(page, "dark", 390)
    page.get(f"{page.base}/01_pretraining/01_pretraining.html")
    formulas(page)
    assert page.execute_script("return document.documentElement.dataset.theme") == "dark"
    until(lambda: page.execute_script(WIDE) <= 0, "a page as wide as the phone")  # when all is set
    find(page, "entropies", "/01_pretraining")
    assert set(filter(None, page.execute_script(ASKED))) == {urlsplit(page.base).netloc}
    assert severe(page) == []


PANEL = "return document.querySelector('.lab-panel')?.innerText ?? ''"


@here
@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.timeout(300)
def test_a_phone_goes_over_to_korean_and_finds_korean(page):
    look(page, "light", 390)
    page.get(f"{page.base}/01_pretraining/01_pretraining.html")
    page.execute_script("document.querySelector('.language-switch').click()")
    until(lambda: "/ko/01_pretraining/" in page.current_url, "the Korean page")
    formulas(page)
    until(lambda: "연습문제를 여기에서" in page.execute_script(PANEL), "the exercises, in Korean")
    until(lambda: page.execute_script(WIDE) <= 0, "a page as wide as the phone")
    find(page, "엔트로피", "/ko/01_pretraining")
    assert severe(page) == []


@here
@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.timeout(300)
def test_a_long_name_in_a_heading_makes_no_page_wider_than_a_phone(page):
    look(page, "light", 390)
    page.get(f"{page.base}/08_chatgpt/08_chatgpt.html")
    formulas(page)
    until(lambda: page.execute_script(WIDE) <= 0, "a page as wide as the phone")


KEPT = "return document.querySelector('#keep-offline')?.dataset.kept"
SAID = "return document.querySelector('#keep-offline [role=status]')?.textContent ?? ''"
PRESS = "document.querySelector('#keep-offline button').click()"
IN_CACHE = """
caches.match(arguments[0], {ignoreSearch: true}).then((found) => arguments[1](!!found));
"""


@here
@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.timeout(300)
def test_kept_offline_it_reads_and_finds_without_a_server(page):
    look(page, "light")
    page.get(f"{page.base}/index.html")
    until(lambda: page.execute_script(KEPT) == "false", "the button")
    page.execute_script(PRESS)
    # Tests reach no other host: so Python isn't kept, and the pages are.
    until(lambda: "All pages are kept" in page.execute_script(SAID), "all pages kept")
    page.get_log("browser")
    page.away()
    page.refresh()
    assert page.title.startswith("How GPT-3 became ChatGPT")
    page.get(f"{page.base}/02_transfer_learning/02_transfer_learning.html")  # never opened before
    formulas(page)
    find(page, "entropies", "/01_pretraining")
    # The worker asks for a newer one of itself. On a busy machine Chromium may not wait for it, and
    # ask the server that is away: what it asks for has to be there.
    other = [one for one in severe(page) if "offline_worker.js" not in one]
    lost = [
        one for one in other if not page.execute_async_script(IN_CACHE, re.split("[ ?]", one)[0])
    ]
    assert lost == []


@pytest.fixture(scope="module")
def axe(tmp_path_factory):
    """Get axe-core by the lock file, which says its hash; its text."""
    npm = shutil.which("npm")
    if not npm:
        pytest.skip("no npm to get axe-core with (on Debian: apt install nodejs npm)")
    folder = tmp_path_factory.mktemp("axe")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(Path(pages.__file__).with_name("front") / name, folder)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if ran.returncode:
        pytest.skip(f"npm can't get what the lock file names: {ran.stderr.strip()[-300:]}")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


AXE = """
const [rules, done] = arguments;
const options = { resultTypes: ["violations"], ...(rules && { runOnly: rules }) };
axe.run(document, options).then(
  (found) => done(found.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html)}`)),
  (error) => done([String(error)]));
"""
STILL = """
return document.getAnimations()
  .every((one) => !(one instanceof CSSTransition) || one.playState !== "running");
"""
# Three lessons whose parts differ: pictures, formulas, tables. (All ten take minutes.)
PAGES = [
    "index.html",
    "glossary.html",
    "ko/00_start_here/00_start_here.html",
    *(f"{name}/{name}.html" for name in ("00_start_here", "02_transfer_learning", "04_gpt_family")),
]


@here
@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_serious_in_light_and_dark(page, axe, name):
    look(page, "light")
    page.get(f"{page.base}/{name}")
    until(lambda: page.execute_script("return document.readyState") == "complete", "the page")
    page.execute_script(axe)
    assert page.execute_async_script(AXE, None) == []
    look(page, "dark")
    dark = "return document.documentElement.dataset.theme"
    until(lambda: page.execute_script(dark) == "dark", "the dark")
    until(lambda: page.execute_script(STILL), "colours that have stopped changing")
    assert page.execute_async_script(AXE, ["color-contrast"]) == []  # the rest has no colour
