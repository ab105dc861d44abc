"""A chat box in the notebook: choose a model, write, Send; Stop and Restart while it answers.

A thin view (ipywidgets) of `course.real.conversation`. The answer is written in a thread of its
own, so that the kernel stays free for the buttons, and at a speed that one can read. Models load in
the kernel's main thread, though: transformers can't load two at the same time. Sentences about the
village are marked as true or false. Each model has a conversation of its own, kept in a file:
after a restart of the kernel the cell, run again, goes on with it.

Left out on purpose: settings such as the temperature (`course.real.conversation.Chat` has them),
and other front ends: where there are no widgets, its ``say`` does the same in a plain cell.
"""

import html
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from course import paths
from course.errors import CourseError
from course.language import _
from course.show import text
from course.show.style import FALSE, INK, LINE, TRUE, colour
from course.stages.stage import LINEAGE, Table, models

PER_SECOND = 20.0  # pieces of an answer; the mini models would be faster than one can read
SIGN = {True: (TRUE, " ✓"), False: (FALSE, " ✗")}


def names(table: Table = LINEAGE) -> list[str]:
    """Return the models that one can talk to: ours that are here, and SmolLM2 (fetched or not)."""
    from course.real import catalogue

    ours = [name for name, made in models(table).items() if made.chats]
    return [*(name for name in ours if (paths.MODELS / name).exists()), catalogue.SMOLLM2]


def own_chats() -> Path:
    """Return the folder of the kept conversations, next to one's own lessons."""
    return paths.WORK / "chats"


class ChatBox:
    """The chat box; displaying it shows ``view``.

    Parameters
    ----------
    *chosen : str
        The models to choose from, the first one chosen; all that there are, and the chat model
        chosen, if none is given.
    system : str
        A system line for all of them.
    per_second : float
        Pieces of an answer shown in a second.
    folder : Path, optional
        Where conversations are kept; `own_chats` if left out.
    """

    def __init__(
        self,
        *chosen: str,
        system: str = "",
        per_second: float = PER_SECOND,
        folder: Path | None = None,
    ) -> None:
        import ipywidgets as w

        first = chosen[0] if chosen else "mini-chat"
        options = chosen or names()
        self.system, self.per_second, self.folder = system, per_second, folder or own_chats()
        self.chats: dict[str, Any] = {}
        self.thread: threading.Thread | None = None
        self.halt = threading.Event()
        wide = {"layout": w.Layout(width="auto", max_width="860px")}
        self.model = w.Dropdown(options=options, description=_("Model"))
        self.model.value = first if first in options else options[0]
        self.log = w.HTML(**wide)
        # As one whole when it is done: sent letter by letter, the last ones may come too late.
        self.message = w.Text(
            description=_("Message"),
            placeholder=_("Write to the model"),
            continuous_update=False,
            **wide,
        )
        self.entered = threading.Event()
        self.send_button = w.Button(description=_("Send"), button_style="primary")
        self.stop_button = w.Button(description=_("Stop"), disabled=True)
        self.restart_button = w.Button(description=_("Restart"))
        self.status = w.HTML()
        buttons = w.HBox([self.send_button, self.stop_button, self.restart_button])
        self.view = w.VBox([self.model, self.log, self.message, buttons, self.status])
        self.send_button.on_click(lambda _: self.send())
        self.stop_button.on_click(lambda _: self.stop())
        self.restart_button.on_click(lambda _: self.restart())
        self.message.on_msg(
            lambda _, sent, __: self.enter() if sent.get("event") == "submit" else None
        )
        self.message.observe(lambda _: self.send() if self.entered.is_set() else None, "value")
        self.model.observe(lambda _: self.choose(), "value")
        self.choose()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.view._repr_mimebundle_(**options)

    @property
    def messages(self) -> Sequence[dict[str, str]]:
        """Return the conversation with the chosen model."""
        found = self.chats.get(self.model.value)
        return found.messages if found else ()

    def enter(self) -> None:
        """Send after the Enter key, whose message comes before the text that was just written."""

        def send_unchanged() -> None:
            if self.entered.is_set():  # no text has come after it: it was here already
                self.send()

        self.entered.set()
        threading.Timer(0.5, send_unchanged).start()

    def send(self) -> None:
        """Send what is in the field; the answer comes in from another thread."""
        self.entered.clear()
        if self.thread is None and self._load(self.model.value):
            self.halt.clear()
            self._busy(True)
            message = self.message.value
            self.thread = threading.Thread(target=self._work, args=(message,), daemon=True)
            self.thread.start()

    def stop(self) -> None:
        """End the answer that is being written; what is there of it stays."""
        self.halt.set()
        for each in list(self.chats.values()):
            each.stop()

    def restart(self) -> None:
        """Begin a new conversation with the chosen model."""
        self.wait(stop=True)
        if found := self.chats.get(self.model.value):
            found.restart()
        self.draw()
        self.say(_("A new conversation. The model remembers nothing of the old one."))

    def choose(self) -> None:
        """Show the conversation with the model that was chosen."""
        self.wait(stop=True)
        self._load(self.model.value)
        self.draw()

    def wait(self, seconds: float = 60, *, stop: bool = False) -> None:
        """Wait until nothing is being written, after `stop` if told so."""
        if stop:
            self.stop()
        if (thread := self.thread) and thread is not threading.current_thread():
            thread.join(seconds)

    def say(self, sentence: str) -> None:
        """Show a sentence below the buttons."""
        self.status.value = f'<div role="status">{html.escape(sentence)}</div>'

    def draw(self, writing: bool = False) -> None:
        """Show the conversation; while one is `writing` its last answer has a cursor."""
        name, messages = self.model.value, list(self.messages)
        shown = [
            bubble(m, name, open_=writing and i == len(messages) - 1)
            for i, m in enumerate(messages)
        ] or ['<span style="opacity:0.6">Nothing said yet.</span>']
        # Laid out from its end, the box stays scrolled to the newest line.
        self.log.value = (
            f'<div style="display:flex;flex-direction:column-reverse;max-height:360px;'
            f"overflow-y:auto;border:1px solid {LINE};border-radius:8px;padding:8px;"
            f'background:#ffffff;color:{INK}"><div role="log" aria-label="Conversation">'
            f"{''.join(shown)}</div></div>"
        )

    def _busy(self, busy: bool) -> None:
        self.stop_button.disabled, self.send_button.disabled = not busy, busy

    def _load(self, name: str) -> bool:
        """Load a model if it isn't yet; return whether one can talk to it."""
        if name in self.chats:
            return True
        from course.real.conversation import Chat

        self.say(_("Loading {name} …").format(name=name))
        try:
            opened = Chat(name, system=self.system, keep=self.folder / f"{name}.json")
        except CourseError as error:
            self.say(str(error))
            return False
        self.chats[name] = opened
        if opened.messages:
            self.say(_("Going on with your kept conversation; Restart begins a new one."))
        else:
            self.say(
                _("{name} is ready. Write a message, then Send (or the Enter key).").format(
                    name=name
                )
            )
        return True

    def _work(self, message: str) -> None:
        try:
            self._answer(message)
        except CourseError as error:
            self.say(str(error))
        except Exception as error:  # in a thread nobody would see it
            self.say(
                _("That failed ({name}: {error}). The conversation is kept.").format(
                    name=type(error).__name__, error=error
                )
            )
        finally:
            self.thread = None
            self._busy(False)
            self.draw()

    def _answer(self, message: str) -> None:
        conversation = self.chats[self.model.value]
        pieces = conversation.stream(message)
        self.message.value = ""  # it is in the conversation now
        self.say(_("{name} is writing …").format(name=conversation.name))
        self.draw(writing=True)
        due = time.monotonic()
        for _x in pieces:
            self.draw(writing=True)
            due = max(due + 1 / self.per_second, time.monotonic())
            if self.halt.wait(due - time.monotonic()):
                break
        pieces.close()  # so that the answer is stored as far as it came
        left_out = conversation.left_out
        note = _(" The oldest {n} messages no longer fit and weren't read.").format(n=left_out)
        ended = _("Stopped.") if self.halt.is_set() else _("Ready.")
        self.say(ended + note if left_out else ended)


def bubble(message: dict[str, str], name: str, *, open_: bool = False) -> str:
    """Return one message as HTML; statements about the village are marked true or false.

    Parameters
    ----------
    message : dict
        ``role`` and ``content``.
    name : str
        Of the model.
    open_ : bool
        Whether it is still being written.
    """
    own = message["role"] == "user"
    who, shade = (_("You"), INK) if own else (name, colour(name))
    content = message["content"]
    parts = [(content, None)] if own or open_ else text.judged(content)
    shown = "".join(_part(part, true) for part, true in parts if part)
    shown = shown or ("" if open_ else "<i>(nothing: the model ended at once)</i>")
    return (
        f'<div style="margin:4px 0;line-height:1.5"><b style="color:{shade}">{html.escape(who)}'
        f"</b><br>{shown}{' ▌' if open_ else ''}</div>"
    )


def _part(part: str, true: bool | None) -> str:
    shown = html.escape(part).replace("\n", "<br>")
    if true is None:
        return shown
    ground, sign = SIGN[true]
    return (
        f'<span style="background:{ground};border-radius:4px;padding:1px 4px">{shown}{sign}</span>'
    )
