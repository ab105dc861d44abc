"""Packs: what is in them; a student's pack set up, a lesson solved in it, collected and graded."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest
from grading_class import StandIn, gradebook, make

from course import paths
from course.author import pack as pack_module
from course.errors import CourseError
from course.grader import grade, notebook, settings
from course.hooks import HOOKS

LESSON = "01_pretraining"
PATTERN = re.compile(settings.config(paths.ROOT)["FileNameCollectorPlugin"]["named_regexp"])


def solved(nb, only=None):
    """Put the answers of ``source/`` into a released notebook."""
    source = notebook.cells(notebook.read(notebook.path_of(LESSON, paths.SOURCE)))
    answers = {cell.name: cell.source for cell in source if cell.kind == "solution"}
    for raw, cell in zip(nb["cells"], notebook.cells(nb), strict=True):
        if cell.kind == "solution" and cell.name in (only or answers):
            raw["source"] = answers[cell.name]
    return json.dumps(nb)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    made = pack_module.pack("student", to=str(tmp_path_factory.mktemp("packs")))
    return Path(made["file"])


@pytest.fixture(scope="module")
def unpacked(archive, tmp_path_factory):
    """Unzip the pack, and lend it the packages that are here: start.py does the rest."""
    place = tmp_path_factory.mktemp("new folder")
    zipfile.ZipFile(archive).extractall(place)
    root = place / pack_module.TOP
    venv = root / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    spec = importlib.util.spec_from_file_location("start_of_pack", root / "start.py")
    start = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(start)
    version = start.version_of(venv)
    lent = place / "lent"
    lent.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not re.search(r"gpt_course|\.pth$|__pycache__", entry.name):
            (lent / entry.name).symlink_to(entry)
    (start.packages_of(venv, version) / "lent.pth").write_text(f"{lent}\n", encoding="utf-8")
    state = {
        "done": ["environment", "torch", "packages", "models"],
        "parts": [*start.NEEDS["test"]],
        "names": [],
        "python": version,
        "pins": start.Setup(root).pins,
        "root": str(root),
        "tried": True,
    }
    (venv / "setup.json").write_text(json.dumps(state), encoding="utf-8")
    return root


def run(root, *words):
    """Run start.py of a pack as somebody does who knows nothing of our folders."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("COURSE_", "PYTEST_"))}
    command = [sys.executable, "start.py", *words]
    return subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, timeout=300)


# --- what is in them ------------------------------------------------------------------------------


def test_a_students_pack_has_no_solution_no_hidden_test_and_no_instructors_file(archive):
    with zipfile.ZipFile(archive) as opened:
        names = [name.removeprefix(f"{pack_module.TOP}/") for name in opened.namelist()]
        text = {n: opened.read(f"{pack_module.TOP}/{n}") for n in names}
    tops = {name.partition("/")[0] for name in names}
    assert tops == {
        *("start.py", "requirements.txt", "pyproject.toml", "LICENSE", "README.md", ".gitignore"),
        *(".devcontainer", "course", "data", "release", "docs", "tests"),
    }
    assert [name for name in names if name.startswith("tests/")] == ["tests/test_pack.py"]
    assert not any(re.match(r"course/(author|bench)/|data/verdicts/.*\.txt", n) for n in names)
    for name in names:
        if name.endswith((".ipynb", ".md", ".json", ".csv")):
            assert not re.search(rb"BEGIN (SOLUTION|HIDDEN)", text[name]), name
    # No solution's own line, and no hidden one, is in a released lesson.
    for lesson in {name.split("/")[1] for name in names if name.startswith("release/")}:
        released = notebook.parse(text[f"release/{lesson}/{lesson}.ipynb"], lesson)
        by_name = {cell.name: cell.source for cell in notebook.cells(released)}
        for cell in notebook.cells(notebook.read(notebook.path_of(lesson, paths.SOURCE))):
            if cell.kind == "solution":
                assert by_name[cell.name] == notebook.stub(cell.source)
            if cell.kind == "grade":
                assert by_name[cell.name] == notebook.visible(cell.source)
    packages = tomllib.loads(text["pyproject.toml"].decode())["tool"]["setuptools"]["packages"]
    rooms = {n.rpartition("/")[0].replace("/", ".") for n in names if n.endswith("__init__.py")}
    assert set(packages) == rooms
    assert json.loads(text[".devcontainer/devcontainer.json"])["postCreateCommand"]
    ignored = text[".gitignore"].decode().split("\n")
    assert "/work/" not in ignored


def test_lessons_and_verdicts_may_be_chosen():
    names = pack_module.student(["04_gpt_family"], True, paths.ROOT)
    assert {n.split("/")[1] for n in names if n.startswith("release/")} == {"04_gpt_family"}
    assert "data/verdicts/04_gpt_family.txt" in names


def test_the_same_course_gives_the_same_file(archive, tmp_path):
    again = pack_module.pack("student", to=str(tmp_path))
    assert Path(again["file"]).read_bytes() == archive.read_bytes()


def test_an_instructors_pack_is_what_git_has(tmp_path):
    made = pack_module.pack("instructor", to=str(tmp_path))
    names = {
        name.removeprefix(f"{pack_module.TOP}/")
        for name in zipfile.ZipFile(made["file"]).namelist()
    }
    assert f"source/{LESSON}/{LESSON}.ipynb" in names
    assert "tests/conftest.py" in names
    assert not any(re.match(r"\.venv|\.git/|work/|gradebook|submitted", name) for name in names)
    asked = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(asked, cwd=paths.ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("no git here")
    theirs = {name for name in listed.stdout.split("\0") if name and (paths.ROOT / name).exists()}
    assert names == theirs


@pytest.mark.parametrize("what", ["solution", "stale", "missing"])
def test_a_release_that_leaks_or_is_old_is_refused(tmp_path, what):
    root = make(tmp_path / "course")
    path = notebook.path_of("01_tiny", root / "release")
    nb = notebook.read(path)
    source = notebook.read(notebook.path_of("01_tiny", root / "source"))
    place = next(i for i, c in enumerate(notebook.cells(nb)) if c.kind == "solution")
    if what == "solution":
        nb["cells"][place]["source"] = source["cells"][place]["source"]
    else:
        nb["cells"][0]["source"] = "An older text."
    path.unlink()
    if what != "missing":
        path.write_text(json.dumps(nb), encoding="utf-8")
    with pytest.raises(CourseError, match=r"start\.py build 01_tiny"):
        pack_module.pack("student", root=root)
    assert not (root / "packs").exists()


def test_an_instructors_pack_has_all_lessons():
    with pytest.raises(CourseError, match="leave their names out"):
        pack_module.pack("instructor", [LESSON])


# --- the round trip -------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_pack_is_set_up_a_lesson_solved_handed_in_by_canvas_and_moodle_and_graded(
    unpacked, tmp_path
):
    first = run(unpacked, "check", LESSON, "--json")
    assert "the course itself" in first.stderr, first.stderr
    assert json.loads(first.stdout.splitlines()[-1])["visible"][0] == 0
    where = [unpacked / ".venv/bin/python", "-I", "-c", "import course; print(course.__file__)"]
    found = subprocess.run(where, capture_output=True, text=True).stdout.strip()
    assert found == str(unpacked / "course" / "__init__.py")
    mine = notebook.path_of(LESSON, unpacked / "work")
    empty = mine.read_bytes()
    mine.write_text(solved(notebook.parse(empty, LESSON)), encoding="utf-8")
    checked = json.loads(run(unpacked, "check", LESSON, "--json").stdout.splitlines()[-1])
    assert checked["ok"]
    assert checked["visible"][0] == checked["visible"][1] > 10
    assert checked["students"]["me"]["score"] is None

    root = make(tmp_path / "course", LESSON, paths.ROOT)
    (root / "data").symlink_to(paths.DATA)
    box = root / "downloaded" / LESSON / "archive"
    box.mkdir(parents=True)
    one = next(iter(checked["exercises"]))["exercise"]
    with zipfile.ZipFile(box / "submissions.zip", "w") as canvas:
        canvas.write(mine, f"doejane_LATE_12345_67890_{LESSON}-1.ipynb")
    with zipfile.ZipFile(box / "Course-Lesson 1-7.zip", "w") as moodle:
        folder = "박 지영_771_assignsubmission_file"
        moodle.writestr(f"{folder}/{LESSON}.ipynb", solved(notebook.parse(empty, LESSON), {one}))
        moodle.writestr(f"__MACOSX/{folder}/._{LESSON}.ipynb", b"\0")
    command = [sys.executable, "-m", "nbgrader", "zip_collect", LESSON]
    said = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    submitted = sorted(p.relative_to(root).as_posix() for p in (root / "submitted").rglob("*.*"))
    names = [f"submitted/{who}/{LESSON}/{LESSON}.ipynb" for who in ("12345", "박 지영")]
    assert submitted == names
    grade.grade(LESSON, root=root, hooks=HOOKS, engine=StandIn(root))
    with gradebook(root) as book:
        scores = {s.student.id: s.score for s in book.assignment_submissions(LESSON)}
        assert scores["12345"] == book.find_assignment(LESSON).max_score == 100
        assert 0 < scores["박 지영"] < 20


@pytest.mark.slow
def test_the_other_commands_of_a_pack(unpacked):
    tested = run(unpacked, "test", "-q", "-n", "0")
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert re.search(r"\d+ passed", tested.stdout)
    assert "failed" not in tested.stdout
    built = run(unpacked, "pack", "student")
    assert built.returncode == 2
    assert "this copy of the course is a student's pack" in built.stderr
    # A newer pack comes over it: what was begun is known without git.
    release = notebook.path_of(LESSON, unpacked / "release")
    nb = notebook.read(release)
    nb["cells"][0]["source"] = "# Newer"
    release.write_text(json.dumps(nb), encoding="utf-8")
    updated = run(unpacked, "update", LESSON)
    assert f"{LESSON}: updated: 1 texts." in updated.stdout, updated.stderr


def test_two_students_of_one_name_stop_the_collecting_and_can_be_told_apart(tmp_path):
    root = make(tmp_path / "course")
    box = root / "downloaded" / "01_tiny" / "archive"
    box.mkdir(parents=True)
    nb = notebook.path_of("01_tiny", root / "release").read_bytes()
    with zipfile.ZipFile(box / "all.zip", "w") as moodle:
        for number in (1, 2):
            moodle.writestr(f"Jane Doe_{number}_assignsubmission_file/01_tiny.ipynb", nb)
    command = [sys.executable, "-m", "nbgrader", "zip_collect", "01_tiny"]
    said = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert said.returncode != 0
    assert "Duplicate submission file" in said.stderr
    assert not (root / "submitted").exists()
    zipfile.ZipFile(box / "all.zip").extractall(box)
    (box / "all.zip").unlink()
    second = box / "Jane Doe_2_assignsubmission_file"
    second.rename(second.with_name("Jane Doe B_2_assignsubmission_file"))
    said = subprocess.run([*command, "--force"], cwd=root, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    assert sorted(p.name for p in (root / "submitted").iterdir()) == ["Jane Doe", "Jane Doe B"]


@pytest.mark.parametrize(
    ("path", "student", "file"),
    [
        ("submissions/doejane_12345_67890_01_pretraining.ipynb", "12345", "01_pretraining"),
        ("doejane_LATE_12345_67890_01_pretraining-2.ipynb", "12345", "01_pretraining"),
        ("z/doejane_12345_67890_01_pretraining (1).ipynb", "12345", "01_pretraining"),
        ("z/박지영_1_2_00_start_here.ipynb", "1", "00_start_here"),
        ("z/Jane Doe_77_assignsubmission_file/01_pretraining.ipynb", "Jane Doe", "01_pretraining"),
        ("z/Jane Doe_77_assignsubmission_file_/01_pretraining.ipynb", "Jane Doe", "01_pretraining"),
        ("z/Jane Doe_77_assignsubmission_file_01_pretraining.ipynb", "Jane Doe", "01_pretraining"),
        ("z/O'Neil-Müller Zoë_7_assignsubmission_file/a.ipynb", "O'Neil-Müller Zoë", "a"),
        ("z/Jo_7_assignsubmission_file/work/01_pretraining/01_pretraining.ipynb", "Jo", LESSON),
        ("z/Jo_7_assignsubmission_file/._01_pretraining.ipynb", None, None),
        ("z/__MACOSX/Jo_7_assignsubmission_file/01_pretraining.ipynb", None, None),
        ("z/.._7_assignsubmission_file/01_pretraining.ipynb", None, None),
        ("z/.._7_8_01_pretraining.ipynb", "7", LESSON),
        # What students name themselves makes nobody else of them.
        (
            "z/Jo_7_assignsubmission_file/Al_8_assignsubmission_file/01_pretraining.ipynb",
            "Jo",
            LESSON,
        ),
        (
            "z/Jo_7_assignsubmission_file_Al_8_assignsubmission_file_a.ipynb",
            "Jo",
            "Al_8_assignsubmission_file_a",
        ),
        ("z/doejane_12345_67890_777_888_01_pretraining.ipynb", "12345", "777_888_01_pretraining"),
        ("z/777_12345_67890_.ipynb", None, None),
        ("z/doejane_12345_67890_a\\777_1_2_01_pretraining.ipynb", None, None),
        ("z/01_pretraining.ipynb", None, None),
        ("z/Jo_7_assignsubmission_file/notes.pdf", None, None),
    ],
)
def test_names_of_an_lms(path, student, file):
    found = PATTERN.match(f"/a course_1_2_/downloaded/{LESSON}/extracted/{path}")
    assert (found and found["student_id"], found and found["file_id"]) == (student, file)
