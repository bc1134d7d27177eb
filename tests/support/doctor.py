"""What doctor prints of a store."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.support.stores import ticketctl


def git(root: Path, *words: str) -> None:
    """Run git as somebody."""
    subprocess.run(
        [
            "git",
            "-C",
            str(root),
            "-c",
            "user.name=A",
            "-c",
            "user.email=a@support.example",
            *words,
        ],
        check=True,
    )


def said(root: Path, now: str = "2026-11-03T09:00:00Z") -> str:
    """What the doctor says; also that the exit status and the JSON agree with it."""
    ran = ticketctl(root, "doctor", now=now)
    findings = json.loads(ticketctl(root, "doctor", "--format", "json", now=now).out)[
        "findings"
    ]
    assert ran.status == int(
        any(finding["severity"] == "error" for finding in findings)
    )
    assert len(ran.out.splitlines()) == len(findings)
    return ran.out
