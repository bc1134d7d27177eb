"""The sample store in ``tickets/``, made by the pages in ``tests/samples``."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

from tests.support.lists import every
from tests.support.shell import Shell
from tests.tools.samples import ROOT, differences, files, play
from ticketctl.app.workspace import Workspace
from ticketctl.core.ticket import Ticket
from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


def tickets() -> list[Ticket]:
    """Every ticket of the sample store; all of them can be read."""
    found = list(every(Workspace(str(ROOT), NOW).store))
    assert [one for one in found if not isinstance(one, LoadedTicket)] == []
    return [one.ticket for one in found if isinstance(one, LoadedTicket)]


def test_the_pages_make_it_byte_for_byte(tmp_path: Path) -> None:
    """``python -m tests.tools.samples --check``."""
    assert list(differences(play(tmp_path / "desk"), files(ROOT / "tickets"))) == []


def test_there_are_enough_of_every_organisation() -> None:
    counted: dict[str, int] = defaultdict(int)
    for ticket in tickets():
        counted[ticket.profile] += 1
    assert set(counted) == set(Workspace(str(ROOT), NOW).registry.names())
    assert min(counted.values()) >= 5
    assert sum(counted.values()) >= 30


def test_every_status_of_every_profile_is_visited() -> None:
    visited: dict[str, set[str]] = defaultdict(set)
    for ticket in tickets():
        visited[ticket.profile].update(entry.to for entry in ticket.history if entry.to)
    profiles = list(Workspace(str(ROOT), NOW).registry.all())
    assert {
        profile.name: set(profile.statuses) - visited[profile.name]
        for profile in profiles
    } == {profile.name: set() for profile in profiles}
    assert sum(map(len, visited.values())) == 53


def test_the_dates_are_those_of_three_weeks_in_november() -> None:
    for ticket in tickets():
        assert (
            ticket.id[:6]
            == f"{ticket.created[2:4]}{ticket.created[5:7]}{ticket.created[8:10]}"
        )
        assert ticket.created[:10] >= "2026-11-02"
        assert ticket.updated[:10] <= "2026-11-21"


def test_it_is_in_order(shell: Shell) -> None:
    """No problem and no warning."""
    shell.at("2026-11-21T09:00")
    assert (
        shell.ok(f"ticketctl -C {ROOT} check")
        == f"0 problems in {len(tickets())} tickets\n"
    )


def test_nothing_is_left_to_sweep(shell: Shell) -> None:
    """The last page ends with a sweep."""
    shell.at("2026-11-21T09:00")
    assert shell.ok(f"ticketctl -C {ROOT} sweep --dry-run") == ""
