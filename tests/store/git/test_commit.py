"""Commits that cost what they change: the same commit as git's own, and nothing of
anybody else's in it (hazards 1, 13)."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.campaign import rounds
from ticketctl.errors import BusyError, DiskError
from ticketctl.store.git import objects, staging
from ticketctl.store.git.commit import commit_files
from ticketctl.store.git.index_lock import IndexLock
from ticketctl.store.git.written_files import CommitResult, WrittenFile
from ticketctl.store.state import locate

WHO = "amy@support.example"


def git(root: Path, *words: str, ok: bool = True) -> str:
    """Real git."""
    done = subprocess.run(
        ["git", "-C", str(root), *words], capture_output=True, text=True, check=False
    )
    assert not ok or done.returncode == 0, done.stderr
    return done.stdout


def commit(
    root: Path, paths: Sequence[str], message: str, who: str, author: str = ""
) -> CommitResult:
    """Commit files of a store, as commands do that have written them."""
    state = locate(str(root))
    assert state.repository is not None
    lock = IndexLock(state.repository, state.access)
    try:
        return commit_files(
            state, [WrittenFile(path) for path in paths], message, who, lock, author
        )
    finally:
        lock.release()


@pytest.fixture(params=["sha1", "sha256", "sha1, many"])
def root(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A repository with a few tickets and other files, some of them odd to git; also
    where one is many."""
    root = tmp_path / "store"
    kind, _, many = request.param.partition(",")
    if many:
        monkeypatch.setattr(objects, "_UNPACKED", 0)
        monkeypatch.setattr(staging, "_ARGUMENTS", 2)
    root.mkdir()
    git(root, "init", "-q", "-b", "main", f"--object-format={kind}")
    git(root, "config", "user.name", "Amy"), git(root, "config", "user.email", WHO)
    for path in (
        "tickets/2026/11/02/a.yaml",
        "tickets/2026/11/02/b.yaml",
        "tickets.txt",
        "tickets-old/x",
        "über/ö",
    ):
        write(root, path, path)
    (root / "run.sh").write_text("#!/bin/sh\n"), (root / "run.sh").chmod(0o755)
    (root / "link").symlink_to("nowhere")
    git(root, "add", "-A"), git(root, "commit", "-qm", "A store")
    return root


def write(root: Path, path: str, text: str) -> str:
    """A file; its path."""
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)
    return path


def test_it_is_the_commit_that_git_would_have_made(root: Path) -> None:
    """Any files, new and changed, in folders new and old: the tree of ``git commit
    --only``, a clean index, sound objects."""
    dice = random.Random(7)
    for turn in range(rounds(12, 200)):
        paths = [
            f"tickets/20{dice.choice('12')}6/0{dice.randrange(1, 4)}/{dice.choice(['02', '10', '2'])}/{dice.choice('abc')}"
            for _ in range(dice.randrange(1, 6))
        ]
        paths = [
            write(root, f"{path}.yaml", f"{turn} {dice.random()}")
            for path in dict.fromkeys(paths)
        ]
        before = git(root, "rev-parse", "HEAD").strip()
        commit(root, paths, f"Turn {turn}\n\nwith lines", WHO)
        ours = git(root, "rev-parse", "HEAD^{tree}")
        assert git(root, "rev-parse", "HEAD^").strip() == before
        assert git(root, "status", "--porcelain") == ""
        assert git(root, "log", "-1", "--format=%B%ae").split("\n")[:4] == [
            f"Turn {turn}",
            "",
            "with lines",
            WHO,
        ]
        git(root, "reset", "-q", "--soft", before), git(root, "commit", "-qm", "by git")
        assert git(root, "rev-parse", "HEAD^{tree}") == ours
    assert git(root, "fsck", "--strict", "--no-dangling") == ""
    assert "commit: Turn" in git(root, "reflog")


def test_what_the_user_has_staged_stays_staged(root: Path) -> None:
    """Their file is not in our commit, and is still staged after it; nor is what they
    left unstaged."""
    write(root, "tickets.txt", "staged"), git(root, "add", "tickets.txt")
    git(root, "rm", "-q", "--cached", "tickets-old/x")
    write(root, "run.sh", "changed")
    commit(root, [write(root, "tickets/2026/11/02/a.yaml", "ours")], "Ours", WHO)
    assert git(root, "show", "--format=", "--name-only", "HEAD").split() == [
        "tickets/2026/11/02/a.yaml"
    ]
    assert git(root, "diff", "--cached", "--name-only").split() == [
        "tickets-old/x",
        "tickets.txt",
    ]
    assert git(root, "diff", "--name-only").split() == ["run.sh"]


def test_a_store_below_the_top(root: Path) -> None:
    """The prefix counts, for the trees and for the index."""
    store = root / "desk/one"
    commit(
        store,
        [
            write(store, "tickets/2026/11/02/a.yaml", "x")
            for _ in [store.mkdir(parents=True)]
        ],
        "Ours",
        WHO,
    )
    assert git(root, "show", "--format=", "--name-only", "HEAD").split() == [
        "desk/one/tickets/2026/11/02/a.yaml"
    ]
    assert git(root, "status", "--porcelain") == ""


def test_nothing_new_is_no_commit(root: Path) -> None:
    before = git(root, "rev-parse", "HEAD")
    commit(root, ["tickets/2026/11/02/a.yaml"], "Nothing", WHO)
    assert git(root, "rev-parse", "HEAD") == before


def test_ignored_files_are_ours_all_the_same(root: Path) -> None:
    """A ``tickets/`` that git is told to ignore is committed by who says ``commit:
    auto``."""
    (root / ".gitignore").write_text("tickets/2027/\n")
    commit(root, [write(root, "tickets/2027/01/01/a.yaml", "x")], "Ours", WHO)
    assert git(root, "show", "--format=", "--name-only", "HEAD").split() == [
        "tickets/2027/01/01/a.yaml"
    ]


def test_whose_repository_knows_nobody(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address of who acted is the author then."""
    (
        git(root, "config", "--unset", "user.name"),
        git(root, "config", "--unset", "user.email"),
    )
    commit(
        root,
        [write(root, "tickets/2026/11/02/a.yaml", "x")],
        "Ours",
        "tom@support.example",
    )
    assert (
        git(root, "log", "-1", "--format=%an %ae %cn").strip()
        == "tom tom@support.example tom"
    )


def test_hooks_of_others_have_their_say(root: Path) -> None:
    """Git makes the commit itself where there is a hook that is not ours, and is
    obeyed."""
    hook = root / ".git/hooks/commit-msg"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\necho "Seen-By: hook" >> "$1"\n'), hook.chmod(0o755)
    commit(root, [write(root, "tickets/2026/11/02/a.yaml", "x")], "Ours", WHO)
    assert "Seen-By: hook" in git(root, "log", "-1", "--format=%B")
    hook.write_text("#!/bin/sh\nexit 1\n")
    before = git(root, "rev-parse", "HEAD")
    with pytest.raises(DiskError):
        commit(root, [write(root, "tickets/2026/11/02/a.yaml", "y")], "Ours", WHO)
    assert git(root, "rev-parse", "HEAD") == before


def test_where_hooks_have_a_say_nothing_new_is_no_commit(root: Path) -> None:
    """What somebody else has committed first is no failure, be it one of several."""
    hook = root / ".git/hooks/commit-msg"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\n"), hook.chmod(0o755)
    path = write(root, "tickets/2026/11/02/a.yaml", "x")
    git(root, "commit", "-qam", "theirs")
    commit(root, [path], "Ours", WHO)
    assert git(root, "log", "-1", "--format=%s").strip() == "theirs"
    commit(root, [path, write(root, "tickets/2026/11/02/b.yaml", "x")], "Ours", WHO)
    assert git(root, "log", "-1", "--format=%s").strip() == "Ours"


@pytest.mark.parametrize(
    "attributes", ["filter=hide", "text eol=crlf", "ident", "text=auto"]
)
def test_what_git_makes_of_files_on_their_way_is_committed(
    root: Path, attributes: str
) -> None:
    """Where attributes have it change the bytes (git-crypt, line ends), as ``git add``
    would."""
    (
        git(root, "config", "filter.hide.clean", "sed s/secret/hidden/"),
        git(root, "config", "filter.hide.required", "true"),
    )
    (root / ".gitattributes").write_text(f"tickets/** {attributes}\n")
    git(root, "add", "-A"), git(root, "commit", "-qm", "attributes", "--allow-empty")
    text = "a secret\r\n$Id: x$\r\n"
    paths = [write(root, f"tickets/2026/11/0{number}/a.yaml", "") for number in (2, 3)]
    for path in paths:
        (root / path).write_bytes(text.encode())
    commit(root, paths, "Ours", WHO)
    ours = git(root, "rev-parse", "HEAD^{tree}")
    assert git(root, "status", "--porcelain") == ""
    git(root, "reset", "-q", "--soft", "HEAD^"), git(root, "commit", "-qam", "by git")
    assert git(root, "rev-parse", "HEAD^{tree}") == ours
    assert git(root, "fsck", "--strict", "--no-dangling") == ""


def test_a_signed_commit_is_signed_by_git(root: Path, tmp_path: Path) -> None:
    """With an ssh key; the author may be somebody else."""
    key = tmp_path / "key"
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed")
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True
    )
    (tmp_path / "signers").write_text(f"{WHO} {key.with_suffix('.pub').read_text()}")
    for name, value in (
        ("commit.gpgsign", "true"),
        ("gpg.format", "ssh"),
        ("user.signingkey", f"{key}.pub"),
        ("gpg.ssh.allowedSignersFile", str(tmp_path / "signers")),
    ):
        git(root, "config", name, value)
    path = write(root, "tickets/2026/11/02/a.yaml", "x")
    made = commit(root, [path], "Ours", WHO, "tom@support.example")
    git(root, "verify-commit", made.id)
    assert (
        git(root, "log", "-1", "--format=%s %ae %ce").strip()
        == f"Ours tom@support.example {WHO}"
    )
    assert git(root, "status", "--porcelain") == ""


def test_a_merge_that_is_going_on_is_left_alone(root: Path) -> None:
    """Git says no, and says why; the merge can be ended as it was begun."""
    (
        git(root, "checkout", "-qb", "other"),
        write(root, "tickets.txt", "theirs"),
        git(root, "commit", "-qam", "theirs"),
    )
    (
        git(root, "checkout", "-q", "main"),
        write(root, "tickets.txt", "ours"),
        git(root, "commit", "-qam", "ours"),
    )
    git(root, "merge", "-q", "other", ok=False)
    with pytest.raises(BusyError, match="a merge is in progress"):
        commit(root, [write(root, "tickets/2026/11/02/a.yaml", "x")], "Ours", WHO)
    assert (root / ".git/MERGE_HEAD").exists()


def test_the_first_commit_and_a_detached_head(root: Path, tmp_path: Path) -> None:
    """Where there is no commit yet, and where no branch is checked out."""
    new = tmp_path / "new"
    new.mkdir()
    git(new, "init", "-q")
    commit(new, [write(new, "tickets/2026/11/02/a.yaml", "x")], "First", WHO)
    assert git(new, "log", "--format=%s").strip() == "First"
    git(root, "checkout", "-q", "--detach")
    commit(root, [write(root, "tickets/2026/11/02/a.yaml", "x")], "Alone", WHO)
    assert git(root, "log", "-1", "--format=%s", "HEAD").strip() == "Alone"
    assert git(root, "log", "-1", "--format=%s", "main").strip() == "A store"


def test_head_that_moves_meanwhile_is_not_lost(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody commits between our reading HEAD and moving it: both commits are there
    (compare-and-swap)."""
    brought_in = objects.store_objects
    moved: list[str] = []

    def late(*words: Any) -> None:
        if not moved:
            moved.append(
                git(
                    root, "commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "theirs"
                ).strip()
            )
            git(root, "update-ref", "HEAD", moved[0])
        brought_in(*words)

    monkeypatch.setattr(objects, "store_objects", late)
    commit(root, [write(root, "tickets/2026/11/02/a.yaml", "x")], "Ours", WHO)
    assert git(root, "log", "--format=%s").split("\n")[:3] == [
        "Ours",
        "theirs",
        "A store",
    ]
    assert git(root, "status", "--porcelain") == ""


def test_many_who_commit_at_once(root: Path) -> None:
    """Whoever commits besides us, by git or by us: no commit is lost, each is told if
    it could not be."""
    done: list[str] = []

    def work(name: str) -> None:
        for number in range(5):
            try:
                path = write(root, f"tickets/2026/12/0{name}/{number}.yaml", name)
                commit(root, [path], f"{name}{number}", WHO)
                done.append(f"{name}{number}")
            except (BusyError, DiskError):
                pass  # git's index was locked: that is said, and tried again

    threads = [threading.Thread(target=work, args=(name,)) for name in "123"]
    [thread.start() for thread in threads], [thread.join() for thread in threads]
    told = git(root, "log", "--format=%s").splitlines()
    assert set(done) <= set(told) and len(told) == len(set(told))
    assert git(root, "fsck", "--strict", "--no-dangling") == ""
    assert os.path.exists(root / ".git/index") and not os.path.exists(
        root / ".git/index.lock"
    )


@pytest.mark.parametrize("staged", [False, True])
@pytest.mark.parametrize("flag", ["assume-unchanged", "skip-worktree"])
def test_files_at_which_git_was_told_not_to_look(
    root: Path, flag: str, staged: bool
) -> None:
    """They are committed with what is in them, and git is still told so; no commit
    names a blob that is not there."""
    path = "tickets/2026/11/02/a.yaml"
    if staged:
        git(root, "add", write(root, path, "staged before"))
    git(root, "update-index", f"--{flag}", path)
    other = write(root, "tickets/2026/11/02/b.yaml", "new too")
    commit(root, [write(root, path, "new"), other], "Ours", WHO)
    assert (git(root, "show", f"HEAD:{path}"), git(root, "show", f"HEAD:{other}")) == (
        "new",
        "new too",
    )
    assert (
        git(root, "ls-files", "-v", path)[0]
        == {"assume-unchanged": "h", "skip-worktree": "S"}[flag]
    )
    assert (
        git(root, "status", "--porcelain") == ""
        and git(root, "diff", "--cached", "--name-only") == ""
    )
    assert git(root, "fsck", "--strict", "--no-dangling") == ""


def test_a_repository_whose_git_never_looks(root: Path) -> None:
    """``core.ignoreStat`` flags whatever is added."""
    (
        git(root, "config", "core.ignoreStat", "true"),
        git(root, "update-index", "--really-refresh"),
    )
    for text in ("one", "two"):
        commit(root, [write(root, "tickets/2026/11/02/a.yaml", text)], text, WHO)
        assert git(root, "show", "HEAD:tickets/2026/11/02/a.yaml") == text
    assert git(root, "fsck", "--strict", "--no-dangling") == ""


def test_a_staged_submodule_that_git_is_told_to_ignore(
    root: Path, tmp_path: Path
) -> None:
    """Another commit of it, staged, is not ours, whatever ``submodule.NAME.ignore``
    says."""
    if "sha256" in git(root, "rev-parse", "--show-object-format"):
        pytest.skip("a repository within must have ids of the same kind")
    sub = tmp_path / "sub"
    amy = ("-c", "user.name=Amy", "-c", f"user.email={WHO}")
    (
        git(tmp_path, "init", "-q", str(sub)),
        git(sub, *amy, "commit", "-qm", "x", "--allow-empty"),
    )
    git(
        root,
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "add",
        "-q",
        str(sub),
        "sub",
    )
    (
        git(root, "config", "-f", ".gitmodules", "submodule.sub.ignore", "all"),
        git(root, "add", "-A"),
    )
    (
        git(root, "commit", "-qm", "sub"),
        git(root / "sub", *amy, "commit", "-qm", "new", "--allow-empty"),
    )
    new = git(root / "sub", "rev-parse", "HEAD").strip()
    git(root, "update-index", "--cacheinfo", f"160000,{new},sub")
    commit(root, [write(root, "tickets/2026/11/02/a.yaml", "ours")], "Ours", WHO)
    said = git(
        root,
        "diff-tree",
        "-r",
        "--ignore-submodules=none",
        "--name-only",
        "HEAD^",
        "HEAD",
    )
    assert said.split() == ["tickets/2026/11/02/a.yaml"]
