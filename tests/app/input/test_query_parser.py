"""Tests of ``ticketctl.app.input.query_parser``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.searches import NOW, PIECES, QUERIES, REFUSED, at
from tests.support.stores import done, make_store, ticketctl
from ticketctl.app.input.query_parser import read_query
from ticketctl.core.query import BetweenTerm, OneOfTerm, Term
from ticketctl.record import replace


@pytest.mark.parametrize("text", QUERIES)
def test_a_query_is_these_terms(sample_store: Path, text: str) -> None:
    """Every form of the language, as the terms that it means."""
    assert list(map(comparable, read_query(at(sample_store), text))) == list(
        map(comparable, QUERIES[text])
    )


def bounds_of(term: Term) -> tuple[str, str]:
    """The first and last instant that a term means."""
    assert isinstance(term, BetweenTerm)
    return term.low, term.high


def comparable(term: Term) -> Term:
    """Without the days that belong to two instants, and without an order of what is
    equal."""
    if isinstance(term, BetweenTerm):
        return replace(term, first_day="", last_day="")
    if isinstance(term, OneOfTerm):
        return replace(term, values=tuple(sorted(term.values, key=str)))
    return term


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
        bounds_of(next(read_query(workspace, f"created:{sign}{day}")))
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


def test_a_value_that_no_profile_has(sample_store: Path) -> None:
    """Old tickets may still have it, so it may be asked for; where there are none, a
    list says so."""
    ran = ticketctl(sample_store, "list", "-A", "reproduced:maybe", now=NOW)
    assert (ran.status, ran.out) == (0, "")
    assert ran.err.endswith(
        'hint: reproduced is not "maybe" in any profile: it is true or false\n'
    )
    ran = ticketctl(
        sample_store, "list", "-A", "--format", "jsonl", "kind:defcet", now=NOW
    )
    assert (
        ran.err == 'hint: kind is not "defcet" in any profile: did you mean "defect"?\n'
    )
    for known in ("reproduced:no", "kind:Defect", "kind:none", "assignee:nobody"):
        assert (
            "hint"
            not in ticketctl(
                sample_store, "list", "-A", known, "-S", "zzz", now=NOW
            ).err
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
def test_what_is_not_understood_is_reported(sample_store: Path, query: str) -> None:
    """One clear message, and what may have been meant."""
    refused(sample_store, query, *REFUSED[query])


@pytest.mark.parametrize("query", ["status:", "assignee: amy"])
def test_a_name_without_a_value_is_reported(sample_store: Path, query: str) -> None:
    """``status: open`` with a space is no search for the word "status:"."""
    refused(sample_store, query, "", "")


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
def test_a_moment_far_away_is_answered_or_refused(
    sample_store: Path, query: str
) -> None:
    ran = ticketctl(sample_store, "list", "--", query, now=NOW)
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
def test_long_queries_are_answered_or_refused(
    sample_store: Path, options: list[str]
) -> None:
    """Long queries and large limits are answered, or refused in words."""
    ran = ticketctl(sample_store, "list", *options, now=NOW)
    assert ran.status in (0, 2) and "Traceback" not in ran.err, ran.err[:500]


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
def test_any_text_is_answered_or_refused(sample_store: Path, text: str) -> None:
    """Nothing that can be typed is a fault of the program."""
    ran = ticketctl(sample_store, "list", "-A", "--format", "id", "--", text, now=NOW)
    assert ran.status in (0, 2, 66), (text, ran)
    assert ran.status == 0 or ran.err.startswith("error: "), (text, ran)
