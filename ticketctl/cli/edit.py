"""The command that edits the head of a ticket as text: edit."""

from __future__ import annotations

import tempfile

import click

from ticketctl.cli.command import command
from ticketctl.cli.environment import Env, pass_env
from ticketctl.cli.options import id_argument
from ticketctl.cli.output import say
from ticketctl.errors import BusyError, DiskError, TicketctlError, UncommittedError


@command("edit")
@id_argument
@click.option(
    "--adopt",
    is_flag=True,
    help="Take what was changed in the file by hand, if the rules allow it.",
)
@pass_env
def edit_command(env: Env, /, id_: str, adopt: bool) -> None:
    """Edit the head of a ticket in $EDITOR; what is wrong is shown there, to be mended."""
    from ticketctl.app.input import edit
    from ticketctl.app.transaction import may_write

    if adopt:
        _adopt(env, id_)
        return
    workspace = env.workspace
    may_write(workspace)  # before anybody types what cannot be written
    was = workspace.find(id_)
    profile = workspace.profile_of(was.ticket)
    page = edit.page(was.ticket, profile)
    while True:
        typed = click.edit(page, extension=".yaml")
        if typed is None or typed == page:
            env.note("nothing was changed")
            return
        try:
            edit.read_page(workspace, was, profile, typed)
            wrong = _change(env, was.ticket.id, typed)
        except UncommittedError:
            raise
        except (BusyError, DiskError):  # not a mistake in the text
            env.warn(f"what you typed is kept in {_keep(typed)}")
            raise
        except TicketctlError as error:
            wrong = f"{error.place or ''} {error.message}".strip() + (
                f"\n{error.hint}" if error.hint else ""
            )
        if not wrong:
            return
        body = "\n".join(line for line in typed.split("\n") if not line.startswith("#"))
        page = (
            "\n".join(f"# {line}" for line in ["It cannot be so:", *wrong.splitlines()])
            + "\n"
            + body
        )


def _keep(typed: str) -> str:
    """Write the text to a temporary file that is not deleted, and return its path."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="ticketctl-edit-", suffix=".yaml", delete=False
    ) as file:
        file.write(typed)
    return file.name


def _change(env: Env, id_: str, typed: str) -> str:
    """Make the change; what is wrong with it, or nothing."""
    from ticketctl.app.change import change
    from ticketctl.app.input import edit
    from ticketctl.core.engine.requests import Decision, Refusal
    from ticketctl.core.engine.timers import next_rules
    from ticketctl.render import text

    workspace = env.workspace
    outcome, *_ = change(
        workspace,
        [id_],
        lambda now, profile: edit.read_page(workspace, now, profile, typed),
    )
    if isinstance(outcome.result, Refusal):
        return "\n".join(outcome.result.reasons)
    if isinstance(outcome.result, TicketctlError):
        raise outcome.result
    assert isinstance(outcome.result, Decision) and outcome.profile
    upcoming = next_rules(
        workspace.situation_of(outcome.profile), outcome.before, outcome.result.ticket
    )
    say(
        text.done(
            env.formatter, outcome.before, outcome.result, outcome.profile, upcoming
        )
    )
    return ""


def _adopt(env: Env, id_: str) -> None:
    from ticketctl.app.change import adopt_by_hand
    from ticketctl.cli.outcome import tell

    tell(env, adopt_by_hand(env.workspace, id_), "text", dry=False)
