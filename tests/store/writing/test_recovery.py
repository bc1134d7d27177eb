"""Tests of ``ticketctl.store.writing.recovery``."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.disk_faults import WAITING, leave_journal
from tests.support.kills import Child, first_rename, killed
from tests.support.shell import Ran, Shell
from tests.support.state import found, outbox_of, state_of
from tests.support.stores import done, files_of, make_store, make_tickets, ticketctl
from tests.support.strangers import ROOT_ONLY, TICKET
from ticketctl.store.writing.journal import waiting_name


def beside(root: Path, ticket: str, data: bytes, **row: str | None) -> Path:
    """A journal in a store outside git, of a stranger's making, with one file that
    waits."""
    folder = root / ".ticketctl-0123456789abcdef"
    folder.mkdir(exist_ok=True)
    name = waiting_name(row.get("area") or "store", ticket)
    (folder / name).write_bytes(data)
    path = root / ticket
    old = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
    values = {
        "area": "store",
        "target": ticket,
        "place": "store",
        "folder": folder.name,
        "name": name,
        "digest": hashlib.sha256(data).hexdigest(),
        "replaces": old,
        **row,
    }
    (root / ".ticketctl-journal.jsonl").write_text(
        json.dumps(list(values.values())) + "\n"
    )
    return folder


def test_a_journal_in_the_store_can_only_make_a_ticket_longer(tmp_path: Path) -> None:
    """T1, outside git, where an archive can bring a journal."""
    root = make_store(tmp_path / "store", git=False)
    make_tickets(root, "aaaaa", "zzzzz")
    path = root / TICKET
    short = path.read_bytes()
    done(root, "note", "aaaaa", "-m", "One more.")
    longer = path.read_bytes()
    cases: list[tuple[bytes, str, dict[str, str | None], bool]] = [
        (short, TICKET, {}, False),  # an event less
        (
            longer.replace(b"One more.", b"Not this."),
            TICKET,
            {},
            False,
        ),  # another event
        (b"title: mine\n", TICKET, {}, False),
        (b"profile: biztech\n", "ticketctl.yaml", {}, False),
        (b"#!/bin/sh\n", "attachments/261102-aaaaa/x", {}, False),
        (b"x", "dead-letters/x.eml", {}, False),
        (b"{}", "forged.json", {"area": "outbox"}, False),
        (longer, TICKET, {"digest": "0" * 64}, False),
    ]
    for data, target, row, _ in cases:
        path.write_bytes(longer)
        before = files_of(root, "tickets"), (root / "ticketctl.yaml").read_bytes()
        beside(root, target, data, **row)
        done(root, "note", "zzzzz", "-m", "The next command.")
        now = files_of(root, "tickets")
        assert (
            now[TICKET] == before[0][TICKET]
            and (root / "ticketctl.yaml").read_bytes() == before[1]
        ), (target, row)
        assert not (root / "attachments").exists()
        assert not (root / "dead-letters").exists()
        assert not outbox_of(root).exists() or "forged.json" not in os.listdir(
            outbox_of(root)
        )
        assert not list(root.glob(".ticketctl-*"))
    path.write_bytes(short)
    beside(root, TICKET, longer)
    done(root, "note", "zzzzz", "-m", "The next command.")
    assert path.read_bytes() == longer, "what a killed command had prepared is finished"


def test_what_waits_behind_a_link_is_not_read(tmp_path: Path) -> None:
    root = make_store(tmp_path / "store", git=False)
    make_tickets(root, "aaaaa", "zzzzz")
    longer = (root / TICKET).read_bytes()
    private = tmp_path / "private"
    private.mkdir()
    name = waiting_name("store", TICKET)
    (private / name).write_bytes(longer)
    shutil.rmtree(beside(root, TICKET, longer))
    (root / ".ticketctl-0123456789abcdef").symlink_to(private)
    before = (root / TICKET).read_bytes()
    done(root, "note", "zzzzz", "-m", "x")
    assert (root / TICKET).read_bytes() == before
    assert files_of(private) == {name: longer}


def test_a_waiting_file_must_extend_the_ticket_by_events_alone(tmp_path: Path) -> None:
    """A head that says otherwise than the history is not the work of a command."""
    root = make_store(tmp_path / "store", git=False)
    make_tickets(root, "aaaaa", "zzzzz")
    before = (root / TICKET).read_bytes()
    done(root, "note", "aaaaa", "-m", "x")
    longer = (root / TICKET).read_bytes()
    for data in (
        before.replace(b"Ticket aaaaa", b"Forged"),
        longer.replace(b"title: Ticket aaaaa", b"title: Forged", 1),
        before,
    ):
        (root / TICKET).write_bytes(before)
        beside(root, TICKET, data)
        done(root, "note", "zzzzz", "-m", "x")
        assert (root / TICKET).read_bytes() == before


def test_what_a_strangers_journal_lists_is_not_kept(tmp_path: Path) -> None:
    """It filled the cache folder of whoever wrote next."""
    root = make_store(tmp_path / "store", git=False)
    make_tickets(root, "aaaaa")
    for number in range(5):
        beside(
            root,
            f"tickets/2026/11/02/261102-bbbb{number}.yaml",
            b"x" * (1 << 20),
            replaces=None,
        )
        done(root, "note", "aaaaa", "-m", "x")
    assert not (state_of(root) / "rescued").exists()
    assert not list(root.glob(".ticketctl-*"))


def as_user(uid: int, act: Callable[[], Ran]) -> Callable[[], Ran]:
    """The same by another user of one group, in a process that may become one."""

    def inside() -> Ran:
        os.setgroups([])
        os.setresgid(2000, 2000, 2000)
        os.setresuid(uid, uid, uid)
        os.umask(0o002)
        return act()

    return inside


@ROOT_ONLY
@pytest.mark.parametrize("git_", [True, False], ids=["git", "outside git"])
def test_another_user_finishes_what_a_killed_command_left(
    git_: bool, public: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A group that shares a store by umask and setgid alone: one's crash locks nobody
    out."""
    root = make_store(public.folder / "store", git=git_)
    (root / "rows.jsonl").write_text('{"title": "a", "customer": "c@x.example"}\n' * 3)
    words = ("new", "--from", str(root / "rows.jsonl"))
    done(root, *words)  # loads what the others could not read any more
    make_tickets(root, "aaaaa")
    done(root, "note", "aaaaa", "-m", "x")
    shutil.rmtree(state_of(root))
    for path in [root, *root.rglob("*")]:
        os.chown(path, 1001, 2000)
        path.chmod(0o2775 if path.is_dir() else 0o664)
    for number, (key, value) in enumerate({"safe.directory": "*"}.items()):
        monkeypatch.setenv(f"GIT_CONFIG_KEY_{number}", key)
        monkeypatch.setenv(f"GIT_CONFIG_VALUE_{number}", value)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    before = len(files_of(root, "tickets"))
    ran = killed(as_user(1001, lambda: ticketctl(root, *words)), first_rename)
    assert ran.status == -signal.SIGKILL and Path(found(root).journal).exists(), ran
    ran = Child(
        as_user(1002, lambda: ticketctl(root, "note", "261102-aaaaa", "-m", "y"))
    ).wait()
    assert ran.status == 0, ran
    assert len(files_of(root, "tickets")) == before + 3
    assert not Path(found(root).journal).exists()


@pytest.mark.parametrize("git", [True, False], ids=["git", "outside git"])
def test_a_journal_that_lists_other_places(git: bool, tmp_path: Path) -> None:
    """Whatever a journal lists, nothing outside the tickets and the outbox is written
    (9, 10)."""
    root = make_store(tmp_path / "store", git=git)
    make_tickets(root, "aaaaa")
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / "tickets/link").symlink_to(outside, target_is_directory=True)
    settings = root / "ticketctl.yaml"
    before = settings.read_bytes()
    wrong = []
    for target in (
        "tickets/../../outside/a",
        f"{outside}/b",
        "../outside/c",
        ".git/hooks/d",
        "ticketctl.yaml",
        "tickets/link/e",
        "tickets/../ticketctl.yaml",
        ".git/ticketctl/outbox/../../ticketctl.yaml",
    ):
        for more in (
            {},
            {"replaces": hashlib.sha256(before).hexdigest()},
            {"area": "outbox"},
        ):
            leave_journal(root, target, b"#!/bin/sh", **more)
            ran = ticketctl(root, "note", "aaaaa", "-m", "x")
            if "Traceback" in ran.err or "bug" in ran.err:
                wrong.append(f"{target} {more}: {ran}")
            if (
                list(outside.iterdir())
                or settings.read_bytes() != before
                or (root / ".git/hooks").exists()
            ):
                wrong.append(f"{target} {more}: it was written")
            if (again := ticketctl(root, "note", "aaaaa", "-m", "x")).status:
                wrong.append(
                    f"{target} {more}: the store cannot be written any more: {again}"
                )
    assert not wrong, "\n".join(wrong)


def test_what_stands_in_the_place_of_a_file_that_was_to_be_written(
    tmp_path: Path,
) -> None:
    """A link or a folder there is left as it is, and what was to be written is kept
    aside (5)."""
    for odd in ("link", "folder"):
        root = make_store(tmp_path / odd)
        make_tickets(root, "aaaaa")
        place = root / "attachments/261102-aaaaa/e0-x.txt"
        place.parent.mkdir(parents=True)
        if odd == "link":
            place.symlink_to("/etc/passwd")
        else:
            place.mkdir()
        leave_journal(root, "attachments/261102-aaaaa/e0-x.txt")
        assert ticketctl(root, "note", "aaaaa", "-m", "x").status == 0
        assert (root / ".git/ticketctl/rescued/e0-x.txt").read_text() == "data"
        assert place.is_symlink() if odd == "link" else place.is_dir()


@pytest.mark.parametrize(
    "name",
    [
        f".git/ticketctl/{WAITING}/folder",
        ".git/ticketctl/journal.jsonl",
        ".git/ticketctl/cache/x",
    ],
)
def test_a_folder_in_the_way(name: str, tmp_path: Path) -> None:
    """Nor does a folder where a file of ours would be: it is named, or passed over,
    without a bug report (5, 19)."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa", "bbbbb")
    (root / name).mkdir(parents=True)
    for words in (
        ("note", "aaaaa", "-m", "x"),
        ("new", "x", "--id", "261102-ccccc", "-c", "jane@customer.example"),
    ):
        ran = ticketctl(root, *words)
        assert ran.status == 0 or (ran.status == 71 and name in ran.err), ran
        assert "Traceback" not in ran.err
        assert "bug" not in ran.err
