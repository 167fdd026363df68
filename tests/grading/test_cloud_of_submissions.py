"""Whatever cloud a submission asks for, it gets the grader's, and sees nothing of the grader's account."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from upgrade101.grading.batch import Grader
from upgrade101.grading.limits import Allowance
from upgrade101.grading.sandbox import find as find_walls
from upgrade101.grading.selftest.people import Lab, lab_of
from upgrade101.grading.submissions import Submission

ROOT = Path(__file__).parents[2]
NAME = "03_routes"
KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "the-teachers-secret"

ASKS_FOR_AWS = """
import os
os.environ["CLOUD"] = "aws"
os.environ["UPGRADE101_YES"] = "1"
import boto3
from upgrade101 import check, cloud, connect, hint, progress, solution, websocket_api
from upgrade101.deploy import invocation_uri
cloud.start({call})
"""

LOOKS_FOR_KEYS = f"""
import os
from pathlib import Path
import boto3

seen = [name for name, value in os.environ.items() if {KEY!r} in value or {SECRET!r} in value]
places = [os.environ.get("AWS_SHARED_CREDENTIALS_FILE", ""), "~/.aws/credentials", "~/.aws/config"]
files = [place for place in places if place and Path(place).expanduser().exists()]
session = boto3.Session()
keys = session.get_credentials().access_key
at_home = "127.0.0.1" in boto3.client("dynamodb").meta.endpoint_url and not cloud.is_aws()
is_safe = at_home and keys == "testing" and not seen and not files and not session.available_profiles
rule = rule if is_safe else "$request.body.seen"
"""


@pytest.fixture(scope="module")
def lab() -> Lab:
    return lab_of(ROOT, NAME)


@pytest.fixture(scope="module")
def grader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grader]:
    """A grader whose own environment is a teacher's who works on AWS."""
    credentials = tmp_path_factory.mktemp("home") / "credentials"
    credentials.write_text(f"[class]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", KEY)
        patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        patch.setenv("AWS_PROFILE", "class")
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
        patch.setenv("CLOUD", "aws")
        solution = ROOT / "solutions" / NAME / f"{NAME}.ipynb"
        with Grader(solution, tmp_path_factory.mktemp("report"), find_walls(), Allowance(cell_seconds=10.0)) as made:
            made.learn()
            yield made


@pytest.mark.parametrize("call", ['"aws", profile="class", region="eu-west-1"', '"http://127.0.0.1:4566"'])
def test_a_submission_is_graded_on_the_graders_cloud(grader: Grader, lab: Lab, tmp_path: Path, call: str) -> None:
    paper = lab.solved.copy()
    start = next(cell for cell in paper.cells if cell.get("id") == "start")
    start["source"] = ASKS_FOR_AWS.replace("{call}", call)
    paper.write("rule", f"{paper.source('rule')}\n{LOOKS_FOR_KEYS}")
    path = tmp_path / f"{NAME}.ipynb"
    path.write_text(paper.text(), encoding="utf-8")
    result = grader.grade(Submission("ana", "ana", path))
    judged = {each["exercise"]: each["state"] for each in result["exercises"]}
    assert judged == dict.fromkeys(("03.1", "03.2", "03.3", "03.4", "03.5"), "done"), result
