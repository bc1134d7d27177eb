"""The command that tells what can be done with a ticket now: next."""

from __future__ import annotations

from collections.abc import Collection

import click

from ticketctl.app.input import values
from ticketctl.app.input.identity import actors
from ticketctl.cli.command import command
from ticketctl.cli.environment import Env, pass_env
from ticketctl.cli.options import format_option, id_argument
from ticketctl.cli.output import say, say_lines
from ticketctl.core.engine.context import context_for
from ticketctl.core.engine.decide import actor_reasons
from ticketctl.core.engine.moves import OpenMove, open_moves, way
from ticketctl.core.profile import Profile
from ticketctl.core.ticket import Ticket
from ticketctl.errors import RefusedError


@command("next")
@id_argument
@click.option("--to", metavar="STATUS", help="The shortest way to this status.")
@format_option("text", "json")
@pass_env
def next_command(env: Env, /, id_: str, to: str | None, format_: str) -> None:
    """Show which moves are open to you now, with criteria and what each still needs."""
    from ticketctl.render import json_documents, text

    workspace = env.workspace
    env.tell_reader()
    ticket = workspace.show(id_).ticket
    profile = workspace.profile_of(ticket)
    situation = workspace.situation_of(profile)
    people = situation.people
    candidates = actors(workspace, profile, ticket)
    able = [
        actor
        for actor in candidates
        if not actor_reasons(profile, ticket, actor, people)
    ]
    if not able:
        raise RefusedError(
            "; ".join(actor_reasons(profile, ticket, candidates[0], people))
        )
    scenes = [context_for(situation, ticket, actor) for actor in able]
    # Somebody with several roles sees each move once, in the role that needs least for
    # it.
    moves: dict[str, OpenMove] = {}
    for context in scenes:
        for move in open_moves(context):
            if move.to not in moves or len(move.needs) < len(moves[move.to].needs):
                moves[move.to] = move
    category = str(ticket.get("category"))
    steps = (
        way(profile, ticket.status, values.status(profile, to), able[0].role, category)
        if to
        else ()
    )
    if format_ == "json":
        say_lines(
            json_documents.dump(
                id=ticket.id,
                status=ticket.status,
                role=able[0].role,
                open=[
                    {
                        "to": m.to,
                        "criterion": m.criterion or None,
                        "needs": list(m.needs),
                    }
                    for m in moves.values()
                ],
                way=[{"to": step.to, "how": step.how} for step in steps],
            )
        )
        return
    if to:
        line = " -> ".join(
            [ticket.status] + [f"{step.to} ({step.how})" for step in steps]
        )
        say(
            line
            if steps
            else f"no way leads from {ticket.status} to {values.status(profile, to)}"
        )
        return
    others = _others(env, profile, ticket, moves)
    for line in text.next_moves(
        env.formatter, ticket, able[0].role, able[0].who, list(moves.values()), others
    ):
        say(line)


def _others(
    env: Env, profile: Profile, ticket: Ticket, mine: Collection[str]
) -> list[str]:
    """What others, and time, can do with the ticket besides: ``Closed by the
    customer``."""
    from ticketctl.core.engine.moves import automatic
    from ticketctl.core.engine.timers import next_rule
    from ticketctl.render.text import coming, listed

    targets: dict[str, list[str]] = {}
    for edge in profile.leaving(ticket.status):
        if edge.target not in mine:
            targets.setdefault(edge.target, []).extend(
                role for role in edge.roles if role != profile.system
            )
    by: dict[str, list[str]] = {}
    for target, roles in targets.items():
        if roles:
            by.setdefault(" or ".join(dict.fromkeys(roles)), []).append(target)
    for target, how in automatic(profile, ticket.status):
        if " on " in how and target not in mine and target not in by.get(how, ()):
            by.setdefault(how, []).append(target)
    upcoming = next_rule(env.workspace.situation_of(profile), ticket)
    promise = coming(env.formatter, upcoming)
    lines = [
        f"{listed(names)} {how if how.startswith('by ') else 'by ' + how}"
        for how, names in by.items()
    ]
    return [*lines, *([promise] if promise else [])]
