"""The command for cron: sweep."""

from __future__ import annotations

import click

from ticketctl.app.sweep import Act, Report, sweep
from ticketctl.cli.env import Env, finish, pass_env
from ticketctl.core import dates
from ticketctl.errors import Exit
from ticketctl.render.safe import counted, safe
from ticketctl.store.tickets import short

_VERBS = {"close": ("would close", "closed"), "move": ("would move", "moved"), "remind": ("would remind", "reminded"),
          "change": ("would change", "changed"), "refused": ("refused", "refused")}  # fmt: skip


@click.command("sweep")
@click.option("-n", "--dry-run", "dry", is_flag=True, help="Say what would be done; write nothing.")
@click.option("--now", "now_text", metavar="TIME", help="The time it shall be.")
@click.option("--rule", "rules", metavar="NAME", multiple=True, help="Only this automation.")
@click.option(
    "--format", "format_", type=click.Choice(["text", "jsonl"]), default="text", help="For people, or for programs."
)
@pass_env
def sweep_command(env: Env, /, dry: bool, now_text: str | None, rules: tuple[str, ...], format_: str) -> None:
    """Apply what time has brought, as the role system. It is under the same checker as people.

    Quiet when nothing was due. Running it twice is running it once.
    """
    if now_text is not None:
        env.now_text = now_text
    report = sweep(env.desk, rules, dry)
    if report.busy:
        env.note("another sweep is running; nothing to do")
        return
    across = max((len(_what(act)) for act in report.acts), default=0)
    verbs = max((len(_VERBS[act.verb][0 if dry else 1]) for act in report.acts), default=0)
    for act in report.acts:
        if format_ == "jsonl":
            click.echo(_json(act, dry))
        else:
            click.echo(_line(env, act, dry, verbs, across), err=act.decision is None)
            for reason in act.reasons:
                click.echo(f"  - {reason}", err=True)
    _sum_up(env, report, dry)


def _line(env: Env, act: Act, dry: bool, verbs: int, across: int) -> str:
    """``closed  k3qx9  Solved -> Closed   due 46 min ago   desk close-solved (B6)``."""
    verb = _VERBS[act.verb][0 if dry else 1]
    late = dates.span((env.desk.now - dates.parse_instant(act.due)).total_seconds())
    cites = f" ({', '.join(act.automation.origin.cites)})" if act.automation.origin.cites else ""
    due = "due now" if late == "0 s" else f"due {late} ago"
    head = f"{verb:<{verbs}}  {short(act.ticket.id)}  {_what(act):<{across}}"
    return f"{head}   {due}   {act.profile.name} {act.automation.name}{cites}"


def _what(act: Act) -> str:
    """``Solved -> Closed``, ``amy@support.example about Open``."""
    if act.decision is None:
        return act.before
    told = dict.fromkeys(who for notice in act.decision.notices for who in notice.told)
    if act.decision.ticket.status != act.before:
        return safe(f"{act.before} -> {act.decision.ticket.status}" + (f", told {', '.join(told)}" if told else ""))
    return safe(f"{', '.join(told)} about {act.before}") if told else act.before


def _json(act: Act, dry: bool) -> str:
    from ticketctl.render import document

    return document.dump_line({
        "id": act.ticket.id, "verb": act.verb, "dry": dry, "profile": act.profile.name, "rule": act.automation.name,
        "due": act.due, "from": act.before, "to": act.decision.ticket.status if act.decision else None,
        "entries": [entry.content() for entry in act.decision.entries] if act.decision else [],
        "reasons": list(act.reasons),
    })  # fmt: skip


def _sum_up(env: Env, report: Report, dry: bool) -> None:
    """A summary, unless nothing was due (cron mails any output); then the exit status."""
    tickets = len({act.ticket.id for act in report.done})
    if report.acts:
        env.note(counted(tickets, "ticket") + (", nothing written" if dry else ""))
    for finding in report.broken:
        click.echo(f"error: {finding}", err=True)
    for error in report.failed:
        click.echo(f"error: {error.message}", err=True)
    if report.failed:
        finish(report.failed[0].exit)
    if report.broken:
        finish(Exit.BROKEN)
    if any(act.decision is None for act in report.acts):
        finish(Exit.REFUSED)
