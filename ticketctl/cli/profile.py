"""The commands for workflow profiles: profile list, show, check."""

from __future__ import annotations

import os
from collections.abc import Iterator

import click

from ticketctl.app.workspace import find_root
from ticketctl.cli.command import Group, StaffCommand
from ticketctl.cli.completers import complete_profile
from ticketctl.cli.environment import Env, finish, pass_env
from ticketctl.cli.options import format_option
from ticketctl.cli.output import say, say_lines, say_message, say_page
from ticketctl.core.plural import counted
from ticketctl.core.profile import Origin, Profile
from ticketctl.errors import (
    DiskError,
    Exit,
    Finding,
    InputError,
    MissingError,
    SettingsError,
    ShortageError,
    TicketctlError,
    UnreadError,
)
from ticketctl.store.profiles import ProfileRegistry


@click.group("profile", cls=Group)
def profile_command() -> None:
    """List, show and check workflow profiles."""


def _registry(env: Env) -> ProfileRegistry:
    """Return the profiles of the store that we are in, else the built-in ones."""
    try:
        return env.workspace.registry
    except SettingsError:
        return ProfileRegistry(find_root(env.folder))
    except MissingError:
        if env.folder:
            raise
        return ProfileRegistry(None)


@profile_command.command("list")
@format_option("text", "json")
@pass_env
def list_profiles(env: Env, format_: str) -> None:
    """List the profiles that you can use here."""
    from ticketctl.core.escaping import safe
    from ticketctl.render import json_documents, table

    registry = _registry(env)
    profiles, broken = [], []
    for name in registry.names():
        try:
            profiles.append(registry.get(name))
        except TicketctlError as error:
            broken.append(error)
    if format_ == "json":
        say_lines(
            json_documents.dump(
                profiles=[
                    {"name": p.name, "title": p.title, "version": p.version}
                    for p in profiles
                ]
            )
        )
    else:
        lines = [
            [safe(p.name), str(p.version), str(len(p.statuses)), safe(p.title)]
            for p in profiles
        ]
        heads = ["PROFILE", "VERSION", "STATUSES", "TITLE"]
        for line in table.aligned(env.paint(), heads, lines, env.terminal):
            say(line)
    for trouble in broken:
        place = f"{trouble.place}: " if trouble.place else ""
        env.warn(
            f"{place}{trouble.message}" + (f"; {trouble.hint}" if trouble.hint else "")
        )
    if broken:
        finish(Exit.SETTINGS)


@profile_command.command("show")
@click.argument("name", shell_complete=complete_profile)
@format_option("text", "json")
@pass_env
def show_profile(env: Env, name: str, format_: str) -> None:
    """Show a profile: statuses, transitions, rules, messages."""
    from ticketctl.render import json_documents

    profile = _registry(env).get(name)
    if format_ == "json":
        say_lines(json_documents.dump(profile=json_documents.profile(profile)))
        return
    from ticketctl.render.profile import profile_lines

    say_page(profile_lines(profile, env.paint(), env.across))


@profile_command.command("check")
@click.argument("names", metavar="[NAME|FILE]...", nargs=-1)
@click.option("--assumed", is_flag=True, help="List the entries that are assumptions.")
@format_option("text", "json")
@pass_env
def check_profile(
    env: Env, names: tuple[str, ...], assumed: bool, format_: str
) -> None:
    """Check a profile for errors.

    Without a name, check all profiles that you can use here.
    """
    from ticketctl.core.language.checks import profile_findings
    from ticketctl.render import json_documents

    registry = _registry(env)
    findings: list[Finding] = []
    number = 0
    for name in names or registry.names():
        profile, mistakes = _compiled(registry, name)
        findings += mistakes or profile_findings(profile)
        assumptions = list(_assumed(profile))
        number += len(assumptions)
        if assumed:
            for what, why in assumptions:
                say_message(f"{profile.name}: {what}: {why}", err=False)
    if format_ == "json":
        say_lines(
            json_documents.dump(
                findings=json_documents.findings(findings),
                checked=len(names or registry.names()),
            )
        )
    else:
        for finding in findings:
            say_message(str(finding), err=False)
        errors = sum(1 for finding in findings if finding.severity == "error")
        words = (
            f"{counted(errors, 'error')}, {counted(len(findings) - errors, 'warning')}"
        )
        env.note(
            f"{words}; {counted(number, 'assumption')}"
            + ("" if assumed or not number else " (--assumed lists them)")
        )
    if any(finding.severity == "error" for finding in findings):
        finish(Exit.REFUSED)


def _compiled(registry: ProfileRegistry, name: str) -> tuple[Profile, list[Finding]]:
    """Return a profile by its name or its file, and the mistakes in it.

    Raises:
        MissingError: there is no such profile or file, or it is a folder.
        InputError: it is a device, a pipe or a link.
        DiskError: it cannot be read.
    """
    if not name.endswith((".yaml", ".yml")) and "/" not in name:
        return registry.compile(registry.path(name))
    if os.path.isdir(name):
        raise MissingError(f"{name} is a folder", "name the file of a profile")
    try:
        return registry.compile(name)
    except (ShortageError, UnreadError):
        raise
    except DiskError as error:
        raise InputError(
            error.message, error.hint or "copy it to a file first"
        ) from None


@profile_command.command("holidays", cls=StaffCommand)
@click.argument(
    "name", metavar="[NAME]", required=False, shell_complete=complete_profile
)
@click.option(
    "--country",
    metavar="CC",
    required=True,
    help="The country: two letters, such as GB (ISO 3166-1).",
)
@click.option(
    "--region", metavar="RR", help="A part of the country, such as SCT (ISO 3166-2)."
)
@click.option(
    "--year",
    metavar="YEAR",
    required=True,
    type=click.IntRange(1950, 2100),
    help="The year.",
)
@click.option(
    "--calendar", metavar="CALENDAR", help="The calendar, if the profile has several."
)
@pass_env
def add_holidays(
    env: Env,
    name: str | None,
    country: str,
    region: str | None,
    year: int,
    calendar: str | None,
) -> None:
    """Add a country's public holidays to a calendar.

    They are written into the profile NAME or, without NAME, into ticketctl.yaml.
    """
    from ticketctl.app import holidays
    from ticketctl.store.public_holidays import regions

    path, added = holidays.write_holidays(
        env.workspace,
        holidays.HolidayList(name, calendar),
        country.upper(),
        region,
        year,
    )
    env.note(
        f"{counted(added, 'holiday')} of {country.upper()} in {year} "
        f"written into {path}"
    )
    if region is None and (more := regions(country.upper())):
        some = ", ".join(more[:8]) + (", ..." if len(more) > 8 else "")
        env.note(
            f"regions of {country.upper()} have more holidays: {some} "
            f"(--region {more[0]})"
        )


def _assumed(profile: Profile) -> Iterator[tuple[str, str]]:
    """Yield each entry of a profile that is not in its document, and why it is
    assumed."""
    seen: set[object] = set()
    named: list[tuple[str, Origin]] = [
        (f'status "{s.name}"', s.origin) for s in profile.statuses.values()
    ]
    named += [(f'field "{f.name}"', f.origin) for f in profile.fields.values()]
    for edge in profile.edges:
        if edge.place not in seen:
            seen.add(edge.place)
            named.append((f"move to {edge.target}", edge.origin))
    named += [(f"trigger {t.name}", t.origin) for t in profile.triggers]
    named += [(f"automation {a.name}", a.origin) for a in profile.automations]
    named += [(f"batch {b.name}", b.origin) for b in profile.batches.values()]
    named += [(f"category {c.name}", c.origin) for c in profile.categories.values()]
    named += [(f"template {t.name}", t.origin) for t in profile.templates.values()]
    named.append(("queue", profile.queue.origin))
    return ((what, origin.assumed) for what, origin in named if origin.assumed)
