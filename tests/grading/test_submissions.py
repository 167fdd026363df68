"""Who has handed in what, in any of the folders that a class ends up in."""

import os
import sys
from pathlib import Path

import pytest

from upgrade101.gateway import ConfigurationError
from upgrade101.grading.submissions import find, fingerprint, key_of, shown

LAB = "03_routes"


def put(path: Path, text: str = "{}") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_every_usual_place_is_looked_at(tmp_path: Path) -> None:
    put(tmp_path / "ana" / LAB / f"{LAB}.ipynb")
    put(tmp_path / "ben" / f"{LAB}.ipynb")
    put(tmp_path / "cleo" / "my final version (2).ipynb")
    put(tmp_path / "dora.ipynb")
    put(tmp_path / "readme.txt")
    put(tmp_path / ".git" / "x.ipynb")
    assert [(each.student, bool(each.path)) for each in find(tmp_path, LAB)] == [
        ("ana", True),
        ("ben", True),
        ("cleo", True),
        ("dora", True),
    ]


def test_the_notebook_with_the_labs_name_counts(tmp_path: Path) -> None:
    wanted = put(tmp_path / "ana" / f"{LAB}.ipynb")
    put(tmp_path / "ana" / "draft.ipynb")
    assert find(tmp_path, LAB)[0].path == wanted


def test_who_handed_in_nothing_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "ana").mkdir()
    put(tmp_path / "ben" / "a.ipynb")
    put(tmp_path / "ben" / "b.ipynb")
    put(tmp_path / "ben" / ".ipynb_checkpoints" / "c.ipynb")
    ana, ben = find(tmp_path, LAB)
    assert (ana.path, ana.problem) == (None, "there is no notebook")
    assert ben.problem == f"there are 2 notebooks, and none is called {LAB}.ipynb"


@pytest.mark.skipif(os.name == "nt", reason="Windows lets nobody make links and pipes like these")
def test_links_and_pipes_are_not_opened(tmp_path: Path) -> None:
    secret = put(tmp_path / "secret" / "solution.ipynb")
    class_ = tmp_path / "class"
    for name in ("ana", "ben", "cleo"):
        (class_ / name).mkdir(parents=True)
    (class_ / "ana" / f"{LAB}.ipynb").symlink_to(secret)
    os.mkfifo(class_ / "ben" / f"{LAB}.ipynb")
    (class_ / "cleo" / LAB).symlink_to(secret.parent)
    (class_ / "dora").symlink_to(secret.parent)
    (secret.parent / f"{LAB}.ipynb").write_text("{}")
    assert [(each.path, bool(each.problem)) for each in find(class_, LAB)] == [(None, True)] * 4


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names that are no text")
def test_a_name_that_is_no_text_is_shown_and_kept_apart(tmp_path: Path) -> None:
    for name in (b"J\xf6rg", b"J\xc3\xb6rg"):
        place = os.path.join(os.fsencode(tmp_path), name)
        os.mkdir(place)
        with open(os.path.join(place, b"03_routes.ipynb"), "w") as file:
            file.write("{}")
    found = find(tmp_path, LAB)
    assert sorted(each.student for each in found) == ["J\\xf6rg", "Jörg"]
    assert len({each.key for each in found}) == 2
    assert all(each.path and fingerprint(each.path) for each in found)


def test_a_key_stays_below_its_folder() -> None:
    for name in ("../../etc", "..", ".", "a/b", "a\\b", "x" * 500, "\x1b[2J"):
        key = key_of(name)
        assert "/" not in key and "\\" not in key and key not in (".", "..") and len(key) <= 120
    assert key_of("x" * 500) != key_of("x" * 501)


def test_a_key_keeps_letters_and_nothing_that_systems_write_in_two_ways() -> None:
    assert key_of("Łukasz Żak, Ελένη, 李明") == "Łukasz Żak, Ελένη, 李明"
    assert len({key_of(name) for name in ("Jörg", "Jo\u0308rg", "J%C3%B6rg", "\u2126", "\u03a9", "J\udcf6rg")}) == 6
    for name in ("Ana\u202e", "Ana\u200b", "\U0001f600", "a\u2215b"):  # signs that hide or turn others are no letters
        assert key_of(name).isascii()
    assert len(key_of("李" * 200).encode()) <= 120


def test_no_student_has_the_name_of_the_instructors_page() -> None:
    assert key_of("index") == "%69ndex" and key_of("Index") == "%49ndex"


def test_signs_that_move_the_cursor_are_written_out() -> None:
    assert shown("ana\x1b[2J\n") == "ana\\x1b[2J\\n"


def test_a_folder_without_submissions_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no submissions"):
        find(tmp_path, LAB)
    with pytest.raises(ConfigurationError, match="is no folder"):
        find(tmp_path / "nowhere", LAB)
