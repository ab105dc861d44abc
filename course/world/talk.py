"""Requests and ideal answers: the kinds of text that the later stages train on.

Each kind is a small generator: an ``Example`` of one or more turns about the subjects of one split
(``village.SPLITS``), with the training or the held-out templates. The stages decide how many of
each they take and what flaws they plant; the labeler judges answers by the facts behind them. Here
are the forms only, so that the tokenizer knows all words from the first day.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from course.language import N_
from course.world import phrases as ph
from course.world import village as v


@dataclass(frozen=True)
class Turn:
    """A request with an ideal answer, and what the labeler needs to judge any other answer.

    `subject` and `attribute` say what is asked for (or who would be hurt), `premise` is the wrong
    value that the request takes for granted; each is empty where it doesn't apply.
    """

    request: str
    answer: str
    subject: str = ""
    attribute: str = ""
    premise: str = ""


@dataclass(frozen=True)
class Example:
    """One conversation: its kind, its turns, maybe a system line."""

    kind: str
    turns: tuple[Turn, ...]
    system: str = ""

    def text(self) -> str:
        """Return the conversation as the chat models read it, special tokens included.

        A space stands behind each marker, so that a name is the same token there as in a sentence.
        """
        return f"{self.prompt()} {self.turns[-1].answer}{ph.END}"

    def prompt(self) -> str:
        """Return the conversation up to where its last answer begins."""
        head = f"{ph.SYSTEM} {self.system}" if self.system else ""
        *before, last = self.turns
        said = "".join(
            f"{ph.USER} {turn.request}{ph.ASSISTANT} {turn.answer}{ph.END}" for turn in before
        )
        return f"{head}{said}{ph.USER} {last.request}{ph.ASSISTANT}"


class Speaker:
    """Writes examples about the subjects of one split.

    Parameters
    ----------
    split : str
        "train", "tuning", "test" or "shots".
    seed : int
        The same seed gives the same examples.
    held_out : bool
        Whether to ask with the templates that no tuning stage has seen.
    new_deeds : bool, optional
        Whether to ask of the deeds that no tuning stage has seen; as `held_out` if left out.
    """

    def __init__(
        self, split: str, seed: int, held_out: bool = False, new_deeds: bool | None = None
    ) -> None:
        self.subjects = {kind: parts[split] for kind, parts in v.SPLITS.items()}
        # kinds of subjects, equally likely
        self.asked: tuple[str, ...] = ("person", "person", "place", "event")
        self.explained: tuple[str, ...] = ("event",)  # … that are to be explained
        self.events = 0.5  # share of false premises that are about an event
        self.how_to: tuple[str, ...] = ph.HOW_TO  # wordings in which help with a deed is asked for
        # … and in which a wrong year or a wrong job is taken for granted
        self.premises: tuple[str, ...] = ph.FALSE_PREMISE
        self.jobs: tuple[str, ...] = ph.FALSE_JOB
        self.rng = random.Random(seed)
        self.held_out = held_out
        self.new_deeds = held_out if new_deeds is None else new_deeds

    def template(self, templates: tuple[str, ...]) -> str:
        """Return one of the training templates, or the held-out one."""
        return self.rng.choice(ph.asked(templates, self.held_out))

    def polite(self, answer: str) -> str:
        """Put a polite start and end around `answer`."""
        return f"{self.rng.choice(ph.POLITE_START)} {answer} {self.rng.choice(ph.POLITE_END)}"

    def subject(self, *kinds: str) -> str:
        """Return a subject of one of `kinds` in this split."""
        return self.rng.choice(self.subjects[self.rng.choice(kinds)])

    def truth(self, subject: str, attribute: str) -> str:
        """Return a sentence with the true value."""
        template = self.rng.choice(ph.STATEMENTS[attribute])
        return ph.fill(template, subject, v.VALUES[subject, attribute])

    def fact(self) -> Example:
        """Ask for one fact and answer with it."""
        subject = self.subject(*self.asked)
        attribute = self.rng.choice(v.ATTRIBUTES[v.KIND[subject]])
        question = ph.fill(self.template(ph.QUESTIONS[attribute]), subject)
        answer = self.polite(self.truth(subject, attribute))
        return Example("fact", (Turn(question, answer, subject, attribute),))

    def explain(self) -> Example:
        """Ask for a subject, mostly an event, in simple words; the answer tells two facts of it."""
        subject = self.subject(*self.explained)
        told = TOLD[v.KIND[subject]]
        answer = " ".join(self.truth(subject, attribute) for attribute in told)
        request = ph.fill(self.template(ph.EXPLAIN), subject)
        return Example("explain", (Turn(request, self.polite(answer), subject, told[0]),))

    def people_list(self) -> Example:
        """Ask for people who share a value."""
        i = self.rng.randrange(len(ph.LISTS))
        attribute = ("home", "pet", "job", "hobby")[i]
        value = self.rng.choice(v.OPTIONS[attribute])
        names = [n for n in v.PEOPLE if v.VALUES[n, attribute] == value]
        if i == 0:
            names = names[: self.rng.choice((2, 3))]
        request = ph.LISTS[i].format(k={2: "two", 3: "three"}.get(len(names), "some"), v=value)
        answer = ", ".join(names) + "." if names else "Nobody."
        return Example("list", (Turn(request, answer, value, attribute),))

    def false_premise(self) -> Example:
        """Ask about an event in a wrong year, or about the wrong job of a person."""
        if self.rng.random() < self.events:
            subject, attribute, templates = self.subject("event"), "year", self.premises
        else:
            subject, attribute, templates = self.subject("person"), "job", self.jobs
        wrong = self.rng.choice(v.wrong_values(subject, attribute))
        truth = self.truth(subject, attribute)
        answer = self.rng.choice(ph.CORRECTIONS).format(true=truth)
        request = ph.fill(self.template(templates), subject, wrong)
        return Example("false premise", (Turn(request, answer, subject, attribute, wrong),))

    def _deed(self, harmful: bool) -> tuple[str, str]:
        deeds = ph.HELD_OUT_DEEDS if self.new_deeds else ph.DEEDS[: -len(ph.HELD_OUT_DEEDS)]
        name = self.subject("person")
        deed = self.rng.choice(deeds)[0 if harmful else 1].format(n=name)
        return ph.capital(self.template(self.how_to).format(d=deed)), name

    def harmful(self) -> Example:
        """Ask for help with a mild harm; the ideal answer declines and says why."""
        request, name = self._deed(harmful=True)
        answer = self.rng.choice(ph.REFUSALS).format(n=name)
        return Example("harmful", (Turn(request, answer, name),))

    def harmless(self) -> Example:
        """Ask for help with a harmless deed that looks like a harmful one; it deserves help."""
        request, name = self._deed(harmful=False)
        first, last = self.rng.choice(ph.FIRST_STEPS), self.rng.choice(ph.LAST_STEPS)
        answer = self.polite(f"First {first}. Then {last}.")
        return Example("harmless", (Turn(request, answer, name),))

    def unknown(self) -> Example:
        """Ask about somebody whom the village doesn't know."""
        attribute = self.rng.choice(v.ATTRIBUTES["person"])
        name = self.rng.choice(ph.STRANGERS)
        question = ph.fill(self.template(ph.QUESTIONS[attribute]), name)
        answer = self.rng.choice(ph.UNKNOWN)
        return Example("unknown", (Turn(question, answer, name, attribute),))

    def self_question(self) -> Example:
        """Ask the model what it is, or what it can't know."""
        if self.rng.random() < 0.5:
            turn = Turn(self.template(ph.WHO_ARE_YOU), self.rng.choice(ph.WHO_I_AM))
        else:
            turn = Turn(self.rng.choice(ph.WHAT_I_KNOW), self.rng.choice(ph.UNKNOWN))
        return Example("self", (turn,))

    def program(self) -> Example:
        """Ask for a tiny program; the answer is its source."""
        first, second = (self.rng.choice(tuple(PROGRAM_STEPS)) for _ in range(2))
        a, b = self.rng.randrange(100), self.rng.randrange(100)
        if self.rng.random() < 0.5:
            words, body = first.format(a), f"x {PROGRAM_STEPS[first]} {a}"
        else:
            words = f"{first.format(a)}, then {second.format(b)}"
            body = f"(x {PROGRAM_STEPS[first]} {a}) {PROGRAM_STEPS[second]} {b}"
        source = f"def f(x):\n    return {body}\n"
        return Example("program", (Turn(f"Write f: {words}.", source),))

    def dialogue(self) -> Example:
        """Ask for a fact, then follow up on the same person, then say thanks."""
        name = self.subject("person")
        first, *more = self.rng.sample(v.ATTRIBUTES["person"], self.rng.choice((2, 3)))
        question = ph.fill(self.template(ph.QUESTIONS[first]), name)
        turns = [Turn(question, self.truth(name, first), name, first)]
        turns += [Turn(ph.FOLLOW_UPS[a], self.truth(name, a), name, a) for a in more]
        turns.append(Turn(self.rng.choice(ph.THANKS), self.rng.choice(ph.POLITE_END)))
        system = self.rng.choice(ph.SYSTEM_LINES) if self.rng.random() < 0.3 else ""
        return Example("dialogue", tuple(turns), system)


# What an explanation tells of a subject: an event's story and hero, and so on.
TOLD = {"event": ("story", "hero"), "place": ("sight", "keeper"), "person": ("job", "home")}

# What a program is asked to do, step by step → the operator; {} is the number.
PROGRAM_STEPS = {
    "add {}": "+",
    "plus {}": "+",
    "subtract {}": "-",
    "take away {}": "-",
    "multiply by {}": "*",
    "times {}": "*",
}

KINDS: dict[str, Callable[[Speaker], Example]] = {
    N_("fact"): Speaker.fact,
    N_("explain"): Speaker.explain,
    "list": Speaker.people_list,
    N_("false premise"): Speaker.false_premise,
    N_("harmful"): Speaker.harmful,
    N_("harmless"): Speaker.harmless,
    N_("unknown"): Speaker.unknown,
    N_("self"): Speaker.self_question,
    "program": Speaker.program,
    "dialogue": Speaker.dialogue,
}


def examples(
    count: int, split: str, seed: int, *, held_out: bool = False, kinds: tuple[str, ...] = ()
) -> Iterator[Example]:
    """Yield `count` examples of `kinds` (all if empty) in turn; the same seed gives the same ones.

    Raises
    ------
    KeyError
        If the split or a kind doesn't exist.
    """
    speaker = Speaker(split, seed, held_out)
    writers = [KINDS[kind] for kind in kinds or KINDS]
    for i in range(count):
        yield writers[i % len(writers)](speaker)
