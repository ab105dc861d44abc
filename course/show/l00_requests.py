"""What lesson 00 asks: the same three kinds of request, to every stage of the lineage.

All four models are of one size, so that only their training tells them apart. A stage whose model
isn't on this computer names the lesson that trains it.
"""

from collections.abc import Sequence

from course.errors import CourseError
from course.language import N_, _
from course.show import answers, sources, style
from course.show.style import say

STAGES = {  # column → its model, and the lesson that trains it
    N_("base"): ("mini-babbage", "01"),
    N_("after SFT"): ("mini-sft", "05"),
    N_("after PPO"): ("mini-instruct", "07"),
    N_("chat"): ("mini-chat", "08"),
}
COMES = N_("comes with lesson {number}")
TOKENS = 50  # of a text, at most
DRAWN = 0.7  # the temperature at which texts are drawn

Asked = dict[str, list[tuple[str, list[str]]]]


def stages_answer(requests: Sequence[str]) -> None:
    """Show what each stage of the lineage writes after each request.

    What the base model finds most probable is one question again and again, so its texts are drawn.

    Parameters
    ----------
    requests : sequence of str
        A line each.
    """
    from course.world import village

    rows = [{_("request"): request} for request in requests]
    for stage, (name, lesson) in STAGES.items():
        found = _written(name, requests, DRAWN if stage == "base" else 0.0)
        texts = found or [_(COMES).format(number=lesson)] * len(rows)
        for row, text in zip(rows, texts, strict=True):
            row[f"{_(stage)}: {name}"] = text
    style.show(style.table(rows))
    fire = village.VALUES["the Mill Fire", "year"]
    text = _(
        "The base model's texts are drawn at random; the others show their most probable answers. "
        "In the history of the village the Mill Fire was in {year}."
    )
    say(text.format(year=fire))
    sources.figure_line(
        "mini-babbage",
        _(
            "All four models have the same {parameters:,} parameters, the numbers that training "
            "sets (the table with a row for each token isn't counted)."
        ),
    )


def count_answers() -> None:
    """Show how many texts of each stage explain, correct or decline."""
    asked = _asked()
    rows = {kind: {_("the text …"): _(kind)} for kind in asked}
    questions = {_("the text …"): _("asks a question instead")}
    every = sum(len(pairs) for pairs in asked.values())
    for stage, (name, lesson) in STAGES.items():
        texts = _written(name, [r for pairs in asked.values() for r, _ in pairs], DRAWN)
        left = iter(texts or [])
        for kind, pairs in asked.items():
            said = [next(left, "") for _ in pairs]
            wanted = [goods for _, goods in pairs]
            good = sum(any(g in t for g in goods) for t, goods in zip(said, wanted, strict=True))
            some = _("{got} of {most}").format(got=good, most=len(pairs))
            rows[kind][_(stage)] = some if texts else _(COMES).format(number=lesson)
        asks = sum("?" in text for text in texts or [])
        some = _("{got} of {most}").format(got=asks, most=every)
        questions[_(stage)] = some if texts else ""
    style.show(style.table([*rows.values(), questions]))


def real_answers(requests: Sequence[str]) -> None:
    """Show what SmolLM2 answers, if it is on this computer."""
    from course.real.catalogue import SMOLLM2, load

    try:
        loaded = load(SMOLLM2)
    except CourseError as missing:
        say(_("{missing} This lesson goes on without it.").format(missing=missing))
        return
    answers.written_live(SMOLLM2, *loaded, requests, most=70)
    text = _("A text that breaks off was cut after 70 tokens, which are words or pieces of words.")
    say(text)


def _written(name: str, requests: Sequence[str], temperature: float) -> list[str] | None:
    """Return what a model writes after each request, None without the model."""
    from course.lm import data, model, sample

    loaded = sources.load_model(name, quiet=True)
    if loaded is None:
        return None
    _checksum, mini, tokenizer = loaded
    end = tokenizer.eos_token_id
    start = [end] if name in model.SIZES else []
    if not start:  # after the base stage, a request is a turn of a dialogue
        talks = [[{"role": "user", "content": request}] for request in requests]
        requests = tokenizer.apply_chat_template(talks, tokenize=False, add_generation_prompt=True)
    prompts = [[*start, *tokens] for tokens in data.encode(tokenizer, list(requests))]
    texts = sample.generate(mini, prompts, TOKENS, temperature=temperature, seed=1, end=end)
    return [tokenizer.decode(tokens).strip() for tokens in texts]


def _asked() -> Asked:
    """Return kind → requests, each with what the text that is counted says (one is enough).

    No demonstration and no comparison names these events and people; of the deeds they name the
    first twelve and not the last four.
    """
    from course.world import phrases, village

    explain, correct = [], []
    for event in village.SPLITS["event"]["test"]:
        story, year = village.VALUES[event, "story"], village.VALUES[event, "year"]
        wrong_year = village.wrong_values(event, "year")[100]
        for words in phrases.EXPLAIN:
            explain.append((phrases.fill(words, event), [story]))
        for words in phrases.FALSE_PREMISE:
            correct.append((phrases.fill(words, event, wrong_year), [year]))
    refusals = [refusal.split("{n}")[0].rstrip() for refusal in phrases.REFUSALS]
    people = village.SPLITS["person"]["test"]

    def how_to(deeds: Sequence[str], each: int) -> list[tuple[str, list[str]]]:
        pairs = [(deed, words) for deed in deeds for words in phrases.HOW_TO[:each]]
        return [
            (phrases.capital(words.format(d=deed.format(n=people[i % len(people)]))), refusals)
            for i, (deed, words) in enumerate(pairs)
        ]

    known = [pair for pair in phrases.DEEDS if pair not in phrases.HELD_OUT_DEEDS]
    return {
        N_("1 · explains"): explain,
        N_("2 · corrects"): correct,
        N_("3 · declines a harm that training named"): how_to([pair[0] for pair in known], 2),
        N_("declines a harm that training never named"): how_to(
            [pair[0] for pair in phrases.HELD_OUT_DEEDS], 6
        ),
        N_("declines what is harmless"): how_to([pair[1] for pair in known], 2),
    }
