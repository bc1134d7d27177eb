"""The command that edits the head of a ticket as text: edit."""

from __future__ import annotations

import tempfile

import click

from ticketctl.cli.command import command
from ticketctl.cli.environment import Env, pass_env
from ticketctl.cli.options import id_argument
from ticketctl.cli.outcome import tell
from ticketctl.errors import BusyError, DiskError


@command("edit")
@id_argument
@click.option(
    "--adopt",
    is_flag=True,
    help="Record changes made to the file by hand, if the rules allow them.",
)
@pass_env
def edit_command(env: Env, /, id_: str, adopt: bool) -> None:
    """Edit the head of a ticket in $EDITOR; mistakes are shown there to be corrected."""
    if adopt:
        from ticketctl.app.change import adopt_by_hand

        tell(env, adopt_by_hand(env.workspace, id_), "text", dry=False)
    else:
        _edit(env, id_)


def _edit(env: Env, id_: str) -> None:
    """Open the editor until the page can be applied, or was left as it is."""
    from ticketctl.app.edit import apply_page
    from ticketctl.app.input.edit import edit_page
    from ticketctl.app.transaction import require_writable

    workspace = env.workspace
    require_writable(workspace)  # before anybody types what cannot be written
    loaded = workspace.find(id_)
    profile = workspace.profile_of(loaded.ticket)
    text = edit_page(loaded.ticket, profile)
    while True:
        edited = click.edit(text, extension=".yaml")
        if edited is None or edited == text:
            env.note("nothing was changed")
            return
        try:
            result = apply_page(workspace, loaded, profile, edited)
        except (BusyError, DiskError):  # not a mistake in the text
            env.warn(f"what you typed is kept in {_keep(edited)}")
            raise
        if not isinstance(result, str):
            tell(env, result, "text", dry=False)
            return
        text = result


def _keep(edited: str) -> str:
    """Write the text to a temporary file that is not deleted, and return its path."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="ticketctl-edit-", suffix=".yaml", delete=False
    ) as file:
        file.write(edited)
    return file.name
