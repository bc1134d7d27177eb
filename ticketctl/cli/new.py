"""The command that opens tickets: new."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import click

from ticketctl.app.create import CreateResult, create_tickets
from ticketctl.app.input.new_ticket import (
    NewTicketInput,
    create_requests,
    requests_of_rows,
)
from ticketctl.cli.command import command
from ticketctl.cli.environment import Env, finish, pass_env, report
from ticketctl.cli.options import (
    assignee_option,
    due_option,
    file_option,
    no_notify_option,
    options,
    profile_option,
    set_option,
    template_option,
    via_option,
)
from ticketctl.cli.outcome import tell
from ticketctl.cli.output import say
from ticketctl.core.vocabulary import short_id


@command("new")
@click.argument("title", required=False)
@click.option(
    "--from",
    "rows",
    metavar="FILE",
    help="Open one ticket for each row: .jsonl, .csv, or - for stdin.",
)
@profile_option("The workflow profile (default: the store's).")
@click.option("-c", "--customer", metavar="CUSTOMER", help="The person who asks.")
@assignee_option
@click.option("-d", "--text", metavar="TEXT", help="The first public message.")
@options(file_option, set_option, due_option)
@click.option("--follows", metavar="ID", help="The ticket that this one continues.")
@click.option(
    "--status", metavar="STATUS", help="The first status, if the profile has several."
)
@template_option
@click.option("--id", metavar="ID", help="The id of the ticket (YYMMDD-xxxxx).")
@options(via_option, no_notify_option)
@pass_env
def new_command(
    env: Env, /, rows: str | None, file: str | None, text: str | None, **typed: Any
) -> None:
    """Open a ticket and print its id.

    With --from, open one ticket for each row of a file, all or none.
    """
    if file:
        from ticketctl.cli.input import read_text

        text = read_text(file, "the text")
    workspace, ticket = env.workspace, NewTicketInput(text=text, **typed)
    with ExitStack() as opened:
        if rows is None:
            result = create_tickets(
                workspace, lambda taken: [create_requests(workspace, ticket, taken)]
            )
        else:
            from ticketctl.app.input.rows import rows_of

            tickets = opened.enter_context(rows_of(rows))
            result = create_tickets(
                workspace,
                lambda taken: requests_of_rows(workspace, tickets, ticket, taken),
            )
    _tell(env, result)


def _tell(env: Env, result: CreateResult) -> None:
    """Print the ids of new tickets, or why there are none."""
    for id_ in result.ids:
        say(id_)
    for id_, warning in result.warnings:
        env.warn(f"{short_id(id_)}: {warning}" if result.total > 1 else warning)
    if result.failed:
        report(env, result.failed)
        finish(result.failed.exit)
    if result.refused and result.total > 1:
        env.note(
            "nothing was written: "
            f"{result.refusals:,} of {result.total:,} rows are refused"
        )
    if result.refused:
        hidden = result.refusals - len(result.refused)
        last = f"and {hidden:,} more" if hidden else ""
        tell(env, result.refused, "text", dry=False, last=last)
