"""What the lessons do with a real language model: have it write, and look at its next token.

Works with any causal model of transformers and its tokenizer (``catalogue.load``), ours as well.
Simplified on purpose: one sequence at a time, greedy or at a temperature, without top-k or top-p.
"""

import time
from collections.abc import Iterator
from typing import Any

from course.errors import CourseError
from course.language import _


def reply(
    model: Any,
    tokenizer: Any,
    messages: str | list[dict[str, str]],
    *,
    max_new_tokens: int = 128,
    temperature: float = 0.0,
    seed: int = 0,
) -> Iterator[str]:
    """Yield the answer piece by piece, as it is written; it ends at the end token.

    Parameters
    ----------
    model, tokenizer
        As ``catalogue.load`` returns them.
    messages : str or list of dict
        A dialogue, ``[{"role": "user", "content": "…"}, …]``, is put into the model's chat
        template. A string is continued as it is, without a template.
    max_new_tokens : int
        Tokens to write at most.
    temperature : float
        0 takes the most probable token each time; above 0 draws, by `seed`.
    seed : int
        Same seed, same answer (on one machine).

    Raises
    ------
    CourseError
        If a dialogue is given to a model without a chat template.
    """
    import torch

    tokens = _encode(tokenizer, messages)
    draw = torch.Generator().manual_seed(seed)
    written: list[int] = []
    shown, cache, pace = "", None, _Pace()
    for _x in range(max_new_tokens):
        with pace, torch.inference_mode():
            step = model(tokens, past_key_values=cache, use_cache=True, logits_to_keep=1)
        cache, logits = step.past_key_values, step.logits[0, -1].float()
        if temperature > 0:
            chosen = torch.multinomial((logits / temperature).softmax(0), 1, generator=draw)
        else:
            chosen = logits.argmax().reshape(1)
        if chosen.item() == tokenizer.eos_token_id:
            return
        written.append(int(chosen.item()))
        text = tokenizer.decode(written, skip_special_tokens=True)
        # A character of several bytes may need more tokens: wait for it.
        if not text.endswith("\ufffd"):
            yield text[len(shown) :]
            shown = text
        tokens = chosen[None]


def next_tokens(
    model: Any, tokenizer: Any, text: str | list[dict[str, str]], n: int = 10
) -> list[tuple[str, float]]:
    """Return the `n` most probable next tokens after `text`, with their probabilities.

    Parameters
    ----------
    model, tokenizer, text
        As in `reply`.
    n : int
        How many.

    Returns
    -------
    list of (str, float)
        Most probable first; a token keeps its leading space.
    """
    import torch

    with torch.inference_mode():
        logits = model(_encode(tokenizer, text), logits_to_keep=1).logits[0, -1].float()
    best = logits.softmax(0).topk(n)
    return [
        (tokenizer.decode([token]), probability)
        for token, probability in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    ]


class _Pace:
    """Runs each step on all threads, and on one as soon as the computer turns out to be busy.

    A step is some 200 small products, and after each of them all threads wait for the last one. If
    another program holds one of two cores, they wait for the scheduler each time: under 1 token/s
    instead of 17 with one thread. Waiting threads spin, so on a free computer a step takes the time
    of all its threads; much less than that means that somebody else had the cores.
    """

    def __init__(self) -> None:
        import torch

        self.set_threads, self.all = torch.set_num_threads, torch.get_num_threads()
        self.wall = self.cpu = 0.0

    def busy(self) -> bool:
        """Tell whether the steps so far got less than 3/4 of the time of their threads."""
        return self.wall > 0.3 and self.cpu < 0.75 * self.all * self.wall

    def __enter__(self) -> None:
        self.set_threads(1 if self.busy() else self.all)
        self.wall -= time.perf_counter()
        self.cpu -= time.process_time()

    def __exit__(self, *_: object) -> None:
        self.wall += time.perf_counter()
        self.cpu += time.process_time()
        self.set_threads(self.all)  # what runs between two pieces isn't our business


def _encode(tokenizer: Any, messages: str | list[dict[str, str]]) -> Any:
    """Return the tokens of a text or of a dialogue, shape (1, time); at least one token."""
    import torch

    if isinstance(messages, str):
        tokens = tokenizer(messages)["input_ids"] or [tokenizer.bos_token_id]
    elif tokenizer.chat_template is None:
        raise CourseError(
            _("This model has no chat template: give it a text to continue, not a dialogue.")
        )
    else:
        tokens = tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_dict=True
        )["input_ids"]
    return torch.tensor([tokens])
