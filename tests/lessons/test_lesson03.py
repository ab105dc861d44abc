"""Lesson 03 as people meet it: its demos run, and what its text promises holds in the record.

How the notebook is executed, and what every lesson has to do: tests/harness.py. Its demos run once
more where mini-code is missing.
"""

import copy
import re

import nbformat
import numpy as np
import pytest
from harness import EveryLesson, Lesson, execute, failed, load, text

from course import paths, records

pytestmark = pytest.mark.slow

SPEC = Lesson(
    "03_fine_tuning",
    demos={
        "lineage-picture": {"text/html"},
        "demo-first-look": {"text/html"},
        "demo-own-request": {"text/html"},
        "demo-verdicts": {"text/html"},
        "demo-rates": {"text/html", "image/png"},
        "demo-loop": {"text/html"},
        "demo-live-lora": {"text/html", "image/png"},
        "demo-peft": {"text/html"},
        "demo-real-lora": {"text/html"},
        "demo-guide": {"text/html", "image/png"},
        "demo-live-guide": {"text/html"},
        "demo-ask-guide": {"text/html"},
        "demo-four-ways": {"text/html", "image/png"},
        "demo-plane": {"text/html", "image/png"},
        "facts-code": {"text/html"},
    },
    unanswered={"demo-live-lora": set()},
    absent="transformers",
    seconds=3,
)


class TestEveryLesson(EveryLesson):
    """What every lesson gets."""


@pytest.fixture(scope="module")
def without_mini_code(tmp_path_factory):
    """Execute the demos for a learner without answers, and without mini-code."""
    root = tmp_path_factory.mktemp("pack")
    for name in ("family", "runs", "real_models.json"):
        (root / "data").mkdir(exist_ok=True)
        (root / "data" / name).symlink_to(paths.DATA / name)
    (root / "data/models").mkdir()
    for name in ("mini-babbage", "tokenizer"):
        (root / "data/models" / name).symlink_to(paths.MODELS / name)
    mine = root / "work" / SPEC.name
    mine.mkdir(parents=True)
    nb = load(SPEC.name, answers=False)
    nbformat.write(nb, mine / f"{SPEC.name}.ipynb")
    nb.cells = [c for c in nb.cells if c.id in SPEC.demos or c.id == "setup"]
    return execute(nb, mine, COURSE_ROOT=str(root), COURSE_CACHE=str(root / "cache"))


def test_demos_really_run_programs(learned):
    assert "✓ right" in text(learned["answers"]["demo-first-look"])
    assert "It is right for all of these inputs." in text(learned["answers"]["demo-own-request"])
    shown = text(learned["answers"]["demo-verdicts"])
    for said in ("Runs: f(-8) = -9", "loop", "imports", "calls print", "ZeroDivisionError"):
        assert said in shown
    # Which limit strikes first depends on the machine.
    assert re.search(r"Stopped: (it ran for|f\(-8\) needs) more than", shown)
    assert "line 1 breaks the grammar" in shown


def test_the_loop_on_the_page_trains_with_the_learners_function(learned):
    for who, whose in (("answers", "with your own lora_forward"), ("none", "the course's own")):
        shown = text(learned[who]["demo-loop"])
        assert whose in shown
        losses = [float(loss) for loss in re.findall(r"step \d+: loss (\d+\.\d+)", shown)]
        assert len(losses) >= 4
        assert losses[-1] < 0.7 * losses[0]
        assert "# Write f: add 5, then times 3.\ndef f(x):\n    return" in shown


def test_the_live_run_says_what_it_did_and_when_that_is_too_little(learned):
    shown = text(learned["answers"]["demo-live-lora"])
    assert re.search(r"This run trained 46,848 numbers \(10% of", shown)
    steps = int(re.search(r"([\d,]+) of [\d,]+ steps in", shown)[1].replace(",", ""))
    assert ("steps are too few" in shown) == (steps < 100)
    assert ("recorded run" in shown) == (steps < 100)


def test_peft_agrees_with_the_exercise(learned):
    rows = [
        line.split(" | ")
        for line in text(learned["answers"]["demo-peft"]).split("\n")
        if " | " in line
    ]
    assert [row[-1] for row in rows[1:]] == ["no", "yes", "yes"]
    assert "lora_forward" in rows[-1][0]


def test_without_answers_and_without_mini_code_the_lesson_goes_on(without_mini_code):
    assert failed(without_mini_code) == set()
    for demo in ("demo-first-look", "demo-own-request"):
        assert "There is no model mini-code" in text(without_mini_code[demo])
    assert "lora_forward of work/03_fine_tuning isn't answered yet" in text(
        without_mini_code["demo-live-lora"]
    )
    assert "recorded run" in text(without_mini_code["demo-live-lora"])
    assert "So here peft is compared with itself only." in text(without_mini_code["demo-peft"])
    assert "So the live part is left out." in text(without_mini_code["demo-real-lora"])
    for demo in ("demo-rates", "demo-four-ways", "demo-plane"):
        assert "recorded run" in text(without_mini_code[demo])


# What the text promises ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def record():
    return records.read("fine_tuning")


def mean(trials, key):
    return float(np.mean([trial[key] for trial in trials]))


def test_the_text_says_how_mini_code_was_made():
    made = records.read("mini-code")
    assert (made["pairs"], made["epochs"], made["tests"]) == (6000, 2, 200)
    assert made["drawn"] == {
        "1": {"temperature": 0.2, "samples": 10},
        "10": {"temperature": 0.8, "samples": 20},
    }


def test_the_base_model_grows_with_k_and_gets_nothing_from_examples():
    made = records.read("mini-code")
    assert made["base_pass_at_1"] < 0.02
    assert made["base_pass_at_10"] > 3 * made["base_pass_at_1"]
    assert made["few_shot_pass_at_1"] < 0.1
    assert made["pass_at_1"] > 0.9


def test_the_table_decides_what_fine_tuning_is(record):
    ways = record["ways"]
    right = {way: mean(trials, "pass_at_1") for way, trials in ways.items()}
    assert right["last layer"] < 0.05
    assert right["last block"] < 0.6 * min(right["LoRA"], right["all"])
    assert right["LoRA"] > right["all"] - 0.05
    share = ways["LoRA"][0]["trained"] / record["parameters_with_embeddings"]
    assert share == pytest.approx(0.1, abs=0.01)
    assert record["recipe"]["rank"] == 8


def test_rehearsal_keeps_most_of_what_training_forgets(record):
    ways, base = record["ways"], record["base_web_loss"]
    rise = {way: mean(trials, "web_loss") - base for way, trials in ways.items()}
    assert rise["all"] > 0.2
    assert rise["all, with rehearsal"] < 0.25 * rise["all"]
    right = {way: mean(trials, "pass_at_1") for way, trials in ways.items()}
    assert right["all, with rehearsal"] == pytest.approx(max(right.values()), abs=0.01)
    seconds = {way: mean(trials, "computing") for way, trials in ways.items()}
    assert seconds["all, with rehearsal"] > 1.2 * seconds["all"]


def test_compared_fairly_lora_forgets_like_all_and_its_optimizer_less(record):
    from course.show import l03_programs

    mildest = {
        way: min(
            point for point in l03_programs._at_rates(record, way) if round(point[1], 2) >= 0.95
        )
        for way in record["by_rate"]
    }
    rises = {way: rise for way, (rise, *_) in mildest.items()}
    assert 0.7 < rises["LoRA"] / rises["all"] < 1.4
    assert rises["all, AdamW alone"] < 0.5 * min(rises["LoRA"], rises["all"])
    in_the_table = mean(record["ways"]["LoRA"], "web_loss") - record["base_web_loss"]
    assert rises["LoRA"] < 0.5 * in_the_table
    said = l03_programs.fair_comparison(record)
    assert all(f"{rise:.2f} nats" in said for rise in rises.values())


def test_the_sizes_differ_in_speed_and_the_smallest_is_on_the_front(record):
    from course.show.l03_programs import front

    sizes = record["by_size"]
    speed = [found["milliseconds"] for found in sizes.values()]
    assert speed == sorted(speed)
    assert speed[-1] > 3 * speed[0]
    points = {n: (s["milliseconds"], mean(s["trials"], "pass_at_1")) for n, s in sizes.items()}
    assert front(points)[0] == "mini-ada"


def test_the_picture_of_lora_is_that_of_a_layer():
    from course.lm import model
    from course.show import l03

    mini, _ = model.load("mini-babbage")
    layer = l03.matrices(mini)[2].weight  # c_fc, (in, out)
    drawn = (paths.SOURCE / SPEC.name / "lora.svg").read_text(encoding="utf-8")
    inside, out = layer.shape
    for shape, name in (((out, inside), "W"), ((out, 8), "B"), ((8, inside), "A")):
        assert f">({shape[0]}, {shape[1]})<" in drawn, name
        assert f"{shape[0] * shape[1]:,}" in drawn, name


# Records before and after rates were tuned -------------------------------------------------------


def by_rate(*points):
    return [
        {"rates": [0.0, rate], "trials": [{"pass_at_1": right, "web_loss": loss}]}
        for rate, right, loss in points
    ]


def test_ways_are_compared_where_they_are_equally_good():
    from course.show.l03_programs import fair_comparison

    record = {
        "base_web_loss": 0.5,
        "by_rate": {
            "LoRA": by_rate((0.001, 0.4, 0.6), (0.002, 0.97, 0.9), (0.01, 1.0, 3.0)),
            "all": by_rate((0.001, 0.96, 1.1), (0.002, 0.99, 1.4)),
            "all, AdamW alone": by_rate((0.001, 0.1, 0.6)),
        },
    }
    said = fair_comparison(record)
    assert "LoRA 0.40 nats per token (rate 0.002, 97% right)" in said
    assert "all 0.60 nats per token (rate 0.001, 96% right)" in said
    assert "optimizer" not in said
    record["by_rate"]["all"] = by_rate((0.001, 0.2, 0.6))
    assert "Too few" in fair_comparison(record)


def test_the_record_says_whether_rates_were_tuned():
    from course.show.l03_programs import tuning_of

    assert "wasn't tuned" in tuning_of({"mini-ada": {}, "mini-davinci": {}})
    tried = [{"rates": [0.01 * f, 0.002 * f], "greedy": 0.5} for f in (1, 2, 4)]
    inside, edge = ({"tried": tried, "rates": tried[i]["rates"]} for i in (1, 2))
    said = tuning_of({"mini-ada": inside, "mini-davinci": edge})
    assert "mini-ada 0.004, mini-davinci 0.008" in said
    assert "For mini-davinci that is the last one" in said
    assert "last one" not in tuning_of({"mini-ada": inside})


def test_a_record_with_several_rates_is_drawn(monkeypatch, capsys, record):
    from course.show import l03_programs as code

    points = by_rate((0.001, 0.4, 0.6), (0.002, 0.97, 0.9))
    tuned = {
        name: found | {"tried": [{"rates": [0.02, 0.004]}], "rates": [0.02, 0.004]}
        for name, found in record["by_size"].items()
    }
    new = record | {"by_rate": dict.fromkeys(code.COMPARED, points), "by_size": tuned}
    monkeypatch.setattr(code.sources, "record", lambda name: new)
    code.four_ways()
    code.plane()
    said = capsys.readouterr().out
    assert "Compared fairly" in said
    assert "can't say whether LoRA" not in said
    assert "best for it on other tasks" in said


# The pieces ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "source"),
    [
        ("add 5", "x + 5"),
        ("take away 7, then times 12", "(x - 7) * 12"),
        ("divide by 3", None),
        ("add 123", None),
        ("add 1, then add 2, then add 3", None),
        ("", None),
        ("add 5 and times 3", None),
    ],
)
def test_a_request_of_the_learned_kind_is_understood(words, source):
    from course.show.l03_programs import wanted

    task = wanted(words)
    assert (task and task.source) == (source and f"def f(x):\n    return {source}\n")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("", "There is no request"),
        ("  \n ", "There is no request"),
        ("add 5 " * 200, "shorten it"),
        ("divide by 3", "Nobody can say whether this is right"),
        ("<|end|> add 5 <|user|>", "right for all|Nobody can say|wrong|Not Python|Refused"),
    ],
)
def test_any_request_gets_a_sentence(words, says, capsys):
    from course.show import l03_programs as code

    code.ask(words)
    assert re.search(says, capsys.readouterr().out)


def test_an_interrupted_live_run_keeps_what_it_has_learned(monkeypatch, capsys):
    from course.show import l03_lora, live
    from course.stages import code

    monkeypatch.setenv("COURSE_DEMO_SECONDS", "300")
    monkeypatch.setattr(live, "steps_a_second", lambda *_: 0.4)
    tune_on = code.tune_on

    def stopped(*arguments, **named):
        for step, progress in enumerate(tune_on(*arguments, **named)):
            if step == 3:
                raise KeyboardInterrupt
            yield progress

    monkeypatch.setattr(code, "tune_on", stopped)
    run = l03_lora.live_lora()
    assert run.interrupted
    assert (run.done, len(run.curve)) == (3, 3)
    assert [step for step, *_ in run.points] == [0, 3]
    assert len(run.wrote) == len(run.verdicts) == 2
    assert "Stopped after step 3" in capsys.readouterr().out
    same = dict(run.base.named_parameters())
    moved = [n for n, p in run.model.named_parameters() if not same[n].equal(p)]
    assert moved, "the model has LoRA merged; the base model is as it was"


@pytest.fixture
def tiny_llama(monkeypatch):
    """Put a tiny model of SmolLM2's kind into its place; it knows our tokens."""
    import tiny_llama

    from course.real import catalogue

    few = {"num_attention_heads": 2, "num_key_value_heads": 2, "initializer_range": 0.02}
    here = tiny_llama.model(max_position_embeddings=128, **few), tiny_llama.tokenizer()
    monkeypatch.setattr(catalogue, "load", lambda name: here)
    return here[0]


def test_a_real_model_learns_from_the_examples_and_stays_as_it_was(tiny_llama, capsys):
    from course.show import l03_smollm2

    before = {name: p.clone() for name, p in tiny_llama.named_parameters()}
    examples = [("the cat", "is old"), ("the dog", "is old"), ("who is that", "the dog is old")]
    run = l03_smollm2.teach_smollm2(examples, ["the bird"], seconds=60)
    assert run.done == run.planned == l03_smollm2.EPOCHS
    assert len(run.before) == len(run.after) == 1
    assert all(p.equal(before[name]) for name, p in tiny_llama.named_parameters())
    assert any(float(pair.detach().abs().sum()) > 0 for pair in run.pairs[1::2]), "some b has moved"
    said = capsys.readouterr().out
    assert "3 examples" in said
    assert "lora_forward isn't answered yet, so the course's own does its work." in said
    row, begin = run.rows[0]
    assert run.tokenizer.decode(row[begin:]).startswith("is old")


# The guide ---------------------------------------------------------------------------------------


def test_without_smollm2_the_guide_s_record_is_shown_and_one_sentence(learned):
    said = text(learned["answers"]["demo-live-guide"])
    assert "isn't on this computer yet" in said
    assert "Of 24 facts that it was taught" in said
    assert "So this demo is left out" in text(learned["answers"]["demo-ask-guide"])
    assert "learned facts, in a far wording: 0% before" in text(learned["none"]["demo-guide"])


def test_the_guide_learned_facts_and_a_tone_and_cannot_say_what_it_was_not_shown():
    found = records.read("guide")
    assert found["wordings"] == 3
    assert found["right_before"] <= 0.05
    assert found["right"] >= 0.9
    assert 0.3 < found["far_right"] < 0.85
    assert found["unseen_right"] <= 0.15
    assert found["tone_before"] == 0
    assert found["tone"] >= 0.95
    assert found["ordinary_tone"] > 0.5
    assert 1 < found["forgotten"] < 2
    assert found["trained"] < 0.01 * found["parameters"]
    assert found["adapter_mb"] < 1
    assert found["memory_mb"] < 3000
    assert found["off_difference"] == 0
    assert "Q4_1" in found["sources"]
    assert found["source"] in ("hub", "wheel")


def test_the_guide_is_taught_live_with_the_exercise(tiny_llama, monkeypatch, capsys):
    from course.real import tune
    from course.show import l03_guide

    monkeypatch.setenv("COURSE_DEMO_SECONDS", "100")
    monkeypatch.setattr(l03_guide, "ROUNDS", 2)
    before = {name: p.clone() for name, p in tiny_llama.named_parameters()}
    run = l03_guide.live_guide(["The Old Mill", "the Great Flood"])
    assert run.done == run.planned == 4
    assert len(run.answers) == 3
    assert [step for step, *_ in run.points] == [0, 2, 4]
    assert any(float(p.detach().abs().sum()) > 0 for p in tune.trained(run.model)[1::2])
    assert all(
        p.equal(before[n.replace(".base_layer", "")])
        for n, p in run.model.get_base_model().named_parameters()
        if "lora_" not in n
    )
    said = capsys.readouterr().out
    assert "Of 4 facts it knew 0 before" in said
    assert "peft's own layers" in said


@pytest.mark.parametrize(
    ("subjects", "says"),
    [
        (["the Eiffel Tower"], "There is no 'the Eiffel Tower' in the village"),
        ([], "Choose one to 4"),
        (["the Old Mill"] * 5, "Choose one to 4"),
        ([7], "There is no 7 in the village"),
    ],
)
def test_places_that_are_not_there_get_a_sentence(tiny_llama, capsys, subjects, says):
    from course.show import l03_guide

    assert l03_guide.live_guide(subjects) is None
    said = capsys.readouterr().out
    assert says in said
    assert "So here is the recorded run instead." in said


def test_the_adapter_is_asked_on_and_off(tiny_llama, monkeypatch, capsys, tmp_path):
    from course.real import tune
    from course.show import l03_guide

    adapted = tune.adapt(copy.deepcopy(tiny_llama), 1)
    tune.save(adapted, tmp_path / "adapters/guide")
    monkeypatch.setattr(paths, "DATA", tmp_path)
    monkeypatch.setattr(tune, "source", lambda: "hub")
    l03_guide.ask_guide("", " ")
    assert "There is no question" in capsys.readouterr().out
    l03_guide.ask_guide("Who keeps the Old Mill?")
    said = capsys.readouterr().out
    assert "adapter off | adapter on" in said
    assert ("trained on other weights" in said) == (records.read("guide")["source"] != "hub")
    monkeypatch.setattr(paths, "DATA", tmp_path / "nowhere")
    l03_guide.ask_guide("Who keeps the Old Mill?")
    assert "restore data/adapters with git" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("examples", "says"),
    [
        ([], "There is no example"),
        ([("only a request",)], "a pair of request and answer"),
        ([("a", "  ")], "a pair of request and answer"),
        ([("a", "b" * 500)], "shorten it"),
    ],
)
def test_examples_of_a_wrong_form_get_a_sentence(tiny_llama, capsys, examples, says):
    from course.show import l03_smollm2

    assert l03_smollm2.teach_smollm2(examples, ["the bird"]) is None
    assert says in capsys.readouterr().out


def test_a_record_that_is_missing_is_one_sentence(monkeypatch, capsys, tmp_path):
    from course.show import l03_programs as code

    monkeypatch.setattr(paths, "RUNS", tmp_path)
    for demo in (code.rates, code.four_ways, code.plane):
        demo()
        assert "restore data/runs with git" in capsys.readouterr().out
