"""The warnings of ``profile check``: what is allowed, but probably not meant."""

from __future__ import annotations

from collections.abc import Iterator

from ticketctl.core.actions import (
    notifications_among,
)
from ticketctl.core.conditions import (
    FieldCheck,
    FieldCondition,
)
from ticketctl.core.language.findings import doubt
from ticketctl.core.language.reachability import (
    fires_in,
)
from ticketctl.core.profile import (
    Profile,
    Status,
)
from ticketctl.errors import Finding, Place


def forgotten(profile: Profile) -> Iterator[Finding]:
    """A pending or on_hold status in which a ticket can lie for ever unnoticed."""
    for status in profile.statuses.values():
        if status.state not in ("pending", "on_hold"):
            continue
        timed = any(status.name in rule.within for rule in profile.automations)
        if not timed and not _owned(status):
            yield doubt(status.place, f'"{status.name}" has no timer and no owner')


def _owned(status: Status) -> bool:
    conditions = (*status.invariants, *status.preconditions)
    return any(
        isinstance(condition, FieldCondition)
        and condition.name == "assignee"
        and FieldCheck("present") in condition.checks
        for condition in conditions
    )


def never_fires(profile: Profile) -> Iterator[Finding]:
    """A rule that can never act, and a message that is never sent."""
    for rule in profile.rules:
        if not fires_in(profile, rule):
            yield doubt(rule.place, f"the rule {rule.name} can never act")
    for rule in profile.automations:
        if (
            rule.start is not None
            and rule.start.kind == "entered"
            and rule.start.about not in rule.within
        ):
            yield doubt(
                rule.place,
                f"the automation {rule.name} starts with {rule.start}, which is not among its statuses",
            )
    sent = {
        action.message
        for rule in profile.rules
        for action in notifications_among(rule.do)
    }
    for message in profile.messages.values():
        if message.name.partition(".")[0] not in sent:
            yield doubt(
                Place(profile.path), f'the message "{message.name}" is never sent'
            )
