"""Programs that nobody has read: what is refused, what runs, and that nothing gets stuck or out."""

import ast
import re
import sys
import time

import pytest

from course.errors import CourseError
from course.stages import programs
from course.stages.programs import Runner, judge, refusal

INPUTS = (-2, 0, 3)
# A way to the module `os` from a program without built-ins: what only the second fence stops.
OS = (
    "    for c in ().__class__.__base__.__subclasses__():\n"
    "        if c.__name__ == '_wrap_close':\n"
    "            os = c.__init__.__globals__\n"
)


def program(body):
    return f"def f(x):\n    return {body}\n"


@pytest.fixture(scope="module")
def runner():
    with Runner(seconds=0.5, megabytes=200) as found:
        yield found


# The first fence ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        program("x"),
        program("(x + 5) * 3"),
        program("-x // 4 % 7"),
        program("x ** 9"),
        "# a comment\ndef f(x):\n    return x  # and one more\n",
        "def f(x): return x - 1_000_000\n",
        program("(" * 150 + "x" + ")" * 150),
    ],
)
def test_arithmetic_may_run(source):
    assert refusal(source) == ""


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("import os\n", "imports"),
        ("def f(x):\n    from os import system\n    return x\n", "imports"),
        ("def f(x):\n    while True:\n        pass\n", "loop"),
        ("def f(x):\n    for i in x:\n        pass\n", "loop"),
        (program("[i for i in x]"), "loop"),
        (program("print(x)"), r"calls print\("),
        (program("__import__('os').system('ls')"), "calls"),
        (program("open"), "`open`"),
        (program("y + 1"), "`y`"),
        (program("x.real"), "dot"),
        (program("x[0]"), r"\[ \]"),
        (program("2.5"), "2.5"),
        (program("True"), "True"),
        (program("'x' * 9"), "'x'"),
        (program("x / 2"), "x / 2"),
        (program("x << 9"), "x << 9"),
        (program("x if x else 1"), "if"),
        (program("(x := 3)"), ":="),
        (program("lambda: x"), "second function"),
        (program("x ** x"), "power"),
        (program("x ** 10"), "power"),
        (program("x ** (9 ** 9)"), "power"),
        (program("x ** -1"), "power"),
        (program("x + 1000001"), "above 1,000,000"),
        (program("x" + " + 1" * 120), "longer than"),
        ("x + 5\n", "isn't one function"),
        ("def g(x):\n    return x\n", "isn't one function"),
        ("def f(x, y=1):\n    return x\n", "isn't one function"),
        ("def f(x):\n    y = 1\n    return x\n", "isn't one function"),
        ("def f(x):\n    return\n", "isn't one function"),
        ("@f\ndef f(x):\n    return x\n", "isn't one function"),
        ("def f(x: x):\n    return x\n", "isn't one function"),
        (program("x") + program("x"), "isn't one function"),
        ("async def f(x):\n    return x\n", "isn't one function"),
        ("", "isn't one function"),
        ("def f(x)\n    return x\n", "line 1 breaks the grammar"),
        (program("x +"), "Not Python"),
        ("def f(x):\n    return x\0\n", "Not Python"),
    ],
)
def test_anything_else_is_refused_in_one_sentence(source, says):
    said = refusal(source)
    assert re.search(says, said), said
    assert "\n" not in said


def test_an_odd_program_gives_no_warning(recwarn):
    assert refusal(program("5x"))
    assert refusal(program("5(x)"))
    assert not recwarn.list


# Running ------------------------------------------------------------------------------------------


def test_verdicts_say_what_came_of_a_program():
    sources = [program("x * 2"), program("x + 2"), program("6 // x"), program("y"), program("x*2")]
    found = judge(sources, INPUTS, [[-4, 0, 6]] * 5)
    assert [v.right for v in found] == [True, False, False, False, True]
    assert [v.said for v in found] == [
        "Right for all 3 inputs.",
        "Wrong: f(-2) is 0 instead of -4.",
        "It fails with ZeroDivisionError at f(0): integer division or modulo by zero.",
        "Refused: it uses `y`, which isn't known.",
        "Right for all 3 inputs.",
    ]
    assert [v.values for v in found] == [(-4, 0, 6), (0, 2, 5), (), (), (-4, 0, 6)]


def test_many_programs_share_a_process_and_equal_ones_run_once(monkeypatch):
    ran, processes = [], []
    call, start = Runner.call, Runner._start
    monkeypatch.setattr(Runner, "call", lambda s, *a: ran.append(a) or call(s, *a))
    monkeypatch.setattr(Runner, "_start", lambda s: processes.append(1) or start(s))
    sources = [program(f"x + {i % 150}") for i in range(600)]
    assert all(v.right for v in judge(sources, (1,), [[1 + i % 150] for i in range(600)]))
    assert (len(ran), len(processes)) == (150, 1)


def test_without_a_program_to_run_no_process_is_started(monkeypatch):
    monkeypatch.setattr(Runner, "_start", lambda self: pytest.fail("a process was started"))
    assert judge([], INPUTS, []) == []
    assert not judge(["import os"], INPUTS, [[1, 1, 1]])[0].right


# The second fence: what passes the first one for the sake of the test ----------------------------


def runs_still(runner):
    return runner.call(program("x + 1"), (1,)) == ((2,), "")


@pytest.mark.parametrize(
    "body",
    [
        "    while True:\n        x = 1\n",
        f"{OS}    while True:\n        os['write'](1, b'endless ' * 1000)\n",
        f"{OS}    os['dup2'](0, 1)\n    while True:\n        x = 1\n",
    ],
    ids=["loops", "prints without end", "takes the output"],
)
def test_a_stuck_program_is_stopped_and_the_next_one_runs(runner, body):
    before, start = runner.started, time.perf_counter()
    values, said = runner.call(f"def f(x):\n{body}", (1,))
    assert (values, said) == ((), "Stopped: it ran for more than 0.5 seconds.")
    assert time.perf_counter() - start < 30
    assert runs_still(runner)
    assert runner.started in (before + 1, before + 2)  # the first one may have been started, too


def test_a_power_of_powers_is_stopped():
    source = program("(" * 12 + "x" + " ** 9)" * 12)
    assert refusal(source) == ""
    with Runner(seconds=0.5) as runner:
        _, said = runner.call(source, (7,))
        assert said.startswith("Stopped")
        assert runs_still(runner)


def test_a_program_that_ends_the_process_is_noticed(runner):
    values, said = runner.call(f"def f(x):\n{OS}    os['_exit'](0)\n", (1,))
    assert (values, said) == ((), "Stopped: its process ended without an answer.")
    assert runs_still(runner)


def test_raising_system_exit_ends_nothing(runner):
    assert runs_still(runner)
    before = runner.started
    _, said = runner.call("def f(x):\n    raise x\n", (1,))
    assert "TypeError" in said
    assert runs_still(runner)
    assert runner.started == before


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="no memory limit to rely on")
def test_memory_is_limited(runner):
    _, said = runner.call("def f(x):\n    y = [0] * 10 ** 9\n    return x\n", (1,))
    assert said == "Stopped: f(1) needs more than 200 MB of memory."
    assert runs_still(runner)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="no file limit to rely on")
def test_no_file_can_be_written(runner, tmp_path):
    target = tmp_path / "written"
    body = f"{OS}    d = os['open']({str(target)!r}, 65)\n    os['write'](d, b'x')\n    return x\n"
    values, _ = runner.call(f"def f(x):\n{body}", (1,))
    assert values == ()
    assert not target.exists() or target.stat().st_size == 0
    assert runs_still(runner)


def test_programs_get_no_builtins_and_nothing_of_the_environment(runner, monkeypatch):
    assert "NameError" in runner.call(program("open"), (1,))[1]
    monkeypatch.setenv("SECRET", "1")
    with Runner() as fresh:
        values, said = fresh.call(
            f"def f(x):\n{OS}    return 0 + ('SECRET' in os['environ'])\n", (1,)
        )
    assert (values, said) == ((0,), "")


def test_one_program_leaves_nothing_for_the_next(runner):
    runner.call("left = 7\ndef f(x):\n    return x\n", (1,))
    assert "NameError" in runner.call(program("left"), (1,))[1]


@pytest.mark.parametrize(
    ("body", "says"),
    [("x * 10 ** 25", "f(1) is too large a number"), ("x / 2", "f(1) gives float")],
)
def test_only_whole_numbers_of_a_sane_size_count(runner, body, says):
    assert says in runner.call(program(body), (1,))[1]


def test_the_process_ends_with_its_runner():
    with Runner() as runner:
        assert runs_still(runner)
        process = runner.process
    assert process.poll() is not None
    assert runner.process is None


def test_the_child_needs_nothing_but_the_standard_library():
    tree = ast.parse(programs.CHILD.read_text(encoding="utf-8"))
    names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    names |= {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert names <= set(sys.stdlib_module_names)


def test_no_python_to_start_is_said_in_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(programs.sys, "executable", str(tmp_path / "nothing"))
    with pytest.raises(CourseError, match="could be started"):
        judge([program("x")], (1,), [[1]])


def test_a_child_that_ends_at_once_is_said_in_one_sentence(monkeypatch, tmp_path):
    broken = tmp_path / "child.py"
    broken.write_text("raise SystemExit(1)\n", encoding="utf-8")
    monkeypatch.setattr(programs, "CHILD", broken)
    with pytest.raises(CourseError, match="doesn't answer"):
        judge([program("x")], (1,), [[1]])
