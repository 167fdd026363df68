"""pyproject.toml, requirements.lock.txt, environment.yml and what is installed here agree."""

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock.txt").read_text(encoding="utf-8")
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))

EXTRAS = PYPROJECT["project"]["optional-dependencies"]
OURS = [Requirement(text) for text in [*PYPROJECT["project"]["dependencies"], *EXTRAS["course"]]]
GROUPS = [Requirement(text) for group in PYPROJECT["dependency-groups"].values() for text in group]
WANTED = {canonicalize_name(requirement.name): requirement for requirement in OURS + GROUPS}
PYTHONS = SpecifierSet(PYPROJECT["project"]["requires-python"])
CONDA_NAMES = {"matplotlib": "matplotlib-base"}  # where conda-forge calls the same thing otherwise


def pins() -> list[Requirement]:
    """Return every pin of the lock, without its hashes."""
    return [Requirement(re.split(r" \\$", line)[0]) for line in LOCK.splitlines() if re.match(r"\w", line)]


def pin_of(requirement: Requirement) -> str:
    """Return the version of a pin."""
    (specifier,) = requirement.specifier
    assert specifier.operator == "=="
    return specifier.version


# The lock


def test_every_range_has_its_pin() -> None:
    locked = {canonicalize_name(pin.name) for pin in pins()}
    assert set(WANTED) - locked == set()


@pytest.mark.parametrize("pin", [pin for pin in pins() if canonicalize_name(pin.name) in WANTED], ids=str)
def test_a_pin_lies_in_its_range(pin: Requirement) -> None:
    assert WANTED[canonicalize_name(pin.name)].specifier.contains(pin_of(pin))


def test_a_lock_line_is_a_pin_or_a_hash() -> None:
    blocks = re.findall(r"^\w[^\n]*==[^\n]* \\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+", LOCK, re.MULTILINE)
    assert "".join(blocks) == LOCK
    assert len(blocks) == len(pins()) > 100


def test_the_lock_names_no_host() -> None:
    assert [
        line for line in LOCK.splitlines() if "://" in line or re.search(r"--(index|extra|find|trusted)", line)
    ] == []


@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
def test_no_system_gets_two_pins_of_one_package(system: str, python: str) -> None:
    machines = {"darwin": ("x86_64", "arm64"), "linux": ("x86_64", "aarch64"), "win32": ("AMD64",)}[system]
    for machine in machines:
        there = {
            "sys_platform": system,
            "platform_machine": machine,
            "os_name": "nt" if system == "win32" else "posix",
            "python_version": python,
            "python_full_version": f"{python}.7",
        }
        names = [pin.name for pin in pins() if pin.marker is None or pin.marker.evaluate(there)]
        assert len(names) == len(set(names)) > 100


def test_what_builds_the_package_is_in_the_lock() -> None:
    backend = {Requirement(text).name for text in PYPROJECT["build-system"]["requires"]}
    assert backend | {"editables"} <= {pin.name for pin in pins()}


# What is installed


@pytest.mark.parametrize("name", WANTED)
def test_what_is_installed_lies_in_its_range(name: NormalizedName) -> None:
    assert WANTED[name].specifier.contains(metadata.version(name))


# conda


def conda_requirements() -> dict[str, SpecifierSet]:
    """Return the names and ranges of environment.yml, those of its pip section included; python and pip apart."""
    lines = [line for line in CONDA["dependencies"] if isinstance(line, str)]
    (section,) = (line["pip"] for line in CONDA["dependencies"] if isinstance(line, dict))
    found = [Requirement(line) for line in [*lines, *section] if line != "-e ." and not line.startswith("python=")]
    return {requirement.name: requirement.specifier for requirement in found if requirement.name != "pip"}


def test_conda_has_the_same_names_and_ranges() -> None:
    ours = {CONDA_NAMES.get(requirement.name, requirement.name): requirement.specifier for requirement in OURS}
    assert conda_requirements() == ours


def test_conda_has_a_supported_python() -> None:
    (python,) = (line.removeprefix("python=") for line in CONDA["dependencies"] if str(line).startswith("python="))
    assert PYTHONS.contains(python)


def test_conda_installs_the_course_itself_and_asks_conda_forge_alone() -> None:
    assert CONDA["channels"] == ["conda-forge", "nodefaults"]
    assert "pip" in CONDA["dependencies"]
    assert "-e ." in CONDA["dependencies"][-1]["pip"]


def test_every_line_says_what_it_is_for() -> None:
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    packages = [line for line in text.splitlines() if re.match(r"\s+- \S+[<>]=", line)]
    assert [line for line in packages if "  # " not in line] == []
    assert len(packages) == len(OURS)
