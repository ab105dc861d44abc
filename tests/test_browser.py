"""The harness of `browser`: what a learner does in JupyterLab works, and what fails says so."""

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.timeout(180)

COUNTER = """
import ipywidgets as w
count, label = 0, w.Label("nobody has clicked")
button, field, echo = w.Button(description="Count"), w.Text(description="Name:"), w.Label()

def clicked(_):
    global count
    count += 1
    label.value = f"clicked {count} times"

button.on_click(clicked)
field.observe(lambda change: setattr(echo, "value", f"Hello {change.new}!"), "value")
w.VBox([button, label, field, echo])
"""
MOVING = """
from IPython.display import HTML
HTML('<style>@keyframes go {to {transform: translateX(200px)}}'
     '.box {width: 20px; height: 20px; background: red; animation: go 2s infinite alternate}'
     '</style><div class="road" style="width: 240px"><div class="box"></div></div>'
     '<div class="still" style="width: 240px; background: blue">still</div>')
"""


class Silent(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *_):
        pass


def test_cells_run_in_order_and_show_their_output(lab):
    nb = lab.write("x = 6", "print('x times seven is', x * 7)", "1 / 0")
    nb.run(0, 1)
    nb.wait_for_text(1, "x times seven is 42")
    assert nb.output(0) == ""
    nb.run(2, errors=True)
    assert nb.error(2) == "ZeroDivisionError: division by zero"
    nb.wait_for_text(2, "ZeroDivisionError")


def test_a_widget_answers_clicks_and_keys(lab):
    nb = lab.write(COUNTER)
    nb.run(0)
    nb.wait_for_text(0, "nobody has clicked")
    nb.click(0, "Count")
    nb.wait_for_text(0, "clicked 1 times")
    nb.click(0, "Count")
    nb.wait_for_text(0, "clicked 2 times")
    nb.type_into(0, "Name:", "Anna")
    nb.wait_for_text(0, "Hello Anna!")
    nb.type_into(0, "Name:", "루퍼스\n")
    nb.wait_for_text(0, "Hello 루퍼스!")
    assert nb.value(0, "Name:") == "루퍼스"


def test_what_moves_is_seen_to_move(lab):
    nb = lab.write(MOVING)
    nb.run(0)
    road, still = nb.pixels(0, ".road"), nb.pixels(0, ".still")
    assert road.shape[1:] == (240, 3)
    nb.wait_for_change(0, ".road", road)
    assert np.array_equal(nb.pixels(0, ".still"), still)


def test_a_restart_forgets_variables_and_a_reload_keeps_outputs(lab):
    nb = lab.write("x = 1\nprint('set')", "print('x' in globals())")
    nb.run(0, 1)
    nb.wait_for_text(1, "True")
    nb.restart()
    nb.run(1)
    nb.wait_for_text(1, "False")
    nb = nb.reload()
    nb.wait_for_text(0, "set")
    nb.wait_for_text(1, "False")


def test_a_running_cell_can_be_stopped(lab):
    code = "import time\nprint('begun', flush=True)\ntime.sleep(60)"
    nb = lab.write(code)
    nb.start(0)
    nb.wait_for_text(0, "begun")
    nb.interrupt()
    nb.wait_for_text(0, "KeyboardInterrupt")
    nb.wait_until_idle()


def test_the_page_reaches_this_computer_and_no_names(lab, tmp_path):
    """By its name our own computer stands for all others: only the browser's rule forbids it."""
    Image.new("RGB", (7, 7)).save(tmp_path / "dot.png")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=tmp_path)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        images = "".join(
            f'<img alt="" src="http://{host}:{server.server_port}/dot.png">'
            for host in ("127.0.0.1", "localhost")
        )
        nb = lab.write(f"from IPython.display import HTML\nHTML({images!r})")
        nb.run(0)
        loaded = "return [...cell.node.querySelectorAll('img')].map(e => e.complete)"
        nb.wait("both images", lambda: nb.script(loaded, 0) == [True, True], 20)
        widths = "return [...cell.node.querySelectorAll('img')].map(e => e.naturalWidth)"
        assert nb.script(widths, 0) == [7, 0]
        server.shutdown()


def test_a_failure_says_what_was_seen(lab):
    nb = lab.write("print('something else')")
    nb.run(0)
    with pytest.raises(pytest.fail.Exception, match=r"in vain for(.|\n)*something else"):
        nb.wait_for_text(0, "what never comes", timeout=0.5)
    with pytest.raises(pytest.fail.Exception, match="a button 'Missing'"):
        nb.click(0, "Missing", timeout=0.5)
    with pytest.raises(AssertionError, match="no code cell 'missing'"):
        nb.run_until("missing")


def test_a_learner_opens_lesson_01_and_sees_the_lineage_and_no_questions(lab):
    nb = lab.lesson("01_pretraining")
    nb.run_until("lineage-picture")
    nb.wait_for_css("lineage-picture", "svg")
    nb.wait_for_text("lineage-picture", "01 base")
    assert nb.screenshot("lineage", "lineage-picture").stat().st_size > 10_000
    asked = "[...document.querySelectorAll('.jp-Dialog, .Toastify__toast')].map(e => e.innerText)"
    assert nb.script(f"return {asked}") == []
    nb = nb.reload()
    nb.wait_for_css("lineage-picture", "svg")  # what was shown is trusted after it was saved
    notification = "lab/api/settings/@jupyterlab/apputils-extension:notification"
    news = lab.server.ask(notification)["schema"]["properties"]["fetchNews"]
    assert news["default"] == "false"
