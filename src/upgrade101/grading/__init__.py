"""Wire grading: a mark is what the clients of a student's deployed API see. ``docs/grading.md`` says how and why."""
