"""The states of a status: what every profile's statuses have in common."""

from __future__ import annotations

from typing import Literal, get_args

State = Literal["new", "open", "pending", "on_hold", "solved", "closed"]
STATES: tuple[State, ...] = get_args(State)
OPEN_STATES: frozenset[State] = frozenset(("new", "open", "pending"))
"""The states in which somebody has to do something: what ``--open`` lists."""
