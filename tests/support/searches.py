"""Stores that are searched."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from hypothesis import strategies as st

from tests.support.addresses import AMY
from ticketctl.app.workspace import Workspace
from ticketctl.core.query import (
    BetweenTerm,
    ContainsTerm,
    OneOfTerm,
    PhraseTerm,
    PresentTerm,
    Term,
    WordTerm,
)

NOW = "2026-11-21T09:00:00Z"


def at(root: Path, now: str = NOW) -> Workspace:
    return Workspace(
        str(root),
        datetime.fromisoformat(now.replace("Z", "+00:00")).astimezone(UTC),
        AMY,
    )


def is_(name: str, *values: str | int, wanted: bool = True) -> Term:
    return OneOfTerm(name, values, not wanted)


def moments(name: str, low: str, high: str, wanted: bool = True) -> Term:
    return BetweenTerm(
        name, f"{low}Z" if low else "", f"{high}Z" if high else "", negated=not wanted
    )


QUERIES: dict[str, list[Term]] = {
    "": [],
    "paper": [WordTerm("paper")],
    "paper  jam\t-tray": [
        WordTerm("paper"),
        WordTerm("jam"),
        WordTerm("tray", True),
    ],
    '"paper jam" -"no ink"': [
        PhraseTerm("paper jam"),
        PhraseTerm("no ink", True),
    ],
    '"http://x is:open"': [PhraseTerm("http://x is:open")],
    'status:"In Progress"': [is_("status", "In Progress")],
    "status:in-progress": [is_("status", "In Progress")],
    "-STATUS:INPROGRESS": [is_("status", "In Progress", wanted=False)],
    'status:"waiting customer"': [is_("status", "Waiting Customer")],
    "state:on_hold": [is_("state", "on_hold")],
    "profile:hosting": [is_("profile", "hosting")],
    "assignee:@me": [is_("assignee", AMY)],
    "-customer:jane@customer.example": [
        is_("customer", "jane@customer.example", wanted=False)
    ],
    "assignee:none": [PresentTerm("assignee", True)],
    "assignee:ANY": [PresentTerm("assignee")],
    "-assignee:none": [PresentTerm("assignee")],
    "-customer:any": [PresentTerm("customer", True)],
    "due:none": [PresentTerm("due", True)],
    "next_due:any": [PresentTerm("next_due")],
    "follows:any": [PresentTerm("follows")],
    "title:none": [ContainsTerm("title", "none")],
    'title:"paper jam"': [ContainsTerm("title", "paper jam")],
    "waiting_for:reply": [is_("field.waiting_for", "reply")],
    "Waiting-For:item": [is_("field.waiting_for", "item")],
    "due_now:yes": [is_("field.due_now", "true")],
    "due_now:No": [is_("field.due_now", "false")],
    "-hold_reason:any": [PresentTerm("field.hold_reason", True)],
    "is:open": [is_("state", "new", "open", "pending")],
    "is:OPEN": [is_("state", "new", "open", "pending")],
    "-is:closed": [is_("closed", 1, wanted=False)],
    "is:pending": [is_("state", "pending")],
    "is:due": [PresentTerm("next_due")],
    "is:overdue": [moments("when", "", "2026-11-21T09:00:00")],
    "is:queue": [is_("queued", 1)],
    "is:unanswered": [is_("unanswered", 1)],
    "created:2026-11-05": [
        moments("created", "2026-11-05T00:00:00", "2026-11-05T23:59:59")
    ],
    "created:<2026-11-05": [moments("created", "", "2026-11-04T23:59:59")],
    "created:<=2026-11-05": [moments("created", "", "2026-11-05T23:59:59")],
    "created:>2026-11-05": [moments("created", "2026-11-06T00:00:00", "")],
    "created:>=2026-11-05": [moments("created", "2026-11-05T00:00:00", "")],
    "updated:2026-11-05..2026-11-07": [
        moments("updated", "2026-11-05T00:00:00", "2026-11-07T23:59:59")
    ],
    "-updated:..2026-11-07": [moments("updated", "", "2026-11-07T23:59:59", False)],
    "updated:-7d..": [moments("updated", "2026-11-14T09:00:00", "")],
    "due:<+3d": [moments("when", "", "2026-11-24T08:59:59")],
    "date:<=2026-11-05T10:30": [moments("due", "", "2026-11-05T10:30:00")],
    "next_due:tomorrow": [
        moments("next_due", "2026-11-22T00:00:00", "2026-11-22T23:59:59")
    ],
    'created:"<tomorrow 09:00"': [moments("created", "", "2026-11-22T08:59:59")],
}


REFUSED = {
    "asignee:amy": ('unknown field "asignee"', 'did you mean "assignee"?'),
    "waitingfo:reply": ('unknown field "waitingfo"', 'did you mean "waiting_for"?'),
    "xyzzy:1": ('unknown field "xyzzy"', "there are: status"),
    'paper "jam': ("a quotation mark is not closed", "paper jam"),
    'status:""': ("there is nothing between the quotation marks", ""),
    '""': ("there is nothing between the quotation marks", ""),
    "status:Opne": ('no profile has a status "Opne"', 'did you mean "Open"?'),
    "state:opne": ('unknown state "opne"', 'did you mean "open"?'),
    "is:opne": ('unknown term "is:opne"', 'did you mean "open"?'),
    "due:soon": ('unknown date "soon"', "2026-12-01"),
    "created:<": ("unknown date", "2026-12-01"),
    "created:2026-11-05..2026-13-01": ("", "2026-12-01"),
    "created:<3d": ('unknown date "3d"', "+3d"),
    "due:+3m": ('"+3m" is ambiguous', "2026-12-01"),
}


PIECES = st.sampled_from(
    [
        *QUERIES,
        *REFUSED,
        "-",
        '"',
        ":",
        "::",
        "status:",
        "..",
        "<",
        ">=",
        "*",
        "^",
        "(",
        ")",
        "NEAR(a b)",
        "AND",
        "OR",
        "NOT",
        "+",
        "\0",
        "\udcff",
        "é",
        "e\u0301",
        "日本",
        "🎉",
        "\u200b",
        "①",
        "\ue000",
        "𞤀",
        "\n",
        "'",
        "%",
        "created:",
        "due:",
        "is:",
        "follows:",
        "profile:",
        "title:",
        "checklist:",
        "1",
        "261102-",
        "none",
        "@me",
        "--",
        "\\",
        "id:x",
        "words:x",
        "field.x:1",
    ]
)
