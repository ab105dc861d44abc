"""Stock nbgrader and this course's own commands give the same scores and records, cell by cell.

nbgrader runs as everybody runs it (its command line, our configuration unchanged) on the tiny
fixture lesson and on every real one. One student hands in a mixture of solutions, stubs, alternates
and mutants; in some lessons two others are late, with all solutions and with the release as it is.
Its pages and its table of grades, which take long and hardly depend on the lesson, are made of two
lessons.

In a copy of some of these courses our own grader records the same submissions. The stand-in engine
runs the cells: what is compared there is prepare and record.
"""

import csv
import functools
import json
import shutil
import stat

import grading_class as group
import pytest
from stock import ROOTS, STUDENTS, answers, nbgrader_commands

from course import paths
from course.author import build, verify
from course.grader import grade, notebook
from course.hooks import HOOKS
from course.learner import check

pytestmark = pytest.mark.slow
WITH_PAGES = ("01_tiny", "01_pretraining")
RECORDED = [n for n in (*WITH_PAGES, "06_human_feedback", "07_rlhf_ppo") if n in ROOTS]
# All solutions score all and the release nothing: verify looks at that in every lesson, stock in
# those recorded. What nobody else can say is what stock makes of a mixture.
PAIRS = [(n, s) for n in ROOTS for s in STUDENTS if n in RECORDED or s == "mixture"]
DUE = "2024-05-02 09:00:00 UTC"


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Return a function: lesson → its course after stock nbgrader's whole cycle, made once."""

    @functools.cache
    def made(lesson):
        root = tmp_path_factory.mktemp("stock") / "course"
        # What students hand in begins as our release, which has to be what nbgrader makes.
        group.make(root, lesson, ROOTS[lesson])
        if ROOTS[lesson] == paths.ROOT:  # statements to decide lie in the data
            (root / "data").symlink_to(paths.DATA, target_is_directory=True)
        for number, student in enumerate(STUDENTS):
            if (lesson, student) not in PAIRS:
                continue
            nb = group.answered(root, answers(lesson, ROOTS[lesson], student), lesson)
            folder = group.hand_in(root, student, nb, lesson).parent
            (folder / "timestamp.txt").write_text(f"2024-05-0{number + 1} 10:00:00 UTC")
            (folder / "notes.txt").write_text("mine")
        shutil.copytree(root, root.parent / "ours", symlinks=True)
        shutil.rmtree(root / "release")
        commands = [
            ["db", "assignment", "add", lesson, f"--duedate={DUE}"],
            ["generate_assignment", lesson],
            ["autograde", lesson],
        ]
        if lesson in WITH_PAGES:
            commands += [["generate_feedback", lesson], ["export", "--to", "grades.csv"]]
        nbgrader_commands(root, *commands)
        return root

    return made


@pytest.fixture(scope="module")
def ours(graded):
    """Return a function: lesson → a course graded by us, and the result; made once."""

    @functools.cache
    def made(lesson):
        root = graded(lesson).parent / "ours"
        with group.gradebook(root) as book:
            book.update_or_create_assignment(lesson, duedate=DUE)
        return root, grade.grade(lesson, engine=group.StandIn(root), root=root, hooks=HOOKS)

    return made


@pytest.mark.parametrize(("lesson", "student"), PAIRS)
def test_check_scores_as_stock_does(graded, lesson, student):
    root = graded(lesson)
    stock = group.scores(root, student, lesson)
    path = notebook.path_of(lesson, root / "submitted" / student)
    me = check.check(str(path), root=root)["students"]["me"]
    assert me["cells"] == stock
    assert me["score"] == sum(stock.values())
    total = {"solution": me["max"], "release": 0}
    if student in total:
        assert me["score"] == total[student]
    else:
        assert me["score"] < me["max"], "the mixture must hold a wrong answer"
        # The right answers of the mixture come later than the wrong ones, in lessons of several.
        assert me["score"] > 0 or len(answers(lesson, ROOTS[lesson], "solution")) < 4


@pytest.mark.parametrize("lesson", WITH_PAGES)
def test_verify_scores_as_stock_does(graded, lesson):
    """For the other lessons, test_lessons.py has verify's scores, and the test above stock's."""
    root = graded(lesson)
    # variants are left out: that is test_lessons.py; here the two notebooks count
    counted = verify.verify([lesson], root=root)["lessons"][lesson]
    for student in ("solution", "release"):
        assert counted[student][0] == sum(group.scores(root, student, lesson).values())


@pytest.mark.parametrize("lesson", ROOTS)
def test_build_releases_what_stock_does(graded, lesson, tmp_path):
    root = graded(lesson)
    copy = tmp_path / "course"
    shutil.copytree(root / "source", copy / "source")
    shutil.copy(root / "nbgrader_config.py", copy)
    assert build.build(root=copy)["ok"]
    ours, stock = (notebook.path_of(lesson, place / "release") for place in (copy, root))
    assert ours.read_bytes() == stock.read_bytes()


@pytest.mark.parametrize("lesson", WITH_PAGES)
def test_feedback_and_export(graded, lesson):
    root = graded(lesson)
    for student in STUDENTS:
        page = root / "feedback" / student / lesson / f"{lesson}.html"
        assert page.stat().st_size > 1000
    with (root / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert set(rows) == set(STUDENTS)
    for student in STUDENTS:
        total = sum(group.scores(root, student, lesson).values())
        assert float(rows[student]["raw_score"]) == pytest.approx(total)


# --- what our grader records ----------------------------------------------------------------------


@pytest.mark.parametrize("student", STUDENTS)
@pytest.mark.parametrize("lesson", RECORDED)
def test_the_gradebook_is_stocks(graded, ours, lesson, student):
    root, result = ours(lesson)
    expected, found = (group.recorded(one, student, lesson) for one in (graded(lesson), root))
    assert found == expected
    row = result["students"][student]
    total = sum(auto for auto, *_ in expected["grades"].values())
    assert row["score"] == pytest.approx(total - (expected["score"][3] or 0))
    assert (row["status"], row["reason"], row["flags"]) == ("graded", "", [])


@pytest.mark.parametrize("lesson", RECORDED)
def test_the_right_and_the_empty_answers_score_all_and_nothing(ours, lesson):
    _, result = ours(lesson)
    rows = result["students"]
    assert rows["solution"]["score"] == rows["solution"]["max"] == 100
    assert rows["release"]["score"] == 0
    assert result["ok"]


@pytest.mark.parametrize("student", STUDENTS)
@pytest.mark.parametrize("lesson", RECORDED)
def test_autograded_is_stocks(graded, ours, lesson, student):
    roots = graded(lesson), ours(lesson)[0]
    folders = [root / "autograded" / student / lesson for root in roots]
    names, modes = [], []
    for folder in folders:
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        names.append([path.relative_to(folder) for path in files])
        modes.append([stat.S_IMODE(path.stat().st_mode) for path in files])
    assert names[0] == names[1]
    assert modes[0] == modes[1]
    cells = [
        json.loads(notebook.path_of(lesson, folder.parent).read_text(encoding="utf-8"))["cells"]
        for folder in folders
    ]
    for theirs_cell, ours_cell in zip(*cells, strict=True):
        assert ours_cell["cell_type"] == theirs_cell["cell_type"]
        assert ours_cell["source"] == theirs_cell["source"]
        theirs_cell["metadata"].pop("execution", None)  # the kernel's times
        assert ours_cell["metadata"] == theirs_cell["metadata"]
        errors = [
            [o["ename"] for o in cell.get("outputs", []) if o["output_type"] == "error"]
            for cell in (theirs_cell, ours_cell)
        ]
        assert errors[0] == errors[1]
