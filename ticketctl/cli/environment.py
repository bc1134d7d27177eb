"""The environment of a command: the options before it, the clock, the store, the
terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import click

from ticketctl.cli.output import coloured, progress_bar, say_message, terminal_width
from ticketctl.core.escaping import safe
from ticketctl.errors import Exit, TicketctlError, UsageError
from ticketctl.render.color import Colors

if TYPE_CHECKING:
    from ticketctl.app.progress import Progress
    from ticketctl.app.workspace import Workspace


def _columns() -> int:
    """Return the value of COLUMNS; 0 if it is unset."""
    columns = os.environ.get("COLUMNS", "")
    return int(columns) if columns.isdigit() else 0


class Env:
    """The environment of one command, as the options before it say.

    ``now_text`` and ``trust_clock`` may be set until ``workspace`` is first used.
    """

    def __init__(
        self,
        folder: str | None = None,
        as_: str | None = None,
        now_text: str | None = None,
        quiet: bool = False,
        verbose: bool = False,
        trust_clock: bool = False,
    ) -> None:
        self.folder, self.as_, self.now_text = folder, as_, now_text
        self.quiet, self.verbose, self.trust_clock = quiet, verbose, trust_clock

    @cached_property
    def clock(self) -> datetime:
        """The time of the system's clock, or TICKETCTL_NOW instead; read once."""
        real = datetime.now(UTC).replace(microsecond=0)
        text = os.environ.get("TICKETCTL_NOW")
        return _moment("TICKETCTL_NOW", text, real) if text else real

    @cached_property
    def now(self) -> datetime:
        """The time of this command: ``--now``, else that of the clock."""
        return (
            self.clock
            if self.now_text is None
            else _moment("--now", self.now_text, self.clock)
        )

    @property
    def says_who(self) -> str | None:
        """The role and address that the user claims: ``--as``, else TICKETCTL_AS."""
        return self.as_ or os.environ.get("TICKETCTL_AS") or None

    @cached_property
    def workspace(self) -> Workspace:
        """The store, opened.

        Raises:
            UsageError: the user names a role that no profile has.
        """
        from ticketctl.app.workspace import Workspace, find_root
        from ticketctl.core import dates

        workspace = Workspace(
            find_root(self.folder),
            self.now,
            self.says_who,
            self.clock,
            self.trust_clock,
        )
        _ = workspace.state  # nothing is done in a repository that git refuses
        _ = (
            workspace.view
        )  # a role that does not exist is refused here, whatever the command
        if self.verbose:
            who = workspace.as_ or workspace.email or "unknown"
            time = f"{self.now.astimezone(dates.zone(workspace.settings.timezone)):%Y-%m-%d %H:%M}"
            say_message(f"store: {workspace.root}; time: {time}; user: {who}")
        return workspace

    def for_staff(self, what: str) -> None:
        """Refuse a command to a customer, before the store is opened.

        Args:
            what: the command, for the message.

        Raises:
            RefusedError: the user is a customer.
        """
        if self.says_who:
            from ticketctl.app.visibility import require_staff
            from ticketctl.app.workspace import Workspace, find_root

            require_staff(
                Workspace(find_root(self.folder), datetime.now(UTC), self.says_who),
                what,
            )

    def tell_reader(self) -> None:
        """Tell a user whom the settings do not list, once in a clone, that they read
        everything."""
        if self.workspace.settings.people is None:
            return
        from ticketctl.app.visibility import unlisted_user_to_tell

        if who := unlisted_user_to_tell(self.workspace):
            self.note(
                f"{who} is not among the people of ticketctl.yaml and reads "
                f"everything, also internal notes (--as customer:{who} shows what a "
                "customer sees)"
            )

    def paint(self, stream: Any = None) -> Colors:
        """Return the colors for a stream, stdout if none is named."""
        return Colors(coloured(stream or sys.stdout))

    @property
    def across(self) -> int:
        """How many columns an answer may have."""
        return max(terminal_width(100), 40)

    @property
    def row_width(self) -> int:
        """How many columns a line for one ticket may have; 0 for any number, where
        stdout is no terminal and COLUMNS is unset: then each ticket is one line."""
        return max(width, 40) if (width := self.terminal or _columns()) else 0

    @property
    def terminal(self) -> int:
        """How many columns the terminal has; 0 if stdout is not one, as programs read
        cells in full."""
        return terminal_width(0) if sys.stdout.isatty() else 0

    @cached_property
    def formatter(self) -> Any:
        """The formatter of the store: its time zone and names, colors, width."""
        from ticketctl.render.format import Formatter

        settings = self.workspace.settings
        names = dict(settings.names)
        return Formatter(self.now, settings.timezone, self.paint(), names, self.across)

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """Show a bar on stderr for what takes long, if stderr is a terminal."""
        if self.quiet or not sys.stderr.isatty():
            from ticketctl.app.progress import no_progress

            yield no_progress
            return
        bars: dict[str, Any] = {}

        def progress(what: str, done: int, total: int) -> None:
            if total < _LONG:
                return
            if what not in bars:
                bars[what] = progress_bar(what, total)
                bars[what].__enter__()
            bars[what].update(done - bars[what].pos)
            if done == total:
                bars[what].__exit__(None, None, None)

        yield progress

    def note(self, text: str) -> None:
        """Print a message besides the answer on stderr, unless ``-q``."""
        if not self.quiet:
            say_message(text)

    def tell_warnings(self) -> None:
        """Print the warnings of the store, however the command ended."""
        workspace = self.__dict__.get("workspace")  # never opened only for that
        for text in workspace.warnings if workspace is not None else ():
            with suppress(OSError):
                self.warn(text)

    def warn(self, text: str) -> None:
        """Print a warning on stderr, whatever the options."""
        head, *rest = text.split("\n")
        say_message(f"{self.paint(sys.stderr)('warning', 'yellow')}: {safe(head)}")
        for line in rest:
            say_message(f"  {safe(line.strip())}", "  ")


def _moment(name: str, text: str, clock: datetime) -> datetime:
    """Return the time that an option or variable names.

    Raises:
        UsageError: it is not understood.
    """
    from ticketctl.core import dates

    try:
        return dates.parse_now(text, clock)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"{name}: {error}", "2026-12-01T09:00, tomorrow, +3d"
        ) from None


_LONG = 500
"""From how many tickets on a bar is shown."""

pass_env = click.make_pass_decorator(Env, ensure=True)


def report(env: Env, error: TicketctlError) -> None:
    """Print an error: its place, what is wrong, and what to do."""
    place = f"{error.place}: " if error.place else ""
    word = env.paint(sys.stderr)("error", "red")
    lines = [f"{word}: {place}{error.message}"]
    lines += [f"  {finding}" for finding in getattr(error, "findings", ())]
    lines += [f"hint: {error.hint}"] if error.hint else []
    with suppress(OSError):  # where stderr takes nothing, the status tells
        for line in lines:
            say_message(line, "    " if line.startswith(" ") else "  ")


def worst(failed: list[Exit], total: int) -> Exit:
    """Return the exit status of a command on several tickets: a failing disk comes
    before broken data, broken data before a refusal.

    Args:
        failed: the statuses of those that failed.
        total: how many tickets there were.
    """
    for status in (Exit.IO, Exit.BROKEN):
        if status in failed:
            return status
    if not failed:
        return Exit.DONE
    return failed[0] if total == 1 else Exit.REFUSED


def finish(status: Exit) -> None:
    """End the command with a status."""
    if status:
        click.get_current_context().exit(int(status))
