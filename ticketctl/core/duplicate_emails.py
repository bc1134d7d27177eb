"""Twins of emails: one email that several clones put on the same ticket, each not
knowing of the others.

A mailing to two inboxes, a shared maildir, a lost "seen" mark: after a merge the
history holds the email more than once, with what rules made of it in each clone. One of
them counts; the others, and those answers of rules that it has too, are its twins. All
of this is derived from the set of events alone, so that every clone comes to the same,
whatever the order of merging.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ticketctl.core.entry import Entry
from ticketctl.core.ticket import LINK

_Effect = tuple[object, ...]


def twins(
    history: Sequence[Entry], known: Mapping[str, int]
) -> tuple[dict[str, str], set[str]]:
    """Which entries of a history repeat others.

    Args:
        known: for each entry those of which its author knew
            (:func:`ticketctl.core.dag.knowledge`).

    Returns:
        For each twin the entry that it repeats; and those of them that have no effect.
        An answer of a rule that reached people whom its counterpart did not reach is a
        twin that has one.
    """
    places = {entry.id: place for place, entry in enumerate(history)}
    same: dict[str, str] = {}
    old: set[str] = (
        set()
    )  # what the first version wrote: what rules made of it stands as it was merged
    for group in _groups(history):
        counts = _counting(history, group, known, places)
        for entry in group:
            if entry is not counts and _are_apart(entry, counts, known, places):
                same[entry.id] = counts.id
                if not (entry.mail_digest and counts.mail_digest):
                    old.add(entry.id)
    idle = set(same)
    if same:
        _add_answers(history, same, idle, old)
    return same, idle


def _groups(history: Sequence[Entry]) -> list[list[Entry]]:
    """The entries of emails that stand there more than once.

    An entry without a digest is of the first version: there the same are those of one
    Message-ID, one writer and one text, with files of the same names.
    """
    digests: dict[_Effect, str] = {}
    for entry in history:
        if entry.mail_digest:
            digests.setdefault(_content(entry), entry.mail_digest)
    found: dict[object, list[Entry]] = {}
    for entry in history:
        if entry.mail_digest or entry.mail_id:
            key = entry.mail_digest or digests.get(_content(entry)) or _content(entry)
            found.setdefault(key, []).append(entry)
    return [group for group in found.values() if len(group) > 1]


def _content(entry: Entry) -> _Effect:
    return (entry.mail_id, entry.by.lower(), entry.text, entry.note, entry.files)


def _are_apart(
    one: Entry, other: Entry, known: Mapping[str, int], places: Mapping[str, int]
) -> bool:
    """Whether neither author knew of the other's entry: else the second was meant."""
    return not (
        known[one.id] >> places[other.id] & 1 or known[other.id] >> places[one.id] & 1
    )


def _counting(
    history: Sequence[Entry],
    group: Iterable[Entry],
    known: Mapping[str, int],
    places: Mapping[str, int],
) -> Entry:
    """The entry of an email that counts: a message before a note, then the one upon
    which people and rules by time have acted most, so that what was answered is
    answered; then the last in order, so that what nobody has answered stands below what
    was written without knowing of it."""
    acts = [
        known[one.id]
        for one in history
        if (one.rule is None and one.text is not None)
        or (one.to is not None and (one.rule is None or one.due))
    ]

    def weight(entry: Entry) -> tuple[bool, int, int]:
        place = places[entry.id]
        return entry.text is not None, sum(knew >> place & 1 for knew in acts), place

    return max(group, key=weight)


def _add_answers(
    history: Sequence[Entry], same: dict[str, str], idle: set[str], old: set[str]
) -> None:
    """Add what rules made at once of twins, and of such answers in turn.

    Args:
        same, idle, old: of the emails; they grow.
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
            continue  # done in one clone alone: it stands
        same[entry.id] = other.id
        if entry.anchor in old:
            old.add(entry.id)
        changes = entry.to is not None or entry.sets or entry.unset
        if set(entry.recipients) <= set(other.recipients) and not (
            changes and entry.id in old
        ):
            idle.add(entry.id)


def _effect(entry: Entry) -> _Effect:
    """What a rule did, whatever it put into it: dates differ, and the ids of follow-up
    tickets."""
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
