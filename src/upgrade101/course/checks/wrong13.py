"""Plausible wrong answers to lab 13, and what the check must say to each: (exercise, name, cell, words it must say).

The cell is what a learner would leave in the notebook; the answer is what it calls ``answer``.
"""


def _changed(source: str, *changes: tuple[str, str]) -> str:
    """Return a right answer with some of its words replaced, each of which it must have."""
    for before, after in changes:
        assert before in source, before
        source = source.replace(before, after)
    return source


_COUNTED = """
from upgrade101 import scale

def answer(received, sent, changed):
    meter_bytes = scale.settings(**changed).meter_bytes
    return sum(scale.units(len(text.encode()), meter_bytes) for text in [*received, *sent])
"""
_EACH = "sum(scale.units(len(text.encode()), meter_bytes) for text in [*received, *sent])"


def _counted(*changes: tuple[str, str]) -> str:
    return _changed(_COUNTED, *changes)


_MONTH = """
from upgrade101 import scale

def answer(buses, displays, hours, sends, size, beat, changed):
    numbers = scale.settings(**changed)
    positions = buses * hours * 30 * sends * scale.units(size, numbers.meter_bytes)
    beats = displays * 24 * 30 * 60 / beat
    minutes = (buses * hours + displays * 24) * 30 * 60
    sent = positions * displays
    return scale.bill(incoming=positions + beats, outgoing=sent, minutes=minutes, numbers=numbers).dollars
"""


def _month(*changes: tuple[str, str]) -> str:
    return _changed(_MONTH, *changes)


_FIRST_PRICE = """def _dollars(numbers, messages, minutes):
    million = messages * numbers.dollars_per_million_messages + minutes * numbers.dollars_per_million_minutes
    return million / 1_000_000

"""
_ANNOUNCE = """
import json

import boto3
from botocore.exceptions import ClientError

displays = boto3.resource("dynamodb").Table("displays")

def answer(event, context):
    where, text = event["requestContext"], json.loads(event["body"])["text"]
    door = f"https://{where['domainName']}/{where['stage']}"
    connections = boto3.client("apigatewaymanagementapi", endpoint_url=door)
    with displays.batch_writer() as batch:
        for row in displays.scan()["Items"]:
            try:
                connections.post_to_connection(ConnectionId=row["connection_id"], Data=text)
            except connections.exceptions.GoneException:
                batch.delete_item(Key={"connection_id": row["connection_id"]})
    return {"statusCode": 200}
"""
_WITH = "    with displays.batch_writer() as batch:\n"
_WITHOUT = "    batch = displays.batch_writer()\n    if batch:\n"
_KEY = '{"connection_id": row["connection_id"]}'


def _announce(*changes: tuple[str, str]) -> str:
    return _changed(_ANNOUNCE, *changes)


_MOST = """
from upgrade101 import scale

def answer(updates, beat, changed):
    numbers = scale.settings(**changed)
    inside = numbers.new_connections_per_second * numbers.connection_seconds
    requests = updates / 3600 + 1 / (beat * 60)
    return int(min(inside, numbers.requests_per_second / requests))
"""


def _most(*changes: tuple[str, str]) -> str:
    return _changed(_MOST, *changes)


_CHOOSE = """
import math

from upgrade101 import scale

def simplest(displays, seconds, changed):
    numbers = scale.settings(**changed)
    for design in scale.DESIGNS:
        outcome = scale.simulate(design, displays, numbers)
        if not outcome.lost and outcome.last_seconds <= seconds:
            return design
    return None

def shards_for(displays, seconds, changed):
    numbers = scale.settings(**changed)
    if displays / numbers.requests_per_second > seconds:
        return None
    time = min(seconds, numbers.function_seconds)
    shards = math.ceil(displays * numbers.post_seconds / numbers.at_once / time)
    return shards if shards <= numbers.functions_at_once else None

answer = simplest, shards_for
"""
_THROTTLE = """    if displays / numbers.requests_per_second > seconds:
        return None
"""
_TIME = "time = min(seconds, numbers.function_seconds)"


def _choose(*changes: tuple[str, str]) -> str:
    return _changed(_CHOOSE, *changes)


WRONG: list[tuple[str, str, str, str]] = [
    # 13.1 · Read the meter
    ("13.1", "counts texts", _counted((_EACH, "len(received) + len(sent)")), "as with parking by the hour"),
    (
        "13.1",
        "counts characters",
        _counted(("text.encode()", "text")),
        "bytes, not characters: `text.encode()`",
    ),
    (
        "13.1",
        "counts only what was sent",
        _counted(("[*received, *sent]", "sent")),
        "both directions count, and each text at least once",
    ),
    (
        "13.1",
        "counts what was received, twice",
        _counted((_EACH, "2 * " + _EACH), ("[*received, *sent]", "received")),
        "both directions: `received` and `sent`",
    ),
    (
        "13.1",
        "adds up before it counts",
        _counted((_EACH, "scale.units(sum(len(text.encode()) for text in [*received, *sent]), meter_bytes)")),
        "both directions count, and each text at least once",
    ),
    (
        "13.1",
        "adds up each direction before it counts",
        _counted((_EACH, "sum(scale.units(len(''.join(texts).encode()), meter_bytes) for texts in (received, sent))")),
        "both directions count, and each text at least once",
    ),
    (
        "13.1",
        "rounds down",
        _counted(("scale.units(len(text.encode()), meter_bytes)", "len(text.encode()) // meter_bytes")),
        "Got 0",
    ),
    (
        "13.1",
        "begins a piece that nobody needs",
        _counted(("scale.units(len(text.encode()), meter_bytes)", "len(text.encode()) // meter_bytes + 1")),
        "a full piece is one: does it begin another?",
    ),
    (
        "13.1",
        "lets an empty message pass for nothing",
        _counted(("scale.units(len(text.encode()), meter_bytes)", "-(-len(text.encode()) // meter_bytes)")),
        "an empty message is a message",
    ),
    (
        "13.1",
        "rounds an empty text away",
        _counted(("scale.units(len(text.encode()), meter_bytes)", "-(-len(text.encode()) // meter_bytes)")),
        "Tried counted(['', 'here'], ['', 'here'], {}): an empty text",
    ),
    ("13.1", "takes the lesson's piece", _counted((", meter_bytes)", ")")), "nothing is typed"),
    (
        "13.1",
        "types the piece",
        _counted(("scale.settings(**changed).meter_bytes", "32 * 1024")),
        "a number that has changed: `scale.settings(**changed)` has it",
    ),
    (
        "13.1",
        "takes 32 KB for 32,000 bytes",
        _counted(("scale.settings(**changed).meter_bytes", "32_000")),
        "a number that has changed",
    ),
    ("13.1", "writes bytes that not every text has", _counted(("encode()", 'encode("ascii")')), "UnicodeEncodeError"),
    (
        "13.1",
        "counts the lists",
        _counted((" for text in [*received, *sent]", " for text in (received, sent)")),
        "Got Att",
    ),
    # 13.2 · A month of one bus line
    (
        "13.2",
        "forgets the silence",
        _month(("minutes = (buses * hours + displays * 24) * 30 * 60", "minutes = 0")),
        "the second meter: connection minutes",
    ),
    (
        "13.2",
        "takes hours for minutes",
        _month(("* 30 * 60\n    sent", "* 30\n    sent")),
        "connection minutes: an hour has 60",
    ),
    (
        "13.2",
        "sends displays to bed",
        _month(("displays * 24) * 30", "displays * hours) * 30")),
        "the hours of displays: day and night",
    ),
    (
        "13.2",
        "forgets that buses are connected",
        _month(("(buses * hours + displays * 24)", "(displays * 24)")),
        "whose minutes count: buses are connected as well",
    ),
    (
        "13.2",
        "forgets that displays are connected",
        _month(("(buses * hours + displays * 24)", "(buses * hours)")),
        "the second meter: connection minutes",
    ),
    ("13.2", "forgets what displays say", _month(("positions + beats", "positions")), "each “here” is a message"),
    (
        "13.2",
        "lets displays speak by day",
        _month(("displays * 24 * 30 * 60 / beat", "displays * hours * 30 * 60 / beat")),
        "what displays say: every so many minutes, day and night",
    ),
    (
        "13.2",
        "lets displays speak so many times an hour",
        _month(("displays * 24 * 30 * 60 / beat", "displays * 24 * 30 * beat")),
        "what displays say: every so many minutes, day and night",
    ),
    (
        "13.2",
        "answers each “here”",
        _month(("sent = positions * displays", "sent = positions * displays + beats")),
        "what displays say: nobody answers it",
    ),
    (
        "13.2",
        "sends each position once",
        _month(("sent = positions * displays", "sent = positions")),
        "the fan-out: one message in, and one out for each display",
    ),
    (
        "13.2",
        "counts what comes in and not what goes out",
        _month(("sent = positions * displays", "sent = 0")),
        "the fan-out: one message in, and one out for each display",
    ),
    (
        "13.2",
        "tells the buses, too",
        _month(("sent = positions * displays", "sent = positions * (displays + buses)")),
        "the fan-out: buses send positions, and displays show them",
    ),
    (
        "13.2",
        "forgets the size",
        _month((" * scale.units(size, numbers.meter_bytes)", "")),
        "the size: each 32 KB begun count once",
    ),
    (
        "13.2",
        "counts bytes as messages",
        _month((" * scale.units(size, numbers.meter_bytes)", " * size / numbers.meter_bytes")),
        "the size: a piece begun counts in full",
    ),
    ("13.2", "takes the lesson's prices", _month((", numbers=numbers)", ")")), "`scale.bill` wants `numbers=numbers`"),
    (
        "13.2",
        "takes the lesson's piece",
        _month(("scale.units(size, numbers.meter_bytes)", "scale.units(size)")),
        "each `meter_bytes` begun count once, and that number has changed",
    ),
    (
        "13.2",
        "rounds to cents",
        _month(("return scale.bill(", "return round(scale.bill("), (").dollars", ").dollars, 2)")),
        "rounding: return the dollars as they are",
    ),
    (
        "13.2",
        "keeps buses connected all day",
        _month(("(buses * hours + displays * 24)", "(buses + displays) * 24")),
        "the hours of buses: they are not connected all day",
    ),
    (
        "13.2",
        "multiplies by the beat",
        _month(("* 60 / beat", "* 60 * beat")),
        "beat is how far apart they are, so divide by it",
    ),
    (
        "13.2",
        "forgets the month in what displays say",
        _month(("displays * 24 * 30 * 60 / beat", "displays * 24 * 60 / beat")),
        "30 days, for what displays say too",
    ),
    (
        "13.2",
        "forgets the month in the positions",
        _month(("buses * hours * 30 * sends", "buses * hours * sends")),
        "30 days, for the positions too",
    ),
    (
        "13.2",
        "forgets the month in the minutes",
        _month(("displays * 24) * 30 * 60", "displays * 24) * 60")),
        "30 days, for the minutes too",
    ),
    (
        "13.2",
        "writes two bills",
        """
        from upgrade101 import scale

        def answer(buses, displays, hours, sends, size, beat, changed):
            numbers = scale.settings(**changed)
            beats = displays * 24 * 30 * 60 / beat
            line = scale.month(users=buses, hours=hours, sends=sends, audience=displays, size=size, numbers=numbers)
            silent = scale.bill(incoming=beats, outgoing=0, minutes=displays * 24 * 30 * 60, numbers=numbers)
            return line.dollars + silent.dollars
        """,
        "one bill for all messages",
    ),
    (
        "13.2",
        "types the prices",
        _month(
            (
                "scale.bill(incoming=positions + beats, outgoing=sent, minutes=minutes, numbers=numbers).dollars",
                "(positions + beats + sent) / 1e6 + minutes / 4e6",
            ),
        ),
        "nothing is typed",
    ),
    (
        "13.2",
        "knows the first price only",
        _month(
            ("def answer", f"{_FIRST_PRICE}def answer"),
            (
                "scale.bill(incoming=positions + beats, outgoing=sent, minutes=minutes, numbers=numbers).dollars",
                "_dollars(numbers, positions + beats + sent, minutes)",
            ),
        ),
        "a second price holds beyond so many messages",
    ),
    ("13.2", "does the sum for one day", _month((" * 30", "")), "30 days, not one"),
    ("13.2", "returns the bill", _month((").dollars", ")")), "the dollars, which a bill has as `.dollars`"),
    (
        "13.2",
        "returns words",
        _month(("return scale", "return 'about %.2f' % scale")),
        "which a bill has as `.dollars`",
    ),
    (
        "13.2",
        "takes the lesson's chat",
        """
        from upgrade101 import scale

        def answer(buses, displays, hours, sends, size, beat, changed):
            numbers = scale.settings(**changed)
            line = scale.month(users=buses, hours=hours, sends=sends, audience=displays, size=size, numbers=numbers)
            return line.dollars
        """,
        "displays cost as well where there is no bus",
    ),
    # 13.3 · Mend Ben's announcement
    (
        "13.3",
        "mends nothing",
        _announce((_WITH, _WITHOUT), (_KEY, '{"Key": {"connection_id": row["connection_id"]}}')),
        "Got 5 calls: 2 of them to displays that are gone. Calls of the table: Scan, and no other",
    ),
    (
        "13.3",
        "mends the key, which never travels",
        _announce((_WITH, _WITHOUT)),
        "which call deletes a row, and does it ever travel?",
    ),
    (
        "13.3",
        "sends the key as it was",
        _announce((_KEY, '{"Key": {"connection_id": row["connection_id"]}}')),
        "Look at `Key`, and the row “Raised”",
    ),
    (
        "13.3",
        "hands over the whole row",
        _announce((f"Key={_KEY}", "Key=row")),
        "The provided key element does not match the schema",
    ),
    (
        "13.3",
        "hands over the bare id",
        _announce((f"Key={_KEY}", 'Key=row["connection_id"]')),
        "valid types: <class 'dict'>",
    ),
    (
        "13.3",
        "does not expect anybody to be gone",
        _announce(("connections.exceptions.GoneException", "KeyError")),
        "Look at the row “Raised”, which says why nobody else was told",
    ),
    (
        "13.3",
        "ends with the first that is gone",
        _announce(
            (f"batch.delete_item(Key={_KEY})", f"batch.delete_item(Key={_KEY})\n                break"),
        ),
        "who is told: every display that is there, those after one that is gone too",
    ),
    (
        "13.3",
        "opens a batch and collects in another",
        _announce(("as batch:\n", "as sent:\n        batch = displays.batch_writer()\n")),
        "2 of them to displays that are gone",
    ),
    (
        "13.3",
        "deletes the row of whoever announces",
        _announce((_KEY, '{"connection_id": where["connectionId"]}')),
        "Provided list of item keys contains duplicates",
    ),
    (
        "13.3",
        "takes every error for gone",
        _announce(("connections.exceptions.GoneException", "ClientError")),
        "Expected no display is forgotten Got in the table: nobody",
    ),
    (
        "13.3",
        "swallows all other errors",
        _announce(
            (
                f"batch.delete_item(Key={_KEY})",
                f"batch.delete_item(Key={_KEY})\n            except ClientError as error:\n{' ' * 16}print(error)",
            ),
        ),
        "an error: nobody was told, and somebody should know",
    ),
    (
        "13.3",
        "puts the loop into the try",
        """
        import json

        import boto3

        displays = boto3.resource("dynamodb").Table("displays")

        def answer(event, context):
            where, text = event["requestContext"], json.loads(event["body"])["text"]
            door = f"https://{where['domainName']}/{where['stage']}"
            connections = boto3.client("apigatewaymanagementapi", endpoint_url=door)
            try:
                for row in displays.scan()["Items"]:
                    connections.post_to_connection(ConnectionId=row["connection_id"], Data=text)
            except connections.exceptions.GoneException:
                displays.delete_item(Key={"connection_id": row["connection_id"]})
            return {"statusCode": 200}
        """,
        "those after one that is gone too",
    ),
    (
        "13.3",
        "asks before each post",
        _announce(
            (
                "connections.post_to",
                'connections.get_connection(ConnectionId=row["connection_id"])\n                connections.post_to',
            ),
            (_WITH, _WITHOUT),
        ),
        "Got castle, harbour, market, school, station",
    ),
    # 13.4 · What one account can carry
    ("13.4", "types the answer", _most(("return int(", "return 540_000\n    return int(")), "Got 540,000"),
    (
        "13.4",
        "sees the door alone",
        _most(("min(inside, numbers.requests_per_second / requests)", "inside")),
        "two quotas may bind, and the smaller result does",
    ),
    (
        "13.4",
        "sees the throttle alone",
        _most(("min(inside, numbers.requests_per_second / requests)", "numbers.requests_per_second / requests")),
        "two quotas may bind, and the smaller result does",
    ),
    ("13.4", "takes the larger", _most(("min(", "max(")), "two quotas may bind, and the smaller result does"),
    (
        "13.4",
        "forgets what displays say",
        _most(("updates / 3600 + 1 / (beat * 60)", "updates / 3600 or 1e-9")),
        "the display's own “here” is a message, too",
    ),
    ("13.4", "divides by no updates", _most((" + 1 / (beat * 60)", "")), "ZeroDivisionError"),
    ("13.4", "forgets the updates", _most(("updates / 3600 + ", "")), "the updates: each is a post"),
    (
        "13.4",
        "takes an hour for a second",
        _most(("updates / 3600", "updates")),
        "the updates are so many an hour, which has 3600 seconds",
    ),
    (
        "13.4",
        "takes minutes for seconds",
        _most(("(beat * 60)", "beat")),
        "beat counts minutes, and the quota seconds",
    ),
    (
        "13.4",
        "takes the gap for a rate",
        _most(("1 / (beat * 60)", "beat / 60")),
        "beat says how far apart they are, not how many",
    ),
    (
        "13.4",
        "forgets that connections last",
        _most(
            ("numbers.new_connections_per_second * numbers.connection_seconds", "numbers.new_connections_per_second")
        ),
        "how long a connection lasts: connection_seconds",
    ),
    (
        "13.4",
        "takes silence for the longest duration",
        _most(("numbers.connection_seconds", "numbers.idle_seconds")),
        "after how long a display is sent away",
    ),
    ("13.4", "takes the lesson's numbers", _most(("**changed", "")), "nothing is typed"),
    (
        "13.4",
        "rounds up",
        _most(("import scale", "import scale\nimport math"), ("int(", "math.ceil(")),
        "rounding: with one display more",
    ),
    (
        "13.4",
        "rounds to the nearest",
        _most(("int(", "round(")),
        "Look at rounding: with one display more the quota is not kept",
    ),
    (
        "13.4",
        "counts coming in as a request",
        _most(("+ 1 / (beat * 60)", "+ 1 / (beat * 60) + 1 / numbers.connection_seconds")),
        "what counts as a request: to come in again does not",
    ),
    ("13.4", "leaves the halves", _most(("int(", "(")), "there are no halves of displays"),
    ("13.4", "says which one binds", _most(("return int(", "return 'requests', int(")), "what `most_displays` returns"),
    # 13.5 · Choose, and size it
    ("13.5", "hands in one function", _choose(("answer = simplest, shards_for", "answer = simplest")), "two functions"),
    (
        "13.5",
        "forgets who is left out",
        _choose(("not outcome.lost and ", "")),
        "Whoever is left out is never told",
    ),
    (
        "13.5",
        "forgets the time",
        _choose((" and outcome.last_seconds <= seconds", "")),
        "`last_seconds`: loop: all 250 in 3.85 s",
    ),
    (
        "13.5",
        "looks at half of them",
        _choose(("last_seconds", "half_seconds")),
        "`last_seconds`: loop: all 250 in 3.85 s",
    ),
    (
        "13.5",
        "takes the quickest",
        _choose(
            ("            return design\n", "            found = design\n"),
            ("    return None\n\ndef", "    return found\n\ndef"),
        ),
        "the order: 'managed' does it as well, but another comes before it",
    ),
    (
        "13.5",
        "accepts only what never breaks",
        _choose(("not outcome.lost", "not outcome.breaks")),
        "the order: 'queue' does it as well",
    ),
    (
        "13.5",
        "leaves out the numbers that have changed",
        _choose(("displays, numbers)", "displays)")),
        "a number that has changed",
    ),
    (
        "13.5",
        "goes by the size alone",
        _choose(("    for design", "    return 'loop' if displays <= 1000 else 'queue'\n    for design")),
        "Got 'loop' Look at `last_seconds`: loop: all 250",
    ),
    (
        "13.5",
        "always finds something",
        _choose(("    return None\n\ndef", "    return 'managed'\n\ndef")),
        "even “managed” is too late: where no design does it, `simplest` returns None",
    ),
    (
        "13.5",
        "leaves one function unused",
        _choose(("shards <= numbers.functions_at_once", "shards < numbers.functions_at_once")),
        "functions_at_once: 5 may run, and all of them may be yours",
    ),
    (
        "13.5",
        "returns an outcome",
        _choose(("            return design\n", "            return outcome\n")),
        "the name of a design, and None only where none does",
    ),
    (
        "13.5",
        "forgets the throttle",
        _choose((_THROTTLE, "")),
        "Expected None: no number of shards does it",
    ),
    (
        "13.5",
        "forgets that functions end",
        _choose((_TIME, "time = seconds")),
        "how long a function may run: function_seconds",
    ),
    (
        "13.5",
        "forgets how many may run",
        _choose((" if shards <= numbers.functions_at_once else None", "")),
        "how many functions may run: functions_at_once: 20",
    ),
    ("13.5", "rounds down", _choose(("math.ceil(", "math.floor(")), "The simulation says: shards: all"),
    ("13.5", "does not round", _choose(("math.ceil(", "(")), "a whole number: half a shard is one more"),
    (
        "13.5",
        "forgets that posts go side by side",
        _choose((" / numbers.at_once", "")),
        "so many posts, each of post_seconds, at_once of them side by side",
    ),
    (
        "13.5",
        "types the seconds of a post",
        _choose(("numbers.post_seconds", "0.015")),
        "a number that has changed",
    ),
    (
        "13.5",
        "takes a hundred as in the lesson",
        _choose(("    return shards if", "    return numbers.shards\n    return shards if")),
        "100, and fewer do it as well",
    ),
    (
        "13.5",
        "thinks that nobody can do it",
        _choose(("requests_per_second > seconds", "requests_per_second > 1")),
        "what is left of the limits",
    ),
]
