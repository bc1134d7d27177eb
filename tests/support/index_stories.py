"""What happens to the files of a store, step by step, for tests of the index."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.support.index_stores import Box, git, ticket
from tests.support.state import state_of
from ticketctl.store.profiles import built_in

Story = Callable[[Box], Iterator[None]]


STORIES: dict[str, Story] = {}


ELSEWHERE = {
    "nested",
    "nested_in_a_day",
    "submodule",
    "git_taken_away",
    "core_worktree",
    "tickets_behind_a_link",
    "filtered",
    "line_ends",
    "keywords",
}
"""The stories in which git may not be able to answer, so that every file is looked at.
"""


def story(tell: Story) -> Story:
    STORIES[tell.__name__] = tell
    return tell


# --- hands ---


@story
def edited(b: Box) -> Iterator[None]:
    for kept in (False, True):
        for replaced in (False, True):
            b.edit(0, kept, replaced)
            b.edit(5, kept, replaced)
            yield
            b.edit(0, kept, replaced)
            yield


@story
def edited_and_back(b: Box) -> Iterator[None]:
    path, held = b.path(3), b.path(3).read_bytes()
    for kept in (False, True, True):
        b.edit(path, kept)
        yield
        path.write_bytes(held)
        yield


@story
def came_and_went(b: Box) -> Iterator[None]:
    path, held = b.path(2), b.path(2).read_bytes()
    path.unlink()
    b.add(50)
    yield
    path.write_bytes(held)
    b.path(-1).unlink()
    yield
    shutil.rmtree(path.parent)
    yield
    shutil.rmtree(b.root / "tickets")
    (b.root / "tickets").mkdir()
    yield
    b.git("checkout", "--", "tickets")
    yield


@story
def moved_to_another_day(b: Box) -> Iterator[None]:
    path, away = b.path(0), b.root / "tickets/2026/11/03/261102-moved.yaml"
    path.rename(away)
    yield
    away.rename(path)
    yield
    shutil.move(path.parent, b.root / "tickets/2026/11/22")
    yield
    b.git("reset", "-q", "--hard")
    shutil.move(b.root / "tickets/2026/11/22", b.root / "aside")
    yield


@story
def other_things_in_place(b: Box) -> Iterator[None]:
    path, aside = b.path(0), b.root / "aside"
    for put in (
        lambda: path.symlink_to(b.path(2)),
        path.mkdir,
        lambda: os.mkfifo(path),
        lambda: path.symlink_to("x"),
    ):
        path.rename(aside)
        put()
        yield
        yield
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
        aside.rename(path)
        yield
    path.unlink()
    path.mkdir()
    (path / "x").write_text("x")
    yield


@story
def folders_behind_links(b: Box) -> Iterator[None]:
    for name in ("tickets/2026/11/03", "tickets/2026/11", "tickets/2026"):
        folder, aside = b.root / name, b.root.parent / "elsewhere"
        folder.rename(aside)
        folder.symlink_to(aside)
        yield
        for path in list(aside.rglob("*.yaml"))[:1]:
            b.edit(path)
        yield
        folder.unlink()
        folder.write_text("a file")
        yield
        folder.unlink()
        aside.rename(folder)
        yield


@story
def tickets_behind_a_link(b: Box) -> Iterator[None]:
    folder, aside = b.root / "tickets", b.root.parent / "elsewhere"
    folder.rename(aside)
    folder.symlink_to(aside)
    yield
    b.edit(next(aside.rglob("*.yaml")))
    yield
    folder.unlink()
    aside.rename(folder)
    yield


# --- git ---


@story
def branches(b: Box) -> Iterator[None]:
    for dirty in (False, True):
        for branch in ("other", "main", "--detach"):
            if dirty:
                b.edit(-2)
            yield
            b.git("checkout", "-q", branch)
            yield
    b.git("symbolic-ref", "HEAD", "refs/heads/other")
    yield
    b.edit(0)
    b.git("update-ref", "HEAD", "main")
    yield


@story
def merged_and_rebased(b: Box) -> Iterator[None]:
    b.git("merge", "-q", "--no-edit", "other")
    yield
    b.git("reset", "-q", "--hard", "HEAD~1")
    yield
    b.edit(5)
    b.commit()
    yield
    b.git("rebase", "-q", "other")
    yield
    b.git("reset", "-q", "--hard", "ORIG_HEAD")
    yield


@story
def conflicted(b: Box) -> Iterator[None]:
    path = b.edit(0)
    b.commit()
    b.edit(path)
    b.commit()
    for end in (
        ("checkout", "--ours", "."),
        ("checkout", "--theirs", "."),
        ("merge", "--abort"),
    ):
        b.git("merge", "-q", "other", ok=False)
        assert b.git("ls-files", "-u")
        yield
        b.git(*end, ok=False)
        yield
        b.edit(path)
        yield
        b.git("reset", "-q", "--hard")
        yield


@story
def stashed(b: Box) -> Iterator[None]:
    b.edit(0)
    b.add(60)
    yield
    b.git("stash", "-q", "-u")
    yield
    b.git("stash", "pop", "-q")
    yield
    b.git("stash", "-q", "--keep-index")
    yield


@story
def reset_and_reverted(b: Box) -> Iterator[None]:
    for kind in ("--soft", "--mixed", "--hard"):
        b.edit(0)
        b.commit()
        yield
        b.git("reset", "-q", kind, "HEAD~1")
        yield
    b.edit(1)
    b.commit()
    yield
    b.git("revert", "--no-edit", "HEAD")
    yield
    b.edit(1)
    yield
    b.git("checkout", "--", "tickets")
    yield


@story
def staged(b: Box) -> Iterator[None]:
    path = b.edit(0)
    b.git("add", "-A")
    yield
    b.edit(path)
    yield
    b.git("restore", "--staged", ".")
    yield
    b.git("commit", "-qam", "dirty")
    yield
    b.edit(path, kept=True)
    yield
    b.git("commit", "-qa", "--amend", "--no-edit")
    yield
    b.git("rm", "-q", str(b.path(2)))
    yield
    b.git("rm", "-q", "--cached", str(b.path(2)))
    yield
    b.edit(2)
    yield
    b.git("mv", str(b.path(4)), "tickets/2026/11/02/261102-moved.yaml")
    yield
    b.git("add", "-N", str(b.add(70)))
    yield
    b.git("reset", "-q", "--hard")
    yield


@story
def old_head_gone(b: Box) -> Iterator[None]:
    b.edit(0)
    b.commit()
    yield
    for _ in range(2):
        b.edit(3)
        b.commit("--amend")
        b.git("reflog", "expire", "--expire=now", "--all")
        b.git("gc", "-q", "--prune=now")
        yield
        b.edit(0)
        yield


@story
def cloned(b: Box) -> Iterator[None]:
    b.commit()
    first = b.root
    for depth in ((), ("--depth", "1")):
        b.root = first.parent / f"clone{len(depth)}"
        git(first, "clone", "-q", *depth, f"file://{first}", str(b.root))
        shutil.copytree(state_of(first), state_of(b.root))
        yield
        b.edit(0, kept=True)
        yield
        b.commit()
        yield
    b.git("fetch", "-q", "--unshallow")
    b.git("reset", "-q", "--hard", "HEAD~2")
    yield


@story
def copied(b: Box) -> Iterator[None]:
    first, b.root = b.root, b.root.parent / "copy"
    shutil.copytree(first, b.root, symlinks=True)
    b.edit(0, kept=True)
    yield
    shutil.rmtree(first)
    b.root.rename(first)
    b.root = first
    b.edit(1, kept=True)
    yield


@story
def below_a_repository(b: Box) -> Iterator[None]:
    first, top = b.root, b.root.parent / "top"
    for name in ("a ä", "b"):
        shutil.copytree(
            first, top / name, ignore=shutil.ignore_patterns(".git", "index*")
        )
    git(top, "init", "-q")
    git(top, "add", "-A")
    git(top, "commit", "-qm", "x")
    b.root = top / "a ä"
    yield
    b.edit(0)
    yield
    b.commit()
    yield
    shutil.rmtree(state_of(top / "b"), ignore_errors=True)
    shutil.copytree(state_of(top / "a ä"), state_of(top / "b"))
    b.root = top / "b"
    yield
    b.edit(3, kept=True)
    yield
    git(top, "reset", "-q", "--hard")
    git(top, "mv", "b", "c")
    b.root = top / "c"
    shutil.copytree(top / ".git/ticketctl", aside := top.parent / "aside")
    for kept in aside.glob("stores/b-*"):
        shutil.move(kept, state_of(b.root))
    yield
    git(top, "commit", "-qam", "moved")
    yield


def hidden(b: Box, flag: str) -> Iterator[None]:
    path = b.path(0)
    for before in (False, True):
        if before:
            b.edit(path)
        yield
        b.git("update-index", f"--{flag}", str(path))
        yield
        b.edit(path)
        yield
        b.edit(path, kept=True)
        yield
        b.git("update-index", f"--no-{flag}", str(path))
        yield
        b.git("checkout", "-q", "--", ".")
        yield
    b.git("update-index", f"--{flag}", str(path))
    path.unlink()
    yield
    b.git("update-index", f"--no-{flag}", str(path))
    b.git("checkout", "-q", "--", ".")
    yield


@story
def assumed_unchanged(b: Box) -> Iterator[None]:
    yield from hidden(b, "assume-unchanged")


@story
def skipped(b: Box) -> Iterator[None]:
    yield from hidden(b, "skip-worktree")


@story
def sparse(b: Box) -> Iterator[None]:
    path = b.path(-1)
    held = path.read_bytes()
    b.git("sparse-checkout", "set", "--no-cone", "/tickets/2026/11/02")
    yield
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(held)
    b.edit(path)
    yield
    b.edit(path, kept=True)
    yield
    b.git("checkout", "-q", "other", ok=False)
    yield
    b.git("sparse-checkout", "disable")
    b.git("reset", "-q", "--hard")
    yield


@story
def ignored(b: Box) -> Iterator[None]:
    (b.root / ".gitignore").write_text("tickets/\n.ticketctl\n")
    b.add(80)
    yield
    b.edit(-1)
    yield
    b.git("rm", "-q", "-r", "--cached", "tickets")
    yield
    b.edit(0, kept=True)
    yield
    b.git("commit", "-qm", "none")
    yield
    b.edit(0, kept=True)
    yield
    b.path(0).unlink()
    yield
    (b.root / ".gitignore").write_text(".ticketctl\n")
    b.git("config", "status.showUntrackedFiles", "no")
    yield
    b.edit(0, kept=True)
    yield


@story
def nested(b: Box) -> Iterator[None]:
    inner = b.add(81).parent
    git(inner, "init", "-q")
    yield
    b.edit(-1, kept=True)
    yield
    git(inner, "add", "-A")
    git(inner, "commit", "-qm", "x")
    yield
    b.edit(-1, kept=True)
    b.edit(0)
    yield
    shutil.rmtree(inner / ".git")
    b.edit(-1, kept=True)
    yield


@story
def nested_in_a_day(b: Box) -> Iterator[None]:
    day = b.path(0).parent
    git(day, "init", "-q")
    yield
    b.edit(0, kept=True)
    b.add(82, "261102")
    yield
    git(day, "add", "-A")
    git(day, "commit", "-qm", "x")
    yield
    b.edit(0, kept=True)
    yield


@story
def submodule(b: Box) -> Iterator[None]:
    inner = b.root.parent / "inner"
    path, data = ticket(1, "261201")
    (inner / path.removeprefix("tickets/2026/12/")).parent.mkdir(parents=True)
    (inner / path.removeprefix("tickets/2026/12/")).write_bytes(data)
    git(inner, "init", "-q")
    git(inner, "add", "-A")
    git(inner, "commit", "-qm", "x")
    b.git("submodule", "add", "-q", str(inner), "tickets/2026/12")
    yield
    b.git("commit", "-qm", "submodule")
    yield
    b.edit(-1, kept=True)
    yield
    b.git("submodule", "deinit", "-f", "tickets/2026/12")
    yield


@story
def git_taken_away(b: Box) -> Iterator[None]:
    shutil.rmtree(b.root / ".git")
    b.edit(0)
    yield
    b.edit(1)
    yield
    b.git("init", "-q")
    b.edit(2)
    yield
    b.edit(3, kept=True)
    b.path(0).unlink()
    yield
    b.git("add", "-A")
    b.edit(3, kept=True)
    yield
    b.commit()
    yield
    b.edit(3, kept=True)
    yield


@story
def git_index_lost(b: Box) -> Iterator[None]:
    place = b.root / ".git/index"
    held = place.read_bytes()
    b.edit(0)
    b.git("add", "-A")
    yield
    place.unlink()
    b.edit(1)
    yield
    place.write_bytes(held)
    b.edit(1, kept=True)
    yield
    (b.root / ".git/index.lock").touch()
    b.edit(2)
    yield


@story
def odd_settings(b: Box) -> Iterator[None]:
    for number, (key, value) in enumerate(
        (
            ("core.trustctime", "false"),
            ("core.checkStat", "minimal"),
            ("core.fileMode", "false"),
            ("core.ignoreStat", "true"),
            ("core.untrackedCache", "true"),
            ("core.fsmonitor", "true"),
            ("core.splitIndex", "true"),
            ("index.version", "4"),
            ("status.relativePaths", "false"),
            ("diff.ignoreSubmodules", "all"),
            ("diff.relative", "true"),
            ("diff.external", "true"),
            ("diff.noprefix", "true"),
            ("core.ignoreCase", "true"),
            ("core.quotePath", "false"),
            ("diff.orderFile", "/dev/null"),
        )
    ):
        b.git("config", key, value)
        b.git("status")
        b.edit(number)
        yield
    b.commit()
    b.git("fsmonitor--daemon", "stop", ok=False)
    yield


@story
def core_worktree(b: Box) -> Iterator[None]:
    for key, value in (("core.worktree", str(b.root.parent)), ("core.bare", "true")):
        b.git("config", key, value)
        yield
        b.edit(0, kept=True)
        yield
        if key == "core.bare":
            b.git("config", "--unset", key)
        else:
            (b.root / ".git/config").write_text("")
        b.edit(0, kept=True)
        yield


def converted(b: Box, attributes: str) -> Iterator[None]:
    """Git compares what a filter makes of a file, a list reads the file itself."""
    (b.root / ".gitattributes").write_text(attributes)
    b.edit(0)
    b.edit(4)
    b.git("config", "filter.same.clean", "sed s/zz[0-9]*/zz0000/")
    b.git("add", "-A")
    b.git("commit", "-qm", "x")
    yield
    b.git("rm", "-q", "--cached", "-r", ".")
    b.git("reset", "-q", "--hard")
    yield
    path = b.path(0)
    b.edit(7, kept=True)
    yield
    b.edit(7, kept=True)
    yield
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    yield
    b.edit(0)
    b.edit(4, kept=True)
    yield
    b.commit()
    yield
    b.edit(4, target=r"zz\d{4}|\$Id[^$]*\$")
    yield


@story
def filtered(b: Box) -> Iterator[None]:
    yield from converted(b, "*.yaml filter=same\n")


@story
def line_ends(b: Box) -> Iterator[None]:
    b.git("config", "core.autocrlf", "true")
    yield from converted(b, "*.yaml text eol=crlf\n")


@story
def keywords(b: Box) -> Iterator[None]:
    for text in (b"$Id$", b"$Id: mine $", b"$Id$", b"$Id: some $"):
        (b.root / ".gitattributes").write_text("*.yaml ident\n")
        path = b.path(0)
        path.write_bytes(
            re.sub(rb"(?m)title: .*$", b'title: "' + text + b'"', path.read_bytes())
        )
        yield
        if text == b"$Id$":
            b.commit()
        yield


@story
def worktree(b: Box) -> Iterator[None]:
    first, b.root = b.root, b.root.parent / "wt"
    git(first, "worktree", "add", "-q", str(b.root), "other")
    shutil.copytree(state_of(first), state_of(b.root))
    yield
    b.edit(0)
    yield
    b.commit()
    yield
    b.root = first
    b.git("merge", "-q", "--no-edit", "other")
    yield


@story
def sha256(b: Box) -> Iterator[None]:
    shutil.rmtree(b.root / ".git")
    b.git("init", "-q", "--object-format=sha256")
    yield
    b.commit()
    yield
    b.edit(0)
    yield
    b.commit()
    yield
    b.edit(1)
    b.path(0).unlink()
    yield
    b.git("stash", "-q")
    yield


@story
def replaced_commit(b: Box) -> Iterator[None]:
    old = b.git("rev-parse", "HEAD")
    b.edit(0)
    b.commit()
    b.git("replace", old, "HEAD")
    b.git("update-ref", "HEAD", old)
    yield
    b.git("replace", "-d", old)
    yield


@story
def odd_environment(b: Box) -> Iterator[None]:
    for name in (
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_PREFIX",
        "GIT_OBJECT_DIRECTORY",
        "GIT_NAMESPACE",
    ):
        b.edit(0)
        b.patch.setenv(name, "/nowhere")
        yield
        b.patch.delenv(name)
    b.patch.setenv("GIT_LITERAL_PATHSPECS", "1")
    b.edit(0)
    yield


# --- rules ---


@story
def rules_changed(b: Box) -> Iterator[None]:
    settings, own, built = (
        b.root / "ticketctl.yaml",
        b.root / "profiles/biztech.yaml",
        Path(built_in(), "biztech.yaml"),
    )
    text = built.read_text()
    people = "people:\n  amy@support.example: {name: Amy, roles: [agent]}\n"
    settings.write_text(f"profile: biztech\ntimezone: Asia/Kolkata\n{people}")
    yield
    settings.write_text("profile: biztech\nholidays: [2026-11-05, 2026-11-06]\n")
    yield
    own.parent.mkdir()
    own.write_text(text.replace("P4D", "P9D"))
    yield
    own.write_text(text.replace("P4D", "P8D"))
    yield
    own.write_text("profile: [\n")
    yield
    own.unlink()
    yield
    b.patch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    b.edit(0)
    yield
    b.patch.setenv("TZ", "UTC")
    time.tzset()
    settings.unlink()
    yield
