"""The command that runs the time-based rules, for cron: sweep."""

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
from ticketctl.cli.output import say, say_message
from ticketctl.core import dates
from ticketctl.core.escaping import safe
from ticketctl.core.plural import counted
from ticketctl.core.vocabulary import short_id
from ticketctl.errors import DiskError, Exit, exit_of
from ticketctl.render.format import tied, wrapped
from ticketctl.store.index.sql import FutureTicket

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
    sweep_options = SweepOptions(**orders)
    with env.progress() as progress:
        report = sweep(env.workspace, sweep_options, progress)
    if report.busy:
        env.note("another sweep is running; nothing to do")
        return
    planned = sweep_options.dry or report.guarded
    if format_ == "jsonl":
        for act in report.acts:
            say(_json(act, planned))
        for ticket in report.ahead:
            say(_skipped(ticket, planned))
    else:
        _tell(env, report, planned)
    if heartbeat is not None and not planned:
        write_heartbeat(heartbeat, env.workspace, report.counts)
    _print_summary(env, report, sweep_options)


def _tell(env: Env, report: SweepReport, planned: bool) -> None:
    column = max((len(what_of(act)) for act in report.acts), default=0)
    verbs = max(
        (len(VERBS[act.verb][0 if planned else 1]) for act in report.acts), default=0
    )
    for act in report.acts:
        is_refused = act.decision is None
        row = _line(env, act, planned, verbs, column)
        for line in wrapped(row, " " * (verbs + 2), env.row_width, first=""):
            say(line, err=is_refused)
        tell_reasons(env, act, "  ", err=True)


def tell_reasons(env: Env, act: SweepAction, indent: str, err: bool) -> None:
    """Print why the notifications of a rule reach nobody, and why it is refused.

    Args:
        err: whether the latter goes to stderr.
    """
    for reasons, to_stderr in ((unreachable_words(act), False), (act.reasons, err)):
        for reason in reasons:
            for line in env.formatter.wrap(reason, f"{indent}  ", f"{indent}- "):
                say(line, to_stderr)


def _line(env: Env, act: SweepAction, dry: bool, verbs: int, column: int) -> str:
    """Return ``closed  k3qx9  Solved -> Closed   due 46 min ago   desk close-solved
    (B6)``.

    Args:
        verbs: how wide the verb is in all lines.
        column: how wide the change is in all lines.
    """
    verb = VERBS[act.verb][0 if dry else 1]
    late = dates.span(
        (env.workspace.now - dates.parse_instant(act.fire.due)).total_seconds()
    )
    due = "due now" if late == "0 s" else f"due {late} ago"
    missed = f", {act.fire.missed} missed before" if act.fire.missed else ""
    head = f"{verb:<{verbs}}  {short_id(act.ticket.id)}  {what_of(act):<{column}}"
    return f"{head}   {tied(due + missed)}   {rule_of(act)}"


def rule_of(act: SweepAction) -> str:
    """Return the rule that acts, kept on one line: ``desk close-solved (B6)``."""
    cites = ", ".join(act.automation.origin.cites)
    name = f"{act.profile.name} {act.automation.name}"
    return tied(f"{name} ({cites})" if cites else name)


def what_of(act: SweepAction) -> str:
    """Return what a rule does: ``Solved -> Closed``, ``amy@support.example about
    Open``."""
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
            + (f", notified {', '.join(told)}" if told else "")
        )
    return safe(f"{', '.join(told)} about {act.before}") if told else safe(act.before)


def unreachable_words(act: SweepAction) -> tuple[str, ...]:
    """Return why the notifications of a rule reach nobody, if so."""
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
            "unheard": list(unreachable_words(act)),
        }
    )


def _skipped(ticket: FutureTicket, dry: bool) -> str:
    """Return the line of a ticket that is skipped, with the keys of all other lines."""
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
            "reasons": [future_words(ticket, ticket.at)],
            "unheard": [],
        }
    )


def future_words(ticket: FutureTicket, at: str) -> str:
    """Return why a ticket is skipped.

    Args:
        at: when its event is dated, in words; empty if the reader may not see it.
    """
    return "an event is dated in the future" + (f" ({at})" if at else "")


def name_ahead(env: Env, tickets: Sequence[FutureTicket]) -> None:
    """Print the tickets that sweeps skip, on stderr; of very many (a clock that was set
    back) the first."""
    for ticket in tickets[:_NAMED]:
        at = env.formatter.time(ticket.at) if ticket.at else ""
        say_message(
            f"error: {ticket.id}: {future_words(ticket, at)}; "
            "sweeps skip the ticket until then"
        )
    if len(tickets) > _NAMED:
        say_message(f"error: and {counted(len(tickets) - _NAMED, 'more ticket')}")
    if tickets:
        say_message(
            f"hint: ticketctl check {short_id(tickets[0].id)}; "
            "if the clock is wrong, set it right"
        )


_NAMED = 20


def _print_summary(env: Env, report: SweepReport, orders: SweepOptions) -> None:
    """Print a summary, unless nothing was due (cron mails any output), and end with the
    exit status."""
    tickets = len({act.ticket.id for act in report.done})
    if report.acts:
        env.note(
            counted(tickets, "ticket")
            + (", nothing written" if orders.dry or report.guarded else "")
        )
    if report.left:
        verb = "is" if report.left == 1 else "are"
        more = counted(report.left, "more ticket")
        env.warn(f"{more} {verb} due (--limit {orders.limit})")
    if report.guarded:
        word = "a run would be refused" if orders.dry else "refused"
        say_message(
            f"{word}: {report.moves:,} tickets would change their status, "
            f"more than {report.allowed:,} at once"
        )
        say_message(f"hint: to allow it: ticketctl sweep --confirm {report.moves}")
    if report.clock:
        say_message(f"a run would be refused: {report.clock}")
    for finding in report.broken:
        say_message(f"error: {finding}")
    name_ahead(env, report.ahead)
    for error in report.failed:
        hint = f" ({error.hint})" if error.hint else ""
        say_message(f"error: {error.message}{hint}")
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
