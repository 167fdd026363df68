"""What docs/grading.md says to hand out: a lab runs in it, and no solution is there."""

import os
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

LEARNER = """
import os
os.chdir("labs/03_routes")
import upgrade101
from upgrade101 import check, cloud, solution
cloud.start()
check("03.2", "${request.body.shop.name}/${request.body.do}")
solution("03.2")
cloud.stop()
print(upgrade101.__file__)
"""


def commands() -> list[str]:
    lines = (ROOT / "docs" / "grading.md").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.startswith("    git archive ")]


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="what was handed out itself has no history to archive")
def test_what_is_handed_out_runs_labs_and_holds_no_solutions(tmp_path: Path) -> None:
    (command,) = commands()
    words = shlex.split(command)
    packed = tmp_path / words[words.index("-o") + 1]
    words[words.index("-o") + 1] = str(packed)
    subprocess.run(words, cwd=ROOT, check=True)
    with zipfile.ZipFile(packed) as found:
        names = found.namelist()
        found.extractall(tmp_path)
    top = names[0].partition("/")[0]
    assert not [name for name in names if "solutions/" in name or "/tests/" in name or ".git/" in name]
    assert {f"{top}/{name}" for name in ("start.py", "pyproject.toml", "requirements.lock.txt")} <= set(names)
    assert len([name for name in names if name.startswith(f"{top}/labs/") and name.endswith(".ipynb")]) >= 13
    done = subprocess.run(
        [sys.executable, "-c", LEARNER],
        cwd=tmp_path / top,
        env={**os.environ, "PYTHONPATH": str(tmp_path / top / "src")},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "03.2" in done.stdout and "done" in done.stdout
    assert done.stdout.strip().endswith(str(tmp_path / top / "src" / "upgrade101" / "__init__.py"))
