"""Random lives of tickets by the five profiles: the promises hold.

What the program must have done is computed a second time, from the profile's own
declarations.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.support.lives import PROFILES, Life
from tests.support.world import REGISTRY

EXAMPLES = int(os.environ.get("LIVES", "25"))


STEPS = 30


@pytest.mark.parametrize("name", PROFILES)
def test_lives(name: str) -> None:
    """Random lives of tickets of a profile (``LIVES=500`` makes more of them)."""
    assert REGISTRY.get(name).name == name
    run_state_machine_as_test(
        lambda: Life(name),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
