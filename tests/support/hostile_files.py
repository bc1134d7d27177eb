"""Files that do not belong into a store, and what commands may do with them."""

from __future__ import annotations

import json
import re
import resource
import time
from collections.abc import Callable
from pathlib import Path

from tests.support.kills import Child
from tests.support.shell import Ran
from tests.support.stores import make_store, make_tickets

BAD = "261102-mmmmm"


PATH = f"tickets/2026/11/02/{BAD}.yaml"


MOVE = ("Open", "-a", "amy@support.example")


ROOM = 50 << 20
"""How much memory a broken file may take, in bytes (11)."""


def two_tickets(tmp_path: Path) -> Path:
    """A store with three sound tickets; the one in the middle is to be spoilt."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa", "mmmmm", "zzzzz")
    return root


def after(line: int, text: bytes) -> Callable[[bytes], bytes]:
    """Put lines after the Nth line of a sound ticket."""

    def spoil(data: bytes) -> bytes:
        lines = data.splitlines(keepends=True)
        return b"".join([*lines[:line], text, *lines[line:]])

    return spoil


def title(text: bytes) -> Callable[[bytes], bytes]:
    """Another title in the head, which is line 3."""
    return lambda data: data.replace(b"title: Ticket mmmmm", b"title: " + text, 1)


def only(text: bytes) -> Callable[[bytes], bytes]:
    """Nothing but this."""
    return lambda data: text


LAUGHS = b"".join(
    b"%c: &%c [%s]\n"
    % (97 + n, 97 + n, b", ".join([b"lol" if not n else b"*%c" % (96 + n)] * 9))
    for n in range(12)
)


WHOLE: dict[str, tuple[bytes, int]] = {
    "billion laughs": (LAUGHS, 1),
    "5,000 brackets": (b"[" * 5000, 1),
    "5,000 braces": (b"{" * 5000, 1),
    "5,000 pairs": (b"{a: " * 5000, 1),
    "5,000 dashes": (b"- " * 5000, 1),
    "5,000 question marks": (b"? " * 5000, 1),
    "5,000 levels of indentation": (
        b"".join(b" " * n + b"a:\n" for n in range(1400)),
        20,
    ),
    "2 MiB of new lines": (b"\n" * (2 << 20), 0),
    "1 MiB of brackets": (b"[]," * 300_000, 1),
    "2,000 keys": (b"".join(b"key%d: 1\n" % n for n in range(2000)), 1),
    "set": (b"!!set {a, b}\n", 1),
    "empty": (b"", 0),
    "a new line": (b"\n", 0),
    "a comment": (b"# nothing\n", 0),
    "a mark of the byte order": (b"\xef\xbb\xbf", 0),
    "null": (b"null\n", 1),
    "a word": (b"hello\n", 1),
    "a list": (b"- id: 261102-mmmmm\n", 1),
    "an empty mapping": (b"{}\n", 1),
    "JSON": (b'{"id": "261102-mmmmm", "history": 7}\n', 1),
}
"""Files of any kind: name -> (content, the line that is to be named, 0 for the file as
a whole or whichever)."""


YAML: dict[str, tuple[Callable[[bytes], bytes], int]] = {
    **{name: (only(data), line) for name, (data, line) in WHOLE.items()},
    "billion laughs below a ticket": (lambda data: data + LAUGHS, 20),
    "anchor": (title(b"&a Ticket"), 3),
    "alias": (title(b"*a"), 3),
    "alias of itself": (title(b"&a [*a]"), 3),
    "anchor on the whole": (lambda data: b"&a\n" + data, 1),
    "merge key": (after(3, b"<<: {title: Other}\n"), 4),
    "merge key in an entry": (after(10, b"  <<: [{by: eve}]\n"), 11),
    "5,000 brackets as a title": (title(b"[" * 5000), 3),
    "scalar of 2 MiB": (title(b"a" * (2 << 20)), 0),
    "quoted scalar of 2 MiB": (title(b'"' + b"a" * (2 << 20) + b'"'), 0),
    "comment of 2 MiB": (after(1, b"#" * (2 << 20) + b"\n"), 0),
    "100 KB in a quote that is left open": (title(b'"' + b"a " * 50_000), 0),
    "tag of an object": (title(b'!!python/object/apply:os.system ["touch hacked"]'), 3),
    "tag of a name": (title(b"!!python/name:os.system"), 3),
    "tag of our own": (title(b"!x y"), 3),
    "tag on the history": (
        lambda data: data.replace(b"history:", b"history: !!omap", 1),
        6,
    ),
    "tag of a string": (title(b"!!str Ticket"), 3),
    "two documents": (lambda data: data + b"---\n" + data, 20),
    "end and more": (lambda data: data + b"...\n---\na: b\n", 21),
    "directive of a version": (lambda data: b"%YAML 1.1\n---\n" + data, 2),
    "directive of tags": (
        lambda data: b"%TAG ! tag:evil.example,2026:\n---\n" + data,
        2,
    ),
    "duplicate key": (after(3, b"title: Other\n"), 4),
    "duplicate key in an entry": (after(10, b"  at: 2026-11-02T09:00:00Z\n"), 11),
    "not UTF-8": (title(b"caf\xe9"), 3),
    "overlong UTF-8": (title(b"\xc0\xaf"), 3),
    "surrogate in UTF-8": (title(b"\xed\xa0\x80"), 3),
    "UTF-16": (lambda data: data.decode().encode("utf-16"), 1),
    "UTF-32": (lambda data: data.decode().encode("utf-32-le"), 0),
    "NUL": (title(b"a\0b"), 0),
    "NULs, as a crash of a file system leaves them": (lambda data: bytes(len(data)), 0),
    "escape": (title(b"\x1b[2J"), 0),
    "surrogate as an escape": (title(b'"\\ud800"'), 0),
    "escape that does not exist": (title(b'"\\q"'), 3),
    "escape beyond Unicode": (title(b'"\\U00110000"'), 0),
    "conflict markers": (
        after(3, b"<<<<<<< HEAD\ntitle: a\n=======\ntitle: b\n>>>>>>> other\n"),
        4,
    ),
    "conflict markers around all": (
        lambda data: b"<<<<<<< HEAD\n" + data + b"=======\n>>>>>>> other\n",
        1,
    ),
    "conflict markers with a base": (
        after(3, b"<<<<<<< HEAD\n||||||| 1234567\n=======\n>>>>>>> other\n"),
        4,
    ),
    "half a file": (lambda data: data[: len(data) // 2], 0),
    "tab as indentation": (after(3, b"fields:\n\tproduct: x\n"), 5),
    "open quote": (title(b'"Ticket'), 0),
    "open bracket": (title(b"[Ticket"), 0),
    "colon in a plain text": (title(b"a: b: c"), 3),
    "key that is a list": (after(3, b"? [a, b]\n: c\n"), 4),
    "key that is a mapping": (after(3, b"{a: b}: c\n"), 4),
    "key of 2,000 characters": (after(3, b"k" * 2000 + b": 1\n"), 0),
    "no history": (lambda data: data[: data.index(b"history:")], 1),
    "empty history": (
        lambda data: data[: data.index(b"history:")] + b"history: []\n",
        0,
    ),
    "history of words": (
        lambda data: data[: data.index(b"history:")] + b"history: [a, b]\n",
        6,
    ),
    "another id in the head": (
        lambda data: data.replace(b"id: 261102-mmmmm", b"id: 261102-aaaaa", 1),
        1,
    ),
    "another id in the history": (
        lambda data: data.replace(b"ticket: 261102-mmmmm", b"ticket: 261102-aaaaa", 1),
        0,
    ),
    "the file of another ticket": (lambda data: data.replace(b"mmmmm", b"aaaaa"), 1),
    "no id": (lambda data: data.replace(b"id: 261102-mmmmm\n", b"", 1), 0),
    "id with a path": (
        lambda data: data.replace(b"261102-mmmmm", b"../../../etc/passwd"),
        1,
    ),
    "profile with a path": (
        lambda data: data.replace(b"profile: biztech", b"profile: ../../../etc/passwd"),
        0,
    ),
    "profile that is a list": (
        lambda data: data.replace(b"profile: biztech", b"profile: [biztech]"),
        0,
    ),
    "profile that does not exist": (
        lambda data: data.replace(b"profile: biztech", b"profile: nobody"),
        0,
    ),
    "status that does not exist": (
        lambda data: data.replace(b"status: New", b"status: Lost").replace(
            b"to: New", b"to: Lost"
        ),
        0,
    ),
    "instant that does not exist": (
        lambda data: data.replace(b"2026-11-02T09:00:00Z", b"2026-02-30T09:00:00Z"),
        8,
    ),
    "instant before all time": (
        lambda data: data.replace(b"2026-11-02T09:00:00Z", b"0000-00-00T00:00:00Z"),
        8,
    ),
    "number of 5,000 digits": (after(14, b"    version: " + b"9" * 5000 + b"\n"), 0),
    "due that is no date": (after(14, b"    due: soon\n"), 0),
    "due after all time": (after(14, b"    due: 99999-12-31\n"), 0),
}
"""Tickets: name -> (what spoils a sound one, the line)."""


def bounded(
    act: Callable[[], list[Ran]], room: int = 300 << 20, seconds: int = 20
) -> tuple[list[Ran], int, float]:
    """Do it in a child that may not grow beyond a limit; the answers, how much it grew,
    and its time of computing."""

    def inside() -> Ran:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + room
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        before, start = (
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
            time.process_time(),
        )
        found = act()
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        answers = [[ran.out, ran.status, ran.err] for ran in found]
        return Ran(json.dumps([answers, grown * 1024, time.process_time() - start]), 0)

    ran = Child(inside).wait()
    assert ran.status == 0, f"it ran out of memory or time, or crashed: {ran}"
    answers, grown, used = json.loads(ran.out)
    return [Ran(*answer) for answer in answers], grown, used


def sane(ran: Ran) -> bool:
    """Whether an answer is one for users: no traceback, no bug, no Python."""
    return ran.status != 70 and not re.search(
        "Traceback|this is a bug|MemoryError|RecursionError|object at 0x", ran.err
    )


SETTINGS = {
    name: WHOLE[name][0]
    for name in (
        "billion laughs",
        "5,000 pairs",
        "5,000 dashes",
        "set",
        "2 MiB of new lines",
        "a word",
        "a list",
        "JSON",
    )
}
