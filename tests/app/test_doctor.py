"""doctor: it is quiet about a healthy store, and names each ailment with what to do."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.support.stores import done, make_store, make_tickets, ticketctl

MAIL = "mail: {from: help@support.example, smtp: {host: 127.0.0.1, port: 1}}\n"


def git(root: Path, *words: str) -> None:
    """Run git as somebody."""
    subprocess.run(
        [
            "git",
            "-C",
            str(root),
            "-c",
            "user.name=A",
            "-c",
            "user.email=a@support.example",
            *words,
        ],
        check=True,
    )


@pytest.fixture
def healthy(tmp_path: Path) -> Path:
    """A store as init makes it, with one ticket."""
    root = tmp_path / "store"
    done(root.parent, "init", str(root), "-p", "biztech")
    make_tickets(root, "aaaaa")
    return root


def said(root: Path, now: str = "2026-11-03T09:00:00Z") -> str:
    """What the doctor says; also that the exit status and the JSON agree with it."""
    ran = ticketctl(root, "doctor", now=now)
    findings = json.loads(ticketctl(root, "doctor", "--format", "json", now=now).out)[
        "findings"
    ]
    assert ran.status == int(
        any(finding["severity"] == "error" for finding in findings)
    )
    assert len(ran.out.splitlines()) == len(findings)
    return ran.out


def test_a_healthy_store(healthy: Path) -> None:
    done(healthy, "sweep")
    assert "nobody with the role agent is there" in said(healthy), (
        "nobody is listed yet"
    )
    with open(healthy / "ticketctl.yaml", "a", encoding="utf-8") as file:
        file.write("people: {amy@support.example: {name: Amy, roles: [agent]}}\n")
    assert said(healthy) == ""


def test_git(healthy: Path) -> None:
    git(healthy, "config", "--unset", "merge.ticketctl.driver")
    assert "does not know how to merge tickets" in said(healthy)
    text = next(healthy.glob("tickets/*/*/*/*.yaml"))
    text.write_text("# mine\n" + text.read_text())
    assert "1 file changed by hand and not committed" in said(healthy)


def test_no_repository(tmp_path: Path) -> None:
    root = make_store(tmp_path / "store", "commit: auto\n", git=False)
    assert "this is no git repository" in said(root)


def test_sweeps_that_stopped(healthy: Path) -> None:
    done(healthy, "sweep")
    assert "the last sweep of this clone was at 2026-11-02" in said(
        healthy, now="2026-11-05T09:00:00Z"
    )


def test_mail_that_does_not_arrive(healthy: Path) -> None:
    with (healthy / "ticketctl.yaml").open("a") as file:
        file.write(MAIL)
    assert "this clone sends no mail" in said(healthy)
    git(healthy, "config", "ticketctl.sender", "true")
    done(healthy, "move", "aaaaa", "Open", "-a", "amy@support.example")
    done(healthy, "move", "aaaaa", "Solved", "--reply", "Done.")
    assert "owed for more than two days" in said(healthy, now="2026-11-05T09:00:00Z")
    assert ticketctl(healthy, "mail", "send", now="2026-11-05T09:00:00Z").status == 1
    tried = said(healthy, now="2026-11-05T09:00:00Z")
    assert (
        "tried 1 time: jane@customer.example: 127.0.0.1:1" in tried
        and "again at 2026-11-05T09:05:00Z" in tried
    )


def test_dead_letters(healthy: Path) -> None:
    with (healthy / "ticketctl.yaml").open("a") as file:
        file.write(MAIL)
    assert ticketctl(healthy, "mail", "in", feed=b"\xff").status == 0
    assert "a dead letter: it has not one sender" in said(healthy)


def test_crashes_and_profiles(healthy: Path) -> None:
    rescued = healthy / ".git/ticketctl/rescued"
    rescued.mkdir()
    (rescued / "261102-aaaaa.yaml").write_text("x")
    (healthy / "profiles").mkdir()
    (healthy / "profiles/own.yaml").write_text("profile: own\n")
    with (healthy / "ticketctl.yaml").open("a") as file:
        file.write("mail: {from: a@b.example, addresses: {a@b.example: nobody}}\n")
    words = said(healthy)
    assert "rescued/261102-aaaaa.yaml: this was to be written" in words
    assert (
        "profiles/own.yaml: the profile own has mistakes" in words
        and 'there is no profile "nobody"' in words
    )


def test_a_crowded_day(healthy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ticketctl.app.doctor.folders.CROWDED", 0)
    assert "tickets/2026/11/02: warning: 1 tickets of one day" in said(healthy)


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
