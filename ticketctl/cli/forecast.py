"""The command that shows what sweeps will do: forecast."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby

import click

from ticketctl.app.forecast import forecast_store
from ticketctl.app.sweep_report import SweepAction
from ticketctl.cli.command import command
from ticketctl.cli.environment import Env, finish, pass_env
from ticketctl.cli.options import format_option
from ticketctl.cli.output import say, say_message
from ticketctl.cli.sweep import (
    VERBS,
    name_ahead,
    rule_of,
    tell_reasons,
    unreachable_words,
    what_of,
)
from ticketctl.core import dates
from ticketctl.core.plural import counted
from ticketctl.core.vocabulary import short_id
from ticketctl.errors import exit_of
from ticketctl.render import json_documents
from ticketctl.render.format import wrapped


@command("forecast")
@click.option(
    "--days",
    metavar="N",
    type=click.IntRange(1, 3660),
    default=7,
    show_default=True,
    help="How many days to look ahead.",
)
@format_option("text", "jsonl")
@pass_env
def forecast_command(env: Env, /, days: int, format_: str) -> None:
    """Show what the next sweeps will do.

    It assumes that nobody changes a ticket meanwhile.
    """
    workspace = env.workspace
    env.tell_reader()
    with env.progress() as progress:
        forecast = forecast_store(workspace, days, progress)
    if format_ == "jsonl":
        for at, act in forecast.acts:
            say(
                json_documents.dump_line(
                    {
                        "at": dates.format_instant(at),
                        "id": act.ticket.id,
                        "verb": act.verb,
                        "profile": act.profile.name,
                        "rule": act.automation.name,
                        "due": act.fire.due,
                        "missed": act.fire.missed,
                        "from": act.before,
                        "to": act.decision.ticket.status if act.decision else None,
                        "reasons": list(act.reasons),
                        "unheard": list(unreachable_words(act)),
                    }
                )
            )
    else:
        _tell(env, forecast.acts)
    for finding in forecast.broken:
        say_message(f"error: {finding}")
    name_ahead(env, forecast.ahead)
    number = (
        counted(len(forecast.acts), "automatic action")
        if forecast.acts
        else "no automatic actions"
    )
    env.note(f"{number} due in the next {counted(days, 'day')}")
    if forecast.broken:
        finish(exit_of(forecast.broken))


def _tell(env: Env, acts: list[tuple[datetime, SweepAction]]) -> None:
    """Print a heading for each day, and a line for each action of a rule."""
    zone = dates.zone(env.workspace.settings.timezone)
    column = max((len(what_of(act)) for _, act in acts), default=0)
    local = [(at.astimezone(zone), act) for at, act in acts]
    for day, group in groupby(local, key=lambda item: item[0].date()):
        say(env.paint()(f"{day:%Y-%m-%d %a}", "bold"))
        for at, act in group:
            verb = VERBS[act.verb][0].removeprefix("would ")
            what = f"{what_of(act):<{column}}"
            row = f"{verb:<7}  {short_id(act.ticket.id)}  {what}   {rule_of(act)}"
            for line in wrapped(row, " " * 25, env.row_width, f"  {at:%H:%M}  "):
                say(line)
            tell_reasons(env, act, " " * 9, err=False)
