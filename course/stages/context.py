"""What every stage works with: the context of a run, and how a training is watched.

A stage takes the models before it from its `Run`, puts its own there and returns its figures. A
live demo needs no run: `rehearsed` and `history` are plain functions.
"""

import copy
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import torch
from tqdm import tqdm
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from course.lm import data, evals, model
from course.lm import tokenizer as tok
from course.stages import exercises
from course.stages.stage import LINEAGE, Figures, Table
from course.world import demonstrate

T = TypeVar("T")

QUICK_TESTS = 150
DRAWS = 4  # times that each test request is answered where rewards or PPO are measured


@dataclass
class Run:
    """The context of a run: the models that it has made so far, else the shipped ones.

    Parameters
    ----------
    seed : int
        Of everything in the run.
    quick : bool
        Less of everything.
    save : bool
        What is made replaces what is shipped.
    sizes : tuple of str
        The base models that are made or measured, if it isn't left to the stage.
    split : str
        Whose people the tests ask about: "test" for figures, "tuning" to choose settings.
    tests : int
        Requests in a test; if 0, as many as are usual.
    seeded : bool
        One of a run over seeds: a stage may leave out what only its record needs.
    table : Table
        The stages, whose plans are followed.
    keep : callable, optional
        Called as ``keep(name, model, figures)`` with each model that is done.
    """

    seed: int = 1
    quick: bool = False
    save: bool = False
    sizes: tuple[str, ...] = ()
    split: str = "test"
    tests: int = 0
    seeded: bool = False
    table: Table = field(default_factory=lambda: LINEAGE)
    keep: Callable[[str, PreTrainedModel, Figures], None] | None = None
    made: dict[str, PreTrainedModel] = field(default_factory=dict)
    tokenizer: PreTrainedTokenizerFast = field(default_factory=tok.load)
    _once: dict[Any, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tests = self.tests or (QUICK_TESTS if self.quick else evals.REQUESTS)

    def plan(self, stage: str) -> Any:
        """Return the plan of a stage: how much it does, and how."""
        return self.table[stage].work().plan(self.quick)

    def get(self, name: str | Path) -> PreTrainedModel:
        """Return a copy of the model `name` that may be trained further."""
        if name in self.made:
            return copy.deepcopy(self.made[name])
        return model.load(name)[0]

    def put(self, name: str, made: PreTrainedModel, figures: Figures) -> None:
        """Take in a finished model with its figures."""
        self.made[name] = made
        if self.keep:
            self.keep(name, made, figures)

    def once(self, key: Any, make: Callable[[], T]) -> T:
        """Return what `make` returns, made when it is first asked for."""
        if key not in self._once:
            self._once[key] = make()
        return self._once[key]

    def given(self, lesson: str, *names: str) -> exercises.Exercises:
        """Return the exercises `names` of a lesson; says so if they are the learner's own."""

        def load() -> exercises.Exercises:
            loaded = exercises.load(lesson, *names)
            if loaded.origin == "work":
                print(
                    f"This trains with your own answers of {lesson}: {', '.join(loaded)}.",
                    file=sys.stderr,
                )
            return loaded

        return self.once((lesson, *names), load)

    def test_requests(self) -> evals.Tests:
        """Return the requests of the tests."""
        return evals.asked_in(self.split, self.tests)


def watch(steps: Iterable[Any], what: str, shown: Callable[[Any], str]) -> list[Any]:
    """Go through `steps` with a progress bar and return them all."""
    done: list[Any] = []
    with tqdm(desc=what, unit="step", file=sys.stderr, leave=True) as bar:
        for p in steps:
            bar.total = getattr(p, "steps", None) or p.iterations
            bar.update()
            bar.set_postfix_str(shown(p))
            done.append(p)
    return done


def rehearsed(
    tokenizer: PreTrainedTokenizerFast, seed: int, rows: int = 4
) -> Iterator[torch.Tensor]:
    """Yield batches of the web text that is rehearsed while a model is tuned."""
    return data.batches(data.web_rows(tokenizer, seed, demonstrate.rehearsal()), rows)


def history(done: Sequence[Any], key: str = "loss", points: int = 100) -> list[tuple[int, float]]:
    """Return (step, mean of `key` since the last point) at about `points` steps."""
    size = max(1, len(done) // points)
    parts = [done[i : i + size] for i in range(0, len(done), size)]
    return [
        ((i + 1) * size, round(sum(getattr(p, key) for p in part) / len(part), 4))
        for i, part in enumerate(parts)
    ]


def since(start: float) -> float:
    """Return the seconds since `start` of ``time.perf_counter``, in tenths."""
    return round(time.perf_counter() - start, 1)
