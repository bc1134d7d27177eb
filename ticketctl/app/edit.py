"""Editing the head of a ticket as text: what becomes of an edited page."""

from __future__ import annotations

from ticketctl.app.change import change_tickets
from ticketctl.app.input.edit import read_edit_page
from ticketctl.app.outcome import Outcome
from ticketctl.app.workspace import Workspace
from ticketctl.core.engine.requests import Refusal
from ticketctl.core.profile import Profile
from ticketctl.errors import BusyError, DiskError, TicketctlError
from ticketctl.store.yaml.ticket_from_nodes import LoadedTicket


def apply_page(
    workspace: Workspace, loaded: LoadedTicket, profile: Profile, page: str
) -> list[Outcome] | str:
    """Change a ticket as an edited page says.

    Args:
        loaded: the ticket as the page shows it.
        page: the page as the user left it.

    Returns:
        What became of the ticket, and of the commit if git failed; or, where nothing was
        written, the page with what is wrong above it, to be edited again.

    Raises:
        BusyError, DiskError: nothing was written, and the page is not to blame.
    """
    try:
        read_edit_page(workspace, loaded, profile, page)
        outcomes = list(
            change_tickets(
                workspace,
                [loaded.ticket.id],
                lambda current, its: read_edit_page(workspace, current, its, page),
            )
        )
        result = outcomes[0].result
        if isinstance(result, TicketctlError):
            raise result
    except (BusyError, DiskError):
        raise
    except TicketctlError as error:
        place = f"{error.place} " if error.place else ""
        return _rejected(page, f"{place}{error.message}", error.hint)
    if isinstance(result, Refusal):
        return _rejected(page, *result.reasons)
    return outcomes


def _rejected(page: str, *reasons: str) -> str:
    """Return a page with reasons as comments above it, without its own comments."""
    text = "\n".join(("This cannot be saved:", *reasons))
    comments = "".join(f"# {line}\n" for line in text.splitlines() if line)
    body = "\n".join(line for line in page.split("\n") if not line.startswith("#"))
    return comments + body
