"""``why`` and ``forecast``: what is predicted is what sweeps do."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.places import ROOT
from tests.support.stores import done, make_store, make_tickets, ticketctl
from ticketctl.app.forecast import forecast_store
from ticketctl.app.sweep import sweep
from ticketctl.app.sweep_report import SweepOptions
from ticketctl.app.workspace import Workspace

START = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """A copy of the sample store."""
    root = tmp_path / "store"
    shutil.copytree(ROOT / "tickets", root / "tickets")
    shutil.copy(ROOT / "ticketctl.yaml", root)
    return root


def test_a_forecast_is_what_sweeps_do(samples: Path) -> None:
    """A sweep every eight hours for six weeks does exactly what was foretold, act by
    act."""
    foretold = forecast_store(Workspace(str(samples), START), 42)
    happened = []
    for hour in range(0, 42 * 24 + 1, 8):
        report = sweep(
            Workspace(str(samples), START + timedelta(hours=hour)), SweepOptions()
        )
        assert not report.broken
        assert not report.failed
        happened += [
            (act.ticket.id, act.fire, act.before, act.decision is None)
            for act in report.acts
        ]
    said = [
        (act.ticket.id, act.fire, act.before, act.decision is None)
        for _, act in foretold.acts
    ]
    assert sorted(said, key=str) == sorted(happened, key=str)
    assert len(said) > 30
    assert [at for at, _ in foretold.acts] == sorted(at for at, _ in foretold.acts)
    assert all(at >= START for at, _ in foretold.acts)


def test_looking_ahead_writes_nothing(samples: Path) -> None:
    before = {path: path.read_bytes() for path in samples.rglob("*.yaml")}
    for words in (
        ("forecast", "--days", "30"),
        ("forecast", "--format", "jsonl"),
        ("why", "x8r3t"),
    ):
        assert ticketctl(samples, *words).status == 0
    assert {path: path.read_bytes() for path in samples.rglob("*.yaml")} == before


def told(root: Path, now: str = "2026-11-03T09:00:00Z") -> dict[str, dict[str, object]]:
    answer = json.loads(done(root, "why", "aaaaa", "--format", "json", now=now))
    return {rule["rule"]: rule for rule in answer["rules"]}


def test_a_clock_that_runs_stops_and_is_done(tmp_path: Path) -> None:
    root = make_store(tmp_path / "store", profile="aerosoft")
    make_tickets(root, "aaaaa")
    assert told(root) == {}
    assert "no rule acts by itself" in done(root, "why", "aaaaa")
    for status, options in (
        ("Ticket Assigned", ("-a", "amy@support.example")),
        ("Investigation Underway", ()),
        ("Send to Development", ()),
        ("Development in Progress", ()),
        ("Testing and Verification", ()),
        ("Done Awaiting Release", ()),
        ("Release Delivered", ("--set", "release=2026.1")),
    ):
        done(root, "move", "aaaaa", status, *options)
    done(root, "move", "aaaaa", "Resolved", "--no-notify")
    silent = told(root)["close-resolved"]
    assert (silent["anchor"], silent["due"]) == (None, None)
    assert "not yet: there was no notified(resolved)" in done(root, "why", "aaaaa")
    done(
        root,
        "move",
        "aaaaa",
        "Solution Rejected",
        "--for",
        "jane@customer.example",
        "--reply",
        "No.",
    )
    for status in (
        "Send to Development",
        "Development in Progress",
        "Testing and Verification",
        "Done Awaiting Release",
    ):
        done(root, "move", "aaaaa", status)
    done(root, "move", "aaaaa", "Release Delivered", "--set", "release=2026.2")
    done(root, "move", "aaaaa", "Resolved", now="2026-11-03T09:00:00Z")
    runs = told(root)["close-resolved"]
    assert (runs["due"], runs["stopped_by"], runs["done"]) == (
        "2026-11-10T09:00:00Z",
        None,
        0,
    )
    assert runs["path"] == "profiles/aerosoft.yaml"
    assert str(runs["criterion"]).startswith("The ticket will auto close")
    words = done(root, "why", "aaaaa", now="2026-11-04T09:00:00Z")
    assert "notified jane (resolved)" in words
    assert "in 6 d" in words
    assert "7 days after notified(resolved), America/Toronto" in words
    done(
        root,
        "reply",
        "aaaaa",
        "--for",
        "jane@customer.example",
        "-m",
        "Wait.",
        now="2026-11-04T09:00:00Z",
    )
    stopped = told(root, "2026-11-04T10:00:00Z")["close-resolved"]
    assert stopped["due"] is None
    assert stopped["stopped_by"]
    assert "resumes    on the next staff_message" in done(
        root, "why", "aaaaa", now="2026-11-04T10:00:00Z"
    )


def test_a_reminder_says_how_often_it_was_done_and_missed(tmp_path: Path) -> None:
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    done(root, "assign", "aaaaa", "amy@support.example")
    done(root, "sweep", now="2026-11-04T10:00:00Z")
    rule = told(root, "2026-11-09T10:00:00Z")["review-open"]
    assert (rule["done"], rule["nth"], rule["missed"], rule["due"]) == (
        1,
        3,
        1,
        "2026-11-08T09:00:00Z",
    )
    words = done(root, "why", "aaaaa", now="2026-11-09T10:00:00Z")
    assert "the next sweep does it (1 missed before)" in words
    assert "done       occurrence 1" in words


TOM = "technician:tom@support.example"


def new_job(root: Path, *words: str) -> Path:
    make_store(root, profile="ggit")
    done(
        root,
        "new",
        "A job",
        "-c",
        "jane@customer.example",
        "--id",
        "261102-aaaaa",
        as_=TOM,
    )
    done(root, "move", "aaaaa", *words, as_=TOM)
    return root


def test_a_condition_that_does_not_hold_is_named(tmp_path: Path) -> None:
    root = new_job(
        tmp_path / "store",
        "Waiting Customer",
        "--set",
        "waiting_for=item",
        "-m",
        "Their switch.",
    )
    rule = told(root)["waiting-customer-reminder"]
    assert rule["conditions"] == [{"test": "not: waiting_for is item", "holds": False}]
    assert "condition  not: waiting_for is item: no, so it waits" in done(
        root, "why", "aaaaa"
    )
    assert done(root, "forecast", "--days", "30") == ""


def test_a_date_is_counted_back_from(tmp_path: Path) -> None:
    root = new_job(
        tmp_path / "store", "Deferred", "-a", "amy@support.example", "--due", "+10d"
    )
    rows = [
        json.loads(line)
        for line in done(
            root, "forecast", "--days", "30", "--format", "jsonl"
        ).splitlines()
    ]
    assert [(row["at"], row["verb"], row["to"]) for row in rows] == [
        ("2026-11-11T09:00:00Z", "move", "Follow Up Needed: Resource")
    ]
    assert "1 day before due, America/New_York" in done(root, "why", "aaaaa")
    assert ticketctl(root, "forecast", "--days", "0").status == 2
