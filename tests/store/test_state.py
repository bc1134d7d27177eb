"""T1 to T5 and T17 of the threat model (docs/security.md): a store from a stranger is
data.

Each test plants what a stranger's clone or archive could bring, runs commands on it as
real processes, and sees that nothing of it was believed, run, followed or written
through.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.support.kills import Child, first_rename, killed
from tests.support.shell import Ran, Shell
from tests.support.state import found, outbox_of, state_of
from tests.support.stores import done, files_of, make_store, make_tickets, ticketctl
from ticketctl.store.git.repository import setting
from ticketctl.store.index import schema
from ticketctl.store.index.database import Index
from ticketctl.store.writing.journal import name_of

ROOT_ONLY = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can give files away"
)


def git(folder: Path, *words: str, status: int = 0) -> str:
    """Run git in a folder; what it printed."""
    ran = subprocess.run(
        ["git", "-C", str(folder), *words], capture_output=True, text=True
    )
    assert ran.returncode == status, (words, ran)
    return ran.stdout.strip()


@pytest.fixture
def store(shell: Shell) -> Path:
    """A store with a ticket and a commit, made as a user makes it."""
    shell.ok(
        "ticketctl init -p biztech && ticketctl new 'It does not work' -c jane@customer.example"
    )
    return shell.folder


def clone(shell: Shell, store: Path) -> Shell:
    """What somebody gets who clones a store."""
    other = Shell(shell.folder.parent / "clone")
    shell.ok(f"git clone -q . {other.folder}")
    return other


# --- T1: where derived state lies ---


def plant_old_state(root: Path, victim: Path) -> None:
    """What the first version believed: a journal, waiting files, links out of the
    store."""
    old = root / ".ticketctl"
    (old / "tmp").mkdir(parents=True)
    (old / "outbox").mkdir()
    (old / "cache").mkdir()
    (old / "tmp/x").write_text(f"#!/bin/sh\ntouch {victim}\n")
    (old / "tmp/y").write_text(f"#!/bin/sh\ntouch {victim}\n")
    (old / "rescued").symlink_to("../.git/hooks")
    rows = [
        ["x", "tickets/pre-commit", "0" * 64],
        ["y", "tickets/2026/11/02/pre-commit", None],
    ]
    (old / "journal.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (old / "last-sweep").write_text("2099-01-01T00:00:00Z\n")
    (old / "index-9.db").write_bytes(b"SQLite format 3\0")
    (old / "outbox/forged.json").write_text("{}")


def test_a_clone_that_brings_state_runs_nothing(shell: Shell, store: Path) -> None:
    """T1: cloning a store and adding a note ran a planted hook."""
    victim = shell.folder.parent / "owned"
    plant_old_state(store, victim)
    shell.ok("git add -f .ticketctl && git commit -qm 'A gift'")
    other = clone(shell, store)
    before = files_of(other.folder, ".ticketctl")
    for command in (
        "list -A",
        "note 3ah -m Hello",
        "sweep",
        "doctor",
        "check",
        "index rebuild",
        "mail show",
    ):
        ran = other.run(f"ticketctl {command}")
        assert ran.status in (0, 1), (command, ran)
    other.run("git commit -q --allow-empty -m x")
    assert not victim.exists() and files_of(other.folder, ".ticketctl") == before
    assert not list((other.folder / ".git/hooks").glob("pre-commit"))


def test_a_tracked_state_folder_is_an_error_of_check_and_doctor_names_it(
    shell: Shell, store: Path
) -> None:
    plant_old_state(store, shell.folder.parent / "owned")
    ran = shell.run("ticketctl check")
    assert ran.status == 0, "what is not tracked is the clone's own affair"
    ran = shell.run("ticketctl doctor")
    assert (
        ran.out.count(".ticketctl") >= 1
        and "older version was interrupted" in ran.out
        and ran.status == 1
    )
    (store / ".ticketctl/journal.jsonl").unlink()
    assert "no longer used (rm -r .ticketctl)" in shell.run("ticketctl doctor").out
    shell.ok("git add -f .ticketctl && git commit -qm 'A gift' --no-verify")
    ran = shell.run("ticketctl check")
    assert (
        ran.status == 1
        and ".ticketctl is tracked by git" in ran.out
        and "git rm -r --cached" in ran.out
    )


def test_state_lies_where_git_says(shell: Shell, store: Path) -> None:
    """In the git directory of this very work tree; the outbox where all work trees find
    it."""
    place = shell.ok(
        "git rev-parse --path-format=absolute --git-path ticketctl"
    ).strip()
    assert (
        shell.ok("ticketctl doctor --state").strip() == place and Path(place).is_dir()
    )
    shell.ok("git worktree add -q ../wt")
    other = Shell(shell.folder.parent / "wt")
    there = other.ok(
        "git rev-parse --path-format=absolute --git-path ticketctl"
    ).strip()
    said = other.ok("ticketctl doctor --state").splitlines()
    assert said == [there, f"outbox: {place}/outbox"] and there != place
    other.ok("ticketctl assign 3ah @me && ticketctl move 3ah Solved --reply Done")
    assert list(Path(place, "outbox").iterdir()) and not Path(there, "outbox").exists()
    other.ok("ticketctl list")
    assert (
        not list(other.folder.glob(".ticketctl*"))
        and Path(there, "index-1.db").exists()
    )
    shell.ok("git worktree remove --force ../wt")
    assert list(Path(place, "outbox").iterdir()), (
        "git takes a work tree's own folder with it"
    )


def test_each_store_of_a_repository_has_its_own(shell: Shell) -> None:
    shell.ok("git init -q && ticketctl init a && ticketctl init b -p biztech")
    places = [shell.ok(f"ticketctl -C {name} doctor --state").strip() for name in "ab"]
    stores = Path(
        shell.ok("git rev-parse --path-format=absolute --git-path ticketctl").strip(),
        "stores",
    )
    assert len(set(places)) == 2 and {Path(place).parent for place in places} == {
        stores
    }


def test_a_submodule_has_its_own(shell: Shell, store: Path) -> None:
    outer = Shell(shell.folder.parent / "outer")
    outer.ok(
        f"git init -q && git -c protocol.file.allow=always submodule --quiet add {store} desk"
    )
    place = outer.ok("ticketctl -C desk doctor --state").strip()
    assert place == str(outer.folder / ".git/modules/desk/ticketctl")
    outer.ok("ticketctl -C desk note 3ah -m Hello && ticketctl -C desk list")
    assert outer.ok("git -C desk log --format=%s -1").startswith("3ah")


def test_what_a_git_file_names_must_point_back(shell: Shell, store: Path) -> None:
    """T1: a folder that names somebody else's repository gets no say in that one's
    state."""
    other = shell.folder.parent / "other"
    (other / "tickets").mkdir(parents=True)
    (other / "ticketctl.yaml").write_text("profile: biztech\n")
    (other / ".git").write_text(f"gitdir: {store}/.git\n")
    mine, theirs = shell.ok("ticketctl doctor --state").strip(), found(other).folder
    assert theirs.startswith(f"{mine}/stores/") and theirs != mine


def test_outside_git_caches_are_the_users_own(tmp_path: Path) -> None:
    root = make_store(tmp_path / "store", git=False)
    make_tickets(root, "aaaaa")
    done(root, "move", "aaaaa", "Open", "-a", "amy@support.example")
    done(root, "move", "aaaaa", "Pending", "--reply", "Which one?")
    done(root, "list")
    cache = Path(os.environ["HOME"], ".cache/ticketctl/stores")
    assert state_of(root).parent == cache and list(state_of(root).glob("index-*.db"))
    assert list(outbox_of(root).iterdir()) and outbox_of(root).parent == state_of(root)
    assert sorted(path.name for path in root.iterdir()) == ["ticketctl.yaml", "tickets"]


@pytest.mark.parametrize("git_", [True, False], ids=["git", "outside git"])
def test_state_may_be_removed_at_any_time(git_: bool, tmp_path: Path) -> None:
    """``rm -rf`` of it loses nothing but what a journal holds, and answers stay the
    same."""
    root = make_store(tmp_path / "store", git=git_)
    make_tickets(root, "aaaaa", "bbbbb")
    done(root, "move", "aaaaa", "Open", "-a", "amy@support.example")
    words = ("list", "-A", "--format", "json")
    before, tickets = done(root, *words), files_of(root, "tickets")
    shutil.rmtree(state_of(root))
    assert done(root, *words) == before and files_of(root, "tickets") == tickets
    shutil.rmtree(state_of(root))
    done(root, "note", "aaaaa", "-m", "It still works.")


def test_ticketctl_state_names_another_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_store(tmp_path / "store")
    shutil.rmtree(state_of(root))
    monkeypatch.setenv("TICKETCTL_STATE", str(tmp_path / "state"))
    make_tickets(root, "aaaaa")
    done(root, "list")
    assert (
        list((tmp_path / "state").glob("store-*/index-1.db"))
        and not (root / ".git/ticketctl").exists()
    )
    for wrong in ("state", str(root), str(root / "tickets/x")):
        monkeypatch.setenv("TICKETCTL_STATE", wrong)
        ran = ticketctl(root, "list")
        assert ran.status == 78 and f'TICKETCTL_STATE is "{wrong}"' in ran.err, ran


def test_without_a_home_reading_works_and_writing_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_store(tmp_path / "store", git=False)
    make_tickets(root, "aaaaa")
    done(root, "move", "aaaaa", "Open", "-a", "amy@support.example")
    before = done(root, "list")
    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert done(root, "list") == before
    done(root, "note", "aaaaa", "-m", "Nobody is notified of a note.")
    assert (
        "warning: it cannot be written: nothing is cached"
        in ticketctl(root, "doctor").out
    )
    ran = ticketctl(root, "move", "aaaaa", "Pending", "--reply", "Which one?")
    assert (
        ran.status == 71
        and "TICKETCTL_STATE" in ran.err
        and "nothing was changed" in ran.err
    ), ran
    assert "status: Open" in (root / "tickets/2026/11/02/261102-aaaaa.yaml").read_text()


def test_a_link_in_the_place_of_the_state_folder(tmp_path: Path) -> None:
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    away = tmp_path / "away"
    state_of(root).rename(away)
    (root / ".git/ticketctl").symlink_to(away)
    before = files_of(away)
    assert "Ticket aaaaa" in done(root, "list")
    ran = ticketctl(root, "note", "aaaaa", "-m", "x")
    assert (
        ran.status == 71 and "TICKETCTL_STATE" in ran.err and files_of(away) == before
    ), ran


def beside(root: Path, ticket: str, data: bytes, **row: str | None) -> Path:
    """A journal in a store outside git, of a stranger's making, with one file that
    waits."""
    folder = root / ".ticketctl-0123456789abcdef"
    folder.mkdir(exist_ok=True)
    name = name_of(row.get("area") or "store", ticket)
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


TICKET = "tickets/2026/11/02/261102-aaaaa.yaml"


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
        assert (
            not (root / "attachments").exists() and not (root / "dead-letters").exists()
        )
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
    name = name_of("store", TICKET)
    (private / name).write_bytes(longer)
    shutil.rmtree(beside(root, TICKET, longer))
    (root / ".ticketctl-0123456789abcdef").symlink_to(private)
    before = (root / TICKET).read_bytes()
    done(root, "note", "zzzzz", "-m", "x")
    assert (root / TICKET).read_bytes() == before and files_of(private) == {
        name: longer
    }


@pytest.mark.parametrize("below", ["", "cache", "outbox", "rescued"])
def test_a_link_in_the_git_directory_is_not_written_through(
    below: str, tmp_path: Path
) -> None:
    """The owner of a clone could send root anywhere."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    done(root, "move", "aaaaa", "Open", "-a", "amy@support.example")
    away = tmp_path / "away"
    away.mkdir()
    place = state_of(root) / below
    shutil.rmtree(place, ignore_errors=True)
    place.symlink_to(away)
    for words in (
        ("list",),
        ("move", "aaaaa", "Pending", "--reply", "x"),
        ("sweep",),
        ("profile", "list"),
    ):
        assert ticketctl(root, *words).status in (0, 71)
    assert not list(away.iterdir())


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
    assert not (state_of(root) / "rescued").exists() and not list(
        root.glob(".ticketctl-*")
    )


@pytest.mark.parametrize("kind", ["folder", "link", "fifo", "socket"])
def test_the_journals_name_is_taken(kind: str, tmp_path: Path) -> None:
    root = make_store(tmp_path / "store", git=False)
    make_tickets(root, "aaaaa")
    place = root / ".ticketctl-journal.jsonl"
    place.mkdir() if kind == "folder" else special(place, kind, tmp_path)
    done(root, "note", "aaaaa", "-m", "x")


def test_tracked_files_under_a_name_of_ours_stay(tmp_path: Path) -> None:
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    folder = root / ".ticketctl-0123456789abcdef"
    folder.mkdir()
    (folder / "mine").write_text("x")
    done(root, "note", "aaaaa", "-m", "x")
    assert (folder / "mine").read_text() == "x" and "interrupted" not in ticketctl(
        root, "doctor"
    ).out


@contextmanager
def mounted(*words: str) -> Iterator[None]:
    """A mount, as root makes one."""
    if (
        os.geteuid()
        or subprocess.run(["mount", *words], capture_output=True).returncode
    ):
        pytest.skip("only root can mount a file system")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", words[-1]], check=True)


@pytest.mark.parametrize("git_", [True, False], ids=["git", "outside git"])
@pytest.mark.parametrize(
    "what", [".git", ".git/ticketctl", "tickets", "tickets/2026", "."]
)
@pytest.mark.parametrize("how", ["bind", "tmpfs"])
def test_mounts_within_a_store(how: str, what: str, git_: bool, tmp_path: Path) -> None:
    """Containers mount repository, work tree and tickets apart; a rename crosses no
    mount."""
    root = make_store(tmp_path / "store", git=git_)
    make_tickets(root, "aaaaa")
    if how == "tmpfs" and what in (".git", "."):
        return  # nothing would be left of it
    place = root / what
    if not place.exists():
        return
    words = (
        ("--bind", str(place), str(place))
        if how == "bind"
        else ("-t", "tmpfs", "none", str(place))
    )
    with mounted(*words):
        (root / "rows.jsonl").write_text(
            '{"title": "a", "customer": "c@x.example"}\n{"title": "b", "customer": "c@x.example"}\n'
        )
        done(root, "new", "x", "--id", "261102-bbbbb", "-c", "jane@customer.example")
        done(root, "move", "bbbbb", "Open", "-a", "amy@support.example")
        done(root, "move", "bbbbb", "Pending", "--reply", "x")
        done(root, "new", "--from", str(root / "rows.jsonl"))
        assert "261102-bbbbb" in done(root, "list", "--format", "id")
        assert not list(root.rglob(".ticketctl-*")) and not list(
            state_of(root).glob("waiting-*")
        )


# --- T2: repositories in the store ---


def embed(folder: Path, victim: Path) -> None:
    """What git takes for a bare repository, whose configuration runs programs."""
    for name in ("objects", "refs/heads"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    script = folder / "run.sh"
    script.write_text(f"#!/bin/sh\ntouch {victim}\n")
    script.chmod(0o755)
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / "config").write_text(
        "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = .\n"
        f"\tfsmonitor = {script}\n\thooksPath = {folder}/hooks\n"
        f'[filter "x"]\n\tclean = {script}\n\tsmudge = {script}\n[diff]\n\texternal = {script}\n'
    )
    (folder / "hooks").mkdir(exist_ok=True)
    shutil.copy(script, folder / "hooks/pre-commit")


COMMANDS = (
    "list -A",
    "show 3ah",
    "doctor",
    "check",
    "check --staged",
    "check --range HEAD..HEAD",
    "note 3ah -m Hello",
    "sweep",
    "index rebuild",
    "mail send",
    "export",
    "next 3ah",
)


@pytest.mark.parametrize("where", [".", "tickets", "tickets/2026", "profiles"])
def test_an_embedded_repository_runs_nothing(where: str, shell: Shell) -> None:
    """T2: a store in a subfolder that held HEAD, objects, refs and config."""
    victim = shell.folder.parent / "owned"
    shell.ok("git init -q && ticketctl init desk -p biztech")
    shell.ok(
        "ticketctl -C desk new x -c jane@customer.example && git add -A && git commit -qm x"
    )
    embed(shell.folder / "desk" / where, victim)
    (shell.folder / "desk/.gitattributes").write_text("* filter=x diff=x merge=x\n")
    for command in COMMANDS:
        ran = shell.run(f"ticketctl -C desk {command}")
        assert ran.status in (0, 1, 71, 78), (command, ran)
        assert "Traceback" not in ran.out and "this is a bug" not in ran.out, ran
        if where == "." and not command.startswith("mail"):
            assert ran.status == 71 and "looks like a bare git repository" in ran.out, (
                command,
                ran,
            )
    assert not victim.exists()


def test_git_is_told_never_to_find_a_bare_repository(
    shell: Shell, tmp_path: Path
) -> None:
    """Whatever folder git is started in: the option stands in every command line."""
    shell.ok("ticketctl init -p biztech")
    log = tmp_path / "log"
    wrapper = shell.home / "bin/git"
    real = shutil.which("git")
    wrapper.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >> {log}\nexec {real} "$@"\n')
    wrapper.chmod(0o755)
    shell.ok(
        "ticketctl new x -c jane@customer.example && ticketctl list && ticketctl doctor && ticketctl sweep"
    )
    lines = log.read_text().splitlines()
    assert lines and all(
        line.startswith("-c safe.bareRepository=explicit ") for line in lines
    ), lines


# --- T3, T5: links and what is no file ---


def test_links_named_like_temporary_files(tmp_path: Path) -> None:
    """T3: thousands of links under the names that the next commands would use."""
    root = make_store(tmp_path / "store", git=False)
    make_tickets(root, "aaaaa")
    victim = tmp_path / "thesis"
    victim.write_text("Years of work.")
    for pid in range(os.getpid(), os.getpid() + 300):
        for name in (
            f"index-{pid}.new",
            f".last-sweep.{pid}",
            f".heartbeat.{pid}",
            f"x.json.{pid}",
        ):
            for folder in (root, root / "tickets"):
                (folder / name).symlink_to(victim)
    for words in (
        ("list",),
        ("note", "aaaaa", "-m", "x"),
        ("sweep", "--heartbeat", str(root / "heartbeat")),
    ):
        assert ticketctl(root, *words).status == 0
    assert victim.read_text() == "Years of work."


def special(path: Path, kind: str, target: Path) -> None:
    """Something that is no regular file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "link":
        path.symlink_to(target)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        with closing(socket.socket(socket.AF_UNIX)) as made:
            here = os.getcwd()
            os.chdir(path.parent)  # the address of a socket is short
            try:
                made.bind(path.name)
            finally:
                os.chdir(here)
    elif kind == "device":
        try:
            os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))  # /dev/zero
        except PermissionError:
            pytest.skip("only root can make a device")


PLACES = (
    "dead-letters/261102-090000-0123456789abcdef.txt",
    "dead-letters/261102-090000-0123456789abcdef.eml",
    "tickets/2026/11/02/261102-bbbbb.yaml",
    "profiles/mine.yaml",
    "profiles/biztech@1.yaml",
    "ticketctl.yaml",
    "attachments/261102-aaaaa/e0-x.txt",
)


@pytest.mark.parametrize("kind", ["link", "fifo", "socket", "device"])
@pytest.mark.parametrize("place", PLACES)
def test_what_is_no_file_is_not_opened(place: str, kind: str, tmp_path: Path) -> None:
    """T5: ``doctor`` printed a private file, and read /dev/zero."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    private = tmp_path / "private"
    private.write_text("The secret of somebody else.")
    (root / place).unlink(missing_ok=True)
    special(root / place, kind, private)
    for words in (
        ("doctor",),
        ("check",),
        ("list", "-A"),
        ("show", "aaaaa"),
        ("profile", "list"),
        ("sweep", "-n"),
    ):
        ran = ticketctl(root, *words)
        assert ran.status in (0, 1, 65, 71, 78), (words, ran)
        assert (
            "secret" not in ran.out + ran.err
            and "Traceback" not in ran.err
            and "bug" not in ran.err
        ), (words, ran)
    assert private.read_text() == "The secret of somebody else."


@pytest.mark.parametrize(
    "name", [".gitattributes", ".gitignore", "ticketctl.yaml", ".vscode"]
)
@pytest.mark.parametrize("dangling", [False, True], ids=["to a file", "to nowhere"])
def test_init_writes_through_no_link(name: str, dangling: bool, shell: Shell) -> None:
    """T5: ``.gitattributes`` a link, and ``init`` wrote what it led to."""
    victim = shell.folder.parent / "victim"
    if not dangling:
        victim.write_text("mine\n")
    (shell.folder / name).symlink_to(victim)
    ran = shell.run("ticketctl init -p biztech")
    assert ran.status in (0, 1, 71) and "Traceback" not in ran.out, ran
    assert victim.exists() != dangling and (dangling or victim.read_text() == "mine\n")


@pytest.mark.parametrize(
    "folder", ["tickets", "profiles", "attachments", "dead-letters"]
)
def test_a_folder_behind_a_link_is_neither_read_nor_written(
    folder: str, tmp_path: Path
) -> None:
    root = make_store(
        tmp_path / "store", "commit: off\nmail: {from: help@support.example}\n"
    )
    make_tickets(root, "aaaaa")
    away = tmp_path / "away"
    away.mkdir()
    (away / "secret.txt").write_text("The secret of somebody else.")
    (away / "secret.yaml").write_text("profile: secret\n")
    if (root / folder).exists():
        (root / folder).rename(tmp_path / "kept")
    (root / folder).symlink_to(away)
    before = files_of(away)
    for words in (
        ("doctor",),
        ("list", "-A"),
        ("profile", "list"),
        ("note", "aaaaa", "-m", "x"),
        ("mail", "in"),
    ):
        ran = ticketctl(root, *words)
        assert "secret" not in (ran.out + ran.err).replace(str(away), ""), (words, ran)
        assert "Traceback" not in ran.err and "bug" not in ran.err, (words, ran)
    assert files_of(away) == before


# --- T4: planted caches and indexes ---


def indexed(root: Path) -> Path:
    """The index file of a store."""
    path = Index.newest(found(root))
    assert path is not None
    return Path(path)


PLANTED = {
    "a trigger": "CREATE TRIGGER own AFTER UPDATE ON meta BEGIN DELETE FROM tickets; END",
    "a view without end": (
        "DROP TABLE sums; CREATE VIEW sums AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) "
        "SELECT 'open' AS state, n AS number FROM c"
    ),
    "another table": "CREATE TABLE mine (x)",
    "another column": "ALTER TABLE tickets ADD COLUMN mine",
    "no index": "DROP INDEX by_wake",
    "a virtual table": "CREATE VIRTUAL TABLE words USING fts5 (x)",
    "an index with an expression": "CREATE INDEX own ON tickets (fold(title)) WHERE fold(title) > ''",
}


@pytest.mark.parametrize("what", PLANTED)
def test_an_index_with_other_tables_is_made_anew(what: str, tmp_path: Path) -> None:
    """T4: triggers and views of a planted index answered, and hung."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa", "bbbbb")
    answer = done(root, "list", "-A")
    path = indexed(root)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "UPDATE tickets SET title = 'Forged', customer = 'mallory@evil.example'"
        )
        connection.create_function("fold", 1, str.casefold, deterministic=True)
        connection.executescript(PLANTED[what])
    assert done(root, "list", "-A") == answer
    assert done(root, "sweep", "-n") == "" and indexed(root) != path
    with closing(sqlite3.connect(indexed(root))) as connection:
        assert schema.is_exact(connection)


def test_an_index_runs_nothing_for_its_schema_and_ends_what_never_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ticketctl.store.index import database

    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    done(root, "list")
    monkeypatch.setattr(database, "_MAX_CALLS", 3)
    opened = Index.open(found(root))
    assert opened.one("PRAGMA trusted_schema") == 0
    endless = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c"
    with pytest.raises(database.UnusableError):
        opened.one(endless)
    opened.connection.close()


def test_a_cache_of_somebody_else_is_not_believed(shell: Shell, store: Path) -> None:
    """T4: somebody not listed acted as agent by way of planted settings."""
    settings = store / "ticketctl.yaml"
    settings.write_text(
        settings.read_text() + "people:\n  amy@support.example: {roles: [agent]}\n"
    )
    shell.ok("ticketctl list")
    planted = shell.folder / ".ticketctl/cache"
    shutil.copytree(state_of_shell(shell) / "cache", planted)
    for path in planted.iterdir():
        path.write_text(
            path.read_text().replace("amy@support.example", "mallory@evil.example")
        )
    ran = shell.run("ticketctl --as agent:mallory@evil.example move 3ah Open -a @me")
    assert ran.status == 1 and "mallory@evil.example" in ran.out, ran


def state_of_shell(shell: Shell) -> Path:
    """The state folder of the store in a shell's folder."""
    return Path(shell.ok("ticketctl -q doctor --state").strip())


# --- T17: Python modules in the store ---

MODULES = (
    "__future__",
    "gc",
    "os",
    "re",
    "json",
    "click",
    "ruamel",
    "sqlite3",
    "tabulate",
    "dateutil",
    "sitecustomize",
)


def test_modules_in_the_store_are_not_imported(shell: Shell, store: Path) -> None:
    victim = shell.folder.parent / "owned"
    for name in MODULES:
        text = (
            f"open({str(victim)!r}, 'w').write({name!r})\nraise SystemExit('planted')\n"
        )
        (store / f"{name}.py").write_text(text)
        (store / name).mkdir()
        (store / name / "__init__.py").write_text(text)
    for command in ("ticketctl", f"{sys.executable} -I -m ticketctl"):
        shell.ok(f"{command} list -A && {command} note 3ah -m x && {command} check")
    shell.ok("git add -A tickets && git commit -q --allow-empty -m x")
    assert not victim.exists()
    # Python itself looks for what -m needs in the working folder before ours can run;
    # what we import afterwards, it does not find there.
    for name in ("__future__", "os", "re"):
        (store / f"{name}.py").unlink()
        shutil.rmtree(store / name)
    shell.run(f"{sys.executable} -m ticketctl list -A")
    assert not victim.exists()


# --- git, asked safely ---


@pytest.fixture
def public() -> Iterator[Shell]:
    """A shell in a folder that every user can reach."""
    with tempfile.TemporaryDirectory(prefix="ticketctl-test-") as name:
        os.chmod(name, 0o755)
        yield Shell(Path(name) / "desk")


@ROOT_ONLY
def test_a_repository_of_another_user(public: Shell) -> None:
    """Told as what it is, by every command, with git's own remedy; never as "no
    repository"."""
    shell, store = public, public.folder
    shell.ok(
        "ticketctl init -p biztech && ticketctl new 'It does not work' -c jane@customer.example"
    )
    shell.ok("git config --file .git/config ticketctl.sender true")
    for path in [store, *store.rglob("*")]:
        os.chown(path, 65534, 65534, follow_symlinks=False)
    for command in (
        "list",
        "show 3ah",
        "note 3ah -m x",
        "sweep",
        "doctor",
        "mail send",
        "check --range HEAD..HEAD",
    ):
        ran = shell.run(f"ticketctl {command}")
        assert ran.status == 71, (command, ran)
        assert "dubious ownership" in ran.out and "sudo -u nobody" in ran.out, (
            command,
            ran,
        )
        assert f"git config --global --add safe.directory {store}" in ran.out, (
            command,
            ran,
        )
    ran = shell.run("ticketctl init sub")
    assert ran.status == 71 and "dubious ownership" in ran.out, ran
    shell.ok(f"git config --global --add safe.directory {store}")
    shell.ok(
        "ticketctl note 3ah -m x && ticketctl assign 3ah @me && ticketctl move 3ah Solved --reply Done"
    )
    shell.ok(
        "ticketctl list && ticketctl sweep && ticketctl new y -c jane@customer.example && ticketctl index rebuild"
    )
    others = [path for path in store.rglob("*") if path.lstat().st_uid != 65534]
    assert not others, "what root makes in another's store goes to its owner"


@ROOT_ONLY
def test_a_folder_of_roots_in_anothers_repository(public: Shell) -> None:
    """Whose the repository is decides: git runs as its owner, who keeps all that is
    made."""
    shell, store = public, public.folder
    shell.ok("git init -q && git commit -q --allow-empty -m x")
    for path in [store, *store.rglob("*")]:
        os.chown(path, 65534, 65534, follow_symlinks=False)
    shell.ok(f"git config --global --add safe.directory {store}")
    shell.ok(
        "ticketctl init sub -p biztech && sed -i 's/commit: off/commit: auto/' sub/ticketctl.yaml"
    )
    who = store.parent / "who"
    who.write_text("")
    who.chmod(0o666)
    shell.ok(f"git config core.fsmonitor 'id -u >> {who}; false'")
    for path in [store / ".git/config"]:
        os.chown(path, 65534, 65534)
    shell.ok(
        "ticketctl -C sub new x -c jane@customer.example && ticketctl -C sub list && ticketctl -C sub doctor"
    )
    assert not [path for path in store.rglob("*") if path.lstat().st_uid != 65534]
    assert set(who.read_text().split()) <= {"65534"}


@pytest.mark.parametrize(
    "name", [".gitattributes", ".gitignore", "tickets/.gitattributes"]
)
@pytest.mark.parametrize("kind", ["fifo", "device"])
def test_git_does_not_wait_for_what_is_no_file(
    name: str, kind: str, shell: Shell, store: Path
) -> None:
    (store / name).unlink(missing_ok=True)
    special(store / name, kind, store)
    for command in ("note 3ah -m x", "doctor", "sweep", "list -A"):
        ran = shell.run(f"timeout 20 ticketctl {command}")
        assert ran.status in (0, 1, 71) and "Traceback" not in ran.out, (command, ran)
        assert ran.status == 0 or name in ran.out, (command, ran)


def test_init_sets_up_a_clone_again(shell: Shell, store: Path) -> None:
    """A further clone, and one of an older version; ``doctor`` says so."""
    other = clone(shell, store)
    assert "merge tickets (ticketctl init)" in other.run("ticketctl doctor").out
    assert "set up this clone" in other.ok("ticketctl init")
    assert "0 problems" in other.ok("ticketctl doctor")
    assert (other.folder / ".git/hooks/pre-commit").read_text() == (
        store / ".git/hooks/pre-commit"
    ).read_text()
    other.ok("git config merge.ticketctl.driver 'ticketctl merge-driver %O %A %B %P'")
    assert "older version (ticketctl init)" in other.ok("ticketctl doctor")
    other.ok("ticketctl init && ticketctl init")
    assert "older" not in other.ok("ticketctl doctor")


BROKEN = {
    "no HEAD": lambda folder: (folder / "HEAD").unlink(),
    "no objects": lambda folder: shutil.rmtree(folder / "objects"),
    "an empty folder": lambda folder: (shutil.rmtree(folder), folder.mkdir()),
    "a file that names nothing": lambda folder: (
        shutil.rmtree(folder),
        folder.write_text("gitdir: nowhere\n"),
    ),
    "a file of something else": lambda folder: (
        shutil.rmtree(folder),
        folder.write_text("hello\n"),
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_repository_that_git_refuses_is_not_outside_git(
    what: str, tmp_path: Path
) -> None:
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    BROKEN[what](root / ".git")
    for words in (("list",), ("note", "aaaaa", "-m", "x"), ("doctor",)):
        ran = ticketctl(root, *words)
        assert ran.status == 71 and f"{root}/.git" in ran.err, (words, ran)


def test_what_the_environment_says_of_git(
    shell: Shell, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Configuration is kept; what names another repository is dropped."""
    other = shell.folder.parent / "other"
    other.mkdir()
    git(other, "init", "-q")
    before = shell.ok("git rev-parse HEAD")
    named = f"GIT_DIR={other}/.git GIT_WORK_TREE={other} GIT_INDEX_FILE={other}/.git/index GIT_OBJECT_DIRECTORY={other}"
    shell.ok(
        f"{named} GIT_COMMON_DIR={other}/.git GIT_PREFIX=x/ ticketctl note 3ah -m x"
    )
    assert shell.ok("git rev-parse HEAD") != before and not git(
        other, "rev-list", "--all"
    )
    count = "GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_0=user.email GIT_CONFIG_VALUE_0=zoe@support.example"
    shell.ok(
        f"{count} GIT_CONFIG_KEY_1=user.name GIT_CONFIG_VALUE_1=Zoe ticketctl note 3ah -m y"
    )
    assert (
        shell.ok("git log -1 --format='%an %ae'").strip() == "Zoe zoe@support.example"
    )
    shell.ok(
        """GIT_CONFIG_PARAMETERS="'user.email=max@support.example'" ticketctl note 3ah -m z"""
    )
    assert shell.ok("git log -1 --format=%ae").strip() == "max@support.example"


def test_the_hook_finds_the_program_or_says_so(shell: Shell, store: Path) -> None:
    """By PATH, else where init recorded it, else the commit passes with a word."""
    program = shell.ok("git config --local ticketctl.program").strip()
    assert Path(program) == shell.home / "bin/ticketctl"
    ticket = next(store.glob("tickets/*/*/*/*.yaml"))
    bare = f"PATH=/usr/bin:/bin HOME={shell.home}"
    ticket.write_text(ticket.read_text().replace("It does not work", "It works"))
    for path in ("", f"{bare} "):
        ran = shell.run(f"{path}git commit -qam forged")
        assert ran.status == 1 and "is not what was written" in ran.out, ran
    shell.ok("git config --unset ticketctl.program")
    ran = shell.run(f"{bare} git commit -qam forged")
    assert (
        ran.status == 0
        and "not checked" in ran.out
        and "git config ticketctl.program" in ran.out
    ), ran


def test_the_hook_takes_no_program_from_the_store(shell: Shell, store: Path) -> None:
    """A PATH with relative parts would."""
    victim = shell.folder.parent / "owned"
    planted = store / "ticketctl"
    planted.write_text(f"#!/bin/sh\ntouch {victim}\n")
    planted.chmod(0o755)
    ticket = next(store.glob("tickets/*/*/*/*.yaml"))
    ticket.write_text(ticket.read_text() + "# by hand\n")
    shell.run("PATH=.:/usr/bin:/bin git commit -qam x")
    assert not victim.exists()


def test_the_hook_of_the_first_version_gives_way(shell: Shell, store: Path) -> None:
    from ticketctl.store.git.setup import _OLD_HOOK, set_up

    hook = store / ".git/hooks/pre-commit"
    new = hook.read_text()
    hook.write_text(_OLD_HOOK)
    set_up(str(store), hook=True)
    assert hook.read_text() == new and os.access(hook, os.X_OK)
    hook.write_text("#!/bin/sh\n# mine\n")
    set_up(str(store), hook=True)
    assert hook.read_text() == "#!/bin/sh\n# mine\n"


# --- several users ---


@pytest.fixture
def umask() -> Iterator[None]:
    """The usual one, whatever the tests are run with."""
    old = os.umask(0o022)
    yield
    os.umask(old)


@pytest.mark.parametrize(
    ("shared", "file", "folder"),
    [
        ("false", 0o644, 0o755),
        ("umask", 0o644, 0o755),
        ("group", 0o664, 0o2775),
        ("true", 0o664, 0o2775),
        ("all", 0o664, 0o2775),
        ("0660", 0o664, 0o2775),
        ("660", 0o664, 0o2775),
    ],
)
def test_modes_follow_shared_repository(
    shared: str, file: int, folder: int, shell: Shell, store: Path, umask: None
) -> None:
    shell.ok(f"git config core.sharedRepository {shared}")
    shutil.rmtree(store / ".git/ticketctl")
    shell.now = "2026-11-03T09:00"
    shell.ok(
        "ticketctl new y -c jane@customer.example --id 261103-aaaaa && ticketctl assign aaaaa @me"
    )
    shell.ok(
        "ticketctl move aaaaa Solved --reply Done && ticketctl list && ticketctl sweep"
    )
    made = [
        store / "tickets/2026/11/03",
        *(store / ".git/ticketctl").rglob("*"),
        *(store / "tickets/2026/11/03").iterdir(),
    ]
    for path in made:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (folder if path.is_dir() else file), (path, oct(mode))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[core]\n\tsharedRepository = group\n", "group"),
        ("[core] sharedRepository = group ; ours\n", "group"),
        ('[CORE]\n sharedrepository = "group" # ours\n', "group"),
        ("[core]\nsharedRepository\n", "true"),
        ("[other]\nsharedRepository = group\n", ""),
        ("[core]\n# sharedRepository = group\n", ""),
        ('[core "x"]\nsharedRepository = group\n', ""),
        ("[core]\nsharedRepository = 1\nsharedRepository = 0\n", "0"),
    ],
)
def test_what_git_writes_of_itself_is_read_as_git_reads_it(
    text: str, value: str, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text(text)
    assert setting(str(tmp_path), "sharedrepository") == value
    git(tmp_path, "init", "-q")
    (tmp_path / ".git/config").write_text(text)
    said = git(
        tmp_path,
        "config",
        "--file",
        ".git/config",
        "--default",
        "",
        "--get",
        "core.sharedRepository",
    )
    assert said == value or (said, value) == ("", "true")


def test_a_replaced_file_keeps_its_permissions(tmp_path: Path, umask: None) -> None:
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    (root / TICKET).chmod(0o600)
    done(root, "note", "aaaaa", "-m", "x")
    assert stat.S_IMODE((root / TICKET).stat().st_mode) == 0o600


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
    assert (
        len(files_of(root, "tickets")) == before + 3
        and not Path(found(root).journal).exists()
    )


def test_default_acls_are_honoured(tmp_path: Path, umask: None) -> None:
    if shutil.which("setfacl") is None:
        pytest.skip("setfacl is not installed (package acl)")
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa")
    acl = [
        "setfacl",
        "-d",
        "-m",
        "g::rwx,m::rwx",
        str(root / "tickets/2026/11/02"),
        str(root / "tickets/2026/11"),
    ]
    if subprocess.run(acl, capture_output=True).returncode:
        pytest.skip("this file system has no access control lists")
    done(root, "new", "y", "--id", "261102-bbbbb", "-c", "jane@customer.example")
    done(root, "new", "y", "--id", "261103-bbbbb", "-c", "jane@customer.example")
    assert (
        stat.S_IMODE((root / "tickets/2026/11/02/261102-bbbbb.yaml").stat().st_mode)
        == 0o664
    )
    assert stat.S_IMODE((root / "tickets/2026/11/03").stat().st_mode) == 0o775


# --- the first version ---


def test_a_store_of_the_first_version_works_at_once(shell: Shell, store: Path) -> None:
    """Its old folder lies there, with caches and all; nothing of it is read or changed."""
    shutil.rmtree(store / ".git/ticketctl")
    old = store / ".ticketctl"
    (old / "tmp").mkdir(parents=True)
    (old / "cache").mkdir()
    (old / "last-sweep").write_text("2026-11-01T00:00:00Z\n")
    os.chmod(old, 0)
    shell.ok(
        "ticketctl list && ticketctl note 3ah -m x && ticketctl sweep && ticketctl check"
    )
    os.chmod(old, 0o755)
    assert sorted(path.name for path in old.iterdir()) == ["cache", "last-sweep", "tmp"]
    assert time.time() - (old / "last-sweep").stat().st_mtime < 3600
