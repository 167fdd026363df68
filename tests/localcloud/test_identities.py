"""Whose access key that is, from moto's IAM and STS."""

import json
import logging

import boto3
import pytest

from upgrade101.gateway.policy import Question, decide
from upgrade101.localcloud.accounts import keys_of
from upgrade101.localcloud.identities import TEST_KEYS, caller

ACCOUNT = "123456789012"
ARN = f"arn:aws:execute-api:us-east-1:{ACCOUNT}:a1b2c3d4e5/dev/$connect"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


@pytest.fixture
def iam(moto_cloud):
    return boto3.client("iam", region_name="us-east-1")


@pytest.fixture
def sts(moto_cloud):
    return boto3.client("sts", region_name="us-east-1")


def policy(effect="Allow", action="execute-api:Invoke"):
    statement = {"Effect": effect, "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def decided(found):
    return decide(found.policies, Question(ARN))


@pytest.fixture
def ana(iam):
    """A user without any policy, and her keys."""
    iam.create_user(UserName="ana")
    return iam.create_access_key(UserName="ana")["AccessKey"]


@pytest.fixture
def role(iam):
    return iam.create_role(RoleName="clients", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]


# ── test keys ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("key", TEST_KEYS)
def test_keys_for_testing_belong_to_the_root(moto_cloud, key):
    found = caller(key)
    assert (found.secret_access_key, found.session_token) == TEST_KEYS[key]
    assert (found.account_id, found.caller_id, found.arn) == (ACCOUNT, ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root")
    assert found.policies is None and found.user_name == ""


def test_keys_of_the_environment_do_too(moto_cloud, monkeypatch):
    for name, value in {"ACCESS_KEY_ID": "AKIDMINE", "SECRET_ACCESS_KEY": "mine", "SESSION_TOKEN": "token"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    found = caller("AKIDMINE")
    assert (found.secret_access_key, found.session_token, found.policies) == ("mine", "token", None)


@pytest.mark.parametrize("key", ["AKIDNOBODY", ""])
def test_nobody_holds_another_key(moto_cloud, monkeypatch, key):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert caller(key) is None


def test_keys_that_moto_gives_to_everybody_are_not_emulated_and_it_says_what_to_do(sts, caplog):
    caplog.set_level(logging.WARNING)
    assert caller(sts.get_session_token()["Credentials"]["AccessKeyId"]) is None
    assert "NotEmulated" in caplog.text and "AssumeRole" in caplog.text


def test_keys_of_a_cognito_identity_pool_are_the_roots_and_it_says_what_to_do(moto_cloud, caplog):
    pools = boto3.client("cognito-identity", region_name="us-east-1")
    pool = pools.create_identity_pool(IdentityPoolName="p", AllowUnauthenticatedIdentities=True)["IdentityPoolId"]
    identity = pools.get_id(AccountId=ACCOUNT, IdentityPoolId=pool)["IdentityId"]
    keys = pools.get_credentials_for_identity(IdentityId=identity)["Credentials"]
    assert caller(keys["AccessKeyId"]).is_root
    assert "NotEmulated: keys of Cognito identity pools" in caplog.text and "AssumeRole" in caplog.text


# ── users ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_user_is_who_iam_says(iam, ana):
    found, user = caller(ana["AccessKeyId"]), iam.get_user(UserName="ana")["User"]
    assert (found.secret_access_key, found.session_token) == (ana["SecretAccessKey"], "")
    assert (found.account_id, found.caller_id, found.arn) == (ACCOUNT, user["UserId"], user["Arn"])
    assert (found.user_name, found.policies, found.limits) == ("ana", (), {})
    assert ana["SecretAccessKey"] not in repr(found)


def test_a_key_that_is_inactive_or_gone_is_nobodys(iam, ana):
    iam.update_access_key(UserName="ana", AccessKeyId=ana["AccessKeyId"], Status="Inactive")
    assert caller(ana["AccessKeyId"]) is None
    iam.update_access_key(UserName="ana", AccessKeyId=ana["AccessKeyId"], Status="Active")
    assert caller(ana["AccessKeyId"]) is not None
    iam.delete_access_key(UserName="ana", AccessKeyId=ana["AccessKeyId"])
    assert caller(ana["AccessKeyId"]) is None


@pytest.mark.parametrize("where", ["in the user", "attached", "in a group", "attached to a group"])
@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_a_users_policies_are_found_wherever_they_are(iam, ana, where, effect):
    iam.create_group(GroupName="team")
    iam.create_group(GroupName="others")
    iam.put_group_policy(GroupName="others", PolicyName="p", PolicyDocument=policy())
    arn = iam.create_policy(PolicyName="p", PolicyDocument=policy(effect))["Policy"]["Arn"]
    match where:
        case "in the user":
            iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=policy(effect))
        case "attached":
            iam.attach_user_policy(UserName="ana", PolicyArn=arn)
        case "in a group":
            iam.put_group_policy(GroupName="team", PolicyName="p", PolicyDocument=policy(effect))
        case "attached to a group":
            iam.attach_group_policy(GroupName="team", PolicyArn=arn)
    if "group" in where:
        assert decided(caller(ana["AccessKeyId"])) == ""
        iam.add_user_to_group(UserName="ana", GroupName="team")
    assert decided(caller(ana["AccessKeyId"])) == effect


def test_the_default_version_of_a_policy_counts(iam, ana):
    arn = iam.create_policy(PolicyName="p", PolicyDocument=policy())["Policy"]["Arn"]
    iam.attach_user_policy(UserName="ana", PolicyArn=arn)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy("Deny"), SetAsDefault=True)
    assert decided(caller(ana["AccessKeyId"])) == "Deny"


# ── roles ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_session_is_its_role_with_a_name_and_an_end(iam, sts, role):
    iam.put_role_policy(RoleName="clients", PolicyName="p", PolicyDocument=policy())
    given = sts.assume_role(RoleArn=role, RoleSessionName="tab", DurationSeconds=900)
    keys = given["Credentials"]
    found = caller(keys["AccessKeyId"])
    assert (found.secret_access_key, found.session_token) == (keys["SecretAccessKey"], keys["SessionToken"])
    assert found.arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/clients/tab" == given["AssumedRoleUser"]["Arn"]
    assert found.caller_id == given["AssumedRoleUser"]["AssumedRoleId"]
    assert abs(found.expires_at - keys["Expiration"].timestamp()) <= 1
    assert (decided(found), found.user_name, found.limits) == ("Allow", "", {})


def test_a_role_without_a_policy_may_nothing(sts, role):
    found = caller(sts.assume_role(RoleArn=role, RoleSessionName="tab")["Credentials"]["AccessKeyId"])
    assert found.policies == ()


def test_what_limits_a_session_is_found(iam, sts, role):
    arn = iam.create_policy(PolicyName="most", PolicyDocument=policy(action="s3:*"))["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName="clients", PermissionsBoundary=arn)
    keys = sts.assume_role(RoleArn=role, RoleSessionName="tab", Policy=policy("Deny"))["Credentials"]
    assert caller(keys["AccessKeyId"]).limits == {
        "session policy": json.loads(policy("Deny")),
        "permissions boundary": json.loads(policy(action="s3:*")),
    }


def test_another_account_has_its_own_root(moto_cloud):
    keys = keys_of("000000000042", "us-east-1")
    found = caller(keys.access_key_id)
    assert (found.account_id, found.policies) == ("000000000042", None)
    assert (found.secret_access_key, found.session_token) == (keys.secret_access_key, keys.session_token)
