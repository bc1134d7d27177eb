"""Which repository of git a store lies in, found without starting a process.

Git itself looks the same way: upwards for ``.git``, a folder or a file that names one
(gitrepository-layout(5)). A short command must know the place of its caches before it
could afford to ask git; git is asked only where it may refuse the repository.
"""

from __future__ import annotations

import os

from ticketctl.errors import DiskError
from ticketctl.pattern import pattern
from ticketctl.store.files import read_bytes

_TRUE = ("1", "true", "yes", "on")
_SMALL = 1 << 16
"""The largest ``gitdir:`` file or configuration that is read, in bytes."""


class Repository:
    """A work tree and its repository.

    Args:
        top: the top folder of the work tree.
        folder: its git directory; that of a linked work tree is its own.
        common: the git directory that all work trees share.
        points_back: whether the git directory names this work tree as its own.
    """

    __slots__ = ("common", "folder", "points_back", "top")

    def __init__(self, top: str, folder: str, common: str, points_back: bool) -> None:
        self.top, self.folder, self.common = top, folder, common
        self.points_back = points_back


def repository_of(root: str) -> Repository | None:
    """The repository in whose work tree a folder lies; ``None`` outside git.

    Args:
        root: an absolute path without symbolic links.

    Raises:
        DiskError: there is one, but git would not use it.
    """
    above, device = root, os.stat(root).st_dev
    while True:
        entry = f"{above}/.git"
        if os.path.lexists(entry):
            return _opened(root, above, entry)
        if _is_bare(above):
            raise DiskError(
                f"{above} looks like a bare git repository (HEAD, objects, refs); "
                "git commands in it would run what its configuration says",
                "remove these three from the store, or keep the store elsewhere",
            )
        folder, above = above, os.path.dirname(above)
        if above == folder or (
            os.stat(above).st_dev != device
            and os.environ.get("GIT_DISCOVERY_ACROSS_FILESYSTEM", "").lower()
            not in _TRUE
        ):
            return None


def _is_bare(folder: str) -> bool:
    """Whether git would take a folder for a bare repository."""
    if not os.path.lexists(f"{folder}/HEAD"):
        return False
    has_both = os.path.isdir(f"{folder}/objects") and os.path.isdir(f"{folder}/refs")
    return has_both or os.path.lexists(f"{folder}/commondir")


def _opened(root: str, top: str, entry: str) -> Repository:
    """The repository that ``.git`` is, or names.

    Raises:
        DiskError: git would not use it.
    """
    named = not os.path.isdir(entry)
    folder = os.path.realpath(_gitdir_named_in(entry) if named else entry)
    named_common = _line_of(f"{folder}/commondir")
    common = os.path.realpath(os.path.join(folder, named_common or "."))
    if not (
        os.path.lexists(f"{folder}/HEAD")
        and os.path.isdir(f"{common}/objects")
        and os.path.isdir(f"{common}/refs")
    ):
        raise DiskError(
            f"{entry} is not a git repository that git accepts",
            f"git -C {top} status says more; remove {entry} if it is not meant to be one",
        )
    owners = {os.lstat(entry).st_uid, os.stat(top).st_uid, os.stat(folder).st_uid}
    if owners != {os.geteuid()}:
        from ticketctl.store.git.access import require_access

        require_access(root)  # as it does by safe.directory, or after sudo
    points_back = not named or _points_back(folder, top, entry)
    return Repository(top, folder, common, points_back)


def _gitdir_named_in(entry: str) -> str:
    """The git directory that a ``.git`` file names."""
    line = _line_of(entry)
    if not line.startswith("gitdir: "):
        raise DiskError(
            f"{entry} is not a git repository that git accepts",
            f"git -C {os.path.dirname(entry)} status says more",
        )
    return os.path.join(os.path.dirname(entry), line.removeprefix("gitdir: "))


def _line_of(path: str) -> str:
    """The one line that a small file holds; empty where there is no such file."""
    try:
        line = os.fsdecode(read_bytes(path, _SMALL)).rstrip("\r\n")
    except FileNotFoundError:
        return ""
    if "\0" in line:
        raise DiskError(f"{path} does not name a folder")
    return line


def branch_of(repository: Repository) -> str:
    """The full name of the branch that HEAD is on (``refs/heads/main``), be it without
    a commit; empty where it is on none (detached), or that is not seen without git."""
    try:
        start, _, name = _line_of(f"{repository.folder}/HEAD").partition(": ")
    except DiskError:
        return ""
    return name.strip() if start == "ref" else ""


def is_detached(repository: Repository) -> bool:
    """Whether HEAD is a commit, on no branch."""
    try:
        return bool(_COMMIT.match(_line_of(f"{repository.folder}/HEAD")))
    except DiskError:
        return False


_COMMIT = pattern(r"[0-9a-f]{40,64}\Z")


def _points_back(folder: str, top: str, entry: str) -> bool:
    """Whether a git directory names the work tree that named it: that of a linked work
    tree by its file ``gitdir``, that of a submodule by ``core.worktree``."""
    if back := _line_of(f"{folder}/gitdir"):
        return os.path.realpath(os.path.join(folder, back)) == os.path.realpath(entry)
    tree = core_setting(folder, "worktree")
    return bool(tree) and os.path.realpath(os.path.join(folder, tree)) == top


def core_setting(folder: str, key: str) -> str:
    """A value of ``[core]`` in the configuration of a git directory, read without git.

    Only for what git itself writes there in one line (``core.worktree``,
    ``core.sharedRepository``); empty if it is not given.

    Args:
        key: the name without ``core.``, in lower case.
    """
    try:
        text = os.fsdecode(read_bytes(f"{folder}/config", _SMALL))
    except (FileNotFoundError, DiskError):
        return ""
    section = found = ""
    for line in text.splitlines():
        line = _COMMENT.sub(r"\1", line).strip()
        if line.startswith("["):
            section, _, line = line[1:].partition("]")
        name, equals, value = line.partition("=")
        if section.strip().lower() == "core" and name.strip().lower() == key:
            found = value.strip().strip('"') if equals else "true"
    return found


_COMMENT = pattern(r"""((?:"(?:[^"\\]|\\.)*"|[^"#;])*)[#;].*""")
"""A line, and the comment at its end."""


def shared_mode(common: str) -> int:
    """The permissions that ``core.sharedRepository`` asks for besides the umask's
    (git-config(1)): 0 for none.

    Args:
        common: the git directory that all work trees share.
    """
    value = core_setting(common, "sharedrepository").lower()
    if value in (*_TRUE, "group"):
        return 0o660
    if value in ("2", "all", "world", "everybody"):
        return 0o664
    try:
        return int(value, 8) & 0o666
    except ValueError:
        return 0
