"""The proof that automations close tickets fairly."""

from __future__ import annotations

from collections.abc import Iterator

from ticketctl.core.actions import (
    moves_among,
    notifications_among,
)
from ticketctl.core.conditions import (
    Event,
)
from ticketctl.core.language.assumptions import (
    Assumptions,
    opposite,
)
from ticketctl.core.language.entailment import follows
from ticketctl.core.language.findings import proof_error
from ticketctl.core.language.reachability import (
    moves_in,
)
from ticketctl.core.profile import (
    Automation,
    Profile,
    Trigger,
)
from ticketctl.errors import Finding

_TELLING = ("staff_message", "notified", "entered")
"""The events by which a closing clock may start anew: the customer hears of them."""


def fair_closing(profile: Profile) -> Iterator[Finding]:
    """9: an automatic close counts from something that the customer was told, and never
    closes over their message."""
    for rule in profile.automations:
        targets = [action.status for action in moves_among(rule.do)]
        if not any(profile.state(target) == "closed" for target in targets):
            continue
        if rule.start is None or not _tells_customer(profile, rule, rule.start):
            yield proof_error(
                rule.place,
                9,
                "unfair closing",
                f"the automation {rule.name} closes a ticket, but its clock "
                "does not start with anything that the customer is told",
            )
        for event in (*rule.resume_on, *rule.reset_on):
            if event.kind not in _TELLING:
                yield proof_error(
                    rule.place,
                    9,
                    "unfair closing",
                    f"the automation {rule.name} closes a ticket, but {event} "
                    "starts its clock anew, of which the customer hears nothing",
                )
        for status in rule.within:
            if Event("customer_message") not in rule.cancel_on and not _reply_leaves(
                profile, rule, status
            ):
                yield proof_error(
                    rule.place,
                    9,
                    "unfair closing",
                    f"the automation {rule.name} can close a ticket over the "
                    f'customer\'s last message in "{status}"',
                    "add cancel_on: [customer_message]",
                )


def _reply_leaves(profile: Profile, rule: Automation, status: str) -> bool:
    """Return whether every message of a customer takes a ticket out of the statuses of
    an automation."""
    return any(
        isinstance(other, Trigger)
        and Event("customer_message") in other.on
        and action.status not in rule.within
        and not follows(Assumptions(profile, status), other.when)
        for other, action, _ in moves_in(profile, status)
    )


def _tells_customer(profile: Profile, rule: Automation, start: Event) -> bool:
    if start.kind == "staff_message":
        return True
    notices = [
        (sender, action)
        for sender in profile.rules
        for action in notifications_among(sender.do)
        if "customer" in action.recipients
    ]
    if start.kind == "notified":
        return any(action.message == start.about for _, action in notices)
    status = start.about if start.kind == "entered" else rule.within[0]
    telling = [
        trigger.when
        for trigger, _ in notices
        if isinstance(trigger, Trigger) and start in trigger.on
    ]
    facts = Assumptions(profile, status)
    # One that always tells, or several of which one tells whenever another does not.
    return any(
        all(
            any(
                not follows(facts.knowing([opposite(unmet)]), other)
                for other in telling
            )
            for unmet in follows(facts, when)
        )
        for when in telling
    )
