"""start.py and the desk: what comes first, what is left alone later, what is said on a failure.

Most tests put fakes in place of venv, pip and the child processes; the last part runs the real ones
on a course of two tiny packages, without a network.
"""

import ast
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from jupyterlab.handlers.announcements import NeverCheckForUpdate
from jupyterlab.labapp import LabApp

from course import paths
from course.errors import CourseError
from course.learner import desk

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "start.py"
ALL = ["environment", "torch", "packages", "course", "models", "work"]


@pytest.fixture
def start():
    spec = importlib.util.spec_from_file_location("start_under_test", SOURCE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def add_package(packages, name, version="1.0", *, whole=True):
    (packages / name).mkdir(parents=True, exist_ok=True)
    info = packages / f"{name}-{version}.dist-info"
    info.mkdir(exist_ok=True)
    record = f"{name}/__init__.py,,\n" + (f"{info.name}/INSTALLER,,\n" if whole else "")
    (info / "RECORD").write_text(record, encoding="utf-8")
    return info


class Fake:
    """A course in a folder, on a machine where venv, pip and all commands are fakes."""

    def __init__(self, start, root, monkeypatch):
        self.start, self.root, self.venv = start, root, root / ".venv"
        self.version = "3.12"
        self.calls = []  # what ran, in order
        self.broken = {}  # the start of a call → the exception that it raises
        self.codes = {}  # the start of a call → its exit code
        self.nowhere = None  # the start of a call of pip that installs nothing and says all is well
        root.mkdir()
        (root / "requirements.txt").write_text(
            '# pins\ntorch==2.0\n\nnumpy==1.0\nwinonly==1.0 ; sys_platform == "win32"\n'
            "# [grading] for instructors\nnbgrader==1.0\n# what it needs\nmako==1.0\n"
            "# [cluster]\ndask==1.0\n\n# [test] for all tests\npytest==1.0\n# the course\n-e .\n",
            encoding="utf-8",
        )
        (root / "pyproject.toml").write_text('[project]\nname = "the-course"\n', encoding="utf-8")
        monkeypatch.setattr(start, "make_environment", self.make_environment)
        monkeypatch.setattr(start, "version_of", self.version_of)
        monkeypatch.setattr(start, "pip", self.pip)
        monkeypatch.setattr(start, "wait", self.wait)
        monkeypatch.setattr(start, "inside", self.inside)
        monkeypatch.setattr(start.Setup, "torch_build", lambda self: ("+cpu", "small"))
        monkeypatch.setattr(start.Setup, "first_look", lambda self: None)

    @property
    def packages(self):
        return self.start.packages_of(self.venv, self.version)

    def did(self, call):
        self.calls.append(call)
        for prefix in list(self.broken):
            if call.startswith(prefix):
                raise self.broken.pop(prefix)
        return next((code for p, code in self.codes.items() if call.startswith(p)), 0)

    def make_environment(self, venv):
        shutil.rmtree(venv, ignore_errors=True)
        self.start.python_of(venv).parent.mkdir(parents=True)
        self.did("venv")  # interrupted here it is half-made
        self.start.python_of(venv).write_text("", encoding="utf-8")
        add_package(self.packages, "pip")

    def version_of(self, venv):
        return self.version if self.start.python_of(venv).exists() else ""

    def pip(self, venv, arguments, *, total=0):
        what = arguments[-1]
        self.did("pip " + ("pins" if what.endswith("pins.txt") else what))
        if self.nowhere and self.calls[-1].startswith(self.nowhere):
            return
        pins = [what] if "==" in what else []
        if what.endswith("pins.txt"):
            pins = self.pins()
        for pin in pins:
            if ";" not in pin:
                self.add(*pin.split("=="))
        if not pins:
            self.add("the_course", "0.1")

    def add(self, name, version):
        for old in self.packages.glob(f"{name}-*"):
            shutil.rmtree(old)
        add_package(self.packages, name, version)

    def inside(self, venv):
        infos = [info.name.removesuffix(".dist-info") for info in self.packages.glob("*-info")]
        found = {name: version for name, _, version in (info.partition("-") for info in infos)}
        return found, str(self.root / "course/__init__.py") if "the_course" in found else ""

    def wait(self, command, venv, *, stdout=None, cwd=None):
        assert Path(command[0]) == self.start.python_of(venv)
        assert command[1] == "-P"
        return self.did(" ".join(command[2:]))

    def run(self, *arguments):
        """Return the exit code and what ran."""
        self.calls = []
        return self.start.guarded(list(arguments), self.root), self.calls

    def pins(self):
        """Return what pip was told to install last."""
        return (self.venv / "pins.txt").read_text(encoding="utf-8").splitlines()

    def done(self):
        return json.loads((self.venv / "setup.json").read_text(encoding="utf-8"))["done"]


@pytest.fixture
def fake(start, tmp_path, monkeypatch):
    return Fake(start, tmp_path / "course", monkeypatch)


@pytest.fixture
def ready(fake):
    assert fake.run("models")[0] == 0
    return fake


FIRST = [
    "venv",
    "pip torch==2.0+cpu",
    "pip pins",
    "pip {root}",
    "-m course.cli models fetch",
    "-m course.learner.desk",
]


def one_sentence(capsys):
    """Return the last line on stderr, which has to be the only one that is a complaint."""
    lines = capsys.readouterr().err.strip().splitlines()
    assert "Traceback" not in "".join(lines)
    assert sum(line.startswith("start.py:") for line in lines) == 1, lines
    assert lines[-1].startswith("start.py: ")
    return lines[-1]


# --- the language ---------------------------------------------------------------------------------


def test_a_language_is_chosen_before_the_command_runs(ready, monkeypatch):
    monkeypatch.setenv("COURSE_LANG", "en")
    code, calls = ready.run("--lang", "ko", "check")
    assert (code, calls) == (0, ["-m course.learner.desk --lang ko", "-m course.cli check"])
    assert os.environ["COURSE_LANG"] == "ko"


def test_a_language_that_is_refused_ends_the_start(ready, monkeypatch):
    monkeypatch.setenv("COURSE_LANG", "en")
    ready.codes["-m course.learner.desk --lang"] = 2
    assert ready.run("--lang", "xx") == (2, ["-m course.learner.desk --lang xx"])


def test_lang_without_a_language_is_one_sentence(ready, capsys):
    assert ready.run("--lang") == (2, [])
    assert "Which language?" in one_sentence(capsys)


def test_korean_is_offered_on_a_korean_system_until_something_is_chosen(ready, monkeypatch, capsys):
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    assert ready.run()[0] == 0
    assert "python3 start.py --lang ko" in capsys.readouterr().err
    (ready.root / "work").mkdir(exist_ok=True)
    (ready.root / "work" / ".language").write_text("en\n", encoding="utf-8")
    ready.run()
    assert "--lang ko" not in capsys.readouterr().err
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    (ready.root / "work" / ".language").unlink()
    ready.run()
    assert "--lang ko" not in capsys.readouterr().err


# --- versions of Python ---------------------------------------------------------------------------


@pytest.mark.parametrize("version", [(2, 7), (3, 6), (3, 10), (3, 14), (4, 0)])
def test_unsupported_python_is_refused(start, version):
    said = start.refusal(version)
    assert "3.11, 3.12 or 3.13" in said
    assert f"this is Python {version[0]}.{version[1]}" in said


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12), (3, 13, 9)])
def test_supported_python_is_not(start, version):
    assert start.refusal(version) == ""


def test_refusal_names_a_python_that_is_there(start, monkeypatch):
    monkeypatch.setattr(start.shutil, "which", lambda name: name == "python3.13" or None)
    assert start.refusal((3, 9)).endswith("you have another one, so use python3.13 start.py")


@pytest.mark.parametrize("version", [(3, 10, 13), (3, 14, 0)])
def test_another_python_prints_one_line_and_fails(version):
    pretend = (
        f"import sys, runpy; sys.version_info = {version};"
        f"runpy.run_path({str(SOURCE)!r}, run_name='__main__')"
    )
    run = subprocess.run([sys.executable, "-c", pretend], capture_output=True, text=True)
    assert run.returncode == 2
    assert run.stdout == ""
    assert len(run.stderr.splitlines()) == 1
    assert "needs Python 3.11" in run.stderr


def test_an_old_python_can_read_the_file_as_far_as_the_refusal():
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"), feature_version=(3, 6))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert "__future__" not in {node.module for node in imports}
    # No syntax that feature_version lets through: f-strings with quotes of their own kind (3.12)
    # are the only such thing we might write, and ruff refuses them for our oldest Python.
    before = []
    for node in tree.body:
        before.append(node)
        if isinstance(node, ast.If) and "refusal" in ast.dump(node):
            break
    assert "refusal" in ast.dump(before[-1])
    functions = [node for node in before if isinstance(node, ast.FunctionDef)]
    assert [f.name for f in functions] == ["around", "refusal"]
    for function in functions:
        assert function.returns is None
        assert all(a.annotation is None for a in function.args.args)


# --- steps ----------------------------------------------------------------------------------------


def test_first_start_does_all_steps_then_opens_the_lab(fake, capsys):
    code, calls = fake.run()
    assert code == 0
    assert calls == [call.format(root=fake.root) for call in FIRST] + ["-m course.cli lab"]
    assert fake.done() == ALL
    said = capsys.readouterr()
    assert said.out == ""  # what a command prints stays clean
    for n in range(1, 7):
        assert f"[{n}/6] " in said.err
    assert said.err.count("about") == 2  # sizes: packages, models (torch's is a fake)
    assert said.err.count("done in") == 6


def test_pins_leave_out_the_course_and_keep_markers(fake):
    fake.run("models")
    assert fake.pins() == ["torch==2.0", "numpy==1.0", 'winonly==1.0 ; sys_platform == "win32"']


def test_second_start_only_runs_the_command(ready, capsys):
    capsys.readouterr()
    assert ready.run("models", "--json") == (0, ["-m course.cli models --json"])
    assert capsys.readouterr().err == ""


TESTS = "-m pytest -n auto --dist loadfile"


def test_test_runs_pytest_with_its_arguments_and_workers(ready):
    assert ready.run("test", "-k", "world") == (0, ["pip pins", f"{TESTS} -k world"])
    assert ready.run("test") == (0, [TESTS])
    for own in ("-n0", "-n", "--pdb", "--dist=load"):
        assert ready.run("test", own) == (0, [f"-m pytest {own}"])


# --- what else a command needs --------------------------------------------------------------------

LEARNER = ["torch==2.0", "numpy==1.0", 'winonly==1.0 ; sys_platform == "win32"']
GRADING = ["nbgrader==1.0", "mako==1.0"]


def test_a_command_that_needs_more_gets_it_when_first_called(ready, capsys):
    capsys.readouterr()
    assert ready.run("grade", "01") == (0, ["pip pins", "-m course.cli grade 01"])
    assert ready.pins() == LEARNER + GRADING
    assert "[3/6] 2 packages: about 25 MB" in capsys.readouterr().err
    assert ready.run("grade", "01") == (0, ["-m course.cli grade 01"])
    assert ready.run("feedback", "01") == (0, ["-m course.cli feedback 01"])
    assert capsys.readouterr().err == ""


def test_at_the_first_start_all_comes_at_once(fake):
    code, calls = fake.run("grade", "01")
    assert code == 0
    assert calls.count("pip pins") == 1
    assert fake.pins() == LEARNER + GRADING


@pytest.mark.parametrize(
    ("words", "more"),
    [
        ("lab", []),
        ("check 01_pretraining", []),
        ("bench pretrain", []),
        ("bench --json grading", ["grading"]),
        ("bench rlhf", ["bench"]),
        ("grade --student grading x", ["grading"]),
        ("grade x --scheduler tcp://h:1", ["grading", "cluster"]),
        ("grade x --scheduler=tcp://h:1", ["grading", "cluster"]),
        ("grade --help", []),
        ("build", ["grading", "author"]),
        ("install", []),
        ("install grade cluster", ["grading", "cluster"]),
        ("install learner", []),
        ("nothing", []),
        ("", []),
    ],
)
def test_what_a_command_needs(start, words, more):
    assert start.needs(words.split()) == more


@pytest.mark.parametrize(
    ("lang", "first", "last"), [("en", "Usage:", "Example:"), ("ko", "사용법:", "예:")]
)
def test_the_help_is_in_the_readers_language(start, monkeypatch, capsys, lang, first, last):
    monkeypatch.setenv("COURSE_LANG", "en")  # given back at the end
    start.translations.cache_clear()
    assert start.main(["--lang", lang, "--help"]) == 0
    start.translations.cache_clear()
    lines = capsys.readouterr().out.strip().splitlines()
    assert (lines[0].split()[0], lines[-1].split()[0]) == (first, last)
    told = [line for line in lines if line.startswith("  python3 start.py")]
    assert len(told) == len(start.HELP)
    assert all((max(line) >= "가") == (lang == "ko") for line in told), told


def test_install_installs_and_starts_nothing(fake):
    calls = [call.format(root=fake.root) for call in FIRST]
    assert fake.run("install") == (0, calls)
    assert fake.run("install", "grade", "cluster") == (0, ["pip pins"])
    assert fake.pins() == [*LEARNER, *GRADING, "dask==1.0"]


def test_install_of_something_unknown_is_one_sentence(fake, capsys):
    assert fake.run("install", "everything") == (2, [])
    said = one_sentence(capsys)
    assert "no everything" in said
    assert "grade" in said
    assert "cluster" in said


def test_a_new_pin_brings_the_parts_that_are_here_up_to_date(ready):
    ready.run("grade", "01")
    requirements = ready.root / "requirements.txt"
    text = requirements.read_text(encoding="utf-8")
    requirements.write_text(text.replace("mako==1.0", "mako==2.0"), encoding="utf-8")
    assert "pip pins" in ready.run("models")[1]
    assert ready.pins() == [*LEARNER, "nbgrader==1.0", "mako==2.0"]
    assert ready.run("grade", "01")[1] == ["-m course.cli grade 01"]


def test_more_packages_that_cant_be_had_leave_the_rest_usable(ready, capsys):
    capsys.readouterr()
    ready.broken["pip pins"] = ready.start.PipFailed("NewConnectionError")
    assert ready.run("grade", "01") == (2, ["pip pins"])
    assert "network" in one_sentence(capsys)
    # pip looks once more whether all is whole, which needs no network
    assert ready.run("lab") == (0, ["pip pins", "-m course.cli lab"])
    assert ready.pins() == LEARNER
    assert ready.run("lab") == (0, ["-m course.cli lab"])
    assert ready.run("grade", "01") == (0, ["pip pins", "-m course.cli grade 01"])


def test_parts_come_back_into_an_environment_that_is_made_anew(ready):
    ready.run("grade", "01")
    shutil.rmtree(ready.packages / "numpy")
    assert ready.run("models")[1][:3] == ["venv", "pip torch==2.0+cpu", "pip pins"]
    assert ready.pins() == LEARNER + GRADING


def test_exit_code_of_the_command_is_ours(ready):
    ready.codes["-m course.cli verify"] = 1
    assert ready.run("verify")[0] == 1
    ready.codes["-m pytest"] = 5
    assert ready.run("test")[0] == 5


def test_help_sets_nothing_up(fake, capsys):
    assert fake.run("--help") == (0, [])
    out = capsys.readouterr().out
    assert "Example: python3 start.py" in out
    assert len(out.splitlines()) <= 12


@pytest.mark.parametrize("step", range(6))
def test_interrupted_set_up_goes_on_where_it_stopped(fake, capsys, step):
    calls = [call.format(root=fake.root) for call in FIRST]
    fake.broken[calls[step]] = KeyboardInterrupt()
    code, did = fake.run("verify")
    assert (code, did) == (130, calls[: step + 1])
    assert "interrupted" in one_sentence(capsys)
    code, did = fake.run("verify")
    # An interrupted fetch counts as not tried, so it comes again, too.
    assert (code, did) == (0, [*calls[step:], "-m course.cli verify"])
    assert fake.done() == ALL


def test_interrupt_in_a_child_ends_the_set_up(fake):
    fake.codes["-m course.cli models fetch"] = 130
    code, did = fake.run("verify")
    assert code == 130
    assert did[-1] == "-m course.cli models fetch"


def test_damaged_state_file_counts_as_none(ready):
    (ready.venv / "setup.json").write_text("[", encoding="utf-8")
    code, did = ready.run("models")
    assert code == 0
    assert "venv" not in did  # what is there works, so it stays
    assert ready.done() == ALL


def test_half_installed_packages_are_removed_before_pip_runs(start, fake):
    fake.broken["pip pins"] = KeyboardInterrupt()
    fake.run("models")
    half = add_package(fake.packages, "scipy", whole=False)
    left = fake.packages / "~umpy"
    left.mkdir()
    whole = add_package(fake.packages, "pillow")
    assert set(start.half_installed(fake.packages)) == {half, left}
    assert fake.run("models")[0] == 0
    assert not half.exists()
    assert not left.exists()
    assert whole.exists()


@pytest.mark.parametrize("file", ["requirements.txt", "pyproject.toml"])
def test_changed_pins_are_installed_and_nothing_else(ready, file):
    with (ready.root / file).open("a", encoding="utf-8") as f:
        f.write("# changed\n")
    code, did = ready.run("models")
    expected = [call.format(root=ready.root) for call in FIRST[1:4]]
    assert (code, did) == (0, [*expected, "-m course.cli models"])
    assert ready.run("models")[1] == ["-m course.cli models"]


def test_interrupted_update_of_pins_goes_on(ready):
    (ready.root / "requirements.txt").write_text("torch==2.1\n-e .\n", encoding="utf-8")
    ready.broken["pip pins"] = KeyboardInterrupt()
    assert ready.run("models")[1] == ["pip torch==2.1+cpu", "pip pins"]
    assert ready.run("models")[1] == ["pip pins", f"pip {ready.root}", "-m course.cli models"]


def test_moved_folder_needs_no_download(ready):
    moved = ready.root.with_name("moved")
    ready.root.rename(moved)
    ready.root, ready.venv = moved, moved / ".venv"
    assert ready.run("models")[1] == [f"pip {moved}", "-m course.cli models"]
    assert ready.run("models")[1] == ["-m course.cli models"]


@pytest.mark.parametrize("damage", ["no python", "another python", "package gone"])
def test_damaged_environment_is_made_anew(ready, capsys, damage):
    capsys.readouterr()
    if damage == "no python":
        ready.start.python_of(ready.venv).unlink()
    elif damage == "another python":
        ready.version = "3.13"
    else:
        shutil.rmtree(ready.packages / "numpy")
    code, did = ready.run("models")
    assert code == 0
    assert did[:3] == ["venv", "pip torch==2.0+cpu", "pip pins"]
    assert "damaged" in capsys.readouterr().err
    assert ready.run("models")[1] == ["-m course.cli models"]


def test_environment_without_pip_is_made_anew(fake):
    fake.start.python_of(fake.venv).parent.mkdir(parents=True)
    fake.start.python_of(fake.venv).write_text("", encoding="utf-8")
    add_package(fake.packages, "pip", whole=False)
    assert fake.run("models")[1][0] == "venv"


# --- torch and the models -------------------------------------------------------------------------


def test_torch_with_cuda_only_if_no_index_has_the_cpu_build(fake, capsys):
    no_build = "ERROR: x (from versions: 2.0, 2.1)\nERROR: No matching distribution found for torch"
    fake.broken["pip torch"] = fake.start.PipFailed("WARNING: MaxRetryError\n" + no_build)
    code, did = fake.run("models")
    assert code == 0
    assert did[1:3] == ["pip torch==2.0+cpu", "pip torch==2.0"]
    assert "2.5 GB" in capsys.readouterr().err


def test_torch_without_any_index_is_a_missing_network(fake, capsys):
    text = "MaxRetryError\nERROR: x (from versions: none)\nERROR: No matching distribution found"
    fake.broken["pip torch"] = fake.start.PipFailed(text)
    code, did = fake.run("models")
    assert (code, did) == (2, ["venv", "pip torch==2.0+cpu"])
    assert "network" in one_sentence(capsys)


def test_torch_elsewhere_is_the_plain_one(fake, monkeypatch):
    monkeypatch.setattr(fake.start.Setup, "torch_build", lambda self: ("", ""))
    assert "pip torch==2.0" in fake.run("models")[1]


def test_which_torch(start, monkeypatch):
    build = start.Setup.torch_build
    monkeypatch.setattr(start.shutil, "which", lambda name: None)
    monkeypatch.setattr(start.Path, "exists", lambda path: False)
    found = {}
    for platform in ("linux", "darwin", "win32"):
        monkeypatch.setattr(start.sys, "platform", platform)
        found[platform] = build(None)[0]
    assert found == {"linux": "+cpu", "darwin": "", "win32": ""}
    monkeypatch.setattr(start.sys, "platform", "linux")
    monkeypatch.setattr(start.shutil, "which", lambda name: "/usr/bin/" + name)
    assert build(None)[0] == ""


def test_missing_models_stop_nothing(fake, capsys):
    fetch = "-m course.cli models fetch"
    fake.codes[fetch] = 2
    code, did = fake.run()
    assert code == 0
    assert did[-1] == "-m course.cli lab"
    assert "start.py models fetch" in capsys.readouterr().err
    assert fake.run("lab")[1] == ["-m course.cli lab"]  # not tried at each start
    assert fake.run("test")[1] == ["pip pins", fetch, TESTS]  # but tests want them
    fake.codes.clear()
    assert fake.run("test")[1] == [fetch, TESTS]
    assert fake.run("test")[1] == [TESTS]


def test_models_fetch_fetches_once(fake):
    assert fake.run("models", "fetch")[1].count("-m course.cli models fetch") == 1


# --- what it says when it can't go on -------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "word"),
    [
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("Retrying ... NewConnectionError: Failed to establish a new connection", "network"),
        ("ConnectTimeoutError: timed out", "network"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "damaged"),
        ("ERROR: [Errno 13] Permission denied: 'x'", "No permission"),
        ("\nERROR: something new\n\n", "something new"),
        ("", "no reason given"),
    ],
)
def test_pip_failures_become_a_sentence(fake, capsys, printed, word):
    fake.broken["pip pins"] = fake.start.PipFailed(printed)
    assert fake.run("models")[0] == 2
    assert word in one_sentence(capsys)
    assert fake.run("models")[0] == 0  # and nothing was lost


def test_the_set_up_speaks_korean(fake, capsys, monkeypatch):
    monkeypatch.setenv("COURSE_LANG", "ko")
    fake.broken["pip pins"] = fake.start.PipFailed("OSError: [Errno 28] No space left on device")
    assert fake.run("models")[0] == 2
    printed = capsys.readouterr().err
    assert "코스를 설치해요." in printed
    assert printed.endswith("디스크가 가득 찼어요. 자리를 만들고 같은 명령을 다시 실행하세요.\n")


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (PermissionError(13, "Permission denied", "/opt/course/.venv"), "own, for example in your"),
        (OSError(30, "Read-only file system", "/opt/course/.venv"), "own, for example in your"),
        (OSError(28, "No space left on device"), "disk is full"),
        (OSError(5, "Input/output error", "x"), "Input/output error"),
    ],
)
def test_refusals_of_the_system_become_a_sentence(fake, capsys, error, word):
    fake.broken["venv"] = error
    assert fake.run("models")[0] == 2
    assert word in one_sentence(capsys)


def test_a_small_disk_is_seen_before_the_download(fake, capsys, monkeypatch):
    free = shutil._ntuple_diskusage(10**12, 10**12 - 10**9, 10**9)
    monkeypatch.setattr(fake.start.shutil, "disk_usage", lambda path: free)
    assert fake.run("models") == (2, [])
    assert "1.0 GB left" in one_sentence(capsys)


def test_python_without_venv_says_how_to_get_it(start, tmp_path, monkeypatch):
    monkeypatch.setattr(start.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(start.Problem, match="python3-venv"):
        start.make_environment(tmp_path / ".venv")


@pytest.mark.parametrize("name", ["requirements.txt", "pyproject.toml"])
def test_missing_file_of_the_checkout(fake, capsys, name):
    (fake.root / name).unlink()
    assert fake.run("models") == (2, [])
    assert name in one_sentence(capsys)


# --- handing over ---------------------------------------------------------------------------------


def test_wait_returns_the_exit_code_and_activates_the_environment(start, tmp_path):
    show = "import os, sys; sys.exit(os.environ['VIRTUAL_ENV'] == sys.argv[1] and 7)"
    assert start.wait([sys.executable, "-c", show, str(tmp_path)], tmp_path) == 7


HANDED = """
import importlib.util, sys
from pathlib import Path
spec = importlib.util.spec_from_file_location("start", sys.argv[1])
start = importlib.util.module_from_spec(spec)
spec.loader.exec_module(start)
child = '''
import time
print("ready", flush=True)
try:
    time.sleep(60)
except KeyboardInterrupt:
    raise SystemExit(7)
'''
raise SystemExit(start.wait([sys.executable, "-c", child], Path(".")))
"""


@pytest.mark.parametrize(("sent", "code"), [("SIGINT", 7), ("SIGTERM", 128 + 15)])
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_signals_reach_the_command(sent, code):
    process = subprocess.Popen(
        [sys.executable, "-c", HANDED, str(SOURCE)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background job ignores Ctrl-C, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout.readline() == "ready\n"
    process.send_signal(getattr(signal, sent))
    _, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert err == ""


# --- the learner's copy and JupyterLab ------------------------------------------------------------


@pytest.fixture
def lessons(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RELEASE", tmp_path / "release")
    monkeypatch.setattr(paths, "WORK", tmp_path / "work")
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)  # and back: opening the lab changes it
    for name in (desk.FIRST, "01_pretraining/01_pretraining.ipynb", "01_pretraining/data/a.csv"):
        file = tmp_path / "release" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"released {name}", encoding="utf-8")
    hidden = tmp_path / "release" / "01_pretraining" / ".ipynb_checkpoints" / "old.ipynb"
    hidden.parent.mkdir()
    hidden.write_text("old", encoding="utf-8")
    return tmp_path


def test_lay_out_copies_all_lessons_and_says_so(lessons, capsys):
    copied = desk.lay_out()
    assert [path.name for path in copied] == [
        "00_start_here.ipynb",
        "01_pretraining.ipynb",
        "a.csv",
    ]
    files = {path for path in (lessons / "work").rglob("*") if path.is_file()}
    begun = {path for path in files if ".versions" in path.parts}  # for `course update`
    assert {path.parent.name for path in begun} == {"00_start_here", "01_pretraining"}
    assert files - begun - set(copied) == {
        lessons / "work" / name for name in ("map.html", "map.json")
    }
    assert (lessons / "work" / desk.FIRST).read_text(encoding="utf-8").startswith("released")
    assert capsys.readouterr().out == "work/00_start_here: new\nwork/01_pretraining: new\n"
    assert desk.lay_out() == []
    assert capsys.readouterr().out == ""


def test_lay_out_never_writes_over_a_learners_file(lessons, capsys):
    desk.lay_out()
    mine, other = lessons / "work" / desk.FIRST, lessons / "work/01_pretraining/data/a.csv"
    mine.write_text("my answers", encoding="utf-8")
    other.unlink()
    (lessons / "release" / desk.FIRST).write_text("a newer lesson", encoding="utf-8")
    assert desk.lay_out() == [other]
    assert mine.read_text(encoding="utf-8") == "my answers"


def test_interrupted_copy_is_made_again(lessons, monkeypatch):
    real = shutil.copyfile

    def stop_in_the_middle(source, target):
        target.write_text("rel", encoding="utf-8")
        raise KeyboardInterrupt

    monkeypatch.setattr(desk.shutil, "copyfile", stop_in_the_middle)
    with pytest.raises(KeyboardInterrupt):
        desk.lay_out()
    assert not (lessons / "work" / desk.FIRST).exists()
    monkeypatch.setattr(desk.shutil, "copyfile", real)
    assert len(desk.lay_out()) == 3
    assert not list((lessons / "work").rglob("*.part"))


def test_no_lessons_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RELEASE", tmp_path / "release")
    with pytest.raises(CourseError, match="There are no lessons in"):
        desk.lay_out()
    with pytest.raises(CourseError, match="There are no lessons in"):
        desk.open_lab()


def test_lab_without_jupyterlab_is_one_sentence(lessons, monkeypatch):
    monkeypatch.setitem(sys.modules, "jupyterlab.labapp", None)
    with pytest.raises(CourseError, match=r"`python3 start\.py` installs it"):
        desk.open_lab()


def test_lab_gets_our_folder_and_stays_silent(lessons, monkeypatch):
    got = []
    monkeypatch.setattr(LabApp, "launch_instance", got.append)
    monkeypatch.delenv("JUPYTER_PREFER_ENV_PATH", raising=False)
    desk.open_lab()
    desk.open_lab()
    first, second = got
    assert [a for a in first if a not in second] == [f"--LabApp.default_url=/lab/tree/{desk.FIRST}"]
    app = LabApp()
    app.parse_command_line([a for a in second if a != "--allow-root"])
    assert app.news_url is None
    assert app.check_for_updates_class is NeverCheckForUpdate
    assert app.config.ServerApp.root_dir == str(lessons / "work")
    assert Path.cwd() == lessons / "work"  # no settings file of another folder is run


def test_lab_has_what_draws_widgets():
    found = Path(sys.prefix, "share/jupyter/labextensions/@jupyter-widgets/jupyterlab-manager")
    assert (found / "package.json").exists()


# --- the real thing, small ------------------------------------------------------------------------

BACKEND = '''
"""Builds the tiny course in place; the real one uses setuptools, which needs no network either."""
import zipfile
from pathlib import Path


def build_editable(directory, config_settings=None, metadata_directory=None):
    name = "tinycourse-1.0-py3-none-any.whl"
    info = "tinycourse-1.0.dist-info"
    with zipfile.ZipFile(Path(directory) / name, "w") as wheel:
        wheel.writestr("tinycourse.pth", str(Path.cwd()))
        head = "Metadata-Version: 2.1\\nName: tinycourse\\nVersion: 1.0\\n"
        wheel.writestr(f"{info}/METADATA", head)
        tags = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
        wheel.writestr(f"{info}/WHEEL", tags)
        wheel.writestr(f"{info}/RECORD", "")
    return name
'''


def tiny_wheel(folder, name, version):
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}/__init__.py", f"version = {version!r}\n")
        head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        wheel.writestr(f"{info}/METADATA", head)
        tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        wheel.writestr(f"{info}/WHEEL", tags)
        wheel.writestr(f"{info}/RECORD", "")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Set up a course of two tiny packages by the real start.py, venv and pip."""
    root = tmp_path_factory.mktemp("tiny course")  # the space in the name is meant
    wheels = tmp_path_factory.mktemp("wheels")
    tiny_wheel(wheels, "torch", "2.0+cpu")
    tiny_wheel(wheels, "numpy", "1.0")
    shutil.copy(SOURCE, root)
    files = {
        "requirements.txt": "torch==2.0\nnumpy==1.0\n-e .\n",
        "pyproject.toml": (
            '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["made"]\n'
            '[project]\nname = "tinycourse"\nversion = "1.0"\n'
        ),
        "made/backend.py": BACKEND,
        "course/__init__.py": "",
        "course/cli.py": (
            "import sys, torch, numpy\n"
            "print(torch.version, numpy.version, sys.argv[1:])\n"
            "sys.exit(3 if 'fail' in sys.argv else 0)\n"
        ),
        "course/learner/__init__.py": "",
        "course/learner/desk.py": "print('laid out')\n",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "VIRTUAL_ENV"))}
    env = clean | {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": wheels.as_uri(),
    }

    def run(*arguments, cwd=wheels, **variables):
        command = [sys.executable, str(root / "start.py"), *arguments]
        return subprocess.run(command, env=env | variables, cwd=cwd, capture_output=True, text=True)

    run.root = root
    run.first = run("hello", "--json")
    return run


def test_real_set_up_then_command(tiny):
    assert tiny.first.returncode == 0, tiny.first.stderr
    version = "2.0+cpu"  # also elsewhere, for it is the only one there is
    assert tiny.first.stdout == f"{version} 1.0 ['hello', '--json']\n"
    assert "laid out" in tiny.first.stderr
    assert re.findall(r"\[(\d)/6\]", tiny.first.stderr) == list("123456")


def test_real_first_look_finds_what_cant_be_loaded(tiny):
    name = next((tiny.root / ".venv").rglob("numpy")) / "__init__.py"
    whole = name.read_text(encoding="utf-8")
    assert list(name.parent.rglob("*.pyc")), "it was loaded, so it is compiled"
    name.write_text("import nowhere_to_be_found\n", encoding="utf-8")
    try:
        (tiny.root / ".venv/setup.json").unlink()
        run = tiny("hello")
    finally:
        name.write_text(whole, encoding="utf-8")
    assert "can't be loaded" in run.stderr
    assert "No module named 'nowhere_to_be_found'" in run.stderr


def test_real_second_start_needs_neither_pip_nor_packages(tiny):
    log = tiny.root / ".venv" / "pip.log"
    log.unlink()
    run = tiny("fail", PIP_FIND_LINKS="nowhere", PIP_NO_INDEX="1")
    assert (run.returncode, run.stderr) == (3, "")
    assert not log.exists()


def test_real_half_made_environment_is_repaired(tiny):
    venv = tiny.root / ".venv"
    (venv / "setup.json").unlink()
    shutil.rmtree(next(venv.rglob("numpy")))
    record = next(venv.rglob("numpy-1.0.dist-info")) / "RECORD"
    lines = record.read_text(encoding="utf-8").splitlines()
    record.write_text(
        "\n".join(line for line in lines if "INSTALLER" not in line), encoding="utf-8"
    )
    run = tiny("hello")
    assert run.returncode == 0, run.stderr
    assert run.stdout.endswith("1.0 ['hello']\n")
    assert not (set("123456") - set(re.findall(r"\[(\d)/6\]", run.stderr)))


# Each of these has pip install elsewhere, or nothing.
ELSEWHERE = {
    "target": {"PIP_TARGET": "{place}"},
    "prefix": {"PIP_PREFIX": "{place}"},
    "root": {"PIP_ROOT": "{place}"},
    "user": {"PIP_USER": "1"},
    "dry run": {"PIP_DRY_RUN": "1"},
    "another python": {"PIP_PYTHON": "/nowhere/python"},
    "a file": {"PIP_CONFIG_FILE": "{place}/pip.conf"},
    "the person's file": {"PIP_CONFIG_FILE": "", "XDG_CONFIG_HOME": "{place}"},
    "modules": {"PYTHONPATH": "{place}/modules", "PYTHONSAFEPATH": "", "PYTHONOPTIMIZE": "2"},
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_real_settings_of_pip_and_python_do_not_move_the_course(tiny, tmp_path, name):
    for file in ("pip.conf", "pip/pip.conf"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(f"[install]\ntarget = {tmp_path}/t\nuser = true\n")
    for module in ("numpy", "torch", "json", "pip", "setuptools"):
        (tmp_path / "modules" / module).mkdir(parents=True)
        (tmp_path / "modules" / module / "__init__.py").write_text("raise SystemExit(module)")
    state = json.loads((tiny.root / ".venv/setup.json").read_text(encoding="utf-8"))
    state["done"].remove("course")
    (tiny.root / ".venv/setup.json").write_text(json.dumps(state), encoding="utf-8")
    for file in (tiny.root / ".venv").rglob("tinycourse*"):
        shutil.rmtree(file) if file.is_dir() else file.unlink()
    given = {key: value.format(place=tmp_path) for key, value in ELSEWHERE[name].items()}
    run = tiny("hello", **given)
    assert run.returncode == 0, run.stderr
    assert run.stdout.endswith("1.0 ['hello']\n")
    assert list((tiny.root / ".venv").rglob("tinycourse-1.0.dist-info"))
    assert not (tmp_path / "t").exists()


def test_setuptools_leaves_braces_in_a_folders_name_alone(start, tmp_path):
    folder = tmp_path / "{a} course {b c}"
    code = (
        "import sys; from setuptools._distutils.util import subst_vars; "
        "print(subst_vars(sys.argv[1], {}))"
    )
    for named, said in ((start.names_in(folder), f"{folder}\n"), ({}, "")):
        run = subprocess.run(
            [sys.executable, "-c", code, str(folder)],
            env=os.environ | named,
            capture_output=True,
            text=True,
        )
        assert run.stdout == said
    assert "take { and } out of it" in start.cause(run.stderr)


def test_real_set_up_that_lost_its_course_gets_it_back(tiny):
    """As an older start.py has left it, which believed pip."""
    for info in (tiny.root / ".venv").rglob("tinycourse*"):
        shutil.rmtree(info) if info.is_dir() else info.unlink()
    run = tiny("hello")
    assert run.returncode == 0, run.stderr
    assert re.findall(r"\[(\d)/6\]", run.stderr) == ["4"]


def test_real_files_around_are_not_imported(tiny, tmp_path):
    """Files named like all modules, where the command is typed and in the course's own folder."""
    marks, here = tmp_path / "marks", tmp_path / "here"
    here.mkdir()
    names = {name for name in sys.stdlib_module_names if importlib.util.find_spec(name)}
    names |= {"pip", "setuptools", "torch", "numpy"}
    files = [folder / f"{name}.py" for name in names for folder in (here, tiny.root)]
    early = "import sys; print(*sys.modules)"  # what Python reads before the first line of ours
    read = subprocess.run([sys.executable, "-c", early], capture_output=True, text=True).stdout
    try:
        for file in files:
            file.write_text(f"open({str(marks)!r}, 'a').write(__name__ + ' ')\n", encoding="utf-8")
        for setting in ({}, {"PYTHONPATH": "."}):
            for name in read.split() if setting else ():
                (here / f"{name}.py").unlink(missing_ok=True)
            (tiny.root / ".venv/setup.json").unlink()
            run = tiny("hello", cwd=here, **setting)
            assert run.returncode == 0, run.stderr
            assert re.findall(r"\[(\d)/6\]", run.stderr) == list("123456")
            assert not marks.exists(), marks.read_text(encoding="utf-8")
    finally:
        for file in files:
            file.unlink(missing_ok=True)


@pytest.mark.parametrize("step", ["torch", "packages", "course"])
def test_a_step_is_looked_at_not_believed(fake, capsys, step):
    calls = {"torch": "pip torch", "packages": "pip pins", "course": f"pip {fake.root}"}
    fake.nowhere = calls[step]
    assert fake.run("models")[0] == 2
    assert ".venv doesn't have it" in one_sentence(capsys)
    assert step not in fake.done()
    fake.nowhere = None
    assert fake.run("models")[0] == 0
    assert fake.done() == ALL


def test_real_pip_that_finds_nothing_says_one_sentence(tiny):
    requirements = tiny.root / "requirements.txt"
    text = requirements.read_text(encoding="utf-8")
    requirements.write_text(text.replace("numpy==1.0", "numpy==9.0"), encoding="utf-8")
    try:
        run = tiny("hello")
    finally:
        requirements.write_text(text, encoding="utf-8")
    assert run.returncode == 2
    assert "numpy==9.0" in run.stderr.splitlines()[-1]
    assert "Traceback" not in run.stderr
    assert tiny("hello").returncode == 0
