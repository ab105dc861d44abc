"""Threads that share a batch: what they return, and that the caller keeps its own settings."""

import subprocess
import sys
import time

import pytest
import torch

from course.lm import threads


def test_answers_come_in_order_and_each_thread_has_one_core():
    def each(a, b):
        time.sleep(0.02 * (3 - a))
        return a + b, torch.get_num_threads()

    assert threads.together(each, [0, 1, 2], [10, 20, 30]) == [(10, 1), (21, 1), (32, 1)]


@pytest.mark.parametrize("count", [1, 2])
def test_the_callers_thread_count_is_as_it_was(count):
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        threads.together(lambda _: torch.ones(300, 300) @ torch.ones(300, 300), range(4))
        assert torch.get_num_threads() == count
        with threads.one_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == count
    finally:
        torch.set_num_threads(before)


def test_the_first_call_of_a_process_leaves_its_threads_alone():
    """PyTorch asks for the number of threads when it first needs it: the pool's mustn't be it."""
    code = (
        "from course.lm import threads; threads.together(str, [1, 2]); import torch; "
        "print(torch.get_num_threads())"
    )
    plain = "import torch; print(torch.get_num_threads())"
    found = [
        subprocess.run([sys.executable, "-c", each], capture_output=True, text=True, check=True)
        for each in (code, plain)
    ]
    assert found[0].stdout == found[1].stdout


def test_after_an_error_nothing_goes_on_in_the_background():
    done = []

    def each(number):
        if number == 0:
            raise ValueError("no such row")
        time.sleep(0.2)
        done.append(number)

    with pytest.raises(ValueError, match="no such row"):
        threads.together(each, range(20))
    so_far = list(done)
    time.sleep(0.5)
    assert done == so_far
    assert len(done) < 4


def test_the_allocator_keeps_memory_only_meanwhile(monkeypatch):
    settings = {}
    monkeypatch.setattr(threads, "_glibc", lambda name: settings.__setitem__)
    meanwhile = threads.together(lambda _: dict(settings), [0])[0]
    assert meanwhile[threads.TRIM_THRESHOLD] == threads.KEPT
    assert settings[threads.TRIM_THRESHOLD] == threads.USUAL_TRIM < threads.KEPT
    monkeypatch.setattr(threads, "_glibc", lambda name: None)  # as on Windows and macOS
    assert threads.together(str, [7]) == ["7"]


def test_what_nobody_uses_is_handed_back_where_that_is_asked_for(monkeypatch):
    asked = []
    monkeypatch.setattr(threads, "_glibc", lambda name: asked.append)
    threads.hand_back()
    assert asked == [0]
    monkeypatch.setattr(threads, "_glibc", lambda name: None)  # as on Windows and macOS
    threads.hand_back()


def test_values_of_rows_come_in_the_rows_order_without_gradients():
    lengths = [5, 1, 9, 3, 7]
    weight = torch.ones(1, requires_grad=True)
    seen = []

    def each(some):
        seen.append(some)
        return torch.tensor([float(lengths[i]) for i in some]) * weight

    values = threads.over_rows(each, lengths, parts=2)
    assert values.tolist() == lengths
    assert not values.requires_grad
    assert sorted(i for some in seen for i in some) == list(range(5))
    assert all(len(some) <= 2 for some in seen)
    assert threads.over_rows(each, []).tolist() == []
