"""What the tests of authoring build notebooks with."""

import json
import sys

_WITH_CTRL_C = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("upgrade101", run_name="__main__")
"""
INTERRUPTIBLE = [sys.executable, "-u", "-c", _WITH_CTRL_C]
"""The command line, where the tests may run in the background and Ctrl+C is ignored."""

HEAD = {
    "metadata": {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    },
    "nbformat": 4,
    "nbformat_minor": 5,
}
SENTENCE = (
    "Words that explain what the next cell does, in short and plain sentences of the kind that one can read aloud "
)
IDEA = (SENTENCE + "to a friend. ") * 2
AWS = "[Quotas](https://docs.aws.amazon.com/)"

ROWS = {
    "You will do": "build a test",
    "You will be able to": "find faults · name them · mend them",
    "You need": "lesson 89",
    "Time": "40 minutes, and 45 for the lab",
    "Cost": "none, no account (on AWS: a few messages)",
}


def opening(**changed):
    """The second cell of a lesson, with some rows changed, or left out where they are None."""
    rows = {row: changed.get(row.split()[-1].lower(), what) for row, what in ROWS.items()}
    return "\n".join(["| | |", "|---|---|", *(f"| **{row}** | {what} |" for row, what in rows.items() if what)])


def markdown(id, source, **metadata):
    return {"cell_type": "markdown", "id": id, "metadata": metadata, "source": source}


def code(id, source, **metadata):
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": id,
        "metadata": metadata,
        "outputs": [],
        "source": source,
    }


def document(cells):
    return json.dumps({"cells": cells, **HEAD}, ensure_ascii=False, indent=1) + "\n"


def section(number):
    letter = "abc"[number - 1]
    return [
        markdown(f"idea-{letter}", f"## {number} · An idea\n\n{IDEA}"),
        code(f"small-{letter}", "x = 1"),
        markdown(f"look-{letter}", SENTENCE * 6),
        markdown(f"predict-{letter}", f"**Predict 90.{letter}** What comes?\n\n- **A** This\n- **B** That"),
        code(f"guess-{letter}", f'guess = "?"\npredict("90.{letter}", guess)'),
        markdown(f"now-{letter}", "Now run it. Watch the gateway."),
        code(f"run-{letter}", f'predict.reveal("90.{letter}", seen="A" if x else "B")'),
        markdown(f"why-{letter}", f"**Why** {IDEA}{IDEA}"),
        code(f"more-{letter}", "y = 2"),
        markdown(f"so-{letter}", SENTENCE * 6),
        code(f"still-{letter}", "y = 2"),
    ]


def a_lesson():
    return [
        markdown("title", "# 90 · A title\n\nA promise.\n\nLesson 90 of 13 · you are here: … → **a test** → …"),
        markdown("table", opening()),
        code("start", "from upgrade101 import cloud\ncloud.start()"),
        markdown("hook", IDEA),
        *section(1),
        *section(2),
        *section(3),
        markdown("break", f"## Break it on purpose\n\n{IDEA}"),
        code("break-run", "1 / 0", tags=["raises-exception"]),
        markdown("aws", f"**On real AWS** {IDEA} {AWS}. Checked against AWS's documentation on 2026-11-22."),
        markdown("points", f"**Key points**\n\n- {IDEA}\n\n**Words**\n\n- *Term*: {IDEA}"),
        markdown("yours", "**Your predictions**"),
        code("summary", 'predict.summary("90")'),
        markdown("next", f"**Next** {IDEA}"),
        code("end", "cloud.clean()\ncloud.stop()"),
    ]
