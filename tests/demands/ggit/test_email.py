"""Demands of ggit: what comes by email."""

from __future__ import annotations

import pytest

from tests.demands.ggit.scenes import (
    CLOSE,
    COMPLETE,
    EIGHT,
    FORM,
    LINK_SENT,
    MAILED,
    NEW,
    NO_CONTACT,
    PERSONS,
    PROGRESS,
    REOPENED,
    SCOPE,
    SENT,
    STAFF,
    SUBJECTS,
    TECH,
    TWENTY,
    WAITING,
    at,
    demand,
    line,
    mail,
    missing_categories,
)
from tests.demands.tables import after, entered, fires_at, told_anew
from tests.support.world import CUSTOMER


@demand("G13", "X1", "X3")
@pytest.mark.parametrize("source", TWENTY)
@pytest.mark.parametrize("role", PERSONS)
def test_a_mail_from_a_person_moves_the_ticket(role: str, source: str) -> None:
    for subject, target in SUBJECTS:
        world = at(source)
        ticket = mail(world, role, subject)
        assert ticket.status == target, subject
        assert any(
            entry.text == "Some words." and entry.by == world.who(role)
            for entry in ticket.history
        )
        if source != target:
            entry = entered(ticket, target)
            assert (entry.role, entry.from_, bool(entry.rule)) == (
                "system",
                source,
                True,
            )
        assert not any("rule" in warning for warning in world.warnings)


@demand("G13")
@pytest.mark.parametrize(
    "subject", ["Re: DNS is resolved wrongly", "Now it is resolved"]
)
def test_a_title_with_those_words_does_not_close(subject: str) -> None:
    for source in (PROGRESS, CLOSE):
        world = at(source)
        world.ask("technician", title="DNS is resolved wrongly")
        assert mail(world, "customer", subject).status == MAILED


@demand("G13")
def test_those_words_in_the_text_do_not_close() -> None:
    assert (
        mail(at(PROGRESS), "customer", "Re: it", text="It is resolved").status == MAILED
    )


@demand("G13")
def test_a_watcher_is_a_person_too() -> None:
    world = at(PROGRESS)
    world.ask("technician", watchers=("bob@customer.example",))
    assert mail(world, "customer", "news", who="bob@customer.example").status == MAILED


@demand("G13", "X4")
@pytest.mark.parametrize("source", TWENTY)
def test_mail_that_a_machine_wrote_is_kept_and_moves_nothing(source: str) -> None:
    for role in PERSONS:  # the gateway enters it as a note
        world = at(source)
        due = after(world, "P5D")
        world.wait("P1D")
        ticket = mail(
            world, role, "it is resolved", text=None, note="I am out of office."
        )
        assert (ticket.status, ticket.history[-1].note) == (
            source,
            "I am out of office.",
        )
        if source == WAITING:
            fires_at(world, due)


@demand("G13")
@pytest.mark.parametrize("source", TWENTY)
def test_what_people_write_without_mail_moves_nothing(source: str) -> None:
    for role, customer in (
        ("customer", None),
        ("technician", None),
        ("admin", None),
        ("technician", CUSTOMER),
    ):
        assert (
            at(source).ask(role, text="It is resolved", for_=customer).status == source
        )


@demand("G13")
@pytest.mark.parametrize("source", [status for status in TWENTY if status != FORM])
def test_a_form_that_is_mailed_in_is_a_form_response(source: str) -> None:
    for subject in ("New user form", "The form is resolved"):
        assert (
            at(source)
            .ask("web_form", text="Name: Kim", via="mail", subject=subject)
            .status
            == FORM
        )
    assert (
        at(source)
        .ask("web_form", FORM, text="Name: Kim", via="mail", subject="New user form")
        .status
        == FORM
    )


@demand("G13")
@pytest.mark.parametrize("subject", ["news", "it is resolved"])
def test_a_mail_from_timezest_is_no_persons(subject: str) -> None:
    assert mail(at(PROGRESS), "timezest", subject).status == PROGRESS
    assert (
        mail(at(PROGRESS), "timezest", subject, text=line(COMPLETE)).status == PROGRESS
    )


@demand("G13")
@pytest.mark.parametrize("target", [SENT, SCOPE])
def test_an_escalation_stays_where_mission_control_put_it(target: str) -> None:
    assert at(NEW).ask("mission_control", target, text="Over to you.").status == target


@demand("G13", "G5", "X1", "X3")
@pytest.mark.parametrize(
    "source", [status for status in TWENTY if status != NO_CONTACT]
)
def test_no_contact_goes_on_to_waiting_customer_by_itself(source: str) -> None:
    world = at(source)
    if source == WAITING:
        world.ask("technician", waiting_for="item")
    ticket = world.ask("mission_control", NO_CONTACT)
    moves = [entry for entry in ticket.history if entry.to][-2:]
    assert [(entry.from_, entry.to) for entry in moves] == [
        (source, NO_CONTACT),
        (NO_CONTACT, WAITING),
    ]
    assert (moves[1].role, bool(moves[1].rule), ticket.get("waiting_for")) == (
        "system",
        True,
        "reply",
    )
    told_anew(world)
    fires_at(world, after(world, "P5D"))
    assert told_anew(world) == [CUSTOMER]


# --- G14: statuses by mail ---


@demand("G14", "G13", "X1")
@pytest.mark.parametrize("source", TWENTY)
@pytest.mark.parametrize("role", STAFF)
def test_staff_set_two_statuses_by_mail_from_everywhere(role: str, source: str) -> None:
    for target in {WAITING, COMPLETE} - {source}:
        for subject in ("Re: It does not work", "it is resolved", None):
            world = at(source, listed=True)
            if (source, target) == (LINK_SENT, WAITING):
                world.ask("customer", text="None of these suits me.")
            world.ask("technician", time_entries="done")
            ticket = mail(world, role, subject, text=line(target))
            assert (ticket.status, entered(ticket, target).from_) == (target, source)
            assert any(
                (entry.text, entry.by, entry.via)
                == (line(target), world.who(role), "mail")
                for entry in ticket.history
            )
            if target == WAITING:
                assert ticket.get("waiting_for") == "reply"


@demand("G14")
@pytest.mark.parametrize(
    "text", ["Status: Complete", "status: complete", "STATUS: COMPLETE\n-- \nTess"]
)
def test_the_line_is_read_in_any_case(text: str) -> None:
    assert mail(at(PROGRESS), "technician", "x", text=text).status == COMPLETE


@demand("G14", "G13")
@pytest.mark.parametrize(
    "text",
    [
        "The last job ended with status: complete failure.",
        "Status: Completely broken",
        "> Status: Complete\nReally?",
        "Exit status: waiting customer input",
    ],
)
def test_only_a_line_of_its_own_sets_a_status(text: str) -> None:
    assert mail(at(PROGRESS), "technician", "x", text=text).status == MAILED


@demand("G14", "G13")
@pytest.mark.parametrize("source", TWENTY)
def test_a_customers_mail_sets_no_status(source: str) -> None:
    for target in (WAITING, COMPLETE):
        assert (
            mail(at(source), "customer", "Re: it", text=line(target)).status == MAILED
        )
        assert (
            mail(at(source), "customer", "it is resolved", text=line(target)).status
            == CLOSE
        )
        if source != target:
            at(source).refused(
                "customer", target, via="mail", subject="x", text="Please."
            )


@demand("G14", "G2")
@pytest.mark.parametrize("target", [status for status in EIGHT if status != MAILED])
def test_no_line_sets_a_status_of_the_eight(target: str) -> None:
    assert mail(at(PROGRESS), "technician", "x", text=line(target)).status == MAILED


@demand("G14")
@pytest.mark.parametrize("target", [WAITING, COMPLETE])
def test_such_a_line_means_nothing_without_mail_or_where_it_is_so_already(
    target: str,
) -> None:
    assert at(PROGRESS).ask("technician", text=line(target)).status == PROGRESS
    for subject in ("x", "it is resolved"):
        world = at(target)
        assert mail(world, "technician", subject, text=line(target)).status == target
        assert TECH not in told_anew(world)
    assert (
        mail(at(REOPENED), "technician", "it is resolved", text=line(COMPLETE)).status
        == REOPENED
    )


@demand("G14", "G5", "X3")
def test_the_line_does_not_wait_after_a_scheduling_link_and_the_sender_is_told() -> (
    None
):
    world = at(LINK_SENT)
    assert mail(world, "technician", "x", text=line(WAITING)).status != WAITING
    assert TECH in told_anew(world)


@demand("G7", "G14")
@pytest.mark.parametrize(
    "source", [PROGRESS, REOPENED, LINK_SENT, WAITING, COMPLETE, CLOSE]
)
def test_only_who_asked_for_a_status_in_vain_is_told(source: str) -> None:
    for role, text in (
        ("technician", "Some words."),
        ("customer", line(COMPLETE)),
        ("customer", line(WAITING)),
    ):
        world = at(source)
        if source not in (COMPLETE, REOPENED):
            world.ask("technician", time_entries="not_done")
        world.notifications.clear()
        assert mail(world, role, "x", text=text).status == MAILED
        assert world.who(role) not in told_anew(world)
    for target in {WAITING, COMPLETE} - {source}:
        world = at(source)
        world.ask("customer", text="None of these suits me.")
        world.ask("technician", time_entries="done")
        world.notifications.clear()
        assert mail(world, "technician", "x", text=line(target)).status == target
        assert TECH not in told_anew(world)


@demand("G14", "G15")
@pytest.mark.parametrize(
    ("name", "target"), missing_categories({WAITING: "pending", COMPLETE: "closed"})
)
def test_the_line_sets_nothing_that_the_category_lacks_and_the_sender_is_told(
    name: str, target: str
) -> None:
    world = at(PROGRESS)
    world.ask("technician", category=name)
    assert mail(world, "technician", "x", text=line(target)).status != target
    assert TECH in told_anew(world)
