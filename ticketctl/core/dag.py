"""How the entries of a history hang together: ids that chain, the one order of writing,
merging, and what counts.

Two clones of a store may append to one ticket at the same time. Their entries are
joined as a set (:func:`union`); each names what its author saw, so that everybody
writes the same set in the same order and makes the same ticket of it (proved for 2,000
random histories of three to five clones). Which entries have no effect is derived,
never stored.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from json.encoder import encode_basestring_ascii as _quoted
from operator import itemgetter
from typing import Any

from ticketctl.core.entry import ENTRY_NAMES, Entry, Value
from ticketctl.core.hashing import sha256
from ticketctl.record import replace

_compact = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def event_id(content: Mapping[str, Any], predecessors: Iterable[str]) -> str:
    """The id of an entry: ``e`` and 12 hex digits over its content and the ids of all
    heads its author saw."""
    kept = {key: value for key, value in content.items() if key not in ("id", "after")}
    return _digest(_compact([kept, sorted(predecessors)]))


def entry_id(entry: Entry, predecessors: Iterable[str]) -> str:
    """The id that an entry must have: ``event_id(entry.content(), predecessors)``, for
    who asks it of a million.

    What JSON writes around the values is the same for all entries that hold the same
    names.
    """
    around, values_of = _form(tuple(entry.__dict__))
    values = values_of(entry.__dict__)
    if entry.extra or not all(values):
        return event_id(entry.content(), predecessors)
    texts = [_quoted(value) if type(value) is str else _json(value) for value in values]
    return _digest(around % (*texts, ",".join(map(_quoted, sorted(predecessors)))))


@lru_cache(maxsize=1 << 10)
def _form(
    names: tuple[str, ...],
) -> tuple[str, Callable[[Mapping[str, Any]], tuple[Any, ...]]]:
    """The compact JSON of an entry that holds these names, with a gap for each value
    and one for its predecessors, and what takes the values out in that order."""
    keys = sorted((_HASHED[name], name) for name in names if name in _HASHED)
    gaps = ",".join([f'"{key}":%s' for key, _ in keys])
    return f"[{{{gaps}}},[%s]]", itemgetter(*[name for _, name in keys])


def _json(value: Value) -> str:
    """A value as compact JSON; the encoder takes ten times as long for what is small."""
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, bool | int):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{','.join(map(_quoted, value))}]"
    held = [
        f"{_quoted(key)}:{_json(one)}"
        for key, one in sorted(value.items())
        if one or one in (0, "")
    ]
    return f"{{{','.join(held)}}}"


def _digest(text: str) -> str:
    return "e" + sha256(text.encode()).hex()[:12]


_HASHED = {name: key for key, name in ENTRY_NAMES.items() if key not in ("id", "after")}
"""What an id is made of: name here -> key of the file."""


def predecessors(history: Sequence[Entry], position: int) -> tuple[str, ...]:
    """The entries on which the one at ``position`` was built: those of ``after``, else
    the one above it."""
    if history[position].after:
        return history[position].after
    return (history[position - 1].id,) if position else ()


def heads(history: Sequence[Entry]) -> tuple[str, ...]:
    """The ids that no entry names as a predecessor: one, unless concurrent changes were
    merged."""
    named = {
        name
        for position in range(len(history))
        for name in predecessors(history, position)
    }
    return tuple(sorted(entry.id for entry in history if entry.id not in named))


def is_linear(history: Sequence[Entry]) -> bool:
    """Whether each entry was built on the one above it: no concurrent changes were
    merged."""
    return not [entry for entry in history if entry.after]


def seal(history: Sequence[Entry], entry: Entry) -> Entry:
    """The entry with its id, as the next one of ``history`` (``after`` only where the
    heads are not just the last)."""
    seen = heads(history)
    linear = seen == ((history[-1].id,) if history else ())
    return replace(
        entry, id=event_id(entry.content(), seen), after=() if linear else seen
    )


def order(entries: Sequence[Entry], before: Mapping[str, Sequence[str]]) -> list[Entry]:
    """The one order in which a set of entries is written (docs/ticket-file.md),
    ``before`` giving predecessors.

    The root comes first; then always the earliest (``at``, ``id``) among those whose
    predecessors are all written, taken from the successors of the entry just written,
    else of the one before it, and so back.
    """
    left = {entry.id: len(set(before[entry.id])) for entry in entries}
    successors: dict[str, list[Entry]] = {}
    for entry in entries:
        for name in set(before[entry.id]):
            successors.setdefault(name, []).append(entry)
    written: list[Entry] = []
    done: set[str] = set()
    # Each entry is ready when the last of those before it is written: it stands with
    # the successors of that one.
    ready = [[entry for entry in entries if not left[entry.id]]]
    while ready:
        group = [entry for entry in ready[-1] if entry.id not in done]
        if not group:
            ready.pop()
            continue
        chosen = min(group, key=lambda entry: (entry.at, entry.id))
        ready[-1] = group
        written.append(chosen)
        done.add(chosen.id)
        fresh = []
        for entry in successors.get(chosen.id, ()):
            left[entry.id] -= 1
            if not left[entry.id]:
                fresh.append(entry)
        ready.append(fresh)
    return written + sorted(
        (e for e in entries if e.id not in done), key=lambda e: (e.at, e.id)
    )


def union(ours: Sequence[Entry], theirs: Sequence[Entry]) -> list[Entry]:
    """Two histories of one ticket as one: every entry of either, in the one order.

    Raises:
        ValueError: they do not begin alike, or one id stands for two contents
            (rewritten history).
    """
    if not ours or not theirs or ours[0] != theirs[0]:
        raise ValueError("the two do not begin with the same entry")
    entries: dict[str, Entry] = {}
    before: dict[str, tuple[str, ...]] = {}
    for history in (ours, theirs):
        for position, entry in enumerate(history):
            known = entries.setdefault(entry.id, entry)
            if known.content() | {"after": None} != entry.content() | {"after": None}:
                raise ValueError(f"the entry {entry.id} has two contents")
            before[entry.id] = predecessors(history, position)
    found: list[Entry] = []
    for entry in order(list(entries.values()), before):
        linear = before[entry.id] == ((found[-1].id,) if found else ())
        found.append(replace(entry, after=() if linear else before[entry.id]))
    return found


def without_effect(history: Sequence[Entry]) -> tuple[dict[str, str], dict[str, str]]:
    """The entries that have no effect, by id, and why (rules 6 and 9 of the sweep;
    derived, never stored); and those that repeat another, each with that one.

    A *twin* repeats what another entry with its key has done, or the same email
    (:mod:`ticketctl.core.duplicate_emails`). A move by time is *void* if a person moved
    the ticket or wrote publicly at the same time (neither knowing of the other), unless
    a person's move was built on it without knowing of that act: the human act wins, and
    if the clock still runs, the next sweep does it again. So is what answers a void or
    twin entry. What was told to somebody stays told.
    """
    keys = [entry.key for entry in history if entry.due is not None]
    linear = is_linear(history)
    if linear and len(keys) == len(set(keys)):
        return {}, {}
    found = dict.fromkeys(_beaten(history), "void")
    same: dict[str, str] = {}
    if (
        not linear
        and len(
            [
                entry
                for entry in history
                if entry.mail_id is not None or entry.mail_digest
            ]
        )
        > 1
    ):
        from ticketctl.core.duplicate_emails import twins  # rarely needed

        same, repeated = twins(history, knowledge(history))
        found |= dict.fromkeys(repeated, "twin")
    done: set[tuple[str, str, int]] = set()
    for entry in history:
        if entry.event == "notified":
            continue
        if entry.anchor in found and entry.anchor not in same:
            found.setdefault(entry.id, found[entry.anchor])
        if entry.key is not None and entry.id not in found:
            rule, anchor, number = entry.key
            key = (
                rule,
                same[anchor] if anchor in same and anchor in found else anchor,
                number,
            )
            if key in done:
                found[entry.id] = "twin"
            done.add(key)
    return found, same


def knowledge(history: Sequence[Entry]) -> dict[str, int]:
    """For each entry those that its author knew of, directly or not: bit N stands for
    the entry at position N."""
    bits = {entry.id: 1 << position for position, entry in enumerate(history)}
    known: dict[str, int] = {}
    for position, entry in enumerate(history):
        seen = 0
        for name in predecessors(history, position):
            seen |= bits.get(name, 0) | known.get(name, 0)
        known[entry.id] = seen
    return known


def _beaten(history: Sequence[Entry]) -> set[str]:
    """The moves by time that met a person's act of which their sweep did not know.

    A person's act is a move, a public message, or whatever made a rule move the ticket
    at once.
    """
    known = knowledge(history)
    bits = {entry.id: 1 << position for position, entry in enumerate(history)}
    by_time = [
        entry for entry in history if entry.key is not None and entry.to is not None
    ]
    moves = [entry for entry in history if entry.rule is None and entry.to is not None]
    by_id = {entry.id: entry for entry in history}
    led_to_a_move = {
        _root(entry, by_id)
        for entry in history
        if entry.to is not None and entry.rule and entry.due is None
    }
    acts = [
        e
        for e in history
        if e.rule is None
        and (e.to is not None or e.text is not None or e.id in led_to_a_move)
    ]
    found = set()
    for entry in by_time:
        on_it = [known[move.id] for move in moves if known[move.id] & bits[entry.id]]
        for act in acts:
            apart = not (
                known[entry.id] & bits[act.id] or known[act.id] & bits[entry.id]
            )
            if apart and all(knew & bits[act.id] for knew in on_it):
                found.add(entry.id)
                break
    return found


def _root(entry: Entry, by_id: Mapping[str, Entry]) -> str:
    """The entry that set off the rules that made this one."""
    while entry.rule is not None and entry.due is None and entry.anchor in by_id:
        entry = by_id[str(entry.anchor)]
    return entry.id
