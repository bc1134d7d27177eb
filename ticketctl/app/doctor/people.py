"""Check profiles and roles, and that notifications reach somebody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from ticketctl.app.doctor.findings import problem, warning
from ticketctl.app.index.refresh import ask_index
from ticketctl.app.workspace import Workspace
from ticketctl.core.engine.recipients import unreachable_roles
from ticketctl.core.people import is_address
from ticketctl.core.plural import counted
from ticketctl.core.profile import Profile
from ticketctl.errors import (
    DiskError,
    Finding,
    TicketctlError,
    closest,
)
from ticketctl.store.index.sql import count_by_assignee, profiles_in_use
from ticketctl.store.settings import NAME


def check_profiles(workspace: Workspace) -> Iterator[Finding]:
    """Check that every profile, and each one named in the settings, can be used."""
    for name in workspace.registry.names():
        try:
            workspace.registry.get(name)
        except TicketctlError as error:
            yield problem(f"profiles/{name}.yaml", error.message, error.hint)
    named = {
        *(
            workspace.settings.mail.addresses.values()
            if workspace.settings.mail
            else ()
        ),
        workspace.settings.profile or "-",
    }
    for name in sorted(named - {*workspace.registry.names(), "-"}):
        yield problem(
            NAME,
            f'there is no profile "{name}"',
            f"there are: {', '.join(workspace.registry.names())}",
        )


def check_roles(workspace: Workspace) -> Iterator[Finding]:
    """Check that every role in the settings exists."""
    known: dict[str, list[str]] = {}
    for name in workspace.registry.names():
        with suppress(TicketctlError):  # reported by check_profiles
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
                yield problem(
                    NAME, f'{who} has the role "{role}", which does not exist', hint
                )


def check_recipients(workspace: Workspace) -> Iterator[Finding]:
    """Check that rules of the profiles in use can notify somebody."""
    for profile in _in_use(workspace):
        for role in unreachable_roles(profile, workspace.people_of(profile)):
            rules = ", ".join(role.rules[:3]) + (
                f" and {len(role.rules) - 3} more" if len(role.rules) > 3 else ""
            )
            nobody = (
                f"nobody with the role {role.role} has an email address"
                if role.has_people
                else f"nobody has the role {role.role}"
            )
            yield warning(
                NAME,
                f"{nobody}, so these rules of {profile.name} notify nobody: {rules}",
                f"set people: {{ADDRESS: {{roles: [{profile.name}/{role.role}]}}}} in {NAME}",
            )
    if not workspace.by_mail:
        return
    for who, number in ask_index(workspace, count_by_assignee):
        if not is_address(who):
            yield warning(
                "tickets",
                f"{who} has {counted(number, 'open ticket')} and no email address",
                f"to see them: ticketctl list -a {who}; to reassign: ticketctl assign ID ADDRESS",
            )


def _in_use(workspace: Workspace) -> Iterator[Profile]:
    """Yield the profiles for new tickets and those that tickets have.

    Those with errors are left out; another check reports them.
    """
    named = {
        workspace.settings.profile,
        *(
            workspace.settings.mail.addresses.values()
            if workspace.settings.mail
            else ()
        ),
    }
    with suppress(DiskError):  # reported by other checks
        named.update(ask_index(workspace, profiles_in_use))
    for name in sorted(named.intersection(workspace.registry.names())):
        with suppress(TicketctlError):
            yield workspace.registry.get(name)
