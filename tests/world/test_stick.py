"""The stick: its physics is physics, its judge is the labeler's kind, its picture really moves."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from course.show import l06_clips as drawn
from course.studies import l06_backflip as backflip
from course.world import labeler, stick

pytestmark = pytest.mark.slow

REST = np.zeros((1, stick.NUMBERS))
JUMP = np.tile([1.0, 0.0, 0.0], stick.MOMENTS)[None]


def of(clips, name):
    return clips[..., stick.STATE.index(name)]


def test_it_stands_where_nothing_is_done():
    clip = stick.simulate(REST)
    assert clip.shape == (1, stick.FRAMES, len(stick.STATE))
    assert np.abs(of(clip, "height") - stick.LONG / 2).max() < 0.01
    assert np.abs(of(clip, "angle")).max() < 1e-9
    assert not stick.found(clip)["falls"][0]


def test_in_the_air_it_falls_as_everything_does():
    clip = stick.simulate(JUMP)[0]
    air = of(clip, "foot") > stick.REACH + 0.1
    speeds = of(clip, "vy")[air][:5]
    assert len(speeds) == 5
    assert np.diff(speeds) == pytest.approx(-stick.GRAVITY * stick.FRAME)


def test_a_tuck_keeps_the_angular_momentum():
    plan = np.tile([1.0, 0.6, 0.0], (stick.MOMENTS, 1))
    plan[3:] = [0.0, 0.0, 1.0]
    clip = stick.simulate(plan.reshape(1, -1))[0]
    air = of(clip, "foot") > stick.REACH + 0.05
    momentum = of(clip, "spin") * (of(clip, "length") ** 2 / 12 + stick.WEIGHTS)
    assert air.sum() > 4
    assert np.ptp(of(clip, "length")[air]) > 0.2
    inside = momentum[air][:4]
    assert inside == pytest.approx(np.full(len(inside), inside[0]))


def test_who_falls_on_the_head_stays_there():
    plans = backflip.Search().draw(64, np.random.default_rng(1))
    clips = stick.simulate(plans)
    fallen = of(clips, "head")[:, :-3].min(axis=1) < 0
    assert fallen.any()
    assert np.array_equal(clips[fallen, -1], clips[fallen, -2])
    assert not clips[fallen, -1][:, [stick.STATE.index(n) for n in ("vx", "vy", "spin")]].any()


def test_attempts_do_not_meet_and_too_much_is_cut_off():
    plans = backflip.Search().draw(5, np.random.default_rng(2)) * 3
    together = stick.simulate(plans)
    assert np.allclose(together[3], stick.simulate(plans[3:4])[0])
    lowest, highest = np.tile(stick.LOWEST, stick.MOMENTS), np.tile(stick.HIGHEST, stick.MOMENTS)
    assert np.allclose(together, stick.simulate(np.clip(plans, lowest, highest)))


def made(turns, stands=True):
    """Return a made-up clip that turns so far and then stands or lies."""
    clip = np.zeros((1, stick.FRAMES, len(stick.STATE)))
    clip[..., stick.STATE.index("angle")] = np.linspace(0, 2 * np.pi * turns, stick.FRAMES)
    clip[..., stick.STATE.index("head")] = clip[..., stick.STATE.index("height")] = 1.0
    ending = slice(-stick.ENDING, None)
    clip[:, ending, stick.STATE.index("angle")] = 2 * np.pi * turns if stands else np.pi
    clip[:, :, stick.STATE.index("foot")] = 0.0 if stands else 0.5
    return clip


def test_the_judge_likes_one_clean_turn_best():
    points = {turns: stick.found(made(turns))["points"][0] for turns in (0.0, 1.0, 2.0)}
    assert points[1.0] > points[2.0] > points[0.0]
    assert points[1.0] > stick.found(made(1.0, stands=False))["points"][0]
    assert stick.flips(made(1.0))[0]
    assert not stick.flips(made(2.0))[0]
    assert not stick.flips(made(1.0, stands=False))[0]


def test_choices_have_the_labelers_noise():
    rng = np.random.default_rng(3)
    took = stick.choices(np.full(4000, 2.0), np.zeros(4000), rng)
    assert took.mean() == pytest.approx(1 - labeler.SLIP, abs=0.01)


def test_a_reward_model_learns_a_simple_taste_from_comparisons():
    rng = np.random.default_rng(4)
    plans = backflip.Search().draw(120, rng)
    clips = stick.simulate(plans)
    highest = stick.quantities(clips)["height"].max(axis=1)
    i, j = rng.integers(120, size=(2, 150))
    took = highest[i] > highest[j]
    model = backflip.RewardModel(0)
    seen = backflip.frames(clips)
    backflip.fit(model, seen[i], seen[j], backflip.torch.tensor(took), 150)
    fresh = stick.simulate(backflip.Search().draw(120, rng))
    order = np.corrcoef(model.score(fresh), stick.quantities(fresh)["height"].max(axis=1))[0, 1]
    assert order > 0.7


def test_teaching_uses_only_what_it_asks_and_can_be_stopped():
    recipe = backflip.Recipe(rounds=2, pairs=10, steps=5, searches=1, plans=16, best=4)
    asked = []

    def ask(first, second):
        asked.append(len(first))
        return [True] * len(first)

    steps = backflip.teach(ask, recipe=recipe)
    assert next(steps).comparisons == 10
    steps.close()
    assert asked == [10]
    again = [p.plan.tolist() for p in backflip.teach(lambda a, b: [True] * len(a), recipe=recipe)]
    same = [p.plan.tolist() for p in backflip.teach(lambda a, b: [True] * len(a), recipe=recipe)]
    assert again == same


def test_the_search_climbs():
    state, rng = backflip.Search(), np.random.default_rng(5)
    means = [
        scores.mean()
        for _, _, scores in backflip.search(
            lambda clips: stick.quantities(clips)["height"].max(axis=1), state, 6, 40, 8, rng
        )
    ]
    assert means[-1] > means[0] + 0.1


def test_the_record_says_what_its_plans_do():
    from course import records

    record = records.read("backflip")
    assert record["comparisons"] < 1000
    assert record["comparisons"] == record["rounds"][-1]["comparisons"]
    last = stick.simulate(np.array(record["rounds"][-1]["plan"])[None])
    assert stick.flips(last)[0], "the lesson shows a backflip"
    by_hand = stick.simulate(np.array(record["by_hand"])[None])
    assert not stick.flips(by_hand)[0], "the lesson says that what we wrote isn't what we meant"
    assert len(record["all"]) == record["seeds"] >= record["flipped"] >= 1


# The picture --------------------------------------------------------------------------------------


def test_the_picture_moves_through_the_frames_of_the_clip():
    clip = stick.simulate(JUMP)[0]
    root = ElementTree.fromstring(drawn.svg(clip, "A <title>"))
    moves = [node for node in root.iter() if node.tag.endswith("animate")]
    head = next(m for m in moves if m.get("attributeName") == "cy")
    places = [float(v) for v in head.get("values").split(";")]
    assert len(places) == stick.FRAMES + 1 == len(head.get("keyTimes").split(";"))
    assert np.ptp(places) > 50, "a jump is seen"
    assert all(m.get("repeatCount") == "indefinite" for m in moves)
    assert min(places) > 0, "the highest jump stays in the picture"
    assert "turns" in root.get("aria-label")


def test_the_page_has_words_and_no_script():
    page = drawn.animation({"One": stick.simulate(REST)[0], "Two": stick.simulate(JUMP)[0]})
    assert "<script" not in page.html
    assert page.html.count("<svg") == 2
    assert re.search(r"One: it turns .*stands at the end", page.text)
    assert not re.search(r"https?://(?!www\.w3\.org)", page.html)


# The demos ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("rounds", [0, 2])
def test_an_interrupted_teaching_keeps_its_rounds_and_shows_the_recorded_run(
    monkeypatch, capsys, rounds
):
    from course.show import l06_feedback as feedback

    plan = np.zeros(stick.NUMBERS)

    def stopped(*_, **__):
        for k in range(rounds):
            yield backflip.Progress(k + 1, 8, 100 * (k + 1), 0.5, 1.0, plan, 0.0, 0.0, 0.0)
        raise KeyboardInterrupt

    monkeypatch.setattr(backflip, "teach", stopped)
    feedback.learned_backflip()
    said = capsys.readouterr().out
    place = "after round 2 of 8" if rounds else "before the first round"
    assert f"Stopped {place}. So here is the recorded run instead." in said
    assert "stands at the end" in said


def test_an_interrupted_search_shows_what_the_recorded_one_found(monkeypatch, capsys):
    from course.show import l06_feedback as feedback

    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(backflip, "by_hand", stopped)
    feedback.hand_written()
    said = capsys.readouterr().out
    assert "recorded run" in said
    assert "What a written reward likes best" in said
    monkeypatch.setattr(backflip, "from_choices", stopped)
    feedback.own_backflip()
    assert "your labels are kept" in capsys.readouterr().out


def test_a_search_finds_what_was_written():
    recipe = backflip.Recipe(rounds=2, searches=1, plans=32, best=6)
    plan = backflip.by_hand(lambda frame: frame["height"], recipe=recipe)
    first = stick.simulate(backflip.START[None])
    best = stick.simulate(plan[None])
    assert stick.quantities(best)["height"].mean() > stick.quantities(first)["height"].mean()
