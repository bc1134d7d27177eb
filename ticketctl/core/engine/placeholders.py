"""The ``$names`` in a profile's texts and values, filled in from the ticket."""

from __future__ import annotations

from collections.abc import Mapping

from ticketctl.core import dates
from ticketctl.core.engine.context import EvalContext
from ticketctl.core.engine.events import last_customer_text
from ticketctl.core.entry import Entry, Value
from ticketctl.core.templates import TooLongError, filled, shortened
from ticketctl.core.ticket import flat


def fill(
    text: str,
    context: EvalContext,
    cause: Entry | None = None,
    more: Mapping[str, str] | None = None,
) -> str:
    """Return a text of the profile with its ``$names`` filled in, for reading.

    Long values are cut where the text would be too long.

    Args:
        cause: the entry whose text and note are ``$text`` and ``$note``.
        more: further names and their values.
    """
    return shortened(text, _values(context, cause, more)) if "$" in text else text


def fill_value(
    text: str, context: EvalContext, what: str, cause: Entry | None = None
) -> str:
    """Return a text with its ``$names`` filled in, to be a part of the ticket: whole.

    Args:
        what: which value it is, for the error.
        cause: as of :func:`fill`.

    Raises:
        TooLongError: it would be too long.
    """
    if "$" not in text:
        return text
    try:
        return filled(text, _values(context, cause))
    except TooLongError as error:
        raise TooLongError(error.length, what) from None


def _values(
    context: EvalContext, cause: Entry | None, more: Mapping[str, str] | None = None
) -> Mapping[str, object]:
    """Return the value of each name."""
    ticket = context.ticket
    fields = {name: as_text(value) for name, value in ticket.fields.items()}
    head = {
        name: as_text(ticket.get(name))
        for name in (
            "assignee",
            "customer",
            "due",
            "title",
            "id",
            "follows",
            "watchers",
        )
    }
    return {
        **fields,
        **head,
        "actor": context.actor,
        "now": dates.format_instant(context.now),
        "name": context.name,
        "text": ((cause and cause.text) or "").strip(),
        "note": ((cause and cause.note) or "").strip(),
        "last_reply": last_customer_text(context.profile, ticket.acts),
        "closes": "",
        "follow_up": "",
        **(more or {}),
    }


def as_text(value: Value | None) -> str:
    """Return a field's value as it stands in a text; empty if it is not set."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(value)
    return "" if value is None else str(value)


def fill_sets(
    sets: Mapping[str, Value | None], context: EvalContext
) -> tuple[dict[str, Value], tuple[str, ...]]:
    """Return what a profile sets, filled in, as ``set`` and ``unset`` of an entry.

    Names are flat. What the ticket has already is left out.

    Raises:
        TooLongError: a value would be too long.
    """
    put: dict[str, Value] = {}
    cleared: list[str] = []
    for name, value in sets.items():
        value = fill_value(value, context, name) if isinstance(value, str) else value
        if value is None or value == "":
            if context.ticket.get(name) is not None:
                cleared.append(flat(name))
        elif context.ticket.get(name) != value:
            put[flat(name)] = value
    return put, tuple(cleared)
