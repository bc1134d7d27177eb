"""The command that checks tickets against their profiles: check."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ticketctl.cli.command import staff_command
from ticketctl.cli.completion import complete_id
from ticketctl.cli.environment import Env, finish, pass_env
from ticketctl.cli.output import say, say_lines
from ticketctl.errors import Exit, UsageError, exit_of

if TYPE_CHECKING:
    from ticketctl.app.check import Audit
    from ticketctl.app.progress import Watch
    from ticketctl.app.workspace import Desk


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
        from ticketctl.render import json_documents

        say_lines(json_documents.dump(findings=json_documents.findings(result.findings), checked=result.checked))
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
