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
from ticketctl.cli.output import say
from ticketctl.cli.sweep import VERBS, name_ahead, unheard, what_of
from ticketctl.core import dates
from ticketctl.core.plural import counted
from ticketctl.errors import exit_of
from ticketctl.render import json_documents
from ticketctl.store.paths import short_id


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
        found = forecast_store(workspace, days, progress)
    if format_ == "jsonl":
        for at, act in found.acts:
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
                        "unheard": list(unheard(act)),
                    }
                )
            )
    else:
        _tell(env, found.acts)
    for finding in found.broken:
        say(f"error: {finding}", err=True)
    name_ahead(found.ahead)
    env.note(
        f"{counted(len(found.acts), 'act')} in the next {counted(days, 'day')}, if nobody does anything"
    )
    if found.broken:
        finish(exit_of(found.broken))


def _tell(env: Env, acts: list[tuple[datetime, SweepAction]]) -> None:
    """A heading for each day, a line for each act."""
    where = dates.zone(env.workspace.settings.timezone)
    across = max((len(what_of(act)) for _, act in acts), default=0)
    local = [(at.astimezone(where), act) for at, act in acts]
    for day, group in groupby(local, key=lambda one: one[0].date()):
        say(env.paint()(f"{day:%Y-%m-%d %a}", "bold"))
        for at, act in group:
            verb = VERBS[act.verb][0].removeprefix("would ")
            cites = (
                f" ({', '.join(act.automation.origin.cites)})"
                if act.automation.origin.cites
                else ""
            )
            rule = f"{act.profile.name} {act.automation.name}{cites}"
            say(
                f"  {at:%H:%M}  {verb:<7}  {short_id(act.ticket.id)}  {what_of(act):<{across}}   {rule}"
            )
            for reason in (*act.reasons, *unheard(act)):
                say(f"         - {reason}")
