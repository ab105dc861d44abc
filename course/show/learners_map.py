"""The learner's map in a notebook: the picture of `work/map.html`, and links that open the lessons.

The page is made by ``course check`` and by the start of JupyterLab; this only shows its picture, as
it was drawn last. The links stand below it as text, since JupyterLab fails at one inside of SVG.
Left out on purpose: checking anything.
"""

import html
import re

from course import paths
from course.show.style import Page

FILE = "map.html"
PICTURE = re.compile(r"<!-- picture -->(.*)<!-- end of picture -->", re.DOTALL)
DATE = re.compile(r'data-date="([^"]*)"')
LINK = re.compile(r'<a href="#lesson-(\d\d)"(?: data-file="([^"]*)")?')
NEXT = re.compile(r'<p class="m-next">(.*?)</p>', re.DOTALL)
NO_MAP = "There is no map yet: python3 start.py check, in a terminal, draws it."


def latest_map() -> Page:
    """Return the map as it was drawn last, or a sentence that says how to draw it.

    Returns
    -------
    Page
        With a link to each lesson's notebook, as seen from a lesson's folder.
    """
    try:
        found = PICTURE.search((paths.WORK / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = None
    if found is None:
        return Page(f"<p>{NO_MAP}</p>", NO_MAP)
    drawn, step = DATE.search(found[1]), NEXT.search(found[1])
    files = {number: file for number, file in LINK.findall(found[1]) if file}
    links = " · ".join(f'<a href="../{file}">{number}</a>' for number, file in files.items())
    picture = LINK.sub("<g", found[1]).replace("</a>", "</g>")
    date = f"As of {drawn[1]}." if drawn else ""
    said = html.unescape(re.sub("<[^>]*>", "", step[1])) if step else "Your map."
    return Page(f"{picture}<p>Open a lesson: {links}. {date}</p>", f"{said} {date}".strip())
