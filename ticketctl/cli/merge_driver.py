"""The command that git calls to merge two versions of a ticket: merge-driver."""

from __future__ import annotations

import click

from ticketctl.cli.command import command
from ticketctl.cli.environment import finish
from ticketctl.errors import Exit


@command("merge-driver", hidden=True)
@click.argument("base", type=click.Path())
@click.argument("ours", type=click.Path())
@click.argument("theirs", type=click.Path())
@click.argument("path")
def merge_driver_command(base: str, ours: str, theirs: str, path: str) -> None:
    """Merge two versions of a ticket, for git (merge.ticketctl.driver)."""
    from ticketctl.app.merge import merge_ticket
    from ticketctl.store.paths import id_of

    if merge_ticket(base, ours, theirs, id_of(path)):
        finish(Exit.REFUSED)
