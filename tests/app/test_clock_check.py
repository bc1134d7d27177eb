"""An event in the future, and a wrong clock, stop neither other tickets nor people.

See docs/security.md, T14 and T15.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.future_events import FAR, MAIL, forge, solved
from tests.support.stores import (
    NOW,
    done,
    files_of,
    make_store,
    make_tickets,
    ticketctl,
)
from tests.support.sweeps import SWEPT_AT, solved_store, statuses
from tests.support.world import REGISTRY
from ticketctl.app.index.refresh import refreshed_index
from ticketctl.core import dates
from ticketctl.core.engine.context import Situation
from ticketctl.core.engine.forecast import rule_forecasts
from ticketctl.core.engine.notification_text import compose
from ticketctl.core.engine.sweep import sweep_ticket
from ticketctl.core.engine.timers import future_event
from ticketctl.core.entry import Entry, Value
from ticketctl.core.history_graph import seal
from ticketctl.core.people import NOBODY_LISTED
from ticketctl.core.profile import Profile
from ticketctl.core.summary import summary_of
from ticketctl.core.ticket import Ticket, fold
from ticketctl.store.index import database as index_module
from ticketctl.store.yaml.writer import emit

FAR_LOCAL = f"{FAR[:10]} {FAR[11:16]}"
"""As people read it."""
EVENT = Entry(FAR, "eve@customer.example", "customer", "noted", note="From afar.")


@pytest.mark.parametrize("later", [False, True], ids=["last", "not last"])
def test_one_event_of_the_future_stops_its_own_ticket_alone(
    tmp_path: Path, later: bool
) -> None:
    """Sweeps close all others, name that one with an exit status for a person, and say
    the same as JSON."""
    root = solved(tmp_path / "store", 3)
    event = forge(root, "aa001", EVENT)
    if later:  # as a merge may leave it: what comes after it in the file is older
        done(root, "note", "aa001", "-m", "Here and now.", now="2026-11-03T09:00:00Z")
    kept = next(root.glob("tickets/*/*/*/*-aa001.yaml")).read_bytes()
    dry = ticketctl(root, "sweep", "-n", "--format", "jsonl", now=SWEPT_AT)
    ran = ticketctl(root, "sweep", now=SWEPT_AT)
    assert (dry.status, ran.status) == (1, 1) and ran.out.count("closed") == 2, ran
    assert f"261102-aa001: an event is dated in the future ({FAR_LOCAL})" in ran.err
    assert statuses(root) == {"aa000": "Closed", "aa001": "Solved", "aa002": "Closed"}
    assert next(root.glob("tickets/*/*/*/*-aa001.yaml")).read_bytes() == kept
    *acts, skipped = map(json.loads, dry.out.splitlines())
    assert [act["verb"] for act in acts] == ["close", "close"]
    assert acts[0].keys() == skipped.keys()
    assert (skipped["id"], skipped["verb"], skipped["from"]) == (
        "261102-aa001",
        "skipped",
        "Solved",
    )
    assert FAR in skipped["reasons"][0]
    check = ticketctl(root, "check", now=SWEPT_AT)
    assert check.status == 1
    assert f"event {event} is dated in the future" in check.out
    line = int(re.search(r"aa001\.yaml:(\d+):", check.out)[1])  # type: ignore[index]
    assert kept.decode().splitlines()[line - 1].strip() == f"at: {FAR}"
    assert "dated in the future" in ticketctl(root, "doctor", now=SWEPT_AT).out
    # Once the clock is there, the ticket is like any other.
    assert (
        ticketctl(root, "sweep", "--trust-clock", now="2099-01-02T00:00:00Z").out.count(
            "closed"
        )
        == 1
    )
    assert ticketctl(root, "check", now="2099-01-07T00:00:00Z").status == 0


def test_why_and_forecast_name_an_event_in_the_future(tmp_path: Path) -> None:
    """Nothing is promised for a ticket that sweeps leave alone."""
    root = solved(tmp_path / "store", 2)
    event = forge(root, "aa000", EVENT)
    ran = ticketctl(root, "forecast", now="2026-11-05T09:00:00Z")
    assert "aa001" in ran.out
    assert "aa000" not in ran.out
    assert f"261102-aa000: an event is dated in the future ({FAR_LOCAL})" in ran.err
    assert (
        f"event {event} is dated in the future ({FAR_LOCAL}): sweeps skip this ticket"
        in done(root, "why", "aa000")
    )
    due = [
        line
        for line in done(root, "why", "aa000", now="2026-11-20T09:00:00Z").split("\n")
        if line.startswith("  due ")
    ]
    assert due
    assert all(
        "sweeps wait until 2099-01-01 00:00" in line and "next sweep" not in line
        for line in due
    )
    held = [
        json.loads(done(root, "why", half, "--format", "json"))["future"]
        for half in ("aa000", "aa001")
    ]
    assert held == [{"event": event, "at": FAR}, None]
    assert "closes by itself" in done(root, "show", "aa001")
    said = done(root, "show", "aa000")
    assert "closes by itself" not in said
    assert f"no rule acts by time: event {event}" in said


def test_a_forecast_reaches_beyond_an_event_that_is_not_so_far(tmp_path: Path) -> None:
    """What sweeps will do as soon as they may, is foretold for then."""
    root = solved(tmp_path / "store", 1)
    forge(
        root,
        "aa000",
        Entry(
            "2026-11-08T09:00:00Z",
            "amy@support.example",
            "agent",
            "noted",
            note="Tomorrow.",
        ),
    )
    told = json.loads(
        done(root, "forecast", "--format", "jsonl", now="2026-11-07T09:00:00Z")
    )
    assert (told["at"], told["due"]) == ("2026-11-08T08:00:00Z", "2026-11-06T09:00:00Z")
    assert ticketctl(root, "sweep", now="2026-11-08T07:59:59Z").out == ""
    assert "closed" in done(root, "sweep", now="2026-11-08T08:00:00Z")


def test_an_hour_is_no_future(tmp_path: Path) -> None:
    """The clocks of two machines do not agree."""
    root = solved(tmp_path / "store", 1)
    forge(
        root,
        "aa000",
        Entry(
            "2026-11-06T11:00:00Z", "amy@support.example", "agent", "noted", note="x"
        ),
    )
    for now, status in (("2026-11-06T09:59:59Z", 1), ("2026-11-06T10:00:00Z", 0)):
        assert ticketctl(root, "check", now=now).status == status
        assert ticketctl(root, "sweep", now=now).status == status
    assert statuses(root) == {"aa000": "Closed"}


def test_a_clock_in_the_past_reports_no_event_in_the_future(tmp_path: Path) -> None:
    """``--now`` in the past: what has happened since is no event of the future for
    check; a sweep leaves it alone."""
    root = solved(tmp_path / "store", 1)
    done(root, "--now", "2026-10-02", "check", now=SWEPT_AT)
    done(root, "--now", "2026-10-02", "check", "--changed", now=SWEPT_AT)
    assert (
        "in the future"
        not in ticketctl(root, "--now", "2026-10-02", "doctor", now=SWEPT_AT).out
    )
    assert (
        ticketctl(root, "--now", "2026-11-02T04:00", "sweep", now=SWEPT_AT).status == 1
    )


def test_people_go_on_with_such_a_ticket(tmp_path: Path) -> None:
    """A forged event is no way to keep staff or the customer from their ticket."""
    root = solved(tmp_path / "store", 1)
    forge(root, "aa000", EVENT)
    done(
        root,
        "reply",
        "aa000",
        "-m",
        "It came back.",
        as_="customer:jane@customer.example",
        now="2026-11-03T09:00:00Z",
    )
    assert statuses(root) == {"aa000": "Open"}
    done(root, "move", "aa000", "Solved", "-m", "Again.", now="2026-11-03T10:00:00Z")
    assert ticketctl(root, "sweep", now="2026-11-09T10:00:00Z").status == 1
    assert statuses(root) == {"aa000": "Solved"}


EDGES = ("2999-12-31T23:59:59Z", "1900-01-01T00:00:00Z")
"""The first and the last instant that a file may hold."""


def at_edge(profile: Profile, status: str, at: str) -> Ticket:
    """A ticket of a status all of whose events and dates are of one instant."""
    sets: dict[str, Value] = {
        "ticket": "261102-aaaaa",
        "profile": profile.name,
        "version": profile.version,
        "title": "One",
        "customer": "jane@customer.example",
        "assignee": "amy@support.example",
        "due": at,
    }
    sets |= {
        f"fields.{name}": at
        for name, held in profile.fields.items()
        if held.type in ("date", "datetime")
    }
    staff = profile.role_of_kind("agent")
    history = [
        seal(
            (),
            Entry(
                at,
                "amy@support.example",
                staff,
                "imported",
                to=status,
                text="x",
                sets=sets,
            ),
        )
    ]
    history.append(
        seal(history, Entry(at, "amy@support.example", staff, "replied", text="x"))
    )
    for message in profile.messages:
        told = Entry(
            at,
            "system",
            profile.system,
            "notified",
            message=message,
            recipients=("jane@customer.example",),
        )
        history.append(seal(history, told))
    return fold(history)


@pytest.mark.parametrize("at", EDGES)
@pytest.mark.parametrize(
    "profile", list(REGISTRY.all()), ids=lambda profile: profile.name
)
def test_no_instant_makes_a_clock_overflow(profile: Profile, at: str) -> None:
    """As the event that every rule counts from, seen from everywhen: clocks beyond the
    calendar do not run."""
    for status in profile.statuses:
        ticket = at_edge(profile, status, at)
        summary_of(profile, ticket, NOBODY_LISTED)
        for edge in (NOW, *EDGES):
            now = dates.parse_instant(edge)
            list(rule_forecasts(Situation(profile, NOBODY_LISTED, now), ticket))
            sweep_ticket(Situation(profile, NOBODY_LISTED, now), ticket)
            future_event(ticket, now)
        for name in profile.messages:
            entry = next(one for one in ticket.history if one.message == name)
            compose(profile, ticket, entry, NOBODY_LISTED)


@pytest.mark.parametrize("at", EDGES)
def test_no_command_fails_at_an_instant(tmp_path: Path, at: str) -> None:
    """The same through the commands, on a ticket that would close by itself."""
    root = solved(tmp_path / "store", 1)
    profile = next(profile for profile in REGISTRY.all() if profile.name == "biztech")
    ticket = at_edge(profile, "Solved", at)
    (root / "tickets/2026/11/02/261102-aaaaa.yaml").write_bytes(emit(ticket))
    for now in (NOW, *EDGES):
        for words in (
            ("list", "-A"),
            ("show", "aaaaa"),
            ("why", "aaaaa"),
            ("forecast",),
            ("check",),
            ("doctor",),
            ("sweep", "-n", "--trust-clock"),
            ("next", "aaaaa"),
            ("mail", "show", "aaaaa"),
        ):
            ran = ticketctl(root, *words, now=now)
            assert ran.status in (0, 1), (now, words, ran)


def test_such_tickets_are_found_by_the_index(tmp_path: Path) -> None:
    """Not by looking at every ticket: SQLite goes by the order of the newest events,
    both for them and for the trace."""
    root = solved(tmp_path / "store", 1)
    from ticketctl.app.workspace import Workspace

    index = refreshed_index(Workspace(str(root), dates.parse_instant(NOW)))
    for sql in (
        "SELECT id, profile, status, updated FROM tickets WHERE id IS NOT NULL AND updated > ? ORDER BY updated, id",
        "SELECT updated FROM tickets WHERE id IS NOT NULL AND updated <= ? ORDER BY updated DESC LIMIT 1",
    ):
        plan = " ".join(
            str(row[-1]) for row in index.all(f"EXPLAIN QUERY PLAN {sql}", NOW)
        )
        assert "INDEX by_updated" in plan and "SCAN" not in plan.replace(
            "SCAN CONSTANT", ""
        ), plan
    assert index_module.SCHEMA


def test_very_many_such_tickets_are_not_all_named(tmp_path: Path) -> None:
    """A clock that was set back by a month: nothing is written, and cron's mail stays
    short; JSON holds them all."""
    root = make_store(tmp_path / "store")
    make_tickets(root, *[f"aa{number:03}" for number in range(25)])
    ran = ticketctl(root, "sweep", now="2026-10-02T09:00:00Z")
    assert ran.status == 1
    assert ran.err.count("in the future") == 20
    assert "and 5 more tickets" in ran.err
    jsonl = ticketctl(root, "sweep", "--format", "jsonl", now="2026-10-02T09:00:00Z")
    assert len(jsonl.out.splitlines()) == 25


def test_what_a_clock_ahead_found_right_is_checked_again(tmp_path: Path) -> None:
    """``check --changed`` passes over what was found right, but not by a clock that was
    wrong."""
    root = solved(tmp_path / "store", 2)
    forge(root, "aa000", EVENT)
    os.utime(
        next(root.glob("tickets/*/*/*/*-aa000.yaml")), (1, 1)
    )  # not so young that it is looked at for that
    for _ in range(2):
        assert (
            ticketctl(root, "check", "--changed", now="2099-01-02T00:00:00Z").status
            == 0
        )
    for _ in range(2):
        ran = ticketctl(root, "check", "--changed", now=SWEPT_AT)
        assert ran.status == 1
        assert "dated in the future" in ran.out


# --- the clock ---


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, ...]]]:
    """What git is asked."""
    from ticketctl.store.git import process as git

    asked: list[tuple[str, ...]] = []
    real = git.run_git

    def run(root: str, *words: str, **more: object) -> object:
        asked.append(words)
        return real(root, *words, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(git, "run_git", run)
    yield asked


def commit(root: Path, at: str) -> None:
    """Commit everything at an instant."""
    when = {"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at}
    who = (
        "-c",
        "user.name=A",
        "-c",
        "user.email=a@support.example",
        "-c",
        "core.hooksPath=/dev/null",
    )
    for words in (
        ("init", "-q"),
        ("add", "-A"),
        ("commit", "-qm", "All", "--allow-empty"),
    ):
        subprocess.run(
            ["git", "-C", str(root), *who, *words],
            check=True,
            env={**os.environ, **when},
        )


def test_a_clock_far_ahead_closes_nothing_without_an_earlier_sweep(
    tmp_path: Path, commits: list[tuple[str, ...]]
) -> None:
    """From the newest event, where there was no sweep; git is asked only then; once
    vouched for, it is a trace itself."""
    root = solved(tmp_path / "store", 2)
    commit(root, "2026-11-02T10:00:00Z")
    before = files_of(root, "tickets")
    ran = ticketctl(root, "sweep", now="2036-11-03T09:00:00Z")
    assert ran.status == 1
    assert ran.out == ""
    assert files_of(root, "tickets") == before
    assert "3,653 days after the newest commit (2026-11-02T10:00:00Z)" in ran.err
    assert "sweep --trust-clock" in ran.err
    assert ticketctl(root, "sweep", now="2036-11-03T09:00:00Z").status == 1, (
        "a refused run is no trace of time"
    )
    assert (
        done(root, "sweep", "--trust-clock", now="2036-11-03T09:00:00Z").count("closed")
        == 2
    )
    asked = len([words for words in commits if "log" in words])
    assert asked == 2, "not when the clock is trusted"
    done(root, "sweep", now="2036-11-03T09:10:00Z")
    assert len([words for words in commits if "log" in words]) == asked, (
        "the last sweep says enough"
    )


def test_a_commit_tells_the_time_of_a_quiet_store(tmp_path: Path) -> None:
    """Of a repository that lives, though the tickets do not; one from the future says
    nothing, the one before it does."""
    root = solved(tmp_path / "store", 1)
    commit(root, "2036-10-01T09:00:00Z")
    assert (
        ticketctl(root, "sweep", "-n", now="2036-11-03T09:00:00Z").err.count("refused")
        == 0
    )
    commit(root, "2099-01-01T09:00:00Z")
    assert (
        ticketctl(root, "sweep", "-n", now="2036-11-03T09:00:00Z").err.count("refused")
        == 0
    )
    assert ticketctl(root, "sweep", now="2050-11-03T09:00:00Z").status == 1
    assert "closed" in done(root, "sweep", now="2036-11-03T09:00:00Z")


def test_a_forged_event_hides_no_wrong_clock(tmp_path: Path) -> None:
    """An event of a later time than the clock is no trace, and a ticket that has one is
    closed by no clock."""
    root = solved(tmp_path / "store", 2)
    forge(root, "aa000", EVENT)
    ran = ticketctl(root, "sweep", now="2036-11-03T09:00:00Z")
    assert ran.status == 1
    assert "days after the newest event (2026-11-02T09:01:00Z)" in ran.err
    assert statuses(root) == {"aa000": "Solved", "aa001": "Solved"}


def test_where_nothing_is_known_nothing_is_protected(tmp_path: Path) -> None:
    root = make_store(tmp_path / "store")
    assert ticketctl(root, "sweep", now="2036-11-03T09:00:00Z").status == 0
    root = solved(tmp_path / "other", 1)
    forge(root, "aa000", EVENT)
    assert (
        "the clock says" not in ticketctl(root, "sweep", now="2036-11-03T09:00:00Z").err
    )


def test_a_clock_that_was_set_back_is_refused_once_swept(tmp_path: Path) -> None:
    """What is left of that guard is what this clone itself has seen; doctor says so as
    well."""
    root = solved(tmp_path / "store", 2)
    done(root, "sweep", now="2026-11-05T10:00:00Z")
    before = files_of(root)
    ran = ticketctl(root, "sweep", now="2026-11-05T08:59:59Z")
    assert ran.status == 1
    assert "the last sweep of this clone was at 2026-11-05T10:00:00Z" in ran.err
    assert files_of(root) == before
    assert (
        "later than the clock"
        in ticketctl(root, "doctor", now="2026-11-05T08:59:59Z").out
    )
    done(root, "sweep", "--trust-clock", now="2026-11-05T08:59:59Z")
    done(root, "sweep", now="2026-11-05T09:10:00Z")


def test_a_pause_of_the_mail_ends_though_the_clock_was_wrong(tmp_path: Path) -> None:
    """A sibling: no pause is longer than a day, whatever a clock of 2036 has written
    down; and notices of the future use up nobody's share of a day."""
    from collections import Counter

    from ticketctl.app.email import outbound
    from ticketctl.app.email.pending_notifications import (
        PendingNotification,
        pending_notifications,
    )
    from ticketctl.app.workspace import Workspace

    root = solved_store(tmp_path / "store", 1, MAIL)
    told = Entry(
        FAR,
        "system",
        "system",
        "notified",
        message="solved",
        recipients=("jane@customer.example",) * 3,
    )
    forge(root, "aa000", told)
    given: Counter[str] = Counter()
    workspace = Workspace(str(root), dates.parse_instant(SWEPT_AT))
    (debt, *_) = list(pending_notifications(workspace, [], given))
    assert given == Counter()
    mail = workspace.settings.mail
    assert mail is not None
    for again, ready in (
        ("2036-11-06T10:00:00Z", True),
        ("2026-11-06T12:00:00Z", False),
        ("", True),
    ):
        late = PendingNotification(
            debt.ticket, debt.entry, debt.recipients, 1, "no", again
        )
        assert (
            outbound._SendRun(workspace, mail, outbound.SendResult())._is_ready(late)
            is ready
        ), again
