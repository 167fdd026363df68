"""The seam with moto's code of functions and layers: what is not there is refused when it is named.

moto takes a function without code where an S3 object is missing, and fails where no code is named at all. Known to fit
moto 5.1.18 to 5.2.5.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import moto.awslambda.models as models
from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import LambdaFunction
from moto.s3.exceptions import MissingBucket, MissingKey
from moto.s3.models import s3_backends

_Function: Any = LambdaFunction
_models: Any = models
_stock = (_Function._set_function_code, _models._validate_s3_bucket_and_key)
SHAPES = {_stock[0]: ["self", "updated_spec"], _stock[1]: ["account_id", "partition", "data"]}
_SOURCES = (("ZipFile",), ("S3Bucket", "S3Key"), ("ImageUri",))


def install() -> None:
    """Have code that is missing refused as on AWS; harmless where it is."""
    _Function._set_function_code, _models._validate_s3_bucket_and_key = _set_function_code, _object_of_a_layer


def uninstall() -> None:
    """Give moto its own ways back."""
    _Function._set_function_code, _models._validate_s3_bucket_and_key = _stock


def misfits() -> list[str]:
    """Return what is made otherwise in this moto, a sentence each."""
    found = {method: list(inspect.signature(method).parameters) for method in SHAPES}
    return [
        f"{method.__qualname__} takes {found[method]}, not {expected}"
        for method, expected in SHAPES.items()
        if found[method] != expected
    ]


def _set_function_code(function: Any, updated_spec: Mapping[str, Any]) -> None:
    if not any(all(map(updated_spec.get, source)) for source in _SOURCES):
        raise InvalidParameterValueException("Please provide a source for function code.")
    if "ZipFile" not in updated_spec:
        _check(function.account_id, function.partition, updated_spec)
    _stock[0](function, updated_spec)


def _object_of_a_layer(account_id: str, partition: str, data: Mapping[str, Any]) -> Any:
    _check(account_id, partition, data)
    return _stock[1](account_id, partition, data)


def _check(account_id: str, partition: str, code: Mapping[str, Any]) -> None:
    """Raise InvalidParameterValueException, in AWS's words, where code is named that S3 does not have."""
    bucket, key = code.get("S3Bucket"), code.get("S3Key")
    if not (bucket and key) or not models.do_validate_s3():
        return
    what = "Error occurred while GetObject. S3 Error Code:"
    try:
        if s3_backends[account_id][partition].get_object(bucket, key) is None:
            raise MissingKey
    except MissingBucket:
        said = f"{what} NoSuchBucket. S3 Error Message: The specified bucket does not exist"
        raise InvalidParameterValueException(said) from None
    except MissingKey:
        said = f"{what} NoSuchKey. S3 Error Message: The specified key does not exist."
        raise InvalidParameterValueException(said) from None
