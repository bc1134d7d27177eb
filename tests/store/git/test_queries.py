"""Tests of ``ticketctl.store.git.queries``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.commit_failures import HALF, PATH, git_of
from tests.support.stores import done, ticketctl


@pytest.mark.parametrize(
    "what", ["HEAD", "HEAD^{tree}", "HEAD:tickets", "HEAD:tickets/2026/11/02"]
)
def test_what_git_cannot_read_is_not_taken_for_empty(
    store_root: Path, what: str
) -> None:
    """A folder of the last commit, or the commit itself, is out of reach: a commit
    without it would delete all in it."""
    kept, head = (
        git_of(store_root, "ls-tree", "-r", "--name-only", "HEAD"),
        git_of(store_root, "rev-parse", "HEAD").strip(),
    )
    id_ = git_of(store_root, "rev-parse", what).strip()
    object_ = store_root / ".git/objects" / id_[:2] / id_[2:]
    object_.rename(store_root / ".git/aside")
    ran = ticketctl(store_root, "note", HALF, "-m", "Meanwhile.")
    assert ran.status == 71
    assert "not committed" in ran.err
    assert "Traceback" not in ran.err
    (store_root / ".git/aside").rename(object_)
    assert git_of(store_root, "rev-parse", "HEAD").strip() == head
    done(store_root, "note", "aaaaa", "-m", "Next.")
    assert git_of(store_root, "ls-tree", "-r", "--name-only", "HEAD") == kept
    assert "Meanwhile." in git_of(store_root, "show", f"HEAD:{PATH}")
    assert git_of(store_root, "fsck", "--strict", "--no-dangling") == ""
