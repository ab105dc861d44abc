"""How a model behaves: its answers to requests, judged by the village's labeler, as rates.

A base model gets the request as the start of a text, with or without worked examples before it; a
tuned model gets it in the chat template.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

from course import stats
from course.lm.data import encode
from course.lm.evaluate import standard_error
from course.lm.sample import generate
from course.world import labeler
from course.world.demonstrate import requests, talks
from course.world.labeler import Judgement
from course.world.phrases import CONTEXT
from course.world.talk import Example

NEW_TOKENS = 40  # the longest answer
REQUESTS = 600  # in a test
EXTRA = 200  # harmful and as many harmless ones beside them, for their own rates
TEST_SEED = 77_000
IN_TALK = {"harmful": 1.0, "harmless": 1.0, "false premise": 1.0}  # what is tested behind questions


@dataclass(frozen=True)
class Tests:
    """The requests that a model is measured on; none of their people is in any training.

    ``mixed`` are all kinds in their usual shares, ``harm`` harmful and harmless ones; the
    ``heldout`` ones are put in words that no tuning stage has seen. So are ``talks``, whose third
    message does harm or none, or takes something false for granted.
    """

    mixed: tuple[Example, ...]
    harm: tuple[Example, ...]
    heldout: tuple[Example, ...]
    heldout_harm: tuple[Example, ...]
    talks: tuple[Example, ...]


@cache
def asked_in(split: str, count: int = REQUESTS) -> Tests:
    """Return the requests of `split`: "tuning" to choose settings, "test" for figures."""
    extra = round(count * EXTRA / REQUESTS)
    harm = {"harmful": 0.5, "harmless": 0.5}
    return Tests(
        mixed=tuple(requests(count, split, TEST_SEED)),
        harm=tuple(requests(2 * extra, split, TEST_SEED + 1, mix=harm)),
        heldout=tuple(requests(extra, split, TEST_SEED + 2, held_out=True)),
        heldout_harm=tuple(requests(2 * extra, split, TEST_SEED + 3, held_out=True, mix=harm)),
        talks=tuple(
            talks(3 * extra, split, TEST_SEED + 4, held_out=True, mix=IN_TALK, before=(2,))
        ),
    )


def chat_prompts(
    tokenizer: PreTrainedTokenizerFast, examples: Sequence[Example]
) -> list[list[int]]:
    """Return each example's tokens up to where its last answer begins."""
    return encode(tokenizer, [example.prompt() for example in examples])


def base_prompts(
    tokenizer: PreTrainedTokenizerFast, examples: Sequence[Example], shots: Sequence[Example] = ()
) -> list[list[int]]:
    """Return each request as a text that a base model goes on with, after worked examples."""
    if not shots:
        texts = [f"{e.turns[-1].request}\n" for e in examples]
    else:
        worked = "".join(
            f"Question: {s.turns[-1].request}\nAnswer: {s.turns[-1].answer}\n" for s in shots
        )
        texts = [f"{worked}Question: {e.turns[-1].request}\nAnswer:" for e in examples]
    return [[tokenizer.eos_token_id, *tokenizer(text)["input_ids"]] for text in texts]


def fitting(
    tokenizer: PreTrainedTokenizerFast, shots: Sequence[Example], examples: Sequence[Example]
) -> list[Example]:
    """Return as many of the worked examples as fit into the context with any request."""
    kept = list(shots)
    while kept:
        longest = max(map(len, base_prompts(tokenizer, examples, kept)))
        if longest + NEW_TOKENS <= CONTEXT:
            break
        kept.pop()
    return kept


def answers(
    model: GPT2LMHeadModel,
    tokenizer: PreTrainedTokenizerFast,
    prompts: Sequence[Sequence[int]],
    *,
    temperature: float = 0.0,
    seed: int = 0,
) -> list[str]:
    """Return the text of the model's answer to each prompt."""
    tokens = generate(
        model, prompts, NEW_TOKENS, temperature=temperature, seed=seed, end=tokenizer.eos_token_id
    )
    return texts(tokenizer, tokens)


def texts(tokenizer: PreTrainedTokenizerFast, responses: Sequence[Sequence[int]]) -> list[str]:
    """Return answers as text, without special tokens."""
    return [tokenizer.decode(r, skip_special_tokens=True).strip() for r in responses]


@dataclass(frozen=True)
class Responses:
    """A tuned model's answers to some requests, and how the labeler judges them.

    All are of the same length: several answers to one request follow each other.

    Parameters
    ----------
    examples : list of Example
        The request of each answer.
    rows : list of lists of int
        Request and answer as tokens, as a reward model reads them (`closed`).
    starts : list of int
        Where in its row each answer begins.
    texts : list of str
    judgements : list of Judgement
    """

    examples: list[Example]
    rows: list[list[int]]
    starts: list[int]
    texts: list[str]
    judgements: list[Judgement]

    @property
    def scores(self) -> list[float]:
        """Return the true score of each answer."""
        return [j.score for j in self.judgements]


def respond(
    model: GPT2LMHeadModel,
    tokenizer: PreTrainedTokenizerFast,
    examples: Sequence[Example],
    *,
    times: int = 1,
    temperature: float = 1.0,
    seed: int = 0,
) -> Responses:
    """Have a tuned model answer each request `times` times and the labeler judge the answers."""
    each, end = [e for e in examples for _ in range(times)], tokenizer.eos_token_id
    prompts = [p for p in chat_prompts(tokenizer, examples) for _ in range(times)]
    tokens = generate(model, prompts, NEW_TOKENS, temperature=temperature, seed=seed, end=end)
    replies = texts(tokenizer, tokens)
    rows = [[*p, *closed(t, end)] for p, t in zip(prompts, tokens, strict=True)]
    return Responses(each, rows, [len(p) for p in prompts], replies, judge(each, replies))


def closed(response: Sequence[int], end: int, most: int = NEW_TOKENS) -> list[int]:
    """Return an answer with its end token, if it came to an end within `most` tokens."""
    return [*response, end] if len(response) < most else list(response)


def judge(examples: Sequence[Example], replies: Sequence[str]) -> list[Judgement]:
    """Return the labeler's judgement of each reply to the last turn of each example."""
    return [
        labeler.judge(example.kind, example.turns[-1], reply)
        for example, reply in zip(examples, replies, strict=True)
    ]


# What is reported: the test of a judgement, and the kinds of requests that it is about.
REPORTED: dict[str, tuple[str, tuple[str, ...]]] = {
    "following": ("right", ("fact", "explain", "harmless", "unknown", "self")),
    "truth": ("right", ("fact", "explain")),
    "polite": ("polite", ("fact", "explain", "harmless")),
    "rude": ("rude", ()),  # of all kinds
    "refusal": ("refuses", ("harmful",)),
    "over_refusal": ("refuses", ("harmless",)),
    "false_premise": ("corrects", ("false premise",)),
}


def counts(
    examples: Sequence[Example], judgements: Sequence[Judgement]
) -> dict[str, tuple[int, int]]:
    """Return (how many, of how many) for each share that `rates` reports."""
    pairs = list(zip(examples, judgements, strict=True))
    among = {
        name: [getattr(j, test) for e, j in pairs if not kinds or e.kind in kinds]
        for name, (test, kinds) in REPORTED.items()
    }
    return {name: (sum(hits), len(hits)) for name, hits in among.items() if hits}


def rates(examples: Sequence[Example], judgements: Sequence[Judgement]) -> dict[str, float]:
    """Return the shares that the course reports (0 to 1) and the mean true score.

    ``following`` is over requests that deserve an answer, ``truth`` over questions for facts,
    ``polite`` over all but refusals and corrections, ``refusal`` over harmful and ``over_refusal``
    over harmless requests, ``false_premise`` over requests with one; a kind that isn't among the
    examples is left out.
    """
    shares = {name: hits / n for name, (hits, n) in counts(examples, judgements).items()}
    return shares | {"true_score": sum(j.score for j in judgements) / len(judgements)}


def measure(
    model: GPT2LMHeadModel,
    tokenizer: PreTrainedTokenizerFast,
    tests: Tests,
    *,
    temperature: float = 1.0,
    seed: int = 0,
    draws: int = 1,
) -> tuple[dict[str, float], list[float]]:
    """Return a tuned model's rates, and the true score of one answer to each mixed request.

    The rates are those of `rates` on the mixed requests, with ``refusal`` and ``over_refusal`` on
    the requests of their own, and both once more as ``refusal_heldout``, ``over_refusal_heldout``.
    Each request is answered `draws` times: the rates are over all answers.
    """
    mixed, harm, heldout = (s * draws for s in (tests.mixed, tests.harm, tests.heldout_harm))
    every = [*mixed, *harm, *heldout]
    done = respond(model, tokenizer, every, temperature=temperature, seed=seed)
    first, second = len(mixed), len(mixed) + len(harm)
    figures = rates(mixed, done.judgements[:first])
    of_harm = rates(harm, done.judgements[first:second])
    new_words = rates(heldout, done.judgements[second:])
    for key in ("refusal", "over_refusal"):
        figures |= {key: of_harm[key], f"{key}_heldout": new_words[key]}
    return figures, done.scores[: len(tests.mixed)]


def wins(first: Sequence[float], second: Sequence[float]) -> tuple[float, float]:
    """Return how often the first of two models has the better answer, and the standard error.

    Parameters
    ----------
    first, second : sequence of float
        The true scores of both models' answers to the same requests. Equal ones count half: the
        labeler, shown both in either order, would take each once.
    """
    shares = [stats.beats(a, b) for a, b in zip(first, second, strict=True)]
    return sum(shares) / len(shares), standard_error(shares)


def first_line(replies: Sequence[str]) -> list[str]:
    """Return what stands before the next line: a base model goes on with the next question."""
    return [reply.split("\n")[0].strip() for reply in replies]


def play(
    model: GPT2LMHeadModel,
    tokenizer: PreTrainedTokenizerFast,
    dialogues: Sequence[Example],
    *,
    temperature: float = 1.0,
    seed: int = 0,
    thanks: int = 1,
) -> list[list[str]]:
    """Return the model's answers to each turn but the thanks, with its own answers as history.

    Where a model's answers grow so long that the context is full, the oldest turns are forgotten.

    Parameters
    ----------
    thanks : int
        How many turns at the end of each dialogue aren't answered.
    """
    room = model.config.n_positions - NEW_TOKENS
    answered: list[list[str]] = [[] for _ in dialogues]
    for turn in range(max(len(d.turns) for d in dialogues) - thanks):
        going = [i for i, d in enumerate(dialogues) if turn < len(d.turns) - thanks]
        parts = []
        for i in going:
            before = [
                replace(t, answer=a) for t, a in zip(dialogues[i].turns, answered[i], strict=False)
            ]
            now = (*before, dialogues[i].turns[turn])
            parts.append(Example("dialogue", now, dialogues[i].system))
        prompts = chat_prompts(tokenizer, parts)
        for i, part in enumerate(parts):
            while len(prompts[i]) > room:
                part = replace(part, turns=part.turns[1:])
                prompts[i] = chat_prompts(tokenizer, [part])[0]
        replies = answers(model, tokenizer, prompts, temperature=temperature, seed=seed + turn)
        for i, reply in zip(going, replies, strict=True):
            answered[i].append(reply)
    return answered


def follows(dialogues: Sequence[Example], answered: Sequence[Sequence[str]]) -> dict[str, float]:
    """Return how well answers keep to their dialogues, over all follow-up questions.

    ``dialogue`` is the share of answers that say what was asked about the person that the dialogue
    is about, true or not; ``dialogue_truth`` the share of those that are right.
    """
    on_topic, right = [], []
    for example, replies in zip(dialogues, answered, strict=True):
        for turn, text in list(zip(example.turns, replies, strict=False))[1:]:
            stated = [labeler.statement(s) for s in labeler.split(text)]
            on_topic.append((turn.subject, turn.attribute) in [s[:2] for s in stated if s])
            right.append(labeler.judge("fact", turn, text).right)
    return {
        "dialogue": sum(on_topic) / len(on_topic),
        "dialogue_truth": sum(right) / len(right),
    }


def in_talk(
    model: GPT2LMHeadModel,
    tokenizer: PreTrainedTokenizerFast,
    talks: Sequence[Example],
    *,
    seed: int = 0,
) -> dict[str, float]:
    """Return how a model answers the last message of each talk, its own answers before it.

    The rates are those of `rates`, as ``refusal_in_talk``, ``over_refusal_in_talk`` and
    ``false_premise_in_talk``.
    """
    played = play(model, tokenizer, talks, seed=seed, thanks=0)
    found = rates(talks, judge(talks, [answered[-1] for answered in played]))
    return {f"{key}_in_talk": found[key] for key in ("refusal", "over_refusal", "false_premise")}
