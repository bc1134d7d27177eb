"""Tests of ``ticketctl.app.doctor.examine``."""

from __future__ import annotations

from pathlib import Path

from tests.support.doctor import said
from tests.support.stores import done


def test_a_healthy_store(healthy: Path) -> None:
    done(healthy, "sweep")
    assert "nobody has the role agent" in said(healthy), "nobody is listed yet"
    with open(healthy / "ticketctl.yaml", "a", encoding="utf-8") as file:
        file.write("people: {amy@support.example: {name: Amy, roles: [agent]}}\n")
    assert said(healthy) == ""


def test_crashes_and_profiles(healthy: Path) -> None:
    rescued = healthy / ".git/ticketctl/rescued"
    rescued.mkdir()
    (rescued / "261102-aaaaa.yaml").write_text("x")
    (healthy / "profiles").mkdir()
    (healthy / "profiles/own.yaml").write_text("profile: own\n")
    with (healthy / "ticketctl.yaml").open("a") as file:
        file.write("mail: {from: a@b.example, addresses: {a@b.example: nobody}}\n")
    words = said(healthy)
    assert "rescued/261102-aaaaa.yaml: this version of a ticket" in words
    assert "profiles/own.yaml: the profile own has mistakes" in words
    assert 'there is no profile "nobody"' in words
