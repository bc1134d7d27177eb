"""Find and read profiles: a store's own before the built-in ones."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from datetime import date
from typing import TYPE_CHECKING

from ticketctl.core.yaml_node import Node
from ticketctl.errors import (
    BrokenError,
    DiskError,
    Finding,
    MissingError,
    SettingsError,
    ShortageError,
    UnreadError,
    closest,
    unread,
)
from ticketctl.pattern import pattern
from ticketctl.store.files import may_exist, read_bytes
from ticketctl.store.state_folder import StateFolder
from ticketctl.store.yaml.cache import read_cached

if TYPE_CHECKING:
    from ticketctl.core.profile import Profile

MAX_BYTES = 1 << 20
_SUFFIX = ".yaml"


def built_in() -> str:
    """Return the folder of the built-in profiles (beside the package, in a checkout)."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    inside = f"{package}/profiles"
    return inside if os.path.isdir(inside) else f"{os.path.dirname(package)}/profiles"


_BLOCK = pattern(r"^roles:\n((?:  [^\n]*\n)+)(?=[^ ])", re.MULTILINE)
_ROLE = pattern(
    r"  ([A-Za-z_][\w-]*): (?:(customer|agent|integration|system)"
    r"|\{kind: (customer|agent|integration|system)(?:, help: \"[^\"\\\n]*\")?\})\n"
)


def _roles_in(data: bytes) -> dict[str, str] | None:
    """Return the roles of a profile with one on each line; ``None`` for other forms."""
    text = data.decode("utf-8", "replace")
    block = (
        _BLOCK.search(text)
        if text.count("roles:\n") == 1 and "\r" not in text
        else None
    )
    lines = block[1].splitlines(keepends=True) if block else []
    matches = [_ROLE.fullmatch(line) for line in lines]
    if not matches or not all(matches):
        return None
    return {match[1]: match[2] or match[3] for match in matches if match}


def _roles_of(node: Node) -> dict[str, str]:
    """Return the roles of a profile that has been parsed, with their kinds."""
    roles = node.map["roles"].map if "roles" in node.map else {}
    return {name: item.map.get("kind", item).text for name, item in roles.items()}


def _names_in(folder: str) -> list[str]:
    """Return the names in a folder, in order; none if there is no such folder.

    Raises:
        DiskError: it cannot be read.
    """
    try:
        return sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise unread(folder, error) from None


class ProfileRegistry:
    """The profiles that a store can use.

    Args:
        root: the store; ``None`` for the built-in profiles alone.
        holidays: dates that are holidays in every calendar of every profile.
        state: where to cache them parsed; ``None`` for no cache.
    """

    def __init__(
        self,
        root: str | None,
        holidays: Collection[date] = (),
        state: StateFolder | None = None,
    ) -> None:
        self.root, self.holidays, self.state = root, holidays, state
        self._read: dict[str, Profile] = {}

    def folders(self) -> list[str]:
        """Return the folders to look in, first to last.

        Raises:
            DiskError: the store's own folder is a link.
        """
        if self.root is None:
            return [built_in()]
        own = f"{self.root}/profiles"
        if os.path.islink(own):
            raise DiskError(
                f"{own} is a symbolic link; those are not followed",
                "put the profiles themselves there",
            )
        return [own, built_in()]

    def names(self) -> list[str]:
        """Return the names of all profiles.

        ``NAME@VERSION`` files (old rules for old entries) are not among them.
        """
        names = {os.path.basename(path).removesuffix(_SUFFIX) for path in self.files()}
        return sorted(name for name in names if "@" not in name)

    def files(self) -> list[str]:
        """Return all files that could be a profile, folder by folder.

        Raises:
            DiskError: a folder cannot be read.
        """
        return [
            f"{folder}/{name}"
            for folder in self.folders()
            for name in _names_in(folder)
            if name.endswith(_SUFFIX) and name != _SUFFIX
        ]

    def path(self, name: str) -> str:
        """Return the file of a profile.

        Raises:
            MissingError: there is no profile of that name.
        """
        if name.replace("-", "").replace("@", "").isalnum() and len(name) <= 64:
            for folder in self.folders():
                # Reading it refuses anything but a regular file.
                if may_exist(path := f"{folder}/{name}{_SUFFIX}"):
                    return path
        names = self.names()
        raise MissingError(
            f'unknown profile "{name}"',
            closest(name, names) or f"use one of: {', '.join(names)}",
        )

    def get(self, name: str) -> Profile:
        """Return a profile without mistakes.

        Raises:
            MissingError: there is no profile of that name.
            SettingsError: it has mistakes; each is among the error's findings.
        """
        if name not in self._read:
            path = self.path(name)
            profile, findings = self.compile(path)
            if name.partition("@")[0] != profile.name:
                raise SettingsError(
                    f'{path} has the profile "{profile.name}"',
                    f"rename the file to {profile.name}.yaml",
                )
            if findings:
                raise SettingsError(
                    f"the profile {name} has mistakes",
                    f"ticketctl profile check {name}",
                    findings=findings,
                )
            self._read[name] = profile.closed_on(self.holidays)
        return self._read[name]

    def roles(self) -> tuple[dict[str, dict[str, str]], bool]:
        """Return the roles of all profiles with their kinds, and whether all were read.

        No profile is compiled: every command that is given a role asks this, also
        lists, which load no rules.
        """
        roles: dict[str, dict[str, str]] = {}
        all_read = True
        try:
            paths = self.files()
        except (ShortageError, UnreadError):
            raise  # the roles are unknown
        except DiskError:  # reported where a profile is used
            paths, all_read = ProfileRegistry(None).files(), False
        for path in paths:
            name = os.path.basename(path).removesuffix(_SUFFIX)
            if "@" in name or name in roles:
                continue
            try:
                data = read_bytes(path, MAX_BYTES)
                roles_of_profile = _roles_in(data)
                roles[name] = (
                    _roles_of(read_cached(data, self._shown(path), self.state))
                    if roles_of_profile is None
                    else roles_of_profile
                )
            except ShortageError:
                raise
            except (FileNotFoundError, DiskError, BrokenError):
                all_read = False
        return roles, all_read

    def at_version(self, name: str, version: int) -> Profile | None:
        """Return the rules under which an entry was made.

        That is the profile, or its copy ``NAME@VERSION.yaml``; ``None`` if there is
        neither.
        """
        current = self.get(name)
        if current.version == version:
            return current
        try:
            return self.get(f"{name}@{version}")
        except MissingError:
            return None

    def compile(self, path: str) -> tuple[Profile, list[Finding]]:
        """Read a profile's file; return the profile, and what is wrong with it.

        Raises:
            SettingsError: it is not valid YAML.
            MissingError: there is no such file.
        """
        try:
            data = read_bytes(path, MAX_BYTES)
        except FileNotFoundError:
            raise MissingError(f"there is no file {path}") from None
        from ticketctl.core.language.parser import read_profile

        shown = self._shown(path)
        try:
            node = read_cached(data, shown, self.state)
        except BrokenError as error:
            raise SettingsError(error.message, error.hint, error.place) from None
        return read_profile(node, shown)

    def _shown(self, path: str) -> str:
        """Return the path as people are shown it: relative to the store, if inside."""
        if self.root and path.startswith(f"{self.root}/"):
            return path[len(self.root) + 1 :]
        folder, name = os.path.split(path)
        return f"profiles/{name}" if folder == built_in() else path

    def all(self) -> Iterator[Profile]:
        """Yield every profile.

        Raises:
            SettingsError: one has mistakes.
        """
        for name in self.names():
            yield self.get(name)
