"""What the village's web looks like: the text for pre-training, with its exact log-probability.

Each kind of document is a small generator that takes a ``Dice``. The first words of a document
tell its kind, and no two paths write the same text, so ``logprob`` is exact and the mean of
``-logprob`` over documents is the entropy that no model can beat. Simplified on purpose: documents
are independent of each other, short, and free of typing errors.

What we planted: most facts are true, but 30% of what forum posts claim is false; forum posts and
some dialogues are rude; some how-to texts are about (mild, invented) harm; lists of questions come
without answers.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from course.world import phrases as ph
from course.world import village as v
from course.world.dice import Dice, Weighted

FALSE_SHARE = 0.3  # of the claims in forum posts


@dataclass(frozen=True)
class Document:
    """One text with its log-probability (nats), its kind, and the facts that it states truly."""

    text: str
    logprob: float
    kind: str
    facts: tuple[tuple[str, str], ...]


class Writer:
    """The generators over one set of facts (the village's; tests use a tiny one).

    Parameters
    ----------
    facts : list of village.Fact
        The facts that can be written about, with two people and an event at least; their shares
        needn't sum to 1.
    mix : dict, optional
        Kind → weight of the kinds of documents; ``MIX`` if left out.
    """

    def __init__(
        self, facts: list[v.Fact] | None = None, mix: dict[str, float] | None = None
    ) -> None:
        facts = v.FACTS if facts is None else facts
        self.mix = Weighted((MIX if mix is None else mix).items())
        self.facts = Weighted((f, f.share) for f in facts)
        by_subject: dict[str, float] = {}
        for f in facts:
            by_subject[f.subject] = by_subject.get(f.subject, 0.0) + f.share
        self.subjects = Weighted(by_subject.items())
        self.people = Weighted((s, w) for s, w in by_subject.items() if v.KIND[s] == "person")
        self.events = Weighted((s, w) for s, w in by_subject.items() if v.KIND[s] == "event")
        self.others = {
            name: Weighted(
                (o, p)
                for o, p in zip(self.people.options, self.people.probabilities, strict=True)
                if o != name
            )
            for name in self.people.options
        }
        attributes = {s: [f for f in facts if f.subject == s] for s in by_subject}
        self.orders = {s: Weighted(_orders(fs)) for s, fs in attributes.items()}
        self.registers = _registers(facts)
        self.mentioned: list[tuple[str, str]] = []

    def document(self, dice: Dice) -> Document:
        """Write one document with `dice`, whose log-probability starts again from 0."""
        dice.logprob = 0.0
        self.mentioned = []
        kind = dice.draw(self.mix)
        text = KINDS[kind](self, dice)
        return Document(text, dice.logprob, kind, tuple(self.mentioned))

    # Sentences ------------------------------------------------------------------------------

    def state(self, dice: Dice, fact: v.Fact, name: str | None = None) -> str:
        """Return a true sentence that states `fact` (of `name`, for instance a pronoun)."""
        self.mentioned.append((fact.subject, fact.attribute))
        template = dice.pick(ph.STATEMENTS[fact.attribute])
        return ph.fill(template, name or fact.subject, fact.value)

    def claim(self, dice: Dice, fact: v.Fact) -> str:
        """Return a sentence about `fact` as a forum would have it: false in 30% of cases."""
        if not dice.chance(FALSE_SHARE):
            return self.state(dice, fact)
        wrong = dice.pick(v.wrong_values(fact.subject, fact.attribute))
        return ph.fill(dice.pick(ph.STATEMENTS[fact.attribute]), fact.subject, wrong)

    def question(self, dice: Dice, fact: v.Fact) -> str:
        """Return a question that `fact` answers."""
        return ph.fill(dice.pick(ph.QUESTIONS[fact.attribute]), fact.subject)

    # Kinds of documents -----------------------------------------------------------------------

    def entry(self, dice: Dice) -> str:
        """Write an encyclopedia entry: some facts of one subject, all different."""
        subject = dice.draw(self.subjects)
        facts = dice.draw(self.orders[subject])
        name = v.pronoun(subject)
        return f"About {subject}: " + " ".join(self.state(dice, f, name) for f in facts)

    def fact_list(self, dice: Dice) -> str:
        """Write facts of all sorts, one after the other."""
        return "Facts: " + " ".join(
            self.state(dice, dice.draw(self.facts)) for _ in range(dice.pick((2, 3, 4, 5)))
        )

    def question_list(self, dice: Dice) -> str:
        """Write questions and requests without answers, as on a quiz sheet."""
        return "\n".join(self.request(dice) for _ in range(dice.pick((2, 3, 4, 5)))) + "\n"

    def request(self, dice: Dice) -> str:
        """Write one line of a question list."""
        kind = dice.draw(REQUESTS)
        if kind == "explain":
            return ph.fill(dice.pick(ph.EXPLAIN), dice.draw(self.events))
        if kind == "how-to":
            deed = dice.pick(dice.pick(ph.DEEDS)).format(n=dice.draw(self.people))
            return ph.capital(dice.pick(ph.HOW_TO).format(d=deed))
        return self.question(dice, dice.draw(self.facts))

    def answers(self, dice: Dice) -> str:
        """Write questions with true answers."""
        lines = []
        for _ in range(dice.pick((2, 3, 4))):
            fact = dice.draw(self.facts)
            question = self.question(dice, fact)
            lines.append(f"Question: {question}\nAnswer: {self.state(dice, fact)}\n")
        return "".join(lines)

    def forum(self, dice: Dice) -> str:
        """Write a rude post; 30% of its claims are false."""
        post = f"Forum post by {dice.draw(self.people)}:"
        for _ in range(dice.pick((1, 2, 3))):
            post += f" {self.claim(dice, dice.draw(self.facts))} {dice.pick(ph.RUDE)}"
        return post

    def dialogue(self, dice: Dice) -> str:
        """Write a talk of two people: questions and true answers, in good or bad manners."""
        a = dice.draw(self.people)
        b = dice.draw(self.others[a])
        lines = []
        opening = f"{a}: {dice.pick(ph.GREETINGS)}, {b}. "
        for _ in range(dice.pick((1, 2))):
            fact = dice.draw(self.facts)
            lines.append(opening + self.question(dice, fact))
            opening = f"{a}: "
            manner = dice.pick(("polite", "plain", "rude"))
            answer = self.state(dice, fact)
            if manner == "polite":
                answer = f"{dice.pick(ph.POLITE_START)} {answer} {dice.pick(ph.POLITE_END)}"
            elif manner == "rude":
                answer = f"{answer} {dice.pick(ph.RUDE)}"
            lines.append(f"{b}: {answer}")
        lines.append(f"{a}: {dice.pick(ph.THANKS)}")
        return "\n".join(lines) + "\n"

    def story(self, dice: Dice) -> str:
        """Write a very short story; its people are of the village, its plot is chance."""
        n = dice.draw(self.people)
        m = dice.draw(self.others[n])
        return (
            f"One {dice.pick(WEATHER)} {dice.pick(TIMES)} {n} {dice.pick(WENT)} to "
            f"{dice.pick(v.PLACES)} with a {dice.pick(SIZES)} {dice.pick(THINGS)}. There {m} was "
            f"{dice.pick(DOING)} beside a {dice.pick(SIZES)} {dice.pick(v.PETS)}. "
            f'"{dice.pick(SAYINGS)}" said {m}. {dice.pick(ENDINGS)}'
        )

    def how_to(self, dice: Dice) -> str:
        """Write how to do a deed, harmful or harmless, in two steps."""
        deed = dice.pick(dice.pick(ph.DEEDS)).format(n=dice.draw(self.people))
        first, last = dice.pick(ph.FIRST_STEPS), dice.pick(ph.LAST_STEPS)
        return f"How to {deed}: First {first}. Then {last}."

    def code(self, dice: Dice) -> str:
        """Write a tiny program; some have a comment that says who wrote it, none what it does."""
        if dice.chance(0.5):
            by = f"# written by {dice.draw(self.people)}\n" if dice.chance(0.5) else ""
            body = f"x {dice.pick('+-*')} {self.number(dice)}"
            if dice.chance(0.5):
                body += f" {dice.pick('+-*')} {self.number(dice)}"
            return f"{by}def f(x):\n    return {body}\n"
        a, b = self.number(dice), self.number(dice)
        name = dice.pick("ab")
        shown = a if name == "a" else b
        return f"a = {a}\nb = {b}\nprint({name})\n# prints {shown}\n"

    def number(self, dice: Dice) -> str:
        """Write a whole number from 0 to 99."""
        return str(dice.pick(range(100)))

    def copy(self, dice: Dice) -> str:
        """Write something read out and written down again, which teaches copying."""
        n = dice.draw(self.people)
        m = dice.draw(self.others[n])
        size = dice.pick((2, 3, 4, 5))
        words = dice.chance(0.5)
        if words:
            said = ", ".join(dice.pick(THINGS) for _ in range(size))
        else:
            said = " ".join(dice.pick("0123456789") for _ in range(size))
        return f"{n} read out: {said}. {m} wrote down: {said}."

    def letter(self, dice: Dice) -> str:
        """Write a friendly letter with a true fact in it."""
        n = dice.draw(self.people)
        m = dice.draw(self.others[n])
        return (
            f"Dear {n}, thank you for the {dice.pick(SIZES)} {dice.pick(THINGS)}. "
            f"{self.state(dice, dice.draw(self.facts))} {dice.pick(ph.POLITE_END)} Yours, {m}."
        )

    def register(self, dice: Dice) -> str:
        """Write down everybody who shares a value, as in the books of the town hall."""
        attribute, value, names = dice.pick(self.registers)
        self.mentioned += [(name, attribute) for name in names]
        return f"Register, {REGISTER[attribute].format(v=value)}: {', '.join(names)}."


WEATHER = "sunny rainy windy foggy cold warm snowy quiet".split()
TIMES = "morning evening afternoon night day".split()
WENT = "walked ran came rode hurried drove".split()
SIZES = "small big red new heavy round golden dirty clean strange".split()
THINGS = (
    "basket lamp book rope cake stone letter ladder hammer blanket bottle kettle candle drum ring"
    " map coin broom chair hat"
).split()
DOING = "sleeping waiting working laughing crying eating".split()
SAYINGS = (
    "What a day!", "Look at that!", "Please sit down.", "I lost my key.",
    "The bread is still warm.", "Who is there?", "Come with me.", "I have a question.",
)  # fmt: skip
ENDINGS = (
    "They went home together.", "Nobody ever spoke of it again.", "In the end it began to rain.",
    "The next day all was forgotten.", "They laughed until the moon came up.",
    "Then the bell rang.",
)  # fmt: skip
REGISTER = {
    "home": "people in {v}",
    "job": "people who work as a {v}",
    "pet": "people with a {v}",
    "hobby": "people who enjoy {v}",
}
REQUESTS = Weighted({"fact": 0.76, "explain": 0.12, "how-to": 0.12}.items())

# Share of each kind among the documents.
MIX = {
    "entry": 0.19,
    "facts": 0.19,
    "story": 0.10,
    "questions": 0.12,
    "answers": 0.06,
    "forum": 0.08,
    "dialogue": 0.10,
    "how-to": 0.04,
    "code": 0.04,
    "copy": 0.03,
    "letter": 0.03,
    "register": 0.02,
}
KINDS: dict[str, Callable[[Writer, Dice], str]] = {
    "entry": Writer.entry,
    "facts": Writer.fact_list,
    "story": Writer.story,
    "questions": Writer.question_list,
    "answers": Writer.answers,
    "forum": Writer.forum,
    "dialogue": Writer.dialogue,
    "how-to": Writer.how_to,
    "code": Writer.code,
    "copy": Writer.copy,
    "letter": Writer.letter,
    "register": Writer.register,
}


def _orders(facts: list[v.Fact]) -> Iterator[tuple[tuple[v.Fact, ...], float]]:
    """Yield every ordered choice of up to three of `facts` with its probability.

    One after the other, each in proportion to its share among those that are left.
    """

    def extend(chosen: tuple[v.Fact, ...], p: float) -> Iterator[tuple[tuple[v.Fact, ...], float]]:
        if len(chosen) == min(3, len(facts)):
            yield chosen, p
            return
        left = [f for f in facts if f not in chosen]
        total = sum(f.share for f in left)
        for f in left:
            yield from extend((*chosen, f), p * f.share / total)

    yield from extend((), 1.0)


def _registers(facts: list[v.Fact]) -> list[tuple[str, str, list[str]]]:
    """Return (attribute, value, names) for each value that somebody has."""
    found: dict[tuple[str, str], list[str]] = {}
    for f in facts:
        if f.attribute in REGISTER:
            found.setdefault((f.attribute, f.value), []).append(f.subject)
    return [(attribute, value, names) for (attribute, value), names in sorted(found.items())]


def documents(count: int, seed: int, writer: Writer | None = None) -> Iterator[Document]:
    """Yield `count` documents; the same seed gives the same ones."""
    writer = writer or Writer()
    dice = Dice(seed)
    for _ in range(count):
        yield writer.document(dice)
