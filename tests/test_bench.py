"""The benchmark: both sides train the same model on the same rows, and its figures are whole."""

import json

import pytest
import torch

from course import records
from course.errors import CourseError
from course.lm import bench, forward, lineage, model
from course.lm import tokenizer as tok
from course.world.phrases import CONTEXT


@pytest.fixture(scope="module")
def figures():
    """Run the benchmark with a tiny model and a few steps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(model.SIZES, model.DEFAULT, model.Size(1, 32))
        patch.setattr(bench, "ROWS", 40)
        patch.setattr(bench, "SLICES", 1)
        patch.setattr(bench, "SLICE_STEPS", 3)
        patch.setattr(bench, "WARM_UP", 1)
        patch.setattr(bench, "SECONDS", 0.01)
        return bench.run("pretrain")


def test_the_benchmark_prints_what_was_promised(figures):
    promised = {"ok", "ratio", "ours", "peer", "peer_name", "peer_arguments", "unit"}
    assert promised | {"loss_at_equal_time"} <= set(figures)
    assert figures["ratio"] == pytest.approx(figures["ours"] / figures["peer"])
    ours, peer = figures["loss_at_equal_time"]
    assert figures["loss_ratio"] == pytest.approx(ours / peer)
    met = records.meets("bench pretrain", figures)
    assert set(met) == {"ratio", "loss_ratio"}
    assert figures["ok"] == all(met.values())
    assert figures["peer_arguments"]["bf16"] is True
    assert figures["peer_arguments"]["per_device_train_batch_size"] == figures["batch"]
    json.dumps(figures)
    assert len(bench.rows(figures)) == 4


def test_both_see_the_same_rows_and_the_same_loss():
    mini = model.new(model.Size(2, 32), seed=1)
    rows = torch.randint(2, tok.VOCABULARY, (4, CONTEXT + 1))
    rows[0, 100:] = 1
    data = bench.Rows(rows, pad=1)
    batch = {key: torch.stack([data[i][key] for i in range(4)]) for key in data[0]}
    theirs = mini(**batch).loss.item()
    # The peer doesn't predict the last token of a row, for its labels are its inputs.
    weights = forward.weights(mini, torch.bfloat16)
    ours = forward.loss(weights, rows[:, :-1], mini.config.n_head, 1).item()
    assert ours == pytest.approx(theirs, rel=5e-3)


def test_ours_is_the_shipped_recipe():
    recipe = bench.recipe_for(batch=8, steps=10)
    shipped = lineage.RECIPES[model.DEFAULT]
    assert (recipe.muon, recipe.adam) == (shipped.muon, shipped.adam)
    assert recipe.tokens == 10 * 8 * CONTEXT


def test_an_unknown_benchmark_gets_one_sentence():
    with pytest.raises(CourseError, match="no benchmark speed"):
        bench.run("speed")
