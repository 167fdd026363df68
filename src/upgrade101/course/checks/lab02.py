"""Lab 02: turn one request into an open line. What it says is in ``lab02.toml``."""

from __future__ import annotations

import os
import random
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha1
from socket import socket
from typing import Any

from ... import cloud
from ...deploy import Api, Handler
from ...gateway.definition import CONNECT, DEFAULT
from ...gateway.happenings import Closed, Opened, Received
from ...wire import raw
from ..asking import finished
from ..bench import PATIENCE, Bench
from ..exercises import NotYet, exercise, trying
from ..texts import texts
from ..vary import vary
from . import planetarium
from .bytes02 import closing, code_of, first_line, hexed, lacking, short, shortened, status_of, wrong_length

said = texts("02")

FIXED = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def _build(bench: Bench, stage_name: str = "dev", gate: Handler = planetarium.gate) -> Api:
    """Build a planetarium: a gate that wants a ticket, and a guide who answers."""
    doors = {CONNECT: gate, DEFAULT: planetarium.guide}
    return bench.api(doors, two_way=(DEFAULT,), stage_name=stage_name)


def _ticket(api: Api, ticket: str = "blue") -> str:
    return f"{api.url}?ticket={ticket}"


@contextmanager
def _dialled(url: str) -> Iterator[socket]:
    with cloud.dial(url) as line:
        line.settimeout(PATIENCE)
        yield line


def _key() -> str:
    return b64encode(os.urandom(16)).decode()


def _accept_of(key: str) -> str:
    """Return the accept key.

    >>> _accept_of("dGhlIHNhbXBsZSBub25jZQ==")
    's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
    """
    return b64encode(sha1((key + FIXED).encode()).digest()).decode()


@exercise("02.1", **said["02.1"])
def knocks_with_a_ticket(knock: Callable[[str, str], Any], bench: Bench) -> None:
    """Knock at two planetariums, each time with a ticket and a key of its own, and with a ticket that was used."""
    by_day, by_night = _build(bench), _build(bench, vary("evening"))
    for api, ticket in ((by_day, vary("blue")), (by_night, vary("green"))):
        key = _key()
        request, answer = _sent(knock, _ticket(api, ticket), key)
        status = status_of(answer)
        if status != 101:
            got = f"{first_line(answer)}, to {short(request)}"
            raise NotYet(expected="101 Switching Protocols", got=got, look=_what_is_wrong(request, api, ticket))
        if look := _elsewhere(request, api, ticket):
            got = f"101 Switching Protocols, and yet another place is asked for: {short(request)}"
            raise NotYet(expected="a request for the URL that is handed over", got=got, look=look)
        if raw.headers(answer).get("sec-websocket-accept") != _accept_of(key):
            sent = raw.headers(request).get("sec-websocket-key", "")
            got, look = f"the request has the key {sent!r}", "which key is sent: the one that is handed over"
            raise NotYet(expected=f"a request with the key {key!r}", got=got, look=look)
    _, answer = _sent(knock, _ticket(by_day, f"{vary('blue')}-used"), _key())
    if status_of(answer) != 403:
        look = "the path: it has the ticket of the URL in it, whatever it says"
        raise NotYet(expected="403: this ticket was used", got=first_line(answer), look=look)


def _sent(knock: Callable[[str, str], Any], url: str, key: str) -> tuple[bytes, bytes]:
    """Return the request that is made for a URL, and the gateway's answer. Raises NotYet for what is no request."""
    trying(f"knock({shortened(url)!r}, {key!r})")
    request = finished(knock(url, key))
    if not isinstance(request, bytes):
        raise NotYet(expected="bytes", got=short(request), look=_no_bytes(request))
    if b"\n" in request.replace(b"\r\n", b""):
        raise NotYet(expected=r"lines that end in \r\n", got=short(request), look=r"`\r\n` between the lines, not `\n`")
    head, end, more = request.partition(b"\r\n\r\n")
    if not end:
        got = f"…{short(request[-24:])}: the gateway waits for the rest of the headers"
        raise NotYet(expected=r"an empty line at the end, \r\n\r\n", got=got, look="how a request ends")
    if not request.startswith(b"GET "):
        look = "the first word: an upgrade is a GET"
        raise NotYet(expected="one GET", got=short(request), look=look)
    if more:
        got = f"…{short(request[max(0, len(head) - 12) :])}: the first empty line ends the request, and more follows"
        raise NotYet(expected="one empty line, at the end", got=got, look="an upgrade is a GET without a body")
    with _dialled(url) as line:
        line.sendall(request)
        return request, raw.read_http(line)


def _no_bytes(request: object) -> str:
    if isinstance(request, list | tuple):
        return r"`\r\n` joins lines to one text, and `encode()` makes bytes of that"
    return "`encode()` makes bytes of a text" if isinstance(request, str) else "what `knock` returns"


_HEADERS = {
    "connection": ("Connection", "upgrade"),
    "upgrade": ("Upgrade", "websocket"),
    "sec-websocket-version": ("Sec-WebSocket-Version", "13"),
    "sec-websocket-key": ("Sec-WebSocket-Key", ""),
    "host": ("Host", ""),
}


def _what_is_wrong(request: bytes, api: Api, ticket: str) -> str:
    """Return where to look in a request that was refused."""
    first, headers = request.partition(b"\r\n")[0].decode("latin-1"), raw.headers(request)
    if not _asks_for(request, api, ticket):
        return _elsewhere(request, api, ticket)
    if first.split()[2:] != ["HTTP/1.1"]:
        return "the end of the first line: HTTP/1.1"
    for name, (shown, value) in _HEADERS.items():
        if name not in headers:
            return f"the header {shown}: it is missing"
        if value and headers[name].lower() != value:
            return f"the header {shown}: it says {headers[name]!r}"
    return _elsewhere(request, api, ticket) or "the key: 24 characters of base64, as handed over"


def _asks_for(request: bytes, api: Api, ticket: str) -> bool:
    return request.split()[1:2] == [f"/{api.stage_name}?ticket={ticket}".encode()]


def _elsewhere(request: bytes, api: Api, ticket: str) -> str:
    """Return where to look in a request for another place than it was made for, '' where it is for this one."""
    if not _asks_for(request, api, ticket):
        found = b" ".join(request.split()[1:2]).decode("latin-1")
        path = f"/{api.stage_name}?ticket={ticket}"
        return f"the first line: it asks for {short(found)}, and the path is {path!r}"
    host, wanted = raw.headers(request).get("host", ""), api.url.split("/")[2]
    if host.lower().removesuffix(":443") != wanted:
        return f"the header Host: it says {host!r}, and the URL says {wanted!r}"
    return ""


@exercise("02.2", **said["02.2"])
def tells_an_open_gate(is_open: Callable[[str, bytes], Any], bench: Bench) -> None:
    """Read answers of the gateway and of others: some open a line, some only look like it."""
    api, key = _build(bench), _key()
    trying("is_open(key, answer), with the gateway's answer to this key")
    real = _answer_to(_ticket(api, vary("blue")), key)
    refusal = _answer_to(_ticket(api, f"{vary('blue')}-used"), key)
    for what, answer, wanted, look in _answers(key, real, refusal):
        trying(f"is_open(key, answer), with {what}")
        found = finished(is_open(key, answer))
        if bool(found) != wanted:
            expected = "a line is open: True" if wanted else "no line: False"
            raise NotYet(expected=expected, got=f"{short(found)} for {short(answer, 160)}", look=look)


def _answer_to(url: str, key: str) -> bytes:
    with _dialled(url) as line:
        line.sendall(raw.upgrade_request(url, key))
        return raw.read_http(line)


def _answers(key: str, real: bytes, refusal: bytes) -> Iterator[tuple[str, bytes, bool, str]]:
    """Yield what is read: in words, in bytes, whether it opens a line, and where to look otherwise."""
    accept = _accept_of(key).encode()
    hall = b'{"message": "Hall 101 is full"}'
    full = b"HTTP/1.1 403 Forbidden\r\nContent-Length: %d\r\n\r\n%s" % (len(hall), hall)
    line = b"Sec-WebSocket-Accept: " + accept + b"\r\n"
    status = "the status: the second word of the first line, and no other place"
    accepted = "the accept key: computed from `key`, and compared with the header"
    alike = 'and both are bytes, or both are text: b"101" equals neither "101" nor 101'
    yield "the gateway's answer to this key", real, True, f"{status}; {accepted}; {alike}"
    yield "the gateway's answer to a used ticket", refusal, False, status
    yield "a refusal that speaks of hall 101", full, False, status
    other = real.replace(accept, _accept_of(_key()).encode())
    yield "an answer to somebody else's key", other, False, accepted
    yield "the accept key in small letters", real.replace(accept, accept.lower()), False, f"{accepted}, sign by sign"
    yield "a 101 without an accept key", real.replace(line, b""), False, "a header may be missing: that is no line"
    echo = real.replace(accept, key.encode())
    yield "an answer that sends the key itself back", echo, False, accepted
    wrong = real.replace(b" 101 Switching Protocols", b" 200 OK")
    yield "status 200, and the right accept key", wrong, False, status
    yield "status 200, the right accept key, and a body that speaks of hall 101", wrong + hall, False, status
    asks = real.replace(b" 101 Switching Protocols", b" 200 Hall 101 is open")
    yield "status 200, the right accept key, and a 101 among the words behind it", asks, False, status
    place = f"{accepted} Sec-WebSocket-Accept, no other"
    beside = other.replace(b"\r\n\r\n", b"\r\nX-Expected: " + accept + b"\r\n\r\n")
    yield "somebody else's accept key, and yours in another header", beside, False, place
    names = "the names of headers: servers write them in small or capital letters, and both are right"
    yield "the names of the headers in small letters", real.replace(line, line[:20].lower() + line[20:]), True, names
    yield "the names of the headers in capitals", real.replace(line, line[:20].upper() + line[20:]), True, names
    reason = real.replace(b"Switching Protocols", b"Web Socket Protocol Handshake")
    yield "other words behind the status", reason, True, "the status is a number; the words behind it are free"


@exercise("02.3", **said["02.3"])
def wraps_every_text(frame: Callable[[str, bytes], Any], bench: Bench) -> None:
    """Send texts short and long, in several alphabets, and look at what the gateway reads."""
    api = _build(bench)
    umlaut = f"{vary('Saturn')} für Kinder"
    for text, look in (
        (vary("Saturn"), "the first six bytes: two of header, four of mask; then the text, XORed"),
        (umlaut, "how long the text is: the frame counts bytes, `len` of a text counts characters"),
        (f"{vary('Mars')} – 火星 – Марс", "how long the text is: one character may take three bytes"),
        (_filled(125), "125 bytes still fit into the second byte"),
        (_filled(126), "from 126 bytes on the second byte says 126, and two more bytes say how long"),
        (_filled(300), 'two bytes, the greater one first: `to_bytes(2, "big")`'),
        (f"{umlaut} {'é' * 80}", "both at once: the length in bytes decides which form it takes"),
    ):
        for mask in (bytes(random.sample(range(1, 32), 4)), os.urandom(4)):  # the first leaves ASCII what it is
            _expect_read(bench, api, text, mask, finished(_try_frame(frame, text, mask)), look)


def _filled(length: int) -> str:
    """Return a text of that many bytes."""
    words = f"{vary('Venus')} {vary('Jupiter')} {vary('Neptun')} "
    return (words * 30)[:length]


def _try_frame(frame: Callable[[str, bytes], Any], text: str, mask: bytes) -> Any:
    size = len(text.encode())
    trying(f"frame({short(text, 40)}, mask): {len(text)} characters, {size} bytes")
    return frame(text, mask)


def _expect_read(bench: Bench, api: Api, text: str, mask: bytes, sent: Any, look: str) -> None:
    """Raise NotYet unless the gateway reads this text in what was sent."""
    expected = f"the gateway reads {short(text, 60)}"
    if not isinstance(sent, bytes | bytearray):
        raise NotYet(expected=expected, got=f"{short(sent)}, which is not bytes", look="what `frame` returns")
    sent = bytes(sent)
    size, lacks = len(text.encode()), lacking(sent)
    if sent[1:2] and not sent[1] & 0x80:
        look = "the second byte keeps its first bit, however long the text is: masked, and clients mask"
    elif wrong := wrong_length(sent, size):
        raise NotYet(expected=f"{size.to_bytes(2, 'big').hex(' ')} in bytes 3 and 4: {size}", got=wrong, look=look)
    if lacks > 0:
        got = f"{hexed(sent)}: the gateway waits for {lacks} more byte{'s' if lacks > 1 else ''}"
        raise NotYet(expected=expected, got=got, look=look)
    if lacks == 0 and sent[1] & 0x7F > (size if size <= 125 else 126):
        got = f"{hexed(sent)}: the second byte says {sent[1] & 0x7F} for {size} bytes"
        raise NotYet(expected="the shortest way to say the length, as the standard wants it", got=got, look=look)
    if sent[1] & 0x80 and mask not in sent:
        got = f"{hexed(sent)}: in it is not the mask {hexed(mask)}"
        raise NotYet(expected=expected, got=got, look="the mask that is handed over stands before the text")
    if not sent[0] & 0x80:
        got = f"{sent[0]:08b} is the first byte: the gateway waits for more frames of this message"
        raise NotYet(expected=expected, got=got, look="the first bit of the first byte: last frame of its message")
    before = len(bench.happenings())
    with _dialled(api.url) as line:
        raw.upgrade(line, _ticket(api))
        line.sendall(sent)
        answer = raw.read_frame(line)
    read = [seen.text for seen in bench.happenings()[before:] if isinstance(seen, Received)]
    if read[:1] != [text]:
        got = f"it reads {short(read[0], 60)}" if read else closing(answer)
        if lacks == 0:  # otherwise the gateway has cut the text where the frame says
            look = _LOOK_BY_CODE.get(code_of(answer), look) if not read else _XOR if len(read[0]) == len(text) else look
        raise NotYet(expected=expected, got=got, look=look)


_XOR = "what stands behind the mask: each byte of the text, XORed with `mask[place % 4]`"


_LOOK_BY_CODE = {
    1002: "the second byte: its first bit says masked, and clients mask; and the opcode in the first",
    1003: "the opcode: 1 is text, and 2 is binary",
    1007: "the text: it is UTF-8, and it is XORed byte by byte with the mask",
    1009: "how long the frame says that it is",
}


@exercise("02.4", **said["02.4"])
def reads_every_frame(read: Callable[[bytes], Any], bench: Bench) -> None:
    """Read frames that the gateway has sent: texts, a pong, and goodbyes with and without a code."""
    api = _build(bench)
    length = "the length: 7 bits of the second byte, or the two bytes behind it where they say 126"
    for what, frame, wanted, look in (
        *_texts(api, length),
        *_signs_of_life(api),
        *_goodbyes(api, bench),
    ):
        trying(f"read({hexed(frame)}): {what}")
        found = finished(read(frame))
        if not isinstance(found, list | tuple) or tuple(found) != wanted:
            raise NotYet(expected=f"{wanted}", got=short(found, 120), look=_no_pair(found) or look)


def _no_pair(found: Any) -> str:
    """Return where to look in what is no pair of kind and payload, '' where it is one."""
    if not isinstance(found, list | tuple) or len(found) != 2:
        return "what `read` returns: two things, the kind and what is said"
    return "the text: its bytes are UTF-8, and `decode()` makes a text of them" if isinstance(found[1], bytes) else ""


_HALL = len(": hall 1")  # what the guide puts behind a show
_Frames = Iterator[tuple[str, bytes, tuple[str, str | int], str]]


def _texts(api: Api, length: str) -> _Frames:
    opcode = "the opcode: the last four bits of the first byte, and 1 is text"
    for show, look in (
        (vary("Saturn"), f"{opcode}; the text begins at the third byte"),
        (f"{vary('Mars')} für Kinder", "the text: its bytes are UTF-8, and `decode()` makes a text of them"),
        (_filled(125 - _HALL), "the length: 125 still fits into the second byte, whatever the whole frame measures"),
        (_filled(126 - _HALL), length),
        (_filled(300), length),
    ):
        frame = _one_answer(api, raw.client_frame(show))
        yield "an answer of the guide's", frame, ("text", frame[4 if frame[1] == 126 else 2 :].decode()), look


def _signs_of_life(api: Api) -> _Frames:
    word = vary("still there")
    pong = _one_answer(api, raw.client_frame(word, opcode=9))
    yield "the pong to a ping", pong, ("pong", word), "the opcode: 10 is a pong"
    ping = bytes([0b1000_1001, len(word)]) + word.encode()
    yield "a ping", ping, ("ping", word), "the opcode: 9 is a ping"


def _goodbyes(api: Api, bench: Bench) -> _Frames:
    code, bare = "the code: two bytes, the greater one first", "a close frame without a code: 1005 says so"
    reason = (1000).to_bytes(2, "big") + vary("bye").encode()
    yield "a goodbye with a reason", _one_answer(api, raw.client_frame(reason, opcode=8)), ("close", 1000), code
    away = _one_answer(api, raw.client_frame((1001).to_bytes(2, "big"), opcode=8))
    yield "a goodbye without a reason", away, ("close", 1001), code
    yield "a goodbye without a code", _one_answer(api, raw.client_frame(b"", opcode=8)), ("close", 1005), bare
    with bench.on_purpose():
        big = _one_answer(api, raw.client_frame("x" * 33 * 1024))
    yield "what came after 33 KB in one frame", big, ("close", 1009), code


def _one_answer(api: Api, frame: bytes) -> bytes:
    """Return the frame with which the gateway answers one."""
    with _dialled(api.url) as line:
        raw.upgrade(line, _ticket(api))
        line.sendall(frame)
        return raw.read_frame(line)


@exercise("02.5", **said["02.5"])
def visits_the_planetarium(visit: Callable[[str, list[str]], Any], bench: Bench) -> None:
    """Visit with a good ticket, with three that are refused, with questions that nobody takes, and with none."""
    api = _build(bench)
    shows = [vary("Saturn"), vary("Mars"), vary("Jupiter")]
    halls = [f"{show}: hall {len(show) % 3 + 1}" for show in shows]
    url = _ticket(api, vary("blue"))
    _visits(bench, visit, url, shows, (halls, 1000), "a ticket and three questions")
    _visits(bench, visit, url, [], ([], 1000), "a ticket and no question")
    used = _ticket(api, f"{vary('blue')}-used")
    _visits(bench, visit, used, shows, ([], 403), "a ticket that was used")
    over = _ticket(api, f"{vary('blue')}-late")
    _visits(bench, visit, over, shows, ([], 410), "a ticket for a show that is over")
    full = _ticket(_build(bench, vary("evening"), planetarium.full), vary("green"))
    _visits(bench, visit, full, shows, ([], 429), "a good ticket, and every seat is taken")
    big = [*shows[:2], "x" * 33 * 1024, shows[2]]
    binary: list[str | bytes] = [shows[0], b"\x00\x01", shows[1]]
    with bench.on_purpose():
        _visits(bench, visit, url, big, (halls[:2], 1009), "two questions, one of 33 KB, and one more")
        _visits(bench, visit, url, binary, (halls[:1], 1003), "a question, one in bytes, and one more")


def _visits(
    bench: Bench,
    visit: Callable[[str, list[Any]], Any],
    url: str,
    shows: Sequence[str | bytes],
    wanted: tuple[list[str], int],
    what: str,
) -> None:
    """Let somebody visit, and raise NotYet unless the answers and the end are these."""
    before = len(bench.happenings())
    trying(f"visit({shortened(url)!r}, questions): {what}")
    found = finished(visit(url, list(shows)))
    if not isinstance(found, list | tuple) or len(found) != 2:
        got, look = f"{short(found)} is returned", "two things are returned: a list of answers, and a number"
        raise NotYet(expected=_end(wanted), got=got, look=look)
    answers, end = found
    seen = bench.happenings()[before:]
    opened = sum(isinstance(each, Opened) for each in seen)
    if opened > 1:
        look = "where the line is opened: one line carries all questions"
        raise NotYet(expected="one line", got=f"{opened} lines were opened", look=look)
    if list(answers) != wanted[0] if isinstance(answers, list | tuple) else True:
        raise NotYet(expected=_end(wanted), got=f"the answers {short(answers, 100)}", look=_why_not(answers, wanted))
    _expect_heard(seen, shows[: len(wanted[0])])
    _expect_end(seen, end, wanted)


def _why_not(answers: Any, wanted: tuple[list[str], int]) -> str:
    if not isinstance(answers, list | tuple):
        return "the answers are a list"
    if sorted(map(str, answers)) == sorted(wanted[0]):
        return "the order: wait for each answer before the next question, or two may be under way at once"
    if wanted[1] == 1000:
        return "one answer for each question, in their order"
    return "wait for each answer before the next question; the answers until then are kept, and there are no others"


def _expect_heard(seen: Sequence[Any], shows: Sequence[str | bytes]) -> None:
    """Raise NotYet unless the guide was asked these questions."""
    asked = [each.text for each in seen if isinstance(each, Received)]
    if asked != shows:
        got, look = f"it was asked {short(asked, 60)}", "each question is sent as it is, and the guide answers it"
        raise NotYet(expected=f"the guide is asked {short(shows, 60)}", got=got, look=look)


_REFUSED = "the status of a refusal: the exception has it, as `response.status_code`"
_ENDED = "the code with which the gateway closed the line: `ws.close_code`"
_ENDS = {
    403: _REFUSED,
    410: _REFUSED,
    429: _REFUSED,
    1000: "the code with which the line was closed: known once it is closed, as `ws.close_code`",
    1003: _ENDED,
    1009: _ENDED,
}


def _expect_end(seen: Sequence[Any], end: Any, wanted: tuple[list[str], int]) -> None:
    if end != wanted[1] or isinstance(end, bool):
        raise NotYet(expected=_end(wanted), got=f"the end is {short(end)}", look=_ENDS[wanted[1]])
    codes = [each.code for each in seen if isinstance(each, Closed)]
    if wanted[1] == 1000 and codes != [1000]:
        got = f"the gateway has seen {codes[0]}" if codes else "the line is still open"
        raise NotYet(expected="the line is closed, with 1000", got=got, look="the goodbye: `with` says it at its end")


def _end(wanted: tuple[list[str], int]) -> str:
    return f"{short(wanted[0], 100)} and {wanted[1]}"
