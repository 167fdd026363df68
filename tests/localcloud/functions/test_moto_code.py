"""Code that is not there: refused when a function or a layer is given it, in AWS's words."""

import pytest
from house_kit import House, zip_of

from upgrade101.localcloud.functions import moto_code

HANDLER = "def handler(event, context):\n    return 'as before'\n"
NOWHERE = {"S3Bucket": "nowhere", "S3Key": "code.zip"}
MISSING = {"S3Bucket": "artifacts", "S3Key": "missing.zip"}
WORDS = "Error occurred while GetObject. S3 Error Code: "
REFUSALS = pytest.mark.parametrize(
    "code, message",
    [
        (NOWHERE, f"{WORDS}NoSuchBucket. S3 Error Message: The specified bucket does not exist"),
        (MISSING, f"{WORDS}NoSuchKey. S3 Error Message: The specified key does not exist."),
        ({}, "Please provide a source for function code."),
    ],
    ids=["bucket", "key", "nothing"],
)


@pytest.fixture(scope="module")
def shared():
    house = House()
    house.aws("s3").create_bucket(Bucket="artifacts")
    yield house
    house.close()


@pytest.fixture(params=["in process", "over HTTP"])
def functions(request, shared):
    """A client of Lambda at one of the two doors, and nothing that an earlier test made."""
    where = {"endpoint_url": shared.cloud.url} if request.param == "over HTTP" else {}
    yield shared.session.client("lambda", **where)
    for function in shared.aws("lambda").list_functions()["Functions"]:
        shared.aws("lambda").delete_function(FunctionName=function["FunctionName"])


def create(house, functions, **code):
    return functions.create_function(
        FunctionName="chat", Runtime="python3.13", Role=house.role, Handler="app.handler", Code=code
    )


def refusal(functions, call, *args, **given):
    with pytest.raises(functions.exceptions.InvalidParameterValueException) as refused:
        call(*args, **given)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return refused.value.response["Error"]["Message"]


@REFUSALS
def test_no_function_is_made_of_code_that_is_not_there(shared, functions, code, message):
    assert refusal(functions, create, shared, functions, **code) == message
    assert functions.list_functions()["Functions"] == []


@REFUSALS
def test_a_function_keeps_its_code_where_the_new_one_is_not_there(shared, functions, code, message):
    create(shared, functions, ZipFile=zip_of(HANDLER))
    assert refusal(functions, functions.update_function_code, FunctionName="chat", **code) == message
    assert functions.invoke(FunctionName="chat")["Payload"].read() == b'"as before"'


@pytest.mark.parametrize("content", [NOWHERE, MISSING], ids=["bucket", "key"])
def test_no_layer_is_made_of_it(functions, content):
    assert refusal(functions, functions.publish_layer_version, LayerName="shared", Content=content).startswith(WORDS)


def test_code_that_has_been_uploaded_runs(shared, functions):
    shared.aws("s3").put_object(Bucket="artifacts", Key="code.zip", Body=zip_of(HANDLER))
    assert create(shared, functions, S3Bucket="artifacts", S3Key="code.zip")["CodeSize"] > 0
    assert functions.invoke(FunctionName="chat")["Payload"].read() == b'"as before"'


def test_motos_own_switch_lets_everything_through(shared, functions, monkeypatch):
    monkeypatch.setenv("VALIDATE_LAMBDA_S3", "false")
    assert create(shared, functions, **MISSING)["CodeSize"] == 0


def test_this_moto_fits():
    assert moto_code.misfits() == []
