"""The help of the command line: one text for each option, and pages that fit."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from tests.tools.reference import pages
from ticketctl.cli.main import cli

FILTERS = {"-p, --profile", "-a, --assignee", "-c, --customer", "--due"}
"""Options of ``list`` that select tickets, while other commands set what they name."""
PROFILES = "-p, --profile"
"""What a command does with a profile is said by its help."""


def commands(
    command: click.Command, parent: click.Context | None = None
) -> Iterator[click.Context]:
    """Yield the context of a command and of all commands below it."""
    name = command.name if parent else "ticketctl"
    context = click.Context(command, info_name=name, parent=parent)
    yield context
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            subcommand = command.get_command(context, child)
            assert subcommand is not None
            yield from commands(subcommand, context)


def test_an_option_has_one_help_text() -> None:
    """Whichever command it belongs to; a filter of ``list`` is another option."""
    texts: dict[str, dict[str, str]] = {}
    for context in commands(cli):
        for option in context.command.params:
            if isinstance(option, click.Option):
                name = ", ".join(option.opts)
                if context.info_name == "list" and name in FILTERS:
                    continue
                texts.setdefault(name, {})[option.help or ""] = context.command_path
    several = {name: by for name, by in texts.items() if len(by) > 1}
    assert set(several) <= {PROFILES, "--to", "--state"}, several


@pytest.mark.parametrize(
    "page", [pytest.param(page, id=name) for name, page in pages(cli)]
)
def test_help_fits_80_columns(page: str) -> None:
    """Every line of every page of help."""
    assert all(len(line) <= 80 for line in page.split("\n"))
