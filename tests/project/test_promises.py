"""Promises of docs/security.md and docs/durability.md name tests that exist."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.support.places import DOCS, TESTS

PAGES = {
    "security.md": [f"T{number}" for number in range(1, 18)],
    "durability.md": [f"D{number}" for number in range(1, 10)],
}
"""The pages, each with the numbers of its promises."""
ROW = re.compile(r"^\| ([TD]\d+) \| (.+) \| (.+) \|$", re.MULTILINE)
NAMED = re.compile(r"`(test_\w+)`")


@cache
def _test_names() -> frozenset[str]:
    """The names of all test functions."""
    trees = [ast.parse(path.read_text("utf-8")) for path in TESTS.rglob("test_*.py")]
    return frozenset(
        node.name
        for tree in trees
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


@pytest.mark.parametrize("page", PAGES)
def test_each_promise_names_tests_that_exist(page: str) -> None:
    rows = ROW.findall((DOCS / page).read_text("utf-8"))
    assert [number for number, _, _ in rows] == PAGES[page]
    for number, promise, cell in rows:
        cited = NAMED.findall(cell)
        assert cited and promise.endswith("."), number
        assert set(cited) <= _test_names(), f"{number}: {set(cited) - _test_names()}"


@pytest.mark.parametrize("page", PAGES)
def test_the_text_around_names_tests_that_exist(page: str) -> None:
    cited = NAMED.findall((DOCS / page).read_text("utf-8"))
    assert set(cited) <= _test_names(), set(cited) - _test_names()
