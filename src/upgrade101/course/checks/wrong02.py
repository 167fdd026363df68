"""Plausible wrong answers to lab 02, and what the check must say to each: (exercise, name, cell, words it must say).

The cell is what a learner would leave in the notebook; the answer is what it calls ``answer``.
"""


def _changed(source: str, *changes: tuple[str, str]) -> str:
    """Return a right answer with some of its words replaced, each of which it must have."""
    for before, after in changes:
        assert before in source, before
        source = source.replace(before, after)
    return source


_KNOCK = r"""
def answer(url, key):
    host = url.split("/")[2]
    path = url.removeprefix(f"wss://{host}")
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}"]
    lines += ["Connection: Upgrade", "Upgrade: websocket"]
    lines += [f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"]
    return "\r\n".join([*lines, "", ""]).encode()
"""
_API = 'api = SimpleNamespace(url="wss://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/dev")'
_OPEN = """
from base64 import b64encode
from hashlib import sha1

from upgrade101 import wire

FIXED = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

def answer(key, answer):
    mine = b64encode(sha1((key + FIXED).encode()).digest()).decode()
    theirs = wire.headers(answer).get("sec-websocket-accept")
    return answer.split()[1] == b"101" and mine == theirs
"""
_FRAME = """
def answer(text, mask):
    data = text.encode()
    hidden = bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))
    if len(data) <= 125:
        length = bytes([0b1000_0000 | len(data)])
    else:
        length = bytes([0b1000_0000 | 126]) + len(data).to_bytes(2, "big")
    return bytes([0b1000_0001]) + length + mask + hidden
"""
_READ = """
def answer(frame):
    kinds = {1: "text", 8: "close", 9: "ping", 10: "pong"}
    kind = kinds[frame[0] & 0b1111]
    payload = frame[4:] if frame[1] == 126 else frame[2:]
    if kind == "close":
        return kind, int.from_bytes(payload[:2], "big") if payload else 1005
    return kind, payload.decode()
"""
_VISIT = """
from websockets.exceptions import ConnectionClosed, InvalidStatus

from upgrade101 import connect

def answer(url, questions):
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
"""
_ASKS = """            for question in questions:
                ws.send(question)
                answers.append(ws.recv(timeout=2))
"""


def _knock(*changes: tuple[str, str]) -> str:
    return _changed(_KNOCK, *changes)


def _open(*changes: tuple[str, str]) -> str:
    return _changed(_OPEN, *changes)


def _frame(*changes: tuple[str, str]) -> str:
    return _changed(_FRAME, *changes)


def _read(*changes: tuple[str, str]) -> str:
    return _changed(_READ, *changes)


def _visit(*changes: tuple[str, str]) -> str:
    return _changed(_VISIT, *changes)


WRONG = [
    # 02.1 · Knock with a ticket
    ("02.1", "returns a text", _knock((".encode()", "")), "`encode()` makes bytes of a text"),
    ("02.1", "forgets the empty line", _knock(('[*lines, "", ""]', '[*lines, ""]')), "the gateway waits for the rest"),
    ("02.1", "ends nothing", _knock(('[*lines, "", ""]', "lines")), "the gateway waits for the rest of the headers"),
    ("02.1", "ends lines as files do", _knock((r'"\r\n".join', r'"\n".join')), r"`\r\n` between the lines"),
    (
        "02.1",
        "leaves the ticket at home",
        _knock(('url.removeprefix(f"wss://{host}")', '"/dev"')),
        "403 Forbidden, to b'GET /dev HTTP/1.1",
    ),
    (
        "02.1",
        "takes the ticket of the example",
        _knock(('url.removeprefix(f"wss://{host}")', '"/dev?ticket=blue"')),
        "the first line: it asks for '/dev?ticket=blue', and the path is '/evening?ticket=green'",
    ),
    (
        "02.1",
        "forgets the header Upgrade",
        _knock((', "Upgrade: websocket"', "")),
        "426 Upgrade Required",
    ),
    (
        "02.1",
        "forgets the header Connection",
        _knock(('"Connection: Upgrade", ', "")),
        "the header Connection: it is missing",
    ),
    (
        "02.1",
        "keeps the connection alive",
        _knock(("Connection: Upgrade", "Connection: keep-alive")),
        "the header Connection: it says 'keep-alive'",
    ),
    (
        "02.1",
        "upgrades to something else",
        _knock(("Upgrade: websocket", "Upgrade: wss")),
        "the header Upgrade: it says 'wss'",
    ),
    (
        "02.1",
        "forgets the key",
        _knock(('f"Sec-WebSocket-Key: {key}", ', "")),
        "the header Sec-WebSocket-Key: it is missing",
    ),
    ("02.1", "forgets the f", _knock(('f"Sec-WebSocket-Key', '"Sec-WebSocket-Key')), "24 characters of base64"),
    (
        "02.1",
        "makes a key of its own",
        _knock(("    lines = [", "    key = 'c2l4dGVlbiBieXRlcyAhIQ=='\n    lines = [")),
        "the request has the key 'c2l4dGVlbiBieXRlcyAhIQ=='",
    ),
    ("02.1", "forgets the host", _knock((', f"Host: {host}"]', "]")), "the header Host: it is missing"),
    (
        "02.1",
        "names another version",
        _knock(("Version: 13", "Version: 14")),
        "the header Sec-WebSocket-Version: it says '14'",
    ),
    ("02.1", "posts", _knock(('f"GET', 'f"POST')), "the first word: an upgrade is a GET"),
    (
        "02.1",
        "asks the host of the API in the notebook",
        _knock(
            ("def answer", "from types import SimpleNamespace\n\n" + _API + "\n\ndef answer"),
            ('f"Host: {host}"', "f\"Host: {api.url.split('/')[2]}\""),
        ),
        "the header Host: it says 'a1b2c3d4e5.execute-api.us-east-1.amazonaws.com', and the URL says",
    ),
    (
        "02.1",
        "knows the stage by heart",
        _knock(('url.removeprefix(f"wss://{host}")', "f\"/dev?{url.split('?')[1]}\"")),
        "it asks for '/dev?ticket=green', and the path is '/evening?ticket=green'",
    ),
    (
        "02.1",
        "asks for the whole URL",
        _knock(("GET {path}", "GET {url}")),
        "the first line: it asks for 'wss://",
    ),
    (
        "02.1",
        "has one empty line too many",
        _knock(('"", ""]', '"", "", ""]')),
        r"\r\n\r\n\r\n': the first empty line ends the request, and more follows",
    ),
    ("02.1", "has a body", _knock((".encode()", '.encode() + b"please"')), "please': the first empty line ends"),
    ("02.1", "returns the lines", _knock((r'"\r\n".join([*lines, "", ""]).encode()', "lines")), r"`\r\n` joins lines"),
    (
        "02.1",
        "shows it instead",
        _knock(('return "', 'request = "'), (".encode()", ".encode()\n    print(request)")),
        "Got None Look at what `knock` returns",
    ),
    # 02.2 · Is the gate open?
    (
        "02.2",
        "leaves it as it was",
        "def answer(key, answer):\n    return b'101' in answer",
        "with a refusal that speaks of hall 101 Expected no line: False Got True",
    ),
    (
        "02.2",
        "reads the status alone",
        _open((" and mine == theirs", "")),
        "with an answer to somebody else's key Expected no line: False Got True",
    ),
    (
        "02.2",
        "reads the accept key alone",
        _open(('answer.split()[1] == b"101" and ', "")),
        "with status 200, and the right accept key",
    ),
    (
        "02.2",
        "compares bytes with a text",
        _open(('b"101"', '"101"')),
        'both are bytes, or both are text: b"101" equals neither "101" nor 101',
    ),
    (
        "02.2",
        "insists on the header",
        _open(('.get("sec-websocket-accept")', '["sec-websocket-accept"]')),
        "KeyError: 'sec-websocket-accept'",
    ),
    (
        "02.2",
        "is content with any accept key",
        _open(("mine == theirs", "theirs is not None")),
        "with an answer to somebody else's key",
    ),
    (
        "02.2",
        "looks for its own key",
        _open(("mine == theirs", "key in answer.decode()")),
        "the accept key: computed from `key`",
    ),
    (
        "02.2",
        "looks for the header as it is written here",
        _open(
            ('theirs = wire.headers(answer).get("sec-websocket-accept")', ""),
            ("mine == theirs", 'f"Sec-WebSocket-Accept: {mine}".encode() in answer'),
        ),
        "the names of headers: servers write them in small or capital letters",
    ),
    (
        "02.2",
        "compares in small letters",
        _open(("mine == theirs", "mine.lower() in answer.decode().lower()")),
        "the accept key in small letters Expected no line: False",
    ),
    (
        "02.2",
        "knows the words behind the status",
        _open(('answer.split()[1] == b"101"', 'answer.startswith(b"HTTP/1.1 101 Switching Protocols")')),
        "the words behind it are free",
    ),
    (
        "02.2",
        "forgets the fixed text",
        _open(("key + FIXED", "key")),
        "with the gateway's answer to this key Expected a line is open: True Got False",
    ),
    (
        "02.2",
        "writes the digest in hexadecimal",
        _open(
            ("b64encode(sha1((key + FIXED).encode()).digest()).decode()", "sha1((key + FIXED).encode()).hexdigest()")
        ),
        "computed from `key`, and compared with the header",
    ),
    (
        "02.2",
        "compares bytes with a number",
        _open(('b"101"', "101")),
        'both are bytes, or both are text: b"101" equals neither "101" nor 101',
    ),
    (
        "02.2",
        "leaves its own key in bytes",
        _open((".digest()).decode()", ".digest())")),
        "both are bytes, or both are text",
    ),
    (
        "02.2",
        "looks for 101 anywhere, and for the accept key",
        _open(('answer.split()[1] == b"101"', 'b"101" in answer')),
        "with status 200, the right accept key, and a body that speaks of hall 101",
    ),
    (
        "02.2",
        "looks for 101 in the first line",
        _open(('answer.split()[1] == b"101"', r'b"101" in answer.partition(b"\r\n")[0]')),
        "with status 200, the right accept key, and a 101 among the words behind it",
    ),
    (
        "02.2",
        "looks for the accept key anywhere",
        _open(("mine == theirs", "mine in answer.decode()")),
        "and compared with the header Sec-WebSocket-Accept, no other",
    ),
    # 02.3 · Longer words, other alphabets
    (
        "02.3",
        "leaves it as it was",
        """
def answer(text, mask):
    hidden = bytes(byte ^ mask[place % 4] for place, byte in enumerate(text.encode()))
    return bytes([0b1000_0001, 0b1000_0000 | len(text)]) + mask + hidden
""",
        "it reads 'Saturn für Kinde' Look at how long the text is: the frame counts bytes",
    ),
    (
        "02.3",
        "counts characters in the longer form",
        _frame(("len(data).to_bytes", "len(text).to_bytes")),
        "both at once: the length in bytes decides",
    ),
    (
        "02.3",
        "decides by characters",
        _frame(("if len(data) <= 125", "if len(text) <= 125")),
        "both at once: the length in bytes decides",
    ),
    (
        "02.3",
        "does without the longer form",
        _frame(("if len(data) <= 125", "if len(data) <= 127")),
        "from 126 bytes on the second byte says 126",
    ),
    (
        "02.3",
        "begins the longer form too early",
        _frame(("if len(data) <= 125", "if len(data) < 125")),
        "the second byte says 126 for 125 bytes Look at 125 bytes still fit into the second byte",
    ),
    (
        "02.3",
        "writes the smaller byte first",
        _frame(('to_bytes(2, "big")', 'to_bytes(2, "little")')),
        "Expected 00 7e in bytes 3 and 4: 126 Got bytes 3 and 4 are 7e 00: 32256",
    ),
    (
        "02.3",
        "writes four bytes of length",
        _frame(('to_bytes(2, "big")', 'to_bytes(4, "big")')),
        "Got bytes 3 and 4 are 00 00: 0 Look at from 126 bytes on the second byte says 126, and two more bytes",
    ),
    (
        "02.3",
        "says 127",
        _frame(("0b1000_0000 | 126", "0b1000_0000 | 127")),
        "the gateway waits for",
    ),
    (
        "02.3",
        "forgets that clients mask",
        _frame(("0b1000_0000 | len(data)", "len(data)"), ("length + mask + hidden", "length + data")),
        "closes the line with 1002",
    ),
    (
        "02.3",
        "says masked and masks nothing",
        _frame(("mask + hidden", "mask + data")),
        "what stands behind the mask: each byte of the text, XORed",
    ),
    (
        "02.3",
        "forgets to send the mask",
        _frame(("length + mask + hidden", "length + hidden")),
        "the gateway waits for 4 more bytes",
    ),
    (
        "02.3",
        "forgets the first bit of the second byte",
        _frame(("bytes([0b1000_0000 | len(data)])", "bytes([len(data)])")),
        "closes the line with 1002 incorrect masking Look at the second byte keeps its first bit",
    ),
    (
        "02.3",
        "forgets it in the longer form alone",
        _frame(("0b1000_0000 | 126", "126")),
        "Look at the second byte keeps its first bit, however long the text is",
    ),
    (
        "02.3",
        "counts mask and text in the longer form",
        _frame(("len(data).to_bytes", "(len(data) + 4).to_bytes")),
        "Expected 00 7e in bytes 3 and 4: 126 Got bytes 3 and 4 are 00 82: 130",
    ),
    (
        "02.3",
        "masks the first 125 bytes",
        _frame(("enumerate(data))", "enumerate(data[:125])) + data[125:]")),
        "what stands behind the mask: each byte of the text, XORed with `mask[place % 4]`",
    ),
    (
        "02.3",
        "takes a mask of its own",
        _frame(("    data =", '    mask = b"mask"\n    data =')),
        "in it is not the mask",
    ),
    (
        "02.3",
        "uses the first byte of the mask alone",
        _frame(("mask[place % 4]", "mask[0]")),
        "what stands behind the mask: each byte of the text, XORed",
    ),
    (
        "02.3",
        "uses the mask once",
        _frame(("mask[place % 4]", "mask[place]")),
        "IndexError: index out of range",
    ),
    (
        "02.3",
        "promises more frames",
        _frame(("[0b1000_0001]", "[0b0000_0001]")),
        "00000001 is the first byte: the gateway waits for more frames",
    ),
    (
        "02.3",
        "sends binary",
        _frame(("[0b1000_0001]", "[0b1000_0010]")),
        "closes the line with 1003",
    ),
    (
        "02.3",
        "encodes for one alphabet",
        _frame(("text.encode()", 'text.encode("latin-1")')),
        "closes the line with 1007",
    ),
    (
        "02.3",
        "drops what it cannot write",
        _frame(("text.encode()", 'text.encode("ascii", "ignore")')),
        "it reads 'Saturn fr Kinder'",
    ),
    (
        "02.3",
        "returns a list",
        _frame(("    return ", "    return list("), ("mask + hidden", "mask + hidden)")),
        "which is not bytes",
    ),
    # 02.4 · Read what comes
    (
        "02.4",
        "takes the whole first byte",
        _read(("frame[0] & 0b1111", "frame[0]")),
        "KeyError: 129",
    ),
    (
        "02.4",
        "takes the first half of it",
        _read(("frame[0] & 0b1111", "frame[0] >> 4")),
        "Expected ('text', 'Saturn: hall 1')",
    ),
    (
        "02.4",
        "looks for a mask",
        _read(("else frame[2:]", "else frame[6:]")),
        "('text', 'Saturn: hall 1') Got ('text', 'rn: hall 1')",
    ),
    (
        "02.4",
        "leaves bytes",
        _read(("payload.decode()", "payload")),
        "Got ('text', b'Saturn: hall 1') Look at the text: its bytes are UTF-8, and `decode()` makes a text of them",
    ),
    (
        "02.4",
        "knows one alphabet",
        _read(("payload.decode()", 'payload.decode("latin-1")')),
        "its bytes are UTF-8, and `decode()` makes a text of them",
    ),
    (
        "02.4",
        "knows short frames only",
        _read(("frame[4:] if frame[1] == 126 else frame[2:]", "frame[2:]")),
        "the length: 7 bits of the second byte, or the two bytes behind it where they say 126",
    ),
    (
        "02.4",
        "measures the whole frame",
        _read(("frame[4:] if frame[1] == 126 else frame[2:]", "frame[2:] if len(frame) <= 125 else frame[4:]")),
        "the length: 125 still fits into the second byte, whatever the whole frame measures",
    ),
    (
        "02.4",
        "begins the longer form too early",
        _read(("frame[1] == 126", "frame[1] >= 125")),
        "the length: 125 still fits into the second byte",
    ),
    (
        "02.4",
        "takes 126 for a length",
        _read(("frame[4:] if frame[1] == 126 else frame[2:]", "frame[2 : 2 + frame[1]]")),
        "an answer of the guide's",
    ),
    (
        "02.4",
        "keeps the reason",
        _read(
            ('return kind, int.from_bytes(payload[:2], "big") if payload else 1005', "return kind, payload.decode()")
        ),
        "a goodbye with a reason",
    ),
    (
        "02.4",
        "reads the code backwards",
        _read(('"big"', '"little"')),
        "('close', 1000) Got ('close', 59395) Look at the code: two bytes, the greater one first",
    ),
    (
        "02.4",
        "reads reason and code as one number",
        _read(("payload[:2]", "payload")),
        "the code: two bytes, the greater one first",
    ),
    (
        "02.4",
        "takes no code for 0",
        _read((" if payload else 1005", "")),
        "('close', 1005) Got ('close', 0) Look at a close frame without a code",
    ),
    (
        "02.4",
        "takes no code for 1006",
        _read(("1005", "1006")),
        "('close', 1005) Got ('close', 1006)",
    ),
    (
        "02.4",
        "takes no code for a good end",
        _read(("1005", "1000")),
        "('close', 1005) Got ('close', 1000) Look at a close frame without a code",
    ),
    (
        "02.4",
        "mixes up ping and pong",
        _read(('9: "ping", 10: "pong"', '9: "pong", 10: "ping"')),
        "Got ('ping', 'still there') Look at the opcode: 10 is a pong",
    ),
    (
        "02.4",
        "returns the payload alone",
        _read(("return kind, payload", "return payload")),
        "Got 'Saturn: hall 1' Look at what `read` returns: two things",
    ),
    (
        "02.4",
        "shows it instead",
        "from upgrade101 import wire\n\ndef answer(frame):\n    wire.frame(frame)",
        "Got None Look at what `read` returns",
    ),
    # 02.5 · A whole visit
    (
        "02.5",
        "lets the refusal out",
        _visit(("    except InvalidStatus as refusal:\n        return answers, refusal.response.status_code\n", "")),
        "InvalidStatus: server rejected WebSocket connection: HTTP 403",
    ),
    (
        "02.5",
        "lets the end of the line out",
        _visit(("    except ConnectionClosed:\n        pass\n", "")),
        "received 1009 (message too big)",
    ),
    (
        "02.5",
        "catches every error alike",
        _visit(
            ("    except InvalidStatus as refusal:\n        return answers, refusal.response.status_code\n", ""),
            ("except ConnectionClosed:\n        pass", "except Exception:\n        return answers, 1006"),
        ),
        "the end is 1006 Look at the status of a refusal",
    ),
    (
        "02.5",
        "reads the code too early",
        _visit((_ASKS, f"{_ASKS}            return answers, ws.close_code\n")),
        "the end is None Look at the code with which the line was closed",
    ),
    (
        "02.5",
        "says 1000 whatever happened",
        _visit(("return answers, ws.close_code", "return answers, 1000")),
        "the end is 1000 Look at the code with which the gateway closed the line",
    ),
    (
        "02.5",
        "loses what it has heard",
        _visit(
            ("    except ConnectionClosed:\n        pass\n", "    except ConnectionClosed:\n        answers = []\n")
        ),
        "the answers [] Look at wait for each answer before the next question; the answers until then are kept",
    ),
    (
        "02.5",
        "asks everything first",
        _visit(
            (
                _ASKS,
                _ASKS.replace(
                    "                answers", "            for question in questions:\n                answers"
                ),
            )
        ),
        "wait for each answer before the next question",
    ),
    (
        "02.5",
        "knows the two ends of the examples by heart",
        _visit(("refusal.response.status_code", "403"), ("        pass\n", "        return answers, 1009\n")),
        "the end is 403 Look at the status of a refusal",
    ),
    (
        "02.5",
        "knows the code of the gateway by heart",
        _visit(("        pass\n", "        return answers, 1009\n")),
        "Got the end is 1009 Look at the code with which the gateway closed the line",
    ),
    (
        "02.5",
        "makes up both ends from what was heard",
        """
from upgrade101 import connect

def answer(url, questions):
    answers = []
    try:
        with connect(url) as ws:
            for question in questions:
                ws.send(question)
                answers.append(ws.recv(timeout=2))
    except Exception:
        return answers, 403 if not answers else 1009
    return answers, ws.close_code
""",
        "a ticket for a show that is over",
    ),
    (
        "02.5",
        "knows the refusals by the tickets",
        _visit(("refusal.response.status_code", '410 if url.endswith("late") else 403')),
        "a good ticket, and every seat is taken Expected [] and 429 Got the end is 403",
    ),
    (
        "02.5",
        "opens a line for each question",
        """
from websockets.exceptions import ConnectionClosed, InvalidStatus

from upgrade101 import connect

def answer(url, questions):
    answers, code = [], 1000
    for question in questions:
        try:
            with connect(url) as ws:
                ws.send(question)
                answers.append(ws.recv(timeout=2))
        except InvalidStatus as refusal:
            return answers, refusal.response.status_code
        except ConnectionClosed:
            return answers, ws.close_code
    return answers, code
""",
        "3 lines were opened Look at where the line is opened",
    ),
    (
        "02.5",
        "never says goodbye",
        _visit(
            ("        with connect(url) as ws:\n", "        ws = connect(url, legacy=True)\n"),
            (_ASKS, _ASKS.replace("            ", "        ", 1).replace("                ", "            ")),
            ("return answers, ws.close_code", "return answers, ws.close_code or 1000"),
        ),
        "the line is still open Look at the goodbye",
    ),
    (
        "02.5",
        "goes away",
        _visit((_ASKS, f"{_ASKS}            ws.close(1001)\n")),
        "the end is 1001",
    ),
    (
        "02.5",
        "returns the questions",
        _visit(("answers.append(ws.recv(timeout=2))", "ws.recv(timeout=2)\n                answers.append(question)")),
        "one answer for each question, in their order",
    ),
    (
        "02.5",
        "answers in the place of the guide",
        _visit(
            (_ASKS, '            answers = [f"{question}: hall {len(question) % 3 + 1}" for question in questions]\n')
        ),
        "it was asked [] Look at each question is sent as it is",
    ),
    (
        "02.5",
        "hears the last answer alone",
        _visit(("answers.append(ws.recv(timeout=2))", "answers = [ws.recv(timeout=2)]")),
        "one answer for each question, in their order",
    ),
    (
        "02.5",
        "returns the answers alone",
        _visit(("return answers, ws.close_code", "return answers")),
        "two things are returned",
    ),
    (
        "02.5",
        "returns the exception",
        _visit(("refusal.response.status_code", "refusal")),
        "the status of a refusal: the exception has it",
    ),
    (
        "02.5",
        "takes the exception's code for the status",
        _visit(("refusal.response.status_code", "refusal.code")),
        "AttributeError",
    ),
]
