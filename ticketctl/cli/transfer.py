"""The commands that carry tickets from store to store: import, export."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from ticketctl.app.input.query import read_query, require_few_terms
from ticketctl.app.workspace import Workspace
from ticketctl.cli.command import command
from ticketctl.cli.environment import Env, finish, pass_env, report
from ticketctl.cli.options import dry_run_option, query_argument
from ticketctl.cli.output import say, say_message
from ticketctl.core.plural import counted
from ticketctl.core.query import Query
from ticketctl.errors import Finding, TicketctlError, exit_of
from ticketctl.render.json_documents import dump_line
from ticketctl.store.yaml.loader import LoadedTicket

if TYPE_CHECKING:
    from ticketctl.app.import_tickets import ImportResult


@command("export")
@query_argument
@pass_env
def export_command(env: Env, /, query: tuple[str, ...]) -> None:
    """Export tickets with their whole history as JSON Lines, oldest first.

    QUERY selects tickets, as in list; without it, all are exported.
    """
    from ticketctl.app.index.find import find_paths
    from ticketctl.app.index.parallel import read_ticket_at, spread

    workspace = env.workspace
    env.tell_reader()
    terms = tuple(term for text in query for term in read_query(workspace, text))
    require_few_terms(terms)
    with env.progress() as progress:
        wanted, broken = find_paths(workspace, Query(terms), progress)
        for line in spread(
            workspace, read_ticket_at, exported, wanted, "exporting", progress
        ):
            if isinstance(line, str):
                say(line)
            elif line is not None:
                broken.append(line)
    for finding in broken:
        say_message(f"error: {finding}")
    if broken:
        finish(exit_of(broken))


def exported(
    _: Workspace, found: LoadedTicket | Finding | None
) -> str | Finding | None:
    """A ticket as a line; nothing, if it went meanwhile; what is wrong with it, if it
    broke meanwhile."""
    if not isinstance(found, LoadedTicket):
        return found
    ticket = found.ticket
    content: dict[str, Any] = {
        "id": ticket.id,
        "profile": ticket.profile,
        "title": ticket.title,
        "status": ticket.status,
    }
    return dump_line(content | {"history": [entry.content() for entry in ticket.shown]})


@command("import")
@click.argument("file", metavar="FILE")
@dry_run_option
@pass_env
def import_command(env: Env, /, file: str, dry: bool) -> None:
    """Import tickets, all or none.

    FILE is what export wrote, or rows as for new --from (.jsonl, .csv, - for stdin).
    Rows may have the columns "created" and "status". A ticket that is already here is
    skipped. Pending notifications of the other store are not sent from here.
    """
    from ticketctl.app.import_tickets import import_tickets
    from ticketctl.app.input.rows import rows_of

    with rows_of(file) as rows:
        done = import_tickets(
            env.workspace, rows, "stdin" if file == "-" else os.path.basename(file), dry
        )
    also = f"; {counted(done.known, 'ticket')} there already" if done.known else ""
    env.note(
        f"{counted(done.new, 'ticket')} {'would be ' if dry else ''}imported{also}"
    )
    _tell(env, done)
    if done.failed:
        _fail(env, done.failed)


def _tell(env: Env, done: ImportResult) -> None:
    """What else the tickets brought along."""
    if done.settled:
        env.note(
            f"{counted(done.settled, 'ticket')} owed notices, which are not sent from here"
        )
    if done.missing:
        env.note(
            f"{counted(done.missing, 'attachment')} named but not here: copy attachments/ from where they come"
        )
    if done.unjudged:
        env.note(
            f"{counted(done.unjudged, 'ticket')} made under rules that are not here: ticketctl check names them"
        )
    if done.strangers:
        some = ", ".join(done.strangers[:5]) + (
            ", ..." if len(done.strangers) > 5 else ""
        )
        env.note(f"assignees without a role here: {some}")
    if done.due:
        env.note(
            f"rules by time are due for {counted(done.due, 'ticket')}: ticketctl sweep -n shows them"
        )


def _fail(env: Env, error: TicketctlError) -> None:
    report(env, error)
    finish(error.exit)
