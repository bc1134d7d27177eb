"""The benchmark: its tickets are realistic, and its page says what was measured."""

from __future__ import annotations

from pathlib import Path

from tests.bench.build import build
from tests.bench.page import page
from tests.bench.stories import NOW
from tests.support.stores import done
from ticketctl.core.dates import format_instant


def test_a_store_is_sound_and_always_the_same(tmp_path: Path) -> None:
    """``check`` has nothing against it, nothing is due at its instant, and two of one
    size are alike byte for byte."""
    one, two = tmp_path / "one", tmp_path / "two"
    facts = build(120, one)
    build(120, two)
    held = {path.relative_to(one): path.read_bytes() for path in one.rglob("*.yaml")}
    assert held == {
        path.relative_to(two): path.read_bytes() for path in two.rglob("*.yaml")
    }
    assert (
        len([path for path in held if path.parts[0] == "tickets"])
        == facts["tickets"]
        == 120
    )
    assert done(one, "check", now=format_instant(NOW)) == ""
    assert done(one, "sweep", "-n", now=format_instant(NOW)) == ""


def test_the_page_says_where_we_are_slower() -> None:
    """A target that is missed and a peer that is faster are named in words, whatever
    the table shows."""
    other = {
        "name": "rg",
        "median": 5.0,
        "min": 4.0,
        "max": 6.0,
        "ratio": 2.0,
        "target": None,
    }
    missed = {**other, "name": "git status", "target": 1.5, "verdict": "missed"}
    row = {
        "name": "list",
        "unit": "ms",
        "note": "",
        "others": [other, missed],
        "ours": {"name": "ticketctl list", "median": 10.0, "min": 9.0, "max": 11.0},
    }
    text = "\n".join(
        page(
            [
                {
                    "tickets": 1000,
                    "bytes": 2000000,
                    "machine": {"Python": "3"},
                    "rows": {"list": row},
                }
            ]
        )
    )
    assert "Targets missed: 1." in text
    assert "\n| list | 1,000 | `git status` | 2.00 x | 1.50 x |\n" in text
    assert "Without a target, and faster than ticketctl: 1." in text
    assert "\n| list | 1,000 | rg | 2.00 x |\n" in text
