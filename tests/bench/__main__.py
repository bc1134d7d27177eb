"""``python -m tests.bench [N ...] [--only ROW] [--rounds R] [--dir DIR] [--write]``."""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from tests.bench.page import write_page
from tests.bench.run import measure_all

SIZES = (1_000, 10_000, 100_000)


def main() -> None:
    """Measure, and with ``--write`` make the page of everything that was measured below
    DIR."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description="Measure ticketctl on large stores."
    )
    parser.add_argument(
        "numbers",
        metavar="N",
        type=int,
        nargs="*",
        help=f"how many tickets; else {SIZES}",
    )
    parser.add_argument(
        "--only", metavar="ROW", default="", help="only rows whose name holds this"
    )
    parser.add_argument(
        "--rounds", metavar="R", type=int, help="how often each row is measured"
    )
    default = Path(tempfile.gettempdir()) / f"ticketctl-bench-{os.getuid()}"
    parser.add_argument(
        "--dir",
        metavar="DIR",
        type=Path,
        default=default,
        help="where the stores are kept",
    )
    parser.add_argument(
        "--write", action="store_true", help="write docs/performance.md and its plot"
    )
    parser.add_argument(
        "--page-only",
        action="store_true",
        help="measure nothing; make the page of what is there",
    )
    asked = parser.parse_args()
    folder = asked.dir.absolute()
    if not asked.page_only:
        measure_all(asked.numbers or SIZES, folder, asked.only, asked.rounds)
    if asked.write:
        write_page(folder)


if __name__ == "__main__":
    main()
