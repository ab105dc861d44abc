"""The number format: found by timing, overridden by the variable, noted where results are kept."""

import itertools
import json

import pytest
import torch
from typer.testing import CliRunner

from course import cli, records
from course.errors import CourseError
from course.lm import arithmetic, model, train
from course.lm import tokenizer as tok
from course.stages.stage import LINEAGE
from course.stages.store import Store


@pytest.fixture(autouse=True)
def found_anew(monkeypatch):
    """Let nothing be decided yet, and nothing be forced."""
    monkeypatch.delenv(arithmetic.VARIABLE, raising=False)
    arithmetic.has_bf16.cache_clear()
    yield
    arithmetic.has_bf16.cache_clear()


def timed(monkeypatch, seconds):
    """Let a product in each format take so long; return the list of those that were timed."""
    asked = []

    def taken(a, b):
        asked.append(a.dtype)
        return seconds[a.dtype].pop(0) if len(seconds[a.dtype]) > 1 else seconds[a.dtype][0]

    monkeypatch.setattr(arithmetic, "_seconds", taken)
    return asked


HARD, SOFT = (
    {torch.float32: [2.0], torch.bfloat16: [1.0]},
    {torch.float32: [2.0], torch.bfloat16: [9.0]},
)


@pytest.mark.parametrize(("seconds", "name"), [(HARD, "bf16"), (SOFT, "float32")])
def test_the_faster_format_is_taken_and_found_once(monkeypatch, seconds, name):
    asked = timed(monkeypatch, seconds)
    assert arithmetic.number_format() == name
    count = len(asked)
    assert arithmetic.dtype() == arithmetic.FORMATS[name]
    assert len(asked) == count
    assert arithmetic.processor().startswith("bf16" if name == "bf16" else "no bf16")


def test_a_busy_machine_does_not_decide(monkeypatch):
    # Most products were interrupted; the fastest of each format wasn't.
    timed(monkeypatch, {
        torch.float32: [2.0, 90.0, 2.0], torch.bfloat16: [80.0, 1.0, 70.0, 60.0]
    })  # fmt: skip
    assert arithmetic.has_bf16()


def test_a_slow_imitation_is_not_timed_for_long(monkeypatch):
    asked = timed(monkeypatch, SOFT)
    assert not arithmetic.has_bf16()
    assert len(asked) == 2 * arithmetic.FEWEST


def test_the_threads_of_the_caller_stay(monkeypatch):
    before = torch.get_num_threads()
    arithmetic.has_bf16()
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("name", ["float32", "bf16", " BF16 "])
def test_the_variable_decides(monkeypatch, name):
    monkeypatch.setenv(arithmetic.VARIABLE, name)
    monkeypatch.setattr(arithmetic, "_seconds", lambda *_: pytest.fail("nothing is to be timed"))
    assert arithmetic.number_format() == name.strip().lower()


def test_a_format_that_is_none_gets_one_sentence(monkeypatch):
    with pytest.raises(CourseError, match=r"no number format 'int8': choose float32 or bf16\.$"):
        arithmetic.force("int8")
    monkeypatch.setenv(arithmetic.VARIABLE, "half")
    with pytest.raises(CourseError, match=r"COURSE_FORMAT is 'half': set it to float32 or bf16"):
        arithmetic.dtype()
    for command in (["lineage", "--stage", "base"], ["bench", "pretrain"]):
        result = CliRunner().invoke(cli.app, [*command, "--format", "int8"])
        assert isinstance(result.exception, CourseError)


def test_forcing_holds_for_programs_that_are_started_too(monkeypatch):
    monkeypatch.setenv(arithmetic.VARIABLE, "bf16")
    arithmetic.force("float32")
    assert arithmetic.dtype() == torch.float32
    from course import shield

    assert shield.environment()[arithmetic.VARIABLE] == "float32"


@pytest.mark.parametrize("name", arithmetic.FORMATS)
def test_a_model_learns_in_either_format_and_stays_float32(monkeypatch, name):
    monkeypatch.setenv(arithmetic.VARIABLE, name)
    used = []
    mini = model.new(model.Size(1, 32), 1)
    inner = train.forward.hidden

    def hidden(w, *rest):
        used.append(w.wte.dtype)
        return inner(w, *rest)

    monkeypatch.setattr(train.forward, "hidden", hidden)
    rows = itertools.repeat(torch.randint(2, 12, (4, 161), generator=torch.manual_seed(1)))
    steps = list(train.pretrain(mini, rows, train.Recipe(tokens=4 * 160 * 30, batch=4), pad=1))
    assert set(used) == {arithmetic.FORMATS[name]}
    assert steps[-1].loss < steps[0].loss - 0.5
    assert next(mini.parameters()).dtype == torch.float32


def test_a_record_names_format_and_processor(monkeypatch, tmp_path):
    monkeypatch.setenv(arithmetic.VARIABLE, "float32")
    monkeypatch.setattr("course.stages.store.own_runs", lambda: tmp_path)
    monkeypatch.setattr("course.stages.store.paths.WORK", tmp_path)
    Store("quick", False, tok.load(), LINEAGE).write("something", {"loss": 1.0})
    record = json.loads((tmp_path / "something.json").read_text(encoding="utf-8"))
    assert record["format"] == "float32"
    assert record["processor"] in ("bf16 in hardware", "no bf16 in hardware")


def test_what_depends_on_the_processor_has_a_target_for_each_format():
    slow, fast = (records.targets("lineage base", name) for name in ("float32", "bf16"))
    assert slow["seconds"][1] > fast["seconds"][1]
    assert slow["ratio"] == fast["ratio"] == records.targets("lineage base")["ratio"]
    assert "seconds" not in records.targets("lineage base")
    between = (slow["seconds"][1] + fast["seconds"][1]) / 2
    assert records.meets("lineage base", {"seconds": between, "format": "float32"})["seconds"]
    assert not records.meets("lineage base", {"seconds": between, "format": "bf16"})["seconds"]
