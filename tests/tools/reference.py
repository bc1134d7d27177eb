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
    """Return the whole page."""
    return _HEAD + "".join(
        f"\n## {title}\n\n```text\n{page}\n```\n" for title, page in pages(cli)
    )


def pages(
    command: click.Command, parent: click.Context | None = None
) -> Iterator[tuple[str, str]]:
    """Yield the name and the help of a command, and of all commands below it."""
    with click.Context(
        command,
        info_name=command.name if parent else "ticketctl",
        parent=parent,
        terminal_width=80,
        max_content_width=80,
    ) as ctx:
        ctx.help_option_names = ["-h", "--help"]
        yield ctx.command_path, command.get_help(ctx).rstrip()
        if isinstance(command, click.Group):
            for name in command.list_commands(ctx):
                child = command.get_command(ctx, name)
                assert child is not None
                yield from pages(child, ctx)


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
