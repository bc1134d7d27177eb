"""What rules look at besides the ticket: the workflow, the people, the time."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ticketctl.core.people import People
    from ticketctl.core.profile import Profile


class Situation(NamedTuple):
    """The workflow of a ticket, the people of its store, and the time.

    Args:
        profile: the workflow.
        people: who has which role in the store, as ``profile`` sees them.
        now: the instant of the decision, in UTC.
        by_mail: whether notifications are sent by email. Then a decision only records
            that they are due; else they count as sent when they are recorded.
    """

    profile: Profile
    people: People
    now: datetime
    by_mail: bool = False
