"""``mail send``: send the notifications that tickets still have to send (docs/mail.md).

The tickets alone say which those are. The outbox only records failed attempts, and when
to try again. A notification that the server has accepted is recorded as ``notified`` at
once. If the command is killed between the two, the same email goes out again, under the
same Message-ID.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from datetime import timedelta

from ticketctl.app.change import require_unchanged_head
from ticketctl.app.email.pending_notifications import (
    PendingNotification,
    pending_notifications,
)
from ticketctl.app.email.servers import outgoing_settings, refuse_copy
from ticketctl.app.progress import Progress, no_progress
from ticketctl.app.retry import retry_if_changed
from ticketctl.app.transaction import commit_run, require_writable, write_files, writing
from ticketctl.app.unfinished_commits import catch_up, uncommitted_error
from ticketctl.app.workspace import Workspace
from ticketctl.core import dates
from ticketctl.core.engine.decide import decide
from ticketctl.core.engine.notification_text import compose
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
from ticketctl.store.email.smtp import DeliveryError, Send, open_transport
from ticketctl.store.git.queries import uncommitted_files
from ticketctl.store.paths import path_of
from ticketctl.store.writing import journal, locks
from ticketctl.store.writing.temporary import OUTBOX

_DAY = timedelta(days=1)
_DAY = timedelta(days=1)
_FIRST_PAUSE = timedelta(minutes=5)


class SendResult:
    """What a run of ``mail send`` did.

    Args:
        sent: each email that the server accepted: (notification, address).
        failed: each email that was not accepted: (notification, address, why).
        paused: how many emails wait for their next attempt.
        capped: how many wait for tomorrow: their recipient has got enough today.
        uncommitted: how many wait until their ticket is committed.
        busy: whether another run is sending.
        broken: the tickets that cannot be read.
        errors: what else went wrong.
    """

    def __init__(self) -> None:
        self.sent: list[tuple[PendingNotification, str]] = []
        self.failed: list[tuple[PendingNotification, str, str]] = []
        self.broken: list[Finding] = []
        self.errors: list[TicketctlError] = []
        self.paused = 0
        self.capped = 0
        self.uncommitted = 0
        self.busy = False


def send(workspace: Workspace, progress: Progress = no_progress) -> SendResult:
    """Send the pending notifications whose tickets are committed, oldest first.

    Raises:
        SettingsError: mail is not set up, or a password is missing.
        RefusedError: this clone does not send.
    """
    require_writable(workspace)  # an email must not go out that could not be recorded
    settings = outgoing_settings(workspace)
    refuse_copy(workspace)
    result = SendResult()
    repository = workspace.state.repository
    assert repository is not None, "only a clone sends mail"
    with ExitStack() as stack:
        try:
            stack.enter_context(locks.lock_folder(repository.common, wait=0))
        except BusyError:
            result.busy = True
            return result
        catch_up(workspace)
        _SendRun(workspace, settings, result).run(progress)
        if not result.errors and (uncommitted := uncommitted_error(workspace)):
            result.errors.append(uncommitted)
    return result


class _SendRun:
    """One run of ``mail send``: the connection to the server and the result so far."""

    def __init__(
        self, workspace: Workspace, settings: MailSettings, result: SendResult
    ) -> None:
        self.workspace, self.settings, self.result = workspace, settings, result
        self.sent_today: Counter[str] = Counter()
        self.uncommitted: frozenset[str] = frozenset()

    def run(self, progress: Progress) -> None:
        """Send all notifications that can be sent now, oldest first.

        Raises:
            DiskError: git failed.
        """
        pending = list(
            pending_notifications(
                self.workspace, self.result.broken, self.sent_today, progress
            )
        )
        # After reading: a ticket that was read before its commit is among these.
        self.uncommitted = uncommitted_files(self.workspace.root)
        pending.sort(key=lambda item: (item.entry.at, item.ticket.id))
        ready = [item for item in pending if self._is_ready(item)]
        if not ready:
            return
        try:
            with open_transport(self.settings) as hand_over:
                for number, item in enumerate(ready, 1):
                    progress("sending", number, len(ready))
                    if not self._send(item, hand_over):
                        break
        except DeliveryError as error:  # the server cannot even be reached
            self._record_failure(ready[0], [(ready[0].recipients[0], error.words)])
        finally:
            self._commit()

    def _is_ready(self, pending: PendingNotification) -> bool:
        now = self.workspace.now
        tomorrow = dates.format_instant(now + _DAY)
        if path_of(pending.ticket.id) in self.uncommitted:
            self.result.uncommitted += len(pending.recipients)
        elif dates.format_instant(now) < pending.again <= tomorrow:
            self.result.paused += len(pending.recipients)
        else:
            return True
        return False

    def _send(self, pending: PendingNotification, hand_over: Send) -> bool:
        """Send a notification to each recipient, then record who has got it.

        Returns:
            Whether the server still answers.
        """
        try:
            self._delivery_write(pending, pending.recipients)
        except TicketctlError as error:
            # What cannot be recorded afterwards must not go out: it would go out again
            # and again.
            words = f"not sent: {error.message}"
            self._record_failure(pending, [(to, words) for to in pending.recipients])
            return True
        accepted: list[str] = []
        refused: list[tuple[str, str]] = []
        is_capped = is_gone = False
        for to in pending.recipients:
            if self.sent_today[to.lower()] >= self.settings.per_day:
                self.result.capped += 1
                is_capped = True
                continue
            try:
                hand_over(to, self.compose(pending, to))
            except DeliveryError as error:
                refused.append((to, error.words))
                is_gone = error.server
                if is_gone:
                    break
                continue
            accepted.append(to)
            self.sent_today[to.lower()] += 1
        if accepted:
            self._record_delivery(pending, tuple(accepted))
        if refused:
            self._record_failure(pending, refused)
        elif not is_capped:
            with suppress(OSError):
                os.unlink(f"{self.workspace.state.outbox}/{pending.name}")
        return not is_gone

    def compose(self, pending: PendingNotification, to: str) -> bytes:
        """Return the email with a notification for one of its recipients.

        Raises:
            DeliveryError: the recipient has no email address, or the notification has
                no text.
        """
        if not is_address(to):
            raise DeliveryError(f'"{to}" is not an email address')
        ticket, entry, now = pending.ticket, pending.entry, self.workspace.now
        try:
            profile = self.workspace.profile_of(ticket)
            people = self.workspace.people_of(profile)
            notification = compose(
                profile, ticket, entry, people, to, dates.format_instant(now)
            )
            return compose_email(
                OutgoingEmail(
                    message_id(pending, to, self.settings),
                    self.settings.sender,
                    to,
                    f"[{ticket.id}] {notification.subject}",
                    notification.body,
                    now,
                    thread_of(pending, self.settings),
                )
            )
        except (BrokenError, SettingsError) as error:
            raise DeliveryError(f"{error.message} ({error.hint})") from None
        except ValueError as error:
            raise DeliveryError(f"it cannot be composed: {error}") from None

    def _record_delivery(
        self, pending: PendingNotification, accepted: tuple[str, ...]
    ) -> None:
        """Record in the ticket who has got a notification.

        Rules that wait for a notification count from this entry.
        """
        self.result.sent += [(pending, to) for to in accepted]
        try:
            with writing(self.workspace):
                retry_if_changed(
                    lambda: write_files(
                        self.workspace, [self._delivery_write(pending, accepted)]
                    )
                )
        except TicketctlError as error:
            self.result.errors.append(error)
            words = f"sent, but not recorded: {error.message}"
            self._record_failure(pending, [(to, words) for to in accepted])

    def _delivery_write(
        self, pending: PendingNotification, accepted: tuple[str, ...]
    ) -> journal.Write:
        """Return the write that records a delivery in the ticket as it is now.

        Raises:
            TicketctlError: the ticket cannot be written.
        """
        workspace = self.workspace
        loaded = workspace.store.read(pending.ticket.id)
        require_unchanged_head(loaded)
        profile = workspace.profile_of(loaded.ticket)
        situation = workspace.situation_of(profile)._replace(by_mail=True)
        request = Deliver(pending.entry.id, accepted)
        decision = decide(situation, loaded.ticket, request)
        assert isinstance(decision, Decision)
        return workspace.store.writes(decision.ticket, loaded)

    def _record_failure(
        self, pending: PendingNotification, refused: Sequence[tuple[str, str]]
    ) -> None:
        """Record in the outbox that emails were not accepted.

        The pause before the next attempt grows fourfold, up to a day.

        Args:
            refused: address and reason of each.
        """
        self.result.failed += [(pending, to, words) for to, words in refused]
        pause = min(_FIRST_PAUSE * 4 ** min(pending.tries, 8), _DAY)
        content = {
            "schema": "ticketctl/1",
            "ticket": pending.ticket.id,
            "event": pending.entry.id,
            "message": pending.entry.message,
            "told": [to for to, _ in refused],
            "tries": pending.tries + 1,
            "error": "; ".join(f"{to}: {words}" for to, words in refused),
            "again": dates.format_instant(self.workspace.now + pause),
        }
        data = (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()
        outbox, name = self.workspace.state.outbox, pending.name
        before: bytes | None = None
        try:
            with suppress(OSError), writing(self.workspace):
                with suppress(FileNotFoundError):
                    before = files.read_in(outbox, name, files.MAX_BYTES)
                write_files(self.workspace, [journal.Write(name, data, before, OUTBOX)])
        except DiskError as error:
            # Something else is at its place: there is no pause, and the other emails go
            # out.
            self.result.errors.append(error)

    def _commit(self) -> None:
        message = f"mail: {counted(len(self.result.sent), 'notification')} sent"
        if failed := commit_run(self.workspace, message, self.settings.sender):
            self.result.errors.append(failed)


def message_id(pending: PendingNotification, to: str, settings: MailSettings) -> str:
    """Return the Message-ID of a notification to one of its recipients.

    It is the same at every attempt, and answers refer to it.
    """
    recipients = pending.entry.recipients
    number = f".{recipients.index(to) + 1}" if len(recipients) > 1 else ""
    return f"<{pending.ticket.id}.{pending.entry.id}{number}@{settings.domain}>"


def thread_of(pending: PendingNotification, settings: MailSettings) -> tuple[str, ...]:
    """Return the Message-IDs of the thread of a notification.

    The first is one that all notifications of the ticket share; then comes the last
    email that the ticket received before the notification.
    """
    history = pending.ticket.history
    before = history[: history.index(pending.entry)]
    received = [entry.mail_id for entry in before if entry.mail_id]
    return (f"<{pending.ticket.id}@{settings.domain}>", *received[-1:])
