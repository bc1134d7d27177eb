"""Characters that a terminal must not get, and a store that is full of them."""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache
from pathlib import Path

from tests.support.stores import NOW, make_store
from ticketctl.core.entry import Entry
from ticketctl.core.history_graph import seal
from ticketctl.core.ticket import fold
from ticketctl.store.paths import path_of
from ticketctl.store.yaml.writer import emit

VISIBLE = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
"""Of the category Cf, but signs that are seen (Prepended_Concatenation_Mark)."""


JOINERS = "\u200c\u200d"


BAD = [
    chr(code)
    for code in range(sys.maxunicode + 1)
    if unicodedata.category(chr(code)) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    and code not in VISIBLE
]


_BAD = frozenset(BAD)


POISON = "".join(f"x{char}" for char in BAD if not "\ud800" <= char <= "\udfff")
"""All that a file in UTF-8 can hold, each behind a letter that is ASCII, where a joiner
hides, too."""


ONE_LINE = POISON.replace("x\n", "").replace("x\t", "")


SHORT = "x\x1b[2J\x9b\x07\r\x7f\x85\xad\u061c\u180e\u200b\u200e\u2028\u202e\u2060\u2066\ufeff\ufff9\U0001d173\U000e0041z\u200d"
"""One of each kind, for names: a key of YAML is not long."""


SCRIPTS = {
    "persian": "می‌خواهم نامه‌ای بنویسم",
    "hindi": "क्‍ष और क्‌ष, शक्‍ति",
    "sinhala": "ශ්‍රී ලංකා",
    "family": "👨‍👩‍👧‍👦 home",
    "astronaut": "👩🏽‍🚀",
    "flag": "🏳️‍🌈",
    "heart": "❤️‍🔥",
    "keycap": "#️⃣ and ☎️",
    "arabic": "؀١٢٣ آية \u06dd١",
    "hebrew": "שלום",
    "latin": "naïve café, “quoted” — …",
    "korean": "한국어",
    "nbsp": "10\xa0km",
}
"""Real texts, which come out as they are."""


def raw(text: str, allowed: str = "\n") -> list[str]:
    """What a terminal would obey, hide or turn round, apart from our own colours."""
    text = re.sub(r"\x1b\[(?:0|1|2|3[1-6])m", "", text)
    hidden = re.findall(r"(?:^|[\x00-\x7f])[\u200c\u200d]", text)
    return sorted(set(text) & _BAD - set(allowed + JOINERS)) + hidden


def yaml(text: str) -> str:
    """A text as a quoted scalar, with every character of ours as an escape."""
    return (
        '"'
        + "".join(
            c if (c.isalnum() and c.isascii()) or c in " $-:" else f"\\U{ord(c):08x}"
            for c in text
        )
        + '"'
    )


def profile(bad: str, name: str) -> str:
    """A profile whose every text holds the one, every name the other."""
    at = lambda text: yaml(text + bad)  # noqa: E731
    as_ = lambda text: yaml(text + name)  # noqa: E731
    return f"""
profile: loud
title: {at("Title")}
version: 1
source: {at("source")}
timezone: UTC
roles:
  customer: customer
  agent: {{kind: agent, help: {at("helper")}}}
  system: system
fields:
  product: {{type: string, help: {at("about")}, edit: [customer, agent], assumed: {at("guess")}}}
  kind: {{type: enum, values: [{at("one")}, {at("two")}], default: {at("one")}, edit: [agent]}}
statuses:
  {as_("New")}: {{state: new, description: {at("fresh")}, cites: [{at("L1")}]}}
  {as_("Open")}: {{state: open, warns: [{{field: product, present: true, say: {at("name one")}}}]}}
  {as_("Done")}: {{state: closed, needs: [{{message: public, say: {at("say why")}}}]}}
transitions:
- {{from: created, to: {as_("New")}, roles: [customer, agent], criterion: {at("begin")}, assumed: {at("guess")}}}
- from: {as_("New")}
  to: {as_("Open")}
  roles: [agent, system]
  criterion: {at("work")}
  sets: {{product: {at("thing")}}}
- from: {as_("Open")}
  to: {as_("Done")}
  roles: [agent, system]
  needs: [{{message: public, say: {at("tell them")}}}]
  criterion: {at("end")}
triggers:
- name: {as_("trigger")}
  on: [staff_message]
  when: [{{status: {as_("Open")}}}]
  do: [{{warn: {at("careful")}}}, {{notify: customer, message: {as_("letter")}}}]
automations:
- name: {as_("review")}
  criterion: {at("often")}
  in: [{as_("Open")}]
  start: {yaml(f"entered(Open{name})")}
  after: P1D
  repeat: P1D
  do: [{{notify: assignee, message: {as_("letter")}}}]
  cites: [{at("L2")}]
messages:
  {as_("letter")}: {{subject: {at("About: $title ")}, body: {at("Body $text ")}}}
templates:
  {as_("short")}: {{help: {at("help")}, text: {at("text")}, to: {as_("Open")}}}
"""


TICKET = "261102-aaaaa"


@cache
def ticket(bad: str, name: str) -> bytes:
    """A ticket whose every text holds the one, every name of its profile's the other."""
    at = lambda text: text + bad  # noqa: E731
    as_ = lambda text: text + name  # noqa: E731
    people = {
        "customer": at("jane@customer.example"),
        "assignee": at("amy@support.example"),
    }
    sets = {
        "ticket": TICKET,
        "profile": "loud",
        "version": 1,
        "title": at("Title"),
        "fields.product": at("printer"),
        "fields.kind": at("one"),
        **people,
    }
    first = seal(
        (),
        Entry(
            NOW,
            at("jane@customer.example"),
            "customer",
            "created",
            to=as_("New"),
            text=at("Help\n"),
            note=at("n"),
            sets=sets,
            files=(at("file"),),
        ),
    )
    moved = Entry(
        "2026-11-02T10:00:00Z",
        at("amy@support.example"),
        at("agent"),
        "moved",
        from_=as_("New"),
        to=as_("Open"),
        via=at("phone"),
        for_=at("jane@customer.example"),
    )
    history = [first, seal((first,), moved)]
    told = Entry(
        "2026-11-02T11:00:00Z",
        at("system"),
        "system",
        "notified",
        rule=as_("trigger"),
        anchor=history[1].id,
        message=as_("letter"),
        recipients=(at("jane@customer.example"),),
        unset=(at("due"),),
    )
    return emit(fold([*history, seal(history, told)]))


def loud_store(root: Path, bad: str, name: str) -> Path:
    """A store in which every text and every name is hostile."""
    names = "\n".join(
        f"  {yaml(who + name)}: {{name: {yaml('Who' + bad)}, roles: [loud/agent]}}"
        for who in ("amy@support.example", "jane@customer.example")
    )
    people = f"people:\n{names}\n  amy@support.example: {{name: Amy, roles: [loud/agent, biztech/agent]}}\n"
    make_store(root, f"commit: off\n{people}", "loud")
    (root / "profiles").mkdir()
    (root / "profiles/loud.yaml").write_text(profile(bad, name), encoding="utf-8")
    path = root / path_of(TICKET)
    path.parent.mkdir(parents=True)
    path.write_bytes(ticket(bad, name))
    return root
