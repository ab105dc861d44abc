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
    assert all(row["source"].strip() for row in table)


def test_windows_and_notes_have_sources_of_their_own():
    for row in rows("api_names"):
        assert row["window_source"], row["name"]
        assert "index" not in row["window_source"], row["name"]
        assert bool(row["note"]) == bool(row["note_source"]), row["name"]


def test_what_is_handed_on_agrees_with_the_parent():
    """Weights and designs come from a parent with a row; praise alone hands nothing on."""
    names = {row["name"] for row in everybody()}
    for row in everybody():
        handed, parent = row["inherits"], row["parent"]
        assert handed in ("weights", "design", "nothing", "not published"), row["name"]
        assert (handed in ("weights", "design")) <= (parent in names), row["name"]
        assert (handed == "nothing") == (parent == "none"), row["name"]
        if "improvement" in row["how"]:
            assert handed == "not published", row["name"]


def test_no_model_is_another_thing_than_not_published():
    sizes = {row["name"]: row["size"] for row in everybody()}
    assert {sizes[n] for n in ("GitHub Copilot", "Azure OpenAI", "Prometheus")} == {"no model"}
    assert family.status("no model") == "no model"
    assert [family.status(s) for s in ("1.5B", "estimate: 350M", "not published")] == [
        "published",
        "estimate",
        "not published",
    ]


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
    assert compared >= 7


def test_the_mix_agrees_with_the_table_of_training():
    weights = {row["quantity"]: float(row["value"]) for row in rows("gpt3_training")}
    for row in rows("training_mix"):
        assert weights[f"{row['part']} in the training mix"] == float(row["weight"])


def test_sizes_are_printed_in_a_form_that_the_lesson_explains():
    for row in (*rows("models"), *rows("api_names")):
        text = row["size"]
        assert (family.count(text) is None) == (text == "not published"), text


def test_the_dates_of_gpt_2_are_those_of_its_description():
    dates = {row["date"] for row in rows("sizes") if row["model"].startswith("GPT-2")}
    assert dates == {"2019-02"}


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
    child = {"parent": "BERT-base", "inherits": "weights", "how": "trained further"}
    changed = [row | child if row["name"] == "Whisper" else row for row in before]
    depth = [dict((r["name"], d) for r, d in family.order(table)) for table in (before, changed)]
    assert [one["Whisper"] for one in depth] == [0, 1]
    assert "Whisper (2022-09) from BERT-base (weights)" in family.tree(changed).alt
    assert "Whisper (2022-09)" not in family.tree(before).alt


def test_the_tree_marks_what_is_not_known():
    picture = family.tree(everybody(), lit=["ChatGPT"])
    assert {"?", "davinci-instruct-beta (date not found)", "ChatGPT"} <= labels(picture)
    (legend,) = picture.figure.legends
    said = {text.get_text() for text in legend.get_texts()}
    assert {"ChatGPT", "some time in this span", "parent not published"} <= said


def test_each_kind_of_descent_has_a_line_of_its_own():
    kinds = {row["name"]: family.line_of(row) for row in everybody()}
    assert kinds["Codex"] == kinds["text-davinci-002"] == "trained"
    assert kinds["davinci"] == kinds["GitHub Copilot"] == "same"
    assert kinds["GPT-3"] == kinds["DALL·E"] == "design"
    assert kinds["text-davinci-003"] == kinds["gpt-3.5-turbo-0301"] == "unknown"


def test_sizes_are_points_of_equal_size_at_their_height():
    table = [row for row in rows("models") if row["name"] in ("GPT-2", "GPT-3", "GPT-4")]
    picture = family.sizes_over_time(table, ["GPT-2", "GPT-3", "GPT-4"])
    dots = [line for line in picture.axes[0].lines if line.get_marker() == "o"]
    assert {dot.get_markersize() for dot in dots} == {8}
    assert [dot.get_ydata()[0] for dot in dots][:2] == [1.5e9, 175e9]
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
    lines = picture.axes[0].lines
    marks = [line for line in lines if line.get_marker() == "|" and line.get_color() == family.BLUE]
    assert len(marks) == len(rows("cutoffs"))
    assert {"cut-off not found", "neither date nor cut-off found"} <= labels(picture)


def test_the_mix_counts_readings():
    table = [
        {"part": "a", "tokens": 50.0, "weight": 75},
        {"part": "b", "tokens": 100, "weight": 25},
    ]
    assert "a 50 tokens, 75% of the reading, read 1.5 times" in family.mix(table, 100).alt
