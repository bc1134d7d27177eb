"""Commits that must not take anything away, nor believe what git could not write; found
by trying to break them."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

import pytest

from tests.support.places import ROOT
from tests.support.state import state_of
from tests.support.stores import done, make_store, make_tickets, ticketctl
from ticketctl.errors import DiskError
from ticketctl.store.git import process as our_git
from ticketctl.store.git.identity import identity_of

HALF = "bbbbb"


PATH = f"tickets/2026/11/02/261102-{HALF}.yaml"


def git(root: Path, *words: str, ok: bool = True) -> str:
    """Real git."""
    ran = subprocess.run(
        ["git", "-C", str(root), *words], capture_output=True, text=True, check=False
    )
    assert not ok or ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A store of two tickets in which every command commits."""
    root = tmp_path / "store"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    (
        git(root, "config", "user.name", "Amy"),
        git(root, "config", "user.email", "amy@support.example"),
    )
    make_store(root / "made", "commit: auto\n", git=False)
    for path in (root / "made").iterdir():
        path.rename(root / path.name)
    (root / "made").rmdir()
    make_tickets(root, "aaaaa", HALF)
    git(root, "add", "-A"), git(root, "commit", "-qm", "A store", "--allow-empty")
    return root


def hook(root: Path, name: str, body: str) -> Path:
    """A hook of somebody else's."""
    path = root / ".git/hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n"), path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    "what", ["HEAD", "HEAD^{tree}", "HEAD:tickets", "HEAD:tickets/2026/11/02"]
)
def test_what_git_cannot_read_is_not_taken_for_empty(root: Path, what: str) -> None:
    """A folder of the last commit, or the commit itself, is out of reach: a commit
    without it would delete all in it."""
    kept, head = (
        git(root, "ls-tree", "-r", "--name-only", "HEAD"),
        git(root, "rev-parse", "HEAD").strip(),
    )
    id_ = git(root, "rev-parse", what).strip()
    object_ = root / ".git/objects" / id_[:2] / id_[2:]
    object_.rename(root / ".git/aside")
    ran = ticketctl(root, "note", HALF, "-m", "Meanwhile.")
    assert (
        ran.status == 71 and "not committed" in ran.err and "Traceback" not in ran.err
    )
    (root / ".git/aside").rename(object_)
    assert git(root, "rev-parse", "HEAD").strip() == head
    done(root, "note", "aaaaa", "-m", "Next.")
    assert git(root, "ls-tree", "-r", "--name-only", "HEAD") == kept
    assert "Meanwhile." in git(root, "show", f"HEAD:{PATH}")
    assert git(root, "fsck", "--strict", "--no-dangling") == ""


@pytest.mark.parametrize("hooked", [False, True])
@pytest.mark.parametrize(
    "act",
    [
        ("note", HALF, "-m", "three"),
        ("move", HALF, "Open", "-a", "amy@support.example"),
    ],
)
def test_events_that_git_has_taken_out_of_a_file_are_not_taken_out_of_head(
    root: Path, act: tuple[str, ...], hooked: bool
) -> None:
    """A pull that lost a race has put an older state in its place: what comes next
    holds the events of both."""
    if hooked:
        hook(root, "commit-msg", "exit 0")
    done(root, "note", HALF, "-m", "one"), done(root, "note", HALF, "-m", "two")
    (root / PATH).write_text(git(root, "show", f"HEAD~1:{PATH}"))
    ran = ticketctl(root, *act)
    assert ran.status == 0 and "older state" in ran.err and HALF in ran.err
    text = git(root, "show", f"HEAD:{PATH}")
    assert (
        "note: one" in text
        and "note: two" in text
        and (act[0] == "move" or "note: three" in text)
    )
    assert (
        text == (root / PATH).read_text() and git(root, "status", "--porcelain") == ""
    )
    assert done(root, "check") == ""


def test_what_cannot_be_joined_is_not_committed(root: Path) -> None:
    """The older state has a comment by hand: it is for a person to say what is meant."""
    done(root, "note", HALF, "-m", "one"), done(root, "note", HALF, "-m", "two")
    (root / PATH).write_text(git(root, "show", f"HEAD~1:{PATH}") + "# by hand\n")
    ran = ticketctl(root, "note", HALF, "-m", "three")
    assert (
        ran.status == 71
        and "lacks events that the last commit has" in ran.err
        and f"git diff {PATH}" in ran.err
    )
    assert "note: two" in git(root, "show", f"HEAD:{PATH}")


@pytest.mark.parametrize("act", [("note", HALF, "-m", "x"), ("show", HALF), ("sweep",)])
def test_a_file_that_git_is_just_writing_is_waited_for(
    root: Path, act: tuple[str, ...]
) -> None:
    """Git makes a file before it writes it; a command that comes in between does not
    take the ticket for broken."""
    path = root / PATH
    data = path.read_bytes()
    path.write_bytes(b"")
    writer = threading.Timer(0.03, path.write_bytes, [data])
    writer.start()
    assert ticketctl(root, *act, now="2026-11-09T09:00:00Z").status == 0
    writer.join()
    path.write_bytes(b"")
    os.utime(path, (1, 1))
    assert ticketctl(root, "show", HALF).status == 65, "one that stays so is broken"


def test_git_syncs_each_object(root: Path) -> None:
    """Whatever the user has set: by the method ``batch`` git does not notice what
    cannot take its place."""
    (
        git(root, "config", "core.fsyncMethod", "batch"),
        git(root, "config", "core.fsync", "none"),
    )
    said = our_git.run_git(str(root), "config", "--get-regexp", "^core\\.fsync").stdout
    assert said.splitlines()[-2:] == ["core.fsync all", "core.fsyncmethod fsync"]


def test_a_file_that_was_removed_by_hand_is_nobodys_to_commit(root: Path) -> None:
    """What could not be committed, and is gone: the next sweep is not held up by it."""
    stop = hook(root, "reference-transaction", "exit 1")
    new = ticketctl(
        root, "new", "n", "-c", "jane@customer.example", "--id", "261102-ccccc"
    )
    assert new.status == 71
    stop.unlink()
    (root / "tickets/2026/11/02/261102-ccccc.yaml").unlink()
    done(root, "note", HALF, "-m", "Next.")
    assert ticketctl(root, "sweep").status == 0


def test_no_copy_of_the_index_is_left(root: Path) -> None:
    """Also where git has nothing to change in it, since it had the file before its
    reference failed."""
    stop = hook(root, "reference-transaction", "exit 1")
    assert ticketctl(root, "note", HALF, "-m", "a").status == 71
    stop.unlink()
    done(root, "note", HALF, "-m", "b")
    assert [path.name for path in (root / ".git").glob("index*")] == ["index"]
    assert git(root, "status", "--porcelain") == ""


def test_a_hook_that_writes_is_told_at_once(root: Path) -> None:
    """It would wait for the store's lock, which the command holds whose commit it is
    of."""
    hook(
        root,
        "pre-commit",
        f'"{__import__("sys").executable}" -m ticketctl -C "{root}" note aaaaa -m inner 2> said; exit 0',
    )
    ran = subprocess.run(
        [
            __import__("sys").executable,
            "-m",
            "ticketctl",
            "-C",
            str(root),
            "--as",
            "agent:amy@support.example",
            "note",
            HALF,
            "-m",
            "outer",
        ],
        capture_output=True,
        text=True,
        timeout=25,
        check=False,
        cwd=root,
        env={
            **os.environ,
            "TICKETCTL_NOW": "2026-11-02T09:00:00Z",
            "PYTHONPATH": str(ROOT),
        },
    )
    assert ran.returncode == 0, ran
    assert (
        "a hook of a commit that ticketctl makes cannot write"
        in (root / "said").read_text()
    )


def test_hooks_of_gits_configuration_have_their_say(root: Path) -> None:
    """Git 2.54 and later has hooks without files; where it has them, git makes the
    commit."""
    (
        git(root, "config", "hook.say.event", "pre-commit"),
        git(root, "config", "hook.say.command", "false"),
    )
    assert identity_of(str(root), "x@y.example").has_hooks
    head = git(root, "rev-parse", "HEAD")
    knows_them = git(root, "hook", "list", "pre-commit", ok=False) != ""
    ran = ticketctl(root, "note", HALF, "-m", "x")
    assert (ran.status == 71) == knows_them and (
        git(root, "rev-parse", "HEAD") == head
    ) == knows_them


def test_odd_ways_to_say_who_commits(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bare ``gpgsign``, a name of blanks, and an environment that names another
    author."""
    with (root / ".git/config").open("a") as file:
        file.write("[commit]\n\tgpgsign\n")
    assert identity_of(str(root), "x@y.example").signs
    (
        monkeypatch.setenv("GIT_AUTHOR_NAME", "Bob"),
        monkeypatch.setenv("GIT_AUTHOR_EMAIL", "bob@support.example"),
    )
    assert identity_of(str(root), "x@y.example").author.startswith(
        "Bob <bob@support.example> "
    )
    assert identity_of(str(root), "x@y.example", "tom@y.example").author.startswith(
        "tom <tom@y.example> "
    )
    monkeypatch.delenv("GIT_AUTHOR_NAME")
    git(root, "config", "user.name", "   ")
    with pytest.raises(DiskError, match="no name and address"):
        identity_of(str(root), "x@y.example")


def test_a_damaged_list_commits_nothing_of_a_person(root: Path) -> None:
    """After a power cut git is asked what is not committed; a file that no ticket names
    is not ours."""
    (state_of(root) / "uncommitted-0123456789abcdef.jsonl").touch()
    (
        (root / "attachments/x").mkdir(parents=True),
        (root / "attachments/x/mine.txt").write_text("by hand"),
    )
    done(root, "note", HALF, "-m", "x")
    assert git(root, "status", "--porcelain", "-uall") == "?? attachments/x/mine.txt\n"
    assert not list(state_of(root).glob("uncommitted-*"))
