"""Remove the quoted emails below the text that the sender wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ticketctl.errors import SettingsError

_LANGUAGES = ["en", "de", "fr", "es", "it", "nl", "pl", "sv", "da", "cs"]
_LONG_LINE, _LONG_TEXT = 300, 1 << 16
_MAX_HEADS = 200
_MARK = "\ue000"


def without_quotes(text: str) -> str:
    """Return the part of a body that its sender wrote, without the quoted email.

    mail-parser-reply knows in ten languages where an older email may begin; the text
    there is removed only if it is quoted (``>``) or has the head that Outlook puts
    above it. A result that would be empty is not used. Long lines and thousands of
    empty ones, which take the patterns of the library long, are put aside before. A
    text of more than 64 KiB is not changed, nor one with more than 200 such heads.

    Raises:
        SettingsError: the library is not installed.
    """
    if len(text) > _LONG_TEXT:
        return text
    short: list[str] = []
    put_aside: list[str] = []
    for line in text.replace(_MARK, "").split("\n"):
        if len(line) > _LONG_LINE:
            put_aside.append(line)
            line = f"{_MARK}{len(put_aside) - 1}{_MARK}"
        if line.strip() or short[-2:] != ["", ""]:
            short.append(line if line.strip() else "")
    pieces = _pieces("\n".join(short))
    if pieces is None:
        return text
    own_text = "\n\n".join(filter(None, _own(pieces)))
    restored = re.sub(
        f"{_MARK}(\\d+){_MARK}", lambda mark: put_aside[int(mark[1])], own_text
    )
    return restored.strip() or text


def _pieces(text: str) -> list[tuple[str, str]] | None:
    """Split a text into pieces, each from the head of an older email to the next.

    The library's own loop looks for signatures in each as well, in time that grows as
    the square of the text.

    Returns:
        (head, the piece with it); the first has no head. ``None`` if there are too
        many.
    """
    try:
        from mailparser_reply.parser import EmailMessage
    except ImportError:
        hint = "pip install 'ticketctl[mail]'"
        raise SettingsError(
            "the package mail-parser-reply is not installed", hint
        ) from None

    message = EmailMessage(text=text, languages=list(_LANGUAGES))
    text = message.text
    pieces: list[tuple[str, str]] = []
    at, last, number = 0, "", 0
    for match in message.HEADER_REGEX.finditer(text):
        for head in match.groups():
            if not head:
                continue
            number += 1
            if number > _MAX_HEADS:
                return None
            place = text.find(head, at + 1 if at > 0 else at)
            if piece := text[at:place].strip():
                pieces.append((last.strip(), piece))
            at, last = max(place, 0), head
    return [*pieces, (last.strip(), text[at:].strip())]


_HEAD_OF_OUTLOOK = re.compile(r"-{5,} ?Original", re.IGNORECASE)
_NAME = re.compile(r"^[*\W]*[^\W\d_]+:", re.MULTILINE)


def _own(pieces: list[tuple[str, str]]) -> Iterator[str]:
    """Yield the sender's own words in each piece, up to an email quoted whole."""
    torn = ""
    for head, content in pieces:
        if _HEAD_OF_OUTLOOK.search(head) or len(_NAME.findall(head)) > 3:
            return
        if not head:
            yield _without_tail(content)
        elif head.startswith(content) and head != content:
            torn = content  # a head that is split, as in French: this is its first word
        else:
            yield _own_lines(content, head, torn)
            torn = ""


def _without_tail(text: str) -> str:
    """Return a text without the quoted lines at its very end.

    Those in the middle are what the text answers.
    """
    lines = text.split("\n")
    while lines and (lines[-1].startswith(">") or not lines[-1].strip()):
        lines.pop()
    return "\n".join(lines)


def _own_lines(content: str, head: str, torn: str) -> str:
    """Return the lines below or between quoted lines; all, if nothing is quoted."""
    lines = content.split("\n")
    if not any(line.startswith(">") for line in lines):
        return f"{torn} {content}".strip()
    below = lines[head.count("\n") + 1 :] if content.startswith(head) else lines
    return "\n".join(line for line in below if not line.startswith(">")).strip("\n")
