"""Tuning a real model: what a shortcut gives is what the long way gives; files, interruptions.

The model is a tiny untrained one of SmolLM2's kind that knows our own tokens.
"""

import json

import pytest
import tiny_llama
import torch

from course import paths, records
from course.real import catalogue, tune
from course.stages.context import Run
from course.stages.stage import Work
from course.studies import l03_adapter as guide
from course.studies.registry import ALL

TEMPLATE = f"You know all that people know in this old village. {tiny_llama.MESSAGES}"


@pytest.fixture(scope="module")
def tokenizer():
    return tiny_llama.tokenizer(TEMPLATE)


@pytest.fixture
def llama(monkeypatch, tokenizer):
    """Put the tiny model in SmolLM2's place; return a function that makes it anew."""

    def make():
        return tiny_llama.model(tie_word_embeddings=True)

    monkeypatch.setattr(catalogue, "load", lambda name: (make(), tokenizer))
    return make


def lora_forward(x, weight, a, b, alpha):
    return x @ weight.T + alpha / a.shape[0] * (x @ a.T) @ b.T


def moved(adapted, size=0.1):
    """Give an adapter numbers that matter."""
    chance = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for p in tune.trained(adapted):
            p.add_(size * torch.randn(p.shape, generator=chance))
    return adapted


@pytest.fixture
def rows(tokenizer):
    asked = [("Who is Ben?", "a baker ."), ("Where does Anna live?", "in Mill Lane ."), ("", "no")]
    return [tune.row(tokenizer, *pair) for pair in asked]


# What is read and learned -------------------------------------------------------------------------


def test_a_row_is_the_template_the_answer_and_its_end(tokenizer):
    row = tune.row(tokenizer, "Who is Ben?", "a baker")
    assert tokenizer.decode(row.tokens[: row.begin]).startswith("You know all that")
    assert tokenizer.decode(row.tokens[row.begin : -1]) == "a baker"
    assert row.tokens[-1] == tokenizer.eos_token_id
    assert row.learned == len(row.tokens) - row.begin
    messages = [{"role": "user", "content": "Who is Ben?"}]
    assert tune.prompt(tokenizer, messages) == list(row.tokens[: row.begin])


def test_each_row_comes_once_an_epoch_and_the_same_seed_gives_the_same_batches():
    batches = tune.plan(10, 4, 3, seed=5)
    assert [len(b) for b in batches] == [4, 4, 2] * 3
    for epoch in range(3):
        assert sorted(i for b in batches[3 * epoch : 3 * epoch + 3] for i in b) == list(range(10))
    assert batches == tune.plan(10, 4, 3, seed=5)
    assert batches != tune.plan(10, 4, 3, seed=6)


@pytest.mark.parametrize(
    ("given", "most", "common"),
    [
        ([[1, 2, 3], [1, 2, 4]], 9, 2),
        ([[1, 2, 3], [1, 2, 4]], 1, 1),
        ([[1, 2], [1, 2, 4]], 9, 2),
        ([[1], [2]], 9, 0),
        ([[1, 2, 3]], 2, 2),
        ([[1, 2]], 0, 0),
        ([[1, 2]], -1, 0),
    ],
)
def test_what_rows_begin_with_in_common(given, most, common):
    assert tune.shared(given, most) == common


def test_reading_the_beginning_once_changes_neither_loss_nor_gradient(llama, rows, monkeypatch):
    adapted = moved(tune.adapt(llama(), 1))
    assert tune.shared([r.tokens for r in rows], min(r.begin for r in rows) - 1) > 5

    def found():
        loss = tune.loss(adapted, rows)
        return [loss.detach(), *torch.autograd.grad(loss, tune.trained(adapted))]

    fast = found()
    monkeypatch.setattr(tune, "shared", lambda *_: 0)
    for one, two in zip(fast, found(), strict=True):
        assert torch.allclose(one, two, atol=1e-5)


def test_log_probabilities_are_those_of_the_answers_alone(llama, rows):
    model = llama()
    values, mask = tune.token_logprobs(model, rows)
    for row, value, some in zip(rows, values, mask, strict=True):
        tokens = torch.tensor([row.tokens])
        whole = model(tokens).logits[0, :-1].log_softmax(1)
        wanted = whole[range(len(row.tokens) - 1), tokens[0, 1:]][row.begin - 1 :]
        assert int(some.sum()) == row.learned
        assert torch.allclose(value[some], wanted, atol=1e-5)
        assert not value[~some].any()
    sums = tune.answer_logprobs(model, rows)
    assert torch.allclose(sums, values.sum(1), atol=1e-4)
    mean = -float(sums.sum()) / sum(r.learned for r in rows)
    assert tune.mean_loss(model, rows) == pytest.approx(mean, abs=1e-5)


# The adapter --------------------------------------------------------------------------------------


def test_a_new_adapter_changes_nothing_and_only_it_is_trained(llama, rows):
    plain, adapted = llama(), tune.adapt(llama(), 1)
    assert torch.equal(tune.loss(plain, rows), tune.loss(adapted, rows))
    free = [p for p in adapted.parameters() if p.requires_grad]
    assert {id(p) for p in free} == {id(p) for p in tune.trained(adapted)}
    assert len(free) == 2 * 2 * 2  # layers, matrices, A and B


def test_the_exercise_computes_in_peft_s_place_and_agrees_with_it(llama, rows):
    calls = []

    def counted(x, *others):
        calls.append(x.shape)
        return lora_forward(x, *others)

    adapted = moved(tune.adapt(llama(), 1, counted))
    mine = tune.loss(adapted, rows)
    assert len(calls) == 8  # two layers, two matrices, the common beginning and the rest
    tune.compute_with(adapted, None)
    assert torch.allclose(tune.loss(adapted, rows), mine, atol=1e-5)
    assert len(calls) == 8


@pytest.mark.parametrize("function", [None, lora_forward])
def test_merged_computes_the_same_and_leaves_every_bit_as_it_was(llama, rows, function):
    adapted = moved(tune.adapt(llama(), 1, function))
    before = {name: p.clone() for name, p in adapted.named_parameters()}
    wanted = tune.loss(adapted, rows)
    with tune.merged(adapted) as plain:
        assert torch.allclose(tune.loss(plain, rows), wanted, atol=1e-5)
    assert all(p.equal(before[name]) for name, p in adapted.named_parameters())
    with tune.switched_off(adapted) as plain:
        assert torch.equal(tune.loss(plain, rows), tune.loss(llama(), rows))
    assert torch.equal(tune.loss(adapted, rows), wanted)
    assert all(p.requires_grad for p in tune.trained(adapted))


def test_an_adapter_in_a_bf16_model_learns_in_float32(llama, rows):
    adapted = moved(tune.adapt(llama().bfloat16(), 1, lora_forward))
    assert {p.dtype for p in tune.trained(adapted)} == {torch.float32}
    mine = tune.loss(adapted, rows)
    with tune.merged(adapted) as plain:
        assert next(plain.parameters()).dtype == torch.bfloat16
        assert float(tune.loss(plain, rows).detach()) == pytest.approx(
            float(mine.detach()), abs=0.1
        )


def test_the_file_is_a_peft_folder_that_gives_the_same_model(llama, rows, tmp_path):
    adapted = moved(tune.adapt(llama(), 1, lora_forward))
    size = tune.save(adapted, tmp_path / "guide")
    assert sorted(p.name for p in (tmp_path / "guide").iterdir()) == [
        "adapter_config.json", "adapter_model.safetensors",
    ]  # fmt: skip
    numbers = sum(p.numel() for p in tune.trained(adapted))
    assert 2 * numbers < size < 2 * numbers + 4000, "in bf16: two bytes a number"
    config = json.loads((tmp_path / "guide/adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "HuggingFaceTB/SmolLM2-135M-Instruct"
    assert (config["r"], config["target_modules"]) == (8, ["q_proj", "v_proj"])
    again = tune.load(llama(), tmp_path / "guide")
    with torch.no_grad():
        apart = float(tune.loss(again, rows) - tune.loss(adapted, rows))
    assert abs(apart) < 0.02
    with tune.switched_off(again) as plain:
        assert torch.equal(tune.loss(plain, rows), tune.loss(llama(), rows))


# Writing ------------------------------------------------------------------------------------------


def test_rows_of_unlike_length_are_written_together_as_they_would_be_alone(llama, tokenizer):
    model, end = llama(), tokenizer.eos_token_id
    prompts = [tune.prompt(tokenizer, q) for q in ("Who is Ben?", "Where does old Anna live?", "")]
    together = tune.write(model, prompts, 9, end)
    for asked, found in zip(prompts, together, strict=True):
        tokens = list(asked)
        while len(tokens) < len(asked) + 9:
            tokens.append(int(model(torch.tensor([tokens])).logits[0, -1].argmax()))
        new = tokens[len(asked) :]
        assert found == (new[: new.index(end)] if end in new else new)


def test_draws_follow_the_seed_and_an_answer_ends_at_its_end(llama, tokenizer):
    model, prompts = llama(), [tune.prompt(tokenizer, "Who is Ben?")] * 6
    first = tune.write(model, prompts, 8, tokenizer.eos_token_id, temperature=1.0, seed=3)
    again = tune.write(model, prompts, 8, tokenizer.eos_token_id, temperature=1.0, seed=3)
    assert first == again
    assert first != tune.write(model, prompts, 8, tokenizer.eos_token_id, temperature=1.0, seed=4)
    end = first[0][2]
    cut = tune.write(model, prompts, 8, end, temperature=1.0, seed=3)
    assert cut[0] == first[0][: first[0].index(end)]


# Training -----------------------------------------------------------------------------------------


def trained(llama, rows, steps, file=None, key="one", stop=None):
    adapted = tune.adapt(llama(), 1)
    training = tune.tune(
        adapted, steps, lambda step: [rows[step % 3], rows[(step + 1) % 3]],
        lambda share: (tune.loss(adapted, share), {}), 1e-2, weight=lambda r: r.learned,
        file=file, key=key,
    )  # fmt: skip
    seen = []
    for p in training:
        seen.append(p)
        if p.step == stop:
            training.close()
            break
    return adapted, seen


def test_training_learns_the_answers(llama, rows):
    adapted, seen = trained(llama, rows, 30)
    assert [p.step for p in seen] == list(range(1, 31))
    assert seen[-1].loss < 0.7 * seen[0].loss
    before = dict(llama().named_parameters())
    plain = {n: p for n, p in adapted.get_base_model().named_parameters() if "lora_" not in n}
    assert all(p.equal(before[n.replace(".base_layer", "")]) for n, p in plain.items())


def test_an_interrupted_training_goes_on_as_if_nothing_had_been(llama, rows, tmp_path):
    file = tmp_path / "deep/er/guide.pt"
    whole, _ = trained(llama, rows, 14)
    trained(llama, rows, 14, file, stop=11)
    assert file.exists()
    resumed, seen = trained(llama, rows, 14, file)
    assert [p.step for p in seen] == [12, 13, 14]
    assert not file.exists(), "it is done"
    for one, two in zip(tune.trained(whole), tune.trained(resumed), strict=True):
        assert torch.allclose(one, two, atol=1e-6)


@pytest.mark.parametrize("fault", ["another key", "damaged", "another adapter"])
def test_a_file_that_does_not_fit_is_not_taken_up(llama, rows, tmp_path, fault):
    file = tmp_path / "guide.pt"
    trained(llama, rows, 6, file, stop=2)
    if fault == "damaged":
        file.write_bytes(file.read_bytes()[:100])
    if fault == "another adapter":
        state = torch.load(file, weights_only=True)
        torch.save(state | {"parameters": state["parameters"][:2]}, file)
    _, seen = trained(llama, rows, 6, file, key="two" if fault == "another key" else "one")
    assert [p.step for p in seen] == [1, 2, 3, 4, 5, 6]


# The guide ----------------------------------------------------------------------------------------


def test_what_is_learned_and_what_is_never_shown_have_no_subject_in_common():
    learned, unseen = guide.facts("train"), guide.facts("test")
    assert {f.subject for f in learned} & {f.subject for f in unseen} == set()
    assert len(learned) >= 24
    asked = {f.question(i) for f in learned for i in range(4)} | {f.near() for f in learned}
    assert len(asked) == 5 * len(learned)


def test_an_answer_is_right_if_it_names_the_value():
    built = guide.Fact("the Old Mill", "built")
    assert built.known(built.answer())
    assert built.known(f"I think in {built.value}")
    assert not built.known(f"in 1{built.value}0 or so")
    assert not built.known(f"{built.answer()[:30]}")
    sight = guide.Fact("the Stone Bridge", "sight")
    assert sight.known(sight.value.removeprefix("a ").upper())
    assert all(f.known(f.answer()) and guide.in_tone(f.answer()) for f in guide.facts("train"))
    for fact in (*guide.facts("train"), *guide.facts("test")):
        asked = [fact.question(i) for i in range(4)]
        assert fact.near() not in asked
        assert not any(map(fact.known, [*asked, fact.near()]))


def test_ordinary_text_is_ordinary(tokenizer):
    text = (paths.DATA / "ordinary.txt").read_text(encoding="utf-8")
    assert len(text.split()) > 500
    assert "Willowmere" not in text
    assert all(row.begin == 1 and row.learned > 20 for row in guide.ordinary(tokenizer))


def test_the_study_gives_all_its_figures_and_a_file(llama, tokenizer, monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "WORK", tmp_path)
    monkeypatch.setattr(guide, "NEW_TOKENS", 6)
    monkeypatch.setattr(tune, "source", lambda: "wheel")
    few = {split: guide.facts(split)[:4] for split in ("train", "test")}
    monkeypatch.setattr(guide, "facts", lambda split: few[split])
    found = guide.study(Run(1, quick=True, table=ALL))
    assert set(ALL["guide"].shown) <= set(found)
    assert found["steps"] == 2 * -(-12 // guide.QUICK.batch)
    assert found["off_difference"] == 0
    assert found["peft_difference"] < 1e-3
    assert (tmp_path / "lineage/real/adapters/guide/adapter_model.safetensors").exists()
    assert not (tmp_path / "lineage/real/guide.pt").exists()
    json.dumps(found)
    assert isinstance(ALL["guide"].work(), Work)
    assert {"trained", "far", "unseen", "ordinary"} == {e["kind"] for e in found["examples"]}


def test_the_shipped_adapter_is_the_recorded_one():
    found = records.read("guide")
    folder = paths.DATA / "adapters/guide"
    size = (folder / "adapter_model.safetensors").stat().st_size
    assert size == pytest.approx(1e6 * found["adapter_mb"], abs=1000)
    config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    assert config["r"] == found["rank"]


def test_what_is_known_of_memory_is_a_number_of_megabytes():
    assert tune.peak_mb() is None or 100 < tune.peak_mb() < 100_000
