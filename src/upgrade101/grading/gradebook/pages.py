"""nbgrader's pages for students: nothing on them runs, and nothing comes from elsewhere."""

from __future__ import annotations

import re
from typing import Any

import bleach  # type: ignore[import-untyped,unused-ignore]
from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter
from nbconvert.filters import markdown2html

from ..report import POLICY

_TAGS = frozenset(
    {"a", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5"}
    | {"h6", "hr", "li", "ol", "p", "pre", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "th"}
    | {"thead", "tr", "ul"}
)
_SCRIPT = re.compile(r"<script\b.*?</script\s*>", re.DOTALL | re.IGNORECASE)
_NO_WORDS = 'alt="No description has been provided for this image"'
_WORDS = 'alt="The wire log of the solution and of this answer, side by side; wire.html has it in words"'


class Pages(HTMLExporter):  # type: ignore[misc,unused-ignore]
    """Write feedback without nbgrader's scripts, which load MathJax from a distant machine."""

    def from_notebook_node(self, nb: Any, resources: Any = None, **more: Any) -> Any:
        """Return a notebook as a page, with its resources."""
        page, resources = super().from_notebook_node(nb, resources, **more)
        policy = f'<head><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        page = _SCRIPT.sub("", page).replace("<head>", policy, 1).replace(_NO_WORDS, _WORDS)
        return page, resources


@pass_context
def harmless_html(context: Any, source: str) -> str:
    """Return Markdown as HTML in which nothing runs or loads: a student's words stand on the instructor's own pages."""
    return str(bleach.clean(markdown2html(source), tags=_TAGS, attributes={"a": ["href", "title"]}))
