"""Rollouts: which place speaks of which token, and what the other models say of the answers."""

import pytest
import torch

from course.lm import arithmetic, evals, forward, model
from course.lm import tokenizer as tok
from course.stages import reward, rollout
from course.world import demonstrate

END, PAD = 0, 1
PROMPTS = [[5, 6, 7], [5, 8]]
RESPONSES = [[11, 12, END], [13]]
LOGPROBS = [[-0.1, -0.2, -0.3], [-0.5]]


def token_logprobs(logits, tokens):
    return logits.log_softmax(-1).gather(-1, tokens[..., None])[..., 0]


@pytest.fixture(scope="module")
def tokenizer():
    return tok.load()


@pytest.fixture(scope="module")
def policy():
    return model.load("mini-ada")[0]


@pytest.fixture(scope="module")
def written(tokenizer, policy):
    """Return a rollout of a real model, computed in float32."""
    prompts = evals.base_prompts(tokenizer, list(demonstrate.requests(12, "train", 3)))
    return rollout.rollout(
        policy, forward.weights(policy), prompts, [3, 1, 7, 7], end=tokenizer.eos_token_id,
        pad=tokenizer.pad_token_id, new_tokens=20, seed=4,
    )  # fmt: skip


def test_a_place_speaks_of_the_next_token():
    batch = rollout.laid_out([4, 9], PROMPTS, RESPONSES, LOGPROBS, PAD)
    assert batch.requests == (4, 9)
    assert batch.responses == ((11, 12, END), (13,))
    assert batch.tokens[:, :6].tolist() == [[5, 6, 7, 11, 12, END], [5, 8, 13, PAD, PAD, PAD]]
    assert batch.mask[:, :6].tolist() == [[0, 0, 1, 1, 1, 0], [0, 1, 0, 0, 0, 0]]
    time = batch.tokens.shape[1] - 1
    assert batch.mask.shape == batch.logprobs.shape == (2, time)
    for row, response in enumerate(RESPONSES):
        at = batch.mask[row].nonzero()[:, 0]
        assert batch.tokens[row, at + 1].tolist() == response
        assert batch.logprobs[row, at].tolist() == pytest.approx(LOGPROBS[row])
    assert (batch.logprobs * (1 - batch.mask) == 0).all()
    assert rollout.ends(batch.mask) == [4, 1]


def test_taken_answers_are_as_wide_as_they_need_to_be():
    long = [[5] * 30, *PROMPTS]
    batch = rollout.laid_out([0, 1, 2], long, [[9], *RESPONSES], [[-1.0], *LOGPROBS], PAD)
    assert batch.tokens.shape == (3, 32)
    taken = batch.take([2, 1])
    assert taken.requests == (2, 1)
    assert taken.responses == ((13,), (11, 12, END))
    assert taken.tokens.shape == (2, 8), "a multiple of `batching.WIDTH`"
    assert taken.mask.shape == taken.logprobs.shape == (2, 7)
    assert torch.equal(taken.mask, batch.mask[[2, 1], :7])
    assert taken.values is None


def test_the_policy_itself_finds_its_tokens_as_likely_as_it_drew_them(written, policy):
    w = forward.weights(policy)
    again = rollout.response_logprobs(w, written.tokens, written.mask, token_logprobs)
    torch.testing.assert_close(again, written.logprobs, rtol=0, atol=1e-3)
    assert (again[written.mask == 0] == 0).all()
    assert written.requests == (3, 1, 7, 7)
    assert written.responses[2] != written.responses[3], "the same request is answered anew"


def test_what_the_other_models_say_is_said_of_the_same_answers(written, policy, tokenizer):
    judge = reward.new(policy, tokenizer, seed=1)
    reference, critic = forward.weights(model.new(model.SIZES["mini-ada"])), forward.weights(judge)
    found = rollout.evaluate_rollout(written, judge, reference, critic, token_logprobs)
    rows = [row[: row.index(PAD)] if PAD in row else row for row in written.tokens.tolist()]
    torch.testing.assert_close(found.scores, reward.score(judge, rows, arithmetic.dtype()))
    right = rollout.response_logprobs(reference, written.tokens, written.mask, token_logprobs)
    torch.testing.assert_close(found.ref_logprobs, right, rtol=0, atol=1e-3)
    for i, row in enumerate(rows):
        values = rollout.token_values(critic, torch.tensor([row]))[0]
        torch.testing.assert_close(found.values[i, : len(values)], values, rtol=0, atol=1e-3)
    assert written.scores is None, "the rollout itself is as it was"


def test_a_method_without_a_value_model_needs_none(written, policy, tokenizer):
    judge, w = reward.new(policy, tokenizer, seed=1), forward.weights(policy)
    found = rollout.evaluate_rollout(written, judge, w, None, token_logprobs)
    assert found.values is None
    assert found.ref_logprobs.shape == written.logprobs.shape
