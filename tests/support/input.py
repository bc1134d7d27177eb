"""A store that gets rows and values."""

from __future__ import annotations

AMY = "agent:amy@support.example"


NOW = "2026-11-02T09:00:00Z"


OWN = (
    "profile: own\ntitle: Own\nversion: 1\ntimezone: UTC\nroles: {customer: customer, agent: agent, system: system}\n"
    "fields: {size: {type: integer}, note: {type: string}, urgent: {type: boolean}, people: {type: users}}\n"
    "statuses: {New: {state: new}}\ntransitions: [{from: created, to: New, roles: [customer, agent]}]\n"
)
