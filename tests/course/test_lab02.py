"""Lab 02, both ways: what is right is done, and what is plausible and wrong is told what is wrong."""

import json
from pathlib import Path

import pytest
from course_kit import LAB, BothWays, cell

from upgrade101.course.check import Check
from upgrade101.course.checks import wrong02
from upgrade101.course.checks.wrong02 import WRONG
from upgrade101.course.exercises import find
from upgrade101.course.hint import nearest_symptom

pytestmark = LAB


class TestLab02(BothWays):
    number, wrong = "02", WRONG


def test_the_stubs_are_known_as_such(check: Check) -> None:
    notebook = Path(__file__).parents[2] / "labs" / "02_upgrade" / "02_upgrade.ipynb"
    sources = {one["id"]: "".join(one["source"]) for one in json.loads(notebook.read_text("utf-8"))["cells"]}
    stubs = {"02.1": "knock", "02.3": "frame", "02.4": "read", "02.5": "visit"}
    for id, name in stubs.items():
        assert check(id, cell(sources[name])[name]).state == "unwritten", id


def test_what_the_check_provokes_stands_in_no_log(check: Check) -> None:
    for id, source in (("02.4", wrong02._READ), ("02.5", wrong02._VISIT)):
        verdict = check(id, cell(source)["answer"])
        assert verdict and "The log of your functions" not in verdict.card.text


@pytest.mark.parametrize("id", ["02.1", "02.3"])
def test_who_waits_in_vain_is_told_why(id: str) -> None:
    known = find(id).symptoms
    assert "gateway" in known[nearest_symptom("TimeoutError: timed out", known)]


RIGHT = {
    "02.1 in one text, with headers of a browser": r"""
        from urllib.parse import urlsplit

        def answer(url, key):
            parts = urlsplit(url)
            return (
                f"GET {parts.path}?{parts.query} HTTP/1.1\r\n"
                f"host: {parts.hostname}\r\n"
                "user-agent: a browser\r\n"
                "upgrade: WebSocket\r\n"
                "connection: upgrade\r\n"
                "sec-websocket-version: 13\r\n"
                f"sec-websocket-key: {key}\r\n"
                "\r\n"
            ).encode("ascii")
    """,
    "02.1 by the hand of the course": """
        from upgrade101 import wire

        def answer(url, key):
            return wire.upgrade_request(url, key)
    """,
    "02.1 in bytes": r"""
        def answer(url, key):
            host, _, path = url.removeprefix("wss://").partition("/")
            found = b"GET /%s HTTP/1.1\r\n" % path.encode()
            for name, value in {
                "Host": host, "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": key,
                "Sec-WebSocket-Version": 13, "Origin": "https://stars.example",
            }.items():
                found += f"{name}: {value}\r\n".encode()
            return found + b"\r\n"
    """,
    "02.2 line by line": r"""
        from base64 import b64encode
        from hashlib import sha1

        def answer(key, answer):
            first, *lines = answer.partition(b"\r\n\r\n")[0].split(b"\r\n")
            wanted = b64encode(sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
            if first.split(b" ")[1] != b"101":
                return False
            for line in lines:
                name, _, value = line.partition(b":")
                if name.lower() == b"sec-websocket-accept":
                    return value.strip() == wanted
    """,
    "02.2 with the library's own": """
        from http import HTTPStatus
        from websockets.utils import accept_key
        from upgrade101 import wire

        def answer(key, answer):
            try:
                assert HTTPStatus(int(answer.decode().split()[1])) is HTTPStatus.SWITCHING_PROTOCOLS
                assert wire.headers(answer)["sec-websocket-accept"] == accept_key(key)
            except (AssertionError, KeyError):
                return False
            return True
    """,
    "02.3 with struct": """
        from itertools import cycle
        from struct import pack

        def answer(text, mask):
            data = bytearray(text, "utf-8")
            if len(data) < 126:
                head = pack("!BB", 0x81, 0x80 + len(data))
            else:
                head = pack("!BBH", 0x81, 0xFE, len(data))
            return bytearray(head + mask + bytes(a ^ b for a, b in zip(data, cycle(mask))))
    """,
    "02.3 in a list, with a helper": """
        def size(count):
            return [128 + count] if count <= 125 else [128 + 126, count // 256, count % 256]

        def answer(text, mask):
            data = text.encode("utf-8")
            return bytes([129, *size(len(data)), *mask, *(data[n] ^ mask[n % 4] for n in range(len(data)))])
    """,
    "02.4 by cases": """
        def answer(frame):
            length, start = frame[1], 2
            if length == 126:
                length, start = frame[2] * 256 + frame[3], 4
            payload = bytes(frame[start : start + length])
            match frame[0] - 128:
                case 1:
                    return ("text", str(payload, "utf-8"))
                case 8:
                    return ("close", payload[0] << 8 | payload[1]) if length else ("close", 1005)
                case 9:
                    return ("ping", payload.decode())
                case 10:
                    return ("pong", payload.decode())
    """,
    "02.4 in a list, with struct": """
        from struct import unpack

        def answer(frame):
            name = ["", "text", "", "", "", "", "", "", "close", "ping", "pong"][frame[0] & 15]
            begin = 4 if frame[1] & 127 > 125 else 2
            if name != "close":
                return [name, frame[begin:].decode("utf-8")]
            try:
                return [name, unpack("!H", frame[2:4])[0]]
            except Exception:
                return [name, 1005]
    """,
    "02.5 closes by hand": """
        from websockets.exceptions import ConnectionClosed, InvalidStatus

        from upgrade101 import connect

        def answer(url, questions):
            try:
                ws = connect(url, legacy=True)
            except InvalidStatus as refusal:
                return [], refusal.response.status_code
            answers = []
            try:
                for question in questions:
                    ws.send(question)
                    answers += [ws.recv(timeout=2)]
                ws.close()
            except ConnectionClosed as end:
                return answers, end.rcvd.code
            return answers, ws.protocol.close_code
    """,
    "02.5 sends everything first, and has a function for each end": """
        from websockets.exceptions import ConnectionClosed, InvalidHandshake

        from upgrade101 import connect

        def ask(ws, questions):
            for question in questions:
                try:
                    ws.send(question)
                    yield ws.recv(timeout=4)
                except ConnectionClosed:
                    return

        def answer(url, questions):
            try:
                with connect(url) as ws:
                    answers = tuple(ask(ws, questions))
            except InvalidHandshake as refusal:
                return (), int(refusal.response.status_code)
            return answers, int(ws.close_code)
    """,
    "02.5 later": """
        import asyncio

        from websockets.exceptions import ConnectionClosed, InvalidStatus

        from upgrade101 import connect

        def visit(url, questions):
            answers = []
            try:
                with connect(url) as ws:
                    for question in questions:
                        ws.send(question)
                        answers.append(ws.recv(timeout=2))
            except InvalidStatus as refusal:
                return answers, refusal.response.status_code
            except ConnectionClosed:
                pass
            return answers, ws.close_code

        async def answer(url, questions):
            return await asyncio.to_thread(visit, url, questions)
    """,
}


@pytest.mark.parametrize("name", RIGHT)
def test_another_design_is_as_good(check: Check, name: str) -> None:
    verdict = check(name[:4], cell(RIGHT[name])["answer"])
    assert verdict, verdict.card.text
