"""Search for words in titles, messages and notes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.searches import PIECES, at
from tests.support.stores import done, make_store, ticketctl
from ticketctl.app.index.find import find_tickets
from ticketctl.app.input.query_parser import read_query, word_terms
from ticketctl.core.query import Query, WordTerm
from ticketctl.errors import TicketctlError
from ticketctl.record import replace
from ticketctl.store.index import fulltext

# --- words ---


def found(root: Path, query: str) -> str:
    """The last letters of the tickets that a query finds."""
    return "".join(
        sorted(
            row.id[-1]
            for row in find_tickets(
                at(root), Query(tuple(read_query(at(root), query)))
            ).rows
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
def test_the_words_of_a_text_find_it(sample_store: Path, text: str) -> None:
    """Any text that can be searched for is searched for; the words of a sample find it,
    each by its beginning."""
    try:
        terms = word_terms(text)
    except TicketctlError:
        return
    every = list(find_tickets(at(sample_store), Query()).rows)
    hits = {row.id for row in find_tickets(at(sample_store), Query(tuple(terms))).rows}
    apart = [
        {row.id for row in find_tickets(at(sample_store), Query((term,))).rows}
        for term in terms
    ]
    assert hits == {row.id for row in every}.intersection(*apart)
    for term in terms:
        others = {
            row.id
            for row in find_tickets(
                at(sample_store), Query((replace(term, negated=True),))
            ).rows
        }
        assert others == {row.id for row in every} - {
            r.id for r in find_tickets(at(sample_store), Query((term,))).rows
        }


def test_every_word_of_every_title_finds_its_ticket(sample_store: Path) -> None:
    """Each word by its first letter, by half of it, and whole, in any case."""
    for row in find_tickets(at(sample_store), Query()).rows:
        for word in row.title.split():
            for part in {word, word[: len(word) // 2 + 1].upper()}:
                if any(char.isalnum() for char in part):
                    assert row.id in {
                        one.id
                        for one in find_tickets(
                            at(sample_store), Query((WordTerm(part),))
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
