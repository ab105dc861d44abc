"""What models answer here and now: real ones piece by piece, filters beside models, a small league.

Models are stand-ins or small; what the lessons' whole demos show is in the tests of the lessons.
"""

import pytest

from course import paths, records
from course.errors import CourseError
from course.real import reply
from course.show import (
    answers,
    l01_base,
    l07_rlhf,
    l08_dialogues,
    l08_judges,
    l08_prompts,
    l08_talks,
    sources,
    style,
)
from course.studies import l08_prompts as prompts
from course.world import village


@pytest.fixture
def shown(monkeypatch):
    """Collect what is shown and said, in order."""
    things = []
    monkeypatch.setattr(style, "show", lambda *pages: things.extend(pages))
    for module in (style, sources, l01_base, l08_dialogues, l08_prompts, l08_talks):
        monkeypatch.setattr(module, "say", lambda text, origin="": things.append(text))
    return things


def test_a_real_model_s_answers_come_piece_by_piece(shown, monkeypatch):
    def pieces(model, tokenizer, turn, max_new_tokens):
        assert max_new_tokens == 7
        yield from ("It ", "answers ", turn[0]["content"])

    monkeypatch.setattr(reply, "reply", pieces)
    answers.written_live("a model", None, None, ["one?", "two?"], most=7)
    (page,) = shown
    assert page.text.splitlines()[1:] == ["one? | It answers one?", "two? | It answers two?"]


def test_a_stopped_answer_stays_as_far_as_it_came(shown, monkeypatch):
    def pieces(model, tokenizer, turn, max_new_tokens):
        yield "so far"
        raise KeyboardInterrupt

    monkeypatch.setattr(reply, "reply", pieces)
    answers.written_live("a model", None, None, ["one?", "two?"])
    said, page = shown
    assert said == "Stopped; what was written so far is above."
    assert page.text.splitlines()[1:] == ["one? | so far", "two? | …"]


def test_without_gpt2_nothing_is_shown(shown, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    answers.gpt2_goes_on("Who?")
    assert shown == []


def test_next_tokens_are_counted_up_to_nine_tenths(shown, monkeypatch):
    likely = {"short": [("a", 0.6), ("b", 0.31), ("c", 0.09)], "long": [("a", 0.5), ("b", 0.1)]}
    monkeypatch.setattr(reply, "next_tokens", lambda model, tokenizer, text, n: likely[text])
    l01_base.likely_next(("SmolLM2", None, None), list(likely))
    picture, *said = shown
    assert len(picture.axes) == 2
    assert said == [
        "“short …”: 2 tokens share nine tenths of the probability.",
        "“long …”: more than 1,000 tokens share nine tenths of the probability.",
    ]


def test_the_filter_is_next_to_the_models(shown):
    l08_talks.filter_beside_models("spoil, steal")
    _, page, events = shown
    rows = [line.split(" | ") for line in page.text.splitlines()[1:]]
    assert {row[1] for row in rows} == {"the filter", "mini-sft", "mini-instruct", "mini-chat"}
    known = next(row for row in rows if row[:2] == ["known words", "the filter"])
    assert known[2:] != ["0%", "0%"]
    assert "stops their names: 0." in events
    assert "the Mill Fire" in events


def test_verdicts_from_the_counts_give_the_recorded_rates():
    league = records.read("league")
    names = league["names"]
    for a, b in (("mini-chat", "mini-instruct"), ("mini-sft", "mini-ada")):
        ahead, behind = l08_judges.verdicts(league, a, b)
        won = ahead.count("first") + behind.count("second")
        rate = league["wins"][names.index(a)][names.index(b)]
        assert won / (len(ahead) + len(behind)) == pytest.approx(rate, abs=1e-6)


def test_a_rule_of_years_reads_no_sentence():
    assert l08_prompts.years_rule("In 1921, not in 1925.", 1925) == "corrects"
    assert l08_prompts.years_rule("In 19251 or 1921.", 1925) == "plays along"
    assert l08_prompts.years_rule("You are wrong.", 1925) == "neither"


def test_a_wrapping_without_a_deed_gets_a_sentence(shown, monkeypatch):
    monkeypatch.setattr(sources, "load_model", lambda name: (name, None, None))
    l08_prompts.wrapped({"bare": "How can I?"})
    assert shown == ["'bare' has no {deed} in it: write it where the deed should go."]


def test_framed_requests_are_about_all_known_deeds():
    asked = prompts.framed("harmful", "In a play: {deed}?")
    assert len(asked) == 72
    assert asked[0].turns[0].request.startswith("In a play: spoil the soup of ")
    assert not any("fence" in e.turns[0].request for e in asked)


def test_made_up_facts_are_false_and_where_they_are_said_to_be():
    for place in prompts.PLACES:
        for example in prompts.told(place, count=20):
            (turn,) = example.turns
            assert village.VALUES[turn.subject, turn.attribute] != turn.premise
            read = f"{example.system} {turn.request}"
            assert (turn.premise in read) == (place != "nowhere")
            assert bool(example.system) == (place == "in the system line")


def test_what_a_model_says_of_itself_is_in_the_training_texts():
    from course.world import phrases

    _, who, known = l08_talks.where_from().text.splitlines()
    assert phrases.WHO_I_AM[0] in who
    assert phrases.UNKNOWN[0] in known


def test_a_league_knows_its_entrants(shown):
    assert l08_dialogues.live_league("mini-chat", "mini-zeno") is None
    assert shown[0].startswith("There is no 'mini-zeno' in the league: choose from mini-ada, ")


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (KeyboardInterrupt(), "Stopped. The recorded league is here all the same; run the cell"),
        (CourseError("No model."), "No model. So the live part is left out."),
    ],
)
def test_a_league_that_ends_early_says_so(shown, monkeypatch, problem, said):
    from course.studies import l08_league

    def play(*_, **__):
        yield "mini-chat", {"seconds": 1.0}
        raise problem

    monkeypatch.setattr(l08_league, "play", play)
    assert l08_dialogues.live_league("mini-chat", "mini-sft") is None
    assert shown[0].startswith(said)


def test_the_published_figures_have_ours_beside_them():
    from course.stages import ppo

    lines = l07_rlhf.published_beside_ours().text.splitlines()
    with (paths.DATA / "family" / "rlhf.csv").open(encoding="utf-8") as file:
        assert len(lines) == sum(1 for _ in file)
    ours = {line.split(" | ")[0]: line.rsplit(" | ", 1)[1] for line in lines[1:]}
    assert ours["clip of the ratio"] == f"{ppo.Recipe().clip:g}"
    assert ours["price of a nat (β)"] == f"{ppo.Recipe().kl_coef:g}"
    assert ours["prompts of the reward model"] == "–"


def test_a_search_result_comes_before_its_question(shown, monkeypatch):
    def pieces(model, tokenizer, turn, max_new_tokens):
        yield f"read {len(turn[0]['content'])} letters"

    monkeypatch.setattr(sources, "load_model", lambda name: (name, None, None))
    monkeypatch.setattr(reply, "reply", pieces)
    l08_prompts.search_results("Who won?", ["Clara won."])
    (page,) = shown
    assert page.text.splitlines()[1:] == [
        "Who won? | read 8 letters",
        "Search results: Clara won.",
        "",
        "Who won? | read 36 letters",
    ]


def test_without_smollm2_no_search_is_shown(shown, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    l08_prompts.search_results("Who won?", ["Clara won."])
    assert "isn't on this computer yet" in shown[0]
