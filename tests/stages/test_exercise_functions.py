"""The exercises that the training loops are made of: they work together, and are found and refused.

That each is right by itself is what `course verify` shows (see test_lessons).
"""

import json
import shutil

import numpy as np
import pytest
import torch

from course import paths
from course.grader import notebook
from course.stages import exercises
from course.stages.exercises import MissingExercise

SFT, FEEDBACK, PPO = "05_instruction_following", "06_human_feedback", "07_rlhf_ppo"
NAMES = {
    SFT: ("loss_mask", "sft_loss"),
    FEEDBACK: ("reward_loss",),
    PPO: ("token_logprobs", "kl_penalised_rewards", "gae", "ppo_loss", "value_loss"),
}
LESSONS = [pytest.param(lesson, id=lesson) for lesson in NAMES]
pytestmark = pytest.mark.skipif(not (paths.SOURCE / PPO).exists(), reason="source/ isn't shipped")


@pytest.fixture(scope="module")
def ours():
    found = {}
    for lesson, names in NAMES.items():
        loaded = exercises.load(lesson, *names)
        assert loaded.origin == "source"
        assert tuple(loaded) == names
        found |= loaded
    return found


def normal(seed, *shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


MASK = torch.tensor([[0, 1, 1, 1, 0, 0], [0, 0, 0, 1, 1, 1], [1, 1, 0, 0, 0, 0]])


def gradient(loss, parameter):
    (found,) = torch.autograd.grad(loss, parameter)
    return found


# --- gradients -----------------------------------------------------------------------------------


def test_sft_moves_only_the_guesses_of_the_answer_and_learns_it(ours):
    user, assistant, end = 1, 2, 3
    talk = [user, 5, 6, assistant, 7, 8, end, user, 9, assistant, 4, end]
    tokens = torch.tensor([talk])
    mask = torch.tensor([ours["loss_mask"](talk, assistant, end)])
    logits = normal(0, 1, len(talk), 10).requires_grad_()
    moved = gradient(ours["sft_loss"](logits, tokens, mask), logits).abs().sum(-1) > 0
    assert moved[0].tolist() == [*mask[0, 1:].bool().tolist(), False]
    for _ in range(200):
        loss = ours["sft_loss"](logits, tokens, mask)
        with torch.no_grad():
            logits -= 5 * gradient(loss, logits)
    assert ours["sft_loss"](logits, tokens, mask) < 0.05
    written = logits.argmax(-1)[0, :-1][mask[0, 1:].bool()].tolist()
    assert written == [7, 8, end, 4, end]


def test_reward_loss_learns_the_ranking(ours):
    rewards = torch.zeros(2, 4, requires_grad=True)
    order = torch.tensor([[2, 0, 3, 1], [1, 3, 0, 2]])
    for _ in range(100):
        loss = ours["reward_loss"](rewards, order)
        with torch.no_grad():
            rewards -= gradient(loss, rewards)
    assert torch.equal(rewards.argsort(1, descending=True), order)
    slope = gradient(ours["reward_loss"](rewards, order), rewards)
    assert torch.allclose(slope.sum(1), torch.zeros(2), atol=1e-6)  # only differences count


def test_ppo_at_ratio_one_is_the_policy_gradient(ours):
    logits = normal(1, 3, 6, 5).double().requires_grad_()
    tokens, advantages = normal(2, 3, 6, 5).argmax(-1), normal(3, 3, 6).double()
    old = ours["token_logprobs"](logits, tokens).detach()
    loss = ours["ppo_loss"](ours["token_logprobs"](logits, tokens), old, advantages, MASK, 0.2)
    inside = MASK.bool()
    log_p = torch.log_softmax(logits, -1).gather(-1, tokens[..., None])[..., 0]
    reinforce = -(advantages * log_p)[inside].mean()
    assert torch.allclose(gradient(loss, logits), gradient(reinforce, logits))


def test_ppo_stops_where_the_ratio_leaves_its_border(ours):
    ratio = torch.tensor([[1.5, 0.5, 1.5, 0.5]])
    advantages, mask = torch.tensor([[1.0, -1.0, -1.0, 1.0]]), torch.ones(1, 4, dtype=torch.int64)
    old = torch.full((1, 4), -3.0)
    new = (old + ratio.log()).requires_grad_()
    slope = gradient(ours["ppo_loss"](new, old, advantages, mask, 0.2), new)
    assert (slope != 0).tolist() == [[False, False, True, True]]


def test_padding_that_overflows_spoils_no_gradient(ours):
    new = (torch.full((3, 6), 200.0) * (1 - MASK)).requires_grad_()
    loss = ours["ppo_loss"](new, torch.zeros(3, 6), torch.ones(3, 6), MASK, 0.2)
    assert torch.isfinite(gradient(loss, new)).all()


def test_value_loss_pulls_towards_the_returns_inside_the_mask(ours):
    values, returns = torch.zeros(3, 6, requires_grad=True), normal(4, 3, 6)
    slope = gradient(ours["value_loss"](values, values.detach(), returns, MASK, 0.2), values)
    inside = MASK.bool()
    assert torch.allclose(slope, -(returns * MASK) / inside.sum(), atol=1e-6)


# --- advantages ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rollout():
    rng = np.random.default_rng(5)
    return *rng.normal(size=(2, 3, 6)), MASK.numpy()


def test_gae_with_lambda_1_is_what_really_came_minus_the_value(ours, rollout):
    rewards, values, mask = rollout
    advantages, returns = ours["gae"](rewards, values, mask, 1.0)
    later = np.cumsum((rewards * mask)[:, ::-1], axis=1)[:, ::-1] * mask
    assert np.allclose(returns, later)
    assert np.allclose(advantages, (returns - values) * mask)


def test_gae_with_lambda_0_is_the_surprise_of_one_step(ours, rollout):
    rewards, values, mask = rollout
    advantages, _ = ours["gae"](rewards, values, mask, 0.0)
    after = np.pad(values * mask, ((0, 0), (0, 1)))[:, 1:]
    assert np.allclose(advantages, (rewards + after - values) * mask)


def test_gae_does_not_care_where_an_answer_stands_in_its_row(ours, rollout):
    rewards, values, mask = rollout
    advantages, returns = ours["gae"](rewards, values, mask, 0.9)
    rolled = [np.roll(x[:1], 2, axis=1) for x in (rewards, values, mask)]
    moved = ours["gae"](*rolled, 0.9)
    assert np.allclose(moved[0], np.roll(advantages[:1], 2, axis=1))
    assert np.allclose(moved[1], np.roll(returns[:1], 2, axis=1))


def test_a_policy_like_its_reference_gets_its_score_alone(ours):
    score, logprobs = np.array([1.0, -2.0, 0.5]), -np.ones((3, 6))
    rewards = ours["kl_penalised_rewards"](score, logprobs, logprobs, MASK.numpy(), 0.3)
    assert np.array_equal(rewards.sum(1), score)
    assert np.count_nonzero(rewards) == 3


def test_all_of_ppo_together_solve_a_toy(ours):
    """Three prompts, answers of two tokens; the score is 1 for the token 4 in the last place."""
    generator = torch.Generator().manual_seed(0)
    policy, value = torch.zeros(3, 2, 6, requires_grad=True), torch.zeros(3, 2, requires_grad=True)
    reference = policy.detach().clone()
    mask = torch.ones(48, 2, dtype=torch.int64)
    prompts = torch.arange(48) % 3
    optimizer = torch.optim.Adam([policy, value], lr=0.1)
    for _ in range(40):
        with torch.no_grad():
            p = policy[prompts].softmax(-1)
            drawn = torch.multinomial(p.flatten(0, 1), 1, generator=generator).view(48, 2)
            old = ours["token_logprobs"](policy[prompts], drawn)
            base = ours["token_logprobs"](reference[prompts], drawn)
            guess = value[prompts].clone()
        score = (drawn[:, 1] == 4).double().numpy()
        rewards = ours["kl_penalised_rewards"](score, old.numpy(), base.numpy(), mask.numpy(), 0.02)
        found = ours["gae"](rewards, guess.numpy(), mask.numpy(), 0.95)
        advantages, returns = (torch.tensor(x, dtype=torch.float32) for x in found)
        for _ in range(2):
            new = ours["token_logprobs"](policy[prompts], drawn)
            loss = ours["ppo_loss"](new, old, advantages, mask, 0.2)
            loss = loss + ours["value_loss"](value[prompts], guess, returns, mask, 0.2)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert policy.softmax(-1)[:, 1, 4].min() > 0.8
    assert value.min() > 0.5


# --- the loader ----------------------------------------------------------------------------------


def answered(path, change):
    """Change the source of cells: `change` maps (kind, exercise) to a function of the source."""
    content = notebook.read(path)
    for raw, cell in zip(content["cells"], notebook.cells(content), strict=True):
        for key in ((cell.kind, cell.exercise), (cell.kind, "")):
            if key in change:
                raw["source"] = change[key](cell.source)
                break
    path.write_text(json.dumps(content), encoding="utf-8")


@pytest.fixture
def pack(tmp_path):
    """Make a student pack: no answers and hidden checks in release/, all right answers in work/."""
    for folder in ("release", "work"):
        for lesson in NAMES:
            shutil.copytree(paths.SOURCE / lesson, tmp_path / folder / lesson)
            change = {("grade", ""): notebook.visible}
            if folder == "release":
                change["solution", ""] = notebook.stub
            answered(notebook.path_of(lesson, tmp_path / folder), change)
    return tmp_path


@pytest.mark.parametrize("gradients", [True, False])
@pytest.mark.parametrize("lesson", LESSONS)
def test_right_answers_of_a_learner_are_taken(pack, lesson, gradients, ours):
    with torch.set_grad_enabled(gradients):  # whoever loads them may only want to compute
        loaded = exercises.load(lesson, *NAMES[lesson], root=pack)
    assert loaded.origin == "work"
    assert tuple(loaded) == NAMES[lesson]
    if lesson == PPO:
        x, tokens = normal(6, 2, 3, 4), torch.tensor([[0, 1, 2], [3, 0, 1]])
        same = loaded["token_logprobs"](x, tokens), ours["token_logprobs"](x, tokens)
        assert torch.equal(*same)


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_without_answers_is_refused_in_one_sentence(pack, lesson):
    path = notebook.path_of(lesson, pack / "work")
    shutil.copy(notebook.path_of(lesson, pack / "release"), path)
    with pytest.raises(MissingExercise, match=rf"^\w+ of work/{lesson} isn't answered yet\.$"):
        exercises.load(lesson, *NAMES[lesson], root=pack)


BODY = "def reward_loss(rewards, order):\n    ranked = rewards.gather(1, order)\n"
PAIRS = (
    "    i, j = torch.triu_indices(ranked.shape[1], ranked.shape[1], offset=1)\n"
    "    loss = -F.logsigmoid(ranked[:, i] - ranked[:, j]).mean()\n"
)
REFUSED = {
    "wrong": (
        BODY + "    return -F.logsigmoid(ranked[:, :1] - ranked[:, 1:]).mean()",
        "only the best",
    ),
    "detached": (BODY + PAIRS + "    return loss.detach()", "cuts the way back"),
    "rebuilt": (BODY + PAIRS + "    return torch.tensor(loss.item())", "cuts the way back"),
    "a number": (BODY + PAIRS + "    return loss.item()", "no torch tensor"),
    "numpy": (BODY + PAIRS + "    return loss.numpy()", "RuntimeError"),
    "another name": ("def loss(rewards, order):\n    return 0", "no function reward_loss"),
    "broken": ("def reward_loss(:", "SyntaxError"),
    "crash": (BODY + "    return ranked[99]", "IndexError"),
    "exit": (BODY + "    raise SystemExit", "SystemExit"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_answer_is_refused_with_its_reason(pack, name):
    code, says = REFUSED[name]
    path = notebook.path_of(FEEDBACK, pack / "work")
    answered(path, {("solution", "reward_loss"): lambda source: code})
    with pytest.raises(MissingExercise, match=says) as error:
        exercises.load(FEEDBACK, "reward_loss", root=pack)
    assert "\n" not in str(error.value)


def test_edited_checks_help_nobody(pack):
    path = notebook.path_of(FEEDBACK, pack / "work")
    change = {
        ("grade", "reward_loss"): lambda source: "",
        ("solution", "reward_loss"): lambda source: BODY + "    return ranked.mean()",
    }
    answered(path, change)
    with pytest.raises(MissingExercise, match="doesn't pass"):
        exercises.load(FEEDBACK, "reward_loss", root=pack)


def test_helpers_are_taken_and_other_cells_are_not_run(pack):
    extra = (
        "from course import show",
        "raise RuntimeError('a demo ran')",
        "def mean_of(x):\n    return x.mean()",
    )
    answer = BODY + PAIRS.replace(".mean()", "") + "    return mean_of(loss)"
    change = {
        ("code", ""): lambda source: "\n".join([source, *extra]),
        ("solution", "reward_loss"): lambda source: answer,
    }
    answered(notebook.path_of(FEEDBACK, pack / "work"), change)
    loaded = exercises.load(FEEDBACK, "reward_loss", root=pack)
    assert loaded.origin == "work"
    own = loaded["reward_loss"].args[0]  # it is called with copies of its arguments
    assert "show" not in own.__globals__


def test_what_an_answer_does_to_its_arguments_costs_nothing(pack):
    own = BODY.replace("(1, order)", "(1, order.clone())") + PAIRS
    own += "    order.zero_()\n    return loss"
    path = notebook.path_of(FEEDBACK, pack / "work")
    answered(path, {("solution", "reward_loss"): lambda source: own})
    loaded = exercises.load(FEEDBACK, "reward_loss", root=pack)
    rewards, order = torch.tensor([[1.0, 2.0]], requires_grad=True), torch.tensor([[1, 0]])
    loaded["reward_loss"](rewards, order).backward()
    assert order.tolist() == [[1, 0]]
    assert rewards.grad.abs().sum() > 0, "copies keep the graph that they come from"


def test_our_own_answers_come_first(pack, ours):
    shutil.copytree(paths.SOURCE / FEEDBACK, pack / "source" / FEEDBACK)
    assert exercises.load(FEEDBACK, "reward_loss", root=pack).origin == "source"


def test_a_lesson_that_is_missing_or_damaged_gets_one_sentence(pack):
    with pytest.raises(MissingExercise, match="There is no notebook of lesson 08_chatgpt"):
        exercises.load("08_chatgpt", "anything", root=pack)
    notebook.path_of(FEEDBACK, pack / "work").write_text("{", encoding="utf-8")
    with pytest.raises(MissingExercise, match="is damaged"):
        exercises.load(FEEDBACK, "reward_loss", root=pack)
