"""``nbgrader export``: a row for each student and graded cell, manual marks and comments included."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbgrader.plugins import ExportPlugin

from ..report import cell

HEAD = ("student", "lab", "exercise", "points", "of", "by hand", "waits for a human", "comment")


class Exercises(ExportPlugin):  # type: ignore[misc]
    """Write ``grades.csv``, or the file that ``--to`` names."""

    def export(self, gradebook: Any) -> None:
        """Write the rows of every student and lab that is asked for."""
        path = Path(self.to or "grades.csv")
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(HEAD)
            table.writerows([cell(value) for value in row] for row in self._rows(gradebook))

    def _rows(self, gradebook: Any) -> Iterator[list[Any]]:
        for lab in sorted(gradebook.assignments, key=lambda each: str(each.name)):
            if self.assignment and lab.name not in self.assignment:
                continue
            for submission in sorted(lab.submissions, key=lambda each: str(each.student.id)):
                if not self.student or submission.student.id in map(str, self.student):
                    yield from _rows_of(lab.name, submission)


def _rows_of(lab: str, submission: Any) -> Iterator[list[Any]]:
    for notebook in submission.notebooks:
        comments = {each.name: each.comment for each in notebook.comments}
        for grade in sorted(notebook.grades, key=lambda each: str(each.name)):
            by_hand = "yes" if grade.manual_score is not None else ""
            waits = "yes" if grade.needs_manual_grade else ""
            said = comments.get(grade.name) or ""
            yield [submission.student.id, lab, grade.name, grade.score, grade.max_score, by_hand, waits, said]
    late = submission.late_submission_penalty
    if late:
        yield [submission.student.id, lab, "late", -late, 0, "", "", ""]
