"""The checks say what is wrong, in words, once, and say nothing when all is well."""

import ast
import enum
import json
import math
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import sympy
import torch

from course.checks import ask, expect, expect_gradient, parts
from course.paths import SOURCE


def said(got, want, **options):
    """Return the message of a check, or None if it passes."""
    try:
        expect(got, want, "answer", **options)
    except AssertionError as fault:
        return str(fault)
    return None


class Flag(enum.IntEnum):
    """A whole number with a name."""

    C = 3


# Numbers of all kinds that somebody may return for six tenths.
NUMBERS = [
    *(Fraction(3, 5), Decimal("0.6"), sympy.Rational(3, 5), sympy.Float("0.6")),
    *(np.float64(0.6), np.float32(0.6), np.longdouble("0.6"), np.array(0.6), np.array(0.6, ">f8")),
    *(torch.tensor(0.6), torch.tensor(0.6, dtype=torch.float64, requires_grad=True)),
]
FRAME = pd.DataFrame({"name": ["a", "b"], "size": [1.0, 2.0]})


@pytest.mark.parametrize(
    ("got", "want"),
    [
        (None, None),
        (3, 3),
        (3.0, 3),
        (np.int64(3), 3),
        (np.float32(0.1), 0.1),
        (np.array(2.5), 2.5),
        (2, 2.0),
        (0.1 + 0.2, 0.3),
        *((number, 0.6) for number in NUMBERS),
        (0.6, Fraction(3, 5)),
        (Decimal(3), 3),
        (Decimal("NaN"), math.nan),
        (sympy.Integer(3), 3),
        (np.array(True), True),
        (Flag(3), 3),
        (math.nan, math.nan),
        (math.inf, math.inf),
        (np.True_, True),
        ("a", "a"),
        (b"a", b"a"),
        ([1, 2.0], (1, 2.0)),
        ({"a": [0.1 + 0.2]}, {"a": [0.3]}),
        ({1, 2}, {2, 1}),
        (np.array([1, 2]), np.array([1.0, 2.0])),
        (np.array([True]), np.array([1])),
        (np.array(["a"]), np.array(["a"])),
        (np.array([np.nan, np.inf]), np.array([np.nan, np.inf])),
        (np.zeros((0, 3)), np.zeros((0, 3))),
        (FRAME[["size", "name"]].set_axis([7, 8]), FRAME),
        (FRAME["size"], FRAME["size"]),
    ],
)
def test_right_answers_pass_silently(got, want, capfd):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert said(got, want) is None
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("got", "want", "message"),
    [
        (None, 1.0, "is None. Did you forget `return`"),
        ("1", 1.0, "is a string, but a number is asked for"),
        (True, 1.0, "is True, but a number is asked for"),
        (np.array(True), 1.0, "is True, but a number is asked for"),
        (1 + 0j, 1.0, "an object of type complex, but a number is asked for"),
        (Fraction(2, 5), 0.6, "is 2/5, but 0.6 is right"),
        (Decimal("0.4"), 0.6, "is 0.4, but 0.6 is right"),
        (Decimal("Infinity"), 0.6, "is infinity"),
        (Fraction(7, 2), 3, "is 7/2, but 3 is right"),
        (10**400, 0.6, "is 1000"),
        (Fraction(10**400), 0.6, "is 1000"),
        (1, True, "is 1, but True or False is asked for"),
        ([1], np.array([1]), "is a list of 1 entry, but a numpy array is asked for"),
        (np.zeros(1), 0.0, "of shape (1,), but one number, without axes, is asked for."),
        (1.0, np.zeros(2), "is 1.0, but a numpy array of shape (2,) is asked for."),
        ((i for i in "ab"), ["a", "b"], "is an object of type generator, but a list or tuple"),
        (np.zeros((2, 3)), np.zeros((3, 2)), "has shape (2, 3), but (3, 2) is asked for"),
        (np.zeros(2), np.zeros(2, dtype=int), "type float64, but whole numbers are asked for"),
        (np.array(["a"]), np.array([1.0]), "but real numbers are asked for"),
        (np.array([0.0, np.nan]), np.zeros(2), "nan (it comes from"),
        (np.array([0.0, np.inf]), np.zeros(2), "infinity (something overflowed"),
        (math.nan, 1.0, "the answer is nan"),
        (math.inf, 1.0, "the answer is infinity"),
        (124439809, 124439808, "is 124439809, but 124439808 is right"),
        (124439808.5, 124439808, "but 124439808 is right"),
        (1.0000002, 1.0000001, "but 1.0000001 is right"),
        (np.array([1.0, 2.0]), np.array([1.0, 3.0]), "at [1] is 2, but 3 is right. (1 of 2"),
        (np.array(["a", "b"]), np.array(["a", "c"]), "at [1] is 'b', but 'c' is right"),
        ([1, 2], [1], "has 2 entries instead of 1"),
        ([1, [2, None]], [1, [2, 3]], "the answer[1][1] is None"),
        ({"a": 1}, {"b": 1}, "lacks 1 key ('b') and shouldn't have 1 key ('a')"),
        ({"a": 1}, {"a": 2}, "the answer['a'] is 1, but 2 is right"),
        ({1, 2}, {1}, "shouldn't have 1 entry (2)"),
        ("ab", "ac", "is 'ab', but 'ac' is right"),
        (FRAME[["name"]], FRAME, "lacks 1 column ('size')"),
        (FRAME[:1], FRAME, "has 1 row instead of 2"),
        (FRAME.replace("b", "c"), FRAME, "the answer['name'][1] is 'c'"),
    ],
)
def test_each_rung_has_its_message(got, want, message):
    tight = {"rtol": 1e-9} if isinstance(want, float) else {}
    assert message in said(got, want, **tight)


def test_a_message_names_function_input_and_axes():
    fault = said(np.zeros(3), np.zeros((1, 3)), given="one row", shape="(batch, vocab)")
    assert fault.startswith("answer, given one row: the answer has shape (3,)")
    asked = "but (batch, vocab) = (1, 3) is asked for"
    assert fault.endswith(f"{asked}: an axis of length 1 is missing.")
    assert said(1.5, np.zeros((1, 3)), shape="(batch, vocab)").endswith(
        "the answer is 1.5, but a numpy array of shape (batch, vocab) = (1, 3) is asked for."
    )


@pytest.mark.parametrize(
    ("got", "words"),
    [
        ((3, 2), "the axes are in another order"),
        ((2, 4), "time has length 4, not 3"),
        ((1, 1), "batch has length 1, not 2 and time has length 1, not 3"),
        ((2, 3, 1), "an axis of length 1 is too many"),
        ((2,), "it has 1 axis instead of 2"),
        ((2, 3, 4), "it has 3 axes instead of 2"),
    ],
)
def test_another_shape_is_said_in_words(got, words):
    for make in (np.zeros, torch.zeros):
        fault = said(make(got), make((2, 3)), shape="(batch, time)")
        assert fault == (
            f"answer: the answer has shape {got}, but (batch, time) = (2, 3) is asked for: {words}."
        )
    assert "axis 1 has length 4, not 3." in said(np.zeros((2, 4)), np.zeros((2, 3)))


def test_a_named_wrong_answer_comes_before_type_and_shape():
    want = np.array([[1.0, 2.0]])
    advice = {"sum, not mean.": np.array([3.0]), "as text.": "1 2", "it overflows.": np.nan}
    assert "sum, not mean. (Your answer: [3.])" in said(np.array([3.0]), want, wrong=advice)
    assert "as text." in said("1 2", want, wrong=advice)
    assert "it overflows." in said(math.nan, want, wrong=advice)
    assert "has shape (1,)" in said(np.array([4.0]), want, wrong=advice)


def test_a_named_wrong_answer_may_be_written_as_a_whole_number():
    assert "bits" in said(3.0000000001, 2.0794, wrong={"bits": 3})
    assert "swapped" in said(
        np.array([1.0, 2.0]), np.array([2.0, 1.0]), wrong={"swapped": np.array([1, 2])}
    )


def test_a_named_wrong_answer_that_is_right_here_is_passed_over():
    assert said(2.0, 2.0, wrong={"never say this": 2.0}) is None
    assert "never" not in said(3.0, 2.0, wrong={"never say this": 2.0})


@pytest.mark.parametrize(
    ("got", "want"),
    [
        (1.5, 7654.25),
        (15, 7654),
        ("no", "7654"),
        (np.array([1.5]), np.array([7654.25])),
        ([1], [7654]),
        ({"a": 1}, {"7654": 1}),
        ({1}, {7654}),
        ({"a": 1}, {"a": 7654}),
        (pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [7654]})),
    ],
)
def test_hidden_checks_never_hold_the_right_value(got, want):
    assert "7654" in said(got, want)
    hidden = said(got, want, reveal=False, wrong={"some advice": "something else"})
    assert hidden
    assert "7654" not in hidden


def test_messages_stay_short():
    fault = said(list(range(10_000)), [1.5], wrong={"advice": list(range(10_000))})
    assert len(fault) < 200
    assert "\n" not in said(np.zeros((9, 9)), 1.0, wrong={"advice": np.zeros((9, 9))})


def test_inputs_are_left_as_they_are():
    got, want = np.array([1.0, 2.0]), np.array([1.0, 3.0])
    said(got, want, wrong={"x": want})
    assert got.tolist() == [1.0, 2.0]
    assert want.tolist() == [1.0, 3.0]


def test_tensors_are_read_without_importing_torch_in_checks():
    torch = pytest.importorskip("torch")
    want = torch.tensor([1.0, 2.0])
    assert said(torch.tensor([1.0, 2.0], requires_grad=True), want) is None
    assert said(want.bfloat16(), want) is None
    assert said(torch.tensor(2.0), 2.0) is None
    assert said(torch.tensor(True), True) is None
    assert "a torch tensor is asked for" in said(want.numpy(), want)
    assert "is a torch tensor of shape (2,), but one number, without axes, is" in said(want, 2.0)
    assert "is 2.0, but a torch tensor of shape (2,) is asked" in said(torch.tensor(2.0), want)
    assert "has shape (1, 2)" in said(want[None], want)
    assert "at [0] is 2, but 1 is right" in said(want.flip(0), want)


def test_checks_import_nothing_but_numpy():
    import subprocess
    import sys

    code = "import sys, course.checks; print({'torch', 'pandas'} & set(sys.modules) or 'light')"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "light"
    assert out.stderr == ""


def test_parts_returns_the_values_or_says_which_are_asked_for():
    assert parts(("a", 1), "f", "x", "y") == ("a", 1)
    assert parts([1, 2], "f", "x", "y") == (1, 2)
    for got, message in [
        (None, "f: the answer is None. Did you forget `return`? 2 values are asked for"),
        (1.5, "f: the answer is 1.5; 2 values are asked for: `return x, y`."),
        ((1, 2, 3), "f: the answer has length 3; 2 values are asked for"),
        (np.zeros(2), "f: the answer is a numpy array of shape (2,); 2 values are asked for"),
    ]:
        with pytest.raises(AssertionError) as fault:
            parts(got, "f", "x", "y")
        assert message in str(fault.value)


def test_ask_keeps_the_arguments():
    def spoils(numbers, table, *, row):
        numbers.clear()
        table["a"].append(3)
        row[0] = 9
        return len(table["a"])

    numbers, table, row = [1, 2], {"a": [1]}, np.zeros(2)
    assert ask(spoils, numbers, table, row=row) == 2
    assert (numbers, table, row.tolist()) == ([1, 2], {"a": [1]}, [0.0, 0.0])


def loss_of(better, worse):
    return -torch.nn.functional.logsigmoid(better - worse).mean()


CUT = {
    "detached": (lambda b, w: loss_of(b, w).detach(), "the way back is cut"),
    "through numpy": (lambda b, w: torch.tensor(loss_of(b, w).detach().numpy()), "is cut"),
    "without grad": (torch.no_grad()(loss_of), "the way back is cut"),
    "a number": (lambda b, w: loss_of(b, w).item(), "a torch tensor is asked for"),
    "one side": (lambda b, w: loss_of(b, w.detach()), "for `w` at [0] no gradient comes"),
    "twice": (lambda b, w: loss_of(b, w) + b.sum() - b.sum().detach(), "a small step there shows"),
    "nan": (lambda b, w: loss_of(b, w) + 0 * (b - b.detach()).abs().sqrt().sum(), "is nan"),
}


@pytest.mark.parametrize("name", CUT)
def test_a_gradient_that_is_cut_or_wrong_is_said(name):
    function, message = CUT[name]
    with pytest.raises(AssertionError) as fault:
        expect_gradient(function, (torch.tensor([1.0, -2.0]), torch.zeros(2)), "f", wrt=(0, 1))
    assert message in str(fault.value)
    assert str(fault.value).startswith("f: ")


def test_a_gradient_is_said_by_the_name_of_its_argument():
    def message(function, **options):
        with pytest.raises(AssertionError) as fault:
            expect_gradient(function, (torch.ones(2), torch.ones(2)), "f", wrt=(0, 1), **options)
        return str(fault.value)

    end = " at [0] no gradient comes back, though the answer depends on it. Is a part detached?"
    cut = CUT["one side"][0]
    assert message(cut) == f"f: for `w`{end}"
    assert message(cut, names=("better", "worse")) == f"f: for `worse`{end}"
    assert message(lambda *both: cut(*both)) == f"f: for argument 2{end}"


def test_right_gradients_pass_in_all_forms():
    one, two = torch.tensor([[1.0, -2.0]]), torch.tensor([[0.5, 0.0]])

    def in_place(b, w):
        b -= w
        return -torch.nn.functional.logsigmoid(b).mean()

    for function in (loss_of, in_place):
        expect_gradient(function, (one, two), "f", wrt=(0, 1))
        expect_gradient(function, (one.double(), two.double()), "f", wrt=(1,))
    expect_gradient(lambda x: x**2, (torch.tensor([[1.0, 3.0], [0.0, -2.0]]),), "f")
    expect_gradient(lambda x: (0, (x**2).sum()), (torch.tensor([1.0]),), "f", part=1)
    expect_gradient(lambda x: x, (torch.tensor(1.0),), "f")
    assert (one.tolist(), one.requires_grad) == ([[1.0, -2.0]], False)


def gradient_checks():
    """Yield each call of expect_gradient in the lessons, with the parameters of its function."""
    for path in sorted(SOURCE.glob("0*/0*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        nodes = [node for source in code for node in ast.walk(ast.parse(source))]
        defined = {
            node.name: [one.arg for one in node.args.args]
            for node in nodes
            if isinstance(node, ast.FunctionDef)
        }
        for node in nodes:
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "expect_gradient":
                yield {one.arg: one.value for one in node.keywords}, defined[node.args[0].id]


@pytest.mark.skipif(not SOURCE.exists(), reason="a student's copy has no source/")
def test_the_lessons_call_what_is_trained_by_its_name():
    calls = list(gradient_checks())
    assert len(calls) >= 15
    for given, parameters in calls:
        places = ast.literal_eval(given["wrt"]) if "wrt" in given else (0,)
        assert list(ast.literal_eval(given["names"])) == [parameters[i] for i in places]
