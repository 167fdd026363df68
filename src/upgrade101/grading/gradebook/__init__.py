"""nbgrader on top of the wire: it collects, keeps marks and writes feedback, and runs no submission itself."""
