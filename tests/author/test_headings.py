"""What `course build` writes itself: numbers, points, the text that names them, README's table."""

import re
import shutil

import pytest

from course import paths
from course.author import build, headings, readme
from course.errors import CourseError
from course.grader import notebook, settings
from course.learner import progress


def text(source):
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def exercise(name, *points, head=None):
    """Return the cells of an exercise with checks that are worth `points`."""
    grade = {"grade": True, "solution": False, "locked": True, "schema_version": 3}
    solve = {"grade": False, "solution": True, "locked": False, "schema_version": 3}
    checks = [
        {"cell_type": "code", "metadata": {"nbgrader": grade | {"grade_id": i, "points": p}}}
        for i, p in ((f"{name}_{k}", p) for k, p in enumerate(points, start=1))
    ]
    return [
        text(head or f"### Exercise · `{name}` · 5 minutes · ●●○○○"),
        {"cell_type": "code", "metadata": {"nbgrader": solve | {"grade_id": name}}},
        *checks,
    ]


def filled(*cells):
    cells = [dict(cell) for cell in cells]
    headings.fill(cells, "x.ipynb")
    return [notebook.text_of(cell) for cell in cells if cell["cell_type"] == "markdown"]


# --- headings -------------------------------------------------------------------------------------


def test_a_new_heading_gets_its_number_and_points():
    first, second = filled(*exercise("one", 2, 3), *exercise("two", 1))
    assert first == "### Exercise 1 · `one` · 5 points · 5 minutes · ●●○○○"
    assert second == "### Exercise 2 · `two` · 1 point · 5 minutes · ●●○○○"


@pytest.mark.parametrize(
    "head",
    [
        "### Exercise 7 · `one` · 99 points · 5 minutes · ●●○○○ · *stretch*",
        "### Exercise ? · `one` · ? points · 5 minutes · ●●○○○ · *stretch*",
        "### Exercise · `one` · 5 minutes · ●●○○○ · *stretch*",
        "### Exercise 1 · `one` · 2.5 points · 5 minutes · ●●○○○ · *stretch*",
    ],
)
def test_a_wrong_number_and_wrong_points_are_mended(head):
    written = filled(*exercise("one", 1, 1.5, head=head + "\n\nThe task."))
    right = "### Exercise 1 · `one` · 2.5 points · 5 minutes · ●●○○○ · *stretch*\n\nThe task."
    assert written == [right]


def test_the_sums_at_the_top_follow():
    aims = text("**Time** two hours · **Points** 7 (3 core, 4 *stretch*) · **You use** a list")
    stretch = "### Exercise 2 · `two` · 5 minutes · ●○○○○ · *stretch*"
    said, *_ = filled(aims, *exercise("one", 60, 12), *exercise("two", 28, head=stretch))
    assert "**Points** 100 (72 core, 28 *stretch*) ·" in said
    said, *_ = filled(aims, *exercise("one", 4))
    assert "**Points** 4 · **You use**" in said


def heads(*numbers_and_names):
    for number, name in numbers_and_names:
        yield from exercise(name, 1, head=f"### Exercise {number} · `{name}` · 5 minutes · ●○○○○")


def test_text_that_names_an_exercise_follows_its_number():
    prose = text(
        "See exercise 2, section 1. Exercises 1, 2 and 3 use numpy; exercises 1 to 3 as well.\n"
        "Not exercise 1 of lesson 06, nor 1 of 3. (Exercise 3) exercise 1, 2 minutes long"
    )
    code = {"cell_type": "code", "metadata": {}, "source": 'x = "look at exercise 3"'}
    cells = [prose, code, *heads(("?", "new"), (1, "a"), (3, "c"), (2, "b"))]
    said, *_ = filled(*cells)
    assert said == (
        "See exercise 4, section 1. Exercises 2, 4 and 3 use numpy; exercises 2 to 3 as well.\n"
        "Not exercise 1 of lesson 06, nor 1 of 3. (Exercise 3) exercise 2, 2 minutes long"
    )
    copies = [dict(cell) for cell in cells]
    headings.fill(copies, "x.ipynb")
    assert notebook.text_of(copies[1]) == 'x = "look at exercise 3"'
    again = [dict(cell) for cell in copies]
    headings.fill(again, "x.ipynb")
    assert again == copies


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ([text("as in exercise 5"), *heads((1, "a"))], "exercise 5 in its text, but no heading"),
        ([text("exercises 1 and 2"), *heads((1, "a"), (1, "b"), (2, "c"))], "two headings"),
        ([text("### Exercise 1: `a`"), *heads((1, "a"))], "can't be read: '### Exercise 1: `a`'"),
        ([text("### Exercise 1 · `a` · 5 points")], "can't be read"),
    ],
)
def test_what_cant_be_told_is_one_sentence(cells, says):
    with pytest.raises(CourseError, match=re.escape(says)) as error:
        filled(*cells)
    assert "\n" not in str(error.value)


def test_points_are_never_shared_out():
    cells = exercise("one", 2, 3)
    before = [cell["metadata"] for cell in cells]
    filled(text("**Points** 100"), *cells)
    assert [cell["metadata"] for cell in cells] == before


def test_what_is_written_is_what_learners_commands_read():
    for lesson in settings.sources(None, paths.ROOT):
        cells = notebook.read(notebook.path_of(lesson, paths.SOURCE))["cells"]
        texts = [notebook.text_of(cell) for cell in cells if cell["cell_type"] == "markdown"]
        read = [match for one in texts for match in progress.HEADER.finditer(one)]
        asked = headings.exercises(cells)
        assert [int(match["number"]) for match in read] == list(range(1, len(asked) + 1))
        theirs = [(match["name"], int(match["minutes"])) for match in read]
        assert theirs == [(one.name, one.minutes) for one in asked]


# --- README ---------------------------------------------------------------------------------------

README = """\
# A course

<!-- lessons -->
old
<!-- /lessons -->

<!-- figures -->
kept
<!-- /figures -->
"""


def test_a_block_is_replaced_and_the_rest_stays(tmp_path):
    file = tmp_path / "README.md"
    file.write_text(README, encoding="utf-8")
    assert readme.write(tmp_path, {"lessons": "| new |\n| two |\n"})
    assert file.read_text(encoding="utf-8") == README.replace("old", "| new |\n| two |")
    assert not readme.write(tmp_path, {"lessons": "| new |\n| two |"})


@pytest.mark.parametrize("missing", ["<!-- lessons -->", "<!-- /lessons -->"])
def test_a_missing_mark_is_one_sentence_and_changes_nothing(tmp_path, missing):
    file = tmp_path / "README.md"
    file.write_text(README.replace(missing, ""), encoding="utf-8")
    with pytest.raises(CourseError, match="restore them"):
        readme.write(tmp_path, {"figures": "new", "lessons": "new"})
    assert file.read_text(encoding="utf-8") == README.replace(missing, "")


def test_without_a_readme_nothing_is_written(tmp_path):
    assert not readme.write(tmp_path, {"lessons": "x"})
    assert not list(tmp_path.iterdir())


@pytest.fixture
def course(tmp_path):
    """Return a course of one small lesson of ours, and README as it is."""
    root = tmp_path / "course"
    shutil.copytree(paths.SOURCE / "00_start_here", root / "source/00_start_here")
    shutil.copy(paths.ROOT / "nbgrader_config.py", root)
    shutil.copy(paths.ROOT / "README.md", root)
    return root


def test_build_mends_a_wrong_number_and_a_stale_table(course):
    path = notebook.path_of("00_start_here", course / "source")
    right = path.read_text(encoding="utf-8")
    assert "### Exercise 2 · `next_word` · 6 points" in right
    wrong = right.replace("2 · `next_word` · 6 points", "5 · `next_word` · 66 points")
    path.write_text(wrong.replace("**Points** 10", "**Points** 70"), encoding="utf-8")
    readme_file = course / "README.md"
    table = readme_file.read_text(encoding="utf-8")
    row = re.search(r"^\| `00_start_here` \|.*\n", table, re.MULTILINE)[0]
    stale = "| `00_start_here` | 9 | 9 | 9 | 9 | what people wrote |\n"
    readme_file.write_text(table.replace(row, stale), encoding="utf-8")

    result = build.build(root=course)
    assert result["ok"]
    assert result["readme"]
    assert result["lessons"][0]["source"] == "written"
    assert path.read_text(encoding="utf-8") == right
    written = readme_file.read_text(encoding="utf-8")
    about = row.split(" | ")[-1]
    assert row.replace(about, "what people wrote |\n") in written
    assert "01_pretraining" not in readme.lessons(course), "that lesson isn't here"
    again = build.build(root=course)
    assert (again["readme"], again["lessons"][0]["source"]) == (False, "unchanged")


def test_a_new_lesson_begins_with_its_title(course):
    (course / "README.md").write_text(README, encoding="utf-8")
    assert build.build(root=course)["readme"]
    title = notebook.text_of(
        notebook.read(notebook.path_of("00_start_here", course / "source"))["cells"][0]
    )
    about = title.split("\n")[0].lstrip("# ")
    written = (course / "README.md").read_text(encoding="utf-8")
    assert f"| `00_start_here` | 2 | 10 | 10 | 10 | {about} |\n<!-- /lessons -->" in written
