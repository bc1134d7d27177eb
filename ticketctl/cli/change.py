"""The commands that change tickets: new, move, reply, note, assign, set, batch."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any, TypeVar

import click

from ticketctl.app.change import Ask, CreateResult, change, create
from ticketctl.app.input import values
from ticketctl.app.input.identity import actors, person
from ticketctl.app.outcome import Outcome
from ticketctl.app.workspace import Workspace
from ticketctl.cli.command import command, staff_command
from ticketctl.cli.completion import (
    complete_id,
    complete_id_or_status,
    complete_profile,
)
from ticketctl.cli.environment import Env, finish, pass_env, report, worst
from ticketctl.cli.output import say, say_lines
from ticketctl.core.engine.context import context_for
from ticketctl.core.engine.placeholders import fill
from ticketctl.core.engine.requests import Change, Decision, Refusal
from ticketctl.core.entry import Value
from ticketctl.core.profile import Profile
from ticketctl.core.ticket import Ticket
from ticketctl.errors import Exit, RefusedError, TicketctlError, UsageError
from ticketctl.store.paths import short
from ticketctl.store.yaml.loader import LoadedTicket

F = TypeVar("F", bound=Callable[..., Any])
FORMATS = click.Choice(["text", "json"])


def options(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    """Several options as one decorator, in the order written."""

    def wrap(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return wrap


_for = click.option(
    "--for",
    "for_",
    metavar="CUSTOMER",
    help="Record what the customer said or decided.",
)
_via = click.option(
    "--via",
    type=click.Choice(["phone", "chat", "visit", "mail", "portal"]),
    help="How they said it.",
)
_quiet = click.option(
    "--no-notify", "quiet", is_flag=True, help="Tell nobody; the history says so."
)
_dry = click.option(
    "-n",
    "--dry-run",
    "dry",
    is_flag=True,
    help="Say what would be done; write nothing.",
)
_set = click.option(
    "--set", "pairs", metavar="K=V", multiple=True, help="Set a field (K= clears it)."
)
_due = click.option(
    "--due", metavar="WHEN", help="The ticket's date: 2026-12-01, tomorrow, +3d ..."
)
_assignee = click.option(
    "-a", "--assignee", metavar="WHO", help="Who works on it (@me, none)."
)
_text = options(
    click.option("-m", "--message", metavar="TEXT", help="The text."),
    click.option(
        "-F",
        "--file",
        "file",
        metavar="FILE",
        help="Read the text from a file, or - for stdin.",
    ),
)
_format = click.option(
    "--format",
    "format_",
    type=FORMATS,
    default="text",
    help="For people, or for programs.",
)


@command("move")
@click.argument(
    "words",
    metavar="ID... STATUS",
    nargs=-1,
    required=True,
    shell_complete=complete_id_or_status,
)
@click.option("-m", "--note", metavar="NOTE", help="Add an internal note.")
@click.option("--reply", metavar="TEXT", help="Add a public message.")
@options(_for, _via, _assignee, _set, _due)
@click.option(
    "--template", metavar="T", help="Fill in what a template of the profile says."
)
@click.option("--expect", metavar="STATUS", help="Only if the ticket is there now.")
@options(_quiet, _dry, _format)
@pass_env
def move_command(
    env: Env, /, words: tuple[str, ...], format_: str, dry: bool, **given: Any
) -> None:
    """Move tickets to a status, as the workflow allows. ID - reads ids from stdin."""
    ids, status = _ids(words[:-1]), words[-1]
    if not words[:-1] or not status.strip():
        raise UsageError(
            "name a ticket and a status",
            "ticketctl move ID STATUS; ticketctl next ID shows what is open",
        )
    ask = _asking(env.workspace, given, to=status, expect=given["expect"])
    tell(
        env,
        change(env.workspace, ids, ask, dry),
        format_,
        dry,
        several="-" in words or len(words) > 2,
    )


@command("reply")
@click.argument("id_", metavar="ID", shell_complete=complete_id)
@options(_text, _for, _via, _quiet, _dry, _format)
@pass_env
def reply_command(
    env: Env,
    /,
    id_: str,
    message: str | None,
    file: str | None,
    format_: str,
    dry: bool,
    **given: Any,
) -> None:
    """Add a public message, as staff or as the customer."""
    text = _body(env, message, file, "reply", id_)
    tell(
        env,
        change(
            env.workspace,
            _ids([id_]),
            _asking(env.workspace, {**given, "reply": text}),
            dry,
        ),
        format_,
        dry,
    )


@command("note")
@click.argument("id_", metavar="ID", shell_complete=complete_id)
@options(_text, _dry, _format)
@pass_env
def note_command(
    env: Env,
    /,
    id_: str,
    message: str | None,
    file: str | None,
    format_: str,
    dry: bool,
) -> None:
    """Add an internal note, which the customer never sees."""
    text = _body(env, message, file, "note", id_)
    tell(
        env,
        change(env.workspace, _ids([id_]), _asking(env.workspace, {"note": text}), dry),
        format_,
        dry,
    )


@command("assign")
@click.argument("id_", metavar="ID", shell_complete=complete_id)
@click.argument("who")
@click.option("-m", "--note", metavar="NOTE", help="Add an internal note.")
@options(_quiet, _dry, _format)
@pass_env
def assign_command(
    env: Env, /, id_: str, who: str, format_: str, dry: bool, **given: Any
) -> None:
    """Give a ticket to somebody (@me), or to none."""
    tell(
        env,
        change(
            env.workspace,
            _ids([id_]),
            _asking(env.workspace, {**given, "assignee": who}),
            dry,
        ),
        format_,
        dry,
    )


@command("set")
@click.argument("id_", metavar="ID", shell_complete=complete_id)
@click.argument("pairs", metavar="K=V...", nargs=-1, required=True)
@click.option("-m", "--note", metavar="NOTE", help="Add an internal note.")
@options(_quiet, _dry, _format)
@pass_env
def set_command(env: Env, /, id_: str, format_: str, dry: bool, **given: Any) -> None:
    """Set fields, or clear them (K=). A checklist: checklist.ITEM=done."""
    tell(
        env,
        change(env.workspace, _ids([id_]), _asking(env.workspace, given), dry),
        format_,
        dry,
    )


@command("new")
@click.argument("title", required=False)
@click.option(
    "--from",
    "rows",
    metavar="FILE",
    help="One ticket for each row: .jsonl, .csv, or - for stdin.",
)
@click.option(
    "-p",
    "--profile",
    metavar="PROFILE",
    shell_complete=complete_profile,
    help="The workflow (else the store's).",
)
@click.option("-c", "--customer", metavar="CUSTOMER", help="The person who asks.")
@_assignee
@click.option("-d", "--text", metavar="TEXT", help="What it is about.")
@click.option(
    "-F",
    "--file",
    "file",
    metavar="FILE",
    help="Read that from a file, or - for stdin.",
)
@options(_set, _due)
@click.option("--follows", metavar="ID", help="The ticket that it continues.")
@click.option(
    "--status", metavar="STATUS", help="Where it begins, if the profile has several."
)
@click.option(
    "--template", metavar="T", help="Fill in what a template of the profile says."
)
@click.option("--id", "id_", metavar="ID", help="Its id, for importers (YYMMDD-xxxxx).")
@options(_via, _quiet)
@pass_env
def new_command(env: Env, /, title: str | None, rows: str | None, **given: Any) -> None:
    """Open a ticket and print its id. With --from, one for each row of a file, all or
    none."""
    from ticketctl.app.input import new_ticket

    given["id"] = given.pop("id_")
    if given.get("file"):
        from ticketctl.cli.input import read_text

        given["text"] = read_text(given["file"], "the text")
    with ExitStack() as opened:
        wanted: Iterable[tuple[str, dict[str, Any]]] = [("", {**given, "title": title})]
        if rows is not None:
            from ticketctl.app.input.rows import rows_of

            wanted = opened.enter_context(rows_of(rows, given))
        made = create(
            env.workspace,
            lambda taken: (
                new_ticket.request(env.workspace, row, place, taken)
                for place, row in wanted
            ),
        )
    _tell_made(env, made)


def _tell_made(env: Env, made: CreateResult) -> None:
    """The ids of new tickets, or why there are none."""
    for id_ in made.ids:
        say(id_)
    for id_, warning in made.warnings:
        env.warn(f"{short(id_)}: {warning}" if made.total > 1 else warning)
    if made.failed:
        report(env, made.failed)
        finish(made.failed.exit)
    if made.refused and made.total > 1:
        env.note(
            f"nothing was written: {made.refusals:,} of {made.total:,} rows are refused"
        )
    if made.refused:
        more = (
            f"and {made.refusals - len(made.refused):,} more"
            if made.refusals > len(made.refused)
            else ""
        )
        tell(env, made.refused, "text", dry=False, last=more)


@staff_command("batch")
@click.argument("batch")
@click.argument("name")
@click.argument("ids", metavar="[ID...]", nargs=-1, shell_complete=complete_id)
@click.option("--without", metavar="ID", multiple=True, help="Leave a ticket out.")
@click.option(
    "-p",
    "--profile",
    metavar="PROFILE",
    shell_complete=complete_profile,
    help="Whose batch it is.",
)
@click.option("--reply", metavar="TEXT", help="Add a public message to each.")
@click.option("-m", "--note", metavar="NOTE", help="Add an internal note to each.")
@_format
@pass_env
def batch_command(
    env: Env,
    /,
    batch: str,
    name: str,
    ids: tuple[str, ...],
    without: tuple[str, ...],
    profile: str | None,
    reply: str | None,
    note: str | None,
    format_: str,
) -> None:
    """Put tickets into a batch and move them together, all or nothing."""
    from ticketctl.app.batch import find_batch, run

    workspace = env.workspace
    whose, found = find_batch(workspace, batch, profile)
    left_out = [workspace.store.find(text) for text in without]
    text = values.body(reply, "the message") if reply else None
    outcomes = run(
        workspace,
        whose,
        found,
        values.line(name, "the name"),
        list(_ids(ids)),
        left_out,
        text,
        note,
    )
    refused = [outcome for outcome in outcomes if outcome.refused]
    if refused:
        env.note(
            f"nothing was moved: {len(refused)} of {len(outcomes)} tickets are refused"
        )
    tell(env, refused or outcomes, format_, dry=False)


def _typed() -> Iterator[str]:
    """The ids on stdin."""
    from ticketctl.cli.input import typed_ids

    return typed_ids()


def _ids(words: Sequence[str]) -> Iterator[str]:
    """The ids named, ``-`` standing for those on stdin (the first word of each line),
    as they come."""
    seen: set[str] = set()
    for word in words:
        for id_ in _typed() if word == "-" else (word,):
            if id_ not in seen:
                seen.add(id_)
                yield id_


def _body(env: Env, message: str | None, file: str | None, what: str, id_: str) -> str:
    """A text from ``-m``, ``-F``, or the editor."""
    if message is None and file is not None:
        from ticketctl.cli.input import read_text

        return read_text(file, f"the {what}")
    if message is None and not sys.stdin.isatty():
        raise UsageError(f"say what the {what} is", "-m TEXT, or -F FILE (- for stdin)")
    if message is None:
        head = f"\n# The {what} to {id_}. Lines that begin with # are left out; an empty text ends it.\n"
        typed = click.edit(head, extension=".md")
        message = "\n".join(
            line for line in (typed or "").split("\n") if not line.startswith("#")
        )
        if not message.strip():
            raise UsageError(
                f"an empty {what}; nothing was written", "-m TEXT, or -F FILE"
            )
    return values.body(message, f"the {what}")


def _asking(
    workspace: Workspace,
    given: dict[str, Any],
    to: str | None = None,
    expect: str | None = None,
) -> Ask:
    """What a command line asks of each ticket, in the terms of its profile."""

    def ask(was: LoadedTicket, profile: Profile) -> list[Change]:
        ticket = was.ticket
        target = values.status(profile, to) if to else None
        if expect is not None and values.status(profile, expect) != ticket.status:
            last = next(entry for entry in reversed(ticket.history) if entry.to)
            raise RefusedError(
                f"{ticket.id} is {ticket.status}, not {expect}",
                f"{last.by} moved it from {last.from_ or 'new'} at {last.at}",
            )
        people = actors(workspace, profile, ticket, given.get("for_"))
        sets, unset = _sets(workspace, profile, given)
        text, note = given.get("reply"), given.get("note")
        if name := given.get("template"):
            template = values.template(profile, name)
            context = context_for(workspace.situation_of(profile), ticket, people[0])
            sets = {**{k: v for k, v in template.sets.items() if v is not None}, **sets}
            text, note = (
                text or fill(template.text, context) or None,
                note or fill(template.note, context) or None,
            )
        return [
            Change(
                actor,
                target,
                values.body(text, "the message") if text is not None else None,
                values.body(note, "the note") if note is not None else None,
                sets,
                unset,
                via=given.get("via"),
                quiet=bool(given.get("quiet")),
            )
            for actor in people
        ]

    return ask


def _sets(
    workspace: Workspace, profile: Profile, given: dict[str, Any]
) -> tuple[dict[str, Value], tuple[str, ...]]:
    """``--set``, ``--due`` and ``-a`` together."""
    sets, unset = values.assignments(workspace, profile, given.get("pairs") or ())
    if given.get("due"):
        sets["due"] = values.when(workspace, given["due"])
    if who := given.get("assignee"):
        if who.casefold() == "none":
            unset += ("assignee",)
        else:
            sets["assignee"] = person(who, workspace)
    return sets, unset


def tell(
    env: Env,
    outcomes: Iterable[Outcome],
    format_: str,
    dry: bool,
    several: bool = False,
    last: str = "",
) -> None:
    """Say what became of each ticket, as it is known, and end with the status that goes
    with it.

    Args:
        several: whether warnings must say whose they are.
        last: a word at the end.
    """
    failed: list[Exit] = []
    total = 0
    if format_ == "json":
        outcomes = list(outcomes)
        _tell_json(env, outcomes)
    for outcome in outcomes:
        total += 1
        if not isinstance(outcome.result, Decision):
            failed.append(_status(outcome))
        if format_ != "json":
            _tell_one(env, outcome, several, dry)
    if last:
        env.note(last)
    if dry:
        env.note("nothing was written")
    finish(worst(failed, total))


def _status(outcome: Outcome) -> Exit:
    return (
        outcome.result.exit
        if isinstance(outcome.result, TicketctlError)
        else Exit.REFUSED
    )


def _tell_one(env: Env, outcome: Outcome, several: bool, dry: bool) -> None:
    from ticketctl.core.engine.timers import next_rules
    from ticketctl.render import text

    result = outcome.result
    if isinstance(result, TicketctlError):
        report(env, result)
    elif isinstance(result, Refusal):
        for line in text.refusal(env.formatter, result, outcome.profile):
            say(line, err=True)
    else:
        assert outcome.profile is not None
        line = text.done(
            env.formatter,
            outcome.before,
            result,
            outcome.profile,
            next_rules(
                env.workspace.situation_of(outcome.profile),
                outcome.before,
                result.ticket,
            ),
        )
        say(f"would be  {line}" if dry else line)
        for warning in result.warnings:
            env.warn(f"{text.short(outcome.id)}: {warning}" if several else warning)


def _tell_json(env: Env, outcomes: Sequence[Outcome]) -> None:
    from ticketctl.core.summary import row_of
    from ticketctl.render import json_documents

    tickets: list[tuple[Ticket, Profile]] = []
    for outcome in outcomes:
        if isinstance(outcome.result, Decision) and outcome.profile:
            tickets += [
                (ticket, outcome.profile)
                for ticket in (outcome.result.ticket, *outcome.also)
            ]
    errors = [o.result for o in outcomes if isinstance(o.result, TicketctlError)]
    say_lines(
        json_documents.dump(
            tickets=[
                json_documents.row(row_of(p, t, env.workspace.people_of(p)))
                for t, p in tickets
            ],
            refused=[
                json_documents.refusal(o.result)
                for o in outcomes
                if isinstance(o.result, Refusal)
            ],
            errors=[
                {"message": e.message, "hint": e.hint, "exit": int(e.exit)}
                for e in errors
            ],
        )
    )
