"""The ticket file that docs/ticket-file.md shows."""

from __future__ import annotations

SAMPLE = """\
id: 261121-k3qx9
profile: biztech
title: Invoice shows the wrong address
status: Open
customer: jane@customer.example
assignee: amy@support.example
fields:
  product: billing
history:
- id: eeba3f33c553d
  at: 2026-11-21T09:14:03Z
  by: jane@customer.example
  role: customer
  event: created
  to: New
  set:
    ticket: 261121-k3qx9
    profile: biztech
    version: 1
    title: Invoice shows the wrong address
    customer: jane@customer.example
    fields.product: billing
  text: |
    The June invoice has our old address.
    It went to Elm Street.
- id: e3ad11d10c7d8
  at: 2026-11-21T09:20:41Z
  by: amy@support.example
  role: agent
  event: moved
  from: New
  to: Open
  set:
    assignee: amy@support.example
"""
