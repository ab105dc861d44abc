"""Scores in tables as Canvas and Moodle write them: filled where it is certain, and nowhere else.

What the two programs write and demand was read in their sources (Canvas' gradebook_exporter and
gradebook_importer; Moodle's grade/export/txt, grade/import/csv, mod/assign/feedback/offline).
"""

from types import SimpleNamespace

import pytest

from course.grader import lms
from course.grader.errors import GraderError

ONE, TWO = "01_pretraining", "02_transfer_learning"
MOST = {ONE: 100.0, TWO: 100.0}

CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,01_pretraining (901),Essay (902),"
    "02_transfer_learning (903),Assignments Current Score,Current Score,Final Grade\n"
    ",,,,,Manual Posting,,,,,\n"
    "    Points Possible,,,,,100.00,10.00,100.00,(read only),(read only),(read only)\n"
    '"Kim, Anna",101,s1,anna,Monday and Tuesday,,9.00,12.50,80.00,80.00,B\n'
    '"O\'Neil, ""Bob""",102,s2,bob,"Monday, early",3.00,,,20.00,20.00,F\n'
    '"Park, Cem",103,s3,cem,Monday,EX,5.00,N/A,50.00,50.00,D\n'
    '"Student, Test",104,,0a1b2c,Monday,,,,,,\n'
)
CANVAS_DE = (
    "\ufeffLastName;FirstName;ID;SIS User ID;SIS Login ID;Integration ID;Root Account;Section;"
    "01_pretraining (901);Current Score\r\n"
    "    Points Possible;;;;;;;;100,00;(read only)\r\n"
    "Kim;Anna;101;s1;anna;i1;uni.example;Montag;12,50;80,00\r\n"
    "Öztürk;Bob;102;s2;bob;i2;uni.example;Montag;;20,00\r\n"
)
MOODLE = (
    '"First name","Last name","ID number",Institution,Department,"Email address",'
    '"Assignment:01_pretraining (Real)","Assignment:01_pretraining (Percentage)",'
    '"Quiz: Warm up (Real)","Course total (Real)","Last downloaded from this course"\n'
    'Anna,Kim,,"","",anna@uni.example,-,-,7.00,7.00,1796000000\n'
    'Bob,"O\'Neil","","","",bob@uni.example,3.00,3.00 %,-,3.00,1796000000\n'
)
MOODLE_KO = (
    "이름\t성\t학번\t이메일 주소\t과제: 01_pretraining (실점수)\t강좌 총점 (실점수)\n"
    "안나\t김\t2026001\tanna@uni.example\t-\t-\n밥\t오\t2026002\tbob@uni.example\t3,00\t3,00\n"
)
WORKSHEET = (
    'Identifier,"Full name","ID number","Email address",Status,Grade,"Maximum grade",'
    '"Grade can be changed","Last modified (submission)","Last modified (grade)",'
    '"Feedback comments"\n'
    'Participant 71,"Anna Kim",,anna@uni.example,"Submitted for grading - ",,100.00,Yes,'
    '"Monday, 30 November 2026, 10:00 AM",-,\n'
    'Participant 72,"Bob O\'Neil",,bob@uni.example,"No submission - ",3.00,100.00,No,-,-,\n'
)


def person(name, first="", last="", email=None, number=None):
    return SimpleNamespace(
        id=name, first_name=first, last_name=last, email=email, lms_user_id=number
    )


PEOPLE = [person("anna"), person("bob"), person("cem")]
SCORES = {ONE: {"anna": 87.5, "bob": 60.0, "cem": 50.0}, TWO: {"bob": 0.0}}


def filled(tmp_path, text, people=PEOPLE, scores=SCORES, column=None, encoding="utf-8"):
    """Return what comes of a file: its text, how many cells were filled, and the sentences."""
    path = tmp_path / "from the lms.csv"
    path.write_bytes(text.encode(encoding))
    table = lms.read(path)
    count, notes = lms.fill(table, people, scores, MOST, column)
    lms.write(table, tmp_path / "out.csv")
    return (tmp_path / "out.csv").read_bytes().decode("utf-8"), count, " ".join(notes)


def changes(before, after):
    """Return the pairs of cells that differ, read plainly."""
    cut = [text.replace("\t", ",").replace(";", ",").split(",") for text in (before, after)]
    assert len(cut[0]) == len(cut[1])
    return [pair for pair in zip(*cut, strict=True) if pair[0] != pair[1]]


def test_canvas(tmp_path):
    after, count, notes = filled(tmp_path, CANVAS)
    assert changes(CANVAS, after) == [("", "87.5"), ("3.00", "60"), ("", "0")]
    assert count == 3
    assert "found by SIS Login ID" in notes
    assert "kept: cem" in notes  # excused
    assert after.startswith(CANVAS[:200])  # the extra rows, too


def test_canvas_with_semicolons_and_decimal_commas(tmp_path):
    after, count, _ = filled(tmp_path, CANVAS_DE, PEOPLE[:2], {ONE: SCORES[ONE]})
    expected = CANVAS_DE.replace("Montag;12,50", "Montag;87,5").replace("Montag;;", "Montag;60;")
    assert (after, count) == (expected, 2)  # with its byte order mark and its ends of lines


def test_canvas_own_numbers_are_the_students_after_zip_collect(tmp_path):
    people = [person("101"), person("102")]
    after, _, notes = filled(tmp_path, CANVAS, people, {ONE: {"101": 1.0, "102": 2.0}})
    assert changes(CANVAS, after) == [("", "1"), ("3.00", "2")]
    assert "found by ID." in notes


def test_one_students_login_is_another_ones_number(tmp_path):
    text = CANVAS.replace("s1,anna", "s1,102").replace("s2,bob", "s2,103").replace("s3,cem", "s3,9")
    people = [person("102", "Anna"), person("103", "Bob"), person("9", "Cem")]  # logins
    after, _, notes = filled(tmp_path, text, people, {ONE: {"102": 1.0, "103": 2.0, "9": 3.0}})
    assert changes(text, after) == [("", "1"), ("3.00", "2")]  # Anna's and Bob's
    assert "found by SIS Login ID" in notes


def test_the_lms_number_that_nbgrader_knows_counts_first(tmp_path):
    people = [person("a", number="102"), person("bob"), person("cem")]
    after, _, notes = filled(tmp_path, CANVAS, people, {ONE: {"a": 9.0, "bob": 1.0, "cem": 3.0}})
    assert changes(CANVAS, after) == [("3.00", "9")]
    assert "left out: bob." in notes  # whose row is taken
    assert "by ID, and by SIS Login ID" in notes


def test_moodle_by_mail_and_only_the_points(tmp_path):
    people = [person("x1", email="anna@uni.example"), person("x2", email="bob@uni.example")]
    after, _, notes = filled(tmp_path, MOODLE, people, {ONE: {"x1": 87.5, "x2": 1 / 3}})
    assert ",87.5,-,7.00," in after
    assert ",0.3333,3.00 %,-,3.00," in after
    assert "by Email address" in notes


def test_moodle_in_korean_with_tabs(tmp_path):
    people = [person("2026001"), person("2026002")]
    after, count, _ = filled(tmp_path, MOODLE_KO, people, {ONE: {"2026001": 87.5}})
    assert (after, count) == (MOODLE_KO.replace("\t-\t-\n", "\t87,5\t-\n"), 1)


@pytest.mark.parametrize("text", [MOODLE, WORKSHEET], ids=["grades", "worksheet"])
def test_names_are_the_students_after_zip_collect(tmp_path, text):
    people = [person("Anna Kim"), person("bob o'neil")]
    after, count, notes = filled(tmp_path, text, people, {ONE: {"Anna Kim": 87.5}})
    assert count == 1
    assert "87.5" in after
    assert "name" in notes


def test_a_worksheet_and_a_grade_that_is_locked_there(tmp_path):
    people = [person("1", "Anna", "Kim"), person("2", "Bob", "O'Neil")]
    after, count, notes = filled(tmp_path, WORKSHEET, people, {ONE: {"1": 87.5, "2": 60.0}})
    assert count == 1
    assert '"Submitted for grading - "' not in after  # quotes only where they are needed
    assert "Submitted for grading - ,87.5,100.00,Yes" in after
    assert "No submission - ,3.00,100.00,No" in after
    assert "kept: 2" in notes


def test_two_with_one_name_are_left_out(tmp_path):
    text = CANVAS.replace("Park, Cem", "Kim, Anna")
    people = [person("1", "Anna", "Kim"), person("2", '"Bob"', "O'Neil")]
    after, _, notes = filled(tmp_path, text, people, {ONE: {"1": 1.0, "2": 2.0}})
    assert changes(text, after) == [("3.00", "2")]
    assert "left out: 1." in notes


def test_a_column_of_another_name(tmp_path):
    after, _, _ = filled(tmp_path, CANVAS, scores={ONE: {"anna": 8.0}}, column="Final Grade")
    assert after == CANVAS.replace("80.00,B", "80.00,8")
    with pytest.raises(GraderError, match="worth 100 points here and 10 in"):
        filled(tmp_path, CANVAS, scores={ONE: {"anna": 8.0}}, column="Essay")


def test_a_lesson_without_a_column_is_said(tmp_path):
    _, _, notes = filled(tmp_path, CANVAS_DE, PEOPLE[:2])
    assert f"no column for {TWO}" in notes


def test_excel_has_saved_it_as_unicode_text(tmp_path):
    after, count, _ = filled(tmp_path, CANVAS.replace(",", "\t"), encoding="utf-16")
    assert count == 3
    assert after.startswith("Student\tID")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is no table of grades"),
        (b"PK\x03\x04\x14\x00\x06\xff\xfe", "isn't in UTF-8"),
        ("학생,ID,x\n안나,1,2\n".encode("cp949"), "isn't in UTF-8"),
        (b'a,b,c\n"half', "is no table of grades"),
        (b"Student,ID,Section\n", "is no table of grades"),
        (b"<html>Sorry: log in</html>", "is no table of grades"),
        (b"\xff\xfe\x00", "isn't in UTF-8"),
    ],
)
def test_what_is_no_table(tmp_path, content, says):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(GraderError, match=says) as met:
        lms.read(path)
    assert "\n" not in str(met.value)


def test_what_does_not_fit(tmp_path):
    with pytest.raises(GraderError, match="can't be read"):
        lms.read(tmp_path / "nothing.csv")
    with pytest.raises(GraderError, match="has no column for 09_what_came_next"):
        filled(tmp_path, CANVAS, scores={"09_what_came_next": {"anna": 1.0}})
    with pytest.raises(GraderError, match="0 of 2 students are found"):
        filled(tmp_path, CANVAS, [person("x"), person("y")], {ONE: {"x": 1.0, "y": 2.0}})
    twice = CANVAS.replace("Essay (902)", "01_pretraining (902)")
    with pytest.raises(GraderError, match=r"Which column .* \(901\) / 01_pretraining \(902\)"):
        filled(tmp_path, twice)
