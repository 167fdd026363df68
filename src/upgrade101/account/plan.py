"""What a lesson creates in an account, and what that costs, in a few sentences for whoever is about to say yes."""

from __future__ import annotations

import os
import re

API, REST, TABLES, QUEUE, STACKS = "WebSocket APIs", "REST APIs", "tables", "a queue", "stacks and a bucket"
CREATES = {
    "00": (API,),
    "01": (REST,),
    "02": (API,),
    "03": (API,),
    "04": (API,),
    "05": (API, TABLES),
    "06": (API,),
    "07": (API, TABLES, QUEUE),
    "08": (API, TABLES),
    "09": (API,),
    "10": (API, REST),
    "11": (API, TABLES),
    "12": (API, TABLES, STACKS),
    "13": (API,),
}
"""What each lesson creates, beside functions, their role and their log groups."""

FUNCTIONS = "functions with their role and log groups"

MESSAGES_PER_MILLION, MINUTES_PER_MILLION, LOOKED_UP = 1.00, 0.25, "2026-11-22"
"""US dollars in us-east-1, and the day on which they were looked up."""


def sentences(lesson: str | None = None) -> list[str]:
    """Return what is about to be created and what it costs, a line each; ``lesson`` is the notebook's number.

    >>> sentences("")[1]
    'All of it carries the tag upgrade101:run and goes with cloud.clean(); later: python3 start.py cleanup.'
    """
    lesson = of_notebook() if lesson is None else lesson
    if lesson in CREATES:
        creates = f"Lesson {lesson} creates {', '.join(CREATES[lesson])}, {FUNCTIONS}."
    else:
        creates = f"A lesson creates {API} or {REST}, {FUNCTIONS}, some also {TABLES}, {QUEUE}, or {STACKS}."
    messages, minutes = f"${MESSAGES_PER_MILLION:.2f}", f"${MINUTES_PER_MILLION:.2f}"
    prices = f"a million messages are {messages}, a million minutes of connection {minutes}"
    return [
        creates,
        "All of it carries the tag upgrade101:run and goes with cloud.clean(); later: python3 start.py cleanup.",
        f"It costs well below a cent: {prices} (us-east-1, looked up {LOOKED_UP}).",
    ]


def of_notebook() -> str:
    """Return the number of the lesson that this notebook is, as Jupyter's server tells it; '' where nobody says."""
    found = re.match(r"(\d\d)_", os.path.basename(os.environ.get("JPY_SESSION_NAME", "")))
    return found[1] if found else ""
