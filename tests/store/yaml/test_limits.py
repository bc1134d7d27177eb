"""YAML from strangers (T9): 1 MiB of anything is read or refused at once.

Honest files are read.
"""

from __future__ import annotations

import random
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.shell import Ran
from tests.support.stores import done, make_store, make_tickets, ticketctl
from tests.support.ticket_files import SAMPLE
from ticketctl.core.entry import Entry
from ticketctl.core.history_graph import seal
from ticketctl.core.ticket import Ticket, fold
from ticketctl.errors import BrokenError
from ticketctl.store.paths import path_of
from ticketctl.store.tickets import Store
from ticketctl.store.yaml.commented_reader import read_commented
from ticketctl.store.yaml.fast_reader import read_canonical
from ticketctl.store.yaml.limits import MAX_LINES, MAX_NODES
from ticketctl.store.yaml.ruamel import read_yaml
from ticketctl.store.yaml.ticket_from_nodes import load_ticket
from ticketctl.store.yaml.writer import emit

MIB = 1 << 20


BOUND = 5.0
"""Ten times what a file may take, in seconds: before there were limits each of these
took as long, or longer."""


def full(part: str, before: str = "", after: str = "") -> bytes:
    """A file of 1 MiB that is nothing but one thing again and again."""
    return (
        before + part * ((MIB - len(before) - len(after)) // len(part)) + after
    ).encode()


BOMBS = {
    "a list in brackets": full("a,", "h: [", "a]"),
    "lists of one": full("- [a]\n"),
    "texts in brackets": full('"",', "h: [", "]"),
    "a list of lines": full("- a\n", "h:\n"),
    "dashes": full("- " * 18 + "a\n"),
    "empty texts": full("- a: |\n"),
    "keys": "".join(f"k{number}: v\n" for number in range(90_000)).encode(),
    "keys in braces": (
        "h: {" + ",".join(f"k{number}: a" for number in range(90_000)) + "}"
    ).encode(),
    "question marks": "".join(f"? a{number}\n: b\n" for number in range(90_000))[
        :MIB
    ].encode(),
    "a tag": full("a", "h: !<", "> b"),
}
"""Each took from 2 to 9 seconds."""


@pytest.mark.parametrize("data", BOMBS.values(), ids=BOMBS)
def test_what_would_take_long_is_refused_at_once(data: bytes) -> None:
    """With the place at which it becomes too much."""
    start = time.perf_counter()
    with pytest.raises(BrokenError) as caught:
        read_yaml(data, "x.yaml")
    assert time.perf_counter() - start < BOUND / 2
    assert caught.value.message.startswith("more than ")
    assert caught.value.place is not None
    assert caught.value.place.line > 0
    assert caught.value.place.col > 0
    assert caught.value.hint


LONG = {
    "lines of text": full("  x\n", "h: |\n"),
    "empty lines": full("\n", "h: a\n"),
    "lines without a break": full(" b\n", "h: a\n"),
    "comments": full("#\n", "h:\n", "  a: b"),
    "words": full("a ", "h: "),
    "quoted words": full("a ", "h: '", "'"),
    "one word": full("a", "h: "),
    "spaces": full(" ", "h:\n", "b: c"),
    "returns": full("\r", "h: b"),
    "escapes": full("\\n", 'h: "', '"'),
    "nothing but a quotation mark": full("a\n ", 'h: "'),
    "dashes in a row": full("- "),
    "brackets": full("["),
    "one key": full("k: v\n"),
    "a directive": full("x", "%A ", "\n--- a"),
    "documents": full("---\n"),
    "an anchor": full("a", "h: &", " b"),
    "tabs": full("\t\n", "h:\n"),
    "surrogates": full("\\ud800", 'h: "', '"'),
}


@pytest.mark.parametrize("data", LONG.values(), ids=LONG)
def test_what_else_1_mib_can_be(data: bytes) -> None:
    """Read or refused: never a crash, never a wait."""
    start = time.perf_counter()
    try:
        read_yaml(data, "x.yaml")
    except BrokenError as error:
        assert error.place is not None
        assert error.place.line > 0
    assert time.perf_counter() - start < BOUND


FRAGMENTS = [
    '"\\',
    "'",
    '"',
    "[",
    "]",
    '{"',
    '# "',
    "|\n",
    "- ",
    "? ",
    ": ",
    ",!",
    ",!x ",
    "- | #",
    "&a ",
    "*a ",
    "!!str |\n",
    "''",
    "- >- \t\n",
    "\r",
    "\r\n ",
    "\t",
    "%",
    "@",
    "`",
    "a: ",
    "a: [",
    "\\",
    "<<: ",
    "--- ",
    "...\n",
    "\u2028",
    "\\u",
    '"\n',
    "a b ",
    " #",
    "- a: |\n",
    "['",
    "{a: ",
]


BEFORE = ["", "# " + "," * 20_001 + "\nx: [", 'x: "', "x: |\n  ", "x: {"]


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_no_fragment_takes_longer_than_its_length(fragment: str) -> None:
    """Four times as much takes no sixteen times as long, whatever stands before it; an
    unclosed quotation mark with 220 KB of these took more than half a minute."""
    for before in BEFORE:
        took = []
        for number in (8_000, 32_000):
            data = (before + fragment * number)[:MIB].encode()[:MIB]
            start = time.perf_counter()
            with suppress(BrokenError):
                read_yaml(data, "x.yaml")
            took.append(time.perf_counter() - start)
            assert took[-1] < BOUND, (before[:9], number)
        assert took[1] < max(0.3, 10 * took[0]), (before[:9], took)


ROW = 'a line, of [a log] - with {everything}? yes: # and "more"; it\'s, all, text\n'


HONEST = {
    "a block with line ends of Windows": "note: |\r\n"
    + f"  {ROW}".replace("\n", "\r\n") * 5_000,
    "a head with a comment": 'note: >- # "[\n' + f"  {ROW}" * 5_000,
    "a text in quotation marks over lines": "note: '"
    + ROW.replace("'", "''").replace("\n", "\n  ") * 5_000
    + "'",
    "a bracket in a comment": "# see [ and {\na: b # [\nnote: |\n" + f"  {ROW}" * 5_000,
    "a bracket in a plain text": "a: see [ and {\nnote: |\n" + f"  {ROW}" * 5_000,
    "a plain text over lines": "note: x\n" + "  a, b - c? d, e:f\n" * 5_000,
    "commas in comments": "# ,,,,,,,,,,\n" * 5_000 + "note: x\n",
    "many words": "note: 'x\n" + "  a b c d e f g h i j k l\n" * 24_000 + "  '",
}


@pytest.mark.parametrize("text", HONEST.values(), ids=HONEST)
def test_an_honest_text_counts_as_one_value(text: str) -> None:
    """However it is written: nothing is estimated from its characters."""
    assert len(read_yaml(text.encode(), "x.yaml").map["note"].text) > 0


def test_values_are_counted_in_the_stream_too() -> None:
    """What looks like a block of text, and is none, is not passed over."""
    data = ("h: [ # x: |\n" + "  a,a,a,a,a,a,a,a\n" * (MAX_NODES // 4) + "]\n").encode()
    with pytest.raises(BrokenError, match=rf"more than {MAX_NODES:,} values"):
        read_yaml(data, "x.yaml")


def test_the_limits_themselves() -> None:
    """So many, and one more."""
    most = "h: [" + ",".join("a" * (MAX_NODES // 3)) + "]"
    assert len(read_yaml(most.encode(), "x").map["h"].items) == MAX_NODES // 3
    text = "h: |\n" + "  x\n" * (MAX_LINES - 2)
    assert read_yaml(text.encode(), "x").map["h"].text.count("\n") == MAX_LINES - 2
    with pytest.raises(BrokenError, match="more than 150,000 lines"):
        read_yaml((text + "  x\n" * 2).encode(), "x")


def history(*more: dict[str, object]) -> Ticket:
    """The sample ticket with more entries."""
    entries = list(
        load_ticket(
            SAMPLE.encode(), "x", read_yaml(SAMPLE.encode(), "x"), "261121-k3qx9"
        ).ticket.history
    )
    for content in more:
        who = ("2026-11-22T09:00:00Z", "amy@support.example", "agent")
        entries.append(
            seal(
                entries[-1:], Entry(*who, str(content.pop("event", "noted")), **content)
            )
        )  # type: ignore[arg-type]
    return fold(entries)


TEXT = "".join(
    f"  {number}: a line, of [a log] - with {{everything}}? yes: # {number}\n"
    for number in range(400)
).lstrip()


def test_an_honest_large_ticket_with_a_comment(tmp_path: Path) -> None:
    """Nearly 1 MiB, thousands of lines, a comment: it is read, changed and keeps its
    comment."""
    ticket = history(
        *({"note": TEXT} for _ in range(35)),
        *({"note": f"look {number}"} for number in range(300)),
    )
    data = emit(ticket).replace(
        b"status: Open\n", b"# ask Bob\nstatus: Open  # since Monday\n"
    )
    assert 800_000 < len(data) <= MIB
    assert data.count(b"\n") > 10_000
    store = Store(str(tmp_path))
    was = store.parse(path_of(ticket.id), data)
    assert was.ticket == ticket
    assert not was.canonical
    after = fold(
        [
            *ticket.history,
            seal(
                ticket.history,
                Entry("2026-11-23T09:00:00Z", "a@b.c", "agent", "noted", note="x"),
            ),
        ]
    )
    write = store.writes(after, was)
    assert b"# ask Bob\nstatus: Open  # since Monday\n" in write.data
    assert store.parse(path_of(ticket.id), write.data).ticket == after


def test_an_honest_large_ticket_with_a_key_of_its_own(tmp_path: Path) -> None:
    """What only the YAML library reads: texts count for little, however many lines and
    commas they have."""
    ticket = history(*({"note": TEXT} for _ in range(35)))
    data = emit(ticket).replace(b"status: Open\n", b"status: 'Open'\nmood: good\n")
    assert len(data) > 700_000
    assert Store(str(tmp_path)).parse(path_of(ticket.id), data).ticket == ticket


def test_a_file_with_comments_is_read_as_yaml_reads_it() -> None:
    """Comments and empty lines anywhere: the same ticket and the same places as by the
    YAML library, or left to it."""
    ticket = history(
        {"note": "a # b\nc\n\n  # d\n\nlast\n"},
        {"text": 'quote " # x'},
        {"text": "one: two # no"},
        {"note": "x\n# at the start\ny"},
        {"note": "# first"},
        {"note": "tail\n\nthing\n"},
        {
            "event": "edited",
            "sets": {"fields.product": "a#b", "watchers": ("a@b.c", "d@e.f")},
        },
    )
    draw, read = random.Random(9), 0
    for _ in range(250):
        lines = emit(ticket).decode().split("\n")[:-1]
        for _ in range(draw.randint(1, 3)):
            at = draw.randrange(len(lines))
            remark = draw.choice([" # c", " #c", '   # c "q', "#x", ' # "', " #"])
            added = [
                " " * draw.choice([0, 0, 1, 2, 4, 4, 6]) + "# c: x",
                draw.choice(["", "  ", "      "]),
            ]
            lines[at : at + 1] = draw.choice(
                [[added[0], lines[at]], [added[1], lines[at]], [lines[at] + remark]]
            )
        data = ("\n".join(lines) + "\n").encode()
        found = None if read_canonical(data) else read_commented(data)
        if found is not None:
            read += 1
            by_yaml = load_ticket(data, "x", read_yaml(data, "x"), ticket.id)
            assert (
                found == (by_yaml.ticket, by_yaml.located) and not by_yaml.differences
            ), data.decode()
    assert read > 100


def test_a_comment_within_a_text_is_left_to_the_yaml_library() -> None:
    """It is a mistake there, and is named."""
    data = emit(history({"note": "one\ntwo\nthree\n"})).replace(
        b"    two\n", b"  # here\n    two\n"
    )
    assert read_commented(data) is None
    with pytest.raises(BrokenError):
        Store("/").parse(path_of("261121-k3qx9"), data)


def test_every_command_says_where(tmp_path: Path) -> None:
    """Tickets 65, settings and profiles 78, what is typed 65; each with its place."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    path = root / "tickets/2026/11/02/261102-aaaaa.yaml"
    held = path.read_bytes()
    bomb = BOMBS["a list in brackets"]

    def told(ran: Ran, status: int, where: str) -> None:
        assert ran.status == status and where in ran.err and "more than " in ran.err, (
            ran
        )

    path.write_bytes(held + b"h: [" + bomb[4:900_000] + b"]\n")
    line = held.count(b"\n") + 1
    told(
        ticketctl(root, "show", "aaaaa"),
        65,
        f"tickets/2026/11/02/261102-aaaaa.yaml:{line}:",
    )
    assert ticketctl(root, "check").status == 65
    path.write_bytes(held)
    done(root, "show", "aaaaa")
    (root / "profiles").mkdir(exist_ok=True)
    (root / "profiles/own.yaml").write_bytes(bomb)
    told(ticketctl(root, "profile", "check", "own"), 78, "profiles/own.yaml:1")
    told(ticketctl(root, "new", "x", "-p", "own"), 78, "profiles/own.yaml:1")
    (root / "profiles/own.yaml").unlink()
    (root / "ticketctl.yaml").write_bytes(bomb)
    told(ticketctl(root, "list"), 78, "ticketctl.yaml:1")
