"""Tests of ``ticketctl.app.holidays``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from tests.support.calendars import DESK
from tests.support.stores import done, ticketctl
from ticketctl.app.holidays import insert_holidays
from ticketctl.store.yaml.ruamel import read_yaml

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
    assert insert_holidays(text, node, HOLIDAYS_OF_2027) == expected


def test_a_countrys_holidays(hours_workspace: Path) -> None:
    """The real package, into the profile and into the settings; twice is once; what
    cannot be done is said."""
    (hours_workspace / "profiles/desk.yaml").write_text(
        DESK.replace("holidays: {2026-12-25: Christmas Day}", "timezone: UTC # here")
    )
    assert (
        "8 holidays of GB in 2027"
        in ticketctl(
            hours_workspace,
            "profile",
            "holidays",
            "desk",
            "--country",
            "gb",
            "--year",
            "2027",
        ).err
    )
    text = (hours_workspace / "profiles/desk.yaml").read_text()
    assert "      2027-12-28: Boxing Day (observed)\n" in text
    assert "# here" in text
    assert (
        "0 holidays"
        in ticketctl(
            hours_workspace,
            "profile",
            "holidays",
            "desk",
            "--country",
            "gb",
            "--year",
            "2027",
        ).err
    )
    assert (hours_workspace / "profiles/desk.yaml").read_text() == text
    assert done(hours_workspace, "profile", "check", "desk") == ""
    for words, status, said in (
        (("desk", "--country", "ZZ"), 2, 'unknown country "ZZ"'),
        (("desk", "--country", "GB", "--region", "XX"), 2, 'unknown region "XX" of GB'),
        (
            ("desk", "--country", "GB", "--calendar", "offce"),
            2,
            'has no calendar "offce"',
        ),
        (("biztech", "--country", "GB"), 66, "is not this store's own"),
        (("--country", "GB"), 2, "written in brackets"),
    ):
        ran = ticketctl(
            hours_workspace, "profile", "holidays", *words, "--year", "2027"
        )
        assert (ran.status, said in ran.err) == (status, True), (words, ran)
