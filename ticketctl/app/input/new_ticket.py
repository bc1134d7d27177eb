"""New tickets: what the command line, or a row of a file (``app/input/rows.py``), asks
for, as the requests that the engine decides."""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from ticketctl.app.input import values
from ticketctl.app.input.identity import actors, parse_person
from ticketctl.app.workspace import Workspace
from ticketctl.core.engine.context import EvalContext, fill
from ticketctl.core.engine.requests import Actor, Create
from ticketctl.core.entry import Value
from ticketctl.core.profile import Profile, Template
from ticketctl.core.ticket import Ticket
from ticketctl.errors import TicketctlError, UsageError
from ticketctl.record import EMPTY
from ticketctl.store.paths import ID

if TYPE_CHECKING:
    from ticketctl.app.input.rows import Rows


class NewTicketInput(NamedTuple):
    """A new ticket as the user gives it, before a profile gives the words their
    meaning.

    Args:
        title: may be missing where a template has one.
        profile: the name of the profile; else that of the settings.
        customer, assignee: an address, ``@me`` or ``none``.
        text: the first public message.
        due: the due date, such as ``tomorrow``.
        follows: the ticket that this one continues.
        status: the first status, where the profile has several.
        template: the name of a template of the profile.
        id: its id; else one is drawn.
        fields: values by the names of fields, as JSON gives them.
        pairs: ``FIELD=VALUE``, which count more than ``fields``.
        via: how the customer contacted staff.
        quiet: whether no notifications are sent.
    """

    title: str | None = None
    profile: str | None = None
    customer: str | None = None
    assignee: str | None = None
    text: str | None = None
    due: str | None = None
    follows: str | None = None
    status: str | None = None
    template: str | None = None
    id: str | None = None
    fields: Mapping[str, object] = EMPTY
    pairs: tuple[str, ...] = ()
    via: str | None = None
    quiet: bool = False


TEXTS = (
    "title",
    "profile",
    "customer",
    "assignee",
    "text",
    "due",
    "follows",
    "status",
    "template",
    "id",
)
"""Columns of a row that are texts of the ticket, and no fields of its profile."""


def from_row(row: Mapping[str, object], defaults: NewTicketInput) -> NewTicketInput:
    """Return the ticket that a row describes. A column that is not one of ``TEXTS`` is a
    field.

    Args:
        defaults: what holds where the row says nothing.

    Raises:
        UsageError: a column has a value of a wrong type.
    """
    check_texts(row)
    fields = row.get("fields") or {}
    if not isinstance(fields, dict):
        raise UsageError("fields must be an object")
    columns = {
        key: value
        for key, value in row.items()
        if key not in TEXTS and key != "fields" and value not in (None, "")
    }
    texts = {key: str(row[key]) for key in TEXTS if row.get(key) not in (None, "")}
    return NewTicketInput(
        **{**defaults._asdict(), **texts, "fields": {**columns, **fields}}
    )


def requests_of_rows(
    workspace: Workspace,
    rows: Rows,
    defaults: NewTicketInput,
    taken: Container[str],
) -> Iterator[tuple[Profile, list[Create]]]:
    """Yield for each row what :func:`create_requests` returns.

    Args:
        taken: ids that are no longer free; it may grow meanwhile.

    Raises:
        TicketctlError: with the place of the row in front of the message.
    """
    for place, row in rows:
        try:
            requests = create_requests(workspace, from_row(row, defaults), taken)
        except TicketctlError as error:
            error.message = place + error.message
            raise
        yield requests


def check_texts(row: Mapping[str, object]) -> None:
    """Refuse a row of JSON in which a column that must be a text is not; its fields are
    checked by their types.

    Raises:
        UsageError: with the name of the column.
    """
    for key in ("created", *TEXTS):
        if not isinstance(row.get(key, ""), str | None):
            raise _wrong_type(key, "a text", row[key])


def _wrong_type(key: str, expected: str, value: object) -> UsageError:
    shown = json.dumps(value, ensure_ascii=False)
    return UsageError(
        f"{key} must be {expected}, "
        f"not {shown if len(shown) < 60 else shown[:57] + '...'}"
    )


def create_requests(
    workspace: Workspace, typed: NewTicketInput, taken: Container[str] = ()
) -> tuple[Profile, list[Create]]:
    """Return the profile of a new ticket, and one request for each role that the user
    has.

    Args:
        taken: ids that are no longer free.

    Raises:
        TicketctlError: the input does not make a ticket.
    """
    profile = _profile(workspace, typed.profile)
    template = values.find_template(profile, typed.template) if typed.template else None
    id_ = _id(workspace, typed.id, taken)
    candidates = actors(workspace, profile, None)
    sets = _assignments(workspace, profile, typed)
    title = typed.title or (template.title if template else "")
    text = typed.text or (template.text if template else "")
    if not title:
        raise UsageError("missing TITLE", 'ticketctl new "TITLE"')
    note = None
    if template:
        context = _template_context(workspace, profile, candidates[0], id_, title)
        sets = {**_template_sets(template), **sets}
        title, text = fill(title, context), fill(text, context)
        note = fill(template.note, context) or None
    to = template.to or None if template else None
    if typed.status:
        to = values.find_status(profile, typed.status)
    return profile, [
        Create(
            id_,
            actor,
            values.clean_line(title, "the title"),
            values.clean_text(text, "the text") if text else None,
            note,
            to,
            _with_customer(profile, actor, sets),
            via=typed.via,
            quiet=typed.quiet,
        )
        for actor in candidates
    ]


def _profile(workspace: Workspace, name: str | None) -> Profile:
    name = name or workspace.settings.profile
    if not name:
        names = ", ".join(workspace.registry.names())
        raise UsageError(
            "say which profile",
            f"-p PROFILE ({names}), or profile: in ticketctl.yaml",
        )
    return workspace.registry.get(name)


def _template_context(
    workspace: Workspace, profile: Profile, actor: Actor, id_: str, title: str
) -> EvalContext:
    """Return what the names in a template's texts stand for."""
    return EvalContext(
        profile,
        workspace.people_of(profile),
        workspace.now,
        Ticket(id_, profile.name, title, ""),
        (),
        actor.role,
        actor.role,
        actor.who,
    )


def _template_sets(template: Template) -> dict[str, Value]:
    return {key: value for key, value in template.sets.items() if value is not None}


def _with_customer(
    profile: Profile, actor: Actor, sets: dict[str, Value]
) -> dict[str, Value]:
    """Return the values, with a customer who opens a ticket as its customer."""
    if profile.kind(actor.role) == "customer":
        return {"customer": actor.who, **sets}
    return sets


def _id(workspace: Workspace, id_: str | None, taken: Container[str]) -> str:
    if not id_:
        return workspace.store.fresh_id(workspace.now, taken)
    if not ID.match(id_):
        raise UsageError(
            f'"{id_}" is not an id',
            "YYMMDD and five of 0-9 a-z without i l o u: 261121-k3qx9",
        )
    if id_ in taken:
        raise UsageError(f"another row has the id {id_}")
    return id_


_LISTS = ("users", "checklist")


def _as_typed(key: str, kind: str, value: object) -> str:
    """Return a value of JSON for a field as a user would type it.

    Args:
        kind: the type of the field.

    Raises:
        UsageError: the value is of another type than the field.
    """
    if isinstance(value, str):
        return value
    if kind == "boolean" and isinstance(value, bool):
        return "true" if value else "false"
    if kind == "integer" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if (
        kind in _LISTS
        and isinstance(value, list)
        and all(isinstance(item, str) for item in value)
    ):
        return ",".join(value)
    what = {"boolean": "true or false", "integer": "a whole number"}.get(kind, "a text")
    raise _wrong_type(key, "a list of texts" if kind in _LISTS else what, value)


def _assignments(
    workspace: Workspace, profile: Profile, typed: NewTicketInput
) -> dict[str, Value]:
    """Return the values that a new ticket begins with, by name."""
    sets: dict[str, Value] = {}
    for key, value in typed.fields.items():
        name, field = values.find_field(profile, key)
        sets[name] = values.parse_value(
            workspace, profile, field, name, _as_typed(key, field.type, value)
        )
    pairs, _ = values.parse_assignments(workspace, profile, typed.pairs)
    sets |= pairs
    for key, who in (("customer", typed.customer), ("assignee", typed.assignee)):
        if who and who.casefold() != "none":
            sets[key] = parse_person(who, workspace)
    if typed.due:
        sets["due"] = values.parse_moment(workspace, typed.due)
    if typed.follows:
        sets["follows"] = workspace.id_of(typed.follows)
    return sets
