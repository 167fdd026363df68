"""A zip's modules: private to the environment, and importable in every way that code imports."""

import atexit
import io
import sys
import threading
import zipfile

import pytest

from upgrade101.localcloud.functions import modules


def test_a_package_with_relative_imports(cloud):
    files = {
        "handlers/__init__.py": "",
        "handlers/message.py": "from . import reply\nfrom .common.text import shout\nfrom ..top import NAME\n",
        "handlers/reply.py": "WORD = 'pong'\n",
        "handlers/common/__init__.py": "",
        "handlers/common/text.py": "def shout(text):\n    return text.upper()\n",
    }
    files["handlers/message.py"] = (
        "from . import reply\nfrom .common.text import shout\nimport handlers.common.text as text\n"
        "def handler(event, context):\n    return [shout(reply.WORD), text.shout is shout, __name__, __package__]\n"
    )
    expected = ["PONG", True, "handlers.message", "handlers"]
    assert cloud.answer(files, Handler="handlers/message.handler") == expected
    assert cloud.answer(files, name="dotted", Handler="handlers.message.handler") == expected


def test_helpers_of_the_same_name_never_meet(cloud):
    source = (
        "import helper\nfrom helper import NAME as name\ndef handler(event, context):\n    return [helper.NAME, name]\n"
    )
    first = cloud.create({"app.py": source, "helper.py": "NAME = 'first'\n"}, "first")
    second = cloud.create({"app.py": source, "helper.py": "NAME = 'second'\n"}, "second")
    assert [cloud.call(arn).payload for arn in (first, second, first)] == [
        ["first", "first"],
        ["second", "second"],
        ["first", "first"],
    ]


def test_nothing_of_a_zip_reaches_the_process(cloud):
    modules, path = set(sys.modules), list(sys.path)
    source = (
        "import helper, sys\n"
        "sys.path.insert(0, 'vendor')\n"
        "import vendored\n"
        "def handler(event, context):\n"
        "    return vendored.X\n"
    )
    files = {"app.py": source, "helper.py": "import json\n", "vendor/vendored.py": "X = 1\n"}
    assert cloud.answer(files) == 1
    assert not {"app", "helper", "vendored"} & (set(sys.modules) - modules)
    assert sys.path == path


def test_a_module_of_the_notebook_is_not_in_the_zip(cloud, monkeypatch, tmp_path):
    (tmp_path / "of_the_notebook.py").write_text("X = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    outcome = cloud.call(cloud.create("import of_the_notebook\ndef handler(event, context): ...\n"))
    assert outcome.payload["errorMessage"] == "Unable to import module 'app': No module named 'of_the_notebook'"


@pytest.mark.parametrize("package", ["requests", "moto.core", "upgrade101", "__main__"])
def test_what_awss_environments_lack_is_missing_here_too(cloud, package):
    outcome = cloud.call(cloud.create(f"import {package}\ndef handler(event, context): ...\n"))
    assert outcome.payload["errorMessage"] == f"Unable to import module 'app': No module named '{package}'"


@pytest.mark.parametrize(
    "package", ["boto3.dynamodb.conditions", "botocore.exceptions", "dateutil.parser", "xml.etree"]
)
def test_what_awss_environments_carry_can_be_imported(cloud, package):
    source = f"import {package} as found\ndef handler(event, context):\n    return found.__name__\n"
    assert cloud.answer(source) == package


def test_import_in_every_form(cloud):
    files = {
        "app.py": (
            "import importlib, os.path, sys\n"
            "from tools import *\n"
            "def handler(event, context):\n"
            "    late = importlib.import_module('tools.late')\n"
            "    near = importlib.import_module('.late', 'tools')\n"
            "    same = __import__('tools.late').late\n"
            "    import tools.late as named\n"
            "    own = sys.modules[__name__].handler is handler\n"
            "    return [late is near is same is named, early.X, own, os.path.basename(__file__)]\n"
        ),
        "tools/__init__.py": "__all__ = ['early']\n",
        "tools/early.py": "X = 'early'\n",
        "tools/late.py": "",
    }
    assert cloud.answer(files) == [True, "early", True, "app.py"]


def test_packages_that_import_in_circles(cloud):
    files = {
        "app.py": "import rooms.store\ndef handler(event, context):\n    return rooms.store.members()\n",
        "rooms/__init__.py": "from . import store, people\n",
        "rooms/store.py": "from . import people\ndef members():\n    return people.NAMES\n",
        "rooms/people.py": "from . import store\nimport rooms.store as again\nNAMES = ['ana', again is store]\n",
    }
    assert cloud.answer(files) == ["ana", True]


def test_a_folder_without_init_is_a_package_too(cloud):
    files = {
        "app.py": "from routes import echo\ndef handler(event, context):\n    return echo.X\n",
        "routes/echo.py": "X = 1\n",
    }
    assert cloud.answer(files) == 1


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("import tools.missing", "No module named 'tools.missing'"),
        ("from tools import missing", "cannot import name 'missing' from 'tools'"),
        ("import helper.part", "No module named 'helper.part'; 'helper' is not a package"),
    ],
)
def test_what_a_package_lacks_is_missing(cloud, line, message):
    files = {"app.py": line + "\ndef handler(event, context): ...\n", "tools/__init__.py": "", "helper.py": ""}
    outcome = cloud.call(cloud.create(files))
    assert outcome.error == "Runtime.ImportModuleError"
    assert outcome.payload["errorMessage"].startswith(f"Unable to import module 'app': {message}")


def test_a_module_that_fails_is_tried_again(cloud):
    files = {
        "app.py": (
            "def handler(event, context):\n"
            "    found = []\n"
            "    for _ in range(2):\n"
            "        try:\n"
            "            import broken\n"
            "        except ValueError as error:\n"
            "            found.append(str(error))\n"
            "    return found\n"
        ),
        "broken.py": "raise ValueError('no')\n",
    }
    assert cloud.answer(files) == ["no", "no"]


def test_dataclasses_with_annotations_as_text(cloud):
    source = (
        "from __future__ import annotations\n"
        "import dataclasses, typing\n"
        "from dataclasses import InitVar, dataclass\n"
        "@dataclass\n"
        "class Room:\n"
        "    name: str\n"
        "    size: InitVar[int] = 2\n"
        "    kind: typing.ClassVar[str] = 'room'\n"
        "def handler(event, context):\n"
        "    return [dataclasses.asdict(Room('a')), str(typing.get_type_hints(Room)['name']), Room.__module__]\n"
    )
    assert cloud.answer(source) == [{"name": "a"}, "<class 'str'>", "app"]


def test_files_beside_the_code_can_be_read(cloud):
    files = {
        "app.py": (
            "import os, pathlib\n"
            "def handler(event, context):\n"
            "    beside = pathlib.Path(__file__).with_name('names.txt').read_text()\n"
            "    root = pathlib.Path(os.environ['LAMBDA_TASK_ROOT'], 'names.txt').read_text()\n"
            "    return [beside, root]\n"
        ),
        "names.txt": "ana",
    }
    assert cloud.call(cloud.create(files.copy())).payload == ["ana", "ana"]


def test_a_layer_is_on_the_path_behind_the_function(cloud):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as bundle:
        bundle.writestr("python/shared.py", "NAME = 'of the layer'\n")
        bundle.writestr("python/helper.py", "NAME = 'of the layer'\n")
        bundle.writestr("python/lib/python3.13/site-packages/packed.py", "NAME = 'of its packages'\n")
    layer = cloud.aws.publish_layer_version(LayerName="shared", Content={"ZipFile": archive.getvalue()})
    files = {
        "app.py": (
            "import helper, packed, shared\n"
            "def handler(event, context):\n"
            "    return [shared.NAME, helper.NAME, packed.NAME]\n"
        ),
        "helper.py": "NAME = 'of the function'\n",
    }
    assert cloud.answer(files, Layers=[layer["LayerVersionArn"]]) == [
        "of the layer",
        "of the function",
        "of its packages",
    ]


def test_two_environments_have_two_copies(cloud, meeting):
    meeting.both = threading.Barrier(2)
    source = (
        "import helper, meeting\n"
        "def handler(event, context):\n"
        "    meeting.both.wait(10)\n"
        "    helper.seen.append(1)\n"
        "    return len(helper.seen)\n"
    )
    arn = cloud.create({"app.py": source, "helper.py": "seen = []\n"}, Timeout=20)
    assert [one.outcome().payload for one in [cloud.start(arn), cloud.start(arn)]] == [1, 1]


def test_threads_wait_for_a_module_that_another_is_loading(cloud):
    files = {
        "app.py": (
            "from concurrent.futures import ThreadPoolExecutor\n"
            "def load(n):\n"
            "    import slow\n"
            "    return slow.READY\n"
            "def handler(event, context):\n"
            "    with ThreadPoolExecutor(4) as threads:\n"
            "        return list(threads.map(load, range(4)))\n"
        ),
        "slow.py": "import time\ntime.sleep(0.05)\nREADY = True\n",
    }
    assert cloud.answer(files) == [True] * 4


def test_a_failing_helper_shows_only_the_learners_lines(cloud):
    files = {"app.py": "import helper\ndef handler(event, context): ...\n", "helper.py": "x = 1\n1 / 0\n"}
    trace = cloud.call(cloud.create(files)).payload["stackTrace"]
    assert [line.split(", in")[0] for line in trace] == [
        '  File "/var/task/app.py", line 1',
        '  File "/var/task/helper.py", line 2',
    ]


def test_the_private_logging_leaves_nothing_behind_at_exit(cloud, monkeypatch):
    left = []
    monkeypatch.setattr(atexit, "register", lambda function, *args: left.append(function))
    monkeypatch.setattr(atexit, "unregister", left.remove)
    cloud.answer("import logging\ndef handler(event, context): ...\n")
    assert left == []
    assert "logging" in modules._OWN_COPIES
