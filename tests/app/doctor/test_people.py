"""Tests of ``ticketctl.app.doctor.people``."""

from __future__ import annotations

from pathlib import Path

from tests.support.doctor import said


def test_roles_that_do_not_exist(healthy: Path) -> None:
    with (healthy / "ticketctl.yaml").open("a") as file:
        file.write(
            "people:\n  amy@support.example: {roles: [agnt, hosting/technicain]}\n"
        )
    words = said(healthy)
    assert 'has the role "agnt", which does not exist (did you mean "agent"?)' in words
    assert (
        '"hosting/technicain", which does not exist (did you mean "technician"?)'
        in words
    )
