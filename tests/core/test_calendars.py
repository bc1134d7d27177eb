"""Working time and nominal days: 200 cases over changes of the clocks, leap days and
month ends in six zones (rule 4), and the same arithmetic held against counting minute
by minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import oracle
from tests.support.stores import done, make_store, ticketctl
from ticketctl.app.holidays import insert
from ticketctl.core import calendars
from ticketctl.core.dates import Duration, add, format_instant, zone
from ticketctl.core.language.parser import read_profile
from ticketctl.store.yaml.ruamel import read_yaml

CASES = [line.split("\t") for line in oracle.TABLE.read_text().splitlines()[1:]]


CALENDARS = {"office": oracle.office, "night": oracle.night}


def real(where: str, moment: datetime, period: str, calendar: str) -> datetime:
    duration = Duration.parse(period)
    if calendar == "-":
        return add(moment, duration, zone(where))
    return calendars.add(moment, duration, CALENDARS[calendar](where))


@pytest.mark.parametrize(("where", "start", "period", "calendar", "due"), CASES)
def test_the_table(
    where: str, start: str, period: str, calendar: str, due: str
) -> None:
    moment = oracle.first_at(datetime.fromisoformat(start), where)
    assert format_instant(real(where, moment, period, calendar)) == due


def test_the_table_is_whole() -> None:
    assert len(CASES) == 200 and {case[0] for case in CASES} == set(oracle.ZONES)
    assert [case[:4] for case in CASES] == [list(row) for row in oracle.rows()]


moments = st.integers(0, 2 * 366 * 24 * 60).map(
    lambda minutes: datetime(2026, 6, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@settings(max_examples=60)
@given(
    moments,
    st.sampled_from(oracle.ZONES),
    st.sampled_from(sorted(CALENDARS)),
    st.integers(0, 3),
    st.integers(0, 900),
    st.booleans(),
)
def test_working_time_is_counting_minutes(
    moment: datetime, where: str, name: str, days: int, minutes: int, forward: bool
) -> None:
    period, calendar = Duration(days=days, seconds=minutes * 60), CALENDARS[name](where)
    found = calendars.add(moment, period, calendar, 1 if forward else -1)
    assert found == oracle.working(moment, period, calendar, forward)
    assert found >= moment if forward else found <= moment


@given(moments, st.sampled_from(oracle.ZONES), st.integers(0, 400), st.integers(0, 400))
def test_more_working_time_is_never_sooner(
    moment: datetime, where: str, less: int, more: int
) -> None:
    calendar = oracle.office(where)
    first, second = (
        calendars.add(moment, Duration(seconds=60 * n), calendar)
        for n in (less, less + more)
    )
    assert first <= second
    assert calendars.add(first, Duration(seconds=60 * more), calendar) == second, (
        "waiting twice is waiting once"
    )


DESK = """\
profile: desk
title: A desk with hours
version: 1
timezone: Europe/London
roles: {customer: customer, agent: agent, system: system}
fields:
  visit: {type: datetime}
statuses:
  New: {state: new}
  Solved: {state: solved}
  Closed: {state: closed}
transitions:
- {from: created, to: New, roles: [customer, agent]}
- {from: New, to: Solved, roles: [agent]}
- {from: Solved, to: New, roles: [agent]}
- {from: Solved, to: Closed, roles: [system]}
triggers:
- {name: tell, on: [entered(Solved)], do: [{notify: customer, message: solved}]}
automations:
- name: look
  in: [New]
  start: created
  after: PT4H
  repeat: P1D
  calendar: office
  do: [{notify: "role:agent", message: look}]
- {name: visit, in: [New], at: visit, lead: PT2H, calendar: office, do: [{notify: "role:agent", message: look}]}
- name: close
  in: [Solved]
  start: entered(Solved)
  after: P2D
  calendar: office
  cancel_on: [customer_message]
  do: [{move: Closed}]
calendars:
  office:
    hours: {mon-fri: "09:00-12:30, 13:30-17:30"}
    holidays: {2026-12-25: Christmas Day}
messages:
  solved: {subject: "Solved: $title", body: "It is."}
  look: {subject: "Look: $title", body: "Please."}
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = make_store(
        tmp_path / "store",
        "commit: off\ntimezone: Europe/London\nholidays: [2026-12-28]\n",
        "desk",
    )
    (root / "profiles").mkdir()
    (root / "profiles/desk.yaml").write_text(DESK)
    return root


def swept(root: Path, now: str, rule: str) -> bool:
    return rule in done(root, "sweep", "-n", now=now)


def test_a_profile_counts_in_its_hours(workspace: Path) -> None:
    """Opened on Christmas Eve at 16:30. Four hours of work are over on the 29th at
    12:00: one hour on the 24th, the 25th is a holiday of the calendar, the 28th one of
    the store, and three hours from 09:00."""
    assert done(workspace, "profile", "check", "desk") == ""
    done(
        workspace,
        "new",
        "Late",
        "-c",
        "jane@customer.example",
        "--id",
        "261224-aaaaa",
        now="2026-12-24T16:30:00Z",
    )
    assert not swept(workspace, "2026-12-29T11:59:59Z", "desk look")
    assert swept(workspace, "2026-12-29T12:00:00Z", "desk look")
    done(workspace, "sweep", now="2026-12-29T12:00:00Z")
    assert not swept(workspace, "2026-12-30T11:59:59Z", "desk look"), (
        "again after a working day"
    )
    assert swept(workspace, "2026-12-30T12:00:00Z", "desk look")
    # two working hours before Monday 09:30 is Friday 16:00
    done(
        workspace, "set", "aaaaa", "visit=2027-01-04T09:30", now="2026-12-31T09:00:00Z"
    )
    assert not swept(workspace, "2027-01-01T15:59:59Z", "desk visit")
    assert swept(workspace, "2027-01-01T16:00:00Z", "desk visit")
    # Solved on Thursday evening: the two working days begin on Friday morning and are
    # over on Tuesday morning
    done(workspace, "move", "aaaaa", "Solved", now="2027-01-07T20:00:00Z")
    assert not swept(workspace, "2027-01-12T08:59:59Z", "desk close")
    assert swept(workspace, "2027-01-12T09:00:00Z", "desk close")


def test_the_words_of_a_calendar(workspace: Path) -> None:
    shown = ticketctl(workspace, "profile", "show", "desk", "--format", "json").out
    assert "after 2 days of office" in shown and '"2026-12-28"' in shown, (
        "with the store's holidays"
    )
    assert "in working time (office)" in done(workspace, "profile", "show", "desk")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("calendar: office", "calendar: ofice", 'unknown calendar "ofice"'),
        ("after: P2D", "after: P2M", "P2M cannot be counted in working time"),
        ("after: P2D", "after: P500D", "P500D cannot be counted in working time"),
        ("mon-fri:", "mon-fry:", '"mon-fry" is no day of the week'),
        (
            "09:00-12:30, 13:30-17:30",
            "09:00-12:30, 12:00-17:30",
            '"12:00-17:30" is no time of work',
        ),
        ("09:00-12:30, 13:30-17:30", "09:00-25:00", '"09:00-25:00" is no time of work'),
        ("09:00-12:30, 13:30-17:30", "09:00-09:05", "less than an hour of work a week"),
        (
            "2026-12-25: Christmas",
            "2026-13-25: Christmas",
            '"2026-13-25" is not a date',
        ),
        ("hours: {", "ours: {", 'unknown key "ours"'),
    ],
)
def test_mistakes_in_calendars_are_located(old: str, new: str, words: str) -> None:
    assert old in DESK
    _, findings = read_profile(
        read_yaml(DESK.replace(old, new, 1).encode(), "desk.yaml"), "desk.yaml"
    )
    said = [str(finding) for finding in findings]
    assert any(words in one for one in said), said
    assert all(finding.place.line > 0 for finding in findings)


def test_hours_over_the_weekend_and_several_days() -> None:
    text = DESK.replace(
        '{mon-fri: "09:00-12:30, 13:30-17:30"}',
        '{"sat-mon": "10:00-11:00", "tue, thu": "09:00-24:00"}',
    )
    profile, findings = read_profile(read_yaml(text.encode(), "desk.yaml"), "desk.yaml")
    assert findings == []
    week = profile.calendars["office"].hours
    assert [bool(day) for day in week] == [True, True, False, True, False, True, True]
    assert week[1] == ((540, 1440),)


HOLIDAYS_OF_2027 = {
    datetime(2027, 1, 1).date(): "New Year's Day",
    datetime(2027, 5, 3).date(): "May: a day off",
}


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        (
            "a: 1  # one\n",
            (),
            'a: 1  # one\nholidays:\n  2027-01-01: New Year\'s Day\n  2027-05-03: "May: a day off"\n',
        ),
        (
            "c:\n  o:  # ours\n    hours: {}\n",
            ("c", "o"),
            "c:\n  o:  # ours\n    holidays:\n      2027-01-01: New Year's Day\n"
            '      2027-05-03: "May: a day off"\n    hours: {}\n',
        ),
        (
            "holidays:\n- 2026-12-25  # kept\n- 2027-02-01\nb: 2\n",
            (),
            "holidays:\n- 2026-12-25  # kept\n- 2027-01-01  # New Year's Day\n- 2027-02-01\n"
            "- 2027-05-03  # May: a day off\nb: 2\n",
        ),
        (
            "holidays:\n  2027-01-01: ours\n",
            (),
            'holidays:\n  2027-01-01: ours\n  2027-05-03: "May: a day off"\n',
        ),
    ],
    ids=["none", "calendar", "list", "known"],
)
def test_holidays_are_written_line_by_line(
    text: str, path: tuple[str, ...], expected: str
) -> None:
    node = read_yaml(text.encode(), "x")
    for key in path:
        node = node.map[key]
    assert insert(text, node, HOLIDAYS_OF_2027) == expected


def test_a_countrys_holidays(workspace: Path) -> None:
    """The real package, into the profile and into the settings; twice is once; what
    cannot be done is said."""
    (workspace / "profiles/desk.yaml").write_text(
        DESK.replace("holidays: {2026-12-25: Christmas Day}", "timezone: UTC # here")
    )
    assert (
        "8 holidays of GB in 2027"
        in ticketctl(
            workspace,
            "profile",
            "holidays",
            "desk",
            "--country",
            "gb",
            "--year",
            "2027",
        ).err
    )
    text = (workspace / "profiles/desk.yaml").read_text()
    assert "      2027-12-28: Boxing Day (observed)\n" in text and "# here" in text
    assert (
        "0 holidays"
        in ticketctl(
            workspace,
            "profile",
            "holidays",
            "desk",
            "--country",
            "gb",
            "--year",
            "2027",
        ).err
    )
    assert (workspace / "profiles/desk.yaml").read_text() == text
    assert done(workspace, "profile", "check", "desk") == ""
    for words, status, said in (
        (("desk", "--country", "ZZ"), 2, "no holidays are known"),
        (("desk", "--country", "GB", "--region", "XX"), 2, "has no region"),
        (
            ("desk", "--country", "GB", "--calendar", "offce"),
            2,
            'has no calendar "offce"',
        ),
        (("biztech", "--country", "GB"), 66, "is not this store's own"),
        (("--country", "GB"), 2, "stand in brackets"),
    ):
        ran = ticketctl(workspace, "profile", "holidays", *words, "--year", "2027")
        assert (ran.status, said in ran.err) == (status, True), (words, ran)
