"""The pages with our models: they compute and read what ours in Python do, and one can use them."""

import json
import random
import shutil
import threading
import time
from urllib.parse import urlsplit

import pytest
import torch
from browser import start_browser

from course import paths
from course.lm import model, sample
from course.lm import tokenizer as tok
from course.real.conversation import Chat
from course.show import text
from course.site import build, models
from course.world import phrases, village

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(300)]

# Strings that are hard to cut into tokens.
HARD = (
    "", " ", "  two  spaces ", "Where does Rosa live?", "한국어로 쓴 문장입니다.", "🦆👩‍👩‍👧 é è ñ",
    "a\r\nb\rc\n\n", "\ttab", "<|end|>", "x<|user|> y <|assistant|>", "<|us er|>", "1850 12.5e-3",
    "don't, can't — “quoted”…", "\u0000\ufffd\u200b", "ÅÅ ﬁ", "A" * 50,
)  # fmt: skip
TURNS = ("Where does Rosa live?", "And which pet?", "Why did the Lost Wedding happen in 1850?")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Make the pages of a tiny course; modules are there one by one, for tests alone."""
    root = tmp_path_factory.mktemp("tiny")
    for folder in ("source", "release"):
        shutil.copytree(paths.ROOT / "tests" / "fixtures" / "course" / "source", root / folder)
    out = root / "site"
    result = build.build(out, run=[], root=root)
    assert result["problems"] == []
    for name in ("facts.js", "draw.js", "page.js"):
        shutil.copy(models.FRONT / name, out / "_static")
    return out


@pytest.fixture(scope="module")
def chromium(site, tmp_path_factory):
    """Serve the pages and open one browser for all tests."""
    driver = start_browser(tmp_path_factory.mktemp("browser"))
    driver.set_script_timeout(120)
    with build.server(site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        driver.base = f"http://127.0.0.1:{server.server_address[1]}"
        yield driver
        driver.quit()
        server.shutdown()


@pytest.fixture
def page(chromium):
    """Return a function that opens a page, fresh; a phone in the dark if it is told so."""
    size = "Emulation.setDeviceMetricsOverride"
    opened = []

    def open_(name, *, phone=False, still=False):
        features = {"prefers-color-scheme": "dark" if phone else "light"}
        features["prefers-reduced-motion"] = "reduce" if still else "no-preference"
        media = {"features": [{"name": name, "value": v} for name, v in features.items()]}
        chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        if phone:
            phone_size = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
            chromium.execute_cdp_cmd(size, phone_size)
        chromium.get_log("browser")  # what earlier pages said
        chromium.get(f"{chromium.base}/{name}.html")
        opened.append(name)
        return chromium

    yield open_
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def until(look, what):
    end = time.monotonic() + 100
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited for {what}")


def asked_nobody_else(driver):
    hosts = driver.execute_script(
        "return performance.getEntriesByType('resource').map(e => new URL(e.name).host)"
    )
    assert set(filter(None, hosts)) == {urlsplit(driver.base).netloc}
    severe = [line["message"] for line in driver.get_log("browser") if line["level"] == "SEVERE"]
    assert severe == []


def run(driver, body, *given):
    """Run the body of an async function of the page with arguments; return what it returns."""
    code = (
        "const done = arguments[arguments.length - 1], given = [...arguments].slice(0, -1);"
        f"(async () => {{ {body} }})().then(found => done([found]), e => done(String(e)));"
    )
    found = driver.execute_async_script(code, *given)
    assert isinstance(found, list), found
    return found[0]


# --- as in Python ---------------------------------------------------------------------------------

COMPUTE = """
const { GPT } = await import('/_static/model.js');
const { best } = await import('/_static/draw.js');
const [name, prompts, count] = given;
const setup = await (await fetch('/_static/talk.json')).json();
const about = setup.models.find(each => each.name === name);
const gpt = new GPT(await (await fetch(`/_static/${about.file}`)).arrayBuffer(), about.config);
const found = { whole: [], single: [], written: [] };
for (const prompt of prompts) {
  gpt.rewind();
  let scores = gpt.read(prompt);
  found.whole.push([...scores]);
  const written = [];
  while (written.length < count) {
    written.push(best(scores, 1)[0]);
    scores = gpt.read(written.slice(-1));
  }
  found.written.push(written);
  gpt.rewind();
  for (const token of prompt) scores = gpt.read([token]);
  found.single.push([...scores]);
}
return found;
"""


@pytest.mark.parametrize("name", list(models.MODELS))
def test_scores_and_tokens_are_those_of_pytorch(page, name):
    mini, tokenizer = model.load(name)
    rng = random.Random(5)
    prompts = [
        tokenizer("<|end|>Where does Rosa live?\n")["input_ids"],
        tokenizer("<|user|> 안녕, who are you?<|assistant|>")["input_ids"],
        [rng.randrange(len(tokenizer)) for _ in range(118)],
    ]
    prompts = prompts[: 3 if mini.num_parameters() < 1e6 else 2]  # the large one takes its time
    found = run(page("index"), COMPUTE, name, prompts, 20)
    for i, prompt in enumerate(prompts):
        with torch.inference_mode():
            scores = mini(torch.tensor([prompt])).logits[0, -1]
        for way in ("whole", "single"):
            assert (torch.tensor(found[way][i]) - scores).abs().max() < 1e-4
    # Without an end token, so that all are equally long.
    assert found["written"] == sample.generate(mini, prompts, 20, end=-1)


LENGTHS = """
const worker = new Worker('/_static/chat_worker.js', { type: 'module' });
const setup = await (await fetch('/_static/talk.json')).json();
worker.postMessage({ do: 'open', setup });
const found = [];
for (const text of given[0]) {
  const ids = new Promise(go => { worker.onmessage = ({ data }) => go(data.ids); });
  worker.postMessage({ do: 'length', text });
  found.push(await ids);
}
return found;
"""


def test_hard_strings_have_the_same_tokens(page):
    backend = tok.load().backend_tokenizer
    expected = [backend.encode(each, add_special_tokens=False).ids for each in HARD]
    assert run(page("index"), LENGTHS, HARD) == expected


DRAWN = """
const { draw } = await import('/_static/draw.js');
return given[0].map(([scores, how, u]) => draw(new Float32Array(scores), how, u));
"""


def test_draws_are_from_the_tokens_that_top_k_and_top_p_leave(page):
    scores = [2.0, 0.0, 3.0, 1.0]  # tokens 2, 0, 3, 1 have the shares 0.644, 0.237, 0.087, 0.032
    cases = {  # temperature, top-k, top-p, a number from 0 to 1 → token, how many are left
        (0, 0, 1, 0.99): (2, 1),
        (1, 0, 1, 0.0): (2, 4),
        (1, 0, 1, 0.7): (0, 4),
        (1, 0, 1, 0.98): (1, 4),
        (1, 2, 1, 0.98): (0, 2),
        (1, 0, 0.5, 0.98): (2, 1),
        (1, 0, 0.8, 0.98): (0, 2),
        (1, 3, 0.99, 0.98): (3, 3),
        (0.1, 0, 1, 0.98): (2, 4),
        (5, 0, 1, 0.5): (0, 4),
    }
    given = [(scores, {"temperature": t, "topK": k, "topP": p}, u) for t, k, p, u in cases]
    found = run(page("index"), DRAWN, given)
    assert [(each["token"], each["kept"]) for each in found] == list(cases.values())


def test_sentences_are_marked_as_in_the_lessons(page):
    rng = random.Random(3)
    texts = [
        "",
        "  ",
        "\n\n",
        "Hello! Who? Anna",
        "He has a dog. Anna has a dog",
        "anna has a dog.",
    ]
    for subject, attributes in {n: village.ATTRIBUTES[k] for n, k in village.KIND.items()}.items():
        for attribute in attributes:
            template = rng.choice(phrases.STATEMENTS[attribute])
            for value in (village.VALUES[subject, attribute], rng.choice(phrases.GREETINGS),
                          rng.choice(village.wrong_values(subject, attribute))):  # fmt: skip
                texts.append(f"Gladly. {phrases.fill(template, subject, value)} \n{subject}.")
    body = """
    const { judge } = await import('/_static/facts.js');
    const setup = await (await fetch('/_static/talk.json')).json();
    return given[0].map(judge(setup.facts));
    """
    found = run(page("index"), body, texts)
    expected = [[[part, true] for part, true in text.judged(each) if part] for each in texts]
    assert found == expected
    assert {true for parts in found for _, true in parts} == {True, False, None}


# --- the page to talk -----------------------------------------------------------------------------


def ready(driver):
    until(lambda: driver.execute_script("return document.querySelector('#talk')?.dataset.state")
          == "ready", "the models")  # fmt: skip


def write(driver, message, **settings):
    """Put settings and a message into their fields, and press Enter."""
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    for name, value in settings.items():
        driver.execute_script(
            "document.getElementById(`talk-${arguments[0]}`).value = arguments[1]", name, value
        )
    field = driver.find_element(By.ID, "talk-message")
    field.clear()
    field.send_keys(message, Keys.ENTER)


def said(driver, name):
    """Return what a model has said, without marks."""
    return driver.execute_script(
        """return [...document.querySelectorAll(
          `[data-model=${arguments[0]}] .bubble.assistant > div`)].map(div => {
            const copy = div.cloneNode(true);
            copy.querySelectorAll('b, i').forEach(sign => sign.remove());
            return copy.textContent;
          });""",
        name,
    )


def shown(driver, css):
    return driver.execute_script(
        "return [...document.querySelectorAll(arguments[0])].map(e => e.innerText)", css
    )


def test_a_talk_is_the_one_that_lesson_08_has(page):
    driver = page("talk")
    ready(driver)
    for turn in (*TURNS, *TURNS):
        write(driver, turn, temperature=0, pace="0")
        ready(driver)
        assert shown(driver, "#talk .status") == ["Ready."]
    left = []
    for name, (_, _, chosen) in models.MODELS.items():
        if not chosen:
            assert said(driver, name) == []
            continue
        talk = Chat(name, temperature=0)
        assert said(driver, name) == [talk.say(turn) for turn in (*TURNS, *TURNS)]
        counts = shown(driver, f"[data-model={name}] .window + .note")[0]
        read = talk.length(talk.messages[talk.left_out : -1])
        assert f"{read} read" in counts
        assert (f"The oldest {talk.left_out} messages no longer fit" in counts) == (
            talk.left_out > 0
        )
        unread = driver.execute_script(
            "return document.querySelectorAll(`[data-model=${arguments[0]}] .unread`).length", name
        )
        assert unread == talk.left_out
        left.append(talk.left_out)
    assert max(left) > 0  # else nothing was cut
    assert shown(driver, "[data-model=mini-chat] .fact.true")
    asked_nobody_else(driver)


def test_an_answer_is_stopped_and_the_talk_goes_on_or_begins_again(page):
    from selenium.webdriver.common.by import By

    driver = page("talk")
    ready(driver)
    # So slow that it is still writing, however busy the computer is.
    driver.execute_script("document.querySelector('#talk-pace option').value = 1")
    write(driver, "Explain the Great Flood to a six-year-old.", temperature=0)
    until(lambda: any(said(driver, "mini-chat")), "the first token")
    driver.find_element(By.XPATH, "//button[text()='Stop']").click()
    ready(driver)
    assert shown(driver, "#talk .status") == ["Stopped."]
    whole = Chat("mini-chat", temperature=0).say("Explain the Great Flood to a six-year-old.")
    (part,) = said(driver, "mini-chat")
    assert whole.startswith(part)
    assert len(part) < len(whole)
    write(driver, "Who are you?", pace="0")
    ready(driver)
    assert len(said(driver, "mini-chat")) == 2
    driver.find_element(By.XPATH, "//button[text()='Restart']").click()
    ready(driver)
    assert said(driver, "mini-chat") == []
    assert "nothing of the old" in shown(driver, "#talk .status")[0]
    asked_nobody_else(driver)


def test_what_cant_be_answered_is_said_in_a_sentence_and_nothing_is_lost(page):
    driver = page("talk")
    ready(driver)
    long = "Where does Rosa live and who is she? " * 15
    for message, settings, sentence in (
        ("", {}, "The message is empty"),
        ("   ", {}, "The message is empty"),
        ("<|end|><|user|>", {}, "The message is empty"),
        ("Hello", {"temperature": "9"}, "Temperature is a number from 0 to 5."),
        ("Hello", {"temperature": "0", "topP": ""}, "Top-p is a number from 0.01 to 1."),
        (long, {"topP": "1"}, "can read 120 and still answer: shorten it."),
    ):
        write(driver, message, **settings)
        until(lambda s=sentence: s in shown(driver, "#talk .status")[0], sentence)
        ready(driver)
        if message.strip():
            kept = driver.execute_script("return document.getElementById('talk-message').value")
            assert kept.strip() == message.strip()
        assert said(driver, "mini-chat") == []
    write(driver, "Who are you?", pace="0")
    ready(driver)
    assert said(driver, "mini-chat") == [Chat("mini-chat", temperature=0).say("Who are you?")]
    asked_nobody_else(driver)


def test_a_missing_file_is_named_and_the_others_answer(page, site):
    setup = json.loads((site / "_static" / "talk.json").read_text("utf-8"))
    whole = json.dumps(setup)
    setup["models"][1]["file"] = "models/gone.safetensors"
    try:
        (site / "_static" / "talk.json").write_text(json.dumps(setup), "utf-8")
        driver = page("talk")
        ready(driver)
        write(driver, "Who are you?", temperature=0, pace="0")
        ready(driver)
        sentence = "The file models/gone.safetensors can't be fetched (404): build the site again."
        assert shown(driver, "#talk .status") == [sentence]
        assert said(driver, "mini-sft") == []
        assert len(said(driver, "mini-chat")) == 1
        (site / "_static" / "talk.json").unlink()
        driver = page("talk")
        until(lambda: "can't be fetched" in "".join(shown(driver, "#talk .status")), "a sentence")
    finally:
        (site / "_static" / "talk.json").write_text(whole, "utf-8")


def test_a_browser_without_workers_is_told_so(page):
    from contextlib import suppress

    driver = page("index")
    gone = "Page.addScriptToEvaluateOnNewDocument"
    script = driver.execute_cdp_cmd(gone, {"source": "delete window.Worker"})
    try:
        page("talk")
        until(lambda: "has no workers" in "".join(shown(driver, "#talk .status")), "a sentence")
    finally:
        with suppress(KeyError):
            driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)


WIDE = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"


def test_a_phone_in_the_dark_shows_windows_bars_and_marks(page):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    driver = page("talk", phone=True)
    ready(driver)
    assert driver.execute_script("return document.documentElement.dataset.theme") == "dark"
    write(driver, "Where does Rosa live?", temperature=0, pace="0")
    ready(driver)
    assert driver.execute_script(WIDE) <= 0
    column = driver.find_element(By.CSS_SELECTOR, "[data-model=mini-sft]")
    # Bars are at temperature 1, so there is more than one, however the tokens were chosen.
    first = [row.text for row in column.find_elements(By.CSS_SELECTOR, ".likely li")]
    assert len(first) == 5
    assert sum("←" in row for row in first) == 1
    column.find_element(By.CSS_SELECTOR, "input[type=range]").send_keys(Keys.ARROW_RIGHT)
    second = [row.text for row in column.find_elements(By.CSS_SELECTOR, ".likely li")]
    assert second != first
    assert driver.execute_script(
        "return [...document.querySelectorAll('[data-model=mini-sft] .window span')]"
        ".map(part => part.className)"
    ) == ["user", "written"]
    asked_nobody_else(driver)


# --- the slider -----------------------------------------------------------------------------------

CHOOSE = """
const select = document.getElementById('slider-request');
select.value = arguments[0];
select.dispatchEvent(new Event('input'));
"""
ANSWERS = "return [...document.querySelectorAll('#slider .assistant > div')].map(e => e.innerText)"


def test_the_slider_goes_by_keys_from_step_0_to_the_chat_model(page):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    recorded = json.loads((paths.RUNS / "checkpoints.json").read_text("utf-8"))
    driver = page("slider", phone=True, still=True)
    slider = until(lambda: driver.find_elements(By.ID, "slider-at"), "the slider")[0]
    assert slider.get_attribute("aria-valuetext").startswith("pre-training, step 0 of ")
    for number, request in enumerate(recorded["asked"]):
        driver.execute_script(CHOOSE, number)
        assert shown(driver, "#slider .user > div") == request["turns"]
    slider.send_keys(Keys.END)
    signs = str.maketrans("", "", "✓✗")
    last = [each.translate(signs) for each in driver.execute_script(ANSWERS)]
    plain = [" ".join(each.split()) for each in last]
    assert plain == [" ".join(each.split()) for each in recorded["points"][-1]["answers"][-1]]
    assert slider.get_attribute("aria-valuetext").startswith("chat, ")
    slider.send_keys(Keys.ARROW_LEFT)
    point = recorded["points"][-2]
    assert f"step {point['step']:,} of {point['of']:,}" in slider.get_attribute("aria-valuetext")
    figures = dict(zip(shown(driver, "#slider th"), shown(driver, "#slider .number"), strict=True))
    assert figures["follows requests"] == f"{round(100 * point['figures']['following'])}%"
    driver.find_element(By.XPATH, "//div[@class='parts']/button[text()='SFT']").click()
    assert "This is mini-sft." in shown(driver, "#slider .where")[0]
    style = "return getComputedStyle(document.querySelector('#slider .here')).transitionDuration"
    assert driver.execute_script(style) == "0s"
    assert driver.execute_script(WIDE) <= 0
    asked_nobody_else(driver)


def test_the_mark_moves_smoothly_for_who_has_asked_for_nothing(page):
    driver = page("slider")
    style = "const here = document.querySelector('#slider .here'); return here && "
    style += "getComputedStyle(here).transitionDuration"
    assert until(lambda: driver.execute_script(style), "the slider") != "0s"


def test_the_record_is_small_and_whole():
    path = paths.RUNS / "checkpoints.json"
    assert path.stat().st_size <= 300_000
    recorded = json.loads(path.read_text("utf-8"))
    assert len(recorded["points"]) == recorded["stops"]
    assert recorded["points"][0]["step"] == 0
    assert [part["name"] for part in recorded["parts"]] == list(
        dict.fromkeys(point["part"] for point in recorded["points"])
    )
    for point in recorded["points"]:
        for request, answers in zip(recorded["asked"], point["answers"], strict=True):
            assert len(request["turns"]) == len(answers)


def test_all_that_the_record_has_in_words_can_be_translated():
    run = json.loads((paths.RUNS / f"{models.RECORD}.json").read_text("utf-8"))
    words = {part[key] for part in run["parts"] for key in ("name", "about")}
    assert words | {one["what"] for one in run["asked"]} == set(models.RECORDED)
