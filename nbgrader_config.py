"""The grading configuration: one truth for nbgrader, its formgrader and the `course` command.

Everything is relative to this file, so that a copy of it makes any folder a course.
"""

import os
import sys
from pathlib import Path
from urllib.parse import quote

c = get_config()  # noqa: F821  (nbgrader puts this name here)
root = Path(__file__).resolve().parent

# nbgrader makes its gradebook by calling `alembic`, which is next to the Python that runs it, but
# is on no one's path where the environment isn't activated.
tools = str(Path(sys.executable).parent)
if tools not in os.environ.get("PATH", "").split(os.pathsep):
    os.environ["PATH"] = os.pathsep.join([tools, os.environ.get("PATH", "")])

c.CourseDirectory.course_id = "gpt-course"
c.CourseDirectory.root = str(root)
# An address: a percent sign, a question mark or a number sign in a folder's name isn't one's own.
c.CourseDirectory.db_url = f"sqlite:///{quote((root / 'gradebook.db').as_posix(), safe='/:')}"
c.CourseDirectory.source_directory = "source"
c.CourseDirectory.release_directory = "release"
c.CourseDirectory.submitted_directory = "submitted"
c.CourseDirectory.autograded_directory = "autograded"
c.CourseDirectory.feedback_directory = "feedback"

# Through this folder lessons go out and hand-ins come back, where a class works on one machine:
# `course classroom` makes it. It lies outside of this folder, which is the instructor's alone.
c.Exchange.root = os.environ.get("COURSE_EXCHANGE", "/usr/local/share/nbgrader/exchange")

# What a learner finds in place of the solution.
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}

# Seconds for each cell.
c.Execute.timeout = 30

# A warning on stderr costs no points (nbgrader's own rule would take them all).
c.IgnorePattern.enabled = True
c.IgnorePattern.pattern = r"(?s).*"

# The formgrader's buttons, `nbgrader autograde` and `nbgrader generate_feedback` go through the
# course's own grader, as `course grade` and `course feedback` do: students' code runs in a sandbox
# or not at all, and no page shows a hidden test. Nothing else may run or score a notebook.
c.Autograde.exporter_class = "course.grader.buttons.Unread"
c.Autograde.sanitize_preprocessors = []
c.Autograde.autograde_preprocessors = ["course.grader.buttons.Sandboxed"]
c.Sandboxed.hooks = "course.hooks:HOOKS"
c.GenerateFeedback.exporter_class = "course.grader.buttons.Pages"
c.Pages.hooks = "course.hooks:HOOKS"

# Collecting believes no name, follows no link, and takes what nobody else has touched.
c.ExchangeFactory.collect = "course.grader.collect.Collect"
# Feedback goes back to all who handed in through the exchange, whoever else didn't.
c.ExchangeFactory.release_feedback = "course.grader.release.ReleaseFeedback"

# What `nbgrader zip_collect` makes of an LMS's files. Canvas: name_12345_67890_LESSON.ipynb, with
# LATE before the first number if it was; the student is that number, Canvas' own. Moodle: Full
# Name_12345_assignsubmission_file, as a folder or as the beginning of the file's name; the student
# is the full name, since the number is another one for each assignment. Endings such as -1 or (1),
# which Canvas and browsers add, are dropped. The LMS wrote what comes first, the student what comes
# after it: so the first that fits counts. Names that begin with a dot are a Mac's, or a trick.
slash = r"[\\/]" if os.sep == "\\" else "/"
c.FileNameCollectorPlugin.named_regexp = (
    rf"(?!.*{slash}__MACOSX{slash})(?:.*?{slash})?"
    r"(?>(?:[^\\/_]+_(?:LATE_)?(?=\d+_\d+_))?)(?P<student_id>[^\\/_.][^\\/_]*)_\d+_"
    rf"(?:assignsubmission_file(?:{slash}|_{slash}?)(?:.*{slash})?)?"
    r"(?P<file_id>[^\\/.][^\\/]*?)(?:-\d+| ?\(\d+\))?\.ipynb$"
)
