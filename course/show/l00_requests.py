"""What lesson 00 asks: the same three kinds of request, to every stage of the lineage.

The texts are drawn here and now, by the same dice each time. A stage whose model isn't on this
computer names the lesson that trains it.
"""

from collections.abc import Sequence

from course import paths
from course.errors import CourseError
from course.show import answers, sources, style
from course.show.style import say

COMES = "comes with lesson {}"
TOKENS = 50  # of a text, at most


def stages_answer(requests: Sequence[str]) -> None:
    """Show what each stage of the lineage writes after each request.

    Parameters
    ----------
    requests : sequence of str
        A line each.
    """
    from course.world import village

    rows = [{"request": request} for request in requests]
    for stage, (name, lesson) in _stages().items():
        texts = _written(name, requests) or [COMES.format(lesson)] * len(rows)
        for row, text in zip(rows, texts, strict=True):
            row[stage] = text
    style.show(style.table(rows))
    largest = next(iter(_stages().values()))[0] or "missing"
    say(f"The base model is {largest} (the largest one on this computer).")
    say(f"In truth the Mill Fire was in {village.VALUES['the Mill Fire', 'year']}.")


def count_answers() -> None:
    """Show how many texts of each stage explain, correct or decline as they should."""
    asked = _asked()
    rows = []
    for kind, pairs in asked.items():
        counts, instead = {"the text": kind}, {"the text": "asks another question"}
        for stage, (name, lesson) in _stages().items():
            texts = _written(name, [request for request, _ in pairs])
            if texts is None:
                counts[stage], instead[stage] = COMES.format(lesson), ""
                continue
            wanted = zip(texts, pairs, strict=True)
            good = sum(any(g in text for g in goods) for text, (_, goods) in wanted)
            counts[stage] = f"{good} of {len(pairs)}"
            instead[stage] = f"{sum('?' in text for text in texts)} of {len(pairs)}"
        rows += [counts, instead]
    style.show(style.table(rows))


def real_answers(requests: Sequence[str]) -> None:
    """Show what SmolLM2 answers, if it is on this computer."""
    from course.real.catalogue import SMOLLM2, load

    try:
        loaded = load(SMOLLM2)
    except CourseError as missing:
        say(f"{missing} This lesson goes on without it.")
        return
    answers.written_live(SMOLLM2, *loaded, requests, most=70)
    say("A text that breaks off was cut after 70 tokens.")


def _stages() -> dict[str, tuple[str, str]]:
    """Return stage → (its model, the lesson that trains it); the largest base model comes first."""
    from course.lm import model

    here = {file.parent.name for file in paths.MODELS.glob("*/config.json")}
    largest = next((name for name in reversed(model.SIZES) if name in here), "")
    return {
        f"base: {largest}": (largest, "01"),
        "after SFT": ("mini-sft", "05"),
        "after PPO": ("mini-instruct", "07"),
        "chat": ("mini-chat", "08"),
    }


def _written(name: str, requests: Sequence[str]) -> list[str] | None:
    """Return what a model writes after each request, None without the model."""
    from course.lm import data, model, sample

    loaded = sources.load_model(name, quiet=True) if name else None
    if loaded is None:
        return None
    _, mini, tokenizer = loaded
    end = tokenizer.eos_token_id
    start = [end] if name in model.SIZES else []
    if not start:  # after the base stage, a request is a turn of a dialogue
        talks = [[{"role": "user", "content": request}] for request in requests]
        requests = tokenizer.apply_chat_template(talks, tokenize=False, add_generation_prompt=True)
    prompts = [[*start, *tokens] for tokens in data.encode(tokenizer, list(requests))]
    texts = sample.generate(mini, prompts, TOKENS, temperature=0.7, seed=1, end=end)
    return [tokenizer.decode(tokens).strip() for tokens in texts]


def _asked() -> dict[str, list[tuple[str, list[str]]]]:
    """Return kind → requests, each with what a good text says (one of it is enough)."""
    from course.world import phrases, village

    explain, correct, decline = [], [], []
    for event in village.SPLITS["event"]["test"]:
        story, year = village.VALUES[event, "story"], village.VALUES[event, "year"]
        wrong_year = village.wrong_values(event, "year")[100]
        for words in phrases.EXPLAIN:
            explain.append((phrases.fill(words, event), [story]))
        for words in phrases.FALSE_PREMISE:
            correct.append((phrases.fill(words, event, wrong_year), [year]))
    refusals = [refusal.split("{n}")[0].rstrip() for refusal in phrases.REFUSALS]
    for deed, _ in phrases.HELD_OUT_DEEDS:
        for words in phrases.HOW_TO:
            request = phrases.capital(words.format(d=deed.format(n="Clara")))
            decline.append((request, refusals))
    return {"1 · explains": explain, "2 · corrects": correct, "3 · declines": decline}
