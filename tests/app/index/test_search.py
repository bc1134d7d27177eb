"""What people ask of a list: the query language, the options that say the same, and
words found in texts."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.places import ROOT
from tests.support.state import make_repository
from tests.support.stores import done, make_store, ticketctl
from ticketctl.app.index.find import find
from ticketctl.app.input.query import read_query, words
from ticketctl.app.workspace import Workspace
from ticketctl.core.query import Query, Term
from ticketctl.errors import TicketctlError
from ticketctl.store.index import fulltext

NOW = "2026-11-21T09:00:00Z"


AMY = "amy@support.example"


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sample store."""
    root = tmp_path_factory.mktemp("samples") / "store"
    shutil.copytree(ROOT / "tickets", root / "tickets")
    make_repository(
        root
    )  # each test has a home of its own, in which it would have no index
    shutil.copy(ROOT / "ticketctl.yaml", root)
    return root


def at(root: Path, now: str = NOW) -> Workspace:
    return Workspace(
        str(root),
        datetime.fromisoformat(now.replace("Z", "+00:00")).astimezone(UTC),
        AMY,
    )


def is_(name: str, *values: str | int, wanted: bool = True) -> Term:
    return Term(name, "is", values, wanted)


def moments(name: str, low: str, high: str, wanted: bool = True) -> Term:
    return Term(
        name, "between", (f"{low}Z" if low else "", f"{high}Z" if high else ""), wanted
    )


QUERIES: dict[str, list[Term]] = {
    "": [],
    "paper": [Term("words", "word", ("paper",))],
    "paper  jam\t-tray": [
        Term("words", "word", ("paper",)),
        Term("words", "word", ("jam",)),
        Term("words", "word", ("tray",), False),
    ],
    '"paper jam" -"no ink"': [
        Term("words", "phrase", ("paper jam",)),
        Term("words", "phrase", ("no ink",), False),
    ],
    '"http://x is:open"': [Term("words", "phrase", ("http://x is:open",))],
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
    "assignee:none": [Term("assignee", "set", (), False)],
    "assignee:ANY": [Term("assignee", "set", (), True)],
    "-assignee:none": [Term("assignee", "set", (), True)],
    "-customer:any": [Term("customer", "set", (), False)],
    "due:none": [Term("due", "set", (), False)],
    "next_due:any": [Term("next_due", "set")],
    "follows:any": [Term("follows", "set")],
    "title:none": [Term("title", "has", ("none",))],
    'title:"paper jam"': [Term("title", "has", ("paper jam",))],
    "waiting_for:reply": [is_("field.waiting_for", "reply")],
    "Waiting-For:item": [is_("field.waiting_for", "item")],
    "due_now:yes": [is_("field.due_now", "true")],
    "due_now:No": [is_("field.due_now", "false")],
    "-hold_reason:any": [Term("field.hold_reason", "set", (), False)],
    "is:open": [is_("state", "new", "open", "pending")],
    "is:OPEN": [is_("state", "new", "open", "pending")],
    "-is:closed": [is_("closed", 1, wanted=False)],
    "is:pending": [is_("state", "pending")],
    "is:due": [Term("next_due", "set")],
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


@pytest.mark.parametrize("text", QUERIES)
def test_a_query_is_these_terms(samples: Path, text: str) -> None:
    """Every form of the language, as the terms that it means."""
    assert list(map(comparable, read_query(at(samples), text))) == list(
        map(comparable, QUERIES[text])
    )


def comparable(term: Term) -> Term:
    """Without the days that belong to two instants, and without an order of what is
    equal."""
    values = (
        term.values[:2]
        if term.test == "between"
        else tuple(sorted(term.values, key=str))
    )
    return term._replace(values=values)


@pytest.mark.parametrize(
    ("where", "day", "first", "last"),
    [
        ("Europe/London", "2026-07-01", "2026-06-30T23:00:00", "2026-07-01T22:59:59"),
        ("Europe/London", "2026-03-29", "2026-03-29T00:00:00", "2026-03-29T22:59:59"),
        ("Europe/London", "2026-10-25", "2026-10-24T23:00:00", "2026-10-25T23:59:59"),
        (
            "America/New_York",
            "2026-12-01",
            "2026-12-01T05:00:00",
            "2026-12-02T04:59:59",
        ),
        (
            "America/New_York",
            "2026-03-08",
            "2026-03-08T05:00:00",
            "2026-03-09T03:59:59",
        ),
        (
            "America/New_York",
            "2026-11-01",
            "2026-11-01T04:00:00",
            "2026-11-02T04:59:59",
        ),
    ],
)
def test_a_date_is_the_day_of_the_store(
    tmp_path: Path, where: str, day: str, first: str, last: str
) -> None:
    """A date is a local day from its first second to its last, of 23 to 25 hours; ``<``
    ends before it, ``>`` begins after it."""
    workspace = at(make_store(tmp_path / "store", f"timezone: {where}\n"))
    before, after = (
        format(datetime.fromisoformat(end).timestamp(), ".0f") for end in (first, last)
    )
    held = [
        next(read_query(workspace, f"created:{sign}{day}")).values[:2]
        for sign in ("", "<=", ">=", "<", ">")
    ]
    assert held[:3] == [(f"{first}Z", f"{last}Z"), ("", f"{last}Z"), (f"{first}Z", "")]
    ends = [
        datetime.fromisoformat(held[3][1][:-1]).timestamp(),
        datetime.fromisoformat(held[4][0][:-1]).timestamp(),
    ]  # type: ignore[index]
    assert (ends[0] + 1, ends[1] - 1) == (float(before), float(after))


@pytest.mark.parametrize(
    "where", ["Europe/London", "America/New_York", "Pacific/Auckland"]
)
def test_a_ticket_due_on_a_day_is_found_on_that_day(tmp_path: Path, where: str) -> None:
    """A ticket whose date is a day stands on just that day, wherever the store is."""
    root = make_store(tmp_path / "store", f"timezone: {where}\ncommit: off\n")
    for day in ("06-30", "07-01", "07-02"):
        done(
            root,
            "new",
            day,
            "--due",
            f"2026-{day}",
            "--id",
            f"260620-aa0{day[1]}{day[-1]}",
            "-c",
            "jane@customer.example",
            now="2026-06-20T12:00:00Z",
        )
    for query, found in (
        ("date:2026-07-01", "01"),
        ("date:<2026-07-01", "30"),
        ("date:>2026-07-01", "02"),
        ("date:<=2026-07-01", "30 01"),
        ("date:2026-07-01..2026-07-02", "01 02"),
    ):
        rows = done(
            root,
            "list",
            query,
            "--sort",
            "due",
            "--columns",
            "title",
            "--format",
            "tsv",
            now="2026-06-20T12:00:00Z",
        )
        assert [line[-2:] for line in rows.split()[1:]] == found.split(), query


REFUSED = {
    "asignee:amy": ('nothing is called "asignee"', 'did you mean "assignee"?'),
    "waitingfo:reply": ('nothing is called "waitingfo"', 'did you mean "waiting_for"?'),
    "xyzzy:1": ('nothing is called "xyzzy"', "there are: status"),
    'paper "jam': ("a quotation mark is not closed", "paper jam"),
    'status:""': ("there is nothing between the quotation marks", ""),
    '""': ("there is nothing between the quotation marks", ""),
    "status:Opne": ('no profile has a status "Opne"', 'did you mean "Open"?'),
    "state:opne": ('there is no state "opne"', 'did you mean "open"?'),
    "is:opne": ('there is no is: "opne"', 'did you mean "open"?'),
    "due:soon": ('"soon" is not a moment that I understand', "2026-12-01"),
    "created:<": ("is not a moment that I understand", "2026-12-01"),
    "created:2026-11-05..2026-13-01": ("", "2026-12-01"),
    "created:<3d": ('"3d" is not a moment that I understand', "+3d"),
    "due:+3m": ('"+3m" is ambiguous', "2026-12-01"),
}


def test_a_value_that_no_profile_has(samples: Path) -> None:
    """Old tickets may still have it, so it may be asked for; where there are none, a
    list says so."""
    ran = ticketctl(samples, "list", "-A", "reproduced:maybe", now=NOW)
    assert (ran.status, ran.out) == (0, "")
    assert ran.err.endswith(
        'hint: reproduced is not "maybe" in any profile: it is true or false\n'
    )
    ran = ticketctl(samples, "list", "-A", "--format", "jsonl", "kind:defcet", now=NOW)
    assert (
        ran.err == 'hint: kind is not "defcet" in any profile: did you mean "defect"?\n'
    )
    for known in ("reproduced:no", "kind:Defect", "kind:none", "assignee:nobody"):
        assert (
            "hint"
            not in ticketctl(samples, "list", "-A", known, "-S", "zzz", now=NOW).err
        )


def refused(root: Path, query: str, message: str, hint: str) -> None:
    """A query is refused: exit 2, one message, one hint, nothing else."""
    ran = ticketctl(root, "list", "--", query, now=NOW)
    lines = ran.err.splitlines()
    assert (ran.status, ran.out) == (2, ""), ran
    assert len(lines) <= 2 and lines[0].startswith("error: ") and message in lines[0], (
        ran.err
    )
    assert not hint or (lines[1].startswith("hint: ") and hint in lines[1]), ran.err


@pytest.mark.parametrize("query", REFUSED)
def test_what_is_not_understood_is_said(samples: Path, query: str) -> None:
    """One clear message, and what may have been meant."""
    refused(samples, query, *REFUSED[query])


@pytest.mark.parametrize("query", ["status:", "assignee: amy"])
def test_a_name_without_a_value_is_said(samples: Path, query: str) -> None:
    """``status: open`` with a space is no search for the word "status:"."""
    refused(samples, query, "", "")


@pytest.mark.parametrize(
    "query",
    [
        "created:2999-12-31",
        "created:>1900-01-01",
        "due:<+5000y",
        "due:>-2000y",
        "created:2999-12-31T23:59-05:00",
        "created:<+99999y",
    ],
)
def test_a_moment_far_away_is_answered_or_refused(samples: Path, query: str) -> None:
    ran = ticketctl(samples, "list", "--", query, now=NOW)
    assert ran.status in (0, 2) and "Traceback" not in ran.err, ran.err


@pytest.mark.parametrize(
    "options",
    [
        ["-L", "9" * 20],
        ["-L", str(2**63)],
        ["--sort", "fields"],
        ["--sort", "next_rule:desc"],
        ["-S", "word " * 1200],
        ["-S", "a " * 9000],
        ["--", "-" + "x" * 5000],
        ["--", "assignee:@me " * 1500],
    ],
)
def test_much_may_be_asked(samples: Path, options: list[str]) -> None:
    """Long queries and large limits are answered, or refused in words."""
    ran = ticketctl(samples, "list", *options, now=NOW)
    assert ran.status in (0, 2) and "Traceback" not in ran.err, ran.err[:500]


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


@settings(max_examples=250, suppress_health_check=list(HealthCheck))
@given(
    st.one_of(
        st.lists(PIECES | st.text(max_size=4), max_size=5).flatmap(
            lambda parts: st.sampled_from(["", " "]).map(
                lambda between: between.join(parts)
            )
        ),
        st.text(),
    )
)
def test_any_text_is_answered_or_refused(samples: Path, text: str) -> None:
    """Nothing that can be typed is a fault of the program."""
    ran = ticketctl(samples, "list", "-A", "--format", "id", "--", text, now=NOW)
    assert ran.status in (0, 2, 66), (text, ran)
    assert ran.status == 0 or ran.err.startswith("error: "), (text, ran)


SAME: list[tuple[list[str], list[str]]] = [
    (["-s", "answered"], ["status:answered"]),
    (["-s", "in progress"], ['status:"In Progress"']),
    (["--state", "pending"], ["state:pending"]),
    (["-p", "hosting", "-A"], ["profile:hosting", "-A"]),
    (["-a", "@me"], ["assignee:@me"]),
    (["-a", "none"], ["assignee:none"]),
    (["-a", "any"], ["--", "-assignee:none"]),
    (["-c", "jane@customer.example"], ["customer:jane@customer.example"]),
    (["--open"], ["is:open"]),
    (["--closed"], ["is:closed"]),
    (["--due"], ["is:due"]),
    (["--overdue"], ["is:overdue"]),
    (["-A"], ["-A", ""]),
    (["--queue"], ["--queue", "is:queue"]),
    (["-S", "mail serv"], ["mail serv"]),
    (["-S", "mail", "-S", "serv"], ["serv"]),
    (["--created", "2026-11-05..2026-11-10"], ["created:2026-11-05..2026-11-10"]),
    (["--updated", "-7d.."], ["updated:-7d.."]),
    (["-p", "ggit", "-a", AMY, "--open"], [f"profile:ggit assignee:{AMY} is:open"]),
    (["--sort", "title", "--closed"], ["--sort", "title:asc", "is:closed"]),
    ([], ["--", "-is:closed"]),
    (["-L", "3"], ["-L", "3", ""]),
    (["-s", "closed"], ["status:closed"]),
    (["--due", "-S", "the"], ["is:due", "the"]),
    ([], ["--", "-state:closed"]),
]


@pytest.mark.parametrize(("options", "query"), SAME)
@pytest.mark.parametrize("format_", ["plain", "id", "csv", "jsonl"])
def test_options_and_query_say_the_same(
    samples: Path, options: list[str], query: list[str], format_: str
) -> None:
    """To the byte, what is said beside the list too."""
    one, other = (
        ticketctl(samples, "list", "--format", format_, *given_, now=NOW)
        for given_ in (options, query)
    )
    assert one == other and one.status == 0


def test_the_options_find_something(samples: Path) -> None:
    """Most of that table is not about nothing."""
    assert (
        sum(
            not done(samples, "list", *options, "--format", "id", now=NOW)
            for options, _ in SAME
        )
        <= 3
    )


# --- words ---


def found(root: Path, query: str) -> str:
    """The last letters of the tickets that a query finds."""
    return "".join(
        sorted(
            row.id[-1]
            for row in find(at(root), Query(tuple(read_query(at(root), query)))).rows
        )
    )


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = make_store(tmp_path / "store")
    for half, title, text in (
        (
            "a",
            "Printer: Paper jam in Zürich",
            "It says ERR_42 (again) at 10.30, C++ and AT&T.",
        ),
        ("b", "日本語 der Straße 🎉", 'He wrote "do NOT open" to <joe@x.example>.'),
        ("c", "Paper", "jam on bread; x = a*b^2 - NEAR OR AND +1"),
    ):
        done(
            root,
            "new",
            title,
            "-d",
            text,
            "--id",
            f"261102-aaaa{half}",
            "-c",
            "jane@customer.example",
        )
    done(root, "note", "aaaac", "-m", "Café naïve")
    return root


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("paper", "ac"),
        ("PAPER", "ac"),
        ("pap", "ac"),
        ("aper", ""),
        ("paper jam", "ac"),
        ("zurich", "a"),
        ("ZÜRICH", "a"),
        ("zu\u0308rich", "a"),
        ("cafe", "c"),
        ("CAFÉ naive", "c"),
        ("-paper", "b"),
        ("-paper -jam", "b"),
        ("paper -bread", "a"),
        ("-paper bread", ""),
        ('"paper jam in"', "a"),
        ('-"paper jam in"', "bc"),
        ('"jam paper"', ""),
        ('"paper j"', ""),
        ("err_42", "a"),
        ("(again)", "a"),
        ("10.30", "a"),
        ("C++", "ac"),
        ("AT&T", "a"),
        ("NOT", "b"),
        ('"do not open"', "b"),
        ("AND", "ac"),
        ("OR", "c"),
        ("NEAR", "c"),
        ('"NEAR OR AND"', "c"),
        ("NEAR(jam", ""),
        ("a*b^2", "c"),
        ('"a*b^2"', "c"),
        ("^jam", "ac"),
        ("pap*", "ac"),
        ('"x = a"', "c"),
        ("+1", "ac"),
        ("joe@x.example", "b"),
        ("x", "bc"),
        ("日", "b"),
        ("日本語", "b"),
        ("本", ""),
        ("🎉", ""),
        ("-🎉", "abc"),
        ("*", ""),
        ("-*", "abc"),
        ("STRASSE", ""),
        ("straße", "b"),
        ("paper\0jam", "ac"),
        ("pa\0", "ac"),
        ("title:PAPER", "ac"),
        ("title:aper", "ac"),
        ('title:"r j"', "a"),
        ("\0", ""),
    ],
)
def test_words_are_found(workspace: Path, query: str, expected: str) -> None:
    """In titles, messages and notes, whatever the case and the accents, as the
    beginnings of words; nothing in them is an operator."""
    if query == "paper\0jam":
        expected = found(workspace, '"paper jam"')
    assert found(workspace, query) == expected


def test_a_phrase_stands_in_one_text(workspace: Path) -> None:
    """The end of a title and the beginning of the message below it do not stand
    together."""
    assert found(workspace, '"paper jam"') == "a"


def test_what_was_edited_away_is_not_found(workspace: Path) -> None:
    """After any change the words are those of the present texts."""
    assert found(workspace, "toner") == ""
    done(workspace, "set", "aaaac", "title=Toner")
    assert (found(workspace, "toner"), found(workspace, "title:paper")) == ("c", "a")
    assert found(workspace, "paper") == "a"
    path = workspace / "tickets/2026/11/02/261102-aaaac.yaml"
    path.write_text(
        path.read_text().replace("Toner", "Folio").replace("bread", "toast")
    )
    assert (
        found(workspace, "toner"),
        found(workspace, "bread"),
        found(workspace, "toast folio"),
    ) == ("", "", "c")
    done(workspace, "reply", "aaaab", "-m", "A new wordling.")
    assert (found(workspace, "wordling"), found(workspace, "-wordling")) == ("b", "ac")
    path.unlink()
    assert (found(workspace, "toast"), found(workspace, "-toast")) == ("", "ab")
    path.write_text("broken")
    assert (found(workspace, "toast"), found(workspace, "-toast")) == ("", "ab")


def test_forgotten_texts_pile_up_and_go(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ticket written three hundred times: the newest words are found, the ones before
    are not."""
    monkeypatch.setattr(fulltext, "_FORGOTTEN", 20)
    path = workspace / "tickets/2026/11/02/261102-aaaac.yaml"
    text = path.read_text()
    for number in range(300):
        path.write_text(text.replace("bread", f"bread word{number:04}"))
        assert found(workspace, f"word{number:04}") == "c"
        assert number == 0 or found(workspace, f"word{number - 1:04}") == ""
        if number % 50 == 7:
            assert (
                found(workspace, "paper"),
                found(workspace, "-bread"),
                found(workspace, '"says err_42"'),
            ) == (
                "ac",
                "ab",
                "a",
            )


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.lists(PIECES | st.text(max_size=6), max_size=6).map(" ".join))
def test_the_words_of_a_text_find_it(samples: Path, text: str) -> None:
    """Any text that can be searched for is searched for; the words of a sample find it,
    each by its beginning."""
    try:
        terms = words(text)
    except TicketctlError:
        return
    every = list(find(at(samples), Query()).rows)
    hits = {row.id for row in find(at(samples), Query(tuple(terms))).rows}
    apart = [
        {row.id for row in find(at(samples), Query((term,))).rows} for term in terms
    ]
    assert hits == {row.id for row in every}.intersection(*apart)
    for term in terms:
        others = {
            row.id
            for row in find(at(samples), Query((term._replace(wanted=False),))).rows
        }
        assert others == {row.id for row in every} - {
            r.id for r in find(at(samples), Query((term,))).rows
        }


def test_every_word_of_every_title_finds_its_ticket(samples: Path) -> None:
    """Each word by its first letter, by half of it, and whole, in any case."""
    for row in find(at(samples), Query()).rows:
        for word in row.title.split():
            for part in {word, word[: len(word) // 2 + 1].upper()}:
                if any(char.isalnum() for char in part):
                    assert row.id in {
                        one.id
                        for one in find(
                            at(samples), Query((Term("words", "word", (part,)),))
                        ).rows
                    }, part


def test_a_sqlite_that_cannot_search_says_so(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One message, and lists without words go on."""
    made = tuple(
        sql.replace("fts5", "fts5_of_another_python") for sql in fulltext.TEXTS
    )
    monkeypatch.setattr(fulltext, "TEXTS", made)
    ran = ticketctl(workspace, "list", "paper")
    assert (ran.status, ran.out, ran.err.count("error: "), "Traceback" in ran.err) == (
        78,
        "",
        1,
        False,
    )
    assert "no full-text search (FTS5)" in ran.err
    assert len(done(workspace, "list", "--format", "id").split()) == 3
