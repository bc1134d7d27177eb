"""Instants, durations and typed dates, compared with a second calendar.

That calendar uses nothing but UTC offsets.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.calendar_oracle import (
    DAY,
    SECOND,
    changes,
    offset,
    oracle,
    oracle_add,
)
from ticketctl.core.dates import (
    Duration,
    add,
    format_instant,
    moment_of,
    parse_instant,
    parse_now,
    parse_when,
    span,
    to_utc,
    zone,
)

ZONES = (
    "UTC",
    "Europe/London",
    "America/New_York",
    "America/Toronto",
    "America/Chicago",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Africa/Casablanca",
    "Asia/Beirut",
    "America/Havana",
    "Asia/Tehran",
)


NOW = datetime(2026, 11, 21, 9, 14, 3, tzinfo=UTC)  # a Saturday


def at(text: str) -> datetime:
    """An instant, short: ``2026-03-29T01:30``."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def utc(text: str, name: str) -> str:
    """The instant of a local time, short."""
    return f"{to_utc(datetime.fromisoformat(text), zone(name)):%Y-%m-%dT%H:%M}"


zones = st.sampled_from(ZONES)


locals_ = st.datetimes(datetime(1975, 1, 1), datetime(2037, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0)
)


@st.composite
def near_changes(draw: st.DrawFn) -> tuple[str, datetime]:
    """A zone and a local time within some hours of a change of its clocks, where there
    is one."""
    name, year = draw(zones), draw(st.integers(1980, 2036))
    turns = [turn for month in range(1, 13) for turn in changes(name, year, month)]
    turn = draw(st.sampled_from(turns)) if turns else datetime(year, 1, 1, tzinfo=UTC)
    return name, turn.replace(tzinfo=None) + offset(turn, name) + draw(
        st.integers(-30 * 3600, 30 * 3600)
    ) * SECOND


# --- durations ---


@pytest.mark.parametrize(
    ("text", "months", "days", "seconds", "words"),
    [
        ("P4D", 0, 4, 0, "4 days"),
        ("P1D", 0, 1, 0, "1 day"),
        ("P2W", 0, 14, 0, "14 days"),
        ("P1M", 1, 0, 0, "1 month"),
        ("P1Y", 12, 0, 0, "12 months"),
        ("P1Y6M", 18, 0, 0, "18 months"),
        ("PT4H", 0, 0, 14400, "4 hours"),
        ("PT1M", 0, 0, 60, "1 minute"),
        ("PT90M", 0, 0, 5400, "1 hour 30 minutes"),
        ("PT30S", 0, 0, 30, "30 seconds"),
        ("PT168H", 0, 0, 604800, "168 hours"),
        ("P1DT12H", 0, 1, 43200, "1 day 12 hours"),
        (
            "P1Y2M3DT4H5M6S",
            14,
            3,
            14706,
            "14 months 3 days 4 hours 5 minutes 6 seconds",
        ),
        ("PT0S", 0, 0, 0, "at once"),
        ("P0D", 0, 0, 0, "at once"),
        ("P007D", 0, 7, 0, "7 days"),
    ],
)
def test_durations(text: str, months: int, days: int, seconds: int, words: str) -> None:
    """What an ISO 8601 duration is, and how it is said."""
    assert Duration.parse(text) == Duration(months, days, seconds)
    assert str(Duration.parse(text)) == words


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P",
        "PT",
        "P1DT",
        "P1",
        "1D",
        "4 days",
        "P-1D",
        "-P1D",
        "+P1D",
        "p4d",
        "P4d",
        "P1.5D",
        "P1,5D",
        " P4D",
        "P4D ",
        "P4D\n",
        "P4H",
        "P1S",
        "PT4D",
        "PT1Y",
        "P1D1Y",
        "P1M1Y",
        "PT1S1H",
        "P1DT1D",
        "PP1D",
        "P1D P1D",
        "P٤D",
        "P４D",
        "PD",
        "P0x4D",
        "4",
        "yes",
        "P4D4D",
        "P_4D",
        "P4_0D",
    ],
)
def test_bad_durations(text: str) -> None:
    """Any other form is refused, with the word and with good examples."""
    with pytest.raises(ValueError, match="is not a duration like P4D") as caught:
        Duration.parse(text)
    assert f'"{text}"' in str(caught.value)


@given(
    st.integers(0, 99),
    st.integers(0, 999),
    st.integers(0, 999),
    st.integers(0, 99),
    st.integers(0, 99),
)
def test_durations_add_up(
    months: int, days: int, hours: int, minutes: int, seconds: int
) -> None:
    """The parts are added up, each in its unit."""
    found = Duration.parse(f"P{months}M{days}DT{hours}H{minutes}M{seconds}S")
    assert found == Duration(months, days, 3600 * hours + 60 * minutes + seconds)


# --- wall-clock times ---


@pytest.mark.parametrize(
    ("local", "name", "expected"),
    [
        ("2026-07-01T12:00", "Europe/London", "2026-07-01T11:00"),
        ("2026-12-01T12:00", "America/New_York", "2026-12-01T17:00"),
        ("2026-11-21T12:00", "Asia/Kathmandu", "2026-11-21T06:15"),
        # does not exist: forward to the first that does
        ("2026-03-29T01:00", "Europe/London", "2026-03-29T01:00"),
        ("2026-03-29T01:30", "Europe/London", "2026-03-29T01:00"),
        ("2026-03-29T01:59:59", "Europe/London", "2026-03-29T01:00"),
        ("2026-03-29T02:00", "Europe/London", "2026-03-29T01:00"),
        ("2026-03-08T02:30", "America/New_York", "2026-03-08T07:00"),
        ("2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-03T15:30"),
        ("2018-11-04T00:00", "America/Sao_Paulo", "2018-11-04T03:00"),
        ("2011-12-30T00:00", "Pacific/Apia", "2011-12-30T10:00"),
        ("2011-12-30T12:00", "Pacific/Apia", "2011-12-30T10:00"),
        ("2011-12-30T23:59", "Pacific/Apia", "2011-12-30T10:00"),
        # twice: the first
        ("2026-10-25T01:30", "Europe/London", "2026-10-25T00:30"),
        ("2026-11-01T01:30", "America/New_York", "2026-11-01T05:30"),
        ("2026-04-05T01:45", "Australia/Lord_Howe", "2026-04-04T14:45"),
        ("2018-02-17T23:30", "America/Sao_Paulo", "2018-02-18T01:30"),
    ],
)
def test_to_utc(local: str, name: str, expected: str) -> None:
    """Plain times, times in a gap, and times that come twice."""
    assert utc(local, name) == expected


@settings(max_examples=300)
@given(near_changes())
@example(("Pacific/Apia", datetime(2011, 12, 30, 12)))
@example(("Europe/London", datetime(2026, 3, 29, 1, 30)))
def test_to_utc_near_changes(case: tuple[str, datetime]) -> None:
    """The oracle agrees on both sides of every change of the clocks, and in it."""
    name, local = case
    found = to_utc(local, zone(name))
    assert found == oracle(local, name)
    assert found.utcoffset() == timedelta(0)
    shown = (found + offset(found, name)).replace(tzinfo=None)
    assert shown >= local
    if shown > local:
        before = found - SECOND
        assert (before + offset(before, name)).replace(tzinfo=None) < local, (
            "it is the first after the gap"
        )


@given(zones, locals_)
def test_to_utc_anywhere(name: str, local: datetime) -> None:
    """The oracle agrees at any time."""
    assert to_utc(local, zone(name)) == oracle(local, name)


@pytest.mark.parametrize("name", ZONES)
def test_zones(name: str) -> None:
    """Zones are known by their IANA names."""
    assert isinstance(zone(name), tzinfo)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Mars/Olympus",
        "europe/nowhere",
        "../../etc/passwd",
        "/etc/localtime",
        "Europe/London\n",
        "a b",
        "UTC+3",
        "EST5EDT4",
    ],
    ids=ascii,
)
def test_no_zones(name: str) -> None:
    """Anything else is refused, whatever it points to."""
    with pytest.raises(ValueError, match="unknown time zone"):
        zone(name)


# --- adding ---


@pytest.mark.parametrize(
    ("start", "period", "name", "times", "expected"),
    [
        # 23 and 25 hours long days: the wall clock stays
        ("2026-03-28T09:00", "P1D", "Europe/London", 1, "2026-03-29T08:00"),
        ("2026-10-24T08:00", "P1D", "Europe/London", 1, "2026-10-25T09:00"),
        ("2026-03-28T09:00", "PT24H", "Europe/London", 1, "2026-03-29T09:00"),
        ("2026-03-07T14:00", "P7D", "America/New_York", 1, "2026-03-14T13:00"),
        ("2026-03-07T14:00", "PT168H", "America/New_York", 1, "2026-03-14T14:00"),
        # into a gap, into an overlap
        ("2026-03-28T01:30", "P1D", "Europe/London", 1, "2026-03-29T01:00"),
        ("2026-10-24T00:30", "P1D", "Europe/London", 1, "2026-10-25T00:30"),
        ("2026-10-26T01:30", "P1D", "Europe/London", -1, "2026-10-25T00:30"),
        ("2026-03-30T00:30", "P1D", "Europe/London", -1, "2026-03-29T01:00"),
        # from the second of two equal times: the day after it has just one
        ("2026-10-25T01:30", "P1D", "Europe/London", 1, "2026-10-26T01:30"),
        ("2026-10-25T00:30", "P1D", "Europe/London", 1, "2026-10-26T01:30"),
        # a day that a zone never had
        ("2011-12-29T22:00", "P1D", "Pacific/Apia", 1, "2011-12-30T10:00"),
        # month ends and leap days
        ("2026-01-31T12:00", "P1M", "UTC", 1, "2026-02-28T12:00"),
        ("2028-01-31T12:00", "P1M", "UTC", 1, "2028-02-29T12:00"),
        ("2026-01-31T12:00", "P1M", "UTC", 2, "2026-03-31T12:00"),
        ("2026-03-31T12:00", "P1M", "UTC", -1, "2026-02-28T12:00"),
        ("2028-02-29T12:00", "P1Y", "UTC", 1, "2029-02-28T12:00"),
        ("2028-02-29T12:00", "P4Y", "UTC", 1, "2032-02-29T12:00"),
        ("2028-02-28T12:00", "P1D", "UTC", 1, "2028-02-29T12:00"),
        ("2026-12-31T23:30", "P1M1D", "UTC", 1, "2027-02-01T23:30"),
        ("2026-03-01T12:00", "P1M1D", "UTC", -1, "2026-01-31T12:00"),
        # both parts, none, both ways
        ("2026-03-28T09:00", "P1DT2H", "Europe/London", 1, "2026-03-29T10:00"),
        ("2026-03-29T10:00", "P1DT2H", "Europe/London", -1, "2026-03-28T09:00"),
        ("2026-03-28T09:00", "PT0S", "Europe/London", 1, "2026-03-28T09:00"),
        ("2026-03-28T09:00", "P5D", "Europe/London", 0, "2026-03-28T09:00"),
        ("2026-11-05T09:00", "P2D", "America/Chicago", 3, "2026-11-11T09:00"),
    ],
)
def test_add(start: str, period: str, name: str, times: int, expected: str) -> None:
    """Days and months keep the wall clock, hours are exact."""
    assert add(at(start), Duration.parse(period), zone(name), times) == at(expected)


periods = st.one_of(
    st.builds(Duration, st.just(0), st.integers(0, 60)),
    st.builds(Duration, st.integers(0, 30), st.integers(0, 3)),
    st.builds(Duration, st.integers(0, 2), st.integers(0, 9), st.integers(0, 10**6)),
)


@settings(max_examples=300)
@given(
    near_changes(),
    periods,
    st.sampled_from([1, -1, 1, 2, 5, -3, 0]),
    st.sampled_from([1, -1]),
)
def test_add_near_changes(
    case: tuple[str, datetime], period: Duration, times: int, side: int
) -> None:
    """The oracle agrees when the start or the end is near a change of the clocks."""
    name, local = case
    moment = oracle(local, name)
    if period.seconds == 0 and side < 0:
        moment = oracle_add(moment, period, name, -times)
    assert add(moment, period, zone(name), times) == oracle_add(
        moment, period, name, times
    )


@given(zones, locals_, st.integers(0, 10**8), st.sampled_from([1, -1, 4]))
def test_exact_time(name: str, local: datetime, seconds: int, times: int) -> None:
    """Hours, minutes and seconds know nothing of zones, and can be taken back."""
    moment, period = local.replace(tzinfo=UTC), Duration(seconds=seconds)
    later = add(moment, period, zone(name), times)
    assert later - moment == seconds * times * SECOND
    assert add(later, period, zone(name), -times) == moment


# --- instants as texts ---


@given(
    st.datetimes(
        timezones=st.sampled_from([UTC, *map(ZoneInfo, ZONES)]),
        min_value=datetime(1900, 1, 3),
        max_value=datetime(2999, 12, 29),
    )
)
def test_format_and_parse(moment: datetime) -> None:
    """An instant is written in UTC to the second, in a form of one length, and read
    again."""
    try:
        whole = moment.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        return
    text = format_instant(moment)
    assert len(text) == 20
    assert parse_instant(text) == whole
    assert format_instant(parse_instant(text)) == text


@given(locals_, locals_)
def test_texts_sort_as_instants(one: datetime, other: datetime) -> None:
    """Texts of instants can be compared as they are."""
    texts = (
        format_instant(one.replace(tzinfo=UTC)),
        format_instant(other.replace(tzinfo=UTC)),
    )
    assert (texts[0] < texts[1]) == (one < other)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-21",
        "2026-11-21T09:14Z",
        "2026-11-21T09:14:03",
        "2026-11-21T09:14:03z",
        "2026-11-21t09:14:03Z",
        "2026-11-21 09:14:03Z",
        "2026-11-21T09:14:03+00:00",
        "2026-11-21T09:14:03.5Z",
        "2026-11-21T09:14:60Z",
        "2026-11-21T24:00:00Z",
        "2026-02-30T09:14:03Z",
        "2026-13-01T09:14:03Z",
        "0000-01-01T00:00:00Z",
        "2026-11-21T09:14:03Z\n",
        " 2026-11-21T09:14:03Z",
        "20261121T091403Z",
        "26-11-21T09:14:03Z",
        "２０２６-１１-２１T09:14:03Z",
        "now",
    ],
)
def test_bad_instants(text: str) -> None:
    """Any other form, and what is no moment at all, is refused."""
    with pytest.raises(
        ValueError, match=r"is not an instant|must be in|out of range|Invalid isoformat"
    ):
        parse_instant(text)


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("2026-11-21T09:14:03Z", "Asia/Kathmandu", "2026-11-21T09:14:03Z"),
        ("2026-12-01", "UTC", "2026-12-01T00:00:00Z"),
        ("2026-12-01", "America/New_York", "2026-12-01T05:00:00Z"),
        ("2026-07-01", "Europe/London", "2026-06-30T23:00:00Z"),
        (
            "2018-11-04",
            "America/Sao_Paulo",
            "2018-11-04T03:00:00Z",
        ),  # its midnight does not exist
        (
            "2026-11-01",
            "America/Havana",
            "2026-11-01T04:00:00Z",
        ),  # its midnight comes twice
        (
            "2011-12-30",
            "Pacific/Apia",
            "2011-12-30T10:00:00Z",
        ),  # the whole day does not exist
    ],
)
def test_moment_of(text: str, name: str, expected: str) -> None:
    """A date means its local 00:00."""
    assert format_instant(moment_of(text, zone(name))) == expected


@given(zones, st.dates(datetime(1975, 1, 1).date(), datetime(2037, 1, 1).date()))
def test_moment_of_dates(name: str, day: datetime) -> None:
    """The oracle agrees on the midnight of any day."""
    assert moment_of(day.isoformat(), zone(name)) == oracle(
        datetime(day.year, day.month, day.day), name
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-02-29",
        "2026-13-01",
        "tomorrow",
        "2026-12-01T09:00",
        "2026-12-1",
        "20261201",
        "+3d",
    ],
)
def test_bad_moments(text: str) -> None:
    """A date field holds an instant or a date, nothing else."""
    with pytest.raises(ValueError):
        moment_of(text, zone("UTC"))


# --- what people type ---

LONDON = "Europe/London"


TYPED: list[tuple[str, str, str]] = [
    # dates and times, local where they say no zone
    ("2026-12-01", LONDON, "2026-12-01"),
    (" 2026-12-01 ", LONDON, "2026-12-01"),
    ("2028-02-29", LONDON, "2028-02-29"),
    ("2026-12-01T09:00", LONDON, "2026-12-01T09:00:00Z"),
    ("2026-07-01T09:00", LONDON, "2026-07-01T08:00:00Z"),
    ("2026-12-01 09:00", "America/New_York", "2026-12-01T14:00:00Z"),
    ("2026-12-01t09:00", LONDON, "2026-12-01T09:00:00Z"),
    ("2026-12-01T09:00:30", LONDON, "2026-12-01T09:00:30Z"),
    ("2026-12-01T09:00Z", "America/New_York", "2026-12-01T09:00:00Z"),
    ("2026-12-01T09:00:30z", "America/New_York", "2026-12-01T09:00:30Z"),
    ("2026-12-01T09:00+02:00", "America/New_York", "2026-12-01T07:00:00Z"),
    ("2026-12-01T09:00:30-05:30", LONDON, "2026-12-01T14:30:30Z"),
    ("2026-12-01 23:00-05:00", LONDON, "2026-12-02T04:00:00Z"),
    ("2027-03-28T01:30", LONDON, "2027-03-28T01:00:00Z"),  # does not exist
    ("2026-10-25T01:30", LONDON, "2026-10-25T00:30:00Z"),  # comes twice
    # days by name, in the local calendar
    ("today", LONDON, "2026-11-21"),
    ("today", "Pacific/Apia", "2026-11-21"),
    ("today", "Pacific/Kiritimati", "2026-11-21"),
    ("tomorrow", LONDON, "2026-11-22"),
    ("TOMORROW", LONDON, "2026-11-22"),
    ("tomorrow 09:00", "America/New_York", "2026-11-22T14:00:00Z"),
    ("today 23:59:59", LONDON, "2026-11-21T23:59:59Z"),
    ("sun", LONDON, "2026-11-22"),
    ("mon", LONDON, "2026-11-23"),
    ("Fri", LONDON, "2026-11-27"),
    ("sat", LONDON, "2026-11-28"),  # today is one: the next
    ("saturday", LONDON, "2026-11-28"),
    ("mon 08:30", LONDON, "2026-11-23T08:30:00Z"),
    # so long from now
    ("+3d", LONDON, "2026-11-24T09:14:03Z"),
    ("+2w", LONDON, "2026-12-05T09:14:03Z"),
    ("+4h", LONDON, "2026-11-21T13:14:03Z"),
    ("+30min", LONDON, "2026-11-21T09:44:03Z"),
    ("+1mo", LONDON, "2026-12-21T09:14:03Z"),
    ("+3mo", LONDON, "2027-02-21T09:14:03Z"),
    ("+1y", LONDON, "2027-11-21T09:14:03Z"),
    ("+200d", LONDON, "2027-06-09T08:14:03Z"),  # the wall clock stays
    ("+4800h", LONDON, "2027-06-09T09:14:03Z"),
    ("-1d", LONDON, "2026-11-20T09:14:03Z"),
    ("+0d", LONDON, "2026-11-21T09:14:03Z"),
]


NOT_TYPED = [
    "",
    " ",
    "10",
    "1",
    "2026",
    "3",
    "+3m",
    "-10m",
    "12/01/2026",
    "01/12/2026",
    "1.12.2026",
    "2026/12/01",
    "2026-12",
    "2026-12-1",
    "26-12-01",
    "20261201",
    "2026-13-01",
    "2026-02-29",
    "2026-00-10",
    "2026-11-31",
    "25:00",
    "09:00",
    "9:00",
    "9am",
    "noon",
    "now",
    "next monday",
    "next week",
    "mond",
    "mo",
    "m",
    "tues",
    "tomorow",
    "+3",
    "3d",
    "+d",
    "+ 3d",
    "+3 d",
    "+-3d",
    "++3d",
    "+1.5h",
    "+3days",
    "+3month",
    "+3s",
    "+123456d",
    "tomorrow 25:00",
    "tomorrow 24:00",
    "tomorrow 09:60",
    "tomorrow 9:00",
    "tomorrow 09",
    "tomorrow 0900",
    "tomorrow noon",
    "tomorrow 09:00Z",
    "tomorrow +3d",
    "mon tue",
    "2026-12-01T",
    "2026-12-01T25:00",
    "2026-12-01T24:00",
    "2026-12-01T9:00",
    "2026-12-01T09:00:60",
    "2026-12-01T09",
    "2026-12-01T0900",
    "2026-12-01T09:00 PM",
    "2026-12-01T09:00 Europe/London",
    "2026-12-01T09:00+99:00",
    "2026-12-01 mon",
    "2026-W49-1",
    "2026-335",
    "Dec 1",
    "1 Dec 2026",
    "yes",
    "none",
    "-",
    "+",
    "P3D",
    "+99999y",
    "2026-12-01\n2026-12-02",
    "2026-12-01x",
    "2026-12-01T09:00T09:00",
]


@pytest.mark.parametrize(("text", "name", "expected"), TYPED, ids=ascii)
def test_typed(text: str, name: str, expected: str) -> None:
    """Every form of the grammar."""
    assert parse_when(text, NOW, zone(name)) == expected


@pytest.mark.parametrize("text", NOT_TYPED, ids=ascii)
def test_not_understood(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises((ValueError, OverflowError)):
        parse_when(text, NOW, zone(LONDON))


def test_minutes_or_months() -> None:
    """``m`` could be either, and is told so."""
    with pytest.raises(ValueError, match="min is minutes, mo is months"):
        parse_when("+3m", NOW, zone(LONDON))


@settings(max_examples=200)
@given(st.text(st.sampled_from("0123456789-:tTzZ+dwhmoyin .sure/")) | st.text(), zones)
def test_anything_typed(text: str, name: str) -> None:
    """Whatever is typed, the answer is a refusal or something that a date field can
    hold."""
    try:
        held = parse_when(text, NOW, zone(name))
    except (ValueError, OverflowError):
        return
    assert isinstance(moment_of(held, zone(name)), datetime)


@given(zones, locals_)
def test_local_times_typed(name: str, local: datetime) -> None:
    """A local time means what the oracle says, whatever is between the date and the
    time."""
    expected = format_instant(oracle(local.replace(second=0), name))
    assert parse_when(f"{local:%Y-%m-%dT%H:%M}", NOW, zone(name)) == expected
    assert parse_when(f"{local:%Y-%m-%d %H:%M}", NOW, zone(name)) == expected
    assert (
        parse_when(format_instant(local.replace(tzinfo=UTC)), NOW, zone(name))
        == f"{local:%Y-%m-%dT%H:%M:%SZ}"
    )


@given(
    zones, locals_, st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"])
)
def test_weekdays(name: str, local: datetime, word: str) -> None:
    """A weekday is the next one after today, where the ticket is."""
    now = local.replace(tzinfo=UTC)
    today = (now + offset(now, name)).date()
    found = datetime.fromisoformat(parse_when(word, now, zone(name))).date()
    assert f"{found:%a}".casefold() == word
    assert 1 <= (found - today).days <= 7


@given(
    zones,
    locals_,
    st.integers(0, 999),
    st.sampled_from(["min", "h", "d", "w", "mo", "y"]),
    st.sampled_from("+-"),
)
def test_offsets(name: str, local: datetime, amount: int, unit: str, sign: str) -> None:
    """So long from now: what the oracle adds."""
    period = {
        "min": Duration(seconds=60 * amount),
        "h": Duration(seconds=3600 * amount),
        "d": Duration(days=amount),
        "w": Duration(days=7 * amount),
        "mo": Duration(months=amount),
        "y": Duration(months=12 * (amount % 40)),
    }[unit]
    amount = amount % 40 if unit == "y" else amount
    now = local.replace(tzinfo=UTC)
    expected = format_instant(oracle_add(now, period, name, 1 if sign == "+" else -1))
    assert parse_when(f"{sign}{amount}{unit}", now, zone(name)) == expected


def test_parse_now() -> None:
    """The clock that ``--now`` sets is in UTC unless it says a zone; a date is its
    midnight."""
    assert parse_now("2026-11-25T12:51:00Z", NOW) == at("2026-11-25T12:51")
    assert parse_now("2026-11-25T12:51", NOW) == at("2026-11-25T12:51")
    assert parse_now("2026-11-25T12:51+02:00", NOW) == at("2026-11-25T10:51")
    assert parse_now("2026-11-25", NOW) == at("2026-11-25T00:00")
    assert parse_now("+4d", NOW) == NOW + 4 * DAY
    with pytest.raises(ValueError, match="unknown date"):
        parse_now("soon", NOW)


# --- lengths of time ---


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (1, "1 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (3660, "1 h 1 min"),
        (86399, "23 h 59 min"),
        (86400, "1 d"),
        (89999, "1 d"),
        (90000, "1 d 1 h"),
        (338400, "3 d 22 h"),
        (30 * 86400 - 1, "29 d 23 h"),
        (30 * 86400, "30 d"),
        (30 * 86400 + 7200, "30 d"),
        (-338400, "3 d 22 h"),
        (400 * 86400, "400 d"),
    ],
)
def test_span(seconds: float, words: str) -> None:
    """Lengths of time as people say them."""
    assert span(seconds) == words


@given(st.integers(-(10**9), 10**9))
def test_span_says_the_truth(seconds: int) -> None:
    """Two units at most, the larger first, and what is left out is less than the
    smaller."""
    parts = span(seconds).split()
    sizes = {"s": 1, "min": 60, "h": 3600, "d": 86400}
    assert len(parts) in (2, 4)
    said = sum(
        int(number) * sizes[unit]
        for number, unit in zip(parts[::2], parts[1::2], strict=True)
    )
    left = abs(seconds) - said
    assert (
        0
        <= left
        < sizes[
            "d"
            if said >= 30 * 86400
            else {"d": "h", "h": "min", "min": "min", "s": "s"}[parts[1]]
        ]
    )
    assert [sizes[unit] for unit in parts[1::2]] == sorted(
        (sizes[unit] for unit in parts[1::2]), reverse=True
    )
