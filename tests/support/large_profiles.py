"""Profiles that a stranger wrote, and profiles with very many parts."""

from __future__ import annotations

from datetime import UTC, datetime

from ticketctl.core.engine.context import Situation
from ticketctl.core.engine.decide import decide
from ticketctl.core.engine.requests import Actor, Create, Decision
from ticketctl.core.language.parser import read_profile
from ticketctl.core.people import NOBODY_LISTED, People
from ticketctl.core.profile import Profile
from ticketctl.core.ticket import Ticket
from ticketctl.errors import Finding
from ticketctl.store.yaml.ruamel import read_yaml

HEAD = """\
profile: own
title: Own
version: 1
timezone: UTC
roles: {customer: customer, agent: agent, robot: integration, system: system}
fields: {a: text, lead: {type: user}, memo: text}
statuses:
  New: {state: new}
  Open: {state: open}
  Done: {state: closed}
transitions:
- {from: created, to: New, roles: [customer, agent]}
- {from: any, to: [Open, Done], roles: [agent, system]}
""".replace("a: text", "a: {type: text}").replace("memo: text", "memo: {type: text}")


NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


AMY, BOB = "amy@support.example", "bob@support.example"


JANE, EVE = "jane@customer.example", "eve@customer.example"


def compiled(text: str) -> tuple[Profile, list[Finding]]:
    """A profile, and what is wrong with it."""
    return read_profile(read_yaml(text.encode(), "own.yaml"), "own.yaml")


def sound(text: str) -> Profile:
    """A profile with which nothing is wrong."""
    profile, findings = compiled(text)
    assert findings == []
    return profile


def opened(profile: Profile, people: People = NOBODY_LISTED, **sets: str) -> Ticket:
    """A ticket of it."""
    request = Create(
        "261102-aaaaa", Actor(AMY, "agent"), "It", sets={"customer": JANE, **sets}
    )
    made = decide(Situation(profile, people, NOW), None, request)
    assert isinstance(made, Decision), made
    return made.ticket


# --- limits before work (T9) ---


def many(pattern: str, number: int) -> str:
    """Lines of YAML, numbered."""
    return "".join(pattern.replace("#", str(one)) for one in range(number))


# --- no internal note in what customers read (T12) ---


def telling(
    told: str,
    body: str = "'Note: $note'",
    when: str = "",
    more: str = "",
    on: str = "staff_event",
) -> str:
    """A profile with a rule that tells somebody of a note."""
    rule = f"- {{name: tell, on: {on}, when: [{when}], do: [{{notify: {told}, message: m}}]}}\n"
    return (
        f"{HEAD}messages:\n  m: {{subject: x, body: {body}}}\n{more}triggers:\n{rule}"
    )
