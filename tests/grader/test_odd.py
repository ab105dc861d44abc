"""One file has one score: in a kernel, in `course check`, in `course grade`, in stock nbgrader."""

import json

import nbformat
import pytest
from odd import TABLE, build, score_all

from course import paths

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not paths.SOURCE.exists(), reason="source/ isn't shipped here"),
]


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    return score_all(tmp_path_factory.mktemp("odd"))


@pytest.mark.parametrize("odd", TABLE, ids=lambda odd: odd.name)
def test_four_ways_give_one_score(scores, odd):
    found = scores[odd.name]
    unread = {way for way, score in found.items() if score is None}
    assert unread == set(odd.unread.split())
    assert {score for score in found.values() if score is not None} == {odd.score}, found


def test_what_a_kernel_is_spared_no_kernel_takes(tmp_path):
    """Such a file can't be opened, or its cell can't be sent."""
    for name, path in build(tmp_path).items():
        if any(odd.name == name and "kernel" in odd.unread for odd in TABLE):
            with pytest.raises(
                (UnicodeError, nbformat.reader.NotJSONError, nbformat.NBFormatError)
            ):
                json.dumps(nbformat.read(path, as_version=4), ensure_ascii=False).encode()
