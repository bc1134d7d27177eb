"""Read ticket files that are in our form, except for comments and empty lines.

This is what most people add by hand. Such files are read without a YAML library,
however large: the comments are removed, the rest must be in our form byte for byte, and
the places are those of the file.
"""

from __future__ import annotations

from collections.abc import Sequence

from ticketctl.core.ticket import Ticket
from ticketctl.core.yaml_node import Node
from ticketctl.pattern import pattern
from ticketctl.record import replace
from ticketctl.store.yaml.fast_reader import read_canonical
from ticketctl.store.yaml.located_reader import read_strict

_INDENT = pattern(r" *(?:- )?")
_LITERAL = pattern(r".*: \|-?\Z")
_REMARK = pattern(r'((?:[^"#]|"(?:[^"\\]|\\.)*"|(?<=[^ ])#)*?) #')
"""What stands on a line before the comment at its end."""


def read_commented(data: bytes) -> tuple[Ticket, Node] | None:
    """Return the ticket and the located content of a file with comments.

    ``None``, if the file has no comment, or is not in our form without them.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if (
        not text.endswith("\n")
        or "\r" in text
        or not ("#" in text or "\n\n" in text or text.startswith("\n"))
    ):
        return None
    bare_lines = _without(text[:-1].split("\n"))
    if bare_lines is None:
        return None
    lines, numbers = bare_lines
    bare = ("\n".join(lines) + "\n").encode()
    ticket = read_canonical(bare)
    node = read_strict(bare) if ticket is not None else None
    return (
        (ticket, _moved(node, numbers))
        if ticket is not None and node is not None
        else None
    )


def _without(lines: Sequence[str]) -> tuple[list[str], list[int]] | None:
    """Return the lines without comments and empty ones, and their numbers in the file.

    ``None``, if a comment stands between the lines of a text, where YAML does not allow
    it, or if a line of a text consists of spaces.
    """
    content: list[str] = []
    numbers: list[int] = []
    empty: list[
        int
    ] = []  # of empty lines, which belong to a text if it continues below them
    block = -1  # the column at which the lines of a text begin; -1 outside a text
    ended = -1  # the same of a text that a comment has ended
    for number, line in enumerate(lines, 1):
        if not line.strip(" "):
            if len(line) > block >= 0:
                return None  # its spaces are a part of the text
            empty.append(number)
            continue
        indent = len(line) - len(line.lstrip(" "))
        if block >= 0 and indent >= block:
            content += [""] * len(empty)
            numbers += [*empty, number]
            content.append(line)
            empty.clear()
            continue
        empty.clear()
        if line[indent] == "#":
            block, ended = -1, max(block, ended)
            continue
        if 0 <= ended <= indent:
            return None
        remark = _REMARK.match(line) if " #" in line else None
        line = remark[1].rstrip(" ") if remark else line
        content.append(line)
        numbers.append(number)
        lead = _INDENT.match(line)
        block, ended = (
            (lead.end() if lead else 0) + 2 if _LITERAL.match(line) else -1,
            -1,
        )
    return content, numbers


def _moved(node: Node, numbers: Sequence[int]) -> Node:
    """Return a node with the line numbers of the file that has the comments."""
    value = node.value
    if isinstance(value, dict):
        value = {key: _moved(child, numbers) for key, child in value.items()}
    elif isinstance(value, list):
        value = [_moved(child, numbers) for child in value]
    keys = (
        {key: (numbers[line - 1], col) for key, (line, col) in node.keys.items()}
        if node.keys
        else node.keys
    )
    return replace(node, value=value, line=numbers[node.line - 1], keys=keys)
