"""Who has which role, by the settings of a store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ticketctl.pattern import pattern
from ticketctl.record import EMPTY, Record


def listed_spelling(who: str, names: Iterable[str]) -> str | None:
    """Return the name among some that means the same person, as it is spelled there;
    ``None`` if there is none. Names are the same if they differ in case only."""
    folded, match = who.casefold(), None
    for name in names:
        if name == who:
            return name
        if match is None and name.casefold() == folded:
            match = name
    return match


ADDRESS = pattern(
    r"(?!.*=\?)[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?\Z"
)
"""An address that email is sent to: the plain ones of RFC 5321, without what a header
takes for an encoding."""


def is_address(who: str) -> bool:
    """Return whether a name is an email address, so that email reaches them."""
    return ADDRESS.match(who) is not None


class People(Record):
    """The people of a store, as one profile sees them.

    Args:
        roles: the names of the profile's roles that each address has; ``None`` in a
            store that lists nobody, where anyone may take any role (conditions on
            somebody's role then hold).
        languages: the language (``de``) of each address that has another than the
            profile.
        by_email: whether they are notified by email: only those with an address.
    """

    roles: Mapping[str, frozenset[str]] | None = None
    languages: Mapping[str, str] = EMPTY
    by_email: bool = False

    def has(self, who: str, role: str) -> bool:
        """Return whether somebody has a role."""
        return self.roles is None or role in self.roles.get(who, frozenset())

    def with_role(self, role: str) -> tuple[str, ...]:
        """Return everybody who has a role; nobody in a store that lists nobody."""
        return tuple(
            sorted(who for who, roles in (self.roles or {}).items() if role in roles)
        )


NOBODY_LISTED = People()


def split_role(text: str) -> tuple[str, str]:
    """Return role and address of ``ROLE:WHO``, ``ROLE``, or ``WHO`` (which has an @);
    what is missing is empty."""
    role, colon, who = text.partition(":")
    return ("", role) if not colon and "@" in role else (role, who)
