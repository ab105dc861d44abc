"""One file has one score: in a kernel, in `course check`, in `course grade`, in stock nbgrader."""

import pytest
from odd import TABLE, score_all

from course import paths

pytestmark = pytest.mark.skipif(not paths.SOURCE.exists(), reason="source/ isn't shipped here")


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    return score_all(tmp_path_factory.mktemp("odd"))


@pytest.mark.parametrize("odd", TABLE, ids=lambda odd: odd.name)
def test_four_ways_give_one_score(scores, odd):
    found = scores[odd.name]
    unread = {way for way, score in found.items() if score is None}
    assert unread == set(odd.unread.split())
    assert {score for score in found.values() if score is not None} == {odd.score}, found
