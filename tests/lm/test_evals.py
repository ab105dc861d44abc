"""Answers drawn, closed and judged in one place."""

import pytest

from course.lm import evals, model
from course.world import demonstrate


@pytest.fixture(scope="module")
def tuned():
    return model.load("mini-sft")


def test_answers_come_with_their_tokens_and_the_labelers_judgement(tuned):
    mini, tokenizer = tuned
    examples = list(demonstrate.requests(6, "train", 3))
    done = evals.respond(mini, tokenizer, examples, times=2, seed=4)
    prompts = [p for p in evals.chat_prompts(tokenizer, examples) for _ in range(2)]
    assert done.texts == evals.answers(mini, tokenizer, prompts, temperature=1.0, seed=4)
    assert done.examples == [e for e in examples for _ in range(2)]
    assert len(set(done.texts)) > len(examples), "an answer anew each time"
    assert done.judgements == evals.judge(done.examples, done.texts)
    assert done.scores == [j.score for j in done.judgements]
    for row, start, prompt, text in zip(done.rows, done.starts, prompts, done.texts, strict=True):
        assert row[:start] == prompt
        written = tokenizer.decode(row[start:], skip_special_tokens=True).strip()
        assert written == text
        assert row[-1] == tokenizer.eos_token_id or len(row) - start == evals.NEW_TOKENS


def test_an_answer_has_its_end_only_if_it_came_to_one():
    assert evals.closed([5, 6], 0) == [5, 6, 0]
    assert evals.closed([5, 6], 0, most=2) == [5, 6]
    assert evals.closed([], 0) == [0]
