"""Tests of ``ticketctl.store.git.config``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.strangers import git_in
from ticketctl.store.git.repository import core_setting


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[core]\n\tsharedRepository = group\n", "group"),
        ("[core] sharedRepository = group ; ours\n", "group"),
        ('[CORE]\n sharedrepository = "group" # ours\n', "group"),
        ("[core]\nsharedRepository\n", "true"),
        ("[other]\nsharedRepository = group\n", ""),
        ("[core]\n# sharedRepository = group\n", ""),
        ('[core "x"]\nsharedRepository = group\n', ""),
        ("[core]\nsharedRepository = 1\nsharedRepository = 0\n", "0"),
    ],
)
def test_what_git_writes_of_itself_is_read_as_git_reads_it(
    text: str, value: str, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text(text)
    assert core_setting(str(tmp_path), "sharedrepository") == value
    git_in(tmp_path, "init", "-q")
    (tmp_path / ".git/config").write_text(text)
    said = git_in(
        tmp_path,
        "config",
        "--file",
        ".git/config",
        "--default",
        "",
        "--get",
        "core.sharedRepository",
    )
    assert said == value or (said, value) == ("", "true")
