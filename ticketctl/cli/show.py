"""The commands that show a ticket: show, log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

import click

from ticketctl.cli.command import command
from ticketctl.cli.completers import complete_id
from ticketctl.cli.environment import Env, finish, pass_env, report, worst
from ticketctl.cli.options import format_option, id_argument
from ticketctl.cli.output import say, say_lines, say_page
from ticketctl.core.engine.timers import next_rule
from ticketctl.core.vocabulary import short_id
from ticketctl.errors import BrokenError, TicketctlError, UnreadError
from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket


@command("show")
@click.argument(
    "ids", metavar="ID...", nargs=-1, required=True, shell_complete=complete_id
)
@format_option("text", "json")
@pass_env
def show_command(env: Env, /, ids: tuple[str, ...], format_: str) -> None:
    """Show tickets with their history."""
    env.tell_reader()
    loaded, failed = _load(env, ids)
    if format_ == "json":
        from ticketctl.render import json_documents

        tickets = []
        for one in loaded:
            profile = env.workspace.profile_of(one.ticket)
            upcoming = next_rule(env.workspace.situation_of(profile), one.ticket)
            tickets.append(
                json_documents.ticket(
                    one.ticket,
                    profile.state(one.ticket.status),
                    upcoming.due if upcoming else None,
                )
            )
        broken = [
            error.finding
            for error in failed
            if isinstance(error, BrokenError | UnreadError)
        ]
        say_lines(
            json_documents.dump(tickets=tickets, broken=json_documents.broken(broken))
        )
    else:
        blocks = [["", *_shown(env, one)] for one in loaded]
        say_page(list(chain.from_iterable(blocks))[1:])
    for one in loaded:
        for difference in one.differences:
            env.warn(
                f"{difference.place}: {difference.key} does not agree with the history "
                f"(set by hand? ticketctl edit --adopt {short_id(one.ticket.id)})"
            )
    for error in failed:
        report(env, error)
    finish(worst([error.exit for error in failed], len(ids)))


def _shown(env: Env, one: LoadedTicket) -> Iterator[str]:
    from ticketctl.render.ticket import ticket_lines

    profile = env.workspace.profile_of(one.ticket)
    upcoming = next_rule(env.workspace.situation_of(profile), one.ticket)
    return ticket_lines(env.formatter, one.ticket, profile, upcoming)


def _load(
    env: Env, ids: Iterable[str]
) -> tuple[list[LoadedTicket], list[TicketctlError]]:
    loaded: list[LoadedTicket] = []
    failed: list[TicketctlError] = []
    for id_ in ids:
        try:
            one = env.workspace.show(id_)
            env.workspace.profile_of(one.ticket)
            loaded.append(one)
        except TicketctlError as error:
            failed.append(error)
    return loaded, failed


@command("log")
@id_argument
@format_option("text", "jsonl")
@pass_env
def log_command(env: Env, /, id_: str, format_: str) -> None:
    """Show the history of a ticket, oldest first."""
    env.tell_reader()
    ticket = env.workspace.show(id_).ticket
    if format_ == "jsonl":
        from ticketctl.render import json_documents

        for entry in ticket.shown:
            say(json_documents.dump_line(entry.content()))
        return
    from ticketctl.render.ticket import log_lines

    say_page(log_lines(env.formatter, ticket))
