"""Selection expressions: what a message asks for, and what it cannot ask for."""

import json

import pytest
from gateway_kit import route, stage
from hypothesis import given
from hypothesis import strategies as st

from upgrade101.gateway.limits import LENIENT_JSON_CHARACTERS
from upgrade101.gateway.selection import MISSING, evaluate, read_json, route_key

ACTION = "$request.body.action"


# ── the grammar ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("expression", ["$request.body.action", "${request.body.action}", "${ request.body.action }"])
def test_braces_are_optional(expression):
    assert evaluate(expression, {"action": "join"}) == "join"


@pytest.mark.parametrize(
    "expression, selected",
    [
        ("${request.body.service}/${request.body.action}", "chat/join"),
        ("$request.body.service/$request.body.action", "chat/join"),
        ("v1-${request.body.action}", "v1-join"),
        ("${request.body.action}${request.body.service}", "joinchat"),
    ],
)
def test_variables_and_literals_mix(expression, selected):
    assert evaluate(expression, {"service": "chat", "action": "join"}) == selected


@pytest.mark.parametrize(
    "expression, selected",
    [("action", "action"), ("request.body.action", "request.body.action"), ("join/leave", "join/leave"), ("", "")],
)
def test_a_bare_word_is_a_static_value(expression, selected):
    assert evaluate(expression, {"action": "join"}) == selected
    assert route_key(expression, '{"action": "join"}') == selected


@pytest.mark.parametrize(
    "expression, selected",
    [
        (r"\$default", "$default"),
        (r"\$request.body.action", "$request.body.action"),
        ("cost: 5$", "cost: 5$"),
        ("\\", "\\"),
    ],
)
def test_a_backslash_takes_the_dollar_literally(expression, selected):
    assert evaluate(expression, {"action": "join"}) == selected


def test_an_expression_is_evaluated_once():
    assert route_key(ACTION, '{"action": "$request.body.other", "other": "join"}') == "$request.body.other"


def test_a_missing_path_in_a_composite_is_the_empty_string():
    assert evaluate("${request.body.action}-${request.body.invalid}", {"action": "join"}) == "join-"
    assert evaluate("${request.body.service}/${request.body.action}", MISSING) == "/"


@pytest.mark.parametrize("expression", ["$request.header.x", "$context.connectionId", "${}", "$request.bodyaction"])
def test_nothing_but_the_body_can_be_asked_for(expression):
    assert evaluate(expression, {"action": "join", "x": "y"}) is None


# ── JSONPath ─────────────────────────────────────────────────────────────────────────────────────────────────────────

DOCUMENT = {
    "meta": {"kind": "join"},
    "items": ["item1", "item2"],
    "list": [{"k": "a", "n": 1}, {"k": "b", "n": 2}],
    "a-b": "dash",
    "a b": "space",
}


@pytest.mark.parametrize(
    "expression, selected",
    [
        ("$request.body.meta.kind", "join"),
        ("$request.body.a-b", "dash"),
        ("$request.body.items[0]", "item1"),
        ("$request.body.items[1]", "item2"),
        ("$request.body.items", "[item1, item2]"),
        ("$request.body.list[*].k", "[a, b]"),
        ("$request.body..kind", "[join]"),
        ("${request.body.list[0:2].n}", "[1, 2]"),
        ("${request.body['a b']}", "space"),
        ("${request.body.list[?(@.n == 2)].k}", "[b]"),
        ("$request.body.meta", "{kind=join}"),
        ("$request.body.list", "[{k=a, n=1}, {k=b, n=2}]"),
        ("$request.body.items[7]", None),
        ("$request.body.meta.kind.deeper", None),
        ("$request.body.items.first", None),
        ("${request.body.items[}", None),
    ],
)
def test_any_json_path_and_its_text(expression, selected):
    assert evaluate(expression, DOCUMENT) == selected


def test_a_path_into_a_top_level_list():
    assert route_key("$request.body[0]", '["first", "second"]') == "first"


# ── messages ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "message, selected",
    [
        ('{"action": "join"}', "join"),
        ('{"action": "Join"}', "Join"),
        ('{"action": ""}', ""),
        ('{"action": "chat room"}', "chat room"),
        ('{"action": "größe"}', "größe"),
        ('{"action": 7}', "7"),
        ('{"action": 7.5}', "7.5"),
        ('{"action": true}', "true"),
        ('{"action": false}', "false"),
        ('{"action": null}', None),
        ('{"action": {"x": 1}}', "{x=1}"),
        ('{"action": ["join"]}', "[join]"),
        ('{"action": [null, true]}', "[null, true]"),
        ('{"service": "join"}', None),
        ('{"action": "join", "action": "leave"}', "leave"),
        ("hello", None),
        ("", None),
        ("   ", None),
        ("[1, 2]", None),
        ('"join"', None),
        ("7", None),
        ("null", None),
    ],
)
def test_what_a_message_selects(message, selected):
    assert route_key(ACTION, message) == selected


@pytest.mark.parametrize("reserved", ["$connect", "$disconnect"])
@pytest.mark.parametrize("expression", [ACTION, "$request.body.a$request.body.b", "${request.body.a}${request.body.b}"])
def test_nobody_selects_connect_or_disconnect(reserved, expression):
    parts = {"action": reserved, "a": reserved[:3], "b": reserved[3:]}
    assert route_key(expression, json.dumps(parts)) is None


def test_default_can_be_named():
    assert route_key(ACTION, '{"action": "$default"}') == "$default"


@pytest.mark.parametrize(
    "message",
    [
        '{action: "join"}',
        "{'action': 'join'}",
        '{"action": "join",}',
        '{"action": "join", body: "hello"}',
        '  {action: "join"}',
    ],
)
def test_short_messages_are_read_leniently(message):
    with pytest.raises(json.JSONDecodeError):
        json.loads(message)
    assert route_key(ACTION, message) == "join"


def test_long_messages_are_read_strictly():
    longest = '{action: "join", pad: "' + "x" * (LENIENT_JSON_CHARACTERS - 25) + '"}'
    assert len(longest) == LENIENT_JSON_CHARACTERS
    assert route_key(ACTION, longest) == "join"
    padding = "x" * LENIENT_JSON_CHARACTERS
    assert route_key(ACTION, f'{{action: "join", pad: "{padding}"}}') is None
    assert route_key(ACTION, f'{{"action": "join", "pad": "{padding}"}}') == "join"


@pytest.mark.parametrize("message", ["[" * 100_000, '{"a":' * 30_000, "{a:" * 600, '{"action": ' + "9" * 5000 + "}"])
def test_what_is_too_deep_or_too_long_selects_nothing(message):
    assert route_key(ACTION, message) is None


def test_half_a_surrogate_pair_becomes_a_question_mark():
    assert route_key(ACTION, r'{"action": "a\ud800b"}') == "a?b"


@given(st.text())
def test_any_text_selects_text_or_nothing(text):
    selected = route_key(ACTION, text)
    assert selected is None or selected.encode()


@given(st.text(alphabet="{}[]'\":,$\\/*ae 1", max_size=60))
def test_text_that_looks_like_json_selects_text_or_nothing(text):
    selected = route_key(ACTION, "{" + text)
    assert selected is None or selected.encode()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.text(alphabet="$request.body{}[]\\*?@()'=~<>!:,;-/x0 ", max_size=40), JSON)
def test_any_expression_gives_text_or_nothing(expression, body):
    for whole in (expression, "$request.body" + expression, "${request.body" + expression + "}"):
        assert isinstance(evaluate(whole, body), str | None)


@given(JSON)
def test_strict_json_is_read_as_such(value):
    assert read_json(json.dumps(value)) == value


# ── choosing the route ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "selected, chosen", [("echo", "echo"), ("Echo", "$default"), ("nosuch", "$default"), ("$default", "$default")]
)
def test_the_exact_key_else_default(selected, chosen):
    assert stage(route("echo"), route("$default")).deployment.route(selected).route_key == chosen


def test_without_a_default_there_may_be_no_route():
    assert stage(route("echo")).deployment.route("nosuch") is None
