"""The environment in which git runs.

The user's configuration of git is kept. Variables that name a repository, its index or
its objects belong to another command and are dropped, unless git runs us as its hook.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import Any

from ticketctl.errors import DiskError


def git_environment() -> dict[str, str]:
    """Return the variables with which git is run."""
    variables = {key: value for key, value in os.environ.items() if _is_kept(key)}
    if "GIT_QUARANTINE_PATH" in os.environ:
        variables |= _of_a_push()
    return variables | {"LC_ALL": "C.UTF-8", "GIT_NO_REPLACE_OBJECTS": "1", OWN: "1"}


OWN = "TICKETCTL_COMMITS"
"""Set where git runs for us, so that our own hook does not check the tickets again."""
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
"""Variables of git's configuration, and of author and committer.

All others of git (``git rev-parse --local-env-vars``) name a repository, its index or
its objects, and belong to another command."""
_OF_A_PUSH = (
    "GIT_DIR",
    "GIT_QUARANTINE_PATH",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
)


def _of_a_push() -> dict[str, str]:
    """Return what git tells a pre-receive hook: where the objects lie that were pushed.

    These are not yet the repository's. Git runs hooks in the repository, and names it
    by a relative path.
    """
    variables = {key: os.environ[key] for key in _OF_A_PUSH if key in os.environ}
    if "GIT_DIR" in variables:
        variables["GIT_DIR"] = os.path.abspath(variables["GIT_DIR"])
        if os.path.basename(variables["GIT_DIR"]) == ".git":
            variables["GIT_WORK_TREE"] = os.path.dirname(variables["GIT_DIR"])
    return variables


def _is_kept(key: str) -> bool:
    """Return whether a variable is passed on to git."""
    is_numbered = key.startswith(("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_"))
    return not key.startswith("GIT_") or key in _KEPT or is_numbered


class BlockingFileError(DiskError):
    """A file in the store that would keep git waiting without end."""


_READ_BY_GIT = (
    ".gitattributes",
    ".gitignore",
    "tickets/.gitattributes",
    "tickets/.gitignore",
)


def _look_for_traps(root: str) -> None:
    """Check that no pipe or device lies where git reads a file; git would wait for it.

    Raises:
        BlockingFileError: there is one.
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
    """Return how a git process is started.

    Where root works in another user's repository (cron, sudo), git runs as that user:
    every object and reference must stay writable for its owner.

    Args:
        as_owner: whether git may run as the owner; not where it is asked whether it
            accepts the repository at all.

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
    stat_of_owner = os.stat(repository.folder if repository else root)
    if not stat_of_owner.st_uid:
        return options
    options |= {
        "user": stat_of_owner.st_uid,
        "group": stat_of_owner.st_gid,
        "extra_groups": [],
        "cwd": root,
    }
    with suppress(KeyError):  # a user without a name, in a container
        entry = getpwuid(stat_of_owner.st_uid)
        options["group"] = entry.pw_gid
        options["extra_groups"] = os.getgrouplist(entry.pw_name, entry.pw_gid)
        options["env"]["HOME"] = entry.pw_dir
    return options
