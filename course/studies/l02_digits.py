"""Transfer with pictures: pre-train on the digits 0 to 6, then learn 7, 8 and 9 from few labels.

They stand in for the cats, dogs and tigers of the usual story. The pictures are scikit-learn's:
real handwriting, 8 × 8 pixels, without a download. Each is put at a random place of a larger
ground, as things in photos are nowhere in particular; that is our doing, and it is what makes the
features of the old classes worth having. Left out on purpose: convolutions (a small dense network
is quicker on two cores), and a choice of rates by trial for each number of labels.
"""

import copy
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import torch
from torch import Tensor, nn

from course.seeds import stream

OLD, NEW = (0, 1, 2, 3, 4, 5, 6), (7, 8, 9)
SIDE = 12  # pixels of the ground that a picture of 8 × 8 is put on
WIDTH = 64  # features
LABELS = (3, 6, 12, 24, 48, 96, 192)  # the same number of each new class
WATCHED = 24  # labels of the run whose accuracy is followed in seconds
TESTED = 240  # new pictures that no run learns from
WAYS = ("scratch", "frozen", "full")
STEPS = 150
STOPS = (1, 2, 3, 5, 8, 12, 20, 35, 60, 100, 150, 250, 400)  # of the run that is followed
PRETRAINING = 700  # steps
# Seconds of computing, which other programs don't make longer; Windows counts them too coarsely.
clock = time.perf_counter if sys.platform == "win32" else time.process_time
# Learning rates of features and head; those that a transfer begins with are moved little.
RATES = {"scratch": (2e-3, 2e-3), "frozen": (0.0, 1e-2), "full": (5e-4, 1e-2)}


@dataclass
class Trial:
    """What one seed gave: another pre-training, other labelled pictures, other first weights.

    ``accuracy`` and ``seconds`` (of training) go by way, one value for each of ``LABELS``;
    ``course`` has (seconds, accuracy) at each of ``STOPS`` with ``WATCHED`` labels;
    ``pretraining`` is what the features cost once, in seconds, and ``known`` the accuracy on the
    old classes.
    """

    seed: int
    accuracy: dict[str, list[float]] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    course: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    pretraining: float = 0.0
    known: float = 0.0


@cache
def pictures() -> tuple[Tensor, Tensor]:
    """Return all pictures, shape (n, 8, 8), from 0 to 1, and the digit on each, shape (n,)."""
    from sklearn.datasets import load_digits

    found = load_digits()
    return torch.tensor(found.images, dtype=torch.float32) / 16, torch.tensor(found.target)


def of_classes(classes: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Return the pictures of some digits, and the place of each one's digit in `classes`."""
    images, digits = pictures()
    chosen = torch.isin(digits, torch.tensor(classes))
    place = torch.zeros(10, dtype=torch.long)
    place[list(classes)] = torch.arange(len(classes))
    return images[chosen], place[digits[chosen]]


def placed(images: Tensor, chance: torch.Generator) -> Tensor:
    """Put each picture at a random place of a dark ground; shape (n, SIDE · SIDE)."""
    n, size, _ = images.shape
    ground = torch.zeros(n, SIDE, SIDE)
    row, column = torch.randint(0, SIDE - size + 1, (2, n, 1), generator=chance)
    rows, columns = row + torch.arange(size), column + torch.arange(size)
    ground[torch.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]] = images
    return ground.flatten(1)


def network(classes: int, features: nn.Module | None = None) -> nn.Sequential:
    """Return features with a new head; the features are new too, unless some are given."""
    if features is None:
        features = nn.Sequential(
            nn.Linear(SIDE * SIDE, 256), nn.ReLU(), nn.Linear(256, WIDTH), nn.ReLU()
        )
    return nn.Sequential(features, nn.Linear(WIDTH, classes))


def right(model: nn.Module, x: Tensor, labels: Tensor) -> float:
    """Return the accuracy of `model`."""
    with torch.no_grad():
        return float((model(x).argmax(1) == labels).double().mean())


def pretrain(seed: int, steps: int) -> tuple[nn.Module, float, float]:
    """Learn the old classes; return the features, the seconds, and the accuracy on old classes."""
    torch.manual_seed(seed)
    chance = torch.Generator().manual_seed(seed)
    images, labels = of_classes(OLD)
    model = network(len(OLD))
    optimizer = torch.optim.Adam(model.parameters(), 2e-3)
    start = clock()
    for _ in range(steps):
        batch = torch.randint(len(images), (128,), generator=chance)
        loss = nn.functional.cross_entropy(model(placed(images[batch], chance)), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    seconds = clock() - start
    return model[0], seconds, right(model, placed(images, chance), labels)


def learn(
    way: str,
    features: nn.Module,
    taught: tuple[Tensor, Tensor],
    tested: tuple[Tensor, Tensor],
    stops: Sequence[int],
    seed: int,
) -> list[tuple[float, float]]:
    """Learn the new classes and return (seconds of training, accuracy) at each of `stops`.

    Parameters
    ----------
    way : str
        One of ``WAYS``. With frozen features they are computed once, and the head alone learns.
    features : Module
        Pre-trained ones; they stay as they are.
    taught, tested : (pictures, labels)
    stops : sequence of int
        Steps, in order.
    seed : int
        Of the first weights of what is new.
    """
    torch.manual_seed(stream("digits/weights", seed))
    model = network(len(NEW), None if way == "scratch" else copy.deepcopy(features))
    x, labels = taught
    below, head = RATES[way]
    start = clock()
    if way == "frozen":
        with torch.no_grad():
            x = model[0](x)
        learner, groups = model[1], [{"params": model[1].parameters(), "lr": head}]
    else:
        learner = model
        groups = [
            {"params": model[0].parameters(), "lr": below},
            {"params": model[1].parameters(), "lr": head},
        ]
    optimizer = torch.optim.Adam(groups)
    seconds, found = clock() - start, []
    for step in range(1, stops[-1] + 1):
        start = clock()
        loss = nn.functional.cross_entropy(learner(x), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        seconds += clock() - start
        if step in stops:
            found.append((seconds, right(model, *tested)))
    return found


def trial(
    seed: int,
    labels: Sequence[int] = LABELS,
    stops: Sequence[int] = STOPS,
    steps: int = STEPS,
    pretraining: int = PRETRAINING,
) -> Trial:
    """Pre-train once, then learn the new classes in all ways from each number of labels.

    Parameters
    ----------
    seed : int
        Of all that is chance in the trial.
    labels : sequence of int
        How many labelled pictures, of all new classes together.
    stops : sequence of int
        Steps after which the run with ``WATCHED`` labels is tested.
    steps, pretraining : int
        Steps of each other run, and of the pre-training.
    """
    features, seconds, known = pretrain(seed, pretraining)
    done = Trial(seed, pretraining=seconds, known=known)
    chance = torch.Generator().manual_seed(stream("digits/pictures", seed))
    images, digits = of_classes(NEW)
    x = placed(images, chance)
    order = torch.randperm(len(x), generator=chance)
    test, pool = order[:TESTED], order[TESTED:]
    tested = x[test], digits[test]

    def taught(count: int) -> tuple[Tensor, Tensor]:
        each = count // len(NEW)
        chosen = torch.cat([pool[digits[pool] == c][:each] for c in range(len(NEW))])
        return x[chosen], digits[chosen]

    for way in WAYS:
        ends = [learn(way, features, taught(n), tested, (steps,), seed)[-1] for n in labels]
        done.seconds[way] = [s for s, _ in ends]
        done.accuracy[way] = [a for _, a in ends]
        done.course[way] = learn(way, features, taught(WATCHED), tested, stops, seed)
    return done
