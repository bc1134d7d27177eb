"""Set up a clone: git merges tickets, and checks them before every commit.

Hook and merge driver run in whatever environment git has: a mirror, an editor, cron.
They take ``ticketctl`` from the PATH, else from where it was when the clone was set up
(``ticketctl.program`` in the clone's own configuration), and only by an absolute path:
a PATH with relative parts would let a store bring its own program.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from ticketctl.errors import DiskError
from ticketctl.store.files import make_folder, read_bytes, replace_file
from ticketctl.store.git import config
from ticketctl.store.git.environment import OWN
from ticketctl.store.git.process import run_git
from ticketctl.store.writing.permissions import access_of

_PROGRAM = "ticketctl.program"
_FIND = f"t=$(command -v ticketctl); case $t in /*) ;; *) t=$(git config --local --get {_PROGRAM}) ;; esac"
_DRIVER = f'{_FIND}; if test -x "$t"; then "$t" merge-driver %O %A %B %P; else git merge-file %A %O %B; fi'
"""Without ``ticketctl``, git merges tickets line by line."""
_HOOK = f"""#!/bin/sh
# Checks the tickets that are about to be committed by hand; what ticketctl itself
# commits it has checked.
test -z "${OWN}" || exit 0
{_FIND}
if test -x "$t"; then exec "$t" -q check --staged; fi
echo "ticketctl was not found: the tickets in this commit are not checked" >&2
echo "hint: git config {_PROGRAM} /path/to/ticketctl" >&2
"""
_OLD_HOOK = f"""#!/bin/sh
# Checks the tickets that are about to be committed by hand; what ticketctl itself
# commits it has checked.
test -n "${OWN}" || exec ticketctl -q check --staged
"""
"""The first hook that ``init`` wrote; where it is found, the present one replaces it."""


def init_repository(root: str) -> None:
    """Make a git repository in a folder.

    Raises:
        DiskError: git failed.
    """
    run_git(root, "init", "--quiet", "--initial-branch=main")


def is_our_hook(path: str) -> bool:
    """Return whether a hook is one that :func:`set_up_clone` writes.

    Such a hook does not check what ticketctl commits itself.
    """
    with suppress(OSError, DiskError):
        return read_bytes(path, 1 << 16).decode("utf-8", "replace") in (
            _HOOK,
            _OLD_HOOK,
        )
    return False


def is_set_up(root: str) -> bool:
    """Return whether the clone has our present merge driver, and no outdated hook.

    Raises:
        DiskError: git failed.
    """
    driver = run_git(
        root, "config", "merge.ticketctl.driver", check=False
    ).stdout.rstrip("\n")
    named = run_git(root, "rev-parse", "--git-path", "hooks/pre-commit").stdout.rstrip(
        "\n"
    )
    old = _OLD_HOOK.encode()
    with suppress(OSError, DiskError):
        return (
            driver == _DRIVER and read_bytes(os.path.join(root, named), 1 << 16) != old
        )
    return driver == _DRIVER


def set_up_clone(root: str, hook: bool) -> None:
    """Teach a clone to merge tickets, and to check them before every commit.

    Args:
        hook: whether to write the hook; never into a folder that others share.

    Raises:
        DiskError: git failed.
        OSError: the hook cannot be written.
    """
    run_git(root, "config", "merge.ticketctl.name", "joins the histories of a ticket")
    run_git(root, "config", "merge.ticketctl.driver", _DRIVER)
    if program := _program():
        config.set_clone_setting(root, _PROGRAM, program)
    named = run_git(root, "rev-parse", "--git-path", "hooks/pre-commit").stdout.strip()
    place = os.path.realpath(os.path.join(root, named))
    ours = os.path.realpath(
        run_git(root, "rev-parse", "--absolute-git-dir").stdout.strip()
    )
    is_free = not os.path.lexists(place) or is_our_hook(place)
    if hook and place.startswith(f"{ours}/") and is_free:
        access = access_of(root, 0)
        make_folder(os.path.dirname(place), access)
        replace_file(place, _HOOK.encode(), access, mode=0o755)


def _program() -> str:
    """Return the path of this program; empty if it was not started as one."""
    script = os.path.abspath(sys.argv[0])
    sibling = os.path.join(os.path.dirname(sys.executable), "ticketctl")
    candidates = [script] if os.path.basename(script).endswith("ticketctl") else []
    return next(
        (path for path in (*candidates, sibling) if os.access(path, os.X_OK)), ""
    )
