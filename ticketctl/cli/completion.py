"""The command that prints the completion script of a shell, and the answers to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click
from click import Command

from ticketctl.cli.command import command
from ticketctl.cli.environment import Env, pass_env
from ticketctl.cli.output import say_cells, say_lines
from ticketctl.core.escaping import safe
from ticketctl.errors import UsageError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def answer_shell(cli: Command, instruction: str) -> int:
    """Print what the completion script of a shell needs.

    Args:
        instruction: ``bash_complete`` for the completions, ``bash_source`` for the
            script itself.

    Returns:
        The exit status: 1 if the instruction is unknown, or there is no answer. A shell
        that completes must never show an error.
    """
    from click.shell_completion import get_completion_class

    shell, _, question = instruction.partition("_")
    kind = get_completion_class(shell)
    if kind is None or question not in ("source", "complete"):
        return 1
    completer = kind(cli, {}, "ticketctl", "_TICKETCTL_COMPLETE")
    try:
        if question == "source":
            say_cells(completer.source())
            return 0
        items = completer.get_completions(*completer.get_completion_args())
        for item in _safe_items(items):
            say_cells(completer.format_completion(item))
    except Exception:
        return 1
    return 0


def _safe_items(items: Iterable[CompletionItem]) -> Iterator[CompletionItem]:
    """Yield the items as a shell may show them. One whose value is not safe is omitted:
    escaped, it would be another value."""
    for item in items:
        if safe(str(item.value)) == item.value:
            if item.help:
                item.help = safe(" ".join(item.help.split()))
            yield item


_WHERE = {
    "bash": "~/.local/share/bash-completion/completions/ticketctl",
    "zsh": "a folder of your fpath, as _ticketctl",
    "fish": "~/.config/fish/completions/ticketctl.fish",
}


@command("completion")
@click.argument("shell", type=click.Choice(list(_WHERE)))
@pass_env
def completion_command(env: Env, /, shell: str) -> None:
    """Print the completion script for a shell.

    It completes ids, profiles, and the statuses that a ticket can change to.
    """
    from click.shell_completion import get_completion_class

    from ticketctl.cli.main import cli

    kind: Any = get_completion_class(shell)
    if kind is None:
        raise UsageError(f"no completion for {shell}")
    say_lines(kind(cli, {}, "ticketctl", "_TICKETCTL_COMPLETE").source())
    env.note(f"save it as {_WHERE[shell]}")
