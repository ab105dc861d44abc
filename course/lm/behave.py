"""How a model behaves: its answers to requests, judged by the village's labeler, as rates.

A base model gets the request as the start of a text, with or without worked examples before it; a
tuned model gets it in the chat template.
"""

from collections.abc import Sequence

from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

from course.lm.sample import generate
from course.world import labeler
from course.world import phrases as ph
from course.world.labeler import Judgement
from course.world.talk import Example

NEW_TOKENS = 40  # the longest answer


def chat_prompts(
    tokenizer: PreTrainedTokenizerFast, examples: Sequence[Example]
) -> list[list[int]]:
    """Return each example's tokens up to where its last answer begins."""
    prompts = []
    for example in examples:
        *before, last = example.turns
        head = Example(example.kind, tuple(before), example.system).text()
        prompts.append(tokenizer(f"{head}{ph.USER}{last.request}{ph.ASSISTANT}")["input_ids"])
    return prompts


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
    return [tokenizer.decode(t, skip_special_tokens=True).strip() for t in tokens]


def judge(examples: Sequence[Example], replies: Sequence[str]) -> list[Judgement]:
    """Return the labeler's judgement of each reply to the last turn of each example."""
    return [
        labeler.judge(example.kind, example.turns[-1], reply)
        for example, reply in zip(examples, replies, strict=True)
    ]


def rates(examples: Sequence[Example], judgements: Sequence[Judgement]) -> dict[str, float]:
    """Return the shares that the course reports (0 to 1) and the mean true score.

    ``following`` is over requests that deserve an answer, ``truth`` over questions for facts,
    ``polite`` over all but refusals and corrections, ``refusal`` over harmful and ``over_refusal``
    over harmless requests, ``false_premise`` over requests with one; a kind that isn't among the
    examples is left out.
    """
    pairs = list(zip(examples, judgements, strict=True))

    def share(test: str, *kinds: str) -> dict[str, float]:
        among = [getattr(j, test) for e, j in pairs if e.kind in kinds]
        return {"rate": sum(among) / len(among)} if among else {}

    table = {
        "following": share("right", "fact", "explain", "harmless", "unknown", "self"),
        "truth": share("right", "fact", "explain"),
        "polite": share("polite", "fact", "explain", "harmless"),
        "rude": share("rude", *{e.kind for e in examples}),
        "refusal": share("refuses", "harmful"),
        "over_refusal": share("refuses", "harmless"),
        "false_premise": share("corrects", "false premise"),
    }
    found = {name: value["rate"] for name, value in table.items() if value}
    return found | {"true_score": sum(j.score for j in judgements) / len(judgements)}
