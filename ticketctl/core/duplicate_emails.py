"""Twins of emails: one email that several clones added to the same ticket, neither
knowing of the other.

That happens by a mailing to two mailboxes, a shared maildir, or a lost flag "seen".
After a merge the history holds the email more than once, with what rules did in each
clone. One of them counts; the others, and the answers of rules to them, are its twins.
All of this is derived from the set of entries alone, so that every clone derives the
same, in whatever order they are merged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ticketctl.core.entry import Entry
from ticketctl.core.ticket import LINK

_Effect = tuple[object, ...]


def twins(
    history: Sequence[Entry], seen_by: Mapping[str, int]
) -> tuple[dict[str, str], set[str]]:
    """Return which entries of a history repeat others.

    Args:
        seen_by: for each entry those that its author knew of
            (:func:`ticketctl.core.history_graph.knowledge`).

    Returns:
        For each twin, by id, the entry that it repeats; and the ids of those twins that
        have no effect. The answer of a rule that notified somebody whom its counterpart
        did not notify is a twin that has an effect.
    """
    places = {entry.id: place for place, entry in enumerate(history)}
    same: dict[str, str] = {}
    # Written by the first version: what rules did about these stays as it was merged.
    old: set[str] = set()
    for group in _groups(history):
        first = _counting(history, group, seen_by, places)
        for entry in group:
            if entry is not first and _are_apart(entry, first, seen_by, places):
                same[entry.id] = first.id
                if not (entry.mail_digest and first.mail_digest):
                    old.add(entry.id)
    idle = set(same)
    if same:
        _add_answers(history, same, idle, old)
    return same, idle


def _groups(history: Sequence[Entry]) -> list[list[Entry]]:
    """Return the entries of each email that is in the history more than once.

    The first version wrote no digests: there the same Message-ID, author, text and
    names of files mean the same email.
    """
    digests: dict[_Effect, str] = {}
    for entry in history:
        if entry.mail_digest:
            digests.setdefault(_content(entry), entry.mail_digest)
    groups: dict[object, list[Entry]] = {}
    for entry in history:
        if entry.mail_digest or entry.mail_id:
            key = entry.mail_digest or digests.get(_content(entry)) or _content(entry)
            groups.setdefault(key, []).append(entry)
    return [group for group in groups.values() if len(group) > 1]


def _content(entry: Entry) -> _Effect:
    """Return what tells the emails of the first version apart."""
    return (entry.mail_id, entry.by.lower(), entry.text, entry.note, entry.files)


def _are_apart(
    a: Entry, b: Entry, seen_by: Mapping[str, int], places: Mapping[str, int]
) -> bool:
    """Return whether neither author knew of the other's entry: else the repetition was
    on purpose."""
    return not (seen_by[a.id] >> places[b.id] & 1 or seen_by[b.id] >> places[a.id] & 1)


def _counting(
    history: Sequence[Entry],
    group: Iterable[Entry],
    seen_by: Mapping[str, int],
    places: Mapping[str, int],
) -> Entry:
    """Return the entry of an email that counts.

    It is a message rather than a note; then the one that most acts of people and of
    rules by time were built on, so that what was answered stays answered; then the last
    in order, so that what nobody has answered comes after what was written without
    knowing of it.
    """
    acts = [
        seen_by[entry.id]
        for entry in history
        if (entry.rule is None and entry.text is not None)
        or (entry.to is not None and (entry.rule is None or entry.due))
    ]

    def weight(entry: Entry) -> tuple[bool, int, int]:
        place = places[entry.id]
        return entry.text is not None, sum(seen >> place & 1 for seen in acts), place

    return max(group, key=weight)


def _add_answers(
    history: Sequence[Entry], same: dict[str, str], idle: set[str], old: set[str]
) -> None:
    """Add what rules did at once about twins, and about such answers in turn.

    Args:
        same, idle, old: those of the emails; entries are added to them.
    """
    answers: dict[tuple[str, _Effect], Entry] = {}
    for entry in history:
        if (
            entry.rule is not None
            and entry.due is None
            and entry.anchor is not None
            and entry.anchor not in same
        ):
            answers.setdefault((entry.anchor, _effect(entry)), entry)
    for entry in history:
        if entry.rule is None or entry.due is not None or entry.anchor not in same:
            continue
        other = answers.get((same[entry.anchor], _effect(entry)))
        if other is None:
            continue  # done in one clone only: it has effect
        same[entry.id] = other.id
        if entry.anchor in old:
            old.add(entry.id)
        changes = entry.to is not None or entry.sets or entry.unset
        if set(entry.recipients) <= set(other.recipients) and not (
            changes and entry.id in old
        ):
            idle.add(entry.id)


def _effect(entry: Entry) -> _Effect:
    """Return what a rule did, without the values that differ between clones: dates, and
    the ids of follow-up tickets."""
    names = tuple(sorted(name for name in entry.sets if name != LINK))
    return (
        entry.rule,
        entry.event,
        entry.from_,
        entry.to,
        entry.message,
        LINK in entry.sets,
        names,
        entry.unset,
    )
