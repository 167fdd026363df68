"""S3 buckets in the ledger: their names are everybody's, they are tagged once they are there, and deleted empty."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

from .book import Item
from .kinds import RUN_TAG, Named, Parameters, Tags, pages, pairs

_LONGEST_CALL = 60.0  # seconds that a create call may be under way


class Bucket(Named):
    """An S3 bucket, with all that is in it."""

    service, noun, rank, tagged_in = "s3", "bucket", 80, ""
    creates, deletes = "CreateBucket", "DeleteBucket"
    named_by = "Bucket"
    actions = (
        "s3:ListBucket",
        "s3:ListAllMyBuckets",
        "s3:GetBucketTagging",
        "s3:ListBucketVersions",
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "s3:DeleteBucket",
    )

    def exists_already(self, client: Any, parameters: Parameters) -> bool:
        """Tell whether there is a bucket of that name, anybody's: in us-east-1 one's own is handed out again."""
        try:
            client.head_bucket(Bucket=parameters["Bucket"])
        except ClientError as fault:
            return int(fault.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)) != 404
        return True

    def tag_afterwards(self, client: Any, parameters: Parameters, run_id: str) -> None:
        """Tag a bucket that was just created; what ``CreateBucket`` takes as tags not every region and cloud knows."""
        own = parameters.get("CreateBucketConfiguration", {}).get("Tags", ())
        tags = [*own, {"Key": RUN_TAG, "Value": run_id}]
        client.put_bucket_tagging(Bucket=parameters["Bucket"], Tagging={"TagSet": tags})

    def tags(self, client: Any, name: str) -> Tags:
        try:
            return pairs(client.get_bucket_tagging(Bucket=name)["TagSet"])
        except ClientError as fault:
            if fault.response["Error"]["Code"] != "NoSuchTagSet":
                raise
            return {}

    def is_surely_ours(self, client: Any, item: Item, tags: Tags) -> bool:
        """Tell whether a bucket has no tag because its run was killed between creating and tagging it.

        It then is as old as the intent, and before the intent there was no bucket of that name.
        """
        if item.state != "intent" or tags:
            return False
        known = pages(client, "list_buckets", "Buckets")
        born = next((bucket["CreationDate"].timestamp() for bucket in known if bucket["Name"] == item.name), None)
        return born is not None and -2 < born - item.at < _LONGEST_CALL

    def remove(self, client: Any, name: str) -> None:
        for kind in ("Versions", "DeleteMarkers"):
            found = [
                {"Key": each["Key"], "VersionId": each["VersionId"]}
                for each in pages(client, "list_object_versions", kind, Bucket=name)
            ]
            for start in range(0, len(found), 1000):
                answer = client.delete_objects(Bucket=name, Delete={"Objects": found[start : start + 1000]})
                _raise_first(answer.get("Errors", ()))
        with suppress(client.exceptions.NoSuchBucket):
            client.delete_bucket(Bucket=name)


def _raise_first(errors: Any) -> None:
    """Raise the first of the refusals that ``DeleteObjects`` answers with in a 200."""
    for error in errors:
        raise ClientError({"Error": {"Code": error["Code"], "Message": error.get("Message", "")}}, "DeleteObjects")
