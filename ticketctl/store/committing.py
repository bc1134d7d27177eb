"""Committing some files, at a cost that does not grow with the number of all others.

``git commit`` reads, refreshes and writes its whole index, thrice for some files only (0.3 s of 100,000 tickets). Here
the trees on the way to the files are made anew from HEAD's, and HEAD moves on if nobody else has moved it meanwhile.
What the user has staged besides stays staged. Where somebody wants a say in commits (hooks, signatures) or a merge is
going on, git does it all.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from ticketctl.core.safe import safe, safe_lines
from ticketctl.errors import DiskError
from ticketctl.store import git
from ticketctl.store.clone_setup import is_our_hook
from ticketctl.store.files import read_bytes

_HOOKS = ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit")
_GOING_ON = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply", "BISECT_LOG")
_TRIES = 5
_TREE, _FILE = b"40000", b"100644"
_BATCH = 20_000
"""How many files are handed to git at a time."""
_MANY = 50
"""From how many files on git's whole index is asked for its tree."""
Tree = dict[bytes, tuple[bytes, bytes]]
"""The entries of a folder: name -> (mode, id in bytes)."""
Changes = dict[bytes, Tree]
"""Folder -> entries, all paths from the top of the repository."""


def commit(root: str, paths: Sequence[str], message: str, who: str) -> None:
    """Commit just these files, never what the user has staged besides.

    Args:
        paths: relative to the store.
        message: the whole message. ``git log`` shows it on terminals, so it is made safe for them.
        who: the address to commit as, where git knows nobody.

    Raises:
        DiskError: git would not.
    """
    message, who = safe_lines(message), safe(who)
    settings = _settings(root)
    identity = () if settings.get("user.email") else _identity(who)
    place = _place(root)
    if place is None or settings.get("commit.gpgsign", "false") != "false" or not all(map(_is_plain, paths)):
        git.commit(root, paths, message, identity or _fallback(root, who))
        return
    head, prefix, top = place
    tree, whole, many = "", False, len(paths) > _MANY
    if many:
        _add(root, paths)
        tree, whole = _tree_of_index(root, head, prefix, paths)
    if not whole:
        _stage(root, paths)
        tree = _tree_of_index(root, head, prefix, paths)[0] if many else ""
    for _ in range(_TRIES):
        tree = tree or _write_tree(root, head, _files(prefix, top, paths))
        if tree == git.run(root, "rev-parse", f"{head}^{{tree}}").stdout.strip():
            return  # HEAD has them already
        new = _write_commit(root, tree, head, message, identity, who)
        subject = message.partition("\n")[0]
        done = git.run(root, "update-ref", "-m", f"commit: {subject}", "HEAD", new, head, check=False)
        if not done.returncode:
            return
        if head == (head := git.head(root)):
            raise DiskError(f"git update-ref failed: {done.stderr.strip()}")
        tree = _tree_of_index(root, head, prefix, paths)[0] if many else ""
    raise DiskError("git would not move HEAD: somebody else commits all the time", "try again")


def _stage(root: str, paths: Sequence[str]) -> None:
    """Put files into git's index. What it was told not to look at (assume-unchanged, skip-worktree) it would pass over in
    silence: it is told to look, and then again not to."""
    flagged = _flagged(root, paths)
    for flag, some in flagged.items():
        _update_index(root, some, f"--no-{flag}")
    try:
        _add(root, paths)
    finally:
        for flag, some in flagged.items():
            _update_index(root, some, f"--{flag}")


def _add(root: str, paths: Sequence[str]) -> None:
    batch = ("-c", "core.fsyncMethod=batch") if len(paths) > 8 else ()
    for part in _batches(paths):
        _update_index(root, part, "--add", options=batch)


def _update_index(root: str, paths: Sequence[str], *words: str, options: Sequence[str] = ()) -> None:
    git.run(root, *options, "update-index", *words, "-z", "--stdin", feed="".join(f"{path}\0" for path in paths))


def _flagged(root: str, paths: Sequence[str]) -> dict[str, list[str]]:
    """Those of the files at which git was told not to look, by how it was told."""
    found: dict[str, list[str]] = {}
    ours = set[str]()
    for tag, _, path in git.unusual(root, paths if len(paths) <= _MANY else ["tickets"]):
        ours = ours or set(paths)
        if path in ours and tag.islower():
            found.setdefault("assume-unchanged", []).append(path)
        if path in ours and tag in ("S", "s"):
            found.setdefault("skip-worktree", []).append(path)
    return found


def _is_plain(path: str) -> bool:
    """Whether a path is a ticket's, of which git can be told in a line."""
    return path.startswith("tickets/") and path.isprintable()


def _identity(who: str) -> tuple[str, ...]:
    return ("-c", f"user.name={who.partition('@')[0]}", "-c", f"user.email={who}")


def _fallback(root: str, who: str) -> tuple[str, ...]:
    """The identity, where git has an address but no name for it."""
    return _identity(who) if git.run(root, "var", "GIT_COMMITTER_IDENT", check=False).returncode else ()


def _settings(root: str) -> Mapping[str, str]:
    """What git's configuration says of identity and signatures."""
    said = git.run(root, "config", "-z", "--get-regexp", r"^(user\.email|commit\.gpgsign)$", check=False).stdout
    pairs = (row.partition("\n") for row in said.split("\0") if row)
    return {key: value for key, _, value in pairs}


def _place(root: str) -> tuple[str, str, str] | None:
    """HEAD's commit, where the store lies in the repository, and that one's top; nothing, where git does it all."""
    asked = [word for name in (*(f"hooks/{hook}" for hook in _HOOKS), *_GOING_ON) for word in ("--git-path", name)]
    said = git.run(root, "rev-parse", *asked, "--show-prefix", "--show-toplevel", "HEAD", check=False)
    if said.returncode:
        return None
    if "\ufffd" in said.stdout or not said.stdout.replace("\n", "").isprintable():
        return None  # a path that is not to be said in lines
    *places, prefix, top, head = said.stdout.split("\n")[:-1]
    for number, place in enumerate(places):
        path = os.path.join(root, place)
        if number < len(_HOOKS):
            if os.access(path, os.X_OK) and not is_our_hook(path):
                return None
        elif os.path.exists(path):
            return None
    return (head, prefix, top) if len(places) == len(_HOOKS) + len(_GOING_ON) else None


def _batches(paths: Sequence[str]) -> Iterator[Sequence[str]]:
    """The paths, so many at a time: with very many, what git says of them is not kept."""
    return (paths[start : start + _BATCH] for start in range(0, len(paths), _BATCH))


def _tree_of_index(root: str, head: str, prefix: str, paths: Sequence[str]) -> tuple[str, bool]:
    """The tree of git's whole index, if that differs from HEAD in those files alone; empty, if somebody has staged
    anything besides. And whether it has every one of them as it is on the disk: not those at which git was told not to
    look. Where they are many, git is faster at it, and nothing is kept here."""
    made = git.run(root, "write-tree", "--missing-ok", check=False)
    if made.returncode:
        return "", False  # unmerged
    tree, ours, others, exact = made.stdout.strip(), sorted(paths), 0, 0
    for changed, blob in git.changes(root, head, tree):
        path = changed.removeprefix(prefix)
        spot = bisect_left(ours, path)
        if not changed.startswith(prefix) or ours[spot : spot + 1] != [path]:
            others += 1
        elif blob == git.object_id(b"blob", _bytes(f"{root}/{path}"), len(blob)).hex():
            exact += 1
    return "" if others else tree, exact == len(ours)


def _bytes(path: str) -> bytes:
    """What is in a file; nothing where it has just gone."""
    with suppress(FileNotFoundError, DiskError):
        return read_bytes(path, 1 << 26)
    return b""


def _files(prefix: str, top: str, paths: Sequence[str]) -> Changes:
    """The blobs of some files, by folder."""
    # From the top: there git takes paths on stdin for what they are, whatever folder it is run in.
    named = "".join(f"{prefix}{path}\n" for path in paths)
    blobs = git.run(top, "hash-object", "-w", "--stdin-paths", feed=named).stdout.split()
    found: Changes = {}
    for path, blob in zip(paths, blobs, strict=True):
        folder, _, name = f"{prefix}{path}".encode().rpartition(b"/")
        found.setdefault(folder, {})[name] = (_FILE, bytes.fromhex(blob))
    return found


def _write_tree(root: str, head: str, changes: Changes) -> str:
    """The tree of HEAD with something new in its folders, every folder on the way written."""
    folders = sorted({way for folder in changes for way in _ways(folder)}, key=lambda path: -path.count(b"/"))
    folders = [folder for folder in folders if folder] + [b""]  # the deepest first, the root last
    trees = _read_trees(root, head, folders)
    feed, ids = [], []
    for folder in folders:
        tree = trees[folder]
        for name, (mode, id_) in changes.get(folder, {}).items():
            tree[name] = (tree[name][0] if name in tree else mode, id_)
        ids.append(git.object_id(b"tree", _packed(tree), len(head)))
        feed.append(b"".join(_line(name, *entry) for name, entry in tree.items()) + b"\0")
        if folder:
            parent, _, name = folder.rpartition(b"/")
            trees[parent][name] = (_TREE, ids[-1])
    made = git.feed(root, b"".join(feed), "mktree", "-z", "--batch", "--missing").decode().split()
    if made != [one.hex() for one in ids]:
        raise DiskError("git mktree did not make the trees that were meant")
    return made[-1]


def _ways(folder: bytes) -> list[bytes]:
    """The folders on the way to one, the root (empty) and itself among them."""
    parts = folder.split(b"/")
    return [b"/".join(parts[:number]) for number in range(len(parts) + 1)]


def _read_trees(root: str, head: str, folders: Sequence[bytes]) -> Changes:
    """The folders as HEAD has them; those that it has not are empty."""
    asked = b"".join(b"%s:%s\n" % (head.encode(), folder) for folder in folders)
    out, size, at = git.feed(root, asked, "cat-file", "--batch"), len(head) // 2, 0
    found: Changes = {}
    for folder in folders:
        end = out.index(b"\n", at)
        words = out[at:end].split(b" ")
        at = end + 1
        if words[-1] == b"missing":
            found[folder] = {}
            continue
        if words[1] != b"tree":
            raise DiskError(f"{os.fsdecode(folder)} is no folder in git")
        end = at + int(words[2])
        found[folder] = _unpacked(out[at:end], size)
        at = end + 1
    return found


def _unpacked(data: bytes, size: int) -> Tree:
    found: Tree = {}
    at = 0
    while at < len(data):
        end = data.index(b"\0", at)
        mode, _, name = data[at:end].partition(b" ")
        at = end + 1 + size
        found[name] = (mode, data[end + 1 : at])
    return found


def _packed(tree: Tree) -> bytes:
    """The object that git makes of a folder: names in order, those of folders as if they ended in a slash."""
    entries = sorted(tree.items(), key=lambda item: item[0] + (b"/" if item[1][0] == _TREE else b""))
    return b"".join(b"%s %s\0%s" % (mode, name, id_) for name, (mode, id_) in entries)


def _line(name: bytes, mode: bytes, id_: bytes) -> bytes:
    kind = {_TREE: b"tree", b"160000": b"commit"}.get(mode, b"blob")
    return b"%s %s %s\t%s\0" % (mode.zfill(6), kind, id_.hex().encode(), name)


def _write_commit(root: str, tree: str, head: str, message: str, identity: Sequence[str], who: str) -> str:
    for words in (identity, _identity(who)):
        made = git.run(root, *words, "commit-tree", tree, "-p", head, "-F", "-", feed=message + "\n", check=False)
        if not made.returncode:
            return made.stdout.strip()
    raise DiskError(f"git commit-tree failed: {made.stderr.strip()}")
