"""What is imported quickly works all the same, and nothing of how it was done stays behind."""

import subprocess
import sys


def python(code):
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def test_moto_comes_without_what_nobody_asked_for():
    heavy = {"pydantic_settings", "openapi_spec_validator", "arrow", "isoduration", "rfc3987_syntax"}
    assert python(f"import sys, upgrade101.cloud; print({heavy} & set(sys.modules))") == "set()"


def test_an_openapi_document_is_validated_when_one_is_imported():
    said = python(
        """
import json, boto3
from upgrade101 import cloud
cloud.start(quiet=True)
client = boto3.client("apigateway")
info = {"title": "rest", "version": "1", "description": "one"}
made = client.import_rest_api(body=json.dumps({"openapi": "3.0.0", "info": info, "paths": {}}))
print(made["name"])
try:
    client.import_rest_api(body=json.dumps({"openapi": "3.0.0", "paths": []}), failOnWarnings=True)
except client.exceptions.BadRequestException as refused:
    print("refused")
import openapi_spec_validator.validation.validators
print(openapi_spec_validator.validate.__module__)
"""
    )
    assert said.splitlines() == ["rest", "refused", "openapi_spec_validator.shortcuts"]


def test_who_has_imported_them_before_keeps_them():
    code = "import sys, jsonschema, isoduration, openapi_spec_validator as o, upgrade101.cloud"
    assert python(f"{code}\nprint(sys.modules['openapi_spec_validator'] is o)") == "True"
