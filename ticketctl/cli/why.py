"""The command that explains the time rules of a ticket: why."""

from __future__ import annotations

from ticketctl.cli.command import command
from ticketctl.cli.environment import Env, pass_env
from ticketctl.cli.options import format_option, id_argument
from ticketctl.cli.output import say, say_lines
from ticketctl.core.engine.forecast import rule_forecasts
from ticketctl.render import json_documents


@command("why")
@id_argument
@format_option("text", "json")
@pass_env
def why_command(env: Env, /, id_: str, format_: str) -> None:
    """Explain the time-based rules of a ticket.

    For each rule: since when it counts, when it is due, and which conditions hold.
    """
    from ticketctl.render import why

    workspace = env.workspace
    env.tell_reader()
    ticket = workspace.show(id_).ticket
    profile = workspace.profile_of(ticket)
    found = list(rule_forecasts(workspace.situation_of(profile), ticket))
    if format_ == "json":
        say_lines(
            json_documents.dump(
                id=ticket.id,
                status=ticket.status,
                future=why.future(ticket, workspace.now),
                rules=[why.document(one) for one in found],
            )
        )
        return
    for line in why.why(env.formatter, ticket, profile, found):
        say(line)
