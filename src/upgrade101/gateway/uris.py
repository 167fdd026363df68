"""Where an integration URI leads, its stage variables filled in.

https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-stages.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from .errors import ConfigurationError

_VARIABLE = re.compile(r"\$\{stageVariables\.([A-Za-z0-9_]+)\}")


def filled(uri: str, stage_variables: Mapping[str, str]) -> str:
    """Return ``uri`` with the values of the stage's variables in it.

    Raises ConfigurationError, naming the first variable that the stage lacks.

    >>> filled("https://${stageVariables.host}/chat", {"host": "example.com"})
    'https://example.com/chat'
    """
    if "${" not in uri:
        return uri
    missing = [name for name in _VARIABLE.findall(uri) if name not in stage_variables]
    if missing:
        raise ConfigurationError(
            f"the stage has no variable {missing[0]!r}, which the integration URI {uri} needs",
            hint=f"update_stage(StageVariables={{{missing[0]!r}: …}})",
        )
    return _VARIABLE.sub(lambda match: stage_variables[match[1]], uri)


def function_arn(uri: str, stage_variables: Mapping[str, str]) -> str:
    """Return the ARN of the Lambda function behind an integration URI, version or alias included.

    Raises ConfigurationError where a stage variable is missing.

    >>> function = "arn:aws:lambda:us-east-1:1:function:f:${stageVariables.alias}"
    >>> path = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"
    >>> function_arn(path, {"alias": "b"})
    'arn:aws:lambda:us-east-1:1:function:f:b'
    """
    return _function(uri if "${" not in uri else filled(uri, stage_variables))


@lru_cache(maxsize=1024)
def _function(uri: str) -> str:
    return uri.partition("/functions/")[2].removesuffix("/invocations") or uri
