"""How much a submission may take."""

from upgrade101.grading.limits import Allowance


def test_patience_lengthens_time_and_nothing_else() -> None:
    longer = Allowance().patient(3)
    assert (longer.cell_seconds, longer.total_seconds, longer.patience) == (45, 360, 3)
    assert longer.memory_mb == Allowance().memory_mb
