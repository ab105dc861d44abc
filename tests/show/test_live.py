"""The live demo, by a demo that trains nothing, on a clock of ours: what is the same for all."""

import itertools
import math

import pytest

from course.errors import CourseError
from course.show import charts, live, style
from course.stages import exercises


class Clock:
    """A clock that goes on by `tick` with each look at it; stands in for ``time``."""

    def __init__(self):
        self.now, self.tick = 0.0, 0.05

    def perf_counter(self):
        self.now += self.tick
        return self.now


class Step:
    """What a step of the toy yields."""

    def __init__(self, loss):
        self.loss = loss


class Model:
    """A model that only knows whether it is being trained."""

    training = True

    def eval(self):
        self.training = False


class Toy(live.Demo):
    """Each step of it gives ``losses[step]``; an exception in its place is raised."""

    instead = "is the recorded run"
    stops = (0.5,)

    def __init__(self, seconds=100.0, losses=(), *, missing=None):
        super().__init__(seconds)
        self.losses, self.missing = losses or itertools.repeat(1.0), missing
        self.most, self.log, self.closed = 10**9, [], 0

    def load(self):
        if self.missing:
            raise self.missing
        self.model = Model()

    def plan(self, steps):
        self.planned = min(self.most, steps)

    def training(self, model, trial):
        count = itertools.count() if trial else range(self.planned)
        try:
            for _, loss in zip(count, [1.0] * 10**4 if trial else self.losses, strict=False):
                if isinstance(loss, BaseException):
                    raise loss
                yield Step(loss)
        finally:
            self.closed += 1

    def take(self, p):
        self.log.append(p.loss)

    def watch(self):
        self.log.append(f"watched at {self.done}")

    def draw(self, scale):
        return {"text/plain": f"picture of {self.done} at {scale:g}"}, {}

    def conclude(self):
        self.tell("This run is over.")

    def recorded(self):
        print("the record")


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Set a clock of ours, and no setting from outside."""
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    monkeypatch.delenv("COURSE_DEMO_SECONDS", raising=False)
    clock = Clock()
    monkeypatch.setattr(live, "time", clock)
    return clock


@pytest.fixture
def said(capfd):
    """Return a function: the lines that were said, with nothing on stderr."""

    def lines():
        out, err = capfd.readouterr()
        assert err == ""
        return out.splitlines()

    return lines


def test_a_demo_fits_its_plan_into_its_time(clock, said):
    demo = Toy(100.0).run()
    # A step is one look at the clock in the trial and four in the run, so the plan is too large.
    assert demo.planned > demo.done > 100
    assert clock.now < 100 + 10 * clock.tick
    *_, over, end = said()
    assert over == (
        f"The time is over after step {demo.done:,} of {demo.planned:,}; "
        "the model keeps what it has learned."
    )
    assert end == "This run is over."


def test_the_speed_is_that_of_a_trial_that_is_closed(clock):
    steps = Toy()
    steps.planned = 0
    speed = live.steps_a_second(steps.training(None, True), 2.0)
    assert speed == pytest.approx(1 / clock.tick)
    assert steps.closed == 1
    assert live.steps_a_second((s for s in [1]), 9.0) == pytest.approx(1 / clock.tick)


def test_a_whole_run_says_its_conclusion_only_and_looks_at_its_stops(said):
    demo = Toy()
    demo.most = 4
    assert demo.run() is demo
    assert demo.log == [
        "watched at 0", 1.0, 1.0, "watched at 2", 1.0, 1.0, "watched at 4",
    ]  # fmt: skip
    assert said() == ["This run is over."]
    assert demo.closed == 2, "trial and training"
    assert not demo.model.training


def test_a_demo_that_plans_nothing_has_no_trial(said):
    demo = Toy()
    demo.measured, demo.planned = False, 3
    demo.run()
    assert (demo.done, demo.closed) == (3, 1)


def test_the_time_can_be_cut_from_outside(monkeypatch, clock):
    monkeypatch.setenv("COURSE_DEMO_SECONDS", "2")
    demo = Toy(100.0).run()
    assert demo.done >= 1
    assert clock.now < 2 + 10 * clock.tick


def test_without_any_time_there_is_a_step_all_the_same(said):
    assert Toy(0.0).run().done == 1
    assert said()[-1] == "This run is over."


@pytest.mark.parametrize("at", [1, 3])
def test_an_interruption_keeps_what_was_learned(said, at):
    demo = Toy(losses=[1.0] * at + [KeyboardInterrupt()])
    demo.most = 9
    demo.run()
    assert demo.interrupted
    assert demo.log[-1] == f"watched at {at}"
    assert said() == [
        f"Stopped after step {at} of 9; the model keeps what it has learned.",
        "This run is over.",
    ]
    assert not demo.model.training


def test_one_looks_once_where_it_stopped_at_a_stop():
    demo = Toy(losses=[1.0, 1.0, KeyboardInterrupt()])
    demo.most = 4
    demo.run()
    assert demo.log == ["watched at 0", 1.0, 1.0, "watched at 2"]


def test_an_interruption_before_the_first_step_shows_the_recorded_run(said):
    demo = Toy(losses=[KeyboardInterrupt()]).run()
    assert demo.done == 0
    stopped = "Stopped before the first step. So here is the recorded run instead."
    assert said() == [stopped, "the record"]


def test_an_interrupted_trial_shows_the_recorded_run(said, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(live, "steps_a_second", interrupted)
    assert Toy().run().interrupted
    assert said()[0].startswith("Stopped before the first step.")


def test_a_second_interruption_ends_the_demo_at_once(said):
    class Slow(Toy):
        def watch(self):
            if self.done:
                raise KeyboardInterrupt

    demo = Slow(losses=[1.0, KeyboardInterrupt()]).run()
    assert demo.done == 1
    assert said()[1:] == ["Stopped: the end of this demo is left out."]
    assert not demo.model.training


def test_a_loss_that_is_no_number_ends_the_training(said):
    demo = Toy(losses=[1.0, math.nan, 1.0]).run()
    assert demo.broken
    assert demo.log == ["watched at 0", 1.0]
    assert said() == [
        "The loss is no number any more (nan) after step 1: the training ends here."
    ]  # fmt: skip


def test_too_little_to_speak_of_gives_way_to_the_recorded_run(said):
    class Seeds(Toy):
        unit, kept, least, measured = "seed", "; all are kept.", 3, False

    too_few = "There is too little after seed 2 to say how it went."
    stopped = "Stopped after seed 2 of 5."
    short = Seeds(losses=[1.0, 1.0])
    short.planned = 2
    short.run()
    assert said() == [f"{too_few} So here is the recorded run instead.", "the record"]
    short = Seeds(losses=[1.0, 1.0, KeyboardInterrupt()])
    short.planned = 5
    short.run()
    assert said() == [f"{stopped} So here is the recorded run instead.", "the record"]


def test_what_is_missing_is_one_sentence_and_the_recorded_run(said):
    assert Toy(missing=CourseError("There is no model x.")).run() is None
    assert said() == ["There is no model x. So here is the recorded run instead.", "the record"]
    demo = Toy(missing=CourseError("There is no model x."))
    demo.instead = ""
    assert demo.run() is None
    assert said() == ["There is no model x. So the live part is left out."]


def learners(monkeypatch, origin="work"):
    found = exercises.Exercises({"f": abs, "g": abs, "h": abs}, origin)
    monkeypatch.setattr(exercises, "load", lambda *names: found)
    monkeypatch.setattr(Toy, "needs", ("01_x", "f", "g", "h"))


def test_the_learners_own_functions_are_named(said, monkeypatch):
    learners(monkeypatch)
    demo = Toy(losses=[1.0])
    demo.most = 1
    demo.run()
    assert said()[0] == "This is trained with your own f, g and h."
    learners(monkeypatch, "source")
    demo = Toy(losses=[1.0])
    demo.most = 1
    demo.run()
    assert said() == ["This run is over."]


def test_an_error_in_a_learners_function_is_one_sentence_and_ours_is_raised(said, monkeypatch):
    learners(monkeypatch)
    assert Toy(losses=[1.0, ValueError("no such shape")]).run() is None
    assert said()[1:] == [
        "The training stopped with ValueError: no such shape. An answer of yours that passes its "
        "visible checks fails here: look at what f, g and h give. So here is the recorded run "
        "instead.",
        "the record",
    ]
    cut = exercises.MissingExercise("f cuts the way back.")
    assert Toy(losses=[1.0, cut]).run() is None
    assert said()[1] == "f cuts the way back. So here is the recorded run instead."
    learners(monkeypatch, "source")
    with pytest.raises(ValueError, match="no such shape"):
        Toy(losses=[1.0, ValueError("no such shape")]).run()


def test_while_grading_nothing_is_done(said, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert Toy(missing=CourseError("There is no model x.")).run() is None
    assert said() == []


def test_a_terminal_hears_of_it_now_and_then(said, clock):
    clock.tick = 1.0
    Toy(60.0).run()
    lines = [line for line in said() if line.startswith("step ")]
    assert 3 <= len(lines) <= 6, "about every ten seconds"
    assert " s" in lines[0]


def test_a_notebook_redraws_in_its_places(monkeypatch, clock):
    shown, updates = [], []

    class Handle:
        def __init__(self, at):
            self.at = at

        def update(self, thing, **options):
            updates.append((self.at, thing, clock.now))

    def display(thing, display_id=None, **options):
        shown.append((thing, options))
        return Handle(len(shown) - 1) if display_id else None

    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.setattr(live, "in_notebook", lambda: True)
    Toy(20.0).run()
    (progress, _), (picture, options), *rest = shown
    assert progress.text == "Measuring how fast this computer is …"
    assert picture == {"text/plain": "picture of 0 at 1"}
    assert options["raw"]
    assert len(rest) == 1, "the sentence that the time is over"
    moments = [now for at, _, now in updates if at == 1]
    assert all(b - a > live.REDRAW for a, b in itertools.pairwise(moments[:-1]))
    assert len(moments) > 5
    last = {at: thing for at, thing, _ in updates}
    assert last[1]["text/plain"].endswith("at 2"), "in the end it is drawn sharp"
    assert last[0].text == "This run is over.", "it stands where the progress bar was"


def test_drawing_takes_a_ninth_of_the_time_at_most(monkeypatch, clock):
    drawn = []

    class Heavy(Toy):
        def draw(self, scale):
            drawn.append(self.done)
            clock.now += 2.0

    monkeypatch.setattr("IPython.display.display", lambda *_, **__: None)
    monkeypatch.setattr(live, "in_notebook", lambda: True)
    Heavy(180.0).run()
    assert 2 + 5 <= len(drawn) <= 2 + 10


# The picture of most demos ------------------------------------------------------------------------


def test_the_panels_hold_curve_mean_and_points():
    def dress(left, right):
        right.set_title("R")

    panels = charts.Panels("X", 40, "#123456", (".1f", ".0%"), dress)
    curve = [(step, float(step)) for step in range(1, 31)]
    panels.draw(curve, [(0, 0.1, 0.0, 0.2)], 1.0)
    data, _ = panels.draw(curve, [(0, 0.1, 0.0, 0.2), (30, 0.9, 0.8, 0.95)], 1.0)
    assert panels.line.get_xydata().tolist() == [list(point) for point in curve]
    assert panels.mean.get_ydata()[-1] == sum(range(16, 31)) / 15
    assert panels.label.get_text() == "23.0"
    assert [t.get_text() for t in panels.right.texts] == ["10%", "90%"]
    assert [c.lines[0].get_ydata()[0] for c in panels.right.containers] == [0.1, 0.9]
    assert data["text/plain"] == "X, live. R: step 0: 10% (0% to 20%); step 30: 90% (80% to 95%)."
    low, high = panels.right.get_ylim()
    assert low <= 0.0
    assert high >= 0.95


def test_numbers_of_points_that_lie_close_together_dont_cover_each_other():
    panels = charts.Panels("X", 100, "#123456", (".1f", ".0%"), lambda *_: None)
    points = [(step, step / 100, 0.0, 1.0) for step in (0, 5, 12, 15, 40, 100)]
    panels.draw([], points[:2])
    panels.draw([], points)
    assert [t.get_text() for t in panels.right.texts] == ["0%", "12%", "40%", "100%"]
    assert len(panels.right.containers) == len(points)


def test_a_running_mean_is_of_those_before():
    assert charts.running_mean([1, 2, 3, 6], 2) == [1, 1.5, 2.5, 4.5]


def test_a_watched_demo_keeps_what_it_sees():
    class Watched(live.Watched):
        seen = iter([0.1, 0.2, 0.3])

        def load(self):
            self.model = Model()

        def plan(self, steps):
            self.planned = 2

        def training(self, model, trial):
            yield from (Step(0.5), Step(0.25))

        def look(self):
            value = next(self.seen)
            return value, value - 0.1, value + 0.1

    demo = Watched(9.0).run()
    assert demo.curve == [(1, 0.5), (2, 0.25)]
    assert [point[:2] for point in demo.points] == [(0, 0.1), (2, 0.2)]
    assert demo.figures() == "loss 0.38"


# What pictures have in common ---------------------------------------------------------------------


@pytest.fixture
def axis():
    with style.picture() as (shown, (axis,)):
        yield axis
        shown.png(0.5)


def labels(ticks):
    return [label.get_text() for label in ticks]


def test_ticks_are_those_that_were_given(axis):
    axis.set(xscale="log", xlim=(1, 1000))
    charts.set_ticks(axis, "x", (2, 0.5, 20))
    assert labels(axis.get_xticklabels()) == ["2", "0.5", "20"]
    assert len(axis.get_xticks(minor=True)) == 0
    charts.set_ticks(axis, "y", (1e6, 2e6), ["1 million", "2 million"])
    assert labels(axis.get_yticklabels()) == ["1 million", "2 million"]


def test_shares_are_written_in_percent(axis):
    charts.percent_ticks(axis, "y")
    assert labels(axis.get_yticklabels()) == ["0", "25%", "50%", "75%", "100%"]
    charts.percent_ticks(axis, "x", charts.HALVES, whole=100)
    assert list(axis.get_xticks()) == [0, 50, 100]


def test_rows_have_names_and_a_line_where_it_is_wanted(axis):
    charts.name_rows(axis, ["a", "b"])
    assert list(axis.get_yticks()) == [0, 1]
    assert not axis.yaxis.get_gridlines()[0].get_visible()
    charts.name_rows(axis, ["a", "b"], (3, 5), side="x", lines=True)
    assert list(axis.get_xticks()) == [3, 5]
    assert axis.xaxis.get_gridlines()[0].get_visible()


def test_a_level_says_what_it_is_at_its_left_end(axis):
    axis.set(xlim=(0, 10), ylim=(0, 10))
    charts.level(axis, 4.0, "as it should be", below=True)
    (line,), (text,) = axis.lines, axis.texts
    assert set(line.get_ydata()) == {4.0}
    axis.figure.draw_without_rendering()
    box, height = text.get_window_extent(), axis.transData.transform((0, 4.0))[1]
    assert box.y1 < height
    assert axis.bbox.x0 < box.x0 < axis.bbox.x0 + 0.1 * axis.bbox.width
