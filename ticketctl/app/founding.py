"""Making a store."""

from __future__ import annotations

import json
from pathlib import Path

from ticketctl.core.schema import ticket_schema
from ticketctl.errors import DiskError, RefusedError
from ticketctl.store import committing, git
from ticketctl.store.config import NAME
from ticketctl.store.files import STATE
from ticketctl.store.profiles import Shelf

_ATTRIBUTES = "tickets/** -text -filter -ident\ntickets/**/*.yaml merge=ticketctl\n"
_SCHEMA = "ticket.schema.json"
_IGNORED = f"{STATE}/\ndead-letters/\n"


def found(root: str, profile: str) -> list[str]:
    """Make a store in a folder, and a repository around it if there is none.

    Args:
        root: the folder; made if need be.
        profile: the profile of new tickets; may be empty.

    Returns:
        What was made, a line each.

    Raises:
        RefusedError: there is a store already.
        DiskError: the folder cannot be written, or git failed.
    """
    if profile:
        Shelf(root).get(profile)
    home = Path(root)
    try:
        home.mkdir(parents=True, exist_ok=True)
        if (home / NAME).exists():
            raise RefusedError(f"there is a store in {root} already", f"its settings are in {NAME}")
        own = not git.inside_repository(root)
        if own:
            git.init(root)
        (home / "tickets").mkdir(exist_ok=True)
        (home / NAME).write_text(_settings(profile, own), encoding="utf-8")
        for line in _ATTRIBUTES.splitlines(keepends=True):
            _append(home / ".gitattributes", line)
        for line in _IGNORED.splitlines(keepends=True):
            _append(home / ".gitignore", line)
        git.set_up(root, hook=own)
        made = [NAME, ".gitattributes", ".gitignore", *_teach_editor(home, own)]
    except OSError as error:
        raise DiskError(f"cannot make a store in {root}: {error.strerror}") from None
    said = ["made a ticket store" if home == Path.cwd() else f"made a ticket store in {root}"]
    if own:
        committing.commit(root, made, "A ticket store", git.email(root) or "ticketctl@localhost")
        said.append("made a git repository; every command commits what it changes (commit: auto)")
    else:
        said.append("inside an existing repository: nothing is committed by itself (commit: off)")
    return said


def _settings(profile: str, commit: bool) -> str:
    lines = ["schema: 1"]
    lines.append(
        f"profile: {profile}" if profile else "# profile: NAME                  # for new, where none is named"
    )
    lines.append("# timezone: Europe/London        # how times are shown")
    lines.append(f"commit: {'auto' if commit else 'off'}")
    lines += [
        "# people:                        # who has which role; whoever is not listed is a customer",
        "#   amy@support.example: {name: Amy, roles: [ROLE, PROFILE/ROLE]}",
    ]
    return "\n".join(lines) + "\n"


def _teach_editor(home: Path, point: bool) -> list[str]:
    """Leave a schema of the tickets and, with ``point``, tell editors of it, unless the folder tells them things already.

    Returns:
        The files made that are to be committed.
    """
    state, editor = home / STATE, home / ".vscode"
    state.mkdir(exist_ok=True)
    schema = json.dumps(ticket_schema(Shelf(str(home)).all()), ensure_ascii=False, indent=1)
    (state / _SCHEMA).write_text(schema + "\n", encoding="utf-8")
    if not point or editor.exists():
        return []
    editor.mkdir()
    settings = {"yaml.schemas": {f"./{STATE}/{_SCHEMA}": "tickets/**/*.yaml"}}
    (editor / "settings.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    return [".vscode/settings.json"]


def _append(path: Path, line: str) -> None:
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    if line.strip() not in old.split("\n"):
        path.write_text(old + ("\n" if old and not old.endswith("\n") else "") + line, encoding="utf-8")
