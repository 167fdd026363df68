import json
import multiprocessing
import os
import threading
from pathlib import Path

import pytest

from upgrade101.course.store import Store


def test_what_is_kept_is_there_for_the_next_notebook(store: Store) -> None:
    store.change("predictions", "04.a", guess="B")
    assert Store(store.path).entry("predictions", "04.a") == {"guess": "B"}


def test_nothing_kept_is_an_empty_entry(store: Store) -> None:
    assert store.entry("exercises", "03.1") == {}
    assert not store.path.exists()


def test_a_change_leaves_other_values_and_other_notebooks_entries_alone(store: Store) -> None:
    store.change("exercises", "03.1", done=True, tries=1)
    Store(store.path).change("exercises", "03.2", done=False)
    store.change("exercises", "03.1", tries=2)
    assert store.section("exercises") == {"03.1": {"done": True, "tries": 2}, "03.2": {"done": False}}


def test_the_environment_says_where(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("UPGRADE101_PROGRESS", str(tmp_path / "mine.json"))
    assert Store().path == tmp_path / "mine.json"
    monkeypatch.delenv("UPGRADE101_PROGRESS")
    assert Store().path == Path.home() / ".upgrade101" / "progress.json"


@pytest.mark.parametrize("broken", ["{", "[]", '{"predictions": 3}', '{"exercises": {"03.1": 1}}', "\udc80"])
def test_a_broken_file_is_moved_aside_with_a_word(
    store: Store, broken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    store.path.write_bytes(broken.encode("utf-8", "surrogateescape"))
    store.change("predictions", "04.a", guess="B")
    assert store.entry("predictions", "04.a") == {"guess": "B"}
    [aside] = store.path.parent.glob("*.broken-*")
    assert aside.read_bytes() == broken.encode("utf-8", "surrogateescape")
    assert "could not be read" in capsys.readouterr().out


def test_where_nothing_can_be_written_it_lives_in_memory_and_says_so_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    store = Store(tmp_path / "file" / "progress.json")
    store.change("predictions", "04.a", guess="B")
    store.change("predictions", "04.b", guess="C")
    assert store.section("predictions") == {"04.a": {"guess": "B"}, "04.b": {"guess": "C"}}
    said = capsys.readouterr().out
    assert said.count("only until the kernel stops") == 1


def test_what_a_later_version_keeps_is_kept(store: Store) -> None:
    store.path.write_text(json.dumps({"version": 9, "badges": {"x": {}}}))
    store.change("predictions", "04.a", guess="B")
    found = json.loads(store.path.read_text())
    assert found["badges"] == {"x": {}} and found["version"] == 9


def test_forgetting_one_lesson_leaves_the_others(store: Store) -> None:
    for id in ("03.a", "04.a"):
        store.change("predictions", id, guess="B")
    store.change("exercises", "03.1", done=True)
    store.forget("03.")
    assert list(store.section("predictions")) == ["04.a"]
    assert store.section("exercises") == {}


def test_threads_lose_nothing_of_one_another(store: Store) -> None:
    threads = [threading.Thread(target=_write, args=(store.path, f"{number:02d}")) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.section("exercises")) == 40


def test_kernels_lose_nothing_of_one_another(store: Store) -> None:
    spawn = multiprocessing.get_context("spawn")
    kernels = [spawn.Process(target=_write, args=(store.path, f"{number:02d}")) for number in range(2)]
    for kernel in kernels:
        kernel.start()
    for kernel in kernels:
        kernel.join()
    assert [kernel.exitcode for kernel in kernels] == [0, 0]
    assert len(store.section("exercises")) == 20
    assert sorted(os.listdir(store.path.parent)) == ["progress.json", "progress.json.lock"]


def _write(path: Path, lab: str) -> None:
    for number in range(10):
        Store(path).change("exercises", f"{lab}.{number}", done=True)
