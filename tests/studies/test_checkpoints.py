"""The way from step 0 to chat: where it stops, and what is asked there."""

from types import SimpleNamespace

import pytest

from course.lm import evals, model, sample
from course.real.conversation import Chat
from course.stages.context import Run
from course.studies import l08_checkpoints as checkpoints


@pytest.fixture(scope="module")
def seen():
    return checkpoints.Measures(Run(), checkpoints.Plan(4, 4, 2, 100, 4))


@pytest.fixture
def looks(seen, monkeypatch):
    found = []
    monkeypatch.setattr(seen, "look", lambda part, step, of, mini: found.append((step, of, mini)))
    monkeypatch.setattr(seen, "run", SimpleNamespace(get=lambda name: f"the shipped {name}"))
    return found


def test_a_part_stops_where_it_says_and_ends_with_what_is_shipped(seen, looks):
    gone = []

    def steps():
        for step in range(1, 1_001):
            gone.append(step)
            yield SimpleNamespace(step=step, steps=1_000)

    part = checkpoints.Part("some", "", "", at=(2, 5), end="mini-sft")
    seen.watch(part, "in training", steps(), lambda p: (p.step, p.steps))
    last = (1_000, 1_000, "the shipped mini-sft")
    assert looks == [(2, 1_000, "in training"), (5, 1_000, "in training"), last]
    assert gone == [1, 2, 3, 4, 5]


def test_a_part_without_a_shipped_model_ends_with_its_last_stop(seen, looks):
    part = checkpoints.Part("some", "", "", at=(1,))
    steps = iter([SimpleNamespace(step=1, steps=3), SimpleNamespace(step=2, steps=3)])
    seen.watch(part, "in training", steps, lambda p: (p.step, p.steps))
    assert looks == [(1, 3, "in training")]


@pytest.mark.parametrize(("name", "bare"), [("mini-babbage", True), ("mini-chat", False)])
def test_the_answers_are_those_of_a_talk(name, bare):
    mini, tokenizer = model.load(name)
    found = checkpoints.answers(mini, tokenizer, bare)
    for turns, answers in zip(checkpoints.REQUESTS.values(), found, strict=True):
        if len(turns) > 1:
            talk = Chat(name, temperature=0, loaded=(mini, tokenizer))
            assert answers == [talk.say(turn) for turn in turns]
        assert len(answers) == len(turns)
    request = tokenizer("<|end|>Where does Rosa live?\n" if bare else
                        "<|user|> Where does Rosa live?<|assistant|>")["input_ids"]  # fmt: skip
    written = sample.generate(mini, [request], evals.NEW_TOKENS)
    assert found[0] == evals.texts(tokenizer, written)


@pytest.mark.slow
def test_what_is_measured_of_the_shipped_models_is_near_their_records(seen):
    for part, name in ((checkpoints.PARTS[0], "mini-babbage"), (checkpoints.PARTS[4], "mini-chat")):
        seen.look(part, 1, 1, seen.run.get(name))
    base, chat = (point["figures"] for point in seen.points)
    assert base["recall"] == chat["recall"] == 1
    assert abs(base["loss"] - seen.entropy) < 0.15
    assert base["following"] == 0
    assert chat["refusal"] == 1
    assert "dialogue" in chat
    assert "dialogue" not in base
