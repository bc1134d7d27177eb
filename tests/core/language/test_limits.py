"""Profiles from strangers: bounded before any work (T9), no note for customers (T12)."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.support.large_profiles import HEAD, compiled, many, sound, telling
from tests.support.stores import done, make_store, ticketctl
from ticketctl.core.language import assumptions
from ticketctl.core.language.checks import profile_findings
from ticketctl.core.profile import Profile


def statuses(number: int, *targets: int) -> str:
    """A profile with so many statuses, moved to some of them from any."""
    head = HEAD[: HEAD.index("statuses:")]
    to = ", ".join(f"S{one}" for one in targets)
    listed = many("  S#: {state: open}\n", number)
    return f"{head}statuses:\n{listed}transitions:\n- {{from: any, to: [{to}], roles: [agent]}}\n"


EXCEPTED = "- {from: New, to: [Open, Done], roles: [agent], except: {New: x}}\n"


TRIGGER = "- {name: t#, on: created, do: [{warn: x}]}\n"


AUTOMATION = "- {name: t#, in: Open, start: created, after: P1D, do: [{warn: x}]}\n"


ONE = "triggers:\n- name: t\n  on: created\n"


CALENDAR = "calendars: {o: {hours: {mon: 09:00-10:00}, holidays: [DAYS]}}\n"


TOO_LARGE = {
    "3,000 statuses from any": (statuses(3000, *range(500)), "3,000 statuses"),
    "200 statuses from any": (
        statuses(200, *range(200)),
        "moves: a profile has at most 5,000",
    ),
    "exceptions": (HEAD + many(EXCEPTED, 1001), "1,003 transitions"),
    "triggers": (HEAD + "triggers:\n" + many(TRIGGER, 201), "201 triggers"),
    "automations": (HEAD + "automations:\n" + many(AUTOMATION, 101), "101 automations"),
    "values": (
        HEAD.replace("{type: user}", f"{{type: enum, values: [{many('v#, ', 501)}]}}"),
        '501 under "values"',
    ),
    "items": (
        HEAD.replace(
            "{type: user}", f"{{type: checklist, default: [{many('v#, ', 201)}]}}"
        ),
        '201 under "default"',
    ),
    "holidays": (
        HEAD + CALENDAR.replace("DAYS", many("2026-01-01, ", 2001)),
        '2,001 under "holidays"',
    ),
    "roles": (
        HEAD.replace(
            "robot: integration", many("r#: agent, ", 50) + "robot: integration"
        ),
        "54 roles",
    ),
    "messages": (
        HEAD + "messages:\n" + many("  m#: {subject: x, body: x}\n", 501),
        "501 messages",
    ),
    "actions": (HEAD + ONE + "  do:\n" + many("  - warn: x\n", 51), '51 under "do"'),
    "tests": (
        HEAD + ONE + "  do: [{warn: x}]\n  when:\n" + many("  - {role: agent}\n", 101),
        '101 under "when"',
    ),
    "a text": (
        HEAD + f"messages: {{m: {{subject: x, body: '{'$a ' * 30_000}'}}}}\n",
        "a text of 90,000 characters",
    ),
    "a name": (HEAD.replace("Open", "O" * 101), "a name of 101 characters"),
}


@pytest.mark.parametrize(("text", "words"), TOO_LARGE.values(), ids=TOO_LARGE)
def test_what_is_too_large_is_refused_before_any_work(text: str, words: str) -> None:
    """With the place; a profile of 3,000 statuses took 30 seconds."""
    start = time.perf_counter()
    profile, findings = compiled(text)
    assert time.perf_counter() - start < 5
    assert words in findings[0].message
    assert findings[0].place.line > 0
    assert findings[0].place.col > 0
    assert profile.name == "own"
    assert not profile.statuses


def test_profiles_of_many_mistakes_are_given_up() -> None:
    """Looking for what was meant by each took minutes."""
    long = "y" * 90
    text = HEAD.replace(
        "  Done:", many(f"  {long}#: {{state: open}}\n", 150) + "  Done:"
    )
    text += many(f"- {{from: {long}q#, to: {long}z#, roles: [zz]}}\n", 900)
    start = time.perf_counter()
    assert len(compiled(text)[1]) == 100
    assert time.perf_counter() - start < 5


def test_proofs_that_would_take_long_are_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """200 triggers, each of which can move a ticket of any of 70 statuses: nobody
    proves that no two are rivals."""
    monkeypatch.setattr(assumptions, "MAX_STEPS", assumptions.MAX_STEPS // 10)
    rules = "triggers:\n" + "".join(
        f"- {{name: t{n}, on: [customer_message, staff_message], do: [{{move: S{n % 70}}}]}}\n"
        for n in range(200)
    )
    start = time.perf_counter()
    found = profile_findings(
        sound(statuses(70, *range(70)).replace("[agent]", "[agent, system]") + rules)
    )
    assert time.perf_counter() - start < 10
    assert any("too large to be checked" in finding.message for finding in found)


@pytest.fixture
def large() -> Profile:
    """Just within the limits: 200 statuses, thousands of moves, rules of many
    alternatives, hundreds of mistakes."""
    names = [f"S{n}" for n in range(200)]
    text = "profile: own\ntitle: Own\nversion: 1\ntimezone: UTC\n"
    text += "roles: {customer: customer, agent: agent, system: system}\nfields:\n"
    text += many("  f#: {type: string, edit: [customer, agent]}\n", 100)
    text += "statuses:\n  S0: {state: new}\n" + "".join(
        f"  {name}: {{state: open}}\n" for name in names[1:-1]
    )
    text += "  S199: {state: closed}\ntransitions:\n- {from: created, to: S0, roles: [customer, agent]}\n"
    for n in range(199):
        targets = dict.fromkeys(
            [*(f"S{(n + 1 + k) % 200}" for k in range(23) if (n + 1 + k) % 200), "S199"]
        )
        text += (
            f"- {{from: S{n}, to: [{', '.join(targets)}], roles: [agent, system]}}\n"
        )
    text += "triggers:\n"
    for n in range(20):
        tests = (
            f"{{any_of: [{{field: f{j}, is: [a{n}]}}, {{field: f{(j * 7 + n) % 100}, present: true}}]}}"
            for j in range(20)
        )
        text += f"- {{name: t{n}, on: [staff_message], when: [{', '.join(tests)}], do: [{{set: {{f{n + 1}: v}}}}]}}\n"
    text += "automations:\n"
    for n in range(10):
        when = ", ".join(f"{{field: f{j}, is: [a{n}]}}" for j in range(20))
        text += f"- {{name: a{n}, in: [{', '.join(names[1:31])}], start: entered(S{n + 1}), after: P2D, when: [{when}]"
        text += ", do: [{move: S199}]}\n"
    return sound(text)


def test_large_profiles_are_proved_or_given_up_at_once(large: Profile) -> None:
    """It took five seconds, most of it for comparing tests value by value. No more
    findings are told of than of the language, the last of which says how many more
    there are."""
    start = time.perf_counter()
    found = profile_findings(large)
    assert time.perf_counter() - start < 3
    assert len(found) == 100
    assert "more findings" in found[-1].message
    assert found[-1].code == "limit"


def test_a_finding_is_one_line() -> None:
    """With its example, if it has one."""
    text = HEAD.replace(
        "to: [Open, Done], roles: [agent, system]", "to: [Open], roles: [agent, system]"
    )
    found = profile_findings(sound(text + "- {from: New, to: Done, roles: [agent]}\n"))
    told = [str(finding) for finding in found]
    assert any("; for example: " in one for one in told)
    assert not [one for one in told if "\n" in one]


@pytest.mark.parametrize("shape", ["check", "use"])
def test_every_command_refuses_it(tmp_path: Path, shape: str) -> None:
    """``profile check``, and whatever command needs the profile."""
    root = make_store(tmp_path / "store")
    (root / "profiles").mkdir()
    (root / "profiles/own.yaml").write_text(TOO_LARGE["triggers"][0])
    words = (
        ("profile", "check", "own") if shape == "check" else ("new", "x", "-p", "own")
    )
    ran = ticketctl(root, *words)
    assert ran.status == (1 if shape == "check" else 78)
    assert "201 triggers: a profile has at most 200" in ran.out + ran.err
    assert "profiles/own.yaml:" in ran.out + ran.err


BOUND = ("customer: customer", "customer: {kind: customer, field: lead}")


LATE = "automations:\n- {name: late, in: Open, start: entered(Open), after: P1D, do: [{notify: customer, message: m}]}\n"


LEAKS = {
    "customer": telling("customer"),
    "watchers": telling("watchers"),
    "the actor, who may be a customer": telling("actor"),
    "a role of customers": telling("'role:customer'"),
    "a machine": telling("'role:robot'"),
    "one of several": telling("[assignee, customer]"),
    "else": telling("assignee").replace("message: m", "message: m, else: customer"),
    "in braces": telling("customer", "'${note}'"),
    "in the subject": telling("customer", "'x'").replace(
        "subject: x", "subject: $note"
    ),
    "in another language": telling(
        "customer", "'x'", more="  m.de: {subject: x, body: $note}\n"
    ),
    "whom a customer role is bound to": telling("lead").replace(*BOUND),
    "by time": telling("assignee") + LATE,
    "the text of a move": HEAD
    + "triggers:\n- {name: t, on: staff_event, do: [{move: Done, text: 'It is so: $note'}]}\n",
    "a field": HEAD
    + "triggers:\n- {name: t, on: staff_event, do: [{set: {memo: $note}}]}\n",
    "a field of a move": HEAD
    + "triggers:\n- {name: t, on: staff_event, do: [{move: Done, set: {title: $note}}]}\n",
    "a field of a transition": HEAD
    + "- {from: New, to: Open, roles: [agent], sets: {memo: '${note}'}}\n",
    "a follow-up": HEAD
    + "triggers:\n- {name: t, on: customer_message, do: [{follow_up: $note}]}\n",
    "a template's title": HEAD + "templates: {t: {title: $note}}\n",
    "a template's text": HEAD + "templates: {t: {text: $note}}\n",
    "a template's field": HEAD + "templates: {t: {set: {memo: $note}}}\n",
    "a batch": HEAD + "batches: {b: {from: New, to: Open, set: {memo: $note}}}\n",
    "a default": HEAD.replace(
        "memo: {type: text}", "memo: {type: text, default: $note}"
    ),
}


@pytest.mark.parametrize("text", LEAKS.values(), ids=LEAKS)
def test_an_internal_note_in_what_customers_read(text: str) -> None:
    """An error with its place: the profile cannot be used."""
    findings = compiled(text)[1]
    assert [finding.code for finding in findings] == ["leak"], findings
    assert findings[0].severity == "error"
    assert "internal note" in findings[0].message
    line = text.splitlines()[findings[0].place.line - 1]
    assert "note" in line[findings[0].place.col - 1 :]


SAFE = {
    "staff": telling("'role:agent'"),
    "who works on it": telling("assignee"),
    "the actor, where only staff can be": telling("actor", when="{role: agent}"),
    "the public text": telling("customer", "$text"),
    "an escaped dollar": telling("customer", "'$$note'"),
    "a note": HEAD
    + "triggers:\n- {name: t, on: staff_event, do: [{note: 'again: $note'}, {warn: $note}]}\n",
}


@pytest.mark.parametrize("text", SAFE.values(), ids=SAFE)
def test_what_staff_read_may_hold_a_note(text: str) -> None:
    """Alerts carry it (G18)."""
    sound(text)


def test_profile_check_and_every_use_refuse_it(tmp_path: Path) -> None:
    """As other errors."""
    root = make_store(tmp_path / "store")
    (root / "profiles").mkdir()
    (root / "profiles/own.yaml").write_text(LEAKS["customer"])
    ran = ticketctl(root, "profile", "check", "own")
    assert ran.status == 1
    assert (
        'the message "m" holds an internal note ($note), and tell sends it to customer'
        in ran.out
    )
    assert ticketctl(root, "new", "x", "-p", "own").status == 78
    (root / "profiles/own.yaml").write_text(SAFE["staff"])
    done(root, "new", "x", "-p", "own")
