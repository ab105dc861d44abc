"""The guides of docs/: every command in them runs here, in the order of the page.

On a small course whose one lesson stands for the lesson that a page names. What opens JupyterLab is
left to the tests that do so: ELSEWHERE says where. What the instructor's guide clicks is clicked in
grader/test_formgrader_browser.py, which makes the pictures.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys

import grading_class as group
import pytest
from grading_class import LESSON

from course import paths
from course.author import pack
from course.grader import adapter, grade, sandbox
from course.hooks import HOOKS

pytestmark = pytest.mark.slow
isolated = pytest.mark.skipif(bool(sandbox.missing()), reason=sandbox.missing() or "there is one")
DOCS = paths.ROOT / "docs"
OURS, NBGRADER = "python3 start.py ", ".venv/bin/nbgrader "
ELSEWHERE = {
    "python3 start.py": "test_start.py",
    ".venv/bin/jupyter lab": "grader/test_formgrader_browser.py",
}
# All commands of a page in one process, as the command lines run them; see stock.py for the rest.
RUNNER = """
import json, pathlib, sys
sys.modules["rfc3987_syntax"] = None
from course import cli
from course.grader import classroom
classroom.ENABLED = pathlib.Path(sys.argv[2])  # not in the environment of the tests
from nbgrader import api
from nbgrader.apps import NbGraderApp
api.get_alembic_version = lambda: sys.argv[3]
for program, words in json.loads(sys.argv[1]):
    print(program, *words, flush=True)
    try:
        if program == "course":
            cli.app(words)
        else:
            NbGraderApp.clear_instance()
            NbGraderApp.launch_instance(words)
    except SystemExit as end:
        if end.code and (end.code, words[0]) != (1, "check"):  # there is something left to do
            raise
"""


def commands(name):
    """Return the lines of a page's fenced blocks, without remarks."""
    blocks = re.findall(r"(?ms)^ *```\n(.*?)^ *```", (DOCS / name).read_text(encoding="utf-8"))
    lines = [line.partition("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def run(root, lesson, *pages):
    """Run the commands of pages in a course's folder, each once."""
    todo = []
    for line in dict.fromkeys(line for page in pages for line in commands(page)):
        if line in ELSEWHERE:
            assert (paths.ROOT / "tests" / ELSEWHERE[line]).exists()
            continue
        start = next(one for one in (OURS, NBGRADER) if line.startswith(one))
        words = shlex.split(line.removeprefix(start).replace("01_pretraining", lesson))
        todo.append(("course" if start == OURS else "nbgrader", words))
    assert todo
    own = root.parent
    ours = {"COURSE_ROOT": str(root), "COURSE_EXCHANGE": str(own / "exchange")}
    ours |= {f"JUPYTER_{one}_DIR": str(own / one) for one in ("CONFIG", "DATA", "RUNTIME")}
    ran = subprocess.run(
        [
            *(sys.executable, "-P", "-c", RUNNER, json.dumps(todo), str(own / "enabled.json")),
            *adapter.newest_version(),
        ],
        cwd=root,
        env=os.environ | ours | {"COURSE_CACHE": str(own / "cache")},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout[-1500:] + ran.stderr[-3000:]
    return ran.stdout


@isolated
def test_the_instructors_commands(tmp_path):
    root = group.registered(tmp_path / "course")
    right = group.solutions(root)
    file = group.hand_in(root, "ada", group.answered(root, right))
    file.with_name("timestamp.txt").write_text("2026-11-28 12:00:00.000000 UTC", encoding="utf-8")
    file.with_name("submission_secret.txt").write_text("only ada's", encoding="utf-8")
    grade.grade(LESSON, root=root, hooks=HOOKS, engine=group.StandIn(root))
    run(root, LESSON, "instructor.md")
    assert (root / "grades" / "canvas.csv").exists()
    exchange = tmp_path / "exchange" / "gpt-course"
    assert (exchange / "outbound" / LESSON / f"{LESSON}.ipynb").exists()
    (page,) = (exchange / "feedback").glob("*.html")
    assert page.read_bytes() == (root / "feedback" / "ada" / LESSON / f"{LESSON}.html").read_bytes()


def test_the_students_page_is_in_their_pack():
    named = re.findall(r"\]\(([\w./-]+)\)", (DOCS / "student.md").read_text(encoding="utf-8"))
    assert {"student.md", *named} <= set(pack.DOCS)


def test_the_learners_commands(tmp_path):
    lesson = "00_start_here"
    root = tmp_path / "course"
    shutil.copytree(paths.RELEASE / lesson, root / "release" / lesson)
    shutil.copytree(paths.RELEASE / lesson, root / "work" / lesson)
    shutil.copy(group.CONFIG, root)
    (root / "data").symlink_to(paths.ROOT / "data")
    said = run(root, lesson, "student.md", "self-learner.md")
    assert "win_share" in said
    assert (root / "work" / "map.html").exists()
