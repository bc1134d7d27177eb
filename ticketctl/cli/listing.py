"""The command that lists tickets: list. It loads nothing of the rules, to start fast."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import click

from ticketctl.app.index.find import Matches, find_tickets
from ticketctl.app.input.query_parser import (
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
from ticketctl.core.vocabulary import OPEN_STATES, STATES
from ticketctl.errors import Finding, UsageError, closest, exit_of
from ticketctl.pattern import pattern
from ticketctl.record import Record

FORMATS = ("plain", "table", "tsv", "csv", "json", "jsonl", "id")


class ListCommand(Command):
    """A command that takes the argument ``-NAME:VALUE`` as part of the query, not as an
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
    **filters: Any,
) -> None:
    """List tickets, newest change first.

    Closed tickets are hidden. DUE is when the next time-based rule acts; ! marks a
    customer's message that has no answer yet.

    QUERY selects tickets, as the options do: 'status:pending assignee:@me due:<+3d
    -product:billing "paper jam"'.
    """
    workspace = env.workspace
    env.tell_reader()
    selection = Filters(**filters)
    wanted = Query(
        tuple(_terms(workspace, query, selection)),
        _sort(workspace, selection.sort),
        selection.queue,
        limit,
    )
    names = _columns(workspace, columns, format_)
    with env.progress() as progress:
        matches = find_tickets(workspace, wanted, progress)
    print_line = _PRINTERS.get(format_, say)
    for line in _lines(env, matches, format_, names):
        print_line(line)
    shown = min(limit or matches.total, matches.total)
    _print_summary(env, matches, shown, format_)
    if not matches.total and (why := explain_no_match(workspace, wanted.terms)):
        env.note(f"hint: {why}")
    _print_broken(env, matches.broken)


_PRINTERS: dict[str, Callable[[str], None]] = {
    "csv": say_cells,
    "tsv": say_cells,
    "json": say_lines,
    "table": say_lines,
}
"""Formats whose items are not single lines -> how they are printed."""


class Filters(Record):
    """The options that select and sort tickets, as typed."""

    statuses: tuple[str, ...]
    states: tuple[str, ...]
    profile: str | None
    assignee: str | None
    customer: str | None
    which: str | None
    due: bool
    overdue: bool
    queue: bool
    search: str
    created: str | None
    updated: str | None
    sort: tuple[str, ...]


def _terms(
    workspace: Workspace, query: tuple[str, ...], filters: Filters
) -> list[Term]:
    """Return what the options and the query select; closed tickets are hidden, unless a
    term is about statuses."""
    terms: list[Term] = []
    if filters.statuses:
        terms.append(status_term(workspace, filters.statuses))
    if filters.states:
        terms.append(state_term(filters.states))
    flags = {
        "due": filters.due,
        "overdue": filters.overdue,
        "queue": filters.queue,
    }
    terms += [parse_term(workspace, "is", name) for name, on in flags.items() if on]
    texts = {
        "profile": filters.profile,
        "assignee": filters.assignee,
        "customer": filters.customer,
        "created": filters.created,
        "updated": filters.updated,
    }
    terms += [parse_term(workspace, name, text) for name, text in texts.items() if text]
    terms += word_terms(filters.search)
    for text in query:
        terms += read_query(workspace, text)
    if (term := _state_filter(filters.which, terms)) is not None:
        terms.insert(0, term)
    require_few_terms(terms)
    return terms


def _state_filter(which: str | None, terms: Iterable[Term]) -> Term | None:
    """Return the term for ``--open`` or ``--closed``, or the one that hides closed
    tickets; none for ``--all``, or if another term is about statuses."""
    if which == "open":
        return OneOfTerm("state", tuple(name for name in STATES if name in OPEN_STATES))
    if which == "closed":
        return OneOfTerm("closed", (1,))
    columns = (term.column for term in terms if isinstance(term, ColumnTerm))
    if which == "all" or any(name in ("status", "state", "closed") for name in columns):
        return None
    return OneOfTerm("closed", (0,))


def _sort(workspace: Workspace, texts: Iterable[str]) -> tuple[tuple[str, bool], ...]:
    order = []
    for text in texts:
        name, _, direction = text.partition(":")
        if direction not in ("", "asc", "desc"):
            raise UsageError(f'unknown order "{text}"', "use FIELD or FIELD:desc")
        order.append(
            (
                name if name in COLUMNS else field_column(_field(workspace, name)),
                direction == "desc",
            )
        )
    return tuple(order) or NEWEST


def _field(workspace: Workspace, name: str, columns: Iterable[str] = COLUMNS) -> str:
    """Return the field of a profile that a column shows.

    Args:
        columns: the other columns that there are, for the hint.

    Raises:
        UsageError: there is no such field.
    """
    try:
        return find_field_name(workspace, name)
    except UsageError:
        fields = [
            name for profile in workspace.registry.all() for name in profile.fields
        ]
        names = list(dict.fromkeys([*columns, *fields]))
        raise UsageError(
            f'unknown column "{name}"', closest(name, names) or ", ".join(names)
        ) from None


def _columns(workspace: Workspace, text: str | None, format_: str) -> tuple[str, ...]:
    from ticketctl.render.table import DEFAULT

    if text is None:
        return COLUMNS if format_ in ("csv", "tsv") else DEFAULT
    names = tuple(part.strip() for part in text.split(",") if part.strip())
    if not names:
        raise UsageError("--columns names no column", ", ".join(COLUMNS))
    own = (*DEFAULT, *COLUMNS) if format_ in ("plain", "table") else COLUMNS
    return tuple(
        name if name in own else _field(workspace, name, own) for name in names
    )


def _lines(
    env: Env, matches: Matches, format_: str, names: tuple[str, ...]
) -> Iterable[str]:
    """Return the answer in a format; what programs read comes line by line."""
    from ticketctl.render import table

    if format_ == "id":
        return (row.id for row in matches.rows)
    if format_ in ("tsv", "csv"):
        line = table.tsv if format_ == "tsv" else table.csv_line
        return (line(cells) for cells in _with_heading(names, matches.rows))
    if format_ in ("json", "jsonl"):
        from ticketctl.render import json_documents

        if format_ == "jsonl":
            return (
                json_documents.dump_line(json_documents.row(row))
                for row in matches.rows
            )
        tickets = [json_documents.row(row) for row in matches.rows]
        return [
            json_documents.dump(
                tickets=tickets,
                total=matches.total,
                broken=json_documents.broken(matches.broken),
            )
        ]
    rows = list(matches.rows)
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


def _print_summary(env: Env, matches: Matches, shown: int, format_: str) -> None:
    """Print how many tickets there are, and for whom the open ones wait."""
    if format_ not in ("plain", "table"):
        if shown < matches.total:
            env.note(f"{shown} of {matches.total} tickets (-L 0 shows all)")
        return
    if not matches.total:
        env.note(
            f"no tickets match ({matches.open} open in the store)"
            if matches.open
            else "no tickets match"
        )
        return
    number = (
        f"{shown} of {matches.total} tickets (-L 0 shows all)"
        if shown < matches.total
        else counted(shown, "ticket")
    )
    waiting = (
        f" (waiting for the customer: {matches.waiting}; "
        f"for us: {matches.open - matches.waiting})"
        if matches.open
        else ""
    )
    env.note(f"{number}; {matches.open} open in the store{waiting}")


def _print_broken(env: Env, broken: list[Finding]) -> None:
    """Print which tickets cannot be read, and end with 65: none is silently missing."""
    if broken:
        say_message(
            f"error: {counted(len(broken), 'ticket')} cannot be read: ticketctl check"
        )
        for finding in broken[:5]:
            say_message(f"  {finding}", "    ")
        finish(exit_of(broken))
