"""The texts of an email to be read, and its attachments."""

from __future__ import annotations

from typing import NamedTuple

from ticketctl.store.email.charsets import decode_beginning
from ticketctl.store.email.html import from_html
from ticketctl.store.email.mime import Part

MAX_TEXT_BYTES = 1 << 20
"""How much of a body, in bytes, is read as text; a larger one is attached whole."""
_EMAILS = ("message/rfc822", "message/global", "message/news")
_REPORTS = ("message/delivery-status", "message/disposition-notification")


class Attachment(NamedTuple):
    """A file that came with an email; its sender chose the name (not to be trusted)."""

    name: str
    data: bytes


class EmailBody:
    """The body of an email: its texts in order; all other parts are attachments.

    An HTML page is left out only where the sender says that a plain text is the same
    (``multipart/alternative``). Only the beginning of a very large text is read; the
    whole text is then an attachment.

    Args:
        message: the outermost part.
    """

    def __init__(self, message: Part) -> None:
        self.attachments: list[Attachment] = []
        self.whole = ""
        self._remaining = MAX_TEXT_BYTES
        self._number = 0
        self._has_text: dict[tuple[int, int], bool] = {}
        self._texts = self._collect_texts(message)

    def text(self) -> str:
        """Return the text; pages without readable text become attachments."""
        texts = [self._read(part) for part in self._texts]
        pages = [
            (part, text)
            for part, text in zip(self._texts, texts, strict=True)
            if _is_page(part)
        ]
        if not any(text for _, text in pages) and not self.whole:
            for page, _ in pages:
                if (data := page.content()).strip():
                    self._attach("message.html", data)
        return "\n".join(texts)

    def _collect_texts(self, part: Part) -> list[Part]:
        """Return the texts in a part, the part itself included; attach the rest."""
        if not part.parts:
            return [part] if self._is_text(part) else []
        groups = [self._collect_texts(inner) for inner in part.parts]
        if part.declared == "multipart/alternative" and any(
            map(self._is_plain, groups)
        ):
            groups = [
                [text for text in group if not _is_page(text)] for group in groups
            ]
        return [text for group in groups for text in group]

    def _is_plain(self, texts: list[Part]) -> bool:
        """Return whether some of the texts is not blank, and none is a page."""
        return not any(map(_is_page, texts)) and any(map(self._is_filled, texts))

    def _is_filled(self, part: Part) -> bool:
        """Return whether a text is not blank; each is decoded once."""
        place = (part.start, part.end)
        if place not in self._has_text:
            text = decode_beginning(part.content(), part.charset, MAX_TEXT_BYTES)
            self._has_text[place] = bool(text.strip())
        return self._has_text[place]

    def _is_text(self, part: Part) -> bool:
        """Return whether a part is a text of the email; attach it if it is not."""
        kind, name = part.kind, part.name
        number, self._number = self._number, self._number + 1
        if kind in _EMAILS:  # its words are another sender's
            self._attach(name or "letter.eml", part.content())
        elif (
            name or part.attached or kind not in ("text/plain", "text/html", *_REPORTS)
        ):
            self._attach(name or f"part-{number}", part.content())
        else:
            return True
        return False

    def _attach(self, name: str, data: bytes) -> None:
        if data:
            self.attachments.append(Attachment(name, data))

    def _read(self, part: Part) -> str:
        """Return the text of a part, up to the limit for the whole email."""
        data = part.content()
        if len(data) > self._remaining:  # the first attachment, so that it is kept
            self.whole = "message.html" if _is_page(part) else "message.txt"
            self.attachments.insert(0, Attachment(self.whole, data))
        text = decode_beginning(data, part.charset, self._remaining)
        self._remaining -= min(len(data), self._remaining)
        return from_html(text) if _is_page(part) else text


def _is_page(part: Part) -> bool:
    return part.kind == "text/html"
