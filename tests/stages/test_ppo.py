"""PPO's parts on known numbers, what one watches it by, and settings that trainings give back.

How PPO learns, and the stage, are tested in ``test_rlhf``.
"""

import math

import numpy as np
import pytest
import torch

from course.lm import data, evals, model, train
from course.lm import tokenizer as tok
from course.stages import code, dpo, exercises, freeze, ppo, reward, rollout, sft
from course.stages.context import rehearsed
from course.stages.stage import PPO, REWARD, SFT
from course.world import demonstrate, tasks


@pytest.fixture(scope="module")
def tokenizer():
    return tok.load()


def batch(logprobs, mask, **more):
    """Return a rollout of which only some tensors matter."""
    tensors = {key: torch.tensor(value) for key, value in more.items()}
    mask = torch.tensor(mask)
    empty = torch.zeros(len(mask), mask.shape[1] + 1, dtype=torch.long)
    return rollout.Rollout((), (), empty, mask, torch.tensor(logprobs), **tensors)


# Parts --------------------------------------------------------------------------------------------


def test_whitened_advantages_have_mean_0_and_deviation_1_over_the_answers_tokens():
    mask = torch.tensor([[0, 1, 1, 0], [0, 0, 1, 1]])
    advantages = torch.tensor([[9.0, 1.0, 2.0, -7.0], [9.0, 9.0, 3.0, 6.0]])
    white = ppo.whitened(advantages, mask)
    deviation = math.sqrt(((1 - 3) ** 2 + (2 - 3) ** 2 + 0 + (6 - 3) ** 2) / 3)
    right = [-2 / deviation, -1 / deviation, 0, 3 / deviation]
    assert white[mask.bool()].tolist() == pytest.approx(right, abs=1e-5)
    assert (white[mask == 0] == 0).all()


def test_explained_variance_on_known_numbers():
    returns = torch.tensor([1.0, 2.0, 3.0, 4.0])
    assert ppo.explained_variance(returns, returns) == 1
    assert ppo.explained_variance(returns + 5, returns) == 1, "a constant error is no variance"
    assert ppo.explained_variance(torch.full((4,), 2.5), returns) == pytest.approx(0)
    assert ppo.explained_variance(-returns, returns) == pytest.approx(-3)
    assert ppo.explained_variance(returns / 2, returns) == pytest.approx(0.75)
    assert math.isnan(ppo.explained_variance(returns, torch.ones(4)))


def test_clip_fraction_and_approximate_kl_on_known_numbers():
    ratios = [[1.0, 1.5, 1.5, 0.5], [0.5, 1.1, 0.9, 4.0]]
    advantages = [[1.0, 1.0, -1.0, 1.0], [-1.0, 1.0, -1.0, 1.0]]
    mask = [[1, 1, 1, 1], [1, 1, 1, 0]]
    old = torch.full((2, 4), -2.0)
    new = old + torch.tensor(ratios).log()
    found = ppo.policy_change(new, batch(old.tolist(), mask, advantages=advantages), clip=0.2)
    # Up and better, down and worse: those two of seven tokens are beyond the clip.
    assert found["clip_fraction"].item() == pytest.approx(2 / 7)
    squares = [math.log(r) ** 2 for r in (1.0, 1.5, 1.5, 0.5, 0.5, 1.1, 0.9)]
    assert found["approx_kl"].item() == pytest.approx(0.5 * sum(squares) / 7, rel=1e-5)


def test_the_clip_fraction_is_where_the_lessons_loss_has_no_gradient():
    """The share of tokens that get no gradient of the clipped loss, by autograd."""
    draw = torch.Generator().manual_seed(0)
    old, advantages = (torch.randn(4, 9, generator=draw) for _ in range(2))
    new = (old + 0.4 * torch.randn(4, 9, generator=draw)).requires_grad_()
    mask = (torch.rand(4, 9, generator=draw) < 0.7).long()
    ratio = (new - old).exp()
    clipped = torch.minimum(ratio * advantages, ratio.clamp(0.8, 1.2) * advantages)
    (gradient,) = torch.autograd.grad((clipped * mask).sum(), new)
    silent = ((gradient == 0) & (mask == 1)).sum() / mask.sum()
    tried = batch(old.tolist(), mask.tolist(), advantages=advantages.tolist())
    found = ppo.policy_change(new.detach(), tried, clip=0.2)
    assert 0.1 < found["clip_fraction"].item() == pytest.approx(silent.item())


def test_entropy_is_how_unlikely_the_drawn_tokens_were():
    tried = batch(
        [[-1.0, -3.0, 0.0]], [[1, 1, 0]], values=[[1.0, 2.0, 0.0]], returns=[[1.0, 3.0, 0.0]]
    )
    found = ppo.rollout_metrics(tried)
    assert found["entropy"] == 2
    assert found["explained_variance"] == pytest.approx(1 - 0.5 / 2)


def test_rewards_become_advantages_by_the_functions_that_are_given():
    seen = {}

    def penalised(scores, logprobs, ref_logprobs, mask, beta):
        seen["penalised"] = (scores, logprobs, ref_logprobs, mask, beta)
        return mask * scores[:, None]

    def gae(rewards, values, mask, lam):
        seen["gae"] = (rewards, values, mask, lam)
        return (rewards - values) * mask, rewards

    numbers = {"ref_logprobs": [[-2.0, 0.0]], "values": [[0.5, 7.0]]}
    tried = batch([[-1.0, 0.0]], [[1, 0]], scores=[3.0], **numbers)
    tried = ppo.replace(tried, mask=torch.tensor([[1, 1]]))
    functions = ppo.Functions(None, penalised, gae, None, None)
    found = ppo.with_advantages(tried, functions, ppo.Recipe(kl_coef=0.2, lam=0.9))
    scores, logprobs, ref_logprobs, mask, beta = seen["penalised"]
    assert all(x.dtype == np.float64 for x in (scores, logprobs, ref_logprobs))
    assert (scores.tolist(), beta, mask.tolist()) == ([3.0], 0.2, [[1, 1]])
    assert (logprobs.tolist(), ref_logprobs.tolist()) == ([[-1.0, 0.0]], [[-2.0, 0.0]])
    assert seen["gae"][3] == 0.9
    assert found.rewards.tolist() == found.returns.tolist() == [[3.0, 3.0]]
    assert found.advantages.sum().item() == pytest.approx(0, abs=1e-6)
    assert found.advantages[0, 0] > 0 > found.advantages[0, 1]


def test_requests_come_in_a_circle_with_like_lengths_side_by_side():
    prompts = [[1] * n for n in (5, 2, 9, 1, 4)]
    first, second = (rollout.next_requests(prompts, iteration, 3) for iteration in (0, 1))
    assert first == [1, 0, 2]
    assert second == [3, 4, 0]


def test_shares_of_a_step_hold_every_answer_and_a_part_of_the_text():
    lengths = (3, 4, 5, 6, 7, 8, 9, 40)
    prompts = [[7] * n for n in lengths]
    tried = rollout.laid_out(range(8), prompts, [[9, 0]] * 8, [[-1.0, -1.0]] * 8, pad=1)
    parts = ppo.micro_batches(tried, [0, 2, 7, 1, 3, 4, 6, 5], None, None, torch.ones(4, 9), 2)
    assert sorted(i for part in parts for i in part.rollout.requests) == list(range(8))
    assert [len(part.text) for part in parts] == [2, 2]
    assert ppo.micro_batches(tried, [0, 1], None, None, None, 2)[0].text is None


# A run --------------------------------------------------------------------------------------------


def small(tokenizer, policy=None, **recipe):
    """Return the steps of a small run of PPO, and what it trains."""
    policy = policy or model.load("mini-ada")[0]
    examples = list(demonstrate.requests(64, "train", 1))
    steps = ppo.train(
        policy, model.load("mini-ada")[0], reward.new(policy, tokenizer, 1), tokenizer,
        evals.base_prompts(tokenizer, examples), **exercises.load(*PPO),
        recipe=ppo.Recipe(iterations=3, batch=32, minibatch=16, **recipe),
        web=rehearsed(tokenizer, 1, 4), new_tokens=12,
    )  # fmt: skip
    return steps, policy


def test_progress_has_what_one_watches_ppo_by(tokenizer):
    steps, _ = small(tokenizer)
    first, *_, last = steps
    for p in (first, last):
        assert set(p.metrics) == {
            "policy_loss", "value_loss", "web_loss", "entropy", "approx_kl", "clip_fraction",
            "explained_variance", "gradient_norm",
        }  # fmt: skip
        assert all(math.isfinite(value) for value in p.metrics.values())
        assert p.metrics["entropy"] > 0.5
        assert 0 <= p.metrics["clip_fraction"] < 1
        assert p.metrics["approx_kl"] > 0
        weighted = p.metrics["policy_loss"] + p.metrics["value_loss"] + 2 * p.metrics["web_loss"]
        assert p.loss == pytest.approx(weighted, rel=0.02)
    assert last.metrics["approx_kl"] != first.metrics["approx_kl"]


# Settings of the caller ---------------------------------------------------------------------------


def rankings(tokenizer, count=24):
    examples = list(demonstrate.requests(count, "train", 1, mix={"fact": 1.0}))
    found = []
    for example, prompt in zip(examples, evals.chat_prompts(tokenizer, examples), strict=True):
        texts = example.turns[0].answer, "No."
        rows = tuple((*prompt, *tokenizer(f" {text}")["input_ids"], 0) for text in texts)
        found.append(reward.Ranking(example, rows, (1.0, 0.0), (0, 1)))
    return found


def pretraining(mini, tokenizer):
    rows = data.batches(data.web_rows(tokenizer, 77), 4)
    return train.pretrain(mini, rows, train.Recipe(tokens=10**6, batch=4), tokenizer.pad_token_id)


def fine_tuning(mini, tokenizer):
    return sft.sft(
        mini, tokenizer, list(demonstrate.demonstrations(64, seed=1)),
        **exercises.load(*SFT),
        recipe=sft.Recipe(batch=8, freeze=freeze.PARTS, embedding_noise=0.5),
    )  # fmt: skip


def rewarding(mini, tokenizer):
    return reward.train(
        mini, rankings(tokenizer), **exercises.load(*REWARD),
        recipe=reward.Recipe(batch=4), frozen=freeze.Frozen(mini, tokenizer),
    )  # fmt: skip


def preferring(mini, tokenizer):
    learned = dpo.compared(mini, tokenizer, rankings(tokenizer))
    return dpo.train(
        mini, tokenizer, learned, recipe=dpo.Recipe(batch=4),
        dpo_loss=lambda a, b, c, d, beta: -torch.nn.functional.logsigmoid(a - b - c + d).mean(),
    )  # fmt: skip


def coding(mini, tokenizer):
    moved = code.trained(mini, "all")
    return code.tune_on(mini, tokenizer, tasks.tasks(96, "train", 1), moved, code.RATES["all"])


def rlhf(mini, tokenizer):
    return small(tokenizer, mini)[0]


TRAININGS = (pretraining, fine_tuning, rewarding, preferring, coding, rlhf)


@pytest.mark.parametrize("begin", TRAININGS, ids=lambda f: f.__name__)
def test_between_two_steps_the_caller_has_its_own_settings_and_may_leave(begin, tokenizer):
    mini = model.load("mini-ada")[0]
    if begin is rewarding:
        mini = reward.new(mini, tokenizer, seed=1)
    still = mini.transformer.ln_f.bias.requires_grad_(False)  # the caller froze one itself
    before = {name: p.requires_grad for name, p in mini.named_parameters()}
    kept, start = still.clone(), mini.transformer.wpe.weight.detach().clone()
    threads = torch.get_num_threads()

    def as_it_was(count):
        assert torch.get_num_threads() == count
        assert {name: p.requires_grad for name, p in mini.named_parameters()} == before
        assert not mini.get_input_embeddings().weight._backward_hooks

    steps = begin(mini, tokenizer)
    try:
        for count, _ in zip((2, 1, 2), range(2), strict=False):
            torch.set_num_threads(count)
            next(steps)
            as_it_was(count)
        steps.close()
        as_it_was(count)
    finally:
        torch.set_num_threads(threads)
    assert not mini.training
    assert torch.equal(still, kept)
    assert not torch.equal(start, mini.transformer.wpe.weight), "it has learned"
    assert all(p.isfinite().all() for p in mini.parameters())
    if begin is not rewarding:
        assert len(evals.answers(mini, tokenizer, [[0, 300]])) == 1
