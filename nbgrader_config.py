"""nbgrader's configuration, for instructors: docs/grading.md says how. It is read by nbgrader where this file lies."""

from pathlib import Path

from upgrade101.grading.gradebook.settings import configure

c = get_config()  # noqa: F821 (nbgrader gives it)
configure(c, Path(__file__).resolve().parent)
