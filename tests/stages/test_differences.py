"""Lesson 00's differences.md: what it says of our recipes is so, its figures are held somewhere."""

import json
import re

import pytest

from course import paths
from course.lm import model, tokenizer
from course.lm.train import Recipe as Pretraining
from course.stages import base, chat, freeze, hacking, ppo, reward, reward_stage, sft_stage
from course.world import demonstrate, phrases

PAGE = paths.SOURCE / "00_start_here" / "differences.md"
LOG = paths.ROOT / "docs" / "training-log.md"

pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="source/ isn't shipped here")
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


def rows():
    """Return section → first cell → the other cells."""
    found = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            found[line[3:].split(" (")[0].split(",")[0]] = section = {}
        elif line.startswith("| ") and not line.startswith("| What"):
            what, *others = (cell.strip() for cell in line.strip("|").split(" | "))
            section[what] = others
    return found


def test_each_row_has_both_sides_and_a_reason():
    table = rows()
    assert len(table) == 5
    for section in table.values():
        for what, cells in section.items():
            assert len(cells) == 3, what
            assert cells[1], what
            assert cells[2], what


def test_what_it_says_of_our_recipes_is_so():
    world, shown, compared, trained, talked = (
        {k: v[1] for k, v in s.items()} for s in rows().values()
    )
    recipe: Pretraining = base.RECIPES[model.DEFAULT]
    assert f"{recipe.tokens / 1e6:.1f} million tokens" in world["the text"]
    assert f"{tokenizer.VOCABULARY:,} tokens" == world["vocabulary"]
    assert f"{phrases.CONTEXT} tokens" == world["context"]

    plan, sft = sft_stage.Plan(), sft_stage.RECIPE
    assert f"{plan.demonstrations:,}" in shown["who writes them"]
    assert f"{demonstrate.COMPLIES:.0%}" in shown["who writes them"]
    assert f"{demonstrate.RUDE:.0%}" in shown["who writes them"]
    assert sft.freeze == freeze.PARTS == (".mlp.",)
    assert sft.embedding_noise == 0.5  # "half as large as they are"
    assert f"with weight {sft.rehearsal}" in shown["rehearsal"]

    of = reward.Recipe()
    assert f"{reward.ANSWERS + reward.SLIPS} answers" in compared["what is ranked"]
    assert f"{reward_stage.Plan().comparisons:,}" in compared["what is ranked"]
    assert reward.LABELERS == 8
    assert "eight times" in compared["who ranks"]
    assert of.rows == 2
    assert f"weight {of.rehearsal}" in compared["rehearsal"]
    assert freeze.FEEDBACK_PARTS == (".mlp.", ".h.0.")

    now = ppo.Recipe()
    amount = f"{now.iterations * now.batch:,} answers: {now.iterations} rounds of {now.batch}"
    assert f"{amount}, {now.minibatch} in a step" == trained["amount"]
    assert str(now.clip) == trained["clip"]
    assert f"β = {now.kl_coef}" in trained["price of leaving the SFT model"]
    assert now.rows == 4
    assert f"weight {now.rehearsal}" in trained["rehearsal"]
    assert (now.average, now.embedding_noise, now.freeze) == (0.25, 0.5, freeze.FEEDBACK_PARTS)
    free = hacking.RECIPE
    assert f"{free.iterations} rounds at no price" in trained["hacking run"]
    assert (free.kl_coef, free.freeze, free.rehearsal, free.embedding_noise) == (0.0, (), 0.0, 0.0)

    full = chat.FULL
    assert f"{full.dialogues:,} dialogues" in talked["demonstrations"]
    said = f"{full.comparisons:,} requests compared, {full.ppo_recipe.iterations} rounds of PPO"
    assert f"{said} with β = {full.ppo_recipe.kl_coef}" in talked["comparisons, PPO"]
    assert full.recipe.embedding_noise == 0.0
    assert full.ppo_recipe.embedding_noise == 0.5
    assert full.recipe.freeze == full.ppo_recipe.freeze == freeze.PARTS


def test_its_figures_are_in_the_log_or_in_the_record_that_it_names():
    log = LOG.read_text(encoding="utf-8").replace("−", "-")
    logged = {n.replace(",", "") for n in NUMBER.findall(log)}
    for section in rows().values():
        for what, (_, _, why) in section.items():
            records = [
                json.loads((paths.ROOT / f).read_text())
                for f in re.findall(r"`(data/runs/[\w-]+\.json)`", why)
            ]
            values = [v for record in records for v in numbers_in(record)]
            plain = re.sub(r"`[^`]+`|lesson \d\d", "", why)
            for number in (n.replace(",", "") for n in NUMBER.findall(plain)):
                digits = len(number.partition(".")[2])
                held = any(f"{v:.{digits}f}" == number for v in values)
                assert held or number in logged or what == "the judge of all figures", (
                    what,
                    number,
                )


def numbers_in(value):
    if isinstance(value, dict):
        return [n for each in value.values() for n in numbers_in(each)]
    if isinstance(value, list):
        return [n for each in value for n in numbers_in(each)]
    return [value] if isinstance(value, int | float) else []
