"""The league: all models of the lineage answer the same requests, and the labeler compares.

Three things come out of it: the course's three comparisons as rates (does a model follow an
instruction, correct a false premise, decline harm?), the wins of each model over each other one,
shown to the labeler in both orders, and one rating for each model (Bradley-Terry, on the scale of
Elo). All with intervals.

What we planted: of two equally good answers our labeler takes the one that it sees first. So the
order matters, and a swap of the places takes that out again.
"""

import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize
from tqdm import tqdm
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from course import stats
from course.language import N_
from course.lm import evals, model
from course.lm.data import encode
from course.stages.context import Run
from course.stages.headline import polite_shots
from course.stages.stage import LINEAGE, Figures, Table, Work, models
from course.world import demonstrate
from course.world.talk import Example

PAIRED = 300  # requests that all models answer, for the wins
ASKED = 200  # requests for each rate
ROUNDS = 400  # of the bootstrap
MIDDLE, SCALE = 1000.0, 400 / np.log(10)  # of ratings: their mean, and points for each nat
EXAMPLES = 2  # requests of each comparison whose answers are shown
COMPARED = ("instruction", "false premise", "harmful", "harmless")
WORDED = (N_("known words"), N_("new wording"), N_("new deeds"))


@dataclass(frozen=True)
class Entrant:
    """A model, and how it is asked: in the chat "template", or as a bare "text" or with "shots"."""

    name: str
    model: str
    how: str = "template"


def entrants(table: Table = LINEAGE) -> tuple[Entrant, ...]:
    """Return the models of a table that play, each in the ways in which it is asked."""
    return tuple(
        Entrant(f"{name}, few-shot" if how == "shots" else name, name, how)
        for name, made in models(table).items()
        for how in made.league
    )


ENTRANTS = entrants()


def comparisons(split: str = "test", count: int = ASKED) -> dict[str, list[Example]]:
    """Return the requests of the three comparisons, by their name, from the people of `split`.

    ``instruction`` are questions and requests to explain; ``false premise``; ``harmful``, and
    ``harmless`` ones that look alike.
    """
    kinds = {"instruction": {"fact": 0.5, "explain": 0.5}}
    return {
        name: list(demonstrate.requests(count, split, 78_000 + i, mix=kinds.get(name, {name: 1.0})))
        for i, name in enumerate(COMPARED)
    }


def wordings(split: str = "test", count: int = ASKED) -> dict[str, list[Example]]:
    """Return harmful and harmless requests, as many of each, in three kinds of words.

    ``known words`` are those of the training; ``new wording`` puts the known deeds in sentences
    that no tuning stage has seen; ``new deeds`` are harms that no stage was told of.
    """
    mix = {"harmful": 0.5, "harmless": 0.5}
    options: tuple[dict[str, Any], ...] = ({}, {"held_out": True}, {"new_deeds": True})
    return {
        name: list(demonstrate.requests(2 * count, split, 79_000 + i, mix=mix, **how))
        for i, (name, how) in enumerate(zip(WORDED, options, strict=True))
    }


def rate(hits: Iterable[bool]) -> dict[str, Any]:
    """Return the share of true `hits`, its 95% interval (Wilson 1927), and how many there were."""
    found = [bool(hit) for hit in hits]
    if not found:
        return {"rate": None, "interval": None, "count": 0}
    true, n = sum(found), len(found)
    return {"rate": true / n, "interval": list(stats.interval(true, n)), "count": n}


def answers(
    entrant: Entrant,
    loaded: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    asked: Sequence[Example],
    *,
    shots: Sequence[Example] = (),
    seed: int = 1,
) -> list[str]:
    """Return an entrant's answers, as the course measures them everywhere.

    A base model's are its most probable ones, up to the end of the line; a tuned model's are drawn
    at temperature 1.
    """
    if entrant.how == "template":
        prompts = evals.chat_prompts(tokenizer, asked)
        return evals.answers(loaded, tokenizer, prompts, temperature=1.0, seed=seed)
    prompts = evals.base_prompts(tokenizer, asked, shots if entrant.how == "shots" else ())
    return evals.first_line(evals.answers(loaded, tokenizer, prompts))


def three_rates(asked: Mapping[str, Sequence[Example]], said: Mapping[str, Sequence[str]]) -> dict:
    """Return the rates of the three comparisons, with intervals.

    Parameters
    ----------
    asked : dict
        From `comparisons`.
    said : dict
        The answers, by the same names.
    """
    found = {name: evals.judge(asked[name], said[name]) for name in asked}
    return {
        "follows": rate(j.right for j in found["instruction"]),
        "asks back": rate("?" in text for text in said["instruction"]),
        "corrects": rate(j.corrects for j in found["false premise"]),
        "declines harm": rate(j.refuses for j in found["harmful"]),
        "declines the harmless": rate(j.refuses for j in found["harmless"]),
    }


def refusals(asked: Mapping[str, Sequence[Example]], said: Mapping[str, Sequence[str]]) -> dict:
    """Return for each kind of words the rates of refusal and over-refusal, with intervals.

    Parameters
    ----------
    asked : dict
        From `wordings`.
    said : dict
        The answers, by the same names.
    """
    table = {}
    for name, examples in asked.items():
        judged = list(zip(examples, evals.judge(examples, said[name]), strict=True))
        table[name] = {
            key: rate(j.refuses for e, j in judged if e.kind == kind)
            for key, kind in (("refusal", "harmful"), ("over-refusal", "harmless"))
        }
    return table


def first_wins(scores: np.ndarray) -> np.ndarray:
    """Return for each pair and request whether the one that stands first is taken.

    Parameters
    ----------
    scores : ndarray of float, shape (models, requests)
        True scores of the answers.

    Returns
    -------
    ndarray of bool, shape (models, models, requests)
        At [i, j]: the labeler sees model i's answer first, then model j's, and takes i's. Of two
        equally good answers it takes the first.
    """
    return scores[:, None] >= scores[None, :] - 1e-9


def ratings(points: np.ndarray, games: float) -> np.ndarray:
    """Return Bradley-Terry ratings on the scale of Elo, with mean 1000.

    Each pair of models also plays one imaginary game that nobody wins, so that a model that has won
    every game has a rating too.

    Parameters
    ----------
    points : ndarray of float, shape (models, models)
        Share of the games that the row's model won against the column's, ties half.
    games : float
        How many games each pair has played.

    Returns
    -------
    ndarray of float, shape (models,)
        400 points more mean ten wins for each loss.

    References
    ----------
    Bradley and Terry 1952.
    """
    won = games * points + 0.5
    np.fill_diagonal(won, 0.0)

    def cost(strength: np.ndarray) -> tuple[float, np.ndarray]:
        gap = strength[:, None] - strength[None, :]
        value = (won * np.logaddexp(0, -gap)).sum()
        slope = won / (1 + np.exp(gap))  # how much a win surprises
        return float(value), slope.sum(0) - slope.sum(1)

    best = minimize(cost, np.zeros(len(won)), jac=True, method="L-BFGS-B").x
    return MIDDLE + SCALE * (best - best.mean())


def standings(names: Sequence[str], scores: np.ndarray, seed: int = 1) -> dict[str, Any]:
    """Return who wins how often over whom, and the ratings, with bootstrap intervals.

    The bootstrap draws requests: all models answer the same ones, so they are drawn together.

    Parameters
    ----------
    names : sequence of str
    scores : ndarray of float, shape (models, requests)
        True scores of the answers to the same requests.
    seed : int
        Of the bootstrap.
    """
    first, count = first_wins(scores).astype(float), scores.shape[1]
    points = (first + 1 - first.swapaxes(0, 1)) / 2  # the mean over both orders
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(count, np.full(count, 1 / count), size=ROUNDS) / count
    drawn = np.einsum("rk,ijk->rij", weights, points)
    rated = np.array([ratings(each, count) for each in drawn])

    def between(values: np.ndarray) -> list[Any]:
        return np.moveaxis(np.quantile(values, [0.025, 0.975], axis=0), 0, -1).tolist()

    return {
        "names": list(names),
        "requests": count,
        "wins": points.mean(-1).tolist(),
        "wins_intervals": between(drawn),
        "wins_first": first.mean(-1).tolist(),
        "ties": (np.abs(scores[:, None] - scores[None]) < 1e-9).mean(-1).tolist(),
        "ratings": ratings(points.mean(-1), count).tolist(),
        "ratings_intervals": between(rated),
    }


def say_of_itself(
    loaded: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    questions: Sequence[str],
    draws: int,
) -> dict[str, list[str]]:
    """Return a tuned model's answers to each question about itself, drawn at temperature 1."""
    talks = [[{"role": "user", "content": q}] for q in questions for _ in range(draws)]
    texts = tokenizer.apply_chat_template(talks, tokenize=False, add_generation_prompt=True)
    prompts = encode(tokenizer, texts)
    said = evals.answers(loaded, tokenizer, prompts, temperature=1.0, seed=5)
    return {q: said[i * draws : (i + 1) * draws] for i, q in enumerate(questions)}


def play(
    load: Any,
    shots: Sequence[Example],
    *,
    entrants: Sequence[Entrant] = ENTRANTS,
    split: str = "test",
    paired: int = PAIRED,
    asked: int = ASKED,
    seed: int = 1,
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Let the entrants answer, one after the other; yield who is done, and at last the standings.

    Parameters
    ----------
    load : callable
        Name of a model → (model, tokenizer).
    shots : sequence of Example
        Worked examples for those that are asked with "shots".
    entrants : sequence of Entrant
    split : str
        Whose people the requests are about.
    paired, asked : int
        Requests for the wins, and for each rate.
    seed : int
        Of the draws.

    Yields
    ------
    (str, dict)
        The entrant's name with its rates; at the end ``("", standings)``.
    """
    sets = {
        "paired": list(evals.asked_in(split, evals.REQUESTS).mixed[:paired]),
        **comparisons(split, asked),
        **wordings(split, asked // 2),
    }
    scores, shown = [], list(_examples(sets))
    rows = [{"kind": e.kind, "request": e.turns[-1].request, "answers": {}} for e in shown]
    for entrant in entrants:
        begin, tuned = time.perf_counter(), entrant.how == "template"
        loaded, tokenizer = load(entrant.model)
        # How it declines in other words is asked only of a model that can decline at all.
        mine = {name: some for name, some in sets.items() if tuned or name not in WORDED}
        every = [example for some in mine.values() for example in some]
        fitting = evals.fitting(tokenizer, shots, every) if entrant.how == "shots" else ()
        texts = iter(answers(entrant, loaded, tokenizer, every, shots=fitting, seed=seed))
        said = {name: [next(texts) for _ in some] for name, some in mine.items()}
        judged = evals.judge(sets["paired"], said["paired"])
        scores.append([round(j.score, 6) for j in judged])
        for row, text in zip(rows, _examples(said), strict=True):
            row["answers"][entrant.name] = text
        figures = {
            "model": entrant.model,
            "how": entrant.how,
            "parameters": model.parameters(loaded),
            "shots": len(fitting),
            "rates": three_rates({name: sets[name] for name in COMPARED}, said),
            "true_score": float(np.mean(scores[-1])),
            "seconds": round(time.perf_counter() - begin, 1),
        }
        if tuned:
            figures["refusals"] = refusals({name: sets[name] for name in WORDED}, said)
        yield entrant.name, figures
    yield "", standings([e.name for e in entrants], np.array(scores), seed) | {"examples": rows}


def _examples(sets: Mapping[str, Sequence[Any]]) -> Iterator[Any]:
    """Yield the first few of each of the three comparisons."""
    for name in COMPARED[:3]:
        yield from sets[name][:EXAMPLES]


def study(run: Run) -> Figures:
    """Play the league as a stage of `course lineage`; return its figures."""
    begin, playing = time.perf_counter(), entrants(run.table)
    done = play(
        lambda name: (run.get(name), run.tokenizer),
        polite_shots(run),
        entrants=playing,
        split=run.split,
        seed=run.seed,
    )
    table = {}
    with tqdm(total=len(playing), desc="league", unit="model", file=sys.stderr) as bar:
        for name, figures in done:
            bar.update(bool(name))
            bar.set_postfix_str(name)
            table[name] = figures
    standing = table.pop("")
    return {
        "models": table,
        **standing,
        "asked": ASKED,
        "seed": run.seed,
        "seconds": round(time.perf_counter() - begin, 1),
    }


WORK = Work(study)
