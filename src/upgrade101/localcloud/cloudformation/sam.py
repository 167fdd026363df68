"""AWS SAM: the transform ``AWS::Serverless-2016-10-31``, done by AWS's own translator.

The translator is imported when the first such template comes, for that takes seconds.
"""

from __future__ import annotations

import copy
import functools
import json
import logging
from collections.abc import Mapping
from typing import Any

from ...gateway.errors import ConfigurationError
from .faults import bad_template

TRANSFORM = "AWS::Serverless-2016-10-31"


def is_needed(template: Mapping[str, Any]) -> bool:
    """Tell whether a template asks for the transform, alone."""
    asked = template.get("Transform")
    return asked == TRANSFORM or asked == [TRANSFORM]


def makes_a_role(resource: Mapping[str, Any]) -> bool:
    """Tell whether a SAM resource becomes a role too, which a caller has to acknowledge."""
    return resource.get("Type") == "AWS::Serverless::Function" and "Role" not in (resource.get("Properties") or {})


def transformed(template: Mapping[str, Any], parameters: Mapping[str, Any], region: str) -> dict[str, Any]:
    """Return the CloudFormation template that a SAM template stands for.

    Raises ValidationError as CloudFormation does, ConfigurationError where the translator is not installed.
    """
    try:
        from samtranslator.model.exceptions import InvalidDocumentException
        from samtranslator.translator.transform import transform
    except ImportError as fault:
        raise ConfigurationError(
            "a SAM template needs AWS's translator, which is not installed",
            hint="python3 -m pip install 'aws-sam-translator>=1.115,<2'",
        ) from fault
    logging.getLogger("samtranslator.metrics").setLevel(logging.ERROR)  # nobody reads its metrics here
    given = {**parameters, "AWS::Region": region, "AWS::Partition": "aws"}
    try:
        done: dict[str, Any] = transform(copy.deepcopy(dict(template)), given, _ManagedPolicies())
    except InvalidDocumentException as fault:
        causes = "; ".join(sorted(cause.message for cause in fault.causes))
        raise bad_template(
            f"Transform {TRANSFORM} failed with: Invalid Serverless Application Specification document. "
            f"Number of errors found: {len(fault.causes)}. {causes}"
        ) from fault
    done.pop("Transform", None)
    return done


class _ManagedPolicies:
    """AWS's managed policies by name, of which moto has a list."""

    def load(self) -> dict[str, str]:
        return dict(_managed_policies())


@functools.cache
def _managed_policies() -> dict[str, str]:
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    return {name: policy["Arn"] for name, policy in json.loads(aws_managed_policies_data).items()}
