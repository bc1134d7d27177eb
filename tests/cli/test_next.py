"""The next rule of a ticket is the same in show, next, move, list, why and sweep."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.places import ROOT
from tests.support.stores import done, make_store, make_tickets

SETTINGS = """\
commit: off
people:
  amy@support.example: {roles: [agent]}
"""


JANE = "  jane@customer.example: {roles: [customer]}\n"


REMINDER = "a reminder goes out"


def make_own_store(root: Path, settings: str) -> None:
    """Make a store whose profile reminds only of tickets of listed customers."""
    make_store(root, settings, profile="own")
    biztech = (ROOT / "profiles/biztech.yaml").read_text(encoding="utf-8")
    text = biztech.replace("profile: biztech", "profile: own", 1).replace(
        "  reset_on: [staff_event]\n",
        "  reset_on: [staff_event]\n  when: [{field: customer, has_role: customer}]\n",
    )
    assert text.count("has_role") == biztech.count("has_role") + 1
    (root / "profiles").mkdir()
    (root / "profiles/own.yaml").write_text(text, encoding="utf-8")
    done(root, "check")
    make_tickets(root, "aaaaa")


@pytest.mark.parametrize("is_listed", [True, False])
def test_all_commands_agree_on_the_next_rule(tmp_path: Path, is_listed: bool) -> None:
    """A rule with ``has_role`` in its ``when`` asks who the people of the store are."""
    root = tmp_path / "store"
    make_own_store(root, SETTINGS + JANE * is_listed)
    acts = is_listed
    moved = done(root, "move", "aaaaa", "Open", "-a", "amy@support.example")
    (row,) = json.loads(done(root, "list", "--format", "json"))["tickets"]
    (ticket,) = json.loads(done(root, "show", "aaaaa", "--format", "json"))["tickets"]
    (rule,) = json.loads(done(root, "why", "aaaaa", "--format", "json"))["rules"]
    later = "2026-11-20T09:00:00Z"
    sweep = done(root, "sweep", "-n", now=later)
    assert (REMINDER in moved) == acts
    assert (REMINDER in done(root, "show", "aaaaa")) == acts
    assert (REMINDER in done(root, "show", "aaaaa", now=later)) == acts
    assert (REMINDER in done(root, "next", "aaaaa")) == acts
    assert (row["next_rule"] == "review-open") == acts
    assert ticket["next_due"] == row["next_due"]
    assert (row["next_due"] is not None) == acts
    assert [test["holds"] for test in rule["conditions"]] == [acts]
    assert ("review-open" in sweep) == acts
