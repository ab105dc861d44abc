"""The village: enough facts, exact probabilities, held-out parts that stay apart."""

import math
import re
from collections import Counter

import pytest

from course.world import dice as dc
from course.world import phrases as ph
from course.world import talk, village, web


@pytest.fixture(scope="module")
def corpus() -> list[web.Document]:
    return list(web.documents(30_000, seed=5))


def test_there_are_at_least_400_facts_and_their_shares_fall_like_zipf():
    assert len(village.FACTS) >= 400
    assert len({(f.subject, f.attribute) for f in village.FACTS}) == len(village.FACTS)
    assert sum(f.share for f in village.FACTS) == pytest.approx(1)
    jobs = [f.share for f in village.FACTS if f.attribute == "job"]
    assert jobs == sorted(jobs, reverse=True)
    assert jobs[0] / jobs[-1] == pytest.approx(((60 + 1) / 2) ** village.ZIPF)


def test_the_vocabulary_is_small(corpus):
    texts = [d.text for d in corpus] + [e.text() for e in talk.examples(5000, "train", 1)]
    words = {w.lower() for t in texts for w in re.findall(r"[A-Za-z]+", t)}
    assert 500 < len(words) <= 1500


def test_every_walks_all_paths_and_their_probabilities_sum_to_one():
    def write(dice):
        text = dice.pick("ab")
        if text == "a":
            text += dice.draw(dc.Weighted([("x", 1), ("y", 3)]))
        return text + ("!" if dice.chance(0.2) else "")

    paths = dict(dc.every(write))
    assert {t: round(math.exp(p), 6) for t, p in paths.items()} == {
        "ax!": 0.025, "ax": 0.1, "ay!": 0.075, "ay": 0.3, "b!": 0.1, "b": 0.4,
    }  # fmt: skip


def test_a_choice_that_leaves_no_trace_is_found():
    """The trap: probability counted for something that isn't in the text."""

    def write(dice):
        unused = dice.pick("xyz")
        return dice.pick("ab") + ("" if unused else "c")

    texts = [text for text, _ in dc.every(write)]
    assert len(texts) > len(set(texts))


def tiny_writer(mix: dict[str, float]) -> web.Writer:
    wanted = {("Anna", "pet"), ("Anna", "born"), ("Ben", "pet"), ("the Great Flood", "year")}
    return web.Writer([f for f in village.FACTS if (f.subject, f.attribute) in wanted], mix)


@pytest.fixture
def tiny_village(monkeypatch):
    """Few words everywhere, so that every document of a kind can be enumerated."""
    for name in ("WEATHER", "TIMES", "WENT", "SIZES", "THINGS", "DOING", "SAYINGS", "ENDINGS"):
        monkeypatch.setattr(web, name, getattr(web, name)[:2])
    monkeypatch.setattr(web, "REQUESTS", dc.Weighted({"fact": 0.6, "how-to": 0.4}.items()))
    for name in ("DEEDS", "HOW_TO", "FIRST_STEPS", "LAST_STEPS", "POLITE_START", "POLITE_END"):
        monkeypatch.setattr(ph, name, getattr(ph, name)[:2])
    for name in ("RUDE", "GREETINGS", "THANKS"):
        monkeypatch.setattr(ph, name, getattr(ph, name)[:2])
    for table in (ph.STATEMENTS, ph.QUESTIONS):
        for attribute in ("pet", "born", "year"):
            monkeypatch.setitem(table, attribute, table[attribute][:2])
    monkeypatch.setattr(village, "PLACES", village.PLACES[:2])
    monkeypatch.setattr(village, "PETS", village.PETS[:2])
    monkeypatch.setattr(
        village, "wrong_values", lambda subject, attribute: ("a wrong one", "another one")
    )
    monkeypatch.setattr(web.Writer, "number", lambda self, dice: str(dice.pick(range(3))))


class Short(dc.Script):
    """Follows a script, but documents have one or two parts only."""

    sizes_allowed = (1, 2)

    def pick(self, options):
        if isinstance(options, tuple) and all(isinstance(o, int) for o in options):
            options = self.sizes_allowed
        return super().pick(options)


class Shortest(Short):
    """Follows a script, but documents have one part only."""

    sizes_allowed = (1,)


@pytest.mark.parametrize("kind", sorted(web.KINDS))
def test_no_two_paths_of_a_kind_write_the_same_text(kind, tiny_village, monkeypatch):
    writer = tiny_writer(web.MIX)
    if kind in ("questions", "copy"):  # only these have so many words that two digits must do
        monkeypatch.setattr(ph, "QUESTIONS", {a: q[:2] for a, q in ph.QUESTIONS.items()})
    dice_type = Shortest if kind == "dialogue" else Short
    total, seen = 0.0, set()
    for text, logprob in dc.every(lambda dice: web.KINDS[kind](writer, dice), dice_type):
        assert text not in seen, f"two paths write {text!r}"
        seen.add(text)
        total += math.exp(logprob)
    assert len(seen) > 1
    assert total == pytest.approx(1)


def test_the_first_words_tell_the_kind(corpus):
    """Kinds share no text: what starts one kind of document starts no other."""

    def start(document: web.Document) -> str:
        text = document.text
        for mark in ("About ", "Facts: ", "Question: ", "Forum post by ", "How to ", "One ",
                     "Dear ", "Register, ", "def ", "# written", "a = "):  # fmt: skip
            if text.startswith(mark):
                return mark
        if re.match(r"[A-Z][a-z]+: ", text):
            return "dialogue"
        if re.match(r"[A-Z][a-z]+ read out: ", text):
            return "copy"
        assert text.split("\n")[0][-1] in "?."
        return "question list"

    kinds = Counter((start(d), d.kind) for d in corpus)
    by_start = Counter(start for start, _ in kinds)
    assert set(by_start.values()) == {1}
    assert {kind for _, kind in kinds} == set(web.KINDS)


def test_equal_texts_have_equal_probability(corpus):
    known: dict[str, float] = {}
    for d in corpus:
        assert known.setdefault(d.text, d.logprob) == pytest.approx(d.logprob)
    assert len(known) < len(corpus), "no text came twice, so this test saw nothing"


def test_frequencies_follow_the_stated_probabilities(corpus):
    """Short documents come as often as their probability says (a check of `logprob` itself)."""
    counts = Counter(d.text for d in corpus)
    likely = {d.text: d.logprob for d in corpus if d.logprob > math.log(1 / 3000)}
    assert len(likely) >= 30
    expected = sum(math.exp(logprob) for logprob in likely.values()) * len(corpus)
    assert sum(counts[text] for text in likely) == pytest.approx(expected, rel=0.1)


def test_the_same_seed_gives_the_same_text():
    a, b, c = (list(web.documents(50, seed)) for seed in (3, 3, 4))
    assert a == b
    assert a != c


def test_true_statements_are_true_and_a_third_of_the_forum_is_not(corpus):
    values = village.VALUES
    sentence = re.compile(r"([A-Z][a-z]+) works as a (\w+)\.")
    by_kind: dict[bool, list[bool]] = {True: [], False: []}
    for d in corpus:
        for name, job in sentence.findall(d.text):
            if (name, "job") in values:
                by_kind[d.kind == "forum"].append(values[name, "job"] == job)
    assert all(by_kind[False])
    assert len(by_kind[False]) > 500
    false = 1 - sum(by_kind[True]) / len(by_kind[True])
    assert false == pytest.approx(web.FALSE_SHARE, abs=0.12)


def test_the_documents_say_which_facts_they_state(corpus):
    shares = Counter(fact for d in corpus for fact in d.facts)
    assert set(shares) <= {(f.subject, f.attribute) for f in village.FACTS}
    often = max(village.FACTS, key=lambda f: f.share)
    rare = min(village.FACTS, key=lambda f: f.share)
    assert shares[often.subject, often.attribute] > 10 * shares[rare.subject, rare.attribute]


def test_splits_are_disjoint_and_complete():
    for kind, parts in village.SPLITS.items():
        names = [name for part in parts.values() for name in part]
        assert sorted(names) == sorted(village.SUBJECTS[kind])
        assert all(parts.values())


def test_held_out_people_deeds_and_templates_never_reach_training():
    train = "\n".join(e.text() for e in talk.examples(20_000, "train", 1))
    held = [n for s in ("tuning", "test", "shots") for n in village.SPLITS["person"][s]]
    asked = "\n".join(
        turn.request
        for e in talk.examples(20_000, "train", 1)
        for turn in e.turns
        if e.kind != "list"
    )
    assert not [name for name in held if re.search(rf"\b{name}\b", asked)]
    for harm, harmless in ph.HELD_OUT_DEEDS:
        assert harm.split(" {n}")[0] not in train
        assert harmless.split(" {n}")[0] not in train
    for templates in (
        *ph.QUESTIONS.values(),
        ph.EXPLAIN,
        ph.FALSE_PREMISE,
        ph.FALSE_JOB,
        ph.HOW_TO,
    ):
        start = ph.capital(templates[-1].split("{")[0]).strip()
        others = [t for row in ph.QUESTIONS.values() for t in row[:-1]]
        if start and not any(t.startswith(start) for t in others):
            assert start not in train, start


@pytest.mark.parametrize("kind", sorted(talk.KINDS))
def test_examples_of_every_later_kind_exist_for_each_split(kind):
    for split in ("train", "tuning", "test", "shots"):
        for held_out in (False, True):
            (example,) = talk.examples(1, split, 2, held_out=held_out, kinds=(kind,))
            assert example.kind == kind
            assert all(turn.request and turn.answer for turn in example.turns)


def test_programs_compute_what_was_asked():
    for example in talk.examples(200, "train", 9, kinds=("program",)):
        (turn,) = example.turns
        request, source = turn.request, turn.answer
        scope: dict = {}
        exec(source, scope)
        value = 3
        for step in request.removeprefix("Write f: ").removesuffix(".").split(", then "):
            words, number = step.rsplit(" ", 1)
            operator = talk.PROGRAM_STEPS[words + " {}"]
            value = eval(f"{value} {operator} {number}")
        assert scope["f"](3) == value
