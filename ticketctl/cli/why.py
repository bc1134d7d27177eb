"""The command that explains the time rules of a ticket: why."""

from __future__ import annotations

from ticketctl.cli.command import command
from ticketctl.cli.environment import Env, pass_env
from ticketctl.cli.options import format_option, id_argument
from ticketctl.cli.output import say, say_lines
from ticketctl.core.engine.forecast import rule_forecasts
from ticketctl.core.engine.timers import future_event
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
    forecasts = list(rule_forecasts(workspace.situation_of(profile), ticket))
    future = future_event(ticket, workspace.now)
    if format_ == "json":
        say_lines(
            json_documents.dump(
                id=ticket.id,
                status=ticket.status,
                future=why.future_document(future),
                rules=[why.rule_document(forecast) for forecast in forecasts],
            )
        )
        return
    for line in why.why_lines(env.formatter, ticket, profile, forecasts, future):
        say(line)
