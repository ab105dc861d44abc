"""Demonstrations with planted flaws, fine-tuning on them, and how behaviour is measured."""

import pytest
import torch

from course.lm import behave, exercises, held, model, tune
from course.lm import tokenizer as tok
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
    ideal = behave.judge(examples, [e.turns[-1].answer for e in examples])
    rates = behave.rates(examples, ideal)
    assert {
        k: rates[k] for k in ("following", "truth", "refusal", "false_premise")
    } == dict.fromkeys(("following", "truth", "refusal", "false_premise"), 1.0)
    assert (rates["over_refusal"], rates["rude"]) == (0, 0)


def test_rates_leave_out_what_was_not_asked():
    examples = list(talk.examples(5, "train", 1, kinds=("harmful",)))
    rates = behave.rates(examples, behave.judge(examples, ["Gladly."] * 5))
    assert set(rates) == {"refusal", "rude", "true_score"}
    assert rates["refusal"] == 0


def test_batches_hold_every_row_once_and_rows_of_like_length():
    import random

    lengths = [5, 40, 6, 41, 7, 42, 8]
    batches = tune.groups(lengths, 3, random.Random(0))
    assert sorted(i for batch in batches for i in batch) == list(range(7))
    assert any({0, 2, 4} == set(batch) for batch in batches)


def test_prompts_end_where_the_answer_begins():
    tokenizer = tok.load()
    (example,) = talk.examples(1, "train", 3, kinds=("dialogue",))
    (prompt,) = behave.chat_prompts(tokenizer, [example])
    text = tokenizer.decode(prompt)
    assert text.endswith(example.turns[-1].request + ph.ASSISTANT)
    assert example.text().startswith(text)
    (bare,) = behave.base_prompts(tokenizer, [example])
    assert tokenizer.decode(bare) == ph.END + example.turns[-1].request + "\n"
    (shot,) = behave.base_prompts(tokenizer, [example], [example])
    assert tokenizer.decode(shot).endswith("\nAnswer:")


def test_fine_tuning_with_the_exercises_learns_the_answers_only():
    tokenizer = tok.load()
    mini = model.new(model.Size(2, 32), seed=1)
    functions = exercises.load("05_instruction_following", "loss_mask", "sft_loss")
    examples = list(demonstrate.demonstrations(64, seed=1))
    steps = list(
        tune.sft(
            mini,
            tokenizer,
            examples,
            **functions,
            recipe=tune.Recipe(epochs=30, batch=16, muon=0.02, adam=1e-2),
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
    recipe = tune.Recipe(epochs=1, batch=16, hold=True)
    list(tune.sft(mini, tokenizer, examples, **functions, recipe=recipe, seed=1))

    after = dict(mini.named_parameters())
    same = {name for name, p in after.items() if torch.equal(p, before[name])}
    assert same == {name for name in after if ".mlp." in name}
    assert all(p.requires_grad for p in after.values())

    words = "transformer.wte.weight"
    kept = {i for i, row in enumerate(after[words]) if torch.equal(row, before[words][i])}
    names = set(held.names(tokenizer))
    assert names <= kept < set(range(len(before[words])))
    assert tokenizer(" Anna")["input_ids"][0] in names
    assert tokenizer.convert_tokens_to_ids(ph.ASSISTANT) not in names
    hooks = mini.get_input_embeddings().weight._backward_hooks
    assert not hooks
