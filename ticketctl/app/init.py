"""``init``: make a store, or set up a clone of one."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from ticketctl.app.transaction import commit_or_raise, writing
from ticketctl.app.workspace import Workspace
from ticketctl.core.language.json_schema import ticket_schema
from ticketctl.errors import DiskError, RefusedError
from ticketctl.store import files
from ticketctl.store.git import setup
from ticketctl.store.git.access import inside_repository
from ticketctl.store.git.operations import require_finished
from ticketctl.store.git.repository import repository_of
from ticketctl.store.git.setup import init_repository
from ticketctl.store.profiles import ProfileRegistry
from ticketctl.store.settings import NAME
from ticketctl.store.state_folder import BESIDE, OLD, StateFolder, locate_state

_ATTRIBUTES = "tickets/** -text -filter -ident\ntickets/**/*.yaml merge=ticketctl\n"
_SCHEMA = "ticket.schema.json"
_IGNORED = f"{OLD}/\n{BESIDE}*\ndead-letters/\n"
_LARGEST = 1 << 20
"""The largest ``.gitignore`` or ``.gitattributes`` that a line is added to, in bytes.
"""


class InitResult(NamedTuple):
    """The result of ``init``.

    Args:
        lines: what was made, a line each.
        is_new: whether a store was made; else a clone was set up.
    """

    lines: list[str]
    is_new: bool


def init_store(root: str, profile: str, now: datetime) -> InitResult:
    """Make a store in a folder, and a git repository if the folder is in none.

    Args:
        root: the folder; it is made if there is none.
        profile: the profile of new tickets; may be empty.
        now: the instant of this command, in UTC.

    Raises:
        RefusedError: there is a store already, outside git.
        DiskError: the folder cannot be written, a link is in the way, or git failed.
        UncommittedError: the store is made, but git does not commit its files.
        BusyError: git is in the middle of a merge, rebase or the like there.
    """
    if profile:
        ProfileRegistry(root).get(profile)
    try:
        nearest = _nearest(root)
        own = not inside_repository(nearest)
        if (
            not own
            and (repository := repository_of(os.path.realpath(nearest))) is not None
        ):
            require_finished(repository)
        if os.path.lexists(f"{root}/{NAME}"):
            return InitResult([_set_up_again(root, own)], is_new=False)
        files.make_folder(root, locate_state(nearest).access)
        if own:
            init_repository(root)
        state = locate_state(root)
        state.make()
        paths = [NAME, ".gitattributes", ".gitignore"]
        with files.folder_of(root, "tickets/", make=state.access):
            pass
        _write(state, NAME, _settings(profile, own))
        _add_lines(state, ".gitattributes", _ATTRIBUTES)
        _add_lines(state, ".gitignore", _IGNORED)
        setup.set_up_clone(root, hook=own)
        paths += _set_up_editor(state, own)
    except OSError as error:
        raise DiskError(f"cannot make a store in {root}: {error.strerror}") from None
    lines = ["made a ticket store" + ("" if root == os.getcwd() else f" in {root}")]
    if own:
        _commit(root, now, paths)
        lines.append(
            "made a git repository; every command commits what it changes (commit: auto)"
        )
    else:
        lines.append(
            "inside an existing git repository: commands do not commit (commit: off)"
        )
    return InitResult(lines, is_new=True)


def _commit(root: str, now: datetime, paths: Sequence[str]) -> None:
    """Commit the files of a new store.

    Args:
        paths: relative to the store.

    Raises:
        UncommittedError: the files are written, but git does not commit them.
    """
    workspace = Workspace(root, now)
    with writing(workspace):
        workspace.pending.add_written(paths)
        who = workspace.email or "ticketctl@localhost"
        commit_or_raise(workspace, "A ticket store", who)


def _set_up_again(root: str, outside: bool) -> str:
    """Set up the clone of a store: merge driver, hook and schema for editors.

    Args:
        outside: whether the store is outside git.

    Raises:
        RefusedError: the store is outside git, so there is nothing to set up.
        DiskError: git failed.
        OSError: the clone cannot be written.
    """
    if outside:
        raise RefusedError(
            f"there is a store in {root} already", f"its settings are in {NAME}"
        )
    state = locate_state(root)
    assert state.repository is not None
    setup.set_up_clone(root, hook=root == state.repository.top)
    _write_schema(state)
    return f"set up this clone of the store in {root}: merge driver, hook, schema for editors"


def _nearest(folder: str) -> str:
    """Return a folder, or the nearest folder above it that exists."""
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return folder


def _write(state: StateFolder, path: str, text: str) -> None:
    """Write a file of the store; only a regular file may be replaced."""
    if os.path.lexists(f"{state.root}/{path}"):
        files.read_in(state.root, path, _LARGEST)  # refuses what is not a regular file
    with files.folder_of(state.root, path, make=state.access):
        files.replace_file(f"{state.root}/{path}", text.encode(), state.access)


def _add_lines(state: StateFolder, path: str, lines: str) -> None:
    """Add lines to a file of the store, unless it has them."""
    try:
        old = files.read_in(state.root, path, _LARGEST).decode(errors="surrogateescape")
    except FileNotFoundError:
        old = ""
    start = "\n" if old and not old.endswith("\n") else ""
    new = [line for line in lines.splitlines() if line not in old.split("\n")]
    if new:
        _write(state, path, old + start + "\n".join(new) + "\n")


def _settings(profile: str, commit: bool) -> str:
    lines = ["schema: 1"]
    lines.append(
        f"profile: {profile}"
        if profile
        else "# profile: NAME                  # for new, where none is named"
    )
    lines.append("# timezone: Europe/London        # how times are shown")
    lines.append(f"commit: {'auto' if commit else 'off'}")
    lines += [
        "# people:                        # who has which role; whoever is not listed is a customer",
        "#   amy@support.example: {name: Amy, roles: [ROLE, PROFILE/ROLE]}",
    ]
    return "\n".join(lines) + "\n"


def _set_up_editor(state: StateFolder, point: bool) -> list[str]:
    """Write a schema of the tickets for editors.

    Args:
        point: whether to point editors to it, unless the folder has settings for them.

    Returns:
        The files that are to be committed.
    """
    place = _write_schema(state)
    editor = ".vscode/settings.json"
    if not point or os.path.lexists(f"{state.root}/.vscode"):
        return []
    shown = os.path.relpath(place, state.root)
    settings = {"yaml.schemas": {f"./{shown}": "tickets/**/*.yaml"}}
    _write(state, editor, json.dumps(settings, indent=2) + "\n")
    return [editor]


def _write_schema(state: StateFolder) -> str:
    """Write the schema of the tickets for editors, and return its path."""
    schema = json.dumps(
        ticket_schema(ProfileRegistry(state.root).all()), ensure_ascii=False, indent=1
    )
    place = f"{state.make()}/{_SCHEMA}"
    files.replace_file(place, schema.encode() + b"\n", state.access, durable=False)
    return place
