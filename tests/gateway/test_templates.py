"""Mapping templates: VTL and the variables that AWS gives them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upgrade101.gateway.errors import ConfigurationError
from upgrade101.gateway.templates import render, warn_of_cognito

CONTEXT = {"connectionId": "abc=", "identity": {"sourceIp": "198.51.100.7"}, "requestTimeEpoch": 7}


def rendered(template, body="", **variables):
    return render(template, body=body, context=CONTEXT, stage_variables=variables)


@pytest.mark.parametrize(
    "template, text",
    [
        ('{"statusCode": 200}', '{"statusCode": 200}'),
        ("", ""),
        ("$context.connectionId", "abc="),
        ("$context.identity.sourceIp", "198.51.100.7"),
        ("$context.requestTimeEpoch", "7"),
        ("${context.connectionId}!", "abc=!"),
        ("#set($n = 3)$n", "3"),
        ("#if($context.connectionId == 'abc=')yes#{else}no#end", "yes"),
        ("#foreach($i in [1,2,3])$i#end", "123"),
    ],
)
def test_vtl(template, text):
    assert rendered(template) == text


@pytest.mark.parametrize(
    "template, text",
    [
        ("#set($a = 'it''s')$a", "it's"),
        ('#set($a = "say ""$context.connectionId""")$a', 'say "abc="'),
        ("$util.urlEncode('a''b')", "a%27b"),
        ("#if('it\\'s' == 'it''s')same#end", "same"),
        ("#if('' == \"\")same#end", "same"),
        ("#set($a = \"it''s\")$a", "it''s"),
        ("$util.urlEncode('a').replaceAll('a','')!", "!"),
        ("""{"a": "", "b": ''}""", """{"a": "", "b": ''}"""),
    ],
)
def test_a_doubled_quote_is_a_quote(template, text):
    assert rendered(template) == text


@pytest.mark.parametrize("name", ["AuthenticationProvider", "AuthenticationType", "IdentityId", "IdentityPoolId"])
def test_what_cognito_would_say_is_empty_and_the_log_says_so(name, caplog):
    warn_of_cognito.cache_clear()
    for _ in range(2):
        assert rendered(f"[$context.identity.cognito{name}]$context.identity.sourceIp") == "[]198.51.100.7"
    (said,) = caplog.messages
    assert said.startswith("NotEmulated: $context.identity.cognito… is always empty")


@pytest.mark.parametrize(
    "template, text",
    [
        ("$input.body", '{"n": 7, "who": {"name": "Ana"}, "list": [1, 2]}'),
        ("$input.path('$.n')", "7"),
        ("$input.path('$.who.name')", "Ana"),
        ("$input.json('$.who')", '{"name": "Ana"}'),
        ("$input.json('$.list')", "[1, 2]"),
        ("$input.json('$.who.name')", '"Ana"'),
        ("$input.path('$.absent')", ""),
        ("$input.path('not a path[')", ""),
        ("#set($who = $input.path('$.who'))$who.name", "Ana"),
    ],
)
def test_input(template, text):
    assert rendered(template, '{"n": 7, "who": {"name": "Ana"}, "list": [1, 2]}') == text


@pytest.mark.parametrize("body", ["", "hello", "{"])
def test_input_that_is_no_json_is_empty(body):
    assert rendered("$input.path('$.n')|$input.json('$')", body) == '|""'


def test_stage_variables():
    assert rendered("$stageVariables.colour", colour="blue") == "blue"


@pytest.mark.parametrize(
    "template, text",
    [
        ("$util.escapeJavaScript('a\"b')", 'a\\"b'),
        ("$util.urlEncode('a b&c')", "a+b%26c"),
        ("$util.urlDecode('a+b%26c')", "a b&c"),
        ("$util.base64Encode('hi')", "aGk="),
        ("$util.base64Decode('aGk=')", "hi"),
        ("#set($o = $util.parseJson($input.body))$o.n", "7"),
    ],
)
def test_util(template, text):
    assert rendered(template, '{"n": 7}') == text


@pytest.mark.parametrize("template", ["#if($x)", "#foreach($i in", "$util.parseJson('{')", "$util.base64Decode('a')"])
def test_a_broken_template_is_a_configuration_error(template):
    with pytest.raises(ConfigurationError, match="cannot be rendered"):
        rendered(template)


@given(st.text(alphabet="$#{}()[]'\"!.abcinputbodyset =if end\n", max_size=40))
def test_any_template_is_text_or_a_configuration_error(template):
    try:
        assert isinstance(rendered(template, '{"n": 7}'), str)
    except ConfigurationError as fault:
        assert fault.hint
