"""The contract with nbgrader: what `course.grader.adapter` counts on, by name.

Another version of nbgrader may be fine where all of this still holds. Where one of these falls,
read what it says about the adapter before anything else.
"""

import ast
import inspect
import os
import subprocess
import sys
from importlib import metadata

import grading_class as group
import nbformat
import pytest
from grading_class import LESSON

from course import paths
from course.grader import adapter, notebook, settings, source

pytestmark = pytest.mark.slow

GRADER = paths.ROOT / "course" / "grader"
# Nothing of the adapter, but for grammars that take a second.
QUICK = "import sys; sys.modules['rfc3987_syntax'] = None; "


def test_the_version_is_the_one_that_was_looked_at():
    assert metadata.version("nbgrader") == "0.9.6"


DOORS = ("adapter.py", "collect.py", "release.py", "server.py", "submit.py")


def test_nbgrader_comes_in_by_few_doors():
    """The adapter changes nbgrader; what nbgrader loads of ours has doors of its own."""
    for path in GRADER.rglob("*.py"):
        if path.name in DOORS:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [n for n in names if n.split(".")[0] == "nbgrader"], path.name


def test_all_gradebooks_that_nbgraders_steps_open_are_ours(tmp_path):
    """`one_session` replaces the name in each module that our steps use, and puts it back."""
    stock = inspect.getmodule(adapter.Gradebook).Gradebook
    used = {
        inspect.getmodule(step)
        for step in (
            *adapter.Autograde.autograde_preprocessors.default(),
            *adapter.GenerateAssignment.preprocessors.default(),
            adapter.Autograde,
            adapter.GenerateAssignment,
        )
        if not adapter._needless(step)
    }
    opens = {module for module in used if hasattr(module, "Gradebook")}
    assert opens == set(adapter.OPENING)
    session = adapter.Session(f"sqlite:///{tmp_path / 'x.db'}", "c")
    with adapter.one_session(session):
        assert all(module.Gradebook("anything", "else") is session for module in opens)
        with adapter.OPENING[0].Gradebook("") as gradebook:
            gradebook.add_assignment("a")
            gradebook.db.commit()  # which only flushes
        session.forget()
        assert session.assignments == []
    session.close()
    assert all(module.Gradebook is stock for module in opens)


def test_the_steps_that_record_are_the_known_ones():
    known = (
        *("Execute", "IgnorePattern", "ClearMetadataPreprocessor", "LimitOutput"),
        *("SaveAutoGrades", "AssignLatePenalties", "CheckCellMetadata"),
    )
    steps = [step.__name__ for step in adapter.Autograde.autograde_preprocessors.default()]
    assert tuple(steps) == known


@pytest.mark.parametrize(
    ("owner", "name", "arguments"),
    [
        (adapter.BaseConverter, "init_notebooks", ""),
        (adapter.BaseConverter, "init_assignment", "assignment_id student_id"),
        (adapter.BaseConverter, "init_destination", "assignment_id student_id"),
        (adapter.BaseConverter, "init_single_notebook_resources", "notebook_filename"),
        (adapter.BaseConverter, "convert_notebooks", ""),
        (adapter.BaseConverter, "convert_single_notebook", "notebook_filename"),
        (adapter.BaseConverter, "write_single_notebook", "output resources"),
        (adapter.BaseConverter, "set_permissions", "assignment_id student_id"),
        (adapter.BaseConverter, "run_pre_convert_hook", ""),
        (adapter.BaseConverter, "run_post_convert_hook", ""),
        (adapter.Autograde, "_init_preprocessors", ""),
        (adapter.CourseDirectory, "get_existing_timestamp", "dest_path"),
        (adapter.CourseDirectory, "format_path", "nbgrader_step student_id assignment_id escape"),
        (adapter.Gradebook, "__init__", "db_url course_id authenticator"),
        (adapter.Gradebook, "add_submission", "assignment student kwargs"),
        (adapter.Gradebook, "find_grade", "grade_cell notebook assignment student"),
        (adapter.Gradebook, "find_comment", "solution_cell notebook assignment student"),
        (adapter.AssignLatePenalties, "init_plugin", ""),
    ],
)
def test_what_is_called_or_replaced_is_there(owner, name, arguments):
    assert list(inspect.signature(getattr(owner, name)).parameters)[1:] == arguments.split()


def test_our_files_come_in_where_nbgrader_would_copy_its_own():
    """`Autograde.init_assignment` calls its ancestor's first: `_OwnFiles` stands there."""
    line = adapter.Recorder.__mro__
    assert line.index(adapter.Autograde) < line.index(adapter._OwnFiles)
    assert line.index(adapter._OwnFiles) < line.index(adapter.BaseConverter)
    first = inspect.getsource(adapter.Autograde.init_assignment).split("\n")[1]
    assert first.strip() == "super(Autograde, self).init_assignment(assignment_id, student_id)"


def test_what_is_passed_over_is_passed_over_by_both(tmp_path):
    """Where a folder's name is no pattern, nbgrader's own rule and ours are one."""
    script = (
        f"{QUICK}from nbgrader import utils; names = sys.stdin.read().split('|'); "
        "print('|'.join(n for n in names if utils.is_ignored(n, sys.argv[1:])))"
    )
    names = [".ipynb_checkpoints", "x.pyc", ".x.pyc", "__pycache__", "feedback", "a.ipynb", ".b.c"]
    patterns = [*adapter.CourseDirectory().ignore, "*.ipynb", ".b*", "[ab].txt"]
    names += ["a.txt", "c.txt", "feedbacks"]
    for name in names:
        (tmp_path / name).write_text("")
    paths_of = [str(tmp_path / name) for name in names]
    command = [sys.executable, "-c", script, *patterns]
    ran = subprocess.run(command, input="|".join(paths_of), capture_output=True, text=True)
    theirs = ran.stdout.strip().split("|")
    assert theirs == [path for path in paths_of if source.is_ignored(path, patterns)]
    assert adapter.utils.is_ignored is source.is_ignored


def test_markers_and_stubs_are_nbgraders():
    from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions

    solutions, tests = ClearSolutions(), ClearHiddenTests()
    assert solutions.begin_solution_delimeter == notebook.BEGIN_SOLUTION
    assert solutions.end_solution_delimeter == notebook.END_SOLUTION
    assert tests.begin_test_delimeter == notebook.BEGIN_HIDDEN
    assert tests.end_test_delimeter == notebook.END_HIDDEN
    assert (
        solutions.code_stub["python"],
        solutions.text_stub,
    ) == (settings.CODE_STUB, settings.TEXT_STUB)
    text = "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION\n    # end"
    cell = nbformat.v4.new_code_cell(text)
    solutions._replace_solution_region(cell, "python")
    assert cell.source == notebook.stub(text, settings.CODE_STUB)
    text = "a\n# BEGIN HIDDEN TESTS\nb\n### END HIDDEN TESTS\nc"
    cell = nbformat.v4.new_code_cell(text)
    tests._remove_hidden_test_region(cell)
    assert cell.source == notebook.visible(text)


def test_the_version_of_the_tables_is_what_nbgrader_asks_for(monkeypatch):
    code = f"{QUICK}from nbgrader.api import get_alembic_version; print(get_alembic_version())"
    tools = os.path.dirname(sys.executable)
    env = os.environ | {"PATH": os.pathsep.join([tools, os.environ["PATH"]])}
    ran = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert adapter.newest_version() == [ran.stdout.strip()]
    monkeypatch.setenv("PATH", "")
    assert adapter.api.get_alembic_version() == ran.stdout.strip()


def test_an_address_of_a_file_is_read_as_nbgrader_reads_it(tmp_path):
    file = tmp_path / "c%20d ?#" / "gradebook.db"
    file.parent.mkdir()
    places = adapter.directory(file.parent)
    assert adapter.database_file(places.db_url) == file
    session = adapter.Session(places.db_url, "c")
    session.close()
    assert file.exists()
    assert adapter.database_file("postgresql://localhost/x") is None
    assert adapter.database_file("nonsense") is None


def test_the_shipped_configuration_means_the_same_to_nbgrader(tmp_path):
    root = group.make(tmp_path / "c%20d #1")
    code = (
        f"{QUICK}from nbgrader.apps import NbGrader; app = NbGrader(); app.initialize([]); "
        "print(app.coursedir.db_url)"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert adapter.database_file(ran.stdout.strip()) == root / "gradebook.db", ran.stderr
    assert adapter.directory(root).db_url == ran.stdout.strip()


def test_the_grammars_are_left_out_and_nobody_misses_them():
    code = (
        "import sys; from course.grader import adapter; "
        "print(sys.modules['rfc3987_syntax'], 'lark' in sys.modules); "
        "import nbformat; nbformat.validate(nbformat.v4.new_notebook())"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ran.stdout, ran.stderr) == ("None False\n", "")


def test_importing_the_grader_changes_no_other_module():
    code = "import sys, course.grader.grade; print('rfc3987_syntax' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ran.stdout, ran.stderr) == ("False\n", "")


def test_the_release_is_stocks(tmp_path):
    """Our way to the notebooks gives what ``nbgrader generate_assignment`` gives, with a file."""
    import stock

    root = group.make(tmp_path / "course")
    (root / "source" / LESSON / "more").mkdir()
    (root / "source" / LESSON / "more" / "table.csv").write_text("1,2")
    stock.nbgrader(root, "generate_assignment", LESSON, "--force")
    said = adapter.generate(LESSON, root, tmp_path / "ours", database=False)
    assert said == []
    found = [
        {
            path.relative_to(folder): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }
        for folder in (root / "release" / LESSON, tmp_path / "ours" / LESSON)
    ]
    assert found[0] == found[1]
    assert len(found[0]) == 2
