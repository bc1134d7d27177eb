"""Nothing is pending for somebody who cannot be notified (docs/durability.md, D8)."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.support.pending import LATER
from tests.support.state import outbox_of
from tests.support.stores import done, make_store, ticketctl
from ticketctl.core.engine import recipients
from ticketctl.core.people import People
from ticketctl.store.profiles import built_in

MAIL = (
    "mail: {from: help@support.example, smtp: {host: localhost, port: 9, tls: none}}\n"
)


JANE = "customer:jane@customer.example"


NOBODY = "nobody has the role agent: no one is notified"


UNADDRESSED = "nobody with the role agent has an email address: no one is notified"


PEOPLE = {
    "nobody is listed": ("", NOBODY),
    "nobody with the role": (
        "people: {jane@customer.example: {roles: [customer]}}\n",
        NOBODY,
    ),
    "nobody with an address": ("people: {amy: {roles: [agent]}}\n", UNADDRESSED),
}


def workspace_without(root: Path, people: str = "", mail: str = MAIL) -> Path:
    """A store with git and a profile of its own, in which a rule by time and one at
    once notify a role."""
    make_store(root, f"commit: auto\n{people}{mail}")
    shutil.rmtree(root / ".git")
    for words in (
        ("init", "-q"),
        ("config", "user.email", "amy@support.example"),
        ("config", "user.name", "Amy"),
        ("config", "ticketctl.sender", "true"),
    ):
        subprocess.run(["git", "-C", str(root), *words], check=True)
    (root / "profiles").mkdir()
    text = Path(built_in(), "biztech.yaml").read_text()
    changed = text.replace(
        "do: [{notify: assignee, message: review}]",
        'do: [{notify: "role:agent", message: review}]',
    )
    assert changed != text
    (root / "profiles/biztech.yaml").write_text(changed)
    return root


def opened(root: Path, *more: str, as_: str = JANE) -> str:
    """A new ticket of a customer who then writes again."""
    done(root, "new", "Printer", "--id", "261102-aaaaa", *more, as_=as_)
    return done(root, "reply", "aaaaa", "-m", "It smokes.", as_=as_)


def owes_nothing(root: Path, now: str = LATER) -> None:
    """Nothing is tried, nothing is pending, nobody waits."""
    ran = ticketctl(root, "mail", "send", now=now)
    assert (ran.status, ran.out, ran.err) == (0, "", "")
    assert (
        "no notifications are pending" in ticketctl(root, "mail", "show", now=now).err
    )
    told = ticketctl(root, "doctor", now=now).out
    assert "owed" not in told
    assert "outbox" not in told
    assert not list(outbox_of(root).glob("*"))


@pytest.mark.parametrize(("people", "words"), PEOPLE.values(), ids=PEOPLE)
def test_a_role_without_people(people: str, words: str, tmp_path: Path) -> None:
    """It is owed nothing, however long one waits; who acts is told so, and doctor says
    what to add where."""
    root = workspace_without(tmp_path / "store", people)
    assert words in opened(root)
    owes_nothing(root)
    ran = ticketctl(root, "doctor", now=LATER)
    (line,) = (line for line in ran.out.splitlines() if "role agent" in line)
    assert line.startswith("ticketctl.yaml: warning: ")
    assert "biztech" in line
    assert "customer-added" in line
    assert "review-open" in line
    assert "roles: [biztech/agent]" in line
    assert words.partition(":")[0].split(" has ")[0] in line


def test_show_why_and_sweep_report_it(tmp_path: Path) -> None:
    """show, why, sweep and forecast say that a rule by time will tell nobody, and sweep
    does it all the same."""
    root = workspace_without(tmp_path / "store")
    opened(root)
    done(root, "assign", "aaaaa", "amy@support.example", now="2026-11-02T10:00:00Z")
    for words in (
        ("show", "aaaaa"),
        ("why", "aaaaa"),
        ("sweep", "-n"),
        ("forecast",),
        ("sweep",),
    ):
        ran = ticketctl(root, *words, now=LATER)
        assert ran.status == 0 and NOBODY in ran.out, (words, ran)
    for words in (
        ("why", "aaaaa", "--format", "json"),
        ("forecast", "--format", "jsonl"),
    ):
        assert NOBODY in done(root, *words, now=LATER)
    assert done(root, "sweep", now=LATER) == "", "it is done once"
    assert "reminded no one" in done(root, "log", "aaaaa")
    owes_nothing(root)


def test_a_person_who_gets_the_role_later(tmp_path: Path) -> None:
    """They are told of what happens from then on: old notices do not flood in."""
    root = workspace_without(tmp_path / "store")
    opened(root)
    path = root / "ticketctl.yaml"
    path.write_text(
        path.read_text() + "people: {amy@support.example: {roles: [agent]}}\n"
    )
    owes_nothing(root)
    assert "role agent" not in ticketctl(root, "doctor").out
    assert "amy@support.example will be notified" in done(
        root, "reply", "aaaaa", "-m", "It burns.", now=LATER, as_=JANE
    )
    owed = done(root, "mail", "show", now=LATER)
    assert owed.count("\n") == 1
    assert "amy@support.example" in owed


def test_what_former_versions_wrote(tmp_path: Path) -> None:
    """A history that names a role, or somebody without an address, owes nothing: nobody
    can ever be sent that."""
    for told in ("role:agent", "role:wizard", "amy"):
        root = workspace_without(tmp_path / told.replace(":", "-"))
        with (
            patch.object(People, "with_role", lambda *_, told=told: (told,)),
            patch.object(recipients, "can_be_notified", lambda *_: True),
        ):
            opened(root)
        assert (
            f"- {told}" in (root / "tickets/2026/11/02/261102-aaaaa.yaml").read_text()
        )
        owes_nothing(root)
        assert "(not sent: no email address)" in done(root, "mail", "show", "aaaaa")
        assert ticketctl(root, "check").status == 0


def test_people_without_an_address(tmp_path: Path) -> None:
    """An assignee, a watcher, a customer who are names: what is meant for them goes to
    who is named else, or to nobody."""
    root = workspace_without(
        tmp_path / "store",
        "people: {amy: {roles: [agent]}, bob@support.example: {roles: [agent]}}\n",
    )
    done(
        root,
        "new",
        "Printer",
        "--id",
        "261102-aaaaa",
        "-c",
        "jane",
        "-a",
        "amy",
        as_="agent:bob@support.example",
    )
    assert "bob@support.example will be notified" in done(
        root, "reply", "aaaaa", "-m", "It smokes.", as_="customer:jane"
    )
    (line,) = (
        line for line in ticketctl(root, "doctor").out.splitlines() if "amy" in line
    )
    assert "amy has 1 open ticket and no email address" in line
    assert "warning" in line
    said = done(
        root, "move", "aaaaa", "Pending", "--reply", "Which one?", as_="agent:amy"
    )
    assert "jane (customer) has no email address: no one is notified" in said
    owed = done(root, "mail", "show")
    assert owed.count("\n") == 1
    assert "jane" not in owed
    assert "amy" not in owed.replace("@", "")


def test_no_customer_and_strange_watchers(tmp_path: Path) -> None:
    """Nobody is meant by what is not there; a watcher that is no address is passed
    over, the others are told."""
    root = workspace_without(
        tmp_path / "store", "people: {amy@support.example: {roles: [agent]}}\n"
    )
    path = root / "profiles/biztech.yaml"
    path.write_text(
        path.read_text().replace(
            "do: [{notify: customer, message: needed}]",
            "do: [{notify: [customer, watchers], message: needed}]",
        )
    )
    as_ = "agent:amy@support.example"
    done(
        root,
        "new",
        "Printer",
        "--id",
        "261102-aaaaa",
        "-c",
        "jane-doe",
        "-a",
        "@me",
        as_=as_,
    )
    done(root, "set", "aaaaa", "watchers=front-desk,tom@customer.example", as_=as_)
    said = done(root, "move", "aaaaa", "Pending", "--reply", "Which?", as_=as_)
    assert "tom@customer.example will be notified" in said
    assert "front-desk" not in said
    assert done(root, "mail", "show").split()[1] == "tom@customer.example"


def test_the_outbox(tmp_path: Path) -> None:
    """A store without email: no file for a role that nobody holds; a person is told by
    whatever name a script knows."""
    root = workspace_without(tmp_path / "store", mail="")
    assert NOBODY in opened(root)
    assert not list(outbox_of(root).glob("*"))
    assert "role agent" in ticketctl(root, "doctor").out
    named = workspace_without(
        tmp_path / "named", "people: {amy: {roles: [agent]}}\n", mail=""
    )
    assert "amy will be notified" in opened(named)
    (notice,) = outbox_of(named).glob("*.json")
    assert json.loads(notice.read_text())["told"] == ["amy"]
    assert "role agent" not in ticketctl(named, "doctor").out
