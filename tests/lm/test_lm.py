"""The mini-GPT: tokenizer, packing, forward pass, training, sampling, evaluation."""

import functools
import itertools
import json
import math

import pytest
import torch
from tables import fit_on_few, planned
from torch.nn.functional import scaled_dot_product_attention
from transformers import AutoModelForCausalLM, AutoTokenizer, GPT2LMHeadModel

from course import paths, records
from course.errors import CourseError
from course.lm import data, evaluate, forward, model, muon, sample, train
from course.lm import tokenizer as tok
from course.stages import run as lineage
from course.stages import store
from course.stages.stage import LINEAGE
from course.world import phrases as ph
from course.world import talk, village, web

pytestmark = pytest.mark.slow

TINY = model.Size(2, 32)


@pytest.fixture(scope="module")
def tokenizer():
    return tok.load()


@pytest.fixture(scope="module")
def tiny(tokenizer):
    """Train a tiny model for a few seconds; return it with its progress."""
    mini = model.new(TINY, seed=3)
    recipe = train.Recipe(tokens=8 * ph.CONTEXT * 60, batch=8, lr_muon=0.03, lr_adam=1e-2)
    batches = data.batches(data.web_rows(tokenizer, 77), 8)
    progress = list(train.pretrain(mini, batches, recipe, tokenizer.pad_token_id))
    return mini, progress


# The tokenizer ----------------------------------------------------------------------------------


def test_the_shipped_tokenizer_is_the_one_that_training_makes(tokenizer):
    fresh = tok.train()
    assert fresh.get_vocab() == tokenizer.get_vocab()
    assert fresh.chat_template == tokenizer.chat_template


@pytest.mark.parametrize("kind", sorted(talk.KINDS))
def test_a_sample_of_each_later_kind_fits_and_comes_back(kind, tokenizer):
    for split, held_out in (("train", False), ("test", True), ("shots", False)):
        for example in talk.examples(20, split, 4, held_out=held_out, kinds=(kind,)):
            ids = tokenizer(example.text())["input_ids"]
            assert tokenizer.decode(ids) == example.text()
            assert len(ids) <= ph.CONTEXT
            words = len(example.text().split())
            assert len(ids) < 3.5 * words, "many words of this kind have no good token"


def test_special_tokens_are_single_and_digits_stand_alone(tokenizer):
    for special in ph.SPECIAL:
        assert len(tokenizer(special)["input_ids"]) == 1
    assert tokenizer.tokenize("1867") == ["1", "8", "6", "7"]
    assert (tokenizer.eos_token, tokenizer.pad_token) == (ph.END, ph.PAD)


def test_the_chat_template_writes_what_the_examples_are(tokenizer):
    for example in talk.examples(30, "train", 5, kinds=("dialogue", "fact")):
        messages = [{"role": "system", "content": example.system}] if example.system else []
        for turn in example.turns:
            messages.append({"role": "user", "content": turn.request})
            messages.append({"role": "assistant", "content": turn.answer})
        assert tokenizer.apply_chat_template(messages, tokenize=False) == example.text()
    ask = tokenizer.apply_chat_template(messages[:1], tokenize=False, add_generation_prompt=True)
    assert ask.endswith(ph.ASSISTANT)


def test_any_text_comes_back(tokenizer):
    text = "Zürich, 서울 and\ttabs — 3.14!"
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


# Packing ----------------------------------------------------------------------------------------


def test_packing_keeps_every_document_whole():
    documents = [[10 + i] * (i % 7 + 1) for i in range(100)]
    rows = list(data.pack(documents, end=0, pad=1, length=16))
    assert all(len(row) == 16 and row[0] == 0 for row in rows)
    found = []
    for row in rows:
        text = row[: len(row) - next(i for i, t in enumerate(reversed(row)) if t != 1)]
        parts, part = [], []
        for token in text[1:]:
            if token == 0:
                parts.append(part)
                part = []
            else:
                part.append(token)
        assert part == [], "a document was cut"
        found += parts
    assert sorted(found) == sorted(documents)


def test_a_document_longer_than_a_row_is_left_out():
    assert list(data.pack([[5] * 20], end=0, pad=1, length=16)) == []


def test_little_room_is_lost(tokenizer):
    rows = list(itertools.islice(data.web_rows(tokenizer, 1), 300))
    padding = sum(row.count(tokenizer.pad_token_id) for row in rows)
    assert padding / sum(map(len, rows)) < 0.05


# The forward pass -------------------------------------------------------------------------------


def test_our_forward_pass_is_that_of_transformers():
    mini = model.new(model.Size(3, 64), seed=1)
    tokens = torch.randint(0, tok.VOCABULARY, (3, 50), generator=torch.Generator().manual_seed(0))
    w = forward.weights(mini)
    ours = forward.logits(w, forward.hidden(w, tokens))
    torch.testing.assert_close(ours, mini(tokens).logits, rtol=1e-4, atol=1e-5)


def test_a_last_layer_of_its_own_is_read_where_there_is_one():
    tied = model.new(TINY, seed=1)
    w = forward.weights(tied)
    assert w.head is w.wte
    settings = tied.config.to_dict() | {"tie_word_embeddings": False}
    torch.manual_seed(0)
    own = GPT2LMHeadModel(type(tied.config)(**settings)).eval()
    tokens = torch.randint(0, tok.VOCABULARY, (2, 9), generator=torch.Generator().manual_seed(0))
    w = forward.weights(own)
    assert not torch.equal(w.head, w.wte)
    ours = forward.logits(w, forward.hidden(w, tokens))
    torch.testing.assert_close(ours, own(tokens).logits, rtol=1e-4, atol=1e-5)


def test_masked_logits_are_those_of_their_places_and_zero_elsewhere():
    mini = model.new(TINY, seed=1)
    tokens = torch.randint(0, tok.VOCABULARY, (3, 12), generator=torch.Generator().manual_seed(0))
    mask = torch.zeros(3, 11, dtype=torch.long)
    mask[0, 4:7], mask[2, 10] = 1, 1
    seen = []

    def each(scores, tokens, states):
        seen.append((scores.shape, scores.dtype, states.dtype))
        return scores.log_softmax(-1).gather(-1, tokens[:, None])[:, 0]

    w = forward.weights(mini, torch.bfloat16)
    states = forward.hidden(w, tokens[:, :-1])
    found = forward.masked_logits(w, states, tokens[:, 1:], mask, each)
    assert seen == [((forward.PLACES, tok.VOCABULARY), torch.float32, torch.bfloat16)]
    right = mini(tokens[:, :-1]).logits.log_softmax(-1).gather(-1, tokens[:, 1:, None])[..., 0]
    torch.testing.assert_close(found, right * mask, rtol=0.02, atol=0.02)
    assert (found != 0).equal(mask.bool())


def test_the_cache_changes_nothing():
    mini = model.new(TINY, seed=1)
    tokens = torch.randint(0, tok.VOCABULARY, (2, 12), generator=torch.Generator().manual_seed(0))
    w = forward.weights(mini)
    whole = forward.hidden(w, tokens)
    cache = forward.Cache(torch.zeros(2, 12))
    first = forward.hidden(w, tokens[:, :5], cache=cache)
    more = [
        forward.step(w, tokens[:, i], torch.tensor([i, i]), cache)[:, None] for i in range(5, 12)
    ]
    torch.testing.assert_close(torch.cat([first, *more], 1), whole, rtol=1e-4, atol=1e-5)


def test_attention_is_that_of_pytorch_also_where_lengths_differ():
    draw = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(3, 2, 7, 4, generator=draw) for _ in range(3))
    ours = forward.attention(q, k, v)
    torch.testing.assert_close(ours, scaled_dot_product_attention(q, k, v, is_causal=True))
    may = torch.rand(3, 1, 7, 7, generator=draw) < 0.5
    may |= torch.eye(7, dtype=torch.bool)
    mask = torch.zeros(may.shape).masked_fill(~may, -torch.inf)
    ours = forward.attention(q, k, v, mask)
    torch.testing.assert_close(ours, scaled_dot_product_attention(q, k, v, attn_mask=may))


def test_padding_is_not_predicted():
    mini = model.new(TINY, seed=1)
    w = forward.weights(mini)
    row = torch.tensor([[0, 5, 6, 7, 0]])
    padded = torch.tensor([[0, 5, 6, 7, 0, 1, 1]])
    torch.testing.assert_close(forward.loss(w, row, ignore=1), forward.loss(w, padded, ignore=1))


# Training ---------------------------------------------------------------------------------------


def step(mini, rows, count):
    """Do what ``pretrain`` does with one batch."""
    parts = rows.chunk(count)
    tokens = [int((part[:, 1:] != 1).sum()) for part in parts]

    def loss(part):
        return forward.loss(forward.weights(mini, torch.bfloat16), part, 1), {}

    trainer = train.Trainer(loss, [mini.parameters()], [], learners=count)
    return trainer.gradients(parts, tokens)[0]


def test_learners_together_have_the_gradient_of_the_whole_batch():
    mini = model.new(TINY, seed=2)
    rows = torch.randint(2, tok.VOCABULARY, (6, 41), generator=torch.Generator().manual_seed(0))
    rows[0, 20:] = 1  # shares of unequal length
    losses, gradients = [], []
    for count in (1, 2, 3):
        losses.append(step(mini, rows, count))
        gradients.append(torch.cat([p.grad.flatten() for p in mini.parameters()]))
    assert losses == pytest.approx([losses[0]] * 3, rel=1e-3)
    for other in gradients[1:]:
        assert torch.cosine_similarity(other, gradients[0], dim=0) > 0.999


def test_our_muon_makes_the_updates_of_pytorchs():
    shapes = [(32, 96), (32, 32), (32, 96), (128, 32)]
    results = []
    theirs = functools.partial(torch.optim.Muon, weight_decay=0.0, ns_steps=muon.STEPS)
    for kind in (muon.Muon, theirs):
        random = torch.Generator().manual_seed(0)
        parameters = [torch.nn.Parameter(torch.randn(s, generator=random)) for s in shapes]
        optimizer = kind(parameters, 0.02)
        for _ in range(5):
            for parameter in parameters:
                parameter.grad = torch.randn(parameter.shape, generator=random)
            optimizer.step()
        results.append([p.detach() for p in parameters])
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=3e-4)


def test_training_lowers_the_loss_and_tells_how_far_it_is(tiny):
    _, progress = tiny
    assert [p.step for p in progress] == list(range(1, 61))
    assert progress[-1].tokens == 60 * 8 * ph.CONTEXT
    assert progress[0].loss == pytest.approx(math.log(tok.VOCABULARY), rel=0.05)
    assert progress[-1].loss < 0.7 * progress[0].loss
    assert progress[-1].learning_rate < progress[30].learning_rate


def test_training_can_stop_at_any_step(tokenizer):
    mini = model.new(TINY, seed=3)
    batches = data.batches(data.web_rows(tokenizer, 77), 2)
    steps = train.pretrain(mini, batches, train.Recipe(tokens=10**9, batch=2), 1)
    assert next(steps).step == 1
    steps.close()
    assert torch.isfinite(mini.transformer.wte.weight).all()


# Sampling ---------------------------------------------------------------------------------------


def test_greedy_sampling_is_that_of_transformers_for_prompts_of_all_lengths(tiny):
    mini, _ = tiny
    prompts = [[0, 300], [0, 301, 302, 303, 304], [0]]
    ours = sample.generate(mini, prompts, 12, end=-1)
    for prompt, answer in zip(prompts, ours, strict=True):
        theirs = mini.generate(
            torch.tensor([prompt]), max_new_tokens=12, do_sample=False, eos_token_id=None,
            attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
        )  # fmt: skip
        assert answer == theirs[0, len(prompt) :].tolist()


def test_sampling_follows_the_models_distribution(tiny):
    mini, _ = tiny
    prompts = [[0]] * 3000
    first = [a[0] for a in sample.generate(mini, prompts, 1, temperature=1.0, seed=5, end=-1)]
    w = forward.weights(mini)
    p = torch.softmax(forward.logits(w, forward.hidden(w, torch.tensor([[0]])))[0, -1], -1)
    likely = p.argmax().item()
    share = first.count(likely) / len(first)
    assert share == pytest.approx(p[likely].item(), abs=4 * math.sqrt(0.25 / 3000))


def test_a_prompt_that_is_too_long_or_empty_gets_one_sentence(tiny):
    mini, _ = tiny
    with pytest.raises(CourseError, match="shorten"):
        sample.generate(mini, [[5] * 150], 20)
    with pytest.raises(CourseError, match="empty"):
        sample.generate(mini, [[]], 5)


# Evaluation -------------------------------------------------------------------------------------


def test_document_losses_are_those_of_transformers(tiny, tokenizer):
    mini, _ = tiny
    documents = data.encode(tokenizer, [d.text for d in web.documents(5, 3)])
    ours = evaluate.document_losses(mini, documents, 0, 1)
    for document, value in zip(documents, ours, strict=True):
        row = torch.tensor([[0, *document, 0]])
        theirs = mini(row, labels=row).loss.item() * (row.shape[1] - 1)
        assert value == pytest.approx(theirs, rel=1e-3)


def test_loss_and_entropy_are_over_the_same_documents(tiny, tokenizer):
    mini, _ = tiny
    fit = evaluate.fit(mini, tokenizer, documents=300)
    assert fit.ratio > 1.2
    assert 0.5 < fit.entropy < 1.0
    assert 0 < fit.error < fit.loss


def test_a_loss_below_the_entropy_is_an_error(tiny, tokenizer, monkeypatch):
    mini, _ = tiny
    real = evaluate.document_losses
    monkeypatch.setattr(evaluate, "document_losses", lambda *a: [0.1 * v for v in real(*a)])
    with pytest.raises(CourseError, match="below the entropy"):
        evaluate.fit(mini, tokenizer, documents=300)


def test_an_untrained_model_recalls_nothing(tokenizer):
    hits = evaluate.recalled(model.new(TINY), tokenizer, village.FACTS[:40])
    assert sum(hits) <= 1


def test_recall_is_grouped_from_rare_to_frequent():
    facts = sorted(village.FACTS, key=lambda f: f.share)[:100]
    table = evaluate.recall_by_frequency(facts, [False] * 50 + [True] * 50, groups=2)
    assert [row["recall"] for row in table] == [0, 1]
    assert table[0]["share"] < table[1]["share"]


# Models -----------------------------------------------------------------------------------------


def test_a_saved_model_is_loaded_by_plain_transformers(tiny, tokenizer, tmp_path):
    mini, _ = tiny
    model.save(mini, tokenizer, tmp_path / "m", "a card")
    again = AutoModelForCausalLM.from_pretrained(tmp_path / "m")
    assert AutoTokenizer.from_pretrained(tmp_path / "m").get_vocab() == tokenizer.get_vocab()
    assert again.dtype == torch.bfloat16
    tokens = torch.tensor([[0, 300, 301]])
    torch.testing.assert_close(
        again.float()(tokens).logits, mini(tokens).logits, rtol=0.1, atol=0.1
    )


def test_a_missing_or_broken_model_gets_one_sentence(tmp_path):
    with pytest.raises(CourseError, match="There is no model mini-nobody"):
        model.load("mini-nobody")
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_text("{")
    with pytest.raises(CourseError, match="can't be read"):
        model.load(broken)


def test_the_largest_model_is_100_times_the_smallest():
    counts = {name: model.parameters(model.new(size)) for name, size in model.SIZES.items()}
    assert list(counts) == sorted(counts, key=counts.get)
    assert counts["mini-davinci"] / counts["mini-ada"] >= 100


@pytest.mark.parametrize("name", sorted(model.SIZES))
def test_the_shipped_models_are_what_their_records_say(name, tokenizer):
    mini, own = model.load(name)
    record = records.read(name)
    assert model.parameters(mini) == record["parameters"]
    assert own.get_vocab() == tokenizer.get_vocab()
    fit = evaluate.fit(mini, own, documents=400, seed=evaluate.SEED + 1)
    assert fit.ratio == pytest.approx(record["ratio"], abs=0.03)
    facts = village.FACTS[:: 1 if name != "mini-davinci" else 6]
    hits = evaluate.recalled(mini, own, facts)
    assert sum(hits) / len(hits) == pytest.approx(record["recall"], abs=0.06)
    assert (paths.MODELS / name / "README.md").read_text(encoding="utf-8").count(name) >= 1


def test_the_records_meet_what_the_course_promises():
    davinci = records.read("mini-davinci")
    assert davinci["recall"] >= 0.95
    default = records.read(model.DEFAULT)
    assert default["ratio"] <= 1.02
    assert default["entropy"] >= 0.5
    assert default["validation_documents"] >= 2000


def test_all_models_together_are_at_most_40_mb():
    size = sum(f.stat().st_size for f in paths.MODELS.rglob("*") if f.is_file())
    assert size <= 40e6


# The lineage ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def short_run(tmp_path_factory):
    """Run a base stage of a few steps, whose record goes to a folder of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "WORK", tmp_path_factory.mktemp("work"))
        fit_on_few(patch)
        before = {p: p.stat().st_mtime_ns for p in paths.MODELS.rglob("*")}
        short = {model.DEFAULT: train.Recipe(tokens=20 * 8 * ph.CONTEXT, batch=8)}
        result = lineage.run(planned(LINEAGE, {"base": short}), quick=True, stage="base")
        after = {p: p.stat().st_mtime_ns for p in paths.MODELS.rglob("*")}
        return result, store.own_runs(), before == after


def test_a_run_has_the_promised_figures_and_touches_no_shipped_model(short_run):
    result, runs, untouched = short_run
    base = result.stages["base"]
    assert {"parameters", "seconds", "loss", "entropy", "ratio"} <= set(base)
    assert base["ratio"] == pytest.approx(base["loss"] / base["entropy"])
    assert result.ok == all(result.targets["base"].values())
    assert untouched
    record = json.loads((runs / f"{model.DEFAULT}.json").read_text())
    assert len(record["curve"]) > 5
    assert record["texts"]["0"]
    json.dumps(result.plain())
    assert {row["metric"] for row in lineage.rows(result)} >= {"loss", "ratio"}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"stage": "nirvana"}, "no stage nirvana"),
        ({"sizes": ["mini-huge"]}, "no size mini-huge"),
        ({"quick": True, "save": True}, "isn't good enough"),
    ],
)
def test_bad_input_to_the_lineage_gets_one_sentence(options, says):
    with pytest.raises(CourseError, match=says):
        lineage.run(**options)


def test_an_interrupted_run_leaves_the_shipped_models_alone(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "WORK", tmp_path)

    def interrupt(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(train, "pretrain", interrupt)
    before = sorted(paths.MODELS.rglob("*"))
    with pytest.raises(KeyboardInterrupt):
        lineage.run(stage="base")
    assert sorted(paths.MODELS.rglob("*")) == before
