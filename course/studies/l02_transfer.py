"""Transfer with text, and the record of lesson 02: a linear head on what another model has learned.

Three ways to turn a note into numbers: the words in it, and nothing else; the token vectors of
mini-babbage, learned by guessing the next token; and MiniLM, a sentence encoder from the Hub. The
same closed-form head (scikit-learn's) stands on each. Made by ``course lineage --stage transfer
--save``. Left out on purpose: training the encoder on (lesson 03), and a search for the best head:
its strength was chosen once, while looking at such notes.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from course.lm import model
from course.lm.threads import one_thread
from course.real import catalogue
from course.stages.context import Run
from course.stages.stage import Figures, Work
from course.studies import l02_digits as digits
from course.world import notes

LABELS = (8, 16, 32, 64, 128, 256)
POOL, TESTED, SEEDS, TRIALS = 400, 400, 10, 12
STRENGTH = 0.1  # of the head's ridge
BABBAGE = "mini-babbage"
# The first is compared with the others: alike in meaning, alike in words, neither.
SENTENCES = (
    "The kitten is asleep.",
    "A young cat takes a nap.",
    "The kitten is expensive.",
    "Snow fell on the bridge.",
)

Vectors = Callable[[Sequence[str]], NDArray[np.float64]]


def pooled(hidden: Tensor, mask: Tensor) -> Tensor:
    """Return the mean of the real tokens' vectors, of length 1; shape (batch, width)."""
    weights = mask / mask.sum(1, keepdim=True)
    return torch.nn.functional.normalize(torch.einsum("btw,bt->bw", hidden, weights), dim=1)


def minilm() -> Vectors:
    """Return MiniLM as a function from texts to vectors, shape (texts, 384).

    Raises
    ------
    CourseError
        If it isn't on this computer.
    """
    encoder, tokenizer = catalogue.load(catalogue.MINILM)

    def vectors(texts: Sequence[str]) -> NDArray[np.float64]:
        found = []
        for start in range(0, len(texts), 64):
            batch = tokenizer(
                list(texts[start : start + 64]), padding=True, truncation=True, return_tensors="pt"
            )
            with torch.no_grad():
                hidden = encoder(**batch).last_hidden_state
            found.append(pooled(hidden, batch["attention_mask"].float()))
        return torch.cat(found).double().numpy()

    return vectors


def token_vectors(name: str = BABBAGE) -> Vectors:
    """Return the mean of a base model's token embeddings as a function from texts to vectors."""
    base, tokenizer = model.load(name)
    table = base.get_input_embeddings().weight.detach().float()

    def vectors(texts: Sequence[str]) -> NDArray[np.float64]:
        rows = [table[tokenizer(text)["input_ids"]].mean(0) for text in texts]
        return torch.nn.functional.normalize(torch.stack(rows), dim=1).double().numpy()

    return vectors


def head(features: Any, topics: NDArray[np.int64], tested: Any) -> NDArray[np.int64]:
    """Fit the linear head in closed form and return the topics that it gives to `tested`."""
    from sklearn.linear_model import RidgeClassifier

    return RidgeClassifier(STRENGTH).fit(features, topics).predict(tested)


def drawn(topics: NDArray[np.int64], count: int, seed: int) -> NDArray[np.int64]:
    """Return the numbers of `count` notes that get a label, the same number of each topic."""
    order = np.random.default_rng(seed).permutation(len(topics))
    each = count // len(notes.TOPICS)
    return np.concatenate([order[topics[order] == t][:each] for t in range(len(notes.TOPICS))])


def sort_notes(
    ways: dict[str, Vectors], seeds: int = SEEDS, labels: Sequence[int] = LABELS
) -> dict[str, Any]:
    """Sort new notes with each way, from each number of labels.

    Parameters
    ----------
    ways : dict
        Name → function from texts to vectors. ``words`` is always added: TF-IDF of the labelled
        notes' own words.

    Returns
    -------
    dict
        ``labels``; ``accuracy``: way → for each seed the accuracies; ``vector_seconds``: way →
        seconds for the vectors of all notes; ``tested``, ``topics``.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    pool, new = notes.notes(POOL, 1), notes.notes(TESTED, 2)
    texts, asked = [t for t, _ in pool], [t for t, _ in new]
    topics, truth = (np.array([t for _, t in part]) for part in (pool, new))
    features, seconds = {}, {}
    for name, vectors in ways.items():
        start = time.perf_counter()
        found, tested = vectors(texts), vectors(asked)
        seconds[name] = round(time.perf_counter() - start, 2)
        scale = float(found.std(0).mean() * np.sqrt(found.shape[1]))  # one strength fits all
        features[name] = found / scale, tested / scale
    accuracy: dict[str, list[list[float]]] = {name: [] for name in ("words", *ways)}
    for seed in range(seeds):
        chosen = [drawn(topics, n, seed) for n in labels]
        line = []
        for rows in chosen:
            counted = TfidfVectorizer()
            seen = counted.fit_transform([texts[i] for i in rows])
            said = head(seen, topics[rows], counted.transform(asked))
            line.append(float(np.mean(said == truth)))
        accuracy["words"].append(line)
        for name, (found, tested) in features.items():
            each = [head(found[rows], topics[rows], tested) for rows in chosen]
            accuracy[name].append([float(np.mean(said == truth)) for said in each])
    return {
        "labels": list(labels),
        "accuracy": rounded(accuracy),
        "vector_seconds": seconds,
        "tested": TESTED,
        "topics": list(notes.TOPICS),
    }


def trials(seeds: int = TRIALS) -> Iterator[digits.Trial]:
    """Yield the trials with pictures, one seed after the other; one thread is quickest for them."""
    for seed in range(1, seeds + 1):
        with one_thread():
            done = digits.trial(seed)
        yield done


def rounded(figures: Any) -> Any:
    """Return figures with four digits behind the point, which is more than they are sure of."""
    if isinstance(figures, dict):
        return {key: rounded(value) for key, value in figures.items()}
    if isinstance(figures, list | tuple):
        return [rounded(value) for value in figures]
    return round(figures, 4) if isinstance(figures, float) else figures


def pictures(done: Sequence[digits.Trial]) -> dict[str, Any]:
    """Return trials as figures: what `course.show.l02_transfer` draws."""
    return {
        "old": list(digits.OLD),
        "new": list(digits.NEW),
        "labels": list(digits.LABELS),
        "watched": digits.WATCHED,
        "tested": digits.TESTED,
        "trials": [rounded(asdict(t)) for t in done],
    }


def alike(vectors: Vectors, sentences: Sequence[str] = SENTENCES) -> list[float]:
    """Return the cosine of the first sentence with each of the others."""
    first, *others = vectors(sentences)
    return [float(first @ other) for other in others]


def study(_: Run) -> Figures:
    """Measure all that lesson 02 shows; needs MiniLM on this computer."""
    start = time.perf_counter()
    ways = {BABBAGE: token_vectors(), catalogue.MINILM: minilm()}
    sorted_notes = sort_notes(ways)
    found = {
        "pictures": pictures(list(trials())),
        "notes": sorted_notes,
        "sentences": list(SENTENCES),
        "cosines": rounded(alike(ways[catalogue.MINILM])),
    }
    last = {way: np.mean(lines, 0) for way, lines in sorted_notes["accuracy"].items()}
    done = found["pictures"]["trials"]
    few = {way: np.mean([t["accuracy"][way] for t in done], 0) for way in digits.WAYS}
    at = digits.LABELS.index(digits.WATCHED)
    return found | {
        "gain_pictures": float(few["frozen"][at] - few["scratch"][at]),
        "gain_notes": float(last[catalogue.MINILM][0] - last["words"][0]),
        "seconds": round(time.perf_counter() - start, 1),
    }


WORK = Work(study)
