"""The command that checks the setup: doctor."""

from __future__ import annotations

import os

import click

from ticketctl.cli.command import staff_command
from ticketctl.cli.environment import Env, finish, pass_env
from ticketctl.cli.options import format_option
from ticketctl.cli.output import say, say_lines, say_message
from ticketctl.errors import Exit


@staff_command("doctor")
@click.option(
    "--state", is_flag=True, help="Print the folder of index, cache and journal."
)
@format_option("text", "json")
@pass_env
def doctor_command(env: Env, /, state: bool, format_: str) -> None:
    """Check the setup: git, sweep, email."""
    if state:
        print_state(env)
        return
    from ticketctl.app.doctor.examine import examine
    from ticketctl.app.doctor.git import UNCOMMITTED
    from ticketctl.core.plural import counted

    found = examine(env.workspace)
    errors = sum(1 for finding in found if finding.severity == "error")
    if format_ == "json":
        from ticketctl.render import json_documents

        say_lines(json_documents.dump(findings=json_documents.findings(found)))
    else:
        for finding in found:
            say_message(str(finding), err=False)
        env.note(
            f"{counted(errors, 'problem')}, {counted(len(found) - errors, 'warning')}"
        )
    if any(finding.code == UNCOMMITTED for finding in found):
        finish(Exit.BUSY)
    if errors:
        finish(Exit.REFUSED)


def print_state(env: Env) -> None:
    """Print where this clone keeps what is derived; its outbox, if that lies elsewhere."""
    found = env.workspace.state
    say(found.folder or "nowhere: there is no home folder")
    if found.outbox and os.path.dirname(found.outbox) != found.folder:
        env.note(f"outbox: {found.outbox}")
