"""Stories in tests/stories, played by real commands: each page comes out as written.

``UPDATE=1 make test`` writes the pages anew; read the diff before you believe it.
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path

import pytest

from tests.support.places import TESTS
from tests.support.shell import Shell

STORIES = sorted(TESTS.glob("stories/*.story"))


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_story(path: Path, shell: Shell) -> None:
    """One page of commands and their exact output."""
    page = path.read_text(encoding="utf-8")
    real = shell.play(page)
    if os.environ.get("UPDATE"):
        path.write_text(real, encoding="utf-8")
        return
    assert real == page, "\n".join(
        difflib.unified_diff(
            page.split("\n"), real.split("\n"), "written", "played", n=2, lineterm=""
        )
    )
