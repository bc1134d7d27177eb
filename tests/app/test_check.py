"""Tests of ``ticketctl.app.check``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.hostile_files import BAD, MOVE, PATH, sane, two_tickets
from tests.support.stores import done, ticketctl
from ticketctl.core.entry import Entry
from ticketctl.core.history_graph import event_id, seal
from ticketctl.core.ticket import fold
from ticketctl.record import replace
from ticketctl.store.profiles import built_in
from ticketctl.store.tickets import Store
from ticketctl.store.yaml.writer import emit


@pytest.mark.parametrize(
    "path",
    [
        "tickets/2026/11/03/261102-mmmmm.yaml",
        "tickets/2026/12/02/261102-mmmmm.yaml",
        "tickets/2026/11/02/261102-MMMMM.yaml",
        "tickets/2026/11/02/261102-ilouu.yaml",
        "tickets/2026/11/02/269999-mmmmm.yaml",
    ],
)
def test_a_ticket_in_the_wrong_place(path: str, tmp_path: Path) -> None:
    """A file whose name is not the id of that day is named, and its ticket not shown
    from there (7)."""
    root = two_tickets(tmp_path)
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / PATH).rename(root / path)
    for words in (("list",), ("check",), ("sweep",)):
        ran = ticketctl(root, *words)
        assert ran.status == 65 and path in ran.out + ran.err and sane(ran), (
            words,
            ran,
        )
    for asks in (
        ("show", BAD),
        ("move", BAD, *MOVE),
        ("show", Path(path).stem),
        ("note", Path(path).stem, "-m", "x"),
    ):
        ran = ticketctl(root, *asks)
        assert ran.status in (65, 66) and not ran.out and sane(ran), (asks, ran)
    done(root, "move", "aaaaa", *MOVE)


@pytest.mark.parametrize(
    "name",
    [
        "261102-mmmmm.yml",
        "261102-mmmmm (copy).yaml",
        "mmmmm.yaml",
        "261102-mmmmm.yaml~",
        "notes.txt",
        "a\nb.yaml",
        "\x1b[2J",
    ],
)
def test_a_file_that_could_be_no_ticket(name: str, tmp_path: Path) -> None:
    """``check`` names whatever lies among the tickets and is none, on one line, and
    does not pass (7, 18)."""
    root = two_tickets(tmp_path)
    (root / PATH).rename(root / Path(PATH).parent / name)
    ran = ticketctl(root, "check")
    assert ran.status in (1, 65)
    assert sane(ran)
    assert len(ran.out.splitlines()) == 1
    assert "\x1b" not in ran.out
    assert Path(PATH).parent.as_posix() in ran.out
    done(root, "move", "aaaaa", *MOVE)


@pytest.mark.parametrize(
    "missing", [["e000000000001"], ["e000000000002", "e000000000001"]]
)
@pytest.mark.parametrize("to", [None, "Open"])
def test_an_entry_built_on_what_is_missing(
    missing: list[str], to: str | None, tmp_path: Path
) -> None:
    """``check`` names each entry that somebody took away before it; a move that was
    built on nothing else is not judged (7)."""
    root = two_tickets(tmp_path)
    was = Store(str(root)).read_path(PATH).ticket
    lost = Entry(
        "2026-11-21T10:00:00Z",
        "amy@support.example",
        "agent",
        "moved" if to else "noted",
        from_=to and "New",
        to=to,
        sets={"assignee": "amy@support.example"},
        note="n",
        after=tuple(missing),
    )
    lost = replace(lost, id=event_id(lost.content(), missing))
    (root / PATH).write_bytes(emit(fold([*was.history, lost])))
    ran = ticketctl(root, "check", now="2026-11-21T10:00:00Z")
    lines = ran.out.splitlines()
    assert ran.status == 1 and sane(ran) and len(lines) == len(missing), ran
    assert all(
        f"the entry {name}, on which" in line
        for name, line in zip(missing, lines, strict=True)
    )


def test_a_status_that_its_version_never_had(tmp_path: Path) -> None:
    """A move by the rules of a kept version to a status that only a later one has is
    illegal, and no bug (7)."""
    root = two_tickets(tmp_path)
    now = Path(built_in(), "biztech.yaml").read_text()
    (root / "profiles").mkdir()
    (root / "profiles/biztech.yaml").write_text(
        now.replace("version: 1", "version: 2", 1)
    )
    (root / "profiles/biztech@1.yaml").write_text(now.replace("Pending", "Waiting"))
    was = Store(str(root)).read_path(PATH).ticket
    odd = Entry(
        "2026-11-21T10:00:00Z",
        "amy@support.example",
        "agent",
        "moved",
        from_="New",
        to="Pending",
    )
    (root / PATH).write_bytes(emit(fold([*was.history, seal(was.history, odd)])))
    ran = ticketctl(root, "check", now="2026-11-21T10:00:00Z")
    assert ran.status == 1
    assert sane(ran)
    assert 'version 1 of biztech has no status "Pending"' in ran.out
