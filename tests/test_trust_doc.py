"""docs/security.md and docs/durability.md are held to by tests: each promise names
some, and each of them exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
PAGES = {
    "security.md": [f"T{number}" for number in range(1, 18)],
    "durability.md": [f"D{number}" for number in range(1, 10)],
}
"""The pages, each with the numbers of its promises."""
ROW = re.compile(r"^\| ([TD]\d+) \| (.+) \| (.+) \|$", re.MULTILINE)
NAMED = re.compile(r"`(test_\w+)`")


def names_in(name: str) -> set[str]:
    """The tests of a module of this folder."""
    path = Path(__file__).parent / f"{name}.py"
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return {
        node.name
        for node in body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def cited(text: str) -> list[tuple[str, str]]:
    """(module, test) of what a cell names: ``module``: ``test``, ``test``; ``module``:
    ``test``."""
    found = []
    for part in text.split(";"):
        module, *names = NAMED.findall(part) or [""]
        found += [(module, name) for name in names]
    return found


@pytest.mark.parametrize("page", PAGES)
def test_each_promise_is_held_by_tests_that_exist(page: str) -> None:
    rows = ROW.findall((DOCS / page).read_text(encoding="utf-8"))
    assert [number for number, _, _ in rows] == PAGES[page]
    for number, promise, cell in rows:
        named = cited(cell)
        assert named and promise.endswith("."), number
        for module, test in named:
            assert test in names_in(module), f"{number}: {module} has no {test}"


@pytest.mark.parametrize("page", PAGES)
def test_what_stands_besides_is_held_by_tests_too(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    prose = "\n".join(line for line in text.splitlines() if not line.startswith("|"))
    for module, test in cited(" ".join(re.findall(r"\(([^()]*`test_[^()]*)\)", prose))):
        assert test in names_in(module), (module, test)


def test_no_page_tells_to_run_the_package_as_a_module() -> None:
    """In a store Python would look for modules there first (T17)."""
    pages = [DOCS.parent / "README.md", *DOCS.glob("*.md")]
    for page in pages:
        for line in page.read_text(encoding="utf-8").splitlines():
            assert (
                "-m ticketctl" not in line
                or "Use the command" in line
                or "lets Python itself" in line
            ), (page, line)
