"""The kinds of actions: one class for each, all of which profiles can write."""

from __future__ import annotations

from typing import get_args

from ticketctl.core.actions import Action
from ticketctl.core.language.actions import ACTION_KINDS


def test_every_kind_of_action_can_be_written() -> None:
    """mypy finds where a class is not handled, but not that no profile can name it."""
    kinds = [action.kind for action in get_args(Action)]
    assert sorted(kinds) == sorted(ACTION_KINDS)
