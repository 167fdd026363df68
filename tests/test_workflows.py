"""The workflow for people with an account: its commands run here, with moto in AWS's place, and the rest is read."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / ".github" / "workflows" / "aws-weekly.yml"
EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}")


@pytest.fixture(scope="module")
def workflow():
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def job(workflow):
    return workflow["jobs"]["aws"]


def named(job, words):
    return next(step for step in job["steps"] if words in step.get("name", ""))


def test_it_runs_weekly_and_by_hand_and_nowhere_without_an_account(workflow, job):
    when = workflow[True]  # YAML 1.1 reads 'on' so
    assert set(when) == {"schedule", "workflow_dispatch"}
    assert len(when["schedule"][0]["cron"].split()) == 5 and when["schedule"][0]["cron"].split()[4] == "1"
    assert job["if"] == "vars.AWS_REGION != ''"


def test_it_may_read_the_code_and_become_the_role_and_nothing_else(workflow, job):
    assert workflow["permissions"] == {}
    assert job["permissions"] == {"contents": "read", "id-token": "write"}
    assert set(re.findall(r"secrets\.(\w+)", FILE.read_text(encoding="utf-8"))) == {"AWS_ROLE_ARN"}
    assert job["steps"][0]["with"]["persist-credentials"] is False


def test_a_log_that_all_can_read_does_not_have_the_account_in_it(job):
    entries = [step["with"] for step in job["steps"] if step.get("uses", "").startswith("aws-actions/")]
    assert len(entries) == 3
    for given in entries:
        assert given == {
            "role-to-assume": "${{ secrets.AWS_ROLE_ARN }}",
            "aws-region": "${{ vars.AWS_REGION }}",
            "mask-aws-account-id": True,
        }


def test_two_runs_wait_for_each_other_and_none_runs_for_ever(workflow, job):
    assert workflow["concurrency"] == {"group": "aws-weekly", "cancel-in-progress": False}
    assert job["timeout-minutes"] <= 180
    limits = [named(job, words)["timeout-minutes"] for words in ("Hold docs/parity.md", "Run every lesson", "Clean up")]
    assert sum(limits) < job["timeout-minutes"] and max(limits) < 60  # keys last an hour


def test_actions_are_pinned_by_commit(job):
    used = [step["uses"] for step in job["steps"] if "uses" in step]
    assert used and all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", each) for each in used)
    pinned = re.findall(r"uses: \S+@[0-9a-f]{40} (# v\d+\.\d+\.\d+)$", FILE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(pinned) == len(used), "the version is beside each commit"


def test_it_cleans_up_whatever_happened_with_keys_that_are_fresh(job):
    names = [step.get("name", "") for step in job["steps"]]
    place = next(at for at, name in enumerate(names) if name.startswith("Clean up"))
    clean, before = job["steps"][place], job["steps"][place - 1]
    assert clean["if"] == before["if"] == "always()" and before["uses"].startswith("aws-actions/")
    assert "cleanup --all" in clean["run"]
    after = job["steps"][place + 1 :]
    assert all("always()" in step["if"] for step in after)


def test_it_says_yes_to_the_account_of_its_role_alone(job):
    assert "UPGRADE101_YES" not in job["env"] and named(job, "Enter the account")["id"] == "account"
    said = {step["name"]: step["env"] for step in job["steps"] if "env" in step}
    number = {"UPGRADE101_YES": "${{ steps.account.outputs.aws-account-id }}"}
    assert said == {named(job, words)["name"]: number for words in ("Hold docs/parity.md", "Run every lesson")}


@pytest.mark.skipif(shutil.which("bash") is None or os.name == "nt", reason="its commands are bash's, as on its runner")
@pytest.mark.parametrize("words", ["Hold docs/parity.md", "Run every lesson", "Clean up, and prove it"])
def test_a_signal_to_a_step_reaches_the_command_and_no_shell_before_it(job, tmp_path, words):
    (tmp_path / "python3").write_text('#!/bin/sh\necho $$ > "$REPORTS/pid"\n')
    (tmp_path / "python3").chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "REPORTS": str(tmp_path),
        "TARGET": "aws",
        "LESSONS": "--only 05",
    }
    step = tmp_path / "step.sh"
    step.write_text(named(job, words)["run"])
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(step)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as shell:
        shell.communicate(timeout=60)
    assert int((tmp_path / "pid").read_text()) == shell.pid


def test_the_ledger_is_safe_before_anything_is_cleaned_up(job):
    """Five minutes after a run was cancelled its machine is gone, and the ledger on it."""
    names = [step.get("name", "") for step in job["steps"]]
    keep = named(job, "Keep the ledger")
    assert names.index("Enter the account to clean up") == names.index(keep["name"]) + 1
    assert keep["if"] == "always()" and keep["with"]["if-no-files-found"] == "ignore"
    assert (
        keep["with"]["path"] == "${{ env.UPGRADE101_LEDGER }}/*.jsonl" and keep["with"]["include-hidden-files"] is True
    )


def test_what_github_fills_in_never_becomes_part_of_a_command(job):
    assert [step["run"] for step in job["steps"] if EXPRESSION.search(step.get("run", ""))] == []


def test_every_command_is_one_that_start_py_has(job):
    words = set(re.findall(r"python3 start\.py (\w+)", " ".join(step.get("run", "") for step in job["steps"])))
    from upgrade101.__main__ import app

    known = {command.name or command.callback.__name__ for command in app.registered_commands}
    assert words == {"python", "conform", "elsewhere", "cleanup"} and words - {"python"} <= known


@pytest.mark.skipif(shutil.which("bash") is None or os.name == "nt", reason="its commands are bash's, as on its runner")
def test_every_command_runs_with_moto_in_the_place_of_aws(job, tmp_path):
    """start.py would make .venv; here its place is taken by the Python of the tests."""
    shim = tmp_path / "bin" / "python3"
    shim.parent.mkdir()
    shim.write_text(
        '#!/bin/sh\nshift\nif [ "$1" = python ]; then shift; exec "$PYTHON" "$@"; fi\n'
        'exec "$PYTHON" -m upgrade101 "$@"\n'
    )
    shim.chmod(0o755)
    environment = {
        **os.environ,
        **{name: str(value) for name, value in job["env"].items() if "${{" not in str(value)},
        "PYTHON": sys.executable,
        "PATH": f"{shim.parent}{os.pathsep}{os.environ['PATH']}",
        "TARGET": "moto",
        "LESSONS": "--only 00 --no-labs",
        "REPORTS": str(tmp_path / "reports"),
        "UPGRADE101_LEDGER": str(tmp_path / "runs"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
    }
    ran = 0
    for step in (step for step in job["steps"] if "run" in step):
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, f"{step['name']}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        ran += 1
    assert ran == 5
    reports = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "reports").iterdir()}
    assert " same, 0 different" in reports["parity.txt"] and "00" in reports["lessons.txt"]
    assert "there is no ledger of a run on this machine" in reports["cleanup.txt"]
    assert reports["parity.md"] in (tmp_path / "summary.md").read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("bash") is None or os.name == "nt", reason="its commands are bash's, as on its runner")
def test_a_command_that_fails_fails_its_step_though_its_words_are_kept(job, tmp_path):
    step = named(job, "Hold docs/parity.md")
    environment = {**os.environ, "TARGET": "mars", "REPORTS": str(tmp_path), "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    (tmp_path / "python3").write_text(f'#!/bin/sh\nshift\nexec "{sys.executable}" -m upgrade101 "$@"\n')
    (tmp_path / "python3").chmod(0o755)
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and "no cloud called 'mars'" in (tmp_path / "parity.txt").read_text(encoding="utf-8")
