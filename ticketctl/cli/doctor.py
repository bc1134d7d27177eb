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

    findings = examine(env.workspace)
    errors = sum(1 for finding in findings if finding.severity == "error")
    if format_ == "json":
        from ticketctl.render import json_documents

        say_lines(json_documents.dump(findings=json_documents.findings(findings)))
    else:
        for finding in findings:
            say_message(str(finding), err=False)
        env.note(
            f"{counted(errors, 'problem')}, {counted(len(findings) - errors, 'warning')}"
        )
    if any(finding.code == UNCOMMITTED for finding in findings):
        finish(Exit.BUSY)
    if errors:
        finish(Exit.REFUSED)


def print_state(env: Env) -> None:
    """Print the folder of this clone's index, cache and journal; that of the outbox, if
    it is another."""
    state = env.workspace.state
    say(state.folder or "none: there is no home folder")
    if state.outbox and os.path.dirname(state.outbox) != state.folder:
        env.note(f"outbox: {state.outbox}")
