"""Every writing command, killed or failing at any call that changes the disk (D2, D10).

Each ticket is as before or as after, git's repository is sound, nothing is reported
done that is not in it, and the next command works or names the lock file that is in
its way.
"""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.campaign import FULL, rounds
from tests.support.faults import (
    CASES,
    FAULTS,
    KILLED,
    MANNERS,
    Finding,
    Place,
    Stop,
    Trial,
    after_fault,
    after_kill,
    shared_template,
    summary,
    why_not,
)

NAMES = sorted(name for name in CASES if FULL or "many" not in name)


EACH = 16
"""How often each command meets each error in each manner: 5,184 in all."""
SHARES = rounds(1, 5)
"""In how many tests the trials of a command are shared out, for several processors."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A store with a few tickets."""
    if reason := why_not():
        pytest.skip(reason)
    return shared_template(tmp_path_factory)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty folder, in memory where that can be: what a kill leaves is what the
    kernel holds."""
    shm = Path("/dev/shm")
    base = shm if os.access(shm, os.W_OK) else tmp_path_factory.mktemp("faults")
    with tempfile.TemporaryDirectory(dir=base, prefix="ticketctl-test-") as name:
        yield Path(name)


@pytest.fixture(scope="module")
def trials() -> dict[str, Trial]:
    """Those that were prepared already."""
    return {}


def kill(trial: Trial, share: int) -> tuple[list[Finding], int]:
    """Kill the command before each of its calls, and half way through each write; in
    the short form once."""
    found: list[Finding] = []
    chosen = [
        Stop(call.number, half=half)
        for call in trial.calls
        for half in (False, True)[: 1 + (call.name == "write")]
    ]
    chosen = chosen[share::SHARES]
    if not FULL:
        chosen = random.Random(f"kill {trial.case.name}").sample(chosen, 1)
    for stop in chosen:
        place = trial.fresh()
        ran, calls = place.stopped(trial.case, stop)
        last = calls[-1].told(place.top) if calls else "no call"
        where = f"ticketctl {' '.join(trial.case.words)}, {stop} {last}"
        assert ran.status in (0, KILLED), f"{where}: {ran}"
        found += after_kill(trial, place, where)
    return found, len(chosen)


def stops(trial: Trial) -> list[tuple[Stop, bool]]:
    """Which calls fail with what, and how; and whether the next command is tried as
    well."""
    dice, found = random.Random(f"fault {trial.case.name}"), []
    for error, names in FAULTS.items():
        numbers = [call.number for call in trial.calls if call.name in names]
        for manner in MANNERS:
            some = [dice.choice(numbers) for _ in range(rounds(1, EACH))]
            found += [
                (Stop(at, error, manner), number % 2 == 0)
                for number, at in enumerate(some)
            ]
    if FULL:
        return found
    turn = NAMES.index(trial.case.name)  # every error has its turn with some command
    return [(found[turn % len(found)][0], turn % 2 == 0)]


def fault(trial: Trial, share: int) -> tuple[list[Finding], int]:
    """Let calls fail, in the short form one."""
    found: list[Finding] = []
    chosen = stops(trial)[share::SHARES]
    for stop, then in chosen:
        place = trial.fresh()
        ran, calls = place.stopped(trial.case, stop)
        failed = next(
            (call.told(place.top) for call in calls if call.failed), "no call"
        )
        where = f"ticketctl {' '.join(trial.case.words)}, {stop} {failed}"
        found += after_fault(trial, place, ran, where, then)
    return found, len(chosen)


TRIED = [
    pytest.param(
        name,
        act,
        share,
        id=f"{name}-{act.__name__}-{share}",
        marks=pytest.mark.part(part),
    )
    for share in range(SHARES)
    for name in NAMES
    for act, part in ((kill, "kill-tree"), (fault, "disk-faults"))
]


@pytest.mark.parametrize(("name", "act", "share"), TRIED)
def test_nothing_is_half_lost_or_wrongly_reported(
    name: str,
    act: Callable[[Trial, int], tuple[list[Finding], int]],
    share: int,
    template: Place,
    folder: Path,
    trials: dict[str, Trial],
) -> None:
    """Killed before any call, or one fails: tickets and repository are whole, and the
    next command works."""
    if name not in trials:
        (folder / str(NAMES.index(name))).mkdir(exist_ok=True)
        trials[name] = Trial(CASES[name], template, folder / str(NAMES.index(name)))
    found, tried = act(trials[name], share)
    if path := os.environ.get("CAMPAIGN_LOG"):
        with open(path, "a") as file:
            file.writelines(
                [
                    f"{act.__name__} {name}: {tried} trials\n",
                    *(f"{one}\n" for one in found),
                ]
            )
    if found:
        pytest.fail(summary(found, tried), pytrace=False)


@pytest.mark.part("disk-faults")
def test_an_object_that_cannot_be_made_is_not_committed(
    template: Place, folder: Path
) -> None:
    """A folder of git's objects belongs to another user, as after ``sudo git``: the
    command fails, and HEAD stays (D2)."""
    (folder / "objects").mkdir(exist_ok=True)
    trial = Trial(CASES["note"], template, folder / "objects")
    opened = [
        call
        for call in trial.calls
        if call.name == "open" and "/.git/objects/" in call.path
    ]
    folders: dict[str, int] = {}
    for call in opened:
        folders.setdefault(call.path.rpartition("/")[0], call.number)
    points = list(folders.values())
    points = points if FULL else points[1:4] or points
    assert points, "no object was made"
    found: list[Finding] = []
    for at in points:
        place, stop = trial.fresh(), Stop(at, "EACCES", "there")
        ran, calls = place.stopped(trial.case, stop)
        failed = next(
            (call.told(place.top) for call in calls if call.failed), "no call"
        )
        found += after_fault(
            trial, place, ran, f"ticketctl note, {stop} {failed}", then=False
        )
    if found:
        pytest.fail(summary(found, len(points)), pytrace=False)
