"""The table of stages: a new entry is all that a stage needs, and what is told of all agrees."""

import csv
import importlib.util
import itertools
import json
import subprocess
import sys
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from course import cli, paths, records
from course.lm import model
from course.lm import tokenizer as tok
from course.show import chatbox, documents, lineage_picture, style
from course.stages import base, exercises, stage
from course.stages import run as lineage
from course.stages.stage import LINEAGE, Work, before, models, whole
from course.studies import l08_league as league
from course.studies import registry
from course.studies.registry import ALL, Study
from course.world import demonstrate, village, web

# A stage that isn't there -------------------------------------------------------------------------


def rloo(run):
    """Do as a stage does: make a model, give figures."""
    figures = {"true_gain": 0.7, "seconds": 1.5, "unlisted": [1, 2]}
    run.put("mini-rloo", model.new(model.Size(1, 32), 1, len(run.tokenizer)), figures)
    return figures


NEW = replace(
    LINEAGE["ppo"],
    name="rloo",
    about="RLOO, which has no critic",
    work=lambda: Work(rloo),
    record="mini-rloo",
    shown=("true_gain", "seconds"),
    models=(
        replace(
            LINEAGE["ppo"].models[0],
            name="mini-rloo",
            about="Trained from mini-sft by RLOO.",
            row=", after RLOO",
            measured=("mini-instruct", "rates"),
        ),
    ),
    place=stage.Place(
        "RLOO", "RLOO", 2, 4, "sft", "reward", "no critic", stage.Real("R1", "2025", 1, 1)
    ),
)
TABLE = ALL | {"rloo": NEW}


def test_a_new_stage_is_in_the_command_s_help(monkeypatch):
    monkeypatch.setattr(registry, "ALL", TABLE)
    spec = importlib.util.spec_from_file_location("another_cli", cli.__file__)
    fresh = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fresh)
    told = CliRunner().invoke(fresh.app, ["lineage", "--help"], env={"COLUMNS": "200"}).output
    whole, _, other = told.partition("What else can be run:")
    assert "rloo: RLOO, which has no critic" in whole
    assert "rloo" not in other


@pytest.fixture
def elsewhere(monkeypatch, tmp_path):
    """Let models, records and targets be in an empty folder, with what a run wants of them."""
    tok.load().save_pretrained(tmp_path / "data" / "models" / "tokenizer")
    for name, folder in (("DATA", "data"), ("MODELS", "data/models"), ("RUNS", "data/runs")):
        monkeypatch.setattr(paths, name, tmp_path / folder)
    monkeypatch.setattr(paths, "WORK", tmp_path / "work")
    (tmp_path / "data" / "targets.csv").write_text(
        "command,key,relation,bound,format,unit\nlineage rloo,true_gain,>=,0.6,,points\n"
    )
    return tmp_path


def test_a_new_stage_is_run_shown_recorded_shipped_and_measured_by_its_targets(elsewhere):
    result = lineage.run(TABLE, stage="rloo", save=True)
    assert result.stages == {"rloo": {"true_gain": 0.7, "seconds": 1.5}}
    assert result.targets == {"rloo": {"true_gain": True}}
    assert records.read("mini-rloo")["unlisted"] == [1, 2]
    shipped = elsewhere / "data" / "models" / "mini-rloo"
    assert model.load(shipped)[0].config.n_layer == 1
    card = (shipped / "README.md").read_text(encoding="utf-8")
    assert "Trained from mini-sft by RLOO. It knows the invented village" in card
    assert "| true_gain | 0.7 |" in card
    assert "--stage rloo --save`; the full record is `data/runs/mini-rloo.json`." in card
    assert documents.files(TABLE)[shipped / "README.md"] == card
    assert chatbox.names(TABLE)[0] == "mini-rloo"


def test_what_cards_say_of_the_test_split_is_a_clause():
    every = [made for entry in ALL.values() for made in entry.models]
    assert len(every) > 5
    for made in every:
        assert made.unseen.startswith("no "), made.name


def test_what_cards_say_of_the_test_split_is_so():
    for split in ("person", "event", "place"):
        parts = [set(names) for names in village.SPLITS[split].values()]
        assert sum(map(len, parts)) == len(set().union(*parts))
    tested = {name for parts in village.SPLITS.values() for name in parts["test"]}
    shown = [
        *demonstrate.demonstrations(400, 1),
        *demonstrate.dialogues(100, "train", 1),
        *demonstrate.talks(100, "train", 1),
        *demonstrate.requests(400, "train", 1, wide=True, mix=demonstrate.PPO_MIX),
    ]
    assert not any(turn.subject in tested for example in shown for turn in example.turns)
    told = " ".join(document.text for document in web.documents(300, 1))
    assert sum(name in told for name in tested) > len(tested) / 2


def test_a_new_stage_is_in_a_whole_run():
    assert whole(TABLE) == [*(name for name, each in LINEAGE.items() if each.whole), "rloo"]
    assert before(TABLE, "rloo") == ["base", "sft", "reward"]


def test_a_new_stage_is_in_the_picture_and_everybody_s_words():
    page = lineage_picture.lineage("RLOO", TABLE)
    ElementTree.fromstring(page.html)
    assert page.html.count(f'fill="{style.ACCENT}"') == 1
    assert "07 RLOO" in page.html
    assert "no critic" in page.html
    assert "mini-rloo" in page.html
    assert "as R1" in page.html
    said = "RLOO (lesson 07, as R1) from SFT, with no critic, scored by the reward model"
    assert said in page.text
    assert not overlaps(TABLE)
    assert "RLOO (lesson 07, as R1)" in documents.picture_block(TABLE)


def test_a_new_stage_is_in_readme_s_table_the_league_and_has_a_colour():
    follows = records.read("mini-instruct")["rates"]["following"]
    assert f"| `mini-rloo`, after RLOO | {follows:.2f} |" in documents.lineage_block(TABLE)
    assert league.Entrant("mini-rloo", "mini-rloo") in league.entrants(TABLE)
    colours = style.colours(TABLE)
    assert len(set(colours.values())) == len(style.COLOURS) + 1
    assert colours["mini-rloo"] not in style.COLOURS.values()


def test_more_models_than_hues_stay_without_one():
    many = [replace(NEW.models[0], name=f"mini-x{i}") for i in range(20)]
    colours = style.colours(ALL | {"rloo": replace(NEW, models=tuple(many))})
    assert colours["mini-x19"] == style.QUIET


# The table as it is -------------------------------------------------------------------------------


def overlaps(table):
    boxes = [
        *lineage_picture.boxes(table).values(),
        *lineage_picture.real_boxes(table).values(),
    ]
    places = [(b.x, b.y, b.x + b.width, b.y + b.height) for b in boxes]
    return [
        (a, b)
        for a, b in itertools.combinations(places, 2)
        if not (a[2] < b[0] or b[2] < a[0] or a[3] < b[1] or b[3] < a[1])
    ]


def test_no_box_of_the_picture_lies_on_another():
    assert not overlaps(ALL)


def test_reading_the_tables_loads_nothing_slow():
    code = (
        "import sys, course.stages.stage, course.studies.registry, course.show.documents;"
        "print({'torch', 'transformers', 'matplotlib', 'numpy'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (run.stdout, run.stderr) == ("set()\n", "")


def test_what_a_stage_needs_and_comes_after_is_there():
    for i, each in enumerate(ALL.values()):
        assert set(each.needs) <= set([*ALL][:i])
        assert (paths.RELEASE / each.lesson).is_dir()
        assert each.place is None or all(
            ALL[name].place for name in (each.place.after, each.place.judge) if name
        )
        assert each.shown[-1] == "seconds" or "seconds" in each.shown


@pytest.mark.skipif(not paths.SOURCE.exists(), reason="source/ isn't shipped here")
def test_the_exercises_of_each_stage_are_there():
    for needed in {needed for each in ALL.values() for needed in each.exercises}:
        assert list(exercises.load(*needed)) == list(needed[1:])


def test_each_stage_has_its_work_and_a_quick_run_is_no_longer_than_a_full_one():
    for each in ALL.values():
        work = each.work()
        assert callable(work.run)
        assert work.plan(quick=False) == work.full
        assert work.plan(quick=True) == (work.quick or work.full)


def test_studies_ship_no_model_and_are_in_no_whole_run():
    studies = [each for each in ALL.values() if isinstance(each, Study)]
    assert [s.name for s in studies] == list(registry.STUDIES)
    assert not any(s.models or s.whole for s in studies)


def test_the_base_models_are_those_that_there_are():
    names = [made.name for made in LINEAGE["base"].models]
    assert names == list(model.SIZES) == list(base.RECIPES)


def test_what_is_shipped_is_what_the_table_says():
    folders = {folder.parent.name for folder in paths.MODELS.glob("*/config.json")}
    assert folders == {made.name for made in models(ALL).values() if made.shipped}
    rewarding = {name for name in folders if isinstance(model.load(name)[0], model.RewardModel)}
    assert rewarding == {m.name for m in models(ALL).values() if not m.chats}


def test_what_is_shown_and_has_a_target_is_in_the_record():
    for each in ALL.values():
        if each.record:
            found = set(records.read(each.record))
            assert set(each.shown) <= found
            assert set(records.targets(f"lineage {each.name}")) <= set(each.shown)


def test_all_targets_of_the_lineage_are_of_a_stage():
    with (paths.DATA / "targets.csv").open(encoding="utf-8", newline="") as file:
        commands = {row["command"] for row in csv.DictReader(file)}
    of = {c.removeprefix("lineage ").removesuffix(" quick") for c in commands if "lineage" in c}
    assert of <= {*ALL, "all", "seeds"}


def test_the_league_is_in_the_order_of_its_record():
    assert [entrant.name for entrant in league.ENTRANTS] == records.read("league")["names"]


def test_a_size_of_a_model_is_just_before_it():
    names = list(models(LINEAGE))
    assert names.index("mini-ada-instruct") + 1 == names.index("mini-instruct")
    assert names[:4] == list(model.SIZES)


# What the documents say ---------------------------------------------------------------------------


def test_picture_and_cards_are_what_the_table_and_the_records_say():
    for path, text in documents.files().items():
        assert path.read_text(encoding="utf-8") == text, f"run `course build`: {path.name}"


@pytest.mark.parametrize("name", documents.readme_blocks())
def test_readme_has_the_blocks_that_are_made_from_the_table(name):
    readme = (paths.ROOT / "README.md").read_text(encoding="utf-8")
    block = readme.split(f"<!-- {name} -->\n")[1].split(f"\n<!-- /{name} -->")[0]
    assert block == documents.readme_blocks()[name]


def test_only_what_has_changed_is_written(monkeypatch, tmp_path):
    (tmp_path / "models" / "mini-sft").mkdir(parents=True)
    monkeypatch.setattr(paths, "DATA", tmp_path)
    monkeypatch.setattr(paths, "MODELS", tmp_path / "models")
    card, picture = tmp_path / "models" / "mini-sft" / "README.md", tmp_path / documents.PICTURE
    assert set(documents.write()) == {card, picture}
    assert documents.write() == []
    card.write_text("changed by hand", encoding="utf-8")
    assert documents.write() == [card]
    assert "Fine-tuned from mini-babbage" in card.read_text(encoding="utf-8")


def test_a_result_is_plain_data():
    result = lineage.Result(1.0, {"ppo": {"a": 1.0}}, {"ppo": {"a": False}, "all": {"b": True}})
    assert json.loads(json.dumps(result.plain()))["ok"] is False
