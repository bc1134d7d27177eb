"""Make git's objects for a commit of some files.

The trees above the files are those of HEAD with the new files in them, so the cost does
not grow with the number of other files. Blobs, trees and the commit go to git as one
pack. Git unpacks a small one (``git unpack-objects``) and keeps a large one as it is
(``git index-pack``), as it does with what it receives (``receive.unpackLimit``).

Both commands sync what they write (``core.fsync``), and fail where they cannot write.
``git mktree`` does neither: it prints the id of an object that it could not write, with
status 0 (git 2.39). ``core.fsyncMethod=batch`` does not see objects that could not
be moved to their places.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from ticketctl.core.hashing import hasher, object_id
from ticketctl.errors import ChangedError, DiskError
from ticketctl.store.git.process import feed_git, stream_to_git
from ticketctl.store.git.repository import Repository
from ticketctl.store.writing.permissions import user_name

TREE, FILE = b"40000", b"100644"
Tree = dict[bytes, tuple[bytes, bytes]]
"""The entries of a folder: name -> (mode, id in bytes)."""
_COMMIT, _TREE, _BLOB = 1, 2, 3
"""The kinds of objects, as numbered in a pack (gitformat-pack(5))."""
_UNPACKED = 100
"""From this number of objects on they stay a pack: git's ``transfer.unpackLimit``."""


class NewFile(NamedTuple):
    """A file of a commit.

    Args:
        path: from the top of the repository.
        blob: the id of its bytes in git, in bytes.
        mode: as git writes it; ``None`` for that of HEAD, else :data:`FILE`.
        is_new: whether the blob has to be made; else git has it.
    """

    path: bytes
    blob: bytes
    mode: bytes | None = None
    is_new: bool = True


class Trees(NamedTuple):
    """The folders of a commit that differ from those of its parent.

    Args:
        root: the id of the top folder, in hex.
        objects: their bytes, the deepest first.
        before: the id of the parent's top folder, in hex; empty without a parent.
        replaced: the ids of the files that the parent has in their places, in hex, by
            path.
    """

    root: str
    objects: list[bytes]
    before: str
    replaced: dict[bytes, str]


def make_trees(root: str, head: str, new: Iterable[NewFile], digits: int) -> Trees:
    """Return the trees of HEAD with some files in them.

    Args:
        head: the parent's id in hex; empty before the first commit.
        digits: how many hex digits ids have: 40 or 64.

    Raises:
        DiskError: git failed, or a folder above a file is a file in HEAD.
    """
    changes: dict[bytes, list[NewFile]] = {}
    for file in new:
        changes.setdefault(file.path.rpartition(b"/")[0], []).append(file)
    above = {
        b"",
        *(parent_folder for folder in changes for parent_folder in _ways(folder)),
    }
    folders = sorted(
        above, key=lambda path: (not path, -path.count(b"/"))
    )  # the deepest first, the top last
    trees, before = _read_trees(root, head, folders, digits)
    _see_that_all_is_there(trees, head, before)
    made, id_ = [], b""
    replaced: dict[bytes, str] = {}
    for folder in folders:
        tree = trees[folder]
        for file in changes.get(folder, ()):
            name = file.path.rpartition(b"/")[2]
            if name in tree:
                replaced[file.path] = tree[name][1].hex()
            tree[name] = (file.mode or tree.get(name, (FILE,))[0], file.blob)
        made.append(_packed(tree))
        id_ = object_id(b"tree", made[-1], digits)
        if folder:
            parent, _, name = folder.rpartition(b"/")
            trees[parent][name] = (TREE, id_)
    return Trees(id_.hex(), made, before, replaced)


def _see_that_all_is_there(trees: Mapping[bytes, Tree], head: str, top: str) -> None:
    """Check that a folder that git has not found is in no commit, not just unreadable.

    Else all that is in it would be deleted.

    Raises:
        DiskError: git cannot read what the parent names.
    """
    hidden = b"" if head and not top else None
    for folder, tree in trees.items():
        parent, _, name = folder.rpartition(b"/")
        if (
            folder
            and not tree
            and trees.get(parent, {}).get(name, (b"", b""))[0] == TREE
        ):
            hidden = folder
    if hidden is not None:
        where = (
            f"the folder {os.fsdecode(hidden)} of the last commit"
            if hidden
            else "the last commit"
        )
        raise DiskError(
            f"git cannot read {where}",
            "run git fsck; perhaps another user owns objects of git",
        )


def commit_bytes(
    tree: str, parent: str, author: str, committer: str, message: str
) -> bytes:
    """Return the bytes of a commit.

    Args:
        author: with address and time, as ``git var GIT_AUTHOR_IDENT`` prints it;
            likewise ``committer``.
    """
    lines = [
        f"tree {tree}",
        *([f"parent {parent}"] if parent else []),
        f"author {author}",
        f"committer {committer}",
    ]
    return "\n".join([*lines, "", message.rstrip("\n") + "\n"]).encode()


def store_objects(
    root: str,
    files: Sequence[NewFile],
    read: Callable[[NewFile], bytes],
    trees: Sequence[bytes],
    commits: Sequence[bytes],
    digits: int,
) -> None:
    """Put objects into the repository, synced.

    Args:
        root: the top folder of the work tree.
        read: returns the bytes of a file.

    Raises:
        ChangedError: a file has changed meanwhile.
        DiskError: git could not write them.
    """
    blobs = [file for file in files if file.is_new]
    objects = _objects(blobs, read, trees, commits, digits)
    count = len(blobs) + len(trees) + len(commits)
    if count < _UNPACKED:
        words = ["unpack-objects", "-q"]
    else:
        words = ["index-pack", "--stdin"]
    stream_to_git(root, _pack(objects, count, digits), *words)


def unwritable_objects(repository: Repository) -> Iterator[tuple[str, str]]:
    """Yield the folders of objects that the user may not write into, with their owners.

    One ``sudo git`` leaves such folders.

    Returns:
        (path, name of the owner).
    """
    top = f"{repository.common}/objects"
    with suppress(OSError):
        for folder in (
            top,
            *(
                f"{top}/{name}"
                for name in sorted(os.listdir(top))
                if len(name) == 2 or name == "pack"
            ),
        ):
            if not os.access(folder, os.W_OK | os.X_OK):
                yield folder, user_name(os.stat(folder).st_uid)


def changed_meanwhile(file: NewFile) -> ChangedError:
    """Return the error for a file that has changed since its id was taken."""
    return ChangedError(
        f"{os.fsdecode(file.path)} was changed by another program meanwhile",
        "try again",
    )


def _objects(
    files: Iterable[NewFile],
    read: Callable[[NewFile], bytes],
    trees: Iterable[bytes],
    commits: Iterable[bytes],
    digits: int,
) -> Iterator[tuple[int, bytes]]:
    for file in files:
        data = read(file)
        if object_id(b"blob", data, digits) != file.blob:
            raise changed_meanwhile(file)
        yield _BLOB, data
    yield from ((_TREE, data) for data in trees)
    yield from ((_COMMIT, data) for data in commits)


def _pack(
    objects: Iterable[tuple[int, bytes]], count: int, digits: int
) -> Iterator[bytes]:
    """Yield a pack of whole objects (gitformat-pack(5)), piece by piece."""
    digest = hasher("sha256" if digits == 64 else "sha1")
    for piece in _pieces(objects, count):
        digest.update(piece)
        yield piece
    yield digest.digest()


def _pieces(objects: Iterable[tuple[int, bytes]], count: int) -> Iterator[bytes]:
    yield b"PACK" + (2).to_bytes(4, "big") + count.to_bytes(4, "big")
    for kind, data in objects:
        yield _header(kind, len(data)) + zlib.compress(data, 1)


def _header(kind: int, size: int) -> bytes:
    """Return the kind and size of an object: four bits of the size, then seven a byte.

    The lowest bits come first.
    """
    header = bytearray()
    byte, size = kind << 4 | size & 15, size >> 4
    while size:
        header.append(byte | 0x80)
        byte, size = size & 0x7F, size >> 7
    header.append(byte)
    return bytes(header)


def _ways(folder: bytes) -> list[bytes]:
    """Return a folder and all above it; the top is empty."""
    parts = folder.split(b"/")
    return (
        [b"/".join(parts[:number]) for number in range(len(parts) + 1)]
        if folder
        else [b""]
    )


def _read_trees(
    root: str, head: str, folders: Sequence[bytes], digits: int
) -> tuple[dict[bytes, Tree], str]:
    """Return the folders as a commit has them, and the id of its top folder.

    A folder that the commit does not have is empty.
    """
    trees: dict[bytes, Tree] = {folder: {} for folder in folders}
    top = ""
    if not head:
        return trees, top
    questions = b"".join(b"%s:%s\n" % (head.encode(), folder) for folder in folders)
    out, at = feed_git(root, questions, "cat-file", "--batch"), 0
    for folder in folders:
        end = out.index(b"\n", at)
        fields = out[at:end].split(b" ")
        at = end + 1
        if fields[-1] == b"missing":
            continue
        if fields[1] != b"tree":
            raise DiskError(
                f"{os.fsdecode(folder)} is a file in the last commit, not a folder"
            )
        end = at + int(fields[2])
        trees[folder] = _unpacked(out[at:end], digits // 2)
        top, at = fields[0].decode(), end + 1
    return trees, top


def _unpacked(data: bytes, size: int) -> Tree:
    """Return the entries of a tree object."""
    import re

    # Each entry begins where the one before ends, so that none is found within an id.
    entries = re.findall(rb"([0-7]+) ([^\0]+)\0(.{%d})" % size, data, re.DOTALL)
    return {name: (mode, id_) for mode, name, id_ in entries}


def _packed(tree: Tree) -> bytes:
    """Return the object that git makes of a folder.

    The names are in order, those of folders as if they ended in a slash.
    """
    entries = sorted(
        tree.items(), key=lambda item: item[0] + (b"/" if item[1][0] == TREE else b"")
    )
    return b"".join(b"%s %s\0%s" % (mode, name, id_) for name, (mode, id_) in entries)
