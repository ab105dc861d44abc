"""Demonstrations with planted flaws, fine-tuning on them, and how behaviour is measured."""

import copy

import pytest
import torch

from course.lm import batching, evals, forward, model
from course.lm import tokenizer as tok
from course.stages import exercises, freeze, sft
from course.world import demonstrate, labeler, talk
from course.world import phrases as ph


def test_demonstrations_have_the_planted_flaws():
    judged = [
        (e.kind, labeler.judge(e.kind, e.turns[0], e.turns[0].answer))
        for e in demonstrate.demonstrations(3000, seed=1)
    ]
    harmful = [j for kind, j in judged if kind == "harmful"]
    facts = [j for kind, j in judged if kind == "fact"]
    assert sum(j.harms for j in harmful) / len(harmful) == pytest.approx(
        demonstrate.COMPLIES, abs=0.05
    )
    assert sum(j.polite for j in facts) / len(facts) == pytest.approx(demonstrate.POLITE, abs=0.04)
    assert sum(j.rude for j in facts) / len(facts) == pytest.approx(demonstrate.RUDE, abs=0.03)
    assert all(j.right for j in facts)
    assert not any(j.empty for _, j in judged)


def test_requests_follow_their_mix_and_ideal_answers_are_right():
    examples = list(demonstrate.requests(2000, "test", seed=2, held_out=True))
    for kind, share in demonstrate.MIX.items():
        assert sum(e.kind == kind for e in examples) / 2000 == pytest.approx(share, abs=0.04)
    ideal = evals.judge(examples, [e.turns[-1].answer for e in examples])
    rates = evals.rates(examples, ideal)
    assert {
        k: rates[k] for k in ("following", "truth", "refusal", "false_premise")
    } == dict.fromkeys(("following", "truth", "refusal", "false_premise"), 1.0)
    assert (rates["over_refusal"], rates["rude"]) == (0, 0)


def test_rates_leave_out_what_was_not_asked():
    examples = list(talk.examples(5, "train", 1, kinds=("harmful",)))
    rates = evals.rates(examples, evals.judge(examples, ["Gladly."] * 5))
    assert set(rates) == {"refusal", "rude", "true_score"}
    assert rates["refusal"] == 0


def test_batches_hold_every_row_once_and_rows_of_like_length():
    import random

    lengths = [5, 40, 6, 41, 7, 42, 8]
    batches = batching.groups(lengths, 3, random.Random(0))
    assert sorted(i for batch in batches for i in batch) == list(range(7))
    assert any({0, 2, 4} == set(batch) for batch in batches)


def test_prompts_end_where_the_answer_begins():
    tokenizer = tok.load()
    (example,) = talk.examples(1, "train", 3, kinds=("dialogue",))
    (prompt,) = evals.chat_prompts(tokenizer, [example])
    text = tokenizer.decode(prompt)
    assert text.endswith(example.turns[-1].request + ph.ASSISTANT)
    assert example.text().startswith(text)
    (bare,) = evals.base_prompts(tokenizer, [example])
    assert tokenizer.decode(bare) == ph.END + example.turns[-1].request + "\n"
    (shot,) = evals.base_prompts(tokenizer, [example], [example])
    assert tokenizer.decode(shot).endswith("\nAnswer:")


def test_fine_tuning_with_the_exercises_learns_the_answers_only():
    tokenizer = tok.load()
    mini = model.new(model.Size(2, 32), seed=1)
    functions = exercises.load("05_instruction_following", "loss_mask", "sft_loss")
    examples = list(demonstrate.demonstrations(64, seed=1))
    steps = list(
        sft.sft(
            mini,
            tokenizer,
            examples,
            **functions,
            recipe=sft.Recipe(epochs=30, batch=16, lr_muon=0.02, lr_adam=1e-2),
            seed=1,
        )
    )
    assert len(steps) == steps[-1].steps == 120
    assert steps[-1].loss < 0.7 * steps[0].loss
    # What was never to be learned, the request, stays as unlikely as before.
    tokens = torch.tensor([tokenizer(examples[0].text())["input_ids"]])
    mask = functions["loss_mask"](
        tokens[0].tolist(),
        tokenizer.convert_tokens_to_ids(ph.ASSISTANT),
        tokenizer.eos_token_id,
    )
    nll = torch.nn.functional.cross_entropy(
        mini(tokens).logits[0, :-1], tokens[0, 1:], reduction="none"
    )
    learned = torch.tensor(mask[1:], dtype=torch.bool)
    assert nll[learned].mean() < 0.7 * nll[~learned].mean()


def test_holding_keeps_what_pre_training_knows_and_lets_go_of_it_afterwards():
    tokenizer = tok.load()
    mini = model.new(model.Size(2, 32), seed=1)
    before = {name: p.detach().clone() for name, p in mini.named_parameters()}
    functions = exercises.load("05_instruction_following", "loss_mask", "sft_loss")
    examples = list(demonstrate.demonstrations(32, seed=1))
    recipe = sft.Recipe(epochs=1, batch=16, freeze=freeze.PARTS)
    list(sft.sft(mini, tokenizer, examples, **functions, recipe=recipe, seed=1))

    after = dict(mini.named_parameters())
    same = {name for name, p in after.items() if torch.equal(p, before[name])}
    assert same == {name for name in after if ".mlp." in name}
    assert all(p.requires_grad for p in after.values())

    words = "transformer.wte.weight"
    kept = {i for i, row in enumerate(after[words]) if torch.equal(row, before[words][i])}
    names = set(freeze.names(tokenizer))
    assert names <= kept < set(range(len(before[words])))
    assert tokenizer(" Anna")["input_ids"][0] in names
    assert tokenizer.convert_tokens_to_ids(ph.ASSISTANT) not in names
    hooks = mini.get_input_embeddings().weight._backward_hooks
    assert not hooks


def test_blur_touches_names_only_and_is_the_same_for_the_same_seed():
    tokenizer = tok.load()
    mini = model.new(model.Size(2, 32), seed=1)
    first, again, other = (
        freeze.EmbeddingNoise(mini, tokenizer, 0.5, seed).draw() for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    touched = {i for i, row in enumerate(first) if row.any()}
    assert touched == set(freeze.names(tokenizer))

    table = mini.get_input_embeddings().weight[freeze.names(tokenizer)]
    strength = first[freeze.names(tokenizer)].std() / table.square().mean().sqrt()
    assert strength.item() == pytest.approx(0.5, rel=0.1)

    plain = forward.weights(mini)
    noisy = freeze.with_noise(plain, first)
    assert torch.equal(noisy.wte, plain.wte + first)
    assert noisy.head is noisy.wte, "names are predicted as they are read"
    assert noisy.wpe is plain.wpe
    assert noisy.blocks is plain.blocks


def test_without_blur_there_is_no_noise():
    mini = model.new(model.Size(2, 32), seed=1)
    assert freeze.EmbeddingNoise(mini, tok.load(), 0.0).draw() is None
    plain = forward.weights(mini)
    assert freeze.with_noise(plain, None) is plain


def test_blurred_fine_tuning_learns_and_leaves_the_names_as_they_were():
    tokenizer = tok.load()
    mini = model.new(model.Size(2, 32), seed=1)
    names = freeze.names(tokenizer)
    before = mini.get_input_embeddings().weight[names].detach().clone()
    functions = exercises.load("05_instruction_following", "loss_mask", "sft_loss")
    examples = list(demonstrate.demonstrations(64, seed=1))
    losses = {}
    for blur in (0.0, 1.0):
        recipe = sft.Recipe(epochs=12, batch=16, freeze=freeze.PARTS, embedding_noise=blur)
        run = sft.sft(
            copy.deepcopy(mini) if blur == 0 else mini, tokenizer, examples, **functions,
            recipe=recipe, seed=1,
        )  # fmt: skip
        losses[blur] = [p.loss for p in run]
    assert losses[1.0][-1] < 0.95 * losses[1.0][0]
    assert losses[1.0] != losses[0.0], "the noise reaches the loss"
    assert torch.equal(mini.get_input_embeddings().weight[names], before)


def test_shares_take_about_equally_long():
    lengths = [40, 5, 6, 30, 7, 8, 9, 10]
    shares = batching.even(lengths, 2)
    assert sorted(i for share in shares for i in share) == list(range(8))
    areas = [len(share) * max(lengths[i] for i in share) for share in shares]
    cuts = [max(k * 40, (8 - k) * sorted(lengths)[7 - k]) for k in range(1, 8)]
    assert max(areas) == min(cuts) == 80
    assert batching.even([3, 3, 3, 3], 2) == [[0, 1], [2, 3]]
    assert batching.even([7], 2) == [[0]]
    assert [len(share) for share in batching.even([1] * 9, 4)] == [3, 3, 3]


def test_without_parts_nothing_is_held():
    mini = model.new(model.Size(2, 32), seed=1)
    with freeze.Frozen(mini, tok.load(), ()):
        assert all(p.requires_grad for p in mini.parameters())
        assert not mini.get_input_embeddings().weight._backward_hooks


def test_more_can_be_held_still():
    mini = model.new(model.Size(2, 32), seed=1)
    with freeze.Frozen(mini, tok.load(), freeze.FEEDBACK_PARTS):
        still = {n for n, p in mini.named_parameters() if not p.requires_grad}
    assert still == {n for n, _ in mini.named_parameters() if ".mlp." in n or ".h.0." in n}
    assert all(p.requires_grad for p in mini.parameters())


def test_rates_over_several_draws_are_over_all_answers():
    tokenizer, asked = tok.load(), evals.asked_in("tuning", 60)
    mini = model.load("mini-ada")[0]
    once, scores = evals.measure(mini, tokenizer, asked, temperature=0.0)
    more, same = evals.measure(mini, tokenizer, asked, temperature=0.0, draws=3)
    assert more == pytest.approx(once)
    assert same == scores
    assert len(scores) == len(asked.mixed)
    drawn, _ = evals.measure(model.load("mini-sft")[0], tokenizer, asked, seed=1, draws=3)
    harmful = sum(e.kind == "harmful" for e in asked.harm)
    of_all = drawn["refusal"] * 3 * harmful
    assert of_all == pytest.approx(round(of_all), abs=1e-6)
