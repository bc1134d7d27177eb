"""What was reported done is there after a power cut, in a sound repository (D1)."""

from __future__ import annotations

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.campaign import FULL, rounds
from tests.support.faults import shared_template, summary
from tests.support.power_cuts import Cut, make_template, perform, plan, why_not

LANES = 12
"""How many file systems there are at a time: most of them only wait."""


@pytest.mark.part("power-cuts")
def test_a_power_cut_loses_nothing_that_was_reported(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Cuts 0 to 40 s after new, move, note, batch, sweep, mail in, import and a pull;
    in the short form at most 3 s."""
    shm = Path("/dev/shm")
    base = shm if os.access(shm, os.W_OK) else tmp_path_factory.mktemp("power")
    with tempfile.TemporaryDirectory(dir=base, prefix="ticketctl-power-") as name:
        folder = Path(name)
        if reason := why_not(folder):
            pytest.skip(reason)
        (folder / "template").mkdir()
        template = make_template(
            folder / "template", shared_template(tmp_path_factory).root
        )
        cuts = plan(rounds(36, 200), 40 if FULL else 3)
        if not FULL:
            cuts = [
                cuts[at] for at in (1, 12, 23, 35)
            ]  # move, batch, mail in and pull, with both options
        with ThreadPoolExecutor(LANES) as lanes:
            done = list(lanes.map(lambda cut: perform(cut, template, folder), cuts))
    report(done)


def report(cuts: list[Cut]) -> None:
    """Fail if anything is wrong, and say how much was looked at."""
    reported, at_once = (
        sum(cut.reported for cut in cuts),
        sum(cut.at_once for cut in cuts),
    )
    kept, locks = sum(cut.kept for cut in cuts), sum(cut.locks for cut in cuts)
    said = (
        f"{at_once} of {reported} acts were in HEAD when they were reported; {kept} of {len(cuts)} cuts left HEAD where "
        f"it was; {locks} lock files of git were named and removed"
    )
    found = [one for cut in cuts for one in cut.found]
    if path := os.environ.get("CAMPAIGN_LOG"):
        with open(path, "a") as file:
            file.writelines(
                [
                    f"{cut}: {'; '.join(map(str, cut.found)) or 'whole'}\n"
                    for cut in cuts
                ]
                + [f"{said}\n"]
            )
    if found:
        pytest.fail(f"{summary(found, len(cuts))}\n{said}", pytrace=False)
