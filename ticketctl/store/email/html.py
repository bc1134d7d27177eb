"""Extract the text that a reader of an HTML page sees, in linear time."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

_TAG = re.compile(r"/?([a-zA-Z][a-zA-Z0-9]*)")
_BREAKS = frozenset(
    ("br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "blockquote", "table")
)
_HIDDEN = frozenset(("script", "style", "head", "title"))
_NUMBER = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9a-fA-F]{8,});?")
"""A character beyond Unicode; Python refuses to read very long numbers."""


def from_html(page: str) -> str:
    """Return the text of a page: no tags, no scripts, no styles, no comments."""
    texts: list[str] = []
    hidden_depth = 0
    for tag, closing, text in _pieces(page):
        if tag == "body":
            hidden_depth = 0  # it ends the head, whether or not that was closed
        elif tag in _HIDDEN:
            hidden_depth = max(hidden_depth + (-1 if closing else 1), 0)
        elif tag in _BREAKS and not hidden_depth:
            texts.append("\n")
        if not hidden_depth:
            texts.append(text.replace("\n", " "))
    text = html.unescape(_NUMBER.sub("\ufffd", "".join(texts)))
    lines = [" ".join(line.split()) for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _pieces(page: str) -> Iterator[tuple[str, bool, str]]:
    """Yield tags in order, each with whether it closes, and the text behind it.

    The standard parser takes minutes for pages that are made for that.
    """
    first, *rest = page.split("<")
    yield "", False, first
    in_comment = False
    for piece in rest:
        if not in_comment and piece.startswith("!--"):
            in_comment, piece = True, piece[3:]
        if in_comment:
            _, end, text = piece.partition("-->")
            if end:
                in_comment = False
                yield "", False, text
            continue
        tag = _TAG.match(piece)
        inside, end, text = piece.partition(">")
        if not end or not (tag or inside[:1] in ("!", "?", "/")):
            yield "", False, f"<{piece}"
        else:
            yield tag[1].lower() if tag else "", piece.startswith("/"), text
