"""Lessons on a cloud that others wrote: every cell is as on AWS, or listed as different. And on our own: none differs.

The rest of the course is run by ``python3 start.py elsewhere ministack``, or ``serve``.
"""

import os
from pathlib import Path

import pytest

from upgrade101 import ConfigurationError
from upgrade101.authoring import elsewhere
from upgrade101.authoring.clouds import Cloud, cloud_of

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.notebooks


@pytest.fixture(scope="module")
def ministack():
    """MiniStack, installed if need be. Where that fails, CI fails; elsewhere the sentence says what is missing."""
    try:
        return cloud_of("ministack", ROOT)
    except ConfigurationError as fault:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(fault))


def ran(number, cloud):
    (lesson,) = elsewhere.notebooks(ROOT, [number], with_labs=False)
    return elsewhere.run(lesson, cloud, elsewhere.differences(ROOT))


@pytest.mark.parametrize("number", ["03", "05", "06"])
def test_a_lesson_on_ministack_differs_only_where_it_is_listed(number, ministack):
    done = ran(number, ministack)
    assert done.faults == {}
    assert done.count(elsewhere.OK) > done.count(elsewhere.DIFFERENT)


def test_a_lesson_on_our_own_serve_is_as_on_aws_in_every_cell():
    done = ran("06", Cloud("serve"))
    assert done.faults == {}
    assert set(done.verdicts.values()) == {elsewhere.OK}
