"""The command that creates a store, or sets up a clone: init."""

from __future__ import annotations

import os

import click

from ticketctl.cli.command import command
from ticketctl.cli.environment import Env, pass_env
from ticketctl.cli.options import profile_option
from ticketctl.cli.output import say_message


@command("init")
@click.argument(
    "folder", metavar="[DIR]", required=False, type=click.Path(file_okay=False)
)
@profile_option("The profile of new tickets.")
@pass_env
def init_command(env: Env, /, folder: str | None, profile: str | None) -> None:
    """Create a ticket store, or set up a clone of one.

    The store is created in this folder or in DIR, with a git repository if there is
    none. In a clone of a store, init sets up the merge driver, the hook and the schema
    for editors.
    """
    from ticketctl.app.init import init_store

    result = init_store(
        os.path.realpath(folder or env.folder or "."), profile or "", env.now
    )
    for line in result.lines:
        say_message(line, err=False)
    if result.is_new:
        env.note(
            'next: ticketctl new "It does not work" -c jane@customer.example'
            + ("" if profile else " -p PROFILE")
        )
