"""What happens to the benchmark's tickets: for each profile and state one way through
the workflow.

Every step is put to the real ``decide``, so that each ticket is one that people could
have made.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.bench import texts
from ticketctl.core.engine.context import Situation
from ticketctl.core.engine.decide import decide
from ticketctl.core.engine.requests import Actor, Change, Create, Decision
from ticketctl.core.engine.sweep import sweep_ticket
from ticketctl.core.people import People
from ticketctl.core.profile import Profile
from ticketctl.core.ticket import Ticket

NOW = datetime(2026, 12, 7, 9, 0, tzinfo=UTC)
"""The instant at which nothing is due."""
SWEPT = NOW + timedelta(hours=2)
"""The instant at which the due tickets are due, and nothing else."""


@dataclass(frozen=True, slots=True)
class Step:
    """Somebody's act: a move, with a public text or a note, and values (``me`` stands
    for the assignee)."""

    role: str
    to: str | None = None
    says: str = ""
    sets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Story:
    """The steps after the opening; ``TALK`` stands for some turns of a conversation.

    Args:
        recent: the last step lies at most so many hours before NOW, as a rule would act
            on the ticket otherwise.
        sweep: days after the last step at which a sweep acts on the ticket.
    """

    steps: tuple[Step, ...]
    recent: int = 0
    sweep: int = 0


TALK = Step("talk")
_TALKS = {
    "biztech": (
        Step("agent", says="text"),
        Step("customer", says="text"),
        Step("agent", says="note"),
    ),
    "hosting": (
        Step("technician", says="text"),
        Step("customer", says="text"),
        Step("technician", "In Progress", "note"),
    ),
    "aerosoft": (
        Step("agent", says="text"),
        Step("customer", says="text"),
        Step("agent", says="note"),
    ),
    "assima": (
        Step("support", says="text"),
        Step("customer", says="text"),
        Step("support", says="note"),
    ),
    "ggit": (
        Step("technician", says="text"),
        Step("customer", says="text"),
        Step("technician", says="note"),
    ),
}
_MINE = {"assignee": "me"}
_BIZ = (Step("agent", "Open", "note", _MINE), TALK)
_HOST = (Step("technician", "In Progress", "note", _MINE), TALK)
_AERO = (
    Step("agent", None, "note", _MINE),
    Step("agent", "Investigation Underway"),
    TALK,
)
_BUILT = (
    *_AERO,
    Step("agent", "Send to Development", "note"),
    Step("developer", "Development in Progress"),
    Step("developer", "Testing and Verification", "note"),
    Step("qa", "Done Awaiting Release"),
    Step("agent", "Release Delivered", "text", {"release": "R26.4"}),
)
_ASSIMA = (Step("support", None, "note", _MINE), TALK)
_VERIFIED = (
    *_ASSIMA,
    Step("support", "QA Pending", "note"),
    Step("support", "Verified", "text", _MINE),
)
_GGIT = (Step("technician", "In Progress", "note", _MINE), TALK)

STORIES: dict[str, dict[str, Story]] = {
    "biztech": {
        "new": Story(()),
        "open": Story(_BIZ, recent=20),
        "pending": Story((*_BIZ, Step("agent", "Pending", "text"))),
        "solved": Story((*_BIZ, Step("agent", "Solved", "text")), recent=70),
        "closed": Story((*_BIZ, Step("agent", "Solved", "text")), sweep=4),
    },
    "hosting": {
        "new": Story(()),
        "open": Story(_HOST),
        "pending": Story((*_HOST, Step("technician", "Answered", "text")), recent=600),
        "on_hold": Story(
            (
                *_HOST,
                Step("technician", "On-Hold", "note", {"hold_reason": "third_party"}),
            )
        ),
        "closed": Story((*_HOST, Step("technician", "Closed", "text"))),
    },
    "aerosoft": {
        "new": Story(()),
        "open": Story(_AERO),
        "pending": Story(
            (*_AERO, Step("agent", "Waiting for Customer Response", "text"))
        ),
        "on_hold": Story(
            (
                *_AERO,
                Step("agent", "Send to Development"),
                Step("developer", "Backlog", "note"),
            )
        ),
        "solved": Story(_BUILT),
        "closed": Story((*_BUILT, Step("customer", "Closed", "text"))),
    },
    "assima": {
        "new": Story(()),
        "open": Story(_ASSIMA),
        "on_hold": Story((*_ASSIMA, Step("support", "Postponed", "note"))),
        "solved": Story(_VERIFIED, recent=600),
        "closed": Story((*_VERIFIED, Step("customer", "Closed", "text"))),
    },
    "ggit": {
        "new": Story(()),
        "open": Story((*_GGIT, Step("technician", "Follow Up Needed: Admin", "note"))),
        "pending": Story((*_GGIT, Step("technician", "Scheduling Link Sent", "text"))),
        "on_hold": Story(
            (*_GGIT, Step("technician", "Deferred", "note", {"due": "2027-03-01"}))
        ),
        "closed": Story((*_GGIT, Step("technician", "Complete", "text"))),
    },
}
"""profile -> state -> how a ticket gets there."""


def tell(
    profile: Profile,
    state: str,
    id_: str,
    created: datetime,
    rng: random.Random,
    **how: datetime | bool,
) -> Ticket:
    """A ticket of a profile in a state.

    Args:
        created: the instant of its creation.
        how: ``rare`` puts the rare word in; ``last`` is the instant of the last step.
    """
    story = STORIES[profile.name][state]
    steps = [*_with_talk(story, profile.name, rng)]
    last = how.get("last")
    times = _times(
        created, len(steps), story, rng, last if isinstance(last, datetime) else None
    )
    people, customer, me = People(), texts.customer(rng), texts.staff(rng)
    quiet = rng.random() < 0.7
    create = Create(
        id_,
        Actor(customer, "customer"),
        texts.title(rng),
        texts.text(rng, bool(how.get("rare"))),
        sets={"customer": customer},
        quiet=quiet,
    )
    ticket = _taken(decide(Situation(profile, people, created), None, create))
    for step, at in zip(steps, times, strict=True):
        who = customer if step.role == "customer" else me
        said = {step.says: texts.text(rng)} if step.says else {}
        sets = {
            name: me if value == "me" else value for name, value in step.sets.items()
        }
        change = Change(
            Actor(who, step.role),
            step.to,
            said.get("text"),
            said.get("note"),
            sets=sets,
            quiet=quiet,
        )
        ticket = _taken(decide(Situation(profile, people, at), ticket, change))
    if story.sweep:
        swept = times[-1] + timedelta(
            days=story.sweep, hours=1, minutes=rng.randint(1, 59)
        )
        ticket = _taken(
            sweep_ticket(Situation(profile, people, swept), ticket)[-1].outcome
        )
    return ticket


def _with_talk(story: Story, profile: str, rng: random.Random) -> Iterator[Step]:
    turns = rng.choice((0, 0, 1, 1, 1, 2)) if len(story.steps) < 6 else 0
    for step in story.steps:
        if step is TALK:
            for _ in range(turns):
                yield from _TALKS[profile]
        else:
            yield step


def _times(
    created: datetime,
    number: int,
    story: Story,
    rng: random.Random,
    last: datetime | None,
) -> list[datetime]:
    """The instants of the steps, within what time there was."""
    if not number:
        return []
    end = last or NOW - timedelta(minutes=1)
    gaps = [rng.randint(5 * 60, 12 * 3600) for _ in range(number)]
    span = int((end - created).total_seconds())
    if sum(gaps) > span:
        gaps = [max(1, gap * span // (sum(gaps) + number)) for gap in gaps]
    found, at = [], created
    for gap in gaps:
        at += timedelta(seconds=gap)
        found.append(at)
    if story.recent and last is None:
        last = NOW - timedelta(seconds=rng.randint(60, story.recent * 3600))
    if last is not None:
        found[-1] = max(found[-1], last)
    return found


def _taken(outcome: object) -> Ticket:
    assert isinstance(outcome, Decision), outcome
    return outcome.ticket
