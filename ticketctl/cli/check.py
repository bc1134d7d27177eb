"""The command that checks tickets against their profiles: check."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ticketctl.cli.command import staff_command
from ticketctl.cli.environment import Env, finish, pass_env
from ticketctl.cli.options import format_option, ids_argument
from ticketctl.cli.output import say_lines, say_message
from ticketctl.errors import Exit, UsageError, exit_of

if TYPE_CHECKING:
    from ticketctl.app.check import CheckResult
    from ticketctl.app.progress import Progress
    from ticketctl.app.workspace import Workspace


@staff_command("check")
@ids_argument
@click.option(
    "--changed", is_flag=True, help="Check only what changed since the last good check."
)
@click.option(
    "--staged", is_flag=True, help="Check the tickets that are about to be committed."
)
@click.option(
    "--range",
    "range_",
    metavar="A..B",
    help="Check the tickets that these commits changed.",
)
@format_option("text", "json")
@pass_env
def check_command(
    env: Env,
    /,
    ids: tuple[str, ...],
    changed: bool,
    staged: bool,
    range_: str | None,
    format_: str,
) -> None:
    """Check tickets against their profiles.

    Every event is replayed; each problem is printed with its file and line.
    """
    from ticketctl.core.plural import counted

    workspace = env.workspace
    with env.progress() as progress:
        result = _check(workspace, ids, changed, staged, range_, progress)
    if format_ == "json":
        from ticketctl.render import json_documents

        say_lines(
            json_documents.dump(
                findings=json_documents.findings(result.findings),
                checked=result.checked,
            )
        )
    else:
        for finding in result.findings:
            say_message(str(finding), err=False)
        warnings = len(result.findings) - len(result.errors)
        also = f", {counted(warnings, 'warning')}" if warnings else ""
        before = f"; {result.passed:,} checked before" if result.passed else ""
        env.note(
            f"{counted(len(result.errors), 'problem')}{also} in {counted(result.checked, 'ticket')}{before}"
        )
    if result.broken:
        finish(exit_of(result.broken))
    if result.errors:
        finish(Exit.REFUSED)


def _check(
    workspace: Workspace,
    ids: tuple[str, ...],
    changed: bool,
    staged: bool,
    range_: str | None,
    progress: Progress,
) -> CheckResult:
    from ticketctl.app.check import check_tickets
    from ticketctl.app.check_range import check_changes
    from ticketctl.store.git.queries import resolve_commit

    if bool(ids) + changed + staged + (range_ is not None) > 1:
        raise UsageError("use only one of: ids, --changed, --staged, --range")
    if range_ is not None:
        old, dots, new = range_.partition("..")
        if not dots or new.startswith("."):
            raise UsageError(f'unknown range "{range_}"', "use --range A..B")
        return check_changes(
            workspace,
            resolve_commit(workspace.root, old or "HEAD"),
            resolve_commit(workspace.root, new or "HEAD"),
        )
    if changed:
        from ticketctl.app.check_changed import check_changed_tickets

        return check_changed_tickets(workspace, progress)
    return (
        check_changes(workspace, None, None)
        if staged
        else check_tickets(
            workspace, [workspace.store.find(text) for text in ids], progress
        )
    )
