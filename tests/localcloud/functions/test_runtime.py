"""What threads and child processes have in common: documents and log lines."""

import pytest

from upgrade101.localcloud.functions import runtime
from upgrade101.localcloud.functions.specs import FunctionSpec


@pytest.mark.parametrize(
    ("seconds", "init_seconds", "billed"), [(0.0, None, 0), (0.00001, None, 1), (0.003, None, 3), (0.0021, 0.1, 103)]
)
def test_the_initialisation_is_billed_and_everything_is_rounded_up(seconds, init_seconds, billed):
    assert f"\tBilled Duration: {billed} ms\t" in runtime.report_line("id", seconds, 128, init_seconds)


def test_an_error_without_a_message_is_logged_without_a_colon():
    document = runtime.error_document(ValueError(), "id", [])
    assert runtime.error_lines(document) == "[ERROR] ValueError\nTraceback (most recent call last):\n"


def test_the_tail_cuts_no_character_in_two():
    assert runtime.tail("a" + "é" * 4000) == "é" * 2048


def test_a_function_without_variables_sees_lambdas():
    spec = FunctionSpec("chat", "arn", "3", "123456789012", "eu-west-1", "app.handler", "python3.12", b"")
    seen = runtime.variables_of(spec, "stream")
    assert (seen["AWS_LAMBDA_FUNCTION_VERSION"], seen["LAMBDA_TASK_ROOT"]) == ("3", "/var/task")


@pytest.mark.parametrize("text", ["1.0", "1E+2", "NaN", "Infinity", "-7"])
def test_decimals_of_every_kind_are_numbers(text):
    from decimal import Decimal

    assert runtime.marshal([Decimal(text)]) in {"[1.0]", "[100]", "[NaN]", "[Infinity]", "[-7]"}


def test_an_unknown_exit_code_counts_as_one():
    assert [runtime.exit_status(error) for error in (KeyboardInterrupt(), SystemExit("no"), SystemExit(7))] == [1, 1, 7]
    assert runtime.exit_status(SystemExit()) == 0


@pytest.mark.parametrize(
    ("status", "how"),
    [
        (0, "exited without providing a reason"),
        (1, "exited with error: exit status 1"),
        (-9, "exited with error: signal: killed"),
        (-11, "exited with error: signal: segmentation fault"),
        (-200, "exited with error: signal: signal 200"),
    ],
)
def test_how_a_process_ended(status, how):
    document = runtime.exit_document(status, "id")
    assert document == {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: id Error: Runtime {how}"}
