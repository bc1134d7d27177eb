"""What of our environment git is told.

Configuration is the user's, and kept; what names a repository, its index or its objects
is meant for another command, unless git calls us as its hook.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import Any

from ticketctl.errors import DiskError


def git_environment() -> dict[str, str]:
    """The variables with which git is run."""
    kept = {key: value for key, value in os.environ.items() if _is_kept(key)}
    if "GIT_QUARANTINE_PATH" in os.environ:
        kept |= _of_a_push()
    return kept | {"LC_ALL": "C.UTF-8", "GIT_NO_REPLACE_OBJECTS": "1", OWN: "1"}


OWN = "TICKETCTL_COMMITS"
"""Set where git runs for us, so that our own hook does not check what has just been
checked."""
_KEPT = (
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_AUTHOR_DATE",
    "GIT_COMMITTER_DATE",
    "GIT_EXEC_PATH",
    "GIT_AUTHOR_NAME",
    "GIT_AUTHOR_EMAIL",
    "GIT_COMMITTER_NAME",
    "GIT_COMMITTER_EMAIL",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_TEMPLATE_DIR",
    "GIT_ATTR_NOSYSTEM",
)
"""What the environment says of git's configuration and of who commits. What names a
repository, its index or objects (``git rev-parse --local-env-vars``) is another
command's, and dropped."""
_OF_A_PUSH = (
    "GIT_DIR",
    "GIT_QUARANTINE_PATH",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
)


def _of_a_push() -> dict[str, str]:
    """What git tells a pre-receive hook: where the objects lie that were pushed, and
    are not yet the repository's. Git runs hooks in the repository, and names it
    relative to that."""
    found = {key: os.environ[key] for key in _OF_A_PUSH if key in os.environ}
    if "GIT_DIR" in found:
        found["GIT_DIR"] = os.path.abspath(found["GIT_DIR"])
        if os.path.basename(found["GIT_DIR"]) == ".git":
            found["GIT_WORK_TREE"] = os.path.dirname(found["GIT_DIR"])
    return found


def _is_kept(key: str) -> bool:
    """Whether a variable is handed on to git."""
    numbered = key.startswith(("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_"))
    return not key.startswith("GIT_") or key in _KEPT or numbered


class BlockingFileError(DiskError):
    """Something in the store would keep git waiting for ever."""


_READ_BY_GIT = (
    ".gitattributes",
    ".gitignore",
    "tickets/.gitattributes",
    "tickets/.gitignore",
)


def _look_for_traps(root: str) -> None:
    """See that git does not wait for ever for a file of a store that is none: it opens
    what lies there, be it a pipe or a device.

    Raises:
        TrapError: there is such a thing.
    """
    for name in _READ_BY_GIT:
        try:
            mode = os.lstat(f"{root}/{name}").st_mode
        except OSError:
            continue
        if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode) or stat.S_ISDIR(mode)):
            words = f"{root}/{name} is not a regular file; git would wait for it"
            raise BlockingFileError(words, f"remove {name}")


def start_options(root: str, as_owner: bool = True) -> dict[str, Any]:
    """How a git process is started.

    Where root works in another user's repository (cron, sudo), git runs as that user:
    no object and no reference must become one that its owner cannot write.

    Args:
        as_owner: whether it may; where git is asked whether it accepts the repository
            at all, it must see who asks.

    Returns:
        Arguments for :class:`subprocess.Popen`.
    """
    _look_for_traps(root)
    options: dict[str, Any] = {"env": git_environment()}
    if os.geteuid() or not as_owner:
        return options
    from pwd import getpwuid

    from ticketctl.store.git.repository import repository_of

    repository = repository_of(root)
    found = os.stat(repository.folder if repository else root)
    if not found.st_uid:
        return options
    options |= {
        "user": found.st_uid,
        "group": found.st_gid,
        "extra_groups": [],
        "cwd": root,
    }
    with suppress(KeyError):  # a user without a name, in a container
        entry = getpwuid(found.st_uid)
        options["group"] = entry.pw_gid
        options["extra_groups"] = os.getgrouplist(entry.pw_name, entry.pw_gid)
        options["env"]["HOME"] = entry.pw_dir
    return options
