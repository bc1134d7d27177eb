"""The commands around tickets: init, edit, check, completion."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from ticketctl.cli.command import command, staff_command
from ticketctl.cli.complete import complete_id, complete_profile
from ticketctl.cli.env import Env, finish, pass_env
from ticketctl.cli.output import say, say_lines
from ticketctl.errors import Exit, TicketctlError, UsageError, exit_of

if TYPE_CHECKING:
    from ticketctl.app.check import Audit
    from ticketctl.app.progress import Watch
    from ticketctl.app.workspace import Desk


@command("init")
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(file_okay=False))
@click.option(
    "-p", "--profile", metavar="PROFILE", default="", shell_complete=complete_profile, help="For new tickets."
)
@pass_env
def init_command(env: Env, /, folder: str | None, profile: str) -> None:
    """Make a ticket store here, or in DIR, in a git repository of its own if there is none.

    In a store that is there it sets up this clone: merge driver, hook, schema for editors.
    """
    from ticketctl.app.init import found

    made = found(os.path.realpath(folder or env.folder or "."), profile)
    for line in made.lines:
        say(line)
    if made.is_new:
        env.note('next: ticketctl new "It does not work" -c jane@customer.example' + ("" if profile else " -p PROFILE"))


@command("edit")
@click.argument("id_", metavar="ID", shell_complete=complete_id)
@click.option("--adopt", is_flag=True, help="Take what was changed in the file by hand, if the rules allow it.")
@pass_env
def edit_command(env: Env, /, id_: str, adopt: bool) -> None:
    """Edit the head of a ticket in $EDITOR; what is wrong is shown there, to be mended."""
    from ticketctl.app.input import edit
    from ticketctl.app.transaction import may_write

    if adopt:
        _adopt(env, id_)
        return
    desk = env.desk
    may_write(desk)  # before anybody types what cannot be written
    was = desk.find(id_)
    profile = desk.profile_of(was.ticket)
    page = edit.page(was.ticket, profile)
    while True:
        typed = click.edit(page, extension=".yaml")
        if typed is None or typed == page:
            env.note("nothing was changed")
            return
        try:
            edit.read_page(desk, was, profile, typed)
            wrong = _change(env, was.ticket.id, typed)
        except TicketctlError as error:
            wrong = f"{error.place or ''} {error.message}".strip() + (f"\n{error.hint}" if error.hint else "")
        if not wrong:
            return
        body = "\n".join(line for line in typed.split("\n") if not line.startswith("#"))
        page = "\n".join(f"# {line}" for line in ["It cannot be so:", *wrong.splitlines()]) + "\n" + body


def _change(env: Env, id_: str, typed: str) -> str:
    """Make the change; what is wrong with it, or nothing."""
    from ticketctl.app.change import change
    from ticketctl.app.input import edit
    from ticketctl.core.engine.requests import Decision, Refusal
    from ticketctl.render import text

    desk = env.desk
    outcome, *_ = change(desk, [id_], lambda now, profile: edit.read_page(desk, now, profile, typed))
    if isinstance(outcome.result, Refusal):
        return "\n".join(outcome.result.reasons)
    if isinstance(outcome.result, TicketctlError):
        raise outcome.result
    assert isinstance(outcome.result, Decision) and outcome.profile
    say(text.done(env.voice, outcome.before, outcome.result, outcome.profile))
    return ""


def _adopt(env: Env, id_: str) -> None:
    from ticketctl.app.change import adopt_by_hand
    from ticketctl.cli.write import tell

    tell(env, adopt_by_hand(env.desk, id_), "text", dry=False)


@command("merge-driver", hidden=True)
@click.argument("base", type=click.Path())
@click.argument("ours", type=click.Path())
@click.argument("theirs", type=click.Path())
@click.argument("path")
def merge_driver_command(base: str, ours: str, theirs: str, path: str) -> None:
    """Merge two versions of a ticket, for git (merge.ticketctl.driver)."""
    from ticketctl.app.merge import merge
    from ticketctl.store.paths import id_of

    if merge(base, ours, theirs, id_of(path)):
        finish(Exit.REFUSED)


@staff_command("check")
@click.argument("ids", metavar="[ID...]", nargs=-1, shell_complete=complete_id)
@click.option("--changed", is_flag=True, help="Only what has changed since it was found right.")
@click.option("--staged", is_flag=True, help="The tickets that are about to be committed.")
@click.option("--range", "range_", metavar="A..B", help="The tickets that these commits changed.")
@click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", help="For people, or for programs."
)
@pass_env
def check_command(
    env: Env, /, ids: tuple[str, ...], changed: bool, staged: bool, range_: str | None, format_: str
) -> None:
    """Replay every ticket against its profile, and say what is wrong where."""
    from ticketctl.core.plural import counted

    desk = env.desk
    with env.progress() as watch:
        result = _audit(desk, ids, changed, staged, range_, watch)
    if format_ == "json":
        from ticketctl.render import document

        say_lines(document.dump(findings=document.findings(result.findings), checked=result.checked))
    else:
        for finding in result.findings:
            say(str(finding))
        warnings = len(result.findings) - len(result.errors)
        also = f", {counted(warnings, 'warning')}" if warnings else ""
        before = f"; {result.passed:,} found right before" if result.passed else ""
        env.note(f"{counted(len(result.errors), 'problem')}{also} in {counted(result.checked, 'ticket')}{before}")
    if result.broken:
        finish(exit_of(result.broken))
    if result.errors:
        finish(Exit.REFUSED)


def _audit(desk: Desk, ids: tuple[str, ...], changed: bool, staged: bool, range_: str | None, watch: Watch) -> Audit:
    from ticketctl.app.check import audit
    from ticketctl.app.check_range import audit_changes
    from ticketctl.store.git import process as git

    if bool(ids) + changed + staged + (range_ is not None) > 1:
        raise UsageError("check takes ids, --changed, --staged or --range, one of them")
    if range_ is not None:
        old, dots, new = range_.partition("..")
        if not dots or new.startswith("."):
            raise UsageError(f'"{range_}" is not a range', "--range A..B")
        return audit_changes(desk, git.revision(desk.root, old or "HEAD"), git.revision(desk.root, new or "HEAD"))
    if changed:
        from ticketctl.app.check_changed import audit_changed

        return audit_changed(desk, watch)
    return audit_changes(desk, None, None) if staged else audit(desk, [desk.store.find(text) for text in ids], watch)


@staff_command("doctor")
@click.option("--state", is_flag=True, help="Print the folder of index, caches and journal.")
@click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", help="For people, or for programs."
)
@pass_env
def doctor_command(env: Env, /, state: bool, format_: str) -> None:
    """Look after everything around the tickets: git, sweeps, mail."""
    if state:
        print_state(env)
        return
    from ticketctl.app.doctor import UNCOMMITTED, examine
    from ticketctl.core.plural import counted

    found = examine(env.desk)
    errors = sum(1 for finding in found if finding.severity == "error")
    if format_ == "json":
        from ticketctl.render import document

        say_lines(document.dump(findings=document.findings(found)))
    else:
        for finding in found:
            say(str(finding))
        env.note(f"{counted(errors, 'problem')}, {counted(len(found) - errors, 'warning')}")
    if any(finding.code == UNCOMMITTED for finding in found):
        finish(Exit.BUSY)
    if errors:
        finish(Exit.REFUSED)


def print_state(env: Env) -> None:
    """Print where this clone keeps what is derived; its outbox, if that lies elsewhere."""
    found = env.desk.state
    say(found.folder or "nowhere: there is no home folder")
    if found.outbox and os.path.dirname(found.outbox) != found.folder:
        env.note(f"outbox: {found.outbox}")


_WHERE = {
    "bash": "~/.local/share/bash-completion/completions/ticketctl",
    "zsh": "a folder of your fpath, as _ticketctl",
    "fish": "~/.config/fish/completions/ticketctl.fish",
}


@command("completion")
@click.argument("shell", type=click.Choice(list(_WHERE)))
@pass_env
def completion_command(env: Env, /, shell: str) -> None:
    """Print the completion script for a shell; statuses are offered only if they are legal next."""
    from click.shell_completion import get_completion_class

    from ticketctl.cli.main import cli

    kind: Any = get_completion_class(shell)
    if kind is None:
        raise UsageError(f"no completion for {shell}")
    say_lines(kind(cli, {}, "ticketctl", "_TICKETCTL_COMPLETE").source())
    env.note(f"save it as {_WHERE[shell]}")
