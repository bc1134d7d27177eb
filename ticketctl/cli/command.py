"""Click's commands and groups, with ``--help`` in our own words.

Click translates its words with ``gettext``, which loads ``locale`` to look for a
catalogue that does not exist: 2 % of the time of a short command.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from ticketctl.cli.output import say_lines


class _HelpMixin(click.Command):
    _help: click.Option | None = None

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return the option that shows the help: always the same object, as click
        compares it to know the order of options."""
        names = self.get_help_option_names(ctx)
        if self._help is None and names:
            self._help = click.Option(
                [*names, "_help"],
                is_flag=True,
                expose_value=False,
                is_eager=True,
                callback=_show_help,
                help="Show this message and exit.",
            )
        return self._help if names else None


def _show_help(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        say_lines(ctx.get_help())
        ctx.exit()


class Command(_HelpMixin):
    """A command."""


class StaffCommand(Command):
    """A command about the whole store, which is refused to customers."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command.

        Raises:
            RefusedError: the user is a customer.
        """
        from ticketctl.cli.environment import Env

        if (env := ctx.find_object(Env)) is not None:
            env.for_staff(ctx.command_path.partition(" ")[2])
        return super().invoke(ctx)


class Group(_HelpMixin, click.Group):
    """A group of commands."""

    command_class = Command


command = partial(click.command, cls=Command)
"""A decorator as :func:`click.command`, for a :class:`Command`."""
staff_command = partial(click.command, cls=StaffCommand)
"""A decorator as :func:`click.command`, for a :class:`StaffCommand`."""
