"""A training that one watches: the live demo, once for all lessons.

A demo is a subclass of `Demo`. It says which exercises it trains with, what to train (a generator
of progress), what to draw, what to say at the end, and which recorded run takes its place. The rest
is the same everywhere, and here:

- **Time.** The clock starts when the models are loaded. Where a demo may choose how much to learn,
  a copy of the model shows how fast this computer is; what fits into `ROOM` of the time is planned,
  and nothing new is begun when all of it is over.
- **Drawing.** Bar and picture are drawn again in their places, at most twice a second and in at
  most a ninth of the time, by Jupyter's display updates: no widgets. A terminal gets a line of text
  now and then.
- **The end.** The stop button (Ctrl-C), the end of the time and a loss that is no number any more
  end a training. It says which, and the model keeps what it has learned.
- **The learner's own functions** are named, and an error in them is told in one sentence.
- **In its place.** Where something is missing, or less was learned than one can speak of, one
  sentence says so and the recorded run is shown. While grading, nothing is done.

Left out on purpose: several runs in a picture, and going on later (only PPO does, in `l07_ppo`).
"""

import contextlib
import copy
import html
import math
import time
from collections.abc import Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self

from course import paths
from course.errors import CourseError
from course.language import N_, _
from course.show import charts, own, sources, style
from course.show.style import Page, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes

REDRAW = 0.5  # seconds between two pictures
SPEAK = 10.0  # seconds between two lines in a terminal
PROBE = 3.0  # seconds of steps that tell the speed, or a tenth of the time if that is less
WARM_UP = 3  # steps of the probe that aren't counted
ROOM = (
    0.8  # of the time is planned for; the rest is for drawing, and for a computer that gets slower
)


# Outputs ------------------------------------------------------------------------------------------


def in_notebook() -> bool:
    """Tell whether a Jupyter kernel runs this, so that outputs can be redrawn."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return hasattr(get_ipython(), "kernel")


class Output:
    """One output of a cell that is drawn again in its place; a terminal gets nothing of it."""

    def __init__(self) -> None:
        self.handle: Any = None

    def show(self, thing: Any) -> None:
        """Draw `thing`, or a bundle that is made already, in the place of what was there."""
        from IPython.display import display

        if not in_notebook():
            return
        if isinstance(thing, tuple):  # a bundle that is made already
            data, meta = thing
            options = {"raw": True, "metadata": meta}
        else:
            data, options = thing, {}
        if self.handle is None:
            self.handle = display(data, display_id=True, **options)
        else:
            self.handle.update(data, **options)


def bar(part: float, status: str) -> Page:
    """Return a progress bar at `part`, from 0 to 1, above a line of text."""
    return Page(
        '<div style="max-width:860px;background:#dfe5ea;border-radius:4px;height:8px">'
        f'<div style="width:{part:.1%};background:{style.ACCENT};border-radius:4px;'
        f'height:8px"></div></div><div style="font-size:90%">{html.escape(status)}</div>',
        status,
    )


# The demo -----------------------------------------------------------------------------------------


def steps_a_second(trial: Generator[Any, None, None], seconds: float) -> float:
    """Return how many steps a second a trial takes, by about `seconds` of it.

    The first steps warm up. Steps differ (batches are of unlike length), so the mean is what a run
    takes, not the median.

    Parameters
    ----------
    trial : generator
        Yields after every step, at least once; it is closed.
    """
    times = [time.perf_counter()]
    with contextlib.closing(trial):
        for _x in trial:
            times.append(time.perf_counter())
            if len(times) > WARM_UP + 2 and times[-1] - times[0] > seconds:
                break
    warm = min(WARM_UP, len(times) - 2)
    return (len(times) - 1 - warm) / max(times[-1] - times[warm], 1e-9)


class Demo:
    """A live demo. It is what it made, too: after `run`, `model` is as far as it came.

    Parameters
    ----------
    seconds : float
        How long it may take once all is loaded; ``COURSE_DEMO_SECONDS`` overrides it.

    Attributes
    ----------
    done, planned : int
        Steps taken, and how many there were to be (0: as many as fit).
    seconds : float
        Time of the steps, with drawing and with what was asked on the way.
    interrupted, broken : bool
        Whether it was stopped, and whether the loss was no number any more.
    """

    needs: tuple[str, ...] = ()  # the lesson and the names of the exercises that are trained with
    instead = ""  # what is shown in its place, "are the recorded runs"; "" for nothing
    unit = N_("step")
    kept = N_("; the model keeps what it has learned.")  # what follows "Stopped after step 3 of 9"
    stops: tuple[float, ...] = ()  # parts of the training after which one looks how good it is
    least = 1  # steps, below which there is nothing to speak of
    measured = True  # whether the computer's speed says how much is planned

    def __init__(self, seconds: float) -> None:
        self.limit = sources.demo_seconds(seconds)
        self.model: Any = None
        self.exercises: Mapping[str, Any] = {}  # functions by name
        self.done = self.planned = 0
        self.seconds = self.begin = 0.0
        self.looked = -1  # the step after which one looked last
        self.interrupted = self.broken = self.over = False
        self.progress, self.canvas = Output(), Output()

    # What a demo says of itself

    def load(self) -> None:
        """Load models and all that may be missing, which raises CourseError."""

    def prepare(self) -> None:
        """Make what the training reads; the clock runs."""

    def plan(self, steps: int) -> None:
        """Take in how many steps fit into the time, by the trial, and say what is `planned`."""

    def training(self, model: Any, trial: bool) -> Iterator[Any]:
        """Return the training of `model`, or a trial of it: a generator that yields each step."""
        raise NotImplementedError

    def take(self, p: Any) -> None:
        """Keep what a step has yielded; `done` is its number."""

    def watch(self) -> None:
        """Look how good the model is now: at first, at the stops and at the end."""

    def draw(self, scale: float) -> Any:
        """Return the picture as it is now, `scale` pixels for each CSS pixel; None for none."""

    def figures(self) -> str:
        """Return what a line of progress says besides step and time, such as ``loss 0.52``."""
        return ""

    def conclude(self) -> None:
        """Say how it went, and show what came of it."""

    def recorded(self) -> None:
        """Show the recorded run."""

    # The rest is the same for all

    def run(self) -> Self | None:
        """Go through the demo; return it, or None while grading and where it couldn't be done."""
        if paths.grading():
            return None
        try:
            if self.needs:
                from course.stages import exercises

                self.exercises = exercises.load(*self.needs)
            self.load()
        except CourseError as error:
            return self._give_way(str(error))
        learners = getattr(self.exercises, "origin", "") == "work"
        if learners:
            say(_("This is trained with your own {names}.").format(names=self._names()))
        try:
            self._go()
        except KeyboardInterrupt:  # outside of the training: at its probe, or at the last questions
            self.interrupted = True
            if self.over:
                say(_("Stopped: the end of this demo is left out."))
            else:
                self.ending()
        except CourseError as error:
            return self._give_way(str(error))
        except Exception as error:
            if not learners:
                raise
            one = _(
                "The training stopped with {name}: {error}. An answer of yours that passes its "
                "visible checks fails here: look at what {names} gives."
            )
            several = _(
                "The training stopped with {name}: {error}. An answer of yours that passes its "
                "visible checks fails here: look at what {names} give."
            )
            return self._give_way(
                (several if len(self.exercises) > 1 else one).format(
                    name=type(error).__name__, error=error, names=self._names()
                )
            )
        finally:
            if self.model is not None:
                self.model.eval()
        return self

    def ending(self) -> bool:
        """Say how the training ended, if before its plan; return whether there is more to say."""
        place = (
            _("after {unit} {done:,}").format(unit=_(self.unit), done=self.done)
            if self.done
            else _("before the first {unit}").format(unit=_(self.unit))
        )
        whole = (
            _("{place} of {planned:,}").format(place=place, planned=self.planned)
            if self.done and self.planned
            else place
        )
        enough = self.done >= self.least
        kept = _(self.kept) if enough else "."
        said = ""
        if self.broken:
            said = _(
                "The loss is no number any more (nan) {place}: the training ends here."
            ).format(place=place)
        elif self.interrupted:
            said = _("Stopped {whole}{kept}").format(whole=whole, kept=kept)
        elif self.done < self.planned:
            said = _("The time is over {whole}{kept}").format(whole=whole, kept=kept)
        elif not enough:
            said = _("There is too little {place} to say how it went.").format(place=place)
        if not enough:
            self._give_way(said)
        elif said:
            say(said)
        return enough and not self.broken

    def part(self) -> float:
        """Return how much of the bar is filled, from 0 to 1."""
        return min(1.0, self.done / self.planned) if self.planned else 0.0

    def marks(self) -> set[int]:
        """Return the steps after which one looks how good the model is."""
        return {round(part * self.planned) for part in self.stops}

    def status(self) -> str:
        """Return a line of progress."""
        of = _(" of {planned:,}").format(planned=self.planned) if self.planned else ""
        more = f" · {figures}" if (figures := self.figures()) else ""
        return _("{unit} {done:,}{of} · {seconds:.0f} s{more}").format(
            unit=_(self.unit), done=self.done, of=of, seconds=self.seconds, more=more
        )

    def tell(self, sentence: str) -> None:
        """Say a sentence in the place of the progress bar, so that nothing jumps."""
        if in_notebook():
            self.progress.show(Page(f"<p>{html.escape(sentence)}</p>", sentence))
        else:
            say(sentence)

    def admit(self) -> None:
        """Say so if it came less than half of its way."""
        if self.done < self.planned / 2:
            say(_("This computer is slow or busy: give it more seconds, or see the record."))

    def left(self) -> float:
        """Return the seconds that are left."""
        return max(0.0, self.begin + self.limit - time.perf_counter())

    def late(self) -> bool:
        """Tell whether nothing new may be begun."""
        return self.left() <= 0

    def _names(self) -> str:
        return own.listed(list(self.exercises))

    def _give_way(self, why: str) -> None:
        """Say why there is no live run, or no more of it, and show the recorded one."""
        if self.instead:
            say(
                _("{why} So here {instead} instead.")
                .format(why=why, instead=_(self.instead))
                .strip()
            )
            self.recorded()
        else:
            say(_("{why} So the live part is left out.").format(why=why))

    def _go(self) -> None:
        self.begin = time.perf_counter()
        self.prepare()
        if self.measured:
            self.progress.show(bar(0, _("Measuring how fast this computer is …")))
            trial: Any = self.training(copy.deepcopy(self.model), True)
            speed = steps_a_second(trial, min(PROBE, self.left() / 10))
            self.plan(max(1, int(ROOM * self.left() * speed)))
        self._show(1.0)
        self._look()
        self._train()
        self.over = True
        more = self.ending()
        if more:
            self._look()
        self._show(2.0)
        self.progress.show(bar(self.part(), self.status()))
        if more:
            self.conclude()

    def _train(self) -> None:
        start = drawn = spoken = time.perf_counter()
        steps: Any = self.training(self.model, False)
        marks, pause = self.marks(), REDRAW
        try:
            for p in steps:
                if not math.isfinite(getattr(p, "loss", 0.0)):
                    self.broken = True
                    break
                self.done += 1
                self.seconds = time.perf_counter() - start
                self.take(p)
                if self.done in marks:
                    self._look()
                now = time.perf_counter()
                if now - drawn >= pause:
                    self.progress.show(bar(self.part(), self.status()))
                    self._show(1.0)
                    drawn = time.perf_counter()
                    pause = max(REDRAW, 8 * (drawn - now))
                if now - spoken >= SPEAK and not in_notebook():
                    print(self.status(), flush=True)
                    spoken = now
                if self.late():
                    break
        except KeyboardInterrupt:
            self.interrupted = True
        finally:
            steps.close()  # what it holds is let go here, not whenever Python gets to it

    def _look(self) -> None:
        """Look how good the model is, unless that is known."""
        if self.looked != self.done:
            self.watch()
            self.looked = self.done

    def _show(self, scale: float) -> None:
        """Draw the picture in its place."""
        if in_notebook() and (drawn := self.draw(scale)) is not None:
            self.canvas.show(drawn)


class Watched(Demo):
    """A live demo with the usual picture: what is trained, and next to it what comes of it.

    Attributes
    ----------
    curve : list of (int, float)
        Step and what the training measures.
    points : list of (int, float, float, float)
        Step, how good the model was then, and both ends of its 95% interval.
    """

    name = N_("Training")  # what is trained, in a word or two
    shade = style.ACCENT
    measure = N_("loss")  # the word for what the training measures
    form = (".2f", ".0%")  # how that and the points are written

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.curve: list[tuple[int, float]] = []
        self.points: list[tuple[int, float, float, float]] = []
        self.picture: charts.Panels | None = None

    def dress(self, left: "Axes", right: "Axes") -> None:
        """Give both axes their titles and scales."""

    def value(self, p: Any) -> float:
        """Return what the training measures, of one step."""
        return p.loss

    def look(self) -> tuple[float, float, float]:
        """Return how good the model is now, and both ends of its interval."""
        raise NotImplementedError

    def take(self, p: Any) -> None:
        """Keep the value of a step."""
        self.curve.append((self.done, self.value(p)))

    def watch(self) -> None:
        """Keep how good the model is now."""
        self.points.append((self.done, *self.look()))

    def draw(self, scale: float) -> Any:
        """Draw all that there is."""
        if self.picture is None:
            self.picture = charts.Panels(
                _(self.name), self.planned, self.shade, self.form, self.dress
            )
        return self.picture.draw(self.curve, self.points, scale)

    def figures(self) -> str:
        """Return the mean over some steps."""
        means = charts.running_mean([value for _x, value in self.curve])
        return f"{_(self.measure)} {means[-1]:{self.form[0]}}" if means else ""
