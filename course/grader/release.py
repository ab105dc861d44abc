"""Feedback goes back through the exchange to all who handed in there, whoever else did not.

nbgrader finds a student's page again by two files that its exchange has put beside a hand-in. Where
one is missing (it came by Canvas, Moodle or mail) stock ends there with a traceback, and whoever
comes later in the class gets nothing. Here that student is named, and all others get their pages.

nbgrader loads this in its own process, as it does `collect`.
"""

import glob
import os
from pathlib import Path

from nbgrader.exchange.default import ExchangeReleaseFeedback

from course.grader.feedback import NEEDED
from course.grader.files import shown

ELSEWHERE = "%s didn't hand in through the exchange: send %s by another way."


class ReleaseFeedback(ExchangeReleaseFeedback):
    """nbgrader's `ExchangeReleaseFeedback`, one student after another."""

    def copy_files(self) -> None:
        """Put the pages into the exchange; name those that can't be found again there."""
        places = self.coursedir
        everyone = Path(places.format_path(places.feedback_directory, ".", "."))
        wanted = places.student_id
        names = sorted(os.listdir(everyone)) if everyone.is_dir() else []
        for student in names:
            if wanted not in ("", "*", student):
                continue
            folder = Path(
                places.format_path(places.feedback_directory, student, places.assignment_id)
            )
            pages = sorted(folder.glob("*.html"))
            if pages and not all((folder / name).is_file() for name in NEEDED):
                self.log.warning(ELSEWHERE, shown(student), pages[0])
                continue
            self.src_path = glob.escape(str(folder))  # a folder's name may look like a pattern
            super().copy_files()
