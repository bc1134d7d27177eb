"""What a reader of an HTML page sees, as text, in time that grows as the page does."""

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
"""A character beyond all that there are; Python refuses to read very long numbers."""


def from_html(page: str) -> str:
    """The text of a page: no tags, no scripts, no styles, no comments."""
    words: list[str] = []
    hidden = 0
    for tag, closing, text in _pieces(page):
        if tag == "body":
            hidden = 0  # it ends the head, whether or not that was closed
        elif tag in _HIDDEN:
            hidden = max(hidden + (-1 if closing else 1), 0)
        elif tag in _BREAKS and not hidden:
            words.append("\n")
        if not hidden:
            words.append(text.replace("\n", " "))
    text = html.unescape(_NUMBER.sub("\ufffd", "".join(words)))
    lines = [" ".join(line.split()) for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _pieces(page: str) -> Iterator[tuple[str, bool, str]]:
    """Tags in order, each with whether it closes and the text behind it.

    The standard parser takes minutes over pages that are made for that.
    """
    first, *rest = page.split("<")
    yield "", False, first
    comment = False
    for piece in rest:
        if not comment and piece.startswith("!--"):
            comment, piece = True, piece[3:]
        if comment:
            _, end, text = piece.partition("-->")
            if end:
                comment = False
                yield "", False, text
            continue
        tag = _TAG.match(piece)
        inside, end, text = piece.partition(">")
        if not end or not (tag or inside[:1] in ("!", "?", "/")):
            yield "", False, f"<{piece}"
        else:
            yield tag[1].lower() if tag else "", piece.startswith("/"), text
