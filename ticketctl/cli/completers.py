"""What can be completed in a shell: ids, profiles, and the statuses that a ticket may
change to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from click import Context, Parameter

from ticketctl.cli.environment import Env

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def _env(ctx: Context) -> Env:
    """Return the environment that the options before the command describe."""
    params = ctx.find_root().params
    return Env(params.get("folder"), params.get("as_"), params.get("now_text"))


def complete_id(
    ctx: Context, param: Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete an id, whole or by its random half."""
    from click.shell_completion import CompletionItem

    try:
        from ticketctl.app.index.find import visible_ids

        workspace = _env(ctx).workspace
        ids = [
            id_
            for id_ in visible_ids(workspace)
            if incomplete in id_[: len(incomplete)] or id_[7:].startswith(incomplete)
        ]
        return [
            CompletionItem(
                id_ if id_.startswith(incomplete) and incomplete else id_[7:]
            )
            for id_ in ids[-200:]
        ]
    except Exception:
        return []  # a shell that completes must never show an error


def complete_profile(
    ctx: Context, param: Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete the name of a profile of the store, or of a built-in one."""
    from click.shell_completion import CompletionItem

    from ticketctl.store.profiles import ProfileRegistry

    try:
        registry = _env(ctx).workspace.registry
    except Exception:
        registry = ProfileRegistry(None)
    return [
        CompletionItem(name) for name in registry.names() if name.startswith(incomplete)
    ]


def complete_id_or_status(
    ctx: Context, param: Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete ``move ID... STATUS``: first an id, then the statuses that the user can
    change that ticket to."""
    from click.shell_completion import CompletionItem

    words = ctx.params.get("words") or ()
    if not words:
        return complete_id(ctx, param, incomplete)
    try:
        statuses = [
            (_word(status), help_)
            for status, help_ in _statuses(_env(ctx), str(words[-1]))
        ]
        return [
            CompletionItem(word, help=help_)
            for word, help_ in statuses
            if word.casefold().startswith(incomplete.casefold())
        ]
    except Exception:
        return []


def _word(status: str) -> str:
    """Return a status as one word for the shell: ``In-Progress``, which ``move``
    understands."""
    return "-".join(re.findall(r"\w+", status))


def _statuses(env: Env, id_: str) -> list[tuple[str, str]]:
    """Return the statuses open to the user on a ticket, with their criteria."""
    from ticketctl.app.input.identity import actors
    from ticketctl.core.engine.context import context_for
    from ticketctl.core.engine.moves import open_moves

    workspace = env.workspace
    ticket = workspace.show(id_).ticket
    profile = workspace.profile_of(ticket)
    criteria: dict[str, str] = {}
    for actor in actors(workspace, profile, ticket):
        context = context_for(workspace.situation_of(profile), ticket, actor)
        criteria |= {move.to: move.criterion for move in open_moves(context)}
    return list(criteria.items())
