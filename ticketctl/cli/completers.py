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
    """The surroundings, from the options that stand before the command."""
    params = ctx.find_root().params
    return Env(params.get("folder"), params.get("as_"), params.get("now_text"))


def complete_id(
    ctx: Context, param: Parameter, incomplete: str
) -> list[CompletionItem]:
    """Ids by their random half, with the title as help."""
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
    """The profiles of the store, or the built-in ones."""
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
    """For ``move ID... STATUS``: an id first; then the statuses open to this user on
    that ticket."""
    from click.shell_completion import CompletionItem

    words = ctx.params.get("words") or ()
    if not words:
        return complete_id(ctx, param, incomplete)
    try:
        found = [
            (_word(status), help_)
            for status, help_ in _statuses(_env(ctx), str(words[-1]))
        ]
        return [
            CompletionItem(word, help=help_)
            for word, help_ in found
            if word.casefold().startswith(incomplete.casefold())
        ]
    except Exception:
        return []


def _word(status: str) -> str:
    """A status as one word for the shell, ``In-Progress``; it is understood all the
    same."""
    return "-".join(re.findall(r"\w+", status))


def _statuses(env: Env, id_: str) -> list[tuple[str, str]]:
    from ticketctl.app.input.identity import actors
    from ticketctl.core.engine.context import context_for
    from ticketctl.core.engine.moves import open_moves

    workspace = env.workspace
    ticket = workspace.show(id_).ticket
    profile = workspace.profile_of(ticket)
    found: dict[str, str] = {}
    for actor in actors(workspace, profile, ticket):
        context = context_for(workspace.situation_of(profile), ticket, actor)
        found |= {move.to: move.criterion for move in open_moves(context)}
    return list(found.items())
