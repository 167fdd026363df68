"""The ledger on disk: what is in it, when it is written, who may use it, and what a notebook is told of it."""

import io
import json
import os
import re
import subprocess
import sys

import boto3
import pytest
from botocore.exceptions import ClientError, NoCredentialsError
from rich.console import Console

from upgrade101 import cloud
from upgrade101.gateway.errors import ConfigurationError
from upgrade101.gateway.happenings import Called
from upgrade101.ledger import by_tag
from upgrade101.ledger.book import Book, books, folder, new_run_id
from upgrade101.ledger.locks import Lock
from upgrade101.ledger.run import Run


def lines(runs):
    return [json.loads(line) for path in runs.glob("*.jsonl") for line in path.read_text("utf-8").splitlines()]


def test_a_run_is_named_after_its_day_and_no_two_are_named_the_same():
    names = {new_run_id() for _ in range(200)}
    assert len(names) == 200
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d-[2-9a-z]{6}", name) for name in names)


def test_the_ledgers_lie_beside_the_progress_or_where_one_says(monkeypatch, tmp_path):
    monkeypatch.delenv("UPGRADE101_LEDGER")
    monkeypatch.setenv("UPGRADE101_PROGRESS", str(tmp_path / "progress.json"))
    assert folder() == tmp_path / "runs"
    monkeypatch.setenv("UPGRADE101_LEDGER", str(tmp_path / "elsewhere"))
    assert folder() == tmp_path / "elsewhere"


def test_the_intent_is_on_disk_before_the_request_leaves_and_the_name_before_the_call_returns(account, runs):
    account.begin()
    seen = []

    def look(**_):
        seen.extend(lines(runs))

    client = account.client("apigatewayv2")
    client.meta.events.register("before-send", look)
    made = client.create_api(Name="a", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")
    assert [line["line"] for line in seen] == ["run", "intent"]
    intent = seen[1]
    assert intent["kind"] == "API" and intent["name"] is None
    assert (intent["region"], intent["account"]) == ("us-east-1", "123456789012")
    assert intent["run"] == seen[0]["run"] == account.run.book.run_id
    assert lines(runs)[-1]["line"] == "made" and lines(runs)[-1]["name"] == made["ApiId"]


def test_a_client_that_was_made_before_the_run_is_watched_too(account, runs):
    early = account.client("lambda")
    account.begin()
    early.create_function(
        FunctionName="early",
        Runtime="python3.12",
        Handler="a.b",
        Role=account.role(),
        Code={"ZipFile": b"PK\x05\x06" + bytes(18)},
    )
    assert account.run.book.run_id in early.get_function(FunctionName="early")["Tags"].values()
    assert [line["kind"] for line in lines(runs) if line["line"] == "intent"] == ["role", "function"]


def test_one_client_that_creates_several_things_tags_them_all(account, runs):
    account.begin()
    client, run_id = account.client("apigateway"), account.run.book.run_id
    rest = client.create_rest_api(name="first")["id"]
    key = client.create_api_key(name="second")["id"]
    again = client.create_rest_api(name="third")["id"]
    assert client.get_api_key(apiKey=key)["tags"] == {"upgrade101:run": run_id}
    for api_id in (rest, again):
        assert client.get_rest_api(restApiId=api_id)["tags"] == {"upgrade101:run": run_id}


def test_a_refused_call_leaves_nothing_to_look_for_and_a_deleted_thing_neither(account, runs):
    account.begin()
    account.table()
    with pytest.raises(ClientError):
        account.table()
    account.client("dynamodb").delete_table(TableName="rooms")
    assert [line["line"] for line in lines(runs)] == ["run", "intent", "made", "intent", "void", "gone"]
    assert account.run.book.read().left == []


def test_the_learner_sees_the_parameters_that_were_typed_and_keeps_the_own_tags(account, capsys):
    heard = []
    stop = cloud.watch(heard.append)
    cloud.start("aws")
    try:
        mine = {"team": "blue"}
        account._clients.clear()  # those of the notebook are made after cloud.start
        made = account.client("apigatewayv2").create_api(
            Name="a", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action", Tags=mine
        )
        account.table(Tags=[{"Key": "team", "Value": "blue"}])
    finally:
        cloud.stop()
        stop()
    assert mine == {"team": "blue"}
    assert set(made["Tags"]) == {"team", "upgrade101:run"}
    asked = {call.operation: call.parameters for call in heard if isinstance(call, Called) and not call.error}
    assert asked["CreateApi"]["Tags"] == mine
    assert asked["CreateTable"]["Tags"] == [{"Key": "team", "Value": "blue"}]
    assert "taken away: 1 × API, 1 × table" in capsys.readouterr().out


def test_on_moto_nothing_is_written_and_nothing_tagged(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("UPGRADE101_LEDGER", str(tmp_path))
    cloud.start("moto")
    try:
        made = boto3.client("apigatewayv2").create_api(
            Name="a", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
        )
        assert not made.get("Tags")
        assert cloud.ledger.entries()
    finally:
        cloud.stop()
    assert not list(tmp_path.iterdir())


def test_a_run_that_created_nothing_leaves_no_file(account, runs, capsys):
    cloud.start("aws")
    cloud.stop()
    assert not list(runs.iterdir())


def test_what_a_killed_run_left_is_told_at_the_next_start_with_the_command(account, runs, capsys):
    run = account.begin()
    account.table()
    account.die()
    cloud.start("aws")
    cloud.stop()
    said = capsys.readouterr().out
    assert (
        f"run {run.book.run_id} may have left 1 thing behind: python3 start.py cleanup --run {run.book.run_id}" in said
    )
    assert "rooms" in account.inventory()["table"]


def test_clean_and_stop_name_what_an_earlier_run_still_has_and_do_not_say_that_nothing_was_left(account, capsys):
    earlier = account.begin()
    account.table()
    account.die()
    cloud.start("aws")
    capsys.readouterr()
    for call in (cloud.clean, cloud.stop):
        call()
        said = capsys.readouterr().out
        command = f"may still have 1 thing: python3 start.py cleanup --run {earlier.book.run_id}"
        assert command in said and "nothing was left" not in said
    assert account.cleanup(run_id=earlier.book.run_id)[0] == 0
    cloud.start("aws")
    cloud.clean()
    cloud.stop()
    assert "taken away: nothing, nothing was left" in capsys.readouterr().out


@pytest.mark.parametrize("comes_back", [False, True])
def test_a_ledger_that_is_deleted_in_the_middle_is_said_so_with_what_finds_the_rest(
    account, runs, capsys, monkeypatch, comes_back
):
    """It comes back without its first line where something is created after that."""
    cloud.start("aws")
    account.table()
    path = next(runs.glob("*.jsonl"))
    path.unlink()
    if comes_back:
        account.role()
    command = f"python3 start.py cleanup --by-tag --run {path.stem}"
    with pytest.raises(ConfigurationError, match=f"is lost, or its first line is.* → {command}"):
        cloud.clean()
    cloud.stop()
    said = capsys.readouterr().out
    assert command in said and "later:" not in said and not cloud.is_running()
    if comes_back:
        code, refused = account.cleanup()
        assert code == 1 and command in refused.replace("\n", "")
    monkeypatch.setenv("UPGRADE101_YES", "123456789012")
    assert by_tag.cleanup(Console(file=io.StringIO()), run_id=path.stem) == 0
    left = account.inventory()
    assert left["table"] == {"theirs"} and left["role"] == {"their-role"} and not list(runs.glob("*.jsonl"))


def test_stop_says_what_is_left_and_the_command_finishes_the_job(account, runs, capsys):
    cloud.start("aws")
    account.table()
    denied = {
        "Error": {"Code": "AccessDeniedException", "Message": "not authorized to perform: dynamodb:DeleteTable on"}
    }
    account.faults.at("dynamodb.DeleteTable", ClientError(denied, "DeleteTable"), times=9)
    cloud.stop()
    said = capsys.readouterr().out
    assert "still there: table rooms (you may not: dynamodb:DeleteTable is missing)" in said
    assert f"later: python3 start.py cleanup --run {next(runs.glob('*.jsonl')).stem}" in said
    account.faults.end()
    assert account.cleanup()[0] == 0 and not list(runs.iterdir())


def test_clean_takes_away_and_the_run_goes_on(account, runs, capsys):
    cloud.start("aws")
    account.table()
    cloud.clean()
    assert account.inventory()["table"] == {"theirs"}
    account.table()
    cloud.stop()
    assert account.inventory()["table"] == {"theirs"} and not list(runs.iterdir())


@pytest.mark.parametrize("half", ['{"line": "intent", "id": 7, "ki', '{"line": "gone"', "\x00\x00\x00", "[1]"])
def test_a_torn_last_line_is_passed_over_and_the_next_one_stands_alone(account, runs, half):
    account.begin()
    account.table()
    account.die()
    book = account.run.book
    with book.path.open("a") as file:
        file.write(half)
    page = book.read()
    assert page.torn == 1 and [item.name for item in page.left] == ["rooms"]
    book.note_gone("table", "rooms", "us-east-1")
    assert book.read().left == []
    account.unseen(account.client("dynamodb").delete_table, TableName="rooms")
    assert account.cleanup()[0] == 0


def test_two_runs_at_once_keep_their_books_apart(account, runs):
    account.begin()
    account.table(name="first")
    account.run._recorder.uninstall()  # its process goes on elsewhere
    first = account.run
    account.begin()
    account.table(name="second")
    account.die()
    code, said = account.cleanup()
    assert code == 0 and f"run {first.book.run_id} is at work" in said and f"process {os.getpid()}" in said
    assert account.inventory()["table"] == {"theirs", "first"}
    assert account.cleanup(run_id=first.book.run_id)[0] == 1
    first.book.lock.give_back()
    assert account.cleanup()[0] == 0
    assert account.inventory()["table"] == {"theirs"}


def test_a_lock_is_held_by_one_and_is_free_when_its_owner_is_killed(tmp_path):
    path = tmp_path / "run.lock"
    hold = "import sys, time; from pathlib import Path; from upgrade101.ledger.locks import Lock\n"
    hold += "lock = Lock(Path(sys.argv[1])); print(lock.take(), flush=True); time.sleep(600)"
    other = subprocess.Popen([sys.executable, "-c", hold, str(path)], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout.readline() == "True\n"
        mine = Lock(path)
        assert not mine.take() and f"process {other.pid} on" in mine.owner()
    finally:
        other.kill()
        other.communicate()
    assert mine.take() and f"process {os.getpid()} on" in mine.owner()
    mine.give_back()


def test_where_no_folder_can_be_nothing_is_created(account, tmp_path, monkeypatch):
    (tmp_path / "a file").write_text("in the way")
    monkeypatch.setenv("UPGRADE101_LEDGER", str(tmp_path / "a file" / "runs"))
    with pytest.raises(ConfigurationError, match="cannot be written"):
        cloud.start("aws")
    assert not cloud.is_running()


def test_where_the_disk_is_full_nothing_is_created_that_the_ledger_would_forget(account, monkeypatch):
    account.begin()
    before = account.inventory()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Book, "write", full)
    with pytest.raises(ConfigurationError, match="No space left"):
        account.table()
    assert account.inventory() == before


def test_without_credentials_or_a_region_nothing_starts(monkeypatch, tmp_path):
    monkeypatch.setenv("UPGRADE101_LEDGER", str(tmp_path))
    with pytest.raises(ConfigurationError, match="no AWS credentials"):
        cloud.start("aws")
    assert not cloud.is_running() and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("code", "said"), [("ExpiredToken", "has expired"), ("InvalidClientTokenId", "does not know the keys")]
)
def test_keys_that_aws_refuses_are_said_so_at_the_start(account, code, said):
    answer = {"Error": {"Code": code, "Message": "no"}}
    account.faults.at("sts.GetCallerIdentity", ClientError(answer, "GetCallerIdentity"))
    with pytest.raises(ConfigurationError, match=said):
        cloud.start("aws")
    assert not cloud.is_running()


def test_cleaning_without_credentials_says_what_to_do(account, runs):
    account.begin()
    account.table()
    account.die()
    account.faults.at("sts.GetCallerIdentity", NoCredentialsError())
    code, said = account.cleanup()
    assert code == 1 and "no AWS credentials" in said and "aws configure" in said


@pytest.mark.parametrize(("options", "code"), [({}, 0), ({"everywhere": True}, 1)])
def test_a_run_of_another_account_waits_for_its_own_credentials(account, runs, options, code, monkeypatch):
    account.begin()
    account.table()
    account.die()
    before = account.inventory()
    book = account.run.book
    text = book.path.read_text("utf-8")
    book.path.write_text(text.replace("123456789012", "999999999999"), "utf-8")
    got, said = account.cleanup(**options)
    assert got == code and "it belongs to account 999999999999, and your credentials are of 123456789012" in said
    assert account.inventory() == before
    book.path.write_text(text, "utf-8")
    assert account.cleanup()[0] == 0


OTHER = "http://127.0.0.1:9"


@pytest.mark.parametrize("written", ['"endpoint": "", "endpoints": {}', '"endpoint": ""'], ids=["now", "before"])
def test_a_run_at_another_address_is_not_looked_for_on_aws(account, runs, written):
    """Older ledgers lack the endpoints of services."""
    account.begin()
    account.table()
    account.die()
    book = account.run.book
    text = book.path.read_text("utf-8").replace('"endpoint": "", "endpoints": {}', written)
    there = written.replace("{}", f'{{"{OTHER}": ["sqs"]}}').replace('"endpoint": ""', f'"endpoint": "{OTHER}"')
    assert written in text
    book.path.write_text(text.replace(written, there), "utf-8")
    code, said = account.cleanup(everywhere=True)
    assert code == 1 and f"it was on {OTHER}" in said and "here boto3 calls AWS itself" in said
    assert "rooms" in account.inventory()["table"]


@pytest.mark.parametrize("variable", [True, False], ids=["variable", "profile"])
def test_an_emulator_of_one_service_proves_nothing_of_a_run_on_aws(account, runs, monkeypatch, tmp_path, variable):
    account.begin()
    account.table()
    account.die()
    if variable:
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", OTHER)
        what = "dynamodb"
    else:
        (tmp_path / "config").write_text(f"[default]\nendpoint_url = {OTHER}\n")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        what = "every call"
    code, said = account.cleanup(everywhere=True)
    assert code == 1 and f"it was on AWS itself, and here boto3 calls {OTHER} (for {what})" in said
    assert list(runs.glob("*.jsonl"))


def test_a_run_on_an_endpoint_that_is_gone_waits_for_it(account, runs):
    account.begin()
    account.table()
    account.die()
    book = account.run.book
    text = book.path.read_text("utf-8")
    book.path.write_text(text.replace('"where": "aws"', '"where": "http://127.0.0.1:9"'), "utf-8")
    code, said = account.cleanup(run_id=book.run_id)
    assert code == 1 and "nobody answers at http://127.0.0.1:9" in said


def test_other_regions_are_cleaned_where_they_are(account, runs):
    account.begin()
    account.client("sqs", "eu-central-1").create_queue(QueueName="far")
    account.client("sqs").create_queue(QueueName="near")
    account.die()
    assert account.cleanup()[0] == 0
    assert not account.inventory("eu-central-1")["queue"] and account.inventory()["queue"] == {"theirs"}


def test_what_no_command_can_delete_is_named_until_it_is_forgotten(account, runs):
    account.begin()
    account.client("sns").create_topic(Name="news")
    account.table()
    account.die()
    run_id = account.run.book.run_id
    code, said = account.cleanup()
    assert code == 1 and "sns Topic news (its kind is not known here" in said
    assert account.inventory()["table"] == {"theirs"}
    assert account.cleanup(run_id=run_id, forget=True)[0] == 0
    assert not list(runs.iterdir()) and list(books()) == []
    assert account.client("sns").list_topics()["Topics"]


def test_a_stack_goes_with_all_that_is_in_it(account, runs):
    table = {"TableName": "stacked", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}
    table |= {"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}], "BillingMode": "PAY_PER_REQUEST"}
    template = {"Resources": {"T": {"Type": "AWS::DynamoDB::Table", "Properties": table}}}
    account.begin()
    account.client("cloudformation").create_stack(StackName="chat", TemplateBody=json.dumps(template))
    account.die()
    assert "stacked" in account.inventory()["table"]
    code, said = account.cleanup()
    assert code == 0, said
    assert "stacked" not in account.inventory()["table"] and not list(runs.iterdir())


def test_an_unknown_run_is_refused():
    from upgrade101.ledger import command

    with pytest.raises(ConfigurationError, match="there is no run nobody"):
        command.cleanup(None, run_id="nobody")


def test_a_domain_and_its_mappings(account, runs):
    gateway = account.client("apigatewayv2")
    account.begin()
    api_id = account.api()
    certificate = "arn:aws:acm:us-east-1:123456789012:certificate/x"
    settings = [{"CertificateArn": certificate, "EndpointType": "REGIONAL"}]
    gateway.create_domain_name(DomainName="chat.example.com", DomainNameConfigurations=settings)
    gateway.create_stage(ApiId=api_id, StageName="dev")
    gateway.create_api_mapping(ApiId=api_id, DomainName="chat.example.com", Stage="dev")
    account.die()
    code, said = account.cleanup()
    assert code == 0 and "1 × API mapping, 1 × custom domain, 1 × API" in said, said
    assert gateway.get_domain_names()["Items"] == []


def test_a_run_is_ended_by_its_own_process(account, runs):
    run = Run("aws")
    run.start()
    account.table()
    report = run.end()
    assert report.is_proved and [item.name for item in report.gone] == ["rooms"]
    assert not list(runs.iterdir())
