"""``check --changed``: what was found right, byte for byte and by the same rules, is not looked at again."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice

from ticketctl.app.check import Audit, attached, audit, check_found, is_attached
from ticketctl.app.email.duplicates import duplicates_among
from ticketctl.app.index.parallel import read_at, spread
from ticketctl.app.index.refresh import ask
from ticketctl.app.progress import Watch, unwatched
from ticketctl.app.workspace import Desk
from ticketctl.core import dates
from ticketctl.core.hashing import object_id
from ticketctl.core.profile import Test
from ticketctl.errors import DiskError, Finding
from ticketctl.store.index import verified
from ticketctl.store.index.changes import stamp_of
from ticketctl.store.index.database import Index, UnusableError
from ticketctl.store.index.sql import shared
from ticketctl.store.index.verified import Sound
from ticketctl.store.yaml.loader import Loaded

Held = tuple[str, bytes]
"""A file as the index has it: its path, and the id that git gives to its bytes."""
_AT_ONCE = 5000
"""So many are noted in one transaction: nobody waits for the index while files are read."""


def audit_changed(desk: Desk, watch: Watch = unwatched) -> Audit:
    """Check the tickets that were not found right as they are now; those that are found right now, are noted.

    Raises:
        SettingsError: the settings have mistakes.
    """
    rules = _stamps(desk)
    paths = list(desk.store.paths())
    try:
        index, left = ask(desk, lambda index: _doubtful(desk, index, paths), watch)
    except DiskError:  # no index can be made, but each ticket may be looked at
        return audit(desk, (), watch)
    result = Audit(passed=len(set(paths).difference(path for path, _ in left)))
    looked = spread(desk, read_held, look_again, left, "checking", watch)
    while some := list(islice(looked, _AT_ONCE)):
        result.checked += len(some)
        for findings, _ in some:
            result.findings += findings
        if _stamps(desk) == rules:  # else who knows by which of them they were judged
            with suppress(UnusableError):  # then they are looked at next time
                verified.add(index, [noted for _, noted in some if noted is not None])
    result.findings += duplicates_among(desk, shared(index))
    result.add_strays(desk, paths)
    return result


def _stamps(desk: Desk) -> list[tuple[str, str]]:
    """The files of all profiles, and the stat of each."""
    return [(path, stamp_of(path)[0]) for path in desk.shelf.files()]


def _doubtful(desk: Desk, index: Index, paths: list[str]) -> tuple[Index, list[Held]]:
    """What is to be looked at, and the index that says so: where it cannot be written, a copy in memory.

    Args:
        paths: of everything that is there; git does not tell the index of what is no file.
    """
    try:
        left = verified.doubtful(index)
    except UnusableError:
        index = index.in_memory()
        left = verified.doubtful(index)
    for path, blob, files in verified.attached(index):
        if not all(is_attached(desk, file) for file in files.split("\0")):
            left.append((path, blob))
    # What was found right by a clock that was ahead is looked at again, once the clock is right.
    left += verified.later(index, dates.horizon(desk.present))
    left += [(path, b"") for path in set(paths).difference(index.paths())]
    return index, sorted(set(left))


def read_held(desk: Desk, held: Held) -> tuple[bytes, Loaded | Finding | None]:
    """What lies at the path of a ticket, and the blob that it is said to be."""
    path, blob = held
    return blob, read_at(desk, path)


def look_again(desk: Desk, read: tuple[bytes, Loaded | Finding | None]) -> tuple[list[Finding], Sound | None]:
    """Everything that is wrong with a ticket; and what is to be noted, if with these bytes, by these rules, and while
    its attachments are there, nothing ever will be."""
    blob, found = read
    findings = check_found(desk, found)
    if findings or not isinstance(found, Loaded) or object_id(b"blob", found.data, 2 * len(blob)) != blob:
        return findings, None
    ticket = found.ticket
    keeps = desk.shelf.get(ticket.profile).statuses[ticket.status].keeps
    if any(_tells_time(test) for keep in keeps for test in keep.walk()):
        return findings, None
    files = [path for entry in ticket.history for path in attached(ticket, entry)]
    return findings, Sound(found.path, blob, "\0".join(files))


def _tells_time(test: Test) -> bool:
    """Whether a test may pass today and not tomorrow (``allowed`` asks what moves need, and is taken to be one)."""
    return test.kind in ("within", "allowed") or any(word == "in_future" for word, _ in test.checks)
