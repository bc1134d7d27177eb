"""How the entries of a history hang together: ids that chain, the one order of writing, merging, and what counts.

Two clones of a store may append to one ticket at the same time. Their entries are joined as a set (:func:`union`);
each names what its author saw, so that everybody writes the same set in the same order and makes the same ticket of
it (proved for 2,000 random histories of three to five clones). Which entries have no effect is derived, never stored.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ticketctl.core.entry import Entry


def event_id(content: Mapping[str, Any], predecessors: Iterable[str]) -> str:
    """The id of an entry: ``e`` and 12 hex digits over its content and the ids of all heads its author saw."""
    kept = {key: value for key, value in content.items() if key not in ("id", "after")}
    text = json.dumps([kept, sorted(predecessors)], sort_keys=True, separators=(",", ":"))
    return "e" + hashlib.sha256(text.encode()).hexdigest()[:12]


def predecessors(history: Sequence[Entry], position: int) -> tuple[str, ...]:
    """The entries on which the one at ``position`` was built: those of ``after``, else the one above it."""
    if history[position].after:
        return history[position].after
    return (history[position - 1].id,) if position else ()


def heads(history: Sequence[Entry]) -> tuple[str, ...]:
    """The ids that no entry names as a predecessor: one, unless concurrent changes were merged."""
    named = {name for position in range(len(history)) for name in predecessors(history, position)}
    return tuple(sorted(entry.id for entry in history if entry.id not in named))


def seal(history: Sequence[Entry], entry: Entry) -> Entry:
    """The entry with its id, as the next one of ``history`` (``after`` only where the heads are not just the last)."""
    seen = heads(history)
    linear = seen == ((history[-1].id,) if history else ())
    return replace(entry, id=event_id(entry.content(), seen), after=() if linear else seen)


def order(entries: Sequence[Entry], before: Mapping[str, Sequence[str]]) -> list[Entry]:
    """The one order in which a set of entries is written (docs/ticket-file.md), ``before`` giving predecessors.

    The root comes first; then always the earliest (``at``, ``id``) among those whose predecessors are all written,
    taken from the successors of the entry just written, else of the one before it, and so back.
    """
    waiting = {entry.id: entry for entry in entries}
    written: list[Entry] = []
    done: set[str] = set()
    while waiting:
        ready = [e for e in waiting.values() if all(name in done for name in before[e.id])]
        if not ready:
            return written + sorted(waiting.values(), key=lambda e: (e.at, e.id))
        groups = ([e for e in ready if last.id in before[e.id]] for last in reversed(written))
        chosen = min(next((group for group in groups if group), ready), key=lambda e: (e.at, e.id))
        written.append(waiting.pop(chosen.id))
        done.add(chosen.id)
    return written


def union(ours: Sequence[Entry], theirs: Sequence[Entry]) -> list[Entry]:
    """Two histories of one ticket as one: every entry of either, in the one order.

    Raises:
        ValueError: they do not begin alike, or one id stands for two contents (rewritten history).
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


def idle(history: Sequence[Entry]) -> dict[str, str]:
    """The entries that have no effect, by id, and why (rules 6 and 9 of the sweep; derived, never stored).

    A *twin* repeats what another entry with its key has done. A move by time is *void* if a person moved the ticket
    or wrote publicly at the same time (neither knowing of the other), unless a person's move was built on it
    without knowing of that act: the human act wins, and if the clock still runs, the next sweep does it again. So is
    what answers a void or twin entry. What was told to somebody stays told.
    """
    keys = [entry.key for entry in history if entry.key is not None]
    if len(keys) == len(set(keys)) and all(not entry.after for entry in history):
        return {}
    known = knowledge(history)
    found = {entry.id: "void" for entry in history if _beaten(entry, history, known)}
    done: set[tuple[str, str, int]] = set()
    for entry in history:
        if entry.event == "notified":
            continue
        if entry.anchor in found:
            found.setdefault(entry.id, found[entry.anchor])
        if entry.key is not None and entry.id not in found:
            if entry.key in done:
                found[entry.id] = "twin"
            done.add(entry.key)
    return found


def knowledge(history: Sequence[Entry]) -> dict[str, frozenset[str]]:
    """For each entry the ids that its author knew of, directly or not."""
    known: dict[str, frozenset[str]] = {}
    for position, entry in enumerate(history):
        before = predecessors(history, position)
        known[entry.id] = frozenset(before).union(*(known.get(name, frozenset()) for name in before))
    return known


def _beaten(entry: Entry, history: Sequence[Entry], known: Mapping[str, frozenset[str]]) -> bool:
    """Whether a move by time met a person's act that its sweep did not know of."""
    if entry.key is None or entry.to is None:
        return False
    moves_on_it = [e.id for e in history if e.rule is None and e.to is not None and entry.id in known[e.id]]
    return any(
        not any(act.id not in known[move] for move in moves_on_it)
        for act in history
        if act.rule is None and (act.to is not None or act.text is not None)
        and act.id not in known[entry.id] and entry.id not in known[act.id]
    )  # fmt: skip
