"""The door to an account: what is shown and asked, and every reason not to go in."""

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

from upgrade101 import cloud
from upgrade101.account import entry
from upgrade101.gateway.errors import ConfigurationError

STS = "sts.GetCallerIdentity"


@pytest.fixture
def asked(monkeypatch):
    """Answer the question, and return the answers still to be given."""
    answers = []
    monkeypatch.setattr("builtins.input", lambda prompt: print(prompt) or answers.pop(0))
    return answers


def put_arn(monkeypatch, arn):
    monkeypatch.setattr(entry, "identity", lambda session=None: entry.Identity("123456789012", arn))


def test_it_shows_where_one_is_and_what_will_be_created_and_asks(aws, asked, runs, capsys):
    asked.append("y")
    cloud.start("aws")
    said = capsys.readouterr().out
    assert "AWS account …9012, region us-east-1, as " in said and "123456789012" not in said
    assert "WebSocket APIs" in said and "upgrade101:run" in said
    assert "well below a cent" in said and "$1.00" in said and "looked up 2026-" in said
    assert said.index("creates") < said.index("Go on? [y/N]") < said.index("cloud: AWS account …9012")
    assert len(runs()) == 1
    assert not [call for call in aws.asked if call != STS]


def test_it_asks_once_for_an_account_and_region(aws, asked, capsys):
    asked += ["yes"]
    for _ in range(3):
        cloud.start("aws")
    cloud.stop()
    cloud.start("aws")
    assert capsys.readouterr().out.count("Go on?") == 1
    cloud.stop()
    asked += ["y"]
    cloud.start("aws", region="eu-west-1")
    assert "region eu-west-1" in capsys.readouterr().out and not asked


@pytest.mark.parametrize("answer", ["", "n", "no", "what?"])
def test_whatever_is_not_yes_creates_nothing_and_is_asked_again(aws, asked, runs, answer):
    asked += [answer, "y"]
    with pytest.raises(ConfigurationError, match="did not say yes, so nothing was created"):
        cloud.start("aws")
    assert not cloud.is_running() and not runs()
    assert set(aws.asked) == {STS}
    cloud.start("aws")
    assert cloud.is_aws()


@pytest.mark.parametrize("fault", [EOFError(), OSError("stdin is captured"), RuntimeError("lost sys.stdin")])
def test_where_nobody_can_be_asked_the_variable_is_named(aws, runs, monkeypatch, fault):
    def nobody(prompt):
        raise fault

    monkeypatch.setattr("builtins.input", nobody)
    with pytest.raises(ConfigurationError, match=r"nobody can be asked here.*UPGRADE101_YES to the account's number"):
        cloud.start("aws")
    assert not runs()


def test_a_script_says_yes_beforehand_and_still_sees_where_it_is(aws, yes, monkeypatch, capsys):
    monkeypatch.setattr("builtins.input", lambda prompt: pytest.fail("it asked"))
    cloud.start("aws")
    assert "AWS account …9012" in capsys.readouterr().out


def test_no_is_no_also_in_the_variable(aws, asked, monkeypatch):
    monkeypatch.setenv(entry.YES, "0")
    asked += ["n"]
    with pytest.raises(ConfigurationError, match="did not say yes"):
        cloud.start("aws")


def test_ctrl_c_at_the_question_leaves_nothing_behind(aws, runs, monkeypatch):
    def interrupted(prompt):
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", interrupted)
    with pytest.raises(KeyboardInterrupt):
        cloud.start("aws", region="eu-west-1")
    assert not cloud.is_running() and not runs()
    assert boto3.Session().region_name == "us-east-1"


def test_the_root_user_is_turned_away(aws, yes, runs, monkeypatch):
    put_arn(monkeypatch, "arn:aws:iam::123456789012:root")
    with pytest.raises(ConfigurationError, match=r"the root user.*make a user or a role"):
        cloud.start("aws")
    assert not runs()


ME, OTHER = "123456789012", "210987654321"


@pytest.mark.parametrize("said", [ME, "1234-5678-9012", f"{OTHER},{ME}", f" {OTHER}, {ME} "])
def test_the_variable_says_yes_to_the_accounts_that_it_names(aws, monkeypatch, said):
    monkeypatch.setattr("builtins.input", lambda prompt: pytest.fail("it asked"))
    monkeypatch.setenv(entry.YES, said)
    cloud.start("aws")
    assert cloud.is_aws()


@pytest.mark.parametrize("said", [OTHER, f"{OTHER},{OTHER[:-1]}0"])
def test_the_variable_says_no_to_every_other_account_and_nobody_is_asked(aws, runs, monkeypatch, said):
    monkeypatch.setattr("builtins.input", lambda prompt: pytest.fail("it asked"))
    monkeypatch.setenv(entry.YES, said)
    with pytest.raises(ConfigurationError, match=r"yes to account …432.* alone, and these keys are of account …9012"):
        cloud.start("aws")
    assert not runs() and not cloud.is_running()


@pytest.mark.parametrize("said", [ME[:-1], f"{ME},yes", f"{ME}0", "aws-123456789012"])
def test_what_is_nearly_a_number_says_yes_to_nobody(aws, runs, monkeypatch, said):
    monkeypatch.setenv(entry.YES, said)
    with pytest.raises(ConfigurationError, match=r"is no number of one → 12 digits each, with commas"):
        cloud.start("aws")
    assert not runs()


@pytest.mark.parametrize(
    ("arn", "said"),
    [
        (
            "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Class_0a1b/ana",
            "role AWSReservedSSO_Class_0a1b (ana)",
        ),
        ("arn:aws:iam::123456789012:user/ana", "user/ana"),
    ],
)
def test_who_one_is_is_shown_with_the_role_and_no_number(aws, yes, monkeypatch, capsys, arn, said):
    put_arn(monkeypatch, arn)
    cloud.start("aws")
    told = capsys.readouterr().out
    assert f"region us-east-1, as {said}, keys from the environment, no profile\n" in told
    assert ME not in told


@pytest.mark.parametrize(
    ("region", "said"),
    [
        ("eu-west-11", "no region called 'eu-west-11'.*did you mean region='eu-west-1'"),
        ("the moon", "no region called 'the moon'.*bring boto3 up to date"),
        ("cn-north-1", "partition aws-cn"),
        ("us-gov-west-1", "partition aws-us-gov"),
    ],
)
def test_a_region_without_the_services_is_refused_before_any_call(aws, yes, region, said):
    with pytest.raises(ConfigurationError, match=said):
        cloud.start("aws", region=region)
    assert aws.asked == []


def test_a_region_that_lacks_a_service_is_named_with_it(aws, yes, monkeypatch):
    there = boto3.Session.get_available_regions

    def without_eu_west_3(session, service, *more, **options):
        found = there(session, service, *more, **options)
        return [name for name in found if service != "apigatewayv2" or name != "eu-west-3"]

    monkeypatch.setattr(boto3.Session, "get_available_regions", without_eu_west_3)
    with pytest.raises(ConfigurationError, match="eu-west-3 has no apigatewayv2, which the course needs"):
        cloud.start("aws", region="eu-west-3")


def test_a_region_that_is_not_switched_on_is_told_from_wrong_keys(aws, yes):
    aws.to(STS, 403, code="InvalidClientTokenId", message="The security token is invalid", region="af-south-1")
    with pytest.raises(ConfigurationError, match=r"af-south-1 is not switched on in your account.*'us-east-1'"):
        cloud.start("aws", region="af-south-1")
    aws.to(STS, 403, code="InvalidClientTokenId", message="The security token is invalid", times=2)
    with pytest.raises(ConfigurationError, match="does not know the keys"):
        cloud.start("aws", region="af-south-1")


@pytest.mark.parametrize("code", ["ExpiredToken", "ExpiredTokenException", "RequestExpired"])
def test_an_expired_session_says_how_to_sign_in_again(aws, yes, code):
    aws.to(STS, 403, code=code, message="The security token included in the request is expired")
    with pytest.raises(ConfigurationError, match=r"your AWS session has expired.*aws sso login"):
        cloud.start("aws")


def profiles(monkeypatch, tmp_path, text):
    (tmp_path / "config").write_text(text)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))


def test_an_sso_session_that_was_never_begun_names_the_profile(aws, yes, monkeypatch, tmp_path):
    text = "[profile class]\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = r\nregion = us-east-1\n"
    profiles(monkeypatch, tmp_path, f"{text}[sso-session s]\nsso_region = us-east-1\nsso_start_url = https://x.test\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(ConfigurationError, match=r"expired.*aws sso login --profile class"):
        cloud.start("aws", profile="class")


def test_a_profile_is_used_and_put_back(aws, yes, monkeypatch, tmp_path, capsys):
    keys = "aws_access_key_id = AKIACLASS\naws_secret_access_key = s\n"
    profiles(monkeypatch, tmp_path, f"[profile class]\nregion = eu-north-1\n{keys}")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    cloud.start("aws", profile="class")
    assert boto3.Session().get_credentials().access_key == "AKIACLASS"
    assert "region eu-north-1, as user/moto, profile class\n" in capsys.readouterr().out
    cloud.stop()
    assert boto3.Session().get_credentials().access_key != "AKIACLASS"


def test_a_profile_that_is_not_there_names_those_that_are(aws, yes, monkeypatch, tmp_path):
    with pytest.raises(ConfigurationError, match="no profile is set up on this machine"):
        cloud.start("aws", profile="clas")
    profiles(monkeypatch, tmp_path, "[profile class]\nregion = eu-north-1\n")
    with pytest.raises(ConfigurationError, match=r"clas.*could not be found.*the profiles on this machine: class"):
        cloud.start("aws", profile="clas")
    assert boto3.Session().get_credentials() is not None


def test_no_keys_and_no_region_are_told_apart(aws, yes, monkeypatch):
    with monkeypatch.context() as without:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            without.delenv(name)
        with pytest.raises(
            ConfigurationError, match=r"no AWS credentials here → run 'aws configure sso'.*'aws configure'"
        ):
            cloud.start("aws")
        without.delenv("AWS_DEFAULT_REGION")
        with pytest.raises(ConfigurationError, match="no AWS credentials and no region here → "):
            cloud.start("aws")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(ConfigurationError, match=r"no region here → cloud\.start\('aws', region='us-east-1'\)"):
        cloud.start("aws")


def test_no_network_is_one_sentence(aws, yes, runs, monkeypatch):
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)
    aws.to(STS, raises=EndpointConnectionError(endpoint_url="https://sts.us-east-1.amazonaws.com/"), times=99)
    with pytest.raises(ConfigurationError, match=r"AWS does not answer.*is the network there"):
        cloud.start("aws")
    assert not runs() and not cloud.is_running()


def test_what_is_motos_alone_is_said_not_to_be_used(aws, yes, capsys):
    cloud.start("aws", functions="processes")
    assert "limits and functions are moto's" in capsys.readouterr().out
