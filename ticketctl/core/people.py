"""Who has which role: an argument of every decision, like the clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ticketctl.pattern import pattern
from ticketctl.record import EMPTY, Record


def listed_spelling(who: str, names: Iterable[str]) -> str | None:
    """Whom of some people somebody is, as it is written there; nothing, if none of
    them. Addresses differ by more than the case of their letters."""
    folded, found = who.casefold(), None
    for name in names:
        if name == who:
            return name
        if found is None and name.casefold() == folded:
            found = name
    return found


ADDRESS = pattern(
    r"(?!.*=\?)[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?\Z"
)
"""An address that email is sent to: RFC 5321's plain ones, without anything that a
header would take for an encoding."""


def is_address(who: str) -> bool:
    """Whether somebody is named by an email address, so that a notice can reach them."""
    return ADDRESS.match(who) is not None


class People(Record):
    """The people of a store, as one profile sees them.

    Args:
        roles: address -> the names of the profile's roles that it has; ``None`` in a
            store that lists nobody, which lets anyone take any role (tests of
            somebody's role then pass).
        languages: address -> language (``de``), for those who are not written to in the
            profile's own.
        by_email: whether they are told by email, so that nobody without an address is.
    """

    roles: Mapping[str, frozenset[str]] | None = None
    languages: Mapping[str, str] = EMPTY
    by_email: bool = False

    def has(self, who: str, role: str) -> bool:
        """Whether somebody has a role."""
        return self.roles is None or role in self.roles.get(who, frozenset())

    def with_role(self, role: str) -> tuple[str, ...]:
        """Everybody who has a role; nobody in a store that lists nobody."""
        return tuple(
            sorted(who for who, roles in (self.roles or {}).items() if role in roles)
        )


NOBODY_LISTED = People()


def split_role(text: str) -> tuple[str, str]:
    """Role and address of ``ROLE:WHO``, ``ROLE`` or ``WHO`` (which has an @); what is
    missing is empty."""
    role, colon, who = text.partition(":")
    return ("", role) if not colon and "@" in role else (role, who)
