"""The Hangul of pictures: a font with the syllables that our catalogues use, and no others.

matplotlib's own font has no Hangul, and a computer may have none either. `course/show/fonts` has
a subset of Nanum Barun Gothic (Debian's ``fonts-nanum``; its licence, the OFL, lies next to it and
reserves the name, so the subset has another one). After translating, make it again:

    .venv/bin/python -m course.author.font

A test says when that is needed. Left out on purpose: hinting, bold and all Latin, which
matplotlib's own font draws.
"""

import re
import sys
from pathlib import Path

from course import language, paths

FROM = Path("/usr/share/fonts/truetype/nanum/NanumBarunGothic.ttf")
TO = paths.ROOT / "course" / "show" / "fonts" / "course-hangul.ttf"
NAME = "Course Hangul"
HANGUL = re.compile("[\u3131-\u318e\uac00-\ud7a3]")
NAMES = {1: NAME, 2: "Regular", 3: NAME, 4: NAME, 6: "CourseHangul-Regular"}
KEPT = [0, 13, 14]  # copyright and licence


def letters() -> set[str]:
    """Return the Hangul that the Korean catalogues use."""
    files = (language.LOCALE / "ko" / "LC_MESSAGES").glob("*.po")
    return {one for file in files for one in HANGUL.findall(file.read_text(encoding="utf-8"))}


def make(source: Path = FROM, target: Path = TO) -> int:
    """Write the subset of a font that has our letters; return its size in bytes."""
    from fontTools import subset
    from fontTools.ttLib import TTFont

    font = TTFont(source)
    options = subset.Options(hinting=False, layout_features=[], name_IDs=[*KEPT, *NAMES])
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "FFTM", "vhea", "vmtx"]
    cut = subset.Subsetter(options)
    cut.populate(unicodes=[ord(one) for one in letters()])
    cut.subset(font)
    for record in font["name"].names:
        record.string = NAMES.get(record.nameID, record.toUnicode())
    font["head"].modified = font["head"].created  # the same letters give the same file
    font.recalcTimestamp = False
    font.save(target)
    return target.stat().st_size


if __name__ == "__main__":
    print(f"{TO.name}: {make(*map(Path, sys.argv[1:2])):,} bytes")
