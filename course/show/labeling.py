"""The labeling desk: two things side by side, a choice, and a file that survives everything.

``Labels`` is the desk without a screen: which pair comes next, choose, undo, progress, and a CSV
file that holds every choice as soon as it is made. ``desk`` puts buttons on it. Who has no buttons
opens the same file in a spreadsheet or editor and writes A or B into its last column.

The file is written whole and put into its place in one step, so neither a restarted kernel nor a
full disk leaves half of it; one that can't be read is never written over. Left out on purpose:
ties, several labelers in one file, and a clock (nobody labels better under one).
"""

import csv
import html
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from course import paths
from course.errors import CourseError
from course.language import N_, _
from course.show import style

LESSON = "06_human_feedback"
SIDES = ("A", "B")
CHOICE = "choice"


def own_file(name: str) -> Path:
    """Return where the learner's labels `name` are, in their copy of the lesson; maybe not yet."""
    return paths.WORK / LESSON / f"my_{name}.csv"


class Labels:
    """The choices between some pairs, and the file that holds them.

    Parameters
    ----------
    pairs : sequence of dict
        One row each, with the same keys; ``pair`` is its name, the others are for people to read.
    path : Path
        The CSV file; it is read if it is there, and written at the first choice.

    Raises
    ------
    CourseError
        If the file can't be read; it stays as it is.
    """

    def __init__(self, pairs: Sequence[Mapping[str, str]], path: Path) -> None:
        self.pairs, self.path = [dict(p) for p in pairs], path
        self.choices: dict[str, str] = {}
        self.note = ""  # what a person should know of the file, if anything
        if path.exists():
            self.choices, self.note = read(path, self.pairs)
        # What "undo" takes back, the last one first; after a restart, the file's order.
        self.made = [p["pair"] for p in self.pairs if p["pair"] in self.choices]

    @property
    def done(self) -> int:
        """Return how many pairs have a choice."""
        return len(self.choices)

    @property
    def current(self) -> dict[str, str] | None:
        """Return the first pair without a choice, None if there is none."""
        return next((p for p in self.pairs if p["pair"] not in self.choices), None)

    def choose(self, side: str) -> None:
        """Take a side of the current pair, and save.

        Raises
        ------
        CourseError
            If all pairs have a choice, or the file can't be written; then nothing is chosen.
        """
        if side not in SIDES:
            raise CourseError(_("A choice is A or B, not {side!r}.").format(side=side))
        pair = self.current
        if pair is None:
            raise CourseError(_("All pairs have a choice: undo one to change it."))
        name = pair["pair"]
        self._keep(self.choices | {name: side})
        self.made.append(name)

    def undo(self) -> bool:
        """Take the last choice back, and save; return whether there was one."""
        if not self.made:
            return False
        self._keep({k: v for k, v in self.choices.items() if k != self.made[-1]})
        self.made.pop()
        return True

    def save(self) -> None:
        """Write the file, also where nothing is chosen yet: for a spreadsheet or an editor."""
        self._keep(self.choices)

    def took_first(self) -> dict[str, bool]:
        """Return pair → whether A was taken, in the order of the pairs."""
        return {
            p["pair"]: self.choices[p["pair"]] == "A"
            for p in self.pairs
            if p["pair"] in self.choices
        }

    def _keep(self, choices: dict[str, str]) -> None:
        target = io.StringIO(newline="")
        writer = csv.DictWriter(target, [*self.pairs[0], CHOICE], lineterminator="\n")
        writer.writeheader()
        writer.writerows(p | {CHOICE: choices.get(p["pair"], "")} for p in self.pairs)
        try:
            paths.write(self.path, target.getvalue())
        except OSError as error:
            raise CourseError(
                _(
                    "{name} can't be written ({why}): close it in other programs and "
                    "choose again. The choices before are kept."
                ).format(name=self.path.name, why=error.strerror)
            ) from None
        self.choices = choices


def read(path: Path, pairs: Sequence[Mapping[str, str]]) -> tuple[dict[str, str], str]:
    """Read a file of choices, perhaps edited by hand; return pair → A or B, and a note.

    Spreadsheets are forgiven their ways: a mark at the start, semicolons, small letters, other
    order of rows, rows left out. A file with nothing in it counts as no choices.

    Raises
    ------
    CourseError
        If something in it can't be meant so; the sentence names the line.
    """
    known, name = {p["pair"]: p for p in pairs}, path.name
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise CourseError(
            _(
                "{name} is no text in UTF-8: save it as “CSV UTF-8”, or rename it to start afresh."
            ).format(name=name)
        ) from None
    if not text.strip():
        return {}, _("{name} was empty, so the labeling starts at the first pair.").format(
            name=name
        )
    head = text.split("\n", 1)[0]
    table = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in head else ",")
    columns = [c.strip().lower() for c in next(table)]
    if "pair" not in columns or CHOICE not in columns:
        raise CourseError(
            _(
                "Line 1 of {name} must name the columns, pair and choice among them: "
                "put it back, or rename the file to start afresh."
            ).format(name=name)
        )
    choices: dict[str, str] = {}
    seen: set[str] = set()
    for cells in table:
        where = _("Line {line_num} of {name}").format(line_num=table.line_num, name=name)
        if not any(cell.strip() for cell in cells):
            continue
        row = dict(zip(columns, (cell.strip() for cell in cells), strict=False))
        pair, choice = row.get("pair", ""), row.get(CHOICE, "").upper()
        if pair not in known:
            raise CourseError(
                _("{where}: there is no pair {pair!r}; undo the change or delete it.").format(
                    where=where, pair=pair
                )
            )
        if pair in seen:
            raise CourseError(
                _("{where}: pair {pair} is there twice; delete one of the two.").format(
                    where=where, pair=pair
                )
            )
        if choice not in (*SIDES, ""):
            raise CourseError(
                _("{where}: the choice is {choice!r}; write A, B or nothing.").format(
                    where=where, choice=choice
                )
            )
        for column, value in known[pair].items():
            if column in row and row[column] != value.strip():
                raise CourseError(
                    _(
                        "{where}: {column} isn't what pair {pair} showed; undo the change "
                        "there, and write into the column choice alone."
                    ).format(where=where, column=column, pair=pair)
                )
        seen.add(pair)
        if choice:
            choices[pair] = choice
    return choices, ""


def open_labels(pairs: Sequence[Mapping[str, str]], path: Path) -> Labels | None:
    """Return the labels in `path`; if the file can't be read, say why and return None."""
    try:
        labels = Labels(pairs, path)
    except CourseError as error:
        style.say(_("{error} The file is kept as it is.").format(error=error))
        return None
    if labels.note:
        style.say(labels.note)
    return labels


def own_or_shipped(
    pairs: Sequence[Mapping[str, str]], name: str, least: int, shipped: Path
) -> tuple[Labels, bool] | None:
    """Return the learner's labels if there are enough, else the shipped ones, and say which.

    Parameters
    ----------
    pairs : sequence of dict
    name : str
        Of the learner's file.
    least : int
        From how many choices on the learner's own are taken.
    shipped : Path
        The labels of the simulated labeler.

    Returns
    -------
    (labels, own) or None
        None if a file can't be read, which has been said.
    """
    own = open_labels(pairs, own_file(name))
    if own is None:
        return None
    if own.done >= least:
        style.say(_("Taken: your own {done} labels.").format(done=own.done))
        return own, True
    style.say(
        _(
            "You have {done} labels so far, and from {least} on they are taken. "
            "Until then: the shipped labels of the simulated labeler."
        ).format(done=own.done, least=least)
    )
    other = open_labels(pairs, shipped)
    return None if other is None else (other, False)


def text_of(pair: Mapping[str, str]) -> str:
    """Return what stands above both answers: the request, and what a labeler may look up."""
    fact = pair.get("fact", "")
    return f'<p style="margin:2px 0"><b>Request:</b> {html.escape(pair["request"])}</p>' + (
        f'<p style="margin:2px 0 8px"><b>What is true:</b> {html.escape(fact)}</p>' if fact else ""
    )


def answer_of(pair: Mapping[str, str], side: str) -> str:
    """Return one of both answers as HTML."""
    text = html.escape(pair["answer_a" if side == "A" else "answer_b"]) or _("(nothing)")
    return (
        f'<div style="padding:6px 12px;min-height:72px;line-height:1.5"><b>Answer {side}</b>'
        f"<br>{text}</div>"
    )


def desk(
    labels: Labels,
    *,
    head: Callable[[Mapping[str, str]], str] = text_of,
    show: Callable[[Mapping[str, str], str], str] = answer_of,
    word: str = N_("Answer"),
) -> Any:
    """Return the desk with its buttons, for ``display``.

    Parameters
    ----------
    labels : Labels
    head : callable
        Pair → HTML that stands above both sides.
    show : callable
        Pair, side → HTML of that side.
    word : str
        What the buttons choose: ``"Answer"`` gives "Answer A" and "Answer B".
    """
    import ipywidgets as w

    word = _(word)

    above, status = w.HTML(), w.HTML()
    bar = w.IntProgress(min=0, max=len(labels.pairs), layout=w.Layout(width="auto", height="14px"))
    cards = [w.HTML(layout=w.Layout(width="50%", border="1px solid #9aa4ae")) for _x in SIDES]
    buttons = [
        w.Button(
            description=f"{word} {side}",
            tooltip=_("{word} {side} is better").format(word=word, side=side),
            button_style="primary",
        )
        for side in SIDES
    ]
    undo = w.Button(description=_("Undo"), tooltip=_("Take the last choice back"))

    def draw(said: str = "") -> None:
        pair = labels.current
        above.value = head(pair) if pair else "<p><b>All pairs have a choice.</b></p>"
        for card, side in zip(cards, SIDES, strict=True):
            card.value = show(pair, side) if pair else ""
        for button in buttons:
            button.disabled = pair is None
        undo.disabled = not labels.made
        bar.value = labels.done
        saved = (
            _(", saved in work/{lesson}/{name}").format(lesson=LESSON, name=labels.path.name)
            if labels.done
            else ""
        )
        status.value = html.escape(
            said
            or _("{done} of {n} labels{saved}").format(
                done=labels.done, n=len(labels.pairs), saved=saved
            )
        )

    def guarded(action: Callable[[], Any]) -> None:
        try:
            action()
        except CourseError as error:
            draw(str(error))
        else:
            draw()

    for button, side in zip(buttons, SIDES, strict=True):
        button.on_click(lambda _, side=side: guarded(lambda: labels.choose(side)))
    undo.on_click(lambda _: guarded(labels.undo))
    draw()
    return w.VBox(
        [bar, status, above, w.HBox(cards), w.HBox([*buttons, undo])],
        layout=w.Layout(max_width="860px"),
    )
