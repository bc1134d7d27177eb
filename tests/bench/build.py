"""Builds a store of N tickets in a git repository, the same bytes every time: ``python
-m tests.bench.build N DIR``.

What the rows need to know of it (which tickets are due, which can be moved) lies in
``.git/bench.json``, which is written last and so also says that the store is complete.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache
from multiprocessing import Pool
from pathlib import Path
from typing import Any

from tests.bench.stories import NOW, STORIES, tell
from ticketctl.core.profile import Profile
from ticketctl.store.paths import ALPHABET, path_of
from ticketctl.store.profiles import ProfileRegistry
from ticketctl.store.yaml.writer import emit

FORM = 1
"""Raised when the builder makes other stores than before: those are then built anew."""
DAYS = 365
PROFILES, SHARES = (
    ("biztech", "hosting", "aerosoft", "assima", "ggit"),
    (35, 20, 15, 10, 20),
)
STATES = {
    "new": 3.0,
    "open": 7.0,
    "pending": 5.0,
    "on_hold": 2.0,
    "solved": 5.0,
    "closed": 78.0,
}
_CHUNK, _PROCESSES = 500, 2


def due_of(number: int) -> frozenset[int]:
    """Which tickets of a store are due at the sweep's instant: 1,000, or a tenth of a
    small store."""
    wanted = min(1000, number // 10)
    able = [index for index in range(number) if index % DAYS >= 7]
    return frozenset(able[:: len(able) // wanted][:wanted]) if wanted else frozenset()


def build(number: int, folder: Path) -> Mapping[str, Any]:
    """A store of so many tickets in a folder, built if it is not there; what is to be
    known of it."""
    if (known := _known(folder)) is not None:
        return known
    began = time.monotonic()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / ".gitignore").write_text(".ticketctl/\n")
    (folder / "ticketctl.yaml").write_text("profile: biztech\ncommit: off\n")
    facts: dict[str, Any] = {
        "form": FORM,
        "tickets": number,
        "bytes": 0,
        "due": [],
        "open": [],
        "closed": [],
    }
    with Pool(_PROCESSES) as pool:
        jobs = [(number, start, str(folder)) for start in range(0, number, _CHUNK)]
        for part in pool.imap(_chunk, jobs):
            for key, value in part.items():
                facts[key] += value
    facts["open"], facts["closed"] = facts["open"][:50], facts["closed"][:200]
    facts["seconds_tickets"] = round(time.monotonic() - began, 1)
    _commit(folder)
    facts["seconds"] = round(time.monotonic() - began, 1)
    (folder / ".git/bench.json").write_text(json.dumps(facts))
    return facts


def _known(folder: Path) -> Mapping[str, Any] | None:
    try:
        facts: dict[str, Any] = json.loads((folder / ".git/bench.json").read_text())
    except FileNotFoundError:
        return None
    return facts if facts["form"] == FORM else None


@cache
def _due(number: int) -> frozenset[int]:
    return due_of(number)


@cache
def _profile(name: str) -> Profile:
    return ProfileRegistry(None).get(name)


def _chunk(job: tuple[int, int, str]) -> dict[str, Any]:
    """Make some of the tickets; what is to be known of them."""
    number, start, folder = job
    size = 0
    found: dict[str, list[str]] = {"due": [], "open": [], "closed": []}
    for index in range(start, min(start + _CHUNK, number)):
        id_, profile, state, data = make(index, number)
        path = os.path.join(folder, path_of(id_))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
        size += len(data)
        if index in _due(number):
            found["due"].append(path_of(id_))
        elif state == "open" and profile == "biztech":
            found["open"].append(id_)
        elif state == "closed":
            found["closed"].append(path_of(id_))
    return {"bytes": size, **found}


def make(index: int, number: int) -> tuple[str, str, str, bytes]:
    """One ticket of a store: its id, its profile, its state, its bytes. The same for
    the same numbers."""
    rng = random.Random(index * 1_000_003 + number)
    created = _created(index, rng)
    id_ = f"{created:%y%m%d}-" + "".join(_half(index))
    rare = index % max(number // 7, 1) == 3
    if index in _due(number):
        last = NOW - timedelta(days=4) + timedelta(seconds=rng.randint(60, 3600))
        return (
            id_,
            "biztech",
            "solved",
            emit(
                tell(
                    _profile("biztech"),
                    "solved",
                    id_,
                    created,
                    rng,
                    rare=rare,
                    last=last,
                )
            ),
        )
    profile = rng.choices(PROFILES, SHARES)[0]
    known = STORIES[profile]
    if profile == "biztech" and index % DAYS < 8:
        known = {state: story for state, story in known.items() if not story.sweep}
    state = rng.choices(list(known), [STATES[state] for state in known])[0]
    return (
        id_,
        profile,
        state,
        emit(tell(_profile(profile), state, id_, created, rng, rare=rare)),
    )


def _created(index: int, rng: random.Random) -> datetime:
    day = NOW.replace(hour=0) - timedelta(days=index % DAYS)
    return day + timedelta(
        seconds=rng.randint(0, 8 * 3600 if index % DAYS == 0 else 86_399)
    )


def _half(index: int) -> Iterator[str]:
    """The random half of an id: another one for every ticket, in no visible order."""
    value = index * 20_920_319 % 32**5  # odd, so that no two are alike
    for _ in range(5):
        value, digit = divmod(value, 32)
        yield ALPHABET[digit]


def _commit(folder: Path) -> None:
    """Everything committed and tagged ``base``; ``auto`` is the same with settings that
    commit by themselves."""
    at = NOW.strftime("%Y-%m-%dT%H:%M:%SZ")
    who = {
        f"GIT_{one}_{key}": value
        for one in ("AUTHOR", "COMMITTER")
        for key, value in (
            ("NAME", "Amy"),
            ("EMAIL", "amy@support.example"),
            ("DATE", at),
        )
    }
    environment = {
        **os.environ,
        **who,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
    }

    def git(*words: str) -> None:
        subprocess.run(["git", "-C", str(folder), *words], check=True, env=environment)

    git("init", "-q", "-b", "main")
    git("config", "gc.auto", "0")
    # Below that size git would make a file of every object; so it makes one pack, which
    # is much faster: of each month, since it looks through all that it has written for
    # each that it writes.
    for month in [*sorted(folder.glob("tickets/*/*")), "."]:
        git(
            "-c",
            "core.bigFileThreshold=1",
            "-c",
            "core.compression=1",
            "add",
            "--",
            str(month),
        )
    git("commit", "-qm", "A store")
    git("tag", "base")
    (folder / "ticketctl.yaml").write_text("profile: biztech\ncommit: auto\n")
    git("commit", "-qam", "Commands commit what they change")
    git("tag", "auto")
    git("reset", "-q", "--hard", "base")


if __name__ == "__main__":
    print(
        json.dumps(
            {
                key: value
                for key, value in build(int(sys.argv[1]), Path(sys.argv[2])).items()
                if not isinstance(value, list)
            }
        )
    )
