"""A sound profile, and mutants of it with one mistake each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.support.places import ROOT
from ticketctl.core.entry import Entry, Value
from ticketctl.core.history_graph import seal
from ticketctl.core.language.parser import read_profile
from ticketctl.core.profile import Profile
from ticketctl.core.ticket import Ticket, fold
from ticketctl.store.yaml.ruamel import read_yaml

PAGE = ROOT / "docs" / "profile-language.md"


FILE = "profiles/desk.yaml"


def good() -> str:
    """The profile that the page of the language shows."""
    found = re.search(
        r"```yaml\n(profile: desk\n.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL
    )
    assert found is not None
    return found[1]


def compiled(text: str) -> Profile:
    """A profile without mistakes of the language."""
    profile, findings = read_profile(read_yaml(text.encode(), FILE), FILE)
    assert findings == []
    return profile


@dataclass(frozen=True)
class Mutant:
    """A mistake made in the good profile, and what must be found.

    Args:
        changes: pairs of what is replaced and by what; the first must occur exactly
            once. ``END`` stands for the end of the file, ``STATUSES`` for the end of
            the statuses, ``MOVES`` for the end of the transitions, ``TRIGGERS`` and
            ``AUTOMATIONS`` for the end of theirs.
        code: ``language``, ``name``, ``proof-N`` or ``doubt``; empty where any of them
            will do.
        words: what the finding, its hint included, says (a regular expression).
        at: a piece of the new text that begins where the finding points to; empty where
            only the file is named.
    """

    changes: tuple[tuple[str, str], ...]
    code: str
    words: str
    at: str

    def text(self) -> str:
        """The whole profile with the mistake."""
        text = good()
        for old, new in self.changes:
            if old in ENDS:
                place = text.index(ENDS[old]) if ENDS[old] else len(text)
                text = text[:place] + new + text[place:]
            else:
                assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
                text = text.replace(old, new)
        return text


ENDS = {
    "STATUSES": "transitions:\n",
    "MOVES": "triggers:\n",
    "TRIGGERS": "automations:\n",
    "AUTOMATIONS": "messages:\n",
    "END": "",
}


def mutant(code: str, words: str, at: str, *changes: str) -> Mutant:
    """A mutant from texts that alternate: what is replaced, by what."""
    return Mutant(tuple(zip(changes[::2], changes[1::2], strict=True)), code, words, at)


FIELDS = "statuses:\n"


NEW = '  New: {state: new, description: "Nobody has looked at it yet."}'


TAKEN = "- {from: New, to: Open, roles: [agent, system]}"


ASKED = (
    '- {from: Open, to: Waiting, roles: [agent], criterion: "We need something from the customer.", '
    "needs: [{message: public}]}"
)


SOLVED = (
    "- {from: [Open, Waiting], to: Solved, roles: [agent], needs: [{message: public}]}"
)


AGAIN = "- {from: [Waiting, Solved], to: Open, roles: [agent, system]}"


CLOSED = "- {from: Solved, to: Closed, roles: [customer, system], on_behalf: [agent]}"


ASSIGNED = (
    "  when: [{status: New}, {field: assignee, present: true}]\n  do: [{move: Open}]\n"
)


WHEN_NEW = "when: [{status: New}, {field: assignee, present: true}]"


ANSWERED = "when: [{status: [Waiting, Solved]}]"


REOPENS = "do: [{move: Open}, {notify: assignee, message: answered}]"


TELL_SOLVED = "  on: [entered(Solved)]\n"


TELLS = "do: [{notify: customer, message: solved}]"


CLOCK = "  start: entered(Solved)\n"


AFTER = "  after: P4D\n"


CLOSES = "do: [{move: Closed}]"


STOPS = (
    ANSWERED,
    "when: [{status: Waiting}]",
    AFTER,
    AFTER + "  cancel_on: [customer_message]\n",
)
"""The customer's message stops the clock of close-solved, instead of moving the ticket.
"""


LANGUAGE: dict[str, Mutant] = {
    # keys
    "an unknown key of the profile": mutant(
        "language",
        'unknown key "titel".*did you mean "title"',
        "titel:",
        "version: 1\n",
        "version: 1\ntitel: x\n",
    ),
    "a key like none": mutant(
        "language",
        'unknown key "xyzzy".*known: profile, title',
        "xyzzy:",
        "version: 1\n",
        "version: 1\nxyzzy: x\n",
    ),
    "an unknown key of a role": mutant(
        "language",
        'unknown key "knd".*"kind"',
        "knd:",
        "  agent: agent\n",
        "  agent: {kind: agent, knd: x}\n",
    ),
    "an unknown key of a field": mutant(
        "language",
        'unknown key "typ".*"type"',
        "typ:",
        FIELDS,
        "fields:\n  area: {type: string, typ: string}\nstatuses:\n",
    ),
    "an unknown key of a status": mutant(
        "language",
        'unknown key "stat".*"state"',
        "stat:",
        "New: {state",
        "New: {stat: new, state",
    ),
    "an unknown key of a transition": mutant(
        "language",
        'unknown key "criterium".*"criterion"',
        "criterium:",
        "criterion:",
        "criterium:",
    ),
    "an unknown key of a trigger": mutant(
        "language",
        'unknown key "whenn".*"when"',
        "whenn:",
        ANSWERED,
        ANSWERED.replace("when", "whenn"),
    ),
    "an unknown key of an automation": mutant(
        "language",
        'unknown key "cancel".*"cancel_on"',
        "cancel:",
        AFTER,
        AFTER + "  cancel: [customer_message]\n",
    ),
    "an unknown key of a test": mutant(
        "language",
        'unknown key "presnt".*"present"',
        "presnt:",
        WHEN_NEW,
        WHEN_NEW.replace("present", "present: true, presnt"),
    ),
    "an unknown key of an action": mutant(
        "language",
        'unknown key "txt".*"text"',
        "txt:",
        CLOSES,
        "do: [{move: Closed, txt: x}]",
    ),
    "an unknown key of a message": mutant(
        "language",
        'unknown key "bodi".*"body"',
        "bodi:",
        '"$text"}',
        '"$text", bodi: x}',
    ),
    "an unknown key of a template": mutant(
        "language",
        'unknown key "sets".*"set"',
        "sets:",
        "END",
        "templates:\n  one: {to: Open, sets: {due: x}}\n",
    ),
    "a missing part": mutant(
        "language",
        'missing key "timezone"',
        "profile: desk",
        "timezone: Europe/London\n",
        "",
    ),
    "a status without a state": mutant(
        "language",
        'missing key "state"',
        '{description: "Nobody',
        "New: {state: new, ",
        "New: {",
    ),
    "a transition without roles": mutant(
        "language",
        'missing key "roles"',
        "{from: New, to: Open}",
        TAKEN,
        "- {from: New, to: Open}",
    ),
    "a message without a body": mutant(
        "language",
        'missing key "body"',
        "{subject: x}",
        "END",
        "  other: {subject: x}\n",
    ),
    "a batch without what it sets": mutant(
        "language",
        'missing key "set"',
        "{from: Open, to: Solved}",
        "END",
        "batches:\n  all: {from: Open, to: Solved}\n",
    ),
    "a status that is no mapping": mutant(
        "language", "must be a mapping", "new\n", NEW, "  New: new"
    ),
    # names
    "an unknown status in from": mutant(
        "name",
        'unknown status "Nwe".*did you mean "New"',
        "Nwe,",
        "{from: New,",
        "{from: Nwe,",
    ),
    "an unknown status in to": mutant(
        "name",
        'unknown status "Opne".*"Open"',
        "Opne,",
        "{from: New, to: Open,",
        "{from: New, to: Opne,",
    ),
    "an unknown status in except": mutant(
        "name",
        'unknown status "Closd".*"Closed"',
        "Closd:",
        ASKED,
        "- {from: any, except: {Closd: no}, to: Waiting, roles: [agent]}",
    ),
    "an unknown status in a test": mutant(
        "name",
        'unknown status "Waitng".*"Waiting"',
        "Waitng",
        ANSWERED,
        "when: [{status: Waitng}]",
    ),
    "an unknown status in an event": mutant(
        "name",
        'unknown status "Solvd".*"Solved"',
        "entered(Solvd)",
        TELL_SOLVED,
        "  on: [entered(Solvd)]\n",
    ),
    "an unknown status in an automation": mutant(
        "name",
        'unknown status "Slved".*"Solved"',
        "Slved",
        "in: [Solved]",
        "in: [Slved]",
    ),
    "an unknown status in an action": mutant(
        "name",
        'unknown status "Close".*"Closed"',
        "Close}",
        CLOSES,
        "do: [{move: Close}]",
    ),
    "an unknown status in allowed": mutant(
        "name",
        'unknown status "Opn".*"Open"',
        "Opn}",
        ANSWERED,
        "when: [{status: [Waiting, Solved]}, {allowed: Opn}]",
    ),
    "an unknown status in a category": mutant(
        "name",
        'unknown status "Opn".*"Open"',
        "Opn,",
        "END",
        "categories:\n  all: {statuses: [Opn, Closed]}\n",
    ),
    "an unknown status in a batch": mutant(
        "name",
        'unknown status "Opn".*"Open"',
        "Opn,",
        "END",
        "batches:\n  all: {from: Opn, to: Solved, set: {due: $name}}\n",
    ),
    "an unknown status in a template": mutant(
        "name",
        'unknown status "Opn".*"Open"',
        "Opn}",
        "END",
        "templates:\n  one: {to: Opn}\n",
    ),
    "an unknown role in a transition": mutant(
        "name",
        'unknown role "agnet".*"agent"',
        "agnet",
        TAKEN,
        "- {from: New, to: Open, roles: [agnet, system]}",
    ),
    "an unknown role in on_behalf": mutant(
        "name",
        'unknown role "agnet".*"agent"',
        "agnet",
        "on_behalf: [agent]",
        "on_behalf: [agnet]",
    ),
    "an unknown role in a test": mutant(
        "name",
        'unknown role "cutsomer".*"customer"',
        "cutsomer",
        ANSWERED,
        "when: [{status: [Waiting, Solved]}, {role: cutsomer}]",
    ),
    "an unknown role in has_role": mutant(
        "name",
        'unknown role "agnet".*"agent"',
        "agnet",
        WHEN_NEW,
        "when: [{status: New}, {field: assignee, has_role: agnet}]",
    ),
    "an unknown role in a notice": mutant(
        "name",
        'unknown role "agnet".*"agent"',
        '"role:agnet"',
        TELLS,
        'do: [{notify: "role:agnet", message: solved}]',
    ),
    "an unknown role that may edit": mutant(
        "name",
        'unknown role "agnet".*"agent"',
        "agnet",
        FIELDS,
        "fields:\n  area: {type: string, edit: [agnet]}\nstatuses:\n",
    ),
    "an unknown field in a test": mutant(
        "name",
        'unknown field "asignee".*"assignee"',
        "asignee",
        WHEN_NEW,
        WHEN_NEW.replace("assignee", "asignee"),
    ),
    "an unknown field in an event": mutant(
        "name",
        'unknown field "asignee".*"assignee"',
        "field_set(asignee)",
        "on: [field_set(assignee)]",
        "on: [field_set(asignee)]",
    ),
    "an unknown field in sets": mutant(
        "name",
        'unknown field "aera"',
        "aera:",
        TAKEN,
        TAKEN.replace("system]", "system], sets: {aera: x}"),
    ),
    "an unknown field in an action": mutant(
        "name",
        'unknown field "aera"',
        "aera:",
        CLOSES,
        "do: [{move: Closed}, {set: {aera: x}}]",
    ),
    "an unknown field in the queue": mutant(
        "name",
        'unknown field "aera"',
        '"aera:desc"',
        "END",
        'queue: {order: ["aera:desc"]}\n',
    ),
    "an unknown date field": mutant(
        "name", 'unknown field "deu".*"due"', "deu", CLOCK, "  at: deu\n"
    ),
    "a role bound to an unknown field": mutant(
        "name",
        'unknown field "techs"',
        "techs",
        "  agent: agent\n",
        "  agent: {kind: agent, field: techs}\n",
    ),
    "an unknown event": mutant(
        "name",
        'unknown event "custmer_message".*"customer_message"',
        "custmer_message",
        "on: [customer_message]",
        "on: [custmer_message]",
    ),
    "an event of nothing": mutant(
        "language", "needs a name", "entered]", TELL_SOLVED, "  on: [entered]\n"
    ),
    "an event that is not of anything": mutant(
        "name", "unknown event", "created(New)", TELL_SOLVED, "  on: [created(New)]\n"
    ),
    "an unknown event that stops a clock": mutant(
        "name",
        "unknown event",
        "customer_mesage",
        AFTER,
        AFTER + "  cancel_on: [customer_mesage]\n",
    ),
    "an unknown event in since": mutant(
        "name",
        'unknown status "Opn"',
        "entered(Opn)",
        ANSWERED,
        "when: [{status: [Waiting, Solved]}, {seen: created, since: entered(Opn)}]",
    ),
    "an unknown message": mutant(
        "name",
        'unknown message "answred".*"answered"',
        "answred",
        REOPENS,
        REOPENS.replace("answered", "answred"),
    ),
    "an unknown message in an event": mutant(
        "name",
        'unknown message "solvd".*"solved"',
        "notified(solvd)",
        CLOCK,
        "  start: notified(solvd)\n",
    ),
    "an unknown automation in an event": mutant(
        "name",
        'unknown automation "close-solvd".*"close-solved"',
        "fired(close-solvd)",
        TELL_SOLVED,
        "  on: [fired(close-solvd)]\n",
    ),
    "an unknown category": mutant(
        "name",
        'unknown category "onsite"',
        "onsite",
        ANSWERED,
        "when: [{status: [Waiting, Solved]}, {category: onsite}]",
    ),
    "an unknown kind of role": mutant(
        "name",
        'unknown kind of role "agnt".*"agent"',
        "agnt\n",
        "  agent: agent\n",
        "  agent: agnt\n",
    ),
    "an unknown state": mutant(
        "name",
        'unknown state "opened".*"open"',
        "opened,",
        "{state: open,",
        "{state: opened,",
    ),
    "an unknown state in a test": mutant(
        "name",
        'unknown state "opened".*"open"',
        "opened}",
        ANSWERED,
        "when: [{state: opened}]",
    ),
    "an unknown type": mutant(
        "name",
        'unknown type "strng".*"string"',
        "strng",
        FIELDS,
        "fields:\n  area: {type: strng}\nstatuses:\n",
    ),
    "an unknown source": mutant(
        "name",
        'unknown source "nxt".*"next"',
        "nxt}",
        TAKEN,
        TAKEN.replace("system]", "system], source: nxt"),
    ),
    "an unknown channel": mutant(
        "name",
        'unknown channel "web"',
        "web}",
        ANSWERED,
        "when: [{status: [Waiting, Solved]}, {channel: web}]",
    ),
    "an unknown kind of message": mutant(
        "name",
        'unknown message "publik".*"public"',
        "publik}",
        SOLVED,
        SOLVED.replace("public", "publik"),
    ),
    "an unknown placeholder": mutant(
        "name",
        'unknown placeholder "titel".*"title"',
        '"Solved: $titel"',
        '"Solved: $title"',
        '"Solved: $titel"',
    ),
    "an unknown name in braces": mutant(
        "name",
        'unknown placeholder "titel"',
        '"x ${titel}"',
        CLOSES,
        'do: [{move: Closed, note: "x ${titel}"}]',
    ),
    "a queue that asks for the time": mutant(
        "language",
        "what changes with time alone",
        "{field: due, in_future",
        "END",
        "queue: {when: [{state: open}, {field: due, in_future: true}]}\n",
    ),
    "nobody to tell": mutant(
        "language",
        'unknown recipient "title"',
        "title,",
        TELLS,
        "do: [{notify: title, message: solved}]",
    ),
    # values
    "a duration in words": mutant(
        "language", '"4 days" is not a duration', "4 days", AFTER, "  after: 4 days\n"
    ),
    "a duration without its T": mutant(
        "language", '"P4H" is not a duration', "P4H", AFTER, "  after: P4H\n"
    ),
    "a bad lead": mutant(
        "language",
        '"1D" is not a duration',
        "1D",
        CLOCK + AFTER,
        "  at: due\n  lead: 1D\n",
    ),
    "a bad period of within": mutant(
        "language",
        '"30D" is not a duration',
        "30D",
        ANSWERED,
        "when: [{status: [Waiting, Solved]}, {within: 30D, of: created}]",
    ),
    "a repeat of no length": mutant(
        "language", "repeat|duration", "PT0S", AFTER, AFTER + "  repeat: PT0S\n"
    ),
    "a period longer than time": mutant(
        "language",
        "longer than a hundred years",
        "P99999999D",
        AFTER,
        "  after: P99999999D\n",
    ),
    "an unknown zone": mutant(
        "language",
        'unknown time zone "Europe/Lodnon"',
        "Europe/Lodnon",
        "Europe/London",
        "Europe/Lodnon",
    ),
    "version nought": mutant(
        "language", "whole number from 1", "0\n", "version: 1\n", "version: 0\n"
    ),
    "a version in words": mutant(
        "language", "whole number from 1", '"1"', "version: 1\n", 'version: "1"\n'
    ),
    "a name with a capital": mutant(
        "language", "invalid profile name", "Desk", "profile: desk", "profile: Desk"
    ),
    "an enum without values": mutant(
        "language",
        "values are given for an enum",
        "{type: enum}",
        FIELDS,
        "fields:\n  area: {type: enum}\nstatuses:\n",
    ),
    "values without an enum": mutant(
        "language",
        "values are given for an enum",
        "{type: string, values",
        FIELDS,
        "fields:\n  area: {type: string, values: [a]}\nstatuses:\n",
    ),
    "a default that is no value": mutant(
        "name",
        'unknown value of area "c"',
        "c}",
        FIELDS,
        "fields:\n  area: {type: enum, values: [a, b], default: c}\nstatuses:\n",
    ),
    "a test for what is no value": mutant(
        "name",
        'unknown value of area "c"',
        "c}",
        FIELDS,
        "fields:\n  area: {type: enum, values: [a, b]}\nstatuses:\n",
        WHEN_NEW,
        "when: [{field: area, is: c}]",
    ),
    "a word for true": mutant(
        "language",
        "urgent is true or false",
        '"yes"',
        FIELDS,
        "fields:\n  urgent: {type: boolean}\nstatuses:\n",
        CLOSES,
        'do: [{move: Closed, set: {urgent: "yes"}}]',
    ),
    "a word for a number": mutant(
        "language",
        "floor is a whole number",
        "first}",
        FIELDS,
        "fields:\n  floor: {type: integer}\nstatuses:\n",
        CLOSES,
        "do: [{move: Closed, set: {floor: first}}]",
    ),
    "a field named like a head key": mutant(
        "language",
        "invalid field name",
        "{type: user}",
        FIELDS,
        "fields:\n  assignee: {type: user}\nstatuses:\n",
    ),
    "a field with a capital": mutant(
        "language",
        "invalid field name",
        "{type: user}",
        FIELDS,
        "fields:\n  Area: {type: user}\nstatuses:\n",
    ),
    "a date field that is none": mutant(
        "language", "is not a date field", "title\n", CLOCK, "  at: title\n"
    ),
    "present: false": mutant(
        "language",
        '"present" takes only "true"',
        "false}]\n",
        WHEN_NEW,
        WHEN_NEW.replace("true", "false"),
    ),
    "set_by somebody": mutant(
        "language",
        '"set_by" can only be "system"',
        "agent, state",
        "Waiting: {state",
        "Waiting: {set_by: agent, state",
    ),
    "an order that is none": mutant(
        "language", "unknown order", '"due:up"', "END", 'queue: {order: ["due:up"]}\n'
    ),
    # duplicates
    "a key twice": mutant(
        "broken",
        'duplicate key "title"',
        "title: Again",
        "version: 1\n",
        "title: Again\nversion: 1\n",
    ),
    "a status twice": mutant(
        "broken",
        'duplicate key "New"',
        "New: {state: open}",
        "STATUSES",
        "  New: {state: open}\n",
    ),
    "two statuses of one name": mutant(
        "language",
        'duplicate name "open": the same as "Open"',
        "{state: closed}",
        "STATUSES",
        "  open: {state: closed}\n",
    ),
    "two rules of one name": mutant(
        "language",
        'duplicate rule name "assigned"',
        "assigned\n  in:",
        "name: close-solved",
        "name: assigned",
    ),
    "an alias that is another status": mutant(
        "language",
        "Open",
        "Open], state",
        "Waiting: {state",
        "Waiting: {aliases: [Open], state",
    ),
    "one alias of two statuses": mutant(
        "language",
        "Doing",
        "Doing], state: pending",
        "Open: {state",
        "Open: {aliases: [Doing], state",
        "Waiting: {state",
        "Waiting: {aliases: [Doing], state",
    ),
    "two system roles": mutant(
        "language",
        "one role of kind system",
        "customer: customer\n",
        "  system: system\n",
        "  system: system\n  robot: system\n",
    ),
    "no system role": mutant(
        "language",
        "one role of kind system",
        "customer: customer\n",
        "  system: system\n",
        "  system: integration\n",
    ),
    "no customer": mutant(
        "language",
        "a role of kind customer",
        "customer: agent\n",
        "  customer: customer\n",
        "  customer: agent\n",
    ),
    # what says nothing, or two things
    "a test without a word": mutant(
        "language",
        'missing check of the field "assignee"',
        "assignee}]\n  do: [{move: Open}]",
        WHEN_NEW,
        "when: [{field: assignee}]",
    ),
    "a test that is none": mutant(
        "language",
        "unknown condition",
        "{asignee: true}",
        WHEN_NEW,
        "when: [{asignee: true}]",
    ),
    "a when without a need": mutant(
        "language",
        'missing key "need" in a condition "when"',
        "{when: [{status: New}]}",
        WHEN_NEW,
        "when: [{when: [{status: New}]}]",
    ),
    "a within of nothing": mutant(
        "language",
        'missing key "of" in a condition "within"',
        "{within: P1D}",
        WHEN_NEW,
        "when: [{within: P1D}]",
    ),
    "a not of nothing": mutant(
        "language", "", "{not: []}", WHEN_NEW, "when: [{not: []}]"
    ),
    "any of nothing": mutant(
        "language", "", "{any_of: []}", WHEN_NEW, "when: [{any_of: []}]"
    ),
    "a status of nothing": mutant(
        "language", "", "{status: []}", WHEN_NEW, "when: [{status: []}]"
    ),
    "a text that contains nothing": mutant(
        "language", "", "{contains: []}", WHEN_NEW, "when: [{text: {contains: []}}]"
    ),
    "a value of nothing": mutant(
        "language", "", "[]}", WHEN_NEW, "when: [{field: assignee, is: []}]"
    ),
    "a text test without contains": mutant(
        "language",
        'unknown key "is" in "text"',
        "is: x",
        WHEN_NEW,
        "when: [{text: {is: x}}]",
    ),
    "a text test with both its words": mutant(
        "language",
        'either "contains" or "line"',
        "{contains: x, line: x}",
        WHEN_NEW,
        "when: [{text: {contains: x, line: x}}]",
    ),
    "a text test of nothing": mutant(
        "language", 'either "contains" or "line"', "{}", WHEN_NEW, "when: [{text: {}}]"
    ),
    "an action that is none": mutant(
        "language",
        "unknown action",
        "{mov: Open}",
        "do: [{move: Open}]\n",
        "do: [{mov: Open}]\n",
    ),
    "a clock with two starts": mutant(
        "language",
        'either "start".* or "at"',
        "name: close-solved",
        CLOCK,
        CLOCK + "  at: due\n",
    ),
    "a clock without a start": mutant(
        "language", 'either "start".* or "at"', "name: close-solved", CLOCK, ""
    ),
    "a clock without an after": mutant(
        "language", 'says how long "after"', "name: close-solved", AFTER, ""
    ),
    "a move that is allowed if it is allowed": mutant(
        "",
        "",
        "{from: Open, to: Waiting|{allowed: Waiting}",
        ASKED,
        ASKED.replace("{message: public}", "{message: public}, {allowed: Waiting}"),
    ),
    "a move to itself": mutant(
        "language",
        "to itself",
        "Open, to: Open",
        "MOVES",
        "- {from: Open, to: Open, roles: [agent]}\n",
    ),
}


PROOFS: dict[str, Mutant] = {
    # 2
    "2: an island": mutant(
        "proof-2",
        'become "Lost"',
        "{state: open}",
        "STATUSES",
        "  Lost: {state: open}\n",
        "MOVES",
        "- {from: Lost, to: Closed, roles: [agent]}\n",
    ),
    "2: an island of two": mutant(
        "proof-2",
        'become "Found"',
        "{state: solved}",
        "STATUSES",
        "  Lost: {state: open}\n  Found: {state: solved}\n",
        "MOVES",
        "- {from: Lost, to: Found, roles: [agent]}\n- {from: Found, to: [Lost, Closed], roles: [agent]}\n",
    ),
    "2: only by a rule that is not there": mutant(
        "proof-2",
        'become "Waiting"',
        "{state: pending",
        ASKED,
        "- {from: Open, to: Waiting, roles: [system]}",
    ),
    "2: only by a rule that never acts": mutant(
        "proof-2",
        'become "Waiting"',
        "{state: pending",
        ASKED,
        "- {from: Open, to: Waiting, roles: [system]}",
        "TRIGGERS",
        "- {name: never, on: [mail_in], when: [{status: Open}, {not: {status: Open}}], do: [{move: Waiting}]}\n",
    ),
    "2: offered in no category": mutant(
        "proof-2",
        'become "Waiting"',
        "{state: pending",
        "END",
        "categories:\n  all: {statuses: [Open, Solved, Closed]}\n",
    ),
    # 3
    "3: nothing closes": mutant(
        "proof-3",
        'from "Solved" no ticket can be closed.*for example',
        "{state: solved",
        CLOSED + "\n",
        "- {from: created, to: Closed, roles: [agent]}\n",
        "  do: [{move: Closed}]\n",
        "  do: [{notify: customer, message: solved}]\n",
    ),
    "3: a trap of two": mutant(
        "proof-3",
        'from "Trap" no ticket can be closed.*agent -> Trap',
        "{state: open}",
        "STATUSES",
        "  Trap: {state: open}\n  Snare: {state: on_hold}\n",
        "MOVES",
        "- {from: Open, to: Trap, roles: [agent]}\n- {from: Trap, to: Snare, roles: [agent]}\n"
        "- {from: Snare, to: Trap, roles: [agent]}\n",
    ),
    "3: closing needs a rule that is not there": mutant(
        "proof-3",
        'from "Trap"',
        "{state: open}",
        "STATUSES",
        "  Trap: {state: open}\n  Snare: {state: open}\n",
        "MOVES",
        "- {from: [Open, Snare], to: Trap, roles: [agent]}\n- {from: Trap, to: Snare, roles: [agent]}\n"
        "- {from: Trap, to: Closed, roles: [system]}\n",
    ),
    # 4
    "4: only time brings it on": mutant(
        "proof-4",
        'out of "Stuck".*for example',
        "{state: on_hold",
        "STATUSES",
        "  Stuck: {state: on_hold, keeps: [{field: assignee, present: true}]}\n",
        "MOVES",
        "- {from: Open, to: Stuck, roles: [agent]}\n- {from: Stuck, to: Open, roles: [system]}\n",
        "AUTOMATIONS",
        "- {name: on, in: [Stuck], start: entered(Stuck), after: P1D, do: [{move: Open}]}\n",
    ),
    "4: only a machine brings it on": mutant(
        "proof-4",
        'out of "Stuck"',
        "{state: on_hold}",
        "STATUSES",
        "  Stuck: {state: on_hold}\n",
        "  system: system\n",
        "  system: system\n  robot: integration\n",
        "MOVES",
        "- {from: Open, to: Stuck, roles: [agent]}\n- {from: Stuck, to: Closed, roles: [robot]}\n",
    ),
    "4: only where rules alone go": mutant(
        "proof-4",
        'out of "Stuck"',
        "{state: on_hold}",
        "STATUSES",
        "  Stuck: {state: on_hold}\n  Bin: {state: open, set_by: system}\n",
        "  system: system\n",
        "  system: system\n  robot: integration\n",
        "MOVES",
        "- {from: Open, to: Stuck, roles: [agent]}\n- {from: Stuck, to: Bin, roles: [robot]}\n"
        "- {from: Bin, to: Solved, roles: [agent], needs: [{field: assignee, present: true}]}\n",
    ),
    # 5
    "5: a person may set it": mutant(
        "proof-5",
        '"Waiting" is set by rules alone, but agent',
        "{from: Open, to: Waiting",
        "Waiting: {state",
        "Waiting: {set_by: system, state",
    ),
    "5: the customer may set it": mutant(
        "proof-5",
        "customer may move there",
        "{from: Open, to: Waiting",
        "Waiting: {state",
        "Waiting: {set_by: system, state",
        ASKED,
        ASKED.replace("[agent]", "[customer, system]"),
    ),
    "5: nothing sets it": mutant(
        "proof-5",
        'no rule or integration ever sets "Lost"',
        "{state: open, set_by",
        "STATUSES",
        "  Lost: {state: open, set_by: system}\n",
        "MOVES",
        "- {from: Lost, to: Closed, roles: [agent]}\n",
    ),
    # 6
    "6: no move for the system": mutant(
        "proof-6",
        "no transition lets system",
        "{move: Open}]\n",
        TAKEN,
        "- {from: New, to: Open, roles: [agent]}",
    ),
    "6: no move at all": mutant(
        "proof-6",
        "no transition lets system",
        "{move: Waiting}",
        ASSIGNED,
        ASSIGNED.replace("Open", "Waiting"),
    ),
    "6: what the status keeps": mutant(
        "proof-6",
        "does not make sure.*assignee",
        "{move: Open}]\n",
        WHEN_NEW,
        "when: [{status: New}]",
    ),
    "6: what the move needs": mutant(
        "proof-6",
        "does not make sure.*message",
        "{move: Open}, {notify",
        AGAIN,
        AGAIN.replace("system]", "system], needs: [{message: note}]"),
    ),
    "6: what the status needs": mutant(
        "proof-6",
        "does not make sure.*due",
        "{move: Closed}",
        "  Closed: {state: closed,",
        "  Closed: {state: closed, needs: [{field: due, absent: true}],",
    ),
    "6: what only the future knows": mutant(
        "proof-6",
        "does not make sure.*due",
        "{move: Closed}",
        CLOSED,
        CLOSED.replace("system]", "system], needs: [{field: due, in_future: true}]"),
    ),
    "6: it is there already": mutant(
        "proof-6",
        "that is there already",
        "{move: Open}, {notify",
        ANSWERED,
        "when: [{status: [Open, Waiting, Solved]}]",
    ),
    "6: one status of several": mutant(
        "proof-6",
        "no transition lets system.*acts in New",
        "{move: Open}, {notify",
        TAKEN,
        "- {from: New, to: Open, roles: [agent]}",
        ASSIGNED,
        "  when: [{status: New}]\n  do: [{note: x}]\n",
        ANSWERED,
        "when: [{not: {status: [Open, Closed]}}, {field: assignee, present: true}]",
    ),
    "6: the move takes away what it keeps": mutant(
        "proof-6",
        "does not make sure.*assignee",
        "{from: [Waiting, Solved], to: Open|{move: Open}, {notify",
        AGAIN,
        AGAIN.replace("system]", "system], sets: {assignee: null}"),
    ),
    "6: the rule takes away what the status keeps": mutant(
        "proof-6",
        "does not make sure.*assignee",
        "{move: Open, set",
        "  do: [{move: Open}]\n",
        "  do: [{move: Open, set: {assignee: null}}]\n",
    ),
    "6: the rule took it away before": mutant(
        "proof-6",
        "does not make sure.*assignee",
        "{move: Open}]\n",
        "  do: [{move: Open}]\n",
        "  do: [{set: {assignee: null}}, {move: Open}]\n",
    ),
    "6: another rule took it away before": mutant(
        "proof-6",
        "assignee",
        "{move: Open}, {notify",
        "- name: customer-answered",
        "- {name: free, on: [customer_message], do: [{set: {assignee: null}}]}\n- name: customer-answered",
    ),
    "6: a name that may be empty": mutant(
        "proof-6",
        "does not make sure.*assignee",
        "{move: Open, set",
        WHEN_NEW,
        "when: [{status: New}]",
        "  do: [{move: Open}]\n",
        "  do: [{move: Open, set: {assignee: $due}}]\n",
    ),
    "6: the message was another's": mutant(
        "proof-6",
        "does not make sure.*message",
        "{move: Open}, {notify",
        AGAIN,
        AGAIN.replace("system]", "system], needs: [{message: public}]"),
        ANSWERED,
        "when: [{status: [Waiting, Solved]}, {message: public}]",
    ),
    "6: the role was another's": mutant(
        "proof-6",
        "does not make sure.*role",
        "{move: Open}, {notify",
        AGAIN,
        AGAIN.replace("system]", "system], needs: [{role: customer}]"),
        ANSWERED,
        "when: [{status: [Waiting, Solved]}, {role: customer}]",
    ),
    "6: allowed to somebody else": mutant(
        "proof-6",
        "does not make sure.*due",
        "{move: Open}, {notify",
        AGAIN,
        "- {from: [Waiting, Solved], to: Open, roles: [agent]}\n"
        "- {from: [Waiting, Solved], to: Open, roles: [system], needs: [{field: due, present: true}]}",
        ANSWERED,
        "when: [{status: [Waiting, Solved]}, {allowed: Open}]",
    ),
    # 7
    "7: two rules play ball": mutant(
        "proof-7",
        "in a circle without end.*for example",
        "{state: open",
        "TRIGGERS",
        "- {name: ping, on: [entered(Open)], do: [{move: Waiting}]}\n"
        "- {name: pong, on: [entered(Waiting)], do: [{move: Open}]}\n",
        ASKED,
        ASKED.replace("roles: [agent]", "roles: [agent, system]").replace(
            "needs: [{message: public}]", "needs: []"
        ),
    ),
    "7: two clocks play ball": mutant(
        "proof-7",
        "in a circle without end",
        "{state: open",
        "AUTOMATIONS",
        "- {name: ping, in: [Open], start: entered(Open), after: P1D, do: [{move: Waiting}]}\n"
        "- {name: pong, in: [Waiting], start: entered(Waiting), after: P1D, do: [{move: Open}]}\n",
        ASKED,
        "- {from: Open, to: Waiting, roles: [agent, system]}",
    ),
    "7: a clock and a rule play ball": mutant(
        "proof-7",
        "in a circle without end",
        "{state: open|{state: pending",
        "AUTOMATIONS",
        "- {name: ping, in: [Open], start: entered(Open), after: P1D, do: [{move: Waiting}]}\n",
        "TRIGGERS",
        "- {name: pong, on: [entered(Waiting)], do: [{move: Open}]}\n",
        ASKED,
        "- {from: Open, to: Waiting, roles: [agent, system]}",
    ),
    # 8
    "8: two rules of one event": mutant(
        "proof-8",
        "customer-answered and other can both act.*Waiting",
        "{name: other",
        "TRIGGERS",
        "- {name: other, on: [customer_message], when: [{status: Waiting}], do: [{move: Solved, text: x}]}\n",
        SOLVED,
        SOLVED.replace("[agent]", "[agent, system]"),
    ),
    "8: two events of one entry": mutant(
        "proof-8",
        "customer-answered and other can both act.*Waiting",
        "{name: other",
        "TRIGGERS",
        "- {name: other, on: [mail_in], when: [{status: Waiting}], do: [{move: Solved, text: x}]}\n",
        SOLVED,
        SOLVED.replace("[agent]", "[agent, system]"),
    ),
    "8: two clocks of one length": mutant(
        "proof-8",
        "close-solved and other can both act.*Solved",
        "{name: other",
        "AUTOMATIONS",
        "- {name: other, in: [Solved], start: entered(Solved), after: P4D, do: [{move: Open}]}\n",
    ),
    "8: two clocks of one length in two words": mutant(
        "proof-8",
        "close-solved and other can both act.*Solved",
        "{name: other",
        "AUTOMATIONS",
        "- {name: other, in: [Solved], start: entered(Solved), after: PT96H, do: [{move: Open}]}\n",
    ),
    "8: two clocks that one entry starts": mutant(
        "proof-8",
        "close-solved and other can both act.*Solved",
        "{name: other",
        "AUTOMATIONS",
        "- {name: other, in: [Solved], start: staff_message, after: P4D, do: [{move: Open}]}\n",
    ),
    # 9
    "9: the clock starts before anybody was told": mutant(
        "proof-9",
        "anything that the customer is told",
        "name: close-solved",
        CLOCK,
        "  start: staff_event\n",
    ),
    "9: the customer is not told": mutant(
        "proof-9",
        "anything that the customer is told",
        "name: close-solved",
        TELLS,
        "do: [{notify: assignee, message: solved}]",
    ),
    "9: the customer is told of something else": mutant(
        "proof-9",
        "anything that the customer is told",
        "name: close-solved",
        TELL_SOLVED,
        "  on: [entered(Waiting)]\n",
    ),
    "9: the customer is not always told": mutant(
        "proof-9",
        "told",
        "name: close-solved",
        TELL_SOLVED,
        TELL_SOLVED + "  when: [{field: due, present: true}]\n",
    ),
    "9: a date closes": mutant(
        "proof-9",
        "anything that the customer is told",
        "name: close-solved",
        CLOCK + AFTER,
        "  at: due\n  cancel_on: [customer_message]\n",
    ),
    "9: nothing stops it": mutant(
        "proof-9",
        "over the customer's last message.*cancel_on",
        "name: close-solved",
        ANSWERED,
        "when: [{status: Waiting}]",
    ),
    "9: something stops it at times": mutant(
        "proof-9",
        "over the customer's last message",
        "name: close-solved",
        ANSWERED,
        "when: [{status: [Waiting, Solved]}, {channel: mail}]",
    ),
    "9: it is moved within reach of the clock": mutant(
        "proof-9",
        "over the customer's last message",
        "name: close-solved",
        "in: [Solved]",
        "in: [Solved, Waiting]",
        AGAIN,
        AGAIN
        + "\n- {from: Solved, to: Waiting, roles: [system]}\n- {from: Waiting, to: Closed, roles: [system]}",
        ANSWERED,
        "when: [{status: Solved}]",
        REOPENS,
        REOPENS.replace("Open", "Waiting"),
    ),
    "9: the customer's message starts it": mutant(
        "proof-9",
        "customer",
        "name: close-solved",
        *STOPS,
        CLOCK,
        "  start: customer_message\n",
    ),
    "9: the customer's message starts it anew": mutant(
        "proof-9",
        "customer",
        "name: close-solved",
        STOPS[0],
        STOPS[1],
        STOPS[2],
        STOPS[3] + "  reset_on: [customer_message]\n",
    ),
    "9: a note starts it anew": mutant(
        "proof-9",
        "customer",
        "name: close-solved",
        STOPS[0],
        STOPS[1],
        STOPS[2],
        STOPS[3] + "  resume_on: [staff_event]\n",
    ),
    # 10
    "10: a category that never solves": mutant(
        "proof-10",
        'in the category "short"',
        "{state: ",
        "END",
        "categories:\n  all: {statuses: [Open, Waiting, Solved, Closed]}\n  short: {statuses: [Open, Waiting]}\n",
    ),
    "10: a category that offers nothing": mutant(
        "proof-10",
        'in the category "none"',
        "{state: ",
        "END",
        "categories:\n  all: {statuses: [Open, Waiting, Solved, Closed]}\n  none: {statuses: []}\n",
    ),
}


DOUBTS: dict[str, Mutant] = {
    "on hold without a timer and an owner": mutant(
        "doubt",
        '"Parked" has no timer and no owner',
        "{state: on_hold}",
        "STATUSES",
        "  Parked: {state: on_hold}\n",
        "MOVES",
        "- {from: Open, to: Parked, roles: [agent]}\n- {from: Parked, to: Closed, roles: [agent]}\n",
    ),
    "pending without a timer and an owner": mutant(
        "doubt",
        '"Parked" has no timer and no owner',
        "{state: pending}",
        "STATUSES",
        "  Parked: {state: pending}\n",
        "MOVES",
        "- {from: Open, to: Parked, roles: [agent]}\n- {from: Parked, to: Closed, roles: [agent]}\n",
    ),
    "a rule whose tests contradict each other": mutant(
        "doubt",
        "the rule never can never act",
        "{name: never",
        "TRIGGERS",
        "- {name: never, on: [mail_in], when: [{field: due, present: true}, {field: due, absent: true}], "
        "do: [{note: x}]}\n",
    ),
    "a rule without events": mutant(
        "doubt",
        "the rule never can never act",
        "{name: never",
        "TRIGGERS",
        "- {name: never, on: [], do: [{note: x}]}\n",
    ),
    "a rule in another status": mutant(
        "doubt",
        "the rule never can never act",
        "{name: never",
        "TRIGGERS",
        "- {name: never, on: [entered(Open)], when: [{status: New}], do: [{note: x}]}\n",
    ),
    "a clock that starts elsewhere": mutant(
        "doubt",
        "starts with entered.Open., which is not among its statuses",
        "{name: never",
        "AUTOMATIONS",
        "- {name: never, in: [Waiting], start: entered(Open), after: P1D, do: [{note: x}]}\n",
    ),
    "a message that is never sent": mutant(
        "doubt",
        'the message "other" is never sent',
        "",
        "END",
        "  other: {subject: x, body: y}\n",
    ),
}


MUTANTS = {**LANGUAGE, **PROOFS, **DOUBTS}


SOUND: dict[str, tuple[str, ...]] = {
    "a rule supplies the note": (
        AGAIN,
        AGAIN.replace("system]", "system], needs: [{message: note}]"),
        REOPENS,
        REOPENS.replace("move: Open", "move: Open, note: x"),
    ),
    "a rule supplies the text": (
        CLOSED,
        CLOSED.replace("system]", "system], needs: [{message: public}]"),
        CLOSES,
        "do: [{move: Closed, text: x}]",
    ),
    "a rule sets the field": (
        CLOSED,
        CLOSED.replace("system]", "system], needs: [{field: due, absent: true}]"),
        CLOSES,
        "do: [{move: Closed, set: {due: null}}]",
    ),
    "a rule tests what is needed": (
        CLOSED,
        CLOSED.replace("system]", "system], needs: [{field: title, contains: x}]"),
        AFTER,
        AFTER + "  when: [{field: title, contains: x}]\n",
    ),
    "a rule asks whether it may": (
        AGAIN,
        AGAIN.replace("system]", "system], needs: [{field: due, present: true}]"),
        ANSWERED,
        "when: [{status: [Waiting, Solved]}, {allowed: Open}]",
        AFTER,
        AFTER + "  cancel_on: [customer_message]\n",
    ),
    "a need that binds others": (
        CLOSED,
        CLOSED.replace(
            "system]",
            "system], needs: [{when: [{role: customer}], need: [{message: public}]}]",
        ),
    ),
    "rules that exclude each other by channel": (
        ANSWERED,
        "when: [{status: [Waiting, Solved]}, {channel: cli}]",
        "TRIGGERS",
        "- {name: other, on: [customer_message], when: [{status: Waiting}, {channel: mail}], "
        "do: [{move: Solved, text: x}]}\n",
        SOLVED,
        SOLVED.replace("[agent]", "[agent, system]"),
        AFTER,
        AFTER + "  cancel_on: [customer_message]\n",
    ),
    "clocks of two lengths": (
        "AUTOMATIONS",
        "- {name: other, in: [Solved], start: entered(Solved), after: P3D, when: [{field: assignee, is: x}], "
        "do: [{move: Open}]}\n",
    ),
    "a status set by rules alone at creation": (
        "New: {state: new",
        "New: {set_by: system, state: new",
    ),
    "a stopped clock that our answer starts": (
        STOPS[0],
        STOPS[1],
        STOPS[2],
        STOPS[3] + "  resume_on: [staff_message]\n",
    ),
    "a clock that starts with the notice": (
        *STOPS,
        CLOCK,
        "  start: notified(solved)\n",
    ),
    "a category that rules close": (
        "END",
        "categories:\n  all: {statuses: [Open, Waiting, Solved]}\n",
    ),
    "two triggers that tell it all": (
        TELL_SOLVED,
        TELL_SOLVED + "  when: [{field: due, present: true}]\n",
        "TRIGGERS",
        "- {name: tell-too, on: [entered(Solved)], when: [{field: due, absent: true}], do: [{notify: customer, "
        "message: solved}]}\n",
    ),
    "what no ticket needs to do": (
        "STATUSES",
        "  Gone: {state: closed}\n",
        "MOVES",
        "- {from: any, except: {New: no}, to: Gone, roles: [agent]}\n",
    ),
}


# --- the logic, on small cases ---

TINY = """
profile: tiny
title: Tiny
version: 1
timezone: UTC
roles: {customer: customer, agent: agent, system: system}
fields:
  x: {type: enum, values: [p, q]}
  y: {type: string}
statuses:
  A: {state: new}
  B: {state: open}
  C: {state: closed}
transitions:
- {from: created, to: A, roles: [customer, agent]}
- {from: A, to: B, roles: [agent, system], needs: [{field: x, present: true}]}
- {from: B, to: C, roles: [agent], needs: [{field: y, absent: true}]}
"""


NOW = datetime(2026, 11, 21, 9, 14, 3, tzinfo=UTC)


PROFILE = compiled(TINY)


def ticket(
    status: str,
    x: str | None,
    y: str | None,
    answered: bool,
    profile: Profile = PROFILE,
) -> Ticket:
    """A ticket as small as can be."""
    sets: dict[str, Value] = {
        "ticket": "261121-k3qx9",
        "profile": "tiny",
        "title": "T",
        "customer": "jane",
    }
    sets |= {
        f"fields.{name}": value
        for name, value in (("x", x), ("y", y))
        if value is not None
    }
    history = (
        seal(
            (),
            Entry(
                "2026-11-21T09:00:00Z",
                "jane",
                "customer",
                "created",
                to=status,
                sets=sets,
            ),
        ),
    )
    if answered:
        reply = Entry(
            "2026-11-21T09:01:00Z", "jane", "customer", "replied", text="hello"
        )
        history = (*history, seal(history, reply))
    assert profile.name == "tiny"
    return fold(history)
