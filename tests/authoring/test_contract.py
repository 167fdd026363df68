"""What the lessons ask of AWS, and the policy that follows from it: up to date, sufficient, and no more than that."""

import fnmatch
import io
import json
import re
from collections import Counter
from pathlib import Path

import boto3
import botocore.session
import pytest
from botocore.config import Config
from moto import mock_aws
from notebook_kit import code
from rich.console import Console
from typer.testing import CliRunner

from upgrade101 import cloud, connection_table, deploy, sqs_queue
from upgrade101.__main__ import app
from upgrade101.account import plan, roles
from upgrade101.authoring import contract, contract_pages, permissions
from upgrade101.authoring.contract import FUNCTIONS, NOTEBOOK, Asked, Request
from upgrade101.authoring.contract_kernel import record
from upgrade101.authoring.lessons import lessons
from upgrade101.authoring.verify import labs
from upgrade101.course.bench import fresh
from upgrade101.ledger.catalogue import CREATING, KINDS
from upgrade101.ledger.unknown import Unknown, creating

ROOT = Path(__file__).parents[2]
CONTRACT = contract.read(ROOT)
POLICY = json.loads((ROOT / contract_pages.POLICY).read_text(encoding="utf-8"))
NOT_IN_THE_REFERENCE = {"apigateway:tagresource"}  # AWS's refusals name it all the same
LARGEST_POLICY = 6144  # characters without blanks: IAM's limit for a managed policy


def listed(value):
    return value if isinstance(value, list) else [value]


def statements_with(action):
    return [statement for statement in POLICY["Statement"] if action in statement["Action"]]


def resources_of(action):
    return [resource for statement in statements_with(action) for resource in listed(statement["Resource"])]


def allows(action, arn):
    return any(fnmatch.fnmatchcase(arn, resource) for resource in resources_of(action))


# ── the contract ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_lesson_and_lab_is_in_the_contract():
    assert list(CONTRACT) == [path.stem[:2] for path in lessons(ROOT)] + [f"lab {slug[:2]}" for slug in labs(ROOT)]


def test_the_contract_is_sorted_so_that_a_change_is_a_small_one(tmp_path):
    (tmp_path / "docs").mkdir()
    contract.write(tmp_path, CONTRACT)
    assert (tmp_path / contract.PAGE).read_text("utf-8") == (ROOT / contract.PAGE).read_text("utf-8")


def test_every_operation_is_one_of_the_service():
    calls = {call for asked in CONTRACT.values() for call in asked.notebook | asked.functions}
    session, unknown = botocore.session.get_session(), []
    for service, _, operation in (call.partition(".") for call in sorted(calls - {"execute-api.Invoke"})):
        if operation not in session.get_service_model(service).operation_names:
            unknown.append(f"{service}.{operation}")
    assert len(calls) > 60 and unknown == []


def test_whatever_the_lessons_create_the_ledger_can_delete():
    session, strangers = botocore.session.get_session(), set()
    for call in {call for asked in CONTRACT.values() for call in asked.notebook | asked.functions}:
        service, _, operation = call.partition(".")
        if re.match("Create|Run|Import|Register|Allocate", operation):
            shape = session.get_service_model(service).operation_model(operation).input_shape
            if isinstance(creating(service, operation, shape), Unknown):
                strangers.add(call)
    assert strangers == set()


def test_what_is_said_before_a_lesson_on_aws_is_what_it_creates():
    nouns = {
        plan.API: {"apigatewayv2.CreateApi"},
        plan.REST: {"apigateway.CreateRestApi"},
        plan.TABLES: {"dynamodb.CreateTable"},
        plan.QUEUE: {"sqs.CreateQueue"},
        plan.STACKS: {"cloudformation.CreateStack"},
    }
    for lesson, said in plan.CREATES.items():
        done = {noun for noun, calls in nouns.items() if calls & CONTRACT[lesson].notebook}
        assert done <= set(said), f"lesson {lesson} creates more than it says"
        assert set(said) - done <= {plan.TABLES}, f"lesson {lesson} says more than it creates"  # a stack's


# ── the policy ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_policy_and_page_are_up_to_date():
    assert contract_pages.outdated(ROOT) == []


def test_the_policy_is_small_enough_for_iam_and_allows_no_service_as_a_whole():
    assert len(re.sub(r"\s", "", json.dumps(POLICY))) <= LARGEST_POLICY
    actions = [action for statement in POLICY["Statement"] for action in statement["Action"]]
    assert [action for action in actions if "*" in action] == []
    everywhere = {action for each in POLICY["Statement"] if each["Resource"] == "*" for action in each["Action"]}
    assert everywhere <= permissions._ANYWHERE


def test_every_lesson_and_lab_can_be_run_and_cleaned_up_with_it():
    allowed = {action for statement in POLICY["Statement"] for action in statement["Action"]}
    for name, asked in CONTRACT.items():
        assert permissions.needed(asked) <= allowed, name
    assert {action for kind in KINDS for action in kind.actions if kind.noun in _nouns()} <= allowed


def _nouns():
    """What the lessons create, in the words of the ledger."""
    calls = {tuple(call.split(".")) for asked in CONTRACT.values() for call in asked.notebook}
    return {kind.noun for key, kind in CREATING.items() if key in calls}


def test_it_allows_nothing_that_no_lesson_needs():
    needed = {action for asked in CONTRACT.values() for action in permissions.needed(asked)}
    assert {action for statement in POLICY["Statement"] for action in statement["Action"]} == needed


def test_what_lessons_give_a_name_may_be_called_so():
    one = {"dynamodb": "CreateTable", "iam": "CreateRole", "s3": "CreateBucket", "sqs": "CreateQueue"}
    refused = [
        (name, service, each)
        for name, asked in CONTRACT.items()
        for service, them in asked.names.items()
        for each in them
        if service in one
        and f"{service}.{one[service]}" in asked.notebook
        and not allows(f"{service}:{one[service]}", _arn(service, each))
    ]
    assert refused == []
    assert not allows("iam:CreateRole", _arn("iam", "admin")) and not allows("dynamodb:PutItem", _arn("dynamodb", "x"))
    assert allows("dynamodb:PutItem", _arn("dynamodb", "connections"))  # that of connection_table() without a name


def _arn(service, name):
    where = {"iam": "iam::1:role/", "s3": "s3:::", "sqs": "sqs:r:1:", "dynamodb": "dynamodb:r:1:table/"}
    return f"arn:aws:{where[service]}{name}"


def test_functions_of_others_may_be_looked_at_but_not_changed():
    tagged = {"Null": {"aws:ResourceTag/upgrade101:run": "false"}}
    changing = ("UpdateFunctionCode", "UpdateFunctionConfiguration", "DeleteFunction", "AddPermission")
    for action in (*changing, "DeleteEventSourceMapping"):
        assert [each.get("Condition") for each in statements_with(f"lambda:{action}")] == [tagged], action
    created = {"Null": {"aws:RequestTag/upgrade101:run": "false"}}
    assert [each.get("Condition") for each in statements_with("lambda:CreateFunction")] == [created]
    assert all("Condition" not in each for each in statements_with("lambda:GetFunction"))


def test_what_a_cell_asks_of_moto_alone_is_not_allowed():
    asked = {call for each in CONTRACT.values() for call in each.notebook}
    assert asked >= permissions.ON_MOTO, "a name is no longer asked for"
    assert not allows("apigateway:POST", "arn:aws:apigateway:r::/domainnames")
    assert not allows("apigateway:DELETE", "arn:aws:apigateway:r::/domainnames/ws.example.com")
    assert allows("apigateway:DELETE", "arn:aws:apigateway:r::/apis/a1")


def test_a_table_is_allowed_with_its_indexes():
    for name in ("late", "late/index/by_room", "rooms-Messages-1X", "rooms-Messages-1X/index/by_room"):
        assert allows("dynamodb:Query", f"arn:aws:dynamodb:r:1:table/{name}"), name


def test_a_stack_with_a_transform_is_allowed_as_a_change_set():
    for resource in ("aws:transform/Serverless-2016-10-31", "1:stack/rooms/5f1"):
        assert allows("cloudformation:CreateChangeSet", f"arn:aws:cloudformation:r:{resource}")


def test_api_gateway_may_make_its_own_role_and_no_service_another():
    (statement,) = statements_with("iam:CreateServiceLinkedRole")
    assert statement["Condition"] == {"StringEquals": {"iam:AWSServiceName": "ops.apigateway.amazonaws.com"}}
    assert statement["Resource"] == "arn:aws:iam::*:role/aws-service-role/ops.apigateway.amazonaws.com/*"


def test_roles_are_passed_to_lambda_alone():
    (statement,) = statements_with("iam:PassRole")
    assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    assert all(":role/" in resource and not resource.endswith(":role/*") for resource in listed(statement["Resource"]))


# ── AWS's own list of actions, as cfn-lint carries it ────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def reference():
    cfnlint = pytest.importorskip("cfnlint", reason="moto brings cfn-lint")
    file = Path(cfnlint.__file__).parent / "data" / "AdditionalSpecs" / "Policies.json"
    return json.loads(file.read_text(encoding="utf-8"))


def known(reference, action):
    service, _, verb = action.lower().partition(":")
    return reference[service]["Actions"].get(verb)


def test_every_action_exists(reference):
    actions = {action for statement in POLICY["Statement"] for action in statement["Action"]}
    actions |= {action for kind in KINDS for action in kind.actions}
    actions |= {action for asked in CONTRACT.values() for action in permissions.used_by_functions(asked)}
    missing = {action.lower() for action in actions if known(reference, action) is None}
    assert missing <= NOT_IN_THE_REFERENCE


def test_every_action_has_a_resource_that_it_knows_and_every_resource_such_an_action(reference):
    unfit = []
    for statement in (each for each in POLICY["Statement"] if each["Resource"] != "*"):
        fits = dict.fromkeys(listed(statement["Resource"]), False)
        for action in (each for each in statement["Action"] if known(reference, each) is not None):
            types = reference[action.partition(":")[0]]["Resources"]
            names = known(reference, action).get("Resources", ())
            formats = [form for name in names for form in types[name.lower()]["ARNFormats"]]
            mine = {resource for resource in fits if any(_fits(resource, form) for form in formats)}
            unfit += [] if mine else [action]
            fits |= dict.fromkeys(mine, True)
        if any(known(reference, each) is not None for each in statement["Action"]):
            unfit += [resource for resource, fit in fits.items() if not fit]
    assert set(unfit) <= {"arn:aws:apigateway:*::/tags/*"}  # with POST: so says a refusal that CloudFormation met


def _fits(resource, form):
    """Whether an ARN with stars can be one of a form such as ``arn:${Partition}:sqs:${Region}:${Account}:.*``."""
    plain = re.sub(r"\$\{\w+\}", "*", form).replace(".*", "*")
    parts = zip(resource.split(":", 5), plain.split(":", 5), strict=True)
    return all(fnmatch.fnmatchcase(mine, theirs) for mine, theirs in parts)


# ── what else is asked on AWS ────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def account(monkeypatch, tmp_path):
    """An account that is moto's, in which the course runs as it would on AWS; what it asks is written down."""
    monkeypatch.setenv("UPGRADE101_YES", "1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        end = record(str(tmp_path / "requests"))
        cloud.start("aws", quiet=True)
        yield tmp_path / "requests"
        cloud.stop()
        end()


def handler(event, context):
    return {"statusCode": 200}


def test_what_the_course_asks_by_itself_on_aws_is_allowed_too(account):
    """The ledger's tags and looks, waiting, and cleaning up: moto's lessons know nothing of them."""
    connection_table("connections")
    arn = deploy.function(handler, name="worker")
    deploy.function(handler, name="worker")
    sqs_queue("jobs", arn)
    boto3.client("apigatewayv2").create_api(
        Name="a", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.a"
    )
    cloud.clean()
    asked = contract.requests_in(account)
    services = Counter(request.service for request in asked)
    assert {"sts", "resourcegroupstaggingapi", "lambda", "iam", "dynamodb", "sqs", "apigatewayv2"} <= set(services)
    allowed = {action for statement in POLICY["Statement"] for action in statement["Action"]}
    needed = {action: request.call for request in asked for action in permissions.actions(request.call)}
    assert {action: call for action, call in needed.items() if action not in allowed} == {}
    assert [request for request in asked if request.fault] == []


def test_the_functions_role_may_do_what_the_functions_of_every_lesson_do(account):
    arn = deploy.function(handler, name="worker")
    connection_table("connections")
    sqs_queue("jobs", arn)
    iam = boto3.client("iam")
    names = iam.list_role_policies(RoleName=roles.ROLE)["PolicyNames"]
    documents = [iam.get_role_policy(RoleName=roles.ROLE, PolicyName=name)["PolicyDocument"] for name in names]
    may = {action for each in documents for statement in each["Statement"] for action in listed(statement["Action"])}
    for name, asked in CONTRACT.items():
        wanted = permissions.used_by_functions(asked)
        assert {action for action in wanted if not any(fnmatch.fnmatchcase(action, each) for each in may)} == set(), (
            name
        )


def test_every_type_of_the_templates_has_its_actions():
    types = set()
    for path in (ROOT / "src/upgrade101/course/iac").glob("*.yaml"):
        types |= set(re.findall(r"^    Type: (AWS::[\w:]+)", path.read_text(encoding="utf-8"), re.MULTILINE))
    plain = {each for each in types if not each.startswith("AWS::Serverless::")}
    assert plain and plain <= set(permissions.STACKED)
    for calls in permissions.STACKED.values():
        assert all(permissions.actions(call) for call in calls)


def test_the_page_on_cleaning_up_names_every_action_of_every_kind():
    page = (ROOT / "docs/cleaning-up.md").read_text(encoding="utf-8")
    for kind in KINDS:
        assert [action for action in kind.actions if f"`{action}`" not in page] == [], kind.noun
        assert kind.noun in page


def test_the_rows_of_parity_can_be_tried_with_it(tmp_path):
    from upgrade101.authoring import conformance

    cloud.start("moto", quiet=True)
    end = record(str(tmp_path / "requests"))
    try:
        conformance.run()
    finally:
        end()
        cloud.stop()
    allowed = {action for statement in POLICY["Statement"] for action in statement["Action"]}
    asked = contract.requests_in(tmp_path / "requests")
    assert len(asked) > 10
    assert {action for request in asked for action in permissions.actions(request.call)} <= allowed


# ── recording ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def recorded(tmp_path):
    """Run something on moto and return what it asked for."""

    def run(work):
        file = tmp_path / "requests"
        cloud.start("moto", quiet=True)
        end = record(str(file))
        try:
            work()
        finally:
            end()
            cloud.stop()
        return contract.requests_in(file)

    return run


def test_calls_of_functions_are_told_from_those_of_the_notebook(recorded):
    def work():
        table = connection_table("guests")
        with cloud.connect(api_that_writes("guests").url) as ws:
            ws.send("hello")
            ws.recv(timeout=10)
        table.scan()

    asked = recorded(work)
    assert Request(FUNCTIONS, "dynamodb", "PutItem", "guests") in asked
    assert Request(NOTEBOOK, "dynamodb", "Scan", "guests") in asked
    assert not {request.operation for request in asked if request.who == FUNCTIONS} - {"PutItem"}
    assert [request for request in asked if request.fault] == []


def api_that_writes(table):
    import linecache

    lines = [
        "import boto3\n",
        "def write(event, context):\n",
        f"    boto3.resource('dynamodb').Table({table!r}).put_item(Item={{'connection_id': 'a'}})\n",
        "    return {'statusCode': 200, 'body': 'done'}\n",
    ]
    linecache.cache["<write>"] = (0, None, lines, "<write>")
    names = {}
    exec(compile("".join(lines), "<write>", "exec"), names)
    return deploy.websocket_api("writing", {"$default": names["write"]}, two_way=("$default",))


def test_a_request_that_does_not_fit_awss_model_is_named_even_where_the_client_does_not_look(recorded):
    def work():
        boto3.client("sqs").create_queue(QueueName="a")
        careless = boto3.client("sqs", config=Config(parameter_validation=False))
        careless.receive_message(QueueUrl="https://sqs.us-east-1.amazonaws.com/1/a", WaitTimeSeconds="0")

    (request,) = (request for request in recorded(work) if request.fault)
    assert request.call == "sqs.ReceiveMessage" and "Invalid type for parameter WaitTimeSeconds" in request.fault
    (sentence, _) = contract.breaches({}, Path("notebooks/07_broadcast.ipynb"), [request])
    assert sentence.startswith("07: sqs.ReceiveMessage is no valid request: ")


def test_what_a_check_asks_for_on_its_bench_is_left_out(recorded):
    def work():
        with fresh() as bench:
            bench.session.client("sqs").create_queue(QueueName="bench")

    assert recorded(work) == []


def test_a_signature_of_ones_own_counts_as_an_invocation(recorded):
    from botocore.auth import SigV4QueryAuth
    from botocore.awsrequest import AWSRequest

    def work():
        keys = boto3.Session().get_credentials()
        for path in ("dev", "dev/@connections/abc"):
            url = f"https://a.execute-api.us-east-1.amazonaws.com/{path}"
            SigV4QueryAuth(keys, "execute-api", "us-east-1").add_auth(AWSRequest("GET", url))

    assert recorded(work) == [Request(NOTEBOOK, "execute-api", "Invoke")]


def test_what_is_new_and_what_is_asked_for_no_more_is_said_in_a_sentence():
    told = {"05": Asked({"sqs.CreateQueue", "iam.GetRole"}, {"dynamodb.Query"})}
    asked = [
        Request(NOTEBOOK, "iam", "GetRole"),
        Request(FUNCTIONS, "sns", "Publish"),
        Request(NOTEBOOK, "s3", "GetObject"),
    ]
    path, refresh = Path("notebooks/05_connection_store.ipynb"), "python3 start.py contract --record"
    new = [f"05: s3.GetObject is new: {refresh}", f"05: its functions' sns.Publish is new: {refresh}"]
    assert list(contract.breaches(told, path, asked)) == new
    old = f"05: sqs.CreateQueue is asked for no more: {refresh}"
    assert list(contract.breaches(told, path, asked, is_all=True)) == [*new, old]


@pytest.fixture
def course(tmp_path):
    """A course of one lesson and no lab, with an empty page."""
    from notebook_kit import document

    for folder in ("notebooks", "docs", "solutions/05_x"):
        (tmp_path / folder).mkdir(parents=True)
    cells = [
        code("start", "from upgrade101 import cloud\ncloud.start(quiet=True)"),
        code("ask", "import boto3\nboto3.client('sqs').create_queue(QueueName='jobs')"),
    ]
    (tmp_path / "notebooks" / "05_x.ipynb").write_text(document(cells), encoding="utf-8")
    (tmp_path / "solutions" / "05_x" / "05_x.ipynb").write_text(document(cells[:1]), encoding="utf-8")
    marks = f"{contract_pages.BEGIN}\n{contract_pages.END}\n"
    (tmp_path / contract_pages.PAGE).write_text(f"# What\n\n{marks}\nThe end.\n", encoding="utf-8")
    return tmp_path


def test_recording_a_course_and_writing_what_follows(course):
    said = io.StringIO()
    assert contract_pages.record(course, [], 2, Console(file=said, width=100)) == 0, said.getvalue()
    assert contract.read(course) == {
        "05": Asked({"sqs.CreateQueue"}, set(), {"sqs": {"jobs"}}),
        "lab 05": Asked(),
    }
    assert len(contract_pages.outdated(course)) == 2
    contract_pages.write(course)
    assert contract_pages.outdated(course) == []
    page = (course / contract_pages.PAGE).read_text(encoding="utf-8")
    assert page.startswith("# What\n") and page.endswith("\nThe end.\n") and "| lab 05 | none: it calls nothing" in page
    policy = json.loads((course / contract_pages.POLICY).read_text(encoding="utf-8"))
    assert {"sqs:CreateQueue", "sqs:TagQueue", "sqs:GetQueueUrl"} <= {
        action for statement in policy["Statement"] for action in statement["Action"]
    }


def test_what_fails_stays_as_it_was(course):
    from notebook_kit import document

    contract.write(course, {"05": Asked({"sns.Publish"}), "lab 05": Asked({"sns.Publish"})})
    cells = [code("break", "1 / 0")]
    (course / "notebooks" / "05_x.ipynb").write_text(document(cells), encoding="utf-8")
    said = io.StringIO()
    assert contract_pages.record(course, [], 2, Console(file=said, width=100)) == 1
    assert "05, twice: break: ZeroDivisionError" in said.getvalue()
    assert contract.read(course) == {"05": Asked({"sns.Publish"}), "lab 05": Asked()}


def test_the_command_checks_without_writing():
    result = CliRunner().invoke(app, ["contract", "--check"])
    assert result.exit_code == 0 and result.output == ""


def test_a_page_without_its_marks_is_named(course):
    contract.write(course, {"05": Asked({"sqs.CreateQueue"}, set(), {"sqs": {"jobs"}})})
    (course / contract_pages.PAGE).write_text("# What\n", encoding="utf-8")
    with pytest.raises(Exception, match="has lost the marks of its tables"):
        contract_pages.pages(course)
