"""Tests of ``ticketctl.cli.command``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.hostile_files import sane
from tests.support.stores import files_of, make_store, make_tickets, ticketctl

TEXTS = [
    "--help",
    "-",
    "../../etc/passwd",
    "/etc/passwd",
    "a/b",
    "..",
    "",
    " ",
    "\u00fc",
    "a\nb",
    "\x1b[2J",
    "\u202e",
    "\udcff",
    "*",
    "%s%n",
    "{0}",
    "$(touch hacked)",
    "261102-aaaaa.yaml",
    "261102-aaaaa/..",
    "--output=hacked",
    "a" * 5000,
]


PLACES = [
    ("show", "--", "X"),
    ("show", "--format", "json", "--", "X"),
    ("log", "--", "X"),
    ("next", "--", "X"),
    ("check", "--", "X"),
    ("move", "--", "X", "Open"),
    ("move", "-n", "--", "X", "Open"),
    ("move", "--", "aaaaa", "X"),
    ("move", "--expect", "X", "aaaaa", "Open"),
    ("move", "--template", "X", "aaaaa", "Open"),
    ("move", "-n", "-a", "X", "aaaaa", "Open"),
    ("move", "--set", "X", "aaaaa", "Open"),
    ("move", "--set", "X=1", "aaaaa", "Open"),
    ("move", "--via", "X", "aaaaa", "Open"),
    ("reply", "-m", "x", "--", "X"),
    ("note", "-m", "x", "--", "X"),
    ("assign", "--", "X", "@me"),
    ("set", "--", "X", "product=x"),
    ("set", "--", "aaaaa", "X"),
    ("set", "--", "aaaaa", "X=1"),
    ("edit", "--adopt", "--", "X"),
    ("batch", "--", "X", "1"),
    ("batch", "-p", "X", "release", "1"),
    ("batch", "-p", "aerosoft", "--", "release", "1", "X"),
    ("batch", "--without", "X", "release", "1"),
    ("new", "x", "-p", "X"),
    ("new", "x", "--id", "X"),
    ("new", "x", "--follows", "X"),
    ("new", "x", "--template", "X"),
    ("new", "x", "--status", "X"),
    ("new", "x", "--due", "X"),
    ("new", "x", "--set", "X=1"),
    ("new", "--from", "X"),
    ("list", "-p", "X"),
    ("list", "-s", "X"),
    ("list", "--state", "X"),
    ("list", "--sort", "X"),
    ("list", "--format", "X"),
    ("list", "--columns", "X"),
    ("list", "--created", "X"),
    ("list", "-S", "X"),
    ("list", "-a", "X"),
    ("list", "-c", "X"),
    ("profile", "show", "--", "X"),
    ("sweep", "--rule", "X"),
    ("sweep", "-n", "--now", "X"),
    ("completion", "--", "X"),
    ("X",),
    ("--as", "X", "note", "aaaaa", "-m", "x"),
    ("--as", "X:y", "note", "aaaaa", "-m", "x"),
    ("--now", "X", "list"),
    ("-C", "X", "list"),
    ("-C", "X", "sweep"),
]


HARMLESS = {
    ("list", "-S"),
    ("list", "-a"),
    ("list", "-c"),
    ("move", "-n"),
    ("list", "--columns"),
    ("X",),
    ("--as", "X"),
    ("new", "--due"),
    ("list", "--created"),
}
"""Where some of the texts are as good as any other, or ask for the help: the answer may
be 0, or a refusal."""


AS_IF_NOT_GIVEN = (
    "-p",
    "--id",
    "--follows",
    "--template",
    "--status",
    "--due",
    "--as",
    "--created",
    "--without",
)
"""Options for which an empty text may count as none."""


@pytest.mark.parametrize("place", PLACES, ids=" ".join)
def test_text_is_never_an_option_or_a_path(
    place: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever stands where an id, a name or a date belongs: refused with 2, 65 or 66,
    and nothing is written (10, 19)."""
    root = make_store(tmp_path / "store")
    make_tickets(root, "aaaaa", "zzzzz")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    before = files_of(root)
    wrong = []
    slow = {"batch", "--sort", "-s", "--rule"} & set(
        place
    )  # these look into all profiles
    for text in TEXTS[::3] if slow else TEXTS:
        words = [word.replace("X", text, 1) if "X" in word else word for word in place]
        ran = ticketctl(root, *words)
        free = (
            place[:2] in HARMLESS
            or text == "-"
            or (not text and set(place) & set(AS_IF_NOT_GIVEN))
        )
        good = (2, 65, 66, 0, 1) if free else (2, 65, 66)
        if (
            ran.status not in good
            or not sane(ran)
            or "root:" in ran.out
            or "\x1b" in ran.out + ran.err
        ):
            wrong.append(f"{words!a:.200}: {ran.status} {(ran.out + ran.err)[-200:]!a}")
        if files_of(root) != before and place[0] != "--as":
            wrong.append(f"{words!a:.200}: something was written")
            break
        if list((tmp_path / "empty").iterdir()):
            wrong.append(
                f"{words!a:.200}: it made {list((tmp_path / 'empty').iterdir())}"
            )
            break
    assert not wrong, "\n".join(wrong)
