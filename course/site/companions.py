"""Pages beside the lessons: the map of the course, the glossary, and what the lessons refer to.

Each is made from the lessons' own text, so that it says where something is taught and can't go
stale. `glossary.csv` holds our words for each term; where it is taught is the first place of its
lesson that has the term in bold. Papers are those of the lists *Further reading*. Left out on
purpose: a learner's progress, which is on the learner's own computer.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from course.errors import CourseError
from course.language import N_
from course.learner import map as learners_map
from course.learner import progress
from course.site import words
from course.site.words import _

HEADING = re.compile(r"(#{1,3}) +(.+)")
READING = ("Further reading", "Where to read on")
ARXIV = re.compile(r"arXiv:(\d{4}\.\d{4,5})")
TITLED = re.compile(r"\*([^*]+)\*")
MAP_CELL = "demo-your-map"  # shows the map of whoever runs it: here, that of somebody new
# Papers that a lesson or a table names and no list has.
MORE = (
    "Gekhman et al. 2024, *Does Fine-Tuning LLMs on New Knowledge Encourage Hallucinations?*, "
    "arXiv:2405.05904",
    "Liu et al. 2025, *Understanding R1-Zero-Like Training: A Critical Perspective*, "
    "arXiv:2503.20783",
    "Raffel et al. 2019, *Exploring the Limits of Transfer Learning with a Unified Text-to-Text "
    "Transformer* (T5), arXiv:1910.10683",
    "Razin et al. 2024, *Unintentional Unalignment: Likelihood Displacement in Direct Preference "
    "Optimization*, arXiv:2410.08847",
    "Yue et al. 2025, *Does Reinforcement Learning Really Incentivize Reasoning Capacity in LLMs "
    "Beyond the Base Model?*, arXiv:2504.13837",
)
GLOSSARY = N_("""\
# Glossary

{count} words of the field that the lessons use, each in a sentence or two. The link below a word
leads to the place where it is taught.

{letters}
""")
INITIALS = (
    "ㄱㄱㄴㄷㄷㄹㅁㅂㅂㅅㅅㅇㅈㅈㅊㅋㅌㅍㅎ"  # of syllables of Hangul, in the order of Unicode
)
REFERENCES = N_("""\
# References

The papers and pages that the lessons name, by their authors, with what each lesson says of them
and where else they are named. Links in these lines lead into the lessons; a link to arXiv leads
to the paper itself, outside of these pages. The tables of the real family are at the end, with
the source of each.
""")


@dataclass(frozen=True)
class Section:
    """A part of a lesson under one heading: its title in short, its anchor, and its text.

    `heading` and `english` are the title and the text in English, by which things are found.
    """

    lesson: str
    title: str
    anchor: str
    text: str
    heading: str
    english: str

    def link(self, text: str = "") -> str:
        """Return a link to it, in Markdown."""
        full = _("Lesson {number}, {title}").format(number=self.lesson[:2], title=self.title)
        return f"[{text or full}]({self.lesson}/{self.lesson}.ipynb#{self.anchor})"


def sections(
    lesson: str, nb: dict[str, Any], english: dict[str, Any] | None = None
) -> list[Section]:
    """Return the sections of a lesson's text cells, in order; code is left out.

    A lesson in another language comes with the `english` one, whose headings are the same ones.
    """
    found = _parts(nb)
    original = _parts(english) if english else found
    return [
        Section(lesson, title, anchor, text, heading, said)
        for (title, anchor, text), (heading, _anchor, said) in zip(found, original, strict=True)
    ]


def _parts(nb: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return the title in short, the anchor and the text of each section."""
    from myst_parser.slugs import github_slugify, unique_slug

    found: list[tuple[str, str, list[str]]] = []
    anchors: set[str] = set()
    for cell in nb["cells"]:
        if cell["cell_type"] != "markdown":
            continue
        fenced = False
        for line in "".join(cell["source"]).split("\n"):
            fenced ^= line.startswith("```")
            if not fenced and (match := HEADING.fullmatch(line.rstrip())):
                anchor = unique_slug(github_slugify(match[2]), anchors)
                anchors.add(anchor)
                found.append((short(match[2]), anchor, []))
            elif found:
                found[-1][2].append(line)
    return [(title, anchor, "\n".join(text)) for title, anchor, text in found]


def short(heading: str) -> str:
    """Return a heading without its number, and an exercise's without points and minutes."""
    parts = heading.split(" · ")
    if re.fullmatch(r"\w+ \d+", parts[0]) and len(parts) > 1:  # "Exercise 3", in any language
        return " · ".join(parts[:2])
    return " · ".join(parts[1:]) if parts[0].isdigit() else heading


# --- the glossary ---------------------------------------------------------------------------------


def taught(row: dict[str, str], lessons: dict[str, list[Section]]) -> Section:
    """Return the section in which a term is taught: the first that has it in bold.

    Raises
    ------
    CourseError
        If its lesson has it nowhere in bold.
    """
    bold = re.escape(row["words"] or row["term"])
    for section in lessons[row["lesson"]]:
        if re.search(rf"\*\*{bold}\.?\*\*", section.english, re.IGNORECASE):
            return section
    raise CourseError(
        f"glossary.csv: {row['lesson']} has {row['words'] or row['term']} nowhere in bold; "
        "name another lesson, or the words that it has."
    )


def glossary(lessons: dict[str, list[Section]]) -> str:
    """Return the page of all terms whose lessons are here."""
    rows = {shown_as(row["term"]): row for row in words.terms() if row["lesson"] in lessons}
    entries: dict[str, list[str]] = {}
    for name in sorted(rows, key=lambda name: (name[0].isascii(), name.lower())):
        row = rows[name]
        meaning = words.said(words.GLOSSARY, row["meaning"])
        entry = f"{name}\n  {meaning}\n\n  {taught(row, lessons).link()}\n"
        entries.setdefault(letter_of(name), []).append(entry)
    letters = " · ".join(f"[{letter}](#{letter.lower()})" for letter in entries)
    text = [
        f"## {letter}\n\n```{{glossary}}\n{chr(10).join(every)}```\n"
        for letter, every in entries.items()
    ]
    return "\n".join([_(GLOSSARY).format(count=len(rows), letters=letters), *text])


def shown_as(term: str) -> str:
    """Return a term in the reader's language, with the English in brackets if it is another."""
    found = words.said(words.GLOSSARY, term)
    return found if found == term else f"{found} ({term})"


def letter_of(name: str) -> str:
    """Return the letter under which a name is looked up; of a Korean syllable the first one."""
    syllable = ord(name[0]) - ord("가")
    if 0 <= syllable <= ord("힣") - ord("가"):
        return INITIALS[syllable // 588]
    return name[0].upper()


# --- what the lessons refer to --------------------------------------------------------------------


@dataclass
class Work:
    """A paper or a page: how it is named, what lessons say of it, and where else it is named."""

    named: str
    remarks: list[tuple[Section, str]] = field(default_factory=list)
    places: list[Section] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)


def references(lessons: dict[str, list[Section]], family: Path) -> str:
    """Return the page of all that the lessons and the tables in `family` refer to."""
    tables = dict(sources(family))
    lines = [_(REFERENCES)]
    for work in works(lessons, tables):
        who, comma, what = work.named.partition(", ")
        lines.append(f"**{who}**{comma}{linked(what)}\n")
        for section, remark in work.remarks:
            lesson = _("Lesson {number}").format(number=section.lesson[:2])
            lines.append(f"- {section.link(lesson)}: {linked(remark)}")
        if work.places:
            links = "; ".join(section.link() for section in work.places)
            lines.append("- " + _("Named in {links}.").format(links=links))
        if work.tables:
            tables_of = ", ".join(f"`{name}`" for name in work.tables)
            lines.append("- " + _("Source of {tables}.").format(tables=tables_of))
        lines.append("")
    if tables:
        head = _("| Table in `data/family` | Sources |")
        lines += [f"## {_('Sources of the tables')}\n", head, "|---|---|"]
        lines += [f"| `{name}` | {linked('; '.join(given))} |" for name, given in tables.items()]
    return "\n".join(lines) + "\n"


def works(lessons: dict[str, list[Section]], tables: dict[str, list[str]]) -> list[Work]:
    """Return all works by their authors' names."""
    found: dict[str, Work] = {}
    for section, item in listed(lessons):
        named, remark = parted(item)
        work = found.setdefault(key_of(named), Work(named))
        work.named = min(work.named, named, key=lambda n: len(ARXIV.findall(n)))  # one work alone
        work.remarks.append((section, remark))
    for named in MORE:
        found.setdefault(key_of(named), Work(named))
    everything = [section for every in lessons.values() for section in every]
    for number, work in ((n, w) for w in found.values() for n in ARXIV.findall(w.named)):
        told = {section.lesson for section, _ in work.remarks}
        for section in everything:
            known = section.heading in READING and section.lesson in told
            if number in section.text and not known and section not in work.places:
                work.places.append(section)
        work.tables += [name for name, given in tables.items() if number in " ".join(given)]
    every = sorted(found.values(), key=lambda work: work.named.lower())
    return [work for work in every if work.remarks or work.places or work.tables]


def listed(lessons: dict[str, list[Section]]) -> Iterator[tuple[Section, str]]:
    """Yield each item of the lists *Further reading*, with its section."""
    for every in lessons.values():
        for section in every:
            if section.heading in READING:
                items = re.findall(r"^- (.+)", section.text, re.MULTILINE)
                named = (one for one in items if TITLED.search(one) or ARXIV.search(one))
                yield from ((section, one) for one in named)


def parted(item: str) -> tuple[str, str]:
    """Part an item into how it names the work, and the remark: after the number, or the title."""
    number, title = [*ARXIV.finditer(item)], TITLED.search(item)
    begin = number[-1].end() if number else title.end() if title else 0
    end = item.find(". ", begin)
    end = len(item.rstrip(".")) if end < 0 else end
    return item[:end], item[end + 2 :]


def key_of(named: str) -> str:
    """Return what two items that name the same work have in common: its number, or its title."""
    if number := ARXIV.search(named):
        return number[1]
    title = TITLED.search(named)
    return title[1].partition(":")[0].lower() if title else named


def linked(text: str) -> str:
    """Return a text in which each arXiv number is a link."""
    return ARXIV.sub(r"[arXiv:\1](https://arxiv.org/abs/\1)", text)


def sources(family: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield each table of a folder that gives sources, and these."""
    for path in sorted(family.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as f:
            rows = list(csv.DictReader(f))
        columns = [name for name in (rows[0] if rows else ()) if name.endswith("source")]
        given = {row[name].strip() for row in rows for name in columns if row[name].strip()}
        if given := given - {"not published"}:
            yield path.name, sorted(given)


# --- the map --------------------------------------------------------------------------------------


def course_map(root: Path, lessons: list[str]) -> str:
    """Return the learner's map of somebody who begins, as HTML whose stations lead to the pages."""
    described = {name: progress.describe(name, root) for name in progress.LESSONS}
    for name, lesson in described.items():
        state = "not opened" if name in lessons else "not in this copy"
        lesson.update(state=state, note="", misconceptions=[])
    first = next((name for name in described if name in lessons), "")
    says = _("Begin with lesson {number}, {title}.") if first else ""
    says = says.format(number=first[:2], title=described[first]["title"] if first else "")
    found = {"lessons": described, "next": {"lesson": first, "exercise": "", "says": says}}
    drawn = str(learners_map.picture(found, linked=True))
    for name in described.keys() & set(lessons):  # a lesson of somebody's own isn't on the map
        nothing, all_of_it = progress.status(described[name]), whole(described[name])
        drawn = re.sub(rf"(?<!\d){re.escape(nothing)}(?!\d)", all_of_it, drawn)
        drawn = drawn.replace(f'"#lesson-{name[:2]}"', f'"{name}/{name}.html"')
    return themed(drawn)


def whole(lesson: Mapping[str, Any]) -> str:
    """Return how many points, or visible checks, a lesson has in all."""
    if lesson["score"] is not None:
        return progress.counting(lesson["max"], "point")
    return _("{number} checks").format(number=lesson["visible"][1])


def own_map(drawn: str, outputs: dict[str, Any]) -> dict[str, Any]:
    """Return the map as the output of the lesson's cell that shows it, if it is among `outputs`.

    Whoever makes the pages may have a map of their own, which is nobody else's business.
    """
    data = {"text/html": drawn.replace('href="', 'href="../'), "text/plain": "The map."}
    output = {"output_type": "display_data", "metadata": {}, "data": data}
    return {MAP_CELL: [output]} if MAP_CELL in outputs else {}


def themed(text: str) -> str:
    """Return HTML whose styles follow the page's own switch of light and dark."""
    return text.replace("@media (prefers-color-scheme: dark)", 'html[data-theme="dark"]')
