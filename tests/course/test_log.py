"""The log of a learner's functions as a verdict shows it."""

from upgrade101.course.log import shown

TRACE = [
    "[guard] [ERROR] TypeError: no",
    "[guard] Traceback (most recent call last):",
    '[guard]   File "/var/task/app.py", line 9, in guard',
    "[guard]     row = members.get_item(Key=key)",
]
BELOW = [
    '[guard]   File "/var/lang/lib/python3.11/site-packages/boto3/resources/factory.py", line 581, in do_action',
    "[guard]     response = action(self)",
    "[guard]                ^^^^^^^^^^^^",
]


def test_steps_through_libraries_are_left_out() -> None:
    assert shown([*TRACE, *BELOW, *BELOW, "[move] done"]) == [*TRACE, "[move] done"]


def test_lambdas_own_spaces_are_known() -> None:
    log = [line.replace("]   ", "] \xa0 \xa0").replace("]     ", "] \xa0 \xa0 \xa0 \xa0") for line in BELOW]
    assert shown([*TRACE, *log]) == TRACE


def test_a_traceback_that_repeats_is_shown_once_and_counted() -> None:
    assert shown([*(TRACE + BELOW) * 5, "[guard] bye"]) == [f"{TRACE[0]}  × 5", *TRACE[1:], "[guard] bye"]


def test_what_differs_stays() -> None:
    lines = [f"[guard] {number}" for number in range(30)]
    assert shown(lines) == lines[-20:]
    assert shown([]) == []
