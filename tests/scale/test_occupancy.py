"""How many connections can be open at once is rate times duration."""

import pytest

from upgrade101.scale import most_connections, occupancy, settings


def test_five_hundred_a_second_for_two_hours():
    assert most_connections() == 500 * 7200 == 3_600_000
    seen = dict(occupancy(5))
    assert seen[1.0] == 1_800_000
    assert {seen[hours] for hours in (2.0, 3.0, 4.0, 5.0)} == {3_600_000}
    assert max(seen.values()) == 3_600_000


@pytest.mark.parametrize(("rate", "seconds"), [(1, 600), (500, 600), (7, 3600)])
def test_occupancy_is_what_the_sum_says(rate, seconds):
    numbers = settings(new_connections_per_second=rate, connection_seconds=seconds)
    assert occupancy(3, numbers)[-1] == (3.0, rate * seconds) == (3.0, most_connections(numbers))


def test_the_managed_door_is_another():
    assert most_connections(managed=True) == 2000 * 86_400
