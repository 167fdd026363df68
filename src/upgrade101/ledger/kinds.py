"""What a kind of resource is called, how one is found, known by its tag, and deleted."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from .book import Item

RUN_TAG = "upgrade101:run"

Parameters = Mapping[str, Any]
Tags = dict[str, str]

MISSING = frozenset(
    {
        "NotFoundException",
        "ResourceNotFoundException",
        "NoSuchEntity",
        "NoSuchEntityException",
        "NoSuchBucket",
        "QueueDoesNotExist",
        "AWS.SimpleQueueService.NonExistentQueue",
    }
)
"""The error codes with which AWS says that something is not there."""


class Missing(LookupError):
    """Say that a thing is not there, where AWS answers with an empty list."""


def is_missing(fault: BaseException) -> bool:
    """Tell whether a failure means that the thing is not there."""
    if isinstance(fault, ClientError):
        return fault.response.get("Error", {}).get("Code") in MISSING
    return isinstance(fault, Missing)


class Kind(ABC):
    """One kind of resource. Deletion goes by ``rank``, lowest first: what uses others goes before what is used."""

    service: ClassVar[str]
    noun: ClassVar[str]
    creates: ClassVar[str]  # the operation, as botocore calls it
    deletes: ClassVar[str]
    rank: ClassVar[int]
    tagged_in: ClassVar[str] = "Tags"  # the parameter of ``creates`` that takes tags; '' where there is none
    tags_are_pairs: ClassVar[bool] = False
    is_global: ClassVar[bool] = False  # it is in no region
    has_own_id: ClassVar[bool] = False  # AWS makes its id up, so that nobody else's is ever called the same
    actions: ClassVar[tuple[str, ...]] = ()  # what IAM must allow to find and delete one
    lists: ClassVar[str] = ""  # what IAM must allow to list all; where the tagging API is not enough to find them

    def asked(self, parameters: Parameters) -> str:
        """Return the name that a create call asks for; '' where AWS makes one up."""
        return ""

    @abstractmethod
    def made(self, parameters: Parameters, answer: Parameters) -> str:
        """Return the name by which a created one is deleted."""

    @abstractmethod
    def gone(self, parameters: Parameters) -> str:
        """Return the name that a delete call names."""

    @abstractmethod
    def tags(self, client: Any, name: str) -> Tags:
        """Return its tags, none where its kind takes none; what it raises where it is gone ``is_missing``."""

    def tags_if_there(self, client: Any, name: str) -> Tags | None:
        """Return its tags; None where there is nothing of that name."""
        try:
            return self.tags(client, name)
        except (ClientError, Missing) as fault:
            if is_missing(fault):
                return None
            raise

    @abstractmethod
    def remove(self, client: Any, name: str) -> None:
        """Delete it. Raises ClientError."""

    def about(self, parameters: Parameters) -> str:
        """Return what a nameless one can be found by, beside its tag."""
        return ""

    def names(self, client: Any, about: str) -> Iterator[str]:
        """Find those that are there, for kinds whose names AWS makes up."""
        return iter(())

    def applies(self, parameters: Parameters) -> bool:
        """Tell whether a create call with these parameters creates anything."""
        return True

    def exists_already(self, client: Any, parameters: Parameters) -> bool:
        """Tell whether a create call would hand out one that is there already instead of failing."""
        return False

    def tag_afterwards(self, client: Any, parameters: Parameters, run_id: str) -> None:
        """Tag what was just created, for kinds whose create call takes no tags. Raises ClientError."""
        return

    def is_surely_ours(self, client: Any, item: Item, tags: Tags) -> bool:
        """Tell whether something without the run's tag, and called as AWS was asked to call it, is the run's."""
        return False

    def with_tag(self, parameters: Parameters, run_id: str) -> dict[str, Any]:
        """Return the parameters of a create call with the run's tag beside the caller's own.

        >>> from .catalogue import BY_NOUN
        >>> BY_NOUN["function"].with_tag({"Tags": {"mine": "1"}}, "r")
        {'Tags': {'mine': '1', 'upgrade101:run': 'r'}}
        """
        if not self.tagged_in:
            return dict(parameters)
        own = parameters.get(self.tagged_in)
        if self.tags_are_pairs:
            others = [pair for pair in own or () if pair.get("Key") != RUN_TAG]
            return {**parameters, self.tagged_in: [*others, {"Key": RUN_TAG, "Value": run_id}]}
        return {**parameters, self.tagged_in: {**(own or {}), RUN_TAG: run_id}}


class Named(Kind):
    """A kind whose name the caller chooses, and hands to the call that creates one and to the one that deletes it."""

    named_by: ClassVar[str]  # the parameter of both

    def asked(self, parameters: Parameters) -> str:
        return str(parameters[self.named_by])

    def made(self, parameters: Parameters, answer: Parameters) -> str:
        return self.asked(parameters)

    def gone(self, parameters: Parameters) -> str:
        return self.asked(parameters)


def pairs(tags: Iterable[dict[str, str]]) -> Tags:
    """Return tags that AWS lists as pairs.

    >>> pairs([{"Key": "a", "Value": "1"}])
    {'a': '1'}
    """
    return {tag["Key"]: tag["Value"] for tag in tags}


def pages(client: Any, operation: str, items: str, **asked: Any) -> Iterator[Any]:
    """Walk through a list of AWS's, page by page."""
    if client.can_paginate(operation):
        for page in client.get_paginator(operation).paginate(**asked):
            yield from page.get(items, ())
        return
    call = getattr(client, operation)
    page = call(**asked)
    yield from page.get(items, ())
    while mark := page.get("NextToken"):
        page = call(**asked, NextToken=mark)
        yield from page.get(items, ())
