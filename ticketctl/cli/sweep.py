"""The command for cron: sweep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from ticketctl.app.heartbeat import explain_no_heartbeat, write_heartbeat
from ticketctl.app.sweep import sweep
from ticketctl.app.sweep_report import SweepAction, SweepOptions, SweepReport
from ticketctl.cli.command import staff_command
from ticketctl.cli.environment import Env, finish, pass_env
from ticketctl.cli.options import (
    dry_run_option,
    format_option,
    now_option,
    options,
    trust_clock_option,
)
from ticketctl.cli.output import say
from ticketctl.core import dates
from ticketctl.core.plural import counted
from ticketctl.errors import DiskError, Exit, exit_of
from ticketctl.render.sanitize import safe
from ticketctl.store.index.sql import FutureTicket
from ticketctl.store.paths import short_id

VERBS = {
    "close": ("would close", "closed"),
    "move": ("would move", "moved"),
    "remind": ("would remind", "reminded"),
    "change": ("would change", "changed"),
    "refused": ("refused", "refused"),
}


@staff_command("sweep")
@options(dry_run_option, now_option, trust_clock_option)
@click.option(
    "--rule", "rules", metavar="NAME", multiple=True, help="Run only this rule."
)
@click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(1),
    help="At most N tickets, most overdue first.",
)
@click.option(
    "--confirm",
    metavar="N",
    type=click.IntRange(0),
    help="Allow up to N status changes.",
)
@click.option("--heartbeat", metavar="FILE", help="Write a heartbeat file.")
@format_option("text", "jsonl")
@pass_env
def sweep_command(
    env: Env,
    /,
    now_text: str | None,
    heartbeat: str | None,
    format_: str,
    **orders: Any,
) -> None:
    """Run the time-based rules that are due.

    Rules act as the role system, under the same checks as people. Nothing is printed
    if nothing is due. A second run does nothing more.
    """
    if now_text is not None:
        env.now_text = now_text
    env.trust_clock = orders["trust_clock"] = env.trust_clock or orders["trust_clock"]
    if heartbeat is not None and (wrong := explain_no_heartbeat(heartbeat)):
        raise DiskError(wrong)
    asked = SweepOptions(**orders)
    with env.progress() as progress:
        report = sweep(env.workspace, asked, progress)
    if report.busy:
        env.note("another sweep is running; nothing to do")
        return
    planned = asked.dry or report.guarded
    if format_ == "jsonl":
        for act in report.acts:
            say(_json(act, planned))
        for ticket in report.ahead:
            say(_skipped(ticket, planned))
    else:
        _tell(env, report, planned)
    if heartbeat is not None and not planned:
        write_heartbeat(heartbeat, env.workspace, report.counts)
    _sum_up(env, report, asked)


def _tell(env: Env, report: SweepReport, planned: bool) -> None:
    across = max((len(what_of(act)) for act in report.acts), default=0)
    verbs = max(
        (len(VERBS[act.verb][0 if planned else 1]) for act in report.acts), default=0
    )
    for act in report.acts:
        say(_line(env, act, planned, verbs, across), err=act.decision is None)
        for words in unheard(act):
            say(f"  - {words}")
        for reason in act.reasons:
            say(f"  - {reason}", err=True)


def _line(env: Env, act: SweepAction, dry: bool, verbs: int, across: int) -> str:
    """``closed  k3qx9  Solved -> Closed   due 46 min ago   desk close-solved (B6)``."""
    verb = VERBS[act.verb][0 if dry else 1]
    late = dates.span(
        (env.workspace.now - dates.parse_instant(act.fire.due)).total_seconds()
    )
    cites = (
        f" ({', '.join(act.automation.origin.cites)})"
        if act.automation.origin.cites
        else ""
    )
    due = "due now" if late == "0 s" else f"due {late} ago"
    missed = f", {act.fire.missed} missed before" if act.fire.missed else ""
    head = f"{verb:<{verbs}}  {short_id(act.ticket.id)}  {what_of(act):<{across}}"
    return f"{head}   {due}{missed}   {act.profile.name} {act.automation.name}{cites}"


def what_of(act: SweepAction) -> str:
    """``Solved -> Closed``, ``amy@support.example about Open``."""
    if act.decision is None:
        return safe(act.before)
    told = dict.fromkeys(
        who
        for entry in act.decision.entries
        if entry.message
        for who in entry.recipients
    )
    if act.decision.ticket.status != act.before:
        return safe(
            f"{act.before} -> {act.decision.ticket.status}"
            + (f", told {', '.join(told)}" if told else "")
        )
    return safe(f"{', '.join(told)} about {act.before}") if told else safe(act.before)


def unheard(act: SweepAction) -> tuple[str, ...]:
    """Why what it tells reaches nobody, if so."""
    return tuple(map(safe, act.decision.unreachable)) if act.decision else ()


def _json(act: SweepAction, dry: bool) -> str:
    from ticketctl.render import json_documents

    return json_documents.dump_line(
        {
            "id": act.ticket.id,
            "verb": act.verb,
            "dry": dry,
            "profile": act.profile.name,
            "rule": act.automation.name,
            "due": act.fire.due,
            "missed": act.fire.missed,
            "from": act.before,
            "to": act.decision.ticket.status if act.decision else None,
            "entries": [entry.content() for entry in act.decision.entries]
            if act.decision
            else [],
            "reasons": list(act.reasons),
            "unheard": list(unheard(act)),
        }
    )


def _skipped(ticket: FutureTicket, dry: bool) -> str:
    """The line of a ticket that is left alone, with the keys of all other lines."""
    from ticketctl.render import json_documents

    return json_documents.dump_line(
        {
            "id": ticket.id,
            "verb": "skipped",
            "dry": dry,
            "profile": ticket.profile,
            "rule": None,
            "due": None,
            "missed": 0,
            "from": ticket.status,
            "to": None,
            "entries": [],
            "reasons": [tell_ahead(ticket)],
            "unheard": [],
        }
    )


def tell_ahead(ticket: FutureTicket) -> str:
    """Why a ticket is left alone, in words."""
    return "an event is dated in the future" + (f" ({ticket.at})" if ticket.at else "")


def name_ahead(tickets: Sequence[FutureTicket]) -> None:
    """Name the tickets that sweeps leave alone, on stderr; of very many (a clock that
    was set back) the first."""
    for ticket in tickets[:_NAMED]:
        say(
            f"error: {ticket.id}: {tell_ahead(ticket)}; sweeps leave the ticket alone until then",
            err=True,
        )
    if len(tickets) > _NAMED:
        say(f"error: and {counted(len(tickets) - _NAMED, 'more ticket')}", err=True)
    if tickets:
        say(
            f"hint: ticketctl check {short_id(tickets[0].id)}; if the clock is wrong, set it right",
            err=True,
        )


_NAMED = 20


def _sum_up(env: Env, report: SweepReport, orders: SweepOptions) -> None:
    """A summary, unless nothing was due (cron mails any output); then the exit status."""
    tickets = len({act.ticket.id for act in report.done})
    if report.acts:
        env.note(
            counted(tickets, "ticket")
            + (", nothing written" if orders.dry or report.guarded else "")
        )
    if report.left:
        env.warn(
            f"{counted(report.left, 'more ticket')} {'is' if report.left == 1 else 'are'} due (--limit {orders.limit})"
        )
    if report.guarded:
        word = "a run would be refused" if orders.dry else "refused"
        what = f"{report.moves:,} tickets would change their status, more than {report.allowed:,} at once"
        say(f"{word}: {what}", err=True)
        say(
            f"hint: if this is meant: ticketctl sweep --confirm {report.moves}",
            err=True,
        )
    if report.clock:
        say(f"a run would be refused: {report.clock}", err=True)
    for finding in report.broken:
        say(f"error: {finding}", err=True)
    name_ahead(report.ahead)
    for error in report.failed:
        say(
            f"error: {error.message}" + (f" ({error.hint})" if error.hint else ""),
            err=True,
        )
    if report.failed:
        finish(report.failed[0].exit)
    if report.broken:
        finish(exit_of(report.broken))
    if (
        report.ahead
        or any(act.decision is None for act in report.acts)
        or (report.guarded and not orders.dry)
    ):
        finish(Exit.REFUSED)
