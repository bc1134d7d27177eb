"""The command that shows many tickets: list. It loads nothing of the rules, so that it
is there at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import click

from ticketctl.app.index.find import Matches, find_tickets
from ticketctl.app.input.query import (
    explain_no_match,
    find_field_name,
    is_term,
    parse_term,
    read_query,
    require_few_terms,
    state_term,
    status_term,
    word_terms,
)
from ticketctl.app.workspace import Workspace
from ticketctl.cli.command import Command
from ticketctl.cli.environment import Env, finish, pass_env
from ticketctl.cli.options import format_option, profile_option, query_argument
from ticketctl.cli.output import say, say_cells, say_lines, say_message
from ticketctl.core.plural import counted
from ticketctl.core.query import (
    COLUMNS,
    NEWEST,
    ColumnTerm,
    OneOfTerm,
    Query,
    Row,
    Term,
    field_column,
)
from ticketctl.core.states import OPEN_STATES, STATES
from ticketctl.errors import Finding, UsageError, closest, exit_of
from ticketctl.pattern import pattern

FORMATS = ("plain", "table", "tsv", "csv", "json", "jsonl", "id")


class ListCommand(Command):
    """A command among whose arguments ``-NAME:VALUE`` is a part of the query, not an
    option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Let such arguments stand behind the options."""
        if not ctx.resilient_parsing and any(_MINUS.match(word) for word in args):
            workspace = ctx.ensure_object(Env).workspace
            turned = [
                word for word in args if _MINUS.match(word) and is_term(workspace, word)
            ]
            if turned and "--" not in args:
                args = [*(word for word in args if word not in turned), "--", *turned]
        return super().parse_args(ctx, args)


_MINUS = pattern(r"-[a-z_][\w.]*:.", re.IGNORECASE)


@click.command("list", cls=ListCommand)
@query_argument
@click.option(
    "-s",
    "--status",
    "statuses",
    metavar="STATUS",
    multiple=True,
    help="Only tickets with this status.",
)
@click.option(
    "--state",
    "states",
    metavar="STATE",
    multiple=True,
    help="Only tickets in this state: new, open, pending, on_hold, solved or closed.",
)
@profile_option("Only tickets of this profile.")
@click.option(
    "-a", "--assignee", metavar="WHO", help="Only tickets of this assignee (@me, none)."
)
@click.option(
    "-c", "--customer", metavar="WHO", help="Only tickets of this customer (@me)."
)
@click.option(
    "--open", "which", flag_value="open", help="Only new, open and pending tickets."
)
@click.option("--closed", "which", flag_value="closed", help="Only closed tickets.")
@click.option(
    "-A", "--all", "which", flag_value="all", help="All tickets, also closed ones."
)
@click.option(
    "--due", is_flag=True, help="Only tickets on which a time-based rule will act."
)
@click.option(
    "--overdue", is_flag=True, help="Only tickets on which a rule is due now."
)
@click.option(
    "--queue", is_flag=True, help="The work queue, in the order of the profile."
)
@click.option(
    "-S",
    "--search",
    metavar="TEXT",
    default="",
    help="Match word beginnings in titles, messages and notes; all must match.",
)
@click.option(
    "--created",
    metavar="RANGE",
    help="Created in FROM..UNTIL; either may be missing (-7d..).",
)
@click.option("--updated", metavar="RANGE", help="Last changed in FROM..UNTIL.")
@click.option("--sort", metavar="FIELD[:desc]", multiple=True, help="Sort by FIELD.")
@click.option(
    "-L",
    "--limit",
    metavar="N",
    type=click.IntRange(0),
    default=50,
    show_default=True,
    help="At most N tickets (0: all).",
)
@click.option(
    "--columns", metavar="A,B", help="Show these columns; fields of the profile, too."
)
@format_option(*FORMATS)
@pass_env
def list_command(
    env: Env,
    /,
    query: tuple[str, ...],
    format_: str,
    limit: int,
    columns: str | None,
    **given: Any,
) -> None:
    """List tickets, newest change first.

    Closed tickets are hidden. DUE is when the next time-based rule acts; ! marks a
    customer's message that has no answer yet.

    QUERY selects tickets, as the options do: 'status:pending assignee:@me due:<+3d
    -product:billing "paper jam"'.
    """
    workspace = env.workspace
    env.tell_reader()
    asked = Query(
        tuple(_terms(workspace, query, given)),
        _sort(workspace, given["sort"]),
        given["queue"],
        limit,
    )
    names = _columns(workspace, columns, format_)
    with env.progress() as progress:
        found = find_tickets(workspace, asked, progress)
    tell = _TELL.get(format_, say)
    for line in _lines(env, found, format_, names):
        tell(line)
    shown = min(limit or found.total, found.total)
    _rest(env, found, shown, format_)
    if not found.total and (why := explain_no_match(workspace, asked.terms)):
        env.note(f"hint: {why}")
    _broken(env, found.broken)


_TELL: dict[str, Callable[[str], None]] = {
    "csv": say_cells,
    "tsv": say_cells,
    "json": say_lines,
    "table": say_lines,
}
"""Formats whose items are not single lines -> how they are printed."""


def _terms(
    workspace: Workspace, query: tuple[str, ...], given: dict[str, Any]
) -> Iterator[Term]:
    """What the options and the query ask for; closed tickets are hidden unless
    something names them."""
    found: list[Term] = []
    if given["statuses"]:
        found.append(status_term(workspace, given["statuses"]))
    if given["states"]:
        found.append(state_term(given["states"]))
    found += [
        parse_term(workspace, "is", name)
        for name in ("due", "overdue", "queue")
        if given[name]
    ]
    for name in ("profile", "assignee", "customer", "created", "updated"):
        if given[name]:
            found.append(parse_term(workspace, name, given[name]))
    found += word_terms(given["search"])
    for text in query:
        found += read_query(workspace, text)
    which = given["which"]
    if which == "open":
        found.append(
            OneOfTerm("state", tuple(state for state in STATES if state in OPEN_STATES))
        )
    elif which == "closed":
        found.append(OneOfTerm("closed", (1,)))
    elif which != "all" and not any(
        isinstance(one, ColumnTerm) and one.column in ("status", "state", "closed")
        for one in found
    ):
        found.insert(0, OneOfTerm("closed", (0,)))
    require_few_terms(found)
    return iter(found)


def _sort(workspace: Workspace, texts: Iterable[str]) -> tuple[tuple[str, bool], ...]:
    found = []
    for text in texts:
        name, _, direction = text.partition(":")
        if direction not in ("", "asc", "desc"):
            raise UsageError(f'"{text}" is not an order', "FIELD, or FIELD:desc")
        found.append(
            (
                name if name in COLUMNS else field_column(_field(workspace, name)),
                direction == "desc",
            )
        )
    return tuple(found) or NEWEST


def _field(workspace: Workspace, name: str, known: Iterable[str] = COLUMNS) -> str:
    """The field that is meant by a column that is none of ours."""
    try:
        return find_field_name(workspace, name)
    except UsageError:
        fields = [
            name for profile in workspace.registry.all() for name in profile.fields
        ]
        names = list(dict.fromkeys([*known, *fields]))
        raise UsageError(
            f'there is no column "{name}"', closest(name, names) or ", ".join(names)
        ) from None


def _columns(workspace: Workspace, text: str | None, format_: str) -> tuple[str, ...]:
    from ticketctl.render.table import DEFAULT

    if text is None:
        return COLUMNS if format_ in ("csv", "tsv") else DEFAULT
    names = tuple(part.strip() for part in text.split(",") if part.strip())
    if not names:
        raise UsageError("name a column", ", ".join(COLUMNS))
    known = (*DEFAULT, *COLUMNS) if format_ in ("plain", "table") else COLUMNS
    return tuple(
        name if name in known else _field(workspace, name, known) for name in names
    )


def _lines(
    env: Env, found: Matches, format_: str, names: tuple[str, ...]
) -> Iterable[str]:
    """The answer in the format asked for; what programs read comes line by line."""
    from ticketctl.render import table

    if format_ == "id":
        return (row.id for row in found.rows)
    if format_ in ("tsv", "csv"):
        line = table.tsv if format_ == "tsv" else table.csv_line
        return (line(cells) for cells in _with_heading(names, found.rows))
    if format_ in ("json", "jsonl"):
        from ticketctl.render import json_documents

        if format_ == "jsonl":
            return (
                json_documents.dump_line(json_documents.row(row)) for row in found.rows
            )
        listed = [json_documents.row(row) for row in found.rows]
        return [
            json_documents.dump(
                tickets=listed,
                total=found.total,
                broken=json_documents.broken(found.broken),
            )
        ]
    rows = list(found.rows)
    if not rows:
        return []
    if format_ == "table":
        heads = [table.heading(name) for name in names]
        return [
            table.boxed(heads, [table.cells(env.formatter, row, names) for row in rows])
        ]
    return table.plain(env.formatter, rows, names, env.terminal)


def _with_heading(names: tuple[str, ...], rows: Iterable[Row]) -> Iterator[list[str]]:
    from ticketctl.render import table

    yield list(names)
    yield from (table.machine(row, names) for row in rows)


def _rest(env: Env, found: Matches, shown: int, format_: str) -> None:
    """The last line: how many there are, and on whom they wait."""
    if format_ not in ("plain", "table"):
        if shown < found.total:
            env.note(f"{shown} of {found.total} (-L 0 for all)")
        return
    if not found.total:
        env.note(
            f"no tickets match ({found.open} open)"
            if found.open
            else "no tickets match"
        )
        return
    more = (
        f"{shown} of {found.total} tickets (-L 0 for all)"
        if shown < found.total
        else counted(shown, "ticket")
    )
    waits = (
        f" (waiting on the customer: {found.waiting}; on us: {found.open - found.waiting})"
        if found.open
        else ""
    )
    env.note(f"{more}; in the store {found.open} open{waits}")


def _broken(env: Env, broken: list[Finding]) -> None:
    """Name what cannot be read, and end with 65: a ticket is never silently missing."""
    if broken:
        verb = "ticket cannot" if len(broken) == 1 else "tickets cannot"
        say_message(f"error: {len(broken)} {verb} be read: ticketctl check")
        for finding in broken[:5]:
            say_message(f"  {finding}", "    ")
        finish(exit_of(broken))
