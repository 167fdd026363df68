"""The package that a submission's kernel imports: whole enough for labs, and without what would give answers away."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from upgrade101.grading import overlay

SECRETS = ("authoring", "course/checks", "course/museum", "course/hint.py", "course/solution.py", "grading/batch.py")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return overlay.build(tmp_path_factory.mktemp("overlay"))


def python(code: str, place: Path) -> subprocess.CompletedProcess[str]:
    """Run code as a submission's kernel would: importing the package there confines the whole process."""
    env = {"PYTHONPATH": str(place), "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "PATH": os.defpath}
    return subprocess.run([sys.executable, "-c", code], env=env, cwd=place, capture_output=True, text=True)


def test_every_module_in_it_finds_what_it_imports(place: Path) -> None:
    """Another room's new import would otherwise be found by a class."""
    files = sorted((place / "upgrade101").rglob("*.py"))
    apart = ("course/chat/", "localcloud/guard")  # the chat's functions are deployed, not imported
    names = [path.relative_to(place).with_suffix("").as_posix() for path in files]
    modules = [name.removesuffix("/__init__").replace("/", ".") for name in names if not any(a in name for a in apart)]
    code = f"import importlib\nfor name in {modules}: importlib.import_module(name)"
    done = python(code, place)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_cloud_in_it_has_all_that_is_asked_of_it(place: Path) -> None:
    """What stands for ``cloud`` there is written by hand, and another room may ask something new."""
    asked = {
        node.attr
        for path in (place / "upgrade101").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "cloud"
    }
    code = f"from upgrade101 import cloud\nprint([name for name in {sorted(asked)} if not hasattr(cloud, name)])"
    assert "own_run" in asked
    assert python(code, place).stdout == "[]\n"


@pytest.mark.parametrize("secret", SECRETS)
def test_it_holds_nothing_that_gives_answers_away(place: Path, secret: str) -> None:
    assert (overlay.PACKAGE / secret).exists()
    assert not (place / "upgrade101" / secret).exists()


def test_an_address_that_is_local_already_stays_as_it_is(place: Path) -> None:
    code = """
from upgrade101 import cloud
here = cloud.local_url("https://a1.execute-api.us-east-1.amazonaws.com/dev/words")
print(here, cloud.local_url(here))
"""
    done = python(code, place)
    here = "http://127.0.0.1:1/_aws/execute-api/a1/dev/words"
    assert (done.stdout, done.stderr) == (f"{here} {here}\n", "")
