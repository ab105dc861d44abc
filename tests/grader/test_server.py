"""The extension of Jupyter's server: whose course it serves, and what it makes of bad answers.

How its pages work is tested in test_formgrader_browser.py. Its processes are stand-ins here.
"""

import json
import subprocess
import sys
from types import SimpleNamespace

import grading_class as group
import pytest
from traitlets.config import Config

from course.grader import buttons, server, settings

ALL = [buttons.GRADE, buttons.FEEDBACK, buttons.ALL]


@pytest.fixture
def formgrader(tmp_path):
    """Return what nbgrader's formgrader knows of a course with our configuration."""
    (tmp_path / settings.FILE).write_bytes(group.CONFIG.read_bytes())
    return SimpleNamespace(config=Config(), coursedir=SimpleNamespace(root=str(tmp_path)))


def change(formgrader, old, new):
    path = f"{formgrader.coursedir.root}/{settings.FILE}"
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert old in text
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new))


@pytest.mark.parametrize("what", ALL)
def test_a_course_that_names_our_grader_is_served(formgrader, what):
    assert server.hooks_of(formgrader, what) == "course.hooks:HOOKS"
    assert formgrader.config == Config()  # nbgrader's own stays as it is


def test_another_course_keeps_nbgraders_buttons(formgrader):
    change(formgrader, "course.grader.buttons.Sandboxed", "nbgrader.preprocessors.Execute")
    assert server.hooks_of(formgrader, buttons.GRADE) == ""
    assert server.hooks_of(formgrader, buttons.FEEDBACK) != ""
    change(formgrader, "course.grader.buttons.Pages", "nbconvert.HTMLExporter")
    assert server.hooks_of(formgrader, buttons.FEEDBACK) == ""


def test_our_grader_may_be_named_for_all_courses_of_a_machine(tmp_path):
    config = Config({"Autograde": {"autograde_preprocessors": ["course.grader.buttons.Sandboxed"]}})
    elsewhere = SimpleNamespace(config=config, coursedir=SimpleNamespace(root=str(tmp_path)))
    assert server.hooks_of(elsewhere, buttons.GRADE) == "course.grader.hooks:PLAIN"


def test_a_configuration_that_cant_be_read_is_no_stock_course(formgrader):
    """Stock logs it and goes on with its own execution, without a sandbox."""
    change(formgrader, "c = get_config()", "c = get_config(")
    with pytest.raises(SyntaxError):
        server.hooks_of(formgrader, buttons.GRADE)


def answer_of(code):
    return server.Run([sys.executable, "-c", code]).answer.result(120)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("", "it ended with 0"),
        ("print('{}')", "it ended with 0"),
        ("print('[1]')", "it ended with 0"),
        ("print('5')", "it ended with 0"),
        ("import os; os._exit(7)", "it ended with 7"),
        ("print('{\"done\": 1}'); raise SystemExit('no memory')", "no memory"),
    ],
)
def test_what_isnt_understood_is_a_failure(code, said):
    assert answer_of(code) == {"error": buttons.BROKEN.format(said=said)}


def test_a_process_that_cant_be_started_is_a_failure():
    answer = server.Run(["/nonexistent/python"]).answer.result(120)
    assert "No such file" in answer["error"]


def test_a_run_tells_how_far_it_is_and_ends_when_it_is_stopped():
    code = """
import json, os
print(json.dumps({"done": 2, "total": 5, "failed": 1, "running": False}), flush=True)
while os.read(0, 1):
    pass
print(json.dumps({"notes": ["the end"], "failed": 1}))
"""
    run = server.Run([sys.executable, "-c", code])
    assert run.state()["running"]
    run.stop()
    assert run.answer.result(120)["notes"] == ["the end"]
    state = {"done": 2, "total": 5, "failed": 1, "running": False, "stopping": True}
    assert run.state() == state | {"said": ["the end"], "ok": False}


def test_a_grader_of_all_ends_with_the_server_that_has_started_it(tmp_path):
    """Its standard input ends: it says so in one sentence, wherever it is."""
    waits = "import time\nwhile True:\n    time.sleep(0.02)\n"
    (tmp_path / settings.FILE).write_text(waits, encoding="utf-8")
    command = buttons.command(buttons.ALL, tmp_path, "01_tiny", "", "course.hooks:HOOKS")
    ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=600)
    assert json.loads(ran.stdout) == {"error": buttons.STOPPED}, ran.stderr
    assert ran.returncode == 0


def test_only_what_is_enabled_gets_addresses():
    taken = []
    app = SimpleNamespace(settings={"base_url": "/user/ada/"})
    app.add_handlers = lambda host, rules: taken.extend(rule[0] for rule in rules)
    on = SimpleNamespace(enabled=True)

    def load(**extensions):
        taken.clear()
        manager = SimpleNamespace(extensions=extensions)
        server._load_jupyter_server_extension(
            SimpleNamespace(web_app=app, extension_manager=manager)
        )
        return taken

    assert load() == []
    assert load(**{server.FORMGRADER: SimpleNamespace(enabled=False)}) == []
    assert load(**{server.VALIDATE: on}) == ["/user/ada/assignments/validate"]
    assert "/user/ada/formgrader/api/assignment/([^/]+)/autograde" in load(
        **{server.FORMGRADER: on}
    )
