"""What AWS's own Python runtime does round a handler, wherever the handler runs: in a thread or in a child process.

The behaviour is that of awslambdaric 4.2.2, which AWS runs in its Python environments
(https://github.com/aws/aws-lambda-python-runtime-interface-client); log lines and error documents follow
https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html and python-exceptions.html. Standard library only: a
child process reads this file before anything else.
"""

from __future__ import annotations

import json
import math
import sys
import time
from types import CoroutineType

TYPE_CHECKING = False  # without ``typing``, which takes longer to import than all the rest
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import ModuleType, TracebackType
    from typing import Any

    from .specs import Document, FunctionSpec, Handler

TASK_ROOT = "/var/task"
RESPONSE_BYTES = 6_291_556  # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
TAIL_BYTES = 4096  # https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html, LogResult
LOG_FORMAT = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
LOG_DATES = "%Y-%m-%dT%H:%M:%S"


class Fault(Exception):
    """What the runtime itself reports about a function, under AWS's own error type."""

    def __init__(self, error_type: str, message: str, stack_trace: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.message = message
        self.stack_trace = list(stack_trace)


class CognitoIdentity:
    """Who called, where the caller signed in with Amazon Cognito: here never."""

    cognito_identity_id = None
    cognito_identity_pool_id = None


class Context:
    """The second argument of a handler.

    https://docs.aws.amazon.com/lambda/latest/dg/python-context.html; ``memory_limit_in_mb`` is text on AWS too.
    """

    def __init__(
        self,
        spec: FunctionSpec,
        log_stream_name: str,
        request_id: str,
        invoked_function_arn: str,
        deadline: float,
        client_context: Document | None = None,
    ) -> None:
        self.function_name = spec.function_name
        self.function_version = spec.version
        self.invoked_function_arn = invoked_function_arn
        self.memory_limit_in_mb = str(spec.memory_size)
        self.aws_request_id = request_id
        self.log_group_name = spec.log_group_name
        self.log_stream_name = log_stream_name
        self.identity = CognitoIdentity()
        self.client_context = ClientContext(client_context) if client_context is not None else None
        self._deadline = deadline

    def get_remaining_time_in_millis(self) -> int:
        """Return how many milliseconds are left before the function times out."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


class ClientContext:
    """What a mobile client told about itself, or whatever the caller put into ``ClientContext``."""

    def __init__(self, given: Document) -> None:
        self.custom = given.get("custom")
        self.env = given.get("env")
        self.client = given.get("client")


def variables_of(spec: FunctionSpec, log_stream_name: str, task_root: str = TASK_ROOT) -> dict[str, str]:
    """Return the whole environment of a function: Lambda's own variables, then the function's.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
    """
    access_key, secret_key, session_token = spec.credentials
    return {
        "_HANDLER": spec.handler,
        "AWS_REGION": spec.region,
        "AWS_DEFAULT_REGION": spec.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{spec.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": spec.function_name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_size),
        "AWS_LAMBDA_FUNCTION_VERSION": spec.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": spec.log_group_name,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream_name,
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": secret_key,
        "AWS_SESSION_TOKEN": session_token,
        "LAMBDA_TASK_ROOT": task_root,
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LANG": "en_US.UTF-8",
        "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
        "TZ": ":UTC",
        **spec.variables,
    }


# ── the handler ──────────────────────────────────────────────────────────────────────────────────────────────────────


def find_handler(name: str, import_module: Callable[[str], ModuleType]) -> Handler:
    """Import the module that ``name`` names (``module.function`` or ``package/module.function``); return the function.

    Raises Fault as AWS reports it; what else the module raises while it is imported comes out as it is.
    """
    module_name, dot, function_name = name.rpartition(".")
    if not dot:
        message = f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)"
        raise Fault("Runtime.MalformedHandlerName", message)
    if module_name.split(".")[0] in sys.builtin_module_names:
        message = f"Cannot use built-in module {module_name} as a handler module"
        raise Fault("Runtime.BuiltInModuleConflict", message)
    module = _imported(module_name, import_module)
    try:
        found: Handler = getattr(module, function_name)
    except AttributeError:
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        raise Fault("Runtime.HandlerNotFound", message) from None
    return found


def _imported(name: str, import_module: Callable[[str], ModuleType]) -> ModuleType:
    try:
        return import_module(name.replace("/", "."))
    except ImportError as error:
        raise Fault("Runtime.ImportModuleError", f"Unable to import module '{name}': {error}") from error
    except SyntaxError as error:
        where = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        raise Fault("Runtime.UserCodeSyntaxError", f"Syntax error in module '{name}': {error}", where) from error


def marshal(answer: Any) -> str:
    """Return a handler's answer as JSON text; raises Fault ``Runtime.MarshalError`` where it is none.

    >>> from decimal import Decimal
    >>> marshal({"statusCode": 200, "body": b"ok", "price": Decimal("1.5")})
    '{"statusCode": 200, "body": "ok", "price": 1.5}'
    """
    if isinstance(answer, bytes):
        return answer.decode("utf-8", "replace")  # AWS hands bytes through as they are
    try:
        text = _encode(answer)
    except Exception as error:
        if isinstance(answer, CoroutineType):
            answer.close()  # else Python warns that it was never awaited, here instead of in the function's log
        raise Fault("Runtime.MarshalError", f"Unable to marshal response: {error}") from error
    if len(text) * 4 > RESPONSE_BYTES and len(text.encode("utf-8", "replace")) > RESPONSE_BYTES:
        message = f"Response payload size exceeded maximum allowed payload size ({RESPONSE_BYTES} bytes)."
        raise Fault("Function.ResponseSizeTooLarge", message)
    return text


def _as_simplejson(value: Any) -> Any:
    """Encode what AWS's runtime encodes and the standard library does not."""
    if isinstance(value, bytes):
        return value.decode()
    from decimal import Decimal  # seldom needed

    if isinstance(value, Decimal):
        whole = value.is_finite() and value == value.to_integral_value() and "." not in str(value)
        return math.nan if value.is_nan() else int(value) if whole else float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


_encode = json.JSONEncoder(default=_as_simplejson, ensure_ascii=False).encode


# ── error documents ──────────────────────────────────────────────────────────────────────────────────────────────────


def fault_document(fault: Fault, request_id: str = "") -> Document:
    """Return AWS's error document for what the runtime itself reports."""
    return _document(fault.message, fault.error_type, request_id, fault.stack_trace)


def error_document(error: BaseException, request_id: str, stack_trace: Sequence[str]) -> Document:
    """Return AWS's error document for an exception that left the handler."""
    try:
        message = str(error)
    except Exception:
        message = ""
    return _document(message, type(error).__name__, request_id, stack_trace)


def exit_status(error: BaseException) -> int:
    """Return the status with which a process ends that this leaves: ``sys.exit()`` and its like."""
    code = error.code if isinstance(error, SystemExit) else 1
    return 0 if code is None else code if isinstance(code, int) else 1


def exit_document(status: int, request_id: str, *, error_type: str = "Runtime.ExitError") -> Document:
    """Return AWS's error document where the runtime's process ended; a negative status is the signal that ended it.

    >>> exit_document(3, "6f1c")["errorMessage"], exit_document(-9, "6f1c")["errorMessage"].rpartition(" ")[2]
    ('RequestId: 6f1c Error: Runtime exited with error: exit status 3', 'killed')
    """
    if status < 0:
        how = f"Runtime exited with error: signal: {_signal(-status)}"
    elif status:
        how = f"Runtime exited with error: exit status {status}"
    else:
        how = "Runtime exited without providing a reason"
    return {"errorType": error_type, "errorMessage": f"RequestId: {request_id} Error: {how}"}


def _signal(number: int) -> str:
    import signal  # seldom needed

    try:
        return (signal.strsignal(number) or "").lower() or f"signal {number}"
    except ValueError:
        return f"signal {number}"


def timeout_document(seconds: float, request_id: str) -> Document:
    """Return AWS's error document for a function that took too long.

    >>> timeout_document(3, "6f1c")["errorMessage"]
    'RequestId: 6f1c Error: Task timed out after 3.00 seconds'
    """
    message = f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
    return {"errorType": "Sandbox.Timedout", "errorMessage": message}


def _document(message: str, error_type: str, request_id: str, stack_trace: Sequence[str]) -> Document:
    return {
        "errorMessage": message,
        "errorType": error_type,
        "requestId": request_id,
        "stackTrace": list(stack_trace),
    }


def file_shown_as(filename: str, places: Iterable[tuple[str, str | None]]) -> str:
    """Return the name of a file as AWS would show it, or '' where it is to be left out of a stack trace.

    ``places`` are beginnings of file names and what stands for them on AWS.

    >>> file_shown_as("/tmp/x/var/task/app.py", [("/tmp/x", ""), ("/usr/lib/python3", "/var/lang/lib/python3")])
    '/var/task/app.py'
    """
    for prefix, shown in places:
        if filename.startswith(prefix):
            return "" if shown is None else shown + filename[len(prefix) :].replace("\\", "/")
    return filename


def stack_trace(trace: TracebackType | None, shown_as: Callable[[str], str]) -> list[str]:
    """Return a traceback as AWS prints it, one frame an entry; ``shown_as`` renames a file or drops it with ''."""
    import traceback  # seldom needed

    frames = traceback.extract_tb(trace)
    named = [(shown_as(frame.filename), frame.lineno or 0, frame.name, frame.line) for frame in frames]
    return traceback.format_list([frame for frame in named if frame[0]])


# ── log lines ────────────────────────────────────────────────────────────────────────────────────────────────────────


def start_line(request_id: str, version: str) -> str:
    """Return the line with which every invocation's log begins."""
    return f"START RequestId: {request_id} Version: {version}\n"


def end_line(request_id: str) -> str:
    """Return the last line but one."""
    return f"END RequestId: {request_id}\n"


def report_line(
    request_id: str,
    seconds: float,
    memory_size: int,
    init_seconds: float | None = None,
    status: str = "",
    max_memory_used: int | None = None,
) -> str:
    """Return the last line; ``status`` is 'error' or 'timeout' where the function did not end well, memory is in MB.

    The initialisation is billed too (https://aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase/).
    "Max Memory Used" is left out where nobody knows it: for one thread of many.

    >>> report_line("6f1c", 0.0021, 128, 0.1).split("\\t")[1:-1]
    ['Duration: 2.10 ms', 'Billed Duration: 103 ms', 'Memory Size: 128 MB', 'Init Duration: 100.00 ms']
    """
    billed = math.ceil(round((seconds + (init_seconds or 0.0)) * 1000, 2))
    parts = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {seconds * 1000:.2f} ms",
        f"Billed Duration: {billed} ms",
        f"Memory Size: {memory_size} MB",
    ]
    if max_memory_used is not None:
        parts.append(f"Max Memory Used: {max_memory_used} MB")
    if init_seconds is not None:
        parts.append(f"Init Duration: {init_seconds * 1000:.2f} ms")
    if status:
        parts.append(f"Status: {status}")
    return "\t".join(parts) + "\t\n"


def error_lines(document: Document) -> str:
    """Return the log record of an error document: one event, its lines indented with no-break spaces as on AWS."""
    lines = [f"[ERROR] {document['errorType']}: {document['errorMessage']}".removesuffix(": ")]
    if "stackTrace" in document:
        lines += ["Traceback (most recent call last):", *_indented(document["stackTrace"])]
    return "\n".join(lines) + "\n"


def exit_lines(document: Document) -> str:
    """Return the log record of a runtime that ended: what Lambda itself writes, without a traceback."""
    return f"{document['errorMessage']}\n{document['errorType']}\n"


def timeout_line(seconds: float, request_id: str) -> str:
    """Return the log record of a function that took too long."""
    now = time.time()
    stamp = time.strftime(LOG_DATES, time.gmtime(now)) + f".{int(now * 1000) % 1000:03d}Z"
    return f"{stamp} {request_id} Task timed out after {seconds:.2f} seconds\n\n"


def _indented(stack: Iterable[str]) -> list[str]:
    lines = [line for entry in stack for line in entry.splitlines()]
    return ["\u00a0" * (len(line) - len(line.lstrip(" "))) + line.lstrip(" ") for line in lines]


def tail(text: str) -> str:
    """Return the last 4 KB of an invocation's log: what ``LogType=Tail`` gives."""
    return text.encode("utf-8", "replace")[-TAIL_BYTES:].decode("utf-8", "ignore")


# ── logging ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def lambda_logging(module: Any, record: Callable[[str], None], request_id: Callable[[], str]) -> None:
    """Set a fresh ``logging`` module up as AWS's runtime does: one handler at the root, which stays at WARNING."""

    def emit(self: Any, entry: Any) -> None:
        entry.aws_request_id = request_id()
        record(self.format(entry))

    module.Formatter.converter = time.gmtime
    handler = type("LambdaLoggerHandler", (module.Handler,), {"emit": emit})()
    handler.setFormatter(module.Formatter(LOG_FORMAT, LOG_DATES))
    module.getLogger().addHandler(handler)
