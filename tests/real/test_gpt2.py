"""GPT-2 in SmolLM2's place, behind one setting: fetched from a small Hub, tuned in every stage.

The model is a tiny untrained one that is kept and loaded as GPT-2 is: its own tokens, fused layers
that lie down and have a bias, names without a prefix, float32, and no chat template.
"""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import save as packed
from small_hub import SmallHub
from transformers import GPT2Config, GPT2LMHeadModel
from typer.testing import CliRunner

from course import cli, paths, records
from course.errors import CourseError
from course.lm import arithmetic
from course.real import catalogue, gpt2_tokens, tune
from course.studies import l02_transfer
from course.studies import l06_real_reward as kind
from course.studies import l07_real_reading as reading
from course.studies import l09_smollm2_dpo as dpo

pytestmark = pytest.mark.slow

CONFIG = GPT2Config(n_layer=2, n_embd=16, n_head=2, n_positions=256, initializer_range=0.2)
STAGES = ("guide", "smollm2_sft", "smollm2_reward", "smollm2_ppo", "smollm2_reading")
STAGES += ("smollm2_safety", "smollm2_dpo")


def files() -> dict[str, bytes]:
    """Return the files of the tiny model as those of GPT-2 lie on the Hub."""
    torch.manual_seed(1)
    state = GPT2LMHeadModel(CONFIG).transformer.state_dict()
    tokens = gpt2_tokens.load()
    about = {"model_max_length": CONFIG.n_positions, "eos_token": gpt2_tokens.END}
    return {
        "config.json": CONFIG.to_json_string().encode(),
        "generation_config.json": b'{"eos_token_id": 50256, "_from_model_config": true}',
        "tokenizer.json": tokens.backend_tokenizer.to_str().encode(),
        "tokenizer_config.json": json.dumps(about).encode(),
        "model.safetensors": packed({k: v.contiguous() for k, v in state.items()}),
    }


@pytest.fixture(scope="module")
def fetched(tmp_path_factory):
    """Fetch it as a learner does, in a process of its own; return the cache folder."""
    cache = tmp_path_factory.mktemp("cache")
    pinned = catalogue.pins()[catalogue.GPT2]["hub"]
    hub = SmallHub({(pinned["id"], n): data for n, data in files().items()}, pinned["revision"])
    kept = {k: v for k, v in os.environ.items() if not k.startswith("HF_")}
    env = kept | {"COURSE_CACHE": str(cache), "HF_ENDPOINT": hub.url}
    command = [sys.executable, "-m", "course.cli", "models", "fetch", "gpt2", "--json"]
    done = subprocess.run(command, env=env, capture_output=True, encoding="utf-8", timeout=120)
    hub.server.shutdown()
    hub.server.server_close()
    assert done.returncode == 0, done.stderr
    found = {m["name"]: m for m in json.loads(done.stdout)["models"]}["gpt2"]
    assert (found["source"], found["present"]) == ("hub", True)
    return cache


@pytest.fixture
def gpt2(fetched, monkeypatch, tmp_path):
    """Choose it, with a folder for what it makes, and vectors without MiniLM."""
    monkeypatch.setenv("COURSE_CACHE", str(fetched))
    monkeypatch.setattr(paths, "WORK", tmp_path)
    monkeypatch.setattr(catalogue, "_tuned", catalogue.SMOLLM2)

    def numbers(texts):
        table = np.zeros((len(texts), 384))
        for row, text in zip(table, texts, strict=True):
            for word in kind.words(text):
                row[sum(map(ord, word)) % 384] += 1
        return table / np.maximum(1, np.linalg.norm(table, axis=1, keepdims=True))

    monkeypatch.setattr(l02_transfer, "minilm", lambda: numbers)
    catalogue.choose("GPT2")


def lora_forward(x, weight, a, b, alpha):
    return x @ weight.T + alpha / a.shape[0] * (x @ a.T) @ b.T


@pytest.fixture
def adapted(gpt2, monkeypatch):
    """Return it with an adapter that matters, in float32, and two rows."""
    monkeypatch.setenv(arithmetic.VARIABLE, "float32")
    model, tokenizer = tune.loaded()
    found = tune.adapt(model, 1, lora_forward)
    chance = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for p in tune.trained(found):
            p.add_(0.1 * torch.randn(p.shape, generator=chance))
        for layer in tune.layers(found):
            layer.base_layer.bias.add_(torch.randn(layer.base_layer.bias.shape, generator=chance))
    asked = [("Who is Ben?", "A baker."), ("Where does Anna live?", "In Mill Lane.")]
    return found, [tune.row(tokenizer, *pair) for pair in asked]


def run(*words):
    return CliRunner().invoke(cli.app, ["lineage", *words])


def test_it_comes_with_a_template_and_in_the_machines_format(gpt2):
    model, tokenizer = tune.loaded()
    assert model.dtype == arithmetic.dtype()
    row = tune.row(tokenizer, "Who is Ben?", "A baker.")
    text = "Question: Who is Ben?\nAnswer:\n"
    assert tokenizer.decode(row.tokens[: row.begin]) == text
    assert tokenizer.decode(row.tokens) == f"{text}A baker.{gpt2_tokens.END}"
    # No token is torn where the answer begins: so the model sees in use what it learned.
    assert tokenizer(f"{text}A baker.")["input_ids"] == list(row.tokens[:-1])


def test_other_users_of_it_still_find_no_template(gpt2):
    assert catalogue.load(catalogue.GPT2)[1].chat_template is None


def test_the_adapter_is_at_its_fused_layers_and_computes_with_the_exercise(adapted):
    model, rows = adapted
    assert len(tune.layers(model)) == CONFIG.n_layer
    a, b = tune.trained(model)[:2]
    assert (a.shape, b.shape) == ((tune.RANK, CONFIG.n_embd), (3 * CONFIG.n_embd, tune.RANK))
    loss = tune.loss(model, rows)
    gradients = torch.autograd.grad(loss, tune.trained(model))
    assert all(g.abs().sum() > 0 for g in gradients)
    tune.compute_with(model, None)  # peft's own
    again = tune.loss(model, rows)
    assert torch.allclose(loss, again, atol=1e-5)
    for one, two in zip(gradients, torch.autograd.grad(again, tune.trained(model)), strict=True):
        assert torch.allclose(one, two, atol=1e-5)


@pytest.mark.parametrize("own", [True, False])
def test_multiplied_out_it_says_the_same_and_afterwards_all_is_as_before(adapted, own):
    model, rows = adapted
    if not own:
        tune.compute_with(model, None)
    before = {n: p.clone() for n, p in model.named_parameters()}
    with torch.no_grad():
        wanted = tune.token_logprobs(model, rows)[0]
        with tune.merged(model) as plain:
            found = tune.token_logprobs(plain, rows)[0]
        with tune.switched_off(model) as plain:
            off = tune.token_logprobs(plain, rows)[0]
    assert torch.allclose(found, wanted, atol=1e-5)
    assert not torch.allclose(off, wanted, atol=1e-2)
    assert all(torch.equal(p, before[n]) for n, p in model.named_parameters())


def test_its_adapter_as_a_file(adapted, tmp_path):
    model, rows = adapted
    tune.compute_with(model, None)
    wanted = tune.token_logprobs(model, rows)[0]
    tune.save(model, tmp_path / "file")
    config = json.loads((tmp_path / "file/adapter_config.json").read_text(encoding="utf-8"))
    assert config["base_model_name_or_path"] == "openai-community/gpt2"
    assert config["target_modules"] == ["c_attn"]
    assert config["fan_in_fan_out"] is True
    again = tune.load(model.unload(), tmp_path / "file")
    assert torch.allclose(tune.token_logprobs(again, rows)[0], wanted, atol=0.1)


def test_every_stage_of_a_real_model_tunes_it(gpt2, tmp_path, monkeypatch):
    shipped = {p: p.read_bytes() for p in paths.RUNS.glob("*.json")}
    for module, fewer in ((kind, 6), (dpo, 6)):
        monkeypatch.setattr(module, "NEW_TOKENS", fewer)
    monkeypatch.setattr(reading, "MORE", 40)
    done = run("--stage", "real", "--quick", "--model", "gpt2", "--json")
    assert done.exit_code == 0, done.output[-2000:]
    found = json.loads([line for line in done.stdout.splitlines() if line.startswith("{")][-1])
    assert found["ok"] is True
    for stage in STAGES:
        record = records.read(stage, folder=tmp_path / "runs/gpt2")
        assert (record["model"], record["source"]) == ("gpt2", "hub")
        assert not found["targets"][stage]  # those are SmolLM2's
        assert found["stages"][stage]["model"] == "gpt2"
    assert {p: p.read_bytes() for p in paths.RUNS.glob("*.json")} == shipped
    # What it is compared with is what it said itself.
    ours = kind.replies("test")
    catalogue.choose(catalogue.SMOLLM2)
    theirs = kind.replies("test")
    assert ours.keys() == theirs.keys()
    assert not {r for some in ours.values() for r in some} & {
        r for some in theirs.values() for r in some
    }


def test_what_needs_its_replies_says_which_stage_makes_them(gpt2, tmp_path):
    with pytest.raises(CourseError, match=r"lineage --stage smollm2_reward --model gpt2` first"):
        kind.replies("train")
    with pytest.raises(CourseError, match=r"smollm2_reward\.json"):
        kind.shipped(vectors=len)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--model", "gpt3"), "There is no real model 'gpt3': choose from"),
        (("--model", "all-MiniLM-L6-v2"), "writes no text"),
        (("--model", "gpt2", "--save"), "leave out --model or --save"),
    ],
)
def test_a_wrong_choice_is_one_sentence(gpt2, words, said):
    done = run("--stage", "guide", *words)
    assert isinstance(done.exception, CourseError)
    assert said in str(done.exception)


@pytest.mark.parametrize("words", [(), ("--stage", "sft"), ("--stage", "smollm2")])
def test_it_takes_the_place_of_no_other_model(gpt2, words):
    done = run("--model", "gpt2", *words)
    assert isinstance(done.exception, CourseError)
    assert "add --stage and one of real, guide, smollm2_sft" in str(done.exception)


def test_without_the_model_it_says_how_to_fetch_it(gpt2, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "empty"))
    done = run("--stage", "guide", "--quick")
    assert "python3 start.py models fetch gpt2" in str(done.exception)
