"""Where moto's own callers meet our functions."""

import pytest
from moto.awslambda.models import LambdaFunction, lambda_backends

from upgrade101.localcloud.functions import moto_lambda

ECHO = "def handler(event, context):\n    print('hi')\n    return event\n"


def test_motos_inner_method_runs_the_function_too(cloud):
    function = lambda_backends["123456789012"]["us-east-1"].get_function(cloud.create(ECHO))
    payload, errored, logs = function._invoke_lambda({"a": 1})
    assert (payload, errored) == ('{"a": 1}', False)
    assert "hi\n" in logs
    assert function._invoke_lambda()[0] == "{}"


def test_a_name_is_looked_up_at_home(cloud, client, monkeypatch):
    cloud.create(ECHO, Client=client("lambda", "eu-west-1"))
    assert moto_lambda.find("chat") is None
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert moto_lambda.find("chat").region == "eu-west-1"


def test_a_function_is_read_as_it_is_configured(cloud):
    cloud.create(ECHO, Timeout=7, MemorySize=512, Environment={"Variables": {"A": "1"}})
    spec = moto_lambda.spec_of(moto_lambda.find("chat"))
    assert (spec.function_name, spec.version, spec.region, spec.account_id) == (
        "chat",
        "$LATEST",
        "us-east-1",
        "123456789012",
    )
    assert (spec.timeout, spec.memory_size, spec.variables, spec.layers) == (7.0, 512, {"A": "1"}, ())
    assert spec.log_group_name == "/aws/lambda/chat"
    assert all(spec.credentials)


def test_a_revision_changes_with_every_update_and_only_then(cloud):
    cloud.create(ECHO)
    function = moto_lambda.find("chat")
    first = moto_lambda.revision(function)
    cloud.call(function.function_arn)
    assert moto_lambda.revision(function) == first
    cloud.aws.update_function_configuration(FunctionName="chat", Handler="app.other")
    assert moto_lambda.revision(function) != first


@pytest.mark.parametrize("package", ["Zip", "Image"])
def test_an_image_says_what_to_do(cloud, package):
    cloud.create(ECHO)
    function = moto_lambda.find("chat")
    function.package_type = package
    assert ("package it as a zip" in moto_lambda.obstacle(function)) is (package == "Image")


def test_installing_twice_and_uninstalling_leaves_motos_own_method(make_functions):
    functions = make_functions()
    functions.install()
    assert LambdaFunction.invoke is not moto_lambda._stock[0]
    functions.uninstall()
    assert (LambdaFunction.invoke, LambdaFunction._invoke_lambda) == moto_lambda._stock


def test_a_boto3_that_keeps_its_session_elsewhere_is_refused(monkeypatch):
    import boto3

    monkeypatch.delattr(boto3, "_get_default_session")
    with pytest.raises(moto_lambda.ConfigurationError, match="default session elsewhere"):
        moto_lambda.check()
