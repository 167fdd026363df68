"""The clouds that the course can be run on: who is meant, what is installed, and that what was started ends."""

import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from upgrade101 import ConfigurationError
from upgrade101.authoring import clouds
from upgrade101.authoring.clouds import AWS, MINISTACK, MOTO, Cloud, cloud_of, free_port, ministack_program

LISTENER = """
import socket, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("child", child.pid, flush=True)
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    while True:
        server.accept()[0].close()
"""


# ── who is meant ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_address_is_a_cloud_that_outlives_the_run(tmp_path):
    port = free_port()
    there = cloud_of(f"http://127.0.0.1:{port}/", tmp_path)
    assert (there.url, there.is_here, there.is_kept) == (f"http://127.0.0.1:{port}", True, True)
    with there.running() as where:
        assert where == there.url
    assert not Cloud("far", "https://192.0.2.1").is_here


def test_moto_is_gone_with_its_kernel(tmp_path):
    there = cloud_of(MOTO, tmp_path)
    assert (there.is_here, there.is_kept) == (True, False)
    with there.running() as where:
        assert where == "moto"


def test_an_account_must_be_agreed_to_beforehand(tmp_path, monkeypatch):
    monkeypatch.delenv("UPGRADE101_YES", raising=False)
    with pytest.raises(ConfigurationError, match="UPGRADE101_YES=ACCOUNT"):
        cloud_of(AWS, tmp_path)
    monkeypatch.setenv("UPGRADE101_YES", "1")
    assert cloud_of(AWS, tmp_path).is_kept


def test_another_word_is_no_cloud(tmp_path):
    with pytest.raises(ConfigurationError, match="there is no cloud 'azure' → ministack, serve"):
        cloud_of("azure", tmp_path)


# ── MiniStack's program ──────────────────────────────────────────────────────────────────────────────────────────────


def test_the_program_that_the_variable_names_is_taken(tmp_path, monkeypatch):
    monkeypatch.setenv("MINISTACK", sys.executable)
    assert cloud_of(MINISTACK, tmp_path).program == Path(sys.executable)
    monkeypatch.setenv("MINISTACK", str(tmp_path))
    with pytest.raises(ConfigurationError, match="no file"):
        cloud_of(MINISTACK, tmp_path)


class Installer:
    """Stands in for pip and uv: it writes down what it was told, and leaves a program, or a complaint."""

    def __init__(self, complaint=""):
        self.complaint, self.steps = complaint, []

    def run(self, command, **_):
        self.steps.append(command)
        if "install" in command and self.complaint:
            return subprocess.CompletedProcess(command, 1, "", f"trying\n{self.complaint}\n")
        if "install" in command:
            python = Path(next(word for word in command if Path(word).stem == "python"))
            python.parent.mkdir(parents=True)
            (python.parent / f"ministack{clouds._EXE}").touch()
        return subprocess.CompletedProcess(command, 0, "", "")


@pytest.mark.parametrize("uv", [None, "/bin/uv"], ids=["pip", "uv"])
def test_it_is_installed_once_and_again_when_the_range_changes(tmp_path, monkeypatch, uv):
    installer = Installer()
    monkeypatch.delenv("MINISTACK", raising=False)
    monkeypatch.setattr(clouds.shutil, "which", lambda name: uv)
    monkeypatch.setattr(clouds.subprocess, "run", installer.run)
    assert ministack_program(tmp_path) == ministack_program(tmp_path)
    assert ministack_program(tmp_path).is_file()
    made, filled = installer.steps
    assert "venv" in made and filled[-len(clouds.PACKAGES) :] == list(clouds.PACKAGES)
    assert (made[0] == uv) == (filled[0] == uv) == bool(uv)
    monkeypatch.setattr(clouds, "PACKAGES", ("ministack>=9",))
    ministack_program(tmp_path)
    assert len(installer.steps) == 4


def test_what_cannot_be_installed_is_one_sentence_and_leaves_nothing_half_made(tmp_path, monkeypatch):
    monkeypatch.delenv("MINISTACK", raising=False)
    monkeypatch.setattr(clouds.subprocess, "run", Installer("ERROR: no network").run)
    with pytest.raises(ConfigurationError, match=r"MiniStack cannot be installed: ERROR: no network → .*MINISTACK"):
        ministack_program(tmp_path)
    assert not (tmp_path / ".upgrade101" / "ministack").exists()


# ── started and ended ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_program_and_its_children_end_with_the_run(tmp_path, monkeypatch):
    port = free_port()
    command = [sys.executable, "-c", LISTENER, str(port)]
    monkeypatch.setattr(clouds, "_serve", lambda: (command, port, {}))
    with Cloud("serve").running() as url:
        assert url == f"http://127.0.0.1:{port}"
        mine = psutil.Process().children(recursive=True)
        family = [each for each in mine if "time.sleep(600)" in " ".join(each.cmdline())]
        assert family
    _, alive = psutil.wait_procs(family, timeout=20)
    assert alive == []
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=1)


def test_a_program_that_dies_at_once_says_why(monkeypatch):
    command = [sys.executable, "-c", "print('first'); print('the port is taken'); raise SystemExit(3)"]
    monkeypatch.setattr(clouds, "_serve", lambda: (command, free_port(), {}))
    with pytest.raises(ConfigurationError, match="it said last: the port is taken"), Cloud("serve").running():
        pass


def test_no_key_of_an_account_is_in_its_environment(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    for _, _, environment in (clouds._serve(), clouds._ministack(Path("ministack"))):
        assert not [name for name in environment if name.startswith("AWS_")]
    assert clouds._ministack(Path("ministack"))[2]["BIND_HOST"] == "127.0.0.1"
