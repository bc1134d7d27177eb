"""Whether tests follow from tests: the small logic behind ``profile check``.

It is sound and incomplete: "follows" is said only where it is certain. Facts and needs
are compared by what they say, never by their words (``say``) or places.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from ticketctl.core.entry import Value
from ticketctl.core.profile import Profile, Test, Transition
from ticketctl.core.templates import only_name
from ticketctl.errors import Place
from ticketctl.record import Record, replace

MOST = 1_500_000
"""How many comparisons the proofs of a profile may take: the largest of those that come
with the program takes 350,000."""


class TooLargeError(Exception):
    """The proofs of a profile would take too long."""


def effort(profile: Profile, steps: int) -> None:
    """Count steps of the proofs of a profile.

    Raises:
        TooLargeError: there are too many.
    """
    done = profile.remembered["toil"] = profile.remembered.get("toil", 0) + steps
    if done > MOST:
        raise TooLargeError


_NEVER_EMPTY = ("actor", "now", "id", "title")


def core(test: Test) -> Test:
    """A test without its words and places."""
    return replace(
        test,
        say="",
        place=Place(""),
        inner=tuple(map(core, test.inner)),
        then=tuple(map(core, test.then)),
    )


def opposite(test: Test) -> Test:
    """The reverse of a test."""
    words = {"present": "absent", "absent": "present"}
    if test.kind == "field" and len(test.checks) == 1 and test.checks[0][0] in words:
        return replace(test, checks=((words[test.checks[0][0]], True),))
    return (
        test.inner[0]
        if test.kind == "not" and len(test.inner) == 1
        else Test("not", inner=(test,))
    )


def split(tests: Iterable[Test]) -> list[Test]:
    """Field tests of several words as one test a word, and nothing else changed."""
    found = []
    for test in map(core, tests):
        if test.kind == "field" and len(test.checks) > 1:
            found += [replace(test, checks=(check,)) for check in test.checks]
        elif (
            test.kind == "not"
            and len(test.inner) == 1
            and opposite(test.inner[0]).kind == "field"
        ):
            found.append(opposite(test.inner[0]))
        else:
            found.append(test)
    return found


class Assumptions(Record):
    """What is known when a rule acts.

    Args:
        profile: the profile.
        status: the status in which it acts.
        tests: what has been tested (``when``), and what the status keeps true.
        sets: what the act sets, ``None`` for cleared.
        text, note: whether the act supplies a public text, a note.
        role: in which role it acts; empty if unknown.
    """

    profile: Profile
    status: str
    tests: tuple[Test, ...] = ()
    sets: Mapping[str, Value | None] | None = None
    text: bool = False
    note: bool = False
    role: str = ""

    def knowing(self, more: Iterable[Test]) -> Assumptions:
        """The same with more tests known to pass."""
        tests = (*self.tests, *split(more))
        effort(self.profile, len(tests))
        return replace(self, tests=tests)


def mentions(
    test: Test,
    kinds: Collection[str] = (),
    fields: Collection[str] = (),
    words: Collection[str] = (),
) -> bool:
    """Whether a test, or one inside it, is of these kinds, about these fields, or uses
    these words of a field test."""
    return any(
        one.kind in kinds
        or (
            one.kind == "field"
            and (
                one.name.partition(".")[0] in fields
                or any(word in words for word, _ in one.checks)
            )
        )
        for one in test.walk()
    )


def follows(facts: Assumptions, needs: Iterable[Test]) -> list[Test]:
    """Those of ``needs`` that do not follow from the facts."""
    return [
        need
        for need in needs
        if not all(_follows(facts, part, 3) for part in split([need]))
    ]


def exclusive(facts: Assumptions, one: Sequence[Test], other: Sequence[Test]) -> bool:
    """Whether two lists of tests can never pass together in that status."""
    known = facts.knowing(one)
    return any(_follows(known, opposite(test), 3) for test in split(other)) or any(
        _follows(facts.knowing(other), opposite(test), 3) for test in split(one)
    )


def impossible(facts: Assumptions, tests: Sequence[Test]) -> bool:
    """Whether a list of tests can never pass in that status."""
    parts = split(tests)
    return any(
        _follows(
            facts.knowing(parts[:position] + parts[position + 1 :]), opposite(test), 2
        )
        for position, test in enumerate(parts)
    )


def _follows(facts: Assumptions, need: Test, depth: int) -> bool:
    effort(facts.profile, 1 + len(facts.tests))
    if need in facts.tests or _settled(facts, need):
        return True
    if depth == 0:
        return False
    if _by_cases(facts, need, depth) or _by_allowed(facts, need, depth):
        return True
    match need.kind:
        case "when":
            refuted = any(
                _follows(facts, opposite(test), depth - 1) for test in split(need.inner)
            )
            known = facts.knowing(need.inner)
            return refuted or all(
                _follows(known, test, depth - 1) for test in split(need.then)
            )
        case "any_of":
            return any(_follows(facts, test, depth - 1) for test in split(need.inner))
        case "not":
            return any(_refuted(facts, test, depth - 1) for test in split(need.inner))
    return False


def _by_cases(facts: Assumptions, need: Test, depth: int) -> bool:
    """Known alternatives, each of which suffices; known implications whose condition
    holds."""
    for fact in facts.tests:
        if fact.kind not in ("any_of", "when", "not"):
            continue
        effort(facts.profile, len(facts.tests))
        rest = replace(facts, tests=tuple(test for test in facts.tests if test != fact))
        if fact.kind == "any_of" and all(
            _follows(rest.knowing([case]), need, depth - 1) for case in fact.inner
        ):
            return True
        if fact.kind == "when" and all(
            _follows(rest, test, depth - 1) for test in split(fact.inner)
        ):
            if _follows(rest.knowing(fact.then), need, depth - 1):
                return True
        if (
            fact.kind == "not"
            and len(fact.inner) == 1
            and fact.inner[0].kind == "any_of"
        ):
            if _follows(
                rest.knowing(opposite(case) for case in fact.inner[0].inner),
                need,
                depth - 1,
            ):
                return True
    return False


def _by_allowed(facts: Assumptions, need: Test, depth: int) -> bool:
    """That a move would be allowed says that all its needs are met."""
    for fact in facts.tests:
        if fact.kind == "allowed" and len(fact.wanted) == 1:
            edges = facts.profile.between(facts.status, str(fact.wanted[0]))
            rest = replace(
                facts, tests=tuple(test for test in facts.tests if test != fact)
            )
            # The move was judged with the request's own text and role; the rule's move
            # has its own.
            if edges and all(
                _follows(
                    rest.knowing(lasting(_needs(facts.profile, edge))), need, depth - 1
                )
                for edge in edges
            ):
                return True
    return False


def lasting(tests: Iterable[Test]) -> list[Test]:
    """Those tests that say the same of a rule's move as of the request that set the
    rule off."""
    return [
        test
        for test in tests
        if not mentions(test, ("message", "text", "role"), words=("changed",))
    ]


def _needs(profile: Profile, edge: Transition) -> tuple[Test, ...]:
    return (*edge.needs, *profile.statuses[edge.target].needs)


def _settled(facts: Assumptions, need: Test) -> bool:
    """What the status, the role, and what the act supplies settle by themselves."""
    match need.kind:
        case "status":
            return facts.status in need.wanted
        case "state":
            return facts.profile.state(facts.status) in need.wanted
        case "role":
            return bool(facts.role) and facts.role in need.wanted
        case "message":
            return {"public": facts.text, "note": facts.note}.get(
                str(need.wanted[0]), facts.text or facts.note
            )
        case "field":
            return _field_settled(facts, need)
    return False


def _field_settled(facts: Assumptions, need: Test) -> bool:
    (word, argument) = need.checks[0]
    sets = facts.sets or {}
    if need.name in sets:
        value = sets[need.name]
        if isinstance(value, str) and "$" in value and word != "changed":
            return word == "present" and only_name(value) in ("", *_NEVER_EMPTY)
        if word in ("present", "changed"):
            return value is not None
        if word == "absent":
            return value is None
        return word == "is" and isinstance(argument, tuple) and str(value) in argument
    same = [
        test.checks[0]
        for test in facts.tests
        if test.kind == "field" and test.name == need.name
    ]
    if word == "present":
        return any(
            known in ("present", "is", "contains", "has_role", "in_future")
            for known, _ in same
        )
    if word in ("is", "has_role", "contains") and isinstance(argument, tuple):
        return any(
            known == word and isinstance(a, tuple) and set(a) <= set(argument)
            for known, a in same
        )
    if word == "complete":
        return any(known == "absent" for known, _ in same)
    return False


def _refuted(facts: Assumptions, test: Test, depth: int) -> bool:
    """Whether the facts say that a test cannot pass."""
    match test.kind:
        case "not":
            return all(_follows(facts, inner, depth) for inner in split(test.inner))
        case "any_of":
            return all(_refuted(facts, inner, depth) for inner in split(test.inner))
        case "status":
            return facts.status not in test.wanted
        case "state":
            return facts.profile.state(facts.status) not in test.wanted
        case "allowed":
            return all(to == facts.status for to in test.wanted)
        case "role" if facts.role:
            return facts.role not in test.wanted
        case "role" | "channel" | "category":
            return any(
                fact.kind == test.kind and not set(fact.wanted) & set(test.wanted)
                for fact in facts.tests
            )
        case "field":
            return _field_refuted(facts, test)
        case "text" | "subject":
            # A text that does not hold any of these does not hold this one.
            denied = [
                fact.inner[0]
                for fact in facts.tests
                if fact.kind == "not" and len(fact.inner) == 1
            ]
            return any(
                (no.kind, no.name) == (test.kind, test.name)
                and set(test.wanted) <= set(no.wanted)
                for no in denied
            )
    return False


def _field_refuted(facts: Assumptions, test: Test) -> bool:
    (word, argument) = test.checks[0]
    valued = ("present", "is", "contains", "has_role", "in_future")
    known = [
        fact.checks[0]
        for fact in facts.tests
        if fact.kind == "field" and fact.name == test.name
    ]
    sets = facts.sets or {}
    if test.name in sets:
        known = (
            [("absent", True)]
            if sets[test.name] is None
            else [("present", True), ("is", (str(sets[test.name]),))]
        )
    for other, value in known:
        if (word == "absent" and other in valued) or (
            word in valued and other == "absent"
        ):
            return True
        if (
            word == other == "is"
            and isinstance(value, tuple)
            and isinstance(argument, tuple)
        ):
            if not set(value) & set(argument):
                return True
    return Test("not", inner=(test,)) in facts.tests or _not_is(
        facts, test, word, argument
    )


def _not_is(facts: Assumptions, test: Test, word: str, argument: Value) -> bool:
    """``not: {is: [a, b]}`` refutes ``is: a``; ``not: {absent}`` refutes ``absent``;
    and so on."""
    for fact in facts.tests:
        if (
            fact.kind == "not"
            and len(fact.inner) == 1
            and fact.inner[0].kind == "field"
            and fact.inner[0].name == test.name
        ):
            inner = fact.inner[0]
            if len(inner.checks) == 1 and inner.checks[0][0] == word:
                wide = inner.checks[0][1]
                if (
                    not isinstance(wide, tuple)
                    or not isinstance(argument, tuple)
                    or set(argument) <= set(wide)
                ):
                    return True
    return False
