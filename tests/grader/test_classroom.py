"""`course classroom`: the exchange with the right permissions, and one line for what is missing."""

import json
import os
import stat
import subprocess
import sys

import grading_class as group
import pytest

from course.grader import classroom, sandbox, settings

pytestmark = pytest.mark.slow
ALL_THERE = "".join(f"  {n} enabled\n" for n in (*classroom.PARTS.values(), classroom.PANELS))


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Return a course whose exchange isn't there yet, with all of nbgrader's parts."""
    monkeypatch.setenv("COURSE_EXCHANGE", str(tmp_path / "shared" / "exchange"))
    monkeypatch.setattr(classroom, "_said", lambda *words: ALL_THERE)
    monkeypatch.setattr(sandbox, "missing", lambda: "")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "environment"))
    return group.registered(tmp_path / "course")


def states(result):
    return {row["what"]: (row["state"], row["do"]) for row in result["rows"]}


def missing(result):
    assert not result["ok"]
    return {row["what"]: row["do"] for row in result["rows"] if row["state"] == "missing"}


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o777])
def test_the_exchange_is_made_whatever_the_umask(root, tmp_path, umask):
    (tmp_path / "shared").mkdir()
    before = os.umask(umask)
    try:
        result = classroom.classroom(root)
    finally:
        os.umask(before)
    assert result["ok"], result
    place = tmp_path / "shared" / "exchange"
    modes = {
        str(path.relative_to(place)): stat.S_IMODE(path.stat().st_mode)
        for path in (place, *place.rglob("*"))
    }
    inside = {"gpt-course": 0o755, "outbound": 0o755, "inbound": 0o3733, "feedback": 0o711}
    below = {f"gpt-course/{n}" if n != "gpt-course" else n: mode for n, mode in inside.items()}
    assert modes == {".": 0o1777} | below
    enabled = json.loads((tmp_path / "environment" / classroom.ENABLED).read_text())
    assert enabled == {"ServerApp": {"jpserver_extensions": {"course.grader.server": True}}}
    again = classroom.classroom(root)
    assert "made" not in {row["state"] for row in again["rows"]}


def test_wrong_permissions_are_mended_and_hand_ins_stay(root, tmp_path):
    inbound = tmp_path / "shared" / "exchange" / "gpt-course" / "inbound"
    (inbound / "ada+x").mkdir(parents=True)
    inbound.chmod(0o700)
    result = classroom.classroom(root)
    assert result["ok"]
    assert states(result)["exchange: inbound"] == ("made", "")
    assert stat.S_IMODE(inbound.stat().st_mode) == 0o3733
    assert (inbound / "ada+x").is_dir()


@pytest.mark.parametrize("what", ["file", "link"])
def test_what_is_no_folder_stays_and_is_named(root, tmp_path, what):
    course = tmp_path / "shared" / "exchange" / "gpt-course"
    course.parent.mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    if what == "file":
        course.write_text("mine")
    else:
        course.symlink_to(tmp_path / "elsewhere")
    said = missing(classroom.classroom(root))
    assert list(said) == ["exchange: gpt-course"]
    assert said["exchange: gpt-course"] == f"{course} is no folder: take it away."
    assert stat.S_IMODE((tmp_path / "elsewhere").stat().st_mode) == 0o700


def test_a_folder_of_somebody_else_stays_and_is_named(root, tmp_path, monkeypatch):
    """A student may make the course's folder before the instructor does."""
    course = tmp_path / "shared" / "exchange" / "gpt-course"
    course.mkdir(parents=True)
    course.chmod(0o777)
    monkeypatch.setattr(os, "geteuid", lambda: 4321)  # so it is another's
    said = missing(classroom.classroom(root))
    name = "exchange" if os.getuid() else "exchange: gpt-course"
    assert " belongs to " in said[name]
    assert stat.S_IMODE(course.stat().st_mode) == 0o777


def test_a_configuration_that_grades_nothing_is_said(root):
    config = root / settings.FILE
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("course.grader.buttons.Unread", "nbgrader.X"))
    said = missing(classroom.classroom(root))
    assert "c.Autograde.exporter_class" in said["safe autograde button"]


def test_what_is_missing_is_one_line_each(root, monkeypatch):
    config = root / settings.FILE
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("course.grader.buttons.Sandboxed", "nbgrader.X"))
    for path in (root / "release").rglob("*.ipynb"):
        path.unlink()
    formgrader, lists, _ = classroom.PARTS.values()
    listed = ALL_THERE.replace(f"{formgrader} enabled", f"{formgrader} disabled")
    listed = listed.replace(f"  {lists} enabled\n", "")
    monkeypatch.setattr(classroom, "_said", lambda *words: listed)
    monkeypatch.setattr(sandbox, "missing", lambda: "bubblewrap isn't installed")
    said = missing(classroom.classroom(root))
    assert set(said) == {
        *("safe autograde button", "release", "the formgrader", "the assignment list", "sandbox"),
    }
    assert said["the formgrader"] == f"Run `jupyter server extension enable {formgrader}`."
    assert said["the assignment list"] == f"{lists} isn't installed."
    assert said["sandbox"] == "Nothing can be graded here, since bubblewrap isn't installed."
    assert "nbgrader generate_assignment" in said["release"]
    assert not any("\n" in line for line in said.values())


def test_a_lost_configuration_is_named(root):
    (root / settings.FILE).unlink()
    said = missing({"ok": False, "rows": classroom.of_course(root)})
    assert said["configuration"].startswith("There is no nbgrader_config.py")


def test_others_can_read_the_folder_or_not(root):
    root.chmod(0o700)
    assert classroom.private(root)["state"] == "ok"


def test_the_command_with_jupyters_own_answers(root, tmp_path):
    """Jupyter itself is asked: one of nbgrader's parts is disabled in a user's configuration."""
    own = tmp_path / "jupyter" / "jupyter_server_config.json"
    own.parent.mkdir()
    off = {"ServerApp": {"jpserver_extensions": {classroom.PARTS["the formgrader"]: False}}}
    own.write_text(json.dumps(off), encoding="utf-8")
    code = "import sys; sys.prefix = sys.argv.pop(1); from course import cli; cli.main()"
    ran = subprocess.run(
        [sys.executable, "-P", "-c", code, str(tmp_path / "environment"), "classroom"],
        env=os.environ | {"COURSE_ROOT": str(root), "JUPYTER_CONFIG_DIR": str(own.parent)},
        capture_output=True,
        text=True,
    )
    lines = ran.stdout.split("\n")
    assert ran.returncode == 1, ran.stderr
    bad = [line for line in lines if line.startswith("missing") and "sandbox" not in line]
    assert len(bad) == 1, ran.stdout
    assert "jupyter server extension enable nbgrader.server_extensions.formgrader" in bad[0]
    assert any(line.split() == ["ok", "panels", "in", "JupyterLab"] for line in lines)
    assert any(line.split() == ["made", "exchange"] for line in lines)
