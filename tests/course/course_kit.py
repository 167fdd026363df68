"""What the tests of the course build with."""

from upgrade101.course.wrong import run_cells as cell

__all__ = ["cell"]
