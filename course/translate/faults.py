"""What is wrong with a translation: something of the English is lost, or Korean isn't as agreed.

Formulas, code, links and tags must be those of the English, and so must figures: `135 million` is
``1억 3,500만``, so values are compared and not digits. Bold type is looked at because Markdown
closes ``**`` only where no letter follows a bracket or a backtick: a Korean particle does.

Left out on purpose: whether it says the same, and sounds well. People read it for that.
"""

import csv
import functools
import re
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from course import language
from course.translate.code import fields

CODE = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
FORMULA = re.compile(r"\$\$.+?\$\$|\$(?!\s)[^$\n]+?(?<!\s)\$(?!\d)", re.DOTALL)
LINK = re.compile(
    r"\]\(([^)\s]*)\)|(https?://[^\s)>\]]*[^\s)>\].,;:])|(arXiv:[\w./]*\w)|\((data/[^()]*)\)"
)
TAG = re.compile(r"</?[a-z][^<>]*>")
SCALES = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12}
SUFFIXES = {"K": 3, "M": 6, "B": 9}  # 175B
KOREAN = {"천": 3, "만": 4, "억": 8, "조": 12}
ENGLISH_NUMBER = re.compile(
    r"(?<![\w.])(?<![A-Za-z]-)(\d[\d,]*(?:\.\d+)?)"
    r"(?:(?: |-)(thousand|million|billion|trillion)\b|([KMB])(?![A-Za-z]))?"
)
KOREAN_NUMBER = re.compile(
    r"(?<![A-Za-z_\d.])(?<![A-Za-z]-)(\d[\d,]*(?:\.\d+)?)(?:([천만억조]+)(?!큼)|([KMB])(?![A-Za-z]))?"
)
WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
).split()
SAID = {word: number for number, word in enumerate(WORDS)} | {
    "zeros": 0, "ones": 1, "no": 0, "none": 0,
    "a": 1, "an": 1, "single": 1, "once": 1, "first": 1, "twice": 2, "second": 2,
    "both": 2, "half": 2, "halves": 2, "double": 2, "pair": 2, "third": 3, "thirds": 3,
    "quarter": 4, "fourth": 4, "fifth": 5,
    "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10, "tenfold": 10, "dozen": 12,
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
    "hundred": 100, "hundreds": 100, "hundredth": 100, "thousand": 1000,
    "thousands": 1000, "million": 10**6, "billion": 10**9,
    "january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7,
    "august": 8, "september": 9, "october": 10, "november": 11, "december": 12,
}  # fmt: skip
# What programs read of a lesson's title (`course.learner.progress`), and its Korean.
FIXED = {"**Time**": "**시간**", "**Points**": "**점수**", "**You use**": "**쓰는 것**"}
TITLE = re.compile(r"\*[A-Z][^*\n]{15,}\*")  # of a paper or page: stays English
# A number of the reader's computer, and behind it a particle that depends on how it is read aloud.
PARTICLE = re.compile(
    r"\{[^{}]*(?:!r|:[^{}%]*[dfgn,])\}(?:이?에요|예요|을|를|은|는|이|가|과|와|으?로)(?=[\s.,]|$)"
)
PLAIN = re.compile(r"(?:[가-힣]다|[가-힣]니까)(?=[.!?](?:\s|$|[\"'”’)*]))")


@dataclass(frozen=True)
class Term:
    """A line of the glossary.

    Attributes
    ----------
    english : str
    korean : tuple of str
        The term, then other words that count as it.
    first : bool
        Whether the English is shown in brackets where a lesson uses the term first.
    """

    english: str
    korean: tuple[str, ...]
    first: bool


def glossary(code: str) -> tuple[Term, ...]:
    """Return the terms of a language, the longest English first; none if there is no file."""
    return _terms(glossary_file(code))


@functools.cache
def _terms(path: Path) -> tuple[Term, ...]:
    if not path.exists():
        return ()
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    terms = [
        Term(
            row["english"], tuple(word.strip() for word in row["korean"].split("|")),
            row["first"] == "yes",
        )
        for row in rows
    ]  # fmt: skip
    return tuple(sorted(terms, key=lambda term: -len(term.english)))


def glossary_file(code: str) -> Path:
    """Return where a language's glossary is."""
    return language.LOCALE / code / "glossary.csv"


def of(english: str, said: str, kind: str, free: str = "") -> list[str]:
    """Return what is wrong with a translation into Korean, a sentence for each fault.

    Parameters
    ----------
    english, said : str
        The text and its translation.
    kind : str
        Of the message, see `course.translate.message`.
    free : str
        The translator's note; after ``free:`` it may name terms for which another word is right.
    """
    found = []
    markdown = kind in ("paragraph", "heading", "item", "table", "label")
    bare_english, bare_said = english, said
    for what, pattern in (("formula", FORMULA), ("code", CODE), ("link", LINK), ("tag", TAG)):
        if what in ("formula", "tag") and not markdown:
            continue
        ours, theirs = (
            Counter(m[0] for m in pattern.finditer(t)) for t in (bare_english, bare_said)
        )
        found += _differences(what, ours, theirs)
        gap = "](" if what == "link" else " "
        bare_english, bare_said = (pattern.sub(f" {gap} ", t) for t in (bare_english, bare_said))
    if kind in ("fields", "exercise", "format"):
        found += _differences("field", Counter(fields(english)), Counter(fields(said)))
        for field in {*fields(english), *fields(said)}:
            bare_english, bare_said = (t.replace(field, " ") for t in (bare_english, bare_said))
        for one in sorted({m[0] for m in PARTICLE.finditer(said)}):
            found.append(f"“{one}”: no particle fits every number; put a word or a colon between.")
    found += figures(bare_english, bare_said)
    if markdown:
        found += _bold(english, said)
    for words, korean in FIXED.items():
        if english.startswith("**Time**") and words in english and korean not in said:
            found.append(f"programs look for {korean} here.")
    if kind == "table":
        shapes = [[line.count("|") for line in text.split("\n")] for text in (english, said)]
        if shapes[0] != shapes[1]:
            found.append("the table has other rows or columns than the English one.")
    elif "\n" in said and "\n" not in english:
        found.append("a message is one line: leave out the line break.")
    if said == english and len(re.findall(r"[A-Za-z]{2,}", bare_english)) > 5:
        found.append("it is still English.")
    for ending in sorted({m[0] for m in PLAIN.finditer(said)}):
        found.append(f"a sentence ends with “{ending}”: write 해요체.")
    return found + terms(bare_english, bare_said, free)


def _differences(what: str, ours: Counter[str], theirs: Counter[str]) -> list[str]:
    lost, new = ours - theirs, theirs - ours
    found = [f"the {what} {one} is missing." for one in lost]
    return found + [f"the {what} {one} isn't in the English." for one in new]


def figures(english: str, said: str) -> list[str]:
    """Return which figures are lost, and which are new, by their values."""
    ours = Counter(_values(english, ENGLISH_NUMBER))
    theirs = Counter(_values(said, KOREAN_NUMBER))
    for value in list(ours - theirs):  # "1 to 3 billion" says the unit once
        more = (value * 10**power for power in SCALES.values())
        if other := next((one for one in more if theirs[one] > ours[one]), None):
            ours[value] -= 1
            ours[other] += 1
    words = re.findall(r"[a-z]+", english.lower())
    told: set[int | Fraction] = {SAID[word] for word in words if word in SAID}
    if re.search(r"\bhalf\b", english.lower()):  # a half, half an hour, half a million
        told |= {Fraction(1, 2), 30, 500_000}
    lost = ours - theirs
    new = Counter({value: n for value, n in (theirs - ours).items() if value not in told})
    found = [f"the figure {_shown(value)} is missing." for value in lost]
    return found + [f"the figure {_shown(value)} isn't in the English." for value in new]


def _values(text: str, pattern: re.Pattern[str]) -> list[Fraction]:
    values: list[Fraction] = []
    end, small = -1, 99  # where a Korean number like 1억 3,500만 goes on, and its last unit
    for found in pattern.finditer(text):
        digits, scale, suffix = found[1].rstrip(","), found[2] or "", found[3] or ""
        power = SUFFIXES.get(suffix, 0)
        power += SCALES.get(scale, 0) if scale in SCALES else sum(KOREAN[one] for one in scale)
        value = Fraction(digits.replace(",", "")) * 10**power
        if text[end : found.start()].strip() == "" and 0 < end <= found.start() and power < small:
            values[-1] += value
        else:
            values.append(value)
        korean = bool(scale) and scale not in SCALES
        end, small = (found.end(), power) if korean else (-1, 99)
    return values


def _shown(value: Fraction) -> str:
    return f"{float(value):,.10g}"


def _bold(english: str, said: str) -> list[str]:
    ours, theirs = (CODE.sub("`", text).count("**") for text in (english, said))
    found = [] if ours == theirs else ["it has more or fewer bold words (**) than the English."]
    opened = False
    for mark in re.finditer(r"\*\*", said):
        before, after = said[mark.start() - 1 : mark.start()], said[mark.end() : mark.end() + 1]
        if opened and re.match(r"[^\w\s]", before) and re.match(r"\w", after):
            found.append(
                f"“{before}**{after}” doesn't end bold type: put “{before}” outside of it."
            )
        if not opened and re.match(r"\w", before) and re.match(r"[^\w\s]", after):
            found.append(
                f"“{before}**{after}” doesn't begin bold type: put “{after}” outside of it."
            )
        opened = not opened
    return found


def terms(english: str, said: str, free: str = "") -> list[str]:
    """Return which terms of the glossary a translation should have and hasn't."""
    found = []
    left = TITLE.sub(" ", english)
    allowed = [one.strip().lower() for one in free.partition("free:")[2].split(",")]
    for term in glossary("ko"):
        pattern = re.compile(
            rf"(?<![\w-]){re.escape(term.english)}(?:s|es)?(?![\w-])", re.IGNORECASE
        )
        if not pattern.search(left):
            continue
        left = pattern.sub(" ", left)
        if term.english.lower() not in allowed and not any(one in said for one in term.korean):
            found.append(f"the glossary has “{term.korean[0]}” for {term.english}.")
    return found


def first_uses(said: list[str]) -> list[str]:
    """Return which terms come first without their English, in the translations of a lesson."""
    found = []
    for term in (one for one in glossary("ko") if one.first):
        inside = [o.korean[0] for o in glossary("ko") if term.korean[0] in o.korean[0][:-1]]
        longer = re.compile("|".join(re.escape(one) for one in inside) or "(?!)")
        uses = [text for text in said if term.korean[0] in longer.sub("", text)]
        shown = rf"{re.escape(term.korean[0])}\*{{0,2}}\([^()]*{re.escape(term.english)}"
        if uses and not re.search(shown, uses[0], re.IGNORECASE):
            found.append(
                f"“{term.korean[0]}” comes first without its English: write "
                f"{term.korean[0]}({term.english}) in “{uses[0][:50]}”."
            )
    return found
