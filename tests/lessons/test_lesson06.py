"""Lesson 06 as people meet it: its demos run without a click, and what its text promises holds.

How the notebook is executed, and what every lesson has to do: tests/harness.py. Its learner hasn't
labelled anything yet, and takes files in place of buttons.
"""

import pytest
from harness import EveryLesson, Lesson, text

from course import records
from course.show import l06_feedback

pytestmark = pytest.mark.slow


def by_file(nb):
    for cell in nb.cells:
        cell.source = cell.source.replace("by_file = False", "by_file = True")


SPEC = Lesson(
    "06_human_feedback",
    demos={
        "lineage-picture": {"text/html"},
        "demo-rufus": {"image/png"},
        "demo-preference-curve": {"image/png"},
        "demo-reward-loop": {"image/png", "text/html"},
        "demo-knowledge": {"text/html"},
        "demo-ai-feedback": {"image/png"},
        "demo-answer-desk": {"application/vnd.jupyter.widget-view+json"},
        "demo-answer-csv": set(),
        "demo-own-taste": {"image/png", "text/html"},
        "demo-picks": {"text/html"},
        "demo-reward-model": {"image/png", "text/html"},
        "demo-rewards-of-answers": {"text/html"},
        "demo-reply-desk": {"application/vnd.jupyter.widget-view+json"},
        "demo-replies-csv": set(),
        "demo-real-reward": {"image/png", "text/html"},
        "demo-live-real-reward": {"text/html"},
        "demo-hand-written": {"text/html"},
        "demo-learned-backflip": {"image/png", "text/html"},
        "demo-clip-desk": {"application/vnd.jupyter.widget-view+json"},
        "demo-clip-csv": set(),
        "demo-own-backflip": {"text/html"},
    },
    absent="course.world.labeler",
    prepare=by_file,
)


class TestEveryLesson(EveryLesson):
    """What every lesson gets."""


def test_without_own_labels_the_shipped_ones_are_taken_and_it_is_said(learned):
    for demo in ("demo-own-taste", "demo-own-backflip"):
        assert "shipped labels of the simulated labeler" in text(learned["answers"][demo])


def test_without_buttons_the_files_are_there_with_every_pair(learned):
    from course.show import l06_feedback as feedback

    cells, folder = learned["answers"], learned.place("answers")
    for name, rows in (("answers", feedback.answer_rows()), ("clips", feedback.clip_rows())):
        lines = (folder / f"my_{name}.csv").read_text(encoding="utf-8").splitlines()
        assert len(lines) == len(rows) + 1
        assert f"my_{name}.csv" in text(cells[f"demo-{name[:-1]}-csv"])


def test_a_cut_backflip_says_so_and_shows_the_recorded_one(learned):
    said = text(learned["answers"]["demo-learned-backflip"])
    assert "recorded run" in said
    assert "stands at the end" in said
    progress = said.split("\n")[0]  # of the live run, not of the recorded one
    assert "800 comparisons" not in progress


def test_the_loop_trains_with_the_own_loss_or_says_what_it_takes(learned):
    assert "your own reward_loss" in text(learned["answers"]["demo-reward-loop"])
    assert "isn't answered yet" in text(learned["none"]["demo-reward-loop"])


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda rewards, order: rewards.sum().detach(), "the way back is cut"),
        (lambda rewards, order: rewards.sum().item(), "a torch tensor is asked for"),
        (lambda rewards, order: rewards.sqrt().sum(), "nan or infinite"),
        (lambda rewards, order: rewards * 1.0, "one number is asked for, not shape (1, 3)."),
        (lambda rewards, order: rewards.sum() / 2, "your own"),
    ],
)
def test_a_loss_that_cannot_be_trained_with_is_replaced(capsys, answer, said):
    import torch

    from course.show import l06_loop as loop

    taken = loop.own_functions({"reward_loss": answer}).reward_loss
    assert said in capsys.readouterr().out
    assert (taken is loop.neighbours_only) == (said != "your own")
    if taken is loop.neighbours_only:
        ranked, turned = torch.tensor([[3.0, 1.0, -2.0]]), torch.tensor([[2, 1, 0]])
        assert taken(ranked, torch.tensor([[0, 1, 2]])) < taken(ranked, turned)


# What the text promises ----------------------------------------------------------------------


def test_the_reward_model_stays_below_the_ceiling():
    record = records.read("mini-reward")
    assert record["noisy"] < record["ceiling"] < 1
    assert record["labelers"] < record["ceiling"]


@pytest.fixture(scope="module")
def collected():
    """Return ranked answers, with mini-instruct's own ranking, as the loop reads them."""
    from course.lm import model
    from course.studies import l06_rankings

    mini, tokenizer = model.load("mini-sft")
    return l06_rankings.collect(mini, tokenizer, model.load("mini-instruct")[0])


def test_pairs_are_of_different_answers_and_shares_lie_below_the_ceiling(collected):
    import numpy as np

    test = collected.test
    assert all(test.rankings[i].rows[a] != test.rankings[i].rows[b] for i, a, b in test.pairs)
    best = test.share(test.agreed([r.scores for r in test.rankings]))[0]
    ties = np.mean(test.chances == 0.5)
    assert best == pytest.approx(test.ceiling.mean(), abs=1e-9)
    assert ties < 0.2
    assert test.share(test.agreed(np.zeros(test.order.shape)))[0] == 0.5
    assert 0.5 < test.twice.mean() < test.ceiling.mean() < 1
    assert 0.2 < test.floor < np.log(2)


def test_mini_instruct_labels_nearly_as_the_labeler_and_mini_sft_far_less_so(collected):
    from course.lm import model
    from course.studies import l06_rankings

    test = collected.test
    shares = []
    for name in ("mini-sft", "mini-instruct"):
        mini, tokenizer = model.load(name)
        liked = l06_rankings.likes(mini, tokenizer, test.rankings)
        shares.append(test.share(test.agreed(liked))[0])
    assert shares[0] + 0.08 < shares[1]
    assert test.twice.mean() - 0.06 < shares[1] < test.ceiling.mean()


def test_a_loop_that_breaks_down_is_drawn_as_far_as_it_came(collected, capsys):
    import torch

    from course.show import l06_loop as loop

    head = torch.nn.Linear(collected.width, 1)
    shown = loop.trained([0.7, 3.0, float("nan"), float("nan")], head, collected)
    assert "From step 3 on the loss is no number" in capsys.readouterr().out
    assert "over 2 steps" in shown.alt
    assert shown.axes[0].get_ylim()[1] > 2
    assert loop.trained([], head, collected) is None
    assert "no step" in capsys.readouterr().out


def test_a_head_learns_from_either_ranking_and_less_than_mini_reward(collected):
    import torch
    from torch.nn import functional as F

    test, record = collected.test, records.read("mini-reward")
    found = []
    for order in (collected.order, collected.ai_order):
        torch.manual_seed(0)
        head = torch.nn.Linear(collected.width, 1)
        optimizer = torch.optim.Adam(head.parameters(), lr=0.02)
        for _ in range(300):
            values = head(collected.vectors).squeeze(-1).gather(1, order)
            i, j = torch.triu_indices(values.shape[1], values.shape[1], offset=1)
            optimizer.zero_grad()
            F.softplus(values[:, j] - values[:, i]).mean().backward()
            optimizer.step()
        found.append(test.share(test.agreed(head(test.vectors).squeeze(-1).detach()))[0])
    assert all(0.58 < share < record["noisy"] - 0.05 for share in found)
    assert abs(found[0] - found[1]) < 0.06


def test_feedback_adds_no_knowledge_that_the_base_model_had_not():
    from course.show import l06_loop as loop

    before, after = records.read("mini-babbage"), records.read("mini-instruct")
    assert after["truth_before"] < after["truth_after"] <= before["recall"]
    said = loop.knowledge().text
    assert "300 billion tokens" in said
    assert "33,207 prompts × 36 pairs × 1 bit = 1.2 million bits (149 kB)" in said


def test_the_figures_of_a_label_are_those_of_the_formula():
    import numpy as np

    p = (1 + np.sqrt(2 * 0.726 - 1)) / 2
    bits = 1 + p * np.log2(p) + (1 - p) * np.log2(1 - p)
    assert (round(p, 3), round(bits, 2)) == (0.836, 0.36)
    said = text_of("meaning-label-bits")
    assert all(figure in said for figure in ("0.836", "0.36 bits", "83.6%", "72.6%"))


def text_of(cell):
    from harness import load

    return next(c.source for c in load(SPEC.name).cells if c.id == cell)


def test_clips_to_be_judged_have_no_words_below_them():
    from course.show import l06_feedback as feedback

    page = feedback.clip_sheet()
    assert "<figcaption" in page.html
    assert ">It turns" not in page.html
    assert "-0.0 times" not in page.text
    assert "backwards</text>" in page.html


def test_a_backflip_needs_clips_that_show_one():
    """Labels on first tries alone lead to none; among the desk's clips some are backflips."""
    import numpy as np

    from course.show import l06_clips as clips
    from course.show import l06_feedback as feedback
    from course.studies import l06_backflip as backflip
    from course.world import stick

    for seed in (0, 1):
        rng = np.random.default_rng(seed)
        plans = backflip.Search().draw(128, rng)
        assert stick.flips(stick.simulate(plans)).sum() == 0
        first, second = (plans[i] for i in backflip.distinct_pairs(len(plans), 40, rng))
        took = backflip.simulated(seed)(stick.simulate(first), stick.simulate(second))
        plan, _ = backflip.from_choices(first, second, took)
        assert not stick.flips(stick.simulate(plan[None])).any()
    shown = [clips.plan_of(row[f"clip_{side}"]) for row in feedback.clip_rows() for side in "ab"]
    assert stick.flips(stick.simulate(np.array(shown))).sum() >= 4


def test_choices_that_differ_are_shown_and_those_about_values_come_first(tmp_path):
    from course.show import l06_feedback as feedback
    from course.show import labeling
    from course.world import pairs

    labels = labeling.Labels(feedback.answer_rows(), tmp_path / "own.csv")
    while labels.done < 30:
        labels.choose("A")
    assert feedback.differences(labels, labels.took_first()) is None
    drawn = {pair: not took for pair, took in labels.took_first().items()}
    head, *lines = feedback.differences(labels, drawn, most=30).text.split("\n")
    assert head.startswith("request | you chose | the simulated labeler chose")
    gaps = [
        round(abs(a - b), 2)
        for a, b in (map(float, x.split(" | ")[-1].split(" and ")) for x in lines)
    ]
    assert len(gaps) == 30
    assert gaps == sorted(gaps, reverse=True)
    first = next(p for p in pairs.read() if p.asked.request == lines[0].split(" | ")[0])
    assert lines[0].split(" | ")[1:3] == list(first.answers)


def test_a_written_reward_that_can_t_be_used_gets_a_sentence():
    assert l06_feedback.unfit(lambda frame: frame["spin"] * frame["height"]) == ""
    assert "holds no 'hight'" in l06_feedback.unfit(lambda frame: frame["hight"])
    assert "has the shape (2,)" in l06_feedback.unfit(lambda frame: frame["spin"].sum(axis=1))
    assert "can't be computed" in l06_feedback.unfit(lambda frame: frame["spin"] @ 3)


# The reward model on real sentences ---------------------------------------------------------------


def test_the_real_reward_model_is_better_than_a_coin_and_below_its_ceiling():
    found = records.read("smollm2_reward")
    assert found["agreement_interval"][0] > 0.5
    assert found["agreement"] < found["ceiling"]
    assert found["pairs"] < 300
    assert found["held_out_pairs"] > 100
    up, down = found["words_up"], found["words_down"]
    assert min(effect for _, effect, _ in up) > 0 > max(effect for _, effect, _ in down)
    assert up[0][0] == "glad"
    assert "love" in [word for word, _, _ in down]
    assert "Q4_1" in found["sources"]


def test_without_minilm_the_record_of_the_real_reward_model_is_shown(learned):
    said = text(learned["answers"]["demo-live-real-reward"])
    assert "isn't on this computer yet" in said
    assert "The recorded reward model agrees with" in said
