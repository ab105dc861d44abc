"""Handing in so that no other student can read it, or delete it: nbgrader's own `submit`, but that.

Stock opens a hand-in's folder to everybody, so that an instructor can delete it later; whoever
learns its name reads and changes it. But the exchange's ``inbound`` has the group of the
instructor's account, which what is made in it inherits: so that group is all that needs to get in.
"""

import shutil
from pathlib import Path

from nbgrader.exchange.default import ExchangeSubmit

OURS = 0o770  # the student's, and the instructor's


class Submit(ExchangeSubmit):
    """nbgrader's `ExchangeSubmit` for an exchange that students share."""

    def copy_files(self) -> None:
        """Hand in, and close the hand-in to all but the student and the instructor."""
        super().copy_files()
        place = Path(self.inbound_path) / self.assignment_filename
        if _group(place) != _group(Path(self.inbound_path)):
            shutil.rmtree(place)
            self.fail(
                "Your hand-in would be closed to your instructor, so it was taken back: tell them "
                f"that {self.inbound_path} has lost its permissions."
            )
        place.chmod(OURS)


def _group(place: Path) -> int:
    return place.stat().st_gid
