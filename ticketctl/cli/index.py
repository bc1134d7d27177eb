"""The commands of the index: status, rebuild, verify."""

from __future__ import annotations

import click

from ticketctl.cli.command import Group, StaffCommand
from ticketctl.cli.environment import Env, finish, pass_env
from ticketctl.cli.output import say_message
from ticketctl.core.plural import counted
from ticketctl.errors import Exit


@click.group("index", cls=Group)
def index_command() -> None:
    """Inspect or rebuild the index (rarely needed).

    The index is made from the ticket files and updated by every command that needs it.
    You may delete it at any time.
    """


@index_command.command("status", cls=StaffCommand)
@pass_env
def show_status(env: Env, /) -> None:
    """Show what the index contains, and whether it is up to date."""
    from ticketctl.app.index.inspect import index_status

    for line in index_status(env.workspace):
        say_message(line, err=False)


@index_command.command("rebuild", cls=StaffCommand)
@pass_env
def rebuild(env: Env, /) -> None:
    """Rebuild the index from the ticket files.

    Exit status 71 if it cannot be written.
    """
    from ticketctl.app.index.refresh import rebuild_index

    with env.progress() as progress:
        index = rebuild_index(env.workspace, progress, in_memory=False)
    env.note(f"{counted(index.count(), 'ticket file')} read")


@index_command.command("verify", cls=StaffCommand)
@pass_env
def verify(env: Env, /) -> None:
    """Compare the index with the ticket files."""
    from ticketctl.app.index.inspect import index_differences

    with env.progress() as progress:
        differences = index_differences(env.workspace, progress)
    for line in differences:
        say_message(line, err=False)
    env.note(
        "to rebuild it: ticketctl index rebuild"
        if differences
        else "the index agrees with the files"
    )
    if differences:
        finish(Exit.REFUSED)
