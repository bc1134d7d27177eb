"""The forms of ids, dates and instants, and the states of a status.

What every profile and every file has in common.
"""

from __future__ import annotations

from typing import Literal, get_args

DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
"""``2026-11-21``."""
INSTANT = f"{DATE}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}Z"
"""``2026-11-21T09:14:03Z``."""
TICKET_ID = "[0-9]{6}-[0-9a-hjkmnp-tv-z]{5}"
"""``261121-k3qx9``: the UTC date, and five characters of Crockford's base 32."""
EVENT_ID = "e[0-9a-f]{12}"
"""``e19d27ad6876d``: the beginning of a hash."""


def short_id(id_: str) -> str:
    """Return the random half of an id, which people are shown."""
    return id_.partition("-")[2] or id_


State = Literal["new", "open", "pending", "on_hold", "solved", "closed"]
STATES: tuple[State, ...] = get_args(State)
OPEN_STATES: frozenset[State] = frozenset(("new", "open", "pending"))
"""The states in which somebody has to do something: what ``--open`` lists."""
