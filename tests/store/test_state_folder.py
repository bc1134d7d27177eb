"""A store from a stranger is data (docs/security.md, T1 to T5 and T17).

Each test plants what a stranger's clone or archive could contain, runs commands on it
as real processes, and sees that nothing of it is trusted, run, followed or written
through.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from tests.support.shell import Shell
from tests.support.state import found, outbox_of, state_of
from tests.support.stores import done, files_of, make_store, make_tickets, ticketctl
from tests.support.strangers import clone

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


def test_a_clone_that_brings_state_runs_nothing(
    shell: Shell, store_in_git: Path
) -> None:
    """T1: cloning a store and adding a note ran a planted hook."""
    victim = shell.folder.parent / "owned"
    plant_old_state(store_in_git, victim)
    shell.ok("git add -f .ticketctl && git commit -qm 'A gift'")
    other = clone(shell, store_in_git)
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
    assert not victim.exists()
    assert files_of(other.folder, ".ticketctl") == before
    assert not list((other.folder / ".git/hooks").glob("pre-commit"))


def test_a_tracked_state_folder_is_an_error_of_check_and_doctor_names_it(
    shell: Shell, store_in_git: Path
) -> None:
    plant_old_state(store_in_git, shell.folder.parent / "owned")
    ran = shell.run("ticketctl check")
    assert ran.status == 0, "what is not tracked is the clone's own affair"
    ran = shell.run("ticketctl doctor")
    assert ran.out.count(".ticketctl") >= 1
    assert "older version was interrupted" in ran.out
    assert ran.status == 1
    (store_in_git / ".ticketctl/journal.jsonl").unlink()
    assert "no longer used (rm -r .ticketctl)" in shell.run("ticketctl doctor").out
    shell.ok("git add -f .ticketctl && git commit -qm 'A gift' --no-verify")
    ran = shell.run("ticketctl check")
    assert ran.status == 1
    assert "git tracks .ticketctl" in ran.out
    assert "git rm -r --cached" in ran.out


def test_state_lies_where_git_says(shell: Shell, store_in_git: Path) -> None:
    """In the git directory of this very work tree; the outbox where all work trees find
    it."""
    place = shell.ok(
        "git rev-parse --path-format=absolute --git-path ticketctl"
    ).strip()
    assert shell.ok("ticketctl doctor --state").strip() == place
    assert Path(place).is_dir()
    shell.ok("git worktree add -q ../wt")
    other = Shell(shell.folder.parent / "wt")
    there = other.ok(
        "git rev-parse --path-format=absolute --git-path ticketctl"
    ).strip()
    said = other.ok("ticketctl doctor --state").splitlines()
    assert said == [there, f"outbox: {place}/outbox"]
    assert there != place
    other.ok("ticketctl assign 3ah @me && ticketctl move 3ah Solved --reply Done")
    assert list(Path(place, "outbox").iterdir())
    assert not Path(there, "outbox").exists()
    other.ok("ticketctl list")
    assert not list(other.folder.glob(".ticketctl*"))
    assert Path(there, "index-1.db").exists()
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
    assert len(set(places)) == 2
    assert {Path(place).parent for place in places} == {stores}


def test_a_submodule_has_its_own(shell: Shell, store_in_git: Path) -> None:
    outer = Shell(shell.folder.parent / "outer")
    outer.ok(
        f"git init -q && git -c protocol.file.allow=always submodule --quiet add {store_in_git} desk"
    )
    place = outer.ok("ticketctl -C desk doctor --state").strip()
    assert place == str(outer.folder / ".git/modules/desk/ticketctl")
    outer.ok("ticketctl -C desk note 3ah -m Hello && ticketctl -C desk list")
    assert outer.ok("git -C desk log --format=%s -1").startswith("3ah")


def test_what_a_git_file_names_must_point_back(
    shell: Shell, store_in_git: Path
) -> None:
    """T1: a folder that names somebody else's repository gets no say in that one's
    state."""
    other = shell.folder.parent / "other"
    (other / "tickets").mkdir(parents=True)
    (other / "ticketctl.yaml").write_text("profile: biztech\n")
    (other / ".git").write_text(f"gitdir: {store_in_git}/.git\n")
    mine, theirs = shell.ok("ticketctl doctor --state").strip(), found(other).folder
    assert theirs.startswith(f"{mine}/stores/")
    assert theirs != mine


def test_outside_git_caches_are_the_users_own(tmp_path: Path) -> None:
    root = make_store(tmp_path / "store", git=False)
    make_tickets(root, "aaaaa")
    done(root, "move", "aaaaa", "Open", "-a", "amy@support.example")
    done(root, "move", "aaaaa", "Pending", "--reply", "Which one?")
    done(root, "list")
    cache = Path(os.environ["HOME"], ".cache/ticketctl/stores")
    assert state_of(root).parent == cache
    assert list(state_of(root).glob("index-*.db"))
    assert list(outbox_of(root).iterdir())
    assert outbox_of(root).parent == state_of(root)
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
    assert done(root, *words) == before
    assert files_of(root, "tickets") == tickets
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
    assert list((tmp_path / "state").glob("store-*/index-1.db"))
    assert not (root / ".git/ticketctl").exists()
    for wrong in ("state", str(root), str(root / "tickets/x")):
        monkeypatch.setenv("TICKETCTL_STATE", wrong)
        ran = ticketctl(root, "list")
        assert ran.status == 78 and f'invalid TICKETCTL_STATE "{wrong}"' in ran.err, ran


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


def test_modules_in_the_store_are_not_imported(
    shell: Shell, store_in_git: Path
) -> None:
    victim = shell.folder.parent / "owned"
    for name in MODULES:
        text = (
            f"open({str(victim)!r}, 'w').write({name!r})\nraise SystemExit('planted')\n"
        )
        (store_in_git / f"{name}.py").write_text(text)
        (store_in_git / name).mkdir()
        (store_in_git / name / "__init__.py").write_text(text)
    for command in ("ticketctl", f"{sys.executable} -I -m ticketctl"):
        shell.ok(f"{command} list -A && {command} note 3ah -m x && {command} check")
    shell.ok("git add -A tickets && git commit -q --allow-empty -m x")
    assert not victim.exists()
    # Python itself looks for what -m needs in the working folder before ours can run;
    # what we import afterwards, it does not find there.
    for name in ("__future__", "os", "re"):
        (store_in_git / f"{name}.py").unlink()
        shutil.rmtree(store_in_git / name)
    shell.run(f"{sys.executable} -m ticketctl list -A")
    assert not victim.exists()


# --- the first version ---


def test_a_store_of_the_first_version_works_at_once(
    shell: Shell, store_in_git: Path
) -> None:
    """Its old folder lies there, with caches and all; nothing of it is read or changed."""
    shutil.rmtree(store_in_git / ".git/ticketctl")
    old = store_in_git / ".ticketctl"
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
