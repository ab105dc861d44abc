"""Seeds: the numbers that models and records were made with, and that streams keep apart."""

import re
from pathlib import Path

import pytest

from course import seeds

COURSE = Path(seeds.__file__).parent
# A number that is added to a seed where it is used.
BARE = re.compile(r"\b\d[\d_]* \+ (?:\w+\.)?seed\b|\bseed \* \d[\d_]*")


def test_a_stream_begins_where_it_always_did():
    # As they were before the streams had names: other numbers would be other models.
    assert seeds.stream("sft/web", 1) == 1001
    assert seeds.stream("reward/requests", 2) == 502
    assert seeds.stream("ppo/requests", 3) == 100_003
    assert seeds.stream("frontier/rival", 1) == 931
    assert seeds.numbered("ppo/rollout", 2, 7) == 2 * 100_003 + 7
    assert seeds.numbered("web/chunk", 1, 4) == 1_000_007


def test_an_unknown_stream_is_a_mistake():
    with pytest.raises(KeyError):
        seeds.stream("sft/wbe", 1)


def test_texts_that_are_rehearsed_never_meet_unless_that_is_meant():
    """Runs over ten seeds; SFT and what is compared with it share theirs, FeedME the reward's."""
    meant = [{"sft/web", "ways/web", "epochs/web"}, {"feedme/web", "reward/web"}]
    names = [name for name in seeds.STREAMS if name.endswith("web")]
    assert len(names) > 6
    for one in names:
        for other in names:
            if one != other and {one, other} not in [s & {one, other} for s in meant]:
                apart = abs(seeds.stream(one, 0) - seeds.stream(other, 0))
                assert apart > 10, (one, other)


def test_nobody_adds_bare_numbers_to_a_seed():
    files = [file for room in ("lm", "stages", "studies") for file in (COURSE / room).glob("*.py")]
    bare = {f.name for f in files if BARE.search(f.read_text(encoding="utf-8"))}
    assert len(files) > 30
    assert bare <= {"stages.py"}, "still to be named there"
