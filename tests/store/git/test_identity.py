"""Tests of ``ticketctl.store.git.identity``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.commit_failures import git_of
from tests.support.repositories import git_as_amy
from ticketctl.errors import DiskError
from ticketctl.store.git.identity import identity_of


def test_odd_ways_to_say_who_commits(
    store_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bare ``gpgsign``, a name of blanks, and an environment that names another
    author."""
    with (store_root / ".git/config").open("a") as file:
        file.write("[commit]\n\tgpgsign\n")
    assert identity_of(str(store_root), "x@y.example").signs
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Bob")
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "bob@support.example")
    assert identity_of(str(store_root), "x@y.example").author.startswith(
        "Bob <bob@support.example> "
    )
    assert identity_of(
        str(store_root), "x@y.example", "tom@y.example"
    ).author.startswith("tom <tom@y.example> ")
    monkeypatch.delenv("GIT_AUTHOR_NAME")
    git_of(store_root, "config", "user.name", "   ")
    with pytest.raises(DiskError, match="no name and email address"):
        identity_of(str(store_root), "x@y.example")


def test_as_whom_a_commit_is_made(git_root: Path) -> None:
    """Git's user, else who acts; the author may be somebody else."""
    git_as_amy(git_root, "config", "user.email", "amy@support.example")
    git_as_amy(git_root, "config", "user.name", "Amy")
    one = identity_of(str(git_root), "tom@support.example", "amy@support.example")
    assert one.author.startswith("Amy <amy@support.example> ")
    assert one.options == ()
    one = identity_of(str(git_root), "tom@support.example", "jane@customer.example")
    assert one.author.startswith("jane <jane@customer.example> ")
    assert one.committer.startswith("Amy <amy@support.example> ")
    git_as_amy(git_root, "config", "--unset", "user.email")
    git_as_amy(git_root, "config", "--unset", "user.name")
    one = identity_of(str(git_root), "tom@support.example")
    assert one.author.startswith("tom <tom@support.example> ")
    assert one.committer == one.author
    git_as_amy(git_root, "config", "x.y", "a\nGIT_AUTHOR_IDENT=Eve <eve@x> 1 +0000")
    assert identity_of(str(git_root), "tom@support.example").author.startswith("tom <")
    assert not one.signs
    git_as_amy(git_root, "config", "commit.gpgsign", "true")
    assert identity_of(str(git_root), "tom@support.example").signs
