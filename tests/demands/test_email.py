"""Email of each document's organisation, end to end over a real SMTP server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.addresses import AMY, JANE
from tests.support.email_shops import half_of, to
from tests.support.mail_server import Office, Shop, open_shop
from tests.support.places import ROOT


@pytest.fixture
def shop(
    request: pytest.FixtureRequest, tmp_path: Path, mail_server: tuple[int, Office]
) -> Shop:
    """A store of the profile that the test names, its server empty."""
    profile, roles = request.param
    mail_server[1].taken.clear()
    mail_server[1].refused.clear()
    return open_shop(tmp_path / "store", profile, roles, *mail_server)


def for_profile(name: str, roles: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("shop", [(name, roles)], indirect=True, ids=[name])


@for_profile("biztech", "agent")
@pytest.mark.demand("B3", "B4", "B5", "B6", "B7", "B8")
def test_biztech(shop: Shop) -> None:
    half = half_of(
        shop.write(
            JANE, "It shows the old address.", "2026-11-02T09:00", Subject="Invoice"
        )
    )
    shop.run("move", half, "Open", "-a", "@me", now="2026-11-02T09:05")
    shop.run(
        "move", half, "Pending", "--reply", "Which address?", now="2026-11-02T09:10"
    )
    asked = to(shop.deliver("2026-11-02T09:11"), JANE)
    assert "Which address?" in asked.get_content()
    assert asked["Auto-Submitted"] == "auto-generated"
    assert f"-{half}] " in str(asked["Subject"])
    assert asked["In-Reply-To"] == "<1@customer.example>"
    assert "Pending -> Open" in shop.write(
        JANE, "12 Oak Lane.", "2026-11-02T10:00", asked
    )
    answer = to(shop.deliver("2026-11-02T10:01"), AMY)
    assert (
        "12 Oak Lane." in answer.get_content()
        and "Which address?" not in answer.get_content()
    ), "nothing quoted"
    shop.write(AMY, "We correct it today.", "2026-11-02T10:30", answer)
    assert (
        "We correct it today."
        in to(shop.deliver("2026-11-02T10:31"), JANE).get_content()
    )
    shop.run("move", half, "Solved", "--reply", "Corrected.", now="2026-11-02T11:00")
    solved = to(shop.deliver("2026-11-02T11:01"), JANE)
    assert "2026-11-06 06:00 (America/New_York)" in solved.get_content(), (
        "by when it closes"
    )
    assert "Solved -> Open" in shop.write(
        JANE, "Not quite.", "2026-11-03T09:00", solved
    )
    shop.run("move", half, "Solved", "--reply", "Now?", now="2026-11-03T12:00")
    again = [
        message for message in shop.deliver("2026-11-03T12:01") if message["To"] == JANE
    ][-1]
    assert shop.run("sweep", now="2026-11-07T11:59:59") == ""
    assert "closed" in shop.run("sweep", now="2026-11-07T12:00:00")
    follow = shop.write(JANE, "It came back.", "2026-11-20T09:00", again)
    assert "continued in" in follow
    assert shop.status(half, "2026-11-20T09:00") == "Closed"
    assert (
        "new ticket"
        in to(
            [x for x in shop.deliver("2026-11-20T09:01") if x["To"] == JANE], JANE
        ).get_content()
    )
    assert "0 problems" not in shop.run("check", now="2026-11-21T09:00"), (
        "quiet on stdout"
    )


@for_profile("hosting", "technician")
@pytest.mark.demand("H3", "H4", "H9", "H10")
def test_hosting(shop: Shop) -> None:
    half = half_of(
        shop.write(
            JANE, "Where do I change it?", "2026-11-02T09:00", Subject="Password"
        )
    )
    shop.run("move", half, "In Progress", "-a", "@me", now="2026-11-02T09:30")
    shop.run(
        "move", half, "Answered", "--reply", "In the panel.", now="2026-11-02T10:00"
    )
    answered = to(shop.deliver("2026-11-02T10:01"), JANE)
    assert "In the panel." in answered.get_content()
    assert "-> Customer-Reply" in shop.write(
        JANE, "I cannot find it.", "2026-11-05T09:00", answered
    )
    told = to(shop.deliver("2026-11-05T09:01"), AMY)
    shop.write(AMY, "Under Settings.", "2026-11-05T09:30", told)
    shop.run(
        "move",
        half,
        "Answered",
        "--reply",
        "Under Settings, top right.",
        now="2026-11-05T10:00",
    )
    last = [
        message for message in shop.deliver("2026-11-05T10:01") if message["To"] == JANE
    ][-1]
    assert shop.run("sweep", now="2026-12-05T09:59:59") == ""
    assert "Answered -> Closed" in shop.run("sweep", now="2026-12-05T10:00:00")
    assert "-> Customer-Reply" in shop.write(
        JANE, "Still not.", "2026-12-20T09:00", last
    ), "within 30 days"
    shop.run("move", half, "Closed", "--reply", "Done by us.", now="2026-12-20T10:00")
    late = shop.write(JANE, "And again.", "2027-02-20T09:00", last)
    assert "continued in" in late
    assert shop.status(half, "2027-02-20T09:00") == "Closed"


@for_profile("aerosoft", "agent, developer, qa")
@pytest.mark.demand("A7", "A9", "A24", "A25")
def test_aerosoft_counts_from_the_notification_that_the_server_accepted(
    shop: Shop,
) -> None:
    half = half_of(
        shop.write(JANE, "It is cut off.", "2026-11-02T09:00", Subject="Tail number")
    )
    shop.run("assign", half, "@me", now="2026-11-02T09:10")
    shop.run("move", half, "Investigation Underway", now="2026-11-02T09:20")
    shop.run(
        "move",
        half,
        "Waiting for Customer Response",
        "--reply",
        "Which report?",
        now="2026-11-02T09:30",
    )
    asked = to(shop.deliver("2026-11-02T09:31"), JANE)
    ran = shop.run(
        "move", half, "Send to Development", now="2026-11-02T10:00", status=1
    )
    assert ran == "", "refused until the customer has answered"
    shop.write(JANE, "The logbook.", "2026-11-02T11:00", asked)
    for status in (
        "Send to Development",
        "Development in Progress",
        "Testing and Verification",
        "Done Awaiting Release",
    ):
        shop.run("move", half, status, now="2026-11-02T12:00")
    shop.run(
        "move",
        half,
        "Release Delivered",
        "--set",
        "release=2026.3",
        now="2026-11-03T09:00",
    )
    shop.deliver("2026-11-03T09:01")
    shop.run("move", half, "Resolved", now="2026-11-03T09:10")
    # The server does not take the notice for two days: the seven days begin when it
    # does.
    shop.office.refused.add(JANE)
    shop.run("mail", "send", now="2026-11-03T09:11", status=1)
    assert "550 5.1.1 no such mailbox" in shop.run(
        "mail", "show", now="2026-11-03T09:11"
    )
    assert shop.run("sweep", now="2026-11-10T09:10") == "", (
        "nobody is closed over without a notice"
    )
    shop.office.refused.clear()
    notice = [
        message for message in shop.deliver("2026-11-10T12:00") if message["To"] == JANE
    ][-1]
    assert "2026-11-17 07:00 (America/Toronto)" in notice.get_content()
    assert shop.run("sweep", now="2026-11-17T11:59:59") == ""
    assert "Resolved -> Closed" in shop.run("sweep", now="2026-11-17T12:00:00")
    history = json.loads(
        shop.run("show", half, "--format", "json", now="2026-11-18T09:00")
    )["tickets"][0]["history"]
    assert [entry["role"] for entry in history if entry.get("to") == "Closed"] == [
        "system"
    ]


@for_profile("assima", "support, developer")
@pytest.mark.demand("S1", "S5", "S8", "S9")
def test_assima(shop: Shop) -> None:
    half = half_of(
        shop.write(JANE, "How do I record one?", "2026-11-02T09:00", Subject="Quiz")
    )
    assert "Quiz" in str(to(shop.deliver("2026-11-02T09:01"), AMY)["Subject"]), (
        "the people in charge are told"
    )
    shop.run("move", half, "Assigned", "-a", "@me", now="2026-11-02T10:00")
    shop.run(
        "move",
        half,
        "QA Pending",
        "--reply",
        "With the red button.",
        now="2026-11-02T11:00",
    )
    shop.run("move", half, "Verified", "-a", "@me", now="2026-11-02T12:00")
    verified = [
        message for message in shop.deliver("2026-11-02T12:01") if message["To"] == JANE
    ][-1]
    assert "2026-12-02 12:00 (Europe/London)" in verified.get_content()
    assert "Verified" not in shop.write(
        JANE, "I will try.", "2026-11-10T09:00", verified
    ), "a message moves nothing"
    assert shop.run("sweep", now="2026-12-20T09:00") == "", (
        "the customer's message stopped the clock"
    )
    told = [
        message for message in shop.deliver("2026-12-20T09:01") if message["To"] == AMY
    ][-1]
    shop.write(AMY, "Did it work?", "2026-12-20T10:00", told)
    assert shop.run("sweep", now="2027-01-19T09:59:59") == ""
    assert "Verified -> Closed" in shop.run("sweep", now="2027-01-19T10:00:00")


@for_profile("ggit", "technician, admin")
@pytest.mark.demand("G5", "G7", "G13", "G14")
def test_ggit_is_worked_by_mail_alone(shop: Shop) -> None:
    """Also the statuses are set by emails: a ``Status:`` line, for staff only (G14)."""
    half = half_of(
        shop.write(
            JANE, "It drops every hour.", "2026-11-02T09:00", Subject="Remote desktop"
        )
    )
    shop.run("assign", half, "@me", now="2026-11-02T09:10")
    tag = f"[261102-{half}] Remote desktop"
    assert "-> Waiting Customer" in shop.write(
        AMY, "Status: Waiting Customer\nWhich network?", "2026-11-02T09:20", Subject=tag
    )
    shop.deliver("2026-11-02T09:21")
    assert shop.run("sweep", now="2026-11-07T09:19:59") == ""
    assert "reminded" in shop.run("sweep", now="2026-11-07T09:20:00")
    reminder = [
        message for message in shop.deliver("2026-11-07T09:21") if message["To"] == JANE
    ][-1]
    assert "-> Note Emailed In" in shop.write(
        JANE, "Status: Complete\nAt home.", "2026-11-07T10:00", reminder
    ), "not hers"
    told = [
        message for message in shop.deliver("2026-11-07T10:01") if message["To"] == AMY
    ][-1]
    done = shop.write(
        AMY, "It is the router.", "2026-11-07T11:00", told, Subject=f"{tag} is resolved"
    )
    assert "-> Customer or Tech Says Close" in done
    shop.run("set", half, "time_entries=not_done", now="2026-11-07T11:10")
    wanting = shop.write(AMY, "Status: Complete", "2026-11-07T11:20", Subject=tag)
    assert shop.status(half, "2026-11-07T11:21") == "Incomplete - Re-opened", wanting
    shop.run("set", half, "time_entries=done", now="2026-11-07T11:30")
    assert "-> Complete" in shop.write(
        AMY, "Status: Complete\nReplaced it.", "2026-11-07T11:40", Subject=tag
    )
    assert any(message["To"] == JANE for message in shop.deliver("2026-11-07T11:41")), (
        "the customer is mailed"
    )


@for_profile("biztech", "agent")
def test_a_reader_is_written_to_in_their_language(
    shop: Shop, tmp_path: Path, mail_server: tuple[int, Office]
) -> None:
    """``solved.de`` for who has ``language: de-AT``; the others get the profile's own."""
    german = open_shop(
        tmp_path / "german", "biztech", "agent", *mail_server, language="de-AT"
    )
    source = (ROOT / "profiles/biztech.yaml").read_text()
    text = (
        source
        + '  solved.de:\n    subject: "Erledigt: $title"\n    body: "Schließt am $closes."\n'
    )
    (german.root / "profiles").mkdir()
    (german.root / "profiles/biztech.yaml").write_text(text)
    half = half_of(german.write(JANE, "Hallo.", "2026-11-02T09:00", Subject="Rechnung"))
    german.run("move", half, "Open", "-a", "@me", now="2026-11-02T09:05")
    german.run("move", half, "Solved", "--reply", "Fertig.", now="2026-11-02T10:00")
    message = to(german.deliver("2026-11-02T10:01"), JANE)
    assert "Erledigt: Rechnung" in str(message["Subject"])
    assert (
        message.get_content().strip()
        == "Schließt am 2026-11-06 05:00 (America/New_York)."
    )
    assert "Erledigt" in german.run(
        "profile", "show", "biztech", now="2026-11-02T10:01"
    )
