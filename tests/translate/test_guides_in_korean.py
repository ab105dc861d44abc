"""The guides in Korean are what their catalogue makes of the English; their links lead on."""

import re

import pytest

from course import paths
from course.author import guides, translate

ROOT = paths.ROOT
FOLDER = ROOT / "docs" / "ko"
pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="docs/ko isn't shipped here")


@pytest.fixture(scope="module")
def made():
    return guides.made(ROOT, "ko", translate.DOCS)


def test_build_would_change_nothing(made):
    assert {*FOLDER.glob("*.md")} == {*made}, "run `course build --lang ko`"
    wrong = [path.name for path, text in made.items() if path.read_text("utf-8") != text]
    assert wrong == [], "run `course build --lang ko`"


def test_every_link_leads_somewhere(made):
    lost = []
    for path, text in made.items():
        for file, anchor in guides.LINK.findall(text):
            target = (path.parent / file).resolve() if file else path
            if not target.exists():
                lost.append(f"{path.name}: {file}")
                continue
            known = guides.anchors(target.read_text("utf-8")) if anchor else []
            if anchor and anchor not in known:
                lost.append(f"{path.name}: {file}{anchor}")
    assert lost == []
    sources = re.findall(r'src="([^"]+)"', "\n".join(made.values()))
    assert [one for one in sources if not (FOLDER / one).exists()] == []


def test_links_go_to_korean_guides_and_their_headings(tmp_path):
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "one.md").write_text(
        "# One\n\nSee [two](two.md#what-is-left), [here](#one), ![a](p/a.png) and "
        "[all](../README.md#commands), [page](https://x.org/a#b).\n\n```\n# no heading\n```\n"
    )
    (docs / "two.md").write_text("# Two\n\n## What is left?\n")
    (docs / "training-log.md").write_text("# Log\n")
    words = {"One": "하나", "Two": "둘", "What is left?": "남은 것은?"}
    known = {(f"{page}.md", text): said for page in ("one", "two") for text, said in words.items()}
    told = guides.made(tmp_path, "ko", "docs", lambda context, text: known.get((context, text)))
    assert {path.name for path in told} == {"one.md", "two.md"}
    page = told[docs / "ko" / "one.md"]
    assert page.startswith("# 하나\n\n")
    assert "[two](two.md#남은-것은)" in page
    assert "[here](#하나)" in page
    assert "![a](../p/a.png)" in page
    assert "[all](../../README.md#commands)" in page
    assert "[page](https://x.org/a#b)" in page
