"""The proofs of ``profile check``: what holds of every ticket of a profile, now and later.

Names and types (point 1) are checked while the profile is read; here are the points that
need the whole of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ticketctl.core.language.assumptions import (
    TooLargeError,
)
from ticketctl.core.language.closing_checks import fair_closing
from ticketctl.core.language.doubts import forgotten, never_fires
from ticketctl.core.language.limits import FINDINGS
from ticketctl.core.language.rule_checks import automatic_loops, rivals, rules_can
from ticketctl.core.language.status_checks import (
    closable,
    closable_categories,
    reachable,
    role_dead_ends,
    system_only,
)
from ticketctl.core.profile import (
    Profile,
)
from ticketctl.errors import Finding, Place

CHECKS: tuple[Callable[[Profile], Iterator[Finding]], ...] = (
    reachable,
    closable,
    role_dead_ends,
    system_only,
    rules_can,
    automatic_loops,
    rivals,
    fair_closing,
    closable_categories,
    forgotten,
    never_fires,
)


def profile_findings(profile: Profile) -> list[Finding]:
    """Return the findings of a profile that was read without mistakes, errors first; at
    most ``FINDINGS``."""
    findings: list[Finding] = []
    try:
        for check in CHECKS:
            findings += check(profile)
    except TooLargeError:
        findings.append(
            Finding(
                Place(profile.path, 1, 1),
                "limit",
                "error: the profile is too large to be checked",
                "fewer rules in fewer statuses, and fewer tests in each",
            )
        )
    findings.sort(
        key=lambda finding: (finding.severity == "warning", finding.place.line)
    )
    if len(findings) > FINDINGS:
        more = len(findings) - FINDINGS + 1
        kind = findings[FINDINGS - 1].severity
        words = (
            f"{'error: ' if kind == 'error' else ''}there are {more:,} more findings"
        )
        findings[FINDINGS - 1 :] = [
            Finding(
                Place(profile.path, 1, 1),
                "limit",
                words,
                "fix the findings above first",
                kind,
            )
        ]
    return findings
