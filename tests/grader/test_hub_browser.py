"""A real hub on this machine, by https: an instructor and two students, in Chromium and by HTTP.

Next to their course there is a second one, with an instructor of its own; one of the students is in
both. The test makes the accounts, so it needs root, and takes them away again with all that they
run. One person clicks through each part that has a button; the other's goes by the same addresses.
"""

import contextlib
import json
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote, unquote

import grading_class as group
import pytest
import requests
from browser import start_browser, wait

from course import paths
from course.grader import sandbox

pytestmark = [pytest.mark.timeout(900), pytest.mark.browser, pytest.mark.slow]
COURSE, SECOND, LESSON = "gpt-course", "second-course", group.LESSON
PROXY = paths.ROOT / "deploy" / "hub" / "node_modules" / ".bin" / "configurable-http-proxy"
TAG = f"c{secrets.token_hex(2)}"  # of the accounts, which are gone afterwards
GPT, TWO, INES, IVAN, ADA, BOB = (
    f"{TAG}-{name}" for name in ("gpt", "two", "ines", "ivan", "ada", "bob")
)
LOGIN = "/hub/login?next=%2Fhub%2Fhome"  # which starts no server
PATIENCE = 400  # seconds for what the hub itself waits for


def lacking():
    """Return why there can't be a hub here, or ""."""
    if sys.platform != "linux" or os.geteuid():
        return "a hub starts servers as several users, so this test needs root on Linux"
    for program in ("useradd", "userdel", "chpasswd", "node", "setpriv", "openssl"):
        if not shutil.which(program):
            return f"there is no {program}"
    if not PROXY.exists():
        return "there is no proxy (npm ci --prefix deploy/hub)"
    return sandbox.missing()


@pytest.fixture(scope="module")
def place():
    """Make a folder, and accounts with homes in it: two courses', two instructors, two students."""
    if why := lacking():
        pytest.skip(why)
    with a_way_to(Path(sys.base_prefix), Path(sys.prefix), paths.ROOT):
        yield from accounts()


@contextlib.contextmanager
def a_way_to(*places):
    """Let other accounts through to Python and the course, as long as the tests run.

    In CI alone, where the machine is nobody's, its Python may be in root's home, and no test skips.
    """
    ways = {way for place in places for way in (place, *place.parents)}
    if not os.environ.get("COURSE_NO_SKIP"):
        ways = set()
    modes = {way: stat.S_IMODE(way.stat().st_mode) for way in ways}
    shut = {way: mode for way, mode in modes.items() if not mode & stat.S_IXOTH}
    try:
        for way, mode in shut.items():
            way.chmod(mode | stat.S_IXOTH)
        yield
    finally:
        for way, mode in shut.items():
            way.chmod(mode)


def accounts():
    """Make the accounts, and a folder that isn't pytest's, which is root's alone."""
    folder = Path(tempfile.mkdtemp(prefix="course-hub-")).resolve()
    folder.chmod(0o755)
    (folder / "home").mkdir()
    try:
        for name in (GPT, TWO, INES, IVAN, ADA, BOB):
            add = ["useradd", "--create-home", "--user-group", "--shell", "/bin/sh"]
            run(*add, "--home-dir", str(folder / "home" / name), name)
        words = "".join(f"{name}:{secret(name)}\n" for name in (INES, IVAN, ADA, BOB))
        run("chpasswd", input=words)
        try:
            can = as_user(ADA, "-c", "import jupyterhub, course").returncode == 0
        except PermissionError:
            can = False
        if not can:
            pytest.skip(f"other accounts can't run {sys.executable}, so there can't be a hub")
        yield folder
    finally:
        for name in (GPT, TWO, INES, IVAN, ADA, BOB):
            with contextlib.suppress(KeyError):
                end_all(pwd.getpwnam(name).pw_uid)
                subprocess.run(["userdel", name], capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


def run(*words, **more):
    subprocess.run(words, check=True, capture_output=True, text=True, **more)


def secret(name):
    return f"{name}-has-this-password"


def as_user(name, *words):
    """Run Python with one of the accounts."""
    account = pwd.getpwnam(name)
    return subprocess.run(
        [sys.executable, "-P", *words],
        user=account.pw_uid,
        group=account.pw_gid,
        extra_groups=[],
        cwd="/",
        env={"HOME": account.pw_dir, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )


def processes(uid):
    """Return the processes that an account runs."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if each.stat().st_uid == uid and " Z " not in (each / "stat").read_text():
                found.append(int(each.name))
    return found


def end_all(uid):
    def gone():
        for process in (found := processes(uid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        return not found

    wait("the end of what an account runs", gone, 30)


class Hub:
    """The hub, started as its operator does."""

    def __init__(self, place):
        self.place, self.log = place, place / "hub.log"
        self.course, self.second = (place / "courses" / name for name in (COURSE, SECOND))
        self.root, self.exchange = place / "opt", place / "exchange"
        self.url = f"https://127.0.0.1:{free_port()}"
        self.certificate, key = place / "hub.pem", place / "hub.key"
        run(
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-out", str(self.certificate), "-keyout", str(key)),
        )
        (self.root / "source").mkdir(parents=True)
        (self.root / "source" / "lesson").write_text("a solution")
        (self.root / "deploy").symlink_to(paths.ROOT / "deploy")
        self.course.parent.mkdir()
        group.registered(self.course)
        shutil.copytree(self.course, self.second)
        own = self.second / "nbgrader_config.py"
        own.write_text(own.read_text().replace(f'"{COURSE}"', f'"{SECOND}"'))
        for account, folder in ((GPT, self.course), (TWO, self.second)):
            run("chown", "-R", f"{account}:", str(folder))
        self.config = place / "hub.toml"
        self.config.write_text(
            f'address = "{self.url}"\ncertificate = "{self.certificate}"\nkey = "{key}"\n'
            f'state = "{place}/state"\nexchange = "{self.exchange}"\n'
            f'[courses.{COURSE}]\naccount = "{GPT}"\nfolder = "{self.course}"\n'
            f'instructors = ["{INES}"]\nstudents = ["{ADA}", "{BOB}"]\n'
            f'[courses.{SECOND}]\naccount = "{TWO}"\nfolder = "{self.second}"\n'
            f'instructors = ["{IVAN}"]\nstudents = ["{BOB}"]\n'
        )
        words = [sys.executable, "-P", "-m", "course.cli", "hub", "--config", str(self.config)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | {"COURSE_ROOT": str(self.root)},
            )
        self.people = {}

    def said(self):
        return self.log.read_text(encoding="utf-8", errors="replace")

    def up(self):
        assert self.process.poll() is None, self.said()[-4000:]
        with contextlib.suppress(requests.RequestException):
            health = f"{self.url}/hub/health"
            return requests.get(health, timeout=5, verify=self.certificate).ok
        return False

    def person(self, name):
        """Return somebody who is logged in."""
        if name not in self.people:
            self.people[name] = Person(self, name)
        return self.people[name]

    def stop(self):
        self.process.terminate()
        self.process.wait(180)


def free_port():
    import socket

    with socket.socket() as ours:
        ours.bind(("127.0.0.1", 0))
        return ours.getsockname()[1]


class Person:
    """Somebody's browser without pictures."""

    def __init__(self, hub, name):
        self.hub, self.name = hub, name
        self.session = requests.Session()
        self.session.trust_env, self.session.verify = False, str(hub.certificate)
        self.ask("/hub/login")
        words = {"username": name, "password": secret(name), "_xsrf": self.token("/hub/")}
        self.session.post(f"{hub.url}{LOGIN}", words, timeout=60)

    def token(self, path):
        """Return what forms of an address have to bring back."""
        found = [c for c in self.session.cookies if c.name == "_xsrf" and path.startswith(c.path)]
        return max(found, key=lambda cookie: len(cookie.path)).value if found else ""

    def ask(self, path, method="GET", **more):
        """Return the answer at an address; what is posted says where it is from."""
        url = self.hub.url + path
        head = {"X-XSRFToken": self.token(path), "Referer": url}
        return self.session.request(method, url, headers=head, timeout=PATIENCE, **more)

    def begin(self):
        """Start this person's own server, and wait for it."""
        server = f"/hub/api/users/{self.name}/server"
        self.ask(server, "POST")
        with self.ask(f"{server}/progress", stream=True) as events:  # it ends when that is ready
            said = [line for line in events.iter_lines(decode_unicode=True) if line]
        assert '"ready": true' in said[-1], said
        self.own("tree")  # logs in there, as a page does

    def own(self, path, method="GET", **more):
        """Ask this person's own server."""
        return self.ask(f"/user/{self.name}/{path}", method, **more)

    def teach(self, path, method="GET", course=COURSE, **more):
        """Ask a course's service."""
        return self.ask(f"/services/{course}/formgrader/{path}", method, **more)

    def home(self):
        return Path(pwd.getpwnam(self.name).pw_dir)

    def lends(self, driver):
        """Let a browser be this person."""
        driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        for one in self.session.cookies:
            about = {"name": one.name, "value": one.value, "path": one.path}
            driver.execute_cdp_cmd("Network.setCookie", about | {"url": self.hub.url + one.path})


@pytest.fixture(scope="module")
def hub(place):
    """Start a hub; afterwards it has to end, with all that it has started."""
    started = Hub(place)
    try:
        wait("the hub", started.up, PATIENCE)
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="module")
def driver(place):
    browser = start_browser(place, "--ignore-certificate-errors")  # it is the test's own
    yield browser
    browser.quit()


def picture(driver, name):
    folder = Path(os.environ.get("COURSE_SCREENSHOTS") or paths.WORK / "screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"hub-{name}.png").write_bytes(driver.get_screenshot_as_png())


def press(driver, css, what, timeout=PATIENCE):
    """Click on the first element that is there."""
    script = "const one = document.querySelector(arguments[0]); one?.click(); return !!one;"
    wait(what, lambda: driver.execute_script(script, css), timeout)


def formgrader(driver, css, what):
    """Press a button of the formgrader's table; return what the dialog says."""
    press(driver, css, what)
    shown = """
    const dialog = document.querySelector('#success-modal.in, #error-modal.in');
    return dialog && `${dialog.id}: ${dialog.textContent}`;
    """
    said = wait(f"the dialog of {what}", lambda: driver.execute_script(shown), PATIENCE)
    assert said.startswith("success-modal"), said
    return said


def click_on(driver, css, text):
    """Click with the mouse on what shows this text; return the texts of all of its kind."""

    def click():
        found = {each.text.strip(): each for each in driver.find_elements("css selector", css)}
        if text not in found:
            return None
        found[text].click()
        return [each for each in found if each]

    return wait(f"{text} to click on", click, PATIENCE)


BUTTON = """
const item = [...document.querySelectorAll(`#${arguments[0]} > .list_item`)]
  .find(item => item.innerText.includes(arguments[1]));
const button = [...(item?.querySelectorAll('button') ?? [])]
  .find(button => button.innerText.trim() === arguments[2]);
button?.click();
return !!button;
"""
LISTED = """
return [...document.querySelectorAll(`#${arguments[0]} > .list_item`)]
  .some(item => item.innerText.includes(arguments[1]));
"""


def listed(driver, where):
    look = lambda: driver.execute_script(LISTED, where, LESSON)  # noqa: E731
    wait(f"the lesson in {where}", look, PATIENCE)


def answer(person, names):
    """Write right answers into somebody's copy of the lesson, as JupyterLab saves them."""
    right = group.solutions(person.hub.course)
    nb = group.answered(person.hub.course, {name: right[name] for name in names})
    body = {"type": "notebook", "format": "json", "content": nb}
    path = f"api/contents/{COURSE}/{LESSON}/{LESSON}.ipynb"
    assert person.own(path, "PUT", data=json.dumps(body)).ok


@pytest.fixture(scope="module")
def handed_in(hub, driver):
    """Play a class until both students have handed in."""
    # Ines logs in, finds her course and releases the lesson.
    driver.get(hub.url + LOGIN)
    for field, words in (("username", INES), ("password", secret(INES))):
        driver.find_element("name", field).send_keys(words)
    picture(driver, "login")
    press(driver, "#login_submit", "the login button")
    wait("a page for her alone", lambda: "/hub/login" not in driver.current_url, PATIENCE)
    link = f"a[href^='/services/{COURSE}']"
    wait(
        "her course",
        lambda: driver.execute_script(f'return !!document.querySelector("{link}")'),
        60,
    )
    picture(driver, "courses")
    driver.get(f"{hub.url}/services/{COURSE}/lab")
    click_on(driver, "#jp-MainMenu .lm-MenuBar-item", "Nbgrader")
    hers = click_on(driver, ".lm-Menu-item", "Formgrader")
    panel = "#formgrader-iframe iframe"
    frame = wait("the panel", lambda: driver.find_elements("css selector", panel), PATIENCE)[0]
    driver.switch_to.frame(frame)
    formgrader(driver, "td.release a", "release")
    picture(driver, "release")
    driver.switch_to.default_content()

    # Ada fetches and hands in by the buttons, Bob by what they ask.
    ada, bob = hub.person(ADA), hub.person(BOB)
    ada.begin()
    ada.lends(driver)
    driver.get(f"{hub.url}/user/{ADA}/lab?reset")
    click_on(driver, "#jp-MainMenu .lm-MenuBar-item", "Nbgrader")
    theirs = click_on(driver, ".lm-Menu-item", "Assignment List")
    listed(driver, "released_assignments_list")
    picture(driver, "released")
    fetch = lambda: driver.execute_script(BUTTON, "released_assignments_list", LESSON, "Fetch")  # noqa: E731
    wait("the button Fetch", fetch, 60)
    listed(driver, "fetched_assignments_list")
    answer(ada, group.solutions(hub.course))
    submit = lambda: driver.execute_script(BUTTON, "fetched_assignments_list", LESSON, "Submit")  # noqa: E731
    wait("the button Submit", submit, 60)
    listed(driver, "submitted_assignments_list")
    picture(driver, "submitted")

    bob.begin()
    about = {"course_id": COURSE, "assignment_id": LESSON}
    fetched = bob.own("assignments/fetch", "POST", data=about).json()
    assert fetched["success"], fetched
    answer(bob, list(group.solutions(hub.course))[:1])
    sent = bob.own("assignments/submit", "POST", data=about).json()
    assert sent["success"], sent
    return {"instructors": hers, "students": theirs}


def test_a_student_has_no_instructors_tools(hub, handed_in):
    assert handed_in["students"] == ["Assignment List"]
    assert {"Formgrader", "Assignment List"} & {*handed_in["instructors"]} == {"Formgrader"}
    ada = hub.person(ADA)
    assert ada.own("formgrader/").status_code == 404
    assert ada.own("courses").json()["value"] == [COURSE]


def test_two_courses_on_one_hub_keep_to_themselves(hub, handed_in):
    """Ivan teaches the second one; Bob, who is in both, fetches from it and hands in."""
    ines, ivan, ada, bob = (hub.person(name) for name in (INES, IVAN, ADA, BOB))
    assert ines.teach("", course=SECOND).status_code == 403
    assert ivan.teach("").status_code == 403
    assert ivan.teach("", course=SECOND).ok
    act = f"api/assignment/{LESSON}/release"
    assert ivan.teach(act, "POST", course=SECOND).json()["success"]
    assert sorted(bob.own("courses").json()["value"]) == [COURSE, SECOND]
    about = {"course_id": SECOND, "assignment_id": LESSON}
    for what in ("fetch", "submit"):
        done = bob.own(f"assignments/{what}", "POST", data=about).json()
        assert done["success"], done
    # nbgrader's list for Ada is empty after it, and nothing has come.
    assert ada.own("assignments/fetch", "POST", data=about).json()["value"] == []
    assert not [*(ada.home() / SECOND).rglob("*")]
    said = ivan.teach(f"api/assignment/{LESSON}/collect", "POST", course=SECOND).json()
    assert said["success"], said
    assert [path.name for path in (hub.second / "submitted").iterdir()] == [BOB]
    assert not (hub.course / "submitted").exists()  # nobody has collected there yet
    theirs = [("list", hub.course), ("read", hub.course / "gradebook.db")]
    theirs += [("list", hub.exchange / COURSE / "inbound")]
    assert set(tries(TWO, theirs).values()) == {"PermissionError"}
    assert set(tries(GPT, theirs).values()) == {"done"}


@pytest.mark.parametrize("what", ["service", "gradebook", "other server", "other files", "admin"])
def test_a_student_may_not_ask_for_what_is_others(hub, handed_in, what):
    where = {
        "service": f"/services/{COURSE}/formgrader/",
        "gradebook": f"/services/{COURSE}/formgrader/api/grades",
        "other server": f"/user/{ADA}/lab",
        "other files": f"/user/{ADA}/api/contents/{COURSE}/{LESSON}/{LESSON}.ipynb",
        "admin": "/hub/admin",
    }[what]
    assert hub.person(BOB).ask(where).status_code in (403, 404)


LOOKS = """
import json, os, sys
def tried(look):
    try:
        look()
    except OSError as error:
        return type(error).__name__
    return "done"
def append(path):
    open(path, "ab").close()
acts = {"list": os.listdir, "read": lambda path: open(path, "rb").close(), "write": append,
        "delete": os.unlink, "rename": lambda path: os.rename(path, path + "-mine"),
        "put in": lambda path: open(path + "/mine", "xb").close()}
print(json.dumps([tried(lambda: acts[act](path)) for act, path in json.loads(sys.argv[1])]))
"""


def tries(name, acts):
    """Return how each attempt of an account ends, such as "done" or "PermissionError"."""
    ran = as_user(name, "-c", LOOKS, json.dumps([[act, str(path)] for act, path in acts]))
    assert ran.returncode == 0, ran.stderr
    return dict(zip(acts, json.loads(ran.stdout), strict=True))


def test_a_students_files_are_the_students_alone(hub, handed_in):
    """Bob knows all names, and can neither read, change nor delete what isn't his."""
    (hers,) = (hub.exchange / COURSE / "inbound").glob(f"{ADA}+*")
    home = hub.person(ADA).home()
    notebook, kept = home / COURSE / LESSON / f"{LESSON}.ipynb", hers / f"{LESSON}.ipynb"
    assert notebook.exists()
    assert (hers / "submission_secret.txt").exists()
    acts = [
        *(
            ("list", folder)
            for folder in (home, hers, hers.parent, hub.course, hub.root / "source")
        ),
        *(("list", hub.course / "source"), ("list", hub.place / "state")),
        *((act, kept) for act in ("read", "write", "delete")),
        *((act, hers) for act in ("rename", "put in")),
        *((act, hers / "submission_secret.txt") for act in ("read", "delete")),
        *((act, notebook) for act in ("read", "write", "delete")),
        ("read", hub.course / "source" / LESSON / f"{LESSON}.ipynb"),
        *((act, hub.course / "gradebook.db") for act in ("read", "write")),
        ("read", hub.root / "source" / "lesson"),
        ("rename", hub.exchange / COURSE),
        ("put in", hub.exchange / COURSE / "outbound" / LESSON),
    ]
    ended = tries(BOB, acts)
    assert set(ended.values()) == {"PermissionError"}, ended
    # The test would see it: what is open to him opens, and Ada can do to hers what he can't.
    mine = [("list", hub.exchange / COURSE / "outbound"), ("list", Path(f"{home.parent}/{BOB}"))]
    assert set(tries(BOB, mine).values()) == {"done"}
    assert set(tries(ADA, [("list", home), ("read", kept), ("read", notebook)]).values()) == {
        "done"
    }


def test_the_class_is_graded_and_reads_its_feedback(hub, driver, handed_in):
    ines, ada, bob = (hub.person(name) for name in (INES, ADA, BOB))
    # Bob hands in for Ada, later than she did.
    later = datetime.now(UTC) + timedelta(hours=1)
    forged = f"{ADA}+{LESSON}+{later:%Y-%m-%d %H:%M:%S} UTC+forged"
    forge = "import os, sys; os.mkdir(sys.argv[1])"
    assert (
        as_user(BOB, "-c", forge, str(hub.exchange / COURSE / "inbound" / forged)).returncode == 0
    )

    ines.teach("")
    ines.lends(driver)
    driver.get(f"{hub.url}/services/{COURSE}/formgrader/")
    said = formgrader(driver, "td.collect a", "collect")
    picture(driver, "collect")
    assert f"Refused {forged}: it belongs to {BOB}, not to {ADA}." in said, said
    assert "2 collected; 1 refused" in said, said
    assert (hub.course / "submitted" / ADA / LESSON).stat().st_mode & 0o077 == 0o055
    driver.get(f"{hub.url}/services/{COURSE}/formgrader/manage_submissions/{LESSON}")
    wait("the class", lambda: ADA in driver.page_source and BOB in driver.page_source, 60)
    rows = "#main-table tr:has(td.autograde a)"
    formgrader(driver, f"{rows} td.autograde a", "autograde")
    picture(driver, "autograde")
    ledger = hub.course / ".grading" / LESSON / "students"
    for who in {ADA, BOB} - {path.stem for path in ledger.glob("*.json")}:
        graded = ines.teach(f"api/submission/{LESSON}/{who}/autograde", "POST").json()
        assert graded["success"], graded
    scores = {who: sum(group.scores(hub.course, who).values()) for who in (ADA, BOB)}
    assert scores[ADA] > scores[BOB] > 0
    for act in ("generate_feedback", "release_feedback"):
        done = ines.teach(f"api/assignment/{LESSON}/{act}", "POST").json()
        assert done["success"], done

    about = {"course_id": COURSE, "assignment_id": LESSON}
    pages = {}
    for who in (ada, bob):
        fetched = who.own("assignments/fetch_feedback", "POST", data=about).json()
        assert fetched["success"], fetched
        (page,) = (who.home() / COURSE / LESSON / "feedback").glob("*/*.html")
        pages[who.name] = page.read_text(encoding="utf-8")
        assert "HIDDEN" not in pages[who.name]
        assert f"{scores[who.name]:g}" in pages[who.name]
    assert pages[ADA] != pages[BOB]
    ada.lends(driver)
    (page,) = (ada.home() / COURSE / LESSON / "feedback").glob("*/*.html")
    below = quote(page.relative_to(ada.home()).as_posix())
    driver.get(f"{hub.url}/user/{ADA}/files/{below}")
    wait("her page", lambda: LESSON in unquote(driver.current_url), 60)
    picture(driver, "feedback")


def test_who_leaves_the_course_is_out_at_the_next_log_in(hub, handed_in):
    text = hub.config.read_text()
    try:
        hub.config.write_text(text.replace(f', "{BOB}"', ""))
        assert Person(hub, BOB).ask("/hub/api/user").json()["groups"] == [f"nbgrader-{SECOND}"]
        hub.config.write_text(text.replace(f', "{BOB}"', "").replace(f'"{BOB}"', ""))
        assert Person(hub, BOB).ask("/hub/api/user").status_code == 403
        hub.config.write_text("[courses")  # an operator is still typing: all is as it was
        assert Person(hub, BOB).ask("/hub/api/user").status_code == 403
        assert Person(hub, ADA).ask("/hub/api/user").json()["groups"] == [f"nbgrader-{COURSE}"]
    finally:
        hub.config.write_text(text)
    assert Person(hub, BOB).ask("/hub/api/user").json()["name"] == BOB
