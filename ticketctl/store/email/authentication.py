"""Find the servers that vouch for an email's sender: ``Authentication-Results``.

The header is described in RFC 8601.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ticketctl.store.email.headers import without_comments

_TOKEN = re.compile(r'[;="]|[^\s;="]+|\s+')
_QUOTED = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"', re.DOTALL)
_STRAY = re.compile(r'["()]')
"""What remains of a quoted string or a comment that is not closed."""
_KEY = re.compile(r"[a-z0-9-]+([./][a-z0-9_-]+)?")


class _Token(NamedTuple):
    """A word, a quoted string, or one of ``;`` and ``=``."""

    text: str
    quoted: bool
    apart: bool
    """Whether there is a blank, or a comment, before it."""


class _Claim(NamedTuple):
    """One ``key=value`` of a result."""

    key: str
    value: str
    quoted: bool


class _MalformedError(ValueError):
    """A header that does not follow RFC 8601."""


def vouching_servers(values: Iterable[str], domain: str) -> tuple[str, ...]:
    """Return the servers that vouch for the sender of an email (DMARC passed).

    Of the headers of one server only the topmost counts: the server itself has put it
    there; those below may have come with the email. It vouches if it has exactly one
    ``dmarc`` result, which is ``pass``, for exactly this domain.

    Args:
        values: the headers, the topmost first.
        domain: of the address in ``From``.

    Returns:
        Their names in lower case.
    """
    passes_by_server: dict[str, bool] = {}
    for value in values:
        try:
            server, results = _parsed(value)
        except _MalformedError:
            continue  # it does not even name a server
        if server not in passes_by_server:
            passes_by_server[server] = bool(domain) and _passed(results, domain.lower())
    return tuple(server for server, passes in passes_by_server.items() if passes)


def _parsed(value: str) -> tuple[str, list[list[_Token]]]:
    """Return the name of the server, and the tokens of each result.

    Raises:
        _MalformedError: there is no name.
        NestingError: comments are nested too deep.
    """
    parts: list[list[_Token]] = [[]]
    for token in _tokens(without_comments(value, quoted=False)):
        if token.text == ";" and not token.quoted:
            parts.append([])
        else:
            parts[-1].append(token)
    head, *results = parts
    if not head or (not head[0].quoted and _STRAY.search(head[0].text)):
        raise _MalformedError
    if not head[0].text.isascii():  # the lower case of a Kelvin sign is a k
        raise _MalformedError
    version = [token.text for token in head[1:]]
    if version not in ([], ["1"]):
        return head[0].text.lower(), []  # an unknown version
    return head[0].text.lower(), results


def _tokens(text: str) -> Iterator[_Token]:
    """Yield the tokens of a header without its comments.

    The last is ``"`` if a quoted string is not closed.
    """
    at, apart = 0, False
    while match := _TOKEN.match(text, at):
        at = match.end()
        if match[0].isspace():
            apart = True
            continue
        token = _Token(match[0], False, apart)
        if match[0] == '"':
            quoted = _QUOTED.match(text, match.start())
            if quoted is None:
                yield token
                return
            value = re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL)
            token, at = _Token(value, True, apart), quoted.end()
        yield token
        apart = False


def _passed(results: Iterable[list[_Token]], domain: str) -> bool:
    """Return whether there is one result of DMARC, and it is a pass for a domain."""
    try:
        claims = [list(_claims(tokens)) for tokens in results]
    except _MalformedError:
        return False
    dmarc = [c for c in claims if c and c[0].key.partition("/")[0] == "dmarc"]
    if len(dmarc) != 1:
        return False
    method, *properties = dmarc[0]
    values = [
        method.value,
        *(claim.value for claim in properties if claim.key == "header.from"),
    ]
    if not all(map(str.isascii, values)):
        return False
    domains = [value.lower() for value in values[1:]]
    return (
        method.key in ("dmarc", "dmarc/1")
        and not method.quoted
        and method.value.lower() == "pass"
        and domains == [domain]
    )


def _claims(tokens: list[_Token]) -> Iterator[_Claim]:
    """Yield the claims of one result; none for ``none``.

    Raises:
        _MalformedError: a key has no value, for example.
    """
    at = 0
    while at < len(tokens):
        words: list[str] = []
        while at < len(tokens) and not (
            tokens[at].text == "=" and not tokens[at].quoted
        ):
            if tokens[at].quoted:
                raise _MalformedError
            words.append(tokens[at].text)
            at += 1
        text = "".join(words)
        key = text.lower()
        if at == len(tokens) and words == ["none"]:
            return
        if (
            at + 1 >= len(tokens)
            or not text.isascii()
            or not _KEY.fullmatch(key)
            or not _joinable(words)
        ):
            raise _MalformedError
        value, at = _value(tokens, at + 1)
        yield _Claim(key, value.text, value.quoted)


def _joinable(words: list[str]) -> bool:
    """Return whether spaces stand only around the dot or the slash of a key."""
    text = " ".join(words)
    return " " not in re.sub(r" ?([./]) ?", r"\1", text)


def _value(tokens: list[_Token], at: int) -> tuple[_Token, int]:
    """Return the value at a place, and where the next claim begins.

    Raises:
        _MalformedError: it is not a value.
    """
    first = tokens[at]
    if first.quoted:
        if at + 1 < len(tokens) and not tokens[at + 1].apart:
            raise _MalformedError
        return first, at + 1
    text = ""
    start = at
    while at < len(tokens) and (at == start or not tokens[at].apart):
        if tokens[at].quoted or _STRAY.search(tokens[at].text):
            raise _MalformedError
        text += tokens[at].text  # a signature in base64 ends with =
        at += 1
    return _Token(text, False, True), at
