"""Blocks of commands in README and docs/, run in order by real commands.

A block is fenced as ``console`` and is a page (tests/support/shell.py). A comment ``<!-- @ TIME
WHO -->`` above it sets the clock and the user for the blocks below. ``UPDATE=1`` writes
the blocks anew; read the diff before you believe it.
"""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path

import pytest

from tests.support.places import ROOT
from tests.support.shell import Shell, agrees
from tests.tools import reference as make_reference

PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
_PART = re.compile(r"<!-- @ (?P<at>.*?) -->|```console\n(?P<block>.*?)```", re.DOTALL)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_blocks_come_out_as_written(path: Path, shell: Shell) -> None:
    """A reader who types what stands there sees what stands there."""
    text = path.read_text(encoding="utf-8")
    real = _PART.sub(lambda match: _played(shell, match), text)
    if os.environ.get("UPDATE"):
        path.write_text(real, encoding="utf-8")
        return
    written = [match["block"] for match in _PART.finditer(text) if match["block"]]
    played = [match["block"] for match in _PART.finditer(real) if match["block"]]
    for one, other in zip(written, played, strict=True):
        difference = difflib.unified_diff(
            one.split("\n"), other.split("\n"), "written", "played", n=2, lineterm=""
        )
        assert agrees(one, other), "\n".join(difference)


def _played(shell: Shell, match: re.Match[str]) -> str:
    if match["at"]:
        shell.at(match["at"])
        return match[0]
    real = "".join(
        line
        for line in shell.play(match["block"].lstrip("\n"), "$").splitlines(True)
        if not re.match(r"\? \d+$", line)
    )
    if agrees(match["block"], real):
        return match[0]
    return f"```console\n{real}```"


def test_profile_examples_compile(tmp_path: Path) -> None:
    """Every whole profile shown in the docs is sound."""
    from ticketctl.core.language.checks import profile_findings
    from ticketctl.store.profiles import ProfileRegistry

    text = (ROOT / "docs" / "profile-language.md").read_text(encoding="utf-8")
    blocks = [
        block
        for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
        if block.startswith("profile:")
    ]
    assert blocks
    for number, block in enumerate(blocks):
        path = tmp_path / f"p{number}.yaml"
        path.write_text(block)
        profile, findings = ProfileRegistry(None).compile(str(path))
        assert not findings
        assert not [
            finding
            for finding in profile_findings(profile)
            if finding.severity == "error"
        ]


def test_reference_is_the_help() -> None:
    """docs/commands.md is what the commands say of themselves (make reference)."""
    assert (ROOT / "docs" / "commands.md").read_text(
        encoding="utf-8"
    ) == make_reference.reference()


def test_exit_status_table_is_complete() -> None:
    """docs/exit-status.md names every status, and no other."""
    from ticketctl.errors import Exit

    text = (ROOT / "docs" / "exit-status.md").read_text(encoding="utf-8")
    assert {int(number) for number in re.findall(r"(?m)^\| (\d+) \|", text)} == {
        int(status) for status in Exit
    }
