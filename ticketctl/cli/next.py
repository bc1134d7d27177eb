"""The command that tells what can be done with a ticket now: next."""

from __future__ import annotations

import click

from ticketctl.app.next import NextMoves, next_moves
from ticketctl.cli.command import command
from ticketctl.cli.environment import Env, pass_env
from ticketctl.cli.options import format_option, id_argument
from ticketctl.cli.output import say, say_lines


@command("next")
@id_argument
@click.option("--to", metavar="STATUS", help="Show the shortest way to STATUS.")
@format_option("text", "json")
@pass_env
def next_command(env: Env, /, id_: str, to: str | None, format_: str) -> None:
    """Show which statuses you can change a ticket to now.

    For each it shows the criterion and what is still missing; then what others can do,
    and which rule is next.
    """
    env.tell_reader()
    result = next_moves(env.workspace, id_, to)
    if format_ == "json":
        say_lines(_json(result))
        return
    from ticketctl.render import next

    lines = (
        next.way_lines(env.formatter, result.ticket.status, result.target, result.way)
        if to
        else next.next_lines(
            env.formatter,
            result.ticket,
            result.actor,
            result.moves,
            result.others,
            result.upcoming,
        )
    )
    for line in lines:
        say(line)


def _json(result: NextMoves) -> str:
    from ticketctl.render import json_documents

    return json_documents.dump(
        id=result.ticket.id,
        status=result.ticket.status,
        role=result.actor.role,
        open=json_documents.open_moves(result.moves),
        way=json_documents.steps(result.way),
    )
