"""The commands that change tickets: move, reply, note, assign, set."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import click

from ticketctl.app.change import change_tickets
from ticketctl.app.input import values
from ticketctl.app.input.changes import ChangeInput, change_requests
from ticketctl.cli.command import command
from ticketctl.cli.completers import complete_id_or_status
from ticketctl.cli.environment import Env, pass_env
from ticketctl.cli.options import (
    assignee_option,
    dry_run_option,
    due_option,
    file_option,
    for_option,
    format_option,
    id_argument,
    message_option,
    no_notify_option,
    note_option,
    options,
    reply_option,
    set_option,
    template_option,
    via_option,
)
from ticketctl.cli.outcome import tell
from ticketctl.errors import UsageError

_ending = options(no_notify_option, dry_run_option, format_option("text", "json"))


@command("move")
@click.argument(
    "words",
    metavar="ID... STATUS",
    nargs=-1,
    required=True,
    shell_complete=complete_id_or_status,
)
@options(note_option, reply_option, for_option, via_option)
@options(assignee_option, set_option, due_option, template_option)
@click.option(
    "--expect", metavar="STATUS", help="Refuse unless the ticket has STATUS now."
)
@_ending
@pass_env
def move_command(
    env: Env, /, words: tuple[str, ...], format_: str, dry: bool, **typed: Any
) -> None:
    """Change the status of tickets.

    If the workflow does not allow it, the answer says what is missing. With - as ID,
    the ids are read from stdin, one on each line.
    """
    *ids, status = words
    if not ids or not status.strip():
        raise UsageError(
            "missing STATUS" if ids or status.strip() else "missing ID and STATUS",
            "ticketctl move ID STATUS; ticketctl next ID shows the statuses",
        )
    _change(
        env,
        ids,
        ChangeInput(to=status, **typed),
        format_,
        dry,
        several="-" in words or len(ids) > 1,
    )


@command("reply")
@id_argument
@options(message_option, file_option, for_option, via_option, _ending)
@pass_env
def reply_command(
    env: Env,
    /,
    id_: str,
    message: str | None,
    file: str | None,
    format_: str,
    dry: bool,
    **typed: Any,
) -> None:
    """Add a public message, as staff or as the customer."""
    text = _read_message(message, file, "reply", id_)
    _change(env, [id_], ChangeInput(reply=text, **typed), format_, dry)


@command("note")
@id_argument
@options(message_option, file_option, dry_run_option, format_option("text", "json"))
@pass_env
def note_command(
    env: Env,
    /,
    id_: str,
    message: str | None,
    file: str | None,
    format_: str,
    dry: bool,
) -> None:
    """Add an internal note, which the customer never sees."""
    text = _read_message(message, file, "note", id_)
    _change(env, [id_], ChangeInput(note=text), format_, dry)


@command("assign")
@id_argument
@click.argument("assignee", metavar="WHO")
@options(note_option, _ending)
@pass_env
def assign_command(
    env: Env, /, id_: str, format_: str, dry: bool, **typed: Any
) -> None:
    """Assign a ticket, or unassign it.

    WHO is an address, @me, or none.
    """
    _change(env, [id_], ChangeInput(**typed), format_, dry)


@command("set")
@id_argument
@click.argument("pairs", metavar="FIELD=VALUE...", nargs=-1, required=True)
@options(note_option, _ending)
@pass_env
def set_command(env: Env, /, id_: str, format_: str, dry: bool, **typed: Any) -> None:
    """Set or clear fields of a ticket.

    FIELD= clears a field; FIELD.ITEM=done checks an item of a checklist.
    """
    _change(env, [id_], ChangeInput(**typed), format_, dry)


def _change(
    env: Env,
    ids: Sequence[str],
    typed: ChangeInput,
    format_: str,
    dry: bool,
    several: bool = False,
) -> None:
    """Make the same change to tickets, and tell what became of each.

    Args:
        ids: as typed; ``-`` stands for the ids on stdin.
        several: whether warnings name their ticket.
    """
    outcomes = change_tickets(
        env.workspace, each_id(ids), change_requests(env.workspace, typed), dry
    )
    tell(env, outcomes, format_, dry, several)


def each_id(words: Iterable[str]) -> Iterator[str]:
    """Yield each id once, as it comes; ``-`` stands for the ids on stdin (the first
    word of each line)."""
    seen: set[str] = set()
    for word in words:
        for id_ in _ids_on_stdin() if word == "-" else (word,):
            if id_ not in seen:
                seen.add(id_)
                yield id_


def _ids_on_stdin() -> Iterator[str]:
    from ticketctl.cli.input import typed_ids

    return typed_ids()


def _read_message(message: str | None, file: str | None, what: str, id_: str) -> str:
    """Return a text from ``-m``, from ``-F``, or from the editor.

    Args:
        what: ``reply`` or ``note``, for messages.

    Raises:
        UsageError: there is no text.
    """
    if message is None and file is not None:
        from ticketctl.cli.input import read_text

        return read_text(file, f"the {what}")
    if message is None and not sys.stdin.isatty():
        raise UsageError(
            f"the {what} has no text", "use -m TEXT, or -F FILE (- for stdin)"
        )
    if message is None:
        message = _edit_message(what, id_)
    return values.clean_text(message, f"the {what}")


def _edit_message(what: str, id_: str) -> str:
    head = (
        f"\n# The {what} for {id_}. Lines that begin with # are ignored; "
        "with an empty text, nothing is written.\n"
    )
    page = click.edit(head, extension=".md") or ""
    message = "\n".join(line for line in page.split("\n") if not line.startswith("#"))
    if not message.strip():
        raise UsageError(
            f"the {what} is empty; nothing was written", "use -m TEXT, or -F FILE"
        )
    return message
