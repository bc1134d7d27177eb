"""A store that is open for a command: its folder, settings, profiles, people and time."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from errno import ENAMETOOLONG
from functools import cached_property
from stat import S_ISDIR, S_ISREG
from typing import TYPE_CHECKING

from ticketctl.errors import BrokenError, MissingError, Place, SettingsError, unread
from ticketctl.record import Record
from ticketctl.store.files import stat_if_present
from ticketctl.store.paths import path_of
from ticketctl.store.settings import NAME, Settings, read_settings
from ticketctl.store.state_folder import locate_state

if TYPE_CHECKING:  # loaded where they are used: a list needs neither rules nor files
    from ticketctl.app.files_to_commit import Pending
    from ticketctl.app.visibility import CustomerView
    from ticketctl.core.engine.context import Situation
    from ticketctl.core.people import People
    from ticketctl.core.profile import Profile
    from ticketctl.core.ticket import Ticket
    from ticketctl.store.profiles import ProfileRegistry
    from ticketctl.store.state_folder import StateFolder
    from ticketctl.store.tickets import Store
    from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket


class Workspace(Record):
    """Everything that a use case works with.

    Args:
        root: the store's folder, an absolute path.
        now: the instant of this command, in UTC; read once.
        as_: as whom the user acts (``ROLE``, ``ROLE:WHO`` or ``WHO``), if they say so.
        clock: what the system's clock or TICKETCTL_NOW says, where ``--now`` names
            another instant; ``None`` if there is no difference.
        trust_clock: whether the user confirms that ``now`` is right
            (``--trust-clock``).
    """

    root: str
    now: datetime
    as_: str | None = None
    clock: datetime | None = None
    trust_clock: bool = False

    @property
    def present(self) -> datetime:
        """The instant that no event of the store should be later than.

        With ``--now`` in the past, events up to the clock are not in the future.
        """
        return max(self.now, self.clock or self.now)

    @cached_property
    def state(self) -> StateFolder:
        """The folder of the index, the caches and the journal.

        Raises:
            DiskError: git refuses the repository in which the store lies.
        """
        return locate_state(self.root)

    @cached_property
    def store(self) -> Store:
        """The tickets."""
        from ticketctl.store.tickets import Store

        return Store(self.root, self.state)

    @cached_property
    def settings(self) -> Settings:
        """``ticketctl.yaml``."""
        return read_settings(self.root, self.state)

    @cached_property
    def registry(self) -> ProfileRegistry:
        """The profiles."""
        from ticketctl.store.profiles import ProfileRegistry

        return ProfileRegistry(self.root, self.settings.holidays, self.state)

    @cached_property
    def email(self) -> str:
        """The email address of the user, as git knows it; may be empty."""
        from ticketctl.store.git.queries import user_email

        return user_email(self.root)

    def profile_of(self, ticket: Ticket) -> Profile:
        """Return the profile of a ticket.

        Raises:
            BrokenError: the ticket names a profile or a status that does not exist.
            SettingsError: the profile has errors; its place is the ticket, so that only
                tickets of this profile are affected.
        """
        registry = self.registry  # an error in the settings is not the ticket's
        try:
            profile = registry.get(ticket.profile)
        except MissingError as error:
            raise BrokenError(
                error.message, error.hint, Place(path_of(ticket.id))
            ) from None
        except SettingsError as error:
            error.place = Place(path_of(ticket.id))
            raise
        if ticket.status not in profile.statuses:
            raise BrokenError(
                f'{ticket.profile} has no status "{ticket.status}"',
                f"to see where: ticketctl check {ticket.id}",
                Place(path_of(ticket.id)),
            )
        return profile

    @cached_property
    def pending(self) -> Pending:
        """The files that this command has written and not yet committed."""
        from ticketctl.app.files_to_commit import Pending

        return Pending(self)

    @cached_property
    def warnings(self) -> list[str]:
        """Warnings that are printed when the command ends."""
        return []

    @property
    def by_mail(self) -> bool:
        """Whether notifications are sent by email; else scripts read the outbox."""
        return self.settings.delivers

    def people_of(self, profile: Profile) -> People:
        """Return who has which role in a profile."""
        key = (profile.name, profile.version)
        if key not in self._people:
            self._people[key] = self.settings.people_of(profile)
        return self._people[key]

    def situation_of(self, profile: Profile) -> Situation:
        """Return what the rules of a profile look at: its people, and the time."""
        from ticketctl.core.engine.context import Situation

        return Situation(profile, self.people_of(profile), self.now, self.by_mail)

    @cached_property
    def _people(self) -> dict[tuple[str, int], People]:
        return {}

    @cached_property
    def view(self) -> CustomerView | None:
        """What the user may see; ``None`` for everything."""
        if not self.as_:
            return None
        from ticketctl.app.visibility import view_of

        return view_of(self)

    def id_of(self, text: str) -> str:
        """Return the id of the ticket that the user names.

        Args:
            text: an id, or enough of it to be unique among the tickets that the user
                may see.

        Raises:
            MissingError, UsageError: as of ``Store.find``.
        """
        return self.store.find(text, None if self.view is None else self._admits)

    def find(self, text: str) -> LoadedTicket:
        """Return the ticket that the user names, to be changed.

        It is whole; :meth:`show` returns what the user may see.
        """
        return self.store.read(self.id_of(text))

    def show(self, text: str) -> LoadedTicket:
        """Return the ticket that the user names, as they may see it."""
        return self.read(self.id_of(text))

    def read(self, id_: str) -> LoadedTicket:
        """Return a ticket by its whole id, as the user may see it.

        Raises:
            MissingError: there is no such ticket that the user may see.
            BrokenError: it cannot be parsed.
        """
        return self.read_path(path_of(id_))

    def read_path(self, path: str) -> LoadedTicket:
        """Return a ticket by its path in the store, like :meth:`read`."""
        loaded = self.store.read_path(path)
        if self.view is None:
            return loaded
        if not self.view.admits(loaded.ticket):
            raise MissingError(
                f'there is no ticket "{loaded.ticket.id}"',
                "to see all tickets: ticketctl list -A",
            )
        return self.view.visible_part(loaded)

    def _admits(self, id_: str) -> bool:
        try:
            return self.view is None or self.view.admits(self.store.read(id_).ticket)
        except (BrokenError, MissingError):
            return False


def find_root(start: str | None, environment: Mapping[str, str] = os.environ) -> str:
    """Return the folder of the store to work in.

    It is the folder named, else that of TICKETCTL_STORE, else the nearest store in this
    folder or above. A store is a folder with ``tickets/`` or ``ticketctl.yaml`` (git
    does not keep an empty folder).

    Args:
        start: the folder that the user names with ``-C``; ``None`` if they name none.

    Raises:
        MissingError: there is no store.
        DiskError: there may be one, but a folder cannot be read.
    """
    named = start if start is not None else environment.get("TICKETCTL_STORE") or None
    here = os.path.realpath(named or ".")
    hidden: OSError | None = None
    for folder in _upwards(here) if named is None else [here]:
        try:
            settings, tickets = (
                stat_if_present(f"{folder}/{NAME}"),
                stat_if_present(f"{folder}/tickets"),
            )
        except OSError as error:
            if error.errno != ENAMETOOLONG:
                hidden = hidden or error  # a folder above may be a store
            continue
        if (settings and S_ISREG(settings.st_mode)) or (
            tickets and S_ISDIR(tickets.st_mode)
        ):
            return folder
    if hidden is not None:
        raise unread(hidden.filename, hidden)
    where = f"in {here}" if named is not None else "here, nor in any folder above"
    raise MissingError(
        f"there is no ticket store {where}", "to make one: ticketctl init"
    )


def _upwards(folder: str) -> Iterator[str]:
    """Yield a folder and all folders above it."""
    yield folder
    while (above := os.path.dirname(folder)) != folder:
        yield (folder := above)
