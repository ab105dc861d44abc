"""The two pages with our models: one talks with them, the other shows how one came to be.

`prepare` puts them beside the lessons: the models as they are shipped, their tokenizer and its
template, the village's facts by which sentences are marked, and the record behind the slider.
The scripts are in ``front/``: ``chat.js`` and ``slider.js``, and ``model.js``, the forward pass,
which is also served as it is written, to be read. Left out on purpose: SmolLM2 and other real
models, which are too large for a page.
"""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from course import paths
from course.language import N_
from course.site.words import _
from course.world import phrases, village

FRONT = Path(__file__).with_name("front")
RECORD = "checkpoints"
# Name → what the page says of it; whether it goes on with text instead of answering; whether it is
# asked from the beginning.
MODELS: dict[str, tuple[str, bool, bool]] = {
    "mini-babbage": (N_("base: pre-trained on the village's texts"), True, True),
    "mini-sft": (N_("SFT: fine-tuned on demonstrations"), False, True),
    "mini-instruct": (N_("instruct: after PPO"), False, True),
    "mini-chat": (N_("chat: dialogues, then PPO"), False, True),
    "mini-davinci": (N_("the largest base model"), True, False),
}
PAGE = """\
# {title}

{about}

```{{raw}} html
<link rel="stylesheet" href="_static/models.css">
<div id="{name}"><noscript><p>{needs}</p></noscript></div>
```

{note}
"""
TALK = {
    "title": N_("Talk to the models"),
    "about": N_("""\
Write a message, and our models answer it side by side, in your browser: nothing is sent anywhere.
They know the invented village and nothing else, so ask about its people, such as Anna, Ben or Rosa,
its places and its events, such as the Great Flood. Sentences that state a fact of the village are
marked: ✓ true, ✗ false."""),
    "note": N_("""\
A model reads at most {window} tokens at once, its *window*. It has no memory: with each message it
reads the whole talk again. When that no longer fits, the oldest turns are left out. A *base* model
knows no turns; it reads all that was said as lines of one text and goes on with it.

The bars show what the model took for probable at each token, always at temperature 1. Tokens that
top-k or top-p have left out are pale. How a model computes all this is in one file of some
150 lines of JavaScript: <a href="_static/model.js">read it</a>.

The other page, [one request from step 0 to chat](slider.md), shows how such models come to be."""),
}
SLIDER = {
    "title": N_("From step 0 to chat"),
    "about": N_("""\
Choose a request and drag the slider: it goes from a model that has learned nothing through
pre-training, SFT and PPO to the chat model. At each stop you see what the model answers, and what
was measured of it."""),
    "note": N_("""\
This is a recorded run. Each stage began again with its own recipe and seed, from the model that
was shipped before it, and went on for the first part of its steps. The last stop of a stage is the
model that we ship. The way isn't a straight line: the dialogues go on from SFT, not from PPO.

Answers are the most probable ones. The shares were measured at temperature 1: {requests} requests
about people whom no training asked about, {harms} more that do harm or only sound like it, and
{facts} facts to complete. The loss is in nats a token, on {documents} pages that no training saw;
no model can get below the entropy of these texts, {entropy:.2f}. Some shares are of a few dozen
requests, so they can be ten points off by chance.

The other page lets you [talk to the models](talk.md)."""),
}
# What the record has in words: the stages, what each does, and what is asked.
RECORDED = (
    N_("pre-training"),
    N_("SFT"),
    N_("PPO"),
    N_("dialogues"),
    N_("chat"),
    N_("The model learns to go on with the village's texts."),
    N_("It learns from demonstrations, flawed on purpose."),
    N_("It learns what the reward model likes."),
    N_("From SFT once more, a second way: it learns from dialogues."),
    N_("After the dialogues, and PPO in their middle."),
    N_("a fact"),
    N_("a fact about somebody of whom little is written"),
    N_("to explain"),
    N_("a false premise"),
    N_("a false premise about a person"),
    N_("harm"),
    N_("no harm, in like words"),
    N_("somebody whom nobody knows"),
    N_("about itself"),
    N_("a talk"),
    N_("harm after a talk"),
)
LESSON = "08_chatgpt"  # whose page ends with links to both
LINKS = N_(
    "In the browser: [talk to our models]({up}talk.md), side by side, and see "
    "[one request from step 0 to chat]({up}slider.md)."
)


def prepare(folder: Path) -> list[str]:
    """Write both pages, with what they load, into the folder for Sphinx.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    list of str
        The names of the pages; none where the models or the record aren't there.
    """
    here = [name for name in MODELS if (paths.MODELS / name / "model.safetensors").exists()]
    record = paths.RUNS / f"{RECORD}.json"
    if not here or not record.exists():
        return []
    static = folder / "_static"
    (static / "models").mkdir(parents=True)
    for source in (Path(__file__).with_name("models.css"), FRONT / "model.js"):
        shutil.copy(source, static)
    run = json.loads(record.read_text(encoding="utf-8"))
    kept = ("entropy", "asked", "parts", "points")
    for name, content in {
        "talk": served(here, static / "models"),
        "slider": {key: run[key] for key in kept} | {"facts": facts()},
    }.items():
        paths.write(static / f"{name}.json", json.dumps(content, ensure_ascii=False))
    for name, words, figures in (
        ("talk", TALK, {"window": phrases.CONTEXT}),
        ("slider", SLIDER, run),
    ):
        filled = {key: _(text) for key, text in words.items()}
        filled |= {
            "note": filled["note"].format(**figures),
            "needs": _("This page needs JavaScript."),
        }
        paths.write(folder / f"{name}.md", PAGE.format(name=name, **filled))
    return ["talk", "slider"]


def links() -> dict[str, Any]:
    """Return a cell with links to both, for the end of a lesson's page."""
    text = _(LINKS).format(up="../")
    return {"cell_type": "markdown", "id": "models-in-the-page", "metadata": {}, "source": text}


def served(names: list[str], folder: Path) -> dict[str, Any]:
    """Copy models and tokenizer into a folder, under names with a hash; return what a page needs.

    A browser may keep a file with such a name for ever.
    """
    shared = paths.MODELS / "tokenizer"
    config = json.loads((shared / "tokenizer_config.json").read_text(encoding="utf-8"))
    models = []
    for name in names:
        source = paths.MODELS / name
        shape = json.loads((source / "config.json").read_text(encoding="utf-8"))
        about, base, asked = MODELS[name]
        models.append(
            {
                "name": name,
                "about": about,
                "base": base,
                "asked": asked,
                "file": _hashed(source / "model.safetensors", folder, name),
                "bytes": (source / "model.safetensors").stat().st_size,
                "config": {k: v for k, v in shape.items() if k.startswith("n_") and v},
            }
        )
    return {
        "models": models,
        "tokenizer": _hashed(shared / "tokenizer.json", folder, "tokenizer"),
        "tokenizer_config": config,
        "template": (shared / "chat_template.jinja").read_text(encoding="utf-8"),
        "facts": facts(),
    }


def _hashed(source: Path, folder: Path, name: str) -> str:
    mark = hashlib.sha256(source.read_bytes()).hexdigest()[:12]
    copy = folder / f"{name}.{mark}{source.suffix}"
    shutil.copy(source, copy)
    return f"{folder.name}/{copy.name}"


def facts() -> dict[str, Any]:
    """Return what ``front/facts.js`` tells true sentences about the village from false ones by."""
    values: dict[str, dict[str, str]] = {}
    for (subject, attribute), value in village.VALUES.items():
        values.setdefault(subject, {})[attribute] = value
    return {
        "statements": phrases.STATEMENTS,
        "subjects": village.SUBJECTS,
        "attributes": village.ATTRIBUTES,
        "options": village.OPTIONS,
        "values": values,
    }
