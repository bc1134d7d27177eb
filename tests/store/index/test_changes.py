"""The index never changes an answer (hazard 20), whatever happens to the files.

Each scenario is a story in a store of its own (tests/support/index_stories.py): it does
something and yields, and at every yield the answer of the index is compared with an
index made of all files, in memory. Every story is told by stat, by git, and by both in
turn; with a clock by which files are young (nothing may be trusted), and by which they
are old (what is unchanged is not read).
"""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from tests.support.campaign import FULL, rounds
from tests.support.index_stores import ALL, DAYS, MODES, NOW, Box, content, truth
from tests.support.index_stories import ELSEWHERE, STORIES
from tests.support.state import found, state_of
from tests.support.stores import ticketctl
from ticketctl.app.index import refresh
from ticketctl.app.index.refresh import refreshed_index
from ticketctl.app.workspace import Workspace
from ticketctl.store.index import build, git_changes, stamps
from ticketctl.store.index.database import Index


def test_only_what_rows_are_made_by_makes_them_anew(box: Box) -> None:
    """People and holidays of the settings do; how commands commit, and what a sweep may
    do at once, does not."""
    settings = box.root / "ticketctl.yaml"

    def made_anew(text: str) -> bool:
        before = Index.newest(found(box.root))
        settings.write_text(f"profile: biztech\n{text}")
        refreshed_index(Workspace(str(box.root), NOW)).connection.close()
        return Index.newest(found(box.root)) != before

    made_anew("")
    for text in (
        "commit: off\n",
        "sweep: {max_moves: 7}\n",
        "timezone: Asia/Kolkata\n",
        "# a note\n",
        "",
    ):
        assert not made_anew(text), text
    for text in (
        "holidays: [2026-11-05]\n",
        "people:\n  amy@support.example: {roles: [agent]}\n",
        "people:\n",
    ):
        assert made_anew(text), text


@pytest.mark.parametrize(
    "box", tuple(MODES) if FULL else ("stat-old", "git"), indirect=True
)
@pytest.mark.parametrize("name", STORIES)
def test_a_list_is_what_all_files_say(name: str, box: Box) -> None:
    """Whatever happens to the files, and however it is found out (20)."""
    for _ in STORIES[name](box):
        box.check()
        box.check()
    assert name in ELSEWHERE or all(box.asked)
    state = state_of(box.root)
    shutil.rmtree(state)
    box.check()


def test_git_is_asked(box: Box) -> None:
    """What has not changed is not read again, by git as by stat, once the files are old
    enough (20)."""
    read: list[str] = []
    inner = refresh.parse_for_index
    box.patch.setattr(
        refresh,
        "parse_for_index",
        lambda workspace, look: (read.append(look.path), inner(workspace, look))[1],
    )
    one = box.edit(0)
    box.turn()
    with closing(refreshed_index(Workspace(str(box.root), NOW)).connection):
        assert "old" not in box.mode or read == [str(one.relative_to(box.root))]
    assert bool(box.asked) == ("g" in MODES[box.mode])
    assert all(box.asked)


@pytest.mark.parametrize("box", ["git-old"], indirect=True)
@pytest.mark.parametrize("staged", [False, True])
def test_before_the_first_commit_only_changes_are_read(box: Box, staged: bool) -> None:
    """Git vouches for no file then, but what git says of them has not changed."""
    box.git("checkout", "-q", "--orphan", "unborn")
    if not staged:
        box.git("rm", "-rq", "--cached", ".")
    read: list[str] = []
    inner = refresh.parse_for_index
    box.patch.setattr(
        refresh,
        "parse_for_index",
        lambda workspace, look: (read.append(look.path), inner(workspace, look))[1],
    )
    wanted = []
    for number in range(3):
        box.turn()
        with closing(refreshed_index(Workspace(str(box.root), NOW)).connection):
            assert number == 0 or read == wanted
        read.clear()
        wanted = [str(box.edit(number).relative_to(box.root))]
    assert all(box.asked)
    box.check()


def test_changes_within_one_tick(box: Box) -> None:
    """Same size, same second, same mtime, right after a list: by the real clock (20,
    the racy rule)."""
    box.patch.setattr(stamps, "time", time)
    box.git("status")  # git now knows the times of the files, to the second
    for number in range(rounds(20, 500)):
        box.turn()
        path = box.edit(number % 3, kept=number % 2 == 0)
        with closing(refreshed_index(Workspace(str(box.root), NOW)).connection):
            box.edit(path, kept=True)
        with (
            closing(
                refreshed_index(Workspace(str(box.root), NOW)).connection
            ) as connection,
            closing(truth(box.root).connection) as whole,
        ):
            assert content(Index(connection, None)) == content(Index(whole, None))


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_what_may_not_be_read(box: Box) -> None:
    """A file or a folder without the right to read it is named, until it can be read
    again (7, 20)."""
    for path in (box.path(0), box.path(0).parent):
        for mode in (0, 0o700):
            path.chmod(mode)
            box.check()


# --- at the same time ---

POINTS = (
    (git_changes, "_parse_status"),
    (git_changes, "_hidden_files"),
    (refresh, "find_changes"),
    (refresh, "_read"),
    (Index, "save"),
    (git_changes, "state_in_head"),
    (build, "build_index"),
)


ACTS: dict[str, Callable[[Box], object]] = {
    "edit": lambda b: b.edit(0, kept=True),
    "edit another": lambda b: b.edit(4, kept=True),
    "remove": lambda b: b.path(0).unlink(),
    "add": lambda b: b.add(95),
    "commit": lambda b: b.commit(),
    "checkout": lambda b: b.git("checkout", "-qf", "other"),
    "drop": lambda b: shutil.rmtree(state_of(b.root)),
    "list": lambda b: ticketctl(b.root, "list"),
}


@pytest.mark.parametrize("point", POINTS, ids=[name for _, name in POINTS])
def test_a_change_in_the_middle_of_an_update(
    point: tuple[object, str], box: Box
) -> None:
    """A list is of before or after it; the next one is of after it (20)."""
    where, name = point
    if point[0] is git_changes and "g" not in MODES[box.mode]:
        pytest.skip("git is not asked")
    for number, act in enumerate(ACTS.values()):
        when = ("before", "after")[(number + list(MODES).index(box.mode)) % 2]
        box.edit(0)
        box.edit(5)
        if name in ("state_in_head", "build_index"):  # on the way to a new index
            shutil.rmtree(state_of(box.root))
        inner, todo = getattr(where, name), [act]

        def racing(
            *words: Any, when: str = when, inner: Any = inner, todo: list[Any] = todo
        ) -> Any:
            if when == "before" and todo:
                todo.pop()(box)
            found = inner(*words)
            if when == "after" and todo:
                found = list(found) if name == "_read" else found
                todo.pop()(box)
            return found

        with box.patch.context() as patch:
            patch.setattr(where, name, racing)
            box.turn()
            ran = ticketctl(box.root, *ALL)
            assert ran.status == 0, f"{list(ACTS)[number]} {when} {name}: {ran.err}"
        box.check()
        box.git("checkout", "-qf", "main")
        box.git("checkout", "-q", "--", ".")
    box.check()


ANY: tuple[Callable[[Box, random.Random], object], ...] = (
    lambda b, r: b.edit(r.randrange(20), r.random() < 0.5, r.random() < 0.3),
    lambda b, r: b.edit(r.randrange(20), kept=True),
    lambda b, r: b.path(r.randrange(20)).unlink(),
    lambda b, r: b.add(r.randrange(200, 299), r.choice(DAYS)),
    lambda b, r: b.rename(
        r.randrange(20), f"tickets/2026/11/02/261102-{r.randrange(10**5):05}.yaml"
    ),
    lambda b, r: b.commit(*r.choice(((), (), ("--amend",))), ok=False),
    lambda b, r: b.git("commit", "-qm", "x", ok=False),
    lambda b, r: b.git("add", "-A"),
    lambda b, r: b.git(
        "checkout",
        "-q",
        *r.choice((("other",), ("main",), ("-f", "other"), ("-f", "main"))),
        ok=False,
    ),
    lambda b, r: b.git("checkout", "-q", "--", str(b.path(r.randrange(20))), ok=False),
    lambda b, r: b.git(
        "stash",
        *r.choice((("-q",), ("-q", "-u"), ("pop", "-q"), ("drop", "-q"))),
        ok=False,
    ),
    lambda b, r: b.git(
        "reset",
        "-q",
        f"--{r.choice(('hard', 'soft', 'mixed'))}",
        r.choice(("HEAD", "HEAD~1")),
        ok=False,
    ),
    lambda b, r: b.git(
        r.choice(("merge", "rebase")),
        r.choice(("other", "main", "--abort", "--continue")),
        ok=False,
    ),
    lambda b, r: b.git("revert", "--no-edit", "HEAD", ok=False),
    lambda b, r: b.git(
        "rm",
        "-q",
        *r.choice((("--cached",), ())),
        str(b.path(r.randrange(20))),
        ok=False,
    ),
    lambda b, r: b.git(
        "update-index", r.choice(FLAGS), str(b.path(r.randrange(20))), ok=False
    ),
    lambda b, r: b.git(
        "update-index", r.choice(FLAGS), str(b.path(r.randrange(20))), ok=False
    ),
    lambda b, r: b.git(
        *r.choice(
            (
                ("gc", "-q", "--prune=now"),
                ("reflog", "expire", "--expire=now", "--all"),
                ("status",),
            )
        )
    ),
    lambda b, r: (b.root / ".gitignore").write_text(
        r.choice(("tickets/\n.ticketctl\n", ".ticketctl\n", "*02*\n"))
    ),
    lambda b, r: b.git("update-ref", "HEAD", r.choice(("main", "other"))),
)


FLAGS = tuple(
    f"--{no}{flag}"
    for no in ("", "no-")
    for flag in ("assume-unchanged", "skip-worktree")
)


@pytest.mark.parametrize("seed", range(rounds(3, 100)))
def test_any_life_of_a_store(seed: int, box: Box) -> None:
    """Random things happen, one to three at a time; after each of them a list is the
    truth (20)."""
    chance, told = random.Random(f"{seed} {box.mode}"), []
    for _ in range(rounds(12, 60)):
        for number in chance.choices(range(len(ANY)), k=chance.randint(1, 3)):
            told.append(number)
            box.fill_up(1, chance)
            ANY[number](box, chance)
        box.fill_up(6, chance)
        try:
            box.check()
        except AssertionError as error:
            raise AssertionError(f"after {told}: {error}") from None
