"""A live demo that tunes SmolLM2 by an adapter and asks it on the way: once for all lessons.

A demo is a subclass of `LiveReal`. It says which rows it learns and by which recipe
(`course.real.tune`), how the model is asked, and which answers are good. Loading, the adapter, and
asking with the adapter multiplied out are the base class's work; how a live demo goes on is
`course.show.live`'s. Left out on purpose: what is said at the end, which differs in each lesson.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from course.language import N_, _
from course.show import live
from course.show.charts import percent_ticks
from course.stats import interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class LiveReal(live.Watched):
    """SmolLM2 learns; `answers` are what it says at first, at the stops and at the end."""

    instead = N_("is the recorded run")
    stops: tuple[float, ...] = (0.5,)
    form = (".2f", ".0%")
    measured = False  # the first steps of a real model are slow, and say little of the others
    titles = ("", "")  # of the curve and of what comes of it
    loss_in, highest, legend = N_("loss (nats per token)"), 4.0, "upper right"

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.answers: list[list[Any]] = []
        self.rows: Sequence[Any] = ()

    def load(self) -> None:
        """Load the model."""
        from course.real import catalogue

        self.loaded, self.tokenizer = catalogue.load(catalogue.SMOLLM2)

    def prepare(self) -> None:
        """Put the adapter in."""
        from course.real import tune

        self.model = tune.adapt(self.loaded, 1)

    def learn(self, rows: Sequence[Any], recipe: Any) -> None:
        """Take in what is learned, and how."""
        self.rows, self.recipe = rows, recipe
        self.planned = recipe.steps(len(rows))

    def ask(self, plain: Any) -> list[Any]:
        """Return what a plain model answers."""
        raise NotImplementedError

    def good(self, at: int = -1) -> list[float]:
        """Return for each answer of a round whether it is good, from 0 to 1."""
        raise NotImplementedError

    def count(self, at: int = -1) -> int:
        """Return how many answers of a round are good."""
        return round(sum(self.good(at)))

    def look(self) -> tuple[float, float, float]:
        """Ask the model; return how good the answers are, and both ends of the interval."""
        from course.real import tune

        with tune.merged(self.model) as plain:
            self.answers.append(self.ask(plain))
        return self.judged()

    def judged(self) -> tuple[float, float, float]:
        """Return the share of good answers in the last round, and its interval."""
        hits = self.good()
        return sum(hits) / len(hits), *interval(sum(hits), len(hits))

    def dress(self, left: "Axes", right: "Axes") -> None:
        """Give both axes their titles and scales."""
        left.set(ylim=(0, self.highest), ylabel=_(self.loss_in))
        left.set_title(_(self.titles[0]))
        left.legend(fontsize=9.5, loc=self.legend)
        right.set_ylim(0, 1.1)
        percent_ticks(right, "y")
        right.set_title(_(self.titles[1]), fontsize=11)
