"""When something was handed in, and what it costs to be late: read right, or said; never stale."""

import datetime

import grading_class as group
import pytest
from grading_class import LESSON

from course.grader import grade, prepare, times
from course.grader.source import read as read_source
from course.hooks import HOOKS

# What `timestamp.txt` says, `Exchange.timezone` → the time in UTC.
READ = {
    # as nbgrader writes it, under some zones and forms
    ("2026-11-28 23:30:00.000000 UTC", "UTC"): "2026-11-28 23:30",
    ("2026-11-28 23:30:00.000000 KST", "Asia/Seoul"): "2026-11-28 14:30",
    ("2026-11-28 23:30:00.000000 KST", "UTC"): "2026-11-28 14:30",
    ("2026-11-28 23:30:00.000000 +0900", "Asia/Seoul"): "2026-11-28 14:30",
    ("2026-11-28 08:00:00.000000 PST", "America/Los_Angeles"): "2026-11-28 16:00",
    ("2026-07-28 08:00:00.000000 PDT", "UTC"): "2026-07-28 15:00",
    ("2026-11-01 01:30:00.000000 PDT", "America/Los_Angeles"): "2026-11-01 08:30",
    ("2026-11-01 01:30:00.000000 PST", "America/Los_Angeles"): "2026-11-01 09:30",
    ("2026-11-28 08:00:00.000000 IST", "Asia/Kolkata"): "2026-11-28 02:30",
    ("2026-11-28 08:00:00.000000 -03", "America/Sao_Paulo"): "2026-11-28 11:00",
    ("2026-11-28 08:00:00.000000 CET", "UTC"): "2026-11-28 07:00",
    ("2026-11-28 08:00:00.000000", "UTC"): "2026-11-28 08:00",
    ("2026-11-28 08:00:00.000000", "Asia/Seoul"): "2026-11-28 08:00",  # as nbgrader reads it
    # as people and other programs write it
    ("2026-11-28 23:30 Asia/Seoul", "UTC"): "2026-11-28 14:30",
    ("2026-11-28T23:30:00+09:00", "UTC"): "2026-11-28 14:30",
    ("2026-11-28T14:30:00Z\n", "UTC"): "2026-11-28 14:30",
    ("2026-11-28 23:30+0900", "UTC"): "2026-11-28 14:30",
    ("2026-11-28 23:30:00 UTC+09:00", "UTC"): "2026-11-28 14:30",
    ("2026-11-28 08:00:00.123456789 UTC", "UTC"): "2026-11-28 08:00",
}
UNREADABLE = [
    "soon",
    "2026-11-28",
    "2026-02-30 08:00 UTC",
    "2026-11-28 24:30 UTC",
    "28.11.2026 08:00",
    "02/03/2026 08:00",
    "2026-11-28 08:00 PST",  # of California, or of the Philippines
    "2026-11-28 08:00 CST",
    "2026-11-28 08:00 IST",
    "2026-11-28 08:00 XYZ",
    "2026-11-28 08:00 Asia/Atlantis",
    "2026-11-28 08:00 +2500",
    "2026-11-28 08:00 ../../etc",
    "0001-01-01 00:30 +0900",
    "9999-12-31 23:30 -0900",
]


@pytest.mark.parametrize(("text", "zone"), READ)
def test_times_are_read_right(text, zone):
    wanted = datetime.datetime.fromisoformat(READ[text, zone])
    assert times.read(text, zone).replace(second=0, microsecond=0) == wanted


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_is_no_certain_time_is_none(text):
    for _ in range(2):  # nothing is remembered wrongly
        with pytest.raises(ValueError, match=r"."):
            times.read(text)


def test_another_form_of_nbgraders_times_is_read(tmp_path):
    form = "%d.%m.%Y %H:%M %Z"
    assert times.read("28.11.2026 23:30 KST", "Asia/Seoul", form).hour == 14
    with pytest.raises(ValueError, match="for certain"):
        times.read("28.11.2026 23:30 PST", "Asia/Seoul", form)


# --- in a class -----------------------------------------------------------------------------------


@pytest.fixture
def root(tmp_path):
    root = group.registered(tmp_path / "course")
    configure(root, "c.LateSubmissionPlugin.penalty_method = 'zero'")
    return root


def configure(root, line):
    file = root / "nbgrader_config.py"
    file.write_text(file.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")


def hand_in(root, student, time):
    right = {name: f"def {name}(): 1" for name in ("average", "shares")}
    folder = group.hand_in(root, student, group.answered(root, right)).parent
    if time:
        (folder / "timestamp.txt").write_bytes(time if isinstance(time, bytes) else time.encode())


def due(root, time):
    """Set the due date as the formgrader does."""
    with group.gradebook(root) as session:
        session.update_or_create_assignment(LESSON, duedate=time)


def run(root, **more):
    engine = group.Canned()
    result = grade.grade(LESSON, engine=engine, root=root, hooks=HOOKS, **more)
    scores = {student: row["score"] for student, row in result["students"].items()}
    return scores, result["new"], len(engine.jobs)


def test_the_penalty_follows_the_due_date(root):
    hand_in(root, "early", "2026-11-27 12:00:00 UTC")
    hand_in(root, "late", "2026-11-28 16:00:00 UTC")
    hand_in(root, "timeless", "")
    assert run(root) == ({"early": 100, "late": 100, "timeless": 100}, 3, 1)
    due(root, "2026-11-28 15:00:00 UTC")
    assert run(root) == ({"early": 100, "late": 0, "timeless": 100}, 1, 0)
    assert run(root)[1:] == (0, 0)
    due(root, "2026-11-30 15:00:00 UTC")
    assert run(root) == ({"early": 100, "late": 100, "timeless": 100}, 1, 0)
    due(root, "2026-11-27 11:00:00 UTC")
    assert run(root) == ({"early": 0, "late": 0, "timeless": 100}, 2, 0)
    due(root, None)
    assert run(root) == ({"early": 100, "late": 100, "timeless": 100}, 2, 0)


def test_an_extension_counts(root):
    hand_in(root, "late", "2026-11-28 16:00:00 UTC")
    due(root, "2026-11-28 15:00:00 UTC")
    assert run(root)[0] == {"late": 0}
    with group.gradebook(root) as session:
        session.grant_extension(LESSON, "late", hours=2)
    assert run(root) == ({"late": 100}, 1, 0)


HALF = """
from nbgrader.plugins import BasePlugin
class Half(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return score / 2
"""


def test_the_penalty_follows_the_policy(root, monkeypatch):
    hand_in(root, "early", "2026-11-27 12:00:00 UTC")
    hand_in(root, "late", "2026-11-28 16:00:00 UTC")
    due(root, "2026-11-28 15:00:00 UTC")
    assert run(root)[0] == {"early": 100, "late": 0}
    configure(root, "c.LateSubmissionPlugin.penalty_method = 'none'")
    assert run(root) == ({"early": 100, "late": 100}, 1, 0)
    (root / "late_half.py").write_text(HALF, encoding="utf-8")
    monkeypatch.syspath_prepend(root)
    configure(root, "c.AssignLatePenalties.plugin_class = 'late_half.Half'")
    assert run(root) == ({"early": 100, "late": 50}, 1, 0)
    assert run(root)[1] == 0


def test_points_by_hand_are_a_part_of_what_a_penalty_takes(root):
    hand_in(root, "late", "2026-11-28 16:00:00 UTC")
    due(root, "2026-11-28 15:00:00 UTC")
    assert run(root)[0] == {"late": 0}
    with group.gradebook(root) as session:
        session.find_grade("average_1", LESSON, LESSON, "late").extra_credit = 5.0
        session.db.commit()
    assert run(root) == ({"late": 0}, 1, 0)
    assert run(root)[1] == 0


def test_a_due_date_leaves_alone_who_is_in_time(root):
    hand_in(root, "early", "2026-11-27 12:00:00 UTC")
    run(root)
    with group.gradebook(root) as session:
        session.find_grade("average_1", LESSON, LESSON, "early").manual_score = 33.0
        session.db.commit()
    due(root, "2026-11-28 15:00:00 UTC")
    assert run(root)[1] == 0
    with group.gradebook(root) as session:
        assert not session.find_grade("average_1", LESSON, LESSON, "early").needs_manual_grade


@pytest.mark.parametrize(
    ("text", "score", "flagged"),
    [
        ("2026-11-28 23:30:00.000000 KST", 100, False),  # in time, by half an hour
        ("2026-11-28 23:30:00.000000 +0900", 100, False),
        (b"\xef\xbb\xbf2026-11-29 00:30:00 KST\r\n", 0, False),
        ("2026-11-28 08:00 PST", 100, True),
        (b"\xff\xfe2\x000\x00", 100, True),
    ],
)
def test_zones_in_a_class(root, text, score, flagged):
    due(root, "2026-11-28 15:00:00 UTC")
    hand_in(root, "ann", text)
    result = grade.grade(LESSON, engine=group.Canned(), root=root, hooks=HOOKS)
    row = result["students"]["ann"]
    assert row["score"] == score
    assert bool(row["flags"]) == flagged
    assert all("counted as in time" in flag for flag in row["flags"])


def test_an_earlier_time_doesnt_stay(root):
    due(root, "2026-11-28 15:00:00 UTC")
    hand_in(root, "ann", "2026-11-28 16:00:00 UTC")
    assert run(root)[0] == {"ann": 0}
    hand_in(root, "ann", "nobody knows")
    assert run(root)[0] == {"ann": 100}


def test_the_courses_zone_is_nbgraders(root):
    configure(root, "c.Exchange.timezone = 'America/Los_Angeles'")
    hand_in(root, "ann", "2026-11-28 08:00:00.000000 PST")
    submission = prepare.prepare(read_source(LESSON, root, HOOKS), "ann")
    assert submission.timestamp == datetime.datetime(2026, 11, 28, 16)
    assert submission.flags == []


def test_another_library_is_noticed(root, tmp_path):
    import dataclasses

    from course.grader import library

    data = tmp_path / "data"
    data.mkdir()
    (data / "table.csv").write_text("1")
    hooks = dataclasses.replace(HOOKS, mounts=lambda root: [data])
    hand_in(root, "ann", "")

    def graded():
        library.fingerprint.cache_clear()  # as in a new process
        engine = group.Canned()
        notes = grade.grade(LESSON, engine=engine, root=root, hooks=hooks)["notes"]
        return len(engine.jobs), notes

    assert [graded(), graded()] == [(1, []), (0, [])]
    (data / "table.csv").write_text("2")
    assert [graded(), graded()] == [(1, [grade.CHANGED]), (0, [])]
    (data / ".notes").write_text("seen by nobody")
    assert graded() == (0, [])
