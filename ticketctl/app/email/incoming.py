"""One email on its way to a ticket."""

from __future__ import annotations

from ticketctl.core.profile import Profile
from ticketctl.record import Record
from ticketctl.store.email.parse import Email
from ticketctl.store.email.settings import MailSettings


class Delivery(Record):
    """An email that came in.

    Args:
        settings: the ``mail`` part of the store's settings.
        email: the email, parsed.
        data: its bytes as they came.
    """

    settings: MailSettings
    email: Email
    data: bytes

    @property
    def is_vouched(self) -> bool:
        """Whether our mail server vouches for the sender.

        Where the settings name no server to trust, every sender counts as vouched for.
        """
        return self.settings.trust in ("", *self.email.authentic)

    @property
    def rate_key(self) -> str:
        """The name under which the email counts for the limit per hour.

        An email that anybody could have sent under an address does not use up the
        limit of that address.
        """
        sender = self.email.sender
        return sender if self.is_vouched else f"unvouched {sender}"

    def may_act_as(self, profile: Profile, role: str) -> bool:
        """Return whether the sender can act in a role by this email.

        A role of staff needs a sender for whom our server vouches.
        """
        return profile.kind(role) == "customer" or self.is_vouched
