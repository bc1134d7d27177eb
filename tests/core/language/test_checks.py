"""``profile check``: every kind of mistake is found at its place.

The mistakes are made in the small profile of docs/profile-language.md, which has none.
"""

from __future__ import annotations

import re

import pytest

from tests.support.profile_mutants import (
    DOUBTS,
    FILE,
    MUTANTS,
    PAGE,
    PROOFS,
    SOUND,
    Mutant,
    good,
)
from tests.support.world import REGISTRY
from ticketctl.core.language.checks import profile_findings
from ticketctl.core.language.parser import read_profile
from ticketctl.errors import BrokenError, Finding
from ticketctl.store.yaml.ruamel import read_yaml


def check(text: str) -> list[Finding]:
    """What ``profile check`` finds: mistakes of the language, and if there are none,
    what cannot be proved."""
    profile, findings = read_profile(read_yaml(text.encode(), FILE), FILE)
    return findings or profile_findings(profile)


def places(text: str, fragments: str) -> set[tuple[int, int]]:
    """The lines and columns at which a piece of text (or one of several, ``|`` between
    them) begins."""
    starts = [
        m.start()
        for piece in fragments.split("|")
        for m in re.finditer(re.escape(piece), text)
    ]
    return {
        (text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start))
        for start in starts
    }


def found_in(text: str) -> list[Finding]:
    """What is found, be it that the file cannot even be read."""
    try:
        return check(text)
    except BrokenError as error:
        return [error.finding]


@pytest.mark.parametrize("name", MUTANTS)
def test_mistakes_are_found(name: str) -> None:
    """Every mistake is found, said in words that help, and shown where it is."""
    wanted, text = MUTANTS[name], MUTANTS[name].text()
    findings = found_in(text)
    alike = [finding for finding in findings if wanted.code in ("", finding.code)]
    said = [
        f
        for f in alike
        if re.search(wanted.words, f"{f.message} ({f.hint})", re.DOTALL)
    ]
    assert said, [str(finding) for finding in findings]
    assert said[0].severity == ("warning" if wanted.code == "doubt" else "error")
    assert said[0].place.path == FILE
    if wanted.at:
        where = {(finding.place.line, finding.place.col) for finding in said}
        assert where & places(text, wanted.at), (where, places(text, wanted.at))
    if wanted.code == "doubt":
        assert all(finding.severity == "warning" for finding in findings), (
            "a doubt is no error"
        )


def test_every_point_has_mutants() -> None:
    """Each point of the checker is tried at least twice."""
    codes = [one.code for one in PROOFS.values()]
    assert {code: codes.count(code) >= 2 for code in codes} == {
        f"proof-{point}": True for point in range(2, 11)
    }


def test_all_findings_at_once() -> None:
    """One run shows every mistake."""
    text = (
        good()
        .replace("{from: New, to: Open,", "{from: Nwe, to: Opne,")
        .replace("Europe/London", "Europe/Lodnon")
    )
    assert {"Nwe", "Opne", "Lodnon"} <= {
        word for f in check(text) for word in re.findall("Nwe|Opne|Lodnon", f.message)
    }


def test_errors_come_before_warnings() -> None:
    """What must be mended comes first, in the file's order."""
    text = Mutant(
        (*PROOFS["2: an island"].changes, *DOUBTS["a rule without events"].changes),
        "",
        "",
        "",
    ).text()
    findings = check(text)
    assert [f.severity for f in findings] == sorted(f.severity for f in findings)
    assert {f.severity for f in findings} == {"error", "warning"}


# --- no false alarms ---


def test_the_good_profile() -> None:
    """The profile that the page shows has no mistake and raises no doubt."""
    assert check(good()) == []


@pytest.mark.parametrize("name", ["aerosoft", "assima", "biztech", "ggit", "hosting"])
def test_shipped_profiles(name: str) -> None:
    """The five profiles have no mistakes, and nothing in them cannot be proved."""
    profile, findings = REGISTRY.compile(REGISTRY.path(name))
    assert findings == []
    assert [
        str(finding)
        for finding in profile_findings(profile)
        if finding.severity == "error"
    ] == []


def test_the_second_example() -> None:
    """The other profile of the page has no mistake."""
    found = re.search(
        r"```yaml\n(profile: fleet\n.*?)```",
        PAGE.read_text(encoding="utf-8"),
        re.DOTALL,
    )
    assert (
        found is None
        or [str(finding) for finding in check(found[1]) if finding.severity == "error"]
        == []
    )


@pytest.mark.parametrize("name", SOUND)
def test_no_false_alarm(name: str) -> None:
    """What is right is not called wrong."""
    changes = SOUND[name]
    text = Mutant(
        tuple(zip(changes[::2], changes[1::2], strict=True)), "", "", ""
    ).text()
    assert [
        str(finding) for finding in check(text) if finding.severity == "error"
    ] == []
