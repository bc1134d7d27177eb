"""The commands that only look: list, show, log, next."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Collection, Iterable
from typing import Any

import click

from ticketctl.app import values
from ticketctl.app.desk import Desk
from ticketctl.app.find import Found, find
from ticketctl.app.who import actors, me
from ticketctl.cli.complete import complete_id, complete_profile
from ticketctl.cli.env import Env, finish, pass_env, report, worst
from ticketctl.core import dates
from ticketctl.core.moves import OpenMove, open_moves, way
from ticketctl.core.profile import Profile
from ticketctl.core.query import COLUMNS, Query
from ticketctl.core.ticket import Ticket
from ticketctl.core.timers import next_due
from ticketctl.core.words import counted
from ticketctl.core.workflow import actor_reasons, scene_for
from ticketctl.errors import BrokenError, Exit, Finding, RefusedError, TicketctlError, UsageError, closest
from ticketctl.store.reading import Loaded

FORMATS = ("plain", "table", "tsv", "csv", "json", "jsonl", "id")


@click.command("list")
@click.option("-s", "--status", "statuses", metavar="STATUS", multiple=True, help="Only tickets there.")
@click.option(
    "--state", "states", metavar="STATE", multiple=True, help="new, open, pending, on_hold, solved or closed."
)
@click.option(
    "-p", "--profile", metavar="PROFILE", shell_complete=complete_profile, help="Only tickets of this profile."
)
@click.option("-a", "--assignee", metavar="WHO", help="Only those of WHO (@me, none).")
@click.option("-c", "--customer", metavar="WHO", help="Only those of this customer (@me).")
@click.option("--open", "which", flag_value="open", help="New, open and pending ones.")
@click.option("--closed", "which", flag_value="closed", help="Closed ones.")
@click.option("-A", "--all", "which", flag_value="all", help="All, closed ones too.")
@click.option("--due", is_flag=True, help="Only those on which a rule will act.")
@click.option("--overdue", is_flag=True, help="Only those whose moment has passed.")
@click.option("--queue", is_flag=True, help="The work queue, in the profile's order.")
@click.option("-S", "--search", metavar="TEXT", default="", help="All these words in title, messages and notes.")
@click.option("--created", metavar="RANGE", help="FROM..UNTIL; either may be left out (-7d..).")
@click.option("--updated", metavar="RANGE", help="The same for the last change.")
@click.option("--sort", metavar="FIELD[:desc]", multiple=True, help="Another order.")
@click.option(
    "-L", "--limit", metavar="N", type=click.IntRange(0), default=50, show_default=True, help="At most N (0: all)."
)
@click.option("--columns", metavar="A,B", help="Which columns, fields of the profile too.")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="plain", help="For people, or for programs.")
@pass_env
def list_command(env: Env, /, format_: str, limit: int, columns: str | None, **given: Any) -> None:
    """List tickets, newest change first; closed ones are hidden.

    DUE is the next moment at which a rule will act; ! marks a customer's message that nobody answered.
    """
    found = find(env.desk, _query(env.desk, given))
    rows = found.rows[:limit] if limit else found.rows
    names = _columns(columns, format_, found)
    for line in _lines(env, found, format_, names, limit):
        click.echo(line)
    _rest(env, found, len(rows), format_)
    _broken(env, found.broken)


def _query(desk: Desk, given: dict[str, Any]) -> Query:
    """The options as a query."""
    states = {"open": ("new", "open", "pending"), "closed": ("closed",), None: (), "all": None}[given["which"]]
    chosen: frozenset[str] | None = None
    if given["states"]:
        chosen = frozenset(_known("state", state, ("new", "open", "pending", "on_hold", "solved", "closed"))
                           for state in given["states"])  # fmt: skip
    elif states is None:
        chosen = frozenset(("new", "open", "pending", "on_hold", "solved", "closed"))
    elif states:
        chosen = frozenset(states)
    profile = desk.shelf.get(given["profile"]).name if given["profile"] else ""
    return Query(
        states=chosen,
        statuses=frozenset(name for text in given["statuses"] for name in _statuses(desk, text, profile)),
        profile=profile,
        assignee=_person(desk, given["assignee"]),
        customer=_person(desk, given["customer"]),
        due=given["due"],
        overdue=dates.format_instant(desk.now) if given["overdue"] else "",
        queue=given["queue"],
        search=given["search"],
        created=_range(desk, given["created"]),
        updated=_range(desk, given["updated"]),
        sort=tuple(_sort(desk, text) for text in given["sort"]) or (("updated", True), ("id", True)),
    )


def _known(what: str, text: str, names: Iterable[str]) -> str:
    names = list(names)
    if text not in names:
        raise UsageError(f'there is no {what} "{text}"', closest(text, names) or ", ".join(names))
    return text


def _person(desk: Desk, text: str | None) -> str:
    return me(desk) if text == "@me" else (text or "")


def _statuses(desk: Desk, text: str, profile: str) -> list[str]:
    """The statuses that a word means, in any profile."""
    shelf = [desk.shelf.get(profile)] if profile else list(desk.shelf.all())
    found = [name for each in shelf if (name := each.find_status(text))]
    if not found:
        known = sorted({name for each in shelf for name in each.statuses})
        raise UsageError(
            f'no profile has a status "{text}"', closest(text, known) or "ticketctl profile show NAME lists them"
        )
    return found


def _range(desk: Desk, text: str | None) -> tuple[str, str]:
    if not text:
        return ("", "")
    low, dots, high = text.partition("..")
    if not dots:
        high = low

    def moment(part: str) -> str:
        return values.when(desk, part) if part else ""

    return (moment(low), moment(high))


def _sort(desk: Desk, text: str) -> tuple[str, bool]:
    name, _, direction = text.partition(":")
    if direction not in ("", "asc", "desc"):
        raise UsageError(f'"{text}" is not an order', "FIELD, or FIELD:desc")
    fields = [field for profile in desk.shelf.all() for field in profile.fields] if name not in COLUMNS else []
    return _known("column", name, [*COLUMNS, *fields]), direction == "desc"


def _columns(text: str | None, format_: str, found: Found) -> tuple[str, ...]:
    from ticketctl.render.table import DEFAULT

    if not text:
        return COLUMNS if format_ in ("csv", "tsv") else DEFAULT
    names = tuple(part.strip() for part in text.split(",") if part.strip())
    if not names:
        raise UsageError("name a column", ", ".join(COLUMNS))
    fields = {field for row in found.rows for field in row.fields}
    for name in names:
        if name not in fields and format_ in ("plain", "table"):
            _known("column", name, [*DEFAULT, *COLUMNS, *sorted(fields)])
        elif name not in fields:
            _known("column", name, [*COLUMNS, *sorted(fields)])
    return names


def _lines(env: Env, found: Found, format_: str, names: tuple[str, ...], limit: int) -> Iterable[str]:
    """The answer in the format asked for."""
    from ticketctl.render import table

    rows = found.rows[:limit] if limit else found.rows
    if format_ == "id":
        return (row.id for row in rows)
    if format_ == "tsv":
        return (table.tsv(line) for line in [list(names), *(table.machine(row, names) for row in rows)])
    if format_ == "csv":
        return (table.csv_line(line) for line in [list(names), *(table.machine(row, names) for row in rows)])
    if format_ in ("json", "jsonl"):
        from ticketctl.render import document

        if format_ == "jsonl":
            return (document.dump_line(document.row(row)) for row in rows)
        listed = [document.row(row) for row in rows]
        return [document.dump(tickets=listed, total=len(found.rows), broken=document.broken(found.broken))]
    if not rows:
        return []
    if format_ == "table":
        return [
            table.boxed([table.heading(name) for name in names], [table.cells(env.voice, row, names) for row in rows])
        ]
    across = shutil.get_terminal_size((0, 0)).columns if sys.stdout.isatty() else 0
    return table.plain(env.voice, rows, names, across)


def _rest(env: Env, found: Found, shown: int, format_: str) -> None:
    """The last line: how many there are, and on whom they wait."""
    if format_ not in ("plain", "table"):
        if shown < len(found.rows):
            env.note(f"{shown} of {len(found.rows)} (-L 0 for all)")
        return
    if not found.rows:
        env.note(f"no tickets match ({found.open} open)" if found.open else "no tickets match")
        return
    more = (
        f"{shown} of {len(found.rows)} tickets (-L 0 for all)" if shown < len(found.rows) else counted(shown, "ticket")
    )
    waits = f" (waiting on the customer: {found.waiting}; on us: {found.open - found.waiting})" if found.open else ""
    env.note(f"{more}; in the store {found.open} open{waits}")


def _broken(env: Env, broken: list[Finding]) -> None:
    """Name what cannot be read, and end with 65: a ticket is never silently missing."""
    from ticketctl.render.safe import safe

    if broken:
        verb = "ticket cannot" if len(broken) == 1 else "tickets cannot"
        click.echo(f"error: {len(broken)} {verb} be read: ticketctl check", err=True)
        for finding in broken[:5]:
            click.echo(f"  {safe(str(finding))}", err=True)
        finish(Exit.BROKEN)


@click.command("show")
@click.argument("ids", metavar="ID...", nargs=-1, required=True, shell_complete=complete_id)
@click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", help="For people, or for programs."
)
@pass_env
def show_command(env: Env, /, ids: tuple[str, ...], format_: str) -> None:
    """Show tickets with their history."""
    from ticketctl.render import text

    loaded, failed = _load(env, ids)
    if format_ == "json":
        from ticketctl.render import document

        tickets = []
        for one in loaded:
            profile = env.desk.profile_of(one.ticket)
            fire = next_due(profile, one.ticket, env.desk.people_of(profile))
            tickets.append(document.ticket(one.ticket, profile.state(one.ticket.status), fire.due if fire else None))
        broken = [error.finding for error in failed if isinstance(error, BrokenError)]
        click.echo(document.dump(tickets=tickets, broken=document.broken(broken)))
    else:
        blocks = ["\n".join(text.show(env.voice, one.ticket, env.desk.profile_of(one.ticket))) for one in loaded]
        env.page("\n\n".join(blocks).split("\n") if blocks else ())
    for one in loaded:
        for difference in one.differences:
            env.warn(f"{difference.place}: {difference.key} does not agree with the history "
                     f"(set by hand? ticketctl edit --adopt {text.short(one.ticket.id)})")  # fmt: skip
    for error in failed:
        report(env, error)
    finish(worst([error.exit for error in failed], len(ids)))


def _load(env: Env, ids: Iterable[str]) -> tuple[list[Loaded], list[TicketctlError]]:
    loaded: list[Loaded] = []
    failed: list[TicketctlError] = []
    for id_ in ids:
        try:
            one = env.desk.find(id_)
            env.desk.profile_of(one.ticket)
            loaded.append(one)
        except TicketctlError as error:
            failed.append(error)
    return loaded, failed


@click.command("log")
@click.argument("id_", metavar="ID", shell_complete=complete_id)
@click.option(
    "--format", "format_", type=click.Choice(["text", "jsonl"]), default="text", help="For people, or for programs."
)
@pass_env
def log_command(env: Env, /, id_: str, format_: str) -> None:
    """Show the history of a ticket, oldest first."""
    from ticketctl.render import text

    ticket = env.desk.find(id_).ticket
    if format_ == "jsonl":
        from ticketctl.render import document

        for entry in ticket.history:
            click.echo(document.dump_line(entry.content()))
        return
    env.page(text.log(env.voice, ticket))


@click.command("next")
@click.argument("id_", metavar="ID", shell_complete=complete_id)
@click.option("--to", metavar="STATUS", help="The shortest way to this status.")
@click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", help="For people, or for programs."
)
@pass_env
def next_command(env: Env, /, id_: str, to: str | None, format_: str) -> None:
    """Show which moves are open to you now, with criteria and what each still needs."""
    from ticketctl.render import document, text

    desk = env.desk
    ticket = desk.find(id_).ticket
    profile = desk.profile_of(ticket)
    people = desk.people_of(profile)
    candidates = actors(desk, profile, ticket)
    able = [actor for actor in candidates if not actor_reasons(profile, ticket, actor, people)]
    if not able:
        raise RefusedError("; ".join(actor_reasons(profile, ticket, candidates[0], people)))
    scenes = [scene_for(profile, ticket, actor, desk.now, people) for actor in able]
    # Somebody with several roles sees each move once, in the role that needs least for it.
    moves: dict[str, OpenMove] = {}
    for scene in scenes:
        for move in open_moves(scene):
            if move.to not in moves or len(move.needs) < len(moves[move.to].needs):
                moves[move.to] = move
    category = str(ticket.get("category"))
    steps = way(profile, ticket.status, values.status(profile, to), able[0].role, category) if to else ()
    if format_ == "json":
        click.echo(document.dump(
            id=ticket.id, status=ticket.status, role=able[0].role,
            open=[{"to": m.to, "criterion": m.criterion or None, "needs": list(m.needs)} for m in moves.values()],
            way=[{"to": step.to, "how": step.how} for step in steps],
        ))  # fmt: skip
        return
    if to:
        line = " -> ".join([ticket.status] + [f"{step.to} ({step.how})" for step in steps])
        click.echo(line if steps else f"no way leads from {ticket.status} to {values.status(profile, to)}")
        return
    others = _others(env, profile, ticket, moves)
    for line in text.next_moves(env.voice, ticket, able[0].role, able[0].who, list(moves.values()), others):
        click.echo(line)


def _others(env: Env, profile: Profile, ticket: Ticket, mine: Collection[str]) -> list[str]:
    """What others, and time, can do with the ticket besides: ``Closed by the customer``."""
    from ticketctl.core.moves import automatic
    from ticketctl.render.text import coming, listed

    targets: dict[str, list[str]] = {}
    for edge in profile.leaving(ticket.status):
        if edge.target not in mine:
            targets.setdefault(edge.target, []).extend(role for role in edge.roles if role != profile.system)
    by: dict[str, list[str]] = {}
    for target, roles in targets.items():
        if roles:
            by.setdefault(" or ".join(dict.fromkeys(roles)), []).append(target)
    for target, how in automatic(profile, ticket.status):
        if " on " in how and target not in mine and target not in by.get(how, ()):
            by.setdefault(how, []).append(target)
    promise = coming(env.voice, profile, ticket)
    lines = [f"{listed(names)} {how if how.startswith('by ') else 'by ' + how}" for how, names in by.items()]
    return [*lines, *([promise] if promise else [])]
