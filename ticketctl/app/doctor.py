"""``doctor``: whether a store is in good health around its tickets. Small functions,
each of which looks at one thing.

Findings of severity *warning* are worth knowing; those of severity *error* want
something done.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta

from ticketctl.app.email.outbound import known_server, pending_notifications
from ticketctl.app.heartbeat import last_sweep
from ticketctl.app.index.refresh import ask
from ticketctl.app.workspace import Workspace
from ticketctl.core import dates
from ticketctl.core.engine.recipients import unheard
from ticketctl.core.people import is_address
from ticketctl.core.plural import counted
from ticketctl.core.profile import Profile
from ticketctl.errors import (
    DiskError,
    Finding,
    Place,
    SettingsError,
    TicketctlError,
    closest,
)
from ticketctl.store import files
from ticketctl.store.email.imap import PASSWORD_FILE as IMAP_FILE
from ticketctl.store.email.quarantine import DEAD
from ticketctl.store.email.smtp import PASSWORD_FILE as SMTP_FILE
from ticketctl.store.email.smtp import secret
from ticketctl.store.git import config, operations, setup
from ticketctl.store.git.access import inside_repository
from ticketctl.store.git.objects import unwritable_objects
from ticketctl.store.git.queries import uncommitted_files
from ticketctl.store.git.repository import is_detached
from ticketctl.store.index.sql import ahead, assigned, profiles_in
from ticketctl.store.paths import path_of, short
from ticketctl.store.settings import NAME
from ticketctl.store.state import OLD, VARIABLE
from ticketctl.store.writing.recovery import interrupted as interrupted_writes
from ticketctl.store.writing.uncommitted import pending_lists, rows_in

CROWDED = 2000
"""How many tickets a day's folder holds before git's trees grow slow
(docs/ticket-file.md)."""
_STALE = timedelta(days=2)


def examine(workspace: Workspace) -> list[Finding]:
    """Everything that a doctor would say about a store."""
    return [finding for check in CHECKS for finding in check(workspace)]


def _finding(
    place: str,
    message: str,
    hint: str = "",
    severity: str = "error",
    code: str = "doctor",
) -> Finding:
    return Finding(Place(place), code, message, hint, severity)


UNCOMMITTED = "uncommitted"
"""The code of a file that a command wrote and could not commit."""


def profiles(workspace: Workspace) -> Iterator[Finding]:
    """Every profile, and those that mail is for, can be used."""
    for name in workspace.registry.names():
        try:
            workspace.registry.get(name)
        except TicketctlError as error:
            yield _finding(f"profiles/{name}.yaml", error.message, error.hint)
    named = {
        *(
            workspace.settings.mail.addresses.values()
            if workspace.settings.mail
            else ()
        ),
        workspace.settings.profile or "-",
    }
    for name in sorted(named - {*workspace.registry.names(), "-"}):
        yield _finding(
            NAME,
            f'there is no profile "{name}"',
            f"there are: {', '.join(workspace.registry.names())}",
        )


def people(workspace: Workspace) -> Iterator[Finding]:
    """Every role that somebody is given exists."""
    known: dict[str, list[str]] = {}
    for name in workspace.registry.names():
        with suppress(TicketctlError):  # told of by profiles
            known[name] = list(workspace.registry.get(name).roles)
    every = sorted({role for roles in known.values() for role in roles})
    for who, roles in (workspace.settings.people or {}).items():
        for role in roles:
            profile, slash, name = role.rpartition("/")
            if name not in (known.get(profile, []) if slash else every):
                hint = (
                    closest(name, known.get(profile, every))
                    or f"roles: {', '.join(known.get(profile, every))}"
                )
                yield _finding(
                    NAME, f'{who} has the role "{role}", which does not exist', hint
                )


def recipients(workspace: Workspace) -> Iterator[Finding]:
    """Whoever is to be notified can be: of the profiles that are in use."""
    for profile in _in_use(workspace):
        for one in unheard(profile, workspace.people_of(profile)):
            rules = ", ".join(one.rules[:3]) + (
                f" and {len(one.rules) - 3} more" if len(one.rules) > 3 else ""
            )
            what = "has an email address" if one.held else "is there"
            yield _finding(
                NAME,
                f"nobody with the role {one.role} {what}: what {profile.name} tells it ({rules}) reaches no one",
                f"people: {{ADDRESS: {{roles: [{profile.name}/{one.role}]}}}} in {NAME}",
                "warning",
            )
    if not workspace.by_mail:
        return
    for who, number in ask(workspace, assigned):
        if not is_address(who):
            yield _finding(
                "tickets",
                f"{counted(number, 'open ticket')} of {who}, who has no email address",
                f"ticketctl list -a {who} names them; ticketctl assign ID ADDRESS",
                "warning",
            )


def _in_use(workspace: Workspace) -> Iterator[Profile]:
    """The profiles for new tickets, and those of tickets that are there; one with
    mistakes is told of elsewhere."""
    named = {
        workspace.settings.profile,
        *(
            workspace.settings.mail.addresses.values()
            if workspace.settings.mail
            else ()
        ),
    }
    with suppress(DiskError):  # told of elsewhere, too
        named.update(ask(workspace, profiles_in))
    for name in sorted(named.intersection(workspace.registry.names())):
        with suppress(TicketctlError):
            yield workspace.registry.get(name)


def interrupted(workspace: Workspace) -> Iterator[Finding]:
    """What a crash left behind."""
    state = workspace.state
    if interrupted_writes(state):
        yield _finding(
            state.folder or workspace.root,
            "a command was interrupted while it wrote",
            "the next command that writes finishes it",
            "warning",
        )
    for name in files.names_in(state.folder, "rescued") if state.folder else ():
        yield _finding(
            f"{state.folder}/rescued/{name}",
            "this was to be written when its ticket had changed",
            "compare the two, then remove it",
        )


def state_folder(workspace: Workspace) -> Iterator[Finding]:
    """Index, caches and journal can be written."""
    folder = workspace.state.folder
    above = folder
    while above and not os.path.isdir(above):
        above = os.path.dirname(above) if not os.path.lexists(above) else ""
    if not above or not os.access(above, os.W_OK | os.X_OK):
        # Outside git the journal lies in the store: tickets can be changed all the
        # same.
        lost = (
            "nothing is cached, and notices have no place"
            if workspace.state.beside
            else "no ticket can be changed"
        )
        severity = "warning" if workspace.state.beside else "error"
        hint = f"{VARIABLE} names another folder"
        yield _finding(
            folder or "state folder", f"it cannot be written: {lost}", hint, severity
        )


def tickets_folder(workspace: Workspace) -> Iterator[Finding]:
    """Tickets can be written: neither the disk nor the permissions are against it."""
    for place in (f"{workspace.root}/tickets", workspace.root):
        if os.path.isdir(place):
            if not os.access(place, os.W_OK | os.X_OK):
                why = (
                    "read-only file system"
                    if os.statvfs(place).f_flag & os.ST_RDONLY
                    else "permission denied"
                )
                yield _finding(
                    place,
                    f"it cannot be written ({why}): tickets can be read, not changed",
                    "mount it for writing, or give yourself access (chmod, chown)",
                )
            return


def old_state(workspace: Workspace) -> Iterator[Finding]:
    """What older versions kept in the store itself; it may be anybody's, and is not
    read."""
    if not os.path.lexists(f"{workspace.root}/{OLD}"):
        return
    if os.path.lexists(f"{workspace.root}/{OLD}/journal.jsonl"):
        yield _finding(
            f"{OLD}/journal.jsonl",
            "a command of an older version was interrupted while it wrote several files",
            f"git status and ticketctl check show what it did: repeat what is missing, then remove {OLD}",
        )
    else:
        yield _finding(
            OLD, "caches of an older version, no longer used", f"rm -r {OLD}", "warning"
        )


def repository(workspace: Workspace) -> Iterator[Finding]:
    """Git is there, merges tickets, and has what was written."""
    try:
        if not inside_repository(workspace.root):
            if workspace.settings.commit:
                yield _finding(
                    NAME,
                    "commit: auto, but this is no git repository",
                    "git init, or commit: off",
                )
            return
        if not config.merges_tickets(workspace.root):
            yield _finding(
                ".git/config",
                "this clone does not know how to merge tickets",
                "ticketctl init",
            )
        elif not setup.is_set_up(workspace.root):
            yield _finding(
                ".git/config",
                "merge driver or hook of an older version",
                "ticketctl init",
                "warning",
            )
        yield from _not_committed(workspace)
    except DiskError as error:
        yield _finding(".git", error.message, error.hint)


def _not_committed(workspace: Workspace) -> Iterator[Finding]:
    """What commands wrote and could not commit, and what was changed by hand."""
    if not workspace.settings.commit:
        return
    ours: set[str] = set()
    for path in pending_lists(workspace.state):
        with suppress(ValueError):
            ours |= {row.path for row in rows_in(path)}
    dirty = uncommitted_files(workspace.root)
    for path in sorted(ours & dirty)[:_NAMED]:
        hint = "the next command that writes commits it, unless it was changed by hand since: git diff, git commit"
        yield _finding(
            path, "written by ticketctl, but not committed", hint, code=UNCOMMITTED
        )
    if len(ours & dirty) > _NAMED:
        yield _finding(
            "tickets",
            f"and {len(ours & dirty) - _NAMED:,} more files are not committed",
            code=UNCOMMITTED,
        )
    found = workspace.state.repository
    is_unfinished = found is not None and operations.unfinished(found)
    if (by_hand := sorted(dirty - ours)) and not is_unfinished:
        words = f"{counted(len(by_hand), 'file')} changed by hand and not committed, the first {by_hand[0]}"
        yield _finding(
            "tickets", words, "git diff shows it; git commit keeps it", "warning"
        )


_NAMED = 20
"""How many files are named."""


def git_state(workspace: Workspace) -> Iterator[Finding]:
    """Git is not in the middle of something, no lock of its is left, and HEAD is on a
    branch."""
    if (found := workspace.state.repository) is None:
        return
    if one := operations.unfinished(found):
        yield _finding(
            ".git",
            f"{one.name} is in progress; commands that write wait for its end",
            one.remedy,
        )
    for path in operations.left_locks(found):
        about, hint = operations.describe_lock(path, found)
        yield _finding(path, f"git is locked ({about})", hint)
    if is_detached(found):
        yield _finding(
            ".git/HEAD",
            "HEAD is detached: commits are on no branch",
            "git switch -c NAME",
            "warning",
        )
    if not_ours := list(unwritable_objects(found)):
        folder, owner = not_ours[0]
        more = f" (and {len(not_ours) - 1} more)" if len(not_ours) > 1 else ""
        words = (
            f"it belongs to {owner}, and you may not write into it{more}: commits fail"
        )
        yield _finding(folder, words, f"sudo chown -R $(id -un) {found.common}")
    elif not os.access(found.folder, os.W_OK | os.X_OK):
        yield _finding(
            found.folder,
            "you may not write into the git directory: commits fail",
            "chmod u+w",
        )


def crowds(workspace: Workspace) -> Iterator[Finding]:
    """No day holds so many tickets that git grows slow."""
    for folder, number in Counter(
        path.rpartition("/")[0] for path in workspace.store.paths()
    ).items():
        if number > CROWDED:
            yield _finding(
                folder,
                f"{number:,} tickets of one day make every commit larger",
                "import with the dates at which they were opened",
                "warning",
            )


def sweeps(workspace: Workspace) -> Iterator[Finding]:
    """Where somebody has swept, somebody still does."""
    last = last_sweep(workspace)
    if last > dates.horizon(workspace.present):
        yield _finding(
            "sweep",
            f"the last sweep of this clone was at {last}, which is later than the clock",
            "set the clock right; if it is right: ticketctl sweep --trust-clock, once",
        )
    if last and workspace.now - dates.parse_instant(last) > _STALE:
        yield _finding(
            "sweep",
            f"the last sweep of this clone was at {last}",
            "is cron still running?",
            "warning",
        )


def events(workspace: Workspace) -> Iterator[Finding]:
    """No ticket has an event that is dated in the future."""
    try:
        found = ask(
            workspace, lambda index: ahead(index, dates.horizon(workspace.present))
        )
    except DiskError:
        return  # check looks at each ticket
    for ticket in found[:20]:
        yield _finding(
            path_of(ticket.id),
            f"an event is dated in the future ({ticket.at})",
            f"sweeps leave the ticket alone until then: ticketctl check {short(ticket.id)}",
        )
    if len(found) > 20:
        yield _finding(
            "tickets", f"and {len(found) - 20:,} more tickets have such an event"
        )


def mail_out(workspace: Workspace) -> Iterator[Finding]:
    """Notices arrive."""
    if not workspace.by_mail:
        return
    stale = 0
    for debt in pending_notifications(workspace, []):
        if debt.tries:
            words = f"tried {counted(debt.tries, 'time')}: {debt.error}"
            yield _finding(f"outbox/{debt.name}", words, f"again at {debt.again}")
        elif workspace.now - dates.parse_instant(debt.entry.at) > _STALE:
            stale += 1
    if stale:
        yield _finding(
            "tickets",
            f"{counted(stale, 'notice')} owed for more than two days",
            "ticketctl mail send, by cron",
        )
    if not config.is_sender(workspace.root):
        yield _finding(
            ".git/config",
            "this clone sends no mail",
            "git config ticketctl.sender true, in one clone",
            "warning",
        )


def servers(workspace: Workspace) -> Iterator[Finding]:
    """Email and passwords go only where this clone says, and there is a password where
    one is wanted."""
    mail = workspace.settings.mail
    wanted = (
        ((mail.smtp, "smtp", SMTP_FILE), (mail.imap, "imap", IMAP_FILE)) if mail else ()
    )
    for server, kind, variable in wanted:
        if server is None or (kind == "smtp" and not config.is_sender(workspace.root)):
            continue
        try:
            known_server(workspace, server, kind)
            secret(server, variable, os.environ)
        except SettingsError as error:
            yield _finding(NAME, error.message, error.hint, "warning")


def mail_in(workspace: Workspace) -> Iterator[Finding]:
    """No letter lies where nobody looks."""
    dead = [
        name for name in files.names_in(workspace.root, DEAD) if name.endswith(".txt")
    ]
    for name in dead[:20]:
        try:
            data = files.read_in(workspace.root, f"{DEAD}/{name}", 1000)
            reason = data.decode(errors="replace").strip()[:200]
        except (FileNotFoundError, DiskError) as error:
            reason = str(error)
        path = f"{DEAD}/{name.removesuffix('.txt')}.eml"
        yield _finding(
            path,
            f"a dead letter: {reason}",
            "answer it or remove both files",
            "warning",
        )
    if len(dead) > 20:
        yield _finding(
            DEAD, f"and {len(dead) - 20} more dead letters", severity="warning"
        )


CHECKS: tuple[Callable[[Workspace], Iterator[Finding]], ...] = (
    profiles,
    people,
    recipients,
    interrupted,
    state_folder,
    tickets_folder,
    old_state,
    repository,
    git_state,
    crowds,
    sweeps,
    events,
    mail_out,
    servers,
    mail_in,
)
