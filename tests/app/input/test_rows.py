"""Rows of ``new --from`` and ``import``: bounded while they are read (T9)."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from tests.support.input import NOW, OWN
from ticketctl.app.input import rows as reading
from ticketctl.app.input.rows import rows_of
from ticketctl.cli.main import run
from ticketctl.errors import InputError


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.csv", "rows.txt"])
def test_a_line_without_end(tmp_path: Path, name: str) -> None:
    """It is not read to its end."""
    size = reading.MAX_LINE + 2
    (tmp_path / name).write_text('{"title": "' + "a" * size + '"}\n')
    wanted = f"{name}:1: a line of more than 8 Mi characters"
    with (
        pytest.raises(InputError, match=wanted),
        rows_of(str(tmp_path / name)) as found,
    ):
        list(found)


@pytest.mark.parametrize(
    "deep",
    [
        "[" * 100_000 + "]" * 100_000,
        '{"a":' * 100_000 + "1" + "}" * 100_000,
        "9" * 100_000,
    ],
)
def test_json_that_is_deep_or_a_number_without_end(
    store: Path, capfd: pytest.CaptureFixture[str], deep: str
) -> None:
    """Refused with its place, by ``new`` and ``import`` alike."""
    Path("rows.jsonl").write_text('{"title": ' + deep + "}\n")
    for words in (["new", "--from", "rows.jsonl"], ["import", "rows.jsonl"]):
        assert run(words) == 2
        assert "rows.jsonl:1: not JSON" in capfd.readouterr().err


def test_a_history_of_very_many_values(
    store: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Half a million took ten seconds."""
    row = {"id": "261102-aaaaa", "history": [{}] * 500_000}
    Path("rows.jsonl").write_text(json.dumps(row) + "\n")
    assert run(["import", "rows.jsonl"]) == 2
    assert "more than 200,000 values" in capfd.readouterr().err


def test_a_ticket_that_would_be_unreadable(
    store: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A row may hold more than a file."""
    fields = {"title": "x", "text": "a" * 250_000, "fields": {"product": "p" * 900}}
    assert (
        run(
            [
                "--now",
                NOW,
                "new",
                "x",
                "-c",
                "jane@customer.example",
                "--id",
                "261102-aaaaa",
                "-d",
                "b\n" * 9,
            ]
        )
        == 0
    )
    assert run(["export"]) == 0
    row = json.loads(capfd.readouterr().out.splitlines()[-1])
    Path("tickets/2026/11/02/261102-aaaaa.yaml").unlink()
    row["history"][0]["text"] = "\x01" * 300_000 + str(fields)
    Path("rows.jsonl").write_text(json.dumps(row) + "\n")
    assert run(["--now", NOW, "import", "rows.jsonl"]) == 1
    assert "is larger than 1 MiB" in capfd.readouterr().err
    assert not Path("tickets/2026/11/02/261102-aaaaa.yaml").exists()


def test_a_text_without_end(
    store: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a file or from stdin: so much is read that it is seen to be too long."""
    assert (
        run(
            [
                "--now",
                NOW,
                "new",
                "x",
                "-c",
                "jane@customer.example",
                "--id",
                "261102-aaaaa",
            ]
        )
        == 0
    )
    Path("text").write_bytes(b"a" * (2 << 20))
    assert run(["note", "aaaaa", "-F", "text"]) == 65
    assert run(["note", "aaaaa", "-F", "/dev/zero"]) == 65
    stdin = io.TextIOWrapper(io.BytesIO(b"a" * (2 << 20)))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert run(["note", "aaaaa", "-F", "-"]) == 65
    assert stdin.buffer.tell() < 2 << 20
    assert capfd.readouterr().err.count("is larger than 1 MiB") == 3


NONSENSE = [
    ('{"title": "a", "customer": ["x"]}', 'customer must be a text, not ["x"]'),
    ('{"title": 1e400}', "title must be a text, not Infinity"),
    ('{"title": NaN}', "title must be a text"),
    ('{"title": 7}', "title must be a text, not 7"),
    ('{"title": "a", "text": {"a": 1}}', "text must be a text"),
    ('{"title": "a", "assignee": true}', "assignee must be a text, not true"),
    ('{"title": "a", "due": 20261201}', "due must be a text"),
    ('{"title": "a", "status": ["Open"]}', "status must be a text"),
    ('{"title": "a", "profile": ["own"]}', "profile must be a text"),
    ('{"title": "a", "id": 1}', "id must be a text"),
    ('{"title": "a", "text": 0}', "text must be a text, not 0"),
    ('{"title": "a", "fields": {"size": 1.5}}', "size must be a whole number, not 1.5"),
    ('{"title": "a", "fields": {"size": true}}', "size must be a whole number"),
    ('{"title": "a", "fields": {"note": ["x"]}}', "note must be a text"),
    ('{"title": "a", "note": 5}', "note must be a text, not 5"),
    ('{"title": "a", "urgent": 1}', "urgent must be true or false, not 1"),
    ('{"title": "a", "fields": {"people": [["x"]]}}', "people must be a list of texts"),
    ('{"title": "a", "watchers": {"x": 1}}', "watchers must be a list of texts"),
]


@pytest.mark.parametrize(("row", "words"), NONSENSE)
def test_what_is_no_text_is_not_made_one(
    store: Path, capfd: pytest.CaptureFixture[str], row: str, words: str
) -> None:
    """Refused with the row and the key, by ``new`` and ``import`` alike; nothing is
    written."""
    (store / "profiles").mkdir()
    (store / "profiles/own.yaml").write_text(OWN)
    (store / "ticketctl.yaml").write_text("profile: own\ncommit: off\n")
    Path("rows.jsonl").write_text('{"title": "right"}\n' + row + "\n")
    for command in (["new", "--from", "rows.jsonl"], ["import", "rows.jsonl"]):
        assert run(command) == 2, command
        assert "rows.jsonl, row 2: " + words in capfd.readouterr().err
    assert not list(store.glob("tickets/*/*/*/*.yaml"))


def test_a_history_with_a_number_that_no_ticket_has(
    store: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """It became the text "inf"."""
    assert run(["new", "x", "-c", "jane@customer.example"]) == 0
    capfd.readouterr()
    assert run(["export"]) == 0
    text = capfd.readouterr().out.replace('"title": "x"', '"title": 1e400')
    Path("rows.jsonl").write_text(text)
    assert "1e400" in text
    assert run(["import", "rows.jsonl"]) == 2
    assert "rows.jsonl, row 1: " in (told := capfd.readouterr().err)
    assert "a ticket cannot have the value inf" in told
