"""A course's folder may be called anything, and so may a student's."""

import os
import shutil
import unicodedata

import grading_class as group
import pytest
from grading_class import LESSON

from course.author import build
from course.grader import export, feedback, grade, settings
from course.hooks import HOOKS

NAMES = [
    *("강의 [2026]", "a[1]", "c%20d", "wild?x", "100% h#sh", "$HOME", "~", "{a} {student_id}"),
    *("a*b (1) + & ' !", 'say "hi"; a:b,c=d @', "back\\slash \\d (?P<x>", ".dot %(here)s"),
]
if os.name != "posix":  # what Windows lets nobody call a folder
    NAMES = [name for name in NAMES if not set(name) & set('*?"<>:\\|')]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return group.make(tmp_path_factory.mktemp("folders") / "course")


@pytest.mark.parametrize("name", NAMES)
def test_a_course_folder_of_any_name(made, tmp_path, name, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    root = shutil.copytree(made, tmp_path / name)
    before = set(tmp_path.iterdir())
    for other in ("c d", "wild"):  # what these names mean in an address
        if not (tmp_path / other).exists():
            (tmp_path / other).mkdir()
    others = {path: sorted(path.iterdir()) for path in tmp_path.iterdir() if path != root}

    (root / "release" / LESSON / f"{LESSON}.ipynb").unlink()
    (root / "source" / LESSON / ".ipynb_checkpoints").mkdir()
    (root / "source" / LESSON / ".ipynb_checkpoints" / "old.ipynb").write_text("{}")
    assert build.build(root=root)["ok"]
    assert sorted(p.name for p in (root / "release" / LESSON).iterdir()) == [f"{LESSON}.ipynb"]
    assert settings.lessons(root) == [LESSON]

    group.hand_in(root, "ann", group.answered(root, {n: f"def {n}(): 1" for n in ("average",)}))
    result = grade.grade(LESSON, engine=group.Canned(), root=root, hooks=HOOKS)
    assert result["students"]["ann"]["score"] == 50
    assert group.scores(root, "ann")["average_1"] == 40
    assert sorted(p.name for p in (root / "autograded" / "ann" / LESSON).iterdir()) == [
        f"{LESSON}.ipynb"
    ]
    again = grade.grade(LESSON, engine=group.Canned(), root=root, hooks=HOOKS)
    assert (again["new"], again["unchanged"]) == (0, 1)
    pages = feedback.feedback(LESSON, root=root, hooks=HOOKS)
    assert pages["ok"]
    assert (root / pages["pages"][0]).exists()
    files = export.export(to=root / "grades", root=root)["files"]
    assert "ann" in (root / "grades" / "students.csv").read_text(encoding="utf-8-sig")
    assert len(files) == 4

    assert {path: sorted(path.iterdir()) for path in others} == others
    assert {p for p in tmp_path.iterdir() if p not in others} == before


STUDENTS = [
    *("박지영", "o'brien", "DOMAIN\\kim", "[kim]", "kim{1}", "kim*", "100%", "-rf", ".hidden"),
    *("#hash?x=1", "kim, min", 'say "hi"', "tab\there", " ends ", "two\nlines", "x" * 250),
    *("\x1b[2Jred", "한" * 80),
]


@pytest.mark.skipif(os.name != "posix", reason="names of files on POSIX")
def test_students_of_any_name(made, tmp_path, capsys):
    root = shutil.copytree(made, tmp_path / "course")
    nb = group.answered(root, {"average": "def average(): 1"})
    for student in STUDENTS:
        group.hand_in(root, student, nb)
    result = grade.grade(LESSON, engine=group.Canned(), root=root, hooks=HOOKS)
    assert {s: row["score"] for s, row in result["students"].items()} == dict.fromkeys(STUDENTS, 50)
    for student in STUDENTS:
        assert group.scores(root, student)["average_1"] == 40
    again = grade.grade(LESSON, engine=group.Canned(), root=root, hooks=HOOKS)
    assert (again["new"], again["unchanged"]) == (0, len(STUDENTS))
    capsys.readouterr()
    grade.show(again)
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "two\\nlines" in shown
    assert feedback.feedback(LESSON, root=root, hooks=HOOKS)["ok"]
    export.export(to=root / "grades", root=root)


def test_what_lies_beside_the_students_is_nobody(made, tmp_path):
    root = shutil.copytree(made, tmp_path / "course")
    nb = group.answered(root, {"average": "def average(): 1"})
    group.hand_in(root, "ann", nb)
    mac = root / "submitted" / "__MACOSX" / LESSON
    mac.mkdir(parents=True)
    (mac / f"._{LESSON}.ipynb").write_bytes(b"\0\5\x16\7")
    group.hand_in(root, ".ipynb_checkpoints", nb)
    (root / "submitted" / "Thumbs.db").write_bytes(b"x")
    result = grade.grade(LESSON, engine=group.Canned(), root=root, hooks=HOOKS)
    assert list(result["students"]) == ["ann"]
    assert sum("it isn't a student" in note for note in result["notes"]) == 2
    with group.gradebook(root) as session:
        assert [student.id for student in session.students] == ["ann"]


@pytest.mark.skipif(os.name != "posix", reason="names of files on POSIX")
def test_a_name_that_isnt_text_stops_nobody(made, tmp_path):
    root = shutil.copytree(made, tmp_path / "course")
    nb = group.answered(root, {"average": "def average(): 1"})
    for student in ("ann", "zoe"):
        group.hand_in(root, student, nb)
    os.makedirs(os.fsencode(root / "submitted") + b"/jos\xe9/" + os.fsencode(LESSON))
    result = grade.grade(LESSON, engine=group.Canned(), root=root, hooks=HOOKS)
    assert list(result["students"]) == ["ann", "zoe"]
    assert "its name isn't UTF-8" in result["notes"][0]


@pytest.mark.skipif(os.name != "posix", reason="names of files on POSIX")
def test_names_that_look_the_same_are_said(made, tmp_path):
    root = shutil.copytree(made, tmp_path / "course")
    for form in ("NFC", "NFD"):
        group.hand_in(root, unicodedata.normalize(form, "박지영"), group.released(root))
    result = grade.grade(LESSON, engine=group.Canned(), root=root, hooks=HOOKS)
    assert len(result["students"]) == 2
    assert "2 folders in submitted/ have names that look the same" in result["notes"][0]


@pytest.mark.skipif(os.name != "posix", reason="links")
@pytest.mark.parametrize("how", ["hard link", "link to the notebook", "link to the folder"])
def test_the_instructors_own_file_is_nobodys_answer(made, tmp_path, how):
    root = shutil.copytree(made, tmp_path / "course")
    source = root / "source" / LESSON
    folder = root / "submitted" / "eve" / LESSON
    folder.parent.mkdir(parents=True)
    if how == "link to the folder":
        folder.symlink_to(source)
    else:
        folder.mkdir()
        link = os.link if how == "hard link" else os.symlink
        link(source / f"{LESSON}.ipynb", folder / f"{LESSON}.ipynb")
    result = grade.grade(LESSON, engine=group.Canned(), root=root, hooks=HOOKS)
    row = result["students"]["eve"]
    assert (row["score"], row["status"]) == (0, "unreadable")


def test_a_folder_in_place_of_the_notebook_is_a_reason(made, tmp_path):
    root = shutil.copytree(made, tmp_path / "course")
    inside = root / "submitted" / "eve" / LESSON / f"{LESSON}.ipynb"
    inside.mkdir(parents=True)
    (inside / "x.txt").write_text("hello")
    row = grade.grade(LESSON, engine=group.Canned(), root=root, hooks=HOOKS)["students"]["eve"]
    assert (row["score"], row["status"]) == (0, "unreadable")
    assert "isn't a file" in row["reason"]


def test_an_archive_is_to_be_unpacked(made, tmp_path):
    root = shutil.copytree(made, tmp_path / "course")
    folder = root / "submitted" / "eve" / LESSON
    folder.mkdir(parents=True)
    (folder / f"{LESSON}.zip").write_bytes(b"PK")
    row = grade.grade(LESSON, engine=group.Canned(), root=root, hooks=HOOKS)["students"]["eve"]
    assert row["reason"] == (
        f"There is no {LESSON}.ipynb, but {LESSON}.zip: unpack it and grade again."
    )
