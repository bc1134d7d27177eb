"""Find the repository around a folder, by reading files; git runs only if in doubt.

Git is asked only where it may refuse the repository.
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
        folder: its git directory; a linked work tree has its own.
        common: the git directory that all work trees share.
        points_back: whether the git directory names this work tree as its own.
    """

    __slots__ = ("common", "folder", "points_back", "top")

    def __init__(self, top: str, folder: str, common: str, points_back: bool) -> None:
        self.top, self.folder, self.common = top, folder, common
        self.points_back = points_back


def repository_of(root: str) -> Repository | None:
    """Return the repository in whose work tree a folder lies; ``None`` outside git.

    Args:
        root: an absolute path without symbolic links.

    Raises:
        DiskError: there is a repository that git would not use.
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
    """Return whether git would take a folder for a bare repository."""
    if not os.path.lexists(f"{folder}/HEAD"):
        return False
    has_both = os.path.isdir(f"{folder}/objects") and os.path.isdir(f"{folder}/refs")
    return has_both or os.path.lexists(f"{folder}/commondir")


def _opened(root: str, top: str, entry: str) -> Repository:
    """Return the repository that ``.git`` is, or names.

    Raises:
        DiskError: git would not use it.
    """
    is_file = not os.path.isdir(entry)
    folder = os.path.realpath(_gitdir_named_in(entry) if is_file else entry)
    named_common = _line_of(f"{folder}/commondir")
    common = os.path.realpath(os.path.join(folder, named_common or "."))
    if not (
        os.path.lexists(f"{folder}/HEAD")
        and os.path.isdir(f"{common}/objects")
        and os.path.isdir(f"{common}/refs")
    ):
        raise DiskError(
            f"{entry} is not a valid git repository",
            f"run git -C {top} status; remove {entry} if it is not meant to be one",
        )
    owners = {os.lstat(entry).st_uid, os.stat(top).st_uid, os.stat(folder).st_uid}
    if owners != {os.geteuid()}:
        from ticketctl.store.git.access import require_access

        require_access(root)  # git may accept it: safe.directory, or sudo
    points_back = not is_file or _points_back(folder, top, entry)
    return Repository(top, folder, common, points_back)


def _gitdir_named_in(entry: str) -> str:
    """Return the git directory that a ``.git`` file names.

    Raises:
        DiskError: it names none.
    """
    line = _line_of(entry)
    if not line.startswith("gitdir: "):
        raise DiskError(
            f"{entry} is not a valid git repository",
            f"run git -C {os.path.dirname(entry)} status",
        )
    return os.path.join(os.path.dirname(entry), line.removeprefix("gitdir: "))


def _line_of(path: str) -> str:
    """Return the one line of a small file; empty if there is no such file."""
    try:
        line = os.fsdecode(read_bytes(path, _SMALL)).rstrip("\r\n")
    except FileNotFoundError:
        return ""
    if "\0" in line:
        raise DiskError(f"invalid folder name in {path}")
    return line


def branch_of(repository: Repository) -> str:
    """Return the full name of HEAD's branch, such as ``refs/heads/main``.

    It may have no commit yet. The name is empty where HEAD is detached, or only git can
    tell.
    """
    try:
        start, _, name = _line_of(f"{repository.folder}/HEAD").partition(": ")
    except DiskError:
        return ""
    return name.strip() if start == "ref" else ""


def is_detached(repository: Repository) -> bool:
    """Return whether HEAD is a commit, on no branch."""
    try:
        return bool(_COMMIT.match(_line_of(f"{repository.folder}/HEAD")))
    except DiskError:
        return False


_COMMIT = pattern(r"[0-9a-f]{40,64}\Z")


def _points_back(folder: str, top: str, entry: str) -> bool:
    """Return whether a git directory names the work tree that names it.

    That of a linked work tree does so in its file ``gitdir``, that of a submodule in
    ``core.worktree``.
    """
    if back := _line_of(f"{folder}/gitdir"):
        return os.path.realpath(os.path.join(folder, back)) == os.path.realpath(entry)
    tree = core_setting(folder, "worktree")
    return bool(tree) and os.path.realpath(os.path.join(folder, tree)) == top


def core_setting(folder: str, key: str) -> str:
    """Return a value of ``[core]`` in the configuration of a git directory.

    This reads, without git, only what git itself writes there in one line
    (``core.worktree``, ``core.sharedRepository``).

    Args:
        key: the name without ``core.``, in lower case.

    Returns:
        The value; empty if it is not set.
    """
    try:
        text = os.fsdecode(read_bytes(f"{folder}/config", _SMALL))
    except (FileNotFoundError, DiskError):
        return ""
    section = result = ""
    for line in text.splitlines():
        line = _COMMENT.sub(r"\1", line).strip()
        if line.startswith("["):
            section, _, line = line[1:].partition("]")
        name, equals, value = line.partition("=")
        if section.strip().lower() == "core" and name.strip().lower() == key:
            result = value.strip().strip('"') if equals else "true"
    return result


_COMMENT = pattern(r"""((?:"(?:[^"\\]|\\.)*"|[^"#;])*)[#;].*""")
"""A line, and the comment at its end."""


def shared_mode(common: str) -> int:
    """Return the permissions that ``core.sharedRepository`` adds to those of the umask.

    See git-config(1); 0 for none.

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
