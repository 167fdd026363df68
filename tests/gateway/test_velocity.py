"""What a template holds: values that write themselves as Java's do, and Java's methods."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upgrade101.gateway.selection import text_of
from upgrade101.gateway.templates import render
from upgrade101.gateway.velocity import seen

BODY = {"text": "it's me", "list": [1, "b", None], "map": {"a": True, "b": {"c": 1.5}}, "yes": True, "no": False}


def rendered(template, body=BODY, **context):
    return render(template, body=json.dumps(body), context=context, stage_variables={})


@pytest.mark.parametrize(
    "template, text",
    [
        ("$input.path('$.list')", "[1, b, null]"),
        ("$input.path('$.map')", "{a=true, b={c=1.5}}"),
        ("$input.path('$.yes') $input.path('$.no')", "true false"),
        ("#if($input.path('$.no'))in#{else}out#end", "out"),
        ("$input.path('$.list').size() $input.path('$.list').count()", "3 3"),
        ("$input.path('$.list').get(1) $input.path('$.list')[0]", "b 1"),
        ("#if($input.path('$.list').contains('b'))there#end", "there"),
        ("#foreach($key in $input.path('$.map').keySet())$key#if($foreach.hasNext),#end#end", "a,b"),
        ("#foreach($each in $input.path('$.map').entrySet())$each.key#end", "ab"),
        ("$input.path('$.map').size() $input.path('$.map').b.c", "2 1.5"),
        ("#if($input.path('$.map').containsKey('a'))there#end", "there"),
        ("$input.path('$.text').toUpperCase()", "IT'S ME"),
        ("$input.path('$.text').length() $input.path('$.text').substring(0, 2)", "7 it"),
        ("$input.path('$.text').replaceAll('[aeiou]', '-')", "-t's m-"),
        ("$input.path('$.text').replaceAll('(m)(e)', '$2$1')", "it's em"),
        ("$input.path('$.text').replace('me', 'you')", "it's you"),
        ("#if($input.path('$.text').equals(\"it's me\"))same#end", "same"),
        ("#if($input.path('$.text').startsWith('it'))so#end", "so"),
        ("#if($input.path('$.text').matches('it.s me'))fits#end", "fits"),
        ("$input.path('$.text').indexOf('me')", "5"),
        ("#if($input.path('$.nothing').isEmpty())empty#end", "empty"),
    ],
)
def test_java(template, text):
    assert rendered(template) == text


def test_the_whole_context_is_written_as_a_map():
    assert rendered('{"context": "$context"}', a=1, b={"c": "x"}) == '{"context": "{a=1, b={c=x}}"}'


def test_the_idiom_that_takes_the_backslash_from_quotes():
    """AWS recommends it, because ``\\'`` is no JSON."""
    template = '#set($safe = $util.escapeJavaScript($input.body).replaceAll("\\\\\'", "\'"))\n{"input": "$safe"}'
    assert json.loads(json.loads(rendered(template))["input"]) == BODY


def test_parameters_of_the_upgrade_request():
    params = {"path": {}, "querystring": {"room": "blue"}, "header": {"Host": "h"}}
    template = (
        "$input.params('room')|$input.params('nothing')|$input.params().querystring.room|"
        "#foreach($name in $input.params().header.keySet())$name#end|$input.params()"
    )
    text = render(template, body="", context={}, stage_variables={}, params=params)
    assert text == "blue||blue|Host|{path={}, querystring={room=blue}, header={Host=h}}"


def test_text_beyond_ascii_stays_as_it_is():
    assert rendered("$input.json('$.who')", {"who": "José 🌍"}) == '"José 🌍"'


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_a_value_is_written_as_selection_expressions_write_it(value):
    assert value is None or str(seen(value)) == text_of(value)


@given(json_values)
def test_a_value_seen_is_still_that_value(value):
    assert json.loads(json.dumps(seen(value))) == value
