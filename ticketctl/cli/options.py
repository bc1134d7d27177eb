"""Options that several commands share: an option has one meaning and one help text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from ticketctl.cli.completers import complete_id, complete_profile

F = TypeVar("F", bound=Callable[..., Any])


def options(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    """Combine several options into one decorator, in the order written."""

    def wrap(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return wrap


def format_option(*formats: str) -> Callable[[F], F]:
    """Return the option ``--format`` for a command.

    Args:
        formats: the names of the formats; the first is the default.
    """
    return click.option(
        "--format",
        "format_",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="Output format.",
    )


def profile_option(help_: str) -> Callable[[F], F]:
    """Return the option ``--profile``, which completes the names of profiles.

    Args:
        help_: what the command does with the profile.
    """
    return click.option(
        "-p",
        "--profile",
        metavar="PROFILE",
        shell_complete=complete_profile,
        help=help_,
    )


id_argument = click.argument("id_", metavar="ID", shell_complete=complete_id)
"""One ticket."""

ids_argument = click.argument(
    "ids", metavar="[ID]...", nargs=-1, shell_complete=complete_id
)
"""Any number of tickets, also none."""

query_argument = click.argument("query", metavar="[QUERY]...", nargs=-1)

for_option = click.option(
    "--for",
    "for_",
    metavar="CUSTOMER",
    help="Record what CUSTOMER said or decided.",
)
via_option = click.option(
    "--via",
    type=click.Choice(["phone", "chat", "visit", "mail", "portal"]),
    help="How the customer contacted you.",
)
no_notify_option = click.option(
    "--no-notify",
    "quiet",
    is_flag=True,
    help="Send no notifications (recorded in the history).",
)
dry_run_option = click.option(
    "-n",
    "--dry-run",
    "dry",
    is_flag=True,
    help="Show what would be done; write nothing.",
)
set_option = click.option(
    "--set",
    "pairs",
    metavar="FIELD=VALUE",
    multiple=True,
    help="Set a field; FIELD= clears it.",
)
due_option = click.option(
    "--due",
    metavar="WHEN",
    help="Set the due date: 2026-12-01, tomorrow, +3d.",
)
assignee_option = click.option(
    "-a",
    "--assignee",
    metavar="WHO",
    help="Assign to WHO: an address, @me, or none to unassign.",
)
template_option = click.option(
    "--template",
    metavar="NAME",
    help="Fill in a template of the profile.",
)
note_option = click.option("-m", "--note", metavar="TEXT", help="Add an internal note.")
reply_option = click.option("--reply", metavar="TEXT", help="Add a public message.")
file_option = click.option(
    "-F", "--file", metavar="FILE", help="Read the text from FILE, or - for stdin."
)
message_option = click.option("-m", "--message", metavar="TEXT", help="The text.")
now_option = click.option(
    "--now",
    "now_text",
    metavar="TIME",
    help="Use TIME instead of the clock (default: TICKETCTL_NOW).",
)
trust_clock_option = click.option(
    "--trust-clock",
    is_flag=True,
    help="Skip the clock check (--now may be in the future).",
)
