"""The kinds of conditions: one class for each, all of which profiles can write."""

from __future__ import annotations

from typing import get_args

from ticketctl.core.conditions import Condition
from ticketctl.core.language.conditions import CONDITION_KINDS


def test_every_kind_of_condition_can_be_written() -> None:
    """mypy finds where a class is not handled, but not that no profile can name it."""
    kinds = [condition.kind for condition in get_args(Condition)]
    assert sorted(kinds) == sorted(CONDITION_KINDS)
