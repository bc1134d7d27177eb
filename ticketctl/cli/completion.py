"""Shell completion: ids, profiles, and only the statuses that are legal next for the
ticket."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click
from click import Command, Context, Parameter

from ticketctl.cli.command import command
from ticketctl.cli.environment import Env, pass_env
from ticketctl.cli.output import say_cells, say_lines
from ticketctl.core.escaping import safe
from ticketctl.errors import UsageError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def answer_shell(cli: Command, asked: str) -> int:
    """Print what the script of a shell asks for.

    Args:
        asked: ``bash_complete`` for what can stand next, ``bash_source`` for the script
            itself.

    Returns:
        The exit status: 1 if it asks for something else, or there is no answer. A shell
        that completes must never show an error.
    """
    from click.shell_completion import get_completion_class

    shell, _, question = asked.partition("_")
    kind = get_completion_class(shell)
    if kind is None or question not in ("source", "complete"):
        return 1
    completer = kind(cli, {}, "ticketctl", "_TICKETCTL_COMPLETE")
    try:
        if question == "source":
            say_cells(completer.source())
            return 0
        found = completer.get_completions(*completer.get_completion_args())
        for item in _offered(found):
            say_cells(completer.format_completion(item))
    except Exception:
        return 1
    return 0


def _offered(found: Iterable[CompletionItem]) -> Iterator[CompletionItem]:
    """The items as a shell may show them. One whose value is not safe is left out:
    spelled out, it would be another value."""
    for item in found:
        if safe(str(item.value)) == item.value:
            if item.help:
                item.help = safe(" ".join(item.help.split()))
            yield item


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
        from ticketctl.app.index.find import ids_of

        workspace = _env(ctx).workspace
        ids = [
            id_
            for id_ in ids_of(workspace)
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


_WHERE = {
    "bash": "~/.local/share/bash-completion/completions/ticketctl",
    "zsh": "a folder of your fpath, as _ticketctl",
    "fish": "~/.config/fish/completions/ticketctl.fish",
}


@command("completion")
@click.argument("shell", type=click.Choice(list(_WHERE)))
@pass_env
def completion_command(env: Env, /, shell: str) -> None:
    """Print the completion script for a shell; statuses are offered only if they are
    legal next."""
    from click.shell_completion import get_completion_class

    from ticketctl.cli.main import cli

    kind: Any = get_completion_class(shell)
    if kind is None:
        raise UsageError(f"no completion for {shell}")
    say_lines(kind(cli, {}, "ticketctl", "_TICKETCTL_COMPLETE").source())
    env.note(f"save it as {_WHERE[shell]}")
