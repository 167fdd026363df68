"""What a student writes stands on the pages of nbgrader as words."""

import pytest

pytest.importorskip("nbgrader")

from upgrade101.grading.gradebook.pages import harmless_html

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<iframe src=//a.b></iframe>",
    "<style>*{display:none}</style>",
    "![x](https://a.b/who.png)",
    "<details ontoggle=alert(1) open>x</details>",
    "<a href='java&#10;script:alert(1)' onclick=alert(1)>x</a>",
    "[x](javascript:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
]


@pytest.mark.parametrize("source", HOSTILE)
def test_nothing_runs_or_loads(source: str) -> None:
    made = harmless_html(None, source)
    tags = [tag for tag in ("<script", "<img", "<svg", "<iframe", "<style") if tag in made]
    left = " ".join(part.split(">")[0] for part in made.split("<")[1:])
    assert tags == []
    assert "=alert" not in left and "ontoggle" not in left and "onclick" not in left
    assert 'href="javascript' not in made and 'href="data' not in made


def test_prose_is_laid_out_as_ever() -> None:
    made = harmless_html(None, "## A\n\n<details><summary>Stuck?</summary>\n\n`a < b` and **that**\n\n</details>")
    assert all(tag in made for tag in ("<h2>", "<details>", "<summary>", "<code>a &lt; b</code>", "<strong>"))
