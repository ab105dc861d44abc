"""The scripts of the pages: what is committed is what their sources make, byte by byte."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from course.site import pages

FRONT = Path(pages.__file__).with_name("front")


def run(command, folder):
    """Run a command of node's; return what it says if it fails."""
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return ran.stderr.strip()[-500:] or "it says nothing" if ran.returncode else ""


@pytest.fixture(scope="session")
def front(tmp_path_factory):
    """Copy the sources and install what they import, by the lock file; a folder."""
    npm = shutil.which("npm")
    if not npm or not shutil.which("node"):
        pytest.skip("no node to build with (on Debian: apt install nodejs npm)")
    folder = tmp_path_factory.mktemp("front") / "front"
    shutil.copytree(FRONT, folder, ignore=shutil.ignore_patterns("node_modules"))
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    if said := run([npm, "ci", *options], folder):
        pytest.skip(f"npm can't get what the lock file names: {said}")
    return folder


@pytest.mark.slow
def test_what_is_committed_is_what_the_sources_make(front, tmp_path):
    assert run([shutil.which("node"), "build.mjs", str(tmp_path)], front) == ""
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    kept = {path.name: path.read_bytes() for path in pages.BUILT.iterdir()}
    assert sorted(made) == sorted(kept)
    assert [name for name in made if made[name] != kept[name]] == []


def test_scripts_import_what_they_say_their_texts_by():
    """The bundler takes a name that nobody defines for one of the browser's own."""
    for path in FRONT.glob("*.js"):
        text = path.read_text(encoding="utf-8")
        imported = set(re.findall(r"\w+", " ".join(re.findall(r"import \{([^}]*)\}", text))))
        defined = set(re.findall(r"export const (\w+)", text))
        called = {name for name in ("_", "N_") if re.search(rf"(?<![\w.]){name}\(", text)}
        assert called <= imported | defined, path.name
