"""A profile with working hours."""

from __future__ import annotations

DESK = """\
profile: desk
title: A desk with hours
version: 1
timezone: Europe/London
roles: {customer: customer, agent: agent, system: system}
fields:
  visit: {type: datetime}
statuses:
  New: {state: new}
  Solved: {state: solved}
  Closed: {state: closed}
transitions:
- {from: created, to: New, roles: [customer, agent]}
- {from: New, to: Solved, roles: [agent]}
- {from: Solved, to: New, roles: [agent]}
- {from: Solved, to: Closed, roles: [system]}
triggers:
- {name: tell, on: [entered(Solved)], do: [{notify: customer, message: solved}]}
automations:
- name: look
  in: [New]
  start: created
  after: PT4H
  repeat: P1D
  calendar: office
  do: [{notify: "role:agent", message: look}]
- {name: visit, in: [New], at: visit, lead: PT2H, calendar: office, do: [{notify: "role:agent", message: look}]}
- name: close
  in: [Solved]
  start: entered(Solved)
  after: P2D
  calendar: office
  cancel_on: [customer_message]
  do: [{move: Closed}]
calendars:
  office:
    hours: {mon-fri: "09:00-12:30, 13:30-17:30"}
    holidays: {2026-12-25: Christmas Day}
messages:
  solved: {subject: "Solved: $title", body: "It is."}
  look: {subject: "Look: $title", body: "Please."}
"""
