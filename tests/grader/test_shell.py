"""The one shell: prompts as IPython takes them off, a kernel's modules, time, two sides."""

import subprocess
import sys
import time

import pytest
from jupyter_client.manager import start_new_kernel

from course.grader import codec, shell
from course.grader.wire import RAISED, RESULT

# --- prompts --------------------------------------------------------------------------------------

PLAIN = [
    "x = 1",
    "def f(x):\n    return x",
    'x = """\n%time\n!ls\n"""',
    "x = [1,\n     2]",
    "",
    "# only words",
    "a = b if c else d  # why?",
]
NOT_PLAIN = [
    ">>> x = 1",
    "# first\n>>> x = 1",
    "In [1]: x = 1",
    "In[1]: x = 1",
    "x = 1\n   ...: y = 2",
    "    x = 1",
    "\nx = 1",
    "%time x = 1",
    "!ls",
    "x?",
    "files = !ls",
    "x = %pwd",
    "%%time\nx = 1",
    "/f 1",
    ",f 1",
    ";f 1",
    "def f(:",
]


@pytest.mark.parametrize("source", PLAIN)
def test_what_is_plain_is_left_as_ipython_leaves_it(source):
    from IPython.core.inputtransformer2 import TransformerManager

    assert shell.is_plain(source)
    assert TransformerManager().transform_cell(source).rstrip("\n") == source.rstrip("\n")
    assert shell.plain(source) == source


@pytest.mark.parametrize("source", NOT_PLAIN)
def test_everything_else_is_ipythons(source):
    assert not shell.is_plain(source)


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (">>> def f(x):\n...     return x\n>>> f(1)", "def f(x):\n    return x\nf(1)"),
        ("In [1]: x = 1\n\nIn [2]: x", "x = 1\n\nx"),
        ("In [7]: def f(x):\n   ...:     return x\n   ...: ", "def f(x):\n    return x"),
    ],
)
def test_prompts_are_taken_off(source, code):
    assert shell.plain(source).strip() == code.strip()


def test_checks_are_compiled_where_their_last_line_has_no_value():
    silent = ("expect",)
    assert shell.code_of("x = 1", silent)
    assert shell.code_of("expect(f(1), 2)", silent)
    for source in ("f(1)", "x", "expect", "%time\nx = 1", "def f(:", "await f()", "", ">>> x = 1"):
        assert shell.code_of(source, silent) is None, source
    assert shell.code_of("expect(1)") is None


# --- what is imported before the first cell -------------------------------------------------------


@pytest.fixture(scope="module")
def kernels_modules():
    """Return what a real kernel has imported before its first cell, of Python's own modules."""
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        told = []

        def hook(message):
            told.append(message["content"].get("text", ""))

        code = "import sys; print(*sys.modules)"
        client.execute_interactive(code, output_hook=hook, timeout=60)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return {n for n in "".join(told).split() if n in sys.stdlib_module_names and n[0] != "_"}


def test_a_file_beside_the_notebook_is_a_module_where_it_is_one_in_a_kernel(kernels_modules):
    code = "import sys; from course.grader import shell; shell.warm([]); print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    ours = {n for n in ran.stdout.split() if n in sys.stdlib_module_names and n[0] != "_"}
    start = subprocess.run(
        [sys.executable, "-c", "import sys; print(*sys.modules)"], capture_output=True, text=True
    )
    early = set(start.stdout.split()) | set(sys.builtin_module_names)
    assert kernels_modules - ours - early == set(), "a kernel has more"
    # What numpy needs comes on top; a name of one's own should rather be none of these.
    assert ours - kernels_modules - early <= {"fractions", "gc", "secrets", "statistics"}


# --- two sides in one process ---------------------------------------------------------------------


@pytest.fixture
def sides(tmp_path):
    """Run a script in a process of its own, with both sides of a notebook: what it prints."""
    head = (
        "import sys, time\nout = sys.stdout\nfrom course.grader import codec, shell\n"
        f"from course.grader.shell import Cells\ns = shell.make_shell({str(tmp_path)!r})\n"
        "a = Cells(s)\nb = Cells(s, private=True, ask=a.called)\n"
        "def say(*x): print(*x, file=out)\n"
    )

    def run(code):
        command = [sys.executable, "-P", "-c", head + code]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.strip().split("\n")

    return run


def test_two_sides_share_a_shell_and_no_names(sides):
    said = sides(
        "a.run('x = 1\\ndef f(y): return x + y', 9)\nb.run('x = 10', 9)\n"
        "b.set_names(['f', 'x'], a.fetch(['f', 'x']))\n"
        "say(b.run('assert f(1) == 2 and x == 1', 9)['error'])\n"
        "b.set_names(['f'], a.fetch([]))\n"
        "say(b.run('f(1)', 9)['message'])\n"
        "say(a.run('import __main__\\nassert __main__.x == 1', 9)['error'])\n"
        "say(b.run('get_ipython(); display(1)', 9)['error'])\n"
        "say(a.run('6 * 7', 9)['outputs'][0]['data'], a.run('_ + 1', 9)['outputs'][0]['data'])\n"
    )
    assert said == [
        *("None", "name 'f' is not defined", "None", "None"),
        "{'text/plain': '42'} {'text/plain': '43'}",
    ]


def test_time_ends_a_cell_and_the_next_one_runs(sides):
    said = sides(
        "for code in ('while True: pass', 'import time; time.sleep(60)', 'x = 1'):\n"
        "    began = time.monotonic()\n"
        "    say(a.run(code, 0.5)['error'], time.monotonic() - began < 20)\n"
        "a.run('def f():\\n    while True: pass', 9)\n"
        "b.set_names(['f'], a.fetch(['f']))\n"
        "say(b.run('f()', 0.5)['error'])\n"
        "say(b.run('y = 2', 0.5)['error'])\n"
    )
    late = "CellTimeoutError"
    assert said == [f"{late} True", f"{late} True", "None True", late, "None"]


def test_without_the_systems_clock_a_thread_keeps_the_time(sides):
    """As on Windows: no timer of the system, no signal. In the background SIGINT is ignored."""
    said = sides(
        "import signal\ndel signal.setitimer\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "say(a.run('while True: pass', 0.5)['error'], a.run('x = 1', 5)['error'])\n"
    )
    assert said == ["CellTimeoutError None"]


def test_what_a_function_says_while_a_check_calls_it_isnt_shown(sides):
    said = sides(
        "a.run('import sys\\ndef f():\\n    print(1)\\n    display(2)\\n"
        "    print(3, file=sys.stderr)', 9)\n"
        "b.set_names(['f'], a.fetch(['f']))\n"
        "say(b.run('f()', 9)['outputs'], s.outputs.aside.strip())\n"
        "say(a.run('print(4)', 9)['outputs'][0]['text'].strip(), s.outputs.aside)\n"
    )
    assert [line.strip() for line in said] == ["[] 3", "4"]


def test_errors_of_a_function_keep_their_name_words_and_lines(sides):
    said = sides(
        "a.run('class E(Exception): pass\\ndef f(x):\\n    raise E(\"no\", x)', 9)\n"
        "b.set_names(['f'], a.fetch(['f']))\n"
        "one = b.run('y = 1\\nf(y)', 9)\n"
        "say(one['error'], one['message'], one['line'])\n"
        "say(*one['outputs'][-1]['traceback'])\n"
    )
    assert said[0] == "E ('no', 1) 2"
    text = " ".join(said[1:])
    assert 'raise E("no", x)' in text
    assert "shell.py" not in text
    assert "f(y)" not in text


def test_answers_and_calls_are_plain_data():
    class Odd:
        def __init__(self):
            self.shell = None

    assert (RESULT, RAISED) == (b"rslt", b"rais")
    with pytest.raises(TypeError, match="Odd"):
        codec.encode({"args": (Odd(),)}, strict=True)


def test_the_clock_knows_who_waits():
    from course.grader.clock import waited

    assert waited("no-such-process") == 0.0
    if sys.platform == "linux":
        before = waited()
        end = time.monotonic() + 0.05
        while time.monotonic() < end:
            pass
        assert waited() >= before
