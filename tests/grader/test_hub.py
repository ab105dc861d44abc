"""`course hub` without a hub: what hub.toml may say, who is in which course, what is found missing.

A real hub with real accounts is in test_hub_browser.py.
"""

import asyncio
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from course import paths
from course.grader.errors import GraderError

if sys.platform != "linux":
    pytest.skip("a hub is for Linux", allow_module_level=True)

from browser import wait

from course.grader import hub, submit

TEXT = """\
address = "http://127.0.0.1:8000"
state = "{state}"
exchange = "/srv/exchange"
admins = ["root-of-all"]
[courses.gpt]
account = "gpt"
folder = "/srv/courses/gpt"
instructors = ["ines", "both"]
students = ["ada", "bob"]
[courses.other]
account = "other"
folder = "/srv/courses/other"
instructors = ["ivan"]
students = ["both"]
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "hub.toml"
    path.write_text(TEXT.format(state=tmp_path / "state"))
    return path


def test_everybody_gets_the_groups_of_their_courses(file):
    own = hub.read(file)
    assert own.people == ["ada", "bob", "both", "ines", "ivan", "root-of-all"]
    assert own.groups("ada") == ["nbgrader-gpt"]
    assert own.groups("both") == ["formgrade-gpt", "nbgrader-other"]
    assert own.groups("root-of-all") == own.groups("nobody") == []


def test_the_example_can_be_read():
    own = hub.read(paths.ROOT / "deploy" / "hub" / "hub.toml")
    assert [course.name for course in own.courses] == ["gpt-course"]
    assert own.admins == ()


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('address = "http://127.0.0.1:8000"\n', "", "lacks a line address"),
        ('"ada"', "1", "1 (students of the course gpt) is no account's name"),
        ('"ada"', '"Ada"', "'Ada' (students of the course gpt) is no account's name"),
        ('["ada", "bob"]', '"ada"', "is to be a list"),
        ("students", "studens", "a line 'studens' of the course gpt, which nobody reads"),
        ("[courses.gpt]", '[courses."a+b"]', "a course's name has letters"),
        ("/srv/courses/gpt", "courses/gpt", "is to be a whole path"),
        ("/srv/courses/other", "/srv/courses/gpt", "gpt, other can't share /srv/courses/gpt"),
        ('account = "other"', 'account = "gpt"', "gpt, other can't share gpt"),
        ('"ada"', '"other"', "other is a course's account and can't be a person too"),
        ("admins", "[courses", "can't be read"),
    ],
)
def test_what_hub_toml_can_not_say_is_one_sentence(file, before, after, words):
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after, 1))
    with pytest.raises(GraderError) as refused:
        hub.read(file)
    said = str(refused.value)
    assert words in said
    assert str(file) in said
    assert "\n" not in said


def test_a_missing_file_and_no_course_are_named(file):
    with pytest.raises(GraderError, match="copy deploy/hub/hub"):
        hub.read(file.with_name("none"))
    file.write_text(file.read_text().partition("[courses")[0])
    with pytest.raises(GraderError, match="names no course"):
        hub.read(file)


def test_the_file_is_read_anew_and_a_slip_in_it_changes_nothing(file):
    door = hub.Accounts(file=str(file))
    ada = SimpleNamespace(name="ada")

    def again():
        return asyncio.run(door.refresh_user(ada))

    assert door.check_allowed("ada")
    assert not door.check_allowed("eve")
    assert again() == {"name": "ada", "admin": False, "groups": ["nbgrader-gpt"]}
    assert door.about("root-of-all") == {"name": "root-of-all", "admin": True, "groups": []}
    text = file.read_text()
    file.write_text(text.replace('"ines"', '"ada"'))
    assert again()["groups"] == ["formgrade-gpt", "nbgrader-gpt"]
    file.write_text(text + "[")
    assert again()["groups"] == ["formgrade-gpt", "nbgrader-gpt"]
    file.write_text(text.replace('"ada", ', ""))
    assert again() is False
    assert not door.check_allowed("ada")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('address = "http://192.0.2.7:8000"', "passwords would travel in the clear"),
        ('address = "http://hub.example.org"', "is no address such as"),
        ('address = "https://192.0.2.7"', "needs a certificate and a key"),
        ('address = "somewhere"', "is no address such as"),
        ('address = "http://127.0.0.1:99999"', "is no address such as"),
    ],
)
def test_an_address_where_passwords_are_not_safe_is_refused(file, lines, words):
    _, _, rest = file.read_text().partition("\n")
    file.write_text(f"{lines}\n{rest}")
    row = hub._address(hub.read(file))
    assert row["state"] == hub.MISSING
    assert words in row["do"]


def test_a_port_that_is_taken_is_named(file):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        file.write_text(file.read_text().replace(":8000", f":{port}"))
        assert f"listens on port {port}" in hub._address(hub.read(file))["do"]
    assert hub._address(hub.read(file))["state"] == hub.OK


def test_only_one_hub_has_the_lock(file):
    own = hub.read(file)
    assert not hub.running(own)
    own.state.mkdir()
    lock = hub._lock(own)
    assert hub.running(own)
    with pytest.raises(GraderError, match="is running already"):
        hub.start(own, paths.ROOT)
    os.close(lock)
    assert not hub.running(own)


def test_the_hub_and_what_it_starts_hear_an_interrupt(file, tmp_path, monkeypatch):
    """Also in the background of a script, where that is ignored."""
    own = hub.read(file)
    own.state.mkdir()
    seen = {}

    def become(program, words, variables):
        seen.update(interrupt=signal.getsignal(signal.SIGINT), file=variables[hub.VARIABLE])
        raise InterruptedError

    monkeypatch.setattr(os, "execve", become)
    monkeypatch.chdir(tmp_path)  # and back again
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with pytest.raises(InterruptedError):
            hub.start(own, paths.ROOT)
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen == {"interrupt": signal.SIG_DFL, "file": str(file)}


def test_what_only_instructors_may_see_is_closed(tmp_path):
    for name in ("source", "tests", ".git", "course", "data"):
        (tmp_path / name).mkdir(mode=0o755)
    (tmp_path / "gradebook.db").write_text("")
    elsewhere = tmp_path / "data" / "elsewhere"
    elsewhere.mkdir(mode=0o755)
    (tmp_path / "link").symlink_to(elsewhere)
    assert hub._shared(tmp_path)["state"] == hub.MADE
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert {name: modes[name] & 0o077 for name in modes} == {
        **dict.fromkeys(("source", "tests", ".git", "gradebook.db"), 0),
        **dict.fromkeys(("course", "data", "link"), 0o055),
    }
    assert hub._shared(tmp_path)["state"] == hub.OK


def test_a_home_is_closed_only_if_it_is_its_owners(tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    account = SimpleNamespace(pw_dir=str(home), pw_uid=os.geteuid())
    monkeypatch.setattr(hub.pwd, "getpwnam", lambda name: account)
    assert hub.close_home("ada") == hub.MADE
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert hub.close_home("ada") == hub.OK
    home.chmod(0o755)
    account.pw_uid += 1
    with pytest.raises(PermissionError):
        hub.close_home("ada")
    assert stat.S_IMODE(home.stat().st_mode) == 0o755
    assert "ada (it is somebody else's)" in hub._homes(["ada"])["do"]


def test_missing_accounts_and_company_are_named(file, monkeypatch):
    users = {
        "gpt": SimpleNamespace(pw_name="gpt", pw_uid=901, pw_gid=901),
        "ada": SimpleNamespace(pw_name="ada", pw_uid=902, pw_gid=901),
        "ines": SimpleNamespace(pw_name="ines", pw_uid=0, pw_gid=0),
    }
    monkeypatch.setattr(hub.pwd, "getpwnam", users.__getitem__)
    monkeypatch.setattr(hub.pwd, "getpwall", lambda: list(users.values()))
    monkeypatch.setattr(hub.grp, "getgrgid", lambda _: SimpleNamespace(gr_mem=["bob"]))
    monkeypatch.setattr(hub, "_homes", lambda names: {"what": "homes", "do": ",".join(names)})
    monkeypatch.setattr(hub, "_python", lambda account: {"what": "Python", "do": account.pw_name})
    said = {row["what"]: row["do"] for row in hub._accounts(hub.read(file))}
    assert said["account gpt"] == "ada, bob must not be in the group of gpt: take them out."
    assert "adduser --system --group" in said["account other"]
    assert said["people"] == "ines can't use the hub: they may do anything."
    users["ines"].pw_uid = 903
    said = {row["what"]: row for row in hub._accounts(hub.read(file))}
    assert said["people"]["state"] == hub.LOOK
    assert "bob, both, ivan, root-of-all" in said["people"]["do"]
    assert said["homes"]["do"] == "gpt,ada,ines"
    assert said["Python"]["do"] == "gpt"


def test_who_is_not_root_is_told_how(file, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(GraderError, match="sudo python3 start"):
        hub.prepare(file, paths.ROOT)


def test_without_the_proxy_the_hub_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr(hub.shutil, "which", lambda program: f"/usr/bin/{program}")
    assert "npm ci --prefix" in hub._proxy(tmp_path)["do"]
    monkeypatch.setattr(hub.shutil, "which", lambda program: None)
    assert "apt install nodejs npm" in hub._proxy(tmp_path)["do"]


def test_what_the_hub_starts_ends_with_it():
    """Even if it is killed: nothing is left that holds its ports."""
    code = "import subprocess, sys, time; print(subprocess.Popen(sys.argv[1:]).pid, flush=True)"
    words = [sys.executable, "-c", f"{code}; time.sleep(600)", *hub.with_us(), "sleep", "600"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as parent:
        child = int(parent.stdout.readline())
        about = Path(f"/proc/{child}")
        wait("the child", lambda: "sleep" in (about / "comm").read_text(), 60)
        parent.send_signal(signal.SIGKILL)
    gone = lambda: not about.exists() or " Z " in (about / "stat").read_text()  # noqa: E731
    wait("the child's end", gone, 60)


# --- handing in -----------------------------------------------------------------------------------


class Stock:
    """In place of nbgrader's part: it leaves a hand-in open to everybody."""

    def copy_files(self):
        place = self.inbound_path / self.assignment_filename
        place.mkdir()
        place.chmod(0o777)
        (place / "01_tiny.ipynb").write_text("{}")


@pytest.fixture
def sent(tmp_path, monkeypatch):
    monkeypatch.setattr(submit.Submit.__mro__[1], "copy_files", Stock.copy_files)
    one = submit.Submit.__new__(submit.Submit)
    one.inbound_path, one.assignment_filename = tmp_path, "ada+01_tiny+time+random"
    return one


def test_a_hand_in_is_closed_to_others(sent, tmp_path):
    sent.copy_files()
    assert stat.S_IMODE((tmp_path / sent.assignment_filename).stat().st_mode) == 0o770


def test_a_hand_in_that_the_instructor_could_not_read_is_taken_back(sent, tmp_path, monkeypatch):
    monkeypatch.setattr(submit, "_group", lambda place: len(place.parts))
    with pytest.raises(Exception, match="closed to your instructor"):
        sent.copy_files()
    assert list(tmp_path.iterdir()) == []


def test_the_pinned_proxy_is_the_locked_one():
    import json

    folder = paths.ROOT / "deploy" / "hub"
    wanted = json.loads((folder / "package.json").read_text())["dependencies"]
    lock = json.loads((folder / "package-lock.json").read_text())["packages"]
    assert lock[""]["dependencies"] == wanted
    name, version = next(iter(wanted.items()))
    assert lock[f"node_modules/{name}"]["version"] == version


def test_no_pod_of_a_student_sees_more_than_its_own_of_the_class():
    import yaml

    folder = paths.ROOT / "deploy" / "hub" / "kubernetes"
    single = yaml.safe_load((folder / "values.yaml").read_text())["singleuser"]
    mounts = single["storage"]["extraVolumeMounts"] + single["initContainers"][0]["volumeMounts"]
    seen = [mount for mount in mounts if mount["name"] == "class"]
    assert len(seen) == 4
    for mount in seen:
        own = mount["subPath"].startswith("handins/{username}")
        assert own or mount["readOnly"], mount
    compile(single["extraFiles"]["nbgrader"]["stringData"], "nbgrader_config.py", "exec")
    grading = yaml.safe_load((folder / "grading.yaml").read_text())["spec"]["template"]["spec"]
    volumes = {volume["name"] for volume in grading["volumes"]}
    assert {mount["name"] for mount in grading["containers"][0]["volumeMounts"]} == volumes


def test_configuration_grants_no_more_than_a_service(file, monkeypatch):
    """What JupyterHub is told: each course's instructors may open its service, and no more."""
    from traitlets.config.loader import PyFileConfigLoader

    monkeypatch.setenv(hub.VARIABLE, str(file))
    folder = paths.ROOT / "deploy" / "hub"
    config = PyFileConfigLoader("jupyterhub_config.py", path=str(folder)).load_config()
    roles = {role["name"]: role for role in config.JupyterHub.load_roles}
    assert set(roles) == {"formgrade-gpt", "formgrade-other"}
    for name in ("gpt", "other"):
        role = roles[f"formgrade-{name}"]
        assert role["groups"] == [f"formgrade-{name}"]
        assert role["scopes"] == [f"access:services!service={name}"]
    assert [one["user"] for one in config.JupyterHub.services] == ["gpt", "other"]
    assert len({one["url"] for one in config.JupyterHub.services}) == 2
    assert not any(
        key in one for one in config.JupyterHub.services for key in ("admin", "api_token")
    )
    assert "admin_users" not in config.Authenticator  # who was one would stay one
