"""Judge a submission for nbgrader, as ``start.py grade`` does: in place of running its cells beside the gradebook."""

from __future__ import annotations

import atexit
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat.v4
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Float, Unicode

from .. import report
from ..batch import Grader, version_of
from ..limits import Allowance
from ..notebook import assignment
from ..sandbox import find as find_walls
from ..submissions import Submission
from ..verdicts import Document, reason
from .papers import handed_in, solution_of

PAGE = "wire.html"
_SVG = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
_graders: dict[tuple[str, ...], Grader] = {}


class Judge(NbGraderPreprocessor):  # type: ignore[misc]
    """Write the verdict into each test cell, where nbgrader reads its points, and the student's page beside it."""

    report = Unicode("report", help="Where results are kept, as start.py grade keeps them: below it, by lab.").tag(
        config=True
    )
    without_walls = Bool(False, help="Grade even where a submission could read your files.").tag(config=True)
    cell_seconds = Float(Allowance().cell_seconds, help="How long a cell may run.").tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> Any:
        """Judge the notebook that was handed in, and write what was found into this copy of it."""
        converter: Any = self.parent.parent
        names = resources["nbgrader"]
        lab, coursedir = names["assignment"], converter.coursedir
        solution = solution_of(coursedir, lab, names["notebook"])
        submission = handed_in(coursedir, names["student"], lab, names["notebook"])
        result = self._result(self._grader(solution, Path(coursedir.root) / self.report / lab), submission)
        refuse_what_was_not_judged(result)
        tests = {test.exercise_id: test.grade_id for test in assignment(solution).tests}
        verdicts = {tests[each["exercise"]]: each for each in result["exercises"]}
        for cell in nb.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            if name in verdicts:
                cell.outputs = list(outputs(verdicts[name]))
        page = Path(coursedir.format_path(coursedir.autograded_directory, names["student"], lab)) / PAGE
        page.unlink(missing_ok=True)  # a student's own file of that name
        page.write_text(report.page(lab, result), encoding="utf-8", newline="\n")
        return nb, resources

    def _grader(self, solution: Path, out: Path) -> Grader:
        """Return the grader of a lab: the same one for everybody, as long as nothing has changed."""
        key = str(solution), str(out), version_of(solution), str(self.cell_seconds), str(self.without_walls)
        if key not in _graders:
            walls = find_walls()
            if not walls.holds_files and not self.without_walls:
                raise RuntimeError("this system cannot keep a submission from reading your files: docs/grading.md")
            _graders[key] = Grader(solution, out, walls, Allowance(cell_seconds=self.cell_seconds))
            atexit.register(_graders[key].__exit__)
        return _graders[key]

    def _result(self, grader: Grader, submission: Submission) -> Document:
        """Return what is kept of a submission, or grade it; the solution first, once."""
        kept = grader.kept(submission)
        if not kept and not grader.has_learned and submission.path is not None:
            self.log.info("Grading the solution of %s first", grader.solution.stem)
            grader.learn()
        (result,) = [kept] if kept else grader.grade_all([submission], at_once=1, done=lambda _: None)
        return result


def refuse_what_was_not_judged(result: Document) -> None:
    """Raise RuntimeError where the grader itself failed: no marks are better than wrong ones."""
    broken = [each for each in result["exercises"] if each["state"] == "broken"]
    if broken:
        why = f"{broken[0]['exercise']} {reason(broken[0])}"
        raise RuntimeError(f"{result['student']} has no marks yet, grade again: {why}")


def outputs(verdict: Document) -> Iterator[Any]:
    """Yield what a test cell shows: where it shows an error, nbgrader gives no points.

    >>> [each["name"] for each in outputs({"state": "done", "exercise": "03.1"})]
    ['stdout']
    """
    name = verdict["exercise"]
    if verdict["state"] == "done":
        yield _output("stream", name="stdout", text=f"{name} done\n")
        return
    for svg in _SVG.findall(verdict["picture"]):
        yield _output("display_data", data={"image/svg+xml": svg, "text/plain": "the wire log"}, metadata={})
    said = reason(verdict)
    lines = said.replace("; ", "\n").splitlines()
    yield _output("error", ename=f"{name} {verdict['state']}", evalue=said, traceback=lines)


def _output(kind: str, **fields: Any) -> Any:
    return nbformat.v4.new_output(kind, **fields)  # type: ignore[no-untyped-call]
