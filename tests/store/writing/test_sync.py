"""Each object of a commit is synced before the reference names it (D1).

The tests see it from outside, call by call.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.campaign import FULL
from tests.support.faults import (
    CASES,
    JANE,
    Call,
    Case,
    Place,
    Stop,
    copy,
    rows,
    shared_template,
    why_not,
)
from tests.support.sync_trace import Disk, folder_synced, moves, unsynced

BATCH = Case("batch of 30", ("batch", "-p", "desk", "release", "2026.3"))
BATCH_ROWS = "".join(
    f'{{"title": "Ready {number}", "customer": "{JANE}"}}\n' for number in range(27)
)
"""With the three of the store they are thirty."""
SYNCED = (
    CASES["note"],
    CASES["mail in"],
    *(
        (CASES["move"], CASES["sweep"], CASES["new"], CASES["edit --adopt"])
        if FULL
        else ()
    ),
    CASES["init"],
    BATCH,
    Case("import of 300", ("import", "-"), feed=rows(300)),
)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A store with a few tickets, and some more for the batch."""
    if reason := why_not():
        pytest.skip(reason)
    return shared_template(tmp_path_factory)


def files_of(place: Place, old: str) -> list[tuple[str, Path]]:
    """The objects that HEAD has and ``old`` has not, and the file in which each lies:
    its own, or a pack or its index."""
    said = place.git("rev-list", "--objects", "HEAD", *([f"^{old}"] if old else []))
    assert said.status == 0, said
    ids = {line.split(" ")[0]: line.partition(" ")[2] for line in said.out.splitlines()}
    kinds = place.git("cat-file", "--batch-check", "--batch-all-objects")
    kind = dict(line.split(" ")[:2] for line in kinds.out.splitlines())
    packed: dict[str, Path] = {}
    for index in sorted((place.root / ".git/objects/pack").glob("*.idx")):
        for line in place.git("verify-pack", "-v", str(index)).out.splitlines():
            packed.setdefault(line.split(" ")[0], index)
    found = []
    for id_, path in ids.items():
        what = f"{kind[id_]} {id_[:10]}" + (f" ({path})" if path else "")
        loose = place.root / ".git/objects" / id_[:2] / id_[2:]
        if id_ in packed and not loose.exists():
            found += [
                (f"{what}, in a pack", packed[id_].with_suffix(end))
                for end in (".pack", ".idx")
            ]
        else:
            found.append((what, loose))
    return found


@pytest.mark.part("syncing")
@pytest.mark.parametrize("case", SYNCED, ids=lambda case: case.name)
def test_every_object_is_synced_before_the_reference_moves(
    case: Case, template: Place, tmp_path: Path
) -> None:
    """Each object that the new HEAD names and that this command made: ``fsync`` on its
    file, or ``syncfs`` after it."""
    copy(template.top, tmp_path / "top")
    place = Place(tmp_path / "top", tmp_path / "calls")
    if case.name == BATCH.name:
        place.done("new", "-p", "desk", "--from", "-", feed=BATCH_ROWS)
    if case.before:
        case.before(place.root)
    old = place.git("rev-parse", "--verify", "--quiet", "HEAD").out.strip()
    ran, calls = place.stopped(case, Stop())
    assert ran.status == 0 and moves(calls, place.root / ".git"), (
        f"{case.name}: {ran}: no reference has moved"
    )
    files = files_of(place, old)
    assert len(files) >= 3
    assert place.corrupt() == ""
    found = unsynced(calls, place.root / ".git", files)
    print(
        f"{case.name}: the folder of the reference was synced: {folder_synced(calls, place.root / '.git')}"
    )
    if found:
        kinds = sorted({line.split(" ")[0] for line in found})
        head = f"{case.name}: {len(found)} of {len(files)} objects ({', '.join(kinds)}) were not on the disk:"
        pytest.fail("\n  ".join([head, *found[:8]]), pytrace=False)


def test_the_check_itself() -> None:
    """A file is clean when it was synced after its last write, under whichever name."""

    def disk(*lines: str) -> dict[str, bool]:
        made = Disk()
        for number, line in enumerate(lines, 1):
            name, path, new = [*line.split("|"), ""][:3]
            made.take(Call(number, 1, name, path, new))
        return {name: file.dirty for name, file in made.names.items()}

    assert disk("open|/t", "write|/t", "fsync|/t", "link|/t|/o", "unlink|/t") == {
        "/o": False
    }
    assert disk("open|/t", "write|/t", "link|/t|/o", "unlink|/t") == {"/o": True}
    assert disk("open|/t", "fsync|/t", "write|/t", "rename|/t|/o") == {"/o": True}
    assert disk("open|/t", "write|/t", "rename|/t|/o", "fsync|/o") == {"/o": False}
    assert disk(
        "open|/t", "write|/t", "link|/t|/o", "unlink|/t", "fsync|/t (deleted)"
    ) == {"/o": False}
    assert disk("open|/t", "write|/t", "rename|/t|/o", "syncfs|/") == {"/o": False}
    assert disk(
        "open|/t", "sync_file_range|/t", "rename|/t|/o", "open|/x", "fsync|/x"
    ) == {"/o": True, "/x": False}
