"""How a job is carried out: two processes, plain data between them, limits, deaths, isolation.

One warm process with the sandbox is shared by the module. Where there is no sandbox, the tests that
need it skip with the reason, and the others run without it.
"""

import contextlib
import dataclasses
import functools
import json
import os
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sympy
import torch

from course import paths
from course.grader import codec, namespaces, run, sandbox, wire
from course.grader.errors import GraderError
from course.grader.job import BOTH, CHECK, STUDENT, Job, Limits, Ran, Result, Step
from course.grader.run import Engine as AnyEngine
from course.hooks import HOOKS

MODULES = ("numpy", "torch", "pandas", "matplotlib.pyplot", "course.checks")
SETUP = "import numpy as np\nimport torch\nfrom course.checks import expect"
Engine = functools.partial(AnyEngine, root=paths.ROOT, hooks=HOOKS)
WHY = sandbox.missing()
isolated = pytest.mark.skipif(bool(WHY), reason=f"no sandbox: {WHY}")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the grader runs on Linux"),
]


@pytest.fixture(scope="module")
def engine():
    with Engine(MODULES, sandbox="none" if WHY else "auto") as engine:
        yield engine


def job(*cells, names=("f", "g"), seconds=60.0, files=None, **limits):
    """Return a job: code of the student as it is, a check behind ``?``."""
    steps = [Step(BOTH, SETUP, 0)]
    for number, code in enumerate(cells, start=1):
        if code.startswith("?"):
            steps.append(Step(CHECK, code[1:], number, grade=f"check_{number}"))
        else:
            steps.append(Step(STUDENT, code, number))
    limits = Limits(cell_seconds=seconds, **limits)
    return Job("x", tuple(steps), names, MODULES, files or {}, limits)


def errors(ran):
    return [cell.error for cell in ran.cells[1:]]


def shown(cell):
    return "".join(output.get("text", "") for output in cell.outputs)


# --- plain data ---------------------------------------------------------------------------------

DATA = {
    "nothing": None,
    "numbers": [0, -1, 2**62, 2**80, -(2**90), 1.5, float("inf"), True, 2 + 1j],
    "fractions": [Fraction(3, 5), Fraction(-(10**30), 7), Decimal("0.10"), Decimal("-Infinity")],
    "text": ["", "a\n", "é", "\ud800"],
    "bytes": b"\0\xff",
    "nested": {"a": [1, (2, {3, 4})], (1, "b"): frozenset({5}), 2: range(1, 9, 3)},
    "arrays": [np.arange(6).reshape(2, 3), np.zeros((0, 4)), np.array(3.5), np.array(["a", "bc"])],
    "objects": np.array([1, None, "x", [2]], dtype=object),
    "scalars": [np.float32(0.1), np.int64(7), np.bool_(True), np.str_("s")],
    "dates": np.array(["2020-01-01", "NaT"], dtype="datetime64[D]"),
    "tensors": [torch.ones(2, 3, dtype=torch.bfloat16), torch.tensor([True]), torch.zeros(0, 2)],
}


@pytest.mark.parametrize("name", DATA)
def test_plain_data_come_back_as_they_were(name):
    def same(a, b):
        assert type(a) is type(b)
        if isinstance(a, np.ndarray):
            assert a.dtype == b.dtype
            assert a.shape == b.shape
            assert all(x is y or x == y or x != x for x, y in zip(a.flat, b.flat, strict=True))
        elif isinstance(a, torch.Tensor):
            assert a.dtype == b.dtype
            assert torch.equal(a, b)
        elif isinstance(a, list | tuple):
            assert len(a) == len(b)
            for x, y in zip(a, b, strict=True):
                same(x, y)
        else:
            assert a == b

    same(DATA[name], codec.decode(codec.encode(DATA[name], strict=True)))


FRAMES = {
    "kinds": pd.DataFrame(
        {
            "a": [1, 2],
            "b": ["x", None],
            "c": pd.to_datetime(["2020-01-01", None]),
            "d": pd.Categorical(["u", "v"]),
            "e": pd.array([1, None], dtype="Int64"),
            "f": [True, False],
            "g": [[1], {"k": 2}],
        }
    ),
    "objects": pd.DataFrame({"a": pd.Series(["x", None, float("nan"), [1]], dtype=object)}),
    "object index": pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", None], dtype=object)),
    "empty": pd.DataFrame(),
    "columns only": pd.DataFrame({"a": []}),
    "index": pd.DataFrame({"a": [1.5, 2]}, index=pd.Index(["p", "q"], name="who")),
    "times": pd.DataFrame({"a": [1, 2]}, index=pd.to_datetime(["2020-01-01", "2021-01-01"])),
    "levels": pd.DataFrame({"a": [1, 1, 2], "b": [3, 4, 5]})
    .groupby("a")
    .agg({"b": ["min", "max"]}),
}


@pytest.mark.parametrize("name", FRAMES)
def test_frames_come_back_as_they_were(name):
    got = codec.decode(codec.encode(FRAMES[name]))
    pd.testing.assert_frame_equal(FRAMES[name], got)
    for column in FRAMES[name].columns:  # nan and None are no less the same for pandas
        kinds = [list(map(type, frame[column].tolist())) for frame in (FRAMES[name], got)]
        assert kinds[0] == kinds[1]


def test_series_and_gradients_come_back():
    series = pd.Series([1.5, 2.0], name="q", index=["i", "j"])
    pd.testing.assert_series_equal(series, codec.decode(codec.encode(series)))
    tensor = codec.decode(codec.encode(torch.ones(2, requires_grad=True)))
    assert tensor.requires_grad


def test_what_is_not_plain_is_named_only():
    got = codec.decode(codec.encode([(x for x in "ab"), len, object()]))
    assert [type(x).__name__ for x in got] == ["generator", "builtin_function_or_method", "object"]
    assert not any(callable(x) for x in got)
    with pytest.raises(TypeError, match="generator"):
        codec.encode((x for x in "ab"), strict=True)


def test_numbers_of_other_libraries_arrive_as_pythons():
    given = [sympy.Integer(3), sympy.Rational(3, 5), sympy.Float("0.5")]
    got = codec.decode(codec.encode(given))
    assert got == [3, Fraction(3, 5), 0.5]
    assert [type(x) for x in got] == [int, Fraction, float]
    assert type(codec.decode(codec.encode(sympy.pi))).__name__ == "Pi"


def test_an_array_of_pandas_arrives_as_a_series():
    for given in (pd.array([1, None], dtype="Int64"), pd.Categorical(["a", "b"])):
        got = codec.decode(codec.encode(given))
        pd.testing.assert_series_equal(got, pd.Series(given))


@pytest.mark.parametrize(
    "node",
    [
        '{"q": ["0x1", "0x0"]}',
        '{"q": ["0x1"]}',
        '{"q": ["0x1", "0x2", "0x3"]}',
        '{"m": "1E+999999999"}',
        '{"m": "1E-999999999"}',
        '{"m": "x"}',
        '{"m": 3}',
        '{"i": 3}',
        '{"a": ["|O", [1], 8]}',
        '{"a": ["<f8", [3], 8]}',
        '{"a": ["<f8", [-1], 8]}',
        '{"a": ["<f8", [1], 800]}',
        '{"a": ["V8", [1], 8]}',
        '{"T": ["float32", [4], 8, false]}',
        '{"T": ["load", [1], 8, false]}',
        '{"p": ["read_pickle", "/etc/passwd"]}',
        '{"_": 1}',
        '{"value": 1}',
        '{"d": [[[], 1]]}',
        '{"t": 3}',
        "[" * 200 + "]" * 200,
        "[" * 100_000,
        "not json",
        '{"i": "zz"}',
    ],
)
def test_forged_data_are_refused(node):
    text = node.encode()
    with pytest.raises(codec.RefusedError):
        codec.decode(codec.LENGTH.pack(len(text)) + text + b"12345678")


def forged(node, rest=b""):
    """Return bytes that no `encode` would write."""
    text = node if isinstance(node, bytes) else json.dumps(node).encode()
    return codec.LENGTH.pack(len(text)) + text + rest


PRIME = 2**61 - 1  # integers that differ by it share one hash
SAME = [{"i": hex(number * PRIME)} for number in range(110_000)]
# What is small to send and would be dear to read.
DEAR = {
    "a set": {"s": SAME},
    "a frozen set": {"z": SAME},
    "a dictionary": {"d": [[one, 0] for one in SAME]},
    "a dictionary of tuples": {"d": [[{"t": [one, "x"]}, 0] for one in SAME]},
    "long tuples": {"s": [{"t": [*[0] * 300, one]} for one in SAME[:3000]]},
    "a sparse column": {
        "S": [
            None,
            ["Sparse[float64, nan]", {"r": [0, 10**6, 1]}],
            ["range", [0, 10**6, 1], [None]],
        ]
    },
    "a column of a range": {
        "S": [None, ["object", {"r": [0, 10**6, 1]}], ["range", [0, 10**6, 1], [None]]]
    },
    "a long time": {"p": ["Timestamp", "1" * 10**6]},
    "a long span": {"p": ["Timedelta", "1" * 10**6]},
    "times as text": {
        "S": [
            None,
            ["datetime64[ns, UTC]", ["Tuesday 3 March 2020 10:12"] * 300_000],
            ["range", [0, 300_000, 1], [None]],
        ]
    },
    "many times": [{"p": ["Timestamp", "Tuesday 3 March 2020 10:12"]}] * 250_000,
    "many lists": b"[" + b"[]," * 5_300_000 + b"0]",
    "many dictionaries": b"[" + b'{"t":[]},' * 1_700_000 + b"0]",
    "long text": b'["' + b"x" * 17_000_000 + b'"]',
    "a product of levels": {
        "I": ["levels", [{"t": [i, j]} for i in range(300) for j in range(300)], [None, None]]
    },
    "levels of one hash": {
        "I": ["levels", [{"t": [one, one]} for one in SAME[:50_000]], [None, None]]
    },
    "categories of one hash": {"S": [None, ["category", SAME], ["range", [0, 110_000, 1], [None]]]},
    "many columns of categories": {
        "D": [
            ["range", [0, 40, 1], [None]],
            [["category", SAME[:3000]]] * 40,
            ["range", [0, 3000, 1], [None]],
        ]
    },
    "a long range": {"r": [0, 10**18, 1]},
    "a long index": {"I": ["range", [0, 10**18, 1], [None]]},
    "a long number": b"[" + b"1" * 15_000_000 + b"]",
    "a long kind": {"a": ["f4," * 10**6, [0], 0]},
    "many names": [{"x": f"kind{number}"} for number in range(300_000)],
}


@pytest.mark.parametrize("name", DEAR)
def test_what_is_dear_to_read_is_refused_soon(name):
    content = forged(DEAR[name])
    began = time.thread_time()
    with pytest.raises(codec.RefusedError) as refused:
        codec.decode(content, 0.5)
    assert time.thread_time() - began < 3.0
    assert len(str(refused.value)) < 200


def test_an_odd_kind_of_column_is_said_not_handed_over():
    with pytest.raises(TypeError, match="Sparse"):
        codec.encode(pd.Series([1.0, None], dtype="Sparse[float64]"))


def test_columns_of_lists_come_back():
    frame = pd.DataFrame({"a": [[1], [2]], "b": [np.zeros(2), np.ones(2)]})
    got = codec.decode(codec.encode(frame))
    assert got["a"].tolist() == [[1], [2]]
    assert got["b"][1].tolist() == [1.0, 1.0]


def test_honest_data_of_some_size_are_read():
    tree = {str(i): [float(j) for j in range(100)] for i in range(2000)}
    levels = pd.DataFrame({"x": range(4000)}).set_index(
        pd.MultiIndex.from_product([range(80), range(50)])
    )
    for value in (tree, set(range(100_000)), range(10**6), np.zeros(4_000_000)):
        got = codec.decode(codec.encode(value))
        assert np.array_equal(got, value) if isinstance(value, np.ndarray) else got == value
    pd.testing.assert_frame_equal(codec.decode(codec.encode(levels)), levels)


def test_too_short_data_are_refused():
    for content in (b"", b"\0", codec.encode([1, 2])[:-1]):
        with pytest.raises(codec.RefusedError):
            codec.decode(content)


# --- messages -----------------------------------------------------------------------------------


def test_messages_that_come_together_are_taken_apart():
    one, other = (wire.Channel(end) for end in socket.socketpair())
    with contextlib.closing(one), contextlib.closing(other):
        sent = [(wire.DONE, n, bytes(n)) for n in (0, 16, 0, 3, 9000, 20_000, 0, 16)]
        for kind, number, content in sent:
            one.send(kind, number, content)
        assert [tuple(other.receive()) for _ in sent] == sent


def test_messages_cross_and_ends_are_noticed():
    one, two = (wire.Channel(end, 1000) for end in socket.socketpair())
    one.send(wire.RUN, 3, {"a": 1})
    got = two.receive()
    assert (got.kind, got.number, got.json()) == (wire.RUN, 3, {"a": 1})
    one.send(wire.RUN, 4, b"x" * 1001)
    with pytest.raises(wire.ClosedError, match="too large"):
        two.receive()
    with pytest.raises(TimeoutError):
        one.receive(lambda: True)
    two.close()
    with pytest.raises(wire.ClosedError):
        one.receive()


def test_jobs_and_results_turn_into_json_and_back():
    one = job("x = 1", "?assert x", files={"a/b.txt": b"\0\xff"})
    assert Job.from_json(one.to_json()) == one
    assert one.hash() == Job.from_json(one.to_json()).hash()
    assert one.hash() != job("x = 2", "?assert x", files={"a/b.txt": b"\0\xff"}).hash()
    assert one.hash() != job("x = 1", "?assert x", files={"a/b.txt": b"\0"}).hash()
    ran = Ran([Result(0, outputs=[{"output_type": "stream"}])], ["flag"], 1, 2.0, 3.0, "none")
    assert Ran.from_json(ran.to_json()) == ran


def test_a_message_that_comes_drop_by_drop_is_not_waited_for():
    ours, theirs = socket.socketpair()
    stop = threading.Event()

    def drip():
        while not stop.wait(0.02):
            theirs.send(b"x")

    dripping = threading.Thread(target=drip)
    dripping.start()
    end = time.monotonic() + 0.3
    try:
        with pytest.raises(TimeoutError):
            wire.Channel(ours)._read(1 << 20, lambda: time.monotonic() > end)
    finally:
        stop.set()
        dripping.join()


# --- cells --------------------------------------------------------------------------------------


def test_checks_see_answers_and_students_see_no_checks(engine):
    ran = engine.run(
        job(
            "def f(x):\n    return x * 2",
            "?secret = 41 + 1\nexpect(f(np.arange(3)), 2 * np.arange(3), 'f')",
            "?expect(f(torch.ones(2)), 2 * torch.ones(2), 'f')",
            "?expect(f(3.0), 6.5, 'f')",
            "?helper(1)",
            "secret",
            "expect = lambda *a, **k: None\nhelper = print",
            "?expect(f(1), 3, 'f')",
        )
    )
    assert errors(ran) == [
        *(None, None, None, "AssertionError", "NameError", "NameError", None, "AssertionError")
    ]
    assert ran.cells[4].message == "f: the answer is 6, but 6.5 is right."
    assert ran.deaths == 0


def test_outputs_are_as_in_a_kernel(engine):
    ran = engine.run(
        job(
            "print('one'); print('two')\nimport sys\nprint('bad', file=sys.stderr)\n40 + 2",
            "import pandas as pd\npd.DataFrame({'a': [1]})",
            "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
            "from IPython.display import display, Markdown\ndisplay(Markdown('*x*'))\nx = 1;",
            "1 / 0",
            "await __import__('asyncio').sleep(0)\n'done'",
            "%time\nNone",
            "?print('quiet')",
            "def broken(:",
        )
    )
    first = ran.cells[1].outputs
    assert [o["output_type"] for o in first] == ["stream", "stream", "execute_result"]
    assert first[0] == {"output_type": "stream", "name": "stdout", "text": "one\ntwo\n"}
    assert (first[1]["name"], first[2]["data"]["text/plain"]) == ("stderr", "42")
    assert set(ran.cells[2].outputs[0]["data"]) == {"text/plain", "text/html"}
    assert "image/png" in ran.cells[3].outputs[-1]["data"]
    assert ran.cells[4].outputs[0]["data"]["text/markdown"] == "*x*"
    error = ran.cells[5].outputs[-1]
    assert (error["ename"], error["evalue"]) == ("ZeroDivisionError", "division by zero")
    assert any("1 / 0" in line for line in error["traceback"])
    assert ran.cells[6].outputs[0]["data"]["text/plain"] == "'done'"
    assert ran.cells[9].error == "SyntaxError"


def test_a_failed_check_shows_the_students_lines_and_none_of_its_own(engine):
    ran = engine.run(
        job(
            "def f(x):\n    inner = x - 1\n    return 1 / inner",
            "?hidden = 'a secret line'\nassert f(1) == 2, hidden[:1]",
            "?assert f(3) == 9, 'no'",
        )
    )
    text = str(ran.cells[2].outputs) + str(ran.cells[3].outputs)
    assert "return 1 / inner" in text
    assert "secret" not in text
    assert "assert f" not in text
    assert ran.cells[2].line == 2
    assert ran.cells[2].error == "ZeroDivisionError"


def test_errors_keep_their_names(engine):
    ran = engine.run(
        job(
            "class Own(Exception):\n    pass\ndef f(kind):\n"
            "    if kind == 0:\n        raise KeyError('k')\n"
            "    if kind == 1:\n        raise Own('o')\n"
            "    if kind == 2:\n        return np.linalg.inv(np.zeros((2, 2)))\n"
            "    raise NotImplementedError",
            "?f(0)",
            "?f(1)",
            "?f(2)",
            "?f(3)",
            "?try:\n    f(0)\nexcept KeyError as e:\n    assert e.args == ('k',)",
        )
    )
    assert errors(ran)[1:] == ["KeyError", "Own", "LinAlgError", "NotImplementedError", None]


def test_checks_go_back_through_a_students_function(engine):
    check = (
        "?from course.checks import expect_gradient\n"
        "expect_gradient(f, (torch.tensor([1.0, -2.0]), torch.tensor([0.5, 0.0])), 'f', wrt=(0, 1))"
    )
    ran = engine.run(
        job(
            "def f(a, b):\n    return ((a - b) ** 2).mean()",
            check,
            "def f(a, b):\n    return ((a - b.detach()) ** 2).mean()",
            check,
            "def f(a, b):\n    return ((a - b) ** 2).mean().detach()",
            check,
            "def f(a, b):\n    return 1 / 0",
            check,
        )
    )
    first, second, third, fourth = ran.cells[2::2]
    assert first.error is None
    assert "for argument 2 at [0] no gradient comes back" in second.message
    assert "the way back is cut" in third.message
    assert fourth.error == "ZeroDivisionError"


def test_prints_during_a_check_are_dropped(engine):
    ran = engine.run(
        job(
            "def f(x):\n    print('input', x)\n    return x", "?expect(f(7), 7, 'f')", "print('on')"
        )
    )
    assert "input" not in str([cell.outputs for cell in ran.cells])
    assert shown(ran.cells[3]) == "on\n"


def test_a_name_that_is_gone_is_gone_for_the_checks(engine):
    ran = engine.run(job("def f():\n    return 1\ng = [1, 2]", "?assert (f(), g) == (1, [1, 2])",
                         "del f, g", "?f()", "?g"))  # fmt: skip
    assert errors(ran) == [None, None, None, "NameError", "NameError"]


def test_files_lie_beside_the_notebook(engine):
    ran = engine.run(
        job("print(open('data/a.csv').read())", "import side\nprint(side.x)",
            files={"data/a.csv": b"1,2", "side.py": b"x = 5"})
    )  # fmt: skip
    assert [shown(cell) for cell in ran.cells[1:]] == ["1,2\n", "5\n"]


def test_the_checks_never_import_a_students_file(engine):
    files = {"colorsys.py": b"x = 1", "given.py": b"y = 2"}
    asked = job("import colorsys\nprint(colorsys.x)",
                "?import colorsys, given\nassert not hasattr(colorsys, 'x') and given.y == 2",
                files=files)  # fmt: skip
    ran = engine.run(dataclasses.replace(asked, trusted=("given.py",)))
    assert errors(ran) == [None, None]
    assert shown(ran.cells[1]) == "1\n"


# --- deaths and limits --------------------------------------------------------------------------


def test_one_death_costs_one_cell(engine):
    ran = engine.run(
        job(
            "kept = 5",
            "import os\nos._exit(0)",
            "def f():\n    import os\n    os._exit(1)\ndef g():\n    return kept",
            "?f()",
            "?assert g() == 5",
            "print(kept)",
        )
    )
    assert errors(ran) == [None, "DeadKernelError", None, "DeadKernelError", None, None]
    assert ran.deaths >= 2
    assert any("ended Python" in flag for flag in ran.flags)


def test_what_never_ends_is_ended(engine):
    ran = engine.run(
        job(
            "while True:\n    pass",
            "import signal\ndef f():\n    signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
            "    while True:\n        pass\ndef g():\n    while True:\n        pass",
            "?g()",
            "?f()",
            "x = 1",
            "print(x)",
            seconds=2.0,
        )
    )
    late = "CellTimeoutError"
    assert errors(ran) == [late, None, late, late, None, None]
    assert all(o["output_type"] == "error" for o in ran.cells[4].outputs)


def test_a_notebook_has_a_time_of_its_own(engine):
    slow = "import time\ntime.sleep(1)"
    ran = engine.run(job(*[slow] * 12, "?expect(1, 1, 'x')", notebook_seconds=6.0))
    assert errors(ran)[0] is None
    assert errors(ran)[-1] == "CellTimeoutError"
    assert "the notebook took too long" in ran.flags
    assert ran.seconds < 60


def test_outputs_are_cut(engine):
    ran = engine.run(
        job("print('x' * 5_000_000)", "for _ in range(5000):\n    print('y' * 1000)",
            "from IPython.display import HTML, display\nfor _ in range(3000):\n"
            "    display(HTML('z' * 1000))", "print('end')")
    )  # fmt: skip
    size = sum(len(str(cell.outputs)) for cell in ran.cells)
    assert 900_000 < size < 1_200_000
    assert "output cut here" in str(ran.cells[1].outputs)


def test_quick_calls_pass_the_hub_by(engine, monkeypatch):
    passed = []
    relay = run._Hub.call

    def call(hub, asked, clock):
        passed.append(asked.kind)
        return relay(hub, asked, clock)

    monkeypatch.setattr(run._Hub, "call", call)
    double = "def f(x):\n    return 2 * x\ndef g():\n    import os\n    os._exit(1)"
    many = "?assert [f(x) for x in range(50)] == [2 * x for x in range(50)]"
    assert errors(engine.run(job(double, many))) == [None, None]
    assert passed == []
    ran = engine.run(job(double, f"?import time\ntime.sleep(1.2)\n{many[1:]}"))  # the time is asked
    assert errors(ran) == [None, None]
    assert passed == [wire.CALL] * 50
    passed.clear()
    ran = engine.run(job(double, "?f(1)", "?g()", many))
    assert errors(ran) == [None, None, "DeadKernelError", None]
    assert passed[: len(passed) // 2] == [wire.LOST, *[wire.CALL] * 50]  # it ran a second time
    passed.clear()
    ran = engine.run(
        job(double, "import os\nos._exit(1)", many)
    )  # the process with the line is gone
    assert errors(ran) == [None, "DeadKernelError", None]
    assert passed[: len(passed) // 2] == [wire.LOST, *[wire.CALL] * 49]


@pytest.mark.parametrize(
    "spoilt",
    [
        "os.closerange(3, 256)",
        "for end in ends(): end.send(b'no message at all, but bytes')",
        "for end in ends(): end.send(wire.HEADER.pack(b'rslt', 9, 2**40))",
        "for end in ends():\n        for _ in range(2 * wire.STALE):\n"
        "            end.send(wire.HEADER.pack(b'rslt', 2**31, 0))",
        "for end in ends(): end.send(wire.HEADER.pack(b'done', 2, 0))",
    ],
)
def test_who_spoils_the_line_loses_one_check(engine, spoilt):
    answer = f"""
import os, socket, stat
from course.grader import wire
def ends():
    found = [n for n in range(3, 100) if is_socket(n)]
    return [socket.socket(fileno=os.dup(n)) for n in found]
def is_socket(number):
    try:
        return stat.S_ISSOCK(os.fstat(number).st_mode)
    except OSError:
        return False
def f():
    {spoilt}
def g():
    return 5
"""
    ran = engine.run(job(answer, "?assert g() == 5", "?f()", "?assert g() == 5"))
    assert errors(ran)[0] is errors(ran)[1] is errors(ran)[3] is None
    assert errors(ran)[2] == "DeadKernelError"


def test_answers_that_are_too_large_cost_their_check_only(engine):
    ran = engine.run(
        job("def f():\n    return np.zeros(30_000_000)\ndef g():\n    return 1", "?f()", "?g()")
    )
    assert errors(ran) == [None, "DeadKernelError", None]


def test_several_threads_share_an_engine(engine):
    results = {}

    def one(number):
        code = f"def f():\n    return {number}"
        results[number] = engine.run(job(code, f"?assert f() == {number}"))

    threads = [threading.Thread(target=one, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {n: errors(r) for n, r in results.items()} == {n: [None, None] for n in range(4)}


# --- time ---------------------------------------------------------------------------------------


class Measured:
    """A side of a job that has used what a test says."""

    def __init__(self):
        self.now = sandbox.Used()

    def used(self):
        return self.now


@pytest.mark.parametrize(
    ("wall", "used", "over", "crowded"),
    [
        (1.0, (0.5, 0.5, 0.0, 0.5), False, False),  # whatever it says of itself
        (9.0, (9.0, 9.0, 0.0, 9.0), False, False),  # it works
        (11.0, (10.5, 10.5, 0.0, 11.0), True, False),  # it has worked too long
        (6.0, (11.0, 1.0, 5.0, 6.0), True, False),  # all that it has started has
        (12.0, (0.0, 0.0, 0.0, 12.0), False, False),  # asleep; interrupted in its own process
        (16.0, (0.0, 0.0, 0.0, 16.0), True, False),  # asleep, and deaf
        (90.0, (4.0, 4.0, 86.0, 90.0), False, True),  # the neighbours work
        (90.0, (4.0, 4.0, 1.0, 3.0), False, True),  # it answers, and we are late
        (101.0, (4.0, 4.0, 96.0, 101.0), True, True),  # there must be an end, and another try
        (101.0, (8.0, 0.5, 96.0, 101.0), True, False),  # its own children work
    ],
)
def test_what_counts_is_work_and_sleep_but_not_the_neighbours(
    monkeypatch, wall, used, over, crowded
):
    clock = run._Clock(10.0, side := Measured())
    start = time.monotonic()
    monkeypatch.setattr(run.time, "monotonic", lambda: start + wall)
    side.now = sandbox.Used(*used)
    assert (clock.over(), clock.crowded()) == (over, crowded)
    with clock.stopped():
        side.now += sandbox.Used(50.0, 50.0, 0.0, 50.0)
    assert clock.over() == over


def test_who_is_alone_is_alone():
    turns, running, seen = run._Turns(), [], []

    def work(number, turn):
        with turn():
            running.append(number)
            seen.append((number, len(running)))
            time.sleep(0.02)
            running.remove(number)

    threads = [
        threading.Thread(target=work, args=(n, turns.alone if n % 3 == 0 else turns.together))
        for n in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(number for number, _ in seen) == list(range(12))
    assert all(beside == 1 for number, beside in seen if number % 3 == 0)


def test_what_was_late_for_the_neighbours_sake_runs_once_more_alone(engine, monkeypatch):
    asked = job("def f():\n    while True:\n        pass\ndef g():\n    return 1", "?f()", "?g()",
                seconds=1.0)  # fmt: skip
    alone = []
    turn = engine.turns.alone
    monkeypatch.setattr(engine.turns, "alone", lambda: alone.append(1) or turn())
    assert errors(engine.run(asked)) == [None, "CellTimeoutError", None]
    assert not alone  # it is its own fault
    crowded = run._Clock.crowded
    monkeypatch.setattr(run._Clock, "crowded", lambda clock: not alone and clock.wall() > 0.5)
    assert errors(engine.run(asked)) == [None, "CellTimeoutError", None]
    assert alone == [1]
    monkeypatch.setattr(run._Clock, "crowded", crowded)


def worker(seconds):
    """Return code of a function that uses the processor for so long, whoever else does."""
    return (
        f"import time\ndef f():\n    end = time.process_time() + {seconds}\n"
        "    while time.process_time() < end:\n        pass\n    return 1"
    )


SPIN = (
    "import os\ndef f():\n    for _ in range(40):\n        if os.fork() == 0:\n"
    "            break\n    while True:\n        pass"
)


def beside(engine, honest, others):
    """Run a job while others do; return how it went, and how they went."""
    went = []
    threads = [threading.Thread(target=lambda j=j: went.append(engine.run(j))) for j in others]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    ran = engine.run(honest)
    for thread in threads:
        thread.join()
    return ran, went


@isolated
def test_neighbours_cost_no_points_and_those_who_spin_are_ended(engine):
    honest = job(worker(1.0), "?assert f() == 1", seconds=2.0)
    began = time.monotonic()
    ran, went = beside(engine, honest, [job(SPIN, "?f()", seconds=2.0)] * 4)
    assert errors(ran) == [None, None]
    assert [errors(one) for one in went] == [[None, "CellTimeoutError"]] * 4
    assert time.monotonic() - began < 120


@isolated
def test_without_cgroups_all_processes_are_counted_too(engine, monkeypatch):
    monkeypatch.setattr(engine.zygote, "groups", None)
    ran = engine.run(job(SPIN, "?f()", "x = 1", seconds=2.0))
    assert errors(ran)[1:] == ["CellTimeoutError", None]
    slow = "import time\ndef f():\n    time.sleep(0.2)\n" + worker(0.5)[len("import time\n") :]
    assert errors(engine.run(job(slow, "?assert f() == 1", seconds=2.0))) == [None, None]


@pytest.mark.parametrize("kind", ["auto", "none"])
def test_what_a_process_uses_is_measured_from_outside(kind):
    if kind == "auto" and WHY:
        pytest.skip(f"no sandbox: {WHY}")
    with Engine((), sandbox=kind) as own:
        for groups in (own.zygote.groups, None):
            own.zygote.groups = groups
            child = own.spawn(job(), checks=False)
            try:
                before = child.used()
                asked = {"code": worker(0.5) + "\nf()", "seconds": 20.0, "muted": True}
                child.channel.send(wire.RUN, 1, asked)
                child.channel.receive()
                used = child.used() - before
            finally:
                child.close()
            assert 0.45 < used.processor < 2
            assert 0.45 < used.worked < 2
            assert used.waited >= 0


def test_processor_time_of_both_versions_of_cgroups_is_read(tmp_path):
    second, first, other = tmp_path / "second", tmp_path / "first", tmp_path / "other"
    for folder in (second, first, other):
        folder.mkdir()
    (second / "cpu.stat").write_text("usage_usec 1500000\nuser_usec 1000000\n")
    (first / "cpuacct.usage").write_text("2500000000\n")
    (other / "cpu.stat").write_text("nr_periods 0\n")
    assert sandbox.Group([second]).processor() == 1.5
    assert sandbox.Group([other, first]).processor() == 2.5
    assert sandbox.Group([other, tmp_path]).processor() is None


@isolated
def test_a_student_gets_one_processor_at_most(engine):
    groups = engine.zygote.groups
    if groups is None or "cpu" not in groups.folders:
        pytest.skip("no share of the processor can be set here")
    ran = engine.run(job(SPIN, "?f()", seconds=3.0))
    assert errors(ran)[1] == "CellTimeoutError"
    assert ran.cells[2].seconds > 2.5  # forty together have used no more than one


# --- isolation ----------------------------------------------------------------------------------


@isolated
def test_memory_is_capped(engine):
    ran = engine.run(
        job("kept = []\nfor _ in range(100):\n    kept.append(b'x' * 10_000_000)", "y = 1",
            "print(y)", memory_mb=400)
    )  # fmt: skip
    assert ran.cells[1].error in ("DeadKernelError", "MemoryError")
    assert errors(ran)[1:] == [None, None]


@isolated
def test_memory_is_capped_without_cgroups(engine, monkeypatch):
    monkeypatch.setattr(engine.zygote, "groups", None)
    ran = engine.run(job("kept = np.ones(100_000_000)", "y = 1", memory_mb=400))
    assert "MemoryError" in errors(ran)[0]
    assert errors(ran)[1] is None


@isolated
def test_processes_are_capped_and_die(engine):
    code = (
        "import os\nmade = 0\ntry:\n    while made < 500:\n        if os.fork() == 0:\n"
        "            import time\n            time.sleep(600)\n        made += 1\n"
        "except OSError:\n    pass\nprint(made)"
    )
    before = _processes()
    ran = engine.run(job(code, processes=20))
    assert 1 <= int(shown(ran.cells[1])) <= 20
    deadline = time.monotonic() + 10
    while _processes() > before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _processes() <= before


@isolated
def test_the_sandbox_holds_little(engine):
    ran = engine.run(
        job(
            "import os\nfrom course import paths\nprint(sorted(os.listdir(paths.ROOT)))",
            "print(sorted(n for n in os.listdir('/proc') if n.isdigit()), os.getuid())",
            "print(sorted(os.listdir('.')), sorted(os.listdir('/tmp')))",
            "import socket\nlines = open('/proc/net/dev').readlines()[2:]\n"
            "print([line.split(':')[0].strip() for line in lines], socket.gethostname())",
            "print(sorted(set(os.environ) - {'LC_CTYPE'}))",
            "print([l.split()[1] for l in open('/proc/self/mounts') if ' rw' in l.split()[3][:3] "
            "or ',rw' in l])",
        )
    )
    assert errors(ran) == [None] * 6
    root, processes, files, network, environment, _ = (shown(cell) for cell in ran.cells[1:])
    names = set(eval(root))
    assert {"course", "data"} <= names <= {"course", "data", ".venv"}
    assert processes.split("]")[0].count("'") <= 2 * 2
    assert processes.split()[-1] == str(sandbox.NOBODY)
    below = [Path(p).parts[2] for p in sandbox.needed(paths.ROOT, HOOKS) if p.startswith("/tmp/")]
    assert files == f"[] {sorted(set(below))}\n"  # the course itself may lie in /tmp
    assert network == "['lo'] sandbox\n"
    assert not {"USER", "SSH_AUTH_SOCK", "COURSE_NO_SKIP", "VIRTUAL_ENV"} & set(eval(environment))


@isolated
def test_two_processes_share_nothing(engine):
    leave = "for place in ('mine', '/tmp/mine', '/dev/shm/mine'):\n    open(place, 'w').write('x')"
    look = (
        "import os\nprint([p for p in ('mine', '/tmp/mine', '/dev/shm/mine') if os.path.exists(p)])"
    )
    assert errors(engine.run(job(leave))) == [None]
    ran = engine.run(job("?" + leave.replace(", '/dev/shm/mine'", ""), look))
    assert errors(ran) == [None, None]
    assert shown(ran.cells[2]) == "[]\n"


@isolated
def test_a_lost_warm_process_is_started_again(engine):
    engine.zygote.process.kill()
    engine.zygote.process.wait()
    ran = engine.run(job("def f():\n    return 1", "?assert f() == 1"))
    assert errors(ran) == [None, None]


@isolated
def test_who_works_while_the_warm_process_is_lost_loses_nothing():
    slow = "import time\n\ndef f():\n    time.sleep(2)\n    return 1"
    with Engine(("numpy",)) as own, ThreadPoolExecutor(2) as pool:
        own.run(job("x = 1"))
        both = [pool.submit(own.run, job(slow, "?assert f() == 1")) for _ in range(2)]
        time.sleep(1)
        own.zygote.process.kill()
        for ran in (one.result() for one in both):
            assert errors(ran) == [None, None]
            assert (ran.deaths, ran.flags) == (0, [])


@isolated
def test_a_process_that_cannot_be_started_at_once_costs_nobody_theirs(monkeypatch):
    with Engine(("numpy",)) as own:
        own.run(job("x = 1"))
        warm, spawn, asked = own.zygote, own.zygote.spawn, []

        def refused(*args, **kwargs):
            asked.append(args)
            if len(asked) == 1:
                raise GraderError("too many processes")
            return spawn(*args, **kwargs)

        monkeypatch.setattr(warm, "spawn", refused)
        assert errors(own.run(job("def f():\n    return 1", "?assert f() == 1"))) == [None, None]
        assert own.zygote is warm
        assert len(asked) == 3  # one twice, and the other side


@isolated
def test_what_ends_python_by_itself_loses_its_points_in_the_second_run_too(engine):
    ran = engine.run(job("import os\ndef f():\n    os._exit(0)", "?assert f() == 1"))
    assert errors(ran) == [None, "DeadKernelError"]
    assert ran.deaths == 1


@isolated
def test_a_closed_engine_starts_nothing_any_more():
    closing = Engine(("numpy",))
    closing.close()
    with pytest.raises(GraderError, match="stopped"):
        closing.run(job("x = 1"))
    assert closing.zygote.process.poll() is not None


def test_a_process_that_says_nothing_is_not_us():
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    theirs.close()
    with pytest.raises(OSError, match="no word"):
        sandbox._sender(ours)


@isolated
def test_nothing_is_left_when_the_hub_goes(tmp_path):
    import subprocess

    code = (
        "import threading, time\n"
        "from course import paths\n"
        "from course.grader.run import Engine\n"
        "from course.grader.job import *\n"
        "from course.hooks import HOOKS\n"
        "e = Engine(('numpy',), root=paths.ROOT, hooks=HOOKS)\n"
        'cell = \'import time, subprocess\\nsubprocess.Popen(["sleep", "77777"])\\n'
        "time.sleep(600)'\n"
        "j = Job('x', (Step(STUDENT, cell, 0),), (), ('numpy',), {}, Limits(cell_seconds=500))\n"
        "threading.Thread(target=e.run, args=(j,), daemon=True).start()\n"
        "print('up', flush=True)\ntime.sleep(600)\n"
    )
    hub = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert hub.stdout.readline() == "up\n"
    deadline = time.monotonic() + 60
    while not _sleeping("77777") and time.monotonic() < deadline:
        time.sleep(0.1)
    assert _sleeping("77777")
    hub.kill()
    hub.wait()
    deadline = time.monotonic() + 20
    while _sleeping("77777") and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _sleeping("77777")


@isolated
def test_the_calls_behind_the_sandbox_raise_what_the_system_says():
    with pytest.raises(OSError, match="mount /nowhere-at-all"):
        namespaces._mount("tmpfs", "/nowhere-at-all", "tmpfs", 0)


def test_without_isolation_submissions_are_refused(monkeypatch):
    monkeypatch.setattr(sandbox, "missing", lambda: "bubblewrap isn't installed")
    for asked in ("auto", "bubblewrap"):
        with pytest.raises(GraderError, match="--sandbox none"):
            Engine((), sandbox=asked)


def test_elsewhere_than_on_linux_a_sentence_says_what_to_do(monkeypatch):
    monkeypatch.setattr(sandbox.sys, "platform", "darwin")
    with pytest.raises(GraderError, match="runs on Linux"):
        Engine((), sandbox="none")


def test_without_isolation_cells_run_all_the_same():
    with Engine(("numpy", "course.checks"), sandbox="none") as open_engine:
        ran = open_engine.run(
            job("def f(x):\n    return x + 1", "?expect(f(1), 2, 'f')", "import os\nos._exit(3)",
                "?expect(f(1), 3, 'f')")
        )  # fmt: skip
        folder = Path(open_engine.zygote.folder.name)
    assert errors(ran) == [None, None, "DeadKernelError", "AssertionError"]
    assert ran.sandbox == "none"
    assert not folder.exists()


def _processes():
    return len([name for name in os.listdir("/proc") if name.isdigit()])


def _sleeping(seconds):
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if seconds.encode() in path.read_bytes().split(b"\0"):
                found.append(path)
        except OSError:
            continue
    return found
