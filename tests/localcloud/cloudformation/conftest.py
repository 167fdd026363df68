"""A local cloud with boto3's CloudFormation, and templates of a small chat."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from upgrade101 import cloud

sys.path.insert(0, str(Path(__file__).parent))

from stack_kit import Stacks


@pytest.fixture(scope="module")
def running() -> Iterator[None]:
    """A local cloud for a whole file: CloudFormation brings half of moto with it."""
    cloud.start(quiet=True)
    yield
    cloud.stop()


@pytest.fixture
def stacks(running: None) -> Iterator[Stacks]:
    """Stacks of one test; what is left of them is deleted at its end."""
    made = Stacks(boto3.client("cloudformation"))
    yield made
    made.delete_all()


@pytest.fixture
def gw(running: None) -> Any:
    """A client of apigatewayv2."""
    return boto3.client("apigatewayv2")


@pytest.fixture
def refused(stacks: Stacks) -> Callable[..., str]:
    """Create a stack that is refused before it begins; return the message."""

    def refused(template: Any, **settings: Any) -> str:
        error = stacks.client.exceptions.ClientError
        body = template if isinstance(template, str) else json.dumps(template)
        with pytest.raises(error) as caught:
            stacks.client.create_stack(StackName="refused", TemplateBody=body, **settings)
        return f"{caught.value.response['Error']['Code']}: {caught.value.response['Error']['Message']}"

    return refused
