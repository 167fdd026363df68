"""What a submission's kernel can import: the REST helper, and the wire by hand; the wire log says nothing there."""

import os
import subprocess
import sys
from pathlib import Path

from upgrade101.grading import overlay

PROGRAM = """
from upgrade101 import wire
from upgrade101.rest import rest_api
from upgrade101.wire import client_frame

head = b"HTTP/1.1 200 OK\\r\\nServer: a\\r\\n\\r\\n"
print(wire.headers(head)["server"], len(client_frame("hello")), callable(rest_api))
print(repr(str(wire.show())), bool(wire.frame(b"x")))
"""


def test_the_wire_by_hand_is_there_and_the_wire_log_is_quiet(tmp_path: Path) -> None:
    place = overlay.build(tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(place), "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    command = [sys.executable, "-c", PROGRAM]
    said = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert said.stdout.splitlines() == ["a 11 True", "'' False"], said.stderr
