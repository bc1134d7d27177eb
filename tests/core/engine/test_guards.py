"""Tests of ``ticketctl.core.engine.guards``."""

from __future__ import annotations

from tests.support.profile_mutants import NOW, PROFILE, ticket
from ticketctl.core.actions import NoteAction
from ticketctl.core.conditions import Event, FieldCheck, FieldCondition, NotCondition
from ticketctl.core.engine.context import Situation
from ticketctl.core.engine.decide import decide
from ticketctl.core.engine.requests import Actor, Change, Decision
from ticketctl.core.people import People
from ticketctl.core.profile import Trigger
from ticketctl.record import replace


def test_a_rule_sees_what_the_request_changed() -> None:
    """``changed`` in a rule's ``when`` is about the request that it answers."""
    changed = FieldCondition("x", (FieldCheck("changed"),))
    for when, sets, expected in (
        ((changed,), {"x": "q"}, True),
        ((changed,), {"y": "v"}, False),
        ((NotCondition((changed,)),), {"x": "q"}, False),
        ((NotCondition((changed,)),), {"y": "v"}, True),
    ):
        rule = Trigger("teller", (Event("staff_event"),), when, (NoteAction("seen"),))
        profile = replace(PROFILE, triggers=(rule,))
        outcome = decide(
            Situation(profile, People(), NOW),
            ticket("A", None, None, False),
            Change(Actor("amy", "agent"), sets=sets),
        )
        assert isinstance(outcome, Decision)
        assert any(entry.rule == "teller" for entry in outcome.entries) == expected, (
            when,
            sets,
        )
