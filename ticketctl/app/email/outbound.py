"""``mail send``: delivering the notices that the histories owe (docs/mail.md).

What is owed stands in the tickets alone. The outbox only remembers what went wrong, and
when to try again. A letter that the server took is written down as ``notified`` at
once; were we killed between the two, the same letter would go out again under the same
Message-ID.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta

from ticketctl.app.change import not_by_hand
from ticketctl.app.email.pending_notifications import (
    PendingNotification,
    pending_notifications,
)
from ticketctl.app.email.servers import outgoing_settings, refuse_copy
from ticketctl.app.progress import Progress, no_progress
from ticketctl.app.retry import retry
from ticketctl.app.transaction import may_write, record_run, write, writing
from ticketctl.app.unfinished_commits import catch_up, waiting
from ticketctl.app.workspace import Workspace
from ticketctl.core import dates
from ticketctl.core.engine.decide import decide
from ticketctl.core.engine.notifications import (
    compose,
)
from ticketctl.core.engine.requests import Decision, Deliver
from ticketctl.core.people import is_address
from ticketctl.core.plural import counted
from ticketctl.errors import (
    BrokenError,
    BusyError,
    DiskError,
    Finding,
    SettingsError,
    TicketctlError,
)
from ticketctl.store import files
from ticketctl.store.email.compose import OutgoingEmail, compose_email
from ticketctl.store.email.settings import MailSettings
from ticketctl.store.email.smtp import DeliveryError, Send, transport
from ticketctl.store.git.queries import uncommitted_files
from ticketctl.store.paths import path_of
from ticketctl.store.writing import journal, locks
from ticketctl.store.writing.temporary import OUTBOX

_DAY = timedelta(days=1)
_DAY = timedelta(days=1)
_FIRST_PAUSE = timedelta(minutes=5)


@dataclass
class SendResult:
    """What a run of ``mail send`` came to.

    Args:
        sent: (debt, address) of every letter that was taken.
        failed: (debt, address, words) of every one that was not.
        paused: how many wait for their next try; ``capped``: for tomorrow, since their
            reader has had enough for today; ``uncommitted``: for the commit of their
            ticket.
    """

    sent: list[tuple[PendingNotification, str]] = field(default_factory=list)
    failed: list[tuple[PendingNotification, str, str]] = field(default_factory=list)
    paused: int = 0
    capped: int = 0
    uncommitted: int = 0
    busy: bool = False
    broken: list[Finding] = field(default_factory=list)
    errors: list[TicketctlError] = field(default_factory=list)


def send(workspace: Workspace, progress: Progress = no_progress) -> SendResult:
    """Deliver what is owed and committed, oldest first.

    Raises:
        SettingsError: mail is not set up, or a password is missing.
        RefusedError: this clone does not send.
    """
    may_write(workspace)  # before anything goes out that could not be written down
    mail = outgoing_settings(workspace)
    refuse_copy(workspace)
    result = SendResult()
    repository = workspace.state.repository
    assert repository is not None, "only a clone sends mail"
    with ExitStack() as held:
        try:
            held.enter_context(locks.lock(repository.common, wait=0))
        except BusyError:
            result.busy = True
            return result
        catch_up(workspace)
        _SendRun(workspace, mail, result).go(progress)
        if not result.errors and (left := waiting(workspace)):
            result.errors.append(left)
    return result


class _SendRun:
    """One run: what is ready, the connection, what was done."""

    def __init__(
        self, workspace: Workspace, mail: MailSettings, result: SendResult
    ) -> None:
        self.workspace, self.mail, self.result = workspace, mail, result
        self.given: Counter[str] = Counter()
        self.dirty: frozenset[str] = frozenset()

    def go(self, progress: Progress) -> None:
        """Deliver what is owed and may be delivered now, oldest first.

        Raises:
            DiskError: git failed.
        """
        found = list(
            pending_notifications(
                self.workspace, self.result.broken, self.given, progress
            )
        )
        self.dirty = uncommitted_files(
            self.workspace.root
        )  # after reading: what was read uncommitted is seen here
        ready = [
            debt
            for debt in sorted(found, key=lambda debt: (debt.entry.at, debt.ticket.id))
            if self._ready(debt)
        ]
        if not ready:
            return
        try:
            with transport(self.mail) as hand_over:
                for number, debt in enumerate(ready, 1):
                    progress("sending", number, len(ready))
                    if not self._settle(debt, hand_over):
                        break
        except DeliveryError as error:  # the server cannot even be reached
            self._failed(ready[0], [(ready[0].told[0], error.words)])
        finally:
            self._commit()

    def _ready(self, debt: PendingNotification) -> bool:
        if path_of(debt.ticket.id) in self.dirty:
            self.result.uncommitted += len(debt.told)
        elif (
            dates.format_instant(self.workspace.now)
            < debt.again
            <= dates.format_instant(self.workspace.now + _DAY)
        ):
            self.result.paused += len(debt.told)
        else:
            return True
        return False

    def _settle(self, debt: PendingNotification, hand_over: Send) -> bool:
        """Hand a notice over to each of its readers, then write down who has it;
        whether the server is still there."""
        try:
            self._given(debt, debt.told)
        except TicketctlError as error:
            # What cannot be written down afterwards must not go out: it would again and
            # again.
            self._failed(debt, [(to, f"not sent: {error.message}") for to in debt.told])
            return True
        taken: list[str] = []
        refused: list[tuple[str, str]] = []
        waiting = gone = False
        for to in debt.told:
            if self.given[to.lower()] >= self.mail.per_day:
                self.result.capped += 1
                waiting = True
                continue
            try:
                hand_over(to, self.letter(debt, to))
            except DeliveryError as error:
                refused.append((to, error.words))
                gone = error.server
                if gone:
                    break
                continue
            taken.append(to)
            self.given[to.lower()] += 1
        if taken:
            self._note(debt, tuple(taken))
        if refused:
            self._failed(debt, refused)
        elif not waiting:
            with suppress(OSError):
                os.unlink(f"{self.workspace.state.outbox}/{debt.name}")
        return not gone

    def letter(self, debt: PendingNotification, to: str) -> bytes:
        """A notice as a letter to one of its readers.

        Raises:
            DeliveryError: the reader has no address, or the notice has no text.
        """
        if not is_address(to):
            raise DeliveryError(f'"{to}" is not a mail address')
        try:
            profile = self.workspace.profile_of(debt.ticket)
            now = dates.format_instant(self.workspace.now)
            notice = compose(
                profile,
                debt.ticket,
                debt.entry,
                self.workspace.people_of(profile),
                to,
                now,
            )
            return compose_email(
                OutgoingEmail(
                    message_id(debt, to, self.mail),
                    self.mail.sender,
                    to,
                    f"[{debt.ticket.id}] {notice.subject}",
                    notice.body,
                    self.workspace.now,
                    thread_of(debt, self.mail),
                )
            )
        except (BrokenError, SettingsError) as error:
            raise DeliveryError(f"{error.message} ({error.hint})") from None
        except ValueError as error:
            raise DeliveryError(f"it cannot be written: {error}") from None

    def _note(self, debt: PendingNotification, taken: tuple[str, ...]) -> None:
        """Write that a notice was handed over; the clocks that wait for it begin with
        that."""
        self.result.sent += [(debt, to) for to in taken]
        try:
            with writing(self.workspace):
                retry(lambda: write(self.workspace, [self._given(debt, taken)]))
        except TicketctlError as error:
            self.result.errors.append(error)
            self._failed(
                debt,
                [(to, f"sent, but not written down: {error.message}") for to in taken],
            )

    def _given(
        self, debt: PendingNotification, taken: tuple[str, ...]
    ) -> journal.Write:
        """The write that says that a notice was given, to the ticket as it now is.

        Raises:
            TicketctlError: it cannot be written so.
        """
        workspace = self.workspace
        was = workspace.store.read(debt.ticket.id)
        not_by_hand(was)
        profile = workspace.profile_of(was.ticket)
        request = Deliver(debt.entry.id, taken)
        made = decide(
            workspace.situation_of(profile)._replace(by_mail=True), was.ticket, request
        )
        assert isinstance(made, Decision)
        return workspace.store.writes(made.ticket, was)

    def _failed(
        self, debt: PendingNotification, refused: Sequence[tuple[str, str]]
    ) -> None:
        """Remember that a letter was not taken; the pause before the next try grows
        fourfold, up to a day."""
        self.result.failed += [(debt, to, words) for to, words in refused]
        again = self.workspace.now + min(_FIRST_PAUSE * 4 ** min(debt.tries, 8), _DAY)
        content = {
            "schema": "ticketctl/1",
            "ticket": debt.ticket.id,
            "event": debt.entry.id,
            "message": debt.entry.message,
            "told": [to for to, _ in refused],
            "tries": debt.tries + 1,
            "error": "; ".join(f"{to}: {words}" for to, words in refused),
            "again": dates.format_instant(again),
        }
        data = (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()
        left: bytes | None = None
        try:
            with suppress(OSError), writing(self.workspace):
                with suppress(FileNotFoundError):
                    left = files.read_in(
                        self.workspace.state.outbox, debt.name, files.MAX_BYTES
                    )
                write(self.workspace, [journal.Write(debt.name, data, left, OUTBOX)])
        except DiskError as error:  # something else lies there: the pause is forgotten, the other letters go out
            self.result.errors.append(error)

    def _commit(self) -> None:
        message = f"mail: {counted(len(self.result.sent), 'notice')} sent"
        if failed := record_run(self.workspace, message, self.mail.sender):
            self.result.errors.append(failed)


def message_id(debt: PendingNotification, to: str, mail: MailSettings) -> str:
    """The Message-ID of a notice to one of its readers: the same at every try, and
    found again in an answer."""
    number = f".{debt.entry.told.index(to) + 1}" if len(debt.entry.told) > 1 else ""
    return f"<{debt.ticket.id}.{debt.entry.id}{number}@{mail.domain}>"


def thread_of(debt: PendingNotification, mail: MailSettings) -> tuple[str, ...]:
    """The thread of a ticket: an id of its own that all its notices have in common,
    then the last letter that came in."""
    history = debt.ticket.history
    before = history[: history.index(debt.entry)]
    came = [entry.mail_id for entry in before if entry.mail_id]
    return (f"<{debt.ticket.id}@{mail.domain}>", *came[-1:])
