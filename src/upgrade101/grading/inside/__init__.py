"""What a submission's kernel finds under the name ``upgrade101``: no checks, no hints, and a cloud that is elsewhere.

Nothing here is imported by the grader; :mod:`upgrade101.grading.overlay` copies it.
"""
