"""The learner's map in a notebook: the picture of `work/map.html`, and links that open the lessons.

``course check`` and the start of JupyterLab draw the map; this only shows it, as it was drawn last,
from ``work/map.json``. The links are text below the picture, since JupyterLab fails at one inside
of SVG. Left out on purpose: checking anything.
"""

import html
import json

from course import paths
from course.language import N_, _
from course.show.style import Page

FILE = "map.json"
NO_MAP = N_("There is no map yet: python3 start.py check, in a terminal, draws it.")


def latest_map() -> Page:
    """Return the map as it was drawn last, or a sentence that says how to draw it.

    Returns
    -------
    Page
        With a link to each lesson's notebook, as seen from a lesson's folder.
    """
    try:
        drawn = json.loads((paths.WORK / FILE).read_text(encoding="utf-8"))
        picture, date, step = drawn["picture"], drawn["date"], drawn["next"]
        links = " · ".join(
            f'<a href="../{html.escape(file)}">{html.escape(number)}</a>'
            for number, file in drawn["files"].items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Page(f"<p>{_(NO_MAP)}</p>", _(NO_MAP))
    as_of = _("As of {date}.").format(date=date)
    opens = _("Open a lesson: {links}.").format(links=links)
    shown = f"{picture}<p>{opens} {html.escape(as_of)}</p>"
    return Page(shown, f"{_('Next.')} {step} {as_of}")
