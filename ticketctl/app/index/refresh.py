"""Bringing the index up to date: only what has changed is read, and whatever is wrong with the index, the answer is the
same."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from ticketctl import __version__
from ticketctl.app.progress import Watch, unwatched
from ticketctl.app.workspace import Desk
from ticketctl.core.hashing import object_id
from ticketctl.errors import (
    BrokenError,
    DiskError,
    Finding,
    MissingError,
    Place,
    SettingsError,
    ShortageError,
    UnreadError,
)
from ticketctl.store import files
from ticketctl.store.index.changes import Inquiry, Look, News, Suspect, ask_ahead, is_young, news, stamped
from ticketctl.store.index.database import Index, Kept, UnusableError
from ticketctl.store.index.folders import folders

if TYPE_CHECKING:
    from ticketctl.core.summary import Summary
    from ticketctl.core.ticket import Ticket

_TRIES = 4
_FORM = "watchers reachable, opening emails"
"""What summaries hold since the first version: an index without it is made anew."""
T = TypeVar("T")


def fresh(desk: Desk, watch: Watch = unwatched) -> Index:
    """The index, as the files are now.

    Raises:
        SettingsError: the settings have mistakes.
    """
    places = folders(desk.root)
    ahead = ask_ahead(desk.state)
    try:
        _ = desk.settings
        for _ in range(_TRIES):
            try:
                index = Index.open(desk.state)
                if not is_made_by(desk, index):
                    break
                if (now := _updated(desk, index, places, ahead, watch)) is not None:
                    return now
            except UnusableError:
                break
            places, ahead = folders(desk.root), None
    finally:
        if ahead is not None:
            ahead.drop()
    return rebuilt(desk, watch)


def ask(desk: Desk, question: Callable[[Index], T], watch: Watch = unwatched) -> T:
    """The answer of the index, as the files are now; where it turns out to be damaged, that of a new one.

    Who may not see every ticket gets the answer of an index of those that they may.

    Raises:
        DiskError: the new one is damaged, too.
    """
    if desk.view is not None:
        from ticketctl.app.index.customer import own_index

        return question(own_index(desk, desk.view, watch))
    return everything(desk, question, watch)


def everything(desk: Desk, question: Callable[[Index], T], watch: Watch = unwatched) -> T:
    """The same of all tickets, whoever asks.

    Raises:
        DiskError: the new one is damaged, too.
    """
    try:
        return question(fresh(desk, watch))
    except UnusableError:
        try:
            return question(rebuilt(desk, watch))
        except UnusableError as error:
            raise DiskError(f"the index is damaged: {error}", "look at the disk") from None


def _updated(
    desk: Desk, index: Index, places: list[tuple[str, str, int]], ahead: Inquiry | None, watch: Watch
) -> Index | None:
    """The index with what has changed in it; nothing, if somebody else has written it meanwhile.

    Args:
        places: the folders, before anything else was looked at.
        ahead: what git was asked after that.
    """
    generation = index.meta("generation")
    found = news(desk.root, index, ahead)
    if not found.changed:
        return index
    suspects, gone = list(found.suspects), list(found.gone)
    kept = list(_read(desk, found, str(found.meta.get("head", index.meta("head"))), suspects, gone, watch))
    try:
        return index if index.save(kept, gone, found.meta, suspects, places, generation) else None
    except UnusableError:  # locked, or nothing can be written: then for this answer alone
        index = index.in_memory()
        return index if index.save(kept, gone, found.meta, suspects, places, index.meta("generation")) else None


def rebuilt(desk: Desk, watch: Watch = unwatched, in_memory: bool = True) -> Index:
    """A new index, from all files.

    Args:
        in_memory: whether it may be in memory alone, where the disk does not let us keep it.

    Raises:
        DiskError: it cannot be kept, and may not be in memory.
    """
    places = folders(desk.root)
    found = news(desk.root, None)
    meta = {**found.meta, "rules": _rules(desk)}
    if not in_memory and not desk.state.folder:
        raise _not_kept(desk, UnusableError("there is no place for it"))
    for state in (desk.state if desk.state.folder else None, None):
        suspects = list(found.suspects)
        kept = _read(desk, found, str(found.meta["head"]), suspects, [], watch)
        try:
            return Index.build(kept, meta, suspects, places, state)
        except (UnusableError, OSError) as error:
            if not in_memory:
                raise _not_kept(desk, error) from None
    raise AssertionError("what is in memory can be written")


def _not_kept(desk: Desk, error: Exception) -> DiskError:
    words = f"{error.strerror} ({error.filename or 'index'})" if isinstance(error, OSError) else str(error)
    where = desk.state.folder or "the state folder"
    hint = "lists work without it; TICKETCTL_STATE names another folder"
    return DiskError(f"cannot write the index to {where}: {words}", hint)


def is_made_by(desk: Desk, index: Index) -> bool:
    """Whether an index was made by the present settings and profiles.

    Raises:
        SettingsError: the settings have mistakes.
    """
    return index.meta("rules") == _rules(desk)


def _rules(desk: Desk) -> bytes:
    """What a summary is made by besides the ticket: who has which role, the holidays, and the profiles byte for byte.

    Whatever else the settings say, a million tickets need not be read again for it.
    """
    people, holidays = desk.settings.people, desk.settings.holidays
    parts = [f"{__version__} {_FORM}".encode(), repr((people and sorted(people.items()), sorted(holidays))).encode()]
    for path in desk.shelf.files():
        try:
            parts += [os.fsencode(os.path.basename(path)), files.read_bytes(path, 1 << 20)]
        except ShortageError:
            raise
        except (FileNotFoundError, DiskError):
            # A link, say: tickets of that profile cannot be read.
            parts.append(b"!")
    return b"\0".join(parts)


def _read(desk: Desk, found: News, head: str, suspects: list[Suspect], gone: list[str], watch: Watch) -> Iterator[Kept]:
    """Read what is to be read.

    Args:
        head: HEAD's commit; empty where git was never asked, and nobody needs to know whom it vouches for.
        suspects: takes the files for which git does not vouch.
        gone: takes those that went between being seen and being read.
    """
    if not found.looks:
        return
    from ticketctl.app.index.parallel import spread

    for look, kept in zip(found.looks, spread(desk, see, keep, found.looks, "reading", watch), strict=True):
        if kept is None:
            gone.append(look.path)
        if head and (
            kept is None or kept.blob.hex() != look.vouched or not kept.stamp or is_young(kept.stamp, kept.read)
        ):
            suspects.append(Suspect(look.path, kept.stamp, kept.read) if kept else Suspect(look.path, "", 0))
        if kept is not None:
            yield kept


class Seen(NamedTuple):
    """A ticket file as it was seen.

    Args:
        blob: the id that git gives to its bytes; empty, if those could not be read.
        stamp, read: as of :class:`Kept`.
        found: its ticket; what is wrong with it; nothing, if it is gone.
    """

    path: str
    blob: bytes
    stamp: str
    read: int
    found: Ticket | Finding | None


def see(desk: Desk, look: Look) -> Seen:
    """Read a file that the index is to hold."""
    blob = b""
    _, stamp, read = stamped(desk.root, look.path)  # before it is read: what changes in between will be seen
    found: Ticket | Finding | None = None
    try:
        data = desk.store.data_of(look.path)
        blob = object_id(b"blob", data, len(look.vouched))
        found = desk.store.parse(look.path, data).ticket
    except MissingError:
        pass
    except (BrokenError, UnreadError) as error:
        found = error.finding
    return Seen(look.path, blob, stamp, read, found)


def keep(desk: Desk, seen: Seen) -> Kept | None:
    """What the index is to hold of a file; nothing, if it is gone by now."""
    from ticketctl.core.summary import summary_of

    path, blob, stamp, read, found = seen
    if found is None:
        return None
    if not isinstance(found, Finding):
        try:
            profile = desk.profile_of(found)
        except (BrokenError, SettingsError) as error:
            found = error.finding
        else:
            summary = summary_of(profile, found, desk.people_of(profile))
            return Kept(path, blob, stamp, read, cells_of(summary), letters=summary.letters)
    place = (found.place.line, found.place.col, found.message, found.hint, found.code)
    # What could not even be read may be readable next time.
    return Kept(path, blob, stamp if blob else "", read, broken=place)


def cells_of(summary: Summary) -> tuple[object, ...]:
    """A summary as the index's table has it."""
    return (*summary.row, summary.row.state == "closed", *summary[1:-1])


def broken_in(index: Index) -> list[Finding]:
    """The tickets that cannot be read."""
    return [
        Finding(Place(path, line, col), code, message, hint)
        for path, line, col, message, hint, code in index.all("SELECT * FROM broken ORDER BY path")
    ]
