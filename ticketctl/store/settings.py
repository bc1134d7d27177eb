"""The settings of a store, ``ticketctl.yaml`` (docs/guide.md); every key is optional."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING

from ticketctl.core.dates import zone
from ticketctl.core.yaml_node import Node
from ticketctl.errors import (
    BrokenError,
    DiskError,
    Finding,
    Place,
    SettingsError,
    ShortageError,
    closest,
)
from ticketctl.record import EMPTY, Record
from ticketctl.store.files import read_bytes
from ticketctl.store.state_folder import StateFolder
from ticketctl.store.yaml.cache import read_cached

if TYPE_CHECKING:
    from ticketctl.core.people import People
    from ticketctl.core.profile import Profile
    from ticketctl.store.email.settings import MailSettings

NAME = "ticketctl.yaml"
_KEYS = (
    "schema",
    "profile",
    "timezone",
    "commit",
    "people",
    "holidays",
    "sweep",
    "mail",
)
_MAX_BYTES = 1 << 20


class Settings(Record):
    """The settings of a store.

    Args:
        profile: for new tickets, if none is named.
        timezone: in which times are shown.
        commit: whether commands commit what they change.
        people: address -> roles (``agent``, or ``desk/technician``); ``None`` if the
            store lists nobody.
        names: address -> the name that people are shown.
        max_moves: how many changes of status a sweep makes without ``--max-moves``
            (rule 14 of the sweep), if that is more than ``max_share``.
        max_share: likewise, in percent of the open tickets.
        holidays: dates that are holidays in all calendars of all profiles.
        languages: address -> language of notifications.
        mail: how email is sent and received; ``None`` if it is not.
    """

    profile: str = ""
    timezone: str = "UTC"
    commit: bool = False
    people: Mapping[str, tuple[str, ...]] | None = None
    names: Mapping[str, str] = EMPTY
    max_moves: int = 50
    max_share: int = 5
    holidays: frozenset[date] = frozenset()
    languages: Mapping[str, str] = EMPTY
    mail: MailSettings | None = None

    @property
    def delivers(self) -> bool:
        """Return whether notifications go out by email, and not to the outbox only."""
        return self.mail is not None and self.mail.delivers

    def people_of(self, profile: Profile) -> People:
        """Return the people as one profile sees them."""
        from ticketctl.core.people import People

        if self.people is None:
            return People(languages=self.languages, by_email=self.delivers)
        people = {}
        for address, roles in self.people.items():
            parts = (role.partition("/") for role in roles)
            names = (
                right if slash else left
                for left, slash, right in parts
                if not slash or left == profile.name
            )
            people[address] = frozenset(role for role in names if role in profile.roles)
        return People(people, self.languages, self.delivers)


def read_settings(root: str, state: StateFolder | None = None) -> Settings:
    """Read the settings of a store; without the file all have their defaults.

    Args:
        state: where to cache them parsed; ``None`` for no cache.

    Raises:
        SettingsError: they have mistakes; every mistake is among its findings.
    """
    try:
        data = read_bytes(f"{root}/{NAME}", _MAX_BYTES)
    except FileNotFoundError:
        return Settings()
    try:
        node = read_cached(data, NAME, state)
    except BrokenError as error:
        raise SettingsError(error.message, error.hint, error.place) from None
    findings: list[Finding] = []
    settings = _settings(node, findings)
    if findings:
        raise SettingsError(f"{NAME} has mistakes", findings=findings)
    return settings


def _settings(node: Node, findings: list[Finding]) -> Settings:
    def wrong(item: Node, message: str, hint: str = "") -> None:
        findings.append(
            Finding(Place(NAME, item.line, item.col), "settings", message, hint)
        )

    def text(key: str, default: str) -> Node:
        return node.map.get(key, Node(default, 1, 1))

    for key, item in node.map.items():
        if key not in _KEYS:
            wrong(
                item,
                f'unknown setting "{key}"',
                closest(key, _KEYS) or f"known: {', '.join(_KEYS)}",
            )
    for key in ("profile", "timezone", "commit"):
        if key in node.map and not isinstance(node.map[key].value, str):
            wrong(node.map[key], f'invalid "{key}": use a word')
    if node.value is not None and not node.map:
        wrong(node, "the settings must be a mapping (key: value)")
    if text("schema", "1").text != "1":
        wrong(
            text("schema", "1"),
            f'unknown schema "{text("schema", "1").text}": this version knows schema 1',
            "install a newer ticketctl",
        )
    if problem := _zone_problem(text("timezone", "UTC").text):
        wrong(text("timezone", "UTC"), problem, "an IANA name such as Europe/London")
    if text("commit", "off").text not in ("auto", "off"):
        wrong(
            text("commit", "off"),
            f'unknown commit "{text("commit", "off").text}": use auto or off',
        )
    people, names = _people(node.map.get("people"), wrong)
    sweep = _numbers(node.map.get("sweep"), wrong, {"max_moves": 50, "max_share": 5})
    return Settings(
        text("profile", "").text,
        text("timezone", "UTC").text,
        text("commit", "off").text == "auto",
        people,
        names,
        sweep["max_moves"],
        sweep["max_share"],
        _holidays(node, wrong),
        _languages(node.map.get("people")),
        _mail(node, wrong),
    )


_ZONE_FOLDERS = (
    "/usr/share/zoneinfo:/usr/lib/zoneinfo:/usr/share/lib/zoneinfo:/etc/zoneinfo"
)
"""Where Python looks for time zones by default."""


def _zone_problem(name: str) -> str:
    """Return why a time zone cannot be used; empty if it can.

    One that the system has is not loaded only to check it.
    """
    if all(part.isidentifier() for part in name.split("/")):
        for folder in os.environ.get("PYTHONTZPATH", _ZONE_FOLDERS).split(":"):
            try:
                if read_bytes(f"{folder}/{name}", _MAX_BYTES).startswith(b"TZif"):
                    return ""
            except ShortageError:
                raise  # the system lacks resources; the zone may be valid
            except (OSError, DiskError):
                continue
    try:
        zone(name)
    except ValueError as error:
        return str(error)
    return ""


def _holidays(node: Node, wrong: Callable[[Node, str], None]) -> frozenset[date]:
    if "holidays" not in node.map:
        return frozenset()
    from ticketctl.core.language.calendars import read_holidays

    return read_holidays(node.map["holidays"], wrong)


def _mail(node: Node, wrong: Callable[[Node, str], None]) -> MailSettings | None:
    if "mail" not in node.map:
        return None
    from ticketctl.store.email.settings import read_mail_settings

    return read_mail_settings(node.map["mail"], wrong)


def _languages(people: Node | None) -> dict[str, str]:
    languages = {
        address: item.map["language"].text
        for address, item in (people.map if people else {}).items()
        if "language" in item.map
    }
    return {address: language for address, language in languages.items() if language}


def _numbers(
    node: Node | None, wrong: Callable[[Node, str], None], defaults: Mapping[str, int]
) -> dict[str, int]:
    """Return a mapping of whole numbers, with the defaults for those that are missing.

    Args:
        defaults: of the numbers.
    """
    numbers = dict(defaults)
    if node is not None and node.value is not None and not node.map:
        wrong(node, f"expected a mapping with {' and '.join(defaults)}")
    for key, item in (node.map if node else {}).items():
        if key not in defaults:
            wrong(item, f'unknown setting "{key}"; known: {", ".join(defaults)}')
        elif (
            not isinstance(item.value, int)
            or isinstance(item.value, bool)
            or item.value < 0
        ):
            wrong(item, f'invalid {key} "{item.text}": use a whole number')
        elif key == "max_share" and item.value > 100:
            wrong(item, f'invalid {key} "{item.text}": use a percentage up to 100')
        else:
            numbers[key] = item.value
    return numbers


def _people(
    node: Node | None, wrong: Callable[[Node, str], None]
) -> tuple[dict[str, tuple[str, ...]] | None, dict[str, str]]:
    if node is None or node.value is None:
        return None, {}
    if not isinstance(node.value, dict):
        wrong(node, "people must be a mapping from address to roles")
    people: dict[str, tuple[str, ...]] = {}
    names: dict[str, str] = {}
    for address, item in node.map.items():
        if not item.map or any(
            key not in ("name", "roles", "language") for key in item.map
        ):
            wrong(
                item, f'{address} must have "roles", and may have "name" and "language"'
            )
        roles = item.map.get("roles", Node(None, item.line, item.col))
        if roles.map or any(not isinstance(role.value, str) for role in roles.items):
            wrong(roles, f"the roles of {address} must be a list of names")
        language = item.map.get("language", Node("", 1, 1))
        if language.text and not re.fullmatch(r"[a-z]{2,3}(-[A-Z]{2})?", language.text):
            wrong(
                language,
                f'unknown language "{language.text}": use a code such as de or pt-BR',
            )
        people[address] = tuple(role.text for role in roles.items)
        names[address] = (
            item.map["name"].text if "name" in item.map else address.partition("@")[0]
        )
    return people, names
