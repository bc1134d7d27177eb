"""Tests of ``ticketctl.core.language.calendars``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.calendars import DESK
from tests.support.stores import done, ticketctl
from ticketctl.core.language.parser import read_profile
from ticketctl.store.yaml.ruamel import read_yaml


def test_the_words_of_a_calendar(hours_workspace: Path) -> None:
    shown = ticketctl(
        hours_workspace, "profile", "show", "desk", "--format", "json"
    ).out
    assert "after 2 days of office" in shown and '"2026-12-28"' in shown, (
        "with the store's holidays"
    )
    assert "in working time (office)" in done(
        hours_workspace, "profile", "show", "desk"
    )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("calendar: office", "calendar: ofice", 'unknown calendar "ofice"'),
        ("after: P2D", "after: P2M", "P2M cannot be counted in working time"),
        ("after: P2D", "after: P500D", "P500D cannot be counted in working time"),
        ("mon-fri:", "mon-fry:", 'unknown day "mon-fry"'),
        (
            "09:00-12:30, 13:30-17:30",
            "09:00-12:30, 12:00-17:30",
            'invalid hours "12:00-17:30"',
        ),
        ("09:00-12:30, 13:30-17:30", "09:00-25:00", 'invalid hours "09:00-25:00"'),
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
