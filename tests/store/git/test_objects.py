"""Tests of ``ticketctl.store.git.objects``."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.commit_failures import git_of
from tests.support.repositories import git_as_amy
from ticketctl.core.hashing import object_id
from ticketctl.errors import ChangedError
from ticketctl.store.git import objects
from ticketctl.store.git import process as our_git
from ticketctl.store.git.objects import NewFile


def test_git_syncs_each_object(store_root: Path) -> None:
    """Whatever the user has set: by the method ``batch`` git does not notice what
    cannot take its place."""
    git_of(store_root, "config", "core.fsyncMethod", "batch")
    git_of(store_root, "config", "core.fsync", "none")
    said = our_git.run_git(
        str(store_root), "config", "--get-regexp", "^core\\.fsync"
    ).stdout
    assert said.splitlines()[-2:] == ["core.fsync all", "core.fsyncmethod fsync"]


NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["C"], exclude_characters="/"),
    min_size=1,
    max_size=8,
).filter(
    lambda name: (
        name.lower() not in (".", "..", ".git") and not name.lower().startswith("git~")
    )
)


FILES = st.dictionaries(
    st.lists(NAMES, min_size=1, max_size=3).map("/".join),
    st.binary(max_size=300),
    max_size=8,
)


@settings(max_examples=8)
@given(FILES, FILES, st.booleans())
def test_the_objects_are_gits_own(
    tmp_path_factory: pytest.TempPathFactory,
    old: dict[str, bytes],
    new: dict[str, bytes],
    many: bool,
) -> None:
    """Whatever the folder has, and whatever comes to it: the same tree as by ``git
    add``; every object is there."""
    every = old | new
    if any(other.startswith(f"{path}/") for path in every for other in every):
        return  # a file and a folder of one name
    git_root = tmp_path_factory.mktemp("objects")
    git_as_amy(git_root, "init", "-q", "-b", "main")
    git_as_amy(git_root, "commit", "-q", "--allow-empty", "-m", "x")

    def staged(files: dict[str, bytes]) -> str:
        for path, data in files.items():
            (git_root / path).parent.mkdir(parents=True, exist_ok=True)
            (git_root / path).write_bytes(data)
        names = "".join(f"{path}\0" for path in files).encode()
        git_as_amy(git_root, "update-index", "--add", "-z", "--stdin", feed=names)
        return git_as_amy(git_root, "write-tree").strip()

    tree = staged(old)
    head = git_as_amy(git_root, "commit-tree", tree, "-p", "HEAD", "-m", "y").strip()
    files = [
        NewFile(path.encode(), object_id(b"blob", data)) for path, data in new.items()
    ]
    trees = objects.make_trees(str(git_root), head, files, 40)
    data = {
        file.path: content for file, content in zip(files, new.values(), strict=True)
    }
    commit = objects.commit_bytes(
        trees.root, head, "A <a@x> 1 +0000", "A <a@x> 1 +0000", "z"
    )
    limit, objects._UNPACKED = objects._UNPACKED, 0 if many else 100
    try:
        objects.store_objects(
            str(git_root),
            files,
            lambda file: data[file.path],
            trees.objects,
            [commit],
            40,
        )
    finally:
        objects._UNPACKED = limit
    assert trees.before == tree
    git_as_amy(git_root, "update-ref", "HEAD", object_id(b"commit", commit).hex())
    assert git_as_amy(git_root, "fsck", "--no-dangling") == ""
    assert trees.root == staged(every)


def test_a_file_that_changes_on_the_way_is_in_no_commit(git_root: Path) -> None:
    """Its id was taken before it was read again."""
    file = NewFile(b"tickets/a", object_id(b"blob", b"one"))
    with pytest.raises(ChangedError):
        objects.store_objects(str(git_root), [file], lambda _: b"two", [], [], 40)
