"""Read any YAML with places, and change a hand-written file, by ruamel.yaml.

This is the only module that imports ruamel.yaml. It is imported only when a file has to
be parsed.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from ticketctl.core.yaml_node import Node, Scalar, resolve
from ticketctl.errors import BrokenError, Place
from ticketctl.store.files import MAX_BYTES
from ticketctl.store.yaml.limits import HINT, MAX_NODES, check_bounds

MAX_DEPTH = 20
_SURROGATE = re.compile("[\ud800-\udfff]")


def read_yaml(data: bytes, path: str) -> Node:
    """Parse one YAML document, every value with its place.

    Limits are checked before parsing (1 MiB, strict UTF-8, those of
    ``store/yaml/limits.py``) and while parsing, in the stream of events: depth 20,
    20,000 values, one document; no anchors, aliases, tags, directives, merge keys or
    duplicate keys.

    Args:
        data: the bytes of the file.
        path: its name, for errors.

    Raises:
        BrokenError: with the place of what is wrong.
    """
    text = _decode(data, path)
    check_bounds(text, path)
    try:
        # pure=False: ruamel's C scanner where it is installed (the extra "fast": 8
        # times as fast), else its own
        return _NodeReader(
            YAML(typ="safe", pure=False).parse(io.StringIO(text)), path
        ).document()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(path, mark.line + 1, mark.column + 1) if mark else Place(path)
        raise _not_yaml(error.problem or error.context or "", place) from None
    except BrokenError:
        raise
    except Exception as error:
        # ruamel also raises ValueError, KeyError, IndexError, AssertionError and
        # RecursionError.
        reason = str(error).partition("\n")[0] or repr(error)
        raise _not_yaml(reason, Place(path)) from None


_PROBLEMS = (
    ("mapping values", 'unexpected ": ": quote the value, or check the indentation'),
    ("could not find expected ':'", 'missing ":" after a key'),
    ("cannot start any token", "a tab, or a special character without quotes"),
    ("found unexpected end of stream", "a quote is not closed"),
    ("flow sequence", "a bracket [ is not closed"),
    ("',' or ']'", "a bracket [ is not closed"),
    ("',' or '}'", "a bracket { is not closed"),
    ("<block end>", "wrong indentation, or an unexpected bracket"),
    ("<document start>", "unexpected text after the end"),
    ("alphabetic or numeric", "a value that begins with * or & needs quotes"),
    ("chomping", "only a line end may follow | or >"),
    ("unacceptable character", "a control character"),
    ("expected key", "wrong indentation"),
    ("unknown escape character", "unknown escape after a backslash in quotes"),
)
"""What ruamel.yaml, or libyaml, says; and the mistake that it usually means."""


def _not_yaml(reason: str, place: Place) -> BrokenError:
    """Return the error of a text that is not YAML.

    Args:
        reason: in the parser's own words.
    """
    mistakes = (mistake for problem, mistake in _PROBLEMS if problem in reason)
    mistake = next(mistakes, "the parser cannot read it")
    return BrokenError(f"invalid YAML: {mistake}", f"YAML parser: {reason}", place)


def _decode(data: bytes, path: str) -> str:
    """Return the text of a file.

    Raises:
        BrokenError: it is too large, not UTF-8, or has conflict markers.
    """
    if len(data) > MAX_BYTES:
        raise BrokenError(f"larger than {MAX_BYTES >> 20} MiB", place=Place(path))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        col = error.start - data.rfind(b"\n", 0, error.start)
        raise BrokenError(
            "not UTF-8", "save the file as UTF-8", Place(path, line, col)
        ) from None
    for number, line_text in enumerate(text.split("\n"), 1):
        if line_text.startswith(("<<<<<<< ", ">>>>>>> ")):
            hint = "finish the merge: keep the entries of both sides, then run ticketctl check"
            raise BrokenError(
                "unresolved merge: there are conflict markers",
                hint,
                Place(path, number, 1),
            )
    return text


class _NodeReader:
    """A builder of nodes from ruamel's stream of events."""

    def __init__(self, events: Iterator[Any], path: str) -> None:
        self.events, self.path = events, path
        self.nodes = 0

    def fail(self, event: Any, message: str, hint: str = "") -> BrokenError:
        """Return the error of an event, with its place."""
        mark = event.start_mark
        return BrokenError(
            message, hint, Place(self.path, mark.line + 1, mark.column + 1)
        )

    def document(self) -> Node:
        """Return the one document of the stream; null, if it is empty.

        Raises:
            BrokenError: there are more, or it has what we do not accept; likewise
                below.
        """
        node: Node | None = None
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                if event.version or event.tags:
                    raise self.fail(event, "YAML directives are not allowed")
                if node is not None:
                    raise self.fail(event, "more than one document in the file")
                node = self.node(next(self.events), 1)
        return node or Node(None, 1, 1)

    def node(self, event: Any, depth: int) -> Node:
        """Return the value that begins with an event, ``depth`` levels down."""
        if isinstance(event, AliasEvent):
            raise self.fail(event, "aliases (*name) are not allowed")
        if event.anchor is not None:
            raise self.fail(event, "anchors (&name) are not allowed")
        if event.tag not in (None, "!") or (
            event.tag == "!" and not isinstance(event, ScalarEvent)
        ):
            raise self.fail(event, "tags (!name) are not allowed")
        if depth > MAX_DEPTH:
            raise self.fail(event, f"nested deeper than {MAX_DEPTH}")
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise self.fail(event, f"more than {MAX_NODES:,} values", HINT)
        line, col = event.start_mark.line + 1, event.start_mark.column + 1
        if isinstance(event, ScalarEvent):
            if _SURROGATE.search(event.value):
                raise self.fail(event, "lone surrogate in text")
            # implicit[0] is true for a scalar without quotes
            value: Scalar = (
                resolve(event.value)
                if event.implicit[0] and not event.style
                else event.value
            )
            end = (
                event.end_mark.column + 1
                if event.end_mark.line + 1 == line and event.style not in ("|", ">")
                else 0
            )
            return Node(value, line, col, end=end)
        if isinstance(event, SequenceStartEvent):
            return Node(list(self.sequence(depth)), line, col)
        return self.mapping(event, depth, line, col)

    def sequence(self, depth: int) -> Iterator[Node]:
        """Yield the items of a list whose start has been read."""
        while not isinstance(event := next(self.events), SequenceEndEvent):
            yield self.node(event, depth + 1)

    def mapping(self, start: Any, depth: int, line: int, col: int) -> Node:
        """Return the mapping that begins with an event, at a place of the file."""
        assert isinstance(start, MappingStartEvent)
        values: dict[str, Node] = {}
        keys: dict[str, tuple[int, int]] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            if not isinstance(event, ScalarEvent):
                raise self.fail(event, "a key must be a word, or a text in quotes")
            key = self.node(event, depth + 1)
            name = event.value
            if name == "<<" and not event.style:
                raise self.fail(event, "merge keys (<<) are not allowed")
            if name in values:
                raise self.fail(event, f'duplicate key "{name}"')
            keys[name] = (key.line, key.col)
            values[name] = self.node(next(self.events), depth + 1)
        return Node(values, line, col, keys)


def rewrite(data: bytes, fresh: bytes, known: tuple[str, ...], added: int) -> bytes:
    """Return a hand-written ticket file in a new state.

    Its comments, order and unknown keys are kept.

    Args:
        data: the file as it is, which has been read without errors.
        fresh: the new state in our canonical form; the new values come from it, with
            their styles.
        known: the head keys that are ours; those that are not in ``fresh`` are removed.
        added: how many entries at the end of ``fresh`` are new.
    """
    yaml = YAML(typ="rt", pure=True)
    yaml.preserve_quotes = True
    yaml.width = 2**31
    document, new = yaml.load(data.decode("utf-8")), yaml.load(fresh.decode("utf-8"))
    for key in known:
        if key not in new:
            document.pop(key, None)
        elif key not in document:
            before = [k for k in known[: known.index(key)] if k in document]
            document.insert(
                list(document).index(before[-1]) + 1 if before else 0, key, new[key]
            )
        elif document[key] != new[key]:
            document[key] = _merged(document[key], new[key])
    document["history"].extend(new["history"][len(new["history"]) - added :])
    out = io.StringIO()
    yaml.dump(document, out)
    return out.getvalue().encode("utf-8")


def _merged(old: Any, new: Any) -> Any:
    """Return the new value, put into the old mapping where there is one.

    So its comments stay.
    """
    if not (isinstance(old, CommentedMap) and isinstance(new, CommentedMap)):
        return new
    for key in [key for key in old if key not in new]:
        del old[key]
    for key, value in new.items():
        if old.get(key) != value:
            old[key] = _merged(old.get(key), value)
    return old
