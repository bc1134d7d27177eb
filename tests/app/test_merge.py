"""Git as the engine: clones that merge, and what is checked before a commit and at a
push. With real git."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import jsonschema
import pytest

from tests.support.places import ROOT
from tests.support.world import REGISTRY
from ticketctl.core.language.json_schema import ticket_schema
from ticketctl.core.yaml_node import plain
from ticketctl.store.yaml.ruamel import read_yaml

AGENT = {"TICKETCTL_AS": "agent:amy@support.example"}
TICKET = "tickets/2026/11/02/261102-k3qx9.yaml"


class Clone:
    """A folder in which commands run as real processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *words: str, at: str = "2026-11-02T09:00", status: int = 0) -> str:
        environment = {**os.environ, **AGENT, "TICKETCTL_NOW": at}
        done = subprocess.run(
            words, cwd=self.folder, capture_output=True, text=True, env=environment
        )
        assert done.returncode == status, (
            f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        )
        return done.stdout + done.stderr

    @property
    def ticket(self) -> Path:
        return self.folder / TICKET


@pytest.fixture
def clones(tmp_path: Path) -> tuple[Clone, Clone]:
    """Two clones of a store with one Solved ticket; both are set up to merge."""
    (Path(os.environ["HOME"]) / ".gitconfig").write_text(
        "[user]\n name = Amy\n email = amy@support.example\n"
    )
    one = Clone(tmp_path / "one")
    one.folder.mkdir()
    one.run("ticketctl", "init", "-p", "biztech")
    one.run(
        "ticketctl",
        "new",
        "Invoice",
        "-c",
        "jane@customer.example",
        "-a",
        "amy@support.example",
        "--id",
        "261102-k3qx9",
    )
    one.run("ticketctl", "move", "k3qx9", "Solved", "--reply", "Done.")
    one.run("git", "clone", "-q", ".", str(tmp_path / "two"))
    two = Clone(tmp_path / "two")
    for key in ("name", "driver"):
        two.run(
            "git",
            "config",
            f"merge.ticketctl.{key}",
            one.run("git", "config", f"merge.ticketctl.{key}").strip(),
        )
    return one, two


def test_two_clones_that_both_wrote_merge_without_a_conflict(
    clones: tuple[Clone, Clone],
) -> None:
    one, two = clones
    one.run("ticketctl", "note", "k3qx9", "-m", "One.", at="2026-11-03T09:00")
    two.run("ticketctl", "set", "k3qx9", "product=billing", at="2026-11-03T10:00")
    one.run("git", "branch", "before")
    one.run("git", "pull", "-q", "--no-rebase", "--no-edit", str(two.folder), "main")
    two.run("git", "pull", "-q", "--no-rebase", "--no-edit", str(one.folder), "before")
    assert one.ticket.read_bytes() == two.ticket.read_bytes()
    said = one.run("ticketctl", "show", "k3qx9", at="2026-11-03T11:00")
    assert "One." in said and "billing" in said
    assert "0 problems" in one.run("ticketctl", "check", at="2026-11-03T11:00")
    one.run("ticketctl", "move", "k3qx9", "Open", at="2026-11-03T12:00")
    assert "0 problems" in one.run("ticketctl", "check", at="2026-11-03T13:00")


def test_a_closing_beaten_by_a_reply_in_another_clone_is_void(
    clones: tuple[Clone, Clone],
) -> None:
    one, two = clones
    assert "closed" in two.run("ticketctl", "sweep", at="2026-11-06T10:00")
    one.run(
        "ticketctl",
        "reply",
        "k3qx9",
        "--for",
        "jane@customer.example",
        "-m",
        "It is not.",
        at="2026-11-06T11:00",
    )
    one.run("git", "pull", "-q", "--no-rebase", "--no-edit", str(two.folder), "main")
    log = one.run("ticketctl", "log", "k3qx9", at="2026-11-06T12:00")
    assert (
        "Solved -> Closed   (due 2026-11-06 09:00)   (without effect: somebody had acted meanwhile)"
        in log
    )
    assert "Open" in one.run("ticketctl", "list", at="2026-11-06T12:00")
    assert "0 problems" in one.run("ticketctl", "check", at="2026-11-06T12:00")


def test_two_clones_that_both_swept_hold_twins(clones: tuple[Clone, Clone]) -> None:
    one, two = clones
    for clone, at in ((one, "2026-11-06T10:00"), (two, "2026-11-06T11:00")):
        clone.run("ticketctl", "sweep", at=at)
    one.run("git", "pull", "-q", "--no-rebase", "--no-edit", str(two.folder), "main")
    assert "another clone had done it too" in one.run(
        "ticketctl", "log", "k3qx9", at="2026-11-07T12:00"
    )
    assert one.run("ticketctl", "sweep", at="2026-11-07T12:00") == ""
    assert "0 problems" in one.run("ticketctl", "check", at="2026-11-07T12:00")


def test_a_ticket_changed_by_hand_is_merged_line_by_line(
    clones: tuple[Clone, Clone],
) -> None:
    """What holds more than its events is not ours to join; git's conflict is named, not
    parsed."""
    one, two = clones
    one.ticket.write_text("# Look here.\n" + one.ticket.read_text())
    one.run("git", "commit", "-qam", "A comment")
    two.run("ticketctl", "note", "k3qx9", "-m", "Two.", at="2026-11-03T09:00")
    one.run("git", "pull", "-q", "--no-rebase", "--no-edit", str(two.folder), "main")
    assert (
        one.ticket.read_text().startswith("# Look here.\n")
        and "Two." in one.ticket.read_text()
    )
    one.run("ticketctl", "note", "k3qx9", "-m", "Here.", at="2026-11-03T10:00")
    two.run("ticketctl", "note", "k3qx9", "-m", "There.", at="2026-11-03T10:00")
    assert "CONFLICT" in one.run(
        "git", "pull", "--no-rebase", "--no-edit", str(two.folder), "main", status=1
    )
    assert "conflict" in one.run(
        "ticketctl", "show", "k3qx9", at="2026-11-03T11:00", status=65
    )


def test_without_ticketctl_git_merges_as_it_would(
    clones: tuple[Clone, Clone], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A conflict is marked in the file: nothing of either side is left out without a
    word."""
    one, two = clones
    one.run("ticketctl", "note", "k3qx9", "-m", "One.", at="2026-11-03T09:00")
    two.run("ticketctl", "note", "k3qx9", "-m", "Two.", at="2026-11-03T10:00")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    one.run("git", "config", "--unset", "ticketctl.program")
    assert "CONFLICT" in one.run(
        "git", "pull", "--no-rebase", "--no-edit", str(two.folder), "main", status=1
    )
    text = one.ticket.read_text()
    assert "<<<<<<<" in text and "One." in text and "Two." in text


def test_the_hook_stops_a_commit_of_a_forged_ticket(
    clones: tuple[Clone, Clone],
) -> None:
    one, _ = clones
    text = one.ticket.read_text()
    one.ticket.write_text(text.replace("Done.", "Gone."))
    assert "is not what was written" in one.run(
        "git", "commit", "-qam", "forged", status=1
    )
    one.ticket.unlink()
    assert "the ticket is taken away" in one.run(
        "git", "commit", "-qam", "removed", status=1
    )
    one.ticket.write_text(text)
    (one.folder / "notes.txt").write_text("Not a ticket.\n")
    one.run("git", "add", "notes.txt")
    one.run("git", "commit", "-qm", "Something else")


def test_a_range_is_checked_as_it_is_in_git(clones: tuple[Clone, Clone]) -> None:
    one, _ = clones
    assert "0 problems in 1 ticket" in one.run(
        "ticketctl", "check", "--range", "HEAD~1..HEAD"
    )
    lines = one.ticket.read_text().splitlines(keepends=True)
    start = max(number for number, line in enumerate(lines) if line.startswith("- id:"))
    one.ticket.write_text(
        "".join(lines[:start]).replace("status: Solved", "status: Open")
    )
    one.run("git", "commit", "-qnam", "An event less")
    assert "is taken away" in one.run(
        "ticketctl", "check", "--range", "HEAD~1..HEAD", status=1
    )
    assert "0 problems" in one.run("ticketctl", "check", "--range", "HEAD~2..HEAD~1")
    for wrong, words in (
        ("HEAD", "is not a range"),
        ("HEAD..nowhere", "no commit"),
        ("--output=x..HEAD", "no commit"),
    ):
        assert words in one.run("ticketctl", "check", f"--range={wrong}", status=2)
    assert "one of them" in one.run("ticketctl", "check", "k3qx9", "--staged", status=2)


def test_init_leaves_alone_what_is_there(tmp_path: Path) -> None:
    there = Clone(tmp_path)
    there.run("git", "init", "-q")
    hook = tmp_path / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\n")
    there.run("ticketctl", "init")
    assert hook.read_text() == "#!/bin/sh\n" and not (tmp_path / ".vscode").exists()
    assert "merge-driver" in there.run("git", "config", "merge.ticketctl.driver")


SAMPLES = sorted((ROOT / "tickets").rglob("*.yaml"))


def test_the_editors_schema_accepts_what_we_write_and_knows_a_mistake(
    clones: tuple[Clone, Clone],
) -> None:
    schema = ticket_schema(REGISTRY.all())
    assert (
        json.loads((clones[0].folder / ".git/ticketctl/ticket.schema.json").read_text())
        == schema
    )
    validator = jsonschema.Draft7Validator(schema)
    validator.check_schema(schema)
    for path in SAMPLES:
        ticket = plain(read_yaml(path.read_bytes(), path.name))
        assert not list(validator.iter_errors(ticket)), path
    for wrong in (
        {"status": "Sovled"},
        {"fields": {"colour": "red"}},
        {"profile": "nobody"},
        {"history": []},
    ):
        assert list(validator.iter_errors(ticket | wrong)), wrong


def test_odd_names_hide_nothing_from_a_check(clones: tuple[Clone, Clone]) -> None:
    """Names of files are data: one with a line break cannot stand for another's
    content."""
    one, _ = clones
    lines = one.ticket.read_text().splitlines(keepends=True)
    start = max(number for number, line in enumerate(lines) if line.startswith("- id:"))
    one.ticket.write_text(
        "".join(lines[:start]).replace("status: Solved", "status: Open")
    )
    odd = one.folder / f"tickets/!\na:./{TICKET}"
    odd.parent.mkdir(parents=True)
    odd.write_text("x\n")
    (one.folder / "tickets/x blob").write_text("x\n")
    one.run("git", "add", "-A")
    said = one.run("ticketctl", "check", "--staged", status=65)
    assert "is taken away" in said and "x blob" in said
    one.run("git", "commit", "-qnm", "odd")
    assert "is taken away" in one.run(
        "ticketctl", "check", "--range", "HEAD~1..HEAD", status=65
    )


def test_init_writes_into_no_hooks_that_others_share(tmp_path: Path) -> None:
    there = Clone(tmp_path / "store")
    there.folder.mkdir()
    (tmp_path / "hooks").mkdir()
    there.run("git", "config", "--global", "core.hooksPath", str(tmp_path / "hooks"))
    there.run("ticketctl", "init")
    assert list((tmp_path / "hooks").iterdir()) == []
