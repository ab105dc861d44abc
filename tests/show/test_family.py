"""The tables of the real family are consistent and say where each row is from; their pictures."""

import csv

import pytest

from course import paths
from course.show import l04_family as family

FOLDER = paths.DATA / "family"


def rows(name):
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def everybody():
    tables = {"models": "model", "api_names": "API name", "neighbours": "neighbour"}
    return [row | {"group": group} for name, group in tables.items() for row in rows(name)]


# The tables ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.csv")), ids=lambda path: path.stem)
def test_every_row_has_its_source(path):
    table = rows(path.stem)
    assert table
    assert None not in {key for row in table for key in row}, "a row has too many cells"
    if path.stem == "statements":
        assert list(table[0]) == ["id", "statement"], "verdicts don't stand in data/"
    else:
        assert all(row["source"].strip() for row in table)


def test_names_are_there_once_and_parents_exist():
    names = [row["name"] for row in everybody()]
    assert len(names) == len(set(names))
    for row in everybody():
        assert row["parent"] in {*names, "none", "not published"}, row["name"]


def test_nobody_is_its_own_ancestor():
    ordered = [row["name"] for row, _ in family.order(everybody())]
    assert sorted(ordered) == sorted(row["name"] for row in everybody())


def test_cutoffs_belong_to_api_names_and_lie_before_the_release():
    released = {row["name"]: family.moment(row["released"]) for row in rows("api_names")}
    for row in rows("cutoffs"):
        assert family.moment(row["text_until"])[0] < released[row["name"]][0]


def test_sizes_agree_with_the_table_of_sizes():
    known = {row["model"]: float(row["parameters"]) for row in rows("sizes")}
    same = {"GPT-2": "GPT-2 1.5B", "GPT-3": "GPT-3 175B"}
    compared = 0
    for row in rows("models"):
        other = known.get(same.get(row["name"], row["name"]))
        if other:
            compared += 1
            assert family.count(row["size"]) == other
    assert compared == 7


def test_the_mix_agrees_with_the_table_of_training():
    weights = {row["quantity"]: float(row["value"]) for row in rows("gpt3_training")}
    for row in rows("training_mix"):
        assert weights[f"{row['part']} in the training mix"] == float(row["weight"])


def test_sizes_are_printed_in_a_form_that_the_lesson_explains():
    for row in (*rows("models"), *rows("api_names")):
        text = row["size"]
        assert (family.count(text) is None) == (text in ("not published", "none")), text


def test_the_places_of_the_statements_exist():
    assert {"sizes", "small", "zero_shot", "tax", "bias"} <= {row["key"] for row in rows("rlhf")}
    assert len(rows("statements")) == 12


# Dates and sizes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "begin", "end"),
    [
        ("2020", 2020, 2021),
        ("2021/22", 2021, 2023),
        ("2020-07", 2020.5, 2020.5 + 1 / 12),
        ("about 2022-01", 2022, 2022 + 1 / 12),
        ("before 2021-10", 2021.75, 2021.75 + 1 / 12),
    ],
)
def test_dates_are_read_with_their_uncertainty(text, begin, end):
    assert family.moment(text) == pytest.approx((begin, end))


@pytest.mark.parametrize("text", ["not found", "not published", "", None, float("nan")])
def test_no_date_is_no_date(text):
    assert family.moment(text) is None


def test_sizes_are_read():
    assert family.count("1.5B") == 1.5e9
    assert family.count("estimate: 350M") == 350e6
    assert family.count("not published") is None


# The pictures ----------------------------------------------------------------------------------


def labels(picture):
    return {text.get_text() for axis in picture.axes for text in axis.texts}


def test_the_tree_follows_the_table():
    before = everybody()
    changed = [row | {"parent": "BERT-base"} if row["name"] == "Whisper" else row for row in before]
    depth = [dict((r["name"], d) for r, d in family.order(table)) for table in (before, changed)]
    assert [one["Whisper"] for one in depth] == [0, 1]
    assert "Whisper (2022-09) from BERT-base" in family.tree(changed).alt
    assert "Whisper (2022-09)" not in family.tree(before).alt


def test_the_tree_marks_what_is_not_known():
    shown = labels(family.tree(everybody()))
    assert {"?", "GitHub Copilot (date not found)", "ChatGPT"} <= shown


def test_the_area_of_a_circle_is_the_size():
    table = [row for row in rows("models") if row["name"] in ("GPT-2", "GPT-3", "GPT-4")]
    picture = family.sizes_over_time(table, ["GPT-2", "GPT-3", "GPT-4"])
    small, large = (dots.get_sizes()[0] for dots in picture.axes[0].collections)
    assert large / small == pytest.approx(175 / 1.5)
    assert {"GPT-2, 1.5 billion", "GPT-4", "size not published"} <= labels(picture)


def test_an_estimate_is_marked_as_one():
    table = [row for row in rows("api_names") if row["name"] in ("ada", "davinci")]
    assert "ada, 350 million (estimate)" in labels(family.sizes_over_time(table, []))


def test_labels_of_sizes_do_not_lie_on_each_other():
    picture = family.sizes_over_time(rows("models"), [])
    figure = picture.figure
    figure.draw_without_rendering()
    notes = [text for text in picture.axes[0].texts if "," in text.get_text()]
    boxes = [note.get_window_extent() for note in notes]
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i]), notes[i].get_text()


def test_cutoffs_show_both_sources_and_what_is_missing():
    picture = family.cutoffs(rows("api_names"), rows("cutoffs"))
    marks = [line for line in picture.axes[0].lines if line.get_marker() == "|"]
    assert len(marks) == len(rows("cutoffs"))
    assert "cut-off not found" in labels(picture)


def test_the_mix_counts_readings():
    table = [
        {"part": "a", "tokens": 50.0, "weight": 75},
        {"part": "b", "tokens": 100, "weight": 25},
    ]
    assert "a 50 tokens, 75 % of the reading, read 1.5 times" in family.mix(table, 100).alt


def test_speed_against_strength_shows_the_need():
    table = [{"name": "s", "quality": 0.2, "seconds": 0.1, "cost": 1},
             {"name": "l", "quality": 0.9, "seconds": 2.0, "cost": 50}]  # fmt: skip
    picture = family.speed_strength(table, {"quality": 0.5, "seconds": 1.0})
    assert "from 0.5, up to 1 s" in picture.alt
    assert {"s", "l"} <= labels(picture)


def test_every_size_gets_a_time():
    from course.studies import l04_pace as pace

    found = pace.seconds_for_an_answer([(1, 32), (2, 32)], tokens=2, rounds=1)
    assert len(found) == 2
    assert all(0 < seconds < 60 for seconds in found)
