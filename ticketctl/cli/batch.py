"""The command that changes the status of many tickets together: batch."""

from __future__ import annotations

import click

from ticketctl.app.batch import BatchRequest, find_batch, run_batch
from ticketctl.app.input import values
from ticketctl.cli.change import each_id
from ticketctl.cli.command import staff_command
from ticketctl.cli.environment import Env, pass_env
from ticketctl.cli.options import (
    format_option,
    ids_argument,
    note_option,
    options,
    profile_option,
    reply_option,
)
from ticketctl.cli.outcome import tell


@staff_command("batch")
@click.argument("batch")
@click.argument("name")
@ids_argument
@click.option("--without", metavar="ID", multiple=True, help="Leave this ticket out.")
@profile_option("The profile that defines the batch.")
@options(reply_option, note_option, format_option("text", "json"))
@pass_env
def batch_command(
    env: Env,
    /,
    batch: str,
    name: str,
    ids: tuple[str, ...],
    without: tuple[str, ...],
    profile: str | None,
    reply: str | None,
    note: str | None,
    format_: str,
) -> None:
    """Change the status of many tickets together, all or none.

    BATCH is a batch that the profile defines, NAME the name of this one. Without ID,
    all tickets that are ready for it are taken.
    """
    workspace = env.workspace
    owner, definition = find_batch(workspace, batch, profile)
    request = BatchRequest(
        values.clean_line(name, "the name"),
        list(each_id(ids)),
        [workspace.store.find(text) for text in without],
        values.clean_text(reply, "the message") if reply else None,
        note,
    )
    outcomes = run_batch(workspace, owner, definition, request)
    refused = [outcome for outcome in outcomes if outcome.refused]
    if refused:
        env.note(
            f"nothing was written: {len(refused)} of {len(outcomes)} tickets "
            "are refused"
        )
    tell(env, refused or outcomes, format_, dry=False)
