"""Working time and nominal days, compared with counting minute by minute (rule 4).

200 cases cover changes of the clocks, leap days and month ends in six zones.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import oracle
from tests.support.calendars import DESK
from tests.support.stores import done
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
    assert len(CASES) == 200
    assert {case[0] for case in CASES} == set(oracle.ZONES)
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


def swept(root: Path, now: str, rule: str) -> bool:
    return rule in done(root, "sweep", "-n", now=now)


def test_a_profile_counts_in_its_hours(hours_workspace: Path) -> None:
    """Opened on Christmas Eve at 16:30. Four hours of work are over on the 29th at
    12:00: one hour on the 24th, the 25th is a holiday of the calendar, the 28th one of
    the store, and three hours from 09:00."""
    assert done(hours_workspace, "profile", "check", "desk") == ""
    done(
        hours_workspace,
        "new",
        "Late",
        "-c",
        "jane@customer.example",
        "--id",
        "261224-aaaaa",
        now="2026-12-24T16:30:00Z",
    )
    assert not swept(hours_workspace, "2026-12-29T11:59:59Z", "desk look")
    assert swept(hours_workspace, "2026-12-29T12:00:00Z", "desk look")
    done(hours_workspace, "sweep", now="2026-12-29T12:00:00Z")
    assert not swept(hours_workspace, "2026-12-30T11:59:59Z", "desk look"), (
        "again after a working day"
    )
    assert swept(hours_workspace, "2026-12-30T12:00:00Z", "desk look")
    # two working hours before Monday 09:30 is Friday 16:00
    done(
        hours_workspace,
        "set",
        "aaaaa",
        "visit=2027-01-04T09:30",
        now="2026-12-31T09:00:00Z",
    )
    assert not swept(hours_workspace, "2027-01-01T15:59:59Z", "desk visit")
    assert swept(hours_workspace, "2027-01-01T16:00:00Z", "desk visit")
    # Solved on Thursday evening: the two working days begin on Friday morning and are
    # over on Tuesday morning
    done(hours_workspace, "move", "aaaaa", "Solved", now="2027-01-07T20:00:00Z")
    assert not swept(hours_workspace, "2027-01-12T08:59:59Z", "desk close")
    assert swept(hours_workspace, "2027-01-12T09:00:00Z", "desk close")


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
