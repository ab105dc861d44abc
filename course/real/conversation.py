"""A conversation with a model: its history, its answers piece by piece, stop and restart.

A model has no memory: with each message it reads the whole conversation again, as one text. So the
conversation is kept here, and once it outgrows the model's context the oldest turns are left out
of what the model reads (they stay in ``messages``, for the person). The system line is always
kept. A base model has no turns: it reads everything said so far as lines of one text.

Left out on purpose: several conversations at once, editing what was said, and a summary in place of
the turns that are left out. The view with buttons is `course.show.chatbox`.
"""

import json
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from course import paths
from course.errors import CourseError
from course.language import _
from course.lm import evals, model
from course.lm.data import encode
from course.real import catalogue
from course.real import reply as pretrained

Message = dict[str, str]

REAL_TOKENS = 120  # the longest answer of a real model
REAL_WINDOW = 1024  # it could read more, but a laptop would take its time over it


def plain(tokenizer: Any, text: str) -> str:
    """Return `text` without special tokens: nobody should speak for the model by typing them."""
    markers = [token for token in tokenizer.get_added_vocab() if token.strip()]
    while any(marker in text for marker in markers):
        for marker in markers:
            text = text.replace(marker, " ")
    return text.strip()


class Chat:
    """One conversation.

    Parameters
    ----------
    name : str
        One of ours, or a real one.
    system : str
        A line that comes before the conversation and is never cut. A base model reads it as the
        first line of its text.
    temperature : float
        0 takes the most probable token each time; 1 draws from the model's distribution.
    seed : int
        Of the draws; the same conversation with the same seed gives the same answers.
    new_tokens : int, optional
        The longest answer.
    keep : Path, optional
        A file that holds the conversation after each change, so that it comes back after a restart
        of the kernel.
    loaded : (model, tokenizer), optional
        As ``catalogue.load`` returns them; loaded by `name` if left out.

    Attributes
    ----------
    messages : list of dict
        ``role`` ("user" or "assistant") and ``content``, in turn.
    left_out : int
        How many of the oldest messages the model didn't read for its last answer.

    Raises
    ------
    CourseError
        If there is no such model, or it writes no text.
    """

    def __init__(
        self,
        name: str,
        *,
        system: str = "",
        temperature: float = 0.7,
        seed: int = 1,
        new_tokens: int | None = None,
        keep: Path | None = None,
        loaded: tuple[Any, Any] | None = None,
    ) -> None:
        ours = name.startswith("mini-")
        self.name, self.temperature, self.seed, self.keep = name, temperature, seed, keep
        self.model, self.tokenizer = loaded or (model.load(name) if ours else catalogue.load(name))
        if not hasattr(self.model, "lm_head"):
            raise CourseError(
                _("{name} writes no text: choose a model that does, such as mini-chat.").format(
                    name=name
                )
            )
        self.base = name in model.SIZES
        self.new_tokens = new_tokens or (evals.NEW_TOKENS if ours else REAL_TOKENS)
        self.window = min(self.model.config.max_position_embeddings, REAL_WINDOW)
        self.system = plain(self.tokenizer, system)
        self.left_out = 0
        self._stop = threading.Event()
        self.messages: list[Message] = self._kept()

    def say(self, text: str) -> str:
        """Send a message and return the whole answer; arguments and errors as in `stream`."""
        return "".join(self.stream(text)).strip()

    def stream(self, text: str) -> Iterator[str]:
        """Send a message and return the pieces of the answer, as they are written.

        Message and answer are in ``messages`` at once; an answer that is stopped, or whose pieces
        nobody takes any more, stays there as far as it came.

        Parameters
        ----------
        text : str
            What the person says. Special tokens in it are taken out.

        Raises
        ------
        CourseError
            If there is nothing in it, or it doesn't fit into the context even alone. The
            conversation stays as it was.
        """
        text = plain(self.tokenizer, text)
        if not text:
            raise CourseError(_("The message is empty: write something, then send it."))
        asked = [*self.messages, {"role": "user", "content": text}]
        read = self.fitted(asked)
        self.left_out = len(asked) - len(read)
        self._stop.clear()
        self.messages = [*asked, {"role": "assistant", "content": ""}]
        return self._write(read, self.messages)

    def stop(self) -> None:
        """End the answer that is being written, after the piece at hand."""
        self._stop.set()

    def restart(self) -> None:
        """Forget the conversation; the system line stays."""
        self.stop()
        self.messages, self.left_out = [], 0
        self._save()

    def fitted(self, messages: Sequence[Message]) -> list[Message]:
        """Return the messages that the model can read, the oldest turns left out.

        A turn is a message and the answer to it: they go together, so that no answer is left
        without its question.

        Raises
        ------
        CourseError
            If the last message alone is too long.
        """
        room, read = self.window - self.new_tokens, list(messages)
        while (length := self.length(read)) > room:
            if len(read) == 1:
                raise CourseError(
                    _(
                        "The message takes {length} tokens and {name} can read {room} and "
                        "still answer: shorten it. The conversation is kept."
                    ).format(length=length, name=self.name, room=room)
                )
            read = read[2:]
        return read

    def length(self, messages: Sequence[Message]) -> int:
        """Return how many tokens the model reads for `messages`, the system line included."""
        prompt = self._prompt(messages)
        if not isinstance(prompt, str):
            prompt = self.tokenizer.apply_chat_template(
                prompt, tokenize=False, add_generation_prompt=True
            )
        return len(encode(self.tokenizer, [prompt])[0])

    def _prompt(self, messages: Sequence[Message]) -> str | list[Message]:
        """Return what the model reads: a dialogue, or for a base model one text."""
        if not self.base:
            head = [{"role": "system", "content": self.system}] if self.system else []
            return [*head, *messages]
        lines = [self.system, *(message["content"] for message in messages)]
        return self.tokenizer.eos_token + "".join(f"{line}\n" for line in lines if line)

    def _write(self, read: Sequence[Message], messages: list[Message]) -> Iterator[str]:
        pieces = pretrained.reply(
            self.model,
            self.tokenizer,
            self._prompt(read),
            max_new_tokens=self.new_tokens,
            temperature=self.temperature,
            seed=self.seed + len(messages),
        )
        try:
            for piece in pieces:
                if self._stop.is_set():
                    break
                messages[-1]["content"] += piece
                yield piece
        finally:
            messages[-1]["content"] = messages[-1]["content"].strip()
            if self.messages is messages:  # no restart meanwhile
                self._save()

    def _save(self) -> None:
        if self.keep is None:
            return
        try:
            paths.write(self.keep, json.dumps(self.messages))
        except OSError:
            self.keep = None  # a full or read-only disk: talk on without it

    def _kept(self) -> list[Message]:
        """Return the conversation of before, if the file holds a whole one."""
        if self.keep is None:
            return []
        try:
            found = json.loads(self.keep.read_text(encoding="utf-8"))
            roles = [message["role"] for message in found]
            whole = all(isinstance(message["content"], str) for message in found)
        except (OSError, ValueError, TypeError, KeyError):
            return []
        turns = ["user", "assistant"] * (len(roles) // 2)
        return found if whole and roles == turns else []
