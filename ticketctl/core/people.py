"""Who has which role: an argument of every decision, like the clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ticketctl.record import EMPTY, Record


def spelled(who: str, names: Iterable[str]) -> str | None:
    """Whom of some people somebody is, as it is written there; nothing, if none of them. Addresses differ by more than
    the case of their letters."""
    folded, found = who.casefold(), None
    for name in names:
        if name == who:
            return name
        if found is None and name.casefold() == folded:
            found = name
    return found


class People(Record):
    """The people of a store, as one profile sees them.

    Args:
        roles: address -> the names of the profile's roles that it has; ``None`` in a store that lists nobody,
            which lets anyone take any role (tests of somebody's role then pass).
        languages: address -> language (``de``), for those who are not written to in the profile's own.
    """

    roles: Mapping[str, frozenset[str]] | None = None
    languages: Mapping[str, str] = EMPTY

    def has(self, who: str, role: str) -> bool:
        """Whether somebody has a role."""
        return self.roles is None or role in self.roles.get(who, frozenset())

    def with_role(self, role: str) -> tuple[str, ...]:
        """Everybody who has a role; in a store that lists nobody, the role itself (``role:technician``)."""
        if self.roles is None:
            return (f"role:{role}",)
        return tuple(sorted(who for who, roles in self.roles.items() if role in roles))


NOBODY_LISTED = People()
