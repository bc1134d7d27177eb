"""Only the trusted mail server says that an email is from its sender (T7)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.addresses import AMY
from tests.support.emails import raw_email
from ticketctl.store.email.parse import parse_email


@pytest.mark.parametrize(
    "value",
    [
        "m\u212a.example; dmarc=pass header.from=kim.example",
        '"m\u212a.example"; dmarc=pass header.from=kim.example',
        "ｍk.example; dmarc=pass header.from=kim.example",
        "mk.example; dmarc=pass header.from=\u212aim.example",
        'mk.example; dmarc=pass header.from="\u212aim.example"',
        "mk.example; dmarc=paſs header.from=kim.example",
        "mk.example; dmarc=pass header.from=kİm.example",
        "mk.example; \u212aey=x; dmarc=pass header.from=kim.example",
        "mk.example; dmarc=fail header.from=kim.example; d\u212a=x",
    ],
)
def test_only_ascii_names_authenticate(value: str) -> None:
    """A letter whose small letter is in ASCII is another letter."""
    data = raw_email(f"Authentication-Results: {value}", sender="boss@kim.example")
    assert parse_email(data).authentic == ()
    right = raw_email(
        "Authentication-Results: MK.example; DMARC=Pass Header.From=KIM.example",
        sender="boss@kim.example",
    )
    assert parse_email(right).authentic == ("mk.example",)
    described = 'mk.example; dmarc=pass reason="gut geprüft" header.from=kim.example'
    assert parse_email(
        raw_email(f"Authentication-Results: {described}", sender="boss@kim.example")
    ).authentic


# --- Authentication-Results ---

MX = "mx.support.example"


GOOD = f"{MX}; dmarc=pass header.from=support.example"


RESULTS: dict[str, tuple[list[str], bool]] = {
    "plain": ([GOOD], True),
    "in capitals": ([f"{MX.upper()}; DMARC=PASS Header.From=Support.Example"], True),
    "a version": ([GOOD.replace(";", " 1;", 1)], True),
    "versions": ([f"{MX} 1; dmarc/1=pass header.from=support.example"], True),
    "comments": (
        [
            f"(a) {MX} (b (c)) ; (d) dmarc (e) = (f) pass (p=none; x) header (g) . (h) from = support.example"
        ],
        True,
    ),
    "reason and others": (
        [
            f'{MX}; spf=pass smtp.mailfrom=a@b.example; dkim=pass (2048) header.i=@b.example header.b="a+/="; '
            'dmarc=pass reason="it is; well" policy.p=none header.from=support.example; arc=none'
        ],
        True,
    ),
    "as Gmail writes": (
        [
            f"{MX};\r\n       dkim=pass header.i=@support.example header.s=2016 header.b=GcBB/a==;\r\n"
            "       spf=pass (mx: domain of a@b designates 1.2.3.4 as permitted sender) smtp.mailfrom=a@b;\r\n"
            "       dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=support.example"
        ],
        True,
    ),
    "as Outlook writes": (
        [
            f"{MX}; spf=pass (sender IP is 1.2.3.4) smtp.mailfrom=support.example; "
            "dkim=pass (ok) header.d=support.example;"
            "dmarc=pass action=none header.from=support.example;compauth=pass reason=100"
        ],
        True,
    ),
    "a quoted value": ([f'{MX}; dmarc=pass header.from="support.example"'], True),
    "another's above": (["mx.evil.example; dmarc=fail", GOOD], True),
    "a forged one below": (
        [GOOD, f"{MX}; dmarc=fail header.from=support.example"],
        True,
    ),
    "none": ([f"{MX}; none"], False),
    "nothing": ([], False),
    "only a name": ([MX], False),
    "a forged second": ([f"{MX}; dmarc=fail header.from=support.example", GOOD], False),
    "a forged second, ours is none": ([f"{MX}; none", GOOD], False),
    "ours is malformed": ([f'{MX}; dmarc="pass', GOOD], False),
    "ours has another version": (
        [f"{MX} 2; dmarc=pass header.from=support.example", GOOD],
        False,
    ),
    "another server": (
        ["mx.evil.example; dmarc=pass header.from=support.example"],
        False,
    ),
    "another server that begins alike": (
        [GOOD.replace(MX, f"{MX}.evil.example")],
        False,
    ),
    "in a comment": (
        [f"{MX}; dmarc=fail (dmarc=pass header.from=support.example)"],
        False,
    ),
    "the name in a comment": (
        [f"(x) evil.example ({MX}); dmarc=pass header.from=support.example"],
        False,
    ),
    "in a nested comment": (
        [f"{MX} (a (b) ; dmarc=pass header.from=support.example)"],
        False,
    ),
    "in a comment that never ends": (
        [f"{MX}; spf=pass ( ; dmarc=pass header.from=support.example"],
        False,
    ),
    "in a value that never ends": (
        [f"{MX}; spf=pass reason=(x; dmarc=pass header.from=support.example"],
        False,
    ),
    "in a quoted string": (
        [f'{MX}; dmarc=fail reason="; dmarc=pass header.from=support.example"'],
        False,
    ),
    "in a quoted string with a quote": (
        [f'{MX}; dmarc=fail reason="\\"; dmarc=pass header.from=support.example; \\""'],
        False,
    ),
    "two results": (
        [
            f"{MX}; dmarc=pass header.from=support.example; dmarc=fail header.from=support.example"
        ],
        False,
    ),
    "two passes": ([f"{GOOD}; dmarc=pass header.from=support.example"], False),
    "another domain": ([f"{MX}; dmarc=pass header.from=evil.example"], False),
    "a domain above": ([f"{MX}; dmarc=pass header.from=example"], False),
    "a domain below": ([f"{MX}; dmarc=pass header.from=a.support.example"], False),
    "no domain": ([f"{MX}; dmarc=pass"], False),
    "two domains": (
        [f"{MX}; dmarc=pass header.from=support.example header.from=evil.example"],
        False,
    ),
    "a domain of spf": (
        [f"{MX}; spf=pass header.from=support.example; dmarc=pass"],
        False,
    ),
    "fail": ([f"{MX}; dmarc=fail header.from=support.example"], False),
    "bestguesspass": (
        [f"{MX}; dmarc=bestguesspass header.from=support.example"],
        False,
    ),
    "a quoted pass": ([f'{MX}; dmarc="pass" header.from=support.example'], False),
    "pass and more": ([f"{MX}; dmarc=pass2 header.from=support.example"], False),
    "xdmarc": ([f"{MX}; x-dmarc=pass header.from=support.example"], False),
    "dmarc of version 2": ([f"{MX}; dmarc/2=pass header.from=support.example"], False),
    "spf alone": ([f"{MX}; spf=pass smtp.mailfrom=support.example"], False),
    "a key without a value": ([f"{MX}; dmarc=pass header.from"], False),
    "a control character": ([f"{MX}\0; dmarc=pass header.from=support.example"], False),
    "no semicolon": ([f"{MX} dmarc=pass header.from=support.example"], False),
}


@pytest.mark.parametrize("name", list(RESULTS))
def test_which_header_authenticates(name: str) -> None:
    """Only the topmost header of the trusted server, one result, for the domain of
    From."""
    values, expected = RESULTS[name]
    headers = [f"Authentication-Results: {value}" for value in values]
    assert (MX in parse_email(raw_email(*headers, sender=AMY)).authentic) is expected


MANY: list[Callable[[str], str]] = [str.upper, str.title, lambda text: f"  {text}  "]


@pytest.mark.parametrize("change", MANY, ids=["upper", "title", "blanks"])
def test_names_of_headers_in_any_case(change: Callable[[str], str]) -> None:
    """A forged header is not missed for its spelling."""
    below = f"{change('authentication-results').strip()}: {GOOD}"
    data = raw_email(f"Authentication-Results: {MX}; dmarc=fail", below, sender=AMY)
    assert parse_email(data).authentic == ()
