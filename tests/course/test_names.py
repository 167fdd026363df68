from upgrade101 import course
from upgrade101.course.names import unknown


def test_the_nearest_name_is_offered() -> None:
    assert str(unknown("exercise", "03.11", ["03.1", "03.2"])).startswith(
        "there is no exercise '03.11'; did you mean '03.1'?"
    )


def test_the_room_offers_functions_under_the_names_of_its_modules() -> None:
    for name in course.__all__:
        assert callable(getattr(course, name)), name
