"""Buckets: names are shared by all the world, tags come after the creation, and only an empty one can be deleted."""

import datetime

import boto3
import pytest
from botocore.exceptions import ClientError

from upgrade101.ledger import buckets
from upgrade101.ledger.catalogue import BY_NOUN, named_by


def tags_of(account, name="packages"):
    return {tag["Key"]: tag["Value"] for tag in account.client("s3").get_bucket_tagging(Bucket=name)["TagSet"]}


def clean(account):
    account.die()
    return account.cleanup()


def test_a_bucket_is_tagged_beside_what_the_learner_wrote_on_it(account):
    run_id = account.begin().book.run_id
    account.bucket(CreateBucketConfiguration={"Tags": [{"Key": "mine", "Value": "1"}]})
    assert tags_of(account) == {"mine": "1", "upgrade101:run": run_id}


def test_a_bucket_goes_with_every_version_of_what_is_in_it(account, runs):
    account.begin()
    account.bucket()
    s3 = account.client("s3")
    s3.put_bucket_versioning(Bucket="packages", VersioningConfiguration={"Status": "Enabled"})
    for _ in range(2):
        s3.put_object(Bucket="packages", Key="chat.zip", Body=b"again")
    s3.delete_object(Bucket="packages", Key="chat.zip")
    code, said = clean(account)
    assert code == 0 and not list(runs.iterdir()), said
    assert account.inventory()["bucket"] == {"theirs"}


def test_a_bucket_that_was_there_is_neither_tagged_nor_deleted(account, runs):
    account.unseen(account.bucket)
    account.begin()
    account.client("s3").create_bucket(Bucket="packages")  # in us-east-1 no error, for one's own
    with pytest.raises(ClientError, match="NoSuchTagSet"):
        tags_of(account)
    assert clean(account)[0] == 0
    assert account.inventory()["bucket"] == {"theirs", "packages"}


def test_a_look_alike_made_after_ours_was_deleted_stays_and_is_named(account, runs):
    account.begin()
    account.client("s3").create_bucket(Bucket="packages")
    account.unseen(account.client("s3").delete_bucket_tagging, Bucket="packages")  # moto keeps them for the next
    account.unseen(account.client("s3").delete_bucket, Bucket="packages")
    account.unseen(account.bucket)
    code, said = clean(account)
    assert code == 0 and "not ours, so it stays: bucket packages" in said
    assert "packages" in account.inventory()["bucket"]


def test_one_that_may_not_be_tagged_is_known_by_its_age(account, runs, capsys):
    denied = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutBucketTagging")
    account.begin()
    account.faults.at("s3.PutBucketTagging", denied)
    account.bucket()
    assert "the bucket packages cannot be tagged" in capsys.readouterr().out
    assert clean(account)[0] == 0
    assert account.inventory()["bucket"] == {"theirs"}


def test_an_older_or_a_younger_bucket_without_a_tag_is_not_what_a_killed_run_asked_for(account, runs, monkeypatch):
    run = account.begin()
    account.unseen(account.bucket)
    run.book.intend("bucket", "packages", "us-east-1", run.account)
    born = account.client("s3").list_buckets()["Buckets"]
    for hours in (-1, 1):
        monkeypatch.setattr(
            buckets,
            "pages",
            lambda *_, hours=hours: [
                {**bucket, "CreationDate": bucket["CreationDate"] + datetime.timedelta(hours=hours)} for bucket in born
            ],
        )
        item = run.book.read().items[-1]
        assert not BY_NOUN["bucket"].is_surely_ours(None, item, {})
    assert clean(account)[0] == 0
    assert account.inventory()["bucket"] == {"theirs", "packages"}


def test_what_may_not_be_deleted_in_a_bucket_is_named_and_the_next_clean_up_finishes(account, runs, monkeypatch):
    account.begin()
    account.bucket()
    account.die()
    refused = [
        {"Key": "chat.zip", "Code": "AccessDenied", "Message": "not authorized to perform: s3:DeleteObject on it"}
    ]
    with monkeypatch.context() as patch:
        patch.setattr(buckets, "_raise_first", lambda errors, say=buckets._raise_first: say(refused))
        code, said = account.cleanup()
    assert code == 1 and "you may not: s3:DeleteObject is missing" in said
    assert account.cleanup()[0] == 0
    assert account.inventory()["bucket"] == {"theirs"}


def test_a_create_call_that_is_refused_after_a_stumble_stays_an_intent(account, runs):
    """The first request came through and its answer was lost; the second is told that the bucket exists."""
    exists = {"Error": {"Code": "BucketAlreadyOwnedByYou", "Message": "yours"}}
    again = ClientError({**exists, "ResponseMetadata": {"HTTPStatusCode": 409, "RetryAttempts": 1}}, "CreateBucket")
    account.begin()
    account.faults.at("s3.CreateBucket", again, after=True)
    with pytest.raises(ClientError, match="yours"):
        account.bucket()
    assert "packages" in account.inventory()["bucket"]
    assert clean(account)[0] == 0
    assert account.inventory()["bucket"] == {"theirs"}


def test_the_tagging_api_names_a_bucket():
    kind, name = named_by("arn:aws:s3:::upgrade101-packages")
    assert (kind.noun, name) == ("bucket", "upgrade101-packages")


def test_what_the_lesson_packages_into_is_cleaned_up(account, runs):
    from upgrade101.course import iac

    account.begin()
    template = iac.package(iac.read("sam.yaml"))
    assert "upgrade101-packages-123456789012-us-east-1" in template
    assert boto3.client("s3").list_buckets()["Buckets"]
    assert clean(account)[0] == 0
    assert account.inventory()["bucket"] == {"theirs"}
