"""No command imports a file of the folder where it is typed, or of another program's PYTHONPATH.

Such a folder gets a file for every module that Python and our packages have; each leaves a mark
when it is imported. (`start.py` has its own such test, in test_start.)
"""

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from importlib.machinery import PathFinder
from pathlib import Path

import pytest
from grading_class import LESSON, answered, hand_in, registered, solutions

from course import paths, shield

pytestmark = pytest.mark.slow

# What Python itself and the site's own files read before the first line of ours.
EARLY = subprocess.run(
    [sys.executable, "-c", "import re, sys; print(*sys.modules)"], capture_output=True, text=True
).stdout.split()
SCRIPT = Path(sys.executable).with_name("course.exe" if os.name == "nt" else "course")
# Each command with the exit code that it ends with in a small course.
COMMANDS = {
    "help": (["--help"], 0),
    "models": (["models", "--json"], 0),
    "check": (["check", f"source/{LESSON}/{LESSON}.ipynb", "--json"], 0),
    "survey": (["check"], 1),
    "grade": (["grade", LESSON, "--sandbox", "none", "--force", "--json"], 0),
    "feedback": (["feedback", LESSON], 0),
    "export": (["export", "--to", "grades"], 0),
    "build": (["build"], 0),
    "verify": (["verify", LESSON], 1),
    "bench": (["bench", "no-such"], 2),
}


def modules():
    """Return the names of all modules at the top, of Python and of what is installed here."""
    installed = importlib.metadata.packages_distributions()
    names = {*sys.stdlib_module_names, *installed}
    return {n for n in names if n.isidentifier() and n != "course" and PathFinder.find_spec(n)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with a file for each module, and where they leave their marks."""
    place = tmp_path_factory.mktemp("around")
    here, marks = place / "here", place / "marks"
    here.mkdir()
    for name in modules():
        text = f"open({str(marks)!r}, 'a').write(__name__ + ' ')\nraise SystemExit(__name__)\n"
        (here / f"{name}.py").write_text(text, encoding="utf-8")
    for name in (
        "jupyter_lab_config",
        "jupyter_config",
        "nbgrader_config",
        "jupyter_server_config",
    ):
        shutil.copy(here / "random.py", here / f"{name}.py")
    return here, marks


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Return a small course whose one student has handed in the solution."""
    root = registered(tmp_path_factory.mktemp("course") / "course")
    hand_in(root, "ada", answered(root, solutions(root)))
    shutil.copytree(root / "release", root / "work")
    (root / "data").symlink_to(paths.DATA)
    return root


def typed(command, here, root, **variables):
    environment = shield.environment() | {"COURSE_ROOT": str(root)} | variables
    return subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_around_a_command_is_imported(folder, course, name):
    here, marks = folder
    words, code = COMMANDS[name]
    if name == "grade" and sys.platform != "linux":
        pytest.skip("the grader runs on Linux")
    words = [str(course / word) if "/" in word else word for word in words]
    as_module = [[sys.executable, "-m", "course.cli"]] if name in ("models", "check") else []
    for command in ([str(SCRIPT)], *as_module):
        ran = typed([*command, *words], here, course)
        assert not marks.exists(), (command, marks.read_text(encoding="utf-8"))
        assert ran.returncode == code, (command, ran.stdout, ran.stderr)


@pytest.mark.parametrize("name", ["models", "check", "grade"])
def test_nothing_of_another_programs_path_is_imported(folder, course, tmp_path, name):
    here, marks = folder
    words, code = COMMANDS[name]
    if name == "grade" and sys.platform != "linux":
        pytest.skip("the grader runs on Linux")
    words = [str(course / word) if "/" in word else word for word in words]
    other = shutil.copytree(here, tmp_path / "other")
    for early in EARLY:
        (other / f"{early}.py").unlink(missing_ok=True)
    for path in (str(other), os.pathsep, "."):
        ran = typed([str(SCRIPT), *words], other, course, PYTHONPATH=path)
        assert not marks.exists(), (path, marks.read_text(encoding="utf-8"))
        assert ran.returncode == code, (path, ran.stdout, ran.stderr)


def test_jupyterlab_runs_no_settings_of_the_current_folder(folder, course):
    """JupyterLab as `course lab` starts it, up to where it would listen."""
    here, marks = folder
    code = (
        "import sys; sys.argv = ['course', 'lab']\n"
        "from course import cli\n"
        "from jupyterlab.labapp import LabApp\n"
        "def begin(arguments):\n"
        "    import os\n"
        "    app = LabApp()\n"
        "    app.load_config_file()\n"
        "    print(os.getcwd(), *app.config_file_paths, sep='\\n')\n"
        "LabApp.launch_instance = begin\n"
        "cli.main()\n"
    )
    ran = typed([sys.executable, "-P", "-c", code], here, course)
    assert ran.returncode == 0, ran.stderr
    assert str(course / "work") in ran.stdout
    assert str(here) not in ran.stdout
    assert not marks.exists(), marks.read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform != "linux", reason="the grader runs on Linux")
def test_pythons_own_variables_change_no_score(course, tmp_path):
    """Bare asserts of a check vanish under PYTHONOPTIMIZE: a wrong answer would gain points."""
    scores = {}
    for student, answers in (("right", solutions(course)), ("wrong", {})):
        hand_in(course, student, answered(course, answers))
    for value in ("", "2"):
        settings = {"PYTHONOPTIMIZE": value, "PYTHONWARNINGS": "error" if value else ""}
        words = ["grade", LESSON, "--sandbox", "none", "--force", "--json"]
        ran = typed([str(SCRIPT), *words], tmp_path, course, **settings)
        assert ran.returncode == 0, ran.stderr
        rows = json.loads(ran.stdout.strip().split("\n")[-1])["students"]
        scores[value] = {student: rows[student]["score"] for student in ("right", "wrong")}
    assert scores["2"] == scores[""]
    assert scores[""]["right"] > scores[""]["wrong"]


def test_a_check_keeps_its_asserts():
    code = "from course.grader import shell\nexec(shell.code_of('assert 1 == 2'))"
    ran = subprocess.run([sys.executable, "-O", "-c", code], capture_output=True, text=True)
    assert ran.stderr.rstrip().endswith("AssertionError")


def test_our_own_packages_stay_even_if_somebody_names_them(monkeypatch, tmp_path):
    packages, library = Path(json.__file__).parent.parent, Path(pytest.__file__).parent.parent
    named = [str(packages), str(library), str(tmp_path), ""]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(named))
    monkeypatch.chdir(tmp_path)
    assert shield.own([*named, "/elsewhere"]) == [str(packages), str(library), "/elsewhere"]
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert shield.own(["/elsewhere"]) == ["/elsewhere"]


def test_what_we_start_gets_no_variable_of_python(monkeypatch):
    for name in ("PYTHONPATH", "PYTHONOPTIMIZE", "PYTHONINSPECT", "PYTHONSTARTUP", "PYTHONHOME"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("PYTHONUTF8", "1")
    got = shield.environment()
    assert {name for name in got if name.startswith("PYTHON")} <= set(shield.HARMLESS)
    assert got["PYTHONUTF8"] == "1"
    assert got["PATH"] == os.environ["PATH"]


def test_every_python_that_we_start_is_shielded():
    """A list of what is started: a new place has to use `shield`, or start something else."""
    for path in sorted((paths.ROOT / "course").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if path.name != "shield.py":
            safe = '"-I"' in text or 'sys.executable, "-P", *arguments' in text
            assert "sys.executable, " not in text or safe, path
            assert "os.environ |" not in text, path
