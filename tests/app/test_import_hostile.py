"""Import of tickets from another store: they change nothing else in this one (T16)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.due_stores import git
from tests.support.future_events import FAR, MAIL, forge
from tests.support.rows import lines
from tests.support.stores import (
    AMY,
    JANE,
    NOW,
    done,
    files_of,
    make_store,
    make_tickets,
    ticketctl,
)
from tests.support.world import REGISTRY
from ticketctl.core.engine.events import events_of, last_customer_text, unanswered
from ticketctl.core.engine.notifications import due_notifications, unsent
from ticketctl.core.engine.timers import coming, timers
from ticketctl.core.entry import Entry
from ticketctl.core.history_graph import seal, union
from ticketctl.core.people import NOBODY_LISTED
from ticketctl.core.profile import Profile
from ticketctl.core.ticket import Ticket, fold
from ticketctl.store.tickets import Store
from ticketctl.store.yaml.fast_reader import read_canonical
from ticketctl.store.yaml.located_reader import read_strict
from ticketctl.store.yaml.writer import emit

LATER = "2026-11-03T09:00:00Z"


BOB = "agent:bob@other.example"


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A store that mails: its ticket aaaaa owes notices, bbbbb owes none."""
    root = make_store(tmp_path / "theirs", f"commit: off\n{MAIL}")
    make_tickets(root, "aaaaa")
    done(root, "move", "aaaaa", "Open", "-a", "zoe@support.example")
    done(root, "move", "aaaaa", "Pending", "--reply", "Which address?")
    (root / "ticketctl.yaml").write_text("profile: biztech\ncommit: off\n")
    make_tickets(root, "bbbbb")
    (root / "ticketctl.yaml").write_text(f"profile: biztech\ncommit: off\n{MAIL}")
    return root


def ours(tmp_path: Path, settings: str = f"commit: off\n{MAIL}") -> Path:
    return make_store(tmp_path / "ours", settings)


def taken(root: Path, half: str) -> Ticket:
    return Store(str(root)).read(f"261102-{half}").ticket


def bring(root: Path, text: str, *words: str, now: str = LATER, as_: str = BOB) -> str:
    """Import a text as a file named export.jsonl; what was said."""
    file = root.parent / "export.jsonl"
    file.write_text(text)
    ran = ticketctl(root, "import", str(file), *words, now=now, as_=as_)
    assert ran.status == 0, ran
    return ran.err


def test_an_import_sends_no_email(theirs: Path, tmp_path: Path) -> None:
    """Debts are settled unsent, by one entry of the importer; whoever owes nothing is
    the same file."""
    assert "aaaaa  jane@customer.example  needed" in done(theirs, "mail", "show"), (
        "there it is owed"
    )
    root, text = ours(tmp_path), done(theirs, "export")
    said = bring(root, text)
    assert "2 tickets imported" in said
    assert "1 ticket had pending notifications, which are not sent from here" in said
    assert done(root, "mail", "show") == ""
    assert list(due_notifications(taken(root, "aaaaa"))) == []
    before, after = taken(theirs, "aaaaa"), taken(root, "aaaaa")
    assert after.history[:-1] == before.history
    assert after.head() == before.head()
    (path,) = theirs.glob("tickets/*/*/*/*-aaaaa.yaml")
    data = path.read_bytes()
    assert (root / path.relative_to(theirs)).read_bytes().startswith(data), (
        "what came keeps its bytes"
    )
    last = after.history[-1].content()
    assert last == {
        "id": after.history[-1].id,
        "at": LATER,
        "by": "bob@other.example",
        "role": "agent",
        "event": "imported",
    }
    assert (
        files_of(root, "tickets")["tickets/2026/11/02/261102-bbbbb.yaml"]
        == next(theirs.glob("tickets/*/*/*/*-bbbbb.yaml")).read_bytes()
    )
    assert done(root, "check", now=LATER) == ""
    assert done(root, "index", "verify", now=LATER) is not None
    assert not [name for name in files_of(root, ".ticketctl") if "outbox/" in name]
    shown = done(root, "mail", "show", "aaaaa", now=LATER)
    assert "when it was imported; never sent" in shown
    assert "(sent)" not in shown
    assert "imported; earlier notifications are not sent" in done(
        root, "log", "aaaaa", now=LATER
    )
    events = json.loads(done(root, "show", "aaaaa", "--format", "json", now=LATER))[
        "tickets"
    ][0]["history"]
    assert events[-1] == last


def test_mail_send_sends_nothing_imported(theirs: Path, tmp_path: Path) -> None:
    """Where their own run would try, ours is quiet; what people do here afterwards is
    owed as ever."""
    root = ours(tmp_path, f"commit: auto\n{MAIL}")
    for store in (theirs, root):
        (store / ".gitignore").write_text(".ticketctl/\n")
        for words in (
            ("init", "-q"),
            ("config", "user.name", "B"),
            ("config", "user.email", "bob@other.example"),
            ("add", "-A"),
            ("commit", "-qm", "All"),
            ("config", "ticketctl.sender", "true"),
        ):
            git(store, *words)
    text = done(theirs, "export")
    assert ticketctl(theirs, "mail", "send", now=LATER).status == 1, (
        "nobody listens there, so it fails"
    )
    bring(root, text)
    assert ticketctl(root, "mail", "send", now=LATER) == ticketctl(
        root, "mail", "send", now=LATER
    )
    assert ticketctl(root, "mail", "send", now=LATER).status == 0
    done(root, "move", "aaaaa", "Solved", "--reply", "Done.", now=LATER)
    assert ticketctl(root, "mail", "send", now=LATER).status == 1
    assert "since 2026-11-02" not in done(root, "mail", "show", now=LATER)


def test_a_store_without_mail_settles_too(theirs: Path, tmp_path: Path) -> None:
    """Else they would go out on the day on which it begins to send."""
    root = ours(tmp_path, "commit: off\n")
    bring(root, done(theirs, "export"))
    assert not list((root / ".ticketctl").glob("outbox/*"))
    (root / "ticketctl.yaml").write_text(f"profile: biztech\ncommit: off\n{MAIL}")
    assert done(root, "mail", "show", now=LATER) == ""


def test_what_is_there_already_is_known_again(theirs: Path, tmp_path: Path) -> None:
    """With the entry that settles, and with whatever was done here since; what lacks an
    event of theirs is another."""
    root, text = ours(tmp_path), done(theirs, "export")
    bring(root, text)
    for words in (
        (),
        ("note", "aaaaa", "-m", "Ours."),
        ("note", "bbbbb", "-m", "Ours."),
    ):
        if words:
            done(root, *words, now="2026-11-04T09:00:00Z")
        before = files_of(root, "tickets")
        assert "0 tickets imported; 2 tickets there already" in bring(
            root, text, now="2026-11-05T09:00:00Z"
        )
        assert files_of(root, "tickets") == before
    first = done(root, "export")
    third = make_store(tmp_path / "third", f"commit: off\n{MAIL}")
    assert "had notifications" not in bring(third, first, now="2026-11-05T09:00:00Z"), (
        "what is settled is owed nowhere"
    )
    assert done(third, "export") == first
    done(theirs, "note", "aaaaa", "-m", "Theirs.", now=LATER)
    (tmp_path / "again.jsonl").write_text(done(theirs, "export"))
    ran = ticketctl(root, "import", str(tmp_path / "again.jsonl"), now=LATER)
    assert ran.status == 1
    assert "row 1: there is a ticket 261102-aaaaa already, and it is another" in ran.err


def test_a_broken_file_of_that_id_is_no_ticket_to_compare_with(
    theirs: Path, tmp_path: Path
) -> None:
    """Nothing is written over it, and nothing is believed of it."""
    root = ours(tmp_path)
    path = root / "tickets/2026/11/02/261102-aaaaa.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("rubbish: [\n")
    (tmp_path / "export.jsonl").write_text(done(theirs, "export"))
    ran = ticketctl(root, "import", str(tmp_path / "export.jsonl"), now=LATER)
    assert ran.status == 1
    assert "row 1: there is a ticket 261102-aaaaa already, which is broken" in ran.err
    assert path.read_text() == "rubbish: [\n"
    assert len(files_of(root, "tickets")) == 1


@pytest.mark.parametrize(
    "name", ["export.jsonl", "a\nSigned-off-by: amy\x1b[2J.jsonl", "x" * 200 + ".jsonl"]
)
def test_the_commit_says_who_brought_what(
    theirs: Path, tmp_path: Path, name: str
) -> None:
    """In the words of the store, with the file's name, in which nothing can be hidden;
    git's author is who sits here."""
    root = ours(tmp_path, f"commit: auto\n{MAIL}")
    for words in (
        ("init", "-q"),
        ("config", "user.name", "Carl"),
        ("config", "user.email", "carl@other.example"),
    ):
        git(root, *words)
    (root / ".gitignore").write_text(".ticketctl/\n")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "A store")
    (tmp_path / name).write_text(done(theirs, "export"))
    assert (
        ticketctl(root, "import", str(tmp_path / name), now=LATER, as_=BOB).status == 0
    )
    author, committer, *message = (
        git(root, "log", "-1", "--format=%ae%n%ce%n%B").strip().split("\n")
    )
    assert author == committer == "carl@other.example"
    assert message[0].startswith("import: 2 tickets from ")
    assert message[0].endswith(" (bob@other.example)")
    assert message[1:] == [
        "",
        "1 ticket had notifications to send; these are not sent.",
    ]
    assert message[0].isprintable()
    assert len(message[0]) < 200
    assert name in message[0] or name != "export.jsonl"
    assert git(root, "status", "--porcelain") == ""


# --- an import in the middle of a history ---


IMPORTED = Entry(LATER, "bob@other.example", "agent", "imported")


def told(profile: Profile, status: str) -> Ticket:
    """A ticket in a status that has told its customer of it, and owes one notice more."""
    sets = {
        "ticket": "261102-aaaaa",
        "profile": profile.name,
        "version": profile.version,
        "title": "One",
        "customer": "jane@customer.example",
        "assignee": "amy@support.example",
    }
    agent, customer = profile.role_of_kind("agent"), profile.role_of_kind("customer")
    message = next(iter(profile.messages))
    history: list[Entry] = []
    for entry in (
        Entry(
            NOW,
            "jane@customer.example",
            customer,
            "imported",
            to=status,
            text="The report.",
            sets=sets,
        ),
        Entry(NOW, "amy@support.example", agent, "replied", text="Well?"),
        Entry(NOW, "jane@customer.example", customer, "replied", text="Still so."),
        Entry(
            NOW,
            "system",
            profile.system,
            "reminded",
            message=message,
            recipients=("jane@customer.example",),
        ),
    ):
        history.append(seal(history, entry))
    return fold(history)


@pytest.mark.parametrize(
    "profile", list(REGISTRY.all()), ids=lambda profile: profile.name
)
def test_an_import_is_no_event(profile: Profile) -> None:
    """It starts, stops and resets no clock, answers nobody, begins no ticket; in every
    status of every profile."""
    for status in profile.statuses:
        before = told(profile, status)
        after = fold((*before.history, seal(before.history, IMPORTED)))
        assert events_of(profile, after.history[-1]) == frozenset()
        assert after.head() == before.head()
        assert list(timers(profile, after)) == list(timers(profile, before))
        assert coming(profile, after, NOBODY_LISTED) == coming(
            profile, before, NOBODY_LISTED
        )
        assert (
            unanswered(profile, after.acts) == unanswered(profile, before.acts) is True
        )
        assert (
            last_customer_text(profile, after.acts)
            == last_customer_text(profile, before.acts)
            == "Still so."
        )
        assert (
            [one.entry.id for one in due_notifications(before)]
            == [one.entry.id for one in unsent(after)]
            != []
        )
        assert list(due_notifications(after)) == [] == list(unsent(before))
        report = fold(before.history[:1])
        assert (
            last_customer_text(
                profile, fold((*report.history, seal(report.history, IMPORTED))).acts
            )
            == "The report."
        )


def test_readers_and_writers_agree_on_it() -> None:
    """The fast reader, the strict one and ruamel's; five lines, none of them new to
    any."""
    profile = next(iter(REGISTRY.all()))
    before = told(profile, next(iter(profile.statuses)))
    after = fold((*before.history, seal(before.history, IMPORTED)))
    data = emit(after)
    assert read_canonical(data) == after
    assert read_strict(data) is not None
    assert data.endswith(
        b"  at: 2026-11-03T09:00:00Z\n  by: bob@other.example\n  role: agent\n  event: imported\n"
    )
    by_hand = b"# seen\n" + data
    path = "tickets/2026/11/02/261102-aaaaa.yaml"
    assert Store("/nowhere").parse(path, by_hand).ticket.history == after.history


def test_clones_that_import_the_same_are_merged(theirs: Path, tmp_path: Path) -> None:
    """Both settle what was there; what a third one owes since, which neither knew,
    stays owed."""
    before = taken(theirs, "aaaaa")
    one = (*before.history, seal(before.history, IMPORTED))
    other = (
        *before.history,
        seal(
            before.history,
            Entry("2026-11-04T09:00:00Z", "eve@other.example", "agent", "imported"),
        ),
    )
    both = fold(union(one, other))
    assert both.head() == before.head()
    assert list(due_notifications(both)) == []
    assert len(list(unsent(both))) == len(list(due_notifications(before)))
    asked = [*before.history]
    asked.append(
        seal(
            asked,
            Entry(
                "2026-11-03T08:00:00Z",
                "amy@support.example",
                "agent",
                "noted",
                note="x",
                message="needed",
                recipients=("zoe@support.example",),
            ),
        )
    )
    merged = fold(union(one, asked))
    assert [debt.entry.id for debt in due_notifications(merged)] == [asked[-1].id]


@pytest.mark.parametrize(
    "content",
    [{"text": "Hello."}, {"sets": {"assignee": "eve@other.example"}}, {"note": "x"}],
)
def test_an_import_has_no_messages_or_changes(
    content: Mapping[str, Any], theirs: Path
) -> None:
    """What no rule would look at is no place for messages and changes: check names the
    key, and import refuses it."""
    forge(theirs, "bbbbb", Entry(**{**IMPORTED.__dict__, **content}))
    ran = ticketctl(theirs, "check", now="2026-11-05T09:00:00Z")
    (key,) = {"sets": "set"}.get(next(iter(content)), next(iter(content))).split()
    assert ran.status == 1
    assert f"an import after other events cannot have {key}" in ran.out


# --- what else comes in ---


def rows(root: Path, half: str = "bbbbb") -> Iterable[dict[str, Any]]:
    return [
        json.loads(line) for line in done(root, "export").splitlines() if half in line
    ]


def test_events_of_the_future_are_refused_with_their_row(
    theirs: Path, tmp_path: Path
) -> None:
    forge(theirs, "bbbbb", Entry(FAR, "eve@other.example", "agent", "noted", note="x"))
    root = ours(tmp_path)
    (tmp_path / "export.jsonl").write_text(done(theirs, "export"))
    ran = ticketctl(root, "import", str(tmp_path / "export.jsonl"), now=LATER)
    assert ran.status == 1
    assert "row 2: 261102-bbbbb cannot be imported: event e" in ran.err
    assert "dated in the future" in ran.err
    assert files_of(root, "tickets") == {}
    ran = ticketctl(
        root, "--now", "2099-01-02", "import", str(tmp_path / "export.jsonl"), now=LATER
    )
    assert ran.status == 1
    assert "--trust-clock" in ran.err


def test_a_storm_of_imported_clocks_waits_to_be_confirmed(tmp_path: Path) -> None:
    """Tickets that would all close at once: the import says so, and the guard of the
    sweep counts them."""
    root = ours(tmp_path, "commit: off\nsweep: {max_moves: 5, max_share: 0}\n")
    make_tickets(root, "ccccc")  # lately something has happened here
    row = {
        "title": "Old",
        "created": "2024-03-01T10:00",
        "status": "Solved",
        "customer": "ann@customer.example",
        "assignee": "amy@support.example",
    }
    assert "time-based rules are due for 8 tickets: ticketctl sweep -n" in bring(
        root, lines(*[row] * 8)
    )
    ran = ticketctl(root, "sweep", now=LATER)
    assert ran.status == 1
    assert "--confirm 8" in ran.err
    assert '"Closed"' not in done(root, "list", "-A", "--format", "json")


def test_a_link_to_a_missing_follow_up_has_no_effect(
    theirs: Path, tmp_path: Path
) -> None:
    """A link to a ticket that this store lacks, or to somebody else's, leads no message
    there."""
    root = ours(tmp_path)
    make_tickets(root, "ccccc")
    link = Entry(
        NOW,
        "amy@support.example",
        "agent",
        "linked",
        sets={"follow_up": "261102-ccccc"},
    )
    forge(
        theirs,
        "bbbbb",
        link,
        Entry(
            NOW,
            "amy@support.example",
            "agent",
            "linked",
            sets={"follow_up": "261102-zzzzz"},
        ),
    )
    bring(root, lines(*rows(theirs)))
    before = taken(root, "ccccc")
    for words, as_ in (
        (("show", "bbbbb"), AMY),
        (("reply", "bbbbb", "-m", "x"), JANE),
        (("check",), AMY),
    ):
        done(root, *words, now=LATER, as_=as_)
    assert taken(root, "ccccc") == before


def test_people_who_are_not_listed_are_named(theirs: Path, tmp_path: Path) -> None:
    """Reminders will go to whom a ticket is assigned: the importer is told of those who
    have no role here."""
    root = ours(
        tmp_path,
        f"commit: off\npeople:\n  bob@other.example: {{roles: [agent]}}\n{MAIL}",
    )
    assert "assignees without a role here: zoe@support.example" in bring(
        root, done(theirs, "export")
    )
    other = make_store(
        tmp_path / "other",
        "commit: off\npeople:\n  bob@other.example: {roles: [agent]}\n"
        "  zoe@support.example: {roles: [agent]}\n",
    )
    assert "without a role" not in bring(other, done(theirs, "export"))


def test_what_an_import_names_and_lacks_is_reported(
    theirs: Path, tmp_path: Path
) -> None:
    """Attachments stay where they were; a profile that is not here is refused, with its
    row."""
    forge(
        theirs,
        "bbbbb",
        Entry(
            NOW,
            "amy@support.example",
            "agent",
            "noted",
            note="x",
            files=("a.txt", "../../b"),
        ),
    )
    root = ours(tmp_path)
    said = bring(root, lines(*rows(theirs)))
    assert "2 attachments missing" in said
    done(root, "show", "bbbbb", now=LATER)
    (row,) = rows(theirs)
    row["id"] = row["history"][0]["set"]["ticket"] = "261102-ddddd"
    row["history"][0]["set"]["profile"] = "nowhere"
    (tmp_path / "odd.jsonl").write_text(lines(row))
    ran = ticketctl(root, "import", str(tmp_path / "odd.jsonl"), now=LATER)
    assert ran.status == 1
    assert "row 1: 261102-ddddd cannot be imported: " in ran.err


def test_rules_that_are_missing_are_reported(theirs: Path, tmp_path: Path) -> None:
    """A history of a version that this store has not cannot be judged; whoever imports
    it is told."""
    (row,) = rows(theirs)
    content = row["history"][0]
    content["set"]["version"] = 99
    history = [
        seal(
            (),
            Entry.from_content(
                {key: value for key, value in content.items() if key != "id"}
            ),
        )
    ]
    said = bring(
        ours(tmp_path),
        lines({**row, "history": [entry.content() for entry in history]}),
    )
    assert "1 ticket made under rules that are not here" in said


def test_a_ticket_that_would_be_unreadable_is_refused(
    theirs: Path, tmp_path: Path
) -> None:
    """Larger than a file may be, or made so by the entry that settles."""
    forge(
        theirs,
        "aaaaa",
        Entry(
            NOW, "amy@support.example", "agent", "noted", note="x" * ((1 << 20) - 5000)
        ),
    )
    root = ours(tmp_path)
    (row,) = rows(theirs, "aaaaa")
    size = len(emit(taken(theirs, "aaaaa")))
    history = [Entry.from_content(entry) for entry in row["history"]]
    for room, status in ((200, 0), (100, 1), (-1, 1)):
        note = "x" * (len(history[-1].note or "") + (1 << 20) - size - room)
        entry = seal(
            history[:-1], Entry(**{**history[-1].__dict__, "id": "", "note": note})
        )
        (tmp_path / "big.jsonl").write_text(
            lines({**row, "history": [one.content() for one in (*history[:-1], entry)]})
        )
        for path in root.glob("tickets/*/*/*/*.yaml"):
            path.unlink()
        ran = ticketctl(root, "import", str(tmp_path / "big.jsonl"), now=LATER)
        assert ran.status == status and ("larger than 1 MiB" in ran.err) == bool(
            status
        ), (room, ran)
        assert len(files_of(root, "tickets")) == 1 - status
