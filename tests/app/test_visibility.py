"""Reading as a customer: own tickets only, without internal notes (T13, X7)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.shell import Ran
from ticketctl.cli.main import run
from ticketctl.core.customer_view import without_notes
from ticketctl.core.entry import Entry
from ticketctl.core.ticket import Ticket
from ticketctl.store.profiles import ProfileRegistry

Run = Callable[..., Ran]
NOW = "2026-11-02T09:00:00Z"
AMY, JANE, EVE = (
    "agent:amy@support.example",
    "customer:jane@customer.example",
    "customer:eve@customer.example",
)
SECRET = ("NOTEWORD", "BYTHEWAY", "STRANGE")
"""What stands in internal notes alone."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a ticket of Jane's, one of Eve's, and one that Jane watches."""
    root = tmp_path_factory.mktemp("made")
    assert run(["init", str(root), "-p", "biztech"]) == 0
    (root / "ticketctl.yaml").write_text("profile: biztech\ncommit: off\n")
    watching = ("--set", "watchers=jane@customer.example", "--id", "261102-acccc")
    for words in (
        (
            "new",
            "Printer of Jane",
            "-c",
            "jane@customer.example",
            "-d",
            "It is broken.",
            "--id",
            "261102-aaaaa",
        ),
        (
            "new",
            "Eve alone",
            "-c",
            "eve@customer.example",
            "-d",
            "Nobody knows.",
            "--id",
            "261102-abbbb",
        ),
        ("new", "Watched", "-c", "bob@customer.example", *watching),
        ("note", "aaaaa", "-m", "NOTEWORD: call her boss"),
        (
            "assign",
            "aaaaa",
            "amy@support.example",
            "-m",
            "BYTHEWAY: a note with a change",
        ),
        (
            "move",
            "aaaaa",
            "Solved",
            "-m",
            "STRANGE: a note with a move",
            "--reply",
            "It is mended.",
        ),
        ("note", "abbbb", "-m", "NOTEWORD"),
        ("list",),
    ):
        assert run(["-C", str(root), "--as", AMY, "--now", NOW, *words]) == 0, words
    return root


@pytest.fixture
def tc(
    made: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """Run command lines in one process, in a copy of that store."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)

    def ticketctl(*words: str, as_: str = AMY) -> Ran:
        status = run([*(("--as", as_) if as_ else ()), "--now", NOW, *words])
        out, err = capfd.readouterr()
        return Ran(out, int(status), err)

    return ticketctl


READING = [
    ("list", "-A"),
    ("list", "-A", "--format", "json"),
    ("list", "-A", "--format", "jsonl"),
    ("list", "-A", "--format", "csv"),
    ("list", "-A", "--format", "tsv"),
    ("list", "-A", "--format", "table"),
    ("list", "-A", "--format", "id"),
    ("list", "-A", "--columns", "id,title,customer,fields"),
    ("list", "-A", "is:queue"),
    ("list", "-A", "-a", "none"),
    ("show", "aaaaa"),
    ("show", "aaaaa", "acccc", "--format", "json"),
    ("log", "aaaaa"),
    ("log", "aaaaa", "--format", "jsonl"),
    ("next", "aaaaa"),
    ("next", "aaaaa", "--format", "json"),
    ("why", "aaaaa"),
    ("why", "aaaaa", "--format", "json"),
    ("forecast",),
    ("forecast", "--format", "jsonl"),
    ("export",),
    ("mail", "show", "aaaaa"),
    ("mail", "show"),
]


def test_every_reading_command(tc: Run) -> None:
    """As staff they show notes and others' tickets; as the customer neither."""
    staff = "".join(tc(*words).out for words in READING)
    assert all(word in staff for word in (*SECRET, "Eve alone", "abbbb", '"noted"'))
    for words in READING:
        ran = tc(*words, as_=JANE)
        assert ran.status == 0, (words, ran)
        for hidden in (*SECRET, "Eve", "abbbb", '"noted"', '"note"', "  # "):
            assert hidden not in ran.out + ran.err, (words, hidden, ran)
    seen = "".join(tc(*words, as_=JANE).out for words in READING)
    assert "Printer of Jane" in seen
    assert "Watched" in seen
    assert "It is mended." in seen


def test_what_is_kept_of_entries_with_notes(tc: Run) -> None:
    """A move, a change of a field: they are shown; what is nothing but a note is not."""
    history = json.loads(tc("show", "aaaaa", "--format", "json", as_=JANE).out)[
        "tickets"
    ][0]["history"]
    assert [entry["event"] for entry in history if entry["role"] != "system"] == [
        "created",
        "edited",
        "moved",
    ]
    exported = [json.loads(line) for line in tc("export", as_=JANE).out.splitlines()]
    assert [one["id"] for one in exported] == [
        "261102-aaaaa",
        "261102-acccc",
    ]
    assert exported[0]["history"] == history


def test_words_of_notes_are_not_found(tc: Run) -> None:
    """Nor are they counted."""
    for word in (
        *SECRET,
        "NOTEW",
        "boss",
        '"call her boss"',
        "Eve",
        "knows",
        "customer:eve@customer.example",
    ):
        assert json.loads(tc("list", "-A", word, "--format", "json").out)["total"], word
        found = json.loads(tc("list", "-A", word, "--format", "json", as_=JANE).out)
        assert (found["tickets"], found["total"]) == ([], 0), word
    assert (
        tc("list", "-A", "-S", "broken", "--format", "id", as_=JANE).out
        == "261102-aaaaa\n"
    )
    assert "1 open in the store" in tc("list", "-A", as_=JANE).err


OTHERS = [
    "show ID",
    "log ID",
    "next ID",
    "why ID",
    "mail show ID",
    "reply ID -m x",
    "note ID -m x",
    "move ID Open",
    "assign ID @me",
    "set ID product=x",
    "edit ID",
    "edit --adopt ID",
    "list -A follows:ID",
    "new x --follows ID",
    "move -n ID Open",
    "move ID Open --format json",
]


@pytest.mark.parametrize(
    ("there", "none"),
    [("abbbb", "azzzz"), ("261102-abbbb", "261102-azzzz"), ("261102-ab", "261102-az")],
)
def test_a_ticket_of_another_customer_does_not_exist(
    tc: Run, there: str, none: str
) -> None:
    """The same words and the same status as for one that there never was, however the
    id is written."""
    for line in OTHERS:
        real, unreal = (
            tc(*line.replace("ID", id_).split(), as_=JANE) for id_ in (there, none)
        )
        assert real.status == unreal.status == 66, (line, real, unreal)
        assert (real.out.replace(there, none), real.err.replace(there, none)) == (
            unreal.out,
            unreal.err,
        ), line


def test_half_an_id_names_an_own_ticket(tc: Run) -> None:
    """What is ambiguous to staff is not to her, who has no other, and of what is she is
    told her own alone."""
    assert tc("show", "ab").status == 0
    assert tc("show", "ab", as_=EVE).status == 0
    assert tc("show", "26", as_=EVE).out.startswith("261102-abbbb")
    ran = tc("show", "a", as_=JANE)
    assert ran.status == 2
    assert "2 tickets match" in ran.err
    assert "abbbb" not in ran.err


def test_a_broken_ticket_is_hidden_from_customers(tc: Run, tmp_path: Path) -> None:
    """Nobody knows whose it is: staff are told, customers are not."""
    path = tmp_path / "tickets/2026/11/02/261102-abbbb.yaml"
    path.write_bytes(path.read_bytes() + b"history: again\n")
    assert tc("list", "-A").status == 65
    ran = tc("list", "-A", as_=EVE)
    assert ran.status == 0
    assert "abbbb" not in ran.out + ran.err
    assert tc("show", "261102-abbbb", as_=JANE).status == 66


def test_maintenance_commands_are_for_staff(tc: Run, tmp_path: Path) -> None:
    """Refused in words."""
    (tmp_path / "rows.jsonl").write_text('{"title": "x"}\n')
    for line in (
        "check",
        "doctor",
        "sweep",
        "batch x y",
        "index status",
        "index verify",
        "index rebuild",
        "mail send",
        "mail fetch",
        "import rows.jsonl",
        "profile holidays --country GB --year 2026",
    ):
        ran = tc(*line.split(), as_=JANE)
        assert ran.status == 1 and "staff" in ran.err and "abbbb" not in ran.err, (
            line,
            ran,
        )


EVERY = [
    *READING,
    ("check",),
    ("doctor",),
    ("index", "status"),
    ("sweep",),
    ("profile", "list"),
    ("note", "aaaaa", "-m", "x"),
]


def test_a_role_that_does_not_exist(tc: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused to every command, by whichever way it is named."""
    for words in EVERY:
        for role in ("boss:jane@customer.example", "boss"):
            ran = tc(*words, as_=role)
            assert (
                ran.status == 2
                and 'role "boss"' in ran.err
                and "Printer" not in ran.out
            ), words
    monkeypatch.setenv("TICKETCTL_AS", "boss:x@y")
    for words in EVERY:
        assert tc(*words, as_="").status == 2, words


def test_by_the_environment_and_without_an_address(
    tc: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TICKETCTL_AS says the same as --as; whoever gives no address is who git says;
    case does not matter."""
    monkeypatch.setenv("TICKETCTL_AS", JANE)
    assert "Eve" not in tc("list", "-A", as_="").out
    monkeypatch.setenv("TICKETCTL_AS", "")
    (tmp_path / ".git/config").write_text(
        (tmp_path / ".git/config").read_text()
        + "[user]\n\temail = eve@customer.example\n"
    )
    assert tc("list", "-A", "--format", "id", as_="customer").out == "261102-abbbb\n"
    assert (
        tc("list", "-A", "--format", "id", as_="Customer:eve@customer.example").out
        == "261102-abbbb\n"
    )
    assert (
        tc("list", "-A", "--format", "id", as_="customer:stranger@x.example").out == ""
    )


def test_people_of_the_settings(tc: Run, tmp_path: Path) -> None:
    """Who is listed as a customer alone reads as one; who is not listed at all reads
    everything, and is told so."""
    (tmp_path / "ticketctl.yaml").write_text(
        "profile: biztech\ncommit: off\npeople:\n  amy@support.example: {roles: [agent]}\n"
        "  jane@customer.example: {roles: [customer]}\n  both@x.example: {roles: [customer, agent]}\n"
    )
    jane = tc("list", "-A", as_="jane@customer.example")
    assert "Printer" in jane.out
    assert "Eve" not in jane.out
    assert "people" not in jane.err
    assert "is for staff" in tc("check", as_="jane@customer.example").err
    for who in ("both@x.example", "amy@support.example"):
        ran = tc("list", "-A", as_=who)
        assert "Eve" in ran.out
        assert "people" not in ran.err
    for number, words in enumerate(
        (("list", "-A"), ("show", "aaaaa"), ("log", "aaaaa"), ("export",))
    ):
        ran = tc(*words, as_="new@support.example")
        assert ran.status == 0
        assert "NOTEWORD" in ran.out or "Eve" in ran.out
        told = ran.err.count(
            "new@support.example is not among the people of ticketctl.yaml"
        )
        assert told == (number == 0), "once in a clone"
    assert "people" not in tc("-q", "show", "aaaaa", as_="other@support.example").err


def test_a_role_of_staff_in_one_profile_and_of_customers_in_another(
    tc: Run, tmp_path: Path
) -> None:
    """Each ticket is seen by its own profile."""
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles/odd.yaml").write_text(
        "profile: odd\ntitle: Odd\nversion: 1\ntimezone: UTC\n"
        "roles:\n  agent: customer\n  owner: {kind: agent}\n  system: system\n"
        "statuses: {New: {state: new}}\ntransitions: [{from: created, to: New, roles: [agent, owner]}]\n"
    )
    for who, id_ in (
        ("amy@support.example", "261102-0dd00"),
        ("bob@support.example", "261102-0dd11"),
    ):
        assert (
            tc("new", "Odd", "-p", "odd", "--id", id_, as_=f"agent:{who}").status == 0
        )
    assert (
        tc("list", "--format", "id", "-p", "odd", as_="owner:o@x.example").out.count(
            "0dd"
        )
        == 2
    )
    seen = tc("list", "-A", "--format", "id").out
    assert "abbbb" in seen
    assert "0dd00" in seen
    assert "0dd11" not in seen
    assert "NOTEWORD" in tc("show", "aaaaa").out
    assert tc("show", "0dd11").status == 66


@pytest.mark.parametrize(
    "roles",
    [
        "roles: {customer: customer, agent: agent, system: system}",
        "roles:\n  customer:\n    kind: customer\n  agent: agent\n  system: system",
        "roles:\n  # who asks\n  customer: customer\n  agent: 'agent'\n  system: system",
    ],
)
def test_however_roles_are_written(tmp_path: Path, roles: str) -> None:
    """Those that are not in the common form are read as YAML."""
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles/own.yaml").write_text(
        f"profile: own\n{roles}\nfields: {{}}\n"
    )
    found, all_read = ProfileRegistry(str(tmp_path)).roles()
    assert found["own"] == {
        "customer": "customer",
        "agent": "agent",
        "system": "system",
    }
    assert all_read


@pytest.mark.parametrize("words", ["show ", "move ", "reply ab"])
def test_completion_offers_own_tickets(
    tc: Run, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of ids, and of statuses of one's own tickets."""
    monkeypatch.setenv("_TICKETCTL_COMPLETE", "bash_complete")
    for as_, offered in ((AMY, True), (EVE, True), (JANE, False)):
        line = f"ticketctl --as {as_} {words}"
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
        assert ("abbbb" in tc(as_="").out) is offered
    monkeypatch.setenv("COMP_WORDS", f"ticketctl --as {JANE} move abbbb ")
    monkeypatch.setenv("COMP_CWORD", "5")
    assert "Open" not in tc(as_="").out


def test_clocks_are_right_though_a_note_is_hidden(tc: Run) -> None:
    """What time will do to her ticket is the same for both."""
    told = [
        json.loads(tc("why", "aaaaa", "--format", "json", as_=as_).out)["rules"][0][
            "due"
        ]
        for as_ in (AMY, JANE)
    ]
    assert told[0]
    assert told[0] == told[1]


def test_a_customer_acts_on_own_tickets(tc: Run) -> None:
    """What she writes keeps the whole history, notes too."""
    assert tc("reply", "aaaaa", "-m", "Still broken.", as_=JANE).status == 0
    assert tc("reply", "acccc", "-m", "Me too.", as_=JANE).status == 0
    shown = tc("show", "aaaaa").out
    assert all(word in shown for word in (*SECRET, "Still broken."))
    assert tc("check").status == 0


def test_a_note_that_started_a_timer_stays_hidden(tc: Run, tmp_path: Path) -> None:
    """Neither its time nor its id: when the rule is due and what it does, no more. A
    note dated in the future, too."""
    id_ = "261102-adddd"
    move = ("move", id_, "Open", "-a", "amy@support.example")
    note_at = ("--now", "2026-11-02T12:34:00Z", "note", id_, "-m", "NOTEWORD")
    for words in (
        ("new", "Waiting", "-c", "jane@customer.example", "--id", id_),
        move,
        note_at,
    ):
        assert tc(*words).status == 0, words
    note = json.loads(tc("show", id_, "--format", "json").out)["tickets"][0]["history"][
        -1
    ]["id"]
    later = ("--now", "2026-11-03T09:00:00Z")
    every = [
        *READING,
        ("why", id_),
        ("why", id_, "--format", "json"),
        ("next", id_),
        ("log", id_),
        ("show", id_),
        ("list", "-A", "--columns", "id,next_due,next_rule,updated"),
    ]
    assert note in tc(*later, "why", id_).out
    assert "12:34" in tc(*later, "why", id_).out
    for words in every:
        ran = tc(*later, *words, as_=JANE)
        assert (
            ran.status == 0
            and note not in ran.out + ran.err
            and "2026-11-02 12:34" not in ran.out
        ), (words, ran)
        assert "2026-11-02T12:34" not in ran.out and "internal" not in ran.out, (
            words,
            ran,
        )
    told = [
        json.loads(tc(*later, "why", id_, "--format", "json", as_=who).out)["rules"]
        for who in (AMY, JANE)
    ]
    assert [rule["due"] for rule in told[0]] == [rule["due"] for rule in told[1]]
    assert "due " in tc(*later, "why", id_, as_=JANE).out
    assert [rule["anchor"] for rule in told[1]] == [None] * len(told[1])
    assert note in [rule["anchor"] for rule in told[0]]
    # Before the instant of the note: it is an event of the future.
    for words in every:
        ran = tc("--now", "2026-11-02T09:00:00Z", *words, as_=JANE)
        assert (
            note not in ran.out + ran.err and "11-02T12:34" not in ran.out + ran.err
        ), (words, ran)
        assert "11-02 12:34" not in ran.out and "Mon 12:34" not in ran.out, (words, ran)
    assert json.loads(tc("why", id_, "--format", "json", as_=JANE).out)["future"] == {
        "event": None,
        "at": None,
    }


def test_no_shown_entry_names_a_hidden_one() -> None:
    """What a rule did because of a note does not say which note; nor what was written
    after two at once."""
    history = [
        Entry(
            "2026-11-02T09:00:00Z",
            "a@b.c",
            "agent",
            "created",
            to="Open",
            sets={"title": "x"},
            id="aa",
        ),
        Entry("2026-11-02T09:00:00Z", "a@b.c", "agent", "noted", note="x", id="bb"),
        Entry(
            "2026-11-02T09:00:00Z",
            "a@b.c",
            "agent",
            "edited",
            sets={"due": "2026-12-01"},
            id="cc",
            anchor="bb",
            rule="r",
            occurrence=1,
            after=("aa", "bb"),
        ),
    ]
    shown = without_notes(
        Ticket("261102-aaaaa", "biztech", "x", "Open", history=tuple(history))
    ).shown
    assert [entry.id for entry in shown] == ["aa", "cc"]
    assert "bb" not in repr(shown)
    assert shown[1].after == ("aa",)


LISTED = "profile: biztech\ncommit: off\npeople:\n  Amy@support.example: {roles: [agent]}\n  %s: {roles: [customer]}\n"


@pytest.mark.parametrize("listed", ["jane@customer.example", "Jane@Customer.example"])
@pytest.mark.parametrize(
    "typed",
    [
        "jane@customer.example",
        "JANE@customer.example",
        "customer:JANE@CUSTOMER.EXAMPLE",
        "@me",
    ],
)
def test_the_case_of_an_address_does_not_matter(
    tc: Run, tmp_path: Path, listed: str, typed: str
) -> None:
    """However it is listed, typed, or given by git: she sees her own tickets, all of
    them, and no others."""
    (tmp_path / "ticketctl.yaml").write_text(LISTED % listed)
    (tmp_path / ".git/config").write_text(
        (tmp_path / ".git/config").read_text()
        + "[user]\n\temail = jane@CUSTOMER.example\n"
    )
    assert tc("list", "-A", "--format", "id", as_=typed).out.split() == [
        "261102-acccc",
        "261102-aaaaa",
    ]
    assert tc("show", "abbbb", as_=typed).status == 66
    for words in (
        ("show", "aaaaa"),
        ("show", "acccc"),
        ("log", "aaaaa"),
        ("next", "aaaaa"),
        ("export",),
        ("mail", "show", "aaaaa"),
        ("why", "aaaaa"),
        ("list", "-A", "customer:@me"),
        ("list", "-A", "boss"),
    ):
        ran = tc(*words, as_=typed)
        assert ran.status == 0 and not any(
            word in ran.out for word in (*SECRET, "Eve")
        ), (words, ran)
        assert "people" not in ran.err
    assert "is for staff" in tc("check", as_=typed).err
    assert "Printer" in tc("list", "-A", "customer:@me", as_=typed).out
    assert tc("reply", "aaaaa", "-m", "Still broken.", as_=typed).status == 0
    assert tc("list", "-A", as_="AMY@support.example").out.count("26") > 2


def test_addresses_beyond_ascii(tc: Run) -> None:
    """They have cases, too."""
    for who, id_ in (
        ("jürgen@customer.example", "261102-aeeee"),
        ("Jürgen@customer.example", "261102-affff"),
    ):
        assert tc("new", "Umlaut", "-c", who, "--id", id_).status == 0
    watched = ("--set", "watchers=JÜRGEN@customer.example", "--id", "261102-agggg")
    assert tc("new", "Umlaut", "-c", "x@y.example", *watched).status == 0
    ran = tc("list", "-A", "--format", "id", as_="customer:JÜRGEN@CUSTOMER.example")
    assert sorted(ran.out.split()) == ["261102-aeeee", "261102-affff", "261102-agggg"]


def test_me_without_an_address(tc: Run) -> None:
    """Nobody says who @me is: nothing is shown."""
    ran = tc("list", "-A", as_="customer:@me")
    assert ran.status == 2
    assert "Printer" not in ran.out
