"""Changes of tickets: what a user types, as the requests that the engine decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ticketctl.app.input import values
from ticketctl.app.input.identity import actors, parse_person
from ticketctl.app.workspace import Workspace
from ticketctl.core.engine.context import context_for, fill
from ticketctl.core.engine.requests import Actor, Change
from ticketctl.core.entry import Value
from ticketctl.core.profile import Profile
from ticketctl.core.ticket import Ticket
from ticketctl.errors import RefusedError
from ticketctl.record import Record
from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket

if TYPE_CHECKING:
    from ticketctl.app.change import Ask


class ChangeInput(Record):
    """A change as the user types it, before a profile gives the words their meaning.

    Args:
        to: the status to change to.
        expect: the status that the ticket must have; else the change is refused.
        reply: a public message.
        note: an internal note.
        assignee: an address, ``@me``, or ``none`` to unassign.
        pairs: ``FIELD=VALUE``; ``FIELD=`` clears the field.
        due: the due date, such as ``tomorrow``.
        template: the name of a template of the profile.
        for_: the customer whose words or decision staff record.
        via: how the customer contacted staff.
        quiet: whether no notifications are sent.
    """

    to: str | None = None
    expect: str | None = None
    reply: str | None = None
    note: str | None = None
    assignee: str | None = None
    pairs: Sequence[str] = ()
    due: str | None = None
    template: str | None = None
    for_: str | None = None
    via: str | None = None
    quiet: bool = False


def change_requests(workspace: Workspace, typed: ChangeInput) -> Ask:
    """Return a function that makes the requests for one ticket, in the terms of its
    profile: one request for each role that the user has."""

    def ask(loaded: LoadedTicket, profile: Profile) -> list[Change]:
        ticket = loaded.ticket
        to = values.find_status(profile, typed.to) if typed.to else None
        if typed.expect is not None:
            _check_status(profile, ticket, typed.expect)
        candidates = actors(workspace, profile, ticket, typed.for_)
        sets, unset = _assignments(workspace, profile, typed)
        text, note = typed.reply, typed.note
        if typed.template:
            filled = _template(
                workspace, profile, ticket, candidates[0], typed.template
            )
            sets = {**filled.sets, **sets}
            text, note = text or filled.text, note or filled.note
        return [
            Change(
                actor,
                to,
                values.clean_text(text, "the message") if text is not None else None,
                values.clean_text(note, "the note") if note is not None else None,
                sets,
                unset,
                via=typed.via,
                quiet=typed.quiet,
            )
            for actor in candidates
        ]

    return ask


def _check_status(profile: Profile, ticket: Ticket, expected: str) -> None:
    """Refuse a change of a ticket that has another status than the user expects.

    Raises:
        RefusedError: it has; the hint says who changed it.
    """
    if values.find_status(profile, expected) != ticket.status:
        last = next(entry for entry in reversed(ticket.history) if entry.to)
        raise RefusedError(
            f"{ticket.id} is {ticket.status}, not {expected}",
            f"{last.by} moved it from {last.from_ or 'new'} at {last.at}",
        )


def _assignments(
    workspace: Workspace, profile: Profile, typed: ChangeInput
) -> tuple[dict[str, Value], tuple[str, ...]]:
    """Return the values to set by name, and the names to clear."""
    sets, unset = values.parse_assignments(workspace, profile, typed.pairs)
    if typed.due:
        sets["due"] = values.parse_moment(workspace, typed.due)
    if typed.assignee and typed.assignee.casefold() == "none":
        unset += ("assignee",)
    elif typed.assignee:
        sets["assignee"] = parse_person(typed.assignee, workspace)
    return sets, unset


class _FilledTemplate(Record):
    """What a template gives to one ticket."""

    sets: dict[str, Value]
    text: str | None
    note: str | None


def _template(
    workspace: Workspace, profile: Profile, ticket: Ticket, actor: Actor, name: str
) -> _FilledTemplate:
    template = values.find_template(profile, name)
    context = context_for(workspace.situation_of(profile), ticket, actor)
    return _FilledTemplate(
        {key: value for key, value in template.sets.items() if value is not None},
        fill(template.text, context) or None,
        fill(template.note, context) or None,
    )
