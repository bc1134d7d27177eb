"""Other tools with the same tickets in them, as far as they can take so many:
Taskwarrior, todoman."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench.measure import Bench

MOST = 10_000
"""Past that many their imports take longer than everything else; they are then not
asked."""


def heads(store: Path) -> Iterator[tuple[str, str, bool]]:
    """Id, title and whether it is open, of every ticket, from the first lines of its
    file."""
    for path in sorted(store.glob("tickets/*/*/*/*.yaml")):
        with path.open(encoding="utf-8") as file:
            lines = dict(
                line.rstrip("\n").split(": ", 1)
                for line in [next(file) for _ in range(4)]
            )
        yield lines["id"], lines["title"], lines["status"] not in ("Closed", "Complete")


def taskwarrior(bench: Bench, store: Path) -> Callable[[], float]:
    """How long Taskwarrior takes to list 50 pending ones of the same tasks; they are
    imported once."""
    data = bench.folder / f"taskwarrior-{store.name}"
    settings = bench.folder / "home/taskrc"
    settings.write_text("confirmation=off\nverbose=nothing\nhooks=off\n")
    where = {"TASKRC": str(settings), "TASKDATA": str(data)}

    def import_all() -> None:
        tasks = [
            {
                "uuid": str(uuid.uuid5(uuid.NAMESPACE_OID, id_)),
                "description": title,
                "entry": "20261101T090000Z",
                **(
                    {"status": "pending"}
                    if is_open
                    else {"status": "completed", "end": "20261102T090000Z"}
                ),
            }
            for id_, title, is_open in heads(store)
        ]
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir()
        (data / "all.json").write_text(json.dumps(tasks))
        bench.run(["task", "import", str(data / "all.json")], data, **where)
        bench.run(["task", "limit:50", "list"], data, **where)
        (data / "ready").touch()

    def measure() -> float:
        bench.find("task")
        if not (data / "ready").exists():
            import_all()
        return bench.run(["task", "limit:50", "list"], data, **where).ms

    return measure


def todoman(bench: Bench, store: Path) -> Callable[[], float]:
    """How long todoman takes to list the open ones of the same tickets, one file each,
    from its warm cache."""
    data = bench.folder / f"todoman-{store.name}"
    settings = bench.folder / f"home/todoman-{store.name}.py"
    words = ["todoman", "--config", str(settings), "list"]

    def make_all() -> None:
        shutil.rmtree(data, ignore_errors=True)
        (data / "tickets").mkdir(parents=True)
        for id_, title, is_open in heads(store):
            status = (
                "NEEDS-ACTION" if is_open else "COMPLETED\r\nCOMPLETED:20261102T090000Z"
            )
            lines = (
                "BEGIN:VCALENDAR",
                "VERSION:2.0",
                "PRODID:bench",
                "BEGIN:VTODO",
                f"UID:{id_}",
                "DTSTAMP:20261101T090000Z",
                f"SUMMARY:{title}",
                f"STATUS:{status}",
                "END:VTODO",
                "END:VCALENDAR",
                "",
            )
            (data / f"tickets/{id_}.ics").write_text("\r\n".join(lines), newline="")
        settings.write_text(f'path = "{data}/*"\ncache_path = "{data}/cache.sqlite3"\n')
        bench.run(words, data)
        (data / "ready").touch()

    def measure() -> float:
        bench.find("todoman")
        if not (data / "ready").exists():
            make_all()
        return bench.run(words, data).ms

    return measure
