"""What became of an email, as ``mail in`` reports it."""

from __future__ import annotations

from typing import NamedTuple

from ticketctl.core.vocabulary import short_id


class Receipt(NamedTuple):
    """What became of an email.

    Args:
        fate: ``opened`` a ticket, ``added`` to one, ``kept`` there as a note, ``known``
            already, or ``dead`` (quarantined).
        id: the ticket; empty for a quarantined email.
        words: the line that ``mail in`` prints.
        mail_id: the Message-ID under which the ticket records the email.
    """

    fate: str
    id: str
    words: str
    mail_id: str = ""


def quarantined(reason: str, place: str) -> Receipt:
    """Return the receipt for an email that was quarantined at ``place``."""
    return Receipt("dead", "", f"quarantined: {reason} ({place})")


def already_received(id_: str, name: str) -> Receipt:
    """Return the receipt for an email that ticket ``id_`` has already.

    Args:
        name: the Message-ID under which it is recorded there.
    """
    return Receipt("known", id_, f"{short_id(id_)}: has this email already", name)
