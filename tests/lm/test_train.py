"""The trainer: what a step returns, and what it does to parameters that it may not touch."""

import math

import pytest
import torch

from course.lm import optim, train


def squares(micro_batch):
    """Return the mean squared distance of a weight from each number, with two metrics."""
    weight, numbers, more = micro_batch
    loss = (weight - numbers).square().mean()
    return loss, {"mean": numbers.mean(), "count": len(numbers)} | more


def trainer(weight, lr=0.1, **options):
    return train.Trainer(squares, [[weight]], [optim.adamw([weight], lr)], **options)


def parts(weight, *extra):
    numbers = torch.tensor([1.0, 2.0, 6.0]), torch.tensor([4.0])
    return [(weight, n, e) for n, e in zip(numbers, extra or ({}, {}), strict=True)]


@pytest.mark.parametrize("learners", [1, 2, 3])
def test_loss_and_metrics_are_means_by_weight_whoever_computes_them(learners):
    weight = torch.nn.Parameter(torch.zeros(()))
    loss, metrics = trainer(weight, learners=learners).step(parts(weight), [3, 1], 1.0)
    assert loss == pytest.approx((1 + 4 + 36 + 16) / 4)
    assert metrics["mean"] == pytest.approx(13 / 4)
    assert metrics["count"] == pytest.approx((3 * 3 + 1 * 1) / 4)
    assert metrics["gradient_norm"] == pytest.approx(2 * 13 / 4, rel=1e-5)
    assert all(isinstance(value, float) for value in metrics.values())
    assert weight.item() == pytest.approx(0.1, rel=1e-3)  # Adam's first step is the rate itself


def test_a_metric_of_some_micro_batches_is_the_mean_over_those():
    weight = torch.nn.Parameter(torch.zeros(()))
    _, metrics = trainer(weight).step(parts(weight, {"web_loss": 2.5}, {}), [3, 1], 1.0)
    assert metrics["web_loss"] == 2.5


def test_means_of_metrics_by_hand():
    metrics = [{"a": 1.0}, {"a": 4.0, "b": 1.0}, {"b": 3.0}]
    assert train.mean_metrics(metrics, [1, 2, 6]) == {"a": 3.0, "b": 2.5}
    assert train.mean_metrics([], []) == {}


def test_the_rate_is_a_part_of_each_optimizers_height():
    one, other = (torch.nn.Parameter(torch.zeros(())) for _ in range(2))
    optimizers = [optim.adamw([one], 0.1), optim.adamw([other], 0.4)]
    both = train.Trainer(
        lambda n: ((one - n).square() + (other - n).square(), {}), [[one], [other]], optimizers
    )
    both.step([torch.tensor(1.0)], [1], 0.5)
    assert (one.item(), other.item()) == pytest.approx((0.05, 0.2), rel=1e-3)


def test_each_models_gradient_is_clipped_by_itself():
    one, other = (torch.nn.Parameter(torch.zeros(2)) for _ in range(2))
    both = train.Trainer(
        lambda n: ((one * 30 * n).sum() + (other * 0.1 * n).sum(), {}), [[one], [other]], []
    )
    _, metrics = both.step([torch.tensor(1.0)], [1], 1.0)
    assert one.grad.norm().item() == pytest.approx(train.CLIP, rel=1e-4)
    assert other.grad.tolist() == pytest.approx([0.1, 0.1])
    assert metrics["gradient_norm"] == pytest.approx(math.hypot(30, 30, 0.1, 0.1), rel=1e-5)


def test_what_needs_no_gradient_stays_as_it_is():
    weight, still = (torch.nn.Parameter(torch.ones(())) for _ in range(2))
    still.requires_grad_(False)
    both = train.Trainer(
        lambda n: ((weight * still - n).square(), {}), [[weight, still]], [optim.adamw([weight], 1)]
    )
    both.step([torch.tensor(3.0)], [1], 1.0)
    assert still.item() == 1
    assert still.grad is None
    assert weight.item() != 1


def test_schedules_at_known_steps():
    assert optim.cosine(0, 0.0) == pytest.approx(1 / optim.WARM_UP)
    assert optim.cosine(100, 0.0) == 1
    assert optim.cosine(100, 0.5) == pytest.approx((1 + optim.FLOOR) / 2)
    assert optim.cosine(100, 1.0) == pytest.approx(optim.FLOOR)
    assert optim.linear(0, 100, warm_up=5) == pytest.approx(0.2)
    assert optim.linear(50, 100, warm_up=5) == pytest.approx(0.55)
    assert optim.linear(100, 100, warm_up=5) == pytest.approx(0.1)
