"""What became of tickets that a command changed, as lines or JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ticketctl.app.outcome import Outcome
from ticketctl.cli.environment import Env, finish, report, worst
from ticketctl.cli.output import say, say_lines
from ticketctl.core.engine.requests import Decision, Refusal
from ticketctl.core.vocabulary import short_id
from ticketctl.errors import Exit, TicketctlError


def tell(
    env: Env,
    outcomes: Iterable[Outcome],
    format_: str,
    dry: bool,
    several: bool = False,
    last: str = "",
) -> None:
    """Print what became of each ticket as soon as it is known, and end the command with
    the exit status that goes with it.

    Args:
        format_: ``text`` or ``json``.
        dry: whether nothing was written (``--dry-run``).
        several: whether warnings name their ticket.
        last: a line for stderr after the outcomes, or empty.
    """
    failures: list[Exit] = []
    total = 0
    if format_ == "json":
        outcomes = list(outcomes)
        _tell_json(env, outcomes)
    for outcome in outcomes:
        total += 1
        if not isinstance(outcome.result, Decision):
            failures.append(_exit_status(outcome))
        if format_ != "json":
            _tell_one(env, outcome, several, dry)
    if last:
        env.note(last)
    if dry:
        env.note("nothing was written")
    finish(worst(failures, total))


def _exit_status(outcome: Outcome) -> Exit:
    return (
        outcome.result.exit
        if isinstance(outcome.result, TicketctlError)
        else Exit.REFUSED
    )


def _tell_one(env: Env, outcome: Outcome, several: bool, dry: bool) -> None:
    from ticketctl.core.engine.timers import next_rules
    from ticketctl.render.outcome import done_lines, refusal_lines

    result = outcome.result
    if isinstance(result, TicketctlError):
        report(env, result)
    elif isinstance(result, Refusal):
        for line in refusal_lines(env.formatter, result, outcome.profile):
            say(line, err=True)
    else:
        assert outcome.profile is not None
        situation = env.workspace.situation_of(outcome.profile)
        upcoming = next_rules(situation, outcome.before, result.ticket)
        for line in done_lines(
            env.formatter, outcome.before, result, outcome.profile, upcoming, dry
        ):
            say(line)
        for warning in result.warnings:
            env.warn(f"{short_id(outcome.id)}: {warning}" if several else warning)


def _tell_json(env: Env, outcomes: Sequence[Outcome]) -> None:
    from ticketctl.core.summary import row_of
    from ticketctl.render import json_documents

    tickets = [
        (ticket, outcome.profile)
        for outcome in outcomes
        if isinstance(outcome.result, Decision) and outcome.profile
        for ticket in (outcome.result.ticket, *outcome.follow_ups)
    ]
    results = [outcome.result for outcome in outcomes]
    say_lines(
        json_documents.dump(
            tickets=[
                json_documents.row(
                    row_of(profile, ticket, env.workspace.people_of(profile))
                )
                for ticket, profile in tickets
            ],
            refused=[
                json_documents.refusal(result)
                for result in results
                if isinstance(result, Refusal)
            ],
            errors=[
                {
                    "message": result.message,
                    "hint": result.hint,
                    "exit": int(result.exit),
                }
                for result in results
                if isinstance(result, TicketctlError)
            ],
        )
    )
