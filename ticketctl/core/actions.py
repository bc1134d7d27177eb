"""What the rules of a profile do: one class for each kind of action.

``Action`` is the union of all; a ``match`` over it ends in ``assert_never``, so that
mypy finds every place where a new kind is not handled yet. Texts may hold ``$names``
(``core/templates.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import assert_never

from ticketctl.core.entry import Value
from ticketctl.errors import Place
from ticketctl.record import EMPTY, Record


class MoveAction(Record):
    """Move the ticket to a status, with a public text, an internal note and values of
    fields, if they are given."""

    kind = "move"
    status: str
    text: str = ""
    note: str = ""
    sets: Mapping[str, Value | None] = EMPTY
    place: Place = Place("")


class SetAction(Record):
    """Set fields; ``None`` clears one."""

    kind = "set"
    sets: Mapping[str, Value | None]
    place: Place = Place("")


class NoteAction(Record):
    """Write an internal note."""

    kind = "note"
    text: str
    place: Place = Place("")


class NotifyAction(Record):
    """Send a message.

    Args:
        message: its name.
        recipients: ``customer``, ``actor``, fields that hold people, ``role:NAME``.
        otherwise: the recipients where those reach nobody (``else``).
    """

    kind = "notify"
    message: str
    recipients: tuple[str, ...]
    otherwise: tuple[str, ...] = ()
    place: Place = Place("")


class RefuseAction(Record):
    """Refuse the request, with a reason."""

    kind = "refuse"
    text: str
    place: Place = Place("")


class FollowUpAction(Record):
    """Create a ticket that follows this one."""

    kind = "follow_up"
    title: str
    place: Place = Place("")


class WarnAction(Record):
    """Warn whoever makes the request."""

    kind = "warn"
    text: str
    place: Place = Place("")


Action = (
    MoveAction
    | SetAction
    | NoteAction
    | NotifyAction
    | RefuseAction
    | FollowUpAction
    | WarnAction
)


def moves_among(actions: Iterable[Action]) -> list[MoveAction]:
    """Return the actions that change the status."""
    return [action for action in actions if isinstance(action, MoveAction)]


def notifications_among(actions: Iterable[Action]) -> list[NotifyAction]:
    """Return the actions that notify somebody."""
    return [action for action in actions if isinstance(action, NotifyAction)]


def sets_of(action: Action) -> Mapping[str, Value | None]:
    """Return the values of fields that an action sets, ``None`` for cleared."""
    match action:
        case MoveAction() | SetAction():
            return action.sets
        case (
            NoteAction()
            | NotifyAction()
            | RefuseAction()
            | FollowUpAction()
            | WarnAction()
        ):
            return EMPTY
        case _:
            assert_never(action)
