"""``make demands``: which test covers which demand of the five documents; fails if one
has none.

A test says what it covers by ``@pytest.mark.demand("A7")``.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections import defaultdict

import pytest

DEMANDS = {
    "aerosoft": ("A", 27),
    "hosting": ("H", 12),
    "biztech": ("B", 9),
    "assima": ("S", 12),
    "ggit": ("G", 17),
    "across all five": ("X", 4),
}
"""How many demands each document makes (docs/demands.md)."""


class Collector:
    """Notes the marks of every test that pytest collects."""

    def __init__(self) -> None:
        self.covered: dict[str, set[str]] = defaultdict(set)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Called by pytest with all tests."""
        for item in items:
            for mark in item.iter_markers("demand"):
                for number in mark.args:
                    self.covered[number].add(
                        item.nodeid.partition("[")[0].removeprefix("tests/")
                    )


def main() -> int:
    """Print the table; 1 if a demand has no test."""
    collector = Collector()
    with contextlib.redirect_stdout(io.StringIO()):
        pytest.main(["--collect-only", "-q", "tests"], plugins=[collector])
    missing = []
    for document, (letter, count) in DEMANDS.items():
        print(f"\n{document}")
        for number in (f"{letter}{i}" for i in range(1, count + 1)):
            tests = sorted(collector.covered.get(number, ()))
            missing += [] if tests else [number]
            print(
                f"  {number:<4} {len(tests):>3}  {', '.join(tests[:3]) or 'NO TEST'}{' ...' if len(tests) > 3 else ''}"
            )
    total = sum(count for _, count in DEMANDS.values())
    print(
        f"\n{total - len(missing)} of {total} demands have a test"
        + (f"; missing: {', '.join(missing)}" if missing else "")
    )
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
