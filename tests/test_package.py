"""Importing: every module can be the first, the gateway needs nothing of the rest, and the wire log always watches."""

import pkgutil
import subprocess
import sys
from importlib import metadata

import pytest
from packaging.requirements import Requirement

import upgrade101


def python(code):
    return subprocess.run([sys.executable, "-W", "error::ImportWarning", "-c", code], capture_output=True, text=True)


@pytest.mark.parametrize("module", sorted(each.name for each in pkgutil.iter_modules(upgrade101.__path__)))
def test_every_module_can_be_imported_first(module):
    run = python(f"import upgrade101.{module}")
    assert (run.returncode, run.stderr) == (0, "")


def test_the_gateway_alone_imports_neither_moto_nor_boto3():
    run = python("import sys, upgrade101.gateway; print({'moto', 'boto3', 'botocore', 'IPython'} & set(sys.modules))")
    assert run.stdout.strip() == "set()"


def test_the_gateway_and_its_fixtures_need_nothing_of_the_course():
    course = [Requirement(text) for text in metadata.requires("upgrade101") if "extra ==" in text]
    names = sorted({"IPython", *(each.name.replace("-", "_") for each in course)} - {"packaging"})
    assert {"jupyterlab", "matplotlib", "ipykernel"} <= set(names)
    run = python(
        f"""
import sys
sys.modules.update(dict.fromkeys({names}))
import upgrade101.__main__, upgrade101.serving, upgrade101.testing
from upgrade101 import cloud, connect, websocket_api, wire
cloud.start(quiet=True)
with connect(websocket_api("chat", {{"$default": "hello"}}, two_way=("$default",)).url) as ws:
    ws.send("?")
    print(ws.recv(timeout=10))
print(wire.text().splitlines()[0])
cloud.stop()
"""
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("hello\nwire log: ")


@pytest.mark.parametrize("first", ["from upgrade101.deploy import role", "from upgrade101 import predict", "import os"])
def test_whatever_comes_first_the_wire_log_watches_the_cloud(first):
    run = python(
        f"{first}\nfrom upgrade101 import cloud, wire\nprint(wire.recorder.observe in cloud._observers.watching)"
    )
    assert run.stdout.strip() == "True", run.stderr


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="no attribute 'websockets_api'"):
        upgrade101.websockets_api  # noqa: B018
    assert set(upgrade101.__all__) <= set(dir(upgrade101))
