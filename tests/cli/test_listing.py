"""Tests of ``ticketctl.cli.listing``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.addresses import AMY
from tests.support.searches import NOW
from tests.support.stores import done, ticketctl

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
    sample_store: Path, options: list[str], query: list[str], format_: str
) -> None:
    """To the byte, what is said beside the list too."""
    one, other = (
        ticketctl(sample_store, "list", "--format", format_, *given_, now=NOW)
        for given_ in (options, query)
    )
    assert one == other
    assert one.status == 0


def test_the_options_find_something(sample_store: Path) -> None:
    """Most of that table is not about nothing."""
    assert (
        sum(
            not done(sample_store, "list", *options, "--format", "id", now=NOW)
            for options, _ in SAME
        )
        <= 3
    )
