"""The exercises of the pages, as far as no browser is needed: what is served, and how a cell runs.

The runner of `course/site/runner.py` is tested here in this Python; test_labs_browser.py has it in
the page's. What it puts in place of missing modules would be in this process for good, so whatever
prepares it does so in one of its own.
"""

import http.client
import json
import os
import subprocess
import sys
import threading
import zipfile
from io import BytesIO

import pytest

from course import paths
from course.errors import CourseError
from course.grader import notebook, settings
from course.site import build, labs, runner

LESSONS = [name for name in settings.lessons(paths.ROOT) if (paths.RELEASE / name).exists()]
STUB = "def double(x):\n    raise NotImplementedError"
CHECKS = [
    {"id": "a", "source": "# Check: small numbers\nexpect(double(2), 4, 'double')"},
    {"id": "b", "source": "# Check: nothing\nexpect(double(0), nothing, 'double')"},
]
TASK = {
    "lesson": "01_tiny",
    "name": "double",
    "setup": "from course.checks import expect",
    "ordinary": [
        "import os\nos.stop_everything()",
        "def zero():\n    return 0",
        "nothing = zero()",
    ],
    "stub": STUB,
    "checks": CHECKS,
}


def checked(answer, **changed):
    """Return what is found in an answer, and what it prints."""
    said = []
    return runner.check(TASK | {"answer": answer} | changed, said.append), "".join(said)


# --- which exercises, and what is served ----------------------------------------------------------


def test_only_exercises_with_torch_are_left_to_jupyterlab():
    found = {}
    for lesson in LESSONS:
        nb = notebook.read(notebook.path_of(lesson, paths.RELEASE))
        found |= {(lesson, name): here for name, here in labs.in_page(nb).items()}
    elsewhere = {name for (_, name), here in found.items() if not here}
    assert {"sft_loss", "ppo_loss", "lora_forward"} <= elsewhere
    assert not elsewhere & {"loss_mask", "gae", "pass_at_k", "decide"}  # their set-ups import torch
    assert sum(found.values()) / len(found) > 0.8


def test_a_name_that_comes_from_torch_counts_whatever_it_is_called():
    def nb(setup):
        marks = {"grade": False, "solution": True, "locked": False, "grade_id": "f"}
        cells = [
            ("setup", setup, {}),
            ("f", "def f(x):\n    return F.relu(x)", {"nbgrader": marks}),
        ]
        return {
            "cells": [
                {"cell_type": "code", "id": name, "source": source, "metadata": metadata}
                for name, source, metadata in cells
            ]
        }

    assert labs.in_page(nb("from torch.nn import functional as F")) == {"f": False}
    assert labs.in_page(nb("import torch\nimport fractions as F")) == {"f": True}


def test_the_page_gets_few_modules_and_what_everybody_may_read(tmp_path):
    packed = zipfile.ZipFile(BytesIO(labs.library(paths.ROOT)))
    names = set(packed.namelist())
    assert {"course/checks.py", "data/family/models.csv", "data/verdicts/04_gpt_family.txt"} < names
    assert {name.partition("/")[0] for name in names} == {"course", "data"}
    assert not [name for name in names if "source" in name or "release" in name]
    packed.extractall(tmp_path)
    code = "import course.checks, course.site.runner as r; r.prepare(); print(r.__file__)"
    bare = "import sys; sys.modules.update(dict.fromkeys(['platformdirs', 'pandas', 'torch']));"
    ran = subprocess.run(
        [sys.executable, "-c", f"{bare} sys.path.insert(0, '.'); {code}"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert str(tmp_path) in ran.stdout, ran.stderr


def test_in_korean_pages_checks_and_the_runner_speak_korean(tmp_path):
    packed = zipfile.ZipFile(BytesIO(labs.library(paths.ROOT, ["en", "ko"])))
    packed.extractall(tmp_path)
    task = TASK | {"answer": "def double(x):\n    return x + 2"}
    code = f"from course.site import runner; print(runner.answer({json.dumps(task)!r}, print))"
    ran = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, '.'); {code}"],
        cwd=tmp_path, capture_output=True, encoding="utf-8",
        env=os.environ | {"COURSE_LANG": "ko", "COURSE_ROOT": str(tmp_path), "PYTHONUTF8": "1"},
    )  # fmt: skip
    checks = json.loads(ran.stdout)["checks"]
    assert [one["passed"] for one in checks] == [True, False]
    assert checks[1]["message"] == "double: 답: 지금은 2, 맞는 값은 0.", ran.stderr


def test_the_library_is_the_same_whenever_it_is_made():
    assert labs.library(paths.ROOT) == labs.library(paths.ROOT)


def test_a_site_names_the_official_address_unless_it_has_a_copy(tmp_path):
    (tmp_path / LESSONS[0]).mkdir()
    (tmp_path / "_static").mkdir()
    labs.add(tmp_path, paths.ROOT, ["en"])
    plan = json.loads((tmp_path / "_static" / "labs.json").read_text(encoding="utf-8"))
    version = plan["version"]
    assert plan["address"] == f"https://cdn.jsdelivr.net/pyodide/v{version}/full/"
    assert (tmp_path / "_static" / plan["course"]).stat().st_size < 100_000
    kept = {address.removeprefix(plan["address"]) for address, _size, _mark in labs.elsewhere()}
    assert kept == set(plan["files"])  # what *Keep the course offline* fetches from there
    every = [name for names in plan["packages"].values() for name in names]
    assert set(every) < set(plan["files"])


def test_another_pyodide_is_refused_in_one_sentence(tmp_path):
    with pytest.raises(CourseError, match=r"has no pyodide\.mjs: unpack the full release 0"):
        labs.copy(tmp_path, tmp_path / "to", labs.runtime()["files"])
    (tmp_path / "pyodide.mjs").write_text("another")
    with pytest.raises(CourseError, match="its SHA-256 differs"):
        labs.copy(tmp_path, tmp_path / "to", labs.runtime()["files"])
    assert not (tmp_path / "to").exists()
    with pytest.raises(CourseError, match="its SHA-256 differs"):
        build.build(tmp_path / "site", pyodide=tmp_path)  # at once: no lesson runs


# --- a run ----------------------------------------------------------------------------------------


def test_right_wrong_and_unanswered():
    found, _ = checked("def double(x):\n    return 2 * x")
    assert [(one["title"], one["passed"]) for one in found["checks"]] == [
        ("small numbers", True),
        ("nothing", True),
    ]
    found, _ = checked("def double(x):\n    return x + 2")
    assert [one["passed"] for one in found["checks"]] == [True, False]
    assert found["checks"][1]["message"] == "double: the answer is 2, but 0 is right."
    found, _ = checked(STUB)
    assert {one["message"] for one in found["checks"]} == {runner.NOT_YET}


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (
            "def double(x)\n    return",
            "your answer stopped with SyntaxError: expected ':' (line 1 of",
        ),
        ("def double(x):\n    return x\n1 / 0", "ZeroDivisionError: division by zero (line 3 of"),
        ("exit()", "your answer stopped with SystemExit"),
        ("import seaborn_of_mine", "isn't in the page, where there are Python, numpy and pandas."),
        ("raise KeyboardInterrupt", runner.STOPPED),
    ],
)
def test_an_answer_that_fails_is_told_in_one_sentence(answer, says):
    found, _ = checked(answer)
    assert says in found["error"]
    assert not any(one["passed"] or one["message"] for one in found["checks"])
    assert found["stopped"] == (says == runner.STOPPED)


def test_a_check_that_an_answer_stops_names_its_line():
    found, _ = checked("def double(x):\n    y = x\n    return y.twice")
    said = "a check stopped with AttributeError: 'int' object has no attribute 'twice'"
    assert found["checks"][0]["message"] == f"{said} (line 3 of your answer)"
    found, _ = checked("def double(x):\n    if x:\n        return 4\n    raise KeyboardInterrupt")
    assert found["stopped"]
    assert found["checks"][0]["passed"]


def test_each_run_begins_with_nothing():
    checked("left = 1\ndef double(x):\n    return 2 * x")
    found, _ = checked("def double(x):\n    return x * 2 if 'left' not in globals() else 0")
    assert all(one["passed"] for one in found["checks"])


def test_only_cells_that_the_checks_need_run():
    sources = [STUB, *(one["source"] for one in CHECKS)]
    assert runner.needed(TASK["ordinary"], TASK["setup"], sources) == TASK["ordinary"][1:]


def test_an_endless_print_is_cut():
    loop = "for number in range(100_000):\n    print(number)\n"
    found, said = checked(loop + "def double(x):\n    return 2 * x")
    assert said.startswith("0\n1\n2\n")
    assert said[runner.MOST :] == "\n… (only the first 20,000 letters are shown)\n"
    assert all(one["passed"] for one in found["checks"])


def test_the_first_that_is_printed_is_said_at_once():
    said = []
    printed = runner.Printed(said.append)
    printed.write("early")
    assert said == ["early"]


def test_verdicts_come_when_all_is_decided():
    lesson = "04_gpt_family"
    truth = json.loads(json.dumps(runner.claims.told(lesson)))
    answers = {name: (what[0], what[1]) for name, what in truth.items()}
    check = {
        "id": "f",
        "source": f"from course import claims\nclaims.expect_form({lesson!r}, decide, 'codex')",
    }
    task = {"lesson": lesson, "name": "decide", "setup": "", "ordinary": [], "stub": STUB}
    task["checks"] = [check]

    def decided(given):
        return runner.check(task | {"answer": f"def decide():\n    return {given!r}"})["verdicts"]

    assert decided(answers)["good"] == len(truth)
    wrong = answers | {"codex": ("not published", 159)}
    found = decided(wrong)
    assert (found["good"], found["of"]) == (len(truth) - 1, len(truth))
    assert found["rows"][0]["why"]
    assert decided(answers | {"line": (None, None)}) is None


def test_torch_and_doors_are_there_until_they_are_used():
    code = """
from course.site import runner
runner.prepare()
import torch
from torch.nn import functional as F
from course.show import l04 as show
print(callable(show.expect_form))
for use in (lambda: torch.tensor([1]), lambda: F.relu(1), lambda: show.statements("x")):
    try:
        use()
    except RuntimeError as error:
        print(error)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.stdout.split("\n")[:4] == [
        "True",
        *["torch doesn't run in a page: answer this in JupyterLab."] * 2,
        "course doesn't run in a page: answer this in JupyterLab.",
    ], ran.stderr


# --- the server -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Serve a small folder; return a function that asks for a path."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "page.html").write_text("<p>Words.</p>" * 100)
    (folder / "wheel.whl").write_bytes(b"packed already")
    with build.server(folder) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()

        def ask(path, **headers):
            link = http.client.HTTPConnection(*server.server_address)
            link.request("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})
            answer = link.getresponse()
            body = answer.read()
            link.close()
            return answer.status, dict(answer.getheaders()), body

        yield ask
        server.shutdown()


def test_every_answer_isolates_the_page(served):
    for path in ("/page.html", "/wheel.whl", "/missing"):
        _, headers, _ = served(path)
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"


def test_text_goes_packed_to_who_takes_it_and_once(served):
    import gzip

    _, headers, plain = served("/page.html")
    assert "Content-Encoding" not in headers
    status, headers, body = served("/page.html", Accept_Encoding="gzip, br")
    assert status == 200
    assert headers["Content-Encoding"] == "gzip"
    assert len(body) < len(plain)
    assert gzip.decompress(body) == plain
    status, _, body = served(
        "/page.html", Accept_Encoding="gzip", If_Modified_Since=headers["Last-Modified"]
    )
    assert (status, body) == (304, b"")
    _, headers, body = served("/wheel.whl", Accept_Encoding="gzip")
    assert "Content-Encoding" not in headers
    assert body == b"packed already"
