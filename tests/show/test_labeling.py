"""The labeling desk: no choice is lost, no file is written over, every mistake has its sentence."""

import csv

import pytest

from course.errors import CourseError
from course.show import l06_feedback as feedback
from course.show import labeling
from course.world import pairs

ROWS = [
    {
        "pair": str(n),
        "request": f"Question {n}, isn't it?",
        "fact": "",
        "answer_a": f'Yes "{n}".',
        "answer_b": "No; never.",
    }
    for n in (1, 2, 3)
]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "new" / "labels.csv"


def desk(path):
    return labeling.Labels(ROWS, path)


def test_a_choice_is_on_disk_at_once_and_after_a_restart(path):
    labels = desk(path)
    assert (labels.done, labels.current["pair"]) == (0, "1")
    labels.choose("A")
    labels.choose("B")
    again = desk(path)
    assert again.choices == {"1": "A", "2": "B"}
    assert again.current["pair"] == "3"
    assert again.took_first() == {"1": True, "2": False}
    again.choose("A")
    assert again.current is None
    with pytest.raises(CourseError, match="All pairs"):
        again.choose("A")


def test_undo_goes_back_also_after_a_restart_and_is_saved(path):
    labels = desk(path)
    labels.choose("A")
    labels.choose("B")
    again = desk(path)
    assert again.undo()
    assert desk(path).choices == {"1": "A"}
    assert again.current["pair"] == "2"
    assert again.undo()
    assert not again.undo()
    assert desk(path).choices == {}


def test_only_a_and_b_are_choices(path):
    labels = desk(path)
    with pytest.raises(CourseError, match="A or B"):
        labels.choose("C")
    assert not path.exists()


def test_a_file_that_cannot_be_written_loses_nothing(path, monkeypatch):
    labels = desk(path)
    labels.choose("A")
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(path), "replace", full)
    with pytest.raises(CourseError, match=r"labels.csv can't be written \(No space"):
        labels.choose("B")
    assert labels.choices == {"1": "A"}
    assert labels.current["pair"] == "2"
    assert path.read_bytes() == before


def write(path, text, encoding="utf-8"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))


def lines(*choices, head="pair,choice"):
    return "\n".join([head, *(f"{n},{c}" for n, c in enumerate(choices, 1))])


@pytest.mark.parametrize(
    "text",
    [
        lines("A", "", "B"),
        "\ufeff" + lines(" a", "", "b ").replace("\n", "\r\n"),
        lines("A", "", "B").replace(",", ";"),
        "choice,pair\nB,3\n\nA,1\n",
        "Pair,Choice,mine\n3,B,sure\n1,A,\n",
    ],
    ids=["plain", "mark and small letters", "semicolons", "other order", "own column"],
)
def test_the_ways_of_spreadsheets_are_forgiven(path, text):
    write(path, text)
    assert desk(path).choices == {"1": "A", "3": "B"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (lines("A", "C"), r"Line 3 of labels.csv: the choice is 'C'; write A, B or nothing"),
        (lines("A", "B", "A", "B"), r"Line 5 of labels.csv: there is no pair '4'"),
        ("pair,choice\n1,A\n1,B\n", r"Line 3 of labels.csv: pair 1 is there twice"),
        ("1,A\n2,B\n", r"Line 1 of labels.csv must name the columns"),
        ("pair,answer_a,choice\n1,Maybe.,A\n", r"Line 2 of labels.csv: answer_a isn't what pair 1"),
    ],
    ids=["letter", "pair", "twice", "head", "text"],
)
def test_a_mistake_names_its_line_and_the_file_stays(path, text, says):
    write(path, text)
    with pytest.raises(CourseError, match=says):
        desk(path)
    assert path.read_text(encoding="utf-8") == text


def test_a_file_in_another_encoding_is_one_sentence(path):
    write(path, lines("A") + "ü", encoding="utf-16")
    with pytest.raises(CourseError, match="no text in UTF-8"):
        desk(path)


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff"])
def test_an_empty_file_is_a_fresh_start_and_said(path, text):
    write(path, text)
    labels = desk(path)
    assert labels.choices == {}
    assert "was empty" in labels.note


def test_an_unreadable_file_closes_the_desk_with_a_sentence(path, capsys):
    write(path, lines("X"))
    assert labeling.open_labels(ROWS, path) is None
    assert "write A, B or nothing. The file is kept as it is." in capsys.readouterr().out
    assert path.read_text(encoding="utf-8") == lines("X")


def test_the_file_opens_in_a_spreadsheet_with_everything_to_read(path):
    labels = desk(path)
    labels.save()
    with path.open(encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    assert list(rows[0]) == ["pair", "request", "fact", "answer_a", "answer_b", "choice"]
    assert rows[0]["answer_a"] == 'Yes "1".'
    assert {row["choice"] for row in rows} == {""}
    assert desk(path).choices == {}


def find(box, kind):
    for child in box.children:
        if isinstance(child, kind):
            yield child
        elif hasattr(child, "children"):
            yield from find(child, kind)


def test_the_buttons_do_what_they_say(path):
    import ipywidgets

    labels = desk(path)
    box = labeling.desk(labels)
    buttons = {b.description: b for b in find(box, ipywidgets.Button)}
    assert list(buttons) == ["Answer A", "Answer B", "Undo"]
    assert buttons["Undo"].disabled
    assert all(b.tooltip for b in buttons.values())
    buttons["Answer A"].click()
    buttons["Answer B"].click()
    assert desk(path).choices == {"1": "A", "2": "B"}
    assert next(find(box, ipywidgets.IntProgress)).value == 2
    buttons["Undo"].click()
    assert desk(path).choices == {"1": "A"}
    buttons["Answer A"].click()
    buttons["Answer A"].click()
    assert buttons["Answer A"].disabled
    assert "All pairs have a choice" in "".join(h.value for h in find(box, ipywidgets.HTML))


def test_what_a_model_wrote_is_no_html(path):
    rows = [ROWS[0] | {"answer_a": "<b>x</b>", "request": "<i>"}]
    assert "&lt;b&gt;" in labeling.answer_of(rows[0], "A")
    assert "&lt;i&gt;" in labeling.text_of(rows[0])


def test_own_labels_are_taken_from_enough_on(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(labeling.paths, "WORK", tmp_path)
    rows = feedback.answer_rows()
    shipped = pairs.FOLDER / "simulated_answers.csv"
    labels, own = labeling.own_or_shipped(rows, "answers", 2, shipped)
    assert not own
    assert labels.done == len(rows)
    assert "shipped labels" in capsys.readouterr().out
    mine = labeling.Labels(rows, labeling.own_file("answers"))
    mine.choose("B")
    mine.choose("B")
    labels, own = labeling.own_or_shipped(rows, "answers", 2, shipped)
    assert own
    assert labels.done == 2
    assert "your own 2 labels" in capsys.readouterr().out


# What is shipped ----------------------------------------------------------------------------------


def test_the_shipped_labels_fit_their_pairs():
    for name, rows in (("answers", feedback.answer_rows()), ("clips", feedback.clip_rows())):
        labels = labeling.Labels(rows, pairs.FOLDER / f"simulated_{name}.csv")
        assert labels.done == len(rows) >= 40
        assert 0.2 < sum(labels.took_first().values()) / len(rows) < 0.8


def test_the_two_answers_of_a_pair_differ():
    for pair in pairs.read():
        assert pair.answers[0] != pair.answers[1]
        assert 0 < pair.chance() < 1


def test_the_papers_figures_are_those_of_the_paper():
    rows = pairs.rows(pairs.FOLDER / "instructgpt.csv")
    figures = [(float(r["percent"]), float(r["error"])) for r in rows]
    assert figures == [(72.6, 1.5), (77.3, 1.3), (72.4, 0.4), (69.6, 0.9)]
    assert all("2203.02155" in r["source"] for r in rows)


# The reward model of few labels -------------------------------------------------------------------


def test_a_taste_finds_the_weights_behind_many_choices():
    import numpy as np

    from course.studies import l06_taste as taste

    rng = np.random.default_rng(1)
    truth = np.array([2.0, -1.0, 0.0])
    gaps = rng.normal(size=(4000, 3))
    took = rng.random(4000) < 1 / (1 + np.exp(-gaps @ truth))
    assert taste.weights(gaps, took) == pytest.approx(truth, abs=0.15)
    fitted = taste.fit(gaps[:300], took[:300])
    assert (fitted.low < fitted.weights).all()
    assert (fitted.weights < fitted.high).all()
    assert fitted.reward(np.eye(3)) == pytest.approx(fitted.weights)


def test_what_no_pair_tells_keeps_the_widest_interval():
    import numpy as np

    from course.studies import l06_taste as taste

    rng = np.random.default_rng(4)
    gaps = rng.normal(size=(60, 2)) * [1.0, 0.0]  # in the second feature no pair differs
    fitted = taste.fit(gaps, rng.random(60) < 0.5)
    narrow, wide = fitted.high - fitted.low
    assert wide == pytest.approx(2 * taste.NINE_OF_TEN * taste.CALM**0.5)
    assert narrow < wide / 2


def test_labels_of_the_same_taste_lie_where_they_are_expected():
    import numpy as np

    from course.studies import l06_taste as taste

    rng = np.random.default_rng(5)
    gaps = rng.normal(size=(60, 4))
    chances = 1 / (1 + np.exp(-gaps @ [3.0, -3.0, 1.0, 0.0]))
    theirs = taste.expected(gaps, chances)
    inside = [
        (theirs.low < w) & (w < theirs.high)
        for w in (taste.weights(gaps, rng.random(60) < chances) for _ in range(50))
    ]
    assert 0.8 < np.mean(inside) < 0.97


def test_a_taste_does_not_mind_which_side_an_answer_stands_on():
    import numpy as np

    from course.studies import l06_taste as taste

    rng = np.random.default_rng(2)
    gaps, took = rng.normal(size=(30, 3)), rng.random(30) < 0.5
    turned = taste.weights(-gaps, ~took)
    assert taste.weights(gaps, took) == pytest.approx(turned, abs=1e-6)


def test_held_out_choices_are_not_seen():
    import numpy as np

    from course.studies import l06_taste as taste

    rng = np.random.default_rng(3)
    gaps, took = rng.normal(size=(200, 8)), rng.random(200) < 0.5
    assert 0.35 < np.mean(taste.held_out_hits(gaps, took)) < 0.65
    assert len(taste.held_out_hits(gaps[:1], took[:1])) == 1


def test_the_interval_of_a_share_is_wilsons():
    from course import stats

    assert stats.interval(8, 10) == pytest.approx((0.490, 0.943), abs=1e-3)
    assert stats.interval(0, 0) == (0.0, 1.0)


def test_comparisons_pass_the_writer_and_few_lessons_favour_corrections():
    import numpy as np

    from course.studies import l06_rufus as rufus

    def mean(way, count):
        return np.mean([way(count, seed).quality for seed in range(8)])

    assert mean(rufus.corrected, 10) > mean(rufus.compared, 10)
    assert mean(rufus.compared, 300) > mean(rufus.corrected, 300) + 0.2
    assert rufus.AT_FIRST.sum() == 100


@pytest.mark.parametrize("sides", ["A", "AB"], ids=["always A", "in turns"])
def test_the_demos_work_with_own_labels_of_any_kind(tmp_path, monkeypatch, capsys, sides):
    monkeypatch.setattr(labeling.paths, "WORK", tmp_path)
    for name, rows in (("answers", feedback.answer_rows()), ("clips", feedback.clip_rows())):
        mine = labeling.Labels(rows, labeling.own_file(name))
        for k in range(feedback.LEAST_ANSWERS):
            mine.choose(sides[k % len(sides)])
    fitted = feedback.own_taste()
    assert fitted.labels == feedback.LEAST_ANSWERS
    said = capsys.readouterr().out
    assert "your own 15 labels" in said
    assert "you and the simulated labeler" in said
    assert "best of four" in feedback.picks(fitted).text
    feedback.own_backflip()
    assert "Taught by your 15 labels" in capsys.readouterr().out


def test_a_damaged_file_stops_the_demos_with_its_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(labeling.paths, "WORK", tmp_path)
    for name in ("answers", "clips"):
        write(labeling.own_file(name), "pair,choice\n1,maybe\n")
    assert feedback.answer_desk() is None
    assert feedback.clip_desk() is None
    assert feedback.own_taste() is None
    feedback.own_backflip()
    feedback.csv_for("answers")
    said = capsys.readouterr().out
    assert said.count("the choice is 'MAYBE'; write A, B or nothing. The file is kept") == 5
