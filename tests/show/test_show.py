"""What learners look at: pictures hold the data that was given, the live training obeys.

No test looks at pixels, and none needs the shipped models: records are made up, the trained model
is tiny, and where time matters the clock is ours.
"""

import gc
import itertools
import json
import re
import warnings
from xml.etree import ElementTree

import numpy as np
import pytest

from course import paths
from course.errors import CourseError
from course.show import l01_training as training
from course.show import lineage_picture, sizes, sources, style, text
from course.show import live as demo
from course.studies.registry import ALL
from course.world import village

GROUPS = [{"share": s, "facts": 2, "recall": r} for s, r in ((1e-4, 0.1), (5e-4, 0.4), (4e-3, 0.9))]
RECORD = {
    "name": "mini-babbage",
    "parameters": 1000,
    "curve": [[1280, 7.0], [2560, 5.0], [640_000, 1.5], [1_280_000, 0.9]],
    "texts": {"0": " xyz <b>", "50": " Anna is a"},
    "loss": 0.88,
    "entropy": 0.65,
    "recall": 0.5,
    "recall_by_frequency": GROUPS,
    "recipe": {"tokens": 1_280_000},
    "machine": "a test",
    "date": "2026-01-01",
}
# Losses on an exact power law: exponent 0.3.
SWEEP = {
    "points": [
        {"layers": 1, "width": 32, "parameters": n, "loss": 0.65 + 20 * n**-0.3, "seconds": 1.0}
        for n in (10_000, 100_000, 1_000_000)
    ],
    "entropy": 0.65,
    "tokens": 800_000,
}


@pytest.fixture(autouse=True)
def strict(monkeypatch):
    """Every warning is an error (matplotlib warns of missing glyphs); no setting from outside."""
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    monkeypatch.delenv("COURSE_DEMO_SECONDS", raising=False)
    gc.collect()  # what an earlier test left behind isn't these tests' fault
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def runs(monkeypatch, folder, **made):
    """Put made-up records into an empty folder of records."""
    monkeypatch.setattr(paths, "RUNS", folder)
    for name, record in made.items():
        (folder / f"{name.replace('_', '-')}.json").write_text(json.dumps(record), encoding="utf-8")


def drawn(picture):
    """Render it; return its bundle. A fault of the picture shows only now."""
    data, meta = picture.bundle(1.0)
    assert data["text/plain"] == meta["image/png"]["alt"] != ""
    return data


# The look -------------------------------------------------------------------------------------


def test_a_model_has_one_colour_and_a_sized_stage_that_of_its_stage():
    assert style.colour("mini-ada-instruct") == style.colour("mini-instruct")
    shades = [style.colour(f"mini-{n}") for n in ("ada", "babbage", "curie", "davinci")]
    light = [sum(int(shade[i : i + 2], 16) for i in (1, 3, 5)) for shade in shades]
    assert light == sorted(light, reverse=True), "the sizes go from light to dark"
    assert len(set(style.COLOURS.values())) == len(style.COLOURS)


def test_a_picture_is_a_png_with_its_size_and_words():
    with style.picture(width=5, height=2, alt="nothing yet") as (picture, _):
        pass
    data, meta = picture._repr_mimebundle_()
    assert data["image/png"].startswith("iVBOR")
    assert meta["image/png"] == {"width": 500, "height": 200, "alt": "nothing yet"}


def test_a_table_escapes_text_and_reads_in_a_terminal():
    page = style.table([{"a": "<b>", "n": 1}, {"a": "x\ny", "n": 2}])
    assert "&lt;b&gt;" in page.html
    assert "x<br>y" in page.html
    assert repr(page) == "a | n\n<b> | 1\nx\ny | 2"
    assert style.table([]).text == ""


# The lineage ----------------------------------------------------------------------------------


def lit_boxes(page):
    root = ElementTree.fromstring(page.html)
    boxes = [e for e in root.iter() if e.tag.endswith("rect")]
    return [b for b in boxes if b.get("fill") == style.ACCENT]


@pytest.mark.parametrize("name", lineage_picture.names())
def test_the_lineage_lights_this_stage_alone(name):
    real = lineage_picture.real_boxes(ALL)
    assert len(lit_boxes(lineage_picture.lineage(name))) == (len(real) if name == "family" else 1)


def test_the_lineage_knows_its_stages():
    assert lit_boxes(lineage_picture.lineage()) == []
    with pytest.raises(CourseError, match="pre-training"):
        lineage_picture.lineage("pretraining")


def test_all_boxes_and_texts_of_the_lineage_are_inside():
    root = ElementTree.fromstring(lineage_picture.lineage().html)
    _, _, width, height = map(int, root.get("viewBox").split())
    for e in root.iter():
        if e.tag.endswith("}rect"):
            assert float(e.get("x", 0)) + float(e.get("width")) <= width
            assert float(e.get("y", 0)) + float(e.get("height")) <= height
        elif e.tag.endswith("}text"):
            # A letter is at most 0.62 as wide as high, in the mean of a line.
            half = 0.31 * len(e.text) * float(e.get("font-size"))
            right = 2 * half if e.get("text-anchor") == "start" else half
            assert float(e.get("x")) + right <= width
            assert float(e.get("y")) < height


def test_words_fit_into_their_boxes():
    both = lineage_picture.boxes(ALL), lineage_picture.real_boxes(ALL)
    for box in itertools.chain(*(each.values() for each in both)):
        title, *others = box.lines
        assert 14 * 0.64 * len(title) <= box.width
        assert all(13 * 0.55 * len(line) <= box.width for line in others)


def test_the_lineage_can_be_read_on_a_phone():
    """On a column of 360 pixels no letter is smaller than 8 of them."""
    root = ElementTree.fromstring(lineage_picture.lineage().html)
    scale = 360 / int(root.get("viewBox").split()[2])
    sizes_of = [float(e.get("font-size")) for e in root.iter() if e.tag.endswith("}text")]
    assert min(sizes_of) * scale >= 8


def test_the_lineage_is_true_of_the_stages():
    """An arrow comes from what a stage needs, and the chat model isn't made from PPO's."""
    for each in ALL.values():
        if each.place:
            assert {each.place.after, each.place.judge} - {""} <= {*each.needs, "base"}
    said = lineage_picture.lineage().text
    assert "PPO (lesson 07, as InstructGPT) from SFT, scored by the reward model" in said
    assert "chat (lesson 08, as ChatGPT) from SFT, with own dialogues" in said
    assert "ChatGPT from GPT-3.5, a sibling of InstructGPT" in said


@pytest.mark.parametrize("lesson", sorted(p.name for p in paths.RELEASE.glob("[0-9]*")))
def test_a_lesson_opens_with_its_own_stage(lesson):
    """What is lit in a lesson is of that lesson; 00 has none, and 04 is about the real family."""
    (notebook,) = (paths.RELEASE / lesson).glob("*.ipynb")
    (lit,) = re.findall(r"lineage\(lit=(.+?)\)", notebook.read_text(encoding="utf-8"))
    lessons = {s.place.lit: s.lesson for s in ALL.values() if s.place} | {
        "None": "00_start_here",
        "family": "04_gpt_family",
    }
    assert lessons[lit.replace("\\", "").strip('"')] == lesson


# Sizes ----------------------------------------------------------------------------------------


def test_the_area_of_a_circle_is_the_number_of_parameters():
    models = [
        {"model": name, "date": "2020", "parameters": n}
        for name, n in (("GPT-1", 117e6), ("T5", 11e9), ("GPT-3", 175e9))
    ]
    picture = sizes.circles(models)
    drawn(picture)
    circles = picture.axes[0].patches
    areas = [c.radius**2 for c in circles]
    assert np.allclose(np.array(areas) / areas[0], [1, 11e9 / 117e6, 175e9 / 117e6])
    for a, b in itertools.pairwise(circles):
        assert b.center[0] - a.center[0] >= a.radius + b.radius
    assert circles[0].get_facecolor() != circles[1].get_facecolor()


def test_loss_against_size_draws_the_record():
    picture = sizes.loss_against_size(SWEEP | {"points": SWEEP["points"][::-1]})
    drawn(picture)
    left, right = picture.axes
    n = [p["parameters"] for p in SWEEP["points"]]
    loss = np.array([p["loss"] for p in SWEEP["points"]])
    points, floor = left.lines
    assert np.allclose(points.get_xydata().T, [n, loss])
    assert set(floor.get_ydata()) == {0.65}
    line, points = right.lines
    assert np.allclose(points.get_xydata().T, [n, loss - 0.65])
    assert np.allclose(line.get_ydata(), loss - 0.65), "the points lie on a line here"
    assert left.get_xscale() == right.get_xscale() == right.get_yscale() == "log"
    assert "parameters" in left.get_xlabel()
    assert "nats" in left.get_ylabel()
    assert "nats" in right.get_ylabel()
    said = [t.get_text() for t in right.texts]
    assert said[:2] == ["0.30", "0.30"]
    assert "exponent 0.30" in said[2]


def test_exponents_and_line_of_points_that_lie_on_none():
    n, excess = [1e4, 1e5, 1e6], [1.0, 0.1, 0.1]
    assert sizes.slopes(n, excess) == pytest.approx([1.0, 0.0])
    heights, exponent, fit = sizes.straight_line(n, excess)
    assert exponent == pytest.approx(0.5)
    assert fit == pytest.approx(0.75)
    assert np.log10(heights) == pytest.approx([-1 / 6, -2 / 3, -7 / 6])


def test_recall_by_frequency_draws_a_line_for_each_model():
    small = RECORD | {"recall_by_frequency": [g | {"recall": 0.2} for g in GROUPS]}
    picture = sizes.recall_by_frequency(
        {"short": {"2 × 64": small, "x": RECORD}, "long": {"mini-ada": RECORD}}
    )
    drawn(picture)
    left, right = picture.axes
    assert [len(left.lines), len(right.lines)] == [2, 1]
    assert np.allclose(left.lines[0].get_ydata(), 20)
    assert np.allclose(right.lines[0].get_xydata().T, [[1, 5, 40], [10, 40, 90]])
    assert right.lines[0].get_color() == style.colour("mini-ada")
    assert "10,000" in right.get_xlabel()
    assert "facts" in left.get_ylabel()
    assert [t.get_text() for t in left.get_legend().texts] == ["2 × 64: 1,000", "x: 1,000"]


# Text -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def words():
    from course.lm import tokenizer

    return tokenizer.load()


@pytest.mark.parametrize("sample", ["Anna has a dog.", "é", "빵집 2", "  x"])
def test_pieces_are_the_bytes_of_the_text(words, sample):
    joined = b""
    for piece in text.pieces(words, sample):
        if text.BYTES.match(piece):
            rest = piece.lstrip("␣")
            joined += b" " * (len(piece) - len(rest)) + bytes.fromhex(rest)
        else:
            joined += piece.replace("␣", " ").encode()
    assert joined.decode() == sample


def test_tokens_are_boxes_with_a_count(words):
    page = text.tokens(words, "빵", "Korean")
    assert "Korean: 3 tokens, 1 characters, 3 bytes" in page.text
    assert page.html.count("<span") == 3
    assert "EB" in page.html


def test_next_tokens_are_bars_of_their_probabilities():
    likely = {"Once": [(" 한", 0.5), ("\n", 0.3), (" x", 0.004)], "A": [(" b", 0.9)]}
    picture = text.next_tokens(likely, top=2)
    drawn(picture)
    left, right = picture.axes
    assert [bar.get_width() for bar in left.patches] == [0.3, 0.5], "the most probable on top"
    assert [t.get_text() for t in left.get_yticklabels()] == ["⏎", "␣▯"]
    assert [bar.get_width() for bar in right.patches] == [0.9]
    assert "probability" in left.get_xlabel()
    assert "Once" in left.get_title(loc="left")


def test_texts_mark_what_is_true_and_what_is_false():
    true, false = village.VALUES["Anna", "pet"], village.wrong_values("Anna", "pet")[0]
    written = f" Anna has a {true}. Anna has a {false}. Anna <sings>.\nAnna"
    parts = list(text.judged(written))
    assert "".join(part for part, _ in parts) == written
    assert [verdict for _, verdict in parts if verdict is not None] == [True, False]
    page = text.texts({"1000": written, 2: "\x03"}, notes={"1000": "knows 5%"})
    assert page.html.count("✓") == page.html.count("✗") == 1
    assert "&lt;sings&gt;" in page.html
    assert "1,000" in page.html
    assert "knows 5%" in page.html
    assert "\x03" not in page.html


# Sources --------------------------------------------------------------------------------------


def test_a_missing_record_is_one_sentence(monkeypatch, tmp_path, capfd):
    runs(monkeypatch, tmp_path, mini_ada=RECORD)
    assert sources.record("sweep") is None
    assert list(sources.records_of("mini-ada", "mini-curie")) == ["mini-ada"]
    sources.figure_line("sweep", "{loss}")
    sources.figure_line(None, "{loss}")
    out, err = capfd.readouterr()
    assert [line.split(":")[0] for line in out.splitlines()] == [
        "No run record sweep.json",
        "No run record mini-curie.json",
        "No run record sweep.json",
    ]
    assert err == ""


def test_a_figure_line_says_where_its_figures_come_from(monkeypatch, tmp_path, capfd):
    runs(monkeypatch, tmp_path, mini_ada=RECORD)
    sources.figure_line("mini-ada", "Loss {loss:.1f} after {recipe[tokens]:,} tokens.")
    said = capfd.readouterr().out
    assert said == (
        "Loss 0.9 after 1,280,000 tokens. [recorded run: mini-ada, a test, 2026-01-01]\n"
    )


def test_a_missing_model_leaves_a_demo_out(monkeypatch, tmp_path, capfd):
    monkeypatch.setattr(paths, "MODELS", tmp_path)
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    assert sources.load_model("SmolLM2-135M-Instruct", "mini-ada") is None
    lines = capfd.readouterr().out.splitlines()
    assert len(lines) == 3
    assert "models fetch" in lines[0]
    assert "goes on without" in lines[2]
    assert sources.load_model("gpt2", quiet=True) is None
    assert capfd.readouterr().out == ""


def test_demo_seconds_can_be_set_from_outside(monkeypatch):
    assert sources.demo_seconds(45) == 45
    monkeypatch.setenv("COURSE_DEMO_SECONDS", "2")
    assert sources.demo_seconds(45) == 2
    monkeypatch.setenv("COURSE_DEMO_SECONDS", "soon")
    assert sources.demo_seconds(45) == 45


# The live training ----------------------------------------------------------------------------


class Clock:
    """A clock that goes on by a fixed time with each look at it; stands in for ``time``."""

    def __init__(self):
        self.now, self.tick = 0.0, 0.02

    def perf_counter(self):
        self.now += self.tick
        return self.now


@pytest.fixture
def live(monkeypatch, tmp_path):
    """Return a function that trains a tiny model live, by our clock, with a made-up record."""
    from course.lm import data, evaluate, model

    runs(monkeypatch, tmp_path, mini_babbage=RECORD)
    clock = Clock()
    monkeypatch.setattr(demo, "time", clock)
    monkeypatch.setattr(demo, "PROBE", 1.0)
    monkeypatch.setattr(data, "CHUNK", 300)
    monkeypatch.setattr(evaluate, "recalled", lambda *_: [True, False])

    def train(seconds=8.0):
        return training.live_training(seconds, size=model.Size(1, 32))

    train.clock = clock
    return train


def test_live_training_learns_in_its_time(live, capfd):
    run = live()
    assert run.seconds <= 8.0
    assert run.done > 60
    assert run.tokens == run.done * 8 * run.model.config.n_positions
    assert run.curve[0][1] == pytest.approx(np.log(run.model.config.vocab_size), abs=0.1)
    assert run.curve[-1][1] < run.curve[0][1] - 0.5
    assert run.curve[-1][0] <= run.tokens
    assert list(run.texts) == [0, 50, run.done]
    assert set(run.recall.values()) == {0.5}
    assert not run.model.training
    out, err = capfd.readouterr()
    assert err == ""
    assert f"{run.done:,} steps" in out
    assert f"0 (knows 50% of the facts): {run.texts[0].splitlines()[0]}"[:40] in out


def test_the_schedule_comes_to_its_end_in_time(live, monkeypatch):
    from course.lm import train

    rates, pretrain = [], train.pretrain

    def watched(*arguments):
        rates.append([])
        for p in pretrain(*arguments):
            rates[-1].append((p.step, p.steps, p.learning_rate))
            if len(rates) == 2:  # a step looks at the clock oftener than one of the trial does
                live.clock.tick = 0.002
            yield p

    monkeypatch.setattr(train, "pretrain", watched)
    live()
    step, steps, rate = rates[-1][-1]
    assert step == steps
    assert rate < 0.05


def test_the_trial_leaves_the_model_alone(live, monkeypatch):
    def interrupted(trial, _):
        list(itertools.islice(trial, 5))
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "steps_a_second", interrupted)
    run = live()
    assert run.done == 0
    spread = run.model.transformer.wte.weight.std().item()
    assert spread == pytest.approx(0.02, rel=1e-2), "the weights are those it began with"


def test_an_interrupted_training_keeps_its_weights(live, monkeypatch, capfd):
    from course.lm import train

    pretrain, calls = train.pretrain, []

    def interrupted(*arguments):
        calls.append(1)
        steps = pretrain(*arguments)
        if len(calls) == 1:  # the trial
            yield from steps
        yield from itertools.islice(steps, 5)
        raise KeyboardInterrupt

    monkeypatch.setattr(train, "pretrain", interrupted)
    run = live()
    assert (run.done, len(run.curve)) == (5, 5)
    assert "Stopped after step 5 of" in capfd.readouterr().out
    moved = run.model.transformer.wte.weight.std().item()
    assert moved != pytest.approx(0.02, rel=1e-3), "the weights aren't those it began with"


def test_a_notebook_shows_bar_curve_and_texts(live, monkeypatch):
    shown = []

    class Handle:
        def __init__(self, at):
            self.at = at

        def update(self, thing, **options):
            shown.append((self.at, thing))

    def display(thing, display_id=None, **options):
        shown.append((len(shown), thing))
        return Handle(len(shown) - 1) if display_id else None

    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.setattr(demo, "in_notebook", lambda: True)
    live()
    first = [thing for at, thing in shown if at == 0]
    assert "first texts" in first[0].text
    assert first[-1].text.startswith("This run"), "it stands where the progress bar was"
    curves = [thing for _, thing in shown if isinstance(thing, dict)]
    assert len(curves) >= 3
    assert all("Loss curve" in thing["text/plain"] for thing in curves[1:])
    assert any("it writes" in getattr(thing, "html", "") for _, thing in shown)


def test_without_the_tokenizer_the_recorded_run_is_drawn(live, monkeypatch):
    from course.lm import tokenizer

    def gone():
        raise CourseError("There is no tokenizer.")

    shown = []
    monkeypatch.setattr("IPython.display.display", lambda *things: shown.extend(things))
    monkeypatch.setattr(tokenizer, "load", gone)
    assert live() is None
    assert [type(thing).__name__ for thing in shown] == ["Page", "Picture", "Page"]
    assert "So here is the recorded run instead." in shown[0].text


def test_the_live_curve_is_what_was_given():
    curve = training.LossCurve(0.65, 2_000_000, RECORD, "mini-babbage")
    curve.draw([], 1.0)
    given = [(1_000_000, 3.0), (1_500_000, 2.0)]
    data, _ = curve.draw(given, 1.0)
    left, right = curve.picture.axes
    assert np.allclose(curve.line.get_xydata(), [(1.0, 3.0), (1.5, 2.0)])
    assert np.allclose(
        right.lines[1].get_xydata(), [(t / 1e6, loss) for t, loss in RECORD["curve"]]
    )
    for axis in (left, right):
        assert set(axis.lines[-1 if axis is left else 0].get_ydata()) == {0.65}
        assert "million tokens" in axis.get_xlabel()
    assert "nats" in left.get_ylabel()
    assert left.get_xlim()[1] > 2.0
    assert "from 3.00 to 2.00" in data["text/plain"]


def test_a_curve_without_a_record_stands_alone():
    curve = training.LossCurve(0.65, 1000, None, "mini-babbage")
    assert len(curve.picture.axes) == 1
    assert len(training.loss_curve(RECORD).axes) == 1
    assert np.allclose(
        training.loss_curve(RECORD).axes[0].lines[0].get_ydata(), [7.0, 5.0, 1.5, 0.9]
    )


def test_thinning_keeps_the_beginning_and_the_means():
    losses = [(i, float(i)) for i in range(1, 3021)]
    curve = training.thinned(losses, 3000)
    assert curve[:20] == losses[:20]
    assert curve[20] == (40, 30.5)
    assert all(b[0] - a[0] == 20 for a, b in itertools.pairwise(curve[20:]))
    assert training.thinned(losses[:30], 3000) == losses[:20], "half a stretch isn't drawn"
    assert training.thinned([], 100) == []
