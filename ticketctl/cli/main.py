"""``ticketctl``: the group, its commands by name, and how errors become messages and
exit statuses."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Any

import click

from ticketctl import __version__, interrupts
from ticketctl.cli.command import Group
from ticketctl.cli.environment import Env, report
from ticketctl.cli.options import now_option, options, trust_clock_option
from ticketctl.cli.output import choose_colours, say, say_lines
from ticketctl.errors import Exit, TicketctlError, closest

os.environ.setdefault(
    "PYTHONTZPATH",
    "/usr/share/zoneinfo:/usr/lib/zoneinfo:/usr/share/lib/zoneinfo:/etc/zoneinfo",
)
"""Where zoneinfo looks by default. Without it zoneinfo loads sysconfig to find that
out: 3 of the 50 ms that ``show`` takes."""

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("init", "Create a ticket store, or set up a clone of one."),
    "new": ("new", "Open a ticket and print its id."),
    "move": ("change", "Change the status of tickets."),
    "list": ("listing", "List tickets, newest change first."),
    "show": ("show", "Show tickets with their history."),
    "log": ("show", "Show the history of a ticket."),
    "next": ("next", "Show which statuses you can change a ticket to now."),
    "reply": ("change", "Add a public message."),
    "note": ("change", "Add an internal note."),
    "assign": ("change", "Assign a ticket, or unassign it."),
    "set": ("change", "Set or clear fields of a ticket."),
    "edit": ("edit", "Edit the head of a ticket in $EDITOR."),
    "batch": ("batch", "Change the status of many tickets together, all or none."),
    "sweep": ("sweep", "Run the time-based rules that are due."),
    "why": ("why", "Explain the time-based rules of a ticket."),
    "forecast": ("forecast", "Show what the next sweeps will do."),
    "mail": ("mail", "Send notifications, receive email."),
    "check": ("check", "Check tickets against their profiles."),
    "index": ("index", "Inspect or rebuild the index (rarely needed)."),
    "profile": ("profile", "List, show and check workflow profiles."),
    "import": ("transfer", "Import tickets, all or none."),
    "export": ("transfer", "Export tickets with their whole history as JSON Lines."),
    "doctor": ("doctor", "Check the setup: git, sweep, email."),
    "completion": ("completion", "Print the completion script for a shell."),
}
HIDDEN = {"merge-driver": ("merge_driver", "Merge two versions of a ticket, for git.")}
"""Command -> (the module of ``ticketctl.cli`` that holds it, its help line): one is
imported only when it is run."""


class LazyGroup(Group):
    """A group whose commands are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names, in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, ``None`` if there is none."""
        table = COMMANDS | HIDDEN
        if cmd_name not in table:
            return None
        from importlib import import_module

        module = import_module(f"ticketctl.cli.{table[cmd_name][0]}")
        command: click.Command = getattr(
            module, f"{cmd_name.replace('-', '_')}_command"
        )
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments name.

        Raises:
            UsageError: there is none; the hint is the nearest name.
        """
        name = args[0] if args else ""
        if name and name not in COMMANDS | HIDDEN and not ctx.resilient_parsing:
            hint = (
                closest(name, list(COMMANDS)) or "ticketctl --help lists the commands"
            )
            raise click.UsageError(f'unknown command "{name}"; {hint}', ctx)
        return super().resolve_command(ctx, args)

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write the list of commands, from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_) for name, (_, help_) in COMMANDS.items()])


def _show_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        say(f"ticketctl, version {__version__}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog="Exit status: 0 done, 1 refused, 2 usage, 65 broken data, 66 not found, "
    "70 bug, 71 git or disk, 75 busy, 78 settings, 130 interrupted, 143 terminated.",
)
@click.option(
    "-C",
    "folder",
    metavar="DIR",
    help="Use the store in DIR (default: the nearest one upwards).",
)
@click.option(
    "--as",
    "as_",
    metavar="ROLE[:WHO]",
    help="Act as ROLE or WHO (default: TICKETCTL_AS, else git's user.email).",
)
@options(now_option, trust_clock_option)
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="When to use colors.",
)
@click.option(
    "-q", "--quiet", is_flag=True, help="Print only errors and warnings to stderr."
)
@click.option(
    "-v", "--verbose", is_flag=True, help="Print the store, the time and the user."
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_show_version,
    help="Show the version and exit.",
)
@click.pass_context
def cli(ctx: click.Context, /, color: str, **settings: Any) -> None:
    """Tickets as plain files in git, with a checked workflow.

    \b
    ticketctl init -p PROFILE            create a store
    ticketctl new "It does not work"     open a ticket
    ticketctl next ID                    see what you can do with it
    """
    choose_colours(color)
    ctx.obj = Env(**settings)


def run(arguments: list[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: without the program's name; those of the process, if ``None``.

    Returns:
        The exit status (docs/exit-status.md).
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        interrupts.running(True)
        status = _run(words)
        interrupts.running(False)
    except KeyboardInterrupt:  # while the end of the command was reported
        interrupts.running(False)
        status = Exit.INTERRUPTED
    # A signal may have been swallowed on its way (SQLite does that), or have ended git
    # first.
    status = interrupts.received() or status
    # To an MTA anything but 75 means that the email must be returned, and no failure of
    # ours is its sender's fault.
    return Exit.BUSY if status and _for_mta(words) else status


def _for_mta(words: list[str]) -> bool:
    """Return whether the command is ``mail in``, whatever options come before it."""
    pairs = [
        number
        for number in range(len(words))
        if words[number : number + 2] == ["mail", "in"]
    ]
    return bool(pairs) and not any(
        word in COMMANDS and word != "mail" for word in words[: pairs[0]]
    )


def _run(arguments: list[str]) -> int:
    env = Env()
    choose_colours("auto")
    if instruction := os.environ.get("_TICKETCTL_COMPLETE"):
        from ticketctl.cli.completion import answer_shell

        return answer_shell(cli, instruction)
    try:
        with cli.make_context("ticketctl", list(arguments)) as ctx:
            env = ctx.obj if isinstance(ctx.obj, Env) else env
            try:
                result = cli.invoke(ctx)
            finally:
                if isinstance(ctx.obj, Env):
                    ctx.obj.tell_warnings()
            env = ctx.obj
        _flush()
        return int(result) if isinstance(result, int) else Exit.DONE
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        _say(error.format_message())
        return Exit.USAGE
    except click.ClickException as error:
        return _usage(error)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED  # no message: the user pressed Ctrl-C
    except (click.Abort, EOFError):
        if not interrupts.received():
            _say("interrupted")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # The reader (head, say) has closed the pipe; the interpreter must not complain
        # about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.DONE
    except TicketctlError as error:
        if not interrupts.received():  # else git may have been interrupted first
            report(env, error)
        return error.exit
    except Exception as error:
        return Exit.INTERRUPTED if interrupts.received() else _crash(error)


def _flush() -> None:
    if sys.stdout is not None:  # the caller may have closed it
        sys.stdout.flush()


def _say(text: str) -> None:
    """Print a text on stderr, if it can be written; the exit status tells, too."""
    with suppress(OSError):
        say_lines(text, err=True)


def _usage(error: click.ClickException) -> int:
    """Print a mistake on the command line, in click's words; return the status."""
    ctx = getattr(error, "ctx", None)
    _say(f"error: {error.format_message()}")
    if ctx is not None:
        _say(f"hint: {ctx.command_path} --help")
    return Exit.USAGE


def _crash(error: Exception) -> int:
    """Report a bug: the traceback in a file, one line on stderr; return the status."""
    if isinstance(error, MemoryError):
        _say("error: not enough memory")
        return Exit.IO
    if isinstance(error, OSError) and error.errno is not None:
        _say(f"error: {error.filename or 'the disk'}: {error.strerror}")
        return Exit.IO
    import tempfile
    import traceback

    text = f"ticketctl {__version__}, Python {sys.version}\n" + "".join(
        traceback.format_exception(error)
    )
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="ticketctl-crash-", suffix=".txt", delete=False
        ) as file:
            file.write(text)
            where = f"; please report it with {file.name}"
    except OSError:
        where = ""
    _say(f"error: this is a bug in ticketctl ({type(error).__name__}){where}")
    return Exit.BUG
