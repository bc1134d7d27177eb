"""Writes docs/commands.md from the help: ``python -m tests.tools.reference``."""

from __future__ import annotations

from collections.abc import Iterator

import click

from tests.support.places import ROOT
from ticketctl.cli.main import COMMANDS, cli

_HEAD = """# Commands

Made from `--help` by `make reference`. Options that stand before the command hold for all of them.
"""


def reference() -> str:
    """The whole page."""
    return _HEAD + "".join(_pages(cli, "ticketctl", None))


def _pages(
    command: click.Command, name: str, parent: click.Context | None
) -> Iterator[str]:
    with click.Context(
        command,
        info_name=name,
        parent=parent,
        terminal_width=100,
        max_content_width=100,
    ) as ctx:
        ctx.help_option_names = ["-h", "--help"]
        title = ctx.command_path
        yield f"\n## {title}\n\n```text\n{command.get_help(ctx).rstrip()}\n```\n"
        if isinstance(command, click.Group):
            for child in command.list_commands(ctx):
                found = command.get_command(ctx, child)
                assert found is not None
                yield from _pages(found, child, ctx)


def table_agrees() -> list[str]:
    """The commands whose line in the table of ``cli.main`` is not the first sentence of
    their help."""
    with click.Context(cli) as ctx:
        found = (
            (name, cli.get_command(ctx, name), line)
            for name, (_, line) in COMMANDS.items()
        )
        return [
            name
            for name, command, line in found
            if command and line.rstrip(".") not in (command.help or "").split("\n")[0]
        ]


if __name__ == "__main__":
    (ROOT / "docs" / "commands.md").write_text(reference(), encoding="utf-8")
