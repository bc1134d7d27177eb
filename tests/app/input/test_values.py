"""Tests of ``ticketctl.app.input.values``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.input import NOW, OWN
from tests.support.places import ROOT
from ticketctl.cli.main import run
from ticketctl.core.dates import Duration


@pytest.mark.parametrize("due", ["1900-01-01", "2999-12-31", "2999-12-31T23:59:59"])
def test_dates_at_the_ends_of_the_calendar(
    store: Path, capfd: pytest.CaptureFixture[str], due: str
) -> None:
    """A rule that counts from them over the end never acts; a list with such a ticket
    ended with a crash."""
    text = (
        (ROOT / "profiles/biztech.yaml")
        .read_text()
        .replace("profile: biztech", "profile: own")
    )
    rule = "- {name: far, in: [New, Open], at: due, WHEN, do: [{note: x}]}\n"
    text = text.replace(
        "automations:\n", "automations:\n" + rule.replace("WHEN", "after: P99Y")
    )
    text = text.replace(
        "automations:\n",
        "automations:\n" + rule.replace("far", "near").replace("WHEN", "lead: P9Y"),
    )
    Path("profiles").mkdir()
    Path("profiles/own.yaml").write_text(text)
    assert (
        run(
            [
                "--now",
                NOW,
                "new",
                "x",
                "-c",
                "jane@customer.example",
                "-p",
                "own",
                "--due",
                due,
            ]
        )
        == 0
    )
    for words in (["list", "-A"], ["forecast", "--days", "3660"], ["sweep", "-n"]):
        for now in (NOW, "2999-12-31"):
            assert run(["--now", now, *words]) == 0, capfd.readouterr().err


@pytest.mark.parametrize(
    "text", ["P99999999Y", "P" + "9" * 5000 + "Y", "PT" + "9" * 4000 + "S", "P1Y" * 20]
)
def test_durations_without_end(text: str) -> None:
    """Refused in few words."""
    with pytest.raises(ValueError, match=r"hundred years|not a duration") as caught:
        Duration.parse(text)
    assert len(str(caught.value)) < 200


def test_numbers_lists_and_truth_where_a_field_is_of_that_type(store: Path) -> None:
    """As texts or as what they are."""
    (store / "profiles").mkdir()
    (store / "profiles/own.yaml").write_text(OWN)
    rows = [
        {"title": "1", "size": 5, "urgent": True, "people": ["a@b.c", "d@e.f"]},
        {
            "title": "2",
            "fields": {"size": "5", "urgent": "yes", "people": "a@b.c,d@e.f"},
            "customer": None,
        },
    ]
    Path("rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert run(["new", "--from", "rows.jsonl", "-p", "own"]) == 0
    written = [path.read_text() for path in store.glob("tickets/*/*/*/*.yaml")]
    assert len(written) == 2
    assert all("size: 5\n" in text and "urgent: true" in text for text in written)
