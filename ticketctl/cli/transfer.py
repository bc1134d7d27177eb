"""The commands that move tickets between stores: import, export."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from ticketctl.app.input.query_parser import read_query, require_few_terms
from ticketctl.app.workspace import Workspace
from ticketctl.cli.command import command
from ticketctl.cli.environment import Env, finish, pass_env, report
from ticketctl.cli.options import dry_run_option, query_argument
from ticketctl.cli.output import say, say_message
from ticketctl.core.plural import counted
from ticketctl.core.query import Query
from ticketctl.errors import Finding, exit_of
from ticketctl.render.json_documents import dump_line
from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket

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
    from ticketctl.app.index.parallel import map_parallel, read_ticket_at

    workspace = env.workspace
    env.tell_reader()
    terms = tuple(term for text in query for term in read_query(workspace, text))
    require_few_terms(terms)
    with env.progress() as progress:
        paths, broken = find_paths(workspace, Query(terms), progress)
        for line in map_parallel(
            workspace, read_ticket_at, exported, paths, "exporting", progress
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
    _: Workspace, loaded: LoadedTicket | Finding | None
) -> str | Finding | None:
    """Return a ticket as a line; nothing, if it was removed meanwhile; what is wrong
    with it, if it was damaged meanwhile."""
    if not isinstance(loaded, LoadedTicket):
        return loaded
    ticket = loaded.ticket
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

    source = "stdin" if file == "-" else os.path.basename(file)
    with rows_of(file) as rows:
        result = import_tickets(env.workspace, rows, source, dry)
    also = f"; {counted(result.known, 'ticket')} there already" if result.known else ""
    env.note(
        f"{counted(result.new, 'ticket')} {'would be ' if dry else ''}imported{also}"
    )
    _print_notes(env, result)
    if result.failed:
        report(env, result.failed)
        finish(result.failed.exit)


def _print_notes(env: Env, result: ImportResult) -> None:
    """Print what the user should know of the imported tickets."""
    if result.settled:
        env.note(
            f"{counted(result.settled, 'ticket')} had pending notifications, "
            "which are not sent from here"
        )
    if result.missing:
        env.note(
            f"{counted(result.missing, 'attachment')} missing: "
            "copy attachments/ from the other store"
        )
    if result.unjudged:
        env.note(
            f"{counted(result.unjudged, 'ticket')} made under rules that are not here: "
            "ticketctl check lists them"
        )
    if result.strangers:
        some = ", ".join(result.strangers[:5]) + (
            ", ..." if len(result.strangers) > 5 else ""
        )
        env.note(f"assignees without a role here: {some}")
    if result.due:
        env.note(
            f"time-based rules are due for {counted(result.due, 'ticket')}: "
            "ticketctl sweep -n shows them"
        )
