"""Whose functions run in a demo: the learner's, or what takes their place."""

import numpy as np
import pytest
import torch

from course.show import l01_loop, l03_lora, l06_loop, l07_loop, own


def double(x):
    return 2 * x


def half(x):
    return x / 2


def later(x):
    raise NotImplementedError


def nothing(x):
    pass


def broken(x):
    return x.size


def spoils(row):
    row.sort()
    return row[-1]


def test_a_function_is_used_if_it_is_right():
    names = {f.__name__: f for f in (double, half, later, nothing, broken)}
    found, why = own.function(names, "double", 6, 3)
    assert (found(4), why) == (8, "")
    said = {name: own.function(names, name, 6, 3) for name in ("half", "nothing", "broken")}
    assert all(found is None for found, _ in said.values())
    assert said["half"][1].startswith("Your half isn't right yet, so its part of this demo")
    assert "Did you forget `return`?" in said["nothing"][1]
    assert said["broken"][1] == (
        "Your broken stops with an error, so its part of this demo is left out. "
        "AttributeError: 'int' object has no attribute 'size'."
    )
    for name in ("later", "never"):
        assert own.function(names, name, 6, 3) == (
            None,
            f"{name} isn't answered yet, so its part of this demo is left out.",
        )


def test_a_function_gets_copies_on_each_call():
    found, why = own.function({"spoils": spoils}, "spoils", 3, [3, 1])
    assert why == ""
    for row in ([3, 1, 2], np.array([3, 1, 2])):
        assert found(row) == 3
        assert list(row) == [3, 1, 2]


def test_it_is_said_once_whose_functions_run(capsys):
    def trial(function):
        if function(3) != 6:
            raise AssertionError("It gives another number.")

    taken = own.take(
        own.Wanted("first", double, trial, half),
        own.Wanted("second", double, trial, half),
        own.Wanted("third", half, trial, double),
        own.Wanted("fourth", None, trial, double, "a simpler rule takes its place"),
    )
    assert [function(5) for function in taken] == [10] * 4
    assert taken[2:] == [double, double]
    assert capsys.readouterr().out == (
        "This runs with your own first and second. "
        "Your third isn't right yet, so the course's own does its work. It gives another number. "
        "fourth isn't answered yet, so a simpler rule takes its place.\n"
    )


def test_a_cell_that_calls_a_function_by_its_name_waits_for_an_answer(capsys):
    assert own.answered(double).double(3) == 6
    assert capsys.readouterr().out == ""
    assert own.answered(double, later) is None
    assert capsys.readouterr().out == "This cell runs with your own later: answer it first.\n"


@pytest.mark.parametrize("change", [None, "all"])
def test_every_lesson_hands_out_functions_that_may_change_their_arguments(monkeypatch, change):
    """An answer that spoils all that it gets gives the same values, and costs nobody anything."""

    def spoilt(function):
        def call(*arguments):
            got = function(*(a.clone() if hasattr(a, "clone") else a for a in arguments))
            for one in arguments if change else ():
                if isinstance(one, np.ndarray):
                    one[...] = 0
                elif isinstance(one, torch.Tensor):
                    one.detach().zero_()
            return got

        call.__name__ = getattr(function, "__name__", "")
        return call

    step = spoilt(lambda *a: l01_loop._bigram_step(*map(np.array, a[:3]), a[3]))
    step.__name__ = "train_step"
    monkeypatch.setattr(own, "say", lambda sentence: said.append(sentence))
    said = []
    taken = [
        (*l01_loop.own_or_ours(step), l01_loop.OURS["train_step"][1]),
        (
            own.take(own.Wanted("lora_forward", spoilt(l03_lora._lora), l03_lora._trial, half))[0],
            (torch.ones(2, 4), torch.ones(3, 4), torch.ones(2, 4), torch.ones(3, 2), 3.0),
        ),
        (own.answered(step).train_step, l01_loop.OURS["train_step"][1]),
        (
            l06_loop.own_functions({"reward_loss": spoilt(l06_loop.neighbours_only)}).reward_loss,
            (torch.tensor([[0.5, -1.0]]), torch.tensor([[0, 1]])),
        ),
        (
            l07_loop.own_functions({"gae": spoilt(l07_loop._whole_score)}).gae,
            (np.ones((1, 2)), np.ones((1, 2)), np.ones((1, 2), dtype=int), 0.9),
        ),
    ]
    assert all(text.startswith("This runs with your own") for text in said)
    for function, arguments in taken:
        before = [np.asarray(a).copy() for a in arguments]
        function(*arguments)
        after = [np.asarray(a) for a in arguments]
        assert all(map(np.array_equal, before, after))
